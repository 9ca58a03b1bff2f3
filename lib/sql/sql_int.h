/* sql_int.h - what the files of this room share: limits, tables of kinds, notes and scopes.
 *
 *     check.c    the array by itself: references, chains, what may stand where      (notes: shape)
 *     bind.c     against the model: entities, columns, types, parameters            (notes: types)
 *     place.c    the parameters whose place does not say their type
 *     scope.c    which table a column means, and the joins that follow from it      (scopes)
 *     source.c   which of the tables may be missing, and their aliases
 *     load.c     which relations are loaded, by join or by a further statement
 *     shape.c    outputs, parts and cells of the rows
 *     render.c   and its neighbours: the text
 *
 * Every walk over the array goes from the first node to the last; children stand before parents, so
 * none of them recurses.  scope.c and the writers of text go down from the statement instead; what
 * bounds them is the depth and the weight that check.c allows.
 */
#ifndef TK_SQL_INT_H
#define TK_SQL_INT_H

#include "sql/sql.h"

enum {
    TK_NODE_MAX = 65535,
    TK_DEPTH_MAX = 1000,     /* of nodes below each other */
    TK_WEIGHT_MAX = 1000000, /* nodes as they are written, those used twice counted twice */
    TK_PARAM_MAX = 32766,    /* what every database takes */
    TK_SOURCE_MAX = 256,     /* tables in one statement */
    TK_CELL_MAX = 2000,      /* columns of a result */
    TK_BRANCH_MAX = 256,     /* relations loaded at once */
    TK_LOAD_DEPTH_MAX = 16,  /* steps of a path that is loaded */
    TK_FINDING_MAX = 16,     /* findings that are told at once */
    TK_SQL_MAX = 8 << 20     /* bytes of a text */
};

/* ---- kinds.c: what may stand where ----------------------------------------------------------- */

typedef enum tk_class { /* what a node is to the one above it */
                        TK_CLASS_STATEMENT = 1 << 0,
                        TK_CLASS_SOURCE = 1 << 1,
                        TK_CLASS_VALUE = 1 << 2,
                        TK_CLASS_ENTITY = 1 << 3,
                        TK_CLASS_LABEL = 1 << 4,
                        TK_CLASS_ROW = 1 << 5,
                        TK_CLASS_WHEN = 1 << 6,
                        TK_CLASS_FRAGMENT = 1 << 7,
                        TK_CLASS_ASSIGN = 1 << 8,
                        TK_CLASS_MODIFIER = 1 << 9,
                        TK_CLASS_CLAUSE = 1 << 10,
                        TK_CLASS_ITEM = 1 << 11 /* the class of what it stands for */
} tk_class;

typedef enum tk_place { /* of a or b */
                        TK_PLACE_NONE,
                        TK_PLACE_ONE,
                        TK_PLACE_MAYBE, /* one or 0 */
                        TK_PLACE_CHAIN,
                        TK_PLACE_CHAIN_MAYBE,
                        TK_PLACE_PAIR, /* a chain of two */
                        TK_PLACE_BY_OP /* OPERATION: as the operator says */
} tk_place;

typedef enum tk_text_rule {
    TK_TEXT_NONE,
    TK_TEXT_NAME,       /* the grammar of names */
    TK_TEXT_NAME_MAYBE, /* or none */
    TK_TEXT_WORD,       /* of a collation or a type: up to 63 bytes, quoted or matched later */
    TK_TEXT_COMMENT,
    TK_TEXT_SQL
} tk_text_rule;

typedef struct tk_kind {
    const char *name;
    bool is_built;
    uint16_t class;
    uint8_t a, b;              /* tk_place */
    uint16_t a_takes, b_takes; /* tk_class */
    uint8_t text;              /* tk_text_rule */
    bool has_ref;
    uint16_t first_op, last_op; /* of those kinds whose op is a variant */
    bool op_is_type;
    bool op_may_be_zero;
    uint32_t flags;
} tk_kind;
const tk_kind *tk_kind_of(takeo_node_kind kind); /* NULL: no such kind */
const char *tk_kind_name(takeo_node_kind kind);

typedef enum tk_level { /* how tightly an expression binds; a looser one is bracketed inside */
                        TK_LEVEL_OR = 1,
                        TK_LEVEL_AND,
                        TK_LEVEL_NOT,
                        TK_LEVEL_COMPARE,
                        TK_LEVEL_ADD,
                        TK_LEVEL_MULTIPLY,
                        TK_LEVEL_OTHER,
                        TK_LEVEL_PRIMARY
} tk_level;

typedef enum tk_group { /* operators that are bound and written alike */
                        TK_GROUP_LOGIC = 1,
                        TK_GROUP_NOT,
                        TK_GROUP_COMPARE,
                        TK_GROUP_BETWEEN,
                        TK_GROUP_NULL,
                        TK_GROUP_DISTINCT,
                        TK_GROUP_IN,
                        TK_GROUP_EXISTS,
                        TK_GROUP_TEXT,
                        TK_GROUP_CONCAT,
                        TK_GROUP_ARITHMETIC,
                        TK_GROUP_NEGATE,
                        TK_GROUP_BITS,
                        TK_GROUP_BIT_NOT,
                        TK_GROUP_ORDER
} tk_group;

typedef struct tk_operator {
    const char *name; /* for messages; NULL: not built */
    const char *text; /* in SQL, where every dialect says it so */
    uint8_t group;
    uint8_t level;
    uint8_t a, b; /* tk_place */
} tk_operator;
const tk_operator *tk_operator_of(uint16_t op); /* NULL: no such operator, or not built */
/* What a and b of a node are: of an OPERATION as its operator says. */
void tk_places(const takeo_node *nodes, uint32_t number, uint8_t *out_a, uint8_t *out_b);

typedef enum tk_result {                  /* type of a function */
                         TK_RESULT_FIRST, /* of its first argument that has one */
                         TK_RESULT_SUM,
                         TK_RESULT_AVG,
                         TK_RESULT_NUMBER, /* decimal stays decimal, all else is float64 */
                         TK_RESULT_INT,
                         TK_RESULT_FLOAT,
                         TK_RESULT_TEXT,
                         TK_RESULT_BOOL,
                         TK_RESULT_TIME,
                         TK_RESULT_FREE /* nobody knows */
} tk_result;

typedef struct tk_function {
    takeo_function op;
    const char *name;
    const char *arguments; /* one letter each: = as the others, t text, i int64, f float64, . any */
    uint8_t least;         /* so many arguments; more letters are optional, + repeats the last */
    uint8_t result;
    bool is_aggregate;
    bool is_null_safe; /* gives a value even of NULL */
} tk_function;
const tk_function *tk_function_of(takeo_function op); /* NULL: none, or not built */

/* ---- scopes: which tables a statement has ---------------------------------------------------- */

typedef struct tk_scope tk_scope;
typedef struct tk_source tk_source;

struct tk_source { /* one table in one statement */
    tk_source *next;
    tk_scope *scope;
    const tk_entity *entity;
    takeo_text alias;            /* given, or made */
    tk_source *parent;           /* of a path */
    const tk_relation *relation; /* from the parent to here; NULL: a TABLE */
    uint32_t node;               /* its TABLE, or the PATH of a RELATION */
    uint32_t join;               /* the JOIN that says it; 0 */
    bool is_joined;              /* else it stands in FROM, or is the target of a write */
    bool is_optional;
    bool is_inserted; /* the target of INSERT: its columns are named with the table */
    bool is_left;     /* its columns may all be NULL */
};

struct tk_scope { /* a statement, or the subquery of a RELATION */
    tk_scope *outer;
    tk_scope *next; /* in the order in which they were opened */
    uint32_t node;
    tk_source *first;
    tk_source *last;
    tk_source *own; /* what a RELATION looks into */
    bool has_paths;
};

/* ---- notes: what is known of each node ------------------------------------------------------- */

typedef struct tk_note {
    takeo_type type;
    takeo_type element;
    uint16_t depth;
    uint16_t class;
    bool is_aggregate; /* or stands above one, in the same statement */
    bool is_chained;   /* member of a chain */
    bool is_followed;  /* some next names it */
    bool is_loose;     /* a PARAM: nothing beside it says its type */
    bool may_be_null;
    bool is_bracketed; /* a list in raw SQL: the text itself has brackets around it */
    uint16_t width;    /* columns of a KEY, ROW or SUBQUERY; of all other values 1 */
    uint32_t weight;
    const tk_column *column; /* whose limits and form the value has */
    const tk_entity *entity; /* of a source */
} tk_note;

/* What makes a cell: a column of a source, or a value node. */
typedef struct tk_origin {
    const tk_source *source;
    const tk_column *column;
    uint32_t node;
    uint32_t label; /* the LABEL over it */
} tk_origin;

typedef struct tk_order { /* one item of an order that comes from the model */
    const tk_column *column;
    bool is_descending;
} tk_order;

typedef struct tk_bound { /* statement->bound; arrays by number of node */
    tk_note *notes;
    tk_scope **scopes;  /* of statements and RELATION */
    tk_source **tables; /* of TABLE */
    tk_scope *root;     /* the first */
    tk_scope *last;
    const tk_origin *origins; /* of the cells */
    const tk_order *order;    /* default order of the root */
    const tk_source *order_source;
    uint32_t order_count;
    uint32_t source_count;
    bool is_qualified; /* more than one source: columns are named with their table's alias */
} tk_bound;

/* ---- the compiler ---------------------------------------------------------------------------- */

typedef struct tk_compiler {
    tk_model *model;
    tk_statement *statement;
    tk_bound *bound;
    tk_arena *arena;
    takeo_node *nodes; /* by number: nodes[0] is empty */
    tk_note *notes;
    tk_param *params;
    uint32_t count;
    uint32_t param_count;
    uint32_t flags;  /* of the definition */
    uint32_t entity; /* of raw SQL */
    uint32_t findings;
    takeo_status status; /* of the first finding */
    tk_error *error;
} tk_compiler;

uint64_t tk_statement_next_id(void);
void tk_text_free(const tk_alloc *alloc, tk_sql *sql); /* render.c; NULL is allowed */

/* Report that a node is wrong; the pass goes on. */
void tk_finding(tk_compiler *compiler, uint32_t node, tk_code code, const char *format, ...)
    TK_PRINTF(4, 5);
/* Remember that there is no memory. */
void tk_no_memory(tk_compiler *compiler);

/* The node that an ITEM stands for, or the node itself. */
uint32_t tk_resolve(const takeo_node *nodes, uint32_t number);

takeo_status tk_compile_check(tk_compiler *compiler);
takeo_status tk_compile_bind(tk_compiler *compiler);
void tk_compile_places(tk_compiler *compiler);
takeo_status tk_compile_scopes(tk_compiler *compiler);
takeo_status tk_compile_shape(tk_compiler *compiler);
void tk_shape_raw(tk_compiler *compiler); /* raw.c */
/* The lists in a chain of RAW or RAW_SQL: each has to stand right of IN. */
void tk_bind_raw_lists(tk_compiler *compiler, uint32_t first);

typedef struct tk_binder { /* bind.c, bind_statement.c */
    tk_compiler *compiler;
    const takeo_node *nodes;
    tk_note *notes;
    const tk_entity *target; /* of the write, for EXCLUDED */
} tk_binder;
void tk_bind_statement(tk_binder *bind, uint32_t number);
uint32_t tk_chain_length(const takeo_node *nodes, uint32_t first);

/* bind_param.c: what a parameter must fit */
void tk_want(tk_compiler *compiler, uint32_t number, tk_accept accept);
void tk_want_like(tk_compiler *compiler, uint32_t number, uint32_t other, bool is_nullable);
void tk_bind_operation(tk_compiler *compiler, uint32_t number);
void tk_bind_call(tk_compiler *compiler, uint32_t number);
takeo_type tk_type_of(const tk_compiler *compiler, uint32_t number);

/* Clause of a statement: the first of that kind, or 0. */
uint32_t tk_clause(const takeo_node *nodes, uint32_t statement, takeo_node_kind kind);
/* The TABLE that a write goes to; 0: none. */
uint32_t tk_target(const takeo_node *nodes, uint32_t statement);

/* scope.c, also for the writers: what a source or a column means where it stands. */
tk_source *tk_scope_find(const tk_bound *bound, const takeo_node *nodes, const tk_scope *scope,
                         uint32_t source);
/* The source of a path; made when there is none yet.  NULL: too many, or no memory (reported). */
tk_source *tk_scope_path(tk_compiler *compiler, tk_source *parent, const tk_relation *relation,
                         uint32_t node);
/* A column of the other side that stands in the parent's own table too; NULL: it does not. */
const tk_column *tk_relation_here(const tk_relation *relation, const tk_column *there);
tk_source *tk_scope_use(tk_compiler *compiler, tk_scope *scope, uint32_t source);

/* source.c */
void tk_finish_sources(tk_compiler *compiler);
void tk_give_aliases(tk_compiler *compiler);
bool tk_same_name(takeo_text a, takeo_text b); /* names that a database takes for one */

/* load.c: the tree of what is loaded with an entity */
typedef struct tk_branch {
    struct tk_branch *next;
    struct tk_branch *children;
    struct tk_branch *up;
    const tk_relation *relation; /* NULL: the root */
    const tk_entity *entity;
    const tk_column **columns; /* deferred ones that are asked for */
    uint32_t column_count;
    bool by_query;
    bool is_asked; /* not only eager */
} tk_branch;
tk_branch *tk_branch_new(tk_arena *arena, const tk_entity *entity);
/* The child for a relation, made when there is none; NULL: no memory. */
tk_branch *tk_branch_child(tk_arena *arena, tk_branch *branch, const tk_relation *relation);
bool tk_branch_column(tk_arena *arena, tk_branch *branch, const tk_column *column);
/* Add the eager relations at every step; a count above TK_BRANCH_MAX ends it.  False: no memory. */
bool tk_branch_eager(tk_arena *arena, tk_branch *branch, uint32_t *count);
uint32_t tk_branch_depth(const tk_branch *branch);
/* The statement that loads a branch for many parents (shapes.c). */
takeo_status tk_branch_statement(tk_model *model, const tk_branch *branch, tk_alloc alloc,
                                 tk_statement **out, tk_error *error);
/* "name, id desc" of the model; a finding of the model was made long before, so what is unknown is
 * an internal error.  NULL: no memory. */
const tk_order *tk_order_read(tk_arena *arena, const tk_entity *entity, takeo_text text,
                              uint32_t *out_count);

/* Is this column read from the table at all (formulas and lists of keys are not). */
bool tk_column_is_stored(const tk_column *column);

/* ---- the writers of text --------------------------------------------------------------------- */

/* By what an upsert tells which of its rows were there. */
typedef struct tk_told {
    const tk_entity *entity;
    takeo_text name;            /* of its table in the statement */
    const tk_column *const *by; /* the columns of the target, where it has many rows */
    uint32_t by_count;          /* 0: it has one row */
} tk_told;

typedef struct tk_render {
    tk_buf buf;
    const tk_dialect *dialect;
    const tk_statement *statement;
    const tk_bound *bound;
    const takeo_node *nodes; /* by number */
    const tk_note *notes;
    const tk_scope *scope;
    bool is_bare;       /* columns of the target without a qualifier: RETURNING */
    bool has_key_lists; /* that stand for several of the text's parameters */
    tk_told told;       /* of an upsert */
    tk_error *error;
    takeo_status status; /* of the first thing that the dialect lacks */
} tk_render;

/* What one dialect says in its own way.  A slot that is NULL means: as dialect.c does. */
typedef struct tk_dialect_methods {
    void (*placeholder)(tk_render *render, uint32_t node);
    /* A value that is compared, sorted or grouped as `type`; `leads` on the side that decides how.
     */
    void (*operand)(tk_render *render, uint32_t node, takeo_type type, bool leads, tk_level level);
    const char *(*collation)(takeo_type type); /* what makes a column of this type sort; "" */
    void (*in_list)(tk_render *render, uint32_t node);
    void (*distinct)(tk_render *render, uint32_t node);
    void (*text_operator)(tk_render *render, uint32_t node);
    /* Numbers and bits.  False: nothing of its own to say. */
    bool (*arithmetic)(tk_render *render, uint32_t node);
    bool (*concat)(tk_render *render, uint32_t node); /* the same of texts; NULL: never */
    void (*call)(tk_render *render, uint32_t node);
    void (*cast)(tk_render *render, uint32_t node);
    void (*limit)(tk_render *render, uint32_t limit, uint32_t offset); /* nodes, 0: none */
    void (*distinct_on)(tk_render *render, uint32_t clause);
    void (*default_value)(tk_render *render); /* DEFAULT inside VALUES */
    /* In RETURNING of an upsert that updates: was the row inserted?  NULL: found out elsewhere. */
    void (*put_inserted)(const tk_told *told, tk_buf *out);
    /* A last condition of the update, always true, that put_inserted needs. */
    void (*note_update)(const tk_told *told, tk_buf *out);
    /* DDL */
    void (*column_type)(const tk_column *column, tk_buf *out);
    bool (*same_type)(takeo_text a, takeo_text b); /* NULL: by their letters */
    /* What follows the type of the generated key; true: PRIMARY KEY is said in it. */
    bool (*identity)(const tk_column *column, tk_buf *out);
    void (*literal)(const tk_column *column, const takeo_cell *cell, tk_buf *out);
    void (*table_options)(const tk_entity *entity, tk_buf *out);
    void (*make_schema)(const tk_entity *entity, tk_buf *out); /* NULL: there are none */
    /* Many rows at once (batch.c); NULL: it has no such statements.  The type of a list of a
     * column's values; false: the column cannot go so.  `out` may be NULL.  Values that are lists
     * themselves go as texts, and are cast to the second. */
    bool (*list_type)(const tk_column *column, tk_buf *out);
    void (*array_type_name)(const tk_column *column, tk_buf *out);
    void (*prepare_batch)(const tk_entity *entity, tk_buf *out);
} tk_dialect_methods;

struct tk_dialect {
    const char *name;
    const char *title; /* for messages */
    tk_dialect_number number;
    tk_dialect_facts facts;
    const char *true_text;
    const char *false_text;
    const char *binary_collation; /* texts are equal when their bytes are */
    const char *overriding_text;  /* before the values for a key that the server alone makes */
    bool conflict_needs_where;    /* INSERT ... SELECT ... ON CONFLICT is misread without one */
    bool key_list_by_column;      /* a list of keys goes as one list for each of their columns */
    bool key_needs_table;         /* a foreign key leads to a table that is there */
    bool
        index_has_schema; /* an index is named with it, its table and what is referred to without */
    uint32_t source_max;  /* tables in one statement; 0: no limit */
    /* A query that gives the values of a list, up to the parameter; NULL: `in` is said as `= any`. */
    const char *rows_of_list;
    takeo_type array_type; /* how an array goes to the database: ARRAY, or JSON text */
    tk_dialect_methods methods;
};
extern const tk_dialect tk_dialect_sqlite;
extern const tk_dialect tk_dialect_postgresql;

/* dialect_postgresql.c, postgresql_call.c */
void tk_postgresql_put_text(tk_render *render, uint32_t node, tk_level level); /* cast to text */
void tk_postgresql_put_exact(tk_render *render, uint32_t node); /* as numeric, all digits kept */
void tk_postgresql_put_small(tk_render *render, uint32_t node); /* where no bigint is taken */
void tk_postgresql_call(tk_render *render, uint32_t node);
void tk_postgresql_cast(tk_render *render, uint32_t node);

/* postgresql_ddl.c */
const char *tk_postgresql_word(takeo_type type);            /* of a type; NULL: there is none */
const char *tk_postgresql_word_of(const tk_column *column); /* without limits */
void tk_postgresql_column_type(const tk_column *column, tk_buf *out);
bool tk_postgresql_same_type(takeo_text a, takeo_text b);
bool tk_postgresql_identity(const tk_column *column, tk_buf *out);
void tk_postgresql_make_schema(const tk_entity *entity, tk_buf *out);
void tk_postgresql_literal(const tk_column *column, const takeo_cell *cell, tk_buf *out);

/* postgresql_upsert.c */
void tk_postgresql_put_inserted(const tk_told *told, tk_buf *out);
void tk_postgresql_note_update(const tk_told *told, tk_buf *out);

/* postgresql_batch.c */
void tk_postgresql_put_table(const tk_entity *entity, tk_buf *out); /* its name, for regclass */
bool tk_postgresql_list_type(const tk_column *column, tk_buf *out);
void tk_postgresql_array_type(const tk_column *column, tk_buf *out);
void tk_postgresql_prepare_batch(const tk_entity *entity, tk_buf *out);

/* render.c */
/* A text that is written already; its parts are the caller's.  NULL: no memory. */
TK_CHECKED tk_sql *tk_text_new(const tk_alloc *alloc, const tk_sql *sql);
/* The dialect lacks something; the text is given up. */
void tk_render_refuse(tk_render *render, const char *hint, const char *format, ...) TK_PRINTF(3, 4);
void tk_put(tk_render *render, const char *text);
void tk_put_name(tk_render *render, takeo_text name);
void tk_put_quoted(tk_buf *out, takeo_text name);
void tk_put_table(tk_buf *out, const tk_entity *entity);
/* `t1."name"`, or `"name"` when nothing can be confused. */
void tk_put_column(tk_render *render, const tk_source *source, const tk_column *column);
void tk_put_text_literal(tk_buf *out, const char *data, size_t len);
/* What stands behind the rows of an upsert that takes many: ` on conflict ...`, and what it gives
 * back.  *out_parameters: how many parameters the text has, whose types go to `types`, which has room
 * for `room` of them; more are TAKEO_EINPUT. */
takeo_status tk_render_upsert(tk_statement *statement, const tk_dialect *dialect,
                              const tk_shape_upsert_def *def, tk_buf *out, takeo_type *types,
                              uint32_t room, uint32_t *out_parameters, tk_error *error);
/* The first of the text's own parameters that stand for parameter `ref` of the statement. */
uint32_t tk_render_parameter(const tk_render *render, uint32_t ref);
static inline const takeo_node *tk_node(const tk_render *render, uint32_t number) {
    return &render->nodes[tk_resolve(render->nodes, number)];
}

/* select.c */
void tk_put_select(tk_render *render, uint32_t node);
void tk_put_from(tk_render *render, const tk_scope *scope);
void tk_put_pairs(tk_render *render, const tk_source *source); /* columns = columns of a relation */
void tk_put_cells(tk_render *render);
/* ` where a and b` of all clauses of a kind; nothing when there is none. */
bool tk_put_conditions(tk_render *render, uint32_t statement, takeo_node_kind kind,
                       const char *word);

/* insert.c, update.c, delete.c */
void tk_put_insert(tk_render *render, uint32_t node);
void tk_put_update(tk_render *render, uint32_t node);
void tk_put_delete(tk_render *render, uint32_t node);
void tk_put_target(tk_render *render, const tk_source *target);
void tk_put_assigns(tk_render *render, uint32_t first);
void tk_put_write_where(tk_render *render, uint32_t node);
void tk_put_returning(tk_render *render, uint32_t node);
void tk_put_conflict(tk_render *render, uint32_t node);
/* Does one more cell say whether a row was inserted? */
bool tk_asks_outcome(const tk_render *render);

/* expr.c */
void tk_put_expr(tk_render *render, uint32_t node, tk_level level);
void tk_put_raw_value(tk_render *render, uint32_t node); /* raw.c; of RAW and RAW_SQL */
void tk_put_list(tk_render *render, uint32_t first);     /* a, b, c */
void tk_put_operand(tk_render *render, uint32_t node, takeo_type type, bool leads, tk_level level);
takeo_type tk_render_type(const tk_render *render, uint32_t node);
/* The type by which two values are compared. */
takeo_type tk_compare_type(const tk_render *render, uint32_t a, uint32_t b);
/* The columns of a KEY, or of a source in GROUP BY, each with what may follow it. */
void tk_put_key(tk_render *render, uint32_t source, const char *between, const char *after);
void tk_put_operation(tk_render *render, uint32_t node); /* operation.c */
void tk_put_relation(tk_render *render, uint32_t node);

/* dialect.c: what several dialects share */
/* `name([distinct] a, b) [filter (where ...)]`; the first argument is compared by its value. */
void tk_put_call(tk_render *render, uint32_t node, const char *name);
void tk_put_filter(tk_render *render, uint32_t call); /* what of it stands behind the call */
uint32_t tk_argument(const tk_render *render, uint32_t call, uint32_t index); /* from 0; 0: none */
bool tk_type_is_whole(takeo_type type);
bool tk_type_is_float(takeo_type type);
bool tk_type_is_number(takeo_type type);
/* The canonical text of a constant default as an SQL literal. */
void tk_put_literal(const takeo_cell *cell, const char *true_text, const char *false_text,
                    tk_buf *out);

/* graft.c: the conditions of a SELECT of this entity as one node of a statement in which `table` is
 * its table and `params` parameters come before. */
takeo_status tk_graft(tk_builder *builder, const tk_statement *query, const tk_entity *entity,
                      uint32_t table, uint32_t params, tk_alloc alloc, uint32_t *out,
                      tk_error *error);

/* builder.c, for shapes.c */
takeo_status tk_builder_make(tk_model *model, tk_alloc alloc, tk_builder **out, tk_error *error);
/* Compile and free the builder. */
takeo_status tk_builder_finish(tk_builder *builder, uint32_t flags, tk_statement **out,
                               tk_error *error);
/* A node without text. */
uint32_t tk_builder_node(tk_builder *builder, takeo_node_kind kind, uint16_t op, uint32_t a,
                         uint32_t b);
uint32_t tk_builder_ref(tk_builder *builder, takeo_node_kind kind, uint32_t a, uint32_t ref);

#endif
