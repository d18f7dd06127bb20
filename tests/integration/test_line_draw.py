"""Lots at the line: fixed, drawn once by a public value, and rank order from then on."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Actor, Role
from fundapp.applications.models import Call
from fundapp.core.audit import AuditEntry, KeptVersion
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotAllowed, NotFound, RuleViolations
from fundapp.core.keys import Keyring
from fundapp.core.web import FundApp
from fundapp.review.draw_cli import draw_group
from fundapp.review.line_draw import faults_of
from fundapp.review.models import AssignmentStatus, LineDraw, LineLot
from fundapp.review.presentation.minutes_draw import lots
from fundapp.review.presentation.minutes_parts import Minuted
from fundapp.review.queries.line_draw import draw_document, draw_of
from fundapp.review.queries.selection import selection, whole_selection
from fundapp.review.services import deciding, reading, sending
from fundapp.review.services.line_draw import draw_lots, fix_lots
from fundapp.review.terms_rules import WantedTerms
from tests.attacks.conflicting import pin
from tests.conftest import actor_of
from tests.factories import make_assignment, make_reviewer, make_staff, make_terms, parts_of
from tests.integration.test_selection import AFTER, Round, refs
from tests.integration.test_selection_races import all_at_once

KNOWN = AFTER + timedelta(days=1)
VALUE = "3 14 15 92 65"


class DrawRound(Round):
    """Six entries of equal asks, money for three, and lots among two on each side of the line."""

    def __init__(self, marks: tuple[int, ...] = (10, 9, 8, 7, 6, 4), width: int | None = 2, awards: int = 3) -> None:
        super().__init__([[mark // 2, (mark + 1) // 2] for mark in marks], budget_minor=awards * 1_200_000)
        make_terms(self.call, WantedTerms(draw_band=width), by=self.person)

    def fix(
        self, actor: Actor | None = None, value_at: datetime = KNOWN, source: str = "Numbers of that day"
    ) -> LineDraw:
        return fix_lots(actor=actor or self.manager, call=self.call, value_source=source, value_at=value_at, now=AFTER)

    def draw(self, value: str = VALUE, now: datetime = KNOWN) -> LineDraw:
        return draw_lots(actor=self.manager, call=self.call, public_value=value, now=now)

    def in_order(self) -> list[int]:
        """Return the numbers of the entries in the order of rank."""
        numbers = {entry.id: number for number, entry in enumerate(self.entries)}
        return [numbers[row.entry.id] for row in whole_selection(call=self.call).ranked]


def repeated(draw: LineDraw) -> list[UUID]:
    """Draw again, written apart from the product: a few lines of SHA-256, as the public page tells them."""
    lines = "\n".join(sorted(f"{lot.stratum} {lot.label}" for lot in draw.lots))
    fingerprint = hashlib.sha256(lines.encode()).hexdigest()
    seed = hashlib.sha256(f"{fingerprint}\n{VALUE}".encode()).hexdigest()
    in_order = sorted(draw.lots, key=lambda lot: hashlib.sha256(f"{seed}\n{lot.label}".encode()).hexdigest())
    return [lot.entry_id for lot in in_order]


def test_lots_decide_in_the_band_and_a_second_program_finds_the_same_order(app: FundApp) -> None:
    made = DrawRound()
    draw = made.fix()
    assert {lot.entry_id for lot in draw.lots} == {made.entries[number].id for number in (1, 2, 3, 4)}
    assert made.in_order() == [0, 1, 2, 3, 4, 5], "nothing moves before the draw"
    made.draw()
    again = [[entry.id for entry in made.entries].index(each) for each in repeated(draw)]
    assert made.in_order() == [0, *again, 5]
    rows = whole_selection(call=made.call).ranked
    assert [row.rank for row in rows] == [1, 2, 3, 4, 5, 6]
    assert [row.lot for row in rows] == [None, 1, 2, 3, 4, None]
    assert {row.lots for row in rows[1:5]} == {4}


def test_by_rank_order_follows_the_lots_and_who_goes_against_them_says_why(app: FundApp) -> None:
    made = DrawRound()
    made.fix()
    made.draw()
    deciding.decide_by_rank(actor=made.manager, call=made.call, now=KNOWN)
    chosen, order = whole_selection(call=made.call).ranked, made.in_order()
    assert [row.decision and row.decision.outcome.value for row in chosen] == ["award"] * 3 + ["decline"] * 3
    assert not any(row.is_against_rank for row in chosen)
    made.decline(order[1], version=1, reason="They closed.")
    with pytest.raises(RuleViolations, match="against rank"):
        made.award(order[4], version=1)
    made.award(order[3], version=1, reason="The next lot.")
    sending.propose_slate(actor=made.manager, call=made.call, now=KNOWN)


def test_equals_at_the_line_are_drawn_where_the_terms_say_only_those(app: FundApp) -> None:
    made = DrawRound((10, 8, 8, 8, 8, 4), width=0)
    draw = made.fix()
    assert {lot.entry_id for lot in draw.lots} == {entry.id for entry in made.entries[1:5]}
    made.draw()
    assert not any(row.is_against_rank for row in whole_selection(call=made.call).ranked)
    assert [row.rank for row in whole_selection(call=made.call).ranked] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("width", [None, 0])
def test_nothing_is_drawn_where_no_lots_decide_or_nobody_stands_at_the_line(app: FundApp, width: int | None) -> None:
    made = DrawRound(width=width)
    with pytest.raises(NotFound if width is None else RuleViolations):
        made.fix()
    deciding.decide_by_rank(actor=made.manager, call=made.call, now=AFTER)
    sending.propose_slate(actor=made.manager, call=made.call, now=AFTER)


def test_the_list_is_not_sent_before_the_lots_are_drawn(app: FundApp) -> None:
    made = DrawRound()
    deciding.decide_by_rank(actor=made.manager, call=made.call, now=AFTER)
    with pytest.raises(RuleViolations, match="not drawn yet"):
        sending.propose_slate(actor=made.manager, call=made.call, now=AFTER)
    with pytest.raises(RuleViolations, match="lots come first"):
        made.fix()
    for entry in made.entries:
        deciding.withdraw_decision(actor=made.manager, entry=entry, now=AFTER)
    made.fix()
    deciding.decide_by_rank(actor=made.manager, call=made.call, now=AFTER)
    with pytest.raises(RuleViolations, match="not drawn yet"):
        sending.propose_slate(actor=made.manager, call=made.call, now=AFTER)


def test_the_value_must_be_unknown_when_lots_are_fixed_and_known_when_they_are_drawn(app: FundApp) -> None:
    made = DrawRound()
    with pytest.raises(NotFound):
        made.draw()
    with pytest.raises(RuleViolations, match="is past"):
        made.fix(value_at=AFTER)
    with pytest.raises(RuleViolations, match="which public value"):
        made.fix(source=" ")
    made.fix()
    with pytest.raises(Conflict, match="not known yet"):
        made.draw(now=KNOWN - timedelta(seconds=1))
    with pytest.raises(RuleViolations, match="as it was published"):
        made.draw(value=" ")


def test_lots_whose_value_never_came_are_replaced_and_drawn_ones_never(app: FundApp) -> None:
    made = DrawRound()
    first, second = made.fix(), made.fix(value_at=KNOWN + timedelta(days=1))
    assert (first.number, second.number) == (1, 2)
    assert {lot.label for lot in first.lots}.isdisjoint(lot.label for lot in second.lots)
    made.draw(now=KNOWN + timedelta(days=1))
    assert {lot.place for lot in first.lots} == {None}
    for again in (made.fix, made.draw):
        with pytest.raises(Conflict, match="drawn already"):
            again()


def test_reviews_end_when_the_lots_are_fixed(app: FundApp) -> None:
    made = DrawRound()
    late = make_assignment(made.entries[5], make_reviewer(made.call), AssignmentStatus.READING)
    actor = actor_of(late.reviewer.person)
    made.fix()
    with pytest.raises(Conflict, match="are closed"):
        reading.submit_review(actor=actor, assignment=late, parts=parts_of({"need": 5, "plan": 5}), now=AFTER)


def test_only_who_decides_and_sees_everything_fixes_and_draws(app: FundApp) -> None:
    made = DrawRound()
    for role in (Role.CHAIR, Role.RATIFIER, Role.AUDITOR):
        with pytest.raises(NotAllowed):
            made.fix(actor=actor_of(make_staff(role, made.call)))
    other = make_staff(Role.MANAGER, made.call)
    pin(made.entries[5].application, other)
    with pytest.raises(NotAllowed):
        made.fix(actor=actor_of(other))


def test_somebody_in_conflict_sees_the_lots_as_if_the_entry_were_not_there(app: FundApp) -> None:
    made = DrawRound()
    made.fix()
    made.draw()
    order = made.in_order()
    person = make_staff(Role.MANAGER, made.call)
    pin(made.entries[order[2]].application, person)
    seen = selection(actor=actor_of(person), call=made.call).ranked
    expected = [number for number in order if number != order[2]]
    assert [row.entry.application.reference for row in seen] == refs(made, *expected)
    assert [row.rank for row in seen] == [1, 2, 3, 4, 5]
    assert [(row.lot, row.lots) for row in seen[1:4]] == [(1, 3), (2, 3), (3, 3)]
    found = draw_of(actor=actor_of(person), call=made.call)
    assert found is not None
    assert len(found.lots) == 3


def test_what_is_public_names_nobody_and_repeats_and_each_change_is_found(app: FundApp) -> None:
    made = DrawRound()
    made.fix()
    draw = made.draw()
    document = draw_document(made.call, draw)
    assert faults_of(document) == []
    told = str(document)
    for entry in made.entries:
        for name in (str(entry.id), str(entry.application_id), entry.application.reference, entry.application.title):
            assert str(name) not in told
    draw.lots[0].place, draw.lots[1].place = draw.lots[1].place, draw.lots[0].place
    assert len(faults_of(draw_document(made.call, draw))) == 2


def test_the_draw_is_recorded_and_its_versions_hold_whose_lot_came_where(app: FundApp) -> None:
    made = DrawRound()
    draw = made.fix()
    db.session.commit()
    made.draw()
    db.session.commit()
    kept = db.session.scalars(
        select(KeptVersion).where(KeptVersion.object_id == draw.id).order_by(KeptVersion.number)
    ).all()
    assert [each.content and each.content["public_value"] for each in kept] == [None, VALUE]
    assert kept[1].content is not None
    assert {each[2]: each[3] for each in kept[1].content["lots"]} == {str(lot.entry_id): lot.place for lot in draw.lots}
    actions = select(AuditEntry.action).where(AuditEntry.object_id == draw.id).order_by(AuditEntry.seq)
    assert list(db.session.scalars(actions)) == ["line:fix", "line:draw"]


def test_a_draw_without_its_evidence_is_refused_by_the_database(app: FundApp) -> None:
    made = DrawRound()
    draw = made.fix()
    db.session.commit()
    with pytest.raises(IntegrityError):
        db.session.execute(update(LineDraw).where(LineDraw.id == draw.id).values(seed="chosen"))
    db.session.rollback()


@pytest.mark.parametrize("attempt", range(3))
def test_two_managers_who_draw_at_once_make_one_draw(app: FundApp, attempt: int) -> None:
    made = DrawRound()
    made.fix()
    managers, call_id = [make_staff(Role.MANAGER).id for _ in range(3)], made.call.id
    db.session.commit()

    def drawing(person_id: UUID, value: str) -> object:
        actor = actor_of(db.session.get_one(Person, person_id))
        return draw_lots(actor=actor, call=db.session.get_one(Call, call_id), public_value=value, now=KNOWN)

    tasks: list[Callable[[], object]] = [partial(drawing, each, f"value {n}") for n, each in enumerate(managers)]
    results = all_at_once(app, tasks)
    assert sorted(results) == ["Conflict", "Conflict", "done"]
    db.session.expire_all()
    (draw,) = db.session.scalars(select(LineDraw))
    assert draw.public_value == f"value {results.index('done')}"
    assert faults_of(draw_document(draw.call, draw)) == []


def test_two_managers_who_fix_at_once_leave_one_list_that_counts(app: FundApp) -> None:
    made = DrawRound()
    managers, call_id = [make_staff(Role.MANAGER).id for _ in range(2)], made.call.id
    db.session.commit()

    def fixing(person_id: UUID) -> object:
        actor = actor_of(db.session.get_one(Person, person_id))
        call = db.session.get_one(Call, call_id)
        return fix_lots(actor=actor, call=call, value_source="Numbers", value_at=KNOWN, now=AFTER)

    tasks: list[Callable[[], object]] = [partial(fixing, each) for each in managers]
    assert all_at_once(app, tasks) == ["done", "done"]
    numbers = db.session.scalars(select(LineDraw.number).order_by(LineDraw.number)).all()
    assert numbers == [1, 2]
    assert db.session.scalar(select(func.count()).select_from(LineLot)) == 8


def test_a_review_while_lots_are_fixed_is_in_the_band_or_refused(app: FundApp) -> None:
    made = DrawRound()
    given = make_assignment(made.entries[5], make_reviewer(made.call), AssignmentStatus.READING)
    call_id, manager_id, assignment_id = made.call.id, made.person.id, given.id
    reviewer_id = given.reviewer.person_id
    db.session.commit()

    def fix() -> object:
        actor = actor_of(db.session.get_one(Person, manager_id))
        call = db.session.get_one(Call, call_id)
        return fix_lots(actor=actor, call=call, value_source="Numbers", value_at=KNOWN, now=AFTER)

    def give() -> object:
        actor = actor_of(db.session.get_one(Person, reviewer_id))
        assignment = db.session.get_one(type(given), assignment_id)
        parts = parts_of({"need": 5, "plan": 5})
        return reading.submit_review(actor=actor, assignment=assignment, parts=parts, now=AFTER)

    results = all_at_once(app, [fix, give])
    assert results[0] == "done"
    db.session.expire_all()
    rows = whole_selection(call=made.call).ranked
    last = next(row for row in rows if row.entry.id == made.entries[5].id)
    assert last.figures.reviews == (3 if results[1] == "done" else 2)


def test_the_minutes_tell_of_the_draw_what_repeats_it_and_whose_lot_came_where(app: FundApp) -> None:
    made = DrawRound()
    draw = made.fix()
    made.draw()
    deciding.decide_by_rank(actor=made.manager, call=made.call, now=KNOWN)
    slate = sending.propose_slate(actor=made.manager, call=made.call, now=KNOWN)
    with app.test_request_context():
        told = lots(Minuted(made.manager, selection(actor=made.manager, call=made.call), slate))
    assert told is not None
    assert {draw.fingerprint, draw.seed, VALUE} <= {text for fact in told.facts for text in fact.texts}
    references = {entry.id: str(entry.application.reference) for entry in made.entries}
    in_order = sorted(draw.lots, key=lambda lot: lot.place or 0)
    (table,) = told.tables
    assert [(row.cells[0], row.cells[1].partition(" ")[0]) for row in table.rows] == [
        (lot.label, references[lot.entry_id]) for lot in in_order
    ]
    assert [row.cells[2].partition(",")[0] for row in table.rows] == ["in by lot"] * 2 + ["out by lot"] * 2


def test_a_check_finds_the_band_again_from_scores_and_money_without_any_key(
    app: FundApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = DrawRound()
    made.fix()
    made.fix()
    made.draw()
    deciding.decide_by_rank(actor=made.manager, call=made.call, now=KNOWN)
    db.session.commit()
    slug, settings = made.call.slug, app.extensions["settings"]
    (outside, its), (inside, other) = ((made.entries[n].id, made.entries[n].application.reference) for n in (5, 2))
    lot = select(LineLot.id).join(LineDraw).where(LineDraw.number == 2, LineLot.entry_id == inside)

    def checked() -> tuple[int, list[str]]:
        db.session.rollback()
        db.session.expunge_all()
        with monkeypatch.context() as patch:
            patch.setitem(app.extensions, "keys", Keyring.load(settings.keys_dir, frozenset()))
            answer = CliRunner().invoke(draw_group, ["check", slug], obj=lambda *_settings, **_holds: app)
        return answer.exit_code, [line.strip() for line in answer.output.splitlines()]

    replaced = "list 1 was replaced: among whom its lots decide is not checked"
    assert checked() == (0, [replaced, "ok   list 1", "ok   list 2"])
    db.session.rollback()
    with db.engine.begin() as connection:  # as somebody would who writes SQL
        connection.execute(update(LineLot).where(LineLot.id == lot.scalar_subquery()).values(entry_id=outside))
    assert checked() == (
        1,
        [
            *(replaced, "ok   list 1", "BAD  list 2"),
            f"{its} has a lot and is not in the band",
            f"{other} is in the band and has no lot",
        ],
    )
