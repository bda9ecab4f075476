"""Bytes of mail as text, whatever character set they claim. Grammar: pure.

Much mail lies about its character set. In this order is believed: a byte order mark; what is
declared, with the superset that writers really use in its place (Latin-1 is windows-1252, GB2312
is GB18030); UTF-8, which hardly ever fits by accident; what is declared, if only a few bytes are
damaged; and last what the bytes look like. Codecs of Python that are no character sets (rot13,
zlib, punycode …) are never reached from a message.
"""

from __future__ import annotations

import codecs
import re
from functools import lru_cache

__all__ = ["Text", "as_read", "decode", "guess", "python_name"]

_SUPERSETS = {
    "ansi_x3.4-1968": "ascii", "us-ascii": "ascii", "ascii": "ascii", "646": "ascii",
    "iso-8859-1": "cp1252", "iso8859-1": "cp1252", "latin1": "cp1252", "latin-1": "cp1252",
    "l1": "cp1252", "iso_8859-1": "cp1252", "8859-1": "cp1252", "iso-8859-1-windows": "cp1252",
    "iso-8859-9": "cp1254", "iso8859-9": "cp1254", "latin5": "cp1254",
    "iso-8859-11": "cp874", "tis-620": "cp874", "windows-874": "cp874",
    "iso-8859-8-i": "iso8859-8", "iso-8859-8-e": "iso8859-8", "iso-8859-6-i": "iso8859-6",
    "iso-8859-6-e": "iso8859-6",
    "gb2312": "gb18030", "gb_2312-80": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030",
    "euc-cn": "gb18030", "gb-2312": "gb18030", "cp936": "gb18030", "chinese": "gb18030",
    "hz-gb-2312": "hz", "big5": "cp950", "x-x-big5": "cp950", "big5-hkscs": "big5hkscs",
    "ks_c_5601-1987": "cp949", "ks_c_5601": "cp949", "ksc5601": "cp949", "ksc_5601": "cp949",
    "euc-kr": "cp949", "euckr": "cp949", "korean": "cp949", "ks_c_5601-1989": "cp949",
    "shift_jis": "cp932", "shift-jis": "cp932", "sjis": "cp932", "x-sjis": "cp932",
    "ms_kanji": "cp932", "windows-31j": "cp932",
    "iso-2022-jp": "iso2022_jp_ext", "x-euc-jp": "euc_jp",
    "unicode-1-1-utf-7": "utf-7", "unicode-2-0-utf-7": "utf-7", "x-unicode-2-0-utf-7": "utf-7",
    "utf8": "utf-8", "utf_8": "utf-8", "utf8mb4": "utf-8", "unicode-1-1-utf-8": "utf-8",
    "utf-16le": "utf-16-le", "utf-16be": "utf-16-be",
    "macintosh": "mac_roman", "x-mac-roman": "mac_roman", "mac": "mac_roman",
    "x-mac-cyrillic": "mac_cyrillic", "x-mac-greek": "mac_greek", "x-mac-ce": "mac_latin2",
    "x-mac-turkish": "mac_turkish", "x-cp1252": "cp1252", "x-ansi": "cp1252", "ansi": "cp1252",
    "win-1252": "cp1252", "win-1251": "cp1251", "win1251": "cp1251", "x-cp1251": "cp1251",
    "koi8": "koi8_r", "koi8-ru": "koi8_u", "x-koi8-r": "koi8_r", "dos-850": "cp850",
}
"""Names that Python has not, and sets that are written for one of their supersets."""

_SHIFTING = ("iso2022", "hz", "utf_7", "utf_16", "utf_32", "cp037", "cp1140", "cp500", "cp273",
             "cp1026")
"""Codecs in which the bytes of ASCII may mean something else."""

_NO_TEXT = frozenset(("idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape",
                      "mbcs", "oem", "charmap"))
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32-le"),
          (codecs.BOM_UTF32_BE, "utf-32-be"), (codecs.BOM_UTF16_LE, "utf-16-le"),
          (codecs.BOM_UTF16_BE, "utf-16-be"))
_SAMPLE = 65_536
"""Bytes that are looked at to guess."""


class Text(str):
    """Text that remembers how it was made.

    Attributes:
        charset: Python's name of the character set it was decoded by.
        defect: what was wrong, or "".
    """

    __slots__ = ("charset", "defect")
    charset: str
    defect: str


def _text(text: str, charset: str, defect: str = "") -> Text:
    made = Text(text)
    made.charset, made.defect = charset, defect
    return made


@lru_cache(maxsize=256)
def python_name(charset: str) -> str:
    """Python's name for what a message calls its character set; "" if nobody knows it.

    Example:
        >>> python_name("GB2312"), python_name('"x-sjis"'), python_name("rot13")
        ('gb18030', 'cp932', '')
    """
    name = charset.strip(" \t\r\n\"'").lower()
    name = _SUPERSETS.get(name) or _SUPERSETS.get(name.replace("_", "-")) or name
    if not name or len(name) > 60 or not name.isascii() or "\0" in name:
        return ""
    for tried in (name, re.sub(r"^(?:x-|cs)", "", name)):
        try:
            found = codecs.lookup(tried)
        except (LookupError, ValueError):
            continue
        if found._is_text_encoding and found.name.replace("-", "_") not in _NO_TEXT:
            return found.name
    return ""


def as_read(text: str) -> bytes:
    """The bytes that *text* was read from; half characters, which no bytes are read as, are "?".

    Example:
        >>> as_read("\\udcff"), as_read("\\ud800")
        (b'\\xff', b'?')
    """
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def decode(data: bytes, charset: str | None = None) -> Text:
    """*data* as text; never raises.

    Args:
        data: any bytes.
        charset: what is declared, if anything is.

    Example:
        >>> text = decode("Grüße".encode(), "us-ascii")
        >>> text, text.charset, text.defect
        ('Grüße', 'utf-8', 'it is not ascii as declared, read as utf-8')
        >>> decode(b"caf\\xe9 \\x93x\\x94", "iso-8859-1")
        'café “x”'
    """
    name = python_name(charset) if charset else ""
    shifting = name.replace("-", "_").startswith(_SHIFTING)
    if not shifting and data.isascii():
        unknown = charset and not name and charset.lower() not in ("unknown-8bit", "x-unknown")
        return _text(data.decode("ascii"), name or "ascii",
                     f"nobody knows the charset {charset[:60]!r}" if unknown and charset else "")
    for mark, marked in _MARKS:
        if data.startswith(mark) and (not name or not shifting or marked != "utf-8"):
            return _text(data[len(mark) :].decode(marked, "replace"), marked)
    if name and name != "ascii":
        try:
            return _text(data.decode(name), name)
        except (UnicodeError, ValueError):
            pass  # it lies, or it is damaged
    return _repaired(data, charset, name)


def _repaired(data: bytes, charset: str | None, name: str) -> Text:
    """What does not fit its declaration, or has none."""
    told = f"it is not {name} as declared" if name else (
        f"nobody knows the charset {charset[:60]!r}" if charset else "8-bit text without a charset")
    try:
        return _text(data.decode("utf-8"), "utf-8", f"{told}, read as utf-8")
    except UnicodeError:
        pass  # nor that
    if name and name != "ascii":
        try:
            text = data.decode(name, "replace")
        except (UnicodeError, ValueError):
            text = ""
        if text and (text.count("\ufffd") * 20 <= _high(data) or name in ("cp1252", "cp1254")
                     or name.replace("-", "_").startswith(_SHIFTING)):
            return _text(text, name, f"some bytes are no {name}")
    found = guess(data)
    return _text(data.decode(found, "replace"), found, f"{told}, read as {found}")


def _high(data: bytes) -> int:
    return len(data) - len(data.translate(None, bytes(range(128, 256))))


_KANA = re.compile("[\u3041-\u30ff]")
_HAN = re.compile("[\u4e00-\u9fff]")
_HANGUL = re.compile("[\uac00-\ud7a3]")
_CYRILLIC_LOW = re.compile("[а-яё]")
_CYRILLIC = re.compile("[А-яЁё]")


def guess(data: bytes) -> str:
    """What *data* looks like, which is neither ASCII nor UTF-8 as a whole.

    Example:
        >>> guess("Привет, как дела?".encode("koi8-r")), guess("日本語です。".encode("euc_jp"))
        ('koi8-r', 'euc_jp')
    """
    sample = data[:_SAMPLE]
    high = _high(sample)
    text = sample.decode("utf-8", "ignore" if len(data) > len(sample) else "replace")
    if high and text.count("\ufffd") * 10 <= high:
        return "utf-8"
    best, most = "cp1252", 0.5
    for name in ("euc_jp", "cp932", "cp949", "gb18030", "cp950", "koi8-r", "cp1251"):
        score = _score(sample, name, high)
        if score > most:
            best, most = name, score
    return best


def _score(sample: bytes, name: str, high: int) -> float:
    """How much of the 8-bit bytes is usual text in this character set; about 1 is all."""
    text = sample.decode(name, "replace")
    if text.count("\ufffd") * 50 > high:
        return 0.0
    if high < 4:
        return 0.0  # too little to tell
    if name in ("koi8-r", "cp1251"):
        letters, low = len(_CYRILLIC.findall(text)), len(_CYRILLIC_LOW.findall(text))
        return 0.9 * low / high if letters * 10 >= high * 8 else 0.0
    if name in ("euc_jp", "cp932"):
        kana = len(_KANA.findall(text))
        return 2.0 * (kana + len(_HAN.findall(text))) / high if kana * 8 >= high else 0.0
    if name == "cp949":
        return 2.0 * len(_HANGUL.findall(text)) / high
    return 1.7 * len(_HAN.findall(text)) / high
