/* Storescope's runtime inside the store. storescope.h says what a probe is; this file is what runs when something records.
 *
 * Two carriers. In the `classic` set a probe emits its LTTng event at once. In the `light` and `full` sets it appends a record to its thread's buffer, and the
 * buffer travels as the sequence field of one event: before a poll, at most once in 200 us, when it is full, when an io
 * thread has nothing more to do, and from the crash handlers.
 *
 *   thread buffer     +--------+--------+-- ... --+      one event `steps` or `commands`:
 *                     | record | record |         |  ->  thread, base pair, end pair, words
 *                     +--------+--------+-- ... --+
 *
 * Time. A record holds 32 bits of ticks since the batch's base. A pair is (ticks, ns), read together; the pair read when a batch is sent is its end and
 * the next batch's base. When a record would lie 2^31 ticks or more after the base, the batch is sent first (or the base re-read, when it is empty).
 *
 * Which set records is in `ss_mask`. The main thread recomputes it around each poll when one of a few tracepoints changed, and once a second for the rest.
 * It goes from nothing to something only once every event of the set is enabled, since the tracer enables them one by one; then the server
 * introduces itself: server_info, thread_info, command_table, connection_state, link_open. It does so again when another session comes or goes; one
 * that is still being set up then hears parts of it twice.
 *
 * Invariants:
 * - A buffer is written by its thread alone. `used` is stored last, so what lies below it is whole even when a signal handler reads it.
 * - Records lie in the order of their ends.
 * - The main thread's batches say up to which time every thread's records are sent (ss_settled). In Redis 7, an io thread sends its buffer before it reports
 *   its work as done, so that is the batch's end; where io threads work on beside the main thread, it is the earliest that one of them still holds back.
 * - Child processes never record.
 * - Nothing allocates or locks; the tracer drops what does not fit its ring and counts it.
 *
 * Left out: bytes that replication writes to a replica's socket other than through writeToClient (handshake, RDB transfer) are not in its stream offset. */
#include "server.h"
#include "cluster.h"
#include "storescope.h"
#include "records.h"
#include "redis_tp.h"
#include "store.h"

#include <arpa/inet.h>
#include <lttng/ust-fork.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#if defined(__x86_64__)
#include <cpuid.h>
#include <x86intrin.h>
#endif

unsigned ss_mask;

/* ---- Time ---- */

static int ss_has_counter; /* the processor's time-stamp counter has a constant rate */

static inline uint64_t ss_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline uint64_t ss_ticks(void) {
#if defined(__x86_64__)
    if (__builtin_expect(ss_has_counter, 1)) return __rdtsc();
#endif
    return ss_ns();
}

/* Reads both clocks. Where something got between the two readings they are read again, twice at most. */
static void ss_read_pair(uint64_t *ticks, uint64_t *ns) {
    if (!ss_has_counter) {
        *ticks = *ns = ss_ns();
        return;
    }
    for (int attempt = 0; ; attempt++) {
        uint64_t before = ss_ticks();
        *ns = ss_ns();
        uint64_t after = ss_ticks();
        *ticks = before + (after - before) / 2;
        if (after - before < 2000 || attempt == 2) return;
    }
}

static uint64_t ss_start_ticks, ss_start_ns; /* the pair read when the process started */

/* A duration in ns, by the counter's mean rate since the process started. */
static uint64_t ss_to_ns(uint64_t ticks) {
    if (!ss_has_counter) return ticks;
    return (uint64_t)((double)ticks * (double)(ss_ns() - ss_start_ns) / (double)(ss_ticks() - ss_start_ticks));
}

/* ---- Threads and their buffers ---- */

#define SS_CAPACITY 4096       /* words of a buffer */
#define SS_LONGEST 16          /* words of the longest record, with the context and the extend record before it */
#define SS_LONGEST_INTERVAL (UINT64_C(1) << 31)
#define SS_NO_CONTEXT UINT64_MAX
/* An event loop's records are sent before a poll when the batch is at least this long. Shorter iterations share a batch: sending one costs as much as
 * twenty records. An idle server wakes up ten times a second, so nothing stays behind longer than that. */
#define SS_BATCH_NS 200000
#define SS_THREADS 256
#define SS_FOREIGN_THREAD 200  /* threads that never introduced themselves (modules') are numbered from here */

struct ss_thread {
    uint32_t used;        /* words of `words` in use */
    uint64_t unsent;      /* ticks at or before the earliest start among what is recorded and not sent; 0: nothing is */
    uint32_t nesting;     /* calls being executed */
    uint64_t base_ticks;
    uint64_t base_ns;
    uint64_t context;     /* connection of the latest record of the batch that names one */
    uint64_t poll_start;  /* ticks; 0 when not polling */
    uint32_t spin;        /* words in use when the poll began that found nothing at its latest look; 0: none */
    uint64_t spin_start;  /* ticks */
    uint32_t spin_words;  /* of the poll record of `light` that `spin` stands before */
    uint64_t batch_ticks; /* SS_BATCH_NS as ticks, by the latest batch's rate; 0 before the first */
    uint32_t sent;        /* bus messages queued by this thread */
    uint32_t introduced;  /* the generation for which thread_info was emitted */
    uint16_t number;
    uint16_t index;       /* in ss_threads */
    uint8_t is_known;
    uint8_t is_foreign;   /* has no loop that would send its buffer: each record is sent at once */
    uint8_t is_sending;
    const char *role;
    uint32_t words[SS_CAPACITY];
    uint32_t filtered[SS_CAPACITY]; /* used only while two sets record at once */
};

static __thread struct ss_thread ss_self;
/* The threads that introduced themselves, for ss_crash and ss_settled. One that ends takes itself off; its place is not used again. */
static struct ss_thread *ss_threads[SS_THREADS];
static unsigned ss_thread_count;
static unsigned ss_foreign_count;

static void ss_flush(struct ss_thread *t);

static uint32_t ss_generation; /* counts introductions; 0: none yet */
static int ss_is_child;        /* a forked child: never records */
static int ss_is_dying;        /* ss_crash sends for all: what a thread records after it is lost, but nothing is sent twice */

#define EMIT(name, ...) do { \
    if (lttng_ust_tracepoint_enabled(redis, name)) { \
        const struct ss_ev_##name ss_event = { __VA_ARGS__ }; \
        lttng_ust_do_tracepoint(redis, name, &ss_event); \
    } \
} while (0)
#define EMIT_BARE(name) do { if (lttng_ust_tracepoint_enabled(redis, name)) lttng_ust_do_tracepoint(redis, name); } while (0)

static inline unsigned ss_recording(void) {
    return __atomic_load_n(&ss_mask, __ATOMIC_RELAXED);
}

void ss_thread_start(unsigned number, const char *role) {
    struct ss_thread *t = &ss_self;
    t->number = (uint16_t)number;
    t->role = role;
    t->context = SS_NO_CONTEXT;
    t->is_known = 1;
    unsigned index = __atomic_fetch_add(&ss_thread_count, 1, __ATOMIC_RELAXED);
    t->index = (uint16_t)(index < SS_THREADS ? index : SS_THREADS);
    if (index < SS_THREADS) __atomic_store_n(&ss_threads[index], t, __ATOMIC_RELEASE);
}

void ss_thread_end(void) {
    struct ss_thread *t = &ss_self;
    ss_flush(t);
    if (t->index < SS_THREADS) __atomic_store_n(&ss_threads[t->index], NULL, __ATOMIC_RELEASE);
}

static __attribute__((noinline)) void ss_know_foreign(struct ss_thread *t) {
    t->number = (uint16_t)(SS_FOREIGN_THREAD + __atomic_fetch_add(&ss_foreign_count, 1, __ATOMIC_RELAXED));
    t->role = "module";
    t->context = SS_NO_CONTEXT;
    t->is_known = t->is_foreign = 1;
}

static inline struct ss_thread *ss_thread(void) {
    struct ss_thread *t = &ss_self;
    if (SS_UNLIKELY(!t->is_known)) ss_know_foreign(t);
    return t;
}

static void ss_introduce(struct ss_thread *t) {
    t->introduced = ss_generation;
    EMIT(thread_info, .thread = t->number, .role = t->role);
}

/* Copies the records of `set` to t->filtered; returns how many words. */
static uint32_t ss_filter(struct ss_thread *t, uint32_t used, unsigned set) {
    uint32_t kept = 0;
    for (uint32_t at = 0; at < used;) {
        unsigned kind = t->words[at] & 0xff;
        unsigned length = kind < SS_R_KINDS ? ss_record_length[kind] : 0;
        if (length == 0 || at + length > used) break;
        if (ss_record_sets[kind] & set) {
            memcpy(t->filtered + kept, t->words + at, length * sizeof(uint32_t));
            kept += length;
        }
        at += length;
    }
    return kept;
}

/* Up to which time everything is sent once the batch of `t` that ends at `end` is: a reader that has got this far may put the threads' records in order.
 * Another thread that is taking its first reading just now may be behind it by the time of a store. */
static uint64_t ss_settled(const struct ss_thread *t, uint64_t end) {
    uint64_t settled = end;
    unsigned count = __atomic_load_n(&ss_thread_count, __ATOMIC_ACQUIRE);
    for (unsigned i = 0; i < count && i < SS_THREADS; i++) {
        const struct ss_thread *other = __atomic_load_n(&ss_threads[i], __ATOMIC_ACQUIRE);
        if (!other || other == t) continue;
        uint64_t unsent = __atomic_load_n(&other->unsent, __ATOMIC_ACQUIRE);
        if (unsent && unsent < settled) settled = unsent;
    }
    return settled;
}

/* Emits a buffer's records as they are. A thread other than the buffer's own may do so when the process dies. */
static void ss_emit_batch(struct ss_thread *t, uint32_t used, uint64_t end_ticks, uint64_t end_ns) {
    uint64_t settled = t->number == 0 ? ss_settled(t, end_ticks) : 0;
    int light = lttng_ust_tracepoint_enabled(redis, commands), full = lttng_ust_tracepoint_enabled(redis, steps);
    if (light) {
        uint32_t length = full ? ss_filter(t, used, SS_SET_LIGHT) : used;
        EMIT(commands, .thread = t->number, .base_ticks = t->base_ticks, .base_ns = t->base_ns, .end_ticks = end_ticks, .end_ns = end_ns,
             .settled_ticks = settled, .words = full ? t->filtered : t->words, .words_length = length);
    }
    if (full) {
        uint32_t length = light ? ss_filter(t, used, SS_SET_FULL) : used;
        EMIT(steps, .thread = t->number, .base_ticks = t->base_ticks, .base_ns = t->base_ns, .end_ticks = end_ticks, .end_ns = end_ns,
             .settled_ticks = settled, .words = light ? t->filtered : t->words, .words_length = length);
    }
}

/* Sends the thread's batch, if there is one, and starts the next at the same pair. */
static void ss_flush(struct ss_thread *t) {
    if (SS_UNLIKELY(t->introduced != ss_generation)) ss_introduce(t);
    if (t->used == 0) {
        __atomic_store_n(&t->unsent, 0, __ATOMIC_RELEASE);
        return;
    }
    uint64_t ticks, ns;
    t->spin = 0;
    __atomic_store_n(&t->is_sending, 1, __ATOMIC_SEQ_CST);
    if (SS_UNLIKELY(__atomic_load_n(&ss_is_dying, __ATOMIC_SEQ_CST))) {
        __atomic_store_n(&t->is_sending, 0, __ATOMIC_RELEASE);
        return;
    }
    ss_read_pair(&ticks, &ns);
    ss_emit_batch(t, t->used, ticks, ns);
    __atomic_store_n(&t->used, 0, __ATOMIC_RELEASE);
    __atomic_store_n(&t->unsent, 0, __ATOMIC_RELEASE);
    if (ns > t->base_ns && ticks - t->base_ticks < SS_LONGEST_INTERVAL) t->batch_ticks = (ticks - t->base_ticks) * SS_BATCH_NS / (ns - t->base_ns);
    t->base_ticks = ticks;
    t->base_ns = ns;
    t->context = SS_NO_CONTEXT;
    __atomic_store_n(&t->is_sending, 0, __ATOMIC_RELEASE);
}

/* Drops what is recorded: records of a set that is no longer recorded must not leak into the next recording. */
static void ss_forget(struct ss_thread *t) {
    __atomic_store_n(&t->used, 0, __ATOMIC_RELEASE);
    __atomic_store_n(&t->unsent, 0, __ATOMIC_RELEASE);
}

static __attribute__((noinline)) void ss_make_room(struct ss_thread *t) {
    if (t->used) {
        ss_flush(t);
        if (SS_UNLIKELY(ss_is_dying)) t->used = 0;
    } else ss_read_pair(&t->base_ticks, &t->base_ns);
}

/* What begins at `ticks` will be in a record. Takes back nothing when that is never written: the next batch does. */
static inline void ss_begin(struct ss_thread *t, uint64_t ticks) {
    if (t->unsent == 0) __atomic_store_n(&t->unsent, ticks, __ATOMIC_RELEASE);
}

/* Where the next record goes, with room for SS_LONGEST words, and its time. */
static inline uint32_t *ss_room(struct ss_thread *t, uint64_t *ticks) {
    *ticks = ss_ticks();
    if (SS_UNLIKELY(t->used > SS_CAPACITY - SS_LONGEST || *ticks - t->base_ticks >= SS_LONGEST_INTERVAL)) {
        ss_make_room(t);
        *ticks = ss_ticks();
        /* Another processor's counter may lag a little behind the pair's. */
        if (*ticks < t->base_ticks) *ticks = t->base_ticks;
    }
    ss_begin(t, *ticks);
    return t->words + t->used;
}

static inline void ss_commit(struct ss_thread *t, const uint32_t *end) {
    __atomic_store_n(&t->used, (uint32_t)(end - t->words), __ATOMIC_RELEASE);
    if (SS_UNLIKELY(t->is_foreign)) ss_flush(t);
}

static inline uint32_t ss_head(unsigned kind, unsigned flags, unsigned aux) {
    return kind | (flags & 0xff) << 8 | aux << 16;
}

static inline unsigned ss_fit16(uint64_t count) {
    return count > 0xffff ? 0xffff : (unsigned)count;
}

static inline uint32_t ss_fit32(uint64_t count) {
    return count > UINT32_MAX ? UINT32_MAX : (uint32_t)count;
}

/* Makes `id` the connection of the record about to be written, unless it already is. While two sets record, which filters the records that set it,
 * it is always said anew. */
static inline uint32_t *ss_set_context(struct ss_thread *t, uint32_t *w, uint64_t id) {
    if (t->context != id || SS_UNLIKELY((ss_recording() & (SS_LIGHT | SS_FULL)) == (SS_LIGHT | SS_FULL))) {
        t->context = id;
        w[0] = SS_R_CONTEXT;
        w[1] = 0;
        w[2] = (uint32_t)id;
        w += 3;
    }
    return w;
}

/* A duration that needs more than 32 bits gets an `extend` record before its own. */
static inline uint32_t *ss_extend(uint32_t *w, uint64_t duration) {
    if (SS_UNLIKELY(duration > UINT32_MAX)) {
        w[0] = SS_R_EXTEND;
        w[1] = 0;
        w[2] = (uint32_t)(duration >> 32);
        w += 3;
    }
    return w;
}

/* Records of 0 to 4 words besides the two common ones. */
#define RECORD(kind, flags, aux, ...) do { \
    struct ss_thread *t = ss_thread(); \
    uint64_t ss_now; \
    uint32_t *w = ss_room(t, &ss_now); \
    const uint32_t ss_words[] = { __VA_ARGS__ }; \
    w[0] = ss_head(kind, flags, aux); \
    w[1] = (uint32_t)(ss_now - t->base_ticks); \
    memcpy(w + 2, ss_words, sizeof(ss_words)); \
    ss_commit(t, w + 2 + sizeof(ss_words) / sizeof(uint32_t)); \
} while (0)
#define RECORD_BARE(kind, aux) do { \
    struct ss_thread *t = ss_thread(); \
    uint64_t ss_now; \
    uint32_t *w = ss_room(t, &ss_now); \
    w[0] = ss_head(kind, 0, aux); \
    w[1] = (uint32_t)(ss_now - t->base_ticks); \
    ss_commit(t, w + 2); \
} while (0)
/* A record whose first word names the connection, which so becomes the context of those after it. */
#define RECORD_CONNECTION(kind, aux, id, ...) do { \
    RECORD(kind, 0, aux, (uint32_t)(id), ##__VA_ARGS__); \
    if (!ss_self.is_foreign && ss_self.used) ss_self.context = (id); \
} while (0)

/* ---- Identity ---- */

static inline int ss_fd(const client *c) {
    return c->conn ? c->conn->fd : -1;
}

/* The connection a client's work belongs to: scripts and modules run commands through clients without one, for the client being served. */
static inline uint64_t ss_connection_id(const client *c) {
    if (!c->conn && server.current_client) return server.current_client->id;
    return c->id;
}

struct ss_endpoint {
    char text[sizeof(((struct sockaddr_un *)0)->sun_path) + 1];
    uint16_t port;
};

static void ss_read_endpoint(struct ss_endpoint *endpoint, int fd, int is_peer) {
    struct sockaddr_storage address;
    socklen_t length = sizeof(address);
    endpoint->text[0] = '\0';
    endpoint->port = 0;
    memset(&address, 0, sizeof(address));
    int saved = errno;
    if (fd >= 0 && (is_peer ? getpeername : getsockname)(fd, (struct sockaddr *)&address, &length) == 0) {
        if (address.ss_family == AF_INET) {
            const struct sockaddr_in *in = (const struct sockaddr_in *)&address;
            inet_ntop(AF_INET, &in->sin_addr, endpoint->text, sizeof(endpoint->text));
            endpoint->port = ntohs(in->sin_port);
        } else if (address.ss_family == AF_INET6) {
            const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)&address;
            inet_ntop(AF_INET6, &in->sin6_addr, endpoint->text, sizeof(endpoint->text));
            endpoint->port = ntohs(in->sin6_port);
        } else if (address.ss_family == AF_UNIX) {
            memcpy(endpoint->text, ((const struct sockaddr_un *)&address)->sun_path, sizeof(endpoint->text) - 1);
            endpoint->text[sizeof(endpoint->text) - 1] = '\0';
        }
    }
    errno = saved;
}

static void ss_emit_connection(const client *c, int is_new) {
    struct ss_endpoint local, remote;
    ss_read_endpoint(&local, ss_fd(c), 0);
    ss_read_endpoint(&remote, ss_fd(c), 1);
    uint8_t tls = c->conn && ss_is_tls(c->conn);
#define ENDPOINT .conn_id = c->id, .fd = ss_fd(c), .kind = (uint8_t)ss_kind(c), .tls = tls, .laddr = local.text, .lport = local.port, \
    .raddr = remote.text, .rport = remote.port, .read_offset = c->ss.in, .write_offset = c->ss.out
    if (is_new) EMIT(connection_open, ENDPOINT);
    else EMIT(connection_state, ENDPOINT);
#undef ENDPOINT
}

static void ss_emit_server_info(int only_changed) {
    static struct ss_ev_server_info last;
    static char node_id[CLUSTER_NAMELEN + 1], last_node_id[CLUSTER_NAMELEN + 1];
    static char run_id[CONFIG_RUN_ID_SIZE + 1];
    memcpy(run_id, server.runid, CONFIG_RUN_ID_SIZE);
    if (server.cluster_enabled && server.cluster && server.cluster->myself) memcpy(node_id, server.cluster->myself->name, CLUSTER_NAMELEN);
    int bus_port = 0;
    if (server.cluster_enabled) {
        int base = server.tls_cluster ? server.tls_port : server.port;
        bus_port = server.cluster_port ? server.cluster_port : base + CLUSTER_PORT_INCR;
    }
    struct ss_ev_server_info info = {
        .run_id = run_id, .node_id = node_id, .flavor = SS_FLAVOR, .version = SS_VERSION,
        .port = (uint16_t)server.port, .tls_port = (uint16_t)server.tls_port, .bus_port = (uint16_t)bus_port,
        .cluster_enabled = (uint8_t)(server.cluster_enabled != 0), .io_threads = (uint8_t)server.io_threads_num,
        .io_threads_do_reads = (uint8_t)(ss_io_threads_do_reads() != 0),
    };
    int is_same = info.port == last.port && info.tls_port == last.tls_port && info.bus_port == last.bus_port &&
                  info.io_threads_do_reads == last.io_threads_do_reads && memcmp(node_id, last_node_id, sizeof(node_id)) == 0;
    if (only_changed && is_same) return;
    last = info;
    memcpy(last_node_id, node_id, sizeof(node_id));
    if (lttng_ust_tracepoint_enabled(redis, server_info)) lttng_ust_do_tracepoint(redis, server_info, &info);
}

static void ss_emit_server_state(void) {
    long long in = SS_COUNTER(server.stat_net_input_bytes) + SS_COUNTER(server.stat_net_repl_input_bytes);
    long long out = SS_COUNTER(server.stat_net_output_bytes) + SS_COUNTER(server.stat_net_repl_output_bytes);
    EMIT(server_state, .used_memory = zmalloc_used_memory(), .connected_clients = (uint32_t)listLength(server.clients),
         .blocked_clients = server.blocked_clients, .pending_reads = ss_pending_reads(),
         .pending_writes = (uint32_t)listLength(server.clients_pending_write), .clients_to_close = (uint32_t)listLength(server.clients_to_close),
         .repl_backlog = server.repl_backlog ? (uint64_t)server.repl_backlog->histlen : 0, .commands = (uint64_t)server.stat_numcommands,
         .net_input_bytes = (uint64_t)in, .net_output_bytes = (uint64_t)out);
}

static void ss_emit_command(const ss_store_command *command) {
    EMIT(command_table, .command = (uint16_t)command->id, .flags = ss_command_flags(command), .name = command->fullname);
}

static void ss_emit_link(const clusterLink *link) {
    struct ss_endpoint local, remote;
    char node_id[CLUSTER_NAMELEN + 1] = "";
    int fd = link->conn ? link->conn->fd : -1;
    ss_read_endpoint(&local, fd, 0);
    ss_read_endpoint(&remote, fd, 1);
    if (link->node) memcpy(node_id, link->node->name, CLUSTER_NAMELEN);
    EMIT(link_open, .link = link->ss.id, .inbound = (uint8_t)link->inbound, .node_id = node_id, .laddr = local.text, .lport = local.port,
         .raddr = remote.text, .rport = remote.port, .read_offset = link->ss.in, .write_offset = link->ss.written);
}

static unsigned long ss_commands_known; /* how many commands command_table has told of */

/* Everything a reader must know before the first record makes sense. */
static void ss_introduce_server(void) {
    ss_generation++;
    ss_emit_server_info(0);
    ss_introduce(&ss_self);
    ss_commands_known = ss_command_count();
    ss_each_command(server.commands, ss_emit_command);
    listIter clients;
    listNode *node;
    listRewind(server.clients, &clients);
    while ((node = listNext(&clients)) != NULL) {
        ss_emit_connection(listNodeValue(node), 0);
    }
    if (server.cluster_enabled && server.cluster) {
        dictIterator nodes = { .d = server.cluster->nodes, .index = -1 };
        dictEntry *entry;
        while ((entry = dictNext(&nodes)) != NULL) {
            const clusterNode *peer = dictGetVal(entry);
            if (peer->link) ss_emit_link(peer->link);
            if (peer->inbound_link) ss_emit_link(peer->inbound_link);
        }
    }
    ss_emit_server_state();
}

/* ---- Switching ---- */

#define SS_IS_ENABLED(name) +(lttng_ust_tracepoint_enabled(redis, name) ? 1 : 0)
#define SS_COUNT_ONE(name) +1

static unsigned ss_sentinels;       /* state of the four tracepoints watched around each poll, when last acted upon */
static uint64_t ss_partial_since;   /* ns; 0: not waiting for a set to become whole */
static uintptr_t ss_listeners;      /* who listened to the introduction when it was last made */
static time_t ss_last_second;

static inline unsigned ss_read_sentinels(void) {
    return (lttng_ust_tracepoint_enabled(redis, commands) ? SS_LIGHT : 0) | (lttng_ust_tracepoint_enabled(redis, steps) ? SS_FULL : 0) |
           (lttng_ust_tracepoint_enabled(redis, call_command_start) ? SS_CLASSIC : 0) |
           (lttng_ust_tracepoint_enabled(redis, server_info) ? SS_RARE : 0);
}

/* Changes whenever a session starts or stops to listen to an event of the introduction: the tracer gives the event a new list of probes then. */
static inline uintptr_t ss_read_listeners(void) {
    uintptr_t sum = 0;
#define SS_LISTENERS(name) sum = sum * 31 + (uintptr_t)__atomic_load_n(&lttng_ust_tracepoint_redis___##name.probes, __ATOMIC_RELAXED)
    SS_LISTENERS(server_info);
    SS_LISTENERS(thread_info);
    SS_LISTENERS(command_table);
    SS_LISTENERS(connection_state);
    SS_LISTENERS(link_open);
    SS_LISTENERS(server_state);
#undef SS_LISTENERS
    return sum;
}

/* Recomputes the mask. Waits, a second at most, while only some events of a set are enabled: the tracer is in the middle of enabling them. */
static void ss_switch(void) {
    unsigned sentinels = ss_read_sentinels();
    int every = SS_EVENTS_EVERY(SS_IS_ENABLED), classic = SS_EVENTS_CLASSIC(SS_IS_ENABLED);
    unsigned mask = (sentinels & (SS_LIGHT | SS_FULL)) | (classic ? SS_CLASSIC : 0) | (every ? SS_RARE : 0);
    int is_whole = every == (SS_EVENTS_EVERY(SS_COUNT_ONE)) && ((mask & (SS_LIGHT | SS_FULL)) || classic == (SS_EVENTS_CLASSIC(SS_COUNT_ONE)));
    if (mask && !is_whole && mask != ss_mask) {
        uint64_t now = ss_ns();
        if (ss_partial_since == 0) ss_partial_since = now;
        if (now - ss_partial_since < 1000000000u) return;
    }
    ss_partial_since = 0;
    ss_sentinels = sentinels;
    uintptr_t listeners = ss_read_listeners();
    int is_new = mask && (listeners != ss_listeners || !ss_mask);
    ss_listeners = listeners;
    if (is_new) ss_introduce_server();
    if (!(mask & (SS_LIGHT | SS_FULL))) ss_forget(&ss_self);
    __atomic_store_n(&ss_mask, mask, __ATOMIC_RELAXED);
}

static void ss_second(void) {
    ss_last_second = server.unixtime;
    ss_switch();
    if (!ss_mask) return;
    ss_emit_server_info(1);
    if (ss_command_count() != ss_commands_known) {
        ss_commands_known = ss_command_count();
        ss_each_command(server.commands, ss_emit_command);
    }
    ss_emit_server_state();
}

static inline void ss_look(void) {
    if (SS_UNLIKELY(ss_is_child)) return;
    if (SS_UNLIKELY(ss_read_sentinels() != ss_sentinels || ss_read_listeners() != ss_listeners)) ss_switch();
    if (SS_UNLIKELY(server.unixtime != ss_last_second)) ss_second();
}

/* ---- Start and end of the process ---- */

/* For experiments with races: how long every thread waits between taking a client up and reading from it, while something records. */
static struct timespec ss_read_delay;
static int ss_delays_reads;

static void ss_set_read_delay(void) {
    const char *text = getenv("STORESCOPE_READ_DELAY_US");
    long us = text ? strtol(text, NULL, 10) : 0;
    if (us <= 0 || us > 1000000) return;
    ss_read_delay = (struct timespec){ .tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000 };
    ss_delays_reads = 1;
}

static void ss_exit(void) {
    if (!ss_is_child && ss_self.is_known && ss_mask) ss_flush(&ss_self);
}

static __attribute__((constructor)) void ss_start(void) {
#if defined(__x86_64__)
    unsigned a, b, c, d;
    ss_has_counter = __get_cpuid(0x80000007, &a, &b, &c, &d) && (d & (1u << 8));
#endif
    ss_read_pair(&ss_start_ticks, &ss_start_ns);
    ss_thread_start(0, "main");
    ss_set_read_delay();
    atexit(ss_exit);
}

void ss_crash(void) {
    unsigned mask = __atomic_exchange_n(&ss_mask, 0, __ATOMIC_SEQ_CST);
    if (!mask || ss_is_child) return;
    ss_is_child = 1; /* nothing switches recording on again */
    /* A thread says that it is sending and then looks whether the process dies; here it is the other way round. So one of the two sends. */
    __atomic_store_n(&ss_is_dying, 1, __ATOMIC_SEQ_CST);
    unsigned count = __atomic_load_n(&ss_thread_count, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < count && i < SS_THREADS; i++) {
        struct ss_thread *t = __atomic_load_n(&ss_threads[i], __ATOMIC_ACQUIRE);
        if (!t || __atomic_load_n(&t->is_sending, __ATOMIC_SEQ_CST)) continue;
        uint32_t used = __atomic_load_n(&t->used, __ATOMIC_ACQUIRE);
        if (used == 0 || used > SS_CAPACITY) continue;
        uint64_t ticks, ns;
        ss_read_pair(&ticks, &ns);
        ss_emit_batch(t, used, ticks, ns);
    }
}

/* ---- Probes: client I/O ---- */

/* A read or a write of `light`: one record from the scope's start to now. */
static inline void ss_transfer(unsigned kind, unsigned flags, uint64_t id, uint64_t start, uint32_t bytes) {
    struct ss_thread *t = ss_thread();
    uint64_t now;
    uint32_t *w = ss_room(t, &now);
    w = ss_extend(w, now - start);
    w[0] = ss_head(kind, flags, 0);
    w[1] = (uint32_t)(now - t->base_ticks);
    w[2] = (uint32_t)(now - start);
    w[3] = (uint32_t)id;
    w[4] = bytes;
    t->context = id;
    ss_commit(t, w + 5);
}

/* Replication: which bytes of the history the connection's next ones are, so that both ends' can be matched whenever tracing began. */
static inline void ss_replication(const client *c) {
    if (!SS_UNLIKELY(ss_replicates(c)) || c->ss.replicating == ss_generation) return;
    long long offset = ss_replication_offset(c);
    if (offset < 0) return;
    ((client *)c)->ss.replicating = ss_generation;
    EMIT(replication_offset, .conn_id = c->id, .fd = ss_fd(c), .offset = (uint64_t)offset);
}

void ss_read_start(struct ss_read_scope *scope, const client *c) {
    ss_replication(c);
    scope->on = ss_recording();
    scope->id = c->id;
    scope->fd = ss_fd(c);
    scope->nread = -1;
    scope->query_buffer = 0;
    scope->memory = c->last_memory_usage;
    if (scope->on & SS_FULL) RECORD_CONNECTION(SS_R_READ_START, 0, c->id);
    if (scope->on & SS_LIGHT) ss_begin(ss_thread(), scope->start = ss_ticks());
    if (scope->on & SS_CLASSIC) EMIT(start_read_client_query, .conn_id = c->id, .fd = scope->fd);
    if (SS_UNLIKELY(ss_delays_reads)) nanosleep(&ss_read_delay, NULL);
}

void ss_read_done(struct ss_read_scope *scope, const client *c, int nread) {
    scope->nread = nread;
    scope->query_buffer = c->querybuf ? ss_fit32(sdslen(c->querybuf)) : 0;
    if (scope->on & SS_LIGHT) ss_transfer(SS_R_READ, 0, c->id, scope->start, (uint32_t)nread);
    if (scope->on & SS_FULL) {
        struct ss_thread *t = ss_thread();
        uint64_t now;
        uint32_t *w = ss_room(t, &now);
        w = ss_set_context(t, w, c->id);
        w[0] = SS_R_READ_DONE;
        w[1] = (uint32_t)(now - t->base_ticks);
        w[2] = (uint32_t)nread;
        ss_commit(t, w + 3);
    }
    if (scope->on & SS_CLASSIC) EMIT(read_client_query, .conn_id = c->id, .fd = scope->fd, .nread = nread);
}

void ss_read_buffer(struct ss_read_scope *scope, const client *c) {
    scope->query_buffer = c->querybuf ? ss_fit32(sdslen(c->querybuf)) : 0;
    scope->memory = c->last_memory_usage;
}

void ss_read_end(const struct ss_read_scope *scope) {
    if (scope->on & SS_FULL) RECORD_CONNECTION(SS_R_READ_END, 0, scope->id, scope->query_buffer);
    if (scope->on & SS_CLASSIC)
        EMIT(end_read_client_query, .conn_id = scope->id, .fd = scope->fd, .nread = scope->nread, .query_buffer = scope->query_buffer,
             .memory = scope->memory);
}

void ss_parsed(const client *c, uint64_t start) {
    unsigned mask = ss_recording();
    if (mask & SS_FULL) {
        struct ss_thread *t = ss_thread();
        uint64_t now;
        uint32_t *w = ss_room(t, &now);
        w = ss_set_context(t, w, c->id);
        w[0] = ss_head(SS_R_PARSED, 0, ss_fit16((uint64_t)c->argc));
        w[1] = (uint32_t)(now - t->base_ticks);
        w[2] = (uint32_t)c->ss.parsed;
        ss_commit(t, w + 3);
    }
    if (mask & SS_CLASSIC)
        EMIT(command_parsed, .conn_id = c->id, .fd = ss_fd(c), .argc = (uint32_t)c->argc, .start_offset = start, .end_offset = c->ss.parsed);
}

void ss_write_start(struct ss_write_scope *scope, const client *c) {
    ss_replication(c);
    scope->on = ss_recording();
    scope->client = c;
    scope->nwritten = 0;
    if (scope->on & SS_FULL) RECORD_CONNECTION(SS_R_WRITE_START, 0, c->id);
    if (scope->on & SS_LIGHT) ss_begin(ss_thread(), scope->start = ss_ticks());
    if (scope->on & SS_CLASSIC) EMIT(write_to_client_start, .conn_id = c->id, .fd = ss_fd(c));
}

void ss_write_end(const struct ss_write_scope *scope) {
    client *c = (client *)scope->client; /* which stays as it is */
    uint32_t left = ss_fit32(ss_left(c));
    if (scope->on & SS_LIGHT) ss_transfer(SS_R_WRITE, left ? 1 : 0, c->id, scope->start, ss_fit32(scope->nwritten));
    if (scope->on & SS_FULL) RECORD_CONNECTION(SS_R_WRITE_END, 0, c->id, ss_fit32(scope->nwritten), left);
    if (scope->on & SS_CLASSIC)
        EMIT(write_to_client_end, .conn_id = c->id, .fd = ss_fd(c), .nwritten = (int32_t)scope->nwritten, .write_offset = c->ss.out, .left = left);
}

void ss_write_queue_add(const client *c, size_t length) {
    unsigned mask = ss_recording();
    if (mask & SS_FULL) RECORD_CONNECTION(SS_R_WRITE_QUEUE_ADD, ss_fit16(length), c->id);
    if (mask & SS_CLASSIC) EMIT(insert_client_write_queue, .conn_id = c->id, .fd = ss_fd(c), .length = (uint32_t)length);
}

void ss_write_queue_remove(const client *c, int list, size_t length) {
    unsigned mask = ss_recording();
    if (mask & SS_FULL) RECORD_CONNECTION(SS_R_WRITE_QUEUE_REMOVE, (unsigned)list, c->id, ss_fit32(length));
    if (mask & SS_CLASSIC) EMIT(pending_write_remove, .conn_id = c->id, .fd = ss_fd(c), .length = (uint32_t)length, .list = (uint16_t)list);
}

void ss_read_queue_add(const client *c, size_t length) {
    unsigned mask = ss_recording();
    if (mask & (SS_LIGHT | SS_FULL)) RECORD_CONNECTION(SS_R_READ_QUEUE_ADD, ss_fit16(length), c->id);
    if (mask & SS_CLASSIC) EMIT(pending_read_add, .conn_id = c->id, .fd = ss_fd(c), .length = (uint32_t)length);
}

void ss_read_queue_remove(const client *c, int list, size_t length) {
    unsigned mask = ss_recording();
    if (mask & (SS_LIGHT | SS_FULL)) RECORD_CONNECTION(SS_R_READ_QUEUE_REMOVE, (unsigned)list, c->id, ss_fit32(length));
    if (mask & SS_CLASSIC) EMIT(pending_read_remove, .conn_id = c->id, .fd = ss_fd(c), .length = (uint32_t)length, .list = (uint16_t)list);
}

void ss_read_queue_done(const client *c) {
    unsigned mask = ss_recording();
    if (mask & SS_FULL) RECORD_CONNECTION(SS_R_READ_QUEUE_DONE, 0, c->ss.id);
    if (mask & SS_CLASSIC) EMIT(pending_read_done, .conn_id = c->ss.id, .fd = ss_fd(c));
}

void ss_deliver(const client *c) {
    unsigned mask = ss_recording();
    if (mask & SS_FULL) RECORD_CONNECTION(SS_R_DELIVER, 0, c->id);
    if (mask & SS_CLASSIC) EMIT(deliver, .conn_id = c->id, .fd = ss_fd(c));
}

void ss_hand_over(const client *c, unsigned to, unsigned purpose, size_t length) {
    unsigned mask = ss_recording();
    if ((mask & SS_FULL) || ((mask & SS_LIGHT) && purpose == SS_TO_READ)) RECORD_CONNECTION(SS_R_HAND_OVER, to, c->id, purpose, ss_fit32(length));
    if (mask & SS_CLASSIC)
        EMIT(hand_over, .conn_id = c->id, .fd = ss_fd(c), .to = (uint16_t)to, .purpose = (uint8_t)purpose, .length = ss_fit32(length));
}

void ss_take_over(const client *c, unsigned purpose) {
    unsigned mask = ss_recording();
    if (mask & SS_FULL) RECORD_CONNECTION(SS_R_TAKE_OVER, purpose, c->id);
    if (mask & SS_CLASSIC) EMIT(take_over, .conn_id = c->id, .fd = ss_fd(c), .purpose = (uint8_t)purpose);
}

void ss_connection_open(const client *c) { ss_emit_connection(c, 1); }

void ss_connection_close(const client *c) {
    EMIT(connection_close, .conn_id = c->id, .fd = ss_fd(c), .reason = (uint32_t)ss_client_flags(c));
}

void ss_free_client(const client *c) {
    EMIT(free_client, .conn_id = c->ss.id, .fd = ss_fd(c), .flags = ss_client_flags(c));
}

void ss_free_client_async(const client *c) {
    EMIT(free_client_async, .conn_id = c->id, .fd = ss_fd(c), .flags = ss_client_flags(c));
}

/* Tells only what has changed since it was told: clients at rest cost no events. */
void ss_client_memory(client *c) {
    if (!lttng_ust_tracepoint_enabled(redis, client_memory)) return;
    size_t output = 0, memory = getClientMemoryUsage(c, &output), query = c->querybuf ? sdslen(c->querybuf) : 0;
    if (c->ss.told.introduction == ss_generation && c->ss.told.query_buffer == query && c->ss.told.output_buffer == output &&
        c->ss.told.memory == memory) return;
    c->ss.told.introduction = ss_generation;
    c->ss.told.query_buffer = query;
    c->ss.told.output_buffer = output;
    c->ss.told.memory = memory;
    EMIT(client_memory, .conn_id = c->id, .fd = ss_fd(c), .query_buffer = query, .output_buffer = output, .memory = memory);
}

/* ---- Probes: commands ---- */

static inline unsigned ss_nesting_flag(uint32_t nesting) {
    return nesting > SS_CALL_NESTING_MASK ? SS_CALL_NESTING_MASK : nesting;
}

/* What `full` and `classic` add to a call's start. */
static __attribute__((noinline)) void ss_call_start_steps(struct ss_call_scope *scope, const client *c, const ss_store_command *command,
                                                          uint32_t nesting) {
    scope->reply = ss_reply_bytes(c);
    if (scope->on & SS_FULL) {
        struct ss_thread *t = ss_thread();
        uint64_t now;
        uint32_t *w = ss_room(t, &now);
        w = ss_set_context(t, w, ss_connection_id(c));
        w[0] = ss_head(SS_R_CALL_START, ss_nesting_flag(nesting), (unsigned)command->id);
        w[1] = (uint32_t)(now - t->base_ticks);
        ss_commit(t, w + 2);
    }
    if (scope->on & SS_CLASSIC) {
        EMIT(call_command_start, .conn_id = ss_connection_id(c), .fd = ss_fd(c), .name = command->fullname, .argc = (uint32_t)c->argc,
             .flags = ss_command_flags(command), .nesting = (uint8_t)nesting, .db = (uint16_t)c->db->id);
        scope->start_ns = ss_ns();
    }
    if (scope->on & SS_LIGHT) scope->start = ss_ticks();
}

/* Under pipelining a command takes Redis well under a microsecond, so the light set's way through here and through the end is kept short. */
void ss_call_start(struct ss_call_scope *scope, const client *c, const void *real_command) {
    const ss_store_command *command = real_command;
    struct ss_thread *t = ss_thread();
    unsigned on = ss_recording();
    uint32_t nesting = t->nesting++;
    scope->on = on;
    scope->counted = 0;
    scope->client = c;
    scope->command = real_command;
    scope->failed = command->failed_calls;
    if (SS_UNLIKELY(on & (SS_FULL | SS_CLASSIC))) {
        ss_call_start_steps(scope, c, command, nesting);
        return;
    }
    scope->start = ss_ticks();
}

static __attribute__((noinline)) void ss_call_end_steps(const struct ss_call_scope *scope, unsigned flags, uint32_t nesting) {
    const ss_store_command *command = (const void *)scope->command;
    const client *c = scope->client;
    uint64_t reply = ss_reply_bytes(c);
    reply = reply > scope->reply ? reply - scope->reply : 0;
    if (scope->on & SS_FULL) {
        struct ss_thread *t = ss_thread();
        uint64_t now;
        uint32_t *w = ss_room(t, &now);
        w = ss_set_context(t, w, ss_connection_id(c));
        w[0] = ss_head(SS_R_CALL_END, flags, (unsigned)command->id);
        w[1] = (uint32_t)(now - t->base_ticks);
        w[2] = ss_fit32(reply);
        ss_commit(t, w + 3);
    }
    if (scope->on & SS_CLASSIC)
        EMIT(call_command_end, .conn_id = ss_connection_id(c), .fd = ss_fd(c), .name = command->fullname, .duration_ns = ss_ns() - scope->start_ns,
             .reply_bytes = ss_fit32(reply), .error = flags & SS_CALL_ERROR ? 1 : 0, .nesting = (uint8_t)nesting, .counted = (uint8_t)scope->counted);
}

void ss_call_end(const struct ss_call_scope *scope) {
    const ss_store_command *command = (const void *)scope->command;
    const client *c = scope->client;
    struct ss_thread *t = ss_thread();
    uint32_t nesting = --t->nesting;
    unsigned flags = ss_nesting_flag(nesting) | (scope->counted ? SS_CALL_COUNTED : 0) |
                     (command->failed_calls != scope->failed ? SS_CALL_ERROR : 0) | (ss_is_blocked(c) ? SS_CALL_BLOCKED : 0);
    if (scope->on & SS_LIGHT) {
        uint64_t now;
        uint32_t *w = ss_room(t, &now);
        w = ss_set_context(t, w, ss_connection_id(c));
        w = ss_extend(w, now - scope->start);
        w[0] = ss_head(SS_R_CALL, flags, (unsigned)command->id);
        w[1] = (uint32_t)(now - t->base_ticks);
        w[2] = (uint32_t)(now - scope->start);
        w[3] = (uint32_t)c->ss.parsed;
        ss_commit(t, w + 4);
        if (nesting == 0) ((client *)c)->ss.called = c->ss.parsed;
    }
    if (SS_UNLIKELY(scope->on & (SS_FULL | SS_CLASSIC))) ss_call_end_steps(scope, flags, nesting);
}

void ss_not_called(client *c) {
    c->ss.called = c->ss.parsed;
    if (!(ss_recording() & SS_LIGHT)) return;
    struct ss_thread *t = ss_thread();
    uint64_t now;
    uint32_t *w = ss_room(t, &now);
    w = ss_set_context(t, w, c->id);
    w[0] = ss_head(SS_R_PARSED, 0, ss_fit16((uint64_t)c->argc));
    w[1] = (uint32_t)(now - t->base_ticks);
    w[2] = (uint32_t)c->ss.parsed;
    ss_commit(t, w + 3);
}

void ss_process_end(const client *c) {
    unsigned mask = ss_recording();
    if (mask & SS_FULL) {
        struct ss_thread *t = ss_thread();
        uint64_t now;
        uint32_t *w = ss_room(t, &now);
        w = ss_set_context(t, w, c->id);
        w[0] = SS_R_PROCESS_END;
        w[1] = (uint32_t)(now - t->base_ticks);
        ss_commit(t, w + 2);
    }
    if (mask & SS_CLASSIC) EMIT(end_process_command, .conn_id = c->id, .fd = ss_fd(c));
}

void ss_blocked(const client *c, int type) {
    EMIT(client_blocked, .conn_id = c->id, .fd = ss_fd(c), .type = (uint8_t)type);
}

void ss_unblocked(const client *c) {
    EMIT(client_unblocked, .conn_id = c->id, .fd = ss_fd(c), .type = (uint8_t)ss_block_type(c));
}

void ss_call_counted(const client *c) {
    EMIT(call_counted, .conn_id = c->id, .fd = ss_fd(c), .command = (uint16_t)c->lastcmd->id);
}

void ss_redirect(const client *c, int slot, int kind, const void *to) {
    const clusterNode *node = to;
    char target[NET_IP_STR_LEN + 8] = "";
    if (node) snprintf(target, sizeof(target), "%s:%d", node->ip, ss_node_port(node));
    EMIT(cluster_redirect, .conn_id = c->id, .fd = ss_fd(c), .slot = (uint16_t)slot, .kind = (uint8_t)kind, .target = target,
         .command = (uint16_t)c->lastcmd->id);
}

/* FNV-1a: channel names are private, so only their hash is recorded. */
static uint64_t ss_hash(const char *bytes, size_t length) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < length; i++) hash = (hash ^ (uint8_t)bytes[i]) * UINT64_C(0x100000001b3);
    return hash;
}

void ss_publish(const void *channel, const void *message, int receivers) {
    unsigned mask = ss_recording();
    const client *c = server.current_client;
    sds name = ss_string(channel);
    size_t payload = sdslen(ss_string(message));
    uint64_t id = c ? c->id : 0, hash = ss_hash(name, sdslen(name));
    if (mask & (SS_LIGHT | SS_FULL)) {
        struct ss_thread *t = ss_thread();
        uint64_t now;
        uint32_t *w = ss_room(t, &now);
        w = ss_set_context(t, w, id);
        w[0] = SS_R_PUBLISH;
        w[1] = (uint32_t)(now - t->base_ticks);
        w[2] = (uint32_t)receivers;
        w[3] = ss_fit32(payload);
        w[4] = (uint32_t)hash;
        ss_commit(t, w + 5);
    }
    if (mask & SS_CLASSIC)
        EMIT(publish, .conn_id = id, .fd = c ? ss_fd(c) : -1, .channel = hash, .payload = ss_fit32(payload), .receivers = (uint32_t)receivers);
}

/* ---- Probes: event loop ---- */

/* An io thread may wait for long, while the main thread goes on: it sends its batch first, and its wait is no duration of `light` but two records. */
void ss_poll_start(const struct timeval *timeout) {
    struct ss_thread *t = ss_thread();
    int is_main = t->number == 0;
    if (is_main) ss_look();
    unsigned mask = ss_recording();
    if (is_main) {
        if (mask & SS_FULL) RECORD_BARE(SS_R_POLL_START, 0);
    } else if (mask & (SS_LIGHT | SS_FULL)) RECORD_BARE(SS_R_IO_POLL_START, 0);
    if (mask & SS_CLASSIC) {
        int64_t us = timeout ? (int64_t)timeout->tv_sec * 1000000 + timeout->tv_usec : -1;
        EMIT(poll_start, .timeout_us = us > INT32_MAX ? INT32_MAX : (int32_t)us);
    }
    if (!mask) {
        t->poll_start = 0;
        if (!is_main) ss_forget(t);
        return;
    }
    uint64_t now = ss_ticks();
    if (!is_main || now - t->base_ticks >= t->batch_ticks || t->introduced != ss_generation) {
        ss_flush(t);
        now = ss_ticks();
    }
    t->poll_start = (mask & SS_LIGHT) && is_main ? now : 0;
}

/* Words of the records of `full` from a poll that found nothing to the next one's start, when nothing happened in between: poll_end, after_sleep,
 * time_events_start and _end, before_sleep_start and _end, poll_start. */
#define SS_SPIN_WORDS 14

/* Valkey's main thread looks again and again while io threads work. Looks that find nothing, and between which nothing else was recorded, are told as one
 * poll: the records since its start are taken back. */
static void ss_look_again(struct ss_thread *t, unsigned mask) {
    uint32_t since = t->used - t->spin;
    if (t->spin && (mask & (SS_LIGHT | SS_FULL)) == SS_FULL && since == SS_SPIN_WORDS) __atomic_store_n(&t->used, t->spin, __ATOMIC_RELEASE);
    else if (t->spin && (mask & (SS_LIGHT | SS_FULL)) == SS_LIGHT && since == t->spin_words) {
        __atomic_store_n(&t->used, t->spin, __ATOMIC_RELEASE);
        t->poll_start = t->spin_start;
    } else {
        t->spin = t->used;
        t->spin_start = t->poll_start;
    }
}

static void ss_poll_ended(int ready, int is_look) {
    struct ss_thread *t = ss_thread();
    int is_main = t->number == 0;
    if (is_main) ss_look();
    unsigned mask = ss_recording();
    unsigned count = ready > 0 ? (unsigned)ready : 0;
    if (is_look) ss_look_again(t, mask);
    else t->spin = 0;
    if ((mask & SS_LIGHT) && t->poll_start) {
        uint64_t now;
        uint32_t *w = ss_room(t, &now);
        w = ss_extend(w, now - t->poll_start);
        w[0] = ss_head(SS_R_POLL, 0, ss_fit16(count));
        w[1] = (uint32_t)(now - t->base_ticks);
        w[2] = (uint32_t)(now - t->poll_start);
        ss_commit(t, w + 3);
        t->spin_words = t->used - t->spin;
    }
    if (count) t->spin = 0;
    if (is_main) {
        if (mask & SS_FULL) RECORD_BARE(SS_R_POLL_END, ss_fit16(count));
    } else if (mask & (SS_LIGHT | SS_FULL)) RECORD_BARE(SS_R_IO_POLL_END, ss_fit16(count));
    if (mask & SS_CLASSIC) EMIT(poll_end, .ready = count);
}

void ss_poll_end(int ready) { ss_poll_ended(ready, 0); }

void ss_look_end(int found) { ss_poll_ended(found, 1); }

void ss_file_event_start(int fd, int mask) {
    unsigned on = ss_recording();
    if (on & SS_FULL) RECORD(SS_R_FILE_EVENT_START, 0, (unsigned)mask & 0xffff, (uint32_t)fd);
    if (on & SS_CLASSIC) EMIT(file_event_start, .fd = fd, .mask = (uint16_t)mask);
}

void ss_file_event_end(int fd) {
    unsigned on = ss_recording();
    if (on & SS_FULL) RECORD(SS_R_FILE_EVENT_END, 0, 0, (uint32_t)fd);
    if (on & SS_CLASSIC) EMIT(file_event_end, .fd = fd);
}

void ss_time_events_start(void) {
    unsigned on = ss_recording();
    if (on & SS_FULL) RECORD_BARE(SS_R_TIME_EVENTS_START, 0);
    if (on & SS_CLASSIC) EMIT_BARE(time_events_start);
}

void ss_time_events_end(int processed) {
    unsigned on = ss_recording();
    if (on & SS_FULL) RECORD_BARE(SS_R_TIME_EVENTS_END, ss_fit16((uint64_t)processed));
    if (on & SS_CLASSIC) EMIT(time_events_end, .processed = (uint32_t)processed);
}

void ss_add_file_event(int fd, int mask) {
    unsigned on = ss_recording();
    if (on & SS_FULL) RECORD(SS_R_ADD_FILE_EVENT, 0, (unsigned)mask & 0xffff, (uint32_t)fd);
    if (on & SS_CLASSIC) EMIT(add_file_event, .fd = fd, .mask = (uint16_t)mask);
}

void ss_delete_file_event(int fd, int mask) {
    unsigned on = ss_recording();
    if (on & SS_FULL) RECORD(SS_R_DELETE_FILE_EVENT, 0, (unsigned)mask & 0xffff, (uint32_t)fd);
    if (on & SS_CLASSIC) EMIT(delete_file_event, .fd = fd, .mask = (uint16_t)mask);
}

void ss_before_sleep_start(void) {
    unsigned on = ss_recording();
    if (on & SS_FULL) RECORD_BARE(SS_R_BEFORE_SLEEP_START, 0);
    if (on & SS_CLASSIC) EMIT_BARE(before_sleep_start);
}

void ss_before_sleep_end(void) {
    unsigned on = ss_recording();
    if (on & SS_FULL) RECORD_BARE(SS_R_BEFORE_SLEEP_END, 0);
    if (on & SS_CLASSIC) EMIT_BARE(before_sleep_end);
}

void ss_after_sleep(void) {
    unsigned on = ss_recording();
    if (on & SS_FULL) RECORD_BARE(SS_R_AFTER_SLEEP, 0);
    if (on & SS_CLASSIC) EMIT_BARE(after_sleep);
}

/* ---- Probes: threads ---- */

void ss_thread_idle(void) {
    struct ss_thread *t = &ss_self;
    if (!t->unsent) return;
    if (ss_recording() & (SS_LIGHT | SS_FULL)) ss_flush(t);
    else ss_forget(t);
}

void ss_io_run_start(unsigned thread, int operation, size_t items) {
    unsigned on = ss_recording();
    if (on & (SS_LIGHT | SS_FULL)) RECORD(SS_R_IO_RUN_START, (unsigned)operation, thread, ss_fit32(items));
    if (on & SS_CLASSIC) EMIT(io_thread_run_start, .thread = (uint16_t)thread, .operation = (uint8_t)operation, .items = (uint32_t)items);
}

void ss_io_run_end(unsigned thread, int operation, size_t items) {
    unsigned on = ss_recording();
    if (on & (SS_LIGHT | SS_FULL)) RECORD(SS_R_IO_RUN_END, (unsigned)operation, thread, ss_fit32(items));
    if (on & SS_CLASSIC) EMIT(io_thread_run_end, .thread = (uint16_t)thread, .operation = (uint8_t)operation, .items = (uint32_t)items);
    if (thread != 0) ss_flush(ss_thread());
}

void ss_handle_reads(const struct ss_items_scope *scope, int is_end) {
    unsigned on = ss_recording();
    if (on & (SS_LIGHT | SS_FULL)) RECORD(is_end ? SS_R_HANDLE_READS_END : SS_R_HANDLE_READS_START, 0, 0, scope->items);
    if (on & SS_CLASSIC) {
        if (is_end) EMIT(handle_pending_reads_end, .items = scope->items);
        else EMIT(handle_pending_reads_start, .items = scope->items);
    }
}

void ss_handle_writes(const struct ss_items_scope *scope, int is_end) {
    unsigned on = ss_recording();
    if (on & SS_FULL) RECORD(is_end ? SS_R_HANDLE_WRITES_END : SS_R_HANDLE_WRITES_START, 0, 0, scope->items);
    if (on & SS_CLASSIC) {
        if (is_end) EMIT(handle_pending_writes_end, .items = scope->items);
        else EMIT(handle_pending_writes_start, .items = scope->items);
    }
}

/* ---- Probes: TLS ---- */

void ss_ssl(const connection *conn, int is_write, size_t asked, int returned, int pending) {
    unsigned on = ss_recording();
    if (!(on & (SS_FULL | SS_CLASSIC))) return;
    /* A TLS connection may also be a bus link or a replication handshake: those have no client. */
    const client *c = conn->read_handler == readQueryFromClient ? conn->private_data : NULL;
    uint64_t id = c ? c->id : 0;
    if (on & SS_FULL)
        RECORD_CONNECTION(is_write ? SS_R_SSL_WRITE : SS_R_SSL_READ, 0, id, ss_fit32(asked), (uint32_t)returned, (uint32_t)pending);
    if (on & SS_CLASSIC) {
        if (is_write) EMIT(ssl_write, .conn_id = id, .fd = conn->fd, .asked = ss_fit32(asked), .returned = returned, .pending = (uint32_t)pending);
        else EMIT(ssl_read, .conn_id = id, .fd = conn->fd, .asked = ss_fit32(asked), .returned = returned, .pending = (uint32_t)pending);
    }
}

/* ---- Probes: cluster bus ---- */

void ss_link_init(struct ss_link *link) {
    static uint32_t last_id;
    link->id = ++last_id;
    link->in = link->queued = link->written = 0;
}

void ss_link_open(const clusterLink *link) { ss_emit_link(link); }

void ss_link_close(const clusterLink *link) { EMIT(link_close, .link = link->ss.id); }

void ss_cluster_send(const clusterLink *link, unsigned type, size_t length) {
    unsigned on = ss_recording();
    uint64_t backlog = link->ss.queued - link->ss.written;
    ss_self.sent++;
    if (on & (SS_LIGHT | SS_FULL))
        RECORD(SS_R_CLUSTER_SEND, 0, type & 0xffff, link->ss.id, ss_fit32(length), (uint32_t)link->ss.queued, ss_fit32(backlog));
    if (on & SS_CLASSIC)
        EMIT(cluster_send, .link = link->ss.id, .type = (uint16_t)type, .length = ss_fit32(length), .end_offset = link->ss.queued, .backlog = backlog);
}

void ss_cluster_write(const clusterLink *link, int nwritten) {
    unsigned on = ss_recording();
    uint64_t left = link->ss.queued - link->ss.written;
    if (on & (SS_LIGHT | SS_FULL)) RECORD(SS_R_CLUSTER_WRITE, 0, 0, link->ss.id, (uint32_t)nwritten, ss_fit32(left));
    if (on & SS_CLASSIC) EMIT(cluster_write, .link = link->ss.id, .nwritten = nwritten, .left = left);
}

void ss_cluster_read(const clusterLink *link, int nread) {
    unsigned on = ss_recording();
    if (on & (SS_LIGHT | SS_FULL)) RECORD(SS_R_CLUSTER_READ, 0, 0, link->ss.id, (uint32_t)nread);
    if (on & SS_CLASSIC) EMIT(cluster_read, .link = link->ss.id, .nread = nread);
}

void ss_cluster_packet(const clusterLink *link, unsigned type, size_t length) {
    unsigned on = ss_recording();
    if (on & (SS_LIGHT | SS_FULL)) RECORD(SS_R_CLUSTER_PACKET, 0, type & 0xffff, link->ss.id, ss_fit32(length), (uint32_t)link->ss.in);
    if (on & SS_CLASSIC)
        EMIT(cluster_process_packet, .link = link->ss.id, .type = (uint16_t)type, .length = ss_fit32(length), .end_offset = link->ss.in);
}

void ss_broadcast_start(struct ss_broadcast_scope *scope, unsigned type, size_t length) {
    scope->on = ss_recording();
    scope->type = (uint16_t)type;
    scope->sent = ss_self.sent;
    if (scope->on & SS_FULL) RECORD(SS_R_BROADCAST_START, 0, scope->type, ss_fit32(length));
    if (scope->on & SS_CLASSIC) EMIT(broadcast_start, .type = scope->type, .length = ss_fit32(length));
}

void ss_broadcast_end(const struct ss_broadcast_scope *scope) {
    uint32_t links = ss_self.sent - scope->sent;
    if (scope->on & SS_FULL) RECORD(SS_R_BROADCAST_END, 0, scope->type, links);
    if (scope->on & SS_CLASSIC) EMIT(broadcast_end, .type = scope->type, .links = links);
}

/* ---- Probes: housekeeping ---- */

uint64_t ss_chore_start(void) { return ss_ticks(); }

void ss_chore_end(enum ss_chore chore, uint64_t start, uint64_t amount) {
    unsigned on = ss_recording();
    struct ss_thread *t = ss_thread();
    uint64_t now;
    uint32_t *w = ss_room(t, &now);
    uint64_t duration = now - start, duration_ns = ss_to_ns(duration);
    if ((on & SS_FULL) || ((on & SS_LIGHT) && duration_ns >= 20000)) {
        w = ss_extend(w, duration);
        w[0] = ss_head(SS_R_HOUSEKEEPING, 0, (unsigned)chore);
        w[1] = (uint32_t)(now - t->base_ticks);
        w[2] = (uint32_t)duration;
        w[3] = ss_fit32(amount);
        ss_commit(t, w + 4);
    }
    if (on & SS_CLASSIC) {
        switch (chore) {
#define CHORE(name) EMIT(name, .duration_ns = duration_ns, .amount = amount); break
        case SS_AOF_WRITE: CHORE(aof_write);
        case SS_AOF_FSYNC: CHORE(aof_fsync);
        case SS_EXPIRE_CYCLE: CHORE(expire_cycle);
        case SS_EVICTION_CYCLE: CHORE(eviction_cycle);
        case SS_ACTIVE_DEFRAG: CHORE(active_defrag);
        case SS_LAZY_FREE: CHORE(lazy_free);
#undef CHORE
        }
    }
    if (t->number >= SS_BACKGROUND_THREAD) ss_flush(t);
}

static uint64_t ss_fork_time; /* ns; forks happen on the main thread */

void ss_fork_start(int purpose) {
    EMIT(fork_start, .purpose = (uint8_t)purpose);
    ss_fork_time = ss_ns();
}

void ss_fork_parent(int purpose, int child) {
    EMIT(fork_end, .purpose = (uint8_t)purpose, .child_pid = child, .duration_ns = ss_ns() - ss_fork_time);
}

void ss_fork_child(void) {
    ss_is_child = 1;
    ss_self.used = 0;
    __atomic_store_n(&ss_mask, 0, __ATOMIC_RELAXED);
}

int ss_daemon_fork(void) {
    sigset_t signals;
    lttng_ust_before_fork(&signals);
    int child = fork();
    if (child == 0) lttng_ust_after_fork_child(&signals);
    else lttng_ust_after_fork_parent(&signals);
    return child;
}

void ss_rdb_save(int background, int is_end, int result) {
    if (is_end) EMIT(rdb_save_end, .background = (uint8_t)background, .result = result);
    else EMIT(rdb_save_start, .background = (uint8_t)background);
}
