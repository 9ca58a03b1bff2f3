/* conn.c - the connection: opened at first use, closed when it cannot be trusted, opened again.
 *
 * Between two opens it is an empty shell with the same address, so whoever holds it needs not ask.
 * It must not know whose turn it is (take.c) nor what is run.
 */
#include "conn/conn_int.h"

tk_conn *tk_conn_new(tk_source *source) {
    tk_conn *conn = tk_mem_new(&source->alloc, sizeof *conn);
    if (conn != NULL) {
        conn->source = source;
        conn->driver = source->driver;
    }
    return conn;
}

/* What a driver asks while it works: for the operation that uses the connection now.  Outside of
 * operations (a transaction that is rolled back as its session goes) nothing stops it. */
static bool pause_for(void *ctx, int64_t ns) {
    const tk_conn *conn = ctx;
    if (conn->op == NULL) {
        tk_sleep_ns(ns);
        return true;
    }
    return tk_op_pause(conn->op, ns);
}

static bool tick_for(void *ctx) {
    const tk_conn *conn = ctx;
    return conn->op == NULL || tk_op_tick(conn->op);
}

/* Another thread may look at the server in order to interrupt it. */
static void set_server(tk_conn *conn, tk_server *server) {
    tk_mutex_lock(conn->source->mutex);
    conn->server = server;
    tk_mutex_unlock(conn->source->mutex);
}

takeo_status tk_conn_open(tk_conn *conn, tk_op *op) {
    const tk_source *source = conn->source;
    if (conn->statements == NULL) {
        conn->statements = tk_stmtcache_new(&source->alloc);
    }
    if (conn->statements == NULL) {
        return tk_raise_memory(&op->error);
    }
    tk_server_options options = {
        .url = &source->url,
        .settings = source->options.settings,
        .setting_count = source->options.setting_count,
        .init_sql = source->options.init_sql,
        .init_sql_count = source->options.init_sql_count,
        .deadline_ns = op->deadline_ns,
        .alloc = source->alloc,
        .ctx = conn,
        .pause = pause_for,
        .tick = tick_for,
    };
    tk_server *server = NULL;
    (void)tk_op_leave(op);
    takeo_status status = conn->driver->open(&options, &server, &op->error);
    tk_op_enter(op);
    TK_TRY(status);
    set_server(conn, server);
    conn->number++;
    return TAKEO_DONE;
}

void tk_conn_close(tk_conn *conn) {
    tk_server *server = conn->server;
    if (server == NULL) {
        return;
    }
    tk_prepared *prepared;
    while ((prepared = tk_stmtcache_take(conn->statements)) != NULL) {
        conn->driver->forget(server, prepared);
    }
    set_server(conn, NULL);
    conn->driver->close(server);
}

void tk_conn_free(tk_conn *conn) {
    tk_source *source = conn->source;
    if (tk_process_id() == source->process_id) {
        tk_conn_close(conn);
    } else if (conn->server != NULL) {
        conn->driver->abandon(conn->server);
    }
    if (conn->statements != NULL) {
        tk_stmtcache_free(&source->alloc, conn->statements);
    }
    tk_mem_free(&source->alloc, conn, sizeof *conn);
}
