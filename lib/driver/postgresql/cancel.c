/* cancel.c - stopping a statement: the request goes over a connection of its own.
 *
 * libpq before 17 makes that connection without TLS and cannot be stopped while it does, so a thread
 * does it.  The server knows the backend, not the statement: a request that comes late would stop
 * the next one.  So nobody uses the connection again before the server has closed the request's own,
 * which it does after it has sent the signal.
 *
 * What the thread works on is copied from the connection when that is opened; it must not touch the
 * connection, which its owner uses meanwhile.
 */
#include "driver/postgresql/postgresql_int.h"

#define PATIENCE_NS INT64_C(2000000000) /* with a request that travels */

struct tk_pg_cancel {
    tk_pg_helper helper;
    PGcancel *cancel;
    struct pg_cancel_conn *newer; /* of libpq 17: with TLS as the connection has it */
    int64_t begun_ns;
};

/* What came of it shows on the connection itself. */
static void send_cancel(tk_pg_helper *helper) {
    struct tk_pg_cancel *cancel = (struct tk_pg_cancel *)helper;
    if (cancel->newer != NULL) {
        (void)tk_pq.cancelBlocking(cancel->newer);
        tk_pq.cancelReset(cancel->newer);
        return;
    }
    char said[256];
    (void)tk_pq.cancel(cancel->cancel, said, sizeof said);
}

static void free_cancel(tk_pg_helper *helper) {
    struct tk_pg_cancel *cancel = (struct tk_pg_cancel *)helper;
    if (cancel->newer != NULL) {
        tk_pq.cancelFinish(cancel->newer);
    }
    if (cancel->cancel != NULL) {
        tk_pq.freeCancel(cancel->cancel);
    }
    tk_mem_free(&tk_alloc_default, cancel, sizeof *cancel);
}

takeo_status tk_pg_cancel_prepare(tk_server *server, tk_error *error) {
    struct tk_pg_cancel *cancel = tk_mem_new(&tk_alloc_default, sizeof *cancel);
    if (cancel == NULL) {
        return tk_raise_memory(error);
    }
    if (tk_pq.cancelCreate != NULL) {
        cancel->newer = tk_pq.cancelCreate(server->pg);
    } else {
        cancel->cancel = tk_pq.getCancel(server->pg);
    }
    if (cancel->newer == NULL && cancel->cancel == NULL) {
        free_cancel(&cancel->helper);
        return tk_raise_memory(error);
    }
    if (!tk_pg_helper_init(&cancel->helper, TK_PG_HELPER_CANCEL, send_cancel, free_cancel)) {
        free_cancel(&cancel->helper);
        return tk_pg_raise_descriptor(error);
    }
    server->cancel = cancel;
    return TAKEO_DONE;
}

/* Nothing is sent while as much as may be still hangs: the connection is closed for it later. */
void tk_pg_interrupt(tk_server *server) {
    struct tk_pg_cancel *cancel = server->cancel;
    if (cancel == NULL || tk_pg_helper_is_working(&cancel->helper)
        || tk_pg_helpers_left(TK_PG_HELPER_CANCEL) >= TK_PG_HELPERS_LEFT_MAX) {
        return;
    }
    cancel->begun_ns = tk_clock_now_ns();
    if (!tk_pg_helper_start(&cancel->helper, PATIENCE_NS)) {
        return; /* no thread: as if it had come too late */
    }
}

bool tk_pg_cancel_is_under_way(const tk_server *server) {
    return server->cancel != NULL && tk_pg_helper_is_working(&server->cancel->helper)
           && tk_clock_now_ns() < server->cancel->begun_ns + PATIENCE_NS;
}

int tk_pg_cancel_fd(const tk_server *server) {
    return server->cancel != NULL ? server->cancel->helper.fd : -1;
}

takeo_status tk_pg_cancel_settle(tk_server *server, tk_error *error) {
    struct tk_pg_cancel *cancel = server->cancel;
    if (cancel == NULL || !tk_pg_helper_is_working(&cancel->helper)) {
        return TAKEO_DONE;
    }
    if (tk_pg_cancel_is_under_way(server)) {
        return TAKEO_WAIT;
    }
    takeo_status status =
        tk_raise(error, TK_SERVER_LOST, "The server did not take the request to stop a statement.");
    TK_SET(error, why,
           "The request may still arrive, and would stop whatever runs then, so the connection is "
           "closed.");
    return status;
}

void tk_pg_cancel_free(tk_server *server) {
    if (server->cancel != NULL) {
        tk_pg_helper_leave(&server->cancel->helper);
        server->cancel = NULL;
    }
}

/* A request that travels is the parent's and goes on there. */
void tk_pg_cancel_abandon(tk_server *server) {
    if (server->cancel != NULL) {
        tk_pg_helper_abandon(&server->cancel->helper);
        server->cancel = NULL;
    }
}
