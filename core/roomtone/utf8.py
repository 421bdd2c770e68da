"""Texts that UTF-8 can hold: others cannot be sent, kept or spoken."""


def encodable(text: str) -> str:
    """The text with a question mark for each half of a surrogate pair: an escape in JSON may be one, and so may a byte
    of a command line that is no UTF-8."""
    return text.encode(errors="replace").decode()
