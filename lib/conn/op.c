/* op.c - life of an operation.
 *
 *     IDLE --start, ready--> ACQUIRE --> [BEGIN] --> RUN --> [COMMIT] --> RELEASE --> ROWS --> DONE
 *                               |           |         |         |          |  |  \____________/
 *                               |           |         |         |          |  +--> FAILED
 *                               +-----------+---> SETTLE -> [ROLLBACK] ----+
 *
 * A drain (drain.c) goes from its own state DRAIN to RELEASE and has no connection.
 *
 * A verb of the session (txn.c) goes from ACQUIRE straight to BEGIN, COMMIT or ROLLBACK and then to
 * RELEASE.
 *
 * state     trusted facts
 * IDLE      nothing of a run is kept; a verb may be setting one up
 * ACQUIRE   jobs, deadline and finish are set; `conn` may be there already, and may be opening
 * DRAIN     nothing new begins on the source; `conn` is NULL
 * BEGIN     `conn` is open and this operation's alone, from here to RELEASE
 * RUN       what was wanted of BEGIN is done (run.is_begun); `current` is the job that runs
 * COMMIT    all jobs are done
 * SETTLE    the failure is kept and no execution is under way for us; the server may not know yet
 * ROLLBACK  the failure is kept, or the verb is a rollback; nothing is under way on the connection
 * RELEASE   no execution and no transaction of this run is open; `conn` NULL if none was taken
 * ROWS      `rows` is set, `conn` is NULL, finish was called
 * DONE      the same without rows
 * FAILED    status is below zero and the failure stands in `error`; finish was called
 *
 * With a driver that blocks, a step goes from ACQUIRE to the end in one call, unless no connection
 * is free.  TAKEO_WAIT from a driver leaves state and phase as they are.
 */
#include "conn/conn_int.h"

/* ---- new, free ------------------------------------------------------------------------------- */

takeo_status tk_op_new(tk_session *session, tk_op **out, tk_error *error) {
    tk_source *source = session->source;
    TK_TRY(tk_source_check(source, session, error));
    tk_op *op = tk_mem_new(&source->alloc, sizeof *op);
    if (op == NULL) {
        return tk_raise_memory(error);
    }
    op->alloc = source->alloc;
    op->source = tk_source_hold(source);
    op->session = session;
    op->process_id = source->process_id;
    op->deadline_ns = -1;
    op->result.struct_size = sizeof op->result;
    tk_arena_init(&op->arena, op->alloc);
    tk_error_init(&op->error, op->alloc);
    tk_link_init(&op->link);
    if (!session->is_shared) { /* the shared one does not know its operations: they are of any
                                  thread */
        tk_link_append(&session->operations, &op->link);
    }
    *out = op;
    return TAKEO_DONE;
}

void tk_op_keep(tk_op *op, void *block, size_t size) {
    tk_mem_free(&op->alloc, op->kept, op->kept_size);
    op->kept = block;
    op->kept_size = size;
}

static void call_finish(tk_op *op, takeo_status status) {
    void (*finish)(tk_op *, takeo_status) = op->finish;
    op->finish = NULL;
    if (finish != NULL) {
        tk_op_enter(op);
        finish(op, status);
    }
}

void tk_op_free(tk_op *op) {
    if (op == NULL) {
        return;
    }
    if (tk_op_is_running(op) && tk_process_id() == op->process_id) {
        tk_op_abort(op);
    }
    call_finish(op, TAKEO_EFORKED); /* still there only in a forked child */
    tk_link_remove(&op->link);
    tk_op_keep(op, NULL, 0);
    if (op->turn != NULL) {
        tk_cond_free(&op->alloc, op->turn);
    }
    tk_error_done(&op->error);
    tk_arena_done(&op->arena);
    tk_source_drop(op->source);
    tk_alloc alloc = op->alloc;
    tk_mem_free(&alloc, op, sizeof *op);
}

/* ---- start ----------------------------------------------------------------------------------- */

static void clear_run(tk_op *op) {
    if (op->error.first != NULL) {
        tk_error_clear(&op->error);
    }
    tk_arena_clear(&op->arena);
    if (op->kept != NULL) {
        tk_op_keep(op, NULL, 0);
    }
    __atomic_store_n(&op->cancel, TK_CANCEL_NONE, __ATOMIC_RELAXED);
    op->state = TK_OP_IDLE;
    op->status = TAKEO_DONE;
    op->deadline_ns = -1;
    op->in_transaction = false;
    op->is_write = false;
    op->isolation = TAKEO_ISOLATION_DEFAULT;
    op->first = op->last = op->current = NULL;
    op->interpreter = NULL;
    op->finish = NULL;
    op->explain = NULL;
    op->again = NULL;
    op->verb = NULL;
    op->rows = NULL;
    op->result = (takeo_result){.struct_size = sizeof op->result};
    op->run = (tk_run){0};
}

static inline takeo_status start(tk_op *op, const tk_interpreter *interpreter, bool is_drain) {
    if (TK_UNLIKELY(tk_op_is_running(op))) {
        return TAKEO_ESTATE;
    }
    clear_run(op);
    TK_TRY(is_drain ? tk_source_check(op->source, op->session, &op->error)
                    : tk_source_admit(op->source, op->session, &op->error));
    if (TK_UNLIKELY(op->session == NULL)) {
        return tk_raise(&op->error, TK_CALL_CLOSED, "The session of the operation was freed.");
    }
    op->interpreter = interpreter != NULL ? interpreter : op->home;
    return TAKEO_DONE;
}

takeo_status tk_op_start(tk_op *op, const tk_interpreter *interpreter) {
    return start(op, interpreter, false);
}

takeo_status tk_op_start_drain(tk_op *op, const tk_interpreter *interpreter) {
    return start(op, interpreter, true);
}

/* The record of a failure that has none: no memory was left for it, or the host keeps its own. */
static takeo_status raise_reason(tk_op *op, takeo_status status, const char *what) {
    if (status == TAKEO_ENOMEM) {
        return tk_raise_memory(&op->error);
    }
    return status == TAKEO_EHOST
               ? tk_raise(&op->error, TK_CALL_HOST, "The host failed in this %s.", what)
               : tk_raise(&op->error, TK_CALL_INTERNAL, "A %s failed without a reason.", what);
}

takeo_status tk_op_refuse(tk_op *op, takeo_status status) {
    if (tk_op_is_running(op)) {
        return status;
    }
    if (op->error.first == NULL) {
        status = raise_reason(op, status, "start");
    }
    call_finish(op, status);
    op->status = status;
    op->state = TK_OP_FAILED;
    return status;
}

void tk_op_append(tk_op *op, tk_job *job) {
    job->next = NULL;
    if (op->last == NULL) {
        op->first = op->current = job;
    } else {
        op->last->next = job;
    }
    op->last = job;
    if (op->current == NULL) { /* every job so far has ended */
        op->current = job;
    }
}

void tk_op_forget_jobs(tk_op *op) {
    op->first = op->last = op->current = NULL;
}

void tk_op_append_next(tk_op *op, tk_job *job) {
    if (op->current == NULL || op->current == op->last) {
        tk_op_append(op, job);
        return;
    }
    job->next = op->current->next;
    op->current->next = job;
}

void tk_op_ready(tk_op *op) {
    const takeo_source_options *defaults = &op->source->options;
    int64_t timeout_ns =
        op->options.timeout_ns != 0 ? op->options.timeout_ns : defaults->statement_ns;
    if (timeout_ns > 0) {
        op->run.timeout_ns = timeout_ns;
        int64_t now = tk_clock_now_ns();
        op->deadline_ns = timeout_ns < INT64_MAX - now ? now + timeout_ns : -1;
    }
    op->run.byte_budget =
        op->options.byte_budget != 0 ? op->options.byte_budget : defaults->byte_budget;
    op->state = TK_OP_ACQUIRE;
}

/* ---- the end of a run ------------------------------------------------------------------------ */

/* What became of the work that failed. */
static takeo_outcome outcome_of(const tk_op *op, const takeo_error *failure) {
    bool is_lost = (failure->flags & TAKEO_ERROR_CONNECTION_GONE) != 0;
    bool is_commit = op->run.failed_in == TK_OP_COMMIT;
    if (is_commit && (is_lost || (op->run.has_sent_commit && op->run.stop != TK_STOP_NONE))) {
        return TAKEO_OUTCOME_UNKNOWN;
    }
    if (op->run.txn == TK_TXN_COMMIT) { /* open for another try, or gone */
        return op->session->level > 0 && !op->session->has_failed ? TAKEO_OUTCOME_NONE
                                                                  : TAKEO_OUTCOME_ROLLED_BACK;
    }
    if (is_lost && op->session->level > 0) { /* a read tells it as well: all before it is gone */
        return TAKEO_OUTCOME_ROLLED_BACK;
    }
    if (op->result.statement_count == 0) {
        return TAKEO_OUTCOME_NOT_SENT;
    }
    bool is_given_up = op->run.stop != TK_STOP_NONE && !op->source->driver->blocks;
    if ((is_lost || is_given_up) && op->is_write && !op->in_transaction
        && op->session->level == 0) {
        return TAKEO_OUTCOME_UNKNOWN;
    }
    if (op->in_transaction || (op->is_write && op->run.writes == 0)) {
        return TAKEO_OUTCOME_ROLLED_BACK;
    }
    if (op->run.writes == 0 || op->session->level > 0) {
        return TAKEO_OUTCOME_NONE;
    }
    return op->run.is_refused ? TAKEO_OUTCOME_UNKNOWN : TAKEO_OUTCOME_COMMITTED;
}

/* finish may have failed although all was done: that is the operation's failure then. */
static void settle(tk_op *op) {
    if (op->status < 0 && op->error.first == NULL) {
        op->status = raise_reason(op, op->status, "run");
    }
    if (op->status < 0 && op->error.first->outcome == TAKEO_OUTCOME_NONE) {
        op->error.first->outcome = outcome_of(op, op->error.first);
    }
    call_finish(op, op->status);
    if (op->status >= 0 && op->error.first != NULL) {
        op->status = op->error.first->status;
        op->error.first->outcome = op->run.writes > 0 && op->session->level == 0
                                       ? TAKEO_OUTCOME_COMMITTED
                                       : TAKEO_OUTCOME_NONE;
    }
    if (op->status < 0) {
        op->rows = NULL;
        op->state = TK_OP_FAILED;
    } else if (op->rows != NULL) {
        op->status = TAKEO_ROWS;
        op->state = TK_OP_ROWS;
    } else {
        op->state = TK_OP_DONE;
    }
}

/* What failed was rolled back; the verb may want to do it in another way. */
static bool start_again(tk_op *op) {
    bool may_ask = op->status < 0 && op->again != NULL && op->in_transaction && op->conn != NULL
                   && op->conn->is_open && !op->run.is_broken && op->run.stop == TK_STOP_NONE
                   && op->run.failed_in == TK_OP_RUN;
    if (!may_ask || !op->again(op, op->status)) {
        return false;
    }
    const tk_run before = op->run;
    tk_error_clear(&op->error);
    op->status = TAKEO_DONE;
    op->result = (takeo_result){.struct_size = sizeof op->result,
                                .statement_count = op->result.statement_count};
    tk_mutex_lock(op->source->mutex); /* another thread may look at is_cleaning */
    op->run = (tk_run){.timeout_ns = before.timeout_ns,
                       .byte_budget = before.byte_budget,
                       .has_left = before.has_left,
                       .left = before.left};
    tk_mutex_unlock(op->source->mutex);
    op->state = TK_OP_BEGIN;
    return true;
}

static takeo_status release_step(tk_op *op) {
    if (start_again(op)) {
        return TAKEO_DONE;
    }
    tk_take_give_up(op);
    tk_notice_show(op);
    if (op->conn != NULL) {
        tk_take_release(op);
    }
    settle(op);
    return TAKEO_DONE;
}

void tk_op_fail(tk_op *op, takeo_status status) {
    if (status == TAKEO_ECANCELED) {
        (void)tk_op_must_stop(op); /* an interrupt that was asked for here */
    }
    if (op->run.stop != TK_STOP_NONE) {
        status = tk_op_raise_stop(op);
    }
    const takeo_error *failure = op->error.first;
    if (failure != NULL && (failure->flags & TAKEO_ERROR_CONNECTION_GONE) != 0) {
        op->run.is_broken = op->conn != NULL;
    }
    op->status = status;
    op->run.failed_in = op->state;
    op->run.text = 0;
    op->run.pace = NULL;
    tk_run_end(op);
    op->state = TK_OP_SETTLE;
}

void tk_op_abort(tk_op *op) {
    __atomic_store_n(&op->cancel, TK_CANCEL_CALLER, __ATOMIC_RELAXED);
    tk_op_fail(op, TAKEO_ECANCELED);
    while (tk_op_is_running(op)) {
        if (tk_op_step(op, 0) == TAKEO_WAIT) { /* nobody waits for an answer: do without it */
            op->run.is_broken = op->conn != NULL;
            op->state = TK_OP_RELEASE;
        }
    }
}

/* ---- step ------------------------------------------------------------------------------------ */

typedef struct state_methods {
    takeo_status (*step)(tk_op *op); /* TAKEO_DONE: op->state has changed; TAKEO_WAIT: ask again */
} state_methods;

static const state_methods states[] = {
    [TK_OP_ACQUIRE] = {tk_acquire_step},   [TK_OP_DRAIN] = {tk_drain_step},
    [TK_OP_BEGIN] = {tk_begin_step},       [TK_OP_RUN] = {tk_run_step},
    [TK_OP_COMMIT] = {tk_commit_step},     [TK_OP_SETTLE] = {tk_settle_step},
    [TK_OP_ROLLBACK] = {tk_rollback_step}, [TK_OP_RELEASE] = {release_step},
};

/* Nothing runs: say again what came of it.  Rows were shown, so they go. */
static takeo_status step_at_rest(tk_op *op) {
    if (op->state == TK_OP_IDLE) {
        return TAKEO_ESTATE;
    }
    if (op->state == TK_OP_ROWS) {
        op->rows = NULL;
        op->state = TK_OP_DONE;
        op->status = TAKEO_DONE;
    }
    return op->status;
}

/* It would wait: does anything speak against that? */
static bool may_wait(tk_op *op) {
    if (op->run.is_cleaning) {
        return true;
    }
    if (op->deadline_ns >= 0 && op->run.stop == TK_STOP_NONE
        && tk_clock_now_ns() >= op->deadline_ns) {
        op->run.stop = TK_STOP_DEADLINE;
    }
    return !tk_op_must_stop(op);
}

takeo_status tk_op_advance(tk_op *op) {
    if (TK_UNLIKELY(!tk_op_is_running(op))) {
        return step_at_rest(op);
    }
    do {
        takeo_status status = states[op->state].step(op);
        if (status == TAKEO_WAIT) {
            tk_notice_show(op);
            if (TK_LIKELY(may_wait(op))) {
                return TAKEO_WAIT;
            }
            status = TAKEO_ECANCELED;
        }
        if (TK_UNLIKELY(status < 0)) {
            tk_op_fail(op, status);
        }
    } while (tk_op_is_running(op));
    return op->status;
}

takeo_status tk_op_step(tk_op *op, takeo_events ready) {
    const tk_conn *conn = op->conn;
    if (ready != 0 && conn != NULL && conn->server != NULL && conn->driver->advance != NULL) {
        (void)conn->driver->advance(conn->server); /* what it has to say, the next call says */
    }
    takeo_status status = tk_op_advance(op);
    tk_op_enter(op);
    return status;
}

int64_t tk_op_wake_ns(const tk_op *op) {
    if (op->run.is_cleaning) {
        int64_t interrupt_ns = op->run.interrupt_ns != 0 ? op->run.interrupt_ns : -1;
        return tk_earlier(interrupt_ns, op->run.clean_deadline_ns);
    }
    int64_t deadline_ns = op->deadline_ns;
    if (op->run.is_queued || op->state == TK_OP_DRAIN) {
        deadline_ns = tk_earlier(deadline_ns, op->run.acquire_deadline_ns);
    } else if (op->conn != NULL && !op->conn->is_open) {
        deadline_ns = tk_earlier(deadline_ns, op->conn->connect_deadline_ns);
    }
    return deadline_ns;
}

takeo_status tk_op_interest(const tk_op *op, takeo_interest *out) {
    if (!tk_op_is_running(op)) {
        return TAKEO_ESTATE;
    }
    const tk_conn *conn = op->conn;
    out->flags = op->source->driver->blocks ? TAKEO_INTEREST_BLOCKING : 0;
    out->fd = -1;
    out->events = 0;
    out->spin_us = 0;
    out->deadline_ns = tk_op_wake_ns(op);
    if (conn != NULL && conn->server != NULL && conn->driver->interest != NULL) {
        int fd = -1;
        conn->driver->interest(conn->server, &fd, &out->events);
        out->fd = fd;
    }
    return TAKEO_DONE;
}

void tk_op_cancel_locked(tk_op *op, tk_cancel who) {
    __atomic_store_n(&op->cancel, who, __ATOMIC_RELAXED);
    const tk_conn *conn = op->conn;
    if (conn != NULL && conn->server != NULL && conn->is_open && !op->run.is_cleaning) {
        conn->driver->interrupt(conn->server);
    }
    if (op->is_asleep) {
        tk_cond_wake_all(op->turn);
    }
}

void tk_op_cancel(tk_op *op) {
    tk_source *source = op->source;
    if (tk_process_id() != op->process_id) {
        return;
    }
    tk_mutex_lock(source->mutex);
    tk_op_cancel_locked(op, TK_CANCEL_CALLER);
    tk_mutex_unlock(source->mutex);
}
