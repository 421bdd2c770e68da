"""Sound in and out of the API: texts to speak, recordings to hear, and the formats of both."""
