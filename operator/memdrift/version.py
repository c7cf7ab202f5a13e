"""The version of memdrift, from the installed package; must not be written anywhere else."""

from importlib.metadata import version

VERSION = version("memdrift")
