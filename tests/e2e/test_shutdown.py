"""SIGTERM ends the operator cleanly and soon: a rolling update of memdrift itself must not hang a node's drain."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.process import OperatorEnded, OperatorProcess
from tests.e2e.scene import Scene


def test_it_ends_by_itself_with_zero_and_says_so(scene: Scene, tmp_path: Path) -> None:
    operator = OperatorProcess(scene, tmp_path)
    operator.start()
    assert operator.stop() == 0
    said = operator.log.read_text()
    assert '"message": "started"' in said
    assert '"message": "stopped"' in said
    assert "Traceback" not in said


def test_a_wrong_setting_is_one_line_that_names_it(scene: Scene, tmp_path: Path) -> None:
    operator = OperatorProcess(scene, tmp_path, changes={"allowedPorts": [0]})
    with pytest.raises(OperatorEnded) as ended:
        operator.start()
    said = str(ended.value)
    assert "ended with 2" in said
    assert "allowedPorts" in said
    assert "Traceback" not in said
