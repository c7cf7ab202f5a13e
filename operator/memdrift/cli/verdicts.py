"""Verdicts with every gate, the pods by window, a chart, and the queries: what `explain` prints of a judgement.

Must not judge.
"""

from __future__ import annotations

import shutil
from datetime import UTC, datetime

import click

from memdrift.cli.judging import Judged
from memdrift.cli.reading import show
from memdrift.report import gates, tables
from memdrift.report.chart import LABEL_COLUMNS, chart
from memdrift.report.panels import picture_of

WIDEST, NARROWEST = 96, 40


def show_judged(judged: Judged, pod: str = "", at: datetime | None = None) -> None:
    """Everything a person needs to disagree.

    Raises:
        click.ClickException: no pod has the name.
    """
    ended_at = datetime.fromtimestamp(max(window.ended_at for window in judged.windows), UTC)
    what = "as of then" if at is not None else "now"
    shown = gates.deciding(judged.verdicts, pod)
    if shown is not None and shown[0].queries:
        click.echo("Asked, at the end of every block:")
        for query in shown[0].queries:
            click.echo(f"  {tables.plain(query)}")
        click.echo()
    click.echo(f"Judged {what}, by blocks up to {ended_at:%Y-%m-%d %H:%M:%S} UTC.")
    click.echo(gates.why(judged.verdicts, judged.by_window))
    click.echo()
    show(gates.POD_HEADINGS, gates.pod_rows(judged.by_window))
    if shown is None:
        if pod:
            known = sorted({each.pod for verdict in judged.verdicts for each in verdict.pods})
            raise click.ClickException(f"no pod `{pod}` was judged; there are: {', '.join(known) or 'none'}")
        return
    verdict, one = shown
    click.echo(
        f"\n{tables.plain(one.pod)} {tables.plain(verdict.container)}, window of {one.window_seconds} s: {one.kind}"
    )
    show(tables.GATE_HEADINGS, gates.gate_rows_of(one.gates))
    picture = picture_of(judged.windows, verdict.container, one, judged.policy.objective_milliseconds)
    if picture is not None:
        click.echo()
        for line in chart(picture, chart_columns()):
            click.echo(line)


def chart_columns() -> int:
    """How wide a curve may be on this terminal."""
    return min(WIDEST, max(NARROWEST, shutil.get_terminal_size().columns - LABEL_COLUMNS - 12))
