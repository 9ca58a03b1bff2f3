/* group.c - objects of one statement: the same entity, action and columns.
 *
 * Statements are kept with the source, so that the same save of any thread finds the one made
 * before.  It must not know values.
 */
#include "orm/write_int.h"

enum { KEY_MAX = 2 * sizeof(uint32_t) + 2 * TK_WORDS_MAX * sizeof(uint64_t) };

/* The columns of a set, in the order of their numbers. */
static takeo_status list_columns(tk_op *op, const tk_entity *entity, const uint64_t *bits,
                                 const tk_column ***out, uint32_t *out_count) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < tk_words(entity); i++) {
        count += (uint32_t)__builtin_popcountll(bits[i]);
    }
    const tk_column **columns = tk_arena_array(&op->arena, count, sizeof *columns);
    if (columns == NULL) {
        return tk_raise_memory(&op->error);
    }
    *out_count = 0;
    for (uint32_t i = 0; i < entity->column_count; i++) {
        if (tk_bit_is_set(bits, &entity->columns[i])) {
            columns[(*out_count)++] = &entity->columns[i];
        }
    }
    *out = columns;
    return TAKEO_DONE;
}

static takeo_status new_group(tk_write *write, const tk_subject *subject, const uint64_t *columns,
                              const uint64_t *returning, takeo_text key, tk_group **out) {
    tk_op *op = write->op;
    tk_group *group = tk_task_take(op, sizeof *group);
    char *kept = tk_arena_copy(&op->arena, key.data, key.len);
    if (group == NULL || kept == NULL) {
        return tk_raise_memory(&op->error);
    }
    group->entity = subject->entity;
    group->action = subject->action;
    group->number = (uint32_t)write->groups.count;
    group->key = tk_text(kept, key.len);
    TK_TRY(list_columns(op, group->entity, columns, &group->columns, &group->column_count));
    TK_TRY(list_columns(op, group->entity, returning, &group->returning, &group->returning_count));
    if (!tk_map_put(&write->groups, kept, key.len, group)) {
        return tk_raise_memory(&op->error);
    }
    *out = group;
    return TAKEO_DONE;
}

takeo_status tk_group_find(tk_write *write, const tk_subject *subject, const uint64_t *columns,
                           const uint64_t *returning, tk_group **out) {
    char bytes[KEY_MAX];
    size_t size = tk_words(subject->entity) * sizeof(uint64_t);
    uint32_t head[2] = {subject->entity->number, subject->action};
    memcpy(bytes, head, sizeof head);
    memcpy(bytes + sizeof head, columns, size);
    memcpy(bytes + sizeof head + size, returning, size);
    takeo_text key = tk_text(bytes, sizeof head + 2 * size);
    tk_group *group = write->latest;
    if (group == NULL || !tk_text_equal(group->key, key)) {
        group = tk_map_get(&write->groups, key.data, key.len);
    }
    if (group == NULL) {
        TK_TRY(new_group(write, subject, columns, returning, key, &group));
    }
    write->latest = group;
    *out = group;
    return TAKEO_DONE;
}

/* ---- statements ------------------------------------------------------------------------------ */

typedef struct maker {
    tk_write *write;
    const tk_group *group;
} maker;

static takeo_status make(const void *context, tk_alloc alloc, tk_statement **out, tk_error *error) {
    const tk_group *group = ((const maker *)context)->group;
    switch ((tk_action)group->action) {
    case TK_ACTION_INSERT:
        return tk_shape_insert(group->entity, group->columns, group->column_count, group->returning,
                               group->returning_count, alloc, out, error);
    case TK_ACTION_UPDATE:
        return tk_shape_update(group->entity, group->columns, group->column_count, alloc, out,
                               error);
    case TK_ACTION_DELETE:
        return tk_shape_delete(group->entity, alloc, out, error);
    case TK_ACTION_UPSERT:
        return tk_upsert_statement(((const maker *)context)->write, group, alloc, out, error);
    case TK_ACTION_NOTHING:
        break;
    }
    return tk_raise(error, TK_CALL_INTERNAL, "a group of objects without an action");
}

static takeo_status prepare(tk_write *write, tk_group *group) {
    tk_op *op = write->op;
    takeo_text key = group->key;
    if (write->upsert_key.len != 0) {
        char *joined = tk_arena_take(&op->arena, key.len + write->upsert_key.len);
        if (joined == NULL) {
            return tk_raise_memory(&op->error);
        }
        memcpy(joined, key.data, key.len);
        memcpy(joined + key.len, write->upsert_key.data, write->upsert_key.len);
        key = tk_text(joined, key.len + write->upsert_key.len);
    }
    const maker context = {write, group};
    tk_statement *statement;
    TK_TRY(tk_shapes_get(op->source, key, make, &context, &statement, &op->error));
    TK_TRY(tk_task_keep(&write->task, statement));
    return tk_shapes_render(op->source, statement, &group->sql, &op->error);
}

takeo_status tk_group_prepare(tk_write *write) {
    for (size_t i = 0; i < write->groups.entry_count; i++) {
        TK_TRY(prepare(write, write->groups.entries[i].value));
    }
    return TAKEO_DONE;
}
