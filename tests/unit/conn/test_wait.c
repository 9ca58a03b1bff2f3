/* test_wait.c - a driver that does not block: every call may have to wait, everything may be given
 * up while it does, and nothing hangs. */
#include <unistd.h>

#include "support.h"

#include "conn/conn_int.h"
#include "scripted_driver.h"

#define MS INT64_C(1000000)

typedef struct fixture {
    scripted script;
    tk_source *source;
    tk_session *session;
    tk_op *op;
    scripted_job job;
} fixture;

static void set_up(fixture *f) {
    *f = (fixture){.script = {.waits = true, .rows = 2}};
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

static void make_wait(fixture *f, const char *call, uint32_t times) {
    scripted_rule *rule = scripted_add(&f->script, call);
    rule->status = TAKEO_WAIT;
    rule->times = times;
}

/* ---- waiting --------------------------------------------------------------------------------- */

static void wait_any_call_is_made_again(void **state) {
    (void)state;
    static const char *const calls[] = {"establish", "start 1", "fetch 1"};
    for (size_t i = 0; i < TK_COUNT(calls); i++) {
        fixture f;
        set_up(&f);
        make_wait(&f, calls[i], 3);
        assert_int_equal(scripted_run(f.op, &f.job), TAKEO_DONE);
        assert_int_equal(f.job.rows, 2);
        assert_int_equal(f.job.ran, 1);
        assert_int_equal(f.op->result.statement_count, 1);
        tear_down(&f);
    }
}

static void wait_step_tells_what_for_and_goes_on(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    assert_int_equal(scripted_start(f.op, &f.job, NULL), TAKEO_DONE);
    assert_int_equal(tk_op_step(f.op, 0), TAKEO_WAIT); /* open begins */
    takeo_interest interest = {.struct_size = sizeof interest};
    assert_int_equal(tk_op_interest(f.op, &interest), TAKEO_DONE);
    assert_int_equal(interest.flags, 0);
    assert_int_equal(interest.events, TAKEO_EVENT_READ);
    assert_int_equal(interest.deadline_ns, f.op->conn->connect_deadline_ns);
    make_wait(&f, "fetch 1", 1);
    assert_int_equal(tk_op_step(f.op, TAKEO_EVENT_READ), TAKEO_WAIT);
    assert_int_equal(tk_op_step(f.op, TAKEO_EVENT_READ), TAKEO_DONE);
    assert_string_equal(f.script.log, "open; establish; prepare 1; start 1; end 1; ");
    tear_down(&f);
}

static void wait_ends_with_its_own_time_and_goes_on_later(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    make_wait(&f, "fetch 1", 1);
    make_wait(&f, "advance", 40);
    assert_int_equal(scripted_start(f.op, &f.job, NULL), TAKEO_DONE);
    assert_int_equal(tk_op_wait(f.op, 2 * MS), TAKEO_WAIT);
    assert_int_equal(tk_op_wait(f.op, -1), TAKEO_DONE);
    assert_int_equal(f.job.rows, 2);
    tear_down(&f);
}

/* A statement that an event loop sent a while ago: the time of the wait begins with the wait. */
static void wait_ends_with_its_own_time_behind_a_loop(void **state) {
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    int64_t least = INT64_MAX;
    for (int i = 0; i < 5 && least > 30 * MS; i++) { /* the machine may be busy */
        fixture f;
        set_up(&f);
        f.script.fd = ends[0]; /* on which nothing comes */
        f.source->options.flags = TAKEO_SOURCE_POLL;
        assert_int_equal(scripted_run(f.op, &f.job), TAKEO_DONE);
        f.job.left = 1;
        make_wait(&f, "fetch 1", 100000000);
        make_wait(&f, "advance", 100000000);
        assert_int_equal(scripted_start(f.op, &f.job, NULL), TAKEO_DONE);
        assert_int_equal(tk_op_step(f.op, 0), TAKEO_WAIT);
        tk_sleep_ns(60 * MS);
        int64_t before = tk_clock_now_ns();
        assert_int_equal(tk_op_wait(f.op, 2 * MS), TAKEO_WAIT);
        int64_t took = tk_clock_now_ns() - before;
        least = took < least ? took : least;
        tear_down(&f);
    }
    assert_in_range(least, 2 * MS, 30 * MS);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void wait_columns_are_described_before_the_first_row(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    f.script.columns = 2;
    f.job.sql.columns = NULL;
    make_wait(&f, "describe 1", 2);
    assert_int_equal(scripted_run(f.op, &f.job), TAKEO_DONE);
    assert_int_equal(f.job.described, 2);
    assert_int_equal(f.job.rows, 2);
    assert_string_equal(f.script.log, "open; establish; prepare 1; start 1; describe 1; "
                                      "describe 1; describe 1; end 1; ");
    tear_down(&f);
}

/* ---- giving up ------------------------------------------------------------------------------- */

static void wait_deadline_interrupts_and_settles(void **state) { /* F22 */
    (void)state;
    fixture f;
    set_up(&f);
    assert_int_equal(scripted_run(f.op, &f.job), TAKEO_DONE);
    scripted_clear(&f.script);
    f.job.left = 1;
    f.op->options.timeout_ns = 5 * MS;
    make_wait(&f, "fetch 1", 1000000);
    make_wait(&f, "settle", 2);
    assert_int_equal(scripted_run(f.op, &f.job), TAKEO_ETIMEOUT);
    assert_string_equal(f.script.log, "start 1; end 1; settle; settle; settle; ");
    assert_int_equal(f.script.interrupts, 1);
    assert_int_equal(f.script.servers, 1); /* it is at rest: used again */
    tear_down(&f);
}

static void wait_for_a_silent_server_ends(void **state) { /* F22 */
    (void)state;
    fixture f;
    set_up(&f);
    assert_int_equal(scripted_run(f.op, &f.job), TAKEO_DONE);
    f.job.left = 1;
    f.op->options.timeout_ns = 5 * MS;
    make_wait(&f, "fetch 1", 100000000);
    make_wait(&f, "advance", 100000000);
    make_wait(&f, "settle", 100000000);
    int64_t before = tk_clock_now_ns();
    assert_int_equal(scripted_run(f.op, &f.job), TAKEO_ETIMEOUT);
    assert_in_range(tk_clock_now_ns() - before, 5 * MS, 255 * MS + 500 * MS);
    assert_int_equal(f.script.servers, 0); /* closed: its answer would be the next one's */
    assert_int_equal(f.source->stats.closed_broken, 1);
    tear_down(&f);
}

static void wait_write_that_was_given_up_has_an_unknown_outcome(void **state) { /* F16 */
    (void)state;
    fixture f;
    set_up(&f);
    f.job.sql.is_write = true;
    f.op->options.timeout_ns = 5 * MS;
    make_wait(&f, "fetch 1", 1000000);
    assert_int_equal(scripted_run(f.op, &f.job), TAKEO_ETIMEOUT);
    assert_int_equal(f.op->error.first->outcome, TAKEO_OUTCOME_UNKNOWN);
    tear_down(&f);
}

static void wait_commit_that_was_given_up_has_an_unknown_outcome(void **state) { /* F38 */
    (void)state;
    fixture f;
    set_up(&f);
    f.job.sql.is_write = true;
    f.op->options.timeout_ns = 20 * MS;
    make_wait(&f, "run commit", 1000000);
    assert_int_equal(scripted_start(f.op, &f.job, NULL), TAKEO_DONE);
    f.op->in_transaction = true;
    assert_int_equal(tk_op_wait(f.op, -1), TAKEO_ETIMEOUT);
    assert_int_equal(f.op->error.first->outcome, TAKEO_OUTCOME_UNKNOWN);
    tear_down(&f);
}

static void wait_failure_of_a_statement_settles_without_an_interrupt(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    scripted_fail(&f.script, "fetch 1", TK_SERVER_UNIQUE);
    make_wait(&f, "settle", 1);
    assert_int_equal(scripted_run(f.op, &f.job), TAKEO_EUNIQUE);
    assert_int_equal(f.script.interrupts, 0);
    assert_int_equal(f.script.servers, 1);
    tear_down(&f);
}

static void wait_freeing_closes_what_is_under_way(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    make_wait(&f, "fetch 1", 1000);
    make_wait(&f, "settle", 1000);
    assert_int_equal(scripted_start(f.op, &f.job, NULL), TAKEO_DONE);
    assert_int_equal(tk_op_step(f.op, 0), TAKEO_WAIT);
    assert_int_equal(tk_op_step(f.op, 0), TAKEO_WAIT);
    tk_op_free(f.op);
    assert_int_equal(f.script.servers, 0);
    assert_int_equal(f.job.finished, 1);
    f.op = scripted_op(f.session);
    tear_down(&f);
}

/* ---- transactions ---------------------------------------------------------------------------- */

static void wait_begin_travels_with_what_follows(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    assert_int_equal(tk_txn_begin(f.op, NULL, NULL), TAKEO_DONE);
    assert_int_equal(tk_op_wait(f.op, -1), TAKEO_DONE);
    assert_int_equal(scripted_run(f.op, &f.job), TAKEO_DONE);
    make_wait(&f, "run commit", 2);
    assert_int_equal(tk_txn_commit(f.op, 0, NULL), TAKEO_DONE);
    assert_int_equal(tk_op_wait(f.op, -1), TAKEO_DONE);
    assert_string_equal(f.script.log,
                        "open; establish; later begin immediate; prepare 1; start 1; end 1; "
                        "run commit; run commit; run commit; ");
    tear_down(&f);
}

static void wait_rollback_that_never_ends_closes(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    f.job.ran_status = -1;
    f.op->options.timeout_ns = 5 * MS;
    make_wait(&f, "fetch 1", 100000000);
    make_wait(&f, "run rollback", 100000000);
    assert_int_equal(scripted_start(f.op, &f.job, NULL), TAKEO_DONE);
    f.op->in_transaction = true;
    assert_int_equal(tk_op_wait(f.op, -1), TAKEO_ETIMEOUT);
    assert_int_equal(f.script.servers, 0);
    tear_down(&f);
}

/* ---- windows --------------------------------------------------------------------------------- */

static takeo_status run_in_transaction(fixture *f) {
    TK_TRY(scripted_start(f->op, &f->job, NULL));
    f->op->in_transaction = true;
    return tk_op_wait(f->op, -1);
}

static void wait_a_window_is_started_before_it_is_fetched(void **state) { /* F29 */
    (void)state;
    fixture f;
    set_up(&f);
    scripted_job_init(&f.job, 1, 3);
    f.job.job.pipelines = true;
    make_wait(&f, "start 1", 1);
    make_wait(&f, "fetch 1", 2);
    assert_int_equal(run_in_transaction(&f), TAKEO_DONE);
    assert_string_equal(f.script.log,
                        "open; establish; later begin; prepare 1; start 1; start 1; start 1; "
                        "start 1; end 1; end 1; end 1; run commit; ");
    assert_int_equal(f.job.turns, 3);
    assert_int_equal(f.job.ran, 3);
    assert_int_equal(f.job.rows, 6);
    assert_int_equal(f.op->result.statement_count, 3);
    tear_down(&f);
}

static void wait_windows_follow_each_other(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    scripted_job_init(&f.job, 1, 600);
    f.job.job.pipelines = true;
    assert_int_equal(run_in_transaction(&f), TAKEO_DONE);
    assert_int_equal(f.job.ran, 600);
    assert_int_equal(f.job.argument.v.i, 600);
    tear_down(&f);
}

static void wait_outside_a_transaction_nothing_is_pipelined(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    scripted_job_init(&f.job, 1, 2);
    f.job.job.pipelines = true;
    assert_int_equal(scripted_run(f.op, &f.job), TAKEO_DONE);
    assert_string_equal(f.script.log, "open; establish; prepare 1; start 1; end 1; start 1; "
                                      "end 1; ");
    tear_down(&f);
}

static void wait_every_started_execution_is_ended_after_a_failure(void **state) { /* F29 */
    (void)state;
    for (uint32_t broken = 0; broken < 4; broken++) {
        fixture f;
        set_up(&f);
        scripted_job_init(&f.job, 1, 4);
        f.job.job.pipelines = true;
        f.script.rows = 0;
        scripted_fail(&f.script, "fetch 1", TK_SERVER_UNIQUE);
        f.script.rules[0].skip = broken;
        assert_int_equal(run_in_transaction(&f), TAKEO_EUNIQUE);
        assert_int_equal(f.job.ran, broken);
        assert_int_equal(f.script.executions, 0);
        assert_int_equal(f.op->error.first->outcome, TAKEO_OUTCOME_ROLLED_BACK);
        tear_down(&f);
    }
}

static void wait_failed_start_in_a_window_ends_those_before(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    scripted_job_init(&f.job, 1, 4);
    f.job.job.pipelines = true;
    scripted_fail(&f.script, "start 1", TK_INPUT_RANGE);
    f.script.rules[0].skip = 2;
    assert_int_equal(run_in_transaction(&f), TAKEO_EINPUT);
    assert_int_equal(f.script.executions, 0);
    tear_down(&f);
}

/* ---- once more ------------------------------------------------------------------------------- */

static uint32_t asked;

static bool send_again(tk_op *op, takeo_status status) {
    scripted_job *job = op->verb;
    assert_int_equal(status, TAKEO_EUNIQUE);
    asked++;
    tk_op_forget_jobs(op);
    job->left = 1;
    tk_op_append(op, &job->job);
    return asked == 1;
}

static takeo_status run_with_again(fixture *f) {
    asked = 0;
    f->script.rows = 0;
    TK_TRY(scripted_start(f->op, &f->job, NULL));
    f->op->in_transaction = true;
    f->op->again = send_again;
    return tk_op_wait(f->op, -1);
}

static void wait_a_failed_run_may_be_made_in_another_way(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    scripted_fail(&f.script, "fetch 1", TK_SERVER_UNIQUE);
    assert_int_equal(run_with_again(&f), TAKEO_DONE);
    assert_int_equal(asked, 1);
    assert_null(f.op->error.first);
    assert_string_equal(f.script.log,
                        "open; establish; later begin; prepare 1; start 1; end 1; settle; "
                        "run rollback; later begin; start 1; end 1; run commit; ");
    assert_int_equal(f.job.finished, 1);
    tear_down(&f);
}

static void wait_what_fails_again_is_told(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    scripted_fail(&f.script, "fetch 1", TK_SERVER_UNIQUE);
    f.script.rules[0].times = 5;
    assert_int_equal(run_with_again(&f), TAKEO_EUNIQUE);
    assert_int_equal(asked, 2);
    assert_int_equal(f.op->error.first->outcome, TAKEO_OUTCOME_ROLLED_BACK);
    tear_down(&f);
}

static void wait_a_lost_connection_is_not_tried_again(void **state) { /* F16 */
    (void)state;
    fixture f;
    set_up(&f);
    scripted_fail(&f.script, "fetch 1", TK_SERVER_UNIQUE);
    f.script.rules[0].flags = TAKEO_ERROR_CONNECTION_GONE;
    assert_int_equal(run_with_again(&f), TAKEO_EUNIQUE);
    assert_int_equal(asked, 0);
    tear_down(&f);
}

/* ---- pace ------------------------------------------------------------------------------------ */

/* So many answers of a server where sleeping and spinning take so long; gives how many spun. */
static uint32_t answer(tk_pace *pace, uint32_t count, int64_t sleeping_us, int64_t spinning_us) {
    uint32_t spun = 0;
    for (uint32_t i = 0; i < count; i++) {
        bool spins = tk_pace_spins(pace);
        spun += spins;
        tk_pace_learn(pace, spins, (spins ? spinning_us : sleeping_us) * 1000);
    }
    return spun;
}

static void pace_finds_the_better_way(void **state) {
    (void)state;
    tk_pace pace = {0};
    (void)answer(&pace, 1000, 80, 28);
    assert_true(answer(&pace, 1000, 80, 28) > 950);
    tk_pace other = {0};
    (void)answer(&other, 1000, 10, 20);
    assert_true(answer(&other, 1000, 10, 20) < 60);
}

static void pace_finds_it_soon(void **state) {
    (void)state;
    tk_pace pace = {0};
    (void)answer(&pace, 20, 80, 28);
    assert_true(answer(&pace, 100, 80, 28) > 90);
    tk_pace busy = {0}; /* whoever yields waits for the slice of another */
    assert_true(answer(&busy, 100, 80, 4000) < 20);
    assert_false(tk_pace_spins_on(&busy));
}

static void pace_sleeping_has_to_win_clearly(void **state) {
    (void)state;
    tk_pace pace = {0};
    (void)answer(&pace, 1000, 12, 14);
    assert_true(answer(&pace, 1000, 12, 14) > 950);
}

static void pace_long_answers_are_slept_for(void **state) {
    (void)state;
    tk_pace pace = {0};
    (void)answer(&pace, 1000, 310, 300);
    assert_true(answer(&pace, 1000, 310, 300) < 60);
    assert_true(tk_pace_spins_on(&pace));
}

static void pace_notices_that_times_have_changed(void **state) {
    (void)state;
    tk_pace pace = {0};
    (void)answer(&pace, 2000, 80, 28);
    (void)answer(&pace, 400, 10, 50);
    assert_true(answer(&pace, 1000, 10, 50) < 60);
    assert_true(answer(&pace, 400, 80, 28) > 340);
    assert_true(answer(&pace, 1000, 80, 28) > 950);
}

static void pace_a_burst_is_not_compared_with_old_times(void **state) {
    (void)state;
    tk_pace pace = {0};
    (void)answer(&pace, 2000, 10, 50);
    while (pace.calm + 8 < pace.period) {
        (void)answer(&pace, 1, 10, 50);
    }
    (void)answer(&pace, 52, 80, 28); /* the next burst comes soon after the change */
    assert_true(answer(&pace, 20, 80, 28) >= 18);
}

static void pace_a_drift_is_no_better_way(void **state) {
    (void)state;
    tk_pace pace = {0};
    double us = 100;
    for (int i = 0; i < 60; i++, us *= 0.95) { /* a cold server, in either way */
        bool spins = tk_pace_spins(&pace);
        tk_pace_learn(&pace, spins, (int64_t)(us * 1000));
        assert_false(pace.sleeps);
    }
}

static void pace_one_outlier_changes_nothing(void **state) {
    (void)state;
    tk_pace pace = {0};
    (void)answer(&pace, 1000, 80, 28);
    tk_pace_learn(&pace, true, INT64_C(3000000000));
    assert_true(answer(&pace, 200, 80, 28) > 150);
}

static void pace_a_hopeless_burst_ends_at_its_second_answer(void **state) {
    (void)state;
    tk_pace pace = {0};
    (void)answer(&pace, 6, 100, 10); /* the first burst is about to begin */
    assert_true(answer(&pace, 20, 100, 10) >= 18);
}

static void pace_a_burst_spins_no_longer_than_would_lose(void **state) {
    (void)state;
    tk_pace pace = {0};
    (void)answer(&pace, 1000, 10, 20);
    uint32_t bursts = 0;
    for (int i = 0; i < 3000; i++) {
        if (tk_pace_spins(&pace)) {
            bursts++;
            assert_in_range(tk_pace_spin_ns(&pace), 19000, 21000); /* twice what sleeping takes */
        } else {
            assert_true(tk_pace_spin_ns(&pace) > 100000);
        }
        tk_pace_learn(&pace, false, 10000);
    }
    assert_true(bursts > 0);
}

static void pace_nobody_spins_where_many_wait(void **state) {
    (void)state;
    int32_t waiting = 0;
    for (int32_t i = 1; i < tk_processor_count(); i++) {
        assert_true(tk_pace_enter_wait(&waiting));
    }
    assert_false(tk_pace_enter_wait(&waiting));
    tk_pace_leave_wait(&waiting);
    assert_int_equal(waiting, tk_processor_count() - 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wait_any_call_is_made_again),
        cmocka_unit_test(wait_step_tells_what_for_and_goes_on),
        cmocka_unit_test(wait_ends_with_its_own_time_and_goes_on_later),
        cmocka_unit_test(wait_ends_with_its_own_time_behind_a_loop),
        cmocka_unit_test(wait_columns_are_described_before_the_first_row),
        cmocka_unit_test(wait_deadline_interrupts_and_settles),
        cmocka_unit_test(wait_for_a_silent_server_ends),
        cmocka_unit_test(wait_write_that_was_given_up_has_an_unknown_outcome),
        cmocka_unit_test(wait_commit_that_was_given_up_has_an_unknown_outcome),
        cmocka_unit_test(wait_failure_of_a_statement_settles_without_an_interrupt),
        cmocka_unit_test(wait_freeing_closes_what_is_under_way),
        cmocka_unit_test(wait_begin_travels_with_what_follows),
        cmocka_unit_test(wait_rollback_that_never_ends_closes),
        cmocka_unit_test(wait_a_window_is_started_before_it_is_fetched),
        cmocka_unit_test(wait_windows_follow_each_other),
        cmocka_unit_test(wait_outside_a_transaction_nothing_is_pipelined),
        cmocka_unit_test(wait_every_started_execution_is_ended_after_a_failure),
        cmocka_unit_test(wait_failed_start_in_a_window_ends_those_before),
        cmocka_unit_test(wait_a_failed_run_may_be_made_in_another_way),
        cmocka_unit_test(wait_what_fails_again_is_told),
        cmocka_unit_test(wait_a_lost_connection_is_not_tried_again),
        cmocka_unit_test(pace_finds_the_better_way),
        cmocka_unit_test(pace_finds_it_soon),
        cmocka_unit_test(pace_sleeping_has_to_win_clearly),
        cmocka_unit_test(pace_long_answers_are_slept_for),
        cmocka_unit_test(pace_notices_that_times_have_changed),
        cmocka_unit_test(pace_a_burst_is_not_compared_with_old_times),
        cmocka_unit_test(pace_a_drift_is_no_better_way),
        cmocka_unit_test(pace_one_outlier_changes_nothing),
        cmocka_unit_test(pace_a_hopeless_burst_ends_at_its_second_answer),
        cmocka_unit_test(pace_a_burst_spins_no_longer_than_would_lose),
        cmocka_unit_test(pace_nobody_spins_where_many_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
