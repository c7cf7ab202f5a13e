"""HTTP: alerts in; health and metrics out.

Exists so that other systems can nominate a store and watch memdrift. Must not judge, act, or answer with anything about
a store to somebody who did not authenticate.
"""

from memdrift.web.server import Limits, WebServer

__all__ = ["Limits", "WebServer"]
