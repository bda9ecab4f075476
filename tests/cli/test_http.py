"""``postel http``: from words to requests, and from answers to what is seen."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import Result

from postel import lab
from postel.cli.http_ask import build
from postel.cli.http_show import coloured, head_lines, pretty, record, show_body, timings_line
from postel.errors import UsageError
from postel.http.headers import Headers
from postel.http.types import Response, Timings
from postel.urls import parse

Run = Callable[..., Result]
COLOURS = "\x1b["


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("POSTEL_PASSWORD", "secret")


@pytest.fixture
def web() -> Iterator[lab.Lab]:
    with lab.start("http") as started:
        started.http.files.put("/hello.txt", b"hello\n")
        started.http.files.put("/data.bin", bytes(range(256)) * 20)
        started.http.files.put("/evil.txt", b"a\x1b[31mred\r\n\tb\n")
        yield started


@pytest.fixture
def site(web: lab.Lab) -> str:
    host, port = web.address("http")
    return f"http://{host}:{port}"


def asked(*words: str, **options: Any) -> Any:
    given: dict[str, Any] = {"method": None, "headers": (), "data": (), "files": (), "form": False,
                             "as_json_body": False, "head": False, "cookies": ()}
    return build(words, **{**given, **options})


# -- words ----------------------------------------------------------------------------------------

@pytest.mark.parametrize(("words", "method", "url"), [
    (["example.org"], "GET", "example.org"),
    (["PUT", "example.org"], "PUT", "example.org"),
    (["PROPFIND", "https://example.org/dav/"], "PROPFIND", "https://example.org/dav/"),
    (["example.org", "a=1"], "POST", "example.org"),
    (["example.org", "a==1"], "GET", "example.org"),
    (["DELETE", ":8000/x", "a=1"], "DELETE", "http://localhost:8000/x"),
    ([":/x"], "GET", "http://localhost/x"),
    (["GET"], "GET", "GET"),
])
def test_method_and_url(words: list[str], method: str, url: str) -> None:
    ask = asked(*words)
    assert (ask.method, ask.url) == (method, url)


def test_items() -> None:
    Path("note.txt").write_text("text of a file")
    Path("list.json").write_text("[1, 2]")
    ask = asked("u", "a=1", "b:=2", "c:=null", "d==q", "d==r", "e=@note.txt", "f:=@list.json", "dc:x=y",
                "g=", "h=a=b")
    assert ask.options["json"] == {"a": "1", "b": 2, "c": None, "e": "text of a file", "f": [1, 2],
                                   "dc:x": "y", "g": "", "h": "a=b"}
    assert ask.options["params"] == [("d", "q"), ("d", "r")]
    assert ask.headers == [("Accept", "application/json, */*;q=0.5")]
    form = asked("u", "a=1", "b:=[1]", "a=2", form=True)
    assert form.options["data"] == [("a", "1"), ("b", "[1]"), ("a", "2")]


def test_data() -> None:
    Path("body.json").write_bytes(b"{}\r\n")
    one = asked("u", data=("a=1", "b=2"))
    assert (one.method, one.options["content"]) == ("POST", b"a=1&b=2")
    assert one.headers == [("Content-Type", "application/x-www-form-urlencoded")]
    from_file = asked("PUT", "u", data=("@body.json",), headers=("X: y",))
    assert from_file.headers == [("X", "y"), ("Content-Type", "application/json")]
    assert from_file.options["content"].read() == b"{}\r\n"
    from_file.close()
    both = asked("u", data=("x=y", "@body.json"), headers=("content-type: text/x",))
    assert both.options["content"] == b"x=y&{}\r\n"
    assert both.headers == [("content-type", "text/x")]
    assert ("Content-Type", "application/json") in asked("u", data=("[]",), as_json_body=True).headers
    assert asked("u", as_json_body=True).options["json"] == {}


def test_files() -> None:
    Path("a.png").write_bytes(b"png")
    ask = asked("u", "z=1", files=("f=@a.png", "g=@a.png;type=image/x;filename=b.png", "t=text"))
    assert ask.options["files"] == [
        ("f", ("a.png", Path("a.png"))), ("g", ("b.png", Path("a.png"), "image/x"))]
    assert ask.options["data"] == [("z", "1"), ("t", "text")]


@pytest.mark.parametrize(("words", "options", "told"), [
    ([], {}, "no URL"),
    (["PUT", "u"], {"method": "POST"}, "-X POST and PUT: which of them"),
    (["u", "plain"], {}, "the item 'plain' is none"),
    (["u", "=x"], {}, "the item '=x' is none"),
    (["u", "a:={"], {}, "the item 'a': what follows := is no JSON"),
    (["u", "a=1", "a=2"], {}, "the item 'a' comes twice"),
    (["u", "a=@missing"], {}, "read missing: No such file"),
    (["u"], {"data": ("@missing",)}, "read missing: No such file"),
    (["u"], {"files": ("@missing",)}, "-F '@missing': a part without a name"),
    (["u"], {"files": ("a=@missing",)}, "read missing: No such file"),
    (["u", "a=1"], {"data": ("x",)}, "-d gives the body, and the items give another"),
    (["u"], {"data": ("x",), "files": ("a=b",)}, "it goes without -d and -j"),
    (["u"], {"form": True, "as_json_body": True}, "-f and -j: a form or JSON?"),
    (["u"], {"headers": ("X",)}, "-H: a header without a colon"),
    (["u"], {"cookies": ("X",)}, "--cookie: it is written name=value"),
    (["POST", "u"], {"head": True}, "-I asks for headers alone, and POST does not"),
])
def test_words_that_make_no_request(words: list[str], options: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError) as caught:
        asked(*words, **options)
    assert told in str(caught.value)


def test_headers() -> None:
    assert asked("u", headers=("A: b:c", "Empty;", "E:")).headers == [("A", "b:c"), ("Empty", ""), ("E", None)]


# -- requests -------------------------------------------------------------------------------------

def echo(result: Result) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(result.stdout)
    told["headers"] = {name: value for name, value in told["headers"]}
    return told


def test_get_and_its_bytes(site: str, postel: Run) -> None:
    assert postel("http", f"{site}/hello.txt").stdout_bytes == b"hello\n"
    assert postel("http", f"{site}/data.bin").stdout_bytes == bytes(range(256)) * 20
    assert postel("http", f"{site}/evil.txt", "-o", "-").stdout_bytes == b"a\x1b[31mred\r\n\tb\n"


def test_json_form_and_files(site: str, postel: Run) -> None:
    told = echo(postel("http", f"{site}/echo", "a=ü", "b:=[1]", "q==x y"))
    assert (told["method"], told["query"]) == ("POST", "q=x%20y")
    assert json.loads(told["body"]) == {"a": "ü", "b": [1]}
    assert told["headers"]["content-type"] == "application/json"
    told = echo(postel("http", "PATCH", f"{site}/echo", "-f", "a=1", "b=x y"))
    assert (told["method"], told["body"]) == ("PATCH", "a=1&b=x+y")
    Path("f.txt").write_text("content")
    told = echo(postel("http", f"{site}/echo", "-F", "f=@f.txt", "-F", "n=1"))
    assert 'filename="f.txt"' in told["body"]
    assert "\r\n\r\ncontent\r\n" in told["body"]
    told = echo(postel("http", f"{site}/echo", "-d", "@f.txt", "-H", "X-Own: 1", "-H", "user-agent: me"))
    assert told["body"] == "content"
    assert told["headers"]["x-own"] == "1"
    assert told["headers"]["user-agent"] == "me"
    assert told["headers"]["content-type"] == "text/plain"
    told = echo(postel("http", f"{site}/echo", "-H", "Host: else.example", "-H", "Accept:", "-H", "X;"))
    assert told["headers"] | {"accept-encoding": ""} == {
        "host": "else.example", "user-agent": told["headers"]["user-agent"], "x": "", "accept-encoding": ""}
    assert echo(postel("http", f"{site}/echo", "--identity"))["headers"]["accept-encoding"] == "identity"


def test_header_and_head(site: str, postel: Run) -> None:
    shown = postel("http", f"{site}/hello.txt", "-i").stdout
    head, _, body = shown.partition("\n\n")
    assert head.startswith("HTTP/1.1 200 OK\n")
    assert "Content-Length: 6" in head
    assert body == "hello\n"
    shown = postel("http", "-I", f"{site}/hello.txt").stdout
    assert "Content-Length: 6" in shown
    assert "hello" not in shown


def test_to_a_file(site: str, postel: Run) -> None:
    result = postel("http", f"{site}/data.bin", "-o", "out.bin", "--timings")
    assert Path("out.bin").read_bytes() == bytes(range(256)) * 20
    assert "out.bin: 5.0 KiB\n" in result.stderr
    assert "first byte" in result.stderr
    assert result.stdout == ""


def test_statuses_and_fail(site: str, postel: Run) -> None:
    assert postel("http", f"{site}/missing").exit_code == 0
    failed = postel("http", f"{site}/missing", "--fail", code=3)
    assert "404 Not Found" in failed.stderr
    assert failed.stdout == ""
    postel("http", f"{site}/status/403", "--fail", code=4)
    postel("http", f"{site}/status/409", "--fail", code=8)
    postel("http", f"{site}/status/500", "--fail", code=1)
    postel("http", f"{site}/status/503", "--fail", code=1)
    postel("http", "http://127.0.0.1:9/", code=5)
    postel("http", "ftp://127.0.0.1/", code=2)
    told = json.loads(postel("http", f"{site}/missing", "--fail", "--json", code=3).stdout)
    assert (told["error"], told["code"]) == ("NotFound", 404)


def test_redirects(site: str, postel: Run) -> None:
    assert echo(postel("http", f"{site}/redirect/3"))["path"] == "/echo"
    shown = postel("http", f"{site}/redirect/3", "--no-follow", "-i").stdout
    assert shown.startswith("HTTP/1.1 302 Found\n")
    assert "more than 2 redirects" in postel(
        "http", f"{site}/redirect/3", "--max-redirects", "2", code=7).stderr


def test_cookies_stay_in_their_file_and_out_of_sight(site: str, postel: Run) -> None:
    shown = postel("http", f"{site}/cookies/set?id=hunter2", "-b", "jar.txt", "-i", "--no-follow").stdout
    assert "hunter2" not in shown
    assert "Set-Cookie: ***" in shown
    assert "127.0.0.1\tFALSE\t/\tFALSE\t0\tid\thunter2\n" in Path("jar.txt").read_text()
    assert json.loads(postel("http", f"{site}/cookies", "-b", "jar.txt").stdout) == {
        "cookies": {"id": "hunter2"}}
    assert json.loads(postel("http", f"{site}/cookies", "--cookie", "a=b").stdout) == {
        "cookies": {"a": "b"}}
    shown = postel("http", f"{site}/cookies/set?id=hunter2", "-i", "--no-follow", "--secrets").stdout
    assert "Set-Cookie: id=hunter2; Path=/" in shown


def test_logging_in(web: lab.Lab, site: str, postel: Run) -> None:
    web.http.options.require = "always"
    postel("http", f"{site}/hello.txt", "--fail", code=4)
    assert postel("http", f"{site}/hello.txt", "--user", "alice", "--fail").stdout == "hello\n"
    host = site.removeprefix("http://")
    assert postel("http", f"http://alice:secret@{host}/hello.txt", "--fail").stdout == "hello\n"
    web.http.options.auth = ("bearer",)
    web.http.options.tokens = {"secret": "alice"}
    assert postel("http", f"{site}/hello.txt", "--auth", "bearer", "--fail").stdout == "hello\n"
    web.http.options.auth = ("basic",)
    Path(".netrc").write_text("machine 127.0.0.1 login alice password secret\n")
    Path(".netrc").chmod(0o600)
    assert postel("http", f"{site}/hello.txt", "--netrc", "--fail").stdout == "hello\n"


def test_secrets_stay_out_of_traces(web: lab.Lab, site: str, postel: Run) -> None:
    web.http.options.require = "always"
    web.http.options.auth = ("basic",)
    result = postel("http", f"{site}/echo", "--user", "alice", "-vv", "--cookie", "sid=hunter2",
                    "--trace", "t.txt")
    trace = Path("t.txt").read_text()
    assert "GET /echo" in trace
    for text in (trace, result.stderr):
        assert "YWxpY2U6c2VjcmV0" not in text
        assert "hunter2" not in text


def test_for_programs(site: str, postel: Run) -> None:
    told = json.loads(postel("http", f"{site}/redirect/1", "--json").stdout)
    assert told["status"] == 200
    assert told["history"] == [{"url": f"{site}/redirect/1", "status": 302}]
    assert told["json"]["path"] == "/echo"
    assert told["timings"]["total"] > 0
    assert json.loads(postel("http", f"{site}/hello.txt", "--json").stdout)["text"] == "hello\n"
    assert "base64" in json.loads(postel("http", f"{site}/data.bin", "--json").stdout)
    hidden = postel("http", f"{site}/cookies/set?id=hunter2", "--no-follow", "--json").stdout
    assert "hunter2" not in json.loads(hidden)["headers"].__str__()


@pytest.mark.parametrize(("words", "told"), [
    (["--json", "-i"], "--json shows everything"),
    (["--http1.1", "--http2"], "--http1.1 and --http2: which of them"),
])
def test_options_that_contradict(site: str, postel: Run, words: list[str], told: str) -> None:
    assert told in postel("http", site, *words, code=2).output


def test_cache_and_hsts_are_files(web: lab.Lab, site: str, postel: Run) -> None:
    web.http.options.headers = {"Cache-Control": "max-age=60"}
    for _ in range(2):
        shown = postel("http", f"{site}/hello.txt", "--cache", "c.db", "--hsts", "h.txt", "-i").stdout
    assert "Age: 0\n" in shown
    assert shown.endswith("\n\nhello\n")
    Path("h.txt").write_text('localhost "unlimited"\n')
    port = site.rpartition(":")[2]
    assert "the server" in postel(
        "http", f"http://localhost:{port}/", "--hsts", "h.txt", code=5).stderr  # TLS, to a clear port


def test_layout(web: lab.Lab, site: str, postel: Run) -> None:
    web.http.files.put("/x.json", b'{"b":1,"a":[true]}')
    assert postel("http", f"{site}/x.json").stdout == '{"b":1,"a":[true]}'
    assert postel("http", f"{site}/x.json", "--pretty").stdout == (
        '{\n  "b": 1,\n  "a": [\n    true\n  ]\n}\n')


def test_http2_is_said(site: str, postel: Run) -> None:
    assert "the server chose HTTP/1.1" in postel("http", f"{site}/hello.txt", "--http2").stderr


# -- what is seen ---------------------------------------------------------------------------------

def answer(content: bytes, kind: str, *more: tuple[str, str]) -> Response:
    return Response(200, "OK", Headers([("Content-Type", kind), *more]), parse("http://a/"),
                    content=content)


class Flowing:
    """What `show_body` asks of an answer that still flows."""

    def __init__(self, response: Response) -> None:
        self.headers, self.size = response.headers, len(response.content)


def seen(content: bytes, kind: str, monkeypatch: pytest.MonkeyPatch, *, terminal: bool = True,
         step: int = 7) -> str:
    out = io.TextIOWrapper(io.BytesIO(), "utf-8")
    monkeypatch.setattr(sys, "stdout", out)
    parts = [content[at:at + step] for at in range(0, len(content), step)]
    show_body(Flowing(answer(content, kind)), iter(parts), terminal=terminal, layout=terminal)
    return out.buffer.getvalue().decode()  # type: ignore[attr-defined,no-any-return]


@pytest.mark.parametrize(("content", "kind", "shown"), [
    (b"plain\n", "text/plain", "plain\n"),
    (b"no end", "text/plain", "no end\n"),
    (b"", "text/plain", ""),
    (b"a\x1b]0;title\x07b\r\n\tc\n", "text/plain", "a\\x1b]0;title\\x07b\n\tc\n"),
    ("grün".encode("latin-1"), "text/plain; charset=latin-1", "grün\n"),
    ("größer als sieben".encode(), "text/plain", "größer als sieben\n"),
    ("‮evil".encode(), "text/plain", "\\u202eevil\n"),
    (b"\x89PNG\r\n\x1a\n\0\0", "image/png", "10 B of image/png, not shown here; -o FILE saves it\n"),
    (b"a\0b", "text/plain", "3 B of text/plain, not shown here; -o FILE saves it\n"),
    (b"\xff\xfe\xfd", "", "3 B of no known type, not shown here; -o FILE saves it\n"),
    (b"text all the same", "application/octet-stream", "text all the same\n"),
    (b"{broken", "application/json", "{broken\n"),
])
def test_what_a_person_sees(
        content: bytes, kind: str, shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert seen(content, kind, monkeypatch) == shown


def test_json_is_laid_out_in_colours_and_harmless(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = seen(b'{"a\\u001b[2J":[1,true,"\xc2\x9b"]}', "application/json", monkeypatch)
    plain = click.unstyle(shown)
    assert plain == '{\n  "a\\u001b[2J": [\n    1,\n    true,\n    "\\x9b"\n  ]\n}\n'
    assert COLOURS in shown
    assert seen(b'{"a":1}', "application/json", monkeypatch, terminal=False) == '{"a":1}'
    large = b"[" + b"1," * (3 << 20) + b"1]"
    assert seen(large, "application/json", monkeypatch, step=1 << 16).startswith("[1,1")


def test_pieces() -> None:
    assert pretty("{") is None
    assert click.unstyle(coloured('{"a": -1.5e3}')) == '{"a": -1.5e3}'
    lines = [click.unstyle(line) for line in head_lines(
        answer(b"", "a/b", ("Set-Cookie", "x=1"), ("X\x1b", "\x07")), secrets=False)]
    assert lines == ["HTTP/1.1 200 OK", "Content-Type: a/b", "Set-Cookie: ***", "X\\x1b: \\x07"]
    assert timings_line(Timings(total=1)).endswith("total 1000.0 ms")
    assert record(answer(b"{", "application/json"), secrets=False)["text"] == "{"
    assert record(answer(b"x", "a/b", ("Set-Cookie", "x=1")), secrets=True)["headers"][1] == [
        "Set-Cookie", "x=1"]
