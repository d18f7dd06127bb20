"""The applications of a call as staff list, search and sort them: nothing that they have a conflict of interest with.

Of drafts staff learn that they are there and when they were saved, never what is in them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import JSON, ColumnElement, Row, and_, case, exists, func, select, type_coerce
from sqlalchemy.orm import InstrumentedAttribute, joinedload

from fundapp.accounts.models import Membership, MembershipRole, Person
from fundapp.accounts.permissions import Actor, P
from fundapp.applications.form_engine.answers import Answer, is_sealed
from fundapp.applications.form_engine.definition import FormDefinition, Kind, Question
from fundapp.applications.form_engine.definition import Role as QuestionRole
from fundapp.applications.identity import FACE, Face, is_masked, masked_names
from fundapp.applications.likeness import Likeness, Traits, alike, alike_to
from fundapp.applications.models import (
    Application,
    ApplicationSource,
    ApplicationStatus,
    Attachment,
    Call,
    Clarification,
    Entry,
    FileStatus,
    Reopening,
    ReopeningKind,
    SetAsideAs,
    Submission,
)
from fundapp.applications.queries.public import current_form
from fundapp.applications.scope import in_calls, in_work, visible_to
from fundapp.applications.wanted import Aside, Order, Waiting, Wanted
from fundapp.core.collation import mentions, sort_key
from fundapp.core.db import db
from fundapp.core.errors import NotFound
from fundapp.core.numbers import cldr
from fundapp.core.paging import Page

PAGE_SIZE = 50
MAX_CHOSEN: Final = 500
"""So many applications can be chosen at once."""
SENT: Final = tuple(status for status in ApplicationStatus if status is not ApplicationStatus.DRAFT)

_HAVE_COLUMNS: Final = frozenset(
    {QuestionRole.ORGANISATION, QuestionRole.TITLE, QuestionRole.COUNTRY, QuestionRole.AMOUNT}
)
_LAST: Final = and_(
    Submission.application_id == Application.id,
    Submission.number
    == select(func.max(Submission.number))
    .where(Submission.application_id == Application.id)
    .correlate(Application)
    .scalar_subquery(),
)
"""Joins to an application what was sent last."""
_REQUESTED: Final = (
    select(func.max(Entry.requested_minor))
    .where(Entry.application_id == Application.id)
    .correlate(Application)
    .scalar_subquery()
)
_COLUMNS: Final[Mapping[Order, tuple[Any, ...]]] = {
    Order.REFERENCE: (),
    Order.REQUESTED: (_REQUESTED,),
    Order.STATUS: (
        case({status: number for number, status in enumerate(ApplicationStatus)}, value=Application.status),
    ),
    Order.SENT: (Application.submitted_at,),
    Order.SAVED: (Application.saved_at,),
}
"""What the database sorts by; names and countries are sorted as their reader's language does, which it cannot."""

_WAITS: Final[Mapping[Waiting, ColumnElement[bool]]] = {
    Waiting.ANSWER: exists().where(Clarification.application_id == Application.id, Clarification.answered_at.is_(None)),
    Waiting.PAPERS: exists().where(
        Reopening.application_id == Application.id,
        Reopening.kind == ReopeningKind.PAPERS,
        Reopening.closed_at.is_(None),
    ),
    Waiting.SCAN: exists().where(Attachment.application_id == Application.id, Attachment.status == FileStatus.PENDING),
    Waiting.INFECTED: exists().where(
        Attachment.application_id == Application.id, Attachment.status == FileStatus.INFECTED
    ),
    Waiting.RETURNED: exists().where(
        Membership.organisation_id == Application.organisation_id,
        Membership.role == MembershipRole.APPLICANT,
        Membership.person_id == Person.id,
        Person.mail_returned_at.is_not(None),
    ),
}
"""What the database can tell; whether something is there twice is read and compared."""


@dataclass(frozen=True)
class ApplicationRow:
    """One line of a list. `answers` are those to the questions that the form wants in lists, masked ones left out.

    `requested_minor` is in minor units of the call's currency.
    """

    id: UUID
    face: Face
    status: ApplicationStatus
    source: ApplicationSource
    language: str
    category_codes: Sequence[str]
    submitted_at: datetime | None
    saved_at: datetime
    requested_minor: int | None
    own_closes_at: datetime | None
    set_aside_as: SetAsideAs | None
    entered_by_id: UUID | None
    answers: Mapping[str, Answer]


@dataclass(frozen=True)
class Numbers:
    """How many applications of a call stand where, zeros included; those set aside are counted apart."""

    by_status: Mapping[ApplicationStatus, int]
    set_aside: int

    @property
    def total(self) -> int:
        """Return how many were sent."""
        return sum(self.by_status[status] for status in SENT) + self.set_aside


@dataclass(frozen=True)
class Kinds:
    """The values that the sent applications of a call have, to choose from."""

    countries: Sequence[str]
    regions: Sequence[str]
    languages: Sequence[str]
    sources: Sequence[ApplicationSource]


@dataclass(frozen=True)
class Alike:
    """An application that may be the same as another, and what both have in common."""

    id: UUID
    face: Face
    status: ApplicationStatus
    is_set_aside: bool
    likenesses: frozenset[Likeness]


def listed_form(call: Call) -> FormDefinition:
    """Return the form by which a call's applications are listed: the newest one. Raises NotFound without any."""
    return FormDefinition.from_json(current_form(call).definition)


def listed_questions(form: FormDefinition) -> list[Question]:
    """Return the questions of a form whose answers stand in lists, but for those that have a column anyway.

    What is computed from an answer that a protected application hides tells who applies, as that answer does.
    """
    telling = masked_names(form, is_protected=True)
    return [
        replace(question, identifies=question.name in telling)
        for question in form.questions
        if question.in_lists and question.role not in _HAVE_COLUMNS
    ]


def numbers_of(*, actor: Actor, call: Call) -> Numbers:
    """Return how many applications of a call stand where, of those that the actor may see."""
    by_status = dict.fromkeys(ApplicationStatus, 0)
    set_aside = 0
    for status, is_in_work, number in db.session.execute(
        select(Application.status, in_work().label("is_in_work"), func.count())
        .where(Application.call_id == call.id, visible_to(actor))
        .group_by(Application.status, in_work())
    ):
        if is_in_work:
            by_status[status] = number
        else:
            set_aside += number
    return Numbers(by_status, set_aside)


def kinds_of(*, actor: Actor, call: Call) -> Kinds:
    """Return what there is to choose from in the filters of a call's list."""
    rows = db.session.execute(
        select(
            Application.country, Application.region, Application.language, Application.source, Application.is_protected
        )
        .where(Application.call_id == call.id, Application.status.in_(SENT), visible_to(actor))
        .distinct()
    ).all()
    placed = [row for row in rows if not row.is_protected]
    return Kinds(
        countries=sorted({row.country for row in placed if row.country}),
        regions=sorted({row.region for row in placed if row.region}),
        languages=sorted({row.language for row in rows}),
        sources=sorted({row.source for row in rows}),
    )


def applications_page(
    *, actor: Actor, call: Call, wanted: Wanted, questions: Sequence[Question], language: str, number: int = 1
) -> Page[ApplicationRow]:
    """Return one page of what is wanted of a call's applications; a `number` past the end gives the last page.

    Words are looked for in references, in the names that applications go by, in titles and in answers that stand in
    lists, literally. Names are in the order of `language`.
    """
    found = _conditions(actor, call, wanted)
    if _is_read(wanted):
        ids = found_ids(actor=actor, call=call, wanted=wanted, questions=questions, language=language)
        total = len(ids)
    else:
        total = db.session.scalars(select(func.count()).select_from(Application).where(*found)).one()
    number = max(1, min(number, Page[ApplicationRow](items=[], number=1, size=PAGE_SIZE, total=total).last))
    start = (number - 1) * PAGE_SIZE
    if _is_read(wanted):
        some = ids[start : start + PAGE_SIZE]
        by_id = {row.id: row for row in _rows([Application.id.in_(some)], questions)}
        rows = [by_id[each] for each in some if each in by_id]
    else:
        rows = _rows(found, questions, order=_order(wanted), limit=PAGE_SIZE, offset=start)
    return Page(items=rows, number=number, size=PAGE_SIZE, total=total)


def application_rows(
    *, actor: Actor, call: Call, wanted: Wanted, questions: Sequence[Question], language: str
) -> list[ApplicationRow]:
    """Return all that is wanted of a call's applications, in order."""
    rows = _rows(_conditions(actor, call, wanted), questions, order=_order(wanted))
    if not _is_read(wanted):
        return rows
    by_id = {row.id: row for row in rows}
    ids = found_ids(actor=actor, call=call, wanted=wanted, questions=questions, language=language)
    return [by_id[each] for each in ids if each in by_id]


def found_ids(*, actor: Actor, call: Call, wanted: Wanted, questions: Sequence[Question], language: str) -> list[UUID]:
    """Return the ids of what is wanted, in order, reading what the database can neither fold nor sort."""
    texts = [question for question in questions if question.kind is Kind.TEXT] if wanted.search else []
    found = db.session.execute(
        select(
            Application.id,
            FACE,
            *(_answer(each).label(f"text_{number}") for number, each in enumerate(texts)),
        )
        .outerjoin(Submission, _LAST)
        .where(*_conditions(actor, call, wanted))
        .order_by(*_order(wanted))
    ).all()
    rows = list(found)
    if wanted.search:
        rows = [row for row in rows if mentions(_texts(row, texts), wanted.search, language)]
    if wanted.waiting is Waiting.TWICE:
        suspected = suspects(actor=actor, call=call)
        rows = [row for row in rows if row.id in suspected]
    key = _COLLATED.get(wanted.sort)
    if key is not None:
        rows.sort(key=lambda row: sort_key(key(row.face, language), language), reverse=wanted.reverse)
    return [row.id for row in rows]


def chosen_applications(*, actor: Actor, call: Call, ids: Sequence[UUID]) -> list[Application]:
    """Return applications of a call that were sent, of those that the actor may see, by reference."""
    return list(
        db.session.scalars(
            select(Application)
            .where(
                Application.id.in_(list(ids)[:MAX_CHOSEN]),
                Application.call_id == call.id,
                Application.status.in_(SENT),
                visible_to(actor),
            )
            .options(joinedload(Application.call))
            .order_by(*_order(Wanted()))
        )
    )


def extendable_application(*, actor: Actor, application_id: UUID) -> Application:
    """Return an application, sent or not, of a call whose deadlines the actor may move. Raises NotFound.

    Of a draft the page tells no more than that it is there.
    """
    application = db.session.scalar(
        select(Application)
        .where(
            Application.id == application_id,
            in_calls(actor, P.CALL_EXTEND, Application.call_id),
            visible_to(actor),
        )
        .options(joinedload(Application.call))
    )
    if application is None:
        raise NotFound
    return application


def entered_draft(*, actor: Actor, application_id: UUID) -> Application:
    """Return a draft that staff type in for its people, of a call where the actor may do that. Raises NotFound."""
    application = db.session.scalar(
        select(Application)
        .where(
            Application.id == application_id,
            Application.status == ApplicationStatus.DRAFT,
            Application.entered_by_id.is_not(None),
            in_calls(actor, P.APPLICATION_ENTER, Application.call_id),
            visible_to(actor),
        )
        .options(joinedload(Application.call))
    )
    if application is None:
        raise NotFound
    return application


def application_called(*, actor: Actor, call: Call, reference: str) -> Application | None:
    """Return the application of a call with a reference, if it was sent and the actor may see it."""
    return db.session.scalar(
        select(Application).where(
            Application.reference == reference.upper(), Application.call_id == call.id, visible_to(actor)
        )
    )


def suspects(*, actor: Actor, call: Call) -> Mapping[UUID, Mapping[UUID, frozenset[Likeness]]]:
    """Return which applications of a call may be there twice, of those that the actor may see and are not set aside."""
    return alike(_traits(_seen_and_sent(actor, call), call))


def alike_of(*, actor: Actor, application: Application) -> list[Alike]:
    """Return the applications of the call that may be the same as this one, set aside or not, by reference."""
    call = application.call
    traits = {each.id: each for each in _traits(_seen_and_sent(actor, call, set_aside=True), call)}
    others = alike_to(traits[application.id], traits.values()) if application.id in traits else {}
    rows = db.session.execute(
        select(Application.id, FACE, Application.status, Application.set_aside_at)
        .where(Application.id.in_(others))
        .order_by(*_order(Wanted()))
    )
    return [Alike(row.id, row.face, row.status, row.set_aside_at is not None, others[row.id]) for row in rows]


def person_called(person_id: UUID | None) -> str:
    """Return how somebody of the fund is called ("" for nobody)."""
    if person_id is None:
        return ""
    person = db.session.get_one(Person, person_id)
    return person.name or person.email


def _conditions(actor: Actor, call: Call, wanted: Wanted) -> list[ColumnElement[bool]]:
    found = [Application.call_id == call.id, visible_to(actor)]
    is_known = wanted.status in {status.value for status in ApplicationStatus}
    found.append(Application.status == wanted.status if is_known else Application.status.in_(SENT))
    if wanted.aside is not Aside.ALL:
        found.append(in_work() if wanted.aside is Aside.WITHOUT else ~in_work())
    if wanted.language:
        found.append(Application.language == wanted.language)
    if wanted.source:
        found.append(Application.source.in_([each for each in ApplicationSource if each.value == wanted.source]))
    of_answers: list[ColumnElement[bool]] = []
    if wanted.category:
        category = [each.id for each in call.categories if each.code == wanted.category]
        of_answers.append(exists().where(Entry.application_id == Application.id, Entry.category_id.in_(category)))
    if wanted.region:
        of_answers += [Application.region == wanted.region, Application.is_protected.is_(False)]
    if wanted.country:
        of_answers += [Application.country == wanted.country, Application.is_protected.is_(False)]
    if wanted.sent_from:
        of_answers.append(Application.submitted_at >= _midnight(call, wanted.sent_from))
    if wanted.sent_to:
        of_answers.append(Application.submitted_at < _midnight(call, wanted.sent_to + timedelta(days=1)))
    if wanted.waiting in _WAITS:
        of_answers.append(_WAITS[wanted.waiting])
    if wanted.search or of_answers or wanted.waiting:
        found += [*of_answers, Application.status.in_(SENT)]  # nothing is told of what stands in a draft
    return found


def _midnight(call: Call, day: Any) -> datetime:
    return datetime.combine(day, time.min, ZoneInfo(call.time_zone))


def _is_read(wanted: Wanted) -> bool:
    """Say whether the database alone cannot find or sort what is wanted."""
    return bool(wanted.search) or wanted.sort in _COLLATED or wanted.waiting is Waiting.TWICE


def _order(wanted: Wanted) -> tuple[ColumnElement[Any], ...]:
    by_reference = (func.length(Application.reference), Application.reference, Application.started_at, Application.id)
    columns = (*_COLUMNS.get(wanted.sort, ()), *by_reference)
    return tuple(column.desc().nulls_last() if wanted.reverse else column.asc().nulls_last() for column in columns)


def _rows(
    found: Sequence[ColumnElement[bool]],
    questions: Sequence[Question],
    *,
    order: Sequence[ColumnElement[Any]] = (),
    limit: int | None = None,
    offset: int = 0,
) -> list[ApplicationRow]:
    columns: tuple[InstrumentedAttribute[Any], ...] = (
        Application.status,
        Application.source,
        Application.language,
        Application.category_codes,
        Application.submitted_at,
        Application.saved_at,
        Application.closes_at,
        Application.set_aside_as,
        Application.entered_by_id,
    )
    statement = (
        select(
            Application.id,
            FACE,
            *columns,
            _REQUESTED.label("requested_minor"),
            *(_answer(each).label(f"answer_{number}") for number, each in enumerate(questions)),
        )
        .outerjoin(Submission, _LAST)
        .where(*found)
        .order_by(*order)
        .limit(limit)
        .offset(offset or None)
    )
    return [_row(row, questions) for row in db.session.execute(statement)]


def _row(row: Row[Any], questions: Sequence[Question]) -> ApplicationRow:
    is_draft = row.status is ApplicationStatus.DRAFT
    # A draft's columns say already what somebody has typed and not sent.
    face = replace(row.face, name="", title="", country="", region="") if is_draft else row.face
    answers = {} if is_draft else _told(row, questions, "answer_", face)
    return ApplicationRow(
        id=row.id,
        face=face,
        status=row.status,
        source=row.source,
        language=row.language,
        category_codes=() if is_draft else row.category_codes,
        submitted_at=row.submitted_at,
        saved_at=row.saved_at,
        requested_minor=row.requested_minor,
        own_closes_at=row.closes_at,
        set_aside_as=row.set_aside_as,
        entered_by_id=row.entered_by_id,
        answers=answers,
    )


def _told(row: Row[Any], questions: Sequence[Question], prefix: str, face: Face) -> dict[str, Answer]:
    """Return the answers of a row that may be shown without opening anything."""
    answers = {each.name: getattr(row, f"{prefix}{number}") for number, each in enumerate(questions)}
    return {
        each.name: answers[each.name]
        for each in questions
        if answers[each.name] is not None
        and not is_sealed(answers[each.name])
        and not is_masked(each, is_protected=face.is_protected)
    }


def _answer(question: Question) -> ColumnElement[Any]:
    """Return the answer to a question in what was sent last, without loading the other answers."""
    return type_coerce(Submission.answers, JSON)[question.name]


def _texts(row: Row[Any], questions: Sequence[Question]) -> list[str]:
    """Return what a search looks through; a protected application answers to its reference and its pseudonym."""
    answers = _told(row, questions, "text_", row.face)
    written = [answer for answer in answers.values() if isinstance(answer, str)]
    return [row.face.reference, row.face.name, row.face.title, *written]


_COLLATED: Final[Mapping[Order, Any]] = {
    Order.NAME: lambda face, _language: face.name,
    Order.TITLE: lambda face, _language: face.title,
    Order.COUNTRY: lambda face, language: cldr(language).territories.get(face.country.upper(), face.country),
}


def _seen_and_sent(actor: Actor, call: Call, *, set_aside: bool = False) -> list[ColumnElement[bool]]:
    seen = [Application.call_id == call.id, Application.status.in_(SENT), visible_to(actor)]
    return seen if set_aside else [*seen, in_work()]


def _traits(found: Sequence[ColumnElement[bool]], call: Call) -> list[Traits]:
    """Return what is compared. A protected application is like none: what it had in common would tell whose it is."""
    registration = listed_form(call).with_role(QuestionRole.REGISTRATION)
    columns = [_answer(registration).label("registration")] if registration else []
    return [
        Traits(
            id=row.id,
            organisation_key=row.organisation_key,
            organisation=row.organisation_name,
            person=str(row.person_id),
            registration=_shown_text(row.registration) if registration else "",
            title=row.title,
        )
        for row in db.session.execute(
            select(
                Application.id,
                Application.organisation_key,
                Application.organisation_name,
                Application.person_id,
                Application.title,
                *columns,
            )
            .outerjoin(Submission, _LAST)
            .where(*found, Application.is_protected.is_(False))
        )
    ]


def _shown_text(answer: Answer) -> str:
    return answer if isinstance(answer, str) else ""
