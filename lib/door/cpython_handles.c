/* cpython_handles.c - what Python holds of the core: sources, sessions, targets, statements.
 *
 * Each is a small C type; the package subclasses it with a slot `keep` for Python objects that must
 * live as long.  A handle's data is freed by its deallocation, or earlier by `close`.
 */
#include "door/door_int.h"

handle_type tk_door_source_type;
handle_type tk_door_session_type;
handle_type tk_door_statement_type;
handle_type tk_door_target_type;

/* ---- calls ----------------------------------------------------------------------------------- */

static call *call_new(door_executor *executor) {
    call *made = tk_mem_new(&tk_alloc_default, sizeof *made);
    tk_error error;
    tk_error_init(&error, tk_alloc_default);
    takeo_status status =
        made != NULL ? tk_op_new(executor->session, &made->op, &error) : tk_raise_memory(&error);
    if (status < 0) {
        tk_mem_free(&tk_alloc_default, made, sizeof *made);
        tk_door_raise(status, error.first);
        tk_error_done(&error);
        return NULL;
    }
    tk_error_done(&error);
    made->executor = executor;
    made->op->home = &tk_cpython_host.interpreter;
    tk_arena_init(&made->arena, tk_alloc_default);
    tk_error_init(&made->error, tk_alloc_default);
    tk_holder_init(&made->holder, &tk_cpython_host, &made->arena);
    return made;
}

static void call_free(call *unused) {
    tk_op_free(unused->op);
    tk_holder_done(&unused->holder);
    tk_error_done(&unused->error);
    tk_arena_done(&unused->arena);
    tk_mem_free(&tk_alloc_default, unused, sizeof *unused);
}

/* The handle that a call goes to: a source means the session bound in this context.  A new
 * reference: code that runs during the call may close the handle and forget it. */
static tk_py handle_of(tk_py where) {
    if (!tk_door_is(where, &tk_door_source_type)) {
        return tk_door_is(where, &tk_door_session_type)
                   ? tk_py_own(where)
                   : tk_door_wrong_call("a Source or a Session handle");
    }
    const door_executor *source = TK_DOOR_DATA(where, door_executor);
    if (source->bound_count == 0) {
        return tk_py_own(where);
    }
    tk_py session = P.PyObject_CallObject(source->bound, NULL);
    if (session == NULL || tk_door_is(session, &tk_door_session_type)) {
        return session;
    }
    P.Py_DecRef(session);
    return tk_py_own(where);
}

static call *call_of(door_executor *found) {
    if (found->source == NULL) {
        tk_error error;
        tk_error_init(&error, tk_alloc_default);
        takeo_status status = found->is_session
                                  ? tk_raise(&error, TK_TXN_CLOSED, "the transaction has ended")
                                  : tk_raise(&error, TK_CALL_CLOSED, "the data source is closed");
        tk_door_raise(status, error.first);
        tk_error_done(&error);
        return NULL;
    }
    call *taken = found->idle;
    if (taken == NULL) {
        return call_new(found);
    }
    found->idle = taken->next;
    return taken;
}

call *tk_door_call_take(tk_py where) {
    tk_py handle = handle_of(where);
    if (handle == NULL) {
        return NULL;
    }
    door_executor *found = TK_DOOR_DATA(handle, door_executor);
    call *taken = call_of(found);
    if (taken == NULL) {
        P.Py_DecRef(handle);
        return NULL;
    }
    found->used_count++;
    taken->handle = handle;
    taken->level = found->session->level;
    return taken;
}

static void end_session(door_executor *executor);

void tk_door_call_give(call *used) {
    tk_cpython_host.release(&used->holder); /* may run Python code, as what follows must not */
    if (TK_UNLIKELY(used->error.first != NULL)) {
        tk_error_clear(&used->error);
    }
    tk_arena_clear(&used->arena);
    used->op->options = (takeo_op_options){.struct_size = sizeof used->op->options};
    used->holder.flags = 0;
    door_executor *executor = used->executor;
    tk_py handle = used->handle;
    used->handle = NULL;
    executor->used_count--;
    if (TK_LIKELY(executor->source != NULL)) {
        used->next = executor->idle;
        executor->idle = used;
    } else { /* closed meanwhile */
        call_free(used);
        end_session(executor);
    }
    P.Py_DecRef(handle);
}

void tk_door_calls_free(door_executor *executor) {
    while (executor->idle != NULL) {
        call *unused = executor->idle;
        executor->idle = unused->next;
        call_free(unused);
    }
}

/* Code of a value may have ended the transaction that it is read for: then nothing is sent. */
static void refuse_ended(call *used) {
    tk_raise(&used->error, TK_TXN_CLOSED, "the transaction ended while values were read for it");
    tk_op_cancel(used->op);
}

bool tk_door_finish(call *used, takeo_status status) {
    const door_executor *executor = used->executor;
    if (TK_UNLIKELY(executor->is_session) && status >= 0
        && (executor->source == NULL || executor->session->level < used->level)) {
        refuse_ended(used);
    }
    while (status >= 0 && (status = tk_op_wait(used->op, -1)) > 0) {
    }
    return status >= 0;
}

/* ---- the end of handles ---------------------------------------------------------------------- */

/* A session that was closed goes when no call uses it any more: what runs in it ends first. */
static void end_session(door_executor *executor) {
    tk_session *session = executor->is_session ? executor->session : NULL;
    if (session == NULL || executor->used_count != 0) {
        return;
    }
    tk_py owner = executor->owner_handle;
    executor->session = NULL;
    executor->owner_handle = NULL;
    executor->owner->bound_count--;
    tk_session_free(session);
    tk_py_drop(owner);
}

/* Later calls are refused; twice is harmless. */
static void close_executor(door_executor *executor, bool may_wait) {
    tk_source *source = executor->source;
    if (source == NULL) {
        return;
    }
    executor->source = NULL;
    tk_door_calls_free(executor);
    if (executor->is_session) {
        end_session(executor);
        tk_source_drop(source);
        return;
    }
    void *left = may_wait ? P.PyEval_SaveThread() : NULL; /* closing a file may write to the disk */
    tk_source_close(source);
    if (may_wait) {
        P.PyEval_RestoreThread(left);
    }
}

/* An instance of a heap type, or of Python's subclass of one, owns its type. */
static void free_instance(tk_py object) {
    tk_py type = TK_PY_TYPE(object);
    ((void (*)(void *))P.PyType_GetSlot(type, TK_PY_TP_FREE))(object);
    P.Py_DecRef(type);
}

static void executor_dealloc(tk_py object) {
    close_executor(TK_DOOR_DATA(object, door_executor), false);
    free_instance(object);
}

static void target_dealloc(tk_py object) {
    tk_target_drop(TK_DOOR_DATA(object, target_handle)->target);
    free_instance(object);
}

static void statement_dealloc(tk_py object) {
    statement_handle *handle = TK_DOOR_DATA(object, statement_handle);
    if (handle->statement != NULL) {
        for (uint32_t i = 0; handle->labels != NULL && i < handle->statement->output_count; i++) {
            tk_py_drop(handle->labels[i]);
        }
        tk_arena_done(&handle->arena);
        tk_target_drop(handle->target);
        tk_statement_drop(handle->statement);
    }
    free_instance(object);
}

static tk_py type_new(const char *name, size_t size, void (*dealloc)(tk_py)) {
    tk_py_slot slots[] = {{TK_PY_TP_DEALLOC, (void *)dealloc}, {0, NULL}};
    tk_py_spec spec = {name, (int)(tk_py_state.header + (tk_py_size)size), 0,
                       TK_PY_DEFAULT | TK_PY_BASETYPE, slots};
    return P.PyType_FromSpecWithBases(&spec, NULL);
}

bool tk_door_make_types(tk_py doors) {
    struct {
        const char *name;
        size_t size;
        void (*dealloc)(tk_py);
        handle_type *keep;
    } types[] = {
        {"takeo._door.Source", sizeof(door_executor), executor_dealloc, &tk_door_source_type},
        {"takeo._door.Session", sizeof(door_executor), executor_dealloc, &tk_door_session_type},
        {"takeo._door.Statement", sizeof(statement_handle), statement_dealloc,
         &tk_door_statement_type},
        {"takeo._door.Target", sizeof(target_handle), target_dealloc, &tk_door_target_type},
    };
    tk_py_state.field_type = tk_py_field_type_new();
    if (tk_py_state.field_type == NULL || P.PyList_Append(doors, tk_py_state.field_type) < 0) {
        return false;
    }
    for (size_t i = 0; i < TK_COUNT(types); i++) {
        tk_py made = type_new(types[i].name, types[i].size, types[i].dealloc);
        types[i].keep->base = made;
        if (made == NULL || P.PyList_Append(doors, made) < 0) {
            return false;
        }
    }
    return true;
}

/* ---- making handles --------------------------------------------------------------------------
 *
 * Pointers come as integers from the package, which holds them in handles of its own and hands none
 * out.  `cls` is the package's subclass.
 */
static void *pointer_of(tk_py value) {
    return (void *)(uintptr_t)P.PyLong_AsUnsignedLongLongMask(value);
}

static tk_py instance_of(tk_py cls, handle_type *type) {
    if (!tk_py_is_a(cls, O.type_) || P.PyType_IsSubtype(cls, type->base) == 0) {
        return tk_door_wrong_call("a subclass of the handle's type");
    }
    if (type->subclass == NULL) {
        type->subclass = tk_py_own(cls);
    }
    return tk_py_state.new_object(cls, O.empty_tuple_, NULL);
}

/* target_new(cls, model address) */
static tk_py target_new(tk_py self, tk_py const *args, tk_py_size count) {
    (void)self;
    tk_py made = count == 2 ? instance_of(args[0], &tk_door_target_type) : NULL;
    if (made == NULL) {
        return tk_door_wrong_call("target_new(class, model)");
    }
    tk_error error;
    tk_error_init(&error, tk_alloc_default);
    takeo_status status =
        tk_py_target_new(pointer_of(args[1]), &TK_DOOR_DATA(made, target_handle)->target, &error);
    if (status < 0) {
        P.Py_DecRef(made);
        made = tk_door_raise(status, error.first);
    }
    tk_error_done(&error);
    return made;
}

/* layout(target, number, class, columns, links) */
static tk_py layout(tk_py self, tk_py const *args, tk_py_size count) {
    (void)self;
    if (count != 5 || !tk_door_is(args[0], &tk_door_target_type) || !tk_py_is_a(args[3], O.tuple_)
        || !tk_py_is_a(args[4], O.tuple_)) {
        return tk_door_wrong_call("layout(target, number, class, columns, links)");
    }
    long long number = P.PyLong_AsLongLong(args[1]);
    if (number == -1 && P.PyErr_Occurred()) {
        return NULL;
    }
    int failed = tk_py_target_layout(TK_DOOR_DATA(args[0], target_handle)->target, (uint32_t)number,
                                     args[2], args[3], args[4]);
    return failed < 0 ? NULL : tk_py_own(O.None_);
}

/* source_new(cls, source address, get of the context variable): takes over the reference, and
 * closes the source in the end */
static tk_py source_new(tk_py self, tk_py const *args, tk_py_size count) {
    (void)self;
    tk_py made = count == 3 ? instance_of(args[0], &tk_door_source_type) : NULL;
    if (made == NULL) {
        return tk_door_wrong_call("source_new(class, source, bound)");
    }
    tk_source *source = pointer_of(args[1]);
    *TK_DOOR_DATA(made, door_executor) =
        (door_executor){.source = source, .session = &source->shared, .bound = args[2]};
    return made;
}

/* session_new(cls, source handle) */
static tk_py session_new(tk_py self, tk_py const *args, tk_py_size count) {
    (void)self;
    bool is_right = count == 2 && tk_door_is(args[1], &tk_door_source_type);
    tk_py made = is_right ? instance_of(args[0], &tk_door_session_type) : NULL;
    if (made == NULL) {
        return tk_door_wrong_call("session_new(class, source)");
    }
    door_executor *owner = TK_DOOR_DATA(args[1], door_executor),
                  *data = TK_DOOR_DATA(made, door_executor);
    tk_error error;
    tk_error_init(&error, tk_alloc_default);
    takeo_status status = owner->source != NULL
                              ? tk_session_new(owner->source, &data->session, &error)
                              : tk_raise(&error, TK_CALL_CLOSED, "the data source is closed");
    if (status < 0) {
        P.Py_DecRef(made);
        made = tk_door_raise(status, error.first);
    } else {
        data->source = tk_source_hold(owner->source);
        data->owner = owner;
        data->owner_handle = tk_py_own(args[1]);
        data->is_session = true;
        owner->bound_count++;
    }
    tk_error_done(&error);
    return made;
}

/* session_level(session) -> int; 0 when it was closed */
static tk_py session_level(tk_py self, tk_py const *args, tk_py_size count) {
    (void)self;
    if (count != 1 || !tk_door_is(args[0], &tk_door_session_type)) {
        return tk_door_wrong_call("session_level(session)");
    }
    const door_executor *data = TK_DOOR_DATA(args[0], door_executor);
    return P.PyLong_FromLongLong(data->source != NULL ? data->session->level : 0);
}

/* close(source or session) */
static tk_py close_handle(tk_py self, tk_py const *args, tk_py_size count) {
    (void)self;
    bool is_session = count == 1 && tk_door_is(args[0], &tk_door_session_type);
    if (!is_session && (count != 1 || !tk_door_is(args[0], &tk_door_source_type))) {
        return tk_door_wrong_call("close(source or session)");
    }
    close_executor(TK_DOOR_DATA(args[0], door_executor), true);
    return tk_py_own(O.None_);
}

/* ---- statements ------------------------------------------------------------------------------ */

static takeo_status fields_of(statement_handle *handle, tk_error *error) {
    const tk_statement *statement = handle->statement;
    handle->params = tk_arena_array(&handle->arena, statement->param_count, sizeof *handle->params);
    handle->values = tk_arena_array(&handle->arena, statement->cell_count, sizeof *handle->values);
    handle->labels =
        tk_arena_array(&handle->arena, statement->output_count, sizeof *handle->labels);
    if (handle->params == NULL || handle->values == NULL || handle->labels == NULL) {
        return tk_raise_memory(error);
    }
    for (uint32_t i = 0; i < statement->param_count; i++) {
        tk_py_field_init(&handle->params[i], &statement->params[i].accept);
    }
    for (uint32_t i = 0; i < statement->cell_count; i++) {
        const tk_cell_info *cell = &statement->cells[i];
        tk_accept accept =
            cell->column != NULL ? tk_accept_column(cell->column) : tk_accept_type(cell->type);
        accept.type = cell->type;
        accept.is_duration = cell->is_duration;
        tk_py_field_init(&handle->values[i], &accept);
    }
    for (uint32_t i = 0; i < statement->output_count; i++) {
        takeo_text label = statement->outputs[i].label;
        handle->labels[i] = P.PyUnicode_FromStringAndSize(label.data, (tk_py_size)label.len);
        if (handle->labels[i] == NULL) {
            return TAKEO_EHOST;
        }
    }
    return TAKEO_DONE;
}

/* Values of enums and JSON classes look as the column's layout says. */
static void take_conversions(const statement_handle *handle, tk_py_field *field) {
    const tk_column *column = field->accept.column;
    const tk_layout *layout = column != NULL && handle->target != NULL
                                  ? tk_target_layout(handle->target, column->entity)
                                  : NULL;
    const tk_py_field *model =
        layout != NULL ? tk_py_step_field(&layout->steps[column->number - 1]) : NULL;
    if (model != NULL && model->accept.type == field->accept.type) {
        field->load = model->load;
        field->dump = model->dump;
        if (model->to_member != NULL) {
            tk_py_field_set_enum(field, model->to_member, model->to_value);
        }
    }
}

static takeo_status fill_statement(statement_handle *handle, tk_error *error) {
    TK_TRY(fields_of(handle, error));
    for (uint32_t i = 0; i < handle->statement->param_count; i++) {
        take_conversions(handle, &handle->params[i]);
    }
    for (uint32_t i = 0; i < handle->statement->cell_count; i++) {
        take_conversions(handle, &handle->values[i]);
    }
    if (handle->statement->part_count == 0) {
        return TAKEO_DONE;
    }
    if (handle->target == NULL) {
        return tk_raise(error, TK_INPUT_ENTITY, "rows with entities need a target");
    }
    return tk_orm_plan(handle->statement, handle->target, &handle->arena, &handle->plan, error);
}

/* statement_new(cls, statement address, target or None): takes over the reference */
static tk_py statement_new(tk_py self, tk_py const *args, tk_py_size count) {
    (void)self;
    bool has_target = count == 3 && tk_door_is(args[2], &tk_door_target_type);
    tk_py made = count == 3 ? instance_of(args[0], &tk_door_statement_type) : NULL;
    if (made == NULL || (!has_target && args[2] != O.None_)) {
        tk_py_drop(made);
        return tk_door_wrong_call("statement_new(class, statement, target)");
    }
    statement_handle *handle = TK_DOOR_DATA(made, statement_handle);
    handle->statement = pointer_of(args[1]);
    tk_arena_init(&handle->arena, tk_alloc_default);
    handle->target =
        has_target ? tk_target_hold(TK_DOOR_DATA(args[2], target_handle)->target) : NULL;
    tk_error error;
    tk_error_init(&error, tk_alloc_default);
    takeo_status status = fill_statement(handle, &error);
    if (status < 0) {
        tk_door_raise(status, error.first);
        P.Py_DecRef(made);
        made = NULL;
    }
    tk_error_done(&error);
    return made;
}

tk_py_method tk_door_handle_methods[] = {
    {"target_new", (void *)target_new, TK_PY_FASTCALL, NULL},
    {"layout", (void *)layout, TK_PY_FASTCALL, NULL},
    {"source_new", (void *)source_new, TK_PY_FASTCALL, NULL},
    {"session_new", (void *)session_new, TK_PY_FASTCALL, NULL},
    {"session_level", (void *)session_level, TK_PY_FASTCALL, NULL},
    {"close", (void *)close_handle, TK_PY_FASTCALL, NULL},
    {"statement_new", (void *)statement_new, TK_PY_FASTCALL, NULL},
    {NULL, NULL, 0, NULL},
};
