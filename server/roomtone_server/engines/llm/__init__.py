"""llm engines, one file each."""
