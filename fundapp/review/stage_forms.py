"""Forms of the stages of a review. What they may say is checked by stage_rules and services.stages."""

from collections.abc import Sequence
from typing import Final

from flask_wtf import FlaskForm
from wtforms import IntegerField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import NumberRange, Optional

from fundapp.core.fields import CheckboxesField, Storable
from fundapp.core.i18n import lazy_gettext as _l

MOST_PLACES: Final = 10_000
DEFAULT_PLACES: Final = 10


class PlacesForm(FlaskForm):
    """Say how many of each category go on; `places_form` adds the fields."""


class MoveForm(FlaskForm):
    """Take the ticked entries to the next stage; each has its box in the table."""

    entries = CheckboxesField(_l("Entries that go on"))
    reason = TextAreaField(
        _l("Reason"),
        description=_l("Needed where the choice is not what the scores propose. Name nobody in it."),
        validators=[Storable()],
    )


class SeatsForm(FlaskForm):
    """Choose who reads in a stage."""

    reviewers = CheckboxesField(
        _l("Who reads in this stage?"),
        description=_l("If nobody is ticked, everybody on the panel reads in it. What was given stays."),
    )


def places_form(pools: Sequence[tuple[str, str]], **options: object) -> PlacesForm:
    """Return the form with a number for each category: (name of the field, name of the category)."""
    fields = {
        name: IntegerField(title, default=DEFAULT_PLACES, validators=[Optional(), NumberRange(0, MOST_PLACES)])
        for name, title in pools
    }
    form: PlacesForm = type("PlacesFormOfStage", (PlacesForm,), fields)(**options)
    return form


def move_form(entries: Sequence[str], chosen: Sequence[str]) -> MoveForm:
    """Return the form with a box for each entry; at first those that are `chosen` are ticked."""
    form = MoveForm(data={"entries": list(chosen)})
    form.entries.choices = [SelectChoice(each, each) for each in entries]
    return form


def seats_form(reviewers: Sequence[tuple[str, str]], chosen: Sequence[str]) -> SeatsForm:
    """Return the form with a box for each reviewer: (id, name)."""
    form = SeatsForm(data={"reviewers": list(chosen)})
    form.reviewers.choices = [SelectChoice(value, name) for value, name in reviewers]
    return form
