/* plan.c - columns x layouts -> steps: which cell of a row goes into which field of which object.
 *
 * Made once per shape, so that the hot loop has nothing left to decide.  It must not know SQL, nor
 * what a host's objects are.
 */
#include "host/host.h"

static takeo_status raise_no_layout(const tk_shape_part *shape, tk_error *error) {
    const char *name = shape->entity != NULL ? shape->entity->name.data : "rows of any statement";
    takeo_status status = tk_raise(error, TK_INPUT_ENTITY, "the target has no layout of %s", name);
    if (shape->entity != NULL) {
        TK_SET(error, entity, "%s", name);
        TK_SET(error, hint, "add a layout of %s to the target, or run without a target", name);
    }
    return status;
}

static takeo_status raise_no_link(const tk_shape_part *shape, tk_error *error) {
    const tk_relation *relation = shape->relation;
    takeo_status status =
        tk_raise(error, TK_INPUT_ENTITY, "the layout of %s has no field for the relation %s",
                 relation->entity->name.data, relation->name.data);
    TK_SET(error, entity, "%s", relation->entity->name.data);
    TK_SET(error, field, "%s", relation->name.data);
    return status;
}

static const tk_step *step_for(const tk_plan_part *part, uint32_t i) {
    const tk_layout *layout = part->layout;
    uint32_t place = part->shape.entity != NULL ? part->shape.columns[i]->number - 1 : i;
    return place < layout->step_count && layout->steps[place].put != NULL ? &layout->steps[place]
                                                                          : NULL;
}

static bool copy_steps(tk_plan_part *part, tk_arena *arena) {
    part->steps = tk_arena_array(arena, part->shape.column_count, sizeof *part->steps);
    if (part->steps == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < part->shape.column_count; i++) {
        const tk_step *step = step_for(part, i);
        if (step != NULL) {
            part->steps[part->step_count] = *step;
            part->steps[part->step_count++].cell = part->shape.first_cell + i;
        }
    }
    return true;
}

static bool has_key(const tk_plan_part *part) {
    return part->shape.entity != NULL && part->shape.entity->key_count != 0
           && part->shape.key_cells != NULL;
}

/* The same row may come as two parts, as when a manager is among those who are managed.  Parts that
 * read the same columns then share one object. */
static uint32_t find_twin(const tk_plan *plan, uint32_t number) {
    const tk_plan_part *part = &plan->parts[number];
    for (uint32_t i = 0; part->shape.may_repeat && has_key(part) && i < number; i++) {
        const tk_plan_part *other = &plan->parts[i];
        if (other->layout == part->layout && other->shape.may_repeat && number < 64
            && other->shape.column_count == part->shape.column_count
            && memcmp(other->shape.columns, part->shape.columns,
                      part->shape.column_count * sizeof(tk_column *))
                   == 0) {
            return i;
        }
    }
    return number;
}

static takeo_status make_part(tk_plan *plan, uint32_t number, tk_arena *arena, tk_error *error) {
    tk_plan_part *part = &plan->parts[number];
    const tk_shape_part *shape = &part->shape;
    part->layout =
        shape->entity != NULL ? tk_target_layout(plan->target, shape->entity) : plan->target->plain;
    if (part->layout == NULL) {
        return raise_no_layout(shape, error);
    }
    if (shape->parent != 0
        && !plan->parts[shape->parent - 1].layout->links[shape->relation->number - 1].is_there) {
        return raise_no_link(shape, error);
    }
    if (!copy_steps(part, arena)) {
        return tk_raise_memory(error);
    }
    if (!has_key(part)) {
        part->shape.may_repeat = false;
    }
    part->twin = find_twin(plan, number);
    return TAKEO_DONE;
}

takeo_status tk_plan_make(const tk_target *target, const tk_shape_part *parts, uint32_t count,
                          tk_arena *arena, tk_plan *out, tk_error *error) {
    tk_plan plan = {.target = target, .part_count = count};
    plan.parts = tk_arena_array(arena, count, sizeof *plan.parts);
    if (plan.parts == NULL) {
        return tk_raise_memory(error);
    }
    for (uint32_t i = 0; i < count; i++) {
        plan.parts[i].shape = parts[i];
        TK_TRY(make_part(&plan, i, arena, error));
    }
    const tk_shape_part *first = count == 1 ? &plan.parts[0].shape : NULL;
    plan.is_simple =
        first != NULL && !first->may_repeat && !first->is_collected && !first->may_be_missing;
    *out = plan;
    return TAKEO_DONE;
}
