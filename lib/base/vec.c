/* vec.c - an array that grows.  It must not know what its items are. */
#include "base/base.h"

enum { CAPACITY_FIRST = 8 };

/* More items than any statement, model or batch can have. */
static const size_t count_max = UINT32_MAX / 2;

void tk_vec_init(tk_vec *vec, tk_alloc alloc, size_t item_size) {
    *vec = (tk_vec){.alloc = alloc, .item_size = item_size};
}

static bool grow(tk_vec *vec) {
    size_t capacity = vec->capacity != 0 ? vec->capacity * 2 : CAPACITY_FIRST;
    size_t size;
    if (capacity > count_max || !tk_size_multiply(capacity, vec->item_size, &size)) {
        return false;
    }
    void *items = tk_mem_resize(&vec->alloc, vec->items, vec->capacity * vec->item_size, size);
    if (items == NULL) {
        return false;
    }
    vec->items = items;
    vec->capacity = capacity;
    return true;
}

void *tk_vec_push(tk_vec *vec) {
    if (vec->count == vec->capacity && !grow(vec)) {
        return NULL;
    }
    void *item = tk_vec_at(vec, vec->count);
    memset(item, 0, vec->item_size);
    vec->count++;
    return item;
}

void tk_vec_clear(tk_vec *vec) {
    vec->count = 0;
}

void tk_vec_done(tk_vec *vec) {
    tk_mem_free(&vec->alloc, vec->items, vec->capacity * vec->item_size);
    vec->items = NULL;
    vec->count = 0;
    vec->capacity = 0;
}
