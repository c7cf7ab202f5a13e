"""Who is suspected, which leaks there are, and which modules changed, as values.

Exists apart from the other findings because `diff` tells these too, without waiting for what it does not need: with
`NamedTuple` instead of `dataclass` a third of its time is saved, here and in what else it imports. Must not compute.
"""

from __future__ import annotations

from typing import NamedTuple


class Suspect(NamedTuple):
    """The function outside the standard library that holds growth, with what it retains.

    Attributes:
        module: import path of the module; "" where the frame names none (own main package: the main module if known);
            "std" where no frame of the stack lies outside the standard library.
        version: the module's version from file names; "" where unknown (vendored without -trimpath, replaced).
        share_percent: of all positive growth in the profile pair.
        retained_by: what the standard-library frames below it say is retained ("contexts", "timers"); "" where nothing.
        ownership: one of `modules.OriginKind`: the program itself, a dependency, or the standard library.
        made_by: the function that makes the memory which this one keeps; "" where that is itself.
        called_by: for a dependency, the nearest caller in own code; "" where there is none on its stacks.
        growth_bytes_per_hour: over the time between the two profiles; None where nothing is compared.
        confidence_percent: how sure it is that this one leaks; None where nothing is compared.
    """

    function: str
    module: str
    version: str
    growth_bytes: int
    share_percent: float
    retained_by: str = ""
    ownership: str = ""
    made_by: str = ""
    called_by: str = ""
    growth_bytes_per_hour: float | None = None
    confidence_percent: float | None = None


class Cluster(NamedTuple):
    """Growing stacks of one leak.

    Attributes:
        fingerprint: hex digest of the owner, the same wherever this leak is seen.
        owner: what it is named after: a type of a dependency, or a function.
        share_percent: of all growth that somebody owns.
    """

    fingerprint: str
    owner: str
    module: str
    version: str
    growth_bytes: int
    share_percent: float


class ModuleChange(NamedTuple):
    """A module whose version differs between the last healthy revision and the profiled one.

    Attributes:
        before: "" where no profile of the healthy revision names the module.
    """

    module: str
    before: str
    after: str
    in_growing_stacks: bool
