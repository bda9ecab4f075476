"""nginx: files by sendfile, PUT by its DAV module; with TLS also HTTP/2."""

from __future__ import annotations

import subprocess

from bench.servers.base import Server

__all__ = ["Nginx"]

_CONFIGURATION = """
daemon off;
user root;
worker_processes 1;
pid {folder}/pid;
error_log {folder}/error;
events {{ worker_connections 512; }}
http {{
  access_log off;
  sendfile on;
  autoindex on;
  tcp_nopush on;
  keepalive_requests 1000000;
  client_max_body_size 0;
  client_body_buffer_size 1m;
  client_body_temp_path {folder}/body;
  limit_rate {rate};
  default_type application/octet-stream;
  ssl_certificate {tls}/server.pem;
  ssl_certificate_key {tls}/server.key;
  ssl_protocols TLSv1.2 TLSv1.3;
  server {{
    listen {address}:{port}{secure};
    root {root};
    location /upload/ {{ dav_methods PUT DELETE; }}
  }}
}}
"""


class Nginx(Server):
    """One worker, as the clients have one process."""

    name = "nginx"
    program = "/usr/sbin/nginx"
    user, password = "", ""

    def version(self) -> str:
        """As in "nginx 1.22.1"."""
        done = subprocess.run([self.program, "-v"], capture_output=True, text=True, check=False)
        return done.stderr.strip().rpartition(": ")[2].replace("/", " ")

    def configure(self) -> list[str]:
        """One file."""
        folder = self.place.folder
        path = folder / "nginx.conf"
        path.write_text(_CONFIGURATION.format(
            address=self.place.address, port=self.port, root=self.place.root, tls=self.tls,
            folder=folder, rate=self.place.rate,
            secure=" ssl http2" if self.place.tls_only else ""))
        return [self.program, "-c", str(path), "-p", str(folder), "-e", str(folder / "error")]
