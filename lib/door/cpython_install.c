/* cpython_install.c - addresses of CPython's functions and objects in, builtin functions and types
 * out.
 *
 * A required address that is missing fails the load by name; nothing falls back to something else.
 */
#include "door/door_int.h"

#define NAME(result, name, parameters) #name " "
#define OBJECT(name) "@" #name " "
static const char symbols[] = TK_PY_FUNCTIONS(NAME) TK_PY_OBJECTS(
    OBJECT) ">Field >Source >Session >Statement >Target "
            ">state_base_new >holds >trust >bind >peek >poke >state_get >state_set >new >provide "
            ">target_new >layout >source_new >session_new >session_level >close >statement_new "
            ">run >write >load >reload >control";
#undef NAME
#undef OBJECT

const char *tk_cpython_symbols(void) {
    return symbols;
}

static void *address_of(const takeo_cpython_api *api, const char *name) {
    for (uint32_t i = 0; i < api->symbol_count; i++) {
        if (strcmp(api->symbols[i].name, name) == 0) {
            return api->symbols[i].address;
        }
    }
    return NULL;
}

/* Fill the tables; the names of what is missing go into the message. */
static takeo_status take_addresses(const takeo_cpython_api *api, tk_error *error) {
    tk_buf missing;
    tk_buf_init(&missing, tk_alloc_default, 1 << 16);
#define TAKE(place, name)                                                                          \
    do {                                                                                           \
        void *address = address_of(api, name);                                                     \
        memcpy(&(place), &address, sizeof address);                                                \
        if (address == NULL) {                                                                     \
            tk_buf_puts(&missing, " " name);                                                       \
        }                                                                                          \
    } while (0);
#define FUNCTION(result, name, parameters) TAKE(tk_py_call.name, #name)
#define OBJECT(name) TAKE(tk_py_is.name##_, "@" #name)
    TK_PY_FUNCTIONS(FUNCTION)
    TK_PY_OBJECTS(OBJECT)
#undef FUNCTION
#undef OBJECT
#undef TAKE
    takeo_status status = TAKEO_DONE;
    if (missing.len > 0) {
        status = tk_raise(error, TK_CALL_UNSUPPORTED, "this interpreter lacks%s", missing.data);
        TK_SET(error, hint, "use CPython 3.10 or newer, or set TAKEO_DOOR=cffi");
    }
    tk_buf_done(&missing);
    return status;
}

/* object's header and constructor, the capsule's functions, how to set a slot of a UUID. */
static bool learn(void) {
    tk_py size = P.PyObject_GetAttrString(O.object_, "__basicsize__");
    tk_py_state.header = size != NULL ? (tk_py_size)P.PyLong_AsLongLong(size) : 0;
    tk_py_drop(size);
    void *make = P.PyType_GetSlot(O.object_, TK_PY_TP_NEW);
    memcpy(&tk_py_state.new_object, &make, sizeof make);
    void *set = P.PyType_GetSlot(TK_PY_TYPE(O.interval_days_), TK_PY_TP_DESCR_SET);
    memcpy(&tk_py_state.set_member, &set, sizeof set);
    void **datetime = P.PyCapsule_GetPointer(O.datetime_CAPI_, "datetime.datetime_CAPI");
    if (datetime == NULL) {
        return false;
    }
    memcpy(&tk_py_state.new_date, &datetime[TK_PY_DATE_FROM], sizeof(void *));
    memcpy(&tk_py_state.new_datetime, &datetime[TK_PY_DATETIME_FROM], sizeof(void *));
    memcpy(&tk_py_state.new_time, &datetime[TK_PY_TIME_FROM], sizeof(void *));
    memcpy(&tk_py_state.new_delta, &datetime[TK_PY_DELTA_FROM], sizeof(void *));
    memcpy(&tk_py_state.new_zone, &datetime[TK_PY_ZONE_FROM], sizeof(void *));
    return tk_py_state.header >= (tk_py_size)(2 * sizeof(void *)) && make != NULL && set != NULL;
}

static void keep_objects(void) {
#define KEEP(name) P.Py_IncRef(tk_py_is.name##_);
    TK_PY_OBJECTS(KEEP)
#undef KEEP
}

static bool make_functions(tk_py doors) {
    tk_py_method *const tables[] = {tk_py_state_methods, tk_door_handle_methods,
                                    tk_door_verb_methods};
    for (size_t t = 0; t < TK_COUNT(tables); t++) {
        for (tk_py_method *method = tables[t]; method->name != NULL; method++) {
            tk_py function = P.PyCFunction_NewEx(method, NULL, NULL);
            if (function == NULL || P.PyList_Append(doors, function) < 0) {
                tk_py_drop(function);
                return false;
            }
            P.Py_DecRef(function);
        }
    }
    return true;
}

static takeo_status install(const takeo_cpython_api *api, tk_error *error) {
    TK_TRY(take_addresses(api, error));
    int gil = P.PyGILState_Ensure(); /* cffi gave it up around this call */
    bool is_done = learn();
    if (is_done) {
        keep_objects();
        tk_py_probe_times();
        is_done = tk_door_make_types(api->doors) && make_functions(api->doors);
    }
    if (!is_done) {
        P.PyErr_Clear();
    }
    P.PyGILState_Release(gil);
    return is_done
               ? TAKEO_DONE
               : tk_raise(error, TK_CALL_HOST, "the interpreter refused to make the door's types");
}

takeo_status tk_cpython_install(const takeo_cpython_api *api, tk_error *error) {
    if (tk_py_state.is_installed) {
        return tk_raise(error, TK_CALL_STATE, "the door was installed before in this process");
    }
    takeo_status status = install(api, error);
    tk_py_state.is_installed = status >= 0;
    tk_py_state.version = api->version;
    return status;
}
