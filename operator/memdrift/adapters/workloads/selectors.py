"""Label selectors: as a query for the API server, and as a test of one object's labels.

Exists because budgets are matched against pods here, not by the server. Must behave as Kubernetes does.
"""

from __future__ import annotations

from collections.abc import Mapping

from memdrift.adapters.workloads.wire import LabelSelector, Requirement


def query_of(selector: LabelSelector) -> str:
    """The selector as the value of `labelSelector`."""
    equalities = [f"{key}={value}" for key, value in sorted(selector.match_labels.items())]
    return ",".join(equalities + [_written(requirement) for requirement in selector.match_expressions])


def selects(selector: LabelSelector | None, labels: Mapping[str, str]) -> bool:
    """Whether an object with these labels is meant; no selector means nothing, an empty one everything."""
    if selector is None:
        return False
    return all(labels.get(key) == value for key, value in selector.match_labels.items()) and all(
        _holds(requirement, labels) for requirement in selector.match_expressions
    )


def _written(requirement: Requirement) -> str:
    values = ",".join(requirement.values)
    match requirement.operator:
        case "In":
            return f"{requirement.key} in ({values})"
        case "NotIn":
            return f"{requirement.key} notin ({values})"
        case "Exists":
            return requirement.key
        case _:
            return f"!{requirement.key}"


def _holds(requirement: Requirement, labels: Mapping[str, str]) -> bool:
    match requirement.operator:
        case "In":
            return labels.get(requirement.key) in requirement.values
        case "NotIn":
            return labels.get(requirement.key) not in requirement.values
        case "Exists":
            return requirement.key in labels
        case _:
            return requirement.key not in labels
