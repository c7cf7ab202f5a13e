"""What is claimed of the recorded corpus, asked through the command that prints it."""

from __future__ import annotations

import pytest

from memdrift.cli.backtest_corpus import Wanted, corpus_backtest, show_corpus_backtest
from tests.backtest.ablation import CORPUS

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not CORPUS.is_file(), reason="../shared/drift-corpus is absent: recorded series stay there"),
]


@pytest.fixture(scope="module")
def found():
    return corpus_backtest(CORPUS, (), Wanted())


def test_the_table_is_printed(found, capsys):
    with capsys.disabled():
        print()
        show_corpus_backtest(found)
    assert len(found.scores) == 377


def test_at_least_six_of_seven_leaks_are_found(found):
    labelled = found.summary.labelled
    assert labelled.leaks == 7
    assert labelled.found >= 6


def test_of_the_series_alarmed_at_least_85_percent_leak(found):
    assert found.summary.labelled.precision >= 0.85


def test_no_step_is_called_drift(found):
    assert [score.id for score in found.scores if score.label == "step" and score.alarmed] == []


@pytest.mark.parametrize("family", ["nezha", "rcd"])
def test_a_healthy_family_has_no_episode(found, family):
    assert found.summary.by_family[family].false_episodes == 0


def test_machines_have_at_most_five_episodes(found):
    assert found.summary.by_family["alibaba"].false_episodes <= 5


def test_nothing_that_is_healthy_is_called_drift_with_impact(found):
    assert sum(family.false_impact_episodes for family in found.summary.by_family.values()) == 0
