/* arena.c - memory that is freed at once: blocks that are cut from the front.
 *
 * Ordinary blocks double from 1 KiB to 64 KiB, so that a short operation costs little and a long
 * one few allocations.  A large request gets a block of its own behind the newest one, which stays
 * in use.  It must not know what is stored.
 */
#include <stdio.h>

#include "base/base.h"

struct tk_block {
    tk_block *next; /* older */
    size_t size;    /* with this header */
};

enum {
    ALIGNMENT = 16,
    HEADER = (sizeof(tk_block) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT,
    BLOCK_FIRST = 1024,
    BLOCK_LAST = 64 * 1024,
    LARGE = 16 * 1024 /* from here on a request has its own block */
};

/* More than this is a mistake or an attack; it keeps every sum of sizes far from overflow. */
static const size_t arena_max = SIZE_MAX > UINT32_MAX ? (size_t)UINT32_MAX * 16 : SIZE_MAX / 4;

/* Where an arena without blocks points: a request of zero bytes still gets a valid pointer.
 * Nothing is ever written here. */
static _Alignas(ALIGNMENT) char nothing[ALIGNMENT];

void tk_arena_init(tk_arena *arena, tk_alloc alloc) {
    *arena = (tk_arena){.alloc = alloc, .at = nothing, .end = nothing};
}

static tk_block *new_block(tk_arena *arena, size_t size) {
    if (size > arena_max - arena->total) {
        return NULL;
    }
    tk_block *block = tk_mem_resize(&arena->alloc, NULL, 0, size);
    if (block != NULL) {
        block->size = size;
        arena->total += size;
    }
    return block;
}

static void *take_large(tk_arena *arena, size_t rounded) {
    tk_block *block = new_block(arena, HEADER + rounded);
    if (block == NULL) {
        return NULL;
    }
    if (arena->blocks != NULL) {
        block->next = arena->blocks->next;
        arena->blocks->next = block;
    } else {
        block->next = NULL;
        arena->blocks = block;
    }
    return (char *)block + HEADER;
}

/* Size of the next ordinary block that has room for a request. */
static size_t next_size(const tk_arena *arena, size_t rounded) {
    size_t size = BLOCK_FIRST;
    if (arena->blocks != NULL && arena->blocks->size <= BLOCK_LAST / 2) {
        size = arena->blocks->size * 2;
    } else if (arena->blocks != NULL && arena->blocks->size <= BLOCK_LAST) {
        size = BLOCK_LAST;
    }
    while (size - HEADER < rounded) {
        size *= 2;
    }
    return size;
}

void *tk_arena_take_slow(tk_arena *arena, size_t size) {
    if (size > arena_max - BLOCK_LAST) {
        return NULL;
    }
    size_t rounded = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if (rounded >= LARGE) {
        return take_large(arena, rounded);
    }
    tk_block *block = new_block(arena, next_size(arena, rounded));
    if (block == NULL) {
        return NULL;
    }
    block->next = arena->blocks;
    arena->blocks = block;
    arena->at = (char *)block + HEADER + rounded;
    arena->end = (char *)block + block->size;
    return (char *)block + HEADER;
}

void *tk_arena_array(tk_arena *arena, size_t count, size_t size) {
    size_t bytes;
    if (!tk_size_multiply(count, size, &bytes)) {
        return NULL;
    }
    void *array = tk_arena_take(arena, bytes != 0 ? bytes : 1);
    if (array != NULL) {
        memset(array, 0, bytes);
    }
    return array;
}

char *tk_arena_copy(tk_arena *arena, const void *data, size_t len) {
    size_t size;
    if (!tk_size_add(len, 1, &size)) {
        return NULL;
    }
    char *copy = tk_arena_take(arena, size);
    if (copy == NULL) {
        return NULL;
    }
    if (len != 0) {
        memcpy(copy, data, len);
    }
    copy[len] = '\0';
    return copy;
}

char *tk_arena_vprintf(tk_arena *arena, const char *format, va_list args) {
    va_list again;
    va_copy(again, args);
    char *text = NULL;
    int len = vsnprintf(NULL, 0, format, args);
    if (len >= 0) {
        text = tk_arena_take(arena, (size_t)len + 1);
    }
    if (text != NULL) {
        vsnprintf(text, (size_t)len + 1, format, again);
    }
    va_end(again);
    return text;
}

char *tk_arena_printf(tk_arena *arena, const char *format, ...) {
    va_list args;
    va_start(args, format);
    char *text = tk_arena_vprintf(arena, format, args);
    va_end(args);
    return text;
}

/* Free all blocks but `kept`, which may be NULL. */
static void free_blocks(tk_arena *arena, const tk_block *kept) {
    tk_block *block = arena->blocks;
    while (block != NULL) {
        tk_block *next = block->next;
        if (block != kept) {
            tk_mem_free(&arena->alloc, block, block->size);
        }
        block = next;
    }
}

/* Begin the one block of an arena again; NULL: it has none, and nothing was taken. */
static inline void rewind_to(tk_arena *arena, tk_block *block) {
    if (block != NULL) {
        arena->at = (char *)block + HEADER;
        arena->end = (char *)block + block->size;
    }
}

void tk_arena_clear(tk_arena *arena) {
    tk_block *kept = arena->blocks;
    if (TK_LIKELY(kept == NULL || (kept->next == NULL && kept->size <= BLOCK_LAST))) {
        rewind_to(arena, kept);
        return;
    }
    /* Ordinary blocks grow, so the newest of them is the one that fits the next use best. */
    while (kept != NULL && kept->size > BLOCK_LAST) {
        kept = kept->next;
    }
    free_blocks(arena, kept);
    tk_alloc alloc = arena->alloc;
    tk_arena_init(arena, alloc);
    if (kept != NULL) {
        kept->next = NULL;
        arena->blocks = kept;
        arena->total = kept->size;
        rewind_to(arena, kept);
    }
}

void tk_arena_done(tk_arena *arena) {
    free_blocks(arena, NULL);
    tk_alloc alloc = arena->alloc;
    tk_arena_init(arena, alloc);
}
