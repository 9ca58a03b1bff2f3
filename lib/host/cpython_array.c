/* cpython_array.c - arrays both ways: a list cell becomes a list, a list or tuple becomes a list
 * cell.
 *
 * It must not know how single values are made and read, only that a field says so.
 */
#include "host/cpython_int.h"

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

/* ---- making ---------------------------------------------------------------------------------- */

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

tk_py tk_py_make_array(const tk_py_field *field, const takeo_cell *cell, tk_error *error) {
    if (cell->type != TAKEO_TYPE_ARRAY) {
        return tk_py_undecodable(cell, "array of its element's type", error);
    }
    tk_py_field element = element_of(field);
    return make_list(&element, cell, error);
}

/* ---- reading --------------------------------------------------------------------------------- */

/* An array column: every element by the element's rules, then the whole. */
takeo_status tk_py_read_array(const tk_py_field *field, tk_py value, takeo_cell *out,
                              tk_holder *holder, tk_error *error) {
    if (!tk_py_is_a(value, O.list_) && !tk_py_is_a(value, O.tuple_)) {
        return tk_py_refuse_class(field, value, error);
    }
    tk_py items = P.PySequence_Tuple(value);
    if (items == NULL) {
        return TAKEO_EHOST;
    }
    tk_py_field element = element_of(field);
    tk_py_size count = P.PyTuple_Size(items);
    takeo_cell *cells = tk_arena_array(holder->arena, (size_t)count, sizeof *cells);
    takeo_status status = cells != NULL ? TAKEO_DONE : tk_raise_memory(error);
    for (tk_py_size i = 0; status >= 0 && i < count; i++) {
        status = tk_py_read(&element, P.PyTuple_GetItem(items, i), &cells[i], holder, error);
        if (status == TAKEO_EINPUT) {
            tk_accept_name_element(error, (size_t)i);
        }
    }
    if (status >= 0) {
        takeo_cell list = {.type = TAKEO_TYPE_ARRAY, .v = {.list = {cells, (size_t)count}}};
        status = tk_accept_cell(&field->accept, &list, out, holder->arena, error);
    }
    P.Py_DecRef(items);
    return status;
}
