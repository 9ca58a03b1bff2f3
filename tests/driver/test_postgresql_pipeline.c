/* test_postgresql_pipeline.c - several executions of one statement on their way at once: who fails,
 * who is passed over, and that neither side ever waits for the other with full buffers. */
#include "postgresql_support.h"

#include <sys/socket.h>

enum { LONG_TEXT = 10 * 1024 };

static int setup(void **state) {
    fixture_setup(state);
    fixture *f = *state;
    const char *url = pg_url();
    if (url != NULL) {
        assert_done(f, open_all(f, &f->alloc, url, "set search_path = pg_temp"));
        run(f, "create table t (id integer primary key, name text)");
    }
    return 0;
}

static tk_prepared *prepare_two(fixture *f, const char *text) {
    takeo_type types[] = {TAKEO_TYPE_INT64, TAKEO_TYPE_INT64};
    return prepare(f, text, types, 2);
}

/* Executions of one pipeline, each with its number as the argument; number `bad` divides by zero.
 * Every one is told what became of it, and no other. */
static void run_pipeline(fixture *f, tk_prepared *prepared, int count, int bad) {
    takeo_cell row[2];
    tk_execution done;
    for (int i = 0; i < count; i++) {
        takeo_cell arguments[] = {INT(i), INT(i == bad ? 0 : 1)};
        assert_done(f, start(f, prepared, arguments, 2));
    }
    for (int i = 0; i < count; i++) {
        tk_error_clear(&f->error);
        takeo_status status = fetch(f, prepared, row);
        if (bad < 0 || i < bad) {
            assert_int_equal(status, TAKEO_ROWS);
            assert_int_equal(row[0].v.i, i);
            assert_int_equal(row[1].v.i, i);
            assert_done(f, fetch(f, prepared, row));
        } else if (i == bad) {
            assert_int_equal(status, TAKEO_EDATA);
            assert_text(last_error(f)->sqlstate, "22012");
        } else {
            assert_int_equal(status, TAKEO_EPIPELINE);
            assert_text(last_error(f)->code, "TAKEO.SERVER.PIPELINE");
            assert_non_null(last_error(f)->sql.data);
        }
        f->driver->end(f->server, prepared, &done);
        assert_int_equal(done.affected, 0);
    }
    assert_done(f, settle(f));
    assert_int_equal(f->server->flight_count, 0);
    assert_int_equal(prepared->started, 0);
}

static const char dividing[] =
    "select cast($1 as integer), cast($1 as integer) / cast($2 as integer)";

/* Executions that copy from or to the client are refused, each of them.  Gives what settle says. */
static takeo_status run_copies(fixture *f, tk_prepared *prepared, int count) {
    tk_execution done;
    run(f, "begin");
    for (int i = 0; i < count; i++) {
        assert_done(f, start(f, prepared, NULL, 0));
    }
    for (int i = 0; i < count; i++) {
        tk_error_clear(&f->error);
        assert_true(fetch(f, prepared, NULL) < 0);
        f->driver->end(f->server, prepared, &done);
        assert_int_equal(done.affected, 0);
    }
    return settle(f);
}

static void assert_usable(fixture *f) {
    run(f, "rollback");
    assert_int_equal(int_of(f, "select 1::int8"), 1);
}

/* While it waits for rows the server takes no other command: since version 14 that is the end of the
 * connection, before it was that of the COPY. */
static void pipeline_of_copies_is_refused(void **state) {
    fixture *f = *state;
    tk_prepared *out = prepare(f, "copy t to stdout", NULL, 0);
    tk_prepared *in = prepare(f, "copy t from stdin", NULL, 0);
    for (int round = 0; round < 2; round++) {
        for (int count = 1; count <= 3; count++) {
            assert_done(f, run_copies(f, out, count));
            assert_usable(f);
        }
        assert_done(f, run_copies(f, in, 1));
        assert_usable(f);
    }
    takeo_status status = run_copies(f, in, 3);
    if (status == TAKEO_DONE) {
        assert_usable(f);
    } else {
        assert_int_equal(status, TAKEO_ECONNECTION_LOST);
    }
    f->driver->forget(f->server, out);
    f->driver->forget(f->server, in);
}

/* F29, with a statement that the server does not know yet and with a known one. */
static void pipeline_f29_tells_each_execution_its_own_failure(void **state) {
    fixture *f = *state;
    enum { COUNT = 6 };
    for (int bad = -1; bad < COUNT; bad++) {
        tk_prepared *prepared = prepare_two(f, dividing);
        for (int round = 0; round < 3; round++) {
            if (round == 1) {
                assert_done(f, f->driver->run_later(f->server, "begin", &f->error));
            } else {
                run(f, "begin");
            }
            run_pipeline(f, prepared, COUNT, bad);
            assert_true(f->driver->is_in_transaction(f->server));
            assert_int_equal(f->driver->is_aborted(f->server), bad >= 0);
            run(f, "rollback");
            assert_false(f->driver->is_in_transaction(f->server));
        }
        run_pipeline(f, prepared, 1, -1); /* alone, and so not in a pipeline */
        assert_false(f->server->is_pipeline);
        f->driver->forget(f->server, prepared);
    }
}

static void pipeline_whose_text_is_wrong_fails_as_the_first(void **state) {
    fixture *f = *state;
    static const struct {
        const char *later;
        const char *text;
        takeo_status status;
    } rows[] = {
        {NULL, "select absent, $1", TAKEO_EUNDEFINED_COLUMN},
        {"begin nonsense", "select 1, $1", TAKEO_ESYNTAX},
        {"savepoint a", "select 1, $1", TAKEO_ESTATE},
    };
    for (size_t i = 0; i < TK_COUNT(rows); i++) {
        tk_prepared *prepared = prepare_two(f, rows[i].text);
        takeo_cell row[2];
        takeo_cell one = INT(1);
        tk_execution done;
        if (rows[i].later != NULL) {
            assert_done(f, f->driver->run_later(f->server, rows[i].later, &f->error));
        }
        for (int k = 0; k < 3; k++) {
            assert_done(f, start(f, prepared, &one, 1));
        }
        for (int k = 0; k < 3; k++) {
            tk_error_clear(&f->error);
            assert_int_equal(fetch(f, prepared, row), k == 0 ? rows[i].status : TAKEO_EPIPELINE);
            f->driver->end(f->server, prepared, &done);
        }
        assert_done(f, settle(f));
        assert_false(f->driver->is_in_transaction(f->server));
        f->driver->forget(f->server, prepared);
    }
}

/* However many were started and fetched: what is given up leaves nothing behind. */
static void pipeline_is_given_up_at_any_place(void **state) {
    fixture *f = *state;
    enum { COUNT = 4 };
    tk_prepared *prepared = prepare_two(f, dividing);
    takeo_cell row[2];
    tk_execution done;
    for (int fetched = 0; fetched <= COUNT * 2; fetched++) {
        run(f, "begin");
        for (int i = 0; i < COUNT; i++) {
            takeo_cell arguments[] = {INT(i), INT(1)};
            assert_done(f, start(f, prepared, arguments, 2));
        }
        for (int i = 0; i < fetched; i++) {
            assert_int_equal(fetch(f, prepared, row), i % 2 == 0 ? TAKEO_ROWS : TAKEO_DONE);
            if (i % 2 == 1) {
                f->driver->end(f->server, prepared, &done);
            }
        }
        while (prepared->started > 0) {
            f->driver->end(f->server, prepared, &done);
        }
        if (fetched % 3 != 0) { /* the next text settles as well */
            assert_done(f, settle(f));
        }
        run(f, "commit");
        assert_int_equal(int_of(f, "select 1"), 1);
    }
    f->driver->forget(f->server, prepared);
}

/* An argument that is refused stands alone: those before it have gone their way. */
static void pipeline_goes_on_after_a_refused_argument(void **state) {
    fixture *f = *state;
    tk_prepared *prepared = prepare(f, "insert into t values ($1, $2)", NULL, 0);
    takeo_cell arguments[] = {INT(0), TEXT("a")};
    takeo_cell row[2];
    tk_execution done;
    assert_done(f, execute(f, prepared, arguments, 2, &done, NULL));
    run(f, "begin");
    for (int i = 1; i <= 3; i++) {
        arguments[0] = INT(i);
        assert_done(f, start(f, prepared, arguments, 2));
    }
    arguments[0] = INT(INT64_MAX);
    assert_int_equal(start(f, prepared, arguments, 2), TAKEO_EINPUT);
    for (int i = 1; i <= 3; i++) {
        assert_done(f, fetch(f, prepared, row));
        f->driver->end(f->server, prepared, &done);
        assert_int_equal(done.affected, 1);
    }
    f->driver->end(f->server, prepared, &done); /* of the one that was refused: nothing */
    assert_int_equal(done.affected, 0);
    assert_false(f->driver->is_aborted(f->server));
    run(f, "commit");
    assert_int_equal(int_of(f, "select count(*) from t"), 4);
    f->driver->forget(f->server, prepared);
}

static void make_buffers_small(fixture *f, int size) {
    int fd = f->server->fd;
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size), 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size), 0);
}

/* F30: far more than both sockets hold, there and back. */
static void pipeline_f30_larger_than_all_buffers_never_stands_still(void **state) {
    fixture *f = *state;
    static char text[LONG_TEXT];
    memset(text, 'x', sizeof text);
    make_buffers_small(f, 4096);
    takeo_type types[] = {TAKEO_TYPE_INT64, TAKEO_TYPE_TEXT};
    tk_prepared *prepared = prepare(f, "select cast($1 as integer), cast($2 as text)", types, 2);
    takeo_cell row[2];
    tk_execution done;
    run(f, "begin");
    uint64_t waits = 0;
    for (int i = 0; i < 2000; i++) {
        takeo_cell arguments[] = {INT(i), tk_cell_text(TAKEO_TYPE_TEXT, text, sizeof text)};
        takeo_status status;
        while ((status = f->driver->start(f->server, prepared, arguments, 2, &f->error))
               == TAKEO_WAIT) {
            waits++;
            watch(f, f->server);
        }
        assert_done(f, status);
    }
    assert_true(waits > 0 || tk_under_valgrind()); /* what cannot be sent is not taken */
    for (int i = 0; i < 2000; i++) {
        assert_int_equal(fetch(f, prepared, row), TAKEO_ROWS);
        assert_int_equal(row[0].v.i, i);
        assert_int_equal(row[1].v.text.len, sizeof text);
        assert_done(f, fetch(f, prepared, row));
        f->driver->end(f->server, prepared, &done);
    }
    run(f, "commit");
    f->driver->forget(f->server, prepared);
}

static void pipeline_f30_of_ten_thousand_writes_passes(void **state) {
    fixture *f = *state;
    static char text[LONG_TEXT];
    memset(text, 'y', sizeof text);
    make_buffers_small(f, 64 * 1024);
    tk_prepared *prepared = prepare(f, "insert into t values ($1, left($2, 3))", NULL, 0);
    takeo_cell row[2];
    tk_execution done;
    assert_done(f, f->driver->run_later(f->server, "begin", &f->error));
    for (int i = 0; i < 10000; i++) {
        takeo_cell arguments[] = {INT(i), tk_cell_text(TAKEO_TYPE_TEXT, text, sizeof text)};
        assert_done(f, start(f, prepared, arguments, 2));
    }
    for (int i = 0; i < 10000; i++) {
        assert_done(f, fetch(f, prepared, row));
        f->driver->end(f->server, prepared, &done);
        assert_int_equal(done.affected, 1);
    }
    run(f, "commit");
    assert_int_equal(int_of(f, "select count(*) from t where name = 'yyy'"), 10000);
    f->driver->forget(f->server, prepared);
}

/* One large argument, and one large answer, at once: normal mode. */
static void pipeline_is_not_needed_for_large_values(void **state) {
    fixture *f = *state;
    size_t len = 8 * 1024 * 1024;
    char *text = malloc(len);
    assert_non_null(text);
    memset(text, 'z', len);
    make_buffers_small(f, 16 * 1024);
    takeo_cell cell = tk_cell_text(TAKEO_TYPE_TEXT, text, len);
    takeo_type type = TAKEO_TYPE_TEXT;
    tk_prepared *prepared = prepare(f, "select cast($1 as text)", &type, 1);
    for (int i = 0; i < 3; i++) {
        takeo_cell row[1];
        tk_execution done;
        assert_done(f, start(f, prepared, &cell, 1));
        assert_int_equal(fetch(f, prepared, row), TAKEO_ROWS);
        assert_int_equal(row[0].v.text.len, len);
        assert_memory_equal(row[0].v.text.data, text, len);
        assert_done(f, fetch(f, prepared, row));
        f->driver->end(f->server, prepared, &done);
    }
    f->driver->forget(f->server, prepared);
    free(text);
}

static void pipeline_is_gradual(void **state) {
    fixture *f = *state;
    takeo_type type = TAKEO_TYPE_INT64;
    tk_prepared *prepared =
        prepare(f, "select g from generate_series(1, cast($1 as integer)) g", &type, 1);
    takeo_cell row[1];
    tk_execution done;
    for (int round = 0; round < 2; round++) {
        run(f, "begin");
        f->driver->set_gradual(f->server, true);
        for (int i = 0; i < 5; i++) {
            takeo_cell count = INT(i * 100);
            assert_done(f, start(f, prepared, &count, 1));
        }
        for (int i = 0; i < 5; i++) {
            int64_t seen = 0;
            takeo_status status;
            while ((status = fetch(f, prepared, row)) == TAKEO_ROWS) {
                assert_int_equal(row[0].v.i, ++seen);
            }
            assert_done(f, status);
            assert_int_equal(seen, i * 100);
            f->driver->end(f->server, prepared, &done);
        }
        f->driver->set_gradual(f->server, false);
        run(f, "commit");
    }
    f->driver->forget(f->server, prepared);
}

/* What the server has forgotten is told by the first; the next transaction has it anew. */
static void pipeline_of_a_statement_that_has_vanished(void **state) {
    fixture *f = *state;
    tk_prepared *prepared = prepare_two(f, dividing);
    takeo_cell row[2];
    tk_execution done;
    run_pipeline(f, prepared, 1, -1);
    run(f, "begin");
    run(f, "deallocate all");
    for (int i = 0; i < 3; i++) {
        takeo_cell arguments[] = {INT(i), INT(1)};
        assert_done(f, start(f, prepared, arguments, 2));
    }
    for (int i = 0; i < 3; i++) {
        tk_error_clear(&f->error);
        takeo_status status = fetch(f, prepared, row);
        assert_text(last_error(f)->code, i == 0 ? "TAKEO.SERVER.SCHEMA" : "TAKEO.SERVER.PIPELINE");
        assert_true(status < 0);
        f->driver->end(f->server, prepared, &done);
    }
    assert_done(f, settle(f));
    run(f, "rollback");
    run(f, "begin");
    run_pipeline(f, prepared, 3, -1);
    run(f, "commit");
    f->driver->forget(f->server, prepared);
}

static void kill_connection(fixture *f) {
    fixture other = *f;
    other.server = NULL;
    tk_arena_init(&other.arena, tk_alloc_default);
    assert_done(&other, open_url(&other, pg_url()));
    takeo_cell process = INT(f->driver->process_id(f->server));
    (void)value(&other, "select pg_terminate_backend($1)", TAKEO_TYPE_BOOL, &process, 1);
    other.driver->close(other.server);
    tk_arena_done(&other.arena);
    tk_sleep_ns(50000000); /* its last words come by themselves */
}

/* Lost while idle, between two starts, and in front of the answers. */
static void pipeline_tells_a_lost_connection(void **state) {
    fixture *f = *state;
    for (int place = 0; place < 4; place++) {
        if (place > 0) {
            f->driver->close(f->server);
            f->server = NULL;
            assert_done(f, open_url(f, pg_url()));
        }
        tk_prepared *prepared = prepare_two(f, dividing);
        takeo_cell row[2];
        tk_execution done;
        run_pipeline(f, prepared, 1, -1);
        run(f, "begin");
        takeo_status status = TAKEO_DONE;
        int started = 0;
        for (int i = 0; i < 3; i++) {
            if (i == place) {
                kill_connection(f);
            }
            takeo_cell arguments[] = {INT(i), INT(1)};
            tk_error_clear(&f->error);
            status = start(f, prepared, arguments, 2);
            if (status < 0) {
                break;
            }
            started++;
        }
        if (place == 3) {
            kill_connection(f);
        }
        while (status >= 0) {
            tk_error_clear(&f->error);
            status = fetch(f, prepared, row);
            if (status == TAKEO_DONE) {
                f->driver->end(f->server, prepared, &done);
                started--;
            }
        }
        assert_int_equal(status, TAKEO_ECONNECTION_LOST);
        assert_int_equal(f->error.count, 1);
        assert_true((last_error(f)->flags & TAKEO_ERROR_CONNECTION_GONE) != 0);
        for (; started > 0; started--) {
            f->driver->end(f->server, prepared, &done);
        }
        assert_int_equal(settle(f), TAKEO_ECONNECTION_LOST);
        assert_false(f->driver->is_in_transaction(f->server));
        f->driver->forget(f->server, prepared);
    }
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, fixture_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(pipeline_f29_tells_each_execution_its_own_failure),
        CASE(pipeline_of_copies_is_refused),
        CASE(pipeline_whose_text_is_wrong_fails_as_the_first),
        CASE(pipeline_is_given_up_at_any_place),
        CASE(pipeline_goes_on_after_a_refused_argument),
        CASE(pipeline_f30_larger_than_all_buffers_never_stands_still),
        CASE(pipeline_f30_of_ten_thousand_writes_passes),
        CASE(pipeline_is_not_needed_for_large_values),
        CASE(pipeline_is_gradual),
        CASE(pipeline_of_a_statement_that_has_vanished),
        CASE(pipeline_tells_a_lost_connection),
    };
    return RUN_ON_SERVER("postgresql pipeline", tests);
}
