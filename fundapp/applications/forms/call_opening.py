"""Forms that announce a call, move its deadline and close it early."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any, cast

from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from fundapp.applications.forms.call_values import Needed, a_time_of_day
from fundapp.applications.models import Call
from fundapp.core.fields import DateField, Storable
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import language_name
from fundapp.core.i18n import lazy_gettext as _l


class ReasonsForm(FlaskForm):
    """Move a deadline: a reason in each language of the call, and whom to tell; `reasons_form` adds the fields."""

    tells_senders = BooleanField(
        _l("Tell those who have sent their application, too"),
        description=_l("Those with a draft are told by mail in any case. The mail says only that there is news."),
    )

    def reasons(self) -> dict[str, str]:
        """Return the reasons that were given, by language."""
        given = {field.name.removeprefix("reason_"): field.data for field in self if field.name.startswith("reason_")}
        return {language: text for language, text in given.items() if text}


class ExtendForm(ReasonsForm):
    """Move a deadline later."""

    closes_on = DateField(_l("New last day"), validators=[InputRequired(_l("Enter the new last day."))])
    closes_time = StringField(
        _l("Time of day"),
        description=_l("As 23:59, in the time zone of the call. Applications are taken until just before it."),
        validators=[InputRequired(_l("Enter a time of day, such as 23:59.")), a_time_of_day],
    )

    def local(self) -> datetime:
        """Return the new deadline of a valid form, on the wall clocks of the call."""
        return datetime.combine(cast(date, self.closes_on.data), time.fromisoformat(self.closes_time.data or ""))


class CloseForm(ReasonsForm):
    """Close a call early."""

    NOW = "now"

    when = RadioField(
        _l("When does it close?"),
        choices=[SelectChoice(NOW, _l("At once")), SelectChoice("later", _l("On the day below"))],
        validators=[InputRequired(_l("Choose one."))],
    )
    closes_on = DateField(_l("Last day"))
    closes_time = StringField(
        _l("Time of day"),
        description=_l("As 23:59, in the time zone of the call. Applications are taken until just before it."),
        validators=[Optional(), a_time_of_day],
    )

    def local(self) -> datetime | None:
        """Return when a valid form closes the call, on its wall clocks; None for at once, or without day and time."""
        if self.when.data == self.NOW or self.closes_on.data is None or not self.closes_time.data:
            return None
        return datetime.combine(self.closes_on.data, time.fromisoformat(self.closes_time.data))

    def validate(self, extra_validators: Mapping[str, Sequence[Any]] | None = None) -> bool:
        """Ask for day and time where the call does not close at once."""
        valid = bool(super().validate(extra_validators))
        if valid and self.when.data != self.NOW and self.local() is None:
            self.closes_on.errors = [_("Enter the last day and a time of day.")]
            return False
        return valid


class AnnounceForm(FlaskForm):
    """Announce a call."""

    NOW = "now"

    when = RadioField(
        _l("From when does it take applications?"),
        choices=[SelectChoice("planned", _l("From its first day")), SelectChoice(NOW, _l("From this moment on"))],
        default="planned",
        validators=[InputRequired(_l("Choose one."))],
    )


def reasons_form(kind: type[Any], call: Call) -> Any:
    """Return a form that moves a deadline, with a reason in each language of the call."""
    reasons = {
        f"reason_{language}": TextAreaField(
            _("Reason that everybody reads, in %(language)s", language=language_name(language)),
            validators=[
                Needed(),
                Length(max=1000, message=_l("Use at most 1,000 characters.")),
                Storable(),
            ],
            render_kw={"lang": language},
        )
        for language in call.languages
    }
    return type(f"{kind.__name__}OfCall", (kind,), reasons)()
