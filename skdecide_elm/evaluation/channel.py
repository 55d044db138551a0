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

    Its code is short on purpose: it runs twice per step of an episode, in caches that the other process has emptied.

    Args:
        read_fd, write_fd: blocking descriptors; may be the same one (a socket). The channel owns them.
        max_bytes: the longest frame to accept: the other side may be hostile.
    """

    def __init__(self, read_fd: int, write_fd: int, max_bytes: int) -> None:
        self._read_fd = read_fd
        self._write_fd = write_fd
        self._max_bytes = max_bytes
        self._left_over = b""

    def send(self, content: bytes) -> None:
        """Write one frame.

        Raises:
            ChannelClosed: nobody reads.
        """
        frame = _HEADER.pack(len(content)) + content
        try:
            written = os.write(self._write_fd, frame)
            while written < len(frame):
                written += os.write(self._write_fd, memoryview(frame)[written:])
        except OSError as error:
            raise ChannelClosed(f"expected a process at the other end of the channel; {error}") from error

    def receive(self) -> bytes:
        """Wait for one frame.

        Raises:
            ChannelClosed: the channel ended, also in the middle of a frame.
            ChannelMisused: the frame is longer than allowed.
        """
        found = self._left_over or self._read()
        while len(found) < _HEADER.size:
            found += self._read()
        (length,) = _HEADER.unpack_from(found)
        if length > self._max_bytes:
            raise ChannelMisused(f"expected a frame of at most {self._max_bytes} bytes; found one of {length}")
        end = _HEADER.size + length
        if len(found) < end:
            found = self._read_up_to(end, found)
        self._left_over = found[end:]
        return found[_HEADER.size : end]

    def ask(self, content: bytes) -> bytes:
        """Send one frame and wait for one."""
        self.send(content)
        return self.receive()

    def close(self) -> None:
        """Close the descriptors."""
        for descriptor in {self._read_fd, self._write_fd}:
            os.close(descriptor)

    def _read_up_to(self, size: int, found: bytes) -> bytes:
        """At least so many bytes, which begin with those found."""
        whole = bytearray(found)
        while len(whole) < size:
            whole += self._read()
        return bytes(whole)

    def _read(self) -> bytes:
        try:
            chunk = os.read(self._read_fd, _CHUNK)
        except OSError as error:
            raise ChannelClosed(f"expected a process at the other end of the channel; {error}") from error
        if not chunk:
            raise ChannelClosed("expected a frame; found the end of the channel")
        return chunk
