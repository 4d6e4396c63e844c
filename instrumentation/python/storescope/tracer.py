"""What all hooks share: whether a session records, ids, the current context, and what happens when something of ours fails."""

import contextvars
import itertools
import os
import sys
import time

from .events import Emitters

# How long it may take until a session is noticed, or forgotten.
_LOOK_NS = 100_000_000


class Tracer:
    def __init__(self, provider):
        self.tell = Emitters(provider.emit)
        self.context = contextvars.ContextVar("storescope", default=0)
        """Id of the HTTP request below which code runs; 0 outside of any."""
        self._provider = provider
        self._ids = itertools.count(1)
        self._is_broken = False
        self._looked = 0
        self._epoch = 0
        self._pid = 0
        self.session = 0
        """Counts sessions: what is told once per session was told in this one when its number equals it."""

    def next_id(self):
        return next(self._ids)

    def is_on(self):
        """Whether a session records. Cheap; looks at the library ten times a second."""
        now = time.monotonic_ns()
        if now - self._looked >= _LOOK_NS:
            self._looked = now
            self._look()
        return self._epoch != 0

    def _look(self):
        epoch = 0 if self._is_broken else self._provider.epoch()
        pid = os.getpid()
        if epoch == self._epoch and pid == self._pid:
            return
        self._epoch, self._pid = epoch, pid
        if epoch != 0:
            self.session += 1
            script = getattr(sys.modules.get("__main__"), "__file__", None) or (sys.argv[0] if getattr(sys, "argv", None) else "")
            version = "%d.%d.%d" % sys.version_info[:3]
            self.tell.process_info(version, str(script), os.environ.get("STORESCOPE_SERVICE", ""))

    def attempt(self, part, *args):
        """Runs a part of ours, whose failure ends the tracing and nothing else. Returns what it returns, or None."""
        if self._is_broken:
            return None
        try:
            return part(*args) if self.is_on() else None
        except Exception as error:
            self.fail(error)
            return None

    def always(self, part, *args):
        """The same whether a session records or not."""
        try:
            part(*args)
        except Exception as error:
            self.fail(error)

    def fail(self, error):
        try:
            at = error.__traceback__
            while at.tb_next is not None:
                at = at.tb_next
            place = "%s:%d" % (os.path.basename(at.tb_frame.f_code.co_filename), at.tb_lineno)
            # Nothing of the message: it may be the application's.
            self.tell.tracing_end("%s at %s" % (type(error).__name__, place))
        except Exception:
            pass
        self._is_broken = True
        self._epoch = 0
