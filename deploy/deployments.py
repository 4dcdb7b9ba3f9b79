"""Everything that a server needs to know of us: the pool, the deployments of prefect.yaml, the choices of their forms, the automations that end lost runs.
`python -m deploy.deployments`, with PREFECT_API_URL and FPA_STORAGE set; again after a change of the agreement's cycles, as often as you like."""

from __future__ import annotations

import copy
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from domain.report import EDITIONS
from tasks.faults import OperatorFault
from tasks.render import LANGUAGES

ROOT = Path(__file__).resolve().parents[1]
POOL = "fpa-process"


def choices_of_forms() -> dict[str, list[str]]:
    """What the forms offer, by parameter; the cycles newest first. Raises OperatorFault for a broken agreement or a store that cannot be reached."""
    from tasks.collect import load_agreement
    from tasks.settings import read_settings
    from tasks.store import open_store

    agreement = load_agreement(open_store(read_settings().storage)).agreement
    return {"cycle": [cycle.code for cycle in reversed(agreement.cycles)], "languages": list(LANGUAGES), "further_editions": [edition for edition in EDITIONS if edition != "contractual"], "member": [member.member for member in agreement.members]}


def with_choices(schema: Mapping[str, Any], choices: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """A deployment's parameter schema (JSON Schema) with the texts of these parameters limited to what there is, in lists too."""
    limited = copy.deepcopy(dict(schema))
    for name, offered in choices.items():
        if name in limited.get("properties", {}):
            limited["properties"][name] = _limited(limited["properties"][name], offered)
    return limited


def _limited(node: dict[str, Any], offered: Sequence[str]) -> dict[str, Any]:
    if node.get("type") == "string":
        return {**node, "enum": list(offered)}
    if node.get("type") == "array":
        return {**node, "items": _limited(node["items"], offered), "uniqueItems": True}
    # What may be empty is left out where it is; "None" as a kind of value would be one more thing to choose in the form.
    (kind,) = (part for part in node["anyOf"] if part.get("type") != "null")
    rest = {name: value for name, value in node.items() if name not in ("anyOf", "default")}
    return {**rest, **_limited(kind, offered)}


def make_pool() -> None:
    """The pool of processes, unless it is there; what an operator has set on it stays."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import WorkPoolCreate
    from prefect.exceptions import ObjectNotFound
    from prefect.workers.process import ProcessWorker

    with get_client(sync_client=True) as client:
        try:
            client.read_work_pool(POOL)
        except ObjectNotFound:
            template = ProcessWorker.get_default_base_job_template()
            client.create_work_pool(WorkPoolCreate(name=POOL, type="process", base_job_template=template))


def deploy_all() -> None:
    """Every deployment of prefect.yaml. Raises OperatorFault with what Prefect said."""
    command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)  # noqa: S603 (ours)
    if done.returncode:
        raise OperatorFault("prefect deploy failed:", *(done.stdout + done.stderr).strip().splitlines()[-8:])


def fill_forms(choices: Mapping[str, Sequence[str]]) -> list[str]:
    """Puts the choices into the forms of our deployments; gives their names."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import DeploymentUpdate

    named = [entry["name"] for entry in yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]]
    with get_client(sync_client=True) as client:
        for name in named:
            deployment = client.read_deployment_by_name(f"{name}/{name}")
            schema = with_choices(deployment.parameter_openapi_schema or {}, choices)
            client.update_deployment(deployment.id, DeploymentUpdate(parameter_openapi_schema=schema))
    return named


def main() -> int:
    """Does it all, and says what it did; the exit status."""
    from deploy.automations import make_automations

    try:
        choices = choices_of_forms()
        make_pool()
        deploy_all()
        named = fill_forms(choices)
        automations = make_automations()
    except OperatorFault as fault:
        print(fault, file=sys.stderr)
        return 2
    print(f"deployed {', '.join(named)}; cycles to choose from: {', '.join(choices['cycle'])}; automations: {', '.join(automations)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
