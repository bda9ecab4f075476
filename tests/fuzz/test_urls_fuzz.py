"""URLs out of anything at all: a URL that prints back to itself, or a UsageError, nothing else."""

from __future__ import annotations

import string
from contextlib import suppress

from hypothesis import example, given
from hypothesis import strategies as st

from postel.errors import UsageError
from postel.secrets import Secret
from postel.urls import DEFAULT_PORTS, LONGEST, URL, ftp_path, is_local, parse, quote, unquote

ANYTHING = st.text(st.characters(), max_size=80)  # surrogates and controls too
PIECES = st.lists(
    st.sampled_from([
        *"/:@?#[]%;\\.& \r\n\0=-~|", "://", "ftp://", "http://", "file://", "dns://", "%0A", "%00",
        "%2F", "%25", "%ff", "%", "alice", "secret", "host", "example.org", "127.0.0.1", "127.1",
        "0x7f", "[::1]", "::1", "fe80::1%25lo", "xn--", "xn--bcher-kva", "ü", "ß", "。", "☃",
        "\u202e", "\udcff", "\ud800", ":21", ":0", ":65536", ";type=a", "..", "//",
    ]), max_size=14,
).map("".join)  # fmt: skip
NOISE = ANYTHING | PIECES | ANYTHING.map("ftp://".__add__) | PIECES.map("http://h/".__add__)

LABEL = st.from_regex(r"[a-z_][a-z0-9_]{0,9}", fullmatch=True)
HOST = st.lists(LABEL, min_size=1, max_size=4).map(".".join)
HOST |= st.ip_addresses(v=4).map(str) | st.ip_addresses(v=6).map(str)
PCHAR = st.sampled_from([*string.ascii_letters, *string.digits, *"-._~!$&'()*+,;=:@", "%2F", "%c3"])
PATH = st.lists(st.lists(PCHAR, max_size=6).map("".join), max_size=5).map(
    lambda parts: "".join(f"/{part}" for part in parts)
)
TAIL = st.none() | st.lists(PCHAR | st.sampled_from("/?"), max_size=8).map("".join)
CLEAN = st.text(
    st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=20
)
PORT = st.none() | st.integers(1, 65_535)
SCHEME = st.sampled_from(sorted(DEFAULT_PORTS))

# Upper-case letters and a euro sign: nothing else in these URLs holds them by chance.
PASSWORD = st.text("QXZ€@:/?#;% ", min_size=3, max_size=20).map("QZX".__add__)


@st.composite
def urls(draw: st.DrawFn) -> URL:
    user = draw(st.none() | CLEAN)
    password = None if user is None else draw(st.none() | CLEAN.map(Secret))
    return URL(draw(SCHEME), user, password, draw(HOST), draw(PORT),
               draw(PATH), draw(TAIL), draw(TAIL))  # fmt: skip


def attempt(text: str, default_scheme: str | None = None) -> tuple[URL | None, str]:
    """The URL, or all that a person would be told."""
    try:
        return parse(text, default_scheme=default_scheme), ""
    except UsageError as error:
        return None, f"{error} {error!r} {error.hint} {error.__cause__!r}"


@given(NOISE, st.none() | SCHEME)
@example("ftp://alice:se/cret@host", None)
@example("http://a\\@b", None)
@example("xn--" * 60, "ftp")
def test_noise_is_a_url_or_a_usage_error(text: str, default_scheme: str | None) -> None:
    url, told = attempt(text, default_scheme)
    if url is None:
        assert told.isascii()
        assert told.isprintable()
        assert len(told) < 3000
        return
    written = url.reveal()
    assert written.isascii()
    assert written.isprintable()
    assert " " not in written
    assert parse(written) == url
    assert parse(written).reveal() == written
    assert not {"\r", "\n", "\0"} & set("".join(url.segments) + (url.user or ""))


@given(NOISE)
def test_noise_for_a_path_goes_no_further(text: str) -> None:
    try:
        path, kind = ftp_path(parse(f"ftp://h/{text}"))
    except UsageError:
        return
    assert not {"\r", "\n", "\0"} & set(path)
    assert kind in (None, "a", "i", "d")


@given(urls())
def test_a_url_prints_back_to_itself(url: URL) -> None:
    assert parse(url.reveal()) == url
    assert parse(str(url)) == url.with_(password=None)
    assert eval(repr(url.with_(password=None))) == url.with_(password=None)


@given(SCHEME, HOST, PORT, PATH, TAIL, TAIL)
def test_what_was_written_is_what_is_revealed(
    scheme: str, host: str, port: int | None, path: str, query: str | None, fragment: str | None
) -> None:
    text = f"{scheme}://" + (f"[{host}]" if ":" in host else host)
    text += "" if port is None else f":{port}"
    text += path + ("" if query is None else f"?{query}")
    text += "" if fragment is None else f"#{fragment}"
    assert parse(text).reveal() == text
    assert str(parse(text)) == text


@given(PASSWORD, HOST, PORT)
def test_the_password_is_never_printed(password: str, host: str, port: int | None) -> None:
    place = f"[{host}]" if ":" in host else host
    url = parse(f"ftp://alice:{quote(password)}@{place}/pub").with_(port=port)
    assert url.password == Secret(password)
    told = f"{url} {url!r} {url.authority} {url.origin} {url.join('x')} {url.with_(user='bob')!r}"
    assert "QZX" not in told


@given(PASSWORD)
def test_a_password_with_raw_delimiters_is_never_told(password: str) -> None:
    url, told = attempt(f"ftp://alice:{password}@host:99999/")
    assert "QZX" not in told
    # "alice:QZX@a/b@host" is the host "a" to every parser: a raw "@" and "/" can be no error.
    assert url is None or str(url).startswith("ftp://alice@")


FIELDS = {"scheme": NOISE, "user": NOISE, "password": NOISE, "host": NOISE, "path": NOISE,
          "port": st.none() | st.integers(), "query": NOISE, "fragment": NOISE}  # fmt: skip


@given(urls(), st.fixed_dictionaries({}, optional=FIELDS))
def test_no_change_reaches_another_part(url: URL, changes: dict[str, object]) -> None:
    try:
        changed = url.with_(**changes)
    except UsageError:
        return
    assert parse(changed.reveal()) == changed
    for name in {"port", "query", "fragment", "path", "user", "scheme", "host"} - set(changes):
        assert getattr(changed, name) == getattr(url, name)


@given(urls(), NOISE)
def test_join_adds_one_entry(url: URL, name: str) -> None:
    try:
        joined = url.join(name)
    except UsageError:
        return
    assert quote(joined.segments[-1]) == quote(name)
    assert joined.segments[:-1] == (url.segments[:-1] if url.path.endswith("/") else url.segments)
    assert joined.origin == url.origin


@given(st.binary(max_size=60))
def test_quoting_keeps_every_byte(data: bytes) -> None:
    text = data.translate(None, b"\r\n\0").decode(errors="surrogateescape")
    assert unquote(quote(text)) == text


@given(NOISE)
def test_unquoting_noise(text: str) -> None:
    try:
        decoded = unquote(text)
    except UsageError:
        return
    assert unquote(quote(decoded)) == decoded


@given(NOISE)
def test_is_local_answers_always(host: str) -> None:
    assert is_local(host) in (True, False)


def test_the_longest_urls_cost_no_more_than_their_length() -> None:
    for piece in ("a", "%41", "/", ":", "@", "[", "%", "ü", ".", "xn--", ";type=a", ";type="):
        text = f"ftp://{(piece * LONGEST)[: LONGEST - 6]}"
        for long in (text, f"ftp://h/{text[6:-2]}", text * 50):
            url, told = attempt(long)
            assert len(told) < 3000
            with suppress(UsageError):
                assert url is None or ftp_path(url)[0] is not None
