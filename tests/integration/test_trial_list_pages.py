"""Pages of the lists that people try: reasons in words, effects before anything is kept, and what nobody learns."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role
from fundapp.applications.models import Call, Entry
from fundapp.core.db import db
from fundapp.core.web import FundApp
from fundapp.review.list_rules import MarkKind, Wish
from fundapp.review.models import Decision, Outcome, SelectionTerms, TrialList, TrialMark
from fundapp.review.presentation import lists as presentation
from fundapp.review.queries import lists as queries
from fundapp.review.services import lists
from fundapp.review.terms_rules import Ranking
from tests.attacks.conflicting import pin
from tests.conftest import SignedIn, counted_statements, without_tokens
from tests.factories import CLOSES, make_application, make_call, make_review, make_reviewer, make_staff

from .test_trial_lists import ASKED, region, terms, three

AFTER = CLOSES + timedelta(days=1)


def hidden_in(page: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', page)
    assert found is not None, page
    return found[1]


def plain(page: str) -> str:
    """Return what a page says, without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_the_page_of_a_list_says_why_in_words(app: FundApp, signed_in: SignedIn) -> None:
    made = three()
    for number, place in enumerate(("south", "south", "south", "north")):
        made.entries[number].application.region = place
    terms(made.call, made.person, region("north", least=1), region("south", most=1))
    made.mark(2, MarkKind.RESERVE, reason="Next year, perhaps.")
    references = [entry.application.reference or "" for entry in made.entries]
    address = f"/manage/{made.call.slug}/lists/{made.trial.id}"
    page = plain(signed_in(made.person).get(address).text)
    assert "Above the line." in page
    assert "A maximum is reached: at most 1 award for South. Without that it would be in." not in page
    assert "Below the line, but needed for a minimum: at least 1 award for North." in page
    assert f"Without that, in would be: {references[1]}." not in page
    assert "A maximum is reached: at most 1 award for South." in page
    assert "Held in reserve by a person." in page
    assert "Next year, perhaps." in page
    assert "Minima that are met: at least 1 award for North" in page
    assert "The line: by rank alone, the money ends here." in page
    assert "All applications" in page


def test_without_a_rule_who_would_be_in_is_named(app: FundApp, signed_in: SignedIn) -> None:
    made = three()
    for number, place in enumerate(("south", "south", "south", "north")):
        made.entries[number].application.region = place
    terms(made.call, made.person, region("north", least=1))
    page = plain(signed_in(made.person).get(f"/manage/{made.call.slug}/lists/{made.trial.id}").text)
    assert f"Without that, in would be: {made.entries[1].application.reference}." in page
    assert f"In because of that: {made.entries[3].application.reference}." in page


def test_a_minimum_that_is_missed_is_named_with_how_much(app: FundApp, signed_in: SignedIn) -> None:
    made = three()
    terms(made.call, made.person, region("north", least=5))
    page = plain(signed_in(made.person).get(f"/manage/{made.call.slug}/lists/{made.trial.id}").text)
    assert "Minima that are missed at least 5 awards for North: missed by 3 awards" in page
    assert "These cannot all hold" in page


def test_what_is_put_in_against_the_floor_is_named_before_it_is_kept_and_after(
    app: FundApp, signed_in: SignedIn
) -> None:
    made = three()
    terms(made.call, made.person, floor=Decimal("2.5"))
    low = made.entries[3]
    words = f"Put in against the floor below the floor of 2.5: {low.application.reference}"
    address = f"/manage/{made.call.slug}/lists/{made.trial.id}"
    client = signed_in(made.person)
    assert "Put in against the floor" not in plain(client.get(address).text)
    wish = {"wish": "put_in", "reason": "The only one in its valley."}
    assert words in plain(client.post(f"{address}/entries/{low.id}", data={**wish, "action": "show"}).text)
    made.mark(3, MarkKind.PUT_IN)
    other = lists.make_list(actor=made.manager, call=made.call, name="Other", now=AFTER)
    both = f"/manage/{made.call.slug}/lists/compare?list-1={made.trial.id}&list-2={other.id}"
    db.session.commit()
    page = plain(client.get(address).text)
    assert words in page
    assert "Put in by a person, though its score is below the floor." in page
    assert words in plain(client.get(f"{address}/adopt").text)
    assert plain(client.get(both).text).count(f"below the floor of 2.5: {low.application.reference}") == 1


def test_the_line_says_what_ends_there_and_a_place_is_not_called_money(app: FundApp, signed_in: SignedIn) -> None:
    made = three()
    for number, place in enumerate(("south", "south", "north", "south")):
        made.entries[number].application.region = place
    terms(made.call, made.person, region("north", least=1), places=1)
    address = f"/manage/{made.call.slug}/lists/{made.trial.id}"
    client = signed_in(made.person)
    page = plain(client.get(address).text)
    assert "The line: by rank alone, the awards end here." in page
    assert "Above the line, but its place is needed for a minimum: at least 1 award for North." in page
    assert "money is needed" not in page
    (fixed,) = db.session.scalars(select(SelectionTerms).where(SelectionTerms.call_id == made.call.id))
    fixed.places, fixed.rules = 3, []
    made.call.budget_minor = 9 * ASKED
    db.session.commit()
    assert "The line: by rank alone, the awards end here." in plain(client.get(address).text)
    fixed.places, fixed.floor = None, Decimal("2.5")
    db.session.commit()
    assert "The line: what stands below it is below the floor." in plain(client.get(address).text)
    fixed.floor = None
    db.session.commit()
    assert "The line:" not in plain(client.get(address).text), "the money reaches all"


def test_the_score_that_leads_stands_first_where_an_entry_is_changed(app: FundApp, signed_in: SignedIn) -> None:
    made = three()
    address = f"/manage/{made.call.slug}/lists/{made.trial.id}/entries/{made.entries[0].id}"
    terms(made.call, made.person, ranking=Ranking.MEAN)
    page = plain(signed_in(made.person).get(address).text)
    assert "Mean 5.00" in page
    assert "Adjusted" not in page
    (fixed,) = db.session.scalars(select(SelectionTerms).where(SelectionTerms.call_id == made.call.id))
    fixed.ranking = Ranking.ADJUSTED
    db.session.commit()
    assert re.search(r"Adjusted \d\.\d+ Mean 5\.00", plain(signed_in(made.person).get(address).text))


def test_whoever_lost_a_place_to_a_person_s_choice_is_told_so(app: FundApp, signed_in: SignedIn) -> None:
    made = three()
    terms(made.call, made.person, places=2)
    made.mark(3, MarkKind.PUT_IN)
    db.session.commit()
    page = plain(signed_in(made.person).get(f"/manage/{made.call.slug}/lists/{made.trial.id}").text)
    assert page.count("By rank alone it would be in, but a person put in an entry that takes its money.") == 1
    made.call.budget_minor = 9 * ASKED
    db.session.commit()
    page = plain(signed_in(made.person).get(f"/manage/{made.call.slug}/lists/{made.trial.id}").text)
    assert page.count("By rank alone it would be in, but a person put in an entry that takes its place.") == 1
    assert "all places are given" not in page


def test_where_lots_decide_lists_say_that_they_do_not_know_of_them(app: FundApp, signed_in: SignedIn) -> None:
    made = three()
    terms(made.call, made.person)
    addresses = [f"/manage/{made.call.slug}/lists{rest}" for rest in ("", f"/{made.trial.id}")]
    client = signed_in(made.person)
    for address in addresses:
        assert "lists do not know of them" not in client.get(address).text
    (fixed,) = db.session.scalars(select(SelectionTerms).where(SelectionTerms.call_id == made.call.id))
    fixed.draw_band = 1
    db.session.commit()
    for address in addresses:
        page = client.get(address).text
        assert "lists do not know of them" in page
        assert f"/manage/{made.call.slug}/draw" in page


def test_the_effect_is_shown_before_it_is_kept_and_nothing_typed_is_lost(app: FundApp, signed_in: SignedIn) -> None:
    made = three()
    db.session.commit()
    client = signed_in(made.person)
    address = f"/manage/{made.call.slug}/lists/{made.trial.id}/entries/{made.entries[3].id}"
    typed = {"wish": "put_in", "amount": "9,000", "reason": "Nobody else works there."}
    wrong = client.post(address, data=typed | {"reason": ""})
    assert (wrong.status_code, "Give a reason." in wrong.text, 'value="9,000"' in wrong.text) == (422, True, True)
    for action in ({}, {"action": "show"}, {"action": "keep"}, {"action": "keep", "shown": "another effect"}):
        shown = client.post(address, data=typed | action)
        assert shown.status_code == 200
        assert db.session.scalars(select(TrialMark)).all() == []
    page = plain(shown.text)
    for number, heading in ((3, "Comes in"), (1, "Goes out")):
        reference = made.entries[number].application.reference or ""
        assert re.search(rf"{heading} Rank Entry (Before|After) =?\d+ {reference}", page), heading
    assert "Nothing is kept yet." in page
    assert "Nobody else works there." in shown.text
    answer = client.post(address, data=typed | {"action": "keep", "shown": hidden_in(shown.text, "shown")})
    assert answer.status_code == 302
    (kept,) = db.session.scalars(select(TrialMark))
    assert (kept.kind, kept.amount_minor, kept.reason) == (MarkKind.PUT_IN, 900_000, "Nobody else works there.")
    page = plain(client.get(f"/manage/{made.call.slug}/lists/{made.trial.id}").text)
    assert f"Put in by a person. {made.person.name} : Nobody else works there." in page


def test_a_list_that_changed_since_its_effect_was_shown_is_shown_again(app: FundApp, signed_in: SignedIn) -> None:
    made = three()
    db.session.commit()
    client = signed_in(made.person)
    base = f"/manage/{made.call.slug}/lists/{made.trial.id}"
    address = f"{base}/entries/{made.entries[3].id}"
    typed = {"wish": "put_in", "reason": "So."}
    shown = hidden_in(client.post(address, data=typed).text, "shown")
    made.mark(0, MarkKind.TAKE_OUT)
    db.session.commit()
    again = client.post(address, data=typed | {"action": "keep", "shown": shown})
    assert (again.status_code, hidden_in(again.text, "shown") == shown) == (200, False)
    seen = hidden_in(client.get(f"{base}/adopt").text, "seen")
    made.mark(0, None)
    db.session.commit()
    late = client.post(f"{base}/adopt", data={"seen": seen})
    assert (late.status_code, "meanwhile" in late.text) == (409, True)
    assert db.session.scalars(select(Decision)).all() == []


def test_adopting_shows_what_it_changes_and_whom_it_leaves_to_people(app: FundApp, signed_in: SignedIn) -> None:
    made = three()
    made.add([])
    made.award(2, amount=ASKED, reason="At first.")
    db.session.commit()
    client = signed_in(made.person)
    base = f"/manage/{made.call.slug}/lists/{made.trial.id}"
    page = client.get(f"{base}/adopt").text
    words = plain(page)
    references = [entry.application.reference or "" for entry in made.entries]
    assert re.search(rf"Goes out Rank Entry Before 3 {references[2]}", words)
    assert re.search(rf"Left for people to decide {references[4]}", words)
    answer = client.post(f"{base}/adopt", data={"seen": hidden_in(page, "seen")}, follow_redirects=True)
    assert "4 decisions were made or changed." in answer.text
    outcomes = {each.entry_id: each.outcome for each in db.session.scalars(select(Decision))}
    assert [outcomes.get(entry.id) for entry in made.entries] == [
        Outcome.AWARD, Outcome.AWARD, Outcome.DECLINE, Outcome.DECLINE, None
    ]  # fmt: skip


def test_adopting_shows_whom_it_leaves_to_lots(app: FundApp, signed_in: SignedIn) -> None:
    made = three()
    terms(made.call, made.person, draw_band=1)
    db.session.commit()
    words = plain(signed_in(made.person).get(f"/manage/{made.call.slug}/lists/{made.trial.id}/adopt").text)
    second, third = (made.entries[number].application for number in (1, 2))
    left = words.partition("Left to the lots Lots decide among these, and they are not drawn yet.")[2]
    assert [(each.reference or "?") in left for each in (second, third)] == [True, True]
    assert "Left for people to decide" not in words


def test_lists_are_made_named_compared_and_deleted_on_pages(app: FundApp, signed_in: SignedIn) -> None:
    made = three()
    made.mark(3, MarkKind.PUT_IN)
    db.session.commit()
    client = signed_in(made.person)
    base = f"/manage/{made.call.slug}/lists"
    assert client.post(base, data={"name": "First"}).status_code == 422
    assert client.post(base, data={"name": "شمال"}).status_code == 302
    other = db.session.scalars(select(TrialList).where(TrialList.name == "شمال")).one()
    page = plain(client.get(f"{base}/compare?list-1={made.trial.id}&list-2={other.id}").text)
    references = [entry.application.reference or "" for entry in made.entries]
    assert re.search(rf"2 {references[1]} .* not in US\$12,000.00", page)
    assert re.search(rf"4 {references[3]} .* US\$12,000.00 \(USD\) not in", page)
    assert f"1 {references[0]}" not in page
    assert "Tick two to 4 lists" in plain(client.get(f"{base}/compare?list-1={other.id}&list-2=nonsense").text)
    for data, status in (
        ({"action": "rename", "name": ""}, 422),
        ({"action": "rename", "name": "South"}, 302),
        ({"action": "copy", "name": "Copy"}, 302),
        ({"action": "delete"}, 422),
        ({"action": "delete", "sure": "y"}, 302),
    ):
        assert client.post(f"{base}/{other.id}/change", data=data).status_code == status, data
    assert [each.name for each in queries.lists_of(made.call)] == ["First", "Copy"]
    assert client.get(f"{base}/{other.id}").status_code == 404


def test_calls_in_which_applicants_review_each_other_are_told_that_there_are_no_lists(
    app: FundApp, signed_in: SignedIn
) -> None:
    call = make_call(is_impartial=True, applicants_review=True)
    client = signed_in(make_staff(Role.MANAGER))
    page = client.get(f"/manage/{call.slug}/lists").text
    assert ("There are no lists for such calls" in page, "Make a list" in page) == (True, False)
    assert client.post(f"/manage/{call.slug}/lists", data={"name": "One"}).status_code == 409


def test_whoever_has_a_conflict_sees_the_pages_of_a_call_without_what_is_hidden(
    app: FundApp, signed_in: SignedIn
) -> None:
    made = three()
    for number, place in enumerate(("south", "south", "south", "north")):
        made.entries[number].application.region = place
    terms(made.call, made.person, region("north", least=1, most=1))
    other = lists.copy_list(actor=made.manager, trial=made.trial, name="Second", now=AFTER)
    made.mark(1, MarkKind.TAKE_OUT)
    tied, free = make_staff(Role.MANAGER), make_staff(Role.MANAGER)
    db.session.commit()
    base = f"/manage/{made.call.slug}/lists"
    shown = [base, f"{base}/{made.trial.id}", f"{base}/{made.trial.id}/adopt", f"{base}/{made.trial.id}/change"]
    shown += [f"{base}/{made.trial.id}/entries/{made.entries[0].id}"]
    shown += [f"{base}/compare?list-1={made.trial.id}&list-2={other.id}", f"/manage/{made.call.slug}/selection"]

    def pages(person: Person) -> dict[str, str]:
        client = signed_in(person)
        found = {address: client.get(address).text for address in shown}
        effect = client.post(shown[4], data={"wish": "take_out", "reason": "So."})
        return {address: without_tokens(text) for address, text in (found | {"effect": effect.text}).items()}

    before, others_before = pages(tied), pages(free)
    hidden = hide(made.call, tied, made.trial, made.manager)
    after, others_after = pages(tied), pages(free)
    assert after == before
    assert (hidden.application.reference or "") in others_after[shown[1]]
    unchanged = {address for address in others_after if others_after[address] == others_before[address]}
    assert unchanged == {base, shown[3]}, "the others do see it: on every page that tells of entries"
    client = signed_in(tied)
    of_none = make_application(make_call()).entries[0]
    db.session.commit()
    answers = {client.get(f"{base}/{made.trial.id}/entries/{entry.id}").status_code for entry in (hidden, of_none)}
    assert answers == {404}


def hide(call: Call, tied: Person, trial: TrialList, manager: Any) -> Entry:
    """Add the best entry of all, decided and marked by somebody else, and hide it from a person."""
    entry = make_application(call, answers={"region": "north"}).entries[0]
    for _ in range(2):
        make_review(entry, make_reviewer(call), [5, 5])
    pin(entry.application, tied)
    board = queries.board_of(actor=manager, trial=trial, ground=queries.ground_of(actor=manager, call=call))
    lists.mark_entry(
        actor=manager, trial=trial, entry=entry, wish=Wish(MarkKind.PUT_IN, 1_000_000), reason="Best.",
        seen=board.seen, now=AFTER,
    )  # fmt: skip
    db.session.commit()
    return entry


def test_a_long_list_is_paged_and_asks_no_more_of_the_database(
    app: FundApp, signed_in: SignedIn, monkeypatch: Any
) -> None:
    monkeypatch.setattr(presentation, "PAGE_SIZE", 5)
    made = three()
    db.session.commit()
    client = signed_in(made.person)
    address = f"/manage/{made.call.slug}/lists/{made.trial.id}"

    def asked(path: str) -> int:
        with counted_statements() as statements:
            assert client.get(path).status_code == 200
        return len(statements)

    few = asked(address)
    for _ in range(12):
        made.add([2])
    for number in range(3, 10):
        made.mark(number, MarkKind.TAKE_OUT)
    db.session.commit()
    assert asked(address) == few

    def pages(number: int) -> str:
        return plain(client.get(f"{address}?page={number}").text)

    references = [entry.application.reference or "" for entry in made.entries]
    assert [sum(reference in pages(number) for reference in references) for number in (1, 2, 3, 4, 99)] == [
        5,
        5,
        5,
        1,
        1,
    ]
