"""Whether a contender really did its work: no time counts before this says so.

Each check returns "" or the reason why the run does not count.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from bench.letters import PAPER, SUBJECT, TEXT, WHO
from bench.material import message

__all__ = ["bsmtp", "composed", "counted", "folder_of_messages", "found", "listed",
           "maildir_of_messages", "planned", "same_file", "same_tree", "summed"]

_BLOCK = 1024 * 1024
_NUMBER = re.compile(rb"^X-Bench: (\d+)\r?$", re.MULTILINE)
_FILE = re.compile(rb"file-(\d{6})\.dat")
_ENTRY = re.compile(rb"entry-(\d{6})\.dat")


def same_file(path: Path, source: Path) -> str:
    """*path* holds the same bytes as *source*."""
    if not path.is_file():
        return "no file arrived"
    size, expected = path.stat().st_size, source.stat().st_size
    if size != expected:
        return f"{size} bytes arrived instead of {expected}"
    with path.open("rb") as one, source.open("rb") as two:
        while block := one.read(_BLOCK):
            if block != two.read(_BLOCK):
                return f"wrong bytes before offset {one.tell()}"
    return ""


def same_tree(path: Path, source: Path) -> str:
    """*path* holds the same files as *source*, with the same bytes, and no other."""
    arrived, expected = set(_names(path)), set(_names(source))
    if missing := expected - arrived:
        return f"{len(missing)} of {len(expected)} files are missing"
    if extra := arrived - expected:
        return f"{len(extra)} files too many, such as {min(extra)}"
    for name in expected:
        if (path / name).read_bytes() != (source / name).read_bytes():
            return f"wrong bytes in {name}"
    return ""


def counted(output: Path, count: int, total: int) -> str:
    """A Python contender's summary names *count* entries of *total* bytes together."""
    said = json.loads(output.read_text().splitlines()[-1])
    if (said["count"], said["bytes"]) != (count, total):
        return f"{said['count']} entries of {said['bytes']} bytes instead of {count} of {total}"
    return ""


def composed(output: Path, last: Path, count: int, *, attached: bool) -> str:
    """*count* messages were made, and the last of them says what it should."""
    said = json.loads(output.read_text().splitlines()[-1])
    if said["count"] != count:
        return f"{said['count']} messages instead of {count}"
    found = message_from_bytes(last.read_bytes(), policy=policy.default)
    body = found.get_body(("plain",)) if isinstance(found, EmailMessage) else None
    if not isinstance(found, EmailMessage) or body is None or found["Subject"] != SUBJECT:
        return "the last message says something else"
    if body.get_content().replace("\r\n", "\n") != TEXT:
        return "the last message has another text"
    if [one.addr_spec for one in found["To"].addresses] != [address for _, address in WHO]:
        return "the last message is to somebody else"
    if attached and [one.get_content() for one in found.iter_attachments()] != [PAPER]:
        return "the last message has another file"
    return ""


def summed(output: Path, count: int, total: int) -> str:
    """A summary, or the sizes that a tool wrote line by line, come to *count* and *total*."""
    lines = output.read_text().splitlines()
    if lines and lines[-1].startswith("{"):
        return counted(output, count, total)
    sizes = [int(line) for line in lines if line.isdigit()]
    if (len(sizes), sum(sizes)) != (count, total):
        return f"{len(sizes)} answers of {sum(sizes)} bytes instead of {count} of {total}"
    return ""


def listed(output: Path, count: int) -> str:
    """The listing that a tool wrote names each of *count* entries."""
    names = set(_ENTRY.findall(output.read_bytes())) if output.exists() else set()
    return "" if len(names) == count else f"{len(names)} names instead of {count}"


def planned(outputs: list[Path], count: int) -> str:
    """What a dry run wrote names each of *count* files."""
    names = {name for path in outputs if path.exists() for name in _FILE.findall(path.read_bytes())}
    return "" if len(names) == count else f"{len(names)} names instead of {count}"


def folder_of_messages(folder: Path, count: int) -> str:
    """Some files below *folder*, one message each, are messages 1 to *count*."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name[0] != ".")
    return _messages((path.read_bytes() for path in files), count)


def maildir_of_messages(folder: Path, count: int) -> str:
    """A Maildir of a mail server holds messages 1 to *count*, beside files of its own."""
    files = (path for name in ("cur", "new") for path in (folder / name).glob("*"))
    return _messages((path.read_bytes() for path in files), count)


def found(output: Path, words: bytes) -> str:
    """What was printed has these words in it."""
    return "" if words in output.read_bytes() else f"{words.decode()} was not found"


def bsmtp(path: Path, count: int) -> str:
    """A batch of SMTP commands holds messages 1 to *count*."""
    if not path.exists():
        return "no file arrived"
    text = path.read_bytes().replace(b"\r\n", b"\n")
    bodies = (part.partition(b"\n.\n")[0] for part in text.split(b"\nDATA\n")[1:])
    return _messages((body.replace(b"\n..", b"\n.") + b"\n" for body in bodies), count)


def _messages(found: Iterator[bytes], count: int) -> str:
    seen: set[int] = set()
    for data in found:
        match = _NUMBER.search(data)
        if match is None:
            return "something arrived that is no message of ours"
        number = int(match[1])
        if _body(data) != _body(message(number)):
            return f"message {number} arrived altered"
        if number in seen:
            return f"message {number} arrived twice"
        seen.add(number)
    return "" if len(seen) == count else f"{len(seen)} messages instead of {count}"


def _body(data: bytes) -> bytes:
    """The body with bare line ends; header fields may be added on the way (Received)."""
    return data.replace(b"\r\n", b"\n").partition(b"\n\n")[2].rstrip(b"\n")


def _names(root: Path) -> Iterator[str]:
    return (str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
