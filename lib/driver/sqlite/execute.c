/* execute.c - one run of a statement: start binds, fetch steps, end resets.
 *
 *     start -> fetch ... fetch -> end          end also after a failure; then start again
 *
 * This is the hot path of the driver: per column one call for the value, one for its class and one
 * or two that read it.  It must not know what a text means.
 */
#include <limits.h>

#include "driver/sqlite/sqlite_int.h"

/* No row gets this key by itself, so whoever finds it in last_insert_rowid knows that no row was
 * inserted. */
static const int64_t no_key = INT64_MIN;

/* Most statements have no arrays, and nothing to forget. */
static inline void forget(tk_arena *arena) {
    if (TK_UNLIKELY(arena->blocks != NULL)) {
        tk_arena_clear(arena);
    }
}

/* ---- start ----------------------------------------------------------------------------------- */

static int bind_value(tk_prepared *prepared, int place, tk_sqlite_kind kind,
                      const tk_sqlite_value *value) {
    sqlite3_stmt *stmt = prepared->stmt;
    switch (kind) {
    case TK_SQLITE_NULL:
        return tk_lite.bind_null(stmt, place);
    case TK_SQLITE_INT:
        return tk_lite.bind_int64(stmt, place, value->i);
    case TK_SQLITE_FLOAT:
        return tk_lite.bind_double(stmt, place, value->f);
    case TK_SQLITE_TEXT:
        return tk_lite.bind_text64(stmt, place, value->data, value->len, SQLITE_STATIC,
                                   SQLITE_UTF8);
    case TK_SQLITE_BLOB:
        return tk_lite.bind_blob64(stmt, place, value->data, value->len, SQLITE_STATIC);
    case TK_SQLITE_POINTER:
        prepared->has_pointers = true;
        return tk_lite.bind_pointer(stmt, place, (void *)(uintptr_t)value->data, TK_SQLITE_LIST,
                                    NULL);
    case TK_SQLITE_REFUSED:
        break;
    }
    return SQLITE_MISUSE;
}

/* Room to write values out, for all parameters at once; most statements never need it. */
static bool make_scratch(tk_prepared *prepared, const takeo_cell *arguments) {
    for (uint32_t i = 0; i < prepared->parameter_count; i++) {
        if (tk_sqlite_is_written(arguments[i].type)) {
            prepared->scratch =
                tk_arena_array(&prepared->arena, prepared->parameter_count, TK_SQLITE_SCRATCH);
            return prepared->scratch != NULL;
        }
    }
    return true;
}

/* An array in a column is a JSON text, which lives until the end of the execution. */
static takeo_status write_array(tk_server *server, tk_prepared *prepared, const takeo_cell *cell,
                                uint32_t number, takeo_cell *out, tk_error *error) {
    tk_buf text;
    tk_buf_init(&text, server->alloc, INT_MAX);
    char *copy = NULL;
    bool is_written = tk_array_write_json(cell, &text);
    if (is_written) {
        copy = tk_arena_copy(&prepared->arguments, text.data, text.len);
        *out = tk_cell_text(TAKEO_TYPE_JSON, copy, text.len);
    }
    bool has_memory = is_written ? copy != NULL : !text.failed;
    tk_buf_done(&text);
    return !has_memory  ? tk_raise_memory(error)
           : is_written ? TAKEO_DONE
                        : tk_sqlite_refuse(cell, number, error);
}

/* The elements of a list have to be known for good ones before takeo_list shows them to SQLite;
 * those of a row are one level deeper. */
static takeo_status check_list(const takeo_cell *list, uint32_t number, bool is_row,
                               tk_error *error) {
    char scratch[TK_SQLITE_SCRATCH];
    for (size_t i = 0; i < list->v.list.count; i++) {
        const takeo_cell *cell = &list->v.list.cells[i];
        tk_sqlite_value value;
        tk_sqlite_kind kind = tk_sqlite_encode(cell, scratch, &value);
        bool is_list = kind == TK_SQLITE_POINTER
                       || (cell->type == TAKEO_TYPE_COMPOSITE && !tk_cell_is_null(cell));
        if (is_list && !is_row) {
            TK_TRY(check_list(cell, number, true, error));
        } else if (is_list || kind == TK_SQLITE_REFUSED) {
            return tk_sqlite_refuse(cell, number, error);
        }
    }
    return TAKEO_DONE;
}

static takeo_status bind_all(tk_server *server, tk_prepared *prepared, const takeo_cell *arguments,
                             tk_error *error) {
    if (prepared->scratch == NULL && !make_scratch(prepared, arguments)) {
        return tk_raise_memory(error);
    }
    char *scratch = prepared->scratch;
    for (uint32_t i = 0; i < prepared->parameter_count; i++) {
        tk_sqlite_value value;
        const takeo_cell *argument = &arguments[i];
        takeo_cell text;
        if (TK_UNLIKELY(argument->type == TAKEO_TYPE_ARRAY) && prepared->array_goes_as_json != NULL
            && prepared->array_goes_as_json[i] && !tk_cell_is_null(argument)) {
            TK_TRY(write_array(server, prepared, argument, i + 1, &text, error));
            argument = &text;
        }
        tk_sqlite_kind kind = tk_sqlite_encode(argument, scratch, &value);
        if (TK_UNLIKELY(kind == TK_SQLITE_REFUSED)) {
            return tk_sqlite_refuse(&arguments[i], i + 1, error);
        }
        if (kind == TK_SQLITE_POINTER) {
            TK_TRY(check_list(argument, i + 1, false, error));
        }
        int rc = bind_value(prepared, (int)i + 1, kind, &value);
        if (TK_UNLIKELY(rc != SQLITE_OK)) {
            return tk_sqlite_raise(server->db, rc, tk_lite.sql(prepared->stmt), error);
        }
        scratch = scratch != NULL ? scratch + TK_SQLITE_SCRATCH : NULL;
    }
    return TAKEO_DONE;
}

static takeo_status refuse_count(tk_prepared *prepared, uint32_t count, tk_error *error) {
    takeo_status status =
        tk_raise(error, TK_INPUT_COUNT, "The statement takes %u arguments, %u were given.",
                 prepared->parameter_count, count);
    TK_SET(error, sql, "%s", tk_lite.sql(prepared->stmt));
    return status;
}

takeo_status tk_sqlite_start(tk_server *server, tk_prepared *prepared, const takeo_cell *arguments,
                             uint32_t count, tk_error *error) {
    prepared->row = 0;
    prepared->is_run = false;
    prepared->is_over = false;
    prepared->has_failed = false;
    prepared->was_in_transaction = tk_lite.get_autocommit(server->db) == 0;
    forget(&prepared->arguments);
    if (TK_UNLIKELY(count != prepared->parameter_count)) {
        return refuse_count(prepared, count, error);
    }
    TK_TRY(bind_all(server, prepared, arguments, error));
    if (prepared->makes_keys) {
        prepared->last_key = tk_lite.last_insert_rowid(server->db);
        if (!prepared->reads_last_key) {
            tk_lite.set_last_insert_rowid(server->db, no_key);
        }
    }
    return TAKEO_DONE;
}

/* ---- fetch ----------------------------------------------------------------------------------- */

/* A value that is none of its column's type: say where it stands and what it is. */
static takeo_status refuse_value(tk_prepared *prepared, uint32_t i, sqlite3_value *value,
                                 tk_error *error) {
    int storage = tk_lite.value_type(value);
    if (prepared->columns[i].has_no_memory) {
        return tk_raise_memory(error);
    }
    if (storage == SQLITE_TEXT && tk_lite.value_text(value) == NULL) {
        return tk_raise(error, TK_SERVER_MEMORY, "SQLite ran out of memory.");
    }
    takeo_text name = prepared->infos[i].name;
    const char *type = tk_type_name(prepared->columns[i].type);
    takeo_status status =
        tk_raise(error, TK_RESULT_DECODE, "Row %llu: the column %.*s holds no value of type %s.",
                 (unsigned long long)prepared->row, (int)name.len, name.data, type);
    TK_SET(error, column_name, "%.*s", (int)name.len, name.data);
    TK_SET(error, expected, "%s", type);
    if (storage == SQLITE_BLOB) {
        TK_SET(error, got, "a blob of %d bytes", tk_lite.value_bytes(value));
    } else {
        TK_SET(error, got, "%s: %.100s", tk_sqlite_storage_name(storage),
               tk_lite.value_text(value));
    }
    TK_SET(error, sql, "%s", tk_lite.sql(prepared->stmt));
    tk_error_last(error)->object = (uint32_t)prepared->row;
    return status;
}

/* At the first row: SQLite may have prepared the statement again under another schema. */
static takeo_status check_shape(tk_server *server, tk_prepared *prepared, tk_error *error) {
    uint32_t was = prepared->column_count;
    uint32_t count = (uint32_t)tk_lite.column_count(prepared->stmt);
    if (!prepared->shape_is_known
        && prepared->reprepared
               != tk_lite.stmt_status(prepared->stmt, SQLITE_STMTSTATUS_REPREPARE, 0)) {
        TK_TRY(tk_sqlite_describe(server, prepared, NULL, error));
    }
    if (TK_LIKELY(count == was)) {
        return TAKEO_DONE;
    }
    takeo_status status = tk_raise(
        error, TK_SQLITE_SCHEMA,
        "The schema changed: the statement gave %u columns before and gives %u now.", was, count);
    TK_SET(error, sql, "%s", tk_lite.sql(prepared->stmt));
    TK_SET(error, hint, "run it again");
    return status;
}

takeo_status tk_sqlite_fetch(tk_server *server, tk_prepared *prepared, takeo_cell *row,
                             tk_error *error) {
    sqlite3_stmt *stmt = prepared->stmt;
    if (TK_UNLIKELY(prepared->is_over)) { /* one more step would run it all again */
        return TAKEO_DONE;
    }
    prepared->is_run = true;
    forget(&prepared->values);
    int rc = tk_lite.step(stmt);
    if (rc == SQLITE_DONE) {
        prepared->is_over = true;
        return TAKEO_DONE;
    }
    if (TK_UNLIKELY(rc != SQLITE_ROW)) {
        prepared->is_over = true;
        prepared->has_failed = true;
        return tk_sqlite_raise_in(server->db, rc, tk_lite.sql(stmt), prepared->was_in_transaction,
                                  error);
    }
    if (prepared->row++ == 0) {
        TK_TRY(check_shape(server, prepared, error));
    }
    tk_sqlite_column *column = prepared->columns;
    for (uint32_t i = 0; i < prepared->column_count; i++, column++) {
        sqlite3_value *value = tk_lite.column_value(stmt, (int)i);
        int storage = tk_lite.value_type(value);
        if (storage == SQLITE_NULL) {
            row[i] = (takeo_cell){.type = column->type, .flags = TAKEO_CELL_NULL};
        } else if (TK_UNLIKELY(!column->decode(column, value, storage, &row[i]))) {
            return refuse_value(prepared, i, value, error);
        }
    }
    return TAKEO_ROWS;
}

/* ---- end ------------------------------------------------------------------------------------- */

static void read_key(tk_server *server, tk_prepared *prepared, tk_execution *out) {
    int64_t key = tk_lite.last_insert_rowid(server->db);
    int64_t before = prepared->reads_last_key ? prepared->last_key : no_key;
    if (key == before) {
        tk_lite.set_last_insert_rowid(server->db, prepared->last_key);
    } else if (!prepared->has_failed) {
        out->last_key = key;
        out->has_last_key = true;
    }
}

void tk_sqlite_end(tk_server *server, tk_prepared *prepared, tk_execution *out) {
    *out = (tk_execution){0};
    tk_lite.reset(prepared->stmt); /* says the failure of the last step once more: known already */
    if (prepared->has_pointers) {  /* the lists are about to go */
        tk_lite.clear_bindings(prepared->stmt);
        prepared->has_pointers = false;
    }
    if (TK_UNLIKELY(prepared->effect != TK_EFFECT_NONE) && prepared->is_over
        && !prepared->has_failed) {
        out->effect = prepared->effect;
    }
    if (prepared->makes_keys && prepared->is_run) {
        read_key(server, prepared, out);
    }
    if (prepared->counts_changes && prepared->is_run && !prepared->has_failed) {
        out->affected =
            tk_lite.changes64 != NULL ? tk_lite.changes64(server->db) : tk_lite.changes(server->db);
    }
}
