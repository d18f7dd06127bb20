"""Reads the files of a call package, collecting every problem."""

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal, cast
from zoneinfo import ZoneInfo

import regex
from babel import Locale, UnknownLocaleError

from fundapp.accounts.rules import checked_email
from fundapp.applications.call_package.keys import CODE, FILE, SLUG, Keys
from fundapp.applications.call_package.package import (
    CallPackage,
    CategoryRead,
    CriterionRead,
    ExtensionRead,
    InvitationRead,
    ProgrammeRead,
)
from fundapp.applications.form_definition import FormDefinition, Role
from fundapp.applications.keeping_periods import DEFAULT_DAYS, LONGEST_DAYS
from fundapp.applications.xlsform import read_form
from fundapp.core.errors import Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.money import MoneyError, exponent
from fundapp.core.tables import read_table
from fundapp.core.text import TextError, clean_text

MAX_TOML_BYTES: Final = 1024 * 1024
FORMS: Final = ("form.xlsx", "form.md")
MOST: Final = 1_000_000
_PREFIX: Final = regex.compile(r"[A-Z0-9]+(-[A-Z0-9]+)*")


def read_package(folder: Path) -> CallPackage:
    """Read a call package.

    Raises RuleViolations with every problem, each with its file and key, or sheet, row and column.
    """
    problems: list[Problem] = []
    files = _files(folder, problems)
    keys = Keys(_toml(files[FILE], problems), problems)
    call = keys.table("call")
    languages = _languages(call)
    for table in (keys, call):
        table.languages = languages
    form = _form(files, languages, problems)
    budget = keys.table("budget")
    currency = _currency(budget)
    zone = _zone(call)
    kind, programme = _programme(keys.table("programme"))
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
        "reviews_per_entry": call.whole("reviews_per_application", least=1, most=50),
        "max_categories": call.whole("max_categories", least=1, most=max(1, len(categories)), default=1),
        "categories": categories,
        "criteria": tuple(_criterion(each) for each in keys.tables("criteria")),
        "invitation_only": call.flag("invitation_only"),
        "invitations": _invitations(call, folder, files, problems),
        "award_terms": _award_terms(keys.table("letters")),
        "retention_days": _retention_days(keys.table("retention", required=False)),
        "is_sample": keys.flag("sample"),
        "is_protected": keys.flag("protected"),
        "form": form,
    }
    for table in (call, budget, keys):
        table.finish()
    _check_together(package, kind, keys, problems)
    if problems:
        raise RuleViolations(problems)
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(f"{name}\0{len(files[name])}\0".encode() + files[name])
    return CallPackage(**cast(Any, package), sha256=digest.hexdigest())


# -- Files ----------------------------------------------------------------------------------------------------------


def _files(folder: Path, problems: list[Problem]) -> dict[str, bytes]:
    """Return the bytes of call.toml and the form. Raises RuleViolations when there is nothing to go on with."""
    if not folder.is_dir():
        raise RuleViolations([Problem(_l("There is no such folder."), place=str(folder))])
    if not (folder / FILE).is_file():
        raise RuleViolations([Problem(_l("This file is missing."), place=FILE)])
    if (folder / FILE).stat().st_size > MAX_TOML_BYTES:
        raise RuleViolations(
            [Problem(_l("This file is larger than %(limit)s MB.", limit=MAX_TOML_BYTES // 1024**2), place=FILE)]
        )
    forms = [name for name in FORMS if (folder / name).is_file()]
    if len(forms) != 1:
        problems.append(Problem(_l("A package has one form: form.xlsx or form.md."), place=" / ".join(FORMS)))
    return {name: (folder / name).read_bytes() for name in [FILE, *forms[:1]]}


def _toml(data: bytes, problems: list[Problem]) -> Mapping[str, Any]:
    try:
        return tomllib.loads(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        message = _l("This file is not text in UTF-8 (byte %(place)s).", place=error.start)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        # The reason ends with the place: "… (at line 3, column 5)".
        message = _l("This file cannot be read: %(reason)s", reason=str(error))
    raise RuleViolations([*problems, Problem(message, place=FILE)])


def _form(files: Mapping[str, bytes], languages: Sequence[str], problems: list[Problem]) -> FormDefinition | None:
    name = next((name for name in files if name in FORMS), None)
    if name is None:
        return None
    try:
        return read_form(files[name], name, default_language=languages[0] if languages else "en")
    except RuleViolations as violations:
        # A problem of the whole form names its file already; one of a row names sheet, row and column.
        problems += [
            Problem(each.message, place=each.place if name in each.place else f"{name}, {each.place}")
            for each in violations.problems
        ]
    return None


def _invitations(
    call: Keys, folder: Path, files: dict[str, bytes], problems: list[Problem]
) -> tuple[InvitationRead, ...]:
    name = call.text("invitations", regex.compile(r"[\w-]+\.(csv|xlsx)"), "invitations.csv", required=False)
    if not name:
        return ()
    if not (folder / name).is_file():
        call.complain("invitations", _l("The file %(name)s is missing.", name=name))
        return ()
    files[name] = (folder / name).read_bytes()
    try:
        table = read_table(files[name], name)
    except RuleViolations as violations:
        problems += violations.problems
        return ()
    if set(table.headers) != {"email", "organisation"}:
        problems.append(Problem(_l("This list has two columns: email and organisation."), place=name))
        return ()
    invited: dict[str, InvitationRead] = {}
    for row in table.rows:
        try:
            address = checked_email(row.cells["email"])
            invited.setdefault(address, InvitationRead(address, clean_text(row.cells["organisation"])))
        except RuleViolations as violations:
            problems.append(Problem(violations.problems[0].message, place=f"{name}, row {row.number}, column email"))
        except TextError as error:
            problems.append(Problem(error.message, place=f"{name}, row {row.number}, column organisation"))
    return tuple(invited.values())


# -- Keys -----------------------------------------------------------------------------------------------------------


def _languages(call: Keys) -> list[str]:
    languages = []
    for written in call.strings("languages"):
        try:
            languages.append(str(Locale.parse(written, sep="-")))
        except (UnknownLocaleError, ValueError):
            call.complain("languages", _l("“%(code)s” is not the code of a language.", code=written))
    return list(dict.fromkeys(languages))


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


def _programme(keys: Keys) -> tuple[Literal["grant", "prize"], ProgrammeRead]:
    kind: Literal["grant", "prize"] = "grant"
    written = keys.text("kind")
    if written == "prize":
        kind = "prize"
    elif written not in ("grant", ""):
        keys.complain("kind", _l("A programme is a “grant” or a “prize”."))
    programme = ProgrammeRead(keys.text("slug", SLUG, "grassroots-justice-fund"), kind, keys.texts("title"))
    keys.finish()
    return kind, programme


def _extension(keys: Keys, zone: ZoneInfo | None) -> ExtensionRead:
    extension = ExtensionRead(
        closes_at=cast(datetime, keys.instant("closes", zone)),
        extended_at=cast(datetime, keys.instant("announced", zone)),
        reasons=keys.texts("reason"),
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


def _criterion(keys: Keys) -> CriterionRead:
    minimum = keys.whole("minimum", least=-MOST, most=MOST)
    maximum = keys.whole("maximum", least=-MOST, most=MOST)
    if maximum <= minimum:
        keys.complain("maximum", _l("The scale ends above where it starts."))
    anchors = keys.table("anchors")
    worded = {}
    for step in anchors.values:
        worded[step] = anchors.texts(step)
        if not regex.fullmatch(r"-?[0-9]+", step, regex.ASCII) or not minimum <= int(step) <= maximum:
            anchors.complain(step, _l("This is not a step of the scale."))
    for end in {minimum, maximum} - {int(step) for step in worded if regex.fullmatch(r"-?[0-9]+", step, regex.ASCII)}:
        anchors.complain(str(end), _l("Both ends of the scale need words."))
    criterion = CriterionRead(
        code=keys.text("code", CODE, "community"),
        labels=keys.texts("label"),
        questions=keys.texts("question"),
        weight=keys.weight("weight"),
        minimum=minimum,
        maximum=maximum,
        anchors=worded,
    )
    keys.finish()
    return criterion


def _award_terms(keys: Keys) -> dict[str, Any]:
    signatory = keys.table("signatory")
    terms = {
        "decided_by": keys.texts("decided_by"),
        "purpose": keys.texts("purpose"),
        "period_months": keys.whole("period_months", least=1, most=120),
        "next_step": keys.texts("next_step"),
        "signatory": {"name": signatory.text("name"), "title": signatory.texts("title")},
    }
    signatory.finish()
    keys.finish()
    return terms


def _retention_days(keys: Keys) -> dict[str, int]:
    days = {fate: keys.whole(fate, least=1, most=LONGEST_DAYS) for fate in DEFAULT_DAYS if keys.has(fate)}
    keys.finish()
    return days


# -- What one part says about another -------------------------------------------------------------------------------


def _check_together(package: Mapping[str, Any], kind: str, keys: Keys, problems: list[Problem]) -> None:
    _check_dates(package, keys)
    for name, key in (("categories", "categories"), ("criteria", "criteria")):
        codes = [each.code for each in package[name]]
        for code in sorted({code for code in codes if codes.count(code) > 1}):
            keys.complain(key, _l("The code “%(code)s” stands there twice.", code=code))
    if not package["criteria"]:
        keys.complain("criteria", _l("A call needs at least one criterion."))
    if package["invitation_only"] and not package["invitations"]:
        keys.complain("call.invitations", _l("A call by invitation needs a list of invitations."))
    if kind == "prize":
        if not package["categories"]:
            keys.complain("categories", _l("A prize needs at least one category."))
        if package["ceiling_minor"] is not None:
            keys.complain("budget.ceiling", _l("A prize fixes its amounts; nothing is asked for."))
    given = [(each.awards, each.award_minor) for each in package["categories"] if each.awards and each.award_minor]
    if package["budget_minor"] and sum(number * minor for number, minor in given) > package["budget_minor"]:
        keys.complain("budget.total", _l("The awards of the categories come to more than this."))
    if package["form"] is not None:
        _check_form(package["form"], package, kind, problems)


def _check_dates(package: Mapping[str, Any], keys: Keys) -> None:
    opens, closes = package["opens_at"], package["closes_at"]
    if opens and closes and closes <= opens:
        keys.complain("call.closes", _l("The call closes before it opens."))
    for number, extension in enumerate(package["extensions"], 1):
        if closes and extension.closes_at and extension.closes_at <= closes:
            keys.complain(f"call.extensions {number}.closes", _l("An extension moves the deadline later."))
        if opens and extension.extended_at and extension.extended_at < opens:
            keys.complain(f"call.extensions {number}.announced", _l("This lies before the call opens."))
        closes = extension.closes_at or closes


def _check_form(form: FormDefinition, package: Mapping[str, Any], kind: str, problems: list[Problem]) -> None:
    name = "form"

    def complain(message: str) -> None:
        problems.append(Problem(message, place=name))

    needed = [Role.ORGANISATION, Role.EMAIL]
    needed += [Role.AMOUNT] if kind == "grant" else []
    needed += [Role.CATEGORIES] if package["categories"] else []
    for role in needed:
        question = form.with_role(role)
        if question is None or not question.required:
            complain(_l("The form needs a required question with the role “%(role)s”.", role=role))
    if kind == "prize" and form.with_role(Role.AMOUNT):
        complain(_l("A prize fixes its amounts: take out the role “amount”."))
    asked = form.with_role(Role.CATEGORIES)
    codes = {each.code for each in package["categories"]}
    if asked and {choice.name for choice in asked.choices} != codes:
        complain(
            _l(
                "The choices of “%(question)s” are the codes of the categories: %(codes)s.",
                question=asked.name,
                codes=", ".join(sorted(codes)) or "–",
            )
        )
    for language in package["languages"]:
        if language not in form.languages:
            complain(_l("The form has no labels in the language “%(language)s”.", language=language))
