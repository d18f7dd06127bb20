"""Forms of a public vote: its terms, a choice with an address, and the reason to leave votes out."""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Final, cast
from uuid import UUID

from flask_wtf import FlaskForm
from wtforms import EmailField, HiddenField, RadioField, SelectField, TextAreaField
from wtforms.fields import SelectChoice, TimeField
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from fundapp.applications.rules import instant_in
from fundapp.core.fields import DateField, Storable
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.review.vote_rules import VoteMode

_TIME: Final = _l("Enter a time of day, such as 23:59.")


class TermsForm(FlaskForm):
    """Say when the public votes, about what, and whether that decides; `terms_form` gives the categories."""

    mode = RadioField(
        _l("What does the vote do?"),
        choices=[
            SelectChoice(VoteMode.ADVISORY.value, _l("It advises: it stands beside the ranks when people decide")),
            SelectChoice(VoteMode.DECIDING.value, _l("It decides: whoever awards somebody else has to say why")),
        ],
        validators=[InputRequired(_l("Choose one of the two."))],
    )
    category = SelectField(_l("What is voted on?"), validators=[Optional()])
    opens_on = DateField(_l("First day of the vote"), validators=[InputRequired(_l("Enter the first day."))])
    opens_time = TimeField(
        _l("Time of day"),
        id="opens-time",
        description=_l("As 09:00, in the time zone of the call."),
        validators=[InputRequired(_TIME)],
        invalid_value_message=_TIME,
    )
    closes_on = DateField(_l("Last day of the vote"), validators=[InputRequired(_l("Enter the last day."))])
    closes_time = TimeField(
        _l("Time of day"),
        id="closes-time",
        description=_l("As 23:59, in the time zone of the call. Votes that are confirmed before it count."),
        validators=[InputRequired(_TIME)],
        invalid_value_message=_TIME,
    )

    def period(self, time_zone: str) -> tuple[datetime, datetime]:
        """Return when the vote of a valid form opens and closes. Raises RuleViolations for a time that is not there."""
        opens = cast(date, self.opens_on.data), cast(time, self.opens_time.data)
        closes = cast(date, self.closes_on.data), cast(time, self.closes_time.data)
        return instant_in(time_zone, *opens, field="opens_on"), instant_in(time_zone, *closes, field="closes_on")


class VoteForm(FlaskForm):
    """Choose a finalist of each category, or of some; `vote_form` adds a field for each category."""

    email = EmailField(
        _l("Your e-mail address"),
        description=_l("We send one mail with a link. Your vote counts when you open the link and confirm."),
        validators=[DataRequired(_l("Enter your e-mail address.")), Length(max=254)],
    )

    def chosen(self) -> list[UUID]:
        """Return the finalists that were chosen."""
        return [UUID(field.data) for field in self if isinstance(field, RadioField) and field.data]


class SetAsideForm(FlaskForm):
    """Leave a group of votes out of the count."""

    pattern = HiddenField()
    reason = TextAreaField(
        _l("Why are they left out?"),
        description=_l("It stands in the record, and beside both counts."),
        validators=[Storable()],
    )


def terms_form(categories: Sequence[tuple[str, str]], **filled: object) -> TermsForm:
    """Return the form of a vote's terms with the categories of a call: (code, name)."""
    form = TermsForm(formdata=None, **filled) if filled else TermsForm()
    form.category.choices = [SelectChoice("", _l("Each category")), *(SelectChoice(*each) for each in categories)]
    return form


def vote_form(categories: Sequence[tuple[str, str, Sequence[tuple[str, str]]]], *, empty: bool = False) -> VoteForm:
    """Return the form with a field for each category: (code, name, finalists as (id, name))."""
    fields = {
        f"choice_{code}": RadioField(
            title, choices=[SelectChoice(*each) for each in finalists], validators=[Optional()]
        )
        for code, title, finalists in categories
    }
    form: VoteForm = type("VoteOfCall", (VoteForm,), fields)(**({"formdata": None} if empty else {}))
    for code, _title, _finalists in categories:
        form[f"choice_{code}"].flags.unmarked = True  # each may be left out, but not all of them
    return form
