"""`make demo`: the whole story once, for real, with a live timeline and a result that can be checked.

Deploys everything, rolls the leaking version out, and watches memdrift find, prove, file, restart and check. KEEP=1
leaves it running.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator

from rich.console import Console
from rich.table import Table

from tests.cluster.clusters import Cluster, chosen_cluster
from tests.e2e import filed, summary
from tests.e2e.process import free_port
from tests.e2e.scene import HEALTHY_SCHEDULE, LEAK_SCHEDULE, MARKET, ROOT, TWIN, Scene
from tests.e2e.timeline import Timeline
from tests.e2e.waiting import WaitedTooLong
from tests.gitea.server import PASSWORD, GiteaServer

HEALTHY_SECONDS = 420
STORY_SECONDS = 720
RESULT = ROOT / "build" / "demo" / "result.json"
ARCHIVE = ROOT / "build" / "demo" / "archive"


@contextlib.contextmanager
def forwarded(cluster: Cluster, namespace: str, service: str, port: int) -> Iterator[str]:
    """The address of a Service on this machine, through kubectl."""
    local = free_port()
    command = [
        "kubectl",
        "--kubeconfig",
        str(cluster.kubeconfig),
        "port-forward",
        "-n",
        namespace,
        f"service/{service}",
    ]
    process = subprocess.Popen([*command, f"{local}:{port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(1)
        yield f"http://127.0.0.1:{local}"
    finally:
        process.terminate()
        process.wait(timeout=10)


def play(scene: Scene, timeline: Timeline) -> None:
    """From an empty cluster to a closed incident."""
    timeline.say("scene", "Clearing", "what an earlier run left")
    scene.clear()
    timeline.say("scene", "Building", "images: Prometheus, Alertmanager, the operator, two Market-Stores, the load")
    references = scene.load_images()
    timeline.say("scene", "Deploying", "the operator, Prometheus, Alertmanager, and both stores on async v0.0.5")
    scene.deploy(references)
    scene.apply(scene.filed_store(MARKET))
    scene.apply(scene.filed_store(TWIN))
    scene.start_load(HEALTHY_SCHEDULE)
    timeline.say("scene", "Running", f"load {HEALTHY_SCHEDULE} requests/s per pod; memdrift learns what is normal")
    watch(timeline, scene.healthy_baseline, "a healthy baseline", HEALTHY_SECONDS)
    timeline.say("scene", "Deploying", "async v0.0.3 to market-store: the change that leaks")
    scene.change_version("async-v0.0.3")
    scene.start_load(LEAK_SCHEDULE)
    timeline.say("scene", "Running", f"load {LEAK_SCHEDULE}: a peak, then 25 % less; memory rises all the same")
    watch(timeline, lambda: closed(scene), "a closed incident", STORY_SECONDS)


def closed(scene: Scene) -> bool:
    """Whether the leak's incident has an outcome."""
    incidents = scene.incidents()
    return bool(incidents) and "outcome" in incidents[-1].get("status", {})


def watch(timeline: Timeline, done: object, what: str, seconds: float) -> None:
    """Show what changes until it is done.

    Raises:
        WaitedTooLong: it was not done in time.
    """
    end = time.monotonic() + seconds
    while True:
        timeline.look()
        if callable(done) and done():
            return
        if time.monotonic() > end:
            raise WaitedTooLong(f"waited {seconds:.0f} s for {what}")
        time.sleep(1)


def show(console: Console, outcome: dict[str, object], complaints: list[str]) -> None:
    """One screen."""
    table = Table(title="What memdrift did", show_header=False, title_justify="left")
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    suspects, profiles, ticket = outcome["suspects"], outcome["profiles"], outcome["ticket"]
    assert isinstance(suspects, list)
    assert isinstance(profiles, list)
    changed = outcome["module_change"]
    assert isinstance(ticket, dict)
    assert isinstance(changed, dict)
    first = suspects[0] if suspects else {}
    rows = {
        "incident": f"{outcome['incident']}, outcome {outcome['outcome']}",
        "detected": f"{outcome['detected_after_seconds']} s after the leaking version was rolled out",
        "evidence": f"{len(profiles)} profiles stored, {sum(each['bytes'] for each in profiles)} bytes",
        "suspect": " ".join(str(first.get(key)) for key in ("function", "version", "share_percent")) + " %",
        "change": ", ".join(f"{module} {' → '.join(versions)}" for module, versions in changed.items()),
        "ticket": f"{ticket['url']}, assigned to {', '.join(ticket.get('assignees', [])) or 'nobody'}",
        "restart": f"{len(outcome['pods_before'])} pods replaced, begun {outcome['restart_started_at']}",  # type: ignore[arg-type]
        "p99": f"{outcome['p99_before_ms']} ms before, {outcome['p99_after_ms']} ms after (objective 200 ms)",
        "healthy twin": ", ".join(outcome["control_store_verdicts"]),  # type: ignore[arg-type]
        "alert": f"handled as request {outcome['alert_request_token']}",
        "result": str(RESULT.relative_to(ROOT)),
    }
    for name, text in rows.items():
        table.add_row(name, text)
    console.print(table)
    for complaint in complaints:
        console.print(f"[bold red]promise not kept:[/] {complaint}")


def keep(scene: Scene, console: Console) -> None:
    """What to try while it runs."""
    console.print("\nStill running (KEEP=1). Try:")
    console.print(f"  export KUBECONFIG={scene.cluster.kubeconfig}", soft_wrap=True)
    for command in (
        "kubectl -n market-store get featurestores.memdrift.io,driftincidents",
        ".venv/bin/memdrift explain market-store -n market-store",
        ".venv/bin/memdrift incidents -A",
        ".venv/bin/memdrift report market-store-1 -n market-store -o report.html   # charts: on the pages, see below",
        "kubectl -n memdrift logs deploy/memdrift -f",
        "kubectl -n monitoring port-forward service/prometheus 9090   # http://localhost:9090",
        "kubectl -n memdrift port-forward service/memdrift 8080       # http://localhost:8080/fleet, /readyz, /metrics",
        "kubectl -n market-store create token reader                  # what to sign in with there",
    ):
        console.print(f"  {command}", highlight=False, soft_wrap=True)
    if scene.tickets is not None:
        sign_in = f"sign in as {filed.ON_CALL}, password {PASSWORD}, to answer"
        console.print(f"  {scene.tickets.server.url}/{filed.REPOSITORY}/issues   # {sign_in}", soft_wrap=True)
    console.print("End it with: make cluster-down")


@contextlib.contextmanager
def staged(cluster: Cluster, console: Console, *, kept: bool) -> Iterator[Scene]:
    """A scene with a tracker; afterwards everything is as it was before, unless it is to be kept."""
    was_up = cluster.is_up()
    cluster.start()
    scene, server = Scene(cluster, ARCHIVE), None
    try:
        server = GiteaServer(cluster.beside)
        server.start()
        scene.tickets = filed.tickets_of(server)
        yield scene
    finally:
        if kept:
            keep(scene, console)
        else:
            if server is not None:
                server.stop()
            if was_up:
                scene.clear()
            else:
                cluster.stop()


def main() -> int:
    """The exit code: 0 where every promise was kept."""
    console = Console()
    console.print("Starting a Kubernetes node and a Gitea on this machine; what is not built yet is built first.")
    with staged(chosen_cluster(), console, kept=os.environ.get("KEEP") == "1") as scene:
        timeline = Timeline(scene, console)
        play(scene, timeline)
        summary.archive_here = ARCHIVE.as_uri()
        with forwarded(scene.cluster, "monitoring", "prometheus", 9090) as prometheus:
            outcome = summary.result(scene, prometheus, timeline.verdicts.get(TWIN, []))
        RESULT.parent.mkdir(parents=True, exist_ok=True)
        RESULT.write_text(json.dumps(outcome, indent=2) + "\n")
        complaints = summary.complaints(outcome)
        show(console, outcome, complaints)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
