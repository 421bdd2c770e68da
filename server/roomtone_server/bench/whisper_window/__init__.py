"""`roomtone bench whisper-window`: what Whisper writes, and how long it takes, with each window of its encoder.

command     the command line
run         each recording heard with both
report      the figures, and the table of them
"""
