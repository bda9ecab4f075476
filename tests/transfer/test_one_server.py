"""Two places on one server: one client does, which copies there where the server can."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from postel import lab
from postel.transfer.copy_sync import copy
from postel.transfer.mirror_sync import Ends, mirror
from postel.transfer.types import Do


@pytest.fixture(scope="module")
def there() -> Iterator[tuple[lab.Lab, list[str]]]:
    said: list[str] = []
    with lab.start("ftp", "webdav", watcher=lambda server, who, text: said.append(text)) as here:
        yield here, said


def test_a_server_that_copies_moves_no_bytes(there: tuple[lab.Lab, list[str]]) -> None:
    here, said = there
    here.webdav.files.put("/a/big.bin", bytes(300_000))
    said.clear()
    where = here.url("webdav", user="alice")
    result = copy(f"{where}a/big.bin", f"{where}b.bin", source_options={"password": "secret"},
                  target_options={"password": "secret"})
    assert result.ok
    assert here.webdav.files.get("/b.bin") == bytes(300_000)
    assert any(text.startswith("COPY ") for text in said)
    assert not any(text.startswith(("GET ", "PUT ")) for text in said)


def test_one_that_does_not_is_read_and_written_over_one_connection(
    there: tuple[lab.Lab, list[str]]
) -> None:
    here, said = there
    for number in range(20):
        here.ftp.files.put(f"/pub/{number % 3}/{number}", b"%d" % number * 1000)
    said.clear()
    where = here.url("ftp", user="alice")
    keys = {"password": "secret", "security": "plain"}
    result = mirror(f"{where}pub", f"{where}copy", connections=1, source_options=keys,
                    target_options=keys)
    assert result.ok, result.failures
    assert result.done[Do.NEW] == 20
    assert here.ftp.files.tree("/pub").keys() == {
        path.replace("/copy/", "/pub/") for path in here.ftp.files.tree("/copy")}
    assert sum(text.startswith("USER ") for text in said) == 1


def test_others_have_a_client_each() -> None:
    for one, other in (("ftp://a/x", "ftp://b/x"), ("ftp://u@a/x", "ftp://a/x"),
                       ("ftp://a/x", "ftps://a/x"), ("/x", "/y")):
        ends = Ends(one, other)
        assert ends.source.site is not ends.target.site
    ends = Ends("ftp://u@a/x", "ftp://u@a/y", source_options={"password": "1"},
                target_options={"password": "2"})
    assert ends.source.site is not ends.target.site
    asks = Ends("ftp://u@a/x", "ftp://u@a/y", source_options={"password": lambda: "1"},
                target_options={"password": lambda: "1"})
    assert asks.source.site is asks.target.site
