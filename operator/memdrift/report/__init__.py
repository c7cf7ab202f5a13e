"""What was seen and done, as text and values: an incident's document and ticket, the decision bundle, tables, figures.

Pure: no I/O, no clock, no log. What comes from pods, metrics and trackers is hostile text and is escaped here, for the
place where it is shown. Must not decide.
"""
