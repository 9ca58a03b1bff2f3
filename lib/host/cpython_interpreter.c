/* cpython_interpreter.c - the interpreter as this process has it: its functions and objects, the
 * ones that come late, its lock and its collector.
 *
 * It must not know values, columns, layouts or instances.
 */
#include "host/cpython_int.h"

struct tk_py_functions tk_py_call;
struct tk_py_objects tk_py_is;
tk_cpython tk_py_state;

/* ---- late objects ---------------------------------------------------------------------------- */

bool tk_py_complete(void) {
    if (TK_LIKELY(tk_py_state.is_complete)) {
        return true;
    }
    tk_py done = P.PyObject_CallObject(O.complete_, NULL);
    tk_py_drop(done);
    if (done != NULL && !tk_py_state.is_complete) {
        P.PyErr_SetString(O.RuntimeError_, "takeo's package did not hand in its late objects");
    }
    return done != NULL && tk_py_state.is_complete;
}

tk_py tk_py_provide(tk_py self, tk_py const *args, tk_py_size count) {
    (void)self;
    tk_py *const places[] = {
#define PLACE(name) &O.name##_,
        TK_PY_LATE_OBJECTS(PLACE)
#undef PLACE
    };
    if (count != (tk_py_size)TK_COUNT(places)) {
        return P.PyErr_Format(O.TypeError_, "provide takes %d objects", (int)TK_COUNT(places));
    }
    for (size_t i = 0; i < TK_COUNT(places) && !tk_py_state.is_complete; i++) {
        *places[i] = tk_py_own(args[i]);
    }
    tk_py_state.is_complete = true;
    return tk_py_own(O.None_);
}

/* ---- the cyclic collector -------------------------------------------------------------------- */

bool tk_py_collector_pause(void) {
    if (tk_py_state.collector_paused_by != NULL || P.PyGC_Disable() == 0) {
        return false;
    }
    tk_py_state.collector_paused_by = P.PyThreadState_Get();
    return true;
}

void tk_py_collector_resume(void) {
    if (tk_py_state.collector_paused_by == P.PyThreadState_Get()) {
        tk_py_state.collector_paused_by = NULL;
        P.PyGC_Enable();
    }
}

/* ---- the interpreter's lock ------------------------------------------------------------------ */

/* The lowest bit of what is handed to enter says that this thread had paused the collector. */
void *tk_py_leave(void) {
    const void *paused_by = tk_py_state.collector_paused_by;
    bool is_paused = paused_by != NULL && paused_by == P.PyThreadState_Get();
    if (is_paused) {
        tk_py_collector_resume();
    }
    return (char *)P.PyEval_SaveThread() + is_paused;
}

void tk_py_enter(void *left) {
    bool was_paused = ((uintptr_t)left & 1) != 0;
    P.PyEval_RestoreThread((char *)left - was_paused);
    if (was_paused) {
        (void)tk_py_collector_pause();
    }
}

takeo_status tk_py_check(void) {
    /* An exception that is set already is on its way to the caller: no code may run before it. */
    return P.PyErr_Occurred() || P.PyErr_CheckSignals() < 0 ? TAKEO_EHOST : TAKEO_DONE;
}

void tk_py_call_out(void (*function)(void *ctx), void *ctx) {
    tk_py kind;
    tk_py raised;
    tk_py trace;
    P.PyErr_Fetch(&kind, &raised, &trace);
    function(ctx);
    P.PyErr_Restore(kind, raised, trace);
}
