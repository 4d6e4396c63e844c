/* The event loop's probes for programs that share ae.o with the server but are not traced (redis-cli, redis-benchmark). */
#include "storescope.h"

unsigned ss_mask;

void ss_poll_start(const struct timeval *timeout) { (void)timeout; }
void ss_poll_end(int ready) { (void)ready; }
void ss_look_end(int found) { (void)found; }
void ss_file_event_start(int fd, int mask) { (void)fd; (void)mask; }
void ss_file_event_end(int fd) { (void)fd; }
void ss_time_events_start(void) {}
void ss_time_events_end(int processed) { (void)processed; }
void ss_add_file_event(int fd, int mask) { (void)fd; (void)mask; }
void ss_delete_file_event(int fd, int mask) { (void)fd; (void)mask; }
