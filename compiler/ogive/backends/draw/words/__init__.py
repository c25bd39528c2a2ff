"""What is said of a drawing: captions, descriptions, tooltips."""
