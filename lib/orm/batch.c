/* batch.c - many objects of one statement at once, where the dialect writes column by column.
 *
 *     insert   prepare: fresh keys, and what stands in the rows' way -> rows by bulk, or by a
 *              statement that gives back which keys came in
 *     upsert   one statement that gives back which rows came in and which were there
 *     update   one statement; so many rows as objects, or something is wrong
 *     delete   the same
 *
 * Keys are drawn before the rows are sent, so an object knows its key by value and no order of rows
 * is relied on.  Rows of an upsert are told apart by the values of its target; objects with the same
 * ones go in several executions, so that the later one wins.  Whatever does not come out as expected (a row that is not there, a constraint, a
 * key that a trigger changed) ends the run; it is rolled back, and all is written once more object
 * by object, so that what is told is exact (tk_batch_again).  No object of the host is touched here.
 */
#include "orm/write_int.h"

enum {                      /* of objects in a batch */
       LEAST_INSERTED = 24, /* fewer are sent one by one, in a window, for the same round trips */
       LEAST_CHANGED = 4,   /* upserts too */
       CHUNK_ROWS = 16384,
       CHUNK_BYTES = 16 << 20
};

typedef struct batch_job {
    tk_job job;
    tk_write *write;
    const tk_group *group;
    tk_subject **next; /* the first object of the next execution */
    tk_subject **end;
    tk_subject **chunk; /* the objects of this one */
    uint32_t chunk_count;
    const tk_column **columns; /* the parameters: of UPDATE and DELETE the key stands behind them */
    uint32_t column_count;
    takeo_cell *lists;
    uint32_t key_at; /* of an insert with fresh keys: their place among the columns; else count */
    /* What comes back of an insert or upsert: first the columns that tell its rows apart. */
    const tk_column **returned;
    uint32_t returned_count;
    uint32_t told_by_count;
    tk_upsert_target target; /* of an upsert */
    uint32_t rows;           /* that came back for this chunk */
    uint32_t cursor;         /* where the object of the next one probably is */
    int64_t *keys;           /* fresh, one for each object from `first` on */
    uint32_t key_count;
    tk_subject **first;
} batch_job;

typedef struct prepare_job {
    tk_job job;
    batch_job *batch;
    takeo_cell argument;
    bool was_bound;
    bool is_plain;
} prepare_job;

/* The rows are not what they should be: nobody is told of this, the run is made again. */
static takeo_status raise_surprise(batch_job *job, tk_op *op) {
    job->write->is_surprised = true;
    return tk_raise(&op->error, TK_CALL_INTERNAL, "a batch came out otherwise than expected");
}

/* ---- lists of values ------------------------------------------------------------------------- */

static size_t bytes_of(const takeo_cell *cells, size_t count) {
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        const tk_type_info *info = tk_type_info_of(cells[i].type);
        tk_form form = info != NULL ? (tk_form)info->form : TK_FORM_NONE;
        bytes += sizeof(int64_t);
        if (form == TK_FORM_TEXT) {
            bytes += cells[i].v.text.len;
        } else if (form == TK_FORM_LIST && !tk_cell_is_null(&cells[i])) {
            bytes += bytes_of(cells[i].v.list.cells, cells[i].v.list.count);
        }
    }
    return bytes;
}

/* How many objects go together. */
static uint32_t chunk_of(const batch_job *job) {
    size_t bytes = 0;
    uint32_t count = 0;
    while (job->next + count < job->end && count < CHUNK_ROWS && bytes < CHUNK_BYTES) {
        bytes += bytes_of(job->next[count]->arguments, job->group->column_count);
        count++;
    }
    return count;
}

/* The values of one object: as its statement has them, then the key. */
static const takeo_cell *value_of(const batch_job *job, const tk_subject *subject,
                                  uint32_t column) {
    uint32_t own = job->group->column_count;
    return column < own ? &subject->arguments[column] : &subject->key[column - own];
}

static takeo_status make_lists(batch_job *job, tk_op *op) {
    uint32_t count = job->chunk_count;
    takeo_cell *cells =
        tk_arena_take(&op->arena, (size_t)job->column_count * count * sizeof *cells);
    if (cells == NULL) {
        return tk_raise_memory(&op->error);
    }
    const int64_t *keys = job->keys != NULL ? job->keys + (job->chunk - job->first) : NULL;
    for (uint32_t c = 0; c < job->column_count; c++, cells += count) {
        job->lists[c] =
            (takeo_cell){.type = TAKEO_TYPE_ARRAY, .v = {.list = {.cells = cells, .count = count}}};
        for (uint32_t i = 0; i < count; i++) {
            if (c == job->key_at) {
                cells[i] = (takeo_cell){.type = job->columns[c]->type, .v = {.i = keys[i]}};
            } else {
                cells[i] = *value_of(job, job->chunk[i], c);
            }
        }
    }
    return TAKEO_DONE;
}

/* One statement updates no row twice: the chunk ends before the first twin.  Where that leaves few
 * objects to a chunk, they are better sent one by one. */
static takeo_status cut_chunk(batch_job *job, tk_op *op) {
    job->chunk_count = tk_upsert_before_twin(&job->target, job->chunk, job->chunk_count);
    bool is_last = job->chunk + job->chunk_count == job->end;
    return is_last || job->chunk_count >= LEAST_CHANGED ? TAKEO_DONE : raise_surprise(job, op);
}

static takeo_status bind(tk_job *base, tk_op *op, const takeo_cell **out) {
    batch_job *job = (batch_job *)base;
    if (job->next == job->end) {
        return TAKEO_DONE;
    }
    job->chunk = job->next;
    job->chunk_count = chunk_of(job);
    job->rows = job->cursor = 0;
    for (uint32_t i = 0; i < job->chunk_count; i++) {
        TK_TRY(tk_send_bind_late(job->group, job->chunk[i], op));
    }
    if (job->group->action == TK_ACTION_UPSERT) {
        TK_TRY(cut_chunk(job, op));
    }
    job->next += job->chunk_count;
    TK_TRY(make_lists(job, op));
    *out = job->lists;
    return TAKEO_ROWS;
}

/* ---- what comes back ------------------------------------------------------------------------- */

/* Is this row the object's?  What tells rows apart stands first. */
static bool is_row_of(const batch_job *job, uint32_t place, const takeo_cell *cells) {
    if (job->keys != NULL) {
        return cells[0].v.i == job->keys[job->chunk - job->first + place];
    }
    const tk_subject *subject = job->chunk[place];
    const uint32_t *places = job->target.places;
    for (uint32_t k = 0; k < job->told_by_count; k++) {
        const takeo_cell *own = places != NULL ? &subject->arguments[places[k]] : &subject->key[k];
        if (!tk_cell_equal(&cells[k], own)) {
            return false;
        }
    }
    return true;
}

/* Rows come in the order in which they were sent, nearly always; nothing relies on it. */
static tk_subject *find_subject(batch_job *job, const takeo_cell *cells) {
    for (uint32_t i = 0; i < job->chunk_count; i++) {
        uint32_t place = job->cursor + i < job->chunk_count ? job->cursor + i
                                                            : job->cursor + i - job->chunk_count;
        if (is_row_of(job, place, cells)) {
            job->cursor = place + 1 < job->chunk_count ? place + 1 : 0;
            return job->chunk[place];
        }
    }
    return NULL;
}

/* The cells in the order of the group's own list. */
static takeo_status keep_returned(const batch_job *job, tk_subject *subject,
                                  const takeo_cell *cells, tk_op *op) {
    const tk_group *group = job->group;
    takeo_cell *copies = tk_arena_array(&op->arena, group->returning_count, sizeof *copies);
    if (copies == NULL) {
        return tk_raise_memory(&op->error);
    }
    for (uint32_t i = 0; i < group->returning_count; i++) {
        for (uint32_t c = 0; c < job->returned_count; c++) {
            if (job->returned[c] == group->returning[i]
                && !tk_cell_copy(&op->arena, &cells[c], &copies[i])) {
                return tk_raise_memory(&op->error);
            }
        }
    }
    subject->returned = copies;
    return TAKEO_DONE;
}

static takeo_status row(tk_job *base, tk_op *op, const takeo_cell *cells) {
    batch_job *job = (batch_job *)base;
    tk_subject *subject = find_subject(job, cells);
    if (subject == NULL || subject->written != TAKEO_WRITTEN_NOTHING) {
        return raise_surprise(job, op);
    }
    job->rows++;
    TK_TRY(keep_returned(job, subject, cells, op));
    if (subject->action == TK_ACTION_UPSERT) {
        bool is_new = cells[job->returned_count].v.i != 0;
        tk_send_count(op, subject, is_new ? TAKEO_WRITTEN_INSERTED : TAKEO_WRITTEN_UPDATED);
        tk_send_take_key(job->group, subject, NULL);
    } else {
        tk_send_count(op, subject, TAKEO_WRITTEN_INSERTED);
    }
    return TAKEO_DONE;
}

/* The fresh keys are the objects'. */
static void take_keys(const batch_job *job) {
    const int64_t *keys = job->keys + (job->chunk - job->first);
    for (uint32_t i = 0; i < job->chunk_count; i++) {
        if (job->chunk[i]->written == TAKEO_WRITTEN_INSERTED) {
            job->chunk[i]->last_key = keys[i];
            job->chunk[i]->is_fresh = true;
        }
    }
}

static takeo_status ran(tk_job *base, tk_op *op, const tk_execution *execution) {
    static const uint8_t outcomes[] = {[TK_ACTION_INSERT] = TAKEO_WRITTEN_INSERTED,
                                       [TK_ACTION_UPDATE] = TAKEO_WRITTEN_UPDATED,
                                       [TK_ACTION_DELETE] = TAKEO_WRITTEN_DELETED};
    batch_job *job = (batch_job *)base;
    op->result.affected += execution->affected;
    bool is_told = job->returned_count != 0;
    if (!is_told && execution->affected != (int64_t)job->chunk_count) {
        return raise_surprise(job, op);
    }
    for (uint32_t i = 0; i < job->chunk_count; i++) {
        tk_subject *subject = job->chunk[i];
        if (!is_told) {
            tk_send_count(op, subject, outcomes[subject->action]);
        } else if (subject->written == TAKEO_WRITTEN_NOTHING) { /* left alone, or dropped */
            tk_send_count(op, subject, TAKEO_WRITTEN_SKIPPED);
        }
    }
    if (job->keys != NULL) {
        take_keys(job);
    }
    return TAKEO_DONE;
}

static const tk_job_methods batch_methods = {.name = "batch", .bind = bind, .ran = ran};
static const tk_job_methods returning_methods = {
    .name = "batch", .bind = bind, .row = row, .ran = ran};

/* ---- statements ------------------------------------------------------------------------------ */

typedef enum batch_kind { BULK, RETURNING, UPSERT, CHANGE, PREPARE } batch_kind;

typedef struct maker {
    const batch_job *job;
    const tk_dialect *dialect;
    batch_kind kind;
} maker;

static takeo_status make_upsert(const maker *at, tk_alloc alloc, tk_statement **out,
                                tk_error *error) {
    const batch_job *job = at->job;
    tk_shape_upsert_def def;
    TK_TRY(tk_upsert_define(job->write, job->group, &def));
    def.returning = job->returned;
    def.returning_count = job->returned_count;
    return tk_batch_upsert(at->dialect, job->group->entity, &def, alloc, out, error);
}

static takeo_status make(const void *context, tk_alloc alloc, tk_statement **out, tk_error *error) {
    const maker *at = context;
    const batch_job *job = at->job;
    const tk_entity *entity = job->group->entity;
    switch (at->kind) {
    case BULK:
        return tk_batch_insert(at->dialect, entity, job->columns, job->column_count, NULL, 0, alloc,
                               out, error);
    case RETURNING:
        return tk_batch_insert(at->dialect, entity, job->columns, job->column_count, job->returned,
                               job->returned_count, alloc, out, error);
    case UPSERT:
        return make_upsert(at, alloc, out, error);
    case PREPARE:
        return tk_batch_prepare(at->dialect, entity, alloc, out, error);
    case CHANGE:
        break;
    }
    return job->group->action == TK_ACTION_DELETE
               ? tk_batch_delete(at->dialect, entity, alloc, out, error)
               : tk_batch_update(at->dialect, entity, job->group->columns, job->group->column_count,
                                 alloc, out, error);
}

/* The statement, kept with the source under the group's key and its kind. */
static takeo_status get_statement(const batch_job *job, batch_kind kind, const tk_sql **out) {
    tk_op *op = job->write->op;
    takeo_text key = job->group->key;
    takeo_text more = job->write->upsert_key; /* empty but for an upsert */
    size_t len = key.len + more.len;
    char *bytes = tk_arena_take(&op->arena, len + 2);
    if (bytes == NULL) {
        return tk_raise_memory(&op->error);
    }
    memcpy(bytes, key.data, key.len);
    if (more.len != 0) {
        memcpy(bytes + key.len, more.data, more.len);
    }
    bytes[len] = 'b';
    bytes[len + 1] = (char)kind;
    maker context = {.job = job, .kind = kind};
    tk_statement *statement;
    TK_TRY(tk_shapes_dialect(op->source, &context.dialect, &op->error));
    TK_TRY(
        tk_shapes_get(op->source, tk_text(bytes, len + 2), make, &context, &statement, &op->error));
    TK_TRY(tk_task_keep(&job->write->task, statement));
    return tk_shapes_render(op->source, statement, out, &op->error);
}

/* ---- before an insert ------------------------------------------------------------------------ */

static takeo_status prepare_bind(tk_job *base, tk_op *op, const takeo_cell **out) {
    prepare_job *job = (prepare_job *)base;
    (void)op;
    if (job->was_bound) {
        return TAKEO_DONE;
    }
    job->was_bound = true;
    int64_t count = job->batch->keys != NULL ? job->batch->end - job->batch->first : 0;
    job->argument = tk_cell_int(TAKEO_TYPE_INT64, count);
    *out = &job->argument;
    return TAKEO_ROWS;
}

static takeo_status prepare_row(tk_job *base, tk_op *op, const takeo_cell *cells) {
    prepare_job *job = (prepare_job *)base;
    batch_job *batch = job->batch;
    job->is_plain = !tk_cell_is_null(&cells[1]) && cells[1].v.i != 0;
    size_t count = tk_cell_is_null(&cells[0]) ? 0 : cells[0].v.list.count;
    for (size_t i = 0; batch->keys != NULL && i < count && i < batch->key_count; i++) {
        const takeo_cell *key = &cells[0].v.list.cells[i];
        if (tk_cell_is_null(key)) { /* no sequence: who makes the key is not known */
            return raise_surprise(batch, op);
        }
        batch->keys[i] = key->v.i;
    }
    bool is_enough = batch->keys == NULL || count == batch->key_count;
    return is_enough ? TAKEO_DONE : raise_surprise(batch, op);
}

/* Now it is known how the rows go in. */
static takeo_status prepare_done(tk_job *base, tk_op *op) {
    const prepare_job *job = (const prepare_job *)base;
    batch_job *batch = job->batch;
    (void)op;
    bool asks_nothing = batch->group->returning_count == (batch->keys != NULL ? 1U : 0U);
    if (job->is_plain && asks_nothing) {
        batch->returned_count = 0;
        batch->job.methods = &batch_methods;
        return get_statement(batch, BULK, &batch->job.sql);
    }
    batch->job.methods = &returning_methods;
    return get_statement(batch, RETURNING, &batch->job.sql);
}

static const tk_job_methods prepare_methods = {
    .name = "prepare batch", .bind = prepare_bind, .row = prepare_row, .done = prepare_done};

static takeo_status append_prepare(batch_job *batch) {
    tk_op *op = batch->write->op;
    prepare_job *job = tk_task_take(op, sizeof *job);
    if (job == NULL) {
        return tk_raise_memory(&op->error);
    }
    job->batch = batch;
    job->job.methods = &prepare_methods;
    TK_TRY(get_statement(batch, PREPARE, &job->job.sql));
    tk_op_append(op, &job->job);
    return TAKEO_DONE;
}

/* ---- which objects go together --------------------------------------------------------------- */

/* Does the group's insert leave its key to the server? */
static bool leaves_key(const tk_group *group) {
    const tk_column *key = group->entity->generated_key;
    for (uint32_t i = 0; key != NULL && i < group->column_count; i++) {
        if (group->columns[i] == key) {
            return false;
        }
    }
    return key != NULL;
}

/* The columns that are sent: the group's, then the key that the statement needs. */
static takeo_status set_columns(batch_job *job) {
    const tk_group *group = job->group;
    const tk_entity *entity = group->entity;
    bool is_insert = group->action == TK_ACTION_INSERT;
    uint32_t more = is_insert                           ? (leaves_key(group) ? 1 : 0)
                    : group->action == TK_ACTION_UPSERT ? 0
                                                        : entity->key_count;
    tk_op *op = job->write->op;
    job->column_count = group->column_count + more;
    job->columns = tk_arena_array(&op->arena, job->column_count, sizeof *job->columns);
    job->lists = tk_arena_array(&op->arena, (size_t)job->column_count + job->write->condition_count,
                                sizeof *job->lists);
    job->returned = tk_arena_array(
        &op->arena, (size_t)group->returning_count + entity->key_count + job->write->conflict_count,
        sizeof *job->returned);
    if (job->columns == NULL || job->lists == NULL || job->returned == NULL) {
        return tk_raise_memory(&op->error);
    }
    memcpy(job->columns, group->columns, group->column_count * sizeof *job->columns);
    for (uint32_t i = 0; i < more; i++) {
        job->columns[group->column_count + i] = is_insert ? entity->generated_key : entity->key[i];
    }
    if (job->write->condition_count != 0) { /* values as they are, behind the lists */
        memcpy(job->lists + job->column_count, job->write->condition,
               job->write->condition_count * sizeof *job->lists);
    }
    job->key_at = is_insert && more != 0 ? group->column_count : job->column_count;
    return TAKEO_DONE;
}

static bool is_among(const tk_column *column, const tk_column *const *columns, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        if (columns[i] == column) {
            return true;
        }
    }
    return false;
}

/* What is asked back: first what tells the rows apart, then what else the server makes. */
static void set_returned(batch_job *job, const tk_column *const *told_by, uint32_t count) {
    job->told_by_count = count;
    for (uint32_t i = 0; i < count; i++) {
        job->returned[job->returned_count++] = told_by[i];
    }
    for (uint32_t i = 0; i < job->group->returning_count; i++) {
        const tk_column *column = job->group->returning[i];
        if (!is_among(column, told_by, count)) {
            job->returned[job->returned_count++] = column;
        }
    }
}

/* Keys that are compared by value must be known before the rows come. */
static bool knows_keys(const batch_job *job) {
    const tk_entity *entity = job->group->entity;
    if (leaves_key(job->group)) {
        return entity->key_count == 1;
    }
    for (tk_subject **at = job->first; at < job->end; at++) {
        if (!(*at)->has_key) {
            return false;
        }
    }
    return entity->key_count != 0;
}

static takeo_status start(tk_write *write, tk_subject **at, tk_subject **end, batch_job **out) {
    batch_job *job = tk_task_take(write->op, sizeof *job);
    if (job == NULL) {
        return tk_raise_memory(&write->op->error);
    }
    job->write = write;
    job->group = (*at)->group;
    job->first = job->next = at;
    job->end = end;
    TK_TRY(set_columns(job));
    *out = job;
    return TAKEO_DONE;
}

static bool is_worth_it(const tk_write *write, const tk_group *group, size_t count) {
    bool is_insert = group->action == TK_ACTION_INSERT;
    bool has_columns = group->column_count != 0;
    bool is_change = (group->action == TK_ACTION_UPDATE && has_columns)
                     || (group->action == TK_ACTION_UPSERT && has_columns)
                     || group->action == TK_ACTION_DELETE;
    return !write->is_exact && (is_insert || is_change)
           && count >= (is_insert ? LEAST_INSERTED : LEAST_CHANGED);
}

/* An insert; fresh keys are drawn first. */
static takeo_status begin_insert(batch_job *job) {
    tk_op *op = job->write->op;
    const tk_entity *entity = job->group->entity;
    if (leaves_key(job->group)) {
        job->key_count = (uint32_t)(job->end - job->first);
        job->keys = tk_arena_array(&op->arena, job->key_count, sizeof *job->keys);
        if (job->keys == NULL) {
            return tk_raise_memory(&op->error);
        }
    }
    set_returned(job, entity->key, entity->key_count);
    TK_TRY(append_prepare(job));
    job->job.methods = &returning_methods;
    return get_statement(job, RETURNING, &job->job.sql); /* until the table is known */
}

static takeo_status begin_upsert(batch_job *job) {
    set_returned(job, job->write->conflict, job->write->conflict_count);
    job->job.methods = &returning_methods;
    return get_statement(job, UPSERT, &job->job.sql);
}

/* Can these objects go together? */
static takeo_status check(batch_job *job, const tk_dialect *dialect, bool *out_is_good) {
    const tk_upsert *upsert = job->write->upsert;
    if (!tk_batch_takes(dialect, job->columns, job->column_count)
        || job->column_count + job->write->condition_count > TK_COLUMN_MAX) {
        *out_is_good = false;
    } else if (upsert != NULL && upsert->where != NULL
               && tk_looks_into(upsert->where, job->group->entity)) {
        *out_is_good = false; /* each is to see what those before it have changed */
    } else if (job->group->action == TK_ACTION_UPSERT) {
        size_t count = (size_t)(job->end - job->first);
        TK_TRY(tk_upsert_find_target(job->write, job->first, count,
                                     count < CHUNK_ROWS ? (uint32_t)count : CHUNK_ROWS,
                                     &job->target));
        *out_is_good = job->target.places != NULL;
    } else {
        *out_is_good = knows_keys(job);
    }
    return TAKEO_DONE;
}

takeo_status tk_batch_append(tk_write *write, tk_subject **at, tk_subject **end,
                             bool *out_is_appended) {
    tk_op *op = write->op;
    const tk_dialect *dialect = NULL;
    batch_job *job = NULL;
    bool is_good = false;
    *out_is_appended = false;
    if (!is_worth_it(write, (*at)->group, (size_t)(end - at))) {
        return TAKEO_DONE;
    }
    TK_TRY(tk_shapes_dialect(op->source, &dialect, &op->error));
    const tk_entity *entity = (*at)->group->entity;
    bool is_upsert = (*at)->group->action == TK_ACTION_UPSERT;
    if (!tk_batch_takes(dialect, is_upsert ? write->conflict : entity->key,
                        is_upsert ? write->conflict_count : entity->key_count)) {
        return TAKEO_DONE;
    }
    TK_TRY(start(write, at, end, &job));
    TK_TRY(check(job, dialect, &is_good));
    if (!is_good) {
        return TAKEO_DONE;
    }
    switch (job->group->action) {
    case TK_ACTION_INSERT:
        TK_TRY(begin_insert(job));
        break;
    case TK_ACTION_UPSERT:
        TK_TRY(begin_upsert(job));
        break;
    default:
        TK_TRY(get_statement(job, CHANGE, &job->job.sql));
        job->job.methods = &batch_methods;
        break;
    }
    tk_op_append(op, &job->job);
    write->is_batched = true;
    *out_is_appended = true;
    return TAKEO_DONE;
}

/* ---- once more ------------------------------------------------------------------------------- */

/* Failures that a single object is to blame for, or that only a batch can have. */
static bool is_of_one_object(const tk_write *write, takeo_status status) {
    return write->is_surprised || (status <= TAKEO_EINTEGRITY && status >= TAKEO_EEXCLUSION)
           || status == TAKEO_EDATA || status == TAKEO_EINPUT || status == TAKEO_EDATABASE
           || status == TAKEO_EPROGRAMMING;
}

bool tk_batch_again(tk_op *op, takeo_status status) {
    tk_write *write = op->verb;
    if (!write->is_batched || write->is_exact || !is_of_one_object(write, status)) {
        return false;
    }
    write->is_exact = true;
    return true;
}
