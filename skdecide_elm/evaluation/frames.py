"""Frames on a pipe: eight bytes of length, then as many bytes of content."""

from __future__ import annotations

import struct
from typing import IO

from skdecide_elm.errors import EvaluationError

__all__ = ["MAX_REPLY_BYTES", "FrameReader", "read_frame", "write_frame"]

MAX_REPLY_BYTES = 4 * 2**20
"""A longer frame from a process in which programs run is not read: its writer may be hostile."""

_HEADER = struct.Struct(">Q")


def write_frame(stream: IO[bytes], content: bytes) -> None:
    """Write one frame and flush."""
    stream.write(_HEADER.pack(len(content)) + content)
    stream.flush()


def read_frame(stream: IO[bytes], max_bytes: int | None = None) -> bytes | None:
    """Read one frame, waiting for it.

    None at the end of the stream, also in the middle of a frame.

    Raises:
        EvaluationError: the frame is longer than allowed; the stream cannot be used any more.
    """
    header = stream.read(_HEADER.size)
    if len(header) < _HEADER.size:
        return None
    (length,) = _HEADER.unpack(header)
    _check_length(length, max_bytes)
    content = stream.read(length)
    return content if len(content) == length else None


class FrameReader:
    """Puts one frame together from chunks, for a reader that must not wait.

    Args:
        max_bytes: refuse a longer frame.
    """

    def __init__(self, max_bytes: int = MAX_REPLY_BYTES) -> None:
        self._max_bytes = max_bytes
        self._buffer = bytearray()

    def feed(self, chunk: bytes) -> bytes | None:
        """Add a chunk; the frame's content once it is whole.

        Raises:
            EvaluationError: the frame is longer than allowed.
        """
        self._buffer += chunk
        if len(self._buffer) < _HEADER.size:
            return None
        (length,) = _HEADER.unpack_from(self._buffer)
        _check_length(length, self._max_bytes)
        end = _HEADER.size + length
        return bytes(self._buffer[_HEADER.size : end]) if len(self._buffer) >= end else None


def _check_length(length: int, max_bytes: int | None) -> None:
    if max_bytes is not None and length > max_bytes:
        raise EvaluationError(f"expected a frame of at most {max_bytes} bytes; found one of {length}")
