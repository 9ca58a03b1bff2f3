/* alloc.c - where memory comes from, and sizes that cannot overflow.
 *
 * The only file that calls malloc, realloc and free.  It must not know what the memory is for.
 */
#include <stdlib.h>

#include "base/base.h"

static void *default_resize(void *ctx, void *block, size_t old_size, size_t new_size) {
    (void)ctx;
    (void)old_size;
    if (new_size == 0) {
        free(block);
        return NULL;
    }
    return realloc(block, new_size);
}

const tk_alloc tk_alloc_default = {NULL, default_resize};

tk_alloc tk_alloc_from(const takeo_allocator *allocator) {
    if (allocator == NULL || allocator->resize == NULL) {
        return tk_alloc_default;
    }
    return (tk_alloc){allocator->ctx, allocator->resize};
}

/* To an allocator a new size of zero means "free", so an empty block is one byte large, and is
 * given back as one byte. */
static size_t at_least_one(size_t size) {
    return size != 0 ? size : 1;
}

void *tk_mem_new(const tk_alloc *alloc, size_t size) {
    void *block = tk_mem_resize(alloc, NULL, 0, size);
    if (block != NULL) {
        memset(block, 0, at_least_one(size));
    }
    return block;
}

void *tk_mem_resize(const tk_alloc *alloc, void *block, size_t old_size, size_t new_size) {
    if (new_size > PTRDIFF_MAX) { /* pointers into it could not be subtracted */
        return NULL;
    }
    size_t old = block != NULL ? at_least_one(old_size) : 0;
    return alloc->resize(alloc->ctx, block, old, at_least_one(new_size));
}

void tk_mem_free(const tk_alloc *alloc, void *block, size_t size) {
    if (block != NULL) {
        alloc->resize(alloc->ctx, block, at_least_one(size), 0);
    }
}
