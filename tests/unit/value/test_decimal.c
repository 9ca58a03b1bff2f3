/* test_decimal.c - decimals as text: exact, at every length, against integers where they fit. */
#include <inttypes.h>

#include "value/value.h"
#include "support.h"

static tk_decimal read_one(const char *text) {
    tk_decimal number;
    if (!tk_decimal_read(text, strlen(text), &number)) {
        fail_msg("%s", text);
    }
    return number;
}

static void decimal_read_takes_the_plain_form_only(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *canonical; /* NULL: refused */
    } cases[] = {
        {"0", "0"},
        {"-0", "0"}, /* B15 */
        {"-0.00", "0.00"},
        {"+1", "1"},
        {"007", "7"},
        {"-007.50", "-7.50"},
        {".5", "0.5"},
        {"5.", "5"},
        {"-.5", "-0.5"},
        {"12345678901234567890.123456789012345678901",
         "12345678901234567890.123456789012345678901"},
        {"NaN", "NaN"},
        {"Infinity", "Infinity"},
        {"-Infinity", "-Infinity"},
        {"", NULL},
        {".", NULL},
        {"-", NULL},
        {"+", NULL},
        {"-.", NULL},
        {"1.2.3", NULL},
        {"1e5", NULL},
        {"1E+3", NULL},
        {"--1", NULL},
        {"1-", NULL},
        {" 1", NULL},
        {"1 ", NULL},
        {"1,5", NULL},
        {"1_000", NULL},
        {"0x10", NULL},
        {"nan", NULL},
        {"sNaN", NULL}, /* B13 */
        {"NaN123", NULL},
        {"-NaN", NULL},
        {"+Infinity", NULL},
        {"inf", NULL},
        {"\xd9\xa1", NULL}, /* a digit of another script */
    };
    for (size_t i = 0; i < TK_COUNT(cases); i++) {
        tk_buf out;
        tk_buf_init(&out, tk_alloc_default, 1000);
        bool is_valid = tk_decimal_canonical(cases[i].text, strlen(cases[i].text), &out);
        if (is_valid != (cases[i].canonical != NULL)) {
            fail_msg("%s", cases[i].text);
        }
        if (is_valid) {
            assert_string_equal(out.data, cases[i].canonical);
        } else {
            assert_int_equal(out.len, 0);
        }
        tk_buf_done(&out);
    }
    tk_decimal number;
    assert_false(tk_decimal_read("1\0", 2, &number));
}

/* B09, B10 */
static void decimal_length_is_limited(void **state) {
    (void)state;
    static char text[TK_DECIMAL_MAX + 1];
    tk_decimal number;
    memset(text, '9', sizeof text);
    assert_true(tk_decimal_read(text, TK_DECIMAL_MAX, &number));
    assert_false(tk_decimal_read(text, TK_DECIMAL_MAX + 1, &number));
    tk_buf out;
    tk_buf_init(&out, tk_alloc_default, 1000000);
    assert_true(tk_decimal_expand("1e139999", 8, &out));
    assert_int_equal(out.len, 140000);
    tk_buf_clear(&out);
    assert_false(tk_decimal_expand("1e140000", 8, &out));
    assert_false(tk_decimal_expand("1e-140001", 9, &out));
    assert_false(tk_decimal_expand("1e99999999999999999999", 22, &out));
    assert_false(tk_decimal_expand("1e-99999999999999999999", 23, &out));
    assert_false(tk_decimal_expand("0e-99999999999999999999", 23, &out));
    assert_int_equal(out.len, 0);
    assert_true(tk_decimal_expand("1e-140000", 9, &out));
    assert_int_equal(out.len, 140002);
    tk_buf_done(&out);
    tk_buf_init(&out, tk_alloc_default, 10);
    assert_false(tk_decimal_expand("1e20", 4, &out)); /* the buffer's own limit */
    tk_buf_done(&out);
}

static void decimal_expand_moves_the_point(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *plain;
    } cases[] = {
        {"1E+3", "1000"},
        {"-1.5e-7", "-0.00000015"},
        {"1.5e1", "15"},
        {"1.5e0", "1.5"},
        {"1.50E1", "15.0"},
        {"123.456e2", "12345.6"},
        {"123.456e3", "123456"},
        {"123.456e5", "12345600"},
        {"123.456e-2", "1.23456"},
        {"123.456e-3", "0.123456"},
        {"123.456e-5", "0.00123456"},
        {"0.00123e2", "0.123"},
        {"0.00123e3", "1.23"},
        {"0.00123e5", "123"},
        {"0.00123e7", "12300"},
        {"000123e-2", "1.23"},
        {"0E+3", "0"},
        {"0E-5", "0.00000"},
        {"-0e5", "0"},
        {"0.00e1", "0.0"},
        {"0.00e5", "0"},
        {"0e999999999999", "0"},
        {"+5e1", "50"},
        {"12.5", "12.5"},
        {"-12", "-12"},
        {".5e1", "5"},
        {"NaN", "NaN"},
        {"-Infinity", "-Infinity"},
        {"1e", NULL},
        {"e5", NULL},
        {"1e+", NULL},
        {"1e5.5", NULL},
        {"1e5x", NULL},
        {"", NULL},
        {"NaNe5", NULL},
    };
    for (size_t i = 0; i < TK_COUNT(cases); i++) {
        tk_buf out;
        tk_buf_init(&out, tk_alloc_default, 1000);
        bool is_valid = tk_decimal_expand(cases[i].text, strlen(cases[i].text), &out);
        if (is_valid != (cases[i].plain != NULL)) {
            fail_msg("%s", cases[i].text);
        }
        if (is_valid) {
            assert_string_equal(out.data, cases[i].plain);
        }
        tk_buf_done(&out);
    }
}

/* B11, B12 */
static void decimal_size_counts_what_a_column_needs(void **state) {
    (void)state;
    static const struct {
        const char *text;
        uint32_t precision, scale;
    } cases[] = {
        {"0", 0, 0},     {"0.00", 0, 0},     {"1000", 4, 0},   {"1.005", 4, 3},
        {"1.500", 2, 1}, {"0.005", 3, 3},    {"-12.34", 4, 2}, {"000012.3400", 4, 2},
        {"NaN", 0, 0},   {"Infinity", 0, 0}, {"100.", 3, 0},
    };
    for (size_t i = 0; i < TK_COUNT(cases); i++) {
        tk_decimal number = read_one(cases[i].text);
        uint32_t precision = 42;
        uint32_t scale = 42;
        tk_decimal_size(&number, &precision, &scale);
        assert_int_equal(precision, cases[i].precision);
        assert_int_equal(scale, cases[i].scale);
    }
}

static void decimal_compare_goes_by_value(void **state) {
    (void)state;
    /* In order; those between two bars are equal. */
    static const char *const order[] = {
        "-Infinity", "|",      "-1000",  "|",          "-12.5",  "-12.50", "-012.5", "|",
        "-12.49",    "|",      "-0.001", "|",          "0",      "-0",     "0.00",   "-0.0",
        "|",         "0.0009", "|",      "0.001",      "0.0010", "|",      "0.01",   "|",
        "1",         "1.0",    "|",      "1.00000001", "|",      "9",      "|",      "10",
        "10.",       "|",      "99.999", "|",          "100",    "|",      "1e",
    };
    size_t rank_a = 0;
    for (size_t i = 0; i + 2 < TK_COUNT(order); i++) {
        if (order[i][0] == '|') {
            rank_a++;
            continue;
        }
        tk_decimal a = read_one(order[i]);
        size_t rank_b = 0;
        for (size_t j = 0; j + 2 < TK_COUNT(order); j++) {
            if (order[j][0] == '|') {
                rank_b++;
                continue;
            }
            tk_decimal b = read_one(order[j]);
            assert_int_equal(tk_decimal_compare(&a, &b), (rank_a > rank_b) - (rank_a < rank_b));
        }
        tk_decimal nan = read_one("NaN");
        tk_decimal infinity = read_one("Infinity");
        assert_int_equal(tk_decimal_compare(&a, &nan), -1);
        assert_int_equal(tk_decimal_compare(&nan, &a), 1);
        assert_int_equal(tk_decimal_compare(&a, &infinity), -1);
        assert_int_equal(tk_decimal_compare(&nan, &infinity), 1);
        assert_int_equal(tk_decimal_compare(&nan, &nan), 0);
    }
}

static void check_add(const char *x, const char *y, const char *sum) {
    tk_decimal a = read_one(x);
    tk_decimal b = read_one(y);
    tk_buf out;
    tk_buf_init(&out, tk_alloc_default, 100000);
    tk_buf_puts(&out, "=");
    assert_true(tk_decimal_add(&a, &b, &out));
    assert_string_equal(out.data + 1, sum);
    assert_int_equal(out.len, strlen(sum) + 1);
    tk_buf_clear(&out);
    assert_true(tk_decimal_add(&b, &a, &out));
    assert_string_equal(out.data, sum);
    tk_buf_done(&out);
}

static void decimal_sums_are_exact(void **state) {
    (void)state;
    static const struct {
        const char *a;
        const char *b;
        const char *sum;
    } cases[] = {
        {"0", "0", "0"},
        {"0.1", "0.2", "0.3"},
        {"1", "-1", "0"},
        {"1.50", "-1.5", "0.00"},
        {"999", "1", "1000"},
        {"999.99", "0.01", "1000.00"},
        {"-999.99", "-0.01", "-1000.00"},
        {"1000", "-0.001", "999.999"},
        {"-1000", "0.001", "-999.999"},
        {"5", "-12.25", "-7.25"},
        {"-0", "-0", "0"},
        {"-0.0", "0", "0.0"},
        {".5", ".5", "1.0"},
        {"0.0001", "1000", "1000.0001"},
        {"99999999999999999999999999999999", "1", "100000000000000000000000000000000"},
        {"NaN", "1", "NaN"},
        {"Infinity", "1", "Infinity"},
        {"-Infinity", "1", "-Infinity"},
        {"Infinity", "-Infinity", "NaN"},
        {"Infinity", "Infinity", "Infinity"},
        {"Infinity", "NaN", "NaN"},
    };
    for (size_t i = 0; i < TK_COUNT(cases); i++) {
        check_add(cases[i].a, cases[i].b, cases[i].sum);
    }
}

static uint64_t next_random(uint64_t *seed) {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* A number of thousandths as its text. */
static void write_thousandths(int64_t number, char out[32]) {
    int64_t size = number < 0 ? -number : number;
    snprintf(out, 32, "%s%" PRId64 ".%03d", number < 0 ? "-" : "", size / 1000, (int)(size % 1000));
}

static void decimal_sums_agree_with_integers(void **state) {
    (void)state;
    uint64_t seed = UINT64_C(88172645463325252);
    for (int i = 0; i < 5000; i++) {
        int64_t x = (int64_t)next_random(&seed) >> (next_random(&seed) % 60 + 3);
        int64_t y = (int64_t)next_random(&seed) >> (next_random(&seed) % 60 + 3);
        char a[32];
        char b[32];
        char sum[32];
        write_thousandths(x, a);
        write_thousandths(y, b);
        write_thousandths(x + y, sum);
        check_add(a, b, sum);
    }
}

static void decimal_quotients_round_half_to_even(void **state) {
    (void)state;
    static const struct {
        const char *number;
        int64_t divisor;
        uint32_t scale;
        const char *quotient;
    } cases[] = {
        {"10", 4, 2, "2.50"},
        {"1", 3, 5, "0.33333"},
        {"2", 3, 5, "0.66667"},
        {"1", 8, 2, "0.12"}, /* 0.125: the tie goes down to 2 */
        {"3", 8, 2, "0.38"}, /* 0.375: up to 8 */
        {"-1", 8, 2, "-0.12"},
        {"5", 2, 0, "2"},
        {"7", 2, 0, "4"},
        {"0.5", 1, 0, "0"},
        {"0.51", 1, 0, "1"},
        {"1.5", 1, 0, "2"},
        {"0.7", 1, 0, "1"},
        {"0", 7, 2, "0.00"},
        {"-0.001", 1, 2, "0.00"}, /* no -0 */
        {"999.999", 1, 2, "1000.00"},
        {"99", 10, 0, "10"},
        {"1.9", 3, 0, "1"}, /* one short of half, and the digits below it decide: 0.6333 */
        {"1.4999", 3, 0, "0"},
        {"1.5", 3, 0, "0"}, /* exactly half of one */
        {"1.5000000001", 3, 0, "1"},
        {"4.5", 3, 0, "2"},
        {"1", -3, 3, "-0.333"},
        {"-1", -3, 3, "0.333"},
        {"12345678901234567890123456789", INT64_MAX, 10, "1338521188.5526973837"},
        {"-9223372036854775808", INT64_MIN, 3, "1.000"},
        {"0.123456789", 1, 4, "0.1235"},
        {"100", 1, 0, "100"},
        {"NaN", 5, 2, "NaN"},
        {"Infinity", -5, 2, "-Infinity"},
        {"-Infinity", -5, 2, "Infinity"},
    };
    for (size_t i = 0; i < TK_COUNT(cases); i++) {
        tk_decimal number = read_one(cases[i].number);
        tk_buf out;
        tk_buf_init(&out, tk_alloc_default, 1000);
        tk_buf_puts(&out, "=");
        assert_true(tk_decimal_divide(&number, cases[i].divisor, cases[i].scale, &out));
        assert_string_equal(out.data + 1, cases[i].quotient);
        tk_buf_done(&out);
    }
    tk_decimal one = read_one("1");
    tk_buf out;
    tk_buf_init(&out, tk_alloc_default, 10);
    assert_false(tk_decimal_divide(&one, 0, 2, &out));
    assert_false(tk_decimal_divide(&one, 3, TK_DECIMAL_MAX + 1, &out));
    assert_int_equal(out.len, 0);
    assert_false(tk_decimal_divide(&one, 3, 20, &out));
    tk_buf_done(&out);
}

/* Half to even of small integers, said with integers. */
static void decimal_quotients_agree_with_integers(void **state) {
    (void)state;
    uint64_t seed = UINT64_C(88172645463325252);
    for (int i = 0; i < 5000; i++) {
        int64_t thousandths = (int64_t)(next_random(&seed) % 200001) - 100000;
        int64_t divisor = (int64_t)(next_random(&seed) % 100) + 1;
        char text[32];
        char expected[32];
        write_thousandths(thousandths, text);
        /* To one digit: |thousandths| / (divisor * 100) rounded. */
        int64_t size = thousandths < 0 ? -thousandths : thousandths;
        int64_t unit = divisor * 100;
        int64_t tenths = size / unit;
        int64_t twice = size % unit * 2;
        tenths += twice > unit || (twice == unit && tenths % 2 != 0) ? 1 : 0;
        snprintf(expected, sizeof expected, "%s%" PRId64 ".%d",
                 thousandths < 0 && tenths != 0 ? "-" : "", tenths / 10, (int)(tenths % 10));
        tk_decimal number = read_one(text);
        tk_buf out;
        tk_buf_init(&out, tk_alloc_default, 100);
        assert_true(tk_decimal_divide(&number, divisor, 1, &out));
        assert_string_equal(out.data, expected);
        tk_buf_done(&out);
    }
}

/* F60 */
static bool calculate(const takeo_allocator *allocator, void *context) {
    (void)context;
    tk_decimal a = read_one("123456789012345678901234567890123456789012345678901234567890.5");
    tk_decimal b = read_one("-0.000000000000000000000000000000000000000000000000000000000001");
    tk_buf out;
    tk_buf_init(&out, tk_alloc_from(allocator), 10000);
    bool is_added = tk_decimal_add(&a, &b, &out);
    bool is_divided = is_added && tk_decimal_divide(&a, 7, 200, &out);
    bool is_expanded = is_divided && tk_decimal_expand("1e500", 5, &out);
    assert_true(is_expanded || out.failed);
    tk_buf_done(&out);
    return is_expanded;
}

static void decimal_without_memory_fails_cleanly(void **state) {
    (void)state;
    assert_true(tk_sweep(calculate, NULL) >= 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decimal_read_takes_the_plain_form_only),
        cmocka_unit_test(decimal_length_is_limited),
        cmocka_unit_test(decimal_expand_moves_the_point),
        cmocka_unit_test(decimal_size_counts_what_a_column_needs),
        cmocka_unit_test(decimal_compare_goes_by_value),
        cmocka_unit_test(decimal_sums_are_exact),
        cmocka_unit_test(decimal_sums_agree_with_integers),
        cmocka_unit_test(decimal_quotients_round_half_to_even),
        cmocka_unit_test(decimal_quotients_agree_with_integers),
        cmocka_unit_test(decimal_without_memory_fails_cleanly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
