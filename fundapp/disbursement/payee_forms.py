"""Forms of payee details. What may be written is checked by the services; forms only read what was typed."""

from collections.abc import Iterable
from datetime import UTC, datetime, time
from typing import Final

from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, InputRequired

from fundapp.core.fields import DateField, Storable
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.disbursement.payee_given import Given
from fundapp.disbursement.payee_rules import CallOutcome, Known, Route

_ALWAYS: Final = ("holder", "town", "lives_in", "currency")
"""Fields that no way of paying leaves empty; the rest of the form says which it needs."""
_CHOOSE: Final = _l("Choose one.")
ROUTES: Final = {
    Route.BANK: _l("To an account of ours"),
    Route.HOST: _l("To another organisation that holds money for us"),
    Route.AGREED: _l("Another way, as agreed with the fund"),
}
KNOWN: Final = {
    Known.APPLICATION: _l("It stands in the application, as it was sent"),
    Known.ELSEWHERE: _l("We know it from elsewhere"),
}
OUTCOMES: Final = {
    CallOutcome.CONFIRMED: _l("They confirmed it: they gave these details, and the last digits are right"),
    CallOutcome.UNREACHED: _l("Nobody was reached"),
    CallOutcome.DENIED: _l("They did not give these details. No money goes there: freeze them now"),
}


class PayeeForm(FlaskForm):
    """Say where the money of an award goes. `seen` is the number of the version that stands on the page (0: none)."""

    seen = HiddenField()
    route = RadioField(
        _l("How should the money reach you?"),
        choices=[SelectChoice(each.value, label) for each, label in ROUTES.items()],
        validators=[InputRequired(_CHOOSE)],
    )
    host = StringField(_l("Name of the organisation that holds money for you"), validators=[Storable()])
    holder = StringField(_l("Name on the account"), description=_l("As the bank writes it."), validators=[Storable()])
    latin = StringField(
        _l("The same name in Latin letters"),
        description=_l("Without accents, as banks abroad write it. Needed where the name above has other letters."),
        validators=[Storable()],
    )
    town = StringField(_l("Town of whoever gets the money"), validators=[Storable()])
    lives_in = SelectField(_l("Their country"), validate_choice=False)
    country = SelectField(_l("Country of the account"), validate_choice=False)
    currency = SelectField(_l("Currency of the account"), validate_choice=False)
    account = StringField(
        _l("IBAN, or account number"),
        description=_l("The IBAN where there is one. In Mexico the CLABE, in Nigeria the NUBAN."),
        validators=[Storable()],
    )
    code = StringField(
        _l("Code of the bank"),
        description=_l(
            "Where there is no IBAN: routing number (United States), sort code (United Kingdom), BSB (Australia), IFSC"
            " (India), or the code of the bank (Nigeria)."
        ),
        validators=[Storable()],
    )
    bic = StringField(_l("BIC or SWIFT code"), description=_l("If you know it."), validators=[Storable()])
    bank = StringField(
        _l("Name of the bank and its branch"),
        description=_l("Needed where there is neither an IBAN nor a code."),
        validators=[Storable()],
    )
    agreed = TextAreaField(
        _l("What was agreed"), description=_l("The way, with whom, and when it was agreed."), validators=[Storable()]
    )
    note = TextAreaField(_l("Anything else we should know"), validators=[Storable()])

    def given(self) -> Given:
        """Return what was typed."""
        names = set(Given.__annotations__) - {"route"}
        texts = {field.name: field.data or "" for field in self if field.name in names}
        return Given(route=Route(self.route.data), **texts)


class CallForm(FlaskForm):
    """Record a call-back about a version of payee details."""

    seen = HiddenField()
    known = RadioField(
        _l("Where is the number from?"),
        choices=[SelectChoice(each.value, label) for each, label in KNOWN.items()],
        validators=[InputRequired(_CHOOSE)],
    )
    known_since = DateField(
        _l("Since when do we know it?"),
        description=_l("Only where it is from elsewhere. It must be before these details were typed in."),
    )
    phone = StringField(
        _l("The number that you called"),
        validators=[DataRequired(_l("Write the number that you called.")), Storable()],
    )
    outcome = RadioField(
        _l("What came of it?"),
        choices=[SelectChoice(each.value, label) for each, label in OUTCOMES.items()],
        validators=[InputRequired(_CHOOSE)],
    )
    note = TextAreaField(_l("Whom did you speak to, and what was said?"), validators=[Storable()])

    @property
    def since(self) -> datetime | None:
        """Return the end of the day that was typed: the number counts as known from then on."""
        day = self.known_since.data
        return None if day is None else datetime.combine(day, time.max, UTC)


class SeenForm(FlaskForm):
    """Do something about the version of payee details that stands on the page."""

    seen = HiddenField()


class FreezeForm(FlaskForm):
    """Freeze payee details."""

    reason = TextAreaField(_l("Why?"), validators=[DataRequired(_l("Write the reason.")), Storable()])


def payee_form(
    *, countries: Iterable[tuple[str, str]], currencies: Iterable[tuple[str, str]], seen: int, is_new: bool
) -> PayeeForm:
    """Return the form with its choices; `is_new`: an empty one. Nothing that is stored is ever filled in."""
    form = PayeeForm(formdata=None) if is_new else PayeeForm()
    for field in form:
        field.flags.required = field.flags.required or field.name in _ALWAYS
        field.flags.unmarked = True
    for field, choices in ((form.country, countries), (form.lives_in, countries), (form.currency, currencies)):
        field.choices = [SelectChoice("", _l("Choose one")), *(SelectChoice(*each) for each in choices)]
    if is_new:
        form.seen.data = str(seen)
    return form
