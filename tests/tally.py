"""Counts what the suites did, and refuses a suite that quietly did less: `python -m tests.tally FOLDER SUITE…`.

A skipped test looks like a green one, so a run counts as passed only where every suite ran and nothing was skipped but
tests marked `corpus`. As a pytest plugin (`-p tests.tally`) this module writes every test's markers into the report.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

MAY_BE_SKIPPED = "corpus"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.user_properties += [("marker", marker.name) for marker in item.iter_markers()]


def complaints(folder: Path, suite: str, counts: Counter[str]) -> Iterator[str]:
    """What is wrong with a suite's report; its tests are added to the counts."""
    report = folder / f"{suite}.xml"
    if not report.exists():
        yield f"{suite}: did not run"
        return
    cases = list(ET.parse(report).iter("testcase"))
    if not cases:
        yield f"{suite}: has no test"
    for case in cases:
        name = f"{suite}: {case.get('classname')}.{case.get('name')}"
        kinds = {child.tag for child in case}
        markers = {each.get("value") for each in case.iter("property") if each.get("name") == "marker"}
        if kinds & {"failure", "error"}:
            counts["failed"] += 1
            yield f"{name} failed"
        elif "skipped" in kinds:
            counts["skipped"] += 1
            if MAY_BE_SKIPPED not in markers:
                yield f"{name} was skipped"
        else:
            counts["passed"] += 1


def main(folder: str, *suites: str) -> int:
    total: Counter[str] = Counter()
    wrong = []
    for suite in suites:
        counts: Counter[str] = Counter()
        wrong += complaints(Path(folder), suite, counts)
        print(f"{suite}: {sentence(counts)}")
        total += counts
    for complaint in wrong:
        print(complaint)
    print(sentence(total))
    return 1 if wrong else 0


def sentence(counts: Counter[str]) -> str:
    return f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
