/* settle.c - after a failure: the state SETTLE.
 *
 * The server may still work on what was given up, and its answers are still to come.  It is asked
 * to stop, what comes is thrown away, and only then the connection is rolled back or given back.
 * All of that has a short time of its own; a connection that is not at rest by then is closed, so
 * that nobody waits for a silent server and nobody gets an answer that is not his.  It must not know
 * why the operation failed.
 */
#include "conn/conn_int.h"

/* A failure's last words are on their way already; only a server that goes on working is stopped. */
#define GRACE_NS INT64_C(3000000)
#define AGAIN_NS INT64_C(60000000)

void tk_settle_begin(tk_op *op) {
    if (!op->run.is_cleaning) { /* neither cancel nor interrupt may reach what cleans up */
        tk_mutex_lock(op->source->mutex);
        op->run.is_cleaning = true;
        tk_mutex_unlock(op->source->mutex);
        bool is_late = op->run.stop != TK_STOP_NONE; /* the caller has no more patience */
        op->run.clean_ns = is_late ? TK_CLEAN_LATE_NS : TK_CLEAN_NS;
        op->run.clean_deadline_ns = tk_clock_now_ns() + op->run.clean_ns;
    }
}

takeo_status tk_settle_wait(tk_op *op) {
    return tk_clock_now_ns() < op->run.clean_deadline_ns ? TAKEO_WAIT : TAKEO_DONE;
}

/* Now and then again: a word that comes before its statement is forgotten by the server. */
static void interrupt(tk_op *op) {
    int64_t now = tk_clock_now_ns();
    if (op->run.interrupt_ns == 0) {
        op->run.interrupt_ns = op->run.stop != TK_STOP_NONE ? now : now + GRACE_NS;
    }
    if (now >= op->run.interrupt_ns) {
        op->run.interrupt_ns = now + AGAIN_NS;
        op->conn->driver->interrupt(op->conn->server);
    }
}

static tk_op_state next_state(const tk_op *op) {
    const tk_conn *conn = op->conn;
    if (op->run.is_broken || conn == NULL || conn->server == NULL) {
        return TK_OP_RELEASE;
    }
    bool is_open = op->run.is_begun;
    if (op->session->level == 0) {
        is_open |= conn->driver->is_in_transaction(conn->server);
    }
    return is_open ? TK_OP_ROLLBACK : TK_OP_RELEASE;
}

takeo_status tk_settle_step(tk_op *op) {
    const tk_conn *conn = op->conn;
    bool is_there = conn != NULL && conn->server != NULL && !op->run.is_broken;
    if (is_there && !conn->is_open) {
        op->run.is_broken = true; /* it was being opened */
    } else if (is_there && conn->driver->settle != NULL) {
        tk_settle_begin(op);
        tk_error second; /* op->error keeps the failure that led here */
        tk_error_init(&second, op->alloc);
        takeo_status status = conn->driver->settle(conn->server, &second);
        tk_error_done(&second);
        if (status == TAKEO_WAIT && tk_settle_wait(op) == TAKEO_WAIT) {
            interrupt(op);
            return TAKEO_WAIT;
        }
        op->run.is_broken |= status != TAKEO_DONE;
    }
    op->state = next_state(op);
    return TAKEO_DONE;
}
