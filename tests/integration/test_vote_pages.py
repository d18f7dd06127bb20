"""Pages of votes: what a chair sees and sends, what managers and ratifiers read of it."""

import re
from typing import Any
from uuid import uuid4

import pytest

from fundapp.accounts.permissions import Role
from fundapp.core.db import db
from fundapp.core.web import FundApp
from fundapp.review.services.voting import field_of
from tests.attacks.conflicting import pin
from tests.conftest import actor_of
from tests.factories import make_call, make_protected, make_staff
from tests.integration.test_selection import AFTER
from tests.integration.test_votes import AGAINST, AWARD, DECLINE, FOR, VotingRound


@pytest.fixture
def made(app: FundApp, clock: Any) -> VotingRound:
    clock.move_to(AFTER)
    made = VotingRound()
    db.session.commit()
    return made


def filled(made: VotingRound, number: int, choice: str, reason: str = "", about: str = "") -> dict[str, str]:
    entry_id = made.entries[number].id
    said = {"about": about or str(DECLINE if number else AWARD), "choice": choice, "reason": reason}
    return {field_of(entry_id, name): value for name, value in said.items()}


def reference(made: VotingRound, number: int) -> str:
    return str(made.entries[number].application.reference)


def test_several_votes_are_sent_in_one_form_and_what_is_left_out_still_waits(made: VotingRound, signed_in: Any) -> None:
    client = signed_in(made.chairs[0])
    url = f"/manage/{made.call.slug}/votes"
    page = client.get(url).text
    assert all(reference(made, number) in page for number in (0, 1))
    assert "Vote on 2 entries" in client.get(f"/manage/{made.call.slug}").text
    answer = client.post(url, data=filled(made, 0, "for") | filled(made, 1, ""), follow_redirects=True)
    assert "Your vote is kept." in answer.text
    assert made.row(0).count.in_favour == 1
    assert made.row(1).cast == []
    assert field_of(made.entries[1].id, "choice") in answer.text
    assert field_of(made.entries[0].id, "choice") not in answer.text
    assert "1 for" in answer.text
    client.post(url, data=filled(made, 1, "abstain"))
    assert "Nothing waits for your vote." in client.get(url).text
    assert "Vote on" not in client.get(f"/manage/{made.call.slug}").text


def test_a_vote_that_cannot_be_kept_stays_as_typed_beside_its_error_with_the_others(
    made: VotingRound, signed_in: Any
) -> None:
    client = signed_in(made.chairs[0])
    url = f"/manage/{made.call.slug}/votes"
    sent = filled(made, 0, "against") | filled(made, 1, "for", reason="Agreed <b>by all</b>.")
    answer = client.post(url, data=sent)
    assert answer.status_code == 422
    assert "Say why you vote against it." in answer.text
    assert "Agreed &lt;b&gt;by all&lt;/b&gt;." in answer.text
    assert [row.cast for row in (made.row(0), made.row(1))] == [[], []]
    only_reason = client.post(url, data=filled(made, 0, "", reason="Too large."))
    assert only_reason.status_code == 422
    assert "Choose how you vote." in only_reason.text
    assert "Too large." in only_reason.text


def test_what_changed_meanwhile_is_shown_as_it_is_now_and_voted_on_again(made: VotingRound, signed_in: Any) -> None:
    client = signed_in(made.chairs[0])
    made.award(0, amount=1_100_000, version=1)
    db.session.commit()
    url = f"/manage/{made.call.slug}/votes/{made.entries[0].id}"
    answer = client.post(url, data=filled(made, 0, "for"))
    assert answer.status_code == 422
    assert "was changed meanwhile" in answer.text
    (about,) = re.findall(r'-about"[^>]* value="([^"]+)"', answer.text)
    assert about == "award:1100000"
    assert client.post(url, data=filled(made, 0, "for", about=about)).status_code == 302
    assert made.row().count.in_favour == 1


def test_a_chair_sees_no_votes_of_others_before_voting_and_no_names_after(made: VotingRound, signed_in: Any) -> None:
    made.vote(1, AGAINST, reason="Not ready yet.")
    db.session.commit()
    client = signed_in(made.chairs[0])
    pages = [f"/manage/{made.call.slug}/votes", f"/manage/{made.call.slug}/votes/{made.entries[0].id}"]
    for url in pages:
        text = client.get(url).text
        assert "1 against" not in text
        assert "Not ready yet." not in text
    client.post(pages[1], data=filled(made, 0, "for"))
    for url in pages:
        text = client.get(url).text
        assert "1 for · 1 against" in text
        assert "Not ready yet." not in text
        assert "Chair 1" not in text


def test_after_stepping_back_the_row_is_nowhere_and_its_address_answers_like_none(
    made: VotingRound, signed_in: Any
) -> None:
    client = signed_in(made.chairs[0])
    row = f"/manage/{made.call.slug}/votes/{made.entries[0].id}"
    answer = client.post(f"{row}/step-back", data={"reason": "A cousin."}, follow_redirects=True)
    assert "hidden from you" in answer.text
    page = client.get(f"/manage/{made.call.slug}/votes").text
    assert reference(made, 0) not in page
    assert reference(made, 1) in page
    nobody = f"/manage/{made.call.slug}/votes/{uuid4()}"
    for url in (row, nobody):
        assert client.get(url).status_code == 404
        assert client.post(url, data=filled(made, 0, "for")).status_code == 404
        assert client.post(f"{url}/step-back").status_code == 404
    client.post(f"/manage/{made.call.slug}/votes", data=filled(made, 0, "for"))
    assert made.row().cast == []


def test_managers_and_ratifiers_read_who_voted_what_and_chairs_do_not(made: VotingRound, signed_in: Any) -> None:
    made.vote(0, FOR)
    made.vote(1, AGAINST, reason="Too large for them.")
    pin(made.entries[0].application, made.chairs[2])
    db.session.commit()
    row = f"/manage/{made.call.slug}/selection/{made.entries[0].id}"
    for role in (Role.MANAGER, Role.RATIFIER, Role.AUDITOR):
        client = signed_in(make_staff(role, made.call))
        text = client.get(f"{row}/votes").text
        for said in ("Chair 0", "Chair 1", "Too large for them.", "1 for · 1 against", "Chair 2", "Not approved"):
            assert said in text, (role, said)
        assert ("Keep it on the list" in text) is (role is Role.MANAGER)
        assert "Too large for them." in client.get(f"/manage/{made.call.slug}/selection").text
        assert "1 for · 1 against" in client.get(row).text
    assert signed_in(made.chairs[0]).get(f"{row}/votes").status_code == 403


def test_of_a_protected_application_nobody_is_named_as_tied(made: VotingRound, signed_in: Any) -> None:
    pin(made.entries[0].application, made.chairs[2])
    make_protected(made.entries[0].application)
    db.session.commit()
    text = (
        signed_in(make_staff(Role.RATIFIER, made.call))
        .get(f"/manage/{made.call.slug}/selection/{made.entries[0].id}/votes")
        .text
    )
    assert "1 chair" in text
    assert "Chair 2" not in text


def test_a_manager_keeps_an_award_with_a_reason_that_the_ratifier_reads(made: VotingRound, signed_in: Any) -> None:
    client = signed_in(make_staff(Role.MANAGER, made.call))
    url = f"/manage/{made.call.slug}/selection/{made.entries[0].id}/votes"
    send = f"/manage/{made.call.slug}/selection/send"
    refused = client.post(send)
    assert refused.status_code == 422
    assert "The chairs have not approved this award." in refused.text
    missing = client.post(url, data={"about": str(AWARD), "reason": ""})
    assert missing.status_code == 422
    assert "Give a reason." in missing.text
    stale = client.post(url, data={"about": "award:5", "reason": "Urgent."})
    assert stale.status_code == 409
    assert "Urgent." in stale.text
    assert client.post(url, data={"about": str(AWARD), "reason": "Urgent."}).status_code == 302
    assert client.post(send).status_code == 302
    ratifier = signed_in(make_staff(Role.RATIFIER, made.call))
    assert "Stays without approval" in ratifier.get(f"/manage/{made.call.slug}/ratification").text
    assert "Urgent." in ratifier.get(url).text
    chair = signed_in(made.chairs[0])
    assert "with those who ratify" in chair.get(f"/manage/{made.call.slug}/votes").text
    assert chair.post(f"/manage/{made.call.slug}/votes", data=filled(made, 0, "for")).status_code == 409


def test_a_call_whose_chairs_do_not_vote_says_so(app: FundApp, signed_in: Any) -> None:
    call = make_call()
    chair = make_staff(Role.CHAIR, call)
    db.session.commit()
    client = signed_in(chair)
    assert "The chairs of this call do not vote." in client.get(f"/manage/{call.slug}/votes").text
    assert client.post(f"/manage/{call.slug}/votes").status_code == 409
    assert actor_of(chair).can("decision:vote", call.id)
