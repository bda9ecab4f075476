"""Telnet's numbers by name: commands and options (RFC 854, 855 and the registry). No I/O."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["COMMANDS", "IAC", "OPTIONS", "option_name", "option_number"]

IAC = 255

EOR_MARK, SE, NOP, DM, BRK, IP, AO, AYT, EC, EL, GA, SB = range(239, 251)
WILL, WONT, DO, DONT = range(251, 255)
EOF, SUSP, ABORT = 236, 237, 238  # RFC 1184

COMMANDS: Mapping[int, str] = {
    236: "EOF", 237: "SUSP", 238: "ABORT", 239: "EOR", 240: "SE", 241: "NOP", 242: "DM",
    243: "BRK", 244: "IP", 245: "AO", 246: "AYT", 247: "EC", 248: "EL", 249: "GA", 250: "SB",
    251: "WILL", 252: "WONT", 253: "DO", 254: "DONT"}
"""The byte after IAC, by number."""

BINARY, ECHO, SGA, STATUS, TM = 0, 1, 3, 5, 6
LOGOUT, TTYPE, EOR, NAWS, TSPEED, LFLOW, LINEMODE = 18, 24, 25, 31, 32, 33, 34
XDISPLOC, NEW_ENVIRON, CHARSET, COM_PORT, START_TLS = 35, 39, 42, 44, 46
MSDP, MSSP, MCCP2, MCCP3, GMCP = 69, 70, 86, 87, 201

OPTIONS: Mapping[int, str] = {
    0: "BINARY", 1: "ECHO", 3: "SGA", 5: "STATUS", 6: "TIMING-MARK", 18: "LOGOUT", 24: "TTYPE",
    25: "EOR", 31: "NAWS", 32: "TSPEED", 33: "LFLOW", 34: "LINEMODE", 35: "XDISPLOC",
    36: "ENVIRON", 37: "AUTHENTICATION", 38: "ENCRYPT", 39: "NEW-ENVIRON", 40: "TN3270E",
    42: "CHARSET", 44: "COM-PORT", 46: "START-TLS", 69: "MSDP", 70: "MSSP", 86: "MCCP2",
    87: "MCCP3", 201: "GMCP", 255: "EXOPL"}
"""Options by number."""

_NUMBERS = {name: number for number, name in OPTIONS.items()}


def option_name(option: int) -> str:
    """The name of an option; its number where it has none.

    Example:
        >>> option_name(31), option_name(250)
        ('NAWS', '250')
    """
    return OPTIONS.get(option, str(option))


def option_number(name: str) -> int:
    """The number of an option by its name.

    Example:
        >>> option_number("naws")
        31
    """
    return _NUMBERS[name.upper().replace("_", "-")]
