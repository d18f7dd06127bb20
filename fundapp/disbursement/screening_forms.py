"""Forms of screening. Rules are checked by the services; forms only read what was typed."""

from collections.abc import Sequence
from typing import Any, Final

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import RadioField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, InputRequired

from fundapp.core.fields import CheckboxesField, DateField, Storable
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.disbursement.screening_rules import Outcome, Source
from fundapp.disbursement.services.screening import HandedIn, Picked

SOURCES: Final = {
    Source.OFAC: _l("United States: OFAC, Specially Designated Nationals"),
    Source.UN: _l("United Nations: Security Council, consolidated list"),
}
OUTCOMES: Final = {
    Outcome.OTHER: _l("Somebody else, who only has a name like it"),
    Outcome.SAME: _l("The same as on the list"),
}
_CHOOSE: Final = _l("Choose one.")


class SanctionListForm(FlaskForm):
    """Hand in a list."""

    source = RadioField(
        _l("Whose list is it?"),
        choices=[SelectChoice(each.value, label) for each, label in SOURCES.items()],
        validators=[InputRequired(_CHOOSE)],
    )
    file = FileField(_l("The list"), description=_l("From OFAC sdn.csv, from the United Nations the XML file."))
    alt = FileField(_l("Other names"), description=_l("From OFAC alt.csv of the same day, if you have it."))
    listed_on = DateField(
        _l("The day the list is of"),
        description=_l("For OFAC only: its files do not say. For example, 27 3 2020"),
    )

    def given(self) -> HandedIn:
        """Return what was handed in."""
        return HandedIn(
            Source(self.source.data),
            self.file.data.read() if self.file.data else b"",
            self.alt.data.read() if self.alt.data else b"",
            self.listed_on.data,
        )


class DecideForm(FlaskForm):
    """Say as the first of two people what finds are. `picked` are numbers with the versions that were read."""

    picked = CheckboxesField(_l("Which names do you decide about?"), validate_choice=False)
    outcome = RadioField(
        _l("Who is it?"),
        choices=[SelectChoice(each.value, label) for each, label in OUTCOMES.items()],
        validators=[InputRequired(_CHOOSE)],
    )
    reason = TextAreaField(
        _l("How do you know?"),
        description=_l("For example: another country, another year of birth, another line of work."),
        validators=[DataRequired(_l("Write the reason.")), Storable()],
    )


class ConfirmForm(FlaskForm):
    """Say as the second of two people that what was decided is right."""

    decided = CheckboxesField(
        _l("Which decisions do you confirm?"),
        validate_choice=False,
        validators=[InputRequired(_l("Choose at least one name."))],
    )


class ReopenForm(FlaskForm):
    """Ask two people anew."""

    again = CheckboxesField(
        _l("About which names shall two people decide anew?"),
        validate_choice=False,
        validators=[InputRequired(_l("Choose at least one name."))],
    )


Choices = Sequence[tuple[str, str]]
"""Values of boxes to tick, with their words."""


def with_choices(field: Any, choices: Choices) -> None:
    """Give a field its boxes."""
    field.choices = [SelectChoice(*each) for each in choices]


def picked_in(values: Sequence[str] | None) -> list[Picked]:
    """Return the finds that were ticked; what no page sends names nothing that there is."""
    picked = []
    for value in values or ():
        number, _, version = value.partition("-")
        picked.append(Picked(_number(number), _number(version)))
    return picked


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
