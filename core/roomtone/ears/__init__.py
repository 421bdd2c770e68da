"""Hearing that both ends can do: audio formats, ring buffer, resampling; wake, voice-activity and echo engines."""
