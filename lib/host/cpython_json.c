/* cpython_json.c - JSON both ways: through Python's json, with the column's own class around it.
 *
 * It must not know which statement or entity a value belongs to; what the text of a loaded value is
 * good for is in cpython_mutable.c.
 */
#include "host/cpython_int.h"

/* ---- making ---------------------------------------------------------------------------------- */

/* json.loads asks for blanks around the value with regular expressions, which take longer than the
 * value: so it is only asked when the scanner beneath it has not taken the whole text, or finds
 * fault. */
static tk_py load(tk_py text) {
    tk_py start = P.PyLong_FromLongLong(0);
    tk_py scanned =
        start != NULL ? P.PyObject_CallFunctionObjArgs(O.json_scan_, text, start, NULL) : NULL;
    tk_py_drop(start);
    if (scanned == NULL) {
        if (!P.PyErr_ExceptionMatches(O.StopIteration_)
            && !P.PyErr_ExceptionMatches(O.ValueError_)) {
            return NULL;
        }
        P.PyErr_Clear();
        return P.PyObject_CallFunctionObjArgs(O.json_loads_, text, NULL);
    }
    bool is_whole =
        P.PyLong_AsLongLong(P.PyTuple_GetItem(scanned, 1)) == P.PyUnicode_GetLength(text);
    tk_py made = is_whole ? tk_py_own(P.PyTuple_GetItem(scanned, 0))
                          : P.PyObject_CallFunctionObjArgs(O.json_loads_, text, NULL);
    P.Py_DecRef(scanned);
    return made;
}

/* What the exception says that is set, which is over then; a new reference or NULL. */
static tk_py words_of_exception(void) {
    tk_py kind = NULL, raised = NULL, trace = NULL;
    P.PyErr_Fetch(&kind, &raised, &trace);
    tk_py words = raised != NULL ? P.PyObject_Str(raised) : NULL;
    P.PyErr_Clear();
    tk_py_drop(kind);
    tk_py_drop(raised);
    tk_py_drop(trace);
    return words;
}

static const char *utf8_of(tk_py words) {
    const char *said = words != NULL ? P.PyUnicode_AsUTF8AndSize(words, NULL) : NULL;
    P.PyErr_Clear();
    return said != NULL ? said : "?";
}

tk_py tk_py_make_json_of(const tk_py_field *field, const takeo_cell *cell, tk_py text,
                         tk_error *error) {
    tk_py made = load(text);
    if (made == NULL && P.PyErr_ExceptionMatches(O.ValueError_)) {
        tk_py words = words_of_exception(); /* such as an int of more digits than Python reads */
        tk_py_undecodable(cell, "JSON", error);
        TK_SET(error, why, "%s", utf8_of(words));
        tk_py_drop(words);
        return NULL;
    }
    if (made == O.None_) { /* the JSON null, which is not SQL's NULL */
        P.Py_DecRef(made);
        return tk_py_own(O.JSON_NULL_);
    }
    if (made != NULL && field->load != NULL) {
        tk_py loaded = P.PyObject_CallFunctionObjArgs(field->load, made, NULL);
        P.Py_DecRef(made);
        return loaded;
    }
    return made;
}

tk_py tk_py_make_json(const tk_py_field *field, const takeo_cell *cell, tk_error *error) {
    tk_py text = tk_py_text_of(cell, "JSON", error);
    tk_py made = text != NULL ? tk_py_make_json_of(field, cell, text, error) : NULL;
    tk_py_drop(text);
    return made;
}

/* ---- reading --------------------------------------------------------------------------------- */

enum { JSON_DEPTH_MAX = 500 };

/* json writes numbers and None as keys by making text of them, which reads back as something else.
 * For what json has written: it ends, so a value does not hold itself. */
static bool keys_are_text(tk_py value, int depth) {
    tk_py type = TK_PY_TYPE(value);
    if (type == O.str_ || type == O.int_ || depth > JSON_DEPTH_MAX) {
        return true; /* what is too deep is refused when it is validated */
    }
    bool are = true;
    if (P.PyType_IsSubtype(type, O.dict_)) {
        tk_py_size at = 0;
        tk_py key = NULL, item = NULL;
        while (are && P.PyDict_Next(value, &at, &key, &item)) {
            P.Py_IncRef(item); /* looking into it may collect garbage */
            are = P.PyType_IsSubtype(TK_PY_TYPE(key), O.str_) && keys_are_text(item, depth + 1);
            P.Py_DecRef(item);
        }
    } else if (type == O.list_ || type == O.tuple_) {
        tk_py items = P.PySequence_Tuple(value);
        tk_py_size count = items != NULL ? P.PyTuple_Size(items) : 0;
        are = items != NULL;
        for (tk_py_size i = 0; are && i < count; i++) {
            are = keys_are_text(P.PyTuple_GetItem(items, i), depth + 1);
        }
        tk_py_drop(items);
    }
    return are;
}

/* What json is to write: a new reference, or NULL with an exception. */
static tk_py plain_of(const tk_py_field *field, tk_py value) {
    return field->dump != NULL ? P.PyObject_CallFunctionObjArgs(field->dump, value, NULL)
                               : tk_py_own(value == O.JSON_NULL_ ? O.None_ : value);
}

static takeo_status json_of(const tk_py_field *field, tk_py value, takeo_cell *out,
                            tk_holder *holder, tk_error *error) {
    tk_py plain = plain_of(field, value);
    if (plain == NULL) {
        return TAKEO_EHOST;
    }
    tk_py text = P.PyObject_CallFunctionObjArgs(O.json_dumps_, plain, NULL);
    bool has_keys = text == NULL || field->dump != NULL || keys_are_text(plain, 0);
    P.Py_DecRef(plain);
    if (!has_keys) {
        P.Py_DecRef(text);
        if (P.PyErr_Occurred()) {
            return TAKEO_EHOST;
        }
        tk_raise(error, TK_INPUT_FORM, "a key in a JSON value is no str");
        TK_SET(error, expected, "dicts whose keys are str");
        return TAKEO_EINPUT;
    }
    if (text == NULL) {
        /* json's own words (not serialisable, NaN, circular) are the ones to read: as InputError */
        if (!P.PyErr_ExceptionMatches(O.TypeError_) && !P.PyErr_ExceptionMatches(O.ValueError_)) {
            return TAKEO_EHOST;
        }
        tk_py words = words_of_exception();
        tk_raise(error, TK_INPUT_FORM, "the value cannot be written as JSON: %s", utf8_of(words));
        tk_py_drop(words);
        TK_SET(error, expected, "dict, list, str, int, finite float, bool or None");
        return TAKEO_EINPUT;
    }
    takeo_status status = tk_py_read_utf8(text, TAKEO_TYPE_JSON, out, holder, error);
    P.Py_DecRef(text);
    return status;
}

takeo_status tk_py_read_json(const tk_py_field *field, tk_py value, takeo_cell *out,
                             tk_holder *holder, tk_error *error) {
    takeo_cell cell;
    TK_TRY(json_of(field, value, &cell, holder, error));
    return tk_accept_cell(&field->accept, &cell, out, holder->arena, error);
}

/* ---- comparing ------------------------------------------------------------------------------- */

/* A value in words that are only compared: infinities, which JSON has not, have one here. */
static tk_py words_of(tk_py plain) {
    return plain != NULL ? P.PyObject_CallFunctionObjArgs(O.json_compare_, plain, NULL) : NULL;
}

bool tk_py_json_says_the_same(const tk_py_field *field, tk_py value, tk_py loaded) {
    tk_py plain = plain_of(field, value);
    tk_py now = words_of(plain);
    tk_py before = now != NULL ? P.PyObject_CallFunctionObjArgs(O.json_loads_, loaded, NULL) : NULL;
    tk_py then = words_of(before);
    tk_py_size now_len = 0, then_len = 0;
    const char *now_text = then != NULL ? P.PyUnicode_AsUTF8AndSize(now, &now_len) : NULL;
    const char *then_text = now_text != NULL ? P.PyUnicode_AsUTF8AndSize(then, &then_len) : NULL;
    bool is_same = then_text != NULL && now_len == then_len
                   && memcmp(now_text, then_text, (size_t)now_len) == 0
                   && (field->dump != NULL || keys_are_text(plain, 0));
    tk_py_drop(then);
    tk_py_drop(before);
    tk_py_drop(now);
    tk_py_drop(plain);
    return is_same;
}
