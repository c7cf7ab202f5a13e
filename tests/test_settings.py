"""Settings name the variable that is wrong; the administrator's file is a snapshot that a typo cannot widen or end."""

from __future__ import annotations

from pathlib import Path

import pytest

from memdrift.errors import ConfigurationInvalid
from memdrift.settings import SETTINGS, AdministrationFile, Settings

GOOD = "killSwitch: false\nallowedPorts: [6060]\n"


def test_the_defaults_are_valid() -> None:
    settings = Settings.parse({"MEMDRIFT_NAMESPACE": "memdrift"})
    assert (settings.host, settings.port, settings.kubeconfig) == ("0.0.0.0", 8080, None)
    assert settings.watch_namespaces == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [("MEMDRIFT_LISTEN", "8080"), ("MEMDRIFT_LISTEN", "host:port"), ("MEMDRIFT_LISTEN", "host:70000"),
     ("MEMDRIFT_LOG_LEVEL", "LOUD"), ("MEMDRIFT_PAGES", "yes"), ("MEMDRIFT_PAGES_URL", "memdrift.example")],
)  # fmt: skip
def test_a_wrong_value_names_its_variable(name: str, value: str) -> None:
    with pytest.raises(ConfigurationInvalid, match=name):
        Settings.parse({name: value})


def test_tickets_link_to_pages_that_are_served() -> None:
    named = {"MEMDRIFT_PAGES_URL": "https://memdrift.example/"}
    assert Settings.parse({}).pages
    assert Settings.parse(named).pages_url == "https://memdrift.example"
    off = Settings.parse({**named, "MEMDRIFT_PAGES": "off"})
    assert (off.pages, off.pages_url) == (False, "")


def test_every_setting_is_described_and_its_default_parses() -> None:
    assert all(setting.description.endswith(".") for setting in SETTINGS)
    Settings.parse({setting.name: setting.default for setting in SETTINGS})


def test_a_changed_file_counts_at_once(tmp_path: Path) -> None:
    path = tmp_path / "administration.yaml"
    path.write_text(GOOD)
    file = AdministrationFile(path)
    assert not file.current().kill_switch
    assert file.current() is file.current()
    path.write_text("killSwitch: true\n")
    assert file.current().kill_switch


@pytest.mark.parametrize(
    "wrong",
    [
        "killSwich: true\n",
        "allowedPorts: [0]\n",
        "sources: [{name: x}]\n",
        "a: [\n",
        "freeze: {until: 2026-02-30T00:00:00Z, reason: holidays}\n",
    ],
)
def test_a_wrong_file_keeps_the_last_good_one_and_says_so(tmp_path: Path, wrong: str) -> None:
    path = tmp_path / "administration.yaml"
    path.write_text(GOOD)
    file = AdministrationFile(path)
    good = file.current()
    path.write_text(wrong)
    assert file.current() is good
    assert file.problem
    path.unlink()
    assert file.current() is good
    path.write_text(GOOD)
    assert file.current() == good
    assert not file.problem


def test_without_a_good_file_it_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationInvalid, match="cannot be read"):
        AdministrationFile(tmp_path / "missing.yaml").current()
