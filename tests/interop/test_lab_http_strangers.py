"""The lab's HTTP server against clients of other makers."""

from __future__ import annotations

import http.client
import json
import os
import re
import ssl
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from postel import lab
from postel.http.server import CODINGS, HTTPOptions
from postel.lab.lab import Lab
from postel.serving.folder import FolderFiles

Tool = Callable[[str], Path]
BODY = bytes(range(256)) * 8000
TREE = {"/tree/one.txt": b"1", "/tree/sub/two words.txt": b"22", "/tree/sub/ä.txt": b"333",
        "/tree/empty": b"", "/tree/big.bin": BODY}


@pytest.fixture(scope="module")
def running() -> Iterator[Lab]:
    with lab.start("http") as started:
        yield started


@pytest.fixture
def here(running: Lab) -> Lab:
    for path in list(running.http.files.tree()):
        running.http.files.remove(path)
    for path, data in TREE.items():
        running.http.files.put(path, data, modified=1.6e9)
    vars(running.http.options).update(vars(HTTPOptions()))
    return running


def run(*command: object, home: Path, ok: tuple[int, ...] = (0,)) -> bytes:
    """Run a program away from this user's own settings; return what it wrote."""
    environment = {**os.environ, "HOME": str(home), "LC_ALL": "C.UTF-8", "no_proxy": "*"}
    done = subprocess.run([str(word) for word in command], capture_output=True, timeout=40,
                          cwd=home, env=environment, check=False)
    assert done.returncode in ok, (done.stderr + done.stdout).decode(errors="replace")
    return done.stdout


def base(here: Lab, scheme: str = "http") -> str:
    _, port = here.address(scheme)
    return f"{scheme}://{'localhost' if scheme == 'https' else '127.0.0.1'}:{port}"


# -- curl ----------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("options", [
    (), ("--http1.0",), ("--tlsv1.2", "--tls-max", "1.2"), ("--compressed",), ("--http2",)],
    ids=" ".join)
def test_curl_fetches(
    here: Lab, tool: Tool, tmp_path: Path, scheme: str, options: tuple[str, ...]
) -> None:
    here.http.options.compress = ("gzip", "br")
    common = (tool("curl"), "-sSf", "--cacert", here.ca, *options)
    assert run(*common, f"{base(here, scheme)}/tree/big.bin", home=tmp_path) == BODY
    part = run(*common, "-r", "100-199", f"{base(here, scheme)}/tree/big.bin", home=tmp_path)
    assert part == BODY[100:200]


def test_curl_goes_on_where_it_stopped(here: Lab, tool: Tool, tmp_path: Path) -> None:
    (tmp_path / "big.bin").write_bytes(BODY[:12345])
    run(tool("curl"), "-sSf", "-C", "-", "-O", f"{base(here)}/tree/big.bin", home=tmp_path)
    assert (tmp_path / "big.bin").read_bytes() == BODY


def test_curl_asks_again_only_for_what_is_new(here: Lab, tool: Tool, tmp_path: Path) -> None:
    common = (tool("curl"), "-sS", "-o", "out", "-w", "%{http_code}", "--etag-save", "tag",
              "--etag-compare", "tag", f"{base(here)}/tree/one.txt")
    (tmp_path / "tag").touch()
    assert run(*common, home=tmp_path) == b"200"
    assert run(*common, home=tmp_path) == b"304"
    here.http.files.put("/tree/one.txt", b"2", modified=1.6e9)
    assert run(*common, home=tmp_path) == b"200"


@pytest.mark.parametrize("auth", ["--basic", "--digest", "--anyauth"])
def test_curl_stores_and_removes(here: Lab, tool: Tool, tmp_path: Path, auth: str) -> None:
    (tmp_path / "up").write_bytes(BODY)
    common = (tool("curl"), "-sSf", auth, "-u", "alice:secret")
    run(*common, "-T", "up", f"{base(here)}/new/folder/up", home=tmp_path)
    assert here.http.files.get("/new/folder/up") == BODY
    run(*common, "-T", "-", "-H", "Expect:", f"{base(here)}/chunked", home=tmp_path)
    assert here.http.files.get("/chunked") == b""
    run(*common, "-X", "DELETE", f"{base(here)}/new/folder/up", home=tmp_path)
    assert "/new/folder/up" not in here.http.files.tree()


def test_curl_with_a_token(here: Lab, tool: Tool, tmp_path: Path) -> None:
    here.http.options.auth, here.http.options.require = ("bearer",), "always"
    here.http.options.tokens = {"abc.def": "alice"}
    url = f"{base(here)}/tree/one.txt"
    assert run(tool("curl"), "-sSf", "--oauth2-bearer", "abc.def", url, home=tmp_path) == b"1"
    run(tool("curl"), "-sSf", "--oauth2-bearer", "abc", url, home=tmp_path, ok=(22,))


def test_curl_follows_and_keeps_cookies(here: Lab, tool: Tool, tmp_path: Path) -> None:
    common = (tool("curl"), "-sSfL", "-b", "jar", "-c", "jar")
    (tmp_path / "jar").touch()
    found = run(*common, f"{base(here)}/cookies/set?a=b&c=d", home=tmp_path)
    assert json.loads(found) == {"cookies": {"a": "b", "c": "d"}}
    assert json.loads(run(*common, f"{base(here)}/cookies", home=tmp_path))["cookies"]["c"] == "d"
    assert json.loads(run(*common, f"{base(here)}/redirect/9", home=tmp_path))["path"] == "/echo"


def test_curl_tries_again(here: Lab, tool: Tool, tmp_path: Path) -> None:
    here.http.faults.on("GET", b"503\r\nRetry-After: 0", times=2)
    found = run(tool("curl"), "-sSf", "--retry", "3", f"{base(here)}/tree/one.txt", home=tmp_path)
    assert found == b"1"


def test_curl_notices_what_is_cut_short(here: Lab, tool: Tool, tmp_path: Path) -> None:
    for chunked in (False, True):
        here.http.options.chunked = chunked
        here.http.faults.on("GET", cut=1000)
        run(tool("curl"), "-sS", "-o", "out", f"{base(here)}/tree/big.bin", home=tmp_path, ok=(18,))


def test_curl_asks_for_several_parts(here: Lab, tool: Tool, tmp_path: Path) -> None:
    found = run(tool("curl"), "-sSf", "-r", "0-1,5-6", f"{base(here)}/tree/big.bin", home=tmp_path)
    assert b"Content-Range: bytes 5-6/" in found
    assert b"\r\n\r\n\x05\x06\r\n" in found


def test_curl_with_forms_and_files(here: Lab, tool: Tool, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    found = run(tool("curl"), "-sSf", "-F", "a=b", "-F", "f=@file", f"{base(here)}/echo",
                home=tmp_path)
    assert 'filename=\\"file\\"' in found.decode()


def test_curl_in_parallel(here: Lab, tool: Tool, tmp_path: Path) -> None:
    run(tool("curl"), "-sSf", "--parallel", "--parallel-max", "20", "-o", "#1",
        f"{base(here)}/bytes/[1-200]", home=tmp_path)
    assert [(tmp_path / str(n)).stat().st_size for n in (1, 100, 200)] == [1, 100, 200]


# -- HTTP/2 --------------------------------------------------------------------------------


def test_curl_by_http2(here: Lab, tool: Tool, tmp_path: Path) -> None:
    here.http.options.http2 = True
    url = base(here, "https")
    common = (tool("curl"), "-sSf", "--cacert", here.ca, "--http2")
    assert run(*common, "-w", "%{stderr}%{http_version}", f"{url}/tree/big.bin",
               home=tmp_path) == BODY
    shown = run(*common, "-o", "/dev/null", "-w", "%{http_version}", f"{url}/tree/one.txt",
                home=tmp_path)
    assert shown == b"2"
    (tmp_path / "up").write_bytes(BODY * 3)
    # not --anyauth: curl 7.88 waits for ever after an early 401 by HTTP/2, nginx's too
    run(*common, "--digest", "-u", "alice:secret", "-T", "up", f"{url}/up", home=tmp_path)
    assert here.http.files.get("/up") == BODY * 3
    before = here.http.secure.connections
    run(*common, "--parallel", "-o", "#1", f"{url}/bytes/[1-200]", home=tmp_path)
    assert (tmp_path / "200").stat().st_size == 200
    assert here.http.secure.connections - before <= 3


def test_wget2_and_rclone_by_http2(here: Lab, tool: Tool, tmp_path: Path) -> None:
    here.http.options.http2 = True
    run(tool("wget2"), "-q", "-r", "-np", "-nH", "--ca-certificate", here.ca,
        f"{base(here, 'https')}/tree/", home=tmp_path)
    assert (tmp_path / "tree" / "big.bin").read_bytes() == BODY
    run(tool("rclone"), "--config", "/dev/null", "--ca-cert", here.ca, "copy",
        f":http,url='{base(here, 'https')}':tree", "copy", home=tmp_path)
    assert (tmp_path / "copy" / "big.bin").read_bytes() == BODY


# -- wget, wget2, aria2 --------------------------------------------------------------------


@pytest.mark.parametrize("name", ["wget", "wget2"])
@pytest.mark.parametrize("style", ["nginx", "apache", "python", "lighttpd"])
def test_wget_mirrors_by_index_pages(
    here: Lab, tool: Tool, tmp_path: Path, name: str, style: str
) -> None:
    here.http.options.index = style
    run(tool(name), "-q", "-r", "-np", "-nH", "--ca-certificate", here.ca, "-R", "index.html*",
        f"{base(here, 'https')}/tree/", home=tmp_path)
    found = {f"/{path.relative_to(tmp_path)}": path.read_bytes()
             for path in (tmp_path / "tree").rglob("*") if path.is_file()}
    assert {path: data for path, data in found.items() if "index.html" not in path} == TREE


@pytest.mark.parametrize("name", ["wget", "wget2"])
def test_wget_goes_on_and_logs_in(here: Lab, tool: Tool, tmp_path: Path, name: str) -> None:
    here.http.options.require = "always"
    here.http.options.algorithms = ("MD5",)  # wget takes the first Digest, and knows no SHA-256
    login = ("--user=alice", "--password=secret")
    (tmp_path / "big.bin").write_bytes(BODY[:5000])
    run(tool(name), "-q", "-c", *login, f"{base(here)}/tree/big.bin", home=tmp_path)
    assert (tmp_path / "big.bin").read_bytes() == BODY
    assert (tmp_path / "big.bin").stat().st_mtime == 1.6e9


def test_aria2_by_several_connections(here: Lab, tool: Tool, tmp_path: Path) -> None:
    before = here.http.clear.connections
    run(tool("aria2c"), "-q", "-x4", "-s4", "-k1M", "--min-split-size=1M", "--no-conf",
        f"{base(here)}/bytes/20000000", "-o", "whole", home=tmp_path)
    here.http.files.put("/huge.bin", BODY * 4)
    run(tool("aria2c"), "-q", "-x4", "-s4", "-k1M", "--min-split-size=1M", "--no-conf",
        f"{base(here)}/huge.bin", home=tmp_path)
    assert (tmp_path / "huge.bin").read_bytes() == BODY * 4
    assert here.http.clear.connections - before >= 4


# -- lftp, rclone --------------------------------------------------------------------------


@pytest.mark.parametrize("style", ["nginx", "apache", "lighttpd"])
def test_lftp_mirrors(here: Lab, tool: Tool, tmp_path: Path, style: str) -> None:
    here.http.options.index = style
    run(tool("lftp"), "-c", f"set ssl:ca-file {here.ca}; open {base(here, 'https')};"
        " mirror /tree copy", home=tmp_path)
    found = {f"/tree/{path.relative_to(tmp_path / 'copy')}": path.read_bytes()
             for path in (tmp_path / "copy").rglob("*") if path.is_file()}
    assert found == TREE


def test_lftp_reads_sizes_and_times(here: Lab, tool: Tool, tmp_path: Path) -> None:
    listed = run(tool("lftp"), "-c", f"open {base(here)}; cls -l --time-style=%Y /tree/",
                 home=tmp_path).decode()
    assert re.search(rf"{len(BODY)} .*2020.*big\.bin", listed), listed


def test_rclone_lists_and_copies(here: Lab, tool: Tool, tmp_path: Path) -> None:
    remote = f":http,url='{base(here)}':"
    common = (tool("rclone"), "--config", "/dev/null")
    rows = json.loads(run(*common, "lsjson", "-R", f"{remote}tree", home=tmp_path))
    files = {f"/tree/{row['Path']}": row["Size"] for row in rows if not row["IsDir"]}
    assert files == {path: len(data) for path, data in TREE.items()}
    run(*common, "copy", f"{remote}tree", "copy", home=tmp_path)
    assert (tmp_path / "copy" / "sub" / "ä.txt").read_bytes() == b"333"


# -- Python, ab ----------------------------------------------------------------------------


def test_urllib(here: Lab) -> None:
    context = ssl.create_default_context(cafile=str(here.ca))
    with urllib.request.urlopen(f"{base(here, 'https')}/tree/big.bin", context=context) as answer:
        assert answer.read() == BODY
    keep = urllib.request.HTTPPasswordMgrWithDefaultRealm()
    keep.add_password(None, base(here), "alice", "secret")
    opener = urllib.request.build_opener(urllib.request.HTTPBasicAuthHandler(keep))
    here.http.options.auth = ("basic",)
    with opener.open(urllib.request.Request(f"{base(here)}/x", b"data", method="PUT")) as answer:
        assert answer.status == 201


def test_a_thousand_requests_on_a_connection(here: Lab) -> None:
    line = http.client.HTTPConnection(*here.address("http"), timeout=10)
    for _ in range(1000):
        line.request("GET", "/tree/one.txt")
        assert line.getresponse().read() == b"1"
    line.close()


def test_ab_at_fifty_at_once(here: Lab, tool: Tool, tmp_path: Path) -> None:
    found = run(tool("ab"), "-q", "-n", "1000", "-c", "50", f"{base(here)}/tree/one.txt",
                home=tmp_path).decode()
    assert "Complete requests:      1000" in found
    assert "Failed requests:        0" in found


def test_every_coding_as_curl_knows_it(here: Lab, tool: Tool, tmp_path: Path) -> None:
    here.http.files.put("/t.txt", b"hello " * 10_000)
    here.http.options.compress = CODINGS
    features = run(tool("curl"), "--version", home=tmp_path).decode()
    known = [name for name in CODINGS if name in ("gzip", "deflate")
             or {"br": "brotli", "zstd": "zstd"}[name] in features]
    for coding in known:
        found = run(tool("curl"), "-sSf", "--compressed", "-H", f"Accept-Encoding: {coding}",
                    f"{base(here)}/t.txt", home=tmp_path)
        assert found == b"hello " * 10_000


def test_a_real_folder(tool: Tool, tmp_path: Path) -> None:
    folder, home = tmp_path / "served", tmp_path / "home"
    for path in (folder, home):
        path.mkdir()
    (folder / "big.bin").write_bytes(BODY * 10)
    with lab.start("http") as here:
        here.http.serve(FolderFiles(folder, writable=True))
        for scheme in ("http", "https"):
            common = (tool("curl"), "-sSf", "--cacert", here.ca, "-u", "alice:secret")
            assert run(*common, f"{base(here, scheme)}/big.bin", home=home) == BODY * 10
            (home / "up").write_bytes(BODY)
            run(*common, "-T", "up", f"{base(here, scheme)}/sub/up", home=home)
            assert (folder / "sub" / "up").read_bytes() == BODY
    assert sorted(path.name for path in folder.iterdir()) == ["big.bin", "sub"]
