/* wire_receive.c - messages from the server, in the order of what was sent.
 *
 * Bytes are read into one buffer.  Whole messages are taken from it until there is something to
 * show: a result, or the end of a command.  Rows of a statement are shown as soon as nothing more
 * has come, so that they are read while the server sends the next ones; rows of a text all at once.
 *
 * What comes unasked is passed over.  What does not fit to what was sent, or is no message at all,
 * ends the connection.  It must not know what was sent for whom.
 */
#include <errno.h>
#include <sys/socket.h>

#include "driver/postgresql/wire_int.h"

enum {
    CAPACITY_FIRST = 64 * 1024,
    ROOM = 8 * 1024,          /* less is not worth a read: a server sends so much at once */
    KEPT_BYTES = 1024 * 1024, /* a larger buffer is given back at rest */
    SHORT = 30000,            /* most kinds of messages are no longer */
    LONG = 0x3fffffff + 1024  /* a row is no longer than 1 GB */
};

static const char unexpected[] = "unexpected response from the server";
static const char no_message[] = "lost synchronization with the server";

/* ---- bytes ----------------------------------------------------------------------------------- */

/* What has come, and what still comes, cannot be told any more. */
static void lose_in_disorder(tk_pg_wire *wire, const char *words) {
    tk_wire_lose(wire, words);
    wire->is_in_disorder = true;
    wire->in_start = wire->in_end;
}

/* The first byte that is still needed. */
static size_t first_needed(const tk_pg_wire *wire) {
    return wire->pending != NULL && wire->pending->is_view ? wire->rows_start : wire->in_start;
}

static bool grow(tk_pg_wire *wire, size_t capacity) {
    char *in = tk_mem_resize(&wire->alloc, wire->in, wire->in_capacity, capacity);
    if (in != NULL) {
        wire->in = in;
        wire->in_capacity = capacity;
    }
    return in != NULL;
}

static void forget_bytes(tk_pg_wire *wire) {
    wire->in_start = wire->in_end = 0;
    if (TK_UNLIKELY(wire->in_capacity > KEPT_BYTES)) {
        tk_mem_free(&wire->alloc, wire->in, wire->in_capacity);
        wire->in = NULL;
        wire->in_capacity = 0;
    }
}

/* Room to read into; false: no memory.  Rows that are shown stay where they are. */
static bool make_room(tk_pg_wire *wire) {
    if (wire->has_view) {
        return true;
    }
    size_t first = first_needed(wire);
    if (TK_LIKELY(first == wire->in_end)) {
        forget_bytes(wire);
    } else if (first > 0 && wire->in_capacity - wire->in_end < ROOM) {
        memmove(wire->in, wire->in + first, wire->in_end - first);
        wire->in_start -= first;
        wire->in_end -= first;
        wire->rows_start -= wire->pending != NULL && wire->pending->is_view ? first : 0;
    }
    if (TK_LIKELY(wire->in_capacity - wire->in_end >= ROOM)) {
        return true;
    }
    return grow(wire, wire->in_capacity != 0 ? wire->in_capacity * 2 : CAPACITY_FIRST);
}

int tk_wire_consume(PGconn *link) {
    tk_pg_wire *wire = tk_wire_of(link);
    if (TK_UNLIKELY(wire->is_lost)) {
        return 0;
    }
    if (TK_UNLIKELY(!make_room(wire))) {
        lose_in_disorder(wire, TK_WIRE_NO_MEMORY);
        return 0;
    }
    size_t room = wire->in_capacity - wire->in_end;
    if (TK_UNLIKELY(room == 0)) {
        return 1;
    }
    ssize_t count;
    do {
        count = recv(wire->fd, wire->in + wire->in_end, room, 0);
    } while (count < 0 && errno == EINTR);
    if (TK_LIKELY(count > 0)) {
        wire->in_end += (size_t)count;
        return 1;
    }
    bool is_empty = count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    if (is_empty && !wire->cannot_write) {
        return 1;
    }
    tk_wire_lose(wire, count == 0 || is_empty ? "server closed the connection unexpectedly"
                                              : "could not receive data from the server");
    return 0;
}

/* ---- showing --------------------------------------------------------------------------------- */

static tk_wire_result *need_pending(tk_pg_wire *wire, ExecStatusType status) {
    if (wire->pending == NULL) {
        wire->pending = tk_wire_result_new(wire, status);
        if (wire->pending == NULL) {
            lose_in_disorder(wire, TK_WIRE_NO_MEMORY);
        }
    }
    return wire->pending;
}

static void show(tk_pg_wire *wire, ExecStatusType status) {
    tk_wire_result *result = need_pending(wire, status);
    if (result == NULL) {
        return;
    }
    result->status = status;
    if (result->is_view) {
        wire->has_view = true;
    }
    wire->ready = result;
    wire->pending = NULL;
}

/* The command in front is answered; outside of a pipeline the server says so once more, and of a
 * text there may be more. */
static void finish(tk_pg_wire *wire) {
    wire->has_rows = false;
    wire->is_finished = true;
    if (wire->is_pipeline && tk_wire_front(wire) != TK_WIRE_QUERY) {
        wire->is_finished = false;
        wire->answered++;
        wire->is_end = true;
    }
}

static void show_and_finish(tk_pg_wire *wire, ExecStatusType status) {
    show(wire, status);
    finish(wire);
}

static bool has_something(const tk_pg_wire *wire) {
    if (TK_UNLIKELY(wire->is_in_disorder)) {
        return false;
    }
    bool is_copying = (wire->is_copying_in || wire->is_copying_out) && !wire->is_lost;
    return wire->ready != NULL || wire->is_end || is_copying || tk_wire_front(wire) == TK_WIRE_NONE;
}

/* ---- messages -------------------------------------------------------------------------------- */

typedef struct message {
    char type;
    size_t start; /* of the whole */
    const char *body;
    size_t len;
} message;

static void keep(tk_pg_wire *wire, const message *from, tk_wire_span *out) {
    if (!tk_wire_result_keep(wire->pending, from->body, from->len, out)) {
        lose_in_disorder(wire, TK_WIRE_NO_MEMORY);
    }
}

static bool is_statement(tk_wire_kind kind) {
    return kind == TK_WIRE_EXECUTE || kind == TK_WIRE_PARAMS;
}

/* A row stays where it came in, or is kept with its message's head. */
static void take_row(tk_pg_wire *wire, const message *row) {
    tk_wire_kind front = tk_wire_front(wire);
    if (TK_UNLIKELY(!is_statement(front) && front != TK_WIRE_QUERY)) {
        lose_in_disorder(wire, unexpected);
        return;
    }
    tk_wire_result *result = need_pending(wire, PGRES_TUPLES_OK);
    if (result == NULL) {
        return;
    }
    if (is_statement(front)) {
        if (!result->is_view) {
            result->is_view = true;
            wire->rows_start = row->start;
        }
        result->row_count++;
        return;
    }
    tk_wire_span span;
    if (!tk_wire_result_keep(result, row->body - TK_WIRE_HEAD, row->len + TK_WIRE_HEAD, &span)) {
        lose_in_disorder(wire, TK_WIRE_NO_MEMORY);
        return;
    }
    result->rows.start = result->row_count == 0 ? span.start : result->rows.start;
    result->rows.end = span.end;
    result->row_count++;
}

static void take_description(tk_pg_wire *wire, const message *description) {
    tk_wire_kind front = tk_wire_front(wire);
    if (front == TK_WIRE_EXECUTE) {
        return; /* it was not asked for, and says what is known */
    }
    bool is_wanted = front == TK_WIRE_QUERY || front == TK_WIRE_PARAMS || front == TK_WIRE_DESCRIBE;
    bool is_whole = tk_wire_is_description(description->body, description->len);
    if (!is_wanted || !is_whole || (wire->pending != NULL && wire->pending->row_count > 0)) {
        lose_in_disorder(wire, unexpected);
    } else if (need_pending(wire, PGRES_TUPLES_OK) != NULL) {
        keep(wire, description, &wire->pending->fields);
        if (front == TK_WIRE_DESCRIBE) {
            show_and_finish(wire, PGRES_COMMAND_OK);
        }
    }
}

/* Parse, Close, or the parameters or missing columns of Describe. */
static void take_step(tk_pg_wire *wire, const message *step) {
    tk_wire_kind front = tk_wire_front(wire);
    switch (step->type) {
    case '1':
    case '3':
        if (front == (step->type == '1' ? TK_WIRE_PARSE : TK_WIRE_CLOSE)) {
            show_and_finish(wire, PGRES_COMMAND_OK);
            return;
        }
        break;
    case 't':
        if (front != TK_WIRE_DESCRIBE || !tk_wire_is_parameters(step->body, step->len)) {
            lose_in_disorder(wire, unexpected);
        } else if (need_pending(wire, PGRES_COMMAND_OK) != NULL) {
            keep(wire, step, &wire->pending->parameters);
        }
        return;
    default: /* 'n' */
        if (front == TK_WIRE_DESCRIBE) {
            show_and_finish(wire, PGRES_COMMAND_OK);
            return;
        }
        break;
    }
    if (!is_statement(front)) { /* where these are part of a run */
        lose_in_disorder(wire, unexpected);
    }
}

static void take_complete(tk_pg_wire *wire, const message *complete) {
    tk_wire_kind front = tk_wire_front(wire);
    if (!is_statement(front) && front != TK_WIRE_QUERY) {
        lose_in_disorder(wire, unexpected);
        return;
    }
    bool has_rows = wire->pending != NULL;
    tk_wire_result *result = need_pending(wire, PGRES_COMMAND_OK);
    if (result == NULL) {
        return;
    }
    if (result->is_view) {
        result->rows = (tk_wire_span){wire->rows_start, complete->start};
    }
    size_t len = strnlen(complete->body, complete->len);
    len = len < sizeof result->tag ? len : sizeof result->tag - 1;
    memcpy(result->tag, complete->body, len);
    result->tag[len] = '\0';
    show_and_finish(wire, has_rows ? PGRES_TUPLES_OK : PGRES_COMMAND_OK);
}

/* There was no command in the text. */
static void take_emptiness(tk_pg_wire *wire) {
    tk_wire_kind front = tk_wire_front(wire);
    if ((!is_statement(front) && front != TK_WIRE_QUERY)
        || (wire->pending != NULL && wire->pending->row_count > 0)) {
        lose_in_disorder(wire, unexpected);
    } else {
        show_and_finish(wire, PGRES_EMPTY_QUERY);
    }
}

/* Rows that came before it are nothing any more. */
static void drop_pending(tk_pg_wire *wire) {
    if (wire->pending != NULL) {
        wire->pending->is_view = false;
        tk_wire_result_free(wire->pending);
        wire->pending = NULL;
    }
}

static const char *field_of(const tk_wire_result *failure, int code) {
    const char *field = tk_wire_result_error_field((const PGresult *)failure, code);
    return field != NULL ? field : "";
}

static void take_failure(tk_pg_wire *wire, const message *failure) {
    tk_wire_kind front = tk_wire_front(wire);
    drop_pending(wire);
    if (need_pending(wire, PGRES_FATAL_ERROR) == NULL) {
        return;
    }
    keep(wire, failure, &wire->pending->failure);
    if (*field_of(wire->pending, PG_DIAG_SQLSTATE) == '\0') {
        lose_in_disorder(wire, unexpected);
        return;
    }
    if (front == TK_WIRE_NONE) { /* a connection's last word while nothing runs */
        if (strcmp(field_of(wire->pending, PG_DIAG_SEVERITY_NONLOCALIZED), "ERROR") != 0) {
            wire->server->stage = TK_PG_LOST;
        }
        drop_pending(wire);
        return;
    }
    show(wire, PGRES_FATAL_ERROR);
    wire->is_copying_in = wire->is_copying_out = false;
    if (front != TK_WIRE_SYNC) {
        wire->is_aborted = wire->is_pipeline;
        finish(wire);
    }
}

/* It comes in the middle of anything, so it is read beside `pending`.  Without memory it is lost. */
static void take_notice(tk_pg_wire *wire, const message *notice) {
    tk_wire_result *read = tk_wire_result_new(wire, PGRES_NONFATAL_ERROR);
    if (read == NULL) {
        return;
    }
    if (tk_wire_result_keep(read, notice->body, notice->len, &read->failure)) {
        tk_pg_tell_notice(wire->server, wire->server->client, (const PGresult *)read);
    }
    tk_wire_result_clear((PGresult *)read);
}

/* What ends without having been answered has lost a part of its answer. */
static bool may_be_ready(const tk_pg_wire *wire) {
    tk_wire_kind front = tk_wire_front(wire);
    bool is_over = front == TK_WIRE_SYNC || (!wire->is_pipeline && wire->is_finished);
    return front != TK_WIRE_NONE && is_over && wire->pending == NULL && !wire->is_copying_in
           && !wire->is_copying_out;
}

static void take_ready(tk_pg_wire *wire, const message *ready) {
    bool is_state = ready->len == 1 && memchr("ITE", ready->body[0], 3) != NULL;
    if (!is_state || !may_be_ready(wire)) {
        lose_in_disorder(wire, unexpected);
        return;
    }
    wire->is_finished = false;
    wire->transaction = ready->body[0];
    wire->is_aborted = false;
    wire->has_rows = false;
    wire->answered++;
    if (wire->is_pipeline) {
        show(wire, PGRES_PIPELINE_SYNC);
    } else {
        wire->is_end = true;
    }
}

static void take_copy(tk_pg_wire *wire, const message *copy) {
    tk_wire_kind front = tk_wire_front(wire);
    if ((!is_statement(front) && front != TK_WIRE_QUERY) || wire->pending != NULL) {
        lose_in_disorder(wire, unexpected);
        return;
    }
    wire->is_copying_in = copy->type == 'G';
    wire->is_copying_out = copy->type == 'H';
    show(wire, copy->type == 'G'   ? PGRES_COPY_IN
               : copy->type == 'H' ? PGRES_COPY_OUT
                                   : PGRES_COPY_BOTH);
}

static void take(tk_pg_wire *wire, const message *next) {
    switch (next->type) {
    case 'D':
        take_row(wire, next);
        break;
    case 'C':
        take_complete(wire, next);
        break;
    case 'Z':
        take_ready(wire, next);
        break;
    case '2': /* Bind */
        break;
    case 'T':
        take_description(wire, next);
        break;
    case '1':
    case '3':
    case 't':
    case 'n':
        take_step(wire, next);
        break;
    case 'E':
        take_failure(wire, next);
        break;
    case 'I':
        take_emptiness(wire);
        break;
    case 'G':
    case 'H':
    case 'W':
        take_copy(wire, next);
        break;
    case 'N': /* a notice */
        if (wire->server->notice != NULL) {
            take_notice(wire, next);
        }
        break;
    case 'S': /* a setting has changed */
    case 'A': /* somebody notifies */
    case 'd': /* the rest of what is copied out, once nobody wants it */
    case 'c':
        break;
    default:
        lose_in_disorder(wire, unexpected);
        break;
    }
}

static bool may_be_long(char type, uint32_t len) {
    static const char types[] = {'D', 'd', 'T', 't', 'E', 'N', 'A', 'G'};
    return memchr(types, type, sizeof types) != NULL && len <= LONG;
}

/* The next whole message; false: there is none yet, or never will be. */
static bool next_message(tk_pg_wire *wire, message *out) {
    size_t there = wire->in_end - wire->in_start;
    if (there < TK_WIRE_HEAD) {
        return false;
    }
    const char *at = wire->in + wire->in_start;
    uint32_t len = tk_pg_get32(at + 1);
    if (TK_UNLIKELY(len < 4 || (len > SHORT && !may_be_long(at[0], len)))) {
        lose_in_disorder(wire, no_message);
        return false;
    }
    if (there < 1 + (size_t)len) {
        return false;
    }
    *out = (message){at[0], wire->in_start, at + TK_WIRE_HEAD, len - 4};
    return true;
}

/* The server passes it over: something before it in the pipeline has failed. */
static bool is_passed_over(const tk_pg_wire *wire) {
    return wire->is_aborted && tk_wire_front(wire) != TK_WIRE_SYNC;
}

/* Take messages until there is something to show; false: more has to come. */
static bool advance(tk_pg_wire *wire) {
    while (!has_something(wire) && !wire->is_in_disorder) {
        message next;
        if (TK_UNLIKELY(is_passed_over(wire))) {
            show_and_finish(wire, PGRES_PIPELINE_ABORTED);
        } else if (!next_message(wire, &next)) {
            break;
        } else {
            wire->in_start += TK_WIRE_HEAD + next.len;
            take(wire, &next);
        }
    }
    return has_something(wire);
}

/* Rows that came and have not been shown: nothing more is there. */
static bool show_rows(tk_pg_wire *wire) {
    tk_wire_result *rows = wire->pending;
    if (rows == NULL || !rows->is_view || wire->is_lost) {
        return false;
    }
    rows->rows = (tk_wire_span){wire->rows_start, wire->in_start};
    wire->has_rows = true;
    show(wire, TK_PG_STATUS_CHUNK);
    return true;
}

/* Nothing runs: what came unasked is taken. */
static void take_unasked(tk_pg_wire *wire) {
    message next;
    while (tk_wire_front(wire) == TK_WIRE_NONE && !wire->is_end && wire->ready == NULL
           && next_message(wire, &next)) {
        wire->in_start += TK_WIRE_HEAD + next.len;
        take(wire, &next);
    }
}

int tk_wire_is_busy(PGconn *link) {
    tk_pg_wire *wire = tk_wire_of(link);
    if (TK_UNLIKELY(tk_wire_front(wire) == TK_WIRE_NONE)) {
        take_unasked(wire);
        return 0;
    }
    if (advance(wire) || show_rows(wire)) {
        return 0;
    }
    /* While rows come, the next are often there; and where nothing can be sent any more there is only
     * what the server said last. */
    while ((wire->has_rows || wire->cannot_write) && tk_wire_consume(link)) {
        if (advance(wire) || show_rows(wire)) {
            return 0;
        }
        if (!wire->cannot_write) {
            break;
        }
    }
    return 1;
}

PGresult *tk_wire_get_result(PGconn *link) {
    tk_pg_wire *wire = tk_wire_of(link);
    tk_wire_result *result = wire->ready;
    wire->ready = NULL;
    if (result == NULL) {
        wire->is_end = false;
    }
    return (PGresult *)result;
}

/* ---- COPY to the client ---------------------------------------------------------------------- */

/* libpq's contract: the bytes of a piece, 0 when none has come, -1 at the end. */
int tk_wire_get_copy_data(PGconn *link, char **out, int is_async) {
    (void)is_async;
    tk_pg_wire *wire = tk_wire_of(link);
    message next;
    while (wire->is_copying_out && next_message(wire, &next)) {
        wire->in_start += TK_WIRE_HEAD + next.len;
        if (next.type == 'd' && next.len > 0) {
            *out = (char *)(uintptr_t)next.body;
            return (int)next.len;
        }
        if (next.type == 'c') {
            wire->is_copying_out = false;
        } else if (memchr("dENSA", next.type, 5) == NULL) {
            lose_in_disorder(wire, unexpected);
        } else {
            take(wire, &next); /* a failure ends it */
        }
    }
    return wire->is_copying_out && !wire->is_lost ? 0 : -1;
}
