"""vad engines, one file each."""
