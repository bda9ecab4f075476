"""Who takes part in the rows of expect."""

from __future__ import annotations

from bench.build import HERE
from bench.contender import Contender, script

__all__ = ["CONTENDERS_EXPECT"]

_PEERS = HERE / ".peers" / "venv" / "bin" / "python"
CONTENDERS_EXPECT: dict[str, list[Contender]] = {
    f"expect-{what}": [
        script("postel", "bench.ours_expect", "summed"),
        script("pexpect", "bench.peer_expect", "summed", _PEERS),
        script("pexpect, window set", "bench.peer_expect", "summed", _PEERS,
               changes={"mode": "window"}),
    ] for what in ("text", "regex")}
