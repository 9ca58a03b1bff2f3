/* number.c - integers and floating point as text.
 *
 * The C library's readers and writers of floating point follow the locale of the process.  They are
 * used on digits and an exponent only, which look the same everywhere; the point is set here.
 */
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "value/value.h"

enum {
    DIGITS_KEPT = 800, /* 768 decide how any double is rounded; a last one stands for the rest */
    EXPONENT_CLAMP = 9999, /* infinite or zero from here on, with up to DIGITS_KEPT digits */
    DOUBLE_DIGITS = 17,
    SINGLE_DIGITS = 9,
    PLAIN_BELOW = 15, /* more digits before the point are written with an exponent */
    PLAIN_FROM = -4
};

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* ---- integers -------------------------------------------------------------------------------- */

/* Digits only; false also when they are more than 64 bits, then *out_is_number is true. */
static bool read_digits(const char *text, size_t len, uint64_t *out, bool *out_is_number) {
    uint64_t number = 0;
    bool fits = true;
    *out_is_number = len != 0;
    for (size_t i = 0; i < len; i++) {
        if (!is_digit(text[i])) {
            *out_is_number = false;
            return false;
        }
        fits = fits && !__builtin_mul_overflow(number, UINT64_C(10), &number)
               && !__builtin_add_overflow(number, (uint64_t)(text[i] - '0'), &number);
    }
    if (len == 0 || !fits) {
        return false;
    }
    *out = number;
    return true;
}

static bool read_integer(const char *text, size_t len, bool *out_negative, uint64_t *out,
                         bool *out_is_number) {
    bool is_signed = len != 0 && (text[0] == '-' || text[0] == '+');
    bool is_number;
    *out_negative = is_signed && text[0] == '-';
    bool fits = read_digits(text + is_signed, len - is_signed, out, &is_number);
    if (out_is_number != NULL) {
        *out_is_number = is_number;
    }
    return fits;
}

bool tk_int_parse(const char *text, size_t len, int64_t *out, bool *out_is_number) {
    bool is_negative;
    uint64_t size;
    if (!read_integer(text, len, &is_negative, &size, out_is_number)
        || size > (uint64_t)INT64_MAX + (is_negative ? 1 : 0)) {
        return false;
    }
    *out = is_negative && size != 0 ? -(int64_t)(size - 1) - 1 : (int64_t)size;
    return true;
}

bool tk_uint_parse(const char *text, size_t len, uint64_t *out, bool *out_is_number) {
    bool is_negative;
    uint64_t size;
    if (!read_integer(text, len, &is_negative, &size, out_is_number)
        || (is_negative && size != 0)) {
        return false;
    }
    *out = size;
    return true;
}

/* ---- reading floating point ------------------------------------------------------------------ */

typedef struct float_reader {
    const char *at;
    const char *end;
    int64_t exponent; /* of the last digit that was kept */
    size_t count;
    bool has_rest; /* something behind the kept digits is not zero */
    char digits[DIGITS_KEPT + 1];
} float_reader;

/* A run of digits before (1) or behind (0) the point; gives how many there were. */
static size_t take_mantissa(float_reader *in, bool is_whole) {
    const char *start = in->at;
    for (; in->at < in->end && is_digit(*in->at); in->at++) {
        if (in->count == DIGITS_KEPT) {
            in->has_rest = in->has_rest || *in->at != '0';
            in->exponent += is_whole;
            continue;
        }
        if (in->count != 0 || *in->at != '0') {
            in->digits[in->count++] = *in->at;
        }
        in->exponent -= !is_whole;
    }
    return (size_t)(in->at - start);
}

static bool take_exponent(float_reader *in) {
    if (in->at == in->end) {
        return true;
    }
    if (*in->at != 'e' && *in->at != 'E') {
        return false;
    }
    in->at++;
    bool is_negative = in->at < in->end && *in->at == '-';
    if (in->at < in->end && (*in->at == '-' || *in->at == '+')) {
        in->at++;
    }
    const char *start = in->at;
    int64_t written = 0;
    for (; in->at < in->end && is_digit(*in->at); in->at++) {
        if (written < INT64_MAX / 100) { /* larger than any count of digits, that is enough */
            written = written * 10 + (*in->at - '0');
        }
    }
    in->exponent += is_negative ? -written : written;
    return in->at != start && in->at == in->end;
}

static double read_back(const char *digits, size_t count, int64_t exponent, bool is_single) {
    char text[DIGITS_KEPT + 16];
    int64_t clamped = exponent > EXPONENT_CLAMP    ? EXPONENT_CLAMP
                      : exponent < -EXPONENT_CLAMP ? -EXPONENT_CLAMP
                                                   : exponent;
    snprintf(text, sizeof text, "%.*se%d", (int)count, digits, (int)clamped);
    return is_single ? (double)strtof(text, NULL) : strtod(text, NULL);
}

static bool read_special(takeo_text text, double *out) {
    if (tk_text_equal(text, tk_zstr("NaN"))) {
        *out = (double)NAN;
    } else if (tk_text_equal(text, tk_zstr("Infinity"))) {
        *out = (double)INFINITY;
    } else if (tk_text_equal(text, tk_zstr("-Infinity"))) {
        *out = -(double)INFINITY;
    } else {
        return false;
    }
    return true;
}

static bool read_finite(float_reader *in, bool is_single, double *out, bool *out_is_number) {
    bool is_negative = in->at < in->end && *in->at == '-';
    if (in->at < in->end && (*in->at == '-' || *in->at == '+')) {
        in->at++;
    }
    size_t count = take_mantissa(in, true);
    if (in->at < in->end && *in->at == '.') {
        in->at++;
        count += take_mantissa(in, false);
    }
    *out_is_number = count != 0 && take_exponent(in);
    if (!*out_is_number) {
        return false;
    }
    if (in->has_rest) {
        in->digits[in->count++] = '1';
        in->exponent--;
    }
    double number = 0;
    if (in->count != 0) {
        number = read_back(in->digits, in->count, in->exponent, is_single);
        if (number == 0 || isinf(number)) {
            return false;
        }
    }
    *out = is_negative ? -number : number;
    return true;
}

bool tk_float_parse(const char *text, size_t len, bool is_single, double *out,
                    bool *out_is_number) {
    bool is_number = true;
    bool is_read = read_special(tk_text(text, len), out);
    if (!is_read) {
        float_reader in;
        in.at = text;
        in.end = text + len;
        in.exponent = 0;
        in.count = 0;
        in.has_rest = false;
        is_read = read_finite(&in, is_single, out, &is_number);
    }
    if (out_is_number != NULL) {
        *out_is_number = is_number;
    }
    return is_read;
}

/* ---- writing floating point ------------------------------------------------------------------ */

typedef struct decimal_digits {
    char digits[DOUBLE_DIGITS + 1];
    int count;
    int exponent; /* of the first digit */
} decimal_digits;

/* The nearest decimal with so many digits.  Whatever the locale puts between the first digit and
 * the others is passed over. */
static void split(double number, int count, decimal_digits *out) {
    char text[64];
    snprintf(text, sizeof text, "%.*e", count - 1, number);
    const char *at = text;
    out->count = 0;
    for (; *at != 'e' && *at != '\0'; at++) {
        if (is_digit(*at) && out->count < DOUBLE_DIGITS) {
            out->digits[out->count++] = *at;
        }
    }
    out->exponent = *at == 'e' ? (int)strtol(at + 1, NULL, 10) : 0;
}

static bool reads_back(const decimal_digits *from, double number, bool is_single) {
    int64_t exponent = from->exponent - (from->count - 1);
    return read_back(from->digits, (size_t)from->count, exponent, is_single) == number;
}

/* The next decimal away from zero; false when it had one digit more. */
static bool step_up(decimal_digits *number) {
    for (int i = number->count - 1; i >= 0; i--) {
        if (number->digits[i] != '9') {
            number->digits[i]++;
            return true;
        }
        number->digits[i] = '0';
    }
    return false;
}

/* The fewest digits that read back.  With as many as always survive (15, 6) the shorter ones are
 * found too, as zeros at the end; numbers below the normal range need the search from one. */
static void shortest(double number, bool is_single, decimal_digits *out) {
    bool is_normal = number >= (is_single ? (double)FLT_MIN : DBL_MIN);
    int most = is_single ? SINGLE_DIGITS : DOUBLE_DIGITS;
    int count = !is_normal ? 1 : is_single ? FLT_DIG : DBL_DIG;
    for (; count < most; count++) {
        split(number, count, out);
        if (reads_back(out, number, is_single)) {
            break;
        }
        /* Powers of two are nearer to their lower neighbour, so the nearest decimal may belong to
         * that one, and the decimal above still be ours. */
        if (step_up(out) && reads_back(out, number, is_single)) {
            break;
        }
    }
    if (count == most) {
        split(number, most, out);
    }
    while (out->count > 1 && out->digits[out->count - 1] == '0') {
        out->count--;
    }
}

static size_t write_plain(const decimal_digits *number, char *out) {
    size_t len = 0;
    if (number->exponent < 0) {
        memcpy(out, "0.0000", 6);
        len = (size_t)(1 - number->exponent);
    }
    int point = number->exponent + 1; /* digits before it */
    for (int i = 0; i < number->count || i < point; i++) {
        if (i == point && point > 0) {
            out[len++] = '.';
        }
        out[len++] = i < number->count ? number->digits[i] : '0';
    }
    return len;
}

static size_t write_scientific(const decimal_digits *number, char *out) {
    size_t len = 0;
    out[len++] = number->digits[0];
    if (number->count > 1) {
        out[len++] = '.';
        memcpy(out + len, number->digits + 1, (size_t)number->count - 1);
        len += (size_t)number->count - 1;
    }
    int exponent = number->exponent < 0 ? -number->exponent : number->exponent;
    out[len++] = 'e';
    out[len++] = number->exponent < 0 ? '-' : '+';
    if (exponent >= 100) {
        out[len++] = (char)('0' + exponent / 100);
    }
    out[len++] = (char)('0' + exponent / 10 % 10);
    out[len++] = (char)('0' + exponent % 10);
    return len;
}

size_t tk_float_write(double number, bool is_single, char out[TK_FLOAT_SIZE]) {
    const char *word = isnan(number)    ? "NaN"
                       : !isinf(number) ? NULL
                       : number > 0     ? "Infinity"
                                        : "-Infinity";
    if (word != NULL) {
        size_t word_len = strlen(word);
        memcpy(out, word, word_len + 1);
        return word_len;
    }
    size_t len = 0;
    if (signbit(number)) {
        out[len++] = '-';
        number = -number;
    }
    if (number == 0) {
        out[len++] = '0';
    } else {
        decimal_digits digits;
        shortest(is_single ? (double)(float)number : number, is_single, &digits);
        bool is_plain = digits.exponent >= PLAIN_FROM && digits.exponent < PLAIN_BELOW;
        len += is_plain ? write_plain(&digits, out + len) : write_scientific(&digits, out + len);
    }
    out[len] = '\0';
    return len;
}
