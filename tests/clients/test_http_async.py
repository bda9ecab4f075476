# A conversation (its twin test_http_sync.py is generated): the HTTP client and scripted servers.
"""Requests byte for byte, answers of every kind, redirects, log-ins, cookies, connections."""

from __future__ import annotations

import base64
import gzip
import io
import json
import re
import zlib
from pathlib import Path
from typing import Any

import pytest
from http_peer import Asked, HTTPPeer, answer, ok

from postel import errors
from postel.http.client_async import AsyncClient
from postel.http.types import Follow


def client(peer: HTTPPeer, **options: Any) -> AsyncClient:
    return AsyncClient(peer.url, timeout=5, **options)


# -- what goes out -----------------------------------------------------------------------------


async def test_a_request_on_the_wire() -> None:
    with HTTPPeer() as peer:
        async with client(peer, headers={"X-A": "1"}) as web:
            page = await web.get("/a b/ü?x=1", params={"q": "a b", "n": [1, 2]})
    assert page.content == b"hello"
    asked = peer.asked[0]
    assert asked.method == "GET"
    assert asked.target == "/a%20b/%C3%BC?x=1&q=a%20b&n=1&n=2"
    names = [name for name, _ in asked.fields]
    assert names == ["Host", "User-Agent", "Accept", "Accept-Encoding", "X-A"]
    assert asked.get("host") == f"127.0.0.1:{peer.port}"


async def test_methods_and_lengths() -> None:
    with HTTPPeer() as peer:
        async with client(peer) as web:
            await web.post("/")
            await web.put("/", content=b"xyz")
            await web.patch("/", json={"a": [1, "ü"]})
            await web.post("/", data={"a": "1 2", "b": ["x", "y"]})
            await web.delete("/")
            await web.options("/")
            await web.head("/")
            await web.request("REPORT", "/", content="text")
    got = [(a.method, a.get("content-length"), a.get("content-type"), a.body) for a in peer.asked]
    assert got == [
        ("POST", "0", None, b""), ("PUT", "3", None, b"xyz"),
        ("PATCH", "14", "application/json", '{"a":[1,"ü"]}'.encode()),
        ("POST", "13", "application/x-www-form-urlencoded", b"a=1+2&b=x&b=y"),
        ("DELETE", None, None, b""), ("OPTIONS", None, None, b""), ("HEAD", None, None, b""),
        ("REPORT", "4", "text/plain; charset=utf-8", b"text"),
    ]


async def test_files_and_flows_go_up(tmp_path: Path) -> None:
    path = tmp_path / "up.bin"
    path.write_bytes(bytes(range(256)) * 3000)
    reports = []
    with HTTPPeer() as peer:
        async with client(peer) as web:
            with path.open("rb") as file:
                file.seek(100)
                await web.put("/", content=file, uploaded=reports.append)
            await web.put("/", content=io.BytesIO(b"abc"))
            await web.put("/", content=iter([b"one", b"", b"two"]))
    assert peer.asked[0].body == path.read_bytes()[100:]
    assert peer.asked[0].get("content-length") == str(768000 - 100)
    assert (reports[-1].done, reports[-1].total) == (767900, 767900)
    assert (peer.asked[1].get("content-length"), peer.asked[1].body) == ("3", b"abc")
    assert (peer.asked[2].get("transfer-encoding"), peer.asked[2].body) == ("chunked", b"onetwo")


async def test_a_form_with_files(tmp_path: Path) -> None:
    path = tmp_path / 'a"b.txt'
    path.write_bytes(b"from disk")
    with HTTPPeer() as peer:
        async with client(peer) as web:
            await web.post("/", data={"name": 'x"\r\ny', "n": 1},
                           files={"f": path, "g": ("n\r\n.png", b"\x89", "image/x-y"),
                                  "h": io.BytesIO(b"memory")})
    asked = peer.asked[0]
    assert asked.get("content-length") == str(len(asked.body))
    found = re.fullmatch(r"multipart/form-data; boundary=(\S+)", asked.get("content-type") or "")
    assert found is not None
    parts = asked.body.split(b"--" + found[1].encode())
    assert parts[-1] == b"--\r\n"
    heads = [part.split(b"\r\n\r\n")[0].strip().decode() for part in parts[1:-1]]
    assert heads == [
        'Content-Disposition: form-data; name="name"',
        'Content-Disposition: form-data; name="n"',
        'Content-Disposition: form-data; name="f"; filename="a%22b.txt"\r\n'
        "Content-Type: text/plain",
        'Content-Disposition: form-data; name="g"; filename="n%0D%0A.png"\r\n'
        "Content-Type: image/x-y",
        'Content-Disposition: form-data; name="h"; filename="h"\r\n'
        "Content-Type: application/octet-stream",
    ]
    assert b"from disk" in asked.body


@pytest.mark.parametrize("bad", ["a\r\nX: y", "a\nb", "a\0b", "a\rb", "a\x1bb"])
async def test_nothing_breaks_out_of_its_field(bad: str) -> None:
    with HTTPPeer() as peer:
        async with client(peer) as web:
            for wrong in (
                lambda: web.get("/", headers={"X": bad}), lambda: web.get("/", headers={bad: "x"}),
                lambda: web.request(bad, "/"), lambda: web.get("/", cookies={"a": bad}),
                lambda: web.get("/" + bad.replace("\x1b", "\n")),
                lambda: web.post("/", files={"f": ("n", b"", bad)}),
            ):
                with pytest.raises(errors.UsageError):
                    await wrong()
        with pytest.raises(errors.UsageError):
            AsyncClient(peer.url, user_agent=bad)
    assert peer.asked == []


async def test_a_body_waits_for_the_servers_word() -> None:
    said: list[bytes] = []

    def refuse(asked: Asked) -> bytes:
        said.append(asked.line.held)
        return answer("413 Too Large", b"no")

    with HTTPPeer(ok()) as peer:
        async with client(peer) as web:
            assert (await web.put("/", content=b"x" * 100_000, expect=True)).status == 200
    assert len(peer.asked[0].body) == 100_000
    with HTTPPeer(refuse, bodies=False) as peer:
        async with client(peer) as web:
            page = await web.put("/", content=b"x" * 100_000, expect=True)
            assert page.status == 413
            assert (await web.get("/")).status == 413
    assert said == [b"", b""]
    assert peer.connections == 2


async def test_an_early_answer_ends_the_upload() -> None:
    def early(asked: Asked) -> str:
        asked.line.say(answer("507 Full", b"disk full", Content_Type="text/plain"))
        asked.line.sock.settimeout(0.3)
        try:
            while asked.line.sock.recv(65536):
                pass
        except TimeoutError:
            pass
        return "close"

    def endless() -> Any:
        while True:
            yield b"x" * 65536

    with HTTPPeer(early, bodies=False) as peer:
        async with client(peer) as web:
            with pytest.raises(errors.NoSpace, match=r"507 Full \(disk full\)"):
                (await web.put("/", content=endless())).raise_for_status()


# -- what comes in -----------------------------------------------------------------------------


async def test_every_way_a_body_ends() -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;x=1\r\nhell\r\n1\r\no\r\n"
    answers = [ok(), chunked + b"0\r\nX-Trailer: t\r\n\r\n",
               b"HTTP/1.1 204 No Content\r\nContent-Length: 99\r\n\r\n",
               b"HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n",
               b"HTTP/1.1 103 Early\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\nContent-Length: 2\n\nhi",
               lambda asked: asked.line.say(b"HTTP/1.0 200\r\n\r\nto the end") or "close"]
    for slice in (0, 1):
        with HTTPPeer(list(answers), slice=slice) as peer:
            async with client(peer) as web:
                got = [(await web.get("/")).content for _ in answers]
        assert got == [b"hello", b"hello", b"", b"", b"hi", b"to the end"]
        assert peer.connections == 1


async def test_head_has_no_body() -> None:
    with HTTPPeer(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n") as peer:
        async with client(peer) as web:
            for _ in range(3):
                page = await web.head("/")
                async with web.stream("HEAD", "/") as flow:
                    assert flow.size == 1_000_000
    assert page.headers["Content-Length"] == "1000000"
    assert peer.connections == 1


async def test_codings_come_off() -> None:
    text = b"some text " * 1000
    raw = zlib.compressobj(9, zlib.DEFLATED, -15)
    bare = raw.compress(text) + raw.flush()
    brotli = pytest.importorskip("brotli")
    zstd = pytest.importorskip("backports.zstd")
    coded = {"gzip": gzip.compress(text[:5000]) + gzip.compress(text[5000:]), "x-gzip":
             gzip.compress(text), "deflate": zlib.compress(text), "Deflate": bare,
             "br": brotli.compress(text), "zstd": zstd.compress(text),
             "gzip, br": brotli.compress(gzip.compress(text)), "identity": text}
    for slice in (0, 7):
        for name, data in coded.items():
            with HTTPPeer(ok(data, Content_Encoding=name), slice=slice) as peer:
                async with client(peer) as web:
                    assert (await web.get("/")).content == text, name
                    async with web.stream("GET", "/") as flow:
                        assert b"".join([c async for c in flow.iter_raw()]) == data
            assert "gzip" in (peer.asked[0].get("accept-encoding") or "")


async def test_a_body_is_poured_into_a_file(tmp_path: Path) -> None:
    data = bytes(range(256)) * 5000
    chunks = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (
        len(data), data)
    reports = []
    with HTTPPeer([ok(data), chunks, ok(gzip.compress(data), Content_Encoding="gzip"),
                   ok(data), answer("404 Gone")]) as peer:
        async with client(peer) as web:
            for name in "abc":
                size = await web.save("/", tmp_path / name, progress=reports.append)
                assert size == len(data)
                assert (tmp_path / name).read_bytes() == data
            with (tmp_path / "d").open("wb") as file:
                await web.save("/", file)
            assert (tmp_path / "d").read_bytes() == data
            with pytest.raises(errors.NotFound):
                await web.save("/", tmp_path / "e")
    assert reports[-1].done > 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "b", "c", "d"]
    assert peer.connections == 1


async def test_text_json_links_and_words() -> None:
    page = ok(b"\xe4", Content_Type="text/plain; charset=latin-1",
              Link='</2>; rel="next", </>; rel=first')
    with HTTPPeer([page, ok(json.dumps({"a": 1}).encode()), ok(b"<html>"),
                   answer("403 Forbidden", b"<html><title>Keep out</title>",
                          Content_Type="text/html")]) as peer:
        async with client(peer) as web:
            first = await web.get("/")
            assert (first.text, first.encoding) == ("ä", "iso8859-1")
            assert first.links["next"].target == "/2"
            assert first.ok
            assert first.reason == "OK"
            assert first.http_version == "HTTP/1.1"
            assert first.peer is not None
            assert first.peer.port == peer.port
            assert 0 < first.elapsed < 5
            assert first.timings.connect > 0
            assert (await web.get("/")).json() == {"a": 1}
            with pytest.raises(errors.ProtocolError, match="the answer is no JSON"):
                (await web.get("/")).json()
            with pytest.raises(errors.Forbidden, match=r"403 Forbidden \(Keep out\)") as caught:
                (await web.get("/x")).raise_for_status()
    assert caught.value.code == 403
    assert caught.value.url == f"{peer.url}/x"


@pytest.mark.parametrize(("status", "kind"), [
    (401, errors.AuthenticationError), (403, errors.Forbidden), (404, errors.NotFound),
    (405, errors.NotSupported), (407, errors.AuthenticationError), (409, errors.Conflict),
    (410, errors.NotFound), (412, errors.Changed), (413, errors.NoSpace),
    (416, errors.ReplyError), (423, errors.Conflict), (429, errors.TryLater),
    (500, errors.ReplyError), (501, errors.NotSupported), (503, errors.TryLater),
    (507, errors.NoSpace), (399, errors.ReplyError), (499, errors.ReplyError)])
async def test_statuses_as_errors(status: int, kind: type[errors.ReplyError]) -> None:
    with HTTPPeer(answer(f"{status} Words", b"", Retry_After="7200")) as peer:
        async with client(peer) as web:
            page = await web.get("/")
            assert page.status == status
            with pytest.raises(errors.ReplyError, match=f"GET .*: {status} Words") as caught:
                page.raise_for_status()
            async with web.stream("GET", "/") as flow:
                with pytest.raises(kind):
                    await flow.raise_for_status()
    assert type(caught.value) is kind
    assert caught.value.code == status
    if isinstance(caught.value, errors.TryLater):
        assert caught.value.retry_after == 7200


async def test_when_to_come_again() -> None:
    when = "Sat, 21 Nov 2026 08:00:30 GMT"
    with HTTPPeer([answer("503 Busy", Retry_After=when, Date="Sat, 21 Nov 2026 08:00:00 GMT"),
                   answer("503 Busy", Retry_After="soon"), answer("503 Busy")]) as peer:
        async with client(peer, retries=0) as web:
            found = []
            for _ in range(3):
                with pytest.raises(errors.TryLater) as caught:
                    (await web.get("/")).raise_for_status()
                found.append(caught.value.retry_after)
    assert found == [30, None, None]


# -- redirects ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("status", "method", "then"), [
    (301, "GET", "GET"), (301, "POST", "GET"), (302, "POST", "GET"), (303, "POST", "GET"),
    (303, "HEAD", "HEAD"), (307, "POST", "POST"), (308, "PUT", "PUT"), (302, "PUT", "PUT"),
    (301, "HEAD", "HEAD")])
async def test_redirects_and_methods(status: int, method: str, then: str) -> None:
    with HTTPPeer([answer(f"{status} There", b"elsewhere", Location="/b?c#d"), ok()]) as peer:
        async with client(peer) as web:
            body = {"content": b"body"} if method in ("POST", "PUT") else {}
            if body or method != "HEAD":
                page = await web.request(method, "/a", **body)
                assert str(page.url) == f"{peer.url}/b?c#d"
                assert [(p.status, p.url.path) for p in page.history] == [(status, "/a")]
                assert [(a.method, a.target) for a in peer.asked] == [
                    (method, "/a"), (then, "/b?c")]
                assert peer.asked[1].body == (b"body" if body and then == method else b"")
                assert (peer.asked[1].get("content-length") is None) == (then == "GET")
    if peer.asked:
        assert peer.connections == 1


async def test_credentials_stay_with_their_origin() -> None:
    with HTTPPeer() as other, HTTPPeer(
            lambda asked: answer("302 Away", Location=f"http://127.0.0.1:{other.port}/x",
                                 Set_Cookie="s=1; Path=/")) as peer:
        async with client(peer, user="ann", password="hush", auth="basic",
                          headers={"X-Mine": "1"}) as web:
            await web.get("/", cookies={"c": "1"}, headers={"Referer": "http://a/secret"})
            await web.get("/", headers={"Authorization": "Bearer t", "Cookie": "d=2"})
    assert peer.asked[0].get("authorization") == "Basic " + base64.b64encode(b"ann:hush").decode()
    assert peer.asked[0].get("cookie") == "c=1"
    assert peer.asked[1].get("authorization") == "Bearer t"
    for asked in other.asked:
        names = {name.lower() for name, _ in asked.fields}
        assert not names & {"authorization", "referer", "proxy-authorization"}
        assert asked.get("cookie") in (None, "s=1")  # ports do not part cookies (RFC 6265)
        assert asked.get("x-mine") == "1"


async def test_secrets_in_headers_stay_at_home() -> None:
    secrets = {"Authorization": "Bearer t", "Cookie": "k=v", "X-Api-Key": "a", "X-Plain": "p"}
    with HTTPPeer() as other, HTTPPeer(
            lambda asked: answer("302 Away", Location=f"{other.url}/x")) as peer:
        async with client(peer, headers=secrets) as web:
            await web.get("/")
            await web.get(f"{other.url}/asked")
            assert [p.status async for p in web.get_many(["/", f"{other.url}/y"])] == [200, 200]
        async with AsyncClient(headers=secrets, timeout=5) as web:
            await web.get(f"{peer.url}/")
        async with client(peer) as web:
            await web.get("/", headers=secrets)
    for asked in other.asked:
        names = {name.lower() for name, _ in asked.fields}
        assert not names & {"authorization", "cookie", "x-api-key"}, asked.target
        assert asked.get("x-plain") == "p"
    assert all(asked.get("authorization") == "Bearer t" for asked in peer.asked)


async def test_redirects_that_are_refused() -> None:
    with HTTPPeer() as peer:
        async with client(peer, max_redirects=3) as web:
            for place, told in (("ftp://127.0.0.1/x", "no web address"),
                                ("file:///etc/passwd", "no web address"),
                                ("javascript:alert(1)", "no URL"), ("http://", "no URL"),
                                ("//user@[::bad/", "no URL"), ("http:/x", "no URL")):
                peer.answers = answer("302 There", Location=place)
                with pytest.raises(errors.PostelError, match=told):
                    await web.get("/")
            peer.answers = answer("302 There", Location="/loop")
            with pytest.raises(errors.ReplyError, match="redirected in a circle"):
                await web.get("/loop")
            peer.answers = lambda asked: answer("302 There", Location=asked.target + "x")
            with pytest.raises(errors.LimitReached, match="more than 3 redirects"):
                await web.get("/")
            page = await web.get("/", follow=False)
            assert page.status == 302
            with pytest.raises(errors.ReplyError, match="302"):
                page.raise_for_status()


async def test_bodies_do_not_wander() -> None:
    with HTTPPeer() as other, HTTPPeer(
            lambda asked: answer("307 Away", Location=f"{other.url}/x")) as peer:
        async with client(peer) as web:
            page = await web.post("/", content=b"mine")
            assert page.status == 307
            assert not other.asked
            page = await web.post("/", content=b"mine", follow=Follow(bodies=True))
            assert page.status == 200
            assert other.asked[0].body == b"mine"
    with HTTPPeer([answer("307 Here", Location="/b"), ok()]) as peer:
        async with client(peer) as web:
            with pytest.raises(errors.UsageError, match="the body can be sent once"):
                await web.post("/", content=iter([b"x"]))


async def test_userinfo_of_a_redirect_is_not_used() -> None:
    with HTTPPeer() as peer:
        peer.answers = [answer("302 There", Location=f"http://a:b@127.0.0.1:{peer.port}/x"), ok()]
        async with client(peer) as web:
            await web.get("/")
    assert peer.asked[1].get("authorization") is None


# -- log-ins -----------------------------------------------------------------------------------


async def test_basic_when_asked() -> None:
    def guarded(asked: Asked) -> bytes:
        if asked.get("authorization") is None:
            return answer("401 Who", WWW_Authenticate='Negotiate, Basic realm="x"')
        return ok()

    with HTTPPeer(guarded) as peer:
        async with client(peer, user="ann", password=lambda: "h€") as web:
            assert (await web.get("/")).status == 200
            assert (await web.get("/b")).status == 200
    told = [a.get("authorization") for a in peer.asked]
    word = "Basic " + base64.b64encode("ann:h€".encode()).decode()
    assert told == [None, word, word]


async def test_a_wrong_password_is_told_once() -> None:
    with HTTPPeer(answer("401 Who", WWW_Authenticate='Basic realm="x"')) as peer:
        async with client(peer, user="ann", password="hush") as web:
            with pytest.raises(errors.AuthenticationError, match="401 Who") as caught:
                (await web.get("/")).raise_for_status()
    assert len(peer.asked) == 2
    assert "hush" not in f"{caught.value!r} {web.trace.text}"


@pytest.mark.parametrize("algorithm", ["MD5", "MD5-sess", "SHA-256", "SHA-256-sess",
                                       "SHA-512-256"])
async def test_digest(algorithm: str) -> None:
    nonces = iter(["one", "two", "three"])

    def guarded(asked: Asked) -> bytes:
        given = asked.get("authorization") or ""
        if 'nonce="two"' not in given:
            stale = ", stale=true" if "one" in given else ""
            return answer("401 Who", WWW_Authenticate=f'Digest realm="r", nonce="{next(nonces)}", '
                          f'qop="auth-int, auth", algorithm={algorithm}, opaque="o"{stale}')
        return ok()

    with HTTPPeer(guarded) as peer:
        async with client(peer, user="ann", password="hush") as web:
            assert (await web.get("/x?y")).status == 200
            assert (await web.put("/x", content=b"abc")).status == 200
    fields = [a.get("authorization") or "" for a in peer.asked]
    assert fields[0] == ""
    assert 'uri="/x?y"' in fields[2]
    assert "qop=auth," in fields[2]
    assert "nc=00000001" in fields[2]
    assert "nc=00000002" in fields[3]
    assert 'username="ann"' in fields[3]
    assert f"algorithm={algorithm}" in fields[2]
    assert len(peer.asked) == 4


async def test_digest_variants() -> None:
    challenge = 'Digest realm="r", nonce="n", algorithm=SHA-256, qop="auth-int", userhash=true'

    def guarded(asked: Asked) -> bytes:
        if asked.get("authorization") is None:
            return answer("401 Who", WWW_Authenticate=challenge)
        return ok(b"", Authentication_Info='nextnonce="m"')

    with HTTPPeer(guarded) as peer:
        async with client(peer) as web:
            page = await web.put("/", content=b"abc", auth=("änn", "hush"))
            assert page.status == 200
            with pytest.raises(errors.UsageError, match="proves the body"):
                await web.put("/", content=io.BytesIO(b"abc"), auth=("ann", "hush"))
    given = peer.asked[1].get("authorization") or ""
    assert "userhash=true" in given
    assert "qop=auth-int" in given
    assert "nn" not in given[:20]


async def test_bearer_and_functions() -> None:
    with HTTPPeer() as peer:
        async with client(peer, auth="bearer", password="tok.en") as web:
            await web.get("/")
            await web.get("/", auth=lambda method, url: {"X-Sign": f"{method} {url.path}"})
    assert peer.asked[0].get("authorization") == "Bearer tok.en"
    assert peer.asked[1].get("x-sign") == "GET /"
    assert peer.asked[1].get("authorization") is None


async def test_netrc(tmp_path: Path) -> None:
    path = tmp_path / "netrc"
    path.write_text('# c\nmachine 127.0.0.1 login ann password "h u"\ndefault login x password y\n')
    with HTTPPeer([answer("401 Who", WWW_Authenticate="Basic"), ok()]) as peer:
        async with client(peer, netrc=path) as web:
            assert (await web.get("/")).status == 200
    assert peer.asked[1].get("authorization") == "Basic " + base64.b64encode(b"ann:h u").decode()


async def test_what_a_client_refuses() -> None:
    for options, told in (
        ({"security": "starttls"}, "no upgrade"), ({"auth": "ntlm", "user": "a"}, "not known"),
        ({"auth": "bearer"}, "needs the token"), ({"auth": "basic"}, "needs a user"),
    ):
        with pytest.raises(errors.UsageError, match=told):
            AsyncClient("http://a.example/", **options)
    for target in ("ftp://a/", "http://a;b/"):
        with pytest.raises(errors.UsageError):
            AsyncClient(target)
    with pytest.raises(errors.UsageError, match="own server alone"):
        AsyncClient(user="ann", password="x")
    async with AsyncClient("http://a.example/", security="tls") as web:
        with pytest.raises(errors.UsageError, match="not https"):
            await web.get("/")
    async with AsyncClient("http://a.example/", user="a", password="b", auth="basic") as web:
        with pytest.raises(errors.AuthenticationError, match="in the clear"):
            await web.get("/")
        with pytest.raises(errors.UsageError, match="one body"):
            await web.post("/", json=1, content=b"")
        with pytest.raises(errors.UsageError, match="written by the client itself"):
            await web.post("/", content=b"", headers={"Content-Length": "9"})
        with pytest.raises(errors.UsageError, match="CONNECT"):
            await web.request("CONNECT", "/")
        with pytest.raises(errors.UsageError, match="nothing to send"):
            await web.post("/", content=7)


# -- cookies -----------------------------------------------------------------------------------


async def test_cookies_come_back(tmp_path: Path) -> None:
    path = tmp_path / "jar"
    with HTTPPeer([ok(Set_Cookie="a=1; Path=/; Max-Age=1000"), ok()]) as peer:
        async with client(peer, cookies=path) as web:
            await web.get("/")
            await web.get("/")
            assert web.cookies.get("a") == "1"
        async with client(peer, cookies=path) as web:
            await web.get("/", cookies={"b": "2"})
        async with client(peer, cookies={"c": "3"}) as web:
            await web.get("/")
    assert [a.get("cookie") for a in peer.asked] == [None, "a=1", "a=1; b=2", "c=3"]
    assert path.stat().st_mode & 0o777 == 0o600


# -- connections, waits, retries ---------------------------------------------------------------


async def test_a_dead_kept_connection_is_replaced() -> None:
    with HTTPPeer([ok(), "close", ok()]) as peer:
        async with client(peer) as web:
            assert (await web.get("/")).status == 200
            assert (await web.get("/")).status == 200
    assert [a.target for a in peer.asked] == ["/", "/", "/"]
    with HTTPPeer([ok(), "reset", ok()]) as peer:
        async with client(peer) as web:
            await web.get("/")
            with pytest.raises(errors.ConnectionLost):
                await web.post("/", content=b"x")
            assert (await web.get("/")).status == 200
    with HTTPPeer("close") as peer:
        async with client(peer) as web:
            with pytest.raises(errors.ConnectionLost, match="without an answer") as caught:
                await web.get("/p")
    assert len(peer.asked) == 1
    assert caught.value.url == f"{peer.url}/p"


async def test_retry_after_is_obeyed() -> None:
    busy = answer("503 Busy", Retry_After="0")
    with HTTPPeer([busy, busy, ok()]) as peer:
        async with client(peer) as web:
            assert (await web.get("/")).status == 200
            peer.answers = [busy, ok()]
            assert (await web.post("/")).status == 503
            peer.answers = [answer("429 Slow", Retry_After="3600"), ok()]
            assert (await web.get("/")).status == 429
            peer.answers = [busy, busy, busy, ok()]
            assert (await web.get("/")).status == 503
    assert peer.connections == 1


async def test_unread_bodies_let_go() -> None:
    with HTTPPeer(ok(b"x" * 50_000)) as peer:
        async with client(peer) as web:
            for _ in range(3):
                async with web.stream("GET", "/") as flow:
                    assert flow.status == 200
    assert peer.connections == 1
    with HTTPPeer(ok(b"x" * 5_000_000)) as peer:
        async with client(peer) as web:
            for _ in range(3):
                async with web.stream("GET", "/") as flow:
                    async for _ in flow.iter_bytes():
                        break
    assert peer.connections == 3


async def test_a_body_is_read_once() -> None:
    with HTTPPeer() as peer:
        async with client(peer) as web:
            async with web.stream("GET", "/") as flow:
                await flow.read()
                with pytest.raises(errors.UsageError, match="read already"):
                    await flow.read()


async def test_limits_of_memory() -> None:
    with HTTPPeer(ok(b"x" * 1000)) as peer:
        async with client(peer, largest=999) as web:
            with pytest.raises(errors.LimitReached, match="longer than 999 bytes"):
                await web.get("/")
            assert len((await web.get("/", largest=1000)).content) == 1000


async def test_time_runs_out() -> None:
    def slowly(asked: Asked) -> None:
        import time

        time.sleep(0.6)

    with HTTPPeer(slowly) as peer:
        async with client(peer) as web:
            with pytest.raises(errors.TimedOut) as caught:
                await web.get("/", timeout=0.2)
    assert caught.value.command.startswith("GET ")


async def test_no_connection_becomes_free() -> None:
    with HTTPPeer(ok(b"x" * 1_000_000)) as peer:
        async with client(peer, connections=1) as web:
            async with web.stream("GET", "/"):
                with pytest.raises(errors.TimedOut, match="no connection became free"):
                    await web.get("/", timeout=0.2)
            assert (await web.get("/")).ok


async def test_the_trace_hides_secrets() -> None:
    with HTTPPeer(ok(Set_Cookie="sid=topsecret")) as peer:
        async with client(peer, user="ann", password="hush", auth="basic") as web:
            await web.get("/", cookies={"c": "topsecret"})
    text = web.trace.text
    assert "Authorization: ***" in text
    assert "Set-Cookie: ***" in text
    assert "Cookie: ***" in text
    for secret in ("topsecret", "hush", base64.b64encode(b"ann:hush").decode()):
        assert secret not in text


# -- many --------------------------------------------------------------------------------------


async def test_many_in_order() -> None:
    with HTTPPeer(lambda asked: ok(asked.target.encode())) as peer:
        async with client(peer) as web:
            got = [page.text async for page in web.get_many([f"/{n}" for n in range(300)])]
            async with web.get_many(["/a", "/b"]) as pages:
                async for page in pages:
                    assert page.text == "/a"
                    break
    assert got == [f"/{n}" for n in range(300)]
    assert peer.connections == 2


async def test_many_left_early_without_a_block() -> None:
    with HTTPPeer() as peer:
        async with client(peer) as web:
            async for _ in web.get_many(["/a"] * 50):
                break
            web.get_many(["/never asked for"])
            assert len(web.unfinished) == 2
        assert not web.unfinished


async def test_many_over_connections_that_end() -> None:
    count = 0

    def tired(asked: Asked) -> Any:
        nonlocal count
        count += 1
        if count % 7 == 0:
            asked.line.say(ok(asked.target.encode(), Connection="close"))
            return "close"
        return ok(asked.target.encode()) if count % 11 else "reset"

    with HTTPPeer(tired) as peer:
        async with client(peer) as web:
            got = [page.text async for page in web.get_many([f"/{n}" for n in range(100)])]
    assert got == [f"/{n}" for n in range(100)]


async def test_many_with_what_is_not_plain() -> None:
    def odd(asked: Asked) -> bytes:
        kinds = {"/r": answer("302 There", Location="/z"), "/404": answer("404 No"),
                 "/gz": ok(gzip.compress(b"coded"), Content_Encoding="gzip"),
                 "/c": ok(b"c", Set_Cookie="k=v")}
        return kinds.get(asked.target, ok((asked.get("cookie") or "").encode()))

    with HTTPPeer(odd) as peer:
        async with client(peer) as web:
            paths = ["/a", "/r", "/404", "/gz", "/c"]
            got = [(p.status, p.content) async for p in web.get_many(paths)]
            later = [p.content async for p in web.get_many(["/d", "/e"])]
    assert got == [(200, b""), (200, b""), (404, b""), (200, b"coded"), (200, b"c")]
    assert later == [b"k=v", b"k=v"]


async def test_many_tells_which_failed() -> None:
    with HTTPPeer([ok(), b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"]) as peer:
        async with client(peer) as web:
            with pytest.raises(errors.ProtocolError, match=r"GET http://.*/b: .*Content-Length"):
                [page async for page in web.get_many(["/a", "/b", "/c"])]
    with HTTPPeer("close") as peer:
        async with client(peer) as web:
            with pytest.raises(errors.ConnectionLost, match=r"GET http://.*/a"):
                [page async for page in web.get_many(["/a", "/b"])]
    assert peer.connections == 3
