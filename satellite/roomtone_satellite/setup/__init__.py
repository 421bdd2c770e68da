"""Putting a satellite in its room: which microphone, which wake word, and whether they are heard."""
