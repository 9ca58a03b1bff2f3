/* find_shape.c - a takeo_find as nodes, and as the key by which its statement is found again.
 *
 * Both depend on the shape of the find alone, never on its values.  What it says was checked
 * before.
 */
#include "orm/find_int.h"

/* ---- nodes ----------------------------------------------------------------------------------- */

typedef struct sketch {
    tk_vec nodes;
    bool has_no_memory;
    const tk_find_shape *shape;
    uint32_t table;
    uint32_t paths[TK_KEY_MAX]; /* nodes of the relations that conditions and orders go through */
    uint32_t path_count;
    uint32_t params;
    uint32_t first_clause;
    uint32_t last_clause;
} sketch;

static uint32_t push(sketch *draft, takeo_node node) {
    takeo_node *place = tk_vec_push(&draft->nodes);
    if (place == NULL) {
        draft->has_no_memory = true;
        return 0;
    }
    *place = node;
    return (uint32_t)draft->nodes.count;
}

static takeo_node *node_at(sketch *draft, uint32_t number) {
    return tk_vec_at(&draft->nodes, number - 1);
}

static void link_nodes(sketch *draft, uint32_t *first, uint32_t *last, uint32_t number) {
    if (number == 0) {
        return;
    }
    if (*last != 0) {
        node_at(draft, *last)->next = number;
    } else {
        *first = number;
    }
    *last = number;
}

static void add_clause(sketch *draft, takeo_node_kind kind, uint32_t a) {
    uint32_t number = push(draft, (takeo_node){.kind = kind, .a = a});
    link_nodes(draft, &draft->first_clause, &draft->last_clause, number);
}

static uint32_t push_param(sketch *draft, uint32_t flags) {
    return push(draft,
                (takeo_node){.kind = TAKEO_NODE_PARAM, .ref = ++draft->params, .flags = flags});
}

/* The table, or what a relation of it leads to; each is joined once. */
static uint32_t source_of(sketch *draft, uint32_t relation) {
    if (relation == 0) {
        return draft->table;
    }
    for (uint32_t i = 0; i < draft->path_count; i++) {
        if (node_at(draft, draft->paths[i])->ref == relation) {
            return draft->paths[i];
        }
    }
    uint32_t path =
        push(draft, (takeo_node){.kind = TAKEO_NODE_PATH, .a = draft->table, .ref = relation});
    if (path != 0 && draft->path_count < TK_COUNT(draft->paths)) {
        draft->paths[draft->path_count++] = path;
    }
    return path;
}

static uint32_t push_column(sketch *draft, uint32_t relation, uint32_t column) {
    uint32_t source = source_of(draft, relation);
    return push(draft, (takeo_node){.kind = TAKEO_NODE_COLUMN, .a = source, .ref = column});
}

/* ---- clauses --------------------------------------------------------------------------------- */

static bool takes_list(takeo_operator op) {
    return op == TAKEO_OPERATOR_IN || op == TAKEO_OPERATOR_NOT_IN;
}

static void add_condition(sketch *draft, const takeo_condition *condition) {
    uint32_t column = push_column(draft, condition->relation, condition->column);
    uint32_t value = 0;
    if (condition->op == TAKEO_OPERATOR_BETWEEN) {
        uint32_t last = value = push_param(draft, 0);
        link_nodes(draft, &value, &last, push_param(draft, 0));
    } else if (!tk_find_takes_nothing(condition->op)) {
        value = push_param(draft, takes_list(condition->op) ? TAKEO_NODE_FLAG_LIST : 0);
    }
    add_clause(draft, TAKEO_NODE_WHERE,
               push(draft, (takeo_node){.kind = TAKEO_NODE_OPERATION,
                                        .op = condition->op,
                                        .a = column,
                                        .b = value,
                                        .flags = condition->flags}));
}

static void add_orders(sketch *draft, const takeo_find *find) {
    uint32_t first = 0;
    uint32_t last = 0;
    for (uint32_t i = 0; i < find->order_count && !draft->has_no_memory; i++) {
        const takeo_order *order = &find->order[i];
        takeo_operator op = order->op != 0 ? order->op : TAKEO_OPERATOR_ASC;
        uint32_t column = push_column(draft, order->relation, order->column);
        uint32_t item = push(
            draft, (takeo_node){
                       .kind = TAKEO_NODE_OPERATION, .op = op, .a = column, .flags = order->flags});
        link_nodes(draft, &first, &last, item);
    }
    if (first != 0) {
        add_clause(draft, TAKEO_NODE_ORDER_BY, first);
    }
}

static void add_only(sketch *draft, const takeo_find *find) {
    uint32_t first = 0;
    uint32_t last = 0;
    for (uint32_t i = 0; i < find->only_count && !draft->has_no_memory; i++) {
        link_nodes(draft, &first, &last, push_column(draft, 0, find->only[i]));
    }
    if (first != 0) {
        add_clause(draft, TAKEO_NODE_ONLY, first);
    }
}

static void add_loads(sketch *draft, const takeo_find *find) {
    uint32_t at = draft->table;
    for (uint32_t i = 0; i < find->load_count && !draft->has_no_memory; i++) {
        if (find->load[i] != 0) {
            at = at == draft->table
                     ? source_of(draft, find->load[i])
                     : push(draft,
                            (takeo_node){.kind = TAKEO_NODE_PATH, .a = at, .ref = find->load[i]});
            continue;
        }
        if (at != draft->table) {
            add_clause(draft, TAKEO_NODE_LOAD, at);
        }
        at = draft->table;
    }
}

static void add_pages(sketch *draft, const takeo_find *find) {
    if (find->limit != 0) {
        add_clause(draft, TAKEO_NODE_LIMIT, push_param(draft, 0));
    }
    if (find->offset != 0) {
        add_clause(draft, TAKEO_NODE_OFFSET, push_param(draft, 0));
    }
}

static void add_keys(sketch *draft) {
    uint32_t key = push(draft, (takeo_node){.kind = TAKEO_NODE_KEY, .a = draft->table});
    uint32_t list = push_param(draft, TAKEO_NODE_FLAG_LIST);
    add_clause(draft, TAKEO_NODE_WHERE,
               push(draft, (takeo_node){.kind = TAKEO_NODE_OPERATION,
                                        .op = TAKEO_OPERATOR_IN,
                                        .a = key,
                                        .b = list}));
}

static void add_clauses(sketch *draft) {
    const takeo_find *find = draft->shape->find;
    for (uint32_t i = 0; i < find->where_count && !draft->has_no_memory; i++) {
        add_condition(draft, &find->where[i]);
    }
    switch (draft->shape->kind) {
    case TK_FIND_ROWS:
        add_loads(draft, find);
        add_only(draft, find);
        add_orders(draft, find);
        add_pages(draft, find);
        break;
    case TK_FIND_COUNT:
        add_clause(draft, TAKEO_NODE_COLUMNS,
                   push(draft, (takeo_node){.kind = TAKEO_NODE_CALL, .op = TAKEO_FUNCTION_COUNT}));
        break;
    case TK_FIND_DELETE:
        if (find->where_count == 0) {
            add_clause(draft, TAKEO_NODE_ALL, 0);
        }
        break;
    case TK_FIND_KEYS:
        add_keys(draft);
        break;
    }
}

static takeo_status compile(sketch *draft, tk_alloc alloc, tk_statement **out, tk_error *error) {
    const tk_find_shape *shape = draft->shape;
    bool is_delete = shape->kind == TK_FIND_DELETE;
    draft->table =
        push(draft, (takeo_node){.kind = TAKEO_NODE_TABLE, .ref = shape->entity->number});
    add_clause(draft, is_delete ? TAKEO_NODE_INTO : TAKEO_NODE_FROM, draft->table);
    add_clauses(draft);
    push(draft, (takeo_node){.kind = is_delete ? TAKEO_NODE_DELETE : TAKEO_NODE_SELECT,
                             .a = draft->first_clause});
    if (draft->has_no_memory) {
        return tk_raise_memory(error);
    }
    const takeo_statement_def def = {.struct_size = sizeof def,
                                     .flags = shape->is_eager ? 0 : TAKEO_STATEMENT_NO_EAGER,
                                     .nodes = draft->nodes.items,
                                     .node_count = (uint32_t)draft->nodes.count,
                                     .node_size = sizeof(takeo_node)};
    return tk_statement_compile(shape->entity->model, &def, alloc, out, error);
}

static takeo_status make(const void *context, tk_alloc alloc, tk_statement **out, tk_error *error) {
    sketch draft = {.shape = context};
    tk_vec_init(&draft.nodes, alloc, sizeof(takeo_node));
    takeo_status status = compile(&draft, alloc, out, error);
    tk_vec_done(&draft.nodes);
    return status;
}

/* ---- shapes ---------------------------------------------------------------------------------- */

static size_t key_size(const takeo_find *find) {
    return 8 + 4 * (size_t)find->where_count + 4 * (size_t)find->order_count + find->load_count
           + find->only_count;
}

/* What the nodes depend on, as numbers. */
static void write_key(const tk_find_shape *shape, uint32_t *key) {
    const takeo_find *find = shape->find;
    *key++ = 'F';
    *key++ = shape->entity->number;
    *key++ = (uint32_t)shape->kind | (uint32_t)shape->is_eager << 8
             | (uint32_t)(find->limit != 0) << 9 | (uint32_t)(find->offset != 0) << 10;
    *key++ = find->where_count;
    *key++ = find->order_count;
    *key++ = find->load_count;
    *key++ = find->only_count;
    *key++ = 0;
    for (uint32_t i = 0; i < find->where_count; i++) {
        *key++ = find->where[i].relation;
        *key++ = find->where[i].column;
        *key++ = find->where[i].op;
        *key++ = find->where[i].flags;
    }
    for (uint32_t i = 0; i < find->order_count; i++) {
        *key++ = find->order[i].relation;
        *key++ = find->order[i].column;
        *key++ = find->order[i].op;
        *key++ = find->order[i].flags;
    }
    for (uint32_t i = 0; i < find->load_count; i++) {
        *key++ = find->load[i];
    }
    for (uint32_t i = 0; i < find->only_count; i++) {
        *key++ = find->only[i];
    }
}

takeo_status tk_find_statement(tk_task *task, const tk_find_shape *shape, tk_statement **out) {
    tk_op *op = task->op;
    size_t size = key_size(shape->find) * sizeof(uint32_t);
    uint32_t *key = tk_arena_take(&op->arena, size);
    if (key == NULL) {
        return tk_raise_memory(&op->error);
    }
    write_key(shape, key);
    TK_TRY(
        tk_shapes_get(op->source, tk_text((const char *)key, size), make, shape, out, &op->error));
    return tk_task_keep(task, *out);
}
