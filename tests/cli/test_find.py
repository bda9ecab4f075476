"""``postel find``, several URLs at once, and every verb on every scheme of the lab."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result

from postel import lab
from postel.cli.find import Wanted, age
from postel.cli.options import Settings
from postel.errors import UsageError
from postel.types import Entry, Kind
from postel.urls import parse

Run = Callable[..., Result]


def found(result: Result) -> list[str]:
    return result.stdout.splitlines()


@pytest.fixture
def tree(here: lab.Lab) -> str:
    old = datetime.now(UTC) - timedelta(days=10)
    for name, size, when in (("a.csv", 10, old), ("B.CSV", 5_000, None), ("x/c.csv", 0, None),
                             ("x/y/d.txt", 70_000, old), ("x/y/sp ace.txt", 1, None)):
        here.ftp.files.put(f"/find/{name}", bytes(size), modified=when)
    return here.url("ftp", path="/find")


def test_all_of_it(tree: str, postel: Run) -> None:
    assert found(postel("find", tree)) == [
        "find/B.CSV", "find/a.csv", "find/x/", "find/x/c.csv", "find/x/y/", "find/x/y/d.txt",
        "find/x/y/sp ace.txt"]


@pytest.mark.parametrize(("words", "names"), [
    (["--name", "*.csv"], {"a.csv", "c.csv"}),
    (["--name", "*.csv", "-i"], {"a.csv", "B.CSV", "c.csv"}),
    (["-n", "a*", "-n", "d*"], {"a.csv", "d.txt"}),
    (["--type", "d"], {"x/", "y/"}),
    (["--type", "f", "--larger", "1K"], {"B.CSV", "d.txt"}),
    (["--type", "f", "--smaller", "10"], {"a.csv", "c.csv", "sp ace.txt"}),
    (["--type", "f", "--older", "1w"], {"a.csv", "d.txt"}),
    (["--type", "f", "--newer", "2d"], {"B.CSV", "c.csv", "sp ace.txt"}),
    (["--depth", "1"], {"a.csv", "B.CSV", "x/"}),
    (["--depth", "2", "--type", "f"], {"a.csv", "B.CSV", "c.csv"}),
])
def test_what_is_asked_for(tree: str, postel: Run, words: list[str], names: set[str]) -> None:
    lines = found(postel("find", *words, tree))
    ends = {line.rstrip("/").rpartition("/")[2] + ("/" if line.endswith("/") else "")
            for line in lines}
    assert ends == names


def test_for_programs(tree: str, postel: Run) -> None:
    rows = [json.loads(line) for line in found(postel("find", "--json", "--name", "d.txt", tree))]
    assert [(row["name"], row["size"]) for row in rows] == [("d.txt", 70_000)]
    assert rows[0]["path"].endswith("find/x/y/d.txt")
    paths = postel("find", "-0", "--name", "*.txt", tree).stdout_bytes
    assert paths.count(b"\0") == 2
    assert b"\n" not in paths


def test_hostile_names_move_no_cursor(here: lab.Lab, postel: Run) -> None:
    assert "\x1b" not in postel("find", here.url("ftp", path="/pub")).output


@pytest.mark.parametrize("words", [["--older", "soon"], ["--larger", "big"], ["-0", "--json"]])
def test_what_is_wrong(tree: str, postel: Run, words: list[str]) -> None:
    postel("find", *words, tree, code=2)


def test_ages_and_unknown_facts() -> None:
    assert age("90m") == timedelta(minutes=90)
    with pytest.raises(UsageError, match="is no age"):
        age("2 days")
    nothing = Entry("a", Kind.FILE)
    assert Wanted().fits(nothing)
    assert not Wanted(larger=0).fits(nothing)
    assert not Wanted(since=datetime(2000, 1, 1, tzinfo=UTC)).fits(nothing)
    naive = Entry("a", Kind.FILE, modified=datetime(2024, 1, 1))
    assert Wanted(since=datetime(2000, 1, 1, tzinfo=UTC)).fits(naive)


# -- several at once -------------------------------------------------------------------------


def test_several_files_over_several_connections(here: lab.Lab, postel: Run) -> None:
    urls = []
    for number in range(9):
        here.ftp.files.put(f"/many/{number}.bin", bytes([number]) * 50_000)
        urls.append(here.url("ftp", path=f"/many/{number}.bin"))
    before = here.ftp.clear.connections
    result = postel("get", "--json", "--parallel", "3", *urls, here.url("ftp", path="/no"), code=1)
    assert here.ftp.clear.connections - before == 10
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert sum("size" in row for row in rows) == 9
    assert sum("error" in row for row in rows) == 1
    assert all(Path(f"{number}.bin").read_bytes() == bytes([number]) * 50_000
               for number in range(9))


def test_several_files_up_over_several_connections(here: lab.Lab, postel: Run) -> None:
    for number in range(7):
        Path(f"{number}.up").write_bytes(bytes([number]) * 1_000)
    goal = here.url("ftp", user="alice", path="/up/")
    postel("mkdir", goal)
    before = here.ftp.clear.connections
    postel("put", "--parallel", "3", *(f"{number}.up" for number in range(7)), goal)
    assert here.ftp.clear.connections - before == 3
    assert {name: data[:1] for name, data in here.ftp.files.tree("/up").items()} == {
        f"/up/{number}.up": bytes([number]) for number in range(7)}


# -- every scheme ----------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["ftp", "ftps", "sftp", "webdav", "file"])
def test_every_verb_on_every_scheme(
        here: lab.Lab, postel: Run, tmp_path: Path, scheme: str) -> None:
    def url(path: str) -> str:
        if scheme == "file":
            return f"file://{tmp_path}/there{path}"
        return here.url(scheme, user="alice", path=f"/verbs{path}")

    Path("one.txt").write_text("one")
    postel("mkdir", "-p", url("/deep/er"))
    postel("put", "one.txt", url("/deep/"))
    assert postel("cat", url("/deep/one.txt")).stdout == "one"
    assert json.loads(postel("stat", "--json", url("/deep/one.txt")).stdout)["size"] == 3
    postel("mv", url("/deep/one.txt"), "two.txt")
    assert "two.txt" in postel("ls", url("/deep/")).stdout
    assert any(line.endswith("deep/two.txt") for line in found(
        postel("find", "--name", "two*", url("/"))))
    assert "two.txt" in postel("tree", url("/deep")).stdout
    assert "3" in postel("du", "-b", url("/deep")).stdout
    postel("get", url("/deep/two.txt"), "-o", "back.txt")
    assert Path("back.txt").read_text() == "one"
    postel("get", "-r", url("/deep"), "-d", "back")
    assert Path("back/deep/two.txt").read_text() == "one"
    postel("rm", url("/deep/two.txt"))
    postel("rm", url("/deep/two.txt"), code=3)
    postel("rm", "-r", url("/deep"))
    postel("stat", url("/deep"), code=3)


def test_verbs_that_a_scheme_has_not(here: lab.Lab, postel: Run) -> None:
    result = postel("mkdir", here.url("tftp", path="/x"), code=2)
    assert "tftp: has no make" in result.stderr
    assert "no rename" in postel("mv", here.url("http", path="/x"), "y", code=2).stderr
    here.tftp.files.put("/boot.img", b"boot")
    assert postel("cat", here.url("tftp", path="/boot.img")).stdout == "boot"


# -- options of SSH --------------------------------------------------------------------------


def test_options_of_ssh(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("x")
    settings = Settings(identity=(str(key),), accept_new_host_key=True, jump="gate.example.org")
    options = settings.client(parse("sftp://h.example/"))["ssh"]
    assert (options.identities, options.tofu, options.jump) == (
        (str(key),), True, "gate.example.org")
    assert "ssh" not in settings.client(parse("ftp://h.example/"))
    pinned = Settings(pin="SHA256:" + "A" * 43).client(parse("sftp://h.example/"))
    assert pinned["ssh"].fingerprint == "SHA256:" + "A" * 43
    assert "tls" not in pinned
    assert Settings().client(parse("sftp://h.example/")) == {}
