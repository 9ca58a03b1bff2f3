/* copy.c - many rows by COPY, in the server's binary form.
 *
 * The arguments are one list for each column.  The types of the columns are those of the parameters
 * of another statement, which is parsed once and never run.  Rows are written and sent in pieces, so
 * that memory does not grow with them, and never more than the socket takes.
 *
 *     ASKING -> READY -> OPENING -> SENDING -> ENDING       libpq has no COPY in a pipeline
 *
 * Rows that COPY cannot take, because a cell has no binary form for its column, go the ordinary way.
 * Whatever fails or is given up on the way ends the COPY with an error, so that the connection can
 * be used again and no row stays.
 */
#include <limits.h>

#include "driver/postgresql/postgresql_int.h"

enum { PIECE = 64 * 1024 };

static const char signature[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0"; /* and the zero byte of C */

/* ---- may it go by COPY? ---------------------------------------------------------------------- */

/* One list for each column, all of one length, and not empty. */
static bool are_rows(const takeo_cell *arguments, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        bool is_list = arguments[i].type == TAKEO_TYPE_ARRAY && !tk_cell_is_null(&arguments[i]);
        if (!is_list || arguments[i].v.list.count != arguments[0].v.list.count) {
            return false;
        }
    }
    return count > 0 && count <= INT16_MAX && arguments[0].v.list.count > 0;
}

/* The first value of each column says how all of them go; a cell of another kind is refused when
 * its turn comes. */
static bool are_encoded(tk_prepared *prepared, const takeo_cell *arguments) {
    for (uint32_t i = 0; i < prepared->copy_count; i++) {
        tk_pg_binding *column = &prepared->copy_columns[i];
        const takeo_cell *cells = arguments[i].v.list.cells;
        size_t count = arguments[i].v.list.count;
        size_t row = 0;
        while (row < count && tk_cell_is_null(&cells[row])) {
            row++;
        }
        if (row < count) {
            tk_pg_bind(column, &cells[row]);
            if (!column->is_binary) {
                return false;
            }
        }
    }
    return true;
}

/* ---- the columns' types ---------------------------------------------------------------------- */

static takeo_status ask(tk_server *server, tk_prepared *prepared, tk_error *error) {
    TK_TRY(tk_pg_pipeline_enter(server, error));
    TK_TRY(tk_pg_send_later(server, error));
    for (int i = 0; i < 2; i++) {
        if (tk_pg_flight_add(server, TK_PG_COPY, prepared) == NULL) {
            return tk_raise_memory(error);
        }
        int is_sent = i == 0 ? server->client->sendPrepare(server->link, "",
                                                           prepared->copy_types_text, 0, NULL)
                             : server->client->sendDescribePrepared(server->link, "");
        if (!is_sent) {
            tk_pg_flight_take_back(server);
            return tk_pg_raise_send(server, error);
        }
        server->must_sync = true;
    }
    return tk_pg_sync(server, error);
}

static takeo_status read_types(const tk_server *server, tk_prepared *prepared,
                               const PGresult *result, tk_error *error) {
    uint32_t count = (uint32_t)server->client->nparams(result);
    tk_pg_binding *columns = tk_arena_array(&prepared->arena, count, sizeof *columns);
    if (columns == NULL) {
        return tk_raise_memory(error);
    }
    for (uint32_t i = 0; i < count; i++) {
        columns[i].oid = server->client->paramtype(result, (int)i);
    }
    prepared->copy_columns = columns;
    prepared->copy_count = count;
    return TAKEO_DONE;
}

/* The answer to both, and to the texts before them. */
static takeo_status hear(tk_server *server, tk_prepared *prepared, tk_error *error) {
    while (server->flight_count > 0) {
        tk_pg_flight flight = *tk_pg_front(server);
        PGresult *result = NULL;
        TK_TRY_DONE(tk_pg_receive(server, &result, error));
        if (result == NULL) {
            continue;
        }
        takeo_status status = TAKEO_DONE;
        switch (server->client->resultStatus(result)) {
        case PGRES_COMMAND_OK:
            if (flight.kind == TK_PG_COPY && server->client->nparams(result) > 0) {
                status = read_types(server, prepared, result, error);
            }
            server->client->clear(result);
            break;
        case PGRES_FATAL_ERROR:
        case PGRES_BAD_RESPONSE:
            tk_pg_keep_failure(server, result,
                               flight.kind == TK_PG_LATER ? server->later.data + flight.text
                                                          : prepared->copy_types_text);
            break;
        default:
            server->client->clear(result);
            break;
        }
        TK_TRY(status);
    }
    tk_pg_pipeline_leave(server);
    return TAKEO_DONE;
}

static takeo_status learn_types(tk_server *server, tk_prepared *prepared, tk_error *error) {
    if (prepared->copying != TK_PG_COPY_ASKING) {
        TK_TRY_DONE(tk_pg_rest(server, error));
        prepared->copying = TK_PG_COPY_ASKING;
        TK_TRY(ask(server, prepared, error));
    }
    TK_TRY_DONE(hear(server, prepared, error));
    if (server->failure != NULL) {
        takeo_status status = tk_pg_tell(server, error);
        tk_pg_forget_answers(server);
        return status;
    }
    prepared->copy_is_refused = prepared->copy_columns == NULL; /* it has no parameters */
    return TAKEO_DONE;
}

/* ---- start ----------------------------------------------------------------------------------- */

takeo_status tk_pg_copy_start(tk_server *server, tk_prepared *prepared, const takeo_cell *arguments,
                              uint32_t count, tk_error *error) {
    if (prepared->copy_is_refused || !are_rows(arguments, count)) {
        return TAKEO_DONE;
    }
    if (prepared->copy_columns == NULL) {
        takeo_status status = learn_types(server, prepared, error);
        if (status != TAKEO_WAIT) {
            prepared->copying = TK_PG_COPY_NOT;
        }
        TK_TRY_DONE(status);
    }
    if (prepared->copy_columns == NULL || prepared->copy_count != count
        || !are_encoded(prepared, arguments)) {
        return TAKEO_DONE;
    }
    TK_TRY_DONE(tk_pg_rest(server, error));
    prepared->row = 0;
    prepared->affected = 0;
    prepared->is_over = prepared->is_answered = prepared->has_failed = false;
    prepared->copying = TK_PG_COPY_READY;
    prepared->copy_row = 0;
    prepared->copy_rows = arguments[0].v.list.count;
    prepared->arguments = arguments;
    prepared->argument_count = count;
    prepared->started = 1;
    return TAKEO_ROWS;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static bool put_cell(tk_pg_binding *column, const takeo_cell *cell, tk_buf *out) {
    if (tk_cell_is_null(cell)) {
        tk_pg_put32(out, UINT32_MAX);
        return true;
    }
    if (TK_UNLIKELY(!tk_pg_is_bound(column, cell))) {
        tk_pg_bind(column, cell);
    }
    size_t place = out->len;
    tk_pg_put32(out, 0);
    bool is_written = column->is_binary
                      && (column->server != NULL ? column->server->encode(column->server, cell, out)
                                                 : tk_pg_encode_binary(cell, column->oid, out));
    if (TK_LIKELY(is_written && !out->failed)) {
        uint32_t len = __builtin_bswap32((uint32_t)(out->len - place - sizeof len));
        memcpy(out->data + place, &len, sizeof len);
    }
    return is_written;
}

static takeo_status refuse(tk_prepared *prepared, uint32_t i, tk_error *error) {
    const takeo_cell *cell = &prepared->arguments[i].v.list.cells[prepared->copy_row];
    bool is_unset = (cell->flags & TAKEO_CELL_UNSET) != 0;
    takeo_status status =
        is_unset ? tk_raise(error, TK_INPUT_UNSET, "Argument %u was never given a value.", i + 1)
                 : tk_pg_refuse(cell, i + 1, prepared->copy_columns[i].oid, error);
    TK_SET(error, sql, "%s", prepared->copy_text);
    tk_error_last(error)->object = (uint32_t)prepared->copy_row + 1;
    return status;
}

/* Write rows until there is a piece of them, or no more; then what stands behind the last. */
static takeo_status put_piece(tk_prepared *prepared, tk_buf *out, tk_error *error) {
    uint32_t count = prepared->copy_count;
    tk_buf_clear(out);
    if (prepared->copy_row == 0) {
        tk_buf_put(out, signature, sizeof signature);
    }
    while (prepared->copy_row < prepared->copy_rows && out->len < PIECE) {
        tk_pg_put16(out, (uint16_t)count);
        for (uint32_t i = 0; i < count; i++) {
            const takeo_cell *cell = &prepared->arguments[i].v.list.cells[prepared->copy_row];
            bool is_put = (cell->flags & TAKEO_CELL_UNSET) == 0
                          && put_cell(&prepared->copy_columns[i], cell, out);
            if (TK_UNLIKELY(!is_put && !out->failed)) {
                return refuse(prepared, i, error);
            }
        }
        prepared->copy_row++;
    }
    if (prepared->copy_row == prepared->copy_rows) {
        tk_pg_put16(out, UINT16_MAX);
    }
    return out->failed || out->len > INT_MAX ? tk_raise_memory(error) : TAKEO_DONE;
}

/* The whole of libpq's buffer has to go first: it would grow for as long as it is given more. */
static takeo_status make_room(tk_server *server) {
    if (server->must_flush) {
        tk_pg_flush(server);
    }
    server->awaits = TK_PG_ROOM;
    return server->must_flush ? TAKEO_WAIT : TAKEO_DONE;
}

static takeo_status send_rows(tk_server *server, tk_prepared *prepared, tk_error *error) {
    tk_buf *bytes = &server->values.bytes;
    if (bytes->alloc.resize == NULL) {
        tk_buf_init(bytes, server->alloc, INT_MAX);
    }
    while (prepared->copy_row < prepared->copy_rows) {
        TK_TRY_DONE(make_room(server));
        TK_TRY(put_piece(prepared, bytes, error));
        if (server->client->putCopyData(server->link, bytes->data, (int)bytes->len) != 1) {
            return tk_pg_raise_send(server, error);
        }
        tk_pg_flush(server);
    }
    if (server->client->putCopyEnd(server->link, NULL) != 1) {
        return tk_pg_raise_send(server, error);
    }
    tk_pg_flush(server);
    prepared->copying = TK_PG_COPY_ENDING;
    return TAKEO_DONE;
}

/* ---- fetch ----------------------------------------------------------------------------------- */

static takeo_status finish(tk_server *server, tk_prepared *prepared, tk_error *error) {
    prepared->is_answered = prepared->is_over = true;
    takeo_status status = tk_pg_tell_text(server, prepared->copy_text, error);
    prepared->has_failed = status < 0;
    return status;
}

/* One result of the text and of those before it. */
static takeo_status take(tk_server *server, tk_prepared *prepared, tk_error *error) {
    PGresult *result = NULL;
    TK_TRY_DONE(tk_pg_receive(server, &result, error));
    if (result == NULL) {
        return finish(server, prepared, error);
    }
    if (server->client->resultStatus(result) == PGRES_COPY_IN) {
        prepared->copying = TK_PG_COPY_SENDING;
        server->client->clear(result);
        return TAKEO_DONE;
    }
    if (prepared->copying == TK_PG_COPY_ENDING
        && server->client->resultStatus(result) == PGRES_COMMAND_OK) {
        (void)tk_pg_affected(server, result, &prepared->affected);
    }
    tk_pg_take_text(server, result, prepared->copy_text);
    return TAKEO_DONE;
}

takeo_status tk_pg_copy_step(tk_server *server, tk_prepared *prepared, tk_error *error) {
    if (prepared->copying == TK_PG_COPY_READY) {
        TK_TRY(tk_pg_send_text(server, prepared->copy_text, TK_PG_COPY, prepared, error));
        prepared->copying = TK_PG_COPY_OPENING;
    }
    while (!prepared->is_over) {
        TK_TRY_DONE(prepared->copying == TK_PG_COPY_SENDING ? send_rows(server, prepared, error)
                                                            : take(server, prepared, error));
    }
    return TAKEO_DONE;
}

/* ---- end ------------------------------------------------------------------------------------- */

void tk_pg_copy_stop(tk_server *server, tk_prepared *prepared) {
    if (prepared->copying == TK_PG_COPY_SENDING && server->stage != TK_PG_LOST) {
        (void)server->client->putCopyEnd(server->link, "the rows were given up");
        tk_pg_flush(server);
    }
}
