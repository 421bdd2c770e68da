"""The server of a home: it hears, acts, thinks and answers."""
