"""Letters to people who have no application: whom somebody nominated, and reviewers after a release.

They are made when they are asked for. The same person, template and language give the same bytes: they are dated on the
day of what they tell about.
"""

from zoneinfo import ZoneInfo

from flask import url_for

from fundapp.accounts.home_links import HomeLink
from fundapp.accounts.permissions import Actor
from fundapp.applications.models import Call
from fundapp.applications.presentation.texts import said
from fundapp.core.i18n import DEFAULT_LANGUAGE, LANGUAGES
from fundapp.core.i18n import gettext as _
from fundapp.disbursement.letter_language import TemplateKind
from fundapp.disbursement.letters import Facts
from fundapp.disbursement.queries.letters_beside import Named, Thanked, thanks_for


def nomination_facts(call: Call, named: Named, language: str) -> Facts:
    """Return what the letter to a nominee is about."""
    return Facts(
        call=call,
        kind=TemplateKind.NOMINATION,
        language=language,
        reference=call.reference_prefix,
        dated_on=named.known_at.astimezone(ZoneInfo(call.time_zone)).date(),
        organisation=named.name,
        is_sample=call.is_sample,
        address=url_for("applications.call_page", slug=call.slug, _external=True),
        nominator=named.nominator,
    )


def panel_facts(thanked: Thanked) -> Facts:
    """Return what the letter of thanks to a reviewer is about, in the reviewer's language."""
    call, person = thanked.call, thanked.person
    return Facts(
        call=call,
        kind=TemplateKind.PANEL,
        language=person.language if person.language in LANGUAGES else DEFAULT_LANGUAGE,
        reference=call.reference_prefix,
        dated_on=thanked.decided_at.astimezone(ZoneInfo(call.time_zone)).date(),
        organisation=person.name,
        is_sample=call.is_sample,
        reviews=thanked.reviews,
    )


def letters_of_thanks(actor: Actor) -> list[HomeLink]:
    """Return the letters of thanks that a reviewer can keep."""
    return [
        HomeLink(
            url_for("disbursement.panel_letter", slug=each.call.slug),
            _("A letter of thanks for your reviews"),
            str(said(each.call.titles)),
        )
        for each in thanks_for(actor=actor)
    ]
