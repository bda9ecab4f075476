"""Who takes part in the parsing of messages."""

from __future__ import annotations

from bench.build import HERE
from bench.contender import Contender, script

__all__ = ["CONTENDERS_PARSE"]

_PEERS = HERE / ".peers" / "venv" / "bin" / "python"
_ALL = [
    script("postel", "bench.ours_parse", "summed"),
    script("email, policy.default", "bench.peer_parse", "summed", changes={"mode": "new"}),
    script("email, compat32", "bench.peer_parse", "summed", changes={"mode": "old"}),
    script("mail-parser", "bench.peer_parse", "summed", _PEERS, changes={"mode": "mail-parser"}),
    script("fast-mail-parser (Rust)", "bench.peer_parse", "summed", _PEERS,
           changes={"mode": "fast"}),
]
CONTENDERS_PARSE: dict[str, list[Contender]] = {
    f"parse-{what}": _ALL for what in ("lazy", "typed", "all", "html", "file")}
