"""The lab's WebDAV server against clients of other makers, and the litmus test suite."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from postel import lab
from postel.lab.lab import Lab
from postel.serving.files import MemoryFiles
from postel.serving.folder import FolderFiles
from postel.webdav.server import DAVOptions

Tool = Callable[[str], Path]
BODY = bytes(range(256)) * 4000
SUITES = {"basic": 16, "copymove": 13, "props": 30, "locks": 41, "http": 4}


@pytest.fixture(scope="module")
def running() -> Iterator[Lab]:
    with lab.start("webdav") as started:
        yield started


@pytest.fixture(params=["memory", "folder"])
def here(request: pytest.FixtureRequest, running: Lab, tmp_path: Path) -> Lab:
    vars(running.webdav.options).update(vars(DAVOptions()))
    (tmp_path / "served").mkdir()
    running.webdav.serve(MemoryFiles() if request.param == "memory"
                         else FolderFiles(tmp_path / "served", writable=True))
    return running


def run(*command: object, home: Path, ok: tuple[int, ...] = (0,), text: bytes = b"") -> bytes:
    """Run a program away from this user's own settings; return what it wrote."""
    environment = {**os.environ, "HOME": str(home), "LC_ALL": "C.UTF-8", "no_proxy": "*"}
    done = subprocess.run([str(word) for word in command], capture_output=True, timeout=50,
                          cwd=home, env=environment, check=False, input=text)
    assert done.returncode in ok, (done.stderr + done.stdout).decode(errors="replace")
    return done.stdout + done.stderr


def base(here: Lab, scheme: str = "http") -> str:
    _, port = here.address("webdavs" if scheme == "https" else "webdav")
    return f"{scheme}://{'localhost' if scheme == 'https' else '127.0.0.1'}:{port}"


def read(here: Lab, path: str) -> bytes:
    with here.webdav.files.open(path) as file:
        found: bytes = file.read()
        return found


@pytest.mark.parametrize("suite", SUITES)
def test_litmus(here: Lab, tool: Tool, tmp_path: Path, suite: str) -> None:
    os.environ["TESTS"] = suite
    try:
        found = run(tool("litmus"), "-k", f"{base(here)}/", "alice", "secret", home=tmp_path,
                    ok=(0, 1)).decode(errors="replace")
    finally:
        del os.environ["TESTS"]
    count = SUITES[suite]
    assert re.search(rf"of {count} tests run: {count} passed, 0 failed", found), found
    assert "WARNING" not in found, found


def test_curl(here: Lab, tool: Tool, tmp_path: Path) -> None:
    (tmp_path / "up").write_bytes(BODY)
    common = (tool("curl"), "-sSf", "--cacert", here.ca, "--anyauth", "-u", "alice:secret")
    url = base(here, "https")
    run(*common, "-X", "MKCOL", f"{url}/new", home=tmp_path)
    run(*common, "-H", "X-OC-Mtime: 1600000000", "-T", "up", f"{url}/new/up", home=tmp_path)
    run(*common, "-X", "MOVE", "-H", f"Destination: {url}/new/moved", f"{url}/new/up",
        home=tmp_path)
    assert read(here, "/new/moved") == BODY
    assert here.webdav.files.stat("/new/moved").modified == 1_600_000_000
    listed = run(*common, "-X", "PROPFIND", "-H", "Depth: 1", f"{url}/new/", home=tmp_path)
    assert b"<D:href>/new/moved</D:href>" in listed


def test_cadaver(here: Lab, tool: Tool, tmp_path: Path) -> None:
    (tmp_path / "up").write_bytes(BODY)
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login alice password secret\n")
    (tmp_path / ".netrc").chmod(0o600)
    words = (b"mkcol new\ncd new\nput up\nls\nlock up\ndiscover up\npropset up colour red\n"
              b"propget up colour\nunlock up\ncopy up twin\nmove twin third\nget up down\n"
              b"delete up\nquit\n")
    said = run(tool("cadaver"), f"{base(here)}/", home=tmp_path, text=words).decode()
    assert "failed" not in said, said
    assert "Value of colour is: red" in said
    assert (tmp_path / "down").read_bytes() == BODY
    assert [entry.name for entry in here.webdav.files.list("/new")] == ["third"]


@pytest.mark.parametrize("vendor", ["other", "owncloud"])
def test_rclone(here: Lab, tool: Tool, tmp_path: Path, vendor: str) -> None:
    files = {"a.txt": b"1", "sub/two words.txt": b"22", "sub/deep/ä.txt": b"333", "empty": b"",
             "sub/big.bin": BODY}
    for name, data in files.items():
        path = tmp_path / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, (1.6e9, 1.6e9))
    secret = run(tool("rclone"), "obscure", "secret", home=tmp_path).decode().strip()
    remote = (f":webdav,url='{base(here, 'https')}',vendor={vendor},user=alice,"
              f"pass='{secret}':")
    common = (tool("rclone"), "--config", "/dev/null", "--ca-cert", here.ca)
    run(*common, "sync", "source", f"{remote}dest", home=tmp_path)
    checks = ("--checksum",) if vendor == "owncloud" else ()
    run(*common, "check", *checks, "source", f"{remote}dest", home=tmp_path)
    rows = json.loads(run(*common, "lsjson", "-R", f"{remote}dest", home=tmp_path))
    assert {row["Path"]: row["Size"] for row in rows if not row["IsDir"]} == {
        name: len(data) for name, data in files.items()}
    if vendor == "owncloud":  # its X-OC-Mtime was taken
        times = {row["ModTime"][:10] for row in rows if not row["IsDir"]}
        assert times == {"2020-09-13"}
        sums = run(*common, "hashsum", "SHA1", f"{remote}dest/a.txt", home=tmp_path).decode()
        assert sums.startswith("356a192b7913b04c54574d18c28d46e6395428ab")
    run(*common, "moveto", f"{remote}dest/sub", f"{remote}dest/other", home=tmp_path)
    run(*common, "copyto", f"{remote}dest/a.txt", f"{remote}dest/b.txt", home=tmp_path)
    assert read(here, "/dest/other/big.bin") == BODY
    assert read(here, "/dest/b.txt") == b"1"
    about = json.loads(run(*common, "about", "--json", remote, home=tmp_path))
    assert about["used"] == sum(map(len, files.values())) + 1
    run(*common, "purge", f"{remote}dest", home=tmp_path)
    assert here.webdav.files.list("/") == []


def test_davfs(here: Lab, tool: Tool, tmp_path: Path) -> None:
    program = tool("mount.davfs")
    if os.geteuid() != 0 or not os.access("/dev/fuse", os.R_OK | os.W_OK):
        pytest.skip("davfs2 needs root and /dev/fuse")
    # It gives up root for its own user, who must reach the cache: not below pytest's folder.
    with tempfile.TemporaryDirectory(prefix="postel-davfs-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        for inside in ("mounted", "cache"):
            (folder / inside).mkdir()
        shutil.chown(folder / "cache", "root", "davfs2")
        (folder / "cache").chmod(0o1775)  # as the package has its own
        (folder / "secrets").write_text(f"{base(here)}/ alice secret\n")
        (folder / "secrets").chmod(0o600)
        (folder / "conf").write_text(
            f"use_locks 1\ndelay_upload 0\ncache_dir {folder}/cache\nsecrets {folder}/secrets\n")
        mount_and_use(here, program, folder)


def mount_and_use(here: Lab, program: Path, folder: Path) -> None:
    place = folder / "mounted"
    mounted = subprocess.run(
        [program, f"{base(here)}/", place, "-o", f"conf={folder / 'conf'}"],
        stdin=subprocess.DEVNULL, capture_output=True, timeout=30, check=False)
    if mounted.returncode:
        words = mounted.stderr.decode(errors="replace")
        if "fuse" in words.lower() or "Operation not permitted" in words:
            pytest.skip(f"this machine does not mount FUSE: {words.splitlines()[-1]}")
        pytest.fail(words)
    try:
        (place / "new").mkdir()
        (place / "new" / "a.bin").write_bytes(BODY)
        assert (place / "new" / "a.bin").read_bytes() == BODY
        (place / "new" / "a.bin").rename(place / "new" / "b.bin")
    finally:
        subprocess.run(["umount", place], check=False, timeout=30)
    assert read(here, "/new/b.bin") == BODY
