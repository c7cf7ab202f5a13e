"""The tick: gather → decide → perform → advance → tell.

The only room where facts, decision and effect meet, each in its own module. Nothing here knows a system by name:
`World` holds the ports. One tick has at most one effect on a pod, workload, archive or tracker.
"""
