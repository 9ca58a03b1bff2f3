/* copy.c - a checked definition copied whole into the model's arena: the draft of an entity.
 *
 * It knows where the structs of takeo/model.h point to.  Failure sticks in the copier, so that only
 * the end is looked at.
 */
#include "model/model_int.h"

typedef struct copier {
    tk_arena *arena;
    bool failed;
} copier;

static const char *copy_zstr(copier *to, const char *from) {
    if (from == NULL || to->failed) {
        return NULL;
    }
    const char *copy = tk_arena_copy(to->arena, from, strlen(from));
    to->failed = copy == NULL;
    return copy;
}

static void *copy_bytes(copier *to, const void *from, size_t count, size_t size) {
    if (from == NULL || count == 0 || to->failed) {
        return NULL;
    }
    void *copy = tk_arena_array(to->arena, count, size);
    to->failed = copy == NULL;
    if (copy != NULL) {
        memcpy(copy, from, count * size);
    }
    return copy;
}

static const char *const *copy_zstrs(copier *to, const char *const *from, size_t count) {
    const char **copy = copy_bytes(to, from, count, sizeof *from);
    for (size_t i = 0; copy != NULL && i < count; i++) {
        copy[i] = copy_zstr(to, from[i]);
    }
    return copy;
}

/* Only SQL text has passed the checks. */
static const takeo_expression *copy_expression(copier *to, const takeo_expression *from) {
    takeo_expression *copy = copy_bytes(to, from, 1, sizeof *from);
    if (copy != NULL) {
        copy->sql = copy_zstr(to, from->sql);
    }
    return copy;
}

/* A default is kept in the form of its column; that it fits has been checked. */
static const takeo_cell *copy_default(copier *to, const takeo_column_def *def) {
    tk_column column = {.number = 0};
    if (def->default_value == NULL || to->failed) {
        return NULL;
    }
    takeo_cell *copy = tk_arena_array(to->arena, 1, sizeof *copy);
    takeo_cell taken;
    tk_column_fill(&column, def);
    to->failed = copy == NULL || !tk_label_list(to->arena, def, &column.labels);
    if (!to->failed) {
        tk_accept accept = tk_accept_column(&column);
        takeo_status status = tk_accept_cell(&accept, def->default_value, &taken, to->arena, NULL);
        to->failed = status < 0 || !tk_cell_copy(to->arena, &taken, copy);
    }
    return copy;
}

static const takeo_index_item *copy_items(copier *to, const takeo_index_item *from, size_t count) {
    takeo_index_item *copy = copy_bytes(to, from, count, sizeof *from);
    for (size_t i = 0; copy != NULL && i < count; i++) {
        copy[i].name = copy_zstr(to, from[i].name);
    }
    return copy;
}

#define TEXT(of, name) offsetof(takeo_##of##_def, name)

static const size_t entity_texts[] = {
    TEXT(entity, name),        TEXT(entity, table),   TEXT(entity, schema), TEXT(entity, database),
    TEXT(entity, primary_key), TEXT(entity, comment), TEXT(entity, engine), TEXT(entity, order_by),
};
static const size_t column_texts[] = {
    TEXT(column, name),      TEXT(column, default_sql), TEXT(column, column),
    TEXT(column, type_name), TEXT(column, enum_name),   TEXT(column, collation),
    TEXT(column, charset),   TEXT(column, comment),     TEXT(column, constraint),
};
static const size_t relation_texts[] = {
    TEXT(relation, name),     TEXT(relation, target),     TEXT(relation, inverse),
    TEXT(relation, order_by), TEXT(relation, constraint),
};
#undef TEXT

static void copy_texts(copier *to, void *def, const size_t *offsets, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const char **text = (const char **)((char *)def + offsets[i]);
        *text = copy_zstr(to, *text);
    }
}

static void copy_columns(copier *to, takeo_entity_def *def) {
    takeo_column_def *columns = copy_bytes(to, def->columns, def->column_count, sizeof *columns);
    for (uint32_t i = 0; columns != NULL && i < def->column_count; i++) {
        takeo_column_def *column = &columns[i];
        copy_texts(to, column, column_texts, TK_COUNT(column_texts));
        column->labels = copy_zstrs(to, column->labels, column->label_count);
        column->default_value = copy_default(to, column);
        column->check = copy_expression(to, column->check);
    }
    def->columns = columns;
}

static void copy_relations(copier *to, takeo_entity_def *def) {
    takeo_relation_def *relations =
        copy_bytes(to, def->relations, def->relation_count, sizeof *relations);
    for (uint32_t i = 0; relations != NULL && i < def->relation_count; i++) {
        takeo_relation_def *relation = &relations[i];
        copy_texts(to, relation, relation_texts, TK_COUNT(relation_texts));
        relation->keys = copy_zstrs(to, relation->keys, relation->key_count);
        relation->references = copy_zstrs(to, relation->references, relation->key_count);
    }
    def->relations = relations;
}

static void copy_indexes(copier *to, takeo_entity_def *def) {
    takeo_index_def *indexes = copy_bytes(to, def->indexes, def->index_count, sizeof *indexes);
    for (uint32_t i = 0; indexes != NULL && i < def->index_count; i++) {
        indexes[i].name = copy_zstr(to, indexes[i].name);
        indexes[i].items = copy_items(to, indexes[i].items, indexes[i].item_count);
        indexes[i].where = copy_expression(to, indexes[i].where);
    }
    def->indexes = indexes;
}

static void copy_constraints(copier *to, takeo_entity_def *def) {
    takeo_constraint_def *constraints =
        copy_bytes(to, def->constraints, def->constraint_count, sizeof *constraints);
    for (uint32_t i = 0; constraints != NULL && i < def->constraint_count; i++) {
        takeo_constraint_def *constraint = &constraints[i];
        constraint->name = copy_zstr(to, constraint->name);
        constraint->items = copy_items(to, constraint->items, constraint->item_count);
        constraint->expression = copy_expression(to, constraint->expression);
    }
    def->constraints = constraints;
}

tk_draft *tk_draft_new(tk_model *model, const takeo_entity_def *def) {
    copier to = {&model->arena, false};
    tk_draft *draft = tk_arena_array(&model->arena, 1, sizeof *draft);
    if (draft == NULL) {
        return NULL;
    }
    draft->def = *def;
    copy_texts(&to, &draft->def, entity_texts, TK_COUNT(entity_texts));
    copy_columns(&to, &draft->def);
    copy_relations(&to, &draft->def);
    copy_indexes(&to, &draft->def);
    copy_constraints(&to, &draft->def);
    return to.failed ? NULL : draft;
}
