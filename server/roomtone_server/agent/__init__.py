"""Text in, reply out: intents first."""
