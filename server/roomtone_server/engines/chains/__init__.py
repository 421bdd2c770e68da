"""Several engines of one kind behind its Protocol: when one fails or is too slow, the next takes over in the turn."""
