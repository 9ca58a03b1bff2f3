/* cpython_types.c - cells <-> Python's values, one pair of functions per logical type.
 *
 * A pair is chosen once per column or parameter, so the loop over rows has no branch on types.  The
 * fast path of a reader takes the exact type; everything else becomes the cell that it is by itself
 * and goes through the column's rules (tk_accept_cell), which refuse what would lose or guess.
 *
 * It must not know entities, statements or results.
 */
#include "host/cpython.h"

/* A reader's failure with an exception of Python's set. */
static takeo_status host_failed(void) {
    return TAKEO_EHOST;
}

takeo_status tk_py_hold(tk_holder *holder, tk_py object, tk_error *error) {
    tk_py *held = tk_vec_push(&holder->held);
    if (held == NULL) {
        P.Py_DecRef(object);
        return tk_raise_memory(error);
    }
    *held = object;
    return TAKEO_DONE;
}

/* ---- late objects ---------------------------------------------------------------------------- */

bool tk_py_complete(void) {
    if (TK_LIKELY(tk_py_state.is_complete)) {
        return true;
    }
    tk_py done = P.PyObject_CallObject(O.complete_, NULL);
    tk_py_drop(done);
    if (done != NULL && !tk_py_state.is_complete) {
        P.PyErr_SetString(O.RuntimeError_, "takeo's package did not hand in its late objects");
    }
    return done != NULL && tk_py_state.is_complete;
}

tk_py tk_py_provide(tk_py self, tk_py const *args, tk_py_size count) {
    (void)self;
    tk_py *const places[] = {
#define PLACE(name) &O.name##_,
        TK_PY_LATE_OBJECTS(PLACE)
#undef PLACE
    };
    if (count != (tk_py_size)TK_COUNT(places)) {
        return P.PyErr_Format(O.TypeError_, "provide takes %d objects", (int)TK_COUNT(places));
    }
    for (size_t i = 0; i < TK_COUNT(places) && !tk_py_state.is_complete; i++) {
        *places[i] = tk_py_own(args[i]);
    }
    void *set = P.PyType_GetSlot(TK_PY_TYPE(O.uuid_int_), TK_PY_TP_DESCR_SET);
    memcpy(&tk_py_state.set_member, &set, sizeof set);
    tk_py_state.is_complete = set != NULL;
    return tk_py_own(O.None_);
}

static bool is_late(takeo_type type) {
    return type == TAKEO_TYPE_DECIMAL || type == TAKEO_TYPE_UUID || type == TAKEO_TYPE_JSON
           || type == TAKEO_TYPE_ARRAY;
}

/* ---- making: cell -> value ------------------------------------------------------------------- */

static tk_py undecodable(const takeo_cell *cell, const char *expected, tk_error *error) {
    tk_buf got;
    tk_buf_init(&got, tk_alloc_default, 4096);
    tk_cell_show(cell, 80, &got);
    tk_raise(error, TK_RESULT_DECODE, "a stored value is no %s", expected);
    TK_SET(error, expected, "%s", expected);
    TK_SET(error, got, "%s", got.data != NULL ? got.data : "?");
    tk_buf_done(&got);
    return NULL;
}

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

static tk_py text_of(const takeo_cell *cell, const char *expected, tk_error *error) {
    tk_py made = P.PyUnicode_FromStringAndSize(cell->v.text.data, (tk_py_size)cell->v.text.len);
    if (TK_UNLIKELY(made == NULL) && P.PyErr_ExceptionMatches(O.UnicodeError_)) {
        P.PyErr_Clear();
        return undecodable(cell, expected, error);
    }
    return made;
}

static tk_py make_text(const tk_py_field *field, const takeo_cell *cell, tk_error *error) {
    (void)field;
    return text_of(cell, "text in UTF-8", error);
}

static tk_py make_bytes(const tk_py_field *field, const takeo_cell *cell, tk_error *error) {
    (void)field;
    (void)error;
    return P.PyBytes_FromStringAndSize(cell->v.text.data, (tk_py_size)cell->v.text.len);
}

static tk_py make_decimal(const tk_py_field *field, const takeo_cell *cell, tk_error *error) {
    (void)field;
    tk_py text = text_of(cell, "decimal", error);
    tk_py made = text != NULL ? P.PyObject_CallFunctionObjArgs(O.Decimal_, text, NULL) : NULL;
    tk_py_drop(text);
    return made;
}

/* UUID's own constructor takes more than a microsecond; an instance and its two slots do not. */
static tk_py make_uuid(const tk_py_field *field, const takeo_cell *cell, tk_error *error) {
    (void)field;
    (void)error;
    static const char digits[] = "0123456789abcdef";
    char hex[33];
    for (int i = 0; i < 16; i++) {
        hex[2 * i] = digits[cell->v.uuid[i] >> 4];
        hex[2 * i + 1] = digits[cell->v.uuid[i] & 15];
    }
    hex[32] = '\0';
    tk_py number = P.PyLong_FromString(hex, NULL, 16);
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

/* Python's calendar ends where the server's may go on. */
static tk_py within_calendar(tk_py made, const takeo_cell *cell, const char *expected,
                             tk_error *error) {
    if (TK_UNLIKELY(made == NULL) && P.PyErr_ExceptionMatches(O.ValueError_)) {
        P.PyErr_Clear();
        return undecodable(cell, expected, error);
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
        return undecodable(cell, "time below 24:00", error);
    }
    return tk_py_make_time(cell->v.i);
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

/* The member of an enum that stands for a stored value; the value is consumed. */
static tk_py member_of(const tk_py_field *field, tk_py value, const takeo_cell *cell,
                       tk_error *error) {
    if (value == NULL || field->to_member == NULL) {
        return value;
    }
    tk_py member = P.PyDict_GetItemWithError(field->to_member, value);
    P.Py_DecRef(value);
    if (member == NULL) {
        return P.PyErr_Occurred() ? NULL : undecodable(cell, "member of its enum", error);
    }
    return tk_py_own(member);
}

static tk_py make_enum(const tk_py_field *field, const takeo_cell *cell, tk_error *error) {
    return member_of(field, text_of(cell, "label", error), cell, error);
}

static tk_py make_int_enum(const tk_py_field *field, const takeo_cell *cell, tk_error *error) {
    return member_of(field, P.PyLong_FromLongLong(cell->v.i), cell, error);
}

static tk_py make_json(const tk_py_field *field, const takeo_cell *cell, tk_error *error) {
    tk_py text = text_of(cell, "JSON", error);
    if (text == NULL) {
        return NULL;
    }
    tk_py made = P.PyObject_CallFunctionObjArgs(O.json_loads_, text, NULL);
    P.Py_DecRef(text);
    if (made == NULL && P.PyErr_ExceptionMatches(O.ValueError_)) {
        P.PyErr_Clear();
        return undecodable(cell, "JSON", error);
    }
    if (made == O.None_) { /* the JSON null, which is not SQL's NULL */
        P.Py_DecRef(made);
        return tk_py_own(O.JSON_NULL_);
    }
    if (made != NULL && field->load != NULL) {
        tk_py loaded = P.PyObject_CallFunctionObjArgs(field->load, made, NULL);
        P.Py_DecRef(made);
        return loaded;
    }
    return made;
}

/* A list cell; `element` says how a value of it looks, and a list in it is one of the same. */
static tk_py make_list(const tk_py_field *element, const takeo_cell *cell, tk_error *error) {
    tk_py list = P.PyList_New((tk_py_size)cell->v.list.count);
    for (size_t i = 0; list != NULL && i < cell->v.list.count; i++) {
        const takeo_cell *item = &cell->v.list.cells[i];
        bool is_list = item->type == TAKEO_TYPE_ARRAY && !tk_cell_is_null(item);
        tk_py made = is_list ? make_list(element, item, error) : tk_py_make(element, item, error);
        if (made == NULL) {
            P.Py_DecRef(list);
            return NULL;
        }
        P.PyList_SetItem(list, (tk_py_size)i, made);
    }
    return list;
}

/* How an element of an array column looks. */
static tk_py_field element_of(const tk_py_field *field) {
    tk_py_field element;
    tk_accept accept = field->accept;
    const tk_type_info *info = tk_type_info_of(accept.element);
    accept.type = accept.element;
    accept.element = TAKEO_TYPE_NONE;
    accept.is_nullable = true;
    accept.min = info != NULL ? info->min : 0;
    accept.max = info != NULL ? info->max : 0;
    tk_py_field_init(&element, &accept);
    return element;
}

static tk_py make_array(const tk_py_field *field, const takeo_cell *cell, tk_error *error) {
    if (cell->type != TAKEO_TYPE_ARRAY) {
        return undecodable(cell, "array of its element's type", error);
    }
    tk_py_field element = element_of(field);
    return make_list(&element, cell, error);
}

/* A list cell, or any cell of a result whose type was not known before. */
static tk_py make_any(const tk_py_field *field, const takeo_cell *cell, tk_error *error);

tk_py tk_py_make(const tk_py_field *field, const takeo_cell *cell, tk_error *error) {
    if (tk_cell_is_null(cell)) {
        return tk_py_own(O.None_);
    }
    return field->make(field, cell, error);
}

/* ---- reading: value -> cell ------------------------------------------------------------------ */

static takeo_status refuse_text(tk_error *error) {
    P.PyErr_Clear();
    tk_raise(error, TK_INPUT_TEXT, "text holds a lone surrogate, which no database can store");
    TK_SET(error, expected, "text that UTF-8 can write");
    return TAKEO_EINPUT;
}

/* The UTF-8 form of a str, which lives inside it. */
static takeo_status utf8_of(tk_py value, takeo_type type, takeo_cell *out, tk_holder *holder,
                            tk_error *error) {
    tk_py_size len = 0;
    const char *data = P.PyUnicode_AsUTF8AndSize(value, &len);
    if (data == NULL) {
        return P.PyErr_ExceptionMatches(O.UnicodeError_) ? refuse_text(error) : host_failed();
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
        return host_failed();
    }
    *out = tk_cell_text(TAKEO_TYPE_BYTES, data, (size_t)len);
    return tk_py_hold(holder, bytes, error);
}

/* An int of any size: as INT64, or, when it is larger, as the DECIMAL of its digits. */
static takeo_status int_of(tk_py value, takeo_cell *out, tk_holder *holder, tk_error *error) {
    int overflow = 0;
    long long number = P.PyLong_AsLongLongAndOverflow(value, &overflow);
    if (number == -1 && overflow == 0 && P.PyErr_Occurred()) {
        return host_failed();
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
        return host_failed();
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
        return host_failed();
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
        return host_failed();
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
    return P.PyErr_Occurred() ? host_failed() : TAKEO_DONE;
}

static void name_column(const tk_py_field *field, tk_error *error) {
    if (field->accept.column != NULL) {
        TK_SET(error, entity, "%s", field->accept.column->entity->name.data);
        TK_SET(error, field, "%s", field->accept.column->name.data);
    }
}

enum { JSON_DEPTH_MAX = 500 };

/* json writes numbers and None as keys by making text of them, which reads back as something else.
 * For what json has written: it ends, so a value does not hold itself. */
static bool keys_are_text(tk_py value, int depth) {
    tk_py type = TK_PY_TYPE(value);
    if (type == O.str_ || type == O.int_ || depth > JSON_DEPTH_MAX) {
        return true; /* what is too deep is refused when it is validated */
    }
    bool are = true;
    if (P.PyType_IsSubtype(type, O.dict_)) {
        tk_py_size at = 0;
        tk_py key = NULL, item = NULL;
        while (are && P.PyDict_Next(value, &at, &key, &item)) {
            P.Py_IncRef(item); /* looking into it may collect garbage */
            are = P.PyType_IsSubtype(TK_PY_TYPE(key), O.str_) && keys_are_text(item, depth + 1);
            P.Py_DecRef(item);
        }
    } else if (type == O.list_ || type == O.tuple_) {
        tk_py items = P.PySequence_Tuple(value);
        tk_py_size count = items != NULL ? P.PyTuple_Size(items) : 0;
        are = items != NULL;
        for (tk_py_size i = 0; are && i < count; i++) {
            are = keys_are_text(P.PyTuple_GetItem(items, i), depth + 1);
        }
        tk_py_drop(items);
    }
    return are;
}

static takeo_status json_of(const tk_py_field *field, tk_py value, takeo_cell *out,
                            tk_holder *holder, tk_error *error) {
    tk_py plain = field->dump != NULL ? P.PyObject_CallFunctionObjArgs(field->dump, value, NULL)
                                      : tk_py_own(value == O.JSON_NULL_ ? O.None_ : value);
    if (plain == NULL) {
        return host_failed();
    }
    tk_py text = P.PyObject_CallFunctionObjArgs(O.json_dumps_, plain, NULL);
    bool has_keys = text == NULL || field->dump != NULL || keys_are_text(plain, 0);
    P.Py_DecRef(plain);
    if (!has_keys) {
        P.Py_DecRef(text);
        if (P.PyErr_Occurred()) {
            return host_failed();
        }
        tk_raise(error, TK_INPUT_FORM, "a key in a JSON value is no str");
        TK_SET(error, expected, "dicts whose keys are str");
        return TAKEO_EINPUT;
    }
    if (text == NULL) {
        /* json's own words (not serialisable, NaN, circular) are the ones to read: as InputError */
        if (!P.PyErr_ExceptionMatches(O.TypeError_) && !P.PyErr_ExceptionMatches(O.ValueError_)) {
            return host_failed();
        }
        tk_py kind = NULL, raised = NULL, trace = NULL;
        P.PyErr_Fetch(&kind, &raised, &trace);
        tk_py words = raised != NULL ? P.PyObject_Str(raised) : NULL;
        const char *said = words != NULL ? P.PyUnicode_AsUTF8AndSize(words, NULL) : NULL;
        tk_raise(error, TK_INPUT_FORM, "the value cannot be written as JSON: %s",
                 said != NULL ? said : "?");
        P.PyErr_Clear();
        tk_py_drop(words);
        tk_py_drop(kind);
        tk_py_drop(raised);
        tk_py_drop(trace);
        TK_SET(error, expected, "dict, list, str, int, finite float, bool or None");
        return TAKEO_EINPUT;
    }
    takeo_status status = utf8_of(text, TAKEO_TYPE_JSON, out, holder, error);
    P.Py_DecRef(text);
    return status;
}

/* A value of a class that no column takes: said with the name of its class. */
static takeo_status refuse_class(const tk_py_field *field, tk_py value, tk_error *error) {
    tk_py name = P.PyObject_GetAttrString(TK_PY_TYPE(value), "__name__");
    const char *text = name != NULL ? P.PyUnicode_AsUTF8AndSize(name, NULL) : NULL;
    const char *wanted = tk_type_name(field->accept.type);
    tk_raise(error, TK_INPUT_TYPE, "a value of class %s is no %s", text != NULL ? text : "value",
             wanted);
    TK_SET(error, expected, "%s", wanted);
    TK_SET(error, got, "%s", text != NULL ? text : "?");
    P.PyErr_Clear();
    tk_py_drop(name);
    return TAKEO_EINPUT;
}

/* The cell that a value is by itself, whatever column it is for. */
static takeo_status natural(const tk_py_field *field, tk_py value, takeo_cell *out,
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
        return utf8_of(value, TAKEO_TYPE_TEXT, out, holder, error);
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
    if (!tk_py_complete()) {
        return host_failed();
    }
    if (P.PyType_IsSubtype(type, O.Decimal_)) {
        return decimal_of(value, out, holder, error);
    }
    if (P.PyType_IsSubtype(type, O.UUID_)) {
        return uuid_of(value, out);
    }
    if (P.PyIndex_Check(value)) { /* numpy's integers */
        tk_py number = P.PyNumber_Index(value);
        takeo_status status = number != NULL ? int_of(number, out, holder, error) : host_failed();
        tk_py_drop(number);
        return status;
    }
    return refuse_class(field, value, error);
}

static takeo_status read_natural(const tk_py_field *field, tk_py value, takeo_cell *out,
                                 tk_holder *holder, tk_error *error) {
    takeo_cell cell;
    TK_TRY(natural(field, value, &cell, holder, error));
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
        if (TK_LIKELY(overflow == 0 && field->accept.type == TAKEO_TYPE_INT64)) {
            *out = tk_cell_int(TAKEO_TYPE_INT64, number);
            return TAKEO_DONE;
        }
    }
    return read_natural(field, value, out, holder, error);
}

static takeo_status read_text(const tk_py_field *field, tk_py value, takeo_cell *out,
                              tk_holder *holder, tk_error *error) {
    if (TK_LIKELY(TK_PY_TYPE(value) == O.str_ && field->accept.length == 0)) {
        TK_TRY(utf8_of(value, field->accept.type, out, holder, error));
        if (TK_LIKELY(memchr(out->v.text.data, '\0', out->v.text.len) == NULL)) {
            return TAKEO_DONE;
        }
    }
    return read_natural(field, value, out, holder, error);
}

static takeo_status read_float(const tk_py_field *field, tk_py value, takeo_cell *out,
                               tk_holder *holder, tk_error *error) {
    if (TK_LIKELY(TK_PY_TYPE(value) == O.float_ && field->accept.type == TAKEO_TYPE_FLOAT64)) {
        *out = (takeo_cell){.type = TAKEO_TYPE_FLOAT64, .v = {.f = P.PyFloat_AsDouble(value)}};
        return TAKEO_DONE;
    }
    return read_natural(field, value, out, holder, error);
}

static takeo_status read_bool(const tk_py_field *field, tk_py value, takeo_cell *out,
                              tk_holder *holder, tk_error *error) {
    if (TK_LIKELY(value == O.True_ || value == O.False_)) {
        *out = tk_cell_int(TAKEO_TYPE_BOOL, value == O.True_);
        return TAKEO_DONE;
    }
    return read_natural(field, value, out, holder, error);
}

/* An enum: the member, or its stored value when exactly one member has it. */
static takeo_status read_enum(const tk_py_field *field, tk_py value, takeo_cell *out,
                              tk_holder *holder, tk_error *error) {
    if (field->to_value != NULL) {
        if (TK_PY_TYPE(value) == O.bool_ && field->canonical != O.bool_) {
            return refuse_class(field, value, error); /* True equals 1, and means something else */
        }
        tk_py stored = P.PyDict_GetItemWithError(field->to_value, value);
        if (stored == NULL && !P.PyErr_Occurred()) {
            stored = P.PyDict_GetItemWithError(field->to_member, value) != NULL ? value : NULL;
        }
        if (stored == NULL && P.PyErr_Occurred()) {
            if (!P.PyErr_ExceptionMatches(O.TypeError_)) {
                return host_failed();
            }
            P.PyErr_Clear(); /* not hashable: no member */
            return refuse_class(field, value, error);
        }
        if (stored == NULL) {
            takeo_cell wrong;
            TK_TRY(natural(field, value, &wrong, holder, error));
            if (field->accept.type != TAKEO_TYPE_ENUM || wrong.type != TAKEO_TYPE_TEXT) {
                return refuse_class(field, value, error);
            }
            return tk_accept_cell(&field->accept, &wrong, out, holder->arena, error);
        }
        value = stored;
    }
    return read_natural(field, value, out, holder, error);
}

static takeo_status read_json(const tk_py_field *field, tk_py value, takeo_cell *out,
                              tk_holder *holder, tk_error *error) {
    takeo_cell cell;
    TK_TRY(json_of(field, value, &cell, holder, error));
    return tk_accept_cell(&field->accept, &cell, out, holder->arena, error);
}

/* An array column: every element by the element's rules, then the whole. */
static takeo_status read_array(const tk_py_field *field, tk_py value, takeo_cell *out,
                               tk_holder *holder, tk_error *error) {
    if (!tk_py_is_a(value, O.list_) && !tk_py_is_a(value, O.tuple_)) {
        return refuse_class(field, value, error);
    }
    tk_py items = P.PySequence_Tuple(value);
    if (items == NULL) {
        return host_failed();
    }
    tk_py_field element = element_of(field);
    tk_py_size count = P.PyTuple_Size(items);
    takeo_cell *cells = tk_arena_array(holder->arena, (size_t)count, sizeof *cells);
    takeo_status status = cells != NULL ? TAKEO_DONE : tk_raise_memory(error);
    for (tk_py_size i = 0; status >= 0 && i < count; i++) {
        status = tk_py_read(&element, P.PyTuple_GetItem(items, i), &cells[i], holder, error);
        if (status == TAKEO_EINPUT) {
            tk_error_last(error)->object = (uint32_t)i + 1;
        }
    }
    if (status >= 0) {
        takeo_cell list = {.type = TAKEO_TYPE_ARRAY, .v = {.list = {cells, (size_t)count}}};
        status = tk_accept_cell(&field->accept, &list, out, holder->arena, error);
    }
    P.Py_DecRef(items);
    return status;
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
        name_column(field, error);
    }
    return status;
}

/* ---- choosing -------------------------------------------------------------------------------- */

static tk_py make_any(const tk_py_field *field, const takeo_cell *cell, tk_error *error) {
    (void)field;
    tk_py_field found;
    tk_accept accept = tk_accept_type(cell->type);
    tk_py_field_init(&found, &accept);
    if (found.make == make_any) {
        return undecodable(cell, "value that Python has a form for", error);
    }
    return found.make(&found, cell, error);
}

/* A column whose classes could not be imported. */
static tk_py make_late(const tk_py_field *field, const takeo_cell *cell, tk_error *error) {
    tk_py_field again;
    if (!tk_py_complete()) {
        return NULL;
    }
    tk_py_field_init(&again, &field->accept);
    return again.make(&again, cell, error);
}

static takeo_status read_late(const tk_py_field *field, tk_py value, takeo_cell *out,
                              tk_holder *holder, tk_error *error) {
    tk_py_field again;
    if (!tk_py_complete()) {
        return host_failed();
    }
    tk_py_field_init(&again, &field->accept);
    return again.read(&again, value, out, holder, error);
}

/* The class that values of a type have when they were loaded. */
static tk_py canonical_class_of(takeo_type type) {
    switch (type) {
    case TAKEO_TYPE_BOOL:
        return O.bool_;
    case TAKEO_TYPE_INT16:
    case TAKEO_TYPE_INT32:
    case TAKEO_TYPE_INT64:
        return O.int_;
    case TAKEO_TYPE_FLOAT32:
    case TAKEO_TYPE_FLOAT64:
        return O.float_;
    case TAKEO_TYPE_DECIMAL:
        return O.Decimal_;
    case TAKEO_TYPE_TEXT:
        return O.str_;
    case TAKEO_TYPE_BYTES:
        return O.bytes_;
    case TAKEO_TYPE_UUID:
        return O.UUID_;
    case TAKEO_TYPE_DATE:
        return O.date_;
    case TAKEO_TYPE_TIME:
        return O.time_;
    case TAKEO_TYPE_TIMESTAMP:
    case TAKEO_TYPE_TIMESTAMPTZ:
        return O.datetime_;
    case TAKEO_TYPE_ARRAY:
        return O.list_;
    default:
        return NULL;
    }
}

void tk_py_field_init(tk_py_field *field, const tk_accept *accept) {
    *field = (tk_py_field){.accept = *accept, .make = make_any, .read = read_natural};
    field->accept.text_is_valid = true; /* the UTF-8 form of a str always is */
    const tk_type_info *info = tk_type_info_of(accept->type);
    switch (info != NULL ? info->form : TK_FORM_NONE) {
    case TK_FORM_INT:
        field->make = make_int;
        field->read = read_int;
        break;
    case TK_FORM_UINT:
        field->make = make_uint;
        break;
    case TK_FORM_FLOAT:
        field->make = make_float;
        field->read = read_float;
        break;
    case TK_FORM_TEXT:
        field->make = make_text;
        field->read = read_natural;
        break;
    case TK_FORM_UUID:
        field->make = make_uuid;
        break;
    default:
        break;
    }
    static const struct {
        takeo_type type;
        tk_py (*make)(const tk_py_field *, const takeo_cell *, tk_error *);
        takeo_status (*read)(const tk_py_field *, tk_py, takeo_cell *, tk_holder *, tk_error *);
    } special[] = {
        {TAKEO_TYPE_BOOL, make_bool, read_bool},
        {TAKEO_TYPE_TEXT, make_text, read_text},
        {TAKEO_TYPE_CITEXT, make_text, read_text},
        {TAKEO_TYPE_DECIMAL, make_decimal, read_natural},
        {TAKEO_TYPE_BYTES, make_bytes, read_natural},
        {TAKEO_TYPE_JSON, make_json, read_json},
        {TAKEO_TYPE_ARRAY, make_array, read_array},
        {TAKEO_TYPE_ENUM, make_enum, read_enum},
        {TAKEO_TYPE_DATE, make_date, read_natural},
        {TAKEO_TYPE_TIME, make_time, read_natural},
        {TAKEO_TYPE_TIMESTAMP, make_timestamp, read_natural},
        {TAKEO_TYPE_TIMESTAMPTZ, make_timestamptz, read_natural},
    };
    for (size_t i = 0; i < TK_COUNT(special); i++) {
        if (special[i].type == accept->type) {
            field->make = special[i].make;
            field->read = special[i].read;
        }
    }
    if (is_late(accept->type) && !tk_py_complete()) {
        P.PyErr_Clear(); /* said again, with its reason, where a value is made or read */
        field->make = make_late;
        field->read = read_late;
    }
    field->canonical = canonical_class_of(accept->type);
}

void tk_py_field_set_enum(tk_py_field *field, tk_py to_member, tk_py to_value) {
    field->to_member = to_member;
    field->to_value = to_value;
    tk_py_size at = 0;
    tk_py member = NULL, value = NULL;
    field->canonical = P.PyDict_Next(to_value, &at, &member, &value) ? TK_PY_TYPE(member) : NULL;
    field->make = field->accept.type == TAKEO_TYPE_ENUM ? make_enum : make_int_enum;
    field->read = read_enum;
}
