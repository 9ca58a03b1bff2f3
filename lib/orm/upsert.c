/* upsert.c - what only an upsert has: its conflict target, what happens to a row that is there and on
 * which condition, and which of many objects mean the same row.
 *
 * The target has to be the key or declared unique, for otherwise the database would refuse it, or
 * worse, meet another constraint than was meant.
 */
#include "orm/write_int.h"

static bool is_same_set(const tk_column *const *list, uint32_t list_count,
                        const tk_column *const *columns, uint32_t count) {
    uint32_t found = 0;
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t j = 0; j < list_count; j++) {
            found += list[j] == columns[i];
        }
    }
    return list_count == count && found == count;
}

static bool is_target(const tk_write *write, const tk_entity *entity) {
    if (is_same_set(entity->key, entity->key_count, write->conflict, write->conflict_count)) {
        return entity->key_count != 0;
    }
    for (uint32_t i = 0; i < entity->index_count; i++) {
        const tk_index *index = &entity->indexes[i];
        bool is_whole = index->where_sql.len == 0 || write->upsert->index_where != NULL;
        if (index->is_unique && is_whole
            && is_same_set(index->columns, index->column_count, write->conflict,
                           write->conflict_count)) {
            return true;
        }
    }
    return false;
}

static void put_columns(tk_buf *out, const tk_column *const *columns, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        tk_buf_printf(out, "%s%s", i != 0 ? " + " : "", columns[i]->name.data);
    }
}

static takeo_status raise_no_target(const tk_write *write, const tk_entity *entity) {
    tk_op *op = write->op;
    tk_buf given;
    tk_buf unique;
    tk_buf_init(&given, op->alloc, 4096);
    tk_buf_init(&unique, op->alloc, 4096);
    put_columns(&given, write->conflict, write->conflict_count);
    put_columns(&unique, entity->key, entity->key_count);
    for (uint32_t i = 0; i < entity->index_count; i++) {
        if (entity->indexes[i].is_unique) {
            tk_buf_puts(&unique, ", ");
            put_columns(&unique, entity->indexes[i].columns, entity->indexes[i].column_count);
        }
    }
    takeo_status status =
        tk_raise(&op->error, TK_QUERY_SHAPE, "%s is not unique by %s", entity->name.data,
                 given.failed || given.data == NULL ? "these columns" : given.data);
    TK_SET(&op->error, entity, "%s", entity->name.data);
    if (!unique.failed && unique.data != NULL) {
        TK_SET(&op->error, nearest, "%s", unique.data);
    }
    TK_SET(&op->error, hint, "give the columns of the key or of a declared unique, or declare one");
    tk_buf_done(&given);
    tk_buf_done(&unique);
    return status;
}

static takeo_status find_columns(tk_write *write, const tk_entity *entity, const uint32_t *numbers,
                                 uint32_t count, const tk_column ***out) {
    tk_op *op = write->op;
    *out = tk_arena_array(&op->arena, count, sizeof **out);
    if (*out == NULL) {
        return tk_raise_memory(&op->error);
    }
    for (uint32_t i = 0; i < count; i++) {
        (*out)[i] = tk_entity_column(entity, numbers[i]);
        if ((*out)[i] == NULL) {
            return tk_raise(&op->error, TK_CALL_INVALID, "%s has no column %u", entity->name.data,
                            numbers[i]);
        }
    }
    return TAKEO_DONE;
}

/* What distinguishes the statements of two upserts of the same columns. */
static takeo_status make_key(tk_write *write) {
    const tk_upsert *upsert = write->upsert;
    tk_op *op = write->op;
    size_t where = upsert->index_where != NULL ? strlen(upsert->index_where) : 0;
    uint64_t condition = upsert->where != NULL ? upsert->where->id : 0;
    size_t numbers = 6 + (size_t)write->conflict_count + upsert->update_count;
    uint32_t *key = tk_arena_array(&op->arena, numbers + (where + 3) / 4, sizeof *key);
    if (key == NULL) {
        return tk_raise_memory(&op->error);
    }
    key[0] = upsert->nothing | (uint32_t)upsert->only_if_changed << 1
             | (uint32_t)(upsert->update != NULL) << 2 | (uint32_t)(where != 0) << 3;
    key[1] = write->conflict_count;
    key[2] = upsert->update_count;
    memcpy(key + 4, &condition, sizeof condition);
    uint32_t at = 6;
    for (uint32_t i = 0; i < write->conflict_count; i++) {
        key[at++] = write->conflict[i]->number;
    }
    for (uint32_t i = 0; i < upsert->update_count; i++) {
        key[at++] = upsert->update[i];
    }
    if (where != 0) {
        memcpy(key + at, upsert->index_where, where);
    }
    write->upsert_key = tk_text((const char *)key, numbers * sizeof *key + where);
    return TAKEO_DONE;
}

static takeo_status raise_read_only(tk_write *write, const tk_column *column) {
    tk_op *op = write->op;
    takeo_status status = tk_raise(
        &op->error, TK_INPUT_READ_ONLY, "%s.%s %s", column->entity->name.data, column->name.data,
        column->is_key ? "is the key of a row that exists; a key is never changed"
                       : "is never updated");
    TK_SET(&op->error, entity, "%s", column->entity->name.data);
    TK_SET(&op->error, field, "%s", column->name.data);
    TK_SET(&op->error, hint, "leave it out of the columns that an upsert updates");
    return status;
}

static bool is_of_target(const tk_write *write, const tk_column *column) {
    for (uint32_t i = 0; i < write->conflict_count; i++) {
        if (write->conflict[i] == column) {
            return true;
        }
    }
    return false;
}

/* The columns that the caller wants to be updated may be. */
static takeo_status check_update(tk_write *write, const tk_entity *entity) {
    const tk_upsert *upsert = write->upsert;
    const tk_column **columns;
    TK_TRY(find_columns(write, entity, upsert->update, upsert->update_count, &columns));
    for (uint32_t i = 0; i < upsert->update_count; i++) {
        const tk_column *column = columns[i];
        bool is_free =
            !column->is_key && column->is_updatable && column->generated < TAKEO_GENERATED_STORED;
        if (!is_free && !is_of_target(write, column)) {
            return raise_read_only(write, column);
        }
    }
    return TAKEO_DONE;
}

/* The arguments of the condition; whether it is one of this entity is seen with the statement. */
static takeo_status read_condition(tk_write *write) {
    const tk_upsert *upsert = write->upsert;
    tk_op *op = write->op;
    if (upsert->where == NULL) {
        return TAKEO_DONE;
    }
    if (upsert->nothing) {
        takeo_status status = tk_raise(&op->error, TK_QUERY_SHAPE,
                                       "a condition says which rows are updated, and none is");
        TK_SET(&op->error, hint, "leave out the condition, or say which columns are updated");
        return status;
    }
    if (upsert->argument_count != upsert->where->param_count) {
        return tk_raise(&op->error, TK_INPUT_COUNT,
                        "the condition takes %u arguments, %u are given",
                        upsert->where->param_count, upsert->argument_count);
    }
    const tk_sql *sql;
    write->condition = upsert->arguments;
    TK_TRY(tk_shapes_render(op->source, upsert->where, &sql, &op->error));
    TK_TRY(tk_run_arguments(op, upsert->where, sql, &write->condition, upsert->argument_count,
                            upsert->are_accepted));
    write->condition_count = sql->parameter_count;
    return TAKEO_DONE;
}

takeo_status tk_upsert_begin(tk_write *write, const tk_entity *entity) {
    static const tk_upsert by_key = {0};
    if (write->upsert == NULL) {
        write->upsert = &by_key;
    }
    const tk_upsert *upsert = write->upsert;
    if (upsert->on != NULL && upsert->on_count != 0) {
        TK_TRY(find_columns(write, entity, upsert->on, upsert->on_count, &write->conflict));
        write->conflict_count = upsert->on_count;
    } else {
        write->conflict = tk_arena_array(&write->op->arena, entity->key_count, sizeof(tk_column *));
        if (write->conflict == NULL) {
            return tk_raise_memory(&write->op->error);
        }
        memcpy(write->conflict, entity->key, entity->key_count * sizeof(tk_column *));
        write->conflict_count = entity->key_count;
    }
    if (!is_target(write, entity)) {
        return raise_no_target(write, entity);
    }
    TK_TRY(check_update(write, entity));
    TK_TRY(read_condition(write));
    return make_key(write);
}

/* Without a list all that is inserted is also updated, but for the key.  The target is not: its
 * values are those that are there. */
static takeo_status update_columns(tk_write *write, const tk_group *group, const tk_column ***out,
                                   uint32_t *out_count) {
    tk_op *op = write->op;
    const tk_upsert *upsert = write->upsert;
    *out_count = 0;
    if (upsert->nothing) {
        return TAKEO_DONE;
    }
    uint32_t count = upsert->update != NULL ? upsert->update_count : group->column_count;
    if (upsert->update != NULL) {
        TK_TRY(find_columns(write, group->entity, upsert->update, count, out));
    } else {
        *out = tk_arena_array(&op->arena, count, sizeof **out);
        if (*out == NULL) {
            return tk_raise_memory(&op->error);
        }
        memcpy(*out, group->columns, count * sizeof **out);
    }
    for (uint32_t i = 0; i < count; i++) {
        const tk_column *column = (*out)[i];
        if (!column->is_key && column->is_updatable && !is_of_target(write, column)) {
            (*out)[(*out_count)++] = column;
        }
    }
    return TAKEO_DONE;
}

takeo_status tk_upsert_define(tk_write *write, const tk_group *group, tk_shape_upsert_def *out) {
    const tk_column **update = NULL;
    *out = (tk_shape_upsert_def){.columns = group->columns,
                                 .column_count = group->column_count,
                                 .on = write->conflict,
                                 .on_count = write->conflict_count,
                                 .returning = group->returning,
                                 .returning_count = group->returning_count,
                                 .only_if_changed = write->upsert->only_if_changed,
                                 .index_where = write->upsert->index_where,
                                 .where = write->upsert->where};
    TK_TRY(update_columns(write, group, &update, &out->update_count));
    out->update = update;
    return TAKEO_DONE;
}

takeo_status tk_upsert_statement(tk_write *write, const tk_group *group, tk_alloc alloc,
                                 tk_statement **out, tk_error *error) {
    tk_shape_upsert_def def;
    TK_TRY(tk_upsert_define(write, group, &def));
    return tk_shape_upsert(group->entity, &def, alloc, out, error);
}

/* ---- many at once ---------------------------------------------------------------------------- */

/* Does the database compare these values as we do?  It takes 1.5 for 1.50, and citext has cases. */
static bool is_compared_as_here(const tk_column *column) {
    switch (column->type) {
    case TAKEO_TYPE_BOOL:
    case TAKEO_TYPE_INT16:
    case TAKEO_TYPE_INT32:
    case TAKEO_TYPE_INT64:
    case TAKEO_TYPE_UINT64:
    case TAKEO_TYPE_BYTES:
    case TAKEO_TYPE_UUID:
    case TAKEO_TYPE_DATE:
    case TAKEO_TYPE_TIME:
    case TAKEO_TYPE_TIMESTAMP:
    case TAKEO_TYPE_TIMESTAMPTZ:
        return true;
    case TAKEO_TYPE_TEXT:
    case TAKEO_TYPE_ENUM:
        return column->type_name.len == 0 && column->collation.len == 0;
    default:
        return false;
    }
}

/* Have all objects a value in this column, or will they get one?  A NULL meets no other row. */
static bool is_given(tk_subject *const *subjects, size_t count, uint32_t at) {
    for (size_t i = 0; i < count; i++) {
        const takeo_cell *cell = &subjects[i]->arguments[at];
        if (tk_cell_is_null(cell) && (cell->flags & TAKEO_CELL_UNSET) == 0) {
            return false;
        }
    }
    return true;
}

static bool find_places(const tk_write *write, tk_subject *const *subjects, size_t count,
                        uint32_t *places) {
    const tk_group *group = subjects[0]->group;
    for (uint32_t k = 0; k < write->conflict_count; k++) {
        uint32_t at = 0;
        while (at < group->column_count && group->columns[at] != write->conflict[k]) {
            at++;
        }
        if (at == group->column_count || !is_compared_as_here(write->conflict[k])
            || !is_given(subjects, count, at)) {
            return false;
        }
        places[k] = at;
    }
    return true;
}

takeo_status tk_upsert_find_target(tk_write *write, tk_subject *const *subjects, size_t count,
                                   uint32_t most, tk_upsert_target *out) {
    tk_op *op = write->op;
    *out = (tk_upsert_target){.count = write->conflict_count, .slot_mask = 16 - 1};
    uint32_t *places = tk_arena_array(&op->arena, write->conflict_count, sizeof *places);
    if (places == NULL) {
        return tk_raise_memory(&op->error);
    }
    if (!find_places(write, subjects, count, places)) {
        return TAKEO_DONE;
    }
    while (out->slot_mask < 2 * most) {
        out->slot_mask = 2 * out->slot_mask + 1;
    }
    out->slots = tk_arena_array(&op->arena, (size_t)out->slot_mask + 1, sizeof *out->slots);
    out->places = places;
    return out->slots != NULL ? TAKEO_DONE : tk_raise_memory(&op->error);
}

static bool has_same_values(const tk_upsert_target *target, const takeo_cell *a,
                            const takeo_cell *b) {
    for (uint32_t k = 0; k < target->count; k++) {
        if (!tk_cell_equal(&a[target->places[k]], &b[target->places[k]])) {
            return false;
        }
    }
    return true;
}

/* Is there one with the same values before it?  If not, it is noted. */
static bool is_twin(const tk_upsert_target *target, tk_subject *const *subjects, uint32_t place) {
    const takeo_cell *cells = subjects[place]->arguments;
    uint64_t hash = 0;
    for (uint32_t k = 0; k < target->count; k++) {
        hash = tk_cell_hash(&cells[target->places[k]], hash);
    }
    uint32_t slot = (uint32_t)(hash >> 32) & target->slot_mask;
    for (; target->slots[slot] != 0; slot = (slot + 1) & target->slot_mask) {
        if (has_same_values(target, cells, subjects[target->slots[slot] - 1]->arguments)) {
            return true;
        }
    }
    target->slots[slot] = place + 1;
    return false;
}

uint32_t tk_upsert_before_twin(const tk_upsert_target *target, tk_subject *const *subjects,
                               uint32_t count) {
    memset(target->slots, 0, ((size_t)target->slot_mask + 1) * sizeof *target->slots);
    uint32_t found = 0;
    while (found < count && !is_twin(target, subjects, found)) {
        found++;
    }
    return found;
}
