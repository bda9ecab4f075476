"""Mail servers that take mail: Postfix and Exim by SMTP, Dovecot by LMTP and submission.

Dovecot checks the passwords for Postfix (every name with the password `secret`), stores what comes
by LMTP, and hands on to Postfix what is submitted to it. Postfix hands everything for
`example.org` to Dovecot, refuses `nobody@example.org`, and relays for those who have logged in.
Exim keeps what it takes in its queue. All of them change their user: they need root.
"""

from __future__ import annotations

import grp
import os
import pwd
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from .find import absent, cache, need_root, program
from .ground import PASSWORD, USER, Ground, account
from .process import ENVIRONMENT, Daemon, free_ports, wait_for_ports

__all__ = ["MTA", "run_exim", "run_mta"]

DOVECOT = """\
protocols = lmtp submission
listen = 127.0.0.1
base_dir = {room}/base
state_dir = {room}/state
instance_name = postel-mta
log_path = /dev/stderr
hostname = dovecot.example.org
postmaster_address = postmaster@example.org
mail_location = maildir:~/Maildir
mail_home = {room}/mail/%n
mail_uid = {uid}
mail_gid = {gid}
first_valid_uid = 1
first_valid_gid = 1
mail_fsync = never
auth_mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256
auth_failure_delay = 0
disable_plaintext_auth = no
ssl = yes
ssl_cert = <{cert}
ssl_key = <{key}
submission_relay_host = 127.0.0.1
submission_relay_port = {smtp}
submission_relay_user = relay
submission_relay_password = {password}
recipient_delimiter = +
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={room}/mail/%n
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp}
  }}
}}
service submission-login {{
  inet_listener submission {{
    port = {submission}
  }}
}}
service anvil {{
  # failed logins are not slowed down
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service auth {{
  unix_listener {room}/auth {{
    mode = 0666
  }}
}}
"""
MAIN = """\
compatibility_level = 3.6
queue_directory = {room}/spool
data_directory = {room}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = postfix.example.org
myorigin = example.org
mydestination =
local_transport = error:no local delivery
alias_maps =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks =
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_recipient_restrictions = check_recipient_access inline:{{nobody@example.org=REJECT}}
virtual_mailbox_domains = example.org
virtual_mailbox_maps = static:x
virtual_transport = lmtp:inet:127.0.0.1:{lmtp}
default_transport = lmtp:inet:127.0.0.1:{lmtp}
smtp_dns_support_level = disabled
smtpd_peername_lookup = no
message_size_limit = 20000000
virtual_mailbox_limit = 0
mailbox_size_limit = 0
smtpd_tls_security_level = may
smtpd_tls_cert_file = {cert}
smtpd_tls_key_file = {key}
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {room}/auth
smtpd_sasl_security_options = noanonymous
smtputf8_enable = yes
smtpd_client_connection_count_limit = 0
smtpd_error_sleep_time = 0
default_process_limit = 50
bounce_queue_lifetime = 1h
maximal_queue_lifetime = 1h
notify_classes =
maillog_file = {room}/postfix.log
maillog_file_prefixes = {room}
in_flow_delay = 0
"""
MASTER = """\
127.0.0.1:{smtp} inet n - n - - smtpd
127.0.0.1:{smtps} inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
pickup    unix  n - n 60    1 pickup
cleanup   unix  n - n -     0 cleanup
qmgr      unix  n - n 300   1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n -     - trivial-rewrite
bounce    unix  - - n -     0 bounce
defer     unix  - - n -     0 bounce
trace     unix  - - n -     0 bounce
verify    unix  - - n -     1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n -     - proxymap
proxywrite unix - - n -     1 proxymap
smtp      unix  - - n -     - smtp
relay     unix  - - n -     - smtp
showq     unix  n - n -     - showq
error     unix  - - n -     - error
retry     unix  - - n -     - error
discard   unix  - - n -     - discard
lmtp      unix  - - n -     - lmtp
anvil     unix  - - n -     1 anvil
scache    unix  - - n -     1 scache
postlog   unix-dgram n - n - 1 postlogd
"""
EXIM = """\
primary_hostname = exim.example.org
spool_directory = {room}/spool
log_file_path = {room}/%slog
pid_file_path = {room}/pid
daemon_smtp_ports = {smtp}
local_interfaces = 127.0.0.1
host_lookup =
queue_only = true
keep_environment =
tls_certificate = {cert}
tls_privatekey = {key}
tls_advertise_hosts = *
smtputf8_advertise_hosts = *
dsn_advertise_hosts = *
chunking_advertise_hosts = *
pipelining_advertise_hosts = *
acl_smtp_rcpt = rcpt
acl_smtp_data = data
begin acl
rcpt:
  deny local_parts = nobody
       message = no such user
  accept
data:
  accept
begin routers
all:
  driver = accept
  transport = out
begin transports
out:
  driver = appendfile
  file = /dev/null
  user = mail
"""


@dataclass
class MTA:
    """Servers that take mail; 0 where a port is not served."""

    name: str
    room: Path
    ca_file: Path
    smtp: int = 0
    smtps: int = 0
    lmtp: int = 0
    submission: int = 0
    host: str = "127.0.0.1"
    user: str = USER
    password: str = PASSWORD
    daemons: list[Daemon] = field(default_factory=list)

    def mailbox(self, user: str) -> list[bytes]:
        """What was delivered to *user*, in no order."""
        return [path.read_bytes() for path in self.room.glob(f"mail/{user}/Maildir/new/*")]

    def queue(self) -> list[bytes]:
        """The bodies in Exim's queue, in no order: a file's first line is its own name."""
        return [path.read_bytes().split(b"\n", 1)[1]
                for path in self.room.glob("spool/input/**/*-D")]

    def log(self) -> str:
        """All that the servers logged so far."""
        files = [daemon.output for daemon in self.daemons] + sorted(self.room.glob("*log"))
        return "".join(path.read_text(errors="replace") for path in dict.fromkeys(files))


@contextmanager
def run_mta(ground: Ground) -> Iterator[MTA]:
    """Run Dovecot and Postfix together."""
    postfix, dovecot = program("postfix"), program("dovecot")
    need_root("Postfix")
    for module, package in (("lmtp", "dovecot-lmtpd"), ("submission", "dovecot-submissiond")):
        if not Path(f"/usr/lib/dovecot/{module}").exists():
            absent(f"{module} of Dovecot is absent: apt-get install {package}")
    room = ground.room("mta")
    smtp, smtps, lmtp, submission = free_ports(4)
    owner = account()
    facts = {"room": room, "cert": ground.cert_file, "key": ground.key_file, "smtp": smtp,
             "smtps": smtps, "lmtp": lmtp, "submission": submission, "password": PASSWORD,
             "uid": owner.pw_uid, "gid": owner.pw_gid}
    mail = room / "mail"
    mail.mkdir()
    os.chown(mail, owner.pw_uid, owner.pw_gid)
    (room / "dovecot.conf").write_text(DOVECOT.format(**facts))
    etc, spool, data = room / "etc", room / "spool", room / "data"
    for folder in (etc, spool, data):
        folder.mkdir()
    os.chown(data, pwd.getpwnam("postfix").pw_uid, grp.getgrnam("postfix").gr_gid)
    (etc / "main.cf").write_text(MAIN.format(**facts))
    (etc / "master.cf").write_text(MASTER.format(**facts))
    mta = MTA("postfix", room, ground.ca_file, smtp, smtps, lmtp, submission)
    mta.daemons.append(Daemon("dovecot", [dovecot, "-F", "-c", room / "dovecot.conf"], room))
    try:
        wait_for_ports(mta.daemons[0], mta.host, [lmtp, submission], [])
        subprocess.run([postfix, "-c", etc, "check"], env=ENVIRONMENT, check=True,
                       capture_output=True, timeout=60)  # makes the queue's folders
        mta.daemons.append(Daemon(
            "postfix", ["/usr/lib/postfix/sbin/master", "-c", etc, "-d"], room))
        wait_for_ports(mta.daemons[1], mta.host, [smtp, smtps], [room / "postfix.log"])
        yield mta
    finally:
        for daemon in reversed(mta.daemons):
            daemon.stop()


@contextmanager
def run_exim(ground: Ground) -> Iterator[MTA]:
    """Run Exim, unpacked from its package: Debian allows one mail server on a machine."""
    binary = cache() / "exim" / "usr" / "sbin" / "exim4"
    if not os.access(binary, os.X_OK):
        absent("exim4 is absent: .ci/unpack.sh exim exim4-daemon-light exim4-base")
    need_root("Exim")
    try:
        owner = pwd.getpwnam("Debian-exim")
    except KeyError:
        absent("the user Debian-exim is absent: adduser --system --group Debian-exim")
    room = ground.room("exim")
    [smtp] = free_ports(1)
    (room / "spool").mkdir()
    for folder in (room, room / "spool"):
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    key = room / "key.pem"
    key.write_bytes(ground.key_file.read_bytes())
    os.chown(key, owner.pw_uid, owner.pw_gid)
    path = room / "exim.conf"
    path.write_text(EXIM.format(room=room, smtp=smtp, cert=ground.cert_file, key=key))
    path.chmod(0o644)
    mta = MTA("exim", room, ground.ca_file, smtp)
    mta.daemons.append(Daemon("exim", [binary, "-bdf", "-C", path], room))
    try:
        wait_for_ports(mta.daemons[0], mta.host, [smtp], [])
        yield mta
    finally:
        for daemon in mta.daemons:
            daemon.stop()
