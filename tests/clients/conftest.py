"""What the clients' tests share: async tests run by themselves, servers forget what they learned.

Tests of both clients are written once, as conversations (``test_*_async.py``); their twins are
generated as those of the package are. The scripted servers are threads, so that both sides meet
the very same one.
"""

from __future__ import annotations

import asyncio
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # scripted_peer is no test, and imported by name

from postel.ftp.learned import LEARNED


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test that is a coroutine in a loop of its own."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = pyfuncitem._fixtureinfo.argnames
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True


@pytest.fixture(autouse=True)
def _nothing_learned() -> Iterator[None]:
    """Ports come again: what one scripted server taught must not hold for the next."""
    LEARNED.clear()
    yield
    LEARNED.clear()


_QUICK_TWINS = ("test_ftp_download", "test_ftp_words", "test_http_sync", "test_pop3", "test_smtp")
"""Twins of tests that `make test` runs, too: one of each kind of transport. All run with
`make interop`; what they find, the tests that they are made from have nearly always found."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if (item.path.parent == Path(__file__).parent and item.path.stem.endswith("_sync")
                and not item.path.stem.startswith(_QUICK_TWINS)):
            item.add_marker(pytest.mark.slow)
