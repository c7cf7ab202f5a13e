"""Where evidence is kept: a folder, or a bucket of S3, Google Cloud or Azure, by URL.

Exists so that evidence outlives pods, incidents and the operator. Must not overwrite anything, ever, and deletes only
what it is told by name.
"""

from memdrift.adapters.archive.objects import ObjectArchive
from memdrift.adapters.archive.opening import open_archive, open_configured

__all__ = ["ObjectArchive", "open_archive", "open_configured"]
