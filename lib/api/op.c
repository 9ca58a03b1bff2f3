/* op.c - takeo/op.h: one operation. */
#include "api/api_int.h"

static takeo_status make(takeo_session *session, takeo_op **out, tk_error *error) {
    TK_TRY(tk_api_check_given(session, "session", error));
    TK_TRY(tk_api_check_given(out, "out", error));
    return tk_op_new(session, out, error);
}

TAKEO_API takeo_status takeo_op_new(takeo_session *session, takeo_op **out, takeo_error **error) {
    tk_error failure;
    tk_error_init(&failure, tk_alloc_default);
    return tk_api_end(&failure, make(session, out, &failure), error);
}

/* An operation of this process. */
static takeo_status check_op(const tk_op *op) {
    if (op == NULL) {
        return TAKEO_EINVAL;
    }
    return tk_api_is_forked(op->process_id) ? TAKEO_EFORKED : TAKEO_DONE;
}

TAKEO_API takeo_status takeo_op_set(takeo_op *op, const takeo_op_options *options) {
    const uint32_t known =
        TAKEO_OP_NO_EAGER | TAKEO_OP_COERCE_TEXT | TAKEO_OP_COERCE_LOSSY | TAKEO_OP_BY_LABEL;
    TK_TRY(check_op(op));
    if (tk_op_is_running(op)) {
        return TAKEO_ESTATE;
    }
    if (options == NULL) {
        op->options = (takeo_op_options){.struct_size = sizeof op->options};
        return TAKEO_DONE;
    }
    TK_TRY(tk_api_check_struct(options, sizeof *options, "options", NULL));
    TK_TRY(tk_api_check_flags(options->flags, known, "options->flags", NULL));
    if (options->timeout_ns < -1) {
        return TAKEO_EINVAL;
    }
    op->options = *options;
    return TAKEO_DONE;
}

TAKEO_API takeo_status takeo_op_step(takeo_op *op, takeo_events ready) {
    TK_TRY(check_op(op));
    return tk_op_step(op, ready);
}

TAKEO_API takeo_status takeo_op_interest(const takeo_op *op, takeo_interest *out) {
    if (!tk_api_is_room(out, sizeof *out)) {
        return TAKEO_EINVAL;
    }
    TK_TRY(check_op(op));
    takeo_interest interest = {.struct_size = sizeof interest};
    TK_TRY(tk_op_interest(op, &interest));
    tk_api_fill(out, &interest, sizeof interest);
    return TAKEO_DONE;
}

TAKEO_API takeo_status takeo_op_wait(takeo_op *op, int64_t timeout_ns) {
    TK_TRY(check_op(op));
    return tk_op_wait(op, timeout_ns);
}

TAKEO_API takeo_status takeo_op_result(const takeo_op *op, takeo_result *out) {
    if (!tk_api_is_room(out, sizeof *out)) {
        return TAKEO_EINVAL;
    }
    TK_TRY(check_op(op));
    if (op->state != TK_OP_ROWS && op->state != TK_OP_DONE) {
        return TAKEO_ESTATE;
    }
    tk_api_fill(out, &op->result, sizeof op->result);
    return TAKEO_DONE;
}

TAKEO_API const takeo_error *takeo_op_error(const takeo_op *op) {
    return op != NULL && op->state == TK_OP_FAILED ? op->error.first : NULL;
}

TAKEO_API void takeo_op_cancel(takeo_op *op) {
    if (op != NULL) {
        tk_op_cancel(op);
    }
}

TAKEO_API void takeo_op_free(takeo_op *op) {
    tk_op_free(op);
}
