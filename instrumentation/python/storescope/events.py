"""One method per event: numbers first, then strings, in the order of the definition.

Generated from src/environments/python/events.ts by tools/gen-python.ts. Do not edit.
"""

NUMBERS = 8
STRINGS = 3
HOW_NONE = 0
HOW_PROTOCOL = 1
HOW_LIBRARY = 2
LIBRARY_REDIS_PY = 1


class Emitters:
    """The emitters over a function `native(event, numbers, strings)`."""

    def __init__(self, native):
        self.native = native

    def process_info(self, python_version, script, service):
        self.native(0, (), (python_version, script, service))

    def socket_connect(self, conn_id, fd, context, tls, lport, rport, read_offset, write_offset, laddr, raddr):
        self.native(1, (conn_id, fd, context, tls, lport, rport, read_offset, write_offset), (laddr, raddr))

    def socket_accept(self, conn_id, fd, context, tls, lport, rport, read_offset, write_offset, laddr, raddr):
        self.native(2, (conn_id, fd, context, tls, lport, rport, read_offset, write_offset), (laddr, raddr))

    def socket_state(self, conn_id, fd, context, tls, lport, rport, read_offset, write_offset, laddr, raddr):
        self.native(3, (conn_id, fd, context, tls, lport, rport, read_offset, write_offset), (laddr, raddr))

    def socket_close(self, conn_id, fd, read_offset, write_offset):
        self.native(4, (conn_id, fd, read_offset, write_offset), ())

    def socket_write(self, conn_id, fd, context, how, offset, length):
        self.native(5, (conn_id, fd, context, how, offset, length), ())

    def socket_read(self, conn_id, fd, offset, length):
        self.native(6, (conn_id, fd, offset, length), ())

    def http_server_receive(self, context, conn_id, fd, read_offset, method, path):
        self.native(7, (context, conn_id, fd, read_offset), (method, path))

    def http_server_response(self, context, conn_id, fd, start_offset, end_offset, status, aborted, route):
        self.native(8, (context, conn_id, fd, start_offset, end_offset, status, aborted), (route,))

    def http_client_request(self, request, context, conn_id, fd, write_offset, method, host, path):
        self.native(9, (request, context, conn_id, fd, write_offset), (method, host, path))

    def http_client_response(self, request, context, conn_id, fd, read_offset, status):
        self.native(10, (request, context, conn_id, fd, read_offset, status), ())

    def store_command(self, context, conn_id, fd, how, library, start_offset, end_offset, name):
        self.native(11, (context, conn_id, fd, how, library, start_offset, end_offset), (name,))

    def tracing_end(self, reason):
        self.native(12, (), (reason,))
