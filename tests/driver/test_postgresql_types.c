/* test_postgresql_types.c - values of every type, in text and in binary, both ways, through a real
 * server: what we send it reads as the same value, what it sends we read as the same cell in both
 * forms, and garbage is refused.  The server is that of TAKEO_TEST_POSTGRESQL; without it only the
 * tests that need none run.
 */
#include "support.h"

#include <math.h>
#include <stdlib.h>

#include "driver/postgresql/types_int.h"
#include "postgresql_samples.h"

typedef struct fixture {
    PGconn *pg;
    tk_arena arena;
    tk_arena values;
    tk_error error;
} fixture;

/* ---- the server ------------------------------------------------------------------------------ */

static PGresult *ask(fixture *f, const char *sql, const uint32_t *oid, const tk_buf *value,
                     bool is_binary, bool is_binary_result) {
    const char *data = value != NULL ? value->data != NULL ? value->data : "" : NULL;
    int len = value != NULL ? (int)value->len : 0;
    int format = is_binary;
    assert_true(tk_pq.client.sendQueryParams(f->pg, sql, value != NULL, oid, &data, &len, &format,
                                             is_binary_result));
    PGresult *last = NULL;
    PGresult *result;
    while ((result = tk_pq.client.getResult(f->pg)) != NULL) {
        if (last != NULL) {
            tk_pq.client.clear(last);
        }
        last = result;
    }
    return last;
}

static PGresult *must_ask(fixture *f, const char *sql, const uint32_t *oid, const tk_buf *value,
                          bool is_binary, bool is_binary_result) {
    PGresult *result = ask(f, sql, oid, value, is_binary, is_binary_result);
    ExecStatusType status = tk_pq.client.resultStatus(result);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
        fail_msg("%s: %s", sql, tk_pq.client.resultErrorMessage(result));
    }
    return result;
}

static void run(fixture *f, const char *sql) {
    tk_pq.client.clear(must_ask(f, sql, NULL, NULL, false, false));
}

static int setup(void **state) {
    const char *url = getenv("TAKEO_TEST_POSTGRESQL");
    *state = NULL;
    if (url == NULL || *url == '\0') {
        print_message("TAKEO_TEST_POSTGRESQL is not set: without a server\n");
        return 0;
    }
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    tk_arena_init(&f->arena, tk_alloc_default);
    tk_arena_init(&f->values, tk_alloc_default);
    tk_error_init(&f->error, tk_alloc_default);
    assert_int_equal(tk_pg_load(&f->error), TAKEO_DONE);
    const char *keywords[] = {"dbname", "client_encoding", NULL};
    const char *values[] = {url, "UTF8", NULL};
    f->pg = tk_pq.connectdbParams(keywords, values, 1);
    if (tk_pq.client.status(f->pg) != CONNECTION_OK) {
        fail_msg("%s", tk_pq.client.errorMessage(f->pg));
    }
    run(f, "set timezone = 'Europe/Berlin'");
    run(f, "set datestyle = 'ISO'");
    run(f, "set intervalstyle = 'iso_8601'");
    run(f, "set client_min_messages = 'warning'");
    *state = f;
    return 0;
}

static int teardown(void **state) {
    fixture *f = *state;
    if (f != NULL) {
        tk_pq.finish(f->pg);
        tk_arena_done(&f->arena);
        tk_arena_done(&f->values);
        tk_error_done(&f->error);
        free(f);
    }
    return 0;
}

static fixture *need(void **state) {
    if (*state == NULL) {
        skip();
    }
    return *state;
}

/* ---- reading and writing --------------------------------------------------------------------- */

/* A copy of just its size, so that a read behind it is seen. */
static char *exact(const char *data, size_t len) {
    char *copy = malloc(len != 0 ? len : 1);
    assert_non_null(copy);
    memcpy(copy, data, len);
    return copy;
}

/* The first value of a result, as a column wants it; false: none of that type. */
static bool decode(fixture *f, const PGresult *result, takeo_type type, takeo_type element,
                   bool is_binary, takeo_cell *out) {
    tk_pg_column column;
    takeo_cell cell = {0};
    size_t len = (size_t)tk_pq.client.getlength(result, 0, 0);
    char *data = exact(tk_pq.client.getvalue(result, 0, 0), len);
    tk_pg_column_init(&column, type, element, tk_pq.client.ftype(result, 0), &f->values);
    tk_pg_column_set_format(&column, is_binary);
    bool is_read = column.decode(&column, data, len, &cell);
    if (is_read) {
        assert_int_equal(cell.type, column.type);
        assert_true(tk_cell_copy(&f->arena, &cell, out));
    }
    free(data);
    tk_arena_clear(&f->values);
    return is_read;
}

static const char *zero_ended(fixture *f, const PGresult *result) {
    assert_false(tk_pq.client.getisnull(result, 0, 0));
    return tk_arena_copy(&f->arena, tk_pq.client.getvalue(result, 0, 0),
                         (size_t)tk_pq.client.getlength(result, 0, 0));
}

static const char *shown(fixture *f, const takeo_cell *cell) {
    tk_buf text;
    tk_buf_init(&text, tk_alloc_default, 1 << 20);
    tk_cell_format(cell, &text);
    const char *copy = tk_arena_copy(&f->arena, text.data, text.len);
    tk_buf_done(&text);
    return copy;
}

static takeo_type element_of(const takeo_cell *cell) {
    for (size_t i = 0; cell->type == TAKEO_TYPE_ARRAY && i < cell->v.list.count; i++) {
        const takeo_cell *element = &cell->v.list.cells[i];
        if (!tk_cell_is_null(element)) {
            return element->type == TAKEO_TYPE_ARRAY ? element_of(element) : element->type;
        }
    }
    return TAKEO_TYPE_NONE;
}

/* One value there and back: `expression` has the server's type `type`. */
static void check_value(fixture *f, const char *expression, const char *type, takeo_type logical) {
    char sql[4000];
    snprintf(sql, sizeof sql, "select (%s)::text", expression);
    PGresult *result = must_ask(f, sql, NULL, NULL, false, false);
    const char *expected = zero_ended(f, result);
    tk_pq.client.clear(result);

    takeo_cell text;
    snprintf(sql, sizeof sql, "select %s", expression);
    result = must_ask(f, sql, NULL, NULL, false, false);
    uint32_t oid = tk_pq.client.ftype(result, 0);
    if (!decode(f, result, TAKEO_TYPE_NONE, TAKEO_TYPE_NONE, false, &text)) {
        fail_msg("%s: not read from text %s", expression, expected);
    }
    tk_pq.client.clear(result);
    assert_int_equal(text.type, logical);

    tk_pg_column column;
    tk_pg_column_init(&column, TAKEO_TYPE_NONE, TAKEO_TYPE_NONE, oid, &f->values);
    if (tk_pg_column_has_binary(&column)) {
        takeo_cell binary;
        result = must_ask(f, sql, NULL, NULL, false, true);
        if (!decode(f, result, TAKEO_TYPE_NONE, TAKEO_TYPE_NONE, true, &binary)) {
            fail_msg("%s: not read from binary", expression);
        }
        tk_pq.client.clear(result);
        if (!tk_cell_equal(&text, &binary)) {
            fail_msg("%s: %s as text, %s as binary", expression, shown(f, &text),
                     shown(f, &binary));
        }
    }

    tk_buf value;
    tk_buf_init(&value, tk_alloc_default, 1 << 20);
    if (!tk_pg_encode_text(&text, &value)) {
        fail_msg("%s: not written as text", expression);
    }
    snprintf(sql, sizeof sql, "select ($1::%s)::text", type);
    result = must_ask(f, sql, NULL, &value, false, false);
    assert_string_equal(zero_ended(f, result), expected);
    tk_pq.client.clear(result);
    tk_buf_clear(&value);
    if (tk_pg_encodes(text.type, element_of(&text), oid)) {
        if (!tk_pg_encode_binary(&text, oid, &value)) {
            fail_msg("%s: not written as binary", expression);
        }
        result = must_ask(f, sql, &oid, &value, true, false);
        assert_string_equal(zero_ended(f, result), expected);
        tk_pq.client.clear(result);
    }
    tk_buf_done(&value);
}

/* ---- every type ------------------------------------------------------------------------------ */

static void values_go_there_and_back(void **state) {
    fixture *f = need(state);
    char expression[1000];
    for (size_t i = 0; i < TK_COUNT(samples); i++) {
        for (size_t t = 0; samples[i].texts[t] != NULL; t++) {
            snprintf(expression, sizeof expression, "'%s'::%s", samples[i].texts[t],
                     samples[i].type);
            check_value(f, expression, samples[i].type, samples[i].logical);
        }
    }
}

static void arrays_go_there_and_back(void **state) {
    fixture *f = need(state);
    char expression[300];
    char type[100];
    for (size_t i = 0; i < TK_COUNT(samples); i++) {
        const struct sample *sample = &samples[i];
        snprintf(type, sizeof type, "%s[]", sample->type);
        for (size_t t = 0; sample->texts[t] != NULL; t++) {
            const char *text = sample->texts[t];
            const char *const expressions[] = {
                tk_arena_printf(&f->arena, "array['%s']::%s[]", text, sample->type),
                tk_arena_printf(&f->arena, "array['%s', null]::%s[]", text, sample->type),
                tk_arena_printf(&f->arena, "array[[null, '%s'], [null, null]]::%s[]", text,
                                sample->type),
                tk_arena_printf(&f->arena, "array[[[[[['%s']]]]]]::%s[]", text, sample->type)};
            for (size_t form = 0; form < TK_COUNT(expressions); form++) {
                check_value(f, expressions[form], type, TAKEO_TYPE_ARRAY);
            }
        }
        snprintf(expression, sizeof expression, "'{}'::%s", type);
        check_value(f, expression, type, TAKEO_TYPE_ARRAY);
    }
}

static void arrays_of_other_bounds_are_lists(void **state) {
    fixture *f = need(state);
    static const struct {
        const char *sql;
        const char *shown;
    } rows[] = {
        {"select '[0:1]={1,2}'::int[]", "{1,2}"},
        {"select '[-5:-4][2:3]={{1,2},{3,4}}'::int8[]", "{{1,2},{3,4}}"},
        {"select '[3:3]={\"a=b\"}'::text[]", "{a=b}"},
        {"select '{}'::int[]", "{}"},
        {"select array_fill(null::text, array[2])", "{NULL,NULL}"},
        {"select '{\"null\",\"\",\"a,b\",\"\\\\\\\"\"}'::text[]",
         "{\"null\",\"\",\"a,b\",\"\\\\\\\"\"}"},
    };
    for (size_t i = 0; i < TK_COUNT(rows); i++) {
        for (int is_binary = 0; is_binary < 2; is_binary++) {
            PGresult *result = must_ask(f, rows[i].sql, NULL, NULL, false, is_binary);
            takeo_cell cell;
            if (!decode(f, result, TAKEO_TYPE_NONE, TAKEO_TYPE_NONE, is_binary, &cell)) {
                fail_msg("%s in %s", rows[i].sql, is_binary ? "binary" : "text");
            }
            assert_string_equal(shown(f, &cell), rows[i].shown);
            tk_pq.client.clear(result);
        }
    }
}

/* What the decoders say against what the server says of itself. */
static void types_are_those_of_the_server(void **state) {
    fixture *f = need(state);
    PGresult *result = must_ask(f,
                                "select oid::int8, typarray::int8, format_type(oid, null) "
                                "from pg_type where oid < 16384",
                                NULL, NULL, false, false);
    int known = 0;
    for (int i = 0; i < tk_pq.client.ntuples(result); i++) {
        const tk_pg_type *type =
            tk_pg_type_of((uint32_t)atoll(tk_pq.client.getvalue(result, i, 0)));
        if (type != NULL) {
            known++;
            assert_int_equal(type->oid, atoll(tk_pq.client.getvalue(result, i, 0)));
            assert_string_equal(type->name, tk_pq.client.getvalue(result, i, 2));
            if (type->element == 0) {
                assert_int_equal(type->array, atoll(tk_pq.client.getvalue(result, i, 1)));
            }
        }
    }
    int here = 0;
    for (uint32_t oid = 0; oid < 20000; oid++) {
        here += tk_pg_type_of(oid) != NULL;
    }
    assert_int_equal(known, here);
    assert_true(here > 100);
    tk_pq.client.clear(result);
}

/* Random addresses and numbers: more than a table can hold. */
static void many_values_are_the_servers_own(void **state) {
    fixture *f = need(state);
    srand(7);
    char expression[400];
    for (int i = 0; i < 300; i++) {
        char groups[80] = "";
        for (int g = 0; g < 8; g++) {
            snprintf(groups + strlen(groups), sizeof groups - strlen(groups), "%s%x",
                     g != 0 ? ":" : "", rand() % 3 == 0 ? (unsigned)rand() % 0x10000 : 0);
        }
        snprintf(expression, sizeof expression, "'%s/%d'::inet", groups, rand() % 129);
        check_value(f, expression, "inet", TAKEO_TYPE_INET);
        snprintf(expression, sizeof expression, "'%s%d%08d%08d.%0*d'::numeric",
                 rand() % 2 ? "-" : "", rand() % 10 == 0 ? 0 : rand(), rand() % 100000000,
                 rand() % 100000000, 1 + rand() % 12, rand());
        check_value(f, expression, "numeric", TAKEO_TYPE_DECIMAL);
        snprintf(expression, sizeof expression, "(%d::numeric / 1e%d)::float8", rand(),
                 rand() % 300);
        check_value(f, expression, "float8", TAKEO_TYPE_FLOAT64);
        snprintf(expression, sizeof expression,
                 "timestamptz '2000-01-01 00:00+00' + interval '%d days %d.%06d s'",
                 rand() % 2400000 - 2400000 / 3, rand() % 86400, rand() % 1000000);
        check_value(f, expression, "timestamptz", TAKEO_TYPE_TIMESTAMPTZ);
    }
}

/* As many digits as the server has at all, on both sides of the point. */
static void numbers_of_the_largest_size_are_read(void **state) {
    fixture *f = need(state);
    static const int scales[] = {16383, 8000};
    for (size_t i = 0; i < TK_COUNT(scales); i++) {
        char *text_sql = tk_arena_printf(
            &f->arena, "select (repeat('9', 131072) || '.' || repeat('7', %d))::numeric",
            scales[i]);
        takeo_cell text;
        takeo_cell binary;
        PGresult *result = must_ask(f, text_sql, NULL, NULL, false, false);
        assert_true(decode(f, result, TAKEO_TYPE_NONE, TAKEO_TYPE_NONE, false, &text));
        tk_pq.client.clear(result);
        result = must_ask(f, text_sql, NULL, NULL, false, true);
        assert_true(decode(f, result, TAKEO_TYPE_NONE, TAKEO_TYPE_NONE, true, &binary));
        assert_true(tk_cell_equal(&text, &binary));
        tk_buf value;
        tk_buf_init(&value, tk_alloc_default, 1 << 20);
        bool is_written = tk_pg_encode_binary(&binary, TK_PG_OID_NUMERIC, &value);
        assert_int_equal(is_written, text.v.text.len <= TK_DECIMAL_MAX);
        if (is_written) { /* the very bytes that came */
            assert_int_equal(value.len, tk_pq.client.getlength(result, 0, 0));
            assert_memory_equal(value.data, tk_pq.client.getvalue(result, 0, 0), value.len);
        }
        tk_buf_done(&value);
        tk_pq.client.clear(result);
    }
}

/* ---- what columns want ----------------------------------------------------------------------- */

static void columns_are_of_the_wanted_type(void **state) {
    fixture *f = need(state);
    run(f, "create temp table if not exists just_a_name (x int)");
    static const struct {
        const char *sql;
        takeo_type type;
        takeo_type element;
        const char *shown; /* NULL: refused */
    } rows[] = {
        {"5::int2", TAKEO_TYPE_INT32, 0, "5"},
        {"-5::int2", TAKEO_TYPE_INT64, 0, "-5"},
        {"5::int4", TAKEO_TYPE_INT64, 0, "5"},
        {"5::int4", TAKEO_TYPE_INT16, 0, "5"},
        {"70000::int4", TAKEO_TYPE_INT16, 0, NULL},
        {"5::int8", TAKEO_TYPE_INT32, 0, "5"},
        {"-2147483648::int8", TAKEO_TYPE_INT32, 0, "-2147483648"},
        {"2147483648::int8", TAKEO_TYPE_INT32, 0, NULL},
        {"5::int8", TAKEO_TYPE_UINT64, 0, "5"},
        {"(-5)::int8", TAKEO_TYPE_UINT64, 0, NULL},
        {"5::oid", TAKEO_TYPE_INT64, 0, "5"},
        {"4294967295::oid", TAKEO_TYPE_INT32, 0, NULL},
        {"5::int4", TAKEO_TYPE_OID, 0, "5"},
        {"2024::int4", TAKEO_TYPE_YEAR, 0, "2024"},
        {"3000::int4", TAKEO_TYPE_YEAR, 0, NULL},
        {"(-5)::int8", TAKEO_TYPE_DECIMAL, 0, "-5"},
        {"'-9223372036854775808'::int8", TAKEO_TYPE_DECIMAL, 0, "-9223372036854775808"},
        {"9007199254740992::int8", TAKEO_TYPE_FLOAT64, 0, "9.007199254740992e+15"},
        {"9007199254740993::int8", TAKEO_TYPE_FLOAT64, 0, NULL},
        {"9223372036854775807::int8", TAKEO_TYPE_FLOAT64, 0, NULL},
        {"'-9223372036854775808'::int8", TAKEO_TYPE_FLOAT64, 0, "-9.223372036854776e+18"},
        {"16777217::int4", TAKEO_TYPE_FLOAT32, 0, NULL},
        {"16777216::int4", TAKEO_TYPE_FLOAT32, 0, "16777216"},
        {"true", TAKEO_TYPE_INT32, 0, NULL},
        {"1::int4", TAKEO_TYPE_BOOL, 0, NULL},
        {"12.00", TAKEO_TYPE_INT32, 0, "12"},
        {"-12.00", TAKEO_TYPE_INT16, 0, "-12"},
        {"0.00", TAKEO_TYPE_INT64, 0, "0"},
        {"12.50", TAKEO_TYPE_INT32, 0, NULL},
        {"1e30", TAKEO_TYPE_INT64, 0, NULL},
        {"9223372036854775807.0", TAKEO_TYPE_INT64, 0, "9223372036854775807"},
        {"9223372036854775808.0", TAKEO_TYPE_INT64, 0, NULL},
        {"-9223372036854775808.0", TAKEO_TYPE_INT64, 0, "-9223372036854775808"},
        {"18446744073709551615::numeric", TAKEO_TYPE_UINT64, 0, "18446744073709551615"},
        {"18446744073709551616::numeric", TAKEO_TYPE_UINT64, 0, NULL},
        {"'NaN'::numeric", TAKEO_TYPE_INT64, 0, NULL},
        {"0.1", TAKEO_TYPE_FLOAT64, 0, "0.1"},
        {"-1234567.891", TAKEO_TYPE_FLOAT64, 0, "-1234567.891"},
        {"1e22", TAKEO_TYPE_FLOAT64, 0, "1e+22"},
        {"1e23", TAKEO_TYPE_FLOAT64, 0, "1e+23"},
        {"0.00000000000000000000001", TAKEO_TYPE_FLOAT64, 0, "1e-23"},
        {"123456789012345678901234567890.5", TAKEO_TYPE_FLOAT64, 0, "1.2345678901234568e+29"},
        {"9007199254740993.0", TAKEO_TYPE_FLOAT64, 0, "9.007199254740992e+15"},
        {"'NaN'::numeric", TAKEO_TYPE_FLOAT64, 0, "NaN"},
        {"'-Infinity'::numeric", TAKEO_TYPE_FLOAT64, 0, "-Infinity"},
        {"0.1", TAKEO_TYPE_FLOAT32, 0, "0.1"},
        {"1e400", TAKEO_TYPE_FLOAT64, 0, NULL},
        {"0.5::float4", TAKEO_TYPE_FLOAT64, 0, "0.5"},
        {"0.5::float8", TAKEO_TYPE_FLOAT32, 0, "0.5"},
        {"0.1::float8", TAKEO_TYPE_FLOAT32, 0, NULL},
        {"1e300::float8", TAKEO_TYPE_FLOAT32, 0, NULL},
        {"'NaN'::float8", TAKEO_TYPE_FLOAT32, 0, "NaN"},
        {"0.5::float8", TAKEO_TYPE_DECIMAL, 0, NULL},
        {"'a'::text", TAKEO_TYPE_ENUM, 0, "a"},
        {"'a'::varchar", TAKEO_TYPE_CITEXT, 0, "a"},
        {"'{\"a\": 1}'::text", TAKEO_TYPE_JSON, 0, "{\"a\": 1}"},
        {"'{a'::text", TAKEO_TYPE_JSON, 0, NULL},
        {"'1.50'::text", TAKEO_TYPE_DECIMAL, 0, "1.50"},
        {"'2000-02-30'::text", TAKEO_TYPE_DATE, 0, NULL},
        {"'2000-02-29'::text", TAKEO_TYPE_DATE, 0, "2000-02-29"},
        {"'17'::text", TAKEO_TYPE_INT32, 0, "17"},
        {"'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::text", TAKEO_TYPE_UUID, 0,
         "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
        {"'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid", TAKEO_TYPE_TEXT, 0,
         "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
        {"'{\"a\": 1}'::jsonb", TAKEO_TYPE_TEXT, 0, "{\"a\": 1}"},
        {"'{\"a\": 1}'::json", TAKEO_TYPE_TEXT, 0, "{\"a\": 1}"},
        {"'::1'::inet", TAKEO_TYPE_TEXT, 0, "::1"},
        {"1::int4", TAKEO_TYPE_TEXT, 0, NULL},
        {"date '2000-01-01'", TAKEO_TYPE_TIMESTAMP, 0, NULL},
        {"date '2000-01-01'", TAKEO_TYPE_TEXT, 0, NULL},
        {"timestamp '2000-01-01'", TAKEO_TYPE_TIMESTAMPTZ, 0, NULL},
        {"timestamptz '2000-01-01'", TAKEO_TYPE_TIMESTAMP, 0, NULL},
        {"timestamp '294276-12-31'", TAKEO_TYPE_TIMESTAMP, 0, NULL},
        {"array[1, null]::int4[]", TAKEO_TYPE_ARRAY, TAKEO_TYPE_INT64, "{1,NULL}"},
        {"array[1, 70000]::int4[]", TAKEO_TYPE_ARRAY, TAKEO_TYPE_INT16, NULL},
        {"array['1.5']::numeric[]", TAKEO_TYPE_ARRAY, TAKEO_TYPE_FLOAT64, "{1.5}"},
        {"array['b']::text[]", TAKEO_TYPE_ARRAY, TAKEO_TYPE_ENUM, "{b}"},
        {"array[1]", TAKEO_TYPE_TEXT, 0, NULL},
        {"1", TAKEO_TYPE_ARRAY, TAKEO_TYPE_INT32, NULL},
        {"'[1,2)'::int4range", TAKEO_TYPE_TEXT, 0, "[1,2)"},
        {"'[1,2)'::int4range", TAKEO_TYPE_RANGE, 0, NULL},
        {"'just_a_name'::regclass", TAKEO_TYPE_TEXT, 0, "just_a_name"},
        {"row(1, 'a b')", TAKEO_TYPE_NONE, 0, "(1,\"a b\")"},
        {"pg_sleep(0)", TAKEO_TYPE_NONE, 0, ""},
    };
    for (size_t i = 0; i < TK_COUNT(rows); i++) {
        char sql[400];
        snprintf(sql, sizeof sql, "select %s", rows[i].sql);
        for (int is_binary = 0; is_binary < 2; is_binary++) {
            tk_pg_column column;
            takeo_cell cell;
            PGresult *result = must_ask(f, sql, NULL, NULL, false, is_binary);
            tk_pg_column_init(&column, rows[i].type, rows[i].element, tk_pq.client.ftype(result, 0),
                              &f->values);
            bool is_read = (!is_binary || tk_pg_column_has_binary(&column))
                           && decode(f, result, rows[i].type, rows[i].element, is_binary, &cell);
            tk_pq.client.clear(result);
            if (is_binary && !tk_pg_column_has_binary(&column)) {
                continue;
            }
            if (is_read != (rows[i].shown != NULL)
                || (is_read && strcmp(shown(f, &cell), rows[i].shown) != 0)) {
                fail_msg("%s as %s in %s: %s", rows[i].sql, tk_type_name(rows[i].type),
                         is_binary ? "binary" : "text", is_read ? shown(f, &cell) : "refused");
            }
        }
    }
}

static void unknown_is_the_servers_text(void **state) {
    fixture *f = need(state);
    static const char *const expressions[] = {"1::int4", "1.50", "true", "now()::date", "array[1]"};
    for (size_t i = 0; i < TK_COUNT(expressions); i++) {
        char sql[200];
        snprintf(sql, sizeof sql, "select %s", expressions[i]);
        PGresult *result = must_ask(f, sql, NULL, NULL, false, false);
        tk_pg_column column;
        takeo_cell cell;
        tk_pg_column_init(&column, TAKEO_TYPE_UNKNOWN, TAKEO_TYPE_NONE,
                          tk_pq.client.ftype(result, 0), &f->values);
        assert_false(tk_pg_column_has_binary(&column));
        assert_true(decode(f, result, TAKEO_TYPE_UNKNOWN, TAKEO_TYPE_NONE, false, &cell));
        assert_string_equal(shown(f, &cell), zero_ended(f, result));
        tk_pq.client.clear(result);
    }
}

/* Types that somebody made: enums, domains, citext, composites. */
static void types_that_are_not_built_in_are_read(void **state) {
    fixture *f = need(state);
    run(f, "begin");
    run(f, "create type tk_mood as enum ('sad', 'so so', 'NULL')");
    run(f, "create domain tk_positive as int check (value > 0)");
    run(f, "create type tk_pair as (a int, b text)");
    run(f, "create extension if not exists citext");
    static const struct {
        const char *sql;
        takeo_type type;
        takeo_type element;
        bool has_binary;
        const char *shown;
    } rows[] = {
        {"'so so'::tk_mood", TAKEO_TYPE_ENUM, 0, true, "so so"},
        {"'sad'::tk_mood", TAKEO_TYPE_TEXT, 0, false, "sad"},
        {"'sad'::tk_mood", TAKEO_TYPE_NONE, 0, false, "sad"},
        {"array['sad', null, 'NULL', 'so so']::tk_mood[]", TAKEO_TYPE_ARRAY, TAKEO_TYPE_ENUM, true,
         "{sad,NULL,\"NULL\",\"so so\"}"},
        {"array['sad']::tk_mood[]", TAKEO_TYPE_ARRAY, TAKEO_TYPE_TEXT, false, "{sad}"},
        {"array['sad']::tk_mood[]", TAKEO_TYPE_NONE, 0, false, "{sad}"},
        {"5::tk_positive", TAKEO_TYPE_NONE, 0, true, "5"},
        {"5::tk_positive", TAKEO_TYPE_INT64, 0, true, "5"},
        {"'Abc'::citext", TAKEO_TYPE_CITEXT, 0, true, "Abc"},
        {"'Abc'::citext", TAKEO_TYPE_TEXT, 0, false, "Abc"},
        {"row(1, 'x')::tk_pair", TAKEO_TYPE_NONE, 0, false, "(1,x)"},
        {"row(1, 'x')::tk_pair", TAKEO_TYPE_UNKNOWN, 0, false, "(1,x)"},
    };
    for (size_t i = 0; i < TK_COUNT(rows); i++) {
        char sql[400];
        snprintf(sql, sizeof sql, "select %s", rows[i].sql);
        for (int is_binary = 0; is_binary < 1 + rows[i].has_binary; is_binary++) {
            tk_pg_column column;
            takeo_cell cell;
            PGresult *result = must_ask(f, sql, NULL, NULL, false, is_binary);
            tk_pg_column_init(&column, rows[i].type, rows[i].element, tk_pq.client.ftype(result, 0),
                              &f->values);
            assert_int_equal(tk_pg_column_has_binary(&column), rows[i].has_binary);
            assert_true(decode(f, result, rows[i].type, rows[i].element, is_binary, &cell));
            assert_string_equal(shown(f, &cell), rows[i].shown);
            tk_pq.client.clear(result);
        }
    }
    run(f, "rollback");
}

/* Other settings than ours, as behind a pooler that drops them. */
static void texts_of_other_styles_are_read(void **state) {
    fixture *f = need(state);
    run(f, "set intervalstyle = 'postgres'");
    run(f, "set bytea_output = 'escape'");
    static const char *const rows[] = {
        "interval '1 year 2 mons -3 days +04:05:06.7'",
        "interval '-1 mon'",
        "interval '0'",
        "interval '-2147483647:00:54.775808'",
        "interval '-0.5 s'",
        "interval '100 h'",
        "interval '-1 year -1 mon +1 day -1 h'",
        "interval '1 day'",
        "'\\x00ff5c27220a'::bytea",
        "'abc\\\\'::bytea",
        "''::bytea",
    };
    for (size_t i = 0; i < TK_COUNT(rows); i++) {
        takeo_cell cells[2];
        char sql[200];
        snprintf(sql, sizeof sql, "select %s", rows[i]);
        for (int is_binary = 0; is_binary < 2; is_binary++) {
            PGresult *result = must_ask(f, sql, NULL, NULL, false, is_binary);
            if (!decode(f, result, TAKEO_TYPE_NONE, TAKEO_TYPE_NONE, is_binary,
                        &cells[is_binary])) {
                fail_msg("%s: %s", rows[i], zero_ended(f, result));
            }
            tk_pq.client.clear(result);
        }
        assert_true(tk_cell_equal(&cells[0], &cells[1]));
    }
    run(f, "set intervalstyle = 'iso_8601'");
    run(f, "set bytea_output = 'hex'");
}

/* ---- arguments ------------------------------------------------------------------------------- */

#define CELL_INT(t, number)                                                                        \
    {                                                                                              \
        .type = (t), .v = {.i = (number) }                                                         \
    }
#define CELL_FLOAT(number)                                                                         \
    {                                                                                              \
        .type = TAKEO_TYPE_FLOAT64, .v = {.f = (number) }                                          \
    }

static void cells_of_other_widths_are_written(void **state) {
    fixture *f = need(state);
    static const struct {
        takeo_cell cell;
        uint32_t oid;
        const char *text; /* as the server reads it; NULL: refused */
    } rows[] = {
        {CELL_INT(TAKEO_TYPE_INT64, 32767), TK_PG_OID_INT2, "32767"},
        {CELL_INT(TAKEO_TYPE_INT64, 32768), TK_PG_OID_INT2, NULL},
        {CELL_INT(TAKEO_TYPE_INT64, INT32_MIN), TK_PG_OID_INT4, "-2147483648"},
        {CELL_INT(TAKEO_TYPE_INT64, INT64_C(2147483648)), TK_PG_OID_INT4, NULL},
        {CELL_INT(TAKEO_TYPE_INT16, -1), TK_PG_OID_INT8, "-1"},
        {CELL_INT(TAKEO_TYPE_INT64, -1), TK_PG_OID_OID, NULL},
        {CELL_INT(TAKEO_TYPE_INT64, INT64_C(4294967295)), TK_PG_OID_OID, "4294967295"},
        {CELL_INT(TAKEO_TYPE_INT64, INT64_MIN), TK_PG_OID_NUMERIC, "-9223372036854775808"},
        {CELL_INT(TAKEO_TYPE_INT32, 0), TK_PG_OID_NUMERIC, "0"},
        {CELL_INT(TAKEO_TYPE_INT32, 100000000), TK_PG_OID_NUMERIC, "100000000"},
        {{.type = TAKEO_TYPE_UINT64, .v = {.u = UINT64_MAX}},
         TK_PG_OID_NUMERIC,
         "18446744073709551615"},
        {{.type = TAKEO_TYPE_UINT64, .v = {.u = UINT64_MAX}}, TK_PG_OID_INT8, NULL},
        {{.type = TAKEO_TYPE_UINT64, .v = {.u = UINT64_MAX}},
         TK_PG_OID_XID8,
         "18446744073709551615"},
        {CELL_INT(TAKEO_TYPE_INT64, -1), TK_PG_OID_XID8, NULL},
        {CELL_INT(TAKEO_TYPE_INT64, INT64_C(1) << 53), TK_PG_OID_FLOAT8, "9.007199254740992e+15"},
        {CELL_INT(TAKEO_TYPE_INT64, (INT64_C(1) << 53) + 1), TK_PG_OID_FLOAT8,
         "9.007199254740992e+15"},
        {CELL_INT(TAKEO_TYPE_INT64, INT64_MAX), TK_PG_OID_FLOAT8, "9.223372036854776e+18"},
        {CELL_INT(TAKEO_TYPE_INT64, INT64_MIN), TK_PG_OID_FLOAT8, "-9.223372036854776e+18"},
        {CELL_INT(TAKEO_TYPE_INT64, 16777217), TK_PG_OID_FLOAT4, "1.6777216e+07"},
        {{.type = TAKEO_TYPE_UINT64, .v = {.u = UINT64_MAX}},
         TK_PG_OID_FLOAT8,
         "1.8446744073709552e+19"},
        {CELL_FLOAT(0.1), TK_PG_OID_FLOAT4, "0.1"},
        {CELL_FLOAT(3.4028235677973362e38), TK_PG_OID_FLOAT4, "3.4028235e+38"},
        {CELL_FLOAT(3.4028235677973366e38), TK_PG_OID_FLOAT4, NULL},
        {CELL_FLOAT(1e-300), TK_PG_OID_FLOAT4, NULL},
        {CELL_FLOAT(-INFINITY), TK_PG_OID_FLOAT4, "-Infinity"},
        {CELL_FLOAT(NAN), TK_PG_OID_FLOAT4, "NaN"},
        {{.type = TAKEO_TYPE_DECIMAL, .v = {.text = {"-0.00", 5}}}, TK_PG_OID_NUMERIC, "0.00"},
        {{.type = TAKEO_TYPE_DECIMAL, .v = {.text = {"+007.50", 7}}}, TK_PG_OID_NUMERIC, "7.50"},
        {{.type = TAKEO_TYPE_DECIMAL, .v = {.text = {".5", 2}}}, TK_PG_OID_NUMERIC, "0.5"},
        {{.type = TAKEO_TYPE_DECIMAL, .v = {.text = {"5.", 2}}}, TK_PG_OID_NUMERIC, "5"},
        {{.type = TAKEO_TYPE_DECIMAL, .v = {.text = {"x", 1}}}, TK_PG_OID_NUMERIC, NULL},
        {{.type = TAKEO_TYPE_DECIMAL, .v = {.text = {"1.50", 4}}}, TK_PG_OID_TEXT, "1.50"},
        {{.type = TAKEO_TYPE_TEXT, .v = {.text = {"[1]", 3}}}, TK_PG_OID_JSONB, "[1]"},
        {{.type = TAKEO_TYPE_TEXT, .v = {.text = {NULL, 0}}}, TK_PG_OID_TEXT, ""},
        {{.type = TAKEO_TYPE_BYTES, .v = {.text = {NULL, 0}}}, TK_PG_OID_BYTEA, "\\x"},
        {{.type = TAKEO_TYPE_BITS, .v = {.text = {"\xFF", 3}}}, TK_PG_OID_VARBIT, "111"},
        {CELL_INT(TAKEO_TYPE_DATE, TK_PG_DATE_MIN), TK_PG_OID_DATE, "4714-11-24 BC"},
        {CELL_INT(TAKEO_TYPE_DATE, TK_PG_DATE_MIN - 1), TK_PG_OID_DATE, NULL},
        {CELL_INT(TAKEO_TYPE_DATE, TK_PG_DATE_MAX), TK_PG_OID_DATE, "5874897-12-31"},
        {CELL_INT(TAKEO_TYPE_DATE, TK_PG_DATE_MAX + 1), TK_PG_OID_DATE, NULL},
        {CELL_INT(TAKEO_TYPE_TIMESTAMP, TK_PG_TIMESTAMP_MIN), TK_PG_OID_TIMESTAMP,
         "4714-11-24 00:00:00 BC"},
        {CELL_INT(TAKEO_TYPE_TIMESTAMP, TK_PG_TIMESTAMP_MIN - 1), TK_PG_OID_TIMESTAMP, NULL},
        {CELL_INT(TAKEO_TYPE_TIMESTAMP, INT64_MIN), TK_PG_OID_TIMESTAMP, NULL},
        {CELL_INT(TAKEO_TYPE_TIMESTAMP, INT64_MAX), TK_PG_OID_TIMESTAMP,
         "294247-01-10 04:00:54.775807"},
        {CELL_INT(TAKEO_TYPE_TIME, TK_DAY_US), TK_PG_OID_TIME, "24:00:00"},
        {CELL_INT(TAKEO_TYPE_TIME, TK_DAY_US + 1), TK_PG_OID_TIME, NULL},
        {{.type = TAKEO_TYPE_TIMETZ, .v = {.span = {0, 16 * 3600, 0}}}, TK_PG_OID_TIMETZ, NULL},
        {{.type = TAKEO_TYPE_INTERVAL, .v = {.span = {INT64_MAX, INT32_MAX, INT32_MAX}}},
         TK_PG_OID_INTERVAL,
         NULL},
        {{.type = TAKEO_TYPE_POINT, .v = {.text = {"12345678", 8}}}, TK_PG_OID_POINT, NULL},
        {{.type = TAKEO_TYPE_POLYGON, .v = {.text = {"", 0}}}, TK_PG_OID_POLYGON, NULL},
        {{.type = TAKEO_TYPE_TEXT, .flags = TAKEO_CELL_UNSET}, TK_PG_OID_TEXT, NULL},
    };
    for (size_t i = 0; i < TK_COUNT(rows); i++) {
        tk_buf value;
        tk_buf_init(&value, tk_alloc_default, 1000);
        assert_true(tk_pg_encodes(rows[i].cell.type, TAKEO_TYPE_NONE, rows[i].oid));
        bool is_written = tk_pg_encode_binary(&rows[i].cell, rows[i].oid, &value);
        if (is_written != (rows[i].text != NULL)) {
            fail_msg("row %zu: %d", i, is_written);
        }
        if (is_written) {
            PGresult *result = must_ask(f, "select $1::text", &rows[i].oid, &value, true, false);
            assert_string_equal(zero_ended(f, result), rows[i].text);
            tk_pq.client.clear(result);
            tk_buf_clear(&value); /* before its parameters are known a statement's go as text */
            assert_true(tk_pg_encode_text(&rows[i].cell, &value));
            result = must_ask(f, "select $1::text", &rows[i].oid, &value, false, false);
            assert_string_equal(zero_ended(f, result), rows[i].text);
            tk_pq.client.clear(result);
        } else {
            takeo_status status = tk_pg_refuse(&rows[i].cell, 3, rows[i].oid, &f->error);
            assert_int_equal(status, TAKEO_EINPUT);
            assert_int_equal(f->error.last->object, 3);
            tk_error_clear(&f->error);
        }
        tk_buf_done(&value);
    }
}

static const takeo_cell one = CELL_INT(TAKEO_TYPE_INT32, 1);

static takeo_cell list_of(const takeo_cell *cells, size_t count) {
    return (takeo_cell){.type = TAKEO_TYPE_ARRAY, .v = {.list = {cells, count}}};
}

static void lists_that_are_no_arrays_are_refused(void **state) {
    (void)state;
    const takeo_cell two[] = {one, one};
    const takeo_cell empty = list_of(NULL, 0);
    const takeo_cell ragged[] = {list_of(two, 1), list_of(two, 2)};
    const takeo_cell mixed[] = {one, list_of(two, 2)};
    const takeo_cell mixed_too[] = {list_of(two, 2), one};
    const takeo_cell with_null[] = {list_of(two, 2), tk_cell_null()};
    const takeo_cell empties[] = {empty, empty};
    takeo_cell deep[8];
    deep[0] = one;
    for (int i = 1; i < 8; i++) {
        deep[i] = list_of(&deep[i - 1], 1);
    }
    const takeo_cell refused[] = {list_of(ragged, 2),    list_of(mixed, 2),   list_of(mixed_too, 2),
                                  list_of(with_null, 2), list_of(empties, 2), deep[7]};
    tk_error error;
    tk_error_init(&error, tk_alloc_default);
    for (size_t i = 0; i < TK_COUNT(refused); i++) {
        tk_buf value;
        tk_buf_init(&value, tk_alloc_default, 1000);
        assert_false(tk_pg_encode_binary(&refused[i], 1007, &value));
        assert_false(value.failed);
        tk_buf_clear(&value);
        assert_false(tk_pg_encode_text(&refused[i], &value));
        assert_false(value.failed);
        tk_buf_done(&value);
        assert_int_equal(tk_pg_refuse(&refused[i], 1, 1007, &error), TAKEO_EINPUT);
        assert_string_equal(error.last->code.data, "TAKEO.INPUT.FORM");
        tk_error_clear(&error);
    }
    tk_buf value;
    tk_buf_init(&value, tk_alloc_default, 1000);
    assert_true(tk_pg_encode_binary(&deep[6], 1007, &value));
    tk_buf_done(&value);
    tk_error_done(&error);
}

static void texts_without_a_form_are_refused(void **state) {
    (void)state;
    const takeo_cell refused[] = {
        {.type = TAKEO_TYPE_TEXT, .v = {.text = {"a\0b", 3}}},
        {.type = TAKEO_TYPE_JSON, .v = {.text = {"\0", 1}}},
        {.type = TAKEO_TYPE_SET},
        {.type = TAKEO_TYPE_ENTITY},
        {.type = 9999},
        {.type = TAKEO_TYPE_TEXT, .flags = TAKEO_CELL_UNSET},
        CELL_INT(TAKEO_TYPE_DATE, INT64_MAX),
        CELL_INT(TAKEO_TYPE_TIME, -1),
        {.type = TAKEO_TYPE_TIME, .flags = TAKEO_CELL_INFINITE},
        {.type = TAKEO_TYPE_INTERVAL, .flags = TAKEO_CELL_INFINITE},
        {.type = TAKEO_TYPE_CIRCLE, .v = {.text = {"abc", 3}}},
    };
    tk_error error;
    tk_error_init(&error, tk_alloc_default);
    for (size_t i = 0; i < TK_COUNT(refused); i++) {
        tk_buf value;
        tk_buf_init(&value, tk_alloc_default, 1000);
        if (tk_pg_encode_text(&refused[i], &value)) {
            fail_msg("row %zu was written", i);
        }
        assert_true(tk_pg_refuse(&refused[i], 1, 0, &error) < 0);
        assert_false(tk_pg_encode_binary(&refused[i], TK_PG_OID_DATE, &value));
        tk_error_clear(&error);
        tk_buf_done(&value);
    }
    tk_error_done(&error);
}

/* Lists that go as texts only. */
static void ranges_composites_and_hstores_are_written(void **state) {
    (void)state;
    const takeo_cell day = CELL_INT(TAKEO_TYPE_DATE, -800000);
    const takeo_cell bounds[] = {day, tk_cell_null()};
    const takeo_cell range = {
        .type = TAKEO_TYPE_RANGE, .flags = TAKEO_CELL_UPPER_OPEN, .v = {.list = {bounds, 2}}};
    const takeo_cell ranges = {.type = TAKEO_TYPE_MULTIRANGE, .v = {.list = {&range, 1}}};
    const takeo_cell fields[] = {one, tk_cell_text(TAKEO_TYPE_TEXT, "a \"b\"", 5), tk_cell_null()};
    const takeo_cell pair = {.type = TAKEO_TYPE_COMPOSITE, .v = {.list = {fields, 3}}};
    const takeo_cell items[] = {tk_cell_text(TAKEO_TYPE_TEXT, "k", 1), tk_cell_null()};
    const takeo_cell store = {.type = TAKEO_TYPE_HSTORE, .v = {.list = {items, 2}}};
    const takeo_cell in_array = list_of(&range, 1);
    const struct {
        const takeo_cell *cell;
        const char *text;
    } rows[] = {
        {&range, "[\"0222-09-04 BC\",)"},
        {&ranges, "{[\"0222-09-04 BC\",)}"},
        {&pair, "(1,\"a \\\"b\\\"\",)"},
        {&store, "\"k\"=>NULL"},
        {&in_array, "{\"[\\\"0222-09-04 BC\\\",)\"}"},
    };
    for (size_t i = 0; i < TK_COUNT(rows); i++) {
        tk_buf value;
        tk_buf_init(&value, tk_alloc_default, 1000);
        assert_true(tk_pg_encode_text(rows[i].cell, &value));
        assert_string_equal(value.data, rows[i].text);
        tk_buf_done(&value);
    }
}

/* Which pairs go in binary; the others go as text. */
static void pairs_are_known(void **state) {
    (void)state;
    assert_true(tk_pg_encodes(TAKEO_TYPE_INT64, TAKEO_TYPE_NONE, TK_PG_OID_INT4));
    assert_true(tk_pg_encodes(TAKEO_TYPE_ARRAY, TAKEO_TYPE_INT64, 1007));
    assert_true(tk_pg_encodes(TAKEO_TYPE_ARRAY, TAKEO_TYPE_TEXT, 1009));
    assert_true(tk_pg_encodes(TAKEO_TYPE_ARRAY, TAKEO_TYPE_NONE, 1007));  /* nothing in it */
    assert_false(tk_pg_encodes(TAKEO_TYPE_ARRAY, TAKEO_TYPE_NONE, 1002)); /* "char"[] */
    assert_false(tk_pg_encodes(TAKEO_TYPE_ARRAY, TAKEO_TYPE_NONE, TK_PG_OID_INT4));
    assert_false(tk_pg_encodes(TAKEO_TYPE_ARRAY, TAKEO_TYPE_TEXT, 1007));
    assert_false(tk_pg_encodes(TAKEO_TYPE_ARRAY, TAKEO_TYPE_INET, 1041));
    assert_false(tk_pg_encodes(TAKEO_TYPE_TEXT, TAKEO_TYPE_NONE, TK_PG_OID_INT4));
    assert_false(tk_pg_encodes(TAKEO_TYPE_DATE, TAKEO_TYPE_NONE, TK_PG_OID_TIMESTAMP));
    assert_false(tk_pg_encodes(TAKEO_TYPE_TEXT, TAKEO_TYPE_NONE, 16384));
    assert_false(tk_pg_encodes(TAKEO_TYPE_TEXT, TAKEO_TYPE_NONE, 0));
    assert_false(tk_pg_encodes(TAKEO_TYPE_TEXT, TAKEO_TYPE_NONE, UINT32_MAX));
    assert_false(tk_pg_encodes(TAKEO_TYPE_BOOL, TAKEO_TYPE_NONE, TK_PG_OID_INT4));
    assert_false(tk_pg_encodes(TAKEO_TYPE_FLOAT64, TAKEO_TYPE_NONE, TK_PG_OID_NUMERIC));
    tk_pg_column column;
    tk_pg_column_init(&column, TAKEO_TYPE_ARRAY, TAKEO_TYPE_NONE, 791, NULL); /* money[] */
    assert_false(tk_pg_column_has_binary(&column));
    tk_pg_column_init(&column, TAKEO_TYPE_NONE, TAKEO_TYPE_NONE, 1007, NULL);
    assert_true(tk_pg_column_has_binary(&column));
    assert_int_equal(column.type, TAKEO_TYPE_ARRAY);
    assert_int_equal(column.element, TAKEO_TYPE_INT32);
}

/* ---- noise ----------------------------------------------------------------------------------- */

static uint32_t seed;

static uint32_t next_random(void) {
    seed = seed * 1664525 + 1013904223;
    return seed >> 8;
}

/* Every type of the server as every type of a cell: whatever happens, nothing outside is read. */
static void feed(tk_arena *values, uint32_t oid, const char *bytes, size_t len) {
    for (takeo_type type = TAKEO_TYPE_NONE; type <= TAKEO_TYPE_ENTITY; type++) {
        if (type != TAKEO_TYPE_NONE && tk_type_info_of(type) == NULL) {
            continue;
        }
        for (int is_binary = 0; is_binary < 2; is_binary++) {
            tk_pg_column column;
            takeo_cell cell;
            takeo_cell copy;
            static const takeo_type elements[] = {TAKEO_TYPE_NONE, TAKEO_TYPE_INT64,
                                                  TAKEO_TYPE_ENUM, TAKEO_TYPE_FLOAT64};
            char *data = exact(bytes, len);
            tk_pg_column_init(&column, type, elements[next_random() % 4], oid, values);
            tk_pg_column_set_format(&column, is_binary);
            if (column.decode(&column, data, len, &cell)) {
                assert_true(tk_cell_copy(values, &cell, &copy)); /* reads all of it */
                assert_true(tk_cell_equal(&cell, &copy));
                assert_int_equal(cell.type, column.type);
            }
            assert_false(column.has_no_memory);
            free(data);
            tk_arena_clear(values);
        }
    }
}

static const char *const pieces[] = {
    "{",     "}",   "\"", "\\", ",",    ";",  "NULL",     "[1:2]=", "{{1},{2}}", "-",        ".",
    " BC",   "P1Y", "T",  "1",  "2000", ":",  "infinity", "\\x",    "\\377",     "0",        "e9",
    "(1,2)", "[",   "]",  "<",  "Inf",  "\n", "1 day",    "-01",    "+05:30",    "00:00:00",
};

static size_t make_noise(char *out, size_t room) {
    size_t len = 0;
    switch (next_random() % 4) {
    case 0: /* anything */
        for (len = 0; len < next_random() % room; len++) {
            out[len] = (char)next_random();
        }
        return len;
    case 1: /* small numbers, as lengths and counts are */
        for (len = 0; len < next_random() % room; len++) {
            out[len] = (char)(next_random() % 4 == 0 ? next_random() % 8 : 0);
        }
        return len;
    case 2: /* an array of something */
        memset(out, 0, room);
        out[3] = (char)(next_random() % 8);
        out[10] = (char)(next_random() % 2 ? 0 : 3);
        out[11] = (char)(next_random() % 2 ? 23 : 25);
        for (size_t i = 12; i < room; i += 4) {
            out[i + 3] = (char)(next_random() % 6);
            if (next_random() % 9 == 0) {
                memset(out + i, 0xFF, 4);
            }
        }
        return next_random() % (room + 1);
    default: /* parts of texts */
        while (next_random() % 8 != 0) {
            const char *piece = pieces[next_random() % TK_COUNT(pieces)];
            size_t piece_len = strlen(piece);
            if (len + piece_len > room) {
                break;
            }
            memcpy(out + len, piece, piece_len);
            len += piece_len;
        }
        return len;
    }
}

/* S15 */
static void noise_is_harmless(void **state) {
    (void)state;
    tk_arena values;
    char bytes[96];
    tk_arena_init(&values, tk_alloc_default);
    seed = 20240229;
    for (uint32_t oid = 0; oid < 6200; oid++) {
        if (tk_pg_type_of(oid) == NULL && oid != 0) {
            continue;
        }
        for (int i = 0; i < 60; i++) {
            size_t len = make_noise(bytes, sizeof bytes);
            feed(&values, oid != 0 ? oid : 16384, bytes, len);
        }
    }
    tk_arena_done(&values);
}

/* S15: real values, cut short and with a byte changed. */
static void damaged_values_are_harmless(void **state) {
    fixture *f = need(state);
    char sql[600];
    seed = 7;
    for (size_t i = 0; i < TK_COUNT(samples); i++) {
        for (int form = 0; form < 4; form++) {
            snprintf(sql, sizeof sql,
                     form < 2 ? "select '%s'::%s" : "select array[null, '%s'::%s, null]",
                     samples[i].texts[1] != NULL ? samples[i].texts[1] : samples[i].texts[0],
                     samples[i].type);
            PGresult *result = must_ask(f, sql, NULL, NULL, false, form % 2);
            char bytes[512];
            size_t len = (size_t)tk_pq.client.getlength(result, 0, 0);
            assert_true(len < sizeof bytes);
            memcpy(bytes, tk_pq.client.getvalue(result, 0, 0), len);
            for (size_t cut = 0; cut <= len; cut++) {
                feed(&f->values, tk_pq.client.ftype(result, 0), bytes, cut);
            }
            for (int change = 0; change < 20 && len != 0; change++) {
                char kept = bytes[next_random() % len];
                size_t place = next_random() % len;
                char before = bytes[place];
                bytes[place] = next_random() % 2 ? (char)next_random() : kept;
                feed(&f->values, tk_pq.client.ftype(result, 0), bytes, len);
                bytes[place] = before;
            }
            tk_pq.client.clear(result);
        }
    }
}

/* ---- memory ---------------------------------------------------------------------------------- */

typedef struct value_case {
    uint32_t oid;
    bool is_binary;
    takeo_type type;
    const char *data;
    size_t len;
} value_case;

static bool decode_case(const takeo_allocator *allocator, void *context) {
    const value_case *value = context;
    tk_arena values;
    tk_pg_column column;
    takeo_cell cell;
    tk_arena_init(&values, tk_alloc_from(allocator));
    tk_pg_column_init(&column, value->type, TAKEO_TYPE_NONE, value->oid, &values);
    tk_pg_column_set_format(&column, value->is_binary);
    bool is_read = column.decode(&column, value->data, value->len, &cell);
    assert_true(is_read || column.has_no_memory);
    tk_arena_done(&values);
    return is_read;
}

static void decoders_say_when_there_is_no_memory(void **state) {
    (void)state;
    static const value_case cases[] = {
        {TK_PG_OID_NUMERIC, true, 0, "\0\1\0\0\0\0\0\1\0\5", 10},
        {TK_PG_OID_NUMERIC, true, TAKEO_TYPE_FLOAT32, "\0\1\0\0\0\0\0\1\0\5", 10},
        {TK_PG_OID_NUMERIC, true, TAKEO_TYPE_INT16, "\0\1\0\0\0\0\0\1\0\5", 10},
        {TK_PG_OID_INT4, true, TAKEO_TYPE_DECIMAL, "\0\0\0\5", 4},
        {TK_PG_OID_UUID, true, TAKEO_TYPE_TEXT, "0123456789abcdef", 16},
        {TK_PG_OID_TID, true, 0, "012345", 6},
        {TK_PG_OID_CHAR, true, 0, "\xFF", 1},
        {TK_PG_OID_MACADDR, true, 0, "012345", 6},
        {TK_PG_OID_INET, true, 0, "\2\40\0\4abcd", 8},
        {TK_PG_OID_POINT, true, 0, "0123456789abcdef", 16},
        {TK_PG_OID_POINT, false, 0, "(1,2)", 5},
        {TK_PG_OID_BYTEA, false, 0, "\\x00", 4},
        {TK_PG_OID_BYTEA, false, 0, "abc", 3},
        {TK_PG_OID_VARBIT, false, 0, "101", 3},
        {1009, false, 0, "{a,\"b\\\\c\"}", 10},
        {1115, false, 0, "{{\"2000-01-01 00:00:00\"},{NULL}}", 32},
        {1007, true, 0, "\0\0\0\1\0\0\0\0\0\0\0\27\0\0\0\1\0\0\0\1\0\0\0\4\0\0\0\5", 28},
        {1231, true, 0, "\0\0\0\1\0\0\0\0\0\0\6\244\0\0\0\1\0\0\0\1\0\0\0\12\0\1\0\0\0\0\0\1\0\5",
         34},
    };
    for (size_t i = 0; i < TK_COUNT(cases); i++) {
        assert_true(tk_sweep(decode_case, (void *)(uintptr_t)&cases[i]) > 0);
    }
}

static bool encode_case(const takeo_allocator *allocator, void *context) {
    const takeo_cell *cell = context;
    tk_buf value;
    tk_buf_init(&value, tk_alloc_from(allocator), 1 << 20);
    bool is_written = tk_pg_encode_text(cell, &value);
    assert_true(is_written || value.failed);
    tk_buf_clear(&value);
    bool is_binary = tk_pg_encode_binary(cell, 1009, &value);
    assert_true(is_binary || value.failed);
    tk_buf_done(&value);
    return is_written && is_binary;
}

static void encoders_say_when_there_is_no_memory(void **state) {
    (void)state;
    static const char text[] =
        "a text with blanks, which is longer than the first room of a buffer";
    takeo_cell cells[4];
    for (int i = 0; i < 4; i++) {
        cells[i] = tk_cell_text(TAKEO_TYPE_TEXT, text, sizeof text - 1);
    }
    const takeo_cell rows[] = {list_of(cells, 2), list_of(cells + 2, 2)};
    takeo_cell list = list_of(rows, 2);
    assert_true(tk_sweep(encode_case, &list) > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_are_those_of_the_server),
        cmocka_unit_test(values_go_there_and_back),
        cmocka_unit_test(arrays_go_there_and_back),
        cmocka_unit_test(arrays_of_other_bounds_are_lists),
        cmocka_unit_test(many_values_are_the_servers_own),
        cmocka_unit_test(numbers_of_the_largest_size_are_read),
        cmocka_unit_test(columns_are_of_the_wanted_type),
        cmocka_unit_test(unknown_is_the_servers_text),
        cmocka_unit_test(types_that_are_not_built_in_are_read),
        cmocka_unit_test(texts_of_other_styles_are_read),
        cmocka_unit_test(cells_of_other_widths_are_written),
        cmocka_unit_test(lists_that_are_no_arrays_are_refused),
        cmocka_unit_test(texts_without_a_form_are_refused),
        cmocka_unit_test(ranges_composites_and_hstores_are_written),
        cmocka_unit_test(pairs_are_known),
        cmocka_unit_test(noise_is_harmless),
        cmocka_unit_test(damaged_values_are_harmless),
        cmocka_unit_test(decoders_say_when_there_is_no_memory),
        cmocka_unit_test(encoders_say_when_there_is_no_memory),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
