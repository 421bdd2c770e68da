"""The trace of each turn."""
