/* row.c - the next of the rows that came, as cells.
 *
 * A row of the wire is read where it came in, one of libpq through its functions.  Each value is
 * decoded by its column, which knows its type and the format of the answer.  This runs for every row:
 * it must not know how rows are asked for, nor when they end.
 */
#include "driver/postgresql/postgresql_int.h"

enum { SHOWN = 100 /* bytes of a value */ };

/* A value that is none of its column's type: say where it stands and what it is. */
static takeo_status refuse_value(tk_server *server, tk_prepared *prepared, uint32_t i,
                                 tk_error *error) {
    const tk_pg_column *column = &prepared->columns[i];
    if (column->has_no_memory) {
        return tk_raise_memory(error);
    }
    takeo_text name = prepared->infos[i].name;
    takeo_text server_type = prepared->infos[i].type_name;
    const char *type = tk_type_name(column->type);
    takeo_status status =
        tk_raise(error, TK_RESULT_DECODE, "Row %llu: the column %.*s holds no value of type %s.",
                 (unsigned long long)prepared->row, (int)name.len, name.data, type);
    TK_SET(error, column_name, "%.*s", (int)name.len, name.data);
    TK_SET(error, expected, "%s", type);
    int row = server->row - 1;
    if (prepared->reads_binary) {
        TK_SET(error, got, "%.*s of %d bytes", (int)server_type.len, server_type.data,
               server->client->getlength(server->result, row, (int)i));
    } else {
        int len = server->client->getlength(server->result, row, (int)i);
        TK_SET(error, got, "%.*s: %.*s", (int)server_type.len, server_type.data,
               len < SHOWN ? len : SHOWN, server->client->getvalue(server->result, row, (int)i));
    }
    TK_SET(error, sql, "%s", prepared->text);
    tk_error_last(error)->object = (uint32_t)prepared->row;
    return status;
}

static takeo_status refuse_row(tk_server *server, tk_error *error) {
    server->stage = TK_PG_LOST;
    takeo_status status =
        tk_raise(error, TK_SERVER_PROTOCOL, "The server sent what is no answer of PostgreSQL.");
    TK_SET(error, detail, "a row that does not have its columns");
    tk_error_last(error)->flags |= TAKEO_ERROR_CONNECTION_GONE;
    return status;
}

/* A row of the wire's own, where it came in. */
static inline takeo_status read_message(tk_server *server, tk_prepared *prepared, takeo_cell *row,
                                        tk_error *error) {
    const char *end;
    const char *at = tk_wire_next_row(server->result, &end);
    tk_pg_column *column = prepared->columns;
    uint32_t count = prepared->column_count;
    if (TK_UNLIKELY(end - at < 2 || tk_pg_get16(at) != count)) {
        return refuse_row(server, error);
    }
    at += 2;
    for (uint32_t i = 0; i < count; i++, column++, row++) {
        int32_t len = end - at >= 4 ? (int32_t)tk_pg_get32(at) : INT32_MAX;
        at += 4;
        if (len == -1) {
            *row = (takeo_cell){.type = column->type, .flags = TAKEO_CELL_NULL};
            continue;
        }
        if (TK_UNLIKELY(len < 0 || len > end - at)) {
            return refuse_row(server, error);
        }
        if (TK_UNLIKELY(!column->decode(column, at, (size_t)len, row))) {
            return refuse_value(server, prepared, i, error);
        }
        at += len;
    }
    return TK_LIKELY(at == end) ? TAKEO_ROWS : refuse_row(server, error);
}

static inline takeo_status read_result(tk_server *server, tk_prepared *prepared, takeo_cell *row,
                                       tk_error *error) {
    const PGresult *result = server->result;
    const tk_pg_client *client = server->client;
    int number = server->row - 1;
    tk_pg_column *column = prepared->columns;
    int count = (int)prepared->column_count;
    for (int i = 0; i < count; i++, column++, row++) {
        int len = client->getlength(result, number, i); /* of NULL 0 */
        if (len == 0 && client->getisnull(result, number, i)) {
            *row = (takeo_cell){.type = column->type, .flags = TAKEO_CELL_NULL};
            continue;
        }
        const char *data = client->getvalue(result, number, i);
        if (TK_UNLIKELY(!column->decode(column, data, (size_t)len, row))) {
            return refuse_value(server, prepared, (uint32_t)i, error);
        }
    }
    return TAKEO_ROWS;
}

takeo_status tk_pg_read_row(tk_server *server, tk_prepared *prepared, takeo_cell *row,
                            tk_error *error) {
    server->row++;
    prepared->row++;
    if (TK_UNLIKELY(prepared->values.blocks != NULL)) { /* most rows have no arrays */
        tk_arena_clear(&prepared->values);
    }
    return TK_LIKELY(server->wire != NULL) ? read_message(server, prepared, row, error)
                                           : read_result(server, prepared, row, error);
}
