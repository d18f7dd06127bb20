"""What the people of an application read of its being set aside."""

from collections.abc import Mapping
from typing import Final

from fundapp.applications.models import Application, SetAsideAs
from fundapp.core.i18n import lazy_gettext as _l

_TOLD: Final[Mapping[SetAsideAs, str]] = {
    SetAsideAs.DUPLICATE: _l("We have this application twice, and work with the other one. You need not do anything."),
    SetAsideAs.SPAM: _l("We took this for something that is no application, and do not work with it."),
    SetAsideAs.OTHER: _l("We do not work with this application for now."),
}


def told_of_setting_aside(application: Application) -> str:
    """Return what is told, in plain words and with the reason as it was written; "" where nothing is to be told."""
    if application.set_aside_as is None or not application.set_aside_told:
        return ""
    return f"{_TOLD[application.set_aside_as]} {application.set_aside_reason}"
