"""The part of the minutes that tells whether what was decided keeps the terms of the selection."""

from fundapp.core.i18n import gettext as _
from fundapp.core.pdf import drawable
from fundapp.review.presentation.balance import BalanceShown
from fundapp.review.presentation.decided import TermsKept, terms_kept
from fundapp.review.presentation.minutes_parts import NONE, Fact, Minuted, Row, Section, Table


def are_terms_kept(minuted: Minuted) -> Section | None:
    """Tell term by term whether it is kept or by how much it is not, what is left, and how the awards are balanced.

    The last round is not beside it: another call that is decided later must not change these minutes.
    """
    kept = terms_kept(minuted.found)
    if kept is None:
        return None
    texts = [kept.verdict]
    if kept.cannot_pay:
        texts.append(_("The pots cannot pay for this list."))
    return Section(
        _("Are the terms kept?"),
        facts=(Fact(_("Left of the budget"), (kept.left,)),),
        texts=(*texts, _("Only what this copy shows is counted.")),
        tables=tuple(table for table in (_terms(kept), _pots(kept), *map(_balance, kept.balances)) if table.rows),
    )


def _terms(kept: TermsKept) -> Table:
    rows = (Row((drawable(each.term), each.has, drawable(each.verdict))) for each in kept.terms)
    return Table(None, (_("Term"), _("On the list"), _("Is it kept?")), tuple(rows))


def _pots(kept: TermsKept) -> Table:
    rows = (Row((drawable(pot.title), pot.holds, pot.left or NONE)) for pot in kept.pots)
    return Table(_("Pots"), (_("Pot"), _("Holds"), _("Left")), tuple(rows))


def _balance(shown: BalanceShown) -> Table:
    rows = (
        Row((drawable(each.label), *(" · ".join(part for part in cell if part) for cell in each.cells)))
        for each in shown.rows
    )
    return Table(shown.title, (_("Group"), *shown.columns), tuple(rows))
