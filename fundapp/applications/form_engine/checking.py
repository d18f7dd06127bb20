"""What is wrong with one answer, by the kind of its question and by the terms of the call."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from fundapp.applications.form_engine.answers import (
    MAX_CHARACTERS,
    REPLACEMENT,
    Answer,
    NotUnderstood,
    Typed,
    is_understood,
    understand,
)
from fundapp.applications.form_engine.definition import FILE_KINDS, Choice, Kind, Question, Role
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.money import Money, MoneyError
from fundapp.core.numbers import NumberError
from fundapp.core.text import TextError, count_characters, count_words


@dataclass(frozen=True)
class Terms:
    """What a call says about answers: its currency, the most to ask for (inclusive, minor units), its categories."""

    currency: str
    ceiling_minor: int | None = None
    max_categories: int = 1


def complaints(
    question: Question, answer: Answer, terms: Terms, *, language: str, offered: Sequence[Choice]
) -> Iterator[str]:
    """Say what is wrong with a stored answer that is not sealed, its form's own constraint left aside.

    `offered` are the choices that the question offers now.
    """
    if _has_replacement(answer):
        yield _l("This text has a character in it that cannot be kept; � stands in its place. Please put it right.")
    if not is_understood(answer):
        yield _why_not_understood(question, answer["typed"], terms, language)
        if question.kind is Kind.TEXT:
            yield from _length(question, "".join(answer["typed"]))
        return
    if question.kind is Kind.TEXT:
        yield from _length(question, answer)
    if question.choices and question.kind not in FILE_KINDS:
        yield from _choice(question, answer, offered)
    if question.role is Role.AMOUNT:
        yield from _amount(Decimal(answer), terms, language)
    if question.role is Role.CATEGORIES and len(answer) > terms.max_categories:
        yield _l("Choose at most %(limit)s.", limit=terms.max_categories)


def _has_replacement(answer: Answer) -> bool:
    texts = answer if isinstance(answer, str) else answer.get("typed", "") if isinstance(answer, dict) else ""
    return any(REPLACEMENT in text for text in ([texts] if isinstance(texts, str) else texts))


def _why_not_understood(question: Question, typed: Typed, terms: Terms, language: str) -> str:
    written = [typed] if isinstance(typed, str) else list(typed)
    try:
        understand(question, written, language, terms.currency)
    except (TextError, NumberError, MoneyError, NotUnderstood) as error:
        return str(error.message)
    # Typed while the page was in another language; sending the field again reads it by this one.
    return _l("Please answer this question again.")


def _length(question: Question, text: str) -> Iterator[str]:
    most = question.max_characters or MAX_CHARACTERS
    # Each character has at least one code point: counting characters is only worth its time above the limit.
    if len(text) > most and (characters := count_characters(text)) > most:
        yield _l("This has %(count)s characters; the limit is %(limit)s.", count=characters, limit=most)
    if question.max_words and (words := count_words(text)) > question.max_words:
        yield _l("This has %(count)s words; the limit is %(limit)s.", count=words, limit=question.max_words)


def _choice(question: Question, answer: Answer, offered: Sequence[Choice]) -> Iterator[str]:
    chosen = set(answer) if isinstance(answer, list) else {answer}
    names = {choice.name for choice in offered}
    if not chosen <= names:
        yield _l("Choose from the list.")
    elif question.kind is Kind.RANK and chosen != names:
        yield _l("Give each of them a place.")


def _amount(amount: Decimal, terms: Terms, language: str) -> Iterator[str]:
    requested = Money.rounded(amount, terms.currency)
    if requested.minor == 0:
        yield _l("Ask for more than nothing.")
    if terms.ceiling_minor is not None and requested.minor > terms.ceiling_minor:
        ceiling = Money(terms.ceiling_minor, terms.currency).format(language)
        yield _l("The most that you can ask for is %(ceiling)s.", ceiling=ceiling)
