"""Writes a call as a package that reads back as the same call."""

import csv
import io
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

import tomli_w

from fundapp.applications.call_items import anchor_key
from fundapp.applications.call_package.keys import FILE
from fundapp.applications.call_package.local_time import comes_twice
from fundapp.applications.call_package.package import (
    CallPackage,
    CategoryRead,
    CriterionRead,
    ExtensionRead,
    PhaseRead,
    StageRead,
)
from fundapp.applications.call_package.reading import Document
from fundapp.applications.rules import Paper
from fundapp.applications.xlsform import write_form
from fundapp.core.money import Money

INVITATIONS: Final = "invitations.csv"


def document_of(package: CallPackage) -> dict[str, Any]:
    """Return what call.toml holds for a call; `read_document` reads the same call from it.

    The invitation list and the forms are files of their own, so nothing of them stands here.
    """
    zone = ZoneInfo(package.time_zone)
    call = {
        "slug": package.slug,
        "reference_prefix": package.reference_prefix,
        "title": dict(package.titles),
        "purpose": dict(package.purposes),
        "languages": list(package.languages),
        "time_zone": package.time_zone,
        "opens": _local(package.opens_at, zone),
        "closes": _local(package.closes_at, zone),
        "reviews_per_application": package.reviews_per_entry,
        "max_categories": package.max_categories,
        "invitation_only": package.invitation_only,
        "extensions": [_extension(each, zone) for each in package.extensions],
    }
    document: dict[str, Any] = {
        "sample": package.is_sample,
        "protected": package.is_protected,
        "programme": {
            "slug": package.programme.slug,
            "kind": package.programme.kind,
            "title": dict(package.programme.titles),
        },
        "call": call,
        "budget": {"currency": package.currency, "total": _amount(package.budget_minor, package.currency)},
        "categories": [_category(each, package.currency) for each in package.categories],
        "criteria": [_criterion(each) for each in package.criteria],
        "stages": [_stage(each, is_last=each is package.stages[-1]) for each in package.stages],
        "phases": [_phase(each, zone) for each in package.phases],
        "letters": _letters(package.award_terms),
        "declined": {"get": package.declined_get.value, "next_call": package.offers_next_call},
        "retention": dict(package.retention_days),
        "barred": {"names": list(package.barred_names), "mail_domains": list(package.barred_domains)},
        "reviewers": {
            "see": package.reviewers_see.value,
            "bar_own_organisation": package.bars_reviewers_organisation,
            "applicants": package.applicants_review,
            "impartial": package.is_impartial,
            "undone_reviews": package.undone_reviews.value,
        },
    }
    if package.ceiling_minor is not None:
        document["budget"]["ceiling"] = _amount(package.ceiling_minor, package.currency)
    if package.nominations is not None:
        document["nominations"] = {
            "opens": _local(package.nominations.opens_at, zone),
            "closes": _local(package.nominations.closes_at, zone),
        }
    return document | {each.part.key: each.part.write(each.value, package) for each in package.further}


def toml_of(document: Document) -> str:
    """Write a document as the text of call.toml."""
    return tomli_w.dumps(document, multiline_strings=True)


def package_files(package: CallPackage, *, with_invitations: bool) -> dict[str, bytes]:
    """Return the files of a package by name; the invitation list holds addresses, so it has to be asked for."""
    document = document_of(package)
    files: dict[str, bytes] = {}
    if with_invitations and package.invitations:
        document["call"]["invitations"] = INVITATIONS
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(("email", "organisation"))
        writer.writerows((each.email, each.organisation_name) for each in package.invitations)
        files[INVITATIONS] = text.getvalue().encode()
    for stage in document["stages"]:
        if form := package.papers.get(stage["code"]):
            stage["papers"] = f"papers-{stage['code']}.xlsx"
            files[stage["papers"]] = write_form(form)
    files[FILE] = toml_of(document).encode()
    if package.form.questions:
        files["form.xlsx"] = write_form(package.form)
    return files


def _local(at: datetime, zone: ZoneInfo) -> datetime:
    """Return an instant as clocks in the zone show it, with its offset where they show that time twice."""
    local = at.astimezone(zone)
    if comes_twice(local):
        return datetime.fromisoformat(local.isoformat())
    return local.replace(tzinfo=None, fold=0)


def _amount(minor: int, currency: str) -> str:
    return str(Money(minor, currency).decimal)


def _extension(extension: ExtensionRead, zone: ZoneInfo) -> dict[str, Any]:
    written: dict[str, Any] = {
        "closes": _local(extension.closes_at, zone),
        "announced": extension.extended_at,
        "reason": dict(extension.reasons),
    }
    return {**written, "early": True} if extension.is_early else written


def _category(category: CategoryRead, currency: str) -> dict[str, Any]:
    written: dict[str, Any] = {
        "code": category.code,
        "title": dict(category.titles),
        "description": dict(category.descriptions),
    }
    if category.awards is not None and category.award_minor is not None:
        written |= {"awards": category.awards, "award": _amount(category.award_minor, currency)}
    return written


def _criterion(criterion: CriterionRead) -> dict[str, Any]:
    return {
        "code": criterion.code,
        "label": dict(criterion.labels),
        "question": dict(criterion.questions),
        "weight": _number(criterion.weight),
        "minimum": _number(criterion.minimum),
        "maximum": _number(criterion.maximum),
        "step": _number(criterion.step),
        "anchors": {anchor_key(step): dict(words) for step, words in criterion.anchors.items()},
        "stage": criterion.stage,
        "comment": criterion.comment_needed,
        **({"comment_question": dict(criterion.comment_questions)} if criterion.comment_questions else {}),
        **({"category": criterion.category} if criterion.category else {}),
    }


def _number(number: Decimal) -> int | float:
    """Return a number with at most four decimals as TOML has it: written out again, it is the same."""
    return int(number) if number == int(number) else float(number)


def _stage(stage: StageRead, *, is_last: bool) -> dict[str, Any]:
    """Return what is written of a stage; how many peers read in the last one stands at the call."""
    written: dict[str, Any] = {
        "code": stage.code,
        "title": dict(stage.titles),
        "kind": stage.kind,
        "minutes": stage.review_minutes,
        "confidence": stage.asks_confidence,
    }
    return written if is_last else {**written, "reviews": stage.reviews}


def _phase(phase: PhaseRead, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "code": phase.code,
        "stage": phase.stage,
        "title": dict(phase.titles),
        "starts": _local(phase.starts_at, zone),
        "ends": _local(phase.ends_at, zone),
        "score": phase.may_score,
        "others": phase.others.value,
        "shown_as": phase.shown_as.value,
        "discuss": phase.may_discuss,
    }


_MAY_BE_UNSAID: Final = (
    *("instalments", "reporting", "agreement", "answer_days", "reminder_days", "second_factor", "signed_copy"),
)
"""What letters and acceptances need not say."""


def _letters(terms: Mapping[str, Any]) -> dict[str, Any]:
    signatory: Mapping[str, Any] = terms.get("signatory") or {}
    return {
        "decided_by": dict(terms.get("decided_by") or {}),
        "purpose": dict(terms.get("purpose") or {}),
        "period_months": terms.get("period_months"),
        "next_step": dict(terms.get("next_step") or {}),
        "paper": terms.get("paper") or Paper.A4.value,
        "signatory": {"name": signatory.get("name", ""), "title": dict(signatory.get("title") or {})},
        **{name: terms[name] for name in _MAY_BE_UNSAID if terms.get(name)},
    }
