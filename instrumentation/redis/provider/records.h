/* Records of the batch buffers (events `commands` and `steps`).
 * Generated from src/environments/redis/events.ts by tools/gen-provider.ts. Do not edit. */
#ifndef SS_RECORDS_H
#define SS_RECORDS_H
#include <stdint.h>

/* A record is 32-bit words:
 *
 *   31            16 15      8 7        0
 *  +----------------+---------+----------+
 *  |      aux       |  flags  |   kind   |  word 0
 *  +----------------+---------+----------+
 *  |  time: ticks after the batch's base |  word 1
 *  +-------------------------------------+
 *  |      as the comments below say      |  word 2 ..
 *  +-------------------------------------+
 */
enum ss_record_kind {
    SS_R_CONTEXT = 1, /* conn */
    SS_R_EXTEND = 2, /* high */
    SS_R_POLL = 3, /* duration */
    SS_R_POLL_START = 4, /* - */
    SS_R_POLL_END = 5, /* - */
    SS_R_READ = 6, /* duration conn nread */
    SS_R_READ_START = 7, /* conn */
    SS_R_READ_DONE = 8, /* nread */
    SS_R_READ_END = 9, /* conn query_buffer */
    SS_R_PARSED = 10, /* end_offset */
    SS_R_CALL = 11, /* duration end_offset */
    SS_R_CALL_START = 12, /* - */
    SS_R_CALL_END = 13, /* reply_bytes */
    SS_R_PROCESS_END = 14, /* - */
    SS_R_WRITE = 15, /* duration conn nwritten */
    SS_R_WRITE_START = 16, /* conn */
    SS_R_WRITE_END = 17, /* conn nwritten left */
    SS_R_WRITE_QUEUE_ADD = 18, /* conn */
    SS_R_WRITE_QUEUE_REMOVE = 19, /* conn length */
    SS_R_READ_QUEUE_ADD = 20, /* conn */
    SS_R_READ_QUEUE_REMOVE = 21, /* conn length */
    SS_R_IO_RUN_START = 22, /* items */
    SS_R_IO_RUN_END = 23, /* items */
    SS_R_HANDLE_READS_START = 24, /* items */
    SS_R_HANDLE_READS_END = 25, /* items */
    SS_R_HANDLE_WRITES_START = 26, /* items */
    SS_R_HANDLE_WRITES_END = 27, /* items */
    SS_R_SSL_READ = 28, /* conn asked returned pending */
    SS_R_SSL_WRITE = 29, /* conn asked returned pending */
    SS_R_FILE_EVENT_START = 30, /* fd */
    SS_R_FILE_EVENT_END = 31, /* fd */
    SS_R_TIME_EVENTS_START = 32, /* - */
    SS_R_TIME_EVENTS_END = 33, /* - */
    SS_R_BEFORE_SLEEP_START = 34, /* - */
    SS_R_BEFORE_SLEEP_END = 35, /* - */
    SS_R_AFTER_SLEEP = 36, /* - */
    SS_R_ADD_FILE_EVENT = 37, /* fd */
    SS_R_DELETE_FILE_EVENT = 38, /* fd */
    SS_R_CLUSTER_SEND = 39, /* link length end_offset backlog */
    SS_R_CLUSTER_WRITE = 40, /* link nwritten left */
    SS_R_CLUSTER_READ = 41, /* link nread */
    SS_R_CLUSTER_PACKET = 42, /* link length end_offset */
    SS_R_BROADCAST_START = 43, /* length */
    SS_R_BROADCAST_END = 44, /* links */
    SS_R_PUBLISH = 45, /* receivers payload channel */
    SS_R_HOUSEKEEPING = 46, /* duration amount */
    SS_R_HAND_OVER = 47, /* conn purpose length */
    SS_R_TAKE_OVER = 48, /* conn */
    SS_R_IO_POLL_START = 49, /* - */
    SS_R_IO_POLL_END = 50, /* - */
    SS_R_READ_QUEUE_DONE = 51, /* conn */
    SS_R_DELIVER = 52, /* conn */
    SS_R_KINDS = 53
};

enum ss_call_flag {
    SS_CALL_NESTING_MASK = 3,
    SS_CALL_COUNTED = 4,
    SS_CALL_ERROR = 8,
    SS_CALL_BLOCKED = 16
};

enum ss_connection_kind {
    SS_KIND_CLIENT = 0,
    SS_KIND_REPLICA = 1,
    SS_KIND_MASTER = 2,
    SS_KIND_BUS_IN = 3,
    SS_KIND_BUS_OUT = 4,
    SS_KIND_MODULE = 5
};

enum ss_housekeeping {
    SS_H_AOF_WRITE = 0,
    SS_H_AOF_FSYNC = 1,
    SS_H_EXPIRE_CYCLE = 2,
    SS_H_EVICTION_CYCLE = 3,
    SS_H_ACTIVE_DEFRAG = 4,
    SS_H_LAZY_FREE = 5
};

#define SS_SET_LIGHT 1
#define SS_SET_FULL 2

/* Words of a record, the two that all have included; 0: no such kind. */
static const uint8_t ss_record_length[SS_R_KINDS] = {
    [1] = 3,
    [2] = 3,
    [3] = 3,
    [4] = 2,
    [5] = 2,
    [6] = 5,
    [7] = 3,
    [8] = 3,
    [9] = 4,
    [10] = 3,
    [11] = 4,
    [12] = 2,
    [13] = 3,
    [14] = 2,
    [15] = 5,
    [16] = 3,
    [17] = 5,
    [18] = 3,
    [19] = 4,
    [20] = 3,
    [21] = 4,
    [22] = 3,
    [23] = 3,
    [24] = 3,
    [25] = 3,
    [26] = 3,
    [27] = 3,
    [28] = 6,
    [29] = 6,
    [30] = 3,
    [31] = 3,
    [32] = 2,
    [33] = 2,
    [34] = 2,
    [35] = 2,
    [36] = 2,
    [37] = 3,
    [38] = 3,
    [39] = 6,
    [40] = 5,
    [41] = 4,
    [42] = 5,
    [43] = 3,
    [44] = 3,
    [45] = 5,
    [46] = 4,
    [47] = 5,
    [48] = 3,
    [49] = 2,
    [50] = 2,
    [51] = 3,
    [52] = 3,
};

/* Sets a record belongs to. */
static const uint8_t ss_record_sets[SS_R_KINDS] = {
    [1] = 3,
    [2] = 3,
    [3] = 1,
    [4] = 2,
    [5] = 2,
    [6] = 1,
    [7] = 2,
    [8] = 2,
    [9] = 2,
    [10] = 3,
    [11] = 1,
    [12] = 2,
    [13] = 2,
    [14] = 2,
    [15] = 1,
    [16] = 2,
    [17] = 2,
    [18] = 2,
    [19] = 2,
    [20] = 3,
    [21] = 3,
    [22] = 3,
    [23] = 3,
    [24] = 3,
    [25] = 3,
    [26] = 2,
    [27] = 2,
    [28] = 2,
    [29] = 2,
    [30] = 2,
    [31] = 2,
    [32] = 2,
    [33] = 2,
    [34] = 2,
    [35] = 2,
    [36] = 2,
    [37] = 2,
    [38] = 2,
    [39] = 3,
    [40] = 3,
    [41] = 3,
    [42] = 3,
    [43] = 2,
    [44] = 2,
    [45] = 3,
    [46] = 3,
    [47] = 3,
    [48] = 2,
    [49] = 3,
    [50] = 3,
    [51] = 2,
    [52] = 2,
};

#endif
