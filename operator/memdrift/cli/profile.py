"""`profile POD|STORE`: profiles of a pod now, with the rights of the person who asks.

Exists so that what memdrift would take can be had at any time, into files. The probe is the operator's own: through the
port-forward, one profile at a time, never `gc=1`, `debug=1` or `cmdline`. Must not store anything elsewhere.
"""

from __future__ import annotations

import os
import shlex
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click

from memdrift.adapters.analyser import ProcessAnalyser
from memdrift.adapters.clock import SystemClock
from memdrift.adapters.connection import Connection
from memdrift.adapters.portforward import PortForwardHttp
from memdrift.adapters.profiler import PprofProfiler
from memdrift.api.quantities import bytes_of
from memdrift.cli import cluster
from memdrift.cli.faults import refusal
from memdrift.cli.given import content_of
from memdrift.cli.profiled import request_for
from memdrift.cli.reading import namespaced, show
from memdrift.errors import CaptureFailed, NotAllowed
from memdrift.evidence.findings import Comparison, Findings, ProfileKind, Taken
from memdrift.ports import Captured, CaptureRequest
from memdrift.report.tables import plain

KINDS = [kind.value for kind in ProfileKind]
RIGHTS = "`get` and `create` on `pods/portforward`, and `get` on `pods`"


def _megabytes(ctx: click.Context, parameter: click.Parameter, value: str) -> int:  # noqa: ARG001 - click's signature
    try:
        return bytes_of(value)
    except ValueError as error:
        raise click.BadParameter("give a quantity, such as 64Mi") from error


@click.command()
@click.argument("name", metavar="POD|STORE")
@namespaced
@click.option("-c", "--container", help="Default: the store's, else the pod's default or only one.")
@click.option("--port", type=click.IntRange(1, 65_535), help="Default: the store's `capture.port`, else 6060.")
@click.option("--base-path", help="Default: the store's `capture.basePath`, else /debug/pprof.")
@click.option("--kind", "kinds", multiple=True, type=click.Choice(KINDS), help="Default: heap and goroutine.")
@click.option("--max-bytes", default="64Mi", show_default=True, callback=_megabytes, help="The largest profile taken.")
@click.option("--timeout", type=click.IntRange(1, 300), default=30, show_default=True, help="Seconds for one profile.")
@click.option("--base", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="An earlier heap profile.")
@click.option("-o", "--output", type=click.Path(file_okay=False, path_type=Path), default=".", help="Folder for files.")
def profile(
    name: str,
    namespace: str,
    container: str | None,
    port: int | None,
    base_path: str | None,
    kinds: tuple[str, ...],
    max_bytes: int,
    timeout: int,
    base: Path | None,
    output: Path,
) -> None:
    """Take profiles of POD, or of the worst pod of STORE, now; `pod/NAME` and `store/NAME` say which is meant."""
    wanted = tuple(ProfileKind(kind) for kind in kinds) or (ProfileKind.HEAP, ProfileKind.GOROUTINE)
    if base is not None and ProfileKind.HEAP not in wanted:
        raise click.ClickException("--base is compared with a heap profile: add `--kind heap`")
    earlier = content_of(base) if base is not None else None

    async def take(connection: Connection) -> tuple[tuple[Captured, ...], Findings | None]:
        request = await request_for(connection, namespace, name, container, port, base_path)
        request = replace(request, kinds=wanted, maximum_bytes=max_bytes, timeout_seconds=float(timeout))
        click.echo(f"asking {request.namespace}/{request.pod}, container {request.container}, port {request.port} …")
        captured = await _captured(connection, request)
        heap = next((each.taken for each in captured if each.taken.kind is ProfileKind.HEAP), None)
        return captured, await _compared(heap, earlier) if earlier is not None and heap is not None else None

    captured, findings = cluster.run(take)
    files = [_written(output, each) for each in captured]
    rows = [(*_figures(each), str(file)) for each, file in zip(captured, files, strict=True)]
    show(("KIND", "POD", "BYTES", "SECONDS", "FILE"), rows)
    missing = [str(kind) for kind in wanted if kind not in {each.taken.kind for each in captured}]
    if missing:
        click.echo(f"not served: {', '.join(missing)}")
    click.echo()
    for each, file in zip(captured, files, strict=True):
        compared = base is not None and each.taken.kind is ProfileKind.HEAP
        difference = f"-diff_base {shlex.quote(str(base))} " if compared else ""
        click.echo(f"go tool pprof {difference}{shlex.quote(str(file))}")
    if findings is not None:
        _show(findings)


def _figures(captured: Captured) -> tuple[str, str, str, str]:
    taken = captured.taken
    return str(taken.kind), taken.pod, str(len(taken.content)), f"{captured.elapsed_seconds:.2f}"


async def _captured(connection: Connection, request: CaptureRequest) -> tuple[Captured, ...]:
    """Raises `click.ClickException` where the person lacks the right, with its name."""

    def chosen() -> tuple[frozenset[int], frozenset[str]]:
        return frozenset({request.port}), frozenset({request.base_path})

    validate = ProcessAnalyser().validate
    profiler = PprofProfiler(connection, PortForwardHttp(connection), SystemClock(), chosen, validate)
    try:
        return await profiler.capture(request)
    except NotAllowed as error:
        if error.reason == "BasePathNotAllowed":
            raise click.ClickException("--base-path must be a plain path, such as /debug/pprof") from error
        raise refusal(error, remedy=f"you need {RIGHTS} in namespace {request.namespace}") from error
    except CaptureFailed as error:
        raise refusal(CaptureFailed(error.reason, _by_option(error.message))) from error


def _by_option(message: str) -> str:
    """The message with the options of this command in place of a store's fields."""
    for field, option in (("port", "--port"), ("basePath", "--base-path"), ("maxBytes", "--max-bytes")):
        message = message.replace(f"`spec.capture.{field}`", option)
    return message


async def _compared(heap: Taken, content: bytes) -> Findings:
    """The growth since `--base` was taken; it counts as an earlier profile of the same life."""
    earlier = replace(heap, taken_at=heap.taken_at - 1, content=content)
    try:
        return await ProcessAnalyser().analyse(Comparison(current=(heap,), earlier=(earlier,)))
    except CaptureFailed as error:
        raise refusal(error, "--base") from error


def _written(folder: Path, captured: Captured) -> Path:
    """A file of its own, readable by its owner only; nothing is overwritten."""
    taken = captured.taken
    at = datetime.fromtimestamp(taken.taken_at, UTC)
    path = folder / f"{taken.pod}-{taken.kind}-{at:%Y%m%dT%H%M%SZ}.pb.gz"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}; choose a folder with -o") from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(taken.content)
    return path


def _show(findings: Findings) -> None:
    click.echo()
    click.echo(plain(findings.sentence))
    rows = [
        (f"{each.share_percent:.0f} %", plain(each.function), plain(f"{each.module} {each.version}".strip()) or "-")
        for each in findings.suspects[:5]
    ]
    if rows:
        show(("SHARE", "SUSPECT", "MODULE"), rows)
