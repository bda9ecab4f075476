"""The lab, started once for the tests of the engine, and a state folder of its own for each."""

from __future__ import annotations

import asyncio
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # mirror_ground is no test, and imported by name

from postel import lab
from postel.ftp.learned import LEARNED


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run tests that are coroutines."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = pyfuncitem._fixtureinfo.argnames
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True


@pytest.fixture(autouse=True)
def own_state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Journals of one test are none of another's."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))


@pytest.fixture(autouse=True)
def nothing_learned() -> Iterator[None]:
    """What a server could not do in one test is no reason not to ask in the next."""
    LEARNED.clear()
    yield
    LEARNED.clear()


@pytest.fixture(scope="module")
def running() -> Iterator[lab.Lab]:
    with lab.start("ftp") as here:
        yield here


@pytest.fixture
def here(running: lab.Lab) -> Iterator[lab.Lab]:
    """The lab with an empty tree and without faults."""
    yield running
    running.ftp.faults.clear()
    running.ftp.quirks()
    for path in list(running.ftp.files.tree()):
        running.ftp.files.remove(path)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"
