"""Fix the lots at the line of a call's list, and draw them by a public value."""

import secrets
from dataclasses import replace
from datetime import datetime

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.models import Call, CallStatus
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotAllowed, NotFound, Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.review.line_draw import bands, lot_order
from fundapp.review.models import LineDraw, LineLot
from fundapp.review.pools import Lot, fingerprint, seed_of
from fundapp.review.queries.line_draw import current_line_draw
from fundapp.review.queries.selection import Selection, unchecked_applications, whole_selection
from fundapp.review.rules import Choice
from fundapp.review.services.calls import lock_call, require_open_slate, require_sight_of_all
from fundapp.review.services.public_value import announcement_problems, published_value


def fix_lots(*, actor: Actor, call: Call, value_source: str, value_at: datetime, now: datetime) -> LineDraw:
    """Give each entry of the band a lot, and say which public value will draw them and when it becomes known.

    From then on no review is given or changed. Lots whose value never came are replaced by others; both stay known.
    Raises NotFound where the terms of the call let no lots decide, RuleViolations for what stands against it, Conflict
    once lots were drawn or the list was sent, NotAllowed for somebody in conflict with anything on the list.
    """
    _require_decider(actor, call)
    db.session.refresh(call)
    whole = whole_selection(call=call)
    width = whole.terms.draw_band
    if width is None:
        raise NotFound
    before = current_line_draw(call)
    if before is not None and before.drawn_at is not None:
        raise Conflict(_l("The lots are drawn already."))
    found = bands_of(whole)
    if problems := _problems(whole, found, value_source, value_at, now):
        raise RuleViolations(problems)
    draw = LineDraw(
        call_id=call.id,
        number=before.number + 1 if before else 1,
        width=width,
        value_source=value_source.strip(),
        value_at=value_at,
        fixed_by_id=actor.person_id,
        fixed_at=now,
        fingerprint="",
    )
    ids = {str(row.entry.id): row.entry.id for row in whole.ranked}
    draw.lots = [
        LineLot(entry_id=ids[key], label=secrets.token_hex(6), stratum=stratum)
        for stratum, band in enumerate(found, start=1)
        for key in band
    ]
    draw.fingerprint = fingerprint(Lot(lot.stratum, lot.label) for lot in draw.lots)
    db.session.add(draw)
    db.session.flush()
    data = {"number": draw.number, "lots": len(draw.lots), "fingerprint": draw.fingerprint}
    record(actor=actor, action="line:fix", subject=draw, now=now, call_id=call.id, data=data)
    return draw


def draw_lots(*, actor: Actor, call: Call, public_value: str, now: datetime) -> LineDraw:
    """Draw the lots by the public value: once, for good. Raises RuleViolations, Conflict, NotFound, NotAllowed."""
    _require_decider(actor, call)
    draw = current_line_draw(call)
    if draw is None:
        raise NotFound
    if draw.drawn_at is not None:
        raise Conflict(_l("The lots are drawn already."))
    value = published_value(public_value, value_at=draw.value_at, now=now)
    seed = seed_of(draw.fingerprint, value)
    order = lot_order([Lot(lot.stratum, lot.label) for lot in draw.lots], seed)
    for lot in draw.lots:
        lot.place = order[lot.label]
    draw.public_value, draw.seed, draw.drawn_by_id, draw.drawn_at = value, seed, actor.person_id, now
    db.session.flush()
    data = {"number": draw.number, "seed": seed}
    record(actor=actor, action="line:draw", subject=draw, now=now, call_id=call.id, data=data)
    return draw


def bands_of(whole: Selection) -> list[list[str]]:
    """Return the entries that lots decide among, line by line; `whole` has nothing left out.

    What was decided already is taken as undecided: the line is that of the scores and the money of the call.
    """
    if whole.terms.draw_band is None:
        return []
    money, awards = dict(whole.left_minor), dict(whole.awards_left)
    for row in whole.ranked:
        if row.decision is not None:
            money[row.purse] += row.decision.amount_minor
            if row.pool in awards and row.candidate.choice is Choice.AWARD:
                awards[row.pool] += 1
    return bands(
        [replace(row.candidate, rank=row.standing.rank, choice=None) for row in whole.ranked if row.is_eligible],
        width=whole.terms.draw_band,
        left_minor=money,
        awards_left=awards,
    )


def awaiting_lots(found: Selection) -> frozenset[str]:
    """Return the entries of a selection that lots decide among which are not drawn yet, fixed or still to be fixed."""
    draw = current_line_draw(found.call)
    if draw is None:
        return frozenset(key for band in bands_of(found) for key in band)
    if draw.drawn_at is not None:
        return frozenset()
    return frozenset(str(lot.entry_id) for lot in draw.lots) & {str(row.entry.id) for row in found.ranked}


def band_faults(whole: Selection, draw: LineDraw) -> list[str]:
    """Say how the lots of a draw differ from the bands that the scores, the money and the terms of now give.

    `whole` has nothing left out. Entries are named by reference, and by id where they are on the list no more.
    """
    names = {str(row.entry.id): row.entry.application.reference or str(row.entry.id) for row in whole.ranked}
    now = {key: stratum for stratum, band in enumerate(bands_of(whole), start=1) for key in band}
    fixed = {str(lot.entry_id): lot.stratum for lot in draw.lots}
    return [
        *(f"{names.get(key, key)} has a lot and is not in the band" for key in sorted(fixed.keys() - now.keys())),
        *(f"{names.get(key, key)} is in the band and has no lot" for key in sorted(now.keys() - fixed.keys())),
        *(
            f"{names.get(key, key)} has its lot at line {fixed[key]} and is at line {now[key]}"
            for key in sorted(fixed.keys() & now.keys())
            if fixed[key] != now[key]
        ),
    ]


def draw_problems(whole: Selection) -> list[Problem]:
    """Say that lots should decide and are not drawn yet: the list cannot be sent before."""
    draw = current_line_draw(whole.call)
    is_missing = draw.drawn_at is None if draw is not None else bool(bands_of(whole))
    return [Problem(_l("The lots at the line are not drawn yet."))] if is_missing else []


def _require_decider(actor: Actor, call: Call) -> None:
    actor.require(P.DECISION_MAKE, call.id)
    if actor.person_id is None:
        raise NotAllowed(P.DECISION_MAKE)
    lock_call(call)
    require_open_slate(call)
    require_sight_of_all(actor, call, P.DECISION_MAKE)


def _problems(
    whole: Selection, found: list[list[str]], value_source: str, value_at: datetime, now: datetime
) -> list[Problem]:
    call, problems = whole.call, []
    if call.status is not CallStatus.PUBLISHED or now < call.closes_at:
        problems.append(Problem(_l("The call is still open. Wait until it has closed.")))
    if whole.hides_scores:
        problems.append(Problem(_l("The scores are not open yet: nothing can be decided before.")))
    if unchecked_applications(call=call):
        problems.append(Problem(_l("Some applications were not marked eligible or ineligible. Check them first.")))
    if any(row.decision is not None for row in whole.ranked):
        problems.append(Problem(_l("Something is decided already. Make it undecided again: lots come first.")))
    if not found:
        problems.append(Problem(_l("Nobody stands at the line with others, so there is nothing to draw.")))
    return problems + announcement_problems(value_source, value_at, now)
