"""Moments as people say them: "at six", "tomorrow morning", "in ten minutes". Pure: what time it is now is an argument.

spoken     which moment is meant by what was said of it
english    a text -> what it says of a moment
reading    the two joined: texts to moments, and what a text holds beside its moment
"""
