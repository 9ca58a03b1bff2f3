/* library.c - libpq, opened by name at first use; and the driver's table.
 *
 * It is looked up by its SONAME, so that a process that already has it uses the same copy.  What
 * newer versions have is looked up one by one: what is there counts, not the version's number.
 * The table of functions is the only thing that is process-wide; it is written once and then only
 * read.  It must not know connections.
 */
#include "driver/postgresql/postgresql_int.h"
#include "takeo/txn.h"

enum { LEAST_VERSION = 140000 }; /* pipeline mode */

struct tk_pq_library tk_pq;

static int32_t state; /* of the table: library.c of the room above */

#define PACKAGE_HINT                                                                               \
    "install libpq 14 or newer: the package is libpq5 on Debian and Ubuntu, libpq on Fedora and "  \
    "Alpine"

static void look_up_newer(void *handle, struct tk_pq_library *out) {
    (void)tk_library_find(handle, "PQsetChunkedRowsMode", &out->client.setChunkedRowsMode);
    (void)tk_library_find(handle, "PQsendClosePrepared", &out->client.sendClosePrepared);
    (void)tk_library_find(handle, "PQcancelCreate", &out->cancelCreate);
    (void)tk_library_find(handle, "PQcancelBlocking", &out->cancelBlocking);
    (void)tk_library_find(handle, "PQcancelReset", &out->cancelReset);
    (void)tk_library_find(handle, "PQcancelFinish", &out->cancelFinish);
    if (out->cancelBlocking == NULL || out->cancelReset == NULL || out->cancelFinish == NULL) {
        out->cancelCreate = NULL;
    }
}

/* Look everything up; gives the name of the first function that is missing, or NULL. */
static const char *look_up(void *handle, struct tk_pq_library *out) {
#define LOOK_UP(name)                                                                              \
    if (!tk_library_find(handle, "PQ" #name, &WHERE.name)) {                                       \
        return "PQ" #name;                                                                         \
    }
#define WHERE (*out)
    TK_PQ_OPENING_FUNCTIONS(LOOK_UP)
#undef WHERE
#define WHERE out->client
    TK_PQ_CLIENT_FUNCTIONS(LOOK_UP)
#undef WHERE
#undef LOOK_UP
    look_up_newer(handle, out);
    return NULL;
}

/* The names of all keywords, which differ from version to version.  Copied: they belong to libpq. */
static bool read_keywords(struct tk_pq_library *out) {
    PQconninfoOption *options = out->conndefaults();
    if (options == NULL) {
        return false;
    }
    for (const PQconninfoOption *option = options; option->keyword != NULL; option++) {
        size_t len = strlen(option->keyword);
        if (len < TK_PQ_KEYWORD_SIZE && out->keyword_count < TK_PQ_KEYWORDS_MAX) {
            memcpy(out->keywords[out->keyword_count++], option->keyword, len + 1);
        }
    }
    out->conninfoFree(options);
    return true;
}

/* Why the library will not do; TAKEO_DONE when it does. */
static takeo_status check(struct tk_pq_library *library, const char *missing, int least_version,
                          tk_error *error) {
    takeo_status status = TAKEO_DONE;
    if (library->libVersion != NULL && library->libVersion() < least_version) {
        int version = library->libVersion();
        status = tk_raise(error, TK_CONFIG_LIBRARY, "The library of PostgreSQL is too old.");
        TK_SET(error, got, "libpq %d.%d", version / 10000, version % 10000);
    } else if (missing != NULL) {
        status = tk_raise(error, TK_CONFIG_LIBRARY, "The library of PostgreSQL lacks %s.", missing);
    } else if (!read_keywords(library)) {
        return tk_raise_memory(error);
    }
    if (status != TAKEO_DONE) {
        TK_SET(error, expected, "libpq %d or newer", least_version / 10000);
        TK_SET(error, hint, "%s", PACKAGE_HINT);
    }
    return status;
}

takeo_status tk_pg_library_open(const char *const *names, int least_version,
                                struct tk_pq_library *out, void **out_handle, tk_error *error) {
    void *handle = NULL;
    TK_TRY(tk_library_open(names, "PostgreSQL", PACKAGE_HINT, &handle, error));
    const char *missing = look_up(handle, out);
    takeo_status status = check(out, missing, least_version, error);
    if (status != TAKEO_DONE) {
        tk_library_close(handle);
        return status;
    }
    *out_handle = handle;
    return TAKEO_DONE;
}

static takeo_status load(tk_error *error) {
    static const char *const names[] = {"libpq.so.5", "libpq.so", NULL};
    struct tk_pq_library found = {0};
    void *handle = NULL;
    TK_TRY(tk_pg_library_open(names, LEAST_VERSION, &found, &handle, error));
    tk_library_publish(&state, &tk_pq, &found, sizeof found, handle);
    return TAKEO_DONE;
}

takeo_status tk_pg_load(tk_error *error) {
    return tk_library_load(&state, load, error);
}

/* ---- how transactions begin ------------------------------------------------------------------ */

#define BEGIN_ROW(level)                                                                           \
    {                                                                                              \
        {"begin" level, "begin" level " deferrable"},                                              \
            {"begin" level " read only", "begin" level " read only deferrable"},                   \
    }

static const char *begin_text(const tk_begin *how, uint32_t number) {
    static const char *const texts[][2][2] = {
        [TAKEO_ISOLATION_DEFAULT] = BEGIN_ROW(""),
        [TAKEO_ISOLATION_READ_UNCOMMITTED] = BEGIN_ROW(" isolation level read uncommitted"),
        [TAKEO_ISOLATION_READ_COMMITTED] = BEGIN_ROW(" isolation level read committed"),
        [TAKEO_ISOLATION_REPEATABLE_READ] = BEGIN_ROW(" isolation level repeatable read"),
        [TAKEO_ISOLATION_SERIALIZABLE] = BEGIN_ROW(" isolation level serializable"),
    };
    if (number != 0 || how->isolation >= TK_COUNT(texts)) {
        return NULL;
    }
    return texts[how->isolation][how->is_read_only][how->is_deferrable];
}

/* ---- the table ------------------------------------------------------------------------------- */

static void set_gradual(tk_server *server, bool is_gradual) {
    server->is_gradual = is_gradual;
}

/* libpq's connection knows nothing of what Takeo said itself, and would lie about it. */
static void *native(tk_server *server) {
    return server->wire == NULL ? server->pg : NULL;
}

static int64_t process_id(tk_server *server) {
    return server->process_id;
}

static const char *const schemes[] = {"postgresql", "postgres", NULL};

extern const tk_driver tk_driver_postgresql; /* also said in driver_list.c, which alone names it */
const tk_driver tk_driver_postgresql = {
    .name = "postgresql",
    .dialect = "postgresql",
    .schemes = schemes,
    .blocks = false,
    .takes_password = true,
    .pipelines = true,
    .max_parameters = UINT16_MAX, /* the protocol counts them in 16 bits */
    .isolations = 1U << TAKEO_ISOLATION_READ_UNCOMMITTED | 1U << TAKEO_ISOLATION_READ_COMMITTED
                  | 1U << TAKEO_ISOLATION_REPEATABLE_READ | 1U << TAKEO_ISOLATION_SERIALIZABLE,
    .load = tk_pg_load,
    .open = tk_pg_open,
    .establish = tk_pg_establish,
    .close = tk_pg_close,
    .abandon = tk_pg_abandon,
    .interrupt = tk_pg_interrupt,
    .interest = tk_pg_interest,
    .advance = tk_pg_advance,
    .settle = tk_pg_settle,
    .reset = tk_pg_reset,
    .is_alive = tk_pg_is_alive,
    .prepare = tk_pg_prepare,
    .forget = tk_pg_forget,
    .describe = tk_pg_describe,
    .columns = tk_pg_columns,
    .set_gradual = set_gradual,
    .start = tk_pg_start,
    .fetch = tk_pg_fetch,
    .end = tk_pg_end,
    .run = tk_pg_run,
    .run_later = tk_pg_run_later,
    .is_in_transaction = tk_pg_is_in_transaction,
    .is_aborted = tk_pg_is_aborted,
    .begin_text = begin_text,
    .catalog = tk_pg_catalog,
    .native = native,
    .process_id = process_id,
};
