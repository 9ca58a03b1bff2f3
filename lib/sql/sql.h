/* sql.h - door of the room `sql`: statements as nodes in, checked statements and SQL text out.
 *
 * It knows nodes, the model, and the words of dialects.  It does not know connections, drivers,
 * results, time or values.
 *
 *     nodes -> compile (check, bind to the model, shape of the rows) -> render (text per dialect)
 *
 * A statement is immutable once compiled, reference counted and may be used by any thread; texts
 * are rendered on first use of a dialect and kept.
 */
#ifndef TK_SQL_H
#define TK_SQL_H

#include "model/model.h"
#include "takeo/statement.h"

typedef struct takeo_statement tk_statement;
typedef struct tk_dialect tk_dialect;

typedef enum tk_dialect_number {
    TK_DIALECT_SQLITE,
    TK_DIALECT_POSTGRESQL,
    TK_DIALECT_COUNT
} tk_dialect_number;
const tk_dialect *tk_dialect_find(const char *name); /* "sqlite", "postgresql"; NULL: none */

/* What the ORM does by the dialect. */
typedef struct tk_dialect_facts {
    bool tells_last_key;  /* an INSERT tells which key was made; else it is asked by RETURNING */
    bool names_have_case; /* "City" and "city" are two tables */
    bool has_schemas;     /* a schema has to be made before its tables */
    bool has_comments;    /* of tables and columns */
    /* Waits until nobody else synchronizes, up to the end of the transaction; NULL: to begin one
     * does that. */
    const char *synchronize_lock;
    /* Names that the server gives to constraints that have none: table_column_suffix. */
    const char *key_suffix; /* NULL: it gives none */
    const char *unique_suffix;
    const char *foreign_key_suffix;
    const char *check_suffix;
} tk_dialect_facts;
const tk_dialect_facts *tk_dialect_facts_of(const tk_dialect *dialect);

/* ---- what a compiled statement tells --------------------------------------------------------- */

typedef struct tk_param {
    tk_accept accept; /* what an argument has to fit */
    takeo_text name;  /* of raw SQL: `{name}`; else empty */
    bool is_list;     /* an ARRAY cell of such values */
    uint16_t width;   /* of a list of keys: their columns, each key a list of so many; else 1 */
    bool is_used;
} tk_param;

/* An entity in a row: its columns stand in the cells from first_cell on. */
typedef struct tk_part {
    const tk_entity *entity;
    uint32_t first_cell;
    uint32_t column_count;
    const tk_column *const *columns; /* in the order of the cells */
    const uint32_t *key_cells;       /* cell of each key column; key_count of the entity */
    uint32_t parent;                 /* number of the part it hangs on, from 1; 0: none */
    const tk_relation *relation;     /* by which to-one of the parent */
    bool may_be_missing;             /* of a left join: all key cells NULL means there is none */
    bool may_repeat;                 /* the same object may come in several rows or parts */
    bool is_partial;                 /* some of its columns are not read */
} tk_part;

/* What a row gives, in order: a whole entity with what hangs on it, or one value. */
typedef struct tk_output {
    takeo_text label;
    uint32_t part; /* number from 1; 0: a value */
    uint32_t cell; /* of a value */
} tk_output;

typedef struct tk_cell_info {
    takeo_type type;
    takeo_type element;
    const tk_column *column; /* NULL: computed */
    bool may_be_null;
    bool is_duration; /* an interval as a column has it that keeps no months, also when computed */
} tk_cell_info;

/* A relation to be loaded for all objects of a part, after the rows: by one more statement whose
 * only argument is the list of keys.  Its rows are entities of the target, parts[0], with
 * further parts and loads of their own. */
typedef struct tk_load {
    uint32_t part; /* number from 1, of the objects that get it */
    const tk_relation *relation;
    tk_statement *statement; /* its own reference */
} tk_load;

struct takeo_statement {
    tk_alloc alloc;
    tk_arena arena;
    int32_t references; /* atomic */
    uint64_t id;
    tk_model *model; /* held; NULL for SQL without a model */
    takeo_node_kind kind;
    bool is_write;
    bool gives_rows;         /* SELECT, VALUES, RETURNING, raw SQL */
    bool shape_is_unknown;   /* raw SQL: cells are found out at run time */
    const tk_entity *entity; /* of the one output that is an entity; of a write its table */
    bool tells_outcome;      /* of an upsert: see tk_shape_upsert */
    const tk_param *params;
    uint32_t param_count;
    const tk_output *outputs;
    uint32_t output_count;
    const tk_part *parts;
    uint32_t part_count;
    const tk_cell_info *cells;
    uint32_t cell_count;
    const tk_load *loads;
    uint32_t load_count;
    const takeo_column_info *parameter_infos; /* for describe */
    const takeo_column_info *column_infos;    /* of the cells */
    const takeo_output_info *output_infos;    /* of the outputs */
    void *texts[TK_DIALECT_COUNT];            /* atomic; struct tk_sql * once rendered */
    const takeo_node *nodes;                  /* the checked copy that is rendered */
    uint32_t node_count;
    void *bound; /* compile's notes for render; sql_int.h */
};

TK_CHECKED takeo_status tk_statement_compile(tk_model *model, const takeo_statement_def *def,
                                             tk_alloc alloc, tk_statement **out, tk_error *error);
/* Raw SQL with `{}`, `{name}`, `{{`. */
TK_CHECKED takeo_status tk_statement_sql(tk_model *model, const char *text, size_t len,
                                         tk_alloc alloc, tk_statement **out, tk_error *error);
tk_statement *tk_statement_hold(tk_statement *statement);
void tk_statement_drop(tk_statement *statement); /* NULL is allowed */

/* The text for a dialect, rendered once and kept as long as the statement.  Its parameters are those
 * of the statement, but where a dialect takes a list of keys column by column: there each parameter
 * with a width goes as so many lists, in its place, and (*out)->parameter_count says it. */
TK_CHECKED takeo_status tk_statement_render(tk_statement *statement, const tk_dialect *dialect,
                                            const tk_sql **out, tk_error *error);

/* ---- shapes.c: the statements that the ORM itself needs, made of the same nodes -------------- */

/* select <all columns> from entity where key = ?1 [and ...]; parameters: the key's columns. */
TK_CHECKED takeo_status tk_shape_get(const tk_entity *entity, tk_alloc alloc, tk_statement **out,
                                     tk_error *error);
/* insert into entity (columns) values (?1 ...) [returning ...].  No columns: DEFAULT VALUES. */
TK_CHECKED takeo_status tk_shape_insert(const tk_entity *entity, const tk_column *const *columns,
                                        uint32_t count, const tk_column *const *returning,
                                        uint32_t returning_count, tk_alloc alloc,
                                        tk_statement **out, tk_error *error);
/* update entity set columns = ?1 ... where key = ?n ...: parameters: columns, then the key. */
TK_CHECKED takeo_status tk_shape_update(const tk_entity *entity, const tk_column *const *columns,
                                        uint32_t count, tk_alloc alloc, tk_statement **out,
                                        tk_error *error);
/* delete from entity where key = ?1 ... */
TK_CHECKED takeo_status tk_shape_delete(const tk_entity *entity, tk_alloc alloc, tk_statement **out,
                                        tk_error *error);

typedef struct tk_shape_upsert {
    const tk_column *const *columns; /* inserted, and the parameters */
    uint32_t column_count;
    const tk_column *const *on; /* the conflict target */
    uint32_t on_count;
    const tk_column *const *update; /* set from the row that was refused; 0: DO NOTHING */
    uint32_t update_count;
    const tk_column *const *returning;
    uint32_t returning_count;
    bool only_if_changed;
    const char *index_where;
    const tk_statement *where; /* rows of this SELECT alone are updated; NULL: all */
} tk_shape_upsert_def;
/* Parameters: the columns, then those of `where`, unless nothing is updated. */
/* Behind its cells stands one more, a BOOL, where the dialect has to ask whether a row was inserted
 * or updated: then the text has one column more than the statement has cells. */
TK_CHECKED takeo_status tk_shape_upsert(const tk_entity *entity, const struct tk_shape_upsert *def,
                                        tk_alloc alloc, tk_statement **out, tk_error *error);
/* Does a subquery of `where` look at rows of the entity's table? */
bool tk_looks_into(const tk_statement *where, const tk_entity *entity);
/* The statement of a tk_load: select target.* from target where references in (?1 list).  For a
 * composite key ?1 is a list of lists.  `paths` are further relations, each ended by 0. */
TK_CHECKED takeo_status tk_shape_load(const tk_relation *relation, const uint32_t *paths,
                                      uint32_t path_count, tk_alloc alloc, tk_statement **out,
                                      tk_error *error);
/* select columns (and the key) of entity where key in (?1 list): for reload. */
TK_CHECKED takeo_status tk_shape_reload(const tk_entity *entity, const tk_column *const *columns,
                                        uint32_t count, tk_alloc alloc, tk_statement **out,
                                        tk_error *error);

/* ---- batch.c: many rows at once, every parameter a list with the values of one column --------- */

/* Has the dialect such statements, for these columns? */
bool tk_batch_takes(const tk_dialect *dialect, const tk_column *const *columns, uint32_t count);
/* Without anything returned the text has a way for bulk too (tk_sql.copy_text). */
TK_CHECKED takeo_status tk_batch_insert(const tk_dialect *dialect, const tk_entity *entity,
                                        const tk_column *const *columns, uint32_t count,
                                        const tk_column *const *returned, uint32_t returned_count,
                                        tk_alloc alloc, tk_statement **out, tk_error *error);
/* The row's own cells, at least one, and the BOOL of tk_shape_upsert.  No two rows may have the same
 * values in the columns of the target.  The parameters of `where` are values as ever. */
TK_CHECKED takeo_status tk_batch_upsert(const tk_dialect *dialect, const tk_entity *entity,
                                        const tk_shape_upsert_def *def, tk_alloc alloc,
                                        tk_statement **out, tk_error *error);
/* Parameters: the columns, then the key. */
TK_CHECKED takeo_status tk_batch_update(const tk_dialect *dialect, const tk_entity *entity,
                                        const tk_column *const *columns, uint32_t count,
                                        tk_alloc alloc, tk_statement **out, tk_error *error);
TK_CHECKED takeo_status tk_batch_delete(const tk_dialect *dialect, const tk_entity *entity,
                                        tk_alloc alloc, tk_statement **out, tk_error *error);
/* Asked before an insert, with the number of rows; one row: a list of as many fresh keys (NULL in
 * it: the server has none to give), and whether rows may go in by bulk with nothing asked back. */
TK_CHECKED takeo_status tk_batch_prepare(const tk_dialect *dialect, const tk_entity *entity,
                                         tk_alloc alloc, tk_statement **out, tk_error *error);

/* ---- ddl.c: what synchronize runs ------------------------------------------------------------ */

/* The text of CREATE TABLE with its constraints; without a semicolon.  Foreign keys that have to wait
 * for their table are left out. */
TK_CHECKED takeo_status tk_ddl_table(const tk_dialect *dialect, const tk_entity *entity,
                                     tk_buf *out, tk_error *error);
/* Tables are made in this order. */
int tk_ddl_compare(const tk_entity *a, const tk_entity *b);
/* Is the foreign key added once all tables are there? */
bool tk_ddl_waits(const tk_dialect *dialect, const tk_relation *relation);
TK_CHECKED takeo_status tk_ddl_foreign_key(const tk_dialect *dialect, const tk_relation *relation,
                                           tk_buf *out, tk_error *error);
/* Make the entity's schema unless it is there; of dialects that have schemas. */
TK_CHECKED takeo_status tk_ddl_schema(const tk_dialect *dialect, const tk_entity *entity,
                                      tk_buf *out, tk_error *error);
/* The name of the check that an enum's column has; empty: it has none, or none with a name. */
takeo_text tk_ddl_labels_name(const tk_column *column, char made[TK_NAME_MAX + 1]);
TK_CHECKED takeo_status tk_ddl_index(const tk_dialect *dialect, const tk_entity *entity,
                                     const tk_index *index, tk_buf *out, tk_error *error);
/* The comment of a table, or of one of its columns (NULL: of the table); of dialects that keep them. */
bool tk_ddl_has_comment(const tk_entity *entity, const tk_column *column);
TK_CHECKED takeo_status tk_ddl_comment(const tk_entity *entity, const tk_column *column,
                                       tk_buf *out, tk_error *error);
/* The type of a column as this dialect declares it, such as "varchar(80)"; in lower case. */
TK_CHECKED takeo_status tk_ddl_type(const tk_dialect *dialect, const tk_column *column, tk_buf *out,
                                    tk_error *error);
/* Are two types as they are declared, or as the server writes them, the same? */
bool tk_ddl_same_type(const tk_dialect *dialect, takeo_text a, takeo_text b);
/* A name in quotes. */
void tk_dialect_quote(const tk_dialect *dialect, takeo_text name, tk_buf *out);

/* ---- builder.c: nodes without counting (takeo_builder_*) ------------------------------------- */

typedef struct takeo_builder tk_builder;
TK_CHECKED takeo_status tk_builder_new(tk_model *model, tk_builder **out, tk_error *error);
uint32_t tk_builder_push(tk_builder *builder, const takeo_node *node);
uint32_t tk_builder_chain(tk_builder *builder, const uint32_t *nodes, uint32_t count);
void tk_builder_begin(tk_builder *builder);
void tk_builder_add(tk_builder *builder, takeo_node_kind clause, uint32_t node);
uint32_t tk_builder_end(tk_builder *builder, takeo_node_kind kind);
TK_CHECKED takeo_status tk_builder_compile(tk_builder *builder, tk_alloc alloc, tk_statement **out,
                                           tk_error *error);
void tk_builder_free(tk_builder *builder);

#endif
