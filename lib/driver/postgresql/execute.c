/* execute.c - one run of a statement: start encodes, fetch sends and receives, end lets go.
 *
 *     start -> [describe] -> fetch ... fetch -> end      end also after a failure; then start again
 *
 * start only holds what it was given.  What comes next decides how it goes: a fetch sends it alone,
 * in libpq's normal mode, which is the cheapest; another start, texts that wait, or a statement that
 * the server does not know yet make it a pipeline, so that all is one round trip.
 *
 * An answer is one when all of it has come, the end of its pipeline included: only then is a failure
 * told, and the state of the transaction is known with it.  When the server has lost the statement,
 * or its tables have changed, nothing was run: outside of a transaction it is parsed again and sent
 * once more.
 *
 * This is the hot path of the driver.  It must not know what a text means, nor a value (row.c).
 */
#include "driver/postgresql/postgresql_int.h"

enum { MESSAGE_SIZE = 64, MUCH = 64 * 1024 };

static const char changed[] = "0A000"; /* among others: a result that is not what it was */

/* ---- sending --------------------------------------------------------------------------------- */

static bool is_known(const tk_prepared *prepared) {
    return prepared->is_parsed && prepared->is_described;
}

/* The execution whose arguments stand in server->values. */
static takeo_status send_execute(tk_server *server, tk_prepared *prepared, tk_error *error) {
    const tk_pg_values *values = &server->values;
    tk_pg_flight *flight = tk_pg_flight_add(server, TK_PG_EXECUTE, prepared);
    if (TK_UNLIKELY(flight == NULL)) {
        return tk_raise_memory(error);
    }
    flight->is_binary = prepared->is_described && prepared->is_binary;
    flight->is_gradual = server->is_gradual;
    int is_sent;
    if (server->is_unnamed && is_known(prepared)) {
        is_sent = server->client->sendQueryParams(
            server->link, prepared->text, (int)values->count, prepared->parameters, values->data,
            values->lengths, values->formats, flight->is_binary);
    } else {
        is_sent = server->client->sendQueryPrepared(
            server->link, prepared->name, (int)values->count, values->data, values->lengths,
            values->formats, flight->is_binary);
    }
    if (TK_UNLIKELY(!is_sent)) {
        tk_pg_flight_take_back(server);
        return tk_pg_raise_send(server, error);
    }
    return TAKEO_DONE;
}

/* Into a pipeline that stays open. */
static takeo_status send_into_pipeline(tk_server *server, tk_prepared *prepared, tk_error *error) {
    TK_TRY(tk_pg_pipeline_enter(server, error));
    if (!is_known(prepared)) {
        if (server->gone.len > 0 && server->flight_count == 0 && !tk_pg_is_in_transaction(server)) {
            TK_TRY(tk_pg_send_gone(server, error));
        }
        TK_TRY(tk_pg_send_later(server, error));
        TK_TRY(tk_pg_send_parse(server, prepared, error));
    } else {
        TK_TRY(tk_pg_send_later(server, error));
    }
    TK_TRY(send_execute(server, prepared, error));
    server->must_sync = true;
    return TAKEO_DONE;
}

/* Send what start holds; nothing else comes with it.  TAKEO_WAIT: no answer can be there yet. */
static takeo_status send_held(tk_server *server, tk_prepared *prepared, tk_error *error) {
    if (server->held != prepared) {
        return tk_pg_sync(server, error);
    }
    server->held = NULL;
    if (TK_LIKELY(is_known(prepared) && server->later_sent == server->later.len)) {
        TK_TRY(send_execute(server, prepared, error));
        tk_pg_flush(server);
        server->awaits = TK_PG_ANSWER;
        return server->is_gradual ? TAKEO_DONE : TAKEO_WAIT; /* libpq has to be told of that now */
    }
    TK_TRY(send_into_pipeline(server, prepared, error));
    return tk_pg_sync(server, error);
}

/* ---- start ----------------------------------------------------------------------------------- */

static takeo_status refuse_count(const tk_prepared *prepared, uint32_t count, tk_error *error) {
    takeo_status status =
        tk_raise(error, TK_INPUT_COUNT, "The statement takes %u arguments, %u were given.",
                 prepared->parameter_count, count);
    TK_SET(error, sql, "%s", prepared->text);
    return status;
}

static inline void begin_execution(tk_prepared *prepared) {
    prepared->row = 0;
    prepared->affected = 0;
    prepared->effect = TK_EFFECT_NONE;
    prepared->is_answered = prepared->is_over = prepared->has_failed = false;
    prepared->has_shape = prepared->was_skipped = false;
    prepared->is_refused = prepared->is_empty = false;
    prepared->is_parsed_again = prepared->was_parsed_again = false;
    prepared->copying = TK_PG_COPY_NOT;
}

/* The executions before this one are on their way, or held. */
static takeo_status start_behind(tk_server *server, tk_prepared *prepared,
                                 const takeo_cell *arguments, uint32_t count, tk_error *error) {
    if (TK_UNLIKELY(server->held != prepared && !server->is_pipeline)) {
        return tk_raise(error, TK_CALL_INTERNAL,
                        "An execution was started behind one that is fetched already.");
    }
    if (server->must_flush) {
        server->awaits = TK_PG_ROOM;
        tk_pg_flush(server);
        if (server->must_flush) {
            return TAKEO_WAIT;
        }
    }
    if (server->held == prepared) {
        server->held = NULL;
        TK_TRY(send_into_pipeline(server, prepared, error));
    }
    prepared->is_alone = false;
    TK_TRY(tk_pg_put_arguments(server, prepared, arguments, count, error));
    TK_TRY(send_into_pipeline(server, prepared, error));
    server->unsent += server->values.size + MESSAGE_SIZE;
    if (server->unsent > MUCH) { /* else libpq would keep it all */
        server->unsent = 0;
        tk_pg_flush(server);
    }
    prepared->started++;
    return TAKEO_DONE;
}

takeo_status tk_pg_start(tk_server *server, tk_prepared *prepared, const takeo_cell *arguments,
                         uint32_t count, tk_error *error) {
    if (TK_UNLIKELY(server->stage == TK_PG_LOST)) {
        return tk_pg_raise_lost(server, error);
    }
    if (TK_UNLIKELY(prepared->is_described && count != prepared->parameter_count)) {
        return refuse_count(prepared, count, error);
    }
    if (prepared->started > 0) {
        return start_behind(server, prepared, arguments, count, error);
    }
    if (TK_UNLIKELY(prepared->copy_text != NULL)) {
        takeo_status status = tk_pg_copy_start(server, prepared, arguments, count, error);
        if (status != TAKEO_DONE) {
            return status == TAKEO_ROWS ? TAKEO_DONE : status;
        }
    }
    TK_TRY_DONE(tk_pg_rest(server, error));
    if (TK_UNLIKELY(prepared->borrows_columns)) { /* not at the end: Parse may be under way there */
        tk_pg_unparse(server, prepared, prepared->is_parsed);
        prepared->has_columns = false;
    }
    begin_execution(prepared);
    if (TK_UNLIKELY(prepared->free_count != 0 && count == prepared->free_count)) {
        TK_TRY(tk_pg_guess(server, prepared, arguments, count, error));
    }
    TK_TRY(tk_pg_put_arguments(server, prepared, arguments, count, error));
    prepared->arguments = arguments;
    prepared->argument_count = count;
    prepared->is_alone = true;
    prepared->started = 1;
    server->held = prepared;
    return TAKEO_DONE;
}

/* ---- answers --------------------------------------------------------------------------------- */

bool tk_pg_affected(const tk_server *server, PGresult *result, int64_t *out) {
    const char *tag = server->client->cmdStatus(result);
    bool is_counted = tag[0] == 'I' || (tag[0] == 'U' && tag[1] == 'P')
                      || (tag[0] == 'D' && tag[2] == 'L') || (tag[0] == 'M' && tag[1] == 'E')
                      || (tag[0] == 'C' && tag[2] == 'P'); /* none of COMMIT, DECLARE, UNLISTEN */
    int64_t count = 0;
    if (is_counted) {
        const char *digits = server->client->cmdTuples(result);
        for (; *digits >= '0' && *digits <= '9' && count < INT64_MAX / 10 - 9; digits++) {
            count = count * 10 + (*digits - '0');
        }
    }
    *out = count;
    return is_counted;
}

/* Did the statement fail because the server has it no longer, or not as it was?  Then it was not
 * run. */
static bool has_vanished(const tk_server *server, const tk_prepared *prepared) {
    const PGresult *result = server->failure;
    const char *state = server->client->resultErrorField(result, PG_DIAG_SQLSTATE);
    if (state == NULL || prepared->row > 0) { /* a statement that gave rows was there */
        return false;
    }
    if (strcmp(state, "26000") == 0 || strcmp(state, "42P05") == 0) {
        return true;
    }
    const char *function = server->client->resultErrorField(result, PG_DIAG_SOURCE_FUNCTION);
    return strcmp(state, changed) == 0 && function != NULL
           && strcmp(function, "RevalidateCachedQuery") == 0;
}

/* Parse and Describe alone; what they say decides whether it may run at all. */
static takeo_status parse_again(tk_server *server, tk_prepared *prepared, tk_error *error) {
    tk_pg_forget_answers(server);
    prepared->is_answered = prepared->was_skipped = false;
    prepared->is_parsed_again = prepared->was_parsed_again = true;
    tk_pg_pipeline_leave(server);
    TK_TRY(tk_pg_pipeline_enter(server, error));
    TK_TRY(tk_pg_send_parse(server, prepared, error));
    return tk_pg_sync(server, error);
}

static takeo_status send_again(tk_server *server, tk_prepared *prepared, tk_error *error) {
    prepared->is_parsed_again = false;
    tk_pg_pipeline_leave(server);
    if (prepared->argument_count != prepared->parameter_count) {
        return refuse_count(prepared, prepared->argument_count, error);
    }
    TK_TRY(tk_pg_put_arguments(server, prepared, prepared->arguments, prepared->argument_count,
                               error));
    TK_TRY(send_execute(server, prepared, error));
    tk_pg_flush(server);
    return TAKEO_DONE;
}

/* Inside a transaction nothing can be sent again: it has failed, but the next one has the statement
 * anew. */
static takeo_status raise_vanished(tk_server *server, const tk_prepared *prepared,
                                   tk_error *error) {
    bool is_changed =
        strcmp(server->client->resultErrorField(server->failure, PG_DIAG_SQLSTATE), changed) == 0;
    takeo_status status =
        tk_raise(error, TK_SERVER_SCHEMA,
                 is_changed ? "The schema changed, and with it what the statement gives."
                            : "The server no longer has the statement that was prepared.");
    TK_SET(error, sql, "%s", prepared->text);
    TK_SET(error, detail, "%s", server->client->resultErrorMessage(server->failure));
    TK_SET(error, sqlstate, "%s",
           server->client->resultErrorField(server->failure, PG_DIAG_SQLSTATE));
    TK_SET(error, hint, "run the transaction again: the statement is prepared anew");
    tk_error_last(error)->flags |= TAKEO_ERROR_RETRYABLE;
    return status;
}

/* What the statement's answer came to, when it is no success. */
static takeo_status raise_failure(tk_server *server, const tk_prepared *prepared, tk_error *error) {
    if (server->failure != NULL) {
        return tk_pg_tell(server, error);
    }
    takeo_status status;
    if (prepared->was_skipped) {
        status = tk_raise(error, TK_SERVER_PIPELINE,
                          "The statement was not run, because one that was sent before it failed.");
    } else {
        status = prepared->is_refused
                     ? tk_raise(error, TK_CALL_UNSUPPORTED,
                                "COPY from or to the client does not run as a statement.")
                     : tk_raise(error, TK_SERVER_SYNTAX, "There is no statement in the SQL text.");
    }
    TK_SET(error, sql, "%s", prepared->text);
    return status;
}

/* All of the answer came. */
static takeo_status finish(tk_server *server, tk_prepared *prepared, tk_error *error) {
    bool is_good = server->failure == NULL && !prepared->was_skipped && !prepared->is_refused
                   && !prepared->is_empty;
    if (TK_LIKELY(is_good)) {
        if (TK_UNLIKELY(prepared->is_parsed_again)) {
            return send_again(server, prepared, error);
        }
        prepared->is_over = true;
        return TAKEO_DONE;
    }
    prepared->is_over = prepared->has_failed = true;
    if (server->failure == NULL || !has_vanished(server, prepared)) {
        return raise_failure(server, prepared, error);
    }
    const char *state = server->client->resultErrorField(server->failure, PG_DIAG_SQLSTATE);
    tk_pg_unparse(server, prepared, strcmp(state, changed) == 0);
    bool may_run_again = !prepared->was_parsed_again && prepared->is_alone
                         && server->flight_count == 0
                         && server->client->transactionStatus(server->link) == PQTRANS_IDLE;
    if (!may_run_again) {
        return raise_vanished(server, prepared, error);
    }
    prepared->is_over = prepared->has_failed = false;
    return parse_again(server, prepared, error);
}

/* The first rows: are they those that are known, and in which format do they come? */
static takeo_status check_shape(tk_server *server, tk_prepared *prepared,
                                const tk_pg_flight *flight, tk_error *error) {
    uint32_t count = (uint32_t)server->client->nfields(server->result);
    bool is_same = count == prepared->column_count;
    for (uint32_t i = 0; server->is_unnamed && is_same && i < count; i++) {
        Oid oid = server->client->ftype(server->result, (int)i);
        is_same = oid == prepared->columns[i].oid || oid == 0; /* 0: it came with Describe */
    }
    if (TK_UNLIKELY(!is_same)) {
        uint32_t was = prepared->column_count;
        tk_pg_unparse(server, prepared, prepared->is_parsed);
        return tk_pg_raise_schema(prepared, was, count, error);
    }
    if (prepared->reads_binary != flight->is_binary) {
        prepared->reads_binary = flight->is_binary;
        for (uint32_t i = 0; i < count; i++) {
            tk_pg_column_set_format(&prepared->columns[i], flight->is_binary);
        }
    }
    prepared->has_shape = true;
    return TAKEO_DONE;
}

static takeo_status take_rows(tk_server *server, tk_prepared *prepared, const tk_pg_flight *flight,
                              PGresult *result, bool is_last, tk_error *error) {
    server->result = result;
    server->row = 0;
    server->row_count = server->client->ntuples(result);
    if (is_last) {
        (void)tk_pg_affected(server, result, &prepared->affected);
    }
    return TK_LIKELY(prepared->has_shape) ? TAKEO_DONE
                                          : check_shape(server, prepared, flight, error);
}

static takeo_status take_description(tk_server *server, tk_prepared *prepared,
                                     const PGresult *result, tk_error *error) {
    TK_TRY(tk_pg_described(server, prepared, result, error));
    return prepared->argument_count == prepared->parameter_count
               ? TAKEO_DONE
               : refuse_count(prepared, prepared->argument_count, error);
}

/* One result of the flight in front. */
static takeo_status take(tk_server *server, tk_prepared *prepared, const tk_pg_flight *flight,
                         PGresult *result, tk_error *error) {
    takeo_status status = TAKEO_DONE;
    ExecStatusType kind = server->client->resultStatus(result);
    bool is_execution = flight->kind == TK_PG_EXECUTE;
    if (is_execution
        && (kind == PGRES_TUPLES_OK || kind == PGRES_SINGLE_TUPLE || kind == TK_PG_STATUS_CHUNK)) {
        return take_rows(server, prepared, flight, result, kind == PGRES_TUPLES_OK, error);
    }
    switch (kind) {
    case PGRES_COMMAND_OK:
        if (is_execution) {
            if (!tk_pg_affected(server, result, &prepared->affected)) {
                prepared->effect =
                    tk_pg_effect_of(server->client->cmdStatus(result), prepared->text);
            }
        } else if (flight->kind == TK_PG_DESCRIBE) {
            status = take_description(server, prepared, result, error);
        }
        break;
    case PGRES_EMPTY_QUERY:
        prepared->is_empty = is_execution;
        break;
    case PGRES_COPY_IN:
    case PGRES_COPY_OUT:
        prepared->is_refused = true;
        break;
    case PGRES_PIPELINE_ABORTED:
        prepared->was_skipped |= is_execution;
        break;
    case PGRES_FATAL_ERROR:
    case PGRES_BAD_RESPONSE:
        if (!prepared->is_refused) {
            tk_pg_keep_failure(server, result,
                               flight->kind == TK_PG_LATER ? server->later.data + flight->text
                                                           : prepared->text);
            return TAKEO_DONE;
        }
        break;
    default:
        break;
    }
    server->client->clear(result);
    return status;
}

/* Take one result of what is in front, for the oldest execution of `prepared`. */
static takeo_status step(tk_server *server, tk_prepared *prepared, tk_error *error) {
    const tk_pg_flight *front = tk_pg_front(server);
    if (TK_UNLIKELY(front == NULL)) {
        return tk_raise(error, TK_CALL_INTERNAL, "Rows were asked for that nobody has sent for.");
    }
    tk_pg_flight flight = *front;
    PGresult *result = NULL;
    takeo_status status = tk_pg_receive(server, &result, error);
    if (TK_UNLIKELY(status != TAKEO_DONE)) {
        if (status < 0) {
            prepared->is_over = prepared->has_failed = true;
        }
        return status;
    }
    bool is_wanted = !flight.is_given_up && flight.kind != TK_PG_CLOSE;
    if (result != NULL) {
        if (TK_LIKELY(is_wanted)) {
            return take(server, prepared, &flight, result, error);
        }
        server->client->clear(result);
        return TAKEO_DONE;
    }
    if (is_wanted && flight.kind == TK_PG_EXECUTE) {
        prepared->is_answered = true;
    }
    front = tk_pg_front(server);
    bool is_finished = front == NULL || (prepared->is_answered && front->kind != TK_PG_SYNC);
    return is_finished ? finish(server, prepared, error) : TAKEO_DONE;
}

/* ---- describe -------------------------------------------------------------------------------- */

/* Parse and Describe alone: the execution that start holds is sent once they are answered. */
static takeo_status describe_first(tk_server *server, tk_prepared *prepared, tk_error *error) {
    if (server->held != prepared || prepared->is_parsed_again) {
        return TAKEO_DONE;
    }
    server->held = NULL;
    prepared->is_parsed_again = true;
    TK_TRY(tk_pg_pipeline_enter(server, error));
    TK_TRY(tk_pg_send_later(server, error));
    TK_TRY(tk_pg_send_parse(server, prepared, error));
    return tk_pg_sync(server, error);
}

takeo_status tk_pg_describe(tk_server *server, tk_prepared *prepared, bool before_it_runs,
                            tk_error *error) {
    if (prepared->is_described || prepared->started == 0 || prepared->copying != TK_PG_COPY_NOT) {
        return TAKEO_DONE;
    }
    if (before_it_runs) {
        TK_TRY(describe_first(server, prepared, error));
    }
    if (!prepared->is_parsed_again) {
        TK_TRY_DONE(send_held(server, prepared, error));
    }
    while (!prepared->is_described && !prepared->is_over) {
        TK_TRY_DONE(step(server, prepared, error));
    }
    return TAKEO_DONE;
}

/* ---- fetch ----------------------------------------------------------------------------------- */

takeo_status tk_pg_fetch(tk_server *server, tk_prepared *prepared, takeo_cell *row,
                         tk_error *error) {
    if (TK_LIKELY(server->row < server->row_count)) {
        return tk_pg_read_row(server, prepared, row, error);
    }
    if (TK_UNLIKELY(prepared->copying != TK_PG_COPY_NOT)) {
        return tk_pg_copy_step(server, prepared, error);
    }
    if (server->result != NULL) { /* its rows are read */
        server->client->clear(server->result);
        server->result = NULL;
        server->row = server->row_count = 0;
    }
    if (TK_UNLIKELY(prepared->has_failed)) {
        return TAKEO_DONE;
    }
    if (server->held != NULL || server->must_sync) {
        TK_TRY_DONE(send_held(server, prepared, error));
    }
    while (!prepared->is_over) {
        TK_TRY_DONE(step(server, prepared, error));
        if (server->row < server->row_count) {
            return tk_pg_read_row(server, prepared, row, error);
        }
        if (server->result != NULL) { /* no rows, or an empty end of them */
            server->client->clear(server->result);
            server->result = NULL;
        }
    }
    return TAKEO_DONE;
}

/* ---- end ------------------------------------------------------------------------------------- */

/* Nobody wants what still comes of the oldest execution. */
static void give_up(tk_server *server, tk_prepared *prepared) {
    if (server->held == prepared) { /* nothing was sent */
        server->held = NULL;
        return;
    }
    tk_pg_copy_stop(server, prepared);
    uint32_t count = 0;
    for (uint32_t i = 0; i < server->flight_count && !prepared->is_answered; i++) {
        const tk_pg_flight *flight = tk_pg_flight_at(server, i);
        count = i + 1;
        if (flight->prepared == prepared && !flight->is_given_up
            && (flight->kind == TK_PG_EXECUTE || flight->kind == TK_PG_COPY)) {
            break;
        }
    }
    tk_pg_give_up(server, count);
    (void)tk_pg_drain(server, NULL); /* what is there already; settle waits for the rest */
}

void tk_pg_end(tk_server *server, tk_prepared *prepared, tk_execution *out) {
    *out = (tk_execution){0};
    if (TK_UNLIKELY(prepared->started == 0)) {
        return;
    }
    if (server->result != NULL || server->failure != NULL) {
        tk_pg_forget_answers(server);
    }
    if (TK_LIKELY(prepared->is_over)) {
        out->affected = prepared->has_failed ? 0 : prepared->affected;
        out->effect = prepared->effect;
    } else {
        give_up(server, prepared);
    }
    prepared->started--;
    begin_execution(prepared); /* of the next one in the pipeline */
}
