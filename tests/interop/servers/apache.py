"""Apache: HTTP and HTTPS with HTTP/2, mod_autoindex, mod_deflate, mod_brotli, mod_dav."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import md5
from pathlib import Path

from .find import absent, program
from .ground import PASSWORD, PASSWORD_HASH, USERS, Ground, account, give
from .process import Daemon, free_ports, is_root, wait_for_ports
from .tree import make_tree
from .web import REDIRECTS, Web

__all__ = ["run_apache"]

MODULES = (
    "mpm_event", "unixd", "authn_core", "authn_file", "authz_core", "authz_user", "auth_basic",
    "auth_digest", "alias", "autoindex", "dir", "mime", "filter", "deflate", "brotli", "headers",
    "dav", "dav_fs", "dav_lock", "socache_shmcb", "ssl", "http2", "setenvif",
)
BUILT_IN = ("unixd",)  # in Debian's binary
FOLDER = Path("/usr/lib/apache2/modules")
TYPES = Path("/etc/mime.types")

CONFIGURATION = """\
{modules}
ServerRoot {room}
DefaultRuntimeDir {room}
PidFile {room}/apache.pid
Mutex file:{room}
ServerName localhost
{user}
Listen {host}:{port}
Listen {host}:{tls_port}
ErrorLog {room}/error.log
LogFormat "%h %u \\"%r\\" %>s %O" common
ServerTokens Prod
StartServers 1
KeepAlive On
MaxKeepAliveRequests 0
Protocols h2 http/1.1
TypesConfig /etc/mime.types
SSLCertificateFile {cert}
SSLCertificateKeyFile {key}
DocumentRoot {root}
DavLockDB {room}/locks/db
DavMinTimeout 1
EnableSendfile On
AddOutputFilterByType BROTLI_COMPRESS;DEFLATE text/plain text/html
IndexOptions FancyIndexing HTMLTable NameWidth=* DescriptionWidth=* Charset=UTF-8
<Directory {root}>
  Options +Indexes
  Require all granted
</Directory>
<Directory {dav}>
  Options +Indexes
  Require all granted
</Directory>
Alias /auth {root}
Alias /digest {root}
Alias /davauth {dav}
Alias /dav {dav}
<Location /auth>
  AuthType Basic
  AuthName interop
  AuthUserFile {room}/users
  Require valid-user
</Location>
<Location /digest>
  AuthType Digest
  AuthName interop
  AuthDigestProvider file
  AuthUserFile {room}/digests
  Require valid-user
</Location>
<Location /dav>
  Dav On
</Location>
<Location /davauth>
  Dav On
  AuthType Basic
  AuthName interop
  AuthUserFile {room}/users
  Require valid-user
</Location>
Redirect 302 /cross https://localhost:{tls_port}/readme.txt
Redirect 302 /loop /loop
{places}
<VirtualHost {host}:{port}>
</VirtualHost>
<VirtualHost {host}:{tls_port}>
  SSLEngine On
</VirtualHost>
"""
STATUSES = (400, 401, 403, 404, 410, 429, 500, 502, 503, 504)


@contextmanager
def run_apache(ground: Ground, host: str = "127.0.0.1") -> Iterator[Web]:
    """Run it on free ports of `host`."""
    binary = program("apache2", "apache2-bin")
    for module in MODULES:
        if module not in BUILT_IN and not (FOLDER / f"mod_{module}.so").exists():
            absent(f"mod_{module} is absent: apt-get install apache2-bin")
    if not TYPES.exists():
        absent(f"{TYPES} is absent: apt-get install media-types")
    room = ground.room("apache")
    make_tree(room / "root")
    for name in ("dav", "locks"):
        (room / name).mkdir()
        give(room / name)
    _write_users(room)
    port, tls_port = free_ports(2, host)
    server = Web("apache", host, port, tls_port, ground.ca_file, room / "root", room / "dav",
                 ground.client_cert, ground.client_key, logs=[room / "error.log"])
    who = account()
    (room / "apache.conf").write_text(CONFIGURATION.format(
        modules="\n".join(f"LoadModule {module}_module {FOLDER}/mod_{module}.so"
                          for module in MODULES if module not in BUILT_IN),
        user=f"User #{who.pw_uid}\nGroup #{who.pw_gid}" if is_root() else "", room=room, host=host,
        port=port, tls_port=tls_port, root=room / "root", dav=room / "dav",
        cert=ground.cert_file, key=ground.key_file, places=_places()))
    daemon = Daemon("apache", [binary, "-DFOREGROUND", "-f", room / "apache.conf"], room)
    server.daemons.append(daemon)
    try:
        wait_for_ports(daemon, host, [port, tls_port], server.logs)
        yield server
    finally:
        daemon.stop()


def _write_users(room: Path) -> None:
    (room / "users").write_text("".join(f"{user}:{PASSWORD_HASH}\n" for user in USERS))
    (room / "digests").write_text("".join(
        f"{user}:interop:{md5(f'{user}:interop:{PASSWORD}'.encode()).hexdigest()}\n"
        for user in USERS))


def _places() -> str:
    """Redirects and statuses."""
    lines = [f"Redirect {code} /status/{code}" for code in STATUSES]
    lines += [f'<Location /status/{code}>\nHeader always set Retry-After 1\n</Location>'
              for code in (429, 503)]
    for hop in range(25, 0, -1):  # the longer ones first: Redirect takes prefixes
        target = f"/redirect/{hop - 1}" if hop > 1 else "/readme.txt"
        code = REDIRECTS[(hop - 1) % len(REDIRECTS)]
        lines.append(f"Redirect {code} /redirect/{hop} {target}")
    return "\n".join(lines)
