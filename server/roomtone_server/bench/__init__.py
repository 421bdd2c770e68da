"""`roomtone demo` and `roomtone bench`. Each bench is a package with a `command.py`, which commands.py gathers; what
several of them need stands beside those packages."""
