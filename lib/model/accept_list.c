/* accept_list.c - which values fit arrays, ranges, sets, maps and composites.
 *
 * Elements go through the rules of their own types; a refusal says which element it was.  Depth is
 * bounded, so no list can be too deep for the stack.
 */
#include "model/accept_int.h"

/* An array while it is taken: the lengths of its levels, from outside in. */
typedef struct shape {
    size_t lengths[TK_DIMENSION_MAX + 1];
    bool is_known[TK_DIMENSION_MAX + 1];
    takeo_type type; /* of the elements, where no type was asked for */
} shape;

/* ---- shared ---------------------------------------------------------------------------------- */

static tk_accept element_accept(const tk_fit *fit, takeo_type type) {
    tk_accept element = *fit->accept;
    const tk_type_info *info = tk_type_info_of(type);
    element.type = type;
    element.element = TAKEO_TYPE_NONE;
    element.dimensions = 0;
    element.is_nullable = true;
    element.min = info != NULL ? info->min : 0;
    element.max = info != NULL ? info->max : 0;
    return element;
}

static takeo_cell *take_cells(const tk_fit *fit, size_t count) {
    return tk_arena_array(fit->arena, count, sizeof(takeo_cell));
}

static takeo_status give_list(const tk_fit *fit, const takeo_cell *cells, size_t count) {
    takeo_cell taken = {.type = fit->accept->type, .flags = fit->in->flags};
    taken.v.list.cells = cells;
    taken.v.list.count = count;
    return tk_fit_give(fit, taken);
}

void tk_accept_name_element(tk_error *error, size_t index) {
    takeo_text told = tk_error_last(error)->message;
    TK_SET(error, message, "element %zu: %.*s", index + 1, (int)told.len, told.data);
}

static takeo_status name_element(const tk_fit *fit, size_t index, takeo_status status) {
    if (fit->error != NULL && status != TAKEO_ENOMEM) {
        tk_accept_name_element(fit->error, index);
    }
    return status;
}

/* Such a list may contain itself: it is not shown. */
static takeo_status refuse_depth(const tk_fit *fit) {
    takeo_status status = tk_raise(fit->error, TK_INPUT_FORM,
                                   "the value has lists nested more than %d deep", TK_DEPTH_MAX);
    tk_fit_set_place(fit);
    return status;
}

static takeo_status fit_element(const tk_fit *fit, const tk_accept *accept, size_t index,
                                takeo_cell *out) {
    tk_fit element = {accept,        &fit->in->v.list.cells[index], out, fit->arena, fit->error,
                      fit->depth + 1};
    if (element.depth > TK_DEPTH_MAX) {
        return refuse_depth(fit);
    }
    takeo_status status = tk_fit_cell(&element);
    return status < 0 ? name_element(fit, index, status) : status;
}

static takeo_status fit_elements(const tk_fit *fit, const tk_accept *accept) {
    size_t count = fit->in->v.list.count;
    takeo_cell *cells = take_cells(fit, count);
    if (cells == NULL) {
        return tk_raise_memory(fit->error);
    }
    for (size_t i = 0; i < count; i++) {
        TK_TRY(fit_element(fit, accept, i, &cells[i]));
    }
    return give_list(fit, cells, count);
}

static takeo_status refuse_element(const tk_fit *fit, const tk_accept *accept, size_t index,
                                   const char *what) {
    tk_fit element = *fit;
    element.accept = accept;
    element.in = &fit->in->v.list.cells[index];
    return name_element(fit, index, tk_fit_refuse(&element, TK_INPUT_FORM, "%s", what));
}

/* ---- arrays ---------------------------------------------------------------------------------- */

static takeo_status fit_level(const tk_fit *fit, const tk_accept *element, shape *form,
                              uint32_t level);

/* One element of an array: a value on the innermost level, an array above it. */
static takeo_status fit_member(const tk_fit *fit, const tk_accept *accept, shape *form,
                               uint32_t level, size_t index, takeo_cell *out) {
    const takeo_cell *in = &fit->in->v.list.cells[index];
    uint32_t levels = fit->accept->dimensions;
    bool is_array = in->type == TAKEO_TYPE_ARRAY && !tk_cell_is_null(in);
    if (levels != 0 && is_array != (level < levels)) {
        return refuse_element(fit, accept, index,
                              is_array ? "is one level too deep" : "stands where a list belongs");
    }
    if (is_array) {
        tk_fit inner = {fit->accept, in, out, fit->arena, fit->error, fit->depth + 1};
        takeo_status status = fit_level(&inner, accept, form, level + 1);
        return status < 0 ? name_element(fit, index, status) : status;
    }
    if (accept->type == TAKEO_TYPE_NONE && !tk_cell_is_null(in)) {
        form->type = form->type != TAKEO_TYPE_NONE ? form->type : in->type;
        if (in->type != form->type) {
            return refuse_element(fit, accept, index,
                                  "is of another type than the elements before");
        }
    }
    return fit_element(fit, accept, index, out);
}

static takeo_status fit_level(const tk_fit *fit, const tk_accept *element, shape *form,
                              uint32_t level) {
    size_t count = fit->in->v.list.count;
    if (level > TK_DIMENSION_MAX) {
        return tk_fit_refuse(fit, TK_INPUT_FORM, "has more than %d dimensions", TK_DIMENSION_MAX);
    }
    if (fit->in->v.list.cells == NULL && count > 0) {
        return tk_fit_refuse_unsound(fit);
    }
    if (form->is_known[level] && form->lengths[level] != count) {
        return tk_fit_refuse(fit, TK_INPUT_FORM, "has %zu elements, its neighbours %zu", count,
                             form->lengths[level]);
    }
    form->is_known[level] = true;
    form->lengths[level] = count;
    takeo_cell *cells = take_cells(fit, count);
    if (cells == NULL) {
        return tk_raise_memory(fit->error);
    }
    for (size_t i = 0; i < count; i++) {
        bool is_array = fit->in->v.list.cells[i].type == TAKEO_TYPE_ARRAY;
        bool was_array = i > 0 && fit->in->v.list.cells[i - 1].type == TAKEO_TYPE_ARRAY;
        if (i > 0 && is_array != was_array) {
            return refuse_element(fit, element, i, "is not like the elements before");
        }
        TK_TRY(fit_member(fit, element, form, level, i, &cells[i]));
    }
    return give_list(fit, cells, count);
}

takeo_status tk_fit_array(const tk_fit *fit) {
    if (fit->in->type != TAKEO_TYPE_ARRAY) {
        return tk_fit_refuse_type(fit);
    }
    tk_accept element = element_accept(fit, fit->accept->element);
    shape form = {.type = TAKEO_TYPE_NONE};
    return fit_level(fit, &element, &form, 1);
}

/* ---- ranges ---------------------------------------------------------------------------------- */

/* Bounds as numbers that can be compared, infinite ones at the ends. */
static int64_t bound_number(const takeo_cell *bound) {
    if ((bound->flags & TAKEO_CELL_INFINITE) != 0) {
        return bound->v.i < 0 ? INT64_MIN : INT64_MAX;
    }
    return bound->v.i;
}

static bool is_above(const takeo_cell *lower, const takeo_cell *upper) {
    if (tk_cell_is_null(lower) || tk_cell_is_null(upper)) {
        return false;
    }
    tk_decimal low;
    tk_decimal high;
    if (lower->type == TAKEO_TYPE_DECIMAL) {
        return tk_decimal_read(lower->v.text.data, lower->v.text.len, &low)
               && tk_decimal_read(upper->v.text.data, upper->v.text.len, &high)
               && tk_decimal_compare(&low, &high) > 0;
    }
    const tk_type_info *info = tk_type_info_of(lower->type);
    return info != NULL && info->form == TK_FORM_INT && bound_number(lower) > bound_number(upper);
}

takeo_status tk_fit_range(const tk_fit *fit) {
    if (fit->in->type != TAKEO_TYPE_RANGE) {
        return tk_fit_refuse_type(fit);
    }
    if ((fit->in->flags & TAKEO_CELL_EMPTY) != 0) {
        takeo_cell empty = {.type = fit->accept->type, .flags = TAKEO_CELL_EMPTY};
        return tk_fit_give(fit, empty);
    }
    if (fit->in->v.list.count != 2) {
        return tk_fit_refuse(fit, TK_INPUT_FORM, "has %zu bounds; a range has two",
                             fit->in->v.list.count);
    }
    tk_accept bound = element_accept(fit, fit->accept->element);
    takeo_cell taken = *fit->in;
    tk_fit bounds = *fit;
    bounds.out = &taken;
    TK_TRY(fit_elements(&bounds, &bound));
    const takeo_cell *cells = taken.v.list.cells;
    bool is_mixed = !tk_cell_is_null(&cells[0]) && !tk_cell_is_null(&cells[1])
                    && cells[0].type != cells[1].type;
    if (is_mixed || is_above(&cells[0], &cells[1])) {
        return tk_fit_refuse(fit, TK_INPUT_FORM,
                             is_mixed ? "has bounds of two types"
                                      : "has its lower bound above the upper one");
    }
    /* What has no end has none that belongs to it. */
    taken.flags |= tk_cell_is_null(&cells[0]) ? TAKEO_CELL_LOWER_OPEN : 0;
    taken.flags |= tk_cell_is_null(&cells[1]) ? TAKEO_CELL_UPPER_OPEN : 0;
    return tk_fit_give(fit, taken);
}

takeo_status tk_fit_multirange(const tk_fit *fit) {
    if (fit->in->type != TAKEO_TYPE_MULTIRANGE) {
        return tk_fit_refuse_type(fit);
    }
    tk_accept range = *fit->accept;
    range.type = TAKEO_TYPE_RANGE;
    range.is_nullable = false;
    return fit_elements(fit, &range);
}

/* ---- sets, maps, composites ------------------------------------------------------------------ */

takeo_status tk_fit_composite(const tk_fit *fit) {
    if (fit->in->type != TAKEO_TYPE_COMPOSITE) {
        return tk_fit_refuse_type(fit);
    }
    tk_accept field = element_accept(fit, TAKEO_TYPE_NONE);
    return fit_elements(fit, &field);
}

takeo_status tk_fit_hstore(const tk_fit *fit) {
    size_t count = fit->in->v.list.count;
    if (fit->in->type != TAKEO_TYPE_HSTORE) {
        return tk_fit_refuse_type(fit);
    }
    if (count % 2 != 0) {
        return tk_fit_refuse(fit, TK_INPUT_FORM, "has a key without a value");
    }
    tk_accept value = element_accept(fit, TAKEO_TYPE_TEXT);
    tk_accept key = value;
    key.is_nullable = false;
    takeo_cell *cells = take_cells(fit, count);
    if (cells == NULL) {
        return tk_raise_memory(fit->error);
    }
    for (size_t i = 0; i < count; i++) {
        TK_TRY(fit_element(fit, i % 2 == 0 ? &key : &value, i, &cells[i]));
    }
    return give_list(fit, cells, count);
}

takeo_status tk_fit_set(const tk_fit *fit) {
    if (fit->in->type != TAKEO_TYPE_SET) {
        return tk_fit_refuse_type(fit);
    }
    tk_accept label = element_accept(fit, TAKEO_TYPE_ENUM);
    label.is_nullable = false;
    takeo_cell taken = *fit->in;
    tk_fit labels = *fit;
    labels.out = &taken;
    TK_TRY(fit_elements(&labels, &label));
    const takeo_cell *cells = taken.v.list.cells;
    for (size_t i = 0; i < taken.v.list.count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (tk_cell_equal(&cells[i], &cells[j])) {
                return refuse_element(fit, &label, i, "is there twice");
            }
        }
    }
    return tk_fit_give(fit, taken);
}
