/* cpython_make.c - makers: a cell becomes a value of Python.  One function per class of value, and
 * the table by which a type finds its own.  JSON, arrays and enums have files of their own, in
 * which both directions stand; the calendar is in cpython_time.c.
 *
 * It must not know how values are read, entities, statements or results.
 */
#include <limits.h>

#include "host/cpython_int.h"

/* ---- numbers --------------------------------------------------------------------------------- */

static tk_py make_int(const tk_py_field *field, const takeo_cell *cell, tk_error *error) {
    (void)field;
    (void)error;
    return P.PyLong_FromLongLong(cell->v.i);
}

static tk_py make_uint(const tk_py_field *field, const takeo_cell *cell, tk_error *error) {
    (void)field;
    (void)error;
    return P.PyLong_FromUnsignedLongLong(cell->v.u);
}

static tk_py make_bool(const tk_py_field *field, const takeo_cell *cell, tk_error *error) {
    (void)field;
    (void)error;
    return tk_py_own(cell->v.i != 0 ? O.True_ : O.False_);
}

static tk_py make_float(const tk_py_field *field, const takeo_cell *cell, tk_error *error) {
    (void)field;
    (void)error;
    return P.PyFloat_FromDouble(cell->v.f);
}

static tk_py make_decimal(const tk_py_field *field, const takeo_cell *cell, tk_error *error) {
    (void)field;
    tk_py text = tk_py_text_of(cell, "decimal", error);
    tk_py made = text != NULL ? P.PyObject_CallFunctionObjArgs(O.Decimal_, text, NULL) : NULL;
    tk_py_drop(text);
    return made;
}

/* ---- text, bytes, UUIDs ---------------------------------------------------------------------- */

static tk_py make_text(const tk_py_field *field, const takeo_cell *cell, tk_error *error) {
    (void)field;
    return tk_py_text_of(cell, "text in UTF-8", error);
}

tk_py tk_py_written(const takeo_cell *cell) {
    tk_buf text;
    tk_buf_init(&text, tk_alloc_default, INT_MAX);
    tk_cell_format(cell, &text);
    tk_py made = text.failed ? P.PyErr_NoMemory()
                             : P.PyUnicode_FromStringAndSize(text.data, (tk_py_size)text.len);
    tk_buf_done(&text);
    return made;
}

/* What is packed in its cell (bits, points, vectors) in the server's words. */
static tk_py make_written(const tk_py_field *field, const takeo_cell *cell, tk_error *error) {
    (void)field;
    (void)error;
    return tk_py_written(cell);
}

static tk_py make_bytes(const tk_py_field *field, const takeo_cell *cell, tk_error *error) {
    (void)field;
    (void)error;
    return P.PyBytes_FromStringAndSize(cell->v.text.data, (tk_py_size)cell->v.text.len);
}

/* 16 bytes as an int: two halves are put together in half the time that hexadecimal digits take. */
static tk_py int_of_bytes(const uint8_t *bytes) {
    uint64_t halves[2];
    memcpy(halves, bytes, sizeof halves);
    tk_py by = P.PyLong_FromLongLong(64);
    tk_py high = P.PyLong_FromUnsignedLongLong(__builtin_bswap64(halves[0]));
    tk_py low = P.PyLong_FromUnsignedLongLong(__builtin_bswap64(halves[1]));
    tk_py moved = by != NULL && high != NULL ? P.PyNumber_Lshift(high, by) : NULL;
    tk_py made = moved != NULL && low != NULL ? P.PyNumber_Or(moved, low) : NULL;
    tk_py_drop(moved);
    tk_py_drop(low);
    tk_py_drop(high);
    tk_py_drop(by);
    return made;
}

/* UUID's own constructor takes more than a microsecond; an instance and its two slots do not. */
static tk_py make_uuid(const tk_py_field *field, const takeo_cell *cell, tk_error *error) {
    (void)field;
    (void)error;
    tk_py number = int_of_bytes(cell->v.uuid);
    tk_py made = number != NULL ? tk_py_state.new_object(O.UUID_, O.empty_tuple_, NULL) : NULL;
    if (made != NULL
        && (tk_py_state.set_member(O.uuid_int_, made, number) < 0
            || tk_py_state.set_member(O.uuid_is_safe_, made, O.uuid_unknown_) < 0)) {
        tk_py_drop(made);
        made = NULL;
    }
    tk_py_drop(number);
    return made;
}

/* ---- dates and times ------------------------------------------------------------------------- */

/* A server may have times without an end, and Python has none. */
static bool is_endless(const takeo_cell *cell) {
    return TK_UNLIKELY((cell->flags & TAKEO_CELL_INFINITE) != 0);
}

/* Python's classes end where the server's types may go on. */
static tk_py refuse_time(const takeo_cell *cell, const char *expected, tk_error *error) {
    tk_py_undecodable(cell, expected, error);
    TK_SET(error, hint, "cast(... as text) reads it");
    return NULL;
}

static tk_py within_calendar(tk_py made, const takeo_cell *cell, const char *expected,
                             tk_error *error) {
    if (TK_UNLIKELY(is_endless(cell))) {
        tk_py_drop(made);
        return refuse_time(cell, expected, error);
    }
    if (TK_UNLIKELY(made == NULL) && P.PyErr_ExceptionMatches(O.ValueError_)) {
        P.PyErr_Clear();
        return refuse_time(cell, expected, error);
    }
    return made;
}

static tk_py make_date(const tk_py_field *field, const takeo_cell *cell, tk_error *error) {
    (void)field;
    return within_calendar(tk_py_make_date(cell->v.i), cell, "date of the years 1 to 9999", error);
}

static tk_py make_time(const tk_py_field *field, const takeo_cell *cell, tk_error *error) {
    (void)field;
    if (cell->v.i >= TK_DAY_US) {
        return refuse_time(cell, "time below 24:00", error);
    }
    return tk_py_make_time(cell->v.i);
}

static tk_py make_timetz(const tk_py_field *field, const takeo_cell *cell, tk_error *error) {
    (void)field;
    if (cell->v.span.us >= TK_DAY_US) {
        return refuse_time(cell, "time below 24:00", error);
    }
    return tk_py_make_timetz(cell->v.span.us, cell->v.span.days);
}

static tk_py make_timestamp(const tk_py_field *field, const takeo_cell *cell, tk_error *error) {
    (void)field;
    return within_calendar(tk_py_make_timestamp(cell->v.i, false), cell,
                           "time of the years 1 to 9999", error);
}

static tk_py make_timestamptz(const tk_py_field *field, const takeo_cell *cell, tk_error *error) {
    (void)field;
    return within_calendar(tk_py_make_timestamp(cell->v.i, true), cell,
                           "time of the years 1 to 9999", error);
}

static tk_py make_interval(const tk_py_field *field, const takeo_cell *cell, tk_error *error) {
    (void)field;
    (void)error;
    return tk_py_make_interval(cell);
}

tk_py tk_py_make_delta(const tk_py_field *field, const takeo_cell *cell, tk_error *error) {
    (void)field;
    if (TK_LIKELY(tk_py_is_timedelta(cell))) {
        return tk_py_make_timedelta(cell);
    }
    refuse_time(cell, "timedelta", error);
    if (cell->v.span.months != 0) {
        TK_SET(error, why, "a month is no number of days");
    }
    TK_SET(error, hint, "annotate the column with Interval, which keeps months");
    return NULL;
}

/* ---- choosing -------------------------------------------------------------------------------- */

static tk_py_maker *const makers[] = {
    [TAKEO_TYPE_BOOL] = make_bool,           [TAKEO_TYPE_INT16] = make_int,
    [TAKEO_TYPE_INT32] = make_int,           [TAKEO_TYPE_INT64] = make_int,
    [TAKEO_TYPE_FLOAT32] = make_float,       [TAKEO_TYPE_FLOAT64] = make_float,
    [TAKEO_TYPE_DECIMAL] = make_decimal,     [TAKEO_TYPE_TEXT] = make_text,
    [TAKEO_TYPE_CITEXT] = make_text,         [TAKEO_TYPE_BYTES] = make_bytes,
    [TAKEO_TYPE_UUID] = make_uuid,           [TAKEO_TYPE_JSON] = tk_py_make_json,
    [TAKEO_TYPE_ENUM] = tk_py_make_enum,     [TAKEO_TYPE_BITS] = make_written,
    [TAKEO_TYPE_POINT] = make_written,       [TAKEO_TYPE_LINE] = make_written,
    [TAKEO_TYPE_SEGMENT] = make_written,     [TAKEO_TYPE_BOX] = make_written,
    [TAKEO_TYPE_PATH] = make_written,        [TAKEO_TYPE_POLYGON] = make_written,
    [TAKEO_TYPE_CIRCLE] = make_written,      [TAKEO_TYPE_GEOMETRY] = make_written,
    [TAKEO_TYPE_VECTOR] = make_written,      [TAKEO_TYPE_DATE] = make_date,
    [TAKEO_TYPE_TIME] = make_time,           [TAKEO_TYPE_TIMETZ] = make_timetz,
    [TAKEO_TYPE_TIMESTAMP] = make_timestamp, [TAKEO_TYPE_TIMESTAMPTZ] = make_timestamptz,
    [TAKEO_TYPE_INTERVAL] = make_interval,   [TAKEO_TYPE_ARRAY] = tk_py_make_array,
};

/* Types without a row above are made as the form of their cells says. */
static tk_py_maker *const makers_by_form[] = {
    [TK_FORM_INT] = make_int,
    [TK_FORM_UINT] = make_uint,
    [TK_FORM_TEXT] = make_text,
    [TK_FORM_LIST] = NULL, /* the last form: Python has none for it */
};

tk_py_maker *tk_py_maker_of(takeo_type type) {
    if (TK_LIKELY(type < TK_COUNT(makers) && makers[type] != NULL)) {
        return makers[type];
    }
    const tk_type_info *info = tk_type_info_of(type);
    return info != NULL ? makers_by_form[info->form] : NULL;
}

static tk_py refuse_type(const takeo_cell *cell, tk_error *error) {
    tk_py_undecodable(cell, "value that Python has a form for", error);
    TK_SET(error, why, "Takeo has no class for values of type %s", tk_type_name(cell->type));
    TK_SET(error, hint, "cast(... as text) reads it");
    return NULL;
}

tk_py tk_py_make_any(const tk_py_field *field, const takeo_cell *cell, tk_error *error) {
    (void)field;
    static const tk_py_field plain = {.accept = {.is_nullable = true}}; /* no column, no classes */
    tk_py_maker *maker = tk_py_maker_of(cell->type);
    if (TK_UNLIKELY(maker == NULL)) {
        return refuse_type(cell, error);
    }
    if (TK_UNLIKELY(!tk_py_state.is_complete) && tk_py_is_late(cell->type) && !tk_py_complete()) {
        return NULL;
    }
    return maker(&plain, cell, error);
}
