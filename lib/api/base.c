/* base.c - takeo/base.h: version, level, names of statuses. */
#include "api/api_int.h"

TAKEO_API const size_t takeo_zstr = SIZE_MAX;

TAKEO_API const char *takeo_version(void) {
    return "0.1.0";
}

TAKEO_API uint32_t takeo_abi_level(void) {
    return 1;
}

typedef struct status_name {
    takeo_status status;
    const char *name;
} status_name;

static const status_name names[] = {{TAKEO_DONE, "TAKEO_DONE"},
                                    {TAKEO_WAIT, "TAKEO_WAIT"},
                                    {TAKEO_ROWS, "TAKEO_ROWS"},
#define STATUS_NAME(status, number, python) {status, #status},
                                    TK_STATUS_LIST(STATUS_NAME)
#undef STATUS_NAME
};

TAKEO_API const char *takeo_status_name(takeo_status status) {
    for (size_t i = 0; i < TK_COUNT(names); i++) {
        if (names[i].status == status) {
            return names[i].name;
        }
    }
    return "TAKEO_?";
}
