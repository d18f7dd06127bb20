"""A short round in Arabic, from right to left, on a phone: the main pages of everybody, every word translated."""

from pathlib import Path

import pytest

from . import applicants, panel, signing_in, staff
from .applicants import Proposal
from .calls import let_the_deadline_pass, load_open_call
from .service import Service
from .visitor import Meet, Variant

PHONE = Variant("360-arabic", 360, scripts=True, language="ar")


@pytest.mark.parametrize("variant", [PHONE], ids=lambda variant: variant.name)
def test_round_in_arabic(variant: Variant, service: Service, meet: Meet, tmp_path: Path) -> None:
    load_open_call(service, tmp_path / "rf-ar", "rf-ar")
    layla = meet("ليلى")
    applicants.start_by_mail(layla, "rf-ar")
    applicants.write(layla, Proposal("جيران ليلى", "Jordan", "أرض للجميع", "12,000"))
    reference = applicants.check_and_send(layla, Proposal("جيران ليلى", "Jordan", "أرض للجميع", "12,000"))
    let_the_deadline_pass(service, "rf-ar")

    mona, rami = meet("منى"), meet("رامي")
    for visitor, role in ((mona, "manager"), (rami, "ratifier")):
        options = ("--name", visitor.name, "--role", role, "--language", "ar")
        service.command("people", "add", visitor.email, *options)
        signing_in.begin_as_staff(visitor)
    staff.check_eligibility(mona, "rf-ar", eligible=[reference])
    reviewers = [meet("سامي"), meet("هدى")]
    staff.invite_by_list(mona, "rf-ar", dict.fromkeys(reviewers, ""), language="ar")
    for visitor in reviewers:
        signing_in.choose_password(visitor)
        panel.accept(visitor)
    staff.assign(mona, "rf-ar")
    for visitor in reviewers:
        panel.review(visitor, reference, community="4")
    mona.open("/manage/rf-ar/tally")
    mona.open("/manage/rf-ar/selection")
    staff.award(mona, reference)
    mona.press("Send the list for ratification")
    staff.ratify(rami, "rf-ar")
    staff.release(mona, "rf-ar")
    applicants.read_letter(layla, reference, "12,000.00")
