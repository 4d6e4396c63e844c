/* Creates the probes of the `python` provider; nothing else belongs here. */
#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#define LTTNG_UST_TRACEPOINT_DEFINE
#include "python_tp.h"
