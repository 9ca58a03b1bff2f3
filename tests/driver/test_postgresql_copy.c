/* test_postgresql_copy.c - many rows by COPY: what goes in comes out, what is refused leaves nothing,
 * and the connection is of use after every way in which it can end (F28). */
#include "postgresql_support.h"

#include <sys/socket.h>

enum { COLUMNS = 3 };

typedef struct rows {
    takeo_cell columns[COLUMNS];
    takeo_cell *cells[COLUMNS];
    char *texts;
    size_t count;
} rows;

static const char insert_text[] =
    "insert into t (id, name, at) select * from unnest(cast($1 as integer[]), cast($2 as text[]), "
    "cast($3 as timestamptz[]))";

static int setup(void **state) {
    fixture_setup(state);
    fixture *f = *state;
    const char *url = pg_url();
    if (url != NULL) {
        assert_done(f, open_all(f, &f->alloc, url, "set search_path = pg_temp"));
        run(f, "create table t (id integer primary key, name text, at timestamptz, "
               "check (id <> 4444))");
    }
    return 0;
}

static tk_prepared *prepare_copy(fixture *f, const char *table) {
    tk_sql given = sql_of(insert_text, NULL, 0, true);
    given.copy_text =
        tk_arena_printf(&f->arena, "copy %s (id, name, at) from stdin (format binary)", table);
    given.copy_types_text =
        tk_arena_printf(&f->arena, "insert into %s (id, name, at) values ($1, $2, $3)", table);
    tk_prepared *prepared = NULL;
    assert_done(f, f->driver->prepare(f->server, &given, &prepared, &f->error));
    return prepared;
}

/* Every fifth name and every seventh time is NULL. */
static rows make_rows(size_t count, int64_t first) {
    rows made = {.count = count, .texts = calloc(count + 1, 16)};
    for (int i = 0; i < COLUMNS; i++) {
        made.cells[i] = calloc(count + 1, sizeof(takeo_cell));
        made.columns[i] =
            (takeo_cell){.type = TAKEO_TYPE_ARRAY, .v = {.list = {made.cells[i], count}}};
    }
    for (size_t i = 0; i < count; i++) {
        char *text = made.texts + i * 16;
        snprintf(text, 16, "name %zu", i);
        made.cells[0][i] = INT(first + (int64_t)i);
        made.cells[1][i] = i % 5 == 4 ? NULL_CELL : TEXT(text);
        made.cells[2][i] =
            i % 7 == 6 ? NULL_CELL : tk_cell_int(TAKEO_TYPE_TIMESTAMPTZ, (int64_t)i * 1000001);
    }
    return made;
}

static void free_rows(rows *made) {
    for (int i = 0; i < COLUMNS; i++) {
        free(made->cells[i]);
    }
    free(made->texts);
}

static void assert_idle(fixture *f) {
    assert_int_equal(f->server->flight_count, 0);
    assert_false(f->driver->is_in_transaction(f->server));
    assert_int_equal(int_of(f, "select 1"), 1);
}

static int64_t good_rows(fixture *f) {
    return int_of(f, "select count(*) from t where id % 5 = 4 and name is null or "
                     "id % 5 <> 4 and name = 'name ' || id");
}

/* ---- well ------------------------------------------------------------------------------------ */

static void copy_brings_rows_of_any_count(void **state) {
    fixture *f = *state;
    static const size_t counts[] = {1, 2, 10, 100000};
    tk_prepared *prepared = prepare_copy(f, "t");
    for (size_t i = 0; i < TK_COUNT(counts); i++) {
        rows made = make_rows(counts[i], 0);
        if (counts[i] > 4444) {
            made.cells[0][4444] = INT(-1);
        }
        tk_execution done;
        run(f, "delete from t");
        assert_done(f, execute(f, prepared, made.columns, COLUMNS, &done, NULL));
        assert_int_equal(done.affected, counts[i]);
        assert_non_null(prepared->copy_columns);
        assert_false(prepared->is_parsed); /* the other text was never needed */
        assert_int_equal(good_rows(f), (int64_t)(counts[i] - (counts[i] > 4444)));
        assert_int_equal(int_of(f, "select count(*) from t where at is null"), counts[i] / 7);
        assert_int_equal(int_of(f, "select count(*) from t where at = timestamptz "
                                   "'1970-01-01 00:00:00+00' + id * interval '1.000001 s'"),
                         (int64_t)(counts[i] - counts[i] / 7));
        free_rows(&made);
    }
    f->driver->forget(f->server, prepared);
    assert_idle(f);
}

static void copy_goes_with_a_begin_that_waits(void **state) {
    fixture *f = *state;
    rows made = make_rows(1000, 0);
    tk_execution done;
    for (int i = 0; i < 2; i++) { /* with and without the question for the types */
        tk_prepared *prepared = prepare_copy(f, "t");
        for (int k = 0; k < 2; k++) {
            assert_done(f, f->driver->run_later(f->server, "begin", &f->error));
            assert_done(f, execute(f, prepared, made.columns, COLUMNS, &done, NULL));
            assert_int_equal(done.affected, 1000);
            assert_true(f->driver->is_in_transaction(f->server));
            assert_int_equal(good_rows(f), 1000);
            run(f, "rollback");
            assert_int_equal(int_of(f, "select count(*) from t"), 0);
        }
        f->driver->forget(f->server, prepared);
    }
    free_rows(&made);
}

static void copy_falls_back_to_the_ordinary_text(void **state) {
    fixture *f = *state;
    rows made = make_rows(10, 0);
    tk_execution done;
    tk_prepared *prepared = prepare_copy(f, "t");
    takeo_cell dates[10]; /* text is no binary form of a time: the server reads it */
    for (int i = 0; i < 10; i++) {
        dates[i] = TEXT("2020-02-03 04:05:06+00");
    }
    made.columns[2].v.list.cells = dates;
    for (int i = 0; i < 2; i++) {
        assert_done(f, execute(f, prepared, made.columns, COLUMNS, &done, NULL));
        assert_int_equal(done.affected, 10);
        assert_int_equal(int_of(f, "select count(*) from t where at = '2020-02-03 04:05:06+00'"),
                         10);
        run(f, "delete from t");
    }
    assert_true(prepared->is_parsed);
    made.columns[0].v.list.count = 0; /* no rows at all */
    made.columns[1].v.list.count = 0;
    made.columns[2].v.list.count = 0;
    assert_done(f, execute(f, prepared, made.columns, COLUMNS, &done, NULL));
    assert_int_equal(done.affected, 0);
    f->driver->forget(f->server, prepared);
    free_rows(&made);
    assert_idle(f);
}

/* ---- failures -------------------------------------------------------------------------------- */

static void copy_f28_that_fails_leaves_nothing(void **state) {
    fixture *f = *state;
    tk_prepared *prepared = prepare_copy(f, "t");
    tk_execution done;
    rows made = make_rows(50000, 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(execute(f, prepared, made.columns, COLUMNS, &done, NULL), TAKEO_ECHECK);
        assert_int_equal(done.affected, 0);
        assert_in_range(last_error(f)->sql.len, 1, 1000);
        assert_int_equal(int_of(f, "select count(*) from t"), 0);
        assert_idle(f);
    }
    made.cells[0][4444] = INT(INT64_C(5000000000)); /* a value that the column cannot hold */
    assert_int_equal(execute(f, prepared, made.columns, COLUMNS, &done, NULL), TAKEO_EINPUT);
    assert_int_equal(last_error(f)->object, 4445);
    assert_int_equal(int_of(f, "select count(*) from t"), 0);
    assert_idle(f);
    made.cells[0][4444] = (takeo_cell){.type = TAKEO_TYPE_INT32, .flags = TAKEO_CELL_UNSET};
    assert_int_equal(execute(f, prepared, made.columns, COLUMNS, &done, NULL), TAKEO_EINPUT);
    assert_text(last_error(f)->code, "TAKEO.INPUT.UNSET");
    assert_idle(f);
    made.cells[0][4444] = INT(-1);
    made.cells[0][4445] = INT(-1);
    run(f, "begin");
    assert_int_equal(execute(f, prepared, made.columns, COLUMNS, &done, NULL), TAKEO_EUNIQUE);
    assert_true(f->driver->is_aborted(f->server));
    run(f, "rollback");
    made.cells[0][4445] = INT(4445);
    assert_done(f, execute(f, prepared, made.columns, COLUMNS, &done, NULL));
    assert_int_equal(done.affected, 50000);
    f->driver->forget(f->server, prepared);
    free_rows(&made);
    assert_idle(f);
}

static void copy_into_nothing_is_told(void **state) {
    fixture *f = *state;
    rows made = make_rows(10, 0);
    tk_execution done;
    tk_prepared *prepared = prepare_copy(f, "nowhere");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(execute(f, prepared, made.columns, COLUMNS, &done, NULL),
                         TAKEO_EUNDEFINED_TABLE);
        assert_idle(f);
    }
    f->driver->forget(f->server, prepared);
    prepared = prepare_copy(f, "gone");
    run(f, "create table gone (id integer, name text, at timestamptz)");
    assert_done(f, execute(f, prepared, made.columns, COLUMNS, &done, NULL));
    run(f, "drop table gone");
    assert_int_equal(execute(f, prepared, made.columns, COLUMNS, &done, NULL),
                     TAKEO_EUNDEFINED_TABLE);
    f->driver->forget(f->server, prepared);
    free_rows(&made);
    assert_idle(f);
}

/* ---- given up at every place ----------------------------------------------------------------- */

static void copy_f28_is_given_up_at_any_place(void **state) {
    fixture *f = *state;
    int size = 4096;
    assert_int_equal(setsockopt(f->server->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size), 0);
    rows made = make_rows(100000, 0);
    made.cells[0][4444] = INT(-1);
    takeo_cell row[1];
    tk_execution done;
    bool was_over = false;
    for (int steps = 0; !was_over; steps = steps < 20 ? steps + 1 : steps * 2) {
        tk_prepared *prepared = prepare_copy(f, "t");
        int left = steps;
        takeo_status status = TAKEO_WAIT;
        if (steps % 2 == 1) { /* one that knows the types already */
            rows few = make_rows(1, -5);
            assert_done(f, execute(f, prepared, few.columns, COLUMNS, &done, NULL));
            run(f, "delete from t");
            free_rows(&few);
        }
        while (status == TAKEO_WAIT && left-- > 0) {
            status = f->driver->start(f->server, prepared, made.columns, COLUMNS, &f->error);
            if (status == TAKEO_WAIT) {
                watch(f, f->server);
            }
        }
        if (status == TAKEO_DONE) {
            status = TAKEO_WAIT;
            while (status == TAKEO_WAIT && left-- > 0) {
                status = f->driver->fetch(f->server, prepared, row, &f->error);
                if (status == TAKEO_WAIT) {
                    watch(f, f->server);
                }
            }
            was_over = status == TAKEO_DONE;
        }
        f->driver->end(f->server, prepared, &done);
        assert_done(f, settle(f));
        assert_int_equal(int_of(f, "select count(*) from t"), was_over ? 100000 : 0);
        assert_idle(f);
        f->driver->forget(f->server, prepared);
    }
    free_rows(&made);
}

static void copy_f28_is_stopped(void **state) {
    fixture *f = *state;
    rows made = make_rows(100000, 0);
    made.cells[0][4444] = INT(-1);
    takeo_cell row[1];
    tk_execution done;
    tk_prepared *prepared = prepare_copy(f, "t");
    run(f, "create function slow() returns trigger language plpgsql as "
           "'begin perform pg_sleep(10); return new; end'");
    run(f, "create trigger slow before insert on t for each row execute function pg_temp.slow()");
    assert_done(f, start(f, prepared, made.columns, COLUMNS));
    int64_t until = tk_clock_now_ns() + INT64_C(300000000);
    takeo_status status = TAKEO_WAIT;
    while (tk_clock_now_ns() < until) {
        status = f->driver->fetch(f->server, prepared, row, &f->error);
        assert_int_equal(status, TAKEO_WAIT);
        tk_sleep_ns(10000000);
        (void)f->driver->advance(f->server);
    }
    f->driver->interrupt(f->server);
    assert_int_equal(fetch(f, prepared, row), TAKEO_ECANCELED);
    f->driver->end(f->server, prepared, &done);
    assert_done(f, settle(f));
    assert_idle(f);
    assert_int_equal(int_of(f, "select count(*) from t"), 0);
    f->driver->forget(f->server, prepared);
    free_rows(&made);
}

static void copy_f28_tells_a_lost_connection(void **state) {
    fixture *f = *state;
    rows made = make_rows(100000, 0);
    made.cells[0][4444] = INT(-1);
    takeo_cell row[1];
    tk_execution done;
    tk_prepared *prepared = prepare_copy(f, "t");
    int size = 4096;
    assert_int_equal(setsockopt(f->server->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size), 0);
    assert_done(f, start(f, prepared, made.columns, COLUMNS));
    while (prepared->copying != TK_PG_COPY_SENDING) {
        assert_int_equal(f->driver->fetch(f->server, prepared, row, &f->error), TAKEO_WAIT);
        watch(f, f->server);
    }
    fixture other = *f;
    other.server = NULL;
    assert_done(&other, open_url(&other, pg_url()));
    takeo_cell process = INT(f->driver->process_id(f->server));
    (void)value(&other, "select pg_terminate_backend($1)", TAKEO_TYPE_BOOL, &process, 1);
    other.driver->close(other.server);
    tk_error_clear(&f->error);
    assert_int_equal(fetch(f, prepared, row), TAKEO_ECONNECTION_LOST);
    f->driver->end(f->server, prepared, &done);
    assert_int_equal(settle(f), TAKEO_ECONNECTION_LOST);
    f->driver->forget(f->server, prepared);
    free_rows(&made);
}

/* ---- columns of lists ------------------------------------------------------------------------ */

static const char lists_text[] =
    "insert into lists (id, numbers, words) select v1, cast(v2 as bigint[]), cast(v3 as text[]) "
    "from unnest(cast($1 as integer[]), cast($2 as text[]), cast($3 as text[])) as given (v1, v2, "
    "v3)";
static const char lists_there[] =
    "select count(*) from lists l join (values (0, null, '{}'), (1, '{}', '{a,\"b c\",NULL}'), "
    "(2, '{1,NULL,-3}', E'{\"\\\\\"\",\"\\\\\\\\\",\"{}\",\"\",\"NULL\"}'), "
    "(3, '{{1,2},{3,4}}', '{{x,y},{NULL,z}}'), (4, '{9223372036854775807}', null)) "
    "w (id, numbers, words) on w.id = l.id and w.numbers::bigint[] is not distinct from l.numbers "
    "and w.words::text[] is not distinct from l.words";

#define LIST(...)                                                                                  \
    {                                                                                              \
        .type = TAKEO_TYPE_ARRAY,                                                                  \
        .v = {.list = {(takeo_cell[]){__VA_ARGS__},                                                \
                       sizeof((takeo_cell[]){__VA_ARGS__}) / sizeof(takeo_cell)}},                 \
    }
#define LIST_CELL(...) ((takeo_cell)LIST(__VA_ARGS__))
#define NO_LIST ((takeo_cell){.type = TAKEO_TYPE_ARRAY})

/* NULL, empty, with NULLs, with what has to be quoted, nested; as one list for each column. */
static takeo_status insert_lists(fixture *f, tk_prepared *prepared, tk_execution *done) {
    const takeo_cell columns[] = {
        LIST(INT(0), INT(1), INT(2), INT(3), INT(4)),
        LIST(NULL_CELL, NO_LIST, LIST_CELL(INT(1), NULL_CELL, INT(-3)),
             LIST_CELL(LIST_CELL(INT(1), INT(2)), LIST_CELL(INT(3), INT(4))),
             LIST_CELL(INT(INT64_MAX))),
        LIST(NO_LIST, LIST_CELL(TEXT("a"), TEXT("b c"), NULL_CELL),
             LIST_CELL(TEXT("\""), TEXT("\\"), TEXT("{}"), TEXT(""), TEXT("NULL")),
             LIST_CELL(LIST_CELL(TEXT("x"), TEXT("y")), LIST_CELL(NULL_CELL, TEXT("z"))),
             NULL_CELL)};
    return execute(f, prepared, columns, TK_COUNT(columns), done, NULL);
}

static tk_prepared *prepare_lists(fixture *f, bool by_copy) {
    static const bool holds_lists[] = {false, true, true};
    static const takeo_type arrays[] = {TAKEO_TYPE_ARRAY, TAKEO_TYPE_ARRAY, TAKEO_TYPE_ARRAY};
    tk_sql given = sql_of(lists_text, NULL, 0, true);
    tk_prepared *prepared = NULL;
    given.parameters = arrays;
    given.parameter_count = TK_COUNT(arrays);
    given.holds_lists = holds_lists;
    if (by_copy) {
        given.copy_text = "copy lists (id, numbers, words) from stdin (format binary)";
        given.copy_types_text = "insert into lists (id, numbers, words) values ($1, $2, $3)";
    }
    return f->driver->prepare(f->server, &given, &prepared, &f->error) == TAKEO_DONE ? prepared
                                                                                     : NULL;
}

static const char lists_table[] =
    "create temp table lists (id integer, numbers bigint[], words text[])";

static void copy_takes_lists(void **state) {
    fixture *f = *state;
    run(f, lists_table);
    for (int by_copy = 0; by_copy < 2; by_copy++) {
        tk_prepared *prepared = prepare_lists(f, by_copy != 0);
        assert_non_null(prepared);
        for (int again = 0; again < 2; again++) { /* with and without knowing the types */
            tk_execution done;
            run(f, "delete from lists");
            assert_done(f, insert_lists(f, prepared, &done));
            assert_int_equal(done.affected, 5);
            assert_int_equal(int_of(f, lists_there), 5);
        }
        assert_true((prepared->copy_columns != NULL) == (by_copy != 0));
        f->driver->forget(f->server, prepared);
    }
    assert_idle(f);
}

static void lists_of_several_lengths_are_refused(void **state) {
    fixture *f = *state;
    run(f, lists_table);
    const takeo_cell columns[] = {LIST(INT(0)),
                                  LIST(LIST_CELL(LIST_CELL(INT(1), INT(2)), LIST_CELL(INT(3)))),
                                  LIST(NULL_CELL)};
    for (int by_copy = 0; by_copy < 2; by_copy++) {
        tk_prepared *prepared = prepare_lists(f, by_copy != 0);
        tk_execution done;
        assert_int_equal(execute(f, prepared, columns, TK_COUNT(columns), &done, NULL),
                         TAKEO_EINPUT);
        tk_error_clear(&f->error);
        f->driver->forget(f->server, prepared);
    }
    assert_idle(f);
    assert_int_equal(int_of(f, "select count(*) from lists"), 0);
}

/* ---- no memory ------------------------------------------------------------------------------- */

static bool run_lists(const takeo_allocator *allocator, void *context) {
    fixture *f = context;
    tk_alloc alloc = tk_alloc_from(allocator);
    tk_error_clear(&f->error);
    if (open_all(f, &alloc, getenv("TAKEO_TEST_POSTGRESQL"), NULL) != TAKEO_DONE) {
        return false;
    }
    tk_execution done = {0};
    bool is_good = try_run(f, lists_table) == TAKEO_DONE;
    tk_prepared *prepared = is_good ? prepare_lists(f, false) : NULL;
    if (prepared != NULL) {
        takeo_status status = insert_lists(f, prepared, &done);
        assert_true(status == TAKEO_DONE || status == TAKEO_ENOMEM);
        is_good = status == TAKEO_DONE && done.affected == 5;
    }
    is_good &= prepared != NULL;
    f->driver->close(f->server);
    f->server = NULL;
    return is_good;
}

static bool run_scenario(const takeo_allocator *allocator, void *context) {
    fixture *f = context;
    tk_alloc alloc = tk_alloc_from(allocator);
    tk_error_clear(&f->error);
    if (open_all(f, &alloc, pg_url(), NULL) != TAKEO_DONE) {
        return false;
    }
    rows made = make_rows(3, 0);
    tk_execution done = {0};
    bool is_good =
        try_run(f, "create temp table s (id integer, name text, at timestamptz)") == TAKEO_DONE;
    tk_sql given = sql_of(insert_text, NULL, 0, true);
    given.copy_text = "copy s from stdin (format binary)";
    given.copy_types_text = "insert into s values ($1, $2, $3)";
    tk_prepared *prepared = NULL;
    is_good &= f->driver->prepare(f->server, &given, &prepared, &f->error) == TAKEO_DONE;
    if (is_good) {
        takeo_status status = execute(f, prepared, made.columns, COLUMNS, &done, NULL);
        is_good = status == TAKEO_DONE && done.affected == 3;
        assert_true(is_good || status == TAKEO_ENOMEM);
    }
    f->driver->close(f->server);
    f->server = NULL;
    free_rows(&made);
    return is_good;
}

static void copy_survives_without_memory(void **state) {
    fixture *f = *state;
    f->driver->close(f->server);
    f->server = NULL;
    assert_true(tk_sweep(run_scenario, f) >= 8);
    assert_true(tk_sweep(run_lists, f) >= 8);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, fixture_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(copy_brings_rows_of_any_count),
        CASE(copy_goes_with_a_begin_that_waits),
        CASE(copy_falls_back_to_the_ordinary_text),
        CASE(copy_takes_lists),
        CASE(lists_of_several_lengths_are_refused),
        CASE(copy_f28_that_fails_leaves_nothing),
        CASE(copy_into_nothing_is_told),
        CASE(copy_f28_is_given_up_at_any_place),
        CASE(copy_f28_is_stopped),
        CASE(copy_f28_tells_a_lost_connection),
        CASE(copy_survives_without_memory),
    };
    return RUN_ON_SERVER("postgresql copy", tests);
}
