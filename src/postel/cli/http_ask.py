"""``postel http``: from the words of the command line to a request."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import IOBase
from mimetypes import guess_type
from pathlib import Path
from typing import Any

from ..errors import UsageError

__all__ = ["Ask", "build", "method_and_url"]

_ITEM = re.compile(r"(?P<name>[^=]*?)(?P<mark>:=@|:=|==|=@|=)(?P<value>.*)", re.DOTALL)
_METHOD = re.compile(r"[A-Z]{2,32}")
_PORT_ONLY = re.compile(r":(\d{1,5})?(/.*)?")
_FORM = "application/x-www-form-urlencoded"
_HINT = 'name=text, name:=json, name==query, or @ and a file behind "=": name=@note.txt'


@dataclass
class Ask:
    """A request as the words give it; `options` are those of `Client.stream`."""

    method: str
    url: str
    headers: list[tuple[str, str | None]] = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)

    def fields(self) -> Mapping[str, Any]:
        """The headers for a request; one that is None is left out, even where it is usual."""
        if any(value is None for _, value in self.headers):
            return dict(self.headers)
        from ..http.headers import Headers

        return Headers(self.headers)

    def has(self, name: str) -> bool:
        """Whether a header was given by hand."""
        return any(key.lower() == name for key, _ in self.headers)

    def close(self) -> None:
        """Close the file that is the body."""
        body = self.options.get("content")
        if isinstance(body, IOBase) and body is not sys.stdin.buffer:
            body.close()

    def default(self, name: str, value: str) -> None:
        """Send a header unless another was given by hand."""
        if not self.has(name.lower()):
            self.headers.append((name, value))


def method_and_url(words: Sequence[str], method: str | None) -> tuple[str | None, str, list[str]]:
    """Method (None where it is not said), URL, and the items behind it.

    The first word is a method if it is in capitals and another follows. A URL may be without its
    scheme, and ``:8000/path`` is this machine.

    Args:
        words: the arguments.
        method: what -X says.

    Example:
        >>> method_and_url(["PUT", "example.org/a", "x=1"], None)
        ('PUT', 'example.org/a', ['x=1'])
        >>> method_and_url([":8000/a"], None)
        (None, 'http://localhost:8000/a', [])
    """
    rest = list(words)
    if len(rest) > 1 and _METHOD.fullmatch(rest[0]):
        said = rest.pop(0)
        if method is not None and method != said:
            raise UsageError(f"-X {method} and {said}: which of them?")
        method = said
    if not rest:
        raise UsageError("no URL", hint="postel http [METHOD] URL [ITEM...]")
    url = rest.pop(0)
    if match := _PORT_ONLY.fullmatch(url):
        url = f"http://localhost{url if match[1] else match[2] or ''}"
    return method, url, rest


def build(
    words: Sequence[str],
    *,
    method: str | None,
    headers: Sequence[str],
    data: Sequence[str],
    files: Sequence[str],
    form: bool,
    as_json_body: bool,
    head: bool,
    cookies: Sequence[str],
) -> Ask:
    """The request that the words and options mean.

    Args:
        words: method, URL and items.
        method: -X.
        headers: -H, each ``Name: value``; without a value the header is left out.
        data: -d, text or ``@file``.
        files: -F, each ``name=@file`` or ``name=text``.
        form: -f: items are a form.
        as_json_body: -j: items, or what -d gives, are JSON.
        head: -I.
        cookies: --cookie, each ``name=value``.

    Raises:
        UsageError: they contradict each other, or something is not written as it must be.
    """
    said, url, items = method_and_url(words, method)
    if form and as_json_body:
        raise UsageError("-f and -j: a form or JSON?")
    ask = Ask("", url, [_header(text) for text in headers])
    fields = _items(items, ask)
    if fields and data:
        raise UsageError("-d gives the body, and the items give another", hint="either of them")
    if files and (data or as_json_body):
        raise UsageError("-F makes a form with files: it goes without -d and -j")
    if files:
        ask.options["files"] = [one for text in files if (one := _file(text)) is not None]
        ask.options["data"] = [*_plain(fields), *_texts(files)]
    elif data:
        _with_data(ask, data, as_json_body)
    elif fields or as_json_body:
        _with_fields(ask, fields, form)
    if cookies:
        ask.options["cookies"] = dict(_cookie(text) for text in cookies)
    body = bool(files or data or fields or as_json_body)
    ask.method = said or ("HEAD" if head else "POST" if body else "GET")
    if head and ask.method != "HEAD":
        raise UsageError(f"-I asks for headers alone, and {ask.method} does not")
    return ask


def _header(text: str) -> tuple[str, str | None]:
    name, colon, value = text.partition(":")
    if not colon and name.endswith(";"):
        return name[:-1], ""  # as curl has it: a header without a value
    if not colon:
        raise UsageError("-H: a header without a colon", hint='-H "Name: value", or "Name;"')
    return name.strip(), value.strip() or None


def _cookie(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise UsageError("--cookie: it is written name=value", hint="a file of cookies: -b FILE")
    return name, value


def _items(items: Sequence[str], ask: Ask) -> list[tuple[str, Any]]:
    """The fields of the body; what is for the query goes to *ask* at once."""
    fields: list[tuple[str, Any]] = []
    for text in items:
        match = _ITEM.fullmatch(text)
        if match is None or not match["name"]:
            raise UsageError(f"the item {text[:60]!a} is none", hint=_HINT)
        name, mark, value = match["name"], match["mark"], match["value"]
        if mark == "==":
            ask.options.setdefault("params", []).append((name, value))
            continue
        if mark.endswith("@"):
            value = _read(value).decode("utf-8", "surrogateescape")
        fields.append((name, _json(name, value) if mark.startswith(":") else value))
    return fields


def _json(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"the item {name!a}: what follows := is no JSON: {error}",
                         hint=f"text is written {name}=text") from None


def _plain(fields: Sequence[tuple[str, Any]]) -> list[tuple[str, str]]:
    """Fields of a form: what is no text is written as JSON."""
    return [(name, value if isinstance(value, str) else json.dumps(value))
            for name, value in fields]


def _with_fields(ask: Ask, fields: Sequence[tuple[str, Any]], form: bool) -> None:
    if form:
        ask.options["data"] = _plain(fields)
        return
    members: dict[str, Any] = {}
    for name, value in fields:
        if name in members:
            raise UsageError(f"the item {name!a} comes twice, and a JSON object has it once",
                             hint=f"a list is written {name}:='[1, 2]'")
        members[name] = value
    ask.options["json"] = members
    ask.default("Accept", "application/json, */*;q=0.5")


def _with_data(ask: Ask, data: Sequence[str], as_json_body: bool) -> None:
    if len(data) == 1 and data[0].startswith("@"):
        name = data[0][1:]
        ask.options["content"] = sys.stdin.buffer if name == "-" else _opened(name)
        kind = guess_type(name)[0] or "application/octet-stream"
    else:
        parts = [_read(text[1:]) if text.startswith("@") else
                 text.encode("utf-8", "surrogateescape") for text in data]
        ask.options["content"] = b"&".join(parts)
        kind = _FORM
    if as_json_body:
        kind = "application/json"
        ask.default("Accept", "application/json, */*;q=0.5")
    ask.default("Content-Type", kind)


def _divided(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError(f"-F {text[:60]!a}: a part without a name", hint="-F name=@file")
    return name, value


def _texts(files: Sequence[str]) -> list[tuple[str, str]]:
    """The parts of a form that are no files."""
    return [(name, value) for name, value in map(_divided, files) if not value.startswith("@")]


def _file(text: str) -> tuple[str, Any] | None:
    """A part of a form that is a file, as ``name=@file;type=image/png;filename=x.png``."""
    name, value = _divided(text)
    if not value.startswith("@"):
        return None
    value, kind, file_name = value[1:], None, None
    while match := re.fullmatch(r"(.*?);\s*(type|filename)=([^;]*)", value, re.DOTALL):
        if match[2] == "type" and kind is None:
            kind = match[3]
        elif match[2] == "filename" and file_name is None:
            file_name = match[3]
        value = match[1] + value[match.end():]
    content: Any = _read("-") if value == "-" else _opened(value, keep=False)
    file_name = file_name or ("-" if value == "-" else Path(value).name)
    return (name, (file_name, content, kind) if kind else (file_name, content))


def _opened(name: str, *, keep: bool = True) -> Any:
    path = Path(name)
    try:
        file = path.open("rb")
    except OSError as error:
        raise UsageError(f"read {name}: {error.strerror}",
                         hint='"-" is the standard input') from None
    if keep:
        return file
    file.close()
    return path


def _read(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read()
    with _opened(name) as file:
        return bytes(file.read())
