/* base.h - door of the room `base`: memory, text, maps, errors, time, threads.
 *
 * What every other room stands on.  It knows the C library and nothing else: no SQL, no types of
 * values, no hosts, no databases.
 */
#ifndef TK_BASE_H
#define TK_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "takeo/base.h"
#include "takeo/error.h"

#define TK_CHECKED __attribute__((warn_unused_result))
#define TK_PRINTF(text, first) __attribute__((format(printf, text, first)))
#define TK_COUNT(array) (sizeof(array) / sizeof(array)[0])
#define TK_LIKELY(x) __builtin_expect(!!(x), 1)
#define TK_UNLIKELY(x) __builtin_expect(!!(x), 0)
/* A rare way with much to keep, apart so that the way of the most does not pay for its frame. */
#define TK_APART __attribute__((noinline))

/* ---- text: a borrowed stretch of bytes; public twin takeo_text ------------------------------- */

static inline takeo_text tk_text(const char *data, size_t len) {
    return (takeo_text){data, len};
}
/* A zero-terminated string as text; NULL gives none. */
static inline takeo_text tk_zstr(const char *data) {
    return (takeo_text){data, data != NULL ? strlen(data) : 0};
}
/* Length of a pointer + length parameter of the public headers: takeo_zstr means strlen. */
static inline size_t tk_len(const char *data, size_t len) {
    return len == SIZE_MAX ? (data != NULL ? strlen(data) : 0) : len;
}
bool tk_text_equal(takeo_text a, takeo_text b);
/* The name grammar: [A-Za-z_][A-Za-z0-9_]{0,62}. */
bool tk_name_is_valid(const char *data, size_t len);
/* Optimal string alignment distance, counted in bytes; stops at limit + 1. */
size_t tk_text_distance(takeo_text a, takeo_text b, size_t limit);

/* ---- alloc.c: the allocator, and sizes that cannot overflow ---------------------------------- */

/* A copied takeo_allocator.  Blocks are resized and freed with the size they were taken with. */
typedef struct tk_alloc {
    void *ctx;
    void *(*resize)(void *ctx, void *block, size_t old_size, size_t new_size);
} tk_alloc;

extern const tk_alloc tk_alloc_default; /* malloc, realloc, free */

/* From a caller's allocator; NULL gives the default. */
tk_alloc tk_alloc_from(const takeo_allocator *allocator);
/* Zeroed memory, or NULL. */
TK_CHECKED void *tk_mem_new(const tk_alloc *alloc, size_t size);
/* NULL when there is none; the old block is then still there. */
TK_CHECKED void *tk_mem_resize(const tk_alloc *alloc, void *block, size_t old_size,
                               size_t new_size);
void tk_mem_free(const tk_alloc *alloc, void *block, size_t size);
TK_CHECKED static inline bool tk_size_add(size_t a, size_t b, size_t *out) {
    return !__builtin_add_overflow(a, b, out);
}
TK_CHECKED static inline bool tk_size_multiply(size_t a, size_t b, size_t *out) {
    return !__builtin_mul_overflow(a, b, out);
}

/* ---- arena.c: memory that is freed at once --------------------------------------------------- */

typedef struct tk_block tk_block;
typedef struct tk_arena {
    tk_alloc alloc;
    tk_block *blocks; /* newest first */
    char *at;         /* free stretch of the newest block */
    char *end;
    size_t total; /* bytes in all blocks */
} tk_arena;

void tk_arena_init(tk_arena *arena, tk_alloc alloc); /* takes no memory yet */
TK_CHECKED void *tk_arena_take_slow(tk_arena *arena, size_t size);
/* Memory aligned to 16 bytes, not zeroed; NULL when there is none. */
TK_CHECKED static inline void *tk_arena_take(tk_arena *arena, size_t size) {
    size_t rounded = (size + 15) & ~(size_t)15;
    if (TK_LIKELY(rounded >= size && rounded <= (size_t)(arena->end - arena->at))) {
        void *taken = arena->at;
        arena->at += rounded;
        return taken;
    }
    return tk_arena_take_slow(arena, size);
}
/* Zeroed array; NULL also when count * size overflows.  Zero elements give a valid pointer. */
TK_CHECKED void *tk_arena_array(tk_arena *arena, size_t count, size_t size);
/* A copy with a zero byte behind it. */
TK_CHECKED char *tk_arena_copy(tk_arena *arena, const void *data, size_t len);
TK_CHECKED char *tk_arena_printf(tk_arena *arena, const char *format, ...) TK_PRINTF(2, 3);
TK_CHECKED char *tk_arena_vprintf(tk_arena *arena, const char *format, va_list args)
    TK_PRINTF(2, 0);
/* Forget everything; one ordinary block stays for reuse. */
void tk_arena_clear(tk_arena *arena);
void tk_arena_done(tk_arena *arena);

/* ---- buf.c: text that grows; a failure sticks, so only the end is checked -------------------- */

typedef struct tk_buf {
    tk_alloc alloc;
    char *data; /* zero-terminated once something was put */
    size_t len;
    size_t capacity;
    size_t max; /* more than this is a failure */
    bool failed;
} tk_buf;

void tk_buf_init(tk_buf *buf, tk_alloc alloc, size_t max);
TK_CHECKED char *tk_buf_grow(tk_buf *buf, size_t len); /* tk_buf_reserve where there is no room */
/* Room for so many bytes behind the end and a zero byte, for a writer that knows how many it needs;
 * NULL: the buffer has failed.  What was written there counts once the length is set. */
TK_CHECKED static inline char *tk_buf_reserve(tk_buf *buf, size_t len) {
    bool has_room = len < buf->capacity - buf->len && !buf->failed;
    return TK_LIKELY(has_room) ? buf->data + buf->len : tk_buf_grow(buf, len);
}
static inline void tk_buf_set_len(tk_buf *buf, size_t len) {
    buf->len = len;
    buf->data[len] = '\0';
}
/* In place, so that a few bytes of a known size are a store. */
static inline void tk_buf_put(tk_buf *buf, const void *data, size_t len) {
    char *at = tk_buf_reserve(buf, len);
    if (TK_UNLIKELY(at == NULL)) {
        return;
    }
    if (len != 0) {
        memcpy(at, data, len);
    }
    tk_buf_set_len(buf, buf->len + len);
}
void tk_buf_puts(tk_buf *buf, const char *zstr);
void tk_buf_putc(tk_buf *buf, char c);
void tk_buf_put_int(tk_buf *buf, int64_t number);
void tk_buf_printf(tk_buf *buf, const char *format, ...) TK_PRINTF(2, 3);
void tk_buf_vprintf(tk_buf *buf, const char *format, va_list args) TK_PRINTF(2, 0);
/* As a JSON string with its quotes; bytes that are no UTF-8 become U+FFFD. */
void tk_buf_put_json(tk_buf *buf, const char *data, size_t len);
void tk_buf_clear(tk_buf *buf); /* keeps the memory */
void tk_buf_done(tk_buf *buf);

/* ---- vec.c: an array that grows -------------------------------------------------------------- */

typedef struct tk_vec {
    tk_alloc alloc;
    void *items;
    size_t count;
    size_t capacity;
    size_t item_size;
} tk_vec;

void tk_vec_init(tk_vec *vec, tk_alloc alloc, size_t item_size);
/* A new zeroed item at the end, or NULL. */
TK_CHECKED void *tk_vec_push(tk_vec *vec);
static inline void *tk_vec_at(const tk_vec *vec, size_t index) {
    return (char *)vec->items + index * vec->item_size;
}
void tk_vec_clear(tk_vec *vec);
void tk_vec_done(tk_vec *vec);

/* ---- map.c: bytes -> pointer; keys are borrowed, insertion order is kept for walking --------- */

typedef struct tk_map_entry {
    const void *key;
    size_t key_len;
    uint64_t hash;
    void *value;
} tk_map_entry;
typedef struct tk_map {
    tk_alloc alloc;
    tk_map_entry *entries; /* in order of insertion; a removed one has key NULL */
    uint32_t *slots;       /* index + 1 into entries, 0 empty */
    size_t entry_count;    /* removed ones included */
    size_t entry_capacity;
    size_t slot_count; /* a power of two */
    size_t count;      /* living entries */
} tk_map;

void tk_map_init(tk_map *map, tk_alloc alloc);
void *tk_map_get(const tk_map *map, const void *key, size_t key_len); /* NULL: none */
/* Insert or replace, value and key pointer.  False when there is no memory. */
TK_CHECKED bool tk_map_put(tk_map *map, const void *key, size_t key_len, void *value);
void *tk_map_remove(tk_map *map, const void *key, size_t key_len);
void tk_map_clear(tk_map *map);
void tk_map_done(tk_map *map);
uint64_t tk_hash(const void *data, size_t len, uint64_t seed);

/* ---- list.h: an intrusive list, a ring with its own head ------------------------------------- */

typedef struct tk_link {
    struct tk_link *previous;
    struct tk_link *next;
} tk_link;
static inline void tk_link_init(tk_link *link) {
    link->previous = link->next = link;
}
static inline bool tk_link_is_alone(const tk_link *link) {
    return link->next == link;
}
static inline void tk_link_remove(tk_link *link) {
    link->previous->next = link->next;
    link->next->previous = link->previous;
    tk_link_init(link);
}
static inline void tk_link_append(tk_link *head, tk_link *link) { /* before the head: at the end */
    link->previous = head->previous;
    link->next = head;
    head->previous->next = link;
    head->previous = link;
}
static inline void tk_link_prepend(tk_link *head, tk_link *link) { /* at the beginning */
    tk_link_append(head->next, link);
}
#define TK_CONTAINER(link, type, member) ((type *)((char *)(link)-offsetof(type, member)))

/* ---- error.c: where a failure is written -----------------------------------------------------
 *
 * A negative status climbs untouched (TK_TRY); a positive one is an outcome of that very function
 * and never leaves its caller; a failure begins with tk_raise, which writes a record and gives the
 * status of its code.  An owner (an operation, a maker on its stack) holds one tk_error.  Several
 * findings of one pass are several records, linked by next; a cause hangs on cause.
 */
typedef enum tk_code {
#define TK_CODE_ENUM(name, code, status, meaning) TK_##name,
#include "base/error_list.h"
    TK_CODE_LIST(TK_CODE_ENUM)
#undef TK_CODE_ENUM
        TK_CODE_COUNT
} tk_code;

typedef struct tk_error {
    tk_arena arena;
    takeo_error *first; /* NULL: no failure */
    takeo_error *last;
    uint32_t count;
    takeo_error spare; /* of TAKEO_ENOMEM; not to be moved once a failure is written */
} tk_error;

#define TK_TRY(call)                                                                               \
    do {                                                                                           \
        takeo_status tk_try_status = (call);                                                       \
        if (TK_UNLIKELY(tk_try_status < 0)) {                                                      \
            return tk_try_status;                                                                  \
        }                                                                                          \
    } while (0)
/* As TK_TRY, for calls that may also have to wait. */
#define TK_TRY_DONE(call)                                                                          \
    do {                                                                                           \
        takeo_status tk_try_status = (call);                                                       \
        if (TK_UNLIKELY(tk_try_status != TAKEO_DONE)) {                                            \
            return tk_try_status;                                                                  \
        }                                                                                          \
    } while (0)

void tk_error_init(tk_error *error, tk_alloc alloc);
void tk_error_clear(tk_error *error); /* keeps a block for reuse */
void tk_error_done(tk_error *error);
/* Write a new record with code, status and message; gives the status.  `error` may be NULL. Without
 * memory the spare record says TAKEO_ENOMEM, alone, and so does the status.  Texts are cut at 64
 * KiB; control characters and bytes that are no UTF-8 become visible as \x1b. */
takeo_status tk_raise(tk_error *error, tk_code code, const char *format, ...) TK_PRINTF(3, 4);
takeo_status tk_raise_memory(tk_error *error);
/* The record written last, to fill in more; never NULL after tk_raise.  Texts are set by
 * tk_error_set, which does nothing under ENOMEM. */
takeo_error *tk_error_last(tk_error *error);
/* Set a text of the last record: tk_error_set(error, offsetof(takeo_error, hint), "use %s", x). */
void tk_error_set(tk_error *error, size_t field, const char *format, ...) TK_PRINTF(3, 4);
#define TK_SET(error, field, ...) tk_error_set(error, offsetof(takeo_error, field), __VA_ARGS__)
/* What was written so far becomes the cause of what is written next:
 *     takeo_error *below = tk_error_set_aside(error);
 *     tk_raise(error, ...);
 *     tk_error_make_cause(error, below); */
takeo_error *tk_error_set_aside(tk_error *error);
void tk_error_make_cause(tk_error *error, takeo_error *below); /* NULL is allowed */
/* A copy of somebody's record in the memory of `error`, to be made a cause; NULL: no memory. */
takeo_error *tk_error_copy_into(tk_error *error, const takeo_error *record);
/* Set `nearest` of the last record: up to three of names within a distance of a third. */
void tk_error_set_nearest(tk_error *error, takeo_text wrong, const takeo_text *names, size_t count);
/* Give the records to a caller as one block (takeo_error_free); `out` may be NULL. */
void tk_error_publish(const tk_error *error, takeo_error **out);
/* The bodies of takeo_error_copy, takeo_error_free and takeo_error_format. */
takeo_error *tk_error_copy(const takeo_error *error);
void tk_error_free(takeo_error *error);
size_t tk_error_format(const takeo_error *error, char *buffer, size_t capacity);
const char *tk_code_text(tk_code code);
takeo_status tk_code_status(tk_code code);
const char *tk_code_meaning(tk_code code);

/* ---- clock.c, rand.c, utf8.c ----------------------------------------------------------------- */

int64_t tk_clock_now_ns(void);   /* monotonic */
int64_t tk_clock_about_ns(void); /* the same, some milliseconds old at most, and read in no time */
int64_t tk_clock_unix_us(void);  /* microseconds since 1970 in UTC */
/* Tests move time: both clocks ask this first while it is not NULL. */
typedef struct tk_clock_fake {
    int64_t now_ns;
    int64_t unix_us;
} tk_clock_fake;
void tk_clock_set_fake(const tk_clock_fake *fake);

TK_CHECKED bool tk_rand_bytes(void *out, size_t len); /* of the operating system */

bool tk_utf8_is_valid(const char *data, size_t len); /* no overlong forms, no surrogates */
size_t tk_utf8_count(const char *data, size_t len);  /* characters of valid text */
size_t tk_utf8_step(const char *data, size_t len); /* bytes of the first character, 0: not valid */

/* ---- thread.c: the only file that knows platform threads ------------------------------------- */

typedef struct tk_mutex tk_mutex;
TK_CHECKED tk_mutex *tk_mutex_new(const tk_alloc *alloc);
void tk_mutex_free(const tk_alloc *alloc, tk_mutex *mutex);
void tk_mutex_lock(tk_mutex *mutex);
void tk_mutex_unlock(tk_mutex *mutex);

typedef struct tk_cond tk_cond;
TK_CHECKED tk_cond *tk_cond_new(const tk_alloc *alloc);
void tk_cond_free(const tk_alloc *alloc, tk_cond *cond);
/* Wait until woken or the monotonic deadline (-1: none) is over; false when it is over. */
bool tk_cond_wait(tk_cond *cond, tk_mutex *mutex, int64_t deadline_ns);
void tk_cond_wake_all(tk_cond *cond);
/* Run `work` on a thread of its own that nobody waits for and no signal reaches.  False: there are
 * too many threads. */
TK_CHECKED bool tk_thread_start(void (*work)(void *ctx), void *ctx);
/* Between the two a fork has to wait: what is half done would stay so in the child.  Not nested. */
void tk_fork_hold(void);
void tk_fork_release(void);
void tk_sleep_ns(int64_t ns);
void tk_yield(void); /* to whoever else waits for this processor */
int64_t tk_process_id(void);
uint64_t tk_thread_id(void);
int32_t tk_processor_count(void); /* that this process may use; at least 1 */

#endif
