"""What of an application can be written and sent at an instant: the one rule that pages and services ask.

A draft can be written at any time, and sent while its call is open. What was sent can be changed while the call is
open and nobody has begun to read or decide, by sending a new version; later only where staff open questions again.
"""

from dataclasses import dataclass
from datetime import datetime

from fundapp.applications.models import Application, ApplicationStatus, CallStatus, Reopening
from fundapp.applications.rules import Opening, opening
from fundapp.core.i18n import lazy_gettext as _l

IN_ROWS = "~"
"""Divides the parts of the key of an answer in a repeat: "partners~3~name" is asked by "partners" and "name"."""


@dataclass(frozen=True)
class Window:
    """What can be written and sent. `refusal` says to people why nothing can be sent ("": something can)."""

    refusal: str = ""
    closes_at: datetime | None = None
    reopening: Reopening | None = None
    """Where only some questions are open: who opened which, and until when."""
    may_write: bool = True

    @property
    def may_send(self) -> bool:
        """Say whether a version can be sent."""
        return not self.refusal

    def opens(self, key: str) -> bool:
        """Say whether the answer with this key can be changed."""
        if not self.may_write:
            return False
        return self.reopening is None or not set(self.reopening.questions).isdisjoint(key.split(IN_ROWS))


def window_of(application: Application, now: datetime) -> Window:
    """Return what of an application can be written and sent at an instant."""
    call = application.call
    is_draft = application.status is ApplicationStatus.DRAFT
    if call.status is CallStatus.DECIDED:
        return Window(_l("This call is decided. Nothing can be sent any more."), may_write=is_draft)
    if is_draft and application.is_entered_by_hand:
        return Window()  # what came by paper before the deadline is typed in after it too
    state = opening(opens_at=call.opens_at, closes_at=application.deadline, now=now)
    if state is Opening.OPEN and application.review_began_at is None:
        return Window(closes_at=application.deadline)
    running = sent_back(application, now)
    if running is not None:
        return Window(closes_at=running.closes_at, reopening=running)
    if state is Opening.NOT_YET:
        return Window(_l("This call is not open yet."), may_write=is_draft)
    if is_draft:
        return Window(_l("The deadline of this call has passed. Your text is kept, and nothing was sent."))
    if state is Opening.OPEN:
        refusal = _l("What you sent is being read already, so it can't be changed any more.")
    else:  # the same whether it is read or not: only what fits the call is read
        refusal = _l("The deadline has passed. What you sent stays as it is.")
    return Window(refusal, may_write=False)


def sent_back(application: Application, now: datetime) -> Reopening | None:
    """Return what staff opened again and is not sent yet, also while all the rest is open anyway."""
    return next((each for each in application.reopenings if each.is_open(now)), None)
