"""The draw of lots at a call's line: as it is public, naming nobody, and as those who decide see it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import contains_eager, selectinload

from fundapp.accounts.permissions import Actor
from fundapp.applications.models import Application, Call, Entry
from fundapp.applications.scope import visible_to
from fundapp.core.db import db
from fundapp.review.models import LineDraw, LineLot


@dataclass(frozen=True)
class DrawSeen:
    """The draw of a call with the lots whose entries somebody may see, by stratum and place."""

    draw: LineDraw
    lots: list[LineLot]


def draws_at_line(call: Call) -> list[LineDraw]:
    """Return the draws of a call with their lots, the first one first; the last one counts."""
    return list(
        db.session.scalars(
            select(LineDraw)
            .where(LineDraw.call_id == call.id)
            .order_by(LineDraw.number)
            .options(selectinload(LineDraw.lots))
            .execution_options(populate_existing=True)
        )
    )


def current_line_draw(call: Call) -> LineDraw | None:
    """Return the draw that counts; None before any lots were fixed."""
    return next(reversed(draws_at_line(call)), None)


def draw_of(*, actor: Actor, call: Call) -> DrawSeen | None:
    """Return the draw that counts, with the lots of what the actor may see; None before any lots were fixed."""
    draw = current_line_draw(call)
    if draw is None:
        return None
    lots = db.session.scalars(
        select(LineLot)
        .join(LineLot.entry)
        .join(Entry.application)
        .where(LineLot.draw_id == draw.id, visible_to(actor))
        .order_by(LineLot.stratum, LineLot.place, Application.reference)
        .options(contains_eager(LineLot.entry).contains_eager(Entry.application))
    )
    return DrawSeen(draw, list(lots))


def drawn_places(call: Call, visible: ColumnElement[bool]) -> dict[UUID, int]:
    """Return the place of each drawn entry among the lots of its line, of those that the condition lets through."""
    last = select(LineDraw.id).where(LineDraw.call_id == call.id).order_by(LineDraw.number.desc()).limit(1)
    found = db.session.execute(
        select(LineLot.entry_id, LineLot.place)
        .join(LineLot.entry)
        .join(Entry.application)
        .where(LineLot.draw_id == last.scalar_subquery(), LineLot.place.is_not(None), visible)
    )
    return {entry_id: place for entry_id, place in found if place is not None}


def lots_are_fixed(call: Call) -> bool:
    """Say whether lots were fixed: from then on no review changes who stands where."""
    return db.session.scalar(select(LineDraw.id).where(LineDraw.call_id == call.id).limit(1)) is not None


def draw_document(call: Call, draw: LineDraw) -> Mapping[str, Any]:
    """Return a draw as everybody may read it, with all that repeats it. It names no entry and nobody."""
    return {
        "call": call.slug,
        "number": draw.number,
        "width": draw.width,
        "fixed_at": draw.fixed_at.isoformat(),
        "value_source": draw.value_source,
        "value_at": draw.value_at.isoformat(),
        "fingerprint": draw.fingerprint,
        "drawn_at": draw.drawn_at.isoformat() if draw.drawn_at else None,
        "public_value": draw.public_value,
        "seed": draw.seed,
        "lots": [
            {"stratum": lot.stratum, "label": lot.label, "place": lot.place}
            for lot in sorted(draw.lots, key=lambda lot: (lot.stratum, lot.place or 0, lot.label))
        ],
    }
