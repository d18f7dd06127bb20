"""How people who work here get in, in a real browser: password and code, passkey, recovery code; and out everywhere."""

import pytest
from playwright.sync_api import CDPSession

from . import signing_in
from .service import Service
from .visitor import Meet, Variant, Visitor

VARIANTS = [Variant("1280-trust", 1280, scripts=True), Variant("360-trust", 360, scripts=True)]
WITHOUT_SCRIPTS = Variant("360-trust-no-scripts", 360, scripts=False)


def invited(service: Service, visitor: Visitor) -> None:
    service.command("people", "add", visitor.email, "--name", visitor.name, "--role", "manager")


def with_authenticator(visitor: Visitor) -> tuple[CDPSession, str]:
    """Give a browser a device for passkeys that knows its owner by a finger; return how to speak of it."""
    devices = visitor.page.context.new_cdp_session(visitor.page)
    devices.send("WebAuthn.enable")
    added = devices.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    return devices, added["authenticatorId"]


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
def test_password_and_code_passkey_recovery_code_and_sessions(variant: Variant, service: Service, meet: Meet) -> None:
    mara = meet("Mara Trust")
    invited(service, mara)
    signing_in.accept_invitation(mara)
    mara.sees("Choose a second step")
    mara.open("/manage")
    mara.sees("Choose a second step")
    signing_in.add_app(mara)
    codes = mara.page.locator("ol.codes code").all_inner_texts()
    assert len(set(codes)) == 10
    assert saved_codes(mara) == codes
    mara.follow("I have kept them: go on")
    mara.sees("Calls that you look after")

    sessions_are_listed_and_ended(variant, meet, mara, codes[0])
    passkey_is_added_and_used(mara)


def saved_codes(visitor: Visitor) -> list[str]:
    return visitor.download("Save them as a text file").read_text().split()


def sessions_are_listed_and_ended(variant: Variant, meet: Meet, mara: Visitor, recovery_code: str) -> None:
    """In a second browser she gets in by a recovery code, once; the first one ends that session."""
    again = meet("Mara Trust")
    again.email = mara.email
    signing_in.by_password(again)
    again.open("/manage")
    again.sees("One more step")
    signing_in.give_code(again, "000000")
    again.sees("There is a problem")
    signing_in.give_code(again, recovery_code)
    again.sees("Calls that you look after")

    mara.open("/account/security")
    mara.sees("9 codes are left")
    mara.follow("Where you are signed in")
    assert mara.page.get_by_role("button", name="End this session").count() == 1
    mara.click(mara.page.get_by_role("button", name="End this session"))
    mara.sees("That session is ended.")
    again.open("/home")
    again.sees("With a password")


def passkey_is_added_and_used(mara: Visitor) -> None:
    """She adds a passkey, and gets in with it: as the second step, and alone."""
    devices, device_id = with_authenticator(mara)
    mara.open("/account/security")
    mara.follow("Add a passkey")
    mara.fill({"Name": "Laptop"})
    press_and_leave(mara, "Make a passkey")
    mara.sees("It is added.")
    mara.open("/account/security")
    mara.sees("Laptop")

    mara.press("Sign out")
    signing_in.by_password(mara)
    mara.sees("One more step")
    press_and_leave(mara, "Use a passkey")
    mara.sees("Calls that you look after")

    mara.press("Sign out")
    mara.open("/sign-in")
    press_and_leave(mara, "Use a passkey")
    mara.sees("Calls that you look after")

    mara.press("Sign out")
    devices.send("WebAuthn.setUserVerified", {"authenticatorId": device_id, "isUserVerified": False})
    mara.open("/sign-in")
    mara.page.get_by_role("button", name="Use a passkey").click()
    mara.page.get_by_text("The passkey was not used.").wait_for()
    mara.look()


def press_and_leave(visitor: Visitor, button: str) -> None:
    """Press a button whose script sends the form, and look at the page that follows."""
    with visitor.page.expect_navigation():
        visitor.page.get_by_role("button", name=button).click()
    visitor.look()


@pytest.mark.parametrize("variant", [WITHOUT_SCRIPTS], ids=lambda variant: variant.name)
def test_without_scripts_an_app_does_all(variant: Variant, service: Service, meet: Meet) -> None:
    sana = meet("Sana Trust")
    invited(service, sana)
    secret = signing_in.begin_as_staff(sana)
    assert len(secret) == 32
    sana.open("/account/security")
    sana.follow("Add a passkey")
    sana.sees("Passkeys need scripts")
    assert not sana.page.get_by_role("button", name="Make a passkey").is_visible()
    sana.press("Add an app instead")
    sana.sees("Type the code that the app shows now.")
    sana.open("/account/sessions")
    sana.sees("This one", "Chrome on Linux")
