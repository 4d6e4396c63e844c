"""The hooks: on socket at once, on http.server, http.client and redis.connection when they are imported.

Each wraps a method: the application's call is made exactly as it was, and our part runs before or after it in `Tracer.attempt`, whose failure it never sees.
"""

import functools
import importlib.abc
import importlib.machinery
import socket
import sys
import threading
import weakref

from . import events
from .resp import Commands

_HTTP_ABORTED = 1


class _Connection:
    """What is known of a socket. Offsets count from where it was first seen."""

    __slots__ = ("id", "session", "read", "written", "commands")

    def __init__(self, number):
        self.id = number
        self.session = 0
        self.read = 0
        self.written = 0
        self.commands = None


class Hooks:
    def __init__(self, tracer):
        self.tracer = tracer
        self.sockets = weakref.WeakKeyDictionary()
        self.requests = weakref.WeakKeyDictionary()  # of http.client connections: what is asked and not yet answered
        self.served = weakref.WeakKeyDictionary()  # of request handlers: what is being answered
        self.commanding = threading.local()

    # ---- sockets ----

    def connection(self, sock):
        known = self.sockets.get(sock)
        if known is None:
            known = _Connection(self.tracer.next_id())
            self.sockets[sock] = known
        return known

    def ends(self, sock):
        def address(of):
            try:
                name = of()
            except OSError:
                return "", 0
            return (str(name[0]), int(name[1])) if isinstance(name, tuple) and len(name) >= 2 else ("", 0)

        return address(sock.getsockname) + address(sock.getpeername)

    def opened(self, sock, event):
        connection = self.connection(sock)
        laddr, lport, raddr, rport = self.ends(sock)
        getattr(self.tracer.tell, event)(
            connection.id, sock.fileno(), self.tracer.context.get(), 0, lport, rport, connection.read, connection.written, laddr, raddr
        )
        connection.session = self.tracer.session
        return connection

    def used(self, sock):
        """The connection, told of in this session."""
        connection = self.sockets.get(sock)
        if connection is None or connection.session != self.tracer.session:
            connection = self.opened(sock, "socket_state")
        return connection

    def has_read(self, sock, count):
        if count <= 0:
            return
        connection = self.used(sock)
        self.tracer.tell.socket_read(connection.id, sock.fileno(), connection.read, count)
        connection.read += count

    def writes(self, sock, data):
        """Before all of `data` is written: what it is."""
        connection = self.used(sock)
        length = memoryview(data).nbytes
        context = self.tracer.context.get()
        how = events.HOW_LIBRARY if context else events.HOW_NONE
        self.tracer.tell.socket_write(connection.id, sock.fileno(), context, how, connection.written, length)
        if getattr(self.commanding, "is_on", False):
            if connection.commands is None:
                connection.commands = Commands(connection.written)
            for start, end, name in connection.commands.feed(data):
                self.tracer.tell.store_command(context, connection.id, sock.fileno(), how, events.LIBRARY_REDIS_PY, start, end, name)
        else:
            connection.commands = None
        connection.written += length

    def has_written(self, sock, data, count):
        if count > 0:
            self.writes(sock, memoryview(data).cast("B")[:count])

    def closes(self, sock):
        connection = self.sockets.pop(sock, None)
        if connection is not None and connection.session == self.tracer.session:
            self.tracer.tell.socket_close(connection.id, sock.fileno(), connection.read, connection.written)

    def count_untold(self, sock, read, written):
        """Bytes that went by while no session recorded count all the same. `written` is their number, or they themselves."""
        connection = self.connection(sock)
        connection.read += max(0, read)
        connection.written += max(0, written if isinstance(written, int) else memoryview(written).nbytes)
        connection.commands = None

    # ---- HTTP served ----

    def received(self, handler):
        self.answered(handler)
        sock = handler.connection
        connection = self.used(sock)
        context = self.tracer.next_id()
        path = str(getattr(handler, "path", "")).split("?", 1)[0]
        self.tracer.tell.http_server_receive(context, connection.id, sock.fileno(), connection.read, str(handler.command), path)
        self.tracer.context.set(context)
        self.served[handler] = [context, connection, connection.written, 0, sock.fileno()]

    def answered(self, handler):
        open_request = self.served.pop(handler, None)
        if open_request is None:
            return
        context, connection, start, status, fd = open_request
        aborted = 0 if status else _HTTP_ABORTED
        self.tracer.tell.http_server_response(context, connection.id, fd, start, connection.written, status, aborted, "")
        self.tracer.context.set(0)

    def has_status(self, handler, code):
        open_request = self.served.get(handler)
        # 100 Continue comes before the answer.
        if open_request is not None and int(code) >= 200:
            open_request[3] = int(code)

    # ---- HTTP called ----

    def asks(self, client, method, url):
        self.requests[client] = [self.tracer.next_id(), str(method), str(url), False]

    def sends(self, client):
        """Right before bytes of a request are sent: the first time for each, it is told."""
        request = self.requests.get(client)
        sock = client.sock
        if request is None or request[3] or sock is None or not self.is_plain(sock):
            return
        request[3] = True
        number, method, url, _ = request
        connection = self.used(sock)
        path, _, query = url.partition("?")
        host = client.host if client.port in (80, None) else "%s:%d" % (client.host, client.port)
        self.tracer.tell.http_client_request(
            number, self.tracer.context.get(), connection.id, sock.fileno(), connection.written, method, host, path + ("?" if query else "")
        )

    def has_answer(self, client, sock, status):
        request = self.requests.pop(client, None)
        if request is None or not request[3]:
            return
        connection = self.sockets.get(sock)
        if connection is not None:
            self.tracer.tell.http_client_response(
                request[0], self.tracer.context.get(), connection.id, sock.fileno(), connection.read, status
            )

    def is_plain(self, sock):
        return type(sock) is socket.socket


def _wrap(owner, name, make):
    original = getattr(owner, name)
    replacement = make(original)
    functools.update_wrapper(replacement, original)
    setattr(owner, name, replacement)


def _sockets(hooks):
    tracer = hooks.tracer
    plain = socket.socket

    def reading(count_of):
        def make(original):
            def method(self, *args, **options):
                result = original(self, *args, **options)
                if type(self) is plain:
                    if tracer.is_on():
                        tracer.attempt(hooks.has_read, self, count_of(result))
                    elif self in hooks.sockets:
                        tracer.always(hooks.count_untold, self, count_of(result), 0)
                return result

            return method

        return make

    def send(original):
        def method(self, data, *args):
            count = original(self, data, *args)
            if type(self) is plain:
                if tracer.is_on():
                    tracer.attempt(hooks.has_written, self, data, count)
                elif self in hooks.sockets:
                    tracer.always(hooks.count_untold, self, 0, count)
            return count

        return method

    def sendall(original):
        def method(self, data, *args):
            if type(self) is plain:
                # Before it is written: its effects may come back before sendall does.
                if tracer.is_on():
                    tracer.attempt(hooks.writes, self, data)
                elif self in hooks.sockets:
                    tracer.always(hooks.count_untold, self, 0, data)
            return original(self, data, *args)

        return method

    def connect(original):
        def method(self, *args):
            result = original(self, *args)
            if type(self) is plain and self.type & socket.SOCK_STREAM:
                tracer.attempt(hooks.opened, self, "socket_connect")
                tracer.always(hooks.connection, self)
            return result

        return method

    def accept(original):
        def method(self):
            result = original(self)
            if type(result[0]) is plain:
                tracer.attempt(hooks.opened, result[0], "socket_accept")
                tracer.always(hooks.connection, result[0])
            return result

        return method

    def closing(original):
        def method(self, *args):
            if type(self) is plain and self in hooks.sockets:
                tracer.attempt(hooks.closes, self)
                tracer.always(hooks.sockets.pop, self, None)
            return original(self, *args)

        return method

    _wrap(plain, "recv", reading(len))
    _wrap(plain, "recv_into", reading(int))
    _wrap(plain, "send", send)
    _wrap(plain, "sendall", sendall)
    _wrap(plain, "connect", connect)
    _wrap(plain, "accept", accept)
    _wrap(plain, "_real_close", closing)
    _wrap(plain, "detach", closing)


def _http_server(hooks, module):
    tracer = hooks.tracer

    def parse_request(original):
        def method(self):
            result = original(self)
            if result:
                tracer.attempt(hooks.received, self)
            return result

        return method

    def handle_one_request(original):
        def method(self):
            try:
                return original(self)
            finally:
                tracer.attempt(hooks.answered, self)

        return method

    def send_response_only(original):
        def method(self, code, *args, **options):
            tracer.attempt(hooks.has_status, self, code)
            return original(self, code, *args, **options)

        return method

    handler = module.BaseHTTPRequestHandler
    _wrap(handler, "parse_request", parse_request)
    _wrap(handler, "handle_one_request", handle_one_request)
    _wrap(handler, "send_response_only", send_response_only)


def _http_client(hooks, module):
    tracer = hooks.tracer

    def putrequest(original):
        def method(self, method_name, url, *args, **options):
            result = original(self, method_name, url, *args, **options)
            tracer.attempt(hooks.asks, self, method_name, url)
            return result

        return method

    def send(original):
        def method(self, data):
            # What send itself does first: then it is known where in the stream the request begins.
            if tracer.is_on() and self.sock is None and self.auto_open:
                self.connect()
            tracer.attempt(hooks.sends, self)
            return original(self, data)

        return method

    def getresponse(original):
        def method(self):
            # A connection that is not kept is let go of inside.
            sock = self.sock
            response = original(self)
            tracer.attempt(hooks.has_answer, self, sock, int(response.status))
            return response

        return method

    connection = module.HTTPConnection
    _wrap(connection, "putrequest", putrequest)
    _wrap(connection, "send", send)
    _wrap(connection, "getresponse", getresponse)


def _redis(hooks, module):
    def send_packed_command(original):
        def method(self, *args, **options):
            # Connecting, or a look at its health, sends commands inside.
            before = getattr(hooks.commanding, "is_on", False)
            hooks.commanding.is_on = True
            try:
                return original(self, *args, **options)
            finally:
                hooks.commanding.is_on = before

        return method

    for name in ("AbstractConnection", "Connection"):
        owner = getattr(module, name, None)
        if owner is not None and "send_packed_command" in vars(owner):
            _wrap(owner, "send_packed_command", send_packed_command)


_WHEN_IMPORTED = {"http.server": _http_server, "http.client": _http_client, "redis.connection": _redis}


class _Finder(importlib.abc.MetaPathFinder):
    """Runs a hook right after its module was executed. Finds modules as they would be found without it."""

    def __init__(self, hooks):
        self._hooks = hooks
        self._is_asking = threading.local()

    def find_spec(self, name, path, target=None):
        install = _WHEN_IMPORTED.get(name)
        if install is None or getattr(self._is_asking, "now", False):
            return None
        self._is_asking.now = True
        try:
            spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        finally:
            self._is_asking.now = False
        if spec is None or spec.loader is None or not hasattr(spec.loader, "exec_module"):
            return None
        execute = spec.loader.exec_module
        hooks = self._hooks

        def exec_module(module):
            execute(module)
            try:
                install(hooks, module)
            except Exception as error:
                hooks.tracer.fail(error)

        spec.loader.exec_module = exec_module
        return spec


def install(tracer):
    """Installs all hooks."""
    hooks = Hooks(tracer)
    _sockets(hooks)
    sys.meta_path.insert(0, _Finder(hooks))
    for name, of in _WHEN_IMPORTED.items():
        if name in sys.modules:
            of(hooks, sys.modules[name])
