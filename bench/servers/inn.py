"""INN: innd on one port, which hands readers over to nnrpd; it is fed made-up articles first."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
from pathlib import Path

from bench.build import ROOT, Unavailable
from bench.servers.base import Server

__all__ = ["INN"]

_PROGRAMS = Path("/usr/lib/news/bin")
_CONFIGURATION = """\
mta: "/bin/true %s"
organization: "bench"
ovmethod: tradindexed
hismethod: hisv6
pathhost: news.bench.test
domain: bench.test
pathnews: {folder}
pathbin: {programs}
pathfilter: {folder}/filter
pathdb: {folder}/db
pathetc: {folder}/etc
pathrun: {folder}/run
pathlog: {folder}/log.d
pathtmp: {folder}/tmp
pathspool: {folder}/spool
patharticles: {folder}/spool/articles
pathoverview: {folder}/spool/overview
pathincoming: {folder}/spool/incoming
pathoutgoing: {folder}/spool/outgoing
patharchive: {folder}/spool/archive
mailcmd: /bin/true
runasuser: news
runasgroup: news
port: {port}
bindaddress: {address}
artcutoff: 0
enableoverview: true
nnrpdloadlimit: 0
noreader: false
addcanlockuser: none
status: 0
timer: 0
doinnwatch: false
"""
_FILES = {
    "storage.conf": "method tradspool {\n newsgroups: *\n class: 0\n}\n",
    "newsfeeds": "ME:*::\n",
    "incoming.conf": 'streaming: true\npeer all {\n hostname: "127.0.0.1, %s"\n patterns: "*"\n}\n',
    "readers.conf": 'auth "all" {\n hosts: "*"\n default: "<anonymous>"\n}\n'
                    'access "all" {\n users: "*"\n newsgroups: "*"\n access: "RPNI"\n}\n',
}
_FOLDERS = ("etc", "db", "run", "log.d", "tmp", "filter", "spool/articles", "spool/overview",
            "spool/incoming/bad", "spool/outgoing", "spool/archive")


class INN(Server):
    """The news server; `articles` says how many each group gets."""

    name = "INN"
    program = str(_PROGRAMS / "innd")
    articles: dict[str, int]

    def version(self) -> str:
        """As in "INN 2.7.1"."""
        done = subprocess.run([_PROGRAMS / "innconfval", "-v"], capture_output=True, text=True,
                              check=False)
        words = f"{done.stdout}{done.stderr}".split()
        return " ".join(words[:2]) if words[:1] == ["INN"] else "INN"

    def _news(self) -> list[str]:
        return ["setpriv", "--reuid", "news", "--regid", "news", "--init-groups", "env",
                f"INNCONF={self.place.folder}/etc/inn.conf"]

    def configure(self) -> list[str]:
        """Files, an empty history, and the groups."""
        folder = self.place.folder
        for name in _FOLDERS:
            (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / "etc" / "inn.conf").write_text(_CONFIGURATION.format(
            folder=folder, programs=_PROGRAMS, port=self.port, address=self.place.address))
        for name, text in _FILES.items():
            (folder / "etc" / name).write_text(text.replace("%s", self.place.address))
        for name in ("inn-secrets.conf", "control.ctl", "expire.ctl", "nocem.ctl", "localgroups"):
            if (source := Path("/etc/news", name)).exists():
                (folder / "etc" / name).write_bytes(source.read_bytes())
        groups = ("control", "control.cancel", "junk", *self.articles)
        (folder / "db" / "active").write_text(
            "".join(f"{name} 0000000000 0000000001 y\n" for name in groups))
        (folder / "db" / "history").write_text("")
        (folder / "db" / "newsgroups").write_text("")
        news = pwd.getpwnam("news")
        for path in (folder, *folder.rglob("*")):
            os.chown(path, news.pw_uid, news.pw_gid)
        subprocess.run([*self._news(), _PROGRAMS / "makedbz", "-i", "-o", "-s", "200000"],
                       cwd=folder / "db", check=True, capture_output=True)
        return [*self._news(), self.program, "-f"]

    def start(self) -> None:
        """Start it, and feed it from where it stands.

        Raises:
            Unavailable: it is not installed, does not come up, or takes no articles.
        """
        super().start()
        inside = ["ip", "netns", "exec", self.place.space] if self.place.space else []
        for group, count in self.articles.items():
            done = subprocess.run(
                [*inside, sys.executable, "-m", "bench.feed", self.place.address, str(self.port),
                 group, str(count)], cwd=ROOT, capture_output=True, text=True, check=False)
            if done.returncode:
                self.stop()
                raise Unavailable(f"INN takes no articles: {done.stderr[-300:]}")
