/* test_postgresql_execute.c - statements and texts on a real server of PostgreSQL: how they are
 * sent, what comes back, and what is left when something fails or is given up. */
#include "postgresql_support.h"

static int setup(void **state) {
    fixture_setup(state);
    fixture *f = *state;
    const char *url = pg_url();
    if (url != NULL) {
        assert_done(f, open_all(f, &f->alloc, url,
                                "set search_path = pg_temp; set statement_timeout "
                                "= '15s'"));
        run(f, "create table t (id integer primary key, name text, big bigint)");
    }
    return 0;
}

static tk_prepared *prepare_typed(fixture *f, const char *text, takeo_type type) {
    tk_sql given = sql_of(text, &type, 1, false);
    tk_prepared *prepared = NULL;
    assert_done(f, f->driver->prepare(f->server, &given, &prepared, &f->error));
    return prepared;
}

static takeo_status later(fixture *f, const char *sql) {
    return f->driver->run_later(f->server, sql, &f->error);
}

/* The only value of a statement; fails the test when there is none. */
static takeo_cell only(fixture *f, tk_prepared *prepared, const takeo_cell *arguments,
                       uint32_t count) {
    takeo_cell row[8];
    takeo_cell out = {0};
    tk_execution ignored;
    assert_done(f, start(f, prepared, arguments, count));
    takeo_status status = fetch(f, prepared, row);
    if (status != TAKEO_ROWS) {
        show_error(f);
    }
    assert_int_equal(status, TAKEO_ROWS);
    assert_true(tk_cell_copy(&f->arena, &row[0], &out));
    assert_done(f, fetch(f, prepared, row));
    f->driver->end(f->server, prepared, &ignored);
    return out;
}

static takeo_status try_only(fixture *f, tk_prepared *prepared, const takeo_cell *arguments,
                             uint32_t count) {
    tk_execution ignored;
    return execute(f, prepared, arguments, count, &ignored, NULL);
}

static void assert_idle(fixture *f) {
    assert_int_equal(f->server->flight_count, 0);
    assert_false(f->driver->is_in_transaction(f->server));
    assert_int_equal(int_of(f, "select 1"), 1);
}

static void assert_in_message(fixture *f, takeo_text text, const char *part) {
    (void)f;
    assert_non_null(text.data);
    if (strstr(text.data, part) == NULL) {
        fail_msg("'%s' is not in '%s'", part, text.data);
    }
}

/* ---- how it is sent -------------------------------------------------------------------------- */

static void execute_first_run_is_text_and_then_binary(void **state) {
    fixture *f = *state;
    tk_prepared *prepared = prepare_typed(f, "select big from t where id = $1", TAKEO_TYPE_INT64);
    run(f, "insert into t values (1, 'one', -9223372036854775807)");
    takeo_cell id = INT(1);
    for (int i = 0; i < 5; i++) {
        takeo_cell out = only(f, prepared, &id, 1);
        assert_true(out.v.i == -INT64_MAX);
        assert_int_equal(prepared->reads_binary, i > 0);
        assert_true(prepared->is_parsed && prepared->is_described);
        assert_int_equal(f->server->values.formats[0], i > 0);
        assert_int_equal(f->server->is_pipeline, i == 0);
    }
    f->driver->forget(f->server, prepared);
}

/* The hot path takes no memory of ours. */
static void execute_takes_no_memory_once_it_ran(void **state) {
    fixture *f = *state;
    tk_prepared *prepared =
        prepare_typed(f, "select name from t where id = $1 and name = $2", TAKEO_TYPE_TEXT);
    run(f, "insert into t values (1, 'one', 1)");
    takeo_cell arguments[] = {INT(1), TEXT("one")};
    for (int i = 0; i < 3; i++) {
        takeo_cell name = only(f, prepared, arguments, 2);
        assert_cell_text(&name, "one");
    }
    uint64_t before = f->memory.asked;
    for (int i = 0; i < 100; i++) {
        takeo_cell name = only(f, prepared, arguments, 2);
        assert_cell_text(&name, "one");
    }
    assert_int_equal(f->memory.asked, before);
    f->driver->forget(f->server, prepared);
}

static void execute_nulls_lists_and_writes(void **state) {
    fixture *f = *state;
    takeo_cell arguments[] = {
        INT(7), NULL_CELL, {.type = TAKEO_TYPE_INT64, .flags = TAKEO_CELL_NULL}};
    tk_prepared *prepared = prepare(f, "insert into t values ($1, $2, $3)", NULL, 0);
    for (int i = 0; i < 3; i++) {
        tk_execution done;
        arguments[0].v.i = i;
        assert_done(f, execute(f, prepared, arguments, 3, &done, NULL));
        assert_int_equal(done.affected, 1);
        assert_false(done.has_last_key);
    }
    f->driver->forget(f->server, prepared);
    prepared = prepare_typed(f, "select count(*) from t where id = any($1) and name is null",
                             TAKEO_TYPE_INT64);
    const takeo_cell cells[] = {INT(0), INT(2), NULL_CELL, INT(9)};
    for (size_t count = 0; count <= 4; count++) { /* also the list without elements */
        takeo_cell list = {.type = TAKEO_TYPE_ARRAY, .v = {.list = {cells, count}}};
        assert_int_equal(only(f, prepared, &list, 1).v.i, count > 1 ? 2 : count);
    }
    f->driver->forget(f->server, prepared);
}

/* Many rows, all at once and as they come; and rows that nobody reads. */
static void execute_many_rows_gradually_or_not(void **state) {
    fixture *f = *state;
    tk_prepared *prepared =
        prepare_typed(f, "select g from generate_series(1, 5000) g", TAKEO_TYPE_INT32);
    for (int round = 0; round < 8; round++) {
        f->driver->set_gradual(f->server, round % 2 == 1);
        takeo_cell row[1];
        tk_execution ignored;
        int64_t seen = 0;
        takeo_status status = TAKEO_ROWS;
        assert_done(f, start(f, prepared, NULL, 0));
        while (status == TAKEO_ROWS && (round < 4 || seen < 10)) {
            status = fetch(f, prepared, row);
            if (status == TAKEO_ROWS) {
                assert_int_equal(row[0].v.i, ++seen);
            }
        }
        assert_int_equal(seen, round < 4 ? 5000 : 10);
        f->driver->end(f->server, prepared, &ignored);
        if (round % 4 != 2) { /* a start settles as well */
            assert_done(f, settle(f));
            assert_int_equal(f->server->flight_count, 0);
        }
    }
    f->driver->set_gradual(f->server, false);
    f->driver->forget(f->server, prepared);
    assert_idle(f);
}

static void execute_started_and_never_fetched_is_not_sent(void **state) {
    fixture *f = *state;
    tk_prepared *prepared = prepare(f, "insert into t values (1)", NULL, 0);
    tk_execution done;
    assert_done(f, start(f, prepared, NULL, 0));
    f->driver->end(f->server, prepared, &done);
    assert_int_equal(done.affected, 0);
    assert_done(f, settle(f));
    assert_int_equal(int_of(f, "select count(*) from t"), 0);
    f->driver->forget(f->server, prepared);
}

/* ---- arguments that are refused -------------------------------------------------------------- */

static void execute_refuses_arguments_before_they_are_sent(void **state) {
    fixture *f = *state;
    tk_prepared *prepared = prepare(f, "insert into t values ($1, $2)", NULL, 0);
    takeo_cell arguments[] = {INT(1), TEXT("a")};
    tk_execution done;
    assert_done(f, execute(f, prepared, arguments, 2, &done, NULL));
    run(f, "begin");
    arguments[0] = INT(INT64_C(5000000000));
    assert_true(start(f, prepared, arguments, 2) < 0);
    show_error(f);
    f->driver->end(f->server, prepared, &done);
    assert_int_equal(f->server->flight_count, 0);
    assert_false(f->driver->is_aborted(f->server));
    arguments[0] = (takeo_cell){.type = TAKEO_TYPE_INT64, .flags = TAKEO_CELL_UNSET};
    assert_int_equal(try_only(f, prepared, arguments, 2), TAKEO_EINPUT);
    assert_text(last_error(f)->code, "TAKEO.INPUT.UNSET");
    assert_int_equal(try_only(f, prepared, arguments, 1), TAKEO_EINPUT);
    assert_text(last_error(f)->code, "TAKEO.INPUT.COUNT");
    assert_false(f->driver->is_aborted(f->server));
    run(f, "rollback");
    f->driver->forget(f->server, prepared);
    takeo_cell zero = tk_cell_text(TAKEO_TYPE_TEXT, "a\0b", 3);
    assert_int_equal(try_sql(f, "insert into t (id, name) values (2, $1)", &zero, 1, NULL),
                     TAKEO_EINPUT);
    assert_text(last_error(f)->code, "TAKEO.INPUT.TEXT");
    assert_idle(f);
}

static void execute_refuses_values_of_another_type(void **state) {
    fixture *f = *state;
    takeo_cell out;
    assert_int_equal(try_value(f, "select 'x' as label", TAKEO_TYPE_INT64, NULL, 0, &out),
                     TAKEO_EDECODE);
    assert_text(last_error(f)->code, "TAKEO.RESULT.DECODE");
    assert_text(last_error(f)->column_name, "label");
    assert_text(last_error(f)->expected, "int64");
    assert_in_message(f, last_error(f)->got, "text");
    assert_int_equal(last_error(f)->object, 1);
    assert_idle(f);
}

/* ---- failures -------------------------------------------------------------------------------- */

/* What fails at the end of an implicit transaction, after all rows: in a pipeline and without. */
static void execute_tells_a_failure_of_the_commit(void **state) {
    fixture *f = *state;
    run(f, "create table p (id integer primary key)");
    run(f, "create table c (p integer references p (id) deferrable initially deferred)");
    tk_prepared *prepared = prepare(f, "insert into c values ($1)", NULL, 0);
    takeo_cell one = INT(1);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(try_only(f, prepared, &one, 1), TAKEO_EFOREIGN_KEY);
        assert_text(last_error(f)->sql, "insert into c values ($1)");
        assert_idle(f);
    }
    f->driver->forget(f->server, prepared);
    assert_int_equal(int_of(f, "select count(*) from c"), 0);
}

static void execute_knows_the_transaction_after_a_failure(void **state) {
    fixture *f = *state;
    run(f, "begin");
    assert_int_equal(try_sql(f, "select 1 / 0", NULL, 0, NULL), TAKEO_EDATA);
    assert_true(f->driver->is_in_transaction(f->server));
    assert_true(f->driver->is_aborted(f->server));
    assert_true(try_sql(f, "select 1", NULL, 0, NULL) < 0);
    assert_text(last_error(f)->sqlstate, "25P02");
    assert_int_equal(try_run(f, "commit"), TAKEO_ESTATE);
    assert_int_equal(last_error(f)->outcome, TAKEO_OUTCOME_ROLLED_BACK);
    assert_idle(f);
    run(f, "begin");
    run(f, "savepoint a");
    assert_int_equal(try_sql(f, "select 1 / 0", NULL, 0, NULL), TAKEO_EDATA);
    run(f, "rollback to a");
    assert_false(f->driver->is_aborted(f->server));
    run(f, "commit");
    assert_idle(f);
}

static void execute_ends_copy_that_nobody_can_serve(void **state) {
    fixture *f = *state;
    static const char *const texts[] = {
        "copy t to stdout", "copy t from stdin",
        "copy (select g from generate_series(1, 100000) g) to stdout"};
    for (size_t i = 0; i < TK_COUNT(texts); i++) {
        takeo_status status = try_sql(f, texts[i], NULL, 0, NULL);
        show_error(f);
        assert_int_equal(status, TAKEO_EUNSUPPORTED);
        assert_idle(f);
        status = try_run(f, texts[i]);
        assert_idle(f);
    }
}

/* ---- statements that vanish or change (F31, F32) --------------------------------------------- */

static void execute_parses_again_what_has_vanished(void **state) {
    fixture *f = *state;
    static const char *const ways[] = {"deallocate all", "discard all"};
    takeo_cell one = INT(1);
    for (size_t i = 0; i < TK_COUNT(ways); i++) {
        tk_prepared *prepared = prepare_typed(f, "select 5 + $1", TAKEO_TYPE_INT64);
        for (int round = 0; round < 4; round++) {
            assert_int_equal(only(f, prepared, &one, 1).v.i, 6);
            run(f, ways[i]);
        }
        assert_int_equal(only(f, prepared, &one, 1).v.i, 6);
        run(f, "begin"); /* inside: it is told, and the next transaction has it */
        run(f, "deallocate all");
        assert_true(try_only(f, prepared, &one, 1) < 0);
        assert_text(last_error(f)->sqlstate, "26000");
        assert_text(last_error(f)->code, "TAKEO.SERVER.SCHEMA");
        assert_non_null(last_error(f)->hint.data);
        assert_true((last_error(f)->flags & TAKEO_ERROR_RETRYABLE) != 0);
        assert_true(f->driver->is_aborted(f->server));
        run(f, "rollback");
        run(f, "begin");
        assert_int_equal(only(f, prepared, &one, 1).v.i, 6);
        run(f, "commit");
        f->driver->forget(f->server, prepared);
        assert_idle(f);
    }
}

/* Who gave rows was there, whatever it says as it fails: its rows do not come a second time. */
static void execute_that_gave_rows_has_not_vanished(void **state) {
    fixture *f = *state;
    run(f, "create function pg_temp.vanish() returns boolean language plpgsql as "
           "$$ begin raise exception 'gone' using errcode = '26000'; end $$");
    tk_prepared *prepared =
        prepare_typed(f,
                      "select i from generate_series(1, 20000) i "
                      "where case when i < 20000 then true else pg_temp.vanish() end",
                      TAKEO_TYPE_INT64);
    f->driver->set_gradual(f->server, true);
    for (int round = 0; round < 2; round++) {
        uint64_t rows = 0;
        tk_execution done;
        assert_true(execute(f, prepared, NULL, 0, &done, &rows) < 0);
        assert_text(last_error(f)->sqlstate, "26000");
        assert_true(rows > 0 && rows < 20000);
        assert_true(prepared->is_parsed);
    }
    f->driver->set_gradual(f->server, false);
    f->driver->forget(f->server, prepared);
}

static void execute_takes_another_name_when_one_is_taken(void **state) {
    fixture *f = *state;
    char text[100];
    snprintf(text, sizeof text, "prepare takeo_%d as select 1", (int)f->server->next_name + 1);
    run(f, text);
    tk_prepared *prepared = prepare_typed(f, "select 7", TAKEO_TYPE_INT64);
    assert_int_equal(only(f, prepared, NULL, 0).v.i, 7);
    assert_int_equal(only(f, prepared, NULL, 0).v.i, 7);
    f->driver->forget(f->server, prepared);
}

static void execute_goes_on_when_a_table_has_changed(void **state) {
    fixture *f = *state;
    run(f, "create table a (id integer, x integer)");
    run(f, "insert into a values (1, 5)");
    tk_prepared *prepared = prepare_typed(f, "select x from a where id = $1", TAKEO_TYPE_INT64);
    takeo_cell one = INT(1);
    assert_int_equal(only(f, prepared, &one, 1).v.i, 5);
    assert_int_equal(only(f, prepared, &one, 1).v.i, 5);
    run(f, "alter table a alter x type bigint, alter id type bigint");
    assert_int_equal(only(f, prepared, &one, 1).v.i, 5);
    run(f, "begin");
    run(f, "alter table a alter x type smallint");
    assert_true(try_only(f, prepared, &one, 1) < 0);
    assert_text(last_error(f)->sqlstate, "0A000");
    assert_true((last_error(f)->flags & TAKEO_ERROR_RETRYABLE) != 0);
    run(f, "rollback");
    assert_int_equal(only(f, prepared, &one, 1).v.i, 5);
    f->driver->forget(f->server, prepared);
    assert_idle(f);
}

/* Whoever was told the columns must not be given others: nothing is run. */
static void execute_tells_once_that_columns_have_changed(void **state) {
    fixture *f = *state;
    run(f, "create table a (id integer)");
    tk_prepared *prepared = prepare(f, "insert into a values (1) returning *", NULL, 0);
    const takeo_column_info *columns;
    assert_int_equal(columns_of(f, prepared, &columns), 1);
    assert_done(f, try_only(f, prepared, NULL, 0));
    int64_t before = int_of(f, "select count(*) from a");
    run(f, "alter table a add x integer");
    assert_true(try_only(f, prepared, NULL, 0) < 0);
    assert_text(last_error(f)->code, "TAKEO.SERVER.SCHEMA");
    assert_int_equal(int_of(f, "select count(*) from a"), before);
    assert_int_equal(columns_of(f, prepared, &columns), 2);
    assert_done(f, try_only(f, prepared, NULL, 0));
    f->driver->forget(f->server, prepared);
    takeo_cell out;
    takeo_type types[] = {TAKEO_TYPE_INT64, TAKEO_TYPE_INT64, TAKEO_TYPE_INT64};
    prepared = prepare(f, "select 1, 2", types, 3);
    assert_true(try_only(f, prepared, NULL, 0) < 0);
    assert_text(last_error(f)->code, "TAKEO.SERVER.SCHEMA");
    f->driver->forget(f->server, prepared);
    (void)out;
    assert_idle(f);
}

/* The server describes a FETCH by the cursor that was there when it was parsed. */
static void execute_reads_a_fetch_by_the_cursor_there_is(void **state) {
    fixture *f = *state;
    const takeo_column_info *columns;
    tk_prepared *fetch = prepare(f, "-- all\n Fetch 5 from c", NULL, 0);
    run(f, "begin");
    run(f, "declare c cursor for select 1::int4");
    assert_int_equal(only(f, fetch, NULL, 0).v.i, 1);
    run(f, "close c");
    run(f, "declare c cursor for select 1.5::float4");
    assert_true(only(f, fetch, NULL, 0).v.f == 1.5);
    run(f, "close c");
    run(f, "declare c cursor for select 7, 'b'");
    assert_done(f, try_only(f, fetch, NULL, 0));
    assert_int_equal(columns_of(f, fetch, &columns), 2);
    run(f, "commit");
    f->driver->forget(f->server, fetch);
    tk_prepared *execute = prepare(f, "execute p", NULL, 0);
    run(f, "prepare p as select 1::int4");
    assert_int_equal(only(f, execute, NULL, 0).v.i, 1);
    run(f, "deallocate p");
    run(f, "prepare p as select 1.5::float4");
    assert_true(only(f, execute, NULL, 0).v.f == 1.5);
    f->driver->forget(f->server, execute);
    assert_idle(f);
}

/* Its Parse is answered only when nobody wants it any more. */
static void execute_parses_a_fetch_anew_that_was_given_up(void **state) {
    fixture *f = *state;
    tk_prepared *fetch = prepare(f, "fetch 5 from c", NULL, 0);
    takeo_cell row[8];
    tk_execution ignored;
    run(f, "begin");
    run(f, "declare c cursor for select pg_sleep(10)");
    assert_done(f, start(f, fetch, NULL, 0));
    assert_int_equal(f->driver->fetch(f->server, fetch, row, &f->error), TAKEO_WAIT);
    f->driver->interrupt(f->server);
    f->driver->end(f->server, fetch, &ignored);
    assert_done(f, settle(f));
    run(f, "rollback");
    assert_done(f, later(f, "begin")); /* parsed without a name as well */
    run(f, "declare c cursor for select 7");
    assert_int_equal(only(f, fetch, NULL, 0).v.i, 7);
    run(f, "commit");
    f->driver->forget(f->server, fetch);
    assert_idle(f);
}

static void execute_leaves_no_fetch_behind(void **state) {
    fixture *f = *state;
    run(f, "begin");
    run(f, "declare c cursor for select 1 from generate_series(1, 100)");
    tk_prepared *fetch = prepare(f, "fetch from c", NULL, 0);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(only(f, fetch, NULL, 0).v.i, 1);
    }
    assert_int_equal(
        int_of(f, "select count(*) from pg_prepared_statements where statement like 'fetch%'"), 0);
    run(f, "commit");
    f->driver->forget(f->server, fetch);
    assert_idle(f);
}

static void execute_closes_what_was_forgotten(void **state) {
    fixture *f = *state;
    for (int i = 0; i < 100; i++) {
        char text[40];
        snprintf(text, sizeof text, "select %d", i);
        tk_prepared *prepared = prepare_typed(f, text, TAKEO_TYPE_INT64);
        assert_int_equal(only(f, prepared, NULL, 0).v.i, i);
        if (i == 50) {
            run(f, "deallocate all"); /* then closing fails, and harms nobody */
        }
        f->driver->forget(f->server, prepared);
    }
    assert_true(int_of(f, "select count(*) from pg_prepared_statements") <= 2);
    run(f, "begin");
    for (int i = 0; i < 10; i++) {
        assert_int_equal(int_of(f, "select 1"), 1);
    }
    assert_false(f->driver->is_aborted(f->server));
    run(f, "commit");
    assert_true(int_of(f, "select count(*) from pg_prepared_statements") <= 2);
}

/* ---- stopping -------------------------------------------------------------------------------- */

static void execute_is_stopped(void **state) {
    fixture *f = *state;
    tk_prepared *prepared = prepare_typed(f, "select 1 from pg_sleep(10)", TAKEO_TYPE_INT64);
    takeo_cell row[1];
    tk_execution ignored;
    for (int i = 0; i < 3; i++) {
        tk_error_clear(&f->error);
        assert_done(f, start(f, prepared, NULL, 0));
        assert_int_equal(f->driver->fetch(f->server, prepared, row, &f->error), TAKEO_WAIT);
        tk_sleep_ns(50000000);
        f->driver->interrupt(f->server);
        if (i < 2) {
            assert_int_equal(fetch(f, prepared, row), TAKEO_ECANCELED);
        } /* the third is given up with its answer on the way */
        f->driver->end(f->server, prepared, &ignored);
        assert_done(f, settle(f));
        assert_idle(f);
    }
    f->driver->forget(f->server, prepared);
}

static void execute_tells_a_lost_connection(void **state) {
    fixture *f = *state;
    fixture other = *f;
    other.server = NULL;
    assert_done(&other, open_url(&other, pg_url()));
    tk_prepared *prepared = prepare_typed(f, "select 1 from pg_sleep(10)", TAKEO_TYPE_INT64);
    takeo_cell row[1];
    tk_execution ignored;
    assert_done(f, start(f, prepared, NULL, 0));
    assert_int_equal(f->driver->fetch(f->server, prepared, row, &f->error), TAKEO_WAIT);
    takeo_cell process = INT(f->driver->process_id(f->server));
    (void)value(&other, "select pg_terminate_backend($1)", TAKEO_TYPE_BOOL, &process, 1);
    other.driver->close(other.server);
    tk_error_clear(&f->error);
    assert_int_equal(fetch(f, prepared, row), TAKEO_ECONNECTION_LOST);
    show_error(f);
    assert_true((last_error(f)->flags & TAKEO_ERROR_CONNECTION_GONE) != 0);
    assert_int_equal(f->error.count, 1);
    f->driver->end(f->server, prepared, &ignored);
    assert_int_equal(settle(f), TAKEO_ECONNECTION_LOST);
    assert_false(f->driver->is_in_transaction(f->server));
    tk_error_clear(&f->error);
    assert_int_equal(start(f, prepared, NULL, 0), TAKEO_ECONNECTION_LOST);
    assert_int_equal(try_run(f, "select 1"), TAKEO_ECONNECTION_LOST);
    f->driver->forget(f->server, prepared);
}

/* ---- texts of the core's own ----------------------------------------------------------------- */

static void execute_runs_several_commands_in_a_text(void **state) {
    fixture *f = *state;
    run(f, "insert into t values (1); insert into t values (2); select * from t;");
    assert_int_equal(int_of(f, "select count(*) from t"), 2);
    assert_int_equal(try_run(f, "insert into t values (3); insert into t values (1)"),
                     TAKEO_EUNIQUE);
    assert_int_equal(int_of(f, "select count(*) from t"), 2);
    run(f, "");
    assert_idle(f);
}

static void execute_sends_a_begin_with_what_follows(void **state) {
    fixture *f = *state;
    tk_prepared *prepared = prepare(f, "insert into t values ($1)", NULL, 0);
    tk_execution done;
    for (int i = 0; i < 4; i++) { /* a new statement, and a known one */
        takeo_cell id = INT(i);
        assert_done(f, later(f, "begin"));
        assert_true(f->driver->is_in_transaction(f->server));
        assert_int_equal(f->server->flight_count, 0);
        assert_done(f, later(f, "savepoint a"));
        assert_done(f, execute(f, prepared, &id, 1, &done, NULL));
        assert_true(f->driver->is_in_transaction(f->server));
        run(f, i % 2 == 0 ? "commit" : "rollback");
        assert_idle(f);
    }
    assert_int_equal(int_of(f, "select count(*) from t"), 2);
    assert_done(f, later(f, "begin"));
    run(f, "insert into t values (100)"); /* a text behind it goes in the same message */
    assert_true(f->driver->is_in_transaction(f->server));
    run(f, "rollback");
    assert_int_equal(int_of(f, "select count(*) from t"), 2);
    f->driver->forget(f->server, prepared);
}

static void execute_never_sends_an_empty_transaction(void **state) {
    fixture *f = *state;
    static const char *const ends[] = {"commit", "rollback", "COMMIT"};
    for (size_t i = 0; i < TK_COUNT(ends); i++) {
        assert_done(f, later(f, "begin"));
        assert_done(f, later(f, "savepoint a"));
        assert_int_equal(f->driver->run(f->server, ends[i], &f->error), TAKEO_DONE);
        assert_false(f->driver->is_in_transaction(f->server));
    }
    assert_idle(f);
}

static void execute_tells_the_failure_of_what_was_sent_with_it(void **state) {
    fixture *f = *state;
    assert_done(f, later(f, "begin isolation level nonsense"));
    assert_int_equal(try_sql(f, "select 1", NULL, 0, NULL), TAKEO_ESYNTAX);
    assert_text(last_error(f)->sql, "begin isolation level nonsense");
    assert_idle(f);
    assert_done(f, later(f, "begin isolation level nonsense"));
    assert_int_equal(try_run(f, "select 1"), TAKEO_ESYNTAX);
    assert_text(last_error(f)->sql, "begin isolation level nonsense");
    assert_idle(f);
    assert_done(f, later(f, "begin"));
    assert_int_equal(try_run(f, "select\nabsent"), TAKEO_EUNDEFINED_COLUMN);
    assert_text(last_error(f)->sql, "select\nabsent");
    assert_int_equal(last_error(f)->position, 8);
    assert_true(f->driver->is_aborted(f->server));
    run(f, "rollback");
    assert_done(f, later(f, "begin"));
    assert_int_equal(try_sql(f, "select absent", NULL, 0, NULL), TAKEO_EUNDEFINED_COLUMN);
    assert_int_equal(last_error(f)->position, 8);
    assert_true(f->driver->is_aborted(f->server));
    run(f, "rollback");
    assert_idle(f);
}

static void execute_without_names_keeps_none(void **state) {
    fixture *f = *state;
    f->server->is_unnamed = true;
    tk_prepared *prepared = prepare_typed(f, "select x from a where id = $1", TAKEO_TYPE_INT64);
    takeo_cell one = INT(1);
    run(f, "create table a (id integer, x integer)");
    run(f, "insert into a values (1, 5)");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(only(f, prepared, &one, 1).v.i, 5);
        assert_int_equal(prepared->reads_binary, i > 0);
        run(f, "discard plans");
    }
    assert_int_equal(int_of(f, "select count(*) from pg_prepared_statements"), 0);
    run(f, "alter table a alter x type numeric");
    assert_true(try_only(f, prepared, &one, 1) < 0); /* once */
    assert_text(last_error(f)->code, "TAKEO.SERVER.SCHEMA");
    assert_int_equal(only(f, prepared, &one, 1).v.i, 5);
    f->driver->forget(f->server, prepared);
    assert_idle(f);
}

/* Its description was thrown away; by the time it comes again another statement is the unnamed one. */
static void execute_without_names_is_described_as_itself(void **state) {
    fixture *f = *state;
    f->server->is_unnamed = true;
    tk_prepared *sleeping = prepare_typed(f, "select pg_sleep($1) is null", TAKEO_TYPE_BOOL);
    tk_prepared *other = prepare_typed(f, "select $1::integer + $2::integer", TAKEO_TYPE_INT64);
    takeo_cell row[1];
    tk_execution ignored;
    takeo_cell seconds[] = {TEXT("10"), TEXT("0")};
    takeo_cell numbers[] = {INT(1), INT(2)};
    assert_done(f, start(f, sleeping, &seconds[0], 1));
    assert_int_equal(f->driver->fetch(f->server, sleeping, row, &f->error), TAKEO_WAIT);
    assert_false(comes_until(f, f->server, tk_clock_now_ns() + INT64_C(50000000)));
    f->driver->interrupt(f->server);
    f->driver->end(f->server, sleeping, &ignored);
    assert_done(f, settle(f));
    assert_int_equal(only(f, other, numbers, 2).v.i, 3);
    assert_int_equal(only(f, sleeping, &seconds[1], 1).v.i, 0);
    assert_int_equal(only(f, other, numbers, 2).v.i, 3);
    f->driver->forget(f->server, sleeping);
    f->driver->forget(f->server, other);
    assert_idle(f);
}

/* ---- no memory ------------------------------------------------------------------------------- */

typedef struct scenario {
    fixture *f;
    tk_server *server;
} scenario;

static bool run_scenario(const takeo_allocator *allocator, void *context) {
    scenario *s = context;
    fixture *f = s->f;
    tk_alloc alloc = tk_alloc_from(allocator);
    tk_error_clear(&f->error);
    if (open_all(f, &alloc, pg_url(), NULL) != TAKEO_DONE) {
        return false;
    }
    bool is_good = later(f, "begin") == TAKEO_DONE;
    tk_sql given = sql_of("select array[$1::text, 'b']", NULL, 0, false);
    tk_prepared *prepared = NULL;
    is_good &= f->driver->prepare(f->server, &given, &prepared, &f->error) == TAKEO_DONE;
    for (int i = 0; is_good && i < 2; i++) {
        takeo_cell text = TEXT("some text");
        tk_execution ignored;
        uint64_t rows = 0;
        takeo_status status = execute(f, prepared, &text, 1, &ignored, &rows);
        is_good = status == TAKEO_DONE && rows == 1;
        assert_true(is_good || status == TAKEO_ENOMEM);
    }
    is_good &= try_run(f, is_good ? "commit" : "select 1") == TAKEO_DONE;
    f->driver->close(f->server);
    f->server = NULL;
    return is_good;
}

static void execute_survives_without_memory(void **state) {
    fixture *f = *state;
    f->driver->close(f->server);
    f->server = NULL;
    scenario s = {.f = f};
    uint64_t count = tk_sweep(run_scenario, &s);
    assert_true(count >= 8);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, fixture_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(execute_first_run_is_text_and_then_binary),
        CASE(execute_takes_no_memory_once_it_ran),
        CASE(execute_nulls_lists_and_writes),
        CASE(execute_many_rows_gradually_or_not),
        CASE(execute_started_and_never_fetched_is_not_sent),
        CASE(execute_refuses_arguments_before_they_are_sent),
        CASE(execute_refuses_values_of_another_type),
        CASE(execute_tells_a_failure_of_the_commit),
        CASE(execute_knows_the_transaction_after_a_failure),
        CASE(execute_ends_copy_that_nobody_can_serve),
        CASE(execute_parses_again_what_has_vanished),
        CASE(execute_that_gave_rows_has_not_vanished),
        CASE(execute_takes_another_name_when_one_is_taken),
        CASE(execute_goes_on_when_a_table_has_changed),
        CASE(execute_tells_once_that_columns_have_changed),
        CASE(execute_reads_a_fetch_by_the_cursor_there_is),
        CASE(execute_parses_a_fetch_anew_that_was_given_up),
        CASE(execute_leaves_no_fetch_behind),
        CASE(execute_closes_what_was_forgotten),
        CASE(execute_is_stopped),
        CASE(execute_tells_a_lost_connection),
        CASE(execute_runs_several_commands_in_a_text),
        CASE(execute_sends_a_begin_with_what_follows),
        CASE(execute_never_sends_an_empty_transaction),
        CASE(execute_tells_the_failure_of_what_was_sent_with_it),
        CASE(execute_without_names_keeps_none),
        CASE(execute_without_names_is_described_as_itself),
        CASE(execute_survives_without_memory),
    };
    return RUN_ON_SERVER("postgresql execute", tests);
}
