/* value.c - takeo/value.h: text of values. */
#include "api/api_int.h"

static takeo_status parse(takeo_type type, const char *text, size_t text_len, takeo_cell *out,
                          tk_error *error) {
    TK_TRY(tk_api_check_given(text, "text", error));
    TK_TRY(tk_api_check_given(out, "out", error));
    if (tk_type_info_of(type) == NULL) {
        return tk_raise(error, TK_CALL_INVALID, "type: %u is none.", type);
    }
    return tk_cell_parse(type, text, tk_len(text, text_len), out, error);
}

TAKEO_API takeo_status takeo_cell_parse(takeo_type type, const char *text, size_t text_len,
                                        takeo_cell *out, takeo_error **error) {
    tk_error failure;
    tk_error_init(&failure, tk_alloc_default);
    return tk_api_end(&failure, parse(type, text, text_len, out, &failure), error);
}

TAKEO_API size_t takeo_cell_format(const takeo_cell *cell, char *buffer, size_t capacity) {
    if (cell == NULL || (buffer == NULL && capacity != 0)) {
        return 0;
    }
    tk_buf text;
    tk_buf_init(&text, tk_alloc_default, SIZE_MAX / 2);
    tk_cell_format(cell, &text);
    size_t len = tk_api_copy_text(text.data, text.failed ? 0 : text.len, buffer, capacity);
    tk_buf_done(&text);
    return len;
}
