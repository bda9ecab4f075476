"""What is wrong with a message, and where. Grammar: pure.

Reading a message never raises: whatever is odd is kept, read as well as it can be, and noted.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Defect"]


@dataclass(frozen=True, slots=True)
class Defect:
    """Something that is not as the standards have it.

    Args:
        at: offset in the raw message of the part or field that it is about.
        text: what it is, for people.

    Example:
        >>> str(Defect(120, "the boundary is missing"))
        'byte 120: the boundary is missing'
    """

    at: int
    text: str

    def __str__(self) -> str:
        return f"byte {self.at}: {self.text}"
