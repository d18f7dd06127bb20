"""Fix the list of lots, draw the pools, excuse from reviews, open the scores: in a call whose applicants review."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import contains_eager

from fundapp.accounts.permissions import Actor, P, system_actor
from fundapp.applications.models import Application, Call, CallStatus, Entry
from fundapp.applications.scope import goes_to_reviewers, visible_to
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotFound, Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.review.invitations import Invitation
from fundapp.review.models import PoolDraw, PoolLot, PoolPlace, PoolShare, Reviewer
from fundapp.review.pools import (
    FixedAwards,
    Lot,
    PoolName,
    coin,
    deal,
    fingerprint,
    seed_of,
    shares,
    tied_groups,
)
from fundapp.review.queries.pools import current_draw, duties, lot_ties, lots_by_reference, pools_of, unplaced
from fundapp.review.queries.selection import unchecked_applications
from fundapp.review.rules import ask_in_full, reason_problems
from fundapp.review.services.calls import lock_call
from fundapp.review.services.inviting import invite_reviewers
from fundapp.review.services.public_value import announcement_problems, published_value


def fix_list(*, actor: Actor, call: Call, value_source: str, value_at: datetime, now: datetime) -> PoolDraw:
    """Put the eligible applications into lots, and say which public value will deal them and when it becomes known.

    A list whose value never came is replaced by another one; both stay known. Raises RuleViolations for a call that
    still takes applications or has unchecked ones, and for a value that is known already; Conflict once it was drawn.
    """
    actor.require(P.ASSIGNMENT_PLAN, call.id)
    _require_impartial(call)
    lock_call(call)
    before = current_draw(call)
    if before is not None and before.drawn_at is not None:
        raise Conflict(_l("The pools are drawn already."))
    groups = _groups(call)
    if problems := _list_problems(call, len(groups), value_source, value_at, now):
        raise RuleViolations(problems)
    strata = {key: number for number, key in enumerate(sorted({_likeness(group[0]) for group in groups}), start=1)}
    draw = PoolDraw(
        call_id=call.id,
        number=before.number + 1 if before else 1,
        value_source=value_source.strip(),
        value_at=value_at,
        fixed_by_id=actor.person_id,
        fixed_at=now,
        fingerprint="",
    )
    lots = [PoolLot(draw=draw, label=secrets.token_hex(6), stratum=strata[_likeness(group[0])]) for group in groups]
    draw.fingerprint = fingerprint(Lot(lot.stratum, lot.label) for lot in lots)
    db.session.add(draw)
    db.session.flush()
    for lot, group in zip(lots, groups, strict=True):
        db.session.add_all(PoolPlace(draw_id=draw.id, lot=lot, application_id=each.id) for each in group)
    db.session.flush()
    data = {"number": draw.number, "lots": len(lots), "fingerprint": draw.fingerprint}
    record(actor=actor, action="pools:fix", subject=draw, now=now, call_id=call.id, data=data)
    return draw


def draw_pools(*, actor: Actor, call: Call, public_value: str, now: datetime) -> PoolDraw:
    """Deal the lots by the public value, and fix what each pool gives. Raises RuleViolations, Conflict, NotFound."""
    actor.require(P.ASSIGNMENT_PLAN, call.id)
    _require_impartial(call)
    lock_call(call)
    draw = current_draw(call)
    if draw is None:
        raise NotFound
    if draw.drawn_at is not None:
        raise Conflict(_l("The pools are drawn already."))
    value = published_value(public_value, value_at=draw.value_at, now=now)
    seed = seed_of(draw.fingerprint, value)
    dealt = deal([Lot(lot.stratum, lot.label) for lot in draw.lots], seed)
    for lot in draw.lots:
        lot.pool = dealt[lot.label]
    draw.public_value, draw.seed, draw.drawn_by_id, draw.drawn_at = value, seed, actor.person_id, now
    db.session.flush()
    _fix_shares(call, draw)
    data = {"number": draw.number, "seed": draw.seed}
    record(actor=actor, action="pools:draw", subject=draw, now=now, call_id=call.id, data=data)
    return draw


def place_late(*, actor: Actor, call: Call, now: datetime) -> int:
    """Place what became eligible after the draw: beside those it is tied to, or where the seed throws a lot of its own.

    What the pools give stays as it is. Returns how many were placed. Raises RuleViolations naming applications that
    are tied to both pools, and Conflict before the draw or once the scores are open.
    """
    actor.require(P.ASSIGNMENT_PLAN, call.id)
    lock_call(call)
    draw = _require_drawn(call)
    lots = {place.application_id: place.lot for place in lots_by_reference(draw)}
    problems, placed = [], 0
    for group in _groups(call):
        late = [each for each in group if each.id not in lots]
        there = [lots[each.id] for each in group if each.id in lots]
        if late and len({lot.pool for lot in there}) > 1:
            message = _l("It is tied to applications in both pools, so it can be in none.")
            problems += [Problem(message, place=each.reference or "") for each in late]
        elif late:
            lot = there[0] if there else _lot_of_its_own(draw)
            db.session.add_all(PoolPlace(draw_id=draw.id, lot=lot, application_id=each.id) for each in late)
            placed += len(late)
    if problems:
        raise RuleViolations(problems)
    db.session.flush()
    record(actor=actor, action="pools:place", subject=draw, now=now, call_id=call.id, data={"placed": placed})
    return placed


def excuse(*, actor: Actor, call: Call, application_id: UUID, reason: str, now: datetime) -> None:
    """Excuse the people of an application from what is left of their reviews, until the scores are open.

    Raises RuleViolations without a reason, NotFound and Conflict.
    """
    actor.require(P.ASSIGNMENT_PLAN, call.id)
    lock_call(call)
    draw = _require_drawn(call)
    if problems := reason_problems(reason, required=True):
        raise RuleViolations(problems)
    place = db.session.scalar(
        select(PoolPlace)
        .join(PoolPlace.application)
        .where(PoolPlace.draw_id == draw.id, PoolPlace.application_id == application_id, visible_to(actor))
    )
    if place is None:
        raise NotFound
    place.excuse, place.excused_by_id, place.excused_at = reason.strip(), actor.person_id, now
    db.session.flush()
    record(
        actor=actor,
        action="pools:excuse",
        subject=draw,
        now=now,
        call_id=call.id,
        data={"application": str(application_id)},
    )


def open_scores(*, actor: Actor, call: Call, now: datetime) -> PoolDraw:
    """Open the scores to those who decide: reviews end, and who did not do theirs is written down.

    Raises RuleViolations naming applications that are in no pool, and Conflict before the draw.
    """
    actor.require(P.DECISION_MAKE, call.id)
    _require_impartial(call)
    lock_call(call)
    draw = _require_drawn(call)
    if missing := unplaced(actor=system_actor(), call=call, pools=pools_of(call)):
        raise RuleViolations([Problem(_l("It is in no pool yet. Place it first."), place=each) for each in missing])
    found = duties(actor=system_actor(), draw=draw)
    for row in found:
        row.place.duty = row.outcome
    draw.opened_by_id, draw.opened_at = actor.person_id, now
    db.session.flush()
    data = {"duties": {str(row.place.application_id): row.outcome.value for row in found}}
    record(actor=actor, action="pools:open", subject=draw, now=now, call_id=call.id, data=data)
    return draw


def invite_applicants(*, actor: Actor, call: Call, max_entries: int, secret_key: str, now: datetime) -> list[Reviewer]:
    """Ask the main contacts of all eligible applications to review, and return whom: not those who were asked before.

    People of protected applications are not asked: the list of reviewers would name them. Nor can those be asked who
    gave no address. Raises RuleViolations.
    """
    actor.require(P.REVIEWER_INVITE, call.id)
    _require_impartial(call)
    asked = select(Reviewer.person_id).where(Reviewer.call_id == call.id)
    invitations = {
        application.person_id: Invitation(
            email=application.person.email,
            name=application.person.name or application.person.email,
            organisation="",
            languages=(application.language,),
            max_entries=max_entries,
            place=application.reference or "",
        )
        for application in db.session.scalars(
            select(Application)
            .join(Application.person)
            .where(
                Application.call_id == call.id,
                goes_to_reviewers(),
                ~Application.is_protected,
                visible_to(actor),
                Application.person_id.not_in(asked),
            )
            .options(contains_eager(Application.person))
            .order_by(Application.reference)
        )
        if application.person.email
    }
    return invite_reviewers(
        actor=actor, calls=[call], invitations=list(invitations.values()), secret_key=secret_key, now=now
    )


def _require_impartial(call: Call) -> None:
    if not call.is_impartial:
        raise NotFound


def _require_drawn(call: Call) -> PoolDraw:
    """Return the draw. Raises Conflict before it, and once the scores are open."""
    draw = current_draw(call)
    if draw is None or draw.drawn_at is None:
        raise Conflict(_l("The pools are not drawn yet."))
    if draw.opened_at is not None:
        raise Conflict(_l("The scores are open: nothing about the pools changes now."))
    return draw


def _groups(call: Call) -> list[list[Application]]:
    """Return the eligible applications by reference, those that are tied to each other together."""
    applications = {
        str(application.id): application
        for application in db.session.scalars(
            select(Application)
            .where(Application.call_id == call.id, goes_to_reviewers())
            .order_by(Application.reference)
        )
    }
    return [[applications[item] for item in group] for group in tied_groups(list(applications), lot_ties(call))]


def _likeness(application: Application) -> tuple[str, ...]:
    """Return what a stratum has in common. Of protected applications, neither region nor language is used."""
    codes = ",".join(sorted(application.category_codes))
    return (codes, "", "") if application.is_protected else (codes, application.region, application.language)


def _lot_of_its_own(draw: PoolDraw) -> PoolLot:
    label = secrets.token_hex(6)
    pool = PoolName.A if coin(draw.seed or "", label) else PoolName.B
    lot = PoolLot(draw=draw, label=label, stratum=0, pool=pool)
    db.session.add(lot)
    return lot


def _fix_shares(call: Call, draw: PoolDraw) -> None:
    """Divide awards and money between the pools by what is asked for in each."""
    pools = pools_of(call).of_application
    prizes = {category.id: category for category in call.categories if category.awards is not None}
    requested: dict[tuple[str, PoolName], int] = {}
    for entry in db.session.scalars(
        select(Entry).join(Entry.application).where(Entry.call_id == call.id, goes_to_reviewers())
    ):
        pool = pools.get(entry.application_id)
        if pool is None:
            continue
        prize = prizes.get(entry.category_id) if entry.category_id else None
        asked = 1 if prize else _asked(call, entry)
        key = (prize.code if prize else "", pool)
        requested[key] = requested.get(key, 0) + asked
    given = shares(budget_minor=call.budget_minor, categories=_prizes(call), requested=requested, seed=draw.seed or "")
    ids: Mapping[str, UUID | None] = {"": None, **{category.code: category.id for category in prizes.values()}}
    db.session.add_all(
        PoolShare(
            draw_id=draw.id,
            category_id=ids[code],
            pool=pool,
            awards=share.awards,
            money_minor=share.money_minor,
            requested=requested.get((code, pool), 0),
        )
        for (code, pool), share in given.items()
    )
    db.session.flush()


def _asked(call: Call, entry: Entry) -> int:
    return ask_in_full(requested_minor=entry.requested_minor, ceiling_minor=call.ceiling_minor, award_minor=None) or 0


def _prizes(call: Call) -> list[FixedAwards]:
    return [
        FixedAwards(category.code, category.awards, category.award_minor)
        for category in call.categories
        if category.awards is not None and category.award_minor is not None
    ]


def _list_problems(call: Call, lots: int, value_source: str, value_at: datetime, now: datetime) -> list[Problem]:
    problems = []
    if call.status is not CallStatus.PUBLISHED or now < call.closes_at:
        problems.append(Problem(_l("The call is still open. Wait until it has closed.")))
    if unchecked_applications(call=call):
        problems.append(Problem(_l("Some applications were not marked eligible or ineligible. Check them first.")))
    if lots < 2:
        problems.append(Problem(_l("Two pools need at least two applications that are not tied to each other.")))
    return problems + announcement_problems(value_source, value_at, now)
