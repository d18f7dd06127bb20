"""The record of who did what: a chain of entries that nobody can quietly change.

`record` notes one change; everything noted in a transaction is chained and written as the last thing before its commit.
"""

from fundapp.core.audit import writing  # noqa: F401 - joins the session
from fundapp.core.audit.chain import canonical_time
from fundapp.core.audit.coverage import Coverage, Unrecorded
from fundapp.core.audit.entries import AuditCheckpoint, AuditEntry, AuditHead, Doer
from fundapp.core.audit.ledger import record
from fundapp.core.audit.versions import KeptVersion, content_sha256, text_sha256

__all__ = [
    "AuditCheckpoint",
    "AuditEntry",
    "AuditHead",
    "Coverage",
    "Doer",
    "KeptVersion",
    "Unrecorded",
    "canonical_time",
    "content_sha256",
    "record",
    "text_sha256",
]
