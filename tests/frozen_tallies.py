"""Frozen tallies of tests: what was kept of a list, and one that a test wrote by itself."""

import hashlib
from typing import Any

from fundapp.core.audit.chain import canonical_json
from fundapp.core.db import db
from fundapp.review.frozen import read_frozen
from fundapp.review.models import FrozenTally, Slate
from fundapp.review.queries.freezing import frozen_content, newest_frozen
from fundapp.review.queries.selection import whole_selection

from .factories import NOW


def frozen_document(slate: Slate) -> dict[str, Any]:
    """Return what was frozen when a list was last sent."""
    frozen = newest_frozen(slate)
    assert frozen is not None
    return read_frozen(frozen.content).document


def freeze_as_sent(slate: Slate) -> FrozenTally:
    """Freeze what stands on a list, as sending it does."""
    return _freeze(slate, frozen_content(whole_selection(call=slate.call), slate, 1, NOW))


def freeze_another(slate: Slate, document: dict[str, Any]) -> FrozenTally:
    """Freeze a document of a test's own in place of what was frozen last."""
    return _freeze(slate, canonical_json(document))


def _freeze(slate: Slate, content: bytes) -> FrozenTally:
    frozen = newest_frozen(slate)
    made = FrozenTally(
        slate_id=slate.id,
        number=frozen.number + 1 if frozen else 1,
        made_at=NOW,
        content=content,
        sha256=hashlib.sha256(content).hexdigest(),
    )
    db.session.add(made)
    db.session.flush()
    return made
