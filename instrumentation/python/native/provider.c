/*
 * The provider library that Python loads with ctypes: numbers and strings in, tracepoints out. It is linked with LTTng-UST; where that is not installed the library does not
 * load, and the process is left alone.
 *
 * Nothing here allocates or fails. Any thread; ctypes lets go of the interpreter's lock meanwhile.
 */
#include "python_tp.h"
#define SS_PYTHON_EMIT
#include "python_emit.h"

/* Emits event number `event` of python_emit.h. Numbers and strings are the caller's; the tracer copies them before this returns. */
void storescope_emit(uint32_t event, const double *numbers, const char *const *strings)
{
    ss_emit(event, 0, numbers, strings);
}

/* A value that changes when a session starts or stops to record process_info, 0 while none does: LTTng replaces a tracepoint's array of probes then. Only
 * the address is looked at. */
uintptr_t storescope_epoch(void)
{
    return (uintptr_t)lttng_ust_tracepoint_python___process_info.probes;
}
