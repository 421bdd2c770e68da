"""What runs beside a microphone and a speaker."""
