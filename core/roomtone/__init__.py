"""What both ends of Roomtone share; it imports neither of them."""


def __getattr__(name: str) -> str:
    """`__version__`, read from the installed distribution when it is asked for: worker processes never do."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import version

    return version("roomtone")
