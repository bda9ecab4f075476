"""curl's TFTP cases: each with a call of its own, against the lab's server.

What is asked for must be what curl asks for, less the options that curl always offers and this
client does not need (an interval, the block size of RFC 1350).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import curlcase
import pytest
from curlcase import Case

from postel import lab, tftp
from postel.errors import TimedOut
from postel.tftp.wire import Request

BASE = Path(os.environ.get("POSTEL_CORPORA", Path(__file__).resolve().parents[3] / "shared"
                           / "corpora")) / "transcripts" / "curl" / "tftp"
ABSENT = "corpus transcripts/curl/tftp is absent (set POSTEL_CORPORA)"
REASONS = {"test2004": "the same file by SFTP and SCP too, from the suite's own SSH server"}

Play = Callable[[Case, lab.Lab, str, Path], object]


def fetched(case: Case, here: lab.Lab, url: str, folder: Path, **options: int) -> None:
    with tftp.Client(url, **options) as site:  # type: ignore[arg-type]
        site.download(site.path_in(site.url), folder / "got")
    assert (folder / "got").read_bytes() == case.wanted


def plain(case: Case, here: lab.Lab, url: str, folder: Path) -> None:
    fetched(case, here, url, folder, block_size=512, window=1)


def with_size(case: Case, here: lab.Lab, url: str, folder: Path) -> None:
    fetched(case, here, url, folder, window=1)


def text(case: Case, here: lab.Lab, url: str, folder: Path) -> None:
    """curl leaves the line ends of the way; here they become this machine's (RFC 1350)."""
    case.wanted = (case.wanted or b"").replace(b"\r\n", b"\n")
    with_size(case, here, url, folder)


def small(case: Case, here: lab.Lab, url: str, folder: Path) -> None:
    fetched(case, here, url, folder, block_size=400, window=1)


def sent(case: Case, here: lab.Lab, url: str, folder: Path) -> None:
    [(name, data)] = case.files.items()
    path = folder / Path(name).name
    path.write_bytes(data)
    with tftp.Client(url, window=1) as site:
        site.upload(path, site.path_in(site.url))
    assert here.tftp.files.open(f"/{path.name}").read() == case.upload


def slow(case: Case, here: lab.Lab, url: str, folder: Path) -> None:
    here.tftp.harm.on("silence", of="DATA", nth=2)
    with tftp.Client(url, block_size=600, window=1, timeout=0.5, tries=1) as site:
        with pytest.raises(TimedOut):  # curl's 28
            site.download(site.path_in(site.url), folder / "got")
    assert not (folder / "got").exists()


PLAYS: dict[str, Play] = {
    "test284": with_size, "test286": sent, "test332": small, "test1094": text,
    "test1238": slow, "test1242": plain,
}


def cases() -> list[object]:
    if not BASE.is_dir():
        return [pytest.param(Path("none"), marks=pytest.mark.skip(reason=ABSENT))]
    return [pytest.param(path, id=path.name) for path in sorted(BASE.glob("test*"))]


@pytest.mark.parametrize("path", cases())
def test_tftp(path: Path, tmp_path: Path) -> None:
    case = curlcase.read(path)
    if case.name not in PLAYS:
        pytest.skip(f"no counterpart: {REASONS[case.name]}")
    heard: list[str] = []
    with lab.start("tftp", watcher=lambda _, who, text: heard.append(text)) as here:
        if case.data is not None:
            here.tftp.files.put(f"/{case.number}", case.data)
        url = next(word for word in case.arguments if "tftp:" in word)
        url = curlcase.fill(url, case.number, {"TFTPPORT": str(here.tftp.port)})
        PLAYS[case.name](case, here, url, tmp_path)
    [asked] = [text for text in heard if text.startswith(("RRQ", "WRQ"))][:1]
    assert asked.startswith(wanted(case)), (asked, case.asked)


def wanted(case: Case) -> str:
    """The request as the lab's watcher tells it, up to the name and the mode."""
    told = dict(line.split(" = ", 1) for line in case.asked if " = " in line)
    name = curlcase.fill(told["filename"], case.number, {})
    return str(Request(name, told["opcode"] == "2", told["mode"]))


def test_the_score() -> None:
    """What SCORES.md says; and that number never falls."""
    if not BASE.is_dir():
        pytest.skip(ABSENT)
    count = len(list(BASE.glob("test*")))
    scores = (Path(__file__).parent / "SCORES.md").read_text("utf-8")
    assert f"| TFTP | {count} | {len(PLAYS)} | 0 | {count - len(PLAYS)} |" in scores
