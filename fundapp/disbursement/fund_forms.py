"""Forms of funds. Rules are checked by the services; forms only read what was typed."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, InputRequired

from fundapp.core.fields import Storable
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.disbursement.fund_rules import MovementKind

NEW_FUNDER: Final = ""
MORE: Final = "more"
LESS: Final = "less"


class FundForm(FlaskForm):
    """Enter a fund, or change it. `fund_form` gives it its choices, and takes away what stays as it is."""

    edition = HiddenField(default="0")
    name = StringField(_l("Name of the fund"), validators=[DataRequired(_l("Write a name.")), Storable()])
    funder = SelectField(_l("Whose money is it?"), validate_choice=False)
    funder_name = StringField(_l("Name of the funder"), validators=[Storable()])
    funder_reference = StringField(
        _l("The funder's own reference"), description=_l("As their agreement calls it."), validators=[Storable()]
    )
    funder_is_named = BooleanField(_l("The public may read who the funder is"))
    currency = StringField(_l("Currency"), description=_l("Its code: that of the call."), validators=[Storable()])
    for_programme = BooleanField(_l("The money is behind every call of this programme"))
    is_restricted = BooleanField(_l("The money may be used for some purposes only"))
    restriction = TextAreaField(_l("What may it be used for?"), validators=[Storable()])
    pot = SelectField(
        _l("Pot of the terms that says the same"),
        description=_l("Without one, no award can be paid from restricted money."),
        validate_choice=False,
    )


class MovementForm(FlaskForm):
    """Write that a funder promised or sent money."""

    kind = RadioField(
        _l("What happened?"),
        choices=[
            SelectChoice(MovementKind.PROMISED.value, _l("The funder promised money")),
            SelectChoice(MovementKind.RECEIVED.value, _l("Money came in from the funder")),
        ],
        validators=[InputRequired(_l("Choose one."))],
    )
    direction = RadioField(
        _l("Is it more or less than before?"),
        choices=[
            SelectChoice(MORE, _l("More: add this amount")),
            SelectChoice(LESS, _l("Less: take this amount off again")),
        ],
        default=MORE,
        validators=[InputRequired(_l("Choose one."))],
    )
    amount = StringField(_l("Amount"), validators=[DataRequired(_l("Write an amount above zero.")), Storable()])
    reason = TextAreaField(
        _l("Reason"),
        description=_l("Needed when you take something off. It stays in the ledger for good: name nobody here."),
        validators=[Storable()],
    )


class KeepForm(FlaskForm):
    """Keep the proposal that was shown."""

    seen = HiddenField()


class AwardFundsForm(FlaskForm):
    """Say how much each fund gives to one award; `award_funds_form` adds a field for each fund."""

    seen = HiddenField()
    reason = TextAreaField(
        _l("Reason"),
        description=_l("Needed when a fund gives less than before. It stays in the ledger for good: name nobody here."),
        validators=[Storable()],
    )


def fund_form(
    *,
    funders: Sequence[tuple[str, str]],
    pots: Sequence[tuple[str, str]],
    is_new: bool,
    whole_programme: bool,
    data: Mapping[str, Any] | None = None,
) -> FundForm:
    """Return the form; `funders` and `pots` are (value, words), `whole_programme` whether that can be chosen."""
    form = FundForm(formdata=None, data=data) if data is not None else FundForm()
    form.funder.choices = [SelectChoice(NEW_FUNDER, _l("A new funder")), *(SelectChoice(*each) for each in funders)]
    form.pot.choices = [SelectChoice("", _l("None")), *(SelectChoice(*each) for each in pots)]
    if not is_new:
        del form.funder, form.currency
    if not is_new or not whole_programme:
        del form.for_programme
    for name in ("currency", "funder_is_named", "for_programme", "is_restricted", "pot", "funder"):
        if name in form:
            form[name].flags.unmarked = True
    return form


def award_funds_form(funds: Sequence[tuple[str, str, str]], *, data: Mapping[str, Any] | None = None) -> AwardFundsForm:
    """Return the form with a field for each fund: (id, name, hint)."""
    fields = {field_of(key): StringField(name, description=hint, validators=[Storable()]) for key, name, hint in funds}
    kind = type("AwardFundsFormOfCall", (AwardFundsForm,), fields)
    form: AwardFundsForm = kind(formdata=None, data=data) if data is not None else kind()
    for key in fields:
        form[key].flags.unmarked = True
    return form


def field_of(fund_id: str) -> str:
    """Return the name of the field of a fund."""
    return f"fund-{fund_id}"
