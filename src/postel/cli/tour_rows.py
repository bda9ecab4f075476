"""What the tour does, row by row: each function does one thing and checks it, or raises."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import CertificateError, ConnectError, Incomplete, PostelError
from ..ftp.client_async import AsyncClient
from ..ftp.client_sync import Client
from ..lab import Lab
from ..mailboxes import Maildir
from ..pop3.client_sync import Client as Mailbox
from ..types import Progress
from ..wire.names import joined
from ..wire.text import display
from .render import Bar, size

__all__ = ["FIRST", "LAST", "Ground", "Result", "served_tree"]

MOST_FILES = 250
_LEFT_OUT = {"site-packages", "test", "tests", "__pycache__", "idle_test"}
_MESSAGES = 300


@dataclass
class Ground:
    """What the rows stand on: a folder, the served tree, two labs, a bar."""

    folder: Path
    tree: Path
    library: Lab
    lab: Lab
    bar: Bar


@dataclass
class Result:
    """What a row did.

    Args:
        count: how many.
        size: bytes.
        verified: by what it was checked.
        told: lines for people.
    """

    count: int
    size: int
    verified: str
    told: list[str] = field(default_factory=list)


class _TourError(Exception):
    """A row's promise did not hold."""


def check(holds: bool, what: str) -> None:
    """Raise unless *holds*."""
    if not holds:
        raise _TourError(what)


def served_tree(target: Path) -> Path:
    """Copy the running Python's own ``*.py`` files: real input that every machine has."""
    source = Path(sysconfig.get_paths()["stdlib"])
    count = 0
    for path in sorted(source.rglob("*.py"), key=lambda one: (one.parent.name != "encodings", one)):
        parts = path.relative_to(source).parts
        if _LEFT_OUT & set(parts) or path.is_symlink() or not path.is_file():
            continue
        place = target.joinpath(*parts)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, place)
        count += 1
        if count == MOST_FILES:
            break
    return target


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every file below *folder*, by its path there."""
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.rglob("*")) if path.is_file()}


def weight(folder: Path) -> int:
    """Bytes of all files below *folder*."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def listing(ground: Ground) -> Result:
    """Anonymous FTP in the clear: list everything, compare with the disk."""
    with Client(ground.library.url("ftp"), security="plain") as site:
        found = [(folder, entry) for folder, entries in site.walk("") for entry in entries]
    files = [entry for _, entry in found if entry.is_file]
    count = sum(1 for path in ground.tree.rglob("*") if path.is_file())
    check(len(files) == count, f"{len(files)} files listed, {count} are there")
    total = sum(entry.size or 0 for entry in files)
    check(total == weight(ground.tree), "sizes differ from the disk's")
    largest = max(files, key=lambda entry: entry.size or 0)
    return Result(len(found), total, "names and sizes",
                  [f"the largest file is {display(largest.name)}, {size(largest.size)}"])


def ftps_tree(ground: Ground) -> Result:
    """FTPS: the whole tree down, every digest compared."""
    target = ground.folder / "ftps"
    with Client(ground.library.url("ftps"), user="alice", password="secret") as site:  # noqa: S106 - the lab's
        report = site.download_tree("", target, connections=2, progress=ground.bar)
        peer = site.peer
    check(report.ok, f"{len(report.failures)} files failed")
    check(digests(target) == digests(ground.tree), "digests differ")
    return Result(report.files, report.size, "SHA-256 of each",
                  [f"{peer.tls}, {peer.cipher}, sessions resumed on every data connection"])


def async_tree(ground: Ground) -> Result:
    """The same for asyncio, file by file over four connections at once."""
    target = ground.folder / "async"
    before = ground.library.ftp.secure.connections

    async def fetch(names: list[str]) -> None:
        async with _async_site(ground) as site:
            for name in names:
                place = target / name
                place.parent.mkdir(parents=True, exist_ok=True)
                await site.download(name, place, progress=ground.bar)

    async def main() -> int:
        async with _async_site(ground) as site:
            names = [joined(folder, entry.name) async for folder, entries in site.walk("")
                     for entry in entries if entry.is_file]
        await asyncio.gather(*(fetch(names[start::4]) for start in range(4)))
        return len(names)

    count = asyncio.run(main())
    check(ground.library.ftp.secure.connections - before == 5, "there were not four connections")
    check(digests(target) == digests(ground.tree), "digests differ")
    return Result(count, weight(target), "SHA-256 of each")


def _async_site(ground: Ground) -> AsyncClient:
    return AsyncClient(ground.library.url("ftps"), user="alice", password="secret")  # noqa: S106


def upload(ground: Ground) -> Result:
    """The tree up, under temporary names first."""
    with Client(ground.lab.url("ftp"), user="alice", password="secret") as site:  # noqa: S106
        report = site.upload_tree(ground.tree, "/library", connections=2, progress=ground.bar)
        left = [e.name for _, entries in site.walk("/library") for e in entries
                if e.name.endswith(".postel")]
    check(report.ok, f"{len(report.failures)} files failed")
    check(not left, f"temporary names are left: {left[:3]}")
    there = ground.lab.ftp.files.tree("/library")
    here = {f"/library/{name}": digest for name, digest in digests(ground.tree).items()}
    check({name: hashlib.sha256(data).hexdigest() for name, data in there.items()} == here,
          "the server's copy differs")
    return Result(report.files, report.size, "SHA-256 there")


def resume(ground: Ground) -> Result:
    """A download that is cut in the middle, and goes on."""
    data = hashlib.sha256(b"postel").digest() * 262_144
    ground.lab.ftp.files.put("/big.bin", data)
    target = ground.folder / "big.bin"
    cut = len(data) // 3
    ground.lab.ftp.faults.on("RETR", cut=cut)
    url = ground.lab.url("ftp")
    told = []
    try:
        with Client(url) as site:
            site.download("/big.bin", target, progress=ground.bar)
        raise _TourError("the cut was not noticed")
    except Incomplete as error:
        told.append(f"cut on purpose: {error}")
    check(not target.exists(), "a part has the whole file's name")
    with Client(url) as site:
        site.download("/big.bin", target, progress=ground.bar)
        again = [r.data for r in site.trace.records if r.data.startswith(b"REST ")]
    check(len(again) == 1, "it began anew")
    check(target.read_bytes() == data, "the bytes differ")
    told.append(f"went on with {again[0].decode().strip()}, after comparing what was there")
    return Result(1, len(data), "byte for byte", told)


def letter(number: int) -> bytes:
    """A message as people write them: long lines, dots, other scripts."""
    lines = [
        "Return-Path: <ann@example.org>", f"Message-ID: <{number}.tour@lab.test>",
        "From: Ann Example <ann@example.org>", "To: Alice <alice@lab.test>",
        f"Date: Sat, 21 Nov 2026 10:{number // 60 % 60:02d}:{number % 60:02d} +0000",
        f"Subject: Report {number}: =?utf-8?q?=C3=BCber_den_Stand?=", "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit", "",
        f"Dear Alice, this is report {number}.", "", ".", "..two dots", ".hidden",
        "Grüße aus der Werkstatt — 你好 — привет", "x" * (number % 900), "",
        *(f"line {line} of the table | {line * number}" for line in range(number % 40)),
    ]
    return "\r\n".join(lines).encode() + b"\r\n"


def mail(ground: Ground) -> Result:
    """POP3: pipelined, each message once, filed as Maildir."""
    sent = [letter(number) for number in range(_MESSAGES)]
    for message in sent:
        ground.lab.pop3.mailbox("alice").add(message)
    box = Maildir(ground.folder / "mail", sync="batch").create()
    state = ground.folder / "pop3.db"

    def tell(progress: Progress) -> None:
        ground.bar(progress)

    with Mailbox(ground.lab.url("pop3s"), password="secret") as client:  # noqa: S106
        fetched = client.fetch_new(state, box, progress=tell)
    with Mailbox(ground.lab.url("pop3s"), password="secret") as client:  # noqa: S106
        again = client.fetch_new(state, box)
    check(len(fetched) == len(sent), f"{len(fetched)} of {len(sent)} messages")
    check(not again, "the second run fetched something again")
    filed = sorted(message.read() for message in box)
    check(filed == sorted(data.replace(b"\r\n", b"\n") for data in sent), "the mail differs")
    return Result(len(fetched), sum(map(len, sent)), "bytes, each once",
                  ["the second run fetched nothing"])


def refused(ground: Ground) -> Result:
    """Peers that fail, each explained."""
    told: list[str] = []
    lab = ground.lab
    lab.ftp.files.put("/lie.bin", bytes(100_000))
    with lab.relay("ftp", refuse=True) as gone:
        told += _explained(ConnectError, lambda: _visit(gone.url()))
    lab.ftp.faults.on("RETR", b"226 Transfer complete", cut=40_000)
    told += _explained(Incomplete, lambda: _fetch(lab.url("ftp"), ground.folder / "lie.bin"))
    check(not (ground.folder / "lie.bin").exists(), "the short file got its name")
    with lab.relay("ftps", tls="expired") as expired:
        told += _explained(CertificateError, lambda: _visit(expired.url()))
    return Result(3, 0, "words and hint", told)


def _visit(url: str) -> None:
    with Client(url, timeout=10.0) as site:
        site.noop()


def _fetch(url: str, target: Path) -> None:
    with Client(url, timeout=10.0) as site:
        site.download("/lie.bin", target, resume=False)


def _explained(kind: type[PostelError], call: Callable[[], None]) -> list[str]:
    """Call, and tell how the error reads.

    Raises:
        _TourError: there was none, or it says too little.
    """
    try:
        call()
    except kind as error:
        check(bool(error.hint), f"{error} has no hint")
        return [f"{type(error).__name__}: {display(str(error))}", f"  hint: {error.hint}"]
    raise _TourError(f"{kind.__name__} was due, and nothing happened")


FIRST: tuple[tuple[str, Callable[[Ground], Result]], ...] = (
    ("FTP: a tree listed", listing),
    ("FTPS: a tree down", ftps_tree),
    ("FTPS: asyncio, four connections", async_tree),
    ("FTP: a tree up", upload),
    ("FTP: resumed after a cut", resume),
)
"""The rows of FTP, in order: a title, and the function that does it."""

LAST: tuple[tuple[str, Callable[[Ground], Result]], ...] = (
    ("POP3: new mail to a Maildir", mail),
    ("Failures, each explained", refused),
)
"""What comes after all files."""
