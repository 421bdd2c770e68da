"""Models on this machine: which are known, how they are fetched and checked, where they lie."""
