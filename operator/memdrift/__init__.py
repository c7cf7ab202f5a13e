"""memdrift: notices memory drift in feature stores, proves it with heap profiles, and buys time with guarded restarts.

The rooms of this package are the stages of a datum: measured, judged, proved, acted on, told. Imports only point down;
`operator/ARCHITECTURE.md` draws the map and names the check that holds each line of it.
"""
