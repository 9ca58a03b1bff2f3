/* test_txn.c - transactions of a session: levels, savepoints, what happens when their words fail.
 */
#include "support.h"

#include "scripted_driver.h"

typedef struct fixture {
    scripted script;
    tk_source *source;
    tk_session *session;
    tk_op *op;
    scripted_job job;
} fixture;

static void set_up(fixture *f) {
    *f = (fixture){0};
    f->source = scripted_source(&f->script, NULL);
    f->session = scripted_session(f->source);
    f->op = scripted_op(f->session);
    scripted_job_init(&f->job, 1, 1);
}

static void tear_down(fixture *f) {
    tk_op_free(f->op);
    tk_session_free(f->session);
    tk_source_close(f->source);
    scripted_done(&f->script);
}

static takeo_status begin(tk_op *op) {
    TK_TRY(tk_txn_begin(op, NULL, NULL));
    return tk_op_wait(op, -1);
}

static takeo_status commit(tk_op *op, uint32_t level) {
    TK_TRY(tk_txn_commit(op, level, NULL));
    return tk_op_wait(op, -1);
}

static takeo_status rollback(tk_op *op, uint32_t level) {
    TK_TRY(tk_txn_rollback(op, level, NULL));
    return tk_op_wait(op, -1);
}

static takeo_status run(fixture *f) {
    f->job.left = 1;
    return scripted_run(f->op, &f->job);
}

#define ASSERT_LOG(f, text)                                                                        \
    do {                                                                                           \
        assert_string_equal((f)->script.log, text);                                                \
        scripted_clear(&(f)->script);                                                              \
    } while (0)

/* ---- the good way ---------------------------------------------------------------------------- */

static void txn_commit_keeps_connection_until_then(void **state) { /* TX-01, TX-04 */
    (void)state;
    fixture f;
    set_up(&f);
    f.job.sql.is_write = true;
    takeo_session_info info = {.struct_size = sizeof info};
    assert_int_equal(begin(f.op), TAKEO_DONE);
    tk_session_describe(f.session, &info);
    assert_int_equal(info.level, 1);
    assert_int_equal(info.flags, TAKEO_SESSION_INFO_CONNECTED);
    assert_int_equal(info.connection, 1);
    assert_non_null(info.native);
    assert_true(f.source->conns->is_taken);
    assert_int_equal(run(&f), TAKEO_DONE);
    tk_session_describe(f.session, &info);
    assert_int_equal(info.flags, TAKEO_SESSION_INFO_CONNECTED | TAKEO_SESSION_INFO_WROTE);
    assert_int_equal(commit(f.op, 1), TAKEO_DONE);
    tk_session_describe(f.session, &info);
    assert_int_equal(info.level, 0);
    assert_false(f.source->conns->is_taken);
    ASSERT_LOG(&f, "open; run begin immediate; prepare 1; start 1; end 1; run commit; ");
    tear_down(&f);
}

static void txn_savepoints_nest(void **state) { /* TX-03 */
    (void)state;
    fixture f;
    set_up(&f);
    assert_int_equal(begin(f.op), TAKEO_DONE);
    assert_int_equal(begin(f.op), TAKEO_DONE);
    assert_int_equal(begin(f.op), TAKEO_DONE);
    assert_int_equal(f.session->level, 3);
    assert_int_equal(commit(f.op, 0), TAKEO_DONE);
    assert_int_equal(begin(f.op), TAKEO_DONE);
    assert_int_equal(rollback(f.op, 3), TAKEO_DONE);
    assert_int_equal(rollback(f.op, 2), TAKEO_DONE);
    assert_int_equal(rollback(f.op, 0), TAKEO_DONE);
    assert_int_equal(f.session->level, 0);
    ASSERT_LOG(&f, "open; run begin immediate; run savepoint takeo_1; run savepoint takeo_2; "
                   "run release takeo_2; run savepoint takeo_2; run rollback to takeo_2; "
                   "run release takeo_2; run rollback to takeo_1; run release takeo_1; "
                   "run rollback; ");
    tear_down(&f);
}

static void txn_rollback_of_an_outer_level_ends_those_inside(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    assert_int_equal(begin(f.op), TAKEO_DONE);
    assert_int_equal(begin(f.op), TAKEO_DONE);
    assert_int_equal(begin(f.op), TAKEO_DONE);
    scripted_clear(&f.script);
    assert_int_equal(rollback(f.op, 2), TAKEO_DONE);
    ASSERT_LOG(&f, "run rollback to takeo_1; run release takeo_1; ");
    assert_int_equal(f.session->level, 1);
    assert_int_equal(begin(f.op), TAKEO_DONE);
    assert_int_equal(rollback(f.op, 1), TAKEO_DONE);
    ASSERT_LOG(&f, "run savepoint takeo_1; run rollback; ");
    tear_down(&f);
}

static void txn_batch_inside_has_its_own_savepoint(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    assert_int_equal(begin(f.op), TAKEO_DONE);
    assert_int_equal(scripted_start(f.op, &f.job, NULL), TAKEO_DONE);
    f.op->in_transaction = true;
    assert_int_equal(tk_op_wait(f.op, -1), TAKEO_DONE);
    ASSERT_LOG(&f, "open; run begin immediate; run savepoint takeo_run; prepare 1; start 1; end 1; "
                   "run release takeo_run; ");
    scripted_fail(&f.script, "fetch 1", TK_SERVER_UNIQUE);
    f.job.left = 1;
    assert_int_equal(scripted_start(f.op, &f.job, NULL), TAKEO_DONE);
    f.op->in_transaction = true;
    assert_int_equal(tk_op_wait(f.op, -1), TAKEO_EUNIQUE);
    assert_int_equal(f.op->error.first->outcome, TAKEO_OUTCOME_ROLLED_BACK);
    ASSERT_LOG(&f, "run savepoint takeo_run; start 1; end 1; run rollback to takeo_run; "
                   "run release takeo_run; ");
    assert_int_equal(f.session->level, 1);
    assert_int_equal(commit(f.op, 1), TAKEO_DONE);
    tear_down(&f);
}

static void txn_read_only_is_for_the_transaction(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    takeo_txn_options options = {.struct_size = sizeof options,
                                 .flags = TAKEO_TXN_READ_ONLY | TAKEO_TXN_DEFERRABLE,
                                 .isolation = TAKEO_ISOLATION_SERIALIZABLE};
    assert_int_equal(tk_txn_begin(f.op, &options, NULL), TAKEO_DONE);
    assert_int_equal(tk_op_wait(f.op, -1), TAKEO_DONE);
    assert_int_equal(begin(f.op), TAKEO_DONE);
    assert_int_equal(commit(f.op, 0), TAKEO_DONE);
    assert_int_equal(commit(f.op, 0), TAKEO_DONE);
    ASSERT_LOG(&f, "open; run begin; run pragma query_only = 1; run savepoint takeo_1; "
                   "run release takeo_1; run commit; run pragma query_only = 0; ");
    assert_int_equal(tk_txn_begin(f.op, &options, NULL), TAKEO_DONE);
    assert_int_equal(tk_op_wait(f.op, -1), TAKEO_DONE);
    assert_int_equal(rollback(f.op, 0), TAKEO_DONE);
    ASSERT_LOG(&f,
               "run begin; run pragma query_only = 1; run rollback; run pragma query_only = 0; ");
    assert_int_equal(tk_txn_begin(f.op, &options, NULL), TAKEO_DONE);
    assert_int_equal(tk_op_wait(f.op, -1), TAKEO_DONE);
    tk_session_free(f.session); /* ends it like a rollback */
    ASSERT_LOG(&f,
               "run begin; run pragma query_only = 1; run rollback; run pragma query_only = 0; ");
    f.session = scripted_session(f.source);
    tear_down(&f);
}

/* ---- refusals -------------------------------------------------------------------------------- */

static void txn_isolation_that_is_lacking_is_refused(void **state) { /* TX-02 */
    (void)state;
    fixture f;
    set_up(&f);
    static const takeo_status wanted[] = {TAKEO_DONE,         TAKEO_EUNSUPPORTED,
                                          TAKEO_EUNSUPPORTED, TAKEO_EUNSUPPORTED,
                                          TAKEO_DONE,         TAKEO_EINVAL};
    for (uint32_t i = 0; i < TK_COUNT(wanted); i++) {
        takeo_txn_options options = {.struct_size = sizeof options, .isolation = i};
        assert_int_equal(tk_txn_begin(f.op, &options, NULL), wanted[i]);
        if (wanted[i] < 0) {
            assert_int_equal(f.op->state, TK_OP_FAILED);
            assert_non_null(f.op->error.first->message.data);
        } else {
            assert_int_equal(tk_op_wait(f.op, -1), TAKEO_DONE);
            assert_int_equal(rollback(f.op, 0), TAKEO_DONE);
        }
    }
    tear_down(&f);
}

static void txn_wrong_calls_are_refused(void **state) { /* TX-04, TX-05 */
    (void)state;
    fixture f;
    set_up(&f);
    takeo_txn_options options = {.struct_size = sizeof options, .flags = TAKEO_TXN_READ_ONLY};
    tk_op *shared = scripted_op(&f.source->shared);
    assert_int_equal(begin(shared), TAKEO_ESTATE);
    assert_string_equal(shared->error.first->code.data, "TAKEO.TXN.STATE");
    assert_int_equal(commit(shared, 0), TAKEO_ETXN_CLOSED);
    tk_op_free(shared);
    assert_int_equal(commit(f.op, 0), TAKEO_ETXN_CLOSED);
    assert_int_equal(rollback(f.op, 1), TAKEO_ETXN_CLOSED);
    assert_int_equal(begin(f.op), TAKEO_DONE);
    assert_int_equal(tk_txn_begin(f.op, &options, NULL), TAKEO_ESTATE);
    assert_int_equal(begin(f.op), TAKEO_DONE);
    assert_int_equal(commit(f.op, 1), TAKEO_ESTATE); /* not the innermost */
    assert_int_equal(commit(f.op, 3), TAKEO_ETXN_CLOSED);
    assert_int_equal(f.session->level, 2);
    tear_down(&f); /* frees an open transaction */
}

/* ---- failures -------------------------------------------------------------------------------- */

static void txn_begin_that_fails_gives_back(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    scripted_fail(&f.script, "run begin", TK_SERVER_BUSY);
    f.script.rules[0].flags = TAKEO_ERROR_RETRYABLE;
    assert_int_equal(begin(f.op), TAKEO_EBUSY);
    assert_int_equal(f.op->error.first->outcome, TAKEO_OUTCOME_NOT_SENT);
    assert_int_equal(f.session->level, 0);
    assert_false(f.source->conns->is_taken);
    takeo_txn_options options = {.struct_size = sizeof options, .flags = TAKEO_TXN_READ_ONLY};
    scripted_fail(&f.script, "run pragma query_only = 1", TK_SERVER_FAILED);
    scripted_clear(&f.script);
    assert_int_equal(tk_txn_begin(f.op, &options, NULL), TAKEO_DONE);
    assert_int_equal(tk_op_wait(f.op, -1), TAKEO_EDATABASE);
    ASSERT_LOG(&f,
               "run begin; run pragma query_only = 1; run rollback; run pragma query_only = 0; ");
    assert_int_equal(f.session->level, 0);
    tear_down(&f);
}

static void txn_commit_that_is_busy_may_be_tried_again(void **state) { /* F43 */
    (void)state;
    fixture f;
    set_up(&f);
    assert_int_equal(begin(f.op), TAKEO_DONE);
    scripted_fail(&f.script, "run commit", TK_SERVER_BUSY);
    assert_int_equal(commit(f.op, 1), TAKEO_EBUSY);
    assert_int_equal(f.op->error.first->outcome, TAKEO_OUTCOME_NONE);
    assert_int_equal(f.session->level, 1);
    assert_false(f.session->has_failed);
    assert_true(f.source->conns->is_taken);
    assert_int_equal(commit(f.op, 1), TAKEO_DONE);
    ASSERT_LOG(&f, "open; run begin immediate; run commit; run commit; ");
    tear_down(&f);
}

static void txn_that_the_server_ended_takes_only_rollback(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    assert_int_equal(begin(f.op), TAKEO_DONE);
    assert_int_equal(begin(f.op), TAKEO_DONE);
    scripted_fail(&f.script, "fetch 1", TK_SERVER_DISK_FULL);
    f.script.rules[0].ends_transaction = true;
    assert_int_equal(run(&f), TAKEO_EDISK_FULL);
    assert_true(f.session->has_failed);
    scripted_clear(&f.script);
    assert_int_equal(run(&f), TAKEO_ETXN_CLOSED); /* never on its own */
    assert_int_equal(begin(f.op), TAKEO_ETXN_CLOSED);
    assert_int_equal(commit(f.op, 0), TAKEO_ETXN_CLOSED);
    assert_int_equal(rollback(f.op, 2), TAKEO_DONE);
    assert_int_equal(f.session->level, 1);
    assert_int_equal(commit(f.op, 1), TAKEO_ETXN_CLOSED);
    assert_int_equal(rollback(f.op, 1), TAKEO_DONE);
    ASSERT_LOG(&f, "");
    assert_int_equal(f.session->level, 0);
    assert_false(f.session->has_failed);
    assert_int_equal(run(&f), TAKEO_DONE);
    tear_down(&f);
}

static void txn_commit_that_rolls_back_says_so(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    assert_int_equal(begin(f.op), TAKEO_DONE);
    scripted_fail(&f.script, "run commit", TK_SQLITE_IO);
    f.script.rules[0].ends_transaction = true;
    assert_int_equal(commit(f.op, 0), TAKEO_EOPERATIONAL);
    assert_int_equal(f.op->error.first->outcome, TAKEO_OUTCOME_ROLLED_BACK);
    assert_true(f.session->has_failed);
    assert_int_equal(rollback(f.op, 0), TAKEO_DONE);
    tear_down(&f);
}

static void txn_rollback_that_fails_closes_the_connection(void **state) { /* F44 */
    (void)state;
    fixture f;
    set_up(&f);
    assert_int_equal(begin(f.op), TAKEO_DONE);
    scripted_fail(&f.script, "run rollback", TK_SQLITE_IO);
    assert_int_equal(rollback(f.op, 0), TAKEO_DONE); /* closing it rolled back */
    assert_int_equal(f.script.servers, 0);
    assert_int_equal(f.session->level, 0);
    assert_int_equal(begin(f.op), TAKEO_DONE);
    ASSERT_LOG(&f, "open; run begin immediate; run rollback; close; open; run begin immediate; ");
    tear_down(&f);
}

static void txn_of_a_lost_connection_takes_only_rollback(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    assert_int_equal(begin(f.op), TAKEO_DONE);
    scripted_fail(&f.script, "fetch 1", TK_SQLITE_IO);
    f.script.rules[0].flags = TAKEO_ERROR_CONNECTION_GONE;
    assert_int_equal(run(&f), TAKEO_EOPERATIONAL);
    assert_false(f.source->conns->is_taken);
    assert_int_equal(run(&f), TAKEO_ETXN_CLOSED);
    assert_int_equal(rollback(f.op, 0), TAKEO_DONE);
    assert_int_equal(run(&f), TAKEO_DONE);
    tear_down(&f);
}

static void txn_read_only_that_cannot_end_closes_the_connection(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    takeo_txn_options options = {.struct_size = sizeof options, .flags = TAKEO_TXN_READ_ONLY};
    scripted_rule *rule = scripted_add(&f.script, "run pragma query_only = 0");
    rule->status = TAKEO_EDATABASE;
    rule->code = TK_SERVER_FAILED;
    rule->times = 2;
    assert_int_equal(tk_txn_begin(f.op, &options, NULL), TAKEO_DONE);
    assert_int_equal(tk_op_wait(f.op, -1), TAKEO_DONE);
    assert_int_equal(commit(f.op, 0), TAKEO_DONE);
    assert_int_equal(f.script.servers, 0);
    assert_int_equal(tk_txn_begin(f.op, &options, NULL), TAKEO_DONE);
    assert_int_equal(tk_op_wait(f.op, -1), TAKEO_DONE);
    tk_session_free(f.session);
    assert_int_equal(f.script.servers, 0);
    f.session = NULL;
    tear_down(&f);
}

/* ---- retry ----------------------------------------------------------------------------------- */

static void txn_retry_doubles_up_to_a_second(void **state) {
    (void)state;
    takeo_error error = {.struct_size = sizeof error, .flags = TAKEO_ERROR_RETRYABLE};
    int64_t pause = -1;
    for (uint32_t attempt = 0; attempt < 40; attempt++) {
        int64_t most = 10000000;
        for (uint32_t i = 1; i < attempt && most < 1000000000; i++) {
            most *= 2;
        }
        most = most < 1000000000 ? most : 1000000000;
        assert_int_equal(tk_txn_retry(&error, attempt, &pause), 1);
        assert_true(pause >= 0 && pause <= most);
    }
    assert_int_equal(tk_txn_retry(&error, 1, NULL), 1);
    error.flags = 0;
    assert_int_equal(tk_txn_retry(&error, 1, &pause), 0);
    assert_int_equal(tk_txn_retry(NULL, 1, &pause), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(txn_commit_keeps_connection_until_then),
        cmocka_unit_test(txn_savepoints_nest),
        cmocka_unit_test(txn_rollback_of_an_outer_level_ends_those_inside),
        cmocka_unit_test(txn_batch_inside_has_its_own_savepoint),
        cmocka_unit_test(txn_read_only_is_for_the_transaction),
        cmocka_unit_test(txn_isolation_that_is_lacking_is_refused),
        cmocka_unit_test(txn_wrong_calls_are_refused),
        cmocka_unit_test(txn_begin_that_fails_gives_back),
        cmocka_unit_test(txn_commit_that_is_busy_may_be_tried_again),
        cmocka_unit_test(txn_that_the_server_ended_takes_only_rollback),
        cmocka_unit_test(txn_commit_that_rolls_back_says_so),
        cmocka_unit_test(txn_rollback_that_fails_closes_the_connection),
        cmocka_unit_test(txn_of_a_lost_connection_takes_only_rollback),
        cmocka_unit_test(txn_read_only_that_cannot_end_closes_the_connection),
        cmocka_unit_test(txn_retry_doubles_up_to_a_second),
    };
    return cmocka_run_group_tests_name("txn", tests, NULL, NULL);
}
