/* takeo/statement.h - statements: a flat array of nodes, compiled once, run many times.
 *
 * Nodes never hold values: equal shape, equal array, equal SQL, equal prepared statement.  Children
 * stand before parents: a and b are smaller than the node's own number, next is greater.  `a` or
 * `b` called a chain is the first of several nodes linked by next; a node is in at most one chain,
 * and TAKEO_NODE_ITEM puts it into another.  op is a takeo_type where the kind says so; else one
 * number has one meaning: operators below 128, variants below 256, functions above.
 */
#ifndef TAKEO_STATEMENT_H
#define TAKEO_STATEMENT_H

#include "takeo/rows.h"

TAKEO_BEGIN

typedef struct takeo_statement takeo_statement;
typedef struct takeo_builder takeo_builder;

/** Kind of a node; the comment says what its members hold.  Members that are not named are 0. */
typedef uint16_t takeo_node_kind;
enum takeo_node_kind_values {
    /* statements.  a: chain of clauses in any order; several WHERE and HAVING add with AND */
    TAKEO_NODE_SELECT = 1,
    TAKEO_NODE_INSERT = 2,
    TAKEO_NODE_UPDATE = 3,
    TAKEO_NODE_DELETE = 4,   /* op: 0, SOFT, RESTORE */
    TAKEO_NODE_VALUES = 5,   /* a: ROWS and clauses */
    TAKEO_NODE_COMPOUND = 6, /* op: UNION ...; a: chain of statements; b: chain of clauses */
    TAKEO_NODE_RAW_SQL = 7,  /* a: chain of FRAGMENT, PARAM, COLUMN, TABLE; b: chain of clauses */
    TAKEO_NODE_TRUNCATE = 8, /* a: chain of TABLE; op: 0, CASCADE */

    /* sources: what has columns.  text: alias, grammar checked, NULL makes one */
    TAKEO_NODE_TABLE = 16,    /* ref: entity */
    TAKEO_NODE_PATH = 17,     /* a: source; ref: relation.  Joins by itself, at most once */
    TAKEO_NODE_DERIVED = 18,  /* a: statement; flags LATERAL */
    TAKEO_NODE_CTE_NAME = 19, /* text; stands before the statements that use it, its own included */
    TAKEO_NODE_CTE_USE = 20,  /* a: CTE_NAME */
    TAKEO_NODE_CALL_ROWS = 21, /* a: CALL that gives rows; flags LATERAL, ORDINALITY */
    TAKEO_NODE_JUNCTION = 22,  /* a: TABLE; ref: its many-to-many.  Columns: its key, the other's */
    TAKEO_NODE_TREAT = 23,     /* a: source; ref: entity below its own, or one of a polymorphic */
    TAKEO_NODE_TREE = 24,      /* a: TABLE; b: key; op: DESCENDANTS ...; flags INCLUDE_SELF */
    TAKEO_NODE_SAMPLE = 25,    /* a: source; b: percent; op: BERNOULLI, SYSTEM */

    /* values */
    TAKEO_NODE_COLUMN = 32, /* a: source; ref: column */
    TAKEO_NODE_OUTPUT = 33, /* a: DERIVED, CTE_USE, CALL_ROWS; ref: column, or text: label */
    TAKEO_NODE_KEY = 34,    /* a: source: its key, a row when of several columns */
    TAKEO_NODE_ENTITY = 35, /* a: source: the whole entity, in COLUMNS and RETURNING */
    TAKEO_NODE_PARAM = 36,  /* ref: number; op: takeo_type where nothing else says it; flags LIST */
    TAKEO_NODE_CONSTANT = 37,  /* op: NULL, TRUE, FALSE, DEFAULT, STAR */
    TAKEO_NODE_OPERATION = 38, /* op: operator; a, b as it says */
    TAKEO_NODE_ROW = 39,       /* a: chain */
    TAKEO_NODE_ARRAY = 40,     /* a: chain */
    TAKEO_NODE_CASE = 41,      /* a: chain of WHEN; b: else */
    TAKEO_NODE_WHEN = 42,      /* a: condition; b: value */
    TAKEO_NODE_CALL = 43,    /* op: function, or text: name; a: arguments; b: modifiers; DISTINCT */
    TAKEO_NODE_CAST = 44,    /* a: value; op: takeo_type, or text: the server's type */
    TAKEO_NODE_COLLATE = 45, /* a: value; text: collation; "binary": by bytes, on every database */
    TAKEO_NODE_SUBQUERY = 46, /* a: statement, as a value or the right side of IN, EXISTS, ANY */
    TAKEO_NODE_RELATION = 47, /* a: PATH; op: HAS, ANY ...; b: condition, or key for HOLDS */
    TAKEO_NODE_JSON = 48,     /* a: value; b: chain of keys; op: 0 gives JSON, TEXT gives text */
    TAKEO_NODE_ELEMENT = 49,  /* a: array; b: index, or chain of two for a slice */
    TAKEO_NODE_LABEL = 50,    /* a: value; text */
    TAKEO_NODE_EXCLUDED = 51, /* ref: column of the row that an upsert could not insert */
    TAKEO_NODE_RAW = 52,      /* a: chain of FRAGMENT and values; op: takeo_type of it */
    TAKEO_NODE_FRAGMENT = 53, /* text: SQL as it is */
    TAKEO_NODE_ITEM = 54,     /* a: any node, so that it can stand in a second chain */
    TAKEO_NODE_ASSIGN = 55,   /* a: COLUMN or JSON over one; b: value */

    /* modifiers of a CALL */
    TAKEO_NODE_FILTER = 64, /* a: condition */
    TAKEO_NODE_SORTED = 65, /* a: chain: the aggregate's own order; flags WITHIN_GROUP */
    TAKEO_NODE_OVER = 66,   /* a: chain of partition; b: chain of order; text: name of a WINDOW */
    TAKEO_NODE_FRAME = 67,  /* op: ROWS, RANGE, GROUPS; a, b: BOUND; follows OVER */
    TAKEO_NODE_BOUND = 68,  /* op: PRECEDING, FOLLOWING, CURRENT_ROW; a: offset, 0 is unbounded */

    /* clauses */
    TAKEO_NODE_COLUMNS = 80,  /* a: chain: what is selected, or the columns inserted into */
    TAKEO_NODE_FROM = 81,     /* a: chain of sources; of INSERT one statement */
    TAKEO_NODE_JOIN = 82,     /* op: INNER ...; a: source; b: condition, 0 for a PATH */
    TAKEO_NODE_WHERE = 83,    /* a: condition */
    TAKEO_NODE_GROUP_BY = 84, /* a: chain; op: 0, ROLLUP, CUBE, SETS (a: chain of ROW) */
    TAKEO_NODE_HAVING = 85,   /* a: condition */
    TAKEO_NODE_ORDER_BY = 86, /* a: chain of values, ASC, DESC */
    TAKEO_NODE_LIMIT = 87,    /* a: PARAM; counts root objects */
    TAKEO_NODE_OFFSET = 88,   /* a: PARAM */
    TAKEO_NODE_DISTINCT = 89, /* a: chain: DISTINCT ON; 0: DISTINCT */
    TAKEO_NODE_LOCK = 90,     /* op: FOR_UPDATE ...; a: chain of sources; SKIP_LOCKED, NOWAIT */
    TAKEO_NODE_WITH = 91,     /* a: chain of CTE; flags RECURSIVE */
    TAKEO_NODE_CTE = 92,      /* a: statement; b: CTE_NAME; flags MATERIALIZED, NOT_MATERIALIZED */
    TAKEO_NODE_WINDOW = 93,   /* a, b, text as OVER */
    /* a: PATH or deferred COLUMN; b: chain of WHERE, ORDER_BY, LIMIT, ONLY; op: 0, BY_JOIN ... */
    TAKEO_NODE_LOAD = 94,
    TAKEO_NODE_ONLY = 95,      /* a: chain of COLUMN: partial entities; the key is always read */
    TAKEO_NODE_PAGE = 96,      /* a: PARAM with the token; op: AFTER, BEFORE */
    TAKEO_NODE_TOTAL = 97,     /* count all rows too: takeo_rows.total */
    TAKEO_NODE_SCOPE = 98,     /* op: WITH_DELETED, ONLY_DELETED, UNSCOPED */
    TAKEO_NODE_VERSION = 99,   /* a: PARAM: another version is TAKEO_ESTALE */
    TAKEO_NODE_COMMENT = 100,  /* text: letters, digits and .:=_- only */
    TAKEO_NODE_HINT = 101,     /* a: source, 0 for the statement; text */
    TAKEO_NODE_INTO = 102,     /* a: TABLE or JUNCTION: target of INSERT, UPDATE, DELETE */
    TAKEO_NODE_ROWS = 103,     /* a: chain of ROW */
    TAKEO_NODE_SET = 104,      /* a: chain of ASSIGN */
    TAKEO_NODE_CONFLICT = 105, /* a: chain of columns; b: chain of ASSIGN, WHERE; op: 0, NOTHING */
    TAKEO_NODE_CONFLICT_WHERE = 106, /* a: predicate of the partial index */
    TAKEO_NODE_RETURNING = 107,      /* a: chain of values; 0: the whole entity */
    TAKEO_NODE_ALL = 108             /* UPDATE and DELETE without a condition are meant */

    /* 160 and above: DDL, migrate.h */
};

/** Operators.  With one operand it is a; with two a and b; "chain" as said. */
typedef uint16_t takeo_operator;
enum takeo_operator_values {
    TAKEO_OPERATOR_AND = 1, /* a: chain; empty is true */
    TAKEO_OPERATOR_OR = 2,  /* a: chain; empty is false */
    TAKEO_OPERATOR_NOT = 3,
    TAKEO_OPERATOR_EQ = 4,
    TAKEO_OPERATOR_NE = 5,
    TAKEO_OPERATOR_LT = 6,
    TAKEO_OPERATOR_LE = 7,
    TAKEO_OPERATOR_GT = 8,
    TAKEO_OPERATOR_GE = 9,
    TAKEO_OPERATOR_BETWEEN = 10, /* b: chain of two */
    TAKEO_OPERATOR_IS_NULL = 11,
    TAKEO_OPERATOR_IS_NOT_NULL = 12,
    TAKEO_OPERATOR_DISTINCT_FROM = 13,
    TAKEO_OPERATOR_NOT_DISTINCT_FROM = 14,
    TAKEO_OPERATOR_IN = 15, /* b: PARAM LIST, SUBQUERY, or chain */
    TAKEO_OPERATOR_NOT_IN = 16,
    TAKEO_OPERATOR_EXISTS = 17, /* a: SUBQUERY */
    TAKEO_OPERATOR_EQ_ANY = 18, /* b: array or SUBQUERY */
    TAKEO_OPERATOR_EQ_ALL = 19,

    /* text; flags IGNORE_CASE */
    TAKEO_OPERATOR_LIKE = 24,
    TAKEO_OPERATOR_TEXT_CONTAINS = 25, /* these three escape the pattern's own signs */
    TAKEO_OPERATOR_STARTS_WITH = 26,
    TAKEO_OPERATOR_ENDS_WITH = 27,
    TAKEO_OPERATOR_MATCHES = 28, /* regular expression */
    TAKEO_OPERATOR_CONCAT = 29,
    TAKEO_OPERATOR_SEARCH = 30, /* full text: document, query */

    TAKEO_OPERATOR_ADD = 32,
    TAKEO_OPERATOR_SUBTRACT = 33,
    TAKEO_OPERATOR_MULTIPLY = 34,
    TAKEO_OPERATOR_DIVIDE = 35,
    TAKEO_OPERATOR_MODULO = 36,
    TAKEO_OPERATOR_NEGATE = 37,
    TAKEO_OPERATOR_BIT_AND = 38,
    TAKEO_OPERATOR_BIT_OR = 39,
    TAKEO_OPERATOR_BIT_XOR = 40,
    TAKEO_OPERATOR_BIT_NOT = 41,
    TAKEO_OPERATOR_SHIFT_LEFT = 42,
    TAKEO_OPERATOR_SHIFT_RIGHT = 43,

    /* arrays, ranges, JSON */
    TAKEO_OPERATOR_CONTAINS = 48,
    TAKEO_OPERATOR_CONTAINED_BY = 49,
    TAKEO_OPERATOR_OVERLAPS = 50,
    TAKEO_OPERATOR_ADJACENT = 51,
    TAKEO_OPERATOR_BEFORE = 52,
    TAKEO_OPERATOR_AFTER = 53,
    TAKEO_OPERATOR_HAS_KEY = 54,  /* a: JSON; b: key */
    TAKEO_OPERATOR_DISTANCE = 56, /* vectors and geometries: Euclidean */
    TAKEO_OPERATOR_DISTANCE_COSINE = 57,
    TAKEO_OPERATOR_DISTANCE_INNER = 58,
    TAKEO_OPERATOR_DISTANCE_L1 = 59,

    /* order; flags NULLS_FIRST, NULLS_LAST */
    TAKEO_OPERATOR_ASC = 64,
    TAKEO_OPERATOR_DESC = 65,

    TAKEO_OPERATOR_CUSTOM = 127 /* text: one to eight of + - * / < > = ~ ! @ # % ^ & | ? */
};

/** Variants: what op means in kinds that are no OPERATION and no CALL. */
enum takeo_variant_values {
    TAKEO_VARIANT_UNION = 128,
    TAKEO_VARIANT_UNION_ALL = 129,
    TAKEO_VARIANT_INTERSECT = 130,
    TAKEO_VARIANT_INTERSECT_ALL = 131,
    TAKEO_VARIANT_EXCEPT = 132,
    TAKEO_VARIANT_EXCEPT_ALL = 133,
    TAKEO_VARIANT_SOFT = 136, /* DELETE */
    TAKEO_VARIANT_RESTORE = 137,
    TAKEO_VARIANT_CASCADE = 138,     /* TRUNCATE */
    TAKEO_VARIANT_DESCENDANTS = 140, /* TREE */
    TAKEO_VARIANT_ANCESTORS = 141,
    TAKEO_VARIANT_ROOTS = 142,
    TAKEO_VARIANT_BERNOULLI = 144, /* SAMPLE */
    TAKEO_VARIANT_SYSTEM = 145,
    TAKEO_VARIANT_NULL = 148, /* CONSTANT */
    TAKEO_VARIANT_TRUE = 149,
    TAKEO_VARIANT_FALSE = 150,
    TAKEO_VARIANT_DEFAULT = 151,
    TAKEO_VARIANT_STAR = 152,
    TAKEO_VARIANT_HAS = 156, /* RELATION: to-one */
    TAKEO_VARIANT_ANY = 157, /* to-many */
    TAKEO_VARIANT_NONE = 158,
    TAKEO_VARIANT_EVERY = 159,
    TAKEO_VARIANT_COUNT = 160,
    TAKEO_VARIANT_HOLDS = 161, /* a member with this key */
    TAKEO_VARIANT_TEXT = 164,  /* JSON */
    TAKEO_VARIANT_ROWS = 168,  /* FRAME */
    TAKEO_VARIANT_RANGE = 169,
    TAKEO_VARIANT_GROUPS = 170,
    TAKEO_VARIANT_PRECEDING = 171, /* BOUND */
    TAKEO_VARIANT_FOLLOWING = 172,
    TAKEO_VARIANT_CURRENT_ROW = 173,
    TAKEO_VARIANT_INNER = 176, /* JOIN */
    TAKEO_VARIANT_LEFT = 177,
    TAKEO_VARIANT_RIGHT = 178,
    TAKEO_VARIANT_FULL = 179,
    TAKEO_VARIANT_CROSS = 180,
    TAKEO_VARIANT_ROLLUP = 184, /* GROUP_BY */
    TAKEO_VARIANT_CUBE = 185,
    TAKEO_VARIANT_SETS = 186,
    TAKEO_VARIANT_FOR_UPDATE = 188, /* LOCK */
    TAKEO_VARIANT_FOR_NO_KEY_UPDATE = 189,
    TAKEO_VARIANT_FOR_SHARE = 190,
    TAKEO_VARIANT_FOR_KEY_SHARE = 191,
    TAKEO_VARIANT_BY_JOIN = 192, /* LOAD */
    TAKEO_VARIANT_BY_QUERY = 193,
    TAKEO_VARIANT_AFTER = 196, /* PAGE */
    TAKEO_VARIANT_BEFORE = 197,
    TAKEO_VARIANT_WITH_DELETED = 200, /* SCOPE */
    TAKEO_VARIANT_ONLY_DELETED = 201,
    TAKEO_VARIANT_UNSCOPED = 202,
    TAKEO_VARIANT_NOTHING = 204 /* CONFLICT */
};

/** Functions that every dialect knows or refuses.  Others: op 0 and text, a checked name. */
typedef uint16_t takeo_function;
enum takeo_function_values {
    /* aggregates */
    TAKEO_FUNCTION_COUNT = 256, /* without arguments count(*) */
    TAKEO_FUNCTION_SUM = 257,
    TAKEO_FUNCTION_AVG = 258,
    TAKEO_FUNCTION_MIN = 259,
    TAKEO_FUNCTION_MAX = 260,
    TAKEO_FUNCTION_STRING_AGG = 261,
    TAKEO_FUNCTION_ARRAY_AGG = 262,
    TAKEO_FUNCTION_JSON_AGG = 263,
    TAKEO_FUNCTION_BOOL_AND = 264,
    TAKEO_FUNCTION_BOOL_OR = 265,
    TAKEO_FUNCTION_STDDEV = 266,
    TAKEO_FUNCTION_VARIANCE = 267,
    TAKEO_FUNCTION_PERCENTILE = 268,
    TAKEO_FUNCTION_MODE = 269,

    /* window */
    TAKEO_FUNCTION_ROW_NUMBER = 288,
    TAKEO_FUNCTION_RANK = 289,
    TAKEO_FUNCTION_DENSE_RANK = 290,
    TAKEO_FUNCTION_PERCENT_RANK = 291,
    TAKEO_FUNCTION_NTILE = 292,
    TAKEO_FUNCTION_LAG = 293,
    TAKEO_FUNCTION_LEAD = 294,
    TAKEO_FUNCTION_FIRST_VALUE = 295,
    TAKEO_FUNCTION_LAST_VALUE = 296,
    TAKEO_FUNCTION_NTH_VALUE = 297,

    /* text */
    TAKEO_FUNCTION_LOWER = 320,
    TAKEO_FUNCTION_UPPER = 321,
    TAKEO_FUNCTION_LENGTH = 322,
    TAKEO_FUNCTION_TRIM = 323,
    TAKEO_FUNCTION_SUBSTRING = 324,
    TAKEO_FUNCTION_REPLACE = 325,
    TAKEO_FUNCTION_POSITION = 326,
    TAKEO_FUNCTION_SIMILARITY = 327,
    TAKEO_FUNCTION_SEARCH_RANK = 328,

    /* numbers and time; the unit of the last three is a FRAGMENT from a closed list */
    TAKEO_FUNCTION_ABS = 352,
    TAKEO_FUNCTION_ROUND = 353,
    TAKEO_FUNCTION_FLOOR = 354,
    TAKEO_FUNCTION_CEIL = 355,
    TAKEO_FUNCTION_POWER = 356,
    TAKEO_FUNCTION_RANDOM = 357,
    TAKEO_FUNCTION_NOW = 358,
    TAKEO_FUNCTION_AGE = 359,
    TAKEO_FUNCTION_DATE_TRUNC = 360,
    TAKEO_FUNCTION_EXTRACT = 361,

    /* logic */
    TAKEO_FUNCTION_COALESCE = 384,
    TAKEO_FUNCTION_NULLIF = 385,
    TAKEO_FUNCTION_GREATEST = 386,
    TAKEO_FUNCTION_LEAST = 387,

    /* JSON, arrays, trees */
    TAKEO_FUNCTION_JSON_OBJECT = 416, /* key, value, key, value ... */
    TAKEO_FUNCTION_JSON_ARRAY = 417,
    TAKEO_FUNCTION_TO_JSON = 418,
    TAKEO_FUNCTION_UNNEST = 419,
    TAKEO_FUNCTION_CARDINALITY = 420,
    TAKEO_FUNCTION_SERIES = 421,
    TAKEO_FUNCTION_TREE_DEPTH = 422
};

enum takeo_node_flags {
    TAKEO_NODE_FLAG_DISTINCT = 1 << 0,
    TAKEO_NODE_FLAG_IGNORE_CASE = 1 << 1,
    TAKEO_NODE_FLAG_NULLS_FIRST = 1 << 2,
    TAKEO_NODE_FLAG_NULLS_LAST = 1 << 3,
    TAKEO_NODE_FLAG_LIST = 1 << 4, /* PARAM right of IN: an array cell, as the dialect likes */
    TAKEO_NODE_FLAG_LATERAL = 1 << 5,
    TAKEO_NODE_FLAG_ORDINALITY = 1 << 6,
    TAKEO_NODE_FLAG_RECURSIVE = 1 << 7,
    TAKEO_NODE_FLAG_MATERIALIZED = 1 << 8,
    TAKEO_NODE_FLAG_NOT_MATERIALIZED = 1 << 9,
    TAKEO_NODE_FLAG_SKIP_LOCKED = 1 << 10,
    TAKEO_NODE_FLAG_NOWAIT = 1 << 11,
    TAKEO_NODE_FLAG_INCLUDE_SELF = 1 << 12,
    TAKEO_NODE_FLAG_WITHIN_GROUP = 1 << 13,
    TAKEO_NODE_FLAG_EXCLUDE_CURRENT = 1 << 14, /* FRAME */
    TAKEO_NODE_FLAG_EXCLUDE_GROUP = 1 << 15,
    TAKEO_NODE_FLAG_EXCLUDE_TIES = 1 << 16,
    TAKEO_NODE_FLAG_OPTIONAL = 1 << 17 /* PATH: a left join although the relation is never NULL */
};

/** One node. */
struct takeo_node {
    takeo_node_kind kind;
    uint16_t op;
    uint32_t flags;
    uint32_t a; /* numbers of nodes, from 1; 0 is none */
    uint32_t b;
    uint32_t next;
    uint32_t ref; /* entity, column, relation, parameter or output, from 1 */
    const char *text;
    size_t text_len;
    /* level 1 ends here */
};

enum takeo_statement_flags {
    TAKEO_STATEMENT_NO_EAGER = 1 << 0 /* load only what LOAD names, no eager relations */
};

typedef struct takeo_statement_def {
    uint32_t struct_size;
    uint32_t flags;          /* takeo_statement_flags */
    const takeo_node *nodes; /* copied; the last one is the statement; at most 65 535 */
    uint32_t node_count;
    uint32_t node_size; /* sizeof(takeo_node) */
    uint32_t entity;    /* of RAW_SQL: rows are this entity, columns found by name; 0: plain rows */
    uint32_t reserved;  /* 0 */
    /* level 1 ends here */
} takeo_statement_def;

/** One of the things that a row gives, in order.  Its layout is the same for ever. */
typedef struct takeo_output_info {
    takeo_text label;
    uint32_t entity;      /* a whole entity; 0: a value */
    uint32_t column;      /* of a value: its column of the result */
    const uint32_t *load; /* of an entity: what comes with it, as takeo_find.load */
    uint32_t load_count;  /* numbers in load, zeros included */
    uint32_t reserved;    /* 0 */
} takeo_output_info;

/** What a statement takes and gives.  Set struct_size. */
typedef struct takeo_statement_info {
    uint32_t struct_size;
    uint32_t flags; /* none yet */
    takeo_node_kind kind;
    uint16_t reserved;
    uint32_t entity; /* root of its rows; 0: plain rows */
    uint32_t parameter_count;
    uint32_t column_count; /* 0 for RAW_SQL before its first run */
    const takeo_column_info *parameters;
    const takeo_column_info *columns;
    const takeo_output_info *outputs;
    uint32_t output_count; /* 0 for RAW_SQL */
    uint32_t reserved_2;   /* 0 */
    /* level 1 ends here */
} takeo_statement_info;

/**
 * Check nodes against the model and bind them.
 *
 * @param model  frozen
 * @return TAKEO_EINPUT, TAKEO_EUNKNOWN_FIELD, TAKEO_EUNSAFE ...; all findings linked by error->next
 * @owns caller: takeo_statement_free
 * @thread any
 * @since 1
 */
TAKEO_API TAKEO_CHECKED takeo_status takeo_statement_compile(takeo_model *model,
                                                             const takeo_statement_def *def,
                                                             takeo_statement **out,
                                                             takeo_error **error);

/**
 * Make a statement of SQL text.  `{}` is the next parameter, `{name}` a named one, `{{` a brace.
 *
 * @param model  may be NULL
 * @return TAKEO_EINPUT for braces that do not pair; SQL itself is checked by the server
 * @owns caller: takeo_statement_free
 * @thread any
 * @since 1
 */
TAKEO_API TAKEO_CHECKED takeo_status takeo_statement_sql(takeo_model *model, const char *text,
                                                         size_t text_len, takeo_statement **out,
                                                         takeo_error **error);

/**
 * Start: run a statement.
 *
 * @param target     what rows become; NULL: cells
 * @param arguments  parameters in order; text in them stays valid until the operation ends.  May be
 * NULL
 * @param count      a multiple of the statement's parameters: it runs once for each, in one
 * transaction
 * @return TAKEO_EINPUT naming the parameter that does not fit, before anything is sent
 * @thread one-at-a-time; one statement may run in many operations at once
 * @since 1
 */
TAKEO_API TAKEO_CHECKED takeo_status takeo_statement_run(takeo_op *op, takeo_statement *statement,
                                                         takeo_target *target,
                                                         const takeo_cell *arguments,
                                                         uint32_t count);

/**
 * Describe parameters and columns.
 *
 * @return TAKEO_DONE or TAKEO_EINVAL
 * @owns borrowed-from-statement-until-free
 * @thread any
 * @since 1
 */
TAKEO_API TAKEO_CHECKED takeo_status takeo_statement_describe(const takeo_statement *statement,
                                                              takeo_statement_info *out);

/**
 * Give the SQL for a dialect, with placeholders.
 *
 * @param dialect  "postgresql", "sqlite", "mariadb"
 * @return TAKEO_EUNSUPPORTED with the reason and the nearest thing, when the dialect lacks
 * something
 * @owns borrowed-from-statement-until-free
 * @thread any
 * @since 1
 */
TAKEO_API TAKEO_CHECKED takeo_status takeo_statement_render(takeo_statement *statement,
                                                            const char *dialect, takeo_text *out,
                                                            takeo_error **error);

/**
 * Drop the caller's hold on a statement; operations that run it keep it alive.  NULL is allowed.
 *
 * @thread any
 * @since 1
 */
TAKEO_API void takeo_statement_free(takeo_statement *statement);

/* ---- The builder: nodes without counting them by hand.  It adds nothing that an array cannot say.
 *
 * Every function gives the number of the node it made, or 0 after a failure, which sticks: only
 * takeo_builder_compile need be checked.  Parameters are numbered by the caller, because C does not
 * say in which order the arguments of a call are made.  A number may be used in several places.
 * ---- */

/**
 * Make an empty builder.
 *
 * @param model  frozen
 * @return TAKEO_DONE or a failure
 * @owns caller: takeo_builder_free
 * @thread any
 * @since 1
 */
TAKEO_API TAKEO_CHECKED takeo_status takeo_builder_new(takeo_model *model, takeo_builder **out,
                                                       takeo_error **error);

/**
 * Add any node.
 *
 * @param node       copied with its text; a and b name nodes made before, next is 0
 * @param node_size  sizeof(takeo_node)
 * @return its number
 * @thread one-at-a-time
 * @since 1
 */
TAKEO_API uint32_t takeo_builder_push(takeo_builder *builder, const takeo_node *node,
                                      uint32_t node_size);

/**
 * Link nodes into a chain.
 *
 * @return the number to give where a chain is asked for; 0 for an empty one
 * @thread one-at-a-time
 * @since 1
 */
TAKEO_API uint32_t takeo_builder_chain(takeo_builder *builder, const uint32_t *nodes,
                                       uint32_t count);

/** Add a TABLE.  @return its number  @thread one-at-a-time  @since 1 */
TAKEO_API uint32_t takeo_builder_table(takeo_builder *builder, uint32_t entity);

/** Add a PATH: the other side of a relation.  @return its number  @thread one-at-a-time  @since 1
 */
TAKEO_API uint32_t takeo_builder_path(takeo_builder *builder, uint32_t source, uint32_t relation);

/** Add a COLUMN of a source.  @return its number  @thread one-at-a-time  @since 1 */
TAKEO_API uint32_t takeo_builder_column(takeo_builder *builder, uint32_t source, uint32_t column);

/** Add a PARAM.  @param number from 1  @return its number  @thread one-at-a-time  @since 1 */
TAKEO_API uint32_t takeo_builder_param(takeo_builder *builder, uint32_t number);

/**
 * Add an OPERATION.
 *
 * @param b  0 for operators of one operand; AND and OR take two here, more by takeo_builder_chain
 * @return its number
 * @thread one-at-a-time
 * @since 1
 */
TAKEO_API uint32_t takeo_builder_op(takeo_builder *builder, takeo_operator op, uint32_t a,
                                    uint32_t b);

/**
 * Add a CALL.
 *
 * @param arguments  may be NULL when count is 0
 * @return its number
 * @thread one-at-a-time
 * @since 1
 */
TAKEO_API uint32_t takeo_builder_call(takeo_builder *builder, takeo_function function,
                                      const uint32_t *arguments, uint32_t count);

/**
 * Add a node that is text over another: LABEL, COLLATE, FRAGMENT, CTE_NAME, DERIVED, COMMENT ...
 *
 * @return its number
 * @thread one-at-a-time
 * @since 1
 */
TAKEO_API uint32_t takeo_builder_text(takeo_builder *builder, takeo_node_kind kind, uint32_t a,
                                      const char *text, size_t text_len);

/** Open a statement; those opened inside it are its subqueries.  @thread one-at-a-time  @since 1 */
TAKEO_API void takeo_builder_begin(takeo_builder *builder);

/**
 * Add to a clause of the statement that is open: WHERE adds with AND, chains grow at their end.
 *
 * @param clause  a kind from COLUMNS on; one that is a whole node (JOIN, LOCK) comes by
 * takeo_builder_push and is given here again
 * @param node    0 for clauses that say all by themselves (DISTINCT, TOTAL, ALL)
 * @thread one-at-a-time
 * @since 1
 */
TAKEO_API void takeo_builder_add(takeo_builder *builder, takeo_node_kind clause, uint32_t node);

/**
 * Close the statement opened last.
 *
 * @param kind  TAKEO_NODE_SELECT, INSERT, UPDATE, DELETE, VALUES or RAW_SQL
 * @return its number, for SUBQUERY, DERIVED, CTE, or to be compiled
 * @thread one-at-a-time
 * @since 1
 */
TAKEO_API uint32_t takeo_builder_end(takeo_builder *builder, takeo_node_kind kind);

/**
 * Compile what was built, as takeo_statement_compile, and empty the builder for the next statement.
 *
 * @return the first failure of any call since it was empty, else as takeo_statement_compile
 * @owns caller: takeo_statement_free
 * @thread one-at-a-time
 * @since 1
 */
TAKEO_API TAKEO_CHECKED takeo_status takeo_builder_compile(takeo_builder *builder,
                                                           takeo_statement **out,
                                                           takeo_error **error);

/** Free a builder; NULL is allowed.  @thread one-at-a-time  @since 1 */
TAKEO_API void takeo_builder_free(takeo_builder *builder);

TAKEO_END
#endif
