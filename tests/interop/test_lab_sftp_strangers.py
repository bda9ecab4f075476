"""The lab's SFTP server against clients that others wrote: sftp, scp, lftp, curl, rclone, sshfs."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from postel import lab

BIG = os.urandom(300_000)
Tool = Callable[[str], Path]


@pytest.fixture
def here() -> Iterator[lab.Lab]:
    with lab.start("sftp") as started:
        started.sftp.files.put("/pub/big.bin", BIG)
        started.sftp.files.put("/pub/a b.txt", b"hello")
        started.sftp.files.make_folders("/up")
        yield started


def run(words: list[str | Path], text: str | None = None) -> str:
    done = subprocess.run(words, input=text, capture_output=True, text=True, timeout=50,
                          check=False)
    assert done.returncode == 0, f"{words}: {done.returncode} {done.stdout} {done.stderr}"
    return done.stdout


def openssh(here: lab.Lab, key: Path) -> list[str | Path]:
    """What OpenSSH's programs need."""
    return ["-F", "none", "-o", "BatchMode=yes", "-o", f"UserKnownHostsFile={here.sftp.host_keys}",
            "-o", "IdentitiesOnly=yes", "-i", key, "-P", str(here.sftp.port)]


def test_sftp(here: lab.Lab, tool: Tool, tmp_path: Path) -> None:
    (tmp_path / "up.txt").write_bytes(b"from here")
    os.utime(tmp_path / "up.txt", (1_600_000_000, 1_600_000_000))
    (tmp_path / "big.bin").write_bytes(BIG[:100_000])
    said = run([tool("sftp"), *openssh(here, here.sftp.key("alice")), "-b", "-", "alice@127.0.0.1"],
               f"""\
ls -l /pub
get "/pub/a b.txt" {tmp_path}/down.txt
reget /pub/big.bin {tmp_path}/big.bin
put -p {tmp_path}/up.txt /up/one.txt
rename /up/one.txt /up/two.txt
mkdir /up/sub
rmdir /up/sub
chmod 600 /up/two.txt
df /
put {tmp_path}/up.txt /up/gone.txt
rm /up/gone.txt
""")
    assert "big.bin" in said
    assert (tmp_path / "down.txt").read_bytes() == b"hello"
    assert (tmp_path / "big.bin").read_bytes() == BIG
    files = here.sftp.files
    assert files.tree("/up") == {"/up/two.txt": b"from here"}
    status = files.stat("/up/two.txt")
    assert (status.mode & 0o777, status.modified) == (0o600, 1_600_000_000)


@pytest.mark.parametrize("protocol", ["-s", "-O"], ids=["SFTP", "the old protocol"])
@pytest.mark.parametrize("quirk", ["", "out of order", "no extensions", "asks"])
def test_scp(protocol: str, quirk: str, here: lab.Lab, tool: Tool, tmp_path: Path) -> None:
    here.sftp.quirks(*filter(None, [quirk]))
    words = [tool("scp"), protocol, "-r", *openssh(here, here.sftp.key("alice"))]
    run([*words, "alice@127.0.0.1:/pub", tmp_path])
    assert (tmp_path / "pub" / "big.bin").read_bytes() == BIG
    assert (tmp_path / "pub" / "a b.txt").read_bytes() == b"hello"
    run([*words, tmp_path / "pub" / "big.bin", "alice@127.0.0.1:/up/big.bin"])
    assert here.sftp.files.get("/up/big.bin") == BIG


def test_lftp(here: lab.Lab, tool: Tool, tmp_path: Path) -> None:
    (tmp_path / "tree" / "sub").mkdir(parents=True)
    for number in range(20):
        (tmp_path / "tree" / "sub" / f"{number}.txt").write_text(str(number))
    connect = (f"ssh -a -x -F none -o UserKnownHostsFile={here.sftp.host_keys} "
               f"-o IdentitiesOnly=yes -i {here.sftp.key('alice')}")
    run([tool("lftp"), "-c", f"""\
set sftp:connect-program "{connect}"
set net:max-retries 1
set xfer:log no
open sftp://alice:@127.0.0.1:{here.sftp.port}/
mirror -R --no-perms {tmp_path}/tree /up/tree
mirror --no-perms /pub {tmp_path}/pub
"""])
    assert len(here.sftp.files.tree("/up/tree")) == 20
    assert (tmp_path / "pub" / "big.bin").read_bytes() == BIG


def test_curl(here: lab.Lab, tool: Tool, tmp_path: Path) -> None:
    if "sftp" not in run([tool("curl"), "-V"]).split():
        pytest.skip("this curl has no SFTP")
    (tmp_path / "up").write_bytes(BIG)
    words = [tool("curl"), "-sS", "-u", "alice:secret", "--hostpubsha256",
             here.sftp.fingerprint.removeprefix("SHA256:")]
    url = f"sftp://127.0.0.1:{here.sftp.port}"
    run([*words, "-o", tmp_path / "down", f"{url}/pub/big.bin"])
    assert (tmp_path / "down").read_bytes() == BIG
    run([*words, "-T", tmp_path / "up", f"{url}/up/new/x.bin", "--ftp-create-dirs"])
    assert here.sftp.files.get("/up/new/x.bin") == BIG
    assert "a b.txt" in run([*words, f"{url}/pub/"])


def test_rclone(here: lab.Lab, tool: Tool, tmp_path: Path) -> None:
    there = (f":sftp,host=127.0.0.1,port={here.sftp.port},user=alice,known_hosts_file="
             f"'{here.sftp.host_keys}',key_file='{here.sftp.key('alice')}',shell_type=none,"
             "set_modtime=true:")
    words = [tool("rclone"), "--config", "/dev/null"]
    run([*words, "copy", f"{there}/pub", tmp_path / "pub"])
    assert (tmp_path / "pub" / "big.bin").read_bytes() == BIG
    run([*words, "sync", tmp_path / "pub", f"{there}/up"])
    assert here.sftp.files.get("/up/a b.txt") == b"hello"
    run([*words, "check", "--size-only", tmp_path / "pub", f"{there}/up"])


def test_asyncssh(here: lab.Lab, tmp_path: Path) -> None:
    import asyncssh

    async def main() -> None:
        async with asyncssh.connect(
            "127.0.0.1", here.sftp.port, username="alice", password="secret", config=None,
            known_hosts=str(here.sftp.host_keys),
        ) as connection, connection.start_sftp_client() as sftp:
            await sftp.get("/pub", tmp_path / "pub", recurse=True)
            await sftp.put(tmp_path / "pub", "/up/pub", recurse=True, preserve=True)
            await sftp.posix_rename("/up/pub/a b.txt", "/up/pub/big.bin")
            async with sftp.open("/up/pub/big.bin", "r+b") as file:
                await file.seek(0, 2)
                await file.write(b" there")
                await file.fsync()
            assert (await sftp.statvfs("/")).bavail > 0
            assert (await sftp.stat("/up/pub/big.bin")).size == 11

    asyncio.run(main())
    assert here.sftp.files.get("/up/pub/big.bin") == b"hello there"


def test_sshfs(here: lab.Lab, tool: Tool, tmp_path: Path) -> None:
    program = tool("sshfs")
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        pytest.skip("no /dev/fuse for sshfs")
    place = tmp_path / "mounted"
    place.mkdir()
    run([program, "alice@127.0.0.1:/", place, "-p", str(here.sftp.port), "-F", "none",
         "-o", f"UserKnownHostsFile={here.sftp.host_keys}",
         "-o", f"IdentityFile={here.sftp.key('alice')}"])
    try:
        assert (place / "pub" / "big.bin").read_bytes() == BIG
        (place / "up" / "x").write_bytes(b"written")
    finally:
        run(["fusermount3", "-u", place])
    assert here.sftp.files.get("/up/x") == b"written"
