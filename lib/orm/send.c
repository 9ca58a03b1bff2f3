/* send.c - the jobs that write: one for each run of objects of the same statement.
 *
 * Each execution is one object, so that what came of it belongs to that object and to no other.  No
 * object of the host is touched here: the interpreter's lock is not held.
 */
#include "orm/write_int.h"

enum { SHOWN = 80 };

typedef struct write_job {
    tk_job job;
    tk_write *write;
    tk_group *group;
    tk_subject **next;  /* to be bound */
    tk_subject **fetch; /* whose execution is fetched next; behind `next` in a pipeline */
    tk_subject **end;
    tk_subject *current;
} write_job;

/* ---- failures -------------------------------------------------------------------------------- */

static void set_subject(const tk_subject *subject, tk_error *error) {
    if (tk_error_last(error) != NULL) {
        tk_error_last(error)->object = subject->number;
    }
    TK_SET(error, entity, "%s", subject->entity->name.data);
}

/* The key for a message; the buffer is the caller's to free. */
static const char *show_key(const tk_subject *subject, tk_buf *buf, const tk_op *op) {
    tk_buf_init(buf, op->alloc, (size_t)4 * SHOWN * TK_KEY_MAX);
    for (uint32_t i = 0; i < subject->entity->key_count; i++) {
        const tk_column *column = subject->entity->key[i];
        tk_buf_printf(buf, "%s%s ", i != 0 ? ", " : "", column->name.data);
        if ((column->flags & TAKEO_COLUMN_SECRET) != 0) {
            tk_buf_puts(buf, "(secret)");
        } else {
            tk_cell_show(&subject->key[i], SHOWN, buf);
        }
    }
    return buf->failed || buf->data == NULL ? "this key" : buf->data;
}

static takeo_status raise_no_row(const tk_subject *subject, tk_op *op) {
    tk_buf buf;
    const char *key = show_key(subject, &buf, op);
    const char *name = subject->entity->name.data;
    bool is_stale = subject->is_loaded || subject->action == TK_ACTION_DELETE;
    takeo_status status =
        is_stale ? tk_raise(&op->error, TK_WRITE_STALE, "the row of %s with %s is gone", name, key)
                 : tk_raise(&op->error, TK_WRITE_NOT_FOUND, "there is no %s with %s", name, key);
    tk_buf_done(&buf);
    set_subject(subject, &op->error);
    if (is_stale) {
        TK_SET(&op->error, hint, "read it again before writing it");
        return status;
    }
    TK_SET(&op->error, why,
           "a key that the database makes was set by hand, so an update was meant");
    TK_SET(&op->error, hint,
           "insert makes a row with this key; upsert makes or updates it; update_one says whether "
           "there was one; merge changes an object that was read");
    return status;
}

static takeo_status raise_parent_skipped(const tk_subject *subject, const tk_subject *other,
                                         tk_op *op) {
    takeo_status status = tk_raise(&op->error, TK_INPUT_UNSAVED,
                                   "the %s it leads to was not inserted: a trigger or "
                                   "a conflict dropped its row",
                                   other->entity->name.data);
    set_subject(subject, &op->error);
    return status;
}

const tk_entity *tk_send_blame(tk_task *task, takeo_error *record) {
    const tk_write *write = (const tk_write *)task;
    if (write->current == NULL) {
        return NULL;
    }
    record->object = write->current->number;
    return write->current->entity;
}

const tk_column *tk_send_argument(tk_task *task, uint32_t number) {
    const tk_write *write = (const tk_write *)task;
    const tk_group *group = write->current != NULL ? write->current->group : NULL;
    if (group == NULL || number == 0) {
        return NULL;
    }
    if (number <= group->column_count) {
        return group->columns[number - 1];
    }
    uint32_t key = number - group->column_count; /* of UPDATE and DELETE */
    bool has_key = group->action != TK_ACTION_UPSERT;
    return has_key && key <= group->entity->key_count ? group->entity->key[key - 1] : NULL;
}

/* ---- the job --------------------------------------------------------------------------------- */

/* Keys of objects that were inserted before this one. */
takeo_status tk_send_bind_late(const tk_group *group, const tk_subject *subject, tk_op *op) {
    for (const tk_late *late = subject->late; late != NULL; late = late->next) {
        if (!late->other->is_fresh) {
            return raise_parent_skipped(subject, late->other, op);
        }
        subject->arguments[late->cell] =
            tk_cell_int(group->columns[late->cell]->type, late->other->last_key);
    }
    return TAKEO_DONE;
}

static takeo_status bind(tk_job *base, tk_op *op, const takeo_cell **out) {
    write_job *job = (write_job *)base;
    if (job->next == job->end) {
        job->write->current = NULL;
        return TAKEO_DONE;
    }
    tk_subject *subject = *job->next++;
    job->current = job->write->current = subject;
    TK_TRY(tk_send_bind_late(job->group, subject, op));
    *out = subject->arguments;
    return TAKEO_ROWS;
}

static void turn(tk_job *base, tk_op *op) {
    write_job *job = (write_job *)base;
    (void)op;
    job->current = job->write->current = *job->fetch++;
}

static takeo_status row(tk_job *base, tk_op *op, const takeo_cell *cells) {
    const write_job *job = (const write_job *)base;
    uint32_t count = job->group->returning_count;
    takeo_cell *copies = tk_arena_array(&op->arena, count, sizeof *copies);
    if (copies == NULL) {
        return tk_raise_memory(&op->error);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!tk_cell_copy(&op->arena, &cells[i], &copies[i])) {
            return tk_raise_memory(&op->error);
        }
    }
    job->current->returned = copies;
    if (job->group->sql->column_count > count) { /* one cell more, where the dialect has to ask */
        job->current->is_told = true;
        job->current->was_inserted = cells[count].v.i != 0;
    }
    return TAKEO_DONE;
}

void tk_send_count(tk_op *op, tk_subject *subject, uint8_t written) {
    subject->written = written;
    op->result.inserted += written == TAKEO_WRITTEN_INSERTED;
    op->result.updated += written == TAKEO_WRITTEN_UPDATED;
    op->result.deleted += written == TAKEO_WRITTEN_DELETED;
    op->result.skipped += written == TAKEO_WRITTEN_SKIPPED;
}

void tk_send_take_key(const tk_group *group, tk_subject *subject, const tk_execution *execution) {
    const tk_column *key = subject->entity->generated_key;
    if (key == NULL || subject->has_key) {
        return;
    }
    for (uint32_t i = 0; subject->returned != NULL && i < group->returning_count; i++) {
        if (group->returning[i] == key) {
            subject->last_key = subject->returned[i].v.i;
            subject->is_fresh = true;
            return;
        }
    }
    if (execution != NULL && execution->has_last_key) {
        subject->last_key = execution->last_key;
        subject->is_fresh = true;
    }
}

/* A row of an upsert is there afterwards, unless it was left alone; the row itself says whether it is
 * new, or that a key was made for it. */
static uint8_t upsert_outcome(const tk_subject *subject, const tk_execution *execution) {
    bool is_new = subject->is_told ? subject->was_inserted : execution->has_last_key;
    return execution->affected == 0 ? TAKEO_WRITTEN_SKIPPED
           : is_new                 ? TAKEO_WRITTEN_INSERTED
                                    : TAKEO_WRITTEN_UPDATED;
}

static takeo_status ran(tk_job *base, tk_op *op, const tk_execution *execution) {
    const write_job *job = (const write_job *)base;
    tk_subject *subject = job->current;
    op->result.affected += execution->affected;
    switch ((tk_action)subject->action) {
    case TK_ACTION_INSERT:
    case TK_ACTION_UPSERT: {
        uint8_t outcome = subject->action == TK_ACTION_UPSERT ? upsert_outcome(subject, execution)
                          : execution->affected > 0           ? TAKEO_WRITTEN_INSERTED
                                                              : TAKEO_WRITTEN_SKIPPED;
        if (outcome != TAKEO_WRITTEN_SKIPPED) {
            tk_send_take_key(job->group, subject, execution);
        }
        tk_send_count(op, subject, outcome);
        return TAKEO_DONE;
    }
    case TK_ACTION_UPDATE:
    case TK_ACTION_DELETE:
        if (execution->affected == 0) {
            return raise_no_row(subject, op);
        }
        tk_send_count(op, subject,
                      subject->action == TK_ACTION_UPDATE ? TAKEO_WRITTEN_UPDATED
                                                          : TAKEO_WRITTEN_DELETED);
        return TAKEO_DONE;
    case TK_ACTION_NOTHING:
        break;
    }
    return TAKEO_DONE;
}

static const tk_job_methods write_methods = {
    .name = "write", .bind = bind, .turn = turn, .ran = ran};
static const tk_job_methods returning_methods = {
    .name = "write", .bind = bind, .turn = turn, .row = row, .ran = ran};

static takeo_status append_run(tk_write *write, tk_subject **at, tk_subject **end) {
    tk_op *op = write->op;
    bool is_appended = false;
    TK_TRY(tk_batch_append(write, at, end, &is_appended));
    if (is_appended) {
        return TAKEO_DONE;
    }
    write_job *job = tk_task_take(op, sizeof *job);
    if (job == NULL) {
        return tk_raise_memory(&op->error);
    }
    job->write = write;
    job->group = (*at)->group;
    job->next = job->fetch = at;
    job->end = end;
    job->job.sql = job->group->sql;
    job->job.methods = job->job.sql->column_count != 0 ? &returning_methods : &write_methods;
    job->job.pipelines = end - at > 1;
    tk_op_append(op, &job->job);
    return TAKEO_DONE;
}

/* Objects of one group and one stage wait for nothing among themselves. */
takeo_status tk_send_append(tk_write *write) {
    tk_subject **at = write->order;
    tk_subject **end = write->order + write->order_count;
    while (at < end) {
        tk_subject **first = at;
        while (at < end && (*at)->group == (*first)->group && (*at)->stage == (*first)->stage) {
            at++;
        }
        TK_TRY(append_run(write, first, at));
    }
    return TAKEO_DONE;
}
