/* drain.c - the end of a source in good order: the state DRAIN.
 *
 *     no new work -> what has begun may end -> (the time is over) what is left is cut off -> closed
 *
 * What has begun are operations, those in the queue included, and open transactions with all that
 * still comes in them.  Cutting off is to cancel an operation, and to take the connection away from
 * a transaction in which nothing runs: that rolls it back.  It must not know how a connection is
 * brought to rest (settle.c).
 */
#include "conn/conn_int.h"

/* For what was cut off, to say so to its server; a connection still borrowed then is closed when it
 * comes back. */
#define CUT_NS TK_SECOND_NS

takeo_status tk_source_drain(tk_op *op, int64_t patience_ns, const tk_interpreter *interpreter) {
    takeo_status status = tk_op_start_drain(op, interpreter);
    if (status >= 0 && op->session->level > 0) {
        status = tk_raise(&op->error, TK_TXN_STATE,
                          "Draining the data source here would wait for its own transaction.");
        TK_SET(&op->error, hint, "end the transaction first");
    }
    if (status < 0) {
        return tk_op_refuse(op, status);
    }
    tk_op_ready(op);
    int64_t now = tk_clock_now_ns();
    op->run.acquire_deadline_ns =
        patience_ns < 0 || patience_ns > INT64_MAX - now ? -1 : now + patience_ns;
    op->state = TK_OP_DRAIN;
    return TAKEO_DONE;
}

static bool is_at_work(const tk_source *source) {
    for (const tk_conn *conn = source->conns; conn != NULL; conn = conn->next) {
        if (conn->is_taken) {
            return true;
        }
    }
    return !tk_link_is_alone(&source->queue);
}

/* Take the connection of a transaction in which nothing runs; NULL: there is none. */
static tk_conn *take_away(tk_source *source) {
    tk_conn *conn = source->conns;
    while (conn != NULL && (conn->holder == NULL || conn->op != NULL)) {
        conn = conn->next;
    }
    if (conn != NULL) {
        conn->holder->conn = NULL;
        conn->holder = NULL;
    }
    return conn;
}

/* Everything that is left; gives how much it was.  What was cancelled inside a transaction leaves it
 * open, so this is done until nothing is left. */
static uint32_t cut_off(tk_source *source) {
    tk_mutex_lock(source->mutex);
    __atomic_store_n(&source->phase, TK_SOURCE_CLOSED, __ATOMIC_RELAXED);
    uint32_t count = tk_take_count(source);
    for (const tk_conn *conn = source->conns; conn != NULL; conn = conn->next) {
        count += conn->op != NULL || conn->holder != NULL;
        if (conn->op != NULL && !tk_op_is_canceled(conn->op)) {
            tk_op_cancel_locked(conn->op, TK_CANCEL_DRAIN);
        }
    }
    tk_take_wake_all(source);
    tk_conn *conn;
    while ((conn = take_away(source)) != NULL) {
        tk_mutex_unlock(source->mutex);
        tk_conn_end_transaction(conn, false);
        tk_pool_give_back(conn);
        tk_mutex_lock(source->mutex);
    }
    tk_mutex_unlock(source->mutex);
    return count;
}

static bool is_over(int64_t deadline_ns) {
    return deadline_ns >= 0 && tk_clock_now_ns() >= deadline_ns;
}

static takeo_status finish(tk_op *op) {
    tk_source *source = op->source;
    tk_mutex_lock(source->mutex);
    __atomic_store_n(&source->phase, TK_SOURCE_CLOSED, __ATOMIC_RELAXED);
    tk_take_wake_all(source);
    tk_mutex_unlock(source->mutex);
    tk_pool_close_idle(source);
    op->state = TK_OP_RELEASE;
    return TAKEO_DONE;
}

takeo_status tk_drain_step(tk_op *op) {
    tk_source *source = op->source;
    if (tk_op_must_stop(op)) {
        return TAKEO_ECANCELED;
    }
    tk_mutex_lock(source->mutex);
    if (tk_source_phase_of(source) == TK_SOURCE_OPEN) {
        __atomic_store_n(&source->phase, TK_SOURCE_DRAINING, __ATOMIC_RELAXED);
    }
    bool is_busy = is_at_work(source);
    tk_mutex_unlock(source->mutex);
    if (!is_busy) {
        return finish(op);
    }
    if (!is_over(op->run.acquire_deadline_ns)) {
        return TAKEO_WAIT;
    }
    uint32_t count = cut_off(source);
    if (!op->run.is_cleaning) { /* the first time; from now on nothing stops it */
        op->result.affected = count;
        op->run.is_cleaning = true;
        op->run.clean_deadline_ns = tk_clock_now_ns() + CUT_NS;
    }
    return is_over(op->run.clean_deadline_ns) ? finish(op) : TAKEO_WAIT;
}
