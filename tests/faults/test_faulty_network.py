"""Whatever befalls requests and answers between the main job and its S3 server: every object is the same as without it, or the run ends with one clear
message, nothing half written is seen, and a plain run afterwards makes the same. FPA_FAULTS: how many faults are injected in all.

The members' files lie in the bucket from the first run to the last, so that their times of arrival, which the server sets, are always the same."""

from __future__ import annotations

import os
import re
import time
from collections import Counter
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

from tasks.store import Store, open_store
from tests.builders import agreement_files, clean
from tests.conftest import S3Url
from tests.faults.proxy import FAULTS, WIRE_FAULTS, DamagedWire, FaultyProxy, Flaw, Plan, Request, damaged_wire, faulty_proxy
from tests.faults.work import MAIN_JOB, start

WANTED = int(os.environ.get("FPA_FAULTS", "150"))
SEED = os.environ.get("FPA_FAULTS_SEED", "1")
OFTEN = 0.15
"""The share of requests that a bad day befalls."""
AT_ONCE = ("403 ExpiredToken", "403 RequestTimeTooSkewed", "403 AccessDenied", "403 QuotaExceeded")
"""These last until somebody mends them: a run cannot outlive one."""
SENTENCES = {
    "503 SlowDown": ("the store is overloaded; try again later",),
    "500 InternalError": ("the store has a fault of its own; try again later, then ask who runs it",),
    "403 ExpiredToken": ("the credentials have expired; renew them",),
    "403 RequestTimeTooSkewed": ("this machine's clock differs too much from the server's; set it right",),
    "403 AccessDenied": ("access is denied; give the key in use the right {why} on it",),
    "403 QuotaExceeded": ("the store is full; free some space or raise the quota",),
    "reset before the request": ("the store cannot be reached: the connection to {server} was broken off each time; check the network and try again",),
    "answer late": ("the store does not answer: {server} was silent for 1 seconds; try again later, or give it longer (FPA_S3_TIMEOUT)",),
    "slow": (),
    "bit flipped": (
        "its content broke off or was damaged on its way 5 times; check the network and try again",
        "the content was damaged on its way; check the network and try again",
    ),
    "wrong checksum": ("its content broke off or was damaged on its way 5 times; check the network and try again",),
}
SENTENCES["reset in the request"] = SENTENCES["answer lost"] = SENTENCES["reset before the request"]
SENTENCES["body cut off"] = SENTENCES["reset in the answer"] = (
    *SENTENCES["wrong checksum"], *SENTENCES["reset before the request"],
    "what answers there is no S3 server, or is cut short on its way; check AWS_ENDPOINT_URL and the network",
)  # fmt: skip
SENTENCES |= dict.fromkeys(WIRE_FAULTS, (
    *SENTENCES["body cut off"], *SENTENCES["answer late"],  # a flipped bit in a length makes one side wait for more
    "the store cannot be reached: {server} lets nobody in within 1 seconds; check AWS_ENDPOINT_URL and the network",
    "the store cannot be reached: the encrypted connection to {server} broke off or was damaged each time ({why}); check AWS_ENDPOINT_URL (https or http) and the network",
))  # fmt: skip
"""What is said of a fault that lasts."""

FILES = (
    agreement_files(due="2099-12-31T18:00")
    | {f"inbox/C1/{member}/report.zip": clean(member, cover={"decimal": "."}) for member in ("aa", "bb", "cc")}
    | {"inbox/C1/bb/a first attempt.zip": clean("bb", cover={"decimal": ".", "prepared_by": "somebody"}), "inbox/C1/aa/evidence/list.jpg": b"a list of those who came"}
)


def contents(store: Store) -> dict[str, bytes]:
    return store.read_many([info.key for info in store.list("")])


def bad_day(number: int) -> Plan:
    """A fault for that share of the requests, of any kind that can befall them. What befalls a request depends on nothing but what it asks for."""

    def plan(request: Request) -> str:
        chance = Random(f"{SEED} {number} {request.method} {request.target.partition('/network')[2]} {request.nth}")
        if chance.random() >= OFTEN:
            return ""
        return chance.choice([fault for fault in FAULTS if fault not in AT_ONCE and request.may_suffer(fault)])

    return plan


def outage(number: int, fault: str, requests: int) -> Plan:
    """A bad day on which one fault comes to stay, after some of so many requests."""
    begins = Random(f"{SEED} {number}").randint(1, requests)
    others = bad_day(number)

    def plan(request: Request) -> str:
        return fault if request.number >= begins and request.may_suffer(fault) else others(request)

    return plan


def run(environment: dict[str, str], log: Path) -> list[str]:
    """How each of the flows ended, as the log says. There is no trace in it, whatever happened."""
    process = start(environment, "C1", log, pauses=False)
    process.join(300)
    said = log.read_text()
    assert process.exitcode == 0, said
    assert "Traceback" not in said
    assert said.endswith("\nended\n"), said
    return [line.removeprefix("said ") for line in said.splitlines() if line.startswith("said ")]


def is_clear(message: str, proxy: FaultyProxy | DamagedWire) -> bool:
    """One sentence that says what, where, and of a fault that was injected why and what to do."""
    server = urlsplit(proxy.url).netloc
    sentences = [re.escape(sentence.format(server=server, why="WHY")).replace("WHY", "[^;]+") for fault in proxy.injected for sentence in SENTENCES[fault]]
    return re.fullmatch(rf"Could not (list|look at|read|write|delete) (\S.* in )?s3://\S+: ({'|'.join(sentences)})\.", message) is not None


def breaking_wire(number: int, bytes_between: int) -> Callable[[int], Flaw]:
    """Every connection ends with a flaw, after some of about so many bytes."""

    def plan(connection: int) -> Flaw:
        chance = Random(f"{SEED} {number} {connection}")
        up = chance.random() < 0.5
        return Flaw(chance.choice(WIRE_FAULTS), up, int(chance.expovariate(1 / bytes_between)))

    return plan


def differing(found: dict[str, bytes], expected: dict[str, bytes]) -> set[str]:
    return {key for key in found | expected if found.get(key) != expected.get(key)}


def of_report(objects: dict[str, bytes]) -> dict[str, bytes]:
    return {key: content for key, content in objects.items() if key.startswith("reports/C1/v")}


class Trials:
    """The main job on one and the same store, again and again; first undisturbed, to know what comes of it."""

    def __init__(self, url: str, calm: dict[str, str], folder: Path) -> None:
        self.store, self.calm, self.folder, self.began = open_store(url), calm | {"FPA_STORAGE": url}, folder, time.monotonic()
        self.injected: Counter[str] = Counter()
        self.messages: list[str] = []
        self.runs = 0
        for key, content in FILES.items():
            self.store.write(key, content)
        with faulty_proxy(calm["AWS_ENDPOINT_URL"]) as proxy:
            run(self.calm | {"AWS_ENDPOINT_URL": proxy.url}, folder / "undisturbed.log")
            self.requests = proxy.requests
            self.sent = {key.removeprefix(f"/{url.removeprefix('s3://')}/"): set(digests) for key, digests in proxy.sent.items()}
        self.expected = contents(self.store)
        assert [key for key in self.expected if key.endswith("manifest.json")] == ["reports/C1/v0001/manifest.json"]

    def clear(self) -> None:
        """Nothing but what the operator and the members put there."""
        self.runs += 1
        for key in self.expected.keys() - FILES:
            self.store.delete(key)

    def go(self, proxy: FaultyProxy | DamagedWire) -> None:
        """One run through the proxy, and what came of it."""
        said = run(self.calm | {"AWS_ENDPOINT_URL": proxy.url, "FPA_S3_TIMEOUT": "1"}, self.folder / f"{self.runs}.log")
        about = f"run {self.runs} of seed {SEED}, with {dict(proxy.injected)}: {said}"
        self.injected += proxy.injected
        found = contents(self.store)
        if said[-1].startswith("COMPLETED"):
            assert len(said) == len(MAIN_JOB), about
            assert differing(found, self.expected) == set(), about
            return
        message = said[-1].removeprefix("FAILED: ")
        self.messages.append(message)
        assert is_clear(message, proxy), about
        others = {key for key, content in found.items() if FILES.get(key) != content and sha256(content).hexdigest() not in self.sent.get(key, ())}
        assert others == set(), about
        assert FILES.keys() <= found.keys(), about
        assert "reports/C1/v0001/manifest.json" not in found or of_report(found) == of_report(self.expected), about
        run(self.calm, self.folder / f"{self.runs} again.log")
        assert differing(contents(self.store), self.expected) == set(), f"{about}, and a run without faults"

    def tell(self) -> None:
        completed, seconds = self.runs - len(self.messages), time.monotonic() - self.began
        print(f"\n{self.injected.total()} faults in {self.runs} runs, {completed} completed, {len(self.messages)} with one message, {seconds:.0f} s")
        for counted in (self.injected, Counter(re.sub("^.* s3://[^ ]+: ", "… ", message) for message in self.messages)):
            print("".join(f"{count:6} {what}\n" for what, count in sorted(counted.items())))


def test_nothing_is_lost_or_wrong_or_one_clear_message_says_why(s3_url: S3Url, tmp_path: Path, storage_environment: Callable[[], dict[str, str]]) -> None:
    trials = Trials(s3_url("http"), storage_environment(), tmp_path)
    with faulty_proxy(trials.calm["AWS_ENDPOINT_URL"]) as proxy:
        while trials.injected.total() < WANTED:
            trials.clear()
            number = trials.runs
            lasting = FAULTS[number // 2 % len(FAULTS)]
            proxy.begin(outage(number, lasting, trials.requests) if number % 2 else bad_day(number))
            trials.go(proxy)
    trials.tell()
    assert 0 < len(trials.messages) < trials.runs
    assert set(trials.injected) == set(FAULTS) or WANTED < 1000


def test_over_https_a_bit_that_flips_anywhere_is_noticed(
    s3_server: tuple[str, str, Path], s3_url: S3Url, tmp_path: Path, storage_environment: Callable[[], dict[str, str]]
) -> None:
    """In listings and answers without a content too, and while a connection is opened."""
    trials = Trials(s3_url("http"), storage_environment(), tmp_path)
    with damaged_wire(s3_server[1]) as wire:
        while trials.injected.total() < WANTED / 5 or trials.runs < 2:
            trials.clear()
            wire.begin(breaking_wire(trials.runs, 400 if trials.runs % 3 == 2 else 30_000))
            trials.go(wire)
    trials.tell()
    assert 0 < len(trials.messages) < trials.runs
    assert set(trials.injected) == set(WIRE_FAULTS)
