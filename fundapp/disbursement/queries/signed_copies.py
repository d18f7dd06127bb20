"""What is read about signed copies of letters, of an award that the reader has reached already."""

from dataclasses import dataclass

from sqlalchemy import select

from fundapp.applications.models import Attachment
from fundapp.core.db import db
from fundapp.core.errors import NotFound
from fundapp.disbursement.models import Award, AwardOffer, SignedCopy


@dataclass(frozen=True)
class CopyRow:
    """A signed copy with its file; None once that was erased."""

    copy: SignedCopy
    file: Attachment | None


def copies_of(offer: AwardOffer | None) -> list[CopyRow]:
    """Return the signed copies that were sent for an award, the newest first."""
    if offer is None:
        return []
    found = db.session.execute(
        select(SignedCopy, Attachment)
        .outerjoin(Attachment, Attachment.id == SignedCopy.attachment_id)
        .where(SignedCopy.offer_id == offer.id)
        .order_by(SignedCopy.number.desc())
    )
    return [CopyRow(*row) for row in found]


def copy_of(award: Award, number: int) -> SignedCopy:
    """Return a signed copy of an award by its number, as it stands now. Raises NotFound."""
    found = db.session.scalar(
        select(SignedCopy)
        .join(SignedCopy.offer)
        .where(AwardOffer.award_id == award.id, SignedCopy.number == number)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound
    return found


def newest_copy(offer: AwardOffer) -> SignedCopy | None:
    """Return the signed copy that was sent last for an award; None where there is none."""
    return db.session.scalar(
        select(SignedCopy).where(SignedCopy.offer_id == offer.id).order_by(SignedCopy.number.desc()).limit(1)
    )


def file_of(copy: SignedCopy) -> Attachment:
    """Return the file of a signed copy as it stands now. Raises NotFound once it was erased."""
    found = db.session.get(Attachment, copy.attachment_id, populate_existing=True)
    if found is None or found.application_id != copy.application_id:
        raise NotFound
    return found
