"""Status: who has submitted what in a cycle, from the store as it is; no file is read anew."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from domain.agreement import Agreement
from domain.completeness import is_due, timeliness
from tasks.collect import Arrival, list_inbox, receipt_key
from tasks.store import Store


def status_lines(store: Store, agreement: Agreement, cycle: str) -> tuple[list[str], bool]:
    """A line per member: files in the inbox, the last one's arrival, and what collecting them found; and whether nothing is open."""
    feedback = store.read_many([i.key for i in store.list(f"feedback/{cycle}/") if i.key.endswith(("/receipt.json", "/findings.csv"))])
    receipts = {key: json.loads(data) for key, data in feedback.items() if key.endswith("/receipt.json")}
    arrivals = list_inbox(store, [cycle])
    lines, complete = [], True
    for member in agreement.members:
        files = [arrival for arrival in arrivals if arrival.member == member.member]
        line, fine = _of_files(store, agreement, member.member, cycle, files, receipts, feedback) if files else ("missing", False)
        if not files and not is_due(agreement, member, cycle):
            line, fine = "not due", True
        complete &= fine
        lines.append(f"{member.member:24} {line}")
    strangers = sorted({arrival.member for arrival in arrivals} - {member.member for member in agreement.members})
    lines += [f"{folder:24} no member of the agreement" for folder in strangers]
    return lines, complete and not strangers


def _of_files(
    store: Store, agreement: Agreement, member: str, cycle: str, files: Sequence[Arrival], receipts: Mapping[str, Any], feedback: Mapping[str, bytes]
) -> tuple[str, bool]:
    newest = max(files, key=lambda arrival: (arrival.info.modified, arrival.info.key))
    key = next((key for key, kept in receipts.items() if kept["key"] == newest.info.key), "")
    if not key and (known := store.head(newest.info.key)):  # perhaps the same content as a file received under another name
        key = receipt_key(cycle, member, known.sha256[:12])
    receipt = receipts.get(key)
    said = receipt["received_at"] if receipt else f"{newest.info.modified.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    received = datetime.strptime(said, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    line = f"{timeliness(agreement, member, cycle, received)}; {len(files)} file(s), last {newest.info.key.rpartition('/')[2]} on {said}"
    findings = feedback.get(key.replace("receipt.json", "findings.csv"))
    if findings is None:
        return f"{line}; not collected yet", False
    counts = Counter(row["severity"] for row in csv.DictReader(io.StringIO(findings.decode("utf-8"))))
    found = ", ".join(f"{counts[severity]} {severity}" for severity in ("reject", "error", "warning") if counts[severity]) or "no findings"
    return f"{line}; {found}", not counts["reject"] and not counts["error"]
