"""Microphones and speakers, by settings."""
