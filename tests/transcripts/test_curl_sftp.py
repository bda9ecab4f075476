"""curl's SFTP cases: the command line as calls, against the lab's server."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import curlcase
import pytest
from curlcase import Case

from postel import lab, sftp
from postel.errors import AuthenticationError, HostKeyError, NotFound, PostelError, UsageError
from postel.ssh import SSHOptions

pytestmark = pytest.mark.slow

BASE = Path(os.environ.get("POSTEL_CORPORA", Path(__file__).resolve().parents[3] / "shared"
                           / "corpora")) / "transcripts" / "curl" / "sftp"
ERRORS = {21: UsageError, 60: HostKeyError, 67: AuthenticationError, 78: NotFound}
OLD = datetime(2000, 1, 1, tzinfo=UTC)
REASONS = {
    "test582": "a C program of curl's own library interface",
    "test626": "quoted commands around a transfer are the caller's own calls",
}
TAKES = ("-u", "-T", "-Q", "-r", "--key", "--pubkey", "--hostpubmd5", "--connect-timeout")


@pytest.fixture(scope="module")
def here() -> Iterator[lab.Lab]:
    with lab.start("sftp") as started:
        yield started


def words_of(case: Case) -> tuple[list[str], list[tuple[str, str]]]:
    """URLs and options."""
    words, urls, options = list(case.arguments), [], []
    while words:
        word = words.pop(0)
        if word in TAKES:
            options.append((word, words.pop(0)))
        elif word.startswith("-"):
            options.append((word, ""))
        else:
            urls.append(word)
    return urls, options


def path_of(text: str) -> str:
    return re.sub(r"^(?:sftp://%HOSTIP:%SSHPORT)?(?:%SFTP_PWD)?/?(?:%LOGDIR)?/?", "/log/", text.replace(
        "127.0.0.1", "%HOSTIP"))


def prepare(case: Case, here: lab.Lab) -> None:
    """What curl's suite makes before the case: its files, and a folder with some."""
    for path in list(here.sftp.files.tree()):
        here.sftp.files.remove(path)
    for name, data in case.files.items():
        here.sftp.files.put(f"/log/{Path(name).name}", data)
    if case.number in ("614", "1446"):
        for name in ("plainfile.txt", "rofile.txt", "asubdir/file"):
            here.sftp.files.put(f"/log/test{case.number}.dir/{name}", b"Read-only test data",
                                modified=OLD.timestamp())
    if case.number in ("610", "638"):
        here.sftp.files.make_folder(f"/log/test{case.number}.dir")


def quoted(site: sftp.Client, text: str) -> None:
    """A command of -Q; behind a star it may fail."""
    may_fail, text = text.startswith("*"), text.removeprefix("*")
    word, *paths = text.split()
    verbs: dict[str, Any] = {"rename": site.rename, "rmdir": site.rmdir, "rm": site.unlink}
    try:
        if word == "chmod":
            site.files.set(path_of(paths[1]), mode=int(paths[0], 8))
        else:
            verbs[word](*map(path_of, paths))
    except PostelError:
        if not may_fail:
            raise


def one(site: sftp.Client, case: Case, path: str, options: dict[str, str], folder: Path) -> bytes:
    if "-T" in options:
        local = folder / "local"
        local.write_bytes(case.files["%LOGDIR/" + Path(options["-T"]).name])
        if "--ftp-create-dirs" in options:
            site.makedirs(path.rpartition("/")[0])
        site.upload(local, path)
        return b""
    if path.endswith("/"):
        names = sorted(entry.name for entry in site.list(path))
        return "".join(f"{name}\n" for name in names).encode()
    if "--head" in options:
        assert site.stat(path).size == len(case.files["%LOGDIR/" + Path(path).name])
        return b""
    first, _, last = options.get("-r", "").partition("-")
    with site.files.read(path, offset=int(first or 0)) as body:
        data = b"".join(body)
    return data[:int(last) - int(first) + 1] if last else data


def play(case: Case, here: lab.Lab, folder: Path) -> bytes:
    urls, given = words_of(case)
    options = dict(given)
    user = options.get("-u", ":").partition(":")[0]
    user = "alice" if user in ("", "%USER") else user
    checked = options.get("--hostpubmd5")
    ssh = SSHOptions(
        config="none", agent=False,
        known_hosts=None if checked else here.sftp.host_keys,
        fingerprint=None if not checked else (
            here.sftp.fingerprint if "%" in checked else "SHA256:" + "0" * 43),
        identities=(folder / "absent",) if options.get("--key") == "DOES_NOT_EXIST" else ())
    got = b""
    password = "wrong" if ssh.identities else "secret"
    with sftp.Client(f"127.0.0.1:{here.sftp.server.port}", user=user, password=password, ssh=ssh,
                     timeout=20) as site:
        before = [text for name, text in given if name == "-Q" and not text.startswith("-")]
        after = [text[1:] for name, text in given if name == "-Q" and text.startswith("-")]
        for text in before:
            quoted(site, text)
        for url in urls:
            try:
                got += one(site, case, path_of(url), options, folder)
            except NotFound:
                if url == urls[-1]:
                    raise
        for text in after:
            quoted(site, text)
    return got


AFTER = {  # what the suite looks for when it is over: there, and gone
    "608": ("/log/file608-renamed.txt", "/log/file608.txt"),
    "610": ("/log/file610.txt", "/log/test610.dir"),
    "612": ("/log/file612.txt", "/log/upload.612"),
    "638": ("/log/test638.new", "/log/test638.dir"),
}


def cases() -> list[Any]:
    found = sorted(BASE.glob("test*"), key=lambda path: int(path.name[4:]))
    return [pytest.param(path, id=path.name) for path in found] or [pytest.param(None, marks=(
        pytest.mark.skip("corpus transcripts/curl/sftp is absent (set POSTEL_CORPORA)")))]


@pytest.mark.parametrize("path", cases())
def test_sftp(path: Path, here: lab.Lab, tmp_path: Path) -> None:
    case = curlcase.read(path)
    if path.name in REASONS:
        pytest.skip(f"no counterpart: {REASONS[path.name]}")
    prepare(case, here)
    if case.error:
        with pytest.raises(ERRORS[case.error]):
            play(case, here, tmp_path)
        return
    got = play(case, here, tmp_path)
    shown = curlcase.section(path.read_text("latin-1"), "stdout")
    wanted = curlcase.body(*shown, case.number) if shown else case.wanted or b""
    there = set(here.sftp.files.tree())
    if case.upload is not None:
        name = path_of(words_of(case)[0][0])
        assert here.sftp.files.open(name).read() == case.upload
    elif case.number in AFTER:
        kept, gone = AFTER[case.number]
        assert any(one.startswith(kept) for one in there) or here.sftp.files.stat(kept)
        assert gone not in there
        assert got == wanted or "-T" in case.arguments
    elif case.number == "614":
        assert got == b"asubdir\nplainfile.txt\nrofile.txt\n"
    elif case.number == "1446":
        assert got == b"Read-only test data"
    elif case.number != "640":
        assert got == wanted


def test_the_score() -> None:
    if not (found := sorted(BASE.glob("test*"))):
        pytest.skip("corpus transcripts/curl/sftp is absent (set POSTEL_CORPORA)")
    scores = (Path(__file__).parent / "SCORES.md").read_text("utf-8")
    assert f"| SFTP | {len(found)} | {len(found) - len(REASONS)} | 0 | {len(REASONS)} |" in scores
