/* api_int.h - inside of the room `api`: checks of what callers hand in.
 *
 * Each file here is one public header: check the arguments, call one room, convert the result.  A
 * failure names the parameter.  That of a maker goes to the caller's `error`; that of a verb stands
 * on its operation.
 */
#ifndef TK_API_INT_H
#define TK_API_INT_H

#include "orm/orm.h"

/* ---- makers ---------------------------------------------------------------------------------- */

/* Hand a failure over to the caller and forget it. */
takeo_status tk_api_end(tk_error *failure, takeo_status status, takeo_error **out);
/* A parameter that must not be NULL. */
TK_CHECKED takeo_status tk_api_check_given(const void *given, const char *name, tk_error *error);
/* A struct that the caller filled and that begins with struct_size; NULL when it may be. */
TK_CHECKED takeo_status tk_api_check_struct(const void *given, size_t known, const char *name,
                                            tk_error *error);
/* Flags of which only some have a meaning. */
TK_CHECKED takeo_status tk_api_check_flags(uint32_t flags, uint32_t known, const char *name,
                                           tk_error *error);
/* An array and how many there are. */
TK_CHECKED takeo_status tk_api_check_array(const void *items, size_t count, const char *name,
                                           tk_error *error);
TK_CHECKED takeo_status tk_api_check_process(int64_t process_id, const char *what, tk_error *error);
/* A model of this process that may be worked with. */
TK_CHECKED takeo_status tk_api_check_frozen(const tk_model *model, tk_error *error);

/* ---- structs that the core fills ------------------------------------------------------------- */

/* May `known` bytes be written? */
bool tk_api_is_room(const void *out, size_t known);
/* Write a struct behind struct_size, which the caller set. */
void tk_api_fill(void *out, const void *from, size_t known);

/* Copy a text as snprintf would: cut to the buffer, with a zero byte.  Gives its whole length. */
size_t tk_api_copy_text(const char *data, size_t len, char *buffer, size_t capacity);

/* ---- verbs ----------------------------------------------------------------------------------- */

/* The checks of a verb write to a failure of their own; this puts it on the operation. */
takeo_status tk_api_refuse(tk_op *op, tk_error *failure, takeo_status status);
/* How a verb begins: without an operation, or when the check fails, it returns.  The check writes
 * to &failure. */
#define TK_API_CHECK(op, failure, check)                                                           \
    do {                                                                                           \
        if ((op) == NULL) {                                                                        \
            return TAKEO_EINVAL;                                                                   \
        }                                                                                          \
        tk_error failure;                                                                          \
        tk_error_init(&failure, (op)->alloc);                                                      \
        takeo_status checked = (check);                                                            \
        if (checked < 0) {                                                                         \
            return tk_api_refuse((op), &failure, checked);                                         \
        }                                                                                          \
    } while (0)

/* For functions that say no more than a status. */
static inline bool tk_api_is_forked(int64_t process_id) {
    return tk_process_id() != process_id;
}

#endif
