"""The constants of the old `telnetlib`: each number of Telnet as a byte (RFC 854 and others)."""

from __future__ import annotations

__all__ = ["OLD_CONSTANTS"]

_COMMANDS = {
    "IAC": 255, "DONT": 254, "DO": 253, "WONT": 252, "WILL": 251, "SB": 250, "GA": 249, "EL": 248,
    "EC": 247, "AYT": 246, "AO": 245, "IP": 244, "BRK": 243, "DM": 242, "NOP": 241, "SE": 240,
    "theNULL": 0}
_OPTIONS = {
    "BINARY": 0, "ECHO": 1, "RCP": 2, "SGA": 3, "NAMS": 4, "STATUS": 5, "TM": 6, "RCTE": 7,
    "NAOL": 8, "NAOP": 9, "NAOCRD": 10, "NAOHTS": 11, "NAOHTD": 12, "NAOFFD": 13, "NAOVTS": 14,
    "NAOVTD": 15, "NAOLFD": 16, "XASCII": 17, "LOGOUT": 18, "BM": 19, "DET": 20, "SUPDUP": 21,
    "SUPDUPOUTPUT": 22, "SNDLOC": 23, "TTYPE": 24, "EOR": 25, "TUID": 26, "OUTMRK": 27,
    "TTYLOC": 28, "VT3270REGIME": 29, "X3PAD": 30, "NAWS": 31, "TSPEED": 32, "LFLOW": 33,
    "LINEMODE": 34, "XDISPLOC": 35, "OLD_ENVIRON": 36, "AUTHENTICATION": 37, "ENCRYPT": 38,
    "NEW_ENVIRON": 39, "TN3270E": 40, "XAUTH": 41, "CHARSET": 42, "RSP": 43,
    "COM_PORT_OPTION": 44, "SUPPRESS_LOCAL_ECHO": 45, "TLS": 46, "KERMIT": 47, "SEND_URL": 48,
    "FORWARD_X": 49, "PRAGMA_LOGON": 138, "SSPI_LOGON": 139, "PRAGMA_HEARTBEAT": 140,
    "EXOPL": 255, "NOOPT": 0}

OLD_CONSTANTS = {name: bytes((number,)) for name, number in {**_COMMANDS, **_OPTIONS}.items()}
"""By name."""
