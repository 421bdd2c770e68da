"""`python -m roomtone` is the `roomtone` program."""

from roomtone.cli import main

main()
