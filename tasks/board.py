"""What Prefect's UI shows of a cycle, so that one can work from it alone: artifacts that link to the files themselves (deploy/files.py serves them)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, cast
from urllib.parse import quote

from prefect import runtime

from domain.agreement import Agreement
from domain.desk import day_in_words
from domain.figures import Figures, FinanceLine, IndicatorFigure
from domain.findings import SEVERITIES
from tasks.quality import WORDS, MemberLine, Quality, amount, counted, spent

MAX_FINDING_LINES = 1000
"""Of the table of findings; the gravest. All are in the members' answers."""
SHOWN = ("board", "finance", "findings", "targets", "report")
"""What artifacts of a cycle are called, before its code."""
BAR = 5
"""Characters of a bar: a table wider than about 70 characters runs out of its column in the UI."""


def artifact_key(*parts: str) -> str:
    """A key as Prefect wants it: small letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", "-".join(parts).casefold()).strip("-")


def plain(text: str) -> str:
    """Text in which nothing is Markdown or HTML."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "".join(f"\\{character}" if character in "\\`*_[]|#~" else character for character in escaped.replace("\n", " "))


def link(key: str, text: str = "") -> str:
    """To a file of the store, as the server serves it."""
    return f"[{plain(text or key.rpartition('/')[2])}](/files/{quote(key, safe='/')})"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[str] = ()) -> list[str]:
    """Lines of a Markdown table; cells are Markdown already. `numbers`: the heads whose columns are set to the right."""
    return [f"| {' | '.join(heads)} |", f"|{'|'.join('--:' if head in numbers else '---' for head in heads)}|", *(f"| {' | '.join(row)} |" for row in rows)]


def bar(share: Decimal | None) -> str:
    """A part of a whole (in percent) as ▰▰▰▱▱; none for what has no whole."""
    if share is None:
        return ""
    filled = min(max(int(share * BAR / 100 + Decimal("0.5")), 0), BAR)
    return "▰" * filled + "▱" * (BAR - filled)


# --- the board --------------------------------------------------------------------------------------------------------


def board(quality: Quality, page: str) -> str:
    """The cycle: what is to be done, what the figures lack, each member with its files. `page`: where the page with all of it lies."""
    standing = ", ".join(f"{number} {state}" for state, number in quality.states) or "no members"
    lines = [plain(quality.contract), "", f"**{standing}**. All of it, to print: {link(page, 'the board as a page')}", "", f"### To do today, {day_in_words(quality.day)}", ""]
    for whose, todo in quality.turns:
        lines += [f"**{whose}**", "", *(f"- {f'**{line.urgency}**: ' if line.due and line.urgency in ('overdue', 'soon') else ''}{plain(line.sentence)}" for line in todo), ""]
    if not quality.turns:
        lines += ["Nothing: nobody owes anything.", ""]
    if quality.missing:
        lines += ["### Missing from the figures of the reporting period", "", *(f"- {plain(sentence)}" for sentence in quality.missing), ""]
    rows = [[plain(line.member), line.state, _files(line), f"{line.rows_accepted:,}" + (f", {line.rows_left_out:,} left out" if line.rows_left_out else ""), _found(line)] for line in quality.members]
    lines += ["### Members", "", *table(["member", "state", "files", "rows used", "findings"], rows)]
    return "\n".join(lines) + "\n"


def _files(line: MemberLine) -> str:
    files = [f"{link(file.key)} ({'' if file.standing == 'counts' else f'{file.standing}, '}{link(file.answer, 'answer')})" for file in (*line.files, *line.earlier)]
    return ", ".join([*files, *([link(line.workbook, "workbook")] if line.workbook else [])])


def _found(line: MemberLine) -> str:
    return ", ".join(counted(line.counts[severity], *WORDS[severity]) for severity in SEVERITIES if line.counts[severity])


def findings(quality: Quality) -> list[dict[str, Any]]:
    """What was found in the cycle by member and rule, the gravest first: a row each, for a table that one can search."""
    lines = [
        {"member": member, "severity": rule.severity, "rule": rule.rule, "findings": number, "what it means": rule.meaning}
        for rule in quality.rules
        for member, number in rule.members.items()
    ]
    if len(lines) <= MAX_FINDING_LINES:
        return lines
    left = len(lines) - MAX_FINDING_LINES
    return [*lines[:MAX_FINDING_LINES], {"member": "…", "severity": "", "rule": "", "findings": "", "what it means": f"{left:,} more lines: see the board as a page"}]


# --- figures ----------------------------------------------------------------------------------------------------------


def finance(lines: Sequence[FinanceLine]) -> str:
    """Headings 1–11 to date against the budget."""
    rows = []
    for line in lines:
        share, tone = spent(line)
        said = {"good": "", "part": ", **above its budget**", "bad": ", **above what may be without an addendum**"}[tone]
        strong = "**" if line.heading in ("7", "9", "11") else ""
        percent = "–" if share == "–" else f"{share}\u00a0% {bar(Decimal(share))}"
        rows.append([f"{line.heading}\u00a0{plain(line.label)}{said}", *(f"{strong}{amount(cents)}{strong}" for cents in (line.budget, line.cumulative)), percent])
    return "\n".join(table(["heading", "budget, EUR", "to date, EUR", "spent"], rows, ["budget, EUR", "to date, EUR"])) + "\n"


def targets(agreement: Agreement, figures: Figures) -> str:
    """The network's figures to date against their targets, in the order of the logframe."""
    shown = {figure.indicator: figure for figure in figures.indicators if figure.level == "network" and figure.scope == "cumulative" and not figure.slice}
    reported = {figure.indicator for figure in figures.indicators}
    rows = []
    for code, indicator in agreement.indicators_in(figures.cycle).items():
        figure = shown.get(code)
        progress = None if figure is None or figure.progress is None else Decimal(round(figure.progress))
        way = f"{progress}\u00a0% {bar(progress)}" if progress is not None else ""
        planned = " → ".join(filter(None, (_number(indicator.baseline), _number(indicator.target))))
        said = f"**{plain(code)}** {plain(indicator.title)}" + (f" ({plain(indicator.unit)})" if indicator.unit else "")
        rows.append([said, planned, _number(figure.value if figure else None), way, _rating(figure) if code in reported else "not reported"])
    return "\n".join(table(["indicator", "planned", "to date", "of the way", "rating"], rows, ["planned", "to date"])) + "\n"


def _rating(figure: IndicatorFigure | None) -> str:
    """Of what is never combined, or no number, there is none."""
    return str(figure.rating or "") if figure else "not added up"


def _number(value: Any) -> str:
    """With thousands, to two places at most; "" for none."""
    if value is None:
        return ""
    text = f"{Decimal(round(value * 100)) / 100:,.2f}"
    return text.rstrip("0").rstrip(".")


# --- the report -------------------------------------------------------------------------------------------------------


def delivered(cycle: str, folder: str, files: Mapping[str, int], where: str) -> str:
    """The report's files with links; `files`: path in the folder to bytes."""
    rows = [[link(f"{folder}/{path}", path), f"{size / 1024:,.0f}"] for path, size in sorted(files.items(), key=lambda entry: (not entry[0].endswith(".pdf"), entry[0]))]
    return "\n".join([f"**{folder.rpartition('/')[2]}** of the report of {plain(cycle)}.", "", f"It lies in `{where}`.", "", *table(["file", "KB"], rows, ["KB"])]) + "\n"


# --- giving them to Prefect -------------------------------------------------------------------------------------------


def show_board(quality: Quality, page: str) -> None:
    """The board, the findings and the costs of a cycle. A scheduled run shows only what has changed since: a year of hourly runs would fill the server."""
    cycle = quality.cycle
    _show_text(artifact_key("board", cycle), f"Cycle {cycle}: what is to be done, and each member", board(quality, page))
    _show_text(artifact_key("finance", cycle), f"Costs to date against the budget, {cycle}", finance(quality.finance))
    _show_table(artifact_key("findings", cycle), f"Findings by member and rule, {cycle}", findings(quality))


def show_again(cycle: str) -> None:
    """In a run that a person started and that found nothing new: what the server last showed of the cycle."""
    import json

    from prefect.artifacts import Artifact, create_markdown_artifact, create_table_artifact

    if runtime.flow_run.id is None or "auto-scheduled" in runtime.flow_run.tags:
        return
    for about in SHOWN:
        latest = cast(Artifact | None, Artifact.get(artifact_key(about, cycle)))
        if latest and latest.type == "table":
            create_table_artifact(json.loads(cast(str, latest.data)), key=latest.key, description=latest.description)
        elif latest:
            create_markdown_artifact(cast(str, latest.data), key=cast(str, latest.key), description=latest.description)


def show_targets(agreement: Agreement, figures: Figures) -> None:
    _show_text(artifact_key("targets", figures.cycle), f"Figures against targets, {figures.cycle}", targets(agreement, figures))


def show_report(cycle: str, folder: str, files: Mapping[str, int], where: str) -> None:
    _show_text(artifact_key("report", cycle), f"The report of {cycle}", delivered(cycle, folder, files, where))


def show_draft(cycle: str, description: str) -> None:
    """The draft that waits for approval, with what the approving person is told."""
    _show_text(artifact_key("draft", cycle), f"The draft of the report of {cycle}", description)


def _show_text(key: str, description: str, content: str) -> None:
    from prefect.artifacts import create_markdown_artifact

    if _is_new(key, content):
        create_markdown_artifact(content, key=key, description=description)


def _show_table(key: str, description: str, content: list[dict[str, Any]]) -> None:
    import json

    from prefect.artifacts import create_table_artifact

    if _is_new(key, json.dumps(content)):
        create_table_artifact(content, key=key, description=description)


def _is_new(key: str, content: str) -> bool:
    """Always, where a person started the run; without a run there is nothing to show it with."""
    from prefect.artifacts import Artifact

    if runtime.flow_run.id is None:
        return False
    if "auto-scheduled" not in runtime.flow_run.tags:
        return True
    latest = cast(Artifact | None, Artifact.get(key))
    return latest is None or latest.data != content
