"""Adopting a list that was tried: what it proposes becomes decisions, under the rules of deciding."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from fundapp.accounts.permissions import Actor
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.review.list_rules import MarkKind
from fundapp.review.list_words import Names, reason_words
from fundapp.review.models import Outcome, TrialList
from fundapp.review.queries.lists import Board
from fundapp.review.queries.ranking import Ranked
from fundapp.review.queries.selection import Selection, whole_selection
from fundapp.review.rules import Choice, against_rank, amount_problems
from fundapp.review.services.calls import require_open_slate
from fundapp.review.services.deciding import decide_row, require_scores
from fundapp.review.services.line_draw import awaiting_lots
from fundapp.review.services.lists import begin, seen_board


@dataclass(frozen=True)
class Adopted:
    """What adopting a list does to an entry; the amount is in minor units of the call's currency."""

    outcome: Outcome
    amount_minor: int


def choices_of(board: Board) -> dict[str, Adopted]:
    """Return what a list makes of each entry; left out are those that a person must decide, or lots not drawn yet."""
    made, found = board.made, {}
    lots = awaiting_lots(board.ground.selection)
    for ask in made.asks:
        if ask.entry_id in lots:
            continue
        row, wish = board.ground.rows[ask.entry_id], made.wishes.get(ask.entry_id)
        if made.leaves_to_people(ask.entry_id) and not row.stayed_behind:
            continue
        if ask.entry_id in made.awarded:
            if ask.amount_minor > 0:
                found[ask.entry_id] = Adopted(Outcome.AWARD, ask.amount_minor)
        elif wish is not None and wish.kind is MarkKind.RESERVE:
            found[ask.entry_id] = Adopted(Outcome.RESERVE, 0)
        else:
            found[ask.entry_id] = Adopted(Outcome.DECLINE, 0)
    return found


def left_to_people(board: Board) -> list[Ranked]:
    """Return the entries that nobody decided and that adopting the list leaves for people to decide."""
    decided, rows = choices_of(board).keys() | awaiting_lots(board.ground.selection), board.ground.rows
    return [rows[key] for key in board.ground.order if key not in decided and rows[key].decision is None]


def left_to_lots(board: Board) -> list[Ranked]:
    """Return the entries that nobody decided and that adopting the list leaves to lots which are not drawn yet."""
    lots, rows = awaiting_lots(board.ground.selection), board.ground.rows
    return [rows[key] for key in board.ground.order if key in lots and rows[key].decision is None]


def adopt_list(*, actor: Actor, trial: TrialList, seen: str, names: Names, now: datetime) -> int:
    """Decide as a list proposes, of what the actor may see; return how many decisions were made or changed.

    `seen` is the fingerprint of the list whose effect was shown; `names` says what rules are called in the reasons that
    are kept. What is decided already as the list has it stays as it is. Raises RuleViolations naming everything that
    stands against it, and Conflict (somebody was faster, the money is gone, the list of decisions is frozen).
    """
    call = trial.call
    begin(actor, call)
    slate = require_open_slate(call)
    board = seen_board(actor, trial, seen)
    if board.made.proposal is None:
        raise RuleViolations([Problem(_l("What was put in breaks the terms of this call: take something out first."))])
    whole = whole_selection(call=call, now=now)
    require_scores(whole)
    chosen = choices_of(board)
    if problems := _problems(whole, chosen):
        raise RuleViolations(problems)
    against = _against_rank(whole, chosen)
    rows = {str(row.entry.id): row for row in whole.ranked}
    changed = 0
    with db.session.begin_nested():  # all of it or nothing: money can be gone meanwhile
        for key in sorted(chosen, key=lambda each: chosen[each].amount_minor - _amount_now(rows[each])):
            reason, adopted = _reason(board, key, names, is_against=key in against), chosen[key]
            if not _is_so(rows[key], adopted, reason):
                decision = decide_row(actor, call, slate, rows[key], adopted.outcome, adopted.amount_minor, reason, now)
                slate, changed = decision.slate, changed + 1
    record(
        actor=actor,
        action="trial_list:adopt",
        subject=trial,
        now=now,
        call_id=call.id,
        data={"decisions": changed, "sha256": board.seen},
    )
    db.session.flush()
    return changed


def _problems(whole: Selection, chosen: Mapping[str, Adopted]) -> Sequence[Problem]:
    problems, awards = [], dict(whole.awards_left)
    for row in whole.ranked:
        adopted = chosen.get(str(row.entry.id))
        if adopted is None:
            continue
        place = row.entry.application.reference or ""
        if row.pool in awards:
            awards[row.pool] += row.candidate.choice is Choice.AWARD
            awards[row.pool] -= adopted.outcome is Outcome.AWARD
        if adopted.outcome is Outcome.AWARD:
            wrong = amount_problems(adopted.amount_minor, in_full_minor=row.in_full_minor, is_fixed=row.is_fixed)
            problems += [Problem(each.message, place=place) for each in wrong]
    if any(left < 0 for left in awards.values()):
        problems.append(Problem(_l("The list gives more awards than there are.")))
    return problems


def _against_rank(whole: Selection, chosen: Mapping[str, Adopted]) -> frozenset[str]:
    """Return the entries whose choice goes against rank once the list is adopted, hidden ones counted."""
    return against_rank(
        replace(row.candidate, choice=Choice(adopted.outcome.value)) if adopted else row.candidate
        for row in whole.ranked
        if row.is_eligible
        for adopted in [chosen.get(str(row.entry.id))]
    )


def _reason(board: Board, key: str, names: Names, *, is_against: bool) -> str:
    """Return what is kept as the reason: what a person gave, else why the list has it so where that is against rank."""
    mark = board.marks.get(key)
    if mark is not None and mark.reason:
        return mark.reason
    return reason_words(board.made, key, names, names_others=False) if is_against else ""


def _amount_now(row: Ranked) -> int:
    return row.decision.amount_minor if row.decision is not None else 0


def _is_so(row: Ranked, adopted: Adopted, reason: str) -> bool:
    """Say whether an entry is decided like this already; a reason that somebody gave for it stays."""
    decision = row.decision
    if decision is None or decision.outcome is not adopted.outcome or decision.amount_minor != adopted.amount_minor:
        return False
    return bool(decision.reason) or not reason
