"""Our paired satellites, each as a Wyoming satellite for Home Assistant: what it announces is played, and its timers
ring there, while this server runs their turns.

`driver` is what Home Assistant says to one, without I/O; `port` serves each of them.
"""
