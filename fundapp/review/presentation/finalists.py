"""Finalists in words: for those who name them, for their people, and for everybody."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import url_for

from fundapp.accounts.home_links import HomeLink
from fundapp.accounts.permissions import Actor
from fundapp.applications.identity import face_of
from fundapp.applications.models import Application, Call
from fundapp.applications.presentation.texts import Said, said
from fundapp.core.dates import Moment, moment
from fundapp.core.i18n import gettext as _
from fundapp.review.finalist_rules import Profile, named_against_rank
from fundapp.review.models import FinalistProfile, ProfileStatus
from fundapp.review.presentation.selection import figure
from fundapp.review.queries.finalists import (
    FinalistRow,
    ShownFinalist,
    announcement_of,
    profiles_waiting,
)
from fundapp.review.queries.ranking import category_code
from fundapp.review.transitions import FINALIST_PROFILE

_KINDS = {
    ProfileStatus.DRAFT: "act",
    ProfileStatus.ASKED: "wait",
    ProfileStatus.AGREED: "good",
    ProfileStatus.DECLINED: "stop",
}


@dataclass(frozen=True)
class RowShown:
    """An entry that can be a finalist; `url` leads to its public profile once it is one."""

    id: UUID
    reference: str
    organisation: str
    rank: str
    mean: str
    is_chosen: bool
    is_against_rank: bool
    reason: str
    consent: str
    consent_kind: str
    url: str


@dataclass(frozen=True)
class CategoryShown:
    """The entries of a category that can be finalists, best first; title None where a call has no categories."""

    title: Said | None
    rows: Sequence[RowShown]


@dataclass(frozen=True)
class PublicFinalist:
    """What everybody reads of a finalist: what its people agreed to, and nothing else."""

    id: UUID
    name: str
    title: str
    text: Said
    has_won: bool


@dataclass(frozen=True)
class PublicCategory:
    """The finalists of a category, by name."""

    code: str
    title: Said | None
    finalists: Sequence[PublicFinalist]


def categories_shown(rows: Sequence[FinalistRow], chosen: Collection[str], call: Call) -> list[CategoryShown]:
    """Return what can be named, by category, the chosen ones marked."""
    against = named_against_rank((row.placed for row in rows), chosen)
    groups: dict[str, list[FinalistRow]] = {}
    for row in rows:
        groups.setdefault(category_code(row.entry), []).append(row)
    return [
        CategoryShown(
            said(group[0].entry.category.titles) if group[0].entry.category else None,
            [_row_shown(row, chosen, against, call) for row in group],
        )
        for group in groups.values()
    ]


def announced_shown(call: Call) -> Moment | None:
    """Return when the finalists of a call were announced; None before."""
    announcement = announcement_of(call)
    return moment(announcement.announced_at, call.time_zone) if announcement else None


def public_categories(shown: Sequence[ShownFinalist], winners: Collection[UUID]) -> list[PublicCategory]:
    """Return the finalists of whom everybody may read, by category."""
    groups: dict[str, list[ShownFinalist]] = {}
    for each in shown:
        groups.setdefault(category_code(each.entry), []).append(each)
    return [
        PublicCategory(
            code,
            said(group[0].entry.category.titles) if group[0].entry.category else None,
            [_public(each, winners) for each in group],
        )
        for code, group in groups.items()
    ]


def first_profile(application: Application) -> Profile:
    """Return what a profile begins with: the name and the title of the application."""
    return Profile(application.organisation_name, application.title)


def consent_shown(profile: FinalistProfile | None, *, to_applicant: bool = False) -> tuple[str, str]:
    """Return where the consent to a profile stands, in words and as the kind of a tag."""
    if profile is None:
        return _("Nothing is written yet"), "act"
    label = FINALIST_PROFILE.labels[profile.status]
    return label.applicant if to_applicant else label.staff, _KINDS[profile.status]


def answered_shown(profile: FinalistProfile, call: Call) -> Moment | None:
    """Return when the people of a finalist last answered."""
    answered: datetime | None = profile.answered_at
    return moment(answered, call.time_zone) if answered else None


def _row_shown(row: FinalistRow, chosen: Collection[str], against: Collection[str], call: Call) -> RowShown:
    application, key = row.entry.application, str(row.entry.id)
    face = face_of(application)
    words, kind = consent_shown(row.profile)
    if application.is_protected:
        words, kind = _("Protected: never shown"), "stop"
    has_page = row.finalist is not None and not application.is_protected
    return RowShown(
        id=row.entry.id,
        reference=face.reference,
        organisation=face.name,
        rank=row.ranked.figures.rank_label,
        mean=figure(row.ranked.figures.mean),
        is_chosen=key in chosen,
        is_against_rank=key in against,
        reason=row.finalist.reason if row.finalist else "",
        consent=words if row.finalist else "",
        consent_kind=kind,
        url=url_for("review.finalist_profile", slug=call.slug, entry_id=row.entry.id) if has_page else "",
    )


def _public(each: ShownFinalist, winners: Collection[UUID]) -> PublicFinalist:
    profile = each.profile.said
    return PublicFinalist(each.finalist.id, profile.name, profile.title, said(profile.texts), each.entry.id in winners)


def profiles_to_answer(actor: Actor) -> list[HomeLink]:
    """Return the public profiles about which a person is asked."""
    return [
        HomeLink(
            url_for("review.public_profile", application_id=profile.application_id),
            _("May we show you as a finalist?"),
            str(said(profile.application.call.titles)),
        )
        for profile in profiles_waiting(actor=actor)
    ]
