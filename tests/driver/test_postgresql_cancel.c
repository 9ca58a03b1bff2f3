/* test_postgresql_cancel.c - stopping a statement: from another thread, too late (F36), and where
 * the request itself hangs (F22). */
#include "postgresql_support.h"

#include <sys/wait.h>

static int setup(void **state) {
    (void)fixture_setup(state);
    fixture *f = *state;
    if (pg_url() != NULL) {
        assert_done(f, pg_open(f, pg_url()));
    }
    return 0;
}

static void *interrupt_soon(void *ctx) {
    fixture *f = ctx;
    tk_sleep_ns(50000000);
    f->driver->interrupt(f->server);
    return NULL;
}

static void interrupt_stops_what_runs(void **state) {
    NEED_SERVER();
    fixture *f = *state;
    for (int i = 0; i < 3; i++) {
        pthread_t thread;
        tk_error_clear(&f->error);
        int64_t begun = tk_clock_now_ns();
        assert_int_equal(pthread_create(&thread, NULL, interrupt_soon, f), 0);
        assert_int_equal(FINISH(f, f->driver->run(f->server, "select pg_sleep(10)", &f->error)),
                         TAKEO_ECANCELED);
        assert_true(tk_clock_now_ns() - begun < 2 * SECOND);
        assert_int_equal(pthread_join(thread, NULL), 0);
        assert_text(last_error(f)->sqlstate, "57014");
        assert_int_equal(settle(f), TAKEO_DONE);
        assert_false(tk_pg_cancel_is_under_way(f->server));
        assert_int_equal(int_of(f, "select 1::int8"), 1);
    }
    assert_int_equal(tk_pg_helpers_left(TK_PG_HELPER_CANCEL), 0);
}

static void interrupt_stops_a_statement_that_gives_rows(void **state) {
    NEED_SERVER();
    fixture *f = *state;
    takeo_type type = TAKEO_TYPE_INT64;
    tk_prepared *prepared = prepare(f, "select generate_series(1, 100000000)::int8", &type, 1);
    takeo_cell row[1];
    tk_execution ignored;
    if (f->driver->set_gradual != NULL) {
        f->driver->set_gradual(f->server, true);
    }
    assert_done(f, start(f, prepared, NULL, 0));
    assert_int_equal(fetch(f, prepared, row), TAKEO_ROWS);
    f->driver->interrupt(f->server);
    f->driver->end(f->server, prepared, &ignored);
    assert_int_equal(settle(f), TAKEO_DONE);
    f->driver->forget(f->server, prepared);
    assert_int_equal(int_of(f, "select 1::int8"), 1);
}

/* Nothing runs, or nothing is there: nothing happens. */
static void interrupt_of_nothing_is_harmless(void **state) {
    NEED_SERVER();
    fixture *f = *state;
    for (int i = 0; i < 20; i++) {
        f->driver->interrupt(f->server);
        f->driver->interrupt(f->server);
        assert_int_equal(settle(f), TAKEO_DONE);
        assert_int_equal(int_of(f, "select 1::int8"), 1);
    }
    pg_close(f);
    assert_int_equal(pg_begin(f, pg_url()), TAKEO_WAIT);
    f->driver->interrupt(f->server);
    assert_done(f, FINISH(f, f->driver->establish(f->server, &f->error)));
}

/* F36: the request comes when its statement is over or almost.  After settle it hits no other. */
static void interrupt_f36_never_stops_the_next_one(void **state) {
    NEED_SERVER();
    fixture *f = *state;
    int stopped = 0;
    for (int i = 0; i < 400; i++) {
        static const char sql[] = "select pg_sleep(0.001)";
        tk_error_clear(&f->error);
        takeo_status status = f->driver->run(f->server, sql, &f->error);
        tk_sleep_ns((i % 20) * INT64_C(100000));
        f->driver->interrupt(f->server);
        if (status == TAKEO_WAIT) {
            status = FINISH(f, f->driver->run(f->server, sql, &f->error));
        }
        assert_true(status == TAKEO_DONE || status == TAKEO_ECANCELED);
        stopped += status == TAKEO_ECANCELED;
        assert_int_equal(settle(f), TAKEO_DONE);
        assert_done(f, try_run(f, "select pg_sleep(0.002)"));
    }
    print_message("%d of 400 were stopped\n", stopped);
}

/* Closed while the request travels: the thread that sends it cleans up. */
static void close_while_a_request_travels(void **state) {
    NEED_SERVER();
    fixture *f = *state;
    for (int i = 0; i < 20; i++) {
        assert_int_equal(f->driver->run(f->server, "select pg_sleep(10)", &f->error), TAKEO_WAIT);
        f->driver->interrupt(f->server);
        assert_done(f, pg_open(f, pg_url())); /* closes first */
    }
    int64_t until = tk_clock_now_ns() + 10 * SECOND;
    while (tk_pg_helpers_left(TK_PG_HELPER_CANCEL) != 0) {
        assert_true(tk_clock_now_ns() < until);
        tk_sleep_ns(1000000);
    }
}

/* ---- a server that takes a request and does not answer --------------------------------------- */

typedef struct deaf_server {
    atomic_bool may_end;
} deaf_server;

static void hold(int fd, deaf_server *deaf) {
    while (!atomic_load(&deaf->may_end)) {
        tk_sleep_ns(1000000);
    }
    (void)fd;
}

/* The statement is never answered; a request to stop it waits in the queue for ever. */
static void be_deaf(int fd, int number, void *ctx) {
    (void)number;
    if (fake_login(fd)) {
        hold(fd, ctx);
    }
}

static void settle_f22_gives_a_request_that_hangs_two_seconds(void **state) {
    fixture *f = *state;
    pg_close(f);
    fake_server fake;
    deaf_server deaf;
    atomic_init(&deaf.may_end, false);
    fake_start(&fake, be_deaf, &deaf);
    assert_done(f, pg_open(f, fake_url(f, &fake, "")));
    assert_int_equal(tk_pg_cancel_settle(f->server, &f->error), TAKEO_DONE);
    int64_t begun = tk_clock_now_ns();
    f->driver->interrupt(f->server);
    assert_true(tk_clock_now_ns() - begun < SECOND / 20);
    assert_int_equal(tk_pg_cancel_settle(f->server, &f->error), TAKEO_WAIT);
    struct pollfd watched = {.fd = tk_pg_cancel_fd(f->server), .events = POLLIN};
    assert_int_equal(poll(&watched, 1, 1000), 0);
    assert_int_equal(poll(&watched, 1, 3000), 1);
    assert_int_equal(tk_pg_cancel_settle(f->server, &f->error), TAKEO_ECONNECTION_LOST);
    int64_t took = tk_clock_now_ns() - begun;
    assert_true(took > SECOND * 19 / 10 && took < SECOND * 25 / 10);
    begun = tk_clock_now_ns();
    pg_close(f);
    assert_true(tk_clock_now_ns() - begun < SECOND / 20);
    assert_int_equal(tk_pg_helpers_left(TK_PG_HELPER_CANCEL), 1);
    atomic_store(&deaf.may_end, true);
    fake_stop(&fake);
    int64_t until = tk_clock_now_ns() + 10 * SECOND;
    while (tk_pg_helpers_left(TK_PG_HELPER_CANCEL) != 0) {
        assert_true(tk_clock_now_ns() < until);
        tk_sleep_ns(1000000);
    }
}

/* In a forked child nothing of a request that travels is touched. */
static void abandon_f54_while_a_request_travels(void **state) {
    NEED_SERVER();
    NEED_FORK();
    fixture *f = *state;
    assert_int_equal(f->driver->run(f->server, "select pg_sleep(10)", &f->error), TAKEO_WAIT);
    tk_sleep_ns(50000000); /* a request that is there before the statement would be forgotten */
    f->driver->interrupt(f->server);
    pid_t child = fork();
    if (child == 0) {
        f->driver->abandon(f->server);
        _exit(0);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(FINISH(f, f->driver->run(f->server, "select pg_sleep(10)", &f->error)),
                     TAKEO_ECANCELED);
    assert_int_equal(settle(f), TAKEO_DONE);
    assert_int_equal(int_of(f, "select 1::int8"), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(interrupt_stops_what_runs),
        TEST(interrupt_stops_a_statement_that_gives_rows),
        TEST(interrupt_of_nothing_is_harmless),
        TEST(interrupt_f36_never_stops_the_next_one),
        TEST(close_while_a_request_travels),
        TEST(settle_f22_gives_a_request_that_hangs_two_seconds),
        TEST(abandon_f54_while_a_request_travels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
