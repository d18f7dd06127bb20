"""After the release: an award is accepted on a phone in French, and a change of where its money goes is stopped."""

import re
from pathlib import Path

import pytest

from . import rounds, signing_in
from .keys import Keys
from .service import Service
from .visitor import Meet, Variant, Visitor

PHONE = Variant("360-french-award", 360, scripts=False, language="fr")
TEAM = "Voisines de la Rive (exemple)"
IBAN = "DE89 3704 0044 0532 0130 00"
OTHER_IBAN = "GB33 BUKB 2020 1555 5555 55"


@pytest.mark.parametrize("variant", [PHONE], ids=lambda variant: variant.name)
def test_award_is_accepted_in_french_and_a_change_of_payee_is_stopped(
    variant: Variant, service: Service, meet: Meet, tmp_path: Path
) -> None:
    slug = "aw-360"
    rounds.load_closed_call(service, tmp_path / slug, slug, {TEAM: "KE", "Team of the Hill (sample)": "PE"}, also="")
    rounds.let_be_awarded(service, slug, 1)
    nadia = meet("Nadia Exemple")
    nadia.email = f"team@{slug}-1.example"
    nadia.read_mail()
    nadia.open("/sign-in?lang=fr")
    signing_in.go_on_by_mailed_link(nadia)
    accept(nadia, f"{slug.upper()}-0001")
    say_where_the_money_goes(nadia)
    stop_a_change(nadia)


def accept(holder: Visitor, reference: str) -> None:
    """Read the letter, accept with a name and a role; a form that lacks them says so and keeps what was typed."""
    holder.open("/letters")
    letter = holder.page.get_by_role("heading").get_by_role("link").filter(has_text=reference)
    holder.reload_until(lambda: letter.count() == 1)
    holder.click(letter)
    holder.follow("Accept, ask or refuse")
    holder.sees("By accepting you agree to this:")
    accepting = holder.page.get_by_role("region", name=holder.words("Accept it"))
    holder.fill({"Your name": "Nadia Exemple"}, within=accepting)
    holder.press("Accept the award")
    holder.sees("There is a problem")
    assert accepting.get_by_label(holder.words("Your name")).input_value() == "Nadia Exemple"
    Keys(holder).go_round()
    holder.fill({"Your role": "Présidente"}, within=accepting)
    holder.press("Accept the award")
    holder.sees("Thank you. You have accepted this award.", "Nadia Exemple")


def say_where_the_money_goes(holder: Visitor) -> None:
    """A wrong account number is told beside its field; nothing that was typed is lost; a mask is all that is shown."""
    holder.follow("Say where the money goes")
    holder.sees("Say where the money goes")
    give_account(holder, IBAN.replace("00", "01"))
    holder.sees("There is a problem")
    assert holder.page.get_by_label(holder.words("Name on the account")).input_value() == TEAM
    Keys(holder).go_round()
    give_account(holder, IBAN)
    holder.sees("What counts now")
    holder.sees_not(IBAN, IBAN.replace(" ", ""))


def give_account(holder: Visitor, iban: str) -> None:
    choices = {"Their country": "SN", "Currency of the account": "USD", "Country of the account": iban[:2]}
    holder.choose("To an account of ours")
    holder.fill(
        {"Name on the account": TEAM, "Town of whoever gets the money": "Dakar", "IBAN, or account number": iban}
    )
    for label, value in choices.items():
        holder.page.get_by_label(holder.words(label)).select_option(value)
    holder.press("Lock it away and send it")


def stop_a_change(holder: Visitor) -> None:
    """To change it takes a second step of sign-in. Whoever gets the mail stops it, without signing in."""
    page = holder.page.url
    holder.sees("To change these details a second factor is needed. Set one up first, then come back here.")
    holder.follow("Your sign-in")
    signing_in.add_app(holder)
    holder.follow("I have kept them: go on")
    holder.open(page)
    give_account(holder, OTHER_IBAN)
    holder.sees("May be used from")
    holder.open(stop_links(holder, versions=2)[-1])
    holder.press("Stop it")
    holder.sees("It is stopped")
    holder.open(page)
    holder.sees("Stopped")


def stop_links(holder: Visitor, *, versions: int) -> list[str]:
    """Return the links that stop what was changed, once there is one for each version; other mails are passed over."""
    found: list[str] = []
    while len(found) < versions:
        _subject, text = holder.read_mail()
        found += re.findall(r"https?://\S+/stop/\S+", text)
    return found
