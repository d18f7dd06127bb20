"""What the minutes of a decision say of finalists and of a public vote."""

from collections.abc import Sequence

from fundapp.applications.identity import called, face_of
from fundapp.applications.models import Category
from fundapp.applications.presentation.texts import said
from fundapp.applications.rules import Opening
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import ngettext
from fundapp.core.pdf import drawable
from fundapp.review.presentation.minutes_parts import LEFT_TO_RIGHT, NONE, Fact, Minuted, Row, Section, Table
from fundapp.review.presentation.public_vote import KINDS, mode_words, result_words
from fundapp.review.queries.finalists import FinalistRow, announcement_of, finalist_rows
from fundapp.review.queries.public_vote import set_aside_groups
from fundapp.review.queries.ranking import category_code
from fundapp.review.queries.vote_count import opening_of, result, vote_of


def finalists(minuted: Minuted) -> Section | None:
    """Tell who the finalists of each category are, with reasons, and when they were announced."""
    call = minuted.found.call
    named = [row for row in finalist_rows(actor=minuted.actor, call=call) if row.finalist is not None]
    if not named:
        return None
    announcement = announcement_of(call)
    groups: dict[str, list[FinalistRow]] = {}
    for row in named:
        groups.setdefault(category_code(row.entry), []).append(row)
    return Section(
        _("Finalists"),
        facts=(Fact(_("Announced"), (minuted.at(announcement.announced_at),)),) if announcement else (),
        tables=tuple(_finalists_table(group) for group in groups.values()),
    )


def public_vote(minuted: Minuted) -> Section | None:
    """Tell what the public voted on, both counts of it, and which votes were left out and why.

    What counts is how the vote stood when the list was sent: one that was still open then has no counts here.
    """
    vote, sent = vote_of(minuted.found.call), minuted.slate.proposed_at
    if vote is None or sent is None:
        return None
    facts = [
        Fact(_("Vote from"), (minuted.at(vote.opens_at),)),
        Fact(_("Vote until"), (minuted.at(vote.closes_at),)),
        Fact(_("What it does"), (mode_words(vote),)),
    ]
    if opening_of(vote, sent) is not Opening.CLOSED:
        return Section(_("Public vote"), facts=tuple(facts))
    found = result(actor=minuted.actor, vote=vote, now=sent)
    headings = (_("Finalist"), _("Votes that count"), _("All confirmed votes"))
    tables = [
        Table(
            _title(each.category),
            headings,
            number=1,
            noted=0,
            rows=tuple(
                Row(
                    (
                        drawable(called(face_of(row.finalist.entry.application))),
                        str(row.counted),
                        str(row.confirmed),
                    )
                )
                for row in each.rows
            ),
        )
        for each in found
    ]
    groups = [
        Row((str(KINDS[group.kind]), ngettext("%(num)s vote", "%(num)s votes", number)), note=drawable(group.reason))
        for group, number in set_aside_groups(actor=minuted.actor, vote=vote)
        if group.ended_at is None
    ]
    if groups:
        tables.append(
            Table(_("Left out of the count"), (_("What looked odd"), _("Votes")), tuple(groups), noted=0, number=1)
        )
    return Section(
        _("Public vote"),
        facts=tuple(facts),
        texts=tuple(result_words(each, vote) for each in found),
        tables=tuple(tables),
    )


def _finalists_table(rows: Sequence[FinalistRow]) -> Table:
    return Table(
        _title(rows[0].entry.category),
        (_("Finalist"), _("Rank")),
        number=1,
        noted=0,
        rows=tuple(
            Row(
                (
                    drawable(called(face_of(row.entry.application))),
                    LEFT_TO_RIGHT + (row.ranked.figures.rank_label or NONE),
                ),
                note=drawable(row.finalist.reason) if row.finalist and row.finalist.reason else None,
            )
            for row in rows
        ),
    )


def _title(category: Category | None) -> str | None:
    return drawable(str(said(category.titles))) if category else None
