/* test_op.c - life of an operation: every way from start to its end, and what is told on it. */
#include "support.h"

#include "scripted_driver.h"

typedef struct fixture {
    scripted script;
    tk_source *source;
    tk_op *op;
    scripted_job job;
} fixture;

static void set_up(fixture *f, uint32_t rows, uint32_t executions) {
    *f = (fixture){0};
    f->script.rows = rows;
    f->source = scripted_source(&f->script, NULL);
    f->op = scripted_op(&f->source->shared);
    scripted_job_init(&f->job, 1, executions);
}

static void tear_down(fixture *f) {
    tk_op_free(f->op);
    tk_source_close(f->source);
    scripted_done(&f->script);
}

static void assert_code(const tk_op *op, const char *code, takeo_outcome outcome) {
    assert_non_null(op->error.first);
    assert_string_equal(op->error.first->code.data, code);
    assert_int_equal(op->error.first->outcome, outcome);
    assert_null(op->error.first->next); /* the cause alone, not what cleaning up met */
}

/* ---- the good way ---------------------------------------------------------------------------- */

static void op_run_goes_in_one_step(void **state) { /* DS-01: nothing is connected before */
    (void)state;
    fixture f;
    set_up(&f, 2, 1);
    assert_string_equal(f.script.log, "");
    assert_int_equal(scripted_start(f.op, &f.job, NULL), TAKEO_DONE);
    assert_int_equal(f.op->state, TK_OP_ACQUIRE);
    assert_int_equal(tk_op_step(f.op, 0), TAKEO_DONE);
    assert_string_equal(f.script.log, "open; prepare 1; start 1; end 1; ");
    assert_int_equal(f.job.rows, 2);
    assert_int_equal(f.job.ran, 1);
    assert_int_equal(f.job.done, 1);
    assert_int_equal(f.job.finished, 1);
    assert_int_equal(f.job.finish_status, TAKEO_DONE);
    assert_int_equal(f.op->result.statement_count, 1);
    assert_false(f.source->conns->is_taken);
    tear_down(&f);
}

static void op_second_run_uses_connection_and_statement_again(void **state) {
    (void)state;
    fixture f;
    set_up(&f, 1, 3);
    assert_int_equal(scripted_run(f.op, &f.job), TAKEO_DONE);
    assert_int_equal(f.op->result.statement_count, 3);
    assert_int_equal(f.script.last_argument.v.i, 3);
    scripted_clear(&f.script);
    f.job.left = 1;
    assert_int_equal(scripted_run(f.op, &f.job), TAKEO_DONE);
    assert_string_equal(f.script.log, "start 1; end 1; ");
    assert_int_equal(f.op->result.statement_count, 1);
    tear_down(&f);
}

static void op_without_jobs_only_connects(void **state) {
    (void)state;
    fixture f;
    set_up(&f, 0, 0);
    assert_int_equal(scripted_start(f.op, NULL, NULL), TAKEO_DONE);
    f.op->in_transaction = true;
    assert_int_equal(tk_op_wait(f.op, -1), TAKEO_DONE);
    assert_string_equal(f.script.log, "open; ");
    tear_down(&f);
}

static void op_transaction_of_its_own_begins_and_commits(void **state) {
    (void)state;
    fixture f;
    set_up(&f, 0, 2);
    f.job.sql.is_write = true;
    assert_int_equal(scripted_start(f.op, &f.job, NULL), TAKEO_DONE);
    f.op->in_transaction = true;
    assert_int_equal(tk_op_wait(f.op, -1), TAKEO_DONE);
    assert_string_equal(f.script.log, "open; run begin immediate; prepare 1; start 1; end 1; "
                                      "start 1; end 1; run commit; ");
    scripted_clear(&f.script);
    f.job.left = 1;
    f.job.sql.is_write = false;
    assert_int_equal(scripted_start(f.op, &f.job, NULL), TAKEO_DONE);
    f.op->in_transaction = true;
    assert_int_equal(tk_op_wait(f.op, -1), TAKEO_DONE);
    assert_string_equal(f.script.log, "run begin; start 1; end 1; run commit; ");
    tear_down(&f);
}

static takeo_rows some_rows = {.struct_size = sizeof some_rows, .row_count = 1};

static void show_rows(tk_op *op) {
    op->rows = &some_rows;
}

static void op_rows_are_shown_once(void **state) {
    (void)state;
    fixture f;
    set_up(&f, 1, 1);
    f.job.on_finish = show_rows;
    assert_int_equal(scripted_run(f.op, &f.job), TAKEO_ROWS);
    assert_ptr_equal(f.op->rows, &some_rows);
    assert_int_equal(tk_op_step(f.op, 0), TAKEO_DONE);
    assert_null(f.op->rows);
    assert_int_equal(tk_op_step(f.op, 0), TAKEO_DONE);
    tear_down(&f);
}

static void op_rows_taken_outlive_it(void **state) {
    (void)state;
    fixture f;
    set_up(&f, 1, 1);
    assert_int_equal(scripted_start(f.op, &f.job, NULL), TAKEO_DONE);
    takeo_rows *rows = tk_arena_take(&f.op->arena, sizeof *rows);
    takeo_column_info info = {.name = {"n", 1}, .type_name = {"integer", 7}};
    assert_non_null(rows);
    *rows = (takeo_rows){.struct_size = sizeof *rows, .column_count = 1, .columns = &info};
    f.op->rows = rows;
    assert_int_equal(tk_op_wait(f.op, -1), TAKEO_ROWS);
    takeo_rows *taken = tk_op_take_rows(f.op);
    assert_non_null(taken);
    assert_null(tk_op_take_rows(f.op));
    tear_down(&f);
    info.name.data = NULL;
    assert_string_equal(taken->columns[0].name.data, "n");
    assert_string_equal(taken->columns[0].type_name.data, "integer");
    tk_rows_free(taken);
    tk_rows_free(NULL);
}

/* ---- failures at every state ----------------------------------------------------------------- */

typedef struct failure_case {
    const char *call; /* that is refused */
    bool in_transaction;
    bool is_write;
    const char *log;
    takeo_outcome outcome;
} failure_case;

static const failure_case failure_cases[] = {
    {"open", false, false, "open; ", TAKEO_OUTCOME_NOT_SENT},
    {"open", true, true, "open; ", TAKEO_OUTCOME_NOT_SENT},
    {"run begin", true, true, "open; run begin immediate; ", TAKEO_OUTCOME_NOT_SENT},
    {"prepare 1", false, true, "open; prepare 1; ", TAKEO_OUTCOME_NOT_SENT},
    {"prepare 1", true, true, "open; run begin immediate; prepare 1; run rollback; ",
     TAKEO_OUTCOME_NOT_SENT},
    {"start 1", false, true, "open; prepare 1; start 1; end 1; ", TAKEO_OUTCOME_NOT_SENT},
    {"fetch 1", false, true, "open; prepare 1; start 1; end 1; ", TAKEO_OUTCOME_ROLLED_BACK},
    {"fetch 1", false, false, "open; prepare 1; start 1; end 1; ", TAKEO_OUTCOME_NONE},
    {"fetch 1", true, true, "open; run begin immediate; prepare 1; start 1; end 1; run rollback; ",
     TAKEO_OUTCOME_ROLLED_BACK},
    {"run commit", true, true,
     "open; run begin immediate; prepare 1; start 1; end 1; run commit; run rollback; ",
     TAKEO_OUTCOME_ROLLED_BACK},
};

static void op_failure_leaves_connection_clean(void **state) { /* F44 */
    (void)state;
    for (size_t i = 0; i < TK_COUNT(failure_cases); i++) {
        const failure_case *c = &failure_cases[i];
        fixture f;
        set_up(&f, 0, 1);
        scripted_fail(&f.script, c->call, TK_SERVER_BUSY);
        f.job.sql.is_write = c->is_write;
        assert_int_equal(scripted_start(f.op, &f.job, NULL), TAKEO_DONE);
        f.op->in_transaction = c->in_transaction;
        assert_int_equal(tk_op_wait(f.op, -1), TAKEO_EBUSY);
        assert_string_equal(f.script.log, c->log);
        assert_code(f.op, "TAKEO.SERVER.BUSY", c->outcome);
        assert_int_equal(f.op->state, TK_OP_FAILED);
        assert_int_equal(f.job.finished, 1);
        assert_int_equal(f.job.finish_status, TAKEO_EBUSY);
        assert_int_equal(tk_op_step(f.op, 0), TAKEO_EBUSY); /* said again */
        assert_int_equal(f.job.finished, 1);
        assert_false(f.source->conns->is_taken);
        f.job.left = 1;
        assert_int_equal(scripted_run(f.op, &f.job), TAKEO_DONE); /* and it can be used again */
        assert_int_equal(f.job.finished, 2);
        assert_null(f.op->error.first);
        tear_down(&f);
    }
}

typedef struct job_case {
    bool bind, row, ran, done;
    takeo_status status;
    takeo_outcome outcome; /* of an autocommitted write */
} job_case;

static const job_case job_cases[] = {
    {.bind = true, .status = TAKEO_EINPUT, .outcome = TAKEO_OUTCOME_NOT_SENT},
    {.row = true, .status = TAKEO_EDECODE, .outcome = TAKEO_OUTCOME_COMMITTED},
    {.ran = true, .status = TAKEO_ESTALE, .outcome = TAKEO_OUTCOME_COMMITTED},
    {.done = true, .status = TAKEO_ENOT_FOUND, .outcome = TAKEO_OUTCOME_COMMITTED},
};

static void op_failure_of_a_job_ends_the_run(void **state) {
    (void)state;
    for (size_t i = 0; i < 2 * TK_COUNT(job_cases); i++) {
        const job_case *c = &job_cases[i / 2];
        fixture f;
        set_up(&f, 1, 1);
        f.job.sql.is_write = true;
        f.job.bind_status = c->bind ? TAKEO_EINPUT : TAKEO_DONE;
        f.job.row_status = c->row ? TAKEO_EDECODE : TAKEO_DONE;
        f.job.ran_status = c->ran ? TAKEO_ESTALE : TAKEO_DONE;
        f.job.done_status = c->done ? TAKEO_ENOT_FOUND : TAKEO_DONE;
        assert_int_equal(scripted_start(f.op, &f.job, NULL), TAKEO_DONE);
        f.op->in_transaction = i % 2 == 1;
        assert_int_equal(tk_op_wait(f.op, -1), c->status);
        takeo_outcome rolled_back = c->bind ? TAKEO_OUTCOME_NOT_SENT : TAKEO_OUTCOME_ROLLED_BACK;
        assert_int_equal(f.op->error.first->outcome, i % 2 == 1 ? rolled_back : c->outcome);
        assert_int_equal(f.script.is_in_transaction, false);
        assert_int_equal(f.job.finished, 1);
        tear_down(&f);
    }
}

static void fail_in_finish(tk_op *op) {
    (void)tk_raise(&op->error, TK_RESULT_DECODE, "cannot write back");
}

static void op_failure_of_finish_is_the_operations(void **state) {
    (void)state;
    fixture f;
    set_up(&f, 0, 1);
    f.job.sql.is_write = true;
    f.job.on_finish = fail_in_finish;
    assert_int_equal(scripted_run(f.op, &f.job), TAKEO_EDECODE);
    assert_code(f.op, "TAKEO.RESULT.DECODE", TAKEO_OUTCOME_COMMITTED);
    tear_down(&f);
}

static void op_rollback_that_fails_closes_the_connection(void **state) { /* F44 */
    (void)state;
    fixture f;
    set_up(&f, 0, 1);
    scripted_fail(&f.script, "fetch 1", TK_SERVER_UNIQUE);
    scripted_fail(&f.script, "run rollback", TK_SQLITE_IO);
    assert_int_equal(scripted_start(f.op, &f.job, NULL), TAKEO_DONE);
    f.op->in_transaction = true;
    assert_int_equal(tk_op_wait(f.op, -1), TAKEO_EUNIQUE);
    assert_string_equal(f.script.log, "open; run begin; prepare 1; start 1; end 1; run rollback; "
                                      "forget 1; close; ");
    assert_code(f.op, "TAKEO.SERVER.UNIQUE", TAKEO_OUTCOME_ROLLED_BACK);
    scripted_clear(&f.script);
    f.job.left = 1;
    assert_int_equal(scripted_run(f.op, &f.job), TAKEO_DONE);
    assert_string_equal(f.script.log, "open; prepare 1; start 1; end 1; ");
    assert_int_equal(f.source->conns->number, 2);
    tear_down(&f);
}

static void op_lost_connection_is_closed(void **state) {
    (void)state;
    static const char *const calls[] = {"fetch 1", "run commit"};
    for (size_t i = 0; i < TK_COUNT(calls); i++) {
        fixture f;
        set_up(&f, 0, 1);
        scripted_fail(&f.script, calls[i], TK_SQLITE_IO);
        f.script.rules[0].flags = TAKEO_ERROR_CONNECTION_GONE;
        f.job.sql.is_write = true;
        assert_int_equal(scripted_start(f.op, &f.job, NULL), TAKEO_DONE);
        f.op->in_transaction = i == 1;
        assert_int_equal(tk_op_wait(f.op, -1), TAKEO_EOPERATIONAL);
        assert_code(f.op, "TAKEO.SQLITE.IO", TAKEO_OUTCOME_UNKNOWN);
        assert_int_equal(f.script.servers, 0);
        tear_down(&f);
    }
}

static void begin_behind_our_back(scripted *script) {
    script->is_in_transaction = true;
}

static void op_transaction_left_open_by_sql_is_refused(void **state) {
    (void)state;
    fixture f;
    set_up(&f, 0, 1);
    scripted_add(&f.script, "fetch 1")->act = begin_behind_our_back;
    assert_int_equal(scripted_run(f.op, &f.job), TAKEO_ESTATE);
    assert_string_equal(f.op->error.first->code.data, "TAKEO.TXN.STATE");
    assert_string_equal(f.script.log, "open; prepare 1; start 1; end 1; run rollback; ");
    tear_down(&f);
}

/* ---- start and refuse ------------------------------------------------------------------------ */

static void op_start_while_it_runs_is_refused(void **state) {
    (void)state;
    fixture f;
    set_up(&f, 0, 1);
    assert_int_equal(scripted_start(f.op, &f.job, NULL), TAKEO_DONE);
    assert_int_equal(tk_op_start(f.op, NULL), TAKEO_ESTATE);
    assert_int_equal(tk_op_refuse(f.op, TAKEO_ESTATE), TAKEO_ESTATE);
    assert_int_equal(f.job.finished, 0);
    assert_int_equal(tk_op_wait(f.op, -1), TAKEO_DONE); /* goes on untouched */
    assert_null(f.op->error.first);
    tear_down(&f);
}

static void op_refuse_keeps_the_failure_and_finishes(void **state) {
    (void)state;
    fixture f;
    set_up(&f, 0, 1);
    assert_int_equal(tk_op_start(f.op, NULL), TAKEO_DONE);
    f.op->verb = &f.job;
    assert_int_equal(tk_op_refuse(f.op, tk_raise(&f.op->error, TK_INPUT_TYPE, "no")), TAKEO_EINPUT);
    assert_int_equal(f.op->state, TK_OP_FAILED);
    assert_int_equal(tk_op_step(f.op, 0), TAKEO_EINPUT);
    assert_int_equal(tk_op_start(f.op, NULL), TAKEO_DONE);
    assert_int_equal(tk_op_refuse(f.op, TAKEO_ENOMEM), TAKEO_ENOMEM);
    assert_string_equal(f.op->error.first->code.data, "TAKEO.CALL.MEMORY");
    assert_int_equal(tk_op_start(f.op, NULL), TAKEO_DONE);
    assert_int_equal(tk_op_refuse(f.op, TAKEO_EINPUT), TAKEO_EINTERNAL);
    assert_string_equal(f.script.log, "");
    tear_down(&f);
}

static void op_idle_has_nothing_to_say(void **state) {
    (void)state;
    fixture f;
    set_up(&f, 0, 1);
    takeo_interest interest = {.struct_size = sizeof interest};
    assert_int_equal(tk_op_step(f.op, 0), TAKEO_ESTATE);
    assert_int_equal(tk_op_wait(f.op, 0), TAKEO_ESTATE);
    assert_int_equal(tk_op_interest(f.op, &interest), TAKEO_ESTATE);
    tk_op_cancel(f.op);
    assert_int_equal(scripted_run(f.op, &f.job),
                     TAKEO_DONE); /* cancelled before it began: nothing */
    tear_down(&f);
}

static void op_interest_says_that_a_step_blocks(void **state) {
    (void)state;
    fixture f;
    set_up(&f, 0, 1);
    f.op->options.timeout_ns = INT64_C(5000000000);
    assert_int_equal(scripted_start(f.op, &f.job, NULL), TAKEO_DONE);
    takeo_interest interest = {.struct_size = sizeof interest};
    assert_int_equal(tk_op_interest(f.op, &interest), TAKEO_DONE);
    assert_int_equal(interest.flags, TAKEO_INTEREST_BLOCKING);
    assert_int_equal(interest.fd, -1);
    assert_int_equal(interest.deadline_ns, f.op->deadline_ns);
    assert_true(interest.deadline_ns > 0);
    tear_down(&f); /* freed while it runs: cancelled, finished once */
    assert_int_equal(f.job.finished, 1);
    assert_int_equal(f.job.finish_status, TAKEO_ECANCELED);
    assert_string_equal(f.script.log, "");
}

/* ---- waiting drivers ------------------------------------------------------------------------- */

static void op_driver_that_waits_is_asked_again(void **state) {
    (void)state;
    static const char *const calls[] = {"prepare 1", "start 1", "fetch 1", "run begin",
                                        "run commit"};
    for (size_t i = 0; i < TK_COUNT(calls); i++) {
        fixture f;
        set_up(&f, 1, 1);
        scripted_rule *rule = scripted_add(&f.script, calls[i]);
        rule->status = TAKEO_WAIT;
        rule->times = 3;
        assert_int_equal(scripted_start(f.op, &f.job, NULL), TAKEO_DONE);
        f.op->in_transaction = true;
        assert_int_equal(tk_op_step(f.op, 0), TAKEO_WAIT);
        tk_op_state waiting = f.op->state;
        assert_int_equal(tk_op_step(f.op, 0), TAKEO_WAIT);
        assert_int_equal(f.op->state, waiting);
        assert_int_equal(tk_op_wait(f.op, -1), TAKEO_DONE);
        assert_int_equal(f.job.rows, 1);
        assert_int_equal(f.job.ran, 1);
        tear_down(&f);
    }
}

static void op_freed_in_the_middle_is_rolled_back(void **state) {
    (void)state;
    fixture f;
    set_up(&f, 1, 1);
    scripted_add(&f.script, "fetch 1")->status = TAKEO_WAIT;
    assert_int_equal(scripted_start(f.op, &f.job, NULL), TAKEO_DONE);
    f.op->in_transaction = true;
    assert_int_equal(tk_op_step(f.op, 0), TAKEO_WAIT);
    tk_op_free(f.op);
    assert_string_equal(f.script.log, "open; run begin; prepare 1; start 1; end 1; run rollback; ");
    f.op = scripted_op(&f.source->shared);
    assert_int_equal(scripted_start(f.op, &f.job, NULL), TAKEO_DONE);
    tear_down(&f);
}

static void op_freed_while_cleaning_waits_closes(void **state) {
    (void)state;
    fixture f;
    set_up(&f, 1, 1);
    scripted_fail(&f.script, "fetch 1", TK_SERVER_BUSY);
    scripted_rule *rule = scripted_add(&f.script, "run rollback");
    rule->status = TAKEO_WAIT;
    rule->times = 1000;
    assert_int_equal(scripted_start(f.op, &f.job, NULL), TAKEO_DONE);
    f.op->in_transaction = true;
    assert_int_equal(tk_op_step(f.op, 0), TAKEO_WAIT);
    assert_int_equal(f.op->state, TK_OP_ROLLBACK);
    tk_op_free(f.op);
    assert_int_equal(f.script.servers, 0);
    f.op = NULL;
    tear_down(&f);
    assert_int_equal(f.job.finished, 1);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static bool whole_life(const takeo_allocator *allocator, void *context) {
    (void)context;
    scripted script = {.rows = 2};
    takeo_setting setting = {"busy_timeout", "1"};
    const char *init_sql = "select 1";
    takeo_source_options options = {.struct_size = sizeof options,
                                    .settings = &setting,
                                    .setting_count = 1,
                                    .init_sql = &init_sql,
                                    .init_sql_count = 1,
                                    .allocator = allocator};
    tk_source *source = NULL;
    tk_session *session = NULL;
    tk_op *op = NULL;
    scripted_job job;
    scripted_job_init(&job, 1, 2);
    bool is_good = scripted_open(&script, &options, &source, NULL) == TAKEO_DONE
                   && tk_session_new(source, &session, NULL) == TAKEO_DONE
                   && tk_op_new(session, &op, NULL) == TAKEO_DONE;
    if (is_good) {
        is_good = tk_txn_begin(op, NULL, NULL) == TAKEO_DONE && tk_op_wait(op, -1) == TAKEO_DONE;
        is_good = is_good && scripted_run(op, &job) == TAKEO_DONE;
        is_good =
            is_good && tk_txn_commit(op, 0, NULL) == TAKEO_DONE && tk_op_wait(op, -1) == TAKEO_DONE;
        assert_true(is_good || op->status == TAKEO_ENOMEM);
    }
    tk_source_close(source);
    tk_session_free(session);
    tk_op_free(op);
    scripted_done(&script);
    return is_good;
}

static void op_every_allocation_may_fail(void **state) {
    (void)state;
    assert_true(tk_sweep(whole_life, NULL) > 8);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(op_run_goes_in_one_step),
        cmocka_unit_test(op_second_run_uses_connection_and_statement_again),
        cmocka_unit_test(op_without_jobs_only_connects),
        cmocka_unit_test(op_transaction_of_its_own_begins_and_commits),
        cmocka_unit_test(op_rows_are_shown_once),
        cmocka_unit_test(op_rows_taken_outlive_it),
        cmocka_unit_test(op_failure_leaves_connection_clean),
        cmocka_unit_test(op_failure_of_a_job_ends_the_run),
        cmocka_unit_test(op_failure_of_finish_is_the_operations),
        cmocka_unit_test(op_rollback_that_fails_closes_the_connection),
        cmocka_unit_test(op_lost_connection_is_closed),
        cmocka_unit_test(op_transaction_left_open_by_sql_is_refused),
        cmocka_unit_test(op_start_while_it_runs_is_refused),
        cmocka_unit_test(op_refuse_keeps_the_failure_and_finishes),
        cmocka_unit_test(op_idle_has_nothing_to_say),
        cmocka_unit_test(op_interest_says_that_a_step_blocks),
        cmocka_unit_test(op_driver_that_waits_is_asked_again),
        cmocka_unit_test(op_freed_in_the_middle_is_rolled_back),
        cmocka_unit_test(op_freed_while_cleaning_waits_closes),
        cmocka_unit_test(op_every_allocation_may_fail),
    };
    return cmocka_run_group_tests_name("op", tests, NULL, NULL);
}
