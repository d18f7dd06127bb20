"""Screening: staff hand in lists of sanctions, names are looked up in them here, and two people decide about each find.

Nothing leaves the house for it, and nothing is refused by it.
"""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.models import Application, Call
from fundapp.applications.services.clarifying import checked_text
from fundapp.core.audit import record
from fundapp.core.db import db, lock_row
from fundapp.core.errors import Conflict, NotAllowed, Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.disbursement.models import Award, SanctionList, Screening, ScreeningHit
from fundapp.disbursement.queries.screening import (
    KEY,
    hits_of,
    index_of,
    is_up_to_date,
    may_know,
    names_of,
    newest_lists,
    newest_screening,
    screened_award,
    screened_awards,
)
from fundapp.disbursement.sanction_lists import NotAList, Read, packed, read_ofac, read_un
from fundapp.disbursement.screening_rules import HitStatus, Outcome, Source, Subject, may_confirm

MOST_REASON: Final = 2_000


@dataclass(frozen=True)
class HandedIn:
    """A list as it was handed in: the file, OFAC's second one, and the day it is of where the file does not say."""

    source: Source
    file: bytes
    alt: bytes = b""
    listed_on: date | None = None


@dataclass(frozen=True)
class Picked:
    """A find as it stood on a page: its number in the award, and the version that was read."""

    number: int
    version: int


def may_hand_in(actor: Actor) -> bool:
    """Say whether somebody may hand in lists: they serve all calls, so they do who look after the money of all."""
    return actor.can(P.SANCTIONS_UPLOAD) and actor.calls_with(P.SANCTIONS_UPLOAD) is None


def require_hand_in(actor: Actor) -> None:
    """Raise NotAllowed unless the actor may hand in lists."""
    if not may_hand_in(actor):
        raise NotAllowed(P.SANCTIONS_UPLOAD)


def take_list(*, actor: Actor, given: HandedIn, now: datetime) -> SanctionList:
    """Keep a list that staff hand in; from now on it holds for its source.

    Raises RuleViolations (fields file, alt, listed_on), Conflict and NotAllowed.
    """
    require_hand_in(actor)
    read = _read(given)
    listed_on = read.listed_on or given.listed_on
    sha256 = hashlib.sha256(given.file + given.alt).hexdigest()
    before = newest_lists().get(given.source)
    if listed_on is None:
        raise RuleViolations([Problem(_l("Write the day this list is of: the file does not say."), field="listed_on")])
    if listed_on > now.date():
        raise RuleViolations([Problem(_l("This day is still to come."), field="listed_on")])
    if before is not None and before.sha256 == sha256 and before.listed_on == listed_on:
        raise RuleViolations([Problem(_l("This list is kept already."), field="file")])
    if before is not None and listed_on < before.listed_on:
        raise RuleViolations([Problem(_l("A newer list is kept already."), field="file")])
    kept = SanctionList(
        source=given.source,
        number=1 if before is None else before.number + 1,
        listed_on=listed_on,
        sha256=sha256,
        entries=len(read.entries),
        content=packed(read.entries),
        uploaded_by_id=actor.person_id,
        uploaded_at=now,
    )
    try:
        with db.session.begin_nested():
            db.session.add(kept)
    except IntegrityError as error:
        raise Conflict(_l("Somebody else handed in this list just now. Please look again.")) from error
    told = {"source": kept.source.value, "listed_on": listed_on.isoformat(), "entries": kept.entries, "sha256": sha256}
    record(actor=actor, action="sanctions:take", subject=kept, now=now, data=told)
    return kept


def screen(
    *, actor: Actor, award: Award, now: datetime, opened: Mapping[Subject, str] | None = None
) -> Screening | None:
    """Look the names of an award up in the lists that hold, and keep what is found; None where there is no list.

    `opened` are names that were opened with the private key, for as long as they are looked up. What was found once is
    not asked again. Raises NotAllowed and NotFound.
    """
    actor.require(P.SCREENING_DECIDE, award.call_id)
    lock_row(award)
    screened_award(actor=actor, call=award.decision.entry.application.call, award_id=award.id)
    lists, before = newest_lists(), newest_screening(award)
    application = award.decision.entry.application
    if not lists or application.erased_at is not None or (not opened and is_up_to_date(award, before, lists)):
        return before
    names = names_of(application) | dict(opened or {})
    made = Screening(
        award_id=award.id,
        application_id=application.id,
        number=1 if before is None else before.number + 1,
        ofac_list_id=lists[Source.OFAC].id if Source.OFAC in lists else None,
        un_list_id=lists[Source.UN].id if Source.UN in lists else None,
        made_by_id=actor.person_id,
        made_at=now,
    )
    made.names = {subject.value: name for subject, name in names.items()} | {KEY: application.organisation_key}
    db.session.add(made)
    _record(actor, "screening:make", made, award, now, {"number": made.number})
    _find(actor, award, names, lists, now)
    return made


def screen_call(*, actor: Actor, call: Call, now: datetime) -> int:
    """Look up the names of all accepted awards of a call that the actor may see; return how many there were."""
    actor.require(P.SCREENING_DECIDE, call.id)
    awards = [each.award for each in screened_awards(actor=actor, call=call)]
    for award in awards:
        screen(actor=actor, award=award, now=now)
    return len(awards)


def decide(
    *, actor: Actor, award: Award, picked: Collection[Picked], outcome: Outcome, reason: str, now: datetime
) -> None:
    """Say as the first of two people whether finds are the payee or somebody else, and why.

    Raises RuleViolations (fields picked, reason), Conflict (somebody else was faster), NotFound and NotAllowed.
    """
    hits = _held(actor, award, picked)
    text = checked_text(reason, "reason", MOST_REASON, _l("Write the reason."))
    for hit in hits:
        if hit.status is not HitStatus.OPEN:
            raise Conflict(_l("Somebody has decided this already. Please look again."))
        hit.outcome, hit.reason, hit.decided_by_id, hit.decided_at = outcome, text, actor.person_id, now
        _record(actor, "screening:decide", hit, award, now, {"number": hit.number, "outcome": outcome.value})


def confirm(*, actor: Actor, award: Award, picked: Collection[Picked], now: datetime) -> None:
    """Say as the second of two people that what the first one said of finds is right.

    Raises RuleViolations (field picked), Conflict (the same person; somebody else was faster), NotFound and NotAllowed.
    """
    for hit in _held(actor, award, picked):
        if hit.status is not HitStatus.DECIDED:
            raise Conflict(_l("There is nothing to confirm here. Please look again."))
        if not may_confirm(actor.person_id, decided_by=hit.decided_by_id):
            raise Conflict(_l("You decided this yourself. A second person confirms it."))
        hit.confirmed_by_id, hit.confirmed_at = actor.person_id, now
        _record(actor, "screening:confirm", hit, award, now, {"number": hit.number})


def reopen(*, actor: Actor, award: Award, picked: Collection[Picked], now: datetime) -> None:
    """Ask two people anew about finds: what was said before stays in the history.

    Raises RuleViolations (field picked), Conflict, NotFound and NotAllowed.
    """
    for hit in _held(actor, award, picked):
        if hit.status is HitStatus.OPEN:
            raise Conflict(_l("Nobody has decided this yet. Please look again."))
        hit.outcome = hit.decided_by_id = hit.decided_at = hit.confirmed_by_id = hit.confirmed_at = None
        hit.reason = ""
        _record(actor, "screening:reopen", hit, award, now, {"number": hit.number})


def blank_screenings(*, actor: Actor, application: Application, now: datetime) -> None:
    """Erase which names were looked up and found; that they were, who decided and when stays."""
    for made in db.session.scalars(select(Screening).where(Screening.application_id == application.id)):
        made.names = None
        record(actor=actor, action="screening:erase", subject=made, now=now, call_id=application.call_id)
    for hit in db.session.scalars(select(ScreeningHit).where(ScreeningHit.application_id == application.id)):
        hit.found, hit.reason = None, ""
        record(actor=actor, action="screening:erase", subject=hit, now=now, call_id=application.call_id)


def _read(given: HandedIn) -> Read:
    if not given.file:
        raise RuleViolations([Problem(_l("Choose a file first."), field="file")])
    if given.source is Source.UN and given.alt:
        raise RuleViolations([Problem(_l("The list of the United Nations is one file."), field="alt")])
    try:
        return read_un(given.file) if given.source is Source.UN else read_ofac(given.file, given.alt or None)
    except NotAList as error:
        raise RuleViolations([Problem(error.message, field="file")]) from error


def _find(
    actor: Actor, award: Award, names: Mapping[Subject, str], lists: Mapping[Source, SanctionList], now: datetime
) -> None:
    """Keep what is found and was not found before: the same name of the same award, like the same one on a list."""
    hits = hits_of(award)
    known = {(hit.subject, hit.found["name"], hit.list.source, hit.found["uid"]) for hit in hits if hit.found}
    for subject, name in names.items():
        for source, kept in lists.items():
            for match in index_of(kept).matches(name):
                if (subject, name, source, match.listed.uid) in known:
                    continue
                hit = ScreeningHit(
                    award_id=award.id,
                    application_id=award.decision.entry.application_id,
                    number=len(hits) + 1,
                    list_id=kept.id,
                    subject=subject,
                    score=match.score,
                    found_at=now,
                )
                hit.found = {
                    "name": name,
                    "uid": match.listed.uid,
                    "listed": match.name,
                    "main": match.listed.names[0],
                    "about": match.listed.about,
                }
                hit.reason = ""
                hits.append(hit)
                db.session.add(hit)
                _record(actor, "screening:find", hit, award, now, {"number": hit.number})


def _held(actor: Actor, award: Award, picked: Collection[Picked]) -> list[ScreeningHit]:
    """Hold an award, and return the finds that were picked. Raises what `decide` raises."""
    actor.require(P.SCREENING_DECIDE, award.call_id)
    lock_row(award)
    row = screened_award(actor=actor, call=award.decision.entry.application.call, award_id=award.id)
    if row.hits is None or not may_know(actor, row.face, award.call_id):
        raise NotAllowed(P.IDENTITY_OPEN)
    if not row.is_opened:
        raise Conflict(_l("Open the application first: nobody decides about names that they have not read."))
    if not picked:
        raise RuleViolations([Problem(_l("Choose at least one name."), field="picked")])
    wanted = {each.number: each.version for each in picked}
    found = [hit for hit in row.hits if hit.number in wanted]
    if len(found) != len(wanted) or any(hit.version != wanted[hit.number] for hit in found):
        raise Conflict(_l("Somebody changed this meanwhile. Please look again."))
    return found


def _record(
    actor: Actor,
    action: str,
    subject: Screening | ScreeningHit,
    award: Award,
    now: datetime,
    data: dict[str, Any],
) -> None:
    db.session.flush()
    told = {"award": str(award.id)} | data
    record(actor=actor, action=action, subject=subject, now=now, call_id=award.call_id, data=told)
