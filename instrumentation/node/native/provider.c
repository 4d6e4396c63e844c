/* The provider library's door: see provider.h. */
#include "provider.h"
#include "node_tp.h"
#define SS_NODE_EMIT
#include "node_emit.h"

static uint32_t ss_recorded(void)
{
    uint32_t mask = 0;
#define SS_BIT(name, number) if (lttng_ust_tracepoint_enabled(node, name)) mask |= 1u << number;
    SS_NODE_EVENTS(SS_BIT)
#undef SS_BIT
    return mask;
}

/* LTTng replaces a tracepoint's array of probes when a session joins or leaves. Only the address is looked at. */
static uintptr_t ss_epoch(void)
{
    return (uintptr_t)lttng_ust_tracepoint_node___process_info.probes;
}

const struct ss_node_provider *storescope_node_provider(void)
{
    static const struct ss_node_provider provider = {SS_NODE_PROVIDER_VERSION, ss_emit, ss_recorded, ss_epoch};
    return &provider;
}
