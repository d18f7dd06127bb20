"""How decisions are made, as everybody may read it on the page of a call.

It says what was fixed and announced, and depends on nothing that was given or decided since.
"""

from collections.abc import Iterable

from fundapp.applications.call_sections import CallSection
from fundapp.applications.models import Call, CallStatus
from fundapp.applications.presentation.calls import DECLINED_WORDS
from fundapp.applications.presentation.texts import money
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import ngettext
from fundapp.core.numbers import number_text
from fundapp.review.list_words import Names, rule_words
from fundapp.review.presentation.balance import words_by
from fundapp.review.presentation.public_vote import mode_words
from fundapp.review.presentation.terms import draw_words
from fundapp.review.queries.asks import choice_labels
from fundapp.review.queries.finalists import announcement_of
from fundapp.review.queries.selection import set_terms
from fundapp.review.queries.vote_count import vote_of
from fundapp.review.terms_rules import YES, GroupKind, Ranking, WantedTerms, group_of


def deciding_told(call: Call) -> CallSection | None:
    """Return how decisions are made in a call; None where nobody fixed it."""
    terms = set_terms(call)
    if terms is None:
        return None
    wanted = terms.values()
    lines = [*_scoring(wanted), *_choosing(wanted), *_groups(wanted, call), *_people(wanted, call)]
    return CallSection("decisions", _("How decisions are made"), [*lines, *_after(call)], _note(call))


def _scoring(wanted: WantedTerms) -> Iterable[str]:
    yield _(
        "Peers score: people who do such work themselves. Whoever has a conflict of interest with an application does"
        " not see it."
    )
    if wanted.ranking is Ranking.ADJUSTED:
        yield _(
            "Some readers are strict, others lenient. That is evened out before applications are put in order: an"
            " adjusted score."
        )
    else:
        yield _("Applications are put in order by the mean of their scores.")
    if wanted.least_reviews > 1:
        yield ngettext(
            "An application with fewer than %(num)s review gets no place in that order; people decide about it.",
            "An application with fewer than %(num)s reviews gets no place in that order; people decide about it.",
            wanted.least_reviews,
        )
    yield _("The order advises. People decide, and write down why where they leave it.")


def _choosing(wanted: WantedTerms) -> Iterable[str]:
    if wanted.places is not None:
        yield ngettext("At most %(num)s award is given.", "At most %(num)s awards are given.", wanted.places)
    if wanted.floor is not None:
        yield _("Nothing with a score below %(floor)s is proposed.", floor=number_text(wanted.floor))
    if wanted.draw_band is None:
        yield _("No lots are drawn. Where the money reaches only some of those with the same score, people decide.")
    else:
        yield _("The money ends somewhere in that order, at the line. %(lots)s", lots=draw_words(wanted))


def _groups(wanted: WantedTerms, call: Call) -> Iterable[str]:
    if not wanted.rules_published or not (wanted.rules or wanted.pots):
        return
    labels = choice_labels(call)
    named = {
        *labels,
        *(group_of(GroupKind.LANGUAGE, language) for language in call.languages),
        group_of(GroupKind.FIRST_TIME, YES),
    }
    words = words_by(labels)
    names = Names(money=lambda minor: money(minor, call.currency), group=words, pots={}, entries={})
    for rule in wanted.rules:
        if rule.group in named:
            yield _("Rule for a group: %(rule)s.", rule=rule_words(rule, names))
    for group in dict.fromkeys(group for pot in wanted.pots for group in pot.groups if group in named):
        yield _("Some of the money can only go to this group: %(group)s.", group=words(group))
    told = [rule.group for rule in wanted.rules] + [group for pot in wanted.pots for group in pot.groups]
    if not named.issuperset(told):
        yield _("There are rules for other groups too, which the form does not name.")


def _people(wanted: WantedTerms, call: Call) -> Iterable[str]:
    if wanted.chairs_vote:
        yield _("The chairs of the panel vote on what is proposed.")
    yield _("Somebody who did not make the list ratifies it before anybody gets a letter.")
    if wanted.two_ratifiers_from_minor is not None:
        amount = money(wanted.two_ratifiers_from_minor, call.currency)
        yield _("A list with an award of %(money)s or more is ratified by two people.", money=amount)


def _after(call: Call) -> Iterable[str]:
    if words := str(DECLINED_WORDS[call.declined_get]):
        yield _("Whoever is declined: %(words)s", words=words)
    vote = vote_of(call) if announcement_of(call) is not None else None
    if vote is not None:
        yield _("The public votes on finalists. %(words)s", words=mode_words(vote))


def _note(call: Call) -> str:
    if call.status is CallStatus.DECIDED:
        return ""
    if call.is_impartial:
        return _("This may change until the scores are opened. After that it changes only with a written reason.")
    return _("This may change until scores can be seen. After that it changes only with a written reason.")
