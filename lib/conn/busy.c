/* busy.c - why an operation gets no connection: who has them and for how long, or why none can be made.
 *
 * It must not know whose turn it is (take.c).
 */
#include "conn/conn_int.h"

static double seconds(int64_t ns) {
    return (double)ns / (double)TK_SECOND_NS;
}

typedef struct busy { /* who has the connections */
    uint32_t count;
    uint32_t in_transactions;
    int64_t held_ns; /* of the longest transaction */
    uint64_t served;
    uint32_t connect_failures; /* the last so many attempts */
} busy;

static busy look_at_holders(tk_op *op, int64_t now_ns) {
    tk_source *source = op->source;
    busy found = {0};
    tk_mutex_lock(source->mutex);
    source->stats.timed_out++;
    for (const tk_conn *conn = source->conns; conn != NULL; conn = conn->next) {
        found.count++;
        if (conn->holder != NULL) {
            int64_t held_ns = now_ns - conn->held_ns;
            found.in_transactions++;
            found.held_ns = held_ns > found.held_ns ? held_ns : found.held_ns;
        }
    }
    found.served = source->stats.acquired - op->run.queued_take;
    found.connect_failures = source->connect_failures;
    tk_mutex_unlock(source->mutex);
    return found;
}

static takeo_status raise_busy_one(tk_op *op, const busy *found, double waited) {
    if (found->in_transactions != 0) {
        return tk_raise(&op->error, TK_CONNECT_BUSY,
                        "The connection was not free within %.3g s: a transaction has held it for "
                        "%.3g s.",
                        waited, seconds(found->held_ns));
    }
    if (found->served == 0) {
        return tk_raise(&op->error, TK_CONNECT_BUSY,
                        "The connection was not free within %.3g s: one operation has held it all "
                        "that time.",
                        waited);
    }
    return tk_raise(&op->error, TK_CONNECT_BUSY,
                    "The connection was not free within %.3g s, in which %llu other operations "
                    "were served.",
                    waited, (unsigned long long)found->served);
}

static takeo_status raise_busy_all(tk_op *op, const busy *found, double waited) {
    if (found->in_transactions != 0) {
        return tk_raise(&op->error, TK_CONNECT_BUSY,
                        "None of %u connections was free within %.3g s: %u are held by "
                        "transactions, one of them for %.3g s.",
                        found->count, waited, found->in_transactions, seconds(found->held_ns));
    }
    return tk_raise(&op->error, TK_CONNECT_BUSY,
                    "None of %u connections was free within %.3g s, in which %llu other operations "
                    "were served.",
                    found->count, waited, (unsigned long long)found->served);
}

/* Why the last attempt to connect has failed, in the operation's own memory; NULL: none has. */
static takeo_error *last_failure(tk_op *op) {
    if (op->error.first != NULL) { /* its own */
        return tk_error_set_aside(&op->error);
    }
    tk_source *source = op->source;
    tk_mutex_lock(source->mutex);
    takeo_error *copy =
        source->connect_failure != NULL ? tk_error_copy(source->connect_failure) : NULL;
    tk_mutex_unlock(source->mutex);
    takeo_error *last = copy != NULL ? tk_error_copy_into(&op->error, copy) : NULL;
    tk_error_free(copy);
    return last;
}

/* The pool has room for more, but there are none to be had. */
static takeo_status raise_unconnected(tk_op *op, uint32_t failures, double waited) {
    takeo_error *below = last_failure(op);
    takeo_status status =
        tk_raise(&op->error, TK_CONNECT_BUSY, "No connection could be made within %.3g s.", waited);
    tk_error_make_cause(&op->error, below);
    TK_SET(&op->error, why, "the last %u attempts of the data source to connect have failed",
           failures);
    TK_SET(&op->error, hint, "is the database running, and has it room for more connections?");
    return status;
}

takeo_status tk_busy_refuse(tk_op *op, int64_t now_ns) {
    double waited = seconds(now_ns - op->run.waits_since_ns);
    busy found = look_at_holders(op, now_ns);
    if (op->error.first != NULL || found.connect_failures > 0) {
        return raise_unconnected(op, found.connect_failures, waited);
    }
    takeo_status status =
        found.count == 1 ? raise_busy_one(op, &found, waited) : raise_busy_all(op, &found, waited);
    TK_SET(&op->error, hint, "%s",
           found.count == 1
               ? "keep transactions short, or give the data source more time to wait"
               : "keep transactions short, make the pool larger, or give it more time to wait");
    return status;
}

takeo_status tk_busy_refuse_full(tk_op *op) {
    takeo_status status = tk_raise(&op->error, TK_CONNECT_BUSY,
                                   "No connection is free, and %u operations wait for one already.",
                                   op->source->limits.max_waiting);
    TK_SET(&op->error, hint, "send less at once, make the pool larger, or let more wait");
    return status;
}

takeo_status tk_busy_refuse_self(tk_op *op) {
    tk_source *source = op->source;
    uint64_t self = tk_thread_id();
    bool is_self = true;
    bool is_txn = false;
    tk_mutex_lock(source->mutex);
    for (const tk_conn *conn = source->conns; conn != NULL; conn = conn->next) {
        bool is_held = conn->holder != NULL && conn->op == NULL;
        is_self = is_self && conn->is_taken
                  && __atomic_load_n(&conn->holder_thread, __ATOMIC_RELAXED) == self
                  && (is_held || conn->op != NULL);
        is_txn |= is_held;
    }
    uint32_t count = source->conn_count;
    tk_mutex_unlock(source->mutex);
    if (!is_self) {
        return TAKEO_DONE;
    }
    const char *what = count == 1 ? "the connection" : "every connection";
    takeo_status status;
    if (is_txn) {
        status = tk_raise(&op->error, TK_TXN_STATE,
                          "This would wait for itself: a transaction of the same thread holds %s.",
                          what);
        TK_SET(&op->error, hint, "run it inside that transaction, or end the transaction first");
    } else {
        status = tk_raise(&op->error, TK_CONNECT_BUSY,
                          "This would wait for itself: an operation that the same thread runs uses "
                          "%s.",
                          what);
        TK_SET(&op->error, hint, "let that operation end first");
    }
    return status;
}
