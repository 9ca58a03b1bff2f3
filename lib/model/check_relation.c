/* check_relation.c - what is wrong with one relation by itself: its kind, its actions, its sides.
 *
 * It knows the relation's definition.  It does not know the target.
 */
#include "model/check_int.h"

static const tk_text_rule relation_texts[] = {
    {offsetof(takeo_relation_def, order_by), TK_TEXT_ANY, "order_by"},
    {offsetof(takeo_relation_def, constraint), TK_TEXT_NAME, "the name of a constraint"},
    {offsetof(takeo_relation_def, junction), TK_TEXT_UNBUILT, "a junction"},
};

/* What only the side with the key column can say. */
enum {
    KEY_FLAGS = TAKEO_RELATION_FLAG_NULLABLE | TAKEO_RELATION_FLAG_PRIMARY
                | TAKEO_RELATION_FLAG_NO_CONSTRAINT | TAKEO_RELATION_FLAG_NO_INDEX
                | TAKEO_RELATION_FLAG_DEFERRABLE | TAKEO_RELATION_FLAG_INITIALLY_DEFERRED,
    KNOWN_FLAGS = (TAKEO_RELATION_FLAG_LAZY << 1) - 1
};

static bool is_to_one(const takeo_relation_def *def) {
    return def->kind == TAKEO_RELATION_MANY_TO_ONE || def->kind == TAKEO_RELATION_ONE_TO_ONE;
}

static void check_kind(tk_checker *check, const takeo_relation_def *def) {
    switch (def->kind) {
    case TAKEO_RELATION_MANY_TO_ONE:
    case TAKEO_RELATION_ONE_TO_ONE:
        if (def->order_by != NULL) {
            tk_check_add(check, def->name, "order_by is for relations to many");
        }
        break;
    case TAKEO_RELATION_ONE_TO_MANY:
        if (def->inverse == NULL) {
            tk_check_add(check, def->name, "a relation to many has no inverse");
            tk_report_hint(check->report, "declare the MANY_TO_ONE on the other side and name it");
        }
        break;
    case TAKEO_RELATION_MANY_TO_MANY:
        tk_check_add(check, def->name, "many-to-many relations are not built yet");
        tk_report_hint(check->report, "declare an entity for the table between, with two "
                                      "MANY_TO_ONE relations");
        break;
    case TAKEO_RELATION_POLYMORPHIC:
        tk_check_add(check, def->name, "polymorphic relations are not built yet");
        break;
    default:
        tk_check_add(check, def->name, "%u is no kind of relation", def->kind);
    }
}

static void check_actions(tk_checker *check, const takeo_relation_def *def) {
    bool is_nullable = (def->flags & TAKEO_RELATION_FLAG_NULLABLE) != 0;
    if (def->on_delete > TAKEO_ACTION_SET_DEFAULT || def->on_update > TAKEO_ACTION_SET_DEFAULT) {
        tk_check_add(check, def->name, "%u and %u: one is no action of a foreign key",
                     def->on_delete, def->on_update);
    }
    if (def->orphan > TAKEO_ORPHAN_KEEP) {
        tk_check_add(check, def->name, "%u is no policy for orphans", def->orphan);
    }
    bool sets_null =
        def->on_delete == TAKEO_ACTION_SET_NULL || def->on_update == TAKEO_ACTION_SET_NULL;
    if (sets_null && is_to_one(def) && !is_nullable) {
        tk_check_add(check, def->name, "SET NULL on a relation that is not nullable");
        tk_report_hint(check->report, "make the relation nullable, or choose CASCADE or RESTRICT");
    }
    bool has_action = def->on_delete != TAKEO_ACTION_DEFAULT
                      || def->on_update != TAKEO_ACTION_DEFAULT || def->constraint != NULL;
    if (has_action && (def->flags & TAKEO_RELATION_FLAG_NO_CONSTRAINT) != 0) {
        tk_check_add(check, def->name,
                     "a relation without a constraint has a name or actions for it");
    }
}

static void check_sides(tk_checker *check, const takeo_relation_def *def) {
    bool says_key = def->key_count != 0 || (def->flags & KEY_FLAGS) != 0 || def->constraint != NULL
                    || def->on_delete != 0 || def->on_update != 0;
    if (def->kind == TAKEO_RELATION_ONE_TO_MANY && says_key) {
        tk_check_add(check, def->name,
                     "keys, actions, the constraint and whether it is nullable "
                     "belong to the side that has the key");
    }
    if ((def->flags & ~(uint32_t)KNOWN_FLAGS) != 0) {
        tk_check_add(check, def->name, "flags of the relation are unknown (%#x)",
                     def->flags & ~(uint32_t)KNOWN_FLAGS);
    }
    const uint32_t cascades =
        TAKEO_RELATION_FLAG_CASCADE_INSERT | TAKEO_RELATION_FLAG_CASCADE_UPDATE
        | TAKEO_RELATION_FLAG_CASCADE_REMOVE | TAKEO_RELATION_FLAG_CASCADE_SOFT_REMOVE
        | TAKEO_RELATION_FLAG_CASCADE_RECOVER;
    bool has_policy = def->orphan != TAKEO_ORPHAN_NULLIFY && def->orphan <= TAKEO_ORPHAN_KEEP;
    if ((def->flags & cascades) != 0 || has_policy) {
        tk_check_add(check, def->name, "cascades are not built yet");
        tk_report_hint(check->report, "save and remove the members by themselves, in one list");
    }
    if ((def->flags & TAKEO_RELATION_FLAG_LAZY) != 0) {
        tk_check_add(check, def->name, "loading on touch is not built yet");
    }
    const uint32_t both = TAKEO_RELATION_FLAG_PRIMARY | TAKEO_RELATION_FLAG_NULLABLE;
    if ((def->flags & both) == both) {
        tk_check_add(check, def->name, "a relation of the primary key is nullable");
    }
}

static void check_names(tk_checker *check, const takeo_relation_def *def, const char *const *names,
                        const char *what) {
    for (uint32_t i = 0; names != NULL && i < def->key_count; i++) {
        if (names[i] == NULL || names[i][0] == '\0' || strlen(names[i]) > TK_NAME_MAX
            || !tk_utf8_is_valid(names[i], strlen(names[i]))) {
            tk_check_add(check, def->name, "%s %u is no name of a column", what, i + 1);
        }
        for (uint32_t j = 0; j < i && names[i] != NULL; j++) {
            if (names[j] != NULL && strcmp(names[i], names[j]) == 0) {
                tk_check_add(check, def->name, "%.80s is there twice", names[i]);
            }
        }
    }
}

void tk_check_relation(tk_checker *check, const takeo_relation_def *def) {
    tk_check_name(check, def->name, "a relation", def->name);
    if (def->kind != TAKEO_RELATION_POLYMORPHIC) {
        tk_check_name(check, def->name, "the target of a relation", def->target);
    }
    if (def->inverse != NULL) {
        tk_check_name(check, def->name, "the inverse of a relation", def->inverse);
    }
    tk_check_texts(check, def->name, def, relation_texts, TK_COUNT(relation_texts));
    check_kind(check, def);
    check_actions(check, def);
    check_sides(check, def);
    if (def->key_count > TK_KEY_MAX) {
        tk_check_add(check, def->name, "a key of %u columns; %d is the most", def->key_count,
                     TK_KEY_MAX);
    } else if (def->key_count != 0 && def->keys == NULL && def->references == NULL) {
        tk_check_add(check, def->name, "key_count is %u, but no key is named", def->key_count);
    } else if (def->key_count == 0 && (def->keys != NULL || def->references != NULL)) {
        tk_check_add(check, def->name, "keys are named, but key_count is 0");
    } else {
        check_names(check, def, def->keys, "key");
        check_names(check, def, def->references, "reference");
    }
}
