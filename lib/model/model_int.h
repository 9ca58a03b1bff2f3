/* model_int.h - what the files of the room `model` share: drafts, findings, names.
 *
 * A definition goes through these files in turn: read.c takes it in from a caller of any level,
 * check.c says what is wrong by itself, copy.c keeps it as a draft; at freeze prepare.c
 * makes entities of the drafts, resolve.c joins them through their relations, index.c makes indexes
 * and constraints, verify.c says what is wrong between them and orders them, describe.c writes it
 * all down.
 */
#ifndef TK_MODEL_INT_H
#define TK_MODEL_INT_H

#include "model/model.h"

enum {
    TK_ENTITY_MAX = 10000,
    TK_RELATION_MAX = 1600,
    TK_INDEX_MAX = 1000, /* and as many constraints */
    TK_INDEX_ITEM_MAX = 32,
    TK_LABEL_MAX = 65535,
    TK_DIMENSION_MAX = 6,
    TK_DECIMAL_PRECISION_MAX = 1000,
    TK_TIME_PRECISION_MAX = 6,
    TK_FINDING_MAX = 200
};

/* An entity with the definition that it came from.  freeze fills `entity` anew from `def` each time
 * it is called, so that after a failure the model is as it was. */
typedef struct tk_draft {
    tk_entity entity; /* first, so that a pointer to it is one to the draft */
    takeo_entity_def def;
    uint32_t column_capacity;
    uint8_t *key_states; /* of relations: tk_key_state */
} tk_draft;

typedef enum tk_key_state { TK_KEY_WAITING, TK_KEY_DONE, TK_KEY_FAILED } tk_key_state;

static inline tk_draft *tk_draft_of(const tk_entity *entity) {
    return (tk_draft *)(uintptr_t)entity;
}
static inline const takeo_column_def *tk_column_def_of(const tk_column *column) {
    return &tk_draft_of(column->entity)->def.columns[column->number - 1];
}
static inline const takeo_relation_def *tk_relation_def_of(const tk_relation *relation) {
    return &tk_draft_of(relation->entity)->def.relations[relation->number - 1];
}

/* ---- report.c: the findings of one pass ------------------------------------------------------ */

typedef struct tk_report {
    tk_error *error; /* may be NULL */
    uint32_t count;
    takeo_status status; /* of the pass: zero, TAKEO_EMAPPING or TAKEO_ENOMEM */
} tk_report;

void tk_report_add(tk_report *report, const char *entity, const char *field, const char *format,
                   ...) TK_PRINTF(4, 5);
/* These two belong to the finding added last. */
void tk_report_hint(tk_report *report, const char *format, ...) TK_PRINTF(2, 3);
void tk_report_nearest(tk_report *report, const char *wrong, const takeo_text *names, size_t count);
void tk_report_memory(tk_report *report);

/* A caller's name in a message, with "%.80s": it may be missing, and wrong in every way. */
static inline const char *tk_said(const char *name) {
    return name != NULL ? name : "?";
}

/* ---- read.c, check.c, copy.c: from a caller's definition to a draft -------------------------- */

/* Bring a struct of another level to ours: `in_size` bytes, of which at least `least` must be
 * there, and what we do not know must be zero. */
TK_CHECKED takeo_status tk_read_struct(void *out, size_t out_size, const void *in, size_t in_size,
                                       size_t least, const char *what, tk_error *error);
/* Shallow copies of our own level; arrays go into the scratch arena, texts stay the caller's. */
TK_CHECKED takeo_status tk_read_entities(const takeo_entity_def *entities, uint32_t count,
                                         tk_arena *scratch, takeo_entity_def **out,
                                         tk_error *error);
/* What is wrong with one entity by itself; `place` counts from 1 and stands in for a bad name. */
void tk_check_entity(tk_report *report, const takeo_entity_def *def, uint32_t place,
                     tk_arena *scratch);
/* A deep copy in the model's arena; NULL without memory. */
TK_CHECKED tk_draft *tk_draft_new(tk_model *model, const takeo_entity_def *def);
/* What a column is by its own definition. */
void tk_column_fill(tk_column *column, const takeo_column_def *def);
TK_CHECKED bool tk_label_list(tk_arena *arena, const takeo_column_def *def, const takeo_text **out);

/* ---- prepare.c, resolve.c, index.c, verify.c, describe.c: freeze ----------------------------- */

/* False without memory; what is wrong goes into the report. */
TK_CHECKED bool tk_prepare_model(tk_model *model, tk_report *report);
TK_CHECKED bool tk_resolve_model(tk_model *model, tk_report *report);
TK_CHECKED bool tk_index_model(tk_model *model, tk_report *report);
TK_CHECKED bool tk_verify_model(tk_model *model, tk_report *report);
TK_CHECKED bool tk_describe_model(tk_model *model);
/* By property, else by name in the table; NULL: none. */
tk_column *tk_column_find_any(const tk_entity *entity, const char *name);
/* Does the list hold exactly these columns, in any order? */
bool tk_columns_are(const tk_column *const *list, uint32_t list_count,
                    const tk_column *const *columns, uint32_t count);
/* Names for the nearest; hidden columns are left out.  NULL without memory. */
TK_CHECKED takeo_text *tk_entity_names(const tk_entity *entity, tk_arena *arena,
                                       uint32_t *out_count);

/* ---- naming.c: names that nobody gave -------------------------------------------------------- */

/* All give {NULL, 0} without memory. */
takeo_text tk_naming_word(tk_model *model, takeo_text name); /* of a table or column */
/* "ix_cities_country_name"; cut with a hash when it has more than TK_NAME_MAX bytes. */
takeo_text tk_naming_constraint(tk_model *model, const char *prefix, takeo_text table,
                                takeo_text rest);
takeo_text tk_naming_fit(tk_model *model, const char *data, size_t len);
/* Eight hexadecimal digits that stand for a text. */
void tk_naming_digest(const char *data, size_t len, char out[9]);

#endif
