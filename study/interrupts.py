"""SIGINT, SIGTERM and SIGHUP (a terminal that was closed) as an exception that names the signal."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType


SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(KeyboardInterrupt):
    """The user, or the system, asked the process to end."""

    def __init__(self, number: int) -> None:
        """Keep the signal's number."""
        super().__init__(f"interrupted by {signal.Signals(number).name}")
        self.exit_code = 128 + number


_received: list[int] = []  # the signal that ``interruptible`` has turned into an exception
_elsewhere = threading.Event()  # ``interruptible`` is in use outside the main thread, which no signal reaches


def received() -> Interrupted | None:
    """Return the interrupt that ``interruptible`` has raised, whatever became of it; None without one."""
    return Interrupted(_received[0]) if _received else None


def raise_if_interrupted() -> None:
    """Raise ``Interrupted`` again if a signal came and its exception was lost.

    Python prints and drops what is raised inside a destructor or a callback of the garbage collector; a signal that
    comes at that moment would otherwise end nothing.
    """
    if interrupted := received():
        raise interrupted


def interrupt(number: int) -> None:
    """Interrupt what runs in ``interruptible`` with a signal, from any thread.

    In the main thread it arrives at once, as SIGINT if nothing handles that signal, which would kill the process. In
    another thread it takes effect at the next ``raise_if_interrupted``.
    """
    if _elsewhere.is_set():
        _received.append(number)
        return
    handled = number if callable(signal.getsignal(number)) else signal.SIGINT
    signal.pthread_kill(threading.main_thread().ident or 0, handled)


def interrupt_here() -> None:
    """Give SIGINT its effect on this thread, which is in ``interruptible``; see ``interrupt``."""
    if in_main_thread():
        signal.raise_signal(signal.SIGINT)
    else:
        raise Interrupted(signal.SIGINT)


def in_main_thread() -> bool:
    """Return whether this is the only thread that can handle signals."""
    return threading.current_thread() is threading.main_thread()


@contextmanager
def interruptible(*, for_good: bool = False) -> Iterator[None]:
    """Turn the first of ``SIGNALS`` into ``Interrupted``; ignore later ones, so that the ending is not cut short.

    SIGHUP stays ignored where it is, as under ``nohup``.

    Args:
        for_good: whether the process only has to end afterwards: a signal then ends it at once, instead of being
            handled as before.

    Raises:
        Interrupted: from inside, wherever the signal came. Ray replaces the exception by a plain KeyboardInterrupt on
            its way, so the signal's number is kept here.

    """
    _received.clear()
    if not in_main_thread():
        _elsewhere.set()
        try:
            yield
        finally:
            _elsewhere.clear()
        return

    def handler(number: int, _frame: FrameType | None) -> None:
        _received.append(number)
        for handled in SIGNALS:
            signal.signal(handled, signal.SIG_IGN)
        raise Interrupted(number)

    handled_here = [n for n in SIGNALS if n != signal.SIGHUP or signal.getsignal(n) is not signal.SIG_IGN]
    previous = {handled: signal.signal(handled, handler) for handled in handled_here}
    try:
        yield
    except Interrupted:
        raise
    except KeyboardInterrupt:
        raise Interrupted(_received[0] if _received else signal.SIGINT) from None
    finally:
        for handled, former in previous.items():
            signal.signal(handled, signal.SIG_DFL if for_good or former is None else former)
