"""How things look: paints and pens, colours that mean a measure, the key to them."""
