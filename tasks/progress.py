"""How far a run is, for Prefect's UI: an artifact that each step brings up to date."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from prefect import runtime
from prefect.settings import PREFECT_API_URL

from tasks.board import artifact_key

REACHED = {
    "collect-submissions": {
        "load": (2, "agreement read"), "read_all": (40, "files read"), "judge_all": (70, "rules judged"), "give_feedback": (85, "members answered"),
        "publish_board": (95, "board written"), "summarise_collection": (100, "done"), "nothing_new": (100, "nothing has changed since"),
    },
    "report-cycle": {
        "load": (2, "agreement read"), "read_all": (15, "files read"), "judge_all": (25, "rules judged"), "add_up": (35, "figures added up"),
        "write_data_files": (40, "data files made"), "reconcile_figures": (45, "figures recomputed"), "write_annexes": (50, "annexes made"),
        "compose_documents": (55, "report composed"), "render_reports": (95, "report rendered"), "submit_draft": (98, "waits for approval"),
        "summarise_report": (100, "done"), "nothing_new": (100, "nothing has changed since"),
    },
}  # fmt: skip
"""By flow and step: percent of the usual time, and what is done then."""
_shown: dict[str, UUID] = {}
"""The artifact of a run of this process, by the run."""


def reached(step: str) -> None:
    """A step of the run is done. Without a server there is nobody to see it."""
    run = runtime.flow_run.id
    if run is None or not PREFECT_API_URL.value():
        return
    percent, done = REACHED.get(runtime.flow_run.flow_name or "", {}).get(step, (0, ""))
    if not done:
        return
    said = f"{percent} %: {done}"
    from prefect.artifacts import create_progress_artifact, update_progress_artifact

    if run in _shown:
        update_progress_artifact(_shown[run], percent, said)
    else:
        _shown[run] = cast(UUID, create_progress_artifact(percent, key=artifact_key("progress", runtime.flow_run.name or ""), description=said))
