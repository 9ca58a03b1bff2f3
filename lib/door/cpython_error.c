/* cpython_error.c - a failure of the core as an exception of Python.
 *
 * The record is copied into a dictionary; the package's own function makes the exception of it, so
 * the classes and the layout of messages stay Python's business.
 */
#include "door/door_int.h"

static bool set_text(tk_py dict, const char *key, takeo_text text) {
    if (text.data == NULL) {
        return true;
    }
    tk_py value = P.PyUnicode_FromStringAndSize(text.data, (tk_py_size)text.len);
    if (value == NULL) { /* the server's words in another encoding: as bytes, not lost */
        P.PyErr_Clear();
        value = P.PyBytes_FromStringAndSize(text.data, (tk_py_size)text.len);
    }
    bool is_set = value != NULL && P.PyDict_SetItemString(dict, key, value) == 0;
    tk_py_drop(value);
    return is_set;
}

static bool set_int(tk_py dict, const char *key, int64_t number) {
    tk_py value = P.PyLong_FromLongLong(number);
    bool is_set = value != NULL && P.PyDict_SetItemString(dict, key, value) == 0;
    tk_py_drop(value);
    return is_set;
}

static bool set_texts(tk_py dict, const takeo_error *record) {
    static const struct {
        const char *key;
        size_t field;
    } texts[] = {
#define TEXT(name) {#name, offsetof(takeo_error, name)}
        TEXT(code),  TEXT(message),     TEXT(expected),   TEXT(got),         TEXT(nearest),
        TEXT(why),   TEXT(hint),        TEXT(detail),     TEXT(sqlstate),    TEXT(entity),
        TEXT(field), TEXT(schema_name), TEXT(table_name), TEXT(column_name), TEXT(constraint_name),
        TEXT(sql),
#undef TEXT
    };
    for (size_t i = 0; i < TK_COUNT(texts); i++) {
        const takeo_text *text = (const takeo_text *)((const char *)record + texts[i].field);
        if (!set_text(dict, texts[i].key, *text)) {
            return false;
        }
    }
    return true;
}

static tk_py dict_of(const takeo_error *record);

/* Further findings as a list, in order. */
static bool set_findings(tk_py dict, const takeo_error *record) {
    tk_py list = record->next != NULL ? P.PyList_New(0) : NULL;
    bool is_set = record->next == NULL || list != NULL;
    for (const takeo_error *next = record->next; is_set && next != NULL; next = next->next) {
        tk_py item = dict_of(next);
        is_set = item != NULL && P.PyList_Append(list, item) == 0;
        tk_py_drop(item);
    }
    is_set = is_set && (list == NULL || P.PyDict_SetItemString(dict, "findings", list) == 0);
    tk_py_drop(list);
    return is_set;
}

static tk_py dict_of(const takeo_error *record) {
    tk_py dict = P.PyDict_New();
    tk_py cause = dict != NULL && record->cause != NULL ? dict_of(record->cause) : NULL;
    bool is_made = dict != NULL && set_int(dict, "status", record->status)
                   && set_int(dict, "flags", record->flags)
                   && set_int(dict, "outcome", record->outcome)
                   && set_int(dict, "native_code", record->native_code)
                   && set_int(dict, "position", record->position)
                   && set_int(dict, "object", record->object) && set_texts(dict, record)
                   && (record->cause == NULL
                       || (cause != NULL && P.PyDict_SetItemString(dict, "cause", cause) == 0));
    tk_py_drop(cause);
    if (!is_made) {
        tk_py_drop(dict);
        return NULL;
    }
    return dict;
}

static tk_py exception_of(const takeo_error *record) {
    tk_py dict = dict_of(record);
    if (dict != NULL && !set_findings(dict, record)) {
        P.Py_DecRef(dict);
        dict = NULL;
    }
    return dict;
}

static tk_py raise_dict(tk_py dict) {
    tk_py raised = dict != NULL ? P.PyObject_CallFunctionObjArgs(O.from_record_, dict, NULL) : NULL;
    tk_py_drop(dict);
    if (raised != NULL) {
        P.PyErr_SetObject(TK_PY_TYPE(raised), raised);
        P.Py_DecRef(raised);
    }
    return NULL;
}

/* EHOST: the exception is there already.  A record without text is a mistake of the core's. */
static bool is_raised_already(takeo_status status, const takeo_error *record) {
    if (P.PyErr_Occurred()) {
        return true;
    }
    if (status == TAKEO_ENOMEM) {
        P.PyErr_NoMemory();
        return true;
    }
    if (record == NULL) {
        P.PyErr_Format(O.RuntimeError_, "takeo failed with status %d and without a record",
                       (int)status);
        return true;
    }
    return false;
}

tk_py tk_door_raise(takeo_status status, const takeo_error *record) {
    return is_raised_already(status, record) ? NULL : raise_dict(exception_of(record));
}

/* Making the exception runs Python code, which may use the call's operation again: give it back
 * first. */
tk_py tk_door_raise_and_give(call *used, takeo_status status, const takeo_error *record) {
    tk_py dict = is_raised_already(status, record) ? NULL : exception_of(record);
    bool is_raised = dict == NULL;
    tk_door_call_give(used);
    return is_raised ? NULL : raise_dict(dict);
}

tk_py tk_door_wrong_call(const char *expected) {
    if (!P.PyErr_Occurred()) {
        P.PyErr_Format(O.TypeError_, "%s expected", expected);
    }
    return NULL;
}
