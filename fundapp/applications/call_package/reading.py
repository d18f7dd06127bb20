"""Reads what a call says, from a file or from pages, collecting every problem: the one place where its rules stand."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Literal, cast
from zoneinfo import ZoneInfo

import regex
from babel import Locale, UnknownLocaleError

from fundapp.applications.call_items import anchor_key
from fundapp.applications.call_package.keys import CODE, SLUG, Keys, Unready
from fundapp.applications.call_package.package import (
    CallPackage,
    CategoryRead,
    CriterionRead,
    ExtensionRead,
    FurtherTable,
    InvitationRead,
    NominationsRead,
    PackagePart,
    ProgrammeRead,
)
from fundapp.applications.call_package.stages import choice, read_phases, read_stages
from fundapp.applications.call_package.together import check_form, check_papers, check_together
from fundapp.applications.form_engine.definition import FormDefinition, Texts
from fundapp.applications.keeping_periods import DEFAULT_DAYS, LONGEST_DAYS
from fundapp.applications.rules import CommentNeed, DeclinedGet, Paper, ReviewersSee, UndoneReviews
from fundapp.core.errors import Problem
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.money import MoneyError, exponent
from fundapp.core.numbers import plain_number

MOST: Final = 1_000_000
MOST_LANGUAGES: Final = 20
MOST_SCORE: Final = 10_000
MOST_STEPS: Final = 1_000
_STEP: Final = regex.compile(r"-?[0-9]{1,5}(_[0-9]{1,4})?", regex.ASCII)
_PREFIX: Final = regex.compile(r"[A-Z0-9]+(-[A-Z0-9]+)*")

_DOMAIN: Final = regex.compile(r"[\p{L}\p{N}-]+(\.[\p{L}\p{N}-]+)+")

Document = Mapping[str, Any]
"""What call.toml holds, as Python values; pages write the same."""


@dataclass(frozen=True)
class Reading:
    """What a document says, and what is wrong with it. With problems, its package is good for nothing.

    What is only unready keeps a call from being announced; a draft may have it.
    """

    package: CallPackage
    problems: list[Problem]
    unready: list[Problem]


def languages_of(document: Document) -> list[str]:
    """Return the languages that a document says its call is in, the call's own first; those that are none left out."""
    return _languages(Keys(document, []).table("call"))


def read_document(
    document: Document,
    *,
    form: FormDefinition | None,
    invitations: tuple[InvitationRead, ...] | None,
    papers: Mapping[str, FormDefinition],
    parts: Sequence[PackagePart] = (),
    sha256: str = "",
) -> Reading:
    """Read a document together with the forms and the invitation list that belong to it.

    `form` is None where it could not be read; one without questions is still to be written. `invitations` is None
    where nothing is said of the list. `papers` are the forms for further papers by stage; of one that it leaves out,
    nothing is said. `parts` are the tables that later rooms know.
    """
    problems: list[Problem] = []
    keys = Keys(document, problems)
    call = keys.table("call")
    languages = _languages(call)
    for table in (keys, call):
        table.languages = languages
    budget = keys.table("budget")
    currency = _currency(budget)
    zone = _zone(call)
    kind, programme = _programme(keys.table("programme"))
    barred = keys.table("barred", required=False)
    reviewers = keys.table("reviewers", required=False)
    declined = keys.table("declined", required=False)
    is_impartial = reviewers.flag("impartial")
    reviews = call.whole("reviews_per_application", least=1, most=50)
    stages = read_stages(keys, reviews)
    papers = {each.code: papers[each.code] for each in stages if each.code in papers}
    categories = tuple(_category(each, kind, currency) for each in keys.tables("categories"))
    package = {
        "programme": programme,
        "slug": call.text("slug", SLUG, "gjf-2020"),
        "reference_prefix": call.text("reference_prefix", _PREFIX, "GJF-2020"),
        "titles": call.texts("title"),
        "purposes": call.texts("purpose"),
        "languages": tuple(languages),
        "time_zone": zone.key if zone else "",
        "opens_at": call.instant("opens", zone),
        "closes_at": call.instant("closes", zone),
        "extensions": tuple(_extension(each, zone) for each in call.tables("extensions")),
        "currency": currency,
        "budget_minor": budget.money("total", currency),
        "ceiling_minor": budget.money("ceiling", currency, required=False),
        "max_categories": call.whole("max_categories", least=1, most=max(1, len(categories)), default=1),
        "categories": categories,
        "criteria": tuple(
            _criterion(each, stages[-1].code, [category.code for category in categories])
            for each in keys.tables("criteria")
        ),
        "stages": stages,
        "phases": read_phases(keys, stages, zone),
        "invitation_only": call.flag("invitation_only"),
        "invitations": invitations,
        "nominations": _nominations(keys, zone),
        "barred_names": tuple(barred.strings("names", required=False)),
        "barred_domains": tuple(_domains(barred)),
        "bars_reviewers_organisation": reviewers.flag("bar_own_organisation"),
        "applicants_review": reviewers.flag("applicants") or is_impartial,
        "is_impartial": is_impartial,
        "undone_reviews": choice(reviewers, "undone_reviews", UndoneReviews, UndoneReviews.NOTHING),
        "reviewers_see": choice(reviewers, "see", ReviewersSee, ReviewersSee.NAME),
        "award_terms": _award_terms(keys.table("letters")),
        "declined_get": choice(declined, "get", DeclinedGet, DeclinedGet.NOTHING),
        "offers_next_call": declined.flag("next_call"),
        "retention_days": _retention_days(keys.table("retention", required=False)),
        "is_sample": keys.flag("sample"),
        "is_protected": keys.flag("protected"),
        "form": form,
        "papers": papers,
    }
    if not package["titles"]:
        call.complain("title", _l("A call has a name, if only in one language."))
    call.text("invitations", required=False)  # the name of a file, which whoever reads files has looked at
    read = CallPackage(**cast(Any, package), sha256=sha256)
    further = tuple(FurtherTable(part, part.read(keys.table(part.key), read)) for part in parts if keys.has(part.key))
    for table in (call, budget, barred, reviewers, declined, keys):
        table.finish()
    check_together(package, kind, keys)
    check_papers(form, papers, problems)
    if form is not None:
        check_form(form, package, kind, problems)
    return Reading(
        replace(read, further=further),
        problems=[each for each in problems if not isinstance(each, Unready)],
        unready=[each for each in problems if isinstance(each, Unready)],
    )


def _languages(call: Keys) -> list[str]:
    languages: list[str] = []
    for written in call.strings("languages"):
        try:
            languages.append(str(Locale.parse(written, sep="-")))
        except (UnknownLocaleError, ValueError):
            call.complain("languages", _l("“%(code)s” is not the code of a language.", code=written))
    if len(languages) > MOST_LANGUAGES:
        call.complain("languages", _l("There are more than %(most)s of these.", most=MOST_LANGUAGES))
    return list(dict.fromkeys(languages))[:MOST_LANGUAGES]


def _currency(budget: Keys) -> str:
    currency = budget.text("currency")
    try:
        exponent(currency or "USD")
    except MoneyError as error:
        budget.complain("currency", error.message)
        return ""
    return currency


def _zone(call: Keys) -> ZoneInfo | None:
    name = call.text("time_zone")
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        call.complain("time_zone", _l("This is not the name of a time zone, such as Africa/Nairobi or UTC."))
        return None


def _is_language(code: str) -> bool:
    try:
        return str(Locale.parse(code, sep="-")) == code
    except (UnknownLocaleError, ValueError):
        return False


def _programme(keys: Keys) -> tuple[Literal["grant", "prize"], ProgrammeRead]:
    kind: Literal["grant", "prize"] = "grant"
    written = keys.text("kind")
    if written == "prize":
        kind = "prize"
    elif written not in ("grant", ""):
        keys.complain("kind", _l("A programme is a “grant” or a “prize”."))
    written_in = keys.values.get("title")
    others = [code for code in written_in if _is_language(code)] if isinstance(written_in, dict) else []
    titles = keys.texts("title", further=others)  # other calls of the programme have other languages
    programme = ProgrammeRead(keys.text("slug", SLUG, "grassroots-justice-fund"), kind, titles)
    keys.finish()
    return kind, programme


def _nominations(keys: Keys, zone: ZoneInfo | None) -> NominationsRead | None:
    table = keys.table("nominations", required=False)
    if not table.values:
        return None
    opens, closes = table.instant("opens", zone), table.instant("closes", zone)
    table.finish()
    if opens is None or closes is None:
        return None
    if closes <= opens:
        table.complain("closes", _l("Nominations close before they open."))
    return NominationsRead(opens, closes)


def _domains(barred: Keys) -> list[str]:
    domains = [each.lower().lstrip("@") for each in barred.strings("mail_domains", required=False)]
    for domain in domains:
        if not _DOMAIN.fullmatch(domain):
            barred.complain(
                "mail_domains", _l("“%(domain)s” is not what stands behind the @ of addresses.", domain=domain)
            )
    return domains


def _extension(keys: Keys, zone: ZoneInfo | None) -> ExtensionRead:
    extension = ExtensionRead(
        closes_at=cast(datetime, keys.instant("closes", zone)),
        extended_at=cast(datetime, keys.past_instant("announced", zone)),
        reasons=keys.texts("reason"),
        is_early=keys.flag("early"),
    )
    keys.finish()
    return extension


def _category(keys: Keys, kind: str, currency: str) -> CategoryRead:
    fixed = kind == "prize" or keys.has("awards") or keys.has("award")
    category = CategoryRead(
        code=keys.text("code", CODE, "courage"),
        titles=keys.texts("title"),
        descriptions=keys.texts("description"),
        awards=keys.whole("awards", least=1, most=10_000) if fixed else None,
        award_minor=keys.money("award", currency) if fixed else None,
    )
    keys.finish()
    return category


def _criterion(keys: Keys, last_stage: str, categories: Collection[str]) -> CriterionRead:
    minimum = keys.number("minimum", least=-MOST_SCORE, most=MOST_SCORE)
    maximum = keys.number("maximum", least=-MOST_SCORE, most=MOST_SCORE)
    step = keys.number("step", least=0, most=MOST_SCORE, default=1)
    if maximum <= minimum:
        keys.complain("maximum", _l("The scale ends above where it starts."))
    elif step <= 0 or (maximum - minimum) % step or (maximum - minimum) / step > MOST_STEPS:
        message = _l(
            "Steps of this size do not lead from the lowest to the highest number, or are more than %(most)s.",
            most=MOST_STEPS,
        )
        keys.complain("step", message)
        step = Decimal(1)
    category = keys.text("category", CODE, "courage", required=False)
    if category and category not in categories:
        keys.complain("category", _l("The call has no category of this name."))
    needed = keys.text("comment", required=False) or CommentNeed.NEVER.value
    if needed not in {each.value for each in CommentNeed}:
        keys.complain("comment", _l("Words are needed “never”, with the “extremes”, or “always”."))
        needed = CommentNeed.NEVER.value
    criterion = CriterionRead(
        code=keys.text("code", CODE, "community"),
        labels=keys.texts("label"),
        questions=keys.texts("question"),
        weight=keys.weight("weight"),
        minimum=minimum,
        maximum=maximum,
        anchors=_anchors(keys.table("anchors", required=False), minimum, maximum, step),
        stage=keys.text("stage", CODE, "shortlist", required=False) or last_stage,
        step=step,
        category=category,
        comment_questions=keys.texts("comment_question", required=False),
        comment_needed=needed,
    )
    keys.finish()
    return criterion


def _anchors(keys: Keys, minimum: Decimal, maximum: Decimal, step: Decimal) -> dict[str, Texts]:
    """Return the words of steps, by the number of the step; a key has "_" where the number has a point."""
    worded = {}
    for key in keys.values:
        words = keys.texts(key)
        number = Decimal(key.replace("_", ".")) if _STEP.fullmatch(key) else None
        if number is None or not minimum <= number <= maximum or (number - minimum) % step:
            keys.complain(key, _l("This is not a step of the scale."))
        else:
            worded[str(plain_number(number))] = words
    for end in dict.fromkeys((minimum, maximum)):
        if str(end) not in worded:
            keys.complain(anchor_key(end), _l("Both ends of the scale need words."), Unready)
    return worded


def _award_terms(keys: Keys) -> dict[str, Any]:
    signatory = keys.table("signatory")
    terms = {
        "decided_by": keys.texts("decided_by"),
        "purpose": keys.texts("purpose"),
        "period_months": keys.whole("period_months", least=1, most=120),
        "next_step": keys.texts("next_step"),
        "signatory": {"name": signatory.text("name", can_wait=True), "title": signatory.texts("title")},
    }
    signatory.finish()
    paid = {name: keys.texts(name, required=False) for name in ("instalments", "reporting")}
    on_paper = {"paper": choice(keys, "paper", Paper, Paper.A4).value}
    answer = {"agreement": keys.texts("agreement", required=False), "second_factor": keys.flag("second_factor")}
    answer["signed_copy"] = keys.flag("signed_copy")
    if keys.has("answer_days"):
        answer["answer_days"] = keys.whole("answer_days", least=1, most=365)
    answer["reminder_days"] = keys.days("reminder_days", most=90, most_of_them=5)
    keys.finish()
    return terms | {name: value for name, value in {**paid, **on_paper, **answer}.items() if value}


def _retention_days(keys: Keys) -> dict[str, int]:
    days = {fate: keys.whole(fate, least=1, most=LONGEST_DAYS) for fate in DEFAULT_DAYS if keys.has(fate)}
    keys.finish()
    return days
