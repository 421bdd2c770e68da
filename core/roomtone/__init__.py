"""What both ends of Roomtone share; it imports neither of them."""

from importlib.metadata import version

__version__ = version("roomtone")
