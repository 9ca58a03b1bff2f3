/* action.c - what is to be done with an object, and with which of its columns.
 *
 * The rules of save: a loaded object is updated where it changed; a new one is inserted; one whose
 * generated key was set by hand is updated by it.  Nothing is guessed and nothing is selected
 * first. It must not know how values get to the server.
 */
#include "orm/write_int.h"

/* ---- which action ---------------------------------------------------------------------------- */

/* Keep the words of the state as they are now, so that bits set meanwhile stay. */
static takeo_status see_state(tk_write *write, tk_subject *subject) {
    uint64_t *state =
        subject->layout != NULL ? tk_layout_state(subject->layout, subject->item) : NULL;
    if (state == NULL) {
        return TAKEO_DONE;
    }
    uint32_t words = subject->layout->state_words;
    subject->seen = tk_arena_take(&write->op->arena, words * sizeof *subject->seen);
    if (subject->seen == NULL) {
        return tk_raise_memory(&write->op->error);
    }
    uint64_t any = 0;
    for (uint32_t i = 0; i < words; i++) {
        subject->seen[i] = state[i];
        any |= i == 0 ? state[i] & ~UINT64_C(1) : state[i];
    }
    subject->is_loaded = (state[0] & 1) != 0;
    subject->has_given = any != 0;
    return TAKEO_DONE;
}

static bool is_seen(const tk_subject *subject, uint32_t bit) {
    return (subject->seen[bit / 64] >> bit % 64 & 1) != 0;
}

/* By its own bit, or by that of the relation whose key it is. */
static bool was_given(const tk_subject *subject, const tk_column *column) {
    const tk_layout *layout = subject->layout;
    uint32_t link = column->relation != NULL ? layout->links[column->relation->number - 1].bit : 0;
    return is_seen(subject, layout->bits[column->number - 1])
           || (link != 0 && is_seen(subject, link));
}

/* The key as it stands; UNSET cells where there is none. */
static takeo_status read_key(tk_write *write, tk_subject *subject, tk_error *error) {
    const tk_entity *entity = subject->entity;
    subject->key = tk_arena_take(&write->op->arena, entity->key_count * sizeof *subject->key);
    if (subject->key == NULL) {
        return tk_raise_memory(&write->op->error);
    }
    subject->has_key = entity->key_count != 0;
    for (uint32_t i = 0; i < entity->key_count; i++) {
        tk_subject *late;
        subject->key[i] = (takeo_cell){.flags = TAKEO_CELL_UNSET};
        TK_TRY(tk_value_read(write, subject, entity->key[i], &subject->key[i], &late, error));
        if (tk_cell_is_null(&subject->key[i])) {
            subject->key[i].flags |= TAKEO_CELL_UNSET;
        }
        subject->has_key &= (subject->key[i].flags & TAKEO_CELL_UNSET) == 0;
    }
    return TAKEO_DONE;
}

/* Is a value made for the key when nobody gives one? */
static bool has_made_key(const tk_entity *entity) {
    for (uint32_t i = 0; i < entity->key_count; i++) {
        uint16_t generated = entity->key[i]->generated;
        if (generated != TAKEO_GENERATED_NONE || entity->key[i]->is_server_made) {
            return true;
        }
    }
    return false;
}

static tk_action action_of_save(const tk_subject *subject) {
    if (subject->is_loaded) {
        return TK_ACTION_UPDATE;
    }
    return subject->has_key && has_made_key(subject->entity) ? TK_ACTION_UPDATE : TK_ACTION_INSERT;
}

/* Keys that the client makes, made here: then children know them before anything is sent. */
static takeo_status make_keys(tk_write *write, tk_subject *subject, tk_error *error) {
    for (uint32_t i = 0; i < subject->entity->key_count; i++) {
        const tk_column *column = subject->entity->key[i];
        bool is_made = column->generated == TAKEO_GENERATED_UUID7
                       || column->generated == TAKEO_GENERATED_UUID4;
        if (!is_made || (subject->key[i].flags & TAKEO_CELL_UNSET) == 0) {
            continue;
        }
        takeo_cell cell = {.type = TAKEO_TYPE_UUID};
        bool is_good = column->generated == TAKEO_GENERATED_UUID7 ? tk_uuid_new_v7(cell.v.uuid)
                                                                  : tk_uuid_new_v4(cell.v.uuid);
        if (!is_good) {
            return tk_raise(error, TK_CALL_INTERNAL, "the operating system gives no random bytes");
        }
        subject->key[i] = cell;
        TK_TRY(tk_value_put(write, subject, column, &cell, 0));
    }
    return TAKEO_DONE;
}

takeo_status tk_action_find(tk_write *write, tk_subject *subject, tk_error *error) {
    static const tk_action actions[] = {[TK_VERB_INSERT] = TK_ACTION_INSERT,
                                        [TK_VERB_UPDATE] = TK_ACTION_UPDATE,
                                        [TK_VERB_UPSERT] = TK_ACTION_UPSERT,
                                        [TK_VERB_REMOVE] = TK_ACTION_DELETE};
    if (subject->is_known) {
        return TAKEO_DONE;
    }
    subject->is_known = true;
    subject->action = (uint8_t)actions[write->verb];
    TK_TRY(see_state(write, subject));
    takeo_status status = read_key(write, subject, error);
    if (write->verb == TK_VERB_SAVE) {
        subject->action = (uint8_t)action_of_save(subject);
    }
    TK_TRY(status);
    bool is_new = subject->action == TK_ACTION_INSERT || subject->action == TK_ACTION_UPSERT;
    return is_new ? make_keys(write, subject, error) : TAKEO_DONE;
}

/* ---- arguments ------------------------------------------------------------------------------- */

typedef struct reader { /* one object's way through its columns */
    tk_write *write;
    tk_subject *subject;
    tk_findings *findings;
    tk_group_key key; /* of its statement */
} reader;

static bool add_finding(const reader *at, takeo_status status) {
    return tk_findings_add(at->findings, status, at->subject->number);
}

/* The same, of a column that the host may not have named. */
static bool add_column_finding(const reader *at, takeo_status status, const tk_column *column) {
    tk_error *error = tk_findings_error(at->findings);
    const takeo_error *record = error->first != NULL ? tk_error_last(error) : NULL;
    if (status == TAKEO_EINPUT && record != NULL && record->field.data == NULL) {
        TK_SET(error, entity, "%s", at->subject->entity->name.data);
        TK_SET(error, field, "%s", column->name.data);
    }
    return add_finding(at, status);
}

/* The value comes from another object's row, which is to be there before. */
static TK_APART takeo_status add_late(reader *at, const tk_column *column, tk_subject *other) {
    tk_late *late = tk_task_take(at->write->op, sizeof *late);
    if (late == NULL) {
        return tk_raise_memory(&at->write->op->error);
    }
    late->next = at->subject->late;
    late->cell = at->key.column_count;
    late->other = other;
    at->subject->late = late;
    return tk_value_has_place(at->write, at->subject, column)
               ? tk_value_put(at->write, at->subject, column, NULL, at->key.column_count + 1)
               : TAKEO_DONE;
}

/* A value that the statement carries. */
static takeo_status add_argument(reader *at, const tk_column *column, const takeo_cell *cell,
                                 tk_subject *late) {
    if (late != NULL) {
        TK_TRY(add_late(at, column, late));
    }
    at->subject->arguments[at->key.column_count++] = *cell;
    tk_bit_set(at->key.columns, column);
    return TAKEO_DONE;
}

/* A value that the server tells. */
static void add_returning(reader *at, const tk_column *column) {
    tk_bit_set(at->key.returning, column);
    at->key.returning_count++;
}

static takeo_status make_arguments(reader *at) {
    const tk_entity *entity = at->subject->entity;
    size_t count = (size_t)entity->column_count + entity->key_count + at->write->condition_count;
    at->subject->arguments = tk_arena_take(&at->write->op->arena, count * sizeof(takeo_cell));
    return at->subject->arguments != NULL ? TAKEO_DONE : tk_raise_memory(&at->write->op->error);
}

static bool may_write(const reader *at, const tk_column *column) {
    return at->write->only == NULL || tk_bit_is_set(at->write->only, column);
}

static bool is_stored(const tk_column *column) {
    return column->generated < TAKEO_GENERATED_STORED;
}

/* ---- insert, upsert -------------------------------------------------------------------------- */

static takeo_status raise_unset(const tk_subject *subject, const tk_column *column,
                                tk_error *error) {
    bool is_link = column->relation != NULL && column->is_hidden;
    takeo_status status = tk_raise(error, TK_INPUT_UNSET, "%s.%s has no value and no default",
                                   subject->entity->name.data,
                                   is_link ? column->relation->name.data : column->name.data);
    TK_SET(error, entity, "%s", subject->entity->name.data);
    TK_SET(error, field, "%s", is_link ? column->relation->name.data : column->name.data);
    TK_SET(error, hint, "give a value, a default, or make the column nullable");
    return status;
}

/* The key of an INSERT is wanted in any case: others may lead to it. */
static void return_made(reader *at, const tk_column *column) {
    const tk_subject *subject = at->subject;
    bool is_key = column == subject->entity->generated_key && subject->action == TK_ACTION_INSERT;
    bool is_wanted =
        is_key ? !at->write->facts->tells_last_key : tk_value_has_place(at->write, subject, column);
    if (is_wanted) {
        add_returning(at, column);
    }
}

/* Nobody gave a value: a default, a key that is made, or whatever the server puts there. */
static takeo_status insert_unset(reader *at, const tk_column *column, tk_error *error) {
    tk_subject *subject = at->subject;
    if (column->generated == TAKEO_GENERATED_UUID7 || column->generated == TAKEO_GENERATED_UUID4) {
        takeo_cell cell = {.type = TAKEO_TYPE_UUID};
        bool is_good = column->generated == TAKEO_GENERATED_UUID7 ? tk_uuid_new_v7(cell.v.uuid)
                                                                  : tk_uuid_new_v4(cell.v.uuid);
        if (!is_good) {
            return tk_raise(error, TK_CALL_INTERNAL, "the operating system gives no random bytes");
        }
        TK_TRY(tk_value_put(at->write, subject, column, &cell, 0));
        return add_argument(at, column, &cell, NULL);
    }
    if (column->default_value != NULL) {
        TK_TRY(tk_value_put(at->write, subject, column, column->default_value, 0));
        return add_argument(at, column, column->default_value, NULL);
    }
    if (column->is_server_made) {
        return_made(at, column);
        return TAKEO_DONE;
    }
    return column->is_nullable ? TAKEO_DONE : raise_unset(subject, column, error);
}

static takeo_status insert_column(reader *at, const tk_column *column, tk_error *error) {
    tk_subject *late = NULL;
    takeo_cell cell = {.flags = TAKEO_CELL_UNSET};
    tk_subject *subject = at->subject;
    if (column->is_key) {
        for (uint32_t k = 0; k < subject->entity->key_count; k++) {
            cell = subject->entity->key[k] == column ? subject->key[k] : cell;
        }
        if ((cell.flags & TAKEO_CELL_UNSET) != 0 && column->relation != NULL) {
            TK_TRY(tk_value_read(at->write, subject, column, &cell, &late, error));
        }
    } else if (may_write(at, column)) {
        TK_TRY(tk_value_read(at->write, subject, column, &cell, &late, error));
    }
    if ((cell.flags & TAKEO_CELL_UNSET) == 0 || late != NULL) {
        return add_argument(at, column, &cell, late);
    }
    return insert_unset(at, column, error);
}

/* A value that the server alone makes may be given by hand all the same: then it is meant. */
static bool may_insert(const tk_column *column) {
    bool is_always = column->generated == TAKEO_GENERATED_IDENTITY_ALWAYS
                     && (column->flags & TAKEO_COLUMN_NO_INSERT) == 0;
    return (column->is_insertable || is_always) && is_stored(column);
}

static takeo_status read_insert(reader *at) {
    const tk_entity *entity = at->subject->entity;
    for (uint32_t i = 0; i < entity->column_count; i++) {
        const tk_column *column = &entity->columns[i];
        takeo_status status = TAKEO_DONE;
        if (may_insert(column)) {
            status = insert_column(at, column, tk_findings_error(at->findings));
        } else if (column->is_server_made || is_stored(column)) {
            return_made(at, column); /* whatever the object says, the database decided */
        }
        if (TK_UNLIKELY(status < 0) && !add_column_finding(at, status, column)) {
            return status;
        }
    }
    return TAKEO_DONE;
}

/* The arguments of an upsert's condition stand behind the values; nobody else has one. */
static void add_condition(reader *at) {
    if (at->write->condition_count != 0) {
        memcpy(at->subject->arguments + at->key.column_count, at->write->condition,
               at->write->condition_count * sizeof(takeo_cell));
    }
}

/* ---- update ---------------------------------------------------------------------------------- */

static takeo_status raise_read_only(const tk_subject *subject, const tk_column *column,
                                    tk_error *error) {
    takeo_status status =
        column->is_key ? tk_value_raise(subject, column, TK_INPUT_READ_ONLY, error,
                                        "is the key of a row that exists; a key is never changed")
                       : tk_value_raise(subject, column, TK_INPUT_READ_ONLY, error,
                                        "was changed, but is never updated");
    TK_SET(error, hint, "%s",
           column->is_key ? "insert a new object and remove this one" : "reload the object");
    return status;
}

/* Is the column to be written?  Without a state all that has a value is. */
static bool is_wanted(const reader *at, const tk_column *column) {
    if (!may_write(at, column)) {
        return false;
    }
    if (at->write->only != NULL || at->subject->seen == NULL) {
        return true;
    }
    return at->subject->is_loaded || at->subject->has_given ? was_given(at->subject, column) : true;
}

/* Did somebody say that this very column is to be written? */
static bool is_named(const reader *at, const tk_column *column) {
    return at->subject->seen != NULL && (at->subject->is_loaded || at->subject->has_given)
           && was_given(at->subject, column);
}

static takeo_status update_column(reader *at, const tk_column *column, tk_error *error) {
    tk_subject *subject = at->subject;
    if (column->is_key) {
        return subject->is_loaded && is_named(at, column) ? raise_read_only(subject, column, error)
                                                          : TAKEO_DONE;
    }
    if (!column->is_updatable || !is_stored(column)) {
        return is_named(at, column) ? raise_read_only(subject, column, error) : TAKEO_DONE;
    }
    takeo_cell cell;
    tk_subject *late;
    TK_TRY(tk_value_read(at->write, subject, column, &cell, &late, error));
    if ((cell.flags & TAKEO_CELL_UNSET) == 0 || late != NULL) {
        return add_argument(at, column, &cell, late);
    }
    return is_named(at, column) ? tk_value_raise(subject, column, TK_INPUT_UNSET, error,
                                                 "is to be written, but has no value")
                                : TAKEO_DONE;
}

static takeo_status raise_no_key(const tk_subject *subject, tk_error *error) {
    const tk_entity *entity = subject->entity;
    if (entity->key_count == 0) {
        return tk_raise(error, TK_INPUT_ENTITY, "%s has no key, so its rows cannot be told apart",
                        entity->name.data);
    }
    takeo_status status = tk_value_raise(subject, entity->key[0], TK_INPUT_UNSET, error,
                                         "is not set, so its row cannot be found");
    TK_SET(error, hint, "save or insert the object first");
    return status;
}

static takeo_status read_update(reader *at) {
    tk_subject *subject = at->subject;
    const tk_entity *entity = subject->entity;
    for (uint32_t i = 0; i < entity->column_count; i++) {
        const tk_column *column = &entity->columns[i];
        if (!is_wanted(at, column)) {
            continue;
        }
        takeo_status status = update_column(at, column, tk_findings_error(at->findings));
        if (TK_UNLIKELY(status < 0) && !add_column_finding(at, status, column)) {
            return status;
        }
    }
    if (at->key.column_count == 0) {
        subject->action = TK_ACTION_NOTHING;
        return TAKEO_DONE;
    }
    if (!subject->has_key) {
        takeo_status status = raise_no_key(subject, tk_findings_error(at->findings));
        return add_finding(at, status) ? TAKEO_DONE : status;
    }
    memcpy(&subject->arguments[at->key.column_count], subject->key,
           entity->key_count * sizeof(takeo_cell));
    return TAKEO_DONE;
}

/* ---- the door -------------------------------------------------------------------------------- */

static takeo_status read_delete(reader *at) {
    tk_subject *subject = at->subject;
    subject->arguments = subject->key;
    if (!subject->has_key) {
        takeo_status status = raise_no_key(subject, tk_findings_error(at->findings));
        return add_finding(at, status) ? TAKEO_DONE : status;
    }
    return TAKEO_DONE;
}

static takeo_status raise_list(const tk_subject *subject, const tk_relation *relation,
                               tk_error *error) {
    takeo_status status =
        tk_raise(error, TK_INPUT_UNSAVED, "%s.%s was assigned; save does not write its members",
                 subject->entity->name.data, relation->name.data);
    TK_SET(error, entity, "%s", subject->entity->name.data);
    TK_SET(error, field, "%s", relation->name.data);
    TK_SET(error, hint, "save the members themselves: each says by its relation whose it is");
    return status;
}

/* A list that was assigned says that its members are to be saved, which save does not do.  A new
 * object's empty list says nothing. */
static takeo_status check_lists(tk_write *write, const tk_subject *subject, tk_error *error) {
    const tk_layout *layout = subject->layout;
    for (uint32_t i = 0; layout != NULL && i < layout->entity->relation_count; i++) {
        const tk_link_place *link = &layout->links[i];
        if (link->relation->is_to_one || link->bit == 0 || subject->seen == NULL
            || !is_seen(subject, link->bit)) {
            continue;
        }
        void **members = NULL;
        int64_t count = 1;
        if (!subject->is_loaded) {
            count = write->task.holder->host->peek_many(layout, link->relation, subject->item,
                                                        &members, write->task.holder, error);
        }
        if (count < -1) {
            return (takeo_status)count;
        }
        if (count > 0) {
            return raise_list(subject, link->relation, error);
        }
    }
    return TAKEO_DONE;
}

static takeo_status check_entity(const tk_subject *subject, tk_error *error) {
    enum { NEVER = TAKEO_ENTITY_VIEW | TAKEO_ENTITY_MATERIALIZED | TAKEO_ENTITY_READ_ONLY };
    if ((subject->entity->flags & NEVER) == 0) {
        return TAKEO_DONE;
    }
    takeo_status status =
        tk_raise(error, TK_INPUT_READ_ONLY, "%s is read-only", subject->entity->name.data);
    TK_SET(error, entity, "%s", subject->entity->name.data);
    return status;
}

static takeo_status read_columns(reader *at) {
    switch ((tk_action)at->subject->action) {
    case TK_ACTION_INSERT:
    case TK_ACTION_UPSERT:
        TK_TRY(make_arguments(at));
        TK_TRY(read_insert(at));
        add_condition(at);
        return TAKEO_DONE;
    case TK_ACTION_UPDATE:
        TK_TRY(make_arguments(at));
        return read_update(at);
    case TK_ACTION_DELETE:
        return read_delete(at);
    case TK_ACTION_NOTHING:
        break;
    }
    return TAKEO_DONE;
}

/* Nothing was changed, as the state says: the commonest case of a list that is saved again. */
static bool is_unchanged(const tk_write *write, const tk_subject *subject) {
    return subject->is_loaded && !subject->has_given && write->only == NULL
           && subject->action == TK_ACTION_UPDATE;
}

takeo_status tk_action_read(tk_write *write, tk_subject *subject, tk_findings *findings) {
    reader at; /* not zeroed as a whole: there is room for very many columns */
    at.write = write;
    at.subject = subject;
    at.findings = findings;
    tk_group_key_init(&at.key, subject->entity);
    uint32_t before = findings->count;
    takeo_status status = check_entity(subject, tk_findings_error(findings));
    if (status >= 0) {
        status = tk_action_find(write, subject, tk_findings_error(findings));
    }
    if (status >= 0 && write->verb != TK_VERB_REMOVE) {
        status = check_lists(write, subject, tk_findings_error(findings));
    }
    if (status < 0) {
        return add_finding(&at, status) ? TAKEO_DONE : status;
    }
    if (is_unchanged(write, subject)) {
        subject->action = TK_ACTION_NOTHING;
        return TAKEO_DONE;
    }
    TK_TRY(read_columns(&at));
    if (findings->count != before || subject->action == TK_ACTION_NOTHING) {
        return TAKEO_DONE;
    }
    return tk_group_find(write, subject, &at.key, &subject->group);
}
