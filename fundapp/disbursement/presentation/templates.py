"""What the pages of templates and letterheads show, prepared: no page reads a model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Final
from uuid import UUID

from fundapp.accounts.models import Person
from fundapp.applications.models import Call
from fundapp.applications.rules import DeclinedGet
from fundapp.core.dates import Moment, moment
from fundapp.core.i18n import LANGUAGES, in_language, language_name, ngettext
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.pdf import MissingValue
from fundapp.disbursement.letter_language import (
    AWARDS,
    OF_APPLICATIONS,
    WITHOUT_AWARD,
    TemplateKind,
    placeholders_of,
    written,
)
from fundapp.disbursement.letters import Facts, worded
from fundapp.disbursement.models import Letterhead, LetterTemplate, SupersededLetter
from fundapp.disbursement.queries.reports import report_days_of
from fundapp.disbursement.queries.templates import Key, Stale, holding
from fundapp.review.queries.declined import NOTHING_PASSED_ON, PassedOn

KIND_NAMES: Final = {
    TemplateKind.AWARD: _l("Award"),
    TemplateKind.PART_AWARD: _l("Award of less than was asked"),
    TemplateKind.RESERVE: _l("In reserve"),
    TemplateKind.DECLINE: _l("Decline"),
    TemplateKind.INELIGIBLE: _l("Notice: not eligible"),
    TemplateKind.CERTIFICATE: _l("Certificate"),
    TemplateKind.NOMINATION: _l("Letter to whom somebody nominated"),
    TemplateKind.PANEL: _l("Thanks to reviewers"),
}
_SAMPLE_AMOUNT: Final = 1_234_500
"""Minor units; with the currency of the call."""
_SAMPLE_REVIEWS: Final = 14
_SAMPLE_ADDRESS: Final = "https://example.org/calls/sample"


@dataclass(frozen=True)
class TemplateShown:
    """Whose wording a kind of letter has in a language."""

    kind: str
    kind_name: str
    language: str
    language_name: str
    wording: str
    saved: Moment | None
    saved_by: str


@dataclass(frozen=True)
class PlaceholderShown:
    """A placeholder as it is written, what it means, and what a sample has for it."""

    written: str
    meaning: str
    sample: str
    note: str


@dataclass(frozen=True)
class VersionShown:
    """A version of a template that was saved."""

    number: int
    saved: Moment
    saved_by: str
    holds: bool
    is_house: bool
    subject: str
    body: str


@dataclass(frozen=True)
class SupersededShown:
    """What a letter was before it was made anew."""

    id: UUID
    reference: str
    wording: str
    made: Moment
    superseded: Moment
    by: str
    sha256: str


@dataclass(frozen=True)
class StaleShown:
    """How many letters have another wording than holds now: that can be made anew, and that stay."""

    number: int
    to_remake: str
    stay: str


@dataclass(frozen=True)
class LetterheadShown:
    """The logo that letters have: whose, since when, and what is seen on it."""

    number: int
    has_logo: bool
    saved: Moment
    saved_by: str
    alts: Sequence[tuple[str, str]]


def languages_of(call: Call) -> Mapping[str, str]:
    """Return the languages in which letters of a call can be worded, with their names in the current one."""
    return {code: language_name(code) for code in call.languages if code in LANGUAGES}


def templates_shown(call: Call, newest: Mapping[Key, LetterTemplate]) -> list[TemplateShown]:
    """Return a line for each kind of letter and language of a call."""
    return [
        _template_shown(call, newest, kind, language, name)
        for kind in TemplateKind
        for language, name in languages_of(call).items()
    ]


def versions_shown(call: Call, versions: Sequence[LetterTemplate]) -> list[VersionShown]:
    """Return the versions of a template; `versions` has the newest first."""
    return [
        VersionShown(
            number=each.number,
            saved=moment(each.made_at, call.time_zone),
            saved_by=_person_name(each.made_by),
            holds=each is versions[0],
            is_house=each.is_house,
            subject=each.subject,
            body=each.body,
        )
        for each in versions
    ]


def placeholders_shown(kind: TemplateKind, sample: Facts) -> list[PlaceholderShown]:
    """Return the placeholders of a kind of letter, with what a sample has for each."""
    try:
        words = worded(sample)
        values = {each.name: getattr(words, each.name) for each in fields(words)}
    except MissingValue:
        values = {}
    return [
        PlaceholderShown(
            written=written(each.name),
            meaning=str(each.meaning),
            sample="" if each.is_block else str(values.get(each.field) or "–"),
            note=_note(is_block=each.is_block, may_be_absent=each.may_be_absent),
        )
        for each in placeholders_of(kind)
    ]


def stale_shown(stale: Stale) -> StaleShown:
    """Return how many letters a template that was put right does not reach, and how many it can."""
    can, stay = len(stale.unopened), len(stale.opened)
    return StaleShown(
        number=can,
        to_remake=ngettext(
            "%(num)s letter was made from another wording than holds now, and nobody has opened it.",
            "%(num)s letters were made from another wording than holds now, and nobody has opened them.",
            can,
        )
        if can
        else "",
        stay=ngettext(
            "%(num)s letter of another wording was opened already: it stays as it is.",
            "%(num)s letters of another wording were opened already: they stay as they are.",
            stay,
        )
        if stay
        else "",
    )


def superseded_shown(call: Call, superseded: Sequence[SupersededLetter]) -> list[SupersededShown]:
    """Return what letters were before they were made anew."""
    return [
        SupersededShown(
            id=each.id,
            reference=each.letter.reference,
            wording=_("The house's wording")
            if each.template is None
            else _("Version %(number)s", number=each.template.number),
            made=moment(each.made_at, call.time_zone),
            superseded=moment(each.superseded_at, call.time_zone),
            by=_person_name(each.superseded_by),
            sha256=each.sha256,
        )
        for each in superseded
    ]


def letterhead_shown(call: Call, letterhead: Letterhead | None) -> LetterheadShown | None:
    """Return the letterhead of a call, None where it has the house's."""
    if letterhead is None:
        return None
    return LetterheadShown(
        number=letterhead.number,
        has_logo=letterhead.file is not None,
        saved=moment(letterhead.made_at, call.time_zone),
        saved_by=_person_name(letterhead.made_by),
        alts=[(name, letterhead.alts.get(code, "")) for code, name in languages_of(call).items()],
    )


def sample_facts(call: Call, kind: TemplateKind, language: str) -> Facts:
    """Return an invented letter of a call: its texts and terms, and the name, amounts and reason of nobody."""
    with in_language(language):
        return Facts(
            call=call,
            kind=kind,
            language=language,
            reference=f"{call.reference_prefix}-0000",
            dated_on=call.closes_at.date(),
            organisation=_("Sample name") if kind is TemplateKind.PANEL else _("Sample organisation"),
            application_reference=f"{call.reference_prefix}-0000" if kind in OF_APPLICATIONS else "",
            is_sample=True,
            title=_("Sample application"),
            category=call.categories[0] if call.categories else None,
            amount_minor=_SAMPLE_AMOUNT if kind in AWARDS else 0,
            asked_minor=2 * _SAMPLE_AMOUNT if kind is TemplateKind.PART_AWARD else None,
            reason=_("This is an invented reason."),
            considered=64 if kind is TemplateKind.DECLINE else None,
            awarded=12 if kind is TemplateKind.DECLINE else None,
            address=_SAMPLE_ADDRESS,
            nominator=_("Sample name"),
            reviews=_SAMPLE_REVIEWS,
            report_days=report_days_of(call.id) if kind in AWARDS else None,
            passed_on=_sample_comment(call, language) if kind in WITHOUT_AWARD else NOTHING_PASSED_ON,
        )


def _sample_comment(call: Call, language: str) -> PassedOn:
    if call.declined_get is DeclinedGet.NOTHING:
        return NOTHING_PASSED_ON
    return PassedOn(_("This is an invented comment."), language)


def _template_shown(
    call: Call, newest: Mapping[Key, LetterTemplate], kind: TemplateKind, language: str, name: str
) -> TemplateShown:
    own, held = newest.get((kind, language)), holding(newest, kind, language)
    if held is None:
        wording = _("The house's wording in this language")
    elif held is own:
        wording = _("Version %(number)s of this call", number=held.number)
    else:
        wording = _("As an award: version %(number)s of this call", number=held.number)
    return TemplateShown(
        kind=kind.value,
        kind_name=str(KIND_NAMES[kind]),
        language=language,
        language_name=name,
        wording=wording,
        saved=moment(own.made_at, call.time_zone) if own else None,
        saved_by=_person_name(own.made_by) if own else "",
    )


def _person_name(person: Person) -> str:
    return person.name or person.email


def _note(*, is_block: bool, may_be_absent: bool) -> str:
    notes = []
    if is_block:
        notes.append(_("Needs a paragraph of its own."))
    if may_be_absent:
        notes.append(_("A paragraph with it is left out where there is nothing."))
    return " ".join(notes)
