"""The standard library's ftplib, used as its documentation shows, with the loops a user writes."""

from __future__ import annotations

import ftplib
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from bench.child import main
from bench.job import Job

__all__ = ["work"]

_Pair = tuple[str, Path]  # path on the server, path here
_Move = Callable[[ftplib.FTP, _Pair], int]
_DEFAULT = 8192  # retrbinary's and storbinary's own


def work(job: Job) -> tuple[int, int]:
    """Do *job*."""
    with _connect(job) as site:
        return _ACTIONS[job.action](site, job)


def _connect(job: Job) -> ftplib.FTP:
    if job.security == "plain":
        site = ftplib.FTP()
        site.connect(job.host, job.port)
        site.login(job.user, job.password)
        return site
    secure = ftplib.FTP_TLS(context=ssl.create_default_context(cafile=job.ca))
    secure.connect(job.host, job.port)
    secure.login(job.user, job.password)
    secure.prot_p()
    return secure


def _retr(site: ftplib.FTP, job: Job) -> tuple[int, int]:
    return 1, _fetch(site, job.remote, Path(job.local), job.block)


def _stor(site: ftplib.FTP, job: Job) -> tuple[int, int]:
    return 1, _send(site, Path(job.local), job.remote, job.block)


def _list(site: ftplib.FTP, job: Job) -> tuple[int, int]:
    count = total = 0
    for _, size in _entries(site, job.remote):
        count, total = count + 1, total + max(size, 0)
    return count, total


def _tree(site: ftplib.FTP, job: Job) -> tuple[int, int]:
    Path(job.local).mkdir()
    pairs = _walk(site, job.remote, Path(job.local))
    return _share(site, job, pairs, lambda one, pair: _fetch(one, pair[0], pair[1], job.block))


def _tree_up(site: ftplib.FTP, job: Job) -> tuple[int, int]:
    root, pairs = Path(job.local), []
    site.mkd(job.remote)
    for path in sorted(root.rglob("*")):
        remote = f"{job.remote}/{path.relative_to(root)}"
        if path.is_dir():
            site.mkd(remote)
        else:
            pairs.append((remote, path))
    return _share(site, job, pairs, lambda one, pair: _send(one, pair[1], pair[0], job.block))


def _walk(site: ftplib.FTP, remote: str, local: Path) -> Iterator[tuple[str, Path]]:
    for name, size in list(_entries(site, remote)):
        path, target = f"{remote}/{name}", local / name
        if size >= 0:
            yield path, target
        else:
            target.mkdir()
            yield from _walk(site, path, target)


def _entries(site: ftplib.FTP, remote: str) -> Iterator[tuple[str, int]]:
    """Names and sizes, -1 for a folder: MLSD if the server has it, else LIST."""
    if "MLST" in site.sendcmd("FEAT"):
        for name, facts in site.mlsd(remote, ["type", "size"]):
            if facts["type"] in ("file", "dir"):
                yield name, int(facts["size"]) if facts["type"] == "file" else -1
        return
    lines: list[str] = []
    site.dir(remote, lines.append)
    for line in lines:
        fields = line.split(None, 8)
        yield fields[8], -1 if line.startswith("d") else int(fields[4])


def _share(site: ftplib.FTP, job: Job, pairs: Iterable[_Pair], move: _Move) -> tuple[int, int]:
    """Move all *pairs*, over several connections in as many threads where the job says so."""
    if job.connections == 1:
        sizes = [move(site, pair) for pair in pairs]
        return len(sizes), sum(sizes)
    rest, lock = iter(list(pairs)), threading.Lock()
    done: list[int] = []

    def worker() -> None:
        with _connect(job) as one:
            while True:
                with lock:
                    pair = next(rest, None)
                if pair is None:
                    return
                done.append(move(one, pair))

    threads = [threading.Thread(target=worker) for _ in range(job.connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(done), sum(done)


def _fetch(site: ftplib.FTP, remote: str, local: Path, block: int) -> int:
    with local.open("wb") as out:
        site.retrbinary(f"RETR {remote}", out.write, block or _DEFAULT)
        return out.tell()


def _send(site: ftplib.FTP, local: Path, remote: str, block: int) -> int:
    with local.open("rb") as source:
        site.storbinary(f"STOR {remote}", source, block or _DEFAULT)
        return source.tell()


_ACTIONS = {"retr": _retr, "stor": _stor, "list": _list, "tree": _tree, "tree-up": _tree_up}

if __name__ == "__main__":
    main(work)
