"""Reading the lists of sanctions that staff hand in; no network, and nothing of them comes with the software.

Sources: OFAC, Specially Designated Nationals, `sdn.csv` and `alt.csv` (no header, `-0- ` for nothing, Ctrl-Z at the
end); United Nations Security Council, consolidated list in XML.
"""

import csv
import io
import json
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from lxml import etree

from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.inspection.archives import xml_of
from fundapp.core.inspection.reasons import Refused
from fundapp.disbursement.screening_rules import Listed

SDN_COLUMNS: Final = 12
ALT_COLUMNS: Final = 5
_NOTHING: Final = "-0-"
_NUMBER: Final = re.compile(r"[0-9]{1,9}")
_GENERATED: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})T.*")
_PARTS: Final = ("FIRST_NAME", "SECOND_NAME", "THIRD_NAME", "FOURTH_NAME")


class NotAList(ValueError):
    """This file is not the list that it is said to be. `message` is for people."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True)
class Read:
    """What a list says: who is on it, and the day it is of (None: the file does not say)."""

    entries: tuple[Listed, ...]
    listed_on: date | None = None


def read_ofac(sdn: bytes, alt: bytes | None = None) -> Read:
    """Return the list of OFAC from `sdn.csv`, with the other names of `alt.csv`. Raises NotAList."""
    others: dict[str, list[str]] = {}
    for row in _rows(alt, ALT_COLUMNS, "alt.csv") if alt is not None else ():
        if row[3]:
            others.setdefault(row[0], []).append(row[3])
    entries = []
    for row in _rows(sdn, SDN_COLUMNS, "sdn.csv"):
        if not row[1]:
            raise NotAList(_l("A row of sdn.csv has no name."))
        names = dict.fromkeys((row[1], *others.pop(row[0], ())))
        entries.append(Listed(row[0], tuple(names), row[3]))
    if others:
        raise NotAList(_l("alt.csv names somebody who is not in sdn.csv. Take both from the same day."))
    return Read(_checked(entries))


def read_un(xml: bytes) -> Read:
    """Return the consolidated list of the Security Council. Raises NotAList; entities are refused unread."""
    try:
        root = xml_of(xml)
    except Refused as error:
        raise NotAList(_l("This is not an XML file that can be read safely.")) from error
    generated = _GENERATED.fullmatch(root.get("dateGenerated", ""))
    if root.tag != "CONSOLIDATED_LIST" or generated is None:
        raise NotAList(_l("This is not the consolidated list of the United Nations."))
    entries = [
        *(_of_un(each, "INDIVIDUAL") for each in root.iterfind("INDIVIDUALS/INDIVIDUAL")),
        *(_of_un(each, "ENTITY") for each in root.iterfind("ENTITIES/ENTITY")),
    ]
    try:
        listed_on = date.fromisoformat(generated[1])
    except ValueError as error:
        raise NotAList(_l("This is not the consolidated list of the United Nations.")) from error
    return Read(_checked(entries), listed_on)


def packed(entries: Sequence[Listed]) -> bytes:
    """Return who is on a list as it is kept; the same bytes for the same list."""
    rows = [[each.uid, list(each.names), each.about] for each in entries]
    return zlib.compress(json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode("utf-8"), 9)


def unpacked(content: bytes) -> tuple[Listed, ...]:
    """Return who is on a list, from what `packed` wrote."""
    rows = json.loads(zlib.decompress(content))
    return tuple(Listed(uid, tuple(names), about) for uid, names, about in rows)


def _of_un(element: etree._Element, kind: str) -> Listed:
    uid, main = _text(element, "DATAID"), " ".join(filter(None, (_text(element, part) for part in _PARTS)))
    if not uid or not main:
        raise NotAList(_l("Somebody on this list has no number or no name."))
    aliases = (_text(each, "ALIAS_NAME") for each in element.iterfind(f"{kind}_ALIAS"))
    names = dict.fromkeys(filter(None, (main, _text(element, "NAME_ORIGINAL_SCRIPT"), *aliases)))
    about = (_text(element, "UN_LIST_TYPE"), _text(element, "REFERENCE_NUMBER"))
    return Listed(uid, tuple(names), " ".join(filter(None, about)))


def _text(element: etree._Element, name: str) -> str:
    return " ".join((element.findtext(name) or "").split())


def _rows(data: bytes, columns: int, name: str) -> Iterator[Sequence[str]]:
    """Return the rows of a file of OFAC. Raises NotAList for one that has other columns."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff").rstrip("\x1a\r\n "), newline=""), strict=True)
    try:
        for row in reader:
            cells = [" ".join(cell.split()) for cell in row]
            if len(cells) != columns or not _NUMBER.fullmatch(cells[0]):
                raise NotAList(_l("This is not %(name)s as OFAC hands it out.", name=name))
            yield ["" if cell == _NOTHING else cell for cell in cells]
    except csv.Error as error:
        raise NotAList(_l("This is not %(name)s as OFAC hands it out.", name=name)) from error


def _checked(entries: Sequence[Listed]) -> tuple[Listed, ...]:
    if not entries:
        raise NotAList(_l("There is nobody on this list."))
    if len({each.uid for each in entries}) != len(entries):
        raise NotAList(_l("Somebody stands on this list twice. Take the file anew."))
    return tuple(entries)
