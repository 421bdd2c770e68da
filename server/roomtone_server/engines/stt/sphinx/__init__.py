"""The embedded recogniser: what runs in its worker process, and how it is talked to."""
