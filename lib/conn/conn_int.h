/* conn_int.h - inside of the room `conn`: how its files work on one operation together.
 *
 *     op.c         life of an operation and its table of states
 *     run.c        the state RUN: one job after the other
 *     txn_step.c   the states BEGIN, COMMIT and ROLLBACK
 *     conn.c       a connection: opened and closed
 *     password.c   a password that the host gives anew for each
 *     notice.c     what a server says beside its answers
 *     pool.c       the connections: how many, which are free, when they go
 *     take.c       whose turn it is: the state ACQUIRE, the queue, giving back
 *     busy.c       why an operation gets no connection
 *     drain.c      no new work, and the end of what runs: the state DRAIN
 *     settle.c     after a failure: the connection is brought to rest; the state SETTLE
 *     wait.c       everything that sleeps
 *     pace.c       sleep at once, or spin first
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
#define TK_ACQUIRE_NS (INT64_C(30) * TK_SECOND_NS) /* patience with those who have connections */
#define TK_CONNECT_NS (INT64_C(10) * TK_SECOND_NS)
#define TK_IDLE_NS (INT64_C(300) * TK_SECOND_NS)
/* For bringing a connection to rest after a failure, and after a deadline or a cancel. */
#define TK_CLEAN_NS (INT64_C(5) * TK_SECOND_NS)
#define TK_CLEAN_LATE_NS INT64_C(200000000)
enum { TK_POOL_SIZE = 10 };

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
/* Open it, or go on with that: TAKEO_DONE, TAKEO_WAIT, or a failure: then it is closed again. */
TK_CHECKED takeo_status tk_conn_open(tk_conn *conn, tk_op *op);
/* Its operation has it no more.  Under the mutex, so that who cancels the operation never meets a
 * connection that others use or that is gone. */
static inline void tk_conn_leave(tk_conn *conn) {
    if (conn->op != NULL) {
        conn->op->conn = NULL;
        conn->op = NULL;
    }
}
/* Undo what a statement has left on it: TAKEO_DONE, TAKEO_WAIT.  One that fails is closed. */
TK_CHECKED takeo_status tk_conn_reset(tk_conn *conn, tk_op *op);
void tk_conn_close(tk_conn *conn);        /* nobody uses it; harmless when it is closed */
void tk_conn_close_broken(tk_conn *conn); /* the same, and counted: it had died */
/* Outside of an operation: roll back what is open, or close the connection. */
void tk_conn_end_transaction(tk_conn *conn, bool is_read_only);

/* ---- password.c ------------------------------------------------------------------------------ */

/* Ask the host for the password of a new connection; *out stays NULL when it gives none.  Nothing
 * may be locked.  TAKEO_DONE: then it has to be forgotten. */
TK_CHECKED takeo_status tk_password_ask(tk_op *op, char **out);
void tk_password_forget(const tk_op *op, char *password); /* NULL is allowed */

/* ---- notice.c -------------------------------------------------------------------------------- */

/* tk_server_options.notice; ctx: a tk_conn. */
void tk_notice_keep(void *ctx, const takeo_notice *notice);
/* Show what the operation's connection has kept.  Nothing may be locked. */
void tk_notice_show_all(tk_op *op);
static inline void tk_notice_show(tk_op *op) { /* op->conn may be NULL */
    if (TK_UNLIKELY(op->conn != NULL && op->conn->notices != NULL)) {
        tk_notice_show_all(op);
    }
}
void tk_notice_forget(tk_conn *conn); /* what is not shown */

/* ---- pool.c: with the source's mutex held, unless said otherwise ----------------------------- */

/* Make so many shells.  Without the mutex. */
TK_CHECKED takeo_status tk_pool_grow(tk_source *source, uint32_t count, tk_error *error);
void tk_pool_free(tk_source *source);
/* A shell for whoever comes now, connected or not; NULL: none. */
tk_conn *tk_pool_take(tk_source *source);
/* One that is not connected, while fewer than the least number are; NULL: none. */
tk_conn *tk_pool_take_missing(tk_source *source);
void tk_pool_give_back(tk_conn *conn);      /* without the mutex */
void tk_pool_close_idle(tk_source *source); /* without the mutex */
/* Connecting went well or not, and why not (NULL: the operation was stopped); the clock decides when
 * it is tried again.  Without the mutex. */
void tk_pool_note_connect(tk_source *source, bool is_good, const takeo_error *failure,
                          int64_t now_ns);
/* The limits at this moment.  Without the mutex. */
takeo_pool_limits tk_pool_limits_now(tk_source *source);
/* What was given, with defaults in place of zeros. */
TK_CHECKED takeo_status tk_pool_read_limits(const tk_source *source, const takeo_pool_limits *given,
                                            takeo_pool_limits *out, tk_error *error);

/* ---- take.c ---------------------------------------------------------------------------------- */

takeo_status tk_acquire_step(tk_op *op); /* the state ACQUIRE */
/* Under the source's mutex: has the operation a connection, or can it have one now? */
bool tk_take_try(tk_op *op);
/* Under the source's mutex: give what is free to those who sleep in the queue. */
void tk_take_serve(tk_source *source);
/* Under the source's mutex: how many stand in the queue. */
uint32_t tk_take_count(const tk_source *source);
/* Under the source's mutex: let all who sleep in the queue look again. */
void tk_take_wake_all(tk_source *source);
/* Leave the queue without having been served. */
void tk_take_give_up(tk_op *op);
/* The operation has ended: keep the connection for its session's transaction, or give it back. */
void tk_take_release(tk_op *op);
/* Roll back what a session left open and give its connection back. */
void tk_take_end_session(tk_session *session);

/* ---- busy.c ---------------------------------------------------------------------------------- */

/* Patience is over: tell who has the connections and for how long, or why there are none. */
takeo_status tk_busy_refuse(tk_op *op, int64_t now_ns);
takeo_status tk_busy_refuse_full(tk_op *op); /* the queue is */
/* Does the operation wait for what its own thread holds?  Then that is its failure. */
TK_CHECKED takeo_status tk_busy_refuse_self(tk_op *op);

/* ---- source.c, drain.c ----------------------------------------------------------------------- */

static inline tk_source_phase tk_source_phase_of(const tk_source *source) {
    return __atomic_load_n(&source->phase, __ATOMIC_RELAXED);
}
/* May something begin on the session now?  NULL: outside of transactions. */
TK_CHECKED takeo_status tk_source_admit(tk_source *source, const tk_session *session,
                                        tk_error *error);
takeo_status tk_drain_step(tk_op *op); /* the state DRAIN */

/* ---- pace.c ---------------------------------------------------------------------------------- */

bool tk_pace_spins(tk_pace *pace);            /* asked once for each answer that is waited for */
bool tk_pace_spins_on(const tk_pace *pace);   /* for what comes behind its first piece */
int64_t tk_pace_spin_ns(const tk_pace *pace); /* and then for how long, at most */
void tk_pace_learn(tk_pace *pace, bool has_spun, int64_t ns);
/* One more thread waits, until it leaves.  True: so few do that it may spin. */
bool tk_pace_enter_wait(int32_t *waiting);
void tk_pace_leave_wait(int32_t *waiting);

/* ---- run.c, txn_step.c: states --------------------------------------------------------------- */

takeo_status tk_run_step(tk_op *op);
/* End the execution that is under way. */
void tk_run_end(tk_op *op);
takeo_status tk_begin_step(tk_op *op);
takeo_status tk_commit_step(tk_op *op);
takeo_status tk_rollback_step(tk_op *op);
takeo_status tk_settle_step(tk_op *op);
/* From now on neither deadline nor cancel stop the operation, but a time of its own does. */
void tk_settle_begin(tk_op *op);
/* Something of the cleaning has to wait: TAKEO_WAIT, or TAKEO_DONE when its time is over and the
 * connection is to be closed instead. */
takeo_status tk_settle_wait(tk_op *op);
/* A failure of the driver in op->error: let the verb put it into its own nouns. */
void tk_op_explain(tk_op *op, const char *sql);

/* ---- wait.c ---------------------------------------------------------------------------------- */

/* The earlier of two deadlines, of which -1 is none. */
static inline int64_t tk_earlier(int64_t a_ns, int64_t b_ns) {
    return a_ns < 0 || (b_ns >= 0 && b_ns < a_ns) ? b_ns : a_ns;
}

/* ---- stmtcache.c ----------------------------------------------------------------------------- */

typedef struct tk_stmtcache tk_stmtcache;
TK_CHECKED tk_stmtcache *tk_stmtcache_new(const tk_alloc *alloc);
void tk_stmtcache_free(const tk_alloc *alloc, tk_stmtcache *cache);
/* NULL: none.  *out_pace belongs to it as long as it is kept. */
tk_prepared *tk_stmtcache_find(tk_stmtcache *cache, uint64_t id, tk_pace **out_pace);
/* Keep a statement.  Gives the one that had to go, or NULL. */
tk_prepared *tk_stmtcache_put(tk_stmtcache *cache, uint64_t id, tk_prepared *prepared,
                              tk_pace **out_pace);
/* Take any statement out; NULL when it is empty. */
tk_prepared *tk_stmtcache_take(tk_stmtcache *cache);

/* ---- op.c, session.c ------------------------------------------------------------------------- */

/* The moment at which the operation has something to do even when nothing comes; -1: none. */
int64_t tk_op_wake_ns(const tk_op *op);
/* As tk_op_start, but also where nothing new may begin. */
TK_CHECKED takeo_status tk_op_start_drain(tk_op *op, const tk_interpreter *interpreter);
/* As tk_op_cancel, under the source's mutex. */
void tk_op_cancel_locked(tk_op *op, tk_cancel who);
/* As tk_op_step, but the interpreter's lock may stay given up. */
takeo_status tk_op_advance(tk_op *op);
/* The run has failed: go where its connection is cleaned. */
void tk_op_fail(tk_op *op, takeo_status status);
/* Bring an operation that runs to its end without waiting: cancelled, its connection clean or
 * closed. */
void tk_op_abort(tk_op *op);
void tk_session_init(tk_session *session, tk_source *source, bool is_shared);

#endif
