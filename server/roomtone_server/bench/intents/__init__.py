"""`roomtone bench intents`: how long the agent takes to understand, in a home of any size."""
