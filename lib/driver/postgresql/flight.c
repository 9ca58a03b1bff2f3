/* flight.c - what was sent and is not answered yet: sending, receiving, the order of answers.
 *
 * Whoever sends puts a flight down first; answers come in the same order, and only the one in front
 * is looked at.  What nobody wants any more is given up: it stays in the queue and its answer is
 * thrown away when it comes.  So a call may return at any time and leave the connection in a state
 * that is known.
 *
 *     normal mode     one flight at a time; libpq's NULL is its end
 *     pipeline mode   many; NULL ends each, and SYNC, one result, ends the pipeline
 *
 * Nothing here waits.  libpq reads while it cannot write, so that both sides never stand still with
 * full buffers.  It must not know what a statement means, nor cells.
 */
#include "driver/postgresql/postgresql_int.h"

enum { FIRST_CAPACITY = 16, CHUNK_ROWS = 256 };

/* ---- the queue ------------------------------------------------------------------------------- */

static bool grow(tk_server *server) {
    uint32_t capacity = server->flight_capacity != 0 ? server->flight_capacity * 2 : FIRST_CAPACITY;
    size_t size;
    if (capacity < server->flight_capacity
        || !tk_size_multiply(capacity, sizeof(tk_pg_flight), &size)) {
        return false;
    }
    tk_pg_flight *flights = tk_mem_new(&server->alloc, size);
    if (flights == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < server->flight_count; i++) {
        flights[i] = *tk_pg_flight_at(server, i);
    }
    tk_mem_free(&server->alloc, server->flights, server->flight_capacity * sizeof(tk_pg_flight));
    server->flights = flights;
    server->flight_first = 0;
    server->flight_capacity = capacity;
    return true;
}

tk_pg_flight *tk_pg_flight_add(tk_server *server, tk_pg_kind kind, tk_prepared *prepared) {
    if (server->flight_count == server->flight_capacity && !grow(server)) {
        return NULL;
    }
    tk_pg_flight *flight = tk_pg_flight_at(server, server->flight_count++);
    *flight = (tk_pg_flight){.kind = (uint8_t)kind, .prepared = prepared};
    return flight;
}

void tk_pg_flight_take_back(tk_server *server) {
    server->flight_count--;
}

void tk_pg_give_up(tk_server *server, uint32_t count) {
    for (uint32_t i = 0; i < count && i < server->flight_count; i++) {
        tk_pg_flight_at(server, i)->is_given_up = true;
    }
}

/* The flight in front has ended. */
static void pop(tk_server *server) {
    const tk_pg_flight *flight = tk_pg_front(server);
    if (flight->prepared != NULL && flight->kind == TK_PG_PARSE) {
        flight->prepared->is_parsing = false;
    } else if (flight->prepared != NULL && flight->kind == TK_PG_DESCRIBE) {
        flight->prepared->is_describing = false;
    }
    server->flight_first = (server->flight_first + 1) & (server->flight_capacity - 1);
    server->flight_count--;
}

void tk_pg_forget_answers(tk_server *server) {
    if (server->result != NULL) {
        server->client->clear(server->result);
        server->result = NULL;
    }
    if (server->failure != NULL) {
        server->client->clear(server->failure);
        server->failure = NULL;
    }
    server->row = server->row_count = 0;
}

void tk_pg_flight_done(tk_server *server) {
    tk_pg_forget_answers(server);
    tk_mem_free(&server->alloc, server->flights, server->flight_capacity * sizeof(tk_pg_flight));
    server->flights = NULL;
    server->flight_count = server->flight_capacity = 0;
    tk_buf_done(&server->later);
    tk_buf_done(&server->gone);
    tk_pg_values *values = &server->values;
    tk_buf_done(&values->bytes);
    tk_mem_free(&server->alloc, values->data, values->capacity * TK_PG_VALUE_SIZE);
    values->data = NULL;
    values->capacity = 0;
}

/* ---- failures -------------------------------------------------------------------------------- */

void tk_pg_keep_failure(tk_server *server, PGresult *result, const char *text) {
    if (server->failure != NULL) {
        server->client->clear(result);
        return;
    }
    server->failure = result;
    server->failed_text = text;
}

/* The server's last words say more than that it is gone. */
static takeo_status raise_lost(tk_server *server, tk_error *error) {
    if (server->failure == NULL
        || server->client->resultErrorField(server->failure, PG_DIAG_SQLSTATE) == NULL) {
        return tk_pg_raise_lost(server, error);
    }
    takeo_status status = tk_pg_raise(server, server->failure, server->failed_text, error);
    server->stage = TK_PG_LOST;
    if (error != NULL) {
        tk_error_last(error)->flags |= TAKEO_ERROR_CONNECTION_GONE;
    }
    return status;
}

takeo_status tk_pg_tell(tk_server *server, tk_error *error) {
    if (server->client->status(server->link) == CONNECTION_BAD) {
        return raise_lost(server, error);
    }
    return tk_pg_raise(server, server->failure, server->failed_text, error);
}

/* ---- sending --------------------------------------------------------------------------------- */

void tk_pg_flush(tk_server *server) {
    server->must_flush =
        server->client->flush(server->link) > 0; /* a failure is seen when it is read from */
}

takeo_status tk_pg_pipeline_enter(tk_server *server, tk_error *error) {
    if (!server->is_pipeline) {
        if (!server->client->enterPipelineMode(server->link)) {
            return tk_pg_raise_send(server, error);
        }
        server->is_pipeline = true;
    }
    return TAKEO_DONE;
}

void tk_pg_pipeline_leave(tk_server *server) {
    if (server->is_pipeline && server->flight_count == 0 && !server->must_sync) {
        server->is_pipeline = !server->client->exitPipelineMode(server->link);
    }
}

takeo_status tk_pg_sync(tk_server *server, tk_error *error) {
    if (!server->must_sync) {
        return TAKEO_DONE;
    }
    if (tk_pg_flight_add(server, TK_PG_SYNC, NULL) == NULL) {
        return tk_raise_memory(error);
    }
    if (!server->client->pipelineSync(server->link)) {
        tk_pg_flight_take_back(server);
        return tk_pg_raise_send(server, error);
    }
    server->must_sync = false;
    server->unsent = 0;
    tk_pg_flush(server);
    return TAKEO_DONE;
}

/* ---- receiving ------------------------------------------------------------------------------- */

/* Rows as they come: libpq is told once the answer is the next one. */
static void make_gradual(tk_server *server, tk_pg_flight *flight) {
    flight->is_gradual = false;
    if (server->client->setChunkedRowsMode == NULL
        || !server->client->setChunkedRowsMode(server->link, CHUNK_ROWS)) {
        (void)server->client->setSingleRowMode(server->link); /* without it rows come all at once */
    }
}

static takeo_status lose(tk_server *server, tk_error *error) {
    server->stage = TK_PG_LOST;
    return tk_raise(error, TK_SERVER_PROTOCOL,
                    "The server's answers are not those to what was sent; the connection is lost.");
}

/* Take what the server copies out.  TAKEO_DONE: all of it. */
static takeo_status throw_copy_away(tk_server *server) {
    char *data = NULL;
    int len;
    while ((len = server->client->getCopyData(server->link, &data, 1)) > 0) {
        server->client->freemem(data);
        data = NULL;
    }
    server->awaits = TK_PG_ANSWER;
    return len == 0 ? TAKEO_WAIT : TAKEO_DONE;
}

/* A result that begins a copy which nobody here has asked for, or not any more. */
static takeo_status end_copy(tk_server *server, const tk_pg_flight *flight, PGresult *result,
                             tk_error *error) {
    ExecStatusType status = server->client->resultStatus(result);
    if (status == PGRES_COPY_IN && (flight->kind != TK_PG_COPY || flight->is_given_up)) {
        (void)server->client->putCopyEnd(server->link, "no rows come");
        tk_pg_flush(server);
    } else if (status == PGRES_COPY_BOTH) {
        server->client->clear(result);
        return lose(server, error);
    }
    return TAKEO_DONE;
}

/* The one result of SYNC: only failures of what was before, such as a deferred constraint, come
 * between. */
static takeo_status receive_sync(tk_server *server, PGresult **out, tk_error *error) {
    for (int i = 0; i < 3; i++) {
        if (server->client->isBusy(server->link)) {
            server->awaits = TK_PG_ANSWER;
            return server->client->status(server->link) == CONNECTION_BAD
                       ? raise_lost(server, error)
                       : TAKEO_WAIT;
        }
        PGresult *result = server->client->getResult(server->link);
        if (result == NULL) {
            continue;
        }
        if (server->client->resultStatus(result) != PGRES_PIPELINE_SYNC) {
            *out = result;
            return TAKEO_DONE;
        }
        server->client->clear(result);
        pop(server);
        *out = NULL;
        return TAKEO_DONE;
    }
    return server->client->status(server->link) == CONNECTION_BAD ? raise_lost(server, error)
                                                                  : lose(server, error);
}

takeo_status tk_pg_receive(tk_server *server, PGresult **out, tk_error *error) {
    tk_pg_flight *flight = tk_pg_front(server);
    if (TK_UNLIKELY(flight->is_gradual)) {
        make_gradual(server, flight);
    }
    if (flight->kind == TK_PG_SYNC) {
        return receive_sync(server, out, error);
    }
    if (server->client->isBusy(server->link)) {
        server->awaits = TK_PG_ANSWER;
        return server->client->status(server->link) == CONNECTION_BAD ? raise_lost(server, error)
                                                                      : TAKEO_WAIT;
    }
    if (TK_UNLIKELY(server->is_copying_out)) {
        TK_TRY_DONE(throw_copy_away(server));
        server->is_copying_out = false;
        return tk_pg_receive(server, out, error);
    }
    PGresult *result = server->client->getResult(server->link);
    *out = result;
    if (result == NULL) {
        pop(server);
        return TAKEO_DONE;
    }
    switch (server->client->resultStatus(result)) {
    case PGRES_COMMAND_OK:
        if (flight->kind == TK_PG_PARSE && flight->prepared != NULL) {
            flight->prepared->is_parsed = true;
        }
        return TAKEO_DONE;
    case PGRES_COPY_OUT:
        server->is_copying_out = true;
        return TAKEO_DONE;
    case PGRES_COPY_IN:
    case PGRES_COPY_BOTH:
        return end_copy(server, flight, result, error);
    case PGRES_PIPELINE_SYNC: /* the queue is not what libpq has */
        server->client->clear(result);
        return lose(server, error);
    default:
        return TAKEO_DONE;
    }
}

static bool is_wanted(const tk_pg_flight *flight) {
    return !flight->is_given_up && flight->kind != TK_PG_CLOSE && flight->kind != TK_PG_SYNC;
}

takeo_status tk_pg_drain(tk_server *server, tk_error *error) {
    while (server->flight_count > 0 && !is_wanted(tk_pg_front(server))) {
        PGresult *result = NULL;
        TK_TRY_DONE(tk_pg_receive(server, &result, error));
        if (result != NULL) {
            server->client->clear(result);
        }
    }
    return TAKEO_DONE;
}

takeo_status tk_pg_rest(tk_server *server, tk_error *error) {
    if (TK_UNLIKELY(server->flight_count > 0 || server->must_sync)) {
        TK_TRY(tk_pg_sync(server, error));
        TK_TRY_DONE(tk_pg_drain(server, error));
        if (server->flight_count > 0) {
            return tk_raise(error, TK_CALL_INTERNAL,
                            "A statement was begun before the one before it had ended.");
        }
    }
    if (server->is_pipeline) {
        tk_pg_pipeline_leave(server);
    }
    return TAKEO_DONE;
}

/* ---- waiting --------------------------------------------------------------------------------- */

/* Nobody listens here: what other sessions notify must not pile up. */
void tk_pg_forget_notifications(tk_server *server) {
    PGnotify *notification;
    while ((notification = server->client->notifies(server->link)) != NULL) {
        server->client->freemem(notification);
    }
}

takeo_status tk_pg_advance(tk_server *server) {
    if (server->stage == TK_PG_CONNECTING) {
        return tk_pg_connect_is_done(server) ? TAKEO_DONE : TAKEO_WAIT;
    }
    if (TK_UNLIKELY(server->awaits == TK_PG_CANCELLING)) {
        return tk_pg_cancel_is_under_way(server) ? TAKEO_WAIT : TAKEO_DONE;
    }
    if (server->stage == TK_PG_LOST || !server->client->consumeInput(server->link)) {
        return TAKEO_DONE; /* the call that waits tells it */
    }
    if (server->must_flush) {
        tk_pg_flush(server);
    }
    if (server->awaits == TK_PG_ROOM) {
        return server->must_flush ? TAKEO_WAIT : TAKEO_DONE;
    }
    if (!server->client->isBusy(server->link)
        || server->client->status(server->link) == CONNECTION_BAD) {
        return TAKEO_DONE;
    }
    tk_pg_forget_notifications(server); /* it may be long before anything else comes */
    return TAKEO_WAIT;
}

void tk_pg_interest(tk_server *server, int *out_fd, takeo_events *out_events) {
    *out_events = TAKEO_EVENT_READ;
    *out_fd = server->fd;
    if (server->stage == TK_PG_CONNECTING) {
        return;
    }
    if (server->awaits == TK_PG_CANCELLING) {
        *out_fd = tk_pg_cancel_fd(server);
    } else if (server->must_flush) {
        *out_events |= TAKEO_EVENT_WRITE;
    }
}

takeo_status tk_pg_settle(tk_server *server, tk_error *error) {
    if (server->link == NULL) {
        return TAKEO_DONE;
    }
    if (server->stage == TK_PG_LOST) {
        return tk_pg_raise_lost(server, error);
    }
    server->held = NULL;
    tk_pg_forget_answers(server);
    tk_pg_give_up(server, server->flight_count);
    TK_TRY_DONE(tk_pg_rest(server, error));
    tk_pg_forget_notifications(server);
    if (tk_pg_cancel_is_under_way(server)) {
        server->awaits = TK_PG_CANCELLING;
        return TAKEO_WAIT;
    }
    server->awaits = TK_PG_ANSWER;
    return tk_pg_cancel_settle(server, error);
}
