/* cpython_state.c - where entities keep their state in CPython: the base types with state words,
 * and the native descriptors over the slots that Python laid out.
 *
 *     instance:  header | weak-list head | state words ... | slots of the class, laid out by Python
 *
 * The base types hold no object, so CPython supplies collection, clear, dealloc and subclassing of
 * every entity.  A field (column or relation) is a data descriptor that reads and writes a slot at
 * its offset, which was verified with a real instance.  An empty slot (NULL) is "not loaded, not
 * given".
 *
 * It must not know statements, targets or results.
 */
#include "host/cpython_int.h"

typedef struct field_data { /* stands behind the header of every field */
    uint32_t offset;
    uint32_t other; /* slot that is emptied on assignment; 0: none */
    uint32_t bit;
    uint32_t kind;
} field_data;

#define FIELD(object) (&TK_PY_AT(object, tk_py_state.header, field_data))

static uint64_t *state_words(tk_py instance) {
    return &TK_PY_AT(instance, TK_PY_STATE_OFFSET, uint64_t);
}

/* A field moved to a foreign class would read foreign memory. */
static bool is_foreign(tk_py field, tk_py instance) {
    tk_py owner = TK_PY_SLOT(field, tk_py_state.field_owner);
    if (TK_LIKELY(owner != NULL && tk_py_is_a(instance, owner))) {
        return false;
    }
    P.PyErr_SetString(O.TypeError_, owner == NULL ? "this field is not bound to a class yet"
                                                  : "this field belongs to another class");
    return true;
}

static void raise_not_loaded(tk_py field, tk_py instance) {
    tk_py raised = P.PyObject_CallFunctionObjArgs(O.not_loaded_, field, instance, NULL);
    if (raised != NULL) {
        P.PyErr_SetObject(TK_PY_TYPE(raised), raised);
        P.Py_DecRef(raised);
    }
}

static tk_py field_get(tk_py self, tk_py instance, tk_py type) {
    (void)type;
    if (instance == NULL) {
        return tk_py_own(self);
    }
    if (is_foreign(self, instance)) {
        return NULL;
    }
    const field_data *data = FIELD(self);
    tk_py value = TK_PY_SLOT(instance, data->offset);
    if (TK_LIKELY(value != NULL)) {
        return tk_py_own(value);
    }
    if (data->kind == TK_PY_TO_MANY && (state_words(instance)[0] & 1) == 0) {
        tk_py members = P.PyList_New(0); /* a new object's collection that nobody gave is empty */
        if (members != NULL) {
            TK_PY_SLOT(instance, data->offset) = tk_py_own(members);
        }
        return members;
    }
    raise_not_loaded(self, instance);
    return NULL;
}

static int field_set(tk_py self, tk_py instance, tk_py value) {
    if (is_foreign(self, instance)) {
        return -1;
    }
    const field_data *data = FIELD(self);
    tk_py old = TK_PY_SLOT(instance, data->offset);
    TK_PY_SLOT(instance, data->offset) = value != NULL ? tk_py_own(value) : NULL;
    tk_py stale = NULL;
    if (value != NULL) {
        state_words(instance)[data->bit >> 6] |= UINT64_C(1) << (data->bit & 63);
        if (data->other != 0) {
            stale = TK_PY_SLOT(instance, data->other);
            TK_PY_SLOT(instance, data->other) = NULL;
        }
    }
    tk_py_drop(stale); /* old values last: their finalizers may run Python code */
    tk_py_drop(old);
    tk_py hook = TK_PY_SLOT(self, tk_py_state.field_hook);
    if (value != NULL && hook != NULL && hook != O.None_) {
        tk_py done = P.PyObject_CallFunctionObjArgs(hook, instance, value, NULL);
        tk_py_drop(done);
        return done != NULL ? 0 : -1;
    }
    return 0;
}

tk_py tk_py_field_type_new(void) {
    tk_py_slot slots[] = {{TK_PY_TP_DESCR_GET, (void *)field_get},
                          {TK_PY_TP_DESCR_SET, (void *)field_set},
                          {0, NULL}};
    tk_py_spec spec = {"takeo._door.Field",
                       (int)(tk_py_state.header + (tk_py_size)sizeof(field_data)), 0,
                       TK_PY_DEFAULT | TK_PY_BASETYPE, slots};
    return P.PyType_FromSpecWithBases(&spec, NULL);
}

static int state_init(tk_py self, tk_py args, tk_py keywords);

/* ---- builtins -------------------------------------------------------------------------------- */

static tk_py wrong_call(const char *expected) {
    return P.PyErr_Format(O.TypeError_, "%s expected", expected);
}

static tk_py_size number_of(tk_py value) { /* -1 with an exception */
    return (tk_py_size)P.PyLong_AsLongLong(value);
}

/* state_base_new(words, base or None) -> type */
static tk_py state_base_new(tk_py self, tk_py const *args, tk_py_size count) {
    (void)self;
    tk_py_size words = count == 2 ? number_of(args[0]) : 0;
    if (words < 1 || words > 32) {
        return P.PyErr_Occurred() ? NULL : wrong_call("state_base_new(1 to 32 words, base)");
    }
    static tk_py_member weak[] = {{"__weaklistoffset__", TK_PY_T_PYSSIZET, 0, TK_PY_READONLY, NULL},
                                  {NULL, 0, 0, 0, NULL}};
    weak[0].offset = TK_PY_WEAK_OFFSET;
    tk_py_slot with_weak[] = {
        {TK_PY_TP_MEMBERS, weak}, {TK_PY_TP_INIT, (void *)state_init}, {0, NULL}};
    tk_py_slot plain[] = {{0, NULL}};
    bool is_first = args[1] == O.None_;
    tk_py_spec spec = {"takeo._door.State",
                       (int)(TK_PY_STATE_OFFSET + words * (tk_py_size)sizeof(uint64_t)), 0,
                       TK_PY_DEFAULT | TK_PY_BASETYPE, is_first ? with_weak : plain};
    if (is_first) {
        return P.PyType_FromSpecWithBases(&spec, NULL);
    }
    tk_py bases = P.PyTuple_New(1);
    if (bases == NULL || P.PyTuple_SetItem(bases, 0, tk_py_own(args[1])) < 0) {
        return NULL;
    }
    tk_py made = P.PyType_FromSpecWithBases(&spec, bases);
    P.Py_DecRef(bases);
    return made;
}

/* holds(instance, offset, value) -> bool: does this very object stand at the offset? */
static tk_py holds(tk_py self, tk_py const *args, tk_py_size count) {
    (void)self;
    tk_py_size offset = count == 3 ? number_of(args[1]) : -1;
    if (offset < tk_py_state.header) {
        return P.PyErr_Occurred() ? NULL : wrong_call("holds(instance, offset, value)");
    }
    return tk_py_own(TK_PY_SLOT(args[0], offset) == args[2] ? O.True_ : O.False_);
}

/* trust(owner offset, hook offset): where the Python class over Field keeps its two slots; once. */
static tk_py trust(tk_py self, tk_py const *args, tk_py_size count) {
    (void)self;
    tk_py_size owner = count == 2 ? number_of(args[0]) : -1;
    tk_py_size hook = count == 2 ? number_of(args[1]) : -1;
    if (owner < tk_py_state.header || hook < tk_py_state.header || tk_py_state.field_owner != 0) {
        return P.PyErr_Occurred() ? NULL : wrong_call("trust(owner offset, hook offset), once,");
    }
    tk_py_state.field_owner = owner;
    tk_py_state.field_hook = hook;
    return tk_py_own(O.None_);
}

/* bind(field, owner, kind, place, bit, other or None, hook or None) */
static tk_py bind(tk_py self, tk_py const *args, tk_py_size count) {
    (void)self;
    if (count != 7 || tk_py_state.field_owner == 0 || !tk_py_is_a(args[0], tk_py_state.field_type)
        || !tk_py_is_a(args[1], O.type_)) {
        return wrong_call("bind(field, owner, kind, place, bit, other, hook)");
    }
    if (TK_PY_SLOT(args[0], tk_py_state.field_owner) != NULL) {
        return wrong_call("a field that is not bound yet");
    }
    tk_py_size kind = number_of(args[2]), place = number_of(args[3]), bit = number_of(args[4]);
    tk_py_size other = args[5] != O.None_ ? number_of(args[5]) : 0;
    if (P.PyErr_Occurred()) {
        return NULL;
    }
    if (kind < 0 || kind > TK_PY_TO_MANY || place < TK_PY_STATE_OFFSET || place > UINT32_MAX
        || bit < 1 || bit > 32 * 64 || other < 0 || other > UINT32_MAX) {
        return wrong_call("a kind, a place and a bit in their ranges");
    }
    *FIELD(args[0]) = (field_data){(uint32_t)place, (uint32_t)other, (uint32_t)bit, (uint32_t)kind};
    tk_py_fill_slot(args[0], tk_py_state.field_owner, tk_py_own(args[1]));
    tk_py_fill_slot(args[0], tk_py_state.field_hook, tk_py_own(args[6]));
    return tk_py_own(O.None_);
}

/* peek(instance, place) -> value or UNSET */
static tk_py peek(tk_py self, tk_py const *args, tk_py_size count) {
    (void)self;
    tk_py_size place = count == 2 ? number_of(args[1]) : -1;
    if (place < TK_PY_STATE_OFFSET) {
        return P.PyErr_Occurred() ? NULL : wrong_call("peek(instance, place)");
    }
    tk_py value = TK_PY_SLOT(args[0], place);
    return tk_py_own(value != NULL ? value : O.UNSET_);
}

/* poke(instance, place, value or UNSET) */
static tk_py poke(tk_py self, tk_py const *args, tk_py_size count) {
    (void)self;
    tk_py_size place = count == 3 ? number_of(args[1]) : -1;
    if (place < TK_PY_STATE_OFFSET) {
        return P.PyErr_Occurred() ? NULL : wrong_call("poke(instance, place, value)");
    }
    tk_py_fill_slot(args[0], place, args[2] == O.UNSET_ ? NULL : tk_py_own(args[2]));
    return tk_py_own(O.None_);
}

/* state_get(instance, words) -> int */
static tk_py state_get(tk_py self, tk_py const *args, tk_py_size count) {
    (void)self;
    tk_py_size words = count == 2 ? number_of(args[1]) : 0;
    if (words < 1 || words > 32) {
        return P.PyErr_Occurred() ? NULL : wrong_call("state_get(instance, words)");
    }
    const uint64_t *state = state_words(args[0]);
    tk_py sum = P.PyLong_FromUnsignedLongLong(state[words - 1]);
    for (tk_py_size i = words - 1; sum != NULL && i > 0; i--) {
        tk_py by = P.PyLong_FromLongLong(64);
        tk_py high = by != NULL ? P.PyNumber_Lshift(sum, by) : NULL;
        tk_py low = high != NULL ? P.PyLong_FromUnsignedLongLong(state[i - 1]) : NULL;
        P.Py_DecRef(sum);
        sum = low != NULL ? P.PyNumber_Or(high, low) : NULL;
        tk_py_drop(low);
        tk_py_drop(high);
        tk_py_drop(by);
    }
    return sum;
}

/* state_set(instance, words, int) */
static tk_py state_set(tk_py self, tk_py const *args, tk_py_size count) {
    (void)self;
    tk_py_size words = count == 3 ? number_of(args[1]) : 0;
    if (words < 1 || words > 32) {
        return P.PyErr_Occurred() ? NULL : wrong_call("state_set(instance, words, state)");
    }
    uint64_t parts[32];
    tk_py rest = P.PyNumber_Index(args[2]);
    for (tk_py_size i = 0; rest != NULL && i < words; i++) {
        parts[i] = P.PyLong_AsUnsignedLongLongMask(rest);
        tk_py by = P.PyLong_FromLongLong(64);
        tk_py next = by != NULL ? P.PyNumber_Rshift(rest, by) : NULL;
        tk_py_drop(by);
        P.Py_DecRef(rest);
        rest = next;
    }
    if (rest == NULL) {
        return NULL;
    }
    P.Py_DecRef(rest);
    memcpy(state_words(args[0]), parts, (size_t)words * sizeof *parts);
    return tk_py_own(O.None_);
}

/* new(class) -> an empty instance */
static tk_py new_instance(tk_py self, tk_py const *args, tk_py_size count) {
    (void)self;
    if (count != 1 || !tk_py_is_a(args[0], O.type_)) {
        return wrong_call("new(class)");
    }
    return tk_py_state.new_object(args[0], O.empty_tuple_, NULL);
}

/* ---- the constructor ------------------------------------------------------------------------- */

/* Fill the slots that were given, as field_set does for a field without a hook.  0: not here. */
static int take_given(tk_py instance, tk_py given, tk_py members) {
    tk_py_size at = 0;
    tk_py name = NULL, value = NULL;
    uint64_t *state = state_words(instance);
    while (P.PyDict_Next(given, &at, &name, &value)) { /* the call's own dict: nobody changes it */
        tk_py field = P.PyDict_GetItemWithError(members, name);
        if (field == NULL || value == O.UNSET_ || value == O.SKIP_
            || !tk_py_is_a(field, tk_py_state.field_type)) {
            return P.PyErr_Occurred() ? -1 : 0;
        }
        const field_data *data = FIELD(field);
        tk_py_fill_slot(instance, data->offset, tk_py_own(value));
        state[data->bit >> 6] |= UINT64_C(1) << (data->bit & 63);
    }
    return 1;
}

/* Fill what was left out and has a default: ((place, default, is factory), ...). */
static int take_defaults(tk_py instance, tk_py defaults) {
    tk_py_size count = P.PyTuple_Size(defaults);
    for (tk_py_size i = 0; i < count; i++) {
        tk_py entry = P.PyTuple_GetItem(defaults, i);
        tk_py_size place = number_of(P.PyTuple_GetItem(entry, 0));
        if (TK_PY_SLOT(instance, place) != NULL) {
            continue;
        }
        tk_py value = P.PyTuple_GetItem(entry, 1);
        bool is_factory = P.PyTuple_GetItem(entry, 2) == O.True_;
        value = is_factory ? P.PyObject_CallObject(value, NULL) : tk_py_own(value);
        if (value == NULL) {
            return -1;
        }
        tk_py_fill_slot(instance, place, value);
    }
    return 1;
}

/* 1: made; 0: the package has to look closer; -1 with an exception. */
static int construct_from(tk_py instance, tk_py given, tk_py construction) {
    tk_py required = P.PyTuple_GetItem(construction, 1);
    int done = given != NULL ? take_given(instance, given, P.PyTuple_GetItem(construction, 0)) : 1;
    tk_py_size places = done > 0 ? P.PyTuple_Size(required) : 0;
    for (tk_py_size i = 0; done > 0 && i < places; i++) {
        done = TK_PY_SLOT(instance, number_of(P.PyTuple_GetItem(required, i))) != NULL;
    }
    return done > 0 ? take_defaults(instance, P.PyTuple_GetItem(construction, 2)) : done;
}

/* State.__init__: what `City(name="Lyon")` does.  A class whose fields need no hooks says all that
 * is needed in its attribute `_takeo_construction`; else, and whenever something is unusual (an
 * unknown or missing name, an unset value), the package's own function does it and words the
 * failures. */
static int state_init(tk_py self, tk_py args, tk_py keywords) {
    tk_py construction = P.PyObject_GetAttr(TK_PY_TYPE(self), O.construction_);
    if (construction == NULL) {
        return -1;
    }
    int done = construction != O.None_ && P.PyTuple_Size(args) == 0
                   ? construct_from(self, keywords, construction)
                   : 0;
    P.Py_DecRef(construction);
    if (done != 0) {
        return done < 0 ? -1 : 0;
    }
    tk_py none = keywords == NULL ? P.PyDict_New() : tk_py_own(keywords);
    tk_py made =
        none != NULL ? P.PyObject_CallFunctionObjArgs(O.construct_, self, args, none, NULL) : NULL;
    tk_py_drop(none);
    tk_py_drop(made);
    return made != NULL ? 0 : -1;
}

tk_py_method tk_py_state_methods[] = {
    {"state_base_new", (void *)state_base_new, TK_PY_FASTCALL, NULL},
    {"holds", (void *)holds, TK_PY_FASTCALL, NULL},
    {"trust", (void *)trust, TK_PY_FASTCALL, NULL},
    {"bind", (void *)bind, TK_PY_FASTCALL, NULL},
    {"peek", (void *)peek, TK_PY_FASTCALL, NULL},
    {"poke", (void *)poke, TK_PY_FASTCALL, NULL},
    {"state_get", (void *)state_get, TK_PY_FASTCALL, NULL},
    {"state_set", (void *)state_set, TK_PY_FASTCALL, NULL},
    {"new", (void *)new_instance, TK_PY_FASTCALL, NULL},
    {"provide", (void *)tk_py_provide, TK_PY_FASTCALL, NULL},
    {NULL, NULL, 0, NULL},
};
