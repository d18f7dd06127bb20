"""Forms of the votes of chairs. What a vote may say is checked by voting_rules."""

from collections.abc import Iterable
from uuid import UUID

from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Optional

from fundapp.core.errors import Problem
from fundapp.core.fields import Storable
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.review.services.voting import Ballot, field_of
from fundapp.review.voting_rules import Proposal, VoteChoice


class VoteForm(FlaskForm):
    """Vote on one row; several of them stand in one form, each with its own prefix, and share its token."""

    class Meta:
        """The guard of the site reads the token once for all rows."""

        csrf = False

    choice = RadioField(
        _l("Your vote"),
        choices=[
            SelectChoice(VoteChoice.FOR.value, _l("In favour")),
            SelectChoice(VoteChoice.AGAINST.value, _l("Against")),
            SelectChoice(VoteChoice.ABSTAIN.value, _l("I abstain")),
        ],
        validators=[Optional()],
    )
    reason = TextAreaField(
        _l("Reason"),
        description=_l("Needed for a vote against. Those who decide and those who ratify read it with your name."),
        validators=[Storable()],
    )
    about = HiddenField()

    @property
    def is_empty(self) -> bool:
        """Say whether nothing was voted or written here."""
        return not self.choice.data and not (self.reason.data or "").strip()

    def ballot(self, entry_id: UUID) -> Ballot | None:
        """Return what was voted; None where the form says nothing or nothing that can be kept, with the errors set."""
        if not self.validate():
            return None
        if not self.choice.data:
            self.choice.errors = [_l("Choose how you vote.")]
            return None
        about = Proposal.parse(self.about.data or "")
        return Ballot(entry_id, about, VoteChoice(self.choice.data), self.reason.data or "")

    def take(self, problems: Iterable[Problem]) -> None:
        """Put each problem of this row beside its field."""
        for field in self:
            field.errors = [*field.errors, *(each.message for each in problems if each.field == field.name)]


class KeepUnapprovedForm(FlaskForm):
    """Keep an award on the list although the chairs have not approved it."""

    reason = TextAreaField(
        _l("Why does this award stay on the list?"),
        description=_l("Those who ratify read it, and the auditor. It holds for this amount only."),
        validators=[DataRequired(_l("Give a reason.")), Storable()],
    )
    about = HiddenField()


def vote_form(entry_id: UUID, proposal: Proposal, *, choice: str | None = None, reason: str = "") -> VoteForm:
    """Return the form of a row as a page begins with it, with a vote that was given before."""
    prefix = field_of(entry_id, "")
    return _unmarked(VoteForm(formdata=None, prefix=prefix, choice=choice, reason=reason, about=str(proposal)))


def sent_vote_form(entry_id: UUID) -> VoteForm:
    """Return the form of a row as it was sent."""
    return _unmarked(VoteForm(prefix=field_of(entry_id, "")))


def _unmarked(form: VoteForm) -> VoteForm:
    """Call neither field optional: rows may be left out, and a vote against needs its reason."""
    form.choice.flags.unmarked = form.reason.flags.unmarked = True
    return form
