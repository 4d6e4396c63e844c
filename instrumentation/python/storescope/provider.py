"""The provider library, through ctypes."""

import ctypes

from . import events

_Numbers = ctypes.c_double * events.NUMBERS
_Strings = ctypes.c_char_p * events.STRINGS
# Longer texts are cut: host names and paths are shorter.
_MOST_BYTES = 511


class Provider:
    def __init__(self, library):
        self._emit = library.storescope_emit
        self._emit.argtypes = [ctypes.c_uint32, ctypes.POINTER(ctypes.c_double), ctypes.POINTER(ctypes.c_char_p)]
        self._emit.restype = None
        self.epoch = library.storescope_epoch
        """A number that changes when a session starts or stops to record; 0 while none does."""
        self.epoch.argtypes = []
        self.epoch.restype = ctypes.c_size_t

    def emit(self, event, numbers, strings):
        texts = [text.encode("utf-8", "replace").replace(b"\0", b"")[:_MOST_BYTES] for text in strings]
        self._emit(event, _Numbers(*numbers), _Strings(*texts))


def load(path):
    """The provider; None where it, or LTTng-UST, cannot be loaded."""
    try:
        return Provider(ctypes.CDLL(path))
    except (OSError, AttributeError):
        return None
