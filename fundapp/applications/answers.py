"""What people answer: typed values where we understand them, the text as typed where we do not yet.

Stored answers are JSON, one value per question that has one:

- text, one choice, a date (ISO 8601): a string; several choices: a list of names
- whole numbers: a number; decimals and amounts: a string of digits with at most one point
- a ticked box: true; a file: {"attachment": id, "sha256", "content_type", "size_bytes"}; its name is its attachment's
- whatever cannot be understood (a half-typed number, a day that does not exist): {"typed": what was typed}
- what is kept sealed: {"sealed": id, "mask": what may be shown of it}; `sealed_answers` gives and takes the clear value

Nothing that somebody typed is dropped or shortened. Characters that no database or page can hold become U+FFFD, with a
problem beside the field, so that the rest of the text is safe.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

import regex
from babel.dates import format_date
from babel.numbers import format_decimal

from fundapp.accounts.rules import checked_email
from fundapp.applications.expressions import Answers, Expression, ExpressionTooSlow, parse_expression
from fundapp.applications.form_definition import (
    CHOICE_KINDS,
    FILE_KINDS,
    NUMBER_KINDS,
    FormDefinition,
    Kind,
    Question,
    Role,
)
from fundapp.core.errors import Problem, RuleViolations
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.i18n import localised
from fundapp.core.money import Money, MoneyError
from fundapp.core.numbers import NumberError, cldr, read_number
from fundapp.core.text import TextError, clean_text, count_characters, count_words

Answer = Any
"""A stored answer: see the module's text."""
Typed = str | Sequence[str]

# Questions without a limit of their own; about 20 pages in one field.
MAX_CHARACTERS: Final = 50_000
MAX_INTEGER: Final = 10**15
_DATE: Final = regex.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", regex.ASCII)
_NOT_STORABLE: Final = regex.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202d\u202e\ud800-\udfff\ufdd0-\ufdef"
    + "".join(chr(plane * 0x10000 + last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
    + "]"
)
_REPLACEMENT: Final = "\ufffd"


@dataclass(frozen=True)
class Terms:
    """What a call says about answers: its currency, the most to ask for (inclusive, minor units), its categories."""

    currency: str
    ceiling_minor: int | None = None
    max_categories: int = 1


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
        return _understand(question, written, language, currency)
    except (TextError, NumberError, MoneyError, _NotUnderstood):
        return {"typed": written if len(written) > 1 else written[0]}


def problems_of(
    form: FormDefinition,
    answers: Mapping[str, Answer],
    terms: Terms,
    *,
    submitting: bool,
    language: str,
    today: date,
) -> list[Problem]:
    """Say all that is wrong with stored answers; `Problem.field` is the question's name.

    A draft may hold anything and is told what to put right; when `submitting`, what is missing counts too. `today` is
    the date in the call's time zone.
    """
    check = _Check(answers, terms, language, today)
    for question in form.questions:
        if question.takes_answer and is_asked(form, question, answers):
            check.question(question, missing_counts=submitting)
    return check.problems


def is_asked(form: FormDefinition, question: Question, answers: Mapping[str, Answer]) -> bool:
    """Return whether a question is asked: one for a category only of those who enter that category."""
    if not question.category:
        return True
    categories = form.with_role(Role.CATEGORIES)
    chosen = answers.get(categories.name) if categories else None
    return isinstance(chosen, list) and question.category in chosen


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
        return [] if question.kind is Kind.SELECT_MULTIPLE else ""
    if not is_understood(answer):
        return list(answer["typed"]) if isinstance(answer["typed"], list) else str(answer["typed"])
    if question.kind is Kind.SELECT_MULTIPLE:
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
    if question.kind in CHOICE_KINDS:
        names = answer if isinstance(answer, list) else [answer]
        return [localised(choice.label, language) if (choice := question.choice(name)) else name for name in names]
    if question.kind is Kind.ACKNOWLEDGE:
        return [str(_("Yes"))]
    if question.role is Role.AMOUNT:
        return [Money.rounded(Decimal(answer), currency).format(language)]
    if question.kind in NUMBER_KINDS:
        return [_shown_number(str(answer), language, grouped=True)]
    if question.kind is Kind.DATE:
        return [str(format_date(date.fromisoformat(answer), "long", locale=cldr(language)))]
    return [str(answer)]


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


@dataclass
class _Check:
    """One look through all the answers."""

    answers: Mapping[str, Answer]
    terms: Terms
    language: str
    today: date
    problems: list[Problem] = field(default_factory=list)

    def complain(self, question: Question, message: str) -> None:
        """Note a problem beside the question."""
        self.problems.append(Problem(message, field=question.name))

    def question(self, question: Question, *, missing_counts: bool) -> None:
        """Check one answer by its kind and by the question's own rules."""
        answer = self.answers.get(question.name)
        if answer is None:
            if missing_counts and question.required:
                message = localised(question.required_message, self.language)
                self.complain(question, message or _l("Answer this question."))
            return
        if is_sealed(answer):
            return  # checked when it was typed; it cannot be read here
        self._characters(question, answer)
        if not is_understood(answer):
            self._not_understood(question, answer["typed"])
            return
        if question.kind is Kind.TEXT:
            self._length(question, answer)
        if question.role is Role.AMOUNT:
            self._amount(question, Decimal(answer))
        if question.role is Role.CATEGORIES and len(answer) > self.terms.max_categories:
            self.complain(question, _l("Choose at most %(limit)s.", limit=self.terms.max_categories))
        if question.constraint:
            self._constraint(question)

    def _characters(self, question: Question, answer: Answer) -> None:
        texts = answer if isinstance(answer, str) else answer.get("typed", "") if isinstance(answer, Mapping) else ""
        if any(_REPLACEMENT in text for text in ([texts] if isinstance(texts, str) else texts)):
            self.complain(
                question,
                _l("This text has a character in it that cannot be kept; � stands in its place. Please put it right."),
            )

    def _not_understood(self, question: Question, typed: Typed) -> None:
        written = [typed] if isinstance(typed, str) else list(typed)
        try:
            _understand(question, written, self.language, self.terms.currency)
        except (TextError, NumberError, MoneyError, _NotUnderstood) as error:
            self.complain(question, error.message)
        else:
            # Typed while the page was in another language; sending the field again reads it by this one.
            self.complain(question, _l("Please answer this question again."))
        if question.kind is Kind.TEXT:
            self._length(question, "".join(written))

    def _length(self, question: Question, text: str) -> None:
        most = question.max_characters or MAX_CHARACTERS
        # Each character has at least one code point: counting characters is only worth its time above the limit.
        if len(text) > most and (characters := count_characters(text)) > most:
            self.complain(
                question,
                _l("This has %(count)s characters; the limit is %(limit)s.", count=characters, limit=most),
            )
        if question.max_words and (words := count_words(text)) > question.max_words:
            self.complain(
                question, _l("This has %(count)s words; the limit is %(limit)s.", count=words, limit=question.max_words)
            )

    def _amount(self, question: Question, amount: Decimal) -> None:
        requested = Money.rounded(amount, self.terms.currency)
        if requested.minor == 0:
            self.complain(question, _l("Ask for more than nothing."))
        if self.terms.ceiling_minor is not None and requested.minor > self.terms.ceiling_minor:
            ceiling = Money(self.terms.ceiling_minor, self.terms.currency).format(self.language)
            self.complain(question, _l("The most that you can ask for is %(ceiling)s.", ceiling=ceiling))

    def _constraint(self, question: Question) -> None:
        others = {name: _for_expression(answer) for name, answer in self.answers.items() if answer is not None}
        try:
            holds = _parsed(question.constraint).holds(Answers(others[question.name], others, self.today))
        except ExpressionTooSlow:
            self.complain(question, _l("This answer could not be checked. Please write it more simply."))
            return
        if not holds:
            message = localised(question.constraint_message, self.language)
            self.complain(question, message or _l("This answer does not fit the question. Please check it."))


class _NotUnderstood(ValueError):
    """What was typed is not an answer to this kind of question. `message` is for people."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@lru_cache(maxsize=2_000)
def _parsed(source: str) -> Expression:
    return parse_expression(source)


def _canonical(number: str) -> str:
    """Write a decimal without needless zeros: "1500.50" and "1500.5" are the same answer."""
    return f"{Decimal(number).normalize():f}" if Decimal(number) else "0"


def _for_expression(answer: Answer) -> str:
    """Return an answer as ODK's expressions see it; what is not understood, or not to be read, is not answered."""
    if is_sealed(answer) or not is_understood(answer):
        return ""
    if isinstance(answer, list):
        return " ".join(answer)
    if isinstance(answer, Mapping):
        return "file"
    return "OK" if answer is True else str(answer)


def _shown_number(number: str, language: str, *, grouped: bool) -> str:
    decimals = len(number.partition(".")[2])
    pattern = f"{'#,##0' if grouped else '0'}.{'0' * decimals}" if decimals else ("#,##0" if grouped else "0")
    return str(format_decimal(Decimal(number), format=pattern, locale=cldr(language)))


def _storable(text: str) -> str:
    return str(_NOT_STORABLE.sub(_REPLACEMENT, text))


def _understand(question: Question, written: list[str], language: str, currency: str) -> Answer:
    match question.kind:
        case Kind.SELECT_MULTIPLE:
            return _chosen(question, written)
        case _ if len(written) > 1:
            raise _NotUnderstood(_l("Give one answer."))
        case Kind.SELECT_ONE:
            return _chosen(question, written)[0]
        case Kind.TEXT:
            text = clean_text(written[0], multiline=question.multiline)
            return _email(text) if question.role is Role.EMAIL else text or None
        case Kind.ACKNOWLEDGE:
            return True
        case Kind.DATE:
            return _day(written[0])
        case Kind.FILE | Kind.IMAGE:
            raise _NotUnderstood(_l("Choose the file again."))
        case _ if question.role is Role.AMOUNT:
            return _canonical(str(Money.parse(written[0], currency, language).decimal))
        case Kind.INTEGER:
            return _integer(written[0], language)
        case _:
            return _canonical(read_number(written[0], language))


def _chosen(question: Question, written: list[str]) -> list[str]:
    names = list(dict.fromkeys(text.strip() for text in written))
    if any(question.choice(name) is None for name in names):
        raise _NotUnderstood(_l("Choose from the list."))
    # In the order of the form, whatever order they came in.
    return [choice.name for choice in question.choices if choice.name in names]


def _email(text: str) -> str:
    try:
        return checked_email(text)
    except RuleViolations as error:
        raise _NotUnderstood(error.problems[0].message) from error


def _day(written: str) -> str:
    digits = "".join(str(unicodedata.decimal(each)) if each.isdecimal() else each for each in written.strip())
    try:
        year, month, day = (int(part) for part in _DATE.fullmatch(digits).groups())
        return date(year, month, day).isoformat()
    except (AttributeError, ValueError) as error:
        raise _NotUnderstood(_l("Write a day of the calendar as year-month-day, such as 2020-03-24.")) from error


def _integer(written: str, language: str) -> int:
    number = Decimal(read_number(written, language))
    if number != number.to_integral_value():
        raise _NotUnderstood(_l("Write a whole number."))
    if abs(number) > MAX_INTEGER:
        raise _NotUnderstood(_l("This number is too large."))
    return int(number)
