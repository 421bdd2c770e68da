"""Plain Wyoming services of this server's ears, voice, wake words and agent, for Home Assistant and other clients.

`port` listens from the server's first moment on, and imports little; the other files follow when the engines are there.
Each client opens a connection for each thing that it wants; what one of them made ready serves the next.
"""
