"""A server's state in one file, and back."""
