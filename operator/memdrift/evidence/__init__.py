"""Profile bytes in, findings out: which stacks grew, which module owns them, which version changed.

Pure: no I/O, no clock, no log. Everything read here came from a pod and is hostile: sizes are bounded before decoding.
"""
