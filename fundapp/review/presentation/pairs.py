"""One entry, its readers, who else could read it, and what a change by hand would do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import language_name, ngettext
from fundapp.core.paging import Page
from fundapp.review.assigning_forms import Change
from fundapp.review.assignment import Bar, EntryNeed, Pair, ReviewerOffer
from fundapp.review.assignment.fit import REGION_POINTS, THEME_POINTS, points
from fundapp.review.bar_words import BAR_PROBLEMS
from fundapp.review.models import PairRuleKind
from fundapp.review.presentation.assigning import MANY_HOURS
from fundapp.review.presentation.plan_words import hours_words
from fundapp.review.queries.panel import ReviewerRow
from fundapp.review.queries.planning import PlanningFacts

READERS_SHOWN: Final = 60
"""Reviewers on one page of an entry."""


@dataclass(frozen=True)
class ReaderShown:
    """A reviewer as seen from one entry."""

    id: str
    name: str
    load: str
    fit: str
    standing: str
    kind: str


@dataclass(frozen=True)
class EffectShown:
    """What a change by hand would do, before it is done."""

    heading: str
    facts: Sequence[tuple[str, str, str]]
    """What, now, and then."""
    warnings: Sequence[str]


def readers_shown(
    need: EntryNeed,
    facts: PlanningFacts,
    reviewers: Sequence[ReviewerRow],
    rules: dict[Pair, PairRuleKind],
    *,
    number: int,
) -> Page[ReaderShown]:
    """Return a page of who has an entry, then who could have it by how well they fit, then those who cannot."""
    offers = {offer.id: offer for offer in facts.reviewers}
    rows = [row for row in reviewers if str(row.id) in offers]
    fits = points([need], [offers[str(row.id)] for row in rows], "").tolist()[0]
    ordered = sorted(
        zip(rows, fits, strict=True),
        key=lambda each: (
            Pair(need.id, str(each[0].id)) not in facts.present,
            not offers[str(each[0].id)].reads(need.language) or Pair(need.id, str(each[0].id)) in facts.barred,
            -int(each[1]),
        ),
    )
    shown = []
    number = min(number, max(1, -(-len(ordered) // READERS_SHOWN)))
    for row, fit in ordered[(number - 1) * READERS_SHOWN : number * READERS_SHOWN]:
        pair = Pair(need.id, str(row.id))
        standing, kind = _standing(pair, facts, offers[pair.reviewer_id], need, rules)
        load = _load(facts, pair.reviewer_id)
        shown.append(
            ReaderShown(
                id=str(row.id),
                name=row.name,
                load=_("%(load)s of at most %(limit)s", load=load, limit=offers[pair.reviewer_id].max_load),
                fit=_fit_words(need, offers[pair.reviewer_id], int(fit)),
                standing=standing,
                kind=kind,
            )
        )
    return Page(shown, number, READERS_SHOWN, len(ordered))


def effect_shown(need: EntryNeed, facts: PlanningFacts, row: ReviewerRow, change: Change) -> EffectShown:
    """Return what a change would do to the load of the reviewer and to the coverage of the entry."""
    offer = next(each for each in facts.reviewers if each.id == str(row.id))
    pair = Pair(need.id, offer.id)
    step = 0
    if change is Change.GIVE and pair not in facts.present:
        step = 1
    if change is Change.TAKE and pair in facts.present:
        step = -1
    load = _load(facts, offer.id)
    minutes = sum(facts.minutes[each.entry_id] for each in facts.present if each.reviewer_id == offer.id)
    then = minutes + step * facts.minutes[need.id]
    readers = sum(each.entry_id == need.id for each in facts.present)
    experienced = {each.id for each in facts.reviewers if each.is_experienced}
    with_experience = sum(each.entry_id == need.id and each.reviewer_id in experienced for each in facts.present)
    return EffectShown(
        heading=_effect_heading(change, row.name),
        facts=[
            (_("Entries of this reviewer"), str(load), str(load + step)),
            (_("Time of this reviewer"), hours_words(minutes), hours_words(then)),
            (_("Readers of this entry"), str(readers), str(readers + step)),
            (
                _("Readers with experience"),
                str(with_experience),
                str(with_experience + step * (offer.id in experienced)),
            ),
        ],
        warnings=_warnings(need, facts, offer, pair, change, load + step, then),
    )


def _warnings(
    need: EntryNeed,
    facts: PlanningFacts,
    offer: ReviewerOffer,
    pair: Pair,
    change: Change,
    load: int,
    minutes: int,
) -> list[str]:
    found = []
    if change in (Change.GIVE, Change.PIN):
        if bar := facts.barred.get(pair):
            found.append(str(BAR_PROBLEMS[bar]))
        if load > offer.max_load and change is Change.GIVE:
            found.append(_("This is more than they said they can take: %(limit)s.", limit=offer.max_load))
        if minutes > 60 * MANY_HOURS:
            found.append(_("This asks more than %(hours)s hours of them.", hours=MANY_HOURS))
        if need.language and not offer.reads(need.language):
            found.append(_("They did not say that they read %(language)s.", language=language_name(need.language)))
    if change is Change.GIVE and pair in facts.present:
        found.append(_("They have it already: nothing changes."))
    if change is Change.TAKE and pair in facts.started:
        found.append(_("They have begun, so it cannot be taken back here."))
    if change is Change.TAKE and pair not in facts.present:
        found.append(_("They do not have it: nothing changes."))
    if change is Change.FORBID and pair in facts.started:
        found.append(_("They have begun: what they began stays theirs."))
    if change in (Change.PIN, Change.FORBID, Change.LIFT):
        found.append(_("The next plan follows it. Until then nothing changes."))
    return found


def _effect_heading(change: Change, name: str) -> str:
    match change:
        case Change.GIVE:
            return _("What changes when %(name)s gets it", name=name)
        case Change.TAKE:
            return _("What changes when it is taken back from %(name)s", name=name)
        case Change.PIN:
            return _("What changes when every plan keeps it with %(name)s", name=name)
        case Change.FORBID:
            return _("What changes when every plan keeps it away from %(name)s", name=name)
        case Change.LIFT:
            return _("What changes when nothing is laid down about %(name)s any more", name=name)


def _standing(
    pair: Pair, facts: PlanningFacts, offer: ReviewerOffer, need: EntryNeed, rules: dict[Pair, PairRuleKind]
) -> tuple[str, str]:
    if pair in facts.started:
        return _("Has begun"), "good"
    if pair in facts.current:
        return (_("Has it, in every plan"), "good") if pair in facts.pinned else (_("Has it"), "good")
    bar = facts.barred.get(pair)
    if bar is Bar.CONFLICT:
        return _("Conflict of interest"), "stop"
    if rules.get(pair) is PairRuleKind.FORBID:
        return _("Kept apart"), "stop"
    if bar is not None:
        return str(BAR_PROBLEMS[bar]), "stop"
    if pair in facts.pinned:
        return _("Gets it with the next plan"), "wait"
    if not offer.reads(need.language):
        return _("Does not read the language"), "stop"
    if _load(facts, offer.id) >= offer.max_load:
        return _("Has no room left"), "wait"
    return _("Could read it"), ""


def _fit_words(need: EntryNeed, offer: ReviewerOffer, fit: int) -> str:
    words = []
    if not need.regions.isdisjoint(offer.regions):
        words.append(_("knows the region"))
    known = sum(not theme.isdisjoint(offer.themes) for theme in need.themes)
    if known:
        words.append(
            ngettext("knows %(num)s theme of %(all)s", "knows %(num)s themes of %(all)s", known, all=len(need.themes))
        )
    if offer.is_experienced:
        words.append(_("has experience"))
    share = round(100 * min(fit, REGION_POINTS + THEME_POINTS) / (REGION_POINTS + THEME_POINTS))
    return ", ".join(words) or (_("no match known") if share < 5 else _("own language"))


def _load(facts: PlanningFacts, reviewer_id: str) -> int:
    return sum(pair.reviewer_id == reviewer_id for pair in facts.present)
