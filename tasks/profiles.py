"""Profiles as they stand in templates/profiles."""

from __future__ import annotations

from functools import cache
from importlib import resources

import yaml
from pydantic import ValidationError

from domain.profile import Profile
from tasks.faults import OperatorFault

_FOLDER = resources.files("templates").joinpath("profiles")
_GOALS = "sdg.yaml"


def profile_names() -> frozenset[str]:
    return frozenset(entry.name.removesuffix(".yaml") for entry in _FOLDER.iterdir() if entry.name.endswith(".yaml") and entry.name != _GOALS)


@cache
def load_profile(name: str) -> Profile:
    """The profile of that name (one of profile_names). Raises OperatorFault naming every fault of its file, or the profiles there are."""
    if name not in profile_names():
        raise OperatorFault(f"There is no profile {name!r} in templates/profiles; there are {', '.join(sorted(profile_names()))}.")
    file = f"templates/profiles/{name}.yaml"
    try:
        content = yaml.safe_load(_FOLDER.joinpath(f"{name}.yaml").read_text(encoding="utf-8"))
        goals = yaml.safe_load(_FOLDER.joinpath(_GOALS).read_text(encoding="utf-8"))
        return Profile.model_validate({**content, "goals": goals})
    except yaml.YAMLError as error:
        raise OperatorFault(f"{file}: is not YAML: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        raise OperatorFault(*(f"{file}: {'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())) from None
