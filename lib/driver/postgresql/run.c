/* run.c - texts of the core's own, without arguments and rows: BEGIN, COMMIT, SAVEPOINT, DDL.
 *
 * They go by the protocol's simple query, which is one message and may hold several commands (those
 * of one text are then one transaction, as the server has it, unless they say otherwise).  Texts
 * that begin something wait until something follows: another text goes behind them in the same
 * message, a statement in the same pipeline.  A transaction that begins and ends with nothing in
 * between is never sent at all.
 *
 * Where PostgreSQL only warns, such as COMMIT without a transaction, there is a failure here; and a
 * COMMIT that rolls back is one.
 */
#include <strings.h>

#include "driver/postgresql/postgresql_int.h"

/* ---- what a text says ------------------------------------------------------------------------ */

static bool is_word(const char *sql, const char *word) {
    size_t len = strlen(word);
    return strncasecmp(sql, word, len) == 0 && !tk_name_is_valid(sql + len, 1);
}

static bool is_begin(const char *sql) {
    return is_word(sql, "begin") || is_word(sql, "start");
}

/* The whole transaction, not to a savepoint and not a prepared one. */
static bool is_end(const char *sql) {
    return strcasecmp(sql, "commit") == 0 || strcasecmp(sql, "rollback") == 0;
}

/* ---- texts that wait ------------------------------------------------------------------------- */

static bool has_later(const tk_server *server) {
    return server->later_sent < server->later.len;
}

takeo_status tk_pg_run_later(tk_server *server, const char *sql, tk_error *error) {
    if (server->stage == TK_PG_LOST) {
        return tk_pg_raise_lost(server, error);
    }
    if (server->later.alloc.resize == NULL) {
        tk_buf_init(&server->later, server->alloc, UINT32_MAX);
    }
    if (!has_later(server) && server->flight_count == 0) { /* nobody refers to those of before */
        tk_buf_clear(&server->later);
        server->later_sent = 0;
    }
    size_t len = server->later.len;
    tk_buf_put(&server->later, sql, strlen(sql) + 1);
    if (server->later.failed) {
        server->later.failed = false;
        server->later.len = len;
        return tk_raise_memory(error);
    }
    return TAKEO_DONE;
}

takeo_status tk_pg_send_later(tk_server *server, tk_error *error) {
    while (has_later(server)) {
        const char *text = server->later.data + server->later_sent;
        tk_pg_flight *flight = tk_pg_flight_add(server, TK_PG_LATER, NULL);
        if (flight == NULL) {
            return tk_raise_memory(error);
        }
        flight->text = (uint32_t)server->later_sent;
        if (!server->client->sendQueryParams(server->link, text, 0, NULL, NULL, NULL, NULL, 0)) {
            tk_pg_flight_take_back(server);
            return tk_pg_raise_send(server, error);
        }
        server->must_sync = true;
        server->later_sent += strlen(text) + 1;
    }
    return TAKEO_DONE;
}

/* ---- sending --------------------------------------------------------------------------------- */

/* The texts that wait and this one, in one. */
static const char *join(tk_server *server, const char *sql) {
    tk_buf *out = &server->values.bytes;
    server->run_before = 0;
    server->run_before_len = 0;
    if (!has_later(server)) {
        return sql;
    }
    if (out->alloc.resize == NULL) {
        tk_buf_init(out, server->alloc, INT32_MAX);
    }
    tk_buf_clear(out);
    for (size_t at = server->later_sent; at < server->later.len;) {
        const char *text = server->later.data + at;
        tk_buf_printf(out, "%s;", text);
        at += strlen(text) + 1;
        server->run_before++;
    }
    if (!out->failed) {
        server->run_before_len = (uint32_t)tk_utf8_count(out->data, out->len);
    }
    tk_buf_puts(out, sql);
    return out->failed ? NULL : out->data;
}

takeo_status tk_pg_send_text(tk_server *server, const char *sql, tk_pg_kind kind,
                             tk_prepared *prepared, tk_error *error) {
    const char *text = join(server, sql);
    if (text == NULL || tk_pg_flight_add(server, kind, prepared) == NULL) {
        return tk_raise_memory(error);
    }
    if (!server->client->sendQuery(server->link, text)) {
        tk_pg_flight_take_back(server);
        return tk_pg_raise_send(server, error);
    }
    server->later_sent = server->later.len;
    server->run_results = 0;
    server->has_run_away = false;
    tk_pg_flush(server);
    return TAKEO_DONE;
}

/* ---- receiving ------------------------------------------------------------------------------- */

/* Which of the texts in one message a result belongs to. */
static const char *text_of(const tk_server *server, uint32_t number, const char *sql) {
    if (number >= server->run_before) {
        return sql;
    }
    size_t at = server->later.len; /* back over as many texts as were sent */
    for (uint32_t i = server->run_before; i > number; i--) {
        at--;
        while (at > 0 && server->later.data[at - 1] != '\0') {
            at--;
        }
    }
    return server->later.data + at;
}

void tk_pg_take_text(tk_server *server, PGresult *result, const char *sql) {
    uint32_t number = server->run_results++;
    switch (server->client->resultStatus(result)) {
    case PGRES_COMMAND_OK:
        if (number == server->run_before && is_word(sql, "commit")
            && strcmp(server->client->cmdStatus(result), "ROLLBACK") == 0) {
            server->has_run_away = true;
        }
        break;
    case PGRES_FATAL_ERROR:
    case PGRES_BAD_RESPONSE:
        tk_pg_keep_failure(server, result, text_of(server, number, sql));
        return;
    default:
        break;
    }
    server->client->clear(result);
}

takeo_status tk_pg_tell_text(tk_server *server, const char *sql, tk_error *error) {
    if (server->failure == NULL) {
        return TAKEO_DONE;
    }
    takeo_status status = tk_pg_tell(server, error);
    takeo_error *record = error != NULL ? tk_error_last(error) : NULL;
    bool is_behind = server->failed_text == sql && server->run_before > 0;
    if (record != NULL && is_behind && record->position > server->run_before_len) {
        record->position -= server->run_before_len;
    }
    tk_pg_forget_answers(server);
    return status;
}

/* ---- running --------------------------------------------------------------------------------- */

static takeo_status refuse(const char *sql, const char *why, tk_error *error) {
    takeo_status status = tk_raise(error, TK_TXN_STATE, "%s", why);
    TK_SET(error, sql, "%s", sql);
    return status;
}

/* What PostgreSQL would only warn of. */
static takeo_status check_state(const tk_server *server, const char *sql, tk_error *error) {
    bool is_inside =
        server->client->transactionStatus(server->link) != PQTRANS_IDLE || has_later(server);
    if (is_end(sql) && !is_inside) {
        return refuse(sql, "There is no transaction that could end.", error);
    }
    if (is_begin(sql) && is_inside) {
        return refuse(sql, "A transaction cannot begin inside another one.", error);
    }
    return TAKEO_DONE;
}

/* TAKEO_ROWS: there is nothing to send. */
static takeo_status begin_run(tk_server *server, const char *sql, tk_error *error) {
    TK_TRY_DONE(tk_pg_rest(server, error));
    TK_TRY(check_state(server, sql, error));
    if (is_end(sql) && has_later(server)
        && server->client->transactionStatus(server->link) == PQTRANS_IDLE) {
        server->later_sent = server->later.len;
        return TAKEO_ROWS;
    }
    return tk_pg_send_text(server, sql, TK_PG_TEXT, NULL, error);
}

static takeo_status finish_run(tk_server *server, const char *sql, tk_error *error) {
    TK_TRY(tk_pg_tell_text(server, sql, error));
    if (server->has_run_away) {
        takeo_status status =
            refuse(sql, "A statement had failed, so the transaction was rolled back.", error);
        if (error != NULL) {
            tk_error_last(error)->outcome = TAKEO_OUTCOME_ROLLED_BACK;
        }
        return status;
    }
    return TAKEO_DONE;
}

takeo_status tk_pg_run(tk_server *server, const char *sql, tk_error *error) {
    if (TK_UNLIKELY(server->stage == TK_PG_LOST)) {
        return tk_pg_raise_lost(server, error);
    }
    const tk_pg_flight *front = tk_pg_front(server);
    if (front == NULL || front->kind != TK_PG_TEXT || front->is_given_up) {
        takeo_status status = begin_run(server, sql, error);
        if (status != TAKEO_DONE) {
            return status == TAKEO_ROWS ? TAKEO_DONE : status;
        }
    }
    for (;;) {
        PGresult *result = NULL;
        TK_TRY_DONE(tk_pg_receive(server, &result, error));
        if (result == NULL) {
            return finish_run(server, sql, error);
        }
        tk_pg_take_text(server, result, sql);
    }
}

/* ---- transactions ---------------------------------------------------------------------------- */

bool tk_pg_is_in_transaction(tk_server *server) {
    if (server->stage == TK_PG_LOST || server->link == NULL) {
        return false;
    }
    if (has_later(server)) { /* each of them is, or begins, or is inside one */
        return true;
    }
    switch (server->client->transactionStatus(server->link)) {
    case PQTRANS_INTRANS:
    case PQTRANS_INERROR:
    case PQTRANS_ACTIVE: /* not known before it is over: rolling back is harmless */
        return true;
    default:
        return false;
    }
}

bool tk_pg_is_aborted(tk_server *server) {
    return server->link != NULL
           && server->client->transactionStatus(server->link) == PQTRANS_INERROR;
}
