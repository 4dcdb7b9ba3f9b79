"""The sample, written into a store."""

from __future__ import annotations

import os

from domain.sample import sample_files
from tasks.store import DirectoryStore, open_store

CYCLES = ("2019-H1", "2020-H1")
"""The cycles that the demo opens, collects and reports."""


def write_sample(url: str) -> int:
    """Writes the sample agreement and submissions; gives the number of files.

    A directory keeps the arrival times of the sample; an S3 store has its own, so there the due dates are set ahead."""
    store = open_store(url)
    in_directory = isinstance(store, DirectoryStore)
    files = sample_files(due_ahead=not in_directory)
    there = {info.key for info in store.list("")}
    for file in files:
        if file.key not in there or store.read(file.key) != file.data:
            store.write(file.key, file.data)
        if in_directory and file.arrived:
            os.utime(store.locate(file.key), (file.arrived.timestamp(), file.arrived.timestamp()))
    return len(files)
