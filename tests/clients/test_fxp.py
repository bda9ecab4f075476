"""From server to server, where both allow it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from postel import ftp, lab
from postel.errors import NotFound, NotSupported


@pytest.fixture
def two() -> Iterator[tuple[lab.Lab, lab.Lab]]:
    with lab.start("ftp") as one, lab.start("ftp") as other:
        one.ftp.files.put("/a.bin", bytes(range(256)) * 1000)
        yield one, other


def client(here: lab.Lab, **options: object) -> ftp.Client:
    return ftp.Client(here.url("ftp", user="alice"), password="secret",
                      **{"security": "plain", "timeout": 10.0, **options})  # type: ignore[arg-type]


def test_a_file_goes_from_server_to_server(two: tuple[lab.Lab, lab.Lab]) -> None:
    with client(two[0]) as source, client(two[1]) as target:
        assert ftp.fxp(source, "/a.bin", target, "/b.bin") == 256_000
        assert source.size("/a.bin") == target.size("/b.bin"), "both connections live on"
    assert two[1].ftp.files.get("/b.bin") == bytes(range(256)) * 1000


def test_what_is_missing(two: tuple[lab.Lab, lab.Lab]) -> None:
    with client(two[0]) as source, client(two[1]) as target:
        with pytest.raises(NotFound):
            ftp.fxp(source, "/nothing", target, "/b.bin")
        assert target.list("") is not None


def test_a_server_that_refuses_port(two: tuple[lab.Lab, lab.Lab]) -> None:
    two[0].ftp.faults.on("PORT", b"500 I won't open a connection to another host")
    with client(two[0]) as source, client(two[1]) as target:
        with pytest.raises(NotSupported):
            ftp.fxp(source, "/a.bin", target, "/b.bin")


def test_protected_connections_are_not_opened_up(two: tuple[lab.Lab, lab.Lab]) -> None:
    with client(two[0], security="starttls") as source, client(two[1]) as target:
        with pytest.raises(NotSupported, match="protected"):
            ftp.fxp(source, "/a.bin", target, "/b.bin")
