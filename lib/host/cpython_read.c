/* cpython_read.c - readers: a value of Python becomes a cell.  The fast path of a reader takes the
 * exact class; everything else becomes the cell that it is by itself and goes through the column's
 * rules (tk_accept_cell), which refuse what would lose or guess.  JSON, arrays and enums have files
 * of their own, in which both directions stand; the calendar is in cpython_time.c.
 *
 * It must not know how values are made, entities, statements or results.
 */
#include "host/cpython_int.h"

takeo_status tk_py_hold(tk_holder *holder, tk_py object, tk_error *error) {
    tk_py *held = tk_vec_push(&holder->held);
    if (held == NULL) {
        P.Py_DecRef(object);
        return tk_raise_memory(error);
    }
    *held = object;
    return TAKEO_DONE;
}

/* ---- the cell that a value is by itself ------------------------------------------------------ */

takeo_status tk_py_read_utf8(tk_py value, takeo_type type, takeo_cell *out, tk_holder *holder,
                             tk_error *error) {
    tk_py_size len = 0;
    const char *data = P.PyUnicode_AsUTF8AndSize(value, &len);
    if (data == NULL) {
        return P.PyErr_ExceptionMatches(O.UnicodeError_) ? tk_py_refuse_text(error) : TAKEO_EHOST;
    }
    *out = tk_cell_text(type, data, (size_t)len);
    return tk_py_hold(holder, tk_py_own(value), error);
}

static takeo_status bytes_of(tk_py value, takeo_cell *out, tk_holder *holder, tk_error *error) {
    char *data = NULL;
    tk_py_size len = 0;
    tk_py bytes = TK_PY_TYPE(value) == O.bytes_ ? tk_py_own(value) : P.PyBytes_FromObject(value);
    if (bytes == NULL || P.PyBytes_AsStringAndSize(bytes, &data, &len) < 0) {
        tk_py_drop(bytes);
        return TAKEO_EHOST;
    }
    *out = tk_cell_text(TAKEO_TYPE_BYTES, data, (size_t)len);
    return tk_py_hold(holder, bytes, error);
}

/* An int of any size: as INT64, or, when it is larger, as the DECIMAL of its digits. */
static takeo_status int_of(tk_py value, takeo_cell *out, tk_holder *holder, tk_error *error) {
    int overflow = 0;
    long long number = P.PyLong_AsLongLongAndOverflow(value, &overflow);
    if (number == -1 && overflow == 0 && P.PyErr_Occurred()) {
        return TAKEO_EHOST;
    }
    if (overflow == 0) {
        *out = tk_cell_int(TAKEO_TYPE_INT64, number);
        return TAKEO_DONE;
    }
    tk_py exact = P.PyNumber_Index(value); /* a subclass may show itself in other words */
    tk_py text = exact != NULL ? P.PyObject_Str(exact) : NULL;
    tk_py_drop(exact);
    if (text == NULL && P.PyErr_ExceptionMatches(O.ValueError_)) { /* Python limits the digits */
        P.PyErr_Clear();
        tk_raise(error, TK_INPUT_RANGE, "an int of thousands of digits cannot be stored");
        return TAKEO_EINPUT;
    }
    tk_py_size len = 0;
    const char *data = text != NULL ? P.PyUnicode_AsUTF8AndSize(text, &len) : NULL;
    if (data == NULL) {
        tk_py_drop(text);
        return TAKEO_EHOST;
    }
    *out = tk_cell_text(TAKEO_TYPE_DECIMAL, data, (size_t)len);
    return tk_py_hold(holder, text, error);
}

/* A Decimal as plain digits; str() may write an exponent, which is expanded into the arena. */
static takeo_status decimal_of(tk_py value, takeo_cell *out, tk_holder *holder, tk_error *error) {
    tk_py text = P.PyObject_Str(value);
    tk_py_size len = 0;
    const char *data = text != NULL ? P.PyUnicode_AsUTF8AndSize(text, &len) : NULL;
    if (data == NULL) {
        tk_py_drop(text);
        return TAKEO_EHOST;
    }
    /* the context of decimal says in which case the exponent is written */
    if (memchr(data, 'E', (size_t)len) == NULL && memchr(data, 'e', (size_t)len) == NULL) {
        *out = tk_cell_text(TAKEO_TYPE_DECIMAL, data, (size_t)len);
        return tk_py_hold(holder, text, error);
    }
    tk_buf plain;
    tk_buf_init(&plain, holder->arena->alloc, TK_DECIMAL_MAX);
    bool is_plain = tk_decimal_expand(data, (size_t)len, &plain);
    char *copy =
        is_plain && !plain.failed ? tk_arena_copy(holder->arena, plain.data, plain.len) : NULL;
    size_t plain_len = plain.len;
    tk_buf_done(&plain);
    P.Py_DecRef(text);
    if (copy == NULL) {
        if (is_plain) {
            return tk_raise_memory(error);
        }
        tk_raise(error, TK_INPUT_PRECISION, "a decimal with more than %d digits cannot be stored",
                 TK_DECIMAL_MAX);
        return TAKEO_EINPUT;
    }
    *out = tk_cell_text(TAKEO_TYPE_DECIMAL, copy, plain_len);
    return TAKEO_DONE;
}

/* The 16 bytes of a UUID from its slot `int`: two shifts instead of the property `bytes`. */
static takeo_status uuid_of(tk_py value, takeo_cell *out) {
    tk_py number = P.PyObject_GetAttrString(value, "int");
    tk_py by = number != NULL ? P.PyLong_FromLongLong(64) : NULL;
    tk_py high = by != NULL ? P.PyNumber_Rshift(number, by) : NULL;
    if (high == NULL) {
        tk_py_drop(by);
        tk_py_drop(number);
        return TAKEO_EHOST;
    }
    uint64_t parts[2] = {P.PyLong_AsUnsignedLongLongMask(high),
                         P.PyLong_AsUnsignedLongLongMask(number)};
    tk_py_drop(high);
    tk_py_drop(by);
    tk_py_drop(number);
    *out = (takeo_cell){.type = TAKEO_TYPE_UUID};
    for (int i = 0; i < 16; i++) {
        out->v.uuid[i] = (uint8_t)(parts[i >> 3] >> (56 - 8 * (i & 7)));
    }
    return P.PyErr_Occurred() ? TAKEO_EHOST : TAKEO_DONE;
}

takeo_status tk_py_natural(const tk_py_field *field, tk_py value, takeo_cell *out,
                           tk_holder *holder, tk_error *error) {
    tk_py type = TK_PY_TYPE(value);
    if (type == O.bool_) {
        *out = tk_cell_int(TAKEO_TYPE_BOOL, value == O.True_);
        return TAKEO_DONE;
    }
    if (type == O.datetime_ || type == O.date_) { /* without a walk over all that it is not */
        return tk_py_read_temporal(value, out, error);
    }
    if (type == O.int_ || P.PyType_IsSubtype(type, O.int_)) {
        return int_of(value, out, holder, error);
    }
    if (type == O.str_ || P.PyType_IsSubtype(type, O.str_)) {
        return tk_py_read_utf8(value, TAKEO_TYPE_TEXT, out, holder, error);
    }
    if (type == O.float_ || P.PyType_IsSubtype(type, O.float_)) {
        *out = (takeo_cell){.type = TAKEO_TYPE_FLOAT64, .v = {.f = P.PyFloat_AsDouble(value)}};
        return TAKEO_DONE;
    }
    if (P.PyType_IsSubtype(type, O.bytes_) || type == O.bytearray_ || type == O.memoryview_) {
        return bytes_of(value, out, holder, error);
    }
    if (P.PyType_IsSubtype(type, O.date_) || P.PyType_IsSubtype(type, O.time_)) {
        return tk_py_read_temporal(value, out, error);
    }
    if (type == O.timedelta_) {
        return tk_py_read_timedelta(value, out);
    }
    if (type == O.Interval_) {
        return tk_py_read_interval(value, out);
    }
    if (!tk_py_complete()) {
        return TAKEO_EHOST;
    }
    if (P.PyType_IsSubtype(type, O.Decimal_)) {
        return decimal_of(value, out, holder, error);
    }
    if (P.PyType_IsSubtype(type, O.UUID_)) {
        return uuid_of(value, out);
    }
    if (P.PyType_IsSubtype(type, O.timedelta_)) {
        return tk_py_read_timedelta(value, out);
    }
    if (P.PyIndex_Check(value)) { /* numpy's integers */
        tk_py number = P.PyNumber_Index(value);
        takeo_status status = number != NULL ? int_of(number, out, holder, error) : TAKEO_EHOST;
        tk_py_drop(number);
        return status;
    }
    return tk_py_refuse_class(field, value, error);
}

/* ---- readers --------------------------------------------------------------------------------- */

takeo_status tk_py_read_natural(const tk_py_field *field, tk_py value, takeo_cell *out,
                                tk_holder *holder, tk_error *error) {
    takeo_cell cell;
    TK_TRY(tk_py_natural(field, value, &cell, holder, error));
    if (field->accept.type == TAKEO_TYPE_NONE) { /* raw SQL: the value says what it is */
        *out = cell;
        return TAKEO_DONE;
    }
    uint32_t coerce = holder->flags & (TAKEO_OP_COERCE_TEXT | TAKEO_OP_COERCE_LOSSY);
    if (TK_LIKELY(coerce == 0)) {
        return tk_accept_cell(&field->accept, &cell, out, holder->arena, error);
    }
    tk_accept relaxed = field->accept;
    relaxed.text_is_parsed = true;
    relaxed.loss_is_allowed |= (coerce & TAKEO_OP_COERCE_LOSSY) != 0;
    return tk_accept_cell(&relaxed, &cell, out, holder->arena, error);
}

static takeo_status read_int(const tk_py_field *field, tk_py value, takeo_cell *out,
                             tk_holder *holder, tk_error *error) {
    if (TK_LIKELY(TK_PY_TYPE(value) == O.int_)) {
        int overflow = 0;
        long long number = P.PyLong_AsLongLongAndOverflow(value, &overflow);
        if (TK_LIKELY(overflow == 0)) {
            *out = tk_cell_int(TAKEO_TYPE_INT64, number);
            return TAKEO_DONE;
        }
    }
    return tk_py_read_natural(field, value, out, holder, error);
}

static takeo_status read_text(const tk_py_field *field, tk_py value, takeo_cell *out,
                              tk_holder *holder, tk_error *error) {
    if (TK_LIKELY(TK_PY_TYPE(value) == O.str_ && field->accept.length == 0)) {
        TK_TRY(tk_py_read_utf8(value, field->accept.type, out, holder, error));
        if (TK_LIKELY(memchr(out->v.text.data, '\0', out->v.text.len) == NULL)) {
            return TAKEO_DONE;
        }
    }
    return tk_py_read_natural(field, value, out, holder, error);
}

static takeo_status read_float(const tk_py_field *field, tk_py value, takeo_cell *out,
                               tk_holder *holder, tk_error *error) {
    if (TK_LIKELY(TK_PY_TYPE(value) == O.float_)) {
        *out = (takeo_cell){.type = TAKEO_TYPE_FLOAT64, .v = {.f = P.PyFloat_AsDouble(value)}};
        return TAKEO_DONE;
    }
    return tk_py_read_natural(field, value, out, holder, error);
}

static takeo_status read_bool(const tk_py_field *field, tk_py value, takeo_cell *out,
                              tk_holder *holder, tk_error *error) {
    if (TK_LIKELY(value == O.True_ || value == O.False_)) {
        *out = tk_cell_int(TAKEO_TYPE_BOOL, value == O.True_);
        return TAKEO_DONE;
    }
    return tk_py_read_natural(field, value, out, holder, error);
}

static TK_APART takeo_status read_none(const tk_py_field *field, takeo_cell *out, tk_holder *holder,
                                       tk_error *error) {
    takeo_cell null = tk_cell_null();
    if (field->accept.is_nullable || field->accept.type == TAKEO_TYPE_NONE) {
        *out = null;
        return TAKEO_DONE;
    }
    return tk_accept_cell(&field->accept, &null, out, holder->arena, error);
}

takeo_status tk_py_read(const tk_py_field *field, tk_py value, takeo_cell *out, tk_holder *holder,
                        tk_error *error) {
    if (TK_UNLIKELY(value == O.None_)) {
        return read_none(field, out, holder, error);
    }
    if (TK_UNLIKELY(value == O.UNSET_)) {
        *out = (takeo_cell){.flags = TAKEO_CELL_UNSET};
        return TAKEO_DONE;
    }
    takeo_status status = field->read(field, value, out, holder, error);
    if (TK_UNLIKELY(status == TAKEO_EINPUT) && tk_error_last(error)->field.data == NULL) {
        tk_py_name_column(field, error);
    }
    return status;
}

/* ---- choosing -------------------------------------------------------------------------------- */

static tk_py_reader *const readers[] = {
    [TAKEO_TYPE_BOOL] = read_bool,       [TAKEO_TYPE_INT64] = read_int,
    [TAKEO_TYPE_FLOAT64] = read_float,   [TAKEO_TYPE_TEXT] = read_text,
    [TAKEO_TYPE_CITEXT] = read_text,     [TAKEO_TYPE_JSON] = tk_py_read_json,
    [TAKEO_TYPE_ENUM] = tk_py_read_enum, [TAKEO_TYPE_ARRAY] = tk_py_read_array,
};

tk_py_reader *tk_py_reader_of(takeo_type type) {
    return type < TK_COUNT(readers) && readers[type] != NULL ? readers[type] : tk_py_read_natural;
}
