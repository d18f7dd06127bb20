"""What people answer: typed values where we understand them, the text as typed where we do not yet.

Stored answers are JSON, one value per question that has one:

- text, one choice: a string; several choices, or a ranking: a list of names
- a date, a time, both (ISO 8601, to the minute, by the clock of whoever typed them): a string
- whole numbers: a number; decimals and amounts: a string of digits with at most one point
- a ticked box: true; a file: {"attachment": id, "sha256", "content_type", "size_bytes"}; its name is its attachment's
- whatever cannot be understood (a half-typed number, a day that does not exist): {"typed": what was typed}
- what is kept sealed: {"sealed": id, "mask": what may be shown of it}; `sealed_answers` gives and takes the clear value

Nothing that somebody typed is dropped or shortened. Characters that no database or page can hold become U+FFFD, with a
problem beside the field, so that the rest of the text is safe.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final

import regex
from babel.dates import format_date, format_time
from babel.numbers import format_decimal

from fundapp.accounts.rules import checked_email
from fundapp.applications.form_engine.definition import (
    DAY_KINDS,
    FILE_KINDS,
    LIST_KINDS,
    NUMBER_KINDS,
    UNSEEN_KINDS,
    FormDefinition,
    Kind,
    Question,
    Role,
)
from fundapp.applications.form_engine.expressions import as_moment
from fundapp.core.errors import RuleViolations
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.i18n import localised
from fundapp.core.money import Money, MoneyError
from fundapp.core.numbers import NumberError, cldr, read_number
from fundapp.core.text import TextError, clean_text

Answer = Any
"""A stored answer: see the module's text."""
Typed = str | Sequence[str]

# Questions without a limit of their own; about 20 pages in one field.
MAX_CHARACTERS: Final = 50_000
MAX_INTEGER: Final = 10**15
_TIME: Final = regex.compile(r"(\d{1,2}):(\d{2})(?::\d{2}(?:\.\d+)?)?", regex.ASCII)
_DATE: Final = regex.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", regex.ASCII)
_NOT_STORABLE: Final = regex.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202d\u202e\ud800-\udfff\ufdd0-\ufdef"
    + "".join(chr(plane * 0x10000 + last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
    + "]"
)
_ANY_CURRENCY: Final = "USD"
REPLACEMENT: Final = "\ufffd"


def read_answer(question: Question, typed: Typed | Mapping[str, Any], *, language: str, currency: str) -> Answer:
    """Return what is stored for what was typed into a question's field: None for nothing; never raises.

    A file comes as the mapping that is to be stored. Amounts are read in `currency`.
    """
    if isinstance(typed, Mapping):
        return dict(typed)
    written = [_storable(text) for text in ([typed] if isinstance(typed, str) else typed)]
    written = [text for text in written if text.strip()]
    if not written:
        return None
    try:
        return understand(question, written, language, currency)
    except (TextError, NumberError, MoneyError, NotUnderstood):
        return {"typed": written if len(written) > 1 else written[0]}


def kept_as_typed(text: str) -> Answer:
    """Return what is stored for a text that is not to be understood, whatever the question: its owner puts it right."""
    return {"typed": _storable(text)}


def is_sealed(answer: Answer) -> bool:
    """Return whether an answer stands for one that is kept sealed."""
    return isinstance(answer, Mapping) and "sealed" in answer


def is_understood(answer: Answer) -> bool:
    """Return whether an answer is a typed value, and not only what somebody typed."""
    return not (isinstance(answer, Mapping) and "typed" in answer)


def typed_again(question: Question, answer: Answer, language: str) -> str | list[str]:
    """Return what to put into the field of a question so that its stored answer is read again, unchanged.

    A browser's file field cannot be filled, so a file gives nothing; neither does what is kept sealed.
    """
    if answer is None or is_sealed(answer):
        return [] if question.kind in LIST_KINDS else ""
    if not is_understood(answer):
        return list(answer["typed"]) if isinstance(answer["typed"], list) else str(answer["typed"])
    if question.kind in LIST_KINDS:
        return list(answer)
    if question.kind is Kind.ACKNOWLEDGE:
        return "OK"
    if question.kind in FILE_KINDS:
        return ""
    if question.kind in NUMBER_KINDS:
        # Without grouping, so that "1.500" can never be read back as another number.
        return _shown_number(str(answer), language, grouped=False)
    return str(answer)


def shown(question: Question, answer: Answer, language: str, currency: str) -> list[str]:
    """Return an answer as people read it, a text for each choice; empty where nothing was answered.

    Labels, numbers and dates are in the language, amounts with their currency. A file is shown by its attachment.
    """
    if answer is None:
        return []
    if is_sealed(answer):
        return [str(answer["mask"])]
    if not is_understood(answer):
        typed = answer["typed"]
        return list(typed) if isinstance(typed, list) else [str(typed)]
    if question.choices:
        names = answer if isinstance(answer, list) else [answer]
        return [localised(choice.label, language) if (choice := question.choice(name)) else name for name in names]
    if question.kind is Kind.ACKNOWLEDGE:
        return [str(_("Yes"))]
    if question.role is Role.AMOUNT:
        return [Money.rounded(Decimal(answer), currency).format(language)]
    if question.kind in NUMBER_KINDS:
        return [_shown_number(str(answer), language, grouped=True)]
    if question.kind in DAY_KINDS:
        return [_shown_day(question.kind, answer, language)]
    return [str(answer)]


def text_of_answer(question: Question, answer: Answer, now: datetime) -> str:
    """Return an answer as ODK's expressions see it, times with the offset of the clock that `now` is read on.

    What is not understood, or not to be read here, is not answered.
    """
    if answer is None or is_sealed(answer) or not is_understood(answer):
        return ""
    if isinstance(answer, list):
        return " ".join(answer)
    if isinstance(answer, Mapping):
        return "file"
    if question.kind is Kind.DATETIME:
        return datetime.fromisoformat(answer).replace(tzinfo=now.tzinfo).isoformat(timespec="milliseconds")
    if question.kind is Kind.TIME:
        offset = now.isoformat(timespec="milliseconds")[len("2020-01-01T00:00:00.000") :]
        return time.fromisoformat(answer).isoformat("milliseconds") + offset
    return "OK" if answer is True else str(answer)


def answer_of_text(question: Question, text: str) -> Answer:
    """Return what is stored for a text that the form itself gives: a default, or what was computed."""
    if question.kind in UNSEEN_KINDS:
        return _storable(text[:MAX_CHARACTERS]) or None
    if question.kind is Kind.TIME:
        text = text[:5]
    elif question.kind in DAY_KINDS and (moment := as_moment(text)):
        # A day may have been counted: today() + 7 is a number.
        text = moment.isoformat("T", "minutes")[: 10 if question.kind is Kind.DATE else 16]
    written: Typed = text.split() if question.kind in LIST_KINDS else text
    # XPath writes numbers as plain English does; a form knows no currency but that of its call.
    return read_answer(question, written, language="en", currency=_ANY_CURRENCY)


@dataclass(frozen=True)
class Facts:
    """What the service reads out of the answers, by the roles of questions. Empty where nothing was answered.

    Choices are given by name, not by label; the amount in minor units of the call's currency.
    """

    organisation: str = ""
    country: str = ""
    region: str = ""
    contact_name: str = ""
    email: str = ""
    title: str = ""
    summary: str = ""
    theme: str = ""
    registration: str = ""
    amount_minor: int | None = None
    categories: tuple[str, ...] = ()


def facts(form: FormDefinition, answers: Mapping[str, Answer], currency: str) -> Facts:
    """Read the facts of an application out of its answers."""
    found: dict[str, Any] = {}
    for question in form.questions:
        answer = answers.get(question.name)
        if question.role is None or answer is None or is_sealed(answer) or not is_understood(answer):
            continue
        if question.role is Role.AMOUNT:
            found["amount_minor"] = Money.rounded(Decimal(answer), currency).minor
        elif question.role is Role.CATEGORIES:
            found["categories"] = tuple(answer)
        else:
            found[question.role.value] = " ".join(answer) if isinstance(answer, list) else str(answer)
    return Facts(**found)


class NotUnderstood(ValueError):
    """What was typed is not an answer to this kind of question. `message` is for people."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def _canonical(number: str) -> str:
    """Write a decimal without needless zeros: "1500.50" and "1500.5" are the same answer."""
    return f"{Decimal(number).normalize():f}" if Decimal(number) else "0"


def _shown_number(number: str, language: str, *, grouped: bool) -> str:
    decimals = len(number.partition(".")[2])
    pattern = f"{'#,##0' if grouped else '0'}.{'0' * decimals}" if decimals else ("#,##0" if grouped else "0")
    return str(format_decimal(Decimal(number), format=pattern, locale=cldr(language)))


def _shown_day(kind: Kind, answer: str, language: str) -> str:
    locale = cldr(language)
    match kind:
        case Kind.DATE:
            return str(format_date(date.fromisoformat(answer), "long", locale=locale))
        case Kind.TIME:
            return str(format_time(time.fromisoformat(answer), "short", locale=locale))
        case _:
            moment = datetime.fromisoformat(answer)
            day, clock = format_date(moment, "long", locale=locale), format_time(moment.time(), "short", locale=locale)
            return f"{day}, {clock}"


def _storable(text: str) -> str:
    return str(_NOT_STORABLE.sub(REPLACEMENT, text))


def understand(question: Question, written: Sequence[str], language: str, currency: str) -> Answer:
    """Return the answer that was written; None for a text that is empty once it is clean.

    Raises TextError, NumberError, MoneyError or NotUnderstood, whose messages are for people.
    """
    match question.kind:
        case Kind.SELECT_MULTIPLE:
            return _chosen(question, written)
        case Kind.RANK:
            return _ranked(question, written)
        case _ if len(written) > 1:
            raise NotUnderstood(_l("Give one answer."))
        case Kind.SELECT_ONE:
            return _chosen(question, written)[0]
        case Kind.GEOPOINT if question.choices:
            return _chosen(question, written)[0]
        case Kind.TEXT:
            text = clean_text(written[0], multiline=question.multiline)
            return _email(text) if question.role is Role.EMAIL else text or None
        case Kind.ACKNOWLEDGE:
            return True
        case Kind.DATE:
            return _day(written[0])
        case Kind.TIME:
            return _time(written[0])
        case Kind.DATETIME:
            return _day_and_time(written[0])
        case Kind.GEOPOINT | Kind.CALCULATE | Kind.HIDDEN:
            return clean_text(written[0], multiline=question.kind is not Kind.GEOPOINT) or None
        case _ if question.kind in FILE_KINDS:
            raise NotUnderstood(_l("Choose the file again."))
        case _ if question.role is Role.AMOUNT:
            return _canonical(str(Money.parse(written[0], currency, language).decimal))
        case Kind.INTEGER:
            return _integer(written[0], language)
        case _:
            return _canonical(read_number(written[0], language))


def _chosen(question: Question, written: Sequence[str]) -> list[str]:
    names = list(dict.fromkeys(text.strip() for text in written))
    if any(question.choice(name) is None for name in names):
        raise NotUnderstood(_l("Choose from the list."))
    # In the order of the form, whatever order they came in.
    return [choice.name for choice in question.choices if choice.name in names]


def _ranked(question: Question, written: Sequence[str]) -> list[str]:
    names = [text.strip() for text in written]
    _chosen(question, names)
    if len(set(names)) < len(names):
        raise NotUnderstood(_l("Give each of them a place of its own."))
    return names


def _email(text: str) -> str:
    try:
        return checked_email(text)
    except RuleViolations as error:
        raise NotUnderstood(error.problems[0].message) from error


def _day(written: str) -> str:
    try:
        year, month, day = (int(part) for part in _DATE.fullmatch(_in_ascii_digits(written)).groups())
        return date(year, month, day).isoformat()
    except (AttributeError, ValueError) as error:
        raise NotUnderstood(_l("Write a day of the calendar as year-month-day, such as 2020-03-24.")) from error


def _time(written: str) -> str:
    try:
        hour, minute = (int(part) for part in _TIME.fullmatch(_in_ascii_digits(written)).groups())
        return time(hour, minute).isoformat("minutes")
    except (AttributeError, ValueError) as error:
        raise NotUnderstood(_l("Write a time of the day as hour:minute, from 00:00 to 23:59.")) from error


def _day_and_time(written: str) -> str:
    day, _, clock = written.strip().replace("T", " ", 1).partition(" ")
    return f"{_day(day)}T{_time(clock)}"


def _in_ascii_digits(written: str) -> str:
    return "".join(str(unicodedata.decimal(each)) if each.isdecimal() else each for each in written.strip())


def _integer(written: str, language: str) -> int:
    number = Decimal(read_number(written, language))
    if number != number.to_integral_value():
        raise NotUnderstood(_l("Write a whole number."))
    if abs(number) > MAX_INTEGER:
        raise NotUnderstood(_l("This number is too large."))
    return int(number)
