"""Real servers, each started for one run with a configuration of its own, on a free port."""

from bench.servers.base import Place, Server
from bench.servers.dovecot import Dovecot, DovecotIMAP
from bench.servers.inn import INN
from bench.servers.nginx import Nginx
from bench.servers.nothing import Nothing
from bench.servers.postfix import Postfix
from bench.servers.proftpd import ProFTPD
from bench.servers.sshd import Sshd
from bench.servers.tftpd import TFTPD
from bench.servers.vsftpd import Vsftpd

__all__ = ["INN", "TFTPD", "Dovecot", "DovecotIMAP", "Nginx", "Nothing", "Place", "Postfix",
           "ProFTPD", "Server", "Sshd", "Vsftpd"]
