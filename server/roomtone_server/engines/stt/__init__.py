"""stt engines, one file each."""
