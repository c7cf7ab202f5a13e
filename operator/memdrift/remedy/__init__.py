"""Facts in, the one next step out.

Pure: no I/O, no clock, no log. `facts` is what is known, `guards` are the reasons not to act, `plan` is the smallest
restart that helps, `progress` is the table of stages, `ledger` counts what stopgaps cost, `status` maps all of it to
the wire. The rule of the room: missing knowledge never acts.
"""
