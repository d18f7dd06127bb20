"""Entries go from stage to stage: proposal, effect, choice, undo; who sits where; what is decided of those who stay."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role
from fundapp.applications.models import Call, Criterion, Entry, Stage, StageKind
from fundapp.core.audit import AuditEntry
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotAllowed, RuleViolations
from fundapp.review.models import Assignment, AssignmentStatus, Outcome, Reviewer, SlateStatus, StageMove, StageSeat
from fundapp.review.queries.selection import selection
from fundapp.review.queries.stages import pool_of, sits_in_stage, stage_board, stage_counts
from fundapp.review.services.deciding import decide_by_rank, decide_entry
from fundapp.review.services.stages import choose_seats, move_on, undo_move
from fundapp.review.stage_rules import Proposed
from tests.conftest import actor_of, counted_statements
from tests.factories import (
    NOW,
    make_application,
    make_assignment,
    make_call,
    make_person,
    make_review,
    make_reviewer,
    make_slate,
    make_staff,
)

SignedIn = Callable[[Person | None], FlaskClient]


def screened_call() -> Call:
    """Make a call with a screening by two peers before its review."""
    call = make_call()
    call.stages[0].position = 2
    screening = Stage(
        call_id=call.id,
        position=1,
        code="screening",
        kind=StageKind.SCREENING,
        titles={"en": "Screening"},
        reviews_per_entry=2,
    )
    db.session.add(screening)
    db.session.flush()
    call.stages[0].titles = {"en": "Full review"}
    db.session.add(
        Criterion(
            call_id=call.id,
            stage_id=screening.id,
            code="local",
            labels={"en": "Local"},
            questions={"en": "Is it led by those concerned?"},
            weight=1,
            minimum=0,
            maximum=1,
            anchors={"0": {"en": "No"}, "1": {"en": "Yes"}},
            position=3,
        )
    )
    db.session.flush()
    db.session.refresh(call)
    for stage in call.stages:
        db.session.refresh(stage)
    return call


def entry_of(call: Call) -> Entry:
    return make_application(call).entries[0]


def screen(entry: Entry, *answers: int | None) -> None:
    """Screen an entry: each answer is that of another peer."""
    call = db.session.get_one(Call, entry.call_id)
    for answer in answers:
        make_review(entry, make_reviewer(call), [answer])


def stages_of(entries: list[Entry]) -> list[str]:
    codes = dict(db.session.execute(select(Entry.id, Stage.code).join(Entry.stage)).all())
    return [codes[entry.id] for entry in entries]


def screened_entries(call: Call) -> list[Entry]:
    """Make three entries: all yes, one no, one reading short."""
    entries = [entry_of(call) for _each in range(3)]
    for entry, answers in zip(entries, ((1, 1), (1, 0), (1,)), strict=True):
        screen(entry, *answers)
    return entries


def test_screening_goes_from_proposal_to_effect_to_the_next_stage_and_back(app, signed_in: SignedIn):
    call = screened_call()
    entries = screened_entries(call)
    client = signed_in(make_staff(Role.MANAGER))
    url = f"/manage/{call.slug}/stages/screening"
    page = client.get(url).get_data(as_text=True)
    assert [f'value="{each.id}" aria-label' in page for each in entries] == [True] * 3
    assert page.count(" checked>") == 1
    both = {"entries": [str(entries[0].id), str(entries[2].id)]}
    effect = client.post(url, data={**both, "action": "check"}).get_data(as_text=True)
    assert "2 entries go on to “Full review”." in effect
    assert "1 entry stays." in effect
    assert stages_of(entries) == ["screening"] * 3
    assert client.post(url, data={**both, "action": "move"}).status_code == 302
    assert stages_of(entries) == ["review", "screening", "review"]
    assert client.post(f"/manage/{call.slug}/stages/undo").status_code == 302
    assert stages_of(entries) == ["screening"] * 3
    assert "Taken back" in client.get(f"/manage/{call.slug}/stages").get_data(as_text=True)


def test_what_a_reviewer_read_is_counted_though_they_are_tied_to_another_application(app):
    call = screened_call()
    own, other = entry_of(call), entry_of(call)
    reviewer = make_reviewer(call, person=own.application.person)
    for entry in (own, other):
        make_review(entry, reviewer, [1])
        screen(entry, 1)
    counts = stage_counts(actor=actor_of(make_staff(Role.MANAGER)), call=call)
    assert [(each.entries, each.read) for each in counts] == [(2, 1), (0, 0)]


def test_a_choice_against_the_scores_is_refused_without_a_reason_and_recorded_with_one(app, signed_in: SignedIn):
    call = screened_call()
    entries = screened_entries(call)
    client = signed_in(make_staff(Role.MANAGER))
    url = f"/manage/{call.slug}/stages/screening"
    refused = client.post(url, data={"entries": str(entries[1].id), "action": "move"})
    assert refused.status_code == 422
    assert "Say why the choice is not what the scores propose." in refused.get_data(as_text=True)
    assert f'value="{entries[1].id}"' in refused.get_data(as_text=True)
    assert refused.get_data(as_text=True).count(" checked>") == 1
    done = client.post(url, data={"entries": str(entries[1].id), "action": "move", "reason": "The only one there."})
    assert done.status_code == 302
    assert db.session.scalars(select(StageMove.reason)).all() == ["The only one there."]
    actions = db.session.scalars(select(AuditEntry.action).where(AuditEntry.call_id == call.id)).all()
    assert (actions.count("stage:move"), actions.count("entry:move_on")) == (1, 1)
    assert "The only one there." in client.get(f"/manage/{call.slug}/history").get_data(as_text=True)
    assert "The only one there." not in str(db.session.scalars(select(AuditEntry.data)).all())


def test_a_step_stands_fast_once_somebody_began_and_unread_assignments_go_with_an_undo(app):
    call = screened_call()
    entries = screened_entries(call)
    actor = actor_of(make_staff(Role.MANAGER))
    screening, full = call.stages

    def go() -> None:
        chosen = [entries[0].id]
        move_on(actor=actor, call=call, stage=screening, chosen=chosen, places={}, reason="", now=NOW)
        db.session.commit()

    go()
    given = make_assignment(entries[0], make_reviewer(call), AssignmentStatus.ASSIGNED)
    undo_move(actor=actor, call=call, now=NOW)
    db.session.commit()
    assert db.session.scalar(select(func.count()).where(Assignment.stage_id == full.id)) == 0
    assert given.entry_id == entries[0].id
    go()
    make_assignment(entries[0], make_reviewer(call))
    db.session.commit()
    with pytest.raises(Conflict):
        undo_move(actor=actor, call=call, now=NOW)
    assert stages_of(entries[:1]) == ["review"]


def test_shortlist_takes_the_best_of_each_category(app):
    call = make_call(categories=2, max_categories=2)
    last = Stage(call_id=call.id, position=2, code="finalists", titles={"en": "Finalists"}, reviews_per_entry=1)
    db.session.add(last)
    db.session.flush()
    db.session.refresh(call)
    reviewer = make_reviewer(call, max_entries=50)
    marks = {}
    for value in (5, 3, 4):
        for entry in make_application(call).entries:
            make_review(entry, reviewer, [value, value])
            marks[entry.id] = (pool_of(entry), value)
    board = stage_board(
        actor=actor_of(make_staff(Role.MANAGER)), call=call, stage=call.stages[0], places={"cat1": 1, "cat2": 2}
    )
    going = sorted(marks[row.entry.id] for row in board.rows if row.proposed is Proposed.ON)
    assert going == [("cat1", 5), ("cat2", 4), ("cat2", 5)]


def test_who_may_not_decide_may_look_and_not_move(app, signed_in: SignedIn):
    call = screened_call()
    entries = screened_entries(call)
    chair = make_staff(Role.CHAIR, call)
    client = signed_in(chair)
    url = f"/manage/{call.slug}/stages/screening"
    assert client.get(url).status_code == 200
    assert "See what this does" not in client.get(url).get_data(as_text=True)
    assert client.post(url, data={"entries": str(entries[0].id), "action": "move"}).status_code == 403
    with pytest.raises(NotAllowed):
        move_on(
            actor=actor_of(chair),
            call=call,
            stage=call.stages[0],
            chosen=[entries[0].id],
            places={},
            reason="",
            now=NOW,
        )


def test_a_manager_neither_sees_nor_moves_what_they_are_in_conflict_with(app, signed_in: SignedIn):
    call = screened_call()
    entries = screened_entries(call)
    manager = make_staff(Role.MANAGER)
    own = make_application(call, person=manager)
    client = signed_in(manager)
    page = client.get(f"/manage/{call.slug}/stages/screening").get_data(as_text=True)
    assert str(own.reference) not in page
    assert str(entries[0].application.reference) in page
    actor = actor_of(manager)
    assert [each.entries for each in stage_counts(actor=actor, call=call)] == [3, 0]
    with pytest.raises(RuleViolations):
        move_on(
            actor=actor,
            call=call,
            stage=call.stages[0],
            chosen=[own.entries[0].id],
            places={},
            reason="Because.",
            now=NOW,
        )


def test_nothing_moves_once_the_list_was_sent(app):
    call = screened_call()
    entries = screened_entries(call)
    make_slate(call, SlateStatus.PROPOSED)
    with pytest.raises(Conflict):
        move_on(
            actor=actor_of(make_staff(Role.MANAGER)),
            call=call,
            stage=call.stages[0],
            chosen=[entries[0].id],
            places={},
            reason="",
            now=NOW,
        )


def test_a_stage_with_seats_is_read_by_those_alone_and_without_by_everybody(app, signed_in: SignedIn):
    call = screened_call()
    ana, ben = make_reviewer(call), make_reviewer(call)
    stranger = make_reviewer(make_call())
    client = signed_in(make_staff(Role.MANAGER))
    url = f"/manage/{call.slug}/stages/screening/panel"

    def readers() -> set[object]:
        found = select(Reviewer.id).join(Stage, Stage.call_id == Reviewer.call_id)
        return set(db.session.scalars(found.where(Stage.code == "screening", sits_in_stage(Stage.id))))

    assert readers() == {ana.id, ben.id}
    assert client.post(url, data={"reviewers": str(stranger.id)}).status_code == 422
    assert client.post(url, data={"reviewers": str(ben.id)}).status_code == 302
    assert readers() == {ben.id}
    assert client.post(url, data={"nobody": "ticked"}).status_code == 302
    assert readers() == {ana.id, ben.id}
    assert db.session.scalar(select(func.count()).select_from(StageSeat)) == 0


def test_seats_are_only_for_the_panel_of_the_call(app):
    call = screened_call()
    with pytest.raises(RuleViolations):
        choose_seats(
            actor=actor_of(make_staff(Role.MANAGER)),
            call=call,
            stage=call.stages[0],
            reviewer_ids=[make_reviewer(make_call(), person=make_person()).id],
            now=NOW,
        )


def test_number_of_statements_does_not_grow_with_entries(app, signed_in: SignedIn):
    call = screened_call()
    screened_entries(call)
    client = signed_in(make_staff(Role.MANAGER))
    urls = [f"/manage/{call.slug}/stages", f"/manage/{call.slug}/stages/screening"]
    counts = []
    for _round in range(2):
        for url in urls:
            assert client.get(url).status_code == 200
        with counted_statements() as statements:
            for url in urls:
                client.get(url)
        counts.append(len(statements))
        screened_entries(call)
        screened_entries(call)
        db.session.commit()
    assert counts[0] == counts[1]


def test_those_who_stayed_behind_are_declined_at_the_end_without_a_reason_each(app):
    call = screened_call()
    entries = screened_entries(call)
    actor = actor_of(make_staff(Role.MANAGER))
    assert decide_by_rank(actor=actor, call=call, now=NOW) == []  # nobody went on yet: nobody is declined
    move_on(actor=actor, call=call, stage=call.stages[0], chosen=[entries[0].id], places={}, reason="", now=NOW)
    make_review(entries[0], make_reviewer(call), [4, 4])
    db.session.flush()
    made = {each.entry_id: each.outcome for each in decide_by_rank(actor=actor, call=call, now=NOW)}
    assert made == {entries[0].id: Outcome.AWARD, entries[1].id: Outcome.DECLINE, entries[2].id: Outcome.DECLINE}
    found = selection(actor=actor, call=call)
    assert [row.entry.id for row in found.ranked if row.needs_reason] == []
    assert [row.figures.rank for row in found.ranked] == [1, None, None]


def test_an_award_to_one_that_stayed_behind_needs_a_reason(app):
    call = screened_call()
    entries = screened_entries(call)
    actor = actor_of(make_staff(Role.MANAGER))
    move_on(actor=actor, call=call, stage=call.stages[0], chosen=[entries[0].id], places={}, reason="", now=NOW)
    decide_entry(
        actor=actor,
        entry=entries[1],
        outcome=Outcome.AWARD,
        amount_minor=entries[1].requested_minor,
        reason="Nobody else works there.",
        version=0,
        now=NOW,
    )
    assert [row.entry.id for row in selection(actor=actor, call=call).ranked if row.is_against_rank] == [entries[1].id]
