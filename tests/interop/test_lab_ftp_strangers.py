"""The lab's FTP server against clients of other makers: curl, lftp, wget, the standard library."""

from __future__ import annotations

import ftplib
import hashlib
import io
import os
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from postel import lab
from postel.lab.lab import Lab
from postel.serving.folder import FolderFiles

Tool = Callable[[str], Path]
BODY = bytes(range(256)) * 8000
TREE = {"/tree/one.txt": b"1", "/tree/sub/two words.txt": b"22", "/tree/sub/ä.txt": b"333",
        "/tree/empty": b"", "/tree/big.bin": BODY}


@pytest.fixture(scope="module")
def running() -> Iterator[Lab]:
    with lab.start("ftp") as started:
        yield started


@pytest.fixture
def here(running: Lab) -> Lab:
    for path in list(running.ftp.files.tree()):
        running.ftp.files.remove(path)
    for path, data in TREE.items():
        running.ftp.files.put(path, data, modified=1.6e9)
    running.ftp.quirks()
    return running


def run(*command: object, home: Path, ok: tuple[int, ...] = (0,)) -> bytes:
    """Run a program away from this user's own settings; return what it wrote."""
    environment = {**os.environ, "HOME": str(home), "LC_ALL": "C.UTF-8"}
    done = subprocess.run([str(word) for word in command], capture_output=True, timeout=40,
                          cwd=home, env=environment, check=False)
    assert done.returncode in ok, done.stderr.decode(errors="replace")
    return done.stdout


def base(here: Lab, scheme: str = "ftp") -> str:
    host, port = here.address(scheme)
    return f"{scheme}://{host}:{port}"


# -- curl ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options", [[], ["--disable-epsv"], ["--ftp-port", "-"], ["--ftp-pasv"], ["--ftp-skip-pasv-ip"],
                ["--disable-eprt", "--ftp-port", "127.0.0.1"]], ids=" ".join)
def test_curl_fetches(here: Lab, tool: Tool, tmp_path: Path, options: list[str]) -> None:
    assert run(tool("curl"), "-sS", *options, f"{base(here)}/tree/big.bin", home=tmp_path) == BODY


@pytest.mark.parametrize("version", ["1.2", "1.3"])
@pytest.mark.parametrize("scheme", ["ftp", "ftps"])
def test_curl_over_tls(
    here: Lab, tool: Tool, tmp_path: Path, scheme: str, version: str
) -> None:
    common = (tool("curl"), "-sS", "--ssl-reqd", "--cacert", here.ca, f"--tlsv{version}",
              "--tls-max", version, "-u", "alice:secret")
    url = base(here, scheme)
    assert run(*common, f"{url}/tree/big.bin", home=tmp_path) == BODY
    assert run(*common, "-r", "100-199", f"{url}/tree/big.bin", home=tmp_path) == BODY[100:200]
    (tmp_path / "up").write_bytes(BODY)
    run(*common, "-T", tmp_path / "up", f"{url}/tree/up", home=tmp_path)
    assert here.ftp.files.get("/tree/up") == BODY


def test_curl_clear_command_channel(here: Lab, tool: Tool, tmp_path: Path) -> None:
    # curl's "passive" mode answers no close_notify, which OpenSSL does not take for an end
    found = run(tool("curl"), "-sS", "--ssl-reqd", "--cacert", here.ca, "--ftp-ssl-ccc-mode",
                "active", "-u", "alice:secret", f"{base(here)}/tree/big.bin", home=tmp_path)
    assert found == BODY


def test_curl_resumes_appends_and_makes_folders(here: Lab, tool: Tool, tmp_path: Path) -> None:
    curl, url = tool("curl"), base(here)
    part = tmp_path / "part"
    part.write_bytes(BODY[:1000])
    run(curl, "-sS", "-C", "-", "-o", part, f"{url}/tree/big.bin", home=tmp_path)
    assert part.read_bytes() == BODY
    here.ftp.files.put("/tree/up", BODY[:1000])
    run(curl, "-sS", "-u", "alice:secret", "-C", "-", "-T", part, f"{url}/tree/up", home=tmp_path)
    assert here.ftp.files.get("/tree/up") == BODY
    run(curl, "-sS", "-u", "alice:secret", "-a", "-T", part, f"{url}/tree/up", home=tmp_path)
    assert here.ftp.files.get("/tree/up") == BODY * 2
    run(curl, "-sS", "-u", "alice:secret", "--ftp-create-dirs", "-T", part, f"{url}/a/b/c",
        home=tmp_path)
    assert here.ftp.files.get("/a/b/c") == BODY
    run(curl, "-sS", "-u", "alice:secret", "-Q", "RNFR /a/b/c", "-Q", "RNTO /a/d", "-o",
        os.devnull, f"{url}/", home=tmp_path)
    assert here.ftp.files.get("/a/d") == BODY


def test_curl_lists_and_looks(here: Lab, tool: Tool, tmp_path: Path) -> None:
    curl, url = tool("curl"), base(here)
    assert b" big.bin" in run(curl, "-sS", f"{url}/tree/", home=tmp_path)
    names = run(curl, "-sS", "-l", f"{url}/tree/sub/", home=tmp_path).decode().splitlines()
    assert names == ["two words.txt", "ä.txt"]
    head = run(curl, "-sS", "-I", f"{url}/tree/big.bin", home=tmp_path).decode()
    assert f"Content-Length: {len(BODY)}" in head
    assert "Last-Modified: Sun, 13 Sep 2020 12:26:40 GMT" in head


def test_curl_sees_what_went_wrong(here: Lab, tool: Tool, tmp_path: Path) -> None:
    curl, url = tool("curl"), base(here)
    run(curl, "-sS", f"{url}/tree/none", home=tmp_path, ok=(78,))
    run(curl, "-sS", "-u", "alice:wrong", f"{url}/", home=tmp_path, ok=(67,))
    run(curl, "-sS", "-T", here.ca, f"{url}/tree/x", home=tmp_path, ok=(25,))
    here.ftp.faults.on("RETR", b"226 Transfer complete", cut=1000)
    run(curl, "-sS", f"{url}/tree/big.bin", home=tmp_path, ok=(18,))
    with here.relay("ftp", tls="expired") as relay:
        run(curl, "-sS", "--ssl-reqd", "--cacert", here.ca, f"ftp://127.0.0.1:{relay.port}/",
            home=tmp_path, ok=(60,))


# -- lftp ----------------------------------------------------------------------------------


def lftp(here: Lab, tool: Tool, home: Path, commands: str, *, settings: str = "") -> bytes:
    host, port = here.address("ftp")
    script = (f"set net:max-retries 2; set net:timeout 10; set ssl:ca-file {here.ca}; "
              f"set ftp:sync-mode off; {settings}; "
              f"open -u alice,secret ftp://{host}:{port}; {commands}")
    return run(tool("lftp"), "--norc", "-c", script, home=home)


@pytest.mark.parametrize(
    "settings", ["set ftp:ssl-force on; set ftp:ssl-protect-data on", "set ftp:ssl-allow off",
                 "set ftp:ssl-allow off; set ftp:passive-mode off",
                 "set ftp:ssl-allow off; set ftp:use-mode-z on; set ftp:mode-z-level 6",
                 "set ftp:ssl-allow off; set ftp:use-mlsd off",
                 "set ftp:ssl-allow off; set ftp:sync-mode on"])
def test_lftp_mirrors_both_ways(here: Lab, tool: Tool, tmp_path: Path, settings: str) -> None:
    lftp(here, tool, tmp_path, "mirror -P3 /tree down; mirror -R -P3 down /back; ",
         settings=settings)
    down = {f"/tree/{path.relative_to(tmp_path / 'down')}": path.read_bytes()
            for path in (tmp_path / "down").rglob("*") if path.is_file()}
    assert down == TREE
    assert {path.replace("/back", "/tree"): data
            for path, data in here.ftp.files.tree("/back").items()} == TREE
    if "mlsd off" not in settings:
        assert (tmp_path / "down" / "big.bin").stat().st_mtime == 1.6e9
        assert here.ftp.files.stat("/back/big.bin").modified == 1.6e9


def test_lftp_changes_things(here: Lab, tool: Tool, tmp_path: Path) -> None:
    out = lftp(here, tool, tmp_path,
               "mkdir -p /x/y; mv /tree/one.txt /x/y/1; chmod 600 /x/y/1; rm -r /tree/sub; "
               "cd /x/y; pwd; cls -1; quote SITE HELP", settings="set ftp:ssl-allow off")
    assert b"/x/y" in out
    assert b"1\n" in out
    assert here.ftp.files.stat("/x/y/1").mode == 0o600
    assert not any(path.startswith("/tree/sub") for path in here.ftp.files.tree())


# -- wget ----------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [[], ["--no-passive-ftp"]], ids=["passive", "active"])
def test_wget_fetches_a_tree(here: Lab, tool: Tool, tmp_path: Path, options: list[str]) -> None:
    wget = tool("wget")
    run(wget, "-q", "-r", "-nH", "--timeout=10", "--tries=2", *options, f"{base(here)}/tree/",
        home=tmp_path)
    down = {f"/{path.relative_to(tmp_path)}": path.read_bytes()
            for path in tmp_path.rglob("*") if path.is_file() and "tree" in path.parts}
    assert set(down.values()) >= {b"1", b"22", BODY}


def test_wget_resumes_and_speaks_tls(here: Lab, tool: Tool, tmp_path: Path) -> None:
    wget = tool("wget")
    (tmp_path / "big.bin").write_bytes(BODY[:5000])
    run(wget, "-q", "-c", "--timeout=10", "--tries=2", f"{base(here)}/tree/big.bin", home=tmp_path)
    assert (tmp_path / "big.bin").read_bytes() == BODY
    run(wget, "-q", "--timeout=10", "--tries=2", f"--ca-certificate={here.ca}", "-O", "secure",
        f"{base(here).replace('ftp:', 'ftps:')}/tree/big.bin", home=tmp_path)
    assert (tmp_path / "secure").read_bytes() == BODY
    run(wget, "-q", "--timeout=10", "--tries=2", f"--ca-certificate={here.ca}", "-O", "implicit",
        "--ftps-implicit", f"{base(here, 'ftps')}/tree/big.bin", home=tmp_path)
    assert (tmp_path / "implicit").read_bytes() == BODY


# -- the standard library ------------------------------------------------------------------


class ReusingFTP(ftplib.FTP_TLS):
    """ftplib with the one thing it lacks: the control connection's session on data channels."""

    def ntransfercmd(self, cmd: str, rest: object = None) -> tuple[object, int | None]:
        conn, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
        session = self.sock.session
        return self.context.wrap_socket(conn, server_hostname=self.host, session=session), size


def test_ftplib_fifty_files_over_tls(here: Lab) -> None:
    for number in range(50):
        here.ftp.files.put(f"/fifty/{number}", hashlib.sha256(b"%d" % number).digest() * 100)
    site = ReusingFTP(context=ssl.create_default_context(cafile=str(here.ca)))
    site.connect("127.0.0.1", here.ftp.port, timeout=10)
    site.login("alice", "secret")
    site.prot_p()
    names = [name for name, facts in site.mlsd("/fifty") if facts["type"] == "file"]
    assert len(names) == 50
    for name in names:
        body = io.BytesIO()
        site.retrbinary(f"RETR /fifty/{name}", body.write)
        assert body.getvalue() == here.ftp.files.get(f"/fifty/{name}")
        site.storbinary(f"STOR /fifty/{name}.up", io.BytesIO(body.getvalue()))
    assert len(here.ftp.files.tree("/fifty")) == 100
    site.quit()


def test_ftplib_lines_and_abort(here: Lab) -> None:
    with ftplib.FTP() as site:
        site.connect(*here.address("ftp"), timeout=10)
        site.login("alice", "secret")
        site.storlines("STOR lines", io.BytesIO(b"a\nb\n"))
        assert here.ftp.files.get("/lines") == b"a\nb\n"
        lines: list[str] = []
        site.retrlines("RETR lines", lines.append)
        assert lines == ["a", "b"]
        here.ftp.files.put("/huge", BODY * 20)
        data = site.transfercmd("RETR huge")
        assert data.recv(10)
        assert site.abort()[:3] in ("426", "226")
        data.close()


# -- a real folder -------------------------------------------------------------------------


def test_curl_on_a_folder(tool: Tool, tmp_path: Path) -> None:
    curl = tool("curl")
    folder = tmp_path / "served"
    folder.mkdir()
    (folder / "big").write_bytes(BODY)
    with lab.start("ftp", root=folder) as here:
        assert run(curl, "-sS", f"{base(here)}/big", home=tmp_path) == BODY
        run(curl, "-sS", "-u", "alice:secret", "-T", here.ca, f"{base(here)}/x", home=tmp_path,
            ok=(25,))
        here.ftp.serve(FolderFiles(folder, writable=True))
        run(curl, "-sS", "-u", "alice:secret", "-T", folder / "big", f"{base(here)}/up",
            home=tmp_path)
    assert (folder / "up").read_bytes() == BODY
