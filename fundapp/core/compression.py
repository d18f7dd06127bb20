"""Answers take less of a bad line: what browsers can unpack is sent packed (gzip, RFC 1952).

The length of a packed page tells something about what is in it to whoever can read lengths and make somebody's browser
ask for pages with words of their choice in them. Our cookies are not sent with such requests of other sites; beyond
that, each page gets a random name of random length in its gzip header, which browsers pass over, so that lengths say
nothing exact.
"""

import gzip
import io
import secrets
from functools import lru_cache
from typing import Final

from flask import Response, request

LEAST_BYTES: Final = 500
"""Shorter answers fit into one packet anyway."""
MOST_BYTES: Final = 8_000_000
"""The page of a list of 1,894 entries has two; of what is longer, nobody should wait for the packing."""
MOST_NOISE: Final = 64
WITHOUT_OR_PART: Final = frozenset({204, 206, 304})
"""Answers without a body, or with a part of one."""
PACKED: Final = frozenset(
    {"text/html", "text/css", "text/javascript", "text/plain", "application/javascript", "application/json",
     "image/svg+xml"}
)  # fmt: skip


def compress(response: Response) -> Response:
    """Pack an answer for a browser that says it can unpack it; leave every other as it is."""
    is_file_of_the_site = request.endpoint == "static"
    is_download = response.is_streamed and not is_file_of_the_site
    if response.mimetype not in PACKED or response.status_code in WITHOUT_OR_PART or is_download:
        return response
    response.vary.add("Accept-Encoding")
    if not request.accept_encodings["gzip"] or response.content_encoding:
        return response
    response.direct_passthrough = False
    data = response.get_data()
    if not LEAST_BYTES <= len(data) <= MOST_BYTES:
        return response
    response.set_data(_packed_file(data) if is_file_of_the_site else pack(data, noise=True))
    response.content_encoding = "gzip"
    if response.headers.get("ETag"):
        response.headers["ETag"] = response.headers["ETag"].rstrip('"') + '-gzip"'
    return response


def pack(data: bytes, *, noise: bool) -> bytes:
    """Return `data` packed; with `noise` in a length that differs by up to MOST_NOISE bytes each time."""
    name = secrets.token_hex(MOST_NOISE)[: 1 + secrets.randbelow(MOST_NOISE)] if noise else ""
    packed = io.BytesIO()
    with gzip.GzipFile(name, "wb", compresslevel=6 if noise else 9, fileobj=packed, mtime=0) as file:
        file.write(data)
    return packed.getvalue()


@lru_cache(maxsize=64)
def _packed_file(data: bytes) -> bytes:
    return pack(data, noise=False)
