/* test_source.c - data sources and sessions: options, order of freeing, forked children. */
#include <stdlib.h>
#include "support.h"

#include <sys/wait.h>
#include <unistd.h>

#include "scripted_driver.h"

/* ---- options --------------------------------------------------------------------------------- */

static void source_options_are_copied(void **state) { /* DS-01 */
    (void)state;
    scripted script = {0};
    char url[] = "postgresql://me:secret@host/db", key[] = "timeout", value[] = "1",
         sql[] = "select 1";
    takeo_setting setting = {key, value};
    const char *init_sql[] = {sql};
    takeo_source_options options = {.struct_size = sizeof options,
                                    .url = url,
                                    .settings = &setting,
                                    .setting_count = 1,
                                    .init_sql = init_sql,
                                    .init_sql_count = 1};
    tk_source *source = scripted_source(&script, &options);
    memset(url, 'x', sizeof url - 1);
    memset(value, 'x', sizeof value - 1);
    memset(sql, 'x', sizeof sql - 1);
    init_sql[0] = setting.key = NULL;
    assert_string_equal(source->options.url, "postgresql://me:secret@host/db");
    assert_null(strstr(source->masked_url, "secret"));
    assert_string_equal(source->options.settings[0].key, "timeout");
    assert_string_equal(source->options.settings[0].value, "1");
    assert_string_equal(source->options.init_sql[0], "select 1");
    tk_source_close(source);
    tk_source_close(NULL);
}

static void source_url_comes_from_the_environment(void **state) {
    (void)state;
    scripted script = {0};
    static const struct {
        const char *takeo, *plain, *wanted;
    } cases[] = {
        {"sqlite:///a.db", "sqlite:///b.db", "sqlite:///a.db"},
        {NULL, "sqlite:///b.db", "sqlite:///b.db"},
        {"", "sqlite:///b.db", "sqlite:///b.db"},
        {NULL, NULL, NULL},
        {"", "", NULL},
    };
    for (size_t i = 0; i < TK_COUNT(cases); i++) {
        unsetenv("TAKEO_DATABASE_URL");
        unsetenv("DATABASE_URL");
        if (cases[i].takeo != NULL) {
            setenv("TAKEO_DATABASE_URL", cases[i].takeo, 1);
        }
        if (cases[i].plain != NULL) {
            setenv("DATABASE_URL", cases[i].plain, 1);
        }
        takeo_source_options options = {.struct_size = sizeof options};
        tk_source *source = NULL;
        tk_error error;
        tk_error_init(&error, tk_alloc_default);
        takeo_status status =
            tk_source_open_with(NULL, &options, &scripted_driver, &source, &error);
        if (cases[i].wanted != NULL) {
            assert_int_equal(status, TAKEO_DONE);
            assert_string_equal(source->options.url, cases[i].wanted);
        } else {
            assert_int_equal(status, TAKEO_ECONFIG);
            assert_null(source);
            assert_non_null(error.first->hint.data);
        }
        tk_source_close(source);
        tk_error_done(&error);
    }
    unsetenv("TAKEO_DATABASE_URL");
    unsetenv("DATABASE_URL");
    (void)script;
}

static void source_wrong_options_are_refused(void **state) { /* DS-06 */
    (void)state;
    takeo_setting no_key = {NULL, "1"}, no_value = {"a", NULL};
    const char *no_sql[] = {NULL};
    const takeo_source_options wrong[] = {
        {.url = "nothing"},
        {.url = ""},
        {.url = "oracle://host/db"},
        {.url = "sqlite:///a", .settings = &no_key, .setting_count = 1},
        {.url = "sqlite:///a", .settings = &no_value, .setting_count = 1},
        {.url = "sqlite:///a", .init_sql = no_sql, .init_sql_count = 1},
    };
    for (size_t i = 0; i < TK_COUNT(wrong); i++) {
        tk_source *source = NULL;
        tk_error error;
        tk_error_init(&error, tk_alloc_default);
        takeo_status status = tk_source_open(NULL, &wrong[i], &source, &error);
        assert_true(status == TAKEO_ECONFIG || status == TAKEO_EINVAL);
        assert_null(source);
        assert_int_equal(error.count, 1);
        tk_error_done(&error);
    }
}

static void source_without_client_library_does_not_open(void **state) { /* DS-06 */
    (void)state;
    scripted script = {0};
    tk_source *source = NULL;
    tk_error error;
    tk_error_init(&error, tk_alloc_default);
    scripted_fail(&script, "load", TK_CONFIG_LIBRARY);
    assert_int_equal(scripted_open(&script, NULL, &source, &error), TAKEO_EUNSUPPORTED);
    assert_null(source);
    tk_error_done(&error);
}

/* ---- freeing in any order -------------------------------------------------------------------- */

typedef struct things {
    scripted script;
    tk_source *source;
    tk_session *session;
    tk_op *op;
} things;

static void make(things *t) {
    *t = (things){0};
    t->source = scripted_source(&t->script, NULL);
    t->session = scripted_session(t->source);
    t->op = scripted_op(t->session);
    assert_int_equal(tk_txn_begin(t->op, NULL, NULL), TAKEO_DONE);
    assert_int_equal(tk_op_wait(t->op, -1), TAKEO_DONE);
}

static void drop(things *t, int which) {
    if (which == 0) {
        tk_source_close(t->source);
    } else if (which == 1) {
        tk_session_free(t->session);
    } else {
        tk_op_free(t->op);
    }
}

static void source_session_and_operation_go_in_any_order(void **state) {
    (void)state;
    static const int orders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                    {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    for (size_t i = 0; i < TK_COUNT(orders); i++) {
        things t;
        make(&t);
        for (int n = 0; n < 3; n++) {
            drop(&t, orders[i][n]);
        }
        scripted_done(&t.script);
        assert_string_equal(t.script.log, "open; run begin immediate; run rollback; close; ");
    }
}

static void source_closed_answers_closed(void **state) {
    (void)state;
    scripted script = {0};
    tk_source *source = scripted_source(&script, NULL);
    tk_op *op = scripted_op(&source->shared), *other = NULL;
    tk_session *session = scripted_session(source), *another = NULL;
    scripted_job job;
    scripted_job_init(&job, 1, 1);
    assert_int_equal(scripted_run(op, &job), TAKEO_DONE);
    tk_source_hold(source);
    tk_source_close(source);
    assert_int_equal(script.servers, 0);
    assert_int_equal(scripted_run(op, &job), TAKEO_ECLOSED);
    assert_string_equal(op->error.first->code.data, "TAKEO.CALL.CLOSED");
    assert_int_equal(tk_session_new(source, &another, NULL), TAKEO_ECLOSED);
    assert_int_equal(tk_op_new(session, &other, NULL), TAKEO_ECLOSED);
    tk_source_drop(source);
    tk_op_free(op);
    tk_session_free(session);
    scripted_done(&script);
}

static void close_the_source(scripted_job *job, tk_op *op) {
    (void)job;
    tk_source_close(op->source);
}

static void source_closed_in_the_middle_lets_the_run_end(void **state) {
    (void)state;
    scripted script = {.rows = 1};
    tk_source *source = scripted_source(&script, NULL);
    tk_op *op = scripted_op(&source->shared);
    scripted_job job;
    scripted_job_init(&job, 1, 1);
    job.on_row = close_the_source;
    assert_int_equal(scripted_run(op, &job), TAKEO_DONE);
    assert_string_equal(script.log, "open; prepare 1; start 1; end 1; forget 1; close; ");
    tk_op_free(op);
    scripted_done(&script);
}

static void session_freed_with_running_operation_ends_it(void **state) {
    (void)state;
    scripted script = {.rows = 1};
    tk_source *source = scripted_source(&script, NULL);
    tk_session *session = scripted_session(source);
    tk_op *op = scripted_op(session);
    scripted_job job;
    scripted_job_init(&job, 1, 1);
    scripted_add(&script, "fetch")->status = TAKEO_WAIT;
    assert_int_equal(scripted_start(op, &job, NULL), TAKEO_DONE);
    assert_int_equal(tk_op_step(op, 0), TAKEO_WAIT);
    takeo_session_info info = {.struct_size = sizeof info};
    tk_session_describe(session, &info);
    assert_int_equal(info.running, 1);
    tk_session_free(session);
    tk_session_free(NULL);
    assert_int_equal(job.finished, 1);
    assert_int_equal(op->status, TAKEO_ECANCELED);
    assert_int_equal(scripted_run(op, &job), TAKEO_ECLOSED);
    tk_session_free(&source->shared); /* belongs to the source: nothing happens */
    tk_op_free(op);
    tk_source_close(source);
    scripted_done(&script);
}

static int32_t detached;

static void detach(void *attached) {
    detached += *(int32_t *)attached;
}

static void source_lets_go_of_what_was_attached(void **state) {
    (void)state;
    int32_t one = 1;
    scripted script = {0};
    tk_source *source = scripted_source(&script, NULL);
    source->attached = &one;
    source->detach = detach;
    tk_source_close(source);
    assert_int_equal(detached, 1);
}

/* ---- fork ------------------------------------------------------------------------------------ */

/* Exit codes of the child: 0 good, else the number of the first thing that was wrong. */
static int child(things *t, scripted_job *job) {
    tk_op *op = NULL;
    tk_session *session = NULL;
    if (scripted_run(t->op, job) != TAKEO_EFORKED || job->finished != 0) {
        return 1;
    }
    if (strcmp(t->op->error.first->code.data, "TAKEO.CALL.FORKED") != 0) {
        return 2;
    }
    if (tk_op_new(t->session, &op, NULL) != TAKEO_EFORKED
        || tk_session_new(t->source, &session, NULL) != TAKEO_EFORKED) {
        return 3;
    }
    tk_op_cancel(t->op);
    tk_op_free(t->op);
    tk_session_free(t->session);
    tk_source_close(t->source);
    return strcmp(t->script.log, "open; run begin immediate; abandon; ") == 0 ? 0 : 4;
}

static void source_in_a_forked_child_is_only_freed(void **state) { /* F54 */
    (void)state;
    NEED_FORK();
    for (int i = 0; i < 20; i++) {
        things t;
        make(&t);
        scripted_job job;
        scripted_job_init(&job, 1, 1);
        if (i % 2 == 1) { /* somebody has the lock at that moment */
            tk_mutex_lock(t.source->mutex);
        }
        pid_t pid = fork();
        if (pid == 0) {
            _exit(child(&t, &job));
        }
        if (i % 2 == 1) {
            tk_mutex_unlock(t.source->mutex);
        }
        int status = 0;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
        assert_int_equal(scripted_run(t.op, &job), TAKEO_DONE); /* the parent goes on */
        drop(&t, 2);
        drop(&t, 1);
        drop(&t, 0);
        scripted_done(&t.script);
    }
}

static int child_frees_running(tk_op *op, tk_source *source, scripted_job *job) {
    tk_op_free(op);
    tk_source_close(source);
    return job->finished == 1 && job->finish_status == TAKEO_EFORKED ? 0 : 1;
}

static void source_forked_while_an_operation_runs_lets_go_of_objects(void **state) { /* F54 */
    (void)state;
    NEED_FORK();
    scripted script = {.rows = 1};
    tk_source *source = scripted_source(&script, NULL);
    tk_op *op = scripted_op(&source->shared);
    scripted_job job;
    scripted_job_init(&job, 1, 1);
    scripted_add(&script, "fetch")->status = TAKEO_WAIT;
    assert_int_equal(scripted_start(op, &job, NULL), TAKEO_DONE);
    assert_int_equal(tk_op_step(op, 0), TAKEO_WAIT);
    pid_t pid = fork();
    if (pid == 0) {
        _exit(child_frees_running(op, source, &job));
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(tk_op_wait(op, -1), TAKEO_DONE);
    tk_op_free(op);
    tk_source_close(source);
    scripted_done(&script);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(source_options_are_copied),
        cmocka_unit_test(source_url_comes_from_the_environment),
        cmocka_unit_test(source_wrong_options_are_refused),
        cmocka_unit_test(source_without_client_library_does_not_open),
        cmocka_unit_test(source_session_and_operation_go_in_any_order),
        cmocka_unit_test(source_closed_answers_closed),
        cmocka_unit_test(source_closed_in_the_middle_lets_the_run_end),
        cmocka_unit_test(session_freed_with_running_operation_ends_it),
        cmocka_unit_test(source_lets_go_of_what_was_attached),
        cmocka_unit_test(source_in_a_forked_child_is_only_freed),
        cmocka_unit_test(source_forked_while_an_operation_runs_lets_go_of_objects),
    };
    return cmocka_run_group_tests_name("source", tests, NULL, NULL);
}
