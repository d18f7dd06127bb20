"""What proposals are made from: the leading rank, merit, amounts, groups and pots of a call's entries."""

from dataclasses import replace
from typing import Any

from sqlalchemy import update

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role
from fundapp.applications.form_engine.definition import Choice, FormDefinition, Kind, Question
from fundapp.applications.form_engine.definition import Role as FormRole
from fundapp.applications.models import Application, Call, ConflictOfInterest, ConflictSource, Entry, Submission
from fundapp.core.db import db
from fundapp.core.web import FundApp
from fundapp.review.models import Outcome, SlateStatus
from fundapp.review.queries.asks import REST, asks_of, choice_labels, group_counts, groups_of, terms_of
from fundapp.review.queries.selection import Selection, selection
from fundapp.review.slate import Ask, Measure, Rule, propose
from fundapp.review.terms_rules import PotTerms, Ranking, WantedTerms
from tests.conftest import actor_of, counted_statements
from tests.factories import (
    FORM,
    NOW,
    make_application,
    make_call,
    make_decision,
    make_organisation,
    make_protected,
    make_review,
    make_reviewer,
    make_slate,
    make_staff,
    make_terms,
)

THEME = Question(
    name="theme",
    kind=Kind.SELECT_MULTIPLE,
    label={"en": "Theme"},
    choices=(Choice("land", {"en": "Land", "fr": "Terre"}), Choice("water", {"en": "Water"})),
    role=FormRole.THEME,
)
THEMED: FormDefinition = replace(FORM, questions=(*FORM.questions, THEME))


def found(call: Call, person: Person | None = None) -> Selection:
    return selection(actor=actor_of(person or make_staff(Role.MANAGER)), call=call)


def add(call: Call, marks: list[int], **values: Any) -> Entry:
    entry = make_application(call, **values).entries[0]
    for mark in marks:
        make_review(entry, make_reviewer(call), [mark, mark])
    return entry


def groups(call: Call, entry: Entry, person: Person | None = None) -> set[str]:
    return set(groups_of(found(call, person))[entry.id])


def test_groups_come_from_what_was_sent_as_the_form_gives_it_meaning(app: FundApp) -> None:
    call = make_call(form=THEMED, categories=1)
    entry = add(call, [3], language="fr", answers={"theme": ["land", "water", "fire"], "region": "south"})
    assert groups(call, entry) == {
        "category:cat1",
        "first_time:yes",
        "language:fr",
        "region:south",
        "theme:land",
        "theme:water",
    }
    entry.application.answers = {**entry.application.answers, "theme": ["water"]}
    db.session.flush()
    assert "theme:land" in groups(call, entry), "the working copy is not what was sent"
    (sent,) = entry.application.submissions
    again = {"number": 2, "form_version_id": sent.form_version_id, "content_sha256": "1" * 64, "submitted_at": NOW}
    entry.application.submissions.append(Submission(**again, answers={**sent.answers, "theme": ["water"]}))
    db.session.flush()
    assert not {"theme:land"} & groups(call, entry), "what was sent last counts"


def test_a_protected_application_is_in_no_group_that_is_sealed_or_tells_of_its_people(app: FundApp) -> None:
    call = make_call(form=THEMED)
    open_one = add(call, [3], answers={"theme": ["land"]})
    hidden = add(call, [3], answers={"theme": ["land"]})
    make_protected(hidden.application)
    assert {"region:north", "first_time:yes"} <= groups(call, open_one)
    assert groups(call, hidden) == {"language:en", "theme:land"}


def test_first_time_is_who_was_given_nothing_by_a_released_list_of_another_call(app: FundApp) -> None:
    earlier, call = make_call(), make_call()
    given, declined, unreleased, new = (make_organisation() for _each in range(4))
    slate = make_slate(earlier, SlateStatus.RELEASED)
    make_decision(slate, add(earlier, [3], organisation=given))
    make_decision(slate, add(earlier, [3], organisation=declined), outcome=Outcome.DECLINE)
    other = make_call()
    make_decision(make_slate(other), add(other, [3], organisation=unreleased))
    here = {each.id: add(call, [3], organisation=each) for each in (given, declined, unreleased, new)}
    first = {each.id for each in (declined, unreleased, new)}
    assert {key for key, entry in here.items() if "first_time:yes" in groups(call, entry)} == first


def test_an_earlier_award_that_is_hidden_from_somebody_counts_for_nothing_on_their_pages(app: FundApp) -> None:
    earlier, call, organisation = make_call(), make_call(), make_organisation()
    before = add(earlier, [3], organisation=organisation)
    make_decision(make_slate(earlier, SlateStatus.RELEASED), before)
    entry, person = add(call, [3], organisation=organisation), make_staff(Role.MANAGER)
    assert "first_time:yes" not in groups(call, entry, person)
    conflict_with(person, before.application)
    assert "first_time:yes" in groups(call, entry, person)


def test_what_a_protected_application_was_given_is_not_told(app: FundApp) -> None:
    earlier, call, organisation = make_call(), make_call(), make_organisation()
    before = add(earlier, [3], organisation=organisation)
    make_protected(before.application)
    make_decision(make_slate(earlier, SlateStatus.RELEASED), before)
    assert "first_time:yes" in groups(call, add(call, [3], organisation=organisation))


def test_asks_hold_the_leading_score_and_what_would_be_given(app: FundApp) -> None:
    call = make_call()
    best, second = add(call, [5, 4]), add(call, [3, 3], requested_minor=9_000_000)
    unread, unknown = add(call, []), add(call, [4], requested_minor=None)
    db.session.execute(update(Call).where(Call.id == call.id).values(ceiling_minor=None))
    db.session.refresh(call)
    asks = {ask.entry_id: ask for ask in asks_of(found(call))}
    assert (asks[str(best.id)].merit, asks[str(best.id)].amount_minor) == (4.5, 1_200_000)
    assert (asks[str(second.id)].merit, asks[str(second.id)].amount_minor) == (3.0, 9_000_000)
    assert asks[str(unread.id)].merit is None
    assert asks[str(unknown.id)].merit is None, "nobody says how much it would get"


def test_pots_pay_for_their_groups_and_the_rest_of_the_budget_for_all(app: FundApp) -> None:
    call = make_call(budget_minor=3_000_000)
    north, south = add(call, [5], requested_minor=1_000_000), add(call, [4], answers={"region": "south"})
    pots = (PotTerms("", (("en", "North only"),), 2_000_000, ("region:north",)),)
    make_terms(call, WantedTerms(pots=pots))
    asks = {ask.entry_id: ask for ask in asks_of(found(call))}
    assert asks[str(north.id)].pots == frozenset({"p1", REST})
    assert asks[str(south.id)].pots == frozenset({REST})
    assert [(pot.code, pot.money_minor) for pot in terms_of(call).pots] == [("p1", 2_000_000), (REST, 1_000_000)]
    proposal = propose(list(asks.values()), terms_of(call))
    assert proposal is not None
    assert proposal.awarded == {str(north.id)}, "1,200,000 for the south is more than what is left for everything"


def test_terms_bind_a_proposal(app: FundApp) -> None:
    call = make_call(budget_minor=1_200_000)
    add(call, [5])
    south = add(call, [2], answers={"region": "south"})
    make_terms(call, WantedTerms(rules=(Rule("", "region:south", Measure.AWARDS, 1),)))
    proposal = propose(asks_of(found(call)), terms_of(call))
    assert proposal is not None
    assert proposal.awarded == {str(south.id)}


def strict_and_kind(call: Call) -> dict[str, Entry]:
    """Make entries that two readers read, one of whom gives two less; "a" was read by the strict one alone."""
    strict, kind = make_reviewer(call), make_reviewer(call)
    made: dict[str, Entry] = {}
    for number in (1, 2, 3, 2):
        entry = made[f"both{len(made)}"] = add(call, [])
        make_review(entry, strict, [number, number])
        make_review(entry, kind, [number + 2, number + 2 if number < 3 else number + 1])
    made["a"], made["b"] = add(call, []), add(call, [])
    make_review(made["a"], strict, [3, 3])
    make_review(made["b"], kind, [4, 4])
    return made


def test_where_adjusted_scores_lead_they_rank_and_means_stand_beside(app: FundApp) -> None:
    call = make_call()
    made = strict_and_kind(call)
    before = {row.entry.id: row for row in found(call).ranked}
    assert (before[made["b"].id].rank or 0) < (before[made["a"].id].rank or 0)
    assert before[made["a"].id].adjusted is None, "without need the model is not made"
    make_terms(call, WantedTerms(ranking=Ranking.ADJUSTED))
    after = {row.entry.id: row for row in found(call).ranked}
    assert (after[made["a"].id].rank or 0) < (after[made["b"].id].rank or 0)
    assert after[made["a"].id].figures == before[made["a"].id].figures
    order = [ask.merit or 0 for ask in asks_of(found(call))]
    assert order == sorted(order, reverse=True)


def test_an_entry_with_too_few_reviews_has_no_rank_and_no_merit(app: FundApp) -> None:
    call = make_call()
    once, twice = add(call, [5]), add(call, [3, 3])
    make_terms(call, WantedTerms(least_reviews=2))
    rows = {row.entry.id: row for row in found(call).ranked}
    assert (rows[once.id].rank, rows[twice.id].rank) == (None, 1)
    assert {ask.entry_id: ask.merit for ask in asks_of(found(call))} == {str(once.id): None, str(twice.id): 3.0}


def test_the_groups_of_somebody_in_conflict_are_those_of_a_call_without_the_application(app: FundApp) -> None:
    call, person = make_call(form=THEMED), make_staff(Role.MANAGER)
    add(call, [3], answers={"theme": ["land"]})
    before = group_counts(found(call, person))
    hidden = add(call, [5], answers={"theme": ["water"], "region": "south"}, language="fr")
    assert len(group_counts(found(call, person))) == len(before) + 3
    conflict_with(person, hidden.application)
    assert group_counts(found(call, person)) == before


def test_labels_are_those_of_the_forms_and_categories(app: FundApp) -> None:
    labels = choice_labels(make_call(form=THEMED, categories=1))
    assert labels["theme:land"] == {"en": "Land", "fr": "Terre"}
    assert labels["region:north"] == {"en": "North", "fr": "Nord"}
    assert labels["category:cat1"] == {"en": "Category 1"}


def test_ten_times_the_entries_take_the_same_number_of_queries(app: FundApp) -> None:
    call, person = make_call(form=THEMED), make_staff(Role.MANAGER)
    make_terms(call, WantedTerms(ranking=Ranking.ADJUSTED, rules=(Rule("", "region:north", Measure.AWARDS, 1),)))

    def count() -> tuple[int, list[Ask]]:
        actor = actor_of(person)
        db.session.expire_all()
        with counted_statements() as statements:
            asks = asks_of(selection(actor=actor, call=db.session.get_one(Call, call.id)))
        return len(statements), asks

    reviewers = [make_reviewer(call) for _each in range(3)]

    def more(number: int) -> None:
        for each in range(number):
            entry = make_application(call, answers={"theme": ["land"]}).entries[0]
            make_review(entry, reviewers[each % 3], [1 + each % 5, 3])

    more(30)
    few, _asks = count()
    more(270)
    many, asks = count()
    assert len(asks) == 300
    assert many == few


def conflict_with(person: Person, application: Application) -> None:
    stated = {"person_id": person.id, "application_id": application.id, "source": ConflictSource.DECLARED}
    db.session.add(ConflictOfInterest(**stated, recorded_at=NOW))
    db.session.flush()
