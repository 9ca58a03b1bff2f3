/* test_conn.c - connections to a real SQLite: locks of others, long statements, what is left
 * behind.
 *
 * Two sources on one file are two programs to SQLite.
 */
#include "support.h"

#include <pthread.h>
#include <unistd.h>

#include "scripted_driver.h"

#define MS INT64_C(1000000)

typedef struct fixture {
    char folder[64];
    char url[128];
    tk_source *source, *other;
    tk_session *session, *other_session;
    tk_op *op, *other_op;
} fixture;

static tk_source *open_source(const char *url, const char *seconds) {
    takeo_setting setting = {"timeout", seconds};
    takeo_source_options options = {
        .struct_size = sizeof options, .url = url, .settings = &setting, .setting_count = 1};
    tk_source *source = NULL;
    tk_error error;
    tk_error_init(&error, tk_alloc_default);
    takeo_status status = tk_source_open(NULL, &options, &source, &error);
    if (status != TAKEO_DONE) {
        fail_msg("%s", error.first->message.data);
    }
    return source;
}

static void set_up(fixture *f, const char *seconds) {
    if (tk_driver_find(tk_zstr("sqlite")) == NULL) {
        skip();
    }
    *f = (fixture){.folder = "/tmp/takeo-conn-XXXXXX"};
    assert_non_null(mkdtemp(f->folder));
    (void)snprintf(f->url, sizeof f->url, "sqlite:///%s/t.db", f->folder);
    f->source = open_source(f->url, seconds);
    f->other = open_source(f->url, seconds);
    f->session = scripted_session(f->source);
    f->other_session = scripted_session(f->other);
    f->op = scripted_op(f->session);
    f->other_op = scripted_op(f->other_session);
}

static void tear_down(fixture *f) {
    static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
    tk_op_free(f->op);
    tk_op_free(f->other_op);
    tk_session_free(f->session);
    tk_session_free(f->other_session);
    tk_source_close(f->source);
    tk_source_close(f->other);
    for (size_t i = 0; i < TK_COUNT(ends); i++) {
        char path[128];
        (void)snprintf(path, sizeof path, "%s/t.db%s", f->folder, ends[i]);
        (void)unlink(path);
    }
    assert_int_equal(rmdir(f->folder), 0);
}

static takeo_status run_text(tk_op *op, const char *text) {
    tk_job *job;
    TK_TRY(tk_op_start(op, NULL));
    job = tk_arena_array(&op->arena, 1, sizeof *job);
    assert_non_null(job);
    job->text = text;
    tk_op_append(op, job);
    op->is_write = true;
    tk_op_ready(op);
    return tk_op_wait(op, -1);
}

static takeo_status begin(tk_op *op, uint32_t flags) {
    takeo_txn_options options = {.struct_size = sizeof options, .flags = flags};
    TK_TRY(tk_txn_begin(op, &options, NULL));
    return tk_op_wait(op, -1);
}

static takeo_status end(tk_op *op, bool is_commit) {
    TK_TRY(is_commit ? tk_txn_commit(op, 0, NULL) : tk_txn_rollback(op, 0, NULL));
    return tk_op_wait(op, -1);
}

static void select_sql(scripted_job *job, uint64_t id, const char *text) {
    scripted_job_init(job, id, 1);
    job->sql.text = text;
    job->sql.len = strlen(text);
    job->sql.parameter_count = 0;
}

static const char endless[] = "with recursive n(i) as (select 1 union all select i + 1 from n) "
                              "select count(*) from n";

/* ---- locks ----------------------------------------------------------------------------------- */

static void conn_commit_that_is_busy_may_be_tried_again(void **state) { /* F43 */
    (void)state;
    fixture f;
    set_up(&f, "0.02");
    assert_int_equal(run_text(f.op, "pragma journal_mode = delete"), TAKEO_DONE);
    assert_int_equal(run_text(f.op, "create table t (a)"), TAKEO_DONE);
    assert_int_equal(begin(f.other_op, TAKEO_TXN_READ_ONLY), TAKEO_DONE);
    assert_int_equal(run_text(f.other_op, "select * from t"), TAKEO_DONE); /* a reader's lock */
    assert_int_equal(begin(f.op, 0), TAKEO_DONE);
    assert_int_equal(run_text(f.op, "insert into t values (1)"), TAKEO_DONE);
    assert_int_equal(end(f.op, true), TAKEO_EBUSY);
    assert_int_equal(f.session->level, 1);
    assert_int_equal(f.op->error.first->outcome, TAKEO_OUTCOME_NONE);
    assert_int_equal(end(f.other_op, true), TAKEO_DONE);
    assert_int_equal(end(f.op, true), TAKEO_DONE);
    scripted_job job;
    select_sql(&job, 1, "select count(*) from t");
    assert_int_equal(scripted_run(f.op, &job), TAKEO_DONE);
    assert_int_equal(job.rows, 1);
    tear_down(&f);
}

static void conn_begin_that_is_busy_is_retryable(void **state) {
    (void)state;
    fixture f;
    set_up(&f, "0.02");
    int64_t pause;
    assert_int_equal(begin(f.other_op, 0), TAKEO_DONE);
    assert_int_equal(begin(f.op, 0), TAKEO_EBUSY);
    assert_int_equal(tk_txn_retry(f.op->error.first, 1, &pause), 1);
    assert_int_equal(f.op->error.first->outcome, TAKEO_OUTCOME_NOT_SENT);
    assert_int_equal(end(f.other_op, false), TAKEO_DONE);
    assert_int_equal(begin(f.op, 0), TAKEO_DONE);
    assert_int_equal(end(f.op, true), TAKEO_DONE);
    tear_down(&f);
}

static void conn_lock_of_another_ends_at_the_deadline(void **state) {
    (void)state;
    fixture f;
    set_up(&f, "10");
    assert_int_equal(begin(f.other_op, 0), TAKEO_DONE);
    f.op->options.timeout_ns = 30 * MS;
    int64_t before = tk_clock_now_ns();
    assert_int_equal(begin(f.op, 0), TAKEO_ETIMEOUT);
    assert_in_range(tk_clock_now_ns() - before, 29 * MS, 1000 * MS);
    assert_int_equal(end(f.other_op, false), TAKEO_DONE);
    f.op->options.timeout_ns = 0;
    assert_int_equal(begin(f.op, 0), TAKEO_DONE);
    assert_int_equal(end(f.op, false), TAKEO_DONE);
    tear_down(&f);
}

/* ---- long statements ------------------------------------------------------------------------- */

static void conn_long_statement_ends_at_the_deadline(void **state) {
    (void)state;
    fixture f;
    set_up(&f, "0.02");
    scripted_job job;
    select_sql(&job, 1, endless);
    f.op->options.timeout_ns = 30 * MS;
    int64_t before = tk_clock_now_ns();
    assert_int_equal(scripted_run(f.op, &job), TAKEO_ETIMEOUT);
    assert_in_range(tk_clock_now_ns() - before, 29 * MS, 1000 * MS);
    f.op->options.timeout_ns = 0;
    assert_int_equal(run_text(f.op, "create table t (a)"), TAKEO_DONE);
    tear_down(&f);
}

static void *cancel_soon(void *op) {
    tk_sleep_ns(20 * MS);
    tk_op_cancel(op);
    return NULL;
}

static void conn_long_statement_is_cancelled_from_another_thread(void **state) {
    (void)state;
    fixture f;
    set_up(&f, "0.02");
    scripted_job job;
    pthread_t thread;
    assert_int_equal(run_text(f.op, "create table t (a)"), TAKEO_DONE);
    assert_int_equal(begin(f.op, 0), TAKEO_DONE);
    assert_int_equal(run_text(f.op, "insert into t values (1)"), TAKEO_DONE);
    select_sql(&job, 1, endless);
    assert_int_equal(scripted_start(f.op, &job, NULL), TAKEO_DONE);
    assert_int_equal(pthread_create(&thread, NULL, cancel_soon, f.op), 0);
    assert_int_equal(tk_op_wait(f.op, -1), TAKEO_ECANCELED);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(f.session->level, 1); /* a read that was stopped leaves the transaction */
    assert_int_equal(end(f.op, true), TAKEO_DONE);
    tear_down(&f);
}

static int32_t stop_after;

static takeo_status count_down(void *ctx) {
    (void)ctx;
    return --stop_after == 0 ? TAKEO_EHOST : TAKEO_DONE;
}

static void conn_long_statement_asks_the_check(void **state) {
    (void)state;
    if (tk_driver_find(tk_zstr("sqlite")) == NULL) {
        skip();
    }
    takeo_source_options options = {
        .struct_size = sizeof options, .url = "sqlite://", .check = count_down};
    tk_source *source = NULL;
    assert_int_equal(tk_source_open(NULL, &options, &source, NULL), TAKEO_DONE);
    tk_op *op = scripted_op(&source->shared);
    scripted_job job;
    select_sql(&job, 1, endless);
    stop_after = 3;
    assert_int_equal(scripted_run(op, &job), TAKEO_EHOST);
    assert_int_equal(stop_after, 0);
    tk_op_free(op);
    tk_source_close(source);
}

/* ---- what is left behind --------------------------------------------------------------------- */

static void conn_read_only_transaction_writes_nothing(void **state) {
    (void)state;
    fixture f;
    set_up(&f, "0.02");
    assert_int_equal(run_text(f.op, "create table t (a)"), TAKEO_DONE);
    assert_int_equal(begin(f.op, TAKEO_TXN_READ_ONLY), TAKEO_DONE);
    assert_int_equal(run_text(f.op, "insert into t values (1)"), TAKEO_EREAD_ONLY);
    assert_int_equal(end(f.op, true), TAKEO_DONE);
    assert_int_equal(run_text(f.op, "insert into t values (1)"), TAKEO_DONE);
    tear_down(&f);
}

static void conn_transaction_begun_in_sql_is_refused(void **state) {
    (void)state;
    fixture f;
    set_up(&f, "0.02");
    assert_int_equal(run_text(f.op, "begin immediate"), TAKEO_ESTATE);
    assert_int_equal(begin(f.other_op, 0), TAKEO_DONE); /* nobody holds a lock */
    assert_int_equal(end(f.other_op, false), TAKEO_DONE);
    assert_int_equal(begin(f.op, 0), TAKEO_DONE);
    assert_int_equal(run_text(f.op, "rollback"), TAKEO_DONE);
    assert_int_equal(run_text(f.op, "create table t (a)"), TAKEO_ETXN_CLOSED);
    assert_int_equal(end(f.op, false), TAKEO_DONE);
    tear_down(&f);
}

static void conn_savepoints_undo_what_they_should(void **state) { /* TX-03 */
    (void)state;
    fixture f;
    set_up(&f, "0.02");
    scripted_job job;
    assert_int_equal(run_text(f.op, "create table t (a)"), TAKEO_DONE);
    assert_int_equal(begin(f.op, 0), TAKEO_DONE);
    assert_int_equal(run_text(f.op, "insert into t values (1)"), TAKEO_DONE);
    assert_int_equal(begin(f.op, 0), TAKEO_DONE);
    assert_int_equal(run_text(f.op, "insert into t values (2)"), TAKEO_DONE);
    assert_int_equal(end(f.op, false), TAKEO_DONE);
    assert_int_equal(end(f.op, true), TAKEO_DONE);
    select_sql(&job, 1, "select a from t");
    assert_int_equal(scripted_run(f.op, &job), TAKEO_DONE);
    assert_int_equal(job.rows, 1);
    tear_down(&f);
}

static void conn_file_that_cannot_be_opened_is_told(void **state) {
    (void)state;
    fixture f;
    set_up(&f, "0.02");
    tk_source *nowhere = open_source("sqlite:////nowhere/at/all.db", "0.02");
    tk_op *op = scripted_op(&nowhere->shared);
    assert_int_equal(run_text(op, "select 1"), TAKEO_ECONNECT);
    assert_int_equal(op->error.first->outcome, TAKEO_OUTCOME_NOT_SENT);
    assert_false(nowhere->conns->is_taken);
    assert_int_equal(run_text(op, "select 1"), TAKEO_ECONNECT);
    tk_op_free(op);
    tk_source_close(nowhere);
    tear_down(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conn_commit_that_is_busy_may_be_tried_again),
        cmocka_unit_test(conn_begin_that_is_busy_is_retryable),
        cmocka_unit_test(conn_lock_of_another_ends_at_the_deadline),
        cmocka_unit_test(conn_long_statement_ends_at_the_deadline),
        cmocka_unit_test(conn_long_statement_is_cancelled_from_another_thread),
        cmocka_unit_test(conn_long_statement_asks_the_check),
        cmocka_unit_test(conn_read_only_transaction_writes_nothing),
        cmocka_unit_test(conn_transaction_begun_in_sql_is_refused),
        cmocka_unit_test(conn_savepoints_undo_what_they_should),
        cmocka_unit_test(conn_file_that_cannot_be_opened_is_told),
    };
    return cmocka_run_group_tests_name("conn", tests, NULL, NULL);
}
