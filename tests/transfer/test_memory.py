"""How much memory large folders and large trees take: measured in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from postel import lab

pytestmark = [pytest.mark.slow,
              pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")]

MANY = 100_000
LISTED, PLANNED = 64, 150
"""MiB that a folder, and a plan, of so many files may take."""

BEGIN = """
import json, sys
import postel.ftp, postel.local, postel.sftp, postel.webdav, postel.http
from postel.ssh import SSHOptions
from postel.transfer.mirror_sync import mirror, plan
from postel.transfer.sites_sync import open_site

for module in (postel.ftp, postel.local, postel.sftp, postel.webdav, postel.http):
    getattr(module, "Client")
options = json.loads(sys.argv[1])
if "known_hosts" in options:
    options["ssh"] = SSHOptions(known_hosts=options.pop("known_hosts"))

def rss():
    # not ru_maxrss: that is inherited from whoever started this process
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))
"""

LIST = BEGIN + """
site, path = open_site(sys.argv[2], "list", **options)
with site:
    before = rss()
    entries = list(site.list(path))
    print(json.dumps([len(entries), rss() - before]))
"""

PLAN = BEGIN + """
site, path = open_site(sys.argv[2], "list", **options)
with site:
    site.stat(path)
before = rss()
made = plan(sys.argv[2], sys.argv[3], journal=False, source_options=options)
print(json.dumps([len(made.actions), rss() - before]))
"""


def measured(script: str, options: dict[str, Any], *places: str) -> tuple[int, float]:
    """How many there were, and MiB that they took."""
    done = subprocess.run([sys.executable, "-c", script, json.dumps(options), *places],
                          check=True, capture_output=True, text=True, timeout=240,
                          env={**os.environ, "MALLOC_ARENA_MAX": "1"})
    count, grown = json.loads(done.stdout)
    return count, grown


@pytest.fixture(scope="module")
def servers() -> Iterator[lab.Lab]:
    with lab.start("ftp", "sftp", "webdav", "http") as here:
        for service in (here.ftp, here.sftp, here.webdav, here.http):
            for number in range(MANY):
                service.files.put(f"/many/a file with some name {number:06}.txt", b"x")
        yield here


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("many")
    for number in range(MANY):
        (top / f"a file with some name {number:06}.txt").touch()
    return top


def options_of(here: lab.Lab, scheme: str) -> dict[str, Any]:
    if scheme == "http":
        return {}
    found: dict[str, Any] = {"user": "alice", "password": "secret"}
    if scheme == "sftp":
        found["known_hosts"] = str(here.sftp.host_keys)
    return found


@pytest.mark.parametrize("scheme", ["ftp", "sftp", "webdav", "http"])
def test_a_folder_of_a_server(servers: lab.Lab, scheme: str) -> None:
    url = f"{scheme}://127.0.0.1:{servers.address(scheme)[1]}/many/"
    count, grown = measured(LIST, options_of(servers, scheme), url)
    assert count == MANY
    assert 1 < grown < LISTED


def test_a_folder_of_this_machine(folder: Path) -> None:
    count, grown = measured(LIST, {}, folder.as_uri())
    assert count == MANY
    assert 1 < grown < LISTED


def test_the_plan_of_one_folder(folder: Path, tmp_path: Path) -> None:
    count, grown = measured(PLAN, {}, folder.as_uri(), str(tmp_path / "new"))
    assert count == MANY
    assert 1 < grown < PLANNED


def test_the_plan_of_a_tree(tmp_path: Path) -> None:
    for number in range(MANY):
        place = tmp_path / "tree" / f"folder {number // 100:04}"
        if number % 100 == 0:
            place.mkdir(parents=True)
        (place / f"a file with some name {number:06}.txt").touch()
    count, grown = measured(PLAN, {}, (tmp_path / "tree").as_uri(), str(tmp_path / "new"))
    assert count == MANY + MANY // 100
    assert 1 < grown < PLANNED
