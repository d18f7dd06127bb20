"""The whole round as the people in it see it: only pages, mailed links, and files that they send and get."""

from pathlib import Path

import pytest

from ..sample_files import PDF
from . import applicants, panel, signing_in, staff
from .applicants import Proposal
from .calls import let_the_deadline_pass, load_open_call
from .service import Service
from .visitor import Meet, Variant, Visitor

VARIANTS = [Variant("1280-scripts", 1280, scripts=True), Variant("360-no-scripts", 360, scripts=False)]


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
def test_round_from_call_to_letters(variant: Variant, service: Service, meet: Meet, tmp_path: Path) -> None:
    slug = f"rf-{variant.width}"
    load_open_call(service, tmp_path / slug, slug)
    budget = tmp_path / "budget.pdf"
    budget.write_bytes(PDF)

    amina, bruno, chen = meet("Amina Sample"), meet("Bruno Sample"), meet("Chen Sample")
    lands = Proposal("Amina’s Neighbours", "Kenya", "Land for all", "18,000", budget)
    wages = Proposal("Bruno’s Bakers", "Peru", "Wages paid", "15,000")
    profit = Proposal("Chen’s Company", "Jordan", "Profit first", "9,000")
    applicants.read_call_without_account(amina, slug)
    applicants.start_by_mail(amina, slug)
    applicants.write_with_trouble(amina, lands)
    references = [applicants.check_and_send(amina, lands)]
    for visitor, proposal in ((bruno, wages), (chen, profit)):
        applicants.start_by_mail(visitor, slug)
        applicants.write(visitor, proposal)
        references.append(applicants.check_and_send(visitor, proposal))
    assert references == [f"{slug.upper()}-{number:04}" for number in (1, 2, 3)]
    let_the_deadline_pass(service, slug)

    mara, rosa = meet("Mara Sample"), meet("Rosa Sample")
    for visitor, role in ((mara, "manager"), (rosa, "ratifier")):
        service.command("people", "add", visitor.email, "--name", visitor.name, "--role", role)
        signing_in.begin_as_staff(visitor)
    staff.check_eligibility(mara, slug, eligible=references[:2])
    staff.refuse(mara, slug, references[2])
    reviewers = [meet("Ravi Sample"), meet("Sofia Sample"), meet("Tala Sample")]
    staff.invite_by_form(mara, slug, reviewers[0])
    staff.invite_by_list(mara, slug, {reviewers[1]: "", reviewers[2]: wages.organisation}, language="en")
    for visitor in reviewers:
        signing_in.choose_password(visitor)
        panel.accept(visitor)
    staff.assign(mara, slug)
    review_with_a_conflict(mara, slug, reviewers, own=references[1], references=references[:2])
    staff.read_scores(mara, slug, references)
    staff.decide(mara, slug, best=references[0], other=references[1])
    staff.ratify(rosa, slug)
    staff.release(mara, slug)
    staff.check_exports(mara, references)
    applicants.read_letter(amina, references[0], "18,000.00")


def review_with_a_conflict(
    manager: Visitor, slug: str, reviewers: list[Visitor], *, own: str, references: list[str]
) -> None:
    """All review what they were given; whoever was given two declares a conflict with one, and it is planned anew."""
    *peers, neighbour = reviewers
    given = {visitor: panel.waiting_for(visitor, references) for visitor in reviewers}
    assert own not in given[neighbour], "somebody was given their own organisation's application"
    assert sorted(len(each) for each in given.values()) == [1, 1, 2]
    busy = next(visitor for visitor in peers if len(given[visitor]) == 2)
    best = next(reference for reference in references if reference != own)
    panel.declare_conflict(busy, best)
    staff.assign(manager, slug)
    for visitor in reviewers:
        for reference in panel.waiting_for(visitor, references):
            panel.review(visitor, reference, community="5" if reference == best else "3", is_incomplete=visitor is busy)
