/* take.c - whose turn it is: the state ACQUIRE, the queue for the one connection, giving it back.
 *
 * An operation takes the connection of the source when it is free; inside a transaction it takes
 * that of its session.  Who finds it taken stands in the queue, in the order of coming.  The
 * connection is handed to nobody: who waits takes it, and passes by those in front of it only while
 * no thread sleeps for them, because an event loop may never come back to an operation that it
 * stepped once.
 *
 * The mutex guards `conn_is_taken`, the queue, and which operation uses the connection, so that
 * another thread may interrupt exactly that one.  It is never held while a driver works.
 */
#include "conn/conn_int.h"

/* ---- the queue ------------------------------------------------------------------------------- */

static tk_op *op_of(tk_link *link) {
    return TK_CONTAINER(link, tk_op, run.waiting);
}

static bool is_overtaking(const tk_op *op) {
    tk_link *queue = &op->source->queue;
    for (tk_link *link = queue->next; link != queue && link != &op->run.waiting;
         link = link->next) {
        if (op_of(link)->run.is_asleep) {
            return true;
        }
    }
    return false;
}

static void unqueue(tk_op *op) {
    if (op->run.is_queued) {
        op->run.is_queued = false;
        tk_link_remove(&op->run.waiting);
    }
}

bool tk_take_try(tk_op *op) {
    tk_source *source = op->source;
    if (source->is_closed) { /* it would be opened once more, an empty one in memory */
        return false;
    }
    if (source->conn_is_taken || (!tk_link_is_alone(&source->queue) && is_overtaking(op))) {
        return false;
    }
    source->conn_is_taken = true;
    source->take_count++;
    source->holder_thread = tk_thread_id();
    source->conn->op = op;
    op->conn = source->conn;
    unqueue(op);
    return true;
}

void tk_take_give_up(tk_op *op) {
    if (!op->run.is_queued) {
        return;
    }
    tk_mutex_lock(op->source->mutex);
    unqueue(op);
    tk_cond_wake_all(op->source->freed); /* those behind may be served now */
    tk_mutex_unlock(op->source->mutex);
}

/* Stand in the queue from now on. */
static void start_waiting(tk_op *op) {
    tk_source *source = op->source;
    int64_t patience = source->options.acquire_ns;
    op->run.queued_ns = tk_clock_now_ns();
    op->run.acquire_deadline_ns =
        patience < 0 ? -1 : op->run.queued_ns + (patience == 0 ? TK_ACQUIRE_NS : patience);
    op->run.queued_take = source->take_count;
    op->run.is_queued = true;
    tk_link_append(&source->queue, &op->run.waiting);
}

static double seconds(int64_t ns) {
    return (double)ns / (double)TK_SECOND_NS;
}

/* Patience is over: tell who has it and for how long. */
static takeo_status refuse_busy(tk_op *op, int64_t now_ns) {
    tk_source *source = op->source;
    tk_mutex_lock(source->mutex);
    bool is_txn = source->holder != NULL;
    int64_t held_ns = now_ns - source->held_ns;
    uint64_t served = source->take_count - op->run.queued_take;
    tk_mutex_unlock(source->mutex);
    double waited = seconds(now_ns - op->run.queued_ns);
    takeo_status status;
    if (is_txn) {
        status =
            tk_raise(&op->error, TK_CONNECT_BUSY,
                     "The connection was not free within %.3g s: a transaction has held it for "
                     "%.3g s.",
                     waited, seconds(held_ns));
    } else if (served == 0) {
        status = tk_raise(&op->error, TK_CONNECT_BUSY,
                          "The connection was not free within %.3g s: one operation has held it "
                          "all that time.",
                          waited);
    } else {
        status =
            tk_raise(&op->error, TK_CONNECT_BUSY,
                     "The connection was not free within %.3g s, in which %llu other operations "
                     "were served.",
                     waited, (unsigned long long)served);
    }
    TK_SET(&op->error, hint, "keep transactions short, or give the data source more time to wait");
    return status;
}

takeo_status tk_take_refuse_self(tk_op *op) {
    tk_source *source = op->source;
    tk_mutex_lock(source->mutex);
    bool is_self = source->conn_is_taken && source->holder_thread == tk_thread_id();
    bool is_txn = is_self && source->holder != NULL && source->conn->op == NULL;
    is_self = is_self && (is_txn || source->conn->op != NULL);
    tk_mutex_unlock(source->mutex);
    if (!is_self) {
        return TAKEO_DONE;
    }
    takeo_status status;
    if (is_txn) {
        status = tk_raise(&op->error, TK_TXN_STATE,
                          "This would wait for itself: a transaction of the same thread holds the "
                          "connection.");
        TK_SET(&op->error, hint, "run it inside that transaction, or end the transaction first");
    } else {
        status = tk_raise(&op->error, TK_CONNECT_BUSY,
                          "This would wait for itself: an operation that the same thread runs uses "
                          "the connection.");
        TK_SET(&op->error, hint, "let that operation end first");
    }
    return status;
}

/* ---- the state ACQUIRE ----------------------------------------------------------------------- */

static takeo_status take_shared(tk_op *op) {
    tk_source *source = op->source;
    tk_mutex_lock(source->mutex);
    bool is_closed = source->is_closed;
    bool is_taken = tk_take_try(op);
    if (!is_closed && !is_taken && !op->run.is_queued) {
        start_waiting(op);
    }
    tk_mutex_unlock(source->mutex);
    if (TK_LIKELY(is_taken)) {
        return TAKEO_DONE;
    }
    if (is_closed) {
        return tk_source_check(source, &op->error);
    }
    int64_t now = tk_clock_now_ns();
    if (op->deadline_ns >= 0 && now >= op->deadline_ns) {
        op->run.stop = TK_STOP_DEADLINE;
        return TAKEO_ETIMEOUT;
    }
    if (op->run.acquire_deadline_ns >= 0 && now >= op->run.acquire_deadline_ns) {
        return refuse_busy(op, now);
    }
    return TAKEO_WAIT;
}

/* The connection that the session's transaction holds. */
static takeo_status take_own(tk_op *op) {
    tk_session *session = op->session;
    if (session->has_failed && op->run.txn != TK_TXN_ROLLBACK) {
        takeo_status status = tk_raise(&op->error, TK_TXN_CLOSED,
                                       "The transaction is over: the database has rolled it back "
                                       "after a failure.");
        TK_SET(&op->error, hint, "roll back, then run it again as a whole");
        return status;
    }
    if (session->conn == NULL) { /* it went with the connection */
        return TAKEO_DONE;
    }
    tk_mutex_lock(op->source->mutex);
    bool is_free = session->conn->op == NULL;
    if (is_free) {
        session->conn->op = op;
        op->conn = session->conn;
        op->source->holder_thread = tk_thread_id();
    }
    tk_mutex_unlock(op->source->mutex);
    return is_free ? TAKEO_DONE
                   : tk_raise(&op->error, TK_CALL_STATE,
                              "Another operation of this session runs; let it end first.");
}

static tk_op_state next_state(const tk_op *op) {
    switch (op->run.txn) {
    case TK_TXN_BEGIN:
        return TK_OP_BEGIN;
    case TK_TXN_COMMIT:
        return TK_OP_COMMIT;
    case TK_TXN_ROLLBACK:
        return TK_OP_ROLLBACK;
    case TK_TXN_NONE:
        break;
    }
    return op->in_transaction && op->first != NULL ? TK_OP_BEGIN : TK_OP_RUN;
}

takeo_status tk_acquire_step(tk_op *op) {
    if (TK_UNLIKELY(tk_op_must_stop(op))) {
        return TAKEO_ECANCELED;
    }
    if (op->conn == NULL) {
        takeo_status status = op->session->level > 0 ? take_own(op) : take_shared(op);
        if (status != TAKEO_DONE) {
            return status;
        }
    }
    if (op->conn != NULL && TK_UNLIKELY(op->conn->server == NULL)) {
        TK_TRY(tk_conn_open(op->conn, op));
    }
    op->state = next_state(op);
    return TAKEO_DONE;
}

/* ---- giving back ----------------------------------------------------------------------------- */

static void give_back(tk_source *source) {
    tk_mutex_lock(source->mutex);
    source->conn->op = NULL;
    source->holder = NULL;
    if (TK_UNLIKELY(source->is_closed)) {
        tk_mutex_unlock(source->mutex);
        tk_conn_close(source->conn);
        tk_mutex_lock(source->mutex);
    }
    source->conn_is_taken = false;
    if (!tk_link_is_alone(&source->queue)) {
        tk_cond_wake_all(source->freed);
    }
    tk_mutex_unlock(source->mutex);
}

static void keep(tk_op *op) {
    tk_source *source = op->source;
    tk_session *session = op->session;
    session->conn = op->conn;
    session->has_failed |= !op->conn->driver->is_in_transaction(op->conn->server);
    tk_mutex_lock(source->mutex);
    source->conn->op = NULL;
    source->holder = session;
    if (op->run.txn == TK_TXN_BEGIN && session->level == 1) {
        source->held_ns = tk_clock_now_ns();
    }
    tk_mutex_unlock(source->mutex);
}

void tk_take_release(tk_op *op) {
    tk_session *session = op->session;
    tk_conn *conn = op->conn;
    if (TK_UNLIKELY(op->run.is_broken)) {
        tk_mutex_lock(op->source->mutex);
        conn->op = NULL;
        tk_mutex_unlock(op->source->mutex);
        tk_conn_close(conn);
        if (session->level > 0) {
            session->has_failed = true;
        }
    }
    if (session->level > 0 && !op->run.is_broken) {
        keep(op);
    } else {
        if (!session->is_shared) { /* that one belongs to other threads too */
            session->conn = NULL;
        }
        give_back(op->source);
    }
    op->conn = NULL;
}

void tk_take_end_session(tk_session *session) {
    tk_conn *conn = session->conn;
    if (conn == NULL) {
        return;
    }
    tk_error error;
    tk_error_init(&error, session->source->alloc);
    takeo_status status = TAKEO_DONE;
    if (conn->driver->is_in_transaction(conn->server)) {
        status = conn->driver->run(conn->server, "rollback", &error);
    }
    if (status == TAKEO_DONE && session->is_read_only) {
        status = conn->driver->run(conn->server, TK_READ_ONLY_OFF, &error);
    }
    if (status != TAKEO_DONE) {
        tk_conn_close(conn);
    }
    tk_error_done(&error);
    session->conn = NULL;
    session->level = 0;
    give_back(session->source);
}
