/* write_int.h - what the files share that write objects.
 *
 *     write.c   the verbs: lists in, one pass over all objects, then their statements
 *     action.c  what is to be done with an object, and with which columns
 *     value.c   the value of a column: of a field, of a relation, of another object's fresh key
 *     group.c   objects of one statement: the same entity, action and columns
 *     order.c   which object is written before which
 *     send.c    the jobs
 *     batch.c   the jobs of many objects at once, where the dialect has such statements
 *     settle.c  after success: generated values, states
 *     upsert.c  what only an upsert has: its conflict target, its condition
 *
 * Nothing in an object is touched before the operation has succeeded.
 */
#ifndef TK_ORM_WRITE_INT_H
#define TK_ORM_WRITE_INT_H

#include "orm/orm_int.h"

/* Bits of columns: bit n is the column of number n + 1. */
enum { TK_WORDS_MAX = 64 };
static inline uint32_t tk_words(const tk_entity *entity) {
    return (entity->column_count + 63) / 64;
}
static inline void tk_bit_set(uint64_t *bits, const tk_column *column) {
    bits[(column->number - 1) / 64] |= UINT64_C(1) << (column->number - 1) % 64;
}
static inline bool tk_bit_is_set(const uint64_t *bits, const tk_column *column) {
    return (bits[(column->number - 1) / 64] >> (column->number - 1) % 64 & 1) != 0;
}

typedef struct tk_subject tk_subject;
typedef struct tk_group tk_group;
typedef struct tk_write tk_write;

typedef enum tk_action {
    TK_ACTION_NOTHING,
    TK_ACTION_INSERT,
    TK_ACTION_UPDATE,
    TK_ACTION_DELETE,
    TK_ACTION_UPSERT
} tk_action;

typedef struct tk_late { /* a cell that is known once another object's row is there */
    struct tk_late *next;
    uint32_t cell;
    tk_subject *other;
} tk_late;

typedef struct tk_after { /* another object that has to be written before */
    struct tk_after *next;
    tk_subject *other;
    const tk_relation *relation; /* by which they hang together */
} tk_after;

typedef struct tk_put { /* a value that goes back into the object */
    struct tk_put *next;
    const tk_column *column;
    takeo_cell cell;
    uint32_t late; /* place + 1 of the cell among the arguments; 0: `cell` has it */
} tk_put;

struct tk_subject {
    void *item;
    const tk_layout *layout; /* NULL: a row of cells */
    const tk_entity *entity;
    uint32_t number; /* in the caller's list, from 1 */
    uint8_t action;  /* tk_action */
    uint8_t written; /* takeo_written_values */
    bool is_known;   /* action and key are known */
    bool is_loaded;  /* its row exists, as its state says */
    bool has_key;    /* all of `key` */
    bool has_given;  /* a state says which columns were given */
    bool is_fresh;   /* last_key holds the key that the server made */
    bool is_told;    /* of an upsert: its row says what became of it */
    bool was_inserted;
    uint8_t visit; /* order.c */
    tk_group *group;
    takeo_cell *key;       /* of the entity's key columns */
    takeo_cell *arguments; /* of the statement */
    takeo_cell *returned;  /* what RETURNING brought; NULL: no row */
    uint64_t *seen;        /* the state's words as they were read; NULL: no state */
    tk_late *late;
    tk_after *after;
    tk_put *puts;
    int64_t last_key;
    uint64_t stage;         /* order.c */
    tk_subject *below;      /* order.c: on the way to this one, which waits for it */
    const tk_relation *via; /* order.c: by which it waits */
};

/* What tells a statement from others: its entity and action, then the bits of its columns, then
 * those of the columns it returns. */
typedef struct tk_group_key {
    uint32_t column_count;
    uint32_t returning_count;
    uint64_t *columns; /* in `words` */
    uint64_t *returning;
    uint64_t words[1 + 2 * TK_WORDS_MAX];
} tk_group_key;

struct tk_group {
    tk_group *next; /* in order of appearance */
    const tk_entity *entity;
    uint8_t action;
    uint32_t number;           /* in order of appearance */
    const tk_column **columns; /* the arguments; of UPDATE the key follows */
    uint32_t column_count;
    const tk_column **returning;
    uint32_t returning_count;
    takeo_text key; /* the words of tk_group_key */
    const tk_sql *sql;
};

struct tk_write {
    tk_task task;
    tk_op *op;
    tk_verb verb;
    const tk_dialect_facts *facts;
    const tk_upsert *upsert;
    tk_objects objects_copy;
    const tk_objects *objects; /* that copy */
    tk_subject *subjects;
    uint32_t count;   /* without those that are there twice */
    uint32_t *places; /* of each item its subject, from 0; NULL: the same number */
    uint32_t *slots;  /* object -> number of its subject, by its address; NULL: only one object */
    uint32_t slot_mask;
    uint64_t *only; /* bits of the columns that may be written; NULL: all */
    tk_group *groups;
    tk_group *last_group;
    tk_group *latest;  /* in use */
    tk_map group_keys; /* key -> group, of several */
    tk_cleanup cleanup;
    tk_subject **order; /* room for all */
    uint32_t order_count;
    tk_subject *current;        /* in execution: whom a failure is about */
    bool is_batched;            /* some of its jobs are of many objects at once */
    bool is_surprised;          /* one of them came out otherwise than expected */
    bool is_exact;              /* object by object, after a batch has failed */
    uint32_t lost_count;        /* how often the server had lost a statement of it */
    tk_error scratch;           /* of reads whose failure means nothing */
    const tk_column **conflict; /* upsert.c: the target */
    uint32_t conflict_count;
    takeo_text upsert_key;       /* what of the shape is the upsert's alone */
    const takeo_cell *condition; /* the arguments of its condition, as the text takes them */
    uint32_t condition_count;
    uint8_t *told; /* op->result.written */
};

/* ---- write.c --------------------------------------------------------------------------------- */
tk_subject *tk_write_find(const tk_write *write, const void *object); /* NULL: not in the list */

/* ---- action.c -------------------------------------------------------------------------------- */
/* Which action, and the key. */
TK_CHECKED takeo_status tk_action_find(tk_write *write, tk_subject *subject, tk_error *error);
/* Everything that the statement needs of the object. */
TK_CHECKED takeo_status tk_action_read(tk_write *write, tk_subject *subject, tk_findings *findings);

/* ---- value.c --------------------------------------------------------------------------------- */
/* A column's value; UNSET when nothing says it.  A key that another object of the list will get is
 * told by *out_late: then *out is UNSET too. */
TK_CHECKED takeo_status tk_value_read(tk_write *write, tk_subject *subject, const tk_column *column,
                                      takeo_cell *out, tk_subject **out_late, tk_error *error);
/* Remember what goes back into the object. */
TK_CHECKED takeo_status tk_value_put(tk_write *write, tk_subject *subject, const tk_column *column,
                                     const takeo_cell *cell, uint32_t late);
/* Has the object a place for the column? */
bool tk_value_has_place(const tk_write *write, const tk_subject *subject, const tk_column *column);
/* Of a row of cells: the cell of a column; NULL: none. */
takeo_cell *tk_value_cell(const tk_write *write, const tk_subject *subject,
                          const tk_column *column);
bool tk_value_is_new(tk_write *write, tk_subject *subject);
takeo_status tk_value_raise(const tk_subject *subject, const tk_column *column, tk_code code,
                            tk_error *error, const char *format, ...) TK_PRINTF(5, 6);

/* ---- group.c --------------------------------------------------------------------------------- */
/* A key of no columns. */
void tk_group_key_init(tk_group_key *key, const tk_entity *entity);
TK_CHECKED takeo_status tk_group_find(tk_write *write, const tk_subject *subject, tk_group_key *key,
                                      tk_group **out);
/* The statements of all groups. */
TK_CHECKED takeo_status tk_group_prepare(tk_write *write);

/* ---- order.c --------------------------------------------------------------------------------- */
TK_CHECKED takeo_status tk_order_make(tk_write *write, tk_findings *findings);
TK_CHECKED takeo_status tk_order_add(tk_write *write, tk_subject *subject, tk_subject *before,
                                     const tk_relation *relation);

/* ---- send.c, settle.c ------------------------------------------------------------------------ */
TK_CHECKED takeo_status tk_send_append(tk_write *write);
/* Keys of objects that were inserted before this one. */
TK_CHECKED takeo_status tk_send_bind_late(const tk_group *group, const tk_subject *subject,
                                          tk_op *op);
void tk_send_count(tk_op *op, tk_subject *subject, uint8_t written);
/* The key that the server made, from whichever place has it; `execution` may be NULL. */
void tk_send_take_key(const tk_group *group, tk_subject *subject, const tk_execution *execution);
takeo_status tk_settle(tk_task *task, takeo_status status);
const tk_entity *tk_send_blame(tk_task *task, takeo_error *record);
const tk_column *tk_send_argument(tk_task *task, uint32_t number);

/* ---- batch.c --------------------------------------------------------------------------------- */
/* The jobs of many objects of one statement; *out_is_appended tells whether they go so. */
TK_CHECKED takeo_status tk_batch_append(tk_write *write, tk_subject **at, tk_subject **end,
                                        bool *out_is_appended);
/* The run has failed and was rolled back.  True: it was the batches' fault, or an object's that is
 * not known; then all is to be sent object by object. */
bool tk_batch_again(tk_op *op, takeo_status status);

/* ---- upsert.c -------------------------------------------------------------------------------- */
TK_CHECKED takeo_status tk_upsert_begin(tk_write *write, const tk_entity *entity);
/* What is to be said of the objects of a group. */
TK_CHECKED takeo_status tk_upsert_define(tk_write *write, const tk_group *group,
                                         tk_shape_upsert_def *out);
TK_CHECKED takeo_status tk_upsert_statement(tk_write *write, const tk_group *group, tk_alloc alloc,
                                            tk_statement **out, tk_error *error);

/* The columns whose values tell the rows of many objects apart. */
typedef struct tk_upsert_target {
    const uint32_t *places; /* among the arguments; NULL: their rows cannot be told apart so */
    uint32_t count;
    uint32_t *slots; /* object + 1 by its values, while twins are looked for */
    uint32_t slot_mask;
} tk_upsert_target;
/* Of objects of one group, of which `most` go together. */
TK_CHECKED takeo_status tk_upsert_find_target(tk_write *write, tk_subject *const *subjects,
                                              size_t count, uint32_t most, tk_upsert_target *out);
/* How many of them come before the first with the same values as one before it. */
uint32_t tk_upsert_before_twin(const tk_upsert_target *target, tk_subject *const *subjects,
                               uint32_t count);

#endif
