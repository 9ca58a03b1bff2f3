/* test_array.c - arrays as JSON text: exact both ways, and nothing else is taken. */
#include <math.h>

#include "value/value.h"
#include "support.h"

static takeo_cell list_of(const takeo_cell *cells, size_t count) {
    return (takeo_cell){.type = TAKEO_TYPE_ARRAY, .v = {.list = {cells, count}}};
}

static bool read_text(const char *text, takeo_type element, tk_arena *arena, takeo_cell *out) {
    bool has_memory;
    bool is_read = tk_array_read_json(text, strlen(text), element, arena, out, &has_memory);
    assert_true(has_memory);
    return is_read;
}

/* TYP-20 */
static void array_elements_come_back_as_they_went(void **state) {
    (void)state;
    const takeo_cell point = tk_cell_text(TAKEO_TYPE_TEXT, "x", 1);
    const struct {
        takeo_type element;
        takeo_cell cell;
        const char *text;
    } cases[] = {
        {TAKEO_TYPE_BOOL, tk_cell_int(TAKEO_TYPE_BOOL, 1), "[true]"},
        {TAKEO_TYPE_INT16, tk_cell_int(TAKEO_TYPE_INT16, -32768), "[-32768]"},
        {TAKEO_TYPE_INT64, tk_cell_int(TAKEO_TYPE_INT64, INT64_MIN), "[-9223372036854775808]"},
        {TAKEO_TYPE_UINT64,
         {.type = TAKEO_TYPE_UINT64, .v = {.u = UINT64_MAX}},
         "[18446744073709551615]"},
        {TAKEO_TYPE_FLOAT64, {.type = TAKEO_TYPE_FLOAT64, .v = {.f = 0.1}}, "[0.1]"},
        {TAKEO_TYPE_FLOAT64, {.type = TAKEO_TYPE_FLOAT64, .v = {.f = -0.0}}, "[-0]"},
        {TAKEO_TYPE_FLOAT64, {.type = TAKEO_TYPE_FLOAT64, .v = {.f = 5e-324}}, "[5e-324]"},
        {TAKEO_TYPE_FLOAT64, {.type = TAKEO_TYPE_FLOAT64, .v = {.f = 3}}, "[3]"},
        {TAKEO_TYPE_FLOAT32,
         {.type = TAKEO_TYPE_FLOAT32, .v = {.f = 12345678848.0}},
         "[12345679000]"},
        {TAKEO_TYPE_DECIMAL, tk_cell_text(TAKEO_TYPE_DECIMAL, "12.50", 5), "[\"12.50\"]"},
        {TAKEO_TYPE_TEXT, tk_cell_text(TAKEO_TYPE_TEXT, "", 0), "[\"\"]"},
        {TAKEO_TYPE_TEXT, tk_cell_text(TAKEO_TYPE_TEXT, "a\"\\\n\x01\xc3\xa4\xf0\x9f\x98\x80", 11),
         "[\"a\\\"\\\\\\n\\u0001\xc3\xa4\xf0\x9f\x98\x80\"]"},
        {TAKEO_TYPE_JSON, tk_cell_text(TAKEO_TYPE_JSON, "null", 4), "[\"null\"]"},
        {TAKEO_TYPE_UUID,
         {.type = TAKEO_TYPE_UUID, .v = {.uuid = {0xab}}},
         "[\"ab000000-0000-0000-0000-000000000000\"]"},
        {TAKEO_TYPE_DATE, tk_cell_int(TAKEO_TYPE_DATE, 1), "[\"1970-01-02\"]"},
        {TAKEO_TYPE_TIME, tk_cell_int(TAKEO_TYPE_TIME, 1), "[\"00:00:00.000001\"]"},
        {TAKEO_TYPE_TIMESTAMP, tk_cell_int(TAKEO_TYPE_TIMESTAMP, 0),
         "[\"1970-01-01 00:00:00.000000\"]"},
        {TAKEO_TYPE_TIMESTAMPTZ, tk_cell_int(TAKEO_TYPE_TIMESTAMPTZ, 0),
         "[\"1970-01-01 00:00:00.000000\"]"},
        {TAKEO_TYPE_INTERVAL,
         {.type = TAKEO_TYPE_INTERVAL, .v = {.span = {.days = 3}}},
         "[\"P3D\"]"},
        {TAKEO_TYPE_LSN, {.type = TAKEO_TYPE_LSN, .v = {.u = 1}}, "[\"0/1\"]"},
        {TAKEO_TYPE_TEXT, tk_cell_null(), "[null]"},
        {TAKEO_TYPE_TEXT, list_of(&point, 1), "[[\"x\"]]"},
        {TAKEO_TYPE_TEXT, list_of(NULL, 0), "[[]]"},
    };
    tk_arena arena;
    tk_arena_init(&arena, tk_alloc_default);
    for (size_t i = 0; i < TK_COUNT(cases); i++) {
        takeo_cell list = list_of(&cases[i].cell, 1);
        tk_buf text;
        tk_buf_init(&text, tk_alloc_default, 1000);
        assert_true(tk_array_write_json(&list, &text));
        assert_string_equal(text.data, cases[i].text);
        takeo_cell again;
        if (!read_text(text.data, cases[i].element, &arena, &again)
            || !tk_cell_equal(&again, &list)) {
            fail_msg("%s does not come back", cases[i].text);
        }
        tk_buf_done(&text);
    }
    tk_arena_done(&arena);
}

static void array_without_a_form_is_not_written(void **state) {
    (void)state;
    static const float packed[] = {1};
    const takeo_cell cases[] = {
        {.type = TAKEO_TYPE_FLOAT64, .v = {.f = NAN}},
        {.type = TAKEO_TYPE_FLOAT32, .v = {.f = -INFINITY}},
        {.type = TAKEO_TYPE_DATE, .flags = TAKEO_CELL_INFINITE, .v = {.i = 1}},
        {.type = TAKEO_TYPE_DATE, .v = {.i = 2932897}},
        tk_cell_text(TAKEO_TYPE_BYTES, "a", 1),
        tk_cell_text(TAKEO_TYPE_VECTOR, (const char *)packed, sizeof packed),
        tk_cell_text(TAKEO_TYPE_TEXT, "\xff", 1),
        tk_cell_text(TAKEO_TYPE_TEXT, "a\0b", 3),
        {.type = TAKEO_TYPE_RANGE},
        {.flags = TAKEO_CELL_UNSET},
    };
    for (size_t i = 0; i < TK_COUNT(cases); i++) {
        takeo_cell list = list_of(&cases[i], 1);
        tk_buf text;
        tk_buf_init(&text, tk_alloc_default, 1000);
        if (tk_array_write_json(&list, &text)) {
            fail_msg("%zu was written: %s", i, text.data);
        }
        tk_buf_done(&text);
    }
}

static void array_reads_what_other_tools_wrote(void **state) {
    (void)state;
    static const struct {
        takeo_type element;
        const char *text;
        const char *shown; /* NULL: refused */
    } cases[] = {
        {TAKEO_TYPE_INT64, " [ 1 , 2 ,\n[3] ] ", "{1,2,{3}}"},
        {TAKEO_TYPE_NONE, "[1,\"a\",true,1.5,null]", "{1,a,true,1.5,NULL}"},
        {TAKEO_TYPE_TEXT, "[\"\\u00e4\\ud83d\\ude00\\/\\t\"]", "{\"\xc3\xa4\xf0\x9f\x98\x80/\t\"}"},
        {TAKEO_TYPE_FLOAT64, "[9007199254740992]", "{9.007199254740992e+15}"},
        {TAKEO_TYPE_FLOAT64, "[9007199254740993]", NULL},
        {TAKEO_TYPE_FLOAT64, "[1e999]", NULL},
        {TAKEO_TYPE_FLOAT64, "[\"1.5\"]", NULL},
        {TAKEO_TYPE_INT16, "[32768]", NULL},
        {TAKEO_TYPE_INT64, "[1.0]", NULL},
        {TAKEO_TYPE_INT64, "[true]", NULL},
        {TAKEO_TYPE_INT64, "[\"1\"]", NULL},
        {TAKEO_TYPE_BOOL, "[1]", NULL},
        {TAKEO_TYPE_BOOL, "[\"true\"]", NULL},
        {TAKEO_TYPE_TEXT, "[1]", NULL},
        {TAKEO_TYPE_TEXT, "[\"\\u0000\"]", NULL},
        {TAKEO_TYPE_TEXT, "[{}]", NULL},
        {TAKEO_TYPE_TEXT, "{}", NULL},
        {TAKEO_TYPE_TEXT, "\"a\"", NULL},
        {TAKEO_TYPE_TEXT, "null", NULL},
        {TAKEO_TYPE_TEXT, "[\"a\"", NULL},
        {TAKEO_TYPE_TEXT, "[\"a\"],", NULL},
        {TAKEO_TYPE_TEXT, "", NULL},
        {TAKEO_TYPE_UUID, "[\"x\"]", NULL},
        {TAKEO_TYPE_DATE, "[\"2024-02-30\"]", NULL},
    };
    tk_arena arena;
    tk_arena_init(&arena, tk_alloc_default);
    for (size_t i = 0; i < TK_COUNT(cases); i++) {
        takeo_cell cell;
        bool is_read = read_text(cases[i].text, cases[i].element, &arena, &cell);
        if (is_read != (cases[i].shown != NULL)) {
            fail_msg("%s", cases[i].text);
        }
        if (is_read) {
            tk_buf shown;
            tk_buf_init(&shown, tk_alloc_default, 1000);
            tk_cell_format(&cell, &shown);
            assert_string_equal(shown.data, cases[i].shown);
            tk_buf_done(&shown);
        }
    }
    tk_arena_done(&arena);
}

static void array_depth_is_limited(void **state) {
    (void)state;
    char text[2 * 65 + 1];
    takeo_cell cell;
    tk_arena arena;
    tk_arena_init(&arena, tk_alloc_default);
    for (int depth = 64; depth <= 65; depth++) {
        memset(text, '[', (size_t)depth);
        memset(text + depth, ']', (size_t)depth);
        text[2 * depth] = '\0';
        assert_int_equal(read_text(text, TAKEO_TYPE_TEXT, &arena, &cell), depth == 64);
    }
    tk_buf out;
    tk_buf_init(&out, tk_alloc_default, 1000);
    assert_true(tk_array_write_json(&cell, &out)); /* the one of 64 */
    takeo_cell deeper = list_of(&cell, 1);
    assert_false(tk_array_write_json(&deeper, &out));
    tk_buf_done(&out);
    tk_arena_done(&arena);
}

/* Each allocation fails in turn: that is told apart from a text that is none. */
static bool read_and_write(const takeo_allocator *allocator, void *context) {
    (void)context;
    tk_alloc alloc = tk_alloc_from(allocator);
    static const char text[] = "[[\"a\",\"b\"],[\"c\"],[],[\"d\",\"e\",\"f\",\"g\",\"h\",\"i\"]]";
    tk_arena arena;
    tk_arena_init(&arena, alloc);
    takeo_cell cell;
    bool has_memory;
    bool is_read =
        tk_array_read_json(text, sizeof text - 1, TAKEO_TYPE_TEXT, &arena, &cell, &has_memory);
    assert_int_equal(is_read, has_memory);
    tk_buf out;
    tk_buf_init(&out, alloc, 1000);
    bool is_written = is_read && tk_array_write_json(&cell, &out);
    assert_true(!is_read || is_written == !out.failed);
    tk_buf_done(&out);
    tk_arena_done(&arena);
    return is_written;
}

static void array_survives_want_of_memory(void **state) {
    (void)state;
    assert_true(tk_sweep(read_and_write, NULL) > 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(array_elements_come_back_as_they_went),
        cmocka_unit_test(array_without_a_form_is_not_written),
        cmocka_unit_test(array_reads_what_other_tools_wrote),
        cmocka_unit_test(array_depth_is_limited),
        cmocka_unit_test(array_survives_want_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
