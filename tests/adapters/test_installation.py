"""Who this installation is: asked once, and again only where there was no answer."""

from __future__ import annotations

import pytest

from memdrift.adapters.installation import Installation
from memdrift.errors import ClusterUnavailable, NotAllowed
from tests.adapters.scripted import ScriptedCalls

ANSWER = b'{"kind": "Namespace", "metadata": {"name": "memdrift", "uid": "0d9a7f52-0000-4000-8000-00000000000b"}}'


async def test_it_is_the_uid_of_the_own_namespace_asked_for_once() -> None:
    calls = ScriptedCalls([ANSWER])
    installation = Installation(calls, "memdrift")
    assert [await installation.uid() for _ in range(3)] == ["0d9a7f52-0000-4000-8000-00000000000b"] * 3
    assert [(call.method, call.path) for call in calls.made] == [("GET", ("api", "v1", "namespaces", "memdrift"))]


async def test_where_there_is_no_answer_it_is_asked_again() -> None:
    calls = ScriptedCalls([NotAllowed("Forbidden", "namespaces"), b'{"metadata": {}}', ANSWER])
    installation = Installation(calls, "memdrift")
    with pytest.raises(NotAllowed):
        await installation.uid()
    with pytest.raises(ClusterUnavailable, match="AnswerUnreadable"):
        await installation.uid()
    assert await installation.uid() == "0d9a7f52-0000-4000-8000-00000000000b"
