"""Who presses the button a moment too late loses nothing."""

from pathlib import Path

import pytest

from . import applicants
from .applicants import Proposal
from .calls import let_the_deadline_pass, load_open_call
from .service import Service
from .visitor import Meet, Variant

PHONE = Variant("360-late", 360, scripts=False)


@pytest.mark.parametrize("variant", [PHONE], ids=lambda variant: variant.name)
def test_late_submission_is_refused_and_the_text_kept(
    variant: Variant, service: Service, meet: Meet, tmp_path: Path
) -> None:
    load_open_call(service, tmp_path / "late", "late")
    dara = meet("Dara Sample")
    applicants.start_by_mail(dara, "late")
    applicants.write(dara, Proposal("Dara’s Dockers", "Peru", "Wages paid", "7,000"))
    let_the_deadline_pass(service, "late")
    dara.press("Send the application")
    dara.sees("There is a problem", "The deadline of this call has passed. Your text is kept, and nothing was sent.")
    dara.sees("Dara’s Dockers", "Wages paid", "We do what the title says.")

    dara.open("/applications")
    dara.sees("Not sent yet")
    dara.follow("Dara’s Dockers")
    dara.follow("What you do")
    dara.fill({"Say in short what you do.": "A last thought, written too late."})
    dara.press("Save and see all parts")
    dara.follow("What you do")
    assert dara.page.get_by_label("Say in short what you do.").input_value() == "A last thought, written too late."
    assert len(service.mails_to(dara.email)) == 1, "there is a mail beside the one with the link"
