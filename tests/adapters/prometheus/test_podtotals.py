"""The total of a pod with one container is that container under another name, whatever fields a life has."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from memdrift.adapters.prometheus.podtotals import total_of
from memdrift.drift.blocks import POD_TOTAL, Life, LifeBlocks


def test_a_total_of_one_loses_nothing():
    names = [each.name for each in fields(Life)]
    marked: dict[str, Any] = {name: f"{name}-of-it" for name in names}
    own = Life(**marked)
    figures: dict[str, Any] = {each.name: f"{each.name}-of-it" for each in fields(LifeBlocks) if each.name != "life"}
    alone = LifeBlocks(life=own, **figures)

    found = total_of([alone])

    assert {name: getattr(found.life, name) for name in names} == {
        **{name: getattr(own, name) for name in names},
        "container": POD_TOTAL,
    }
    assert {name: getattr(found, name) for name in figures} == figures
