"""The sentences of the report, gathered from its templates and code, and the catalogues that hold them in the other languages.

`make messages` (python -m templates.locale.messages) brings the catalogues up to date: a new sentence comes in empty, a changed one keeps its old
translation marked fuzzy, one that is gone goes. Then translate what is empty, look at what is fuzzy, and take the mark away. The program reads the
catalogues as they stand (tasks/wording.py); nothing is compiled beforehand.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import yaml
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[2]
LOCALES = {"fr": "fr", "es": "es", "pt": "pt_PT"}
"""Folder of a catalogue to its locale."""
SOURCES = {
    "templates/report/*.j2": "jinja2.ext:babel_extract",
    "tasks/*_view.py": "python",
    "tasks/render.py": "python",
    "tasks/wording.py": "python",
}
"""Where sentences stand in _(), gettext() and ngettext(), and what reads them; beside these, the phrases of templates/report/rules.yaml."""
_PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%%|\{\w+\}")
_BREAKABLE = re.compile(r"[ \u00a0](?=[:;?!»]|%(?!\())|(?<=«)[ \u00a0]")
_TIGHT = re.compile(r"[^\s][:;?!»]|«\S")


def catalogue_path(language: str) -> Path:
    return ROOT / "templates" / "locale" / language / "LC_MESSAGES" / "report.po"


def sentences() -> Catalog:
    """Every sentence that a report may print, with the files it stands in."""
    found = Catalog()
    for pattern, method in SOURCES.items():
        for path in sorted(ROOT.glob(pattern)):
            with path.open("rb") as source:
                for _, sentence, _, _ in extract(method, source, keywords={"_": None, "gettext": None, "ngettext": (1, 2)}, options={"trim_blocks": "true"}):
                    found.add(sentence, locations=[(path.relative_to(ROOT).as_posix(), 0)])
    rules = yaml.safe_load((ROOT / "templates/report/rules.yaml").read_text(encoding="utf-8"))
    for rule, phrase in rules.items():
        found.add(phrase, locations=[("templates/report/rules.yaml", 0)], auto_comments=[rule])
    return found


def catalogue(language: str) -> Catalog:
    """The catalogue of a language as it stands; an empty one where there is none."""
    path = catalogue_path(language)
    if not path.exists():
        return Catalog(locale=LOCALES[language])
    with path.open("rb") as source:
        return read_po(source, locale=LOCALES[language])


def faults(language: str) -> Iterator[str]:
    """What has to be done before the catalogue of a language is complete and sound."""
    known, wanted = catalogue(language), sentences()
    for message in wanted:
        if message.id and known.get(message.id) is None:
            yield f"lacks: {message.id!r}"
    for message in known:
        if message.id:
            if wanted.get(message.id) is None:
                yield f"obsolete: {message.id!r}"
            yield from (f"{fault}: {message.id!r}" for fault in faults_of(message, known.num_plurals, language))
    yield from (f"obsolete: {message!r}" for message in known.obsolete)


def faults_of(message: Message, plurals: int, language: str) -> Iterator[str]:
    """What is wrong with one translation."""
    ids = message.id if isinstance(message.id, tuple) else (message.id,)
    texts = message.string if isinstance(message.string, tuple) else (message.string,)
    if message.fuzzy:
        yield "fuzzy"
    if len(texts) != (plurals if len(ids) > 1 else 1) or not all(texts):
        yield "not translated"
        return
    if any(sorted(_PLACEHOLDER.findall(text)) != sorted(_PLACEHOLDER.findall(ids[-1])) for text in texts):
        yield "other placeholders"
    if any(text.endswith(" ") != ids[-1].endswith(" ") for text in texts):
        yield "a space at the end too many or too few"
    if language == "fr" and any(text != spaced(text, language) or _TIGHT.search(text) for text in texts):
        yield "not the narrow no-break space before or in a sign"


def spaced(text: str, language: str) -> str:
    """French: the narrow no-break space before : ; ? ! % » and after «, which is hard to type."""
    return _BREAKABLE.sub("\u202f", text) if language == "fr" else text


def update(language: str) -> str:
    """The text of a language's catalogue, brought up to date."""
    known = catalogue(language)
    known.update(sentences())
    for message in known:
        if message.id:
            if isinstance(message.string, tuple):
                message.string = tuple(spaced(text or "", language) for text in message.string)
            else:
                message.string = spaced(message.string or "", language)
    out = io.BytesIO()
    write_po(out, known, width=0, omit_header=True, include_lineno=False, sort_by_file=True, ignore_obsolete=True, include_previous=True)
    header = f'msgid ""\nmsgstr ""\n"Language: {known.locale_identifier}\\n"\n"Content-Type: text/plain; charset=UTF-8\\n"\n"Plural-Forms: {known.plural_forms}\\n"\n\n'
    return header + out.getvalue().decode("utf-8")


def main() -> None:
    for language in LOCALES:
        path = catalogue_path(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(update(language), encoding="utf-8")
        left = list(faults(language))
        print(f"{path.relative_to(ROOT)}: {f'{len(left)} to do' if left else 'complete'}")
        for fault in left:
            print(f"  {fault}")


if __name__ == "__main__":
    main()
