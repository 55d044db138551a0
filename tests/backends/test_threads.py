"""Ctrl-C while a function runs in a thread of its own."""

import _thread
import signal
import threading

import pytest

from skdecide_elm.backends.threads import run_in_thread, run_interruptibly


def interrupted_run(stop, end=lambda: None):
    """A function that is interrupted once, and returns when it is told to stop."""

    def function():
        _thread.interrupt_main()
        assert stop.wait(60)

    return run_interruptibly(function, stop, end)


def test_ctrl_c_stops_the_function_and_is_no_error():
    ended = []
    assert interrupted_run(threading.Event(), lambda: ended.append(True))
    assert ended == [True]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_the_end_of_a_function_is_no_interruption():
    done = []
    assert not run_interruptibly(lambda: done.append(True), threading.Event(), done.clear)
    assert done == [True]


def test_what_the_function_raises_is_raised():
    with pytest.raises(ZeroDivisionError):
        run_interruptibly(lambda: 1 / 0, threading.Event(), lambda: None)  # type: ignore[arg-type]


def test_a_second_ctrl_c_raises():
    with pytest.raises(KeyboardInterrupt):
        interrupted_run(threading.Event(), _thread.interrupt_main)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_handler_of_the_callers_stays_and_may_raise():
    def handler(number, frame):
        raise TimeoutError("of the caller's")

    before = signal.signal(signal.SIGINT, handler)
    try:
        stop = threading.Event()
        with pytest.raises(TimeoutError):
            interrupted_run(stop)
        assert stop.is_set()
        assert signal.getsignal(signal.SIGINT) is handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_ctrl_c_in_a_finalizer_is_not_lost():
    stop = threading.Event()

    class Finalized:
        def __del__(self):
            _thread.interrupt_main()

    def wait_until_stopped():
        assert stop.wait(60)

    def run():
        found = [Finalized()]
        timer = threading.Timer(0.3, found.clear)
        timer.start()
        return run_interruptibly(wait_until_stopped, stop, lambda: None)

    assert run()


def test_where_signals_cannot_be_handled_the_function_runs_all_the_same():
    done = []
    run_in_thread(lambda: done.append(run_interruptibly(lambda: None, threading.Event(), lambda: None)))
    assert done == [False]
