"""``postel http``: how an answer looks, to a person and to a program."""

from __future__ import annotations

import base64
import codecs
import json
import re
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import click

from ..http.headers import SECRET, Headers
from ..http.media import parse as parse_type
from ..http.types import Response, Timings, charset
from ..wire.text import display
from .render import size

__all__ = ["head_lines", "pretty", "record", "show_body", "timings_line"]

LARGEST_PRETTY = 4 << 20
"""Bytes of JSON that are laid out; more is shown as it came."""

_JSON_PARTS = re.compile(
    r'(?P<string>"(?:[^"\\]|\\.)*")(?P<name>:)?|(?P<word>true|false|null)|'
    r"(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)")
_COLOURS = {"name": "blue", "string": "green", "word": "magenta", "number": "cyan"}
_TEXT_BREAKS = re.compile(r"\r\n|\r|\n")


def head_lines(answer: Any, *, secrets: bool) -> Iterator[str]:
    """The first line and the fields of an answer, made safe for a terminal.

    Args:
        answer: a `Response`, or one that still flows.
        secrets: show also what is secret: cookies and tokens.
    """
    colour = "green" if answer.status < 300 else "yellow" if answer.status < 400 else "red"
    first = f"{answer.http_version} {answer.status} {display(answer.reason)}".rstrip()
    yield click.style(first, fg=colour, bold=True)
    for name, value in answer.headers.pairs:
        shown = display(value) if secrets else Headers.shown(name, value)
        yield f"{click.style(display(name), fg='cyan')}: {shown}"


def timings_line(timings: Timings) -> str:
    """Where the time went.

    Example:
        >>> timings_line(Timings(0.001, 0.002, 0.0, 0.0305, 0.04))
        'name 1.0 ms · connect 2.0 ms · tls 0.0 ms · first byte 30.5 ms · total 40.0 ms'
    """
    parts = (("name", timings.name), ("connect", timings.connect), ("tls", timings.tls),
             ("first byte", timings.first), ("total", timings.total))
    return " · ".join(f"{name} {seconds * 1000:.1f} ms" for name, seconds in parts)


def pretty(text: str) -> str | None:
    """JSON with one member a line; None where it is no JSON.

    Example:
        >>> print(pretty('{"a":[1,"x"]}'))
        {
          "a": [
            1,
            "x"
          ]
        }
    """
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return None


def coloured(text: str) -> str:
    """JSON in colours: names, texts, words and numbers apart."""
    def paint(match: re.Match[str]) -> str:
        if match["string"]:
            kind = "name" if match["name"] else "string"
            return click.style(match["string"], fg=_COLOURS[kind]) + (match["name"] or "")
        return click.style(match[0], fg=_COLOURS[match.lastgroup or "word"])

    return _JSON_PARTS.sub(paint, text)


def show_body(answer: Any, chunks: Iterable[bytes], *, terminal: bool, layout: bool) -> None:
    """Write the body: byte for byte into a pipe; on a terminal safe to look at.

    Args:
        answer: whose body it is.
        chunks: the body, decoded.
        terminal: whether a person looks at it.
        layout: whether JSON is laid out.
    """
    kind = parse_type(answer.headers.get("content-type", ""))
    if kind is not None and kind.is_json and layout and (
            answer.size is None or answer.size <= LARGEST_PRETTY):
        chunks = _laid_out(answer, chunks, terminal)
    elif terminal:
        chunks = _readable(answer, chunks)
    out = sys.stdout.buffer
    for chunk in chunks:
        out.write(chunk)
        if terminal:
            out.flush()
    out.flush()


def _laid_out(answer: Any, chunks: Iterable[bytes], terminal: bool) -> Iterator[bytes]:
    body, flow = b"", iter(chunks)
    for chunk in flow:
        body += chunk
        if len(body) > LARGEST_PRETTY:
            break
    text = None
    if len(body) <= LARGEST_PRETTY:
        text = pretty(body.decode(charset(answer.headers, body), "replace"))
    if text is None:
        yield from _readable(answer, _chain(body, flow)) if terminal else _chain(body, flow)
        return
    lines = [display(line) for line in text.split("\n")] if terminal else [text]
    text = "\n".join(lines)
    yield ((coloured(text) if terminal and _colours() else text) + "\n").encode("utf-8", "replace")


def _colours() -> bool:
    context = click.get_current_context(silent=True)
    return context is None or context.color is not False


def _chain(first: bytes, rest: Iterable[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from rest


def _readable(answer: Any, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Text with everything escaped that a terminal would obey; of what is none only its size."""
    flow = iter(chunks)
    first = next(flow, b"")
    kind = parse_type(answer.headers.get("content-type", ""))
    if b"\0" in first or (first and not (kind is not None and kind.is_text)
                          and not _is_text(first)):
        count = len(first) + sum(map(len, flow))
        told = kind.essence if kind is not None else "no known type"
        yield f"{size(count)} of {told}, not shown here; -o FILE saves it\n".encode()
        return
    decoder = codecs.getincrementaldecoder(charset(answer.headers, first))("replace")
    last = ""
    for chunk in _chain(first, flow):
        text = decoder.decode(chunk)
        if text:
            last = text[-1]
            yield _safe(text).encode("utf-8", "replace")
    rest = decoder.decode(b"", True)
    if (rest[-1:] or last) not in ("", "\n"):
        yield _safe(rest).encode("utf-8", "replace") + b"\n"


def _is_text(data: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data[:4096])  # one may be cut at the end
    except UnicodeDecodeError:
        return False
    return True


def _safe(text: str) -> str:
    lines = _TEXT_BREAKS.sub("\n", text).split("\n")
    return "\n".join("\t".join(map(display, line.split("\t"))) for line in lines)


def record(answer: Response, *, secrets: bool) -> dict[str, Any]:
    """An answer for programs: one object.

    Args:
        answer: with its content.
        secrets: also what is secret in its fields.
    """
    told = {
        "url": str(answer.url), "method": answer.method, "status": answer.status,
        "reason": answer.reason, "http_version": answer.http_version,
        "headers": [[name, value if secrets or name.lower() not in SECRET else "***"]
                    for name, value in answer.headers.pairs],
        "history": [{"url": str(one.url), "status": one.status} for one in answer.history],
        "timings": {name: round(getattr(answer.timings, name), 6)
                    for name in ("name", "connect", "tls", "first", "total")},
        "size": len(answer.content),
    }
    kind = parse_type(answer.headers.get("content-type", ""))
    if kind is not None and kind.is_json and (value := _value(answer.content)) is not None:
        told["json"] = value[0]
    elif (text := _text(answer)) is not None:
        told["text"] = text
    else:
        told["base64"] = base64.b64encode(answer.content).decode("ascii")
    return told


def _value(content: bytes) -> tuple[Any] | None:
    try:
        return (json.loads(content),)
    except (ValueError, RecursionError):
        return None


def _text(answer: Response) -> str | None:
    try:
        return answer.content.decode(charset(answer.headers, answer.content))
    except UnicodeDecodeError:
        return None
