/* cpython.c - the host CPython: entities as instances of classes, laid out by the Python package.
 *
 * It fills the table of host.h: making instances, storing and reading slots, linking related
 * objects, holding references while an operation runs.  Every function here runs with the GIL.
 *
 * It must not know statements, servers or SQL.
 */
#include <limits.h>

#include "host/cpython.h"

struct tk_py_functions tk_py_call;
struct tk_py_objects tk_py_is;
tk_cpython tk_py_state;

typedef struct py_layout {
    tk_layout base;
    tk_py_field *fields; /* fields[column - 1] */
    bool has_mutable;
} py_layout;

tk_py_field *tk_py_step_field(const tk_step *step) {
    return (tk_py_field *)step->aux;
}

/* ---- storing and reading slots --------------------------------------------------------------- */

static void fill_slot(void *object, uint32_t offset, tk_py value) {
    tk_py old = TK_PY_SLOT(object, offset);
    TK_PY_SLOT(object, offset) = value;
    if (TK_UNLIKELY(old != NULL)) {
        P.Py_DecRef(old);
    }
}

/* The failure of a maker: an exception of Python's, or a record that it wrote. */
static takeo_status make_failed(tk_error *error) {
    return P.PyErr_Occurred() ? TAKEO_EHOST : tk_error_last(error)->status;
}

static takeo_status put_value(const tk_step *step, void *object, const takeo_cell *cell,
                              tk_holder *holder, tk_error *error) {
    (void)holder;
    const tk_py_field *field = step->aux;
    tk_py value = tk_py_make(field, cell, error);
    if (TK_UNLIKELY(value == NULL)) {
        return make_failed(error);
    }
    fill_slot(object, step->offset, value);
    return TAKEO_DONE;
}

/* The text of a mutable column, which is compared with what its value says later; of an array its
 * JSON. A new reference, or NULL with an exception. */
static tk_py loaded_form(const takeo_cell *cell) {
    if (tk_cell_is_null(cell)) {
        return tk_py_own(O.None_);
    }
    if (cell->type != TAKEO_TYPE_ARRAY) {
        return P.PyUnicode_FromStringAndSize(cell->v.text.data, (tk_py_size)cell->v.text.len);
    }
    tk_buf text;
    tk_buf_init(&text, tk_alloc_default, INT_MAX);
    bool is_written = tk_array_write_json(cell, &text);
    tk_py made = is_written    ? P.PyUnicode_FromStringAndSize(text.data, (tk_py_size)text.len)
                 : text.failed ? P.PyErr_NoMemory()
                               : tk_py_own(O.UNSET_); /* no text is like it: it counts as changed */
    tk_buf_done(&text);
    return made;
}

/* JSON and arrays keep their loaded form beside the value, to be compared when they are saved. */
static takeo_status put_mutable(const tk_step *step, void *object, const takeo_cell *cell,
                                tk_holder *holder, tk_error *error) {
    const tk_py_field *field = step->aux;
    TK_TRY(put_value(step, object, cell, holder, error));
    tk_py text = loaded_form(cell);
    if (text == NULL) {
        return TAKEO_EHOST;
    }
    fill_slot(object, field->loaded_offset, text);
    return TAKEO_DONE;
}

/* Does the slot of a composite hidden key hold a tuple of all its parts?  A program may have put
 * something else there (takeo.ref). */
static bool is_key_tuple(tk_py value, const tk_py_field *field) {
    return tk_py_is_a(value, O.tuple_) && P.PyTuple_Size(value) == field->tuple_size;
}

/* One part of a composite hidden key: the slot gets a tuple that nobody else has seen yet. */
static takeo_status put_part(const tk_step *step, void *object, const takeo_cell *cell,
                             tk_holder *holder, tk_error *error) {
    (void)holder;
    const tk_py_field *field = step->aux;
    tk_py value = tk_py_make(field, cell, error);
    if (value == NULL) {
        return make_failed(error);
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
    fill_slot(object, step->offset, tuple);
    return TAKEO_DONE;
}

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

static takeo_status get_value(const tk_step *step, void *object, takeo_cell *out, tk_holder *holder,
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

static takeo_status get_mutable(const tk_step *step, void *object, takeo_cell *out,
                                tk_holder *holder, tk_error *error) {
    TK_TRY(get_value(step, object, out, holder, error));
    return (out->flags & TAKEO_CELL_UNSET) != 0
               ? TAKEO_DONE
               : note_conversion(step, object, NULL, out, holder, error);
}

/* ---- the table ------------------------------------------------------------------------------- */

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

static takeo_status link_one(const tk_layout *layout, const tk_relation *relation, void *object,
                             void *other, tk_holder *holder, tk_error *error) {
    (void)holder;
    (void)error;
    const tk_link_place *place = &layout->links[relation->number - 1];
    if (place->is_there) {
        fill_slot(object, place->offset, tk_py_own(other != NULL ? other : O.None_));
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
    fill_slot(object, place->offset, list);
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

/* Only what the slot still holds is replaced; a value that cannot be made stays as it was given. */
static void settle(tk_holder *holder) {
    for (size_t i = 0; i < holder->fixes.count; i++) {
        const conversion *noted = *(conversion **)tk_vec_at(&holder->fixes, i);
        const tk_py_field *field = noted->step->aux;
        uint32_t offset = noted->seen != NULL ? noted->step->offset : field->loaded_offset;
        if (noted->seen != NULL && TK_PY_SLOT(noted->object, offset) != noted->seen) {
            continue;
        }
        tk_py value =
            noted->seen != NULL ? tk_py_make(field, &noted->cell, NULL) : loaded_form(&noted->cell);
        if (value != NULL) {
            fill_slot(noted->object, offset, value);
        } else {
            P.PyErr_Clear();
        }
    }
}

/* Classes and enums are kept by the Python object over this target. */
static void free_target(tk_target *target) {
    tk_alloc alloc = target->alloc;
    tk_model_drop(target->model);
    tk_arena_done(&target->arena);
    tk_mem_free(&alloc, target, sizeof *target);
}

/* ---- the interpreter's lock and its collector ------------------------------------------------ */

bool tk_py_collector_pause(void) {
    if (tk_py_state.collector_paused_by != NULL || P.PyGC_Disable() == 0) {
        return false;
    }
    tk_py_state.collector_paused_by = P.PyThreadState_Get();
    return true;
}

void tk_py_collector_resume(void) {
    if (tk_py_state.collector_paused_by == P.PyThreadState_Get()) {
        tk_py_state.collector_paused_by = NULL;
        P.PyGC_Enable();
    }
}

/* The lowest bit of what is handed to enter says that this thread had paused the collector. */
static void *leave(void) {
    const void *paused_by = tk_py_state.collector_paused_by;
    bool is_paused = paused_by != NULL && paused_by == P.PyThreadState_Get();
    if (is_paused) {
        tk_py_collector_resume();
    }
    return (char *)P.PyEval_SaveThread() + is_paused;
}
static void enter(void *left) {
    bool was_paused = ((uintptr_t)left & 1) != 0;
    P.PyEval_RestoreThread((char *)left - was_paused);
    if (was_paused) {
        (void)tk_py_collector_pause();
    }
}
static takeo_status check(void) {
    /* An exception that is set already is on its way to the caller: no code may run before it. */
    return P.PyErr_Occurred() || P.PyErr_CheckSignals() < 0 ? TAKEO_EHOST : TAKEO_DONE;
}

const tk_host tk_cpython_host = {
    .name = "cpython",
    .interpreter = {.leave = leave, .enter = enter, .check = check},
    .make = make,
    .hold = hold,
    .drop = drop,
    .link_one = link_one,
    .link_many = link_many,
    .peek_one = peek_one,
    .peek_many = peek_many,
    .layout_of = layout_of,
    .settle = settle,
    .release = release,
    .free_target = free_target,
};

/* ---- targets and layouts --------------------------------------------------------------------- */

takeo_status tk_py_target_new(tk_model *model, tk_target **out, tk_error *error) {
    tk_target *target = tk_mem_new(&tk_alloc_default, sizeof *target);
    if (target == NULL) {
        return tk_raise_memory(error);
    }
    *target = (tk_target){.host = &tk_cpython_host, .alloc = tk_alloc_default, .references = 1};
    tk_arena_init(&target->arena, tk_alloc_default);
    target->layouts = tk_arena_array(&target->arena, model->entity_count, sizeof *target->layouts);
    if (target->layouts == NULL) {
        tk_arena_done(&target->arena);
        tk_mem_free(&tk_alloc_default, target, sizeof *target);
        return tk_raise_memory(error);
    }
    target->layout_count = model->entity_count;
    target->model = tk_model_hold(model);
    *out = target;
    return TAKEO_DONE;
}

static int64_t int_at(tk_py tuple, tk_py_size index) { /* -1 with an exception */
    tk_py item = P.PyTuple_GetItem(tuple, index);
    return item != NULL ? P.PyLong_AsLongLong(item) : -1;
}

/* Fill to_member/to_value or load/dump from the pair in `aux`; all are kept by the caller. */
static int set_conversions(tk_py_field *field, tk_py aux) {
    if (aux == O.None_) {
        return 0;
    }
    tk_py first = P.PyTuple_GetItem(aux, 0), second = P.PyTuple_GetItem(aux, 1);
    if (first == NULL || second == NULL) {
        return -1;
    }
    if (field->accept.type == TAKEO_TYPE_JSON || field->accept.type == TAKEO_TYPE_ARRAY) {
        field->load = first;
        field->dump = second;
        return 0;
    }
    tk_py_field_set_enum(field, first, second);
    return 0;
}

/* (place, bit, part, loaded or None, aux) */
static int set_column(py_layout *layout, const tk_column *column, tk_py place) {
    tk_step *step = &layout->base.steps[column->number - 1];
    tk_py_field *field = &layout->fields[column->number - 1];
    tk_accept accept = tk_accept_column(column);
    step->column = column;
    step->accept = accept;
    if (place == O.None_) {
        return 0; /* no field: put stays NULL */
    }
    int64_t offset = int_at(place, 0), bit = int_at(place, 1), part = int_at(place, 2);
    tk_py loaded = P.PyTuple_GetItem(place, 3), aux = P.PyTuple_GetItem(place, 4);
    if (loaded == NULL || aux == NULL || P.PyErr_Occurred()) {
        return -1;
    }
    tk_py_field_init(field, &accept);
    if (set_conversions(field, aux) < 0) {
        return -1;
    }
    if (loaded != O.None_) {
        field->loaded_offset = (uint32_t)P.PyLong_AsLongLong(loaded);
        layout->has_mutable = true;
    }
    if (part != 0) {
        field->tuple_size =
            (uint16_t)(column->relation != NULL ? column->relation->column_count : 1);
    }
    step->aux = field;
    step->offset = (uint32_t)offset;
    step->place = (uint16_t)part;
    step->put = part != 0 ? put_part : field->loaded_offset != 0 ? put_mutable : put_value;
    step->get = field->loaded_offset != 0 ? get_mutable : get_value;
    layout->base.bits[column->number - 1] = (uint16_t)bit;
    return P.PyErr_Occurred() ? -1 : 0;
}

static int fill_layout(py_layout *layout, tk_py columns, tk_py links) {
    const tk_entity *entity = layout->base.entity;
    uint32_t last_bit = entity->column_count;
    for (uint32_t i = 0; i < entity->column_count; i++) {
        tk_py place = P.PyTuple_GetItem(columns, i);
        if (place == NULL || set_column(layout, &entity->columns[i], place) < 0) {
            return -1;
        }
        last_bit = layout->base.bits[i] > last_bit ? layout->base.bits[i] : last_bit;
    }
    for (uint32_t i = 0; i < entity->relation_count; i++) {
        tk_py place = P.PyTuple_GetItem(links, i);
        if (place == NULL) {
            return -1;
        }
        layout->base.links[i].relation = &entity->relations[i];
        if (place != O.None_) {
            int64_t offset = int_at(place, 0), bit = int_at(place, 1);
            if (P.PyErr_Occurred()) {
                return -1;
            }
            layout->base.links[i].offset = (uint32_t)offset;
            layout->base.links[i].bit = (uint16_t)bit;
            layout->base.links[i].is_there = true;
            last_bit = (uint32_t)bit > last_bit ? (uint32_t)bit : last_bit;
        }
    }
    layout->base.state_words = last_bit / 64 + 1;
    return 0;
}

int tk_py_target_layout(tk_target *target, uint32_t number, tk_py cls, tk_py columns, tk_py links) {
    const tk_entity *entity = tk_model_entity(target->model, number);
    if (entity == NULL || !tk_py_is_a(cls, O.type_) || target->layouts[number - 1] != NULL
        || P.PyTuple_Size(columns) != (tk_py_size)entity->column_count
        || P.PyTuple_Size(links) != (tk_py_size)entity->relation_count) {
        P.PyErr_Clear();
        P.PyErr_SetString(O.TypeError_,
                          "layout(target, entity, class, one place per column, one per relation)");
        return -1;
    }
    py_layout *layout = tk_arena_array(&target->arena, 1, sizeof *layout);
    if (layout == NULL) {
        P.PyErr_NoMemory();
        return -1;
    }
    tk_layout *base = &layout->base;
    base->target = target;
    base->entity = entity;
    base->step_count = entity->column_count;
    base->steps = tk_arena_array(&target->arena, entity->column_count, sizeof *base->steps);
    base->links = tk_arena_array(&target->arena, entity->relation_count, sizeof *base->links);
    base->bits = tk_arena_array(&target->arena, entity->column_count, sizeof *base->bits);
    layout->fields = tk_arena_array(&target->arena, entity->column_count, sizeof *layout->fields);
    base->state_offset = (uint32_t)TK_PY_STATE_OFFSET;
    base->host_data = cls;
    if (base->steps == NULL || base->links == NULL || base->bits == NULL
        || layout->fields == NULL) {
        P.PyErr_NoMemory();
        return -1;
    }
    if (fill_layout(layout, columns, links) < 0) {
        return -1;
    }
    target->layouts[number - 1] = base;
    return 0;
}

bool tk_py_layout_has_mutable(const tk_layout *layout) {
    return ((const py_layout *)layout)->has_mutable;
}

/* ---- mutable columns ------------------------------------------------------------------------- */

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
    tk_py form = loaded_form(now);
    if (form == NULL || form == O.UNSET_) {
        tk_py_drop(form);
        return form == NULL;
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
    if (loaded == O.UNSET_) {
        return false;
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

static takeo_status mark_if_changed(const tk_layout *layout, const tk_step *step, void *object,
                                    tk_holder *holder, tk_error *error) {
    const tk_py_field *field = step->aux;
    tk_py loaded = TK_PY_SLOT(object, field->loaded_offset);
    if (loaded == NULL || TK_PY_SLOT(object, step->offset) == NULL) {
        return TAKEO_DONE;
    }
    P.Py_IncRef(loaded);
    takeo_cell now;
    takeo_status status = get_value(step, object, &now, holder, error);
    bool is_same = status >= 0 && is_loaded_form(loaded, &now);
    P.Py_DecRef(loaded);
    if (P.PyErr_Occurred()) {
        return TAKEO_EHOST;
    }
    if (status == TAKEO_EINPUT) { /* it did change; what is wrong with it the write says */
        tk_error_clear(error);
        status = TAKEO_DONE;
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
        if (step->put == put_mutable) {
            TK_TRY(mark_if_changed(layout, step, object, holder, error));
        }
    }
    return TAKEO_DONE;
}
