/* source.c - the data source: options, driver and connection of one database, shared by threads.
 *
 * Its creator holds one reference, and so does everything made on it, so handles may be freed in
 * any order.  In a forked child nothing is locked or told to the server: another thread of the
 * parent may have held the mutex, and the parent goes on using the connection.
 */
#include <stdlib.h>

#include "conn/conn_int.h"

/* ---- options --------------------------------------------------------------------------------- */

static takeo_status find_url(const takeo_source_options *options, const char **out,
                             tk_error *error) {
    const char *url = options->url;
    if (url == NULL) {
        url = getenv("TAKEO_DATABASE_URL");
    }
    if (url == NULL || url[0] == '\0') {
        url = options->url == NULL ? getenv("DATABASE_URL") : url;
    }
    if (url == NULL || url[0] == '\0') {
        takeo_status status = tk_raise(error, TK_CONFIG_INVALID, "There is no URL of a database.");
        TK_SET(error, hint, "give one, such as sqlite:///file.db, or set TAKEO_DATABASE_URL");
        return status;
    }
    *out = url;
    return TAKEO_DONE;
}

static const char *copy_zstr(tk_arena *arena, const char *zstr) {
    return tk_arena_copy(arena, zstr, strlen(zstr));
}

static takeo_status copy_settings(tk_source *source, const takeo_source_options *options,
                                  tk_error *error) {
    takeo_setting *settings =
        tk_arena_array(&source->arena, options->setting_count, sizeof *settings);
    if (settings == NULL) {
        return tk_raise_memory(error);
    }
    for (uint32_t i = 0; i < options->setting_count; i++) {
        const takeo_setting *given = &options->settings[i];
        if (given->key == NULL || given->value == NULL) {
            return tk_raise(error, TK_CALL_INVALID, "settings[%u] has no key or no value.", i);
        }
        settings[i].key = copy_zstr(&source->arena, given->key);
        settings[i].value = copy_zstr(&source->arena, given->value);
        if (settings[i].key == NULL || settings[i].value == NULL) {
            return tk_raise_memory(error);
        }
    }
    source->options.settings = settings;
    return TAKEO_DONE;
}

static takeo_status copy_init_sql(tk_source *source, const takeo_source_options *options,
                                  tk_error *error) {
    const char **texts = tk_arena_array(&source->arena, options->init_sql_count, sizeof *texts);
    if (texts == NULL) {
        return tk_raise_memory(error);
    }
    for (uint32_t i = 0; i < options->init_sql_count; i++) {
        if (options->init_sql[i] == NULL) {
            return tk_raise(error, TK_CALL_INVALID, "init_sql[%u] is NULL.", i);
        }
        texts[i] = copy_zstr(&source->arena, options->init_sql[i]);
        if (texts[i] == NULL) {
            return tk_raise_memory(error);
        }
    }
    source->options.init_sql = texts;
    return TAKEO_DONE;
}

static takeo_status copy_options(tk_source *source, const takeo_source_options *options,
                                 tk_error *error) {
    const char *url = NULL;
    TK_TRY(find_url(options, &url, error));
    source->options = *options;
    source->options.allocator = NULL; /* source->alloc is the copy */
    source->options.pool = NULL;      /* source->limits is */
    size_t len = strlen(url);
    source->options.url = tk_arena_copy(&source->arena, url, len);
    source->masked_url = tk_url_masked(url, len, &source->arena);
    if (source->options.url == NULL || source->masked_url == NULL) {
        return tk_raise_memory(error);
    }
    TK_TRY(tk_url_parse(source->options.url, len, &source->arena, &source->url, error));
    TK_TRY(copy_settings(source, options, error));
    return copy_init_sql(source, options, error);
}

/* ---- open ------------------------------------------------------------------------------------ */

static takeo_status find_driver(tk_source *source, tk_error *error) {
    if (source->driver == NULL) {
        source->driver = tk_driver_find(source->url.scheme);
    }
    if (source->driver == NULL) {
        tk_buf names;
        tk_buf_init(&names, source->alloc, 4096);
        tk_driver_schemes(&names);
        takeo_status status = tk_raise(error, TK_CONFIG_INVALID, "No driver is called \"%.*s\".",
                                       (int)source->url.scheme.len, source->url.scheme.data);
        if (!names.failed && names.data != NULL) {
            TK_SET(error, expected, "one of: %s", names.data);
        }
        tk_buf_done(&names);
        return status;
    }
    return source->driver->load(error);
}

static takeo_status check_password(const tk_source *source, tk_error *error) {
    if (source->options.password == NULL || source->driver->takes_password) {
        return TAKEO_DONE;
    }
    takeo_status status =
        tk_raise(error, TK_CONFIG_INVALID, "A function gives a password, but %s takes none.",
                 source->driver->name);
    TK_SET(error, hint, "leave it out");
    return status;
}

static takeo_status fill(tk_source *source, tk_model *model, const takeo_source_options *options,
                         tk_error *error) {
    TK_TRY(copy_options(source, options, error));
    TK_TRY(find_driver(source, error));
    TK_TRY(check_password(source, error));
    if (model != NULL) {
        TK_TRY(tk_model_freeze(model, error));
        source->model = tk_model_hold(model);
    }
    source->mutex = tk_mutex_new(&source->alloc);
    if (source->mutex == NULL) {
        return tk_raise_memory(error);
    }
    TK_TRY(tk_pool_read_limits(source, options->pool, &source->limits, error));
    source->conn_max = source->limits.max_size;
    return tk_pool_grow(source, source->conn_max, error);
}

static void destroy(tk_source *source) {
    bool is_forked = tk_process_id() != source->process_id;
    if (source->detach != NULL) {
        source->detach(source->attached);
    }
    tk_pool_free(source);
    tk_model_drop(source->model);
    if (!is_forked) { /* destroying what a thread of the parent waits on could wait for ever */
        tk_mutex_free(&source->alloc, source->mutex);
    }
    tk_arena_done(&source->arena);
    tk_alloc alloc = source->alloc;
    tk_mem_free(&alloc, source, sizeof *source);
}

takeo_status tk_source_open_with(tk_model *model, const takeo_source_options *options,
                                 const tk_driver *driver, tk_source **out, tk_error *error) {
    tk_alloc alloc = tk_alloc_from(options->allocator);
    tk_source *source = tk_mem_new(&alloc, sizeof *source);
    if (source == NULL) {
        return tk_raise_memory(error);
    }
    source->alloc = alloc;
    source->references = 1;
    source->process_id = tk_process_id();
    source->driver = driver;
    tk_arena_init(&source->arena, alloc);
    tk_link_init(&source->queue);
    tk_link_init(&source->idle);
    tk_session_init(&source->shared, source, true);
    takeo_status status = fill(source, model, options, error);
    if (status < 0) {
        destroy(source);
        return status;
    }
    *out = source;
    return TAKEO_DONE;
}

takeo_status tk_source_open(tk_model *model, const takeo_source_options *options, tk_source **out,
                            tk_error *error) {
    return tk_source_open_with(model, options, NULL, out, error);
}

/* ---- check, hold, close ---------------------------------------------------------------------- */

static takeo_status check_process(const tk_source *source, tk_error *error) {
    if (TK_UNLIKELY(tk_process_id() != source->process_id)) {
        takeo_status status =
            tk_raise(error, TK_CALL_FORKED, "The data source belongs to the parent process.");
        TK_SET(error, hint, "open a data source of its own after the fork");
        return status;
    }
    return TAKEO_DONE;
}

static takeo_status refuse_closed(const tk_session *session, tk_error *error) {
    takeo_status status = tk_raise(error, TK_CALL_CLOSED, "The data source was closed.");
    if (error != NULL && session != NULL && session->level > 0) {
        TK_SET(error, why, "an open transaction was rolled back with it");
        tk_error_last(error)->outcome = TAKEO_OUTCOME_ROLLED_BACK;
    }
    return status;
}

static takeo_status refuse_draining(const tk_session *session, tk_error *error) {
    if (session != NULL && session->level > 0) { /* its transaction may end */
        return TAKEO_DONE;
    }
    takeo_status status = tk_raise(error, TK_CALL_CLOSED, "The data source takes no new work.");
    TK_SET(error, why, "it is being drained: only what had begun before goes on");
    return status;
}

takeo_status tk_source_check(tk_source *source, const tk_session *session, tk_error *error) {
    TK_TRY(check_process(source, error));
    return TK_UNLIKELY(tk_source_phase_of(source) == TK_SOURCE_CLOSED)
               ? refuse_closed(session, error)
               : TAKEO_DONE;
}

takeo_status tk_source_admit(tk_source *source, const tk_session *session, tk_error *error) {
    TK_TRY(check_process(source, error));
    tk_source_phase phase = tk_source_phase_of(source);
    if (TK_LIKELY(phase == TK_SOURCE_OPEN)) {
        return TAKEO_DONE;
    }
    return phase == TK_SOURCE_CLOSED ? refuse_closed(session, error)
                                     : refuse_draining(session, error);
}

tk_source *tk_source_hold(tk_source *source) {
    __atomic_add_fetch(&source->references, 1, __ATOMIC_RELAXED);
    return source;
}

void tk_source_drop(tk_source *source) {
    if (source != NULL && __atomic_sub_fetch(&source->references, 1, __ATOMIC_ACQ_REL) == 0) {
        destroy(source);
    }
}

void tk_source_close(tk_source *source) {
    if (source == NULL) {
        return;
    }
    if (tk_process_id() == source->process_id) {
        tk_mutex_lock(source->mutex);
        __atomic_store_n(&source->phase, TK_SOURCE_CLOSED, __ATOMIC_RELAXED);
        tk_take_wake_all(source);
        tk_mutex_unlock(source->mutex);
        tk_pool_close_idle(source); /* borrowed ones are closed when they come back */
    } else {
        source->phase = TK_SOURCE_CLOSED;
    }
    tk_source_drop(source);
}
