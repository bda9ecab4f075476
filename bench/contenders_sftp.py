"""Who takes part in the rows of SFTP; all read the run's own ssh_config(5), or its key."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bench.build import HERE
from bench.contender import Contender, script
from bench.job import Job

__all__ = ["CONTENDERS_SFTP"]

_PEERS = HERE / ".peers" / "venv" / "bin" / "python"
_AT_ONCE = 10


def _sftp(line: str) -> Callable[[Job], list[str]]:
    def command(job: Job) -> list[str]:
        remote = job.remote.lstrip("/")
        batch = job.file("batch", line.format(remote=remote, local=job.local) + "\n")
        return ["sftp", "-q", "-F", job.ca, "-b", batch, "bench"]

    return command


def _lftp(task: str) -> Callable[[Job], list[str]]:
    def command(job: Job) -> list[str]:
        settings = (f'set cmd:fail-exit yes; set sftp:connect-program "ssh -a -x -F {job.ca}"; '
                    "open sftp://bench; ")
        remote = job.remote.lstrip("/")
        return ["lftp", "-c", settings + task.format(remote=remote, local=job.local)]

    return command


def _rclone(verb: str, *, up: bool = False) -> Callable[[Job], list[str]]:
    def command(job: Job) -> list[str]:
        folder = Path(job.ca).parent
        remote = (f":sftp,host={job.host},port={job.port},user={job.user},"
                  f"key_file={folder}/id,known_hosts_file={folder}/known_hosts:"
                  f"{job.remote.lstrip('/')}")
        places = [job.local, remote] if up else [remote, job.local]
        return ["rclone", verb, "--config", "/dev/null", *places]

    return command


def _curl(*more: str) -> Callable[[Job], list[str]]:
    def command(job: Job) -> list[str]:
        folder = Path(job.ca).parent
        url = f"sftp://{job.user}@{job.host}:{job.port}/~/{job.remote.lstrip('/')}"
        words = [word.format(local=job.local) for word in more]
        return ["curl", "-sS", "-k", "--key", f"{folder}/id", "--pubkey", f"{folder}/id.pub",
                *words, url]

    return command


def _ours() -> list[Contender]:
    return [script("postel", "bench.ours_sftp", "made"),
            script("postel async", "bench.ours_sftp", "made", changes={"mode": "async"})]


def _python() -> list[Contender]:
    return [script("asyncssh", "bench.peer_sftp", "made", _PEERS, {"mode": "asyncssh"}),
            script("paramiko", "bench.peer_sftp", "made", _PEERS, {"mode": "paramiko"})]


def _tool(name: str, program: str, command: Callable[[Job], list[str]]) -> Contender:
    return Contender(name, program, command)


CONTENDERS_SFTP: dict[str, list[Contender]] = {
    "sftp-get": [
        *_ours(), _tool("sftp", "sftp", _sftp("get {remote} {local}")),
        _tool("lftp", "lftp", _lftp("get {remote} -o {local}")),
        _tool("rclone", "rclone", _rclone("copyto")),
        _tool("curl", "curl", _curl("-o", "{local}")), *_python()],
    "sftp-put": [
        *_ours(), _tool("sftp", "sftp", _sftp("put {local} {remote}")),
        _tool("lftp", "lftp", _lftp("put {local} -o {remote}")),
        _tool("rclone", "rclone", _rclone("copyto", up=True)),
        _tool("curl", "curl", _curl("-T", "{local}")), *_python()],
    "sftp-tree": [
        *_ours(), _tool("sftp -r", "sftp", _sftp("get -r {remote} {local}")),
        _tool(f"lftp -P{_AT_ONCE}", "lftp",
              _lftp(f"mirror -P{_AT_ONCE} {{remote}} {{local}}")),
        _tool("rclone", "rclone", _rclone("copy")), *_python()],
    "sftp-tree-up": [
        *_ours(), _tool(f"lftp -P{_AT_ONCE}", "lftp",
                        _lftp(f"mirror -R -P{_AT_ONCE} {{local}} {{remote}}")),
        _tool("rclone", "rclone", _rclone("copy", up=True)), *_python()],
}
