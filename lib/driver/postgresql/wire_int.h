/* wire_int.h - inside of the wire: a connection on which Takeo speaks the protocol itself.
 *
 *     wire_send.c     messages to the server
 *     wire_receive.c  messages from it, in the order of what was sent
 *     wire_result.c   what came of them, with the functions that libpq has for results
 *     wire.c          made and ended; the table of its functions
 *
 * It must not know statements, types, or cells.
 */
#ifndef TK_PG_WIRE_INT_H
#define TK_PG_WIRE_INT_H

#include "driver/postgresql/postgresql_int.h"

typedef struct tk_pg_wire tk_pg_wire;
typedef struct tk_wire_result tk_wire_result;

/* What was sent and is to be answered. */
typedef enum tk_wire_kind {
    TK_WIRE_QUERY, /* a text, which may hold several commands */
    TK_WIRE_PARSE,
    TK_WIRE_DESCRIBE,
    TK_WIRE_EXECUTE, /* Bind and Execute */
    TK_WIRE_PARAMS,  /* Parse, Bind, Describe and Execute, without a name */
    TK_WIRE_CLOSE,
    TK_WIRE_SYNC,
    TK_WIRE_NONE /* nothing is on its way */
} tk_wire_kind;

/* Offsets into the bytes that came, or into a result's own. */
typedef struct tk_wire_span {
    size_t start;
    size_t end;
} tk_wire_span;

struct tk_wire_result {
    tk_pg_wire *wire;
    ExecStatusType status;
    bool is_view; /* the rows stand in the wire's own buffer, which stays where it is until then */
    tk_buf bytes; /* what came and is kept: rows, a description, the fields of an error */
    tk_wire_span rows; /* messages, DataRow among others */
    uint32_t row_count;
    tk_wire_span parameters; /* the body of ParameterDescription */
    tk_wire_span fields;     /* the body of RowDescription */
    tk_wire_span failure;    /* the body of ErrorResponse */
    tk_buf words;            /* a failure as a text, once somebody asks for it */
    char tag[64];            /* of CommandComplete */
    /* Where the row that was asked for last stands. */
    uint32_t place_row;
    size_t place; /* SIZE_MAX: none was */
};

struct tk_pg_wire {
    tk_alloc alloc;
    int fd;
    tk_server *server; /* is told notices */

    tk_buf out; /* what is to be sent; up to `sent` it was */
    size_t sent;
    bool cannot_write; /* what the server still says is read */

    char *in; /* what came: whole and begun messages from in_start to in_end */
    size_t in_start;
    size_t in_end;
    size_t in_capacity;

    tk_buf sent_kinds; /* tk_wire_kind of each, a byte; those before `answered` are over */
    size_t answered;
    bool is_pipeline;
    bool is_aborted; /* the server passes over what was sent, up to the next SYNC */

    tk_wire_result *spare;   /* used again */
    tk_wire_result *pending; /* grows, and is not shown yet */
    tk_wire_result *ready;   /* the next to be shown */
    bool is_end;             /* the end of the command is next */
    bool has_view;           /* a result stands in `in` */
    bool has_rows;           /* some of the command in front were shown */
    bool is_finished;        /* the command in front is answered, but for ReadyForQuery */
    bool is_copying_in;
    bool is_copying_out;
    size_t rows_start; /* of `pending`, when it is a view */

    char transaction;    /* of ReadyForQuery */
    bool is_lost;        /* what came before is still told */
    bool is_in_disorder; /* and nothing is told any more */
    const char *words;   /* why */
};

enum { TK_WIRE_HEAD = 5 }; /* of a message: its type, and the length of all but that */

#define TK_WIRE_NO_MEMORY "out of memory"

static inline tk_pg_wire *tk_wire_of(const PGconn *link) {
    return (tk_pg_wire *)(uintptr_t)link;
}
static inline tk_wire_kind tk_wire_front(const tk_pg_wire *wire) {
    return wire->answered < wire->sent_kinds.len
               ? (tk_wire_kind)wire->sent_kinds.data[wire->answered]
               : TK_WIRE_NONE;
}
/* The connection is of no use any more; the first reason stays. */
void tk_wire_lose(tk_pg_wire *wire, const char *words);

/* wire.c: speak on server->fd from now on; nothing runs there, and no transaction is open. */
takeo_status tk_wire_begin(tk_server *server, tk_error *error);

/* wire_send.c */
int tk_wire_send_query(PGconn *link, const char *sql);
int tk_wire_send_params(PGconn *link, const char *sql, int count, const Oid *types,
                        const char *const *values, const int *lengths, const int *formats,
                        int result_format);
int tk_wire_send_prepare(PGconn *link, const char *name, const char *sql, int count,
                         const Oid *types);
int tk_wire_send_prepared(PGconn *link, const char *name, int count, const char *const *values,
                          const int *lengths, const int *formats, int result_format);
int tk_wire_send_describe(PGconn *link, const char *name);
int tk_wire_send_close(PGconn *link, const char *name);
int tk_wire_send_sync(PGconn *link);
int tk_wire_put_copy_data(PGconn *link, const char *data, int len);
int tk_wire_put_copy_end(PGconn *link, const char *why);
int tk_wire_flush(PGconn *link);

/* wire_receive.c */
int tk_wire_consume(PGconn *link);
int tk_wire_is_busy(PGconn *link);
PGresult *tk_wire_get_result(PGconn *link);
int tk_wire_get_copy_data(PGconn *link, char **out, int is_async);

/* wire_result.c: libpq's functions for results, but the first five. */
tk_wire_result *tk_wire_result_new(tk_pg_wire *wire, ExecStatusType status); /* NULL: no memory */
void tk_wire_result_free(tk_wire_result *result);
/* Is the body whole?  Then it can be read without looking at its end again. */
bool tk_wire_is_description(const char *body, size_t len); /* of columns */
bool tk_wire_is_parameters(const char *body, size_t len);
/* Keep a body; false: no memory. */
bool tk_wire_result_keep(tk_wire_result *result, const char *data, size_t len, tk_wire_span *out);
ExecStatusType tk_wire_result_status(const PGresult *result);
char *tk_wire_result_error_message(const PGresult *result);
char *tk_wire_result_error_field(const PGresult *result, int code);
void tk_wire_result_clear(PGresult *result);
int tk_wire_result_rows(const PGresult *result);
int tk_wire_result_fields(const PGresult *result);
char *tk_wire_result_field_name(const PGresult *result, int number);
Oid tk_wire_result_field_type(const PGresult *result, int number);
int tk_wire_result_parameters(const PGresult *result);
Oid tk_wire_result_parameter_type(const PGresult *result, int number);
char *tk_wire_result_tag(PGresult *result);
char *tk_wire_result_count(PGresult *result);
char *tk_wire_result_value(const PGresult *result, int row, int column);
int tk_wire_result_length(const PGresult *result, int row, int column);
int tk_wire_result_is_null(const PGresult *result, int row, int column);

#endif
