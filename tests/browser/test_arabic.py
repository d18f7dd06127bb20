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
    load_open_call(service, tmp_path / "arabic", "arabic")
    layla = meet("ليلى")
    applicants.start_by_mail(layla, "arabic")
    applicants.write(layla, Proposal("جيران ليلى", "Jordan", "أرض للجميع", "12,000"))
    reference = applicants.check_and_send(layla, Proposal("جيران ليلى", "Jordan", "أرض للجميع", "12,000"))
    let_the_deadline_pass(service, "arabic")

    mona, rami = meet("منى"), meet("رامي")
    for visitor, role in ((mona, "manager"), (rami, "ratifier")):
        options = ("--name", visitor.name, "--role", role, "--language", "ar")
        service.command("people", "add", visitor.email, *options)
        signing_in.choose_password(visitor)
    staff.check_eligibility(mona, "arabic", eligible=[reference])
    reviewers = [meet("سامي"), meet("هدى")]
    staff.invite_by_list(mona, "arabic", dict.fromkeys(reviewers, ""), language="ar")
    for visitor in reviewers:
        signing_in.choose_password(visitor)
    staff.assign(mona, "arabic")
    for visitor in reviewers:
        panel.review(visitor, reference, community="4")
    mona.open("/manage/arabic/tally")
    mona.open("/manage/arabic/selection")
    staff.award(mona, reference)
    mona.press("Send the list for ratification")
    staff.ratify(rami, "arabic")
    staff.release(mona, "arabic")
    applicants.read_letter(layla, reference, "12,000.00")
