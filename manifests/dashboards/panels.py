"""The kinds of panels that both dashboards are made of.

Exists so that a panel is one readable line and both dashboards have one look. Must not know what is shown where.
"""

from __future__ import annotations

import json
from string import ascii_uppercase

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, statetimeline, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import (
    BigValueGraphMode,
    DataSourceRef,
    LegendDisplayMode,
    LegendPlacement,
    VisibilityMode,
)
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue, Threshold, ThresholdsMode, VariableRefresh

SOURCE = DataSourceRef(type_val="prometheus", uid="${source}")
GREEN, YELLOW, RED = "green", "yellow", "red"
HALF, THIRD, QUARTER, WHOLE = 12, 8, 6, 24

Panel = stat.Panel | timeseries.Panel | statetimeline.Panel

Targets = list[tuple[str, str]]
"""Query and legend."""


def steps(*upper: tuple[float | None, str]) -> dashboard.ThresholdsConfig:
    """Colours from a value on; the first one from the bottom."""
    colours = [Threshold(value=value, color=colour) for value, colour in upper]
    return dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(colours)


def query(expression: str, legend: str, reference: str, *, instant: bool = False) -> prometheus.Dataquery:
    """One query under its own reference; instant ones ask for the newest value only."""
    built = prometheus.Dataquery().expr(expression).legend_format(legend).ref_id(reference)
    return built.instant() if instant else built.range()


def number(
    title: str, expression: str, unit: str, colours: dashboard.ThresholdsConfig, width: int = QUARTER
) -> stat.Panel:
    """A figure with its colour."""
    panel = stat.Panel().title(title).datasource(SOURCE).unit(unit).thresholds(colours).span(width).height(4)
    newest = common.ReduceDataOptions().calcs(["lastNotNull"])
    panel = panel.with_target(query(expression, "", "A")).reduce_options(newest)
    return panel.graph_mode(BigValueGraphMode.AREA).no_value("–")


def lines(title: str, targets: Targets, unit: str, explanation: str, width: int = HALF) -> timeseries.Panel:
    """Lines over time."""
    legend = (
        common.VizLegendOptions()
        .display_mode(LegendDisplayMode.LIST)
        .placement(LegendPlacement.BOTTOM)
        .show_legend(show_legend=True)
    )
    panel = timeseries.Panel().title(title).description(explanation).datasource(SOURCE).unit(unit)
    panel = panel.span(width).height(8).legend(legend).fill_opacity(5).show_points(VisibilityMode.NEVER).min(0)
    for reference, (expression, name) in zip(ascii_uppercase, targets, strict=False):
        panel = panel.with_target(query(expression, name, reference))
    return panel


def states(title: str, targets: Targets, explanation: str) -> statetimeline.Panel:
    """Which words held when: every query is 1 while its word holds."""
    panel = statetimeline.Panel().title(title).description(explanation).datasource(SOURCE)
    panel = panel.span(WHOLE).height(6).thresholds(steps((None, "transparent"), (1, "blue")))
    panel = panel.show_value(VisibilityMode.NEVER)
    for reference, (expression, name) in zip(ascii_uppercase, targets, strict=False):
        panel = panel.with_target(query(expression, name, reference))
    return panel


def property_of(name: str, value: str) -> DynamicConfigValue:
    """One property of a column that is shown otherwise than the rest."""
    return DynamicConfigValue(id_val=name, value=value)


def board(uid: str, title: str, explanation: str) -> dashboard.Dashboard:
    """An empty dashboard with a choice of the data source."""
    built = dashboard.Dashboard(title).uid(uid).description(explanation).tags(["memdrift"]).readonly()
    source = dashboard.DatasourceVariable("source").label("Data source").type("prometheus")
    return built.refresh("1m").time("now-24h", "now").timezone("browser").with_variable(source)


def choice(name: str, label: str, expression: str) -> dashboard.QueryVariable:
    """A variable whose values are those of a label."""
    variable = dashboard.QueryVariable(name).label(label).datasource(SOURCE).query(expression)
    return variable.refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)


def written(built: dashboard.Dashboard) -> str:
    """The file's content. Panels are numbered in their order, so that links to them stay."""
    document = json.loads(json.dumps(built.build(), cls=JSONEncoder))
    for number_of_panel, panel in enumerate(document["panels"], start=1):
        panel["id"] = number_of_panel
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
