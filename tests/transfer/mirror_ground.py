"""What the tests of the engine share: trees, the lab's places, and doing something in the middle."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from postel.lab import Lab
from postel.transfer.types import Event


def contents(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes()
            for path in root.rglob("*") if path.is_file()}


def fill(here: Lab, count: int = 12) -> dict[str, bytes]:
    made = {f"d{number % 3}/f{number}.txt": b"%d" % number * (number + 1)
            for number in range(count)}
    for path, data in made.items():
        here.ftp.files.put(f"/pub/{path}", data)
    return made


def source(here: Lab) -> str:
    return here.url("ftp") + "pub"


def home(here: Lab, name: str = "up") -> dict[str, Any]:
    return {"target": here.url("ftp", user="alice") + name,
            "target_options": {"password": "secret", "security": "plain"}}


def served(here: Lab, folder: str = "/up") -> dict[str, bytes]:
    return {path[len(folder) + 1 :]: data for path, data in here.ftp.files.tree().items()
            if path.startswith(f"{folder}/")}


def once(what: str, do: Callable[[], object]) -> Callable[[Event], None]:
    """A callback that does something at the first event of a kind."""
    waiting = [do]

    def tell(event: Event) -> None:
        if event.what == what and waiting:
            waiting.pop()()

    return tell
