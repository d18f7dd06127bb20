"""Forms of the lists that people try. Rules are checked by list_rules and the services."""

from typing import Final

from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, RadioField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Optional

from fundapp.core.fields import Storable
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.review.list_rules import MarkKind

PROPOSAL: Final = "proposal"
"""What is chosen to leave an entry to the proposal again."""
LABELS: Final = {
    MarkKind.PUT_IN: _l("Put it in"),
    MarkKind.TAKE_OUT: _l("Take it out"),
    MarkKind.RESERVE: _l("Hold it in reserve"),
    MarkKind.AMOUNT: _l("Propose it with another amount"),
}


class ListNameForm(FlaskForm):
    """Name a list."""

    name = StringField(
        _l("Name of the list"),
        description=_l("For example: with more for the north. Name no applicant in it."),
        validators=[DataRequired(_l("Give the list a name.")), Storable()],
    )


class DeleteListForm(FlaskForm):
    """Throw a list away."""

    sure = BooleanField(
        _l("Yes, throw this list away"), validators=[DataRequired(_l("Tick the box if you want to delete the list."))]
    )


class MarkForm(FlaskForm):
    """Say what becomes of an entry in a list; `mark_form` leaves out what does not fit it."""

    wish = RadioField(
        _l("What should become of it in this list?"), validators=[DataRequired(_l("Choose one of these."))]
    )
    amount = StringField(
        _l("Amount of the award"),
        description=_l("Empty: what it would get in full. Less is a part of what was asked for."),
        validators=[Optional(), Storable()],
    )
    reason = TextAreaField(
        _l("Reason"),
        description=_l(
            "Needed, unless you leave it to the proposal. It is kept with the decision if the list is adopted."
        ),
        validators=[Storable()],
    )
    shown = HiddenField()
    """A hash of the effect that was shown: only that is kept."""


class AdoptForm(FlaskForm):
    """Adopt a list."""

    seen = HiddenField()
    """A hash of the list whose effect was shown."""


def mark_form(*, is_fixed: bool, is_marked: bool, **values: object) -> MarkForm:
    """Return the form of an entry: the amount of a prize is fixed, and only what is marked goes back."""
    form = MarkForm(**values)
    form.reason.flags.unmarked = True
    kinds = [kind for kind in LABELS if kind is not MarkKind.AMOUNT or not is_fixed]
    form.wish.choices = [SelectChoice(kind.value, LABELS[kind]) for kind in kinds]
    if is_marked:
        form.wish.choices.append(SelectChoice(PROPOSAL, _l("Leave it to the proposal again")))
    if is_fixed:
        del form.amount
    return form
