"""nginx: HTTP and HTTPS with HTTP/2, autoindex, gzip, brotli, WebDAV with its dav-ext module."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .find import absent, program
from .ground import PASSWORD_HASH, USERS, Ground, account, give
from .process import Daemon, free_ports, is_root, wait_for_ports
from .tree import make_tree
from .web import REDIRECTS, Web

__all__ = ["run_nginx"]

MODULES = {
    "ngx_http_dav_ext_module": "libnginx-mod-http-dav-ext",
    "ngx_http_brotli_filter_module": "libnginx-mod-http-brotli-filter",
}
FOLDER = Path("/usr/lib/nginx/modules")

CONFIGURATION = """\
{modules}
daemon off;
{user}
worker_processes 1;
pid {room}/nginx.pid;
error_log {room}/error.log warn;
events {{ worker_connections 1024; }}
http {{
  include /etc/nginx/mime.types;
  default_type application/octet-stream;
  access_log {room}/access.log;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000;
  client_max_body_size 0;
  client_body_temp_path {room}/body;
  proxy_temp_path {room}/proxy;
  fastcgi_temp_path {room}/fastcgi;
  uwsgi_temp_path {room}/uwsgi;
  scgi_temp_path {room}/scgi;
  ssl_certificate {cert};
  ssl_certificate_key {key};
  ssl_protocols TLSv1.2 TLSv1.3;
  gzip on;
  gzip_types text/plain text/css application/json application/javascript;
  gzip_min_length 256;
  brotli on;
  brotli_types text/plain text/css application/json application/javascript;
  dav_ext_lock_zone zone=dav:1m;
  autoindex on;
  autoindex_exact_size on;
  charset utf-8;
  server {{
    listen {host}:{port};
    listen {host}:{tls_port} ssl http2;
    server_name localhost;
    root {root};
{places}
    location /json/ {{ alias {root}/; autoindex_format json; }}
    location /auth/ {{ alias {root}/; auth_basic "interop"; auth_basic_user_file {users}; }}
    location /slow/ {{ alias {root}/; limit_rate 256k; }}
    location = /cross {{ return 302 https://localhost:{tls_port}/readme.txt; }}
    location = /loop {{ return 302 /loop; }}
    location = /drop {{ return 444; }}
    location = /echo {{
      default_type text/plain;
      return 200 "$request\\nhost=$http_host\\nuser-agent=$http_user_agent\\naccept=$http_accept\\naccept-encoding=$http_accept_encoding\\nrange=$http_range\\nauthorization=$http_authorization\\ncookie=$http_cookie\\nproto=$server_protocol\\ntls=$ssl_protocol\\nreused=$ssl_session_reused\\nrequests=$connection_requests\\n";
    }}
    location /dav/ {{
      alias {dav}/;
      dav_methods PUT DELETE MKCOL COPY MOVE;
      dav_ext_methods PROPFIND OPTIONS LOCK UNLOCK;
      dav_ext_lock zone=dav;
    }}
    location /davauth/ {{
      alias {dav}/;
      auth_basic "interop"; auth_basic_user_file {users};
      dav_methods PUT DELETE MKCOL COPY MOVE;
      dav_ext_methods PROPFIND OPTIONS LOCK UNLOCK;
      dav_ext_lock zone=dav;
    }}
  }}
  server {{
    listen {host}:{mutual_port} ssl http2;
    root {root};
    ssl_client_certificate {ca};
    ssl_verify_client on;
    location = /who {{ default_type text/plain; return 200 "$ssl_client_s_dn\\n"; }}
  }}
}}
"""
STATUSES = (204, 400, 401, 403, 404, 410, 418, 500, 502, 504)


@contextmanager
def run_nginx(ground: Ground, host: str = "127.0.0.1") -> Iterator[Web]:
    """Run it on free ports of `host`."""
    binary = program("nginx", "nginx-light")
    for module, package in MODULES.items():
        if not (FOLDER / f"{module}.so").exists():
            absent(f"{module} is absent: apt-get install {package}")
    room = ground.room("nginx")
    make_tree(room / "root")
    (room / "dav").mkdir()
    give(room / "dav")
    (room / "users").write_text("".join(f"{user}:{PASSWORD_HASH}\n" for user in USERS))
    port, tls_port, mutual_port = free_ports(3, host)
    server = Web("nginx", host, port, tls_port, ground.ca_file, room / "root", room / "dav",
                 ground.client_cert, ground.client_key, mutual_port,
                 logs=[room / "error.log", room / "access.log"])
    (room / "nginx.conf").write_text(CONFIGURATION.format(
        modules="\n".join(f"load_module {FOLDER}/{module}.so;" for module in MODULES),
        user=f"user {account().pw_name};" if is_root() else "", room=room, host=host, port=port,
        tls_port=tls_port, mutual_port=mutual_port, root=room / "root", dav=room / "dav",
        users=room / "users", cert=ground.cert_file, key=ground.key_file, ca=ground.ca_file,
        places=_places()))
    command = [binary, "-c", room / "nginx.conf", "-p", room, "-e", room / "error.log"]
    daemon = Daemon("nginx", command, room)
    server.daemons.append(daemon)
    try:
        wait_for_ports(daemon, host, [port, tls_port, mutual_port], server.logs)
        yield server
    finally:
        daemon.stop()


def _places() -> str:
    """Redirects and statuses."""
    lines = [f"    location = /status/{code} {{ return {code}; }}" for code in STATUSES]
    lines += [f"    location = /status/{code} {{ add_header Retry-After 1 always; return {code}; }}"
              for code in (429, 503)]
    for hop in range(1, 26):
        target = f"/redirect/{hop - 1}" if hop > 1 else "/readme.txt"
        code = REDIRECTS[(hop - 1) % len(REDIRECTS)]
        lines.append(f"    location = /redirect/{hop} {{ return {code} {target}; }}")
    return "\n".join(lines)
