"""Confines a tenant's query to the tenant's namespace, on the parsed expression.

Exists because text substitution cannot hold that promise: comments, quotes and escapes hide selectors from it. The
query is parsed, every vector selector gets the matchers, the canonical text is printed, parsed again, and every
selector of the result is looked at once more. What is sent is that canonical text, never the tenant's own. Must not ask
anything of a server.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import promql_parser as promql

from memdrift.adapters.prometheus.promql import LabelMatcher, quoted
from memdrift.errors import SpecInvalid

LONGEST_QUERY = 2048
MOST_NODES = 64
MOST_OPERATORS = 150
"""Walking and transforming the parser's tree is cubic in its size; real queries have about ten nodes."""

_TEXTS_AND_COMMENTS = re.compile(r"""\"(?:\\.|[^"\\])*\"|'(?:\\.|[^'\\])*'|`[^`]*`|#[^\n]*""")
_STRUCTURE = re.compile(r"[-+*/%^(\[<>=!@,]|\b(?:and|or|unless|atan2)\b", re.IGNORECASE)

_NOT_CONFINED = "QueryNotConfined"
_INVALID = "QueryInvalid"
_EQUAL = str(promql.MatchOp.Equal)
_UNCONFINABLE_FUNCTIONS = {
    "info": "it joins labels of series that no selector names",
}


@lru_cache(maxsize=1024)
def confined(query: str, field: str, matchers: tuple[LabelMatcher, ...]) -> promql.Expr:
    """The query with all matchers (equalities) in every vector selector.

    Args:
        query: the tenant's text.
        field: its place in the spec, for messages.
        matchers: first the namespace's, then the administrator's fixed ones.

    Raises:
        SpecInvalid: `QueryInvalid` where it does not parse or gives no instant vector, `QueryNotConfined` where a
            selector already says something else about one of the labels.
    """
    _require_small(query, field)
    expression = _parsed(query, field)
    if not gives_vector(expression):
        raise SpecInvalid(_INVALID, f"`{field}` gives no instant vector; name one series per pod")
    for node in _nodes(expression, field):
        _require_confinable(node, field)

    def confine(node: promql.Expr) -> promql.Expr | None:
        return _with(node, field, matchers) if isinstance(node, promql.VectorSelector) else None

    canonical = promql.transform(expression, None, confine).prettify()
    result = _parsed(canonical, field)
    selectors = [node for node in _nodes(result, field) if isinstance(node, promql.VectorSelector)]
    if not all(_carries(selector, matchers) for selector in selectors):
        raise SpecInvalid(_NOT_CONFINED, f"`{field}` could not be confined to the namespace; write it more simply")
    return result


def _require_small(query: str, field: str) -> None:
    """Look at the text before the parser does. This bounds cost, and nothing else rests on it."""
    if len(query) > LONGEST_QUERY:
        raise SpecInvalid(_INVALID, f"`{field}` is longer than {LONGEST_QUERY} characters; shorten it")
    if len(_STRUCTURE.findall(_TEXTS_AND_COMMENTS.sub("", query))) > MOST_OPERATORS:
        raise SpecInvalid(_INVALID, f"`{field}` has more than {MOST_OPERATORS} operators; use a recording rule for it")


def gives_vector(expression: promql.Expr) -> bool:
    """Whether the expression's value is an instant vector, rather than a number, a text or a range."""
    if isinstance(expression, promql.ParenExpr | promql.UnaryExpr):
        return gives_vector(expression.expr)
    if isinstance(expression, promql.BinaryExpr):
        return gives_vector(expression.lhs) or gives_vector(expression.rhs)
    if isinstance(expression, promql.Call):
        return str(expression.func.return_type) == str(promql.ValueType.Vector)
    return isinstance(expression, promql.VectorSelector | promql.AggregateExpr)


def _parsed(query: str, field: str) -> promql.Expr:
    try:
        return promql.parse(query)
    except ValueError as error:
        raise SpecInvalid(_INVALID, f"`{field}` is not valid PromQL: {str(error)[:200]}") from error


def _nodes(expression: promql.Expr, field: str) -> list[promql.Expr]:
    """All nodes, depth first."""
    found: list[promql.Expr] = []

    def visit(node: promql.Expr) -> bool:
        found.append(node)
        return len(found) <= MOST_NODES

    promql.walk(expression, visit)
    if len(found) > MOST_NODES:
        raise SpecInvalid(_INVALID, f"`{field}` has more than {MOST_NODES} parts; use a recording rule for it")
    return found


def _require_confinable(node: promql.Expr, field: str) -> None:
    if isinstance(node, promql.Call) and node.func.name in _UNCONFINABLE_FUNCTIONS:
        why = _UNCONFINABLE_FUNCTIONS[node.func.name]
        raise SpecInvalid(_NOT_CONFINED, f"`{field}` uses `{node.func.name}()`, which cannot be confined: {why}")
    if isinstance(node, promql.VectorSelector | promql.SubqueryExpr) and node.at is not None:
        raise SpecInvalid(
            _INVALID, f"`{field}` uses `@`, but memdrift chooses the times of evaluation; use `offset` instead"
        )


def _with(selector: promql.VectorSelector, field: str, matchers: Sequence[LabelMatcher]) -> promql.Expr:
    """The selector with the matchers written first; offset and ranges stay as they are."""
    if selector.matchers.or_matchers or any(present.name == "or" for present in selector.matchers.matchers):
        raise SpecInvalid(_NOT_CONFINED, f"`{field}` uses `or` between matchers; write two selectors with `or` instead")
    missing = [matcher for matcher in matchers if not _settled(selector, field, matcher)]
    if not missing:
        return selector
    text = selector.prettify()
    name = selector.name or ""
    if not text.startswith(name):
        raise SpecInvalid(_NOT_CONFINED, f"`{field}` has a selector that cannot be rewritten: {text[:100]}")
    rest = text[len(name) :]
    injected = ",".join(str(matcher) for matcher in missing)
    inside = f"{{{injected},{rest[1:]}" if rest.startswith("{") else f"{{{injected}}}{rest}"
    return _parsed(name + inside, field)


def _settled(selector: promql.VectorSelector, field: str, wanted: LabelMatcher) -> bool:
    """Whether the selector has exactly this matcher already; any other one on the label is refused."""
    present = [matcher for matcher in selector.matchers.matchers if matcher.name == wanted.label]
    for matcher in present:
        if str(matcher.op) != _EQUAL or matcher.value != wanted.value:
            raise SpecInvalid(
                _NOT_CONFINED,
                f"`{field}` selects by `{wanted.label}` itself; leave the label out, or write "
                f"`{wanted.label}={quoted(wanted.value)}`: queries only see their own namespace",
            )
    return bool(present)


def _carries(selector: promql.VectorSelector, matchers: Sequence[LabelMatcher]) -> bool:
    if selector.matchers.or_matchers:
        return False
    present = [(matcher.name, str(matcher.op), matcher.value) for matcher in selector.matchers.matchers]
    labels = {matcher.label: matcher.value for matcher in matchers}
    about = [entry for entry in present if entry[0] in labels]
    return sorted(set(about)) == sorted((label, _EQUAL, value) for label, value in labels.items())
