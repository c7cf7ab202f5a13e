"""The dashboard of one store: is it leaking, how fast, and what memdrift does about it."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard
from panels import GREEN, RED, YELLOW, Panel, board, choice, lines, number, states, steps

STORE = 'namespace="$namespace", store="$store"'
PODS = 'namespace="$namespace", featurestore="$store"'


def store() -> dashboard.Dashboard:
    """The dashboard."""
    built = board("memdrift-store", "memdrift: store", "One feature store.")
    built = built.with_variable(choice("namespace", "Namespace", "label_values(memdrift_store_verdict, namespace)"))
    stores = 'label_values(memdrift_store_verdict{namespace="$namespace"}, store)'
    built = built.with_variable(choice("store", "Store", stores))
    for panel in (*_figures(), *_states(), *_over_time()):
        built = built.with_panel(panel)
    return built


def _figures() -> tuple[Panel, ...]:
    rising = steps((None, GREEN), (1, YELLOW))
    near = steps((None, RED), (6 * 3600, YELLOW), (24 * 3600, GREEN))
    return (
        number("Growth per hour", f"memdrift_store_growth_bytes_per_hour{{{STORE}}}", "bytes", rising),
        number("To the limit", f"memdrift_store_seconds_to_limit{{{STORE}}}", "s", near),
        number("Unknown for", f"memdrift_store_unknown_seconds{{{STORE}}}", "s", steps((None, GREEN), (3600, RED))),
        number(
            "Stopgaps in a row",
            f"memdrift_store_consecutive_stopgaps{{{STORE}}}",
            "none",
            steps((None, GREEN), (1, YELLOW), (3, RED)),
        ),
    )


def _states() -> tuple[Panel, ...]:
    return (
        states("Verdict", [(f"memdrift_store_verdict{{{STORE}}}", "{{verdict}}")], "What memdrift says of the store."),
        states(
            "Incident",
            [(f"memdrift_incident_stage{{{STORE}}}", "{{incident}} {{stage}}")],
            "The stage of the open incident.",
        ),
        states("Not acting, and why", [(f"memdrift_store_hold{{{STORE}}}", "{{reason}}")], "Why memdrift waits."),
    )


def _over_time() -> tuple[Panel, ...]:
    latency = [
        (f"memdrift_store_latency_milliseconds{{{STORE}}}", "worst pod"),
        (f"memdrift_store_objective_milliseconds{{{STORE}}}", "objective"),
    ]
    looks = [
        (f"time() - memdrift_store_evaluated_timestamp_seconds{{{STORE}}}", "since the last look"),
        (f"memdrift_store_evaluation_period_seconds{{{STORE}}}", "period"),
    ]
    return (
        lines(
            "Memory of the pods",
            [(f"max by (pod) (process_resident_memory_bytes{{{PODS}}})", "{{pod}}")],
            "bytes",
            "Resident memory, where the scrape configuration sets the label featurestore.",
        ),
        lines("Latency", latency, "ms", "At the quantile of the objective, as memdrift measured it."),
        lines(
            "Growth",
            [(f"memdrift_store_growth_bytes_per_hour{{{STORE}}}", "per hour")],
            "bytes",
            "Growth of the worst pod; absent while it is unknown.",
        ),
        lines("Looks", looks, "s", "Whether memdrift looks at the store as often as it should."),
    )
