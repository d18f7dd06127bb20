"""Which module looks into which kind of file; only that one is loaded."""

from fundapp.core.inspection.archives import parts_of
from fundapp.core.inspection.kinds import ARCHIVE, PDF, PICTURES, kind_of
from fundapp.core.inspection.reasons import Refused, Why


def examine(data: bytes) -> str:
    """Return the media type of a file that opens. Raises Refused."""
    kind = kind_of(data)
    if kind == PDF:
        from fundapp.core.inspection import pdfs

        return pdfs.examine(data)
    if kind in PICTURES:
        from fundapp.core.inspection import pictures

        return pictures.examine(data, kind)
    if kind == ARCHIVE:
        return _examine_archive(parts_of(data))
    from fundapp.core.inspection import recordings

    return recordings.examine(data, kind)


def clean(data: bytes) -> tuple[str, bytes]:
    """Return the media type and the bytes of a copy without metadata. Raises Refused."""
    kind = kind_of(data)
    if kind == PDF:
        from fundapp.core.inspection import pdfs

        return pdfs.clean(data)
    if kind in PICTURES:
        from fundapp.core.inspection import pictures

        return pictures.clean(data, kind)
    if kind == ARCHIVE:
        return _clean_archive(parts_of(data))
    from fundapp.core.inspection import recordings

    return recordings.clean(data, kind)


def _examine_archive(parts: dict[str, bytes]) -> str:
    from fundapp.core.inspection import office, open_document

    kind = open_document.kind_of_document(parts) or office.kind_of_office(parts)
    if kind is None:
        raise Refused(Why.UNKNOWN)
    return kind


def _clean_archive(parts: dict[str, bytes]) -> tuple[str, bytes]:
    from fundapp.core.inspection import office, open_document

    kind = _examine_archive(parts)
    cleaner = open_document if kind in (open_document.TEXT, open_document.SPREADSHEET) else office
    return kind, cleaner.clean(parts)
