/* test_cell.c - cells parsed, formatted, shown, compared, hashed and copied. */
#include <math.h>

#include "value/value.h"
#include "support.h"

static const char *format(const takeo_cell *cell, tk_buf *out) {
    tk_buf_clear(out);
    tk_cell_format(cell, out);
    assert_false(out->failed);
    return out->data;
}

/* ---- parse ----------------------------------------------------------------------------------- */

/* B01, B02, B06, B07, B08, B18, B20, B23, B34, B38, B40, B41, B45, B48, B54, B56, B62 */
static void cell_parse_reads_or_says_why(void **state) {
    (void)state;
    static const struct {
        takeo_type type;
        const char *text;
        const char *again; /* as it is written; NULL: refused with code */
        tk_code code;
    } cases[] = {
        {TAKEO_TYPE_BOOL, "true", "true", 0},
        {TAKEO_TYPE_BOOL, "false", "false", 0},
        {TAKEO_TYPE_BOOL, "1", NULL, TK_INPUT_FORM},
        {TAKEO_TYPE_BOOL, "True", NULL, TK_INPUT_FORM},
        {TAKEO_TYPE_INT16, "-32768", "-32768", 0},
        {TAKEO_TYPE_INT16, "32768", NULL, TK_INPUT_RANGE},
        {TAKEO_TYPE_INT32, "2147483647", "2147483647", 0},
        {TAKEO_TYPE_INT32, "2147483648", NULL, TK_INPUT_RANGE},
        {TAKEO_TYPE_INT32, "-2147483649", NULL, TK_INPUT_RANGE},
        {TAKEO_TYPE_INT64, "-9223372036854775808", "-9223372036854775808", 0},
        {TAKEO_TYPE_INT64, "9223372036854775808", NULL, TK_INPUT_RANGE},
        {TAKEO_TYPE_INT64, "1.0", NULL, TK_INPUT_FORM},
        {TAKEO_TYPE_INT64, "", NULL, TK_INPUT_FORM},
        {TAKEO_TYPE_UINT64, "18446744073709551615", "18446744073709551615", 0},
        {TAKEO_TYPE_UINT64, "18446744073709551616", NULL, TK_INPUT_RANGE},
        {TAKEO_TYPE_UINT64, "-1", NULL, TK_INPUT_RANGE},
        {TAKEO_TYPE_UINT64, "x", NULL, TK_INPUT_FORM},
        {TAKEO_TYPE_OID, "4294967295", "4294967295", 0},
        {TAKEO_TYPE_OID, "4294967296", NULL, TK_INPUT_RANGE},
        {TAKEO_TYPE_YEAR, "2155", "2155", 0},
        {TAKEO_TYPE_YEAR, "2156", NULL, TK_INPUT_RANGE},
        {TAKEO_TYPE_FLOAT32, "0.1", "0.1", 0},
        {TAKEO_TYPE_FLOAT32, "4e40", NULL, TK_INPUT_RANGE},
        {TAKEO_TYPE_FLOAT32, "1e-50", NULL, TK_INPUT_RANGE},
        {TAKEO_TYPE_FLOAT64, "-1.5e300", "-1.5e+300", 0},
        {TAKEO_TYPE_FLOAT64, "NaN", "NaN", 0},
        {TAKEO_TYPE_FLOAT64, "1e309", NULL, TK_INPUT_RANGE},
        {TAKEO_TYPE_FLOAT64, "abc", NULL, TK_INPUT_FORM},
        {TAKEO_TYPE_DECIMAL, "-12.50", "-12.50", 0},
        {TAKEO_TYPE_DECIMAL, "+1", "1", 0},
        {TAKEO_TYPE_DECIMAL, "Infinity", "Infinity", 0},
        {TAKEO_TYPE_DECIMAL, "1e5", NULL, TK_INPUT_FORM},
        {TAKEO_TYPE_DECIMAL, "", NULL, TK_INPUT_FORM},
        {TAKEO_TYPE_LSN, "16/b374D848", "16/B374D848", 0},
        {TAKEO_TYPE_LSN, "FFFFFFFF/FFFFFFFF", "FFFFFFFF/FFFFFFFF", 0},
        {TAKEO_TYPE_LSN, "16", NULL, TK_INPUT_FORM},
        {TAKEO_TYPE_LSN, "/1", NULL, TK_INPUT_FORM},
        {TAKEO_TYPE_LSN, "1/", NULL, TK_INPUT_FORM},
        {TAKEO_TYPE_LSN, "1/123456789", NULL, TK_INPUT_FORM},
        {TAKEO_TYPE_LSN, "g/1", NULL, TK_INPUT_FORM},
        {TAKEO_TYPE_LSN, "", NULL, TK_INPUT_FORM},
        {TAKEO_TYPE_TEXT, "h\xc3\xa9", "h\xc3\xa9", 0},
        {TAKEO_TYPE_TEXT, "", "", 0},
        {TAKEO_TYPE_TEXT, "\xed\xa0\x80", NULL, TK_INPUT_TEXT},
        {TAKEO_TYPE_ENUM, "red", "red", 0},
        {TAKEO_TYPE_INET, "10.0.0.1/8", "10.0.0.1/8", 0},
        {TAKEO_TYPE_UUID, "00112233-4455-6677-8899-AABBCCDDEEFF",
         "00112233-4455-6677-8899-aabbccddeeff", 0},
        {TAKEO_TYPE_UUID, "zz", NULL, TK_INPUT_FORM},
        {TAKEO_TYPE_JSON, "{\"a\": [1]}", "{\"a\": [1]}", 0},
        {TAKEO_TYPE_JSON, "{a: 1}", NULL, TK_INPUT_FORM},
        {TAKEO_TYPE_JSON, "NaN", NULL, TK_INPUT_FORM},
        {TAKEO_TYPE_DATE, "2024-02-29", "2024-02-29", 0},
        {TAKEO_TYPE_DATE, "infinity", "infinity", 0},
        {TAKEO_TYPE_DATE, "-infinity", "-infinity", 0},
        {TAKEO_TYPE_DATE, "2024-02-30", NULL, TK_INPUT_FORM},
        {TAKEO_TYPE_DATE, "Infinity", NULL, TK_INPUT_FORM},
        {TAKEO_TYPE_TIME, "12:34:56.5", "12:34:56.500000", 0},
        {TAKEO_TYPE_TIME, "24:00", "24:00:00.000000", 0},
        {TAKEO_TYPE_TIME, "25:00", NULL, TK_INPUT_FORM},
        {TAKEO_TYPE_TIMETZ, "12:34:56-05:30", "12:34:56.000000-05:30", 0},
        {TAKEO_TYPE_TIMETZ, "12:34+15:59:59", "12:34:00.000000+15:59:59", 0},
        {TAKEO_TYPE_TIMETZ, "12:34", NULL, TK_INPUT_FORM},
        {TAKEO_TYPE_TIMESTAMP, "2024-02-29T12:34:56", "2024-02-29 12:34:56.000000", 0},
        {TAKEO_TYPE_TIMESTAMP, "-infinity", "-infinity", 0},
        {TAKEO_TYPE_TIMESTAMP, "2024-02-29 12:34:56Z", NULL, TK_INPUT_TIMEZONE},
        {TAKEO_TYPE_TIMESTAMP, "2024-02-29", NULL, TK_INPUT_FORM},
        {TAKEO_TYPE_TIMESTAMPTZ, "2024-02-29 12:34:56+02", "2024-02-29 10:34:56.000000+00", 0},
        {TAKEO_TYPE_TIMESTAMPTZ, "2024-02-29 12:34:56", NULL, TK_INPUT_TIMEZONE},
        {TAKEO_TYPE_INTERVAL, "P1MT1S", "P1MT1S", 0},
        {TAKEO_TYPE_INTERVAL, "1 month", NULL, TK_INPUT_FORM},
        {TAKEO_TYPE_ARRAY, "{1,2}", NULL, TK_CALL_UNSUPPORTED},
        {TAKEO_TYPE_RANGE, "[1,2)", NULL, TK_CALL_UNSUPPORTED},
        {TAKEO_TYPE_BYTES, "\\x00", NULL, TK_CALL_UNSUPPORTED},
        {TAKEO_TYPE_ENTITY, "x", NULL, TK_CALL_UNSUPPORTED},
        {TAKEO_TYPE_NONE, "x", NULL, TK_CALL_INVALID},
        {65535, "x", NULL, TK_CALL_INVALID},
    };
    tk_error error;
    tk_buf out;
    tk_error_init(&error, tk_alloc_default);
    tk_buf_init(&out, tk_alloc_default, 1000);
    for (size_t i = 0; i < TK_COUNT(cases); i++) {
        takeo_cell cell = {.reserved = 42};
        takeo_status status =
            tk_cell_parse(cases[i].type, cases[i].text, strlen(cases[i].text), &cell, &error);
        if ((status == TAKEO_DONE) != (cases[i].again != NULL)) {
            fail_msg("%s %s", tk_type_name(cases[i].type), cases[i].text);
        }
        if (status == TAKEO_DONE) {
            assert_null(error.first);
            assert_int_equal(cell.type, cases[i].type);
            assert_int_equal(cell.reserved, 0);
            assert_string_equal(format(&cell, &out), cases[i].again);
            takeo_cell again;
            assert_int_equal(tk_cell_parse(cell.type, out.data, out.len, &again, NULL), 0);
            assert_true(tk_cell_equal(&cell, &again));
            continue;
        }
        assert_int_equal(status, tk_code_status(cases[i].code));
        assert_string_equal(error.first->code.data, tk_code_text(cases[i].code));
        assert_int_equal(cell.reserved, 42);
        if (status == TAKEO_EINPUT) {
            assert_true(error.first->expected.len > 3);
            assert_true(error.first->got.len >= 2);
        }
        tk_error_clear(&error);
        assert_int_equal(
            tk_cell_parse(cases[i].type, cases[i].text, strlen(cases[i].text), &cell, NULL),
            status);
    }
    tk_buf_done(&out);
    tk_error_done(&error);
}

static void cell_parse_explains_itself(void **state) {
    (void)state;
    tk_error error;
    takeo_cell cell;
    char text[400];
    tk_error_init(&error, tk_alloc_default);
    assert_int_equal(tk_cell_parse(TAKEO_TYPE_INT32, "2147483648", 10, &cell, &error),
                     TAKEO_EINPUT);
    tk_error_format(error.first, text, sizeof text);
    assert_string_equal(text,
                        "TAKEO.INPUT.RANGE: the text is a number outside the range of type int32\n"
                        "  expected: -2147483648 to 2147483647\n"
                        "  got: \"2147483648\"");
    tk_error_clear(&error);
    assert_int_equal(tk_cell_parse(TAKEO_TYPE_TEXT, "a\0b", 3, &cell, &error), TAKEO_EINPUT);
    assert_string_equal(error.first->code.data, "TAKEO.INPUT.TEXT");
    tk_error_clear(&error);
    char large[500];
    memset(large, 'x', sizeof large);
    assert_int_equal(tk_cell_parse(TAKEO_TYPE_UUID, large, sizeof large, &cell, &error),
                     TAKEO_EINPUT);
    assert_int_equal(error.first->got.len, 80);
    tk_error_clear(&error);
    assert_int_equal(tk_cell_parse(TAKEO_TYPE_INT32, NULL, 0, &cell, &error), TAKEO_EINPUT);
    assert_int_equal(tk_cell_parse(TAKEO_TYPE_TEXT, NULL, 0, &cell, &error), TAKEO_DONE);
    assert_int_equal(cell.v.text.len, 0);
    tk_error_done(&error);
}

/* ---- format ---------------------------------------------------------------------------------- */

static takeo_cell text_cell(const char *text) {
    return tk_cell_text(TAKEO_TYPE_TEXT, text, strlen(text));
}

static takeo_cell list_cell(takeo_type type, const takeo_cell *cells, size_t count) {
    takeo_cell list = {.type = type};
    list.v.list.cells = cells;
    list.v.list.count = count;
    return list;
}

static void cell_format_writes_lists_as_the_server(void **state) {
    (void)state;
    tk_buf out;
    tk_buf_init(&out, tk_alloc_default, 10000);
    takeo_cell numbers[] = {tk_cell_int(TAKEO_TYPE_INT32, 1), tk_cell_null(),
                            tk_cell_int(TAKEO_TYPE_INT32, -3)};
    takeo_cell row = list_cell(TAKEO_TYPE_ARRAY, numbers, 3);
    assert_string_equal(format(&row, &out), "{1,NULL,-3}");
    takeo_cell rows[] = {row, row};
    takeo_cell matrix = list_cell(TAKEO_TYPE_ARRAY, rows, 2);
    assert_string_equal(format(&matrix, &out), "{{1,NULL,-3},{1,NULL,-3}}");
    takeo_cell empty = list_cell(TAKEO_TYPE_ARRAY, NULL, 0);
    assert_string_equal(format(&empty, &out), "{}");

    takeo_cell texts[] = {
        text_cell("a"),   text_cell(""),    text_cell("NULL"),
        text_cell("a,b"), text_cell("q\""), text_cell("b\\"),
        text_cell("a b"), text_cell("{x}"), tk_cell_text(TAKEO_TYPE_BYTES, "\1", 1)};
    takeo_cell words = list_cell(TAKEO_TYPE_ARRAY, texts, TK_COUNT(texts));
    assert_string_equal(
        format(&words, &out),
        "{a,\"\",\"NULL\",\"a,b\",\"q\\\"\",\"b\\\\\",\"a b\",\"{x}\",\"\\\\x01\"}");

    takeo_cell range = list_cell(TAKEO_TYPE_RANGE, numbers, 2);
    range.flags = TAKEO_CELL_UPPER_OPEN;
    assert_string_equal(format(&range, &out), "[1,)");
    takeo_cell ranges[] = {range, range};
    takeo_cell multirange = list_cell(TAKEO_TYPE_MULTIRANGE, ranges, 2);
    assert_string_equal(format(&multirange, &out), "{[1,),[1,)}");
    range.flags = TAKEO_CELL_LOWER_OPEN;
    assert_string_equal(format(&range, &out), "(1,]");
    range.flags = TAKEO_CELL_EMPTY;
    assert_string_equal(format(&range, &out), "empty");

    takeo_cell fields[] = {text_cell("a"), tk_cell_null(), row};
    takeo_cell composite = list_cell(TAKEO_TYPE_COMPOSITE, fields, 3);
    assert_string_equal(format(&composite, &out), "(a,,\"{1,NULL,-3}\")");
    takeo_cell pairs[] = {text_cell("k"), text_cell("v"), text_cell("n"), tk_cell_null()};
    takeo_cell hstore = list_cell(TAKEO_TYPE_HSTORE, pairs, 4);
    assert_string_equal(format(&hstore, &out), "\"k\"=>\"v\",\"n\"=>NULL");
    takeo_cell set = list_cell(TAKEO_TYPE_SET, texts, 1);
    assert_string_equal(format(&set, &out), "a");
    tk_buf_done(&out);
}

static void cell_format_writes_other_types(void **state) {
    (void)state;
    static const double numbers[] = {1, 2.5, -3, 4};
    static const float narrow[] = {0.1F, 2};
    static const struct {
        takeo_type type;
        uint16_t flags;
        size_t count;
        const char *text;
    } shapes[] = {
        {TAKEO_TYPE_POINT, 0, 2, "(1,2.5)"},
        {TAKEO_TYPE_LINE, 0, 3, "{1,2.5,-3}"},
        {TAKEO_TYPE_SEGMENT, 0, 4, "[(1,2.5),(-3,4)]"},
        {TAKEO_TYPE_BOX, 0, 4, "(1,2.5),(-3,4)"},
        {TAKEO_TYPE_PATH, 0, 4, "((1,2.5),(-3,4))"},
        {TAKEO_TYPE_PATH, TAKEO_CELL_OPEN, 4, "[(1,2.5),(-3,4)]"},
        {TAKEO_TYPE_POLYGON, 0, 2, "((1,2.5))"},
        {TAKEO_TYPE_CIRCLE, 0, 3, "<(1,2.5),-3>"},
    };
    tk_buf out;
    tk_buf_init(&out, tk_alloc_default, 10000);
    for (size_t i = 0; i < TK_COUNT(shapes); i++) {
        takeo_cell cell =
            tk_cell_text(shapes[i].type, (const char *)numbers, shapes[i].count * sizeof(double));
        cell.flags = shapes[i].flags;
        assert_string_equal(format(&cell, &out), shapes[i].text);
    }
    takeo_cell vector = tk_cell_text(TAKEO_TYPE_VECTOR, (const char *)narrow, sizeof narrow);
    assert_string_equal(format(&vector, &out), "[0.1,2]");
    takeo_cell bytes = tk_cell_text(TAKEO_TYPE_BYTES, "\0\x1f\xff", 3);
    assert_string_equal(format(&bytes, &out), "\\x001fff");
    takeo_cell geometry = tk_cell_text(TAKEO_TYPE_GEOMETRY, "\1\2", 2);
    assert_string_equal(format(&geometry, &out), "0102");
    takeo_cell bits = tk_cell_text(TAKEO_TYPE_BITS, "\xa5\x80", 9);
    assert_string_equal(format(&bits, &out), "101001011");
    takeo_cell null = tk_cell_null();
    assert_string_equal(format(&null, &out), "NULL");
    takeo_cell unset = {.type = TAKEO_TYPE_INT32, .flags = TAKEO_CELL_UNSET};
    assert_string_equal(format(&unset, &out), "UNSET");
    takeo_cell unknown = {.type = 999};
    assert_string_equal(format(&unknown, &out), "?");
    takeo_cell entity = {.type = TAKEO_TYPE_ENTITY};
    assert_string_equal(format(&entity, &out), "?");
    tk_buf_done(&out);
}

static void cell_format_of_deep_lists_ends(void **state) {
    (void)state;
    takeo_cell cells[200];
    cells[0] = tk_cell_int(TAKEO_TYPE_INT32, 1);
    for (size_t i = 1; i < TK_COUNT(cells); i++) {
        cells[i] = list_cell(TAKEO_TYPE_ARRAY, &cells[i - 1], 1);
    }
    tk_buf out;
    tk_buf_init(&out, tk_alloc_default, 1000);
    assert_non_null(strstr(format(&cells[199], &out), "{...}"));
    assert_string_equal(format(&cells[3], &out), "{{{1}}}");
    tk_arena arena;
    takeo_cell copy;
    tk_arena_init(&arena, tk_alloc_default);
    assert_false(tk_cell_copy(&arena, &cells[199], &copy));
    assert_true(tk_cell_copy(&arena, &cells[60], &copy));
    assert_true(tk_cell_equal(&cells[60], &copy));
    assert_false(tk_cell_equal(&cells[199], &cells[199])); /* damaged: equal to nothing */
    tk_cell_hash(&cells[199], 0);
    tk_arena_done(&arena);
    tk_buf_done(&out);
}

static void cell_show_quotes_and_cuts(void **state) {
    (void)state;
    static const struct {
        takeo_type type;
        const char *text;
        size_t limit;
        const char *shown;
    } cases[] = {
        {TAKEO_TYPE_TEXT, "abc", 80, "\"abc\""},
        {TAKEO_TYPE_TEXT, "abcdefgh", 10, "\"abcdefgh\""},
        {TAKEO_TYPE_TEXT, "abcdefghi", 10, "\"abcde\"..."},
        {TAKEO_TYPE_TEXT, "abcd\xc3\xa9yyyyyyyy", 10, "\"abcd\"..."},
        {TAKEO_TYPE_TEXT, "\xf0\x9f\x98\x80\xf0\x9f\x98\x80zzzzzz", 12, "\"\xf0\x9f\x98\x80\"..."},
        {TAKEO_TYPE_TEXT, "abcdefghi", 0, "\"abc\"..."},
        {TAKEO_TYPE_DECIMAL, "123456789012345", 12, "123456789..."},
        {TAKEO_TYPE_DECIMAL, "123456789012", 12, "123456789012"},
        {TAKEO_TYPE_JSON, "[1,\"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\"]", 10,
         "[1,\"\xc3\xa9..."},
        {TAKEO_TYPE_BYTES, "abcdefgh", 12, "\\x6162636..."},
    };
    tk_buf out;
    tk_buf_init(&out, tk_alloc_default, 200);
    for (size_t i = 0; i < TK_COUNT(cases); i++) {
        takeo_cell cell = tk_cell_text(cases[i].type, cases[i].text, strlen(cases[i].text));
        tk_buf_clear(&out);
        tk_cell_show(&cell, cases[i].limit, &out);
        assert_false(out.failed);
        assert_string_equal(out.data, cases[i].shown);
    }
    takeo_cell texts[1000];
    for (size_t i = 0; i < TK_COUNT(texts); i++) {
        texts[i] = text_cell("many");
    }
    takeo_cell list = list_cell(TAKEO_TYPE_ARRAY, texts, TK_COUNT(texts));
    tk_buf_clear(&out);
    tk_cell_show(&list, 20, &out);
    assert_string_equal(out.data, "{many,many,many,m...");
    takeo_cell null = {.type = TAKEO_TYPE_TEXT, .flags = TAKEO_CELL_NULL};
    tk_buf_clear(&out);
    tk_cell_show(&null, 20, &out);
    assert_string_equal(out.data, "NULL");
    tk_buf_done(&out);
}

/* ---- equal, hash, copy ----------------------------------------------------------------------- */

static void cell_equal_goes_by_type_flags_and_value(void **state) {
    (void)state;
    static const uint8_t uuid[16] = {1, 2, 3};
    takeo_cell items[] = {tk_cell_int(TAKEO_TYPE_INT32, 1), text_cell("x")};
    takeo_cell others[] = {tk_cell_int(TAKEO_TYPE_INT32, 1), text_cell("y")};
    /* All of these differ from each other. */
    takeo_cell cells[] = {
        tk_cell_null(),
        {.flags = TAKEO_CELL_UNSET},
        tk_cell_int(TAKEO_TYPE_INT32, 1),
        tk_cell_int(TAKEO_TYPE_INT32, 2),
        tk_cell_int(TAKEO_TYPE_INT64, 1),
        tk_cell_int(TAKEO_TYPE_BOOL, 1),
        {.type = TAKEO_TYPE_UINT64, .v = {.u = 1}},
        {.type = TAKEO_TYPE_FLOAT64, .v = {.f = 1}},
        {.type = TAKEO_TYPE_FLOAT64, .v = {.f = 0.0}},
        {.type = TAKEO_TYPE_FLOAT64, .v = {.f = -0.0}}, /* B15 */
        {.type = TAKEO_TYPE_FLOAT64, .v = {.f = (double)NAN}},
        text_cell(""),
        text_cell("x"),
        text_cell("xy"),
        tk_cell_text(TAKEO_TYPE_CITEXT, "x", 1),
        tk_cell_text(TAKEO_TYPE_DECIMAL, "1.0", 3),
        tk_cell_text(TAKEO_TYPE_DECIMAL, "1.00", 4),
        tk_cell_text(TAKEO_TYPE_BITS, "\x80", 1),
        tk_cell_text(TAKEO_TYPE_BITS, "\x80", 8),
        {.type = TAKEO_TYPE_UUID},
        {.type = TAKEO_TYPE_INTERVAL, .v = {.span = {1, 2, 3}}},
        {.type = TAKEO_TYPE_INTERVAL, .v = {.span = {1, 2, 4}}},
        {.type = TAKEO_TYPE_INTERVAL, .v = {.span = {1, 3, 3}}},
        tk_cell_int(TAKEO_TYPE_DATE, 1),
        {.type = TAKEO_TYPE_DATE, .flags = TAKEO_CELL_INFINITE, .v = {.i = 1}},
        {.type = TAKEO_TYPE_DATE, .flags = TAKEO_CELL_INFINITE, .v = {.i = -1}},
        list_cell(TAKEO_TYPE_ARRAY, NULL, 0),
        list_cell(TAKEO_TYPE_ARRAY, items, 1),
        list_cell(TAKEO_TYPE_ARRAY, items, 2),
        list_cell(TAKEO_TYPE_ARRAY, others, 2),
        list_cell(TAKEO_TYPE_COMPOSITE, items, 2),
    };
    tk_arena arena;
    tk_arena_init(&arena, tk_alloc_default);
    for (size_t i = 0; i < TK_COUNT(cells); i++) {
        takeo_cell copy;
        assert_true(tk_cell_copy(&arena, &cells[i], &copy));
        for (size_t j = 0; j < TK_COUNT(cells); j++) {
            assert_int_equal(tk_cell_equal(&copy, &cells[j]), i == j);
            bool is_same_hash = tk_cell_hash(&copy, 7) == tk_cell_hash(&cells[j], 7);
            assert_int_equal(is_same_hash, i == j);
        }
        assert_true(tk_cell_hash(&copy, 7) != tk_cell_hash(&copy, 8));
    }
    takeo_cell a = {.type = TAKEO_TYPE_UUID};
    takeo_cell b = a;
    memcpy(a.v.uuid, uuid, sizeof uuid);
    assert_false(tk_cell_equal(&a, &b));
    takeo_cell typed_null = {.type = TAKEO_TYPE_TEXT, .flags = TAKEO_CELL_NULL};
    assert_true(tk_cell_equal(&cells[0], &typed_null));
    assert_true(tk_cell_hash(&cells[0], 1) == tk_cell_hash(&typed_null, 1));
    takeo_cell far = {.type = TAKEO_TYPE_DATE, .flags = TAKEO_CELL_INFINITE, .v = {.i = 99}};
    assert_true(tk_cell_equal(&far, &cells[24]));
    assert_true(tk_cell_hash(&far, 1) == tk_cell_hash(&cells[24], 1));
    tk_arena_done(&arena);
}

static void cell_copy_shares_nothing(void **state) {
    (void)state;
    char text[] = "hello";
    takeo_cell items[] = {text_cell(text), tk_cell_null(), tk_cell_text(TAKEO_TYPE_BITS, text, 13)};
    takeo_cell list = list_cell(TAKEO_TYPE_ARRAY, items, 3);
    tk_arena arena;
    takeo_cell copy;
    tk_arena_init(&arena, tk_alloc_default);
    assert_true(tk_cell_copy(&arena, &list, &copy));
    memset(text, 'x', sizeof text);
    memset(items, 0xFF, sizeof items);
    assert_int_equal(copy.v.list.count, 3);
    assert_string_equal(copy.v.list.cells[0].v.text.data, "hello");
    assert_true(tk_cell_is_null(&copy.v.list.cells[1]));
    assert_memory_equal(copy.v.list.cells[2].v.text.data, "he", 2);
    tk_arena_done(&arena);
}

/* F60 */
static bool copy_and_show(const takeo_allocator *allocator, void *context) {
    (void)context;
    tk_alloc alloc = tk_alloc_from(allocator);
    static char text[3000];
    memset(text, 'x', sizeof text);
    takeo_cell items[] = {tk_cell_text(TAKEO_TYPE_TEXT, text, sizeof text), text_cell("b")};
    takeo_cell list = list_cell(TAKEO_TYPE_ARRAY, items, 2);
    tk_arena arena;
    tk_buf out;
    tk_error error;
    takeo_cell copy;
    tk_arena_init(&arena, alloc);
    tk_buf_init(&out, alloc, 100000);
    tk_error_init(&error, alloc);
    bool is_whole = tk_cell_copy(&arena, &list, &copy);
    tk_cell_show(&list, 50, &out);
    tk_cell_format(&list, &out);
    takeo_status status = tk_cell_parse(TAKEO_TYPE_UUID, text, sizeof text, &copy, &error);
    is_whole = is_whole && status == TAKEO_EINPUT && error.first->got.data != NULL && !out.failed;
    assert_true(status == TAKEO_EINPUT || status == TAKEO_ENOMEM);
    tk_error_done(&error);
    tk_buf_done(&out);
    tk_arena_done(&arena);
    return is_whole;
}

static void cell_without_memory_fails_cleanly(void **state) {
    (void)state;
    assert_true(tk_sweep(copy_and_show, NULL) > 8);
}

/* Quotes in quotes double: what is nested deeper than a server would go is cut instead. */
static void cell_nested_composites_are_written_in_no_time(void **state) {
    (void)state;
    enum { DEPTH = 60, MOST = 1 << 20 };
    takeo_cell cells[DEPTH];
    cells[0] = tk_cell_text(TAKEO_TYPE_TEXT, "a b", 3);
    for (int i = 1; i < DEPTH; i++) {
        cells[i] = (takeo_cell){.type = TAKEO_TYPE_COMPOSITE, .v = {.list = {&cells[i - 1], 1}}};
    }
    tk_buf out;
    tk_buf_init(&out, tk_alloc_default, MOST);
    tk_cell_format(&cells[DEPTH - 1], &out);
    assert_false(out.failed);
    tk_buf_clear(&out);
    tk_cell_show(&cells[DEPTH - 1], 80, &out);
    assert_true(!out.failed && out.len <= 80);
    tk_buf_done(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cell_nested_composites_are_written_in_no_time),
        cmocka_unit_test(cell_parse_reads_or_says_why),
        cmocka_unit_test(cell_parse_explains_itself),
        cmocka_unit_test(cell_format_writes_lists_as_the_server),
        cmocka_unit_test(cell_format_writes_other_types),
        cmocka_unit_test(cell_format_of_deep_lists_ends),
        cmocka_unit_test(cell_show_quotes_and_cuts),
        cmocka_unit_test(cell_equal_goes_by_type_flags_and_value),
        cmocka_unit_test(cell_copy_shares_nothing),
        cmocka_unit_test(cell_without_memory_fails_cleanly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
