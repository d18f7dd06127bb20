"""Forms of instalments and payments. Rules are checked by the services; forms only read what was typed."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, InputRequired

from fundapp.core.fields import CheckboxesField, DateField, Storable
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.disbursement.payment_rules import MOST_INSTALMENTS, Payer

FEWEST_ROWS: Final = 4
ROOM_FOR_MORE: Final = 2


class PlanForm(FlaskForm):
    """Plan instalments; `plan_form` adds three fields for each. `seen` is the hash of the plan on the page."""

    seen = HiddenField()


class StepForm(FlaskForm):
    """Do something about one instalment: which, as it stood on the page, and what."""

    instalment = HiddenField()
    version = HiddenField()
    step = HiddenField()


class PaymentForm(FlaskForm):
    """Say what became of one payment; `reason` where it came back."""

    payment = HiddenField()
    step = HiddenField()
    reason = TextAreaField(_l("Why did it come back?"), description=_l("What the bank says."), validators=[Storable()])


class FileForm(FlaskForm):
    """Do something about a payment file."""

    format = HiddenField()


class PrepareForm(FlaskForm):
    """Prepare a payment file."""

    instalments = CheckboxesField(_l("What is to be paid?"), validate_choice=False)
    execution_on = DateField(
        _l("When shall the bank pay?"), validators=[InputRequired(_l("Write the day on which the bank shall pay."))]
    )
    name = StringField(
        _l("Name on the account that pays"),
        description=_l("In Latin letters without accents, as the bank writes it."),
        validators=[DataRequired(_l("Write the name on the account.")), Storable()],
    )
    account = StringField(
        _l("IBAN or account number that pays"),
        validators=[DataRequired(_l("Write the account number or the IBAN.")), Storable()],
    )
    bic = StringField(_l("BIC or SWIFT code"), description=_l("Needed without an IBAN."), validators=[Storable()])
    country = SelectField(_l("Country of the account"), validate_choice=False)

    def payer(self) -> Payer:
        """Return whose account pays, as it was typed."""
        texts = (self.name.data, self.account.data, self.bic.data, self.country.data)
        name, account, bic, country = (text or "" for text in texts)
        return Payer(name, account, bic, country)


def plan_form(number: int, *, data: Mapping[str, Any] | None = None) -> PlanForm:
    """Return the form with fields for so many instalments, filled in from `data` where that is given."""
    fields: dict[str, Any] = {}
    for place in range(number):
        fields[f"amount-{place}"] = StringField(_l("Amount"), validators=[Storable()])
        fields[f"waits-{place}"] = StringField(_l("What it waits for"), validators=[Storable()])
        fields[f"due-{place}"] = DateField(_l("When it is due"))
    kind = type("PlanFormOfAward", (PlanForm,), fields)
    form: PlanForm = kind(formdata=None, data=data) if data is not None else kind()
    for name in fields:
        form[name].flags.unmarked = True
    return form


def rows_of(typed: Iterable[str]) -> int:
    """Return how many instalments a form was sent with, by the names of its fields."""
    return min(MOST_INSTALMENTS, sum(name.startswith("amount-") for name in typed))


def rows_for(planned: int) -> int:
    """Return how many instalments a form has room for."""
    return min(MOST_INSTALMENTS, max(FEWEST_ROWS, planned + ROOM_FOR_MORE))


def prepare_form(
    *,
    ready: Sequence[tuple[str, str]],
    countries: Iterable[tuple[str, str]],
    data: Mapping[str, Any] | None = None,
) -> PrepareForm:
    """Return the form with the instalments that can be paid, as (id, words), filled in from `data` where given."""
    form = PrepareForm(formdata=None, data=data) if data is not None else PrepareForm()
    form.instalments.choices = [SelectChoice(*each) for each in ready]
    form.country.choices = [SelectChoice("", _l("Choose one")), *(SelectChoice(*each) for each in countries)]
    form.instalments.flags.required = form.country.flags.required = True
    return form
