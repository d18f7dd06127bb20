"""How lists are balanced between groups, in figures and words: region, theme, category, language, first time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from fundapp.applications.models import Call
from fundapp.applications.presentation.texts import money
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import language_name, localised
from fundapp.review.balance_picture import BalancePlot, GroupShares, balance_plot, share_of
from fundapp.review.list_rules import Share
from fundapp.review.queries.asks import choice_labels
from fundapp.review.terms_rules import GroupKind, kind_and_value


@dataclass(frozen=True)
class Column:
    """One thing whose balance is shown: a list, all applications, the last round. Money in its own currency."""

    label: str
    shares: Mapping[str, Share]
    total_minor: int
    currency: str


@dataclass(frozen=True)
class GroupRow:
    """A group with its number and money in each column; "" where it has none there."""

    label: str
    cells: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class BalanceShown:
    """The groups of one kind, as a table and as a picture."""

    title: str
    columns: Sequence[str]
    rows: Sequence[GroupRow]
    plot: BalancePlot


def group_words(call: Call) -> Callable[[str], str]:
    """Return how the groups of a call are called in the current language."""
    return words_by(choice_labels(call))


def words_by(labels: Mapping[str, Mapping[str, str]]) -> Callable[[str], str]:
    """Return how groups are called in the current language, by the labels of those that a call names."""

    def words(group: str) -> str:
        kind, value = kind_and_value(group)
        if group in labels:
            return localised(labels[group])
        if kind is GroupKind.LANGUAGE:
            return language_name(value)
        return _("First time") if kind is GroupKind.FIRST_TIME else value

    return words


def kind_titles() -> dict[GroupKind, str]:
    """Return what the kinds of groups are called, in the order in which they are shown."""
    return {
        GroupKind.REGION: _("Region"),
        GroupKind.THEME: _("Theme"),
        GroupKind.CATEGORY: _("Category"),
        GroupKind.LANGUAGE: _("Language"),
        GroupKind.FIRST_TIME: _("First time"),
    }


def balance_shown(columns: Sequence[Column], words: Callable[[str], str]) -> list[BalanceShown]:
    """Return the balance of some columns beside each other, kind by kind; kinds without groups are left out."""
    groups = sorted({group for column in columns for group in column.shares}, key=lambda group: words(group).casefold())
    shown = []
    for kind, title in kind_titles().items():
        here = [group for group in groups if kind_and_value(group)[0] is kind]
        if here:
            rows = [GroupRow(words(group), [_cell(column, group) for column in columns]) for group in here]
            plot = balance_plot([GroupShares(words(group), [_part(each, group) for each in columns]) for group in here])
            shown.append(BalanceShown(title, [column.label for column in columns], rows, plot))
    return shown


def _cell(column: Column, group: str) -> tuple[str, str]:
    share = column.shares.get(group)
    return (str(share.number), money(share.money_minor, column.currency)) if share else ("0", "")


def _part(column: Column, group: str) -> float:
    return share_of(column.shares.get(group, Share()).money_minor, column.total_minor)
