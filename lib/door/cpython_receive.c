/* cpython_receive.c - rows as Python wants them: entities, tuples, dictionaries, the first row.
 *
 * The collector is paused while many objects are made (nothing made here can be garbage before it
 * is handed out) and put back as it was.
 */
#include "door/door_int.h"

static tk_py const *labels_of(const py_receiver *receiver) {
    return receiver->labels != NULL ? receiver->labels : receiver->statement->labels;
}

/* A stored value that is none of its type: say in which row, and of which column of the model or,
 * where there is none, of the result. */
static void tell_place(const py_receiver *receiver, uint32_t output, const tk_column *column,
                       tk_error *error) {
    if (P.PyErr_Occurred() || error->last == NULL) {
        return;
    }
    error->last->object = receiver->rows < UINT32_MAX ? (uint32_t)receiver->rows + 1 : UINT32_MAX;
    if (column != NULL) {
        TK_SET(error, entity, "%s", column->entity->name.data);
        TK_SET(error, field, "%s", column->name.data);
        return;
    }
    tk_py_size len = 0;
    const char *label = P.PyUnicode_AsUTF8AndSize(labels_of(receiver)[output], &len);
    if (label != NULL) {
        TK_SET(error, field, "%.*s", (int)len, label);
    } else {
        P.PyErr_Clear();
    }
}

/* The value of one output of the row; a new reference. */
static tk_py output_value(py_receiver *receiver, uint32_t output, const takeo_cell *cells,
                          tk_error *error) {
    const tk_statement *statement = receiver->statement->statement;
    if (receiver->values != NULL) { /* a shape found out at run time */
        tk_py made = tk_py_make(&receiver->values[output], &cells[output], error);
        if (TK_UNLIKELY(made == NULL)) {
            tell_place(receiver, output, NULL, error);
        }
        return made;
    }
    const tk_output *out = &statement->outputs[output];
    if (out->part != 0) {
        tk_py object = receiver->graph.objects[out->part - 1];
        return tk_py_own(object != NULL ? object : O.None_);
    }
    tk_py made = tk_py_make(&receiver->statement->values[out->cell], &cells[out->cell], error);
    if (TK_UNLIKELY(made == NULL)) {
        tell_place(receiver, output, statement->cells[out->cell].column, error);
    }
    return made;
}

static uint32_t output_count(const py_receiver *receiver) {
    return receiver->values != NULL ? receiver->column_count
                                    : receiver->statement->statement->output_count;
}

static tk_py row_tuple(py_receiver *receiver, const takeo_cell *cells, tk_error *error) {
    uint32_t count = output_count(receiver);
    tk_py tuple = P.PyTuple_New(count);
    for (uint32_t i = 0; tuple != NULL && i < count; i++) {
        tk_py value = output_value(receiver, i, cells, error);
        if (value == NULL) {
            P.Py_DecRef(tuple);
            return NULL;
        }
        P.PyTuple_SetItem(tuple, i, value);
    }
    return tuple;
}

static tk_py row_dict(py_receiver *receiver, const takeo_cell *cells, tk_error *error) {
    uint32_t count = output_count(receiver);
    tk_py const *labels = labels_of(receiver);
    tk_py dict = P.PyDict_New();
    for (uint32_t i = 0; dict != NULL && i < count; i++) {
        tk_py value = output_value(receiver, i, cells, error);
        if (value == NULL || P.PyDict_SetItem(dict, labels[i], value) < 0) {
            tk_py_drop(value);
            P.Py_DecRef(dict);
            return NULL;
        }
        P.Py_DecRef(value);
    }
    return dict;
}

static tk_py row_value(py_receiver *receiver, const takeo_cell *cells, tk_error *error) {
    if (receiver->mode == TK_DOOR_DICTS) {
        return row_dict(receiver, cells, error);
    }
    if (receiver->mode == TK_DOOR_TUPLES || output_count(receiver) != 1) {
        return row_tuple(receiver, cells, error);
    }
    return output_value(receiver, 0, cells, error);
}

static takeo_status keep_row(py_receiver *receiver, tk_py value) {
    receiver->rows++;
    if (receiver->mode == TK_DOOR_FIRST || receiver->mode == TK_DOOR_ONE) {
        receiver->result = value;
        return TAKEO_DONE;
    }
    int failed = P.PyList_Append(receiver->result, value);
    P.Py_DecRef(value);
    return failed < 0 ? TAKEO_EHOST : TAKEO_DONE;
}

/* References to objects that no other object of the row holds are the caller's: ours. */
static void drop_roots(const py_receiver *receiver) {
    for (uint32_t i = 0; i < receiver->graph.plan->part_count; i++) {
        if (receiver->graph.plan->parts[i].shape.parent == 0) {
            tk_py_drop(receiver->graph.objects[i]);
        }
    }
}

static takeo_status row(tk_receiver *base, const takeo_cell *cells, tk_error *error) {
    py_receiver *receiver = (py_receiver *)base;
    bool takes_one = receiver->mode == TK_DOOR_FIRST || receiver->mode == TK_DOOR_ONE;
    if (takes_one && receiver->rows > 0) {
        receiver->rows++;
        return TAKEO_DONE;
    }
    if (receiver->has_graph) {
        TK_TRY(tk_graph_row(&receiver->graph, cells));
    }
    tk_py value = row_value(receiver, cells, error);
    if (receiver->has_graph) {
        drop_roots(receiver);
    }
    return value != NULL ? keep_row(receiver, value) : tk_py_make_failed(error);
}

/* The commonest case, whole entities of one part, without the detours above. */
static takeo_status row_simple(tk_receiver *base, const takeo_cell *cells, tk_error *error) {
    (void)error;
    py_receiver *receiver = (py_receiver *)base;
    TK_TRY(tk_graph_row(&receiver->graph, cells));
    return keep_row(receiver, receiver->graph.objects[0]);
}

static takeo_status row_ignored(tk_receiver *base, const takeo_cell *cells, tk_error *error) {
    (void)cells;
    (void)error;
    ((py_receiver *)base)->rows++;
    return TAKEO_DONE;
}

/* Columns of raw SQL: named by the server, typed by each value. */
static takeo_status described(tk_receiver *base, const takeo_column_info *columns, uint32_t count,
                              tk_error *error) {
    py_receiver *receiver = (py_receiver *)base;
    tk_arena *arena = &receiver->call->arena;
    receiver->values = tk_arena_array(arena, count, sizeof *receiver->values);
    receiver->labels = tk_arena_array(arena, count, sizeof *receiver->labels);
    if (receiver->values == NULL || receiver->labels == NULL) {
        return tk_raise_memory(error);
    }
    receiver->column_count = count;
    tk_accept any = tk_accept_type(TAKEO_TYPE_NONE);
    for (uint32_t i = 0; i < count; i++) {
        tk_py_field_init(&receiver->values[i], &any);
        tk_py label =
            P.PyUnicode_FromStringAndSize(columns[i].name.data, (tk_py_size)columns[i].name.len);
        if (label == NULL) {
            return TAKEO_EHOST;
        }
        receiver->labels[i] = label;
        TK_TRY(tk_py_hold(&receiver->call->holder, label, error));
    }
    return TAKEO_DONE;
}

static takeo_status end(tk_receiver *base, tk_op *op, tk_error *error) {
    (void)base;
    (void)op;
    (void)error;
    return TAKEO_DONE;
}

static void **objects(tk_receiver *base, uint32_t part, uint32_t *out_count) {
    return tk_graph_objects(&((py_receiver *)base)->graph, part, out_count);
}

static void release(tk_receiver *base) {
    py_receiver *receiver = (py_receiver *)base;
    if (receiver->has_graph) {
        tk_graph_done(&receiver->graph);
        receiver->has_graph = false;
    }
    if (receiver->collects_garbage) {
        tk_py_collector_resume();
        receiver->collects_garbage = false;
    }
}

takeo_status tk_door_receiver_init(py_receiver *receiver, const statement_handle *statement,
                                   call *used, int mode) {
    *receiver = (py_receiver){
        .base = {.described = described,
                 .row = mode == TK_DOOR_COUNT ? row_ignored : row,
                 .end = end,
                 .objects = objects,
                 .release = release,
                 .target = statement->target,
                 .holder = &used->holder,
                 .needs_host = true},
        .statement = statement,
        .call = used,
        .mode = mode,
    };
    bool makes_list = mode == TK_DOOR_LIST || mode == TK_DOOR_TUPLES || mode == TK_DOOR_DICTS;
    if (mode != TK_DOOR_COUNT && statement->plan.part_count > 0) {
        TK_TRY(tk_graph_init(&receiver->graph, &statement->plan, &used->holder, &used->arena,
                             &used->op->error));
        receiver->has_graph = true;
        bool is_simple = mode == TK_DOOR_LIST && statement->plan.is_simple
                         && statement->statement->output_count == 1;
        receiver->base.row = is_simple ? row_simple : row;
    }
    if (makes_list) {
        receiver->result = P.PyList_New(0);
        if (receiver->result == NULL) {
            return TAKEO_EHOST;
        }
        receiver->collects_garbage = tk_py_collector_pause();
    }
    return TAKEO_DONE;
}
