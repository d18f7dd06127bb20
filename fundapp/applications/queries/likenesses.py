"""Which applications of a call may be there twice, of those that the actor may see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, select

from fundapp.accounts.permissions import Actor
from fundapp.applications.form_engine.answers import Answer
from fundapp.applications.form_engine.definition import Role as QuestionRole
from fundapp.applications.identity import FACE, Face
from fundapp.applications.likeness import Likeness, Traits, alike, alike_to
from fundapp.applications.models import (
    Application,
    ApplicationStatus,
    Call,
    Submission,
)
from fundapp.applications.queries.listed_answers import BY_REFERENCE, LAST, SENT, answer_to, listed_form
from fundapp.applications.scope import in_work, visible_to
from fundapp.core.db import db


@dataclass(frozen=True)
class Alike:
    """An application that may be the same as another, and what both have in common."""

    id: UUID
    face: Face
    status: ApplicationStatus
    is_set_aside: bool
    likenesses: frozenset[Likeness]


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
        .order_by(*BY_REFERENCE)
    )
    return [Alike(row.id, row.face, row.status, row.set_aside_at is not None, others[row.id]) for row in rows]


def _seen_and_sent(actor: Actor, call: Call, *, set_aside: bool = False) -> list[ColumnElement[bool]]:
    seen = [Application.call_id == call.id, Application.status.in_(SENT), visible_to(actor)]
    return seen if set_aside else [*seen, in_work()]


def _traits(found: Sequence[ColumnElement[bool]], call: Call) -> list[Traits]:
    """Return what is compared. A protected application is like none: what it had in common would tell whose it is."""
    registration = listed_form(call).with_role(QuestionRole.REGISTRATION)
    columns = [answer_to(registration).label("registration")] if registration else []
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
            .outerjoin(Submission, LAST)
            .where(*found, Application.is_protected.is_(False))
        )
    ]


def _shown_text(answer: Answer) -> str:
    return answer if isinstance(answer, str) else ""
