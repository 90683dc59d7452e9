from __future__ import annotations

import signal
import threading
import time

import pytest

from nashlens.reports.time_limit import OutOfTimeError, time_limit


def test_what_takes_too_long_is_stopped_and_the_old_handler_is_back() -> None:
    before = signal.getsignal(signal.SIGALRM)
    with pytest.raises(OutOfTimeError, match=r"took longer than 0\.05 s"), time_limit(0.05):
        time.sleep(10.0)
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_what_is_quick_enough_goes_through_and_no_alarm_is_left() -> None:
    with time_limit(5.0):
        answer = sum(range(10))
    assert answer == 45
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_in_another_thread_nothing_is_stopped() -> None:
    done = []

    def work() -> None:
        with time_limit(0.01):
            time.sleep(0.03)
            done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [True]


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan")])
def test_a_limit_that_is_not_positive_raises(seconds: float) -> None:
    with pytest.raises(ValueError, match="seconds must be more than 0"), time_limit(seconds):
        pass
