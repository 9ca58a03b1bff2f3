/* test_run.c - jobs: several in one run, appended on the way, of texts, of unknown shape. */
#include "support.h"

#include "scripted_driver.h"

typedef struct fixture {
    scripted script;
    tk_source *source;
    tk_op *op;
} fixture;

static void set_up(fixture *f) {
    *f = (fixture){0};
    f->script.rows = 1;
    f->source = scripted_source(&f->script, NULL);
    f->op = scripted_op(&f->source->shared);
    assert_int_equal(tk_op_start(f->op, NULL), TAKEO_DONE);
}

static void tear_down(fixture *f) {
    tk_op_free(f->op);
    tk_source_close(f->source);
    scripted_done(&f->script);
}

static takeo_status go(fixture *f) {
    tk_op_ready(f->op);
    return tk_op_wait(f->op, -1);
}

static void run_jobs_go_in_order(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    scripted_job jobs[3];
    for (uint32_t i = 0; i < 3; i++) {
        scripted_job_init(&jobs[i], i + 1, i == 1 ? 0 : 1);
        tk_op_append(f.op, &jobs[i].job);
    }
    assert_int_equal(go(&f), TAKEO_DONE);
    assert_string_equal(f.script.log,
                        "open; prepare 1; start 1; end 1; prepare 2; prepare 3; start 3; end 3; ");
    assert_int_equal(jobs[1].done, 1); /* without arguments it has nothing to run */
    assert_int_equal(f.op->result.statement_count, 2);
    tear_down(&f);
}

static scripted_job later[3];

static void append_more(scripted_job *job, tk_op *op) {
    if (job == &later[0]) {
        tk_op_append(op, &later[2].job);
        tk_op_append_next(op, &later[1].job);
    }
}

static void run_jobs_may_append_jobs(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    scripted_job last;
    for (uint32_t i = 0; i < 3; i++) {
        scripted_job_init(&later[i], i + 1, 1);
    }
    scripted_job_init(&last, 9, 1);
    later[0].on_row = append_more;
    tk_op_append(f.op, &later[0].job);
    tk_op_append(f.op, &last.job);
    assert_int_equal(go(&f), TAKEO_DONE);
    assert_string_equal(f.script.log, "open; prepare 1; start 1; end 1; prepare 2; start 2; end 2; "
                                      "prepare 9; start 9; end 9; prepare 3; start 3; end 3; ");
    tear_down(&f);
}

static takeo_status append_at_the_end(tk_job *job, tk_op *op) {
    (void)job;
    tk_op_append_next(op, &later[1].job);
    return TAKEO_DONE;
}

static void run_last_job_may_append_too(void **state) {
    (void)state;
    static const tk_job_methods methods = {.name = "own step", .done = append_at_the_end};
    fixture f;
    set_up(&f);
    tk_job own = {.methods = &methods};
    scripted_job_init(&later[1], 2, 1);
    tk_op_append(f.op, &own);
    assert_int_equal(go(&f), TAKEO_DONE);
    assert_string_equal(f.script.log, "open; prepare 2; start 2; end 2; ");
    tear_down(&f);
}

static void run_texts_are_run_as_they_are(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    tk_job one = {.text = "create table a (b)"}, two = {.text = "create table c (d)"};
    tk_op_append(f.op, &one);
    tk_op_append(f.op, &two);
    f.op->in_transaction = true;
    f.op->is_write = true;
    assert_int_equal(go(&f), TAKEO_DONE);
    assert_string_equal(f.script.log, "open; run begin immediate; run create table a (b); "
                                      "run create table c (d); run commit; ");
    assert_int_equal(f.op->result.statement_count, 2);
    scripted_fail(&f.script, "run create", TK_SERVER_SYNTAX);
    assert_int_equal(tk_op_start(f.op, NULL), TAKEO_DONE);
    tk_op_append(f.op, &one);
    assert_int_equal(go(&f), TAKEO_ESYNTAX);
    assert_string_equal(f.op->error.first->sql.data, "create table a (b)");
    tear_down(&f);
}

static void run_unknown_shape_is_described_first(void **state) {
    (void)state;
    for (uint32_t columns = 0; columns < 3; columns += 2) {
        fixture f;
        set_up(&f);
        f.script.columns = columns;
        scripted_job job;
        scripted_job_init(&job, 1, 1);
        job.sql.columns = NULL;
        job.sql.column_count = 0;
        job.described = 99;
        tk_op_append(f.op, &job.job);
        assert_int_equal(go(&f), TAKEO_DONE);
        assert_int_equal(job.described, columns);
        assert_int_equal(job.rows, columns == 0 ? 0 : 1);
        tear_down(&f);
    }
}

static void run_job_without_methods_runs_once(void **state) {
    (void)state;
    static const tk_job_methods none = {.name = "quiet"};
    fixture f;
    set_up(&f);
    scripted_job job;
    scripted_job_init(&job, 1, 0);
    job.job.methods = &none;
    job.sql.parameter_count = 0;
    tk_op_append(f.op, &job.job);
    assert_int_equal(go(&f), TAKEO_DONE);
    assert_string_equal(f.script.log, "open; prepare 1; start 1; end 1; ");
    tear_down(&f);
}

static void name_the_entity(tk_op *op, takeo_error *record) {
    assert_string_equal(record->code.data, "TAKEO.SERVER.UNIQUE");
    TK_SET(&op->error, entity, "City");
}

static void run_failure_of_the_driver_is_explained(void **state) {
    (void)state;
    static const char *const calls[] = {"prepare", "start", "fetch", "run commit"};
    for (size_t i = 0; i < TK_COUNT(calls); i++) {
        fixture f;
        set_up(&f);
        scripted_job job;
        scripted_job_init(&job, 1, 1);
        scripted_fail(&f.script, calls[i], TK_SERVER_UNIQUE);
        f.op->explain = name_the_entity;
        f.op->in_transaction = true;
        tk_op_append(f.op, &job.job);
        assert_int_equal(go(&f), TAKEO_EUNIQUE);
        assert_string_equal(f.op->error.first->entity.data, "City");
        tear_down(&f);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(run_jobs_go_in_order),
        cmocka_unit_test(run_jobs_may_append_jobs),
        cmocka_unit_test(run_last_job_may_append_too),
        cmocka_unit_test(run_texts_are_run_as_they_are),
        cmocka_unit_test(run_unknown_shape_is_described_first),
        cmocka_unit_test(run_job_without_methods_runs_once),
        cmocka_unit_test(run_failure_of_the_driver_is_explained),
    };
    return cmocka_run_group_tests_name("run", tests, NULL, NULL);
}
