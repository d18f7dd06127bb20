"""An auditor reckons the two pools of a call again on the command line, and sees what somebody changed by hand."""

import json
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select, update

from fundapp.accounts.models import TieKind
from fundapp.accounts.services.ties import declare_tie
from fundapp.applications.models import ProgrammeKind
from fundapp.core.db import db
from fundapp.core.web import FundApp
from fundapp.review.cli import check
from fundapp.review.models import Decision, PoolDraw, PoolLot, PoolShare, Slate
from fundapp.review.pools import PoolName
from fundapp.review.services import pools, sending
from tests.conftest import actor_of
from tests.factories import make_call, make_review, make_reviewer
from tests.frozen_tallies import freeze_another, frozen_document
from tests.integration.pool_round import LATER, Round, distinct, entry_of

Command = Callable[..., Result]


@pytest.fixture
def command(app: FundApp) -> Command:
    def run(*arguments: str) -> Result:
        db.session.commit()
        return CliRunner().invoke(check, arguments, obj=lambda _holds=None: app)

    return run


def decided() -> Round:
    """Return a round that is decided by rank, and whose list was sent."""
    there = Round(8, budget_minor=6_000_000)
    there.fix()
    there.draw()
    late = there.apply()
    there.applications.append(late)
    pools.place_late(actor=there.actor, call=there.call, now=LATER)
    reader = make_reviewer(there.call)
    for number, application in enumerate(there.applications):
        make_review(entry_of(application), reader, distinct(number))
    there.outcome()
    sending.propose_slate(actor=there.actor, call=there.call, now=LATER)
    return there


def test_a_call_that_was_run_on_its_pages_holds(command: Command) -> None:
    there = decided()
    result = command(there.call.slug, "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["holds"] is True
    assert [draw["number"] for draw in found["draws"]] == [1, 2]
    first, second = ({each["what"]: each for each in draw["checks"]} for draw in found["draws"])
    assert set(first) == {"fingerprint of the list", "pools before the draw"}
    assert second["fingerprint of the list"]["stored"] != first["fingerprint of the list"]["stored"]
    assert len(second["pools of the lots"]["follows"].split(", ")) == 8
    assert len(second["pools of the lots that came later"]["follows"].split(", ")) == 1
    assert "3000000" in second["money: what each pool gives"]["stored"]
    ranked = [each["stored"] for what, each in second.items() if what.endswith("ranks")]
    assert sum(len(lines.split("), ")) for lines in ranked) == 9
    assert all(str(each.reference) in "".join(ranked) for each in there.applications)
    assert not any(each.organisation_name in result.output for each in there.applications)
    assert "ok   list 2, seed" in command(there.call.slug).output


def another_seed(_there: Round) -> None:
    db.session.execute(update(PoolDraw).where(PoolDraw.seed.is_not(None)).values(seed="0" * 64))


def another_value(_there: Round) -> None:
    db.session.execute(update(PoolDraw).where(PoolDraw.seed.is_not(None)).values(public_value="1 2 3"))


def moved_lot(there: Round) -> None:
    lot = _lots(there)[0]
    lot.pool = PoolName.B if lot.pool is PoolName.A else PoolName.A


def moved_late_lot(there: Round) -> None:
    lot = next(lot for lot in _lots(there) if lot.stratum == 0)
    lot.pool = PoolName.B if lot.pool is PoolName.A else PoolName.A


def added_lot(there: Round) -> None:
    db.session.add(PoolLot(draw_id=_lots(there)[0].draw_id, label="ffffffffffff", stratum=1, pool=PoolName.A))


def more_money(there: Round) -> None:
    share = _shares(there)[0]
    share.money_minor -= 1_000_000


def money_from_nowhere(there: Round) -> None:
    for share in _shares(there):
        share.money_minor *= 2


def tied_since(there: Round) -> None:
    one = there.applications[0]
    other = next(each for each in there.applications if there.pool(each) is not there.pool(one))
    declare_tie(
        actor=actor_of(one.person),
        person=one.person,
        kind=TieKind.FAMILY,
        organisation=other.organisation_name,
        now=LATER,
    )


def another_rank(there: Round) -> None:
    slate = db.session.scalars(select(Slate).where(Slate.call_id == there.call.id)).one()
    document = frozen_document(slate)
    entries = document["entries"]
    entries[0]["rank"], entries[1]["rank"] = entries[1]["rank"], entries[0]["rank"]
    freeze_another(slate, document)


def another_score(there: Round) -> None:
    slate = db.session.scalars(select(Slate).where(Slate.call_id == there.call.id)).one()
    document = frozen_document(slate)
    last = max(document["entries"], key=lambda each: each["rank"])
    for review in document["reviews"]:
        if review["entry"] == last["entry"]:
            for score in review["versions"][-1]["content"]["scores"].values():
                score["value"] = 5
    freeze_another(slate, document)


def larger_award(there: Round) -> None:
    decision = db.session.scalars(select(Decision).where(Decision.amount_minor > 0).order_by(Decision.id)).first()
    assert decision is not None
    decision.amount_minor += 5_000_000


def award_below_the_line(there: Round) -> None:
    low = db.session.scalars(select(Decision).where(Decision.amount_minor == 0).order_by(Decision.rank.desc())).first()
    assert low is not None
    high = db.session.scalars(
        select(Decision).where(Decision.entry_id.in_(_mates(there, low)), Decision.amount_minor > 0)
    ).first()
    assert high is not None
    low.outcome, high.outcome = high.outcome, low.outcome
    low.amount_minor, high.amount_minor = high.amount_minor, low.amount_minor


@pytest.mark.parametrize(
    ("change", "bad"),
    [
        (another_seed, "seed"),
        (another_value, "seed"),
        (moved_lot, "pools of the lots"),
        (moved_late_lot, "pools of the lots that came later"),
        (added_lot, "fingerprint of the list"),
        (more_money, "money: what each pool gives"),
        (money_from_nowhere, "what the pools give beyond the budget"),
        (tied_since, "applications that are tied, and stand in both pools"),
        (another_rank, "ranks"),
        (another_score, "ranks"),
        (larger_award, "lists that give more than their pool has"),
        (award_below_the_line, "choices against the rank in their pool without a reason"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_what_somebody_changes_by_hand_is_seen(command: Command, change: Callable[[Round], None], bad: str) -> None:
    there = decided()
    slug = there.call.slug
    change(there)
    db.session.flush()
    result = command(slug, "--json")
    assert result.exit_code == 1, result.output
    found = json.loads(result.stdout)
    assert found["holds"] is False
    differing = [each["what"] for draw in found["draws"] for each in draw["checks"] if not each["holds"]]
    assert any(what.endswith(bad) for what in differing), differing
    assert "BAD" in command(slug).output


def test_the_awards_of_categories_are_checked_too(command: Command) -> None:
    there = Round(0, kind=ProgrammeKind.PRIZE, categories=2)
    for category in there.call.categories:
        category.awards = 3
    there.applications = [
        there.apply(categories=[there.call.categories[number % 2]], requested_minor=None) for number in range(8)
    ]
    there.draw()
    slug = there.call.slug
    assert command(slug).exit_code == 0
    share = _shares(there)[0]
    share.awards = (share.awards or 0) + 1
    result = command(slug)
    assert result.exit_code == 1
    assert "awards in all" in result.output
    assert "what each pool gives" in result.output


def test_where_nothing_can_be_checked_it_says_so(command: Command) -> None:
    plain, early = make_call().slug, Round(2).call.slug
    assert "no call of this name" in command(plain).output
    assert "no call of this name" in command("nowhere").output
    assert "no list is fixed yet" in command(early).output
    assert command(early).exit_code == 1


def _lots(there: Round) -> list[PoolLot]:
    return list(
        db.session.scalars(
            select(PoolLot)
            .join(PoolLot.draw)
            .where(PoolDraw.call_id == there.call.id, PoolDraw.seed.is_not(None))
            .order_by(PoolLot.stratum.desc(), PoolLot.label)
        )
    )


def _shares(there: Round) -> list[PoolShare]:
    return list(
        db.session.scalars(
            select(PoolShare)
            .join(PoolShare.draw)
            .where(PoolDraw.call_id == there.call.id)
            .order_by(PoolShare.category_id, PoolShare.pool)
        )
    )


def _mates(there: Round, decision: Decision) -> list[object]:
    pool = next(there.pool(each) for each in there.applications if entry_of(each).id == decision.entry_id)
    return [entry_of(each).id for each in there.applications if there.pool(each) is pool]
