"""Who takes part in signing and verifying."""

from __future__ import annotations

from bench.build import HERE
from bench.contender import Contender, script

__all__ = ["CONTENDERS_DKIM"]

_PEERS = HERE / ".peers" / "venv" / "bin" / "python"
_ALL = [script("postel", "bench.ours_dkim", "summed"),
        script("dkimpy", "bench.peer_dkim", "summed", _PEERS)]
CONTENDERS_DKIM: dict[str, list[Contender]] = {
    f"dkim-{what}-{kind}": _ALL for what in ("verify", "sign") for kind in ("rsa", "ed25519")}
