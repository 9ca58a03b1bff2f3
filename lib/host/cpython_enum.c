/* cpython_enum.c - members of Python's enums and the values that are stored for them, both ways.
 *
 * It must not know where the dicts come from, entities or statements.
 */
#include "host/cpython_int.h"

/* ---- making ---------------------------------------------------------------------------------- */

/* The member of an enum that stands for a stored value; the value is consumed. */
static tk_py member_of(const tk_py_field *field, tk_py value, const takeo_cell *cell,
                       tk_error *error) {
    if (value == NULL || field->to_member == NULL) {
        return value;
    }
    tk_py member = P.PyDict_GetItemWithError(field->to_member, value);
    P.Py_DecRef(value);
    if (member == NULL) {
        return P.PyErr_Occurred() ? NULL : tk_py_undecodable(cell, "member of its enum", error);
    }
    return tk_py_own(member);
}

tk_py tk_py_make_enum(const tk_py_field *field, const takeo_cell *cell, tk_error *error) {
    return member_of(field, tk_py_text_of(cell, "label", error), cell, error);
}

static tk_py make_int_enum(const tk_py_field *field, const takeo_cell *cell, tk_error *error) {
    return member_of(field, P.PyLong_FromLongLong(cell->v.i), cell, error);
}

/* ---- reading --------------------------------------------------------------------------------- */

/* An enum: the member, or its stored value when exactly one member has it. */
takeo_status tk_py_read_enum(const tk_py_field *field, tk_py value, takeo_cell *out,
                             tk_holder *holder, tk_error *error) {
    if (field->to_value != NULL) {
        if (TK_PY_TYPE(value) == O.bool_ && field->canonical != O.bool_) {
            /* True equals 1, and means something else */
            return tk_py_refuse_class(field, value, error);
        }
        tk_py stored = P.PyDict_GetItemWithError(field->to_value, value);
        if (stored == NULL && !P.PyErr_Occurred()) {
            stored = P.PyDict_GetItemWithError(field->to_member, value) != NULL ? value : NULL;
        }
        if (stored == NULL && P.PyErr_Occurred()) {
            if (!P.PyErr_ExceptionMatches(O.TypeError_)) {
                return TAKEO_EHOST;
            }
            P.PyErr_Clear(); /* not hashable: no member */
            return tk_py_refuse_class(field, value, error);
        }
        if (stored == NULL) {
            takeo_cell wrong;
            TK_TRY(tk_py_natural(field, value, &wrong, holder, error));
            if (field->accept.type != TAKEO_TYPE_ENUM || wrong.type != TAKEO_TYPE_TEXT) {
                return tk_py_refuse_class(field, value, error);
            }
            return tk_accept_cell(&field->accept, &wrong, out, holder->arena, error);
        }
        value = stored;
    }
    return tk_py_read_natural(field, value, out, holder, error);
}

/* ---- choosing -------------------------------------------------------------------------------- */

void tk_py_field_set_enum(tk_py_field *field, tk_py to_member, tk_py to_value) {
    field->to_member = to_member;
    field->to_value = to_value;
    tk_py_size at = 0;
    tk_py member = NULL, value = NULL;
    field->canonical = P.PyDict_Next(to_value, &at, &member, &value) ? TK_PY_TYPE(member) : NULL;
    field->make = field->accept.type == TAKEO_TYPE_ENUM ? tk_py_make_enum : make_int_enum;
    field->read = tk_py_read_enum;
}
