"""Forms about conflicts of interest for those who run a call."""

from typing import Final

from flask_wtf import FlaskForm
from wtforms import RadioField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Length

from fundapp.applications.services.protection import MAX_REASON_CHARACTERS
from fundapp.core.fields import Storable
from fundapp.core.i18n import lazy_gettext as _l


class ConflictPinForm(FlaskForm):
    """Say for somebody how it is, or take back what was said."""

    CONFLICT: Final = "conflict"
    NONE: Final = "none"
    BY_FACTS: Final = "by_facts"

    answer = RadioField(
        _l("Does this person have a conflict of interest with this application?"),
        choices=[
            SelectChoice(CONFLICT, _l("Yes: they see nothing of it")),
            SelectChoice(NONE, _l("No: they may read and score it")),
            SelectChoice(BY_FACTS, _l("Take back what was fixed: what they declare, and what is known, counts again")),
        ],
        validators=[DataRequired(_l("Choose one."))],
    )
    reason = TextAreaField(
        _l("Reason"),
        description=_l("Those who run the call read it, and the auditor."),
        validators=[DataRequired(_l("Write the reason.")), Storable()],
    )

    def offer(self, *, is_pinned: bool) -> None:
        """Leave out what can't be chosen: to take back what nobody fixed."""
        if not is_pinned:
            self.answer.choices = [each for each in self.answer.choices if each.value != self.BY_FACTS]


class OwnConflictForm(FlaskForm):
    """Somebody of the staff steps back from an application."""

    reason = TextAreaField(
        _l("What is the conflict?"),
        description=_l("A few words are enough, and you may leave it empty. Only those who run the call read them."),
        validators=[
            Length(max=MAX_REASON_CHARACTERS, message=_l("Use at most 1,000 characters.")),
            Storable(),
        ],
    )
