/* decimal.c - decimals as text: read, spelled out, sized, compared.
 *
 * There is no floating point on the way and no limit but the length of the text.  Sums and
 * quotients are in decimal_math.c.  It must not know columns.
 */
#include "value/value.h"

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static takeo_text take_digits(const char **at, const char *end) {
    const char *start = *at;
    while (*at < end && is_digit(**at)) {
        (*at)++;
    }
    return tk_text(start, (size_t)(*at - start));
}

static takeo_text without_leading_zeros(takeo_text digits) {
    while (digits.len != 0 && digits.data[0] == '0') {
        digits.data++;
        digits.len--;
    }
    return digits;
}

static bool read_special(takeo_text text, tk_decimal *out) {
    bool is_negative = text.len != 0 && text.data[0] == '-';
    takeo_text word = tk_text(text.data + is_negative, text.len - is_negative);
    if (!tk_text_equal(word, tk_zstr("Infinity"))
        && (is_negative || !tk_text_equal(word, tk_zstr("NaN")))) {
        return false;
    }
    *out = (tk_decimal){.negative = is_negative, .special = true, .text = text};
    return true;
}

/* Sign, digits, one point, digits; what follows stays. */
static bool read_plain(const char **at, const char *end, tk_decimal *out) {
    bool is_negative = *at < end && **at == '-';
    if (*at < end && (**at == '-' || **at == '+')) {
        (*at)++;
    }
    takeo_text whole = take_digits(at, end);
    takeo_text fraction = {"", 0};
    if (*at < end && **at == '.') {
        (*at)++;
        fraction = take_digits(at, end);
    }
    if (whole.len + fraction.len == 0) {
        return false;
    }
    out->negative = is_negative;
    out->special = false;
    out->whole = without_leading_zeros(whole);
    out->fraction = fraction;
    return true;
}

bool tk_decimal_read(const char *text, size_t len, tk_decimal *out) {
    if (len == 0 || len > TK_DECIMAL_MAX) {
        return false;
    }
    if (read_special(tk_text(text, len), out)) {
        return true;
    }
    tk_decimal number = {.text = tk_text(text, len)};
    const char *at = text;
    if (!read_plain(&at, text + len, &number) || at != text + len) {
        return false;
    }
    *out = number;
    return true;
}

bool tk_decimal_is_zero(const tk_decimal *number) {
    if (number->special || number->whole.len != 0) {
        return false;
    }
    return without_leading_zeros(number->fraction).len == 0;
}

static void put_zeros(tk_buf *out, size_t count) {
    for (size_t i = 0; i < count && !out->failed; i++) {
        tk_buf_putc(out, '0');
    }
}

bool tk_decimal_canonical(const char *text, size_t len, tk_buf *out) {
    tk_decimal number;
    if (!tk_decimal_read(text, len, &number)) {
        return false;
    }
    if (number.special) {
        tk_buf_put(out, number.text.data, number.text.len);
        return !out->failed;
    }
    if (number.negative && !tk_decimal_is_zero(&number)) {
        tk_buf_putc(out, '-');
    }
    if (number.whole.len == 0) {
        tk_buf_putc(out, '0');
    }
    tk_buf_put(out, number.whole.data, number.whole.len);
    if (number.fraction.len != 0) {
        tk_buf_putc(out, '.');
        tk_buf_put(out, number.fraction.data, number.fraction.len);
    }
    return !out->failed;
}

/* ---- exponents ------------------------------------------------------------------------------- */

/* "e+3" up to the end of the text; beyond twice the maximum every exponent is the same. */
static bool take_exponent(const char **at, const char *end, int64_t *out) {
    *out = 0;
    if (*at == end) {
        return true;
    }
    if (**at != 'e' && **at != 'E') {
        return false;
    }
    (*at)++;
    bool is_negative = *at < end && **at == '-';
    if (*at < end && (**at == '-' || **at == '+')) {
        (*at)++;
    }
    takeo_text digits = take_digits(at, end);
    int64_t exponent = 0;
    for (size_t i = 0; i < digits.len && exponent <= 2 * TK_DECIMAL_MAX; i++) {
        exponent = exponent * 10 + (digits.data[i] - '0');
    }
    *out = is_negative ? -exponent : exponent;
    return digits.len != 0 && *at == end;
}

/* Digits `from` to `to` of whole and fraction written behind each other. */
static void put_digits(tk_buf *out, const tk_decimal *number, size_t from, size_t to) {
    size_t whole = number->whole.len;
    if (from < whole) {
        size_t end = to < whole ? to : whole;
        tk_buf_put(out, number->whole.data + from, end - from);
        from = end;
    }
    if (from < to) {
        tk_buf_put(out, number->fraction.data + (from - whole), to - from);
    }
}

/* Write the digits with the point `point` digits behind the first. */
static void put_shifted(tk_buf *out, const tk_decimal *number, int64_t point) {
    size_t count = number->whole.len + number->fraction.len;
    size_t first = 0; /* of the digits before the point that is written */
    size_t before = point <= 0 ? 0 : (size_t)point < count ? (size_t)point : count;
    if (number->whole.len == 0) { /* only then the digits may begin with zeros */
        while (first < before && number->fraction.data[first] == '0') {
            first++;
        }
    }
    size_t zeros = point > 0 ? (size_t)point - before : 0;
    if (before == first) {
        tk_buf_putc(out, '0');
    }
    put_digits(out, number, first, before);
    put_zeros(out, zeros);
    if (before < count) {
        tk_buf_putc(out, '.');
        put_zeros(out, point < 0 ? (size_t)-point : 0);
        put_digits(out, number, before, count);
    }
}

bool tk_decimal_expand(const char *text, size_t len, tk_buf *out) {
    tk_decimal number;
    int64_t exponent;
    const char *at = text;
    if (len == 0 || len > TK_DECIMAL_MAX) {
        return false;
    }
    if (read_special(tk_text(text, len), &number)) {
        tk_buf_put(out, text, len);
        return !out->failed;
    }
    if (!read_plain(&at, text + len, &number) || !take_exponent(&at, text + len, &exponent)) {
        return false;
    }
    int64_t count = (int64_t)(number.whole.len + number.fraction.len);
    int64_t point = (int64_t)number.whole.len + exponent;
    if (tk_decimal_is_zero(&number)) {
        /* Zero keeps only the digits behind its point: 0E+3 is 0, 0E-2 is 0.00. */
        int64_t scale = (int64_t)number.fraction.len - exponent;
        if (scale > TK_DECIMAL_MAX) {
            return false;
        }
        tk_buf_puts(out, scale > 0 ? "0." : "0");
        put_zeros(out, scale > 0 ? (size_t)scale : 0);
        return !out->failed;
    }
    if (point > TK_DECIMAL_MAX || count - point > TK_DECIMAL_MAX) {
        return false;
    }
    if (number.negative) {
        tk_buf_putc(out, '-');
    }
    put_shifted(out, &number, point);
    return !out->failed;
}

/* ---- size and order -------------------------------------------------------------------------- */

static takeo_text without_trailing_zeros(takeo_text digits) {
    while (digits.len != 0 && digits.data[digits.len - 1] == '0') {
        digits.len--;
    }
    return digits;
}

void tk_decimal_size(const tk_decimal *number, uint32_t *out_precision, uint32_t *out_scale) {
    size_t scale = number->special ? 0 : without_trailing_zeros(number->fraction).len;
    size_t whole = number->special ? 0 : number->whole.len;
    *out_scale = (uint32_t)scale;
    *out_precision = (uint32_t)(whole + scale);
}

static int sign_of(int difference) {
    return (difference > 0) - (difference < 0);
}

int tk_decimal_compare_size(const tk_decimal *a, const tk_decimal *b) {
    if (a->whole.len != b->whole.len) {
        return a->whole.len < b->whole.len ? -1 : 1;
    }
    int order = a->whole.len != 0 ? memcmp(a->whole.data, b->whole.data, a->whole.len) : 0;
    if (order != 0) {
        return sign_of(order);
    }
    takeo_text x = without_trailing_zeros(a->fraction);
    takeo_text y = without_trailing_zeros(b->fraction);
    size_t common = x.len < y.len ? x.len : y.len;
    order = common != 0 ? memcmp(x.data, y.data, common) : 0;
    return order != 0 ? sign_of(order) : (x.len > y.len) - (x.len < y.len);
}

/* -Infinity, all numbers, Infinity, NaN. */
static int rank_of(const tk_decimal *number) {
    if (!number->special) {
        return 1;
    }
    if (number->negative) {
        return 0;
    }
    return number->text.data[0] == 'N' ? 3 : 2;
}

int tk_decimal_compare(const tk_decimal *a, const tk_decimal *b) {
    if (a->special || b->special) {
        return sign_of(rank_of(a) - rank_of(b));
    }
    bool is_a_negative = a->negative && !tk_decimal_is_zero(a);
    bool is_b_negative = b->negative && !tk_decimal_is_zero(b);
    if (is_a_negative != is_b_negative) {
        return is_a_negative ? -1 : 1;
    }
    int order = tk_decimal_compare_size(a, b);
    return is_a_negative ? -order : order;
}
