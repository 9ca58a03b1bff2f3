/* wire_send.c - messages to the server.
 *
 * They are put behind each other and go with the next flush.  Outside of a pipeline every command
 * is followed by the end of one.  Sizes were checked by those who call: a text and a value are
 * shorter than 2 GB.  It must not know what a message is sent for.
 */
#include <errno.h>
#include <limits.h>
#include <sys/socket.h>

#include "driver/postgresql/wire_int.h"

enum { KEPT_BYTES = 256 * 1024 }; /* of what was sent; more is given back */

/* ---- messages -------------------------------------------------------------------------------- */

/* Where a command begins, for taking it back. */
typedef struct command {
    tk_pg_wire *wire;
    size_t start;
    size_t message; /* where the length of the one that is written stands */
} command;

static command begin(tk_pg_wire *wire) {
    if (wire->sent == wire->out.len) {
        wire->sent = 0;
        if (TK_UNLIKELY(wire->out.capacity > KEPT_BYTES)) {
            tk_buf_done(&wire->out);
            tk_buf_init(&wire->out, wire->alloc, SIZE_MAX);
        }
        tk_buf_clear(&wire->out);
    }
    return (command){wire, wire->out.len, 0};
}

static void begin_message(command *to, char type) {
    tk_buf_putc(&to->wire->out, type);
    to->message = to->wire->out.len;
    tk_pg_put32(&to->wire->out, 0);
}

static void end_message(const command *to) {
    tk_buf *out = &to->wire->out;
    size_t len = out->len - to->message;
    if (len > INT32_MAX) {
        out->failed = true;
    }
    if (TK_LIKELY(!out->failed)) {
        uint32_t word = __builtin_bswap32((uint32_t)len);
        memcpy(out->data + to->message, &word, sizeof word);
    }
}

static void put_text(const command *to, const char *text) {
    tk_buf_put(&to->wire->out, text, strlen(text) + 1);
}

/* All of a command was written.  0: no memory, and nothing of it will be sent. */
static int end(const command *to, tk_wire_kind kind) {
    static const char sync[] = {'S', 0, 0, 0, 4};
    tk_pg_wire *wire = to->wire;
    if (kind != TK_WIRE_QUERY && kind != TK_WIRE_SYNC && !wire->is_pipeline) {
        tk_buf_put(&wire->out, sync, sizeof sync);
    }
    if (wire->answered == wire->sent_kinds.len) {
        wire->answered = 0;
        tk_buf_clear(&wire->sent_kinds);
    }
    size_t count = wire->sent_kinds.len;
    tk_buf_putc(&wire->sent_kinds, (char)kind);
    if (TK_LIKELY(!wire->out.failed && !wire->sent_kinds.failed && !wire->is_lost)) {
        return 1;
    }
    if (!wire->is_lost) {
        wire->words = TK_WIRE_NO_MEMORY;
    }
    wire->out.failed = wire->sent_kinds.failed = false;
    wire->out.len = to->start;
    wire->sent_kinds.len = count;
    return 0;
}

/* ---- commands -------------------------------------------------------------------------------- */

int tk_wire_send_query(PGconn *link, const char *sql) {
    command to = begin(tk_wire_of(link));
    begin_message(&to, 'Q');
    put_text(&to, sql);
    end_message(&to);
    return end(&to, TK_WIRE_QUERY);
}

static void put_parse(command *to, const char *name, const char *sql, int count, const Oid *types) {
    begin_message(to, 'P');
    put_text(to, name);
    put_text(to, sql);
    tk_pg_put16(&to->wire->out, (uint16_t)count);
    for (int i = 0; i < count; i++) {
        tk_pg_put32(&to->wire->out, types[i]);
    }
    end_message(to);
}

/* Numbers behind a place in memory that has room. */
static char *write16(char *at, uint32_t number) {
    uint16_t word = __builtin_bswap16((uint16_t)number);
    memcpy(at, &word, sizeof word);
    return at + sizeof word;
}

static char *write32(char *at, uint32_t number) {
    uint32_t word = __builtin_bswap32(number);
    memcpy(at, &word, sizeof word);
    return at + sizeof word;
}

/* The bytes of a Bind without its type; 0: more than a message can have. */
static size_t size_of_bind(size_t name_size, int count, const char *const *values,
                           const int *lengths) {
    size_t size = 4 + 1 + name_size + 2 + 2 + 4;
    for (int i = 0; i < count; i++) {
        size += 2 + 4 + (values[i] != NULL ? (size_t)lengths[i] : 0);
    }
    return size <= INT32_MAX ? size : 0;
}

/* Bind, to the portal without a name; then Execute, for all rows.  In one piece, as every statement
 * that runs comes by here. */
static void put_execute(const command *to, const char *name, int count, const char *const *values,
                        const int *lengths, const int *formats, int result_format,
                        bool is_described) {
    static const char describe[] = {'D', 0, 0, 0, 6, 'P', 0};
    static const char execute[] = {'E', 0, 0, 0, 9, 0, 0, 0, 0, 0};
    size_t name_size = strlen(name) + 1;
    size_t size = size_of_bind(name_size, count, values, lengths);
    char *at = tk_buf_reserve(&to->wire->out, 1 + size + sizeof describe + sizeof execute);
    if (at == NULL || size == 0) {
        to->wire->out.failed = true;
        return;
    }
    *at++ = 'B';
    at = write32(at, (uint32_t)size);
    *at++ = '\0';
    memcpy(at, name, name_size);
    at = write16(at + name_size, (uint32_t)count);
    for (int i = 0; i < count; i++) {
        at = write16(at, (uint32_t)formats[i]);
    }
    at = write16(at, (uint32_t)count);
    for (int i = 0; i < count; i++) {
        uint32_t len = values[i] != NULL ? (uint32_t)lengths[i] : 0;
        at = write32(at, values[i] != NULL ? len : UINT32_MAX);
        if (len != 0) {
            memcpy(at, values[i], len);
        }
        at += len;
    }
    at = write16(at, 1);
    at = write16(at, (uint32_t)result_format);
    if (is_described) {
        memcpy(at, describe, sizeof describe);
        at += sizeof describe;
    }
    memcpy(at, execute, sizeof execute);
    tk_buf_set_len(&to->wire->out, (size_t)(at + sizeof execute - to->wire->out.data));
}

int tk_wire_send_params(PGconn *link, const char *sql, int count, const Oid *types,
                        const char *const *values, const int *lengths, const int *formats,
                        int result_format) {
    command to = begin(tk_wire_of(link));
    put_parse(&to, "", sql, types != NULL ? count : 0, types);
    put_execute(&to, "", count, values, lengths, formats, result_format, true);
    return end(&to, TK_WIRE_PARAMS);
}

int tk_wire_send_prepare(PGconn *link, const char *name, const char *sql, int count,
                         const Oid *types) {
    command to = begin(tk_wire_of(link));
    put_parse(&to, name, sql, count, types);
    return end(&to, TK_WIRE_PARSE);
}

/* Its columns are known, and the server refuses to run it when they have changed. */
int tk_wire_send_prepared(PGconn *link, const char *name, int count, const char *const *values,
                          const int *lengths, const int *formats, int result_format) {
    command to = begin(tk_wire_of(link));
    put_execute(&to, name, count, values, lengths, formats, result_format, false);
    return end(&to, TK_WIRE_EXECUTE);
}

int tk_wire_send_describe(PGconn *link, const char *name) {
    command to = begin(tk_wire_of(link));
    begin_message(&to, 'D');
    tk_buf_putc(&to.wire->out, 'S');
    put_text(&to, name);
    end_message(&to);
    return end(&to, TK_WIRE_DESCRIBE);
}

int tk_wire_send_close(PGconn *link, const char *name) {
    command to = begin(tk_wire_of(link));
    begin_message(&to, 'C');
    tk_buf_putc(&to.wire->out, 'S');
    put_text(&to, name);
    end_message(&to);
    return end(&to, TK_WIRE_CLOSE);
}

int tk_wire_send_sync(PGconn *link) {
    command to = begin(tk_wire_of(link));
    begin_message(&to, 'S');
    end_message(&to);
    return end(&to, TK_WIRE_SYNC);
}

/* ---- COPY ------------------------------------------------------------------------------------ */

/* A message that belongs to the command in front and has no answer of its own. */
static int end_part(const command *to) {
    tk_pg_wire *wire = to->wire;
    if (wire->out.failed || wire->is_lost) {
        wire->out.failed = false;
        wire->out.len = to->start;
        if (!wire->is_lost) {
            wire->words = TK_WIRE_NO_MEMORY;
        }
        return -1;
    }
    return 1;
}

int tk_wire_put_copy_data(PGconn *link, const char *data, int len) {
    command to = begin(tk_wire_of(link));
    begin_message(&to, 'd');
    tk_buf_put(&to.wire->out, data, (size_t)len);
    end_message(&to);
    return end_part(&to);
}

/* While rows are copied in the server takes no notice of an end of the pipeline: where one was sent
 * right behind the command, another has to follow.  Another command there has ended the COPY, or the
 * connection. */
static bool needs_sync(const tk_pg_wire *wire) {
    size_t next = wire->answered + 1;
    bool is_next = next < wire->sent_kinds.len && wire->sent_kinds.data[next] == TK_WIRE_SYNC;
    return tk_wire_front(wire) != TK_WIRE_QUERY && (is_next || !wire->is_pipeline);
}

/* Who gives rows up does not come again: where there is no memory for that either, the server would
 * wait for rows for ever. */
int tk_wire_put_copy_end(PGconn *link, const char *why) {
    tk_pg_wire *wire = tk_wire_of(link);
    command to = begin(wire);
    begin_message(&to, why != NULL ? 'f' : 'c');
    if (why != NULL) {
        put_text(&to, why);
    }
    end_message(&to);
    if (needs_sync(wire)) {
        begin_message(&to, 'S');
        end_message(&to);
    }
    int is_put = end_part(&to);
    if (is_put == 1) {
        wire->is_copying_in = false;
    } else if (why != NULL) {
        tk_wire_lose(wire, TK_WIRE_NO_MEMORY);
    }
    return is_put;
}

/* ---- the socket ------------------------------------------------------------------------------ */

/* 0: all of it is sent; 1: the rest has to wait; -1: it cannot be sent.  What the server said last
 * may still be there to be read. */
int tk_wire_flush(PGconn *link) {
    tk_pg_wire *wire = tk_wire_of(link);
    while (wire->sent < wire->out.len && !wire->cannot_write) {
        ssize_t count =
            send(wire->fd, wire->out.data + wire->sent, wire->out.len - wire->sent, MSG_NOSIGNAL);
        if (count >= 0) {
            wire->sent += (size_t)count;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return 1;
        } else if (errno != EINTR) {
            wire->cannot_write = true;
        }
    }
    return wire->cannot_write ? -1 : 0;
}
