"""Work in child processes, forked from a process that has every module imported but neither loop nor thread.

A child hands back one JSON value and ends with os._exit; a child that dies on the way hands back what it said last.
"""

import json
import os
import select
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

MISTAKE = 70
Say = Callable[[Any], None]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended: its exit code (negative: the signal) and the last thing it said."""

    code: int
    said: Any


class ChildFailed(Exception):
    """A child met an error that it was not meant to meet; the text is its traceback."""


class Child:
    """A forked process doing `work(say)`."""

    def __init__(self, work: Callable[[Say], None]) -> None:
        assert threading.active_count() == 1, "a process with threads must not be forked"
        sys.stdout.flush()
        sys.stderr.flush()
        self._reading, writing = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._reading)
            _work_and_exit(work, writing)
        os.close(writing)

    def join(self, patience: float = 60.0) -> Ended:
        """Wait for the end; raises ChildFailed for a mistake in the child and TimeoutError when it hangs."""
        try:
            lines = self._read_to_end(time.monotonic() + patience).splitlines()
        except TimeoutError:
            os.kill(self.pid, signal.SIGKILL)
            raise
        finally:
            os.close(self._reading)
            code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        said = json.loads(lines[-1]) if lines else None
        if code == MISTAKE:
            raise ChildFailed(said)
        return Ended(code, said)

    def _read_to_end(self, deadline: float) -> bytes:
        """All that the child says until it ends; its words must not fill the pipe meanwhile."""
        pieces: list[bytes] = []
        while True:
            ready, _, _ = select.select([self._reading], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise TimeoutError("a child did not end in time")
            piece = os.read(self._reading, 65_536)
            if not piece:
                return b"".join(pieces)
            pieces.append(piece)


def in_child(work: Callable[[Say], None]) -> Ended:
    """Do `work` in a child and wait for it."""
    return Child(work).join()


def _work_and_exit(work: Callable[[Say], None], writing: int) -> None:
    def say(value: Any) -> None:
        os.write(writing, json.dumps(value).encode() + b"\n")

    code = MISTAKE
    try:
        work(say)
        code = 0
    except BaseException:
        say(traceback.format_exc())
    finally:
        os._exit(code)
