/* check.c - checks that all public functions share.  It must not know what the arguments are for.
 */
#include "api/api_int.h"

enum { STRUCT_MAX = 64 * 1024 /* a struct_size above it was never set */ };

takeo_status tk_api_end(tk_error *failure, takeo_status status, takeo_error **out) {
    if (status < 0) {
        tk_error_publish(failure, out);
    }
    tk_error_done(failure);
    return status;
}

takeo_status tk_api_check_given(const void *given, const char *name, tk_error *error) {
    return given != NULL ? TAKEO_DONE : tk_raise(error, TK_CALL_INVALID, "%s is NULL.", name);
}

static uint32_t size_of(const void *given) {
    uint32_t size;
    memcpy(&size, given, sizeof size);
    return size;
}

takeo_status tk_api_check_struct(const void *given, size_t known, const char *name,
                                 tk_error *error) {
    if (given == NULL) {
        return TAKEO_DONE;
    }
    uint32_t size = size_of(given);
    if (size < known || size > STRUCT_MAX) {
        takeo_status status =
            tk_raise(error, TK_CALL_INVALID,
                     "%s->struct_size is %u, which is no size of this struct.", name, size);
        TK_SET(error, hint, "set it to sizeof *%s (%zu here)", name, known);
        return status;
    }
    const char *bytes = given;
    for (size_t i = known; i < size; i++) {
        if (bytes[i] != 0) {
            return tk_raise(error, TK_CALL_UNSUPPORTED,
                            "%s has a field that is newer than this library (byte %zu).", name, i);
        }
    }
    return TAKEO_DONE;
}

takeo_status tk_api_check_flags(uint32_t flags, uint32_t known, const char *name, tk_error *error) {
    return (flags & ~known) == 0
               ? TAKEO_DONE
               : tk_raise(error, TK_CALL_UNSUPPORTED,
                          "%s has bits that this library does not know: %x.", name, flags & ~known);
}

takeo_status tk_api_check_array(const void *items, size_t count, const char *name,
                                tk_error *error) {
    return items != NULL || count == 0
               ? TAKEO_DONE
               : tk_raise(error, TK_CALL_INVALID, "%s is NULL, but its count is %zu.", name, count);
}

takeo_status tk_api_check_process(int64_t process_id, const char *what, tk_error *error) {
    if (!tk_api_is_forked(process_id)) {
        return TAKEO_DONE;
    }
    takeo_status status =
        tk_raise(error, TK_CALL_FORKED, "The %s belongs to the parent process.", what);
    TK_SET(error, hint, "make one of its own after the fork");
    return status;
}

takeo_status tk_api_check_frozen(const tk_model *model, tk_error *error) {
    TK_TRY(tk_api_check_process(model->process_id, "model", error));
    return model->is_frozen ? TAKEO_DONE
                            : tk_raise(error, TK_CALL_STATE, "The model is not frozen yet.");
}

bool tk_api_is_room(const void *out, size_t known) {
    return out != NULL && size_of(out) >= known && size_of(out) <= STRUCT_MAX;
}

void tk_api_fill(void *out, const void *from, size_t known) {
    uint32_t size = size_of(out);
    memset(out, 0, size); /* fields of a later level say nothing */
    memcpy(out, from, known);
    memcpy(out, &size, sizeof size);
}

/* Hand the one record over in pieces: it is in memory that is about to go. */
static void copy_record(tk_op *op, const takeo_error *from) {
    tk_code code = from->status == TAKEO_EUNSUPPORTED ? TK_CALL_UNSUPPORTED
                   : from->status == TAKEO_EFORKED    ? TK_CALL_FORKED
                   : from->status == TAKEO_ECLOSED    ? TK_CALL_CLOSED
                                                      : TK_CALL_INVALID;
    (void)tk_raise(&op->error, code, "%s", from->message.data);
    if (from->hint.data != NULL) {
        TK_SET(&op->error, hint, "%s", from->hint.data);
    }
}

takeo_status tk_api_refuse(tk_op *op, tk_error *failure, takeo_status status) {
    takeo_status started = tk_op_start(op, NULL);
    if (started >= 0 && status == TAKEO_ENOMEM) {
        (void)tk_raise_memory(&op->error);
    } else if (started >= 0) {
        copy_record(op, failure->first);
    }
    tk_error_done(failure);
    return tk_op_refuse(op, started < 0 ? started : status);
}

size_t tk_api_copy_text(const char *data, size_t len, char *buffer, size_t capacity) {
    if (capacity != 0) {
        size_t fits = len < capacity ? len : capacity - 1;
        if (fits != 0) {
            memcpy(buffer, data, fits);
        }
        buffer[fits] = '\0';
    }
    return len;
}
