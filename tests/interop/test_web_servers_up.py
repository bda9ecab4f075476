"""The real web servers answer clients that are not ours, and have what `servers.web` promises."""

from __future__ import annotations

import http.client
import json
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from servers import BIG_SIZE, ODD_NAMES, REDIRECTS, Web

Tool = Callable[[str], Path]


def curl(tool: Tool, server: Web, *arguments: str) -> str:
    command = [tool("curl"), "-sS", "--noproxy", "*", "--cacert", server.ca_file, "-m", "30",
               *arguments]
    done = subprocess.run(command, check=False, capture_output=True, timeout=40)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def fields(server: Web, path: str, **headers: str) -> tuple[int, http.client.HTTPMessage, bytes]:
    line = http.client.HTTPConnection(server.host, server.port, timeout=10)
    try:
        line.request("GET", path, headers={name.replace("_", "-"): value
                                           for name, value in headers.items()})
        answer = line.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        line.close()


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
@pytest.mark.parametrize("tls", [False, True])
def test_files(web_server: Web, tool: Tool, version: str, tls: bool) -> None:
    show = ("-o", "/dev/null", "-w", "%{http_version} %{size_download}")
    found = curl(tool, web_server, version, *show, web_server.url("/big.bin", tls=tls))
    used = "2" if tls and version == "--http2" else "1.1"
    # Apache switches to h2c when it is asked, nginx of this age does not
    assert found in {f"{used} {BIG_SIZE}", f"2 {BIG_SIZE}" if version == "--http2" else ""}


def test_ranges_and_validators(web_server: Web) -> None:
    status, headers, body = fields(web_server, "/text/lf.txt", Range="bytes=5-9")
    assert (status, body) == (206, b"0\nlin"[:5])
    assert headers["Content-Range"].startswith("bytes 5-9/")
    tag = headers["ETag"]
    assert fields(web_server, "/text/lf.txt", If_None_Match=tag)[0] == 304
    assert fields(web_server, "/text/lf.txt", Range="bytes=5-9", If_Range='"x"')[0] == 200


@pytest.mark.parametrize("coding", ["gzip", "br"])
def test_codings(web_server: Web, coding: str) -> None:
    _, headers, body = fields(web_server, "/text/lf.txt", Accept_Encoding=coding)
    assert headers["Content-Encoding"] == coding
    assert len(body) < web_server.local("/text/lf.txt").stat().st_size


def test_log_in(web_server: Web, tool: Tool) -> None:
    places = ["/auth/readme.txt", *(["/digest/readme.txt"] if web_server.name == "apache" else [])]
    for place in places:
        assert fields(web_server, place)[0] == 401
        found = curl(tool, web_server, "--anyauth", "-u", "alice:secret", web_server.url(place))
        assert found.startswith("Postel's")


def test_redirects(web_server: Web, tool: Tool) -> None:
    for hop, code in enumerate(REDIRECTS, 1):
        status, headers, _ = fields(web_server, f"/redirect/{hop}")
        assert status == code
        assert headers["Location"].endswith(f"/redirect/{hop - 1}" if hop > 1 else "/readme.txt")
    for place in ("/redirect/25", "/cross"):
        found = curl(tool, web_server, "-L", web_server.url(place))
        assert found.startswith("Postel's")


def test_statuses(web_server: Web) -> None:
    for code in (404, 410, 429, 503):
        status, headers, _ = fields(web_server, f"/status/{code}")
        assert status == code
        assert (headers["Retry-After"] == "1") == (code in (429, 503))


def test_index_pages(web_server: Web) -> None:
    from html import unescape
    from urllib.parse import quote

    page = fields(web_server, "/odd/")[2].decode()
    for name in ODD_NAMES:
        if name != ".hidden":
            assert quote(name)[:5] in page or name in unescape(page), name


def test_webdav(web_server: Web, tool: Tool, tmp_path: Path) -> None:
    (tmp_path / "up").write_text("hello")
    folder = web_server.new_folder()
    place = web_server.url(folder)
    curl(tool, web_server, "-f", "-T", str(tmp_path / "up"), f"{place}a.txt")
    curl(tool, web_server, "-f", "-X", "MKCOL", f"{place}sub/")
    curl(tool, web_server, "-f", "-X", "MOVE", "-H", f"Destination: {place}sub/b.txt",
         f"{place}a.txt")
    found = curl(tool, web_server, "-f", "-X", "PROPFIND", "-H", "Depth: 1", f"{place}sub/")
    assert "b.txt" in found
    assert "getcontentlength" in found
    assert web_server.local(f"{folder}sub/b.txt").read_text() == "hello"
    denied = web_server.url(folder.replace("/dav/", "/davauth/"))
    assert "401" in curl(tool, web_server, "-i", "-X", "PROPFIND", denied)


def test_what_nginx_has_alone(nginx: Web, tool: Tool) -> None:
    rows = json.loads(curl(tool, nginx, nginx.url("/json/")))
    assert {"name": "readme.txt", "type": "file"}.items() <= {
        (key, value) for row in rows if row["name"] == "readme.txt" for key, value in row.items()}
    assert "cookie=a=b" in curl(tool, nginx, "-b", "a=b", nginx.url("/echo"))
    with pytest.raises(http.client.RemoteDisconnected):
        fields(nginx, "/drop")


def test_a_client_certificate(nginx: Web) -> None:
    context = ssl.create_default_context(cafile=nginx.ca_file)
    for known in (False, True):
        if known:
            context.load_cert_chain(nginx.client_cert, nginx.client_key)
        line = http.client.HTTPSConnection("localhost", nginx.mutual_port, context=context,
                                           timeout=10)
        line.request("GET", "/who")
        answer = line.getresponse()
        assert (answer.status, b"CN=alice" in answer.read()) == ((200, True) if known
                                                                 else (400, False))
        line.close()
