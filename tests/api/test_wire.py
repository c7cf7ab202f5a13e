"""Names, bounds and round trips that all wire types share."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from memdrift.api.driftincident import ActionRecord, DriftIncident, DriftIncidentStatus, PodLife
from memdrift.api.featurestore import FeatureStore, FeatureStoreStatus
from memdrift.api.quantities import bytes_of, quantity_of
from memdrift.api.wire import kubernetes_name
from tests.api.specs import INCIDENT, STORE

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("python", "wire"),
    [
        ("pod_uid", "podUID"),
        ("uid", "uid"),
        ("uri", "uri"),
        ("max_per_24_hours", "maxPer24Hours"),
        ("latency_milliseconds", "latencyMilliseconds"),
        ("sha256", "sha256"),
    ],
)
def test_names_are_spelt_as_kubernetes_does(python, wire):
    assert kubernetes_name(python) == wire


def test_a_newer_objects_unknown_fields_are_dropped_so_that_a_rollback_can_read_it():
    document = {**STORE, "spec": {**STORE["spec"], "comesLater": {"x": 1}}}

    assert FeatureStore.model_validate(document) == FeatureStore.model_validate(STORE)


@pytest.mark.parametrize(("model", "document"), [(FeatureStore, STORE), (DriftIncident, INCIDENT)])
def test_what_is_written_is_read_again(model, document):
    value = model.model_validate(document)

    assert model.model_validate(value.to_wire()) == value


def test_absent_metadata_is_not_sent_because_an_empty_uid_is_a_precondition_that_never_holds():
    assert FeatureStore.model_validate(STORE).to_wire()["metadata"] == {"name": "market-store"}


def test_times_are_utc_with_a_zone():
    in_singapore = NOON.astimezone(timezone(timedelta(hours=8)))

    assert PodLife(name="p", uid="u", started_time=in_singapore).to_wire()["startedTime"] == "2026-03-01T12:00:00Z"
    with pytest.raises(ValidationError):
        PodLife(name="p", uid="u", started_time=NOON.replace(tzinfo=None))


def test_a_long_message_and_a_long_timeline_are_cut_and_never_stop_the_operator():
    actions = [ActionRecord(kind="Evict", state="Done", time=NOON, detail=f"{n} " + "x" * 5000) for n in range(150)]

    written = DriftIncidentStatus(actions=actions).to_wire()["actions"]

    assert len(written) == 100
    assert written[-1]["detail"].startswith("149 ")
    assert len(written[-1]["detail"]) == 1024


def test_what_slipped_past_validation_is_cut_on_the_way_out():
    status = DriftIncidentStatus().model_copy(update={"message": "x" * 5000})

    assert len(status.to_wire()["message"]) == 1024


def test_replace_validates():
    assert FeatureStoreStatus().replace(incident_count=3).incident_count == 3
    with pytest.raises(ValidationError):
        FeatureStoreStatus().replace(incident_count=-1)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("1024", 1024),
        ("16Mi", 16 * 2**20),
        ("1.5Ki", 1536),
        ("3k", 3000),
        ("2G", 2 * 10**9),
        ("-1Mi", -(2**20)),
        ("129e6", 129_000_000),
        ("1500m", 2),
        ("3E", 3 * 10**18),
    ],
)
def test_a_quantity_is_bytes(text, size):
    assert bytes_of(text) == size


@pytest.mark.parametrize("text", ["", "Mi", "x", "1 Mi", "1mi", "1MiMi", "0x10", "1e", "nan", "１", "1e999"])
def test_what_is_no_quantity_says_so(text):
    with pytest.raises(ValueError, match="is not a quantity of bytes"):
        bytes_of(text)


@given(st.integers(-(2**60), 2**60))
def test_a_quantity_for_people_is_near_the_number(size):
    written = quantity_of(size)

    assert len(written) <= 10
    assert abs(bytes_of(written) - size) <= max(1, abs(size) * 0.006)
    assert FeatureStoreStatus(growth_per_hour=written).growth_per_hour == written
