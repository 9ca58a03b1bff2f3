/* pool.c - the connections of a source: how many, which are free, when they go.
 *
 * A connection is a shell that lives as long as the pool has room for it; it is connected at first
 * use, closed when it cannot be trusted or its time is over, and connected again.  Free shells stand
 * in one list: connected ones first, the one that came back last before all, so that few stay warm
 * and the others grow old.  It must not know whose turn it is (take.c).
 *
 * Everything here is called with the source's mutex held, except where a comment says otherwise.
 */
#include "conn/conn_int.h"

enum {
    SIZE_MAX_ALLOWED = 100000,
    LOOKS = 8 /* at idle connections, while one grows too old */
};

static tk_conn *conn_of(tk_link *link) {
    return TK_CONTAINER(link, tk_conn, idle);
}

/* ---- shells ---------------------------------------------------------------------------------- */

takeo_status tk_pool_grow(tk_source *source, uint32_t count, tk_error *error) {
    for (uint32_t made = 0; made < count; made++) {
        tk_conn *conn =
            tk_conn_new(source); /* without the mutex: the allocator may be the host's */
        if (conn == NULL) {
            return tk_raise_memory(error);
        }
        tk_mutex_lock(source->mutex);
        conn->next = source->conns;
        source->conns = conn;
        source->conn_count++;
        tk_link_append(&source->idle, &conn->idle);
        tk_mutex_unlock(source->mutex);
    }
    return TAKEO_DONE;
}

void tk_pool_free(tk_source *source) { /* nobody uses the source any more: without the mutex */
    while (source->conns != NULL) {
        tk_conn *conn = source->conns;
        source->conns = conn->next;
        tk_conn_free(conn);
    }
    tk_error_free(source->connect_failure);
}

/* Take a shell that nobody has out of the pool. */
static void remove_shell(tk_source *source, tk_conn *conn) {
    tk_conn **at = &source->conns;
    while (*at != conn) {
        at = &(*at)->next;
    }
    *at = conn->next;
    source->conn_count--;
    tk_link_remove(&conn->idle);
}

/* ---- taking and giving back ------------------------------------------------------------------ */

static tk_conn *lend(tk_conn *conn) {
    tk_link_remove(&conn->idle);
    conn->is_taken = true;
    __atomic_store_n(&conn->holder_thread, 0,
                     __ATOMIC_RELAXED); /* its operation says so when it runs */
    conn->source->stats.acquired++;
    return conn;
}

tk_conn *tk_pool_take(tk_source *source) {
    if (tk_link_is_alone(&source->idle)) {
        return NULL;
    }
    tk_conn *conn = conn_of(source->idle.next);
    if (conn->server == NULL && source->connect_again_ns != 0
        && tk_clock_now_ns() < source->connect_again_ns) {
        return NULL; /* the server was not to be reached a moment ago */
    }
    return lend(conn);
}

tk_conn *tk_pool_take_missing(tk_source *source) {
    uint32_t connected = 0;
    for (const tk_conn *conn = source->conns; conn != NULL; conn = conn->next) {
        connected += conn->server != NULL;
    }
    tk_link *last = source->idle.previous;
    bool is_there = last != &source->idle && conn_of(last)->server == NULL;
    return is_there && connected < source->limits.min_size ? lend(conn_of(last)) : NULL;
}

/* The connected one that has been idle for the longest time, when that is too long.  Asked at every
 * return, looked for now and then. */
static tk_conn *find_stale(tk_source *source, int64_t now_ns) {
    int64_t most_ns = source->limits.idle_ns;
    if (most_ns <= 0 || now_ns < source->look_again_ns) {
        return NULL;
    }
    source->look_again_ns = now_ns + most_ns / LOOKS;
    tk_conn *oldest = NULL;
    uint32_t connected = 0;
    for (tk_conn *conn = source->conns; conn != NULL; conn = conn->next) {
        connected += conn->server != NULL;
        if (!conn->is_taken && conn->server != NULL
            && (oldest == NULL || conn->idle_ns < oldest->idle_ns)) {
            oldest = conn;
        }
    }
    bool is_stale =
        oldest != NULL && now_ns - oldest->idle_ns > most_ns && connected > source->limits.min_size;
    if (is_stale) {
        tk_link_remove(&oldest->idle);
        oldest->is_taken = true;
        source->stats.closed_idle++;
        source->look_again_ns = 0; /* there may be more of them */
    }
    return is_stale ? oldest : NULL;
}

/* Put a shell back; one that is too many goes.  Gives what is to be freed, without the mutex. */
static tk_conn *put(tk_source *source, tk_conn *conn) {
    conn->is_taken = false;
    if (source->conn_count > source->conn_max) {
        tk_link_append(&source->idle, &conn->idle);
        remove_shell(source, conn);
        return conn;
    }
    if (conn->server == NULL) {
        tk_link_append(&source->idle, &conn->idle);
    } else {
        tk_link_prepend(&source->idle, &conn->idle);
    }
    return NULL;
}

static bool is_worn(const tk_source *source, const tk_conn *conn, int64_t now_ns) {
    int64_t lifetime_ns = source->limits.lifetime_ns;
    return lifetime_ns > 0 && now_ns - conn->opened_ns > lifetime_ns;
}

void tk_pool_give_back(tk_conn *conn) { /* without the mutex */
    tk_source *source = conn->source;
    int64_t now = source->driver->blocks ? 0 : tk_clock_about_ns(); /* an embedded one never ages */
    tk_mutex_lock(source->mutex);
    tk_conn_leave(conn);
    conn->holder = NULL;
    conn->idle_ns = now;
    bool is_old = now != 0 && is_worn(source, conn, now);
    if (TK_UNLIKELY(is_old || tk_source_phase_of(source) == TK_SOURCE_CLOSED)) {
        source->stats.closed_lifetime += is_old;
        tk_mutex_unlock(source->mutex);
        tk_conn_close(conn);
        tk_mutex_lock(source->mutex);
    }
    tk_conn *gone = put(source, conn);
    tk_conn *stale = now != 0 && source->conn_count > 1 ? find_stale(source, now) : NULL;
    tk_take_serve(source);
    bool must_close = tk_source_phase_of(source) == TK_SOURCE_CLOSED && conn->server != NULL;
    tk_mutex_unlock(source->mutex);
    if (TK_UNLIKELY(gone != NULL)) {
        tk_conn_free(gone);
    }
    if (TK_UNLIKELY(stale != NULL)) {
        tk_conn_close(stale);
        tk_pool_give_back(stale);
    }
    if (TK_UNLIKELY(must_close)) {
        tk_pool_close_idle(source);
    }
}

void tk_pool_close_idle(tk_source *source) { /* without the mutex */
    for (;;) {
        tk_mutex_lock(source->mutex);
        bool is_there = !tk_link_is_alone(&source->idle);
        tk_conn *conn = is_there ? conn_of(source->idle.next) : NULL;
        is_there = is_there && conn->server != NULL;
        if (is_there) {
            tk_link_remove(&conn->idle);
            conn->is_taken = true; /* or who gives one back may close it as stale */
        }
        tk_mutex_unlock(source->mutex);
        if (!is_there) {
            return;
        }
        tk_conn_close(conn);
        tk_mutex_lock(source->mutex);
        conn->is_taken = false;
        tk_link_append(&source->idle, &conn->idle);
        tk_mutex_unlock(source->mutex);
    }
}

/* ---- connecting again after a failure -------------------------------------------------------- */

#define BACK_OFF_FIRST_NS INT64_C(20000000)
#define BACK_OFF_MOST_NS INT64_C(1000000000)

void tk_pool_note_connect(tk_source *source, bool is_good, const takeo_error *failure,
                          int64_t now_ns) { /* without the mutex */
    uint64_t random = 0;
    bool is_random = is_good || tk_rand_bytes(&random, sizeof random);
    takeo_error *last = failure != NULL ? tk_error_copy(failure) : NULL;
    tk_mutex_lock(source->mutex);
    if (is_good || last != NULL) {
        takeo_error *before = source->connect_failure;
        source->connect_failure = last;
        last = before;
    }
    if (is_good) {
        source->stats.connected++;
        source->connect_failures = 0;
        source->connect_again_ns = 0;
    } else {
        source->stats.connect_failed++;
        int64_t most = BACK_OFF_FIRST_NS;
        for (uint32_t i = 0; i < source->connect_failures && most < BACK_OFF_MOST_NS; i++) {
            most *= 2;
        }
        most = most < BACK_OFF_MOST_NS ? most : BACK_OFF_MOST_NS;
        /* From half of it to all of it, so that those who failed together do not come together. */
        int64_t jitter = is_random ? (int64_t)(random % (uint64_t)(most / 2 + 1)) : most / 4;
        source->connect_failures++;
        source->connect_again_ns = now_ns + most / 2 + jitter;
    }
    tk_mutex_unlock(source->mutex);
    tk_error_free(last);
}

/* ---- limits, statistics ---------------------------------------------------------------------- */

static int64_t time_or(int64_t ns, int64_t otherwise) {
    return ns == 0 ? otherwise : ns;
}

takeo_status tk_pool_read_limits(const tk_source *source, const takeo_pool_limits *given,
                                 takeo_pool_limits *out, tk_error *error) {
    takeo_pool_limits limits = {.struct_size = sizeof limits};
    if (given != NULL) {
        limits = *given;
    }
    uint32_t most = source->driver->max_connections;
    limits.max_size = limits.max_size != 0 ? limits.max_size : TK_POOL_SIZE;
    if (limits.max_size > SIZE_MAX_ALLOWED) {
        return tk_raise(error, TK_CONFIG_INVALID, "A pool of %u connections is too large.",
                        limits.max_size);
    }
    if (limits.min_size > limits.max_size) {
        return tk_raise(error, TK_CONFIG_INVALID,
                        "The pool keeps at least %u connections, but has room for %u.",
                        limits.min_size, limits.max_size);
    }
    if (most != 0) {
        limits.max_size = limits.max_size < most ? limits.max_size : most;
        limits.min_size = limits.min_size < most ? limits.min_size : most;
    }
    limits.acquire_ns = time_or(limits.acquire_ns, TK_ACQUIRE_NS);
    limits.connect_ns = time_or(limits.connect_ns, TK_CONNECT_NS);
    limits.idle_ns = time_or(limits.idle_ns, TK_IDLE_NS);
    limits.lifetime_ns = time_or(limits.lifetime_ns, -1);
    *out = limits;
    return TAKEO_DONE;
}

takeo_pool_limits tk_pool_limits_now(tk_source *source) { /* without the mutex */
    tk_mutex_lock(source->mutex);
    takeo_pool_limits limits = source->limits;
    tk_mutex_unlock(source->mutex);
    return limits;
}

takeo_status tk_source_limit(tk_source *source, const takeo_pool_limits *given, tk_error *error) {
    TK_TRY(tk_source_check(source, NULL, error));
    takeo_pool_limits limits;
    TK_TRY(tk_pool_read_limits(source, given, &limits, error));
    tk_mutex_lock(source->mutex);
    uint32_t count = source->conn_count;
    source->limits = limits;
    source->conn_max = limits.max_size;
    tk_mutex_unlock(source->mutex);
    if (limits.max_size > count) {
        TK_TRY(tk_pool_grow(source, limits.max_size - count, error));
        tk_mutex_lock(source->mutex);
        tk_take_serve(source);
        tk_mutex_unlock(source->mutex);
        return TAKEO_DONE;
    }
    for (;;) { /* those that nobody has go at once, the others when they come back */
        tk_mutex_lock(source->mutex);
        bool is_too_many =
            source->conn_count > source->conn_max && !tk_link_is_alone(&source->idle);
        tk_conn *conn = is_too_many ? conn_of(source->idle.previous) : NULL;
        if (conn != NULL) {
            remove_shell(source, conn);
        }
        tk_mutex_unlock(source->mutex);
        if (conn == NULL) {
            return TAKEO_DONE;
        }
        tk_conn_free(conn);
    }
}

void tk_source_stats(tk_source *source, takeo_pool_stats *out) {
    int64_t now = tk_clock_now_ns();
    tk_mutex_lock(source->mutex);
    takeo_pool_stats stats = source->stats;
    stats.max_size = source->conn_max;
    for (const tk_conn *conn = source->conns; conn != NULL; conn = conn->next) {
        stats.size += conn->server != NULL;
        stats.idle += conn->server != NULL && !conn->is_taken;
        stats.busy += conn->server != NULL && conn->is_taken;
        stats.connecting += conn->is_taken && (conn->server == NULL || !conn->is_open);
        if (conn->holder != NULL && now - conn->held_ns > stats.oldest_holder_ns) {
            stats.oldest_holder_ns = now - conn->held_ns;
        }
    }
    stats.waiting = tk_take_count(source);
    tk_mutex_unlock(source->mutex);
    stats.struct_size = sizeof stats;
    *out = stats;
}
