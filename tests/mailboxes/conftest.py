"""What the tests of mailboxes share."""

from __future__ import annotations

import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def bulk(corpora: Callable[[str], Path]) -> list[bytes]:
    """The 7,005 messages of the bulk corpora."""
    found = []
    for name in ("mailing-list-usrp-users", "spamassassin", "usenet-comp.lang.cobol"):
        with tarfile.open(corpora(f"bulk/{name}.tar.xz")) as archive:
            for member in archive:
                file = archive.extractfile(member) if member.isfile() else None
                if file is not None:
                    found.append(file.read())
    assert len(found) == 7005
    return found
