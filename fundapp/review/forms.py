"""Forms of the review room. Rules are checked by the services; forms only read what was typed."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import EmailField, HiddenField, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Length, Optional

from fundapp.applications.models import Criterion
from fundapp.core.fields import CheckboxesField, Storable
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.review.invitations import DEFAULT_MAX_ENTRIES
from fundapp.review.models import Outcome
from fundapp.review.rules import Answer, Unjudged

MAX_LISTING_CHARACTERS: Final = 200_000


class WithdrawForm(FlaskForm):
    """Take an application back."""

    reason = TextAreaField(
        _l("Why do you withdraw it?"),
        description=_l("Only if you want to say so. It helps us to learn."),
        validators=[Storable()],
    )


class InvitationForm(FlaskForm):
    """Invite one reviewer; the rules of invitations say what is missing, all of it at once."""

    name = StringField(_l("Name"), validators=[Storable()])
    email = EmailField(_l("E-mail address"), validators=[DataRequired(_l("Enter an e-mail address.")), Length(max=254)])
    organisation = StringField(
        _l("Organisation"),
        description=_l("They will never be given an application of this organisation."),
        validators=[Storable()],
    )
    language = SelectField(
        _l("Language in which we write to them"), validators=[DataRequired(_l("Choose a language."))]
    )
    languages = CheckboxesField(_l("Other languages they read"))
    max_entries = IntegerField(
        _l("How many entries they take at most"),
        default=DEFAULT_MAX_ENTRIES,
        validators=[Optional()],
    )


class InvitationListForm(FlaskForm):
    """Invite many reviewers at once."""

    listing = TextAreaField(
        _l("Paste a list"), validators=[Length(max=MAX_LISTING_CHARACTERS), Storable(as_typed=True)]
    )
    file = FileField(_l("Or choose a file"), description=_l("CSV or XLSX, with the same columns."))


class PlanForm(FlaskForm):
    """Apply the plan that is shown."""

    fingerprint = HiddenField()


class ConflictForm(FlaskForm):
    """Declare a conflict of interest, or none."""

    NONE: Final = "none"
    CONFLICT: Final = "conflict"

    answer = RadioField(
        _l("Do you have a conflict of interest with this application?"),
        choices=[
            SelectChoice(NONE, _l("No, I have no conflict of interest")),
            SelectChoice(CONFLICT, _l("Yes, I have a conflict of interest, or I am not sure")),
        ],
        validators=[DataRequired(_l("Choose one of the two."))],
    )
    reason = TextAreaField(
        _l("What is the conflict?"),
        description=_l("A few words are enough. Only those who run the call read them."),
        validators=[Storable()],
    )


class DecisionForm(FlaskForm):
    """Decide on an entry."""

    outcome = RadioField(
        _l("Decision"),
        choices=[
            SelectChoice(Outcome.AWARD.value, _l("Award")),
            SelectChoice(Outcome.DECLINE.value, _l("Decline")),
        ],
        validators=[DataRequired(_l("Choose one of the two."))],
    )
    amount = StringField(_l("Amount of the award"), validators=[Optional()])
    reason = TextAreaField(
        _l("Reason"),
        description=_l("Needed where the choice goes against rank, or where nobody reviewed the entry."),
        validators=[Storable()],
    )
    version = HiddenField(default="0")


class SendBackForm(FlaskForm):
    """Send the list of decisions back."""

    reason = TextAreaField(
        _l("Why do you send it back?"), validators=[DataRequired(_l("Say what should be looked at again.")), Storable()]
    )


class ReviewForm(FlaskForm):
    """The answers of one review; `review_form` adds a field for each criterion."""

    comment = TextAreaField(
        _l("Comment"),
        description=_l(
            "What is strong, what is weak, what should be asked?"
            " It may be passed on to the applicant without your name."
        ),
        validators=[Storable()],
    )
    version = HiddenField(default="0")


def field_name(criterion: Criterion) -> str:
    """Return the name of a criterion's field: by position, so that no text of a call gets into markup."""
    return f"criterion_{criterion.position}"


def review_form(criteria: Sequence[Criterion], labels: Mapping[str, str], **values: Any) -> ReviewForm:
    """Return the form of a review over these criteria, with their labels by code; `values` stand in it at first."""
    fields = {
        field_name(criterion): RadioField(
            labels[criterion.code],
            choices=[
                *(SelectChoice(str(step), str(step)) for step in range(criterion.minimum, criterion.maximum + 1)),
                SelectChoice(Unjudged.CANNOT_JUDGE.value, _l("I cannot judge this")),
            ],
            validators=[Optional()],
        )
        for criterion in criteria
    }
    form = type("ReviewFormOfCall", (ReviewForm,), fields)(data=values)
    for name in fields:
        form[name].flags.required = True  # to submit; saving a draft never asks for it
    return form  # type: ignore[no-any-return]


def answers_in(form: ReviewForm, criteria: Sequence[Criterion]) -> dict[str, Answer]:
    """Return the answers chosen in a form, by the codes of criteria."""
    return {
        criterion.code: Unjudged.CANNOT_JUDGE if chosen == Unjudged.CANNOT_JUDGE.value else int(chosen)
        for criterion in criteria
        if (chosen := form[field_name(criterion)].data)
    }


def version_in(form: DecisionForm | ReviewForm) -> int:
    """Return the version of what the page showed; a tampered one is none that exists."""
    text = form.version.data or "0"
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
