"""What is known of each language, as data: a file per language, beside `language.py`, which reads them.

Here stands what several rooms need of a language, or what is none of a command's: its codes and voices, numbers, dates,
questions, the words that end a turn. What is understood and answered stands in `grammar/data`. docs/languages.md tells
how to add a language.
"""
