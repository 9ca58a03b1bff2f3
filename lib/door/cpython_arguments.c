/* cpython_arguments.c - what the verbs are given: options, values, objects, upserts.
 *
 * Reads Python objects into cells and arrays of the call's own memory, and refuses what does not
 * fit.  A list becomes a tuple before anything is read of it.  It starts no operation.
 */
#include "door/door_int.h"

/* ---- options and values ---------------------------------------------------------------------- */

bool tk_door_set_options(call *used, tk_py timeout, tk_py flags) {
    takeo_op_options options = {.struct_size = sizeof options};
    if (timeout != NULL && timeout != O.None_) {
        double seconds = P.PyFloat_AsDouble(timeout);
        if (seconds == -1 && P.PyErr_Occurred()) {
            return false;
        }
        if (!(seconds > 0 && seconds < 1e9)) {
            P.PyErr_SetString(O.ValueError_, "timeout: a number of seconds above 0 expected");
            return false;
        }
        options.timeout_ns = (int64_t)(seconds * 1e9);
    }
    if (flags != NULL) {
        options.flags = (uint32_t)P.PyLong_AsUnsignedLongLongMask(flags);
    }
    used->op->options = options;
    used->holder.flags = options.flags;
    return !P.PyErr_Occurred();
}

/* A list argument as an ARRAY cell of accepted elements. */
static takeo_status read_list(const tk_py_field *field, tk_py value, takeo_cell *out, call *used) {
    if (!tk_py_is_a(value, O.list_) && !tk_py_is_a(value, O.tuple_)) {
        tk_raise(&used->error, TK_INPUT_TYPE, "a list or tuple of values is expected");
        return TAKEO_EINPUT;
    }
    tk_py items = P.PySequence_Tuple(value);
    if (items == NULL) {
        return TAKEO_EHOST;
    }
    TK_TRY(tk_py_hold(&used->holder, items, &used->error));
    tk_py_size count = P.PyTuple_Size(items);
    takeo_cell *cells = tk_arena_array(&used->arena, (size_t)count, sizeof *cells);
    if (cells == NULL) {
        return tk_raise_memory(&used->error);
    }
    for (tk_py_size i = 0; i < count; i++) {
        TK_TRY(
            tk_py_read(field, P.PyTuple_GetItem(items, i), &cells[i], &used->holder, &used->error));
        if (TK_UNLIKELY((cells[i].flags & TAKEO_CELL_UNSET) != 0)) {
            return tk_raise(&used->error, TK_INPUT_UNSET, "value %lld of a list was never set",
                            (long long)i + 1);
        }
        if (TK_UNLIKELY(cells[i].type == TAKEO_TYPE_ARRAY
                        && field->accept.type != TAKEO_TYPE_COMPOSITE)) {
            return tk_raise(&used->error, TK_INPUT_TYPE, "value %lld of the list is a list itself",
                            (long long)i + 1);
        }
    }
    *out = (takeo_cell){.type = TAKEO_TYPE_ARRAY, .v = {.list = {cells, (size_t)count}}};
    return TAKEO_DONE;
}

static takeo_status read_argument(const statement_handle *handle, uint32_t index, tk_py value,
                                  takeo_cell *out, call *used) {
    const tk_param *param = &handle->statement->params[index];
    const tk_py_field *field = &handle->params[index];
    tk_py_field relaxed;
    if (TK_UNLIKELY((used->holder.flags & (TAKEO_OP_COERCE_TEXT | TAKEO_OP_COERCE_LOSSY)) != 0)) {
        relaxed = *field;
        relaxed.accept.loss_is_allowed = (used->holder.flags & TAKEO_OP_COERCE_LOSSY) != 0;
        relaxed.accept.text_is_parsed = true;
        field = &relaxed;
    }
    takeo_status status = param->is_list
                              ? read_list(field, value, out, used)
                              : tk_py_read(field, value, out, &used->holder, &used->error);
    if (status >= 0 && (out->flags & TAKEO_CELL_UNSET) != 0) {
        status = tk_raise(&used->error, TK_INPUT_UNSET, "parameter %u has no value", index + 1);
        TK_SET(&used->error, hint, "leave the condition out with SKIP");
    }
    return status;
}

takeo_status tk_door_read_arguments(const statement_handle *handle, tk_py arguments,
                                    takeo_cell *cells, call *used) {
    tk_py_size count = P.PyTuple_Size(arguments);
    if (count != (tk_py_size)handle->statement->param_count) {
        return P.PyErr_Occurred() ? TAKEO_EHOST
                                  : tk_raise(&used->error, TK_INPUT_COUNT,
                                             "%lld values were given for %u parameters",
                                             (long long)count, handle->statement->param_count);
    }
    takeo_status status = TAKEO_DONE;
    for (tk_py_size i = 0; i < count; i++) { /* all that do not fit are reported at once */
        tk_py value = P.PyTuple_GetItem(arguments, i);
        takeo_status read = read_argument(handle, (uint32_t)i, value, &cells[i], used);
        if (read < 0 && read != TAKEO_EINPUT) {
            return read;
        }
        status = read < 0 ? read : status;
    }
    return status;
}

/* ---- objects --------------------------------------------------------------------------------- */

static const char *name_of(tk_py type, tk_py *out_keep) {
    *out_keep = P.PyObject_GetAttrString(type, "__name__");
    const char *text = *out_keep != NULL ? P.PyUnicode_AsUTF8AndSize(*out_keep, NULL) : NULL;
    return text != NULL ? text : "?";
}

/* wanted NULL: any entity of the data source would do. */
static takeo_status refuse_object(call *used, tk_py object, uint32_t index, tk_py wanted) {
    tk_py keep = NULL, keep_wanted = NULL;
    const char *got = name_of(TK_PY_TYPE(object), &keep);
    if (wanted != NULL) {
        const char *expected = name_of(wanted, &keep_wanted);
        tk_raise(&used->error, TK_INPUT_ENTITY, "an object of class %s is no %s", got, expected);
        TK_SET(&used->error, entity, "%s", expected);
        TK_SET(&used->error, expected, "%s", expected);
        TK_SET(&used->error, hint, "db.save and db.remove take objects of any entity");
    } else {
        tk_raise(&used->error, TK_INPUT_ENTITY,
                 "an object of class %s is no entity of this data source", got);
        TK_SET(&used->error, expected, "an instance of an entity in entities=[...]");
    }
    tk_error_last(&used->error)->object = index + 1;
    TK_SET(&used->error, got, "%s", got);
    P.PyErr_Clear();
    tk_py_drop(keep);
    tk_py_drop(keep_wanted);
    return TAKEO_EINPUT;
}

takeo_status tk_door_read_batch(call *used, tk_py target, tk_py objects, tk_py wanted,
                                tk_door_batch *out) {
    tk_py tuple = P.PySequence_Tuple(objects);
    if (tuple == NULL) {
        return TAKEO_EHOST;
    }
    TK_TRY(tk_py_hold(&used->holder, tuple, &used->error));
    tk_py_size count = P.PyTuple_Size(tuple);
    if (count > UINT32_MAX / 2) {
        return tk_raise(&used->error, TK_QUERY_TOO_LARGE,
                        "a batch takes at most 2 147 483 647 objects");
    }
    *out = (tk_door_batch){.target = TK_DOOR_DATA(target, target_handle)->target,
                           .tuple = tuple,
                           .count = (uint32_t)count};
    out->items =
        tk_arena_array(&used->arena, (size_t)count, sizeof *out->items + sizeof *out->layouts);
    if (out->items == NULL) {
        return tk_raise_memory(&used->error);
    }
    out->layouts = (const tk_layout **)(out->items + count);
    const tk_layout *last = NULL;
    tk_py last_type = NULL;
    for (uint32_t i = 0; i < out->count; i++) {
        tk_py object = P.PyTuple_GetItem(tuple, i);
        if (last_type != TK_PY_TYPE(object)) {
            last = tk_cpython_host.layout_of(out->target, object);
            if (last == NULL || (wanted != NULL && !tk_py_is_a(object, wanted))) {
                return refuse_object(used, object, i, wanted);
            }
            last_type = TK_PY_TYPE(object);
            out->has_mutable |= tk_py_layout_has_mutable(last);
        }
        out->items[i] = object;
        out->layouts[i] = last;
    }
    return TAKEO_DONE;
}

bool tk_door_read_numbers(call *used, tk_py value, const uint32_t **out, uint32_t *out_count) {
    *out = NULL;
    *out_count = 0;
    if (value == O.None_) {
        return true;
    }
    tk_py_size count = P.PyTuple_Size(value);
    uint32_t *numbers =
        count < 0 ? NULL : tk_arena_array(&used->arena, (size_t)count, sizeof *numbers);
    for (tk_py_size i = 0; numbers != NULL && i < count; i++) {
        numbers[i] = (uint32_t)P.PyLong_AsLongLong(P.PyTuple_GetItem(value, i));
    }
    if (numbers == NULL && !P.PyErr_Occurred()) {
        P.PyErr_NoMemory();
    }
    *out = numbers;
    *out_count = (uint32_t)count;
    return !P.PyErr_Occurred();
}

/* The condition of an upsert, a statement or None, and its arguments. */
static takeo_status read_condition(call *used, tk_py where, tk_py arguments, tk_upsert *out) {
    if (where == O.None_) {
        return TAKEO_DONE;
    }
    if (!tk_door_is(where, &tk_door_statement_type) || TK_PY_TYPE(arguments) != O.tuple_) {
        tk_door_wrong_call("a statement and its arguments for the condition of upsert");
        return TAKEO_EHOST;
    }
    const statement_handle *handle = TK_DOOR_DATA(where, statement_handle);
    uint32_t count = handle->statement->param_count;
    takeo_cell *cells = tk_arena_array(&used->arena, count, sizeof *cells);
    if (cells == NULL) {
        return tk_raise_memory(&used->error);
    }
    out->where = handle->statement;
    out->arguments = cells;
    out->argument_count = count;
    out->are_accepted = true;
    return tk_door_read_arguments(handle, arguments, cells, used);
}

takeo_status tk_door_read_upsert(call *used, tk_py value, tk_upsert *out) {
    *out = (tk_upsert){.nothing = false};
    if (value == O.None_) {
        return TAKEO_DONE;
    }
    if (P.PyTuple_Size(value) != 7) {
        tk_door_wrong_call("a tuple of seven for upsert");
        return TAKEO_EHOST;
    }
    tk_py where = P.PyTuple_GetItem(value, 4);
    out->nothing = P.PyObject_IsTrue(P.PyTuple_GetItem(value, 2)) > 0;
    out->only_if_changed = P.PyObject_IsTrue(P.PyTuple_GetItem(value, 3)) > 0;
    out->index_where = where != O.None_ ? P.PyUnicode_AsUTF8AndSize(where, NULL) : NULL;
    bool is_read = tk_door_read_numbers(used, P.PyTuple_GetItem(value, 0), &out->on, &out->on_count)
                   && tk_door_read_numbers(used, P.PyTuple_GetItem(value, 1), &out->update,
                                           &out->update_count);
    return is_read
               ? read_condition(used, P.PyTuple_GetItem(value, 5), P.PyTuple_GetItem(value, 6), out)
               : TAKEO_EHOST;
}
