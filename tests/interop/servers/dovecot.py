"""Dovecot as a POP3 and IMAP server: plain and STARTTLS on one port of each, TLS on another.

SASL of every kind; of IMAP all that Dovecot has: quota, ACL, METADATA, NOTIFY, COMPRESS.

Every name with the password `secret` is a user with a Maildir of its own, so that a test makes
itself a mailbox that no other test knows. A client certificate logs its common name in (EXTERNAL);
OAUTHBEARER and XOAUTH2 take tokens signed with a key that only this run knows (RFC 7519).
Works without root too.
"""

from __future__ import annotations

import base64
import grp
import hashlib
import hmac
import itertools
import json
import os
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from .find import program
from .ground import PASSWORD, USER, Ground, account
from .mail import add_message, messages
from .process import Daemon, free_ports, is_root, wait_for_ports

__all__ = ["Dovecot", "run_dovecot"]

CONFIGURATION = """\
protocols = pop3 imap
listen = 127.0.0.1
base_dir = {room}/base
state_dir = {room}/state
instance_name = postel-interop
log_path = /dev/stderr
login_greeting = Postel interop ready.
mail_location = maildir:~/Maildir
mail_home = {room}/mail/%n
mail_uid = {uid}
mail_gid = {gid}
first_valid_uid = 1
first_valid_gid = 1
mail_fsync = never
mailbox_list_index = yes
mail_plugins = quota acl zlib
mail_attribute_dict = file:%h/attributes
mail_max_userip_connections = 500
auth_mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256 external xoauth2 oauthbearer
auth_ssl_username_from_cert = yes
auth_failure_delay = 0
disable_plaintext_auth = no
ssl = yes
ssl_cert = <{cert}
ssl_key = <{key}
ssl_ca = <{ca}
ssl_verify_client_cert = yes
ssl_require_crl = no
ssl_cert_username_field = commonName
ssl_min_protocol = TLSv1.2
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Drafts {{
    special_use = \\Drafts
    auto = create
  }}
  mailbox Trash {{
    special_use = \\Trash
    auto = create
  }}
}}
plugin {{
  quota = maildir:User quota
  quota_rule = *:storage=20G
  acl = vfile
}}
protocol imap {{
  mail_plugins = $mail_plugins imap_quota imap_acl imap_zlib
  imap_metadata = yes
  mail_max_userip_connections = 500
}}
passdb {{
  driver = static
  mechanisms = external
  args = nopassword=y
}}
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {room}/oauth2.conf
}}
passdb {{
  driver = static
  mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={room}/mail/%n
}}
service pop3-login {{
  service_count = 0
  client_limit = 500
  inet_listener pop3 {{
    port = {port}
  }}
  inet_listener pop3s {{
    port = {tls_port}
    ssl = yes
  }}
}}
service pop3 {{
  process_limit = 500
}}
service imap-login {{
  service_count = 0
  client_limit = 500
  inet_listener imap {{
    port = {imap_port}
  }}
  inet_listener imaps {{
    port = {imaps_port}
    ssl = yes
  }}
}}
service imap {{
  process_limit = 500
}}
service anvil {{
  # failed logins are not slowed down
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""
# Without root no process can change its user or its root folder.
ROOTLESS = """\
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
service pop3-login {{
  chroot =
}}
service imap-login {{
  chroot =
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""
TOKENS = """\
introspection_mode = local
local_validation_key_dict = fs:posix:prefix={room}/keys/
username_attribute = sub
"""


@dataclass
class Dovecot:
    """A running Dovecot. `messages` is what alice's mailbox holds, in order; bob's is empty."""

    pop3_port: int
    pop3s_port: int
    imap_port: int
    imaps_port: int
    ca_file: Path
    client_cert: Path  # for CN=alice
    client_key: Path
    room: Path
    key: bytes  # signs tokens
    name: str = "dovecot"
    host: str = "127.0.0.1"
    user: str = USER
    password: str = PASSWORD
    messages: list[bytes] = field(default_factory=messages)
    daemons: list[Daemon] = field(default_factory=list)

    _numbers = itertools.count(1)

    def maildir(self, user: str) -> Path:
        """The Maildir of `user`; it is there once something was delivered."""
        return self.room / "mail" / user / "Maildir"

    def new_mailbox(self, mails: Sequence[bytes] = ()) -> str:
        """Make a mailbox for one test and return the name of its user; the password is as ever."""
        user = f"user{next(self._numbers)}"
        self.deliver(user, mails)
        return user

    def deliver(self, user: str, mails: Sequence[bytes]) -> None:
        """Put messages into the mailbox of `user`, in order."""
        maildir = self.maildir(user)
        for name in ("new", "cur", "tmp"):
            (maildir / name).mkdir(parents=True, exist_ok=True)
        for message in mails:
            add_message(maildir, next(self._numbers), message)
        if is_root():
            _give_all(maildir.parent)

    def token(self, user: str, lifetime: int = 3600) -> str:
        """A bearer token (RFC 7519, HS256) that logs `user` in; a negative lifetime has expired."""
        now = int(time.time())
        head = {"alg": "HS256", "typ": "JWT", "kid": "postel"}
        claims = {"sub": user, "iat": now - 60, "exp": now + lifetime}
        text = b".".join(_base64(json.dumps(part).encode()) for part in (head, claims))
        signature = hmac.digest(self.key, text, hashlib.sha256)
        return (text + b"." + _base64(signature)).decode()

    def log(self) -> str:
        """All that the server logged so far."""
        return "".join(daemon.log() for daemon in self.daemons)


@contextmanager
def run_dovecot(ground: Ground) -> Iterator[Dovecot]:
    """Run Dovecot on four free ports, with mailboxes for alice and bob."""
    binary = program("dovecot")
    room = ground.room("dovecot")
    port, tls_port, imap, imaps = free_ports(4)
    key = secrets.token_bytes(32)
    server = Dovecot(
        port, tls_port, imap, imaps, ground.ca_file, ground.client_cert, ground.client_key, room, key
    )
    server.deliver("alice", server.messages)
    server.deliver("bob", [])
    _write_keys(room, key)
    path = room / "dovecot.conf"
    path.write_text(_configuration(ground, server))
    daemon = Daemon("dovecot", [binary, "-F", "-c", path], room)
    server.daemons.append(daemon)
    try:
        wait_for_ports(daemon, server.host, [port, tls_port, imap, imaps], [])
        yield server
    finally:
        daemon.stop()


def _configuration(ground: Ground, server: Dovecot) -> str:
    owner = account()
    text = CONFIGURATION.format(
        room=server.room, uid=owner.pw_uid, gid=owner.pw_gid, password=PASSWORD,
        cert=ground.cert_file, key=ground.key_file, ca=ground.ca_file,
        port=server.pop3_port, tls_port=server.pop3s_port,
        imap_port=server.imap_port, imaps_port=server.imaps_port,
    )  # fmt: skip
    if not is_root():
        text += ROOTLESS.format(user=owner.pw_name, group=grp.getgrgid(owner.pw_gid).gr_name)
    return text


def _write_keys(room: Path, key: bytes) -> None:
    """The validation key, where Dovecot looks for it: issuer, algorithm, key name."""
    path = room / "keys" / "default" / "HS256" / "postel"
    path.parent.mkdir(parents=True)
    path.write_bytes(base64.b64encode(key))
    (room / "oauth2.conf").write_text(TOKENS.format(room=room))


def _give_all(folder: Path) -> None:
    owner = account()
    for path in (folder, *folder.rglob("*")):
        os.chown(path, owner.pw_uid, owner.pw_gid)


def _base64(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")
