"""`roomtone bench stt`: how well, and how fast, a recogniser hears the commands of a home.

manifest    what was said in which recording
hearing     recordings are fed to the engine, as a microphone would
judge       what was heard and what was said, as the agent understands them
figures     verdicts counted: right, wrong, rejected, word errors, times
sweep       what they would be at other thresholds of doubt; `picture` draws it
report      all of it as a table and as JSON
"""
