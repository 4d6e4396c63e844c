/*
 * Where the addon meets the provider library.
 *
 *     node -- addon (storescope.node, libc only) --dlopen--> provider (libstorescope-node.so) --> liblttng-ust
 *
 * Two files, so that the addon loads where LTTng-UST is not installed. There it finds no provider, and the preload leaves the process alone.
 */
#ifndef SS_NODE_PROVIDER_H
#define SS_NODE_PROVIDER_H
#include <stdint.h>

#define SS_NODE_PROVIDER_VERSION 2

struct ss_node_provider {
    uint32_t version;
    /* Emits event number `event` of node_emit.h. The numbers and strings are the caller's; the tracer copies them before this returns. Any thread. */
    void (*emit)(uint32_t event, uint32_t environment, const double *numbers, const char *const *strings);
    /* Events that a session records now, as a mask of 1 << number. A few loads from memory. */
    uint32_t (*recorded)(void);
    /* A value that changes when a session starts or stops to record process_info: then whoever knows of connections tells of them again. */
    uintptr_t (*epoch)(void);
};

/* The provider's one symbol. The struct is static. */
typedef const struct ss_node_provider *ss_node_provider_get(void);
#define SS_NODE_PROVIDER_SYMBOL "storescope_node_provider"

#endif
