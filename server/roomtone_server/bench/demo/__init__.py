"""`roomtone demo`: one turn between real processes, from a wake word to a spoken answer, shown as it happens."""
