"""The RFCs that the rows of the RFC series read: 738 texts and their index, from the corpora."""

from __future__ import annotations

import lzma
import os
import re
import tarfile
from pathlib import Path

from bench.build import ROOT, Unavailable

__all__ = ["EXPECTED", "make_series"]

EXPECTED = {"rfc-number": b"Simple Mail Transfer Protocol", "rfc-section": b"4.1.1.4.  DATA",
            "rfc-search": b"2920", "rfc-index": b"738 of 738"}
"""What the output of each row's contenders has to have in it."""


def make_series(folder: Path) -> Path:
    """A folder of texts with an index of just these, made searchable by Postel.

    Raises:
        Unavailable: the corpora are not on this machine.
    """
    from postel.rfc import indexing
    from postel.rfc.index_text import parse
    from postel.rfc.store import Store

    source = Path(os.environ.get("POSTEL_CORPORA", ROOT.parent / "shared" / "corpora")) / "rfc"
    if not (source / "rfc-all-protocols.tar.xz").exists():
        raise Unavailable("the RFCs are not here (set POSTEL_CORPORA)")
    folder.mkdir(parents=True)
    with tarfile.open(source / "rfc-all-protocols.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    texts = {int(path.stem[3:]) for path in folder.glob("rfc*.txt")}
    index = lzma.decompress((source / "rfc-index.txt.xz").read_bytes()).decode("utf-8", "replace")
    entries = [entry for entry in re.split(r"\n\n(?=\d{1,5} )", index)
               if entry[:5].split()[:1] and entry.split(None, 1)[0].isdecimal()
               and int(entry.split(None, 1)[0]) in texts]
    text = "\n\n".join(entries) + "\n"
    (folder / "rfc-index.txt").write_text(text, "utf-8")
    store = Store(folder)
    store.replace(parse(text), {"checked": "2026-11-21T12:00:00+00:00"})
    indexing.index(store)
    store.close()
    return folder
