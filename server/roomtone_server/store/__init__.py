"""The one place with SQLite."""
