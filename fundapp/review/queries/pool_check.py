"""What an auditor reckons again of two pools: the draw, what each gives, and the lines that follow from the scores."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import contains_eager

from fundapp.applications.models import Application, Call, Entry
from fundapp.applications.scope import goes_to_reviewers
from fundapp.core.db import db
from fundapp.review.frozen import lists_in, read_frozen
from fundapp.review.models import PoolDraw, PoolShare
from fundapp.review.pools import Lot, PoolName, coin, deal, divided, fingerprint, seed_of, tied_groups
from fundapp.review.queries.freezing import newest_frozen
from fundapp.review.queries.pools import consequence, draws, lot_ties, lots_by_reference, pools_of
from fundapp.review.queries.ranking import Ranked
from fundapp.review.queries.selection import Selection, whole_selection
from fundapp.review.rules import Choice, against_rank

LATE_STRATUM: Final = 0
"""Lots that came after the draw: each went where the seed threw its label."""


@dataclass(frozen=True)
class Check:
    """One thing that was reckoned again: what is stored, and what follows from what was published before.

    Both are texts for comparison: hashes, lists of labels and references, numbers. They name nobody.
    """

    what: str
    stored: str
    follows: str

    @property
    def holds(self) -> bool:
        """Return whether what is stored is what follows."""
        return self.stored == self.follows


def check_pools(call: Call) -> dict[int, list[Check]]:
    """Return what was reckoned again of an impartial call, by number of the draw; nothing before a list was fixed.

    A value that was typed in is compared with nothing: whether it is the published one, everybody can see on the page.
    """
    all_draws = draws(call)
    found = {draw.number: _of_draw(draw) for draw in all_draws}
    if all_draws and all_draws[-1].drawn_at is not None:
        draw = all_draws[-1]
        found[draw.number] += [_together(call, draw), *_shares(call, draw)]
        if draw.opened_at is not None:
            found[draw.number] += _lines(call)
    return found


def _of_draw(draw: PoolDraw) -> list[Check]:
    fixed = [Lot(lot.stratum, lot.label) for lot in draw.lots if lot.stratum != LATE_STRATUM]
    checks = [Check("fingerprint of the list", draw.fingerprint, fingerprint(fixed))]
    if draw.drawn_at is None or draw.public_value is None:
        return [*checks, Check("pools before the draw", _listed(str(lot.pool) for lot in draw.lots if lot.pool), "")]
    seed = seed_of(draw.fingerprint, draw.public_value)
    dealt = deal(fixed, seed)
    late = {
        lot.label: PoolName.A if coin(seed, lot.label) else PoolName.B
        for lot in draw.lots
        if lot.stratum == LATE_STRATUM
    }
    stored = {lot.label: lot.pool for lot in draw.lots}
    return [
        *checks,
        Check("seed", draw.seed or "", seed),
        Check("pools of the lots", _by_label(stored, dealt), _by_label(dealt, dealt)),
        Check("pools of the lots that came later", _by_label(stored, late), _by_label(late, late)),
    ]


def _together(call: Call, draw: PoolDraw) -> Check:
    """Compare with the ties as they are known now: one that became known since shows here."""
    pools = {str(place.application_id): place.lot.pool for place in lots_by_reference(draw)}
    references = {
        str(application_id): reference or ""
        for application_id, reference in db.session.execute(
            select(Application.id, Application.reference)
            .where(Application.call_id == call.id, goes_to_reviewers())
            .order_by(Application.reference)
        )
    }
    apart = [
        " ".join(references[each] for each in group)
        for group in tied_groups(list(references), lot_ties(call))
        if len({pools[each] for each in group if each in pools}) > 1
    ]
    return Check("applications that are tied, and stand in both pools", _listed(apart), "")


def _shares(call: Call, draw: PoolDraw) -> list[Check]:
    """Divide again what the shares come to by what was asked for when they were fixed."""
    stored: dict[str, dict[PoolName, PoolShare]] = {}
    for share in draw.shares:
        stored.setdefault(share.category.code if share.category else "", {})[share.pool] = share
    checks = []
    for code, of_pool in sorted(stored.items()):
        name = f"category {code}" if code else "money"
        asked = {pool: share.requested or 0 for pool, share in of_pool.items()}
        given = {pool: (share.awards if code else share.money_minor) or 0 for pool, share in of_pool.items()}
        odd_to = PoolName.A if coin(draw.seed or "", f"odd {code}") else PoolName.B
        if any(share.requested is None for share in of_pool.values()):
            checks.append(Check(f"{name}: what was asked for", "not kept: drawn by an earlier version", ""))
            continue
        again = divided(sum(given.values()), asked, odd_to=odd_to)
        checks.append(Check(f"{name}: what each pool gives", _by_pool(given), _by_pool(again)))
    for category in call.categories:
        if category.awards is not None and category.code in stored:
            name, of_category = f"category {category.code}", list(stored[category.code].values())
            awards = sum(share.awards or 0 for share in of_category)
            money = sum(share.money_minor for share in of_category)
            checks.append(Check(f"{name}: awards in all", str(awards), str(category.awards)))
            checks.append(
                Check(f"{name}: money in all", str(money), str(category.awards * (category.award_minor or 0)))
            )
    beyond = sum(share.money_minor for share in draw.shares) - call.budget_minor
    return [*checks, Check("what the pools give beyond the budget", str(max(0, beyond)), "0")]


def _lines(call: Call) -> list[Check]:
    whole = whole_selection(call=call)
    frozen = newest_frozen(whole.slate) if whole.slate is not None else None
    kept = read_frozen(frozen.content).document if frozen is not None else {}
    checks = _ranks(call, kept) if kept else []
    ranks = {each["entry"]: each.get("standing", each)["rank"] for each in kept.get("entries", ())}
    decided = [row for row in whole.ranked if row.decision is not None]
    return [*checks, *_limits(whole, decided), _reasons(decided, ranks)]


def _ranks(call: Call, kept: Mapping[str, Any]) -> list[Check]:
    """Rank the scores that were kept with the frozen list again, each pool by itself."""
    pools = pools_of(call)
    bearing = consequence(call, pools)
    entries = select(Entry).join(Entry.application).where(Entry.call_id == call.id)
    of_entry = {
        str(entry.id): entry for entry in db.session.scalars(entries.options(contains_eager(Entry.application)))
    }
    last = {key for key, entry in of_entry.items() if entry.application_id in bearing}
    checks = []
    for one in sorted(lists_in(kept, last), key=lambda each: each.name):
        name, members = one.name, one.entries
        again = {key: (figure.rank, figure.tied) for key, figure in one.figures.items()}
        stored = {each["entry"]: (each["rank"], each["tied"]) for each in members}
        lines = [(of_entry[key].application.reference or "", key) for key in stored]
        checks.append(
            Check(
                f"list {name}: ranks",
                _listed(f"{reference} {stored[key]}" for reference, key in sorted(lines)),
                _listed(f"{reference} {again[key]}" for reference, key in sorted(lines)),
            )
        )
        pool = name.rpartition("/")[2]
        there = {str(pools.of_application.get(of_entry[key].application_id)) for key in stored}
        checks.append(Check(f"list {name}: pool of its entries", _listed(sorted(there)), pool))
    return checks


def _limits(whole: Selection, decided: Sequence[Ranked]) -> list[Check]:
    """Compare what is given with what each pool gives, in money and in number."""
    money, awards = Counter[str](), Counter[str]()
    shares = {row.purse: whole.share(row) for row in whole.ranked}
    for row in decided:
        money[row.purse] += row.decision.amount_minor if row.decision else 0
        awards[row.purse] += row.candidate.choice is Choice.AWARD
    over = [
        name
        for name, share in sorted(shares.items())
        if money[name] > (share.money_minor if share else 0)
        or (share is not None and share.awards is not None and awards[name] > share.awards)
    ]
    barred = sorted(
        row.entry.application.reference or ""
        for row in decided
        if not row.can_win and row.candidate.choice is Choice.AWARD
    )
    return [
        Check("lists that give more than their pool has", _listed(over), ""),
        Check("awards to whom the call announced none", _listed(barred), ""),
    ]


def _reasons(decided: Sequence[Ranked], ranks: Mapping[str, int | None]) -> Check:
    """Look for choices across the line of their pool for which nobody gave a reason."""
    rows = {str(row.entry.id): row for row in decided}
    found = against_rank(replace(row.candidate, rank=ranks.get(key, row.rank)) for key, row in rows.items())
    silent = [row.entry.application.reference or "" for key, row in rows.items() if key in found and not _reason(row)]
    return Check("choices against the rank in their pool without a reason", _listed(sorted(silent)), "")


def _reason(row: Ranked) -> str:
    return row.decision.reason if row.decision else ""


def _by_label(pools: Mapping[str, PoolName | None], labels: Mapping[str, PoolName]) -> str:
    return _listed(f"{label} {pools.get(label) or '-'}" for label in sorted(labels))


def _by_pool(given: Mapping[PoolName, int]) -> str:
    return _listed(f"{pool} {given.get(pool, 0)}" for pool in PoolName)


def _listed(items: Iterable[str]) -> str:
    return ", ".join(items)
