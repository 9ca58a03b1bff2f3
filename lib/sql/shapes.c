/* shapes.c - the statements that the ORM itself needs, made of the same nodes as everybody's, so
 * that there is one compiler and one writer.
 */
#include "sql/sql_int.h"

typedef struct sketch {
    tk_builder *builder;
    const tk_entity *entity;
    uint32_t table;
    uint32_t params; /* made so far */
} sketch;

static takeo_status begin(sketch *draft, const tk_entity *entity, tk_alloc alloc, tk_error *error) {
    *draft = (sketch){.entity = entity};
    TK_TRY(tk_builder_make(entity->model, alloc, &draft->builder, error));
    tk_builder_begin(draft->builder);
    draft->table = tk_builder_ref(draft->builder, TAKEO_NODE_TABLE, 0, entity->number);
    return TAKEO_DONE;
}

static void add(sketch *draft, takeo_node_kind clause, uint32_t node) {
    tk_builder_add(draft->builder, clause, node);
}

static uint32_t column(sketch *draft, const tk_column *of) {
    return tk_builder_ref(draft->builder, TAKEO_NODE_COLUMN, draft->table, of->number);
}

static uint32_t param(sketch *draft) {
    return tk_builder_ref(draft->builder, TAKEO_NODE_PARAM, 0, ++draft->params);
}

static uint32_t list_param(sketch *draft) {
    return tk_builder_push(draft->builder, &(takeo_node){.kind = TAKEO_NODE_PARAM,
                                                         .flags = TAKEO_NODE_FLAG_LIST,
                                                         .ref = ++draft->params});
}

static uint32_t raw(sketch *draft, takeo_type type, const char *sql) {
    uint32_t text = tk_builder_push(
        draft->builder,
        &(takeo_node){.kind = TAKEO_NODE_FRAGMENT, .text = sql, .text_len = SIZE_MAX});
    return tk_builder_node(draft->builder, TAKEO_NODE_RAW, type, text, 0);
}

static uint32_t operation(sketch *draft, takeo_operator op, uint32_t a, uint32_t b) {
    return tk_builder_node(draft->builder, TAKEO_NODE_OPERATION, op, a, b);
}

static uint32_t assign(sketch *draft, const tk_column *to, uint32_t value) {
    return tk_builder_node(draft->builder, TAKEO_NODE_ASSIGN, 0, column(draft, to), value);
}

/* where key = ? and ... */
static void where_key(sketch *draft) {
    for (uint32_t i = 0; i < draft->entity->key_count; i++) {
        uint32_t left = column(draft, draft->entity->key[i]);
        uint32_t right = param(draft);
        add(draft, TAKEO_NODE_WHERE, operation(draft, TAKEO_OPERATOR_EQ, left, right));
    }
}

static void returning(sketch *draft, const tk_column *const *columns, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        add(draft, TAKEO_NODE_RETURNING, column(draft, columns[i]));
    }
}

static takeo_status finish(sketch *draft, takeo_node_kind kind, uint32_t flags, tk_statement **out,
                           tk_error *error) {
    tk_builder_end(draft->builder, kind);
    return tk_builder_finish(draft->builder, flags, out, error);
}

static takeo_status need_key(const tk_entity *entity, tk_error *error) {
    if (entity->key_count != 0) {
        return TAKEO_DONE;
    }
    return tk_raise(error, TK_QUERY_SHAPE, "%s has no key", entity->name.data);
}

/* ---- read ------------------------------------------------------------------------------------ */

takeo_status tk_shape_get(const tk_entity *entity, tk_alloc alloc, tk_statement **out,
                          tk_error *error) {
    sketch draft;
    TK_TRY(need_key(entity, error));
    TK_TRY(begin(&draft, entity, alloc, error));
    add(&draft, TAKEO_NODE_FROM, draft.table);
    where_key(&draft);
    return finish(&draft, TAKEO_NODE_SELECT, 0, out, error);
}

takeo_status tk_shape_reload(const tk_entity *entity, const tk_column *const *columns,
                             uint32_t count, tk_alloc alloc, tk_statement **out, tk_error *error) {
    sketch draft;
    TK_TRY(need_key(entity, error));
    TK_TRY(begin(&draft, entity, alloc, error));
    add(&draft, TAKEO_NODE_FROM, draft.table);
    for (uint32_t i = 0; i < count; i++) {
        add(&draft, TAKEO_NODE_ONLY, column(&draft, columns[i]));
    }
    if (count == 0) { /* the key alone */
        add(&draft, TAKEO_NODE_ONLY, column(&draft, entity->key[0]));
    }
    uint32_t key = tk_builder_node(draft.builder, TAKEO_NODE_KEY, 0, draft.table, 0);
    uint32_t list = list_param(&draft);
    add(&draft, TAKEO_NODE_WHERE, operation(&draft, TAKEO_OPERATOR_IN, key, list));
    return finish(&draft, TAKEO_NODE_SELECT, TAKEO_STATEMENT_NO_EAGER, out, error);
}

/* ---- load: a branch of what is read with an entity ------------------------------------------- */

static void add_branches(sketch *draft, const tk_branch *branch, uint32_t source) {
    for (uint32_t i = 0; i < branch->column_count; i++) {
        uint32_t deferred =
            tk_builder_ref(draft->builder, TAKEO_NODE_COLUMN, source, branch->columns[i]->number);
        add(draft, TAKEO_NODE_LOAD,
            tk_builder_node(draft->builder, TAKEO_NODE_LOAD, 0, deferred, 0));
    }
    for (const tk_branch *i = branch->children; i != NULL; i = i->next) {
        uint32_t path =
            tk_builder_ref(draft->builder, TAKEO_NODE_PATH, source, i->relation->number);
        uint16_t op = i->by_query ? TAKEO_VARIANT_BY_QUERY : 0;
        add(draft, TAKEO_NODE_LOAD, tk_builder_node(draft->builder, TAKEO_NODE_LOAD, op, path, 0));
        add_branches(draft, i, path); /* as deep as a path that loads */
    }
}

/* By what the rows are found must be among them, to be matched with their parents. */
static void add_references(sketch *draft, const tk_relation *relation) {
    for (uint32_t i = 0; i < relation->column_count; i++) {
        if (relation->references[i]->is_deferred) {
            uint32_t deferred = column(draft, relation->references[i]);
            add(draft, TAKEO_NODE_LOAD,
                tk_builder_node(draft->builder, TAKEO_NODE_LOAD, 0, deferred, 0));
        }
    }
}

static void where_references(sketch *draft, const tk_relation *relation) {
    uint32_t columns[TK_KEY_MAX];
    uint32_t count = 0;
    for (uint32_t i = 0; i < relation->column_count && count < TK_KEY_MAX; i++) {
        columns[count++] = column(draft, relation->references[i]);
    }
    uint32_t left = columns[0];
    if (count > 1) {
        left = tk_builder_node(draft->builder, TAKEO_NODE_ROW, 0,
                               tk_builder_chain(draft->builder, columns, count), 0);
    }
    uint32_t list = list_param(draft);
    add(draft, TAKEO_NODE_WHERE, operation(draft, TAKEO_OPERATOR_IN, left, list));
}

static void order_by(sketch *draft, const tk_relation *relation, takeo_status *status,
                     tk_error *error) {
    if (relation->order_by.len == 0) {
        return;
    }
    tk_arena arena;
    tk_arena_init(&arena, draft->entity->model->alloc);
    uint32_t count = 0;
    const tk_order *order = tk_order_read(&arena, draft->entity, relation->order_by, &count);
    if (order == NULL) {
        *status = tk_raise_memory(error);
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t value = column(draft, order[i].column);
        uint16_t op = order[i].is_descending ? TAKEO_OPERATOR_DESC : TAKEO_OPERATOR_ASC;
        add(draft, TAKEO_NODE_ORDER_BY, operation(draft, op, value, 0));
    }
    tk_arena_done(&arena);
}

takeo_status tk_branch_statement(tk_model *model, const tk_branch *branch, tk_alloc alloc,
                                 tk_statement **out, tk_error *error) {
    (void)model;
    const tk_relation *relation = branch->relation;
    sketch draft;
    if (relation->column_count == 0 || relation->column_count > TK_KEY_MAX) {
        return tk_raise(error, TK_CALL_UNSUPPORTED,
                        "%s.%s: many-to-many and polymorphic relations are not built yet",
                        relation->entity->name.data, relation->name.data);
    }
    TK_TRY(begin(&draft, branch->entity, alloc, error));
    add(&draft, TAKEO_NODE_FROM, draft.table);
    where_references(&draft, relation);
    add_references(&draft, relation);
    add_branches(&draft, branch, draft.table);
    takeo_status status = TAKEO_DONE;
    order_by(&draft, relation, &status, error);
    if (status < 0) {
        tk_builder_free(draft.builder);
        return status;
    }
    return finish(&draft, TAKEO_NODE_SELECT, TAKEO_STATEMENT_NO_EAGER, out, error);
}

/* Paths of relation numbers, each ended by 0, as a tree. */
static takeo_status read_paths(tk_arena *arena, tk_branch *root, const uint32_t *paths,
                               uint32_t path_count, tk_error *error) {
    for (uint32_t i = 0; i < path_count; i++) {
        tk_branch *at = root;
        for (; *paths != 0; paths++) {
            const tk_relation *relation = tk_entity_relation(at->entity, *paths);
            if (relation == NULL || relation->target == NULL) {
                return tk_raise(error, TK_QUERY_UNKNOWN_FIELD, "%s has no relation number %u",
                                at->entity->name.data, (unsigned)*paths);
            }
            at = tk_branch_child(arena, at, relation);
            if (at == NULL) {
                return tk_raise_memory(error);
            }
            if (tk_branch_depth(at) > TK_LOAD_DEPTH_MAX) {
                return tk_raise(error, TK_QUERY_TOO_LARGE, "a path of more than %d steps",
                                TK_LOAD_DEPTH_MAX);
            }
        }
        paths++;
    }
    return TAKEO_DONE;
}

static takeo_status load(tk_arena *arena, const tk_relation *relation, const uint32_t *paths,
                         uint32_t path_count, tk_alloc alloc, tk_statement **out, tk_error *error) {
    tk_branch *root = tk_branch_new(arena, relation->target);
    if (root == NULL) {
        return tk_raise_memory(error);
    }
    root->relation = relation;
    TK_TRY(read_paths(arena, root, paths, path_count, error));
    uint32_t eager = 0;
    if (!tk_branch_eager(arena, root, &eager)) {
        return tk_raise_memory(error);
    }
    return tk_branch_statement(relation->entity->model, root, alloc, out, error);
}

takeo_status tk_shape_load(const tk_relation *relation, const uint32_t *paths, uint32_t path_count,
                           tk_alloc alloc, tk_statement **out, tk_error *error) {
    if (relation->target == NULL) {
        return tk_raise(error, TK_CALL_UNSUPPORTED,
                        "%s.%s: polymorphic relations are not built yet",
                        relation->entity->name.data, relation->name.data);
    }
    tk_arena arena;
    tk_arena_init(&arena, alloc);
    takeo_status status = load(&arena, relation, paths, path_count, alloc, out, error);
    tk_arena_done(&arena);
    return status;
}

/* ---- write ----------------------------------------------------------------------------------- */

/* into entity (columns) values (?1, ...); no columns: default values. */
static void insert_row(sketch *draft, const tk_column *const *columns, uint32_t count) {
    uint32_t values[TK_COLUMN_MAX];
    add(draft, TAKEO_NODE_INTO, draft->table);
    for (uint32_t i = 0; i < count && i < TK_COLUMN_MAX; i++) {
        add(draft, TAKEO_NODE_COLUMNS, column(draft, columns[i]));
        values[i] = param(draft);
    }
    if (count != 0) {
        uint32_t chain = tk_builder_chain(draft->builder, values, count);
        add(draft, TAKEO_NODE_ROWS, tk_builder_node(draft->builder, TAKEO_NODE_ROW, 0, chain, 0));
    }
}

static takeo_status check_count(const tk_entity *entity, uint32_t count, tk_error *error) {
    if (count <= TK_COLUMN_MAX) {
        return TAKEO_DONE;
    }
    return tk_raise(error, TK_QUERY_TOO_LARGE, "%s is written with more than %d columns",
                    entity->name.data, TK_COLUMN_MAX);
}

takeo_status tk_shape_insert(const tk_entity *entity, const tk_column *const *columns,
                             uint32_t count, const tk_column *const *returned,
                             uint32_t returned_count, tk_alloc alloc, tk_statement **out,
                             tk_error *error) {
    sketch draft;
    TK_TRY(check_count(entity, count, error));
    TK_TRY(begin(&draft, entity, alloc, error));
    insert_row(&draft, columns, count);
    returning(&draft, returned, returned_count);
    return finish(&draft, TAKEO_NODE_INSERT, 0, out, error);
}

/* Is a value another one although the database calls both equal?  An interval may be, as 30 days are
 * no month; a text by its collation, which may stand in the table alone. */
static bool hides_change(const tk_column *column) {
    takeo_type type = column->type == TAKEO_TYPE_ARRAY ? column->element : column->type;
    return type == TAKEO_TYPE_INTERVAL || type == TAKEO_TYPE_TEXT || type == TAKEO_TYPE_ENUM
           || type == TAKEO_TYPE_CITEXT;
}

/* A value as its text, where it hides changes; the table may have a type that has no collation. */
static uint32_t as_text(sketch *draft, const tk_column *of, uint32_t value) {
    return hides_change(of)
               ? tk_builder_node(draft->builder, TAKEO_NODE_CAST, TAKEO_TYPE_TEXT, value, 0)
               : value;
}

static uint32_t differs(sketch *draft, const tk_column *of) {
    uint32_t there = as_text(draft, of, column(draft, of));
    uint32_t given = tk_builder_ref(draft->builder, TAKEO_NODE_EXCLUDED, 0, of->number);
    if (hides_change(of)) {
        there = tk_builder_push(
            draft->builder,
            &(takeo_node){.kind = TAKEO_NODE_COLLATE, .a = there, .text = "binary", .text_len = 6});
    }
    return operation(draft, TAKEO_OPERATOR_DISTINCT_FROM, there, as_text(draft, of, given));
}

/* Every column that is set differs: or there is nothing to do. */
static uint32_t where_changed(sketch *draft, const struct tk_shape_upsert *def) {
    uint32_t differ[TK_COLUMN_MAX];
    for (uint32_t i = 0; i < def->update_count; i++) {
        differ[i] = differs(draft, def->update[i]);
    }
    uint32_t chain = tk_builder_chain(draft->builder, differ, def->update_count);
    return tk_builder_node(draft->builder, TAKEO_NODE_WHERE, 0,
                           operation(draft, TAKEO_OPERATOR_OR, chain, 0), 0);
}

static uint32_t conflict(sketch *draft, const struct tk_shape_upsert *def, uint32_t where) {
    uint32_t on[TK_COLUMN_MAX];
    uint32_t parts[TK_COLUMN_MAX + 2];
    uint32_t count = 0;
    for (uint32_t i = 0; i < def->on_count; i++) {
        on[i] = column(draft, def->on[i]);
    }
    for (uint32_t i = 0; i < def->update_count; i++) {
        uint32_t given =
            tk_builder_ref(draft->builder, TAKEO_NODE_EXCLUDED, 0, def->update[i]->number);
        parts[count++] = assign(draft, def->update[i], given);
    }
    if (def->update_count != 0) {
        if (def->only_if_changed) {
            parts[count++] = where_changed(draft, def);
        }
        if (where != 0) {
            parts[count++] = tk_builder_node(draft->builder, TAKEO_NODE_WHERE, 0, where, 0);
        }
    }
    uint32_t target = tk_builder_chain(draft->builder, on, def->on_count);
    uint16_t op = def->update_count == 0 ? TAKEO_VARIANT_NOTHING : 0;
    return tk_builder_node(draft->builder, TAKEO_NODE_CONFLICT, op, target,
                           tk_builder_chain(draft->builder, parts, count));
}

takeo_status tk_shape_upsert(const tk_entity *entity, const struct tk_shape_upsert *def,
                             tk_alloc alloc, tk_statement **out, tk_error *error) {
    sketch draft;
    TK_TRY(check_count(entity, def->column_count, error));
    TK_TRY(check_count(entity, def->on_count, error));
    TK_TRY(check_count(entity, def->update_count, error));
    TK_TRY(begin(&draft, entity, alloc, error));
    insert_row(&draft, def->columns, def->column_count);
    uint32_t where = 0;
    takeo_status status = TAKEO_DONE;
    if (def->where != NULL && def->update_count != 0) {
        status = tk_graft(draft.builder, def->where, entity, draft.table, draft.params, alloc,
                          &where, error);
    }
    if (status < 0) {
        tk_builder_free(draft.builder);
        return status;
    }
    add(&draft, TAKEO_NODE_CONFLICT, conflict(&draft, def, where));
    if (def->index_where != NULL) {
        add(&draft, TAKEO_NODE_CONFLICT_WHERE, raw(&draft, TAKEO_TYPE_BOOL, def->index_where));
    }
    returning(&draft, def->returning, def->returning_count);
    TK_TRY(finish(&draft, TAKEO_NODE_INSERT, 0, out, error));
    (*out)->tells_outcome = true; /* nobody else has it, and no text is made of it yet */
    return TAKEO_DONE;
}

takeo_status tk_shape_update(const tk_entity *entity, const tk_column *const *columns,
                             uint32_t count, tk_alloc alloc, tk_statement **out, tk_error *error) {
    sketch draft;
    TK_TRY(need_key(entity, error));
    TK_TRY(begin(&draft, entity, alloc, error));
    add(&draft, TAKEO_NODE_INTO, draft.table);
    for (uint32_t i = 0; i < count; i++) {
        add(&draft, TAKEO_NODE_SET, assign(&draft, columns[i], param(&draft)));
    }
    where_key(&draft);
    return finish(&draft, TAKEO_NODE_UPDATE, 0, out, error);
}

takeo_status tk_shape_delete(const tk_entity *entity, tk_alloc alloc, tk_statement **out,
                             tk_error *error) {
    sketch draft;
    TK_TRY(need_key(entity, error));
    TK_TRY(begin(&draft, entity, alloc, error));
    add(&draft, TAKEO_NODE_INTO, draft.table);
    where_key(&draft);
    return finish(&draft, TAKEO_NODE_DELETE, 0, out, error);
}
