/* cpython_layout.c - targets and layouts: what the Python package says about where the columns and
 * relations of a class stand, checked and kept as steps.
 *
 * It must not know how values look, and nothing that happens per row.
 */
#include "host/cpython_int.h"

typedef struct py_layout {
    tk_layout base;
    tk_py_field *fields; /* fields[column - 1] */
    bool has_mutable;
} py_layout;

tk_py_field *tk_py_step_field(const tk_step *step) {
    return (tk_py_field *)step->aux;
}

bool tk_py_layout_has_mutable(const tk_layout *layout) {
    return ((const py_layout *)layout)->has_mutable;
}

/* ---- targets --------------------------------------------------------------------------------- */

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

/* ---- layouts --------------------------------------------------------------------------------- */

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
    step->put = part != 0                   ? tk_py_put_part
                : field->loaded_offset != 0 ? tk_py_put_mutable
                                            : tk_py_put_value;
    step->get = field->loaded_offset != 0 ? tk_py_get_mutable : tk_py_get_value;
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
