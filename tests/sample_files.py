"""Files as people send them, made by the tests; all of them are samples."""

import io
import zipfile
from collections.abc import Mapping
from typing import Final

import pikepdf


def make_pdf(**info: str) -> bytes:
    """Return a PDF of one empty page, with this docinfo."""
    document = pikepdf.new()
    document.add_blank_page(page_size=(200, 200))
    for name, value in info.items():
        document.docinfo[f"/{name}"] = value
    out = io.BytesIO()
    document.save(out, deterministic_id=True)
    return out.getvalue()


def make_archive(parts: Mapping[str, str | bytes]) -> bytes:
    """Return a zip archive of these parts, in their order."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


PDF: Final = make_pdf()
"""It may be followed by other bytes, and still opens."""
