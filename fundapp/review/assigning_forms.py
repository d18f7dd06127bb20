"""Forms about who reads what. Rules are checked by the services; forms only read what was typed."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, IntegerField, RadioField, SelectField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Optional

from fundapp.core.fields import CheckboxesField
from fundapp.core.i18n import lazy_gettext as _l


class Change(StrEnum):
    """What somebody can do about an entry and a reviewer by hand."""

    GIVE = "give"
    TAKE = "take"
    PIN = "pin"
    FORBID = "forbid"
    LIFT = "lift"


CHANGES: Final = {
    Change.GIVE: _l("Give it to them"),
    Change.TAKE: _l("Take it back from them"),
    Change.PIN: _l("Keep it with them in every plan"),
    Change.FORBID: _l("Keep it away from them in every plan"),
    Change.LIFT: _l("Lift what was laid down about them"),
}


class NewPlanForm(FlaskForm):
    """Ask for a plan."""

    is_fair = BooleanField(
        _l("See to the worst fit first"),
        description=_l(
            "The reader who fits least should still fit as well as can be. It costs hardly anything on the whole."
        ),
    )
    without = CheckboxesField(_l("Reviewers who do not answer"))

    def offer(self, reviewers: Sequence[tuple[str, str]]) -> None:
        """Offer these reviewers, (id, name), to be left out."""
        self.without.choices = [SelectChoice(value, label) for value, label in reviewers]


class PlanForm(FlaskForm):
    """Do something with the plan that is shown."""

    plan = HiddenField()


class ChangeForm(FlaskForm):
    """Choose a reviewer of an entry, and what to do about the two."""

    reviewer = SelectField(_l("Reviewer"), validators=[DataRequired(_l("Choose a reviewer."))])
    change = RadioField(
        _l("What to do"),
        choices=[SelectChoice(change.value, label) for change, label in CHANGES.items()],
        validators=[DataRequired(_l("Choose what to do."))],
    )

    def offer(self, reviewers: Sequence[tuple[str, str]]) -> None:
        """Offer these reviewers, (id, name)."""
        self.reviewer.choices = [SelectChoice("", _l("Choose")), *(SelectChoice(*each) for each in reviewers)]


class ReadersForm(FlaskForm):
    """Say how many people read an entry."""

    readers = IntegerField(
        _l("How many people read it"),
        description=_l("Leave it empty for as many as read any other."),
        validators=[Optional()],
    )
