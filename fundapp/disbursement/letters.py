"""What each kind of letter says: one frozen record of plain values per kind, made from the rows once.

A value that must be there is never None; a blank one stops the letter when it is rendered.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any, Final
from zoneinfo import ZoneInfo

from fundapp.applications.identity import face_of
from fundapp.applications.models import Category
from fundapp.core.dates import day
from fundapp.core.i18n import direction, in_language, localised, ngettext
from fundapp.core.i18n import gettext as _
from fundapp.core.money import Money
from fundapp.core.numbers import number_text
from fundapp.disbursement.models import Letter, LetterKind
from fundapp.review.models import Decision
from fundapp.review.presentation.selection import figure
from fundapp.review.queries.declined import NOTHING_PASSED_ON, PassedOn


@dataclass(frozen=True)
class Opening:
    """The head and the signature of every letter. `dated` is `dated_on` as it is written in the letter's language."""

    reference: str
    dated_on: date
    dated: str
    is_sample: bool
    programme: str
    call: str
    organisation: str
    application_reference: str
    grantor: str
    signatory: str | None
    signatory_role: str | None


@dataclass(frozen=True)
class AwardWords(Opening):
    """An award. `amount` is in figures, with its currency."""

    title: str | None
    category: str | None
    amount: str
    purpose: str
    period: str
    next_step: str


@dataclass(frozen=True)
class MeanWords:
    """The mean score of a criterion in words, with the most that could be given."""

    criterion: str
    mean: str


@dataclass(frozen=True, kw_only=True)
class FromReviews(Opening):
    """What the people of an entry without an award read of its reviews, where the call promised it; None: nothing."""

    comment: str | None = None
    comment_language: str | None = None
    comment_direction: str | None = None
    means: tuple[MeanWords, ...] = ()


@dataclass(frozen=True)
class ReserveWords(FromReviews):
    """An entry is held in reserve: no award now, and no promise of one."""

    category: str | None


@dataclass(frozen=True)
class DeclineWords(FromReviews):
    """A decline; of `considered` entries of the call (or of its category) `awarded` were chosen (None: not told)."""

    category: str | None
    considered: int | None
    awarded: int | None


@dataclass(frozen=True)
class NoticeWords(Opening):
    """A notice that an application was not eligible."""

    reason: str


Words = AwardWords | ReserveWords | DeclineWords | NoticeWords

_RECORDS: Final[dict[LetterKind, type[Words]]] = {
    LetterKind.AWARD: AwardWords,
    LetterKind.RESERVE: ReserveWords,
    LetterKind.DECLINE: DeclineWords,
    LetterKind.INELIGIBLE: NoticeWords,
}
TEMPLATES: Final = {
    LetterKind.AWARD: "award_letter.html",
    LetterKind.RESERVE: "reserve_letter.html",
    LetterKind.DECLINE: "decline_letter.html",
    LetterKind.INELIGIBLE: "ineligible_notice.html",
}
BODIES: Final = {
    LetterKind.AWARD: "pdf/award_body.html",
    LetterKind.RESERVE: "pdf/reserve_body.html",
    LetterKind.DECLINE: "pdf/decline_body.html",
    LetterKind.INELIGIBLE: "pdf/ineligible_body.html",
}


def words_of(
    letter: Letter, *, considered: int | None, awarded: int | None, passed_on: PassedOn = NOTHING_PASSED_ON
) -> Words:
    """Return what a letter says, in its own language, from its application, decision, call and programme.

    The date is the day of the release in the call's time zone.
    """
    application, language = letter.application, letter.language
    face = face_of(application)
    call = application.call
    terms = call.award_terms
    signatory = terms.get("signatory") or {}
    with in_language(language):
        dated_on = letter.queued_at.astimezone(ZoneInfo(call.time_zone)).date()
        programme = localised(call.programme.titles, language)
        opening: dict[str, Any] = {
            "reference": letter.reference,
            "dated_on": dated_on,
            "dated": day(dated_on),
            "is_sample": call.is_sample,
            "programme": programme,
            "call": localised(call.titles, language),
            "organisation": face.name,
            "application_reference": application.reference or "",
            "grantor": localised(terms.get("decided_by") or {}, language) or programme,
            "signatory": signatory.get("name") or None,
            "signatory_role": localised(signatory.get("title") or {}, language) or None,
        }
        if letter.decision is None:
            return NoticeWords(**opening, reason=application.eligibility_reason)
        category = _category_title(letter.decision.entry.category, language)
        if letter.kind is LetterKind.RESERVE:
            return ReserveWords(**opening, category=category, **_from_reviews(passed_on, language))
        if letter.kind is LetterKind.DECLINE:
            return DeclineWords(
                **opening,
                category=category,
                considered=considered,
                awarded=awarded,
                **_from_reviews(passed_on, language),
            )
        return AwardWords(**opening, category=category, title=face.title or None, **_terms(letter.decision, letter))


def _terms(decision: Decision, letter: Letter) -> dict[str, Any]:
    call, language = letter.application.call, letter.language
    terms = call.award_terms
    months = terms.get("period_months")
    return {
        "amount": Money(decision.amount_minor, call.currency).format(language),
        "purpose": localised(terms.get("purpose") or {}, language),
        "period": ngettext(
            "%(num)s month from the date of this letter", "%(num)s months from the date of this letter", months
        )
        if months
        else "",
        "next_step": localised(terms.get("next_step") or {}, language),
    }


def _from_reviews(passed_on: PassedOn, language: str) -> dict[str, Any]:
    return {
        "comment": passed_on.text or None,
        "comment_language": passed_on.language or None,
        "comment_direction": direction(passed_on.language) if passed_on.language else None,
        "means": tuple(
            MeanWords(
                localised(each.criterion.labels, language) or each.criterion.code,
                _("nobody could judge it")
                if each.mean is None
                else _(
                    "%(mean)s on a scale up to %(most)s",
                    mean=figure(each.mean),
                    most=number_text(each.criterion.maximum),
                ),
            )
            for each in passed_on.means
        ),
    }


def _category_title(category: Category | None, language: str) -> str | None:
    return None if category is None else localised(category.titles, language)


def names_somebody_protected(letter: Letter) -> bool:
    """Return whether a letter was made under a name that its application does not go by any more."""
    application = letter.application
    return application.is_protected and (letter.content or {}).get("organisation") != face_of(application).name


def to_content(words: Words) -> dict[str, Any]:
    """Return a letter's values as they are stored with it."""
    values = {field.name: getattr(words, field.name) for field in fields(words)}
    if isinstance(words, FromReviews):
        values["means"] = [asdict(mean) for mean in words.means]
    return values | {"dated_on": words.dated_on.isoformat()}


def from_content(kind: LetterKind, content: Mapping[str, Any]) -> Words:
    """Return the stored values of a letter that was made."""
    values = {**content, "dated_on": date.fromisoformat(content["dated_on"])}
    if "means" in values:
        values["means"] = tuple(MeanWords(**mean) for mean in values["means"])
    return _RECORDS[kind](**values)
