"""The face of mail on servers that lack this and that: each profile of the lab's IMAP server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from postel import lab
from postel.imap import query as q
from postel.imap.server import PROFILES
from postel.mail.post_sync import open_post
from postel.mailboxes.face import Letter

MAIL = b"From: Ann <ann@example.org>\r\nSubject: %s\r\nMessage-ID: <%s@x>\r\n\r\nHello\r\n"


@pytest.fixture(scope="module")
def running() -> Iterator[Any]:
    with lab.start("imap") as here:
        yield here


QUICK = ("bare", "courier", "gmail")


@pytest.mark.parametrize("profile", [
    name if name in QUICK else pytest.param(name, marks=pytest.mark.slow)
    for name in sorted(PROFILES)])
def test_the_same_work_everywhere(running: Any, profile: str) -> None:
    running.imap.use(profile)
    with open_post(f"imap://alice:secret@imap.{running.domain}/") as post:
        post.put("", [Letter(MAIL % (name, name), frozenset({"seen"}))
                      for name in (b"one", b"two", b"three")])
        found = post.list()
        assert [one.subject for one in found] == ["one", "two", "three"]
        assert all("seen" in one.flags for one in found)
        assert [one.subject for one in post.list(query=q.subject("two"))] == ["two"]
        assert [one.subject for one in post.list(last=1)] == ["three"]
        assert post.read("", found[1].key) == MAIL % (b"two", b"two")
        assert [letter.data for _, letter in post.each("", [one.key for one in found])] == [
            MAIL % (name, name) for name in (b"one", b"two", b"three")]
        post.flag("", [found[0].key], add=["flagged"], remove=["seen"])
        assert post.list()[0].flags & {"seen", "flagged"} == {"flagged"}
        names = {one.name: one for one in post.folders()}
        assert names["INBOX"].role == "inbox"
        post.make("Kept")
        post.copy("", [found[0].key], "Kept")
        assert [one.subject for one in post.list("Kept")] == ["one"]
        trash = post.delete("", [found[2].key])
        roles = {one.role: one.name for one in post.folders()}
        assert trash == roles.get("trash", "")
        assert [one.subject for one in post.list()] == ["one", "two"]
        if trash:
            assert [one.subject for one in post.list("trash")] == ["three"]
        post.move("", [found[1].key], "kept")
        assert [one.subject for one in post.list()] == ["one"]
        assert [one.subject for one in post.list("Kept")] == ["one", "two"]
        assert list(post.arrivals(seconds=0.01)) == []
