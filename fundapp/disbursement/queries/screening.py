"""Screening: the lists that hold, whose names were looked up in them, and what keeps money from going."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import InstrumentedAttribute, aliased, defer, joinedload

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.form_engine.answers import facts
from fundapp.applications.identity import FACE, Face, submitted_form
from fundapp.applications.models import Application, Call, Entry, IdentityOpening
from fundapp.applications.scope import in_calls, visible_to
from fundapp.applications.sealed_answers import clear_answers
from fundapp.applications.services.openings import CONTACT
from fundapp.core.db import db
from fundapp.core.errors import NotFound
from fundapp.disbursement.models import Award, AwardOffer, SanctionList, Screening, ScreeningHit
from fundapp.disbursement.offer_rules import OfferStatus
from fundapp.disbursement.sanction_lists import unpacked
from fundapp.disbursement.screening_rules import Index, ScreeningHold, Source, Subject, holds_of
from fundapp.review.models import Decision

KEY: Final = "key"
"""Under which a screening keeps the key of the organisation's name: another key, and it is another name."""


@dataclass(frozen=True)
class Screened:
    """An award with its newest screening, and what was found by all of them, as the actor may see it.

    `hits` is None where the actor may not know who is behind a protected application; `is_opened` says whether the
    actor has opened it, and so may read names.
    """

    award: Award
    face: Face
    screening: Screening | None
    hits: Sequence[ScreeningHit] | None
    is_opened: bool
    holds: Sequence[ScreeningHold]


def screening_holds(award: Award) -> list[ScreeningHold]:
    """Return why screening keeps the money of an award from going now; nothing: it may go.

    Where nobody ever handed in a list nothing is looked up, and nothing is held. Whoever pays looks the names up first
    (`services.screening.screen`), and holds the award's row while it asks and writes.
    """
    return _holds(award, newest_lists(), _newest_screenings([award]), _hits([award]))


def newest_lists() -> dict[Source, SanctionList]:
    """Return the list that holds of each source, without its content."""
    later = aliased(SanctionList)
    newest = select(func.max(later.number)).where(later.source == SanctionList.source).scalar_subquery()
    found = db.session.scalars(_lists().where(SanctionList.number == newest))
    return {each.source: each for each in found}


def all_lists() -> list[SanctionList]:
    """Return every list that was handed in, the newest first."""
    return list(db.session.scalars(_lists().order_by(SanctionList.uploaded_at.desc(), SanctionList.number.desc())))


def names_of(application: Application) -> dict[Subject, str]:
    """Return the names of an award that can be read: account details are sealed, and looked up as they are opened.

    The name of a protected application is read where it was answered, and shown to nobody by that.
    """
    name = application.organisation_name
    if application.is_protected:
        name = facts(
            submitted_form(application), clear_answers(application.submissions[-1]), application.call.currency
        ).organisation
    return {Subject.ORGANISATION: name.strip()} if name.strip() else {}


def index_of(found: SanctionList) -> Index:
    """Return the names of a list, ready to be looked up; those of the last few lists are kept at hand."""
    return _index(found.id)


def screened_awards(*, actor: Actor, call: Call) -> list[Screened]:
    """Return the awards of a call that were accepted, by reference, as the actor may see them."""
    actor.require(P.SCREENING_READ, call.id)
    query = _awards().where(Award.call_id == call.id, visible_to(actor), AwardOffer.status == OfferStatus.ACCEPTED)
    return _screened(actor, query.order_by(func.length(Award.reference), Award.reference))


def screened_award(*, actor: Actor, call: Call, award_id: UUID) -> Screened:
    """Return one award of a call. Raises NotFound, also where the actor has a conflict of interest."""
    found = _screened(
        actor,
        _awards().where(
            Award.id == award_id,
            Award.call_id == call.id,
            visible_to(actor),
            in_calls(actor, P.SCREENING_READ, Award.call_id),
        ),
    )
    if not found:
        raise NotFound
    return found[0]


def may_know(actor: Actor, face: Face, call_id: UUID) -> bool:
    """Say whether somebody may learn what was found of an award: of a protected one, who may know whose it is."""
    return not face.is_protected or actor.can(P.IDENTITY_OPEN, call_id)


def newest_screening(award: Award) -> Screening | None:
    """Return the newest screening of an award."""
    return _newest_screenings([award]).get(award.id)


def hits_of(award: Award) -> list[ScreeningHit]:
    """Return what was ever found of an award, in order."""
    return _hits([award]).get(award.id, [])


def is_up_to_date(award: Award, screening: Screening | None, lists: Mapping[Source, SanctionList]) -> bool:
    """Say whether the names that an award has now were looked up in the lists that hold now."""
    if not lists:
        return True
    if screening is None or screening.names is None:
        return False
    of = {Source.OFAC: screening.ofac_list_id, Source.UN: screening.un_list_id}
    is_same_name = screening.names.get(KEY) == award.decision.entry.application.organisation_key
    return is_same_name and all(of[source] == each.id for source, each in lists.items())


def _screened(actor: Actor, query: Select[Award, Face]) -> list[Screened]:
    rows = db.session.execute(query).all()
    awards = [award for award, _ in rows]
    lists, screenings, hits = newest_lists(), _newest_screenings(awards), _hits(awards)
    opened = _opened(actor, awards)
    return [
        Screened(
            award=award,
            face=face,
            screening=screenings.get(award.id),
            hits=hits.get(award.id, []) if may_know(actor, face, award.call_id) else None,
            is_opened=not face.is_protected or award.decision.entry.application_id in opened,
            holds=_holds(award, lists, screenings, hits),
        )
        for award, face in rows
    ]


def _holds(
    award: Award,
    lists: Mapping[Source, SanctionList],
    screenings: Mapping[UUID, Screening],
    hits: Mapping[UUID, Sequence[ScreeningHit]],
) -> list[ScreeningHold]:
    is_screened = is_up_to_date(award, screenings.get(award.id), lists)
    return holds_of([each.status for each in hits.get(award.id, ())], is_screened=is_screened)


def _awards() -> Select[Award, Face]:
    return (
        select(Award, FACE)
        .join(Award.decision)
        .join(Decision.entry)
        .join(Entry.application)
        .outerjoin(AwardOffer, AwardOffer.award_id == Award.id)
        .options(joinedload(Award.decision).joinedload(Decision.entry).joinedload(Entry.application))
        .execution_options(populate_existing=True)  # a service that waited for a lock must see what others did
    )


def _lists() -> Select[SanctionList]:
    return select(SanctionList).options(defer(SanctionList.content), joinedload(SanctionList.uploaded_by))


def _newest_screenings(awards: Sequence[Award]) -> dict[UUID, Screening]:
    later = aliased(Screening)
    newest = select(func.max(later.number)).where(later.award_id == Screening.award_id).scalar_subquery()
    query = select(Screening).where(_among(Screening.award_id, awards), Screening.number == newest)
    return {each.award_id: each for each in db.session.scalars(query)}


def _hits(awards: Sequence[Award]) -> dict[UUID, list[ScreeningHit]]:
    query = (
        select(ScreeningHit)
        .where(_among(ScreeningHit.award_id, awards))
        .options(
            joinedload(ScreeningHit.list).defer(SanctionList.content),
            joinedload(ScreeningHit.decided_by),
            joinedload(ScreeningHit.confirmed_by),
        )
        .order_by(ScreeningHit.number)
        .execution_options(populate_existing=True)
    )
    found: dict[UUID, list[ScreeningHit]] = {}
    for hit in db.session.scalars(query):
        found.setdefault(hit.award_id, []).append(hit)
    return found


def _opened(actor: Actor, awards: Sequence[Award]) -> frozenset[UUID]:
    """Return the applications whose people the actor saw, with a reason."""
    ids = [award.decision.entry.application_id for award in awards]
    query = select(IdentityOpening.application_id, IdentityOpening.opened).where(
        IdentityOpening.application_id.in_(ids), IdentityOpening.person_id == actor.person_id
    )
    return frozenset(application_id for application_id, opened in db.session.execute(query) if CONTACT in opened)


def _among(column: InstrumentedAttribute[UUID], awards: Sequence[Award]) -> ColumnElement[bool]:
    return column.in_([award.id for award in awards])


@lru_cache(maxsize=4)
def _index(list_id: UUID) -> Index:
    """Return the index of a list; a list never changes."""
    return Index(unpacked(db.session.scalars(select(SanctionList.content).where(SanctionList.id == list_id)).one()))
