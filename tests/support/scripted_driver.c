/* scripted_driver.c - a driver that plays replies. */
#include "support.h"

#include <pthread.h>

#include "scripted_driver.h"

struct tk_server {
    scripted *script;
    tk_alloc alloc;
    bool is_in_transaction; /* of a driver that waits: there may be several connections */
};

struct tk_prepared {
    uint64_t id;
    uint32_t columns;
    uint32_t row;
};

/* The script of the next source that is opened; sources keep it by their servers. */
static __thread scripted *next_script;
static scripted *opened_script;

/* ---- script ---------------------------------------------------------------------------------- */

scripted_rule *scripted_add(scripted *script, const char *call) {
    assert_true(script->rule_count < TK_COUNT(script->rules));
    scripted_rule *rule = &script->rules[script->rule_count++];
    *rule = (scripted_rule){.call = call};
    return rule;
}

void scripted_fail(scripted *script, const char *call, tk_code code) {
    scripted_rule *rule = scripted_add(script, call);
    rule->status = tk_code_status(code);
    rule->code = code;
}

takeo_status scripted_open(scripted *script, const takeo_source_options *options, tk_source **out,
                           tk_error *error) {
    takeo_source_options none = {.struct_size = sizeof none};
    takeo_source_options given = options != NULL ? *options : none;
    given.url = given.url != NULL ? given.url : "sqlite:///scripted.db";
    next_script = opened_script = script;
    const tk_driver *driver = script->waits ? &scripted_waiting_driver : &scripted_driver;
    return tk_source_open_with(NULL, &given, driver, out, error);
}

tk_source *scripted_source(scripted *script, const takeo_source_options *options) {
    tk_source *source = NULL;
    tk_error error;
    tk_error_init(&error, tk_alloc_default);
    assert_int_equal(scripted_open(script, options, &source, &error), TAKEO_DONE);
    tk_error_done(&error);
    return source;
}

void scripted_clear(scripted *script) {
    script->log_len = 0;
    script->log[0] = '\0';
}

void scripted_done(const scripted *script) {
    assert_int_equal(script->executions, 0);
    assert_int_equal(script->prepared, 0);
    assert_int_equal(script->servers, 0);
    assert_int_equal(script->overlaps, 0);
}

/* ---- jobs ------------------------------------------------------------------------------------ */

static takeo_status job_bind(tk_job *base, tk_op *op, const takeo_cell **out) {
    scripted_job *job = (scripted_job *)base;
    if (job->bind_status < 0) {
        return tk_raise(&op->error, TK_INPUT_TYPE, "bind fails");
    }
    if (job->left == 0) {
        return TAKEO_DONE;
    }
    job->left--;
    job->argument.v.i++;
    *out = &job->argument;
    return TAKEO_ROWS;
}

static takeo_status job_row(tk_job *base, tk_op *op, const takeo_cell *cells) {
    scripted_job *job = (scripted_job *)base;
    job->rows++;
    assert_int_equal(cells[0].type, TAKEO_TYPE_INT64);
    if (job->on_row != NULL) {
        job->on_row(job, op);
    }
    return job->row_status < 0 ? tk_raise(&op->error, TK_RESULT_DECODE, "row fails") : TAKEO_DONE;
}

static void job_turn(tk_job *base, tk_op *op) {
    (void)op;
    ((scripted_job *)base)->turns++;
}

static takeo_status job_ran(tk_job *base, tk_op *op, const tk_execution *execution) {
    scripted_job *job = (scripted_job *)base;
    job->ran++;
    op->result.affected += execution->affected;
    return job->ran_status < 0 ? tk_raise(&op->error, TK_WRITE_STALE, "ran fails") : TAKEO_DONE;
}

static takeo_status job_done(tk_job *base, tk_op *op) {
    scripted_job *job = (scripted_job *)base;
    job->done++;
    return job->done_status < 0 ? tk_raise(&op->error, TK_RESULT_NOT_FOUND, "done fails")
                                : TAKEO_DONE;
}

static takeo_status job_described(tk_job *base, tk_op *op, const takeo_column_info *columns,
                                  uint32_t count) {
    scripted_job *job = (scripted_job *)base;
    (void)op;
    assert_non_null(columns);
    job->described = count;
    return TAKEO_DONE;
}

static const tk_job_methods job_methods = {.name = "scripted",
                                           .bind = job_bind,
                                           .row = job_row,
                                           .turn = job_turn,
                                           .ran = job_ran,
                                           .done = job_done,
                                           .described = job_described};

void scripted_job_init(scripted_job *job, uint64_t id, uint32_t executions) {
    *job = (scripted_job){.left = executions};
    job->types[0] = TAKEO_TYPE_INT64;
    job->argument = tk_cell_int(TAKEO_TYPE_INT64, 0);
    job->sql = (tk_sql){.id = id,
                        .text = "select a from t where a > ?1",
                        .len = 28,
                        .parameters = job->types,
                        .parameter_count = 1,
                        .columns = job->types,
                        .column_count = 1};
    job->job.methods = &job_methods;
    job->job.sql = &job->sql;
}

static void job_finish(tk_op *op, takeo_status status) {
    scripted_job *job = op->verb;
    job->finished++;
    job->finish_status = status;
    if (job->on_finish != NULL) {
        job->on_finish(op);
    }
}

takeo_status scripted_start(tk_op *op, scripted_job *job, const tk_interpreter *interpreter) {
    takeo_status status = tk_op_start(op, interpreter);
    if (status < 0) {
        return tk_op_refuse(op, status);
    }
    if (job != NULL) {
        op->verb = job;
        op->finish = job_finish;
        op->is_write = job->sql.is_write;
        tk_op_append(op, &job->job);
    }
    tk_op_ready(op);
    return TAKEO_DONE;
}

takeo_status scripted_run(tk_op *op, scripted_job *job) {
    TK_TRY(scripted_start(op, job, NULL));
    return tk_op_wait(op, -1);
}

tk_op *scripted_op(tk_session *session) {
    tk_op *op = NULL;
    assert_int_equal(tk_op_new(session, &op, NULL), TAKEO_DONE);
    return op;
}

tk_session *scripted_session(tk_source *source) {
    tk_session *session = NULL;
    assert_int_equal(tk_session_new(source, &session, NULL), TAKEO_DONE);
    return session;
}

static void enter(scripted *script) {
    if (__atomic_add_fetch(&script->inside, 1, __ATOMIC_ACQ_REL) != 1) {
        __atomic_add_fetch(&script->overlaps, 1, __ATOMIC_RELAXED);
    }
}

static void leave(scripted *script) {
    __atomic_sub_fetch(&script->inside, 1, __ATOMIC_ACQ_REL);
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* several connections may speak */

/* Of the connection that spoke last: with several of them each server has its own. */
static void set_in_transaction(scripted *script, bool is_inside) {
    __atomic_store_n(&script->is_in_transaction, is_inside, __ATOMIC_RELAXED);
}

static void write_down(scripted *script, const char *line) {
    size_t len = strlen(line);
    pthread_mutex_lock(&lock);
    if (script->log_len + len + 3 < sizeof script->log) {
        memcpy(script->log + script->log_len, line, len);
        memcpy(script->log + script->log_len + len, "; ", 3);
        script->log_len += len + 2;
    }
    pthread_mutex_unlock(&lock);
}

static scripted_rule *find_rule(scripted *script, const char *line) {
    for (uint32_t i = 0; i < script->rule_count; i++) {
        scripted_rule *rule = &script->rules[i];
        if (strncmp(line, rule->call, strlen(rule->call)) == 0) {
            uint32_t number = rule->seen++;
            uint32_t times = rule->times != 0 ? rule->times : 1;
            if (number >= rule->skip && number - rule->skip < times) {
                return rule;
            }
        }
    }
    return NULL;
}

/* Play a call.  TAKEO_DONE: go on as ever. */
static takeo_status play(scripted *script, const char *line, bool is_logged, tk_error *error) {
    enter(script);
    if (is_logged) {
        write_down(script, line);
    }
    takeo_status status = TAKEO_DONE;
    const scripted_rule *rule = find_rule(script, line);
    if (rule != NULL) {
        status = rule->status;
        if (rule->act != NULL) {
            rule->act(script);
        }
        if (rule->ends_transaction) {
            set_in_transaction(script, false);
        }
        if (status < 0) {
            status = tk_raise(error, rule->code, "%s was refused by the script", line);
            if (error != NULL) {
                tk_error_last(error)->flags |= rule->flags;
            }
        }
    }
    leave(script);
    return status;
}

static takeo_status play_id(scripted *script, const char *call, uint64_t id, bool is_logged,
                            tk_error *error) {
    char line[64];
    (void)snprintf(line, sizeof line, "%s %llu", call, (unsigned long long)id);
    return play(script, line, is_logged, error);
}

/* ---- the table ------------------------------------------------------------------------------- */

static takeo_status do_load(tk_error *error) {
    scripted *script = next_script;
    next_script = NULL;
    return script != NULL ? play(script, "load", false, error) : TAKEO_DONE;
}

static takeo_status do_open(const tk_server_options *options, tk_server **out, tk_error *error) {
    scripted *script = opened_script;
    pthread_mutex_lock(&lock);
    script->ctx = options->ctx;
    script->pause = options->pause;
    script->tick = options->tick;
    script->notice = options->notice;
    (void)snprintf(script->password, sizeof script->password, "%s",
                   options->password != NULL ? options->password : "");
    pthread_mutex_unlock(&lock);
    TK_TRY(play(script, "open", true, error));
    tk_server *server = tk_mem_new(&options->alloc, sizeof *server);
    if (server == NULL) {
        return tk_raise_memory(error);
    }
    *server = (tk_server){.script = script, .alloc = options->alloc};
    __atomic_add_fetch(&script->servers, 1, __ATOMIC_RELAXED);
    set_in_transaction(script, false);
    *out = server;
    return TAKEO_DONE;
}

static void end_server(tk_server *server, const char *line) {
    tk_alloc alloc = server->alloc;
    (void)play(server->script, line, true, NULL);
    __atomic_sub_fetch(&server->script->servers, 1, __ATOMIC_RELAXED);
    set_in_transaction(server->script, false);
    tk_mem_free(&alloc, server, sizeof *server);
}

static void do_close(tk_server *server) {
    end_server(server, "close");
}

static void do_abandon(tk_server *server) {
    end_server(server, "abandon");
}

static void do_interrupt(tk_server *server) {
    __atomic_add_fetch(&server->script->interrupts, 1, __ATOMIC_RELAXED);
}

static takeo_status do_prepare(tk_server *server, const tk_sql *sql, tk_prepared **out,
                               tk_error *error) {
    takeo_status status = play_id(server->script, "prepare", sql->id, true, error);
    if (status != TAKEO_DONE) {
        return status;
    }
    tk_prepared *prepared = tk_mem_new(&server->alloc, sizeof *prepared);
    if (prepared == NULL) {
        return tk_raise_memory(error);
    }
    prepared->id = sql->id;
    prepared->columns = sql->columns != NULL ? sql->column_count : server->script->columns;
    __atomic_add_fetch(&server->script->prepared, 1, __ATOMIC_RELAXED);
    *out = prepared;
    return TAKEO_DONE;
}

static void do_forget(tk_server *server, tk_prepared *prepared) {
    (void)play_id(server->script, "forget", prepared->id, true, NULL);
    __atomic_sub_fetch(&server->script->prepared, 1, __ATOMIC_RELAXED);
    tk_mem_free(&server->alloc, prepared, sizeof *prepared);
}

static uint32_t do_columns(tk_server *server, tk_prepared *prepared,
                           const takeo_column_info **out) {
    static const takeo_column_info infos[4] = {{.name = {"a", 1}, .type = TAKEO_TYPE_INT64},
                                               {.name = {"b", 1}, .type = TAKEO_TYPE_INT64},
                                               {.name = {"c", 1}, .type = TAKEO_TYPE_INT64},
                                               {.name = {"d", 1}, .type = TAKEO_TYPE_INT64}};
    (void)server;
    *out = infos;
    return prepared->columns;
}

static takeo_status do_start(tk_server *server, tk_prepared *prepared, const takeo_cell *arguments,
                             uint32_t count, tk_error *error) {
    takeo_status status = play_id(server->script, "start", prepared->id, true, error);
    if (status != TAKEO_WAIT) {
        __atomic_add_fetch(&server->script->executions, 1, __ATOMIC_RELAXED);
    }
    if (status == TAKEO_DONE && count != 0) {
        pthread_mutex_lock(&lock);
        server->script->last_argument = arguments[0];
        pthread_mutex_unlock(&lock);
    }
    return status;
}

static takeo_status do_fetch(tk_server *server, tk_prepared *prepared, takeo_cell *row,
                             tk_error *error) {
    takeo_status status = play_id(server->script, "fetch", prepared->id, false, error);
    if (status != TAKEO_DONE || prepared->columns == 0 || prepared->row == server->script->rows) {
        return status;
    }
    prepared->row++;
    for (uint32_t i = 0; i < prepared->columns; i++) {
        row[i] = tk_cell_int(TAKEO_TYPE_INT64, prepared->row);
    }
    return TAKEO_ROWS;
}

static void do_end(tk_server *server, tk_prepared *prepared, tk_execution *out) {
    (void)play_id(server->script, "end", prepared->id, true, NULL);
    __atomic_sub_fetch(&server->script->executions, 1, __ATOMIC_RELAXED);
    prepared->row = 0; /* of the next one, which may be started already */
    *out = server->script->execution;
    if (server->script->execution_ends_transaction) {
        server->is_in_transaction = false;
        set_in_transaction(server->script, false);
    }
}

static void note_text(tk_server *server, const char *sql, takeo_status status) {
    if (status == TAKEO_DONE && strncmp(sql, "begin", 5) == 0) {
        server->is_in_transaction = true;
        set_in_transaction(server->script, true);
    } else if (status == TAKEO_DONE
               && (strcmp(sql, "commit") == 0 || strcmp(sql, "rollback") == 0)) {
        server->is_in_transaction = false;
        set_in_transaction(server->script, false);
    }
}

static takeo_status do_run(tk_server *server, const char *sql, tk_error *error) {
    char line[128];
    (void)snprintf(line, sizeof line, "run %s", sql);
    takeo_status status = play(server->script, line, true, error);
    note_text(server, sql, status);
    return status;
}

static bool do_is_in_transaction(tk_server *server) {
    return __atomic_load_n(&server->script->is_in_transaction, __ATOMIC_RELAXED);
}

static const char *do_begin_text(const tk_begin *how, uint32_t number) {
    if (number == 0) {
        return how->is_write ? "begin immediate" : "begin";
    }
    return number == 1 && how->is_read_only ? "pragma query_only = 1" : NULL;
}

static void *do_native(tk_server *server) {
    return server;
}

const tk_driver scripted_driver = {
    .name = "scripted",
    .dialect = "sqlite",
    .blocks = true,
    .max_parameters = 100,
    .isolations = 1U << TAKEO_ISOLATION_SERIALIZABLE,
    .load = do_load,
    .open = do_open,
    .close = do_close,
    .abandon = do_abandon,
    .interrupt = do_interrupt,
    .prepare = do_prepare,
    .forget = do_forget,
    .columns = do_columns,
    .start = do_start,
    .fetch = do_fetch,
    .end = do_end,
    .run = do_run,
    .is_in_transaction = do_is_in_transaction,
    .begin_text = do_begin_text,
    .after_read_only = "pragma query_only = 0",
    .max_connections = 1,
    .native = do_native,
};

/* ---- the same as a driver that does not block ------------------------------------------------ */

static takeo_status do_open_later(const tk_server_options *options, tk_server **out,
                                  tk_error *error) {
    TK_TRY(do_open(options, out, error));
    return TAKEO_WAIT;
}

static takeo_status do_establish(tk_server *server, tk_error *error) {
    return play(server->script, "establish", true, error);
}

static takeo_status do_run_later(tk_server *server, const char *sql, tk_error *error) {
    char line[128];
    (void)snprintf(line, sizeof line, "later %s", sql);
    takeo_status status = play(server->script, line, true, error);
    note_text(server, sql, status);
    return status;
}

static takeo_status do_describe(tk_server *server, tk_prepared *prepared, bool before_it_runs,
                                tk_error *error) {
    (void)before_it_runs;
    return play_id(server->script, "describe", prepared->id, true, error);
}

/* Nothing to watch: whoever waits looks again after a moment. */
static void do_interest(tk_server *server, int *out_fd, takeo_events *out_events) {
    *out_fd = server->script->fd != 0 ? server->script->fd : -1;
    *out_events = TAKEO_EVENT_READ;
}

static takeo_status do_advance(tk_server *server) {
    return play(server->script, "advance", false, NULL);
}

static takeo_status do_settle(tk_server *server, tk_error *error) {
    return play(server->script, "settle", true, error);
}

static takeo_status do_reset(tk_server *server, tk_error *error) {
    return play(server->script, "reset", true, error);
}

static bool do_is_alive(tk_server *server) {
    return play(server->script, "alive", false, NULL) == TAKEO_DONE;
}

static bool do_server_is_in_transaction(tk_server *server) {
    return server->is_in_transaction;
}

static int64_t do_process_id(tk_server *server) {
    (void)server;
    return 4711;
}

const tk_driver scripted_waiting_driver = {
    .name = "scripted",
    .dialect = "sqlite",
    .takes_password = true,
    .pipelines = true,
    .max_parameters = 100,
    .isolations = 1U << TAKEO_ISOLATION_SERIALIZABLE,
    .load = do_load,
    .open = do_open_later,
    .establish = do_establish,
    .close = do_close,
    .abandon = do_abandon,
    .interrupt = do_interrupt,
    .interest = do_interest,
    .advance = do_advance,
    .settle = do_settle,
    .is_alive = do_is_alive,
    .reset = do_reset,
    .prepare = do_prepare,
    .forget = do_forget,
    .describe = do_describe,
    .columns = do_columns,
    .start = do_start,
    .fetch = do_fetch,
    .end = do_end,
    .run = do_run,
    .run_later = do_run_later,
    .is_in_transaction = do_server_is_in_transaction,
    .begin_text = do_begin_text,
    .native = do_native,
    .process_id = do_process_id,
};
