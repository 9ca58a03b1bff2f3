/* driver_list.c - the only place that names concrete drivers. */
#include "driver/driver.h"

#ifdef TAKEO_WITH_SQLITE
extern const tk_driver tk_driver_sqlite;
#endif
#ifdef TAKEO_WITH_POSTGRESQL
extern const tk_driver tk_driver_postgresql;
#endif

static const tk_driver *const drivers[] = {
#ifdef TAKEO_WITH_SQLITE
    &tk_driver_sqlite,
#endif
#ifdef TAKEO_WITH_POSTGRESQL
    &tk_driver_postgresql,
#endif
    NULL,
};

const tk_driver *tk_driver_find(takeo_text scheme) {
    for (const tk_driver *const *driver = drivers; *driver != NULL; driver++) {
        for (const char *const *name = (*driver)->schemes; *name != NULL; name++) {
            if (tk_text_equal(scheme, tk_zstr(*name))) {
                return *driver;
            }
        }
    }
    return NULL;
}

void tk_driver_schemes(tk_buf *out) {
    const char *between = "";
    for (const tk_driver *const *driver = drivers; *driver != NULL; driver++) {
        for (const char *const *name = (*driver)->schemes; *name != NULL; name++) {
            tk_buf_puts(out, between);
            tk_buf_puts(out, *name);
            between = ", ";
        }
    }
}
