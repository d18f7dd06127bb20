"""Whether what is decided keeps the terms: told to those who decide, to those who ratify before they do, in minutes."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role
from fundapp.applications.models import Application, ApplicationStatus, Call
from fundapp.core.db import db
from fundapp.core.web import FundApp
from fundapp.review.models import Outcome, Pot, Slate, SlateStatus
from fundapp.review.queries import lists as queries
from fundapp.review.queries.selection import selection
from fundapp.review.slate import Measure
from tests.conftest import SignedIn, counted_statements, without_tokens
from tests.factories import NOW, make_decision, make_member, make_slate, make_staff

from .test_minutes import minutes, text_of
from .test_selection import Round
from .test_trial_list_pages import plain
from .test_trial_lists import region, terms

ASKED = 1_200_000
SECTION = "Are the terms kept?"


class Decided(Round):
    """A call whose entries get awards or nothing; each is in a region, and read by one person."""

    def __init__(
        self, *places: str, awards: tuple[int, ...], status: SlateStatus = SlateStatus.PROPOSED, **values: object
    ) -> None:
        super().__init__([], **{"budget_minor": 5_000_000, **values})
        self.slate = make_slate(self.call, status)
        for number, place in enumerate(places):
            self.put(place, mark=5 - number % 4, is_awarded=number in awards)

    def put(self, place: str, *, mark: int | None, is_awarded: bool = True) -> Application:
        entry = self.add([] if mark is None else [mark])
        entry.application.region = place
        decision = make_decision(
            self.slate, entry, outcome=Outcome.AWARD if is_awarded else Outcome.DECLINE, amount_minor=ASKED,
            decided_by=self.person,
        )  # fmt: skip
        decision.reason = "The panel wants it so."
        return entry.application

    def url(self, page: str) -> str:
        return f"/manage/{self.call.slug}/{page}"

    def reference(self, number: int) -> str:
        return self.entries[number].application.reference or ""


def page(client: FlaskClient, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200, response.text[:300]
    return str(response.text)


def told(signed_in: SignedIn, made: Decided) -> list[str]:
    """Return what the selection, the page of those who ratify and the minutes say."""
    db.session.commit()
    manager, ratifier = signed_in(made.person), signed_in(make_staff(Role.RATIFIER))
    return [
        plain(page(manager, made.url("selection"))),
        plain(page(ratifier, made.url("ratification"))),
        text_of(minutes(manager, made.call.slug)),
    ]


def test_rules_that_are_broken_are_told_by_how_much_wherever_people_decide_ratify_or_read(
    app: FundApp, signed_in: SignedIn
) -> None:
    made = Decided("south", "south", "north", awards=(0, 1))
    money = region("south", most=1_300_000, measure=Measure.MONEY)
    money.code = "money"
    terms(made.call, made.person, region("north", least=1), region("south", most=3), money, places=1)
    for text in told(signed_in, made):
        assert SECTION in text
        assert "3 terms are not kept." in text
        for term, has, verdict in (
            ("at least 1 award for North", "0 awards", "Missed by 1 award"),
            ("at most 3 awards for South", "2 awards", "Kept"),
            ("at most US$13,000.00 (USD) for South", "US$24,000.00 (USD)", "Exceeded by US$11,000.00 (USD)"),
            ("no more than 1 award", "2 awards", "Exceeded by 1 award"),
        ):
            assert f"{term} {has} {verdict}" in text
        assert "All applications" in text, "the balance stands there"


def test_who_ratifies_reads_it_first_and_is_free_to_sign(app: FundApp, signed_in: SignedIn) -> None:
    made = Decided("south", "north", awards=(0,))
    terms(made.call, made.person, region("north", least=1))
    db.session.commit()
    client = signed_in(make_staff(Role.RATIFIER))
    text = plain(page(client, made.url("ratification")))
    assert text.index("1 term is not kept.") < text.index("Choices against rank") < text.index("Ratify the list")
    assert f"{SECTION} 1 term is not kept." in plain(page(client, made.url("ratification/confirm")))
    assert client.post(made.url("ratification"), data={"version": "1"}).status_code == 302
    db.session.refresh(made.slate)
    assert made.slate.status is SlateStatus.RATIFIED


def test_a_list_within_its_terms_is_said_to_be_so_with_what_each_pot_has_left(
    app: FundApp, signed_in: SignedIn
) -> None:
    made = Decided("south", "north", awards=(0, 1))
    pot = Pot(code="p1", titles={"en": "Northern money"}, money_minor=2_000_000, groups=["region:north"], position=1)
    terms(made.call, made.person, region("north", least=1), pots=[pot])
    for text in told(signed_in, made):
        assert "All terms are kept." in text
        assert "Northern money US$20,000.00 (USD) US$8,000.00 (USD)" in text
        assert "What the other pots leave of the budget US$30,000.00 (USD) US$18,000.00 (USD)" in text
        assert "cannot pay" not in text
    assert "US$26,000.00 (USD)" in text_of(minutes(signed_in(made.person), made.call.slug)), "left in all"


def test_pots_that_cannot_pay_are_said_to_be_so_and_never_shown_as_full(app: FundApp, signed_in: SignedIn) -> None:
    made = Decided("south", "south", "north", awards=(0, 1))
    pot = Pot(code="p1", titles={"en": "Northern money"}, money_minor=3_000_000, groups=["region:north"], position=1)
    terms(made.call, made.person, pots=[pot])
    shown = told(signed_in, made)
    for text in shown:
        assert "1 term is not kept." in text
        assert "The pots cannot pay for this list." in text
        assert "US$30,000.00 (USD) US$30,000.00 (USD)" not in text
    assert "Northern money US$30,000.00 (USD) not known" in shown[0]
    assert "Northern money US$30,000.00 (USD) –" in shown[2]


def test_awards_below_the_floor_or_without_a_score_are_named(app: FundApp, signed_in: SignedIn) -> None:
    made = Decided("south", "south", "south", awards=(0, 1))
    made.put("north", mark=None)
    terms(made.call, made.person, floor=Decimal("4.5"))
    for text in told(signed_in, made):
        assert (
            f"no score below 4.5 1 award Below it: {made.reference(1)}. Without a score: {made.reference(3)}." in text
        )


@pytest.mark.parametrize("has_terms", [True, False])
def test_where_nothing_binds_the_selection_nothing_more_is_seen(
    app: FundApp, signed_in: SignedIn, has_terms: bool
) -> None:
    made = Decided("south", "north", awards=(0,))
    if has_terms:
        terms(made.call, made.person, two_ratifiers_from_minor=100)
    assert not any(SECTION in text for text in told(signed_in, made))


def test_an_open_list_tells_it_from_the_first_decision_on(app: FundApp, signed_in: SignedIn) -> None:
    made = Decided(awards=(), status=SlateStatus.OPEN)
    made.add([4])
    terms(made.call, made.person, region("south", most=1))
    db.session.commit()
    client = signed_in(made.person)
    assert SECTION not in page(client, made.url("selection"))
    made.put("south", mark=5)
    db.session.commit()
    assert "All terms are kept so far." in page(client, made.url("selection"))


def test_an_award_that_is_withdrawn_after_sending_stays_counted(app: FundApp) -> None:
    made = Decided("north", "south", awards=(0, 1))
    terms(made.call, made.person, region("north", least=1))
    gone = made.entries[0].application
    gone.status, gone.withdrawn_at = ApplicationStatus.WITHDRAWN, NOW
    gone.eligibility_by_id = gone.eligibility_at = None
    db.session.flush()
    decided = queries.decided_list(queries.ground_of(actor=made.manager, call=made.call))
    assert (decided.spent_minor, decided.short) == (2 * ASKED, {})


def test_once_an_award_is_erased_nobody_says_that_a_term_was_broken(app: FundApp, signed_in: SignedIn) -> None:
    made = Decided("north", "south", awards=(0, 1))
    terms(made.call, made.person, region("north", least=1))
    erased = made.entries[0].application
    erased.erased_at, erased.region = NOW, ""
    for text in told(signed_in, made):
        assert "whether the terms are kept cannot be told any more." in text
        assert "Missed by" not in text


@pytest.mark.parametrize(
    ("role", "read"),
    [
        (Role.MANAGER, lambda client, made: page(client, made.url("selection"))),
        (Role.RATIFIER, lambda client, made: page(client, made.url("ratification"))),
        (Role.RATIFIER, lambda client, made: page(client, made.url("ratification/confirm"))),
        (Role.AUDITOR, lambda client, made: text_of(minutes(client, made.call.slug))),
    ],
)
def test_whoever_has_a_conflict_reads_the_same_as_without_what_is_hidden_from_them(
    app: FundApp, signed_in: SignedIn, role: Role, read: Callable[[FlaskClient, Decided], str]
) -> None:
    """The hidden award breaks a maximum, the number of awards, the floor and a pot, and is what a minimum lacks."""
    made = Decided("south", "south", awards=(0, 1))
    pot = Pot(code="p1", titles={"en": "Northern money"}, money_minor=500_000, groups=["region:west"], position=1)
    rules = (region("north", least=1), region("south", most=2))
    terms(made.call, made.person, *rules, pots=[pot], floor=Decimal(2), places=2)
    person = make_staff(role)
    db.session.commit()
    client = signed_in(person)
    before = without_tokens(read(client, made))
    assert "1 term is not kept." in plain(before)
    hidden = made.put("south", mark=1)
    hidden_too = made.put("north", mark=5)
    db.session.commit()
    assert "4 terms are not kept." in plain(read(client, made))
    make_member(person, hidden.organisation)
    make_member(person, hidden_too.organisation)
    db.session.commit()
    assert without_tokens(read(client, made)) == before


def test_it_takes_as_many_statements_for_few_awards_as_for_many(app: FundApp, signed_in: SignedIn) -> None:
    made = Decided("south", "north", awards=(0, 1), budget_minor=100_000_000)
    pot = Pot(code="p1", titles={"en": "Northern money"}, money_minor=9_000_000, groups=["region:north"], position=1)
    terms(made.call, made.person, region("north", least=1), pots=[pot], floor=Decimal(2))
    db.session.commit()
    manager, ratifier = signed_in(made.person), signed_in(make_staff(Role.RATIFIER))
    reads = {"selection": manager, "ratification": ratifier, "minutes.pdf": manager}
    urls = {made.url(name): client for name, client in reads.items()}
    ids = made.call.id, made.slate.id, made.person.id

    def statements() -> list[int]:
        found = []
        for url, client in urls.items():
            db.session.remove()
            with counted_statements() as each:
                assert client.get(url).status_code == 200
            found.append(len(each))
        return found

    statements()
    few = statements()
    made.call, made.slate = db.session.get_one(Call, ids[0]), db.session.get_one(Slate, ids[1])
    made.person = db.session.get_one(Person, ids[2])
    for number in range(8):
        made.put("north" if number % 2 else "south", mark=3)
    db.session.commit()
    assert statements() == few


def test_beside_a_decided_call_stands_the_round_before_it_and_never_a_later_one(app: FundApp) -> None:
    rounds = [Decided("south", awards=(0,), status=SlateStatus.RELEASED)]
    rounds += [Decided("south", awards=(0,), programme=rounds[0].call.programme) for _ in range(2)]
    for number, each in enumerate(rounds):
        at = NOW + timedelta(days=number)
        db.session.execute(update(Call).where(Call.id == each.call.id).values(status="decided", decided_at=at))
    db.session.expire_all()
    found = [queries.last_round(actor=each.manager, call=each.call) for each in rounds]
    assert [each.call.id if each else None for each in found] == [None, rounds[0].call.id, rounds[1].call.id]


def test_an_award_elsewhere_after_a_list_was_sent_makes_nobody_in_it_less_of_a_newcomer(app: FundApp) -> None:
    made = Decided("south", awards=(0,))
    organisation = made.entries[0].application.organisation
    later = Decided(awards=(), status=SlateStatus.RELEASED)
    later.slate.released_at = NOW + timedelta(days=9)
    make_decision(later.slate, later.add([5], organisation=organisation))
    db.session.flush()

    def groups() -> frozenset[str]:
        (ask,) = queries.ground_from(selection(actor=made.manager, call=made.call)).awarded
        return ask.groups

    assert "first_time:yes" in groups()
    later.slate.released_at = NOW
    db.session.flush()
    assert "first_time:yes" not in groups()
