/* LTTng-UST provider `python`. Every event takes one pointer to its struct, owned by the caller.
 * Generated from src/environments/python/events.ts by tools/gen-python.ts. Do not edit. */
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER python

#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "./python_tp.h"

#ifndef SS_PYTHON_STRUCTS
#define SS_PYTHON_STRUCTS
#include <stdint.h>

struct ss_ev_process_info {
    uint32_t environment;
    const char *python_version;
    const char *script;
    const char *service;
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
};

struct ss_ev_socket_close {
    uint64_t conn_id;
    int32_t fd;
    uint64_t read_offset;
    uint64_t write_offset;
};

struct ss_ev_socket_write {
    uint64_t conn_id;
    int32_t fd;
    uint64_t context;
    uint8_t how;
    uint64_t offset;
    uint32_t length;
};

struct ss_ev_socket_read {
    uint64_t conn_id;
    int32_t fd;
    uint64_t offset;
    uint32_t length;
};

struct ss_ev_http_server_receive {
    uint64_t context;
    uint64_t conn_id;
    int32_t fd;
    uint64_t read_offset;
    const char *method;
    const char *path;
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
};

struct ss_ev_http_client_response {
    uint64_t request;
    uint64_t context;
    uint64_t conn_id;
    int32_t fd;
    uint64_t read_offset;
    uint16_t status;
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
};

struct ss_ev_tracing_end {
    uint32_t environment;
    const char *reason;
};
#endif

#if !defined(SS_PYTHON_TP_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define SS_PYTHON_TP_H

#include <lttng/tracepoint.h>

/* Who this process is: when tracing is switched on. Environment is 0: all threads of a process count their ids together. */
LTTNG_UST_TRACEPOINT_EVENT(python, process_info,
    LTTNG_UST_TP_ARGS(const struct ss_ev_process_info *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint32_t, environment, e->environment)
        lttng_ust_field_string(python_version, e->python_version)
        lttng_ust_field_string(script, e->script)
        lttng_ust_field_string(service, e->service)
    ))

/* A connection to somebody else is made; the context is the one that asked for it. */
LTTNG_UST_TRACEPOINT_EVENT(python, socket_connect,
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
    ))

/* A connection was accepted. */
LTTNG_UST_TRACEPOINT_EVENT(python, socket_accept,
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
    ))

/* A connection that was there before tracing was switched on: at its first use. */
LTTNG_UST_TRACEPOINT_EVENT(python, socket_state,
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
    ))

/* The connection is gone. The offsets are its streams' lengths. */
LTTNG_UST_TRACEPOINT_EVENT(python, socket_close,
    LTTNG_UST_TP_ARGS(const struct ss_ev_socket_close *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, conn_id, e->conn_id)
        lttng_ust_field_integer(int32_t, fd, e->fd)
        lttng_ust_field_integer(uint64_t, read_offset, e->read_offset)
        lttng_ust_field_integer(uint64_t, write_offset, e->write_offset)
    ))

/* The application handed bytes [offset, offset + length) to the connection. On a connection that is not yet made, before its socket_connect. */
LTTNG_UST_TRACEPOINT_EVENT(python, socket_write,
    LTTNG_UST_TP_ARGS(const struct ss_ev_socket_write *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, conn_id, e->conn_id)
        lttng_ust_field_integer(int32_t, fd, e->fd)
        lttng_ust_field_integer(uint64_t, context, e->context)
        lttng_ust_field_integer(uint8_t, how, e->how)
        lttng_ust_field_integer(uint64_t, offset, e->offset)
        lttng_ust_field_integer(uint32_t, length, e->length)
    ))

/* Bytes [offset, offset + length) reached the application. Of a server's HTTP connections only where socket_write is recorded, too; Node reads these by itself: there, one event for all bytes up to an HTTP event. */
LTTNG_UST_TRACEPOINT_EVENT(python, socket_read,
    LTTNG_UST_TP_ARGS(const struct ss_ev_socket_read *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, conn_id, e->conn_id)
        lttng_ust_field_integer(int32_t, fd, e->fd)
        lttng_ust_field_integer(uint64_t, offset, e->offset)
        lttng_ust_field_integer(uint32_t, length, e->length)
    ))

/* A request's headers were received: a context starts. They end at or before read_offset, and begin at or after that of the connection's previous http_server_receive. The path is without its query. */
LTTNG_UST_TRACEPOINT_EVENT(python, http_server_receive,
    LTTNG_UST_TP_ARGS(const struct ss_ev_http_server_receive *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, context, e->context)
        lttng_ust_field_integer(uint64_t, conn_id, e->conn_id)
        lttng_ust_field_integer(int32_t, fd, e->fd)
        lttng_ust_field_integer(uint64_t, read_offset, e->read_offset)
        lttng_ust_field_string(method, e->method)
        lttng_ust_field_string(path, e->path)
    ))

/* The response, bytes [start_offset, end_offset), was handed over; or the connection broke before (aborted). The route where express or fastify told it. */
LTTNG_UST_TRACEPOINT_EVENT(python, http_server_response,
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
    ))

/* A request to somebody else begins at write_offset. Emitted at its first byte, from http, https, and fetch or undici. The path is without its query, and ends in a question mark where there was one. */
LTTNG_UST_TRACEPOINT_EVENT(python, http_client_request,
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
    ))

/* The response's headers were received; they end at or before read_offset. Status 0: the connection broke before. */
LTTNG_UST_TRACEPOINT_EVENT(python, http_client_response,
    LTTNG_UST_TP_ARGS(const struct ss_ev_http_client_response *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, request, e->request)
        lttng_ust_field_integer(uint64_t, context, e->context)
        lttng_ust_field_integer(uint64_t, conn_id, e->conn_id)
        lttng_ust_field_integer(int32_t, fd, e->fd)
        lttng_ust_field_integer(uint64_t, read_offset, e->read_offset)
        lttng_ust_field_integer(uint16_t, status, e->status)
    ))

/* A command to a data store is bytes [start_offset, end_offset) of the connection's write stream. */
LTTNG_UST_TRACEPOINT_EVENT(python, store_command,
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
    ))

/* Something of ours failed: of this process nothing more is told, though it runs on. The reason is the kind of error and the line of our code. */
LTTNG_UST_TRACEPOINT_EVENT(python, tracing_end,
    LTTNG_UST_TP_ARGS(const struct ss_ev_tracing_end *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint32_t, environment, e->environment)
        lttng_ust_field_string(reason, e->reason)
    ))

#endif

#include <lttng/tracepoint-event.h>
