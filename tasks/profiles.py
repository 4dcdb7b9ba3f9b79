"""Profiles as they stand in templates/profiles."""

from __future__ import annotations

from functools import cache
from importlib import resources

import yaml

from domain.profile import Profile

_FOLDER = resources.files("templates").joinpath("profiles")


def profile_names() -> frozenset[str]:
    return frozenset(entry.name.removesuffix(".yaml") for entry in _FOLDER.iterdir() if entry.name.endswith(".yaml") and entry.name != "sdg.yaml")


@cache
def load_profile(name: str) -> Profile:
    """The profile of that name (one of profile_names)."""
    content = yaml.safe_load(_FOLDER.joinpath(f"{name}.yaml").read_text(encoding="utf-8"))
    goals = yaml.safe_load(_FOLDER.joinpath("sdg.yaml").read_text(encoding="utf-8"))
    return Profile(**content, goals=goals)
