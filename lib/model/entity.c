/* entity.c - what an entity is made of and how its parts are found by name.
 *
 * It knows one entity at a time.  How entities hang together is resolve.c's.
 */
#include "model/model_int.h"

static bool is_counted(uint16_t generated) {
    return generated == TAKEO_GENERATED_IDENTITY || generated == TAKEO_GENERATED_IDENTITY_ALWAYS
           || generated == TAKEO_GENERATED_INCREMENT;
}

static void fill_texts(tk_column *column, const takeo_column_def *def) {
    column->name = tk_zstr(def->name);
    column->default_sql = tk_zstr(def->default_sql);
    column->type_name = tk_zstr(def->type_name);
    column->collation = tk_zstr(def->collation);
    column->check_sql = tk_zstr(def->check != NULL ? def->check->sql : NULL);
    column->constraint = tk_zstr(def->constraint);
    column->enum_name = tk_zstr(def->enum_name);
    column->charset = tk_zstr(def->charset);
    column->comment = tk_zstr(def->comment);
}

void tk_column_fill(tk_column *column, const takeo_column_def *def) {
    bool is_always = def->generated == TAKEO_GENERATED_IDENTITY_ALWAYS;
    fill_texts(column, def);
    column->type = def->type;
    column->element = def->element;
    column->dimensions =
        def->type == TAKEO_TYPE_ARRAY && def->dimensions == 0 ? 1 : def->dimensions;
    column->generated = def->generated;
    column->role = def->role;
    column->precision = def->precision;
    column->scale = def->scale;
    column->length = def->length;
    column->flags = def->flags;
    column->label_count = def->label_count;
    column->default_value = def->default_value;
    column->is_key = (def->flags & TAKEO_COLUMN_PRIMARY) != 0;
    column->is_nullable = (def->flags & TAKEO_COLUMN_NULLABLE) != 0;
    column->is_deferred = (def->flags & TAKEO_COLUMN_DEFERRED) != 0;
    column->is_insertable = (def->flags & TAKEO_COLUMN_NO_INSERT) == 0 && !is_always;
    column->is_updatable = (def->flags & TAKEO_COLUMN_NO_UPDATE) == 0 && !is_always;
    column->is_server_made = is_counted(def->generated) || def->default_sql != NULL;
}

bool tk_label_list(tk_arena *arena, const takeo_column_def *def, const takeo_text **out) {
    if (def->label_count == 0 || def->labels == NULL) {
        *out = NULL;
        return true;
    }
    takeo_text *labels = tk_arena_array(arena, def->label_count, sizeof *labels);
    for (uint32_t i = 0; labels != NULL && i < def->label_count; i++) {
        labels[i] = tk_zstr(def->labels[i]);
    }
    *out = labels;
    return labels != NULL;
}

/* ---- by name --------------------------------------------------------------------------------- */

const tk_entity *tk_model_find_entity(const tk_model *model, const char *name, size_t len) {
    return tk_map_get(&model->names, name, len);
}

const tk_column *tk_entity_find_column(const tk_entity *entity, const char *name, size_t len) {
    return tk_map_get(&entity->properties, name, len);
}

const tk_relation *tk_entity_find_relation(const tk_entity *entity, const char *name, size_t len) {
    return tk_map_get(&entity->links, name, len);
}

tk_column *tk_column_find_any(const tk_entity *entity, const char *name) {
    takeo_text wanted = tk_zstr(name);
    tk_column *column = tk_map_get(&entity->properties, wanted.data, wanted.len);
    for (uint32_t i = 0; column == NULL && i < entity->column_count; i++) {
        if (tk_text_equal(entity->columns[i].column, wanted)) {
            column = &entity->columns[i];
        }
    }
    return column;
}

takeo_text *tk_entity_names(const tk_entity *entity, tk_arena *arena, uint32_t *out_count) {
    size_t most = (size_t)entity->declared_count + entity->relation_count;
    takeo_text *names = tk_arena_array(arena, most, sizeof *names);
    uint32_t count = 0;
    if (names == NULL) {
        return NULL;
    }
    for (uint32_t i = 0; i < entity->declared_count; i++) {
        names[count++] = entity->columns[i].name;
    }
    for (uint32_t i = 0; i < entity->relation_count; i++) {
        names[count++] = entity->relations[i].name;
    }
    *out_count = count;
    return names;
}

takeo_status tk_entity_raise_unknown(const tk_entity *entity, const char *name, size_t len,
                                     tk_error *error) {
    takeo_text wrong = {name, tk_len(name, len)};
    int shown = wrong.len < 80 ? (int)wrong.len : 80;
    takeo_status status = tk_raise(error, TK_QUERY_UNKNOWN_FIELD, "%s has no field %.*s",
                                   entity->name.data, shown, wrong.data != NULL ? wrong.data : "");
    if (error == NULL || status == TAKEO_ENOMEM) {
        return status;
    }
    TK_SET(error, entity, "%s", entity->name.data);
    TK_SET(error, field, "%.*s", shown, wrong.data != NULL ? wrong.data : "");
    uint32_t count = 0;
    takeo_text *names = tk_entity_names(entity, &error->arena, &count);
    if (names == NULL) {
        return tk_raise_memory(error);
    }
    tk_error_set_nearest(error, wrong, names, count);
    return status;
}

/* ---- sets of columns ------------------------------------------------------------------------- */

static bool has_column(const tk_column *const *list, uint32_t count, const tk_column *column) {
    for (uint32_t i = 0; i < count; i++) {
        if (list[i] == column) {
            return true;
        }
    }
    return false;
}

bool tk_columns_are(const tk_column *const *list, uint32_t list_count,
                    const tk_column *const *columns, uint32_t count) {
    if (list_count != count) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!has_column(list, list_count, columns[i])) {
            return false;
        }
    }
    return true;
}
