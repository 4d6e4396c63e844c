"""Traces a Python process: sockets, HTTP served and called by the standard library, commands of redis-py.

    sitecustomize -> start() -> provider (ctypes -> libstorescope-python.so -> LTTng-UST)
                             -> hooks on socket, http.server, http.client, redis: as these are imported

Nothing is put into any message: who called whom is known afterwards, from the bytes' places in their connections' streams.
"""

import os

_started = False


def start():
    """Installs the hooks. Once per process; does nothing where the provider library or LTTng-UST is missing."""
    global _started
    if _started:
        return
    _started = True
    from . import provider

    library = provider.load(os.path.join(os.path.dirname(os.path.abspath(__file__)), "libstorescope-python.so"))
    if library is None:
        return
    from . import hooks, tracer

    hooks.install(tracer.Tracer(library))
