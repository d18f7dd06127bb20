"""The default column of a survey: what stands in an answer before anybody has typed."""

from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation

from pyxform.utils import default_is_dynamic

from fundapp.applications.form_engine.definition import CHOICE_KINDS, FILE_KINDS, Choice, Kind
from fundapp.applications.xlsform.rows import SMART_QUOTES, Cells, Reader
from fundapp.core.i18n import lazy_gettext as _l


def read_default(reader: Reader, row: Cells, kind: Kind, choices: Sequence[Choice]) -> tuple[str, bool]:
    """Return a default as answers are stored, and whether it is an expression, which pyxform decides."""
    written = row.plain.get("default", "")
    if not written:
        return "", False
    where = row.place("survey", "default")
    if kind in FILE_KINDS or kind in {Kind.NOTE, Kind.ACKNOWLEDGE}:
        reader.warn(_l("This type has no default here; it is left out."), where)
        return "", False
    is_choice = written in {choice.name for choice in choices}  # also one that looks like an expression, such as “-”
    if not is_choice and default_is_dynamic(written, kind.value):
        return written.translate(SMART_QUOTES), True
    try:
        return _static(kind, written, [choice.name for choice in choices]), False
    except (ValueError, InvalidOperation):
        reader.complain(_l("This default is no answer to this question."), where)
        return "", False


def _static(kind: Kind, written: str, choices: Sequence[str]) -> str:
    """Return a default in the way in which answers are stored. Raises ValueError and InvalidOperation."""
    match kind:
        case Kind.INTEGER:
            return str(int(written))
        case Kind.DECIMAL:
            return format(Decimal(written), "f")
        case Kind.DATE:
            # A cell that a spreadsheet program formats as a date comes with a time.
            return date.fromisoformat(written.removesuffix(" 00:00:00")).isoformat()
        case Kind.TIME:
            return time.fromisoformat(written[:5]).isoformat("minutes")
        case Kind.DATETIME:
            return datetime.fromisoformat(written[:16]).isoformat("T", "minutes")
        case Kind.SELECT_ONE | Kind.GEOPOINT if choices:
            chosen = [written]
        case kind if kind in CHOICE_KINDS:
            chosen = written.split()
        case _:
            return written
    if not set(chosen) <= set(choices):
        raise ValueError(written)
    return " ".join(dict.fromkeys(chosen))
