/* statement.c - prepared statements: their names, parameters and columns.
 *
 * The server is told of a statement when it runs first, together with that; what its parameters and
 * columns are comes back with the same answer.  It may forget it behind our back, or another server
 * may stand behind a pooler: then it is parsed again.  Forgotten statements are closed together with
 * the first use of another one, not by themselves.
 *
 * It must not know values, nor how a statement is run.
 */
#include <limits.h>
#include <stdio.h>

#include "driver/postgresql/postgresql_int.h"

enum { GONE_AT_ONCE = 64 /* more are closed with the next statement */ };

/* ---- columns and parameters ------------------------------------------------------------------ */

static bool copy_text(tk_arena *arena, const char *zstr, takeo_text *out) {
    size_t len = zstr != NULL ? strlen(zstr) : 0;
    char *copy = tk_arena_copy(arena, zstr != NULL ? zstr : "", len);
    *out = tk_text(copy, len);
    return copy != NULL;
}

takeo_status tk_pg_raise_schema(const tk_prepared *prepared, uint32_t was, uint32_t is,
                                tk_error *error) {
    takeo_status status =
        was != is ? tk_raise(error, TK_SERVER_SCHEMA,
                             "The statement gives %u columns where %u are expected.", is, was)
                  : tk_raise(error, TK_SERVER_SCHEMA,
                             "The schema changed: the statement gives columns of other types now.");
    TK_SET(error, sql, "%s", prepared->text);
    TK_SET(error, hint, "run it again");
    return status;
}

static bool read_parameters(const tk_server *server, tk_prepared *prepared,
                            const PGresult *result) {
    uint32_t count = (uint32_t)server->client->nparams(result);
    if (count != prepared->parameter_count || prepared->bindings == NULL) {
        prepared->parameters = tk_arena_array(&prepared->arena, count, sizeof(uint32_t));
        prepared->bindings = tk_arena_array(&prepared->arena, count, sizeof(tk_pg_binding));
        if (prepared->parameters == NULL || prepared->bindings == NULL) {
            return false;
        }
    }
    prepared->parameter_count = count;
    for (uint32_t i = 0; i < count; i++) {
        prepared->parameters[i] = server->client->paramtype(result, (int)i);
        bool holds_lists = prepared->holds_lists != NULL && prepared->holds_lists[i];
        prepared->bindings[i] =
            (tk_pg_binding){.oid = prepared->parameters[i], .holds_lists = holds_lists};
    }
    return true;
}

static bool read_column(const tk_server *server, tk_prepared *prepared, const PGresult *result,
                        uint32_t i) {
    tk_pg_column *column = &prepared->columns[i];
    takeo_column_info *info = &prepared->infos[i];
    takeo_type wanted = prepared->wanted != NULL ? prepared->wanted[i] : TAKEO_TYPE_NONE;
    takeo_type element =
        prepared->wanted_elements != NULL ? prepared->wanted_elements[i] : TAKEO_TYPE_NONE;
    tk_pg_column_init(column, wanted, element, server->client->ftype(result, (int)i),
                      &prepared->values);
    *info = (takeo_column_info){
        .type = column->type, .element = column->element, .flags = TAKEO_COLUMN_NULLABLE};
    return copy_text(&prepared->arena, server->client->fname(result, (int)i), &info->name)
           && copy_text(&prepared->arena, column->server != NULL ? column->server->name : "",
                        &info->type_name);
}

/* Are the columns those that are known? */
static bool has_same_columns(const tk_server *server, const tk_prepared *prepared,
                             const PGresult *result) {
    for (uint32_t i = 0; i < prepared->column_count; i++) {
        if (prepared->columns[i].oid != server->client->ftype(result, (int)i)) {
            return false;
        }
    }
    return true;
}

static takeo_status read_columns(const tk_server *server, tk_prepared *prepared,
                                 const PGresult *result, tk_error *error) {
    uint32_t count = (uint32_t)server->client->nfields(result);
    if (count != prepared->column_count || prepared->columns == NULL) {
        prepared->columns = tk_arena_array(&prepared->arena, count, sizeof(tk_pg_column));
        prepared->infos = tk_arena_array(&prepared->arena, count, sizeof(takeo_column_info));
        if (prepared->columns == NULL || prepared->infos == NULL) {
            prepared->column_count = 0;
            return tk_raise_memory(error);
        }
    }
    prepared->column_count = count;
    prepared->is_binary = true;
    for (uint32_t i = 0; i < count; i++) {
        if (!read_column(server, prepared, result, i)) {
            return tk_raise_memory(error);
        }
        prepared->is_binary &= tk_pg_column_has_binary(&prepared->columns[i]);
        tk_pg_column_set_format(&prepared->columns[i], false);
    }
    prepared->reads_binary = false;
    return TAKEO_DONE;
}

takeo_status tk_pg_described(tk_server *server, tk_prepared *prepared, const PGresult *result,
                             tk_error *error) {
    uint32_t was = prepared->column_count;
    uint32_t count = (uint32_t)server->client->nfields(result);
    bool is_another =
        prepared->has_columns && (was != count || !has_same_columns(server, prepared, result));
    prepared->is_described = false;
    if (!read_parameters(server, prepared, result)) {
        return tk_raise_memory(error);
    }
    if (prepared->wanted != NULL && prepared->wanted_count != count) {
        return tk_pg_raise_schema(prepared, prepared->wanted_count, count, error);
    }
    TK_TRY(read_columns(server, prepared, result, error));
    prepared->is_described = true;
    if (is_another && prepared->wanted == NULL) {
        prepared->has_columns = false; /* the next run asks for them anew */
        return tk_pg_raise_schema(prepared, was, count, error);
    }
    return TAKEO_DONE;
}

uint32_t tk_pg_columns(tk_server *server, tk_prepared *prepared, const takeo_column_info **out) {
    (void)server;
    *out = prepared->infos;
    prepared->has_columns = prepared->is_described;
    return prepared->column_count;
}

/* ---- what the server is told ----------------------------------------------------------------- */

static bool has_name(const tk_prepared *prepared) {
    return prepared->name[0] != '\0';
}

/* Without a name it is there only until the next one is parsed: who has no description yet, and none
 * on its way, would get that of another statement. */
static bool must_parse(const tk_server *server, const tk_prepared *prepared) {
    bool is_there = prepared->is_parsed && (!server->is_unnamed || prepared->is_describing);
    return !is_there && !prepared->is_parsing;
}

takeo_status tk_pg_send_parse(tk_server *server, tk_prepared *prepared, tk_error *error) {
    if (must_parse(server, prepared)) {
        if (!server->is_unnamed && !prepared->borrows_columns && !has_name(prepared)) {
            (void)snprintf(prepared->name, sizeof prepared->name, "takeo_%llu",
                           (unsigned long long)++server->next_name);
        }
        if (tk_pg_flight_add(server, TK_PG_PARSE, prepared) == NULL) {
            return tk_raise_memory(error);
        }
        if (!server->client->sendPrepare(server->link, prepared->name, prepared->text,
                                         (int)prepared->guessed_count, prepared->guessed)) {
            tk_pg_flight_take_back(server);
            return tk_pg_raise_send(server, error);
        }
        prepared->is_parsing = true;
        server->must_sync = true;
    }
    if (!prepared->is_described && !prepared->is_describing) {
        if (tk_pg_flight_add(server, TK_PG_DESCRIBE, prepared) == NULL) {
            return tk_raise_memory(error);
        }
        if (!server->client->sendDescribePrepared(server->link, prepared->name)) {
            tk_pg_flight_take_back(server);
            return tk_pg_raise_send(server, error);
        }
        prepared->is_describing = true;
        server->must_sync = true;
    }
    return TAKEO_DONE;
}

/* One statement: by a message of the protocol where libpq has it, else by SQL. */
static bool send_close(tk_server *server, const char *name) {
    if (server->client->sendClosePrepared != NULL) {
        return server->client->sendClosePrepared(server->link, name) != 0;
    }
    char text[sizeof "deallocate " + TK_PG_NAME_SIZE];
    (void)snprintf(text, sizeof text, "deallocate %s", name);
    return server->client->sendQueryParams(server->link, text, 0, NULL, NULL, NULL, NULL, 0) != 0;
}

/* In a pipeline of its own: a name that the server has dropped already must not hurt what comes
 * next. */
takeo_status tk_pg_send_gone(tk_server *server, tk_error *error) {
    size_t at = 0;
    for (uint32_t i = 0; i < GONE_AT_ONCE && at < server->gone.len; i++) {
        const char *name = server->gone.data + at;
        if (tk_pg_flight_add(server, TK_PG_CLOSE, NULL) == NULL) {
            return tk_raise_memory(error);
        }
        if (!send_close(server, name)) {
            tk_pg_flight_take_back(server);
            return tk_pg_raise_send(server, error);
        }
        server->must_sync = true;
        at += strlen(name) + 1;
    }
    memmove(server->gone.data, server->gone.data + at, server->gone.len - at);
    server->gone.len -= at;
    return tk_pg_sync(server, error);
}

/* The server keeps a statement that nobody needs any more. */
static void leave(tk_server *server, const tk_prepared *prepared) {
    if (!has_name(prepared) || server->stage == TK_PG_LOST) {
        return;
    }
    if (server->gone.alloc.resize == NULL) {
        tk_buf_init(&server->gone, server->alloc, UINT32_MAX);
    }
    size_t len = server->gone.len;
    tk_buf_put(&server->gone, prepared->name, strlen(prepared->name) + 1);
    if (server->gone.failed) { /* it stays until the connection closes */
        server->gone.failed = false;
        server->gone.len = len;
    }
}

void tk_pg_unparse(tk_server *server, tk_prepared *prepared, bool is_there) {
    if (is_there) {
        leave(server, prepared);
    }
    prepared->is_parsed = prepared->is_described = false;
    prepared->name[0] = '\0'; /* a new one: somebody else may have taken the old one */
}

/* ---- made and forgotten ---------------------------------------------------------------------- */

static takeo_status refuse_text(tk_error *error, const tk_sql *sql) {
    takeo_status status = tk_raise(error, TK_INPUT_TEXT, "The SQL text holds a zero byte.");
    TK_SET(error, sql, "%.*s", (int)strnlen(sql->text, INT_MAX), sql->text);
    return status;
}

static bool copy_types(tk_arena *arena, const takeo_type *types, uint32_t count,
                       const takeo_type **out) {
    takeo_type *copy = tk_arena_array(arena, count, sizeof *copy);
    if (copy != NULL) {
        memcpy(copy, types, count * sizeof *copy);
    }
    *out = copy;
    return copy != NULL;
}

/* A FETCH has the columns of its cursor, and the next one of that name may have others: the server does
 * not notice.  So it gets no name, and is parsed for each run. */
static bool borrows_columns(const char *text) {
    static const char *const words[] = {"fetch", "execute", NULL};
    return tk_pg_has_word_at(text, 0, words);
}

static bool fill(tk_prepared *prepared, const tk_sql *sql) {
    tk_arena *arena = &prepared->arena;
    prepared->text = tk_arena_copy(arena, sql->text, sql->len);
    prepared->is_write = sql->is_write;
    prepared->free_count = sql->parameters == NULL ? sql->parameter_count : 0;
    prepared->wanted_count = sql->column_count;
    if (prepared->text == NULL
        || (sql->columns != NULL
            && !copy_types(arena, sql->columns, sql->column_count, &prepared->wanted))
        || (sql->columns != NULL && sql->elements != NULL
            && !copy_types(arena, sql->elements, sql->column_count, &prepared->wanted_elements))) {
        return false;
    }
    prepared->borrows_columns = borrows_columns(prepared->text);
    if (sql->holds_lists != NULL) {
        size_t size = sql->parameter_count * sizeof *sql->holds_lists;
        prepared->holds_lists = (const bool *)tk_arena_copy(arena, sql->holds_lists, size);
        if (prepared->holds_lists == NULL) {
            return false;
        }
    }
    if (sql->copy_text == NULL || sql->copy_types_text == NULL) {
        return true;
    }
    prepared->copy_text = tk_arena_copy(arena, sql->copy_text, strlen(sql->copy_text));
    prepared->copy_types_text =
        tk_arena_copy(arena, sql->copy_types_text, strlen(sql->copy_types_text));
    return prepared->copy_text != NULL && prepared->copy_types_text != NULL;
}

takeo_status tk_pg_prepare(tk_server *server, const tk_sql *sql, tk_prepared **out,
                           tk_error *error) {
    if (sql->len >= INT_MAX) {
        return tk_raise(error, TK_SERVER_TOO_LARGE, "The SQL text is longer than 2 GB.");
    }
    if (memchr(sql->text, '\0', sql->len) != NULL) {
        return refuse_text(error, sql);
    }
    tk_prepared *prepared = tk_mem_new(&server->alloc, sizeof *prepared);
    if (prepared == NULL) {
        return tk_raise_memory(error);
    }
    tk_arena_init(&prepared->arena, server->alloc);
    tk_arena_init(&prepared->values, server->alloc);
    tk_link_append(&server->prepared, &prepared->link);
    if (!fill(prepared, sql)) {
        tk_pg_forget_memory(server, prepared);
        return tk_raise_memory(error);
    }
    *out = prepared;
    return TAKEO_DONE;
}

void tk_pg_forget_memory(tk_server *server, tk_prepared *prepared) {
    tk_link_remove(&prepared->link);
    tk_arena_done(&prepared->arena);
    tk_arena_done(&prepared->values);
    tk_mem_free(&server->alloc, prepared, sizeof *prepared);
}

void tk_pg_forget(tk_server *server, tk_prepared *prepared) {
    if (prepared->is_parsed || prepared->is_parsing) {
        leave(server, prepared);
    }
    for (uint32_t i = 0; i < server->flight_count; i++) {
        tk_pg_flight *flight = tk_pg_flight_at(server, i);
        if (flight->prepared == prepared) {
            flight->prepared = NULL;
            flight->is_given_up = true;
        }
    }
    if (server->held == prepared) {
        server->held = NULL;
    }
    tk_pg_forget_memory(server, prepared);
}
