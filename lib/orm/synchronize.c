/* synchronize.c - the tables and indexes that the model has and the database lacks are made.
 *
 *     lock -> a job that runs nothing reads the catalogue -> differences? then nothing is done
 *                                                         -> statements, as further jobs
 *
 * All in one transaction, which sees what others have made before it had the lock.  What is made is written down in the table takeo_objects, so that later
 * versions know what is theirs.  Nothing is altered and nothing is dropped.
 */
#include <stdlib.h>

#include "orm/schema_int.h"

enum { TEXT_MAX = 16 * 1024 * 1024 };

typedef struct sync_job {
    tk_job job;
    tk_cleanup cleanup;
    tk_task *task;
    tk_schema schema;
    bool is_plan;
    tk_cell_rows statements; /* told in order */
    tk_buf made;             /* values of the rows of takeo_objects */
    const tk_entity **entities;
    uint32_t entity_count;
} sync_job;

/* ---- statements ------------------------------------------------------------------------------ */

static const tk_job_methods text_methods = {.name = "define"};

static takeo_status append_text(tk_op *op, const char *text) {
    tk_job *job = tk_task_take(op, sizeof *job);
    if (job == NULL) {
        return tk_raise_memory(&op->error);
    }
    job->methods = &text_methods;
    job->text = text;
    tk_op_append(op, job);
    return TAKEO_DONE;
}

/* One more statement: told, and run unless it is only a plan. */
static takeo_status add_text(sync_job *sync, const tk_buf *text) {
    tk_op *op = sync->task->op;
    if (text->failed || text->data == NULL) {
        return tk_raise_memory(&op->error);
    }
    takeo_cell cell = tk_cell_text(TAKEO_TYPE_TEXT, text->data, text->len);
    TK_TRY(tk_cell_rows_add(&sync->statements, &cell, &op->error));
    if (sync->is_plan) {
        return TAKEO_DONE;
    }
    const char *copy = tk_arena_copy(&op->arena, text->data, text->len);
    return copy != NULL ? append_text(op, copy) : tk_raise_memory(&op->error);
}

/* A row for takeo_objects. */
static void put_doubled(tk_buf *out, takeo_text name) {
    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] == '\'') {
            tk_buf_putc(out, '\'');
        }
        tk_buf_putc(out, name.data[i]);
    }
}

static void note_made(sync_job *sync, const char *kind, takeo_text in, takeo_text name) {
    char at[40];
    tk_timestamp_write(tk_clock_unix_us(), at);
    tk_buf_printf(&sync->made, "%s('%s', '", sync->made.len != 0 ? ", " : "", kind);
    if (in.len != 0) {
        put_doubled(&sync->made, in);
        tk_buf_putc(&sync->made, '.');
    }
    put_doubled(&sync->made, name);
    tk_buf_printf(&sync->made, "', '%s')", at);
}

/* A text that a writer of DDL makes, for add_made. */
static tk_buf new_text(const sync_job *sync) {
    tk_buf text;
    tk_buf_init(&text, sync->schema.alloc, TEXT_MAX);
    return text;
}

/* That text as a statement, unless its writer has failed.  It is freed. */
static takeo_status add_made(sync_job *sync, tk_buf *text, takeo_status status) {
    status = status < 0 ? status : add_text(sync, text);
    tk_buf_done(text);
    return status;
}

static takeo_status add_table(sync_job *sync, const tk_entity *entity) {
    const tk_schema *schema = &sync->schema;
    tk_buf text = new_text(sync);
    note_made(sync, "table", entity->schema, entity->table);
    return add_made(sync, &text, tk_ddl_table(schema->dialect, entity, &text, schema->error));
}

static takeo_status add_index(sync_job *sync, const tk_entity *entity, const tk_index *index) {
    const tk_schema *schema = &sync->schema;
    tk_buf text = new_text(sync);
    note_made(sync, "index", entity->schema, index->name);
    return add_made(sync, &text,
                    tk_ddl_index(schema->dialect, entity, index, &text, schema->error));
}

static takeo_status add_schema(sync_job *sync, const tk_entity *entity) {
    const tk_schema *schema = &sync->schema;
    tk_buf text = new_text(sync);
    return add_made(sync, &text, tk_ddl_schema(schema->dialect, entity, &text, schema->error));
}

/* Foreign keys of a new table to tables that were made after it. */
static takeo_status add_waiting(sync_job *sync, const tk_entity *entity) {
    const tk_schema *schema = &sync->schema;
    for (uint32_t i = 0; i < entity->relation_count; i++) {
        const tk_relation *relation = &entity->relations[i];
        if (tk_ddl_waits(schema->dialect, relation)) {
            tk_buf text = new_text(sync);
            TK_TRY(add_made(sync, &text,
                            tk_ddl_foreign_key(schema->dialect, relation, &text, schema->error)));
        }
    }
    return TAKEO_DONE;
}

/* Of the table, or of one of its columns. */
static takeo_status add_comment(sync_job *sync, const tk_entity *entity, const tk_column *column) {
    if (!tk_ddl_has_comment(entity, column)) {
        return TAKEO_DONE;
    }
    tk_buf text = new_text(sync);
    return add_made(sync, &text, tk_ddl_comment(entity, column, &text, sync->schema.error));
}

/* Of a new table and its columns. */
static takeo_status add_comments(sync_job *sync, const tk_entity *entity) {
    if (!sync->schema.facts->has_comments) {
        return TAKEO_DONE;
    }
    TK_TRY(add_comment(sync, entity, NULL));
    for (uint32_t i = 0; i < entity->column_count; i++) {
        TK_TRY(add_comment(sync, entity, &entity->columns[i]));
    }
    return TAKEO_DONE;
}

static takeo_status add_indexes(sync_job *sync, const tk_entity *entity) {
    for (uint32_t i = 0; i < entity->index_count; i++) {
        const tk_index *index = &entity->indexes[i];
        if (!index->is_constraint
            && tk_schema_index(&sync->schema, entity->schema, index->name) == NULL) {
            TK_TRY(add_index(sync, entity, index));
        }
    }
    return TAKEO_DONE;
}

static takeo_status add_objects(sync_job *sync) {
    static const char create[] = "create table if not exists takeo_objects (kind text not null, "
                                 "name text not null, made_at text not null, "
                                 "primary key (kind, name))";
    if (sync->made.len == 0) {
        return TAKEO_DONE;
    }
    tk_buf text;
    tk_buf_init(&text, sync->schema.alloc, TEXT_MAX);
    takeo_status status = TAKEO_DONE;
    if (tk_schema_table(&sync->schema, tk_text(NULL, 0), tk_zstr("takeo_objects")) == NULL) {
        tk_buf_puts(&text, create);
        status = add_text(sync, &text);
        tk_buf_clear(&text);
    }
    if (status >= 0) {
        tk_buf_puts(&text, "insert into takeo_objects (kind, name, made_at) values ");
        tk_buf_put(&text, sync->made.data, sync->made.len);
        tk_buf_puts(&text, " on conflict (kind, name) do update set made_at = excluded.made_at");
        text.failed |= sync->made.failed;
        status = add_text(sync, &text);
    }
    tk_buf_done(&text);
    return status;
}

/* ---- the job --------------------------------------------------------------------------------- */

static int compare_rank(const void *a, const void *b) {
    return tk_ddl_compare(*(const tk_entity *const *)a, *(const tk_entity *const *)b);
}

/* Entities with a table of their own, parents first. */
static takeo_status list_entities(sync_job *sync) {
    enum {
        NO_TABLE = TAKEO_ENTITY_ABSTRACT | TAKEO_ENTITY_VIEW | TAKEO_ENTITY_MATERIALIZED
                   | TAKEO_ENTITY_UNMANAGED
    };
    tk_op *op = sync->task->op;
    const tk_model *model = op->source->model;
    sync->entities = tk_arena_array(&op->arena, model->entity_count, sizeof *sync->entities);
    if (sync->entities == NULL) {
        return tk_raise_memory(&op->error);
    }
    for (uint32_t i = 0; i < model->entity_count; i++) {
        if ((model->entities[i]->flags & NO_TABLE) == 0) {
            sync->entities[sync->entity_count++] = model->entities[i];
        }
    }
    qsort(sync->entities, sync->entity_count, sizeof *sync->entities, compare_rank);
    return TAKEO_DONE;
}

static const tk_catalog_table *find_table(const sync_job *sync, const tk_entity *entity) {
    return tk_schema_table(&sync->schema, entity->schema, entity->table);
}

/* Schemas that no table is in: they may be there all the same. */
static takeo_status add_schemas(sync_job *sync) {
    for (uint32_t i = 0; i < sync->entity_count && sync->schema.facts->has_schemas; i++) {
        const tk_entity *entity = sync->entities[i];
        bool is_known =
            entity->schema.len == 0 || tk_schema_is_known(&sync->schema, entity->schema);
        for (uint32_t before = 0; before < i && !is_known; before++) {
            is_known =
                tk_schema_is_same(&sync->schema, sync->entities[before]->schema, entity->schema);
        }
        if (!is_known) {
            TK_TRY(add_schema(sync, entity));
        }
    }
    return TAKEO_DONE;
}

static takeo_status compare_all(sync_job *sync) {
    for (uint32_t i = 0; i < sync->entity_count; i++) {
        const tk_catalog_table *table = find_table(sync, sync->entities[i]);
        if (table != NULL) {
            TK_TRY(tk_schema_compare(&sync->schema, sync->entities[i], table));
        }
    }
    return sync->schema.findings == 0 ? TAKEO_DONE : sync->schema.error->first->status;
}

static takeo_status add_all(sync_job *sync) {
    TK_TRY(add_schemas(sync));
    for (uint32_t i = 0; i < sync->entity_count; i++) {
        if (find_table(sync, sync->entities[i]) == NULL) {
            TK_TRY(add_table(sync, sync->entities[i]));
        }
    }
    for (uint32_t i = 0; i < sync->entity_count; i++) {
        if (find_table(sync, sync->entities[i]) == NULL) {
            TK_TRY(add_waiting(sync, sync->entities[i]));
            TK_TRY(add_comments(sync, sync->entities[i]));
        }
    }
    for (uint32_t i = 0; i < sync->entity_count; i++) {
        TK_TRY(add_indexes(sync, sync->entities[i]));
    }
    return add_objects(sync);
}

static takeo_status show(sync_job *sync) {
    tk_op *op = sync->task->op;
    const takeo_column_info column = {.name = tk_zstr("statement"), .type = TAKEO_TYPE_TEXT};
    takeo_rows *rows;
    TK_TRY(tk_rows_new(op, &column, 1, &rows));
    TK_TRY(tk_rows_show(op, rows, &sync->statements, &op->error));
    op->rows = rows;
    return TAKEO_DONE;
}

static takeo_status look(tk_job *job, tk_op *op) {
    sync_job *sync = (sync_job *)job;
    const tk_conn *conn = op->conn;
    TK_TRY_DONE(conn->driver->catalog(conn->server, &op->arena, &sync->schema.tables,
                                      &sync->schema.table_count, &op->error));
    TK_TRY(list_entities(sync));
    TK_TRY(compare_all(sync));
    TK_TRY(add_all(sync));
    return show(sync);
}

static const tk_job_methods look_methods = {.name = "look", .done = look};

static void clean(tk_cleanup *cleanup) {
    sync_job *sync = TK_CONTAINER(cleanup, sync_job, cleanup);
    tk_vec_done(&sync->statements.rows);
    tk_buf_done(&sync->made);
}

/* ---- the verbs ------------------------------------------------------------------------------- */

static takeo_status begin(tk_task *task, uint32_t flags) {
    tk_op *op = task->op;
    if (op->source->model == NULL) {
        return tk_raise(&op->error, TK_INPUT_ENTITY, "this data source has no model");
    }
    sync_job *sync = tk_task_take(op, sizeof *sync);
    if (sync == NULL) {
        return tk_raise_memory(&op->error);
    }
    sync->task = task;
    sync->is_plan = (flags & TAKEO_SYNCHRONIZE_PLAN) != 0;
    sync->schema.alloc = op->alloc;
    sync->schema.error = &op->error;
    tk_cell_rows_init(&sync->statements, 1, &op->arena);
    tk_buf_init(&sync->made, op->alloc, TEXT_MAX);
    tk_task_add_cleanup(task, &sync->cleanup, clean);
    TK_TRY(tk_shapes_dialect(op->source, &sync->schema.dialect, &op->error));
    sync->schema.facts = tk_dialect_facts_of(sync->schema.dialect);
    sync->job.methods = &look_methods;
    op->is_write = op->in_transaction = !sync->is_plan;
    const char *lock = sync->schema.facts->synchronize_lock;
    if (lock != NULL && !sync->is_plan) {
        op->isolation = TAKEO_ISOLATION_READ_COMMITTED;
        TK_TRY(append_text(op, lock));
    }
    tk_op_append(op, &sync->job);
    return TAKEO_DONE;
}

takeo_status tk_orm_synchronize(tk_op *op, uint32_t flags) {
    tk_task *task;
    takeo_status status = tk_task_start(op, NULL, NULL, sizeof *task, &task);
    if (status >= 0) {
        status = begin(task, flags);
    }
    return tk_task_ready(op, status);
}

takeo_status tk_orm_connect(tk_op *op) {
    static const tk_job_methods nothing = {.name = "connect"};
    tk_task *task;
    takeo_status status = tk_task_start(op, NULL, NULL, sizeof *task, &task);
    tk_job *job = status >= 0 ? tk_task_take(op, sizeof *job) : NULL;
    if (status >= 0 && job == NULL) {
        status = tk_raise_memory(&op->error);
    }
    if (status >= 0) { /* to have the connection is all */
        job->methods = &nothing;
        tk_op_append(op, job);
        tk_op_fill_pool(op);
    }
    return tk_task_ready(op, status);
}
