/* test_buf.c - text that grows: what is put stands there, and a failure sticks. */
#include "base/base.h"
#include "support.h"

static void buf_puts_stand_in_order(void **state) {
    (void)state;
    tk_test_alloc memory;
    takeo_allocator allocator = tk_test_alloc_init(&memory);
    tk_buf buf;
    tk_buf_init(&buf, tk_alloc_from(&allocator), 1000);
    tk_buf_put(&buf, NULL, 0);
    assert_string_equal(buf.data, "");
    tk_buf_puts(&buf, "abc");
    tk_buf_putc(&buf, '-');
    tk_buf_printf(&buf, "%s=%d", "n", 5);
    tk_buf_put(&buf, "zzz", 2);
    assert_string_equal(buf.data, "abc-n=5zz");
    assert_int_equal(buf.len, 9);
    tk_buf_clear(&buf);
    assert_string_equal(buf.data, "");
    for (int i = 0; i < 100; i++) {
        tk_buf_printf(&buf, "%010d", i);
    }
    assert_false(buf.failed);
    assert_int_equal(buf.len, 1000);
    assert_memory_equal(buf.data + 990, "0000000099", 11);
    tk_buf_done(&buf);
    tk_test_alloc_done(&memory);
}

static void buf_integers_are_exact(void **state) {
    (void)state;
    static const struct {
        int64_t number;
        const char *text;
    } cases[] = {
        {0, "0"},
        {-1, "-1"},
        {10, "10"},
        {INT64_MAX, "9223372036854775807"},
        {INT64_MIN, "-9223372036854775808"},
    };
    tk_buf buf;
    tk_buf_init(&buf, tk_alloc_default, 100);
    for (size_t i = 0; i < TK_COUNT(cases); i++) {
        tk_buf_clear(&buf);
        tk_buf_put_int(&buf, cases[i].number);
        assert_string_equal(buf.data, cases[i].text);
    }
    tk_buf_done(&buf);
}

static void buf_beyond_its_maximum_fails_and_stays_so(void **state) {
    (void)state;
    static const size_t maxima[] = {0, 1, 10, 63, 64, 65, 100, 1000};
    for (size_t i = 0; i < TK_COUNT(maxima); i++) {
        tk_buf buf;
        tk_buf_init(&buf, tk_alloc_default, maxima[i]);
        for (size_t j = 0; j < maxima[i]; j++) {
            tk_buf_putc(&buf, 'x');
        }
        assert_false(buf.failed);
        assert_int_equal(buf.len, maxima[i]);
        tk_buf_putc(&buf, 'y');
        assert_true(buf.failed);
        tk_buf_puts(&buf, "");
        tk_buf_printf(&buf, "%d", 1);
        assert_true(buf.failed);
        assert_int_equal(buf.len, maxima[i]);
        tk_buf_clear(&buf);
        assert_false(buf.failed);
        tk_buf_done(&buf);
    }
    tk_buf buf;
    tk_buf_init(&buf, tk_alloc_default, 5);
    tk_buf_printf(&buf, "%s", "123456");
    assert_true(buf.failed);
    assert_string_equal(buf.data, "");
    tk_buf_done(&buf);
    tk_buf_init(&buf, tk_alloc_default, SIZE_MAX);
    volatile size_t most = SIZE_MAX - 5; /* which the compiler would not let through */
    tk_buf_put(&buf, "x", most);         /* B28: fails before it reads anything */
    assert_true(buf.failed);
    tk_buf_done(&buf);
}

static void buf_json_strings_are_valid(void **state) {
    (void)state;
    static const struct {
        const char *in;
        size_t len;
        const char *out;
    } cases[] = {
        {"", 0, "\"\""},
        {"abc", 3, "\"abc\""},
        {"a\"b\\c/", 6, "\"a\\\"b\\\\c/\""},
        {"\b\f\n\r\t", 5, "\"\\b\\f\\n\\r\\t\""},
        {"\0\x1f\x7f", 3, "\"\\u0000\\u001f\x7f\""},
        {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9, "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""},
        {"a\xff\xc3", 3, "\"a\\ufffd\\ufffd\""},
    };
    tk_buf buf;
    tk_buf_init(&buf, tk_alloc_default, 100);
    for (size_t i = 0; i < TK_COUNT(cases); i++) {
        tk_buf_clear(&buf);
        tk_buf_put_json(&buf, cases[i].in, cases[i].len);
        assert_string_equal(buf.data, cases[i].out);
    }
    tk_buf_done(&buf);
}

/* F60 */
static bool fill_buf(const takeo_allocator *allocator, void *context) {
    (void)context;
    tk_buf buf;
    tk_buf_init(&buf, tk_alloc_from(allocator), 100000);
    for (int i = 0; i < 300; i++) {
        tk_buf_printf(&buf, "%d %0200d", i, i);
        tk_buf_put_json(&buf, "a\n", 2);
    }
    bool is_whole = !buf.failed;
    tk_buf_done(&buf);
    return is_whole;
}

static void buf_without_memory_fails_cleanly(void **state) {
    (void)state;
    assert_true(tk_sweep(fill_buf, NULL) > 5);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buf_puts_stand_in_order),
        cmocka_unit_test(buf_integers_are_exact),
        cmocka_unit_test(buf_beyond_its_maximum_fails_and_stays_so),
        cmocka_unit_test(buf_json_strings_are_valid),
        cmocka_unit_test(buf_without_memory_fails_cleanly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
