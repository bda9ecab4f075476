# GENERATED from test_mirror_async.py by tools/unasync.py: edit that file, not this one.
"""Mirrors over FTP: what arrives, what is told, what is never lost."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from postel.errors import Changed, LimitReached, NotFound, PostelError, UsageError
from postel.lab import Lab
from postel.session import tree_work_sync as tree_work
from postel.transfer.copy_sync import copy
from postel.transfer.mirror_sync import apply, check, mirror, plan
from postel.transfer.types import Do, Plan, Rules, Verify


def fill(here: Lab, count: int = 5, folder: str = "/pub") -> dict[str, bytes]:
    made = {}
    for number in range(count):
        name = f"d{number % 3}/f{number}.txt"
        made[name] = b"%d" % number * (number + 1)
        here.ftp.files.put(f"{folder}/{name}", made[name])
    return made


def contents(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes()
            for path in root.rglob("*") if path.is_file()}


def served(here: Lab, folder: str) -> dict[str, bytes]:
    return {path[len(folder) + 1 :]: here.ftp.files.get(path)
            for path in here.ftp.files.tree() if path.startswith(f"{folder}/")}


def source(here: Lab) -> str:
    return here.url("ftp") + "pub"


def home(here: Lab, name: str) -> str:
    return here.url("ftp", user="alice") + name


def secret(here: Lab) -> dict[str, object]:
    return {"password": "secret", "security": "plain"}


def test_a_tree_comes_down_once(here: Lab, out: Path) -> None:
    made = fill(here)
    result = mirror(source(here), out)
    assert result.ok
    assert result.done[Do.NEW] == 5
    assert contents(out) == made
    again = mirror(source(here), out)
    assert again.ok
    assert again.same == 5
    assert not again.done


def test_a_tree_goes_up_and_back(here: Lab, tmp_path: Path, out: Path) -> None:
    ours = tmp_path / "ours"
    for name in ("a.txt", "sub/b.txt", "sub/deep/c.txt"):
        (ours / name).parent.mkdir(parents=True, exist_ok=True)
        (ours / name).write_bytes(name.encode())
    up = home(here, "up")
    result = mirror(ours, up, target_options=secret(here))
    assert result.ok, result.failures
    assert served(here, "/up") == contents(ours)
    again = mirror(ours, up, target_options=secret(here))
    assert again.same == 3
    assert not again.done
    (ours / "a.txt").unlink()
    (ours / "sub/b.txt").write_text("another")
    result = mirror(ours, up, delete="after", target_options=secret(here))
    assert result.done == {Do.CHANGED: 1, Do.DELETE: 1}
    back = mirror(up, out, source_options=secret(here))
    assert back.ok
    assert contents(out) == contents(ours)


def test_between_two_servers(here: Lab) -> None:
    made = fill(here)
    result = mirror(source(here), home(here, "copy"), target_options=secret(here))
    assert result.ok, result.failures
    assert served(here, "/copy") == made
    again = mirror(source(here), home(here, "copy"), target_options=secret(here))
    assert again.same == 5
    assert not again.done


def test_straight_from_server_to_server(here: Lab) -> None:
    made = fill(here)
    both = {"source_options": {"security": "plain"}, "target_options": secret(here)}
    result = mirror(source(here), home(here, "copy"), fxp=True, **both)
    assert result.ok, result.failures
    assert served(here, "/copy") == made


def test_a_plan_is_told_kept_and_applied(here: Lab, out: Path) -> None:
    made = fill(here)
    first = plan(source(here), out)
    assert [action.do for action in first.actions[:3]] == [Do.FOLDER] * 3
    assert not out.exists()
    kept = Plan.read(first.lines())
    assert kept == first
    assert (apply(kept)).ok
    assert contents(out) == made


def test_a_plan_that_is_no_longer_true_leaves_that_path_alone(
    here: Lab, out: Path
) -> None:
    fill(here)
    made = plan(source(here), out)
    here.ftp.files.put("/pub/d0/f0.txt", b"quite another")
    (out / "d1").mkdir(parents=True)
    (out / "d1/f1.txt").write_text("mine")
    result = apply(made)
    assert sorted(path for path, _ in result.failures) == ["d0/f0.txt", "d1/f1.txt"]
    assert all(isinstance(error, Changed) for _, error in result.failures)
    assert (out / "d1/f1.txt").read_text() == "mine"
    assert not (out / "d0/f0.txt").exists()
    assert (out / "d2/f2.txt").exists()


def test_nothing_goes_unless_it_is_asked_for(here: Lab, out: Path) -> None:
    fill(here)
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    mirror(source(here), out)
    assert (out / "mine.txt").exists()
    mirror(source(here), out, delete="after", filter=("mine.*",))
    assert (out / "mine.txt").exists(), "what the filter leaves out is not touched"
    mirror(source(here), out, delete="after")
    assert not (out / "mine.txt").exists()


def test_too_many_deletions_and_an_empty_source_are_refused(here: Lab, out: Path) -> None:
    out.mkdir()
    for name in "abc":
        (out / name).write_text(name)
    fill(here)
    with pytest.raises(LimitReached):
        mirror(source(here), out, delete="after", max_delete=2)
    assert sorted(contents(out)) == ["a", "b", "c"]
    for path in list(here.ftp.files.tree()):
        here.ftp.files.remove(path)
    result = mirror(source(here), out, delete="after")
    assert not result.ok
    assert result.deleted_not >= 3
    assert (out / "a").exists()
    result = mirror(source(here), out, delete="after", allow_empty=True)
    assert result.ok
    assert not contents(out)


def test_a_listing_that_fails_or_is_cut_deletes_nothing(here: Lab, out: Path) -> None:
    fill(here)
    mirror(source(here), out)
    (out / "d2/extra.txt").write_text("may go")
    for fault in ({"reply": b"226 all of it", "cut": 40}, {"reply": b"550 not now"},
                  {"reply": b"426 torn", "cut": 10}):
        here.ftp.faults.clear()
        here.ftp.faults.on("MLSD", after=2, times=99, **fault)
        here.ftp.faults.on("LIST", after=2, times=99, **fault)
        try:
            result = mirror(source(here), out, delete="after", journal=False)
        except PostelError:
            continue  # the top could not be listed: nothing was done at all
        finally:
            here.ftp.faults.clear()
        assert (out / "d2/extra.txt").exists() or result.ok
        assert len(contents(out)) >= 5, "files of the source were deleted"
        assert not result.ok


def test_a_file_that_is_cut_fails_and_the_rest_arrives(here: Lab, out: Path) -> None:
    made = fill(here)
    here.ftp.faults.on("RETR", b"226 that was it", cut=1, after=3, times=99)
    result = mirror(source(here), out)
    here.ftp.faults.clear()
    assert not result.ok
    arrived = contents(out)
    assert all(made[path] == data for path, data in arrived.items()
               if not path.rpartition("/")[2].startswith("."))
    result = mirror(source(here), out)
    assert result.ok
    assert {path: data for path, data in contents(out).items()} == made


def test_one_connection_is_enough(here: Lab, out: Path, monkeypatch) -> None:
    monkeypatch.setattr(tree_work, "_NEAR", 0.0)  # as if the server were far away
    made = fill(here, 40)
    here.ftp.faults.on("USER", b"421 too many of you", after=1, times=7, close=True)
    result = mirror(source(here), out, connections=8)
    assert result.ok
    assert contents(out) == made
    here.ftp.faults.clear()
    here.ftp.faults.on("USER", b"421 too many of you", after=2, times=7, close=True)
    result = mirror(source(here), home(here, "copy"), connections=8,
                          target_options=secret(here))
    assert result.ok
    assert served(here, "/copy") == made


def test_names_that_climb_fail_and_the_rest_arrives(here: Lab, out: Path) -> None:
    here.ftp.files.put("/pub/good.txt", b"good")
    here.ftp.files.put("/pub/a\\b.txt", b"odd")
    result = mirror(source(here), out)
    assert (out / "good.txt").read_bytes() == b"good"
    assert [path for path, _ in result.failures] == ["a\\b.txt"]
    assert sorted(contents(out)) == ["good.txt"]
    assert not (out.parent / "evil.txt").exists()
    escaped = mirror(source(here), out, escape=True)
    assert escaped.ok
    assert (out / "a%5Cb.txt").read_bytes() == b"odd"


def test_a_link_planted_in_the_target_leads_nowhere(
    here: Lab, out: Path, tmp_path: Path
) -> None:
    fill(here)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "f9.txt").write_text("precious")
    out.mkdir()
    (out / "d1").symlink_to(outside)
    result = mirror(source(here), out, delete="after")
    assert contents(outside) == {"f9.txt": b"precious"}
    assert not result.ok or (out / "d1").is_dir()
    assert (out / "d0/f0.txt").exists()


def test_collisions_of_the_target_are_told(here: Lab, out: Path, monkeypatch) -> None:
    from postel.local.adapter_sync import Adapter

    features = Adapter.features.fget
    monkeypatch.setattr(Adapter, "features", property(
        lambda self: __import__("dataclasses").replace(features(self), folds_case=True)))
    for name in ("Readme", "README", "other"):
        here.ftp.files.put(f"/pub/{name}", name.encode())
    result = mirror(source(here), out)
    assert sorted(path for path, _ in result.failures) == ["README", "Readme"]
    assert sorted(contents(out)) == ["other"]


def test_replaced_and_deleted_files_are_put_aside(here: Lab, out: Path) -> None:
    made = fill(here)
    mirror(source(here), out)
    here.ftp.files.put("/pub/d0/f0.txt", b"the new one")
    here.ftp.files.remove("/pub/d1/f1.txt")
    result = mirror(source(here), out, delete="after", backup=".old",
                          filter=("/.old",))
    assert result.ok, result.failures
    assert (out / ".old/d0/f0.txt").read_bytes() == made["d0/f0.txt"]
    assert (out / ".old/d1/f1.txt").read_bytes() == made["d1/f1.txt"]
    assert (out / "d0/f0.txt").read_bytes() == b"the new one"


def test_by_digest_what_has_another_time_is_only_touched(here: Lab, out: Path) -> None:
    made = fill(here)
    mirror(source(here), out)
    os.utime(out / "d0/f0.txt", (1, 1))
    (out / "d1/f1.txt").write_bytes(b"xx")  # as long, and another
    result = mirror(source(here), out, compare="digest")
    assert result.done == {Do.TIMES: 1, Do.CHANGED: 1}
    assert contents(out) == made
    assert (check(source(here), out)).empty
    (out / "d1/f1.txt").write_bytes(b"yy")
    assert [one.path for one in (check(source(here), out)).actions] == ["d1/f1.txt"]


def test_newer_and_missing(here: Lab, out: Path) -> None:
    fill(here)
    here.ftp.files.set_modified("/pub/d0/f0.txt", 1_600_000_000)
    mirror(source(here), out)
    (out / "d0/f0.txt").write_text("edited here since")
    assert not (mirror(source(here), out, compare="newer", journal=False)).done
    assert not (mirror(source(here), out, compare="missing", journal=False)).done
    assert (mirror(source(here), out, journal=False)).done == {Do.CHANGED: 1}


@pytest.mark.parametrize("verify", ["digest", "reread"])
def test_copies_are_verified(here: Lab, out: Path, verify: str) -> None:
    fill(here)
    result = mirror(source(here), out, verify=verify)
    assert result.ok
    assert result.verified == {Verify(verify): 5}


def test_times_and_permissions(here: Lab, out: Path) -> None:
    here.ftp.files.put("/pub/tool", b"#!")
    here.ftp.files.set_modified("/pub/tool", 1_600_000_000)
    here.ftp.files.set_mode("/pub/tool", 0o751)
    mirror(source(here), out, modes=True)
    status = (out / "tool").stat()
    assert status.st_mtime == 1_600_000_000
    assert status.st_mode & 0o777 == 0o751


def test_links_of_this_machine(here: Lab, tmp_path: Path, out: Path) -> None:
    ours = tmp_path / "ours"
    ours.mkdir()
    (ours / "file").write_text("text")
    (ours / "inside").symlink_to("file")
    (ours / "outside").symlink_to("/etc/passwd")
    mirror(ours, out)
    assert (out / "inside").readlink() == Path("file")
    assert (out / "outside").readlink() == Path("/etc/passwd")
    followed = tmp_path / "followed"
    result = mirror(ours, followed, links="follow")
    assert sorted(contents(followed)) == ["file", "inside"]
    assert result.ok
    skipped = tmp_path / "skipped"
    mirror(ours, skipped, links="skip")
    assert sorted(contents(skipped)) == ["file"]
    result = mirror(ours, home(here, "links"), target_options=secret(here))
    assert sorted(path for path, _ in result.failures) == ["inside", "outside"]


def test_a_file_against_a_folder(here: Lab, out: Path) -> None:
    fill(here)
    (out / "d0/f0.txt").mkdir(parents=True)
    (out / "d0/f0.txt/below").write_text("in the way")
    result = mirror(source(here), out)
    assert [path for path, _ in result.failures] == ["d0/f0.txt"]
    result = mirror(source(here), out, delete="after")
    assert result.ok
    assert (out / "d0/f0.txt").is_file()


def test_sizes_and_ages_as_rules(here: Lab, out: Path) -> None:
    fill(here)
    here.ftp.files.set_modified("/pub/d0/f0.txt", 1)
    rules = Rules(largest=3, after=datetime(2000, 1, 1, tzinfo=UTC))
    mirror(source(here), out, rules=rules)
    assert sorted(contents(out)) == ["d1/f1.txt", "d2/f2.txt"]


def test_one_file_is_copied_from_anywhere_to_anywhere(here: Lab, out: Path) -> None:
    made = fill(here)
    out.mkdir()
    copy(source(here) + "/d0/f0.txt", out)
    assert (out / "f0.txt").read_bytes() == made["d0/f0.txt"]
    copy(out / "f0.txt", home(here, "new/"), target_options=secret(here))
    assert here.ftp.files.get("/new/f0.txt") == made["d0/f0.txt"]
    copy(source(here) + "/d1/f1.txt", home(here, "new/g.txt"),
               target_options=secret(here))
    assert here.ftp.files.get("/new/g.txt") == made["d1/f1.txt"]
    with pytest.raises(UsageError):
        copy(source(here), out)
    result = copy(source(here), out, recursive=True)
    assert result.ok
    assert (out / "pub/d0/f3.txt").exists()


def test_what_is_not_there_is_told(here: Lab, out: Path) -> None:
    with pytest.raises(NotFound):
        mirror(here.url("ftp") + "nowhere", out)
    with pytest.raises(UsageError):
        mirror(source(here), out, comparison="size")
    with pytest.raises(UsageError):
        mirror(source(here), out, compare="colour")


def test_events_tell_each_file_once(here: Lab, out: Path) -> None:
    fill(here)
    told = []
    mirror(source(here), out, tell=told.append)
    done = [event.action.path for event in told if event.what == "done"]
    assert sorted(done) == sorted(set(done))
    assert len(done) == 8
    assert (told[0].what, told[-1].what) == ("begin", "end")
