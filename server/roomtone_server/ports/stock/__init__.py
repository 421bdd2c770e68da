"""Wyoming satellites that are not ours: the server dials those that its settings name, and offers others that it hears
of.

`words` is what they say; `ear`, `playback` and `silence` are what that means, without I/O; `session` is the runtime's
voice session over one, `dialling` keeps a connection to each, `offers` finds more of them.
"""
