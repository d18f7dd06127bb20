"""Why a file cannot be taken, or not be cleaned."""

from enum import StrEnum


class Why(StrEnum):
    """One reason each; rooms have words for them."""

    UNKNOWN = "unknown"
    """No kind that we take."""
    ACTIVE = "active"
    """A page, a picture or a message that could run programs: HTML, SVG, XML, EML, MHT, SWF."""
    OLD_OFFICE = "old_office"
    """Word, Excel or PowerPoint from before 2007."""
    LOCKED = "locked"
    """It opens with a password only."""
    MACROS = "macros"
    """It holds programs."""
    TWO_KINDS = "two_kinds"
    """It is also a file of another kind."""
    BROKEN = "broken"
    """It does not open."""
    TOO_MUCH = "too_much"
    """It unpacks to more than we can take: bytes, parts, pages or time."""
    PIXELS = "pixels"
    """A picture of too many pixels."""
    NOT_CLEANED = "not_cleaned"
    """It holds something whose metadata we cannot take out."""


class Refused(Exception):
    """The file cannot be taken, or not be cleaned."""

    def __init__(self, why: Why) -> None:
        super().__init__(why.value)
        self.why = why
