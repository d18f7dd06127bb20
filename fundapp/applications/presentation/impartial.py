"""What a call says of applicants who review each other, in plain words: the same before applying and reviewing."""

from collections.abc import Mapping
from typing import Final

from fundapp.applications.models import Call
from fundapp.applications.rules import UndoneReviews
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import lazy_gettext as _l

UNDONE: Final[Mapping[UndoneReviews, str]] = {
    UndoneReviews.NOTHING: _l(
        "If you apply and are asked to review, nothing happens to your own application if you decline or do not finish."
    ),
    UndoneReviews.LAST: _l(
        "If you apply and are asked to review, and you decline or do not finish, your own application is put last in "
        "its pool."
    ),
    UndoneReviews.OUT: _l(
        "If you apply and are asked to review, and you decline or do not finish, your own application can't get an "
        "award."
    ),
}


def impartial_words(call: Call) -> tuple[str, ...]:
    """Return how applicants review each other in a call, a sentence or two each; none where they do not."""
    if not call.is_impartial:
        return ()
    return (
        _("Applicants review each other. After the deadline a public draw divides all applications into two pools."),
        _(
            "If you apply, you read only the pool in which your own application is not. Each pool has its own ranking, "
            "and its own money, which is fixed before the scores are opened. So your scores cannot help or harm your "
            "own application."
        ),
        " ".join([str(UNDONE[call.undone_reviews]), *_mercies(call)]),
    )


def _mercies(call: Call) -> tuple[str, ...]:
    """Say when nothing is held against anybody, where anything is."""
    if call.undone_reviews is UndoneReviews.NOTHING:
        return ()
    return (
        _("The same counts for others of your organisation who are asked."),
        _("Stepping back because of a conflict of interest is not held against you."),
        _("If something keeps you from it, tell us in time: before the scores are opened, we can excuse you."),
    )
