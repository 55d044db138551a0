"""Frames between the referee and a planner's process."""

from __future__ import annotations

import os
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skdecide_elm.evaluation.channel import Channel, ChannelClosed, ChannelMisused


@pytest.fixture
def pipe():
    read_end, write_end = os.pipe()
    yield read_end, write_end
    for descriptor in (read_end, write_end):
        try:
            os.close(descriptor)
        except OSError:
            continue


@given(st.lists(st.binary(max_size=200), max_size=8))
def test_frames_come_out_as_they_went_in(contents):
    read_end, write_end = os.pipe()
    channel = Channel(read_end, write_end, 1000)
    for content in contents:
        channel.send(content)
    assert [channel.receive() for _ in contents] == contents
    channel.close()


def test_a_frame_larger_than_the_pipe(pipe):
    channel = Channel(*pipe, 10**7)
    content = os.urandom(3 * 10**6)
    writer = threading.Thread(target=channel.send, args=[content])
    writer.start()
    assert channel.receive() == content
    writer.join()


def test_a_frame_in_single_bytes(pipe):
    channel = Channel(*pipe, 100)
    for byte in b"\0\0\0\3abc\0\0\0\1d":
        os.write(pipe[1], bytes([byte]))
    assert (channel.receive(), channel.receive()) == (b"abc", b"d")


@pytest.mark.parametrize("written", [b"", b"\0\0", b"\0\0\0\5", b"\0\0\0\5abc"])
def test_a_channel_that_ends_in_a_frame(pipe, written):
    os.write(pipe[1], written)
    os.close(pipe[1])
    with pytest.raises(ChannelClosed, match="found the end of the channel"):
        Channel(pipe[0], pipe[0], 100).receive()


def test_a_frame_that_is_too_long_is_not_waited_for(pipe):
    os.write(pipe[1], b"\0\0\0\x0b")
    with pytest.raises(ChannelMisused, match="at most 10 bytes; found one of 11"):
        Channel(*pipe, 10).receive()


def test_nobody_reads(pipe):
    os.close(pipe[0])
    with pytest.raises(ChannelClosed, match="expected a process at the other end"):
        Channel(pipe[1], pipe[1], 10).send(b"x")


def test_a_closed_channel(pipe):
    channel = Channel(*pipe, 10)
    channel.close()
    with pytest.raises(ChannelClosed):
        channel.receive()
    with pytest.raises(ChannelClosed):
        channel.send(b"x")
