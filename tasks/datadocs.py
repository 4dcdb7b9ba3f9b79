"""Data Docs: what Great Expectations answered in one run, as static pages that need no network.

Great Expectations' own renderers put its expectations and results into words. The frame around them is ours, since its own pages load scripts and
styles from public servers, name no language, and show neither rule nor severity. Results hold no member's cell (tasks/validate.py sees to that).
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from itertools import chain, count
from typing import Any

from domain.findings import SEVERITIES, Severity
from tasks.validate import SEVERITY_OF, Rule, load_suite

_PASSES = {"row": "each row by itself", "rows": "rows together"}
_PATHS = {"row": "each-row", "rows": "rows-together"}
_ABOUT = {
    "cover": "the cover of each file, a row for a file",
    "owed": "what a member reported before and owes again, a row for each indicator",
    "submissions": "each submission that counts as a whole, a row for a submission",
}
_FOLDER = "quality/datadocs"


@dataclass(frozen=True, slots=True)
class Expected:
    """One expectation of a suite and, on a result page, what became of it. `sentence`, `found` and `observed` are HTML of Great
    Expectations; `rule` and `severity` are those of the contract, `broken` the number of rows (None on a suite's page)."""

    rule: str
    severity: Severity
    sentence: str
    found: str
    observed: str
    kind: str
    arguments: str
    over: str
    broken: int | None = None
    examined: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """A suite's page (`over` "") or one of its result pages; `path` is relative to the site."""

    path: str
    suite: str
    over: str
    expected: tuple[Expected, ...]
    version: str

    @property
    def broken(self) -> tuple[Expected, ...]:
        return tuple(entry for entry in self.expected if entry.broken)

    @property
    def kept(self) -> tuple[Expected, ...]:
        return tuple(entry for entry in self.expected if not entry.broken)

    @property
    def about(self) -> str:
        """What its rows are."""
        return _ABOUT.get(self.suite, f"the rows of the sheet {self.suite}")

    @property
    def gravest(self) -> str:
        """The severity of the gravest rule that some row breaks; "" for none."""
        return min((entry.severity for entry in self.broken), key=SEVERITIES.index, default="")

    @property
    def examined(self) -> int:
        """Rows that the rules saw."""
        return max((entry.examined for entry in self.expected), default=0)


def data_docs(validations: Sequence[Any], run: str) -> dict[str, bytes]:
    """The pages of a run (index.html, validations/…, expectations/…) by path. `validations` are ExpectationSuiteValidationResult objects, which
    stay as they are; `run` (a cycle's code) is printed on every page. The same rows give the same bytes: no page says when it was made."""
    results: list[Page] = []
    for validation in validations:
        if validation.results:
            results.append(_result_page(validation, {page.path for page in results}))
    suites = [_suite_page(name, results) for name in dict.fromkeys(page.suite for page in results)]
    environment = _environment()
    shared = {"run": run, "passes": _PASSES, "styles": _text("style.css"), "results": results, "suites": suites}
    html = {"index.html": environment.get_template("index.html.j2").render(**shared, up="")}
    for page in (*results, *suites):
        others = [other for other in (*results, *suites) if other.suite == page.suite and other is not page]
        html[page.path] = environment.get_template("page.html.j2").render(**shared, up="../", page=page, others=others)
    return {path: text.encode() for path, text in html.items()}


# --- what Great Expectations says -------------------------------------------------------------------------------------


def _result_page(validation: Any, taken: Collection[str]) -> Page:
    name = validation.suite_name
    rules = _rules_of(name, validation.results)
    order = {rule_id: place for place, rule_id in enumerate(rules)}
    # Great Expectations gives its results in no order of ours
    results = sorted((_to_render(result) for result in validation.results), key=lambda result: order.get(_rule_id(result), len(order)))
    rendered = _rendered(results)
    expected = tuple(_expected(result, rules.get(_rule_id(result)), cells) for result, cells in zip(results, rendered, strict=True))
    over = expected[0].over
    paths = (
        f"validations/{name}-{_PATHS.get(over, 'rules')}{suffix}.html" for suffix in chain([""], (f"-{number}" for number in count(2)))
    )
    return Page(
        next(path for path in paths if path not in taken), name, over, expected, str(validation.meta.get("great_expectations_version", ""))
    )


def _to_render(result: Any) -> Any:
    """A copy, since renderers change what they are given: without the positions of rows, and with the rows to which the expectation applies
    as all there are, since the sentence says "of 911 total rows" of a share of those."""
    changed = copy.copy(result)
    changed.expectation_config = copy.deepcopy(result.expectation_config)
    changed.result = {key: value for key, value in result.result.items() if key != "unexpected_index_list"}
    changed.result["element_count"] = (result.result.get("element_count") or 0) - (result.result.get("missing_count") or 0)
    return changed


def _rule_id(result: Any) -> str:
    return str(result.expectation_config.meta.get("rule_id", ""))


def _rules_of(name: str, results: Sequence[Any]) -> dict[str, Rule]:
    """The suite's rules by id, in the order in which they are judged; a rule that is there once for each dimension is found by its id's end."""
    dimensions = dict.fromkeys(_rule_id(result).removeprefix(f"{name}-").partition("-")[2] for result in results)
    return {rule.id: rule for rule in load_suite(name, tuple(sorted(filter(None, dimensions))))}


def _expected(result: Any, rule: Rule | None, cells: tuple[str, str, str]) -> Expected:
    config = result.expectation_config
    written = {key: value for key, value in config.kwargs.items() if key != "batch_id"}
    return Expected(
        rule=rule.rule if rule else _rule_id(result),
        severity=SEVERITY_OF[str(getattr(config.severity, "value", config.severity))],
        sentence=cells[0],
        found=cells[1],
        observed=cells[2],
        kind=config.type,
        arguments=", ".join(f"{key}={_said(value)}" for key, value in sorted(written.items())),
        over=("rows" if rule.over_rows else "row") if rule else "",
        broken=int(result.result.get("unexpected_count") or 0),
        examined=int(result.result.get("element_count") or 0),
    )


def _said(value: Any) -> str:
    """A setting of an expectation, as its suite has it."""
    if isinstance(value, (list, tuple, set)):
        said = ", ".join(str(entry) for entry in value)
        return f"[{said}]" if len(said) <= 200 else f"[{len(value)} values]"
    return str(value)


def _rendered(results: Sequence[Any]) -> list[tuple[str, str, str]]:
    """For each result the sentence, what was found and the observed value, in Great Expectations' words and HTML."""
    from great_expectations.render.renderer.content_block import ValidationResultsTableContentBlockRenderer
    from great_expectations.render.view import DefaultJinjaPageView
    from markupsafe import Markup

    class View(DefaultJinjaPageView):
        """Puts parts of Great Expectations' table into HTML."""

        def text(self, parts: Sequence[Any]) -> str:
            return Markup(" ").join(Markup(self.render_content_block({}, part).strip()) for part in parts)  # noqa: S704

    block: Any = ValidationResultsTableContentBlockRenderer.render(list(results), include_column_name=False)
    view, cells = View(), []
    for _, said, observed in block.to_json_dict()["table"]:
        sentence, *found = said if isinstance(said, list) else [said]
        cells.append((view.text([sentence]), view.text(found), view.text([observed])))
    return cells


def _suite_page(name: str, results: Sequence[Page]) -> Page:
    """The suite's expectations over all its passes."""
    pages = [page for page in results if page.suite == name]
    expected = tuple(replace(entry, found="", observed="", broken=None, examined=0) for page in pages for entry in page.expected)
    return Page(f"expectations/{name}.html", name, "", expected, pages[0].version)


# --- the frame --------------------------------------------------------------------------------------------------------


def _text(name: str) -> str:
    return resources.files("templates").joinpath(_FOLDER, name).read_text(encoding="utf-8")


@cache
def _environment() -> Any:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    return Environment(loader=FunctionLoader(_text), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
