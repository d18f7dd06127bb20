"""What everybody may read: the calls that were announced."""

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from fundapp.applications.models import Call, CallStatus, FormPurpose, FormVersion, Stage
from fundapp.core.db import db
from fundapp.core.errors import NotFound


def announced_calls() -> list[Call]:
    """Return all announced calls, those that close last first."""
    return list(
        db.session.scalars(
            select(Call)
            .where(Call.status != CallStatus.DRAFT)
            .options(joinedload(Call.programme))
            .order_by(Call.closes_at.desc(), Call.slug)
        )
    )


def announced_call(slug: str) -> Call:
    """Return an announced call with its categories, criteria and extensions. Raises NotFound."""
    call = db.session.scalar(
        select(Call)
        .where(Call.slug == slug, Call.status != CallStatus.DRAFT)
        .options(
            joinedload(Call.programme),
            selectinload(Call.categories),
            selectinload(Call.stages).selectinload(Stage.criteria),
            selectinload(Call.extensions),
        )
    )
    if call is None:
        raise NotFound
    return call


def current_form(call: Call) -> FormVersion:
    """Return the newest version of a call's form. Raises NotFound while it has none."""
    version = db.session.scalar(
        select(FormVersion)
        .where(FormVersion.call_id == call.id, FormVersion.purpose == FormPurpose.APPLICATION)
        .order_by(FormVersion.number.desc())
        .limit(1)
    )
    if version is None:
        raise NotFound
    return version
