"""The guide that lies beside a member's workbook: one page in its language, which says how to fill it in, send it and read the answer.

A small HTML page of its own, nothing fetched: it opens on any telephone and on a slow line, and prints on one sheet of A4."""

from __future__ import annotations

import html
from functools import cache
from importlib import resources

from domain.agreement import Agreement, Member
from domain.completeness import due_dates
from domain.schema import COVER_LABELS
from tasks.phrases import phrases


def guide_key(cycle: str, member: str) -> str:
    return f"workbooks/{cycle}/{member}.guide.html"


def member_guide(agreement: Agreement, member: Member, cycle_code: str) -> bytes:
    """The page for one member and cycle, in the member's language, with its own dates and folders. The same inputs give the same bytes.

    Raises KeyError for a code of no cycle."""
    from babel.dates import format_date, format_datetime

    language, cycle = member.language, agreement.cycle(cycle_code)
    due, last = due_dates(agreement, member.member, cycle.code)
    said = {
        "name": member.name, "member": member.member, "cycle": cycle.code, "timezone": agreement.timezone.replace("_", " "), "decimal": member.decimal,
        "start": format_date(cycle.start, "long", language), "end": format_date(cycle.end, "long", language),
        "due": format_datetime(due, "d MMMM y, HH:mm", locale=language), "last": format_datetime(last, "d MMMM y, HH:mm", locale=language),
        "folder": f"inbox/{cycle.code}/{member.member}/", "feedback": f"feedback/{cycle.code}/{member.member}/",
        "cover": COVER_LABELS[language][0], "check": phrases("workbook", language)["columns"]["check"],
    }  # fmt: skip
    body = _page(language).format_map({name: html.escape(text) for name, text in said.items()})
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{html.escape(f"{member.name} {cycle.code}")}</title><style>{_text("style.css")}</style>'
    return f'<!doctype html>\n<html lang="{language}">\n<head>{head}</head>\n<body>\n{body}</body>\n</html>\n'.encode()


def _text(name: str) -> str:
    return resources.files("templates").joinpath("guides", name).read_text(encoding="utf-8")


@cache
def _page(language: str) -> str:
    """The text of templates/guides as HTML, its {names} still to be filled in: with escaped text alone, so that nothing of the agreement becomes markup."""
    from markdown_it import MarkdownIt

    page: str = MarkdownIt("commonmark", {"html": False}).enable("table").render(_text(f"guide.{language}.md"))
    return page.replace("<th>", '<th scope="col">')
