/* cpython_slot.c - steps of a plan over slots of instances: a cell is made into a slot, a slot is
 * read as a cell, and accepted conversions are written back after success.
 *
 * It must not know how values look, how a layout was declared, statements or results.
 */
#include "host/cpython_int.h"
#include "host/host_int.h"

/* ---- storing --------------------------------------------------------------------------------- */

takeo_status tk_py_put_value(const tk_step *step, void *object, const takeo_cell *cell,
                             tk_holder *holder, tk_error *error) {
    (void)holder;
    const tk_py_field *field = step->aux;
    tk_py value = tk_py_make(field, cell, error);
    if (TK_UNLIKELY(value == NULL)) {
        return tk_py_make_failed(error);
    }
    tk_py_fill_slot(object, step->offset, value);
    return TAKEO_DONE;
}

takeo_status tk_py_fill(const tk_plan_part *part, void *object, const takeo_cell *cells,
                        tk_holder *holder, tk_error *error) {
    return tk_fill(part, object, cells, holder, error, tk_py_put_value);
}

/* JSON and arrays keep their loaded form beside the value, to be compared when they are saved. */
takeo_status tk_py_put_mutable(const tk_step *step, void *object, const takeo_cell *cell,
                               tk_holder *holder, tk_error *error) {
    (void)holder;
    const tk_py_field *field = step->aux;
    bool is_json = field->make == tk_py_make_json && !tk_cell_is_null(cell);
    tk_py form = is_json ? tk_py_text_of(cell, "JSON", error) : tk_py_loaded_form(cell);
    tk_py value = form == NULL ? NULL
                  : is_json    ? tk_py_make_json_of(field, cell, form, error)
                               : tk_py_make(field, cell, error);
    if (TK_UNLIKELY(value == NULL)) {
        tk_py_drop(form);
        return tk_py_make_failed(error);
    }
    tk_py_fill_slot(object, step->offset, value);
    tk_py_fill_slot(object, field->loaded_offset, form);
    return TAKEO_DONE;
}

/* Does the slot of a composite hidden key hold a tuple of all its parts?  A program may have put
 * something else there (takeo.ref). */
static bool is_key_tuple(tk_py value, const tk_py_field *field) {
    return tk_py_is_a(value, O.tuple_) && P.PyTuple_Size(value) == field->tuple_size;
}

/* One part of a composite hidden key: the slot gets a tuple that nobody else has seen yet. */
takeo_status tk_py_put_part(const tk_step *step, void *object, const takeo_cell *cell,
                            tk_holder *holder, tk_error *error) {
    (void)holder;
    const tk_py_field *field = step->aux;
    tk_py value = tk_py_make(field, cell, error);
    if (value == NULL) {
        return tk_py_make_failed(error);
    }
    tk_py tuple = P.PyTuple_New(field->tuple_size); /* may collect garbage: ask the slot after it */
    if (tuple == NULL) {
        P.Py_DecRef(value);
        return TAKEO_EHOST;
    }
    tk_py old = TK_PY_SLOT(object, step->offset);
    bool is_key = old != NULL && is_key_tuple(old, field);
    for (tk_py_size i = 0; i < field->tuple_size; i++) {
        tk_py part = i == step->place - 1 ? value
                     : is_key             ? tk_py_own(P.PyTuple_GetItem(old, i))
                                          : tk_py_own(O.None_);
        P.PyTuple_SetItem(tuple, i, part);
    }
    tk_py_fill_slot(object, step->offset, tuple);
    return TAKEO_DONE;
}

/* ---- accepted conversions -------------------------------------------------------------------- */

/* What is written back after success.  A value of another class that was taken for what it means,
 * such as a UUID's text: the object then holds what it would hold if it had been loaded.  And the
 * loaded form of a mutable column: what was read, also when somebody has changed the value
 * meanwhile. */
typedef struct conversion {
    const tk_step *step;
    void *object;
    tk_py seen; /* what the slot held, kept by the holder; NULL: this is a loaded form */
    takeo_cell cell;
} conversion;

static takeo_status note_conversion(const tk_step *step, void *object, tk_py seen,
                                    const takeo_cell *cell, tk_holder *holder, tk_error *error) {
    conversion *noted = tk_arena_take(holder->arena, sizeof *noted);
    if (noted == NULL) {
        return tk_raise_memory(error);
    }
    if (seen != NULL) {
        TK_TRY(tk_py_hold(holder, tk_py_own(seen), error));
    }
    *noted = (conversion){step, object, seen, *cell};
    conversion **item = tk_vec_push(&holder->fixes);
    if (item == NULL) {
        return tk_raise_memory(error);
    }
    *item = noted;
    return TAKEO_DONE;
}

/* Only what the slot still holds is replaced; a value that cannot be made stays as it was given. */
void tk_py_settle(tk_holder *holder) {
    for (size_t i = 0; i < holder->fixes.count; i++) {
        const conversion *noted = *(conversion **)tk_vec_at(&holder->fixes, i);
        const tk_py_field *field = noted->step->aux;
        uint32_t offset = noted->seen != NULL ? noted->step->offset : field->loaded_offset;
        if (noted->seen != NULL && TK_PY_SLOT(noted->object, offset) != noted->seen) {
            continue;
        }
        tk_py value = noted->seen != NULL ? tk_py_make(field, &noted->cell, NULL)
                                          : tk_py_loaded_form(&noted->cell);
        if (value != NULL) {
            tk_py_fill_slot(noted->object, offset, value);
        } else {
            P.PyErr_Clear();
        }
    }
}

/* ---- reading --------------------------------------------------------------------------------- */

static takeo_status refuse_key(const tk_step *step, tk_error *error) {
    const tk_relation *relation = step->column->relation;
    uint32_t count = tk_py_step_field(step)->tuple_size;
    takeo_status status = tk_raise(error, TK_INPUT_COUNT, "the key of %s.%s has %u parts",
                                   relation->entity->name.data, relation->name.data, count);
    TK_SET(error, entity, "%s", relation->entity->name.data);
    TK_SET(error, field, "%s", relation->name.data);
    TK_SET(error, expected, "a tuple of %u values", count);
    return status;
}

takeo_status tk_py_get_value(const tk_step *step, void *object, takeo_cell *out, tk_holder *holder,
                             tk_error *error) {
    tk_py value = TK_PY_SLOT(object, step->offset);
    if (value == NULL) {
        *out = (takeo_cell){.flags = TAKEO_CELL_UNSET};
        return TAKEO_DONE;
    }
    const tk_py_field *field = step->aux;
    if (step->place != 0 && value != O.None_) {
        if (TK_UNLIKELY(!is_key_tuple(value, field))) {
            return refuse_key(step, error);
        }
        value = P.PyTuple_GetItem(value, step->place - 1);
    }
    P.Py_IncRef(value); /* reading may run Python code that empties the slot */
    takeo_status status = tk_py_read(field, value, out, holder, error);
    if (TK_UNLIKELY(TK_PY_TYPE(value) != field->canonical) && field->canonical != NULL
        && status >= 0 && step->place == 0 && !tk_cell_is_null(out)
        && (out->flags & TAKEO_CELL_UNSET) == 0) {
        status = note_conversion(step, object, value, out, holder, error);
    }
    P.Py_DecRef(value);
    return status;
}

takeo_status tk_py_get_mutable(const tk_step *step, void *object, takeo_cell *out,
                               tk_holder *holder, tk_error *error) {
    TK_TRY(tk_py_get_value(step, object, out, holder, error));
    return (out->flags & TAKEO_CELL_UNSET) != 0
               ? TAKEO_DONE
               : note_conversion(step, object, NULL, out, holder, error);
}
