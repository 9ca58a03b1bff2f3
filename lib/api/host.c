/* host.c - takeo/host.h: targets.  The door into CPython is in cpython.c. */
#include "api/api_int.h"

static takeo_status make(takeo_model *model, const takeo_target_def *def, takeo_target **out,
                         tk_error *error) {
    TK_TRY(tk_api_check_given(def, "def", error));
    TK_TRY(tk_api_check_given(out, "out", error));
    TK_TRY(tk_api_check_struct(def, sizeof *def, "def", error));
    TK_TRY(tk_api_check_flags(def->flags, 0, "def->flags", error));
    TK_TRY(tk_api_check_array(def->layouts, def->layout_count, "def->layouts", error));
    if (model != NULL) {
        TK_TRY(tk_api_check_frozen(model, error));
    }
    return tk_target_new(model, def, out, error);
}

TAKEO_API takeo_status takeo_target_new(takeo_model *model, const takeo_target_def *def,
                                        takeo_target **out, takeo_error **error) {
    tk_error failure;
    tk_error_init(&failure, tk_alloc_default);
    return tk_api_end(&failure, make(model, def, out, &failure), error);
}

TAKEO_API void takeo_target_free(takeo_target *target) {
    tk_target_drop(target);
}
