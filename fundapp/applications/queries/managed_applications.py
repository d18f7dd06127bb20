"""The applications of a call as staff list, search and sort them: nothing that they have a conflict of interest with.

Of drafts staff learn that they are there and when they were saved, never what is in them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, case, exists, func, select
from sqlalchemy.orm import InstrumentedAttribute

from fundapp.accounts.models import Membership, MembershipRole, Person
from fundapp.accounts.permissions import Actor
from fundapp.applications.form_engine.answers import Answer, is_sealed
from fundapp.applications.form_engine.definition import Kind, Question
from fundapp.applications.identity import FACE, Face, is_masked
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
from fundapp.applications.queries.likenesses import suspects
from fundapp.applications.queries.listed_answers import BY_REFERENCE, LAST, SENT, answer_to
from fundapp.applications.scope import in_work, visible_to
from fundapp.applications.wanted import Aside, Order, Waiting, Wanted
from fundapp.core.collation import mentions, sort_key
from fundapp.core.db import db
from fundapp.core.numbers import cldr
from fundapp.core.paging import Page

PAGE_SIZE = 50

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
            *(answer_to(each).label(f"text_{number}") for number, each in enumerate(texts)),
        )
        .outerjoin(Submission, LAST)
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
    columns = (*_COLUMNS.get(wanted.sort, ()), *BY_REFERENCE)
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
            *(answer_to(each).label(f"answer_{number}") for number, each in enumerate(questions)),
        )
        .outerjoin(Submission, LAST)
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
