"""The head of a call's letters, as the renderer takes it."""

from fundapp.applications.models import Call
from fundapp.core import sealed_files
from fundapp.core.i18n import localised
from fundapp.core.pdf import Logo, data_address
from fundapp.core.storage import Storage
from fundapp.disbursement.queries.templates import newest_letterhead


def letter_logo(storage: Storage, call: Call, language: str) -> Logo | None:
    """Return the logo of a call's letters in a language; None is the mark of this house."""
    letterhead = newest_letterhead(call.id)
    if letterhead is None or letterhead.file is None:
        return None
    data = sealed_files.read(storage, letterhead.file)
    alt = letterhead.alts.get(language) or localised(call.programme.titles, language)
    return Logo(data_address(letterhead.content_type or "", data), alt)
