/* settle.c - after success: keys and other values that were made go into the objects, and their
 * states say that their rows exist.
 *
 * It runs with the interpreter's lock.  After a failure the objects stay as they were: nothing of
 * this is done.
 */
#include "orm/write_int.h"

static takeo_status put(tk_write *write, tk_subject *subject, const tk_column *column,
                        const takeo_cell *cell) {
    tk_error *error = &write->op->error;
    if (subject->layout != NULL) {
        const tk_step *step = &subject->layout->steps[column->number - 1];
        return step->put != NULL ? step->put(step, subject->item, cell, write->task.holder, error)
                                 : TAKEO_DONE;
    }
    takeo_cell *place = tk_value_cell(write, subject, column);
    if (place != NULL && !tk_cell_copy(&write->op->arena, cell, place)) {
        return tk_raise_memory(error);
    }
    return TAKEO_DONE;
}

static takeo_status put_made(tk_write *write, tk_subject *subject) {
    const tk_group *group = subject->group;
    if (subject->is_fresh) {
        const tk_column *key = subject->entity->generated_key;
        takeo_cell cell = tk_cell_int(key->type, subject->last_key);
        TK_TRY(put(write, subject, key, &cell));
    }
    for (uint32_t i = 0; subject->returned != NULL && i < group->returning_count; i++) {
        if (!(subject->is_fresh && group->returning[i] == subject->entity->generated_key)) {
            TK_TRY(put(write, subject, group->returning[i], &subject->returned[i]));
        }
    }
    for (const tk_put *made = subject->puts; made != NULL; made = made->next) {
        const takeo_cell *cell =
            made->late != 0 ? &subject->arguments[made->late - 1] : &made->cell;
        TK_TRY(put(write, subject, made->column, cell));
    }
    return TAKEO_DONE;
}

/* Of the bits that were seen, those of columns that were written. */
static uint64_t written_bits(const tk_write *write, const tk_subject *subject, uint32_t word) {
    uint64_t bits = word == 0 ? subject->seen[0] & ~UINT64_C(1) : subject->seen[word];
    if (write->only == NULL) {
        return bits;
    }
    const tk_layout *layout = subject->layout;
    uint64_t only = 0;
    for (uint32_t i = 0; i < subject->entity->column_count; i++) {
        const tk_column *column = &subject->entity->columns[i];
        uint32_t own = layout->bits[i];
        uint32_t link =
            column->relation != NULL ? layout->links[column->relation->number - 1].bit : 0;
        if (tk_bit_is_set(write->only, column)) {
            only |= own / 64 == word ? UINT64_C(1) << own % 64 : 0;
            only |= link / 64 == word ? UINT64_C(1) << link % 64 : 0;
        }
    }
    return bits & only;
}

static void set_state(const tk_write *write, tk_subject *subject) {
    if (subject->seen == NULL) {
        return;
    }
    uint64_t *state = tk_layout_state(subject->layout, subject->item);
    for (uint32_t i = 0; i < subject->layout->state_words; i++) {
        state[i] &= ~written_bits(write, subject, i);
    }
    if (subject->action == TK_ACTION_DELETE) {
        state[0] &= ~UINT64_C(1);
    } else {
        state[0] |= 1;
    }
}

static takeo_status settle_all(tk_write *write) {
    for (uint32_t i = 0; i < write->order_count; i++) {
        tk_subject *subject = write->order[i];
        if (subject->written == TAKEO_WRITTEN_SKIPPED) {
            continue;
        }
        TK_TRY(put_made(write, subject));
        set_state(write, subject);
    }
    if (write->task.holder != NULL) {
        write->task.holder->host->settle(write->task.holder);
    }
    return TAKEO_DONE;
}

takeo_status tk_settle(tk_task *task, takeo_status status) {
    tk_write *write = (tk_write *)task;
    if (status < 0) {
        return status;
    }
    takeo_result *result = &write->op->result;
    for (uint32_t i = 0; i < write->objects->count; i++) {
        uint32_t place = write->places != NULL ? write->places[i] : i;
        write->told[i] = write->subjects[place].written;
    }
    result->written = write->told;
    result->written_count = write->objects->count;
    return settle_all(write);
}
