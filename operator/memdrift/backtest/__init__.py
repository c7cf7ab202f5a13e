"""The past judged as if it were now: what would have been reported, when, and how often without reason.

Exists so that a person can measure the detector before trusting it. Pure: recordings and blocks come in as values, the
judge is an argument, and nothing here reads a file, a clock or a metrics source.
"""
