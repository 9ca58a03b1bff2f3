/* accept_int.h - what accept.c and the rules of the kinds of types share.
 */
#ifndef TK_MODEL_ACCEPT_INT_H
#define TK_MODEL_ACCEPT_INT_H

#include "model/model_int.h"

enum {
    TK_VALUE_MAX = 0x3FFFFFFF, /* bytes of one value: what servers take is less than 1 GiB */
    TK_DEPTH_MAX = 64          /* lists within lists */
};

/* One value on its way through a rule. */
typedef struct tk_fit {
    const tk_accept *accept;
    const takeo_cell *in; /* neither NULL nor unset */
    takeo_cell *out;      /* may be where `in` is: write last */
    tk_arena *arena;
    tk_error *error;
    uint32_t depth;
} tk_fit;

typedef takeo_status tk_fit_rule(const tk_fit *fit);

/* Any cell, by the rule of its column's type; NULL and unset too. */
TK_CHECKED takeo_status tk_fit_cell(const tk_fit *fit);
/* "<the value> <what>", with expected, got, entity, field and hint. */
TK_CHECKED takeo_status tk_fit_refuse(const tk_fit *fit, tk_code code, const char *what, ...)
    TK_PRINTF(3, 4);
/* The data that the cell promises is not there, so it cannot be shown. */
TK_CHECKED takeo_status tk_fit_refuse_unsound(const tk_fit *fit);
/* Entity and field of the refusal raised last. */
void tk_fit_set_place(const tk_fit *fit);
/* "<the value> is text, not int32" */
TK_CHECKED takeo_status tk_fit_refuse_type(const tk_fit *fit);
/* Read a text as the column's type and fit what comes out, when text may be parsed; else a refusal
 * of the type. */
TK_CHECKED takeo_status tk_fit_parse(const tk_fit *fit);

/* Field by field: a cell that is put together elsewhere and copied whole costs three times as much,
 * as its wide load has to wait for the narrow stores. */
static inline void tk_fit_write_int(takeo_cell *out, takeo_type type, int64_t i) {
    out->type = type;
    out->flags = 0;
    out->reserved = 0;
    out->v.i = i;
}
static inline takeo_status tk_fit_give_int(const tk_fit *fit, int64_t i) {
    tk_fit_write_int(fit->out, fit->accept->type, i);
    return TAKEO_DONE;
}
static inline takeo_status tk_fit_give_text(const tk_fit *fit, const char *data, size_t len) {
    takeo_cell *out = fit->out;
    out->type = fit->accept->type;
    out->flags = 0;
    out->reserved = 0;
    out->v.text.data = data;
    out->v.text.len = len;
    return TAKEO_DONE;
}
static inline takeo_status tk_fit_give(const tk_fit *fit, takeo_cell cell) {
    *fit->out = cell;
    return TAKEO_DONE;
}

tk_fit_rule tk_fit_bool, tk_fit_int, tk_fit_uint, tk_fit_float,
    tk_fit_decimal; /* accept_number.c */
tk_fit_rule tk_fit_text, tk_fit_own_text, tk_fit_bytes, tk_fit_bits, tk_fit_packed, tk_fit_uuid,
    tk_fit_json, tk_fit_enum, tk_fit_same; /* accept_text.c */
tk_fit_rule tk_fit_date, tk_fit_time, tk_fit_timetz, tk_fit_timestamp,
    tk_fit_interval; /* accept_time.c */
tk_fit_rule tk_fit_array, tk_fit_range, tk_fit_multirange, tk_fit_composite, tk_fit_hstore,
    tk_fit_set; /* accept_list.c */

/* Zero bytes and, where the caller does not answer for it, UTF-8. */
TK_CHECKED takeo_status tk_fit_check_text(const tk_fit *fit);
/* The label that a cell of text says; NULL: none of the column's. */
const takeo_text *tk_fit_find_label(const tk_accept *accept, const takeo_cell *cell);

#endif
