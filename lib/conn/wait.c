/* wait.c - the only file that sleeps: the loop over step for callers without a loop of their own,
 * the wait for one's turn, the wait for a server's answer, and the pauses of a driver that blocks.
 *
 * Nobody sleeps longer than a slice of 50 ms without asking whether to go on, and never with the
 * interpreter's lock.  It must not know what is waited for beyond a descriptor and its events.
 */
#include <poll.h>

#include "conn/conn_int.h"

/* A driver said that it has to wait and gave nothing to watch. */
#define LOOK_AGAIN_NS INT64_C(1000000)

/* ---- pauses ---------------------------------------------------------------------------------- */

bool tk_op_pause(tk_op *op, int64_t ns) {
    int64_t now = tk_clock_now_ns();
    int64_t until = ns < INT64_MAX - now ? now + ns : INT64_MAX;
    bool may_go_on = op->run.is_cleaning || op->run.stop == TK_STOP_NONE;
    while (may_go_on && now < until) {
        int64_t slice = tk_earlier(until, now + TK_SLICE_NS);
        if (!op->run.is_cleaning) {
            slice = tk_earlier(slice, op->deadline_ns);
        }
        bool was_held = tk_op_leave(op);
        tk_sleep_ns(slice - now);
        if (was_held) {
            tk_op_enter(op);
        }
        now = tk_clock_now_ns();
        may_go_on = tk_op_ask(op, now);
    }
    return may_go_on;
}

/* ---- one's turn ------------------------------------------------------------------------------ */

/* Sleep until somebody gave the operation a connection, for at most a slice.  Without the
 * interpreter's lock. */
static void sleep_in_queue(tk_op *op, int64_t until_ns) {
    tk_source *source = op->source;
    tk_mutex_lock(source->mutex);
    op->is_asleep = true;
    while (!tk_take_try(op) && tk_source_phase_of(source) != TK_SOURCE_CLOSED
           && !tk_op_is_canceled(op)) {
        if (!tk_cond_wait(op->turn, source->mutex, until_ns)) {
            (void)tk_take_try(op);
            break;
        }
    }
    op->is_asleep = false;
    if (op->conn == NULL) {
        tk_take_serve(source); /* it does not stand in the way of those behind while it is awake */
    }
    tk_mutex_unlock(source->mutex);
}

static takeo_status get_ready_to_sleep(tk_op *op, int64_t until_ns) {
    if (op->turn == NULL) {
        op->turn = tk_cond_new(&op->alloc);
    }
    if (op->turn == NULL) {
        return tk_raise_memory(&op->error);
    }
    return until_ns < 0 ? tk_busy_refuse_self(op) : TAKEO_DONE;
}

static void wait_for_turn(tk_op *op, int64_t until_ns) {
    takeo_status status = get_ready_to_sleep(op, until_ns);
    if (status < 0) {
        tk_op_fail(op, status);
        return;
    }
    int64_t slice = tk_clock_now_ns() + TK_SLICE_NS;
    slice = tk_earlier(slice, tk_earlier(op->deadline_ns, op->run.acquire_deadline_ns));
    (void)tk_op_leave(op);
    sleep_in_queue(op, tk_earlier(slice, until_ns));
    tk_op_enter(op);
    if (op->conn == NULL) {
        (void)tk_op_ask(op, tk_clock_now_ns());
    }
}

/* ---- a server's answer ----------------------------------------------------------------------- */

/* Look again and again for a moment; true: there is something.  Yielding lets the server answer where
 * it is on the same processor; right behind the sending nothing can be there, so it comes first. */
static bool spin(const tk_conn *conn, int64_t since_ns, int64_t most_ns) {
    do {
        tk_yield();
        if (conn->driver->advance(conn->server) == TAKEO_DONE) {
            return true;
        }
    } while (tk_clock_now_ns() - since_ns < most_ns);
    return false;
}

/* Sleep until the descriptor is ready, for at most a slice; true: the driver can go on. */
static bool sleep_on_server(const tk_op *op, int64_t until_ns, int64_t now) {
    const tk_conn *conn = op->conn;
    takeo_interest interest;
    (void)tk_op_interest(op, &interest);
    int64_t most = interest.fd < 0 ? LOOK_AGAIN_NS : TK_SLICE_NS;
    int64_t slice = tk_earlier(tk_earlier(now + most, until_ns), interest.deadline_ns);
    struct timespec left = {0, slice > now ? (long)(slice - now) : 0};
    struct pollfd watched = {.fd = (int)interest.fd,
                             .events =
                                 (short)((interest.events & TAKEO_EVENT_READ ? POLLIN : 0)
                                         | (interest.events & TAKEO_EVENT_WRITE ? POLLOUT : 0))};
    int ready = ppoll(&watched, 1, &left, NULL);
    bool may_look = ready > 0 || interest.fd < 0;
    return may_look && conn->driver->advance(conn->server) == TAKEO_DONE;
}

/* `pace` is that of a statement whose answer is waited for; NULL: the rest of one. */
static bool may_spin(const tk_op *op, tk_pace *pace) {
    if ((op->source->options.flags & TAKEO_SOURCE_POLL) != 0) {
        return false;
    }
    bool spins;
    if (pace != NULL) {
        spins = tk_pace_spins(pace);
    } else {
        const tk_job *job = op->current;
        bool is_statement = op->state == TK_OP_RUN && job != NULL && job->sql != NULL;
        spins = is_statement && op->run.statement_pace != NULL
                && tk_pace_spins_on(op->run.statement_pace);
    }
    return spins;
}

/* Has the step something to do although nothing came? */
static bool is_time(const tk_op *op, int64_t until_ns, int64_t now_ns) {
    int64_t first_ns = tk_earlier(tk_op_wake_ns(op), until_ns);
    return first_ns >= 0 && now_ns >= first_ns;
}

/* Sleep until there is an answer; false: the step has something else to do, or it is over.  Notices are
 * no answer, and it may be long until one comes.  The host is asked before they are shown: Ctrl-C is for
 * it, not for who listens.  *out_now: when the last sleep was over. */
static bool sleep_until_ready(tk_op *op, int64_t until_ns, int64_t *out_now) {
    bool is_ready;
    do {
        tk_notice_show(op);
        is_ready = sleep_on_server(op, until_ns, tk_clock_now_ns());
        *out_now = tk_clock_now_ns();
    } while (!is_ready && !is_time(op, until_ns, *out_now) && tk_op_ask(op, *out_now));
    return is_ready;
}

/* The interpreter's lock stays given up when something came: the next step takes it when it needs
 * it. */
static void wait_for_server(tk_op *op, int64_t until_ns) {
    tk_pace *pace = op->run.pace;
    op->run.pace = NULL; /* what comes after the first wait says nothing of the statement */
    (void)tk_op_leave(op);
    int64_t since = pace != NULL ? op->run.sent_ns : tk_clock_now_ns();
    bool is_free = tk_pace_enter_wait(&op->source->waiting);
    bool has_spun = may_spin(op, pace) && is_free;
    const tk_pace *known = pace != NULL ? pace : op->run.statement_pace;
    int64_t now = 0;
    bool is_ready = has_spun && spin(op->conn, since, tk_pace_spin_ns(known));
    if (is_ready) {
        now = tk_clock_now_ns();
    } else {
        is_ready = sleep_until_ready(op, until_ns, &now);
    }
    tk_pace_leave_wait(&op->source->waiting);
    if (is_ready && pace != NULL) {
        tk_pace_learn(pace, has_spun, now - since);
    }
}

/* ---- the loop -------------------------------------------------------------------------------- */

static void wait_once(tk_op *op, int64_t until_ns) {
    const tk_conn *conn = op->conn;
    if (op->run.is_queued) {
        wait_for_turn(op, until_ns);
    } else if (conn != NULL && conn->server != NULL && !conn->driver->blocks
               && conn->driver->interest != NULL) {
        wait_for_server(op, until_ns);
    } else {
        (void)tk_op_pause(op, LOOK_AGAIN_NS);
    }
}

takeo_status tk_op_wait(tk_op *op, int64_t timeout_ns) {
    takeo_status status = tk_op_advance(op);
    if (TK_LIKELY(status != TAKEO_WAIT)) {
        tk_op_enter(op);
        return status;
    }
    int64_t until = -1;
    if (timeout_ns >= 0) {
        int64_t now = tk_clock_now_ns();
        until = timeout_ns > INT64_MAX - now ? -1 : now + timeout_ns;
    }
    while (status == TAKEO_WAIT && (until < 0 || tk_clock_now_ns() < until)) {
        wait_once(op, until);
        status = tk_op_advance(op);
    }
    tk_op_enter(op);
    return status;
}
