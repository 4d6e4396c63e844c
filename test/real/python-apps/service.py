"""A service of http.server and redis-py for the test of flows: `service.py STORE_PORT NODE_PORT`. Prints its port. Nothing in it traces."""

import http.client
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import redis

store = redis.Redis(port=int(sys.argv[1]))
node_port = int(sys.argv[2])


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        _, what, text = self.path.split("?")[0].split("/")
        number = int(text)
        if what == "task":
            key = "k" + "x" * number
            store.set(key, "1")
            pipeline = store.pipeline(transaction=False)
            pipeline.get(key).append(key, "2")
            pipeline.execute()
            if number % 3 == 0:
                connection = http.client.HTTPConnection("127.0.0.1", node_port)
                connection.request("GET", "/inner/%d?secret=1" % number)
                connection.getresponse().read()
                connection.close()
        elif what == "fail":
            self.send_error(503)
            return
        body = b"y" * (number * 100)
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
