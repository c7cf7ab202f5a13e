"""Runs the evidence room in a process of its own.

Exists because profiles are hostile and large: decoding one must cost the operator neither its memory nor its event
loop. Must not interpret what comes back.
"""

from memdrift.adapters.analyser.pool import ProcessAnalyser

__all__ = ["ProcessAnalyser"]
