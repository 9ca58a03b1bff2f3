/* index.c - the third part of freeze: indexes, unique and check constraints, and names of them all.
 *
 * It knows the columns of entities, keys resolved.  Whether names collide is verify.c's.
 */
#include "model/model_int.h"

typedef struct indexer {
    tk_model *model;
    tk_report *report;
    tk_entity *entity;
    bool failed; /* no memory */
} indexer;

/* What an index is made from. */
typedef struct index_plan {
    const char *prefix;
    const char *name; /* given, or NULL */
    takeo_text label; /* stands in a made name for its columns */
    const tk_column *const *columns;
    uint32_t column_count;
    const uint8_t *is_descending; /* NULL: none is */
    bool is_unique;
    bool is_constraint;
    const char *where;
} index_plan;

static takeo_text name_constraint(indexer *at, const char *given, const char *prefix,
                                  takeo_text label) {
    takeo_text name = given != NULL
                          ? tk_zstr(given)
                          : tk_naming_constraint(at->model, prefix, at->entity->table, label);
    at->failed = at->failed || name.data == NULL;
    return name;
}

static const tk_index *add_index(indexer *at, const index_plan *plan) {
    tk_index *index = &at->entity->indexes[at->entity->index_count];
    index->name = name_constraint(at, plan->name, plan->prefix, plan->label);
    index->columns = plan->columns;
    index->column_count = plan->column_count;
    index->is_unique = plan->is_unique;
    index->is_constraint = plan->is_constraint;
    index->where_sql = tk_zstr(plan->where);
    index->is_descending = plan->is_descending != NULL
                               ? plan->is_descending
                               : tk_arena_array(&at->model->arena, plan->column_count, 1);
    if (index->is_descending == NULL) {
        at->failed = true;
        return index;
    }
    at->entity->index_count++;
    return index;
}

/* ---- from items ------------------------------------------------------------------------------ */

/* The columns of one index while its items are read. */
typedef struct item_list {
    const tk_column **columns;
    uint8_t *is_descending;
    uint32_t count;
    tk_buf label;
} item_list;

static bool push_columns(indexer *at, item_list *list, const takeo_index_item *item,
                         const tk_column *const *columns, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t j = 0; j < list->count; j++) {
            if (list->columns[j] == columns[i]) {
                tk_report_add(at->report, at->entity->name.data, item->name,
                              "an index has the column %s twice", columns[i]->name.data);
                return false;
            }
        }
        list->is_descending[list->count] = (item->flags & TAKEO_INDEX_ITEM_DESC) != 0;
        list->columns[list->count++] = columns[i];
    }
    return true;
}

static bool push_item(indexer *at, item_list *list, const takeo_index_item *item) {
    const tk_entity *entity = at->entity;
    size_t len = strlen(item->name);
    const tk_column *column = tk_entity_find_column(entity, item->name, len);
    const tk_relation *relation = tk_entity_find_relation(entity, item->name, len);
    if (list->label.len > 0) {
        tk_buf_putc(&list->label, '_');
    }
    if (column != NULL) {
        tk_buf_put(&list->label, column->column.data, column->column.len);
        return push_columns(at, list, item, &column, 1);
    }
    if (relation != NULL && relation->owns_key) {
        takeo_text word = tk_naming_word(at->model, relation->name);
        at->failed = at->failed || word.data == NULL;
        tk_buf_put(&list->label, word.data != NULL ? word.data : "", word.len);
        return push_columns(at, list, item, relation->columns, relation->column_count);
    }
    if (relation != NULL) {
        tk_report_add(at->report, entity->name.data, item->name,
                      "an index over %s, whose key is in the table of %s", item->name,
                      relation->target != NULL ? relation->target->table.data : "the other side");
        return false;
    }
    tk_report_add(at->report, entity->name.data, item->name, "an index over %s, which is no field",
                  item->name);
    uint32_t count = 0;
    takeo_text *names = tk_entity_names(entity, &at->model->arena, &count);
    at->failed = at->failed || names == NULL;
    tk_report_nearest(at->report, item->name, names, count);
    return false;
}

static void add_items(indexer *at, index_plan *plan, const takeo_index_item *items,
                      uint32_t count) {
    size_t most = (size_t)count * TK_KEY_MAX;
    item_list list = {
        .columns = tk_arena_array(&at->model->arena, most, sizeof(tk_column *)),
        .is_descending = tk_arena_array(&at->model->arena, most, 1),
    };
    if (list.columns == NULL || list.is_descending == NULL) {
        at->failed = true;
        return;
    }
    tk_buf_init(&list.label, at->model->alloc, 1 << 16);
    bool is_right = true;
    for (uint32_t i = 0; i < count; i++) {
        is_right = push_item(at, &list, &items[i]) && is_right;
    }
    at->failed = at->failed || list.label.failed;
    if (is_right && list.count > 0 && !at->failed) {
        plan->label = tk_text(list.label.data, list.label.len);
        plan->columns = list.columns;
        plan->column_count = list.count;
        plan->is_descending = list.is_descending;
        add_index(at, plan);
    }
    tk_buf_done(&list.label);
}

/* ---- declared ones --------------------------------------------------------------------------- */

static const tk_column *const *one_column(indexer *at, const tk_column *column) {
    const tk_column **columns = tk_arena_array(&at->model->arena, 1, sizeof(tk_column *));
    at->failed = at->failed || columns == NULL;
    if (columns != NULL) {
        columns[0] = column;
    }
    return columns;
}

/* Is the column alone the primary key, which is unique already? */
static bool is_whole_key(const tk_column *column) {
    return column->is_key && column->entity->key_count == 1;
}

static void add_of_column(indexer *at, const tk_column *column) {
    bool is_unique = (column->flags & TAKEO_COLUMN_UNIQUE) != 0;
    bool is_wanted = is_unique || (column->flags & TAKEO_COLUMN_INDEX) != 0;
    if (!is_wanted || is_whole_key(column)) {
        return;
    }
    index_plan plan = {
        .prefix = is_unique ? "uq" : "ix",
        .name = is_unique ? column->constraint.data : NULL,
        .label = column->column,
        .columns = one_column(at, column),
        .column_count = 1,
        .is_unique = is_unique,
        .is_constraint = is_unique,
    };
    if (!at->failed) {
        add_index(at, &plan);
    }
}

static void add_declared(indexer *at) {
    const takeo_entity_def *def = &tk_draft_of(at->entity)->def;
    for (uint32_t i = 0; i < at->entity->declared_count; i++) {
        add_of_column(at, &at->entity->columns[i]);
    }
    for (uint32_t i = 0; i < def->constraint_count; i++) {
        if (def->constraints[i].kind == TAKEO_CONSTRAINT_UNIQUE) {
            index_plan plan = {.prefix = "uq",
                               .name = def->constraints[i].name,
                               .is_unique = true,
                               .is_constraint = true};
            add_items(at, &plan, def->constraints[i].items, def->constraints[i].item_count);
        }
    }
    for (uint32_t i = 0; i < def->index_count; i++) {
        const takeo_index_def *index = &def->indexes[i];
        bool is_unique = (index->flags & TAKEO_INDEX_UNIQUE) != 0;
        index_plan plan = {.prefix = is_unique ? "uq" : "ix",
                           .name = index->name,
                           .is_unique = is_unique,
                           .where = index->where != NULL ? index->where->sql : NULL};
        add_items(at, &plan, index->items, index->item_count);
    }
}

/* ---- of relations ---------------------------------------------------------------------------- */

/* Do the key columns come first in what a look-up can use?  Then no index of their own is needed.
 */
static bool is_covered(const tk_entity *entity, const tk_relation *relation) {
    uint32_t count = relation->column_count;
    if (entity->key_count >= count
        && tk_columns_are(entity->key, count, relation->columns, count)) {
        return true;
    }
    for (uint32_t i = 0; i < entity->index_count; i++) {
        const tk_index *index = &entity->indexes[i];
        if (index->where_sql.data == NULL && index->column_count >= count
            && tk_columns_are(index->columns, count, relation->columns, count)) {
            return true;
        }
    }
    return false;
}

static bool is_unique_already(const tk_entity *entity, const tk_relation *relation) {
    if (tk_columns_are(entity->key, entity->key_count, relation->columns, relation->column_count)) {
        return true;
    }
    for (uint32_t i = 0; i < entity->index_count; i++) {
        const tk_index *index = &entity->indexes[i];
        if (index->is_unique && index->where_sql.data == NULL
            && tk_columns_are(index->columns, index->column_count, relation->columns,
                              relation->column_count)) {
            return true;
        }
    }
    return false;
}

static void add_of_relation(indexer *at, tk_relation *relation) {
    bool is_unique = relation->kind == TAKEO_RELATION_ONE_TO_ONE;
    bool is_there =
        is_unique ? is_unique_already(at->entity, relation) : is_covered(at->entity, relation);
    bool is_unwanted = !is_unique && (relation->flags & TAKEO_RELATION_FLAG_NO_INDEX) != 0;
    if (is_there || is_unwanted) {
        return;
    }
    index_plan plan = {
        .prefix = is_unique ? "uq" : "ix",
        .label = tk_naming_word(at->model, relation->name),
        .columns = relation->columns,
        .column_count = relation->column_count,
        .is_unique = is_unique,
    };
    at->failed = at->failed || plan.label.data == NULL;
    if (!at->failed) {
        relation->index = add_index(at, &plan)->name;
    }
}

static void name_foreign_key(indexer *at, tk_relation *relation) {
    const char *given = tk_relation_def_of(relation)->constraint;
    if ((relation->flags & TAKEO_RELATION_FLAG_NO_CONSTRAINT) != 0) {
        return;
    }
    takeo_text word = tk_naming_word(at->model, relation->name);
    at->failed = at->failed || word.data == NULL;
    if (!at->failed) {
        relation->constraint = name_constraint(at, given, "fk", word);
    }
}

static void add_relations(indexer *at) {
    for (int one_to_one = 1; one_to_one >= 0;
         one_to_one--) { /* what is unique may cover the rest */
        for (uint32_t i = 0; i < at->entity->relation_count && !at->failed; i++) {
            tk_relation *relation = &at->entity->relations[i];
            bool is_turn = one_to_one == (relation->kind == TAKEO_RELATION_ONE_TO_ONE);
            if (relation->owns_key && relation->column_count > 0 && is_turn) {
                add_of_relation(at, relation);
                name_foreign_key(at, relation);
            }
        }
    }
}

/* ---- checks and the key ---------------------------------------------------------------------- */

static void add_check(indexer *at, const char *given, takeo_text label, takeo_text sql) {
    tk_check *check = &at->entity->checks[at->entity->check_count++];
    check->name = name_constraint(at, given, "ck", label);
    check->sql = sql;
}

static void add_checks(indexer *at) {
    const takeo_entity_def *def = &tk_draft_of(at->entity)->def;
    for (uint32_t i = 0; i < at->entity->declared_count; i++) {
        const tk_column *column = &at->entity->columns[i];
        bool names_other = (column->flags & (TAKEO_COLUMN_UNIQUE | TAKEO_COLUMN_PRIMARY)) != 0;
        if (column->check_sql.data != NULL) {
            add_check(at, names_other ? NULL : column->constraint.data, column->column,
                      column->check_sql);
        }
    }
    for (uint32_t i = 0; i < def->constraint_count; i++) {
        if (def->constraints[i].kind != TAKEO_CONSTRAINT_CHECK) {
            continue;
        }
        takeo_text sql = tk_zstr(def->constraints[i].expression->sql);
        char digest[9]; /* a check of the table has no column to be called after */
        tk_naming_digest(sql.data, sql.len, digest);
        add_check(at, def->constraints[i].name, tk_zstr(digest), sql);
    }
}

static void name_primary_key(indexer *at) {
    const char *given = tk_draft_of(at->entity)->def.primary_key;
    if (given == NULL && at->entity->key_count == 1) {
        given = at->entity->key[0]->constraint.data;
    }
    at->entity->primary_key = name_constraint(at, given, "pk", tk_text(NULL, 0));
}

static bool make_room(indexer *at) {
    const takeo_entity_def *def = &tk_draft_of(at->entity)->def;
    size_t indexes = (size_t)at->entity->declared_count + def->constraint_count + def->index_count
                     + def->relation_count;
    size_t checks = (size_t)at->entity->declared_count + def->constraint_count;
    at->entity->indexes = tk_arena_array(&at->model->arena, indexes, sizeof(tk_index));
    at->entity->checks = tk_arena_array(&at->model->arena, checks, sizeof(tk_check));
    return at->entity->indexes != NULL && at->entity->checks != NULL;
}

bool tk_index_model(tk_model *model, tk_report *report) {
    for (uint32_t i = 0; i < model->entity_count; i++) {
        indexer at = {model, report, model->entities[i], false};
        if (!make_room(&at)) {
            return false;
        }
        name_primary_key(&at);
        add_declared(&at);
        add_relations(&at);
        add_checks(&at);
        if (at.failed) {
            return false;
        }
    }
    return true;
}
