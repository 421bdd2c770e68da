"""What a language model may look up and do."""
