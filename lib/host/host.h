/* host.h - door of the room `host`: objects of a host language, and the plans by which rows of
 * cells become objects and objects become cells.
 *
 * It knows cells, layouts and plans.  It does not know SQL, statements as text, networks, or what
 * an ORM does with objects; Python only in cpython*.c.
 *
 * Every host lays an entity out as fields at offsets of an object: a C program in its struct,
 * CPython in the slots of a class.  A layout has one `tk_step` per column: the two functions,
 * chosen once, that store a cell into an object and read it back.  The hot loop then runs through
 * steps without a branch on types.
 */
#ifndef TK_HOST_H
#define TK_HOST_H

#include "model/model.h"
#include "takeo/host.h"
#include "takeo/rows.h"

typedef struct takeo_target tk_target;
typedef struct tk_host tk_host;
typedef struct tk_layout tk_layout;
typedef struct tk_step tk_step;
typedef struct tk_holder tk_holder;
typedef struct tk_plan_part tk_plan_part;

/* ---- what keeps a host's other threads and signals alive while the core waits ---------------- */

typedef struct tk_interpreter { /* all NULL: a host without an interpreter's lock */
    void *(*leave)(void);       /* give the lock up; what it gives is handed to enter */
    void (*enter)(void *left);
    takeo_status (*check)(void); /* with the lock: signals; a failure is TAKEO_EHOST */
    /* With the lock: call a function of the program's, which may be the host's own code; an exception
     * that is on its way to the caller stays so. */
    void (*call)(void (*function)(void *ctx), void *ctx);
} tk_interpreter;

/* ---- layouts --------------------------------------------------------------------------------- */

struct tk_step {
    /* Store a cell.  The object takes what it needs; the cell's text is only borrowed. */
    takeo_status (*put)(const tk_step *step, void *object, const takeo_cell *cell,
                        tk_holder *holder, tk_error *error);
    /* Read a field as a cell that fits the column, or with TAKEO_CELL_UNSET when nothing was given
     * or loaded.  Text stays valid until the holder lets go.  A value that does not fit is
     * TAKEO_EINPUT with entity, field, expected and got. */
    takeo_status (*get)(const tk_step *step, void *object, takeo_cell *out, tk_holder *holder,
                        tk_error *error);
    const tk_column *column;
    uint32_t cell;   /* of a row, when the step stands in a plan */
    uint32_t offset; /* of the field in the object */
    uint32_t size;
    uint32_t null_at; /* C structs: offset of the NULL mark; 0: none */
    uint16_t kind;    /* the host's own kind of field */
    uint16_t
        place; /* CPython: place in the tuple of a composite key + 1; 0: the slot is the value */
    const void *aux; /* the host's own, such as the members of an enum */
    tk_accept accept;
};

typedef struct tk_link_place { /* where a relation stands */
    const tk_relation *relation;
    uint32_t offset;
    uint32_t null_at; /* C structs: offset of the mark of a to-one that there is none; 0: no mark */
    uint16_t bit;     /* bit of the state that says it was assigned; 0: none of its own */
    bool is_there;    /* the layout has a field for it */
} tk_link_place;

struct tk_layout { /* how one entity looks; a host's own layout begins with this */
    const tk_target *target;
    const tk_entity *entity;
    tk_step *steps;       /* steps[column - 1]; put NULL: no field for this column */
    uint32_t step_count;  /* columns of the entity, or result columns of a layout without one */
    tk_link_place *links; /* links[relation - 1] */
    uint16_t *bits;       /* bits[column - 1]: which bit of the state says that it changed */
    uint32_t object_size;
    uint32_t state_offset;
    uint32_t state_words; /* 0: objects carry no state */
    bool has_cells;       /* of structs: some field is a CELL */
    void *host_data;      /* CPython: the class */
};

/* Bit 0: the row exists.  Bit n: column n, as layout->bits says, was given or changed. */
static inline uint64_t *tk_layout_state(const tk_layout *layout, void *object) {
    return layout->state_words == 0 ? NULL : (uint64_t *)((char *)object + layout->state_offset);
}

struct takeo_target {
    const tk_host *host;
    tk_alloc alloc;
    tk_arena arena;
    int32_t references;  /* atomic */
    tk_model *model;     /* held; NULL when no layout names an entity */
    tk_layout **layouts; /* layouts[entity - 1]; NULL: none for this entity */
    uint32_t layout_count;
    tk_layout *plain; /* for rows of any statement (entity 0); NULL: none */
};

/* What an operation keeps of its host until it ends: text that cells borrow, objects on their way.
 */
struct tk_holder {
    tk_arena *arena;
    const tk_host *host;
    tk_vec held;  /* of void *, the host's own: CPython keeps references here */
    tk_vec fixes; /* of void *, the host's own: accepted conversions, written back after success */
    uint32_t flags; /* takeo_op_flags: how strictly values are taken */
};

/* What stands in the field of a to-one. */
enum tk_link_state {
    TK_LINK_UNSET = 0, /* nothing was given or loaded */
    TK_LINK_NONE = 1,  /* loaded or given: there is none */
    TK_LINK_OBJECT = 2
};

struct tk_host {
    const char *name;
    tk_interpreter interpreter;
    /* A new object whose row exists; the caller owns one reference. */
    takeo_status (*make)(const tk_layout *layout, tk_holder *holder, void **out, tk_error *error);
    /* Put a row's cells into an object: what `put` does, for every step of the part. */
    takeo_status (*fill)(const tk_plan_part *part, void *object, const takeo_cell *cells,
                         tk_holder *holder, tk_error *error);
    void (*hold)(void *object); /* take one more reference; NULL with drop NULL: nobody counts */
    void (*drop)(void *object); /* give one reference up */
    /* Set a to-one; other NULL says that there is none.  Borrowed: the host takes its own
     * reference. */
    takeo_status (*link_one)(const tk_layout *layout, const tk_relation *relation, void *object,
                             void *other, tk_holder *holder, tk_error *error);
    /* Set a to-many, complete: members are borrowed, the host takes its own references. */
    takeo_status (*link_many)(const tk_layout *layout, const tk_relation *relation, void *object,
                              void *const *members, uint32_t count, tk_holder *holder,
                              tk_error *error);
    int (*peek_one)(const tk_layout *layout, const tk_relation *relation, void *object,
                    void **out_other); /* tk_link_state */
    /* Members of a to-many that is loaded, borrowed and held by the holder; -1: not loaded. */
    int64_t (*peek_many)(const tk_layout *layout, const tk_relation *relation, void *object,
                         void ***out_members, tk_holder *holder, tk_error *error);
    /* The layout of an object by what it is (its class); NULL: none of this target.  C structs
     * cannot be asked: NULL slot. */
    const tk_layout *(*layout_of)(const tk_target *target, void *object);
    void (*settle)(tk_holder *holder);  /* after success: write accepted conversions back */
    void (*release)(tk_holder *holder); /* let go of everything held */
    void (*free_target)(tk_target *target);
};

static inline const tk_layout *tk_target_layout(const tk_target *target, const tk_entity *entity) {
    return entity != NULL && entity->number <= target->layout_count
               ? target->layouts[entity->number - 1]
               : NULL;
}
tk_target *tk_target_hold(tk_target *target);
void tk_target_drop(tk_target *target); /* NULL is allowed */
void tk_holder_init(tk_holder *holder, const tk_host *host, tk_arena *arena);
void tk_holder_done(tk_holder *holder); /* release, and free its memory */

/* struct.c: C structs */
TK_CHECKED takeo_status tk_target_new(tk_model *model, const takeo_target_def *def, tk_target **out,
                                      tk_error *error);
/* A twin of a layout whose next `count` objects stand one after another, from *out_objects on. */
TK_CHECKED takeo_status tk_struct_block(const tk_layout *layout, uint32_t count, tk_arena *arena,
                                        const tk_layout **out, void **out_objects, tk_error *error);

/* ---- plan.c: columns x layouts -> steps, once per shape --------------------------------------
 *
 * The rooms above describe the shape of a row in these terms, because `sql` and `host` do not know
 * each other.
 */
typedef struct tk_shape_part {
    const tk_entity *entity;
    const tk_column *const *columns; /* in the order of the cells from first_cell on */
    uint32_t column_count;
    uint32_t first_cell;
    const uint32_t *key_cells;
    uint32_t parent; /* number of the part it hangs on, from 1; 0: none */
    const tk_relation *relation;
    bool may_be_missing;
    bool may_repeat;
    bool is_collected; /* its objects get further relations later: keep them (tk_graph_objects) */
} tk_shape_part;

struct tk_plan_part {
    tk_shape_part shape;
    const tk_layout *layout;
    tk_step *steps; /* those with a field, each with its cell */
    uint32_t step_count;
    uint32_t twin; /* first part of the same layout and columns, from 0: they share their objects */
};

typedef struct tk_plan {
    const tk_target *target;
    tk_plan_part *parts;
    uint32_t part_count;
    bool is_simple; /* one part that neither repeats nor is collected */
} tk_plan;

/* TAKEO_EINPUT (INPUT_ENTITY) when a part has no layout in the target, or its parent's layout no
 * field for the relation.  A part without entity is a row of any statement. */
TK_CHECKED takeo_status tk_plan_make(const tk_target *target, const tk_shape_part *parts,
                                     uint32_t count, tk_arena *arena, tk_plan *out,
                                     tk_error *error);

/* ---- graph.c, identity.c: rows -> objects ---------------------------------------------------- */

typedef struct tk_graph {
    const tk_plan *plan;
    tk_holder *holder;
    tk_arena *arena;
    tk_error *error;
    void **objects; /* of the row built last, one per part; NULL: missing.  Borrowed but for part 1
                       (and other parts without a parent), of which the caller owns one reference */
    bool *is_first; /* of the row built last: the part met its object for the first time */
    tk_map
        *identity; /* per part that may repeat; keys and objects, of which it owns one reference */
    tk_vec *collected; /* per part; borrowed objects, each once */
    uint64_t row;      /* rows built, for messages */
} tk_graph;

TK_CHECKED takeo_status tk_graph_init(tk_graph *graph, const tk_plan *plan, tk_holder *holder,
                                      tk_arena *arena, tk_error *error);
/* Build the objects of one row.  A DecodeError gets the number of the row. */
TK_CHECKED takeo_status tk_graph_row(tk_graph *graph, const takeo_cell *cells);
void **tk_graph_objects(const tk_graph *graph, uint32_t part, uint32_t *out_count);
void tk_graph_done(tk_graph *graph);

/* A cell of a key as bytes that are equal when the values are, for maps; gives their number, and
 * only counts when `out` is NULL. */
size_t tk_key_write(const takeo_cell *cell, char *out);

/* ---- cells.c: rows as cells, for hosts without a target -------------------------------------- */

typedef struct tk_cell_rows {
    tk_arena *arena;
    uint32_t column_count;
    tk_vec rows; /* an item holds the cells of one row */
} tk_cell_rows;
void tk_cell_rows_init(tk_cell_rows *rows, uint32_t column_count, tk_arena *arena);
TK_CHECKED takeo_status tk_cell_rows_add(tk_cell_rows *rows, const takeo_cell *cells,
                                         tk_error *error);

/* cpython.c: the door into CPython is installed by the room `door`. */

#endif
