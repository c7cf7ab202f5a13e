"""Where evidence is kept: a folder, or a bucket of S3, Google Cloud or Azure, by URL.

Exists so that evidence outlives pods, incidents and the operator. Must not overwrite anything, ever.
"""

from memdrift.adapters.archive.objects import ObjectArchive, open_archive

__all__ = ["ObjectArchive", "open_archive"]
