/* value.c - the value of one column of one object: of its field, or of the object that a relation
 * leads to.
 *
 * A relation and its key column are two views of one value: the relation is asked first, and a
 * field that says otherwise is a conflict.  It must not know what is done with the value.
 */
#include <stdio.h>

#include "orm/write_int.h"

takeo_status tk_value_raise(const tk_subject *subject, const tk_column *column, tk_code code,
                            tk_error *error, const char *format, ...) {
    char said[256];
    va_list args;
    va_start(args, format);
    vsnprintf(said, sizeof said, format, args);
    va_end(args);
    const char *entity = subject->entity->name.data;
    takeo_status status = tk_raise(error, code, "%s.%s %s", entity, column->name.data, said);
    TK_SET(error, entity, "%s", entity);
    TK_SET(error, field, "%s", column->name.data);
    return status;
}

takeo_cell *tk_value_cell(const tk_write *write, const tk_subject *subject,
                          const tk_column *column) {
    const tk_objects *objects = write->objects;
    takeo_cell *cells = subject->item;
    if (objects->column_count == 0) {
        return column->number <= subject->entity->column_count ? &cells[column->number - 1] : NULL;
    }
    for (uint32_t i = 0; i < objects->column_count; i++) {
        if (objects->columns[i] == column->number) {
            return &cells[i];
        }
    }
    return NULL;
}

bool tk_value_has_place(const tk_write *write, const tk_subject *subject, const tk_column *column) {
    return subject->layout != NULL ? subject->layout->steps[column->number - 1].put != NULL
                                   : tk_value_cell(write, subject, column) != NULL;
}

/* ---- rows of cells --------------------------------------------------------------------------- */

/* Zero is no key that a server made. */
static bool is_no_key(const tk_column *column, const takeo_cell *cell) {
    if (!column->is_key || column->generated < TAKEO_GENERATED_IDENTITY
        || column->generated > TAKEO_GENERATED_UUID4) {
        return false;
    }
    const tk_type_info *info = tk_type_info_of(cell->type);
    return tk_cell_is_null(cell) || (info != NULL && info->form == TK_FORM_INT && cell->v.i == 0);
}

static TK_APART takeo_status read_cell(tk_write *write, const tk_subject *subject,
                                       const tk_column *column, takeo_cell *out, tk_error *error) {
    const takeo_cell *cell = tk_value_cell(write, subject, column);
    if (cell == NULL || (cell->flags & TAKEO_CELL_UNSET) != 0 || is_no_key(column, cell)) {
        *out = (takeo_cell){.flags = TAKEO_CELL_UNSET};
        return TAKEO_DONE;
    }
    tk_accept accept = tk_accept_column(column);
    uint32_t flags = write->op->options.flags;
    accept.loss_is_allowed = (flags & TAKEO_OP_COERCE_LOSSY) != 0;
    accept.text_is_parsed = accept.loss_is_allowed || (flags & TAKEO_OP_COERCE_TEXT) != 0;
    return tk_accept_cell(&accept, cell, out, &write->op->arena, error);
}

/* ---- relations ------------------------------------------------------------------------------- */

static takeo_status read_field(tk_write *write, const tk_subject *subject, const tk_column *column,
                               takeo_cell *out, tk_error *error) {
    const tk_step *step = &subject->layout->steps[column->number - 1];
    *out = (takeo_cell){.flags = TAKEO_CELL_UNSET};
    return step->get != NULL ? step->get(step, subject->item, out, write->task.holder, error)
                             : TAKEO_DONE;
}

static bool is_seen(const tk_subject *subject, uint32_t bit) {
    return bit != 0 && subject->seen != NULL && (subject->seen[bit / 64] >> bit % 64 & 1) != 0;
}

/* Who was assigned, the relation or its key column?  Where both share a bit, nobody knows. */
static bool link_alone_was_given(const tk_subject *subject, const tk_column *column) {
    uint32_t link = subject->layout->links[column->relation->number - 1].bit;
    uint32_t own = subject->layout->bits[column->number - 1];
    return link != own && is_seen(subject, link) && !is_seen(subject, own);
}

static bool column_alone_was_given(const tk_subject *subject, const tk_column *column) {
    uint32_t link = subject->layout->links[column->relation->number - 1].bit;
    uint32_t own = subject->layout->bits[column->number - 1];
    return link != 0 && link != own && is_seen(subject, own) && !is_seen(subject, link);
}

/* The relation says `cell`: does the column's own field say something else? */
static takeo_status compare_field(tk_write *write, tk_subject *subject, const tk_column *column,
                                  const takeo_cell *cell, tk_error *error) {
    takeo_cell own;
    takeo_status status = read_field(write, subject, column, &own, &write->scratch);
    if (status < 0) {
        tk_error_clear(&write->scratch);
        if (status != TAKEO_EINPUT) {
            return status; /* the host's own exception, or no memory: not a value that differs */
        }
        own = (takeo_cell){.flags = TAKEO_CELL_UNSET};
    }
    if ((own.flags & TAKEO_CELL_UNSET) != 0 || link_alone_was_given(subject, column)) {
        return tk_value_has_place(write, subject, column)
                   ? tk_value_put(write, subject, column, cell, 0)
                   : TAKEO_DONE;
    }
    if (tk_cell_is_null(&own) == tk_cell_is_null(cell)
        && (tk_cell_is_null(cell) || tk_cell_equal(&own, cell))) {
        return TAKEO_DONE;
    }
    status = tk_value_raise(subject, column, TK_INPUT_CONFLICT, error,
                            "and %s say different things", column->relation->name.data);
    TK_SET(error, hint, "set %s or %s, not both", column->relation->name.data, column->name.data);
    return status;
}

static takeo_status raise_unsaved(const tk_subject *subject, const tk_relation *relation,
                                  tk_error *error) {
    takeo_status status =
        tk_raise(error, TK_INPUT_UNSAVED, "%s.%s leads to an object of %s that was never saved",
                 subject->entity->name.data, relation->name.data, relation->target->name.data);
    TK_SET(error, entity, "%s", subject->entity->name.data);
    TK_SET(error, field, "%s", relation->name.data);
    TK_SET(error, hint, "save that %s first, or give both to one save",
           relation->target->name.data);
    return status;
}

static const tk_layout *layout_of_other(const tk_write *write, const tk_relation *relation,
                                        void *other) {
    const tk_host *host = write->task.holder->host;
    const tk_target *target = write->task.target;
    return host->layout_of != NULL ? host->layout_of(target, other)
                                   : tk_target_layout(target, relation->target);
}

/* The column of the other object that this one refers to; UNSET when it has none yet. */
static takeo_status read_other(tk_write *write, const tk_layout *layout, const tk_column *column,
                               void *other, takeo_cell *out, tk_error *error) {
    const tk_step *step = &layout->steps[column->number - 1];
    *out = (takeo_cell){.flags = TAKEO_CELL_UNSET};
    if (step->get == NULL) {
        return TAKEO_DONE;
    }
    takeo_status status = step->get(step, other, out, write->task.holder, &write->scratch);
    if (status == TAKEO_EINPUT) { /* a key that does not fit was told where it stands, or is none */
        tk_error_clear(&write->scratch);
        return TAKEO_DONE;
    }
    return status < 0 && status != TAKEO_EHOST ? tk_raise_memory(error) : status;
}

/* The other object is in the list and has no row yet. */
static takeo_status read_new(tk_write *write, tk_subject *subject, const tk_relation *relation,
                             uint32_t place, tk_subject *other, takeo_cell *out,
                             tk_subject **out_late, tk_error *error) {
    const tk_column *reference = relation->references[place];
    TK_TRY(tk_order_add(write, subject, other, relation));
    for (uint32_t k = 0; k < other->entity->key_count; k++) {
        if (other->entity->key[k] == reference && !(other->key[k].flags & TAKEO_CELL_UNSET)) {
            *out = other->key[k];
            return TAKEO_DONE;
        }
    }
    if (reference == other->entity->generated_key) {
        *out_late = other;
        return TAKEO_DONE;
    }
    TK_TRY(read_other(write, other->layout, reference, other->item, out, error));
    return (out->flags & TAKEO_CELL_UNSET) != 0 ? raise_unsaved(subject, relation, error)
                                                : TAKEO_DONE;
}

static takeo_status read_object(tk_write *write, tk_subject *subject, const tk_relation *relation,
                                uint32_t place, void *object, takeo_cell *out,
                                tk_subject **out_late, tk_error *error) {
    const tk_layout *layout = layout_of_other(write, relation, object);
    if (layout == NULL || layout->entity != relation->target) {
        takeo_status status =
            tk_raise(error, TK_INPUT_ENTITY, "%s.%s takes an object of %s",
                     subject->entity->name.data, relation->name.data, relation->target->name.data);
        TK_SET(error, entity, "%s", subject->entity->name.data);
        TK_SET(error, field, "%s", relation->name.data);
        TK_SET(error, expected, "an object of %s", relation->target->name.data);
        TK_SET(error, hint, "ref(%s, key) stands for the one with this key, without reading it",
               relation->target->name.data);
        return status;
    }
    tk_subject *other = tk_write_find(write, object);
    if (other != NULL) {
        TK_TRY(tk_action_find(write, other, error));
        if (other->action == TK_ACTION_INSERT || other->action == TK_ACTION_UPSERT) {
            return read_new(write, subject, relation, place, other, out, out_late, error);
        }
    }
    TK_TRY(read_other(write, layout, relation->references[place], object, out, error));
    const uint64_t *state = tk_layout_state(layout, object);
    bool is_new = other == NULL && state != NULL && (state[0] & 1) == 0;
    return is_new || (out->flags & TAKEO_CELL_UNSET) != 0 ? raise_unsaved(subject, relation, error)
                                                          : TAKEO_DONE;
}

static uint32_t place_of(const tk_relation *relation, const tk_column *column) {
    uint32_t place = 0;
    while (place + 1 < relation->column_count && relation->columns[place] != column) {
        place++;
    }
    return place;
}

static TK_APART takeo_status read_link(tk_write *write, tk_subject *subject,
                                       const tk_column *column, takeo_cell *out,
                                       tk_subject **out_late, tk_error *error) {
    const tk_relation *relation = column->relation;
    void *object = NULL;
    if (column_alone_was_given(subject, column)) {
        return read_field(write, subject, column, out, error);
    }
    int state =
        write->task.holder->host->peek_one(subject->layout, relation, subject->item, &object);
    if (state == TK_LINK_UNSET) {
        return read_field(write, subject, column, out, error);
    }
    *out = tk_cell_null();
    if (state == TK_LINK_OBJECT) {
        *out = (takeo_cell){.flags = TAKEO_CELL_UNSET};
        TK_TRY(read_object(write, subject, relation, place_of(relation, column), object, out,
                           out_late, error));
    }
    if (*out_late != NULL) {
        return TAKEO_DONE;
    }
    if (tk_cell_is_null(out) && !column->is_nullable) {
        takeo_status status =
            tk_raise(error, TK_INPUT_NULL, "%s.%s is None, but every %s has one",
                     subject->entity->name.data, relation->name.data, subject->entity->name.data);
        TK_SET(error, entity, "%s", subject->entity->name.data);
        TK_SET(error, field, "%s", relation->name.data);
        return status;
    }
    return compare_field(write, subject, column, out, error);
}

/* ---- the door -------------------------------------------------------------------------------- */

takeo_status tk_value_read(tk_write *write, tk_subject *subject, const tk_column *column,
                           takeo_cell *out, tk_subject **out_late, tk_error *error) {
    *out_late = NULL;
    if (subject->layout == NULL) {
        return read_cell(write, subject, column, out, error);
    }
    if (TK_UNLIKELY(column->relation != NULL)) {
        return read_link(write, subject, column, out, out_late, error);
    }
    return read_field(write, subject, column, out, error);
}

takeo_status tk_value_put(tk_write *write, tk_subject *subject, const tk_column *column,
                          const takeo_cell *cell, uint32_t late) {
    for (tk_put *put = subject->puts; put != NULL; put = put->next) {
        if (put->column == column) {
            put->cell = cell != NULL ? *cell : put->cell;
            put->late = late;
            return TAKEO_DONE;
        }
    }
    tk_put *put = tk_task_take(write->op, sizeof *put);
    if (put == NULL) {
        return tk_raise_memory(&write->op->error);
    }
    put->next = subject->puts;
    put->column = column;
    put->late = late;
    if (cell != NULL) {
        put->cell = *cell;
    }
    subject->puts = put;
    return TAKEO_DONE;
}
