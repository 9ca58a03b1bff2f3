/* verify.c - the last part of freeze: what is wrong between entities, and their order.
 *
 * It knows the whole model with all of its final names and changes nothing in it but the ranks.
 */
#include "model/model_int.h"

typedef struct verifier {
    tk_model *model;
    tk_report *report;
    tk_map names; /* what has been named so far -> what it is */
    bool failed;  /* no memory */
} verifier;

/* ---- names ----------------------------------------------------------------------------------- */

static const char *or_empty(takeo_text text) {
    return text.data != NULL ? text.data : "";
}

/* One name within a space; a second holder is a finding. */
static void claim(verifier *at, const tk_entity *entity, const char *space, takeo_text name,
                  const char *what) {
    tk_arena *arena = &at->model->arena;
    const char *key = tk_arena_printf(arena, "%s\x1F%s", space, name.data);
    const char *holder = tk_arena_printf(arena, "%s of %s", what, entity->name.data);
    if (key == NULL || holder == NULL) {
        at->failed = true;
        return;
    }
    const char *first = tk_map_get(&at->names, key, strlen(key));
    if (first != NULL) {
        tk_report_add(at->report, entity->name.data, NULL, "%s is the name of %s and of %s",
                      name.data, first, holder);
        tk_report_hint(at->report, "give one of them another name");
    } else if (!tk_map_put(&at->names, key, strlen(key), (void *)(uintptr_t)holder)) {
        at->failed = true;
    }
}

/* Tables and indexes share the names of a schema, constraints those of their table. */
static void claim_names(verifier *at, const tk_entity *entity) {
    const char *schema = tk_arena_printf(&at->model->arena, "%s\x1F%s", or_empty(entity->database),
                                         or_empty(entity->schema));
    const char *table = tk_arena_printf(&at->model->arena, "%u", entity->number);
    const char *columns = tk_arena_printf(&at->model->arena, "%u columns", entity->number);
    if (schema == NULL || table == NULL || columns == NULL) {
        at->failed = true;
        return;
    }
    claim(at, entity, schema, entity->table, "the table");
    for (uint32_t i = 0; i < entity->column_count; i++) {
        claim(at, entity, columns, entity->columns[i].column, "a column");
    }
    claim(at, entity, schema, entity->primary_key, "the primary key");
    claim(at, entity, table, entity->primary_key, "the primary key");
    for (uint32_t i = 0; i < entity->index_count; i++) {
        const tk_index *index = &entity->indexes[i];
        const char *what = index->is_unique ? "a unique index" : "an index";
        what = index->is_constraint ? "a unique constraint" : what;
        claim(at, entity, schema, index->name, what);
        if (index->is_constraint) {
            claim(at, entity, table, index->name, what);
        }
    }
    for (uint32_t i = 0; i < entity->relation_count; i++) {
        if (entity->relations[i].constraint.data != NULL) {
            claim(at, entity, table, entity->relations[i].constraint, "a foreign key");
        }
    }
    for (uint32_t i = 0; i < entity->check_count; i++) {
        claim(at, entity, table, entity->checks[i].name, "a check");
    }
}

/* ---- order_by: "name, id desc" --------------------------------------------------------------- */

static bool is_space(char c) {
    return c == ' ' || c == '\t';
}

static takeo_text take_word(const char **at) {
    while (is_space(**at)) {
        (*at)++;
    }
    const char *start = *at;
    while (**at != '\0' && **at != ',' && !is_space(**at)) {
        (*at)++;
    }
    return tk_text(start, (size_t)(*at - start));
}

static bool is_direction(takeo_text word) {
    return word.len == 0 || tk_text_equal(word, tk_zstr("asc"))
           || tk_text_equal(word, tk_zstr("desc"));
}

static void check_order(verifier *at, const tk_entity *holder, const char *field,
                        const tk_entity *ordered, takeo_text order) {
    const char *place = order.data;
    for (bool is_more = place != NULL; is_more && !at->failed;) {
        takeo_text name = take_word(&place);
        takeo_text direction = take_word(&place);
        takeo_text rest = take_word(&place);
        is_more = *place == ',';
        place += is_more;
        if (name.len > 0 && rest.len == 0 && is_direction(direction)
            && tk_entity_find_column(ordered, name.data, name.len) != NULL) {
            continue;
        }
        char wrong[TK_NAME_MAX + 1] = "";
        memcpy(wrong, name.data, name.len < TK_NAME_MAX ? name.len : TK_NAME_MAX);
        tk_report_add(at->report, holder->name.data, field,
                      "order_by: \"%.80s\" is no list of "
                      "columns of %s",
                      order.data, ordered->name.data);
        tk_report_hint(at->report, "it reads like \"name, id desc\"");
        uint32_t count = 0;
        takeo_text *names = tk_entity_names(ordered, &at->model->arena, &count);
        at->failed = names == NULL;
        tk_report_nearest(at->report, wrong, names, count);
        return;
    }
}

/* ---- relations ------------------------------------------------------------------------------- */

/* A foreign key can only point to what is unique. */
static void check_references(verifier *at, const tk_relation *relation) {
    const tk_entity *target = relation->target;
    uint32_t count = relation->column_count;
    bool is_unique = tk_columns_are(target->key, target->key_count, relation->references, count);
    for (uint32_t i = 0; i < target->index_count; i++) {
        const tk_index *index = &target->indexes[i];
        is_unique = is_unique
                    || (index->is_unique && index->where_sql.data == NULL
                        && tk_columns_are(index->columns, index->column_count, relation->references,
                                          count));
    }
    if (!is_unique) {
        tk_report_add(at->report, relation->entity->name.data, relation->name.data,
                      "%s refers to %s.%s%s, which is neither the key nor unique",
                      relation->name.data, target->name.data, relation->references[0]->name.data,
                      count > 1 ? " and more" : "");
        tk_report_hint(at->report, "make it unique, or refer to the primary key");
    }
}

static void check_relations(verifier *at, const tk_entity *entity) {
    for (uint32_t i = 0; i < entity->relation_count; i++) {
        const tk_relation *relation = &entity->relations[i];
        if (relation->target == NULL) {
            continue;
        }
        if (relation->owns_key && relation->column_count > 0) {
            check_references(at, relation);
        }
        check_order(at, entity, relation->name.data, relation->target, relation->order_by);
    }
}

/* ---- circles and order ----------------------------------------------------------------------- */

static bool is_eager(const tk_relation *relation) {
    return relation->target != NULL && (relation->flags & TAKEO_RELATION_FLAG_EAGER) != 0;
}

/* May the entity be left out, as no eager relation leads on from it, or none to it? */
static bool is_loose(const tk_model *model, const uint8_t *left, const tk_entity *entity) {
    bool leads_on = false;
    bool is_led_to = false;
    for (uint32_t i = 0; i < model->entity_count; i++) {
        const tk_entity *other = model->entities[i];
        for (uint32_t j = 0; left[i] && j < other->relation_count; j++) {
            const tk_relation *relation = &other->relations[j];
            bool counts = is_eager(relation) && left[relation->target->number - 1];
            leads_on = leads_on || (counts && other == entity);
            is_led_to = is_led_to || (counts && relation->target == entity);
        }
    }
    return !leads_on || !is_led_to;
}

static void report_eager(verifier *at, const uint8_t *left) {
    for (uint32_t i = 0; i < at->model->entity_count; i++) {
        const tk_entity *entity = at->model->entities[i];
        for (uint32_t j = 0; left[i] && j < entity->relation_count; j++) {
            const tk_relation *relation = &entity->relations[j];
            if (is_eager(relation) && left[relation->target->number - 1]) {
                tk_report_add(at->report, entity->name.data, relation->name.data,
                              "%s is eager in a circle of eager relations", relation->name.data);
                tk_report_hint(at->report, "loading one object would load without end");
            }
        }
    }
}

/* Eager relations must not lead back.  Entities are taken away until only circles are left; without
 * eager relations, the usual case, all go in the first pass. */
static void check_eager(verifier *at) {
    uint32_t count = at->model->entity_count;
    uint8_t *left = tk_arena_array(&at->model->arena, count, 1);
    bool has_eager = false;
    if (left == NULL) {
        at->failed = true;
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        const tk_entity *entity = at->model->entities[i];
        for (uint32_t j = 0; j < entity->relation_count; j++) {
            if (is_eager(&entity->relations[j])) {
                left[i] = left[entity->relations[j].target->number - 1] = 1;
                has_eager = true;
            }
        }
    }
    for (bool has_moved = has_eager; has_moved;) {
        has_moved = false;
        for (uint32_t i = 0; i < count; i++) {
            if (left[i] && is_loose(at->model, left, at->model->entities[i])) {
                left[i] = 0;
                has_moved = true;
            }
        }
    }
    report_eager(at, left);
}

/* How strongly a relation asks for its target to be written first. */
enum { STRONG, WEAK, NONE };

static int strength(const tk_relation *relation) {
    const uint32_t later = TAKEO_RELATION_FLAG_DEFERRABLE | TAKEO_RELATION_FLAG_INITIALLY_DEFERRED
                           | TAKEO_RELATION_FLAG_NO_CONSTRAINT;
    if (!relation->owns_key || relation->target == NULL || relation->target == relation->entity) {
        return NONE;
    }
    return relation->is_nullable || (relation->flags & later) != 0 ? WEAK : STRONG;
}

/* Are all parents ranked, looking at relations up to this strength only? */
static bool is_free(const tk_entity *entity, int limit) {
    for (uint32_t i = 0; i < entity->relation_count; i++) {
        const tk_relation *relation = &entity->relations[i];
        if (strength(relation) <= limit && strength(relation) != NONE
            && relation->target->rank == 0) {
            return false;
        }
    }
    return true;
}

/* Rank all whose parents are ranked, until no more are. */
static uint32_t rank_free(tk_model *model, uint32_t rank) {
    for (uint32_t before = rank - 1; before != rank;) {
        before = rank;
        for (uint32_t i = 0; i < model->entity_count; i++) {
            tk_entity *entity = model->entities[i];
            if (entity->rank == 0 && is_free(entity, WEAK)) {
                entity->rank = rank++;
            }
        }
    }
    return rank;
}

/* How many unranked entities must come before this one, itself included?  `seen` has a place for
 * each and `stack` too. */
static uint32_t count_parents(const tk_entity *entity, uint8_t *seen, const tk_entity **stack,
                              uint32_t entity_count) {
    uint32_t waiting = 0;
    uint32_t count = 0;
    memset(seen, 0, entity_count);
    stack[waiting++] = entity;
    seen[entity->number - 1] = 1;
    while (waiting > 0) {
        const tk_entity *child = stack[--waiting];
        count++;
        for (uint32_t i = 0; i < child->relation_count; i++) {
            const tk_relation *relation = &child->relations[i];
            const tk_entity *target = relation->target;
            if (strength(relation) != NONE && target->rank == 0 && !seen[target->number - 1]) {
                seen[target->number - 1] = 1;
                stack[waiting++] = target;
            }
        }
    }
    return count;
}

/* All that are left lie in circles or behind them.  Those with the fewest parents are in a circle
 * that waits for nothing else; of these goes first whose parents in it can be written later. */
static tk_entity *choose_in_circle(tk_model *model, uint8_t *seen, const tk_entity **stack) {
    tk_entity *best = NULL;
    uint32_t best_count = 0;
    bool best_is_free = false;
    for (uint32_t i = 0; i < model->entity_count; i++) {
        tk_entity *entity = model->entities[i];
        if (entity->rank != 0) {
            continue;
        }
        uint32_t count = count_parents(entity, seen, stack, model->entity_count);
        bool is_better = best == NULL || count < best_count
                         || (count == best_count && !best_is_free && is_free(entity, STRONG));
        if (is_better) {
            best = entity;
            best_count = count;
            best_is_free = is_free(entity, STRONG);
        }
    }
    return best;
}

/* Parents first.  In a circle a nullable or deferrable relation is passed over; where there is none
 * the first entity goes. */
static void rank_entities(verifier *at) {
    tk_model *model = at->model;
    uint8_t *seen = tk_arena_array(&model->arena, model->entity_count, 1);
    const tk_entity **stack =
        tk_arena_array(&model->arena, model->entity_count, sizeof(tk_entity *));
    if (seen == NULL || stack == NULL) {
        at->failed = true;
        return;
    }
    for (uint32_t i = 0; i < model->entity_count; i++) {
        model->entities[i]->rank = 0;
    }
    uint32_t rank = rank_free(model, 1);
    while (rank <= model->entity_count) {
        choose_in_circle(model, seen, stack)->rank = rank;
        rank = rank_free(model, rank + 1);
    }
}

bool tk_verify_model(tk_model *model, tk_report *report) {
    verifier at = {.model = model, .report = report};
    tk_map_init(&at.names, model->alloc);
    for (uint32_t i = 0; i < model->entity_count && !at.failed; i++) {
        const tk_entity *entity = model->entities[i];
        claim_names(&at, entity);
        check_relations(&at, entity);
        check_order(&at, entity, NULL, entity, entity->order_by);
    }
    tk_map_done(&at.names);
    check_eager(&at);
    rank_entities(&at);
    return !at.failed;
}
