"""Words for members, in their four languages: templates/<folder>/words.yaml holds them by key and language."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import yaml


@cache
def phrases(folder: str, language: str) -> Mapping[str, Any]:
    """The tree of templates/<folder>/words.yaml with each {en: …, fr: …, es: …, pt: …} made the text of that language."""
    return _chosen(yaml.safe_load(resources.files("templates").joinpath(folder, "words.yaml").read_text(encoding="utf-8")), language)


def _chosen(tree: Any, language: str) -> Any:
    if isinstance(tree, list):
        return [_chosen(entry, language) for entry in tree]
    if not isinstance(tree, dict):
        return tree
    if set(tree) == {"en", "fr", "es", "pt"} and all(isinstance(text, str) for text in tree.values()):
        return tree[language]
    return {key: _chosen(entry, language) for key, entry in tree.items()}
