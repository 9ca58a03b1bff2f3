/* test_suite.c - what every driver must do, the same cases for each; what differs is declared in
 * its quirks.  $1 in a text stands for the server's own placeholder. */
#include "driver_support.h"

typedef struct quirks {
    const char *name;
    const char *url; /* %s: a scratch folder */
    char placeholder;
    bool has_last_key;
    const char *(*type_name)(takeo_type type); /* how a column of the type is declared */
} quirks;

static const quirks *on;

static const char *sqlite_type_name(takeo_type type) {
    switch (type) {
    case TAKEO_TYPE_BOOL:
    case TAKEO_TYPE_INT16:
    case TAKEO_TYPE_INT32:
    case TAKEO_TYPE_INT64:
        return "integer";
    case TAKEO_TYPE_FLOAT64:
        return "real";
    case TAKEO_TYPE_BYTES:
        return "blob";
    default:
        return "text";
    }
}

static const quirks all_quirks[] = {
    {"sqlite memory", "sqlite://", '?', true, sqlite_type_name},
    {"sqlite file", "sqlite:///%s/suite.db", '?', true, sqlite_type_name},
};

static int setup(void **state) {
    fixture_setup(state);
    fixture *f = *state;
    char url[200];
    const char *folder = strstr(on->url, "%s");
    snprintf(url, sizeof url, "%.*s%s%s", folder ? (int)(folder - on->url) : 200, on->url,
             folder ? f->folder : "", folder ? folder + 2 : "");
    assert_done(f, open_url(f, url));
    run(f, "create table countries (code text primary key not null)");
    run(f, "create table cities (id integer primary key, name text not null, size integer, "
           "country text references countries (code), unique (name), "
           "constraint ck_size check (size >= 0))");
    return 0;
}

/* A text with the server's placeholders. */
static const char *sql(fixture *f, const char *text) {
    char *copy = tk_arena_copy(&f->arena, text, strlen(text));
    assert_non_null(copy);
    for (char *at = copy; *at != '\0'; at++) {
        if (*at == '$') {
            *at = on->placeholder;
        }
    }
    return copy;
}

/* ---- values ---------------------------------------------------------------------------------- */

#define CELL_INT(t, number)                                                                        \
    {                                                                                              \
        .type = TAKEO_TYPE_##t, .v = {.i = (number) }                                              \
    }
#define CELL_FLOAT(number)                                                                         \
    {                                                                                              \
        .type = TAKEO_TYPE_FLOAT64, .v = {.f = (number) }                                          \
    }
#define CELL_TEXT(t, s)                                                                            \
    {                                                                                              \
        .type = TAKEO_TYPE_##t, .v = {.text = {s, sizeof(s) - 1} }                                 \
    }

static const takeo_cell boundaries[] = {
    CELL_INT(BOOL, 0),
    CELL_INT(BOOL, 1),
    CELL_INT(INT16, INT16_MIN),
    CELL_INT(INT16, INT16_MAX),
    CELL_INT(INT32, INT32_MIN),
    CELL_INT(INT32, INT32_MAX),
    CELL_INT(INT64, INT64_MIN),
    CELL_INT(INT64, INT64_MAX),
    CELL_INT(INT64, 0),
    CELL_FLOAT(0.1),
    CELL_FLOAT(-0x1.fffffffffffffp1023),
    CELL_FLOAT(0x0.0000000000001p-1022),
    CELL_FLOAT(3.0),
    CELL_FLOAT(9007199254740993.0),
    CELL_TEXT(DECIMAL, "-12.50"),
    CELL_TEXT(DECIMAL, "0"),
    CELL_TEXT(DECIMAL, "99999999999999999999999999999999999999.000000000000000001"),
    CELL_TEXT(TEXT, ""),
    CELL_TEXT(TEXT, "Zürich \xF0\x9F\x98\x80 'quoted' \"too\"; -- ?1"),
    CELL_TEXT(BYTES, ""),
    CELL_TEXT(BYTES, "\0\xff\0"),
    {.type = TAKEO_TYPE_UUID, .v = {.uuid = {0}}},
    {.type = TAKEO_TYPE_UUID,
     .v = {.uuid = {1, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54,
                    0x32, 0x10}}},
    CELL_TEXT(JSON, "{\"a\": [1, 2.5, null]}"),
    CELL_TEXT(JSON, "5"),
    CELL_TEXT(ENUM, "red"),
    CELL_INT(DATE, 0),
    CELL_INT(DATE, -719162), /* 0001-01-01 */
    CELL_INT(DATE, 2932896), /* 9999-12-31 */
    CELL_INT(TIME, 0),
    CELL_INT(TIME, INT64_C(86399999999)),
    CELL_INT(TIMESTAMP, INT64_C(-62135596800000000)), /* 0001-01-01 00:00:00 */
    CELL_INT(TIMESTAMP, INT64_C(253402300799999999)), /* 9999-12-31 23:59:59.999999 */
    CELL_INT(TIMESTAMP, -1),
    CELL_INT(TIMESTAMPTZ, INT64_C(1700000000123456)),
};

static void suite_values_at_boundaries_come_back(void **state) {
    fixture *f = *state;
    for (size_t i = 0; i < TK_COUNT(boundaries); i++) {
        const takeo_cell *cell = &boundaries[i];
        char text[200];
        snprintf(text, sizeof text, "create table v (v %s)", on->type_name(cell->type));
        run(f, text);
        assert_done(f, try_sql(f, sql(f, "insert into v values ($1)"), cell, 1, NULL));
        takeo_cell out = value(f, "select v from v", cell->type, NULL, 0);
        if (!tk_cell_equal(cell, &out)) {
            fail_msg("boundary %zu of type %s came back differently", i, tk_type_name(cell->type));
        }
        takeo_cell found =
            value(f, sql(f, "select count(*) from v where v = $1"), TAKEO_TYPE_INT64, cell, 1);
        assert_int_equal(found.v.i, 1);
        run(f, "drop table v");
    }
}

static void suite_null_of_any_type_comes_back(void **state) {
    fixture *f = *state;
    for (size_t i = 0; i < TK_COUNT(boundaries); i++) {
        takeo_type type = boundaries[i].type;
        takeo_cell null = {.type = type, .flags = TAKEO_CELL_NULL};
        takeo_cell out = value(f, sql(f, "select $1"), type, &null, 1);
        assert_true(tk_cell_is_null(&out));
        assert_int_equal(out.type, type);
    }
    takeo_cell none = NULL_CELL;
    takeo_cell out = value(f, sql(f, "select $1"), TAKEO_TYPE_INT64, &none, 1);
    assert_true(tk_cell_is_null(&out));
}

/* The order of the stored form is the order of the values. */
static void suite_times_sort_as_values(void **state) {
    fixture *f = *state;
    static const int64_t times[] = {INT64_C(-62135596800000000), -1, 0, 1, 1000000,
                                    INT64_C(253402300799999999)};
    run(f, "create table v (v text)");
    for (size_t i = 0; i < TK_COUNT(times); i++) {
        takeo_cell cell = tk_cell_int(TAKEO_TYPE_TIMESTAMPTZ, times[TK_COUNT(times) - 1 - i]);
        assert_done(f, try_sql(f, sql(f, "insert into v values ($1)"), &cell, 1, NULL));
    }
    for (size_t i = 0; i < TK_COUNT(times); i++) {
        takeo_cell offset = INT((int64_t)i);
        takeo_cell out = value(f, sql(f, "select v from v order by v limit 1 offset $1"),
                               TAKEO_TYPE_TIMESTAMPTZ, &offset, 1);
        assert_int_equal(out.v.i, times[i]);
    }
}

/* ---- statements ------------------------------------------------------------------------------ */

static void suite_prepared_statement_runs_again_and_again(void **state) {
    fixture *f = *state;
    tk_prepared *prepared =
        prepare(f, sql(f, "insert into cities (name, size) values ($1, $2)"), NULL, 0);
    for (int i = 0; i < 50; i++) {
        char name[32];
        snprintf(name, sizeof name, "city %d", i);
        takeo_cell arguments[] = {TEXT(name), INT(i)};
        tk_execution done;
        assert_done(f, execute(f, prepared, arguments, 2, &done, NULL));
        assert_int_equal(done.affected, 1);
        assert_int_equal(done.has_last_key, on->has_last_key);
        assert_int_equal(done.last_key, on->has_last_key ? i + 1 : 0);
    }
    f->driver->forget(f->server, prepared);
    assert_int_equal(int_of(f, "select sum(size) from cities"), 49 * 25);
}

static void suite_affected_rows_are_counted_exactly(void **state) {
    fixture *f = *state;
    tk_execution done;
    run(f, "insert into cities (name, size) values ('a', 1), ('b', 2), ('c', 3)");
    assert_done(f, try_sql(f, "update cities set size = size + 1 where size > 1", NULL, 0, &done));
    assert_int_equal(done.affected, 2);
    assert_false(done.has_last_key);
    assert_done(f, try_sql(f, "update cities set size = 0 where size > 100", NULL, 0, &done));
    assert_int_equal(done.affected, 0);
    assert_done(f, try_sql(f, "delete from cities where name = 'a'", NULL, 0, &done));
    assert_int_equal(done.affected, 1);
    assert_done(f, try_sql(f, "select * from cities", NULL, 0, &done));
    assert_int_equal(done.affected, 0); /* not that of the delete */
    assert_done(f, try_sql(f, "create table x (a integer)", NULL, 0, &done));
    assert_int_equal(done.affected, 0);
}

/* Five in, four out: a row that was skipped or updated has no key of its own. */
static void suite_upsert_gives_a_key_only_for_an_inserted_row(void **state) {
    fixture *f = *state;
    tk_execution done;
    run(f, "insert into cities (name, size) values ('a', 1)");
    assert_done(f, try_sql(f,
                           "insert into cities (name, size) values ('a', 2) "
                           "on conflict (name) do nothing",
                           NULL, 0, &done));
    assert_int_equal(done.affected, 0);
    assert_false(done.has_last_key);
    assert_done(f, try_sql(f,
                           "insert into cities (name, size) values ('a', 2) "
                           "on conflict (name) do update set size = excluded.size",
                           NULL, 0, &done));
    assert_int_equal(done.affected, 1);
    assert_false(done.has_last_key);
    assert_done(f, try_sql(f,
                           "insert into cities (name, size) values ('b', 2) "
                           "on conflict (name) do nothing",
                           NULL, 0, &done));
    assert_int_equal(done.affected, 1);
    assert_int_equal(done.has_last_key, on->has_last_key);
}

static void suite_returning_gives_rows_and_counts(void **state) {
    fixture *f = *state;
    takeo_type types[] = {TAKEO_TYPE_INT64, TAKEO_TYPE_TEXT};
    tk_prepared *prepared = prepare(
        f, sql(f, "insert into cities (name) values ($1), ($2) returning id, name"), types, 2);
    takeo_cell arguments[] = {TEXT("a"), TEXT("b")};
    takeo_cell row[2];
    assert_done(f, f->driver->start(f->server, prepared, arguments, 2, &f->error));
    assert_int_equal(f->driver->fetch(f->server, prepared, row, &f->error), TAKEO_ROWS);
    assert_int_equal(row[0].v.i, 1);
    assert_cell_text(&row[1], "a");
    assert_int_equal(f->driver->fetch(f->server, prepared, row, &f->error), TAKEO_ROWS);
    assert_cell_text(&row[1], "b");
    assert_int_equal(f->driver->fetch(f->server, prepared, row, &f->error), TAKEO_DONE);
    assert_int_equal(f->driver->fetch(f->server, prepared, row, &f->error), TAKEO_DONE);
    tk_execution done;
    f->driver->end(f->server, prepared, &done);
    assert_int_equal(done.affected, 2);
    f->driver->forget(f->server, prepared);
    assert_int_equal(int_of(f, "select count(*) from cities"), 2);
}

static void suite_unknown_shape_is_described(void **state) {
    fixture *f = *state;
    tk_prepared *prepared = prepare(f, "select id, name as label, 1 + 1 from cities", NULL, 0);
    const takeo_column_info *columns = NULL;
    assert_int_equal(f->driver->columns(f->server, prepared, &columns), 3);
    assert_text(columns[0].name, "id");
    assert_text(columns[1].name, "label");
    assert_text(columns[1].type_name, "text");
    f->driver->forget(f->server, prepared);
    prepared = prepare(f, "delete from cities", NULL, 0);
    assert_int_equal(f->driver->columns(f->server, prepared, &columns), 0);
    f->driver->forget(f->server, prepared);
}

static void suite_wrong_count_of_arguments_is_refused(void **state) {
    fixture *f = *state;
    takeo_cell arguments[] = {INT(1), INT(2), INT(3)};
    assert_int_equal(try_sql(f, sql(f, "select $1 + $2"), arguments, 1, NULL), TAKEO_EINPUT);
    assert_text(last_error(f)->code, "TAKEO.INPUT.COUNT");
    assert_int_equal(try_sql(f, sql(f, "select $1 + $2"), arguments, 3, NULL), TAKEO_EINPUT);
    assert_done(f, try_sql(f, sql(f, "select $1 + $2"), arguments, 2, NULL));
}

static void suite_two_statements_in_a_text_are_refused(void **state) {
    fixture *f = *state;
    assert_int_equal(try_sql(f, "select 1; delete from cities", NULL, 0, NULL), TAKEO_ESYNTAX);
    assert_int_equal(try_sql(f, "", NULL, 0, NULL), TAKEO_ESYNTAX);
    assert_int_equal(try_sql(f, " -- nothing", NULL, 0, NULL), TAKEO_ESYNTAX);
    assert_done(f, try_sql(f, "select 1; -- and a word ; /* more */ ", NULL, 0, NULL));
    tk_sql zero = sql_of("select 1", NULL, 0, false);
    zero.text = "select 1\0 from x";
    zero.len = 16;
    tk_prepared *prepared = NULL;
    assert_int_equal(f->driver->prepare(f->server, &zero, &prepared, &f->error), TAKEO_EINPUT);
    assert_text(last_error(f)->code, "TAKEO.INPUT.TEXT");
}

/* ---- failures -------------------------------------------------------------------------------- */

static void suite_failures_have_their_own_statuses(void **state) {
    fixture *f = *state;
    static const struct {
        const char *text;
        takeo_status status;
    } rows[] = {
        {"insert into cities (name) values ('a')", TAKEO_EUNIQUE},
        {"insert into cities (name) values (null)", TAKEO_ENOT_NULL},
        {"insert into cities (name, size) values ('b', -1)", TAKEO_ECHECK},
        {"insert into cities (name, country) values ('b', 'xx')", TAKEO_EFOREIGN_KEY},
        {"select * from nowhere", TAKEO_EUNDEFINED_TABLE},
        {"select absent from cities", TAKEO_EUNDEFINED_COLUMN},
        {"selec 1", TAKEO_ESYNTAX},
        {"select (1", TAKEO_ESYNTAX},
    };
    run(f, "insert into cities (name) values ('a')");
    for (size_t i = 0; i < TK_COUNT(rows); i++) {
        takeo_status status = try_sql(f, rows[i].text, NULL, 0, NULL);
        if (status != rows[i].status) {
            fail_msg("%s: %d, not %d", rows[i].text, (int)status, (int)rows[i].status);
        }
        assert_int_equal(last_error(f)->status, status);
        assert_non_null(last_error(f)->detail.data);
        assert_text(last_error(f)->sql, rows[i].text);
    }
    assert_int_equal(int_of(f, "select count(*) from cities"), 1);
}

static void suite_statement_works_after_its_failure(void **state) {
    fixture *f = *state;
    tk_prepared *prepared = prepare(f, sql(f, "insert into cities (name) values ($1)"), NULL, 0);
    takeo_cell name = TEXT("a");
    takeo_cell null = NULL_CELL;
    takeo_cell other = TEXT("b");
    tk_execution done;
    assert_done(f, execute(f, prepared, &name, 1, &done, NULL));
    assert_int_equal(execute(f, prepared, &name, 1, &done, NULL), TAKEO_EUNIQUE);
    assert_int_equal(done.affected, 0);
    assert_false(done.has_last_key);
    assert_int_equal(execute(f, prepared, &null, 1, &done, NULL), TAKEO_ENOT_NULL);
    assert_done(f, execute(f, prepared, &other, 1, &done, NULL));
    assert_int_equal(done.affected, 1);
    f->driver->forget(f->server, prepared);
}

/* ---- transactions ---------------------------------------------------------------------------- */

static void suite_transaction_commits_and_rolls_back(void **state) {
    fixture *f = *state;
    assert_false(f->driver->is_in_transaction(f->server));
    for (int round = 0; round < 3; round++) { /* also from the statements that were kept */
        run(f, "BEGIN");
        assert_true(f->driver->is_in_transaction(f->server));
        run(f, "insert into countries values ('a')");
        run(f, "SAVEPOINT s1");
        run(f, "insert into countries values ('b')");
        run(f, "ROLLBACK TO s1");
        run(f, "RELEASE s1");
        run(f, "COMMIT");
        assert_false(f->driver->is_in_transaction(f->server));
        assert_int_equal(int_of(f, "select count(*) from countries"), 1);
        run(f, "BEGIN");
        run(f, "delete from countries");
        run(f, "ROLLBACK");
        assert_int_equal(int_of(f, "select count(*) from countries"), 1);
        run(f, "delete from countries");
    }
    assert_int_equal(f->driver->run(f->server, "COMMIT", &f->error), TAKEO_ESTATE);
    assert_text(last_error(f)->code, "TAKEO.TXN.STATE");
    assert_int_equal(f->driver->run(f->server, "ROLLBACK TO absent", &f->error), TAKEO_ESTATE);
    run(f, "BEGIN");
    assert_int_equal(f->driver->run(f->server, "BEGIN", &f->error), TAKEO_ESTATE);
    run(f, "ROLLBACK");
}

static void suite_deferred_foreign_key_fails_at_commit(void **state) {
    fixture *f = *state;
    run(f, "create table child (c text references countries (code) deferrable initially deferred)");
    run(f, "BEGIN");
    run(f, "insert into child values ('zz')");
    assert_int_equal(f->driver->run(f->server, "COMMIT", &f->error), TAKEO_EFOREIGN_KEY);
    if (f->driver->is_in_transaction(f->server)) {
        run(f, "ROLLBACK");
    }
    assert_int_equal(int_of(f, "select count(*) from child"), 0);
}

static void suite_close_takes_what_was_not_forgotten(void **state) {
    fixture *f = *state;
    tk_prepared *prepared = prepare(f, "select 1 union select 2", NULL, 0);
    takeo_cell row[1];
    assert_done(f, f->driver->start(f->server, prepared, NULL, 0, &f->error));
    assert_int_equal(f->driver->fetch(f->server, prepared, row, &f->error), TAKEO_ROWS);
    run(f, "BEGIN");
    /* teardown closes in the middle of both, and counts the memory */
}

/* ---- all of them, for each driver ------------------------------------------------------------ */

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, fixture_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(suite_values_at_boundaries_come_back),
        CASE(suite_null_of_any_type_comes_back),
        CASE(suite_times_sort_as_values),
        CASE(suite_prepared_statement_runs_again_and_again),
        CASE(suite_affected_rows_are_counted_exactly),
        CASE(suite_upsert_gives_a_key_only_for_an_inserted_row),
        CASE(suite_returning_gives_rows_and_counts),
        CASE(suite_unknown_shape_is_described),
        CASE(suite_wrong_count_of_arguments_is_refused),
        CASE(suite_two_statements_in_a_text_are_refused),
        CASE(suite_failures_have_their_own_statuses),
        CASE(suite_statement_works_after_its_failure),
        CASE(suite_transaction_commits_and_rolls_back),
        CASE(suite_deferred_foreign_key_fails_at_commit),
        CASE(suite_close_takes_what_was_not_forgotten),
    };
    int failed = 0;
    for (size_t i = 0; i < TK_COUNT(all_quirks); i++) {
        on = &all_quirks[i];
        failed += cmocka_run_group_tests_name(on->name, tests, NULL, NULL);
    }
    return failed;
}
