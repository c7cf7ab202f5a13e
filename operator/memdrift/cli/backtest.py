"""`backtest`: what would have been reported in a past, and how often without reason.

Exists as the one door to both pasts, a store's own and a folder of recordings. Must not judge or score.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from memdrift.cli.asking import Asking, asks_prometheus
from memdrift.cli.given import moment
from memdrift.cli.reading import namespaced


@click.command()
@click.argument("store", required=False)
@click.option("--days", type=click.FloatRange(min=0.1, max=400), default=30.0, show_default=True, help="How far back.")
@click.option("--until", metavar="TIME", help="Where the past ends: ISO 8601, or how long ago; default: now.")
@click.option(
    "--html", type=click.Path(dir_okay=False, writable=True, path_type=Path), help="Also write a page with pictures."
)
@click.option(
    "--corpus",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="MANIFEST",
    help="Judge the labelled recordings of a manifest.json, and score the verdicts.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of tables.")
@click.option("--baselines", "with_baselines", is_flag=True, help="Also judge by the rules that people use today.")
@click.option("--ablate", is_flag=True, help="Also judge without each gate in turn.")
@asks_prometheus
@namespaced
def backtest(
    store: str | None,
    days: float,
    until: str | None,
    html: Path | None,
    corpus: Path | None,
    as_json: bool,  # noqa: FBT001 - click passes it
    with_baselines: bool,  # noqa: FBT001 - click passes it
    ablate: bool,  # noqa: FBT001 - click passes it
    namespace: str,
    asking: Asking,
) -> None:
    """What would have been reported in the past of STORE (or of recordings), when, and how often without reason."""
    if (store is None) == (corpus is None):
        raise click.UsageError("say which past: STORE replays a store's own, --corpus MANIFEST judges recordings")
    # Imported here so that a store's past does not wait for recordings, nor recordings for Prometheus.
    if store is not None:
        from memdrift.cli.backtest_store import backtest_store

        if html is not None and not html.absolute().parent.is_dir():
            raise click.BadParameter(f"the folder {html.parent} does not exist: make it first", param_hint="--html")
        now = datetime.now(UTC)
        ended = moment(until, now) if until else now
        backtest_store(store, namespace, days, ended, asking, as_json=as_json, html=html)
        return
    from memdrift.cli.backtest_corpus import Wanted, corpus_backtest, show_corpus_backtest

    assert corpus is not None
    found = corpus_backtest(corpus, asking.changes, Wanted(baselines=with_baselines, ablation=ablate))
    if as_json:
        click.echo(found.json())
    else:
        show_corpus_backtest(found)
