"""Who takes part in the rows of IMAP's grammar."""

from __future__ import annotations

from bench.build import HERE
from bench.contender import Contender, script

__all__ = ["CONTENDERS_IMAP_PARSE"]

_PEERS = HERE / ".peers" / "venv" / "bin" / "python"
_ALL = [script("postel", "bench.ours_imap_parse", "summed"),
        script("imapclient", "bench.peer_imap_parse", "summed", _PEERS)]
CONTENDERS_IMAP_PARSE: dict[str, list[Contender]] = {
    f"envelope-{what}": _ALL for what in ("lazy", "typed")}
