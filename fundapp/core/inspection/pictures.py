"""Pictures: opened within a number of pixels, and drawn anew without anything but their pixels."""

import warnings
from io import BytesIO
from typing import Final

import pi_heif
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from fundapp.core.inspection.kinds import HEIF, JPEG, PNG, WEBP
from fundapp.core.inspection.reasons import Refused, Why

MAX_PIXELS: Final = 50_000_000
"""The largest that telephones make in everyday use."""
MAX_SIDE: Final = 3200
"""Of a copy, in pixels: handwriting on a page stays readable, and a reviewer on a bad line gets it."""
_QUALITY: Final = 88
_FORMATS: Final = {JPEG: "JPEG", PNG: "PNG", WEBP: "WEBP", HEIF: "HEIF"}
_FAULTS: Final = (UnidentifiedImageError, OSError, SyntaxError, ValueError, TypeError, IndexError, KeyError, EOFError)
"""What Pillow raises over broken pictures."""

Image.MAX_IMAGE_PIXELS = MAX_PIXELS


def examine(data: bytes, kind: str) -> str:
    """Return the media type of a picture that opens. Raises Refused."""
    with _opened(data, kind) as picture:
        try:
            picture.load()
        except _FAULTS as error:
            raise Refused(Why.BROKEN) from error
    return kind


def clean(data: bytes, kind: str) -> tuple[str, bytes]:
    """Return the picture as it is seen, upright and in the usual colours, as PNG (of a PNG) or JPEG. Raises Refused."""
    with _opened(data, kind) as picture:
        try:
            if picture.mode not in ("P", "1"):  # colours from a list would shrink to spots
                picture.thumbnail((MAX_SIDE, MAX_SIDE))
            upright = ImageOps.exif_transpose(picture)
            seen = _in_usual_colours(upright, keep_clear=kind == PNG)
        except _FAULTS as error:
            raise Refused(Why.BROKEN) from error
    seen.thumbnail((MAX_SIDE, MAX_SIDE))
    fresh = Image.new(seen.mode, seen.size)
    fresh.paste(seen)  # a new picture has nothing of the old one but its pixels
    out = BytesIO()
    if kind == PNG:
        fresh.save(out, "PNG", optimize=True)
        return PNG, out.getvalue()
    fresh.save(out, "JPEG", quality=_QUALITY, optimize=True)
    return JPEG, out.getvalue()


def _opened(data: bytes, kind: str) -> Image.Image:
    if kind == HEIF:
        pi_heif.register_heif_opener(thumbnails=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            picture = Image.open(BytesIO(data), formats=[_FORMATS[kind]])
        except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
            raise Refused(Why.PIXELS) from error
        except _FAULTS as error:
            raise Refused(Why.BROKEN) from error
    if picture.width * picture.height > MAX_PIXELS:
        raise Refused(Why.PIXELS)
    return picture


def _in_usual_colours(picture: Image.Image, *, keep_clear: bool) -> Image.Image:
    profile = picture.info.get("icc_profile")
    is_clear = picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info
    mode = "RGBA" if is_clear else "RGB"
    if profile and picture.mode in ("RGB", "CMYK"):
        try:
            return ImageCms.profileToProfile(
                picture, ImageCms.ImageCmsProfile(BytesIO(profile)), ImageCms.createProfile("sRGB"), outputMode="RGB"
            ) or picture.convert("RGB")
        except ImageCms.PyCMSError:
            pass  # colours that are a little off are better than no picture
    seen = picture.convert(mode)
    if is_clear and not keep_clear:
        white = Image.new("RGB", seen.size, "white")
        white.paste(seen, mask=seen.getchannel("A"))
        return white
    return seen
