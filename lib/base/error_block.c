/* error_block.c - failures that outlive their owner: all records, causes and texts in one block.
 *
 * One block, so that a caller frees a failure with one call whatever it is made of.  It must not
 * know what failed.
 */
#include "base/base.h"

/* Causes below this depth are left out: a failure that deep is a loop. */
enum { CAUSE_DEPTH_MAX = 16 };

typedef struct error_block {
    size_t size; /* of the whole block */
    takeo_error first;
} error_block;

/* Given when there is no memory to copy into; known by its address and never freed or changed. */
static takeo_error memory_failure = {
    .struct_size = sizeof(takeo_error),
    .status = TAKEO_ENOMEM,
    .code = {"TAKEO.CALL.MEMORY", sizeof "TAKEO.CALL.MEMORY" - 1},
    .message = {"No memory was left.", sizeof "No memory was left." - 1},
};

static const size_t text_fields[] = {
    offsetof(takeo_error, code),
    offsetof(takeo_error, message),
    offsetof(takeo_error, expected),
    offsetof(takeo_error, got),
    offsetof(takeo_error, nearest),
    offsetof(takeo_error, why),
    offsetof(takeo_error, hint),
    offsetof(takeo_error, detail),
    offsetof(takeo_error, sqlstate),
    offsetof(takeo_error, entity),
    offsetof(takeo_error, field),
    offsetof(takeo_error, schema_name),
    offsetof(takeo_error, table_name),
    offsetof(takeo_error, column_name),
    offsetof(takeo_error, constraint_name),
    offsetof(takeo_error, sql),
};

static takeo_text text_of(const takeo_error *record, size_t field) {
    takeo_text text;
    memcpy(&text, (const char *)record + field, sizeof text);
    return text;
}

/* Bytes of a list of records behind each other, then of their texts; false when too many. */
static bool measure(const takeo_error *record, unsigned depth, size_t *size) {
    for (; record != NULL; record = record->next) {
        if (!tk_size_add(*size, sizeof *record, size)) {
            return false;
        }
        for (size_t i = 0; i < TK_COUNT(text_fields); i++) {
            takeo_text text = text_of(record, text_fields[i]);
            if (text.data != NULL
                && (!tk_size_add(*size, text.len, size) || !tk_size_add(*size, 1, size))) {
                return false;
            }
        }
        if (depth < CAUSE_DEPTH_MAX && !measure(record->cause, depth + 1, size)) {
            return false;
        }
    }
    return true;
}

typedef struct cursor { /* records grow from the front of the block, texts from behind them */
    takeo_error *record;
    char *text;
} cursor;

static size_t count_records(const takeo_error *record, unsigned depth) {
    size_t count = 0;
    for (; record != NULL; record = record->next) {
        count += 1 + (depth < CAUSE_DEPTH_MAX ? count_records(record->cause, depth + 1) : 0);
    }
    return count;
}

static takeo_error *copy_records(const takeo_error *from, unsigned depth, cursor *at) {
    takeo_error *first = NULL;
    takeo_error *previous = NULL;
    for (; from != NULL; from = from->next) {
        takeo_error *to = at->record++;
        *to = *from;
        for (size_t i = 0; i < TK_COUNT(text_fields); i++) {
            takeo_text text = text_of(from, text_fields[i]);
            if (text.data == NULL) {
                continue;
            }
            memcpy(at->text, text.data, text.len);
            at->text[text.len] = '\0';
            text.data = at->text;
            memcpy((char *)to + text_fields[i], &text, sizeof text);
            at->text += text.len + 1;
        }
        to->cause = depth < CAUSE_DEPTH_MAX ? copy_records(from->cause, depth + 1, at) : NULL;
        to->next = NULL;
        if (previous != NULL) {
            previous->next = to;
        } else {
            first = to;
        }
        previous = to;
    }
    return first;
}

takeo_error *tk_error_copy(const takeo_error *error) {
    size_t size = offsetof(error_block, first);
    if (error == NULL || error == &memory_failure || !measure(error, 0, &size)) {
        return &memory_failure;
    }
    error_block *block = tk_mem_resize(&tk_alloc_default, NULL, 0, size);
    if (block == NULL) {
        return &memory_failure;
    }
    block->size = size;
    cursor at = {&block->first, (char *)(&block->first + count_records(error, 0))};
    return copy_records(error, 0, &at);
}

takeo_error *tk_error_copy_into(tk_error *error, const takeo_error *record) {
    size_t size = 0;
    takeo_error *records = measure(record, 0, &size) ? tk_arena_take(&error->arena, size) : NULL;
    if (records == NULL) {
        return NULL;
    }
    cursor at = {records, (char *)(records + count_records(record, 0))};
    return copy_records(record, 0, &at);
}

void tk_error_free(takeo_error *error) {
    if (error != NULL && error != &memory_failure) {
        error_block *block = TK_CONTAINER(error, error_block, first);
        tk_mem_free(&tk_alloc_default, block, block->size);
    }
}

void tk_error_publish(const tk_error *error, takeo_error **out) {
    if (out == NULL) {
        return;
    }
    /* Under TAKEO_ENOMEM there is nothing to tell that the static record does not say. */
    *out = error->first == &error->spare ? &memory_failure : tk_error_copy(error->first);
}
