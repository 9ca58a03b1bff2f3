/* take.c - whose turn it is: the state ACQUIRE, the queue, giving a connection back.
 *
 * An operation takes a free connection of the pool; inside a transaction it takes that of its
 * session.  Who finds none stands in the queue, in the order of coming.  A connection that comes
 * back is handed to the first whose thread sleeps for it; one that is stepped by an event loop takes
 * its own turn, and is passed by while it does not come, because it may never do.
 *
 * The mutex guards the pool, the queue, and which operation uses a connection, so that another
 * thread may interrupt exactly that one.  It is never held while a driver works.
 */
#include "conn/conn_int.h"

/* An idle connection is looked at before use when it had time to die. */
#define IDLE_TRUSTED_NS INT64_C(2000000)

/* ---- the queue ------------------------------------------------------------------------------- */

static tk_op *op_of(tk_link *link) {
    return TK_CONTAINER(link, tk_op, run.waiting);
}

static bool is_overtaking(const tk_op *op) {
    tk_link *queue = &op->source->queue;
    for (tk_link *link = queue->next; link != queue && link != &op->run.waiting;
         link = link->next) {
        if (op_of(link)->is_asleep) {
            return true;
        }
    }
    return false;
}

static void unqueue(tk_op *op) {
    if (op->run.is_queued) {
        op->run.is_queued = false;
        op->source->stats.wait_ns += (uint64_t)(tk_clock_now_ns() - op->run.queued_ns);
        tk_link_remove(&op->run.waiting);
    }
}

static bool take(tk_op *op) {
    if (tk_source_phase_of(op->source)
        == TK_SOURCE_CLOSED) { /* a shell would connect again: in memory to an empty database */
        return false;
    }
    tk_conn *conn = tk_pool_take(op->source);
    if (conn == NULL) {
        return false;
    }
    conn->op = op;
    op->conn = conn;
    unqueue(op);
    return true;
}

bool tk_take_try(tk_op *op) {
    if (op->conn != NULL) { /* somebody gave it one */
        return true;
    }
    if (!tk_link_is_alone(&op->source->queue) && is_overtaking(op)) {
        return false;
    }
    return take(op);
}

void tk_take_serve(tk_source *source) {
    tk_link *next;
    for (tk_link *link = source->queue.next; link != &source->queue; link = next) {
        next = link->next;
        tk_op *op = op_of(link);
        if (op->is_asleep) {
            if (!take(op)) {
                return;
            }
            tk_cond_wake_all(op->turn);
        }
    }
}

void tk_take_wake_all(tk_source *source) {
    for (tk_link *link = source->queue.next; link != &source->queue; link = link->next) {
        if (op_of(link)->is_asleep) {
            tk_cond_wake_all(op_of(link)->turn);
        }
    }
}

void tk_take_give_up(tk_op *op) {
    if (!op->run.is_queued) {
        return;
    }
    tk_mutex_lock(op->source->mutex);
    unqueue(op);
    tk_take_serve(op->source); /* those behind may be served now */
    tk_mutex_unlock(op->source->mutex);
}

uint32_t tk_take_count(const tk_source *source) {
    uint32_t waiting = 0;
    for (const tk_link *link = source->queue.next; link != &source->queue; link = link->next) {
        waiting++;
    }
    return waiting;
}

/* Stand in the queue from now on; false: it is full. */
static bool start_waiting(tk_op *op) {
    tk_source *source = op->source;
    if (source->limits.max_waiting != 0 && tk_take_count(source) >= source->limits.max_waiting) {
        return false;
    }
    int64_t patience = source->limits.acquire_ns;
    op->run.queued_ns = tk_clock_now_ns();
    if (op->run.acquire_deadline_ns == 0) { /* else it comes back after a failure to connect */
        op->run.waits_since_ns = op->run.queued_ns;
        op->run.acquire_deadline_ns = patience < 0 ? -1 : op->run.queued_ns + patience;
    }
    op->run.queued_take = source->stats.acquired;
    op->run.is_queued = true;
    tk_link_append(&source->queue, &op->run.waiting);
    return true;
}

/* ---- the state ACQUIRE ----------------------------------------------------------------------- */

static takeo_status take_shared(tk_op *op) {
    tk_source *source = op->source;
    tk_mutex_lock(source->mutex);
    bool is_closed = tk_source_phase_of(source) == TK_SOURCE_CLOSED;
    bool is_taken = tk_take_try(op);
    bool is_full = !is_closed && !is_taken && !op->run.is_queued && !start_waiting(op);
    tk_mutex_unlock(source->mutex);
    if (TK_LIKELY(is_taken)) {
        return TAKEO_DONE;
    }
    if (is_closed) {
        return tk_source_check(source, NULL, &op->error);
    }
    if (is_full) {
        return tk_busy_refuse_full(op);
    }
    int64_t now = tk_clock_now_ns();
    if (op->deadline_ns >= 0 && now >= op->deadline_ns) {
        op->run.stop = TK_STOP_DEADLINE;
        return TAKEO_ETIMEOUT;
    }
    if (op->run.acquire_deadline_ns >= 0 && now >= op->run.acquire_deadline_ns) {
        return tk_busy_refuse(op, now);
    }
    return TAKEO_WAIT;
}

/* Nothing runs in the session's transaction any more. */
static takeo_status refuse_failed(tk_op *op, bool is_open) {
    takeo_status status =
        is_open ? tk_raise(&op->error, TK_TXN_CLOSED,
                           "A statement of the transaction has failed, so the database takes no "
                           "further one in it.")
                : tk_raise(&op->error, TK_TXN_CLOSED,
                           "The transaction is over: a statement has ended it, or the database has "
                           "rolled it back after a failure.");
    TK_SET(&op->error, hint, "%s",
           is_open ? "roll back; a nested transaction (a savepoint) around what may fail keeps the "
                     "rest"
                   : "roll back, then run it again as a whole");
    return status;
}

/* The connection that the session's transaction holds; none when it went, and only a rollback comes. */
static takeo_status take_own(tk_op *op) {
    tk_session *session = op->session;
    bool may_run = !session->has_failed || op->run.txn == TK_TXN_ROLLBACK;
    tk_mutex_lock(op->source->mutex); /* a drain may take it away */
    tk_conn *conn = session->conn;
    bool is_free = conn != NULL && conn->op == NULL;
    if (is_free && may_run) {
        conn->op = op;
        op->conn = conn;
    }
    bool is_open = is_free && !may_run && conn->server != NULL
                   && conn->driver->is_in_transaction(conn->server);
    tk_mutex_unlock(op->source->mutex);
    if (TK_UNLIKELY(!may_run)) {
        return refuse_failed(op, is_open);
    }
    if (TK_UNLIKELY(conn == NULL)) {
        return op->run.txn == TK_TXN_ROLLBACK
                   ? TAKEO_DONE
                   : tk_source_admit(op->source, session, &op->error); /* it was drained away */
    }
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

/* From now on who cancels the operation does not meet the connection. */
static void detach(tk_conn *conn) {
    tk_mutex_lock(conn->source->mutex);
    tk_conn_leave(conn);
    tk_mutex_unlock(conn->source->mutex);
}

/* The connection cannot be used, or not yet: give it back and stand in the queue again. */
static void let_go(tk_op *op) {
    tk_conn *conn = op->conn;
    detach(conn);
    tk_conn_close(conn);
    tk_pool_give_back(conn);
}

/* It died while nobody used it: connect again, without anybody seeing it. */
static void replace_if_dead(tk_conn *conn) {
    const tk_driver *driver = conn->driver;
    if (conn->server == NULL || driver->is_alive == NULL || conn->idle_ns == 0
        || tk_clock_about_ns() - conn->idle_ns < IDLE_TRUSTED_NS
        || driver->is_alive(conn->server)) {
        return;
    }
    tk_conn_close_broken(conn);
}

/* The server starts, or is full, or one that was there has gone: not a failure yet while there is
 * patience. */
static bool may_try_again(const tk_op *op) {
    const takeo_error *failure = op->error.first;
    tk_source *source = op->source;
    if (failure == NULL || op->run.stop != TK_STOP_NONE || op->session->level > 0
        || source->driver->blocks) {
        return false;
    }
    if ((failure->flags & TAKEO_ERROR_RETRYABLE) != 0) {
        return true;
    }
    tk_mutex_lock(source->mutex);
    bool was_there = source->stats.connected > 0;
    tk_mutex_unlock(source->mutex);
    return was_there && (failure->flags & TAKEO_ERROR_CONNECTION_GONE) != 0;
}

/* The pool wants more connections than there are: the next one, in place of this one. */
static bool take_missing(tk_op *op) {
    tk_conn *conn = op->conn;
    tk_mutex_lock(op->source->mutex);
    tk_conn *missing = tk_pool_take_missing(op->source);
    if (missing != NULL) {
        tk_conn_leave(conn);
        missing->op = op;
        op->conn = missing;
    }
    tk_mutex_unlock(op->source->mutex);
    if (missing == NULL) {
        return false;
    }
    tk_pool_give_back(conn);
    return true;
}

/* Make the connection what whoever takes it expects. */
static takeo_status make_ready(tk_op *op) {
    if (op->conn->is_open && op->conn->is_changed) {
        TK_TRY_DONE(tk_conn_reset(op->conn, op));
    }
    if (op->error.first != NULL) { /* of the try before */
        tk_error_clear(&op->error);
    }
    return op->conn->is_open ? TAKEO_DONE : tk_conn_open(op->conn, op);
}

static inline bool is_ready(const tk_op *op) {
    const tk_conn *conn = op->conn;
    return conn == NULL || (conn->is_open && (!conn->is_changed || op->session->level > 0));
}

/* op->conn is set, unless the session has lost its own. */
static takeo_status get_conn(tk_op *op) {
    if (op->conn == NULL) {
        bool is_own = op->session->level > 0;
        TK_TRY_DONE(is_own ? take_own(op) : take_shared(op));
        if (op->conn == NULL) {
            return TAKEO_DONE;
        }
        if (!is_own) { /* a new one in its place would be outside of the transaction */
            replace_if_dead(op->conn);
        }
    }
    __atomic_store_n(&op->conn->holder_thread, tk_thread_id(), __ATOMIC_RELAXED);
    return TAKEO_DONE;
}

takeo_status tk_acquire_step(tk_op *op) {
    for (;;) {
        if (TK_UNLIKELY(tk_op_must_stop(op))) {
            return TAKEO_ECANCELED;
        }
        TK_TRY_DONE(get_conn(op));
        takeo_status status = TK_LIKELY(is_ready(op)) ? TAKEO_DONE : make_ready(op);
        if (TK_LIKELY(status == TAKEO_DONE)) {
            if (TK_LIKELY(!op->run.fills_pool) || op->session->level > 0 || !take_missing(op)) {
                break;
            }
            continue;
        }
        if (status == TAKEO_WAIT || !may_try_again(op)) {
            return status;
        }
        let_go(op);
    }
    if (TK_UNLIKELY(op->error.first != NULL)) { /* connecting had failed; another one came back */
        tk_error_clear(&op->error);
    }
    op->state = next_state(op);
    return TAKEO_DONE;
}

/* ---- giving back ----------------------------------------------------------------------------- */

static void keep(tk_op *op) {
    tk_source *source = op->source;
    tk_session *session = op->session;
    tk_conn *conn = op->conn;
    session->conn = conn;
    session->has_failed =
        !conn->driver->is_in_transaction(conn->server)
        || (conn->driver->is_aborted != NULL && conn->driver->is_aborted(conn->server));
    tk_mutex_lock(source->mutex);
    tk_conn_leave(conn);
    conn->holder = session;
    if (op->run.txn == TK_TXN_BEGIN && session->level == 1) {
        conn->held_ns = tk_clock_now_ns();
    }
    tk_mutex_unlock(source->mutex);
}

void tk_take_release(tk_op *op) {
    tk_session *session = op->session;
    tk_conn *conn = op->conn;
    if (TK_UNLIKELY(op->run.is_broken)) {
        tk_mutex_lock(op->source->mutex);
        tk_conn_leave(conn);
        op->source->stats.closed_broken += conn->is_open;
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
        tk_pool_give_back(conn);
    }
}

void tk_take_end_session(tk_session *session) {
    if (TK_LIKELY(session->level == 0)) {
        return;
    }
    tk_source *source = session->source;
    tk_mutex_lock(source->mutex); /* a drain may take it away */
    tk_conn *conn = session->conn;
    session->conn = NULL;
    if (conn != NULL) {
        conn->holder = NULL;
    }
    tk_mutex_unlock(source->mutex);
    session->level = 0;
    if (conn != NULL) {
        tk_conn_end_transaction(conn, session->is_read_only);
        tk_pool_give_back(conn);
    }
}
