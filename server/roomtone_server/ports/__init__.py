"""Who can talk to the server: one module per kind of peer, each providing `runtime.session.VoiceSession`."""
