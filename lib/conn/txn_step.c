/* txn_step.c - the states BEGIN, COMMIT and ROLLBACK: of a run that wants a transaction of its own,
 * and of the verbs that move a session up and down its levels.
 *
 *                     outside a transaction       inside one
 *     a run           begin ... commit            savepoint takeo_run ... release
 *     a verb          the same, level 0 -> 1      savepoint takeo_n, level n -> n + 1
 *
 * A state is a short list of texts, sent one after the other; op->run.text says which comes next,
 * so that a driver which has to wait is asked again with the same one.  What begins something may
 * travel together with what comes after it.  It must not know jobs.
 */
#include <stdio.h>

#include "conn/conn_int.h"

enum { NAME_MAX_LEN = 48 };

/* Savepoints of a session are counted, that of a run inside one has its own name. */
static const char run_savepoint[] = "takeo_run";

/* Write "<word> takeo_<level - 1>", or with the name of a run. */
static const char *with_savepoint(const char *word, const tk_op *op, char *text) {
    if (op->run.txn == TK_TXN_NONE) {
        (void)snprintf(text, NAME_MAX_LEN, "%s %s", word, run_savepoint);
    } else {
        (void)snprintf(text, NAME_MAX_LEN, "%s takeo_%u", word, op->run.txn_level - 1);
    }
    return text;
}

static bool is_outermost(const tk_op *op) {
    return op->run.txn == TK_TXN_NONE ? op->session->level == 0 : op->run.txn_level == 1;
}

static const char *begin_text(const tk_op *op, uint32_t number, char *text) {
    if (!is_outermost(op)) {
        return number == 0 ? with_savepoint("savepoint", op, text) : NULL;
    }
    bool is_read_only = (op->run.txn_flags & TAKEO_TXN_READ_ONLY) != 0;
    tk_begin how = {
        .isolation = op->run.txn == TK_TXN_BEGIN ? op->run.txn_isolation : op->isolation,
        .is_read_only = is_read_only,
        .is_deferrable = (op->run.txn_flags & TAKEO_TXN_DEFERRABLE) != 0,
        .is_write = op->run.txn == TK_TXN_BEGIN ? !is_read_only : op->is_write,
    };
    return op->source->driver->begin_text(&how, number);
}

static const char *commit_text(const tk_op *op, uint32_t number, char *text) {
    if (!is_outermost(op)) {
        return number == 0 ? with_savepoint("release", op, text) : NULL;
    }
    if (number == 0) {
        return "commit";
    }
    return number == 1 && op->session->is_read_only ? op->source->driver->after_read_only : NULL;
}

static const char *rollback_text(const tk_op *op, uint32_t number, char *text) {
    if (!is_outermost(op)) {
        return number == 0   ? with_savepoint("rollback to", op, text)
               : number == 1 ? with_savepoint("release", op, text)
                             : NULL;
    }
    if (number == 0) {
        return "rollback";
    }
    bool is_read_only = op->session->is_read_only || op->run.txn == TK_TXN_BEGIN;
    return number == 1 && is_read_only ? op->source->driver->after_read_only : NULL;
}

typedef const char *(*text_of)(const tk_op *op, uint32_t number, char *text);
typedef takeo_status (*runner)(tk_server *server, const char *sql, tk_error *error);

/* Send the texts from op->run.text on. */
static takeo_status send(tk_op *op, text_of find, runner run, tk_error *error) {
    char memory[NAME_MAX_LEN];
    const char *text;
    takeo_status status = TAKEO_DONE;
    bool blocks = op->conn->driver->blocks;
    if (blocks) {
        (void)tk_op_leave(op); /* locks are waited for here, and the disk */
    } else {
        op->run.pace = &op->conn->text_pace;
        op->run.sent_ns = op->run.sent_ns != 0 ? op->run.sent_ns : tk_clock_now_ns();
    }
    while (status == TAKEO_DONE && (text = find(op, op->run.text, memory)) != NULL) {
        status = run(op->conn->server, text, error);
        op->run.text += status == TAKEO_DONE;
    }
    if (status != TAKEO_WAIT) {
        op->run.pace = NULL;
        op->run.sent_ns = 0;
    }
    if (status == TAKEO_DONE) {
        op->run.text = 0;
    }
    if (blocks) {
        tk_op_enter(op);
    }
    return status;
}

/* ---- BEGIN ----------------------------------------------------------------------------------- */

takeo_status tk_begin_step(tk_op *op) {
    tk_session *session = op->session;
    if (tk_op_must_stop(op)) {
        return TAKEO_ECANCELED;
    }
    const tk_driver *driver = op->conn->driver;
    takeo_status status = send(
        op, begin_text, driver->run_later != NULL ? driver->run_later : driver->run, &op->error);
    op->run.is_begun = op->run.text > 0 || status == TAKEO_DONE;
    if (status != TAKEO_DONE) {
        return status;
    }
    if (op->run.txn == TK_TXN_NONE) {
        op->state = TK_OP_RUN;
        return TAKEO_DONE;
    }
    op->run.is_begun = false; /* it is the session's now */
    session->level = op->run.txn_level;
    if (session->level == 1) {
        session->is_read_only = (op->run.txn_flags & TAKEO_TXN_READ_ONLY) != 0;
        session->has_failed = false;
        session->has_written = false;
    }
    op->state = TK_OP_RELEASE;
    return TAKEO_DONE;
}

/* ---- COMMIT ---------------------------------------------------------------------------------- */

/* A level of the session has ended. */
static void lower(tk_op *op) {
    tk_session *session = op->session;
    session->level = op->run.txn_level - 1;
    if (session->level == 0) {
        session->has_failed = false;
        session->is_read_only = false;
    }
}

takeo_status tk_commit_step(tk_op *op) {
    if (op->run.text == 0 && tk_op_must_stop(op)) {
        return TAKEO_ECANCELED;
    }
    takeo_status status = send(op, commit_text, op->conn->driver->run, &op->error);
    op->run.has_sent_commit |= status == TAKEO_WAIT;
    if (status < 0 && op->run.text > 0) { /* committed; only the connection is not as it was */
        tk_error_clear(&op->error);
        op->run.is_broken = true;
        status = TAKEO_DONE;
    }
    if (status < 0) {
        tk_op_explain(op, NULL);
    }
    if (status != TAKEO_DONE) {
        return status;
    }
    op->run.is_begun = false;
    if (op->run.txn == TK_TXN_COMMIT) {
        lower(op);
    }
    op->state = TK_OP_RELEASE;
    return TAKEO_DONE;
}

/* ---- ROLLBACK -------------------------------------------------------------------------------- */

takeo_status tk_rollback_step(tk_op *op) {
    takeo_status status = TAKEO_DONE;
    if (op->conn != NULL) {
        tk_settle_begin(op);
        const tk_conn *conn = op->conn;
        tk_error second; /* op->error keeps the failure that led here */
        tk_error_init(&second, op->alloc);
        if (op->run.text == 0 && !conn->driver->is_in_transaction(conn->server)) {
            op->run.text = 1; /* the server has done it already */
            if (!is_outermost(op)) {
                op->run.text = 2;
            }
        }
        status = send(op, rollback_text, conn->driver->run, &second);
        tk_error_done(&second);
        if (status == TAKEO_WAIT && tk_settle_wait(op) == TAKEO_WAIT) {
            return status;
        }
        op->run.is_broken |= status != TAKEO_DONE;
    }
    op->run.is_begun = false;
    if (op->run.txn == TK_TXN_ROLLBACK) {
        lower(op);
    }
    op->state = TK_OP_RELEASE;
    return TAKEO_DONE;
}
