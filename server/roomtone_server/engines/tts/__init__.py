"""tts engines, one file each."""
