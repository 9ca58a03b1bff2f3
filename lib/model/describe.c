/* describe.c - a frozen model as JSON: entities with their parts, all by their final names.
 *
 * It knows the model and how JSON is written.  Keys that would say nothing are left out.
 */
#include "model/model_int.h"

enum { DESCRIPTION_MAX = 1 << 28 };

typedef struct word {
    uint32_t flag;
    const char *text;
} word;

static const char *const generated_words[] = {
    [TAKEO_GENERATED_IDENTITY] = "identity",
    [TAKEO_GENERATED_IDENTITY_ALWAYS] = "identity_always",
    [TAKEO_GENERATED_INCREMENT] = "increment",
    [TAKEO_GENERATED_UUID7] = "uuid7",
    [TAKEO_GENERATED_UUID4] = "uuid4",
};
static const char *const role_words[] = {
    [TAKEO_ROLE_CREATED] = "created",
    [TAKEO_ROLE_UPDATED] = "updated",
    [TAKEO_ROLE_DELETED] = "deleted",
    [TAKEO_ROLE_VERSION] = "version",
};
static const char *const kind_words[] = {
    [TAKEO_RELATION_MANY_TO_ONE] = "many_to_one",
    [TAKEO_RELATION_ONE_TO_ONE] = "one_to_one",
    [TAKEO_RELATION_ONE_TO_MANY] = "one_to_many",
};
static const char *const action_words[] = {
    [TAKEO_ACTION_RESTRICT] = "restrict",
    [TAKEO_ACTION_CASCADE] = "cascade",
    [TAKEO_ACTION_SET_NULL] = "set_null",
    [TAKEO_ACTION_SET_DEFAULT] = "set_default",
};
static const char *const orphan_words[] = {
    [TAKEO_ORPHAN_DELETE] = "delete",
    [TAKEO_ORPHAN_SOFT_DELETE] = "soft_delete",
    [TAKEO_ORPHAN_KEEP] = "keep",
};
static const word entity_flags[] = {
    {TAKEO_ENTITY_UNMANAGED, "unmanaged"}, {TAKEO_ENTITY_READ_ONLY, "read_only"},
    {TAKEO_ENTITY_STRICT, "strict"},       {TAKEO_ENTITY_WITHOUT_ROWID, "without_rowid"},
    {TAKEO_ENTITY_HOOKS, "hooks"},
};
static const word column_flags[] = {
    {TAKEO_COLUMN_UNIQUE, "unique"},       {TAKEO_COLUMN_INDEX, "index"},
    {TAKEO_COLUMN_DEFERRED, "deferred"},   {TAKEO_COLUMN_NO_INSERT, "no_insert"},
    {TAKEO_COLUMN_NO_UPDATE, "no_update"}, {TAKEO_COLUMN_SECRET, "secret"},
    {TAKEO_COLUMN_UNSIGNED, "unsigned"},   {TAKEO_COLUMN_WHOLE_SECONDS, "whole_seconds"},
    {TAKEO_COLUMN_DURATION, "duration"},
};
static const word relation_flags[] = {
    {TAKEO_RELATION_FLAG_PRIMARY, "primary"},
    {TAKEO_RELATION_FLAG_EAGER, "eager"},
    {TAKEO_RELATION_FLAG_NO_CONSTRAINT, "no_constraint"},
    {TAKEO_RELATION_FLAG_NO_INDEX, "no_index"},
    {TAKEO_RELATION_FLAG_READ_ONLY, "read_only"},
    {TAKEO_RELATION_FLAG_DEFERRABLE, "deferrable"},
    {TAKEO_RELATION_FLAG_INITIALLY_DEFERRED, "initially_deferred"},
    {TAKEO_RELATION_FLAG_CASCADE_INSERT, "cascade_insert"},
    {TAKEO_RELATION_FLAG_CASCADE_UPDATE, "cascade_update"},
    {TAKEO_RELATION_FLAG_CASCADE_REMOVE, "cascade_remove"},
    {TAKEO_RELATION_FLAG_CASCADE_SOFT_REMOVE, "cascade_soft_remove"},
    {TAKEO_RELATION_FLAG_CASCADE_RECOVER, "cascade_recover"},
    {TAKEO_RELATION_FLAG_LAZY, "lazy"},
};

/* ---- pieces ---------------------------------------------------------------------------------- */

/* A comma unless something was just opened. */
static void put_key(tk_buf *out, const char *key) {
    char last = out->len > 0 ? out->data[out->len - 1] : '{';
    if (last != '{' && last != '[') {
        tk_buf_putc(out, ',');
    }
    if (key != NULL) {
        tk_buf_printf(out, "\"%s\":", key);
    }
}

static void put_text(tk_buf *out, const char *key, takeo_text text) {
    if (text.data != NULL) {
        put_key(out, key);
        tk_buf_put_json(out, text.data, text.len);
    }
}

static void put_number(tk_buf *out, const char *key, uint32_t number) {
    if (number != 0) {
        put_key(out, key);
        tk_buf_put_int(out, number);
    }
}

static void put_bool(tk_buf *out, const char *key, bool value) {
    put_key(out, key);
    tk_buf_puts(out, value ? "true" : "false");
}

static void put_word(tk_buf *out, const char *key, const char *const *words, uint32_t number) {
    if (words[number] != NULL) {
        put_text(out, key, tk_zstr(words[number]));
    }
}

static void open_list(tk_buf *out, const char *key) {
    put_key(out, key);
    tk_buf_putc(out, '[');
}

static void put_flags(tk_buf *out, const word *words, size_t count, uint32_t flags) {
    open_list(out, "flags");
    for (size_t i = 0; i < count; i++) {
        if ((flags & words[i].flag) != 0) {
            put_text(out, NULL, tk_zstr(words[i].text));
        }
    }
    tk_buf_putc(out, ']');
}

static void put_columns(tk_buf *out, const char *key, const tk_column *const *columns,
                        uint32_t count) {
    open_list(out, key);
    for (uint32_t i = 0; i < count; i++) {
        put_text(out, NULL, columns[i]->name);
    }
    tk_buf_putc(out, ']');
}

/* ---- parts ----------------------------------------------------------------------------------- */

static void put_default(tk_buf *out, const tk_column *column) {
    if (column->default_value == NULL) {
        return;
    }
    put_key(out, "default");
    if ((column->flags & TAKEO_COLUMN_SECRET) != 0) {
        tk_buf_puts(out, "\"***\"");
        return;
    }
    if (tk_cell_is_null(column->default_value)) {
        tk_buf_puts(out, "null");
        return;
    }
    tk_buf text;
    tk_buf_init(&text, out->alloc, DESCRIPTION_MAX);
    tk_cell_format(column->default_value, &text);
    if (text.failed) {
        out->failed = true;
    } else {
        tk_buf_put_json(out, text.data != NULL ? text.data : "", text.len);
    }
    tk_buf_done(&text);
}

static void put_type(tk_buf *out, const tk_column *column) {
    put_text(out, "type", tk_zstr(tk_type_name(column->type)));
    if (column->element != TAKEO_TYPE_NONE) {
        put_text(out, "element", tk_zstr(tk_type_name(column->element)));
    }
    put_number(out, "dimensions", column->dimensions);
    put_number(out, "length", column->length);
    put_number(out, "precision", column->precision);
    put_number(out, "scale", column->scale);
    if (column->label_count > 0) {
        open_list(out, "labels");
        for (uint32_t i = 0; i < column->label_count; i++) {
            put_text(out, NULL, column->labels[i]);
        }
        tk_buf_putc(out, ']');
    }
    put_text(out, "type_name", column->type_name);
    put_text(out, "enum_name", column->enum_name);
    put_text(out, "collation", column->collation);
    put_text(out, "charset", column->charset);
}

static void put_column(tk_buf *out, const tk_column *column) {
    put_key(out, NULL);
    tk_buf_putc(out, '{');
    put_number(out, "number", column->number);
    put_text(out, "name", column->name);
    put_text(out, "column", column->column);
    put_type(out, column);
    put_bool(out, "nullable", column->is_nullable);
    put_bool(out, "key", column->is_key);
    put_bool(out, "hidden", column->is_hidden);
    put_bool(out, "insertable", column->is_insertable);
    put_bool(out, "updatable", column->is_updatable);
    put_word(out, "generated", generated_words, column->generated);
    put_word(out, "role", role_words, column->role);
    put_flags(out, column_flags, TK_COUNT(column_flags), column->flags);
    put_default(out, column);
    put_text(out, "default_sql", column->default_sql);
    if (column->relation != NULL) {
        put_text(out, "relation", column->relation->name);
    }
    put_text(out, "comment", column->comment);
    tk_buf_putc(out, '}');
}

static void put_relation(tk_buf *out, const tk_relation *relation) {
    put_key(out, NULL);
    tk_buf_putc(out, '{');
    put_number(out, "number", relation->number);
    put_text(out, "name", relation->name);
    put_text(out, "kind", tk_zstr(kind_words[relation->kind]));
    put_text(out, "target", relation->target->name);
    if (relation->inverse != NULL) {
        put_text(out, "inverse", relation->inverse->name);
    }
    put_bool(out, "owns_key", relation->owns_key);
    put_bool(out, "nullable", relation->is_nullable);
    put_columns(out, "columns", relation->columns, relation->column_count);
    put_columns(out, "references", relation->references, relation->column_count);
    put_word(out, "on_delete", action_words, relation->on_delete);
    put_word(out, "on_update", action_words, relation->on_update);
    put_word(out, "orphan", orphan_words, relation->orphan);
    put_flags(out, relation_flags, TK_COUNT(relation_flags), relation->flags);
    put_text(out, "constraint", relation->constraint);
    put_text(out, "index", relation->index);
    put_text(out, "order_by", relation->order_by);
    tk_buf_putc(out, '}');
}

static void put_index(tk_buf *out, const tk_index *index) {
    put_key(out, NULL);
    tk_buf_putc(out, '{');
    put_text(out, "name", index->name);
    put_columns(out, "columns", index->columns, index->column_count);
    open_list(out, "descending");
    for (uint32_t i = 0; i < index->column_count; i++) {
        put_bool(out, NULL, index->is_descending[i] != 0);
    }
    tk_buf_putc(out, ']');
    put_bool(out, "unique", index->is_unique);
    put_bool(out, "constraint", index->is_constraint);
    put_text(out, "where", index->where_sql);
    tk_buf_putc(out, '}');
}

static void put_check(tk_buf *out, const tk_check *check) {
    put_key(out, NULL);
    tk_buf_putc(out, '{');
    put_text(out, "name", check->name);
    put_text(out, "sql", check->sql);
    tk_buf_putc(out, '}');
}

static void put_parts(tk_buf *out, const tk_entity *entity) {
    open_list(out, "columns");
    for (uint32_t i = 0; i < entity->column_count; i++) {
        put_column(out, &entity->columns[i]);
    }
    tk_buf_putc(out, ']');
    open_list(out, "relations");
    for (uint32_t i = 0; i < entity->relation_count; i++) {
        put_relation(out, &entity->relations[i]);
    }
    tk_buf_putc(out, ']');
    open_list(out, "indexes");
    for (uint32_t i = 0; i < entity->index_count; i++) {
        put_index(out, &entity->indexes[i]);
    }
    tk_buf_putc(out, ']');
    open_list(out, "checks");
    for (uint32_t i = 0; i < entity->check_count; i++) {
        put_check(out, &entity->checks[i]);
    }
    tk_buf_putc(out, ']');
}

static void put_entity(tk_buf *out, const tk_entity *entity) {
    put_key(out, NULL);
    tk_buf_putc(out, '{');
    put_number(out, "number", entity->number);
    put_text(out, "name", entity->name);
    put_text(out, "table", entity->table);
    put_text(out, "schema", entity->schema);
    put_text(out, "database", entity->database);
    put_number(out, "rank", entity->rank);
    put_flags(out, entity_flags, TK_COUNT(entity_flags), entity->flags);
    put_text(out, "primary_key", entity->primary_key);
    put_columns(out, "key", entity->key, entity->key_count);
    put_text(out, "order_by", entity->order_by);
    put_text(out, "engine", entity->engine);
    put_text(out, "comment", entity->comment);
    put_parts(out, entity);
    tk_buf_putc(out, '}');
}

bool tk_describe_model(tk_model *model) {
    tk_buf out;
    tk_buf_init(&out, model->alloc, DESCRIPTION_MAX);
    tk_buf_putc(&out, '{');
    open_list(&out, "entities");
    for (uint32_t i = 0; i < model->entity_count; i++) {
        put_entity(&out, model->entities[i]);
    }
    tk_buf_puts(&out, "]}");
    if (!out.failed) {
        model->description = (takeo_text){tk_arena_copy(&model->arena, out.data, out.len), out.len};
    }
    bool is_done = !out.failed && model->description.data != NULL;
    tk_buf_done(&out);
    return is_done;
}
