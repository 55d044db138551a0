"""The channel between the referee and a planner's process: frames on two file descriptors."""

from __future__ import annotations

import os
import struct

from skdecide_elm.errors import EvaluationError

__all__ = ["Channel", "ChannelClosed", "ChannelMisused"]

_HEADER = struct.Struct(">I")
_CHUNK = 65536


class ChannelClosed(EvaluationError):
    """The other side has closed the channel, or has died."""


class ChannelMisused(EvaluationError):
    """The other side does not keep to the protocol; the channel is of no more use."""


class Channel:
    """Sends and receives frames: four bytes of length, then the content.

    Args:
        read_fd, write_fd: blocking descriptors; may be the same one (a socket). The channel owns them.
        max_bytes: the longest frame to accept: the other side may be hostile.
    """

    def __init__(self, read_fd: int, write_fd: int, max_bytes: int) -> None:
        self._read_fd = read_fd
        self._write_fd = write_fd
        self._max_bytes = max_bytes
        self._buffer = bytearray()

    def send(self, content: bytes) -> None:
        """Write one frame.

        Raises:
            ChannelClosed: nobody reads.
        """
        rest = memoryview(_HEADER.pack(len(content)) + content)
        try:
            while rest:
                rest = rest[os.write(self._write_fd, rest) :]
        except OSError as error:
            raise ChannelClosed(f"expected a process at the other end of the channel; {error}") from error

    def receive(self) -> bytes:
        """Wait for one frame.

        Raises:
            ChannelClosed: the channel ended, also in the middle of a frame.
            ChannelMisused: the frame is longer than allowed.
        """
        self._fill(_HEADER.size)
        (length,) = _HEADER.unpack_from(self._buffer)
        if length > self._max_bytes:
            raise ChannelMisused(f"expected a frame of at most {self._max_bytes} bytes; found one of {length}")
        end = _HEADER.size + length
        self._fill(end)
        content = bytes(self._buffer[_HEADER.size : end])
        del self._buffer[:end]
        return content

    def ask(self, content: bytes) -> bytes:
        """Send one frame and wait for one."""
        self.send(content)
        return self.receive()

    def close(self) -> None:
        """Close the descriptors."""
        for descriptor in {self._read_fd, self._write_fd}:
            os.close(descriptor)

    def _fill(self, size: int) -> None:
        while len(self._buffer) < size:
            try:
                chunk = os.read(self._read_fd, _CHUNK)
            except OSError as error:
                raise ChannelClosed(f"expected a process at the other end of the channel; {error}") from error
            if not chunk:
                raise ChannelClosed("expected a frame; found the end of the channel")
            self._buffer += chunk
