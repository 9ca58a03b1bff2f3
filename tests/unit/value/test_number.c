/* test_number.c - integers and floating point as text, in whatever locale. */
#include <float.h>
#include <locale.h>
#include <math.h>

#include "value/value.h"
#include "support.h"

/* B01, B02 */
static void number_integers_are_exact_or_refused(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool fits, is_number;
        int64_t number;
    } cases[] = {
        {"0", true, true, 0},
        {"-0", true, true, 0},
        {"+7", true, true, 7},
        {"007", true, true, 7},
        {"9223372036854775807", true, true, INT64_MAX},
        {"-9223372036854775808", true, true, INT64_MIN},
        {"9223372036854775808", false, true, 0},
        {"-9223372036854775809", false, true, 0},
        {"18446744073709551616", false, true, 0},
        {"99999999999999999999999999", false, true, 0},
        {"99999999999999999999999999x", false, false, 0},
        {"", false, false, 0},
        {"-", false, false, 0},
        {"+", false, false, 0},
        {"--1", false, false, 0},
        {"1.0", false, false, 0},
        {"1e3", false, false, 0},
        {" 1", false, false, 0},
        {"1 ", false, false, 0},
        {"0x10", false, false, 0},
        {"1_000", false, false, 0},
    };
    for (size_t i = 0; i < TK_COUNT(cases); i++) {
        int64_t number = 42;
        bool is_number;
        bool fits = tk_int_parse(cases[i].text, strlen(cases[i].text), &number, &is_number);
        if (fits != cases[i].fits || is_number != cases[i].is_number) {
            fail_msg("%s", cases[i].text);
        }
        assert_int_equal(number, fits ? cases[i].number : 42);
    }
    uint64_t large = 0;
    bool is_number;
    assert_true(tk_uint_parse("18446744073709551615", 20, &large, NULL)); /* B18 */
    assert_true(large == UINT64_MAX);
    assert_true(tk_uint_parse("-0", 2, &large, NULL));
    assert_true(large == 0);
    assert_false(tk_uint_parse("-1", 2, &large, &is_number));
    assert_true(is_number);
    assert_false(tk_uint_parse("18446744073709551616", 20, &large, &is_number));
    assert_true(is_number);
}

static const struct float_case {
    double number;
    const char *text;
    const char *single; /* NULL: as text */
} float_cases[] = {
    {0.0, "0", NULL},           {1.0, "1", NULL},
    {-1.5, "-1.5", NULL},       {10.0, "10", NULL},
    {100.25, "100.25", NULL},   {123456789.0, "123456789", "123456790"},
    {0.5, "0.5", NULL},         {0.0001, "0.0001", NULL},
    {0.00001, "1e-05", NULL},   {1e14, "100000000000000", NULL},
    {1e15, "1e+15", NULL},      {1e22, "1e+22", NULL},
    {1e23, "1e+23", NULL},      {123456789012345.0, "123456789012345", "123456790000000"},
    {1.5e-10, "1.5e-10", NULL},
};

static void number_floats_are_written_shortest(void **state) {
    (void)state;
    char text[TK_FLOAT_SIZE];
    for (size_t i = 0; i < TK_COUNT(float_cases); i++) {
        const struct float_case *c = &float_cases[i];
        assert_int_equal(tk_float_write(c->number, false, text), strlen(c->text));
        assert_string_equal(text, c->text);
        tk_float_write((double)(float)c->number, true, text);
        assert_string_equal(text, c->single != NULL ? c->single : c->text);
    }
    static const struct {
        double number;
        const char *text;
    } hard[] = {
        {-0.0, "-0"}, /* B15 */
        {0.1, "0.1"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1.0 / 3, "0.3333333333333333"},
        {5e-324, "5e-324"},
        {1e-323, "1e-323"},
        {2.2250738585072014e-308, "2.2250738585072014e-308"},
        {2.225073858507201e-308, "2.225073858507201e-308"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {0x1p-44, "5.684341886080802e-14"}, /* nearer to its lower neighbour */
        {9007199254740993.0, "9.007199254740992e+15"},
        {(double)NAN, "NaN"},
        {(double)INFINITY, "Infinity"},
        {-(double)INFINITY, "-Infinity"},
    };
    for (size_t i = 0; i < TK_COUNT(hard); i++) {
        tk_float_write(hard[i].number, false, text);
        assert_string_equal(text, hard[i].text);
    }
    tk_float_write((double)0.1F, true, text);
    assert_string_equal(text, "0.1");
    tk_float_write((double)FLT_MAX, true, text);
    assert_string_equal(text, "3.4028235e+38");
    tk_float_write((double)1e-45F, true, text);
    assert_string_equal(text, "1e-45");
}

/* B06, B07, B08 */
static void number_floats_are_read_once_rounded(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool is_single, fits, is_number;
        double number;
    } cases[] = {
        {"0", false, true, true, 0},
        {"1", false, true, true, 1},
        {"+1.50", false, true, true, 1.5},
        {".5", false, true, true, 0.5},
        {"5.", false, true, true, 5},
        {"1e3", false, true, true, 1000},
        {"1E-3", false, true, true, 0.001},
        {"0e999999999999999999999", false, true, true, 0},
        {"0.000000000000000000000000000001e30", false, true, true, 1},
        {"1000000000000000000000000000000e-30", false, true, true, 1},
        {"1e308", false, true, true, 1e308},
        {"5e-324", false, true, true, 5e-324},
        {"1e309", false, false, true, 0},
        {"-1e309", false, false, true, 0},
        {"1e-400", false, false, true, 0},
        {"1e99999999999999999999", false, false, true, 0},
        {"4e40", true, false, true, 0},
        {"1e-50", true, false, true, 0},
        {"0.1", true, true, true, (double)0.1F},
        {"16777217", true, true, true, 16777216},
        /* Rounding to double first would give 1 + 2^-23. */
        {"1.00000005960464477539062500000000000000000000001", true, true, true, 0x1.000002p0},
        {"1.000000059604644775390625", true, true, true, 1},
        {"", false, false, false, 0},
        {".", false, false, false, 0},
        {"-", false, false, false, 0},
        {"e5", false, false, false, 0},
        {"1e", false, false, false, 0},
        {"1e+", false, false, false, 0},
        {"1e5x", false, false, false, 0},
        {"1,5", false, false, false, 0},
        {" 1", false, false, false, 0},
        {"0x1p3", false, false, false, 0},
        {"nan", false, false, false, 0},
        {"inf", false, false, false, 0},
        {"+Infinity", false, false, false, 0},
        {"1.5.5", false, false, false, 0},
    };
    for (size_t i = 0; i < TK_COUNT(cases); i++) {
        double number = 42;
        bool is_number;
        bool fits = tk_float_parse(cases[i].text, strlen(cases[i].text), cases[i].is_single,
                                   &number, &is_number);
        if (fits != cases[i].fits || is_number != cases[i].is_number
            || number != (fits ? cases[i].number : 42)) {
            fail_msg("%s", cases[i].text);
        }
    }
    double number = 0;
    assert_true(tk_float_parse("NaN", 3, false, &number, NULL));
    assert_true(isnan(number));
    assert_true(tk_float_parse("-Infinity", 9, false, &number, NULL));
    assert_true(isinf(number) && number < 0);
    assert_true(tk_float_parse("-0", 2, false, &number, NULL));
    assert_true(signbit(number));
}

/* Exactly half way between 1 and the next double, written with 1000 digits more: only the last says
 * which way. */
static void number_floats_of_many_digits_round_right(void **state) {
    (void)state;
    static const char half[] = "1.00000000000000011102230246251565404236316680908203125";
    char text[2000];
    double number = 0;
    memset(text, '0', sizeof text);
    memcpy(text, half, sizeof half - 1);
    assert_true(tk_float_parse(text, sizeof text, false, &number, NULL));
    assert_true(number == 1.0);
    text[sizeof text - 1] = '1';
    assert_true(tk_float_parse(text, sizeof text, false, &number, NULL));
    assert_true(number == 0x1.0000000000001p0);
    memset(text, '0', sizeof text);
    text[0] = '1';
    assert_false(tk_float_parse(text, sizeof text, false, &number, NULL));
    memcpy(text + sizeof text - 6, "1e-1993", 6); /* ...e-199: too large still */
    assert_false(tk_float_parse(text, sizeof text, false, &number, NULL));
    memcpy(text + sizeof text - 6, "e-1993", 6);
    assert_true(tk_float_parse(text, sizeof text, false, &number, NULL));
    assert_true(number == 1.0);
}

static void check_round_trips(void) {
    uint64_t seed = UINT64_C(88172645463325252);
    for (int i = 0; i < 20000; i++) {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        double number;
        double again = 0;
        uint64_t bits = i % 3 == 0 ? seed & UINT64_C(0xFFF0000000000000) : seed;
        memcpy(&number, &bits, sizeof number);
        if (isnan(number)) {
            continue;
        }
        char text[TK_FLOAT_SIZE];
        size_t len = tk_float_write(number, false, text);
        assert_true(len < sizeof text && strchr(text, ',') == NULL);
        if (number != 0) {
            assert_true(tk_float_parse(text, len, false, &again, NULL));
            assert_memory_equal(&again, &number, sizeof number);
        }
        uint32_t narrow_bits = (uint32_t)(seed >> 16);
        float narrow;
        memcpy(&narrow, &narrow_bits, sizeof narrow);
        if (isnan(narrow) || narrow == 0) {
            continue;
        }
        len = tk_float_write((double)narrow, true, text);
        assert_true(tk_float_parse(text, len, true, &again, NULL));
        assert_true((float)again == narrow);
        assert_true(strlen(text) <= 16);
    }
}

static void number_floats_read_back_in_every_locale(void **state) {
    (void)state;
    check_round_trips();
    static const char *const locales[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "ps_AF.UTF-8"};
    for (size_t i = 0; i < TK_COUNT(locales); i++) {
        if (setlocale(LC_NUMERIC, locales[i]) != NULL) { /* not every machine has them */
            check_round_trips();
        }
    }
    setlocale(LC_NUMERIC, "C");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(number_integers_are_exact_or_refused),
        cmocka_unit_test(number_floats_are_written_shortest),
        cmocka_unit_test(number_floats_are_read_once_rounded),
        cmocka_unit_test(number_floats_of_many_digits_round_right),
        cmocka_unit_test(number_floats_read_back_in_every_locale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
