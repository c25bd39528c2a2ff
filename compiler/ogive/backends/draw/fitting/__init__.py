"""How much of a net a space can show, and where its parts stand."""
