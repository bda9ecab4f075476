"""What real servers said, as MailKit and James have collected it: read as typed results."""

from __future__ import annotations

import os
import pickle
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from postel.errors import NotSupported, PostelError, ProtocolError, UsageError
from postel.imap import responses
from postel.imap.fetched import fetched, selected
from postel.imap.query_text import query
from postel.imap.query_words import search_words
from postel.imap.types import Fetched, Folder
from postel.imap.wire import Command, Event, Reply, Untagged, Wire

CORPORA = Path(os.environ.get("POSTEL_CORPORA", Path(__file__).resolve().parents[3] / "shared"
                              / "corpora"))
MAILKIT = CORPORA / "transcripts" / "mailkit" / "imap"
FILES = sorted(MAILKIT.rglob("*.txt"))
JAMES = sorted((CORPORA / "transcripts" / "james-mpt" / "imap").rglob("*.test"))
KINDS: dict[str, Callable[[Untagged], object]] = {
    "FETCH": fetched, "LIST": responses.folder, "LSUB": responses.folder, "XLIST": responses.folder,
    "STATUS": responses.status, "SEARCH": responses.found, "ESEARCH": responses.found,
    "SORT": responses.found, "THREAD": responses.thread, "VANISHED": responses.vanished,
    "QUOTA": responses.quota, "QUOTAROOT": responses.quota_root, "ACL": responses.acl,
    "MYRIGHTS": responses.my_rights, "LISTRIGHTS": responses.list_rights,
    "METADATA": responses.metadata, "NAMESPACE": responses.namespaces, "ID": responses.identity,
    "ENABLED": responses.enabled, "CAPABILITY": responses.capabilities,
}
CODES: dict[str, Callable[[Reply], object]] = {
    "COPYUID": responses.copied, "APPENDUID": responses.appended, "MODIFIED": responses.modified,
    "CAPABILITY": responses.capabilities, "INPROGRESS": responses.progress}
mailkit = pytest.mark.skipif(not FILES, reason="MailKit's responses are not there: transcripts/mailkit")
james = pytest.mark.skipif(not JAMES, reason="James's dialogues are not there: transcripts/james-mpt")


def events(data: bytes, step: int = 1 << 20) -> Iterator[Event]:
    wire = Wire()
    wire.feed(b"* OK ready\r\n")
    wire.next_event()
    wire.send(Command(b"ANYTHING", takes=frozenset(KINDS), waits=True))
    for start in range(0, len(data), step):
        wire.feed(data[start : start + step])
        while (event := wire.next_event()) is not None:
            yield event[1]


def typed(data: bytes, step: int = 1 << 20) -> list[object]:
    """Everything that has a type, and what a folder's opening told."""
    found, all_of_it = list[object](), list[Untagged | Reply]()
    for event in events(data, step):
        if isinstance(event, Untagged | Reply):
            all_of_it.append(event)
        if isinstance(event, Untagged) and event.name in KINDS:
            found.append(KINDS[event.name](event))
        elif isinstance(event, Reply) and event.code in CODES:
            found.append(CODES[event.code](event))
    return [*found, selected("x", b"x", all_of_it)]


def content(path: Path) -> bytes:
    data = path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return data.replace(b"A########", b"A1")


def looked_at(one: object) -> None:
    if isinstance(one, Fetched):
        if one.envelope is not None:
            repr(one.envelope), one.envelope.cc, one.envelope.bcc, one.envelope.reply_to
        if one.structure is not None:
            repr(list(one.structure.walk())), one.structure.text, one.structure.attachments
    assert pickle.loads(pickle.dumps(one)) == one


@mailkit
def test_all_that_servers_said_has_a_type() -> None:
    count = 0
    for path in FILES:
        data = content(path)
        once = typed(data)
        assert once == typed(data, 1), path.name
        for one in once:
            looked_at(one)
            count += 1
    assert count > 300


@mailkit
@pytest.mark.slow
def test_cut_off_at_every_byte() -> None:
    for path in FILES:
        data = content(path)[:6_000]
        whole = typed(data)[:-1] if len(data) < 6_000 else None
        for end in range(0, len(data), 1 if len(data) < 2_000 else 7):
            try:
                part = typed(data[:end])[:-1]
            except ProtocolError:
                continue
            if whole is not None:
                assert part == whole[: len(part)], f"{path.name} at {end}"


@mailkit
def test_what_single_servers_do() -> None:
    domino = [one for one in typed(content(MAILKIT / "domino" / "fetch-extra-parens.txt"))
              if isinstance(one, Fetched)]
    assert len(domino) > 5
    assert all(one.uid and one.envelope and one.structure for one in domino)
    folders = {(one.name, one.role) for path in FILES for one in typed(content(path))
               if isinstance(one, Folder)}
    assert ("INBOX", "inbox") in folders
    assert {role for _, role in folders} >= {"sent", "trash", "drafts", "junk"}


ESCAPED = re.compile(r"\\([^A-Za-z0-9])")
STILL = re.compile(r"(?<!\\)[.*+?\[\](){}|^$]")


@james
def test_what_james_says() -> None:
    count = kinds = 0
    for path in JAMES:
        for line in path.read_text("utf-8", "replace").splitlines():
            if not line.startswith("S: \\*") or STILL.search(line[5:].replace("''", "")):
                continue
            said = ESCAPED.sub(r"\1", line[3:])
            if re.search(r"\\[dws]", said) or re.search(r"\{\d+\}$", said):
                continue
            try:
                found = typed(said.encode() + b"\r\n")
            except ProtocolError:
                pytest.fail(f"{path.name}: {said}")
            count += 1
            kinds += len(found) > 1
            for one in found:
                looked_at(one)
    assert count > 1_000
    assert kinds > 200


@james
def test_what_james_is_asked() -> None:
    texts = {match[1] for path in JAMES for line in path.read_text("utf-8", "replace").splitlines()
             if (match := re.match(r"C: \S+ (?:UID )?SEARCH (.*\S)", line))
             and not re.search(r"CHARSET|RETURN|\{\d+\}|\$\{", match[1])}
    assert len(texts) > 120
    read, refused = 0, list[str]()
    for text in sorted(texts):
        try:
            asked = query(text)
        except UsageError:
            refused.append(text)
            continue
        try:
            words = search_words(asked, ["OBJECTID", "WITHIN", "SAVEDATE", "CONDSTORE"])
        except NotSupported:
            continue
        again = b"".join(word for word in words if isinstance(word, bytes)).decode()
        assert query(again) == asked, text
        read += 1
    assert read > 100
    assert len(refused) < 12, refused


def test_errors_are_ours() -> None:
    with pytest.raises(PostelError):
        list(events(b"* 1 FETCH " + b"(" * 2_000 + b"\r\n"))
