"""A graph as a picture: what is in one box, what is open, what a definition says. Nothing has a place."""
