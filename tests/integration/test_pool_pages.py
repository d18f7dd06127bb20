"""Pages of the pools in which applicants review each other."""

import hashlib
import re
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from time_machine import TimeMachineFixture

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role
from fundapp.applications.conflicts import record_conflict
from fundapp.applications.models import Call, CallStatus, ConflictSource, Entry
from fundapp.applications.queries.packages import package_of
from fundapp.applications.rules import UndoneReviews
from fundapp.applications.services.calls import Way, write_call
from fundapp.core.db import db
from fundapp.core.errors import RuleViolations
from fundapp.core.web import FundApp
from fundapp.review.models import Outcome, PoolPlace
from fundapp.review.queries import selection as queries
from fundapp.review.queries.pools import pools_of
from fundapp.review.services import pools
from fundapp.review.services.deciding import decide_entry
from tests.conftest import SignedIn, actor_of
from tests.factories import CLOSES, make_application, make_assignment, make_call, make_review, make_reviewer, make_staff

AFTER = CLOSES + timedelta(days=1)
VALUE = "7 11 19 23 40 44"


def asked(known: datetime) -> dict[str, object]:
    """Return what fixes the list with a value that becomes known on a day."""
    return {
        "value_source": "Numbers of the lottery (sample)",
        "value_on-day": known.day,
        "value_on-month": known.month,
        "value_on-year": known.year,
        "value_at": "20:00",
    }


@pytest.fixture
def now(time_machine: TimeMachineFixture) -> TimeMachineFixture:
    time_machine.move_to(AFTER, tick=False)
    return time_machine


def test_a_call_is_drawn_read_and_opened_on_its_pages(
    app: FundApp, now: TimeMachineFixture, signed_in: SignedIn
) -> None:
    call = make_call(is_impartial=True, applicants_review=True, undone_reviews=UndoneReviews.LAST)
    applications = [make_application(call) for _ in range(4)]
    manager = make_staff(Role.MANAGER, call)
    slug, of_manager = call.slug, signed_in(manager)
    at = f"/manage/{slug}/pools"
    assert b"Two pools" in of_manager.get(f"/manage/{slug}").data
    early = of_manager.post(f"{at}/list", data={"value_source": ""})
    assert early.status_code == 422
    assert b"Say which public value" in early.data
    known = AFTER + timedelta(days=3)
    listed = asked(known)
    assert of_manager.post(f"{at}/list", data=listed).status_code == 302
    fixed = of_manager.get(f"/calls/{slug}/pools.txt").text
    assert b"Come back when the value is known" in of_manager.get(at).data
    assert of_manager.post(f"{at}/draw", data={"public_value": VALUE}).status_code == 409
    now.move_to(known + timedelta(days=1), tick=False)
    of_manager = signed_in(manager)
    assert b"closed until somebody opens" in of_manager.get(f"/manage/{slug}/selection").data
    assert of_manager.post(f"{at}/draw", data={"public_value": VALUE}).status_code == 302
    assert of_manager.post(f"{at}/applicants", data={"max_entries": "3"}).status_code == 302
    assert b"has not accepted" in of_manager.get(at).data
    text = of_manager.get(f"/calls/{slug}/pools.txt").text
    assert set(text.splitlines()[3:]) > {f"{line} A" for line in fixed.splitlines()[3:] if f"{line} A" in text}
    ill = str(applications[0].id)
    assert of_manager.post(f"{at}/excuse", data={"application": ill, "reason": ""}).status_code == 422
    assert of_manager.post(f"{at}/excuse", data={"application": ill, "reason": "She was ill."}).status_code == 302
    assert of_manager.post(f"{at}/open").status_code == 302
    assert b"closed until somebody opens" not in of_manager.get(f"/manage/{slug}/selection").data
    page = of_manager.get(f"/manage/{slug}/selection").text
    assert "Pool A" in page
    assert "Pool B" in page
    assert "This pool gives " in page


def test_anybody_can_reckon_the_draw_from_the_file(app: FundApp, now: TimeMachineFixture, signed_in: SignedIn) -> None:
    call = make_call(is_impartial=True, applicants_review=True)
    for _ in range(7):
        make_application(call)
    manager = make_staff(Role.MANAGER, call)
    of_manager = signed_in(manager)
    known = AFTER + timedelta(days=3)
    listed = asked(known)
    of_manager.post(f"/manage/{call.slug}/pools/list", data=listed)
    now.move_to(known + timedelta(days=1), tick=False)
    signed_in(manager).post(f"/manage/{call.slug}/pools/draw", data={"public_value": VALUE})
    lines = [line.split(" ") for line in signed_in(None).get(f"/calls/{call.slug}/pools.txt").text.splitlines()]
    lots = [(int(line[1]), line[2], line[3]) for line in lines if line[0] == "lot"]

    def sha(text: str) -> str:
        return hashlib.sha256(text.encode()).hexdigest()

    seed = sha(sha("\n".join(f"{stratum} {label}" for stratum, label, _pool in sorted(lots))) + f"\n{VALUE}")
    order = sorted(lots, key=lambda lot: (lot[0], sha(f"{seed}\n{lot[1]}")))
    turns = "AB" if int(sha(f"{seed}\nfirst"), 16) % 2 == 0 else "BA"
    assert [pool for _stratum, _label, pool in order] == [turns[place % 2] for place in range(7)]
    assert len([line for line in lines if line[0] == "application"]) == 7


def test_the_page_says_why_nobody_gains_and_where_one_stands(
    app: FundApp, now: TimeMachineFixture, signed_in: SignedIn
) -> None:
    call = make_call(is_impartial=True, applicants_review=True, undone_reviews=UndoneReviews.OUT)
    applications = [make_application(call) for _ in range(4)]
    other = applications[1]
    _drawn(call)
    placed = pools_of(call).of_application
    reviewer = make_reviewer(call, person=applications[0].person)
    rival = next(each for each in applications if placed[each.id] != placed[applications[0].id])
    make_assignment(rival.entries[0], reviewer)
    lot = db.session.scalars(select(PoolPlace).where(PoolPlace.application_id == other.id)).one().lot.label
    own = signed_in(applications[0].person).get(f"/calls/{call.slug}/pools").text
    assert "1 review is left to do" in own
    assert "get an award" in own
    assert "Why nobody can gain by marking others down" in own
    for text in (own, signed_in(None).get(f"/calls/{call.slug}/pools").text):
        assert other.organisation_name not in text
        assert lot not in text  # whose lot is whose is told to its own people alone
        assert str(other.reference) in text
    assert "left to do" not in signed_in(None).get(f"/calls/{call.slug}/pools").text
    assert "two pools" in signed_in(None).get(f"/calls/{call.slug}").text


def test_a_call_that_is_not_impartial_has_no_such_pages(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call()
    manager = make_staff(Role.MANAGER, call)
    assert signed_in(None).get(f"/calls/{call.slug}/pools").status_code == 404
    assert signed_in(manager).get(f"/manage/{call.slug}/pools").status_code == 404
    assert b"Two pools" not in signed_in(manager).get(f"/manage/{call.slug}").data


def test_what_a_call_says_of_it_stands_once_it_is_announced(app: FundApp) -> None:
    call = make_call()
    actor = actor_of(make_staff(Role.MANAGER, call))
    said = replace(package_of(call), applicants_review=True, is_impartial=True, undone_reviews=UndoneReviews.LAST)
    with pytest.raises(RuleViolations, match="it stays"):
        write_call(call=call, package=said, way=Way.WRITTEN, actor=actor, now=AFTER)
    call.status = CallStatus.DRAFT
    write_call(call=call, package=said, way=Way.WRITTEN, actor=actor, now=AFTER)
    assert (call.is_impartial, call.undone_reviews) == (True, UndoneReviews.LAST)
    assert package_of(call).is_impartial
    make_application(call)
    with pytest.raises(RuleViolations, match="it stays"):
        write_call(
            call=call,
            package=replace(said, undone_reviews=UndoneReviews.OUT),
            way=Way.WRITTEN,
            actor=actor,
            now=AFTER,
        )
    with pytest.raises(RuleViolations, match="the ceiling cannot change"):
        write_call(call=call, package=replace(said, ceiling_minor=1_000), way=Way.WRITTEN, actor=actor, now=AFTER)


def _drawn(call: Call) -> None:
    actor, known = actor_of(make_staff(Role.MANAGER, call)), AFTER + timedelta(days=1)
    pools.fix_list(actor=actor, call=call, value_source="The lottery (sample)", value_at=known, now=AFTER)
    pools.draw_pools(actor=actor, call=call, public_value=VALUE, now=known)


def test_the_page_of_an_impartial_call_says_what_waits_at_each_step(
    app: FundApp, now: TimeMachineFixture, signed_in: SignedIn
) -> None:
    call = make_call(is_impartial=True, applicants_review=True, reviews_per_entry=1)
    applications = [make_application(call) for _ in range(4)]
    manager = make_staff(Role.MANAGER, call)
    known = (
        "Fix the list for the draw of the two pools",
        "Wait for the value that draws the two pools",
        "Draw the two pools",
        "Place 1 application in a pool",
        "Find readers for 4 reviews",
        "Find readers for 5 reviews",
        "1 review is still to come",
        "Open the scores when reviews are over",
        "Open the scores",
        "Decide on 5 entries",
    )

    def steps() -> list[str]:
        page = signed_in(manager).get(f"/manage/{call.slug}").text
        return [step for step in known if f">{step}</a>" in page]

    assert steps() == ["Fix the list for the draw of the two pools"]
    actor, value_at = actor_of(manager), AFTER + timedelta(days=1)
    pools.fix_list(actor=actor, call=call, value_source="The lottery (sample)", value_at=value_at, now=AFTER)
    db.session.commit()
    assert steps() == ["Wait for the value that draws the two pools"]
    now.move_to(value_at, tick=False)
    assert steps() == ["Draw the two pools"]
    pools.draw_pools(actor=actor, call=call, public_value=VALUE, now=value_at)
    db.session.commit()
    assert steps() == ["Find readers for 4 reviews", "Open the scores when reviews are over"]
    applications.append(make_application(call))
    db.session.commit()
    assert steps() == ["Place 1 application in a pool"]
    pools.place_late(actor=actor, call=call, now=value_at)
    reader = make_reviewer(call)
    for application in applications[1:]:
        make_review(application.entries[0], reader, [3, 3])
    make_assignment(applications[0].entries[0], reader)
    db.session.commit()
    assert steps() == ["1 review is still to come", "Open the scores when reviews are over"]
    pools.open_scores(actor=actor, call=call, now=value_at)
    db.session.commit()
    assert steps() == ["Decide on 5 entries"], "what was not done by then does not come any more"


def test_what_is_left_of_a_pool_tells_nobody_of_an_award_that_is_hidden_from_them(
    app: FundApp, now: TimeMachineFixture, signed_in: SignedIn
) -> None:
    call = make_call(is_impartial=True, applicants_review=True, budget_minor=6_000_000)
    for _ in range(4):
        make_application(call)
    manager, torn = make_staff(Role.MANAGER, call), make_staff(Role.MANAGER, call)
    _drawn(call)
    actor, reader = actor_of(manager), make_reviewer(call)
    rows = queries.whole_selection(call=call).ranked
    for row in rows:
        make_review(row.entry, reader, [4, 4])
    pools.open_scores(actor=actor, call=call, now=AFTER + timedelta(days=2))
    hidden, mate = [row.entry for row in rows if row.purse == rows[0].purse][:2]
    record_conflict(
        actor=actor_of(torn),
        application=hidden.application,
        person_id=torn.id,
        source=ConflictSource.DECLARED,
        reason="",
        now=AFTER,
    )

    def decide(entry: Entry) -> None:
        decide_entry(
            actor=actor,
            entry=entry,
            outcome=Outcome.AWARD,
            amount_minor=1_000_000,
            reason="Needed.",
            version=0,
            now=AFTER + timedelta(days=3),
        )
        db.session.commit()

    def read(person: Person, path: str = "") -> list[str]:
        page = signed_in(person).get(f"/manage/{call.slug}/selection{path}").text
        return re.findall(r"This pool gives [^<]*", page)

    before = read(torn)
    decide(hidden)
    assert read(torn) == before
    assert read(manager) != before
    decide(mate)
    after = read(torn)
    assert after != before
    assert "10,000.00" in "".join(after)
    assert "10,000.00" in read(torn, f"/{mate.id}")[0]
    assert "20,000.00" in "".join(read(manager))
    assert "20,000.00" not in "".join(after)
