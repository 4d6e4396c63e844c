// Macros that Coccinelle cannot guess the shape of; it reads these instead of the store's own.
#define run_with_period(milliseconds) if (1)
#define _Atomic(type) type
