/* run.c - the state RUN: one job after the other, each of one statement and any number of
 * executions.
 *
 *     PREPARE -> BIND -> START -> [DESCRIBE] -> FETCH ... FETCH -> BIND ... -> (no more) done
 *                  ^____|_________________________________|
 *
 * phase     trusted facts
 * PREPARE   nothing of the job has been sent
 * BIND      run.prepared is set; `under_way` executions were started and are to be fetched
 * START     run.arguments are set; start was called or is about to be: `end` is owed
 * DESCRIBE  start is done; the columns are about to be known
 * FETCH     run.row and run.column_count are set; the oldest of `under_way` is fetched
 *
 * `end` is owed to every execution under way.  There is one at a time, but for a job that pipelines
 * on a driver that does, inside a transaction: then a window of executions is sent before the first
 * is fetched.  A driver that has to wait leaves the phase as it is, and the same call is made again.
 *
 * The interpreter's lock: a job that touches host objects keeps it, because a short read is over
 * before the lock would have been given up and taken; when it writes with a driver that blocks,
 * outside of a transaction, the disk is waited for, so it is given up around the driver's calls.
 * Other jobs give it up for all their executions.
 */
#include "conn/conn_int.h"

enum {
    BEATS = 256, /* rows and executions between two looks at the clock */
    WINDOW = 256 /* executions that are sent before the first is fetched */
};

typedef enum lock_rule { LOCK_KEPT, LOCK_LEFT_IN_CALLS, LOCK_LEFT } lock_rule;

static lock_rule lock_rule_of(const tk_op *op, const tk_job *job) {
    if (op->interpreter == NULL) {
        return LOCK_KEPT;
    }
    if (!job->needs_host) {
        return LOCK_LEFT;
    }
    bool commits = job->sql->is_write && !op->run.is_begun && op->session->level == 0
                   && op->conn->driver->blocks;
    return commits ? LOCK_LEFT_IN_CALLS : LOCK_KEPT;
}

void tk_op_explain(tk_op *op, const char *sql) {
    op->run.is_refused = true;
    takeo_error *record = op->error.first != NULL ? tk_error_last(&op->error) : NULL;
    if (record == NULL || op->run.stop != TK_STOP_NONE) {
        return;
    }
    if (sql != NULL && record->sql.data == NULL) {
        TK_SET(&op->error, sql, "%s", sql);
    }
    if (op->explain != NULL) {
        op->explain(op, record);
    }
}

/* ---- one execution --------------------------------------------------------------------------- */

void tk_run_end(tk_op *op) {
    bool is_starting = op->run.phase == TK_PHASE_START;
    bool has_written = op->run.phase == TK_PHASE_FETCH && !op->run.is_refused;
    uint32_t owed = op->run.under_way + (is_starting ? 1 : 0);
    while (owed-- > 0) {
        tk_execution execution = {0};
        op->conn->driver->end(op->conn->server, op->run.prepared, &execution);
        op->run.writes += has_written && op->current->sql->is_write;
        has_written = false; /* of those behind the first nothing is known */
    }
    op->run.under_way = 0;
    if (op->run.phase != TK_PHASE_PREPARE) {
        op->run.phase = TK_PHASE_BIND;
    }
}

/* The bytes of one row, for the budget. */
static takeo_status count_bytes(tk_op *op) {
    uint64_t bytes = op->run.column_count * sizeof(takeo_cell);
    for (uint32_t i = 0; i < op->run.column_count; i++) {
        const takeo_cell *cell = &op->run.row[i];
        const tk_type_info *info = tk_type_info_of(cell->type);
        if (info != NULL && info->form == TK_FORM_TEXT && !tk_cell_is_null(cell)) {
            bytes += cell->v.text.len;
        }
    }
    op->run.bytes += bytes;
    if (op->run.bytes <= op->run.byte_budget) {
        return TAKEO_DONE;
    }
    takeo_status status =
        tk_raise(&op->error, TK_RESULT_TOO_LARGE, "The result is larger than %llu bytes.",
                 (unsigned long long)op->run.byte_budget);
    TK_SET(&op->error, hint, "read less with limit, or raise the data source's budget of bytes");
    return status;
}

/* A row or an execution has passed: now and then look whether to go on. */
static inline bool beat(tk_op *op) {
    return TK_LIKELY(++op->run.beats % BEATS != 0) || tk_op_tick(op);
}

static takeo_status fetch_all(tk_op *op, tk_job *job, lock_rule rule) {
    const tk_conn *conn = op->conn;
    for (;;) {
        if (rule == LOCK_LEFT_IN_CALLS) {
            (void)tk_op_leave(op);
        }
        takeo_status status =
            conn->driver->fetch(conn->server, op->run.prepared, op->run.row, &op->error);
        if (rule == LOCK_LEFT_IN_CALLS) {
            tk_op_enter(op);
        }
        if (status < 0) {
            tk_op_explain(op, job->sql->text);
            return status;
        }
        if (TK_UNLIKELY(op->run.stop != TK_STOP_NONE) || !beat(op)) {
            return TAKEO_ECANCELED;
        }
        if (status != TAKEO_ROWS) {
            return status;
        }
        if (TK_UNLIKELY(op->run.byte_budget != 0)) {
            TK_TRY(count_bytes(op));
        }
        if (job->methods->row != NULL) {
            TK_TRY(job->methods->row(job, op, op->run.row));
        }
    }
}

static inline void note_write(tk_op *op, bool is_write) {
    if (is_write && op->session->level > 0) { /* the shared session is not to be touched */
        op->session->has_written = true;
    }
}

static takeo_status start(tk_op *op, const tk_job *job) {
    const tk_conn *conn = op->conn;
    if (!conn->driver->blocks && op->run.sent_ns == 0) {
        op->run.pace = op->run.statement_pace;
        op->run.sent_ns = tk_clock_now_ns();
    }
    takeo_status status = conn->driver->start(conn->server, op->run.prepared, op->run.arguments,
                                              job->sql->parameter_count, &op->error);
    if (status < 0) {
        tk_op_explain(op, job->sql->text);
        return status;
    }
    if (status == TAKEO_DONE) {
        op->run.under_way++;
        op->result.statement_count++;
        note_write(op, job->sql->is_write);
    }
    return status;
}

/* The connection is the pool's: what was done to it would be seen by chance. */
static takeo_status refuse_lost_change(tk_op *op) {
    takeo_status status =
        tk_raise(&op->error, TK_TXN_NEEDED,
                 "The statement changes only its connection, so nothing after it would see that.");
    TK_SET(&op->error, why,
           "outside of a transaction each statement takes a connection from the pool; this one is "
           "put right before its next use");
    TK_SET(&op->error, hint,
           "run it in a transaction; what every connection shall have goes into the URL, such as "
           "?options=-csearch_path%%3Dname");
    return status;
}

/* Words that only a session says. */
static takeo_status refuse_words(tk_op *op, tk_effect effect, bool is_inside) {
    const char *what = effect == TK_EFFECT_BEGIN ? "A transaction cannot begin inside another one."
                       : is_inside ? "The statement has ended the transaction that it ran in."
                                   : "There is no transaction that the statement could end.";
    takeo_status status = tk_raise(&op->error, TK_TXN_STATE, "%s", what);
    TK_SET(&op->error, hint,
           "use transactions of the data source instead of BEGIN, COMMIT and ROLLBACK in SQL");
    return status;
}

/* Of SQL by hand only. */
static TK_APART takeo_status look_at_effect(tk_op *op, tk_effect effect) {
    tk_conn *conn = op->conn;
    bool is_inside = op->session->level > 0;
    bool is_open = conn->driver->is_in_transaction(conn->server);
    bool is_change = effect == TK_EFFECT_SESSION || effect == TK_EFFECT_LOCAL;
    conn->is_changed |= effect == TK_EFFECT_SESSION || effect == TK_EFFECT_UNDONE;
    if (effect == TK_EFFECT_UNDONE) {
        return TAKEO_DONE;
    }
    if (is_change ? is_inside : effect == TK_EFFECT_BEGIN ? !is_inside : is_open) {
        return TAKEO_DONE; /* a begin outside is seen as the run ends, as whatever leaves one open */
    }
    takeo_status status = is_change ? refuse_lost_change(op) : refuse_words(op, effect, is_inside);
    tk_error_last(&op->error)->outcome = effect == TK_EFFECT_COMMIT && is_inside
                                             ? TAKEO_OUTCOME_COMMITTED
                                             : TAKEO_OUTCOME_ROLLED_BACK;
    return status;
}

static takeo_status finish_execution(tk_op *op, tk_job *job) {
    tk_execution execution = {0};
    op->run.phase = TK_PHASE_BIND;
    op->run.under_way--;
    op->run.sent_ns = 0;
    op->run.pace = NULL; /* an answer that was not waited for says nothing of the next one */
    op->conn->driver->end(op->conn->server, op->run.prepared, &execution);
    op->run.writes += job->sql->is_write;
    if (TK_UNLIKELY(execution.effect != TK_EFFECT_NONE)) {
        TK_TRY(look_at_effect(op, execution.effect));
    }
    return job->methods->ran != NULL ? job->methods->ran(job, op, &execution) : TAKEO_DONE;
}

/* TAKEO_ROWS: there are arguments. */
static takeo_status bind(tk_op *op, tk_job *job) {
    op->run.arguments = NULL;
    if (tk_op_must_stop(op)) {
        return TAKEO_ECANCELED;
    }
    if (job->methods->bind != NULL) {
        return job->methods->bind(job, op, &op->run.arguments);
    }
    bool is_first = !op->run.has_run;
    op->run.has_run = true;
    return is_first ? TAKEO_ROWS : TAKEO_DONE;
}

/* The columns of the result are known: make room for a row. */
static takeo_status take_columns(tk_op *op, tk_job *job) {
    const tk_conn *conn = op->conn;
    op->run.column_count = job->sql->column_count;
    if (job->sql->columns == NULL) {
        const takeo_column_info *columns = NULL;
        op->run.column_count = conn->driver->columns(conn->server, op->run.prepared, &columns);
        if (job->methods->described != NULL) {
            TK_TRY(job->methods->described(job, op, columns, op->run.column_count));
        }
    }
    op->run.row = tk_arena_take(&op->arena, op->run.column_count * sizeof(takeo_cell));
    return op->run.row != NULL ? TAKEO_DONE : tk_raise_memory(&op->error);
}

/* The columns are only known to the server. */
static takeo_status describe(tk_op *op, tk_job *job) {
    const tk_conn *conn = op->conn;
    if (op->run.row == NULL) {
        takeo_status status = conn->driver->describe(conn->server, op->run.prepared,
                                                     job->describes_first, &op->error);
        if (status < 0) {
            tk_op_explain(op, job->sql->text);
        }
        TK_TRY_DONE(status);
        tk_op_enter(op);
        TK_TRY(take_columns(op, job));
    }
    return TAKEO_DONE;
}

/* How many executions may be under way before the first is fetched. */
static uint32_t window_of(const tk_op *op, const tk_job *job) {
    bool is_inside = op->run.is_begun || op->session->level > 0;
    return job->pipelines && op->conn->driver->pipelines && is_inside ? WINDOW : 1;
}

/* Start what may be started.  TAKEO_DONE: there is something to fetch, or nothing at all. */
static takeo_status start_window(tk_op *op, tk_job *job) {
    uint32_t window = window_of(op, job);
    for (;;) {
        if (op->run.phase == TK_PHASE_BIND) {
            if (op->run.is_bound_out || op->run.under_way >= window) {
                return TAKEO_DONE;
            }
            takeo_status status = bind(op, job);
            if (status == TAKEO_DONE) {
                op->run.is_bound_out = true;
                return TAKEO_DONE;
            }
            TK_TRY(status);
            op->run.phase = TK_PHASE_START;
        }
        TK_TRY_DONE(start(op, job));
        op->run.phase = TK_PHASE_BIND;
    }
}

/* After the window was sent, all of it is fetched before more is sent. */
static takeo_status execute_all(tk_op *op, tk_job *job, lock_rule rule) {
    for (;;) {
        if (op->run.phase <= TK_PHASE_START && !op->run.is_draining) {
            TK_TRY_DONE(start_window(op, job));
            if (op->run.under_way == 0) {
                return TAKEO_DONE;
            }
            op->run.is_draining = op->run.under_way > 1;
        }
        if (op->run.phase == TK_PHASE_BIND) {
            op->run.phase = TK_PHASE_DESCRIBE;
            if (job->methods->turn != NULL) {
                job->methods->turn(job, op);
            }
        }
        if (op->run.phase == TK_PHASE_DESCRIBE) {
            TK_TRY_DONE(describe(op, job));
            op->run.phase = TK_PHASE_FETCH;
        }
        TK_TRY_DONE(fetch_all(op, job, rule));
        TK_TRY(finish_execution(op, job));
        op->run.is_draining = op->run.is_draining && op->run.under_way > 0;
    }
}

/* ---- one job --------------------------------------------------------------------------------- */

/* Not in the cache: prepare it, and let the oldest go when there are too many. */
static takeo_status prepare_new(tk_op *op, const tk_sql *sql) {
    tk_conn *conn = op->conn;
    tk_prepared *prepared = NULL;
    takeo_status status = conn->driver->prepare(conn->server, sql, &prepared, &op->error);
    if (status < 0) {
        tk_op_explain(op, sql->text);
    }
    if (status != TAKEO_DONE) {
        return status;
    }
    tk_prepared *gone =
        tk_stmtcache_put(conn->statements, sql->id, prepared, &op->run.statement_pace);
    if (gone != NULL) {
        conn->driver->forget(conn->server, gone);
    }
    op->run.prepared = prepared;
    return TAKEO_DONE;
}

static takeo_status prepare(tk_op *op, tk_job *job) {
    const tk_conn *conn = op->conn;
    const tk_sql *sql = job->sql;
    op->run.sent_ns = 0;
    op->run.prepared = tk_stmtcache_find(conn->statements, sql->id, &op->run.statement_pace);
    if (TK_UNLIKELY(op->run.prepared == NULL)) {
        TK_TRY_DONE(prepare_new(op, sql));
    }
    op->run.row = NULL;
    op->run.has_run = false;
    op->run.is_bound_out = false;
    op->run.under_way = 0;
    if (sql->columns != NULL || conn->driver->describe == NULL) {
        TK_TRY(take_columns(op, job));
    }
    if (conn->driver->set_gradual != NULL) {
        conn->driver->set_gradual(conn->server, op->run.byte_budget != 0);
    }
    op->run.phase = TK_PHASE_BIND;
    return TAKEO_DONE;
}

static takeo_status run_statement(tk_op *op, tk_job *job) {
    if (op->run.phase == TK_PHASE_PREPARE) {
        takeo_status status = prepare(op, job);
        if (status != TAKEO_DONE) {
            return status;
        }
    }
    lock_rule rule = lock_rule_of(op, job);
    if (rule == LOCK_LEFT) {
        (void)tk_op_leave(op);
    } else {
        tk_op_enter(op);
    }
    takeo_status status = execute_all(op, job, rule);
    if (status != TAKEO_WAIT) { /* a wait would only give it up again */
        tk_op_enter(op);
    }
    return status;
}

/* A text of the core's own; without one there is only `done`. */
static takeo_status run_text(tk_op *op, const tk_job *job) {
    if (tk_op_must_stop(op)) {
        return TAKEO_ECANCELED;
    }
    if (job->text == NULL) {
        return TAKEO_DONE;
    }
    const tk_conn *conn = op->conn;
    (void)tk_op_leave(op);
    takeo_status status = conn->driver->run(conn->server, job->text, &op->error);
    tk_op_enter(op);
    if (status < 0) {
        tk_op_explain(op, job->text);
        return status;
    }
    if (status == TAKEO_DONE) {
        op->result.statement_count++;
        op->run.writes++;
        note_write(op, true);
    }
    return status;
}

/* A text may have begun a transaction that nobody here knows of: the connection would keep it. */
static takeo_status refuse_open_transaction(tk_op *op) {
    takeo_status status =
        tk_raise(&op->error, TK_TXN_STATE,
                 "The statement left a transaction open, which was rolled back: begin one with the "
                 "session.");
    TK_SET(&op->error, hint, "use a transaction of the data source instead of BEGIN in SQL");
    tk_error_last(&op->error)->outcome = TAKEO_OUTCOME_ROLLED_BACK;
    return status;
}

takeo_status tk_run_step(tk_op *op) {
    for (tk_job *job = op->current; job != NULL; job = op->current) {
        if (op->run.phase == TK_PHASE_PREPARE) {
            tk_op_enter(op); /* it was given up while something was waited for */
        }
        takeo_status status = job->sql != NULL ? run_statement(op, job) : run_text(op, job);
        if (status != TAKEO_DONE) {
            return status;
        }
        op->run.phase = TK_PHASE_PREPARE;
        if (job->methods != NULL && job->methods->done != NULL) {
            TK_TRY_DONE(job->methods->done(job, op));
        }
        op->current = job->next;
    }
    const tk_conn *conn = op->conn;
    if (op->run.is_begun) {
        op->state = TK_OP_COMMIT;
        return TAKEO_DONE;
    }
    if (op->session->level == 0 && TK_UNLIKELY(conn->driver->is_in_transaction(conn->server))) {
        return refuse_open_transaction(op);
    }
    op->state = TK_OP_RELEASE;
    return TAKEO_DONE;
}
