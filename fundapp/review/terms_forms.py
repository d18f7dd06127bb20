"""The form of what is fixed before a selection. What it may say is checked by terms_rules and services.terms."""

from collections.abc import Mapping, Sequence
from typing import Any

from wtforms import BooleanField, HiddenField, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import NumberRange, Optional

from fundapp.core.fields import CheckboxesField, Storable
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.review.forms import VersionedForm
from fundapp.review.slate import Measure
from fundapp.review.terms_rules import MAX_BAND, MOST_PLACES, MOST_REVIEWS, Lots, PotTerms, Ranking, WantedTerms


class TermsForm(VersionedForm):
    """Fix what a selection is bound by; `terms_form` adds the fields of its rules and pots."""

    rule_rows = HiddenField(default="0")
    pot_rows = HiddenField(default="0")
    ranking = RadioField(
        _l("Which score puts applications in order?"),
        choices=[
            SelectChoice(Ranking.ADJUSTED.value, _l("The adjusted score")),
            SelectChoice(Ranking.MEAN.value, _l("The plain mean")),
        ],
    )
    least_reviews = IntegerField(
        _l("Reviews that an entry needs to be ranked"),
        description=_l("An entry with fewer has no rank: people decide about it, with a reason."),
        validators=[Optional(), NumberRange(1, MOST_REVIEWS)],
    )
    coverage_percent = IntegerField(
        _l("Share of the entries that must have all their reviews before the list is sent, in a hundred"),
        description=_l("0: the list can be sent whatever is missing."),
        validators=[Optional(), NumberRange(0, 100)],
    )
    places = IntegerField(
        _l("Most awards"),
        description=_l("Left empty: as many as the money reaches."),
        validators=[Optional(), NumberRange(1, MOST_PLACES)],
    )
    floor = StringField(
        _l("Lowest score that is proposed"),
        description=_l("On the scale of the marks. Left empty: none."),
        validators=[Storable()],
    )
    two_ratifiers_from = StringField(
        _l("Two people must ratify an award from"),
        description=_l("Left empty: one person ratifies the list, whatever its amounts."),
        validators=[Storable()],
    )
    chairs_vote = BooleanField(_l("The chairs of the panel vote on what is proposed"))
    draw = RadioField(
        _l("Do lots decide at the line?"),
        choices=[
            SelectChoice(Lots.NONE.value, _l("No, people decide")),
            SelectChoice(Lots.EQUALS.value, _l("Yes, among those with the same score at the line")),
            SelectChoice(Lots.BAND.value, _l("Yes, among so many entries on each side of the line:")),
        ],
        description=_l("Lots can be chosen only before anybody sees scores."),
    )
    draw_band = IntegerField(_l("Entries on each side of the line"), validators=[Optional(), NumberRange(1, MAX_BAND)])
    rules_published = BooleanField(
        _l("Everybody may read these rules"),
        description=_l(
            "The page of the call then tells them, and for whom some of the money is. What a pot is called and what is"
            " in it stands there in no case."
        ),
    )
    pots = HiddenField()
    reason = TextAreaField(
        _l("Reason"),
        description=_l("You can see scores or decisions already, so whoever reads the list will also read why."),
        validators=[Storable()],
    )


def rule_fields(number: int, groups: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Return the fields of one rule; `groups` are (group, words)."""
    place = f"rule-{number}"
    return {
        f"{place}-code": HiddenField(),
        f"{place}-group": SelectField(
            _l("Group"), choices=[SelectChoice("", _l("Choose one")), *(SelectChoice(*each) for each in groups)]
        ),
        f"{place}-measure": SelectField(
            _l("What is counted"),
            choices=[
                SelectChoice(Measure.AWARDS.value, _l("Awards")),
                SelectChoice(Measure.MONEY.value, _l("Money")),
            ],
        ),
        f"{place}-least": StringField(_l("At least"), validators=[Storable()]),
        f"{place}-most": StringField(_l("At most"), validators=[Storable()]),
        f"{place}-gone": BooleanField(_l("Take this rule away")),
    }


def pot_fields(number: int, groups: Sequence[tuple[str, str]], languages: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Return the fields of one pot; `languages` are (code, name)."""
    place = f"pot-{number}"
    titles: dict[str, Any] = {
        f"{place}-title-{code}": StringField(_l("Name (%(language)s)", language=name), validators=[Storable()])
        for code, name in languages
    }
    return {
        f"{place}-code": HiddenField(),
        **titles,
        f"{place}-money": StringField(_l("Money in it"), validators=[Storable()]),
        f"{place}-groups": CheckboxesField(
            _l("What it may pay for"),
            choices=[SelectChoice(*each) for each in groups],
            description=_l("Nothing ticked: everything."),
        ),
        f"{place}-gone": BooleanField(_l("Take this pot away")),
    }


def terms_form(
    *,
    rules: int,
    pots: int,
    groups: Sequence[tuple[str, str]],
    languages: Sequence[tuple[str, str]],
    data: Mapping[str, Any] | None = None,
) -> TermsForm:
    """Return the form with fields for so many rules and pots; `data` fills a page that nobody sent."""
    fields: dict[str, Any] = {}
    for number in range(rules):
        fields |= rule_fields(number, groups)
    for number in range(pots):
        fields |= pot_fields(number, groups, languages)
    kind = type("TermsFormOfCall", (TermsForm,), fields)
    form: TermsForm = kind(formdata=None, data=data) if data is not None else kind()
    form.rule_rows.data, form.pot_rows.data = str(rules), str(pots)
    for field in form:
        field.flags.unmarked = True
    return form


def rows_sent(typed: str | None, most: int) -> int:
    """Return how many rows a page had, as it says itself; nothing that a page of ours would not say."""
    return min(int(typed), most) if typed and typed.isascii() and typed.isdigit() and len(typed) < 4 else 0


def form_data(wanted: WantedTerms, *, version: int, money: Any, number: Any) -> dict[str, Any]:
    """Return what stands in the fields for terms that are kept; `money` and `number` write amounts and numbers."""
    data: dict[str, Any] = {
        "version": str(version),
        "ranking": wanted.ranking.value,
        "least_reviews": wanted.least_reviews,
        "coverage_percent": wanted.coverage_percent,
        "places": wanted.places,
        "floor": "" if wanted.floor is None else number(wanted.floor),
        "two_ratifiers_from": "" if wanted.two_ratifiers_from_minor is None else money(wanted.two_ratifiers_from_minor),
        "chairs_vote": wanted.chairs_vote,
        "draw": Lots.of(wanted.draw_band).value,
        "draw_band": wanted.draw_band or None,
        "rules_published": wanted.rules_published,
    }
    for place, rule in enumerate(wanted.rules):
        write = money if rule.measure is Measure.MONEY else str
        data |= {
            f"rule-{place}-code": rule.code,
            f"rule-{place}-group": rule.group,
            f"rule-{place}-measure": rule.measure.value,
            f"rule-{place}-least": write(rule.least) if rule.least else "",
            f"rule-{place}-most": "" if rule.most is None else write(rule.most),
        }
    for place, pot in enumerate(wanted.pots):
        data |= _pot_data(f"pot-{place}", pot, money)
    return data


def _pot_data(place: str, pot: PotTerms, money: Any) -> dict[str, Any]:
    titles = {f"{place}-title-{language}": text for language, text in pot.titles}
    return {
        f"{place}-code": pot.code,
        **titles,
        f"{place}-money": money(pot.money_minor),
        f"{place}-groups": list(pot.groups),
    }
