/* wire.c - the protocol spoken by Takeo itself, in libpq's place.
 *
 * libpq connects, proves passwords and encrypts.  Where nothing is encrypted it can do no more than
 * that which a few lines do faster: here a statement that is known is not described again each time,
 * rows are read where they came in, and while the server still sends.  The functions are those of
 * libpq, so that the rest of the driver does not know who speaks.
 *
 * libpq keeps the connection, and ends it; from the moment of tk_wire_open on it is asked nothing
 * else, as it does not know what was said since.
 */
#include <sys/socket.h>

#include "driver/postgresql/wire_int.h"

void tk_wire_lose(tk_pg_wire *wire, const char *words) {
    if (!wire->is_lost) {
        wire->is_lost = true;
        wire->words = words;
    }
}

/* ---- state ----------------------------------------------------------------------------------- */

static ConnStatusType status(const PGconn *link) {
    return tk_wire_of(link)->is_lost ? CONNECTION_BAD : CONNECTION_OK;
}

static PGTransactionStatusType transaction_status(const PGconn *link) {
    const tk_pg_wire *wire = tk_wire_of(link);
    if (wire->is_lost) {
        return PQTRANS_UNKNOWN;
    }
    if (tk_wire_front(wire) != TK_WIRE_NONE) {
        return PQTRANS_ACTIVE;
    }
    return wire->transaction == 'T'   ? PQTRANS_INTRANS
           : wire->transaction == 'E' ? PQTRANS_INERROR
                                      : PQTRANS_IDLE;
}

static char *error_message(const PGconn *link) {
    const char *words = tk_wire_of(link)->words;
    return (char *)(uintptr_t)(words != NULL ? words : "");
}

static int enter_pipeline(PGconn *link) {
    tk_wire_of(link)->is_pipeline = true;
    return 1;
}

static int exit_pipeline(PGconn *link) {
    tk_pg_wire *wire = tk_wire_of(link);
    bool may_leave = tk_wire_front(wire) == TK_WIRE_NONE && wire->ready == NULL && !wire->is_end;
    if (may_leave) {
        wire->is_pipeline = false;
    }
    return may_leave;
}

/* Rows are shown as they come in any case. */
static int set_single_rows(PGconn *link) {
    (void)link;
    return 1;
}

static int set_chunked_rows(PGconn *link, int count) {
    (void)link;
    (void)count;
    return 1;
}

static PGnotify *notifies(PGconn *link) {
    (void)link;
    return NULL;
}

static void free_nothing(void *block) {
    (void)block;
}

/* ---- made and ended -------------------------------------------------------------------------- */

static const tk_pg_client client = {
    .status = status,
    .transactionStatus = transaction_status,
    .errorMessage = error_message,
    .sendQuery = tk_wire_send_query,
    .sendQueryParams = tk_wire_send_params,
    .sendPrepare = tk_wire_send_prepare,
    .sendQueryPrepared = tk_wire_send_prepared,
    .sendDescribePrepared = tk_wire_send_describe,
    .setSingleRowMode = set_single_rows,
    .enterPipelineMode = enter_pipeline,
    .exitPipelineMode = exit_pipeline,
    .pipelineSync = tk_wire_send_sync,
    .getResult = tk_wire_get_result,
    .isBusy = tk_wire_is_busy,
    .consumeInput = tk_wire_consume,
    .flush = tk_wire_flush,
    .notifies = notifies,
    .freemem = free_nothing,
    .putCopyData = tk_wire_put_copy_data,
    .putCopyEnd = tk_wire_put_copy_end,
    .getCopyData = tk_wire_get_copy_data,
    .setChunkedRowsMode = set_chunked_rows,
    .sendClosePrepared = tk_wire_send_close,
    .resultStatus = tk_wire_result_status,
    .resultErrorMessage = tk_wire_result_error_message,
    .resultErrorField = tk_wire_result_error_field,
    .clear = tk_wire_result_clear,
    .ntuples = tk_wire_result_rows,
    .nfields = tk_wire_result_fields,
    .fname = tk_wire_result_field_name,
    .ftype = tk_wire_result_field_type,
    .nparams = tk_wire_result_parameters,
    .paramtype = tk_wire_result_parameter_type,
    .cmdStatus = tk_wire_result_tag,
    .cmdTuples = tk_wire_result_count,
    .getvalue = tk_wire_result_value,
    .getlength = tk_wire_result_length,
    .getisnull = tk_wire_result_is_null,
};

takeo_status tk_wire_begin(tk_server *server, tk_error *error) {
    tk_pg_wire *wire = tk_mem_new(&server->alloc, sizeof *wire);
    if (wire == NULL) {
        return tk_raise_memory(error);
    }
    wire->alloc = server->alloc;
    wire->fd = server->fd;
    wire->server = server;
    wire->transaction = 'I';
    tk_buf_init(&wire->out, server->alloc, SIZE_MAX);
    tk_buf_init(&wire->sent_kinds, server->alloc, SIZE_MAX);
    server->wire = wire;
    server->client = &client;
    server->link = (PGconn *)wire;
    return TAKEO_DONE;
}

takeo_status tk_wire_open(tk_server *server, tk_error *error) {
    if (server->wire != NULL || server->must_not_wire || tk_pq.sslInUse(server->pg)
        || tk_pq.gssEncInUse(server->pg)
        || tk_pq.client.transactionStatus(server->pg) != PQTRANS_IDLE) {
        return TAKEO_DONE;
    }
    return tk_wire_begin(server, error);
}

void tk_wire_fall_silent(const tk_server *server) {
    const tk_pg_wire *wire = server->wire;
    if (wire != NULL && wire->sent < wire->out.len) {
        (void)shutdown(wire->fd, SHUT_WR);
    }
}

void tk_wire_close(tk_server *server) {
    tk_pg_wire *wire = server->wire;
    if (wire == NULL) {
        return;
    }
    tk_wire_result_free(wire->pending);
    tk_wire_result_free(wire->ready);
    tk_wire_result_free(wire->spare);
    tk_buf_done(&wire->out);
    tk_buf_done(&wire->sent_kinds);
    tk_mem_free(&wire->alloc, wire->in, wire->in_capacity);
    tk_mem_free(&wire->alloc, wire, sizeof *wire);
    server->wire = NULL;
    server->client = &tk_pq.client;
    server->link = server->pg;
}
