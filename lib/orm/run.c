/* run.c - running a statement: arguments are accepted, rows go to a receiver, then its loads.
 *
 * The way of a read by key goes through here, so nothing is made that is not needed: one task and
 * one job in the operation's arena.  It must not know what the statement says.
 */
#include "orm/orm_int.h"

typedef struct run_job {
    tk_job job;
    tk_task *task;
    const tk_statement *statement;
    tk_receiver *receiver;       /* NULL: it gives no rows */
    const takeo_cell *arguments; /* of all executions */
    uint32_t executions;
    uint32_t next; /* of them, from 0 */
    bool has_rows;
    bool was_lost; /* the server had lost the statement: it was begun anew */
} run_job;

/* ---- rows that are read by label: each says one thing ----------------------------------------- */

static takeo_status raise_label(takeo_text label, tk_error *error) {
    takeo_status status =
        label.len == 0 ? tk_raise(error, TK_QUERY_LABEL, "two columns of a row have no name")
                       : tk_raise(error, TK_QUERY_LABEL, "two columns of a row are called %.*s",
                                  (int)label.len, label.data);
    if (label.len != 0) {
        TK_SET(error, field, "%.*s", (int)label.len, label.data);
    }
    TK_SET(error, why, "by name only one of them could be read");
    TK_SET(error, hint, "name one of them: .label(\"other\"), in SQL \"... as other\"");
    return status;
}

static takeo_status add_label(tk_map *known, takeo_text label, tk_error *error) {
    if (tk_map_get(known, label.data, label.len) != NULL) {
        return raise_label(label, error);
    }
    return tk_map_put(known, label.data, label.len, known) ? TAKEO_DONE : tk_raise_memory(error);
}

/* Of raw SQL the columns say it, of every other statement its outputs. */
static takeo_status check_labels(tk_op *op, const takeo_output_info *outputs,
                                 const takeo_column_info *columns, uint32_t count) {
    if (TK_LIKELY((op->options.flags & TAKEO_OP_BY_LABEL) == 0)) {
        return TAKEO_DONE;
    }
    tk_map known;
    tk_map_init(&known, op->alloc);
    takeo_status status = TAKEO_DONE;
    for (uint32_t i = 0; i < count && status >= 0; i++) {
        status =
            add_label(&known, outputs != NULL ? outputs[i].label : columns[i].name, &op->error);
    }
    tk_map_done(&known);
    return status;
}

/* ---- the job --------------------------------------------------------------------------------- */

static takeo_status bind(tk_job *job, tk_op *op, const takeo_cell **out) {
    (void)op;
    run_job *run = (run_job *)job;
    if (run->next == run->executions) {
        return TAKEO_DONE;
    }
    run->task->running = run->statement;
    *out = run->arguments;
    if (run->next != 0) { /* then there are some */
        *out += (size_t)run->next * run->job.sql->parameter_count;
    }
    run->next++;
    return TAKEO_ROWS;
}

static takeo_status row(tk_job *job, tk_op *op, const takeo_cell *cells) {
    run_job *run = (run_job *)job;
    run->has_rows = true;
    return run->receiver->row(run->receiver, cells, &op->error);
}

static takeo_status described(tk_job *job, tk_op *op, const takeo_column_info *columns,
                              uint32_t count) {
    tk_receiver *receiver = ((run_job *)job)->receiver;
    TK_TRY(check_labels(op, NULL, columns, count));
    return receiver->described != NULL ? receiver->described(receiver, columns, count, &op->error)
                                       : TAKEO_DONE;
}

static takeo_status ran(tk_job *job, tk_op *op, const tk_execution *execution) {
    takeo_node_kind kind = ((run_job *)job)->statement->kind;
    op->result.affected += execution->affected;
    if (kind == TAKEO_NODE_INSERT) {
        op->result.inserted += execution->affected;
    } else if (kind == TAKEO_NODE_UPDATE) {
        op->result.updated += execution->affected;
    } else if (kind == TAKEO_NODE_DELETE) {
        op->result.deleted += execution->affected;
    }
    return TAKEO_DONE;
}

static takeo_status done(tk_job *job, tk_op *op) {
    run_job *run = (run_job *)job;
    if (run->receiver == NULL) {
        return TAKEO_DONE;
    }
    TK_TRY(run->receiver->end(run->receiver, op, &op->error));
    if (TK_LIKELY(run->statement->load_count == 0) || run->receiver->target == NULL) {
        return TAKEO_DONE;
    }
    return tk_load_append_all(run->task, run->receiver->target, run->statement, run->receiver);
}

static const tk_job_methods read_methods = {
    .name = "read", .bind = bind, .row = row, .done = done, .described = described};
static const tk_job_methods write_methods = {
    .name = "write", .bind = bind, .row = row, .ran = ran, .done = done, .described = described};
static const tk_job_methods quiet_methods = {.name = "write", .bind = bind, .ran = ran};

/* ---- arguments ------------------------------------------------------------------------------- */

/* Put the parameter's number before what accept said. */
static takeo_status name_parameter(tk_error *error, takeo_status status, const tk_param *param,
                                   uint32_t number) {
    takeo_error *record = tk_error_last(error);
    const tk_column *column = param->accept.column;
    if (status != TAKEO_EINPUT || record == NULL || record->message.data == NULL) {
        return status;
    }
    const char *said = record->message.data;
    if (param->name.len != 0) {
        TK_SET(error, message, "parameter %u ({%s}): %s", number, param->name.data, said);
    } else if (column != NULL) {
        TK_SET(error, message, "parameter %u (%s.%s): %s", number, column->entity->name.data,
               column->name.data, said);
    } else {
        TK_SET(error, message, "parameter %u: %s", number, said);
    }
    return status;
}

static takeo_status accept_list(const tk_accept *accept, const takeo_cell *in, takeo_cell *out,
                                tk_arena *arena, tk_error *error) {
    if (in->type != TAKEO_TYPE_ARRAY || tk_cell_is_null(in)) {
        return tk_raise(error, TK_INPUT_TYPE, "a list is taken here");
    }
    tk_accept any = tk_accept_type(TAKEO_TYPE_NONE);
    any.is_nullable = false;
    bool is_row = accept->type == TAKEO_TYPE_COMPOSITE; /* of a key of several columns */
    takeo_cell *cells = tk_arena_array(arena, in->v.list.count, sizeof *cells);
    if (cells == NULL) {
        return tk_raise_memory(error);
    }
    for (size_t i = 0; i < in->v.list.count; i++) {
        const takeo_cell *cell = &in->v.list.cells[i];
        if (is_row && cell->type == TAKEO_TYPE_ARRAY) {
            TK_TRY(accept_list(&any, cell, &cells[i], arena, error));
        } else if (cell->type == TAKEO_TYPE_ARRAY) {
            return tk_raise(error, TK_INPUT_TYPE, "value %zu of the list is a list itself", i + 1);
        } else {
            TK_TRY(tk_accept_cell(accept, cell, &cells[i], arena, error));
        }
    }
    *out = *in;
    out->v.list.cells = cells;
    return TAKEO_DONE;
}

static takeo_status accept_one(tk_op *op, const tk_param *param, const takeo_cell *in,
                               takeo_cell *out, tk_error *error) {
    if ((in->flags & TAKEO_CELL_UNSET) != 0) {
        return tk_raise(error, TK_INPUT_UNSET, "the value was never set");
    }
    const tk_accept *accept = &param->accept;
    tk_accept relaxed;
    uint32_t coerce = op->options.flags & (TAKEO_OP_COERCE_TEXT | TAKEO_OP_COERCE_LOSSY);
    if (TK_UNLIKELY(coerce != 0)) {
        relaxed = *accept;
        relaxed.text_is_parsed |= true;
        relaxed.loss_is_allowed |= (coerce & TAKEO_OP_COERCE_LOSSY) != 0;
        accept = &relaxed;
    }
    return param->is_list ? accept_list(accept, in, out, &op->arena, error)
                          : tk_accept_cell(accept, in, out, &op->arena, error);
}

static takeo_status accept_all(tk_op *op, const tk_statement *statement, const takeo_cell *in,
                               uint32_t count, const takeo_cell **out) {
    takeo_cell *cells = tk_arena_take(&op->arena, (size_t)count * sizeof *cells);
    if (cells == NULL) {
        return tk_raise_memory(&op->error);
    }
    tk_findings findings;
    tk_findings_init(&findings, &op->error);
    uint32_t number = 0;
    for (uint32_t i = 0; i < count; i++, number++) {
        number = number == statement->param_count ? 0 : number;
        const tk_param *param = &statement->params[number];
        tk_error *error = tk_findings_error(&findings);
        takeo_status status = accept_one(op, param, &in[i], &cells[i], error);
        if (TK_UNLIKELY(status < 0)) {
            status = name_parameter(error, status, param, number + 1);
            uint32_t execution =
                count > statement->param_count ? i / statement->param_count + 1 : 0;
            if (!tk_findings_add(&findings, status, execution)) {
                break;
            }
        }
    }
    *out = cells;
    return tk_findings_end(&findings);
}

static takeo_status check_count(tk_op *op, const tk_statement *statement, uint32_t count) {
    uint32_t wanted = statement->param_count;
    if (TK_LIKELY(wanted == 0 ? count == 0 : count != 0 && count % wanted == 0)) {
        return TAKEO_DONE;
    }
    return tk_raise(&op->error, TK_INPUT_COUNT, "the statement takes %u argument%s, %u %s given",
                    wanted, wanted == 1 ? "" : "s", count, count == 1 ? "was" : "were");
}

takeo_status tk_run_arguments(tk_op *op, const tk_statement *statement, const tk_sql *sql,
                              const takeo_cell **cells, uint32_t count, bool are_accepted) {
    if (!are_accepted && count != 0) {
        TK_TRY(accept_all(op, statement, *cells, count, cells));
    }
    uint32_t executions = statement->param_count != 0 ? count / statement->param_count : 1;
    return tk_spread(statement, sql, cells, executions, &op->arena, &op->error);
}

/* ---- the verb -------------------------------------------------------------------------------- */

/* Several executions of which nobody has seen a row: the same from the first one. */
static bool run_again(tk_op *op, takeo_status status) {
    (void)status;
    run_job *run = (run_job *)op->first;
    if (run->has_rows || run->was_lost || !tk_task_lost_statement(op)) {
        return false;
    }
    run->was_lost = true;
    run->next = 0;
    tk_op_forget_jobs(op);
    tk_op_append(op, &run->job);
    return true;
}

takeo_status tk_run_statement(tk_task *task, tk_statement *statement, tk_receiver *receiver,
                              const takeo_cell *arguments, uint32_t count, bool are_accepted) {
    tk_op *op = task->op;
    TK_TRY(check_count(op, statement, count));
    TK_TRY(check_labels(op, statement->output_infos, NULL, statement->output_count));
    const tk_sql *sql;
    TK_TRY(tk_shapes_render(op->source, statement, &sql, &op->error));
    TK_TRY(tk_run_arguments(op, statement, sql, &arguments, count, are_accepted));
    run_job *run = tk_task_take(op, sizeof *run);
    if (run == NULL) {
        return tk_raise_memory(&op->error);
    }
    run->job.methods = statement->is_write ? receiver != NULL ? &write_methods : &quiet_methods
                       : receiver != NULL  ? &read_methods
                                           : &quiet_methods;
    run->job.sql = sql;
    run->job.describes_first = (task->op->options.flags & TAKEO_OP_BY_LABEL) != 0;
    run->job.needs_host = receiver != NULL && receiver->needs_host;
    run->task = task;
    run->statement = statement;
    run->receiver = receiver;
    run->arguments = arguments;
    run->executions = statement->param_count != 0 ? count / statement->param_count : 1;
    op->again = run_again;
    op->is_write = statement->is_write;
    op->in_transaction = run->executions > 1;
    tk_op_append(op, &run->job);
    return TAKEO_DONE;
}

takeo_status tk_orm_run(tk_op *op, tk_statement *statement, tk_receiver *receiver,
                        const takeo_cell *arguments, uint32_t count, bool are_accepted) {
    tk_task *task;
    tk_holder *holder = receiver != NULL ? receiver->holder : NULL;
    takeo_status status = tk_task_start(op, NULL, holder, sizeof *task, &task);
    if (TK_UNLIKELY(status < 0)) {
        if (receiver != NULL) {
            receiver->release(receiver);
        }
        return tk_op_refuse(op, status);
    }
    task->receiver = receiver;
    task->statement = tk_statement_hold(statement);
    if (receiver == NULL && statement->gives_rows) {
        status = tk_receive_cells(task, statement, &receiver);
    }
    if (TK_LIKELY(status >= 0)) {
        status = tk_run_statement(task, statement, receiver, arguments, count, are_accepted);
    }
    return tk_task_ready(op, status);
}

takeo_status tk_orm_statement(tk_op *op, tk_statement *statement, tk_target *target,
                              const takeo_cell *arguments, uint32_t count) {
    tk_task *task;
    takeo_status status = tk_task_start(op, target, NULL, sizeof *task, &task);
    if (status < 0) {
        return tk_op_refuse(op, status);
    }
    task->statement = tk_statement_hold(statement);
    tk_receiver *receiver = NULL;
    if (statement->gives_rows) {
        status = target != NULL ? tk_receive_structs(task, statement, &receiver)
                                : tk_receive_cells(task, statement, &receiver);
    }
    if (status >= 0) {
        status = tk_run_statement(task, statement, receiver, arguments, count, false);
    }
    return tk_task_ready(op, status);
}

/* ---- the shape of rows for the room `host` --------------------------------------------------- */

takeo_status tk_orm_plan(const tk_statement *statement, const tk_target *target, tk_arena *arena,
                         tk_plan *out, tk_error *error) {
    tk_shape_part *parts = tk_arena_array(arena, statement->part_count, sizeof *parts);
    if (parts == NULL) {
        return tk_raise_memory(error);
    }
    for (uint32_t i = 0; i < statement->part_count; i++) {
        const tk_part *part = &statement->parts[i];
        parts[i] = (tk_shape_part){
            .entity = part->entity,
            .columns = part->columns,
            .column_count = part->column_count,
            .first_cell = part->first_cell,
            .key_cells = part->key_cells,
            .parent = part->parent,
            .relation = part->relation,
            .may_be_missing = part->may_be_missing,
            .may_repeat = part->may_repeat,
        };
        for (uint32_t l = 0; l < statement->load_count; l++) {
            parts[i].is_collected |= statement->loads[l].part == i + 1;
        }
    }
    return tk_plan_make(target, parts, statement->part_count, arena, out, error);
}
