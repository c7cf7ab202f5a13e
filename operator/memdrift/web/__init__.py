"""HTTP: alerts in; health, metrics and pages out.

Exists so that other systems can nominate a store and watch memdrift. Must not judge, act, or answer with anything about
a store to somebody who did not authenticate.
"""

from memdrift.web.access import Access
from memdrift.web.incidents import IncidentPages
from memdrift.web.pages import Pages
from memdrift.web.server import Limits, WebServer

__all__ = ["Access", "IncidentPages", "Limits", "Pages", "WebServer"]
