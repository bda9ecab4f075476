"""INN: innd takes articles from other servers, nnrpd serves readers, in the clear and by TLS.

One group of 20,000 small articles, one of threads, one with raw UTF-8 and encoded words, one of
yEnc parts, 500 empty ones; alice, bob and carol may read what others may not. innd and nnrpd give
up root for the account `news`, so this needs root.
"""

from __future__ import annotations

import grp
import os
import pwd
import random
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.header import Header
from email.utils import formatdate
from pathlib import Path
from shutil import copyfile, which

from .find import absent, need_root
from .ground import PASSWORD, PASSWORD_HASH, USER, USERS, Ground
from .process import ENVIRONMENT, Daemon, free_ports, wait_for_ports

__all__ = ["BIG", "INN", "run_inn"]

BIG = 20_000
"""Articles in `interop.big`."""

PROGRAMS = Path("/usr/lib/news/bin")
HOST = "news.interop.test"
EMPTY = 500
GROUPS = {"control": "n", "control.cancel": "n", "junk": "n", "interop.big": "y",
          "interop.threads": "y", "interop.unicode": "y", "interop.binary": "y",
          "interop.test": "y", "interop.private": "y", "interop.moderated": "m",
          "interop.closed": "n", "interop.empty": "y"}
CONFIGURATION = """\
mta:                    "/bin/true %s"
organization:           "Postel interop"
ovmethod:               tradindexed
hismethod:              hisv6
pathhost:               {host}
domain:                 interop.test
fromhost:               interop.test
complaints:             news@interop.test
pathnews:               {room}
pathbin:                {programs}
pathfilter:             {room}/filter
pathdb:                 {room}/db
pathetc:                {room}/etc
pathrun:                {room}/run
pathlog:                {room}/log
pathhttp:               {room}/http
pathtmp:                {room}/tmp
pathspool:              {room}/spool
patharticles:           {room}/spool/articles
pathoverview:           {room}/spool/overview
pathincoming:           {room}/spool/incoming
pathoutgoing:           {room}/spool/outgoing
patharchive:            {room}/spool/archive
mailcmd:                /bin/true
runasuser:              news
runasgroup:             news
port:                   {transit}
bindaddress:            127.0.0.1
maxconnections:         200
artcutoff:              0
maxartsize:             4000000
localmaxartsize:        4000000
enableoverview:         true
extraoverviewadvertised: [ Newsgroups ]
tlscafile:              {ca}
tlscertfile:            {room}/etc/server.crt
tlskeyfile:             {room}/etc/server.key
tlsprotocols:           [ TLSv1.2 TLSv1.3 ]
tlscompression:         false
nnrpdposthost:          127.0.0.1
nnrpdpostport:          {transit}
nnrpdcheckart:          true
nnrpdloadlimit:         0
clienttimeout:          600
allownewnews:           true
noreader:               false
addcanlockuser:         none
spoolfirst:             false
status:                 0
timer:                  0
nnrpdoverstats:         false
doinnwatch:             false
"""
FILES = {
    # many articles in a file: twenty thousand files take long to be deleted
    "storage.conf": "method timecaf {\n    newsgroups: *\n    class: 0\n}\n",
    "newsfeeds": "ME:*::\nnowhere:!*:Tf,Wnm:\n",
    "incoming.conf": 'streaming: true\nmax-connections: 200\npeer loopback {\n'
                     '    hostname: "127.0.0.1"\n    patterns: "*"\n}\n',
    "moderators": "interop.moderated:moderator@interop.test\n*:%s@moderators.example\n",
    "distributions": "local\tThis site alone\n",
    "distrib.pats": "10:local.*:local\n",
    "subscriptions": "interop.test\ninterop.threads\n",
    "motd.nnrpd": "Welcome to the interop tests.\n",
    "readers.conf": 'auth "all" {\n    hosts: "*"\n    default: "<anonymous>"\n'
                    '    auth: "ckpasswd -f {etc}/users"\n}\n'
                    'access "anonymous" {\n    users: "<anonymous>"\n'
                    '    newsgroups: "*,!interop.private"\n    access: "RPNI"\n}\n'
                    'access "known" {\n    users: "*,!<anonymous>"\n'
                    '    newsgroups: "*"\n    access: "RPANI"\n}\n',
}
COPIED = ("inn-secrets.conf", "control.ctl", "expire.ctl", "innfeed.conf", "nocem.ctl",
          "localgroups", "cycbuff.conf", "buffindexed.conf", "passwd.nntp")
FOLDERS = ("etc/sasl", "db", "log", "run", "tmp", "filter", "http", "spool/articles",
           "spool/overview", "spool/incoming/bad", "spool/outgoing", "spool/archive",
           "spool/innfeed")


@dataclass
class INN:
    """A running INN."""

    transit_port: int
    reader_port: int
    tls_port: int
    ca_file: Path
    room: Path
    sasl: bool  # whether AUTHINFO SASL has a data base
    name: str = "inn"
    host: str = "127.0.0.1"
    user: str = USER
    password: str = PASSWORD
    daemons: list[Daemon] = field(default_factory=list)

    def log(self) -> str:
        """All that the server logged so far."""
        logs = [daemon.log() for daemon in self.daemons]
        logs += [path.read_text(errors="replace")[-20_000:] for path in self.room.glob("log/*")]
        return "".join(logs)


@contextmanager
def run_inn(ground: Ground, big: int = BIG) -> Iterator[INN]:
    """Run innd and two nnrpds, with articles; *big* says how many are in `interop.big`."""
    if not (PROGRAMS / "innd").exists():
        absent("innd is absent: apt-get install inn2")
    need_root("INN")
    room = ground.room("inn")
    ports = free_ports(3)
    sasl = _write(ground, room, ports[0])
    server = INN(*ports, ground.ca_file, room, sasl)
    try:
        server.daemons.append(_start(server, "innd", ["innd", "-f"], ports[0]))
        nnrpd = ["nnrpd", "-D", "-f", "-4", server.host, "-p"]
        server.daemons.append(_start(server, "nnrpd", [*nnrpd, str(ports[1])], ports[1]))
        server.daemons.append(_start(server, "nnrpds", [*nnrpd, str(ports[2]), "-S"], ports[2]))
        _feed(ports[0], articles(big))
        yield server
    finally:
        for daemon in server.daemons:
            daemon.stop()


def _start(server: INN, name: str, command: Sequence[str], port: int) -> Daemon:
    daemon = Daemon(name, [*_as_news(server.room), PROGRAMS / command[0], *command[1:]],
                    server.room)
    wait_for_ports(daemon, server.host, [port], [])
    return daemon


def _as_news(room: Path) -> list[str]:
    return ["setpriv", "--reuid", "news", "--regid", "news", "--init-groups", "env",
            f"INNCONF={room}/etc/inn.conf", f"SASL_CONF_PATH={room}/etc/sasl", f"HOME={room}",
            f"PATH={PROGRAMS}:{ENVIRONMENT['PATH']}"]


def _write(ground: Ground, room: Path, transit: int) -> bool:
    """All files that INN wants; whether there is a data base for SASL."""
    for folder in FOLDERS:
        (room / folder).mkdir(parents=True, exist_ok=True)
    etc, db = room / "etc", room / "db"
    for name in COPIED:
        if (source := Path("/etc/news", name)).exists():
            copyfile(source, etc / name)
    (etc / "inn.conf").write_text(CONFIGURATION.format(
        room=room, programs=PROGRAMS, host=HOST, transit=transit, ca=ground.ca_file))
    for name, text in FILES.items():
        (etc / name).write_text(text.replace("{etc}", str(etc)))
    copyfile(ground.cert_file, etc / "server.crt")
    copyfile(ground.key_file, etc / "server.key")
    (etc / "users").write_text("".join(f"{user}:{PASSWORD_HASH}\n" for user in USERS))
    _write_groups(db)
    sasl = _write_sasl(etc)
    _give(room)
    for name in ("server.key", "users"):
        (etc / name).chmod(0o600)
    subprocess.run([*_as_news(room), str(PROGRAMS / "makedbz"), "-i", "-o", "-s", "100000"],
                   cwd=db, check=True, capture_output=True, env=ENVIRONMENT)
    return sasl


def _write_groups(db: Path) -> None:
    groups = {**GROUPS, **{f"many.group{n:03d}": "y" for n in range(EMPTY)}}
    (db / "active").write_text("".join(
        f"{name} 0000000000 0000000001 {flag}\n" for name, flag in groups.items()))
    (db / "newsgroups").write_text(
        "interop.big\tTwenty thousand articles\ninterop.unicode\tCaf\u00e9: other alphabets\n"
        "interop.moderated\tBy leave (Moderated)\n", encoding="utf-8")
    then = int(time.time()) - 30 * 86_400
    (db / "active.times").write_text("".join(f"{name} {then} usenet\n" for name in groups))
    (db / "history").write_text("")


def _write_sasl(etc: Path) -> bool:
    """Cyrus SASL with a data base of its own, for whatever realm it takes for its own."""
    maker = which("saslpasswd2", path=ENVIRONMENT["PATH"])
    if maker is None:
        return False
    name = socket.gethostname()
    for realm in {HOST, "interop.test", "localhost", name, socket.getfqdn(), f"{name}.interop.test"}:
        subprocess.run([maker, "-p", "-c", "-f", str(etc / "sasldb2"), "-u", realm, USER],
                       input=PASSWORD.encode(), check=True, capture_output=True, env=ENVIRONMENT)
    text = (f"pwcheck_method: auxprop\nauxprop_plugin: sasldb\nsasldb_path: {etc}/sasldb2\n"
            "mech_list: PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256\n")
    for program in ("nnrpd", "INN"):
        (etc / "sasl" / f"{program}.conf").write_text(text)
    return True


def _give(folder: Path) -> None:
    user, group = pwd.getpwnam("news").pw_uid, grp.getgrnam("news").gr_gid
    for path in (folder, *folder.rglob("*")):
        os.chown(path, user, group)


# -- articles ------------------------------------------------------------------------------

WORDS = ["alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliet", "kilo", "lima", "mike"]


def articles(big: int) -> Iterator[tuple[str, bytes]]:
    """Ids and articles, the same each time but for their dates."""
    chance = random.Random(536)
    now = time.time() - 100_000

    def article(name: str, group: str, subject: str, body: str, extra: str = "") -> tuple[str, bytes]:
        head = (f"Path: feeder.interop.test!not-for-mail\r\nFrom: {chance.choice(WORDS)} "
                f"<a@interop.test>\r\nNewsgroups: {group}\r\nSubject: {subject}\r\n"
                f"Message-ID: {name}\r\nDate: {formatdate(now)}\r\n{extra}\r\n")
        return name, (head + body).encode()

    for n in range(big):
        text = "".join(" ".join(chance.choices(WORDS, k=9)) + "\r\n"
                       for _ in range(chance.randint(2, 30)))
        yield article(f"<big{n}@interop.test>", "interop.big", f"number {n}", text)
    for thread in range(50):
        chain: list[str] = []
        for n in range(8):
            name = f"<t{thread}.{n}@interop.test>"
            extra = "References: " + "\r\n ".join(chain) + "\r\n" if chain else ""
            yield article(name, "interop.threads", f"{'Re: ' if n else ''}Thread {thread}",
                          ".\r\n..\r\n", extra)
            chain.append(name)
    for n in range(50):
        subject = f"raw caf\u00e9 \u65e5\u672c {n}" if n % 2 else Header(
            f"Caf\u00e9 \u0440\u0443\u0441 {n}", "utf-8").encode(linesep="\r\n")
        yield article(f"<u{n}@interop.test>", "interop.unicode", subject, "Gr\u00fc\u00dfe\r\n",
                      "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                      "Content-Transfer-Encoding: 8bit\r\n")
    yield article("<p0@interop.test>", "interop.private", "Private", "hush\r\n")
    for n in range(8):
        line = "".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=120)) + "\r\n"
        yield article(f"<b{n}@interop.test>", "interop.binary", f"part {n}", line * 4_000)


def _feed(port: int, made: Iterator[tuple[str, bytes]]) -> None:
    """Send them all by TAKETHIS; a thread reads the answers meanwhile."""
    sent, refused = [0], []
    with socket.create_connection(("127.0.0.1", port), timeout=60) as sock:
        lines = sock.makefile("rb")
        lines.readline()
        sock.sendall(b"MODE STREAM\r\n")
        lines.readline()

        def read() -> None:
            for line in lines:
                if line.startswith(b"205"):
                    return
                if not line.startswith(b"239"):
                    refused.append(line)

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        for name, data in made:
            stuffed = data.replace(b"\r\n.", b"\r\n..")
            sock.sendall(b"TAKETHIS %b\r\n%b.\r\n" % (name.encode(), stuffed))
            sent[0] += 1
        sock.sendall(b"QUIT\r\n")
        reader.join(60)
        lines.close()
    if refused or reader.is_alive():
        raise RuntimeError(f"INN refused {len(refused)} of {sent[0]} articles: {refused[:3]}")
