/* registry.c - the life of a model: made, filled with definitions, frozen, shared, freed.
 *
 *     new -> open -- add    -> open      findings: nothing was added
 *            open -- freeze -> frozen    findings: still open, more may be added
 *            frozen -- last drop -> gone
 *
 * It knows the order in which the other files of this room do their work, and none of that work.
 */
#include "model/model_int.h"

static takeo_status read_options(const takeo_model_options *options, takeo_model_options *out,
                                 tk_error *error) {
    TK_TRY(tk_read_struct(out, sizeof *out, options, options->struct_size, sizeof *options,
                          "model options", error));
    if (out->flags != 0 || out->reserved != 0) {
        return tk_raise(error, TK_CALL_UNSUPPORTED,
                        "model options have flags that are unknown (%#x)", out->flags);
    }
    if (out->naming > TAKEO_NAMING_LEGACY) {
        return tk_raise(error, TK_CALL_INVALID, "naming is %u; there is no such strategy",
                        out->naming);
    }
    if (out->naming == TAKEO_NAMING_LEGACY) {
        return tk_raise(error, TK_CALL_UNSUPPORTED, "the naming of TypeORM is not built yet");
    }
    const char *names[] = {out->table_prefix, out->schema};
    for (size_t i = 0; i < TK_COUNT(names); i++) {
        takeo_text name = tk_zstr(names[i]);
        if (name.len > TK_NAME_MAX || (i == 1 && name.data != NULL && name.len == 0)
            || (name.len > 0 && !tk_utf8_is_valid(name.data, name.len))) {
            return tk_raise(error, TK_CALL_INVALID, "%s is empty, too long or not valid UTF-8",
                            i == 0 ? "table_prefix" : "schema");
        }
    }
    return TAKEO_DONE;
}

static bool copy_text(tk_model *model, const char *from, takeo_text *out) {
    if (from == NULL) {
        return true;
    }
    *out = (takeo_text){tk_arena_copy(&model->arena, from, strlen(from)), strlen(from)};
    return out->data != NULL;
}

takeo_status tk_model_new(const takeo_model_options *options, tk_model **out, tk_error *error) {
    takeo_model_options read = {.struct_size = sizeof read};
    if (options != NULL) {
        TK_TRY(read_options(options, &read, error));
    }
    tk_alloc alloc = tk_alloc_from(read.allocator);
    tk_model *model = tk_mem_new(&alloc, sizeof *model);
    if (model == NULL) {
        return tk_raise_memory(error);
    }
    model->alloc = alloc;
    tk_arena_init(&model->arena, alloc);
    tk_map_init(&model->names, alloc);
    model->references = 1;
    model->process_id = tk_process_id();
    model->naming = read.naming;
    if (!copy_text(model, read.table_prefix, &model->table_prefix)
        || !copy_text(model, read.schema, &model->schema)) {
        tk_model_drop(model);
        return tk_raise_memory(error);
    }
    *out = model;
    return TAKEO_DONE;
}

tk_model *tk_model_hold(tk_model *model) {
    __atomic_add_fetch(&model->references, 1, __ATOMIC_RELAXED);
    return model;
}

void tk_model_drop(tk_model *model) {
    if (model == NULL || __atomic_sub_fetch(&model->references, 1, __ATOMIC_ACQ_REL) > 0) {
        return;
    }
    for (uint32_t i = 0; i < model->entity_count; i++) {
        tk_map_done(&model->entities[i]->properties);
        tk_map_done(&model->entities[i]->links);
    }
    tk_map_done(&model->names);
    tk_arena_done(&model->arena);
    tk_alloc alloc = model->alloc;
    tk_mem_free(&alloc, model, sizeof *model);
}

/* ---- adding ---------------------------------------------------------------------------------- */

static uint32_t power_of_two(uint32_t least) {
    uint32_t power = 16;
    while (power < least) {
        power *= 2;
    }
    return power;
}

/* The array has room for a power of two, so that it need not be remembered. */
static bool grow_entities(tk_model *model, uint32_t count) {
    uint32_t wanted = power_of_two(model->entity_count + count);
    if (model->entities != NULL && wanted == power_of_two(model->entity_count)) {
        return true;
    }
    tk_entity **entities = tk_arena_array(&model->arena, wanted, sizeof(tk_entity *));
    if (entities == NULL) {
        return false;
    }
    if (model->entity_count > 0) {
        memcpy(entities, model->entities, model->entity_count * sizeof *entities);
    }
    model->entities = entities;
    return true;
}

static void init_entity(tk_model *model, tk_draft *draft, uint32_t number) {
    tk_entity *entity = &draft->entity;
    entity->number = number;
    entity->model = model;
    entity->name = tk_zstr(draft->def.name);
    entity->flags = draft->def.flags;
    tk_map_init(&entity->properties, model->alloc);
    tk_map_init(&entity->links, model->alloc);
}

static takeo_status append_entities(tk_model *model, const takeo_entity_def *defs, uint32_t count,
                                    tk_error *error) {
    bool has_memory = grow_entities(model, count);
    uint32_t made = 0;
    for (; has_memory && made < count; made++) {
        tk_draft *draft = tk_draft_new(model, &defs[made]);
        if (draft == NULL) {
            break;
        }
        init_entity(model, draft, model->entity_count + made + 1);
        if (!tk_map_put(&model->names, draft->entity.name.data, draft->entity.name.len, draft)) {
            break;
        }
        model->entities[model->entity_count + made] = &draft->entity;
    }
    if (made < count) { /* the copies stay in the arena until the model goes */
        for (uint32_t i = 0; i < made; i++) {
            takeo_text name = model->entities[model->entity_count + i]->name;
            tk_map_remove(&model->names, name.data, name.len);
        }
        return tk_raise_memory(error);
    }
    model->entity_count += count;
    return TAKEO_DONE;
}

static void check_duplicates(tk_report *report, const tk_model *model, const takeo_entity_def *defs,
                             uint32_t count, const tk_alloc *alloc) {
    tk_map seen;
    tk_map_init(&seen, *alloc);
    for (uint32_t i = 0; i < count; i++) {
        const char *name = defs[i].name;
        size_t len = name != NULL ? strlen(name) : 0;
        if (len == 0) {
            continue;
        }
        if (tk_map_get(&seen, name, len) != NULL || tk_map_get(&model->names, name, len) != NULL) {
            tk_report_add(report, name, NULL, "the entity %.80s is declared twice", name);
        } else if (!tk_map_put(&seen, name, len, report)) {
            tk_report_memory(report);
        }
    }
    tk_map_done(&seen);
}

static takeo_status check_open(const tk_model *model, tk_error *error) {
    if (model->process_id != tk_process_id()) {
        return tk_raise(error, TK_CALL_FORKED, "the model was made by process %lld",
                        (long long)model->process_id);
    }
    return TAKEO_DONE;
}

static takeo_status add_entities(tk_model *model, const takeo_entity_def *entities, uint32_t count,
                                 tk_arena *scratch, tk_error *error) {
    takeo_entity_def *defs;
    TK_TRY(tk_read_entities(entities, count, scratch, &defs, error));
    tk_report report = {.error = error};
    check_duplicates(&report, model, defs, count, &scratch->alloc);
    for (uint32_t i = 0; i < count; i++) {
        tk_check_entity(&report, &defs[i], i + 1, scratch);
    }
    if (report.status < 0) {
        return report.status;
    }
    return append_entities(model, defs, count, error);
}

takeo_status tk_model_add(tk_model *model, const takeo_entity_def *entities, uint32_t count,
                          tk_error *error) {
    TK_TRY(check_open(model, error));
    if (model->is_frozen) {
        return tk_raise(error, TK_CALL_STATE, "the model is frozen; nothing can be added");
    }
    if (count == 0) {
        return TAKEO_DONE;
    }
    if (entities == NULL) {
        return tk_raise(error, TK_CALL_INVALID, "entities is NULL, but count is %u", count);
    }
    if (count > TK_ENTITY_MAX - model->entity_count) {
        return tk_raise(error, TK_CALL_INVALID, "a model has at most %d entities", TK_ENTITY_MAX);
    }
    tk_arena scratch;
    tk_arena_init(&scratch, model->alloc);
    takeo_status status = add_entities(model, entities, count, &scratch, error);
    tk_arena_done(&scratch);
    return status;
}

takeo_status tk_model_freeze(tk_model *model, tk_error *error) {
    TK_TRY(check_open(model, error));
    if (model->is_frozen) {
        return TAKEO_DONE;
    }
    tk_report report = {.error = error};
    if (!tk_prepare_model(model, &report) || !tk_resolve_model(model, &report)
        || !tk_index_model(model, &report) || !tk_verify_model(model, &report)) {
        return tk_raise_memory(error);
    }
    if (report.status < 0) {
        return report.status;
    }
    if (!tk_describe_model(model)) {
        return tk_raise_memory(error);
    }
    model->is_frozen = true;
    return TAKEO_DONE;
}
