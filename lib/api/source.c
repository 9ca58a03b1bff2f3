/* source.c - takeo/source.h: the data source and the sessions on it. */
#include "api/api_int.h"

/* ---- source ---------------------------------------------------------------------------------- */

/* NULL is allowed: the defaults. */
static takeo_status check_limits(const takeo_pool_limits *limits, const char *name,
                                 tk_error *error) {
    if (limits == NULL) {
        return TAKEO_DONE;
    }
    TK_TRY(tk_api_check_struct(limits, sizeof *limits, name, error));
    TK_TRY(tk_api_check_flags(limits->flags, 0, name, error));
    const struct {
        const char *name;
        int64_t ns;
    } times[] = {{"acquire_ns", limits->acquire_ns},
                 {"connect_ns", limits->connect_ns},
                 {"idle_ns", limits->idle_ns},
                 {"lifetime_ns", limits->lifetime_ns}};
    for (size_t i = 0; i < TK_COUNT(times); i++) {
        if (times[i].ns < -1) {
            return tk_raise(error, TK_CALL_INVALID, "%s->%s is below -1.", name, times[i].name);
        }
    }
    return TAKEO_DONE;
}

static takeo_status check_options(const takeo_source_options *options, tk_error *error) {
    TK_TRY(tk_api_check_given(options, "options", error));
    TK_TRY(tk_api_check_struct(options, sizeof *options, "options", error));
    TK_TRY(tk_api_check_flags(options->flags, TAKEO_SOURCE_POLL, "options->flags", error));
    TK_TRY(
        tk_api_check_array(options->settings, options->setting_count, "options->settings", error));
    TK_TRY(
        tk_api_check_array(options->init_sql, options->init_sql_count, "options->init_sql", error));
    if (options->statement_ns < -1) {
        return tk_raise(error, TK_CALL_INVALID, "options->statement_ns is below -1.");
    }
    TK_TRY(check_limits(options->pool, "options->pool", error));
    return tk_api_check_struct(options->allocator, sizeof *options->allocator, "options->allocator",
                               error);
}

TAKEO_API size_t takeo_url_mask(const char *url, char *buffer, size_t capacity) {
    if (url == NULL || (buffer == NULL && capacity != 0)) {
        return 0;
    }
    tk_arena arena;
    tk_arena_init(&arena, tk_alloc_default);
    const char *masked = tk_url_masked(url, SIZE_MAX, &arena);
    size_t len = tk_api_copy_text(masked, masked != NULL ? strlen(masked) : 0, buffer, capacity);
    tk_arena_done(&arena);
    return len;
}

static takeo_status open_source(takeo_model *model, const takeo_source_options *options,
                                takeo_source **out, tk_error *error) {
    TK_TRY(check_options(options, error));
    TK_TRY(tk_api_check_given(out, "out", error));
    if (model != NULL) {
        TK_TRY(tk_api_check_process(model->process_id, "model", error));
    }
    return tk_source_open(model, options, out, error);
}

TAKEO_API takeo_status takeo_source_open(takeo_model *model, const takeo_source_options *options,
                                         takeo_source **out, takeo_error **error) {
    tk_error failure;
    tk_error_init(&failure, tk_alloc_default);
    return tk_api_end(&failure, open_source(model, options, out, &failure), error);
}

TAKEO_API takeo_session *takeo_source_session(takeo_source *source) {
    return source != NULL ? &source->shared : NULL;
}

TAKEO_API takeo_status takeo_source_connect(takeo_op *op) {
    return op != NULL ? tk_orm_connect(op) : TAKEO_EINVAL;
}

TAKEO_API takeo_status takeo_source_synchronize(takeo_op *op, uint32_t flags) {
    TK_API_CHECK(op, failure, tk_api_check_flags(flags, TAKEO_SYNCHRONIZE_PLAN, "flags", &failure));
    return tk_orm_synchronize(op, flags);
}

static takeo_status check_patience(int64_t patience_ns, tk_error *error) {
    return patience_ns >= -1 ? TAKEO_DONE
                             : tk_raise(error, TK_CALL_INVALID, "patience_ns is below -1.");
}

TAKEO_API takeo_status takeo_source_drain(takeo_op *op, int64_t patience_ns) {
    TK_API_CHECK(op, failure, check_patience(patience_ns, &failure));
    return tk_source_drain(op, patience_ns, NULL);
}

static takeo_status limit(takeo_source *source, const takeo_pool_limits *limits, tk_error *error) {
    TK_TRY(tk_api_check_given(source, "source", error));
    TK_TRY(tk_api_check_given(limits, "limits", error));
    TK_TRY(check_limits(limits, "limits", error));
    return tk_source_limit(source, limits, error);
}

TAKEO_API takeo_status takeo_source_limit(takeo_source *source, const takeo_pool_limits *limits,
                                          takeo_error **error) {
    tk_error failure;
    tk_error_init(&failure, tk_alloc_default);
    return tk_api_end(&failure, limit(source, limits, &failure), error);
}

TAKEO_API takeo_status takeo_source_stats(takeo_source *source, takeo_pool_stats *out) {
    if (source == NULL || !tk_api_is_room(out, sizeof *out)) {
        return TAKEO_EINVAL;
    }
    if (tk_api_is_forked(source->process_id)) {
        return TAKEO_EFORKED;
    }
    takeo_pool_stats stats = {.struct_size = sizeof stats};
    tk_source_stats(source, &stats);
    tk_api_fill(out, &stats, sizeof stats);
    return TAKEO_DONE;
}

TAKEO_API void takeo_source_close(takeo_source *source) {
    tk_source_close(source);
}

/* ---- session --------------------------------------------------------------------------------- */

static takeo_status make_session(takeo_source *source, const takeo_session_options *options,
                                 takeo_session **out, tk_error *error) {
    TK_TRY(tk_api_check_given(source, "source", error));
    TK_TRY(tk_api_check_given(out, "out", error));
    TK_TRY(tk_api_check_struct(options, sizeof *options, "options", error));
    if (options != NULL) {
        TK_TRY(tk_api_check_flags(options->flags, TAKEO_SOURCE_POLL, "options->flags", error));
    }
    return tk_session_new(source, out, error);
}

TAKEO_API takeo_status takeo_session_new(takeo_source *source, const takeo_session_options *options,
                                         takeo_session **out, takeo_error **error) {
    tk_error failure;
    tk_error_init(&failure, tk_alloc_default);
    return tk_api_end(&failure, make_session(source, options, out, &failure), error);
}

TAKEO_API takeo_status takeo_session_describe(takeo_session *session, takeo_session_info *out) {
    if (session == NULL || !tk_api_is_room(out, sizeof *out)) {
        return TAKEO_EINVAL;
    }
    if (tk_api_is_forked(session->process_id)) {
        return TAKEO_EFORKED;
    }
    takeo_session_info info = {.struct_size = sizeof info};
    tk_session_describe(session, &info);
    tk_api_fill(out, &info, sizeof info);
    return TAKEO_DONE;
}

TAKEO_API void takeo_session_free(takeo_session *session) {
    tk_session_free(session);
}
