/* temporal.c - dates and times of the proleptic Gregorian calendar, as days and microseconds.
 *
 * Years are astronomical: 0 is 1 BC.  Text is ISO 8601 with four digits of year, more where the
 * year needs them and a minus before year 0.  It must not know zones beyond a written offset.
 */
#include "value/value.h"

enum {
    YEAR_MAX = 5874897, /* of text, both ways; days fit 32 bits */
    YEAR_DIGITS = 7,
    DAYS_PER_ERA = 146097,
    DAYS_TO_1970 = 719468, /* from 0000-03-01 */
    FRACTION_DIGITS = 6,
    ZONE_HOUR_MAX = 15
};

static const int64_t second_us = 1000000;
static const int64_t days_max = INT64_C(2147000000); /* either way, a little behind YEAR_MAX */

/* ---- calendar -------------------------------------------------------------------------------- */

void tk_civil_from_days(int64_t days, int *out_year, int *out_month, int *out_day) {
    /* Years begin in March here, so that the day that comes and goes is the last of its year. */
    int64_t shifted = days + DAYS_TO_1970;
    int64_t era = (shifted >= 0 ? shifted : shifted - (DAYS_PER_ERA - 1)) / DAYS_PER_ERA;
    uint32_t day_of_era = (uint32_t)(shifted - era * DAYS_PER_ERA);
    uint32_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    uint32_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    uint32_t month = (5 * day_of_year + 2) / 153; /* 0 is March */
    *out_day = (int)(day_of_year - (153 * month + 2) / 5 + 1);
    *out_month = (int)(month < 10 ? month + 3 : month - 9);
    *out_year = (int)(era * 400 + year_of_era + (month >= 10 ? 1 : 0));
}

int64_t tk_days_from_civil(int year, int month, int day) {
    int64_t shifted = (int64_t)year - (month <= 2 ? 1 : 0);
    int64_t era = (shifted >= 0 ? shifted : shifted - 399) / 400;
    uint32_t year_of_era = (uint32_t)(shifted - era * 400);
    uint32_t month_of_year = (uint32_t)(month > 2 ? month - 3 : month + 9);
    uint32_t day_of_year = (153 * month_of_year + 2) / 5 + (uint32_t)day - 1;
    uint32_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * DAYS_PER_ERA + (int64_t)day_of_era - DAYS_TO_1970;
}

static bool is_day(int year, int month, int day) {
    static const uint8_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (month < 1 || month > 12 || day < 1) {
        return false;
    }
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return day <= days[month - 1] + (month == 2 && is_leap ? 1 : 0);
}

/* ---- reading --------------------------------------------------------------------------------- */

typedef struct reader {
    const char *at;
    const char *end;
} reader;

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool take(reader *in, char c) {
    if (in->at == in->end || *in->at != c) {
        return false;
    }
    in->at++;
    return true;
}

static bool take_two(reader *in, int *out) {
    if (in->end - in->at < 2 || !is_digit(in->at[0]) || !is_digit(in->at[1])) {
        return false;
    }
    *out = (in->at[0] - '0') * 10 + (in->at[1] - '0');
    in->at += 2;
    return true;
}

/* Four digits, or more without a leading zero; "-" before them. */
static bool take_year(reader *in, int *out) {
    bool is_negative = take(in, '-');
    const char *start = in->at;
    int year = 0;
    while (in->at < in->end && is_digit(*in->at) && in->at - start < YEAR_DIGITS) {
        year = year * 10 + (*in->at++ - '0');
    }
    bool is_padded = in->at - start > 4 && *start == '0';
    if (in->at - start < 4 || is_padded || (is_negative && year == 0) || year > YEAR_MAX) {
        return false;
    }
    *out = is_negative ? -year : year;
    return true;
}

static bool take_date(reader *in, int64_t *out_days) {
    int year;
    int month;
    int day;
    if (!take_year(in, &year) || !take(in, '-') || !take_two(in, &month) || !take(in, '-')
        || !take_two(in, &day) || !is_day(year, month, day)) {
        return false;
    }
    *out_days = tk_days_from_civil(year, month, day);
    return true;
}

/* Behind the point: six digits count, further ones have to be zeros. */
static bool take_fraction(reader *in, int64_t *out_us) {
    int64_t us = 0;
    int digits = 0;
    for (; in->at < in->end && is_digit(*in->at); in->at++, digits++) {
        if (digits < FRACTION_DIGITS) {
            us = us * 10 + (*in->at - '0');
        } else if (*in->at != '0') {
            return false;
        }
    }
    if (digits == 0) {
        return false;
    }
    for (; digits < FRACTION_DIGITS; digits++) {
        us *= 10;
    }
    *out_us = us;
    return true;
}

static bool take_time(reader *in, int64_t *out_us) {
    int hour;
    int minute;
    int second = 0;
    int64_t fraction = 0;
    if (!take_two(in, &hour) || !take(in, ':') || !take_two(in, &minute)) {
        return false;
    }
    if (take(in, ':')) {
        if (!take_two(in, &second) || (take(in, '.') && !take_fraction(in, &fraction))) {
            return false;
        }
    }
    if (hour > 24 || minute > 59 || second > 59) {
        return false;
    }
    int64_t us = ((int64_t)hour * 3600 + minute * 60 + second) * second_us + fraction;
    if (us > TK_DAY_US) { /* 24:00 is the end of the day, nothing is behind it */
        return false;
    }
    *out_us = us;
    return true;
}

/* Z, +HH, +HH:MM, +HHMM, +HH:MM:SS. */
static bool take_zone(reader *in, int32_t *out_seconds) {
    if (take(in, 'Z')) {
        *out_seconds = 0;
        return true;
    }
    bool is_west = take(in, '-');
    int hour;
    int minute = 0;
    int second = 0;
    if ((!is_west && !take(in, '+')) || !take_two(in, &hour)) {
        return false;
    }
    if (take(in, ':')) {
        if (!take_two(in, &minute) || (take(in, ':') && !take_two(in, &second))) {
            return false;
        }
    } else if (in->at < in->end && !take_two(in, &minute)) {
        return false;
    }
    if (hour > ZONE_HOUR_MAX || minute > 59 || second > 59) {
        return false;
    }
    int32_t seconds = hour * 3600 + minute * 60 + second;
    *out_seconds = is_west ? -seconds : seconds;
    return true;
}

bool tk_date_parse(const char *text, size_t len, int64_t *out_days) {
    reader in = {text, text + len};
    int64_t days;
    if (!take_date(&in, &days) || in.at != in.end) {
        return false;
    }
    *out_days = days;
    return true;
}

bool tk_time_parse(const char *text, size_t len, int64_t *out_us) {
    reader in = {text, text + len};
    int64_t us;
    if (!take_time(&in, &us) || in.at != in.end) {
        return false;
    }
    *out_us = us;
    return true;
}

bool tk_timetz_parse(const char *text, size_t len, int64_t *out_us, int32_t *out_east) {
    reader in = {text, text + len};
    int64_t us;
    int32_t east;
    if (!take_time(&in, &us) || !take_zone(&in, &east) || in.at != in.end) {
        return false;
    }
    *out_us = us;
    *out_east = east;
    return true;
}

bool tk_timestamp_parse(const char *text, size_t len, int64_t *out_us, bool *out_has_zone) {
    reader in = {text, text + len};
    int64_t days;
    int64_t time;
    int64_t us;
    int32_t east = 0;
    if (!take_date(&in, &days) || (!take(&in, ' ') && !take(&in, 'T')) || !take_time(&in, &time)) {
        return false;
    }
    bool has_zone = in.at != in.end;
    if (has_zone && (!take_zone(&in, &east) || in.at != in.end)) {
        return false;
    }
    int64_t seconds = days * 86400 + time / second_us - east;
    int64_t fraction = time % second_us;
    if (seconds < 0) { /* towards zero first: the range begins within a second */
        seconds++;
        fraction -= second_us;
    }
    if (__builtin_mul_overflow(seconds, second_us, &us)
        || __builtin_add_overflow(us, fraction, &us)) {
        return false;
    }
    *out_us = us;
    *out_has_zone = has_zone;
    return true;
}

/* ---- the fixed form, read at full speed ------------------------------------------------------ */

/* Are the eight bytes digits where the form has '0', and its own bytes elsewhere?  Without a match
 * of all bits a byte of x is at least 10 (digits) or 1 (others), which the sum carries into its
 * high bit; a carry out of a byte needs a high bit, which is refused as well. */
static bool has_form(const char *text, const char *form, uint64_t sums) {
    uint64_t word;
    uint64_t expected;
    memcpy(&word, text, sizeof word);
    memcpy(&expected, form, sizeof expected);
    uint64_t x = word ^ expected;
    return ((x | (x + sums)) & UINT64_C(0x8080808080808080)) == 0;
}

static uint64_t sums_of(const char *form) {
    unsigned char sums[8];
    for (size_t i = 0; i < sizeof sums; i++) {
        sums[i] = form[i] == '0' ? 0x76 : 0x7F;
    }
    uint64_t word;
    memcpy(&word, sums, sizeof word);
    return word;
}

static int pair(const char *text) {
    return (text[0] - '0') * 10 + (text[1] - '0');
}

bool tk_timestamp_read_fixed(const char *text, int64_t *out_us) {
    static const char form[] = "0000-00-00 00:00:00.000000";
    /* The last eight bytes overlap the third word; the compiler folds the sums into constants. */
    if (!has_form(text, form, sums_of(form)) || !has_form(text + 8, form + 8, sums_of(form + 8))
        || !has_form(text + 16, form + 16, sums_of(form + 16))
        || !has_form(text + 18, form + 18, sums_of(form + 18))) {
        return false;
    }
    int year = pair(text) * 100 + pair(text + 2);
    int month = pair(text + 5);
    int day = pair(text + 8);
    int hour = pair(text + 11);
    int minute = pair(text + 14);
    int second = pair(text + 17);
    if (hour > 23 || minute > 59 || second > 59 || !is_day(year, month, day)) {
        return false;
    }
    int fraction = pair(text + 20) * 10000 + pair(text + 22) * 100 + pair(text + 24);
    int64_t seconds =
        tk_days_from_civil(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
    *out_us = seconds * second_us + fraction;
    return true;
}

/* ---- writing --------------------------------------------------------------------------------- */

static const char two_digits[] = "00010203040506070809101112131415161718192021222324"
                                 "25262728293031323334353637383940414243444546474849"
                                 "50515253545556575859606162636465666768697071727374"
                                 "75767778798081828384858687888990919293949596979899";

static void write_two(char *out, uint32_t number) {
    memcpy(out, two_digits + (size_t)number * 2, 2);
}

/* A minus before year 0, four digits, more where they are needed. */
static size_t write_year(int year, char *out) {
    uint32_t rest = (uint32_t)(year < 0 ? -year : year);
    size_t len = 0;
    if (year < 0) {
        out[len++] = '-';
    }
    if (rest > 9999) {
        uint32_t high = rest / 10000;
        char digits[8];
        size_t count = 0;
        for (; high != 0; high /= 10) {
            digits[count++] = (char)('0' + high % 10);
        }
        while (count != 0) {
            out[len++] = digits[--count];
        }
        rest %= 10000;
    }
    write_two(out + len, rest / 100);
    write_two(out + len + 2, rest % 100);
    return len + 4;
}

static size_t write_date(int64_t days, char *out) {
    int year;
    int month;
    int day;
    tk_civil_from_days(days, &year, &month, &day);
    size_t len = write_year(year, out);
    out[len] = '-';
    write_two(out + len + 1, (uint32_t)month);
    out[len + 3] = '-';
    write_two(out + len + 4, (uint32_t)day);
    return len + 6;
}

static size_t write_time(uint64_t us, char *out) {
    uint32_t seconds = (uint32_t)(us / 1000000);
    uint32_t fraction = (uint32_t)(us - (uint64_t)seconds * 1000000);
    uint32_t minutes = seconds / 60;
    uint32_t high = fraction / 100;
    write_two(out, minutes / 60);
    out[2] = ':';
    write_two(out + 3, minutes % 60);
    out[5] = ':';
    write_two(out + 6, seconds - minutes * 60);
    out[8] = '.';
    write_two(out + 9, high / 100);
    write_two(out + 11, high % 100);
    write_two(out + 13, fraction - high * 100);
    return 15;
}

/* What no text of its type stands for; only damaged data gets here. */
static size_t write_out_of_range(char *out) {
    memcpy(out, "out of range", sizeof "out of range");
    return sizeof "out of range" - 1;
}

size_t tk_date_write(int64_t days, char out[16]) {
    if (days > days_max || days < -days_max) {
        return write_out_of_range(out);
    }
    size_t len = write_date(days, out);
    out[len] = '\0';
    return len;
}

size_t tk_time_write(int64_t us, char out[24]) {
    if (us < 0 || us > TK_DAY_US) {
        return write_out_of_range(out);
    }
    size_t len = write_time((uint64_t)us, out);
    out[len] = '\0';
    return len;
}

size_t tk_timestamp_write(int64_t us, char out[40]) {
    int64_t time;
    int64_t days = tk_floor_divide(us, TK_DAY_US, &time);
    size_t len = write_date(days, out);
    out[len] = ' ';
    len += 1 + write_time((uint64_t)time, out + len + 1);
    out[len] = '\0';
    return len;
}
