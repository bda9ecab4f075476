"""Who takes part: for each action, the programs and how each is told to do the job.

Commands are what the tool's own manual recommends for the task. Where a tool cannot do a job by
itself (curl knows no folders), the row gives it the names and says so in the contender's name.
"""

from __future__ import annotations

import functools
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from bench.build import HERE, ROOT
from bench.contender import Contender, script
from bench.contenders_compose import CONTENDERS_COMPOSE
from bench.contenders_dkim import CONTENDERS_DKIM
from bench.contenders_expect import CONTENDERS_EXPECT
from bench.contenders_http import CONTENDERS_HTTP
from bench.contenders_imap import CONTENDERS_IMAP
from bench.contenders_imap_parse import CONTENDERS_IMAP_PARSE
from bench.contenders_mailbox import CONTENDERS_MAILBOX
from bench.contenders_mirror import CONTENDERS_MIRROR
from bench.contenders_moving import CONTENDERS_MOVING
from bench.contenders_nntp import CONTENDERS_NNTP
from bench.contenders_parse import CONTENDERS_PARSE
from bench.contenders_rfc import CONTENDERS_RFC
from bench.contenders_sftp import CONTENDERS_SFTP
from bench.contenders_smtp import CONTENDERS_SMTP
from bench.contenders_tftp import CONTENDERS_TFTP
from bench.job import Job

__all__ = ["CONTENDERS", "Contender"]

_PEERS = HERE / ".peers" / "venv" / "bin" / "python"
_AT_ONCE = 10  # connections for tools that take a number, as in lftp's "mirror -P10"
_OURS = 8  # and for Postel and the other Python contenders
_LARGE = 256 * 1024
# rclone cuts a large file into parts and ends their transfers early; vsftpd's 426 is its failure
_WHOLE = ("--multi-thread-streams", "0")


def _curl(job: Job) -> list[str]:
    words = ["curl", "-sS", "-u", f"{job.user}:{job.password}"]
    return words if job.security == "plain" else [*words, "--ssl-reqd", "--cacert", job.ca]


def _curl_get(job: Job) -> list[str]:
    return [*_curl(job), "-o", job.local, job.url()]


def _curl_put(job: Job) -> list[str]:
    return [*_curl(job), "-T", job.local, job.url()]


def _curl_list(job: Job) -> list[str]:
    return [*_curl(job), job.url() + "/"]


def _curl_names(job: Job, *more: str) -> list[str]:
    """The names come from this side's copy of the tree, which the harness keeps in `scratch`."""
    source = Path(job.scratch) / "source"
    lines = []
    for path in sorted(source.resolve().rglob("*")):
        if path.is_file():
            name = str(path.relative_to(source.resolve()))
            lines.append(f'url = "{job.url()}/{quote(name)}"\noutput = "{job.local}/{name}"\n')
    return [*_curl(job), "--create-dirs", *more, "-K", job.file("curl.names", "".join(lines))]


def _curl_names_parallel(job: Job) -> list[str]:
    return _curl_names(job, "-Z", "--parallel-max", str(_AT_ONCE))


def _curl_mail(job: Job) -> list[str]:
    url = f"pop3://{job.host}:{job.port}/[1-{job.count}]"
    return [*_curl(job), "--create-dirs", "-o", f"{job.local}/#1.eml", url]


def _lftp(task: str) -> Callable[[Job], list[str]]:
    def command(job: Job) -> list[str]:
        tls = "no" if job.security == "plain" else "yes"
        settings = (
            f"set cmd:fail-exit yes; set net:max-retries 2; set ftp:ssl-allow {tls}; "
            f"set ftp:ssl-force {tls}; set ftp:ssl-protect-data {tls}; "
            f"set ssl:ca-file {job.ca}; open -u {job.user},{job.password} "
            f"ftp://{job.host}:{job.port}; "
        )
        return ["lftp", "-c", settings + task.format(job=job, at_once=_AT_ONCE)]

    return command


def _wget(job: Job, *more: str) -> list[str]:
    # it has no scheme for "AUTH TLS or nothing"; ftps:// without --ftps-implicit is AUTH TLS
    scheme = "ftp" if job.security == "plain" else "ftps"
    login = [f"--ftp-user={job.user}", f"--ftp-password={job.password}"]
    return ["wget", "-nv", "--tries=1", f"--ca-certificate={job.ca}", *login, *more,
            job.url(scheme=scheme)]


def _wget_get(job: Job) -> list[str]:
    return _wget(job, "-O", job.local)


def _wget_list(job: Job) -> list[str]:
    return _wget(job.but(remote=job.remote + "/"), "-O", job.local)


def _wget_tree(job: Job) -> list[str]:
    cut = len(job.remote.strip("/").split("/"))
    words = ("-r", "-l", "0", "-np", "-nH", f"--cut-dirs={cut}", "-P", job.local)
    return _wget(job.but(remote=job.remote + "/"), *words)


@functools.cache
def _obscured(password: str) -> str:
    done = subprocess.run(["rclone", "obscure", password], capture_output=True, text=True,
                          check=True)
    return done.stdout.strip()


def _rclone(verb: str, *places: str, more: tuple[str, ...] = ()) -> Callable[[Job], list[str]]:
    def command(job: Job) -> list[str]:
        words = ["rclone", verb, "--config", "", "--retries", "1", "--transfers", str(_AT_ONCE),
                 "--checkers", str(_AT_ONCE), *_WHOLE,
                 "--ftp-host", job.host, "--ftp-port", str(job.port),
                 "--ftp-user", job.user, "--ftp-pass", _obscured(job.password)]
        if job.security != "plain":
            # with TLS 1.3 it fails on vsftpd ("illegal parameter")
            words += ["--ftp-explicit-tls", "--ftp-disable-tls13"]
        return [*words, *more, *(place.format(job=job) for place in places)]

    return command


def _mpop(job: Job) -> list[str]:
    Path(job.local).mkdir()
    for name in ("cur", "new", "tmp"):
        (Path(job.local) / name).mkdir()
    config = job.file(
        "mpoprc",
        f"account default\nhost {job.host}\nport {job.port}\nuser {job.user}\n"
        f"password {job.password}\nauth user\ntls off\ntls_starttls off\nkeep on\n"
        f"received_header off\nuidls_file {job.scratch}/uidls\ndelivery maildir {job.local}\n",
    )
    return ["mpop", "-C", config, "-q"]


def _fetchmail(job: Job) -> list[str]:
    config = job.file(
        "fetchmailrc",
        f"poll {job.host} protocol pop3 port {job.port} user {job.user} "
        f"password {job.password} sslproto '' keep fetchall bsmtp {job.local}\n",
    )
    return ["fetchmail", "-f", config, "--nosyslog", "--silent", "-i", f"{job.scratch}/ids",
            "--pidfile", f"{job.scratch}/pid"]


def _python(action: str, *, large: bool = False, several: bool = False) -> list[Contender]:
    """Postel, ftplib and aioftp in the variants that make sense for *action*."""
    result = "counted" if action == "list" else "made"
    many: dict[str, int | str] = {"connections": _OURS if several else 1}
    made = _ours(result, many)
    if several:
        made.append(script("postel, 1 connection", "bench.ours", result))
    for name, program in (("ftplib", sys.executable), ("aioftp", _PEERS)):
        module = f"bench.peer_{name}"
        made.append(script(name, module, result, program))
        if large:
            label = f"{name}, 256 KiB blocks"
            made.append(script(label, module, result, program, {"block": _LARGE}))
        if several:
            made.append(script(f"{name}, {_OURS} connections", module, result, program, many))
    return made


def _ours(result: str, changes: dict[str, int | str]) -> list[Contender]:
    return [
        script("postel", "bench.ours", result, changes=changes),
        script("postel async", "bench.ours", result, changes={**changes, "mode": "async"}),
    ]


CONTENDERS: dict[str, list[Contender]] = {
    "retr": [
        *_python("retr", large=True),
        Contender("curl", "curl", _curl_get),
        Contender("lftp", "lftp", _lftp("get {job.remote} -o {job.local}")),
        Contender("wget", "wget", _wget_get),
        Contender("rclone", "rclone", _rclone("copyto", ":ftp:{job.remote}", "{job.local}")),
    ],
    "stor": [
        *_python("stor", large=True),
        Contender("curl", "curl", _curl_put),
        Contender("lftp", "lftp", _lftp("put {job.local} -o {job.remote}")),
        Contender("rclone", "rclone", _rclone("copyto", "{job.local}", ":ftp:{job.remote}")),
    ],
    "tree": [
        *_python("tree", several=True),
        Contender("lftp -P10", "lftp", _lftp("mirror -P{at_once} {job.remote} {job.local}")),
        Contender("lftp", "lftp", _lftp("mirror {job.remote} {job.local}")),
        Contender("wget -r", "wget", _wget_tree),
        Contender("rclone", "rclone", _rclone("copy", ":ftp:{job.remote}", "{job.local}")),
        Contender("curl, names given", "curl", _curl_names),
        Contender("curl -Z, names given", "curl", _curl_names_parallel),
    ],
    "tree-up": [
        *(one for one in _python("tree-up", several=True)
          if one.name not in ("postel, 1 connection", "aioftp, 8 connections")),
        Contender("lftp -P10", "lftp", _lftp("mirror -R -P{at_once} {job.local} {job.remote}")),
        Contender("lftp", "lftp", _lftp("mirror -R {job.local} {job.remote}")),
        Contender("rclone", "rclone", _rclone("copy", "{job.local}", ":ftp:{job.remote}")),
    ],
    "list": [
        *_python("list"),
        Contender("curl", "curl", _curl_list, "listed"),
        Contender("lftp", "lftp", _lftp("cls -1 -s {job.remote}/"), "listed"),
        Contender("wget", "wget", _wget_list, "listed"),
        Contender("rclone", "rclone",
                  _rclone("lsf", ":ftp:{job.remote}", more=("-F", "sp")), "listed"),
    ],
    "mail": [
        *_ours("messages", {}),
        script("poplib", "bench.peer_poplib", "messages"),
        Contender("curl", "curl", _curl_mail, "messages"),
        Contender("mpop", "mpop", _mpop, "messages"),
        Contender("fetchmail", "fetchmail", _fetchmail, "bsmtp"),
    ],
    **CONTENDERS_HTTP,
    **CONTENDERS_IMAP,
    **CONTENDERS_MIRROR,
    **CONTENDERS_NNTP,
    **CONTENDERS_SFTP,
    **CONTENDERS_COMPOSE,
    **CONTENDERS_DKIM,
    **CONTENDERS_MAILBOX,
    **CONTENDERS_EXPECT,
    **CONTENDERS_IMAP_PARSE,
    **CONTENDERS_MOVING,
    **CONTENDERS_PARSE,
    **CONTENDERS_RFC,
    **CONTENDERS_SMTP,
    **CONTENDERS_TFTP,
}

PATHS = f"{ROOT / 'src'}:{ROOT}"  # PYTHONPATH of the Python contenders
