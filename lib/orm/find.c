/* find.c - get, find, count and delete for callers without a builder.
 *
 * Each shape of find is compiled once per source (find_shape.c); what is given here are its values.
 * It must not know SQL.
 */
#include "orm/find_int.h"

static const takeo_find find_all = {.struct_size = sizeof find_all};

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
    bool takes_value =
        !tk_find_takes_nothing(condition->op) && condition->op != TAKEO_OPERATOR_BETWEEN;
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
        } else if (!tk_find_takes_nothing(condition->op)) {
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

static takeo_status begin(tk_task *task, tk_find_shape *shape, uint32_t entity,
                          const takeo_find *find, tk_receiver *receiver, bool makes_receiver) {
    tk_op *op = task->op;
    const takeo_cell *arguments = NULL;
    uint32_t count = 0;
    tk_statement *statement = NULL;
    shape->find = find != NULL ? find : &find_all;
    shape->is_eager = (op->options.flags & TAKEO_OP_NO_EAGER) == 0;
    TK_TRY(find_entity(op, entity, &shape->entity, &op->error));
    TK_TRY(check_find(op, shape->entity, shape->find));
    TK_TRY(make_arguments(op, shape->find, shape->kind == TK_FIND_ROWS, &arguments, &count));
    TK_TRY(tk_find_statement(task, shape, &statement));
    if (makes_receiver) {
        TK_TRY(task->target != NULL ? tk_receive_structs(task, statement, &receiver)
                                    : tk_receive_cells(task, statement, &receiver));
    }
    return tk_run_statement(task, statement, receiver, arguments, count, false);
}

takeo_status tk_orm_find(tk_op *op, tk_target *target, uint32_t entity, const takeo_find *find) {
    tk_task *task;
    tk_find_shape shape = {.kind = TK_FIND_ROWS};
    takeo_status status = tk_task_start(op, target, NULL, sizeof *task, &task);
    if (status >= 0) {
        status = begin(task, &shape, entity, find, NULL, true);
    }
    return tk_task_ready(op, status);
}

takeo_status tk_orm_delete(tk_op *op, uint32_t entity, const takeo_find *find) {
    tk_task *task;
    tk_find_shape shape = {.kind = TK_FIND_DELETE};
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
    tk_find_shape shape = {.kind = TK_FIND_COUNT};
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
    tk_find_shape shape = {.entity = entity,
                           .find = &find_all,
                           .kind = TK_FIND_KEYS,
                           .is_eager = (op->options.flags & TAKEO_OP_NO_EAGER) == 0};
    if (list == NULL) {
        return tk_raise_memory(&op->error);
    }
    TK_TRY(list_keys(op, entity, keys, count, list));
    TK_TRY(tk_find_statement(task, &shape, &statement));
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
