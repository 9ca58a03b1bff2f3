/* session.c - one caller's conversation with a source: made, looked at, freed.
 *
 * It keeps the list of its operations, so that either side may be freed first.  What levels mean is
 * in txn.c; it must not know states.
 */
#include "conn/conn_int.h"

void tk_session_init(tk_session *session, tk_source *source, bool is_shared) {
    session->source = source;
    session->is_shared = is_shared;
    session->process_id = source->process_id;
    tk_link_init(&session->operations);
}

takeo_status tk_session_new(tk_source *source, tk_session **out, tk_error *error) {
    TK_TRY(tk_source_check(source, NULL, error));
    tk_session *session = tk_mem_new(&source->alloc, sizeof *session);
    if (session == NULL) {
        return tk_raise_memory(error);
    }
    tk_session_init(session, tk_source_hold(source), false);
    *out = session;
    return TAKEO_DONE;
}

/* Its operations stay where they are and answer TAKEO_ECLOSED from now on. */
static void let_operations_go(tk_session *session, bool is_forked) {
    tk_link *head = &session->operations;
    while (!tk_link_is_alone(head)) {
        tk_op *op = TK_CONTAINER(head->next, tk_op, link);
        if (tk_op_is_running(op) && !is_forked) {
            tk_op_abort(op);
        }
        tk_link_remove(&op->link);
        op->session = NULL;
    }
}

void tk_session_free(tk_session *session) {
    if (session == NULL || session->is_shared) {
        return;
    }
    tk_source *source = session->source;
    bool is_forked = tk_process_id() != session->process_id;
    let_operations_go(session, is_forked);
    if (!is_forked) {
        tk_take_end_session(session);
    }
    tk_alloc alloc = source->alloc;
    tk_mem_free(&alloc, session, sizeof *session);
    tk_source_drop(source);
}

static uint32_t count_running(const tk_session *session) {
    uint32_t count = 0;
    for (const tk_link *link = session->operations.next; link != &session->operations;
         link = link->next) {
        count += tk_op_is_running(TK_CONTAINER(link, tk_op, link));
    }
    return count;
}

/* Operations of the shared session are of any thread: only those that have or want a connection
 * are known, to the source. */
static uint32_t count_shared(tk_session *session) {
    tk_source *source = session->source;
    tk_mutex_lock(source->mutex);
    uint32_t count = 0;
    for (const tk_conn *conn = source->conns; conn != NULL; conn = conn->next) {
        count += conn->op != NULL && conn->op->session == session;
    }
    for (tk_link *link = source->queue.next; link != &source->queue; link = link->next) {
        count += TK_CONTAINER(link, tk_op, run.waiting)->session == session;
    }
    tk_mutex_unlock(source->mutex);
    return count;
}

void tk_session_describe(tk_session *session, takeo_session_info *out) {
    out->running = session->is_shared ? count_shared(session) : count_running(session);
    tk_mutex_lock(session->source->mutex); /* a drain may take the connection away */
    const tk_conn *conn = session->conn;
    const tk_server *server = conn != NULL ? conn->server : NULL;
    out->flags = (session->has_failed ? TAKEO_SESSION_INFO_FAILED : 0)
                 | (conn != NULL ? TAKEO_SESSION_INFO_CONNECTED : 0)
                 | (session->has_written ? TAKEO_SESSION_INFO_WROTE : 0);
    out->level = session->level;
    out->connection = conn != NULL ? conn->number : 0;
    out->server_pid = server != NULL && conn->driver->process_id != NULL
                          ? conn->driver->process_id(conn->server)
                          : 0;
    out->native =
        server != NULL && conn->driver->native != NULL ? conn->driver->native(conn->server) : NULL;
    tk_mutex_unlock(session->source->mutex);
}
