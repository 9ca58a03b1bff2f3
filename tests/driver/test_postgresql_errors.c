/* test_postgresql_errors.c - failures of PostgreSQL as records: F34, F35 (locks, time), F16 (a
 * backend that ends), F25 (a peer that talks nonsense), F26 (one that never stops), F84 (limits of
 * the server). */
#include "postgresql_support.h"

#include <malloc.h>

/* ---- each SQLSTATE as the server gives it ---------------------------------------------------- */

static const char schema[] =
    "create table parents (id int4 primary key, name text not null, age int4 "
    "constraint parents_age check (age > 0), email varchar(5) constraint parents_email unique);"
    "create table children (id int4 primary key, parent int4 not null constraint children_parent "
    "references parents (id));"
    "create table rooms (during int4range, exclude using gist (during with &&));"
    "insert into parents values (1, 'a', 1, 'a@b');"
    "insert into children values (1, 1);"
    "insert into rooms values ('[1,5)');"
    "create table odd (a int4, \"b, (c\" varchar(9));"
    "create table nodes (id int4 primary key, up int4 constraint nodes_up references nodes);"
    "create unique index \"odd one\" on odd (a, \"b, (c\", lower(\"b, (c\"));"
    "insert into odd values (1, 'X');"
    "create function pg_temp.say(text) returns int4 language plpgsql as $$begin raise exception "
    "'a key is there' using errcode = 'unique_violation', detail = $1; end$$;"
    "create function pg_temp.refuse() returns int4 language plpgsql as "
    "$$begin raise exception 'no way' using hint = 'another way'; end$$";

static int setup(void **state) {
    (void)fixture_setup(state);
    fixture *f = *state;
    if (pg_url() != NULL) {
        assert_done(
            f, pg_open_with(f, &f->alloc, pg_url(), NULL, 0, "set search_path = pg_temp, public"));
        run(f, schema);
    }
    return 0;
}

static const struct failure_row {
    const char *sql;
    const char *sqlstate;
    takeo_status status;
    const char *code;
    const char *message; /* a part of it */
    const char *table;
    const char *column;
    const char *constraint;
} rows[] = {
    {"insert into parents values (1, 'b', 1, 'b')", "23505", TAKEO_EUNIQUE, "TAKEO.SERVER.UNIQUE",
     "same unique value", "parents", "id", "parents_pkey"},
    {"insert into parents values (2, 'b', 1, 'a@b')", "23505", TAKEO_EUNIQUE, "TAKEO.SERVER.UNIQUE",
     "same unique value", "parents", "email", "parents_email"},
    {"insert into odd (a, \"b, (c\") values (1, 'X')", "23505", TAKEO_EUNIQUE,
     "TAKEO.SERVER.UNIQUE", "same unique value", "odd", "a, \"b, (c\", lower(\"b, (c\"::text)",
     "odd one"},
    {"select pg_temp.say('Schlüssel »(\"b, (c\")=(1)« existiert bereits.')", "23505", TAKEO_EUNIQUE,
     "TAKEO.SERVER.UNIQUE", "same unique value", NULL, "\"b, (c\"", NULL},
    {"select pg_temp.say('(a, b)=(1, (2)) 키가 이미 있습니다.')", "23505", TAKEO_EUNIQUE,
     "TAKEO.SERVER.UNIQUE", "same unique value", NULL, "a, b", NULL},
    {"select pg_temp.say('(it has no key')", "23505", TAKEO_EUNIQUE, "TAKEO.SERVER.UNIQUE",
     "same unique value", NULL, NULL, NULL},
    {"select pg_temp.say('a bracket (so) and \"quotes')", "23505", TAKEO_EUNIQUE,
     "TAKEO.SERVER.UNIQUE", "same unique value", NULL, NULL, NULL},
    {"select pg_temp.say('(\"without an end)=(1)')", "23505", TAKEO_EUNIQUE, "TAKEO.SERVER.UNIQUE",
     "same unique value", NULL, NULL, NULL},
    {"insert into children values (2, 7)", "23503", TAKEO_EFOREIGN_KEY, "TAKEO.SERVER.FOREIGN_KEY",
     "refers to one that is not there", "children", "parent", "children_parent"},
    {"insert into nodes values (1, 2)", "23503", TAKEO_EFOREIGN_KEY, "TAKEO.SERVER.FOREIGN_KEY",
     "refers to one that is not there", "nodes", NULL, "nodes_up"}, /* it could be either side */
    {"delete from parents", "23503", TAKEO_EFOREIGN_KEY, "TAKEO.SERVER.FOREIGN_KEY",
     "still referred to", "children", NULL, "children_parent"},
    {"insert into parents (id) values (3)", "23502", TAKEO_ENOT_NULL, "TAKEO.SERVER.NOT_NULL",
     "takes no NULL", "parents", "name", NULL},
    {"insert into parents values (4, 'b', 0, 'c')", "23514", TAKEO_ECHECK, "TAKEO.SERVER.CHECK",
     "check constraint", "parents", NULL, "parents_age"},
    {"insert into rooms values ('[4,6)')", "23P01", TAKEO_EEXCLUSION, "TAKEO.SERVER.EXCLUSION",
     "excludes this one", "rooms", "during", "rooms_during_excl"},
    {"insert into parents values (5, 'b', 1, 'too long')", "22001", TAKEO_EDATA,
     "TAKEO.SERVER.DATA", "longer than its column", NULL, NULL, NULL},
    {"select 2147483648::int8::int4", "22003", TAKEO_EDATA, "TAKEO.SERVER.DATA",
     "outside the range", NULL, NULL, NULL},
    {"select 1 / 0", "22012", TAKEO_EDATA, "TAKEO.SERVER.DATA", "divided by zero", NULL, NULL,
     NULL},
    {"select 'x'::int4", "22P02", TAKEO_EDATA, "TAKEO.SERVER.DATA", "not in the form", NULL, NULL,
     NULL},
    {"select '2020-13-01'::date", "22008", TAKEO_EDATA, "TAKEO.SERVER.DATA", "refused a value",
     NULL, NULL, NULL},
    {"select * from nowhere", "42P01", TAKEO_EUNDEFINED_TABLE, "TAKEO.SERVER.UNDEFINED_TABLE",
     "There is no table nowhere.", "nowhere", NULL, NULL},
    {"select * from public.nowhere", "42P01", TAKEO_EUNDEFINED_TABLE,
     "TAKEO.SERVER.UNDEFINED_TABLE", "There is no table public.nowhere.", "nowhere", NULL, NULL},
    {"select p.nothing from parents p", "42703", TAKEO_EUNDEFINED_COLUMN,
     "TAKEO.SERVER.UNDEFINED_COLUMN", "There is no column nothing.", NULL, "nothing", NULL},
    {"insert into parents (nothing) values (1)", "42703", TAKEO_EUNDEFINED_COLUMN,
     "TAKEO.SERVER.UNDEFINED_COLUMN", "The table parents has no column nothing.", "parents",
     "nothing", NULL},
    {"selct 1", "42601", TAKEO_ESYNTAX, "TAKEO.SERVER.SYNTAX", "does not understand the SQL", NULL,
     NULL, NULL},
    {"select nothing_such()", "42883", TAKEO_EPROGRAMMING, "TAKEO.SERVER.STATEMENT",
     "cannot run the statement", NULL, NULL, NULL},
    {"create table parents ()", "42P07", TAKEO_EPROGRAMMING, "TAKEO.SERVER.STATEMENT",
     "already exists", NULL, NULL, NULL},
    {"select (select generate_series(1, 2))", "21000", TAKEO_EPROGRAMMING, "TAKEO.SERVER.STATEMENT",
     "more rows than may be", NULL, NULL, NULL},
    {"create schema pg_mine", "42939", TAKEO_EPROGRAMMING, "TAKEO.SERVER.STATEMENT",
     "cannot run the statement", NULL, NULL, NULL},
    {"create table nowhere.t ()", "3F000", TAKEO_EPROGRAMMING, "TAKEO.SERVER.STATEMENT",
     "no such schema", NULL, NULL, NULL},
    {"rollback to savepoint x", "25P01", TAKEO_ESTATE, "TAKEO.TXN.STATE", "transaction", NULL, NULL,
     NULL},
    {"select pg_temp.refuse()", "P0001", TAKEO_EDATABASE, "TAKEO.SERVER.FAILED",
     "A function of the database refused: no way.", NULL, NULL, NULL},
    {"alter system set work_mem = '5MB'; select 1", "25001", TAKEO_ESTATE, "TAKEO.TXN.STATE",
     "present state", NULL, NULL, NULL},
};

static void assert_name(takeo_text name, const char *expected) {
    if (expected == NULL) {
        assert_null(name.data);
    } else {
        assert_text(name, expected);
    }
}

static void assert_row(fixture *f, const struct failure_row *row, takeo_status status) {
    const takeo_error *error = last_error(f);
    if (status != row->status || strcmp(error->code.data, row->code) != 0
        || strstr(error->message.data, row->message) == NULL) {
        show_error(f);
        fail_msg("%s: status %d", row->sql, (int)status);
    }
    assert_text(error->sqlstate, row->sqlstate);
    assert_name(error->table_name, row->table);
    assert_name(error->column_name, row->column);
    assert_name(error->constraint_name, row->constraint);
    assert_text(error->sql, row->sql);
    assert_memory_equal(error->detail.data, "ERROR:  ", 8);
    assert_int_equal(error->flags, 0);
    size_t len = error->message.len;
    assert_true(error->message.data[len - 1] == '.');
    assert_null(strchr(error->message.data, '\n'));
}

static void raise_tells_each_failure_of_a_text(void **state) {
    NEED_SERVER();
    fixture *f = *state;
    for (size_t i = 0; i < TK_COUNT(rows); i++) {
        assert_row(f, &rows[i], try_run(f, rows[i].sql));
        assert_int_equal(int_of(f, "select 1::int8"), 1);
    }
}

/* The same by way of prepared statements, of which each is one command. */
static void raise_tells_each_failure_of_a_statement(void **state) {
    NEED_SERVER();
    fixture *f = *state;
    for (size_t i = 0; i < TK_COUNT(rows); i++) {
        if (strchr(rows[i].sql, ';') == NULL) {
            assert_row(f, &rows[i], try_sql(f, rows[i].sql, NULL, 0, NULL));
            assert_int_equal(int_of(f, "select 1::int8"), 1);
        }
    }
}

static void raise_tells_place_and_words(void **state) {
    NEED_SERVER();
    fixture *f = *state;
    assert_int_equal(try_run(f, "select 'ä', nothing from parents"), TAKEO_EUNDEFINED_COLUMN);
    assert_int_equal(last_error(f)->position, 13);
    assert_int_equal(try_run(f, "select"), TAKEO_DONE); /* as PostgreSQL has it */
    assert_int_equal(try_run(f, "select (1"), TAKEO_ESYNTAX);
    assert_int_equal(last_error(f)->position, 10); /* at the end */
    assert_int_equal(try_run(f, "select pg_temp.refuse()"), TAKEO_EDATABASE);
    assert_non_null(strstr(last_error(f)->detail.data, "\nHINT:  another way"));
    assert_non_null(strstr(last_error(f)->detail.data, "\nCONTEXT:  PL/pgSQL function"));
    assert_int_equal(try_run(f, "insert into parents values (1, 'b', 1, 'b')"), TAKEO_EUNIQUE);
    assert_non_null(strstr(last_error(f)->detail.data, "\nDETAIL:  Key (id)=(1) already exists."));
}

/* Without a record the status is still right. */
static void raise_without_a_record_gives_the_status(void **state) {
    NEED_SERVER();
    fixture *f = *state;
    takeo_status status = FINISH(f, f->driver->run(f->server, "select 1 / 0", NULL));
    assert_int_equal(status, TAKEO_EDATA);
    (void)settle(f);
    assert_int_equal(tk_pg_raise_connect("FATAL:  password authentication failed", NULL, NULL),
                     TAKEO_EAUTH);
    assert_int_equal(tk_pg_raise_connect("something", NULL, NULL), TAKEO_ECONNECT);
}

/* ---- F34, F35: others, and time -------------------------------------------------------------- */

static void raise_f34_serialization_is_retryable(void **state) {
    NEED_SERVER();
    fixture *f = *state;
    fixture other;
    run(f, "drop table if exists public.takeo_errors");
    run(f, "create table public.takeo_errors (id int4 primary key, n int4)");
    run(f, "insert into public.takeo_errors values (1, 1), (2, 1)");
    pg_second(&other, f);
    run(f, "begin isolation level repeatable read");
    assert_int_equal(int_of(f, "select count(*) from public.takeo_errors"), 2);
    run(&other, "update public.takeo_errors set n = 2 where id = 1");
    assert_int_equal(try_run(f, "update public.takeo_errors set n = 3 where id = 1"),
                     TAKEO_ESERIALIZATION);
    assert_text(last_error(f)->sqlstate, "40001");
    assert_int_equal(last_error(f)->flags, TAKEO_ERROR_RETRYABLE);
    assert_true(f->driver->is_aborted(f->server));
    assert_int_equal(try_run(f, "select 1"), TAKEO_EOPERATIONAL);
    assert_text(last_error(f)->code, "TAKEO.SERVER.ABORTED");
    run(f, "rollback");
    assert_false(f->driver->is_in_transaction(f->server));
    pg_second_done(&other);
    run(f, "drop table public.takeo_errors");
}

/* The other one waits for our row before we ask for its. */
static void wait_until_blocked(fixture *f, int64_t process) {
    char *sql = tk_arena_printf(&f->arena,
                                "select count(*) from pg_stat_activity where pid = %lld and "
                                "wait_event_type = 'Lock'",
                                (long long)process);
    int64_t until = tk_clock_now_ns() + 10 * SECOND;
    while (int_of(f, sql) == 0) {
        assert_true(tk_clock_now_ns() < until);
        tk_sleep_ns(2000000);
    }
}

static void raise_f34_deadlock_is_retryable(void **state) {
    NEED_SERVER();
    fixture *f = *state;
    fixture other;
    run(f, "set deadlock_timeout = '20ms'");
    pg_second(&other, f);
    run(&other, "set deadlock_timeout = '10s'"); /* so that it is we who notice */
    run(f, "begin");
    run(&other, "begin");
    run(f, "select pg_advisory_xact_lock(4711)");
    run(&other, "select pg_advisory_xact_lock(4712)");
    static const char cross[] = "select pg_advisory_xact_lock(4711)";
    assert_int_equal(other.driver->run(other.server, cross, &other.error), TAKEO_WAIT);
    wait_until_blocked(f, other.driver->process_id(other.server));
    assert_int_equal(try_run(f, "select pg_advisory_xact_lock(4712)"), TAKEO_EDEADLOCK);
    assert_text(last_error(f)->code, "TAKEO.SERVER.DEADLOCK");
    assert_text(last_error(f)->sqlstate, "40P01");
    assert_int_equal(last_error(f)->flags, TAKEO_ERROR_RETRYABLE);
    run(f, "rollback");
    assert_done(&other, FINISH(&other, other.driver->run(other.server, cross, &other.error)));
    run(&other, "rollback");
    pg_second_done(&other);
}

static void raise_f35_timeouts_are_told_apart(void **state) {
    NEED_SERVER();
    fixture *f = *state;
    fixture other;
    pg_second(&other, f);
    run(&other, "select pg_advisory_lock(4713)");
    run(f, "set lock_timeout = '20ms'");
    assert_int_equal(try_run(f, "select pg_advisory_lock(4713)"), TAKEO_ELOCK_TIMEOUT);
    assert_text(last_error(f)->code, "TAKEO.SERVER.LOCK_TIMEOUT");
    assert_int_equal(last_error(f)->flags, TAKEO_ERROR_RETRYABLE);
    run(f, "set lock_timeout = 0");
    run(f, "set statement_timeout = '20ms'");
    assert_int_equal(try_run(f, "select pg_sleep(10)"), TAKEO_ETIMEOUT);
    assert_text(last_error(f)->code, "TAKEO.SERVER.TIMEOUT");
    run(f, "set statement_timeout = 0");
    char *cancel = tk_arena_printf(&f->arena, "select pg_cancel_backend(%lld)",
                                   (long long)f->driver->process_id(f->server));
    assert_int_equal(f->driver->run(f->server, "select pg_sleep(10)", &f->error), TAKEO_WAIT);
    tk_sleep_ns(50000000);
    run(&other, cancel);
    assert_int_equal(FINISH(f, f->driver->run(f->server, "select pg_sleep(10)", &f->error)),
                     TAKEO_ECANCELED);
    assert_text(last_error(f)->code, "TAKEO.SERVER.CANCELED");
    assert_int_equal(settle(f), TAKEO_DONE);
    run(f, "begin read only");
    assert_int_equal(try_run(f, "create table public.no_such ()"), TAKEO_EREAD_ONLY);
    assert_text(last_error(f)->code, "TAKEO.SERVER.READ_ONLY");
    run(f, "rollback");
    pg_second_done(&other);
}

static void raise_f35_idle_transaction_is_lost(void **state) {
    NEED_SERVER();
    fixture *f = *state;
    run(f, "set idle_in_transaction_session_timeout = '20ms'");
    run(f, "begin");
    run(f, "select 1"); /* a begin alone need not be sent at once */
    tk_sleep_ns(100000000);
    assert_int_equal(try_run(f, "select 1"), TAKEO_ECONNECTION_LOST);
    assert_text(last_error(f)->code, "TAKEO.SERVER.LOST");
    assert_true((last_error(f)->flags & TAKEO_ERROR_CONNECTION_GONE) != 0);
    assert_int_equal(f->server->stage, TK_PG_LOST);
    assert_false(f->driver->is_alive(f->server));
}

/* ---- F16: the backend ends while it works ---------------------------------------------------- */

static void raise_f16_terminated_while_it_works(void **state) {
    NEED_SERVER();
    fixture *f = *state;
    fixture other;
    pg_second(&other, f);
    assert_int_equal(f->driver->run(f->server, "select pg_sleep(10)", &f->error), TAKEO_WAIT);
    tk_sleep_ns(50000000);
    run(&other, tk_arena_printf(&f->arena, "select pg_terminate_backend(%lld)",
                                (long long)f->driver->process_id(f->server)));
    assert_int_equal(FINISH(f, f->driver->run(f->server, "select pg_sleep(10)", &f->error)),
                     TAKEO_ECONNECTION_LOST);
    assert_text(last_error(f)->sqlstate, "57P01");
    assert_text(last_error(f)->message, "The server ended the connection.");
    assert_true((last_error(f)->flags & TAKEO_ERROR_CONNECTION_GONE) != 0);
    assert_true(settle(f) < 0);
    pg_second_done(&other);
}

/* ---- a scripted server ----------------------------------------------------------------------- */

typedef struct answer {
    const char *state; /* of an error; or NULL: bytes instead */
    const char *severity;
    const char *bytes;
    size_t len;
} answer;

static void answer_once(int fd, int number, void *ctx) {
    (void)number;
    const answer *how = ctx;
    char packet[4096];
    if (!fake_login(fd) || fake_take(fd, packet, sizeof packet) != 'Q') {
        return;
    }
    if (how->state != NULL) {
        fake_error(fd, how->severity, how->state, "the words of the server");
        fake_ready(fd);
    } else {
        fake_send(fd, how->bytes, how->len);
    }
    if (how->state != NULL && strcmp(how->severity, "ERROR") == 0) {
        (void)fake_take(fd, packet, sizeof packet);
    }
}

static takeo_status run_on_fake(fixture *f, answer *how) {
    fake_server fake;
    fake_start(&fake, answer_once, how);
    assert_done(f, pg_open(f, fake_url(f, &fake, "")));
    takeo_status status = try_run(f, "select 1");
    pg_close(f);
    fake_stop(&fake);
    return status;
}

/* F84 and other states that a server for tests does not come into. */
static void raise_f84_states_of_a_server_in_need(void **state) {
    fixture *f = *state;
    static const struct {
        const char *state;
        const char *severity;
        takeo_status status;
        const char *code;
        uint32_t flags;
    } needs[] = {
        {"53100", "ERROR", TAKEO_EDISK_FULL, "TAKEO.SERVER.DISK_FULL", 0},
        {"53200", "ERROR", TAKEO_ESERVER_MEMORY, "TAKEO.SERVER.MEMORY", 0},
        {"53300", "ERROR", TAKEO_ETOO_MANY_CONNECTIONS, "TAKEO.CONNECT.TOO_MANY", 1},
        {"53400", "ERROR", TAKEO_EOPERATIONAL, "TAKEO.SERVER.OPERATIONAL", 0},
        {"54000", "ERROR", TAKEO_EDATA, "TAKEO.SERVER.TOO_LARGE", 0},
        {"55006", "ERROR", TAKEO_EOPERATIONAL, "TAKEO.SERVER.OPERATIONAL", 0},
        {"58030", "ERROR", TAKEO_EOPERATIONAL, "TAKEO.SERVER.OPERATIONAL", 0},
        {"0A000", "ERROR", TAKEO_EUNSUPPORTED, "TAKEO.CALL.UNSUPPORTED", 0},
        {"08P01", "ERROR", TAKEO_EPROTOCOL, "TAKEO.SERVER.PROTOCOL", 0},
        {"42501", "ERROR", TAKEO_EPROGRAMMING, "TAKEO.SERVER.PERMISSION", 0},
        {"44000", "ERROR", TAKEO_ECHECK, "TAKEO.SERVER.CHECK", 0},
        {"XX001", "ERROR", TAKEO_EDATABASE, "TAKEO.SERVER.FAILED", 0},
        {"99999", "ERROR", TAKEO_EDATABASE, "TAKEO.SERVER.FAILED", 0},
        {"57P02", "FATAL", TAKEO_ECONNECTION_LOST, "TAKEO.SERVER.LOST", 2},
        {"57P05", "FATAL", TAKEO_ECONNECTION_LOST, "TAKEO.SERVER.LOST", 2},
        {"XX000", "PANIC", TAKEO_EDATABASE, "TAKEO.SERVER.FAILED", 2},
    };
    for (size_t i = 0; i < TK_COUNT(needs); i++) {
        answer how = {.state = needs[i].state, .severity = needs[i].severity};
        takeo_status status = run_on_fake(f, &how);
        if (status != needs[i].status || last_error(f)->flags != needs[i].flags) {
            show_error(f);
            fail_msg("%s: status %d, flags %u", needs[i].state, (int)status,
                     (unsigned)last_error(f)->flags);
        }
        assert_text(last_error(f)->code, needs[i].code);
        assert_non_null(strstr(last_error(f)->detail.data, "the words of the server"));
    }
}

/* F25: what is no answer ends the connection, and nothing worse. */
static void raise_f25_nonsense_ends_the_connection(void **state) {
    fixture *f = *state;
    static const struct {
        const char *bytes;
        size_t len;
    } nonsense[] = {
        {"", 0},
        {"?", 1},
        {"E\0\0\0\7S", 6},
        {"D\177\377\377\377xxxx", 9},
        {"T\0\0\0\6\377\377", 7},
        {"D\0\0\0\12\0\1\377\377\377\0xx", 13},
        {"\0\0\0\0\0\0\0\0\0\0\0\0", 12},
        {"HTTP/1.1 400 Bad Request\r\n\r\n", 28},
    };
    for (size_t i = 0; i < TK_COUNT(nonsense); i++) {
        answer how = {.bytes = nonsense[i].bytes, .len = nonsense[i].len};
        takeo_status status = run_on_fake(f, &how);
        if (status != TAKEO_ECONNECTION_LOST && status != TAKEO_EPROTOCOL) {
            show_error(f);
            fail_msg("%zu: status %d", i, (int)status);
        }
        assert_true((last_error(f)->flags & TAKEO_ERROR_CONNECTION_GONE) != 0);
    }
}

/* ---- F26: a peer that never stops talking ---------------------------------------------------- */

typedef struct chatter {
    char letter;
    const char *body;
    size_t len;
} chatter;

/* The same message again and again, in large pieces, until nobody reads any more. */
static void chatter_for_ever(int fd, int number, void *ctx) {
    (void)number;
    const chatter *how = ctx;
    char packet[4096];
    if (!fake_login(fd) || fake_take(fd, packet, sizeof packet) != 'Q') {
        return;
    }
    static char pieces[65536];
    uint32_t size = htonl((uint32_t)how->len + 4);
    size_t len = 0;
    for (; len + how->len + 5 < sizeof pieces; len += how->len + 5) {
        pieces[len] = how->letter;
        memcpy(pieces + len + 1, &size, 4);
        memcpy(pieces + len + 5, how->body, how->len);
    }
    while (send(fd, pieces, len, MSG_NOSIGNAL) > 0) {
    }
}

/* Every byte that anybody here has taken; under a sanitizer the C library does not know. */
extern size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));
static size_t bytes_in_use(void) {
    return __sanitizer_get_current_allocated_bytes != NULL
               ? __sanitizer_get_current_allocated_bytes()
               : mallinfo2().uordblks;
}

/* F26: what nobody asked for is thrown away as it comes, and whoever waits may leave. */
static void run_f26_endless_chatter_takes_no_memory(void **state) {
    fixture *f = *state;
    static const char notice[] = "SNOTICE\0VNOTICE\0C00000\0Mhello\0";
    static const char parameter[] = "TimeZone\0Asia/Kathmandu";
    static const char notification[] = "\0\0\0\11channel\0payload";
    static const chatter rows[] = {{'N', notice, sizeof notice},
                                   {'S', parameter, sizeof parameter},
                                   {'A', notification, sizeof notification}};
    for (size_t i = 0; i < TK_COUNT(rows); i++) {
        fake_server fake;
        chatter how = rows[i];
        fake_start(&fake, chatter_for_ever, &how);
        assert_done(f, pg_open(f, fake_url(f, &fake, "")));
        assert_int_equal(f->driver->run(f->server, "select 1", &f->error), TAKEO_WAIT);
        assert_false(comes_until(f, f->server, tk_clock_now_ns() + SECOND / 10));
        size_t before = bytes_in_use();
        assert_false(comes_until(f, f->server, tk_clock_now_ns() + SECOND / 4));
        assert_true(bytes_in_use() < before + 256 * 1024);
        assert_int_equal(f->driver->run(f->server, "select 1", &f->error), TAKEO_WAIT);
        int64_t begun = tk_clock_now_ns();
        pg_close(f);
        assert_true(tk_clock_now_ns() - begun < SECOND / 10);
        fake_stop(&fake);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(raise_tells_each_failure_of_a_text),
        TEST(raise_tells_each_failure_of_a_statement),
        TEST(raise_tells_place_and_words),
        TEST(raise_without_a_record_gives_the_status),
        TEST(raise_f34_serialization_is_retryable),
        TEST(raise_f34_deadlock_is_retryable),
        TEST(raise_f35_timeouts_are_told_apart),
        TEST(raise_f35_idle_transaction_is_lost),
        TEST(raise_f16_terminated_while_it_works),
        TEST(raise_f84_states_of_a_server_in_need),
        TEST(raise_f25_nonsense_ends_the_connection),
        TEST(run_f26_endless_chatter_takes_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
