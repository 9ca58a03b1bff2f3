/* database.h - the golden world on a real database: SQLite in memory, or a schema of its own on the
 * server that TAKEO_TEST_POSTGRESQL names.  Statements are sketches, arguments and rows are texts.
 */
#ifndef TK_GOLDEN_DATABASE_H
#define TK_GOLDEN_DATABASE_H

#include <unistd.h>

#include "sketch.h"
#include "takeo/takeo.h"

typedef struct database {
    tk_model *model;
    takeo_source *source;
    takeo_source *keeper; /* makes the schema and drops it; NULL: none */
    takeo_op *op;
    tk_arena arena;
    char schema[40];
    char other[40]; /* of Log */
} database;

static inline const char *database_url(void) {
    const char *url = getenv("TAKEO_TEST_POSTGRESQL");
    return url != NULL && *url != '\0' ? url : NULL;
}

#define DATABASE_NEEDED()                                                                          \
    do {                                                                                           \
        if (database_url() == NULL) {                                                              \
            print_message("TAKEO_TEST_POSTGRESQL is not set: skipped\n");                          \
            skip();                                                                                \
        }                                                                                          \
    } while (0)

/* Up to its rows, which stay with the operation. */
static inline takeo_status database_end(takeo_op *op, takeo_status status) {
    return status < 0 ? status : takeo_op_wait(op, -1);
}

static inline void database_check(takeo_op *op, takeo_status status) {
    if (status < 0) {
        char why[4096];
        takeo_error_format(takeo_op_error(op), why, sizeof why);
        fail_msg("%s", why);
    }
}

static inline void database_finish(takeo_op *op, takeo_status status) {
    database_check(op, database_end(op, status));
}

/* Raw SQL whose rows, if any, nobody looks at. */
static inline takeo_status database_try(takeo_op *op, const char *sql) {
    takeo_statement *statement = NULL;
    assert_int_equal(takeo_statement_sql(NULL, sql, strlen(sql), &statement, NULL), TAKEO_DONE);
    takeo_status status = database_end(op, takeo_statement_run(op, statement, NULL, NULL, 0));
    takeo_statement_free(statement);
    return status;
}

static inline void database_sql(database *on, const char *sql) {
    database_check(on->op, database_try(on->op, sql));
}

static inline void database_keep(database *on, bool is_new) {
    char sql[200];
    takeo_op *op = NULL;
    snprintf(sql, sizeof sql, is_new ? "create schema %s" : "drop schema if exists %s, %s cascade",
             on->schema, on->other);
    assert_int_equal(takeo_op_new(takeo_source_session(on->keeper), &op, NULL), TAKEO_DONE);
    database_check(op, database_try(op, sql));
    takeo_op_free(op);
}

/* The world, with the table that stands in a schema in one of its own; without a name it is left
 * out of what is synchronized. */
static inline tk_model *database_model(const char *schema) {
    enum { COUNT = TK_COUNT(world_entities), COLUMNS = TK_COUNT(sample_columns) };
    takeo_entity_def entities[COUNT];
    takeo_column_def columns[COLUMNS];
    memcpy(entities, world_entities, sizeof entities);
    memcpy(columns, sample_columns, sizeof columns);
    for (size_t i = 0; schema == NULL && i < COLUMNS; i++) { /* words of the server's own */
        columns[i].collation = NULL;
        columns[i].default_sql = NULL;
    }
    for (size_t i = 0; i < COUNT; i++) {
        if (entities[i].columns == sample_columns) {
            entities[i].columns = columns;
        }
        if (entities[i].schema != NULL) {
            entities[i].schema = schema;
            entities[i].flags |= schema == NULL ? TAKEO_ENTITY_UNMANAGED : 0;
        }
    }
    takeo_model *model = NULL;
    assert_int_equal(takeo_model_new(NULL, &model, NULL), TAKEO_DONE);
    assert_int_equal(takeo_model_add(model, entities, COUNT, NULL), TAKEO_DONE);
    assert_int_equal(takeo_model_freeze(model, NULL), TAKEO_DONE);
    return model;
}

/* `schema`: a name for the tables that stand in another one; NULL: there are no schemas. */
typedef tk_model *(*database_maker)(const char *schema);

static inline void database_open_with(database *on, bool is_server, database_maker make) {
    static int number;
    char url[600] = "sqlite://";
    *on = (database){0};
    tk_arena_init(&on->arena, tk_alloc_default);
    if (is_server) {
        const takeo_source_options options = {.struct_size = sizeof options, .url = database_url()};
        snprintf(on->schema, sizeof on->schema, "takeo_world_%ld_%d", (long)getpid(), ++number);
        snprintf(on->other, sizeof on->other, "%s_other", on->schema);
        assert_int_equal(takeo_source_open(NULL, &options, &on->keeper, NULL), TAKEO_DONE);
        database_keep(on, true);
        snprintf(url, sizeof url, "%s%coptions=-csearch_path%%3D%s", database_url(),
                 strchr(database_url(), '?') != NULL ? '&' : '?', on->schema);
    }
    on->model = make(is_server ? on->other : NULL);
    const takeo_source_options options = {.struct_size = sizeof options, .url = url};
    assert_int_equal(takeo_source_open(on->model, &options, &on->source, NULL), TAKEO_DONE);
    assert_int_equal(takeo_op_new(takeo_source_session(on->source), &on->op, NULL), TAKEO_DONE);
}

static inline void database_open(database *on, bool is_server) {
    database_open_with(on, is_server, database_model);
}

static inline void database_close(database *on) {
    takeo_op_free(on->op);
    takeo_source_close(on->source);
    tk_model_drop(on->model);
    if (on->keeper != NULL) {
        database_keep(on, false);
        takeo_source_close(on->keeper);
    }
    tk_arena_done(&on->arena);
}

/* ---- sketches -------------------------------------------------------------------------------- */

/* "{a,b}" is a list of such values, "null" none. */
static inline takeo_cell database_cell(database *on, takeo_type type, const char *text) {
    takeo_cell cell = {.type = type, .flags = TAKEO_CELL_NULL};
    if (strcmp(text, "null") == 0) {
        return cell;
    }
    size_t len = strlen(text);
    if (text[0] == '{' && type != TAKEO_TYPE_JSON) {
        takeo_cell *cells = tk_arena_array(&on->arena, len, sizeof *cells);
        size_t count = 0;
        char *copy = tk_arena_copy(&on->arena, text + 1, len - 2);
        for (char *item = strtok(copy, ","); item != NULL; item = strtok(NULL, ",")) {
            cells[count++] = database_cell(on, type, item);
        }
        return (takeo_cell){.type = TAKEO_TYPE_ARRAY, .v = {.list = {cells, count}}};
    }
    tk_error error;
    tk_error_init(&error, tk_alloc_default);
    takeo_status status = tk_cell_parse(type, text, len, &cell, &error);
    tk_error_done(&error);
    assert_int_equal(status, TAKEO_DONE);
    return cell;
}

static inline const char *database_rows(database *on) {
    const takeo_rows *rows = takeo_rows_peek(on->op);
    tk_buf text;
    tk_buf_init(&text, tk_alloc_default, 1 << 20);
    for (uint32_t i = 0; rows != NULL && i < rows->row_count * rows->column_count; i++) {
        tk_buf_puts(&text, i == 0 ? "" : i % rows->column_count == 0 ? " / " : " ");
        if (tk_cell_is_null(&rows->cells[i])) {
            tk_buf_puts(&text, "null");
        } else {
            tk_cell_format(&rows->cells[i], &text);
        }
    }
    const char *copy = tk_arena_copy(&on->arena, text.data != NULL ? text.data : "", text.len);
    tk_buf_done(&text);
    return copy;
}

/* Run a sketch; the arguments stand between bars.  Cells that are given are taken as they are. */
static inline takeo_status database_run(database *on, const char *sketch, const char *arguments,
                                        const takeo_cell *cells) {
    tk_error error;
    tk_error_init(&error, tk_alloc_default);
    tk_statement *statement = NULL;
    if (sketch_compile(on->model, sketch, tk_alloc_default, &statement, &error) < 0) {
        fail_msg("%s: %s", sketch, error.first->message.data);
    }
    tk_error_done(&error);
    takeo_cell made[40];
    uint32_t count = 0;
    char *copy = tk_arena_copy(&on->arena, arguments, strlen(arguments));
    char *rest = copy;
    for (char *text = strtok_r(copy, "|", &rest); text != NULL && cells == NULL;
         text = strtok_r(NULL, "|", &rest)) {
        takeo_type type = statement->params[count].accept.type;
        takeo_type element = statement->params[count].accept.element;
        made[count++] = database_cell(on, type == TAKEO_TYPE_ARRAY ? element : type, text);
    }
    takeo_status status = database_end(
        on->op, takeo_statement_run(on->op, statement, NULL, cells != NULL ? cells : made,
                                    cells != NULL ? statement->param_count : count));
    takeo_statement_free(statement);
    return status;
}

static inline const char *database_ask(database *on, const char *sketch, const char *arguments) {
    database_check(on->op, database_run(on, sketch, arguments, NULL));
    return database_rows(on);
}

#endif
