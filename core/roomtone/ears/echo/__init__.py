"""Echo: what the speaker plays, taken out of what the microphone hears."""
