/* Storescope's probes: what the semantic patches put into the store's source.
 *
 * A probe is a macro. While nothing records it costs one load of `ss_mask` and one branch; everything else is out of line, in storescope.c. A probe that has
 * an end declares a small struct with a cleanup function, so that every way out of the function emits the end. Whether a scope emits its end was decided
 * at its start: starts and ends always come in pairs, also when recording is switched while one is open.
 *
 * Nothing here allocates, locks, or can fail towards the store. Stream offsets (struct ss_stream, struct ss_link) are counted whether or not anything
 * records, since a recording may begin at any time.
 *
 * The macros know fields that all supported stores have under the same name; where they differ, the function behind the macro asks store.h.
 *
 * Included by server.h, before the client's definition, and by ae.c. The server links storescope.o; redis-cli and redis-benchmark, which share ae.o
 * with it, link storescope_none.o, whose probes do nothing. */
#ifndef STORESCOPE_H
#define STORESCOPE_H

#include <stddef.h>
#include <stdint.h>

struct client;
struct connection;
struct clusterLink;
struct ss_command; /* the store's command struct, whatever its name is: never dereferenced under this one */
struct timeval;

/* What is recorded now, as bits; 0 when nothing is. Written by the main thread between two polls. */
#define SS_LIGHT 1u
#define SS_FULL 2u
#define SS_CLASSIC 4u
#define SS_RARE 8u
extern unsigned ss_mask;

#define SS_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define SS_MASK() __atomic_load_n(&ss_mask, __ATOMIC_RELAXED)
#define SS_ON() SS_UNLIKELY(SS_MASK())
/* For probes that `light` has no record of: it pays no more for them than a server at rest. */
#define SS_ON_STEPS() SS_UNLIKELY(SS_MASK() & (SS_FULL | SS_CLASSIC))

/* Plaintext bytes of a client's connection since it was opened. */
struct ss_stream {
    uint64_t id;     /* the client's, for probes that may see it after it was freed: allocators write over the first words of what is freed */
    uint64_t in;     /* read from it */
    uint64_t out;    /* written to it by writeToClient */
    uint64_t parsed; /* end of the latest request taken up for processing */
    uint64_t ahead;  /* Valkey parses a pipeline ahead: end of the request in argv, where the parser left it */
    uint64_t called; /* end of the latest request that was executed; kept while `light` records */
    struct {
        uint32_t introduction; /* in which the rest was told of */
        uint64_t query_buffer, output_buffer, memory;
    } told;
    uint32_t replicating; /* introduction in which replication_offset was told */
};

/* The same of a cluster-bus link. */
struct ss_link {
    uint32_t id; /* never reused */
    uint64_t in;
    uint64_t queued;
    uint64_t written;
};

/* ---- Client I/O ---- */

struct ss_read_scope {
    unsigned on; /* ss_mask at the start; 0: emit nothing */
    int fd;
    uint64_t id;
    uint64_t start; /* ticks */
    uint64_t memory;
    uint32_t query_buffer;
    int nread;
};
void ss_read_start(struct ss_read_scope *scope, const struct client *c);
void ss_read_done(struct ss_read_scope *scope, const struct client *c, int nread);
void ss_read_buffer(struct ss_read_scope *scope, const struct client *c);
void ss_read_end(const struct ss_read_scope *scope);
static inline void ss_read_cleanup(struct ss_read_scope *scope) {
    if (SS_UNLIKELY(scope->on & (SS_FULL | SS_CLASSIC))) ss_read_end(scope);
}
#define SS_READ(c) \
    struct ss_read_scope ss_read __attribute__((cleanup(ss_read_cleanup))); \
    ss_read.on = 0; \
    if (SS_ON()) ss_read_start(&ss_read, c)
/* Where the client is handed to another thread before the function's end. */
#define SS_READ_CLOSE() do { ss_read_cleanup(&ss_read); ss_read.on = 0; } while (0)
#define SS_READ_DONE(c, n) do { \
    if ((n) > 0) (c)->ss.in += (uint64_t)(n); \
    if (SS_UNLIKELY(ss_read.on)) ss_read_done(&ss_read, c, (int)(n)); \
} while (0)
/* At the function's common end; c is NULL when the client was freed on the way. */
#define SS_READ_BUFFER(c) do { if (SS_UNLIKELY(ss_read.on & (SS_FULL | SS_CLASSIC)) && (c)) ss_read_buffer(&ss_read, c); } while (0)

void ss_parsed(const struct client *c, uint64_t start);
/* Offset of the first byte that is not parsed yet. */
#define SS_UNPARSED(c) ((c)->ss.in - (sdslen((c)->querybuf) - (c)->qb_pos))
/* Kept at all times: when recording begins, an io thread may be at work on the query buffer that would tell. */
#define SS_PARSED_TO(c, end) do { \
    uint64_t ss_start = (c)->ss.parsed; \
    (c)->ss.parsed = (end); \
    if (SS_ON_STEPS()) ss_parsed(c, ss_start); \
} while (0)
#define SS_PARSED(c) SS_PARSED_TO(c, SS_UNPARSED(c))
/* For parsing ahead. A command that was parked and goes on has been told of before. */
#define SS_PARSED_AHEAD(c) do { if ((c)->ss.parsed != (c)->ss.ahead) SS_PARSED_TO(c, (c)->ss.ahead); } while (0)

struct ss_write_scope {
    unsigned on;
    const struct client *client; /* Weak; writeToClient frees only later */
    uint64_t start;
    uint64_t nwritten;
};
void ss_write_start(struct ss_write_scope *scope, const struct client *c);
void ss_write_end(const struct ss_write_scope *scope);
static inline void ss_write_cleanup(struct ss_write_scope *scope) {
    if (SS_UNLIKELY(scope->on)) ss_write_end(scope);
}
#define SS_WRITE(c) \
    struct ss_write_scope ss_write __attribute__((cleanup(ss_write_cleanup))); \
    ss_write.on = 0; \
    if (SS_ON()) ss_write_start(&ss_write, c)
#define SS_WRITE_CLOSE() do { ss_write_cleanup(&ss_write); ss_write.on = 0; } while (0)
#define SS_WRITTEN(c, total) do { \
    uint64_t ss_written = (total) > 0 ? (uint64_t)(total) : 0; \
    (c)->ss.out += ss_written; \
    ss_write.nwritten = ss_written; \
} while (0)

/* `list` of a client that is taken off without going onto an io thread's list. */
#define SS_NO_LIST 65535
void ss_write_queue_add(const struct client *c, size_t length);
void ss_write_queue_remove(const struct client *c, int list, size_t length);
void ss_read_queue_add(const struct client *c, size_t length);
void ss_read_queue_remove(const struct client *c, int list, size_t length);
void ss_read_queue_done(const struct client *c);
void ss_deliver(const struct client *c);
#define SS_WRITE_QUEUE_ADD(c, length) do { if (SS_ON_STEPS()) ss_write_queue_add(c, length); } while (0)
#define SS_WRITE_QUEUE_REMOVE(c, list, length) do { if (SS_ON_STEPS()) ss_write_queue_remove(c, list, length); } while (0)
#define SS_READ_QUEUE_ADD(c, length) do { if (SS_ON()) ss_read_queue_add(c, length); } while (0)
#define SS_READ_QUEUE_REMOVE(c, list, length) do { if (SS_ON()) ss_read_queue_remove(c, list, length); } while (0)
#define SS_READ_QUEUE_DONE(c) do { if (SS_ON_STEPS()) ss_read_queue_done(c); } while (0)

/* Redis 8 and Valkey 8 hand a whole client over to another thread, through its queue: `to` is that thread's number, 0 the main thread's. */
#define SS_ANY_THREAD 65535 /* the queue is shared by all io threads */
#define SS_TO_READ 0
#define SS_TO_WRITE 1
#define SS_TO_EXECUTE 2 /* or to free */
#define SS_TO_KEEP 3    /* nothing to do yet */
void ss_hand_over(const struct client *c, unsigned to, unsigned purpose, size_t length);
void ss_take_over(const struct client *c, unsigned purpose);
/* In `light` too it is told when a client is queued for a read: when its request arrived is not known otherwise. */
#define SS_HAND_OVER(c, to, purpose, length) do { if ((purpose) == SS_TO_READ ? SS_ON() : SS_ON_STEPS()) ss_hand_over(c, (unsigned)(to), purpose, length); } while (0)
#define SS_TAKE_OVER(c, purpose) do { if (SS_ON_STEPS()) ss_take_over(c, purpose); } while (0)

void ss_connection_open(const struct client *c);
void ss_connection_close(const struct client *c);
void ss_free_client(const struct client *c);
void ss_free_client_async(const struct client *c);
void ss_client_memory(struct client *c);
#define SS_CLIENT_INIT(c) do { (c)->ss = (struct ss_stream){ .id = (c)->id }; } while (0)
#define SS_CONNECTION_OPEN(c) do { if (SS_ON()) ss_connection_open(c); } while (0)
#define SS_CONNECTION_CLOSE(c) do { if (SS_ON()) ss_connection_close(c); } while (0)
#define SS_FREE_CLIENT(c) do { if (SS_ON()) ss_free_client(c); } while (0)
#define SS_FREE_CLIENT_ASYNC(c) do { if (SS_ON()) ss_free_client_async(c); } while (0)
#define SS_CLIENT_MEMORY(c) do { if (SS_ON()) ss_client_memory(c); } while (0)

/* ---- Commands ---- */

struct ss_call_scope {
    unsigned on;
    unsigned counted;
    const struct client *client; /* Weak: call() uses it to its end */
    const struct ss_command *command; /* Weak: commands live as long as the server */
    uint64_t start;              /* ticks */
    uint64_t start_ns;           /* `classic` only */
    uint64_t reply;              /* bytes queued for the client before */
    long long failed;            /* the command's failed calls before */
};
void ss_call_start(struct ss_call_scope *scope, const struct client *c, const void *command);
void ss_call_end(const struct ss_call_scope *scope);
static inline void ss_call_cleanup(struct ss_call_scope *scope) {
    if (SS_UNLIKELY(scope->on)) ss_call_end(scope);
}
#define SS_CALL(c, command) \
    struct ss_call_scope ss_call __attribute__((cleanup(ss_call_cleanup))); \
    ss_call.on = 0; \
    if (SS_ON()) ss_call_start(&ss_call, c, command)
#define SS_CALL_COUNTED() do { ss_call.counted = 1; } while (0)

void ss_process_end(const struct client *c);
void ss_not_called(struct client *c);
void ss_blocked(const struct client *c, int type);
void ss_unblocked(const struct client *c);
void ss_redirect(const struct client *c, int slot, int kind, const void *node);
void ss_publish(const void *channel, const void *message, int receivers); /* of strings, as the store's objects */
/* In `light`, whose calls say what was parsed, only a request that was never executed (queued, redirected, refused) needs a word. */
#define SS_PROCESS_END(c) do { \
    if (SS_ON_STEPS()) ss_process_end(c); \
    else if (SS_ON() && (c)->ss.called != (c)->ss.parsed) ss_not_called(c); \
} while (0)
/* A parked command that ends without being executed again. */
void ss_call_counted(const struct client *c);
#define SS_UNBLOCKED_COUNTED(c) do { if (SS_ON()) ss_call_counted(c); } while (0)
#define SS_BLOCKED(c, type) do { if (SS_ON()) ss_blocked(c, type); } while (0)
#define SS_UNBLOCKED(c) do { if (SS_ON()) ss_unblocked(c); } while (0)
#define SS_REDIRECT(c, slot, kind, node) do { if (SS_ON()) ss_redirect(c, slot, kind, node); } while (0)
#define SS_DELIVER(c) do { if (SS_ON_STEPS()) ss_deliver(c); } while (0)
#define SS_PUBLISH(channel, message, receivers) do { if (SS_ON()) ss_publish(channel, message, receivers); } while (0)

/* ---- Event loop ---- */

/* Around the poll of any thread's loop, whether or not something records: the main thread looks here whether recording was switched. */
void ss_poll_start(const struct timeval *timeout);
void ss_poll_end(int ready);
#define SS_POLL_START(timeout) ss_poll_start(timeout)
#define SS_POLL_END(ready) ss_poll_end(ready)
/* Around a look at what another thread's poll has found. */
void ss_look_end(int found);
#define SS_LOOK_START() ss_poll_start(&(const struct timeval){0})
#define SS_LOOK_END(found) ss_look_end(found)

void ss_file_event_start(int fd, int mask);
void ss_file_event_end(int fd);
void ss_time_events_start(void);
void ss_time_events_end(int processed);
void ss_add_file_event(int fd, int mask);
void ss_delete_file_event(int fd, int mask);
#define SS_FILE_EVENT_START(fd, mask) unsigned ss_file_event = SS_ON_STEPS(); if (SS_UNLIKELY(ss_file_event)) ss_file_event_start(fd, mask)
#define SS_FILE_EVENT_END(fd) do { if (SS_UNLIKELY(ss_file_event)) ss_file_event_end(fd); } while (0)
#define SS_TIME_EVENTS_START() unsigned ss_time_events = SS_ON_STEPS(); if (SS_UNLIKELY(ss_time_events)) ss_time_events_start()
#define SS_TIME_EVENTS_END(processed) do { if (SS_UNLIKELY(ss_time_events)) ss_time_events_end(processed); } while (0)
#define SS_ADD_FILE_EVENT(fd, mask) do { if (SS_ON_STEPS()) ss_add_file_event(fd, mask); } while (0)
#define SS_DELETE_FILE_EVENT(fd, mask) do { if (SS_ON_STEPS()) ss_delete_file_event(fd, mask); } while (0)

void ss_before_sleep_start(void);
void ss_before_sleep_end(void);
void ss_after_sleep(void);
static inline void ss_before_sleep_cleanup(const unsigned *on) {
    if (SS_UNLIKELY(*on)) ss_before_sleep_end();
}
#define SS_BEFORE_SLEEP() \
    unsigned ss_before_sleep __attribute__((cleanup(ss_before_sleep_cleanup))) = SS_ON_STEPS(); \
    if (SS_UNLIKELY(ss_before_sleep)) ss_before_sleep_start()
#define SS_AFTER_SLEEP() do { if (SS_ON_STEPS()) ss_after_sleep(); } while (0)

/* ---- Threads ---- */

/* Background threads are numbered from here. */
#define SS_BACKGROUND_THREAD 100
/* First thing a thread does. `role` is a literal. */
void ss_thread_start(unsigned number, const char *role);
#define SS_THREAD_START(number, role) ss_thread_start((unsigned)(number), role)
/* Last thing a thread does that ends before the process does. */
void ss_thread_end(void);
#define SS_THREAD_END() ss_thread_end()
/* A thread without a poll of its own has nothing to do: it sends what it has recorded. */
void ss_thread_idle(void);
#define SS_THREAD_IDLE() ss_thread_idle()

/* Operation: 0 read, 1 write. The end sends the thread's records; it must come before the thread reports its work as done. */
void ss_io_run_start(unsigned thread, int operation, size_t items);
void ss_io_run_end(unsigned thread, int operation, size_t items);
#define SS_IO_RUN_START(thread, operation, items) unsigned ss_io_run = SS_ON(); if (SS_UNLIKELY(ss_io_run)) ss_io_run_start((unsigned)(thread), operation, items)
#define SS_IO_RUN_END(thread, operation, items) do { if (SS_UNLIKELY(ss_io_run)) ss_io_run_end((unsigned)(thread), operation, items); } while (0)

struct ss_items_scope {
    unsigned on;
    uint32_t items;
};
void ss_handle_reads(const struct ss_items_scope *scope, int is_end);
void ss_handle_writes(const struct ss_items_scope *scope, int is_end);
static inline void ss_handle_reads_cleanup(struct ss_items_scope *scope) {
    if (SS_UNLIKELY(scope->on)) ss_handle_reads(scope, 1);
}
static inline void ss_handle_writes_cleanup(struct ss_items_scope *scope) {
    if (SS_UNLIKELY(scope->on)) ss_handle_writes(scope, 1);
}
#define SS_HANDLE_READS(count) \
    struct ss_items_scope ss_items __attribute__((cleanup(ss_handle_reads_cleanup))) = { (count) ? SS_ON() : 0, (uint32_t)(count) }; \
    if (SS_UNLIKELY(ss_items.on)) ss_handle_reads(&ss_items, 0)
#define SS_HANDLE_WRITES(count) \
    struct ss_items_scope ss_items __attribute__((cleanup(ss_handle_writes_cleanup))) = { (count) ? SS_ON_STEPS() : 0, (uint32_t)(count) }; \
    if (SS_UNLIKELY(ss_items.on)) ss_handle_writes(&ss_items, 0)

/* ---- TLS ---- */

void ss_ssl(const struct connection *conn, int is_write, size_t asked, int returned, int pending);
#define SS_SSL_READ(conn, asked, returned, ssl) do { if (SS_ON_STEPS()) ss_ssl(conn, 0, asked, returned, SSL_pending(ssl)); } while (0)
#define SS_SSL_WRITE(conn, asked, returned, ssl) do { if (SS_ON_STEPS()) ss_ssl(conn, 1, asked, returned, SSL_pending(ssl)); } while (0)

/* ---- Cluster bus ---- */

void ss_link_init(struct ss_link *link);
void ss_link_open(const struct clusterLink *link);
void ss_link_close(const struct clusterLink *link);
void ss_cluster_send(const struct clusterLink *link, unsigned type, size_t length);
void ss_cluster_write(const struct clusterLink *link, int nwritten);
void ss_cluster_read(const struct clusterLink *link, int nread);
void ss_cluster_packet(const struct clusterLink *link, unsigned type, size_t length);
#define SS_LINK_INIT(link) ss_link_init(&(link)->ss)
#define SS_LINK_OPEN(link) do { if (SS_ON() && (link)) ss_link_open(link); } while (0)
#define SS_LINK_CLOSE(link) do { if (SS_ON()) ss_link_close(link); } while (0)
#define SS_CLUSTER_SEND(link, type, length) do { \
    (link)->ss.queued += (uint64_t)(length); \
    if (SS_ON()) ss_cluster_send(link, type, length); \
} while (0)
#define SS_CLUSTER_WRITE(link, nwritten) do { \
    (link)->ss.written += (uint64_t)(nwritten); \
    if (SS_ON()) ss_cluster_write(link, (int)(nwritten)); \
} while (0)
#define SS_CLUSTER_READ(link, nread) do { \
    (link)->ss.in += (uint64_t)(nread); \
    if (SS_ON()) ss_cluster_read(link, (int)(nread)); \
} while (0)
#define SS_CLUSTER_PACKET(link, type, length) do { if (SS_ON()) ss_cluster_packet(link, type, length); } while (0)

struct ss_broadcast_scope {
    unsigned on;
    uint32_t sent; /* messages this thread had queued before */
    uint16_t type;
};
void ss_broadcast_start(struct ss_broadcast_scope *scope, unsigned type, size_t length);
void ss_broadcast_end(const struct ss_broadcast_scope *scope);
static inline void ss_broadcast_cleanup(struct ss_broadcast_scope *scope) {
    if (SS_UNLIKELY(scope->on)) ss_broadcast_end(scope);
}
#define SS_BROADCAST(type, length) \
    struct ss_broadcast_scope ss_broadcast __attribute__((cleanup(ss_broadcast_cleanup))); \
    ss_broadcast.on = 0; \
    if (SS_ON_STEPS()) ss_broadcast_start(&ss_broadcast, type, length)

/* ---- Housekeeping ---- */

enum ss_chore { SS_AOF_WRITE, SS_AOF_FSYNC, SS_EXPIRE_CYCLE, SS_EVICTION_CYCLE, SS_ACTIVE_DEFRAG, SS_LAZY_FREE };

/* Ticks now, or 0 while nothing records. */
uint64_t ss_chore_start(void);
void ss_chore_end(enum ss_chore chore, uint64_t start, uint64_t amount);
#define SS_CHORE_START() (SS_ON() ? ss_chore_start() : 0)
#define SS_CHORE_END(chore, start, amount) do { if (SS_UNLIKELY(start)) ss_chore_end(chore, start, (uint64_t)(amount)); } while (0)

/* A chore with many ways out, some of which jump forward: declared, unarmed, as the function's first thing and armed where the work begins. */
struct ss_chore_scope {
    uint64_t start; /* 0: not armed */
    enum ss_chore chore;
    const long long *counter; /* counts what the chore does; Weak */
    long long before;
};
static inline void ss_chore_cleanup(struct ss_chore_scope *scope) {
    if (SS_UNLIKELY(scope->start)) ss_chore_end(scope->chore, scope->start, (uint64_t)(*scope->counter - scope->before));
}
#define SS_CHORE(kind, count) \
    struct ss_chore_scope ss_chore __attribute__((cleanup(ss_chore_cleanup))) = { 0, kind, &(count), 0 }
#define SS_CHORE_BEGIN() do { if (SS_ON()) { ss_chore.start = ss_chore_start(); ss_chore.before = *ss_chore.counter; } } while (0)

void ss_fork_start(int purpose);
void ss_fork_parent(int purpose, int child);
void ss_fork_child(void);
#define SS_FORK_START(purpose) do { if (SS_ON()) ss_fork_start(purpose); } while (0)
#define SS_FORK_PARENT(purpose, child) do { if (SS_ON()) ss_fork_parent(purpose, child); } while (0)
#define SS_FORK_CHILD() ss_fork_child()
/* fork() of a server that goes into the background: the tracer's threads must come along. */
int ss_daemon_fork(void);

void ss_rdb_save(int background, int is_end, int result);
#define SS_RDB_SAVE_START(background) do { if (SS_ON()) ss_rdb_save(background, 0, 0); } while (0)
#define SS_RDB_SAVE_END(background, result) do { if (SS_ON()) ss_rdb_save(background, 1, result); } while (0)
struct ss_rdb_scope {
    unsigned on;
    int result;
};
static inline void ss_rdb_cleanup(const struct ss_rdb_scope *scope) {
    if (SS_UNLIKELY(scope->on)) ss_rdb_save(0, 1, scope->result);
}
/* Around a save in the foreground; a result other than -1 is set just before the successful way out. */
#define SS_RDB_SAVE() \
    struct ss_rdb_scope ss_rdb __attribute__((cleanup(ss_rdb_cleanup))) = { SS_ON(), -1 }; \
    if (SS_UNLIKELY(ss_rdb.on)) ss_rdb_save(0, 0, 0)
#define SS_RDB_SAVED() do { ss_rdb.result = 0; } while (0)

/* ---- The end ---- */

/* The server is about to die: sends what every thread has recorded. Callable from a signal handler. */
void ss_crash(void);
#define SS_CRASH() ss_crash()

#endif
