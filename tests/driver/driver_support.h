/* driver_support.h - what the tests of drivers share: a connection on a scratch database, and calls
 * that fail the test instead of giving a status.  They serve drivers that block and those that never
 * wait alike: what gives TAKEO_WAIT is called again once `advance` says so. */
#ifndef TK_TEST_DRIVER_SUPPORT_H
#define TK_TEST_DRIVER_SUPPORT_H

#include "support.h"

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "driver/driver.h"

typedef struct fixture {
    tk_test_alloc memory;
    takeo_allocator allocator;
    tk_alloc alloc;
    tk_arena arena; /* of the test itself */
    tk_error error;
    const tk_driver *driver;
    tk_server *server;
    char folder[64];
    int pauses;      /* calls of pause so far */
    int pauses_most; /* then it gives up */
    int ticks;
    int ticks_most;
    int64_t deadline_ns; /* of opening; 0: none */
    void (*on_pause)(struct fixture *f);
} fixture;

static inline bool fixture_pause(void *ctx, int64_t ns) {
    fixture *f = ctx;
    assert_true(ns > 0 && ns <= 25 * 1000000);
    f->pauses++;
    if (f->on_pause != NULL) {
        f->on_pause(f);
    }
    return f->pauses < f->pauses_most;
}

static inline bool fixture_tick(void *ctx) {
    fixture *f = ctx;
    f->ticks++;
    return f->ticks < f->ticks_most;
}

/* ---- life ------------------------------------------------------------------------------------ */

static inline int fixture_setup(void **state) {
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->allocator = tk_test_alloc_init(&f->memory);
    f->alloc = tk_alloc_from(&f->allocator);
    tk_arena_init(&f->arena, tk_alloc_default);
    tk_error_init(&f->error, tk_alloc_default);
    f->pauses_most = 1000000;
    f->ticks_most = 1000000000;
    strcpy(f->folder, "/tmp/takeo-driver-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    *state = f;
    return 0;
}

static inline int fixture_teardown(void **state) {
    fixture *f = *state;
    if (f->server != NULL) {
        f->driver->close(f->server);
    }
    tk_test_alloc_done(&f->memory);
    tk_arena_done(&f->arena);
    tk_error_done(&f->error);
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", f->folder);
    assert_int_equal(system(command), 0);
    free(f);
    return 0;
}

static inline takeo_status open_with(fixture *f, const tk_alloc *alloc, const char *url,
                                     const takeo_setting *settings, uint32_t setting_count,
                                     const char *init_sql, tk_server **out) {
    tk_url parsed;
    takeo_status status = tk_url_parse(url, SIZE_MAX, &f->arena, &parsed, &f->error);
    if (status != TAKEO_DONE) {
        return status;
    }
    f->driver = tk_driver_find(parsed.scheme);
    assert_non_null(f->driver);
    tk_server_options options = {.url = &parsed,
                                 .settings = settings,
                                 .setting_count = setting_count,
                                 .init_sql = &init_sql,
                                 .init_sql_count = init_sql != NULL,
                                 .deadline_ns = f->deadline_ns != 0 ? f->deadline_ns : -1,
                                 .alloc = *alloc,
                                 .ctx = f,
                                 .pause = fixture_pause,
                                 .tick = fixture_tick};
    return f->driver->open(&options, out, &f->error);
}

/* ---- calls that wait ------------------------------------------------------------------------- */

/* Until `advance` says so, as a loop over a descriptor does it.  False: not within the time. */
static inline bool comes_until(fixture *f, tk_server *server, int64_t deadline_ns) {
    do {
        int64_t left = deadline_ns - tk_clock_now_ns();
        if (left <= 0) {
            return false;
        }
        struct pollfd watched = {.fd = -1};
        takeo_events events = 0;
        f->driver->interest(server, &watched.fd, &events);
        watched.events |= (events & TAKEO_EVENT_READ) != 0 ? POLLIN : 0;
        watched.events |= (events & TAKEO_EVENT_WRITE) != 0 ? POLLOUT : 0;
        assert_true(watched.fd >= 0 && watched.events != 0);
        (void)poll(&watched, 1, (int)(left / 1000000) + 1);
    } while (f->driver->advance(server) == TAKEO_WAIT);
    return true;
}

/* What a call that gave TAKEO_WAIT waits for has come; it does not take for ever. */
static inline void watch(fixture *f, tk_server *server) {
    int64_t patience = INT64_C(20000000000) * (tk_under_valgrind() ? 20 : 1);
    assert_true(comes_until(f, server, tk_clock_now_ns() + patience));
}

/* Make a call until it does not wait any more. */
#define FINISH_ON(f, server, call)                                                                 \
    ({                                                                                             \
        takeo_status finish_status;                                                                \
        while ((finish_status = (call)) == TAKEO_WAIT) {                                           \
            watch((f), (server));                                                                  \
        }                                                                                          \
        finish_status;                                                                             \
    })
#define FINISH(f, call) FINISH_ON(f, (f)->server, call)

/* Nothing is under way any more, also after a failure.  Its own failure: the connection is lost. */
static inline takeo_status settle(fixture *f) {
    if (f->driver->settle == NULL) {
        return TAKEO_DONE;
    }
    tk_error error;
    tk_error_init(&error, tk_alloc_default);
    takeo_status status = FINISH(f, f->driver->settle(f->server, &error));
    tk_error_done(&error);
    return status;
}

static inline takeo_status open_all(fixture *f, const tk_alloc *alloc, const char *url,
                                    const char *init_sql) {
    takeo_status status = open_with(f, alloc, url, NULL, 0, init_sql, &f->server);
    if (status == TAKEO_WAIT) {
        status = FINISH(f, f->driver->establish(f->server, &f->error));
        if (status != TAKEO_DONE) {
            f->driver->close(f->server);
            f->server = NULL;
        }
    }
    return status;
}

static inline takeo_status open_url(fixture *f, const char *url) {
    return open_all(f, &f->alloc, url, NULL);
}

/* sqlite:///<folder>/<name><query> */
static inline const char *file_url(fixture *f, const char *name, const char *query) {
    char *url = tk_arena_printf(&f->arena, "sqlite:///%s/%s%s", f->folder, name, query);
    assert_non_null(url);
    return url;
}

static inline const char *file_path(fixture *f, const char *name) {
    char *path = tk_arena_printf(&f->arena, "%s/%s", f->folder, name);
    assert_non_null(path);
    return path;
}

static inline const takeo_error *last_error(fixture *f) {
    assert_non_null(f->error.last);
    return f->error.last;
}

static inline void show_error(fixture *f) {
    char text[4000];
    if (f->error.last != NULL) {
        tk_error_format(f->error.last, text, sizeof text);
        print_error("%s\n", text);
    }
}

/* ---- running --------------------------------------------------------------------------------- */

static inline void assert_done(fixture *f, takeo_status status) {
    if (status != TAKEO_DONE) {
        show_error(f);
        fail_msg("status %d", (int)status);
    }
}

static inline takeo_status try_run(fixture *f, const char *sql) {
    tk_error_clear(&f->error);
    takeo_status status = FINISH(f, f->driver->run(f->server, sql, &f->error));
    if (status < 0) {
        (void)settle(f);
    }
    return status;
}

static inline void run(fixture *f, const char *sql) {
    assert_done(f, try_run(f, sql));
}

static inline tk_sql sql_of(const char *text, const takeo_type *columns, uint32_t count,
                            bool is_write) {
    return (tk_sql){.id = 1,
                    .text = text,
                    .len = strlen(text),
                    .columns = columns,
                    .column_count = count,
                    .is_write = is_write};
}

static inline tk_prepared *prepare(fixture *f, const char *text, const takeo_type *columns,
                                   uint32_t count) {
    tk_sql sql = sql_of(text, columns, count, columns == NULL);
    tk_prepared *prepared = NULL;
    assert_done(f, f->driver->prepare(f->server, &sql, &prepared, &f->error));
    return prepared;
}

static inline takeo_status start(fixture *f, tk_prepared *prepared, const takeo_cell *arguments,
                                 uint32_t count) {
    return FINISH(f, f->driver->start(f->server, prepared, arguments, count, &f->error));
}

static inline takeo_status fetch(fixture *f, tk_prepared *prepared, takeo_cell *row) {
    return FINISH(f, f->driver->fetch(f->server, prepared, row, &f->error));
}

/* The columns of a statement without arguments that says none; it is not run to its end. */
static inline uint32_t columns_of(fixture *f, tk_prepared *prepared,
                                  const takeo_column_info **out) {
    tk_execution ignored;
    if (f->driver->describe != NULL) {
        assert_done(f, start(f, prepared, NULL, 0));
        assert_done(f, FINISH(f, f->driver->describe(f->server, prepared, false, &f->error)));
    }
    uint32_t count = f->driver->columns(f->server, prepared, out);
    if (f->driver->describe != NULL) {
        f->driver->end(f->server, prepared, &ignored);
        assert_done(f, settle(f));
    }
    return count;
}

/* Run to the end and count the rows; a failure is given back. */
static inline takeo_status execute(fixture *f, tk_prepared *prepared, const takeo_cell *arguments,
                                   uint32_t count, tk_execution *out, uint64_t *out_rows) {
    takeo_cell row[32];
    uint64_t rows = 0;
    tk_error_clear(&f->error);
    takeo_status status = start(f, prepared, arguments, count);
    if (status == TAKEO_DONE) {
        while ((status = fetch(f, prepared, row)) == TAKEO_ROWS) {
            rows++;
        }
    }
    f->driver->end(f->server, prepared, out);
    if (status < 0) {
        (void)settle(f);
    }
    if (out_rows != NULL) {
        *out_rows = rows;
    }
    return status;
}

/* Prepare, run and forget. */
static inline takeo_status try_sql(fixture *f, const char *text, const takeo_cell *arguments,
                                   uint32_t count, tk_execution *out) {
    tk_sql sql = sql_of(text, NULL, 0, true);
    tk_prepared *prepared = NULL;
    tk_error_clear(&f->error);
    takeo_status status = f->driver->prepare(f->server, &sql, &prepared, &f->error);
    if (status != TAKEO_DONE) {
        return status;
    }
    tk_execution ignored;
    status = execute(f, prepared, arguments, count, out != NULL ? out : &ignored, NULL);
    f->driver->forget(f->server, prepared);
    return status;
}

/* The only row of a statement with one column, as a value of a type, copied. */
static inline takeo_status try_value(fixture *f, const char *text, takeo_type type,
                                     const takeo_cell *arguments, uint32_t count, takeo_cell *out) {
    tk_prepared *prepared = prepare(f, text, &type, 1);
    takeo_cell row = {0};
    tk_execution ignored;
    tk_error_clear(&f->error);
    takeo_status status = start(f, prepared, arguments, count);
    if (status == TAKEO_DONE) {
        status = fetch(f, prepared, &row);
    }
    if (status == TAKEO_ROWS) {
        assert_true(tk_cell_copy(&f->arena, &row, out));
    }
    f->driver->end(f->server, prepared, &ignored);
    (void)settle(f);
    f->driver->forget(f->server, prepared);
    return status;
}

static inline takeo_cell value(fixture *f, const char *text, takeo_type type,
                               const takeo_cell *arguments, uint32_t count) {
    takeo_cell out = {0};
    takeo_status status = try_value(f, text, type, arguments, count, &out);
    if (status != TAKEO_ROWS) {
        show_error(f);
        fail_msg("%s: status %d", text, (int)status);
    }
    return out;
}

static inline int64_t int_of(fixture *f, const char *text) {
    takeo_cell cell = value(f, text, TAKEO_TYPE_INT64, NULL, 0);
    assert_false(tk_cell_is_null(&cell));
    return cell.v.i;
}

static inline void assert_text(takeo_text text, const char *expected) {
    assert_non_null(text.data);
    assert_string_equal(text.data, expected);
}

static inline void assert_cell_text(const takeo_cell *cell, const char *expected) {
    assert_false(tk_cell_is_null(cell));
    assert_int_equal(cell->v.text.len, strlen(expected));
    assert_memory_equal(cell->v.text.data, expected, cell->v.text.len);
}

#define INT(number) tk_cell_int(TAKEO_TYPE_INT64, (number))
#define TEXT(zstr) tk_cell_text(TAKEO_TYPE_TEXT, (zstr), strlen(zstr))
#define NULL_CELL tk_cell_null()

#endif
