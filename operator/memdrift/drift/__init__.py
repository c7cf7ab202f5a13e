"""Blocks in, verdict out: is there memory growth that load does not explain, and does latency follow it?

Pure: no I/O, no clock, no log, no randomness. Unaware of resources, of evidence and of what is done about a verdict.
"""
