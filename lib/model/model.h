/* model.h - door of the room `model`: the registry.  Definition structs go in; a frozen, verified,
 * read-only model comes out.
 *
 * It knows names, types, relations and constraints.  It does not know SQL text, drivers, rows or
 * the classes of a host.  After tk_model_freeze nothing in it changes, so any thread may read it.
 *
 * Numbers count from 1 and 0 is none.  Columns of an entity are numbered in the order of their
 * definition; those that freeze adds for the keys of to-one relations come after them.  Relations
 * are numbered apart, but share names with columns.
 */
#ifndef TK_MODEL_H
#define TK_MODEL_H

#include "takeo/model.h"
#include "value/value.h"

typedef struct takeo_model tk_model;
typedef struct tk_entity tk_entity;
typedef struct tk_column tk_column;
typedef struct tk_relation tk_relation;

enum { TK_NAME_MAX = 63, TK_COLUMN_MAX = 1600, TK_KEY_MAX = 16 };

struct tk_column {
    uint32_t number;
    const tk_entity *entity;
    takeo_text name;   /* the property */
    takeo_text column; /* in the table */
    takeo_type type;
    takeo_type element;
    uint16_t dimensions;
    uint16_t generated; /* takeo_generated_values */
    uint16_t role;      /* takeo_role_values */
    uint32_t precision;
    uint32_t scale;
    uint32_t length;
    uint32_t flags; /* takeo_column_flags */
    const takeo_text *labels;
    uint32_t label_count;
    const takeo_cell *default_value; /* NULL: none */
    takeo_text default_sql;
    takeo_text type_name;
    takeo_text collation;
    takeo_text check_sql;
    takeo_text constraint; /* given name of its unique or check constraint */
    takeo_text enum_name;
    takeo_text charset;
    takeo_text comment;
    const tk_relation *relation; /* the to-one whose key it is (or part of it); NULL */
    bool is_key;                 /* part of the primary key */
    bool is_hidden;              /* added by freeze for a relation */
    bool is_nullable;
    bool is_deferred;
    bool is_insertable;  /* written by INSERT when it has a value */
    bool is_updatable;   /* may be written by UPDATE */
    bool is_server_made; /* identity, default_sql: read back after an INSERT that left it out */
};

struct tk_relation {
    uint32_t number;
    const tk_entity *entity;
    const tk_entity *target;
    const tk_relation *inverse; /* NULL: none declared */
    takeo_text name;
    uint16_t kind; /* takeo_relation_kind_values */
    uint16_t on_delete;
    uint16_t on_update;
    uint16_t orphan;
    uint32_t flags; /* takeo_relation_flags */
    bool is_to_one;
    bool is_nullable;
    bool owns_key; /* its columns stand in this entity's table */
    /* Pairs that join: columns[i] here equals references[i] there.  For a side that does not own
     * the key they come from the inverse, turned round.  Many-to-many: empty (not built yet). */
    const tk_column *const *columns;
    const tk_column *const *references;
    uint32_t column_count;
    takeo_text constraint; /* final name of the foreign key */
    takeo_text index;      /* final name of its index; empty: none wanted or one is there */
    takeo_text order_by;
};

typedef struct tk_index {
    takeo_text name;
    const tk_column *const *columns;
    uint32_t column_count;
    const uint8_t *is_descending;
    bool is_unique;     /* a unique index */
    bool is_constraint; /* a UNIQUE constraint rather than an index */
    takeo_text where_sql;
} tk_index;

typedef struct tk_check {
    takeo_text name;
    takeo_text sql;
} tk_check;

struct tk_entity {
    uint32_t number;
    uint32_t flags; /* takeo_entity_flags */
    tk_model *model;
    takeo_text name;
    takeo_text table;
    takeo_text schema;
    takeo_text database;
    takeo_text primary_key; /* name of the constraint */
    takeo_text comment;
    takeo_text engine;
    takeo_text order_by;
    tk_column *columns; /* columns[number - 1] */
    uint32_t column_count;
    uint32_t declared_count; /* without those that freeze added */
    tk_relation *relations;  /* relations[number - 1] */
    uint32_t relation_count;
    const tk_column *const *key;
    uint32_t key_count;
    const tk_column *generated_key; /* the one key column that IDENTITY or INCREMENT makes; NULL */
    const tk_column *version;       /* NULL: none */
    const tk_column *created;
    const tk_column *updated;
    const tk_column *deleted;
    tk_index *indexes;
    uint32_t index_count;
    tk_check *checks;
    uint32_t check_count;
    uint32_t rank; /* parents have a smaller one than their children; cycles broken at nullables */
    tk_map properties; /* name -> tk_column *, and relations in `links` */
    tk_map links;      /* name -> tk_relation * */
};

struct takeo_model {
    tk_alloc alloc;
    tk_arena arena;     /* everything, also after freeze */
    int32_t references; /* atomic */
    int64_t process_id;
    bool is_frozen;
    uint32_t naming;
    takeo_text table_prefix;
    takeo_text schema;
    tk_entity **entities; /* entities[number - 1] */
    uint32_t entity_count;
    tk_map names;           /* name -> tk_entity * */
    takeo_text description; /* JSON, made by freeze */
};

TK_CHECKED takeo_status tk_model_new(const takeo_model_options *options, tk_model **out,
                                     tk_error *error);
TK_CHECKED takeo_status tk_model_add(tk_model *model, const takeo_entity_def *entities,
                                     uint32_t count, tk_error *error);
TK_CHECKED takeo_status tk_model_freeze(tk_model *model, tk_error *error);
tk_model *tk_model_hold(tk_model *model);
void tk_model_drop(tk_model *model); /* NULL is allowed */

static inline const tk_entity *tk_model_entity(const tk_model *model, uint32_t number) {
    return number - 1 < model->entity_count ? model->entities[number - 1] : NULL;
}
static inline const tk_column *tk_entity_column(const tk_entity *entity, uint32_t number) {
    return number - 1 < entity->column_count ? &entity->columns[number - 1] : NULL;
}
static inline const tk_relation *tk_entity_relation(const tk_entity *entity, uint32_t number) {
    return number - 1 < entity->relation_count ? &entity->relations[number - 1] : NULL;
}
const tk_entity *tk_model_find_entity(const tk_model *model, const char *name, size_t len);
const tk_column *tk_entity_find_column(const tk_entity *entity, const char *name, size_t len);
const tk_relation *tk_entity_find_relation(const tk_entity *entity, const char *name, size_t len);
/* TAKEO_EUNKNOWN_FIELD with entity, field and the nearest names set. */
takeo_status tk_entity_raise_unknown(const tk_entity *entity, const char *name, size_t len,
                                     tk_error *error);

/* ---- accept.c: does a value fit a column ----------------------------------------------------- */

typedef struct tk_accept { /* what a value has to fit: a column's limits, or a bare type */
    takeo_type type;
    takeo_type element;
    uint16_t dimensions; /* of an array; 0: any */
    uint32_t length;
    uint32_t precision;
    uint32_t scale;
    bool is_whole_second; /* of a time whose precision is 0 */
    bool is_duration;     /* of an interval: without months */
    int64_t min;          /* of integers */
    int64_t max;
    bool is_nullable;
    bool is_secret;
    bool text_is_valid;   /* the caller answers for UTF-8, as CPython does; not for zero bytes */
    bool text_is_parsed;  /* TAKEO_OP_COERCE_TEXT */
    bool loss_is_allowed; /* TAKEO_OP_COERCE_LOSSY, which parses text too */
    const takeo_text *labels;
    uint32_t label_count;
    const tk_column *column; /* for messages; NULL: a parameter without one */
} tk_accept;

/* Made by these two only, once per column and statement, and then used for every value. */
tk_accept tk_accept_column(const tk_column *column);
tk_accept tk_accept_type(takeo_type type); /* takes NULL; TAKEO_TYPE_NONE takes any value */
/* Give the cell in the form that the type has: integers are widened and range-checked, text of 36
 * characters becomes a UUID, decimals canonical, labels, lengths (characters), JSON and UTF-8
 * checked.  A failure is TAKEO_EINPUT with entity, field, expected and got.  What fits passes at
 * the cost of a comparison or two; text is not copied unless it changes (then into the arena). */
TK_CHECKED takeo_status tk_accept_cell(const tk_accept *accept, const takeo_cell *in,
                                       takeo_cell *out, tk_arena *arena, tk_error *error);
/* Say of a refusal which element of a list it was, counted from 0. */
void tk_accept_name_element(tk_error *error, size_t index);

#endif
