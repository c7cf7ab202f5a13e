"""Writes `operator/memdrift/drift/ABLATION.md`: `python -m tests.backtest.ablation`, which `make ablation` runs.

Exists so that what each gate is worth stands beside its code and can be produced again. Figures only: the recordings
stay where they are.
"""

from __future__ import annotations

import sys
from pathlib import Path

from memdrift.backtest import tables
from memdrift.cli.backtest_corpus import MASKING, Wanted, corpus_backtest

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT.parent / "shared" / "drift-corpus" / "manifest.json"
TABLE = ROOT / "operator" / "memdrift" / "drift" / "ABLATION.md"

TEXT = """\
# What each gate is worth

Written by `make ablation`: the development half of the recorded corpus ({series} series), replayed block by block with
windows of 6, 24 and 72 hours and two new blocks to confirm, with one gate at a time always passing. The unit is the
series; recall and precision leave out `alibaba` (machines that nobody labelled) and series labelled `unsure`; a `step`
counts as healthy.

Healthy exposure: {exposure}.

A row says what is lost without that gate *alone*: two gates that catch the same growth each look dispensable.

{table}
So the same again while {masking} are off throughout. Each of them silences whole
families: pods whose lives were recorded for less than a day, and runs without load. What the other gates catch shows
only here.

{unmasked}
With every gate, by family; "below" is the exact 95 % bound that the exposure allows, "judged" the share of the moments
at which it was said whether memory drifts, because silence proves nothing elsewhere:

{families}"""


def main() -> None:
    if not CORPUS.is_file():
        sys.exit("../shared/drift-corpus is absent: the recorded series stay there")
    found = corpus_backtest(CORPUS, (), Wanted(ablation=True))
    families = tables.healthy_families(found.summary)
    exposure = ", ".join(f"{name} {found.summary.by_family[name].healthy_weeks:.2f} weeks" for name in families)
    TABLE.write_text(
        TEXT.format(
            series=len(found.scores),
            exposure=exposure,
            masking=" and ".join(f"`{gate}`" for gate in sorted(MASKING)),
            unmasked=tables.markdown(
                tables.ablation_headings(families), tables.ablation_rows(found.unmasked, families)
            ),
            table=tables.markdown(tables.ablation_headings(families), tables.ablation_rows(found.ablations, families)),
            families=tables.markdown(tables.FAMILY_HEADINGS, tables.family_rows(found.summary)),
        ),
        encoding="utf-8",
    )
    print(f"written: {TABLE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
