"""What a person writes on the command line, as values: a moment, a changed spec, a store from a file.

Exists so that every command reads them alike and refuses in the same words. Must not ask a server.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from memdrift.api.featurestore import FeatureStore, FeatureStoreSpec
from memdrift.api.yamltext import YamlInvalid, documents_in
from memdrift.cli.faults import refusal

_AGO = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(s|m|min|h|d|w)(?:\s+ago)?")
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_BYTES = 512 * 1024 * 1024
_SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}


def moment(text: str, now: datetime) -> datetime:
    """A moment: ISO 8601 (UTC where it names no zone), or how long ago, such as `2h ago`.

    Raises:
        click.ClickException: it is neither, or lies ahead.
    """
    ago = _AGO.fullmatch(text.strip().lower())
    try:
        found = now - timedelta(seconds=float(ago[1]) * _SECONDS[ago[2]]) if ago else datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise click.ClickException(
            f"`{text}` is no moment: write 2026-11-20T03:00:00Z, or how long ago, such as 2h or 3d"
        ) from error
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    if found > now:
        raise click.ClickException(f"`{text}` is in the future")
    if found < _EARLIEST:
        raise click.ClickException(f"`{text}` is before 1970: no metrics source reaches that far back")
    return found


def store_in(path: Path, name: str, namespace: str) -> FeatureStore:
    """The FeatureStore of a manifest; `namespace` holds where it names none.

    Raises:
        click.ClickException: it has no such store, or not a valid one.
    """
    text = text_of(path)
    try:
        documents = [each for each in documents_in(text) if isinstance(each, dict)]
        stores = [each for each in documents if each.get("kind") == "FeatureStore"]
        found = next((each for each in stores if _name_of(each) == name), None)
        if found is None:
            raise click.ClickException(f"{path} has no FeatureStore `{name}`")
        return FeatureStore.model_validate({**found, "metadata": {"namespace": namespace, **found["metadata"]}})
    except YamlInvalid as error:
        raise refusal(error, f"{path} is not YAML") from error
    except ValidationError as error:
        hint = "correct it as `kubectl explain featurestores.memdrift.io` describes it"
        raise refusal(error, f"{path}: FeatureStore {name}", hint) from error


def content_of(path: Path) -> bytes:
    """The content of a file that was named.

    Raises:
        click.ClickException: it cannot be read, or is larger than anything that is meant.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise click.ClickException(f"{path} cannot be read: {error.strerror}; name a file that you may read") from error
    if len(content) > _MOST_BYTES:
        raise click.ClickException(f"{path} is larger than {_MOST_BYTES} bytes: name another file")
    return content


def text_of(path: Path) -> str:
    """The same of a file of text.

    Raises:
        click.ClickException: as `content_of`, or it is no UTF-8.
    """
    try:
        return content_of(path).decode("utf-8")
    except UnicodeDecodeError as error:
        raise refusal(error, f"{path} is not text", "save it as UTF-8") from error


def _name_of(document: dict[str, Any]) -> object:
    metadata = document.get("metadata")
    return metadata.get("name") if isinstance(metadata, dict) else None


def changed(spec: FeatureStoreSpec, changes: Sequence[str]) -> FeatureStoreSpec:
    """The spec with fields set by their path, as `detection.minGrowthPercent=5`.

    Raises:
        click.ClickException: names the field.
    """
    document: dict[str, Any] = spec.to_wire()
    for change in changes:
        path, equals, text = change.partition("=")
        parts = path.strip().removeprefix("spec.").split(".")
        if not equals or not all(parts):
            raise click.ClickException(f"--set {change}: write FIELD=VALUE, such as detection.minGrowthPercent=5")
        place = _place(document, parts, change)
        place[parts[-1]] = _value(text)
    try:
        found = FeatureStoreSpec.model_validate(document)
    except ValidationError as error:
        hint = "see `kubectl explain featurestores.memdrift.io.spec`"
        raise refusal(error, f"--set {' '.join(changes)}", hint) from error
    for change in changes:
        path = change.partition("=")[0].strip().removeprefix("spec.")
        _require_known(found.to_wire(), path)
    return found


def _place(document: dict[str, Any], parts: Sequence[str], change: str) -> dict[str, Any]:
    """The object that holds the field; a misspelt name makes a new one, which the check after validation finds."""
    place = document
    for part in parts[:-1]:
        place = place.setdefault(part, {})
        if not isinstance(place, dict):
            raise click.ClickException(f"--set {change}: `{part}` has no fields")
    return place


def _require_known(document: dict[str, Any], path: str) -> None:
    place: Any = document
    for part in path.split("."):
        if not isinstance(place, dict) or part not in place:
            raise click.ClickException(
                f"--set {path}: the spec has no field `{part}`; see `kubectl explain featurestores.memdrift.io.spec`"
            )
        place = place[part]


def _value(text: str) -> object:
    """A value as JSON where it is JSON, but for fractions, which the spec writes as text; other text is itself."""
    try:
        value: object = json.loads(text)
    except ValueError:
        return text
    return text if isinstance(value, float) else value
