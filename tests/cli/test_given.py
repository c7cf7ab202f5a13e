"""What a person writes: moments, changed fields, a store from a file; wrong ones are named with their remedy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import pytest
import yaml

from memdrift.api.administration import Source
from memdrift.cli.asking import Asking
from memdrift.cli.given import changed, moment, store_in
from tests import builders

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SPEC = builders.store().spec


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2h ago", NOW - timedelta(hours=2)),
        ("90m", NOW - timedelta(minutes=90)),
        ("1.5d", NOW - timedelta(hours=36)),
        ("2w", NOW - timedelta(weeks=2)),
        ("2026-03-01T03:00:00Z", datetime(2026, 3, 1, 3, 0, tzinfo=UTC)),
        ("2026-03-01T03:00:00+08:00", datetime(2026, 2, 28, 19, 0, tzinfo=UTC)),
        ("2026-03-01 03:00", datetime(2026, 3, 1, 3, 0, tzinfo=UTC)),
    ],
)
def test_a_moment(text: str, expected: datetime) -> None:
    assert moment(text, NOW) == expected


@pytest.mark.parametrize(
    "text", ["noon", "", "-2h", "2y ago", "2026-13-01", "2026-03-03T00:00:00Z", "1e99d", "1969-12-31"]
)
def test_what_is_no_moment_of_the_past(text: str) -> None:
    with pytest.raises(click.ClickException):
        moment(text, NOW)


def test_fields_are_set_by_their_path() -> None:
    found = changed(SPEC, ("detection.minGrowthPercent=5", "spec.detection.minGrowth=32Mi", "objective.quantile=0.95"))

    assert found.detection.min_growth_percent == 5
    assert found.detection.min_growth == "32Mi"
    assert found.objective.quantile == "0.95"
    assert found.detection.warm_up_seconds == SPEC.detection.warm_up_seconds


def test_a_list_is_written_as_json() -> None:
    assert changed(SPEC, ("detection.windowSeconds=[21600]",)).detection.window_seconds == [21_600]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("detection.minGrowthPercent", "write FIELD=VALUE"),
        ("=5", "write FIELD=VALUE"),
        ("detection..x=5", "write FIELD=VALUE"),
        ("detection.minGrowthPercentage=5", "minGrowthPercentage"),
        ("nothing.at.all=5", "nothing"),
        ("detection.minGrowthPercent=-1", "greater than or equal to 0"),
        ("detection.minGrowthPercent=much", "minGrowthPercent"),
        ("mode.deeper=5", "`mode` has no fields"),
    ],
)
def test_a_wrong_change_is_named(change: str, named: str) -> None:
    with pytest.raises(click.ClickException) as refused:
        changed(SPEC, (change,))

    assert named in refused.value.message


def written(folder: Path, *documents: object) -> Path:
    path = folder / "stores.yaml"
    path.write_text(yaml.safe_dump_all(documents))
    return path


def manifest(**metadata: str) -> dict[str, object]:
    return {"kind": "FeatureStore", "metadata": {"name": "features", **metadata}, "spec": SPEC.to_wire()}


def test_a_store_is_found_among_other_documents(tmp_path: Path) -> None:
    path = written(tmp_path, {"kind": "ConfigMap", "metadata": {"name": "features"}}, manifest(namespace="shop"))

    assert store_in(path, "features", "default").metadata.namespace == "shop"


def test_a_store_without_a_namespace_is_in_the_one_of_the_command(tmp_path: Path) -> None:
    assert store_in(written(tmp_path, manifest()), "features", "shop").metadata.namespace == "shop"


@pytest.mark.parametrize("text", ["a: [", "kind: FeatureStore", "kind: FeatureStore\nmetadata: {name: features}\n"])
def test_a_file_without_the_store_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text(text)

    with pytest.raises(click.ClickException) as refused:
        store_in(path, "features", "shop")

    assert str(path) in refused.value.message


def asking(**changes: object) -> Asking:
    given: dict[str, object] = {
        "prometheus": None, "bearer_token_file": None, "scrape_interval": None, "administration": None,
        "filename": None, "changes": (),
    }  # fmt: skip
    return Asking(**{**given, **changes})


def test_without_prometheus_the_way_to_it_is_told() -> None:
    with pytest.raises(click.ClickException) as refused:
        asking().source(builders.store())

    assert "kubectl -n monitoring port-forward" in refused.value.message
    assert "MEMDRIFT_PROMETHEUS" in refused.value.message


def test_a_url_is_a_source_with_the_usual_labels() -> None:
    source = asking(prometheus="http://localhost:9090", scrape_interval=15).source(builders.store())

    assert (source.name, source.url, source.scrape_interval_seconds) == ("main", "http://localhost:9090", 15)
    assert source.allows(builders.NAMESPACE)


@pytest.mark.parametrize("url", ["localhost:9090", "ftp://localhost", "http://user@host", ""])
def test_a_wrong_url_is_refused(url: str) -> None:
    with pytest.raises(click.ClickException) as refused:
        asking(prometheus=url).source(builders.store())

    assert "url" in refused.value.message


def test_the_administrators_file_gives_labels_and_the_options_overrule_it(tmp_path: Path) -> None:
    path = tmp_path / "administration.yaml"
    source = {
        "name": "main",
        "url": "http://far:9090",
        "labels": {"pod": "kubernetes_pod"},
        "scrapeIntervalSeconds": 20,
    }
    path.write_text(yaml.safe_dump({"sources": [source]}))

    near: Source = asking(administration=path, prometheus="http://localhost:1").source(builders.store())

    assert near.labels.pod == "kubernetes_pod"
    assert near.scrape_interval_seconds == 20
    assert near.url == "http://localhost:1"


def test_a_file_without_the_stores_source_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "administration.yaml"
    path.write_text("sources: []\n")

    with pytest.raises(click.ClickException) as refused:
        asking(administration=path).source(builders.store())

    assert "has no source `main`" in refused.value.message


@pytest.mark.parametrize("metadata", ["5", "[features]", "features", "null"])
def test_a_document_without_a_name_is_passed_over(tmp_path: Path, metadata: str) -> None:
    path = tmp_path / "store.yaml"
    path.write_text(f"kind: FeatureStore\nmetadata: {metadata}\n", encoding="utf-8")
    with pytest.raises(click.ClickException, match="has no FeatureStore"):
        store_in(path, "features", "market")
