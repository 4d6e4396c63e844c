/* LTTng-UST provider `node`. Every event takes one pointer to its struct, owned by the caller.
 * Generated from src/environments/node/events.ts by tools/gen-node.ts. Do not edit. */
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER node

#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "./node_tp.h"

#ifndef SS_NODE_STRUCTS
#define SS_NODE_STRUCTS
#include <stdint.h>

struct ss_ev_process_info {
    uint32_t environment;
    uint32_t thread;
    uint32_t cluster_worker;
    const char *node_version;
    const char *script;
    const char *service;
    uint64_t at_ns;
};

struct ss_ev_socket_connect {
    uint64_t conn_id;
    int32_t fd;
    uint64_t context;
    uint8_t tls;
    const char *laddr;
    uint16_t lport;
    const char *raddr;
    uint16_t rport;
    uint64_t read_offset;
    uint64_t write_offset;
    uint64_t at_ns;
};

struct ss_ev_socket_accept {
    uint64_t conn_id;
    int32_t fd;
    uint64_t context;
    uint8_t tls;
    const char *laddr;
    uint16_t lport;
    const char *raddr;
    uint16_t rport;
    uint64_t read_offset;
    uint64_t write_offset;
    uint64_t at_ns;
};

struct ss_ev_socket_state {
    uint64_t conn_id;
    int32_t fd;
    uint64_t context;
    uint8_t tls;
    const char *laddr;
    uint16_t lport;
    const char *raddr;
    uint16_t rport;
    uint64_t read_offset;
    uint64_t write_offset;
    uint64_t at_ns;
};

struct ss_ev_socket_close {
    uint64_t conn_id;
    int32_t fd;
    uint64_t read_offset;
    uint64_t write_offset;
    uint64_t at_ns;
};

struct ss_ev_socket_write {
    uint64_t conn_id;
    int32_t fd;
    uint64_t context;
    uint8_t how;
    uint64_t offset;
    uint32_t length;
    uint64_t at_ns;
};

struct ss_ev_socket_read {
    uint64_t conn_id;
    int32_t fd;
    uint64_t offset;
    uint32_t length;
    uint64_t at_ns;
};

struct ss_ev_http_server_receive {
    uint64_t context;
    uint64_t conn_id;
    int32_t fd;
    uint64_t read_offset;
    const char *method;
    const char *path;
    uint64_t at_ns;
};

struct ss_ev_http_server_response {
    uint64_t context;
    uint64_t conn_id;
    int32_t fd;
    uint64_t start_offset;
    uint64_t end_offset;
    uint16_t status;
    uint8_t aborted;
    const char *route;
    uint64_t at_ns;
};

struct ss_ev_http_client_request {
    uint64_t request;
    uint64_t context;
    uint64_t conn_id;
    int32_t fd;
    uint64_t write_offset;
    const char *method;
    const char *host;
    const char *path;
    uint64_t at_ns;
};

struct ss_ev_http_client_response {
    uint64_t request;
    uint64_t context;
    uint64_t conn_id;
    int32_t fd;
    uint64_t read_offset;
    uint16_t status;
    uint64_t at_ns;
};

struct ss_ev_store_command {
    uint64_t context;
    uint64_t conn_id;
    int32_t fd;
    uint8_t how;
    uint8_t library;
    uint64_t start_offset;
    uint64_t end_offset;
    const char *name;
    uint64_t at_ns;
};

struct ss_ev_http_client_cut {
    uint64_t request;
    uint64_t conn_id;
    int32_t fd;
    uint64_t read_offset;
    uint8_t end;
    uint64_t at_ns;
};

struct ss_ev_http2_server_receive {
    uint64_t context;
    uint64_t conn_id;
    int32_t fd;
    uint32_t stream;
    const char *method;
    const char *path;
    uint64_t at_ns;
};

struct ss_ev_http2_server_response {
    uint64_t context;
    uint64_t conn_id;
    int32_t fd;
    uint32_t stream;
    uint16_t status;
    uint8_t aborted;
    uint8_t grpc;
    uint64_t at_ns;
};

struct ss_ev_http2_client_request {
    uint64_t request;
    uint64_t context;
    uint64_t conn_id;
    int32_t fd;
    uint32_t stream;
    const char *method;
    const char *host;
    const char *path;
    uint64_t at_ns;
};

struct ss_ev_http2_client_end {
    uint64_t request;
    uint64_t conn_id;
    int32_t fd;
    uint32_t stream;
    uint16_t status;
    uint8_t end;
    uint8_t grpc;
    uint64_t at_ns;
};

struct ss_ev_database_query {
    uint64_t request;
    uint64_t context;
    uint8_t how;
    uint8_t library;
    uint8_t kind;
    const char *name;
    uint64_t at_ns;
};

struct ss_ev_database_send {
    uint64_t request;
    uint64_t conn_id;
    int32_t fd;
    uint64_t write_offset;
    uint64_t at_ns;
};

struct ss_ev_database_result {
    uint64_t request;
    uint64_t conn_id;
    int32_t fd;
    uint64_t read_offset;
    uint8_t failed;
    uint64_t at_ns;
};

struct ss_ev_context_start {
    uint64_t context;
    uint64_t parent;
    uint8_t kind;
    uint64_t conn_id;
    int32_t fd;
    uint64_t offset;
    uint32_t length;
    uint64_t at_ns;
};

struct ss_ev_loop_iteration {
    uint32_t environment;
    uint64_t poll_ns;
    uint64_t busy_ns;
    uint32_t poll1_ns;
    uint32_t busy1_ns;
    uint32_t poll2_ns;
    uint32_t busy2_ns;
    uint32_t poll3_ns;
    uint32_t busy3_ns;
    uint64_t at_ns;
};

struct ss_ev_gc {
    uint32_t environment;
    uint8_t kind;
    uint64_t start_ns;
    uint64_t duration_ns;
    uint64_t at_ns;
};

struct ss_ev_dns {
    uint32_t environment;
    uint64_t start_ns;
    uint64_t duration_ns;
    const char *host;
    uint64_t at_ns;
};

struct ss_ev_tracing_end {
    uint32_t environment;
    const char *reason;
    uint64_t at_ns;
};
#endif

#if !defined(SS_NODE_TP_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define SS_NODE_TP_H

#include <lttng/tracepoint.h>

/* Who this JavaScript thread is: when tracing is switched on, and when it starts. Thread 0 is the main one, others are worker threads; environment counts them in this process and is the upper part of its ids. */
LTTNG_UST_TRACEPOINT_EVENT(node, process_info,
    LTTNG_UST_TP_ARGS(const struct ss_ev_process_info *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint32_t, environment, e->environment)
        lttng_ust_field_integer(uint32_t, thread, e->thread)
        lttng_ust_field_integer(uint32_t, cluster_worker, e->cluster_worker)
        lttng_ust_field_string(node_version, e->node_version)
        lttng_ust_field_string(script, e->script)
        lttng_ust_field_string(service, e->service)
        lttng_ust_field_integer(uint64_t, at_ns, e->at_ns)
    ))

/* A connection to somebody else is made; the context is the one that asked for it. */
LTTNG_UST_TRACEPOINT_EVENT(node, socket_connect,
    LTTNG_UST_TP_ARGS(const struct ss_ev_socket_connect *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, conn_id, e->conn_id)
        lttng_ust_field_integer(int32_t, fd, e->fd)
        lttng_ust_field_integer(uint64_t, context, e->context)
        lttng_ust_field_integer(uint8_t, tls, e->tls)
        lttng_ust_field_string(laddr, e->laddr)
        lttng_ust_field_integer(uint16_t, lport, e->lport)
        lttng_ust_field_string(raddr, e->raddr)
        lttng_ust_field_integer(uint16_t, rport, e->rport)
        lttng_ust_field_integer(uint64_t, read_offset, e->read_offset)
        lttng_ust_field_integer(uint64_t, write_offset, e->write_offset)
        lttng_ust_field_integer(uint64_t, at_ns, e->at_ns)
    ))

/* A connection was accepted. */
LTTNG_UST_TRACEPOINT_EVENT(node, socket_accept,
    LTTNG_UST_TP_ARGS(const struct ss_ev_socket_accept *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, conn_id, e->conn_id)
        lttng_ust_field_integer(int32_t, fd, e->fd)
        lttng_ust_field_integer(uint64_t, context, e->context)
        lttng_ust_field_integer(uint8_t, tls, e->tls)
        lttng_ust_field_string(laddr, e->laddr)
        lttng_ust_field_integer(uint16_t, lport, e->lport)
        lttng_ust_field_string(raddr, e->raddr)
        lttng_ust_field_integer(uint16_t, rport, e->rport)
        lttng_ust_field_integer(uint64_t, read_offset, e->read_offset)
        lttng_ust_field_integer(uint64_t, write_offset, e->write_offset)
        lttng_ust_field_integer(uint64_t, at_ns, e->at_ns)
    ))

/* A connection that was there before tracing was switched on: at its first use. */
LTTNG_UST_TRACEPOINT_EVENT(node, socket_state,
    LTTNG_UST_TP_ARGS(const struct ss_ev_socket_state *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, conn_id, e->conn_id)
        lttng_ust_field_integer(int32_t, fd, e->fd)
        lttng_ust_field_integer(uint64_t, context, e->context)
        lttng_ust_field_integer(uint8_t, tls, e->tls)
        lttng_ust_field_string(laddr, e->laddr)
        lttng_ust_field_integer(uint16_t, lport, e->lport)
        lttng_ust_field_string(raddr, e->raddr)
        lttng_ust_field_integer(uint16_t, rport, e->rport)
        lttng_ust_field_integer(uint64_t, read_offset, e->read_offset)
        lttng_ust_field_integer(uint64_t, write_offset, e->write_offset)
        lttng_ust_field_integer(uint64_t, at_ns, e->at_ns)
    ))

/* The connection is gone. The offsets are its streams' lengths. */
LTTNG_UST_TRACEPOINT_EVENT(node, socket_close,
    LTTNG_UST_TP_ARGS(const struct ss_ev_socket_close *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, conn_id, e->conn_id)
        lttng_ust_field_integer(int32_t, fd, e->fd)
        lttng_ust_field_integer(uint64_t, read_offset, e->read_offset)
        lttng_ust_field_integer(uint64_t, write_offset, e->write_offset)
        lttng_ust_field_integer(uint64_t, at_ns, e->at_ns)
    ))

/* The application handed bytes [offset, offset + length) to the connection. On a connection that is not yet made, before its socket_connect. */
LTTNG_UST_TRACEPOINT_EVENT(node, socket_write,
    LTTNG_UST_TP_ARGS(const struct ss_ev_socket_write *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, conn_id, e->conn_id)
        lttng_ust_field_integer(int32_t, fd, e->fd)
        lttng_ust_field_integer(uint64_t, context, e->context)
        lttng_ust_field_integer(uint8_t, how, e->how)
        lttng_ust_field_integer(uint64_t, offset, e->offset)
        lttng_ust_field_integer(uint32_t, length, e->length)
        lttng_ust_field_integer(uint64_t, at_ns, e->at_ns)
    ))

/* Bytes [offset, offset + length) reached the application. Of a server's HTTP connections only where socket_write is recorded, too; Node reads these by itself: there, one event for all bytes up to an HTTP event. */
LTTNG_UST_TRACEPOINT_EVENT(node, socket_read,
    LTTNG_UST_TP_ARGS(const struct ss_ev_socket_read *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, conn_id, e->conn_id)
        lttng_ust_field_integer(int32_t, fd, e->fd)
        lttng_ust_field_integer(uint64_t, offset, e->offset)
        lttng_ust_field_integer(uint32_t, length, e->length)
        lttng_ust_field_integer(uint64_t, at_ns, e->at_ns)
    ))

/* A request's headers were received: a context starts. They end at or before read_offset, and begin at or after that of the connection's previous http_server_receive. The path is without its query. */
LTTNG_UST_TRACEPOINT_EVENT(node, http_server_receive,
    LTTNG_UST_TP_ARGS(const struct ss_ev_http_server_receive *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, context, e->context)
        lttng_ust_field_integer(uint64_t, conn_id, e->conn_id)
        lttng_ust_field_integer(int32_t, fd, e->fd)
        lttng_ust_field_integer(uint64_t, read_offset, e->read_offset)
        lttng_ust_field_string(method, e->method)
        lttng_ust_field_string(path, e->path)
        lttng_ust_field_integer(uint64_t, at_ns, e->at_ns)
    ))

/* The response, bytes [start_offset, end_offset), was handed over; or the connection broke before (aborted). The route where express or fastify told it. */
LTTNG_UST_TRACEPOINT_EVENT(node, http_server_response,
    LTTNG_UST_TP_ARGS(const struct ss_ev_http_server_response *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, context, e->context)
        lttng_ust_field_integer(uint64_t, conn_id, e->conn_id)
        lttng_ust_field_integer(int32_t, fd, e->fd)
        lttng_ust_field_integer(uint64_t, start_offset, e->start_offset)
        lttng_ust_field_integer(uint64_t, end_offset, e->end_offset)
        lttng_ust_field_integer(uint16_t, status, e->status)
        lttng_ust_field_integer(uint8_t, aborted, e->aborted)
        lttng_ust_field_string(route, e->route)
        lttng_ust_field_integer(uint64_t, at_ns, e->at_ns)
    ))

/* A request to somebody else begins at write_offset. Emitted at its first byte, from http, https, and fetch or undici. The path is without its query, and ends in a question mark where there was one. */
LTTNG_UST_TRACEPOINT_EVENT(node, http_client_request,
    LTTNG_UST_TP_ARGS(const struct ss_ev_http_client_request *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, request, e->request)
        lttng_ust_field_integer(uint64_t, context, e->context)
        lttng_ust_field_integer(uint64_t, conn_id, e->conn_id)
        lttng_ust_field_integer(int32_t, fd, e->fd)
        lttng_ust_field_integer(uint64_t, write_offset, e->write_offset)
        lttng_ust_field_string(method, e->method)
        lttng_ust_field_string(host, e->host)
        lttng_ust_field_string(path, e->path)
        lttng_ust_field_integer(uint64_t, at_ns, e->at_ns)
    ))

/* The response's headers were received; they end at or before read_offset. Status 0: the connection broke before. */
LTTNG_UST_TRACEPOINT_EVENT(node, http_client_response,
    LTTNG_UST_TP_ARGS(const struct ss_ev_http_client_response *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, request, e->request)
        lttng_ust_field_integer(uint64_t, context, e->context)
        lttng_ust_field_integer(uint64_t, conn_id, e->conn_id)
        lttng_ust_field_integer(int32_t, fd, e->fd)
        lttng_ust_field_integer(uint64_t, read_offset, e->read_offset)
        lttng_ust_field_integer(uint16_t, status, e->status)
        lttng_ust_field_integer(uint64_t, at_ns, e->at_ns)
    ))

/* A command to a data store is bytes [start_offset, end_offset) of the connection's write stream. */
LTTNG_UST_TRACEPOINT_EVENT(node, store_command,
    LTTNG_UST_TP_ARGS(const struct ss_ev_store_command *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, context, e->context)
        lttng_ust_field_integer(uint64_t, conn_id, e->conn_id)
        lttng_ust_field_integer(int32_t, fd, e->fd)
        lttng_ust_field_integer(uint8_t, how, e->how)
        lttng_ust_field_integer(uint8_t, library, e->library)
        lttng_ust_field_integer(uint64_t, start_offset, e->start_offset)
        lttng_ust_field_integer(uint64_t, end_offset, e->end_offset)
        lttng_ust_field_string(name, e->name)
        lttng_ust_field_integer(uint64_t, at_ns, e->at_ns)
    ))

/* A request that was sent ended before its whole answer was received. End 1, broken: the connection did; 2, cancelled: the caller gave it up, after a timeout, say. */
LTTNG_UST_TRACEPOINT_EVENT(node, http_client_cut,
    LTTNG_UST_TP_ARGS(const struct ss_ev_http_client_cut *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, request, e->request)
        lttng_ust_field_integer(uint64_t, conn_id, e->conn_id)
        lttng_ust_field_integer(int32_t, fd, e->fd)
        lttng_ust_field_integer(uint64_t, read_offset, e->read_offset)
        lttng_ust_field_integer(uint8_t, end, e->end)
        lttng_ust_field_integer(uint64_t, at_ns, e->at_ns)
    ))

/* An HTTP/2 request's headers were received, on this stream of the connection: a context starts. gRPC calls are such requests. Of an HTTP/2 connection no bytes are told; the lengths in its socket_close say nothing. */
LTTNG_UST_TRACEPOINT_EVENT(node, http2_server_receive,
    LTTNG_UST_TP_ARGS(const struct ss_ev_http2_server_receive *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, context, e->context)
        lttng_ust_field_integer(uint64_t, conn_id, e->conn_id)
        lttng_ust_field_integer(int32_t, fd, e->fd)
        lttng_ust_field_integer(uint32_t, stream, e->stream)
        lttng_ust_field_string(method, e->method)
        lttng_ust_field_string(path, e->path)
        lttng_ust_field_integer(uint64_t, at_ns, e->at_ns)
    ))

/* The stream is over: answered, or reset or broken before (aborted). Grpc: 1 + gRPC's own status, which it sends in the trailers, or in the headers where they are all; 0: none. */
LTTNG_UST_TRACEPOINT_EVENT(node, http2_server_response,
    LTTNG_UST_TP_ARGS(const struct ss_ev_http2_server_response *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, context, e->context)
        lttng_ust_field_integer(uint64_t, conn_id, e->conn_id)
        lttng_ust_field_integer(int32_t, fd, e->fd)
        lttng_ust_field_integer(uint32_t, stream, e->stream)
        lttng_ust_field_integer(uint16_t, status, e->status)
        lttng_ust_field_integer(uint8_t, aborted, e->aborted)
        lttng_ust_field_integer(uint8_t, grpc, e->grpc)
        lttng_ust_field_integer(uint64_t, at_ns, e->at_ns)
    ))

/* An HTTP/2 request to somebody else is sent, as this stream of the connection. */
LTTNG_UST_TRACEPOINT_EVENT(node, http2_client_request,
    LTTNG_UST_TP_ARGS(const struct ss_ev_http2_client_request *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, request, e->request)
        lttng_ust_field_integer(uint64_t, context, e->context)
        lttng_ust_field_integer(uint64_t, conn_id, e->conn_id)
        lttng_ust_field_integer(int32_t, fd, e->fd)
        lttng_ust_field_integer(uint32_t, stream, e->stream)
        lttng_ust_field_string(method, e->method)
        lttng_ust_field_string(host, e->host)
        lttng_ust_field_string(path, e->path)
        lttng_ust_field_integer(uint64_t, at_ns, e->at_ns)
    ))

/* The stream is over. End 0, whole: the answer was received, all of it; 1, broken: the other end reset it, or the connection ended; 2, cancelled: the caller gave it up. Status 0: no answer. Grpc: 1 + gRPC's own status; 0: none was received. */
LTTNG_UST_TRACEPOINT_EVENT(node, http2_client_end,
    LTTNG_UST_TP_ARGS(const struct ss_ev_http2_client_end *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, request, e->request)
        lttng_ust_field_integer(uint64_t, conn_id, e->conn_id)
        lttng_ust_field_integer(int32_t, fd, e->fd)
        lttng_ust_field_integer(uint32_t, stream, e->stream)
        lttng_ust_field_integer(uint16_t, status, e->status)
        lttng_ust_field_integer(uint8_t, end, e->end)
        lttng_ust_field_integer(uint8_t, grpc, e->grpc)
        lttng_ust_field_integer(uint64_t, at_ns, e->at_ns)
    ))

/* The application asked a database's client library for something. Kind 0: a statement; the name is its first word, such as SELECT. Kind 1: a connection of a pool that had none free. */
LTTNG_UST_TRACEPOINT_EVENT(node, database_query,
    LTTNG_UST_TP_ARGS(const struct ss_ev_database_query *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, request, e->request)
        lttng_ust_field_integer(uint64_t, context, e->context)
        lttng_ust_field_integer(uint8_t, how, e->how)
        lttng_ust_field_integer(uint8_t, library, e->library)
        lttng_ust_field_integer(uint8_t, kind, e->kind)
        lttng_ust_field_string(name, e->name)
        lttng_ust_field_integer(uint64_t, at_ns, e->at_ns)
    ))

/* The statement begins at write_offset; until now it waited for a connection, or for the statements before it on the connection. */
LTTNG_UST_TRACEPOINT_EVENT(node, database_send,
    LTTNG_UST_TP_ARGS(const struct ss_ev_database_send *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, request, e->request)
        lttng_ust_field_integer(uint64_t, conn_id, e->conn_id)
        lttng_ust_field_integer(int32_t, fd, e->fd)
        lttng_ust_field_integer(uint64_t, write_offset, e->write_offset)
        lttng_ust_field_integer(uint64_t, at_ns, e->at_ns)
    ))

/* The result was received, all of it, and ends at or before read_offset; or the connection was got. Failed: the database or the connection refused. */
LTTNG_UST_TRACEPOINT_EVENT(node, database_result,
    LTTNG_UST_TP_ARGS(const struct ss_ev_database_result *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, request, e->request)
        lttng_ust_field_integer(uint64_t, conn_id, e->conn_id)
        lttng_ust_field_integer(int32_t, fd, e->fd)
        lttng_ust_field_integer(uint64_t, read_offset, e->read_offset)
        lttng_ust_field_integer(uint8_t, failed, e->failed)
        lttng_ust_field_integer(uint64_t, at_ns, e->at_ns)
    ))

/* A context that no HTTP request started. Kind 0, push: a subscriber's connection received these bytes, and what follows is done for the messages in them. */
LTTNG_UST_TRACEPOINT_EVENT(node, context_start,
    LTTNG_UST_TP_ARGS(const struct ss_ev_context_start *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, context, e->context)
        lttng_ust_field_integer(uint64_t, parent, e->parent)
        lttng_ust_field_integer(uint8_t, kind, e->kind)
        lttng_ust_field_integer(uint64_t, conn_id, e->conn_id)
        lttng_ust_field_integer(int32_t, fd, e->fd)
        lttng_ust_field_integer(uint64_t, offset, e->offset)
        lttng_ust_field_integer(uint32_t, length, e->length)
        lttng_ust_field_integer(uint64_t, at_ns, e->at_ns)
    ))

/* An iteration of the event loop ended: it waited poll_ns for something to do, and then ran callbacks for busy_ns. Up to three brief ones right before it (1: the last of them), without a gap between, are told with it; 0 and 0: none. */
LTTNG_UST_TRACEPOINT_EVENT(node, loop_iteration,
    LTTNG_UST_TP_ARGS(const struct ss_ev_loop_iteration *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint32_t, environment, e->environment)
        lttng_ust_field_integer(uint64_t, poll_ns, e->poll_ns)
        lttng_ust_field_integer(uint64_t, busy_ns, e->busy_ns)
        lttng_ust_field_integer(uint32_t, poll1_ns, e->poll1_ns)
        lttng_ust_field_integer(uint32_t, busy1_ns, e->busy1_ns)
        lttng_ust_field_integer(uint32_t, poll2_ns, e->poll2_ns)
        lttng_ust_field_integer(uint32_t, busy2_ns, e->busy2_ns)
        lttng_ust_field_integer(uint32_t, poll3_ns, e->poll3_ns)
        lttng_ust_field_integer(uint32_t, busy3_ns, e->busy3_ns)
        lttng_ust_field_integer(uint64_t, at_ns, e->at_ns)
    ))

/* A garbage collection, told when it is over or later, so it says when (CLOCK_MONOTONIC). Kind: 1 scavenge, 2 minor mark-sweep, 4 mark-sweep-compact, 8 incremental marking, 16 weak callbacks. */
LTTNG_UST_TRACEPOINT_EVENT(node, gc,
    LTTNG_UST_TP_ARGS(const struct ss_ev_gc *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint32_t, environment, e->environment)
        lttng_ust_field_integer(uint8_t, kind, e->kind)
        lttng_ust_field_integer(uint64_t, start_ns, e->start_ns)
        lttng_ust_field_integer(uint64_t, duration_ns, e->duration_ns)
        lttng_ust_field_integer(uint64_t, at_ns, e->at_ns)
    ))

/* A host name was looked up; told later, so it says when (CLOCK_MONOTONIC). */
LTTNG_UST_TRACEPOINT_EVENT(node, dns,
    LTTNG_UST_TP_ARGS(const struct ss_ev_dns *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint32_t, environment, e->environment)
        lttng_ust_field_integer(uint64_t, start_ns, e->start_ns)
        lttng_ust_field_integer(uint64_t, duration_ns, e->duration_ns)
        lttng_ust_field_string(host, e->host)
        lttng_ust_field_integer(uint64_t, at_ns, e->at_ns)
    ))

/* Something of ours failed: of this thread nothing more is told, though it runs on. The reason is the kind of error and the line of our code. */
LTTNG_UST_TRACEPOINT_EVENT(node, tracing_end,
    LTTNG_UST_TP_ARGS(const struct ss_ev_tracing_end *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint32_t, environment, e->environment)
        lttng_ust_field_string(reason, e->reason)
        lttng_ust_field_integer(uint64_t, at_ns, e->at_ns)
    ))

#endif

#include <lttng/tracepoint-event.h>
