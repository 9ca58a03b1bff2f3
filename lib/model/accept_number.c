/* accept_number.c - which values fit booleans, integers, floating point and decimals.
 *
 * Exact unless loss is allowed: then numbers are rounded half-even.  No floating point on the way
 * between decimals and integers.
 */
#include "model/accept_int.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

enum {
    WHOLE_MAX = 131072,   /* digits of a decimal before the point, without a precision */
    FRACTION_MAX = 16383, /* and behind it */
    FLOAT64_BITS = 53,
    FLOAT32_BITS = 24
};

static bool is_signed_int(takeo_type type) {
    return (type >= TAKEO_TYPE_INT16 && type <= TAKEO_TYPE_INT64) || type == TAKEO_TYPE_OID
           || type == TAKEO_TYPE_YEAR;
}

static bool is_float(takeo_type type) {
    return type == TAKEO_TYPE_FLOAT32 || type == TAKEO_TYPE_FLOAT64;
}

static takeo_status refuse_range(const tk_fit *fit) {
    return tk_fit_refuse(fit, TK_INPUT_RANGE, "is outside %s", tk_type_name(fit->accept->type));
}

takeo_status tk_fit_bool(const tk_fit *fit) {
    bool is_number = is_signed_int(fit->in->type) && fit->accept->loss_is_allowed;
    if (fit->in->type != TAKEO_TYPE_BOOL && !is_number) {
        return tk_fit_parse(fit);
    }
    if (fit->in->v.i != 0 && fit->in->v.i != 1) {
        return refuse_range(fit);
    }
    return tk_fit_give_int(fit, fit->in->v.i);
}

/* ---- integers -------------------------------------------------------------------------------- */

/* A decimal or floating point number as a whole one in digits, rounded half-even. */
static bool write_rounded(const tk_fit *fit, tk_buf *out) {
    char digits[TK_FLOAT_SIZE];
    takeo_text text = tk_text(fit->in->v.text.data, fit->in->v.text.len);
    if (is_float(fit->in->type)) {
        text = tk_text(digits, tk_float_write(fit->in->v.f, false, digits));
    }
    tk_buf plain;
    tk_buf_init(&plain, fit->arena->alloc, SIZE_MAX);
    tk_decimal number;
    bool is_done = tk_decimal_expand(text.data, text.len, &plain)
                   && tk_decimal_read(plain.data, plain.len, &number) && !number.special
                   && tk_decimal_divide(&number, 1, 0, out);
    out->failed = out->failed || plain.failed;
    tk_buf_done(&plain);
    return is_done;
}

/* Whole numbers that are too large for every integer come as decimals: theirs is a range. */
static takeo_status refuse_decimal(const tk_fit *fit) {
    tk_decimal number;
    const takeo_cell *in = fit->in;
    if (in->type == TAKEO_TYPE_DECIMAL && tk_decimal_read(in->v.text.data, in->v.text.len, &number)
        && !number.special && number.fraction.len == 0 && number.whole.len >= 19) {
        return refuse_range(fit);
    }
    return tk_fit_refuse_type(fit);
}

/* What is no integer: parsed or rounded where that is allowed, and fitted again. */
static takeo_status fit_other(const tk_fit *fit) {
    bool is_number = is_float(fit->in->type) || fit->in->type == TAKEO_TYPE_DECIMAL;
    if (!is_number) {
        return tk_fit_parse(fit);
    }
    if (!fit->accept->loss_is_allowed) {
        return refuse_decimal(fit);
    }
    tk_buf digits;
    tk_buf_init(&digits, fit->arena->alloc, SIZE_MAX);
    takeo_cell whole = {.type = TAKEO_TYPE_INT64};
    bool is_rounded = write_rounded(fit, &digits);
    bool fits = is_rounded && tk_int_parse(digits.data, digits.len, &whole.v.i, NULL);
    if (is_rounded && !fits && tk_uint_parse(digits.data, digits.len, &whole.v.u, NULL)) {
        whole.type = TAKEO_TYPE_UINT64;
        fits = true;
    }
    bool has_memory = !digits.failed;
    tk_buf_done(&digits);
    if (!has_memory) {
        return tk_raise_memory(fit->error);
    }
    if (!fits) {
        return refuse_range(fit);
    }
    tk_fit again = *fit;
    again.in = &whole;
    return tk_fit_cell(&again);
}

takeo_status tk_fit_int(const tk_fit *fit) {
    const takeo_cell *in = fit->in;
    int64_t number = in->v.i;
    if (in->type == TAKEO_TYPE_UINT64) {
        if (in->v.u > INT64_MAX) {
            return refuse_range(fit);
        }
        number = (int64_t)in->v.u;
    } else if (in->type == TAKEO_TYPE_BOOL) {
        if (!fit->accept->loss_is_allowed) {
            return tk_fit_refuse_type(fit);
        }
    } else if (!is_signed_int(in->type)) {
        return fit_other(fit);
    }
    if (number < fit->accept->min || number > fit->accept->max) {
        return refuse_range(fit);
    }
    return tk_fit_give_int(fit, number);
}

takeo_status tk_fit_uint(const tk_fit *fit) {
    takeo_cell taken = {.type = fit->accept->type};
    if (fit->in->type == TAKEO_TYPE_UINT64) {
        taken.v.u = fit->in->v.u;
        return tk_fit_give(fit, taken);
    }
    if (fit->in->type == TAKEO_TYPE_BOOL && !fit->accept->loss_is_allowed) {
        return tk_fit_refuse_type(fit);
    }
    if (!is_signed_int(fit->in->type) && fit->in->type != TAKEO_TYPE_BOOL) {
        return fit_other(fit);
    }
    if (fit->in->v.i < 0) {
        return refuse_range(fit);
    }
    taken.v.u = (uint64_t)fit->in->v.i;
    return tk_fit_give(fit, taken);
}

/* ---- floating point -------------------------------------------------------------------------- */

static takeo_status fit_float_of_int(const tk_fit *fit) {
    bool is_single = fit->accept->type == TAKEO_TYPE_FLOAT32;
    int64_t most = INT64_C(1) << (is_single ? FLOAT32_BITS : FLOAT64_BITS);
    bool is_large = fit->in->type == TAKEO_TYPE_UINT64
                        ? fit->in->v.u > (uint64_t)most
                        : fit->in->v.i > most || fit->in->v.i < -most;
    if (is_large && !fit->accept->loss_is_allowed) {
        return tk_fit_refuse(fit, TK_INPUT_PRECISION, "has more digits than %s keeps",
                             tk_type_name(fit->accept->type));
    }
    takeo_cell taken = {.type = fit->accept->type};
    taken.v.f = fit->in->type == TAKEO_TYPE_UINT64 ? (double)fit->in->v.u : (double)fit->in->v.i;
    return tk_fit_give(fit, taken);
}

/* Neither infinite nor zero unless it was: digits are what floating point rounds, sizes are not. */
static bool fits_single(double number) {
    double size = fabs(number);
    return !(size <= DBL_MAX) || size == 0 || (size <= (double)FLT_MAX && (float)size > 0.0F);
}

takeo_status tk_fit_float(const tk_fit *fit) {
    const takeo_cell *in = fit->in;
    if (is_signed_int(in->type) || in->type == TAKEO_TYPE_UINT64) {
        return fit_float_of_int(fit);
    }
    double number = in->v.f;
    if (in->type == TAKEO_TYPE_DECIMAL && fit->accept->loss_is_allowed) {
        if (!tk_float_parse(in->v.text.data, in->v.text.len, false, &number, NULL)) {
            return refuse_range(fit);
        }
    } else if (!is_float(in->type)) {
        return tk_fit_parse(fit);
    }
    if (fit->accept->type == TAKEO_TYPE_FLOAT32 && !fits_single(number)) {
        return refuse_range(fit);
    }
    tk_fit_give_int(fit, 0);
    fit->out->v.f = number;
    return TAKEO_DONE;
}

/* ---- decimals -------------------------------------------------------------------------------- */

static bool is_given_as_scaled(const tk_decimal *number, size_t scale) {
    size_t whole = number->whole.len > 0 ? number->whole.len : 1;
    size_t fraction = number->fraction.len > 0 ? number->fraction.len + 1 : 0;
    bool is_minus_zero = number->negative && tk_decimal_is_zero(number);
    return number->fraction.len == scale && !is_minus_zero
           && number->text.len == (size_t)number->negative + whole + fraction;
}

/* The one spelling of a value with `scale` digits behind the point; those cut off are zeros. */
static takeo_status give_scaled(const tk_fit *fit, const tk_decimal *number, size_t scale) {
    if (number->special || is_given_as_scaled(number, scale)) {
        takeo_text text = number->text;
        if (number->special && text.data[0] == '+') {
            text = tk_text(text.data + 1, text.len - 1);
        }
        return tk_fit_give_text(fit, text.data, text.len);
    }
    size_t kept = number->fraction.len < scale ? number->fraction.len : scale;
    char *text = tk_arena_take(fit->arena, number->whole.len + scale + 4);
    if (text == NULL) {
        return tk_raise_memory(fit->error);
    }
    char *at = text;
    if (number->negative && !tk_decimal_is_zero(number)) {
        *at++ = '-';
    }
    if (number->whole.len > 0) {
        memcpy(at, number->whole.data, number->whole.len);
        at += number->whole.len;
    } else {
        *at++ = '0';
    }
    if (scale > 0) {
        *at++ = '.';
        if (kept > 0) {
            memcpy(at, number->fraction.data, kept);
        }
        memset(at + kept, '0', scale - kept);
        at += scale;
    }
    *at = '\0';
    return tk_fit_give_text(fit, text, (size_t)(at - text));
}

/* Round to the column's scale, in the arena. */
static takeo_status round_decimal(const tk_fit *fit, tk_decimal *number) {
    tk_buf rounded;
    tk_buf_init(&rounded, fit->arena->alloc, SIZE_MAX);
    bool is_done = tk_decimal_divide(number, 1, fit->accept->scale, &rounded);
    char *text = is_done ? tk_arena_copy(fit->arena, rounded.data, rounded.len) : NULL;
    size_t len = rounded.len;
    tk_buf_done(&rounded);
    if (text == NULL || !tk_decimal_read(text, len, number)) {
        return tk_raise_memory(fit->error);
    }
    return TAKEO_DONE;
}

static takeo_status fit_number(const tk_fit *fit, tk_decimal *number) {
    const tk_accept *accept = fit->accept;
    uint32_t precision;
    uint32_t scale;
    tk_decimal_size(number, &precision, &scale);
    bool is_bounded = accept->precision != 0;
    uint32_t most = is_bounded ? accept->scale : FRACTION_MAX;
    if (number->special) {
        bool is_nan = number->text.len == 3;
        return is_bounded && !is_nan ? refuse_range(fit) : give_scaled(fit, number, 0);
    }
    if (scale > most) {
        if (!accept->loss_is_allowed || !is_bounded) {
            return tk_fit_refuse(fit, TK_INPUT_PRECISION,
                                 "has %u digits behind the point; the column keeps %u", scale,
                                 most);
        }
        TK_TRY(round_decimal(fit, number));
    }
    uint32_t whole_most = is_bounded ? accept->precision - accept->scale : WHOLE_MAX;
    if (number->whole.len > whole_most) {
        return tk_fit_refuse(fit, TK_INPUT_RANGE, "has more than %u digits before the point",
                             whole_most);
    }
    return give_scaled(fit, number, is_bounded ? accept->scale : number->fraction.len);
}

/* A text with an exponent, written out in the arena. */
static takeo_status fit_expanded(const tk_fit *fit, takeo_text text) {
    tk_buf plain;
    tk_buf_init(&plain, fit->arena->alloc, SIZE_MAX);
    bool is_number = tk_decimal_expand(text.data, text.len, &plain);
    char *copy = is_number ? tk_arena_copy(fit->arena, plain.data, plain.len) : NULL;
    size_t len = plain.len;
    bool has_memory = !plain.failed && (copy != NULL || !is_number);
    tk_buf_done(&plain);
    tk_decimal number;
    if (!has_memory) {
        return tk_raise_memory(fit->error);
    }
    if (!is_number || !tk_decimal_read(copy, len, &number)) {
        return tk_fit_refuse(fit, TK_INPUT_FORM, "is no decimal");
    }
    return fit_number(fit, &number);
}

takeo_status tk_fit_decimal(const tk_fit *fit) {
    const takeo_cell *in = fit->in;
    bool is_parsed = fit->accept->text_is_parsed || fit->accept->loss_is_allowed;
    char digits[TK_FLOAT_SIZE];
    tk_decimal number;
    if (in->type == TAKEO_TYPE_DECIMAL || (in->type == TAKEO_TYPE_TEXT && is_parsed)) {
        if (tk_decimal_read(in->v.text.data, in->v.text.len, &number)) {
            return fit_number(fit, &number);
        }
        return fit_expanded(fit, tk_text(in->v.text.data, in->v.text.len));
    }
    if (is_signed_int(in->type) || in->type == TAKEO_TYPE_UINT64) {
        int len = in->type == TAKEO_TYPE_UINT64
                      ? snprintf(digits, sizeof digits, "%" PRIu64, in->v.u)
                      : snprintf(digits, sizeof digits, "%" PRId64, in->v.i);
        return fit_expanded(fit, tk_text(digits, (size_t)len));
    }
    if (is_float(in->type) && fit->accept->loss_is_allowed) {
        return fit_expanded(fit, tk_text(digits, tk_float_write(in->v.f, false, digits)));
    }
    return tk_fit_refuse_type(fit);
}
