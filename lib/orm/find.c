/* find.c - get, find, count and delete for callers without a builder: a takeo_find becomes nodes.
 *
 * The nodes depend on the shape of the find alone, never on its values, so each shape is compiled
 * once per source.  It must not know SQL.
 */
#include "orm/orm_int.h"

typedef enum find_kind { FIND_ROWS = 1, FIND_COUNT, FIND_DELETE, FIND_KEYS } find_kind;

typedef struct find_shape {
    const tk_entity *entity;
    const takeo_find *find;
    find_kind kind;
    bool is_eager;
} find_shape;

static const takeo_find find_all = {.struct_size = sizeof find_all};

/* ---- nodes ----------------------------------------------------------------------------------- */

typedef struct sketch {
    tk_vec nodes;
    bool has_no_memory;
    const find_shape *shape;
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

static bool takes_nothing(takeo_operator op) {
    return op == TAKEO_OPERATOR_IS_NULL || op == TAKEO_OPERATOR_IS_NOT_NULL;
}

static void add_condition(sketch *draft, const takeo_condition *condition) {
    uint32_t column = push_column(draft, condition->relation, condition->column);
    uint32_t value = 0;
    if (condition->op == TAKEO_OPERATOR_BETWEEN) {
        uint32_t last = value = push_param(draft, 0);
        link_nodes(draft, &value, &last, push_param(draft, 0));
    } else if (!takes_nothing(condition->op)) {
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
    case FIND_ROWS:
        add_loads(draft, find);
        add_only(draft, find);
        add_orders(draft, find);
        add_pages(draft, find);
        break;
    case FIND_COUNT:
        add_clause(draft, TAKEO_NODE_COLUMNS,
                   push(draft, (takeo_node){.kind = TAKEO_NODE_CALL, .op = TAKEO_FUNCTION_COUNT}));
        break;
    case FIND_DELETE:
        if (find->where_count == 0) {
            add_clause(draft, TAKEO_NODE_ALL, 0);
        }
        break;
    case FIND_KEYS:
        add_keys(draft);
        break;
    }
}

static takeo_status compile(sketch *draft, tk_alloc alloc, tk_statement **out, tk_error *error) {
    const find_shape *shape = draft->shape;
    bool is_delete = shape->kind == FIND_DELETE;
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
static void write_key(const find_shape *shape, uint32_t *key) {
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

static takeo_status get_statement(tk_task *task, const find_shape *shape, tk_statement **out) {
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

/* ---- checks ---------------------------------------------------------------------------------- */

static takeo_status check_place(const tk_entity *entity, const char *what, uint32_t number,
                                uint32_t relation, uint32_t column, tk_error *error) {
    const tk_entity *of = entity;
    if (relation != 0) {
        const tk_relation *through = tk_entity_relation(entity, relation);
        if (through == NULL || !through->is_to_one) {
            return tk_raise(error, TK_QUERY_UNKNOWN_FIELD, "%s %u: %s has no to-one relation %u",
                            what, number, entity->name.data, relation);
        }
        of = through->target;
    }
    if (tk_entity_column(of, column) == NULL) {
        takeo_status status = tk_raise(error, TK_QUERY_UNKNOWN_FIELD, "%s %u: %s has no column %u",
                                       what, number, of->name.data, column);
        TK_SET(error, entity, "%s", of->name.data);
        return status;
    }
    return TAKEO_DONE;
}

static bool is_operator(takeo_operator op) {
    return (op >= TAKEO_OPERATOR_EQ && op <= TAKEO_OPERATOR_NOT_IN)
           || (op >= TAKEO_OPERATOR_LIKE && op <= TAKEO_OPERATOR_MATCHES);
}

static takeo_status check_condition(const tk_entity *entity, const takeo_condition *condition,
                                    uint32_t number, tk_error *error) {
    TK_TRY(check_place(entity, "condition", number, condition->relation, condition->column, error));
    const takeo_cell *value = &condition->value;
    if (!is_operator(condition->op)) {
        return tk_raise(error, TK_QUERY_SHAPE, "condition %u: %u is no operator of a condition",
                        number, condition->op);
    }
    if (condition->op == TAKEO_OPERATOR_BETWEEN
        && (value->type != TAKEO_TYPE_ARRAY || value->v.list.count != 2)) {
        return tk_raise(error, TK_INPUT_COUNT, "condition %u: BETWEEN takes a list of two", number);
    }
    bool takes_value = !takes_nothing(condition->op) && condition->op != TAKEO_OPERATOR_BETWEEN;
    if (takes_value && (value->flags & TAKEO_CELL_UNSET) == 0 && tk_cell_is_null(value)) {
        takeo_status status = tk_raise(error, TK_INPUT_NULL,
                                       "condition %u compares with NULL, "
                                       "which is never true",
                                       number);
        TK_SET(error, hint, "use IS_NULL, or leave the condition out");
        return status;
    }
    return TAKEO_DONE;
}

static takeo_status check_find(tk_op *op, const tk_entity *entity, const takeo_find *find) {
    tk_findings findings;
    tk_findings_init(&findings, &op->error);
    for (uint32_t i = 0; i < find->where_count; i++) {
        tk_error *error = tk_findings_error(&findings);
        takeo_status status = check_condition(entity, &find->where[i], i + 1, error);
        if (!tk_findings_add(&findings, status, 0)) {
            break;
        }
    }
    for (uint32_t i = 0; i < find->order_count; i++) {
        tk_error *error = tk_findings_error(&findings);
        const takeo_order *order = &find->order[i];
        takeo_status status =
            check_place(entity, "order", i + 1, order->relation, order->column, error);
        if (!tk_findings_add(&findings, status, 0)) {
            break;
        }
    }
    if (find->load_count != 0 && find->load[find->load_count - 1] != 0) {
        return tk_raise(&op->error, TK_CALL_INVALID, "the last path of load is not ended by 0");
    }
    return tk_findings_end(&findings);
}

/* ---- arguments ------------------------------------------------------------------------------- */

static takeo_status make_arguments(tk_op *op, const takeo_find *find, bool has_pages,
                                   const takeo_cell **out, uint32_t *out_count) {
    takeo_cell *cells =
        tk_arena_array(&op->arena, 2 * (size_t)find->where_count + 2, sizeof *cells);
    if (cells == NULL) {
        return tk_raise_memory(&op->error);
    }
    uint32_t count = 0;
    for (uint32_t i = 0; i < find->where_count; i++) {
        const takeo_condition *condition = &find->where[i];
        if (condition->op == TAKEO_OPERATOR_BETWEEN) {
            cells[count++] = condition->value.v.list.cells[0];
            cells[count++] = condition->value.v.list.cells[1];
        } else if (!takes_nothing(condition->op)) {
            cells[count++] = condition->value;
        }
    }
    if (has_pages && find->limit != 0) {
        cells[count++] = tk_cell_int(TAKEO_TYPE_INT64, find->limit);
    }
    if (has_pages && find->offset != 0) {
        cells[count++] = tk_cell_int(TAKEO_TYPE_INT64, find->offset);
    }
    *out = cells;
    *out_count = count;
    return TAKEO_DONE;
}

static takeo_status find_entity(const tk_op *op, uint32_t number, const tk_entity **out,
                                tk_error *error) {
    *out = op->source->model != NULL ? tk_model_entity(op->source->model, number) : NULL;
    return *out != NULL ? TAKEO_DONE
                        : tk_raise(error, TK_INPUT_ENTITY, "the model has no entity %u", number);
}

static takeo_status begin(tk_task *task, find_shape *shape, uint32_t entity, const takeo_find *find,
                          tk_receiver *receiver, bool makes_receiver) {
    tk_op *op = task->op;
    const takeo_cell *arguments = NULL;
    uint32_t count = 0;
    tk_statement *statement = NULL;
    shape->find = find != NULL ? find : &find_all;
    shape->is_eager = (op->options.flags & TAKEO_OP_NO_EAGER) == 0;
    TK_TRY(find_entity(op, entity, &shape->entity, &op->error));
    TK_TRY(check_find(op, shape->entity, shape->find));
    TK_TRY(make_arguments(op, shape->find, shape->kind == FIND_ROWS, &arguments, &count));
    TK_TRY(get_statement(task, shape, &statement));
    if (makes_receiver) {
        TK_TRY(task->target != NULL ? tk_receive_structs(task, statement, &receiver)
                                    : tk_receive_cells(task, statement, &receiver));
    }
    return tk_run_statement(task, statement, receiver, arguments, count, false);
}

takeo_status tk_orm_find(tk_op *op, tk_target *target, uint32_t entity, const takeo_find *find) {
    tk_task *task;
    find_shape shape = {.kind = FIND_ROWS};
    takeo_status status = tk_task_start(op, target, NULL, sizeof *task, &task);
    if (status >= 0) {
        status = begin(task, &shape, entity, find, NULL, true);
    }
    return tk_task_ready(op, status);
}

takeo_status tk_orm_delete(tk_op *op, uint32_t entity, const takeo_find *find) {
    tk_task *task;
    find_shape shape = {.kind = FIND_DELETE};
    takeo_status status = tk_task_start(op, NULL, NULL, sizeof *task, &task);
    bool is_narrow = find != NULL && (find->where_count != 0 || (find->flags & TAKEO_FIND_ALL));
    if (status >= 0 && !is_narrow) {
        status = tk_raise(&op->error, TK_QUERY_NO_CONDITION,
                          "a delete without a condition would empty the table");
        TK_SET(&op->error, hint, "set TAKEO_FIND_ALL when that is meant");
    }
    if (status >= 0) {
        status = begin(task, &shape, entity, find, NULL, false);
    }
    return tk_task_ready(op, status);
}

/* ---- count ----------------------------------------------------------------------------------- */

typedef struct count_receiver {
    tk_receiver base;
    int64_t count;
} count_receiver;

static takeo_status count_row(tk_receiver *base, const takeo_cell *cells, tk_error *error) {
    (void)error;
    ((count_receiver *)base)->count = cells[0].v.i;
    return TAKEO_DONE;
}

static takeo_status count_end(tk_receiver *base, tk_op *op, tk_error *error) {
    (void)error;
    op->result.affected = ((count_receiver *)base)->count;
    return TAKEO_DONE;
}

static void count_release(tk_receiver *base) {
    (void)base;
}

takeo_status tk_orm_count(tk_op *op, uint32_t entity, const takeo_find *find) {
    tk_task *task;
    find_shape shape = {.kind = FIND_COUNT};
    takeo_status status = tk_task_start(op, NULL, NULL, sizeof *task, &task);
    count_receiver *receiver = status >= 0 ? tk_task_take(op, sizeof *receiver) : NULL;
    if (status >= 0 && receiver == NULL) {
        status = tk_raise_memory(&op->error);
    }
    if (status >= 0) {
        receiver->base =
            (tk_receiver){.row = count_row, .end = count_end, .release = count_release};
        status = begin(task, &shape, entity, find, &receiver->base, false);
    }
    return tk_task_ready(op, status);
}

/* ---- get ------------------------------------------------------------------------------------- */

/* Keys as one list, for a statement that takes several. */
static takeo_status list_keys(tk_op *op, const tk_entity *entity, const takeo_cell *keys,
                              uint32_t count, takeo_cell *out) {
    uint32_t width = entity->key_count;
    takeo_cell *accepted = tk_arena_array(&op->arena, count, sizeof *accepted);
    takeo_cell *rows = tk_arena_array(&op->arena, count / width, sizeof *rows);
    if (accepted == NULL || rows == NULL) {
        return tk_raise_memory(&op->error);
    }
    tk_findings findings;
    tk_findings_init(&findings, &op->error);
    for (uint32_t i = 0; i < count; i++) {
        tk_accept accept = tk_accept_column(entity->key[i % width]);
        accept.is_nullable = false;
        takeo_status status = tk_accept_cell(&accept, &keys[i], &accepted[i], &op->arena,
                                             tk_findings_error(&findings));
        if (!tk_findings_add(&findings, status, i / width + 1)) {
            break;
        }
        if (i % width == 0) {
            rows[i / width] =
                (takeo_cell){.type = TAKEO_TYPE_ARRAY, .v = {.list = {&accepted[i], width}}};
        }
    }
    *out = (takeo_cell){.type = TAKEO_TYPE_ARRAY,
                        .v = {.list = {width == 1 ? accepted : rows, count / width}}};
    return tk_findings_end(&findings);
}

static takeo_status get_many(tk_task *task, const tk_entity *entity, const takeo_cell *keys,
                             uint32_t count) {
    tk_op *op = task->op;
    takeo_cell *list = tk_task_take(op, sizeof *list);
    tk_statement *statement;
    tk_receiver *receiver;
    find_shape shape = {.entity = entity,
                        .find = &find_all,
                        .kind = FIND_KEYS,
                        .is_eager = (op->options.flags & TAKEO_OP_NO_EAGER) == 0};
    if (list == NULL) {
        return tk_raise_memory(&op->error);
    }
    TK_TRY(list_keys(op, entity, keys, count, list));
    TK_TRY(get_statement(task, &shape, &statement));
    TK_TRY(task->target != NULL ? tk_receive_structs(task, statement, &receiver)
                                : tk_receive_cells(task, statement, &receiver));
    return tk_run_statement(task, statement, receiver, list, 1, true);
}

static takeo_status get(tk_task *task, uint32_t number, const takeo_cell *keys, uint32_t count) {
    tk_op *op = task->op;
    const tk_entity *entity;
    TK_TRY(find_entity(op, number, &entity, &op->error));
    if (entity->key_count == 0 || count == 0 || count % entity->key_count != 0) {
        return tk_raise(&op->error, TK_INPUT_COUNT,
                        "the key of %s has %u columns; %u cells were "
                        "given",
                        entity->name.data, entity->key_count, count);
    }
    if (count != entity->key_count || (op->options.flags & TAKEO_OP_NO_EAGER) != 0) {
        return get_many(task, entity, keys, count);
    }
    tk_statement *statement;
    tk_receiver *receiver;
    TK_TRY(tk_orm_get_statement(op->source, entity, &statement, &op->error));
    task->statement = tk_statement_hold(statement);
    TK_TRY(task->target != NULL ? tk_receive_structs(task, statement, &receiver)
                                : tk_receive_cells(task, statement, &receiver));
    return tk_run_statement(task, statement, receiver, keys, count, false);
}

takeo_status tk_orm_get(tk_op *op, tk_target *target, uint32_t entity, const takeo_cell *keys,
                        uint32_t count) {
    tk_task *task;
    takeo_status status = tk_task_start(op, target, NULL, sizeof *task, &task);
    if (status >= 0) {
        status = get(task, entity, keys, count);
    }
    return tk_task_ready(op, status);
}
