"""Sentence templates and the home's names, compiled to a word automaton. Pure: no I/O, no clock."""
