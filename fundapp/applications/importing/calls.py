"""Loads a call package: makes the call and announces it, or brings it up to date."""

from datetime import datetime

from sqlalchemy import select

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.call_package import CallPackage
from fundapp.applications.models import Call, CallStatus
from fundapp.applications.services.announcing import announce, require_for_new_calls
from fundapp.applications.services.call_parts import WrittenCall
from fundapp.applications.services.calls import Way, write_call
from fundapp.core.db import db


def load_call(*, package: CallPackage, actor: Actor, now: datetime) -> WrittenCall:
    """Make a call from a package and announce it, or bring it up to date; the same package again changes nothing.

    Raises RuleViolations, and changes nothing, for what cannot change any more.
    """
    call = db.session.scalar(select(Call).where(Call.slug == package.slug).with_for_update())
    if call is None:
        require_for_new_calls(actor)
    else:
        actor.require(P.CALL_WRITE, call.id)
        if call.package_sha256 == package.sha256:
            return WrittenCall(call, created=False)
    written = write_call(call=call, package=package, way=Way.LOADED, actor=actor, now=now)
    if written.call.status is CallStatus.DRAFT:
        announce(actor=actor, call=written.call, now=now)
    return written
