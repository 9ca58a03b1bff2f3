/* functions.c - decimals and intervals inside SQLite, which has none: their order, and the sums of
 * decimals.
 *
 *     order by price collate takeo_decimal      10.25 > 9.5 > -3, where plain text has 9.5 last
 *     order by span collate takeo_interval      PT9H < PT24H = P1D < P30D = P1M
 *     takeo_sum(price), takeo_avg(price)        exact, where sum() goes through floating point
 *
 * They are for statements only and refuse to stand in a schema, so that other tools can read the
 * file.  Memory inside them is SQLite's, so that it goes with the connection.  They must not know
 * connections.
 */
#include "driver/sqlite/sqlite_int.h"

/* ---- memory ---------------------------------------------------------------------------------- */

static void *sqlite_resize(void *ctx, void *block, size_t old_size, size_t new_size) {
    (void)ctx;
    (void)old_size;
    if (new_size == 0) {
        tk_lite.free(block);
        return NULL;
    }
    return tk_lite.realloc64(block, new_size);
}

static const tk_alloc sqlite_alloc = {NULL, sqlite_resize};

/* ---- the collations -------------------------------------------------------------------------- */

static int compare_bytes(const void *a, int a_len, const void *b, int b_len) {
    int order = memcmp(a, b, (size_t)(a_len < b_len ? a_len : b_len));
    return order != 0 ? order : a_len - b_len;
}

/* A total order: values by what they mean, then what is no value, by its bytes. */
static int compare_others(bool left_is_value, bool right_is_value, const void *a, int a_len,
                          const void *b, int b_len) {
    if (left_is_value != right_is_value) {
        return left_is_value ? -1 : 1;
    }
    return compare_bytes(a, a_len, b, b_len);
}

static int compare_decimals(void *ctx, int a_len, const void *a, int b_len, const void *b) {
    (void)ctx;
    tk_decimal left;
    tk_decimal right;
    bool left_is_number = tk_decimal_read(a, (size_t)a_len, &left);
    bool right_is_number = tk_decimal_read(b, (size_t)b_len, &right);
    return left_is_number && right_is_number
               ? tk_decimal_compare(&left, &right)
               : compare_others(left_is_number, right_is_number, a, a_len, b, b_len);
}

static int compare_intervals(void *ctx, int a_len, const void *a, int b_len, const void *b) {
    (void)ctx;
    takeo_cell left;
    takeo_cell right;
    bool left_is_interval = tk_interval_parse(a, (size_t)a_len, &left);
    bool right_is_interval = tk_interval_parse(b, (size_t)b_len, &right);
    return left_is_interval && right_is_interval
               ? tk_interval_compare(&left, &right)
               : compare_others(left_is_interval, right_is_interval, a, a_len, b, b_len);
}

/* ---- the sum --------------------------------------------------------------------------------- */

enum { SMALL_DIGITS = 18, SCALES = SMALL_DIGITS + 1, SUM_MAX = TK_DECIMAL_MAX };

/* SQLite's memory is aligned to 8 bytes. */
__extension__ typedef __int128 wide __attribute__((aligned(8)));

/* Numbers of up to 18 digits are added up by their scale as integers: no 2^63 of them reach the end
 * of 128 bits.  Longer ones are added as text.  A window gives values back, so they are counted. */
typedef struct sum_state {
    wide small[SCALES];
    int64_t counts[SCALES]; /* of values with this scale */
    int64_t count;
    int64_t long_count;
    tk_buf sum; /* of the long ones; data NULL: nothing yet */
} sum_state;

/* The digits as an integer, when there are few. */
static bool read_small(const tk_decimal *number, wide *out) {
    if (number->special || number->whole.len + number->fraction.len > SMALL_DIGITS) {
        return false;
    }
    int64_t digits = 0;
    for (size_t i = 0; i < number->whole.len; i++) {
        digits = digits * 10 + (number->whole.data[i] - '0');
    }
    for (size_t i = 0; i < number->fraction.len; i++) {
        digits = digits * 10 + (number->fraction.data[i] - '0');
    }
    *out = number->negative ? -digits : digits;
    return true;
}

/* sum += text, both plain. */
static bool add_text(tk_buf *sum, const tk_decimal *number) {
    if (sum->data == NULL || sum->len == 0) {
        tk_buf_put(sum, number->text.data, number->text.len);
        return !sum->failed;
    }
    tk_decimal before;
    tk_buf result;
    tk_buf_init(&result, sqlite_alloc, SUM_MAX);
    bool is_added = tk_decimal_read(sum->data, sum->len, &before)
                    && tk_decimal_add(&before, number, &result) && !result.failed;
    if (is_added) {
        tk_buf_clear(sum);
        tk_buf_put(sum, result.data, result.len);
    }
    tk_buf_done(&result);
    return is_added && !sum->failed;
}

/* digits * 10^-scale as plain text. */
static size_t write_small(wide digits, int scale, char out[64]) {
    char reversed[64];
    size_t count = 0;
    bool is_negative = digits < 0;
    for (wide rest = is_negative ? -digits : digits; rest != 0 || (int)count <= scale; rest /= 10) {
        reversed[count++] = (char)('0' + (int)(rest % 10));
    }
    size_t len = 0;
    if (is_negative) {
        out[len++] = '-';
    }
    while (count > 0) {
        out[len++] = reversed[--count];
        if (count != 0 && (int)count == scale) {
            out[len++] = '.';
        }
    }
    out[len] = '\0';
    return len;
}

/* Everything added together. */
static bool total(const sum_state *state, tk_buf *out) {
    if (state->long_count != 0) {
        tk_buf_put(out, state->sum.data, state->sum.len);
    }
    for (int scale = 0; scale < SCALES; scale++) {
        char text[64];
        tk_decimal number;
        if (state->counts[scale] == 0) {
            continue;
        }
        size_t len = write_small(state->small[scale], scale, text);
        if (!tk_decimal_read(text, len, &number) || !add_text(out, &number)) {
            return false;
        }
    }
    return !out->failed;
}

static bool add_number(sum_state *state, const tk_decimal *number, int sign) {
    wide digits;
    state->count += sign;
    if (read_small(number, &digits)) {
        state->small[number->fraction.len] += sign > 0 ? digits : -digits;
        state->counts[number->fraction.len] += sign;
        return true;
    }
    state->long_count += sign;
    if (state->sum.alloc.resize == NULL) {
        tk_buf_init(&state->sum, sqlite_alloc, SUM_MAX);
    }
    tk_decimal turned = *number;
    if (sign < 0) {
        turned.negative = !turned.negative;
    }
    return add_text(&state->sum, &turned);
}

static void step_sum(sqlite3_context *context, sqlite3_value *value, int sign) {
    sum_state *state = tk_lite.aggregate_context(context, (int)sizeof *state);
    int storage = tk_lite.value_type(value);
    if (state == NULL) {
        tk_lite.result_error_nomem(context);
        return;
    }
    if (storage == SQLITE_NULL) {
        return;
    }
    const char *text = (const char *)tk_lite.value_text(value);
    tk_decimal number;
    bool is_number = text != NULL && (storage == SQLITE_TEXT || storage == SQLITE_INTEGER)
                     && tk_decimal_read(text, (size_t)tk_lite.value_bytes(value), &number);
    if (!is_number || number.special) {
        tk_lite.result_error(context, "a value to be added up is no decimal number", -1);
    } else if (!add_number(state, &number, sign)) {
        tk_lite.result_error_nomem(context);
    }
}

static void sum_step(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    step_sum(context, values[0], 1);
}

static void sum_inverse(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    step_sum(context, values[0], -1);
}

static void give(sqlite3_context *context, bool is_made, tk_buf *text) {
    if (is_made && !text->failed) {
        tk_lite.result_text64(context, text->data, text->len, SQLITE_TRANSIENT, SQLITE_UTF8);
    } else {
        tk_lite.result_error_nomem(context);
    }
    tk_buf_done(text);
}

static void sum_value(sqlite3_context *context) {
    sum_state *state = tk_lite.aggregate_context(context, 0);
    if (state == NULL || state->count == 0) {
        tk_lite.result_null(context); /* as sum() of no rows */
        return;
    }
    tk_buf sum;
    tk_buf_init(&sum, sqlite_alloc, SUM_MAX);
    bool is_made = total(state, &sum);
    give(context, is_made, &sum);
}

/* Sixteen digits behind the point, or as many as the sum has when that is more. */
static bool divide(const tk_buf *sum, int64_t count, tk_buf *out) {
    enum { AVG_SCALE = 16 };
    tk_decimal number;
    if (!tk_decimal_read(sum->data, sum->len, &number)) {
        return false;
    }
    size_t scale = number.fraction.len > AVG_SCALE ? number.fraction.len : AVG_SCALE;
    return tk_decimal_divide(&number, count, (uint32_t)scale, out);
}

static void avg_value(sqlite3_context *context) {
    sum_state *state = tk_lite.aggregate_context(context, 0);
    if (state == NULL || state->count == 0) {
        tk_lite.result_null(context);
        return;
    }
    tk_buf sum;
    tk_buf quotient;
    tk_buf_init(&sum, sqlite_alloc, SUM_MAX);
    tk_buf_init(&quotient, sqlite_alloc, SUM_MAX);
    bool is_made = total(state, &sum) && divide(&sum, state->count, &quotient);
    tk_buf_done(&sum);
    give(context, is_made, &quotient);
}

static void drop_state(sqlite3_context *context) {
    sum_state *state = tk_lite.aggregate_context(context, 0);
    if (state != NULL && state->sum.alloc.resize != NULL) {
        tk_buf_done(&state->sum);
    }
}

static void sum_final(sqlite3_context *context) {
    sum_value(context);
    drop_state(context);
}

static void avg_final(sqlite3_context *context) {
    avg_value(context);
    drop_state(context);
}

/* ---- the list of them ------------------------------------------------------------------------ */

int tk_sqlite_functions_add(sqlite3 *db) {
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY;
    int rc =
        tk_lite.create_collation_v2(db, "takeo_decimal", SQLITE_UTF8, NULL, compare_decimals, NULL);
    if (rc == SQLITE_OK) {
        rc = tk_lite.create_collation_v2(db, "takeo_interval", SQLITE_UTF8, NULL, compare_intervals,
                                         NULL);
    }
    if (rc == SQLITE_OK) {
        rc = tk_lite.create_window_function(db, "takeo_sum", 1, flags, NULL, sum_step, sum_final,
                                            sum_value, sum_inverse, NULL);
    }
    if (rc == SQLITE_OK) {
        rc = tk_lite.create_window_function(db, "takeo_avg", 1, flags, NULL, sum_step, avg_final,
                                            avg_value, sum_inverse, NULL);
    }
    return rc;
}
