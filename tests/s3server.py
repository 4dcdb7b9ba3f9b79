"""A real S3 server for the tests: Ceph's radosgw with one monitor and one store in memory, on loopback, in a folder of its own."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

BINARIES = ("ceph-mon", "ceph-osd", "ceph", "radosgw", "radosgw-admin", "monmaptool", "openssl")
ACCESS_KEY, SECRET_KEY = "TESTACCESSKEY1234567", "testsecretkey1234567890"

_CONF = """\
[global]
fsid = {fsid}
mon host = [v2:127.0.0.1:{mon_port}]
mon initial members = a
auth cluster required = none
auth service required = none
auth client required = none
ms bind ipv4 = true
ms mon client mode = crc
public addr = 127.0.0.1
cluster addr = 127.0.0.1
run dir = {folder}/run
admin socket =
pid file = {folder}/run/$name.pid
log file = {folder}/log/$name.log
crash dir = {folder}/crash
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pgp num = 8
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon data avail crit = 1
mon max pg per osd = 1000
paxos propose interval = 0.01
paxos min wait = 0.01
osd objectstore = memstore
memstore device bytes = 4294967296
[mon.a]
mon data = {folder}/mon
mon addr = 127.0.0.1:{mon_port}
[osd.0]
osd data = {folder}/osd
[client.rgw]
rgw frontends = {frontends}
rgw data = {folder}/rgw
rgw gc obj min wait = 5
rgw gc processor period = 5
"""


def missing() -> str:
    """Why there can be no server here; "" where there can."""
    lacking = [name for name in BINARIES if not shutil.which(name, path=_path())]
    return f"S3 tests skipped: {lacking[0]} is not installed (apt-get install radosgw ceph-mon ceph-osd ceph-common openssl)" if lacking else ""


def _path() -> str:
    return os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def free_port() -> int:
    """Below those that the system gives to outgoing connections: nobody takes it by chance before the server does."""
    while True:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", random.randrange(20_000, 32_000)))
            return int(probe.getsockname()[1])


def certificate(folder: Path) -> Path:
    """A self-signed certificate for 127.0.0.1 with its key, in one PEM file."""
    pem = folder / "server.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")], check=True, capture_output=True,
    )  # fmt: skip
    pem.write_text((folder / "key.pem").read_text() + (folder / "cert.pem").read_text())
    return pem


@contextlib.contextmanager
def running(folder: Path) -> Iterator[tuple[str, str, Path]]:
    """(http endpoint, https endpoint, certificate to trust) of a server that is gone afterwards, its folder too."""
    processes: list[subprocess.Popen[bytes]] = []
    try:
        for attempt in range(3):
            try:
                server = _start(folder / str(attempt), processes)
                break
            except RuntimeError:
                if attempt == 2:
                    raise
                _stop(processes)
        yield server
    finally:
        _stop(processes)
        shutil.rmtree(folder, ignore_errors=True)


def create_user(trusted: Path, uid: str) -> tuple[str, str]:
    """A further user of the server whose certificate that is: its access key and its secret."""
    access, secret = uuid.uuid4().hex[:20].upper(), uuid.uuid4().hex
    environment = {**os.environ, "CEPH_CONF": str(trusted.parent / "ceph.conf"), "PATH": _path()}
    command = ["radosgw-admin", "-n", "client.rgw", "user", "create", f"--uid={uid}", f"--display-name={uid}", f"--access-key={access}", f"--secret-key={secret}"]
    subprocess.run(command, env=environment, capture_output=True, timeout=30, check=True)
    return access, secret


def _stop(processes: list[subprocess.Popen[bytes]]) -> None:
    while processes:
        process = processes.pop()
        process.kill()
        process.wait()


def _start(folder: Path, processes: list[subprocess.Popen[bytes]]) -> tuple[str, str, Path]:
    """Raises RuntimeError where it does not come up."""
    for name in ("mon", "osd", "run", "log", "crash", "rgw"):
        (folder / name).mkdir(parents=True)
    fsid, mon_port, http, https = str(uuid.uuid4()), free_port(), free_port(), free_port()
    pem = certificate(folder)
    frontends = f"beast endpoint=127.0.0.1:{http} ssl_endpoint=127.0.0.1:{https} ssl_certificate={pem} tcp_nodelay=1"
    conf = folder / "ceph.conf"
    conf.write_text(_CONF.format(fsid=fsid, folder=folder, mon_port=mon_port, frontends=frontends))
    environment = {**os.environ, "CEPH_CONF": str(conf), "PATH": _path()}

    def run(*command: str) -> None:
        try:
            subprocess.run(command, env=environment, capture_output=True, timeout=30, check=True)
        except subprocess.TimeoutExpired:
            raise RuntimeError(f"{command[0]} did not end") from None
        except subprocess.CalledProcessError as error:
            raise RuntimeError(f"{command[0]} failed: {error.stderr.decode()[-500:]}") from None

    def start(*command: str) -> None:
        dies_with_us = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []  # even where the tests are killed
        with (folder / "log" / f"{command[0]}.out").open("wb") as log:
            processes.append(subprocess.Popen([*dies_with_us, *command], env=environment, stdout=log, stderr=log, start_new_session=True))

    run("monmaptool", "--create", "--clobber", "--fsid", fsid, "--addv", "a", f"[v2:127.0.0.1:{mon_port}]", str(folder / "monmap"))
    run("ceph-mon", "--mkfs", "-i", "a", "--monmap", str(folder / "monmap"), "--keyring", "/dev/null")
    start("ceph-mon", "-f", "-i", "a")
    osd = str(uuid.uuid4())
    run("ceph", "osd", "new", osd)
    run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", osd)
    run("ceph", "osd", "crush", "add", "osd.0", "1.0", "host=localhost", "root=default")
    start("ceph-osd", "-f", "-i", "0")
    run("radosgw-admin", "-n", "client.rgw", "user", "create", "--uid=main", "--display-name=main", f"--access-key={ACCESS_KEY}", f"--secret-key={SECRET_KEY}")
    start("radosgw", "-f", "-n", "client.rgw")
    _wait_for(http, processes)
    return f"http://127.0.0.1:{http}", f"https://127.0.0.1:{https}", folder / "cert.pem"


def _wait_for(port: int, processes: list[subprocess.Popen[bytes]], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if any(process.poll() is not None for process in processes):
            raise RuntimeError("a process of the S3 server ended at once")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise RuntimeError("the S3 server did not start")
