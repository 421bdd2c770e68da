"""Speech to text, text to speech, language models: one file per engine, behind the Protocols of `base`."""
