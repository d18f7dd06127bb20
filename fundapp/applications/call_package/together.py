"""What one part of a call says about another: dates in order, money that suffices, a form that asks what is needed."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from babel import Locale, UnknownLocaleError

from fundapp.applications.call_package.keys import Keys, Unready
from fundapp.applications.call_package.stages import check_stages
from fundapp.applications.form_engine.definition import FormDefinition, Role
from fundapp.applications.form_engine.further_papers import paper_problems
from fundapp.core.errors import Problem
from fundapp.core.i18n import lazy_gettext as _l


def check_together(package: Mapping[str, Any], kind: str, keys: Keys) -> None:
    """Complain of all that single values allow and their sum does not."""
    _check_dates(package, keys)
    check_stages(package, keys)
    for key in ("categories", "criteria", "stages", "phases"):
        codes = [each.code for each in package[key]]
        for code in sorted({code for code in codes if codes.count(code) > 1}):
            keys.complain(key, _l("The code “%(code)s” stands there twice.", code=code))
    if not package["criteria"]:
        keys.complain("criteria", _l("A call needs at least one criterion."), Unready)
    if kind == "prize":
        if not package["categories"]:
            keys.complain("categories", _l("A prize needs at least one category."), Unready)
        if package["ceiling_minor"] is not None:
            keys.complain("budget.ceiling", _l("A prize fixes its amounts; nothing is asked for."))
    ceiling, total = package["ceiling_minor"], package["budget_minor"]
    if ceiling and total and ceiling > total:
        keys.complain("budget.ceiling", _l("This is more than the money in all."), Unready)
    given = [(each.awards, each.award_minor) for each in package["categories"] if each.awards and each.award_minor]
    if package["is_impartial"]:
        _check_impartial(package, keys)
    if package["budget_minor"] and sum(number * minor for number, minor in given) > package["budget_minor"]:
        keys.complain("budget.total", _l("The awards of the categories come to more than this."), Unready)


def _own_name(code: str) -> str:
    """Return what a language is called by those who speak it, with its code."""
    try:
        name = Locale.parse(code, sep="-").get_display_name()
    except (ValueError, UnknownLocaleError):
        name = None
    return f"{name} ({code})" if name else code


def _check_impartial(package: Mapping[str, Any], keys: Keys) -> None:
    """Two pools divide what there is to give, and score once."""
    if len(package["stages"]) > 1:
        message = _l("Where applicants review each other in two pools, the review has one stage.")
        keys.complain("reviewers.impartial", message)
    if any(each.awards == 1 for each in package["categories"]):
        message = _l("Two pools cannot share a single award: each category gives two at least.")
        keys.complain("reviewers.impartial", message)


def _check_dates(package: Mapping[str, Any], keys: Keys) -> None:
    opens, closes = package["opens_at"], package["closes_at"]
    if opens and closes and closes <= opens:
        keys.complain("call.closes", _l("The call closes before it opens."))
    for number, extension in enumerate(package["extensions"], 1):
        name = f"call.extensions {number}"
        if closes and extension.closes_at:
            if extension.is_early:
                if not (opens and opens < extension.closes_at < closes):
                    keys.complain(f"{name}.closes", _l("Closing early lies between the opening and the deadline."))
            elif extension.closes_at <= closes:
                keys.complain(f"{name}.closes", _l("An extension moves the deadline later."))
        if opens and extension.extended_at and extension.extended_at < opens:
            keys.complain(f"{name}.announced", _l("This lies before the call opens."))
        closes = extension.closes_at or closes


def check_form(form: FormDefinition, package: Mapping[str, Any], kind: str, problems: list[Problem]) -> None:
    """Add what the form lacks for this call to the problems."""

    def complain(message: str) -> None:
        problems.append(Unready(message, field="form", place="form"))

    if not form.questions:
        complain(_l("The call has no form yet."))
        return
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
            complain(_l("The form has no labels in this language: %(language)s.", language=_own_name(language)))


def check_papers(form: FormDefinition | None, papers: Mapping[str, FormDefinition], problems: list[Problem]) -> None:
    """Add what the forms for further papers, by stage, ask that the form for applying or another stage asks too."""
    for stage, asked in papers.items():
        others = [each for other, each in papers.items() if other != stage]
        problems.extend(
            replace(problem, field=f"stages.{stage}.papers", place=f"papers of {stage}, {problem.place}")
            for problem in paper_problems(asked, [*([form] if form else []), *others])
        )
