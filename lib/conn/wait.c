/* wait.c - the only file that sleeps: the loop over step for callers without a loop of their own,
 * the wait for one's turn, and the pauses of a driver.
 *
 * Nobody sleeps longer than a slice of 50 ms without asking whether to go on, and never with the
 * interpreter's lock.  It must not know what is waited for beyond that: a driver with a descriptor
 * to watch is polled here when there is one.
 */
#include "conn/conn_int.h"

/* A driver said that it has to wait and gave nothing to watch. */
#define LOOK_AGAIN_NS INT64_C(1000000)

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

/* Sleep until the connection was taken, for at most a slice.  Without the interpreter's lock. */
static void sleep_in_queue(tk_op *op, int64_t until_ns) {
    tk_source *source = op->source;
    tk_mutex_lock(source->mutex);
    op->run.is_asleep = true;
    while (!tk_take_try(op) && !source->is_closed && !tk_op_is_canceled(op)) {
        if (!tk_cond_wait(source->freed, source->mutex, until_ns)) {
            (void)tk_take_try(op);
            break;
        }
    }
    tk_mutex_unlock(source->mutex);
}

/* The place in the queue is kept for a thread that sleeps, so say when this one does not. */
static void set_awake(tk_op *op) {
    tk_mutex_lock(op->source->mutex);
    op->run.is_asleep = false;
    if (!tk_link_is_alone(&op->source->queue)) {
        tk_cond_wake_all(op->source->freed);
    }
    tk_mutex_unlock(op->source->mutex);
}

static void wait_for_turn(tk_op *op, int64_t until_ns) {
    takeo_status status = until_ns < 0 ? tk_take_refuse_self(op) : TAKEO_DONE;
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
        set_awake(op);
        (void)tk_op_ask(op, tk_clock_now_ns());
    }
}

takeo_status tk_op_wait(tk_op *op, int64_t timeout_ns) {
    takeo_status status = tk_op_step(op, 0);
    if (TK_LIKELY(status != TAKEO_WAIT)) {
        return status;
    }
    int64_t now = tk_clock_now_ns();
    int64_t until = timeout_ns < 0 || timeout_ns > INT64_MAX - now ? -1 : now + timeout_ns;
    while (status == TAKEO_WAIT && (until < 0 || tk_clock_now_ns() < until)) {
        if (op->run.is_queued) {
            wait_for_turn(op, until);
        } else {
            (void)tk_op_pause(op, LOOK_AGAIN_NS);
        }
        status = tk_op_step(op, 0);
    }
    return status;
}
