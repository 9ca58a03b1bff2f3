/* test_stop.c - cancel, deadlines, the host's check, and the interpreter's lock around all of it.
 */
#include "support.h"

#include <pthread.h>

#include "conn/conn_int.h"
#include "scripted_driver.h"

#define MS INT64_C(1000000)

typedef struct fixture {
    scripted script;
    tk_source *source;
    tk_op *op;
    scripted_job job;
    takeo_source_options options;
} fixture;

/* A lock of which the test sees who holds it, and a check that it can make fail. */
static int32_t held, leaves, checks, fail_check_at;

static void *leave(void) {
    assert_int_equal(held, 1);
    held = 0;
    leaves++;
    return &held;
}

static void enter(void *left) {
    assert_ptr_equal(left, &held);
    assert_int_equal(held, 0);
    held = 1;
}

static takeo_status check(void) {
    assert_int_equal(held, 1);
    checks++;
    return checks == fail_check_at ? TAKEO_EHOST : TAKEO_DONE;
}

static const tk_interpreter interpreter = {.leave = leave, .enter = enter, .check = check};

static void set_up(fixture *f) {
    *f = (fixture){0};
    f->options.struct_size = sizeof f->options;
    f->script.context = f;
    f->script.rows = 1;
    f->source = scripted_source(&f->script, &f->options);
    f->op = scripted_op(&f->source->shared);
    scripted_job_init(&f->job, 1, 1);
    held = 1;
    leaves = checks = fail_check_at = 0;
}

static void tear_down(fixture *f) {
    assert_int_equal(held, 1);
    assert_int_equal(f->job.finished, 1);
    tk_op_free(f->op);
    tk_source_close(f->source);
    scripted_done(&f->script);
}

/* ---- the lock -------------------------------------------------------------------------------- */

static void assert_is_held(scripted *script) {
    (void)script;
    assert_int_equal(held, 1);
}

static void assert_is_left(scripted *script) {
    (void)script;
    assert_int_equal(held, 0);
}

static void row_has_lock(scripted_job *job, tk_op *op) {
    (void)job;
    (void)op;
    assert_int_equal(held, 1);
}

static void finish_has_lock(tk_op *op) {
    (void)op;
    assert_int_equal(held, 1);
}

static void stop_read_into_objects_keeps_the_lock(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    f.job.job.needs_host = true;
    f.job.on_row = row_has_lock;
    f.job.on_finish = finish_has_lock;
    scripted_add(&f.script, "open")->act = assert_is_left;
    scripted_add(&f.script, "start")->act = assert_is_held;
    scripted_add(&f.script, "fetch")->act = assert_is_held;
    assert_int_equal(scripted_start(f.op, &f.job, &interpreter), TAKEO_DONE);
    assert_int_equal(tk_op_wait(f.op, -1), TAKEO_DONE);
    assert_int_equal(leaves, 1); /* for open */
    tear_down(&f);
}

static void stop_write_outside_a_transaction_leaves_it_in_calls(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    f.job.job.needs_host = true;
    f.job.sql.is_write = true;
    f.job.on_row = row_has_lock;
    f.job.on_finish = finish_has_lock;
    scripted_add(&f.script, "fetch")->act = assert_is_left;
    assert_int_equal(scripted_start(f.op, &f.job, &interpreter), TAKEO_DONE);
    assert_int_equal(tk_op_wait(f.op, -1), TAKEO_DONE);
    tear_down(&f);
}

static void stop_write_in_a_transaction_leaves_it_for_commit(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    f.job.job.needs_host = true;
    f.job.sql.is_write = true;
    scripted_add(&f.script, "run begin")->act = assert_is_left;
    scripted_add(&f.script, "fetch")->act = assert_is_held;
    scripted_add(&f.script, "run commit")->act = assert_is_left;
    assert_int_equal(scripted_start(f.op, &f.job, &interpreter), TAKEO_DONE);
    f.op->in_transaction = true;
    assert_int_equal(tk_op_wait(f.op, -1), TAKEO_DONE);
    tear_down(&f);
}

static void stop_work_without_objects_leaves_it(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    f.job.on_finish = finish_has_lock;
    scripted_add(&f.script, "start")->act = assert_is_left;
    scripted_add(&f.script, "fetch")->act = assert_is_left;
    assert_int_equal(scripted_start(f.op, &f.job, &interpreter), TAKEO_DONE);
    assert_int_equal(tk_op_wait(f.op, -1), TAKEO_DONE);
    assert_int_equal(leaves, 2);
    tear_down(&f);
}

/* ---- long steps ------------------------------------------------------------------------------ */

/* No machine is so slow that what is waited for takes longer. */
#define FOR_EVER (30 * 1000 * MS)

static int64_t ticked_ns;

/* A step that goes on until others have had their turn twice, or until it is told to end. */
static void tick_for_two_turns(scripted *script) {
    int64_t begun = tk_clock_now_ns();
    while (checks < 2 && tk_clock_now_ns() - begun < FOR_EVER && script->tick(script->ctx)) {
    }
    ticked_ns = tk_clock_now_ns() - begun;
}

static void stop_long_step_lets_others_run(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    f.job.job.needs_host = true;
    scripted_add(&f.script, "fetch")->act = tick_for_two_turns;
    assert_int_equal(scripted_start(f.op, &f.job, &interpreter), TAKEO_DONE);
    assert_int_equal(tk_op_wait(f.op, -1), TAKEO_DONE);
    assert_int_equal(checks, 2);
    assert_int_equal(leaves, 3);                              /* open, and once for each turn */
    assert_in_range(ticked_ns, 2 * TK_TICK_NS, FOR_EVER / 2); /* not sooner than it has to */
    tear_down(&f);
}

static void stop_check_that_fails_is_the_hosts(void **state) {
    (void)state;
    for (int needs_host = 0; needs_host < 2; needs_host++) {
        fixture f;
        set_up(&f);
        f.job.job.needs_host = needs_host != 0;
        fail_check_at = 1;
        scripted_rule *rule = scripted_add(&f.script, "fetch");
        rule->act = tick_for_two_turns;
        rule->status = TAKEO_ECANCELED;
        rule->code = TK_SERVER_CANCELED;
        assert_int_equal(scripted_start(f.op, &f.job, &interpreter), TAKEO_DONE);
        assert_int_equal(tk_op_wait(f.op, -1), TAKEO_EHOST);
        assert_string_equal(f.op->error.first->code.data, "TAKEO.CALL.HOST");
        assert_null(f.op->error.first->next);
        tear_down(&f);
    }
}

static takeo_status failing_check(void *ctx) {
    ++*(int *)ctx;
    return TAKEO_EHOST;
}

static void stop_check_of_a_c_program_is_asked(void **state) {
    (void)state;
    int asked = 0;
    fixture f = {
        .options = {.struct_size = sizeof f.options, .ctx = &asked, .check = failing_check}};
    f.script.rows = 1;
    f.source = scripted_source(&f.script, &f.options);
    f.op = scripted_op(&f.source->shared);
    scripted_job_init(&f.job, 1, 1);
    held = 1;
    checks = 0;
    scripted_add(&f.script, "fetch")->act = tick_for_two_turns;
    assert_int_equal(scripted_run(f.op, &f.job), TAKEO_EHOST);
    assert_int_equal(asked, 1);
    tear_down(&f);
}

static void stop_many_rows_look_at_the_clock(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    f.script.rows = 2000;
    f.op->options.timeout_ns = 1; /* over before the first row */
    assert_int_equal(scripted_run(f.op, &f.job), TAKEO_ETIMEOUT);
    assert_string_equal(f.op->error.first->code.data, "TAKEO.SERVER.TIMEOUT");
    assert_int_equal(f.job.rows, 255);
    tear_down(&f);
}

static void stop_deadline_of_the_source_holds_unless_said(void **state) {
    (void)state;
    fixture f = {.options = {.struct_size = sizeof f.options, .statement_ns = 1}};
    f.script.rows = 300;
    f.source = scripted_source(&f.script, &f.options);
    f.op = scripted_op(&f.source->shared);
    scripted_job_init(&f.job, 1, 1);
    held = 1;
    assert_int_equal(scripted_run(f.op, &f.job), TAKEO_ETIMEOUT);
    f.op->options.timeout_ns = -1;
    f.job.left = 1;
    f.job.finished = 0;
    assert_int_equal(scripted_run(f.op, &f.job), TAKEO_DONE);
    tear_down(&f);
}

/* ---- pauses ---------------------------------------------------------------------------------- */

static bool paused;

static int64_t paused_ns;

static void pause_for(scripted *script, int64_t ns) {
    int64_t begun = tk_clock_now_ns();
    paused = script->pause(script->ctx, ns);
    paused_ns = tk_clock_now_ns() - begun;
}

static void pause_120_ms(scripted *script) {
    pause_for(script, 120 * MS);
}

static void pause_for_ever(scripted *script) {
    pause_for(script, FOR_EVER);
}

static void stop_pause_sleeps_in_slices_without_the_lock(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    f.job.job.needs_host = true;
    scripted_add(&f.script, "fetch")->act = pause_120_ms;
    assert_int_equal(scripted_start(f.op, &f.job, &interpreter), TAKEO_DONE);
    assert_int_equal(tk_op_wait(f.op, -1), TAKEO_DONE);
    assert_true(paused);
    assert_true(paused_ns >= 120 * MS);
    assert_in_range(checks, 1, 3); /* 50, 50, 20: fewer when the machine wakes it late */
    assert_int_equal(leaves, checks + 1);
    tear_down(&f);
}

static void stop_pause_asks_between_its_slices(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    fail_check_at = 3;
    scripted_rule *rule = scripted_add(&f.script, "fetch");
    rule->act = pause_for_ever;
    rule->status = TAKEO_EBUSY;
    rule->code = TK_SERVER_BUSY;
    assert_int_equal(scripted_start(f.op, &f.job, &interpreter), TAKEO_DONE);
    assert_int_equal(tk_op_wait(f.op, -1), TAKEO_EHOST);
    assert_false(paused);
    assert_int_equal(checks, 3);
    assert_in_range(paused_ns, 3 * TK_SLICE_NS, FOR_EVER / 2);
    tear_down(&f);
}

static void stop_pause_ends_at_the_deadline(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    scripted_rule *rule = scripted_add(&f.script, "fetch");
    rule->act = pause_for_ever;
    rule->status = TAKEO_EBUSY;
    rule->code = TK_SERVER_BUSY;
    f.op->options.timeout_ns = 10 * MS;
    assert_int_equal(scripted_start(f.op, &f.job, &interpreter), TAKEO_DONE);
    f.op->in_transaction = true;
    assert_int_equal(tk_op_wait(f.op, -1), TAKEO_ETIMEOUT);
    assert_true(paused_ns < FOR_EVER / 2);
    assert_false(paused);
    assert_int_equal(f.op->error.first->outcome, TAKEO_OUTCOME_ROLLED_BACK);
    assert_non_null(strstr(f.script.log, "run rollback; "));
    tear_down(&f);
}

/* ---- cancel ---------------------------------------------------------------------------------- */

static pthread_barrier_t barrier;

static void *cancel(void *op) {
    pthread_barrier_wait(&barrier);
    tk_op_cancel(op);
    return NULL;
}

static void wait_for_interrupt(scripted *script) {
    pthread_barrier_wait(&barrier);
    while (__atomic_load_n(&script->interrupts, __ATOMIC_RELAXED) == 0) {
        tk_sleep_ns(MS / 10);
    }
}

static void stop_cancel_interrupts_what_runs(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    pthread_t thread;
    assert_int_equal(pthread_barrier_init(&barrier, NULL, 2), 0);
    scripted_rule *rule = scripted_add(&f.script, "fetch");
    rule->act = wait_for_interrupt;
    rule->status = TAKEO_ECANCELED;
    rule->code = TK_SERVER_CANCELED;
    assert_int_equal(scripted_start(f.op, &f.job, NULL), TAKEO_DONE);
    f.op->in_transaction = true;
    assert_int_equal(pthread_create(&thread, NULL, cancel, f.op), 0);
    assert_int_equal(tk_op_wait(f.op, -1), TAKEO_ECANCELED);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_string_equal(f.op->error.first->code.data, "TAKEO.SERVER.CANCELED");
    assert_non_null(strstr(f.script.log, "run rollback; "));
    pthread_barrier_destroy(&barrier);
    tear_down(&f);
}

static void cancel_ourselves(scripted *script) {
    tk_op_cancel(((fixture *)script->context)->op);
}

static void stop_cancel_between_executions_ends_them(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    f.job.left = 10;
    scripted_rule *rule = scripted_add(&f.script, "end 1");
    rule->skip = 2;
    rule->act = cancel_ourselves;
    assert_int_equal(scripted_start(f.op, &f.job, NULL), TAKEO_DONE);
    f.op->in_transaction = true;
    assert_int_equal(tk_op_wait(f.op, -1), TAKEO_ECANCELED);
    assert_int_equal(f.job.ran, 3);
    assert_non_null(strstr(f.script.log, "run rollback; "));
    tear_down(&f);
}

static void stop_cancel_while_cleaning_changes_nothing(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    scripted_fail(&f.script, "fetch 1", TK_SERVER_UNIQUE);
    scripted_add(&f.script, "run rollback")->act = cancel_ourselves;
    assert_int_equal(scripted_start(f.op, &f.job, NULL), TAKEO_DONE);
    f.op->in_transaction = true;
    assert_int_equal(tk_op_wait(f.op, -1), TAKEO_EUNIQUE);
    assert_int_equal(f.script.interrupts, 0);
    assert_int_equal(f.script.servers, 1);
    tear_down(&f);
}

static void *cancel_for_a_while(void *op) {
    for (int i = 0; i < 2000; i++) {
        tk_op_cancel(op);
    }
    return NULL;
}

static void stop_cancel_at_any_moment_is_safe(
    void **state) { /* run under the thread sanitizer too */
    (void)state;
    fixture f;
    set_up(&f);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, cancel_for_a_while, f.op), 0);
    for (int i = 0; i < 300; i++) {
        f.job.left = 3;
        takeo_status status = scripted_start(f.op, &f.job, NULL);
        assert_int_equal(status, TAKEO_DONE);
        f.op->in_transaction = i % 2 == 0;
        status = tk_op_wait(f.op, -1);
        assert_true(status == TAKEO_DONE || status == TAKEO_ECANCELED);
        assert_false(f.script.is_in_transaction);
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(f.job.finished, 300);
    f.job.finished = 1;
    tear_down(&f);
}

/* ---- byte budget ----------------------------------------------------------------------------- */

static void stop_byte_budget_ends_a_result(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    f.script.rows = 100;
    f.op->options.byte_budget = 10 * sizeof(takeo_cell);
    assert_int_equal(scripted_run(f.op, &f.job), TAKEO_ERESULT_TOO_LARGE);
    assert_int_equal(f.job.rows, 10);
    tear_down(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stop_read_into_objects_keeps_the_lock),
        cmocka_unit_test(stop_write_outside_a_transaction_leaves_it_in_calls),
        cmocka_unit_test(stop_write_in_a_transaction_leaves_it_for_commit),
        cmocka_unit_test(stop_work_without_objects_leaves_it),
        cmocka_unit_test(stop_long_step_lets_others_run),
        cmocka_unit_test(stop_check_that_fails_is_the_hosts),
        cmocka_unit_test(stop_check_of_a_c_program_is_asked),
        cmocka_unit_test(stop_many_rows_look_at_the_clock),
        cmocka_unit_test(stop_deadline_of_the_source_holds_unless_said),
        cmocka_unit_test(stop_pause_sleeps_in_slices_without_the_lock),
        cmocka_unit_test(stop_pause_asks_between_its_slices),
        cmocka_unit_test(stop_pause_ends_at_the_deadline),
        cmocka_unit_test(stop_cancel_interrupts_what_runs),
        cmocka_unit_test(stop_cancel_between_executions_ends_them),
        cmocka_unit_test(stop_cancel_while_cleaning_changes_nothing),
        cmocka_unit_test(stop_cancel_at_any_moment_is_safe),
        cmocka_unit_test(stop_byte_budget_ends_a_result),
    };
    return cmocka_run_group_tests_name("stop", tests, NULL, NULL);
}
