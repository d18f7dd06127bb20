"""Protected applications in two pools: drawn with what they are tied to, and nothing tells whose they are."""

import pytest

from fundapp.accounts.models import TieKind
from fundapp.accounts.permissions import Role
from fundapp.accounts.services.ties import declare_tie
from fundapp.applications.conflicts import pin_conflict
from fundapp.applications.rules import UndoneReviews
from fundapp.core.db import db
from fundapp.core.errors import Conflict
from fundapp.core.web import FundApp
from fundapp.review.models import Duty, ReviewerStatus
from fundapp.review.queries.pools import duties, lots_as_text, lots_by_reference
from fundapp.review.services.answering import accept_invitation, decline_invitation
from tests.conftest import SignedIn, actor_of
from tests.factories import (
    NOW,
    make_assignment,
    make_member,
    make_organisation,
    make_person,
    make_protected,
    make_reviewer,
    make_staff,
)
from tests.integration.pool_round import AFTER, LATER, Round, entry_of

NAME = "Kanarie House"


def test_a_protected_application_goes_into_the_pool_of_what_it_is_tied_to(app: FundApp) -> None:
    there = Round(6)
    by_tie, by_person, by_word = there.applications[:3]
    hidden = [make_protected(there.apply(organisation=make_organisation(f"{NAME} {number}"))) for number in range(4)]
    same = there.apply(organisation=make_organisation(f"{NAME} 0"))
    declare_tie(
        actor=actor_of(by_tie.person),
        person=by_tie.person,
        kind=TieKind.WORK,
        organisation=f"{NAME} 1",
        now=NOW,
    )
    make_member(by_person.person, hidden[2].organisation)
    pin_conflict(
        actor=there.actor,
        application=hidden[3],
        person_id=by_word.person_id,
        is_conflict=True,
        reason="One household.",
        now=NOW,
    )
    lots = {place.application_id: place.lot_id for place in lots_by_reference(there.draw())}
    assert lots[same.id] == lots[hidden[0].id]
    assert lots[by_tie.id] == lots[hidden[1].id]
    assert lots[by_person.id] == lots[hidden[2].id]
    assert lots[by_word.id] == lots[hidden[3].id]
    assert len(set(lots.values())) == 7, "the other three have lots of their own"


def test_no_page_or_file_of_the_pools_tells_whose_a_protected_application_is(app: FundApp, signed_in: SignedIn) -> None:
    there = Round(5)
    person = make_person("Kanarie Person")
    hidden = there.apply(person=person, organisation=make_organisation(NAME), region="Kanarie region", language="fr")
    open_one = there.apply(organisation=make_organisation("Kanarie open"))
    make_protected(hidden)
    draw = there.draw()
    lot = next(place.lot for place in lots_by_reference(draw) if place.application_id == hidden.id)
    db.session.commit()
    slug, staff = there.call.slug, signed_in(make_staff(Role.MANAGER, there.call))
    shown = [
        signed_in(None).get(f"/calls/{slug}/pools").text,
        signed_in(open_one.person).get(f"/calls/{slug}/pools").text,
        signed_in(None).get(f"/calls/{slug}/pools.txt").text,
        staff.get(f"/manage/{slug}/pools").text,
    ]
    for text in shown:
        assert str(hidden.reference) in text
        assert NAME not in text
        assert "Kanarie Person" not in text
        assert "Kanarie region" not in text
    for text in [*shown[:2], shown[3]]:
        assert lot.label not in text
    assert "Kanarie" not in lots_as_text(draw)


@pytest.mark.parametrize("undone_reviews", [UndoneReviews.LAST, UndoneReviews.OUT])
def test_nothing_is_asked_of_the_people_of_a_protected_application(app: FundApp, undone_reviews: UndoneReviews) -> None:
    there = Round(6, undone_reviews=undone_reviews)
    hidden, known = there.apply(), there.applications[0]
    make_protected(hidden)
    draw = there.draw()
    asked = [
        make_reviewer(there.call, person=each.person, status=ReviewerStatus.INVITED, answered_at=None)
        for each in (hidden, known)
    ]
    with pytest.raises(Conflict, match="protected"):
        accept_invitation(actor=actor_of(hidden.person), reviewer=asked[0], now=AFTER)
    decline_invitation(actor=actor_of(hidden.person), reviewer=asked[0], reason="", now=AFTER)
    accept_invitation(actor=actor_of(known.person), reviewer=asked[1], now=AFTER)
    rival = next(each for each in there.applications if there.pool(each) is not there.pool(known))
    make_assignment(entry_of(rival), asked[1])
    found = {row.place.application_id: row.outcome for row in duties(actor=there.actor, draw=draw)}
    assert (found[hidden.id], found[known.id]) == (Duty.NONE, Duty.UNDONE)


def test_whoever_applies_openly_too_reviews_as_all_others_do(app: FundApp) -> None:
    there = Round(4)
    person = there.applications[0].person
    make_protected(there.apply(person=person))
    there.draw()
    reviewer = make_reviewer(there.call, person=person, status=ReviewerStatus.INVITED, answered_at=None)
    accept_invitation(actor=actor_of(person), reviewer=reviewer, now=LATER)
    assert reviewer.status is ReviewerStatus.ACCEPTED
