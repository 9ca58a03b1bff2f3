/* task.c - what a run of any verb keeps, from its start to its end.
 *
 * A verb puts whatever it takes into its task at once: then a failure at any point, before or after
 * the start, lets go of all of it in one place.  It must not know what the verbs do.
 */
#include "orm/orm_int.h"

static void let_go(tk_task *task) {
    while (task->cleanups != NULL) {
        tk_cleanup *cleanup = task->cleanups;
        task->cleanups = cleanup->next;
        cleanup->run(cleanup);
    }
    if (task->receiver != NULL) {
        task->receiver->release(task->receiver);
        task->receiver = NULL;
    }
    if (task->has_own) {
        task->has_own = false;
        tk_holder_done(&task->own);
    }
    tk_statement_drop(task->statement);
    task->statement = NULL;
    tk_target_drop(task->target);
    task->target = NULL;
}

static void finish(tk_op *op, takeo_status status) {
    tk_task *task = op->verb;
    if (task == NULL) {
        return;
    }
    if (task->settle != NULL) {
        takeo_status settled = task->settle(task, status);
        (void)settled; /* what went wrong stands in op->error */
    }
    let_go(task);
    op->verb = NULL;
}

takeo_status tk_task_start(tk_op *op, tk_target *target, tk_holder *holder, size_t size,
                           tk_task **out) {
    const tk_host *host = holder != NULL ? holder->host : target != NULL ? target->host : NULL;
    TK_TRY(tk_op_start(op, host != NULL ? &host->interpreter : NULL));
    op->verb = NULL;
    op->finish = finish;
    op->explain = tk_orm_explain;
    tk_task *task = tk_task_take(op, size);
    if (task == NULL) {
        return tk_raise_memory(&op->error);
    }
    task->op = op;
    task->holder = holder;
    if (target != NULL) {
        task->target = tk_target_hold(target);
    }
    if (target != NULL && holder == NULL) {
        tk_holder_init(&task->own, target->host, &op->arena);
        task->own.flags = op->options.flags & (TAKEO_OP_COERCE_TEXT | TAKEO_OP_COERCE_LOSSY);
        task->has_own = true;
        task->holder = &task->own;
    }
    op->verb = task;
    *out = task;
    return TAKEO_DONE;
}

void tk_task_add_cleanup(tk_task *task, tk_cleanup *cleanup, void (*run)(tk_cleanup *cleanup)) {
    cleanup->run = run;
    cleanup->next = task->cleanups;
    task->cleanups = cleanup;
}

typedef struct kept {
    tk_cleanup cleanup;
    tk_statement *statement;
} kept;

static void drop_kept(tk_cleanup *cleanup) {
    tk_statement_drop(((kept *)cleanup)->statement);
}

takeo_status tk_task_keep(tk_task *task, tk_statement *statement) {
    if (task->statement == NULL) {
        task->statement = statement;
        return TAKEO_DONE;
    }
    kept *keep = tk_task_take(task->op, sizeof *keep);
    if (keep == NULL) {
        tk_statement_drop(statement);
        return tk_raise_memory(&task->op->error);
    }
    keep->statement = statement;
    tk_task_add_cleanup(task, &keep->cleanup, drop_kept);
    return TAKEO_DONE;
}

takeo_status tk_task_ready(tk_op *op, takeo_status status) {
    if (TK_UNLIKELY(status < 0)) {
        return tk_op_refuse(op, status);
    }
    tk_op_ready(op);
    return TAKEO_DONE;
}

bool tk_task_lost_statement(const tk_op *op) {
    const takeo_error *record = op->error.first;
    return record != NULL && (record->flags & TAKEO_ERROR_RETRYABLE) != 0
           && tk_text_equal(record->code, tk_zstr(tk_code_text(TK_SERVER_SCHEMA)));
}

void *tk_task_take(tk_op *op, size_t size) {
    void *memory = tk_arena_take(&op->arena, size);
    return memory != NULL ? memset(memory, 0, size) : NULL;
}
