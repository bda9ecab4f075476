"""``postel get`` in pieces, walks that go on after an error, paths for URLs, reports."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from postel import lab

BIG = hashlib.sha256(b"big").digest() * 320_000  # over 8 MiB: two segments and a bit

Postel = Callable[..., Result]


@pytest.fixture
def urls(here: lab.Lab) -> list[str]:
    here.ftp.files.put("/big.bin", BIG)
    here.http.files.put("/big.bin", BIG)
    return [here.url("ftp", path="/big.bin"), here.url("http", path="/big.bin")]


def metalink(urls: list[str], data: bytes = BIG) -> bytes:
    digest = hashlib.sha256(data).hexdigest()
    return (f'<metalink xmlns="urn:ietf:params:xml:ns:metalink"><file name="big.bin"><size>'
            f'{len(BIG)}</size><hash type="sha-256">{digest}</hash>'
            + "".join(f"<url>{url}</url>" for url in urls) + "</file></metalink>").encode()


def test_segments_and_mirrors(urls: list[str], postel: Postel) -> None:
    postel("get", "--segments", "3", urls[0])
    assert Path("big.bin").read_bytes() == BIG
    said = json.loads(postel("get", "--mirrors", *urls, "-o", "both", "--json").stdout)
    assert said == {"url": urls[0], "path": "both", "size": len(BIG)}
    assert Path("both").read_bytes() == BIG
    said = json.loads(postel("get", "--mirrors", *urls, "--dry-run", "--json").stdout)
    assert said["what"] == "big.bin"
    assert urls[1] in said["from"]


def test_a_metalink_here_and_there(here: lab.Lab, urls: list[str], postel: Postel) -> None:
    Path("m.meta4").write_bytes(metalink(urls))
    postel("get", "m.meta4")
    assert Path("big.bin").read_bytes() == BIG
    here.http.files.put("/m.meta4", metalink(urls, b"another"))
    postel("get", here.url("http", path="/m.meta4"), "-o", "x", code=6)
    assert not Path("x").exists()
    postel("get", here.url("http", path="/m.meta4"), "--no-metalink", "-o", "x")
    assert Path("x").read_bytes().startswith(b"<metalink")
    assert "would get" in postel("get", "m.meta4", "--dry-run").stdout


@pytest.mark.parametrize("words", [
    ["-r", "--mirrors", "ftp://a/b", "ftp://b/b"], ["-o", "-", "--segments", "2", "ftp://a/b"],
    ["--mirrors", "ftp://a/b/"], ["missing.txt"]])
def test_what_does_not_go_together(words: list[str], postel: Postel) -> None:
    postel("get", *words, code=2)


def test_a_metalink_that_is_not_there(here: lab.Lab, postel: Postel) -> None:
    postel("get", "none.meta4", code=3)


def test_a_folder_that_cannot_be_listed_is_told_and_the_rest_is_found(
    here: lab.Lab, postel: Postel
) -> None:
    for name in ("a/1.txt", "b/2.txt", "c/3.txt"):
        here.ftp.files.put(f"/walk/{name}", b"12345")
    url = here.url("ftp", path="/walk/")
    for words in (["find", "-n", "*.txt"], ["du", "-b"], ["tree"]):
        here.ftp.faults.on("MLSD", b"550 Permission denied", after=2)
        result = postel(*words, url, "--parallel", "1", code=1)
        assert "Permission denied" in result.stderr
        assert ("1.txt" in result.stdout) == (words[0] != "du")
        assert "10  in 2 files" in result.stdout or words[0] != "du"
        here.ftp.faults.clear()


def test_a_file_may_be_asked_for_too(here: lab.Lab, postel: Postel) -> None:
    url = here.url("ftp", path="/pub/hello.txt")
    assert postel("find", url).stdout == "pub/hello.txt\n"
    assert "6  in 1 files" in postel("du", "-b", url).stdout
    postel("du", here.url("ftp", path="/pub/nope"), code=3)


def test_paths_of_this_machine_go_without_a_scheme(here: lab.Lab, postel: Postel) -> None:
    folder = Path("t").absolute()
    postel("mkdir", str(folder))
    Path("t/a.txt").write_text("hello")
    assert "a.txt" in postel("ls", "./t").stdout
    assert postel("cat", "./t/a.txt").stdout == "hello"
    postel("mv", "./t/a.txt", "b.txt")
    postel("rm", "./t/b.txt")
    assert not Path("t/b.txt").exists()
    postel("ls", "t", code=2)


def lines(path: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in Path(path).read_text().splitlines()]


def test_reports(here: lab.Lab, postel: Postel) -> None:
    source = here.url("ftp", path="/pub/more")
    postel("mirror", "--no-journal", "--report", "r", source, "copy")
    assert [one["event"] for one in lines("r")] == ["report", "begin", "done", "end"]
    postel("cp", "--report", "r", f"{source}/data.bin", "copy/again.bin")
    assert lines("r")[-1]["done"] == {"new": 1}
    postel("check", "--report", "r", "--limit-rate", "10M", source, "copy", code=6)
    assert [one["event"] for one in lines("r")] == ["report", "differs", "end"]
    postel("plan", "--no-journal", "--delete", "-o", "p", source, "copy")
    postel("apply", "--report", "r", "p")
    assert lines("r")[-1]["done"] == {"delete": 1}
    postel("sync", "--report", "r", "copy", "other")
    assert lines("r")[0]["verb"] == "sync"
    digest = hashlib.sha256(bytes(5000)).hexdigest()
    Path("SHA256SUMS").write_text(f"{digest}  data.bin\n{digest}  gone\n")
    postel("check", "--report", "r", "SHA256SUMS", "copy", code=6)
    assert [one["event"] for one in lines("r")] == ["report", "good", "bad", "end"]


def test_a_copy_that_fails_has_the_code_of_its_error(here: lab.Lab, postel: Postel) -> None:
    here.ftp.faults.on("RETR", b"226 Transfer complete", cut=100, times=9)
    postel("cp", "--tries", "1", here.url("ftp", path="/pub/more/data.bin"), "x", code=6)
    assert not Path("x").exists()
