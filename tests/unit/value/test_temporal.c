/* test_temporal.c - the calendar, day by day, and the texts of dates and times. */
#include "value/value.h"
#include "support.h"

static bool is_leap(int year) {
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Walk from 4801 BC to 12000 with a calendar that only knows "the next day". */
static void temporal_calendar_agrees_with_walking(void **state) {
    (void)state;
    static const int lengths[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t days = tk_days_from_civil(-4800, 1, 1);
    for (int year = -4800; year < 12000; year++) {
        for (int month = 1; month <= 12; month++) {
            int length = lengths[month - 1] + (month == 2 && is_leap(year));
            for (int day = 1; day <= length; day++, days++) {
                int y;
                int m;
                int d;
                tk_civil_from_days(days, &y, &m, &d);
                if (y != year || m != month || d != day
                    || tk_days_from_civil(year, month, day) != days) {
                    fail_msg("%d-%d-%d is not day %lld", year, month, day, (long long)days);
                }
            }
        }
    }
    assert_int_equal(tk_days_from_civil(1970, 1, 1), 0);
    assert_int_equal(tk_days_from_civil(2000, 3, 1), 11017);
}

/* B34 to B37, B45, B47 */
static void temporal_dates_are_read_exactly(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t days;
        bool is_valid;
    } cases[] = {
        {"1970-01-01", 0, true},
        {"1969-12-31", -1, true},
        {"2024-02-29", 19782, true},
        {"2000-02-29", 11016, true},
        {"0001-01-01", -719162, true},
        {"9999-12-31", 2932896, true},
        {"10000-01-01", 2932897, true},
        {"0000-02-29", -719469, true}, /* 1 BC was a leap year */
        {"-0001-12-31", -719529, true},
        {"-4713-11-24", -2440588, true}, /* where PostgreSQL's calendar begins */
        {"5874897-12-31", 2145042905, true},
        {"5874898-01-01", 0, false},
        {"2024-02-30", 0, false},
        {"2023-02-29", 0, false},
        {"1900-02-29", 0, false},
        {"2024-04-31", 0, false},
        {"2024-00-10", 0, false},
        {"2024-13-01", 0, false},
        {"2024-01-00", 0, false},
        {"2024-01-32", 0, false},
        {"0000-00-00", 0, false},
        {"-0000-01-01", 0, false},
        {"02024-01-01", 0, false},
        {"024-01-01", 0, false},
        {"24-01-01", 0, false},
        {"2024-1-1", 0, false},
        {"2024/01/01", 0, false},
        {"20240101", 0, false},
        {" 2024-01-01", 0, false},
        {"2024-01-01 ", 0, false},
        {"2024-01-01x", 0, false},
        {"+2024-01-01", 0, false},
        {"12345678-01-01", 0, false},
        {"2024-01", 0, false},
        {"", 0, false},
        {"-", 0, false},
        {"today", 0, false},
    };
    for (size_t i = 0; i < TK_COUNT(cases); i++) {
        int64_t days = 42;
        bool is_valid = tk_date_parse(cases[i].text, strlen(cases[i].text), &days);
        if (is_valid != cases[i].is_valid) {
            fail_msg("%s", cases[i].text);
        }
        assert_int_equal(days, is_valid ? cases[i].days : 42);
        if (is_valid) {
            char text[16];
            assert_int_equal(tk_date_write(days, text), strlen(cases[i].text));
            assert_string_equal(text, cases[i].text);
        }
    }
}

static void temporal_damaged_days_do_not_overflow(void **state) {
    (void)state;
    static const int64_t days[] = {INT64_MIN, INT64_MAX, 2147000001, -2147000001};
    char text[40];
    for (size_t i = 0; i < TK_COUNT(days); i++) {
        assert_int_equal(tk_date_write(days[i], text), 12);
        assert_string_equal(text, "out of range");
    }
    assert_true(tk_date_write(2147000000, text) < 16);
    assert_true(tk_date_write(-2147000000, text) < 16);
    assert_int_equal(tk_time_write(-1, text), 12);
    assert_int_equal(tk_time_write(TK_DAY_US + 1, text), 12);
}

/* B38, B45, B48 */
static void temporal_times_are_read_exactly(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t us; /* -1: refused */
    } cases[] = {
        {"00:00", 0},
        {"00:00:00", 0},
        {"12:34", INT64_C(45240000000)},
        {"12:34:56", INT64_C(45296000000)},
        {"12:34:56.7", INT64_C(45296700000)},
        {"12:34:56.123456", INT64_C(45296123456)},
        {"12:34:56.123456000", INT64_C(45296123456)},
        {"23:59:59.999999", INT64_C(86399999999)},
        {"24:00", INT64_C(86400000000)},
        {"24:00:00", INT64_C(86400000000)},
        {"24:00:00.000000", INT64_C(86400000000)},
        {"24:00:00.000001", -1},
        {"24:00:01", -1},
        {"24:01", -1},
        {"25:00", -1},
        {"12:60", -1},
        {"12:34:60", -1},
        {"12:34:56.1234567", -1},
        {"12:34:56.0000000001", -1},
        {"12:34:56.", -1},
        {"12:34:", -1},
        {"12", -1},
        {"1:00", -1},
        {"12:34:56,5", -1},
        {"12:34:56Z", -1},
        {"-1:00", -1},
        {"12:34:56.-1", -1},
        {"", -1},
    };
    for (size_t i = 0; i < TK_COUNT(cases); i++) {
        int64_t us = -1;
        bool is_valid = tk_time_parse(cases[i].text, strlen(cases[i].text), &us);
        if (is_valid != (cases[i].us >= 0) || us != cases[i].us) {
            fail_msg("%s", cases[i].text);
        }
    }
    char text[24];
    assert_int_equal(tk_time_write(INT64_C(45296000007), text), 15);
    assert_string_equal(text, "12:34:56.000007");
    tk_time_write(TK_DAY_US, text);
    assert_string_equal(text, "24:00:00.000000");
}

/* B39, B40, B41, B46 */
static void temporal_timestamps_are_read_exactly(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *utc; /* NULL: refused */
        bool has_zone;
    } cases[] = {
        {"2024-02-29 12:34:56.123456", "2024-02-29 12:34:56.123456", false},
        {"2024-02-29T12:34:56", "2024-02-29 12:34:56.000000", false},
        {"2024-02-29 12:34", "2024-02-29 12:34:00.000000", false},
        {"2024-02-29T12:34:56Z", "2024-02-29 12:34:56.000000", true},
        {"2024-02-29 12:34:56+02", "2024-02-29 10:34:56.000000", true},
        {"2024-02-29 12:34:56.5-05:30", "2024-02-29 18:04:56.500000", true},
        {"2024-02-29 12:34:56+0530", "2024-02-29 07:04:56.000000", true},
        {"2024-02-29 00:00:00+00:00:01", "2024-02-28 23:59:59.000000", true},
        {"2024-02-29 00:00:00-15:59:59", "2024-02-29 15:59:59.000000", true},
        {"2024-02-29 00:00:00+15:59:59", "2024-02-28 08:00:01.000000", true},
        {"2024-12-31 24:00:00", "2025-01-01 00:00:00.000000", false},
        {"1969-12-31 23:59:59.999999", "1969-12-31 23:59:59.999999", false},
        {"0001-01-01 00:00:00+15:59", "0000-12-31 08:01:00.000000", true},
        {"9999-12-31 23:59:59.999999", "9999-12-31 23:59:59.999999", false},
        {"-4713-11-24 00:00:00", "-4713-11-24 00:00:00.000000", false},
        {"294247-01-10 04:00:54.775807", "294247-01-10 04:00:54.775807", false},
        {"294247-01-10 05:00:54.775807+01", "294247-01-10 04:00:54.775807", true},
        {"-290308-12-21 19:59:05.224192", "-290308-12-21 19:59:05.224192", false},
        {"294247-01-10 04:00:54.775808", NULL, false},
        {"-290308-12-21 19:59:05.224191", NULL, false},
        {"5874897-12-31 00:00:00", NULL, false},
        {"2024-02-30 00:00:00", NULL, false},
        {"2024-02-29 25:00:00", NULL, false},
        {"2024-02-29 12:34:60", NULL, false},
        {"2024-02-29 12:34:56.1234567", NULL, false},
        {"2024-02-29", NULL, false},
        {"2024-02-29 ", NULL, false},
        {"2024-02-29_12:34:56", NULL, false},
        {"2024-02-29t12:34:56", NULL, false},
        {"2024-02-29 12:34:56z", NULL, false},
        {"2024-02-29 12:34:56 Z", NULL, false},
        {"2024-02-29 12:34:56+", NULL, false},
        {"2024-02-29 12:34:56+1", NULL, false},
        {"2024-02-29 12:34:56+16", NULL, false},
        {"2024-02-29 12:34:56+02:60", NULL, false},
        {"2024-02-29 12:34:56+02:", NULL, false},
        {"2024-02-29 12:34:56+02:00:", NULL, false},
        {"2024-02-29 12:34:56+02:00:60", NULL, false},
        {"2024-02-29 12:34:56+020", NULL, false},
        {"2024-02-29 12:34:56+02000", NULL, false},
        {"2024-02-29 12:34:56Europe/Paris", NULL, false},
        {"2024-02-29 12:34:56ZZ", NULL, false},
        {"", NULL, false},
    };
    for (size_t i = 0; i < TK_COUNT(cases); i++) {
        int64_t us = 42;
        bool has_zone = false;
        bool is_valid = tk_timestamp_parse(cases[i].text, strlen(cases[i].text), &us, &has_zone);
        if (is_valid != (cases[i].utc != NULL) || has_zone != cases[i].has_zone) {
            fail_msg("%s", cases[i].text);
        }
        if (is_valid) {
            char text[40];
            assert_int_equal(tk_timestamp_write(us, text), strlen(cases[i].utc));
            assert_string_equal(text, cases[i].utc);
        } else {
            assert_int_equal(us, 42);
        }
    }
}

static void temporal_limits_of_microseconds_are_written(void **state) {
    (void)state;
    char text[40];
    tk_timestamp_write(INT64_MAX, text);
    assert_string_equal(text, "294247-01-10 04:00:54.775807");
    tk_timestamp_write(INT64_MIN, text);
    assert_string_equal(text, "-290308-12-21 19:59:05.224192");
    tk_timestamp_write(-1, text);
    assert_string_equal(text, "1969-12-31 23:59:59.999999");
}

static void temporal_fixed_form_agrees_with_the_general_one(void **state) {
    (void)state;
    uint64_t seed = UINT64_C(88172645463325252);
    int64_t first = tk_days_from_civil(1, 1, 1) * TK_DAY_US;
    int64_t span = (tk_days_from_civil(10000, 1, 1) - tk_days_from_civil(1, 1, 1)) * TK_DAY_US;
    for (int i = 0; i < 200000; i++) {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        int64_t us = first + (int64_t)(seed % (uint64_t)span);
        int64_t fixed = 0;
        int64_t parsed = 0;
        bool has_zone;
        char text[40];
        assert_int_equal(tk_timestamp_write(us, text), 26);
        assert_true(tk_timestamp_read_fixed(text, &fixed));
        assert_true(tk_timestamp_parse(text, 26, &parsed, &has_zone));
        assert_int_equal(fixed, us);
        assert_int_equal(parsed, us);
        /* One byte changed: both say the same, whatever it is. */
        text[seed >> 32 & 15] = (char)(seed >> 40);
        text[16 + (seed >> 56) % 10] = (char)(seed >> 48);
        bool is_fixed = tk_timestamp_read_fixed(text, &fixed);
        bool is_parsed = tk_timestamp_parse(text, 26, &parsed, &has_zone);
        if (is_fixed) {
            assert_true(is_parsed);
            assert_int_equal(fixed, parsed);
        }
    }
}

static void temporal_fixed_form_refuses_others(void **state) {
    (void)state;
    static const char good[] = "2024-02-29 12:34:56.123456";
    int64_t us = 42;
    for (size_t at = 0; at < 26; at++) {
        for (int c = 0; c < 256; c++) {
            char text[27];
            memcpy(text, good, sizeof text);
            text[at] = (char)c;
            bool is_digit = c >= '0' && c <= '9';
            if (good[at] >= '0' && good[at] <= '9' ? !is_digit : c != good[at]) {
                assert_false(tk_timestamp_read_fixed(text, &us));
            }
        }
    }
    static const char *const refused[] = {
        "2024-02-30 00:00:00.000000", "2024-13-01 00:00:00.000000", "2024-00-01 00:00:00.000000",
        "2024-01-00 00:00:00.000000", "2024-01-01 24:00:00.000000", "2024-01-01 00:60:00.000000",
        "2024-01-01 00:00:60.000000", "2023-02-29 00:00:00.000000",
    };
    for (size_t i = 0; i < TK_COUNT(refused); i++) {
        assert_false(tk_timestamp_read_fixed(refused[i], &us));
    }
    assert_int_equal(us, 42);
}

/* B42, B43, B44 */
static void temporal_intervals_are_exact(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *written; /* NULL: refused */
        int32_t months, days;
        int64_t us;
    } cases[] = {
        {"PT0S", "PT0S", 0, 0, 0},
        {"P0D", "PT0S", 0, 0, 0},
        {"P1Y2M3DT4H5M6.5S", "P1Y2M3DT4H5M6.5S", 14, 3, INT64_C(14706500000)},
        {"P-1Y-2M3DT-4H-5M-6.5S", "P-1Y-2M3DT-4H-5M-6.5S", -14, 3, INT64_C(-14706500000)},
        {"P1M", "P1M", 1, 0, 0},
        {"P2W", "P14D", 0, 14, 0},
        {"P1Y-1M", "P11M", 11, 0, 0},
        {"PT-0.000001S", "PT-0.000001S", 0, 0, -1},
        {"PT36H", "PT36H", 0, 0, INT64_C(129600000000)},
        {"PT90M", "PT1H30M", 0, 0, INT64_C(5400000000)},
        {"PT0.1234560S", "PT0.123456S", 0, 0, 123456},
        {"P178956970Y7M", "P178956970Y7M", INT32_MAX, 0, 0},
        {"P-178956970Y-8M", "P-178956970Y-8M", INT32_MIN, 0, 0},
        {"P2147483647D", "P2147483647D", 0, INT32_MAX, 0},
        {"PT9223372036854.775807S", "PT2562047788H54.775807S", 0, 0, INT64_MAX},
        {"PT-9223372036854.775808S", "PT-2562047788H-54.775808S", 0, 0, INT64_MIN},
        {"PT9223372036854.775808S", NULL, 0, 0, 0},
        {"P2147483648D", NULL, 0, 0, 0},
        {"P178956970Y8M", NULL, 0, 0, 0},
        {"P99999999999999999999D", NULL, 0, 0, 0},
        {"PT9223372036854775807H", NULL, 0, 0, 0},
        {"P", NULL, 0, 0, 0},
        {"PT", NULL, 0, 0, 0},
        {"P1D T1H", NULL, 0, 0, 0},
        {"P1DT", NULL, 0, 0, 0},
        {"1D", NULL, 0, 0, 0},
        {"", NULL, 0, 0, 0},
        {"P1", NULL, 0, 0, 0},
        {"P1H", NULL, 0, 0, 0},
        {"PT1D", NULL, 0, 0, 0},
        {"P1.5D", NULL, 0, 0, 0},
        {"PT1.5M", NULL, 0, 0, 0},
        {"P1M1Y", NULL, 0, 0, 0},
        {"P1D1D", NULL, 0, 0, 0},
        {"PT1.S", NULL, 0, 0, 0},
        {"PT1.1234567S", NULL, 0, 0, 0},
        {"P--1D", NULL, 0, 0, 0},
        {"PDT", NULL, 0, 0, 0},
        {"PT1HT1M", NULL, 0, 0, 0},
        {"1 mon", NULL, 0, 0, 0},
    };
    for (size_t i = 0; i < TK_COUNT(cases); i++) {
        takeo_cell cell;
        bool is_valid = tk_interval_parse(cases[i].text, strlen(cases[i].text), &cell);
        if (is_valid != (cases[i].written != NULL)) {
            fail_msg("%s", cases[i].text);
        }
        if (is_valid) {
            char text[TK_INTERVAL_SIZE];
            assert_int_equal(cell.v.span.months, cases[i].months);
            assert_int_equal(cell.v.span.days, cases[i].days);
            assert_int_equal(cell.v.span.us, cases[i].us);
            assert_int_equal(tk_interval_write(&cell, text), strlen(cases[i].written));
            assert_string_equal(text, cases[i].written);
        }
    }
    assert_false(tk_interval_parse("P1\0", 3, &(takeo_cell){0}));
    takeo_cell largest = {.v.span = {INT64_MIN, INT32_MIN, INT32_MIN}};
    char text[TK_INTERVAL_SIZE];
    takeo_cell again;
    assert_true(tk_interval_parse(text, tk_interval_write(&largest, text), &again));
    assert_memory_equal(&again.v.span, &largest.v.span, sizeof largest.v.span);
}

/* As `select interval 'P1M' = 'P30D'` of PostgreSQL says. */
static void temporal_intervals_have_an_order(void **state) {
    (void)state;
    static const char *const sorted[][2] = {
        {"P-178956970Y-8MT-2562047788H-54.775808S", "P-178956970Y-8MT-2562047788H-54.775808S"},
        {"P-2147483648D", "P-71582788M-8D"},
        {"P-1D", "PT-24H"},
        {"PT-0.000001S", "P-1DT23H59M59.999999S"},
        {"PT0S", "P1M-30D"},
        {"PT0.000001S", "P1DT-23H-59M-59.999999S"},
        {"PT24H", "P1D"},
        {"P30D", "P1M"},
        {"P360D", "P1Y"},
        {"PT2562047788H54.775807S", "P106751991DT4H54.775807S"},
        {"P178956970Y7MT2562047788H54.775807S", "P178956970Y7MT2562047788H54.775807S"},
    };
    takeo_cell cells[2 * TK_COUNT(sorted)];
    for (size_t i = 0; i < TK_COUNT(cells); i++) {
        const char *text = sorted[i / 2][i % 2];
        assert_true(tk_interval_parse(text, strlen(text), &cells[i]));
    }
    for (size_t i = 0; i < TK_COUNT(cells); i++) {
        for (size_t j = 0; j < TK_COUNT(cells); j++) {
            int expected = (i / 2 > j / 2) - (i / 2 < j / 2);
            if (tk_interval_compare(&cells[i], &cells[j]) != expected) {
                fail_msg("%s against %s", sorted[i / 2][i % 2], sorted[j / 2][j % 2]);
            }
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(temporal_calendar_agrees_with_walking),
        cmocka_unit_test(temporal_dates_are_read_exactly),
        cmocka_unit_test(temporal_damaged_days_do_not_overflow),
        cmocka_unit_test(temporal_times_are_read_exactly),
        cmocka_unit_test(temporal_timestamps_are_read_exactly),
        cmocka_unit_test(temporal_limits_of_microseconds_are_written),
        cmocka_unit_test(temporal_fixed_form_agrees_with_the_general_one),
        cmocka_unit_test(temporal_fixed_form_refuses_others),
        cmocka_unit_test(temporal_intervals_are_exact),
        cmocka_unit_test(temporal_intervals_have_an_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
