/* accept.c - does a value fit a column?  Entry, choice of the rule, and how a refusal is told.
 *
 * The rule of rules: a value is taken when it can mean exactly one value of the type and nothing is
 * lost.  It knows types and a column's limits.  It does not know hosts, servers or what the value
 * is for.
 */
#include "model/accept_int.h"

#include <inttypes.h>

enum { SHOWN_MAX = 80, LABELS_SHOWN_MAX = 300, TEXT_MAX = 1 << 12 };

static tk_fit_rule *const rules[] = {
    [TAKEO_TYPE_BOOL] = tk_fit_bool,
    [TAKEO_TYPE_INT16] = tk_fit_int,
    [TAKEO_TYPE_INT32] = tk_fit_int,
    [TAKEO_TYPE_INT64] = tk_fit_int,
    [TAKEO_TYPE_UINT64] = tk_fit_uint,
    [TAKEO_TYPE_FLOAT32] = tk_fit_float,
    [TAKEO_TYPE_FLOAT64] = tk_fit_float,
    [TAKEO_TYPE_DECIMAL] = tk_fit_decimal,
    [TAKEO_TYPE_MONEY] = tk_fit_own_text,
    [TAKEO_TYPE_OID] = tk_fit_int,
    [TAKEO_TYPE_TEXT] = tk_fit_text,
    [TAKEO_TYPE_BYTES] = tk_fit_bytes,
    [TAKEO_TYPE_UUID] = tk_fit_uuid,
    [TAKEO_TYPE_JSON] = tk_fit_json,
    [TAKEO_TYPE_ENUM] = tk_fit_enum,
    [TAKEO_TYPE_XML] = tk_fit_text,
    [TAKEO_TYPE_BITS] = tk_fit_bits,
    [TAKEO_TYPE_UNKNOWN] = tk_fit_text,
    [TAKEO_TYPE_DATE] = tk_fit_date,
    [TAKEO_TYPE_TIME] = tk_fit_time,
    [TAKEO_TYPE_TIMETZ] = tk_fit_timetz,
    [TAKEO_TYPE_TIMESTAMP] = tk_fit_timestamp,
    [TAKEO_TYPE_TIMESTAMPTZ] = tk_fit_timestamp,
    [TAKEO_TYPE_INTERVAL] = tk_fit_interval,
    [TAKEO_TYPE_YEAR] = tk_fit_int,
    [TAKEO_TYPE_INET] = tk_fit_own_text,
    [TAKEO_TYPE_MACADDR] = tk_fit_text,
    [TAKEO_TYPE_LSN] = tk_fit_same,
    [TAKEO_TYPE_TID] = tk_fit_own_text,
    [TAKEO_TYPE_POINT] = tk_fit_packed,
    [TAKEO_TYPE_LINE] = tk_fit_packed,
    [TAKEO_TYPE_SEGMENT] = tk_fit_packed,
    [TAKEO_TYPE_BOX] = tk_fit_packed,
    [TAKEO_TYPE_PATH] = tk_fit_packed,
    [TAKEO_TYPE_POLYGON] = tk_fit_packed,
    [TAKEO_TYPE_CIRCLE] = tk_fit_packed,
    [TAKEO_TYPE_GEOMETRY] = tk_fit_packed,
    [TAKEO_TYPE_VECTOR] = tk_fit_packed,
    [TAKEO_TYPE_TSVECTOR] = tk_fit_text,
    [TAKEO_TYPE_TSQUERY] = tk_fit_text,
    [TAKEO_TYPE_LTREE] = tk_fit_text,
    [TAKEO_TYPE_CITEXT] = tk_fit_text,
    [TAKEO_TYPE_ARRAY] = tk_fit_array,
    [TAKEO_TYPE_RANGE] = tk_fit_range,
    [TAKEO_TYPE_MULTIRANGE] = tk_fit_multirange,
    [TAKEO_TYPE_COMPOSITE] = tk_fit_composite,
    [TAKEO_TYPE_HSTORE] = tk_fit_hstore,
    [TAKEO_TYPE_SET] = tk_fit_set,
};

/* ---- what has to be fitted ------------------------------------------------------------------- */

tk_accept tk_accept_type(takeo_type type) {
    const tk_type_info *info = tk_type_info_of(type);
    return (tk_accept){
        .type = type,
        .min = info != NULL ? info->min : 0,
        .max = info != NULL ? info->max : 0,
        .is_nullable = true,
    };
}

tk_accept tk_accept_column(const tk_column *column) {
    tk_accept accept = tk_accept_type(column->type);
    accept.element = column->element;
    accept.dimensions = column->dimensions;
    accept.length = column->length;
    accept.precision = column->precision;
    accept.scale = column->scale;
    accept.is_whole_second = (column->flags & TAKEO_COLUMN_WHOLE_SECONDS) != 0;
    accept.is_duration = (column->flags & TAKEO_COLUMN_DURATION) != 0;
    accept.is_nullable = column->is_nullable;
    accept.is_secret = (column->flags & TAKEO_COLUMN_SECRET) != 0;
    accept.labels = column->labels;
    accept.label_count = column->label_count;
    accept.column = column;
    if ((column->flags & TAKEO_COLUMN_UNSIGNED) != 0) {
        accept.min = 0;
        accept.max = accept.max < UINT32_MAX ? 2 * accept.max + 1 : accept.max;
    }
    return accept;
}

/* ---- refusals -------------------------------------------------------------------------------- */

static const struct hint {
    tk_code code;
    const char *text;
} hints[] = {
    {TK_INPUT_NULL, "give a value, or make the column nullable"},
    {TK_INPUT_LENGTH, "shorten it, or give the column more room; it is never cut"},
    {TK_INPUT_PRECISION, "round it first, in the way that is right for it"},
    {TK_INPUT_TIMEZONE, "say in which zone it is meant"},
    {TK_INPUT_TEXT, "bytes that are no text belong into a column of bytes"},
};

static bool has_range(takeo_type type) {
    return (type >= TAKEO_TYPE_INT16 && type <= TAKEO_TYPE_INT64) || type == TAKEO_TYPE_OID
           || type == TAKEO_TYPE_YEAR;
}

static void put_limits(const tk_accept *accept, tk_buf *out) {
    if (accept->type == TAKEO_TYPE_UINT64) {
        tk_buf_printf(out, " 0..%" PRIu64, UINT64_MAX);
    } else if (has_range(accept->type)) {
        tk_buf_printf(out, " %" PRId64 "..%" PRId64, accept->min, accept->max);
    }
    if (accept->precision != 0 && accept->type == TAKEO_TYPE_DECIMAL) {
        tk_buf_printf(out, "(%" PRIu32 ", %" PRIu32 ")", accept->precision, accept->scale);
    } else if (accept->precision != 0 || accept->is_whole_second) {
        tk_buf_printf(out, "(%" PRIu32 ")", accept->precision);
    }
    if (accept->is_duration) {
        tk_buf_puts(out, " without months");
    }
    if (accept->length != 0) {
        bool is_text = accept->type == TAKEO_TYPE_TEXT;
        tk_buf_printf(out, " of at most %" PRIu32 " %s", accept->length,
                      is_text                             ? "characters"
                      : accept->type == TAKEO_TYPE_BITS   ? "bits"
                      : accept->type == TAKEO_TYPE_VECTOR ? "numbers"
                                                          : "bytes");
    }
}

static void put_expected(const tk_accept *accept, tk_buf *out) {
    bool has_element = accept->element != TAKEO_TYPE_NONE;
    tk_buf_puts(out, accept->type != TAKEO_TYPE_NONE ? tk_type_name(accept->type) : "any value");
    if (has_element) {
        tk_buf_printf(out, " of %s", tk_type_name(accept->element));
    } else {
        put_limits(accept, out);
    }
    for (uint32_t i = 0; i < accept->label_count; i++) {
        takeo_text label = accept->labels[i];
        if (out->len > LABELS_SHOWN_MAX) {
            tk_buf_puts(out, ", ...");
            return;
        }
        tk_buf_printf(out, "%s\"%.*s\"", i == 0 ? ": " : ", ", (int)label.len, label.data);
    }
}

void tk_fit_set_place(const tk_fit *fit) {
    const tk_column *column = fit->accept->column;
    if (column != NULL && column->entity != NULL) {
        TK_SET(fit->error, entity, "%s", column->entity->name.data);
    }
    if (column != NULL) {
        TK_SET(fit->error, field, "%s", column->name.data);
    }
}

static void set_hint(tk_error *error, tk_code code) {
    for (size_t i = 0; i < TK_COUNT(hints); i++) {
        if (hints[i].code == code) {
            TK_SET(error, hint, "%s", hints[i].text);
        }
    }
}

static void show_value(const tk_fit *fit, tk_buf *out) {
    if (fit->accept->is_secret) {
        tk_buf_puts(out, "***");
    } else {
        tk_cell_show(fit->in, SHOWN_MAX, out);
        tk_buf_put(out, "", 0);
    }
}

takeo_status tk_fit_refuse(const tk_fit *fit, tk_code code, const char *what, ...) {
    if (fit->error == NULL) {
        return tk_code_status(code);
    }
    tk_buf shown;
    tk_buf told;
    tk_buf_init(&shown, fit->arena->alloc, TEXT_MAX);
    tk_buf_init(&told, fit->arena->alloc, TEXT_MAX);
    show_value(fit, &shown);
    tk_buf_putc(&told, ' ');
    va_list args;
    va_start(args, what);
    tk_buf_vprintf(&told, what, args);
    va_end(args);
    takeo_status status = TAKEO_ENOMEM;
    if (shown.failed || told.failed) {
        status = tk_raise_memory(fit->error);
    } else {
        status = tk_raise(fit->error, code, "%s%s", shown.data, told.data);
        TK_SET(fit->error, got, "%s", shown.data);
        tk_fit_set_place(fit);
        set_hint(fit->error, code);
        tk_buf_clear(&told);
        put_expected(fit->accept, &told);
        if (!told.failed) {
            TK_SET(fit->error, expected, "%s", told.data);
        }
    }
    tk_buf_done(&shown);
    tk_buf_done(&told);
    return status;
}

takeo_status tk_fit_refuse_type(const tk_fit *fit) {
    takeo_status status =
        tk_fit_refuse(fit, TK_INPUT_TYPE, "is %s, not %s", tk_type_name(fit->in->type),
                      tk_type_name(fit->accept->type));
    if (fit->in->type == TAKEO_TYPE_TEXT && !fit->accept->text_is_parsed) {
        TK_SET(fit->error, hint, "convert it first; text is parsed only where that is asked for");
    }
    return status;
}

takeo_status tk_fit_parse(const tk_fit *fit) {
    const tk_accept *accept = fit->accept;
    bool is_parsed = accept->text_is_parsed || accept->loss_is_allowed;
    if (fit->in->type != TAKEO_TYPE_TEXT || !is_parsed) {
        return tk_fit_refuse_type(fit);
    }
    takeo_cell parsed;
    takeo_status status =
        tk_cell_parse(accept->type, fit->in->v.text.data, fit->in->v.text.len, &parsed, fit->error);
    if (status < 0) {
        tk_fit_set_place(fit);
        if (accept->is_secret) {
            TK_SET(fit->error, got, "***");
        }
        return status;
    }
    tk_fit again = *fit;
    again.in = &parsed;
    return tk_fit_cell(&again);
}

/* ---- any cell -------------------------------------------------------------------------------- */

static takeo_status fit_nothing(const tk_fit *fit) {
    if ((fit->in->flags & TAKEO_CELL_UNSET) != 0) {
        return tk_fit_refuse(fit, TK_INPUT_UNSET, "is no value: it was never given or loaded");
    }
    if (!fit->accept->is_nullable) {
        return tk_fit_refuse(fit, TK_INPUT_NULL, "is not taken");
    }
    return tk_fit_give(fit, tk_cell_null());
}

/* Is there something where the cell says that there is?  What shows values relies on it. */
static bool is_sound(const takeo_cell *cell) {
    const tk_type_info *info = tk_type_info_of(cell->type);
    switch (info != NULL ? info->form : TK_FORM_NONE) {
    case TK_FORM_NONE:
        return false;
    case TK_FORM_TEXT:
        return cell->v.text.data != NULL || cell->v.text.len == 0;
    case TK_FORM_LIST:
        return cell->v.list.cells != NULL || cell->v.list.count == 0;
    default:
        return true;
    }
}

takeo_status tk_fit_refuse_unsound(const tk_fit *fit) {
    takeo_status status =
        tk_raise(fit->error, TK_INPUT_TYPE, "a cell of type %u and %s is no value", fit->in->type,
                 tk_type_info_of(fit->in->type) != NULL ? "no data" : "no known kind");
    tk_fit_set_place(fit);
    return status;
}

/* No type is asked for: the value has to be sound by its own. */
static takeo_status fit_any(const tk_fit *fit) {
    tk_accept any = tk_accept_type(fit->in->type);
    any.is_secret = fit->accept->is_secret;
    any.text_is_valid = fit->accept->text_is_valid;
    any.column = fit->accept->column;
    tk_fit again = *fit;
    again.accept = &any;
    return rules[any.type](&again);
}

takeo_status tk_fit_cell(const tk_fit *fit) {
    if ((fit->in->flags & (TAKEO_CELL_NULL | TAKEO_CELL_UNSET)) != 0
        || fit->in->type == TAKEO_TYPE_NONE) {
        return fit_nothing(fit);
    }
    if (!is_sound(fit->in)) {
        return tk_fit_refuse_unsound(fit);
    }
    takeo_type type = fit->accept->type;
    if (type == TAKEO_TYPE_NONE) {
        return fit_any(fit);
    }
    if (type >= TK_COUNT(rules) || rules[type] == NULL) {
        return tk_fit_refuse_type(fit);
    }
    return rules[type](fit);
}

static inline bool is_wide_int(takeo_type type) {
    return type >= TAKEO_TYPE_INT16 && type <= TAKEO_TYPE_INT64;
}

/* Text for a column of text, short enough even if every byte is a character. */
static inline bool is_plain_text(const tk_accept *accept, const takeo_cell *in) {
    size_t len = in->v.text.len;
    return in->type == TAKEO_TYPE_TEXT && accept->type == TAKEO_TYPE_TEXT && in->flags == 0
           && len != 0 && len <= TK_VALUE_MAX && (accept->length == 0 || len <= accept->length)
           && in->v.text.data != NULL && memchr(in->v.text.data, '\0', len) == NULL
           && (accept->text_is_valid || tk_utf8_is_valid(in->v.text.data, len));
}

static TK_APART takeo_status fit_slowly(const tk_accept *accept, const takeo_cell *in,
                                        takeo_cell *out, tk_arena *arena, tk_error *error) {
    tk_fit fit = {accept, in, out, arena, error, 0};
    return tk_fit_cell(&fit);
}

takeo_status tk_accept_cell(const tk_accept *accept, const takeo_cell *in, takeo_cell *out,
                            tk_arena *arena, tk_error *error) {
    if (TK_LIKELY(is_wide_int(in->type) && is_wide_int(accept->type) && in->flags == 0
                  && in->v.i >= accept->min && in->v.i <= accept->max)) {
        tk_fit_write_int(out, accept->type, in->v.i);
        return TAKEO_DONE;
    }
    if (TK_LIKELY(is_plain_text(accept, in))) {
        tk_fit fit = {.accept = accept, .out = out};
        return tk_fit_give_text(&fit, in->v.text.data, in->v.text.len);
    }
    return fit_slowly(accept, in, out, arena, error);
}
