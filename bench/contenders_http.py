"""Who takes part in the rows of HTTP, and how each is told to do the job."""

from __future__ import annotations

from pathlib import Path

from bench.build import HERE
from bench.contender import Contender, script
from bench.job import Job

__all__ = ["CONTENDERS_HTTP"]

_PEERS = HERE / ".peers" / "venv" / "bin" / "python"


def _url(job: Job) -> str:
    return job.url(scheme="http" if job.security == "plain" else "https")


def _curl(job: Job, *more: str) -> list[str]:
    version = "--http2" if job.security == "h2" else "--http1.1"
    return ["curl", "-sS", "-f", version, "--cacert", job.ca, *more]


def _curl_get(job: Job) -> list[str]:
    return _curl(job, "-o", job.local, _url(job))


def _curl_put(job: Job) -> list[str]:
    return _curl(job, "-H", "Expect:", "-T", job.local, _url(job))


def _curl_small(job: Job) -> list[str]:
    names = f"{_url(job)}/file-[000000-{job.count - 1:06d}].dat"
    return _curl(job, "-o", "/dev/null", "-w", "%{size_download}\\n", names)


def _wget2_get(job: Job) -> list[str]:
    version = [] if job.security == "h2" else ["--no-http2"]
    return ["wget2", "-q", *version, f"--ca-certificate={job.ca}", "-O", job.local, _url(job)]


def _aria2_get(job: Job) -> list[str]:
    target = Path(job.local)
    return ["aria2c", "-q", "--no-conf", "--file-allocation=none", f"--ca-certificate={job.ca}",
            "-d", str(target.parent), "-o", target.name, _url(job)]


def _wget_tree(job: Job) -> list[str]:
    cut = len(job.remote.strip("/").split("/"))
    return ["wget", "-nv", "--tries=1", "-r", "-l", "0", "-np", "-nH", f"--cut-dirs={cut}",
            "-R", "index.html*", "-P", job.local, _url(job) + "/"]


def _lftp_tree(job: Job) -> list[str]:
    return ["lftp", "-c", f"set cmd:fail-exit yes; mirror -P10 {_url(job)}/ {job.local}"]


def _rclone_tree(job: Job) -> list[str]:
    return ["rclone", "copy", "--config", "", "--retries", "1", "--transfers", "10",
            "--checkers", "10", "--http-url", _url(job) + "/", ":http:", job.local]


def _tree_of(connections: int) -> list[Contender]:
    changes: dict[str, int | str] = {"connections": connections}
    return [script("postel", "bench.ours_http", "made", changes=changes),
            script("postel async", "bench.ours_http", "made",
                   changes={**changes, "mode": "async"})]


def _python(action: str, result: str) -> list[Contender]:
    made = [script("postel", "bench.ours_http", result),
            script("postel async", "bench.ours_http", result, changes={"mode": "async"})]
    if action == "http-small":
        made += [script("postel get_many", "bench.ours_http", result, changes={"block": 1}),
                 script("postel get_many, async", "bench.ours_http", result,
                        changes={"block": 1, "mode": "async"})]
    return [*made, *(
        script(name, "bench.peer_http", result, _PEERS, {"mode": name})
        for name in ("httpx2", "httpx2 async", "aiohttp", "requests"))]


CONTENDERS_HTTP: dict[str, list[Contender]] = {
    "http-get": [
        *_python("http-get", "made"),
        Contender("curl", "curl", _curl_get),
        Contender("wget2", "wget2", _wget2_get),
        Contender("aria2c", "aria2c", _aria2_get),
    ],
    "http-tree": [
        *_tree_of(4),
        Contender("wget -r", "wget", _wget_tree),
        Contender("lftp -P10", "lftp", _lftp_tree),
        Contender("rclone", "rclone", _rclone_tree),
    ],
    "http-put": [*_python("http-put", "made"), Contender("curl", "curl", _curl_put)],
    "http-small": [
        *_python("http-small", "summed"),
        Contender("curl", "curl", _curl_small, "summed"),
    ],
}

