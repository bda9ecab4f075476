"""Other people's messages: read as they say, or as the standard library does; kept byte for byte.

`pytest -s` shows the scores of `SCORES.md`.
"""

from __future__ import annotations

import email
import json
import re
import tarfile
import warnings
from collections.abc import Callable, Iterator
from email.message import Message
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from postel.messages import (
    Address,
    Parsed,
    Part,
    parse,
    parse_addresses,
    parse_date,
    parse_ids,
    parse_parameters,
)
from postel.messages.embedded import find_embedded
from postel.messages.headers import unfolded

Corpora = Callable[[str], Path]


def say(*words: object) -> None:
    print(*words)  # noqa: T201


def lines(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def flat(root: Part) -> list[Part]:
    """The parts of one message: what is in messages within it is not among them."""
    found, todo = [], [root]
    while todo:
        part = todo.pop()
        found.append(part)
        if part.content_type.startswith("multipart/"):
            todo.extend(reversed(part.children))
    return found


# mime4j: fields, structure, preamble, epilogue and decoded bodies

MIME4J = {
    "basic-plain-with-bad-header-separator", "malformedHeader-noheader",
    "malformedHeaderStartsBody-nocrlfcrlf", "malformedHeaderStartsBody-noheader",
    "missing-boundary", "missing-inner-boundary", "very-long-boundary", "very-very-long-boundary",
    "weird-boundary",
}
"""Read otherwise; SCORES.md says why."""


def mime4j(path: Path) -> str:
    """How a message differs from what mime4j expects, or ""."""
    root = ElementTree.fromstring(
        path.with_name(f"{path.stem}_decoded.xml").read_text("latin-1").encode())
    todo = [(parse(path.read_bytes()).root, root)]
    while todo:
        part, expected = todo.pop()
        want = [" ".join((field.text or "").split()) for field in expected.findall("header/field")]
        have = [" ".join(field.raw.decode("latin-1").split()) for field in part.headers
                if field.name]
        if have != want:
            return "fields"
        multipart = expected.find("multipart")
        if multipart is not None:
            inner = multipart.findall("body-part")
            if len(inner) != len(part.children):
                return "parts"
            todo += zip(part.children, inner, strict=True)
            for name, raw in (("preamble", part.preamble), ("epilogue", part.epilogue)):
                if (multipart.findtext(name) or "").strip() != (
                        lines(raw).decode("latin-1").strip()):
                    return name
        for kind in ("text-body", "binary-body"):
            body = expected.find(kind)
            if body is not None:
                data = path.with_name(body.get("name", "")).read_bytes()
                if lines(part.content) != lines(data):
                    return kind
        if (message := expected.find("message")) is not None:
            if not part.children:
                return "message"
            todo.append((part.children[0], message))
    return ""


def test_mime4j(corpora: Corpora) -> None:
    paths = sorted(corpora("mail/mime4j-testmsgs").glob("*.msg"))
    differ = {path.stem for path in paths if mime4j(path)}
    say(f"mime4j: {len(paths) - len(differ)} of {len(paths)}")
    assert differ == MIME4J


# stalwart: offsets, structure, bodies, what is text and what is attached

STALWART_MALFORMED = {"000", "001", "003", "004", "006", "007", "008", "009", "011", "012", "013",
                      "014", "016", "017", "019", "020", "021", "022"}
STALWART_RFC = {"000"}


def stalwart(message: Parsed, expected: dict[str, Any]) -> str:
    parts = flat(message.root)
    number = {id(part): at for at, part in enumerate(parts)}
    if len(parts) != len(expected["parts"]):
        return "parts"
    for found, key in ((message.text_parts, "text_body"), (message.html_parts, "html_body"),
                       (message.attached_parts, "attachments")):
        if [number[id(part)] for part in found] != expected[key]:
            return key
    for part, want in zip(parts, expected["parts"], strict=True):
        if (part.start, part.body, part.end) != (
                want["offset_header"], want["offset_body"], want["offset_end"]):
            return "offsets"
        if not isinstance(want["body"], dict):
            continue
        ((kind, body),) = want["body"].items()
        if kind in ("Text", "Html") and str(part.decoded) != body.replace("\r\n", "\n"):
            return "text"
        if kind in ("Binary", "InlineBinary") and list(part.content) != body:
            return "content"
        if kind == "Multipart" and [number[id(one)] for one in part.children] != body:
            return "children"
        if kind == "Message" and part.message is None:
            return "message"
    return ""


@pytest.mark.parametrize(("folder", "known"), [
    ("malformed", STALWART_MALFORMED), ("rfc", STALWART_RFC)])
def test_stalwart(corpora: Corpora, folder: str, known: set[str]) -> None:
    differ, count = set(), 0
    for path in sorted((corpora("mail/stalwart") / folder).glob("*.eml")):
        for end, ending in ((b"\n", ".json"), (b"\r\n", ".crlf.json")):
            expected = path.with_suffix(ending)
            if expected.exists():
                count += 1
                raw = lines(path.read_bytes()).replace(b"\n", end)
                if stalwart(parse(raw), json.loads(expected.read_text("utf-8"))):
                    differ.add(path.stem)
    say(f"stalwart {folder}: {len(differ)} of {count // 2} differ: {sorted(differ)}")
    assert count
    assert differ == known


def boxes(found: Any) -> Any:
    return [{"name": one.name or None, "address": one.address or None} for one in found]


def grouped(text: str) -> dict[str, Any]:
    found = parse_addresses(text)
    if all(isinstance(one, Address) for one in found):
        return {"List": boxes(found)}
    groups: list[dict[str, Any]] = []
    for one in found:
        if not isinstance(one, Address):
            groups.append({"name": one.name or None, "addresses": boxes(one.members)})
        elif groups and groups[-1]["name"] is None:
            groups[-1]["addresses"] += boxes([one])
        else:
            groups.append({"name": None, "addresses": boxes([one])})
    return {"Group": groups}


def media(text: str) -> Any:
    word, found = parse_parameters(text)
    main, slash, sub = word.partition("/")
    if not main or (slash and not sub):
        return None
    return {"c_type": main, "c_subtype": sub or None,
            "attributes": sorted(map(list, found.items())) or None}


def moment(text: str) -> Any:
    when = parse_date(text)
    if when is None:
        return None
    minutes = int(when.strftime("%z")[:3]) * 60
    minutes += int(when.strftime("%z")[3:]) * (-1 if minutes < 0 else 1)
    return {"year": when.year, "month": when.month, "day": when.day, "hour": when.hour,
            "minute": when.minute, "second": when.second, "tz_before_gmt": minutes < 0,
            "tz_hour": abs(minutes) // 60, "tz_minute": abs(minutes) % 60}


@pytest.mark.parametrize(("name", "read", "as_expected"), [
    ("address", grouped, 24), ("content_type", media, 46), ("date", moment, 17),
    ("id", lambda text: list(parse_ids(text)), 4),
    ("list", lambda text: list(parse(b"Keywords:" + text.encode()).headers.listed("keywords")), 4),
    ("unstructured", lambda text: parse(b"Subject:" + text.encode() + b"\n\n").subject, 11),
])
def test_stalwart_fields(corpora: Corpora, name: str, read: Callable[[str], Any],
                         as_expected: int) -> None:
    cases = json.loads((corpora("mail/stalwart") / "fields" / f"{name}.json").read_text("utf-8"))
    good = 0
    for case in cases:
        want = case["expected"]
        if name == "content_type" and want and want.setdefault("attributes", None):
            want["attributes"] = sorted(want["attributes"])
        header = case["header"]
        found = read(header if name in ("list", "unstructured") else unfolded(header.encode()))
        good += found == want
        if found != want:
            say(f"{name}: {header!r}\n  {found}\n  {want}")
    say(f"stalwart {name}: {good} of {len(cases)}")
    assert good == as_expected


# MimeKit: files in yEnc within articles


def test_yenc_in_articles(corpora: Corpora) -> None:
    folder = corpora("mail/mimekit/yenc")
    pieces = []
    for name in ("00000020.ntx", "00000021.ntx"):
        (one,) = find_embedded(parse((folder / name).read_bytes()).root)
        assert one.filename == "joystick.jpg"
        assert one.defects == ()
        pieces.append((one.number, one.content))
    assert b"".join(data for _, data in sorted(pieces)) == (folder / "joystick.jpg").read_bytes()
    (only,) = parse((folder / "simple.msg").read_bytes()).attachments
    assert (only.name, len(only.content)) == ("testfile.txt", 584)


# the others: the standard library as the oracle

Leaf = tuple[str, str, bytes | None]


def library(raw: bytes) -> tuple[list[Leaf], list[str]]:
    """Type, name and content of all parts, and the names of the fields."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        message = email.message_from_bytes(raw)
        found: list[Leaf] = []
        todo: list[Message] = [message]
        while todo:
            part = todo.pop()
            kind = part.get_content_type()
            # blocks of fields are no messages, and a partial message is none yet
            whole = part.is_multipart() and not (
                kind.startswith("message/") and kind not in ("message/rfc822", "message/global"))
            payload = part.get_payload(decode=True) if not part.is_multipart() else None
            found.append((kind, part.get_filename() or "",
                          payload if isinstance(payload, bytes) else None))
            if whole:
                todo.extend(reversed(part.get_payload()))  # type: ignore[arg-type]
        return found, [name.lower() for name in message]


_TRAILING = re.compile(rb"[ \t]+(?=\r?\n|\Z)")


def same(ours: bytes | None, theirs: bytes | None) -> bool:
    if ours is None or theirs is None:
        return True
    return lines(ours).rstrip(b"\n") == lines(theirs).rstrip(b"\n") or (
        # the library keeps white space at the ends of quoted-printable lines (RFC 2045 6.7 (3))
        lines(_TRAILING.sub(b"", ours)).rstrip() == lines(_TRAILING.sub(b"", theirs)).rstrip())


def differs(raw: bytes) -> str:
    message = parse(raw)
    assert bytes(message) == raw
    ours = [(part.content_type, part.filename or "", None if part.children else part.content)
            for part in message.walk()]
    theirs, names = library(raw)
    if [one[0] for one in ours] != [one[0] for one in theirs]:
        return "types"
    for (_, name, content), (_, their_name, their_content) in zip(ours, theirs, strict=True):
        if not same(content, their_content):
            return "content"
        if name != their_name and "=?" not in their_name:
            return "filename"
    return "" if [field.name.lower() for field in message.headers if field.name] == names else (
        "fields")


def score(name: str, messages: Iterator[tuple[str, bytes]]) -> dict[str, str]:
    count, found = 0, {}
    for label, raw in messages:
        count += 1
        if how := differs(raw):
            found[label] = how
    say(f"{name}: {count - len(found)} of {count} as the library has them; {found}")
    assert count
    return found


def files(folder: Path, *patterns: str) -> Iterator[tuple[str, bytes]]:
    for pattern in patterns:
        for path in sorted(folder.glob(pattern)):
            if path.is_file():
                yield path.name, path.read_bytes()


@cache
def archived(path: Path) -> list[tuple[str, bytes]]:
    with tarfile.open(path) as archive:
        return [(member.name, file.read()) for member in archive
                if (file := archive.extractfile(member)) is not None]


ORACLE = [
    ("cpython", ("**/*",), 4), ("james", ("**/*.eml", "**/*.mime*"), 5),
    ("mimekit", ("messages/**/*", "dkim/**/*", "smime/**/*.eml", "partial/**/*"), 4),
    ("sisimai-bounces", ("**/*.eml",), 6),
]


@pytest.mark.slow
@pytest.mark.parametrize(("folder", "patterns", "most"), ORACLE)
def test_collections(corpora: Corpora, folder: str, patterns: tuple[str, ...], most: int) -> None:
    assert len(score(folder, files(corpora(f"mail/{folder}"), *patterns))) <= most


BULK = [("spamassassin", 3000, 4), ("mailing-list-usrp-users", 1005, 0),
        ("usenet-comp.lang.cobol", 3000, 0)]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "count", "most"), BULK)
def test_bulk(corpora: Corpora, name: str, count: int, most: int) -> None:
    messages = archived(corpora("bulk") / f"{name}.tar.xz")
    assert len(messages) == count
    assert len(score(name, iter(messages))) <= most


@pytest.mark.slow
@pytest.mark.parametrize(("name", "count", "most"), BULK)
def test_bulk_comes_out_as_it_went_in(corpora: Corpora, name: str, count: int, most: int) -> None:
    for _, raw in archived(corpora("bulk") / f"{name}.tar.xz"):
        message = parse(raw)
        root = message.root
        whole = b"".join(field.raw for field in message.headers) + raw[
            root.headers.end : root.body] + root.encoded
        assert whole == raw == bytes(message)
        for part in message.walk():
            if part.raw is raw and part.is_multipart:
                at = part.body
                for child in part.children:
                    assert at <= child.start <= child.body <= child.end <= part.end
                    at = child.end


# a second oracle, written in another language


def second(raw: bytes) -> str:
    """How our parts differ from those of fast-mail-parser, or ""."""
    fast = pytest.importorskip("fast_mail_parser")
    try:
        root = fast.parse_email_tree(raw)
    except fast.ParseError:
        return "refused"
    theirs: list[tuple[str, bytes | None]] = []
    todo = [root]
    while todo:
        part = todo.pop()
        theirs.append((part.content_type.lower(), None if part.children else part.content))
        todo.extend(reversed(part.children))
    ours = [(part.content_type, None if part.children else part.content)
            for part in parse(raw).walk()]
    if [kind for kind, _ in ours] != [kind for kind, _ in theirs]:
        return "types"
    return "" if all(same(mine, other) for (_, mine), (_, other) in zip(
        ours, theirs, strict=True)) else "content"


@pytest.mark.slow
@pytest.mark.parametrize(("name", "count", "most"), [
    ("spamassassin", 3000, 10), ("mailing-list-usrp-users", 1005, 0),
    ("usenet-comp.lang.cobol", 3000, 0)])
def test_bulk_as_another_parser_has_it(corpora: Corpora, name: str, count: int, most: int) -> None:
    found: dict[str, list[str]] = {}
    for label, raw in archived(corpora("bulk") / f"{name}.tar.xz"):
        if how := second(raw):
            found.setdefault(how, []).append(label)
    differ = sum(len(labels) for labels in found.values())
    say(f"{name}: {count - differ} of {count} as fast-mail-parser has them;",
          {how: (len(labels), labels[:8]) for how, labels in found.items()})
    assert differ <= most
