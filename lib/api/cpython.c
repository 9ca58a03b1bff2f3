/* cpython.c - takeo/host.h: the door into CPython, which the room `door` makes.
 *
 * `api` and `door` stand in the same row; the exported names have to be here.
 */
#include "api/api_int.h"
#include "door/door.h"

TAKEO_API const char *takeo_cpython_symbols(void) {
    return tk_cpython_symbols();
}

static takeo_status install(const takeo_cpython_api *api, tk_error *error) {
    TK_TRY(tk_api_check_given(api, "api", error));
    TK_TRY(tk_api_check_struct(api, sizeof *api, "api", error));
    TK_TRY(tk_api_check_flags(api->flags, 0, "api->flags", error));
    TK_TRY(tk_api_check_array(api->symbols, api->symbol_count, "api->symbols", error));
    TK_TRY(tk_api_check_given(api->doors, "api->doors", error));
    return tk_cpython_install(api, error);
}

TAKEO_API takeo_status takeo_cpython_install(const takeo_cpython_api *api, takeo_error **error) {
    tk_error failure;
    tk_error_init(&failure, tk_alloc_default);
    return tk_api_end(&failure, install(api, &failure), error);
}
