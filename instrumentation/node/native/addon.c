/*
 * The Node-API addon of Storescope's preload: hands events from JavaScript to the provider library, and tells JavaScript when a session records.
 *
 * It links with libc alone and asks for Node-API 8 (Node 12.22, 14.17, 16 and later), so one file serves every supported Node. Each thread of JavaScript
 * that loads it gets an environment of its own. While no session records, all that runs is a timer of libuv, five times a second, which looks at a few
 * words of memory and enters no JavaScript.
 *
 * Exports
 *   open(path)             loads the provider library; false when it cannot be loaded
 *   start(onChange)        watches for sessions; onChange(mask, isNewSession) is called when what is recorded changes. Returns the mask now.
 *   numbers                Float64Array: what is emitted: the event's numbers, its own, and one for each of its strings: of a learned word, or 0
 *   emit(...strings)       emits that event; strings of words are not looked at
 *   learn(word)            the word's number from now on; 0: there is no room for more
 *   watchLoop(isOn)        emits loop_iteration by itself
 *
 * Nothing here throws: a call that cannot be done does nothing.
 */
#define NAPI_VERSION 8
#define _GNU_SOURCE
#include <dlfcn.h>
#include <node_api.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <uv.h>

#include "node_emit.h"
#include "provider.h"

#define SS_POLL_MS 200
/* An iteration that waits and works for less than this is brief: it is told with a later one, as far as there is room. */
#define SS_BRIEF_NS 10000000
#define SS_BRIEF_ITERATIONS 3
/* Longer strings are cut: host names and paths are shorter. */
#define SS_STRING_BYTES 512
/* Words that are learned; routes may have a mounted router's parameters in them, so there is no end to them. */
#define SS_WORDS 2000
#define SS_SHARED_NUMBERS (SS_NODE_NUMBERS + 1 + SS_NODE_STRINGS)

struct environment {
    uint32_t number;
    /* Owned by the ArrayBuffer that `numbers` exports; lives as long as `keep`. */
    double *numbers;
    napi_env env;
    napi_ref keep;
    napi_ref on_change;
    napi_async_cleanup_hook_handle cleanup;
    uint32_t recorded;
    uintptr_t epoch;
    uv_timer_t timer;
    uv_prepare_t prepare;
    /* Handles that libuv has not let go of yet. */
    int open_handles;
    /* When the loop's iteration began, and how long it had waited in all until then; 0 before. */
    uint64_t began_ns, idle_ns;
    /* Waiting and working of brief iterations that were not told yet, in the order of the event's fields: the last one first. */
    double brief[2 * SS_BRIEF_ITERATIONS];
    unsigned briefs;
    /* Learned words; word number n is words[n - 1]. */
    uint32_t words_learned;
    char *words[SS_WORDS];
};

/* The library stays loaded: LTTng's threads run in it. */
static const struct ss_node_provider *provider;
static uint32_t environments;

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

static napi_value emit(napi_env env, napi_callback_info info)
{
    static const uint8_t string_counts[] = SS_NODE_STRING_COUNTS;
    size_t argc = SS_NODE_STRINGS;
    napi_value argv[SS_NODE_STRINGS];
    char text[SS_NODE_STRINGS][SS_STRING_BYTES];
    const char *strings[SS_NODE_STRINGS];
    void *data;
    if (napi_get_cb_info(env, info, &argc, argv, NULL, &data) != napi_ok || provider == NULL) return NULL;
    struct environment *e = data;
    const double *numbers = e->numbers;
    uint32_t event = (uint32_t)numbers[SS_NODE_NUMBERS];
    if (event >= sizeof(string_counts)) return NULL;
    for (size_t i = 0; i < string_counts[event]; i++) {
        uint32_t word = (uint32_t)numbers[SS_NODE_NUMBERS + 1 + i];
        if (word > 0 && word <= e->words_learned) {
            strings[i] = e->words[word - 1];
            continue;
        }
        strings[i] = text[i];
        /* What is no string becomes an empty one. */
        if (i >= argc || napi_get_value_string_utf8(env, argv[i], text[i], SS_STRING_BYTES, NULL) != napi_ok) text[i][0] = '\0';
    }
    provider->emit(event, e->number, numbers, strings);
    return NULL;
}

static napi_value learn(napi_env env, napi_callback_info info)
{
    size_t argc = 1;
    napi_value argv[1], result;
    char text[SS_STRING_BYTES];
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
 * Right before polling: an iteration is over. A service that is asked one thing after the other has several for each request, most of them brief: four of them
 * cost one event. The thread's own timer ends a long one five times a second, so none stays untold for longer.
 *
 * Callbacks for sockets run inside uv__io_poll, so a clock read before and after it would count them as
 * waiting; what the loop really waited in the kernel libuv measures itself (Node.js switches that on for each of its loops).
 */
static void on_prepare(uv_prepare_t *handle)
{
    struct environment *e = handle->data;
    uint64_t now = now_ns();
    uint64_t idle = uv_metrics_idle_time(handle->loop);
    if (e->began_ns != 0) {
        uint64_t whole = now - e->began_ns, waited = idle - e->idle_ns;
        if (waited > whole) waited = whole;
        double numbers[2 + 2 * SS_BRIEF_ITERATIONS] = {(double)waited, (double)(whole - waited)};
        if (whole < SS_BRIEF_NS && e->briefs < SS_BRIEF_ITERATIONS) {
            memmove(e->brief + 2, e->brief, 2 * e->briefs * sizeof(double));
            memcpy(e->brief, numbers, 2 * sizeof(double));
            e->briefs++;
        } else {
            memcpy(numbers + 2, e->brief, 2 * e->briefs * sizeof(double));
            provider->emit(SS_NODE_LOOP_ITERATION, e->number, numbers, NULL);
            e->briefs = 0;
        }
    }
    e->began_ns = now;
    e->idle_ns = idle;
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
    if (is_on) uv_prepare_start(&e->prepare, on_prepare);
    else uv_prepare_stop(&e->prepare);
    return NULL;
}

static void on_timer(uv_timer_t *handle)
{
    struct environment *e = handle->data;
    uint32_t recorded = provider->recorded();
    uintptr_t epoch = provider->epoch();
    if (recorded == e->recorded && epoch == e->epoch) return;
    bool is_new = epoch != e->epoch;
    e->recorded = recorded;
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
    free(e);
}

/* The thread of JavaScript ends: libuv's handles must be closed before its loop is. */
static void on_cleanup(napi_async_cleanup_hook_handle hook, void *data)
{
    struct environment *e = data;
    (void)hook;
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
    e->recorded = provider->recorded();
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
    napi_value buffer, numbers;
    if (napi_create_arraybuffer(env, SS_SHARED_NUMBERS * sizeof(double), (void **)&e->numbers, &buffer) != napi_ok ||
        napi_create_reference(env, buffer, 1, &e->keep) != napi_ok ||
        napi_create_typedarray(env, napi_float64_array, SS_SHARED_NUMBERS, buffer, 0, &numbers) != napi_ok) {
        free(e);
        return exports;
    }
    const napi_property_descriptor properties[] = {
        {"numbers", NULL, NULL, NULL, NULL, numbers, napi_default, NULL},
        {"open", NULL, open_provider, NULL, NULL, NULL, napi_default, e},
        {"start", NULL, start, NULL, NULL, NULL, napi_default, e},
        {"emit", NULL, emit, NULL, NULL, NULL, napi_default, e},
        {"learn", NULL, learn, NULL, NULL, NULL, napi_default, e},
        {"watchLoop", NULL, watch_loop, NULL, NULL, NULL, napi_default, e},
    };
    napi_define_properties(env, exports, sizeof(properties) / sizeof(properties[0]), properties);
    return exports;
}

NAPI_MODULE(storescope, init)
