"""Who takes part in the composing of messages."""

from __future__ import annotations

from bench.contender import Contender, script

__all__ = ["CONTENDERS_COMPOSE"]

_ALL = [
    script("postel", "bench.ours_compose", "composed"),
    script("email", "bench.peer_compose", "composed"),
    script("email, older classes", "bench.peer_compose", "composed", changes={"mode": "old"}),
]
CONTENDERS_COMPOSE: dict[str, list[Contender]] = {
    "compose-text": _ALL, "compose-rich": _ALL, "compose-many": _ALL}
