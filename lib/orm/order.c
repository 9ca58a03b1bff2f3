/* order.c - which object is written before which.
 *
 * Inserts come first, parents before children; then updates; then removals, children first.  Within
 * that, objects of one statement stand together, in the order in which they were given.
 *
 * The stage of an object is the rank of its entity, or one more than the stage of the latest object
 * that it waits for.  It must not know values.
 */
#include <stdlib.h>

#include "orm/write_int.h"

enum { NEW, ON_THE_WAY, DONE };

takeo_status tk_order_add(tk_write *write, tk_subject *subject, tk_subject *before,
                          const tk_relation *relation) {
    if (subject->after != NULL && subject->after->other == before) {
        return TAKEO_DONE; /* another column of the same key */
    }
    tk_after *after = tk_task_take(write->op, sizeof *after);
    if (after == NULL) {
        return tk_raise_memory(&write->op->error);
    }
    after->next = subject->after;
    after->other = before;
    after->relation = relation;
    subject->after = after;
    return TAKEO_DONE;
}

/* ---- stages ---------------------------------------------------------------------------------- */

static takeo_status raise_cycle(tk_write *write, const tk_subject *from, const tk_subject *last,
                                tk_error *error) {
    tk_buf path;
    tk_buf_init(&path, write->op->alloc, 4096);
    /* `below` leads back from the last to the first, so the path is written from its end */
    tk_buf_printf(&path, "%s %u", from->entity->name.data, from->number);
    for (const tk_subject *at = last; at != NULL; at = at->below) {
        tk_buf_printf(&path, " <- %s %u (%s)", at->entity->name.data, at->number,
                      at->via->name.data);
        if (at == from) {
            break;
        }
    }
    takeo_status status = tk_raise(error, TK_INPUT_UNSAVED, "new objects wait for each other: %s",
                                   path.failed || path.data == NULL ? "" : path.data);
    tk_buf_done(&path);
    TK_SET(error, entity, "%s", last->entity->name.data);
    TK_SET(error, field, "%s", last->via->name.data);
    TK_SET(error, hint, "save them with %s unset, then set it and save again",
           last->via->name.data);
    return status;
}

/* Take the next object that `at` waits for; NULL: none is left. */
static tk_subject *take_next(tk_subject *at) {
    tk_after *after = at->after;
    if (after == NULL) {
        return NULL;
    }
    at->after = after->next;
    at->via = after->relation;
    return after->other;
}

static uint64_t base_stage(const tk_subject *subject) {
    uint64_t rank = subject->entity->rank;
    return (subject->action == TK_ACTION_DELETE ? UINT32_MAX - rank : rank) << 32;
}

/* Depth first, without recursion: chains are as long as lists are. */
static takeo_status find_stage(tk_write *write, tk_subject *subject, tk_findings *findings) {
    tk_subject *top = subject;
    subject->visit = ON_THE_WAY;
    subject->below = NULL;
    while (top != NULL) {
        tk_subject *next = take_next(top);
        if (next == NULL) {
            top->visit = DONE;
            tk_subject *done = top;
            top = top->below;
            if (top != NULL && top->stage <= done->stage) {
                top->stage = done->stage + 1;
            }
        } else if (next->visit == DONE) {
            top->stage = top->stage <= next->stage ? next->stage + 1 : top->stage;
        } else if (next->visit == NEW) {
            next->visit = ON_THE_WAY;
            next->below = top;
            top = next;
        } else if (top->action != TK_ACTION_DELETE) { /* those the database may still allow */
            takeo_status status = raise_cycle(write, next, top, tk_findings_error(findings));
            if (!tk_findings_add(findings, status, top->number)) {
                return status;
            }
        }
    }
    return TAKEO_DONE;
}

/* ---- removals: who refers to whom within one entity ------------------------------------------ */

enum { SMALL = 128 };

/* The key as bytes in `small`; 0: it has none, or a longer one, which goes unordered. */
static size_t write_key(const takeo_cell *cells, uint32_t count, char small[SMALL]) {
    size_t size = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (tk_cell_is_null(&cells[i]) || size + tk_key_write(&cells[i], NULL) > SMALL) {
            return 0;
        }
        size += tk_key_write(&cells[i], small + size);
    }
    return size;
}

static const tk_relation *self_relation(const tk_entity *entity) {
    for (uint32_t i = 0; i < entity->relation_count; i++) {
        const tk_relation *relation = &entity->relations[i];
        if (relation->owns_key && relation->target == entity
            && relation->column_count == entity->key_count) {
            return relation;
        }
    }
    return NULL;
}

/* One that refers to another goes before it. */
static takeo_status add_reference(tk_write *write, tk_subject *subject, const tk_relation *relation,
                                  const tk_map *keys) {
    takeo_cell cells[TK_KEY_MAX];
    for (uint32_t i = 0; i < relation->column_count; i++) {
        tk_subject *late;
        if (tk_value_read(write, subject, relation->columns[i], &cells[i], &late, &write->scratch)
                < 0
            || relation->references[i] != subject->entity->key[i]) {
            tk_error_clear(&write->scratch);
            return TAKEO_DONE;
        }
    }
    char small[SMALL];
    size_t size = write_key(cells, relation->column_count, small);
    tk_subject *parent = size != 0 ? tk_map_get(keys, small, size) : NULL;
    return parent != NULL && parent != subject ? tk_order_add(write, parent, subject, relation)
                                               : TAKEO_DONE;
}

static takeo_status order_entity(tk_write *write, const tk_entity *entity,
                                 const tk_relation *relation, tk_map *keys) {
    for (uint32_t i = 0; i < write->order_count; i++) {
        tk_subject *subject = write->order[i];
        char small[SMALL];
        size_t size =
            subject->entity == entity ? write_key(subject->key, entity->key_count, small) : 0;
        const char *key = size != 0 ? tk_arena_copy(&write->op->arena, small, size) : NULL;
        if (size != 0 && (key == NULL || !tk_map_put(keys, key, size, subject))) {
            return tk_raise_memory(&write->op->error);
        }
    }
    for (uint32_t i = 0; i < write->order_count; i++) {
        if (write->order[i]->entity == entity) {
            TK_TRY(add_reference(write, write->order[i], relation, keys));
        }
    }
    return TAKEO_DONE;
}

static takeo_status order_removals(tk_write *write) {
    const tk_model *model = write->op->source->model;
    for (uint32_t i = 0; i < model->entity_count; i++) {
        const tk_relation *relation = self_relation(model->entities[i]);
        bool is_there = false;
        for (uint32_t s = 0; relation != NULL && s < write->order_count && !is_there; s++) {
            is_there = write->order[s]->entity == model->entities[i];
        }
        if (is_there) {
            tk_map keys;
            tk_map_init(&keys, write->op->alloc);
            takeo_status status = order_entity(write, model->entities[i], relation, &keys);
            tk_map_done(&keys);
            TK_TRY(status);
        }
    }
    return TAKEO_DONE;
}

/* ---- the order ------------------------------------------------------------------------------- */

static int phase_of(const tk_subject *subject) {
    return subject->action == TK_ACTION_DELETE ? 2 : subject->action == TK_ACTION_UPDATE ? 1 : 0;
}

static int compare(const void *a, const void *b) {
    const tk_subject *x = *(tk_subject *const *)a;
    const tk_subject *y = *(tk_subject *const *)b;
    if (phase_of(x) != phase_of(y)) {
        return phase_of(x) < phase_of(y) ? -1 : 1;
    }
    if (x->stage != y->stage) {
        return x->stage < y->stage ? -1 : 1;
    }
    if (x->group->number != y->group->number) {
        return x->group->number < y->group->number ? -1 : 1;
    }
    return x->number < y->number ? -1 : x->number > y->number;
}

static bool is_sorted(const tk_write *write) {
    for (uint32_t i = 1; i < write->order_count; i++) {
        if (compare(&write->order[i - 1], &write->order[i]) > 0) {
            return false;
        }
    }
    return true;
}

takeo_status tk_order_make(tk_write *write, tk_findings *findings) {
    for (uint32_t i = 0; i < write->count; i++) {
        tk_subject *subject = &write->subjects[i];
        if (subject->action != TK_ACTION_NOTHING) {
            subject->stage = base_stage(subject);
            write->order[write->order_count++] = subject;
        }
    }
    if (write->verb == TK_VERB_REMOVE && write->order_count > 1) {
        TK_TRY(order_removals(write));
    }
    for (uint32_t i = 0; i < write->order_count; i++) {
        if (write->order[i]->after != NULL && write->order[i]->visit == NEW) {
            TK_TRY(find_stage(write, write->order[i], findings));
        }
    }
    if (findings->count == 0 && !is_sorted(write)) {
        qsort(write->order, write->order_count, sizeof *write->order, compare);
    }
    return TAKEO_DONE;
}
