"""URLs as browsers read them: the WHATWG's tests, and Unicode's for host names."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from ipaddress import IPv6Address
from pathlib import Path
from typing import Any

import pytest

from postel.errors import PostelError, UsageError
from postel.http.redirects import resolve
from postel.urls import DEFAULT_PORTS, URL, parse

Corpora = Callable[[str], Path]

DELIBERATE = {
    "holds a space or control character": "browsers drop or encode them; a typed one is an error",
    "invisible character": "two URLs that look the same would differ",
    "begins no port": "an empty port, port 0 or leading zeros: one spelling for one port",
    'more than one "@"': "some take the first, some the last: the host is in doubt",
    "semicolon or backslash": "browsers take a backslash for a slash, RFC 3986 does not",
    "holds a character that a URL cannot": "RFC 3986 has no such character outside an escape",
    'holds "%" without two hex digits': "an escape that is none, RFC 3986 section 2.1",
    "holds CR, LF or NUL": "decoded, it would begin another command",
    "is not a host name": "browsers decode percent-encoded hosts and allow punctuation in them",
    "is no IPv4 address": "shorthands name other machines to other resolvers",
    "has no one ASCII form": "IDNA 2003 and 2008 name different hosts",
}
"""Why Postel refuses URLs that browsers accept; every refusal must be one of these."""


def whatwg_cases(corpora: Corpora) -> list[dict[str, Any]]:
    text = corpora("url/urltestdata.json").read_text(encoding="utf-8")
    return [case for case in json.loads(text) if isinstance(case, dict)]


def test_whatwg_nothing_but_usage_errors(corpora: Corpora) -> None:
    for case in whatwg_cases(corpora):
        for default in (None, "ftp", "http", "file"):
            try:
                url = parse(case["input"], default_scheme=default)
            except UsageError:
                continue
            assert parse(url.reveal()) == url


def test_whatwg_failures_are_refused(corpora: Corpora) -> None:
    refused = 0
    for case in whatwg_cases(corpora):
        if case.get("failure"):
            with pytest.raises(UsageError):
                parse(case["input"])
            refused += 1
    print(f"WHATWG failures: {refused} refused, 0 accepted")  # noqa: T201
    assert refused >= 100


def without_dots(path: str) -> str:
    """Browsers take "." and ".." out of a path when they read it; Postel keeps what was written."""
    kept: list[str] = []
    parts = path.split("/")[1:] or [""]
    for number, part in enumerate(parts):
        plain = part.lower().replace("%2e", ".")
        if plain == "..":
            kept[-1:] = []
        elif plain != ".":
            kept.append(part)
        if plain in (".", "..") and number == len(parts) - 1:
            kept.append("")
    return "/" + "/".join(kept)


def test_whatwg_agreement(corpora: Corpora) -> None:
    score: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for case in whatwg_cases(corpora):
        scheme = case.get("protocol", "").removesuffix(":")
        if case.get("failure") or scheme not in DEFAULT_PORTS or "://" not in case["input"]:
            continue
        url, told = attempt(case["input"])
        if url is None:
            reasons[next(part for part in DELIBERATE if part in told)] += 1
        elif scheme in ("ftp", "http", "https"):
            assert_same_place(url, case)
            score["agreed"] += 1
    assert set(reasons) == set(DELIBERATE), "a reason that no case needs"
    print(f"WHATWG successes: {dict(score)}, refused {reasons.total()}: {dict(reasons)}")  # noqa: T201
    assert score["agreed"] >= 40


def attempt(text: str) -> tuple[URL | None, str]:
    try:
        return parse(text), ""
    except UsageError as error:
        return None, error.message


def assert_same_place(url: URL, case: dict[str, Any]) -> None:
    default = DEFAULT_PORTS[url.scheme]
    assert (url.port or default) == (int(case["port"]) if case["port"] else default)
    assert without_dots(url.path) == case["pathname"]
    if ":" in url.host:
        assert IPv6Address(url.host) == IPv6Address(case["hostname"].strip("[]"))
    else:
        assert url.host == case["hostname"]


def test_whatwg_setters(corpora: Corpora) -> None:
    setters = json.loads(corpora("url/setters_tests.json").read_text(encoding="utf-8"))
    score: Counter[str] = Counter()
    fields = {"hostname": "host", "username": "user", "password": "password", "pathname": "path",
              "protocol": "scheme"}  # fmt: skip
    for name, field in fields.items():
        for case in setters[name]:
            try:
                changed = parse(case["href"]).with_(**{field: case["new_value"]})
            except UsageError:
                score["refused"] += 1
                continue
            assert parse(changed.reveal()) == changed
            if field == "host" and ":" not in changed.host:
                assert changed.host == case["expected"]["hostname"]
            score["accepted"] += 1
    print(f"WHATWG setters: {dict(score)}")  # noqa: T201
    assert score["accepted"] >= 8


def unescaped(text: str) -> str:
    text = re.sub(r"\\u([0-9A-F]{4})", lambda code: chr(int(code[1], 16)), text)
    text = re.sub(r"\\x\{([0-9A-F]+)\}", lambda code: chr(int(code[1], 16)), text)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def test_idna_names_the_same_host_or_none(corpora: Corpora) -> None:
    score: Counter[str] = Counter()
    lines = corpora("url/IdnaTestV2-Unicode16.txt").read_text(encoding="utf-8").splitlines()
    for line in lines:
        columns = [unescaped(column.strip()) for column in line.partition("#")[0].split(";")]
        if len(columns) < 5:
            continue
        source, to_unicode, status, to_ascii, ascii_status = columns[:5]
        if (ascii_status or status) not in ("", "[]"):
            continue  # not valid: whatever comes out, no registry will hold it
        try:
            host = URL("ftp", None, None, source, None).host
        except UsageError:
            score["refused"] += 1
            continue
        assert host == (to_ascii or to_unicode or source)
        score["same"] += 1
    print(f"IDNA, valid names: {dict(score)}")  # noqa: T201
    assert score["same"] >= 200


def test_whatwg_references(corpora: Corpora) -> None:
    """What a Location leads to: the place that browsers take it for, or an error; never another."""
    score: Counter[str] = Counter()
    for case in whatwg_cases(corpora):
        if not (case.get("base") or "").startswith(("http:", "https:")):
            continue
        base = parse(case["base"])
        try:
            url = resolve(base, case["input"])
        except PostelError:
            score["refused, as browsers do" if case.get("failure") else "refused"] += 1
            continue
        assert not case.get("failure"), case
        if case["protocol"] not in ("http:", "https:"):
            score["another scheme"] += 1
            continue
        assert_same_place(url, case)
        assert url.user is None
        assert (url.query or "") == case["search"].removeprefix("?").replace("`", "%60").replace(
            "{", "%7B").replace("}", "%7D")
        score["same"] += 1
    print(f"WHATWG references: {dict(score)}")  # noqa: T201
    assert score["same"] >= 30
