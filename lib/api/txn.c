/* txn.c - takeo/txn.h: transactions of a session. */
#include "api/api_int.h"

static takeo_status check_begin(const takeo_txn_options *options, tk_error *error) {
    const uint32_t known = TAKEO_TXN_READ_ONLY | TAKEO_TXN_DEFERRABLE;
    TK_TRY(tk_api_check_struct(options, sizeof *options, "options", error));
    if (options == NULL) {
        return TAKEO_DONE;
    }
    if (options->reserved != 0) {
        return tk_raise(error, TK_CALL_INVALID, "options->reserved is not 0.");
    }
    return tk_api_check_flags(options->flags, known, "options->flags", error);
}

TAKEO_API takeo_status takeo_txn_begin(takeo_op *op, const takeo_txn_options *options) {
    TK_API_CHECK(op, failure, check_begin(options, &failure));
    return tk_txn_begin(op, options, NULL);
}

TAKEO_API takeo_status takeo_txn_commit(takeo_op *op, uint32_t level) {
    return op != NULL ? tk_txn_commit(op, level, NULL) : TAKEO_EINVAL;
}

TAKEO_API takeo_status takeo_txn_rollback(takeo_op *op, uint32_t level) {
    return op != NULL ? tk_txn_rollback(op, level, NULL) : TAKEO_EINVAL;
}

TAKEO_API int32_t takeo_txn_retry(const takeo_error *error, uint32_t attempt, int64_t *out_ns) {
    return tk_txn_retry(error, attempt, out_ns);
}
