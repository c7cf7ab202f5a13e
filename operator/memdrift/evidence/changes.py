"""Which module versions differ between the last healthy revision and the drifting one.

Exists because rolling back the change that started a leak is its cure. Must not say that a change is guilty; all it
knows is whether the module is in the growing stacks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from memdrift.evidence.growth import Growth
from memdrift.evidence.leaks import ModuleChange
from memdrift.evidence.modules import Origins

_MATERIAL_SHARE_PERCENT = 5.0


def growth_by_module(modules: Iterable[str], growth: Growth, origins: Origins) -> dict[str, int]:
    """Positive growth of the stacks on which each of these modules has a frame."""
    wanted = set(modules)
    functions = {function: origins.origin(function).module for function in origins.files}
    of_wanted = {function: module for function, module in functions.items() if module in wanted}
    by_module: dict[str, int] = {}
    for stack, value in growth.bytes_by_stack.items():
        if value <= 0:
            continue
        for module in {of_wanted[function] for function in stack if function in of_wanted}:
            by_module[module] = by_module.get(module, 0) + value
    return by_module


def module_changes(
    healthy: Mapping[str, str], current: Mapping[str, str], growth: Growth, origins: Origins
) -> tuple[ModuleChange, ...]:
    """Modules both profiles name, at different versions; those on growing stacks first, by how much grew there.

    A module on stacks of less than 5 % of the growth counts as not in the growing stacks: request handlers and metrics
    middleware are on some stack of everything.
    """
    differing = [module for module, version in current.items() if healthy.get(module, version) != version]
    grown = growth_by_module(differing, growth, origins) if differing else {}
    differing.sort(key=lambda module: (-grown.get(module, 0), module))
    return tuple(
        ModuleChange(
            module=module,
            before=healthy[module],
            after=current[module],
            in_growing_stacks=growth.share_percent(grown.get(module, 0)) >= _MATERIAL_SHARE_PERCENT,
        )
        for module in differing
    )
