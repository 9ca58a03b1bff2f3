/* group.c - objects of one statement: the same entity, action and columns.
 *
 * Statements are kept with the source, so that the same save of any thread finds the one made
 * before.  It must not know values.
 */
#include "orm/write_int.h"

void tk_group_key_init(tk_group_key *key, const tk_entity *entity) {
    uint32_t count = tk_words(entity);
    key->column_count = 0;
    key->returning_count = 0;
    key->columns = key->words + 1;
    key->returning = key->columns + count;
    memset(key->columns, 0, (size_t)2 * count * sizeof *key->words);
}

/* The columns of a set, in the order of their numbers; gives the place behind them. */
static const tk_column **list_columns(const tk_entity *entity, const uint64_t *bits,
                                      const tk_column **out) {
    for (uint32_t i = 0; i < tk_words(entity); i++) {
        for (uint64_t left = bits[i]; left != 0; left &= left - 1) {
            *out++ = &entity->columns[i * 64 + (uint32_t)__builtin_ctzll(left)];
        }
    }
    return out;
}

/* Most writes have one group, which `latest` finds without any map. */
static bool keep_group(tk_write *write, tk_group *group) {
    if (write->groups == NULL) {
        write->groups = write->last_group = group;
        return true;
    }
    const tk_group *first = write->groups;
    if (first->next == NULL
        && !tk_map_put(&write->group_keys, first->key.data, first->key.len, write->groups)) {
        return false;
    }
    group->number = write->last_group->number + 1;
    write->last_group = write->last_group->next = group;
    return tk_map_put(&write->group_keys, group->key.data, group->key.len, group);
}

static takeo_status new_group(tk_write *write, const tk_subject *subject, const tk_group_key *key,
                              takeo_text bytes, tk_group **out) {
    tk_op *op = write->op;
    size_t count = (size_t)key->column_count + key->returning_count;
    tk_group *group = tk_task_take(op, sizeof *group);
    const tk_column **columns = tk_arena_take(&op->arena, count * sizeof *columns + bytes.len);
    if (group == NULL || columns == NULL) {
        return tk_raise_memory(&op->error);
    }
    group->entity = subject->entity;
    group->action = subject->action;
    group->columns = columns;
    group->column_count = key->column_count;
    group->returning = list_columns(group->entity, key->columns, columns);
    group->returning_count = key->returning_count;
    char *kept = (char *)list_columns(group->entity, key->returning, group->returning);
    group->key = tk_text(memcpy(kept, bytes.data, bytes.len), bytes.len);
    if (!keep_group(write, group)) {
        return tk_raise_memory(&op->error);
    }
    *out = group;
    return TAKEO_DONE;
}

takeo_status tk_group_find(tk_write *write, const tk_subject *subject, tk_group_key *key,
                           tk_group **out) {
    const uint32_t head[2] = {subject->entity->number, subject->action};
    memcpy(key->words, head, sizeof head);
    takeo_text bytes = tk_text((const char *)key->words,
                               (1 + 2 * (size_t)tk_words(subject->entity)) * sizeof *key->words);
    tk_group *group = write->latest;
    if (group == NULL || !tk_text_equal(group->key, bytes)) {
        group = tk_map_get(&write->group_keys, bytes.data, bytes.len);
    }
    if (group == NULL) {
        TK_TRY(new_group(write, subject, key, bytes, &group));
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
    for (tk_group *group = write->groups; group != NULL; group = group->next) {
        TK_TRY(prepare(write, group));
    }
    return TAKEO_DONE;
}
