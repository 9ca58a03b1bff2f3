/* statement.c - a prepared statement: made, described, forgotten.  execute.c runs it.
 *
 * SQLite prepares a statement again by itself when the schema changed; what is kept here about its
 * columns is then checked against it at the first row.  It must not know values.
 */
#include <limits.h>
#include <strings.h>

#include "driver/sqlite/sqlite_int.h"

/* ---- what the text says ---------------------------------------------------------------------- */

const char *tk_sqlite_skip(const char *at) {
    for (;;) {
        if (at[0] == '-' && at[1] == '-') {
            at += strcspn(at, "\n");
        } else if (at[0] == '/' && at[1] == '*') {
            const char *end = strstr(at + 2, "*/");
            at = end != NULL ? end + 2 : at + strlen(at);
        } else if (*at != '\0' && strchr(" \t\n\f\r\v;", *at) != NULL) {
            at++;
        } else {
            return at;
        }
    }
}

bool tk_sqlite_is_word(const char *at, const char *word) {
    size_t len = strlen(word);
    return strncasecmp(at, word, len) == 0 && !tk_name_is_valid(at + len, 1) && at[len] != '_';
}

/* Does the text hold a word, anywhere? */
static bool has_word(const char *at, const char *word) {
    size_t len = strlen(word);
    for (; *at != '\0'; at++) {
        if (strncasecmp(at, word, len) == 0) {
            return true;
        }
    }
    return false;
}

/* What is counted after a run.  A statement that writes and begins with WITH is one of the four; an
 * UPDATE taken for an INSERT there only looks for a key that does not come. */
static void classify(tk_prepared *prepared, const char *text) {
    const char *at = tk_sqlite_skip(text);
    if (tk_sqlite_is_word(at, "commit") || tk_sqlite_is_word(at, "end")) {
        prepared->effect = TK_EFFECT_COMMIT;
    } else if (tk_sqlite_is_word(at, "rollback")) {
        prepared->effect = TK_EFFECT_ROLLBACK;
    }
    if (tk_lite.stmt_readonly(prepared->stmt)) {
        return;
    }
    prepared->makes_keys = tk_sqlite_is_word(at, "insert") || tk_sqlite_is_word(at, "replace")
                           || tk_sqlite_is_word(at, "with");
    prepared->counts_changes =
        prepared->makes_keys || tk_sqlite_is_word(at, "update") || tk_sqlite_is_word(at, "delete");
    prepared->reads_last_key = prepared->makes_keys && has_word(at, "last_insert_rowid");
}

/* ---- columns --------------------------------------------------------------------------------- */

static bool copy_text(tk_arena *arena, const char *zstr, takeo_text *out) {
    size_t len = strlen(zstr);
    *out = tk_text(tk_arena_copy(arena, zstr, len), len);
    return out->data != NULL;
}

/* The declared type, which SQLite writes in either case; empty of an expression. */
static bool copy_type(tk_arena *arena, const char *declared, takeo_text *out) {
    size_t len = declared != NULL ? strlen(declared) : 0;
    char *copy = tk_arena_copy(arena, declared != NULL ? declared : "", len);
    *out = tk_text(copy, len);
    for (size_t i = 0; copy != NULL && i < len; i++) {
        copy[i] = copy[i] >= 'A' && copy[i] <= 'Z' ? (char)(copy[i] | 0x20) : copy[i];
    }
    return copy != NULL;
}

takeo_status tk_sqlite_describe(tk_server *server, tk_prepared *prepared, const tk_sql *sql,
                                tk_error *error) {
    (void)server;
    sqlite3_stmt *stmt = prepared->stmt;
    uint32_t count = (uint32_t)tk_lite.column_count(stmt);
    tk_sqlite_column *columns = tk_arena_array(&prepared->arena, count, sizeof *columns);
    takeo_column_info *infos = tk_arena_array(&prepared->arena, count, sizeof *infos);
    if (columns == NULL || infos == NULL) {
        return tk_raise_memory(error);
    }
    for (uint32_t i = 0; i < count; i++) {
        const char *name = tk_lite.column_name(stmt, (int)i);
        bool has_type = sql != NULL && sql->columns != NULL;
        bool has_element = has_type && sql->elements != NULL;
        tk_sqlite_column_init(&columns[i], has_type ? sql->columns[i] : TAKEO_TYPE_NONE,
                              has_element ? sql->elements[i] : TAKEO_TYPE_NONE);
        columns[i].values = &prepared->values;
        infos[i].type = columns[i].type;
        infos[i].element = columns[i].element;
        infos[i].flags = TAKEO_COLUMN_NULLABLE;
        if (name == NULL || !copy_text(&prepared->arena, name, &infos[i].name)
            || !copy_type(&prepared->arena, tk_lite.column_decltype(stmt, (int)i),
                          &infos[i].type_name)) {
            return tk_raise_memory(error);
        }
    }
    prepared->columns = columns;
    prepared->infos = infos;
    prepared->column_count = count;
    prepared->reprepared = tk_lite.stmt_status(stmt, SQLITE_STMTSTATUS_REPREPARE, 0);
    return TAKEO_DONE;
}

uint32_t tk_sqlite_columns(tk_server *server, tk_prepared *prepared,
                           const takeo_column_info **out) {
    (void)server;
    *out = prepared->infos;
    return prepared->column_count;
}

/* ---- making one ------------------------------------------------------------------------------ */

static takeo_status refuse_text(tk_error *error, tk_code code, const tk_sql *sql, const char *why) {
    takeo_status status = tk_raise(error, code, "%s", why);
    TK_SET(error, sql, "%.*s", (int)strnlen(sql->text, sql->len), sql->text);
    return status;
}

/* Exactly one statement. */
static takeo_status compile(tk_server *server, const tk_sql *sql, sqlite3_stmt **out,
                            tk_error *error) {
    if (sql->len >= INT_MAX) {
        return tk_raise(error, TK_SERVER_TOO_LARGE, "The SQL text is longer than 2 GB.");
    }
    if (memchr(sql->text, '\0', sql->len) != NULL) {
        return refuse_text(error, TK_INPUT_TEXT, sql, "The SQL text holds a zero byte.");
    }
    const char *rest = NULL;
    /* The length with the zero byte saves SQLite a copy. */
    int rc = tk_lite.prepare_v3(server->db, sql->text, (int)sql->len + 1, SQLITE_PREPARE_PERSISTENT,
                                out, &rest);
    if (rc != SQLITE_OK) {
        return tk_sqlite_raise(server->db, rc, sql->text, error);
    }
    if (*out == NULL) {
        return refuse_text(error, TK_SERVER_SYNTAX, sql, "There is no statement in the SQL text.");
    }
    if (*tk_sqlite_skip(rest) != '\0') {
        takeo_status status = refuse_text(error, TK_SERVER_SYNTAX, sql,
                                          "The SQL text holds more than one statement.");
        tk_error_last(error)->position =
            (uint32_t)tk_utf8_count(sql->text, (size_t)(tk_sqlite_skip(rest) - sql->text)) + 1;
        return status;
    }
    return TAKEO_DONE;
}

/* Which parameters are arrays that a column keeps as JSON, and not lists. */
static bool note_arrays(tk_prepared *prepared, const tk_sql *sql) {
    uint32_t count = sql->parameters != NULL ? sql->parameter_count : 0;
    for (uint32_t i = 0; i < count && i < prepared->parameter_count; i++) {
        if (sql->parameters[i] != TAKEO_TYPE_JSON) {
            continue;
        }
        if (prepared->array_goes_as_json == NULL) {
            prepared->array_goes_as_json =
                tk_arena_array(&prepared->arena, prepared->parameter_count, sizeof(bool));
            if (prepared->array_goes_as_json == NULL) {
                return false;
            }
        }
        prepared->array_goes_as_json[i] = true;
    }
    return true;
}

static takeo_status fill(tk_server *server, tk_prepared *prepared, const tk_sql *sql,
                         tk_error *error) {
    prepared->parameter_count = (uint32_t)tk_lite.bind_parameter_count(prepared->stmt);
    prepared->shape_is_known = sql->columns != NULL;
    classify(prepared, sql->text);
    uint32_t count = (uint32_t)tk_lite.column_count(prepared->stmt);
    if (sql->columns != NULL && count != sql->column_count) {
        takeo_status status = tk_raise(error, TK_SQLITE_SCHEMA,
                                       "The statement gives %u columns where %u are expected.",
                                       count, sql->column_count);
        TK_SET(error, sql, "%s", sql->text);
        return status;
    }
    if (!note_arrays(prepared, sql)) {
        return tk_raise_memory(error);
    }
    return tk_sqlite_describe(server, prepared, sql, error);
}

takeo_status tk_sqlite_prepare(tk_server *server, const tk_sql *sql, tk_prepared **out,
                               tk_error *error) {
    tk_prepared *prepared = tk_mem_new(&server->alloc, sizeof *prepared);
    if (prepared == NULL) {
        return tk_raise_memory(error);
    }
    tk_arena_init(&prepared->arena, server->alloc);
    tk_arena_init(&prepared->arguments, server->alloc);
    tk_arena_init(&prepared->values, server->alloc);
    tk_link_append(&server->prepared, &prepared->link);
    takeo_status status = compile(server, sql, &prepared->stmt, error);
    if (status == TAKEO_DONE) {
        status = fill(server, prepared, sql, error);
    }
    if (status != TAKEO_DONE) {
        tk_sqlite_forget(server, prepared);
        return status;
    }
    *out = prepared;
    return TAKEO_DONE;
}

void tk_sqlite_forget_memory(tk_server *server, tk_prepared *prepared) {
    tk_link_remove(&prepared->link);
    tk_arena_done(&prepared->arena);
    tk_arena_done(&prepared->arguments);
    tk_arena_done(&prepared->values);
    tk_mem_free(&server->alloc, prepared, sizeof *prepared);
}

void tk_sqlite_forget(tk_server *server, tk_prepared *prepared) {
    tk_lite.finalize(prepared->stmt); /* NULL is allowed */
    tk_sqlite_forget_memory(server, prepared);
}
