"""`roomtone bench stt`: how well, and how fast, a recogniser hears the commands of a home.

hearing     recordings are fed to the engine, as a microphone would
figures     verdicts counted: right, wrong, rejected, word errors, times
sweep       what they would be at other thresholds of doubt; `picture` draws it
report      all of it as a table and as JSON
"""
