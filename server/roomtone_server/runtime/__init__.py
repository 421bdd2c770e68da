"""Voice sessions: runs the turn machine's commands on the engines."""
