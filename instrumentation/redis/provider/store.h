/* What the supported stores name or keep differently, under one name each. Included by storescope.c alone, after the store's server.h.
 *
 *              Redis 7.0              Redis 8              Valkey 9
 *   io threads lists, main waits      own event loops      job queues
 *   commands   dict                   dict                 hashtable
 *   flags      bits                   bits                 bit fields
 *   reply      buffer, then list      the same             the same; may hold references to values
 */
#ifndef STORESCOPE_STORE_H
#define STORESCOPE_STORE_H

#include "version.h"

#ifdef VALKEY_VERSION
#define SS_FLAVOR "valkey"
#define SS_VERSION VALKEY_VERSION
#include "cluster_legacy.h"

typedef struct serverCommand ss_store_command;

#define SS_COUNTER(counter) (counter)

static inline int ss_is_tls(connection *conn) { return connIsTLS(conn); }
static inline int ss_node_port(const clusterNode *node) { return server.tls_cluster ? node->tls_port : node->tcp_port; }
static inline int ss_io_threads_do_reads(void) { return server.io_threads_num > 1; }
static inline uint32_t ss_pending_reads(void) { return (uint32_t)server.stat_io_reads_pending; }
static inline unsigned long ss_command_count(void) { return hashtableSize(server.commands); }

/* An iterator that skips validation takes no part in rehashing; the body must not change the table. */
static void ss_each_command(hashtable *commands, void (*each)(const ss_store_command *)) {
    if (!commands) return;
    hashtableIterator iterator;
    void *entry;
    hashtableInitIterator(&iterator, commands, HASHTABLE_ITER_SKIP_VALIDATION);
    while (hashtableNext(&iterator, &entry)) {
        const ss_store_command *command = entry;
        each(command);
        ss_each_command(command->subcommands_ht, each);
    }
}

static inline sds ss_string(const robj *object) { return objectGetVal(object); }
static inline int ss_is_blocked(const client *c) { return c->flag.blocked; }
static inline int ss_block_type(const client *c) { return c->bstate->btype; }
static inline uint64_t ss_client_flags(const client *c) { return c->raw_flag1; }

static inline unsigned ss_kind(const client *c) {
    if (c->flag.primary) return SS_KIND_MASTER;
    if (c->flag.replica && !c->flag.monitor) return SS_KIND_REPLICA;
    if (c->flag.module) return SS_KIND_MODULE;
    return SS_KIND_CLIENT;
}

/* Bytes of the reply to the current command so far. */
static inline uint64_t ss_reply_bytes(const client *c) { return c->net_output_bytes_curr_cmd; }

/* Reply bytes still queued after a write. An io thread must not look at the reply, to which the main thread may add: it only knows whether it got to the
 * end of what it was given. The same for references to values, whose length is not in the buffer. */
static inline uint64_t ss_left(client *c) {
    if (c->io_write_state == CLIENT_PENDING_IO) {
        const clientReplyBlock *last = c->io_last_reply_block ? listNodeValue(c->io_last_reply_block) : NULL;
        const char *buffer = last ? last->buf : c->buf;
        return c->io_last_written.buf == buffer && c->io_last_written.bufpos == c->io_last_bufpos ? 0 : 1;
    }
    if (!clientHasPendingReplies(c)) return 0;
    uint64_t queued = (uint64_t)c->bufpos;
    if (listLength(c->reply)) {
        const clientReplyBlock *tail = listNodeValue(listLast(c->reply));
        queued += c->reply_bytes - (tail ? tail->size - tail->used : 0);
    }
    return queued > c->io_last_written.data_len ? queued - c->io_last_written.data_len : 1;
}

#else
#define SS_FLAVOR "redis"
#define SS_VERSION REDIS_VERSION

typedef struct redisCommand ss_store_command;

static inline long long ss_counter(redisAtomic long long *counter) {
    long long value;
    atomicGet(*counter, value);
    return value;
}
#define SS_COUNTER(counter) ss_counter(&(counter))

#if REDIS_VERSION_NUM >= 0x00080000
#include "cluster_legacy.h"
static inline int ss_is_tls(connection *conn) { return connIsTLS(conn); }
static inline int ss_node_port(const clusterNode *node) { return server.tls_cluster ? node->tls_port : node->tcp_port; }
static inline int ss_block_type(const client *c) { return c->bstate.btype; }
#else
static inline int ss_is_tls(connection *conn) { return connGetType(conn) == CONN_TYPE_TLS; }
static inline int ss_node_port(const clusterNode *node) { return node->port; }
static inline int ss_block_type(const client *c) { return c->btype; }
#endif

static inline int ss_io_threads_do_reads(void) { return server.io_threads_do_reads; }
static inline uint32_t ss_pending_reads(void) { return (uint32_t)listLength(server.clients_pending_read); }
static inline unsigned long ss_command_count(void) { return dictSize(server.commands); }

/* Walks without allocating; the body must not change the dict. */
static void ss_each_command(dict *commands, void (*each)(const ss_store_command *)) {
    if (!commands) return;
    dictIterator iterator = { .d = commands, .index = -1 };
    dictEntry *entry;
    while ((entry = dictNext(&iterator)) != NULL) {
        const ss_store_command *command = dictGetVal(entry);
        each(command);
        ss_each_command(command->subcommands_dict, each);
    }
}

static inline sds ss_string(const robj *object) { return object->ptr; }
static inline int ss_is_blocked(const client *c) { return (c->flags & CLIENT_BLOCKED) != 0; }
static inline uint64_t ss_client_flags(const client *c) { return c->flags; }

static inline unsigned ss_kind(const client *c) {
    if (c->flags & CLIENT_MASTER) return SS_KIND_MASTER;
    if ((c->flags & CLIENT_SLAVE) && !(c->flags & CLIENT_MONITOR)) return SS_KIND_REPLICA;
    if (c->flags & CLIENT_MODULE) return SS_KIND_MODULE;
    return SS_KIND_CLIENT;
}

/* Reply bytes queued for a client. Only a reply list's last block has unused room, so its size less that room is what it holds. */
static inline uint64_t ss_reply_bytes(const client *c) {
    uint64_t queued = (uint64_t)c->bufpos;
    if (listLength(c->reply)) {
        const clientReplyBlock *tail = listNodeValue(listLast(c->reply));
        queued += c->reply_bytes - (tail ? tail->size - tail->used : 0);
    }
    return queued;
}

/* Of these, what is still queued after a write. */
static inline uint64_t ss_left(const client *c) {
    uint64_t queued = ss_reply_bytes(c);
    return queued > c->sentlen ? queued - c->sentlen : 0;
}
#endif

static inline int ss_replicates(const client *c) {
    unsigned kind = ss_kind(c);
    return kind == SS_KIND_REPLICA || kind == SS_KIND_MASTER;
}

/* Bytes of the replication history that were written to this replica, or read from this master; -1 for a replica that has no part of it yet. */
static inline long long ss_replication_offset(const client *c) {
#ifdef VALKEY_VERSION
    const ClientReplicationData *at = c->repl_data;
    if (!at) return -1;
#else
    const client *at = c;
#endif
    if (ss_kind(c) == SS_KIND_MASTER) return at->read_reploff;
    if (!at->ref_repl_buf_node) return -1;
    const replBufBlock *block = listNodeValue(at->ref_repl_buf_node);
    return block->repl_offset + (long long)at->ref_block_pos - 1; /* the block's first byte is the history's byte number repl_offset, from 1 */
}

/* Flags as in events.ts, command_table. */
static inline uint32_t ss_command_flags(const ss_store_command *command) {
    return (command->flags & CMD_READONLY ? 1u : 0) | (command->flags & CMD_WRITE ? 2u : 0) | (command->flags & CMD_PUBSUB ? 4u : 0) |
           (command->acl_categories & ACL_CATEGORY_SCRIPTING ? 8u : 0) | (command->flags & CMD_ADMIN ? 16u : 0) |
           (command->flags & CMD_BLOCKING ? 32u : 0);
}

#endif
