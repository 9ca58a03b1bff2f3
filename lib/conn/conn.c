/* conn.c - a connection: opened at first use, closed when it cannot be trusted, opened again.
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
        tk_link_init(&conn->idle);
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
static void set_server(tk_conn *conn, tk_server *server, bool is_open) {
    tk_mutex_lock(conn->source->mutex);
    conn->server = server;
    conn->is_open = is_open;
    tk_mutex_unlock(conn->source->mutex);
}

static takeo_status begin_open(tk_conn *conn, tk_op *op) {
    const tk_source *source = conn->source;
    if (conn->statements == NULL) {
        conn->statements = tk_stmtcache_new(&source->alloc);
    }
    if (conn->statements == NULL) {
        return tk_raise_memory(&op->error);
    }
    char *password = NULL;
    TK_TRY(tk_password_ask(op, &password));
    int64_t patience = tk_pool_limits_now(conn->source).connect_ns; /* the host has its own */
    conn->connect_deadline_ns =
        tk_earlier(op->deadline_ns, patience < 0 ? -1 : tk_clock_now_ns() + patience);
    tk_server_options options = {
        .url = &source->url,
        .settings = source->options.settings,
        .setting_count = source->options.setting_count,
        .init_sql = source->options.init_sql,
        .init_sql_count = source->options.init_sql_count,
        .password = password,
        .deadline_ns = conn->connect_deadline_ns,
        .alloc = source->alloc,
        .ctx = conn,
        .pause = pause_for,
        .tick = tick_for,
        .notice = source->options.show_notices != NULL ? tk_notice_keep : NULL,
    };
    tk_server *server = NULL;
    (void)tk_op_leave(op);
    takeo_status status = conn->driver->open(&options, &server, &op->error);
    tk_op_enter(op);
    tk_password_forget(op, password);
    if (status >= 0) {
        conn->number = __atomic_add_fetch(&conn->source->next_number, 1, __ATOMIC_RELAXED);
        set_server(conn, server, false);
    }
    return status;
}

/* The server is asked for its word that it is open; for how long, this room decides. */
static takeo_status go_on_opening(tk_conn *conn, tk_op *op) {
    takeo_status status = conn->driver->establish(conn->server, &op->error);
    if (status != TAKEO_WAIT || conn->connect_deadline_ns < 0
        || tk_clock_now_ns() < conn->connect_deadline_ns) {
        return status;
    }
    if (conn->connect_deadline_ns == op->deadline_ns) {
        op->run.stop = TK_STOP_DEADLINE;
        return TAKEO_ECANCELED;
    }
    status = tk_raise(&op->error, TK_CONNECT_TIMEOUT,
                      "The database at %s did not answer within %.3g s.", conn->source->masked_url,
                      (double)tk_pool_limits_now(conn->source).connect_ns / (double)TK_SECOND_NS);
    TK_SET(&op->error, hint, "is it running, and is the address right?");
    return status;
}

takeo_status tk_conn_open(tk_conn *conn, tk_op *op) {
    bool is_new = conn->server == NULL;
    takeo_status status = is_new ? begin_open(conn, op) : go_on_opening(conn, op);
    if (status == TAKEO_WAIT) {
        return status;
    }
    int64_t now = tk_clock_now_ns();
    tk_pool_note_connect(conn->source, status >= 0, op->error.first, now);
    if (status < 0) {
        tk_notice_show(op);
        tk_conn_close(conn);
        return status;
    }
    conn->opened_ns = tk_clock_about_ns(); /* as is what it is compared with */
    set_server(conn, conn->server, true);
    return TAKEO_DONE;
}

takeo_status tk_conn_reset(tk_conn *conn, tk_op *op) {
    tk_error second; /* nobody is told: another connection takes its place */
    tk_error_init(&second, op->alloc);
    takeo_status status = conn->driver->reset(conn->server, &second);
    tk_error_done(&second);
    if (status == TAKEO_WAIT) {
        return status;
    }
    if (status < 0) {
        tk_conn_close_broken(conn);
    }
    conn->is_changed = false;
    return TAKEO_DONE;
}

void tk_conn_close_broken(tk_conn *conn) {
    tk_source *source = conn->source;
    tk_conn_close(conn);
    tk_mutex_lock(source->mutex);
    source->stats.closed_broken++;
    tk_mutex_unlock(source->mutex);
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
    set_server(conn, NULL, false);
    conn->is_changed = false;
    conn->driver->close(server);
    tk_notice_forget(conn);
}

void tk_conn_end_transaction(tk_conn *conn, bool is_read_only) {
    const tk_driver *driver = conn->driver;
    if (!driver->blocks) { /* nobody waits for an answer here */
        tk_conn_close(conn);
        return;
    }
    tk_error error;
    tk_error_init(&error, conn->source->alloc);
    takeo_status status = TAKEO_DONE;
    if (driver->is_in_transaction(conn->server)) {
        status = driver->run(conn->server, "rollback", &error);
    }
    if (status == TAKEO_DONE && is_read_only && driver->after_read_only != NULL) {
        status = driver->run(conn->server, driver->after_read_only, &error);
    }
    if (status != TAKEO_DONE) {
        tk_conn_close(conn);
    }
    tk_error_done(&error);
}

void tk_conn_free(tk_conn *conn) {
    tk_source *source = conn->source;
    if (tk_process_id() == source->process_id) {
        tk_conn_close(conn);
    } else if (conn->server != NULL) {
        conn->driver->abandon(conn->server);
    }
    tk_notice_forget(conn);
    if (conn->statements != NULL) {
        tk_stmtcache_free(&source->alloc, conn->statements);
    }
    tk_mem_free(&source->alloc, conn, sizeof *conn);
}
