"""Storescope's door into a Python process: put its folder first in PYTHONPATH, and every Python below is traced while a session records.

It never fails towards the application: whatever goes wrong, the process runs on as if it were not there. A sitecustomize of the application's own, which this one
hides, runs after it.
"""


def _trace():
    import sys

    if sys.version_info < (3, 7):
        return
    try:
        import storescope

        storescope.start()
    except Exception:  # pragma: no cover - nothing of ours may reach the application
        pass


def _run_hidden():
    """Runs the sitecustomize that would have been found without us. Its errors are its own: site.py deals with them."""
    import os
    import sys

    own = os.path.dirname(os.path.abspath(__file__))
    others = [entry for entry in sys.path if os.path.abspath(entry or os.curdir) != own]
    if sys.version_info < (3, 5):
        import imp

        try:
            found = imp.find_module("sitecustomize", others)
        except ImportError:
            return
        imp.load_module("sitecustomize", *found)
        return
    import importlib.machinery
    import importlib.util

    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", others)
    if spec is None or spec.loader is None:
        return
    module = importlib.util.module_from_spec(spec)
    sys.modules["sitecustomize"] = module
    spec.loader.exec_module(module)


_trace()
_run_hidden()
