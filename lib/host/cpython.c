/* cpython.c - the host CPython: entities as instances of classes, laid out by the Python package.
 *
 * It fills the table of host.h: making instances, linking related objects, letting go of what was
 * held while an operation ran.  Every function here runs with the GIL.  Slots are in
 * cpython_slot.c, layouts in cpython_layout.c, values in the files that cpython_int.h names.
 *
 * It must not know how values look, statements, servers or SQL.
 */
#include "host/cpython_int.h"

/* ---- instances ------------------------------------------------------------------------------- */

static takeo_status make(const tk_layout *layout, tk_holder *holder, void **out, tk_error *error) {
    (void)holder;
    (void)error;
    tk_py object = tk_py_state.new_object(layout->host_data, O.empty_tuple_, NULL);
    if (TK_UNLIKELY(object == NULL)) {
        return TAKEO_EHOST;
    }
    TK_PY_AT(object, TK_PY_STATE_OFFSET, uint64_t) = 1; /* the row exists */
    *out = object;
    return TAKEO_DONE;
}

static void hold(void *object) {
    P.Py_IncRef(object);
}

static void drop(void *object) {
    P.Py_DecRef(object);
}

static const tk_layout *layout_of(const tk_target *target, void *object) {
    tk_py type = TK_PY_TYPE(object);
    for (uint32_t i = 0; i < target->layout_count; i++) {
        if (target->layouts[i] != NULL && target->layouts[i]->host_data == type) {
            return target->layouts[i];
        }
    }
    for (uint32_t i = 0; i < target->layout_count; i++) { /* a plain subclass of an entity */
        if (target->layouts[i] != NULL && P.PyType_IsSubtype(type, target->layouts[i]->host_data)) {
            return target->layouts[i];
        }
    }
    return NULL;
}

/* ---- related objects ------------------------------------------------------------------------- */

static takeo_status link_one(const tk_layout *layout, const tk_relation *relation, void *object,
                             void *other, tk_holder *holder, tk_error *error) {
    (void)holder;
    (void)error;
    const tk_link_place *place = &layout->links[relation->number - 1];
    if (place->is_there) {
        tk_py_fill_slot(object, place->offset, tk_py_own(other != NULL ? other : O.None_));
    }
    return TAKEO_DONE;
}

static takeo_status link_many(const tk_layout *layout, const tk_relation *relation, void *object,
                              void *const *members, uint32_t count, tk_holder *holder,
                              tk_error *error) {
    (void)holder;
    (void)error;
    const tk_link_place *place = &layout->links[relation->number - 1];
    if (!place->is_there) {
        return TAKEO_DONE;
    }
    tk_py list = P.PyList_New(count);
    if (list == NULL) {
        return TAKEO_EHOST;
    }
    for (uint32_t i = 0; i < count; i++) {
        P.PyList_SetItem(list, i, tk_py_own(members[i]));
    }
    tk_py_fill_slot(object, place->offset, list);
    return TAKEO_DONE;
}

static int peek_one(const tk_layout *layout, const tk_relation *relation, void *object,
                    void **out_other) {
    const tk_link_place *place = &layout->links[relation->number - 1];
    tk_py other = place->is_there ? TK_PY_SLOT(object, place->offset) : NULL;
    if (other == NULL || other == O.UNSET_) {
        return TK_LINK_UNSET;
    }
    if (other == O.None_) {
        return TK_LINK_NONE;
    }
    *out_other = other;
    return TK_LINK_OBJECT;
}

static int64_t peek_many(const tk_layout *layout, const tk_relation *relation, void *object,
                         void ***out_members, tk_holder *holder, tk_error *error) {
    const tk_link_place *place = &layout->links[relation->number - 1];
    tk_py list = place->is_there ? TK_PY_SLOT(object, place->offset) : NULL;
    if (list == NULL || list == O.UNSET_) {
        return -1;
    }
    tk_py items = P.PySequence_Tuple(list);
    if (items == NULL) {
        return TAKEO_EHOST;
    }
    tk_py_size count = P.PyTuple_Size(items);
    void **members = tk_arena_array(holder->arena, (size_t)count, sizeof *members);
    if (members == NULL) {
        P.Py_DecRef(items);
        return tk_raise_memory(error);
    }
    for (tk_py_size i = 0; i < count; i++) {
        members[i] = P.PyTuple_GetItem(items, i);
    }
    *out_members = members;
    takeo_status status = tk_py_hold(holder, items, error);
    return status < 0 ? status : count;
}

/* ---- the end --------------------------------------------------------------------------------- */

enum { HELD_KEPT = 4096 };

static void release(tk_holder *holder) {
    for (size_t i = 0; i < holder->held.count; i++) {
        P.Py_DecRef(*(tk_py *)tk_vec_at(&holder->held, i));
    }
    tk_vec_clear(&holder->held);
    tk_vec_clear(&holder->fixes);
    if (TK_UNLIKELY(holder->held.capacity > HELD_KEPT)) { /* a large batch: its room is not kept */
        tk_vec_done(&holder->held);
    }
}

/* Classes and enums are kept by the Python object over this target. */
static void free_target(tk_target *target) {
    tk_alloc alloc = target->alloc;
    tk_model_drop(target->model);
    tk_arena_done(&target->arena);
    tk_mem_free(&alloc, target, sizeof *target);
}

/* ---- the table ------------------------------------------------------------------------------- */

const tk_host tk_cpython_host = {
    .name = "cpython",
    .interpreter = {.leave = tk_py_leave,
                    .enter = tk_py_enter,
                    .check = tk_py_check,
                    .call = tk_py_call_out},
    .make = make,
    .fill = tk_py_fill,
    .hold = hold,
    .drop = drop,
    .link_one = link_one,
    .link_many = link_many,
    .peek_one = peek_one,
    .peek_many = peek_many,
    .layout_of = layout_of,
    .settle = tk_py_settle,
    .release = release,
    .free_target = free_target,
};
