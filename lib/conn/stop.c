/* stop.c - why an operation stops before its end: somebody cancelled it, its deadline is over, or
 * its host has an exception of its own; and who runs while it goes on.
 *
 * The reason sticks in op->run.stop.  Whatever the driver then says is replaced by it, because "the
 * statement was interrupted" tells nobody why.  It must not know states or drivers' tables.
 */
#include "conn/conn_int.h"

static bool stop(tk_op *op, tk_stop why) {
    op->run.stop = why;
    return false;
}

/* The host's check, with the interpreter's lock. */
static bool ask_host(tk_op *op) {
    bool is_left = op->run.has_left;
    takeo_status status = TAKEO_DONE;
    tk_op_enter(op);
    if (op->interpreter != NULL && op->interpreter->check != NULL) {
        status = op->interpreter->check();
    }
    if (is_left) {
        (void)tk_op_leave(op);
    }
    const takeo_source_options *options = &op->source->options;
    if (status >= 0 && options->check != NULL) {
        status = options->check(options->ctx);
    }
    return status >= 0;
}

bool tk_op_ask(tk_op *op, int64_t now_ns) {
    if (op->run.is_cleaning) {
        return true;
    }
    if (op->run.stop != TK_STOP_NONE) {
        return false;
    }
    if (tk_op_is_canceled(op)) {
        return stop(op, TK_STOP_CANCELED);
    }
    if (op->deadline_ns >= 0 && now_ns >= op->deadline_ns) {
        return stop(op, TK_STOP_DEADLINE);
    }
    return ask_host(op) || stop(op, TK_STOP_HOST);
}

/* Let threads that wait for the interpreter's lock have it for a moment. */
static void let_others_run(tk_op *op) {
    if (tk_op_leave(op)) {
        tk_op_enter(op);
    }
}

bool tk_op_tick(tk_op *op) {
    if (op->run.stop != TK_STOP_NONE) {
        return op->run.is_cleaning;
    }
    int64_t now = tk_clock_now_ns();
    if (tk_op_is_canceled(op) || (op->deadline_ns >= 0 && now >= op->deadline_ns)) {
        return tk_op_ask(op, now);
    }
    if (op->run.tick_ns == 0) {
        op->run.tick_ns = now + TK_TICK_NS;
        return true;
    }
    if (now < op->run.tick_ns) {
        return true;
    }
    let_others_run(op);
    now = tk_clock_now_ns(); /* the others may have taken their time */
    op->run.tick_ns = now + TK_TICK_NS;
    return tk_op_ask(op, now);
}

static takeo_status raise_canceled(tk_op *op) {
    takeo_status status = tk_raise(&op->error, TK_SERVER_CANCELED, "The operation was cancelled.");
    if (__atomic_load_n(&op->cancel, __ATOMIC_RELAXED) == TK_CANCEL_DRAIN) {
        TK_SET(&op->error, why, "the data source was drained, and this had not ended in time");
    }
    return status;
}

takeo_status tk_op_raise_stop(tk_op *op) {
    tk_error_clear(&op->error);
    switch (op->run.stop) {
    case TK_STOP_CANCELED:
        return raise_canceled(op);
    case TK_STOP_DEADLINE:
        return tk_raise(&op->error, TK_SERVER_TIMEOUT,
                        "The operation passed its deadline of %.3g s.",
                        (double)op->run.timeout_ns / (double)TK_SECOND_NS);
    case TK_STOP_HOST:
        return tk_raise(&op->error, TK_CALL_HOST,
                        "The check of the host failed, so the operation was stopped.");
    case TK_STOP_NONE:
        break;
    }
    return tk_raise(&op->error, TK_CALL_INTERNAL, "An operation stopped without a reason.");
}
