"""`roomtone demo` and `roomtone bench`. Each bench is a package with a `command.py`, which commands.py gathers; what
several of them need stands beside those packages.

programs    programs of ours as child processes; `ends`: a server and a satellite
scene       what the satellite's microphone hears; `sound`: recordings of any kind
answer      what its speaker played, and when; `devices`: the WAV files in the place of both
turn        one turn, as the server's trace tells it
home        the home that is spoken to
manifest    what was said in which recording
judge       what was heard and what was said, as the agent understands them
cpu         what an engine takes
svg         drawings
options     of their command lines
"""
