"""`roomtone demo` and `roomtone bench`: both ends, started as processes by their command lines."""
