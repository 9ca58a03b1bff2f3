/* temporal.c - the texts of dates and times as PostgreSQL writes and reads them, and its ranges.
 *
 * They are ISO 8601 but for two things: years before 1 are counted back from 1 with " BC" behind
 * the whole, and intervals may come in its own older style.
 */
#include <stdio.h>

#include "driver/postgresql/types_int.h"

enum { MONTHS_PER_YEAR = 12 };

/* ---- reading --------------------------------------------------------------------------------- */

/* Without " BC", and with the year that it means; 1 BC is the year 0.  False: no such text. */
static bool without_era(const char **text, size_t *len, char scratch[TK_PG_TIME_SIZE]) {
    int64_t year;
    if (*len < 3 || memcmp(*text + *len - 3, " BC", 3) != 0) {
        return true;
    }
    if (*len >= TK_PG_TIME_SIZE) {
        return false;
    }
    const char *end = memchr(*text, '-', *len);
    size_t digits = end != NULL ? (size_t)(end - *text) : 0;
    if (digits < 4 || digits > 7 || !tk_int_parse(*text, digits, &year, NULL) || year < 1) {
        return false;
    }
    int written = snprintf(scratch, TK_PG_TIME_SIZE, "%s%04d%.*s", year > 1 ? "-" : "",
                           (int)(year - 1), (int)(*len - 3 - digits), end);
    if (written < 0 || written >= TK_PG_TIME_SIZE) {
        return false;
    }
    *text = scratch;
    *len = (size_t)written;
    return true;
}

bool tk_pg_date_parse(const char *text, size_t len, int64_t *out_days) {
    char scratch[TK_PG_TIME_SIZE];
    return without_era(&text, &len, scratch) && tk_date_parse(text, len, out_days);
}

bool tk_pg_timestamp_parse(const char *text, size_t len, int64_t *out_us, bool *out_has_zone) {
    char scratch[TK_PG_TIME_SIZE];
    return without_era(&text, &len, scratch) && tk_timestamp_parse(text, len, out_us, out_has_zone);
}

/* ---- intervals of style postgres: 1 year 2 mons -3 days +04:05:06.7 --------------------------- */

typedef struct reader {
    const char *at;
    const char *end;
} reader;

static takeo_text take_word(reader *in) {
    const char *start = in->at;
    while (in->at < in->end && *in->at != ' ') {
        in->at++;
    }
    takeo_text word = tk_text(start, (size_t)(in->at - start));
    in->at += in->at < in->end; /* the blank */
    return word;
}

static bool is_unit(takeo_text word, const char *name) {
    size_t len = strlen(name);
    return word.len >= len && word.len <= len + 1 && memcmp(word.data, name, len) == 0
           && (word.len == len || word.data[len] == 's');
}

/* Hours may have more than two digits. */
static bool read_clock(takeo_text word, int64_t *out_us) {
    bool is_negative = word.len != 0 && word.data[0] == '-';
    size_t sign = word.len != 0 && (word.data[0] == '-' || word.data[0] == '+');
    const char *hours = word.data + sign;
    const char *colon = memchr(word.data, ':', word.len);
    char rest[TK_PG_TIME_SIZE];
    int64_t hour;
    int64_t us;
    if (word.len >= sizeof rest || colon == NULL || hours >= colon || *hours < '0' || *hours > '9'
        || !tk_int_parse(hours, (size_t)(colon - hours), &hour, NULL)) {
        return false;
    }
    int len = snprintf(rest, sizeof rest, "00%.*s", (int)(word.data + word.len - colon), colon);
    if (len < 0 || (size_t)len >= sizeof rest || !tk_time_parse(rest, (size_t)len, &us)) {
        return false;
    }
    int64_t all;
    if (__builtin_mul_overflow(is_negative ? -hour : hour, INT64_C(3600000000), &all)) {
        return false;
    }
    return !__builtin_add_overflow(all, is_negative ? -us : us, out_us);
}

static bool add_unit(takeo_cell *cell, int64_t number, takeo_text unit) {
    int32_t *place = is_unit(unit, "day") ? &cell->v.span.days : &cell->v.span.months;
    int64_t factor = is_unit(unit, "year") ? MONTHS_PER_YEAR : 1;
    if (!is_unit(unit, "year") && !is_unit(unit, "mon") && !is_unit(unit, "day")) {
        return false;
    }
    return !__builtin_mul_overflow(number, factor, &number)
           && !__builtin_add_overflow(number, (int64_t)*place, place);
}

static bool read_postgres_style(const char *text, size_t len, takeo_cell *out) {
    takeo_cell cell = {.type = TAKEO_TYPE_INTERVAL};
    reader in = {text, text + len};
    if (len == 0) {
        return false;
    }
    while (in.at < in.end) {
        takeo_text word = take_word(&in);
        int64_t number;
        if (in.at == in.end && memchr(word.data, ':', word.len) != NULL) {
            if (!read_clock(word, &cell.v.span.us)) {
                return false;
            }
        } else if (!tk_int_parse(word.data, word.len, &number, NULL)
                   || !add_unit(&cell, number, take_word(&in))) {
            return false;
        }
    }
    *out = cell;
    return true;
}

bool tk_pg_interval_parse(const char *text, size_t len, takeo_cell *out) {
    return tk_interval_parse(text, len, out) || read_postgres_style(text, len, out);
}

/* ---- writing --------------------------------------------------------------------------------- */

/* Gives whether " BC" belongs behind the whole. */
static bool write_day(int64_t days, char out[TK_PG_TIME_SIZE], size_t *out_len) {
    int year;
    int month;
    int day;
    if (days >= TK_PG_DATE_MIN && days <= TK_PG_DATE_MAX) {
        tk_civil_from_days(days, &year, &month, &day);
        if (year < 1) {
            *out_len =
                (size_t)snprintf(out, TK_PG_TIME_SIZE, "%04d-%02d-%02d", 1 - year, month, day);
            return true;
        }
    }
    *out_len = tk_date_write(days, out);
    return false;
}

static size_t end_text(char *out, size_t len, bool is_before) {
    if (is_before) {
        memcpy(out + len, " BC", 3);
        len += 3;
    }
    out[len] = '\0';
    return len;
}

size_t tk_pg_date_write(int64_t days, char out[TK_PG_TIME_SIZE]) {
    size_t len;
    bool is_before = write_day(days, out, &len);
    return end_text(out, len, is_before);
}

size_t tk_pg_timestamp_write(int64_t us, bool has_zone, char out[TK_PG_TIME_SIZE]) {
    int64_t time;
    int64_t days = tk_floor_divide(us, TK_DAY_US, &time);
    size_t len;
    bool is_before = write_day(days, out, &len);
    out[len++] = ' ';
    len += tk_time_write(time, out + len);
    if (has_zone) {
        memcpy(out + len, "+00", 3);
        len += 3;
    }
    return end_text(out, len, is_before);
}

size_t tk_pg_timetz_write(int64_t us, int32_t east, char out[TK_PG_TIME_SIZE]) {
    int offset = east < 0 ? -east : east;
    size_t len = tk_time_write(us, out);
    return len
           + (size_t)snprintf(out + len, TK_PG_TIME_SIZE - len, "%c%02d:%02d:%02d",
                              east < 0 ? '-' : '+', offset / 3600, offset / 60 % 60, offset % 60);
}

/* ---- ranges ---------------------------------------------------------------------------------- */

/* What stands for infinity from PostgreSQL 17 on. */
static bool is_infinite_interval(const takeo_cell *cell) {
    int64_t us = cell->v.span.us;
    int32_t days = cell->v.span.days;
    int32_t months = cell->v.span.months;
    return (us == INT64_MIN && days == INT32_MIN && months == INT32_MIN)
           || (us == INT64_MAX && days == INT32_MAX && months == INT32_MAX);
}

bool tk_pg_time_fits(const takeo_cell *cell) {
    switch (cell->type) {
    case TAKEO_TYPE_DATE:
        return cell->v.i >= TK_PG_DATE_MIN && cell->v.i <= TK_PG_DATE_MAX;
    case TAKEO_TYPE_TIMESTAMP:
    case TAKEO_TYPE_TIMESTAMPTZ:
        return cell->v.i >= TK_PG_TIMESTAMP_MIN;
    case TAKEO_TYPE_TIME:
        return cell->v.i >= 0 && cell->v.i <= TK_DAY_US;
    case TAKEO_TYPE_TIMETZ:
        return cell->v.span.us >= 0 && cell->v.span.us <= TK_DAY_US
               && cell->v.span.days >= -TK_PG_ZONE_MAX && cell->v.span.days <= TK_PG_ZONE_MAX;
    default:
        return !is_infinite_interval(cell);
    }
}
