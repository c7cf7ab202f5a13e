"""The options of `diff`; what it does stands in `contrasting`.

Must not do anything itself.
"""

from __future__ import annotations

import click

from memdrift.cli import contrasting
from memdrift.cli.contrasting import ROWS, Refused, Request
from memdrift.evidence.breakdown import By


@click.command()
@click.argument("base", type=click.Path())
@click.argument("now", type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@click.option("--html", metavar="FILE", default="", help="Write a page with the flame graph of the growth.")
@click.option("--flat/--cum", "flat", default=True, help="Order by what functions hold themselves, or with callees.")
@click.option("--by", type=click.Choice([str(by) for by in By]), default="function", help="What the rows are.")
@click.option("--sample", metavar="TYPE", default="", help="The value to compare, such as alloc_space.")
@click.option("-n", "--rows", "count", type=click.IntRange(1, 100_000), default=ROWS, show_default=True, help="Rows.")
def diff(base: str, now: str, as_json: bool, html: str, flat: bool, by: str, sample: str, count: int) -> None:  # noqa: FBT001 - click passes it
    """What grew between the profiles BASE and NOW: suspects, modules with versions, stacks, functions.

    Heap and goroutine profiles of Go, pprof of other languages, and the heap text of jemalloc; no cluster is needed.
    """
    request = Request(
        base, now, rows=count, by=By(by), cumulative_first=not flat, as_json=as_json, html=html, sample_type=sample
    )
    try:
        contrasting.run(request)
    except Refused as refused:
        raise click.ClickException(str(refused)) from refused
