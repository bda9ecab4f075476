"""News kept from INN: mirrors that are killed, files out of articles, the old module's face."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import pytest
from servers import INN
from servers.inn import BIG

from postel import news, nntp
from postel.compat import nntplib
from postel.messages.codecs import yenc
from postel.news.nzb import NZBFile, Segment

_RUN = "import sys; from postel import news; news.mirror(*sys.argv[1:3])"


def url(inn: INN, group: str) -> str:
    return f"nntp://127.0.0.1:{inn.reader_port}/{group}"


def ids(box: Path) -> Counter[bytes]:
    with news.SQLiteBox(box) as opened:
        return Counter(line for one in opened for line in one.read().splitlines()
                       if line.lower().startswith(b"message-id:"))


def test_a_mirror_that_is_killed_again_and_again(inn: INN, tmp_path: Path) -> None:
    killed = 0
    for tenth in (4, 6, 8, 10, 12, 14):
        run = subprocess.Popen([sys.executable, "-c", _RUN, url(inn, "interop.big"),
                                f"sqlite:{tmp_path / 'big'}"], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
        try:
            run.wait(tenth / 10)
        except subprocess.TimeoutExpired:
            os.kill(run.pid, signal.SIGKILL)
            killed += 1
        run.wait()
    (last,) = news.mirror(url(inn, "interop.big"), f"sqlite:{tmp_path / 'big'}")
    assert last.found == last.fetched + last.there + last.missing
    found = ids(tmp_path / "big")
    assert len(found) == BIG
    assert set(found.values()) == {1}
    assert killed
    (again,) = news.mirror(url(inn, "interop.big"), f"sqlite:{tmp_path / 'big'}")
    assert (again.found, again.fetched) == (0, 0)


def test_several_groups_into_one_folder(inn: INN, tmp_path: Path) -> None:
    done = news.mirror(url(inn, "interop.t*,interop.u*"), f"mbox:{tmp_path}")
    assert {one.group for one in done} >= {"interop.threads", "interop.unicode"}
    assert all(one.fetched for one in done if one.group == "interop.threads")
    assert not any(one.fetched for one in news.mirror(url(inn, "interop.t*,interop.u*"),
                                                      f"mbox:{tmp_path}"))


@pytest.mark.parametrize("parallel", [1, 4])
def test_files_are_put_together(inn: INN, tmp_path: Path, parallel: int) -> None:
    data = random.Random(parallel).randbytes(1_000_000)
    bodies = list(yenc.encode(data, "data.bin", part_size=50_000))
    names = [f"<nzb{parallel}.{number}@interop.test>" for number in range(len(bodies))]
    when = format_datetime(datetime.now(UTC))
    with nntp.Client("127.0.0.1", port=inn.transit_port, reader=False, timeout=30) as feeder:
        feeder.mode_stream()
        taken = list(feeder.takethis(
            f"Path: feed.interop.test!not-for-mail\r\nFrom: a@interop.test\r\n"
            f"Newsgroups: interop.test\r\nSubject: part\r\nMessage-ID: {name}\r\nDate: {when}"
            "\r\n\r\n".encode() + body for name, body in zip(names, bodies, strict=True)))
    assert all(taken), taken
    listed = news.NZB((NZBFile('"data.bin"', "", None, ("interop.test",), tuple(
        Segment(number, 50_000, name) for number, name in enumerate(names, 1))),))
    (done,) = news.get_nzb(listed, tmp_path, f"nntp://127.0.0.1:{inn.reader_port}",
                           parallel=parallel)
    assert done.whole, done
    assert (tmp_path / "data.bin").read_bytes() == data


def test_the_face_of_the_old_module(inn: INN) -> None:
    with nntplib.NNTP("127.0.0.1", inn.reader_port, "alice", "secret") as old:
        assert old.authenticated
        response, count, first, last, name = old.group("interop.threads")
        assert response.startswith("211 ")
        rows = old.over((first, last))[1]
        assert len(rows) == count
        article = old.article(rows[0][0])[1]
        assert article.message_id == rows[0][1]["message-id"]
        assert old.xhdr("subject", f"{first}-{first}")[1] == [(str(first), rows[0][1]["subject"])]
        assert name in {one.group for one in old.list("interop.*")[1]}
        assert old.quit().startswith("205")
