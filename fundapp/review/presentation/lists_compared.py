"""Lists beside each other: what they give, which entries they differ on, and how each is balanced."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from fundapp.applications.identity import face_of
from fundapp.core.i18n import gettext as _
from fundapp.review.list_words import exceeded_words, floor_words, short_words
from fundapp.review.presentation.balance import BalanceShown
from fundapp.review.presentation.lists import balances_shown, list_column, names_of
from fundapp.review.presentation.selection import figure
from fundapp.review.queries.lists import Board, Ground, LastRound

MOST_DIFFERING: Final = 300
"""So many entries on which lists differ are written out."""


@dataclass(frozen=True)
class Figures:
    """What a list comes to, in words."""

    name: str
    awards: int
    money: str
    left: str
    mean: str
    short: Sequence[str]
    exceeded: Sequence[str]
    below_floor: Sequence[str]


@dataclass(frozen=True)
class Differing:
    """An entry on which lists differ: what each gives it, "" for nothing."""

    reference: str
    organisation: str
    rank: str
    amounts: Sequence[str]


@dataclass(frozen=True)
class ComparedShown:
    """Lists beside each other; `more` says how many more entries they differ on, 0 where all are shown."""

    figures: Sequence[Figures]
    differing: Sequence[Differing]
    more: int
    balances: Sequence[BalanceShown]


def compared_shown(boards: Sequence[Board], ground: Ground, last: LastRound | None) -> ComparedShown:
    """Return lists that were made from the same ground beside each other."""
    names = names_of(ground)
    given = [board.made.given for board in boards]
    keys = [key for key in ground.order if len({each.get(key) for each in given}) > 1]
    differing = []
    for key in keys[:MOST_DIFFERING]:
        row = ground.rows[key]
        face = face_of(row.entry.application)
        amounts = [names.money(each[key]) if key in each else "" for each in given]
        differing.append(Differing(face.reference, face.name, row.standing.rank_label, amounts))
    columns = [list_column(board.trial.name, board.made, ground.selection.call.currency) for board in boards]
    return ComparedShown(
        figures=[
            Figures(
                name=board.trial.name,
                awards=len(board.made.awarded),
                money=names.money(board.made.spent_minor),
                left=names.money(board.made.left_minor),
                mean=_mean(board.made.mean_merit),
                short=short_words(board.made, names),
                exceeded=exceeded_words(board.made, names),
                below_floor=floor_words(board.made, names),
            )
            for board in boards
        ],
        differing=differing,
        more=max(0, len(keys) - MOST_DIFFERING),
        balances=balances_shown(columns, ground, last),
    )


def _mean(merit: float | None) -> str:
    return figure(Fraction(merit)) if merit is not None else _("none")
