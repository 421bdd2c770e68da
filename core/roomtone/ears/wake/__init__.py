"""wake engines, one file each."""
