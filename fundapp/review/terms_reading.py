"""What was typed into the form of what is fixed before a selection, as values; what can't be read is said beside it."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from wtforms import Field

from fundapp.applications.models import Call
from fundapp.core.errors import Problem
from fundapp.core.i18n import current_language
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.money import Money, MoneyError
from fundapp.core.numbers import NumberError, plain_number, read_number
from fundapp.review.slate import Measure, Rule
from fundapp.review.terms_forms import TermsForm
from fundapp.review.terms_rules import LARGEST, Lots, PotTerms, Ranking, WantedTerms

DECIMALS: Final = 4
RULE_PARTS: Final = ("group", "least", "most")
POT_PARTS: Final = ("money", "groups")


def wanted_in(form: TermsForm, call: Call) -> WantedTerms:
    """Return the terms that a form asks for. A row in which nothing stands, or that is ticked to go, is left out."""
    return WantedTerms(
        ranking=Ranking(form.ranking.data),
        places=form.places.data,
        floor=_typed(form.floor, _score),
        coverage_percent=form.coverage_percent.data or 0,
        least_reviews=form.least_reviews.data or 1,
        two_ratifiers_from_minor=_typed(form.two_ratifiers_from, _minor_of(call)),
        chairs_vote=bool(form.chairs_vote.data),
        draw_band=_band(form),
        rules_published=bool(form.rules_published.data),
        rules=tuple(_rule(form, f"rule-{row}", call) for row in rule_rows(form)),
        pots=tuple(_pot(form, f"pot-{row}", call) for row in pot_rows(form, call)),
    )


def placed(problem: Problem, form: TermsForm, call: Call) -> Problem:
    """Return a problem with the field of the page that it is about: rows that were left out count there too."""
    kind, _, rest = (problem.field or "").partition("-")
    number, _, part = rest.partition("-")
    if kind == "rule":
        return replace(problem, field=f"rule-{rule_rows(form)[int(number)]}-{part}")
    if kind == "pot":
        part = f"title-{call.languages[0]}" if part == "title" else part
        return replace(problem, field=f"pot-{pot_rows(form, call)[int(number)]}-{part}")
    return problem


def rule_rows(form: TermsForm) -> list[int]:
    """Return the numbers of the rows of a form that hold a rule."""
    rows = range(int(form.rule_rows.data or 0))
    return [row for row in rows if _stands(form, [f"rule-{row}-{part}" for part in RULE_PARTS], f"rule-{row}-gone")]


def pot_rows(form: TermsForm, call: Call) -> list[int]:
    """Return the numbers of the rows of a form that hold a pot."""
    parts = [*POT_PARTS, *(f"title-{language}" for language in call.languages)]
    rows = range(int(form.pot_rows.data or 0))
    return [row for row in rows if _stands(form, [f"pot-{row}-{part}" for part in parts], f"pot-{row}-gone")]


def _stands(form: TermsForm, names: list[str], gone: str) -> bool:
    return not form[gone].data and any(form[name].data for name in names)


def _rule(form: TermsForm, place: str, call: Call) -> Rule:
    measure = Measure(form[f"{place}-measure"].data)
    read = _minor_of(call) if measure is Measure.MONEY else _whole
    group = form[f"{place}-group"]
    if not group.data:
        _wrong(group, _l("Choose a group."))
    least, most = _typed(form[f"{place}-least"], read), _typed(form[f"{place}-most"], read)
    return Rule(form[f"{place}-code"].data or "", group.data or "", measure, least or 0, most)


def _pot(form: TermsForm, place: str, call: Call) -> PotTerms:
    titles = {language: (form[f"{place}-title-{language}"].data or "").strip() for language in call.languages}
    return PotTerms(
        code=form[f"{place}-code"].data or "",
        titles=tuple(sorted((language, text) for language, text in titles.items() if text)),
        money_minor=_typed(form[f"{place}-money"], _minor_of(call)) or 0,
        groups=tuple(form[f"{place}-groups"].data or ()),
    )


def _band(form: TermsForm) -> int | None:
    if form.draw.data == Lots.EQUALS:
        return 0
    if form.draw.data != Lots.BAND:
        return None
    if not form.draw_band.data:
        _wrong(form.draw_band, _l("Say how many entries on each side."))
    return int(form.draw_band.data or 0) or None


def _typed(field: Field, read: Callable[[str], Any]) -> Any:
    """Return what a field holds, None where it is empty or, said beside it, cannot be read."""
    if not (field.data or "").strip():
        return None
    try:
        return read(field.data)
    except (MoneyError, NumberError) as error:
        _wrong(field, error.message)
        return None


def _minor_of(call: Call) -> Callable[[str], int]:
    return lambda text: Money.parse(text, call.currency, current_language()).minor


def _whole(text: str) -> int:
    number = Decimal(read_number(text, current_language()))
    if number != int(number) or not 0 <= number <= LARGEST:
        raise NumberError
    return int(number)


def _score(text: str) -> Decimal:
    number = plain_number(Decimal(read_number(text, current_language())))
    if abs(number) > LARGEST or number != round(number, DECIMALS):
        raise NumberError
    return number


def _wrong(field: Field, message: str) -> None:
    field.errors = [*field.errors, message]
