/* struct_object.c - objects of C structs: made in the holder's arena, joined by pointers and lists.
 *
 * Nobody counts references here: an object lives as long as the memory of the rows it came with.
 * It must not know columns.
 */
#include "host/struct_int.h"

typedef struct block { /* host_data of a twin made by tk_struct_block */
    char *next;
    char *end;
} block;

static tk_link_place *place_of(const tk_layout *layout, const tk_relation *relation) {
    tk_link_place *place = &layout->links[relation->number - 1];
    return place->is_there ? place : NULL;
}

/* A CELL says for itself that nothing was read into it: zeroed it would say NULL. */
static void unset_cells(const tk_layout *layout, void *object) {
    for (uint32_t i = 0; i < layout->step_count; i++) {
        const tk_step *step = &layout->steps[i];
        if (step->put != NULL && step->kind == TAKEO_FIELD_CELL) {
            ((takeo_cell *)((char *)object + step->offset))->flags = TAKEO_CELL_UNSET;
        }
    }
}

static takeo_status make(const tk_layout *layout, tk_holder *holder, void **out, tk_error *error) {
    block *from = layout->host_data;
    void *object = NULL;
    if (from != NULL && from->next < from->end) {
        object = from->next;
        from->next += layout->object_size;
    } else {
        object = tk_arena_array(holder->arena, 1, layout->object_size);
    }
    if (object == NULL) {
        return tk_raise_memory(error);
    }
    if (layout->has_cells) {
        unset_cells(layout, object);
    }
    uint64_t *state = tk_layout_state(layout, object);
    if (state != NULL) {
        state[0] = 1;
    }
    *out = object;
    return TAKEO_DONE;
}

takeo_status tk_struct_block(const tk_layout *layout, uint32_t count, tk_arena *arena,
                             const tk_layout **out, void **out_objects, tk_error *error) {
    tk_layout *twin = tk_arena_take(arena, sizeof *twin);
    block *from = tk_arena_take(arena, sizeof *from);
    char *objects = tk_arena_array(arena, count, layout->object_size);
    if (twin == NULL || from == NULL || objects == NULL) {
        return tk_raise_memory(error);
    }
    *from = (block){objects, objects + (size_t)count * layout->object_size};
    *twin = *layout;
    twin->host_data = from;
    *out = twin;
    *out_objects = objects;
    return TAKEO_DONE;
}

static takeo_status link_one(const tk_layout *layout, const tk_relation *relation, void *object,
                             void *other, tk_holder *holder, tk_error *error) {
    (void)holder;
    (void)error;
    const tk_link_place *place = place_of(layout, relation);
    if (place != NULL) {
        *(void **)((char *)object + place->offset) = other;
        if (place->null_at != 0) {
            ((uint8_t *)object)[place->null_at] = other == NULL;
        }
    }
    return TAKEO_DONE;
}

static takeo_status link_many(const tk_layout *layout, const tk_relation *relation, void *object,
                              void *const *members, uint32_t count, tk_holder *holder,
                              tk_error *error) {
    const tk_link_place *place = place_of(layout, relation);
    if (place == NULL) {
        return TAKEO_DONE;
    }
    void **items = tk_arena_array(holder->arena, count, sizeof(void *));
    if (items == NULL) {
        return tk_raise_memory(error);
    }
    if (count != 0) {
        memcpy(items, members, count * sizeof(void *));
    }
    *(takeo_list *)((char *)object + place->offset) =
        (takeo_list){.items = items,
                     .count = count,
                     .entity = relation->target->number,
                     .flags = TAKEO_LIST_LOADED};
    return TAKEO_DONE;
}

/* Does some other field hold the key?  Then it speaks, and a NULL pointer says nothing. */
static bool has_key_field(const tk_layout *layout, const tk_relation *relation) {
    for (uint32_t i = 0; i < relation->column_count; i++) {
        if (layout->steps[relation->columns[i]->number - 1].put != NULL) {
            return true;
        }
    }
    return false;
}

/* Was the relation given, as the bits of its key columns say? */
static bool is_given(const tk_layout *layout, const tk_relation *relation, void *object) {
    const uint64_t *state = tk_layout_state(layout, object);
    if (state == NULL) {
        return true;
    }
    uint64_t any = 0;
    for (uint32_t i = 0; i < layout->state_words; i++) {
        any |= state[i];
    }
    for (uint32_t i = 0; i < relation->column_count; i++) {
        uint32_t bit = layout->bits[relation->columns[i]->number - 1];
        if ((state[bit / 64] >> bit % 64 & 1) != 0) {
            return true;
        }
    }
    return any == 0; /* a new object without any bits: all of it was given */
}

static int peek_one(const tk_layout *layout, const tk_relation *relation, void *object,
                    void **out_other) {
    const tk_link_place *place = place_of(layout, relation);
    if (place == NULL) {
        return TK_LINK_UNSET;
    }
    void *other = *(void **)((char *)object + place->offset);
    if (other != NULL) {
        *out_other = other;
        return TK_LINK_OBJECT;
    }
    if (place->null_at != 0 && ((const uint8_t *)object)[place->null_at] != 0) {
        return TK_LINK_NONE;
    }
    return !has_key_field(layout, relation) && is_given(layout, relation, object) ? TK_LINK_NONE
                                                                                  : TK_LINK_UNSET;
}

static int64_t peek_many(const tk_layout *layout, const tk_relation *relation, void *object,
                         void ***out_members, tk_holder *holder, tk_error *error) {
    const tk_link_place *place = place_of(layout, relation);
    const takeo_list *list =
        place != NULL ? (const takeo_list *)((char *)object + place->offset) : NULL;
    if (list == NULL || (list->flags & TAKEO_LIST_LOADED) == 0) {
        return -1;
    }
    if (list->stride == 0) {
        *out_members = list->items;
        return list->count;
    }
    void **members = tk_arena_array(holder->arena, list->count, sizeof(void *));
    if (members == NULL) {
        tk_raise_memory(error);
        return TAKEO_ENOMEM;
    }
    for (uint32_t i = 0; i < list->count; i++) {
        members[i] = (char *)list->items + (size_t)i * list->stride;
    }
    *out_members = members;
    return list->count;
}

static void free_target(tk_target *target) {
    tk_alloc alloc = target->alloc;
    tk_model_drop(target->model);
    tk_arena_done(&target->arena);
    tk_mem_free(&alloc, target, sizeof *target);
}

static void nothing(tk_holder *holder) {
    (void)holder;
}

const tk_host tk_struct_host = {
    .name = "struct",
    .make = make,
    .fill = tk_fill_by_steps,
    .link_one = link_one,
    .link_many = link_many,
    .peek_one = peek_one,
    .peek_many = peek_many,
    .settle = nothing,
    .release = nothing,
    .free_target = free_target,
};
