/*
 * The Node-API addon of Storescope's preload: hands events from JavaScript to the provider library, and tells JavaScript when a session records.
 *
 * It links with libc alone and asks for Node-API 8 (Node 12.22, 14.17, 16 and later), so one file serves every supported Node. Each thread of JavaScript
 * that loads it gets an environment of its own. While no session records, all that runs is a timer of libuv, five times a second, which looks at a few
 * words of memory and enters no JavaScript.
 *
 * JavaScript writes its events into a queue in shared memory (hooks/emit.cjs says how), each with its time. They are told together: an event that is told alone,
 * among the application's code, costs ten times what it costs among others (docs/perf/0006). They are told
 *   when the event loop turns    right before it waits, so that nothing is kept back while the process is idle
 *   when the queue is full
 *   by the watcher               a thread that lives while a session records, for environments whose loop is held up: what led there is told all the same
 *   when the process exits, or the environment ends
 *
 * Exports
 *   open(path)             loads the provider library; false when it cannot be loaded
 *   start(onChange)        watches for sessions; onChange(mask, isNewSession) is called when what is recorded changes. Returns the mask now.
 *   queue                  ArrayBuffer: struct queue
 *   tell()                 tells what is in the queue, and empties it
 *   learn(word)            the word's number from now on; 0: there is no room for more
 *   setClock(ms)           the time now, by the clock of the times in the queue
 *   watchLoop(isOn)        emits loop_iteration by itself
 *   watchCollections(isOn) emits gc by itself; false when it cannot
 *
 * Nothing here throws: a call that cannot be done does nothing.
 */
#define NAPI_VERSION 8
#define _GNU_SOURCE
#include <dlfcn.h>
#include <node_api.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include "node_emit.h"
#include "provider.h"

#define SS_POLL_MS 200
/* An iteration that waits and works for less than this is brief: it is told with a later one, as far as there is room. */
#define SS_BRIEF_NS 10000000
#define SS_BRIEF_ITERATIONS 3
/* Longer words are cut: host names and routes are shorter. */
#define SS_WORD_BYTES 512
/* Words that are learned; routes may have a mounted router's parameters in them, so there is no end to them. */
#define SS_WORDS 2000

/* Written by JavaScript; a record counts once `used` says so. */
struct queue {
    int32_t used, used_bytes;
    double numbers[SS_NODE_QUEUE_NUMBERS];
    char bytes[SS_NODE_QUEUE_BYTES];
};

struct environment {
    uint32_t number;
    /* Owned by the ArrayBuffer that is exported; lives as long as `keep`. */
    struct queue *queue;
    napi_env env;
    napi_ref keep;
    napi_ref on_change;
    napi_async_cleanup_hook_handle cleanup;
    /* Written by the environment's thread alone. */
    uint32_t recorded;
    uintptr_t epoch;
    uv_timer_t timer;
    uv_prepare_t prepare;
    /* Handles that libuv has not let go of yet. */
    int open_handles;
    bool is_loop_watched;
    /* V8's thread of JavaScript, while collections are watched. */
    void *isolate;
    /* Kind of the collection that runs; 0: none. */
    int collecting;
    uint64_t collecting_ns;
    /* When the loop's iteration began, and how long it had waited in all until then; 0 before. */
    uint64_t began_ns, idle_ns;
    /* Waiting and working of brief iterations that were not told yet, in the order of the event's fields: the last one first. */
    double brief[2 * SS_BRIEF_ITERATIONS];
    unsigned briefs;
    /* Learned words; word number n is words[n - 1]. */
    uint32_t words_learned;
    char *words[SS_WORDS];
    /* CLOCK_MONOTONIC when the clock of the queue's times was 0. */
    double clock_zero_ns;

    /* Whoever tells holds `lock`. */
    pthread_mutex_t lock;
    /* What was told of the queue. */
    int32_t told, told_bytes;
    /* How often the loop turned or the queue was emptied. */
    uint32_t turns;
    /* What the watcher saw when it looked last. */
    uint32_t seen_turns;
    int32_t seen_used;
    /* Next of `all`. */
    struct environment *next;
};

/* The library stays loaded: LTTng's threads run in it. */
static const struct ss_node_provider *provider;
static uint32_t environments;

/* Environments that were started. Taken before an environment's own lock. */
static pthread_mutex_t all_lock = PTHREAD_MUTEX_INITIALIZER;
static struct environment *all;
static bool is_watching;
static pid_t owner;

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static napi_value open_provider(napi_env env, napi_callback_info info)
{
    size_t argc = 1;
    napi_value argv[1], result;
    char path[4096];
    size_t length;
    const struct ss_node_provider *found = __atomic_load_n(&provider, __ATOMIC_ACQUIRE);
    if (found == NULL && napi_get_cb_info(env, info, &argc, argv, NULL, NULL) == napi_ok && argc == 1 &&
        napi_get_value_string_utf8(env, argv[0], path, sizeof(path), &length) == napi_ok && length < sizeof(path) - 1) {
        /* Loading twice, from two workers at once, gives the same library. */
        void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
        ss_node_provider_get *get = library == NULL ? NULL : (ss_node_provider_get *)dlsym(library, SS_NODE_PROVIDER_SYMBOL);
        found = get == NULL ? NULL : get();
        if (found != NULL && found->version != SS_NODE_PROVIDER_VERSION) found = NULL;
        if (found != NULL) __atomic_store_n(&provider, found, __ATOMIC_RELEASE);
    }
    napi_get_boolean(env, found != NULL, &result);
    return result;
}

/*
 * Tells the records before `until`. The environment's lock is held. Where the process exits while another thread writes its queue, what is read may be half a
 * record: whatever leads out of the queue ends it.
 */
static void tell_until(struct environment *e, int32_t until)
{
    static const uint8_t number_counts[] = SS_NODE_NUMBER_COUNTS, string_counts[] = SS_NODE_STRING_COUNTS;
    const char *strings[SS_NODE_STRINGS];
    while (e->told < until) {
        double *record = e->queue->numbers + e->told;
        uint32_t event = (uint32_t)record[0];
        if (event >= sizeof(string_counts)) return;
        uint32_t numbers = number_counts[event];
        const double *words = record + 1 + numbers;
        if (e->told + (int32_t)(1 + numbers + string_counts[event]) > SS_NODE_QUEUE_NUMBERS) return;
        for (uint32_t i = 0; i < string_counts[event]; i++) {
            if (words[i] > 0) {
                if (words[i] > e->words_learned) return;
                strings[i] = e->words[(uint32_t)words[i] - 1];
            } else {
                const char *text = e->queue->bytes + e->told_bytes;
                int32_t end = e->told_bytes + (int32_t)-words[i];
                if (end < 0 || end >= SS_NODE_QUEUE_BYTES || e->queue->bytes[end] != '\0') return;
                strings[i] = text;
                e->told_bytes = end + 1;
            }
        }
        record[numbers] = e->clock_zero_ns + record[numbers] * 1e6;
        provider->emit(event, e->number, record + 1, strings);
        e->told += (int32_t)(1 + numbers + string_counts[event]);
    }
}

/* Tells all and empties the queue. Only on the environment's thread, or when that runs no more; the lock is held. */
static void tell_all(struct environment *e)
{
    tell_until(e, e->queue->used);
    e->queue->used = e->queue->used_bytes = 0;
    e->told = e->told_bytes = 0;
    e->turns++;
}

static napi_value tell(napi_env env, napi_callback_info info)
{
    void *data;
    if (napi_get_cb_info(env, info, NULL, NULL, NULL, &data) != napi_ok) return NULL;
    struct environment *e = data;
    pthread_mutex_lock(&e->lock);
    tell_all(e);
    pthread_mutex_unlock(&e->lock);
    return NULL;
}

static napi_value set_clock(napi_env env, napi_callback_info info)
{
    uint64_t now = now_ns();
    size_t argc = 1;
    napi_value argv[1];
    void *data;
    double ms;
    if (napi_get_cb_info(env, info, &argc, argv, NULL, &data) != napi_ok || argc < 1 || napi_get_value_double(env, argv[0], &ms) != napi_ok) return NULL;
    struct environment *e = data;
    /* The call took time: the least is the closest. */
    double zero = (double)now - ms * 1e6;
    if (e->clock_zero_ns == 0 || zero < e->clock_zero_ns) e->clock_zero_ns = zero;
    return NULL;
}

/*
 * The watcher: of an environment whose loop did not turn between two of its looks it tells what was there at the first one. So it reads nothing that
 * JavaScript wrote just now, and a process that hangs, or is killed while it does, has told what it did before.
 */
static void *watch(void *unused)
{
    (void)unused;
    for (;;) {
        const struct timespec pause = {0, SS_POLL_MS * 1000000};
        nanosleep(&pause, NULL);
        pthread_mutex_lock(&all_lock);
        is_watching = false;
        for (struct environment *e = all; e != NULL; e = e->next) {
            if (__atomic_load_n(&e->recorded, __ATOMIC_RELAXED) == 0) continue;
            is_watching = true;
            pthread_mutex_lock(&e->lock);
            uint32_t turns = __atomic_load_n(&e->turns, __ATOMIC_RELAXED);
            if (turns == e->seen_turns) tell_until(e, e->seen_used);
            e->seen_turns = turns;
            e->seen_used = __atomic_load_n(&e->queue->used, __ATOMIC_ACQUIRE);
            pthread_mutex_unlock(&e->lock);
        }
        bool is_over = !is_watching;
        pthread_mutex_unlock(&all_lock);
        if (is_over) return NULL;
    }
}

/* One watcher is enough for all environments. It takes no signals; without it, a loop that is held up is told of when it goes on. */
static void start_watcher(void)
{
    pthread_mutex_lock(&all_lock);
    if (!is_watching) {
        sigset_t every, before;
        pthread_attr_t attributes;
        pthread_t thread;
        sigfillset(&every);
        pthread_sigmask(SIG_SETMASK, &every, &before);
        if (pthread_attr_init(&attributes) == 0) {
            pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
            pthread_attr_setstacksize(&attributes, 256 * 1024);
            is_watching = pthread_create(&thread, &attributes, watch, NULL) == 0;
            pthread_attr_destroy(&attributes);
        }
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    pthread_mutex_unlock(&all_lock);
}

/* What the last turn of each loop left; not in a copy of the process, and not where somebody is telling it. */
static void on_exit_process(void)
{
    if (getpid() != owner || pthread_mutex_trylock(&all_lock) != 0) return;
    for (struct environment *e = all; e != NULL; e = e->next) {
        if (pthread_mutex_trylock(&e->lock) != 0) continue;
        tell_until(e, e->queue->used);
        pthread_mutex_unlock(&e->lock);
    }
    pthread_mutex_unlock(&all_lock);
}

static napi_value learn(napi_env env, napi_callback_info info)
{
    size_t argc = 1;
    napi_value argv[1], result;
    char text[SS_WORD_BYTES];
    void *data;
    uint32_t number = 0;
    if (napi_get_cb_info(env, info, &argc, argv, NULL, &data) != napi_ok) return NULL;
    struct environment *e = data;
    if (argc == 1 && e->words_learned < SS_WORDS && napi_get_value_string_utf8(env, argv[0], text, sizeof(text), NULL) == napi_ok) {
        char *word = strdup(text);
        if (word != NULL) {
            e->words[e->words_learned] = word;
            number = ++e->words_learned;
        }
    }
    return napi_create_uint32(env, number, &result) == napi_ok ? result : NULL;
}

/*
 * An iteration is over. A service that is asked one thing after the other has several for each request, most of them brief: four of them
 * cost one event. The thread's own timer ends a long one five times a second, so none stays untold for longer.
 *
 * Callbacks for sockets run inside uv__io_poll, so a clock read before and after it would count them as
 * waiting; what the loop really waited in the kernel libuv measures itself (Node.js switches that on for each of its loops).
 */
static void tell_iteration(struct environment *e, uint64_t now, uint64_t idle)
{
    if (e->began_ns != 0) {
        uint64_t whole = now - e->began_ns, waited = idle - e->idle_ns;
        if (waited > whole) waited = whole;
        double numbers[2 + 2 * SS_BRIEF_ITERATIONS + 1] = {(double)waited, (double)(whole - waited)};
        if (whole < SS_BRIEF_NS && e->briefs < SS_BRIEF_ITERATIONS) {
            memmove(e->brief + 2, e->brief, 2 * e->briefs * sizeof(double));
            memcpy(e->brief, numbers, 2 * sizeof(double));
            e->briefs++;
        } else {
            memcpy(numbers + 2, e->brief, 2 * e->briefs * sizeof(double));
            numbers[2 + 2 * SS_BRIEF_ITERATIONS] = (double)now;
            provider->emit(SS_NODE_LOOP_ITERATION, e->number, numbers, NULL);
            e->briefs = 0;
        }
    }
    e->began_ns = now;
    e->idle_ns = idle;
}

/* Right before polling: the loop turns. Where the watcher is telling, the rest waits for it, and not the application. */
static void on_prepare(uv_prepare_t *handle)
{
    struct environment *e = handle->data;
    uint64_t now = e->is_loop_watched ? now_ns() : 0;
    if (e->queue->used == 0) __atomic_store_n(&e->turns, e->turns + 1, __ATOMIC_RELAXED);
    else if (pthread_mutex_trylock(&e->lock) == 0) {
        tell_all(e);
        pthread_mutex_unlock(&e->lock);
    }
    if (e->is_loop_watched) tell_iteration(e, now, uv_metrics_idle_time(handle->loop));
}

static napi_value watch_loop(napi_env env, napi_callback_info info)
{
    size_t argc = 1;
    napi_value argv[1];
    void *data;
    bool is_on = false;
    if (napi_get_cb_info(env, info, &argc, argv, NULL, &data) != napi_ok || argc < 1) return NULL;
    struct environment *e = data;
    if (e->open_handles == 0 || napi_get_value_bool(env, argv[0], &is_on) != napi_ok) return NULL;
    e->began_ns = 0;
    e->briefs = 0;
    e->is_loop_watched = is_on;
    return NULL;
}

/*
 * Garbage collections. Node-API does not tell of them, and Node's PerformanceObserver enters JavaScript for each: 0.5 to 2 % of what a busy service took (docs/perf/0006).
 * V8 calls back before and after; it exports that to addons under names of C++, whose arguments are pointers and numbers. Where they are not there, nothing is watched.
 */
typedef void collection_callback(void *isolate, int kind, int flags, void *data);
typedef void add_callback(void *isolate, collection_callback *callback, void *data, int kinds);
typedef void remove_callback(void *isolate, collection_callback *callback, void *data);

#define SS_EVERY_COLLECTION 31
#define SS_V8_CALLBACK "PFvPS0_NS_6GCTypeENS_15GCCallbackFlagsEPvES4_"

static void *(*current_isolate)(void);
static add_callback *add_prologue, *add_epilogue;
static remove_callback *remove_prologue, *remove_epilogue;

static bool find_v8(void)
{
    current_isolate = (void *(*)(void))dlsym(RTLD_DEFAULT, "_ZN2v87Isolate10GetCurrentEv");
    add_prologue = (add_callback *)dlsym(RTLD_DEFAULT, "_ZN2v87Isolate21AddGCPrologueCallbackE" SS_V8_CALLBACK "S2_");
    add_epilogue = (add_callback *)dlsym(RTLD_DEFAULT, "_ZN2v87Isolate21AddGCEpilogueCallbackE" SS_V8_CALLBACK "S2_");
    remove_prologue = (remove_callback *)dlsym(RTLD_DEFAULT, "_ZN2v87Isolate24RemoveGCPrologueCallbackE" SS_V8_CALLBACK);
    remove_epilogue = (remove_callback *)dlsym(RTLD_DEFAULT, "_ZN2v87Isolate24RemoveGCEpilogueCallbackE" SS_V8_CALLBACK);
    return current_isolate != NULL && add_prologue != NULL && add_epilogue != NULL && remove_prologue != NULL && remove_epilogue != NULL;
}

/* A collection within another one is a part of it. */
static void on_collection_begin(void *isolate, int kind, int flags, void *data)
{
    struct environment *e = data;
    (void)isolate, (void)flags;
    if (e->collecting != 0) return;
    e->collecting = kind;
    e->collecting_ns = now_ns();
}

static void on_collection_end(void *isolate, int kind, int flags, void *data)
{
    struct environment *e = data;
    (void)isolate, (void)flags;
    if (e->collecting != kind) return;
    uint64_t now = now_ns();
    const double numbers[] = {kind, (double)e->collecting_ns, (double)(now - e->collecting_ns), (double)now};
    e->collecting = 0;
    /* In order: what JavaScript wrote before comes first. */
    if (pthread_mutex_trylock(&e->lock) == 0) {
        tell_until(e, e->queue->used);
        pthread_mutex_unlock(&e->lock);
    }
    provider->emit(SS_NODE_GC, e->number, numbers, NULL);
}

static void ignore_collections(struct environment *e)
{
    if (e->isolate == NULL) return;
    remove_prologue(e->isolate, on_collection_begin, e);
    remove_epilogue(e->isolate, on_collection_end, e);
    e->isolate = NULL;
}

static napi_value watch_collections(napi_env env, napi_callback_info info)
{
    size_t argc = 1;
    napi_value argv[1], result;
    void *data;
    bool is_on = false;
    if (napi_get_cb_info(env, info, &argc, argv, NULL, &data) != napi_ok || argc < 1) return NULL;
    struct environment *e = data;
    if (napi_get_value_bool(env, argv[0], &is_on) != napi_ok) return NULL;
    ignore_collections(e);
    if (is_on && e->open_handles != 0 && find_v8()) {
        e->collecting = 0;
        e->isolate = current_isolate();
        if (e->isolate != NULL) {
            add_prologue(e->isolate, on_collection_begin, e, SS_EVERY_COLLECTION);
            add_epilogue(e->isolate, on_collection_end, e, SS_EVERY_COLLECTION);
        }
    }
    napi_get_boolean(env, e->isolate != NULL, &result);
    return result;
}

/* What is recorded has changed. */
static void set_recorded(struct environment *e, uint32_t recorded)
{
    __atomic_store_n(&e->recorded, recorded, __ATOMIC_RELAXED);
    if (recorded == 0) {
        uv_prepare_stop(&e->prepare);
    } else {
        uv_prepare_start(&e->prepare, on_prepare);
        start_watcher();
    }
}

static void on_timer(uv_timer_t *handle)
{
    struct environment *e = handle->data;
    uint32_t recorded = provider->recorded();
    uintptr_t epoch = provider->epoch();
    if (recorded == e->recorded && epoch == e->epoch) return;
    bool is_new = epoch != e->epoch;
    set_recorded(e, recorded);
    e->epoch = epoch;
    napi_handle_scope scope;
    if (napi_open_handle_scope(e->env, &scope) != napi_ok) return;
    napi_value argv[2], function, receiver;
    if (napi_get_global(e->env, &receiver) == napi_ok && napi_get_reference_value(e->env, e->on_change, &function) == napi_ok &&
        function != NULL &&
        napi_create_uint32(e->env, recorded, &argv[0]) == napi_ok && napi_get_boolean(e->env, is_new, &argv[1]) == napi_ok)
        napi_make_callback(e->env, NULL, receiver, function, 2, argv, NULL);
    napi_close_handle_scope(e->env, scope);
}

static void on_closed(uv_handle_t *handle)
{
    struct environment *e = handle->data;
    if (--e->open_handles > 0) return;
    napi_remove_async_cleanup_hook(e->cleanup);
    for (uint32_t i = 0; i < e->words_learned; i++) free(e->words[i]);
    pthread_mutex_destroy(&e->lock);
    free(e);
}

/* The thread of JavaScript ends, and its memory with it: libuv's handles must be closed before its loop is. */
static void on_cleanup(napi_async_cleanup_hook_handle hook, void *data)
{
    struct environment *e = data;
    (void)hook;
    ignore_collections(e);
    pthread_mutex_lock(&all_lock);
    pthread_mutex_lock(&e->lock);
    tell_all(e);
    struct environment **at = &all;
    while (*at != e) at = &(*at)->next;
    *at = e->next;
    pthread_mutex_unlock(&e->lock);
    pthread_mutex_unlock(&all_lock);
    uv_close((uv_handle_t *)&e->timer, on_closed);
    uv_close((uv_handle_t *)&e->prepare, on_closed);
}

static napi_value start(napi_env env, napi_callback_info info)
{
    size_t argc = 1;
    napi_value argv[1], result;
    void *data;
    uv_loop_t *loop;
    if (napi_get_cb_info(env, info, &argc, argv, NULL, &data) != napi_ok || argc < 1 || provider == NULL) return NULL;
    struct environment *e = data;
    if (e->open_handles != 0 || napi_get_uv_event_loop(env, &loop) != napi_ok) return NULL;
    if (napi_create_reference(env, argv[0], 1, &e->on_change) != napi_ok) return NULL;
    if (napi_add_async_cleanup_hook(env, on_cleanup, e, &e->cleanup) != napi_ok) return NULL;
    uv_timer_init(loop, &e->timer);
    uv_prepare_init(loop, &e->prepare);
    e->timer.data = e->prepare.data = e;
    e->open_handles = 2;
    uv_timer_start(&e->timer, on_timer, SS_POLL_MS, SS_POLL_MS);
    /* None of them keeps the process alive. */
    uv_unref((uv_handle_t *)&e->timer);
    uv_unref((uv_handle_t *)&e->prepare);
    pthread_mutex_lock(&all_lock);
    if (owner == 0) {
        owner = getpid();
        atexit(on_exit_process);
    }
    e->next = all;
    all = e;
    pthread_mutex_unlock(&all_lock);
    set_recorded(e, provider->recorded());
    e->epoch = provider->epoch();
    napi_create_uint32(env, e->recorded, &result);
    return result;
}

static napi_value init(napi_env env, napi_value exports)
{
    /* Freed by on_closed; one that was never started is some kilobytes that stay until the process ends. */
    struct environment *e = calloc(1, sizeof(*e));
    if (e == NULL) return exports;
    e->number = __atomic_fetch_add(&environments, 1, __ATOMIC_RELAXED) & 0xffffff;
    e->env = env;
    napi_value queue;
    if (pthread_mutex_init(&e->lock, NULL) != 0 || napi_create_arraybuffer(env, sizeof(struct queue), (void **)&e->queue, &queue) != napi_ok ||
        napi_create_reference(env, queue, 1, &e->keep) != napi_ok) {
        free(e);
        return exports;
    }
    const napi_property_descriptor properties[] = {
        {"queue", NULL, NULL, NULL, NULL, queue, napi_default, NULL},
        {"open", NULL, open_provider, NULL, NULL, NULL, napi_default, e},
        {"start", NULL, start, NULL, NULL, NULL, napi_default, e},
        {"tell", NULL, tell, NULL, NULL, NULL, napi_default, e},
        {"setClock", NULL, set_clock, NULL, NULL, NULL, napi_default, e},
        {"learn", NULL, learn, NULL, NULL, NULL, napi_default, e},
        {"watchLoop", NULL, watch_loop, NULL, NULL, NULL, napi_default, e},
        {"watchCollections", NULL, watch_collections, NULL, NULL, NULL, napi_default, e},
    };
    napi_define_properties(env, exports, sizeof(properties) / sizeof(properties[0]), properties);
    return exports;
}

NAPI_MODULE(storescope, init)
