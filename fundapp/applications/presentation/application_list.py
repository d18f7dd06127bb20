"""The list of a call's applications as staff see it: counts, filters, rows, and what is told of likenesses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import url_for

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.form_engine.answers import shown
from fundapp.applications.form_engine.definition import FormDefinition, Question
from fundapp.applications.form_engine.definition import Role as QuestionRole
from fundapp.applications.identity import face_of
from fundapp.applications.likeness import Likeness
from fundapp.applications.models import Application, ApplicationSource, ApplicationStatus, Call, SetAsideAs
from fundapp.applications.presentation.managing import STATUS_KINDS, FilterShown
from fundapp.applications.presentation.questions import said_unanswered
from fundapp.applications.presentation.texts import Said, country_name, money, said
from fundapp.applications.queries.likenesses import Alike
from fundapp.applications.queries.listed_answers import SENT
from fundapp.applications.queries.managed_applications import ApplicationRow, Kinds, Numbers
from fundapp.applications.transitions import APPLICATION
from fundapp.applications.wanted import Aside, Order, Waiting, Wanted
from fundapp.core.dates import Moment, day, moment
from fundapp.core.i18n import current_language, language_name
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.list_pages import CONTENT_TYPES, ChoiceShown, ListShown

SOURCES: Final[Mapping[ApplicationSource, str]] = {
    ApplicationSource.WEB: _l("Sent on this site"),
    ApplicationSource.IMPORT: _l("Taken from a table"),
    ApplicationSource.PAPER: _l("Came on paper"),
    ApplicationSource.MAIL: _l("Came by e-mail"),
    ApplicationSource.VOICE: _l("Was spoken: a call or a recording"),
}
SET_ASIDE: Final[Mapping[SetAsideAs, str]] = {
    SetAsideAs.DUPLICATE: _l("Set aside: a duplicate"),
    SetAsideAs.SPAM: _l("Set aside: spam"),
    SetAsideAs.OTHER: _l("Set aside"),
}
LIKENESSES: Final[Mapping[Likeness, str]] = {
    Likeness.ORGANISATION: _l("the same name of the organisation"),
    Likeness.LOOK_ALIKE: _l("a name of the organisation that looks the same"),
    Likeness.PERSON: _l("the same contact address"),
    Likeness.REGISTRATION: _l("the same registration number"),
    Likeness.TITLE: _l("nearly the same title"),
}
_WAITING: Final[Mapping[Waiting, str]] = {
    Waiting.ANSWER: _l("A question of ours has no answer yet"),
    Waiting.PAPERS: _l("Further papers have not come yet"),
    Waiting.SCAN: _l("A file is not scanned yet"),
    Waiting.INFECTED: _l("A file is harmful"),
    Waiting.RETURNED: _l("A mail came back"),
    Waiting.TWICE: _l("May be there twice"),
}
_ORDERS: Final[Mapping[Order, str]] = {
    Order.REFERENCE: _l("Reference"),
    Order.NAME: _l("Organisation"),
    Order.TITLE: _l("Title"),
    Order.COUNTRY: _l("Country"),
    Order.REQUESTED: _l("Amount requested"),
    Order.STATUS: _l("Status"),
    Order.SENT: _l("When it was sent"),
    Order.SAVED: _l("When it was saved last"),
}


@dataclass(frozen=True)
class RowShown:
    """One line of the list. `url` is "" where there is nothing that this reader may open."""

    id: UUID
    url: str
    reference: str
    name: str
    is_protected: bool
    title: str
    country: str
    requested: str
    status: str
    status_kind: str
    source: str
    day: str
    """When it was sent, or saved last where it was not, in the call's time zone."""
    set_aside: str
    own_deadline: Moment | None
    deadline_url: str
    go_on_url: str
    """Where a draft is taken over that a colleague types in."""
    """Where a draft, which has no page of its own for staff, can be given more time ("": this reader may not)."""
    answers: Sequence[Sequence[str]]


@dataclass(frozen=True)
class ChosenShown:
    """An application that was chosen for something to be done to it."""

    id: UUID
    reference: str
    name: str
    title: str
    status: str
    status_kind: str
    set_aside: str


@dataclass(frozen=True)
class ReceiptShown:
    """What people who get no mail are given on paper."""

    id: UUID
    reference: str
    name: str
    title: str
    call_title: Said
    source: str
    received: str
    submitted: Moment
    content_sha256: str


@dataclass(frozen=True)
class AlikeShown:
    """An application that may be the same, and why."""

    url: str
    reference: str
    name: str
    status: str
    common: Sequence[str]


def counts_shown(slug: str, numbers: Numbers, wanted: Wanted) -> list[FilterShown]:
    """Return the statuses to look at, each with its number; the other filters stay."""

    def count(status: str, aside: Aside, label: str, number: int) -> FilterShown:
        asked = replace(wanted, status=status, aside=aside, search="")
        return FilterShown(
            url_for("applications.managed_applications", slug=slug, **asked.arguments()),
            label,
            number,
            is_current=(status, aside) == (wanted.status, wanted.aside),
        )

    labels = APPLICATION.labels
    sent = [count(status.value, Aside.WITHOUT, labels[status].staff, numbers.by_status[status]) for status in SENT]
    return [
        count("", Aside.WITHOUT, _("All"), sum(numbers.by_status[status] for status in SENT)),
        *sent,
        count(
            ApplicationStatus.DRAFT.value,
            Aside.WITHOUT,
            labels[ApplicationStatus.DRAFT].staff,
            numbers.by_status[ApplicationStatus.DRAFT],
        ),
        count("", Aside.ONLY, _("Set aside"), numbers.set_aside),
    ]


def choices_shown(call: Call, form: FormDefinition, kinds: Kinds, wanted: Wanted) -> list[ChoiceShown]:
    """Return what can be filtered by, of all that there is to choose from, and the order."""
    region = form.with_role(QuestionRole.REGION)
    categories = [(each.code, str(said(each.titles))) for each in call.categories]
    countries = sorted(((code, country_name(code)) for code in kinds.countries), key=lambda pair: pair[1])
    regions = [(code, _choice_label(region, code)) for code in kinds.regions]
    languages = [(code, language_name(code)) for code in kinds.languages]
    sources = [(source.value, str(SOURCES[source])) for source in kinds.sources]
    waiting = [(each.value, str(label)) for each, label in _WAITING.items()]
    lists = (
        ("category", _("Category"), categories, wanted.category),
        ("country", _("Country"), countries, wanted.country),
        ("region", _("Region"), regions, wanted.region),
        ("language", _("Language"), languages, wanted.language),
        ("source", _("How it came"), sources, wanted.source),
        ("waiting", _("Needs a look"), waiting, wanted.waiting.value),
    )
    return [
        *(
            ChoiceShown(name, label, [("", _("Any")), *options], current)
            for name, label, options, current in lists
            if len(options) > 1 or current
        ),
        ChoiceShown("sort", _("Sort by"), [(each.value, str(label)) for each, label in _ORDERS.items()], wanted.sort),
    ]


def list_shown(call: Call, form: FormDefinition, kinds: Kinds, wanted: Wanted) -> ListShown:
    """Return how the list can be narrowed, and where that leads."""
    return ListShown(
        url=url_for("applications.managed_applications", slug=call.slug),
        endpoint="applications.managed_applications",
        search_url=url_for("applications.search_applications", slug=call.slug),
        file_urls={
            kind: url_for("applications.applications_file", slug=call.slug, format=kind) for kind in CONTENT_TYPES
        },
        arguments=wanted.arguments(),
        address={**wanted.arguments(), "slug": call.slug},
        search=wanted.search,
        search_label=_("Reference, name, title or answer"),
        choices=choices_shown(call, form, kinds, wanted),
        is_reversed=wanted.reverse,
    )


def row_shown(row: ApplicationRow, call: Call, questions: Sequence[Question], actor: Actor) -> RowShown:
    """Return one line of the list."""
    is_draft = row.status is ApplicationStatus.DRAFT
    url = url_for("applications.managed_application", application_id=row.id)
    if is_draft:
        is_ours = row.entered_by_id is not None and row.entered_by_id == actor.person_id
        url = url_for("applications.tasks", application_id=row.id) if is_ours else ""
    return RowShown(
        id=row.id,
        url=url,
        reference=row.face.reference,
        name=row.face.name,
        is_protected=row.face.is_protected,
        title=row.face.title,
        country=country_name(row.face.country),
        requested=money(row.requested_minor, call.currency) if row.requested_minor is not None else "",
        status=APPLICATION.labels[row.status].staff,
        status_kind=STATUS_KINDS[row.status],
        source="" if row.source is ApplicationSource.WEB else str(SOURCES[row.source]),
        day=day((row.submitted_at or row.saved_at).astimezone(ZoneInfo(call.time_zone)).date()),
        set_aside=str(SET_ASIDE[row.set_aside_as]) if row.set_aside_as else "",
        own_deadline=moment(row.own_closes_at, call.time_zone) if row.own_closes_at else None,
        deadline_url=(
            url_for("applications.single_deadline", application_id=row.id)
            if is_draft and actor.can(P.CALL_EXTEND, call.id)
            else ""
        ),
        go_on_url=(
            url_for("applications.go_on_entering", application_id=row.id)
            if is_draft and not url and row.entered_by_id is not None and actor.can(P.APPLICATION_ENTER, call.id)
            else ""
        ),
        answers=[shown(each, row.answers.get(each.name), current_language(), call.currency) for each in questions],
    )


def chosen_shown(applications: Sequence[Application]) -> list[ChosenShown]:
    """Return applications as they are named before something is done to them."""
    return [
        ChosenShown(
            id=each.id,
            reference=face.reference,
            name=face.name,
            title=face.title,
            status=APPLICATION.labels[each.status].staff,
            status_kind=STATUS_KINDS[each.status],
            set_aside=str(SET_ASIDE[each.set_aside_as]) if each.set_aside_as else "",
        )
        for each in applications
        for face in (face_of(each),)
    ]


def receipt_shown(application: Application) -> ReceiptShown:
    """Return the receipt of what was sent last."""
    face, submission = face_of(application), application.submissions[-1]
    return ReceiptShown(
        id=application.id,
        reference=face.reference,
        name=face.name,
        title=face.title,
        call_title=said(application.call.titles),
        source=str(SOURCES[application.source]),
        received=day(application.received_on) if application.received_on else "",
        submitted=moment(submission.submitted_at, application.call.time_zone),
        content_sha256=submission.content_sha256,
    )


def alike_shown(found: Sequence[Alike]) -> list[AlikeShown]:
    """Return what may be the same application, with what both have in common in words."""
    return [
        AlikeShown(
            url=url_for("applications.managed_application", application_id=each.id),
            reference=each.face.reference,
            name=each.face.name,
            status=_("Set aside") if each.is_set_aside else APPLICATION.labels[each.status].staff,
            common=[str(label) for likeness, label in LIKENESSES.items() if likeness in each.likenesses],
        )
        for each in found
    ]


def headings_shown(questions: Sequence[Question]) -> list[Said]:
    """Return what stands above the answers in a list."""
    return [said_unanswered(question.label) for question in questions]


def _choice_label(question: Question | None, code: str) -> str:
    choice = question.choice(code) if question else None
    return str(said(choice.label)) if choice else code
