/* cpython_int.h - what the files cpython*.c share, by the file in which it stands.
 *
 *     cpython_interpreter.c   functions and objects of the interpreter, its lock, its collector
 *     cpython_field.c         which maker and reader a column gets
 *     cpython_make.c          cell -> value
 *     cpython_read.c          value -> cell
 *     cpython_enum.c, cpython_json.c, cpython_array.c, cpython_time.c     both ways
 *     cpython_refuse.c        what is said when that cannot be
 *     cpython_slot.c          a cell into the slot of an instance and back
 *     cpython_mutable.c       has a dict or list changed since it was loaded?
 *     cpython_layout.c        where the columns and relations of a class stand
 *     cpython_state.c         the state of instances, and the descriptors of their fields
 *     cpython.c               the table of the host
 */
#ifndef TK_HOST_CPYTHON_INT_H
#define TK_HOST_CPYTHON_INT_H

#include "host/cpython.h"

/* ---- cpython_interpreter.c ------------------------------------------------------------------- */

/* Types whose classes come late (TK_PY_LATE_OBJECTS). */
static inline bool tk_py_is_late(takeo_type type) {
    return type == TAKEO_TYPE_DECIMAL || type == TAKEO_TYPE_UUID || type == TAKEO_TYPE_JSON
           || type == TAKEO_TYPE_ARRAY;
}

void *tk_py_leave(void); /* of tk_interpreter */
void tk_py_enter(void *left);
takeo_status tk_py_check(void);
void tk_py_call_out(void (*function)(void *ctx), void *ctx);

/* ---- cpython_refuse.c ------------------------------------------------------------------------ */

/* A stored value that is none of its type; always NULL. */
tk_py tk_py_undecodable(const takeo_cell *cell, const char *expected, tk_error *error);
/* A value of a class that no column takes: said with the name of its class. */
takeo_status tk_py_refuse_class(const tk_py_field *field, tk_py value, tk_error *error);
takeo_status tk_py_refuse_text(tk_error *error); /* a str that UTF-8 cannot write */
/* Say in the refusal which column it is about. */
void tk_py_name_column(const tk_py_field *field, tk_error *error);

/* ---- cpython_make.c -------------------------------------------------------------------------- */

tk_py_maker *tk_py_maker_of(takeo_type type); /* NULL: Python has no form for the type */
/* For columns whose type is not known before: the cell says what it is. */
tk_py tk_py_make_any(const tk_py_field *field, const takeo_cell *cell, tk_error *error);

/* make of intervals that are durations. */
tk_py tk_py_make_delta(const tk_py_field *field, const takeo_cell *cell, tk_error *error);

/* A cell in the words of takeo_cell_format: any two of one type that differ have other words. */
tk_py tk_py_written(const takeo_cell *cell);

/* The text of a cell as a str, where something else is made of it or not. */
static inline tk_py tk_py_text_of(const takeo_cell *cell, const char *expected, tk_error *error) {
    tk_py made = P.PyUnicode_FromStringAndSize(cell->v.text.data, (tk_py_size)cell->v.text.len);
    if (TK_UNLIKELY(made == NULL) && P.PyErr_ExceptionMatches(O.UnicodeError_)) {
        P.PyErr_Clear();
        return tk_py_undecodable(cell, expected, error);
    }
    return made;
}

/* ---- cpython_read.c -------------------------------------------------------------------------- */

tk_py_reader *tk_py_reader_of(takeo_type type);
/* The cell that a value is by itself, whatever column it is for. */
takeo_status tk_py_natural(const tk_py_field *field, tk_py value, takeo_cell *out,
                           tk_holder *holder, tk_error *error);
/* That cell, taken by the rules of the column. */
takeo_status tk_py_read_natural(const tk_py_field *field, tk_py value, takeo_cell *out,
                                tk_holder *holder, tk_error *error);
/* The UTF-8 form of a str, which lives inside it. */
takeo_status tk_py_read_utf8(tk_py value, takeo_type type, takeo_cell *out, tk_holder *holder,
                             tk_error *error);

/* ---- cpython_enum.c, cpython_json.c, cpython_array.c ----------------------------------------- */

tk_py tk_py_make_enum(const tk_py_field *field, const takeo_cell *cell, tk_error *error);
takeo_status tk_py_read_enum(const tk_py_field *field, tk_py value, takeo_cell *out,
                             tk_holder *holder, tk_error *error);
tk_py tk_py_make_json(const tk_py_field *field, const takeo_cell *cell, tk_error *error);
/* The same of the cell's text as a str, which is borrowed. */
tk_py tk_py_make_json_of(const tk_py_field *field, const takeo_cell *cell, tk_py text,
                         tk_error *error);
takeo_status tk_py_read_json(const tk_py_field *field, tk_py value, takeo_cell *out,
                             tk_holder *holder, tk_error *error);
/* Is a value still the one whose JSON was loaded?  Also for one that cannot be written: a number
 * beyond a float's range is read as infinity.  No, with an exception, when that cannot be said. */
bool tk_py_json_says_the_same(const tk_py_field *field, tk_py value, tk_py loaded);
tk_py tk_py_make_array(const tk_py_field *field, const takeo_cell *cell, tk_error *error);
takeo_status tk_py_read_array(const tk_py_field *field, tk_py value, takeo_cell *out,
                              tk_holder *holder, tk_error *error);

/* ---- cpython_slot.c -------------------------------------------------------------------------- */

/* Put an owned value, or NULL, into a slot. */
static inline void tk_py_fill_slot(void *object, tk_py_size offset, tk_py value) {
    tk_py old = TK_PY_SLOT(object, offset);
    TK_PY_SLOT(object, offset) = value;
    if (TK_UNLIKELY(old != NULL)) {
        P.Py_DecRef(old);
    }
}

/* put of tk_step: a value; one that is mutable, with its loaded form; one part of a composite
 * key */
takeo_status tk_py_put_value(const tk_step *step, void *object, const takeo_cell *cell,
                             tk_holder *holder, tk_error *error);
takeo_status tk_py_put_mutable(const tk_step *step, void *object, const takeo_cell *cell,
                               tk_holder *holder, tk_error *error);
takeo_status tk_py_put_part(const tk_step *step, void *object, const takeo_cell *cell,
                            tk_holder *holder, tk_error *error);
/* get of tk_step */
takeo_status tk_py_get_value(const tk_step *step, void *object, takeo_cell *out, tk_holder *holder,
                             tk_error *error);
takeo_status tk_py_get_mutable(const tk_step *step, void *object, takeo_cell *out,
                               tk_holder *holder, tk_error *error);
/* fill and settle of tk_host */
takeo_status tk_py_fill(const tk_plan_part *part, void *object, const takeo_cell *cells,
                        tk_holder *holder, tk_error *error);
void tk_py_settle(tk_holder *holder);

/* ---- cpython_mutable.c ----------------------------------------------------------------------- */

/* The text of a mutable column, which is compared with what its value says later; of an array
 * one that is only compared.  A new reference, or NULL with an exception. */
static inline tk_py tk_py_loaded_form(const takeo_cell *cell) {
    if (tk_cell_is_null(cell)) {
        return tk_py_own(O.None_);
    }
    return cell->type == TAKEO_TYPE_ARRAY
               ? tk_py_written(cell)
               : P.PyUnicode_FromStringAndSize(cell->v.text.data, (tk_py_size)cell->v.text.len);
}

#endif
