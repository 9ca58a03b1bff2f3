/* prepare.c - the first part of freeze: each draft becomes an entity with its own names.
 *
 * It knows an entity's definition and which entities there are.  Keys of relations, which need
 * other entities' columns, are resolve.c's; here they get their room.
 */
#include "model/model_int.h"

static bool is_to_one(const takeo_relation_def *def) {
    return def->kind == TAKEO_RELATION_MANY_TO_ONE || def->kind == TAKEO_RELATION_ONE_TO_ONE;
}

/* How many columns the primary key of an entity can have, before relations are resolved. */
static uint32_t key_size(const tk_entity *entity) {
    const takeo_entity_def *def = &tk_draft_of(entity)->def;
    uint32_t size = 0;
    for (uint32_t i = 0; i < def->relation_count; i++) {
        if ((def->relations[i].flags & TAKEO_RELATION_FLAG_PRIMARY) != 0) {
            return TK_KEY_MAX;
        }
    }
    for (uint32_t i = 0; i < def->column_count; i++) {
        size += (def->columns[i].flags & TAKEO_COLUMN_PRIMARY) != 0;
    }
    return size;
}

/* Room for the declared columns and those that relations can add. */
static uint32_t count_columns(const tk_model *model, const takeo_entity_def *def) {
    uint32_t count = def->column_count;
    for (uint32_t i = 0; i < def->relation_count; i++) {
        const takeo_relation_def *relation = &def->relations[i];
        takeo_text target = tk_zstr(relation->target);
        const tk_entity *entity = tk_model_find_entity(model, target.data, target.len);
        if (is_to_one(relation) && entity != NULL) {
            count += relation->key_count != 0 ? relation->key_count : key_size(entity);
        }
    }
    return count;
}

static bool name_table(tk_model *model, tk_draft *draft, tk_report *report) {
    const takeo_entity_def *def = &draft->def;
    tk_entity *entity = &draft->entity;
    takeo_text table =
        def->table != NULL ? tk_zstr(def->table) : tk_naming_word(model, entity->name);
    const char *prefix = model->table_prefix.data != NULL ? model->table_prefix.data : "";
    if (table.data == NULL) {
        return false;
    }
    const char *full = tk_arena_printf(&model->arena, "%s%s", prefix, table.data);
    if (full == NULL) {
        return false;
    }
    if (def->table != NULL && strlen(full) > TK_NAME_MAX) {
        tk_report_add(report, def->name, NULL,
                      "the table %.40s... has %zu bytes with the prefix; %d "
                      "is the most",
                      full, strlen(full), TK_NAME_MAX);
    }
    entity->table = tk_naming_fit(model, full, strlen(full));
    return entity->table.data != NULL;
}

static bool prepare_columns(tk_model *model, tk_draft *draft) {
    tk_entity *entity = &draft->entity;
    draft->column_capacity = count_columns(model, &draft->def);
    entity->columns = tk_arena_array(&model->arena, draft->column_capacity, sizeof(tk_column));
    if (entity->columns == NULL) {
        return false;
    }
    bool is_read_only = (entity->flags & TAKEO_ENTITY_READ_ONLY) != 0;
    for (uint32_t i = 0; i < draft->def.column_count; i++) {
        const takeo_column_def *def = &draft->def.columns[i];
        tk_column *column = &entity->columns[i];
        column->number = i + 1;
        column->entity = entity;
        tk_column_fill(column, def);
        column->is_insertable = column->is_insertable && !is_read_only;
        column->is_updatable = column->is_updatable && !is_read_only;
        column->column =
            def->column != NULL ? tk_zstr(def->column) : tk_naming_word(model, column->name);
        if (column->column.data == NULL || !tk_label_list(&model->arena, def, &column->labels)
            || !tk_map_put(&entity->properties, def->name, column->name.len, column)) {
            return false;
        }
    }
    entity->column_count = entity->declared_count = draft->def.column_count;
    return true;
}

static void fill_relation(tk_relation *relation, const takeo_relation_def *def) {
    relation->name = tk_zstr(def->name);
    relation->kind = def->kind;
    relation->on_delete = def->on_delete;
    relation->on_update = def->on_update;
    relation->orphan = def->orphan;
    relation->flags = def->flags;
    relation->is_to_one = is_to_one(def);
    relation->is_nullable = (def->flags & TAKEO_RELATION_FLAG_NULLABLE) != 0;
    relation->order_by = tk_zstr(def->order_by);
}

static bool report_target(tk_model *model, tk_report *report, const tk_relation *relation,
                          const char *target) {
    takeo_text *names = tk_arena_array(&model->arena, model->entity_count, sizeof *names);
    for (uint32_t i = 0; names != NULL && i < model->entity_count; i++) {
        names[i] = model->entities[i]->name;
    }
    tk_report_add(report, relation->entity->name.data, relation->name.data,
                  "%s leads to %s, which is no entity of the model", relation->name.data, target);
    tk_report_nearest(report, target, names, model->entity_count);
    return names != NULL;
}

static bool prepare_relations(tk_model *model, tk_draft *draft, tk_report *report) {
    tk_entity *entity = &draft->entity;
    uint32_t count = draft->def.relation_count;
    entity->relations = tk_arena_array(&model->arena, count, sizeof(tk_relation));
    draft->key_states = tk_arena_array(&model->arena, count, sizeof *draft->key_states);
    if (entity->relations == NULL || draft->key_states == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        const takeo_relation_def *def = &draft->def.relations[i];
        tk_relation *relation = &entity->relations[i];
        relation->number = i + 1;
        relation->entity = entity;
        fill_relation(relation, def);
        relation->target = tk_model_find_entity(model, def->target, strlen(def->target));
        if (relation->target == NULL && !report_target(model, report, relation, def->target)) {
            return false;
        }
        if (!tk_map_put(&entity->links, def->name, relation->name.len, relation)) {
            return false;
        }
    }
    entity->relation_count = count;
    return true;
}

static void forget(tk_entity *entity) {
    tk_map_clear(&entity->properties);
    tk_map_clear(&entity->links);
    entity->column_count = entity->declared_count = entity->relation_count = 0;
    entity->key_count = entity->index_count = entity->check_count = 0;
    entity->generated_key = NULL;
    entity->version = entity->created = entity->updated = entity->deleted = NULL;
}

static void find_roles(tk_entity *entity) {
    const tk_column **places[] = {
        [TAKEO_ROLE_CREATED] = &entity->created,
        [TAKEO_ROLE_UPDATED] = &entity->updated,
        [TAKEO_ROLE_DELETED] = &entity->deleted,
        [TAKEO_ROLE_VERSION] = &entity->version,
    };
    for (uint32_t i = 0; i < entity->column_count; i++) {
        if (entity->columns[i].role != TAKEO_ROLE_NONE) {
            *places[entity->columns[i].role] = &entity->columns[i];
        }
    }
}

bool tk_prepare_model(tk_model *model, tk_report *report) {
    for (uint32_t i = 0; i < model->entity_count; i++) {
        tk_draft *draft = tk_draft_of(model->entities[i]);
        tk_entity *entity = &draft->entity;
        forget(entity);
        entity->schema = draft->def.schema != NULL ? tk_zstr(draft->def.schema) : model->schema;
        entity->database = tk_zstr(draft->def.database);
        entity->comment = tk_zstr(draft->def.comment);
        entity->engine = tk_zstr(draft->def.engine);
        entity->order_by = tk_zstr(draft->def.order_by);
        if (!name_table(model, draft, report) || !prepare_columns(model, draft)
            || !prepare_relations(model, draft, report)) {
            return false;
        }
        find_roles(entity);
    }
    return true;
}
