"""How an application came and what staff did with it beside deciding: typed in, set aside, given more time."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import url_for

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.form_engine.eligibility import look_barred
from fundapp.applications.identity import face_of
from fundapp.applications.models import Application, ApplicationSource, CallStatus
from fundapp.applications.presentation.application_list import SET_ASIDE, SOURCES, AlikeShown, alike_shown
from fundapp.applications.queries.barring import is_read_by_its_own
from fundapp.applications.queries.likenesses import alike_of
from fundapp.applications.queries.meant_applications import person_called
from fundapp.core.dates import Moment, day, moment
from fundapp.core.i18n import language_name


@dataclass(frozen=True)
class HandlingShown:
    """What staff read and may do; an address is "" for what this reader may not do."""

    source: str
    received: str
    entered_by: str
    language: str
    receipt_url: str
    own_deadline: Moment | None
    own_deadline_reason: str
    deadline_url: str
    set_aside: str
    set_aside_by: str
    set_aside_at: Moment | None
    set_aside_reason: str
    is_told: bool
    set_aside_url: str
    take_back_url: str
    alike: Sequence[AlikeShown]
    reads_itself: bool
    """Somebody of its organisation reads for the call, which bars that."""
    look_barred: Sequence[str]
    """The names that the call bars and that its name looks like."""


def handling_shown(application: Application, actor: Actor) -> HandlingShown:
    """Return how an application came, what was done with it, and what the actor may do now."""
    call = application.call
    zone, is_undecided = call.time_zone, call.status is not CallStatus.DECIDED
    is_aside = application.set_aside_at is not None
    may_set_aside = is_undecided and actor.can(P.APPLICATION_SET_ASIDE, call.id)
    return HandlingShown(
        source=str(SOURCES[application.source]),
        received=day(application.received_on) if application.received_on else "",
        entered_by=person_called(application.entered_by_id),
        language=language_name(application.language),
        receipt_url=(
            ""
            if application.source in (ApplicationSource.WEB, ApplicationSource.IMPORT)
            else url_for("applications.managed_receipt", application_id=application.id)
        ),
        own_deadline=moment(application.closes_at, zone) if application.closes_at else None,
        own_deadline_reason=application.closes_at_reason,
        deadline_url=(
            url_for("applications.single_deadline", application_id=application.id)
            if is_undecided and actor.can(P.CALL_EXTEND, call.id)
            else ""
        ),
        set_aside=str(SET_ASIDE[application.set_aside_as]) if application.set_aside_as else "",
        set_aside_by=person_called(application.set_aside_by_id),
        set_aside_at=moment(application.set_aside_at, zone) if application.set_aside_at else None,
        set_aside_reason=application.set_aside_reason,
        is_told=application.set_aside_told,
        set_aside_url=(
            url_for("applications.choose_to_set_aside", slug=call.slug) if may_set_aside and not is_aside else ""
        ),
        take_back_url=(
            url_for("applications.take_back", application_id=application.id) if may_set_aside and is_aside else ""
        ),
        alike=alike_shown(alike_of(actor=actor, application=application)),
        reads_itself=call.bars_reviewers_organisation and is_read_by_its_own(application),
        look_barred=look_barred(call.barred_names, face_of(application).name) if not application.is_protected else [],
    )
