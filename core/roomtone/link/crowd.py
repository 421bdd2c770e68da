"""How many may be connected at once, where the settings say nothing."""

from typing import Final

MAX_CONNECTIONS: Final = 64  # guards memory and descriptors: whoever reaches the port could open thousands
MAX_PER_ADDRESS: Final = 16  # guards the places of the other satellites against one that dials wildly
