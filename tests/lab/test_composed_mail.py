"""A composed message on its whole way: files from disk, many languages, Bcc; what changed is not sent."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import postel
from postel import lab
from postel.errors import TransferError
from postel.messages import Source, parse


@pytest.fixture(scope="module")
def here() -> Iterator[lab.Lab]:
    with lab.start("smtp") as started:
        yield started


@pytest.fixture(params=["chunking", "data", "7bit"])
def url(request: pytest.FixtureRequest, here: lab.Lab) -> str:
    here.mail.clear()
    here.smtp.options.without = {
        "chunking": set(), "data": {"CHUNKING"}, "7bit": {"CHUNKING", "8BITMIME", "SMTPUTF8"},
    }[request.param]
    return here.url("smtp")


def test_it_arrives_as_it_was_written(here: lab.Lab, url: str, tmp_path: Path) -> None:
    data = os.urandom(700_000)
    (tmp_path / "Größe 日本.bin").write_bytes(data)
    message = postel.Message(
        from_="Zoë <ann@lab.test>", to="Bob Łukasz <bob@lab.test>", bcc="eve@lab.test",
        subject="Grüße, 你好", text="a line\n.\n..\nFrom here on", html="<p>ü</p>",
        attach=[tmp_path / "Größe 日本.bin"])
    sent = postel.send(message, via=url)
    assert sent.accepted == ("bob@lab.test", "eve@lab.test")
    found = parse(here.mail.messages[0].data)
    assert found.defects == ()
    assert (found.subject, found.text) == ("Grüße, 你好", "a line\n.\n..\nFrom here on\n")
    assert [(one.filename, one.content) for one in found.attachments] == [
        ("Größe 日本.bin", data)]
    assert b"eve@" not in found.raw
    if "8BITMIME" in here.smtp.options.without:
        assert found.raw.isascii()


def test_a_file_that_changed_delivers_nothing(here: lab.Lab, url: str) -> None:
    message = postel.Message(from_="ann@lab.test", to="bob@lab.test", attach=[
        Source("a", 700_000, lambda: io.BytesIO(bytes(300_000)))])
    with pytest.raises(TransferError, match="was 700000 bytes long"):
        postel.send(message, via=url)
    assert len(here.mail.messages) == 0
