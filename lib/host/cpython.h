/* cpython.h - second door of the room `host`, for the room `door` alone: what both need of CPython.
 *
 * The library has no compile-time dependency on Python.  Addresses of functions of the stable ABI,
 * and of a few objects, come in once per process (takeo_cpython_install); this header declares
 * their prototypes and the structures whose layout CPython has frozen.
 *
 * Rules that hold wherever this header is included:
 *  - Every function here needs the GIL.  None may be called while an operation has given it up.
 *  - Never a borrowed reference across a call that may run Python code: a slot's value is owned
 * while it is read, a list becomes a tuple first, an old value is dropped last.
 *  - Memory that holds references belongs to classes that Python made with __slots__, so that
 *    CPython itself traverses and clears it; C only reads and writes slots at verified offsets.
 */
#ifndef TK_HOST_CPYTHON_H
#define TK_HOST_CPYTHON_H

#include "host/host.h"

typedef struct tk_py_object *tk_py;
typedef intptr_t tk_py_size;

typedef struct tk_py_method { /* PyMethodDef */
    const char *name;
    void *function;
    int flags;
    const char *doc;
} tk_py_method;
typedef struct tk_py_slot { /* PyType_Slot */
    int slot;
    void *function;
} tk_py_slot;
typedef struct tk_py_spec { /* PyType_Spec */
    const char *name;
    int basic_size;
    int item_size;
    unsigned flags;
    tk_py_slot *slots;
} tk_py_spec;
typedef struct tk_py_member { /* PyMemberDef */
    const char *name;
    int type;
    tk_py_size offset;
    int flags;
    const char *doc;
} tk_py_member;

enum tk_py_constants {
    TK_PY_FASTCALL = 0x80,
    TK_PY_DEFAULT = 1 << 18, /* Py_TPFLAGS_DEFAULT */
    TK_PY_BASETYPE = 1 << 10,
    TK_PY_T_PYSSIZET = 19,
    TK_PY_READONLY = 1,
    TK_PY_TP_DEALLOC = 52,
    TK_PY_TP_DESCR_GET = 54,
    TK_PY_TP_DESCR_SET = 55,
    TK_PY_TP_INIT = 60,
    TK_PY_TP_NEW = 65,
    TK_PY_TP_MEMBERS = 72,
    TK_PY_TP_FREE = 74
};

/* F(result, name, parameters): functions of the stable ABI up to CPython 3.10. */
#define TK_PY_FUNCTIONS(F)                                                                         \
    F(tk_py, PyCFunction_NewEx, (tk_py_method *, tk_py, tk_py))                                    \
    F(tk_py, PyType_FromSpecWithBases, (tk_py_spec *, tk_py))                                      \
    F(void *, PyType_GetSlot, (tk_py, int))                                                        \
    F(int, PyType_IsSubtype, (tk_py, tk_py))                                                       \
    F(void, Py_IncRef, (tk_py))                                                                    \
    F(void, Py_DecRef, (tk_py))                                                                    \
    F(void *, PyEval_SaveThread, (void))                                                           \
    F(void, PyEval_RestoreThread, (void *))                                                        \
    F(void *, PyThreadState_Get, (void))                                                           \
    F(int, PyGILState_Ensure, (void))                                                              \
    F(void, PyGILState_Release, (int))                                                             \
    F(int, PyErr_CheckSignals, (void))                                                             \
    F(tk_py, PyErr_Occurred, (void))                                                               \
    F(void, PyErr_SetString, (tk_py, const char *))                                                \
    F(tk_py, PyErr_Format, (tk_py, const char *, ...))                                             \
    F(void, PyErr_SetObject, (tk_py, tk_py))                                                       \
    F(tk_py, PyErr_NoMemory, (void))                                                               \
    F(void, PyErr_Clear, (void))                                                                   \
    F(void, PyErr_Fetch, (tk_py *, tk_py *, tk_py *))                                              \
    F(void, PyErr_Restore, (tk_py, tk_py, tk_py))                                                  \
    F(int, PyErr_ExceptionMatches, (tk_py))                                                        \
    F(tk_py, PyLong_FromLongLong, (long long))                                                     \
    F(tk_py, PyLong_FromUnsignedLongLong, (unsigned long long))                                    \
    F(long long, PyLong_AsLongLong, (tk_py))                                                       \
    F(long long, PyLong_AsLongLongAndOverflow, (tk_py, int *))                                     \
    F(unsigned long long, PyLong_AsUnsignedLongLongMask, (tk_py))                                  \
    F(tk_py, PyNumber_Index, (tk_py))                                                              \
    F(int, PyIndex_Check, (tk_py))                                                                 \
    F(tk_py, PyNumber_Lshift, (tk_py, tk_py))                                                      \
    F(tk_py, PyNumber_Rshift, (tk_py, tk_py))                                                      \
    F(tk_py, PyNumber_Or, (tk_py, tk_py))                                                          \
    F(tk_py, PyFloat_FromDouble, (double))                                                         \
    F(double, PyFloat_AsDouble, (tk_py))                                                           \
    F(tk_py, PyUnicode_FromStringAndSize, (const char *, tk_py_size))                              \
    F(const char *, PyUnicode_AsUTF8AndSize, (tk_py, tk_py_size *))                                \
    F(tk_py_size, PyUnicode_GetLength, (tk_py))                                                    \
    F(tk_py, PyBytes_FromStringAndSize, (const char *, tk_py_size))                                \
    F(tk_py, PyBytes_FromObject, (tk_py))                                                          \
    F(int, PyBytes_AsStringAndSize, (tk_py, char **, tk_py_size *))                                \
    F(tk_py, PyTuple_New, (tk_py_size))                                                            \
    F(int, PyTuple_SetItem, (tk_py, tk_py_size, tk_py))                                            \
    F(tk_py, PyTuple_GetItem, (tk_py, tk_py_size))                                                 \
    F(tk_py_size, PyTuple_Size, (tk_py))                                                           \
    F(tk_py, PyList_New, (tk_py_size))                                                             \
    F(int, PyList_SetItem, (tk_py, tk_py_size, tk_py))                                             \
    F(int, PyList_Append, (tk_py, tk_py))                                                          \
    F(tk_py, PySequence_Tuple, (tk_py))                                                            \
    F(tk_py, PyDict_New, (void))                                                                   \
    F(int, PyDict_Next, (tk_py, tk_py_size *, tk_py *, tk_py *))                                   \
    F(int, PyDict_SetItem, (tk_py, tk_py, tk_py))                                                  \
    F(int, PyDict_SetItemString, (tk_py, const char *, tk_py))                                     \
    F(tk_py, PyDict_GetItemWithError, (tk_py, tk_py))                                              \
    F(tk_py, PyObject_GetAttr, (tk_py, tk_py))                                                     \
    F(tk_py, PyObject_GetAttrString, (tk_py, const char *))                                        \
    F(tk_py, PyObject_CallObject, (tk_py, tk_py))                                                  \
    F(tk_py, PyObject_CallFunctionObjArgs, (tk_py, ...))                                           \
    F(tk_py, PyObject_Str, (tk_py))                                                                \
    F(int, PyObject_IsTrue, (tk_py))                                                               \
    F(void *, PyCapsule_GetPointer, (tk_py, const char *))                                         \
    F(int, PyGC_Disable, (void))                                                                   \
    F(int, PyGC_Enable, (void))

/* F(name): objects.  They are kept for as long as the process lives. */
#define TK_PY_OBJECTS(F)                                                                           \
    F(None)                                                                                        \
    F(True)                                                                                        \
    F(False)                                                                                       \
    F(TypeError)                                                                                   \
    F(ValueError)                                                                                  \
    F(RuntimeError)                                                                                \
    F(StopIteration)                                                                               \
    F(UnicodeError)                                                                                \
    F(object)                                                                                      \
    F(type)                                                                                        \
    F(bool)                                                                                        \
    F(int)                                                                                         \
    F(float)                                                                                       \
    F(str)                                                                                         \
    F(bytes)                                                                                       \
    F(bytearray)                                                                                   \
    F(memoryview)                                                                                  \
    F(list)                                                                                        \
    F(tuple)                                                                                       \
    F(dict)                                                                                        \
    F(empty_tuple)                                                                                 \
    F(date)                                                                                        \
    F(time)                                                                                        \
    F(timedelta)                                                                                   \
    F(datetime)                                                                                    \
    F(utc)                                                                                         \
    F(datetime_CAPI)                                                                               \
    F(UNSET)                                                                                       \
    F(SKIP)                                                                                        \
    F(JSON_NULL)                                                                                   \
    F(Interval)                                                                                    \
    F(interval_months)                                                                             \
    F(interval_days)                                                                               \
    F(interval_microseconds)                                                                       \
    F(complete)                                                                                    \
    F(construction)                                                                                \
    F(construct)                                                                                   \
    F(not_loaded)                                                                                  \
    F(from_record)

/* Objects of modules that many programs never need (decimal, uuid, json): the package imports them
 * and hands them in, in this order, when `complete` is called for the first time. */
#define TK_PY_LATE_OBJECTS(F)                                                                      \
    F(Decimal)                                                                                     \
    F(UUID)                                                                                        \
    F(uuid_int)                                                                                    \
    F(uuid_is_safe)                                                                                \
    F(uuid_unknown)                                                                                \
    F(json_dumps)                                                                                  \
    F(json_compare)                                                                                \
    F(json_loads)                                                                                  \
    F(json_scan)

/* Functions of the datetime capsule, by their place in it. */
enum {
    TK_PY_DATE_FROM = 6,
    TK_PY_DATETIME_FROM = 7,
    TK_PY_TIME_FROM = 8,
    TK_PY_DELTA_FROM = 9,
    TK_PY_ZONE_FROM = 10
};

struct tk_py_functions {
#define TK_PY_POINTER(result, name, parameters) result(*name) parameters;
    TK_PY_FUNCTIONS(TK_PY_POINTER)
#undef TK_PY_POINTER
};
struct tk_py_objects {
#define TK_PY_MEMBER(name) tk_py name##_;
    TK_PY_OBJECTS(TK_PY_MEMBER)
    TK_PY_LATE_OBJECTS(TK_PY_MEMBER)
#undef TK_PY_MEMBER
};

/* Filled once by takeo_cpython_install and read-only from then on (but for the collector's pause,
 * which the GIL guards): the one thing of this library that belongs to the process, as the
 * interpreter does. */
typedef struct tk_cpython {
    bool is_installed;
    bool is_complete;                                            /* the late objects are here */
    uint32_t version;                                            /* PY_VERSION_HEX */
    tk_py_size header;                                           /* object.__basicsize__ */
    tk_py (*new_object)(tk_py type, tk_py args, tk_py keywords); /* object's own tp_new */
    tk_py (*new_date)(int, int, int, tk_py type);
    tk_py (*new_datetime)(int, int, int, int, int, int, int, tk_py zone, tk_py type);
    tk_py (*new_time)(int, int, int, int, tk_py zone, tk_py type);
    tk_py (*new_delta)(int days, int seconds, int us, int normalise, tk_py type);
    tk_py (*new_zone)(tk_py delta, tk_py name);
    int (*set_member)(tk_py descriptor, tk_py object, tk_py value); /* of a slot's descriptor */
    bool times_are_in_place; /* fields of dates and times may be read in memory (verified) */
    tk_py field_type;        /* base of fields */
    tk_py_size field_owner;  /* slots of the Python class over it; 0: not known yet */
    tk_py_size field_hook;
    void *collector_paused_by; /* PyThreadState; NULL: it is as the program wants it */
} tk_cpython;

/* Said to stand in this library: no file looks its address up before it is used. */
#define TK_PY_INSIDE __attribute__((visibility("hidden")))
extern TK_PY_INSIDE struct tk_py_functions tk_py_call;
extern TK_PY_INSIDE struct tk_py_objects tk_py_is;
extern TK_PY_INSIDE tk_cpython tk_py_state;

#define P tk_py_call
#define O tk_py_is

#define TK_PY_AT(object, offset, type) (*(type *)((char *)(object) + (offset)))
#define TK_PY_SLOT(object, offset) TK_PY_AT(object, offset, tk_py)
/* The type stands in the last word of the header, in every build. */
#define TK_PY_TYPE(object) TK_PY_AT(object, tk_py_state.header - (tk_py_size)sizeof(void *), tk_py)

static inline tk_py tk_py_own(tk_py object) {
    P.Py_IncRef(object);
    return object;
}
static inline void tk_py_drop(tk_py object) { /* NULL is allowed */
    if (object != NULL) {
        P.Py_DecRef(object);
    }
}
static inline bool tk_py_is_a(tk_py object, tk_py type) {
    return TK_PY_TYPE(object) == type || P.PyType_IsSubtype(TK_PY_TYPE(object), type) != 0;
}

/* ---- cpython_interpreter.c ------------------------------------------------------------------- */

/* Make sure that the late objects are here; false with an exception. */
bool tk_py_complete(void);
/* provide(late objects ...): what the package calls from `complete`. */
tk_py tk_py_provide(tk_py self, tk_py const *args, tk_py_size count);

/* The cyclic collector: paused while many objects are made, and put back as it was.  Whoever gets
 * the GIL meanwhile finds it on: it is paused only as long as the thread that asked for it goes on.
 * False: it was off before. */
bool tk_py_collector_pause(void);
void tk_py_collector_resume(void); /* by the thread whose pause said true */

/* ---- cells <-> Python's values: cpython_field.c, cpython_make.c, cpython_read.c -------------- */

typedef struct tk_py_field tk_py_field;
/* A new reference, or NULL with an exception or with `error` raised.  The cell is not NULL. */
typedef tk_py tk_py_maker(const tk_py_field *field, const takeo_cell *cell, tk_error *error);
/* The value is neither None nor UNSET. */
typedef takeo_status tk_py_reader(const tk_py_field *field, tk_py value, takeo_cell *out,
                                  tk_holder *holder, tk_error *error);

struct tk_py_field { /* how values of one column, parameter or result look in Python */
    tk_py_maker *make;
    tk_py_reader *read;
    tk_accept accept;
    tk_py canonical; /* the class that a value has when it was loaded; NULL: several */
    tk_py to_member; /* of an enum: dict stored value -> member; borrowed from the target */
    tk_py to_value;  /* dict member -> stored value */
    tk_py load;      /* of JSON with a class of its own: function; NULL */
    tk_py dump;
    uint32_t loaded_offset; /* slot for the loaded form of a mutable column; 0: none */
    uint16_t tuple_size;    /* of a composite hidden key */
};

/* Choose make and read for a type; column may be NULL. */
void tk_py_field_init(tk_py_field *field, const tk_accept *accept);
/* Values of the field are members of an enum: dicts stored value -> member and back, borrowed. */
void tk_py_field_set_enum(tk_py_field *field, tk_py to_member, tk_py to_value);
/* NULL cells give None; a new reference, or NULL with an exception or with `error` raised. */
static inline tk_py tk_py_make(const tk_py_field *field, const takeo_cell *cell, tk_error *error) {
    if (TK_LIKELY(!tk_cell_is_null(cell))) {
        return field->make(field, cell, error);
    }
    P.Py_IncRef(O.None_);
    return O.None_;
}
/* What a maker's NULL means: an exception of Python's, or a record that it wrote. */
takeo_status tk_py_make_failed(tk_error *error);
/* None gives a NULL cell where it is allowed.  Text of the cell is kept alive by the holder. */
takeo_status tk_py_read(const tk_py_field *field, tk_py value, takeo_cell *out, tk_holder *holder,
                        tk_error *error);
/* The holder takes over one reference. */
takeo_status tk_py_hold(tk_holder *holder, tk_py object, tk_error *error);

/* ---- cpython_time.c -------------------------------------------------------------------------- */

tk_py tk_py_make_date(int64_t days);
tk_py tk_py_make_time(int64_t us);
tk_py tk_py_make_timetz(int64_t us, int32_t east); /* seconds */
tk_py tk_py_make_timestamp(int64_t us, bool is_utc);
tk_py tk_py_make_interval(const takeo_cell *cell);
/* Does a timedelta say the same?  Not when there are months, nor beyond its days. */
bool tk_py_is_timedelta(const takeo_cell *interval);
tk_py tk_py_make_timedelta(const takeo_cell *cell); /* for which that is so */
/* A date, time or datetime as the cell that it is by itself (DATE, TIME, TIMETZ, TIMESTAMP,
 * TIMESTAMPTZ). */
takeo_status tk_py_read_temporal(tk_py value, takeo_cell *out, tk_error *error);
takeo_status tk_py_read_interval(tk_py value, takeo_cell *out);
takeo_status tk_py_read_timedelta(tk_py value, takeo_cell *out);
/* Probe whether fields of dates and times can be read in memory; sets times_are_in_place. */
void tk_py_probe_times(void);

/* ---- cpython_state.c: entities and their fields ---------------------------------------------- */

enum { TK_PY_COLUMN = 0, TK_PY_TO_ONE = 1, TK_PY_TO_MANY = 2 }; /* kinds of fields */

/* Entities: header, weak-list head, state words, then Python's slots. */
#define TK_PY_WEAK_OFFSET (tk_py_state.header)
#define TK_PY_STATE_OFFSET (tk_py_state.header + (tk_py_size)sizeof(void *))

tk_py tk_py_field_type_new(void); /* the type of fields, a new reference */
/* Builtins over entities (METH_FASTCALL): state_base holds bind peek poke state set_state new
 * trust. */
extern tk_py_method tk_py_state_methods[];

/* ---- cpython.c: the host; cpython_layout.c; cpython_mutable.c -------------------------------- */

extern const tk_host tk_cpython_host;
TK_CHECKED takeo_status tk_py_target_new(tk_model *model, tk_target **out, tk_error *error);
/* Say how an entity looks; see `layout` of the Python package's door.  -1 with an exception. */
int tk_py_target_layout(tk_target *target, uint32_t number, tk_py cls, tk_py columns, tk_py links);
tk_py_field *tk_py_step_field(const tk_step *step);
/* Compare mutable columns (JSON, arrays) with their loaded form and mark those that differ. */
takeo_status tk_py_mark_changed(const tk_layout *layout, void *object, tk_holder *holder,
                                tk_error *error);
bool tk_py_layout_has_mutable(const tk_layout *layout);

#endif
