"""A satellite that Home Assistant drives: it dials us, runs the pipelines, and speaks through our speaker."""
