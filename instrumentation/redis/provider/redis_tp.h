/* LTTng-UST provider `redis`. Every event takes one pointer to its struct, owned by the caller: LTTng allows at most ten arguments.
 * Generated from src/environments/redis/events.ts by tools/gen-provider.ts. Do not edit. */
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER redis

#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "./redis_tp.h"

#ifndef SS_EVENT_STRUCTS
#define SS_EVENT_STRUCTS
#include <stdint.h>

struct ss_ev_server_info {
    const char *run_id;
    const char *node_id;
    const char *flavor;
    const char *version;
    uint16_t port;
    uint16_t tls_port;
    uint16_t bus_port;
    uint8_t cluster_enabled;
    uint8_t io_threads;
    uint8_t io_threads_do_reads;
};

struct ss_ev_server_state {
    uint64_t used_memory;
    uint32_t connected_clients;
    uint32_t blocked_clients;
    uint32_t pending_reads;
    uint32_t pending_writes;
    uint32_t clients_to_close;
    uint64_t repl_backlog;
    uint64_t commands;
    uint64_t net_input_bytes;
    uint64_t net_output_bytes;
};

struct ss_ev_thread_info {
    uint16_t thread;
    const char *role;
};

struct ss_ev_command_table {
    uint16_t command;
    uint32_t flags;
    const char *name;
};

struct ss_ev_connection_open {
    uint64_t conn_id;
    int32_t fd;
    uint8_t kind;
    uint8_t tls;
    const char *laddr;
    uint16_t lport;
    const char *raddr;
    uint16_t rport;
    uint64_t read_offset;
    uint64_t write_offset;
};

struct ss_ev_connection_state {
    uint64_t conn_id;
    int32_t fd;
    uint8_t kind;
    uint8_t tls;
    const char *laddr;
    uint16_t lport;
    const char *raddr;
    uint16_t rport;
    uint64_t read_offset;
    uint64_t write_offset;
};

struct ss_ev_connection_close {
    uint64_t conn_id;
    int32_t fd;
    uint32_t reason;
};

struct ss_ev_link_open {
    uint32_t link;
    uint8_t inbound;
    const char *node_id;
    const char *laddr;
    uint16_t lport;
    const char *raddr;
    uint16_t rport;
    uint64_t read_offset;
    uint64_t write_offset;
};

struct ss_ev_link_close {
    uint32_t link;
};

struct ss_ev_client_blocked {
    uint64_t conn_id;
    int32_t fd;
    uint8_t type;
};

struct ss_ev_client_unblocked {
    uint64_t conn_id;
    int32_t fd;
    uint8_t type;
};

struct ss_ev_call_counted {
    uint64_t conn_id;
    int32_t fd;
    uint16_t command;
};

struct ss_ev_free_client {
    uint64_t conn_id;
    int32_t fd;
    uint64_t flags;
};

struct ss_ev_free_client_async {
    uint64_t conn_id;
    int32_t fd;
    uint64_t flags;
};

struct ss_ev_client_memory {
    uint64_t conn_id;
    int32_t fd;
    uint64_t query_buffer;
    uint64_t output_buffer;
    uint64_t memory;
};

struct ss_ev_cluster_redirect {
    uint64_t conn_id;
    int32_t fd;
    uint16_t slot;
    uint8_t kind;
    const char *target;
    uint16_t command;
};

struct ss_ev_replication_offset {
    uint64_t conn_id;
    int32_t fd;
    uint64_t offset;
};

struct ss_ev_fork_start {
    uint8_t purpose;
};

struct ss_ev_fork_end {
    uint8_t purpose;
    int32_t child_pid;
    uint64_t duration_ns;
};

struct ss_ev_rdb_save_start {
    uint8_t background;
};

struct ss_ev_rdb_save_end {
    uint8_t background;
    int32_t result;
};

struct ss_ev_commands {
    uint16_t thread;
    uint64_t base_ticks;
    uint64_t base_ns;
    uint64_t end_ticks;
    uint64_t end_ns;
    uint64_t settled_ticks;
    const uint32_t *words; uint32_t words_length;
};

struct ss_ev_steps {
    uint16_t thread;
    uint64_t base_ticks;
    uint64_t base_ns;
    uint64_t end_ticks;
    uint64_t end_ns;
    uint64_t settled_ticks;
    const uint32_t *words; uint32_t words_length;
};

struct ss_ev_start_read_client_query {
    uint64_t conn_id;
    int32_t fd;
};

struct ss_ev_read_client_query {
    uint64_t conn_id;
    int32_t fd;
    int32_t nread;
};

struct ss_ev_end_read_client_query {
    uint64_t conn_id;
    int32_t fd;
    int32_t nread;
    uint32_t query_buffer;
    uint64_t memory;
};

struct ss_ev_command_parsed {
    uint64_t conn_id;
    int32_t fd;
    uint32_t argc;
    uint64_t start_offset;
    uint64_t end_offset;
};

struct ss_ev_call_command_start {
    uint64_t conn_id;
    int32_t fd;
    const char *name;
    uint32_t argc;
    uint32_t flags;
    uint8_t nesting;
    uint16_t db;
};

struct ss_ev_call_command_end {
    uint64_t conn_id;
    int32_t fd;
    const char *name;
    uint64_t duration_ns;
    uint32_t reply_bytes;
    uint8_t error;
    uint8_t nesting;
    uint8_t counted;
};

struct ss_ev_end_process_command {
    uint64_t conn_id;
    int32_t fd;
};

struct ss_ev_insert_client_write_queue {
    uint64_t conn_id;
    int32_t fd;
    uint32_t length;
};

struct ss_ev_pending_write_remove {
    uint64_t conn_id;
    int32_t fd;
    uint32_t length;
    uint16_t list;
};

struct ss_ev_pending_read_add {
    uint64_t conn_id;
    int32_t fd;
    uint32_t length;
};

struct ss_ev_pending_read_remove {
    uint64_t conn_id;
    int32_t fd;
    uint32_t length;
    uint16_t list;
};

struct ss_ev_pending_read_done {
    uint64_t conn_id;
    int32_t fd;
};

struct ss_ev_io_thread_run_start {
    uint16_t thread;
    uint8_t operation;
    uint32_t items;
};

struct ss_ev_io_thread_run_end {
    uint16_t thread;
    uint8_t operation;
    uint32_t items;
};

struct ss_ev_handle_pending_reads_start {
    uint32_t items;
};

struct ss_ev_handle_pending_reads_end {
    uint32_t items;
};

struct ss_ev_handle_pending_writes_start {
    uint32_t items;
};

struct ss_ev_handle_pending_writes_end {
    uint32_t items;
};

struct ss_ev_hand_over {
    uint64_t conn_id;
    int32_t fd;
    uint16_t to;
    uint8_t purpose;
    uint32_t length;
};

struct ss_ev_take_over {
    uint64_t conn_id;
    int32_t fd;
    uint8_t purpose;
};

struct ss_ev_write_to_client_start {
    uint64_t conn_id;
    int32_t fd;
};

struct ss_ev_write_to_client_end {
    uint64_t conn_id;
    int32_t fd;
    int32_t nwritten;
    uint64_t write_offset;
    uint32_t left;
};

struct ss_ev_ssl_read {
    uint64_t conn_id;
    int32_t fd;
    uint32_t asked;
    int32_t returned;
    uint32_t pending;
};

struct ss_ev_ssl_write {
    uint64_t conn_id;
    int32_t fd;
    uint32_t asked;
    int32_t returned;
    uint32_t pending;
};

struct ss_ev_add_file_event {
    int32_t fd;
    uint16_t mask;
};

struct ss_ev_delete_file_event {
    int32_t fd;
    uint16_t mask;
};

struct ss_ev_poll_start {
    int32_t timeout_us;
};

struct ss_ev_poll_end {
    uint32_t ready;
};

struct ss_ev_file_event_start {
    int32_t fd;
    uint16_t mask;
};

struct ss_ev_file_event_end {
    int32_t fd;
};

struct ss_ev_time_events_end {
    uint32_t processed;
};

struct ss_ev_cluster_send {
    uint32_t link;
    uint16_t type;
    uint32_t length;
    uint64_t end_offset;
    uint64_t backlog;
};

struct ss_ev_cluster_write {
    uint32_t link;
    int32_t nwritten;
    uint64_t left;
};

struct ss_ev_cluster_read {
    uint32_t link;
    int32_t nread;
};

struct ss_ev_cluster_process_packet {
    uint32_t link;
    uint16_t type;
    uint32_t length;
    uint64_t end_offset;
};

struct ss_ev_broadcast_start {
    uint16_t type;
    uint32_t length;
};

struct ss_ev_broadcast_end {
    uint16_t type;
    uint32_t links;
};

struct ss_ev_publish {
    uint64_t conn_id;
    int32_t fd;
    uint64_t channel;
    uint32_t payload;
    uint32_t receivers;
};

struct ss_ev_deliver {
    uint64_t conn_id;
    int32_t fd;
};

struct ss_ev_aof_write {
    uint64_t duration_ns;
    uint64_t amount;
};

struct ss_ev_aof_fsync {
    uint64_t duration_ns;
    uint64_t amount;
};

struct ss_ev_expire_cycle {
    uint64_t duration_ns;
    uint64_t amount;
};

struct ss_ev_eviction_cycle {
    uint64_t duration_ns;
    uint64_t amount;
};

struct ss_ev_active_defrag {
    uint64_t duration_ns;
    uint64_t amount;
};

struct ss_ev_lazy_free {
    uint64_t duration_ns;
    uint64_t amount;
};

/* X(name) for each event, by the sets that enable it. */
#define SS_EVENTS_EVERY(X) X(server_info) X(server_state) X(thread_info) X(command_table) X(connection_open) X(connection_state) X(connection_close) X(link_open) X(link_close) X(client_blocked) X(client_unblocked) X(call_counted) X(free_client) X(free_client_async) X(client_memory) X(cluster_redirect) X(replication_offset) X(fork_start) X(fork_end) X(rdb_save_start) X(rdb_save_end)
#define SS_EVENTS_CLASSIC(X) X(start_read_client_query) X(read_client_query) X(end_read_client_query) X(command_parsed) X(call_command_start) X(call_command_end) X(end_process_command) X(insert_client_write_queue) X(pending_write_remove) X(pending_read_add) X(pending_read_remove) X(pending_read_done) X(io_thread_run_start) X(io_thread_run_end) X(handle_pending_reads_start) X(handle_pending_reads_end) X(handle_pending_writes_start) X(handle_pending_writes_end) X(hand_over) X(take_over) X(write_to_client_start) X(write_to_client_end) X(ssl_read) X(ssl_write) X(add_file_event) X(delete_file_event) X(poll_start) X(poll_end) X(file_event_start) X(file_event_end) X(time_events_start) X(time_events_end) X(before_sleep_start) X(before_sleep_end) X(after_sleep) X(cluster_send) X(cluster_write) X(cluster_read) X(cluster_process_packet) X(broadcast_start) X(broadcast_end) X(publish) X(deliver) X(aof_write) X(aof_fsync) X(expire_cycle) X(eviction_cycle) X(active_defrag) X(lazy_free)
#endif

#if !defined(SS_REDIS_TP_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define SS_REDIS_TP_H

#include <lttng/tracepoint.h>

/* Who this server is: once when tracing is switched on, and after each change. */
LTTNG_UST_TRACEPOINT_EVENT(redis, server_info,
    LTTNG_UST_TP_ARGS(const struct ss_ev_server_info *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_string(run_id, e->run_id)
        lttng_ust_field_string(node_id, e->node_id)
        lttng_ust_field_string(flavor, e->flavor)
        lttng_ust_field_string(version, e->version)
        lttng_ust_field_integer(uint16_t, port, e->port)
        lttng_ust_field_integer(uint16_t, tls_port, e->tls_port)
        lttng_ust_field_integer(uint16_t, bus_port, e->bus_port)
        lttng_ust_field_integer(uint8_t, cluster_enabled, e->cluster_enabled)
        lttng_ust_field_integer(uint8_t, io_threads, e->io_threads)
        lttng_ust_field_integer(uint8_t, io_threads_do_reads, e->io_threads_do_reads)
    ))

/* Once a second while traced. The last three are the server's own counters. */
LTTNG_UST_TRACEPOINT_EVENT(redis, server_state,
    LTTNG_UST_TP_ARGS(const struct ss_ev_server_state *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, used_memory, e->used_memory)
        lttng_ust_field_integer(uint32_t, connected_clients, e->connected_clients)
        lttng_ust_field_integer(uint32_t, blocked_clients, e->blocked_clients)
        lttng_ust_field_integer(uint32_t, pending_reads, e->pending_reads)
        lttng_ust_field_integer(uint32_t, pending_writes, e->pending_writes)
        lttng_ust_field_integer(uint32_t, clients_to_close, e->clients_to_close)
        lttng_ust_field_integer(uint64_t, repl_backlog, e->repl_backlog)
        lttng_ust_field_integer(uint64_t, commands, e->commands)
        lttng_ust_field_integer(uint64_t, net_input_bytes, e->net_input_bytes)
        lttng_ust_field_integer(uint64_t, net_output_bytes, e->net_output_bytes)
    ))

/* Once per thread: 0 is the main thread, 1.. are io threads, 100.. background threads. */
LTTNG_UST_TRACEPOINT_EVENT(redis, thread_info,
    LTTNG_UST_TP_ARGS(const struct ss_ev_thread_info *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint16_t, thread, e->thread)
        lttng_ust_field_string(role, e->role)
    ))

/* The name behind a command number: once per command when tracing is switched on. Flags: 1 read, 2 write, 4 pubsub, 8 script, 16 admin, 32 blocking. */
LTTNG_UST_TRACEPOINT_EVENT(redis, command_table,
    LTTNG_UST_TP_ARGS(const struct ss_ev_command_table *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint16_t, command, e->command)
        lttng_ust_field_integer(uint32_t, flags, e->flags)
        lttng_ust_field_string(name, e->name)
    ))

/* A connection appears. */
LTTNG_UST_TRACEPOINT_EVENT(redis, connection_open,
    LTTNG_UST_TP_ARGS(const struct ss_ev_connection_open *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, conn_id, e->conn_id)
        lttng_ust_field_integer(int32_t, fd, e->fd)
        lttng_ust_field_integer(uint8_t, kind, e->kind)
        lttng_ust_field_integer(uint8_t, tls, e->tls)
        lttng_ust_field_string(laddr, e->laddr)
        lttng_ust_field_integer(uint16_t, lport, e->lport)
        lttng_ust_field_string(raddr, e->raddr)
        lttng_ust_field_integer(uint16_t, rport, e->rport)
        lttng_ust_field_integer(uint64_t, read_offset, e->read_offset)
        lttng_ust_field_integer(uint64_t, write_offset, e->write_offset)
    ))

/* A connection that was there before tracing was switched on. */
LTTNG_UST_TRACEPOINT_EVENT(redis, connection_state,
    LTTNG_UST_TP_ARGS(const struct ss_ev_connection_state *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, conn_id, e->conn_id)
        lttng_ust_field_integer(int32_t, fd, e->fd)
        lttng_ust_field_integer(uint8_t, kind, e->kind)
        lttng_ust_field_integer(uint8_t, tls, e->tls)
        lttng_ust_field_string(laddr, e->laddr)
        lttng_ust_field_integer(uint16_t, lport, e->lport)
        lttng_ust_field_string(raddr, e->raddr)
        lttng_ust_field_integer(uint16_t, rport, e->rport)
        lttng_ust_field_integer(uint64_t, read_offset, e->read_offset)
        lttng_ust_field_integer(uint64_t, write_offset, e->write_offset)
    ))

/* A connection's socket is closed. Reason: the client's flags. */
LTTNG_UST_TRACEPOINT_EVENT(redis, connection_close,
    LTTNG_UST_TP_ARGS(const struct ss_ev_connection_close *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, conn_id, e->conn_id)
        lttng_ust_field_integer(int32_t, fd, e->fd)
        lttng_ust_field_integer(uint32_t, reason, e->reason)
    ))

/* A cluster-bus link appears, or was there when tracing was switched on, or learns its peer's node id. */
LTTNG_UST_TRACEPOINT_EVENT(redis, link_open,
    LTTNG_UST_TP_ARGS(const struct ss_ev_link_open *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint32_t, link, e->link)
        lttng_ust_field_integer(uint8_t, inbound, e->inbound)
        lttng_ust_field_string(node_id, e->node_id)
        lttng_ust_field_string(laddr, e->laddr)
        lttng_ust_field_integer(uint16_t, lport, e->lport)
        lttng_ust_field_string(raddr, e->raddr)
        lttng_ust_field_integer(uint16_t, rport, e->rport)
        lttng_ust_field_integer(uint64_t, read_offset, e->read_offset)
        lttng_ust_field_integer(uint64_t, write_offset, e->write_offset)
    ))

/* A cluster-bus link is freed. */
LTTNG_UST_TRACEPOINT_EVENT(redis, link_close,
    LTTNG_UST_TP_ARGS(const struct ss_ev_link_close *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint32_t, link, e->link)
    ))

/* BLPOP, WAIT and the like park the client. */
LTTNG_UST_TRACEPOINT_EVENT(redis, client_blocked,
    LTTNG_UST_TP_ARGS(const struct ss_ev_client_blocked *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, conn_id, e->conn_id)
        lttng_ust_field_integer(int32_t, fd, e->fd)
        lttng_ust_field_integer(uint8_t, type, e->type)
    ))

/* The parked client goes on. */
LTTNG_UST_TRACEPOINT_EVENT(redis, client_unblocked,
    LTTNG_UST_TP_ARGS(const struct ss_ev_client_unblocked *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, conn_id, e->conn_id)
        lttng_ust_field_integer(int32_t, fd, e->fd)
        lttng_ust_field_integer(uint8_t, type, e->type)
    ))

/* A parked command is over without being executed again (Redis 8, Valkey): INFO commandstats counts it now. */
LTTNG_UST_TRACEPOINT_EVENT(redis, call_counted,
    LTTNG_UST_TP_ARGS(const struct ss_ev_call_counted *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, conn_id, e->conn_id)
        lttng_ust_field_integer(int32_t, fd, e->fd)
        lttng_ust_field_integer(uint16_t, command, e->command)
    ))

/* A client's resources are freed. */
LTTNG_UST_TRACEPOINT_EVENT(redis, free_client,
    LTTNG_UST_TP_ARGS(const struct ss_ev_free_client *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, conn_id, e->conn_id)
        lttng_ust_field_integer(int32_t, fd, e->fd)
        lttng_ust_field_integer(uint64_t, flags, e->flags)
    ))

/* A client is put on the list of clients to close. */
LTTNG_UST_TRACEPOINT_EVENT(redis, free_client_async,
    LTTNG_UST_TP_ARGS(const struct ss_ev_free_client_async *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, conn_id, e->conn_id)
        lttng_ust_field_integer(int32_t, fd, e->fd)
        lttng_ust_field_integer(uint64_t, flags, e->flags)
    ))

/* What a client holds, looked at once a second, told when it changed: bytes read and not yet executed, memory of queued replies (beyond a fixed buffer), and all it takes. CLIENT LIST: qbuf, omem, tot-mem. */
LTTNG_UST_TRACEPOINT_EVENT(redis, client_memory,
    LTTNG_UST_TP_ARGS(const struct ss_ev_client_memory *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, conn_id, e->conn_id)
        lttng_ust_field_integer(int32_t, fd, e->fd)
        lttng_ust_field_integer(uint64_t, query_buffer, e->query_buffer)
        lttng_ust_field_integer(uint64_t, output_buffer, e->output_buffer)
        lttng_ust_field_integer(uint64_t, memory, e->memory)
    ))

/* A command is sent elsewhere. Kind: 1 MOVED, 2 ASK, 3 other refusal. */
LTTNG_UST_TRACEPOINT_EVENT(redis, cluster_redirect,
    LTTNG_UST_TP_ARGS(const struct ss_ev_cluster_redirect *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, conn_id, e->conn_id)
        lttng_ust_field_integer(int32_t, fd, e->fd)
        lttng_ust_field_integer(uint16_t, slot, e->slot)
        lttng_ust_field_integer(uint8_t, kind, e->kind)
        lttng_ust_field_string(target, e->target)
        lttng_ust_field_integer(uint16_t, command, e->command)
    ))

/* Before the first write to a replica, and the first read from a master, while traced: bytes of the replication history that went over the connection so far, counted as both servers count them (INFO: master_repl_offset). */
LTTNG_UST_TRACEPOINT_EVENT(redis, replication_offset,
    LTTNG_UST_TP_ARGS(const struct ss_ev_replication_offset *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, conn_id, e->conn_id)
        lttng_ust_field_integer(int32_t, fd, e->fd)
        lttng_ust_field_integer(uint64_t, offset, e->offset)
    ))

/* fork() is called. Purpose: 1 rdb, 2 aof, 3 script debugger, 4 module. */
LTTNG_UST_TRACEPOINT_EVENT(redis, fork_start,
    LTTNG_UST_TP_ARGS(const struct ss_ev_fork_start *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint8_t, purpose, e->purpose)
    ))

/* fork() returned in the parent. */
LTTNG_UST_TRACEPOINT_EVENT(redis, fork_end,
    LTTNG_UST_TP_ARGS(const struct ss_ev_fork_end *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint8_t, purpose, e->purpose)
        lttng_ust_field_integer(int32_t, child_pid, e->child_pid)
        lttng_ust_field_integer(uint64_t, duration_ns, e->duration_ns)
    ))

/* An RDB save begins in this process. */
LTTNG_UST_TRACEPOINT_EVENT(redis, rdb_save_start,
    LTTNG_UST_TP_ARGS(const struct ss_ev_rdb_save_start *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint8_t, background, e->background)
    ))

/* It ended. */
LTTNG_UST_TRACEPOINT_EVENT(redis, rdb_save_end,
    LTTNG_UST_TP_ARGS(const struct ss_ev_rdb_save_end *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint8_t, background, e->background)
        lttng_ust_field_integer(int32_t, result, e->result)
    ))

/* Batch of records, `light` set. `settled_ticks`, in the main thread's batches: up to here, every thread's records have been sent. */
LTTNG_UST_TRACEPOINT_EVENT(redis, commands,
    LTTNG_UST_TP_ARGS(const struct ss_ev_commands *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint16_t, thread, e->thread)
        lttng_ust_field_integer(uint64_t, base_ticks, e->base_ticks)
        lttng_ust_field_integer(uint64_t, base_ns, e->base_ns)
        lttng_ust_field_integer(uint64_t, end_ticks, e->end_ticks)
        lttng_ust_field_integer(uint64_t, end_ns, e->end_ns)
        lttng_ust_field_integer(uint64_t, settled_ticks, e->settled_ticks)
        lttng_ust_field_sequence(uint32_t, words, e->words, uint32_t, e->words_length)
    ))

/* Batch of records, `full` set; as `commands`. */
LTTNG_UST_TRACEPOINT_EVENT(redis, steps,
    LTTNG_UST_TP_ARGS(const struct ss_ev_steps *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint16_t, thread, e->thread)
        lttng_ust_field_integer(uint64_t, base_ticks, e->base_ticks)
        lttng_ust_field_integer(uint64_t, base_ns, e->base_ns)
        lttng_ust_field_integer(uint64_t, end_ticks, e->end_ticks)
        lttng_ust_field_integer(uint64_t, end_ns, e->end_ns)
        lttng_ust_field_integer(uint64_t, settled_ticks, e->settled_ticks)
        lttng_ust_field_sequence(uint32_t, words, e->words, uint32_t, e->words_length)
    ))

/* Reading a request from the socket begins, on the thread that reads. */
LTTNG_UST_TRACEPOINT_EVENT(redis, start_read_client_query,
    LTTNG_UST_TP_ARGS(const struct ss_ev_start_read_client_query *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, conn_id, e->conn_id)
        lttng_ust_field_integer(int32_t, fd, e->fd)
    ))

/* The socket read returned. */
LTTNG_UST_TRACEPOINT_EVENT(redis, read_client_query,
    LTTNG_UST_TP_ARGS(const struct ss_ev_read_client_query *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, conn_id, e->conn_id)
        lttng_ust_field_integer(int32_t, fd, e->fd)
        lttng_ust_field_integer(int32_t, nread, e->nread)
    ))

/* Reading, and on the main thread executing what was read, ended. */
LTTNG_UST_TRACEPOINT_EVENT(redis, end_read_client_query,
    LTTNG_UST_TP_ARGS(const struct ss_ev_end_read_client_query *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, conn_id, e->conn_id)
        lttng_ust_field_integer(int32_t, fd, e->fd)
        lttng_ust_field_integer(int32_t, nread, e->nread)
        lttng_ust_field_integer(uint32_t, query_buffer, e->query_buffer)
        lttng_ust_field_integer(uint64_t, memory, e->memory)
    ))

/* A whole request has been parsed: it was bytes [start, end) of the request stream. */
LTTNG_UST_TRACEPOINT_EVENT(redis, command_parsed,
    LTTNG_UST_TP_ARGS(const struct ss_ev_command_parsed *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, conn_id, e->conn_id)
        lttng_ust_field_integer(int32_t, fd, e->fd)
        lttng_ust_field_integer(uint32_t, argc, e->argc)
        lttng_ust_field_integer(uint64_t, start_offset, e->start_offset)
        lttng_ust_field_integer(uint64_t, end_offset, e->end_offset)
    ))

/* Execution begins. Nested for scripts, transactions, modules. */
LTTNG_UST_TRACEPOINT_EVENT(redis, call_command_start,
    LTTNG_UST_TP_ARGS(const struct ss_ev_call_command_start *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, conn_id, e->conn_id)
        lttng_ust_field_integer(int32_t, fd, e->fd)
        lttng_ust_field_string(name, e->name)
        lttng_ust_field_integer(uint32_t, argc, e->argc)
        lttng_ust_field_integer(uint32_t, flags, e->flags)
        lttng_ust_field_integer(uint8_t, nesting, e->nesting)
        lttng_ust_field_integer(uint16_t, db, e->db)
    ))

/* Execution ended. Counted: INFO commandstats counts it as a call. */
LTTNG_UST_TRACEPOINT_EVENT(redis, call_command_end,
    LTTNG_UST_TP_ARGS(const struct ss_ev_call_command_end *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, conn_id, e->conn_id)
        lttng_ust_field_integer(int32_t, fd, e->fd)
        lttng_ust_field_string(name, e->name)
        lttng_ust_field_integer(uint64_t, duration_ns, e->duration_ns)
        lttng_ust_field_integer(uint32_t, reply_bytes, e->reply_bytes)
        lttng_ust_field_integer(uint8_t, error, e->error)
        lttng_ust_field_integer(uint8_t, nesting, e->nesting)
        lttng_ust_field_integer(uint8_t, counted, e->counted)
    ))

/* The command is done with, or parked. */
LTTNG_UST_TRACEPOINT_EVENT(redis, end_process_command,
    LTTNG_UST_TP_ARGS(const struct ss_ev_end_process_command *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, conn_id, e->conn_id)
        lttng_ust_field_integer(int32_t, fd, e->fd)
    ))

/* The client is put on the list of pending writes. */
LTTNG_UST_TRACEPOINT_EVENT(redis, insert_client_write_queue,
    LTTNG_UST_TP_ARGS(const struct ss_ev_insert_client_write_queue *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, conn_id, e->conn_id)
        lttng_ust_field_integer(int32_t, fd, e->fd)
        lttng_ust_field_integer(uint32_t, length, e->length)
    ))

/* Taken off that list, onto io thread list `list`. */
LTTNG_UST_TRACEPOINT_EVENT(redis, pending_write_remove,
    LTTNG_UST_TP_ARGS(const struct ss_ev_pending_write_remove *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, conn_id, e->conn_id)
        lttng_ust_field_integer(int32_t, fd, e->fd)
        lttng_ust_field_integer(uint32_t, length, e->length)
        lttng_ust_field_integer(uint16_t, list, e->list)
    ))

/* The client is put on the list of pending reads (io threads). */
LTTNG_UST_TRACEPOINT_EVENT(redis, pending_read_add,
    LTTNG_UST_TP_ARGS(const struct ss_ev_pending_read_add *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, conn_id, e->conn_id)
        lttng_ust_field_integer(int32_t, fd, e->fd)
        lttng_ust_field_integer(uint32_t, length, e->length)
    ))

/* Taken off that list, onto io thread list `list`. */
LTTNG_UST_TRACEPOINT_EVENT(redis, pending_read_remove,
    LTTNG_UST_TP_ARGS(const struct ss_ev_pending_read_remove *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, conn_id, e->conn_id)
        lttng_ust_field_integer(int32_t, fd, e->fd)
        lttng_ust_field_integer(uint32_t, length, e->length)
        lttng_ust_field_integer(uint16_t, list, e->list)
    ))

/* The threads are done with the list of pending reads, and the main thread goes on with this entry of it. It follows the client's free_client where the client was on the list twice. */
LTTNG_UST_TRACEPOINT_EVENT(redis, pending_read_done,
    LTTNG_UST_TP_ARGS(const struct ss_ev_pending_read_done *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, conn_id, e->conn_id)
        lttng_ust_field_integer(int32_t, fd, e->fd)
    ))

/* A thread starts on its io list. Operation: 0 read, 1 write. */
LTTNG_UST_TRACEPOINT_EVENT(redis, io_thread_run_start,
    LTTNG_UST_TP_ARGS(const struct ss_ev_io_thread_run_start *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint16_t, thread, e->thread)
        lttng_ust_field_integer(uint8_t, operation, e->operation)
        lttng_ust_field_integer(uint32_t, items, e->items)
    ))

/* It is done. */
LTTNG_UST_TRACEPOINT_EVENT(redis, io_thread_run_end,
    LTTNG_UST_TP_ARGS(const struct ss_ev_io_thread_run_end *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint16_t, thread, e->thread)
        lttng_ust_field_integer(uint8_t, operation, e->operation)
        lttng_ust_field_integer(uint32_t, items, e->items)
    ))

/* handleClientsWithPendingReadsUsingThreads begins with work to do. */
LTTNG_UST_TRACEPOINT_EVENT(redis, handle_pending_reads_start,
    LTTNG_UST_TP_ARGS(const struct ss_ev_handle_pending_reads_start *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint32_t, items, e->items)
    ))

/* It ended. */
LTTNG_UST_TRACEPOINT_EVENT(redis, handle_pending_reads_end,
    LTTNG_UST_TP_ARGS(const struct ss_ev_handle_pending_reads_end *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint32_t, items, e->items)
    ))

/* handleClientsWithPendingWrites begins with work to do. */
LTTNG_UST_TRACEPOINT_EVENT(redis, handle_pending_writes_start,
    LTTNG_UST_TP_ARGS(const struct ss_ev_handle_pending_writes_start *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint32_t, items, e->items)
    ))

/* It ended. */
LTTNG_UST_TRACEPOINT_EVENT(redis, handle_pending_writes_end,
    LTTNG_UST_TP_ARGS(const struct ss_ev_handle_pending_writes_end *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint32_t, items, e->items)
    ))

/* Redis 8, Valkey 8 and later: the client is put on the queue of thread `to` (0 the main thread, 65535 the queue that all io threads share), now `length` long where that is known. Purpose: 0 to read from it, 1 to write to it, 2 to execute what was read, or to free it, 3 to look after it. */
LTTNG_UST_TRACEPOINT_EVENT(redis, hand_over,
    LTTNG_UST_TP_ARGS(const struct ss_ev_hand_over *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, conn_id, e->conn_id)
        lttng_ust_field_integer(int32_t, fd, e->fd)
        lttng_ust_field_integer(uint16_t, to, e->to)
        lttng_ust_field_integer(uint8_t, purpose, e->purpose)
        lttng_ust_field_integer(uint32_t, length, e->length)
    ))

/* The thread took the client from its queue. */
LTTNG_UST_TRACEPOINT_EVENT(redis, take_over,
    LTTNG_UST_TP_ARGS(const struct ss_ev_take_over *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, conn_id, e->conn_id)
        lttng_ust_field_integer(int32_t, fd, e->fd)
        lttng_ust_field_integer(uint8_t, purpose, e->purpose)
    ))

/* Writing a reply to the socket begins. */
LTTNG_UST_TRACEPOINT_EVENT(redis, write_to_client_start,
    LTTNG_UST_TP_ARGS(const struct ss_ev_write_to_client_start *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, conn_id, e->conn_id)
        lttng_ust_field_integer(int32_t, fd, e->fd)
    ))

/* It ended; `left` bytes are still queued, or 1 where some are and the thread cannot tell how many. */
LTTNG_UST_TRACEPOINT_EVENT(redis, write_to_client_end,
    LTTNG_UST_TP_ARGS(const struct ss_ev_write_to_client_end *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, conn_id, e->conn_id)
        lttng_ust_field_integer(int32_t, fd, e->fd)
        lttng_ust_field_integer(int32_t, nwritten, e->nwritten)
        lttng_ust_field_integer(uint64_t, write_offset, e->write_offset)
        lttng_ust_field_integer(uint32_t, left, e->left)
    ))

/* SSL_read returned; `pending` plaintext bytes are left inside OpenSSL. */
LTTNG_UST_TRACEPOINT_EVENT(redis, ssl_read,
    LTTNG_UST_TP_ARGS(const struct ss_ev_ssl_read *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, conn_id, e->conn_id)
        lttng_ust_field_integer(int32_t, fd, e->fd)
        lttng_ust_field_integer(uint32_t, asked, e->asked)
        lttng_ust_field_integer(int32_t, returned, e->returned)
        lttng_ust_field_integer(uint32_t, pending, e->pending)
    ))

/* SSL_write returned. */
LTTNG_UST_TRACEPOINT_EVENT(redis, ssl_write,
    LTTNG_UST_TP_ARGS(const struct ss_ev_ssl_write *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, conn_id, e->conn_id)
        lttng_ust_field_integer(int32_t, fd, e->fd)
        lttng_ust_field_integer(uint32_t, asked, e->asked)
        lttng_ust_field_integer(int32_t, returned, e->returned)
        lttng_ust_field_integer(uint32_t, pending, e->pending)
    ))

/* A descriptor is registered with the event loop. */
LTTNG_UST_TRACEPOINT_EVENT(redis, add_file_event,
    LTTNG_UST_TP_ARGS(const struct ss_ev_add_file_event *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(int32_t, fd, e->fd)
        lttng_ust_field_integer(uint16_t, mask, e->mask)
    ))

/* It is unregistered. */
LTTNG_UST_TRACEPOINT_EVENT(redis, delete_file_event,
    LTTNG_UST_TP_ARGS(const struct ss_ev_delete_file_event *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(int32_t, fd, e->fd)
        lttng_ust_field_integer(uint16_t, mask, e->mask)
    ))

/* epoll_wait begins. */
LTTNG_UST_TRACEPOINT_EVENT(redis, poll_start,
    LTTNG_UST_TP_ARGS(const struct ss_ev_poll_start *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(int32_t, timeout_us, e->timeout_us)
    ))

/* It returned with this many events. */
LTTNG_UST_TRACEPOINT_EVENT(redis, poll_end,
    LTTNG_UST_TP_ARGS(const struct ss_ev_poll_end *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint32_t, ready, e->ready)
    ))

/* A ready descriptor's handler begins. */
LTTNG_UST_TRACEPOINT_EVENT(redis, file_event_start,
    LTTNG_UST_TP_ARGS(const struct ss_ev_file_event_start *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(int32_t, fd, e->fd)
        lttng_ust_field_integer(uint16_t, mask, e->mask)
    ))

/* It ended. */
LTTNG_UST_TRACEPOINT_EVENT(redis, file_event_end,
    LTTNG_UST_TP_ARGS(const struct ss_ev_file_event_end *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(int32_t, fd, e->fd)
    ))

/* Timers begin. */
LTTNG_UST_TRACEPOINT_EVENT(redis, time_events_start,
    LTTNG_UST_TP_ARGS(),
    LTTNG_UST_TP_FIELDS())

/* They ended. */
LTTNG_UST_TRACEPOINT_EVENT(redis, time_events_end,
    LTTNG_UST_TP_ARGS(const struct ss_ev_time_events_end *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint32_t, processed, e->processed)
    ))

/* The event loop's work before polling begins. */
LTTNG_UST_TRACEPOINT_EVENT(redis, before_sleep_start,
    LTTNG_UST_TP_ARGS(),
    LTTNG_UST_TP_FIELDS())

/* It ended. */
LTTNG_UST_TRACEPOINT_EVENT(redis, before_sleep_end,
    LTTNG_UST_TP_ARGS(),
    LTTNG_UST_TP_FIELDS())

/* Right after polling. */
LTTNG_UST_TRACEPOINT_EVENT(redis, after_sleep,
    LTTNG_UST_TP_ARGS(),
    LTTNG_UST_TP_FIELDS())

/* A message is queued on a bus link; it ends at this offset of the link's send stream. */
LTTNG_UST_TRACEPOINT_EVENT(redis, cluster_send,
    LTTNG_UST_TP_ARGS(const struct ss_ev_cluster_send *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint32_t, link, e->link)
        lttng_ust_field_integer(uint16_t, type, e->type)
        lttng_ust_field_integer(uint32_t, length, e->length)
        lttng_ust_field_integer(uint64_t, end_offset, e->end_offset)
        lttng_ust_field_integer(uint64_t, backlog, e->backlog)
    ))

/* Bytes of the link's send stream were written to its socket. */
LTTNG_UST_TRACEPOINT_EVENT(redis, cluster_write,
    LTTNG_UST_TP_ARGS(const struct ss_ev_cluster_write *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint32_t, link, e->link)
        lttng_ust_field_integer(int32_t, nwritten, e->nwritten)
        lttng_ust_field_integer(uint64_t, left, e->left)
    ))

/* Bytes were read from a bus link. */
LTTNG_UST_TRACEPOINT_EVENT(redis, cluster_read,
    LTTNG_UST_TP_ARGS(const struct ss_ev_cluster_read *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint32_t, link, e->link)
        lttng_ust_field_integer(int32_t, nread, e->nread)
    ))

/* A whole bus message was received; it ended at this offset of the link's receive stream. */
LTTNG_UST_TRACEPOINT_EVENT(redis, cluster_process_packet,
    LTTNG_UST_TP_ARGS(const struct ss_ev_cluster_process_packet *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint32_t, link, e->link)
        lttng_ust_field_integer(uint16_t, type, e->type)
        lttng_ust_field_integer(uint32_t, length, e->length)
        lttng_ust_field_integer(uint64_t, end_offset, e->end_offset)
    ))

/* A message to every node begins. */
LTTNG_UST_TRACEPOINT_EVENT(redis, broadcast_start,
    LTTNG_UST_TP_ARGS(const struct ss_ev_broadcast_start *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint16_t, type, e->type)
        lttng_ust_field_integer(uint32_t, length, e->length)
    ))

/* It was queued on this many links. */
LTTNG_UST_TRACEPOINT_EVENT(redis, broadcast_end,
    LTTNG_UST_TP_ARGS(const struct ss_ev_broadcast_end *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint16_t, type, e->type)
        lttng_ust_field_integer(uint32_t, links, e->links)
    ))

/* PUBLISH reached this many local subscribers. */
LTTNG_UST_TRACEPOINT_EVENT(redis, publish,
    LTTNG_UST_TP_ARGS(const struct ss_ev_publish *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, conn_id, e->conn_id)
        lttng_ust_field_integer(int32_t, fd, e->fd)
        lttng_ust_field_integer_hex(uint64_t, channel, e->channel)
        lttng_ust_field_integer(uint32_t, payload, e->payload)
        lttng_ust_field_integer(uint32_t, receivers, e->receivers)
    ))

/* A published message was put into this subscriber's output: for the PUBLISH being executed, or the bus message being processed. */
LTTNG_UST_TRACEPOINT_EVENT(redis, deliver,
    LTTNG_UST_TP_ARGS(const struct ss_ev_deliver *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, conn_id, e->conn_id)
        lttng_ust_field_integer(int32_t, fd, e->fd)
    ))

/* The append-only file was written; amount in bytes. */
LTTNG_UST_TRACEPOINT_EVENT(redis, aof_write,
    LTTNG_UST_TP_ARGS(const struct ss_ev_aof_write *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, duration_ns, e->duration_ns)
        lttng_ust_field_integer(uint64_t, amount, e->amount)
    ))

/* It was synced in the main thread. */
LTTNG_UST_TRACEPOINT_EVENT(redis, aof_fsync,
    LTTNG_UST_TP_ARGS(const struct ss_ev_aof_fsync *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, duration_ns, e->duration_ns)
        lttng_ust_field_integer(uint64_t, amount, e->amount)
    ))

/* Expired keys were looked for; amount: keys removed. */
LTTNG_UST_TRACEPOINT_EVENT(redis, expire_cycle,
    LTTNG_UST_TP_ARGS(const struct ss_ev_expire_cycle *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, duration_ns, e->duration_ns)
        lttng_ust_field_integer(uint64_t, amount, e->amount)
    ))

/* Keys were evicted; amount: keys. */
LTTNG_UST_TRACEPOINT_EVENT(redis, eviction_cycle,
    LTTNG_UST_TP_ARGS(const struct ss_ev_eviction_cycle *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, duration_ns, e->duration_ns)
        lttng_ust_field_integer(uint64_t, amount, e->amount)
    ))

/* Memory was defragmented. */
LTTNG_UST_TRACEPOINT_EVENT(redis, active_defrag,
    LTTNG_UST_TP_ARGS(const struct ss_ev_active_defrag *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, duration_ns, e->duration_ns)
        lttng_ust_field_integer(uint64_t, amount, e->amount)
    ))

/* A background thread freed objects. */
LTTNG_UST_TRACEPOINT_EVENT(redis, lazy_free,
    LTTNG_UST_TP_ARGS(const struct ss_ev_lazy_free *, e),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint64_t, duration_ns, e->duration_ns)
        lttng_ust_field_integer(uint64_t, amount, e->amount)
    ))

#endif

#include <lttng/tracepoint-event.h>
