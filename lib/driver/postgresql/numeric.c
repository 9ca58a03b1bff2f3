/* numeric.c - the binary form of numeric: digits of base 10000 with weight, sign and scale.
 *
 *     count  weight  sign  scale  digit ...      16 bits each; the value of digit i is
 *                                                digit * 10000 ^ (weight - i)
 *
 * Exact to the last digit, without floating point on the way, and with the scale: 1.50 stays 1.50.
 */
#include "driver/postgresql/types_int.h"

enum {
    SIGN_NEGATIVE = 0x4000,
    SIGN_NAN = 0xC000,
    SIGN_INFINITY = 0xD000,
    SIGN_NEGATIVE_INFINITY = 0xF000,
    SCALE_MAX = 16383,
    WHOLE_MAX = 131072, /* digits before the point */
    HEAD = 8            /* bytes before the digits */
};

typedef struct numeric {
    const char *digits;
    uint32_t count;
    int32_t weight;
    uint32_t sign;
    uint32_t scale;
} numeric;

static inline uint32_t digit_of(const numeric *number, int32_t i) {
    return i >= 0 && i < (int32_t)number->count ? tk_pg_get16(number->digits + 2 * (size_t)i) : 0;
}

static inline bool read_head(const char *data, size_t len, numeric *out) {
    if (len < HEAD) {
        return false;
    }
    out->count = tk_pg_get16(data);
    out->weight = (int16_t)tk_pg_get16(data + 2);
    out->sign = tk_pg_get16(data + 4);
    out->scale = tk_pg_get16(data + 6);
    out->digits = data + HEAD;
    if (len != HEAD + 2 * (size_t)out->count || out->scale > SCALE_MAX) {
        return false;
    }
    for (uint32_t i = 0; i < out->count; i++) {
        if (digit_of(out, (int32_t)i) > 9999) {
            return false;
        }
    }
    return true;
}

static const char *special_of(uint32_t sign) {
    return sign == SIGN_NAN                 ? "NaN"
           : sign == SIGN_INFINITY          ? "Infinity"
           : sign == SIGN_NEGATIVE_INFINITY ? "-Infinity"
                                            : NULL;
}

/* ---- as text --------------------------------------------------------------------------------- */

static inline void write_four(char *out, uint32_t digit) {
    uint32_t high = digit / 100;
    uint32_t low = digit % 100;
    out[0] = (char)('0' + high / 10);
    out[1] = (char)('0' + high % 10);
    out[2] = (char)('0' + low / 10);
    out[3] = (char)('0' + low % 10);
}

/* Digits before the point, without zeros at the front but for a single one. */
static char *write_whole(const numeric *number, char *at) {
    char *start = at;
    for (int32_t i = 0; i <= number->weight; i++) {
        char four[4];
        write_four(four, digit_of(number, i));
        size_t skipped = 0;
        while (at == start && skipped < sizeof four && four[skipped] == '0') {
            skipped++;
        }
        memcpy(at, four + skipped, sizeof four - skipped);
        at += sizeof four - skipped;
    }
    if (at == start) {
        *at++ = '0';
    }
    return at;
}

static char *write_fraction(const numeric *number, char *at) {
    *at++ = '.';
    char *end = at + number->scale;
    for (int32_t i = number->weight + 1; at < end; i++) {
        char four[4];
        size_t room = (size_t)(end - at);
        size_t len = room < sizeof four ? room : sizeof four;
        write_four(four, digit_of(number, i));
        memcpy(at, four, len);
        at += len;
    }
    return at;
}

TK_PG_READER(tk_pg_binary_numeric) {
    numeric number;
    if (TK_UNLIKELY(!read_head(data, len, &number))) {
        return false;
    }
    if (TK_UNLIKELY(number.sign != 0 && number.sign != SIGN_NEGATIVE)) {
        const char *word = special_of(number.sign);
        *out = tk_cell_text(column->type, word, word != NULL ? strlen(word) : 0);
        return word != NULL;
    }
    size_t whole = number.weight >= 0 ? 4 * ((size_t)number.weight + 1) : 1;
    char *text = tk_arena_take(column->values, whole + number.scale + 2); /* sign and point */
    if (text == NULL) {
        column->has_no_memory = true;
        return false;
    }
    char *at = text;
    if (number.sign != 0) {
        *at++ = '-';
    }
    at = write_whole(&number, at);
    if (number.scale != 0) {
        at = write_fraction(&number, at);
    }
    *out = (takeo_cell){.type = column->type, .v = {.text = {text, (size_t)(at - text)}}};
    return true;
}

/* ---- as a float ------------------------------------------------------------------------------ */

/* A number of at most 53 bits, times or divided by a power of ten that is exact as a double: then
 * one operation rounds once, to the nearest. */
static bool read_small(const numeric *number, double *out) {
    static const double powers[] = {1, 1e4, 1e8, 1e12, 1e16, 1e20};
    uint64_t digits = 0;
    int32_t exponent = number->weight - (int32_t)number->count + 1; /* of the last digit */
    int32_t size = exponent < 0 ? -exponent : exponent;
    if (number->count > 4 || size >= (int32_t)TK_COUNT(powers)) {
        return false;
    }
    for (uint32_t i = 0; i < number->count; i++) {
        digits = digits * 10000 + digit_of(number, (int32_t)i);
    }
    if (digits > UINT64_C(1) << 53) {
        return false;
    }
    *out = exponent < 0 ? (double)digits / powers[size] : (double)digits * powers[size];
    return true;
}

TK_PG_READER(tk_pg_binary_numeric_as_float) {
    numeric number;
    double f;
    takeo_cell text;
    bool is_single = column->type == TAKEO_TYPE_FLOAT32;
    if (!is_single && read_head(data, len, &number)
        && (number.sign == 0 || number.sign == SIGN_NEGATIVE) && read_small(&number, &f)) {
        f = number.sign != 0 ? -f : f;
    } else if (!tk_pg_binary_numeric(column, data, len, &text)
               || !tk_float_parse(text.v.text.data, text.v.text.len, is_single, &f, NULL)) {
        return false;
    }
    *out = (takeo_cell){.type = column->type, .v = {.f = f}};
    return true;
}

/* ---- writing --------------------------------------------------------------------------------- */

typedef struct words { /* gathered, because there are many and they are small */
    tk_buf *out;
    size_t len;
    char bytes[64];
} words;

static inline void put_word(words *to, uint32_t word) {
    if (to->len == sizeof to->bytes) {
        tk_buf_put(to->out, to->bytes, to->len);
        to->len = 0;
    }
    to->bytes[to->len++] = (char)(word >> 8);
    to->bytes[to->len++] = (char)word;
}

static bool end_words(words *to) {
    tk_buf_put(to->out, to->bytes, to->len);
    return !to->out->failed;
}

static void put_head(words *to, size_t count, size_t before, uint32_t sign, size_t scale) {
    put_word(to, (uint32_t)count);
    put_word(to, (uint32_t)before - 1); /* the weight: one less than digits before the point */
    put_word(to, sign);
    put_word(to, (uint32_t)scale);
}

static bool put_integer(bool is_negative, uint64_t size, tk_buf *out) {
    words to;
    uint16_t digits[5];
    size_t count = 0;
    to.out = out;
    to.len = 0;
    for (; size != 0; size /= 10000) {
        digits[count++] = (uint16_t)(size % 10000);
    }
    put_head(&to, count, count, is_negative ? SIGN_NEGATIVE : 0, 0);
    while (count != 0) {
        put_word(&to, digits[--count]);
    }
    return end_words(&to);
}

/* The first digit of base 10000 may have fewer digits of ours. */
static void put_whole(words *to, takeo_text whole) {
    uint32_t digit = 0;
    for (size_t i = 0; i < whole.len; i++) {
        digit = digit * 10 + (uint32_t)(whole.data[i] - '0');
        if ((whole.len - i) % 4 == 1) {
            put_word(to, digit);
            digit = 0;
        }
    }
}

/* The last one is filled up with zeros. */
static void put_fraction(words *to, takeo_text fraction) {
    uint32_t digit = 0;
    for (size_t i = 0; i % 4 != 0 || i < fraction.len; i++) {
        digit = digit * 10 + (i < fraction.len ? (uint32_t)(fraction.data[i] - '0') : 0);
        if (i % 4 == 3) {
            put_word(to, digit);
            digit = 0;
        }
    }
}

static bool put_decimal(const takeo_cell *cell, tk_buf *out) {
    words to;
    tk_decimal number;
    to.out = out;
    to.len = 0;
    if (!tk_decimal_read(cell->v.text.data, cell->v.text.len, &number)) {
        return false;
    }
    if (number.special) {
        uint32_t sign = number.negative              ? SIGN_NEGATIVE_INFINITY
                        : number.text.data[0] == 'N' ? SIGN_NAN
                                                     : SIGN_INFINITY;
        put_head(&to, 0, 1, sign, 0);
        return end_words(&to);
    }
    takeo_text fraction = number.fraction;
    if (number.whole.len > WHOLE_MAX || fraction.len > SCALE_MAX) {
        return false;
    }
    bool is_negative = number.negative && !tk_decimal_is_zero(&number);
    size_t before = (number.whole.len + 3) / 4;
    put_head(&to, before + (fraction.len + 3) / 4, before, is_negative ? SIGN_NEGATIVE : 0,
             fraction.len);
    put_whole(&to, number.whole);
    put_fraction(&to, fraction);
    return end_words(&to);
}

TK_PG_WRITER(tk_pg_put_numeric) {
    (void)type;
    if (cell->type == TAKEO_TYPE_DECIMAL) {
        return put_decimal(cell, out);
    }
    if (cell->type == TAKEO_TYPE_UINT64) {
        return put_integer(false, cell->v.u, out);
    }
    bool is_negative = cell->v.i < 0;
    return put_integer(is_negative, is_negative ? 0 - (uint64_t)cell->v.i : (uint64_t)cell->v.i,
                       out);
}
