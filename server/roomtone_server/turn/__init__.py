"""The turn, pure: no asyncio, no I/O, no clock; it imports the standard library only."""
