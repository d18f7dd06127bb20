"""How a question is meant to look: what of it means something on the web, and what is passed over with a warning."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Final

import regex
from pyxform.errors import PyXFormError
from pyxform.parsing.parameters import parse as parse_parameters

from fundapp.applications.form_engine.definition import CHOICE_KINDS, Kind
from fundapp.applications.xlsform.rows import Cells, Reader
from fundapp.core.i18n import lazy_gettext as _l

MULTILINE: Final = "multiline"
_CHOOSING: Final = r"minimal|autocomplete|likert|horizontal|horizontal-compact|columns|columns-pack|columns-[0-9]{1,2}"
_MEANT: Final[Mapping[Kind, str]] = {
    Kind.TEXT: f"{MULTILINE}|numbers",
    **dict.fromkeys((*CHOICE_KINDS, Kind.GEOPOINT), _CHOOSING),
}
GROUPS: Final = "field-list"
# An application on the device fills these in, or another file gives the choices.
_ELSEWHERE: Final = regex.compile(r"\b(search\s*\(|ex:)", regex.IGNORECASE)


def read_appearance(reader: Reader, row: Cells, kind: Kind | None) -> str:
    """Return the parts of an appearance that mean something here; `kind` is None for a group.

    Words are separated by blanks, and stand in the form's order. Source: XLSForm, "Appearance".
    """
    written = row.plain.get("appearance", "")
    if _ELSEWHERE.search(written):
        reader.complain(
            _l("The appearance “%(name)s” takes answers from elsewhere, which is not supported.", name=written),
            row.place("survey", "appearance"),
        )
        return ""
    meant = regex.compile(GROUPS if kind is None else _MEANT.get(kind, ""))
    kept = []
    for word in written.lower().split():
        if meant.fullmatch(word):
            kept.append(word)
        else:
            reader.warn(
                _l("The appearance “%(name)s” has no effect here.", name=word), row.place("survey", "appearance")
            )
    return " ".join(dict.fromkeys(kept))


def read_parameters(reader: Reader, row: Cells, used: frozenset[str]) -> Mapping[str, str]:
    """Return the parameters of a row that are in `used`, and warn about the others. Source: XLSForm, "Parameters"."""
    where = row.place("survey", "parameters")
    try:
        parameters: dict[str, str] = parse_parameters(row.plain.get("parameters", ""), row.number)
    except PyXFormError:
        reader.complain(_l("Write parameters as name=value, separated by blanks."), where)
        return {}
    for name, value in parameters.items():
        if name == "randomize":
            if value != "false":
                reader.warn(_l("Choices stand in the order of the form for everybody; they are not shuffled."), where)
        elif name not in used | {"seed"}:
            reader.warn(_l("The parameter “%(name)s” has no effect here.", name=name), where)
    return {name: value for name, value in parameters.items() if name in used}


def read_rows(reader: Reader, row: Cells, parameters: Mapping[str, str]) -> bool:
    """Return whether a text is asked for with room for several lines."""
    written = parameters.get("rows") or row.plain.get("rows", "")
    if written and not regex.fullmatch("[0-9]{1,3}", written):
        reader.complain(_l("Write the number of rows as a whole number."), row.place("survey", "parameters"))
        return False
    return bool(written) and int(written) > 1


def read_range(reader: Reader, row: Cells, parameters: Mapping[str, str]) -> tuple[Kind, str]:
    """Return what a range asks for: a number, and the constraint that keeps it on the range's steps.

    Start, end and step default to 1, 10 and 1. It is a decimal as soon as one of them is. Source: XLSForm, "Range".
    """
    try:
        start, end, step = (
            Decimal(parameters.get(name, usual)) for name, usual in (("start", "1"), ("end", "10"), ("step", "1"))
        )
        if not (start.is_finite() and end.is_finite() and step.is_finite() and step and start != end):
            raise InvalidOperation
    except InvalidOperation:
        reader.complain(
            _l("A range needs numbers: start=1 end=10 step=1, with different ends."), row.place("survey", "parameters")
        )
        return Kind.INTEGER, ""
    low, high, step = min(start, end), max(start, end), abs(step)
    places = max(0, *(-int(number.normalize().as_tuple().exponent) for number in (start, end, step)))
    constraint = f". >= {low:f} and . <= {high:f}"
    if places == 0 and step != 1:
        constraint += f" and (. - {start:f}) mod {step:f} = 0"
    elif places:
        # Steps such as 0.1 cannot be told apart in binary fractions, so they are counted in whole numbers.
        scale = 10**places
        constraint += f" and round((. - {start:f}) * {scale}) mod {step * scale:.0f} = 0"
        # 0.55 on steps of 0.1 would round to a step, so the answer has no more places than the range.
        constraint += f" and round(., {places}) = ."
    return (Kind.DECIMAL if places else Kind.INTEGER), constraint
