/* decimal_math.c - exact sums and correctly rounded quotients of decimals, digit by digit.
 *
 * Schoolbook arithmetic on text: these run once for a total, not once for a row.  It must not know
 * columns.
 */
#include "value/value.h"

__extension__ typedef unsigned __int128 wide; /* a remainder times ten */

/* The digit that counts 10^place. */
static int digit_at(const tk_decimal *number, int64_t place) {
    if (place >= 0) {
        size_t index = (size_t)place;
        return index < number->whole.len ? number->whole.data[number->whole.len - 1 - index] - '0'
                                         : 0;
    }
    size_t index = (size_t)(-place - 1);
    return index < number->fraction.len ? number->fraction.data[index] - '0' : 0;
}

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

static bool put_word(tk_buf *out, const char *word) {
    tk_buf_puts(out, word);
    return !out->failed;
}

static bool is_nan(const tk_decimal *number) {
    return number->special && number->text.data[0] == 'N';
}

static bool add_special(const tk_decimal *a, const tk_decimal *b, tk_buf *out) {
    if (is_nan(a) || is_nan(b) || (a->special && b->special && a->negative != b->negative)) {
        return put_word(out, "NaN");
    }
    const tk_decimal *infinite = a->special ? a : b;
    return put_word(out, infinite->negative ? "-Infinity" : "Infinity");
}

/* Take zeros away before the digits that begin at `start`, but leave one before the point. */
static void trim_leading(tk_buf *out, size_t start, size_t whole) {
    size_t zeros = 0;
    while (zeros + 1 < whole && out->data[start + zeros] == '0') {
        zeros++;
    }
    memmove(out->data + start, out->data + start + zeros, out->len - start - zeros + 1);
    out->len -= zeros;
}

/* |a| + factor * |b|, where |a| is not the smaller one when the factor is -1. */
static void put_sum(const tk_decimal *a, const tk_decimal *b, int factor, tk_buf *out) {
    size_t scale = larger(a->fraction.len, b->fraction.len);
    size_t whole = larger(a->whole.len, b->whole.len) + 1; /* one for the carry */
    size_t start = out->len;
    size_t len = whole + (scale != 0 ? scale + 1 : 0);
    for (size_t i = 0; i < len; i++) {
        tk_buf_putc(out, '0');
    }
    if (out->failed) {
        return;
    }
    char *at = out->data + out->len;
    int carry = 0;
    for (int64_t place = -(int64_t)scale; place < (int64_t)whole; place++) {
        if (place == 0 && scale != 0) {
            *--at = '.';
        }
        int digit = digit_at(a, place) + factor * digit_at(b, place) + carry;
        carry = digit > 9 ? 1 : digit < 0 ? -1 : 0;
        *--at = (char)('0' + digit - carry * 10);
    }
    trim_leading(out, start, whole);
}

bool tk_decimal_add(const tk_decimal *a, const tk_decimal *b, tk_buf *out) {
    if (a->special || b->special) {
        return add_special(a, b, out);
    }
    bool is_same_sign = a->negative == b->negative;
    int order = tk_decimal_compare_size(a, b);
    const tk_decimal *more = order >= 0 ? a : b;
    const tk_decimal *less = order >= 0 ? b : a;
    bool is_zero = is_same_sign ? tk_decimal_is_zero(more) : order == 0;
    if (more->negative && !is_zero) {
        tk_buf_putc(out, '-');
    }
    put_sum(more, less, is_same_sign ? 1 : -1, out);
    return !out->failed;
}

/* ---- quotient -------------------------------------------------------------------------------- */

/* How what is left compares with half a divisor: the remainder, then the digits below `place`. */
static int compare_with_half(uint64_t remainder, uint64_t divisor, const tk_decimal *number,
                             int64_t place) {
    wide doubled = (wide)remainder * 2;
    if (doubled >= divisor) {
        if (doubled > divisor) {
            return 1;
        }
        for (int64_t i = place - 1; i >= -(int64_t)number->fraction.len; i--) {
            if (digit_at(number, i) != 0) {
                return 1;
            }
        }
        return 0;
    }
    if (doubled + 1 != divisor) {
        return -1;
    }
    /* One short of it: the digits left decide whether they are worth half a unit. */
    int next = digit_at(number, place - 1);
    if (next != 5) {
        return next > 5 ? 1 : -1;
    }
    for (int64_t i = place - 2; i >= -(int64_t)number->fraction.len; i--) {
        if (digit_at(number, i) != 0) {
            return 1;
        }
    }
    return 0;
}

/* One more in the last digit of text[start..len); there is room for the carry. */
static void round_up(char *text, size_t start, size_t len) {
    for (size_t i = len; i > start; i--) {
        char *digit = &text[i - 1];
        if (*digit == '.') {
            continue;
        }
        if (*digit != '9') {
            (*digit)++;
            return;
        }
        *digit = '0';
    }
}

static bool is_all_zero(const char *text, size_t len) {
    for (size_t i = 0; i < len; i++) {
        if (text[i] != '0' && text[i] != '.') {
            return false;
        }
    }
    return true;
}

/* |number| / divisor with `scale` digits behind the point. */
static void put_quotient(const tk_decimal *number, uint64_t divisor, uint32_t scale, tk_buf *out) {
    size_t start = out->len;
    uint64_t remainder = 0;
    int last = 0;
    tk_buf_puts(out, number->whole.len == 0 ? "00" : "0"); /* the first is for a carry */
    for (int64_t place = (int64_t)number->whole.len - 1; place >= -(int64_t)scale; place--) {
        if (place == -1) {
            tk_buf_putc(out, '.');
        }
        wide dividend = (wide)remainder * 10 + (wide)digit_at(number, place);
        last = (int)(dividend / divisor);
        remainder = (uint64_t)(dividend % divisor);
        tk_buf_putc(out, (char)('0' + last));
    }
    if (out->failed) {
        return;
    }
    int half = compare_with_half(remainder, divisor, number, -(int64_t)scale);
    if (half > 0 || (half == 0 && last % 2 != 0)) {
        round_up(out->data, start, out->len);
    }
    trim_leading(out, start, larger(number->whole.len, 1) + 1);
}

bool tk_decimal_divide(const tk_decimal *a, int64_t divisor, uint32_t scale, tk_buf *out) {
    if (divisor == 0 || scale > TK_DECIMAL_MAX) {
        return false;
    }
    bool is_negative = a->negative != (divisor < 0);
    if (is_nan(a)) {
        return put_word(out, "NaN");
    }
    if (a->special) {
        return put_word(out, is_negative ? "-Infinity" : "Infinity");
    }
    uint64_t size = divisor < 0 ? 0 - (uint64_t)divisor : (uint64_t)divisor;
    size_t start = out->len;
    tk_buf_putc(out, '-');
    put_quotient(a, size, scale, out);
    if (out->failed) {
        return false;
    }
    if (!is_negative || is_all_zero(out->data + start + 1, out->len - start - 1)) {
        memmove(out->data + start, out->data + start + 1, out->len - start);
        out->len--;
    }
    return true;
}
