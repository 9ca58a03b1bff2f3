/* takeo/repo.h - what an ORM does with objects: get, find, save, insert, upsert, remove, load.
 *
 * Objects are structs of C as a target lays them out, or (target NULL) rows of cells.
 * Generated values are written back into them after the server agreed; a failure leaves objects as
 * they were.  Text written into a ZSTR, TEXT or CELL field belongs to the operation until its next
 * start. Keys are matched by value, never by position.
 */
#ifndef TAKEO_REPO_H
#define TAKEO_REPO_H

#include "takeo/statement.h"

TAKEO_BEGIN

/** A condition "column op value".  Its layout is the same for ever. */
typedef struct takeo_condition {
    uint32_t relation; /* 0: of the entity itself; else of the entity behind this to-one */
    uint32_t column;
    takeo_operator op; /* EQ to GE, BETWEEN, IS_NULL to NOT_IN, text operators */
    uint16_t reserved;
    uint32_t flags;   /* TAKEO_NODE_FLAG_IGNORE_CASE */
    takeo_cell value; /* IN and BETWEEN take a list; IS_NULL takes nothing */
} takeo_condition;

/** An order.  Its layout is the same for ever. */
typedef struct takeo_order {
    uint32_t relation;
    uint32_t column;
    takeo_operator op; /* 0 and TAKEO_OPERATOR_ASC, or TAKEO_OPERATOR_DESC */
    uint16_t reserved;
    uint32_t flags; /* TAKEO_NODE_FLAG_NULLS_FIRST or _LAST */
} takeo_order;

enum takeo_find_flags {
    TAKEO_FIND_ALL = 1 << 0 /* takeo_repo_delete without a condition is meant */
};

/**
 * The finds of every day without a builder; conditions are joined by AND.  The core compiles each
 * shape once per source.  What does not fit in here is a statement.
 */
typedef struct takeo_find {
    uint32_t struct_size;
    uint32_t flags;
    const takeo_condition *where;
    const takeo_order *order;
    const uint32_t *load; /* paths of relations, each ended by 0: {COUNTRY, 0, TAGS, 0} */
    const uint32_t *only; /* columns */
    uint32_t where_count;
    uint32_t order_count;
    uint32_t load_count; /* numbers in load, zeros included */
    uint32_t only_count;
    int64_t limit; /* 0: all */
    int64_t offset;
    /* level 1 ends here */
} takeo_find;

/**
 * Start: read objects by key.
 *
 * @param target  NULL: cells
 * @param keys    the key's columns in order; for several objects one key after another
 * @param count   cells in keys
 * @return the operation brings the objects that exist; none is no failure
 * @thread one-at-a-time
 * @since 1
 */
TAKEO_API TAKEO_CHECKED takeo_status takeo_repo_get(takeo_op *op, takeo_target *target,
                                                    uint32_t entity, const takeo_cell *keys,
                                                    uint32_t count);

/**
 * Start: find objects of an entity.
 *
 * @param target  NULL: cells
 * @param find    NULL: all of them
 * @return TAKEO_EINPUT or TAKEO_EUNKNOWN_FIELD, naming the condition
 * @thread one-at-a-time
 * @since 1
 */
TAKEO_API TAKEO_CHECKED takeo_status takeo_repo_find(takeo_op *op, takeo_target *target,
                                                     uint32_t entity, const takeo_find *find);

/**
 * Start: count the rows that a find would bring; takeo_result.affected.
 *
 * @param find  NULL: all of them; order, limit and load are not looked at
 * @return as takeo_repo_find
 * @thread one-at-a-time
 * @since 1
 */
TAKEO_API TAKEO_CHECKED takeo_status takeo_repo_count(takeo_op *op, uint32_t entity,
                                                      const takeo_find *find);

/**
 * Start: delete the rows that match, in one statement, without looking at objects.
 *
 * @return TAKEO_EUNSAFE without a condition, unless TAKEO_FIND_ALL is set
 * @thread one-at-a-time
 * @since 1
 */
TAKEO_API TAKEO_CHECKED takeo_status takeo_repo_delete(takeo_op *op, uint32_t entity,
                                                       const takeo_find *find);

typedef struct takeo_save_options {
    uint32_t struct_size;
    uint32_t flags;          /* none yet */
    const uint32_t *columns; /* those that are written; with cells, what the cells are; NULL: all */
    uint32_t column_count;
    uint32_t reserved; /* 0 */
    /* level 1 ends here */
} takeo_save_options;

/**
 * Start: save objects in one transaction.
 *
 * A loaded object is updated where it changed.  A new one is inserted; one whose generated key was
 * set by hand is updated by that key, or the operation fails with TAKEO_ENOT_FOUND.  The words of
 * TAKEO_FIELD_STATE say what is loaded and what changed; in a new object the bits name the columns
 * that were given, none means all.  Without such a field an object is new when its generated key is
 * 0 or NULL, or when its key is natural, and every column counts as given.
 *
 * @param lists    objects of several entities may be mixed; the core orders them
 * @param options  may be NULL
 * @return TAKEO_EINPUT naming object, entity and field, before anything is sent; all findings
 * linked
 * @owns borrowed-from-caller-until-op-ends: objects
 * @thread one-at-a-time
 * @since 1
 */
TAKEO_API TAKEO_CHECKED takeo_status takeo_repo_save(takeo_op *op, takeo_target *target,
                                                     const takeo_list *lists, uint32_t list_count,
                                                     const takeo_save_options *options);

/**
 * Start: insert objects as they are, without cascades.
 *
 * @param options  may be NULL
 * @return as takeo_repo_save
 * @thread one-at-a-time
 * @since 1
 */
TAKEO_API TAKEO_CHECKED takeo_status takeo_repo_insert(takeo_op *op, takeo_target *target,
                                                       const takeo_list *lists, uint32_t list_count,
                                                       const takeo_save_options *options);

/**
 * Start: update the rows of objects by key, without cascades; the operation fails with TAKEO_ESTALE
 * or TAKEO_ENOT_FOUND when a row is not there.
 *
 * @param options  may be NULL
 * @return as takeo_repo_save
 * @thread one-at-a-time
 * @since 1
 */
TAKEO_API TAKEO_CHECKED takeo_status takeo_repo_update(takeo_op *op, takeo_target *target,
                                                       const takeo_list *lists, uint32_t list_count,
                                                       const takeo_save_options *options);

enum takeo_upsert_flags {
    TAKEO_UPSERT_NOTHING = 1 << 0,        /* a row that is there stays as it is */
    TAKEO_UPSERT_ONLY_IF_CHANGED = 1 << 1 /* and one that would not change, too */
};

typedef struct takeo_upsert_options {
    uint32_t struct_size;
    uint32_t flags;
    const uint32_t *columns; /* as takeo_save_options */
    const uint32_t *on;      /* the unique columns; NULL: the key */
    const uint32_t *update;  /* NULL: all that are given; `on` and the key never are */
    uint32_t column_count;
    uint32_t on_count;
    uint32_t update_count;
    uint32_t argument_count;
    const char *index_where;     /* predicate of a partial index */
    takeo_statement *where;      /* a SELECT of the entity: only its rows are updated; NULL: all */
    const takeo_cell *arguments; /* of `where` */
    /* level 1 ends here */
} takeo_upsert_options;

/**
 * Start: insert objects or update the rows that are there, one statement for each chunk.
 *
 * @return as takeo_repo_save; takeo_result.written tells the objects apart
 * @thread one-at-a-time
 * @since 1
 */
TAKEO_API TAKEO_CHECKED takeo_status takeo_repo_upsert(takeo_op *op, takeo_target *target,
                                                       const takeo_list *lists, uint32_t list_count,
                                                       const takeo_upsert_options *options);

/**
 * Start: remove the rows of objects.  The objects keep their values and become new.
 *
 * @param options  may be NULL
 * @return as takeo_repo_save
 * @thread one-at-a-time
 * @since 1
 */
TAKEO_API TAKEO_CHECKED takeo_status takeo_repo_remove(takeo_op *op, takeo_target *target,
                                                       const takeo_list *lists, uint32_t list_count,
                                                       const takeo_save_options *options);

/**
 * Start: load relations of objects in hand, one query a step for all of them.
 *
 * @param paths       relations, each path ended by 0, as takeo_find.load
 * @param path_count  numbers in paths, zeros included
 * @return TAKEO_EINPUT when the layout has no field for a relation
 * @owns borrowed-from-op-until-next-start: what was loaded; the operation ends with a batch of no
 * rows that owns it, for takeo_rows_take
 * @thread one-at-a-time
 * @since 1
 */
TAKEO_API TAKEO_CHECKED takeo_status takeo_repo_load(takeo_op *op, takeo_target *target,
                                                     const takeo_list *list, const uint32_t *paths,
                                                     uint32_t path_count);

/**
 * Start: read objects again by their keys, into themselves.
 *
 * @param columns  NULL: all that are loaded
 * @return the operation fails with TAKEO_ENOT_FOUND when a row is gone
 * @thread one-at-a-time
 * @since 1
 */
TAKEO_API TAKEO_CHECKED takeo_status takeo_repo_reload(takeo_op *op, takeo_target *target,
                                                       const takeo_list *list,
                                                       const uint32_t *columns,
                                                       uint32_t column_count);

TAKEO_END
#endif
