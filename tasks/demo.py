"""The sample, written into a store."""

from __future__ import annotations

import os
from importlib import resources

import yaml

from domain.sample import SampleFile, sample_files
from tasks.render import LANGUAGES
from tasks.store import DirectoryStore, open_store

CYCLES = ("2019-H1", "2020-H1")
"""The cycles that the demo opens, collects and reports."""
REPORT_OPTIONS = tuple(option for language in LANGUAGES for option in ("--language", language))
"""Of fpa report: every language there is."""


def write_sample(url: str) -> int:
    """Writes the sample agreement and submissions; gives the number of files.

    A directory keeps the arrival times of the sample; an S3 store has its own, so there the due dates are set ahead."""
    store = open_store(url)
    in_directory = isinstance(store, DirectoryStore)
    files = sample_files(due_ahead=not in_directory) + translated_texts()
    there = {info.key for info in store.list("")}
    for file in files:
        if file.key not in there or store.read(file.key) != file.data:
            store.write(file.key, file.data)
        if in_directory and file.arrived:
            os.utime(store.locate(file.key), (file.arrived.timestamp(), file.arrived.timestamp()))
    return len(files)


def translated_texts() -> list[SampleFile]:
    """The network's own words of the sample in the report's other languages."""
    cycles = yaml.safe_load(resources.files("templates").joinpath("locale", "sample.yaml").read_text(encoding="utf-8"))
    return [
        SampleFile(f"texts/{cycle}/{language}/{section}.md", text.encode())
        for cycle, sections in cycles.items()
        for section, languages in sections.items()
        for language, text in languages.items()
    ]
