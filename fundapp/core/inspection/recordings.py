"""Sound and film: opened to see what runs in them, and packed anew with nothing but that."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any, Final

import av
from av.error import FFmpegError

from fundapp.core.inspection.reasons import Refused, Why

MAX_STREAMS: Final = 8
_SOUND: Final = {
    "mov": "audio/mp4",
    "mp3": "audio/mpeg",
    "aac": "audio/aac",
    "ogg": "audio/ogg",
    "wav": "audio/wav",
    "matroska": "audio/webm",
    "amr": "audio/amr",
}
_FILM: Final = {"mov": "video/mp4", "ogg": "video/ogg", "matroska": "video/webm"}
_WRITERS: Final = {
    "mov": ("mp4", "3gp", "mov"),
    "mp3": ("mp3",),
    "aac": ("adts",),
    "ogg": ("ogg",),
    "wav": ("wav",),
    "matroska": ("webm", "matroska"),
    "amr": ("amr",),
}
"""Tried in this order: what browsers play comes first."""
_NAMES: Final = {"3gp": "3gpp", "mov": "quicktime", "matroska": "x-matroska"}


def examine(data: bytes, reader: str) -> str:
    """Return the media type of a recording that opens and has something in it. Raises Refused."""
    with _opened(data, reader) as recording:
        streams = _streams(recording)
        try:
            if next(recording.demux(streams), None) is None:
                raise Refused(Why.BROKEN)
        except FFmpegError as error:
            raise Refused(Why.BROKEN) from error
        return _type_of(reader, streams)


def clean(data: bytes, reader: str) -> tuple[str, bytes]:
    """Return the sound and film of a recording as they are, packed anew without tags, places and dates.

    Raises Refused.
    """
    for writer in _WRITERS[reader]:
        try:
            with _opened(data, reader) as recording:
                return _packed(recording, reader, writer)
        except (FFmpegError, ValueError):
            continue  # this container cannot hold what is in it
    raise Refused(Why.NOT_CLEANED)


@contextmanager
def _opened(data: bytes, reader: str) -> Iterator[Any]:
    try:
        recording = av.open(BytesIO(data), format=reader, metadata_errors="ignore")
    except (FFmpegError, ValueError) as error:
        raise Refused(Why.BROKEN) from error
    with recording:
        yield recording


def _streams(recording: Any) -> list[Any]:
    """Return what is heard and seen: no covers, subtitles, or tracks of places."""
    if len(recording.streams) > MAX_STREAMS:
        raise Refused(Why.TOO_MUCH)
    kept = [
        stream
        for stream in recording.streams
        if stream.type in ("audio", "video")
        and not stream.disposition & av.stream.Disposition.attached_pic
        and stream.codec_context is not None
    ]
    if not kept:
        raise Refused(Why.BROKEN)
    return kept


def _type_of(reader: str, streams: list[Any]) -> str:
    return (_FILM if any(stream.type == "video" for stream in streams) else _SOUND)[reader]


def _packed(recording: Any, reader: str, writer: str) -> tuple[str, bytes]:
    out = BytesIO()
    streams = _streams(recording)
    with av.open(out, "w", format=writer, options={"fflags": "+bitexact"}) as fresh:
        places = {stream.index: fresh.add_stream_from_template(stream) for stream in streams}
        for stream in places.values():
            stream.metadata.clear()
        for packet in recording.demux(streams):
            if packet.dts is None:
                continue  # the empty packet at the end
            packet.stream = places[packet.stream.index]
            fresh.mux(packet)
    family, _slash, name = _type_of(reader, streams).partition("/")
    return f"{family}/{_NAMES.get(writer, name)}", out.getvalue()
