"""Whatever a pod serves: a clear error or harmless text, within bounded memory and time."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from memdrift.evidence.breakdown import By
from memdrift.evidence.contrast import contrasted
from memdrift.evidence.profile import decode
from memdrift.report.contrastpage import contrast_page
from tests.evidence import hostile, hostile_work
from tests.evidence.hostile_run import MEMORY_BYTES
from tests.evidence.recorded import path_of, recorded

Ended = list[tuple[str, dict[str, Any]]]


def run(files: Iterable[tuple[str, bytes]], folder: Path) -> Ended:
    """How each file ended on every way; the kernel ends what takes too much memory or processor time."""
    names = []
    for number, (name, content) in enumerate(files):
        (folder / f"{number}.pb.gz").write_bytes(content)
        names.append(name)
    paths = [str(folder / f"{number}.pb.gz") for number in range(len(names))]
    done = subprocess.run(
        [sys.executable, "-m", "tests.evidence.hostile_run", str(path_of("leak_young.heap")), *paths],
        cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=2400, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return list(zip(names, json.loads(done.stdout), strict=True))


@pytest.fixture(scope="module")
def two_hundred(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """Everything that is wrong, beside a real profile."""
    return run(hostile.files(), tmp_path_factory.mktemp("hostile"))


@pytest.fixture(scope="module")
def ended(two_hundred: Ended, tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """The same, and what only wants work."""
    return [*two_hundred, *run(hostile_work.files(), tmp_path_factory.mktemp("work"))]


def test_there_are_two_hundred_and_many_of_each_kind(two_hundred: Ended):
    assert len(two_hundred) == hostile.COUNT
    assert sum(each["exit"] == 0 for _, each in two_hundred) > 50
    assert sum(each["exit"] == 1 for _, each in two_hundred) > 50


def test_every_file_is_shown_or_refused_in_words_before_its_time_is_over(ended: Ended):
    for name, each in ended:
        assert each["exit"] in (0, 1), (name, each["way"], each["exit"], each["said"][-2000:])
        if each["exit"] == 1:
            assert each["said"].startswith(each["file"]) or f"and {each['file']}: " in each["said"], name
            assert len(each["said"]) < 600, name


def test_what_is_said_moves_no_cursor(ended: Ended):
    for name, each in ended:
        odd = {character for character in each["said"].replace("\n", "") if not character.isprintable()}
        assert odd == set(), name


def test_memory_stays_below_its_bound(ended: Ended):
    most = max(ended, key=lambda each: each[1]["memory"])
    assert most[1]["memory"] <= MEMORY_BYTES, most[0]


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes |= {name for name, _ in attrs}


def page_with(field: str, text: str | bytes) -> str:
    now = decode(hostile.named(field, text))
    contrast = contrasted(now, decode(recorded("leak_young.heap")))
    return contrast_page(contrast, ("base<b>", "now"), 10, By.FUNCTION, cumulative_first=False)


@pytest.mark.parametrize("name", hostile.NAMES)
@pytest.mark.parametrize("field", ["function", "system name", "file", "mapping"])
def test_a_page_holds_hostile_names_as_text_only(field: str, name: str):
    harmless, hostile_page = Tags(), Tags()
    harmless.feed(page_with(field, "main.harmless"))
    hostile_page.feed(page_with(field, hostile.NAMES[name]))
    assert hostile_page.seen <= harmless.seen
    assert hostile_page.attributes <= harmless.attributes
    assert not any(attribute.startswith("on") for attribute in hostile_page.attributes)
