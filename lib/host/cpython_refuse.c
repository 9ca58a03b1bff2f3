/* cpython_refuse.c - what is said when a cell cannot become a value, or a value no cell.  It stands
 * apart so that makers and readers stay small.
 *
 * It must not know how values are made or read.
 */
#include "host/cpython_int.h"

/* ---- making ---------------------------------------------------------------------------------- */

tk_py tk_py_undecodable(const takeo_cell *cell, const char *expected, tk_error *error) {
    tk_buf got;
    tk_buf_init(&got, tk_alloc_default, 4096);
    tk_cell_show(cell, 80, &got);
    tk_raise(error, TK_RESULT_DECODE, "a stored value is no %s", expected);
    TK_SET(error, expected, "%s", expected);
    TK_SET(error, got, "%s", got.data != NULL ? got.data : "?");
    tk_buf_done(&got);
    return NULL;
}

takeo_status tk_py_make_failed(tk_error *error) {
    return P.PyErr_Occurred() ? TAKEO_EHOST : tk_error_last(error)->status;
}

#define TK_PY_PLAIN_CLASSES                                                                        \
    "bool, int, float, Decimal, str, bytes, date, time, datetime, timedelta, Interval, UUID, "     \
    "a list of them or None"

/* ---- reading --------------------------------------------------------------------------------- */

takeo_status tk_py_refuse_class(const tk_py_field *field, tk_py value, tk_error *error) {
    tk_py name = P.PyObject_GetAttrString(TK_PY_TYPE(value), "__name__");
    const char *text = name != NULL ? P.PyUnicode_AsUTF8AndSize(name, NULL) : NULL;
    const char *wanted = tk_type_name(field->accept.type);
    text = text != NULL ? text : "?";
    if (field->accept.type == TAKEO_TYPE_NONE) { /* of raw SQL, where the value says what it is */
        tk_raise(error, TK_INPUT_TYPE, "a value of class %s has no form in SQL", text);
        TK_SET(error, expected, "%s", TK_PY_PLAIN_CLASSES);
        TK_SET(error, hint, "give what is stored: an enum's .value, a text, a number");
    } else {
        tk_raise(error, TK_INPUT_TYPE, "a value of class %s is no %s", text, wanted);
        TK_SET(error, expected, "%s", wanted);
    }
    TK_SET(error, got, "%s", text);
    P.PyErr_Clear();
    tk_py_drop(name);
    return TAKEO_EINPUT;
}

takeo_status tk_py_refuse_text(tk_error *error) {
    P.PyErr_Clear();
    tk_raise(error, TK_INPUT_TEXT, "text holds a lone surrogate, which no database can store");
    TK_SET(error, expected, "text that UTF-8 can write");
    return TAKEO_EINPUT;
}

void tk_py_name_column(const tk_py_field *field, tk_error *error) {
    if (field->accept.column != NULL) {
        TK_SET(error, entity, "%s", field->accept.column->entity->name.data);
        TK_SET(error, field, "%s", field->accept.column->name.data);
    }
}
