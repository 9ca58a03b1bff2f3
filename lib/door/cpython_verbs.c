/* cpython_verbs.c - the hot verbs as builtin functions: run, write, load, reload, control.
 *
 * Each has its arguments read (cpython_arguments.c), starts one operation, runs it to its end and
 * gives back Python objects; a failure is an ordinary exception.
 */
#include "door/door_int.h"

/* The exception of a call that failed before or in its operation; the call is given back. */
static tk_py failed(call *used, takeo_status status) {
    const takeo_error *record =
        used->error.first != NULL ? used->error.first : used->op->error.first;
    return tk_door_raise_and_give(used, status, record);
}

/* ---- run ------------------------------------------------------------------------------------- */

static tk_py result_of(py_receiver *receiver, const call *used) {
    if (receiver->mode == TK_DOOR_COUNT) {
        const tk_statement *statement = receiver->statement->statement;
        return P.PyLong_FromLongLong(statement->is_write || !statement->gives_rows
                                         ? used->op->result.affected
                                         : (int64_t)receiver->rows);
    }
    tk_py result = receiver->result;
    receiver->result = NULL;
    return result != NULL ? result : tk_py_own(O.None_);
}

static takeo_status raise_multiple(call *used, const py_receiver *receiver) {
    const tk_entity *entity = receiver->statement->statement->entity;
    takeo_status status = tk_raise(&used->error, TK_RESULT_MULTIPLE,
                                   "more than one row fits where one was asked for");
    if (entity != NULL) {
        TK_SET(&used->error, entity, "%s", entity->name.data);
    }
    TK_SET(&used->error, hint, "first() takes the first one of several");
    return status;
}

static tk_py run_statement(call *used, const statement_handle *handle, int mode, tk_py arguments) {
    takeo_cell few[16], *cells = few;
    if (handle->statement->param_count > TK_COUNT(few)) {
        cells = tk_arena_array(&used->arena, handle->statement->param_count, sizeof *cells);
        if (cells == NULL) {
            return failed(used, tk_raise_memory(&used->error));
        }
    }
    takeo_status status = tk_door_read_arguments(handle, arguments, cells, used);
    if (status < 0) {
        return failed(used, status);
    }
    py_receiver receiver;
    status = tk_door_receiver_init(&receiver, handle, used, mode);
    if (status < 0) {
        tk_py_drop(receiver.result);
        return failed(used, status);
    }
    tk_receiver *wanted = handle->statement->gives_rows ? &receiver.base : NULL;
    status = tk_orm_run(used->op, handle->statement, wanted, cells, handle->statement->param_count,
                        true);
    bool is_done = tk_door_finish(used, status);
    receiver.base.release(&receiver.base); /* harmless when the operation did it */
    if (is_done && mode == TK_DOOR_ONE && receiver.rows > 1) {
        status = raise_multiple(used, &receiver);
        is_done = false;
    }
    if (!is_done) {
        tk_py_drop(receiver.result);
        return failed(used, status < 0 ? status : used->op->status);
    }
    tk_py result = result_of(&receiver, used);
    tk_door_call_give(used);
    return result;
}

/* run(where, statement, mode, arguments, timeout, options) */
static tk_py run(tk_py self, tk_py const *args, tk_py_size count) {
    (void)self;
    if (count < 4 || count > 6 || !tk_door_is(args[1], &tk_door_statement_type)
        || TK_PY_TYPE(args[3]) != O.tuple_) {
        return tk_door_wrong_call("run(where, statement, mode, arguments, timeout, options)");
    }
    long long mode = P.PyLong_AsLongLong(args[2]);
    if (mode < TK_DOOR_LIST || mode > TK_DOOR_ONE) {
        return tk_door_wrong_call("a mode of _door");
    }
    call *used = tk_door_call_take(args[0]);
    if (used == NULL) {
        return NULL;
    }
    bool has_options =
        count > 4 && (args[4] != O.None_ || (count > 5 && P.PyObject_IsTrue(args[5]) > 0));
    if (has_options && !tk_door_set_options(used, args[4], count > 5 ? args[5] : NULL)) {
        tk_door_call_give(used);
        return NULL;
    }
    if (mode == TK_DOOR_DICTS) {
        used->op->options.flags |= TAKEO_OP_BY_LABEL;
    }
    return run_statement(used, TK_DOOR_DATA(args[1], statement_handle), (int)mode, args[3]);
}

/* ---- write ---------------------------------------------------------------------------------- */

/* Values that change in place are compared before they are written.  What that notes of values of
 * other classes is forgotten: those that are written are noted when they are read for it. */
static takeo_status mark_changed(call *used, const tk_door_batch *objects) {
    for (uint32_t i = 0; objects->has_mutable && i < objects->count; i++) {
        if (tk_py_layout_has_mutable(objects->layouts[i])) {
            TK_TRY(tk_py_mark_changed(objects->layouts[i], objects->items[i], &used->holder,
                                      &used->error));
        }
    }
    tk_vec_clear(&used->holder.fixes);
    return TAKEO_DONE;
}

static tk_py write_batch(call *used, tk_verb verb, tk_py const *args, tk_py_size count) {
    tk_door_batch objects;
    tk_upsert upsert;
    const uint32_t *columns = NULL;
    uint32_t column_count = 0;
    bool has_columns = count > 5 && args[5] != O.empty_tuple_;
    tk_py wanted = count > 7 && args[7] != O.None_ ? args[7] : NULL;
    takeo_status status = tk_door_read_batch(used, args[1], args[3], wanted, &objects);
    if (status >= 0 && (verb == TK_VERB_SAVE || verb == TK_VERB_UPDATE)) {
        status = mark_changed(used, &objects);
    }
    if (status >= 0) {
        status = tk_door_read_upsert(used, count > 4 ? args[4] : O.None_, &upsert);
    }
    if (status >= 0
        && !tk_door_read_numbers(used, has_columns ? args[5] : O.None_, &columns, &column_count)) {
        status = TAKEO_EHOST;
    }
    if (status < 0) {
        return failed(used, status);
    }
    tk_objects what = {.items = objects.items,
                       .layouts = objects.layouts,
                       .count = objects.count,
                       .columns = columns,
                       .column_count = column_count,
                       .holder = &used->holder};
    status = tk_orm_write(used->op, verb, objects.target, &what,
                          verb == TK_VERB_UPSERT ? &upsert : NULL);
    bool is_done = tk_door_finish(used, status);
    if (!is_done || P.PyErr_Occurred()) { /* a value that was made could not become Python's */
        return failed(used, status < 0 ? status : used->op->status);
    }
    const takeo_result *result = &used->op->result;
    tk_py written = P.PyBytes_FromStringAndSize((const char *)result->written,
                                                (tk_py_size)result->written_count);
    tk_door_call_give(used);
    return written;
}

/* write(where, target, verb, objects, upsert, columns, options, entity) */
static tk_py write_objects(tk_py self, tk_py const *args, tk_py_size count) {
    (void)self;
    bool has_class = count < 8 || args[7] == O.None_ || tk_py_is_a(args[7], O.type_);
    if (count < 4 || count > 8 || !tk_door_is(args[1], &tk_door_target_type) || !has_class) {
        return tk_door_wrong_call(
            "write(where, target, verb, objects, upsert, columns, options, entity)");
    }
    long long verb = P.PyLong_AsLongLong(args[2]);
    if (verb < TK_VERB_SAVE || verb > TK_VERB_REMOVE) {
        return tk_door_wrong_call("a verb of _door");
    }
    call *used = tk_door_call_take(args[0]);
    if (used == NULL) {
        return NULL;
    }
    bool has_options = count > 6 && P.PyObject_IsTrue(args[6]) > 0;
    if (has_options && !tk_door_set_options(used, NULL, args[6])) {
        tk_door_call_give(used);
        return NULL;
    }
    return write_batch(used, (tk_verb)verb, args, count);
}

/* ---- load, reload ---------------------------------------------------------------------------- */

typedef takeo_status (*loader)(call *used, const tk_door_batch *objects, const uint32_t *numbers,
                               uint32_t count, bool again);

static takeo_status load_paths(call *used, const tk_door_batch *objects, const uint32_t *paths,
                               uint32_t count, bool again) {
    return tk_orm_load(used->op, objects->target, objects->layouts[0], objects->items,
                       objects->count, paths, count, again);
}

/* The columns that one of the objects holds: seen in their slots, without reading what is
 * overwritten. */
static takeo_status loaded_columns(call *used, const tk_door_batch *objects, const uint32_t **out,
                                   uint32_t *out_count) {
    const tk_layout *layout = objects->layouts[0];
    uint32_t *numbers = tk_arena_array(&used->arena, layout->step_count, sizeof *numbers);
    if (numbers == NULL) {
        return tk_raise_memory(&used->error);
    }
    *out = numbers;
    *out_count = 0;
    for (uint32_t c = 0; c < layout->step_count; c++) {
        const tk_step *step = &layout->steps[c];
        bool is_held = false;
        bool is_read = step->get != NULL && step->column->generated < TAKEO_GENERATED_FORMULA;
        for (uint32_t i = 0; is_read && !is_held && i < objects->count; i++) {
            is_held = TK_PY_SLOT(objects->items[i], step->offset) != NULL;
        }
        if (is_held) {
            numbers[(*out_count)++] = c + 1;
        }
    }
    return TAKEO_DONE;
}

static takeo_status reload_columns(call *used, const tk_door_batch *objects,
                                   const uint32_t *columns, uint32_t count, bool again) {
    (void)again;
    if (columns == NULL) {
        TK_TRY(loaded_columns(used, objects, &columns, &count));
    }
    return tk_orm_reload(used->op, objects->target, objects->layouts[0], objects->items,
                         objects->count, columns, count);
}

static tk_py load_with(loader start, tk_py const *args, bool again) {
    call *used = tk_door_call_take(args[0]);
    if (used == NULL) {
        return NULL;
    }
    tk_door_batch objects;
    const uint32_t *numbers = NULL;
    uint32_t count = 0;
    takeo_status status = tk_door_read_batch(used, args[1], args[2], NULL, &objects);
    for (uint32_t i = 1; status >= 0 && i < objects.count; i++) {
        if (objects.layouts[i] != objects.layouts[0]) {
            status = tk_raise(&used->error, TK_INPUT_ENTITY,
                              "all objects must be of one entity; object %u is another", i + 1);
        }
    }
    if (status >= 0 && !tk_door_read_numbers(used, args[3], &numbers, &count)) {
        status = TAKEO_EHOST;
    }
    if (status >= 0 && objects.count > 0) {
        status = start(used, &objects, numbers, count, again);
        bool is_done = tk_door_finish(used, status);
        status = is_done ? TAKEO_DONE : status < 0 ? status : used->op->status;
    }
    if (status < 0) {
        return failed(used, status);
    }
    tk_door_call_give(used);
    return tk_py_own(O.None_);
}

/* load(where, target, objects, paths, again) */
static tk_py load(tk_py self, tk_py const *args, tk_py_size count) {
    (void)self;
    if (count != 5 || !tk_door_is(args[1], &tk_door_target_type)) {
        return tk_door_wrong_call("load(where, target, objects, paths, again)");
    }
    return load_with(load_paths, args, P.PyObject_IsTrue(args[4]) > 0);
}

/* reload(where, target, objects, columns) */
static tk_py reload(tk_py self, tk_py const *args, tk_py_size count) {
    (void)self;
    if (count != 4 || !tk_door_is(args[1], &tk_door_target_type)) {
        return tk_door_wrong_call("reload(where, target, objects, columns)");
    }
    return load_with(reload_columns, args, true);
}

/* ---- control --------------------------------------------------------------------------------- */

enum { BEGIN, COMMIT, ROLLBACK, CONNECT, SYNCHRONIZE, DRAIN };

static takeo_status start_control(call *used, long long what, long long given) {
    uint32_t argument = (uint32_t)given;
    const tk_interpreter *interpreter = &tk_cpython_host.interpreter;
    switch (what) {
    case BEGIN: {
        takeo_txn_options options = {
            .struct_size = sizeof options, .flags = argument & 0xff, .isolation = argument >> 8};
        return tk_txn_begin(used->op, &options, interpreter);
    }
    case COMMIT:
        return tk_txn_commit(used->op, argument, interpreter);
    case ROLLBACK:
        return tk_txn_rollback(used->op, argument, interpreter);
    case CONNECT:
        return tk_orm_connect(used->op);
    case SYNCHRONIZE:
        return tk_orm_synchronize(used->op, argument);
    case DRAIN:
        return tk_source_drain(used->op, given, interpreter);
    default:
        return tk_raise(&used->error, TK_CALL_INVALID, "no such control: %lld", what);
    }
}

/* The rows of one text column as a list of str; empty without rows. */
static tk_py texts_of(const takeo_rows *rows) {
    tk_py list = P.PyList_New(0);
    for (uint32_t i = 0; list != NULL && rows != NULL && i < rows->row_count; i++) {
        const takeo_cell *cell = &rows->cells[i * rows->column_count];
        tk_py text = P.PyUnicode_FromStringAndSize(cell->v.text.data, (tk_py_size)cell->v.text.len);
        if (text == NULL || P.PyList_Append(list, text) < 0) {
            tk_py_drop(text);
            P.Py_DecRef(list);
            return NULL;
        }
        P.Py_DecRef(text);
    }
    return list;
}

/* control(where, what, argument) */
static tk_py control(tk_py self, tk_py const *args, tk_py_size count) {
    (void)self;
    if (count < 2 || count > 3) {
        return tk_door_wrong_call("control(where, what, argument)");
    }
    long long what = P.PyLong_AsLongLong(args[1]);
    long long argument = count > 2 ? P.PyLong_AsLongLong(args[2]) : 0;
    if (P.PyErr_Occurred()) {
        return NULL;
    }
    call *used = tk_door_call_take(args[0]);
    if (used == NULL) {
        return NULL;
    }
    takeo_status status = start_control(used, what, argument);
    tk_py list = NULL;
    while (status >= 0 && (status = tk_op_wait(used->op, -1)) > 0) {
        if (status == TAKEO_ROWS && list == NULL) {
            list = texts_of(used->op->rows);
        }
    }
    if (status < 0) {
        tk_py_drop(list);
        return failed(used, status);
    }
    if (what == DRAIN) {
        long long cut = used->op->result.affected;
        tk_door_call_give(used);
        return P.PyLong_FromLongLong(cut);
    }
    tk_door_call_give(used);
    return what == SYNCHRONIZE && list == NULL ? P.PyList_New(0)
           : list != NULL                      ? list
                                               : tk_py_own(O.None_);
}

tk_py_method tk_door_verb_methods[] = {
    {"run", (void *)run, TK_PY_FASTCALL, NULL},
    {"write", (void *)write_objects, TK_PY_FASTCALL, NULL},
    {"load", (void *)load, TK_PY_FASTCALL, NULL},
    {"reload", (void *)reload, TK_PY_FASTCALL, NULL},
    {"control", (void *)control, TK_PY_FASTCALL, NULL},
    {NULL, NULL, 0, NULL},
};
