"""The type column of a survey: what a row is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import regex

from fundapp.applications.form_engine.definition import Kind


@dataclass(frozen=True)
class Begin:
    """A group or a repeat begins."""

    is_repeat: bool


@dataclass(frozen=True)
class End:
    """A group or a repeat ends."""

    is_repeat: bool


@dataclass(frozen=True)
class Range:
    """A number from a row of steps."""


@dataclass(frozen=True)
class Choosing:
    """A question with choices; `source` is the sheet that holds the list, or "file"."""

    kind: Kind
    list_name: str
    source: str = "choices"
    with_other: bool = False


@dataclass(frozen=True)
class Device:
    """Something that a device adds by itself, which nobody types; `name` is what."""

    name: str


RowType = Begin | End | Range | Choosing | Device | Kind

_KINDS: Final[Mapping[str, Kind]] = {
    "text": Kind.TEXT,
    "string": Kind.TEXT,
    "integer": Kind.INTEGER,
    "int": Kind.INTEGER,
    "decimal": Kind.DECIMAL,
    "date": Kind.DATE,
    "time": Kind.TIME,
    "datetime": Kind.DATETIME,
    "date time": Kind.DATETIME,
    "geopoint": Kind.GEOPOINT,
    "location": Kind.GEOPOINT,
    "gps": Kind.GEOPOINT,
    "file": Kind.FILE,
    "image": Kind.IMAGE,
    "photo": Kind.IMAGE,
    "audio": Kind.AUDIO,
    "video": Kind.VIDEO,
    "acknowledge": Kind.ACKNOWLEDGE,
    "trigger": Kind.ACKNOWLEDGE,
    "note": Kind.NOTE,
    "calculate": Kind.CALCULATE,
    "hidden": Kind.HIDDEN,
}
# Source: XLSForm, "Metadata"; the last ones are pyxform's older names.
_DEVICE: Final = frozenset(
    {
        "start", "end", "today", "deviceid", "subscriberid", "simserial", "phonenumber", "username", "email", "audit",
        "start-geopoint", "background-audio", "background-geopoint", "start time", "end time", "imei", "device id",
        "subscriber id", "sim id", "uri:deviceid", "uri:username", "uri:email", "uri:phonenumber",
    }
)  # fmt: skip
_CHOOSING: Final = regex.compile(
    r"(?P<command>select[ _]?one|select1|select[ _]?multiple|select all that apply|rank)"
    r"(?P<source>[ _]from[ _]file|[ _]external| from|)\s+(?P<list>\S+)"
    r"(?:\s+(?P<other>or[ _]other|or specify other))?",
    regex.IGNORECASE,
)


def read_type(written: str) -> RowType | None:
    """Return what a cell of the type column says, in any case and with blanks or underlines; None if it is unknown."""
    words = " ".join(written.replace("_", " ").split()).lower()
    match words:
        case "begin group":
            return Begin(is_repeat=False)
        case "begin repeat":
            return Begin(is_repeat=True)
        case "end group":
            return End(is_repeat=False)
        case "end repeat":
            return End(is_repeat=True)
        case "range":
            return Range()
        case device if device in _DEVICE:
            return Device(device)
        case kind if kind in _KINDS:
            return _KINDS[kind]
    return _choosing(written)


def _choosing(written: str) -> Choosing | None:
    match = _CHOOSING.fullmatch(written)
    if match is None:
        return None
    command, source = match["command"].lower(), match["source"].strip(" _").replace("_", " ").lower()
    if command == "rank":
        kind = Kind.RANK
    elif command.replace("_", " ").endswith(("one", "1")):
        kind = Kind.SELECT_ONE
    else:
        kind = Kind.SELECT_MULTIPLE
    sources = {"": "choices", "from": "choices", "from file": "file", "external": "external_choices"}
    if (kind is not Kind.SELECT_ONE and source == "external") or (kind is Kind.RANK and source):
        return None
    return Choosing(kind, match["list"], sources[source], bool(match["other"]))


def write_type(read: RowType) -> str:
    """Return a type in the one spelling that all tools know; people use more."""
    match read:
        case Begin(is_repeat):
            return "begin repeat" if is_repeat else "begin group"
        case End(is_repeat):
            return "end repeat" if is_repeat else "end group"
        case Range():
            return "range"
        case Device(name):
            return name
        case Choosing(kind, list_name, source, with_other):
            suffix = {"choices": "", "external_choices": "_external", "file": "_from_file"}[source]
            return f"{kind.value}{suffix} {list_name}{' or_other' if with_other else ''}"
        case _:
            return read.value
