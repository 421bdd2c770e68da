"""`roomtone bench v2v`: how soon the reply sounds after the user's last sound.

commands    what is said: a manifest's commands, or some in the embedded voice
reel        all of it as one recording, a turn behind the other
playing     the recording played into a satellite that is connected to a server, and what became of each turn
measure     one turn: V2V, S, stages; or why it does not count
figures     all turns: percentiles; `report` and `picture` show them
"""
