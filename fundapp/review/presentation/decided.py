"""Whether the list as it is decided keeps the terms of the selection, in figures and words: it warns, people decide."""

from collections.abc import Sequence
from dataclasses import dataclass

from fundapp.accounts.permissions import Actor
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import ngettext
from fundapp.review.list_words import TermWords, terms_words
from fundapp.review.presentation.balance import BalanceShown
from fundapp.review.presentation.lists import PotShown, balances_shown, list_column, names_of, stand_shown
from fundapp.review.queries.lists import decided_list, ground_from, last_round
from fundapp.review.queries.selection import Selection
from fundapp.review.terms_rules import WantedTerms


@dataclass(frozen=True)
class TermsKept:
    """Term by term whether what is decided keeps it. `verdict` says it in a sentence, `kind` is that of its notice."""

    verdict: str
    kind: str
    left: str
    """What is left of the budget."""
    broken: Sequence[TermWords] = ()
    terms: Sequence[TermWords] = ()
    pots: Sequence[PotShown] = ()
    cannot_pay: bool = False
    """No way is found in which the pots pay for the list."""
    balances: Sequence[BalanceShown] = ()


def terms_kept(found: Selection, *, beside_last_for: Actor | None = None) -> TermsKept | None:
    """Return whether the decisions of a selection keep its terms, of those that its reader sees.

    None where nothing binds the selection, and where nothing is decided yet. Once what was sent with an award is
    erased, nobody can tell for what rules counted it. The balance stands beside the last round as an actor sees that.
    """
    if not _binds(found.terms) or len(found.undecided) == len(found.ranked):
        return None
    ground = ground_from(found)
    made, names = decided_list(ground), names_of(ground)
    left = names.money(made.left_minor)
    if any(ground.rows[key].entry.application.erased_at is not None for key in made.awarded):
        words = _("What was sent with some awards is erased: whether the terms are kept cannot be told any more.")
        return TermsKept(words, "", left)
    stand, terms = stand_shown(made, names), terms_words(made, names)
    broken = [each for each in terms if not each.is_kept]
    number = len(broken) + stand.cannot_pay
    last = last_round(actor=beside_last_for, call=found.call) if beside_last_for is not None else None
    return TermsKept(
        verdict=_verdict(number, is_complete=not found.undecided),
        kind="stop" if number else "good",
        left=left,
        broken=broken,
        terms=terms,
        pots=stand.pots,
        cannot_pay=stand.cannot_pay,
        balances=balances_shown([list_column(_("Decided"), made, found.call.currency)], ground, last),
    )


def _binds(terms: WantedTerms) -> bool:
    return bool(terms.rules or terms.pots) or terms.floor is not None or terms.places is not None


def _verdict(broken: int, *, is_complete: bool) -> str:
    if broken:
        return ngettext("%(num)s term is not kept.", "%(num)s terms are not kept.", broken)
    return _("All terms are kept.") if is_complete else _("All terms are kept so far.")
