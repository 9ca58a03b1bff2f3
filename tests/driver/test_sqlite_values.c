/* test_sqlite_values.c - what SQLite stores and what is made of it: storage classes (B19), values
 * that have no form (B13), decimals (their order and sums), and the lists of takeo_list. */
#include "driver_support.h"

#include <math.h>

#include "driver/sqlite/sqlite_int.h"

static int setup(void **state) {
    fixture_setup(state);
    assert_done(*state, open_url(*state, "sqlite://"));
    return 0;
}

static takeo_cell decimal(const char *text) {
    return tk_cell_text(TAKEO_TYPE_DECIMAL, text, strlen(text));
}

/* ---- stored values --------------------------------------------------------------------------- */

static void values_are_stored_in_documented_forms(void **state) {
    fixture *f = *state;
    static const struct {
        takeo_cell cell;
        const char *storage;
        const char *text;
    } rows[] = {
        {{.type = TAKEO_TYPE_BOOL, .v = {.i = 1}}, "integer", "1"},
        {{.type = TAKEO_TYPE_INT64, .v = {.i = -5}}, "integer", "-5"},
        {{.type = TAKEO_TYPE_UINT64, .v = {.u = 5}}, "integer", "5"},
        {{.type = TAKEO_TYPE_YEAR, .v = {.i = 2024}}, "integer", "2024"},
        {{.type = TAKEO_TYPE_FLOAT64, .v = {.f = 0.5}}, "real", "0.5"},
        {{.type = TAKEO_TYPE_DECIMAL, .v = {.text = {"1.50", 4}}}, "text", "1.50"},
        {{.type = TAKEO_TYPE_TEXT, .v = {.text = {"a", 1}}}, "text", "a"},
        {{.type = TAKEO_TYPE_TEXT, .v = {.text = {NULL, 0}}}, "text", ""},
        {{.type = TAKEO_TYPE_BYTES, .v = {.text = {NULL, 0}}}, "blob", ""},
        {{.type = TAKEO_TYPE_BYTES, .v = {.text = {"ab", 2}}}, "blob", "ab"},
        {{.type = TAKEO_TYPE_DATE, .v = {.i = 1}}, "text", "1970-01-02"},
        {{.type = TAKEO_TYPE_TIME, .v = {.i = 1}}, "text", "00:00:00.000001"},
        {{.type = TAKEO_TYPE_TIMESTAMP, .v = {.i = 0}}, "text", "1970-01-01 00:00:00.000000"},
        {{.type = TAKEO_TYPE_TIMESTAMPTZ, .v = {.i = 1}}, "text", "1970-01-01 00:00:00.000001"},
        {{.type = TAKEO_TYPE_UUID, .v = {.uuid = {0xab}}},
         "text",
         "ab000000-0000-0000-0000-000000000000"},
    };
    for (size_t i = 0; i < TK_COUNT(rows); i++) {
        takeo_cell storage = value(f, "select typeof(?1)", TAKEO_TYPE_TEXT, &rows[i].cell, 1);
        assert_cell_text(&storage, rows[i].storage);
        takeo_cell text = value(f, "select cast(?1 as text)", TAKEO_TYPE_TEXT, &rows[i].cell, 1);
        assert_cell_text(&text, rows[i].text);
    }
}

/* B13 and its kin: never stored as NULL or as something near. */
static void values_without_a_form_are_refused(void **state) {
    fixture *f = *state;
    const takeo_cell refused[] = {
        {.type = TAKEO_TYPE_FLOAT64, .v = {.f = NAN}},
        {.type = TAKEO_TYPE_UINT64, .v = {.u = (uint64_t)INT64_MAX + 1}},
        decimal("NaN"),
        decimal("-Infinity"),
        {.type = TAKEO_TYPE_DATE, .v = {.i = 2932897}}, /* 10000-01-01 */
        {.type = TAKEO_TYPE_DATE, .flags = TAKEO_CELL_INFINITE, .v = {.i = 1}},
        {.type = TAKEO_TYPE_TIMESTAMPTZ, .flags = TAKEO_CELL_INFINITE, .v = {.i = -1}},
        {.type = TAKEO_TYPE_TIMESTAMP, .v = {.i = INT64_C(253402300800000000)}},
    };
    for (size_t i = 0; i < TK_COUNT(refused); i++) {
        assert_int_equal(try_sql(f, "select ?1", &refused[i], 1, NULL), TAKEO_EINPUT);
        assert_text(last_error(f)->code, "TAKEO.INPUT.RANGE");
    }
    const takeo_cell unknown[] = {
        {.type = TAKEO_TYPE_TIMETZ}, {.type = TAKEO_TYPE_RANGE}, {.type = 9999}};
    for (size_t i = 0; i < TK_COUNT(unknown); i++) {
        assert_int_equal(try_sql(f, "select ?1", &unknown[i], 1, NULL), TAKEO_EUNSUPPORTED);
    }
    takeo_cell infinite = {.type = TAKEO_TYPE_FLOAT64, .v = {.f = -INFINITY}};
    takeo_cell out = value(f, "select ?1", TAKEO_TYPE_FLOAT64, &infinite, 1);
    assert_true(out.v.f == -INFINITY);
}

/* ---- reading what other tools wrote ---------------------------------------------------------- */

static void values_of_other_tools_are_read_when_they_are_exact(void **state) {
    fixture *f = *state;
    static const struct {
        const char *sql;
        takeo_type type;
        const char *shown;
    } rows[] = {
        {"select 3", TAKEO_TYPE_FLOAT64, "3"},
        {"select 9223372036854775807", TAKEO_TYPE_UINT64, "9223372036854775807"},
        {"select 2024", TAKEO_TYPE_YEAR, "2024"},
        {"select 9007199254740992", TAKEO_TYPE_FLOAT64, "9.007199254740992e+15"},
        {"select 12", TAKEO_TYPE_DECIMAL, "12"},
        {"select -9223372036854775808", TAKEO_TYPE_DECIMAL, "-9223372036854775808"},
        {"select 10.0", TAKEO_TYPE_DECIMAL, "10"},
        {"select 5", TAKEO_TYPE_JSON, "5"},
        {"select '[1, 2]'", TAKEO_TYPE_ARRAY, "{1,2}"},
        {"select x'ab000000000000000000000000000000'", TAKEO_TYPE_UUID,
         "ab000000-0000-0000-0000-000000000000"},
        {"select 'AB000000-0000-0000-0000-000000000000'", TAKEO_TYPE_UUID,
         "ab000000-0000-0000-0000-000000000000"},
        {"select '1970-01-02 00:00:00'", TAKEO_TYPE_TIMESTAMP, "1970-01-02 00:00:00"},
        {"select '1970-01-02T00:00:00.5'", TAKEO_TYPE_TIMESTAMP, "1970-01-02 00:00:00.5"},
        {"select '1970-01-02 00:00:00'", TAKEO_TYPE_TIMESTAMPTZ, "1970-01-02 00:00:00"},
        {"select '1970-01-02T02:00:00+02:00'", TAKEO_TYPE_TIMESTAMPTZ, "1970-01-02 00:00:00"},
        {"select '12:30'", TAKEO_TYPE_TIME, "12:30:00"},
        {"select 'P1W'", TAKEO_TYPE_INTERVAL, "P7D"},
    };
    for (size_t i = 0; i < TK_COUNT(rows); i++) {
        takeo_cell out = value(f, rows[i].sql, rows[i].type, NULL, 0);
        tk_buf shown;
        tk_buf_init(&shown, tk_alloc_default, 1000);
        tk_cell_format(&out, &shown);
        if (strncmp(shown.data, rows[i].shown, strlen(rows[i].shown)) != 0) {
            fail_msg("%s: %s", rows[i].sql, shown.data);
        }
        tk_buf_done(&shown);
    }
}

/* B19: a value of another kind is an error that says where, never a cast. */
static void values_of_a_wrong_kind_are_refused(void **state) {
    fixture *f = *state;
    static const struct {
        const char *sql;
        takeo_type type;
    } rows[] = {
        {"select 'abc' as c", TAKEO_TYPE_INT64},
        {"select 1.5 as c", TAKEO_TYPE_INT64},
        {"select 3.0 as c", TAKEO_TYPE_INT64},
        {"select 32768 as c", TAKEO_TYPE_INT16},
        {"select -2147483649 as c", TAKEO_TYPE_INT32},
        {"select 2 as c", TAKEO_TYPE_BOOL},
        {"select 'true' as c", TAKEO_TYPE_BOOL},
        {"select -1 as c", TAKEO_TYPE_UINT64},
        {"select 9007199254740993 as c", TAKEO_TYPE_FLOAT64},
        {"select '1.5' as c", TAKEO_TYPE_FLOAT64},
        {"select 10.25 as c", TAKEO_TYPE_DECIMAL},
        {"select 1e300 as c", TAKEO_TYPE_DECIMAL},
        {"select 9e999 as c", TAKEO_TYPE_DECIMAL},
        {"select 'ten' as c", TAKEO_TYPE_DECIMAL},
        {"select '' as c", TAKEO_TYPE_DECIMAL},
        {"select x'31' as c", TAKEO_TYPE_DECIMAL},
        {"select 5 as c", TAKEO_TYPE_TEXT},
        {"select x'41' as c", TAKEO_TYPE_TEXT},
        {"select 'a' as c", TAKEO_TYPE_BYTES},
        {"select x'0102' as c", TAKEO_TYPE_UUID},
        {"select 'not-a-uuid' as c", TAKEO_TYPE_UUID},
        {"select '{' as c", TAKEO_TYPE_JSON},
        {"select x'7b7d' as c", TAKEO_TYPE_JSON},
        {"select '{}' as c", TAKEO_TYPE_ARRAY},
        {"select '[{}]' as c", TAKEO_TYPE_ARRAY},
        {"select '5' as c", TAKEO_TYPE_ARRAY},
        {"select '[1' as c", TAKEO_TYPE_ARRAY},
        {"select x'5b5d' as c", TAKEO_TYPE_ARRAY},
        {"select '2024-02-30' as c", TAKEO_TYPE_DATE},
        {"select 20240101 as c", TAKEO_TYPE_DATE},
        {"select '25:00:00' as c", TAKEO_TYPE_TIME},
        {"select '2024-13-01 00:00:00.000000' as c", TAKEO_TYPE_TIMESTAMP},
        {"select '2024-01-01 00:00:00+02:00' as c", TAKEO_TYPE_TIMESTAMP},
        {"select 1700000000 as c", TAKEO_TYPE_TIMESTAMPTZ},
        {"select 1 as c", TAKEO_TYPE_INTERVAL},
        {"select '1 day' as c", TAKEO_TYPE_INTERVAL},
        {"select x'5031' as c", TAKEO_TYPE_INTERVAL},
    };
    for (size_t i = 0; i < TK_COUNT(rows); i++) {
        takeo_cell out;
        if (try_value(f, rows[i].sql, rows[i].type, NULL, 0, &out) != TAKEO_EDECODE) {
            fail_msg("%s was taken as %s", rows[i].sql, tk_type_name(rows[i].type));
        }
        const takeo_error *record = last_error(f);
        assert_text(record->code, "TAKEO.RESULT.DECODE");
        assert_text(record->column_name, "c");
        assert_text(record->expected, tk_type_name(rows[i].type));
        assert_non_null(record->got.data);
        assert_int_equal(record->object, 1);
    }
}

static void values_of_a_wrong_kind_name_their_row(void **state) {
    fixture *f = *state;
    run(f, "create table t (n integer)");
    run(f, "insert into t values (1), (2), ('abc')");
    takeo_type type = TAKEO_TYPE_INT64;
    tk_prepared *prepared = prepare(f, "select n from t order by rowid", &type, 1);
    tk_execution done;
    uint64_t rows = 0;
    assert_int_equal(execute(f, prepared, NULL, 0, &done, &rows), TAKEO_EDECODE);
    assert_int_equal(rows, 2);
    assert_int_equal(last_error(f)->object, 3);
    assert_text(last_error(f)->got, "a text: abc");
    f->driver->forget(f->server, prepared);
}

static void values_of_unknown_columns_have_their_own_types(void **state) {
    fixture *f = *state;
    tk_prepared *prepared = prepare(f, "select 1, 1.5, 'a', x'00', null", NULL, 0);
    takeo_cell row[5];
    assert_done(f, f->driver->start(f->server, prepared, NULL, 0, &f->error));
    assert_int_equal(f->driver->fetch(f->server, prepared, row, &f->error), TAKEO_ROWS);
    assert_int_equal(row[0].type, TAKEO_TYPE_INT64);
    assert_int_equal(row[1].type, TAKEO_TYPE_FLOAT64);
    assert_int_equal(row[2].type, TAKEO_TYPE_TEXT);
    assert_int_equal(row[3].type, TAKEO_TYPE_BYTES);
    assert_true(tk_cell_is_null(&row[4]));
    tk_execution done;
    f->driver->end(f->server, prepared, &done);
    f->driver->forget(f->server, prepared);
}

/* ---- decimals -------------------------------------------------------------------------------- */

static void values_of_decimals_sort_as_numbers(void **state) {
    fixture *f = *state;
    static const char *const sorted[] = {"-100", "-3",       "-0.5",  "0",
                                         "0.10", "9.5",      "10.25", "99999999999999999999999.1",
                                         "no",   "no number"};
    run(f, "create table t (d text)");
    for (size_t i = 0; i < TK_COUNT(sorted); i++) {
        takeo_cell cell = TEXT(sorted[(i * 7) % TK_COUNT(sorted)]);
        assert_done(f, try_sql(f, "insert into t values (?1)", &cell, 1, NULL));
    }
    for (size_t i = 0; i < TK_COUNT(sorted); i++) {
        takeo_cell offset = INT((int64_t)i);
        takeo_cell out =
            value(f, "select d from t order by d collate takeo_decimal limit 1 offset ?1",
                  TAKEO_TYPE_TEXT, &offset, 1);
        assert_cell_text(&out, sorted[i]);
    }
    assert_int_equal(int_of(f, "select '1.50' = '1.5' collate takeo_decimal"), 1);
    takeo_cell most = value(f, "select max(d collate takeo_decimal) from t where d not like 'no%'",
                            TAKEO_TYPE_DECIMAL, NULL, 0);
    assert_cell_text(&most, "99999999999999999999999.1");
}

static void values_of_intervals_sort_as_spans(void **state) {
    fixture *f = *state;
    static const char *const sorted[] = {"P-1M", "PT-0.000001S", "PT9H", "PT10H",
                                         "P1D",  "P20D",         "P1M",  "no interval"};
    run(f, "create table t (d text)");
    for (size_t i = 0; i < TK_COUNT(sorted); i++) {
        takeo_cell cell = TEXT(sorted[(i * 5) % TK_COUNT(sorted)]);
        assert_done(f, try_sql(f, "insert into t values (?1)", &cell, 1, NULL));
    }
    for (size_t i = 0; i < TK_COUNT(sorted); i++) {
        takeo_cell offset = INT((int64_t)i);
        takeo_cell out =
            value(f, "select d from t order by d collate takeo_interval limit 1 offset ?1",
                  TAKEO_TYPE_TEXT, &offset, 1);
        assert_cell_text(&out, sorted[i]);
    }
    assert_int_equal(int_of(f, "select 'PT24H' = 'P1D' collate takeo_interval"), 1);
}

static void values_of_intervals_are_kept_exactly(void **state) {
    fixture *f = *state;
    static const takeo_cell cells[] = {
        {.type = TAKEO_TYPE_INTERVAL},
        {.type = TAKEO_TYPE_INTERVAL, .v = {.span = {-1, 2, -3}}},
        {.type = TAKEO_TYPE_INTERVAL, .v = {.span = {INT64_MIN, INT32_MIN, INT32_MIN}}},
        {.type = TAKEO_TYPE_INTERVAL, .v = {.span = {INT64_MAX, INT32_MAX, INT32_MAX}}},
    };
    for (size_t i = 0; i < TK_COUNT(cells); i++) {
        takeo_cell out = value(f, "select ?1", TAKEO_TYPE_INTERVAL, &cells[i], 1);
        assert_true(tk_cell_equal(&out, &cells[i]));
    }
}

static void values_of_decimals_are_added_exactly(void **state) {
    fixture *f = *state;
    static const struct {
        const char *values;
        const char *sum;
        const char *avg;
    } rows[] = {
        {"('0.1'),('0.1'),('0.1'),('0.1'),('0.1'),('0.1'),('0.1'),('0.1'),('0.1'),('0.1')", "1.0",
         "0.1000000000000000"},
        {"('10.25'),('9.5'),('-3')", "16.75", "5.5833333333333333"},
        {"('1'),('2')", "3", "1.5000000000000000"},
        {"('-0.05'),('0.05')", "0.00", "0.0000000000000000"},
        {"('-0.05'),('-0.02')", "-0.07", "-0.0350000000000000"},
        {"(5),('2.5'),(null)", "7.5", "3.7500000000000000"},
        {"('99999999999999999999999999999999'),('1')", "100000000000000000000000000000000",
         "50000000000000000000000000000000.0000000000000000"},
        {"('999999999999999999'),('999999999999999999'),('0.000000000000000001')",
         "1999999999999999998.000000000000000001", NULL},
    };
    run(f, "create table t (d blob)");
    for (size_t i = 0; i < TK_COUNT(rows); i++) {
        char text[400];
        snprintf(text, sizeof text, "insert into t values %s", rows[i].values);
        run(f, text);
        takeo_cell out = value(f, "select takeo_sum(d) from t", TAKEO_TYPE_DECIMAL, NULL, 0);
        assert_cell_text(&out, rows[i].sum);
        if (rows[i].avg != NULL) {
            out = value(f, "select takeo_avg(d) from t", TAKEO_TYPE_DECIMAL, NULL, 0);
            assert_cell_text(&out, rows[i].avg);
        }
        run(f, "delete from t");
    }
    takeo_cell none = value(f, "select takeo_sum(d) from t", TAKEO_TYPE_DECIMAL, NULL, 0);
    assert_true(tk_cell_is_null(&none));
    none = value(f, "select takeo_avg(d) from t", TAKEO_TYPE_DECIMAL, NULL, 0);
    assert_true(tk_cell_is_null(&none));
}

static void values_of_decimals_are_added_in_windows(void **state) {
    fixture *f = *state;
    static const char *const sums[] = {"1.5", "3.75", "100000000000000000000002.25",
                                       "100000000000000000000000.5", "0.75"};
    run(f, "create table t (n integer, d text)");
    run(f, "insert into t values (1, '1.5'), (2, '2.25'), (3, '100000000000000000000000'), "
           "(4, '0.5'), (5, '0.25')");
    for (size_t i = 0; i < TK_COUNT(sums); i++) {
        takeo_cell offset = INT((int64_t)i);
        takeo_cell out = value(f,
                               "select takeo_sum(d) over (order by n rows between 1 preceding and "
                               "current row) from t order by n limit 1 offset ?1",
                               TAKEO_TYPE_DECIMAL, &offset, 1);
        tk_decimal sum;
        tk_decimal expected;
        assert_true(tk_decimal_read(out.v.text.data, out.v.text.len, &sum));
        assert_true(tk_decimal_read(sums[i], strlen(sums[i]), &expected));
        assert_int_equal(tk_decimal_compare(&sum, &expected), 0);
    }
}

static void values_that_are_no_decimals_are_not_added(void **state) {
    fixture *f = *state;
    static const char *const wrong[] = {"'ten'", "0.5", "x'31'", "'NaN'"};
    for (size_t i = 0; i < TK_COUNT(wrong); i++) {
        char text[100];
        takeo_cell out;
        snprintf(text, sizeof text, "select takeo_sum(%s)", wrong[i]);
        assert_int_equal(try_value(f, text, TAKEO_TYPE_DECIMAL, NULL, 0, &out), TAKEO_EDATABASE);
        assert_non_null(strstr(last_error(f)->detail.data, "no decimal number"));
    }
}

/* Nothing of ours may stand in a file that other tools read. */
static void values_functions_stay_out_of_the_schema(void **state) {
    fixture *f = *state;
    run(f, "create table t (d text)");
    run(f, "create view v as select takeo_sum(d) from t");
    assert_true(try_sql(f, "select * from v", NULL, 0, NULL) < 0);
    run(f, "create view w as select * from takeo_list(1)");
    assert_true(try_sql(f, "select * from w", NULL, 0, NULL) < 0);
}

/* ---- arrays ---------------------------------------------------------------------------------- */

/* Run `insert` with an array for a column, read it back, and see that it is the same; what is
 * stored is JSON. */
static void values_of_arrays_come_back_as_they_went(void **state) {
    fixture *f = *state;
    const takeo_cell texts[] = {TEXT("a\"b"), NULL_CELL, TEXT("")};
    const takeo_cell numbers[] = {INT(1), INT(-2)};
    const struct {
        takeo_cell list;
        takeo_type element;
        const char *stored;
    } cases[] = {
        {{.type = TAKEO_TYPE_ARRAY, .v = {.list = {texts, 3}}},
         TAKEO_TYPE_TEXT,
         "[\"a\\\"b\",null,\"\"]"},
        {{.type = TAKEO_TYPE_ARRAY, .v = {.list = {numbers, 2}}}, TAKEO_TYPE_INT64, "[1,-2]"},
        {{.type = TAKEO_TYPE_ARRAY}, TAKEO_TYPE_TEXT, "[]"},
    };
    run(f, "create table t (c text)");
    const takeo_type json = TAKEO_TYPE_JSON, array = TAKEO_TYPE_ARRAY;
    for (size_t i = 0; i < TK_COUNT(cases); i++) {
        run(f, "delete from t");
        tk_sql sql = sql_of("insert into t values (?1)", NULL, 0, true);
        sql.parameters = &json;
        sql.parameter_count = 1;
        tk_prepared *prepared = NULL;
        assert_done(f, f->driver->prepare(f->server, &sql, &prepared, &f->error));
        tk_execution ignored;
        for (int again = 0; again < 2; again++) {
            assert_int_equal(execute(f, prepared, &cases[i].list, 1, &ignored, NULL), TAKEO_DONE);
        }
        f->driver->forget(f->server, prepared);
        takeo_cell stored = value(f, "select max(c) from t", TAKEO_TYPE_TEXT, NULL, 0);
        assert_int_equal(stored.v.text.len, strlen(cases[i].stored));
        assert_memory_equal(stored.v.text.data, cases[i].stored, stored.v.text.len);

        sql = sql_of("select c from t", &array, 1, false);
        sql.elements = &cases[i].element;
        assert_done(f, f->driver->prepare(f->server, &sql, &prepared, &f->error));
        assert_done(f, f->driver->start(f->server, prepared, NULL, 0, &f->error));
        for (int row = 0; row < 2; row++) {
            takeo_cell out;
            assert_int_equal(f->driver->fetch(f->server, prepared, &out, &f->error), TAKEO_ROWS);
            assert_int_equal(out.v.list.count, cases[i].list.v.list.count);
            for (size_t k = 0; k < out.v.list.count; k++) {
                assert_true(tk_cell_equal(&out.v.list.cells[k], &cases[i].list.v.list.cells[k]));
            }
        }
        f->driver->end(f->server, prepared, &ignored);
        f->driver->forget(f->server, prepared);
    }
}

/* A value that cannot be kept is refused with the number of its argument, in lists and arrays too.
 */
static void values_that_are_refused_say_which_argument(void **state) {
    fixture *f = *state;
    const takeo_cell nan = {.type = TAKEO_TYPE_FLOAT64, .v = {.f = NAN}};
    const takeo_cell list = {.type = TAKEO_TYPE_ARRAY, .v = {.list = {&nan, 1}}};
    const takeo_cell arguments[][2] = {
        {INT(1), nan},
        {INT(1), list},
        {INT(1), {.type = TAKEO_TYPE_ARRAY, .v = {.list = {&list, 1}}}},
    };
    for (size_t i = 0; i < TK_COUNT(arguments); i++) {
        assert_int_equal(try_sql(f, "select ?1, ?2", arguments[i], 2, NULL), TAKEO_EINPUT);
        assert_int_equal(last_error(f)->object, 2);
    }
    const takeo_type json = TAKEO_TYPE_JSON;
    tk_sql sql = sql_of("select ?1", NULL, 0, true);
    sql.parameters = &json;
    sql.parameter_count = 1;
    tk_prepared *prepared = NULL;
    assert_done(f, f->driver->prepare(f->server, &sql, &prepared, &f->error));
    tk_execution ignored;
    assert_int_equal(execute(f, prepared, &list, 1, &ignored, NULL), TAKEO_EINPUT);
    assert_int_equal(last_error(f)->object, 1);
    f->driver->forget(f->server, prepared);
}

/* ---- lists ----------------------------------------------------------------------------------- */

static takeo_cell list_of(const takeo_cell *cells, size_t count) {
    return (takeo_cell){.type = TAKEO_TYPE_ARRAY, .v = {.list = {cells, count}}};
}

static void values_of_lists_are_rows(void **state) {
    fixture *f = *state;
    enum { MANY = 100000 };
    takeo_cell *cells = calloc(MANY, sizeof *cells);
    assert_non_null(cells);
    for (int i = 0; i < MANY; i++) {
        cells[i] = INT(i);
    }
    run(f, "create table t (id integer primary key)");
    run(f, "with recursive n (i) as (select 0 union all select i + 1 from n where i < 199999) "
           "insert into t select i * 2 from n");
    static const size_t counts[] = {0, 1, 2, MANY};
    for (size_t i = 0; i < TK_COUNT(counts); i++) {
        takeo_cell list = list_of(cells, counts[i]);
        takeo_cell out =
            value(f, "select count(*) from t where id in (select value from takeo_list(?1))",
                  TAKEO_TYPE_INT64, &list, 1);
        assert_int_equal(out.v.i, (counts[i] + 1) / 2);
    }
    free(cells);
}

static void values_of_lists_have_all_types(void **state) {
    fixture *f = *state;
    const takeo_cell cells[] = {
        INT(-7),
        TEXT("a"),
        NULL_CELL,
        {.type = TAKEO_TYPE_FLOAT64, .v = {.f = 0.5}},
        {.type = TAKEO_TYPE_UUID, .v = {.uuid = {0xab}}},
        {.type = TAKEO_TYPE_DATE, .v = {.i = 1}},
        tk_cell_text(TAKEO_TYPE_BYTES, "b", 1),
        decimal("1.50"),
    };
    static const char *const texts[] = {
        "-7", "a", NULL, "0.5", "ab000000-0000-0000-0000-000000000000", "1970-01-02", "b", "1.50"};
    takeo_cell arguments[2] = {list_of(cells, TK_COUNT(cells))};
    for (size_t i = 0; i < TK_COUNT(cells); i++) {
        arguments[1] = INT((int64_t)i);
        takeo_cell out =
            value(f, "select cast(value as text) from takeo_list(?1) limit 1 offset ?2",
                  TAKEO_TYPE_TEXT, arguments, 2);
        if (texts[i] == NULL) {
            assert_true(tk_cell_is_null(&out));
        } else {
            assert_cell_text(&out, texts[i]);
        }
    }
    const takeo_cell wrong[] = {{.type = TAKEO_TYPE_FLOAT64, .v = {.f = NAN}}};
    arguments[0] = list_of(wrong, 1);
    assert_true(try_sql(f, "select value from takeo_list(?1)", arguments, 1, NULL) < 0);
}

static void values_of_composite_lists_have_parts(void **state) {
    fixture *f = *state;
    const takeo_cell first[] = {INT(1), TEXT("a")};
    const takeo_cell second[] = {INT(2), TEXT("x")};
    const takeo_cell cells[] = {list_of(first, 2), list_of(second, 2)};
    takeo_cell list = list_of(cells, 2);
    run(f, "create table t (a integer, b text, primary key (a, b)) without rowid");
    run(f, "insert into t values (1, 'a'), (2, 'b'), (3, 'c')");
    takeo_cell out = value(
        f, "select group_concat(a) from t where (a, b) in (select c1, c2 from takeo_list(?1))",
        TAKEO_TYPE_TEXT, &list, 1);
    assert_cell_text(&out, "1");
    out = value(f, "select sum(value) from takeo_list(?1) where c3 is null and list is null",
                TAKEO_TYPE_INT64, &list, 1);
    assert_int_equal(out.v.i, 3);
    out = value(f, "select max(rowid) from takeo_list(?1)", TAKEO_TYPE_INT64, &list, 1);
    assert_int_equal(out.v.i, 2);
    const takeo_cell plain[] = {INT(4)};
    list = list_of(plain, 1);
    out = value(f, "select c1 from takeo_list(?1) where c2 is null", TAKEO_TYPE_INT64, &list, 1);
    assert_int_equal(out.v.i, 4);
}

static void values_of_lists_need_their_argument(void **state) {
    fixture *f = *state;
    assert_true(try_sql(f, "select * from takeo_list", NULL, 0, NULL) < 0);
    takeo_cell null = NULL_CELL;
    takeo_cell number = INT(1);
    assert_int_equal(
        value(f, "select count(*) from takeo_list(?1)", TAKEO_TYPE_INT64, &null, 1).v.i, 0);
    assert_int_equal(
        value(f, "select count(*) from takeo_list(?1)", TAKEO_TYPE_INT64, &number, 1).v.i, 0);
}

/* The list drives, the table is searched by its key. */
static void values_of_lists_use_the_index(void **state) {
    fixture *f = *state;
    run(f, "create table t (id integer primary key, name text, size integer)");
    run(f, "create index ix_name on t (name)");
    static const char *const texts[][2] = {
        {"explain query plan select * from t where id in (select value from takeo_list(?1))",
         "SEARCH t USING INTEGER PRIMARY KEY (rowid=?)"},
        {"explain query plan select * from t where name in (select value from takeo_list(?1))",
         "SEARCH t USING INDEX ix_name (name=?)"},
    };
    for (size_t i = 0; i < TK_COUNT(texts); i++) {
        tk_prepared *prepared = prepare(f, texts[i][0], NULL, 0);
        takeo_cell list = list_of(NULL, 0);
        takeo_cell row[4];
        assert_done(f, f->driver->start(f->server, prepared, &list, 1, &f->error));
        assert_int_equal(f->driver->fetch(f->server, prepared, row, &f->error), TAKEO_ROWS);
        assert_cell_text(&row[3], texts[i][1]);
        tk_execution done;
        f->driver->end(f->server, prepared, &done);
        f->driver->forget(f->server, prepared);
    }
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, fixture_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(values_are_stored_in_documented_forms),
        CASE(values_without_a_form_are_refused),
        CASE(values_of_other_tools_are_read_when_they_are_exact),
        CASE(values_of_a_wrong_kind_are_refused),
        CASE(values_of_a_wrong_kind_name_their_row),
        CASE(values_of_unknown_columns_have_their_own_types),
        CASE(values_of_decimals_sort_as_numbers),
        CASE(values_of_intervals_sort_as_spans),
        CASE(values_of_intervals_are_kept_exactly),
        CASE(values_of_decimals_are_added_exactly),
        CASE(values_of_decimals_are_added_in_windows),
        CASE(values_that_are_no_decimals_are_not_added),
        CASE(values_functions_stay_out_of_the_schema),
        CASE(values_of_arrays_come_back_as_they_went),
        CASE(values_that_are_refused_say_which_argument),
        CASE(values_of_lists_are_rows),
        CASE(values_of_lists_have_all_types),
        CASE(values_of_composite_lists_have_parts),
        CASE(values_of_lists_need_their_argument),
        CASE(values_of_lists_use_the_index),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
