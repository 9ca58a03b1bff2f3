/* test_postgresql_wire.c - the protocol as Takeo speaks it, against answers that are written here:
 * whole, in pieces, cut off, and broken.  However they come, what is told is the same or less, a
 * success is never short, and there always is an end. */
#include "support.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "driver/postgresql/wire_int.h"

enum { STEPS_MOST = 20000, MUTATIONS = 700, LARGE = 40000 };

/* ---- what the server says -------------------------------------------------------------------- */

typedef struct script {
    const char *name;
    /* What is sent: '|' a pipeline; Query, Parse, Describe, Execute, pArams, Close, Sync. */
    const char *commands;
    tk_buf bytes;
} script;

static void say(tk_buf *out, char type, const void *body, size_t len) {
    tk_buf_putc(out, type);
    tk_pg_put32(out, (uint32_t)len + 4);
    tk_buf_put(out, body, len);
}

#define SAY(out, type, literal) say((out), (type), (literal), sizeof(literal) - 1)

static void say_tag(tk_buf *out, const char *tag) {
    say(out, 'C', tag, strlen(tag) + 1);
}

/* One value; NULL: a null.  And a number of four bytes. */
static void say_row(tk_buf *out, const char *value, size_t len, uint32_t number) {
    tk_buf row;
    tk_buf_init(&row, tk_alloc_default, SIZE_MAX);
    tk_pg_put16(&row, 2);
    tk_pg_put32(&row, value != NULL ? (uint32_t)len : UINT32_MAX);
    tk_buf_put(&row, value, value != NULL ? len : 0);
    tk_pg_put32(&row, 4);
    tk_pg_put32(&row, number);
    say(out, 'D', row.data, row.len);
    tk_buf_done(&row);
}

#define FIELD(name, type) name "\0\0\0\0\1\0\2\0\0\0" type "\0\4\377\377\377\377\0\1"
#define FIELDS "\0\2" FIELD("name", "\31") FIELD("number", "\27")

static void say_failure(tk_buf *out) {
    SAY(out, 'E', "SERROR\0VERROR\0C22012\0Mdivision by zero\0\0");
}

static void say_unasked(tk_buf *out) {
    SAY(out, 'N', "SNOTICE\0VNOTICE\0C00000\0Mnever mind\0\0");
    SAY(out, 'S', "TimeZone\0UTC\0");
    SAY(out, 'A', "\0\0\0\7channel\0payload\0");
}

static void say_statement(tk_buf *out) {
    SAY(out, '1', "");
    SAY(out, 't', "\0\1\0\0\0\27");
    SAY(out, 'T', FIELDS);
}

static void say_rows(tk_buf *out, bool is_disturbed) {
    SAY(out, '2', "");
    say_row(out, "one", 3, 1);
    if (is_disturbed) {
        say_unasked(out);
    }
    say_row(out, NULL, 0, 2);
    if (is_disturbed) {
        say_unasked(out);
    }
    say_row(out, "", 0, 3);
    say_tag(out, "SELECT 3");
}

enum {
    STATEMENT,
    DISTURBED,
    FAILED,
    LATE,
    COPY_IN,
    COPY_OUT,
    TEXTS,
    ALONE,
    SCRIPTS,
    BIG = SCRIPTS
};

static void write_extended(script *to, int number) {
    tk_buf *out = &to->bytes;
    switch (number) {
    case STATEMENT:
        *to = (script){"statement", "|PDES", to->bytes};
        say_statement(out);
        say_rows(out, false);
        break;
    case DISTURBED:
        *to = (script){"disturbed", "|EEACS", to->bytes};
        say_unasked(out);
        say_rows(out, true);
        SAY(out, '2', "");
        say_tag(out, "INSERT 0 5");
        SAY(out, '1', "");
        SAY(out, '2', "");
        SAY(out, 'T', FIELDS);
        say_row(out, "four", 4, 4);
        say_tag(out, "SELECT 1");
        SAY(out, '3', "");
        break;
    case FAILED:
        *to = (script){"failed", "|EPDESES", to->bytes};
        say_rows(out, false);
        say_failure(out);
        SAY(out, 'Z', "E");
        SAY(out, '2', "");
        say_row(out, "one", 3, 1);
        say_failure(out);
        break;
    default:
        *to = (script){"late", "|ES", to->bytes};
        SAY(out, '2', "");
        say_tag(out, "INSERT 0 1");
        say_failure(out);
        break;
    }
    say(out, 'Z', number == FAILED ? "E" : "I", 1);
}

static void write_simple(script *to, int number) {
    tk_buf *out = &to->bytes;
    switch (number) {
    case COPY_IN:
        *to = (script){"copy in", "QE", to->bytes};
        SAY(out, 'G', "\0\0\1\0\0");
        say_failure(out);
        SAY(out, 'Z', "I");
        SAY(out, '2', "");
        SAY(out, 'G', "\0\0\1\0\0");
        say_failure(out);
        break;
    case COPY_OUT:
        *to = (script){"copy out", "QE", to->bytes};
        SAY(out, 'H', "\0\0\1\0\0");
        SAY(out, 'd', "one\n");
        say_unasked(out);
        SAY(out, 'd', "two\n");
        SAY(out, 'c', "");
        say_tag(out, "COPY 2");
        SAY(out, 'Z', "I");
        SAY(out, '2', "");
        SAY(out, 'H', "\0\0\1\0\0");
        SAY(out, 'd', "one\n");
        say_failure(out);
        break;
    case TEXTS:
        *to = (script){"texts", "QQQ", to->bytes};
        SAY(out, 'T', FIELDS);
        say_row(out, "one", 3, 1);
        say_unasked(out);
        say_row(out, NULL, 0, 2);
        say_tag(out, "SELECT 2");
        SAY(out, 'T', FIELDS);
        say_tag(out, "SELECT 0");
        say_tag(out, "BEGIN");
        SAY(out, 'Z', "T");
        SAY(out, 'I', "");
        SAY(out, 'Z', "T");
        SAY(out, 'T', FIELDS);
        say_row(out, "one", 3, 1);
        say_failure(out);
        SAY(out, 'Z', "E");
        return;
    default:
        *to = (script){"alone", "EDAP", to->bytes};
        say_rows(out, true);
        SAY(out, 'Z', "I");
        SAY(out, 't', "\0\0");
        SAY(out, 'n', "");
        SAY(out, 'Z', "I");
        SAY(out, '1', "");
        SAY(out, '2', "");
        SAY(out, 'n', "");
        SAY(out, 'I', "");
        SAY(out, 'Z', "I");
        SAY(out, '1', "");
        break;
    }
    SAY(out, 'Z', "I");
}

static script write_script(int number) {
    script made = {0};
    tk_buf_init(&made.bytes, tk_alloc_default, SIZE_MAX);
    if (number == BIG) { /* rows that the buffer has to move and grow for */
        made.name = "big";
        made.commands = "EQ";
        char *value = test_malloc(LARGE);
        for (int text = 0; text < 2; text++) {
            if (text == 1) {
                SAY(&made.bytes, 'T', FIELDS);
            }
            for (uint32_t i = 0; i < 9; i++) {
                memset(value, (int)('a' + i), LARGE);
                say_row(&made.bytes, value, LARGE >> (i % 3 * 3), i);
            }
            say_tag(&made.bytes, "SELECT 9");
            SAY(&made.bytes, 'Z', "I");
        }
        test_free(value);
    } else if (number <= LATE) {
        write_extended(&made, number);
    } else {
        write_simple(&made, number);
    }
    assert_false(made.bytes.failed);
    return made;
}

/* ---- who listens ----------------------------------------------------------------------------- */

typedef struct player {
    tk_server server;
    tk_error error;
    int peer;
    const char *awaited; /* the command whose answer comes next, of the script's */
    bool is_copying_out;
    bool is_broken; /* what is said is no answer */
    int steps;
    tk_buf log;
} player;

static void player_init(player *p, tk_alloc alloc) {
    int ends[2];
    *p = (player){.server.alloc = alloc};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    p->server.fd = ends[0];
    p->server.stage = TK_PG_OPEN;
    p->peer = ends[1];
    tk_error_init(&p->error, tk_alloc_default);
    tk_buf_init(&p->log, tk_alloc_default, SIZE_MAX);
}

static void player_done(player *p) {
    tk_wire_close(&p->server);
    (void)close(p->server.fd);
    if (p->peer >= 0) {
        (void)close(p->peer);
    }
    tk_error_done(&p->error);
    tk_buf_done(&p->log);
}

static bool is_lost(const player *p) {
    return p->server.client->status(p->server.link) == CONNECTION_BAD
           || p->server.stage == TK_PG_LOST;
}

/* What was sent, so that the socket does not fill. */
static size_t empty_peer(const player *p, char *out, size_t room) {
    char bytes[4096];
    size_t len = 0;
    ssize_t count;
    while (p->peer >= 0 && (count = recv(p->peer, bytes, sizeof bytes, 0)) > 0) {
        for (ssize_t i = 0; i < count; i++, len++) {
            if (len < room) {
                out[len] = bytes[i];
            }
        }
    }
    return len;
}

static bool send_commands(player *p, const char *commands) {
    const tk_pg_client *client = p->server.client;
    PGconn *link = p->server.link;
    const char *value = "value";
    const int len = 5;
    const int format = 0;
    p->awaited = commands;
    if (*commands == '|') {
        p->awaited++;
        assert_true(client->enterPipelineMode(link));
    }
    bool is_sent = true;
    for (const char *at = p->awaited; *at != '\0' && is_sent; at++) {
        is_sent = *at == 'Q'   ? client->sendQuery(link, "select")
                  : *at == 'P' ? client->sendPrepare(link, "name", "select", 0, NULL)
                  : *at == 'D' ? client->sendDescribePrepared(link, "name")
                  : *at == 'E'
                      ? client->sendQueryPrepared(link, "name", 1, &value, &len, &format, 1)
                  : *at == 'A'
                      ? client->sendQueryParams(link, "select", 1, NULL, &value, &len, &format, 1)
                  : *at == 'C' ? client->sendClosePrepared(link, "name")
                               : client->pipelineSync(link);
    }
    (void)client->flush(link);
    return is_sent;
}

static void log_value(player *p, const PGresult *result, int row, int column) {
    const tk_pg_client *client = p->server.client;
    int len = client->getlength(result, row, column);
    const char *value = client->getvalue(result, row, column);
    uint32_t sum = 0;
    for (int i = 0; i < len; i++) {
        sum = sum * 31 + (unsigned char)value[i];
    }
    tk_buf_printf(&p->log, " %d:%d:%x", client->getisnull(result, row, column), len, sum);
}

static void log_rows(player *p, PGresult *result) {
    const tk_pg_client *client = p->server.client;
    int fields = client->nfields(result);
    for (int i = 0; i < client->ntuples(result); i++) {
        tk_buf_puts(&p->log, "row");
        for (int j = 0; j < fields && j < 4; j++) {
            log_value(p, result, i, j);
        }
        tk_buf_putc(&p->log, '\n');
    }
    for (int i = client->ntuples(result); i > 0; i -= 2) { /* also backwards */
        (void)client->getisnull(result, i - 1, fields - 1);
    }
    if (client->ntuples(result) > 0 && result != NULL) {
        ((tk_wire_result *)result)->place = SIZE_MAX;
        const char *end;
        for (int i = 0; i < client->ntuples(result); i++) {
            const char *at = tk_wire_next_row(result, &end);
            assert_true(end >= at);
        }
    }
}

static void log_description(player *p, const PGresult *result) {
    const tk_pg_client *client = p->server.client;
    for (int i = 0; i < client->nparams(result); i++) {
        tk_buf_printf(&p->log, " $%u", client->paramtype(result, i));
    }
    for (int i = 0; i < client->nfields(result); i++) {
        tk_buf_printf(&p->log, " %s %u", client->fname(result, i), client->ftype(result, i));
    }
}

/* Pieces of rows, and the end of them, are logged as if they had come at once. */
static void log_result(player *p, PGresult *result) {
    const tk_pg_client *client = p->server.client;
    ExecStatusType status = client->resultStatus(result);
    const char *state = client->resultErrorField(result, PG_DIAG_SQLSTATE);
    log_rows(p, result);
    if (status == PGRES_FATAL_ERROR) {
        assert_non_null(client->resultErrorMessage(result));
        tk_buf_printf(&p->log, "failure %s\n", state);
    } else if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
        tk_buf_printf(&p->log, "done %s %s", client->cmdStatus(result), client->cmdTuples(result));
        if (*p->awaited == 'D') {
            log_description(p, result);
        }
        tk_buf_putc(&p->log, '\n');
    } else if (status != TK_PG_STATUS_CHUNK) {
        tk_buf_printf(&p->log, "status %d\n", (int)status);
    }
    if (status == PGRES_COPY_IN) {
        (void)client->putCopyEnd(p->server.link, "no");
        (void)client->flush(p->server.link);
    }
    p->is_copying_out = status == PGRES_COPY_OUT;
}

/* Everything that is there.  As in flight.c: nothing is asked for while it is busy. */
static void hear(player *p) {
    const tk_pg_client *client = p->server.client;
    PGconn *link = p->server.link;
    while (*p->awaited != '\0' && !client->isBusy(link)) {
        assert_true(++p->steps < STEPS_MOST);
        if (p->is_copying_out) {
            char *data = NULL;
            int len = client->getCopyData(link, &data, 1);
            if (len == 0) {
                return;
            }
            if (len > 0) {
                tk_buf_printf(&p->log, "%.*s", len, data);
            }
            p->is_copying_out = len > 0;
            continue;
        }
        PGresult *result = client->getResult(link);
        bool is_sync = result != NULL && client->resultStatus(result) == PGRES_PIPELINE_SYNC;
        if (result != NULL) {
            log_result(p, result);
            client->clear(result);
        } else {
            tk_buf_puts(&p->log, "end\n");
        }
        if (result == NULL || is_sync) {
            assert_true(p->is_broken || (*p->awaited == 'S') == is_sync);
            p->awaited++;
        }
    }
}

static void feed(player *p, const char *bytes, size_t len) {
    while (len > 0) {
        ssize_t count = send(p->peer, bytes, len, MSG_NOSIGNAL);
        if (count > 0) {
            bytes += count;
            len -= (size_t)count;
        }
        (void)p->server.client->consumeInput(p->server.link);
        hear(p);
        if (is_lost(p)) {
            return;
        }
    }
}

/* The server goes; what is still there is heard. */
static void hang_up(player *p) {
    (void)empty_peer(p, NULL, 0); /* what is not read would throw away what was sent */
    (void)close(p->peer);
    p->peer = -1;
    while (p->server.client->consumeInput(p->server.link)) {
        assert_true(++p->steps < STEPS_MOST);
        hear(p);
    }
    hear(p);
    assert_true(is_lost(p));
    assert_int_equal(p->server.client->transactionStatus(p->server.link), PQTRANS_UNKNOWN);
}

/* All that is told of a script which comes in pieces of so many bytes, the first of another size. */
static void play(player *p, const script *of, size_t first, size_t piece) {
    assert_true(send_commands(p, of->commands));
    feed(p, of->bytes.data, first);
    for (size_t at = first; at < of->bytes.len; at += piece) {
        size_t left = of->bytes.len - at;
        feed(p, of->bytes.data + at, left < piece ? left : piece);
    }
    for (int i = 0; i < 100 && *p->awaited != '\0'; i++) {
        feed(p, NULL, 0);
        (void)p->server.client->consumeInput(p->server.link);
        hear(p);
    }
    if (*p->awaited != '\0' || is_lost(p)) {
        fail_msg("%s, first %zu, piece %zu: no end before %s; %s", of->name, first, piece,
                 p->awaited, p->log.data);
    }
    assert_true(p->server.client->exitPipelineMode(p->server.link));
    (void)empty_peer(p, NULL, 0);
}

static void begin(player *p) {
    player_init(p, tk_alloc_default);
    assert_int_equal(tk_wire_begin(&p->server, &p->error), TAKEO_DONE);
}

static char *told(const script *of, size_t first, size_t piece) {
    player p;
    begin(&p);
    play(&p, of, first, piece);
    char *log = test_malloc(p.log.len + 1);
    memcpy(log, p.log.data, p.log.len + 1);
    tk_buf_clear(&p.log);
    play(&p, of, first, piece); /* once more, on the same connection */
    assert_string_equal(p.log.data, log);
    player_done(&p);
    return log;
}

static void assert_told(const script *of, size_t first, size_t piece, const char *expected) {
    char *log = told(of, first, piece);
    if (strcmp(log, expected) != 0) {
        fail_msg("%s, first %zu, piece %zu:\n%s\ninstead of\n%s", of->name, first, piece, log,
                 expected);
    }
    test_free(log);
}

/* ---- whole and in pieces --------------------------------------------------------------------- */

#define ROWS3 "row 0:3:1ae66 0:4:1\nrow 1:0:0 0:4:2\nrow 0:0:0 0:4:3\ndone SELECT 3 3\n"

static void answers_are_those_of_the_script(void **state) {
    (void)state;
    static const char *const expected[SCRIPTS] = {
        [STATEMENT] = "done  \nend\ndone   $23 name 25 number 23\nend\n" ROWS3 "end\nstatus 10\n",
        [DISTURBED] = ROWS3 "end\ndone INSERT 0 5 5\nend\nrow 0:4:300d26 0:4:4\ndone SELECT 1 1\n"
                            "end\ndone  \nend\nstatus 10\n",
        [FAILED] = ROWS3 "end\nfailure 22012\nend\nstatus 11\nend\nstatus 11\nend\nstatus 10\n"
                         "failure 22012\nend\nstatus 10\n",
        [LATE] = "done INSERT 0 1 1\nend\nfailure 22012\nstatus 10\n",
        [COPY_IN] = "status 4\nfailure 22012\nend\nstatus 4\nfailure 22012\nend\n",
        [COPY_OUT] = "status 3\none\ntwo\ndone COPY 2 2\nend\nstatus 3\none\nfailure 22012\nend\n",
        [TEXTS] = "row 0:3:1ae66 0:4:1\nrow 1:0:0 0:4:2\ndone SELECT 2 2\ndone SELECT 0 0\n"
                  "done BEGIN \nend\nstatus 0\nend\nfailure 22012\nend\n",
        [ALONE] = ROWS3 "end\ndone  \nend\nstatus 0\nend\ndone  \nend\n",
    };
    for (int i = 0; i < SCRIPTS; i++) {
        script of = write_script(i);
        if (i == FAILED) { /* whether rows before a failure are told depends on when they come */
            char *log = told(&of, of.bytes.len, 1);
            assert_string_equal(log, expected[i]);
            test_free(log);
        } else {
            assert_told(&of, of.bytes.len, 1, expected[i]);
        }
        tk_buf_done(&of.bytes);
    }
}

/* Rows of a statement that failed in its midst are told or not: both are true. */
static char *without_rows_of_failures(char *log) {
    static const char before[] = "status 10\nrow 0:3:1ae66 0:4:1\nfailure";
    char *found = strstr(log, before);
    if (found != NULL) {
        char *row = found + strlen("status 10\n");
        char *failure = strstr(row, "failure");
        memmove(row, failure, strlen(failure) + 1);
    }
    return log;
}

static void pieces_tell_what_the_whole_tells(void **state) {
    (void)state;
    for (int i = 0; i < SCRIPTS; i++) {
        script of = write_script(i);
        char *expected = told(&of, of.bytes.len, 1);
        for (size_t first = 0; first < of.bytes.len; first++) { /* 0: byte by byte */
            char *log = told(&of, first, first != 0 ? of.bytes.len : 1);
            assert_string_equal(without_rows_of_failures(log), expected);
            test_free(log);
        }
        test_free(expected);
        tk_buf_done(&of.bytes);
    }
}

static void large_rows_move_and_grow_the_buffer(void **state) {
    (void)state;
    script of = write_script(BIG);
    char *expected = told(&of, of.bytes.len, 1);
    static const size_t pieces[] = {997, 4096, 8191, 8192, 8193, 40021, 65536, 100003};
    for (size_t i = 0; i < TK_COUNT(pieces); i++) {
        assert_told(&of, 3, pieces[i], expected);
    }
    test_free(expected);
    tk_buf_done(&of.bytes);
}

/* ---- cut off and broken ---------------------------------------------------------------------- */

static void cut_answers_are_no_success(void **state) {
    (void)state;
    for (int i = 0; i < SCRIPTS; i++) {
        script of = write_script(i);
        char *expected = told(&of, of.bytes.len, 1);
        for (size_t cut = 0; cut < of.bytes.len; cut++) {
            player p;
            begin(&p);
            assert_true(send_commands(&p, of.commands));
            feed(&p, of.bytes.data, cut);
            hang_up(&p);
            const char *log = p.log.data != NULL ? without_rows_of_failures(p.log.data) : "";
            assert_true(*p.awaited != '\0');
            size_t len = strlen(log);
            bool is_row_of_failure = i == FAILED && strncmp(log, expected, len) != 0;
            if (is_row_of_failure) { /* the failure itself has not come */
                char *row = strstr(p.log.data, "status 10\nrow");
                assert_non_null(row);
                len = (size_t)(row - p.log.data) + strlen("status 10\n");
            }
            assert_int_equal(strncmp(log, expected, len), 0);
            player_done(&p);
        }
        test_free(expected);
        tk_buf_done(&of.bytes);
    }
}

static uint32_t next_random(uint64_t *seed) {
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*seed >> 33);
}

static void mutate(char *bytes, size_t len, uint64_t *seed) {
    static const char odd[] = "\0\1\4\5\177\200\377DCZETIGHdcS123tn";
    for (uint32_t i = next_random(seed) % 4 + 1; i > 0; i--) {
        char *at = &bytes[next_random(seed) % len];
        uint32_t how = next_random(seed);
        *at = how % 3 == 0   ? (char)(*at ^ (1 << how / 3 % 8))
              : how % 3 == 1 ? odd[how / 3 % (sizeof odd - 1)]
                             : (char)(how >> 8);
    }
}

static void broken_answers_have_an_end(void **state) {
    (void)state;
    uint64_t seed = 20240229;
    for (int i = 0; i < SCRIPTS; i++) {
        script of = write_script(i);
        char *bytes = test_malloc(of.bytes.len);
        for (int round = 0; round < MUTATIONS; round++) {
            player p;
            begin(&p);
            p.is_broken = true;
            memcpy(bytes, of.bytes.data, of.bytes.len);
            mutate(bytes, of.bytes.len, &seed);
            assert_true(send_commands(&p, of.commands));
            size_t first = next_random(&seed) % of.bytes.len;
            feed(&p, bytes, first);
            feed(&p, bytes + first, is_lost(&p) ? 0 : of.bytes.len - first);
            hang_up(&p);
            player_done(&p);
        }
        test_free(bytes);
        tk_buf_done(&of.bytes);
    }
}

/* Each of these is whole, and none of them is an answer to the command. */
static void odd_answers_end_the_connection(void **state) {
    (void)state;
    static const struct {
        const char *commands;
        const char *bytes;
        size_t len;
    } rows[] = {
#define ROW(commands, literal) {commands, literal, sizeof(literal) - 1}
        ROW("E", "Z\0\0\0\5I"),                            /* no end of the command */
        ROW("E", "D\0\0\0\6\0\0Z\0\0\0\5I"),               /* nor behind rows */
        ROW("E", "C\0\0\0\5\0Z\0\0\0\5X"),                 /* no such state */
        ROW("E", "C\0\0\0\5\0D\0\0\0\6\0\0Z\0\0\0\5I"),    /* rows behind the end */
        ROW("Q", "T\0\0\0\6\0\0Z\0\0\0\5I"),               /* a description alone */
        ROW("Q", "T\0\0\0\6\0\1"),                         /* a column that is not there */
        ROW("Q", "T\0\0\0\7\0\0x"),                        /* more than the columns */
        ROW("Q", "E\0\0\0\5\0"),                           /* a failure without a state */
        ROW("Q", "H\0\0\0\7\0\0\0C\0\0\0\5\0C\0\0\0\5\0"), /* an end amid a COPY */
        ROW("D", "t\0\0\0\6\0\1"),                         /* a parameter that is not there */
        ROW("P", "I\0\0\0\4"),                             /* emptiness of a Parse */
        ROW("|PS", "I\0\0\0\4"),                           /* the same in a pipeline */
        ROW("|ES", "Z\0\0\0\5I"),                          /* no answer before the end */
        ROW("E", "C\0\0\0\3"),                             /* shorter than its length */
        ROW("E", "Z\0\1\0\0"),                             /* too long for its kind */
        ROW("E", "D\177\377\377\377"),                     /* too long for any */
        ROW("E", "R\0\0\0\10\0\0\0\0"),                    /* of another time */
#undef ROW
    };
    for (size_t i = 0; i < TK_COUNT(rows); i++) {
        player p;
        begin(&p);
        p.is_broken = true;
        assert_true(send_commands(&p, rows[i].commands));
        feed(&p, rows[i].bytes, rows[i].len);
        if (!is_lost(&p) || *p.awaited == '\0') {
            fail_msg("row %zu is taken for an answer: %s", i, p.log.data);
        }
        player_done(&p);
    }
}

/* ---- unasked, without memory, half-way ------------------------------------------------------- */

static void last_words_while_nothing_runs_are_heard(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        bool is_end;
    } rows[] = {
        {"N\0\0\0\27VNOTICE\0C00000\0Mhi\0\0", 24, false},
        {"E\0\0\0\26VERROR\0C57014\0Mhi\0\0", 23, false},
        {"E\0\0\0\26VFATAL\0C57P01\0Mhi\0\0", 23, true},
        {"I\0\0\0\4", 5, true},
        {"C\0\0\0\5\0", 6, true},
        {"D\0\0\0\6\0\0", 7, true},
    };
    for (size_t i = 0; i < TK_COUNT(rows); i++) {
        player p;
        begin(&p);
        p.awaited = "";
        feed(&p, rows[i].bytes, rows[i].len);
        assert_int_equal(p.server.client->isBusy(p.server.link), 0);
        assert_int_equal(is_lost(&p), rows[i].is_end);
        assert_null(p.server.client->getResult(p.server.link));
        player_done(&p);
    }
}

/* The next bytes after a COPY that is refused: is there another end of the pipeline? */
static bool ends_again(const char *commands) {
    player p;
    char sent[64] = "";
    begin(&p);
    assert_true(send_commands(&p, commands));
    (void)empty_peer(&p, NULL, 0);
    feed(&p, "G\0\0\0\7\0\0\0", 8);
    size_t len = empty_peer(&p, sent, sizeof sent);
    assert_memory_equal(sent, "f\0\0\0\7no", 8);
    assert_true(len == 8 || len == 13);
    player_done(&p);
    return len == 13;
}

static void a_refused_copy_has_one_end(void **state) {
    (void)state;
    assert_false(ends_again("Q"));    /* a text has no end of its own */
    assert_true(ends_again("E"));     /* the server has passed it over */
    assert_true(ends_again("|ES"));   /* likewise */
    assert_false(ends_again("|EES")); /* the next command has ended the COPY */
}

static void without_memory_nothing_is_short(void **state) {
    (void)state;
    for (int i = 0; i <= SCRIPTS; i++) {
        script of = write_script(i);
        char *expected = told(&of, of.bytes.len, 1);
        bool is_over = false;
        for (uint64_t round = 0; !is_over; round++) {
            tk_test_alloc memory;
            takeo_allocator allocator = tk_test_alloc_init(&memory);
            memory.fail_at = round / 2 + 1;
            memory.fail_ever_after = round % 2 != 0;
            player p;
            player_init(&p, tk_alloc_from(&allocator));
            bool is_begun = tk_wire_begin(&p.server, &p.error) == TAKEO_DONE;
            if (is_begun && send_commands(&p, of.commands)) {
                feed(&p, of.bytes.data, of.bytes.len);
                for (int again = 0; again < 20; again++) {
                    (void)p.server.client->consumeInput(p.server.link);
                    hear(&p);
                }
                assert_true(is_lost(&p) || strcmp(p.log.data, expected) == 0);
                assert_true(is_lost(&p) || *p.awaited == '\0');
            }
            if (is_begun) {
                player_done(&p);
            } else {
                (void)close(p.server.fd);
                (void)close(p.peer);
                tk_error_done(&p.error);
            }
            tk_test_alloc_done(&memory);
            is_over = memory.failed == 0;
            assert_true(round < 200);
        }
        test_free(expected);
        tk_buf_done(&of.bytes);
    }
}

static void nothing_follows_half_a_message(void **state) {
    (void)state;
    player p;
    begin(&p);
    enum { SIZE = 4000000 };
    char *text = test_malloc(SIZE);
    memset(text, ' ', SIZE);
    text[SIZE - 1] = '\0';
    assert_true(p.server.client->sendQuery(p.server.link, text));
    assert_int_equal(p.server.client->flush(p.server.link), 1);
    tk_wire_fall_silent(&p.server);
    assert_true(send(p.server.fd, "X\0\0\0\4", 5, MSG_NOSIGNAL) < 0);
    assert_true(empty_peer(&p, NULL, 0) < SIZE);
    player_done(&p);

    begin(&p); /* nothing is left: the word of farewell goes */
    assert_true(p.server.client->sendQuery(p.server.link, "select"));
    assert_int_equal(p.server.client->flush(p.server.link), 0);
    tk_wire_fall_silent(&p.server);
    assert_int_equal(send(p.server.fd, "X\0\0\0\4", 5, MSG_NOSIGNAL), 5);
    player_done(&p);
    test_free(text);
}

/* ---------------------------------------------------------------------------------------------- */

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_those_of_the_script),
        cmocka_unit_test(pieces_tell_what_the_whole_tells),
        cmocka_unit_test(large_rows_move_and_grow_the_buffer),
        cmocka_unit_test(cut_answers_are_no_success),
        cmocka_unit_test(broken_answers_have_an_end),
        cmocka_unit_test(odd_answers_end_the_connection),
        cmocka_unit_test(last_words_while_nothing_runs_are_heard),
        cmocka_unit_test(a_refused_copy_has_one_end),
        cmocka_unit_test(without_memory_nothing_is_short),
        cmocka_unit_test(nothing_follows_half_a_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
