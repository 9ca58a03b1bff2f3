/* read.c - definitions as a caller of an older or newer level gives them, brought to our own level.
 *
 * It knows sizes and counts of the structs of takeo/model.h.  It does not know what they mean; that
 * is check.c's.
 */
#include "model/model_int.h"

enum { STRUCT_MAX = 1 << 16 }; /* no struct will be larger: a size above it is a mistake */

/* The sizes that level 1 had.  When a struct grows they stay, written out. */
enum {
    ENTITY_LEAST = sizeof(takeo_entity_def),
    COLUMN_LEAST = sizeof(takeo_column_def),
    RELATION_LEAST = sizeof(takeo_relation_def),
    INDEX_LEAST = sizeof(takeo_index_def),
    CONSTRAINT_LEAST = sizeof(takeo_constraint_def)
};

takeo_status tk_read_struct(void *out, size_t out_size, const void *in, size_t in_size,
                            size_t least, const char *what, tk_error *error) {
    if (in_size < least || in_size > STRUCT_MAX) {
        return tk_raise(error, TK_CALL_INVALID, "%s is %zu bytes; it has at least %zu", what,
                        in_size, least);
    }
    const char *bytes = in;
    for (size_t i = out_size; i < in_size; i++) {
        if (bytes[i] != 0) {
            return tk_raise(error, TK_CALL_UNSUPPORTED,
                            "%s uses a field at byte %zu that this library does not know yet", what,
                            i);
        }
    }
    memset(out, 0, out_size);
    memcpy(out, in, in_size < out_size ? in_size : out_size);
    return TAKEO_DONE;
}

/* One of the four arrays of an entity: where it stands in the definition and how it is bounded. */
typedef struct array_rule {
    size_t items;
    size_t count;
    size_t item_size;
    size_t our_size;
    size_t least;
    uint32_t max;
    const char *name;
} array_rule;

#define ARRAY(nouns, noun, least, max)                                                             \
    {                                                                                              \
        offsetof(takeo_entity_def, nouns), offsetof(takeo_entity_def, noun##_count),               \
            offsetof(takeo_entity_def, noun##_size), sizeof(takeo_##noun##_def), least, max,       \
            #nouns                                                                                 \
    }

static const array_rule arrays[] = {
    ARRAY(columns, column, COLUMN_LEAST, TK_COLUMN_MAX),
    ARRAY(relations, relation, RELATION_LEAST, TK_RELATION_MAX),
    ARRAY(indexes, index, INDEX_LEAST, TK_INDEX_MAX),
    ARRAY(constraints, constraint, CONSTRAINT_LEAST, TK_INDEX_MAX),
};
#undef ARRAY

static uint32_t number_at(const void *def, size_t offset) {
    uint32_t number;
    memcpy(&number, (const char *)def + offset, sizeof number);
    return number;
}

static takeo_status read_array(takeo_entity_def *def, const array_rule *rule, tk_arena *scratch,
                               tk_error *error) {
    uint32_t count = number_at(def, rule->count);
    uint32_t size = number_at(def, rule->item_size);
    const char *items;
    memcpy(&items, (char *)def + rule->items, sizeof items);
    if (count == 0) {
        return TAKEO_DONE;
    }
    if (items == NULL) {
        return tk_raise(error, TK_CALL_INVALID, "%s of %.80s is NULL", rule->name,
                        tk_said(def->name));
    }
    if (count > rule->max) {
        return tk_raise(error, TK_CALL_INVALID, "%.80s has %u %s; %u is the most",
                        tk_said(def->name), count, rule->name, rule->max);
    }
    char *taken = tk_arena_array(scratch, count, rule->our_size);
    if (taken == NULL) {
        return tk_raise_memory(error);
    }
    for (size_t i = 0; i < count; i++) {
        TK_TRY(tk_read_struct(taken + i * rule->our_size, rule->our_size, items + i * size, size,
                              rule->least, rule->name, error));
    }
    memcpy((char *)def + rule->items, &taken, sizeof taken);
    return TAKEO_DONE;
}

takeo_status tk_read_entities(const takeo_entity_def *entities, uint32_t count, tk_arena *scratch,
                              takeo_entity_def **out, tk_error *error) {
    uint32_t size = number_at(entities, 0);
    takeo_entity_def *taken = tk_arena_array(scratch, count, sizeof *taken);
    if (taken == NULL) {
        return tk_raise_memory(error);
    }
    for (size_t i = 0; i < count; i++) {
        const char *entity = (const char *)entities + i * size;
        TK_TRY(tk_read_struct(&taken[i], sizeof taken[i], entity, size, ENTITY_LEAST, "an entity",
                              error));
        if (taken[i].struct_size != size) {
            return tk_raise(error, TK_CALL_INVALID,
                            "struct_size of entity %zu is %u, of the first %u", i + 1,
                            taken[i].struct_size, size);
        }
        for (size_t rule = 0; rule < TK_COUNT(arrays); rule++) {
            TK_TRY(read_array(&taken[i], &arrays[rule], scratch, error));
        }
    }
    *out = taken;
    return TAKEO_DONE;
}
