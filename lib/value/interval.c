/* interval.c - intervals as ISO 8601 durations; months, days and microseconds are never mixed.
 *
 * Each number may have its own sign, as PostgreSQL's iso_8601 style has it: a month back and a day
 * ahead is not the same as any number of days.  It must not know calendars.
 */
#include <inttypes.h>
#include <stdio.h>

#include "value/value.h"

enum { MONTHS_PER_YEAR = 12, DAYS_PER_WEEK = 7, FRACTION_DIGITS = 6 };

static const int64_t month_days = 30; /* where two are compared, as PostgreSQL does */
static const int64_t second_us = 1000000;
static const int64_t minute_us = 60 * INT64_C(1000000);
static const int64_t hour_us = 3600 * INT64_C(1000000);

typedef struct reader {
    const char *at;
    const char *end;
    int64_t months;
    int64_t days;
    int64_t us;
} reader;

typedef struct part { /* one number with its unit */
    bool is_negative;
    bool has_fraction;
    int64_t whole;    /* with its sign */
    int64_t fraction; /* in millionths, with its sign */
    char unit;
} part;

static bool is_digit(const reader *in) {
    return in->at < in->end && *in->at >= '0' && *in->at <= '9';
}

static bool take_fraction(reader *in, part *out) {
    int digits = 0;
    for (; is_digit(in); in->at++, digits++) {
        if (digits < FRACTION_DIGITS) {
            out->fraction = out->fraction * 10 + (*in->at - '0');
        } else if (*in->at != '0') {
            return false;
        }
    }
    out->has_fraction = digits != 0;
    for (; digits < FRACTION_DIGITS; digits++) {
        out->fraction *= 10;
    }
    out->fraction = out->is_negative ? -out->fraction : out->fraction;
    return out->has_fraction;
}

static bool take_part(reader *in, part *out) {
    *out = (part){.is_negative = in->at < in->end && *in->at == '-'};
    if (in->at < in->end && (*in->at == '-' || *in->at == '+')) {
        in->at++;
    }
    const char *start = in->at;
    while (is_digit(in)) {
        int64_t digit = *in->at++ - '0';
        if (__builtin_mul_overflow(out->whole, INT64_C(10), &out->whole)
            || __builtin_add_overflow(out->whole, out->is_negative ? -digit : digit, &out->whole)) {
            return false;
        }
    }
    if (in->at == start) {
        return false;
    }
    if (in->at < in->end && *in->at == '.') {
        in->at++;
        if (!take_fraction(in, out)) {
            return false;
        }
    }
    if (in->at == in->end) {
        return false;
    }
    out->unit = *in->at++;
    return true;
}

static bool add(int64_t *total, int64_t count, int64_t unit) {
    int64_t product;
    return !__builtin_mul_overflow(count, unit, &product)
           && !__builtin_add_overflow(*total, product, total);
}

static bool add_part(reader *in, const part *number, bool is_time) {
    if (number->has_fraction && !(is_time && number->unit == 'S')) {
        return false;
    }
    switch (number->unit) {
    case 'Y':
        return add(&in->months, number->whole, MONTHS_PER_YEAR);
    case 'M':
        return is_time ? add(&in->us, number->whole, minute_us)
                       : add(&in->months, number->whole, 1);
    case 'W':
        return add(&in->days, number->whole, DAYS_PER_WEEK);
    case 'D':
        return add(&in->days, number->whole, 1);
    case 'H':
        return add(&in->us, number->whole, hour_us);
    default: /* 'S'; take_parts passes units of its list only */
        return add(&in->us, number->fraction, 1) && add(&in->us, number->whole, second_us);
    }
}

/* Numbers with units of a list, each once and in its order; gives how many, or -1. */
static int take_parts(reader *in, const char *units, bool is_time) {
    int count = 0;
    while (in->at < in->end && *in->at != 'T') {
        part number;
        if (!take_part(in, &number) || number.unit == '\0') {
            return -1;
        }
        const char *found = strchr(units, number.unit);
        if (found == NULL || !add_part(in, &number, is_time)) {
            return -1;
        }
        units = found + 1;
        count++;
    }
    return count;
}

bool tk_interval_parse(const char *text, size_t len, takeo_cell *out) {
    reader in = {.at = text, .end = text + len};
    if (len == 0 || *in.at++ != 'P') {
        return false;
    }
    int dates = take_parts(&in, "YMWD", false);
    int times = 0;
    if (dates >= 0 && in.at < in.end) { /* at the T */
        in.at++;
        times = take_parts(&in, "HMS", true);
        times = times == 0 ? -1 : times;
    }
    if (dates < 0 || times < 0 || dates + times == 0 || in.at != in.end || in.months < INT32_MIN
        || in.months > INT32_MAX || in.days < INT32_MIN || in.days > INT32_MAX) {
        return false;
    }
    *out = (takeo_cell){.type = TAKEO_TYPE_INTERVAL};
    out->v.span.us = in.us;
    out->v.span.days = (int32_t)in.days;
    out->v.span.months = (int32_t)in.months;
    return true;
}

static size_t write_unit(char *out, int64_t number, char unit) {
    return number == 0 ? 0 : (size_t)snprintf(out, 24, "%" PRId64 "%c", number, unit);
}

static size_t write_seconds(char *out, int64_t us) {
    if (us == 0) {
        return 0;
    }
    int64_t whole = us / second_us;
    int64_t fraction = us % second_us;
    int len = snprintf(out, 24, "%s%" PRId64, us < 0 ? "-" : "", whole < 0 ? -whole : whole);
    if (fraction != 0) {
        len += snprintf(out + len, 16, ".%06d", (int)(fraction < 0 ? -fraction : fraction));
        while (out[len - 1] == '0') {
            len--;
        }
    }
    out[len] = 'S';
    return (size_t)len + 1;
}

size_t tk_interval_write(const takeo_cell *cell, char out[TK_INTERVAL_SIZE]) {
    int32_t months = cell->v.span.months;
    int64_t us = cell->v.span.us;
    size_t len = 0;
    out[len++] = 'P';
    len += write_unit(out + len, months / MONTHS_PER_YEAR, 'Y');
    len += write_unit(out + len, months % MONTHS_PER_YEAR, 'M');
    len += write_unit(out + len, cell->v.span.days, 'D');
    if (us != 0 || len == 1) {
        out[len++] = 'T';
        size_t before = len;
        len += write_unit(out + len, us / hour_us, 'H');
        len += write_unit(out + len, us % hour_us / minute_us, 'M');
        len += write_seconds(out + len, us % minute_us);
        if (len == before) {
            out[len++] = '0';
            out[len++] = 'S';
        }
    }
    out[len] = '\0';
    return len;
}

void tk_interval_settle(takeo_cell *duration) {
    int64_t us = duration->v.span.us % TK_DAY_US;
    int64_t days = duration->v.span.days + duration->v.span.us / TK_DAY_US;
    if (days > 0 && us < 0) {
        days--;
        us += TK_DAY_US;
    } else if (days < 0 && us > 0) {
        days++;
        us -= TK_DAY_US;
    }
    if (days >= INT32_MIN && days <= INT32_MAX) {
        duration->v.span.days = (int32_t)days;
        duration->v.span.us = us;
    }
}

int tk_interval_compare(const takeo_cell *a, const takeo_cell *b) {
    const takeo_cell *cells[] = {a, b};
    int64_t days[2];
    int64_t rest[2];
    for (int i = 0; i < 2; i++) {
        days[i] = cells[i]->v.span.months * month_days + cells[i]->v.span.days
                  + tk_floor_divide(cells[i]->v.span.us, TK_DAY_US, &rest[i]);
    }
    return days[0] != days[1] ? (days[0] < days[1] ? -1 : 1)
                              : (rest[0] > rest[1]) - (rest[0] < rest[1]);
}
