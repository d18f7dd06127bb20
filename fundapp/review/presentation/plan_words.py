"""How far a plan is, what stays open in it and why, and how long things take: in words."""

from dataclasses import dataclass

from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import language_name, ngettext
from fundapp.core.numbers import number_text
from fundapp.review.assignment import Bar, Shortage, Shortfall, ShortfallCause
from fundapp.review.plan_progress import PlanPhase, PlanProgress


@dataclass(frozen=True)
class ProgressShown:
    """How far the computing of a plan is: `done` of `seats` have a reader so far (0 before they are known)."""

    words: str
    done: int
    seats: int
    seats_words: str


def progress_shown(progress: PlanProgress | None) -> ProgressShown:
    """Say what the job does now; None: it has not begun."""
    if progress is None:
        return ProgressShown(_("It waits for its turn."), 0, 0, "")
    match progress.phase:
        case PlanPhase.FACTS:
            words = _("First of three: it is read who may read what.")
        case PlanPhase.MATCHING:
            words = _(
                "Second of three: the best plan is being looked for. Round %(round)s, %(steps)s steps so far.",
                round=number_text(progress.round),
                steps=number_text(progress.steps),
            )
        case PlanPhase.WRITING:
            words = _("Third of three: the plan is found, and is being written down.")
    return ProgressShown(
        words,
        progress.seats_done,
        progress.seats,
        ngettext(
            "%(done)s of %(num)s review has a reader so far.",
            "%(done)s of %(num)s reviews have a reader so far.",
            progress.seats,
            done=progress.seats_done,
        )
        if progress.seats
        else "",
    )


def hours_words(minutes: int) -> str:
    """Say how long something takes, in whole hours where it is more than one."""
    if not minutes:
        return _("none")
    if minutes < 60:
        return ngettext("about %(num)s minute", "about %(num)s minutes", minutes)
    return ngettext("about %(num)s hour", "about %(num)s hours", round(minutes / 60))


def shortage_words(shortage: Shortage) -> str:
    """Say how many seats stay empty for want of room, and what those who could take them can take."""
    seats = (
        ngettext(
            "%(num)s review in %(language)s cannot be given to anybody.",
            "%(num)s reviews in %(language)s cannot be given to anybody.",
            shortage.seats,
            language=language_name(shortage.language),
        )
        if shortage.language
        else ngettext(
            "%(num)s review cannot be given to anybody.", "%(num)s reviews cannot be given to anybody.", shortage.seats
        )
    )
    room = ngettext(
        "The %(num)s reviewer who could take them, or could make room, can take %(room)s more in all,"
        " and %(needed)s are needed.",
        "The %(num)s reviewers who could take them, or could make room, can take %(room)s more in all,"
        " and %(needed)s are needed.",
        shortage.readers,
        room=shortage.room,
        needed=shortage.needed,
    )
    return f"{seats} {room}"


def shortfall_reason(shortfall: Shortfall) -> str:
    """Say in plain words why nobody can take the seats of one entry."""
    if shortfall.cause is ShortfallCause.REVIEWERS_FULL:
        return _("Those who could take it have no room left.")
    barred = [_barred_words(bar, count) for bar, count in shortfall.barred.items()]
    if shortfall.without_language and shortfall.language:
        barred.append(
            ngettext(
                "%(num)s does not read %(language)s",
                "%(num)s do not read %(language)s",
                shortfall.without_language,
                language=language_name(shortfall.language),
            )
        )
    may_read = _("Nobody may read it.")
    if shortfall.may_read:
        may_read = ngettext(
            "Only %(num)s reviewer may read it.", "Only %(num)s reviewers may read it.", shortfall.may_read
        )
    if not barred:
        return may_read
    return _("%(may_read)s Of the others: %(barred)s.", may_read=may_read, barred=_("; ").join(barred))


def _barred_words(bar: Bar, count: int) -> str:
    match bar:
        case Bar.CONFLICT:
            return ngettext("%(num)s has a conflict of interest", "%(num)s have a conflict of interest", count)
        case Bar.FORBIDDEN:
            return ngettext("%(num)s is kept apart from it", "%(num)s are kept apart from it", count)
        case Bar.TAKEN_BACK:
            return ngettext("from %(num)s it was taken back", "from %(num)s it was taken back", count)
        case Bar.POOL:
            return ngettext("%(num)s applies in the same pool", "%(num)s apply in the same pool", count)
        case Bar.OTHER_STAGE:
            return ngettext("%(num)s does not sit in its stage", "%(num)s do not sit in its stage", count)
        case Bar.SILENT:
            return ngettext("%(num)s does not answer", "%(num)s do not answer", count)
