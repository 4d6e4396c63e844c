/* Creates the probes of the `redis` provider; nothing else belongs here. */
#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#define LTTNG_UST_TRACEPOINT_DEFINE
#include "redis_tp.h"
