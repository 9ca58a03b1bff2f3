/* postgresql_support.h - what the tests of the driver of PostgreSQL share: the server to
 * test with, and a scripted server for what a real one never says.
 *
 * The real server's URL stands in TAKEO_TEST_POSTGRESQL; without it such a test is skipped. */
#ifndef TK_TEST_POSTGRESQL_SUPPORT_H
#define TK_TEST_POSTGRESQL_SUPPORT_H

#include "driver_support.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>

#include "driver/postgresql/postgresql_int.h"

#define SECOND INT64_C(1000000000)

/* ---- open, close ----------------------------------------------------------------------------- */

static inline void pg_close(fixture *f) {
    if (f->server != NULL) {
        f->driver->close(f->server);
        f->server = NULL;
    }
}

/* Open and establish; what fails is closed. */
static inline takeo_status pg_open_with(fixture *f, const tk_alloc *alloc, const char *url,
                                        const takeo_setting *settings, uint32_t setting_count,
                                        const char *init_sql) {
    pg_close(f);
    tk_error_clear(&f->error);
    takeo_status status = open_with(f, alloc, url, settings, setting_count, init_sql, &f->server);
    if (status == TAKEO_WAIT) {
        status = FINISH(f, f->driver->establish(f->server, &f->error));
    }
    if (status != TAKEO_DONE) {
        pg_close(f);
    }
    return status;
}

/* Only begin to open. */
static inline takeo_status pg_begin(fixture *f, const char *url) {
    return open_with(f, &f->alloc, url, NULL, 0, NULL, &f->server);
}

static inline takeo_status pg_open(fixture *f, const char *url) {
    return pg_open_with(f, &f->alloc, url, NULL, 0, NULL);
}

static inline const char *pg_text(fixture *f, const char *text) {
    takeo_cell cell = value(f, text, TAKEO_TYPE_TEXT, NULL, 0);
    assert_false(tk_cell_is_null(&cell));
    const char *copy = tk_arena_copy(&f->arena, cell.v.text.data, cell.v.text.len);
    assert_non_null(copy);
    return copy;
}

/* ---- the server to test with ----------------------------------------------------------------- */

static inline const char *pg_url(void) {
    const char *url = getenv("TAKEO_TEST_POSTGRESQL");
    return url != NULL && *url != '\0' ? url : NULL;
}

#define NEED_SERVER()                                                                              \
    do {                                                                                           \
        if (pg_url() == NULL) {                                                                    \
            print_message("TAKEO_TEST_POSTGRESQL is not set: skipped\n");                          \
            skip();                                                                                \
        }                                                                                          \
    } while (0)

static inline int pg_skipped(void) {
    print_message("TAKEO_TEST_POSTGRESQL is not set: skipped\n");
    return 77; /* what the runner of the tests takes for skipped */
}

/* For a program in which every test needs the server. */
#define RUN_ON_SERVER(name, tests)                                                                 \
    (pg_url() != NULL ? cmocka_run_group_tests_name(name, tests, NULL, NULL) : pg_skipped())

/* The URL with further settings behind it: "&a=b". */
static inline const char *pg_url_with(fixture *f, const char *settings) {
    const char *url = pg_url();
    const char *joined =
        tk_arena_printf(&f->arena, "%s%s%s", url, strchr(url, '?') != NULL ? "&" : "?", settings);
    assert_non_null(joined);
    return joined;
}

/* A connection of its own beside that of the fixture. */
static inline void pg_second(fixture *second, const fixture *f) {
    *second = *f;
    second->server = NULL;
    tk_arena_init(&second->arena, tk_alloc_default);
    tk_error_init(&second->error, tk_alloc_default);
    assert_done(second, pg_open(second, pg_url()));
}

static inline void pg_second_done(fixture *second) {
    pg_close(second);
    tk_arena_done(&second->arena);
    tk_error_done(&second->error);
}

/* ---- a scripted server ----------------------------------------------------------------------- */

/* What a server does with one connection, on a thread of its own; the descriptor is closed after. */
typedef void (*fake_script)(int fd, int number, void *ctx);

typedef struct fake_server {
    int listener;
    int port;
    int connections; /* so far */
    fake_script script;
    void *ctx;
    pthread_t thread;
    atomic_bool is_over;
} fake_server;

static inline void *fake_run(void *given) {
    fake_server *fake = given;
    while (!atomic_load(&fake->is_over)) {
        struct pollfd watched = {.fd = fake->listener, .events = POLLIN};
        if (poll(&watched, 1, 10) <= 0) {
            continue;
        }
        int fd = accept(fake->listener, NULL, NULL);
        if (fd >= 0) {
            fake->script(fd, fake->connections++, fake->ctx);
            (void)close(fd);
        }
    }
    return NULL;
}

/* Without a script connections stay in the kernel's queue: accepted by nobody, refused by nobody. */
static inline void fake_start(fake_server *fake, fake_script script, void *ctx) {
    *fake = (fake_server){.script = script, .ctx = ctx};
    atomic_init(&fake->is_over, false);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    fake->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fake->listener >= 0);
    assert_int_equal(bind(fake->listener, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(fake->listener, 64), 0);
    assert_int_equal(getsockname(fake->listener, (struct sockaddr *)&address, &len), 0);
    fake->port = ntohs(address.sin_port);
    if (script != NULL) {
        assert_int_equal(pthread_create(&fake->thread, NULL, fake_run, fake), 0);
    }
}

static inline void fake_stop(fake_server *fake) {
    atomic_store(&fake->is_over, true);
    if (fake->script != NULL) {
        assert_int_equal(pthread_join(fake->thread, NULL), 0);
    }
    struct pollfd watched = {.fd = fake->listener, .events = POLLIN};
    while (poll(&watched, 1, 0) > 0) { /* who still waits in the queue */
        (void)close(accept(fake->listener, NULL, NULL));
    }
    (void)close(fake->listener);
}

static inline const char *fake_url(fixture *f, const fake_server *fake, const char *settings) {
    const char *url = tk_arena_printf(
        &f->arena,
        "postgresql://me:secret1word@127.0.0.1:%d/d?sslmode=disable&gssencmode=disable%s",
        fake->port, settings);
    assert_non_null(url);
    return url;
}

static inline bool fake_read(int fd, void *out, size_t len) {
    for (size_t at = 0; at < len;) {
        ssize_t got = recv(fd, (char *)out + at, len - at, 0);
        if (got <= 0) {
            return false;
        }
        at += (size_t)got;
    }
    return true;
}

static inline void fake_send(int fd, const void *data, size_t len) {
    (void)!send(fd, data, len, MSG_NOSIGNAL);
}

/* One message: its letter, then its body. */
static inline void fake_put(int fd, char letter, const void *body, size_t len) {
    char message[4096];
    assert_true(len + 5 <= sizeof message);
    uint32_t size = htonl((uint32_t)len + 4);
    message[0] = letter;
    memcpy(message + 1, &size, 4);
    memcpy(message + 5, body, len);
    fake_send(fd, message, len + 5);
}

/* The packet that begins a connection, without its length; its size, or 0. */
static inline size_t fake_startup(int fd, char *out, size_t size) {
    uint32_t len;
    if (!fake_read(fd, &len, 4)) {
        return 0;
    }
    len = ntohl(len) - 4;
    return len <= size && fake_read(fd, out, len) ? len : 0;
}

/* A message of the client: its letter, body thrown away; 0: it has gone. */
static inline char fake_take(int fd, char *body, size_t size) {
    char letter;
    uint32_t len;
    if (!fake_read(fd, &letter, 1) || !fake_read(fd, &len, 4)) {
        return 0;
    }
    len = ntohl(len) - 4;
    assert_true(len < size);
    body[len] = '\0';
    return fake_read(fd, body, len) ? letter : 0;
}

static inline void fake_parameter(int fd, const char *name, const char *value) {
    char body[256];
    int len = snprintf(body, sizeof body, "%s%c%s", name, '\0', value);
    fake_put(fd, 'S', body, (size_t)len + 1);
}

static inline void fake_error(int fd, const char *severity, const char *state, const char *said) {
    char body[512];
    int len = snprintf(body, sizeof body, "S%s%cV%s%cC%s%cM%s%c", severity, '\0', severity, '\0',
                       state, '\0', said, '\0');
    fake_put(fd, 'E', body, (size_t)len + 1);
}

static inline void fake_settings(int fd) {
    fake_parameter(fd, "client_encoding", "UTF8");
    fake_parameter(fd, "standard_conforming_strings", "on");
    fake_parameter(fd, "DateStyle", "ISO, MDY");
    fake_parameter(fd, "IntervalStyle", "iso_8601");
}

static inline void fake_ready(int fd) {
    fake_put(fd, 'Z', "I", 1);
}

/* Everything of a login but the settings. */
static inline void fake_welcome(int fd, const char *version) {
    fake_put(fd, 'R', "\0\0\0\0", 4);
    fake_parameter(fd, "server_version", version);
    fake_put(fd, 'K', "\0\0\0\7\0\0\0\11", 8);
}

/* Let whoever comes in, without a password; false: he has gone. */
static inline bool fake_login(int fd) {
    char packet[4096];
    if (fake_startup(fd, packet, sizeof packet) == 0) {
        return false;
    }
    fake_welcome(fd, "15.1");
    fake_settings(fd);
    fake_ready(fd);
    return true;
}

#endif
