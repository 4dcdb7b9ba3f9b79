"""The suites in expectations/: what an officer may write in them, and what is said of a mistake; their examples, run."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from domain.rules import RULES
from domain.rules.entries import Lists
from tasks import validate
from tasks.faults import OperatorFault
from tasks.validate import SUITES, check_suites, failing_rows, known_columns, load_catalogue, load_suite, mistakes, new_context
from tests.builders import ACTIVITY, small_agreement
from tests.tasks.test_validate import found, judged, of

AGREEMENT = small_agreement()
LISTS = Lists(AGREEMENT, frozenset(), frozenset())
FOLDER = Path(validate.__file__).parent.parent / "expectations"


@pytest.mark.parametrize("name", SUITES)
def test_the_examples_of_every_rule_hold(name: str) -> None:
    context = new_context()
    for rule in load_suite(name, AGREEMENT.dimensions):
        examples = rule.expectation["meta"]["examples"]
        values = [*examples["pass"], *examples["fail"]]
        failing = failing_rows(context, name, [rule], {rule.column: values})
        assert failing[rule.id] == list(range(len(examples["pass"]), len(values))), (rule.rule, rule.column)


def test_every_rule_of_the_contract_is_in_a_suite_or_the_readers() -> None:
    in_suites = {rule.rule for name in SUITES for rule in load_suite(name, AGREEMENT.dimensions)}
    readers = {rule for rule in RULES if rule.startswith(("submission.", "sheet."))} | {
        "cell.not-a-number", "cell.not-a-date", "cell.ambiguous-number", "cell.formula-error", "cell.formula", "cell.corrected",
    }  # fmt: skip
    assert set(RULES) == in_suites | readers


def test_every_suite_is_sound() -> None:
    check_suites(LISTS)
    ids = [rule.id for name in SUITES for rule in load_suite(name, AGREEMENT.dimensions)]
    assert len(ids) == len(set(ids))


SOUND = yaml.safe_load((FOLDER / "activities.yaml").read_text(encoding="utf-8"))["expectations"][0]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"severity": "error"}, "has severity 'error'; it is critical, warning or info"),
        ({"meta.rule": "cell.nonsense"}, "cell.nonsense has no message in expectations/messages.yaml"),
        ({"meta.over": "all"}, "is over 'all'; it is row or rows"),
        ({"meta.examples": {"pass": ["x"]}}, "needs examples that pass and examples that fail"),
        ({"kwargs": {}}, "names no column in kwargs"),
        ({"kwargs": {"column": "title", "value_set": list(range(101))}}, "lists more than 100 values"),
        ({"kwargs": {"column": "title", "regex": "^(x$"}}, "has a pattern that is none"),
        ({"kwargs": {"column": "title", "regex": "x"}}, "is not tied to the whole text"),
        ({"description": None, "-": "description"}, "it needs type, kwargs, severity, description and meta"),
    ],
)
def test_a_mistake_in_an_entry_is_said_in_words(change: dict[str, Any], said: str) -> None:
    assert mistakes(SOUND) == []
    entry = copy.deepcopy(SOUND)
    for place, value in change.items():
        if place == "-":
            del entry[value]
        elif "." in place:
            entry["meta"][place.partition(".")[2]] = value
        else:
            entry[place] = value
    assert said in "; ".join(mistakes(entry))


def edited(monkeypatch: pytest.MonkeyPatch, name: str, **changes: Any) -> None:
    """The suite with an entry more, as an officer would add it."""
    original = validate._resource
    entry = {"type": "expect_column_values_to_not_match_regex", "kwargs": {"column": "partners", "regex": "^nobody$"}, "severity": "warning", "description": "partners are named",
             "meta": {"rule": "activities.partners.nobody", "at": "partners", "cells": ["partners"], "over": "row", "examples": {"pass": ["We"], "fail": ["nobody"]}}} | changes  # fmt: skip

    def read(file: str) -> Any:
        content = copy.deepcopy(original(file))
        if file == f"{name}.yaml":
            content["expectations"].append(entry)
        if file == "messages.yaml":
            content["activities.partners.nobody"] = dict.fromkeys(("en", "fr", "es", "pt"), "Name your partners, not “{value}”.")
        return content

    monkeypatch.setattr(validate, "_resource", read)
    load_catalogue.cache_clear()
    load_suite.cache_clear()


@pytest.fixture(autouse=True)
def fresh() -> Any:
    yield
    load_catalogue.cache_clear()
    load_suite.cache_clear()


def test_an_officer_adds_a_rule_without_touching_python(monkeypatch: pytest.MonkeyPatch) -> None:
    edited(monkeypatch, "activities")
    result = judged(of("activities", ACTIVITY | {"partners": "nobody"}))
    assert [(f.rule, f.severity, f.column, f.message) for f in result.findings] == [
        ("activities.partners.nobody", "warning", "partners", "Name your partners, not “nobody”.")
    ]


def test_an_officer_lowers_or_switches_off_a_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    original = validate._resource
    changed: dict[str, str | None] = {"activities.dates.reversed": "warning", "activities.sdg.too-many": None}

    def read(file: str) -> Any:
        content = original(file)
        if file == "activities.yaml":
            kept = [entry for entry in content["expectations"] if changed.get(entry["meta"]["rule"], "") is not None]
            content["expectations"] = [entry | {"severity": changed.get(entry["meta"]["rule"]) or entry["severity"]} for entry in kept]
        return content

    monkeypatch.setattr(validate, "_resource", read)
    load_suite.cache_clear()
    rows = [ACTIVITY | {"end": "2019-01-30"}, ACTIVITY | {"activity": "A2", "sdg": ";".join(map(str, range(1, 12)))}]
    result = judged(of("activities", *rows))
    assert found(result) == [("activities.dates.reversed", "warning", "activities", "E2")]
    assert len(result.accepted["activities"]) == 2


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kwargs": {"column": "partnerz", "regex": "^x$"}}, "names the column 'partnerz', which is not there"),
        ({"type": "expect_column_values_to_be_nice", "kwargs": {"column": "partners"}}, "is no expectation"),
    ],
)
def test_a_mistake_in_a_suite_ends_the_run_with_one_clear_message(monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], said: str) -> None:
    edited(monkeypatch, "activities", **changes)
    with pytest.raises(OperatorFault, match=r"activities\.partners\.nobody") as caught:
        judged(of("activities", ACTIVITY))
    assert said in str(caught.value)


def test_a_suite_that_is_no_yaml_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    original = validate._resource
    monkeypatch.setattr(validate, "_resource", lambda file: yaml.safe_load("a: [") if file == "activities.yaml" else original(file))
    load_suite.cache_clear()
    with pytest.raises(OperatorFault, match=r"activities\.yaml cannot be read"):
        load_suite("activities")


def test_helper_columns_are_known_for_every_suite() -> None:
    assert set(known_columns(LISTS)) == set(SUITES)
