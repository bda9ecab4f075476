# GENERATED from test_sftp_password_async.py by tools/unasync.py: edit that file, not this one.
"""A password that somebody has to type: asked for once for all connections, and again if wrong."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from postel import lab
from postel.errors import AuthenticationError
from postel.sftp.client_sync import Client
from postel.ssh.types import SSHOptions


@pytest.fixture(scope="module")
def there() -> Iterator[lab.Lab]:
    with lab.start("sftp") as here:
        here.sftp.quirks("no keys")
        here.sftp.files.put("/a.txt", b"hello")
        yield here


def test_it_is_asked_for_once_for_all_connections(there: lab.Lab) -> None:
    asked = []

    def ask() -> str:
        asked.append(1)
        return "secret"

    options = SSHOptions(agent=False)
    with Client(there.url("sftp"), password=ask, ssh=options) as one:
        with one.another() as other:
            assert (other.stat("/a.txt")).size == 5
        assert (one.stat("/a.txt")).size == 5
    assert asked == [1]


def test_it_is_asked_for_again_where_it_was_wrong(there: lab.Lab) -> None:
    answers = iter(["wrong", "secret"])
    client = Client(there.url("sftp"), password=lambda: next(answers),
                         ssh=SSHOptions(agent=False))
    with pytest.raises(AuthenticationError):
        client.open()
    with client:
        assert (client.stat("/a.txt")).size == 5
