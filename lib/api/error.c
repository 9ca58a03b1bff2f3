/* error.c - takeo/error.h: failures for people, and copies that the caller owns. */
#include "api/api_int.h"

TAKEO_API size_t takeo_error_format(const takeo_error *error, char *buffer, size_t capacity) {
    if (error == NULL || (buffer == NULL && capacity != 0)) {
        return 0;
    }
    return tk_error_format(error, buffer, capacity);
}

TAKEO_API takeo_error *takeo_error_copy(const takeo_error *error) {
    if (error != NULL) {
        return tk_error_copy(error);
    }
    tk_error failure;
    takeo_error *copy = NULL;
    tk_error_init(&failure, tk_alloc_default);
    (void)tk_api_end(&failure, tk_api_check_given(NULL, "error", &failure), &copy);
    return copy;
}

TAKEO_API void takeo_error_free(takeo_error *error) {
    tk_error_free(error);
}
