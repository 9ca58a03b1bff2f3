/* test_postgresql_open.c - opening a server of PostgreSQL: settings, F01-F13 (what goes wrong while
 * connecting), the session as it shall be, F54 (fork), F55 (no descriptors), F60 (no memory). */
#include "postgresql_support.h"

#include <dlfcn.h>
#include <netdb.h>
#include <sys/resource.h>
#include <sys/wait.h>

static bool has(takeo_text text, const char *words) {
    return text.data != NULL && strstr(text.data, words) != NULL;
}

static void assert_no_secret(fixture *f, const char *secret) {
    char text[8000];
    tk_error_format(last_error(f), text, sizeof text);
    if (strstr(text, secret) != NULL) {
        fail_msg("the password stands in: %s", text);
    }
}

static void assert_failure(fixture *f, takeo_status status, takeo_status expected, const char *code,
                           const char *words) {
    if (status != expected || !has(last_error(f)->code, code)
        || (!has(last_error(f)->message, words) && !has(last_error(f)->detail, words))) {
        show_error(f);
        fail_msg("status %d instead of %d, %s, \"%s\"", (int)status, (int)expected, code, words);
    }
}

static void wait_for_helpers(uint32_t count) {
    int64_t until = tk_clock_now_ns() + 20 * SECOND;
    while (tk_pg_helpers_left(TK_PG_HELPER_CONNECT) != count) {
        assert_true(tk_clock_now_ns() < until);
        tk_sleep_ns(1000000);
    }
}

/* ---- the session as it shall be -------------------------------------------------------------- */

static void open_makes_the_session_that_is_read(void **state) {
    NEED_SERVER();
    fixture *f = *state;
    static const char *const rows[][2] = {
        {"client_encoding", "UTF8"},   {"standard_conforming_strings", "on"},
        {"IntervalStyle", "iso_8601"}, {"bytea_output", "hex"},
        {"extra_float_digits", "3"},   {"application_name", "takeo"},
    };
    assert_done(f, pg_open(f, pg_url()));
    for (size_t i = 0; i < TK_COUNT(rows); i++) {
        const char *is =
            pg_text(f, tk_arena_printf(&f->arena, "select current_setting('%s')", rows[i][0]));
        assert_string_equal(is, rows[i][1]);
    }
    assert_memory_equal(pg_text(f, "select current_setting('DateStyle')"), "ISO", 3);
    assert_int_equal(int_of(f, "select pg_backend_pid()::int8"), f->driver->process_id(f->server));
    assert_false(f->server->is_unnamed);
    assert_true(f->driver->is_alive(f->server));
}

static void open_gives_libpqs_connection_only_when_all_goes_through_it(void **state) {
    NEED_SERVER();
    fixture *f = *state;
    assert_done(f, pg_open(f, pg_url_with(f, "wire=off")));
    PGconn *pg = f->driver->native(f->server);
    assert_int_equal(tk_pq.backendPID(pg), f->driver->process_id(f->server));
    assert_done(f, pg_open(f, pg_url_with(f, "wire=on")));
    assert_null(f->driver->native(f->server));
}

static void open_takes_settings_of_libpq_and_of_its_own(void **state) {
    NEED_SERVER();
    fixture *f = *state;
    static const takeo_setting settings[] = {{"application_name", "mine"},
                                             {"options", "-c DateStyle=German -c work_mem=5MB"},
                                             {"prepared", "off"}};
    const char *url = pg_url_with(f, "application_name=other&connect_timeout=7");
    assert_done(f, pg_open_with(f, &f->alloc, url, settings, 3, "set work_mem = '6MB'"));
    assert_true(f->server->is_unnamed);
    assert_string_equal(pg_text(f, "select current_setting('application_name')"), "mine");
    assert_string_equal(pg_text(f, "select current_setting('work_mem')"), "6MB");
    assert_memory_equal(pg_text(f, "select current_setting('DateStyle')"), "ISO", 3);
    assert_done(f, pg_open_with(f, &f->alloc, url, settings, 2, NULL));
    assert_string_equal(pg_text(f, "select current_setting('work_mem')"), "5MB");
}

/* A service's file may have options of its own: they stay, and ours are set behind them. */
static void open_by_a_service_keeps_its_options(void **state) {
    NEED_SERVER();
    fixture *f = *state;
    FILE *file = fopen(file_path(f, "services"), "w");
    assert_non_null(file);
    (void)fprintf(file, "[mine]\noptions=-c IntervalStyle=postgres -c work_mem=9MB\n");
    assert_int_equal(fclose(file), 0);
    assert_int_equal(setenv("PGSERVICEFILE", file_path(f, "services"), 1), 0);
    takeo_status status = pg_open(f, pg_url_with(f, "service=mine"));
    (void)unsetenv("PGSERVICEFILE");
    assert_done(f, status);
    assert_string_equal(pg_text(f, "select current_setting('IntervalStyle')"), "iso_8601");
    assert_string_equal(pg_text(f, "select current_setting('work_mem')"), "9MB");
    assert_false(f->server->is_unnamed);
    assert_failure(f, pg_open(f, pg_url_with(f, "service=not_there")), TAKEO_ECONFIG,
                   "TAKEO.CONFIG.INVALID", "not_there");
}

static void open_runs_init_sql_and_tells_its_failure(void **state) {
    NEED_SERVER();
    fixture *f = *state;
    assert_int_equal(pg_open_with(f, &f->alloc, pg_url(), NULL, 0, "set nothing_like_it.a.b to"),
                     TAKEO_ESYNTAX);
    assert_non_null(last_error(f)->sql.data);
    assert_null(f->server);
    assert_done(f, pg_open_with(f, &f->alloc, pg_url(), NULL, 0,
                                "set work_mem = '7MB'; set statement_timeout = '60s'"));
    assert_string_equal(pg_text(f, "select current_setting('work_mem')"), "7MB");
    assert_string_equal(pg_text(f, "select current_setting('statement_timeout')"), "1min");
}

/* ---- settings that mean nothing -------------------------------------------------------------- */

static void open_refuses_settings_that_mean_nothing(void **state) {
    fixture *f = *state;
    static const struct {
        const char *url;
        const char *nearest;
        const char *words; /* in message, expected or hint */
    } rows[] = {
        {"postgresql://h/d?sslmod=require", "sslmode", "sslmod"},
        {"postgresql://h/d?aplication_name=x", "application_name", "aplication_name"},
        {"postgresql://h/d?prepard=on", "prepared", "prepard"},
        {"postgresql://h/d?username=x", NULL, "called user"},
        {"postgresql://h/d?statement_cache_size=0", NULL, "prepared=off"},
        {"postgresql://h/d?search_path=x", NULL, "options="},
        {"postgresql://h/d?prepared=maybe", NULL, "auto, on or off"},
        {"postgresql://h/d?ssl=maybe", NULL, "true or false"},
        {"postgresql://h/d?client_encoding=latin1", NULL, "UTF8"},
        {"postgresql://h/d?replication=database", NULL, "replication"},
        {"postgresql://h1:1,h2:x2/d", NULL, "port is no number"},
        {"postgresql://h1,[::1/d", NULL, "lacks its"},
        {"postgresql://h1,[::1]x/d", NULL, "port is no number"},
        {"postgresql://h/d?sslmode=always", NULL, "setting of PostgreSQL is wrong"},
        {"postgresql://127.0.0.1/d?port=70000", NULL, "setting of PostgreSQL is wrong"},
        {"postgresql://h1,h2/d?port=1,2,3", NULL, "setting of PostgreSQL is wrong"},
        {"postgresql://h/d?target_session_attrs=best", NULL, "setting of PostgreSQL is wrong"},
    };
    for (size_t i = 0; i < TK_COUNT(rows); i++) {
        takeo_status status = pg_open(f, rows[i].url);
        assert_int_equal(status, TAKEO_ECONFIG);
        const takeo_error *error = last_error(f);
        assert_text(error->code, "TAKEO.CONFIG.INVALID");
        if (rows[i].nearest != NULL && !has(error->nearest, rows[i].nearest)) {
            fail_msg("%s: nearest %s", rows[i].url, error->nearest.data);
        }
        if (!has(error->message, rows[i].words) && !has(error->expected, rows[i].words)
            && !has(error->hint, rows[i].words)) {
            show_error(f);
            fail_msg("%s", rows[i].url);
        }
    }
}

static const char *setting_of(const tk_pg_settings *settings, const char *key) {
    for (uint32_t i = 0; i < settings->count; i++) {
        if (strcmp(settings->keywords[i], key) == 0) {
            return settings->values[i];
        }
    }
    return NULL;
}

static void read_settings(fixture *f, const char *text, int64_t deadline_ns, tk_pg_settings *out) {
    tk_url url;
    assert_done(f, tk_pg_load(&f->error));
    assert_done(f, tk_url_parse(text, SIZE_MAX, &f->arena, &url, &f->error));
    tk_server_options options = {
        .url = &url, .deadline_ns = deadline_ns, .alloc = tk_alloc_default};
    assert_done(f, tk_pg_settings_read(&options, &f->arena, out, &f->error));
}

static void settings_of_a_url_are_what_libpq_is_told(void **state) {
    fixture *f = *state;
    static const struct {
        const char *url;
        const char *key;
        const char *value;
    } rows[] = {
        {"postgresql://u:p%40@h:5433/d", "user", "u"},
        {"postgresql://u:p%40@h:5433/d", "password", "p@"},
        {"postgresql://u:p%40@h:5433/d", "host", "h"},
        {"postgresql://u:p%40@h:5433/d", "port", "5433"},
        {"postgresql://u:p%40@h:5433/d", "dbname", "d"},
        {"postgresql://h/d", "user", NULL},
        {"postgresql:///d?host=/run/x&port=1", "host", "/run/x"},
        {"postgresql://%2Frun%2Fx/d", "host", "/run/x"},
        {"postgresql://h/d?host=g", "host", "g"},
        {"postgres+asyncpg://a:1,b,c:3/d", "host", "a,b,c"},
        {"postgres+asyncpg://a:1,b,c:3/d", "port", "1,,3"},
        {"postgresql://a,b/d", "port", NULL},
        {"postgresql://[::1]:5,[::2],c:7/d", "host", "::1,::2,c"},
        {"postgresql://[::1]:5,[::2],c:7/d", "port", "5,,7"},
        {"postgresql://h/d?ssl=true", "sslmode", "require"},
        {"postgresql://h/d", "client_encoding", "UTF8"},
        {"postgresql://h/d", "fallback_application_name", "takeo"},
        {"postgresql://h/d", "tcp_user_timeout", "30000"},
        {"postgresql://h/d?tcp_user_timeout=5", "tcp_user_timeout", "5"},
        {"postgresql://h/d?connect_timeout=5", "connect_timeout", "5"},
        {"postgresql://h/d", "connect_timeout", "11"}, /* a little more than the deadline */
        {"postgresql://a,b/d", "connect_timeout", "5"},
        {"postgresql://a,b,c,d,e,f,g,h/d", "connect_timeout", "2"},
        {"postgresql://h/d?service=x", "connect_timeout", NULL},
        {"postgresql://h/d?service=x", "options", NULL},
    };
    for (size_t i = 0; i < TK_COUNT(rows); i++) {
        tk_pg_settings settings;
        read_settings(f, rows[i].url, tk_clock_now_ns() + 10 * SECOND + SECOND / 2, &settings);
        const char *is = setting_of(&settings, rows[i].key);
        if ((is == NULL) != (rows[i].value == NULL)
            || (is != NULL && strcmp(is, rows[i].value) != 0)) {
            fail_msg("%s: %s is %s", rows[i].url, rows[i].key, is != NULL ? is : "not given");
        }
    }
    tk_pg_settings settings;
    read_settings(f, "postgresql://h/d?options=-cwork_mem%3D5MB", -1, &settings);
    assert_string_equal(settings.options, "-cwork_mem=5MB");
    assert_memory_equal(setting_of(&settings, "options"), "-cwork_mem=5MB -c DateStyle=ISO", 31);
    assert_null(setting_of(&settings, "connect_timeout"));
}

/* ---- servers that are not there -------------------------------------------------------------- */

static void open_f01_tells_where_nobody_listens(void **state) {
    fixture *f = *state;
    fake_server closed;
    fake_start(&closed, NULL, NULL);
    fake_stop(&closed); /* its port is free again */
    const char *url = tk_arena_printf(
        &f->arena, "postgresql://me:secret1word@127.0.0.1:%d,127.0.0.1:1/d", closed.port);
    int64_t begun = tk_clock_now_ns();
    takeo_status status = pg_open(f, url);
    assert_true(tk_clock_now_ns() - begun < SECOND);
    assert_failure(f, status, TAKEO_ECONNECT, "TAKEO.CONNECT.FAILED", "No server listens there");
    char port[32];
    snprintf(port, sizeof port, "port %d", closed.port);
    assert_true(has(last_error(f)->message, port) && has(last_error(f)->detail, port));
    assert_true(has(last_error(f)->message, "127.0.0.1\", port 1:"));
    assert_no_secret(f, "secret1word");
    status = pg_open(f, "postgresql://me:secret1word@/d?host=/nowhere/at/all");
    assert_failure(f, status, TAKEO_ECONNECT, "TAKEO.CONNECT.FAILED", "No server listens on this");
    assert_no_secret(f, "secret1word");
}

/* The first host is dead, the second one answers. */
static void open_f05_goes_on_to_the_next_host(void **state) {
    NEED_SERVER();
    fixture *f = *state;
    tk_url url;
    assert_done(f, tk_url_parse(pg_url(), SIZE_MAX, &f->arena, &url, &f->error));
    const char *host = url.host.len != 0 ? url.host.data : "";
    for (uint32_t i = 0; i < url.setting_count; i++) {
        host = strcmp(url.settings[i].key, "host") == 0 ? url.settings[i].value : host;
    }
    char *both = tk_arena_printf(&f->arena, "/nowhere/at/all,%s", host);
    takeo_setting settings[] = {{"host", both}, {"target_session_attrs", "read-write"}};
    assert_done(f, pg_open_with(f, &f->alloc, pg_url(), settings, 2, NULL));
    settings[1].value = "standby";
    assert_failure(f, pg_open_with(f, &f->alloc, pg_url(), settings, 2, NULL), TAKEO_ECONNECT,
                   "TAKEO.CONNECT.FAILED", "target_session_attrs");
}

static atomic_bool may_resolve;

/* A name server that says nothing for 30 s, or until the test has seen enough. */
static int resolve_never(void) {
    for (int i = 0; i < 30000 && !atomic_load(&may_resolve); i++) {
        tk_sleep_ns(1000000);
    }
    return EAI_AGAIN;
}

/* What the driver and libpq look up: one name that has a silent address before the one that answers,
 * one that is looked up for 30 s; the C library's own otherwise. */
__attribute__((visibility("default"))) int getaddrinfo(const char *name, const char *service,
                                                       const struct addrinfo *wanted,
                                                       struct addrinfo **out) {
    static int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    if (real == NULL) {
        void *symbol = dlsym(RTLD_NEXT, "getaddrinfo");
        memcpy(&real, &symbol, sizeof real);
    }
    if (name != NULL && strcmp(name, "slow.name.test") == 0) {
        return resolve_never();
    }
    if (name == NULL || strcmp(name, "two.addresses.test") != 0) {
        return real(name, service, wanted, out);
    }
    struct addrinfo *second = NULL;
    int failed = real("127.0.0.2", service, wanted, out);
    failed = failed == 0 ? real("127.0.0.1", service, wanted, &second) : failed;
    if (failed == 0) {
        (*out)->ai_next = second; /* freeaddrinfo goes along the list */
    }
    return failed;
}

static void greet_well(int fd, int number, void *ctx) {
    (void)number;
    (void)ctx;
    char packet[4096];
    if (fake_login(fd)) {
        (void)fake_take(fd, packet, sizeof packet);
    }
}

static void open_f05_shares_the_time_between_addresses(void **state) {
    fixture *f = *state;
    fake_server answering;
    fake_start(&answering, greet_well, NULL);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)answering.port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1)};
    int silent = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(silent, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(silent, 4), 0);
    const char *url = tk_arena_printf(
        &f->arena, "postgresql://me@two.addresses.test:%d/d?sslmode=disable", answering.port);
    f->deadline_ns = tk_clock_now_ns() + 5 * SECOND;
    int64_t begun = tk_clock_now_ns();
    assert_done(f, pg_open(f, url));
    int64_t took = tk_clock_now_ns() - begun;
    assert_true(took > SECOND && took < 4 * SECOND); /* the silent one had its two seconds */
    pg_close(f);
    fake_stop(&answering);
    (void)close(silent);
}

/* F04: looking the name up is a helper's; whoever waits may leave, and others connect meanwhile. */
static void open_f04_blocked_name_is_left_at_once(void **state) {
    fixture *f = *state;
    fake_server answering;
    fake_start(&answering, greet_well, NULL);
    for (int has_deadline = 0; has_deadline < 2; has_deadline++) { /* ours to look up, or libpq's */
        atomic_store(&may_resolve, false);
        f->deadline_ns = has_deadline ? tk_clock_now_ns() + 10 * SECOND : 0;
        int64_t begun = tk_clock_now_ns();
        assert_int_equal(pg_begin(f, "postgresql://me@slow.name.test/d"), TAKEO_WAIT);
        assert_int_equal(f->driver->establish(f->server, &f->error), TAKEO_WAIT);
        assert_true(tk_clock_now_ns() - begun < SECOND / 10);
        assert_false(comes_until(f, f->server, tk_clock_now_ns() + SECOND / 5));
        begun = tk_clock_now_ns();
        pg_close(f);
        assert_true(tk_clock_now_ns() - begun < SECOND / 20);
        assert_int_equal(tk_pg_helpers_left(TK_PG_HELPER_CONNECT), 1);
        assert_done(f, pg_open(f, fake_url(f, &answering, "")));
        pg_close(f);
        atomic_store(&may_resolve, true);
        wait_for_helpers(0);
    }
    fake_stop(&answering);
    assert_failure(f, pg_open(f, "postgresql://me@slow.name.test/d"), TAKEO_ECONNECT,
                   "TAKEO.CONNECT.FAILED", "cannot be resolved");
}

/* A server that takes the connection and says nothing: whoever waits may leave at any time. */
static void open_f02_f03_silent_server_is_left_at_once(void **state) {
    fixture *f = *state;
    fake_server silent;
    fake_start(&silent, NULL, NULL);
    const char *url = fake_url(f, &silent, "");
    takeo_status status = pg_begin(f, url);
    assert_int_equal(status, TAKEO_WAIT);
    assert_int_equal(f->driver->establish(f->server, &f->error), TAKEO_WAIT);
    assert_false(comes_until(f, f->server, tk_clock_now_ns() + SECOND / 5));
    assert_int_equal(f->driver->establish(f->server, &f->error), TAKEO_WAIT);
    int64_t begun = tk_clock_now_ns();
    pg_close(f);
    assert_true(tk_clock_now_ns() - begun < SECOND / 20);
    assert_int_equal(tk_pg_helpers_left(TK_PG_HELPER_CONNECT), 1);
    fake_stop(&silent); /* libpq returns */
    wait_for_helpers(0);
}

/* F03: without anybody who leaves, libpq's own patience ends it; it comes from the deadline. */
static void open_f03_silent_server_ends_by_itself(void **state) {
    fixture *f = *state;
    fake_server silent;
    fake_start(&silent, NULL, NULL);
    f->deadline_ns = tk_clock_now_ns() + SECOND; /* 2 s are the least for libpq */
    int64_t begun = tk_clock_now_ns();
    takeo_status status = pg_open(f, fake_url(f, &silent, ""));
    assert_failure(f, status, TAKEO_ECONNECT, "TAKEO.CONNECT.TIMEOUT", "did not answer in time");
    assert_true(tk_clock_now_ns() - begun < 4 * SECOND);
    fake_stop(&silent);
}

static void open_refuses_when_too_many_hang(void **state) {
    fixture *f = *state;
    fake_server silent;
    fake_start(&silent, NULL, NULL);
    const char *url = fake_url(f, &silent, "");
    for (uint32_t i = 0; i < TK_PG_HELPERS_LEFT_MAX; i++) {
        assert_int_equal(pg_begin(f, url), TAKEO_WAIT);
        pg_close(f);
    }
    assert_int_equal(tk_pg_helpers_left(TK_PG_HELPER_CONNECT), TK_PG_HELPERS_LEFT_MAX);
    assert_failure(f, pg_open(f, url), TAKEO_ECONNECT, "TAKEO.CONNECT.STUCK", "still hang");
    fake_stop(&silent);
    wait_for_helpers(0);
    assert_failure(f, pg_open(f, url), TAKEO_ECONNECT, "TAKEO.CONNECT.FAILED", "No server listens");
}

/* ---- servers that say no --------------------------------------------------------------------- */

static void open_f06_wrong_role_or_database(void **state) {
    NEED_SERVER();
    fixture *f = *state;
    static const takeo_setting role[] = {{"user", "nobody_is_called_so"}};
    static const takeo_setting database[] = {{"dbname", "no_database_like_it"}};
    takeo_status status = pg_open_with(f, &f->alloc, pg_url(), role, 1, NULL);
    assert_failure(f, status, TAKEO_EAUTH, "TAKEO.CONNECT.AUTH", "no such role");
    assert_text(last_error(f)->sqlstate, "28000");
    assert_true(has(last_error(f)->detail, "nobody_is_called_so"));
    status = pg_open_with(f, &f->alloc, pg_url(), database, 1, NULL);
    assert_failure(f, status, TAKEO_ECONNECT, "TAKEO.CONNECT.DATABASE", "no such database");
    assert_text(last_error(f)->sqlstate, "3D000");
}

typedef struct refusal {
    const char *state;
    const char *said;
    bool asks; /* for a password first */
} refusal;

static void refuse(int fd, int number, void *ctx) {
    (void)number;
    const refusal *how = ctx;
    char packet[4096];
    if (fake_startup(fd, packet, sizeof packet) == 0) {
        return;
    }
    if (how->asks) {
        fake_put(fd, 'R', "\0\0\0\3", 4);
        if (fake_take(fd, packet, sizeof packet) != 'p') {
            return;
        }
        assert_string_equal(packet, "secret1word");
    }
    fake_error(fd, "FATAL", how->state, how->said);
}

static void open_f06_f07_refusals_have_their_codes(void **state) {
    fixture *f = *state;
    static const struct {
        refusal how;
        takeo_status status;
        const char *code;
        bool is_retryable;
    } rows[] = {
        {{"28P01", "password authentication failed for user \"me\"", true},
         TAKEO_EAUTH,
         "TAKEO.CONNECT.AUTH",
         false},
        {{"28P01", "password authentication failed for user \"secret1word\"", true},
         TAKEO_EAUTH,
         "TAKEO.CONNECT.AUTH",
         false},
        {{"28000", "no pg_hba.conf entry for host \"h\", user \"me\", database \"d\"", false},
         TAKEO_EAUTH,
         "TAKEO.CONNECT.AUTH",
         false},
        {{"42501", "permission denied for database \"d\"", false},
         TAKEO_EAUTH,
         "TAKEO.CONNECT.AUTH",
         false},
        {{"3D000", "database \"d\" does not exist", false},
         TAKEO_ECONNECT,
         "TAKEO.CONNECT.DATABASE",
         false},
        {{"53300", "sorry, too many clients already", false},
         TAKEO_ETOO_MANY_CONNECTIONS,
         "TAKEO.CONNECT.TOO_MANY",
         true},
        {{"53300", "remaining connection slots are reserved for superusers", false},
         TAKEO_ETOO_MANY_CONNECTIONS,
         "TAKEO.CONNECT.TOO_MANY",
         true},
        {{"57P03", "the database system is starting up", false},
         TAKEO_ECONNECT,
         "TAKEO.CONNECT.NOT_READY",
         true},
        {{"XX000", "something else", false}, TAKEO_ECONNECT, "TAKEO.CONNECT.FAILED", false},
    };
    for (size_t i = 0; i < TK_COUNT(rows); i++) {
        fake_server fake;
        refusal how = rows[i].how;
        fake_start(&fake, refuse, &how);
        takeo_status status = pg_open(f, fake_url(f, &fake, ""));
        fake_stop(&fake);
        assert_failure(f, status, rows[i].status, rows[i].code, "FATAL");
        if (strcmp(rows[i].code, "TAKEO.CONNECT.FAILED") != 0) {
            assert_text(last_error(f)->sqlstate, rows[i].how.state);
        }
        assert_int_equal((last_error(f)->flags & TAKEO_ERROR_RETRYABLE) != 0, rows[i].is_retryable);
        assert_no_secret(f, "secret1word");
    }
}

/* ---- F08: the connection breaks while it is made --------------------------------------------- */

static void greet_in_part(int fd, int number, void *ctx) {
    (void)number;
    static const char login[] = "R\0\0\0\10\0\0\0\0"
                                "S\0\0\0\31server_version\00015.1\0"
                                "S\0\0\0\31client_encoding\0UTF8\0"
                                "K\0\0\0\14\0\0\0\7\0\0\0\11"
                                "Z\0\0\0\5I";
    size_t len = *(size_t *)ctx;
    char packet[4096];
    if (fake_startup(fd, packet, sizeof packet) != 0) {
        fake_send(fd, login, len < sizeof login - 1 ? len : sizeof login - 1);
    }
}

static void open_f08_broken_at_every_byte_is_a_failure(void **state) {
    fixture *f = *state;
    for (size_t len = 0; len < 85; len++) {
        fake_server fake;
        fake_start(&fake, greet_in_part, &len);
        takeo_status status = pg_open(f, fake_url(f, &fake, ""));
        fake_stop(&fake);
        assert_true(status < 0);
        assert_true(status == TAKEO_ECONNECT || status == TAKEO_ECONNECTION_LOST);
        assert_no_secret(f, "secret1word");
    }
}

static void talk_nonsense(int fd, int number, void *ctx) {
    (void)number;
    char packet[4096];
    const char *said = ctx;
    if (fake_startup(fd, packet, sizeof packet) != 0) {
        fake_send(fd, said, strlen(said));
    }
}

static void open_of_another_kind_of_server_says_so(void **state) {
    fixture *f = *state;
    fake_server fake;
    static char words[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
    fake_start(&fake, talk_nonsense, words);
    assert_failure(f, pg_open(f, fake_url(f, &fake, "")), TAKEO_ECONNECT, "TAKEO.CONNECT.FAILED",
                   "no server of PostgreSQL");
    fake_stop(&fake);
}

/* F09: proving the password takes long, and nothing stops libpq there. */
static void ask_for_long_proof(int fd, int number, void *ctx) {
    (void)number;
    (void)ctx;
    char packet[4096];
    if (fake_startup(fd, packet, sizeof packet) == 0) {
        return;
    }
    static const char offer[] = "\0\0\0\12SCRAM-SHA-256\0";
    fake_put(fd, 'R', offer, sizeof offer);
    if (fake_take(fd, packet, sizeof packet) != 'p') {
        return;
    }
    const char *nonce = strstr(packet + sizeof "SCRAM-SHA-256" + 4, "r=");
    assert_non_null(nonce);
    char challenge[512];
    int len = snprintf(challenge, sizeof challenge, "%c%c%c%c%sxyz,s=c2FsdHNhbHQ=,i=1500000", 0, 0,
                       0, 11, nonce);
    fake_put(fd, 'R', challenge, (size_t)len);
    (void)fake_take(fd, packet, sizeof packet);
}

static void open_f09_long_proof_is_left_at_once(void **state) {
    fixture *f = *state;
    fake_server fake;
    fake_start(&fake, ask_for_long_proof, NULL);
    assert_int_equal(pg_begin(f, fake_url(f, &fake, "")), TAKEO_WAIT);
    assert_false(comes_until(f, f->server, tk_clock_now_ns() + SECOND / 5));
    int64_t begun = tk_clock_now_ns();
    pg_close(f);
    assert_true(tk_clock_now_ns() - begun < SECOND / 10);
    assert_int_equal(tk_pg_helpers_left(TK_PG_HELPER_CONNECT), 1);
    fake_stop(&fake);
    wait_for_helpers(0);
}

typedef struct login {
    const char *offer; /* what the server wants */
    size_t len;
    bool was_answered;
} login;

static void offer_login(int fd, int number, void *ctx) {
    (void)number;
    login *offered = ctx;
    char packet[4096];
    if (fake_startup(fd, packet, sizeof packet) != 0) {
        fake_put(fd, 'R', offered->offer, offered->len);
        offered->was_answered = fake_take(fd, packet, sizeof packet) != 0;
    }
}

/* F10: channel binding is asked for; whoever offers less is left, and nothing of the password goes
 * to him. */
static void open_f10_insists_on_what_was_asked_for(void **state) {
    fixture *f = *state;
    static const login rows[] = {
        {"\0\0\0\0", 4, false},                  /* in without a password */
        {"\0\0\0\3", 4, false},                  /* in clear */
        {"\0\0\0\5salt", 8, false},              /* MD5 */
        {"\0\0\0\12SCRAM-SHA-256\0", 19, false}, /* without its PLUS */
    };
    for (size_t i = 0; i < TK_COUNT(rows); i++) {
        fake_server fake;
        login offered = rows[i];
        fake_start(&fake, offer_login, &offered);
        takeo_status status = pg_open(f, fake_url(f, &fake, "&channel_binding=require"));
        fake_stop(&fake);
        assert_failure(f, status, TAKEO_EAUTH, "TAKEO.CONNECT.AUTH", "channel binding");
        assert_false(offered.was_answered);
        assert_no_secret(f, "secret1word");
    }
}

/* ---- F11: words before encryption ------------------------------------------------------------ */

typedef struct opener { /* what is said to a request for encryption */
    const char *said;
    size_t len;
} opener;

static void open_in_clear(int fd, int number, void *ctx) {
    (void)number;
    const opener *how = ctx;
    char packet[4096];
    if (fake_startup(fd, packet, sizeof packet) == 4) {
        fake_send(fd, how->said, how->len);
        (void)!recv(fd, packet, sizeof packet, 0);
    }
}

/* F11: it may come from whoever stands between, so it is neither believed nor shown. */
static void open_f11_words_before_encryption_are_nobodys(void **state) {
    fixture *f = *state;
    static const char error[] =
        "E\0\0\0\71SFATAL\0VFATAL\0C28000\0Mturn encryption off now, dear\0";
    static const opener rows[] = {
        {error, sizeof error},
        {"Efalse words of old servers", 28},
        {"?", 1},
    };
    static const char *const modes[] = {"prefer", "require"};
    for (size_t i = 0; i < 2 * TK_COUNT(rows); i++) {
        fake_server fake;
        opener how = rows[i / 2];
        fake_start(&fake, open_in_clear, &how);
        const char *url = tk_arena_printf(
            &f->arena, "postgresql://me:secret1word@127.0.0.1:%d/d?gssencmode=disable&sslmode=%s",
            fake.port, modes[i % 2]);
        takeo_status status = pg_open(f, url);
        fake_stop(&fake);
        assert_failure(f, status, TAKEO_ECONNECT, "TAKEO.CONNECT.TLS", "SSL");
        char text[8000];
        tk_error_format(last_error(f), text, sizeof text);
        assert_null(strstr(text, "dear"));
        assert_null(strstr(text, "false"));
    }
}

/* ---- F13: settings that the server has otherwise --------------------------------------------- */

typedef struct odd_server {
    const char *name; /* reported as value at first, and as wanted once it was set */
    const char *value;
    const char *wanted; /* NULL: it does not take it */
    const char *version;
    bool refuses_options;
    bool was_set;
} odd_server;

static void be_odd(int fd, int number, void *ctx) {
    odd_server *odd = ctx;
    char packet[4096];
    if (fake_startup(fd, packet, sizeof packet) == 0) {
        return;
    }
    if (odd->refuses_options && number == 0) {
        fake_error(fd, "FATAL", "08P01", "unsupported startup parameter: options");
        return;
    }
    fake_welcome(fd, odd->version);
    fake_settings(fd);
    if (odd->name != NULL) {
        fake_parameter(fd, odd->name, odd->value);
    }
    fake_ready(fd);
    char letter;
    while ((letter = fake_take(fd, packet, sizeof packet)) != 0 && letter != 'X') {
        if (letter == 'Q') {
            assert_non_null(strstr(packet, "set_config"));
            odd->was_set = true;
            if (odd->wanted != NULL) {
                fake_parameter(fd, odd->name, odd->wanted);
            }
            fake_put(fd, 'C', "SELECT 1", 9);
            fake_ready(fd);
        }
    }
}

static takeo_status open_odd(fixture *f, odd_server *odd, const char *settings) {
    fake_server fake;
    fake_start(&fake, be_odd, odd);
    takeo_status status = pg_open(f, fake_url(f, &fake, settings));
    bool is_unnamed = status == TAKEO_DONE && f->server->is_unnamed;
    pg_close(f);
    fake_stop(&fake);
    return status == TAKEO_DONE && is_unnamed ? TAKEO_ROWS : status;
}

static void open_f13_odd_settings_are_set_or_refused(void **state) {
    fixture *f = *state;
    static const struct {
        odd_server odd;
        takeo_status status; /* TAKEO_ROWS: open, and statements have no names */
        const char *code;
        bool was_set;
        const char *settings;
    } rows[] = {
        {{NULL, NULL, NULL, "15.1", false, false}, TAKEO_DONE, NULL, false, ""},
        {{"client_encoding", "LATIN1", "UTF8", "15.1", false, false}, TAKEO_ROWS, NULL, true, ""},
        {{"client_encoding", "LATIN1", NULL, "15.1", false, false},
         TAKEO_ECONNECT,
         "TAKEO.CONNECT.FAILED",
         true,
         ""},
        {{"standard_conforming_strings", "off", "on", "15.1", false, false},
         TAKEO_ROWS,
         NULL,
         true,
         ""},
        {{"DateStyle", "German, DMY", "ISO, DMY", "15.1", false, false},
         TAKEO_ROWS,
         NULL,
         true,
         ""},
        {{"IntervalStyle", "postgres", "iso_8601", "15.1", false, false},
         TAKEO_ROWS,
         NULL,
         false,
         ""},
        {{"DateStyle", "SQL, DMY", "ISO, DMY", "15.1", false, false},
         TAKEO_DONE,
         NULL,
         true,
         "&prepared=on"},
        {{"integer_datetimes", "off", NULL, "15.1", false, false},
         TAKEO_EUNSUPPORTED,
         "TAKEO.CALL.UNSUPPORTED",
         false,
         ""},
        {{NULL, NULL, NULL, "11.9", false, false},
         TAKEO_EUNSUPPORTED,
         "TAKEO.CALL.UNSUPPORTED",
         false,
         ""},
        {{NULL, NULL, NULL, "15.1", true, false}, TAKEO_ROWS, NULL, false, ""},
        {{NULL, NULL, NULL, "15.1", true, false}, TAKEO_DONE, NULL, false, "&prepared=on"},
    };
    for (size_t i = 0; i < TK_COUNT(rows); i++) {
        odd_server odd = rows[i].odd;
        takeo_status status = open_odd(f, &odd, rows[i].settings);
        if (status != rows[i].status || odd.was_set != rows[i].was_set) {
            show_error(f);
            fail_msg("row %zu: status %d, set %d", i, (int)status, odd.was_set);
        }
        if (rows[i].code != NULL) {
            assert_text(last_error(f)->code, rows[i].code);
        }
    }
}

/* ---- an idle connection ---------------------------------------------------------------------- */

/* What has come on the connection, and the memory for it, stay those of one speaker. */
static void reset_keeps_who_speaks(void **state) {
    NEED_SERVER();
    fixture *f = *state;
    assert_done(f, pg_open_with(f, &f->alloc, pg_url(), NULL, 0, "select 1"));
    const struct tk_pg_wire *wire = f->server->wire;
    for (int i = 0; i < 3; i++) {
        run(f, "set work_mem = '1MB'");
        assert_done(f, FINISH(f, f->driver->reset(f->server, &f->error)));
        assert_ptr_equal(f->server->wire, wire);
        assert_int_equal(int_of(f, "select 1::int8"), 1);
    }
}

static void is_alive_f15_sees_what_came_unasked(void **state) {
    NEED_SERVER();
    fixture *f = *state;
    fixture other;
    assert_done(f, pg_open(f, pg_url()));
    pg_second(&other, f);
    assert_true(f->driver->is_alive(f->server));
    run(f, "listen takeo_test");
    run(&other, "notify takeo_test, 'hello'");
    (void)poll(&(struct pollfd){.fd = f->server->fd, .events = POLLIN}, 1, 5000);
    assert_true(f->driver->is_alive(f->server));
    assert_true(f->driver->is_alive(f->server));
    char *kill = tk_arena_printf(&f->arena, "select pg_terminate_backend(%lld)",
                                 (long long)f->driver->process_id(f->server));
    run(&other, kill);
    (void)poll(&(struct pollfd){.fd = f->server->fd, .events = POLLIN}, 1, 5000);
    assert_false(f->driver->is_alive(f->server));
    takeo_status status = try_run(f, "select 1");
    assert_int_equal(status, TAKEO_ECONNECTION_LOST);
    assert_true((last_error(f)->flags & TAKEO_ERROR_CONNECTION_GONE) != 0);
    pg_second_done(&other);
}

/* ---- F54: fork ------------------------------------------------------------------------------- */

static int in_child(fixture *f) {
    pid_t child = fork();
    if (child == 0) {
        f->driver->abandon(f->server);
        _exit(0); /* neither the parent's tests nor its checks at exit */
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void abandon_f54_leaves_the_parent_alone(void **state) {
    NEED_SERVER();
    NEED_FORK();
    fixture *f = *state;
    assert_done(f, pg_open(f, pg_url()));
    for (int i = 0; i < 5; i++) {
        assert_int_equal(in_child(f), 0);
        assert_int_equal(int_of(f, "select 1::int8"), 1);
    }
    pg_close(f);
    assert_int_equal(pg_begin(f, pg_url()), TAKEO_WAIT);
    assert_int_equal(in_child(f), 0); /* while the thread works, or just has */
    assert_done(f, FINISH(f, f->driver->establish(f->server, &f->error)));
    assert_int_equal(int_of(f, "select 1::int8"), 1);
}

/* ---- F55, F60: nothing left ------------------------------------------------------------------ */

static void open_f55_without_descriptors_is_refused(void **state) {
    NEED_SERVER();
    fixture *f = *state;
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    assert_done(f, pg_open(f, pg_url())); /* libraries are loaded, lookups were made */
    pg_close(f);
    for (rlim_t more = 0; more < 4; more++) {
        int lowest = dup(0);
        (void)close(lowest);
        struct rlimit small = {(rlim_t)lowest + more, before.rlim_max};
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &small), 0);
        takeo_status status = pg_open(f, pg_url());
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
        if (more == 0) {
            assert_failure(f, status, TAKEO_ECONNECT, "TAKEO.CONNECT.FAILED", "no descriptor left");
        } else {
            assert_true(status == TAKEO_ECONNECT || status == TAKEO_DONE);
        }
    }
    assert_done(f, pg_open(f, pg_url()));
}

static bool open_and_close(const takeo_allocator *allocator, void *context) {
    fixture *f = context;
    tk_alloc alloc = tk_alloc_from(allocator);
    takeo_status status = pg_open_with(f, &alloc, pg_url(), NULL, 0, "set work_mem = '5MB'");
    assert_true(status == TAKEO_DONE || status == TAKEO_ENOMEM);
    pg_close(f);
    return status == TAKEO_DONE;
}

static void open_f60_sweep(void **state) {
    NEED_SERVER();
    fixture *f = *state;
    assert_true(tk_sweep(open_and_close, f) > 0);
}

/* ---- the library ----------------------------------------------------------------------------- */

static void library_open_names_what_is_missing(void **state) {
    fixture *f = *state;
    static const struct {
        const char *names[3];
        int least;
        const char *words;
    } rows[] = {
        {{"libpq-absent.so.5", NULL}, 140000, "cannot be opened"},
        {{"libm.so.6", NULL}, 140000, "lacks PQ"},
        {{"libpq-absent.so.5", "libpq.so.5", NULL}, 990000, "too old"},
    };
    for (size_t i = 0; i < TK_COUNT(rows); i++) {
        struct tk_pq_library found = {0};
        void *handle = NULL;
        tk_error_clear(&f->error);
        assert_int_equal(
            tk_pg_library_open(rows[i].names, rows[i].least, &found, &handle, &f->error),
            TAKEO_EUNSUPPORTED);
        assert_text(last_error(f)->code, "TAKEO.CONFIG.LIBRARY");
        assert_true(has(last_error(f)->message, rows[i].words));
        assert_true(has(last_error(f)->hint, "libpq5"));
    }
}

static void driver_begins_transactions_as_it_is_told(void **state) {
    fixture *f = *state;
    (void)f;
    const tk_driver *driver = tk_driver_find(tk_zstr("postgresql"));
    assert_non_null(driver);
    assert_ptr_equal(driver, tk_driver_find(tk_zstr("postgres")));
    static const struct {
        tk_begin how;
        const char *text;
    } rows[] = {
        {{0, false, false, false}, "begin"},
        {{0, true, false, false}, "begin read only"},
        {{4, true, true, false}, "begin isolation level serializable read only deferrable"},
        {{3, false, false, true}, "begin isolation level repeatable read"},
        {{1, false, true, false}, "begin isolation level read uncommitted deferrable"},
    };
    for (size_t i = 0; i < TK_COUNT(rows); i++) {
        assert_string_equal(driver->begin_text(&rows[i].how, 0), rows[i].text);
        assert_null(driver->begin_text(&rows[i].how, 1));
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(open_makes_the_session_that_is_read),
        TEST(open_gives_libpqs_connection_only_when_all_goes_through_it),
        TEST(open_takes_settings_of_libpq_and_of_its_own),
        TEST(open_by_a_service_keeps_its_options),
        TEST(open_runs_init_sql_and_tells_its_failure),
        TEST(open_refuses_settings_that_mean_nothing),
        TEST(settings_of_a_url_are_what_libpq_is_told),
        TEST(open_f01_tells_where_nobody_listens),
        TEST(open_f05_goes_on_to_the_next_host),
        TEST(open_f05_shares_the_time_between_addresses),
        TEST(open_f04_blocked_name_is_left_at_once),
        TEST(open_f02_f03_silent_server_is_left_at_once),
        TEST(open_f03_silent_server_ends_by_itself),
        TEST(open_refuses_when_too_many_hang),
        TEST(open_f06_wrong_role_or_database),
        TEST(open_f06_f07_refusals_have_their_codes),
        TEST(open_f08_broken_at_every_byte_is_a_failure),
        TEST(open_of_another_kind_of_server_says_so),
        TEST(open_f09_long_proof_is_left_at_once),
        TEST(open_f10_insists_on_what_was_asked_for),
        TEST(open_f11_words_before_encryption_are_nobodys),
        TEST(open_f13_odd_settings_are_set_or_refused),
        TEST(reset_keeps_who_speaks),
        TEST(is_alive_f15_sees_what_came_unasked),
        TEST(abandon_f54_leaves_the_parent_alone),
        TEST(open_f55_without_descriptors_is_refused),
        TEST(open_f60_sweep),
        TEST(library_open_names_what_is_missing),
        TEST(driver_begins_transactions_as_it_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
