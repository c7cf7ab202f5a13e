"""The dashboard of all stores: what drifts, what memdrift does about it, how memdrift is."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard, table
from grafana_foundation_sdk.models.dashboard import DataTransformerConfig
from grafana_foundation_sdk.models.prometheus import PromQueryFormat
from panels import GREEN, RED, SOURCE, WHOLE, YELLOW, Panel, board, lines, number, property_of, query, steps


def fleet() -> dashboard.Dashboard:
    """The dashboard."""
    built = board("memdrift-fleet", "memdrift: fleet", "All feature stores that memdrift watches.")
    for panel in (*_figures(), stores_table(), *_over_time()):
        built = built.with_panel(panel)
    built = built.with_row(dashboard.Row("What was done"))
    for panel in _effects():
        built = built.with_panel(panel)
    built = built.with_row(dashboard.Row("memdrift itself"))
    for panel in _operator():
        built = built.with_panel(panel)
    return built


def stores_table() -> table.Panel:
    """Every store in one row, worst first."""
    columns = {
        "Growth per hour": ("memdrift_store_growth_bytes_per_hour", "bytes"),
        "To the limit": ("memdrift_store_seconds_to_limit", "s"),
        "Latency": ("memdrift_store_latency_milliseconds", "ms"),
        "Stopgaps in a row": ("memdrift_store_consecutive_stopgaps", "none"),
    }
    panel = table.Panel().title("Stores that are not steady").datasource(SOURCE).span(WHOLE).height(9)
    panel = panel.description("Verdict and figures of every store that drifts or cannot be measured.")
    verdict = 'memdrift_store_verdict{verdict!="Steady"} == 1'
    panel = panel.with_target(query(verdict, "", "Verdict", instant=True).format(PromQueryFormat.TABLE))
    for title, (name, unit) in columns.items():
        reference = title.replace(" ", "")
        joined = f"{name} and on (namespace, store) ({verdict})"
        panel = panel.with_target(query(joined, "", reference, instant=True).format(PromQueryFormat.TABLE))
        panel = panel.override_by_name(
            f"Value #{reference}", [property_of("unit", unit), property_of("displayName", title)]
        )
    hidden = dict.fromkeys(("Time", "__name__", "instance", "job", "Value #Verdict"), True)
    merged = DataTransformerConfig(id_val="merge", options={})
    tidied = DataTransformerConfig(id_val="organize", options={"excludeByName": hidden})
    return panel.with_transformation(merged).with_transformation(tidied)


def _figures() -> tuple[Panel, ...]:
    calm, warning, alarm = steps((None, GREEN)), steps((None, GREEN), (1, YELLOW)), steps((None, GREEN), (1, RED))
    return (
        number("Stores", "count(count by (namespace, store) (memdrift_store_verdict))", "none", calm),
        number("Drifting", 'sum(memdrift_store_verdict{verdict=~"Drifting.*"})', "none", alarm),
        number("Unknown", 'sum(memdrift_store_verdict{verdict="Unknown"})', "none", warning),
        number(
            "Restarts without evidence, 7 days", "increase(memdrift_restarts_without_evidence_total[7d])", "none", alarm
        ),
    )


def _over_time() -> tuple[Panel, ...]:
    return (
        lines("Verdicts", [("sum by (verdict) (memdrift_store_verdict)", "{{verdict}}")], "none", "Stores by verdict."),
        lines(
            "Not acting, and why",
            [("count by (reason) (memdrift_store_hold)", "{{reason}}")],
            "none",
            "Stores by the reason for which memdrift does not act on them now.",
        ),
        lines(
            "Open incidents",
            [("count by (stage) (memdrift_incident_stage)", "{{stage}}")],
            "none",
            "Open incidents by their stage.",
        ),
        lines(
            "Holds begun",
            [("sum by (reason) (increase(memdrift_holds_total[1h]))", "{{reason}}")],
            "none",
            "How often a store began to be held in the last hour, by reason.",
        ),
    )


def _effects() -> tuple[Panel, ...]:
    return (
        _daily("Incidents closed", "memdrift_incidents_total", "outcome"),
        _daily("Restarts", "memdrift_restarts_total", "strategy", "evidence"),
        _daily("Profiles", "memdrift_captures_total", "result", "reason"),
        lines(
            "Cost of a profile",
            [("histogram_quantile(0.99, sum by (le) (rate(memdrift_capture_seconds_bucket[1h])))", "p99")],
            "s",
            "How long a pod was asked for one profile.",
        ),
        lines(
            "Size of profiles",
            [("histogram_quantile(0.99, sum by (le, kind) (rate(memdrift_profile_bytes_bucket[1h])))", "{{kind}} p99")],
            "bytes",
            "Size of stored profiles by kind.",
        ),
        _daily("Evidence stored", "memdrift_archive_puts_total", "result"),
        _daily("Tickets", "memdrift_filings_total", "tracker", "result"),
        _daily("Alerts received", "memdrift_alerts_total", "result"),
    )


def _daily(title: str, name: str, *labels: str) -> Panel:
    legend = " ".join(f"{{{{{label}}}}}" for label in labels)
    expression = f"sum by ({', '.join(labels)}) (increase({name}[1d]))"
    return lines(title, [(expression, legend)], "none", f"In the last day, by {' and '.join(labels)}.")


def _operator() -> tuple[Panel, ...]:
    ages = [
        ("memdrift_scheduler_lag_seconds", "scheduler"),
        ("memdrift_source_age_seconds", "source {{source}}"),
        ("memdrift_watch_age_seconds", "watch of {{resource}}"),
        ("abs(memdrift_clock_skew_seconds)", "clock of {{peer}}"),
    ]
    good, bad = steps((None, RED), (1, GREEN)), steps((None, GREEN), (1, YELLOW))
    return (
        number("Administrator's file valid", "memdrift_administration_valid", "none", good),
        number("Archive reachable", "memdrift_archive_reachable", "none", good),
        number("Running", "count(memdrift_build_info)", "none", good),
        number("Reports dropped, 1 day", "increase(memdrift_telemetry_dropped_total[1d])", "none", bad),
        lines("Lags, ages and skews", ages, "s", "What /readyz shows, over time."),
        lines(
            "Looks at stores",
            [("sum by (result) (rate(memdrift_ticks_total[5m]))", "{{result}}")],
            "ops",
            "How many per second, by how they ended.",
        ),
        lines(
            "Duration of a look",
            [("histogram_quantile(0.99, sum by (le) (rate(memdrift_tick_seconds_bucket[5m])))", "p99")],
            "s",
            "How long one look at one store takes.",
        ),
    )
