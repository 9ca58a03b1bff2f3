/* cpython_mutable.c - mutable columns, JSON and arrays: the form in which a value was loaded, and
 * whether the value still says the same.  Nobody tells of a change inside a dict or list.
 *
 * It must not know what is done with a changed column.
 */
#include "host/cpython_int.h"

/* ---- comparing ------------------------------------------------------------------------------- */

/* What the loaded form would read as if the core had written it: other tools write other spaces.
 * NULL with an exception, or without one when it is no JSON. */
static tk_py normalised(tk_py text) {
    tk_py value = P.PyObject_CallFunctionObjArgs(O.json_loads_, text, NULL);
    tk_py again = value != NULL ? P.PyObject_CallFunctionObjArgs(O.json_dumps_, value, NULL) : NULL;
    tk_py_drop(value);
    if (again == NULL && P.PyErr_ExceptionMatches(O.ValueError_)) {
        P.PyErr_Clear();
    }
    return again;
}

/* Is it the text of the cell?  No, with an exception when it failed. */
static bool text_is(tk_py text, const takeo_cell *cell) {
    tk_py_size len = 0;
    const char *data = P.PyUnicode_AsUTF8AndSize(text, &len);
    return data != NULL && cell->v.text.len == (size_t)len
           && memcmp(cell->v.text.data, data, (size_t)len) == 0;
}

/* With an exception it is the same: nothing may be marked then. */
static bool is_same_array(tk_py loaded, const takeo_cell *now) {
    tk_py form = tk_py_loaded_form(now);
    if (form == NULL) {
        return true;
    }
    tk_py_size len = 0;
    const char *data = P.PyUnicode_AsUTF8AndSize(form, &len);
    takeo_cell text = tk_cell_text(TAKEO_TYPE_JSON, data, (size_t)len);
    bool is_same = data == NULL || text_is(loaded, &text);
    P.Py_DecRef(form);
    return is_same;
}

static bool is_loaded_form(tk_py loaded, const takeo_cell *now) {
    if (loaded == O.None_ || tk_cell_is_null(now)) {
        return (loaded == O.None_) == tk_cell_is_null(now);
    }
    if (now->type == TAKEO_TYPE_ARRAY) {
        return is_same_array(loaded, now);
    }
    if (text_is(loaded, now) || P.PyErr_Occurred()) {
        return true;
    }
    tk_py again = normalised(loaded);
    bool is_same = again != NULL && text_is(again, now);
    tk_py_drop(again);
    return is_same;
}

/* A value that cannot be written has changed, and the write says what is wrong with it; unless it
 * was loaded so, as a number is that a float does not hold. */
static bool is_loaded_value(const tk_py_field *field, tk_py value, tk_py loaded) {
    if (field->accept.type != TAKEO_TYPE_JSON || loaded == O.None_) {
        return false;
    }
    P.Py_IncRef(value);
    bool is_same = tk_py_json_says_the_same(field, value, loaded);
    P.Py_DecRef(value);
    if (!is_same && P.PyErr_Occurred()
        && (P.PyErr_ExceptionMatches(O.TypeError_) || P.PyErr_ExceptionMatches(O.ValueError_))) {
        P.PyErr_Clear();
    }
    return is_same;
}

static takeo_status mark_if_changed(const tk_layout *layout, const tk_step *step, void *object,
                                    tk_holder *holder, tk_error *error) {
    const tk_py_field *field = step->aux;
    tk_py loaded = TK_PY_SLOT(object, field->loaded_offset);
    if (loaded == NULL || TK_PY_SLOT(object, step->offset) == NULL) {
        return TAKEO_DONE;
    }
    P.Py_IncRef(loaded);
    takeo_cell now;
    takeo_status status = tk_py_get_value(step, object, &now, holder, error);
    bool is_same = status >= 0 && is_loaded_form(loaded, &now);
    if (status == TAKEO_EINPUT) {
        tk_error_clear(error);
        status = TAKEO_DONE;
        tk_py value = TK_PY_SLOT(object, step->offset); /* reading may have emptied it */
        is_same = value != NULL && is_loaded_value(field, value, loaded);
    }
    P.Py_DecRef(loaded);
    if (P.PyErr_Occurred()) {
        return TAKEO_EHOST;
    }
    if (!is_same) {
        uint32_t bit = layout->bits[step->column->number - 1];
        tk_layout_state(layout, object)[bit >> 6] |= UINT64_C(1) << (bit & 63);
    }
    return status;
}

takeo_status tk_py_mark_changed(const tk_layout *layout, void *object, tk_holder *holder,
                                tk_error *error) {
    for (uint32_t i = 0; i < layout->step_count; i++) {
        const tk_step *step = &layout->steps[i];
        if (step->put == tk_py_put_mutable) {
            TK_TRY(mark_if_changed(layout, step, object, holder, error));
        }
    }
    return TAKEO_DONE;
}
