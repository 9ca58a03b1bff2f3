/* reload.c - reading objects again, into themselves.
 *
 * All rows are read before the first object is touched: a row that is gone leaves all of them as
 * they were.  Values that were changed meanwhile are overwritten, that is what is asked for.
 */
#include "orm/orm_int.h"

enum { SMALL = 128 };

typedef struct reload_job {
    tk_job job;
    tk_cleanup cleanup;
    tk_task *task;
    const tk_layout *layout;
    void *const *objects;
    uint32_t count;
    const tk_statement *statement;
    tk_map rows;                 /* key -> row; NULL as long as it has not come */
    struct reload_row **places;  /* of each object: where its row will be told */
    takeo_cell argument;         /* the list of keys */
    const takeo_cell *arguments; /* the same, as the text takes it */
    bool is_bound;
    tk_plan plan;
} reload_job;

typedef struct reload_shape {
    const tk_entity *entity;
    const tk_column **columns;
    uint32_t count;
} reload_shape;

static takeo_status make(const void *context, tk_alloc alloc, tk_statement **out, tk_error *error) {
    const reload_shape *shape = context;
    return tk_shape_reload(shape->entity, shape->columns, shape->count, alloc, out, error);
}

/* ---- keys ------------------------------------------------------------------------------------ */

typedef struct reload_row {  /* of one key */
    const takeo_cell *cells; /* NULL: has not come */
} reload_row;

static const char *make_key(tk_op *op, const takeo_cell *cells, const uint32_t *places,
                            uint32_t count, char small[SMALL], size_t *out_len) {
    size_t size = 0;
    for (uint32_t i = 0; i < count; i++) {
        size += tk_key_write(&cells[places != NULL ? places[i] : i], NULL);
    }
    char *key = size <= SMALL ? small : tk_arena_take(&op->arena, size);
    *out_len = 0;
    for (uint32_t i = 0; key != NULL && i < count; i++) {
        *out_len += tk_key_write(&cells[places != NULL ? places[i] : i], key + *out_len);
    }
    return key;
}

static takeo_status add_key(reload_job *load, const takeo_cell *cells, takeo_cell *list,
                            size_t *list_count, reload_row **out) {
    tk_op *op = load->task->op;
    uint32_t count = load->layout->entity->key_count;
    char small[SMALL];
    size_t len;
    const char *key = make_key(op, cells, NULL, count, small, &len);
    *out = key != NULL ? tk_map_get(&load->rows, key, len) : NULL;
    if (*out != NULL) {
        return TAKEO_DONE;
    }
    const char *kept = key != NULL ? tk_arena_copy(&op->arena, key, len) : NULL;
    takeo_cell *copy = tk_arena_array(&op->arena, count, sizeof *copy);
    *out = tk_task_take(op, sizeof **out);
    if (kept == NULL || copy == NULL || *out == NULL || !tk_map_put(&load->rows, kept, len, *out)) {
        return tk_raise_memory(&op->error);
    }
    memcpy(copy, cells, count * sizeof *copy);
    list[(*list_count)++] =
        count == 1 ? copy[0] : (takeo_cell){.type = TAKEO_TYPE_ARRAY, .v = {.list = {copy, count}}};
    return TAKEO_DONE;
}

static takeo_status raise_no_key(const reload_job *load, tk_error *error) {
    const tk_entity *entity = load->layout->entity;
    takeo_status status = tk_raise(
        error, TK_INPUT_UNSET, "%s without a key has no row to be read again", entity->name.data);
    TK_SET(error, entity, "%s", entity->name.data);
    TK_SET(error, field, "%s", entity->key[0]->name.data);
    return status;
}

static takeo_status read_keys(reload_job *load) {
    tk_op *op = load->task->op;
    const tk_entity *entity = load->layout->entity;
    takeo_cell *list = tk_arena_array(&op->arena, load->count, sizeof *list);
    reload_row **places = tk_arena_array(&op->arena, load->count, sizeof *places);
    if (list == NULL || places == NULL) {
        return tk_raise_memory(&op->error);
    }
    size_t list_count = 0;
    tk_findings findings;
    tk_findings_init(&findings, &op->error);
    for (uint32_t i = 0; i < load->count; i++) {
        takeo_cell cells[TK_KEY_MAX];
        bool is_null;
        tk_error *error = tk_findings_error(&findings);
        takeo_status status =
            tk_load_read(load->layout, NULL, entity->key, entity->key_count, load->objects[i],
                         load->task->holder, cells, &is_null, error);
        if (status >= 0) {
            status = is_null ? raise_no_key(load, error)
                             : add_key(load, cells, list, &list_count, &places[i]);
        }
        if (!tk_findings_add(&findings, status, i + 1)) {
            break;
        }
    }
    load->places = places;
    load->argument = (takeo_cell){.type = TAKEO_TYPE_ARRAY, .v = {.list = {list, list_count}}};
    return tk_findings_end(&findings);
}

/* ---- the job --------------------------------------------------------------------------------- */

static takeo_status bind(tk_job *job, tk_op *op, const takeo_cell **out) {
    (void)op;
    reload_job *load = (reload_job *)job;
    if (load->is_bound) {
        return TAKEO_DONE;
    }
    load->is_bound = true;
    load->task->running = load->statement;
    *out = load->arguments;
    return TAKEO_ROWS;
}

static takeo_status row(tk_job *job, tk_op *op, const takeo_cell *cells) {
    reload_job *load = (reload_job *)job;
    const tk_part *part = &load->statement->parts[0];
    char small[SMALL];
    size_t len;
    const char *key = make_key(op, cells, part->key_cells, part->entity->key_count, small, &len);
    reload_row *found = key != NULL ? tk_map_get(&load->rows, key, len) : NULL;
    if (found == NULL) {
        return key != NULL ? TAKEO_DONE : tk_raise_memory(&op->error);
    }
    takeo_cell *copy = tk_arena_array(&op->arena, load->statement->cell_count, sizeof *copy);
    for (uint32_t i = 0; copy != NULL && i < load->statement->cell_count; i++) {
        if (!tk_cell_copy(&op->arena, &cells[i], &copy[i])) {
            copy = NULL;
        }
    }
    found->cells = copy;
    return copy != NULL ? TAKEO_DONE : tk_raise_memory(&op->error);
}

static takeo_status check_all_came(const reload_job *load, tk_op *op) {
    const tk_entity *entity = load->layout->entity;
    for (uint32_t i = 0; i < load->count; i++) {
        if (load->places[i]->cells == NULL) {
            takeo_status status = tk_raise(&op->error, TK_RESULT_NOT_FOUND,
                                           "the row of this %s is gone", entity->name.data);
            tk_error_last(&op->error)->object = i + 1;
            TK_SET(&op->error, entity, "%s", entity->name.data);
            return status;
        }
    }
    return TAKEO_DONE;
}

/* The column is as the database has it, and so is the relation whose key it is. */
static void clear_bits(const tk_layout *layout, const tk_column *column, uint64_t *state) {
    uint32_t own = layout->bits[column->number - 1];
    uint32_t link = column->relation != NULL ? layout->links[column->relation->number - 1].bit : 0;
    state[own / 64] &= ~(UINT64_C(1) << own % 64);
    if (link != 0) {
        state[link / 64] &= ~(UINT64_C(1) << link % 64);
    }
}

static takeo_status put_all(const reload_job *load, void *object, const takeo_cell *cells) {
    const tk_plan_part *part = &load->plan.parts[0];
    uint64_t *state = tk_layout_state(load->layout, object);
    for (uint32_t i = 0; i < part->step_count; i++) {
        const tk_step *step = &part->steps[i];
        TK_TRY(step->put(step, object, &cells[step->cell], load->task->holder,
                         &load->task->op->error));
        if (state != NULL) {
            clear_bits(load->layout, step->column, state);
        }
    }
    if (state != NULL) {
        state[0] |= 1;
    }
    return TAKEO_DONE;
}

static takeo_status done(tk_job *job, tk_op *op) {
    const reload_job *load = (const reload_job *)job;
    TK_TRY(check_all_came(load, op));
    for (uint32_t i = 0; i < load->count; i++) {
        TK_TRY(put_all(load, load->objects[i], load->places[i]->cells));
    }
    return TAKEO_DONE;
}

static const tk_job_methods reload_methods = {
    .name = "reload", .bind = bind, .row = row, .done = done};

static void clean(tk_cleanup *cleanup) {
    tk_map_done(&TK_CONTAINER(cleanup, reload_job, cleanup)->rows);
}

/* ---- which columns --------------------------------------------------------------------------- */

/* Is the column loaded in one of the objects?  Also one that holds what the column would not take;
 * any other failure is the host's, and ends the reload. */
static takeo_status ask_loaded(const reload_job *load, const tk_column *column, bool *out) {
    tk_error *error = &load->task->op->error;
    const tk_step *step = &load->layout->steps[column->number - 1];
    *out = false;
    for (uint32_t i = 0; step->get != NULL && i < load->count && !*out; i++) {
        takeo_cell cell = {.flags = TAKEO_CELL_UNSET};
        takeo_status status = step->get(step, load->objects[i], &cell, load->task->holder, error);
        if (status == TAKEO_EINPUT) {
            tk_error_clear(error);
        } else if (status < 0) {
            return status;
        }
        *out = status < 0 || (cell.flags & TAKEO_CELL_UNSET) == 0;
    }
    return TAKEO_DONE;
}

static takeo_status choose_columns(const reload_job *load, const uint32_t *numbers, uint32_t count,
                                   reload_shape *shape) {
    tk_op *op = load->task->op;
    const tk_entity *entity = load->layout->entity;
    uint32_t most = numbers != NULL ? count : entity->column_count;
    shape->entity = entity;
    shape->columns = tk_arena_array(&op->arena, most, sizeof *shape->columns);
    if (shape->columns == NULL) {
        return tk_raise_memory(&op->error);
    }
    for (uint32_t i = 0; i < most; i++) {
        const tk_column *column = tk_entity_column(entity, numbers != NULL ? numbers[i] : i + 1);
        if (column == NULL) {
            return tk_raise(&op->error, TK_CALL_INVALID, "%s has no column %u", entity->name.data,
                            numbers[i]);
        }
        bool is_wanted = numbers != NULL;
        if (!is_wanted && column->generated < TAKEO_GENERATED_FORMULA) {
            TK_TRY(ask_loaded(load, column, &is_wanted));
        }
        if (is_wanted) {
            shape->columns[shape->count++] = column;
        }
    }
    return TAKEO_DONE;
}

static takeo_status get_statement(reload_job *load, const reload_shape *shape) {
    tk_op *op = load->task->op;
    size_t size = (2 + (size_t)shape->count) * sizeof(uint32_t);
    uint32_t *key = tk_arena_take(&op->arena, size);
    if (key == NULL) {
        return tk_raise_memory(&op->error);
    }
    key[0] = 'R';
    key[1] = shape->entity->number;
    for (uint32_t i = 0; i < shape->count; i++) {
        key[2 + i] = shape->columns[i]->number;
    }
    tk_statement *statement;
    TK_TRY(tk_shapes_get(op->source, tk_text((const char *)key, size), make, shape, &statement,
                         &op->error));
    load->statement = statement;
    TK_TRY(tk_task_keep(load->task, statement));
    TK_TRY(tk_shapes_render(op->source, statement, &load->job.sql, &op->error));
    load->arguments = &load->argument;
    return tk_spread(statement, load->job.sql, &load->arguments, 1, &op->arena, &op->error);
}

static takeo_status begin(reload_job *load, const uint32_t *columns, uint32_t column_count) {
    tk_op *op = load->task->op;
    takeo_rows *rows;
    reload_shape shape = {0};
    TK_TRY(tk_rows_new(op, NULL, 0, &rows));
    op->rows = rows; /* owns the texts that are put into objects of hosts whose memory is ours */
    if (load->count == 0) {
        return TAKEO_DONE;
    }
    TK_TRY(choose_columns(load, columns, column_count, &shape));
    TK_TRY(read_keys(load));
    TK_TRY(get_statement(load, &shape));
    TK_TRY(tk_orm_plan(load->statement, load->task->target, &op->arena, &load->plan, &op->error));
    load->job.methods = &reload_methods;
    load->job.needs_host = true;
    tk_op_append(op, &load->job);
    return TAKEO_DONE;
}

takeo_status tk_orm_reload(tk_op *op, tk_target *target, const tk_layout *layout,
                           void *const *objects, uint32_t count, const uint32_t *columns,
                           uint32_t column_count) {
    tk_task *task;
    takeo_status status = tk_task_start(op, target, NULL, sizeof *task, &task);
    reload_job *load = status >= 0 ? tk_task_take(op, sizeof *load) : NULL;
    if (status >= 0 && load == NULL) {
        status = tk_raise_memory(&op->error);
    }
    if (status >= 0) {
        load->task = task;
        load->layout = layout;
        load->objects = objects;
        load->count = count;
        tk_map_init(&load->rows, op->alloc);
        tk_task_add_cleanup(task, &load->cleanup, clean);
        status = begin(load, columns, column_count);
    }
    return tk_task_ready(op, status);
}
