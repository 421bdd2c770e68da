"""The server as a Home Assistant add-on: its options, and its talk with the Supervisor. The rest is addon/roomtone/."""
