"""Sentence templates and the home's names, compiled to a word automaton. Pure, but for reading its own templates."""
