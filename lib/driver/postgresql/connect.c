/* connect.c - opening and closing a connection.
 *
 *     CONNECTING  libpq connects on a helper thread: looking names up and proving a password can
 *                 take long, and nothing interrupts libpq there
 *     GREETING    connected: what the server did not take of our settings, then init_sql
 *     OPEN
 *
 * Who gives up while it connects leaves the thread behind; it closes what came of it.  It must not
 * know statements of others, nor who waits.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "driver/postgresql/postgresql_int.h"

enum { LEAST_SERVER = 120000, LOOKS_MOST = 64, SECRET_LEAST = 3 };

/* What the decoders read and what literals are written for; `shown` is how the server's report of it
 * begins, or NULL where it reports nothing. */
static const struct session_row {
    const char *name;
    const char *value;
    const char *shown;
    bool is_needed; /* also behind a pooler; the others only spare the decoders a second form */
} session_rows[] = {
    {"client_encoding", "UTF8", "UTF8", true}, {"standard_conforming_strings", "on", "on", true},
    {"DateStyle", "ISO", "ISO", true},         {"IntervalStyle", "iso_8601", "iso_8601", false},
    {"bytea_output", "hex", NULL, false},      {"extra_float_digits", "3", NULL, false},
};

/* A pooler keeps the needed ones with each client; what else is set would stay behind on a server's
 * connection that others get. */
#define SET_NEEDED                                                                                 \
    "select set_config('client_encoding', 'UTF8', false), "                                        \
    "set_config('standard_conforming_strings', 'on', false), "                                     \
    "set_config('DateStyle', 'ISO', false)"
static const char set_needed[] = SET_NEEDED;
static const char set_all[] = SET_NEEDED
    ", set_config('IntervalStyle', 'iso_8601', false), set_config('bytea_output', 'hex', false), "
    "set_config('extra_float_digits', '3', false)";

/* ---- the helper thread ----------------------------------------------------------------------- */

struct tk_pg_thread { /* what it works on; behind it the copied texts */
    tk_pg_helper helper;
    PGconn *pg; /* what came of it, until somebody takes it */
    size_t size;
    const char *options; /* of the user alone, when ours stand in `options` too; or NULL */
    bool has_refused;    /* a pooler between does not know our options */
    int64_t deadline_ns; /* as in tk_pg_settings */
    tk_buf names;        /* when one name has several addresses */
    tk_buf addresses;
    char timeout[24];
    uint32_t count;
    const char **values;
    const char *keywords[]; /* with a place for one more; behind its NULL the values */
};

static const char *given(const struct tk_pg_thread *thread, const char *key) {
    for (uint32_t i = 0; i < thread->count; i++) {
        if (strcmp(thread->keywords[i], key) == 0) {
            return thread->values[i];
        }
    }
    return "";
}

/* Poolers that know no `options` end the connection; they are asked again without ours. */
static bool refuses_options(PGconn *pg) {
    const char *said = pg != NULL ? tk_pq.client.errorMessage(pg) : "";
    return strstr(said, "unsupported startup parameter") != NULL
           || strstr(said, "command-line options") != NULL;
}

static void set(struct tk_pg_thread *thread, const char *key, const char *value) {
    for (uint32_t i = 0; i < thread->count; i++) {
        if (strcmp(thread->keywords[i], key) == 0) {
            thread->values[i] = value;
        }
    }
}

/* One name, several addresses: each gets its share of the time. */
static void share_time(struct tk_pg_thread *thread) {
    if (thread->deadline_ns < 0) {
        return;
    }
    uint32_t found = tk_pg_resolve(given(thread, "host"), &thread->names, &thread->addresses);
    if (found > 1) {
        int64_t seconds = tk_pg_share_of_time(thread->deadline_ns, found);
        snprintf(thread->timeout, sizeof thread->timeout, "%lld", (long long)seconds);
        set(thread, "connect_timeout", thread->timeout);
        set(thread, "host", thread->names.data);
        thread->keywords[thread->count] = "hostaddr"; /* in the place that was kept for it */
        thread->values[thread->count++] = thread->addresses.data;
    }
}

static void work(tk_pg_helper *helper) {
    struct tk_pg_thread *thread = (struct tk_pg_thread *)helper;
    share_time(thread);
    thread->pg = tk_pq.connectdbParams(thread->keywords, thread->values, 0);
    if (thread->options == NULL || thread->pg == NULL
        || tk_pq.client.status(thread->pg) == CONNECTION_OK || !refuses_options(thread->pg)) {
        return;
    }
    tk_pq.finish(thread->pg);
    thread->has_refused = true;
    set(thread, "options", thread->options);
    thread->pg = tk_pq.connectdbParams(thread->keywords, thread->values, 0);
}

static void free_thread(tk_pg_helper *helper) {
    struct tk_pg_thread *thread = (struct tk_pg_thread *)helper;
    size_t size = thread->size;
    if (thread->pg != NULL) {
        tk_pq.finish(thread->pg);
    }
    tk_buf_done(&thread->names);
    tk_buf_done(&thread->addresses);
    explicit_bzero(thread, size); /* a password */
    tk_mem_free(&tk_alloc_default, thread, size);
}

static const char *copy_text(char **at, const char *text) {
    size_t size = strlen(text) + 1;
    char *copy = memcpy(*at, text, size);
    *at += size;
    return copy;
}

static struct tk_pg_thread *new_thread(const tk_pg_settings *settings) {
    size_t places = (size_t)settings->count + 2; /* one for hostaddr, and NULL */
    size_t pointers = 2 * places * sizeof(char *);
    const char *options = settings->has_options ? settings->options : NULL;
    size_t size = sizeof(struct tk_pg_thread) + pointers;
    for (uint32_t i = 0; i < settings->count; i++) {
        size += strlen(settings->keywords[i]) + strlen(settings->values[i]) + 2;
    }
    size += options != NULL ? strlen(options) + 1 : 0;
    struct tk_pg_thread *thread = tk_mem_new(&tk_alloc_default, size);
    if (thread == NULL) {
        return NULL;
    }
    thread->size = size;
    thread->count = settings->count;
    thread->deadline_ns = settings->deadline_ns;
    tk_buf_init(&thread->names, tk_alloc_default, SIZE_MAX);
    tk_buf_init(&thread->addresses, tk_alloc_default, SIZE_MAX);
    thread->values = thread->keywords + places;
    char *at = (char *)thread->keywords + pointers;
    for (uint32_t i = 0; i < settings->count; i++) {
        thread->keywords[i] = copy_text(&at, settings->keywords[i]);
        thread->values[i] = copy_text(&at, settings->values[i]);
    }
    thread->options = options != NULL ? copy_text(&at, options) : NULL;
    return thread;
}

bool tk_pg_connect_is_done(const tk_server *server) {
    return !tk_pg_helper_is_working(&server->connecting->helper);
}

/* ---- open ------------------------------------------------------------------------------------ */

static takeo_status check_stuck(tk_error *error) {
    uint32_t left = tk_pg_helpers_left(TK_PG_HELPER_CONNECT);
    if (left < TK_PG_HELPERS_LEFT_MAX) {
        return TAKEO_DONE;
    }
    takeo_status status =
        tk_raise(error, TK_CONNECT_STUCK,
                 "%u attempts to connect that were given up still hang, so no further one is made.",
                 (unsigned)left);
    TK_SET(error, why, "libpq cannot be stopped while it looks a name up or proves a password.");
    TK_SET(error, hint, "they end by themselves; see whether host and name server answer");
    return status;
}

static takeo_status start_thread(tk_server *server, const tk_pg_settings *settings,
                                 tk_error *error) {
    TK_TRY(check_stuck(error));
    struct tk_pg_thread *thread = new_thread(settings);
    if (thread == NULL) {
        return tk_raise_memory(error);
    }
    if (!tk_pg_helper_init(&thread->helper, TK_PG_HELPER_CONNECT, work, free_thread)) {
        free_thread(&thread->helper);
        return tk_pg_raise_descriptor(error);
    }
    server->connecting = thread;
    server->fd = thread->helper.fd;
    return tk_pg_helper_start(&thread->helper, -1)
               ? TAKEO_DONE
               : tk_raise(error, TK_CONNECT_FAILED,
                          "No thread could be started, which a connection needs while it is made.");
}

static takeo_status copy_init_sql(tk_server *server, const tk_server_options *options,
                                  tk_error *error) {
    const char **texts = tk_arena_array(&server->arena, options->init_sql_count, sizeof *texts);
    for (uint32_t i = 0; texts != NULL && i < options->init_sql_count; i++) {
        texts[i] =
            tk_arena_copy(&server->arena, options->init_sql[i], strlen(options->init_sql[i]));
        if (texts[i] == NULL) {
            texts = NULL;
        }
    }
    server->init_sql = texts;
    server->init_sql_count = options->init_sql_count;
    return texts != NULL ? TAKEO_DONE : tk_raise_memory(error);
}

static takeo_status begin(tk_server *server, const tk_server_options *options, tk_error *error) {
    tk_arena arena;
    tk_arena_init(&arena, options->alloc);
    tk_pg_settings settings;
    takeo_status status = tk_pg_settings_read(options, &arena, &settings, error);
    if (status == TAKEO_DONE) {
        server->naming = settings.naming;
        server->must_not_wire = settings.must_not_wire;
        server->is_unnamed = settings.naming == TK_PG_NAMED_OFF;
        status = copy_init_sql(server, options, error);
    }
    if (status == TAKEO_DONE) {
        status = start_thread(server, &settings, error);
    }
    tk_arena_done(&arena);
    return status;
}

takeo_status tk_pg_open(const tk_server_options *options, tk_server **out, tk_error *error) {
    TK_TRY(tk_pg_load(error));
    tk_server *server = tk_mem_new(&options->alloc, sizeof *server);
    if (server == NULL) {
        return tk_raise_memory(error);
    }
    server->alloc = options->alloc;
    server->notice = options->notice;
    server->notice_ctx = options->ctx;
    server->fd = -1;
    tk_arena_init(&server->arena, options->alloc);
    tk_link_init(&server->prepared);
    takeo_status status = begin(server, options, error);
    if (status != TAKEO_DONE) {
        tk_pg_close(server);
        return status;
    }
    *out = server;
    return TAKEO_WAIT;
}

/* ---- connected ------------------------------------------------------------------------------- */

/* One that is fatal is a connection's last word while nothing runs. */
static void on_notice(void *ctx, const PGresult *result) {
    tk_server *server = ctx;
    const char *severity = tk_pq.client.resultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    if (severity != NULL && (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0)) {
        server->stage = TK_PG_LOST;
    } else if (server->notice != NULL) {
        tk_pg_tell_notice(server, &tk_pq.client, result);
    }
}

static void put_masked(tk_buf *out, const char *said, const char *secret) {
    const char *found;
    while (*secret != '\0' && (found = strstr(said, secret)) != NULL) {
        tk_buf_put(out, said, (size_t)(found - said));
        tk_buf_puts(out, "***");
        said = found + strlen(secret);
    }
    tk_buf_puts(out, said);
}

static void mask(tk_error *error, const char *secret) {
    takeo_text text = tk_error_last(error)->detail;
    if (text.data == NULL || strstr(text.data, secret) == NULL) {
        return;
    }
    tk_buf masked;
    tk_buf_init(&masked, tk_alloc_default, SIZE_MAX);
    put_masked(&masked, text.data, secret);
    TK_SET(error, detail, "%s", masked.failed ? "***" : masked.data);
    tk_buf_done(&masked);
}

/* Words of every failure.  To hide one of them would tell the password to whoever knows them. */
static const char plain_words[] =
    "connection to server at socket port failed FATAL password authentication for user role "
    "database does not exist no pg_hba.conf entry host encryption refused timeout expired";

/* libpq's words hold no password; should they ever, it is hidden. */
static takeo_status raise_connect(const struct tk_pg_thread *thread, tk_error *error) {
    takeo_status status = tk_pg_raise_connect(tk_pq.client.errorMessage(thread->pg), NULL, error);
    const char *password = given(thread, "password");
    bool is_name = strcmp(password, given(thread, "user")) == 0
                   || strcmp(password, given(thread, "dbname")) == 0
                   || strcmp(password, given(thread, "host")) == 0;
    bool is_secret = strlen(password) >= SECRET_LEAST && strstr(plain_words, password) == NULL;
    if (error != NULL && is_secret && !is_name) {
        mask(error, password);
    }
    return status;
}

/* The first setting that the server says it has otherwise; NULL: none. */
static const struct session_row *find_odd(const PGconn *pg, bool is_needed) {
    for (size_t i = 0; i < TK_COUNT(session_rows); i++) {
        const struct session_row *row = &session_rows[i];
        if (row->shown == NULL || (is_needed && !row->is_needed)) {
            continue;
        }
        const char *is = tk_pq.parameterStatus(pg, row->name);
        if (is == NULL || strncmp(is, row->shown, strlen(row->shown)) != 0) {
            return row;
        }
    }
    return NULL;
}

static takeo_status check_server(const PGconn *pg, tk_error *error) {
    int version = tk_pq.serverVersion(pg);
    if (version < LEAST_SERVER) {
        takeo_status status =
            tk_raise(error, TK_CALL_UNSUPPORTED, "The server of PostgreSQL is too old.");
        TK_SET(error, expected, "PostgreSQL %d or newer", LEAST_SERVER / 10000);
        TK_SET(error, got, "PostgreSQL %d.%d", version / 10000, version % 10000);
        return status;
    }
    const char *dates = tk_pq.parameterStatus(pg, "integer_datetimes");
    return dates == NULL || strcmp(dates, "on") == 0
               ? TAKEO_DONE
               : tk_raise(error, TK_CALL_UNSUPPORTED,
                          "The server keeps times as floating-point numbers, which are not exact.");
}

/* A server takes the options that it is sent; who does not is a pooler.  Where a service's file has
 * options of its own, ours were not sent. */
static void look_at_session(tk_server *server, const struct tk_pg_thread *thread) {
    bool is_odd = find_odd(server->pg, false) != NULL;
    bool was_told = thread->options != NULL;
    bool is_pooled = was_told && (thread->has_refused || is_odd);
    server->is_unnamed |= is_pooled && server->naming == TK_PG_NAMED_AUTO;
    server->process_id = is_pooled ? 0 : tk_pq.backendPID(server->pg); /* a pooler's is made up */
    if (!was_told) {
        server->set_text = set_all;
    } else if (find_odd(server->pg, true) != NULL) {
        server->set_text = set_needed;
    }
}

static takeo_status take_over(tk_server *server, tk_error *error) {
    struct tk_pg_thread *thread = server->connecting;
    if (tk_pg_helper_is_working(&thread->helper)) {
        return TAKEO_WAIT;
    }
    if (thread->pg == NULL) {
        return tk_raise_memory(error);
    }
    if (tk_pq.client.status(thread->pg) != CONNECTION_OK) {
        return raise_connect(thread, error);
    }
    server->pg = server->link = thread->pg;
    server->client = &tk_pq.client;
    thread->pg = NULL;
    look_at_session(server, thread);
    server->connecting = NULL;
    tk_pg_helper_leave(&thread->helper);
    server->fd = tk_pq.socket(server->pg);
    server->stage = TK_PG_GREETING;
    (void)tk_pq.setNoticeReceiver(server->pg, on_notice, server);
    if (tk_pq.setnonblocking(server->pg, 1) != 0) {
        return tk_pg_raise_lost(server, error);
    }
    TK_TRY(check_server(server->pg, error));
    return tk_pg_cancel_prepare(server, error);
}

/* ---- the greeting ---------------------------------------------------------------------------- */

static takeo_status check_set(const tk_server *server, tk_error *error) {
    const struct session_row *odd = find_odd(server->pg, true);
    if (odd == NULL) {
        return TAKEO_DONE;
    }
    const char *is = tk_pq.parameterStatus(server->pg, odd->name);
    takeo_status status =
        tk_raise(error, TK_CONNECT_FAILED, "The server does not take a setting that Takeo needs.");
    TK_SET(error, expected, "%s = %s", odd->name, odd->value);
    TK_SET(error, got, "%s", is != NULL ? is : "no word of it");
    TK_SET(error, hint, "a pooler between may have to be told to pass it on");
    return status;
}

static takeo_status greet(tk_server *server, tk_error *error) {
    if (server->reset_text != NULL) {
        TK_TRY_DONE(tk_pg_run(server, server->reset_text, error));
        server->reset_text = NULL;
    }
    uint32_t first = server->set_text != NULL ? 1 : 0;
    while (server->greeted < first + server->init_sql_count) {
        bool is_set = server->greeted < first;
        const char *text = is_set ? server->set_text : server->init_sql[server->greeted - first];
        if (!is_set) { /* before anything can come that nobody has asked for: libpq would keep it */
            TK_TRY(tk_wire_open(server, error));
        }
        TK_TRY_DONE(tk_pg_run(server, text, error));
        server->greeted++;
        if (is_set) {
            TK_TRY(check_set(server, error));
        }
    }
    TK_TRY(tk_wire_open(server, error));
    server->stage = TK_PG_OPEN;
    return TAKEO_DONE;
}

void tk_pg_greet_again(tk_server *server, const char *reset_text) {
    server->stage = TK_PG_GREETING;
    server->reset_text = reset_text;
    server->greeted = 0;
}

takeo_status tk_pg_establish(tk_server *server, tk_error *error) {
    if (server->stage == TK_PG_CONNECTING) {
        takeo_status status = take_over(server, error);
        if (status != TAKEO_DONE) {
            return status;
        }
    }
    if (server->stage == TK_PG_GREETING) {
        return greet(server, error);
    }
    return server->stage == TK_PG_OPEN ? TAKEO_DONE : tk_pg_raise_lost(server, error);
}

/* ---- is it alive? ---------------------------------------------------------------------------- */

/* Has something come on a connection on which nothing runs?  1: yes; 0: no; -1: its end. */
static int look(const tk_server *server) {
    char byte;
    ssize_t got;
    do {
        got = recv(server->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    } while (got < 0 && errno == EINTR);
    return got > 0 ? 1 : got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? 0 : -1;
}

/* What comes unasked is a changed setting, a notice, a notification, or the server's last words. */
bool tk_pg_is_alive(tk_server *server) {
    for (int i = 0; i < LOOKS_MOST && server->stage == TK_PG_OPEN; i++) {
        int found = look(server);
        if (found <= 0) {
            return found == 0;
        }
        if (server->client->consumeInput(server->link) == 0
            || server->client->isBusy(server->link) != 0
            || server->client->status(server->link) != CONNECTION_OK) {
            return false;
        }
        tk_pg_forget_notifications(server);
    }
    return false;
}

/* ---- close ----------------------------------------------------------------------------------- */

static void free_server(tk_server *server) {
    tk_wire_close(server);
    while (!tk_link_is_alone(&server->prepared)) {
        tk_pg_forget_memory(server, TK_CONTAINER(server->prepared.next, tk_prepared, link));
    }
    tk_arena_done(&server->arena);
    tk_mem_free(&server->alloc, server, sizeof *server);
}

/* The socket does not block, so the word of farewell is sent or it is not. */
void tk_pg_close(tk_server *server) {
    tk_pg_cancel_free(server);
    if (server->connecting != NULL) {
        tk_pg_helper_leave(&server->connecting->helper);
    }
    tk_pg_flight_done(server);
    if (server->pg != NULL) {
        tk_wire_fall_silent(server);
        tk_pq.finish(server->pg);
    }
    free_server(server);
}

/* The socket is the parent's too: what libpq says as it goes must not reach the server.  Without a
 * null device the connection is leaked, which harms nobody. */
static void finish_silently(PGconn *pg) {
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int fd = tk_pq.socket(pg);
    if (null < 0 || fd < 0 || dup3(null, fd, O_CLOEXEC) < 0) {
        pg = NULL;
    }
    if (null >= 0) {
        (void)close(null);
    }
    if (pg != NULL) {
        tk_pq.finish(pg);
    }
}

/* A thread that connected is not there: what it worked on is in an unknown state and leaked. */
static void abandon_thread(struct tk_pg_thread *thread) {
    if (!tk_pg_helper_is_working(&thread->helper) && thread->pg != NULL) {
        finish_silently(thread->pg);
    }
    thread->pg = NULL;
    tk_pg_helper_abandon(&thread->helper);
}

void tk_pg_abandon(tk_server *server) {
    if (server->connecting != NULL) {
        abandon_thread(server->connecting);
    }
    tk_pg_cancel_abandon(server);
    tk_pg_flight_done(server);
    if (server->pg != NULL) {
        finish_silently(server->pg);
    }
    free_server(server);
}
