"""What a call says of applicants who review each other, in plain words: the same before applying and reviewing."""

from collections.abc import Mapping
from typing import Final

from fundapp.applications.models import Call
from fundapp.applications.rules import UndoneReviews
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import lazy_gettext as _l

UNDONE: Final[Mapping[UndoneReviews, str]] = {
    UndoneReviews.NOTHING: _l("Nothing happens to your own application if you do not finish your reviews."),
    UndoneReviews.LAST: _l(
        "If you are asked to review and do not finish, your own application is put last in its pool."
    ),
    UndoneReviews.OUT: _l("If you are asked to review and do not finish, your own application can't get an award."),
}


def impartial_words(call: Call) -> tuple[str, ...]:
    """Return how applicants review each other in a call, a sentence or two each; none where they do not."""
    if not call.is_impartial:
        return ()
    return (
        _("Applicants review each other. After the deadline a public draw divides all applications into two pools."),
        _(
            "You read only the pool in which your own application is not. Each pool has its own ranking and its own "
            "money, fixed before anybody sees a score. So your scores cannot help or harm your own application."
        ),
        str(UNDONE[call.undone_reviews]),
    )
