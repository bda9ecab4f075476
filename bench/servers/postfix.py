"""Postfix as a mail server that takes everything and throws it away; its log tells what came."""

from __future__ import annotations

import grp
import os
import pwd
import re
import subprocess
import time
from pathlib import Path

from bench.build import Unavailable
from bench.servers.base import Server

__all__ = ["Postfix"]

_MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/spool
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = bench.example.org
mydestination =
alias_maps =
local_transport = error:none
default_transport = discard
relay_domains = example.org, example.net
relay_transport = discard
inet_interfaces = {address}
inet_protocols = ipv4
mynetworks = 0.0.0.0/0
smtp_dns_support_level = disabled
smtpd_peername_lookup = no
smtpd_client_connection_count_limit = 0
in_flow_delay = 0
maillog_file = {folder}/mail.log
maillog_file_prefixes = {folder}
"""
_MASTER = """\
{address}:{port} inet n - n - - smtpd
pickup    unix  n - n 60    1 pickup
cleanup   unix  n - n -     0 cleanup
qmgr      unix  n - n 300   1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n -     - trivial-rewrite
bounce    unix  - - n -     0 bounce
defer     unix  - - n -     0 bounce
trace     unix  - - n -     0 bounce
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n -     - proxymap
error     unix  - - n -     - error
retry     unix  - - n -     - error
discard   unix  - - n -     - discard
anvil     unix  - - n -     1 anvil
postlog   unix-dgram n - n - 1 postlogd
"""
_ACTIVE = re.compile(rb"nrcpt=(\d+) \(queue active\)")
_PATIENCE = 10.0


class Postfix(Server):
    """The mail server, with PIPELINING and CHUNKING."""

    name = "Postfix"
    program = "/usr/lib/postfix/sbin/master"

    _mark = 0

    def version(self) -> str:
        """As in "Postfix 3.7.11"."""
        done = subprocess.run(["postconf", "-d", "-h", "mail_version"], capture_output=True,
                              text=True, check=True)
        return f"Postfix {done.stdout.strip()}"

    def configure(self) -> list[str]:
        """The queue and two files."""
        folder = self.place.folder
        facts = {"folder": folder, "address": self.place.address, "port": self.port}
        etc = folder / "etc"
        for name in ("etc", "spool", "data"):
            (folder / name).mkdir()
        try:
            os.chown(folder / "data", pwd.getpwnam("postfix").pw_uid,
                     grp.getgrnam("postfix").gr_gid)
        except KeyError:
            raise Unavailable("Postfix is not installed: its user is absent") from None
        (etc / "main.cf").write_text(_MAIN.format(**facts))
        (etc / "master.cf").write_text(_MASTER.format(**facts))
        inside = ["ip", "netns", "exec", self.place.space] if self.place.space else []
        subprocess.run([*inside, "postfix", "-c", str(etc), "check"], capture_output=True,
                       check=True)  # makes the queue's folders
        return [self.program, "-c", str(etc), "-d"]

    @property
    def _log(self) -> Path:
        return self.place.folder / "mail.log"

    def mark(self) -> None:
        """What came until now belongs to earlier runs."""
        self._mark = self._log.stat().st_size if self._log.exists() else 0

    def taken(self, messages: int, recipients: int) -> str:
        """Why *messages* for *recipients* in all have not come since the mark, or "".

        Returns when all of them are thrown away, so that the next run finds an idle server.
        """
        limit = time.monotonic() + _PATIENCE
        while True:
            text = self._log.read_bytes()[self._mark:] if self._log.exists() else b""
            counts = [int(count) for count in _ACTIVE.findall(text)]
            if text.count(b": removed\n") >= messages or time.monotonic() > limit:
                break
            time.sleep(0.05)
        if (len(counts), sum(counts)) != (messages, recipients):
            return (f"{len(counts)} messages for {sum(counts)} came, "
                    f"not {messages} for {recipients}")
        return ""
