"""What a letter says is made from the rows once, as the record of its kind (`letter_words`).

Where a call has a template of its own, its paragraphs stand in the record with every value put in.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel.lists import format_list
from babel.numbers import get_currency_name

from fundapp.applications.identity import face_of
from fundapp.applications.models import Application, Call, Category
from fundapp.applications.presentation.copies import written
from fundapp.applications.rules import Paper
from fundapp.core.dates import day, moment
from fundapp.core.i18n import DEFAULT_LANGUAGE, LANGUAGES, direction, in_language, localised, ngettext
from fundapp.core.i18n import gettext as _
from fundapp.core.money import Money
from fundapp.core.money_words import amount_in_words
from fundapp.core.numbers import cldr, number_text
from fundapp.core.pdf import MissingValue, PdfError
from fundapp.disbursement.letter_language import (
    AWARDS,
    OF_APPLICATIONS,
    REVIEWS,
    WITHOUT_AWARD,
    Form,
    Paragraph,
    TemplateKind,
    filled,
)
from fundapp.disbursement.letter_words import BODIES, OWN_BODY, RECORDS, FromReviews, MeanWords, Words
from fundapp.disbursement.models import Letter, LetterKind, LetterTemplate
from fundapp.review.models import Decision, Outcome
from fundapp.review.presentation.selection import figure
from fundapp.review.queries.declined import NOTHING_PASSED_ON, PassedOn


@dataclass(frozen=True)
class Facts:
    """What a letter is about, whichever words it takes: rows of a call, or invented for a preview.

    Amounts are minor units of the call's currency. `dated_on` is in the call's time zone.
    """

    call: Call
    kind: TemplateKind
    language: str
    reference: str
    dated_on: date
    organisation: str
    is_sample: bool
    application_reference: str = ""
    is_preview: bool = False
    title: str = ""
    category: Category | None = None
    amount_minor: int = 0
    asked_minor: int | None = None
    reason: str = ""
    considered: int | None = None
    awarded: int | None = None
    passed_on: PassedOn = NOTHING_PASSED_ON
    report_days: Sequence[int] | None = None
    """Days after the acceptance at which reports are asked; None where nobody has said whether any is."""
    address: str = ""
    nominator: str = ""
    reviews: int = 0


class TemplateLacks(PdfError):
    """The template of a letter lacks what the letter has to say; `placeholder` would say it."""

    def __init__(self, placeholder: str) -> None:
        super().__init__(f"template lacks: {placeholder}")


def kind_of(decision: Decision | None, moved_up_minor: int | None = None) -> TemplateKind:
    """Return the kind of template that words a decision; None is the notice of an ineligible application.

    `moved_up_minor` is the award of an entry that was in reserve and moved up, in minor units.
    """
    if decision is None:
        return TemplateKind.INELIGIBLE
    outcome = decision.outcome if moved_up_minor is None else Outcome.AWARD
    asked = decision.entry.requested_minor
    if outcome is Outcome.AWARD and asked is not None and (moved_up_minor or decision.amount_minor or 0) < asked:
        return TemplateKind.PART_AWARD
    return TemplateKind(outcome.value)


def kind_of_letter(letter: Letter) -> TemplateKind:
    """Return the kind of template that words a letter."""
    if letter.kind is LetterKind.CERTIFICATE:
        return TemplateKind.CERTIFICATE
    return kind_of(letter.decision, letter.moved_up_minor)


def letter_language(application: Application) -> str:
    """Return the language of letters about an application: its own, where there are letters in it."""
    return application.language if application.language in LANGUAGES else DEFAULT_LANGUAGE


def facts_of(
    application: Application,
    decision: Decision | None,
    *,
    kind: TemplateKind,
    reference: str,
    language: str,
    at: datetime,
    considered: int | None,
    awarded: int | None,
    passed_on: PassedOn = NOTHING_PASSED_ON,
    report_days: Sequence[int] | None = None,
    is_preview: bool = False,
) -> Facts:
    """Return what a letter about a decision, or about an ineligible application, is about; `at` is its day."""
    face, call = face_of(application), application.call
    return Facts(
        call=call,
        kind=kind,
        language=language,
        reference=reference,
        dated_on=at.astimezone(ZoneInfo(call.time_zone)).date(),
        organisation=face.name,
        application_reference=application.reference or "",
        is_sample=call.is_sample,
        is_preview=is_preview,
        title=face.title,
        category=decision.entry.category if decision else None,
        amount_minor=decision.amount_minor or 0 if decision else 0,
        asked_minor=decision.entry.requested_minor if decision else None,
        reason=application.eligibility_reason,
        considered=considered,
        awarded=awarded,
        passed_on=passed_on,
        report_days=report_days,
    )


def words_of(
    letter: Letter,
    *,
    considered: int | None,
    awarded: int | None,
    passed_on: PassedOn = NOTHING_PASSED_ON,
    report_days: Sequence[int] | None = None,
    template: LetterTemplate | None = None,
) -> Words:
    """Return what a letter says, in its own language, from its application, decision, call and programme.

    The date is the day of the release in the call's time zone. Raises MissingValue and TemplateLacks.
    """
    facts = facts_of(
        letter.application,
        letter.decision,
        kind=kind_of_letter(letter),
        reference=letter.reference,
        language=letter.language,
        at=letter.queued_at,
        considered=considered,
        awarded=awarded,
        passed_on=passed_on,
        report_days=report_days,
    )
    if letter.moved_up_minor is not None:
        facts = replace(facts, amount_minor=letter.moved_up_minor)
    return worded(facts, (template.subject, template.body) if template is not None and not template.is_house else None)


def worded(facts: Facts, own: tuple[str, str] | None = None) -> Words:
    """Return what a letter says: in the wording of the house, or in `own` subject and body of a template.

    Raises MissingValue and TemplateLacks.
    """
    with in_language(facts.language):
        told: dict[str, Any] = _told(facts)
    if own is not None:
        told |= _own_words(facts, told, *own)
    return RECORDS[letter_kind(facts.kind)](**told)


def letter_kind(kind: TemplateKind) -> str:
    """Return the kind of letter that a template words, as it is named in RECORDS."""
    return LetterKind.AWARD if kind in AWARDS else kind


def _told(facts: Facts) -> dict[str, Any]:
    call, language = facts.call, facts.language
    terms = call.award_terms
    signatory = terms.get("signatory") or {}
    programme = localised(call.programme.titles, language)
    opening = {
        "reference": facts.reference,
        "dated_on": facts.dated_on,
        "dated": day(facts.dated_on),
        "is_sample": facts.is_sample,
        "is_preview": facts.is_preview,
        "programme": programme,
        "call": localised(call.titles, language),
        "organisation": facts.organisation,
        "application_reference": facts.application_reference or None,
        "grantor": localised(terms.get("decided_by") or {}, language) or programme,
        "signatory": signatory.get("name") or None,
        "signatory_role": localised(signatory.get("title") or {}, language) or None,
        "paper": terms.get("paper") or Paper.A4.value,
    }
    if facts.kind in OF_APPLICATIONS and not facts.application_reference:
        raise MissingValue("application_reference")
    if facts.kind is TemplateKind.INELIGIBLE:
        return opening | {"reason": facts.reason}
    if facts.kind is TemplateKind.PANEL:
        return opening | {"reviews": facts.reviews}
    if facts.kind is TemplateKind.NOMINATION:
        deadline = written(moment(call.closes_at, call.time_zone))
        return opening | {"deadline": deadline, "address": facts.address, "nominator": facts.nominator or None}
    opening["category"] = _category_title(facts.category, language)
    if facts.kind is TemplateKind.CERTIFICATE:
        return opening | {"title": facts.title or None}
    if facts.kind in AWARDS:
        return opening | {"title": facts.title or None} | _terms(facts)
    if facts.kind is TemplateKind.DECLINE:
        opening |= {"considered": facts.considered, "awarded": facts.awarded}
    return opening | _from_reviews(facts.passed_on, language)


def _terms(facts: Facts) -> dict[str, Any]:
    call, language = facts.call, facts.language
    terms = call.award_terms
    months = terms.get("period_months")
    amount = Money(facts.amount_minor, call.currency)
    told = {
        "amount": Money.format(amount, language),
        "amount_in_words": amount_in_words(amount, language),
        "currency": get_currency_name(call.currency, count=amount.decimal, locale=cldr(language)),
        "purpose": localised(terms.get("purpose") or {}, language),
        "period": ngettext(
            "%(num)s month from the date of this letter", "%(num)s months from the date of this letter", months
        )
        if months
        else "",
        "next_step": localised(terms.get("next_step") or {}, language),
        "instalments": localised(terms.get("instalments") or {}, language) or None,
        "reporting": localised(terms.get("reporting") or {}, language) or _reports(facts.report_days, language),
    }
    if facts.kind is TemplateKind.PART_AWARD and facts.asked_minor is not None:
        asked = Money(facts.asked_minor, call.currency)
        told |= {"asked": Money.format(asked, language), "asked_in_words": amount_in_words(asked, language)}
    return told


def _reports(days: Sequence[int] | None, language: str) -> str | None:
    """Say which reports are asked, or that none is; None where nobody has said so."""
    if days is None:
        return None
    if not days:
        return _("No report is asked of you.")
    if len(days) == 1:
        return ngettext(
            "A short report, written or spoken, %(num)s day after you accept.",
            "A short report, written or spoken, %(num)s days after you accept.",
            days[0],
        )
    return _(
        "Short reports, written or spoken, %(days)s days after you accept.",
        days=format_list([str(each) for each in days], locale=cldr(language)),
    )


def _own_words(facts: Facts, told: Mapping[str, Any], subject: str, body: str) -> dict[str, Any]:
    values = {name: None if value is None else str(value) for name, value in told.items()}
    if facts.kind in WITHOUT_AWARD:
        heard = bool(told["comment"] or told["means"])
        values["comment"] = REVIEWS if heard else None
    heading = filled(facts.kind, subject, values)
    if not heading:
        raise MissingValue("subject")
    paragraphs = filled(facts.kind, body, values)
    if values.get("comment") and not any(each.form is Form.REVIEWS for each in paragraphs):
        raise TemplateLacks(REVIEWS)
    return {"subject": heading[0].pieces, "paragraphs": paragraphs}


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


def body_of(kind: str, words: Words) -> str:
    """Return the template of what a letter says, below its head: the same for the page and for the PDF."""
    return OWN_BODY if words.paragraphs else BODIES[kind]


def to_content(words: Words) -> dict[str, Any]:
    """Return a letter's values as they are stored with it."""
    values = {each.name: getattr(words, each.name) for each in fields(words)}
    if isinstance(words, FromReviews):
        values["means"] = [asdict(mean) for mean in words.means]
    values["paragraphs"] = [asdict(each) for each in words.paragraphs]
    return values | {"dated_on": words.dated_on.isoformat(), "subject": list(words.subject)}


def from_content(kind: str, content: Mapping[str, Any]) -> Words:
    """Return the stored values of a letter that was made."""
    values = {**content, "dated_on": date.fromisoformat(content["dated_on"])}
    if "means" in values:
        values["means"] = tuple(MeanWords(**mean) for mean in values["means"])
    values["subject"] = tuple(content.get("subject", ()))
    values["paragraphs"] = tuple(
        Paragraph(Form(each["form"]), tuple(each["pieces"])) for each in content.get("paragraphs", ())
    )
    return RECORDS[kind](**values)
