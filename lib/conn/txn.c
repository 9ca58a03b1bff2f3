/* txn.c - verbs of a session: begin, commit and roll back a level; and how long to wait before a
 * transaction is run again.
 *
 * A session is a stack of levels: 1 is the transaction, each further one a savepoint.  These verbs
 * only check and set up; txn_step.c sends what they say.
 */
#include "conn/conn_int.h"

static const char *const isolation_names[] = {
    [TAKEO_ISOLATION_DEFAULT] = "DEFAULT",
    [TAKEO_ISOLATION_READ_UNCOMMITTED] = "READ UNCOMMITTED",
    [TAKEO_ISOLATION_READ_COMMITTED] = "READ COMMITTED",
    [TAKEO_ISOLATION_REPEATABLE_READ] = "REPEATABLE READ",
    [TAKEO_ISOLATION_SERIALIZABLE] = "SERIALIZABLE",
};

/* ---- begin ----------------------------------------------------------------------------------- */

static takeo_status check_isolation(tk_op *op, takeo_isolation isolation) {
    const tk_driver *driver = op->source->driver;
    if (isolation >= TK_COUNT(isolation_names)) {
        return tk_raise(&op->error, TK_CALL_INVALID, "isolation: %u is none.", isolation);
    }
    if (isolation == TAKEO_ISOLATION_DEFAULT || (driver->isolations & (1U << isolation)) != 0) {
        return TAKEO_DONE;
    }
    takeo_status status = tk_raise(&op->error, TK_CALL_UNSUPPORTED, "%s has no isolation level %s.",
                                   driver->name, isolation_names[isolation]);
    if ((driver->isolations & (1U << TAKEO_ISOLATION_SERIALIZABLE)) != 0) {
        TK_SET(&op->error, nearest, "%s", isolation_names[TAKEO_ISOLATION_SERIALIZABLE]);
    }
    if (driver->isolations == 1U << TAKEO_ISOLATION_SERIALIZABLE) {
        TK_SET(&op->error, why, "every transaction of this database is serializable");
    }
    return status;
}

static takeo_status prepare_begin(tk_op *op, const takeo_txn_options *options) {
    tk_session *session = op->session;
    if (session->is_shared) {
        takeo_status status = tk_raise(&op->error, TK_TXN_STATE,
                                       "The shared session of a data source has no transactions.");
        TK_SET(&op->error, hint, "begin on a session of your own");
        return status;
    }
    if (options != NULL) {
        if (session->level > 0
            && (options->isolation != TAKEO_ISOLATION_DEFAULT || options->flags != 0)) {
            return tk_raise(&op->error, TK_TXN_STATE,
                            "A savepoint has no isolation level and no mode of its own: they are "
                            "given where the transaction begins.");
        }
        TK_TRY(check_isolation(op, options->isolation));
        op->run.txn_flags = options->flags;
        op->run.txn_isolation = (uint16_t)options->isolation;
    }
    op->run.txn = TK_TXN_BEGIN;
    op->run.txn_level = session->level + 1;
    return TAKEO_DONE;
}

static takeo_status get_ready(tk_op *op, takeo_status status) {
    if (status < 0) {
        return tk_op_refuse(op, status);
    }
    tk_op_ready(op);
    return TAKEO_DONE;
}

takeo_status tk_txn_begin(tk_op *op, const takeo_txn_options *options,
                          const tk_interpreter *interpreter) {
    takeo_status status = tk_op_start(op, interpreter);
    return get_ready(op, status < 0 ? status : prepare_begin(op, options));
}

/* ---- commit, rollback ------------------------------------------------------------------------ */

static takeo_status prepare_end(tk_op *op, tk_txn_verb verb, uint32_t level) {
    const tk_session *session = op->session;
    if (session->level == 0) {
        return tk_raise(&op->error, TK_TXN_CLOSED, "No transaction is open on the session.");
    }
    if (level > session->level) {
        return tk_raise(&op->error, TK_TXN_CLOSED,
                        "Level %u was ended before: the innermost one is %u.", level,
                        session->level);
    }
    if (verb == TK_TXN_COMMIT && level != 0 && level != session->level) {
        return tk_raise(&op->error, TK_TXN_STATE,
                        "Level %u cannot be committed: level %u inside it is still open.", level,
                        session->level);
    }
    op->run.txn = verb;
    op->run.txn_level = level != 0 ? level : session->level;
    return TAKEO_DONE;
}

takeo_status tk_txn_commit(tk_op *op, uint32_t level, const tk_interpreter *interpreter) {
    takeo_status status = tk_op_start(op, interpreter);
    return get_ready(op, status < 0 ? status : prepare_end(op, TK_TXN_COMMIT, level));
}

takeo_status tk_txn_rollback(tk_op *op, uint32_t level, const tk_interpreter *interpreter) {
    takeo_status status = tk_op_start(op, interpreter);
    return get_ready(op, status < 0 ? status : prepare_end(op, TK_TXN_ROLLBACK, level));
}

/* ---- retry ----------------------------------------------------------------------------------- */

#define RETRY_FIRST_NS INT64_C(10000000)
#define RETRY_MOST_NS INT64_C(1000000000)

int32_t tk_txn_retry(const takeo_error *error, uint32_t attempt, int64_t *out_ns) {
    if (error == NULL || (error->flags & TAKEO_ERROR_RETRYABLE) == 0) {
        return 0;
    }
    int64_t most = RETRY_FIRST_NS;
    for (uint32_t i = 1; i < attempt && most < RETRY_MOST_NS; i++) {
        most *= 2;
    }
    most = most < RETRY_MOST_NS ? most : RETRY_MOST_NS;
    /* Anywhere from nothing to the most, so that those who collided do not meet again. */
    uint64_t random = 0;
    if (out_ns != NULL) {
        bool is_random = tk_rand_bytes(&random, sizeof random);
        *out_ns = is_random ? (int64_t)(random % (uint64_t)(most + 1)) : most / 2;
    }
    return 1;
}
