"""What is known about a network without running it."""
