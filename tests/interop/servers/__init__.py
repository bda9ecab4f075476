"""Real servers of Debian packages, run by the tests on free ports of this machine.

Each `run_*` is a context manager: configuration and data are written to a folder of the run, the
server is started as a child process and is ended, with all it started, on the way out.
"""

from __future__ import annotations

from .apache import run_apache
from .cyrus import Cyrus, run_cyrus
from .dovecot import Dovecot, run_dovecot
from .find import absent, program
from .ground import Ground, Server
from .inn import INN, run_inn
from .mta import MTA, run_exim, run_mta
from .nginx import run_nginx
from .process import Daemon, ServerFailed
from .proftpd import run_proftpd
from .pureftpd import run_pureftpd
from .sshd import SSHD, run_proftpd_sftp, run_sshd
from .tree import BIG_SIZE, EPOCH, ODD_NAMES
from .vsftpd import run_vsftpd
from .web import REDIRECTS, Web

__all__ = [
    "BIG_SIZE",
    "EPOCH",
    "INN",
    "MTA",
    "ODD_NAMES",
    "REDIRECTS",
    "SSHD",
    "Cyrus",
    "Daemon",
    "Dovecot",
    "Ground",
    "Server",
    "ServerFailed",
    "Web",
    "absent",
    "program",
    "run_apache",
    "run_cyrus",
    "run_dovecot",
    "run_exim",
    "run_inn",
    "run_mta",
    "run_nginx",
    "run_proftpd",
    "run_proftpd_sftp",
    "run_pureftpd",
    "run_sshd",
    "run_vsftpd",
]
