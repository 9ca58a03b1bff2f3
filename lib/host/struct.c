/* struct.c - targets of C structs: definitions in, layouts out, all findings in one report.
 *
 * It knows which kind of field holds which columns, sizes and offsets.  How a field is read and
 * written is struct_field.c's business, objects and relations are struct_object.c's.
 */
#include "host/struct_int.h"

enum { FINDING_MAX = 200, FINDING_LEN = 400, OBJECT_MAX = 64 * 1024 * 1024 };

typedef struct maker { /* one pass over a definition */
    tk_target *target;
    const takeo_target_def *def;
    tk_error *error;
    uint32_t findings;
    /* the layout at work */
    const takeo_layout_def *layout_def;
    tk_layout *layout;
    uint32_t place; /* of the field at work, from 1 */
    bool has_no_memory;
} maker;

static const takeo_layout_def *layout_def_at(const takeo_target_def *def, uint32_t i) {
    return (const takeo_layout_def *)((const char *)def->layouts + (size_t)i * def->layout_size);
}

static const takeo_field_def *field_def_at(const takeo_layout_def *def, uint32_t i) {
    return (const takeo_field_def *)((const char *)def->fields + (size_t)i * def->field_size);
}

static void find(maker *at, const char *field, const char *format, ...) TK_PRINTF(3, 4);

static void find(maker *at, const char *field, const char *format, ...) {
    if (++at->findings > FINDING_MAX) {
        return;
    }
    va_list args;
    va_start(args, format);
    tk_buf buf;
    tk_buf_init(&buf, at->target->alloc, FINDING_LEN);
    tk_buf_vprintf(&buf, format, args);
    va_end(args);
    const tk_entity *entity = at->layout != NULL ? at->layout->entity : NULL;
    const char *owner = entity != NULL ? entity->name.data : "rows of any statement";
    tk_raise(at->error, TK_MODEL_INVALID, "layout of %s, field %u: %s", owner, at->place,
             buf.failed || buf.data == NULL ? "is wrong" : buf.data);
    if (entity != NULL) {
        TK_SET(at->error, entity, "%s", entity->name.data);
    }
    if (field != NULL) {
        TK_SET(at->error, field, "%s", field);
    }
    tk_buf_done(&buf);
}

/* ---- fields ---------------------------------------------------------------------------------- */

/* Does the field lie inside the object, at a place where its type may stand? */
static bool check_place(maker *at, const takeo_field_def *def, const tk_struct_kind *kind,
                        const char *name) {
    uint32_t size = kind->size != 0 ? kind->size : def->size;
    bool is_good = true;
    if (kind->size != 0 && def->size != 0 && def->size != kind->size) {
        find(at, name, "%s takes %u bytes, not %u", kind->name, kind->size, def->size);
        is_good = false;
    }
    if (size == 0) {
        find(at, name, "%s needs its size", kind->name);
        is_good = false;
    }
    if ((uint64_t)def->offset + size > at->layout_def->object_size) {
        find(at, name, "it ends at byte %llu of an object of %u",
             (unsigned long long)def->offset + size, at->layout_def->object_size);
        is_good = false;
    }
    if (def->offset % kind->alignment != 0) {
        find(at, name, "%s cannot stand at offset %u", kind->name, def->offset);
        is_good = false;
    }
    if (def->null_at != 0 && def->null_at >= at->layout_def->object_size) {
        find(at, name, "its NULL mark at %u lies outside the object of %u bytes", def->null_at,
             at->layout_def->object_size);
        is_good = false;
    }
    if (def->reserved != 0) {
        find(at, name, "reserved is %u, not 0", def->reserved);
        is_good = false;
    }
    return is_good;
}

static void check_chars(maker *at, const takeo_field_def *def, const tk_column *column) {
    if (def->kind == TAKEO_FIELD_CHARS && column->length != 0 && def->size <= column->length) {
        find(at, column->name.data, "%u bytes cannot hold %u characters and a zero byte", def->size,
             column->length);
    }
}

static void fill_step(tk_step *step, const takeo_field_def *def, const tk_struct_kind *kind) {
    step->offset = def->offset;
    step->size = kind->size != 0 ? kind->size : def->size;
    step->null_at = def->null_at;
    step->kind = def->kind;
    step->put = kind->put;
}

static void add_plain(maker *at, const takeo_field_def *def, const tk_struct_kind *kind) {
    if (def->ref == 0 || def->ref > TK_COLUMN_MAX) {
        find(at, NULL, "result columns count from 1 to %d; this is %u", TK_COLUMN_MAX, def->ref);
        return;
    }
    tk_step *step = &at->layout->steps[def->ref - 1];
    if (step->put != NULL) {
        find(at, NULL, "result column %u has a field already", def->ref);
        return;
    }
    if (check_place(at, def, kind, NULL)) {
        fill_step(step, def, kind);
    }
}

static bool is_generated_key(const tk_column *column) {
    return column->is_key && column->generated >= TAKEO_GENERATED_IDENTITY
           && column->generated <= TAKEO_GENERATED_UUID4;
}

static void add_column(maker *at, const takeo_field_def *def, const tk_struct_kind *kind) {
    const tk_entity *entity = at->layout->entity;
    const tk_column *column = tk_entity_column(entity, def->ref);
    if (column == NULL) {
        find(at, NULL, "%s has columns 1 to %u, not %u", entity->name.data, entity->column_count,
             def->ref);
        return;
    }
    const char *name = column->name.data;
    tk_step *step = &at->layout->steps[column->number - 1];
    if (step->put != NULL) {
        find(at, name, "%s has a field already", name);
        return;
    }
    if (!kind->can_hold(column)) {
        find(at, name, "%s cannot hold %s of type %s", kind->name, name,
             tk_type_name(column->type));
        return;
    }
    if (!check_place(at, def, kind, name)) {
        return;
    }
    check_chars(at, def, column);
    tk_struct_info *info = tk_arena_array(&at->target->arena, 1, sizeof *info);
    if (info == NULL) {
        at->has_no_memory = true;
        return;
    }
    info->layout = at->layout;
    info->zero_is_unset = is_generated_key(column);
    fill_step(step, def, kind);
    at->layout->has_cells |= def->kind == TAKEO_FIELD_CELL;
    step->get = kind->get;
    step->aux = info;
    step->accept = tk_accept_column(column);
    step->accept.is_nullable |= info->zero_is_unset; /* NULL there means: not made yet */
}

static bool has_layout(const takeo_target_def *def, uint32_t entity) {
    for (uint32_t i = 0; i < def->layout_count; i++) {
        if (layout_def_at(def, i)->entity == entity) {
            return true;
        }
    }
    return false;
}

static void add_link(maker *at, const takeo_field_def *def, const tk_struct_kind *kind) {
    const tk_entity *entity = at->layout->entity;
    const tk_relation *relation = entity != NULL ? tk_entity_relation(entity, def->ref) : NULL;
    if (relation == NULL) {
        find(at, NULL, "%u is no relation%s%s", def->ref, entity != NULL ? " of " : "",
             entity != NULL ? entity->name.data : "");
        return;
    }
    const char *name = relation->name.data;
    tk_link_place *link = &at->layout->links[relation->number - 1];
    if (link->is_there) {
        find(at, name, "%s has a field already", name);
        return;
    }
    if (relation->is_to_one != (def->kind == TAKEO_FIELD_TO_ONE)) {
        find(at, name, "%s leads to %s, so its kind is %s", name,
             relation->is_to_one ? "one" : "many", relation->is_to_one ? "TO_ONE" : "TO_MANY");
        return;
    }
    if (!has_layout(at->def, relation->target->number)) {
        find(at, name, "the target has no layout of %s", relation->target->name.data);
        return;
    }
    if (check_place(at, def, kind, name)) {
        link->is_there = true;
        link->offset = def->offset;
        link->null_at = def->null_at;
    }
}

static void add_state(maker *at, const takeo_field_def *def, const tk_struct_kind *kind) {
    const tk_entity *entity = at->layout->entity;
    if (entity == NULL || def->ref != 0 || at->layout->state_words != 0) {
        find(at, NULL, "a STATE stands once in the layout of an entity, with ref 0");
        return;
    }
    if (def->size == 0 || def->size % sizeof(uint64_t) != 0
        || (uint64_t)def->size * 8 <= entity->column_count) {
        find(at, NULL, "a STATE of %u bytes has not one bit for each of %u columns and one more",
             def->size, entity->column_count);
        return;
    }
    if (check_place(at, def, kind, NULL)) {
        at->layout->state_offset = def->offset;
        at->layout->state_words = def->size / (uint32_t)sizeof(uint64_t);
    }
}

static void add_field(maker *at, const takeo_field_def *def) {
    const tk_struct_kind *kind = tk_struct_kind_of(def->kind);
    if (kind == NULL) {
        find(at, NULL, "%u is no kind of field", def->kind);
    } else if (def->kind == TAKEO_FIELD_STATE) {
        add_state(at, def, kind);
    } else if (def->kind == TAKEO_FIELD_TO_ONE || def->kind == TAKEO_FIELD_TO_MANY) {
        add_link(at, def, kind);
    } else if (at->layout->entity == NULL) {
        add_plain(at, def, kind);
    } else {
        add_column(at, def, kind);
    }
}

/* ---- layouts --------------------------------------------------------------------------------- */

/* A pointer beside a key column has the say: note where those pointers are. */
static bool join_links(maker *at) {
    tk_layout *layout = at->layout;
    tk_arena *arena = &at->target->arena;
    for (uint32_t c = 0; c < layout->step_count; c++) {
        tk_struct_info *info = (tk_struct_info *)(uintptr_t)layout->steps[c].aux;
        if (info == NULL) {
            continue;
        }
        info->link_places = tk_arena_array(arena, layout->entity->relation_count, sizeof(uint32_t));
        if (info->link_places == NULL) {
            return false;
        }
        for (uint32_t r = 0; r < layout->entity->relation_count; r++) {
            const tk_relation *relation = &layout->entity->relations[r];
            bool is_key = false;
            for (uint32_t i = 0; relation->owns_key && i < relation->column_count; i++) {
                is_key |= relation->columns[i]->number == c + 1;
            }
            if (is_key && layout->links[r].is_there) {
                info->link_places[info->link_count++] = layout->links[r].offset;
            }
        }
    }
    return true;
}

static uint32_t most_ref(const takeo_layout_def *def) {
    uint32_t most = 0;
    for (uint32_t i = 0; i < def->field_count; i++) {
        uint32_t ref = field_def_at(def, i)->ref;
        most = ref > most && ref <= TK_COLUMN_MAX ? ref : most;
    }
    return most;
}

/* Memory of a layout, with a step for each column and a place for each relation. */
static tk_layout *new_layout(maker *at, const tk_entity *entity) {
    tk_arena *arena = &at->target->arena;
    tk_layout *layout = tk_arena_array(arena, 1, sizeof *layout);
    if (layout == NULL) {
        return NULL;
    }
    layout->target = at->target;
    layout->entity = entity;
    layout->object_size = at->layout_def->object_size;
    layout->step_count = entity != NULL ? entity->column_count : most_ref(at->layout_def);
    uint32_t link_count = entity != NULL ? entity->relation_count : 0;
    layout->steps = tk_arena_array(arena, layout->step_count, sizeof *layout->steps);
    layout->links = tk_arena_array(arena, link_count, sizeof *layout->links);
    layout->bits = tk_arena_array(arena, layout->step_count, sizeof *layout->bits);
    if (layout->steps == NULL || layout->links == NULL || layout->bits == NULL) {
        return NULL;
    }
    for (uint32_t i = 0; i < layout->step_count; i++) {
        layout->bits[i] = (uint16_t)(i + 1);
        layout->steps[i].column = entity != NULL ? &entity->columns[i] : NULL;
        layout->steps[i].cell = i;
    }
    for (uint32_t i = 0; i < link_count; i++) {
        layout->links[i].relation = &entity->relations[i];
    }
    return layout;
}

static bool is_zero(const void *from, const void *to) {
    for (const char *at = from; at < (const char *)to; at++) {
        if (*at != 0) {
            return false;
        }
    }
    return true;
}

/* Elements of a later level are taken when what we do not know says nothing. */
static takeo_status check_fields(maker *at) {
    const takeo_layout_def *def = at->layout_def;
    if (def->field_count != 0
        && (def->fields == NULL || def->field_size < sizeof(takeo_field_def))) {
        return tk_raise(at->error, TK_CALL_INVALID, "field_size is %u, which is no takeo_field_def",
                        def->field_size);
    }
    for (uint32_t i = 0; i < def->field_count; i++) {
        const takeo_field_def *field = field_def_at(def, i);
        if (!is_zero(field + 1, (const char *)field + def->field_size)) {
            return tk_raise(at->error, TK_CALL_UNSUPPORTED,
                            "a field uses what this version of the library does not know");
        }
    }
    return TAKEO_DONE;
}

/* The entity of the layout at work; false when it is none, or has a layout already. */
static bool find_entity(maker *at, const tk_entity **out) {
    uint32_t number = at->layout_def->entity;
    tk_target *target = at->target;
    *out = NULL;
    at->layout = NULL;
    at->place = 0;
    if (number == 0) {
        if (target->plain != NULL) {
            find(at, NULL, "a target has one layout for rows of any statement");
        }
        return target->plain == NULL;
    }
    *out = target->model != NULL ? tk_model_entity(target->model, number) : NULL;
    if (*out == NULL) {
        find(at, NULL, "the model has no entity %u", number);
    } else if (target->layouts[number - 1] != NULL) {
        find(at, NULL, "%s has a layout already", (*out)->name.data);
        return false;
    }
    return *out != NULL;
}

static takeo_status add_layout(maker *at) {
    const tk_entity *entity;
    TK_TRY(check_fields(at));
    if (!find_entity(at, &entity)) {
        return TAKEO_DONE;
    }
    at->layout = new_layout(at, entity);
    if (at->layout == NULL) {
        return tk_raise_memory(at->error);
    }
    if (at->layout_def->object_size == 0 || at->layout_def->object_size > OBJECT_MAX) {
        find(at, NULL, "an object has %u bytes", at->layout_def->object_size);
    }
    for (uint32_t i = 0; i < at->layout_def->field_count; i++) {
        at->place = i + 1;
        add_field(at, field_def_at(at->layout_def, i));
    }
    if (at->has_no_memory || !join_links(at)) {
        return tk_raise_memory(at->error);
    }
    if (entity != NULL) {
        at->target->layouts[entity->number - 1] = at->layout;
    } else {
        at->target->plain = at->layout;
    }
    return TAKEO_DONE;
}

/* ---- targets --------------------------------------------------------------------------------- */

static takeo_status fill_target(maker *at) {
    const takeo_target_def *def = at->def;
    tk_target *target = at->target;
    target->layout_count = target->model != NULL ? target->model->entity_count : 0;
    target->layouts = tk_arena_array(&target->arena, target->layout_count, sizeof(tk_layout *));
    if (target->layouts == NULL) {
        return tk_raise_memory(at->error);
    }
    for (uint32_t i = 0; i < def->layout_count; i++) {
        at->layout_def = layout_def_at(def, i);
        if (!is_zero(at->layout_def + 1, (const char *)at->layout_def + def->layout_size)) {
            return tk_raise(at->error, TK_CALL_UNSUPPORTED,
                            "a layout uses what this version of the library does not know");
        }
        TK_TRY(add_layout(at));
    }
    if (at->findings != 0) {
        return at->error != NULL && at->error->first != NULL ? at->error->first->status
                                                             : TAKEO_EMAPPING;
    }
    return TAKEO_DONE;
}

takeo_status tk_target_new(tk_model *model, const takeo_target_def *def, tk_target **out,
                           tk_error *error) {
    if (def->layout_count != 0
        && (def->layouts == NULL || def->layout_size < sizeof(takeo_layout_def))) {
        return tk_raise(error, TK_CALL_INVALID, "layout_size is %u, which is no takeo_layout_def",
                        def->layout_size);
    }
    if (model != NULL && !model->is_frozen) {
        return tk_raise(error, TK_CALL_STATE, "a target needs a model that is frozen");
    }
    tk_alloc alloc = model != NULL ? model->alloc : tk_alloc_default;
    tk_target *target = tk_mem_new(&alloc, sizeof *target);
    if (target == NULL) {
        return tk_raise_memory(error);
    }
    target->host = &tk_struct_host;
    target->alloc = alloc;
    target->references = 1;
    target->model = model != NULL ? tk_model_hold(model) : NULL;
    tk_arena_init(&target->arena, alloc);
    maker at = {.target = target, .def = def, .error = error};
    takeo_status status = fill_target(&at);
    if (status < 0) {
        tk_target_drop(target);
        return status;
    }
    *out = target;
    return TAKEO_DONE;
}
