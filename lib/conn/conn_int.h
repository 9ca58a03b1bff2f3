/* conn_int.h - inside of the room `conn`: how its files work on one operation together.
 *
 *     op.c         life of an operation and its table of states
 *     run.c        the state RUN: one job after the other
 *     txn_step.c   the states BEGIN, COMMIT and ROLLBACK
 *     conn.c       the connection: opened and closed
 *     take.c       whose turn it is: the state ACQUIRE, the queue, giving back
 *     wait.c       everything that sleeps
 *     stop.c       why an operation stops: cancel, deadline, check; the interpreter's lock
 *     rows.c       a batch that outlives its operation
 *     stmtcache.c  statements prepared on a connection
 */
#ifndef TK_CONN_INT_H
#define TK_CONN_INT_H

#include "conn/conn.h"

#define TK_SECOND_NS INT64_C(1000000000)
#define TK_SLICE_NS INT64_C(50000000) /* between two checks while something is waited for */
#define TK_TICK_NS INT64_C(5000000)   /* how long a step runs before others get a turn */
#define TK_ACQUIRE_NS (INT64_C(30) * TK_SECOND_NS) /* patience with the connection's holder */

/* ---- stop.c ---------------------------------------------------------------------------------- */

/* Give the interpreter's lock up until tk_op_enter; true when it was held. */
static inline bool tk_op_leave(tk_op *op) {
    if (op->interpreter == NULL || op->interpreter->leave == NULL || op->run.has_left) {
        return false;
    }
    op->run.left = op->interpreter->leave();
    op->run.has_left = true;
    return true;
}
static inline void tk_op_enter(tk_op *op) {
    if (op->run.has_left) {
        op->run.has_left = false;
        op->interpreter->enter(op->run.left);
    }
}
static inline bool tk_op_is_canceled(const tk_op *op) {
    return __atomic_load_n(&op->cancel, __ATOMIC_RELAXED) != 0;
}
/* Ask everything that may stop an operation: the flag, the clock, the host.  False: it has to. */
bool tk_op_ask(tk_op *op, int64_t now_ns);
/* Has a reason to stop come up?  Without asking anybody. */
static inline bool tk_op_must_stop(tk_op *op) {
    if (TK_UNLIKELY(tk_op_is_canceled(op)) && op->run.stop == TK_STOP_NONE) {
        op->run.stop = TK_STOP_CANCELED;
    }
    return op->run.stop != TK_STOP_NONE && !op->run.is_cleaning;
}
/* Replace the failure by the reason why the operation had to stop. */
takeo_status tk_op_raise_stop(tk_op *op);

/* ---- conn.c ---------------------------------------------------------------------------------- */

TK_CHECKED tk_conn *tk_conn_new(tk_source *source);
void tk_conn_free(tk_conn *conn); /* closed, or abandoned in a forked child */
TK_CHECKED takeo_status tk_conn_open(tk_conn *conn, tk_op *op);
void tk_conn_close(tk_conn *conn); /* nobody uses it; harmless when it is closed */

/* ---- take.c ---------------------------------------------------------------------------------- */

takeo_status tk_acquire_step(tk_op *op); /* the state ACQUIRE */
/* Under the source's mutex: make the connection the operation's if it is free and its turn. */
bool tk_take_try(tk_op *op);
/* Leave the queue without having been served. */
void tk_take_give_up(tk_op *op);
/* Does the operation wait for what its own thread holds?  Then that is its failure. */
TK_CHECKED takeo_status tk_take_refuse_self(tk_op *op);
/* The operation has ended: keep the connection for its session's transaction, or give it back. */
void tk_take_release(tk_op *op);
/* Roll back what a session left open and give its connection back. */
void tk_take_end_session(tk_session *session);

/* ---- run.c, txn_step.c: states --------------------------------------------------------------- */

takeo_status tk_run_step(tk_op *op);
/* End the execution that is under way. */
void tk_run_end(tk_op *op);
takeo_status tk_begin_step(tk_op *op);
takeo_status tk_commit_step(tk_op *op);
takeo_status tk_rollback_step(tk_op *op);
/* A failure of the driver in op->error: let the verb put it into its own nouns. */
void tk_op_explain(tk_op *op, const char *sql);

/* The dialect's word for a connection that refuses writes, outside of what BEGIN can say. */
#define TK_READ_ONLY_ON "pragma query_only = 1"
#define TK_READ_ONLY_OFF "pragma query_only = 0"

/* ---- wait.c ---------------------------------------------------------------------------------- */

/* The earlier of two deadlines, of which -1 is none. */
static inline int64_t tk_earlier(int64_t a_ns, int64_t b_ns) {
    return a_ns < 0 || (b_ns >= 0 && b_ns < a_ns) ? b_ns : a_ns;
}

/* ---- stmtcache.c ----------------------------------------------------------------------------- */

typedef struct tk_stmtcache tk_stmtcache;
TK_CHECKED tk_stmtcache *tk_stmtcache_new(const tk_alloc *alloc);
void tk_stmtcache_free(const tk_alloc *alloc, tk_stmtcache *cache);
tk_prepared *tk_stmtcache_find(tk_stmtcache *cache, uint64_t id); /* NULL: none */
/* Keep a statement.  Gives the one that had to go, or NULL. */
tk_prepared *tk_stmtcache_put(tk_stmtcache *cache, uint64_t id, tk_prepared *prepared);
/* Take any statement out; NULL when it is empty. */
tk_prepared *tk_stmtcache_take(tk_stmtcache *cache);

/* ---- op.c, session.c ------------------------------------------------------------------------- */

/* The run has failed: go where its connection is cleaned. */
void tk_op_fail(tk_op *op, takeo_status status);
/* Bring an operation that runs to its end without waiting: cancelled, its connection clean or
 * closed. */
void tk_op_abort(tk_op *op);
void tk_session_init(tk_session *session, tk_source *source, bool is_shared);

#endif
