"""Why a reviewer cannot be given an entry, in words for those who run a call."""

from collections.abc import Mapping
from typing import Final

from fundapp.core.i18n import lazy_gettext as _l
from fundapp.review.assignment import Bar

BAR_PROBLEMS: Final[Mapping[Bar, str]] = {
    Bar.CONFLICT: _l("This reviewer has a conflict of interest."),
    Bar.FORBIDDEN: _l("Somebody laid down that these two are kept apart. Lift that first."),
    Bar.TAKEN_BACK: _l("This application was taken back from this reviewer."),
    Bar.POOL: _l("This reviewer applies too, and reads only the other pool, once the pools are drawn."),
    Bar.OTHER_STAGE: _l("This reviewer does not sit in the stage in which the application is."),
    Bar.SILENT: _l("This reviewer does not answer, and the plan is made without them."),
}
