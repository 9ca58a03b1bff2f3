/* library.c - client libraries, opened by name at first use.
 *
 * Every driver has a table of functions that is written once in the process and then only read.  Who
 * needs it first opens the library and looks everything up for himself; the first to be done writes
 * the table, and what others found in the meantime is the same.  A driver holds forks off for as long
 * as that takes: a library that is half loaded would be so in the child for ever.  It must not know
 * which functions there are.
 */
#include <dlfcn.h>

#include "driver/driver.h"

enum { NOT_LOADED, BEING_WRITTEN, LOADED };

takeo_status tk_library_open(const char *const *names, const char *title, const char *hint,
                             void **out_handle, tk_error *error) {
    void *handle = NULL;
    for (const char *const *name = names; *name != NULL && handle == NULL; name++) {
        handle = dlopen(*name, RTLD_NOW | RTLD_LOCAL);
    }
    if (handle == NULL) {
        const char *said = dlerror();
        takeo_status status = tk_raise(error, TK_CONFIG_LIBRARY,
                                       "The library of %s, %s, cannot be opened.", title, names[0]);
        TK_SET(error, detail, "%s", said != NULL ? said : "");
        TK_SET(error, hint, "%s", hint);
        return status;
    }
    *out_handle = handle;
    return TAKEO_DONE;
}

/* An object pointer as a function pointer: what POSIX promises for dlsym and ISO C cannot say. */
bool tk_library_find(void *handle, const char *name, void *out_function) {
    void *symbol = dlsym(handle, name);
    memcpy(out_function, &symbol, sizeof symbol);
    return symbol != NULL;
}

void tk_library_close(void *handle) {
    dlclose(handle);
}

static bool is_loaded(const int32_t *state) {
    return TK_LIKELY(__atomic_load_n(state, __ATOMIC_ACQUIRE) == LOADED);
}

takeo_status tk_library_load(const int32_t *state, takeo_status (*load)(tk_error *error),
                             tk_error *error) {
    if (is_loaded(state)) {
        return TAKEO_DONE;
    }
    tk_fork_hold();
    takeo_status status = load(error);
    tk_fork_release();
    return status;
}

void tk_library_publish(int32_t *state, void *table, const void *found, size_t size, void *handle) {
    int32_t expected = NOT_LOADED;
    if (__atomic_compare_exchange_n(state, &expected, BEING_WRITTEN, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE)) {
        memcpy(table, found, size); /* the handle stays open until the process ends */
        __atomic_store_n(state, LOADED, __ATOMIC_RELEASE);
        return;
    }
    while (!is_loaded(state)) {
        tk_sleep_ns(1000); /* another thread copies a few hundred bytes */
    }
    dlclose(handle); /* one reference less; the other thread's keeps the library */
}
