"""Benchmarks: each runs alone, on one core, and leaves one JSON document. They state figures and judge none."""
