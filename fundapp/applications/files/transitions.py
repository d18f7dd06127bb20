"""The status table of files on their way to reviewers."""

from typing import Final

from fundapp.accounts.permissions import P
from fundapp.applications.models import FileStatus
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.workflow import Label, Machine, Transition

FILE: Final = Machine(
    name="file",
    statuses=FileStatus,
    transitions=(
        Transition("prepare", frozenset({FileStatus.PENDING}), FileStatus.READY, P.ELIGIBILITY_DECIDE),
        Transition("fail", frozenset({FileStatus.PENDING}), FileStatus.FAILED, P.ELIGIBILITY_DECIDE),
        Transition("quarantine", frozenset({FileStatus.PENDING}), FileStatus.INFECTED, P.ELIGIBILITY_DECIDE),
        Transition(
            "look_again", frozenset({FileStatus.READY, FileStatus.FAILED}), FileStatus.PENDING, P.ELIGIBILITY_DECIDE
        ),
    ),
    labels={
        FileStatus.PENDING: Label(_l("Being looked into"), _l("Kept")),
        FileStatus.READY: Label(_l("Ready for reviewers"), _l("Kept")),
        FileStatus.FAILED: Label(_l("Not for reviewers"), _l("Kept")),
        FileStatus.INFECTED: Label(_l("A virus was found"), _l("A virus was found: choose another file")),
    },
)
"""The worker does all but the last, which is for those who check applications."""
