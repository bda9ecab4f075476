"""Who takes part in the rows of the engine: mirrors over each protocol, plans, segments."""

from __future__ import annotations

import functools
import subprocess
from collections.abc import Callable
from pathlib import Path

from bench.contender import Contender, script
from bench.job import Job

__all__ = ["CONTENDERS_MIRROR"]

_AT_ONCE = 10  # connections of everyone who takes a number
_SEGMENTS = 8

Command = Callable[[Job], list[str]]


def _lftp(task: str) -> Command:
    def command(job: Job) -> list[str]:
        settings = "set cmd:fail-exit yes; set net:max-retries 2; "
        remote = job.remote
        if job.security == "ssh":
            settings += f'set sftp:connect-program "ssh -a -x -F {job.ca}"; open sftp://bench; '
            remote = remote.lstrip("/")
        elif job.user:
            settings += (f"set ftp:ssl-allow no; open -u {job.user},{job.password} "
                         f"ftp://{job.host}:{job.port}; ")
        else:
            settings += f"open http://{job.host}:{job.port}; "
        return ["lftp", "-c", settings + task.format(remote=remote, local=job.local)]

    return command


def _served(job: Job) -> str:
    return f"{Path(job.ca).parents[1]}/served{job.remote}"


def _rsync(*more: str, up: bool = False) -> Command:
    def command(job: Job) -> list[str]:
        far = f"bench:{_served(job)}/"
        places = [f"{job.local}/", far] if up else [far, f"{job.local}/"]
        return ["rsync", "-rt", "-e", f"ssh -a -x -F {job.ca}", *more, *places]

    return command


@functools.cache
def _obscured(password: str) -> str:
    done = subprocess.run(["rclone", "obscure", password], capture_output=True, text=True,
                          check=True)
    return done.stdout.strip()


def _rclone(verb: str, *more: str, up: bool = False) -> Command:
    def command(job: Job) -> list[str]:
        if job.security == "ssh":
            folder = Path(job.ca).parent
            # it would start md5sum there for each file
            far = (f":sftp,host={job.host},port={job.port},user={job.user},key_file={folder}/id,"
                   f"known_hosts_file={folder}/known_hosts,disable_hashcheck=true:"
                   f"{_served(job)}")
        elif job.user:
            far = (f":ftp,host={job.host},port={job.port},user={job.user},"
                   f"pass={_obscured(job.password)}:{job.remote}")
        else:
            far = f":http,url='http://{job.host}:{job.port}':{job.remote.lstrip('/')}"
        words = ["rclone", verb, "--config", "", "--retries", "1", "--transfers", str(_AT_ONCE),
                 "--checkers", str(_AT_ONCE), *more]
        return [*words, job.local, far] if up else [*words, far, job.local]

    return command


def _wget2(job: Job) -> list[str]:
    cut = len(job.remote.strip("/").split("/"))
    return ["wget2", "-q", "-r", "-l", "9", "-np", "-nH", f"--cut-dirs={cut}", "--robots=off",
            "--max-threads", str(_AT_ONCE), "-R", "index.html", "-P", job.local,
            f"http://{job.host}:{job.port}{job.remote}/"]


def _aria2_names(job: Job) -> list[str]:
    """aria2 knows no folders: it is given the names, and so saves the listings.

    By FTP it takes half a second for each file, and no part.
    """
    source = (Path(job.scratch) / "source").resolve()
    lines = []
    for path in sorted(source.rglob("*")):
        if path.is_file():
            name = path.relative_to(source).as_posix()
            lines.append(f"http://{job.host}:{job.port}{job.remote}/{name}\n"
                         f"  out={name}\n")
    return ["aria2c", "-q", "--no-conf", "--file-allocation=none", "-j", str(_AT_ONCE),
            "-d", job.local, "-i", job.file("aria2.names", "".join(lines))]


def _aria2_segments(job: Job) -> list[str]:
    target = Path(job.local)
    login = (f"--ftp-user={job.user}", f"--ftp-passwd={job.password}") if job.user else ()
    return ["aria2c", "-q", "--no-conf", "--file-allocation=none", "-x", str(_SEGMENTS),
            "-s", str(_SEGMENTS), "-k", "1M", *login, "-d", str(target.parent), "-o", target.name,
            job.url(scheme="ftp" if job.user else "http")]


def _curl(job: Job) -> list[str]:
    login = ("-u", f"{job.user}:{job.password}") if job.user else ()
    return ["curl", "-sS", *login, "-o", job.local, job.url(scheme="ftp" if job.user else "http")]


def _wget2_segments(job: Job) -> list[str]:
    return ["wget2", "-q", "--chunk-size=16M", "--max-threads", str(_SEGMENTS), "-O", job.local,
            job.url(scheme="http")]


def _ours(result: str = "made", **changes: int | str) -> list[Contender]:
    several: dict[str, int | str] = {"connections": _AT_ONCE, **changes}
    return [script("postel", "bench.ours_mirror", result, changes=several),
            script("postel async", "bench.ours_mirror", result,
                   changes={**several, "mode": "async"})]


def _tool(name: str, command: Command, result: str = "made") -> Contender:
    return Contender(name, name.split()[0], command, result)


_LISTING = script("postel, listing alone", "bench.ours_mirror", "counted",
                  changes={"action": "mirror-list"})


def _down(*more: Contender) -> list[Contender]:
    return [*_ours(), _tool("lftp -P10", _lftp(f"mirror -P{_AT_ONCE} {{remote}} {{local}}")),
            _tool("rclone", _rclone("sync")), *more]


def _up(*more: Contender) -> list[Contender]:
    return [*_ours(), _tool("lftp -P10", _lftp(f"mirror -R -P{_AT_ONCE} {{local}} {{remote}}")),
            _tool("rclone", _rclone("sync", up=True)), *more]


_RSYNC = Contender("rsync, over ssh", "rsync", _rsync())
_NAMES = Contender("aria2, names given", "aria2c", _aria2_names)

CONTENDERS_MIRROR: dict[str, list[Contender]] = {
    "mirror-ftp": _down(),
    "mirror-ftp-up": _up(),
    "mirror-ssh": _down(_RSYNC),
    "mirror-ssh-up": _up(Contender("rsync, over ssh", "rsync", _rsync(up=True))),
    "mirror-http": _down(_tool("wget2 -r", _wget2), _NAMES),
    "mirror-again": [*_down(_RSYNC), _LISTING],
    "mirror-plan": [
        *_ours("counted"),
        _tool("lftp --dry-run", _lftp("mirror --dry-run {remote} {local}"), "planned"),
        _tool("rclone --dry-run", _rclone("sync", "--dry-run", "-v"), "planned"),
        Contender("rsync --dry-run", "rsync", _rsync("-n", "--out-format=%n"), "planned"),
        _LISTING],
    "mirror-segments": [
        *_ours(connections=_SEGMENTS), script("postel, one connection", "bench.ours_mirror", "made",
                         changes={"connections": 1}),
        _tool("curl", _curl),
        Contender("lftp pget", "lftp", _lftp(f"pget -n {_SEGMENTS} {{remote}} -o {{local}}")),
        Contender("aria2 -x8", "aria2c", _aria2_segments),
        Contender("wget2 in chunks", "wget2", _wget2_segments)],
}
