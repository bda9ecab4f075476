"""What the tests of the IMAP server share: a lab that runs on, and someone who talks to it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from postel import lab
from postel.lab import Lab

# Tests are imported one by one (importlib mode): the helper beside them needs a place to be found.
sys.path.insert(0, str(Path(__file__).resolve().parent))

from imap_talk import MAIL, Talk


@pytest.fixture(scope="module")
def imap_lab() -> Iterator[Lab]:
    with lab.start("imap", "smtp", "pop3") as here:
        yield here


@pytest.fixture
def imap(imap_lab: Lab) -> Lab:
    imap_lab.imap.use("full")
    imap_lab.imap.faults.clear()
    imap_lab.imap.options.throttle = None
    imap_lab.imap.options.preauth = ""
    imap_lab.imap.options.allow_clear = True
    return imap_lab


@pytest.fixture
def five(imap: Lab) -> Lab:
    for number in range(1, 6):
        imap.imap.mailbox("alice").append("INBOX", MAIL % ((number,) * 4))
    return imap


@pytest.fixture
def talk(five: Lab) -> Iterator[Talk]:
    one = Talk(five)
    one.ok("SELECT INBOX")
    yield one
    one.close()
