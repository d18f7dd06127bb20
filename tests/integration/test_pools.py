"""Applicants who review each other, through services and database: the draw, what is read, what counts."""

import random
from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import select

from fundapp.accounts.models import TieKind
from fundapp.accounts.permissions import Role
from fundapp.accounts.services.ties import declare_tie
from fundapp.applications.models import ApplicationStatus, Entry, ProgrammeKind
from fundapp.applications.rules import UndoneReviews
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotAllowed, NotFound, RuleViolations
from fundapp.core.web import FundApp
from fundapp.review.assignment import Pair
from fundapp.review.models import (
    AssignmentStatus,
    Duty,
    Outcome,
    PoolPlace,
    PoolShare,
    Reviewer,
    ReviewerStatus,
)
from fundapp.review.pools import Lot, PoolName, deal, fingerprint, seed_of
from fundapp.review.queries import selection as queries
from fundapp.review.queries.asks import asks_of, terms_of
from fundapp.review.queries.pools import duties, pool_bars
from fundapp.review.services import deciding, pools
from fundapp.review.slate.contradictions import below_floor
from fundapp.review.terms_rules import WantedTerms
from tests.conftest import actor_of
from tests.factories import (
    CLOSES,
    NOW,
    make_assignment,
    make_call,
    make_member,
    make_organisation,
    make_person,
    make_review,
    make_reviewer,
    make_staff,
    make_terms,
)
from tests.integration.pool_round import AFTER, KNOWN, LATER, VALUE, Round, distinct, entry_of, say, undone


def test_pools_are_drawn_so_that_anybody_can_reckon_it_again(app: FundApp) -> None:
    there = Round(9)
    draw = there.draw()
    places = db.session.scalars(select(PoolPlace).where(PoolPlace.draw_id == draw.id)).all()
    assert {place.application_id for place in places} == {each.id for each in there.applications}
    lots = [Lot(lot.stratum, lot.label) for lot in draw.lots]
    assert draw.fingerprint == fingerprint(lots)
    assert draw.seed == seed_of(draw.fingerprint, VALUE)
    assert {lot.label: lot.pool for lot in draw.lots} == deal(lots, draw.seed)
    sizes = [sum(place.lot.pool is pool for place in places) for pool in PoolName]
    assert sorted(sizes) == [4, 5]


def test_the_list_is_fixed_before_the_value_is_known(app: FundApp) -> None:
    there = Round(4)
    with pytest.raises(RuleViolations):
        there.fix(now=CLOSES - timedelta(hours=1))
    with pytest.raises(RuleViolations):
        there.fix(value_at=AFTER)
    first = there.fix()
    with pytest.raises(Conflict):
        pools.draw_pools(actor=there.actor, call=there.call, public_value=VALUE, now=KNOWN - timedelta(seconds=1))
    second = there.fix()
    assert (first.number, second.number) == (1, 2)
    assert {lot.label for lot in first.lots}.isdisjoint(lot.label for lot in second.lots)
    pools.draw_pools(actor=there.actor, call=there.call, public_value=VALUE, now=KNOWN)
    with pytest.raises(Conflict):
        pools.draw_pools(actor=there.actor, call=there.call, public_value="1 2 3 4 5 6", now=KNOWN)
    with pytest.raises(Conflict):
        there.fix()


def test_only_those_who_plan_draw_and_only_in_an_impartial_call(app: FundApp) -> None:
    there = Round(4)
    chair = make_staff(Role.CHAIR, there.call)
    with pytest.raises(NotAllowed):
        pools.fix_list(
            actor=actor_of(chair), call=there.call, value_source="The lottery (sample)", value_at=KNOWN, now=AFTER
        )
    plain = make_call()
    with pytest.raises(NotFound):
        pools.fix_list(
            actor=actor_of(make_staff(Role.MANAGER, plain)), call=plain, value_source="x", value_at=KNOWN, now=AFTER
        )


def test_unchecked_applications_keep_the_list_open(app: FundApp) -> None:
    there = Round(4)
    there.apply(status=ApplicationStatus.SUBMITTED)
    with pytest.raises(RuleViolations):
        there.fix()


def test_everything_that_is_tied_goes_into_one_pool(app: FundApp) -> None:
    there = Round(6)
    one, two, three, four, five, _six = there.applications
    make_member(one.person, two.organisation)  # belongs to both
    declare_tie(
        actor=actor_of(three.person),
        person=three.person,
        kind=TieKind.FAMILY,
        organisation=one.organisation_name,
        now=NOW,
    )
    same = there.apply(organisation=make_organisation(four.organisation_name))
    outsider = make_person("Outsider Sample")
    make_member(outsider, make_organisation("Somebody else (sample)"))
    there.draw()
    assert there.pool(one) == there.pool(two) == there.pool(three)
    assert there.pool(same) == there.pool(four)
    assert len({there.pool(each) for each in there.applications}) == 2
    lots = db.session.scalars(select(PoolPlace.lot_id).where(PoolPlace.application_id.in_([one.id, five.id]))).all()
    assert len(set(lots)) == 2


def test_applicants_read_only_the_other_pool_and_others_read_anything(app: FundApp) -> None:
    there = Round(6)
    reviewers = there.reviewers()
    other = make_reviewer(there.call)
    everything = {
        Pair(str(entry_of(each).id), str(one.id)) for each in there.applications for one in reviewers.values()
    }
    assert pool_bars(there.call) == everything  # nothing before the draw
    there.draw()
    barred = pool_bars(there.call)
    for reader, reviewer in reviewers.items():
        own = there.pool(next(each for each in there.applications if each.id == reader))
        for application in there.applications:
            pair = Pair(str(entry_of(application).id), str(reviewer.id))
            assert (pair in barred) is (there.pool(application) is own)
    assert not any(pair.reviewer_id == str(other.id) for pair in barred)


def test_what_somebody_said_of_their_own_pool_counts_nowhere(app: FundApp) -> None:
    there = Round(6)
    there.draw()
    reviewers = there.reviewers()
    first = there.applications[0]
    mate = next(each for each in there.applications[1:] if there.pool(each) is there.pool(first))
    rival = next(each for each in there.applications if there.pool(each) is not there.pool(first))
    make_review(entry_of(mate), reviewers[first.id], [1, 1])
    make_review(entry_of(rival), reviewers[first.id], [2, 2])
    there.open()
    marks = {row.entry.application_id: row.figures.reviews for row in queries.whole_selection(call=there.call).ranked}
    assert (marks[mate.id], marks[rival.id]) == (0, 1)


def test_scores_are_closed_until_they_are_opened(app: FundApp) -> None:
    there = Round(4)
    there.draw()
    entry = entry_of(there.applications[0])
    make_review(entry, make_reviewer(there.call), [5, 5])
    hidden = queries.selection(actor=there.actor, call=there.call)
    assert all(row.figures.mean is None for row in hidden.ranked)
    assert queries.reviews_of(actor=there.actor, entry=entry) == []
    with pytest.raises(Conflict):
        deciding.decide_by_rank(actor=there.actor, call=there.call, now=LATER)
    with pytest.raises(Conflict):
        deciding.decide_entry(
            actor=there.actor, entry=entry, outcome=Outcome.DECLINE, amount_minor=None, reason="", version=0, now=LATER
        )
    there.open()
    assert queries.selection(actor=there.actor, call=there.call).row(entry.id).figures.mean == 5
    assert len(queries.reviews_of(actor=there.actor, entry=entry)) == 1


def test_each_pool_has_its_own_money_and_no_more(app: FundApp) -> None:
    there = Round(6, budget_minor=6_000_000)
    draw = there.draw()
    given = {share.pool: share for share in db.session.scalars(select(PoolShare).where(PoolShare.draw_id == draw.id))}
    assert given[PoolName.A].money_minor == given[PoolName.B].money_minor == 3_000_000
    reader = make_reviewer(there.call)
    for number, application in enumerate(there.applications):
        make_review(entry_of(application), reader, distinct(number))
    outcome = there.outcome()
    for pool in PoolName:
        members = [each for each in there.applications if there.pool(each) is pool]
        assert sum(outcome[each.id][1] for each in members) == 2  # 1,200,000 each
        assert min(rank for each in members if (rank := outcome[each.id][0]) is not None) == 1
    row = next(
        row for row in queries.whole_selection(call=there.call).ranked if not outcome[row.entry.application_id][1]
    )
    with pytest.raises(RuleViolations, match="left for this pool"):
        deciding.decide_entry(
            actor=there.actor,
            entry=row.entry,
            outcome=Outcome.AWARD,
            amount_minor=1_200_000,
            reason="It is needed.",
            version=row.decision.version if row.decision else 0,
            now=LATER,
        )


def test_the_awards_of_a_category_are_divided_between_the_pools(app: FundApp) -> None:
    there = Round(0, kind=ProgrammeKind.PRIZE, categories=2)
    for category in there.call.categories:
        category.awards = 3
    there.applications = [
        there.apply(categories=[there.call.categories[number % 2]], requested_minor=None) for number in range(12)
    ]
    draw = there.draw()
    reader = make_reviewer(there.call)
    for number, application in enumerate(there.applications):
        make_review(entry_of(application), reader, distinct(number // 2))
    given = {
        (share.category_id, share.pool): share.awards
        for share in db.session.scalars(select(PoolShare).where(PoolShare.draw_id == draw.id))
        if share.awards is not None
    }
    assert all(
        given[category.id, PoolName.A] + given[category.id, PoolName.B] == 3 for category in there.call.categories
    )
    outcome = there.outcome()
    won: dict[tuple[UUID | None, PoolName], int] = defaultdict(int)
    for application in there.applications:
        won[entry_of(application).category_id, there.pool(application)] += outcome[application.id][1]
    assert {key: number for key, number in won.items() if number} == {k: n for k, n in given.items() if n}


def test_a_late_application_goes_beside_what_it_is_tied_to(app: FundApp) -> None:
    there = Round(6)
    there.draw()
    first = there.applications[0]
    late = there.apply(organisation=first.organisation)
    alone = there.apply()
    with pytest.raises(RuleViolations) as refused:
        there.open()
    assert [problem.place for problem in refused.value.problems] == [late.reference, alone.reference]
    assert pools.place_late(actor=there.actor, call=there.call, now=LATER) == 2
    assert there.pool(late) is there.pool(first)
    assert there.pool(alone) in PoolName
    there.open()


@pytest.mark.parametrize("undone_reviews", list(UndoneReviews))
def test_undone_reviews_have_the_consequence_that_was_announced(app: FundApp, undone_reviews: UndoneReviews) -> None:
    there = Round(6, undone_reviews=undone_reviews)
    there.draw()
    reviewers = there.reviewers()
    lazy = there.applications[0]
    mates = [each for each in there.applications if there.pool(each) is there.pool(lazy)]
    rivals = [each for each in there.applications if each not in mates]
    make_assignment(entry_of(rivals[0]), reviewers[lazy.id])
    panel = make_reviewer(there.call)
    for application in there.applications:
        make_review(entry_of(application), panel, [5, 5] if application is lazy else [3, 3])
    outcome = there.outcome()
    rank, award = outcome[lazy.id]
    assert rank == {UndoneReviews.NOTHING: 1}.get(undone_reviews, len(mates))
    assert award is (undone_reviews is not UndoneReviews.OUT)
    entry = entry_of(lazy)
    if undone_reviews is UndoneReviews.OUT:
        with pytest.raises(RuleViolations, match="no award"):
            deciding.decide_entry(
                actor=there.actor,
                entry=entry,
                outcome=Outcome.AWARD,
                amount_minor=1,
                reason="All the same.",
                version=1,
                now=LATER,
            )


def test_who_stands_last_keeps_the_score_that_a_floor_is_set_against(app: FundApp) -> None:
    there = Round(6, undone_reviews=UndoneReviews.LAST)
    make_terms(there.call, WantedTerms(floor=Decimal(3)))
    there.draw()
    lazy = there.applications[0]
    rivals = [each for each in there.applications if there.pool(each) is not there.pool(lazy)]
    make_assignment(entry_of(rivals[0]), there.reviewers()[lazy.id])
    panel = make_reviewer(there.call)
    for application in there.applications:
        make_review(entry_of(application), panel, [5, 5] if application is lazy else [3, 3])
    there.open()
    found = queries.whole_selection(call=there.call)
    row = found.row(entry_of(lazy).id)
    (ask,) = (ask for ask in asks_of(found) if ask.entry_id == str(row.entry.id))
    assert (row.is_last, row.is_below_floor) == (True, False)
    assert below_floor(ask, terms_of(there.call)) is False


def test_what_nobody_could_give_is_held_against_nobody(app: FundApp) -> None:
    there = Round(6, undone_reviews=UndoneReviews.OUT)
    draw = there.draw()
    reviewers = there.reviewers()
    fair = there.applications[0]
    rivals = [each for each in there.applications if there.pool(each) is not there.pool(fair)]
    make_assignment(entry_of(rivals[0]), reviewers[fair.id], AssignmentStatus.RECUSED)
    make_assignment(entry_of(rivals[1]), reviewers[fair.id], AssignmentStatus.TAKEN_BACK)
    make_assignment(entry_of(rivals[2]), reviewers[fair.id])
    make_review(entry_of(there.applications[0]), make_reviewer(there.call), [3, 3])

    def duty() -> Duty:
        rows = {row.place.application_id: row for row in duties(actor=there.actor, draw=draw)}
        return rows[fair.id].outcome

    assert duty() is Duty.UNDONE
    rivals[2].status = ApplicationStatus.WITHDRAWN
    rivals[2].eligibility_by_id = rivals[2].eligibility_at = None
    rivals[2].withdrawn_at = NOW
    db.session.flush()
    assert duty() is Duty.NONE
    reviewers[fair.id].status = ReviewerStatus.DECLINED
    db.session.flush()
    assert duty() is Duty.UNDONE
    reviewers[fair.id].status, reviewers[fair.id].removed_at = ReviewerStatus.REMOVED, NOW
    db.session.flush()
    assert duty() is Duty.NONE


def test_a_manager_excuses_with_a_reason_before_the_scores_are_open(app: FundApp) -> None:
    there = Round(6, undone_reviews=UndoneReviews.LAST)
    draw = there.draw()
    reviewers = there.reviewers()
    ill, lazy = (there.applications[0], there.applications[1])
    for one in (ill, lazy):
        rival = next(each for each in there.applications if there.pool(each) is not there.pool(one))
        make_assignment(entry_of(rival), reviewers[one.id])
    with pytest.raises(RuleViolations):
        pools.excuse(actor=there.actor, call=there.call, application_id=ill.id, reason=" ", now=LATER)
    pools.excuse(actor=there.actor, call=there.call, application_id=ill.id, reason="She was ill.", now=LATER)
    there.open()
    found = dict(
        db.session.execute(select(PoolPlace.application_id, PoolPlace.duty).where(PoolPlace.draw_id == draw.id)).all()
    )
    assert (found[ill.id], found[lazy.id]) == (Duty.EXCUSED, Duty.UNDONE)
    with pytest.raises(Conflict):
        pools.excuse(actor=there.actor, call=there.call, application_id=lazy.id, reason="Late.", now=LATER)


def test_the_people_of_eligible_applications_are_asked_together(app: FundApp) -> None:
    there = Round(3)
    hidden = there.apply(is_protected=True, pseudonym="quiet river")
    there.apply(status=ApplicationStatus.INELIGIBLE)
    there.applications[1].person.name = ""
    with_words = there.apply()
    with_words.person.email_sealed = with_words.person.email_index = None
    db.session.flush()
    known = make_reviewer(there.call, person=there.applications[0].person)
    made = pools.invite_applicants(actor=there.actor, call=there.call, max_entries=5, secret_key="s" * 32, now=AFTER)
    assert {each.person_id for each in made} == {each.person_id for each in there.applications[1:]}
    assert known.person_id not in {each.person_id for each in made}
    assert hidden.person_id not in {each.person_id for each in made}
    assert {each.status for each in made} == {ReviewerStatus.INVITED}
    with pytest.raises(RuleViolations, match="nobody"):
        pools.invite_applicants(actor=there.actor, call=there.call, max_entries=5, secret_key="s" * 32, now=AFTER)


def _read(there: Round, reviewers: Mapping[UUID, Reviewer], seed: int) -> dict[UUID, dict[Entry, int]]:
    """Let each applicant review four entries that they may, or any but their own where there are no pools."""
    chance = random.Random(seed)
    barred = pool_bars(there.call)
    said: dict[UUID, dict[Entry, int]] = {}
    for application in there.applications:
        reviewer = reviewers[application.id]
        may = [
            entry_of(each)
            for each in there.applications
            if each is not application and Pair(str(entry_of(each).id), str(reviewer.id)) not in barred
        ]
        said[application.id] = {entry: chance.randint(1, 5) for entry in chance.sample(may, 4)}
        for entry, mark in said[application.id].items():
            make_review(entry, reviewer, [mark, mark])
    return said


def _moved(there: Round, seed: int) -> tuple[int, int]:
    """Return for how many applicants something else that they say changes their own outcome, and anybody else's."""
    reviewers = there.reviewers()
    said = _read(there, reviewers, seed)
    db.session.flush()
    with undone():
        before = there.outcome()
    own, others, chance = set(), set(), random.Random(seed)
    for application_id, marks in said.items():
        for other in (
            dict.fromkeys(marks, 1),
            dict.fromkeys(marks, 5),
            {entry: chance.randint(1, 5) for entry in marks},
            {},
        ):
            with undone():
                say(reviewers[application_id], other)
                after = there.outcome()
            changed = {key for key in before if before[key] != after[key]}
            own |= changed & {application_id}
            others |= {application_id} if changed - {application_id} else set()
    return len(own), len(others)


def test_what_somebody_says_never_changes_what_becomes_of_them(app: FundApp) -> None:
    there = Round(10, budget_minor=5_000_000)
    there.draw()
    own, others = _moved(there, seed=4)
    assert own == 0
    assert others > 0


def test_without_pools_somebody_gains_by_marking_others_down(app: FundApp) -> None:
    there = Round(10, budget_minor=5_000_000)
    there.call.is_impartial = False
    db.session.flush()
    own, _others = _moved(there, seed=4)
    assert own > 0
