"""The one connection to the API server: credentials, plain calls, websockets, and what went wrong in our own words.

Exists so that the adapters of single resources are about those resources. Must not know any resource, and must not
repeat a call by itself: whoever asks decides whether asking again is safe.
"""

from memdrift.adapters.connection.calls import Connection, open_connection

__all__ = ["Connection", "open_connection"]
