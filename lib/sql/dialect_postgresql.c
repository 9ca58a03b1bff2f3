/* dialect_postgresql.c - what PostgreSQL (12 and newer) says in its own way. */
#include "sql/sql_int.h"

static void placeholder(tk_render *render, uint32_t number) {
    tk_put(render, "$");
    tk_buf_put_int(&render->buf, number);
}

/* ---- conditions ------------------------------------------------------------------------------ */

static void in_list(tk_render *render, uint32_t number) {
    const takeo_node *node = &render->nodes[number];
    if (render->notes[tk_resolve(render->nodes, node->a)].width > 1) {
        tk_render_refuse(render, "compare the columns one by one",
                         "does not take lists of keys of several columns yet");
        return;
    }
    tk_put_expr(render, node->a, TK_LEVEL_ADD);
    tk_put(render, node->op == TAKEO_OPERATOR_IN ? " = any(" : " <> all(");
    tk_put_expr(render, node->b, TK_LEVEL_OR);
    tk_put(render, ")");
}

static void distinct(tk_render *render, uint32_t number) {
    const takeo_node *node = &render->nodes[number];
    tk_put_expr(render, node->a, TK_LEVEL_ADD);
    tk_put(render, node->op == TAKEO_OPERATOR_DISTINCT_FROM ? " is distinct from "
                                                            : " is not distinct from ");
    tk_put_expr(render, node->b, TK_LEVEL_PRIMARY);
}

static void put_side(tk_render *render, uint32_t value, bool ignores_case) {
    tk_put(render, ignores_case ? "lower(" : "");
    tk_put_expr(render, value, TK_LEVEL_OR);
    tk_put(render, ignores_case ? ")" : "");
}

static void put_text_call(tk_render *render, const takeo_node *node, const char *name,
                          const char *after) {
    bool ignores_case = (node->flags & TAKEO_NODE_FLAG_IGNORE_CASE) != 0;
    tk_put(render, name);
    put_side(render, node->a, ignores_case);
    tk_put(render, ", ");
    put_side(render, node->b, ignores_case);
    tk_put(render, after);
}

static void put_infix(tk_render *render, const takeo_node *node, const char *word,
                      const char *without_case) {
    bool ignores_case = (node->flags & TAKEO_NODE_FLAG_IGNORE_CASE) != 0;
    tk_put_expr(render, node->a, TK_LEVEL_ADD);
    tk_put(render, ignores_case ? without_case : word);
    tk_put_expr(render, node->b, TK_LEVEL_ADD);
}

static void text_operator(tk_render *render, uint32_t number) {
    const takeo_node *node = &render->nodes[number];
    bool ignores_case = (node->flags & TAKEO_NODE_FLAG_IGNORE_CASE) != 0;
    switch (node->op) {
    case TAKEO_OPERATOR_LIKE:
        put_infix(render, node, " like ", " ilike ");
        return;
    case TAKEO_OPERATOR_TEXT_CONTAINS:
        put_text_call(render, node, "strpos(", ") > 0");
        return;
    case TAKEO_OPERATOR_STARTS_WITH:
        put_text_call(render, node, "starts_with(", ")");
        return;
    case TAKEO_OPERATOR_ENDS_WITH:
        tk_put(render, "right(");
        put_side(render, node->a, ignores_case);
        tk_put(render, ", length(");
        put_side(render, node->b, ignores_case);
        tk_put(render, ")) = ");
        put_side(render, node->b, ignores_case);
        return;
    default:
        put_infix(render, node, " ~ ", " ~* ");
        return;
    }
}

static bool arithmetic(tk_render *render, uint32_t number) {
    const takeo_node *node = &render->nodes[number];
    if (node->op == TAKEO_OPERATOR_MODULO && render->notes[number].type == TAKEO_TYPE_FLOAT64) {
        tk_put(render, "cast(mod(cast("); /* of double precision there is no remainder */
        tk_put_expr(render, node->a, TK_LEVEL_OR);
        tk_put(render, " as numeric), cast(");
        tk_put_expr(render, node->b, TK_LEVEL_OR);
        tk_put(render, " as numeric)) as double precision)");
        return true;
    }
    if (node->op != TAKEO_OPERATOR_BIT_XOR) {
        return false;
    }
    tk_put_expr(render, node->a, TK_LEVEL_PRIMARY);
    tk_put(render, " # ");
    tk_put_expr(render, node->b, TK_LEVEL_PRIMARY);
    return true;
}

/* ---- functions ------------------------------------------------------------------------------- */

/* Sums and means widen to numeric here; the result keeps the type that the statement promised. */
static void put_as(tk_render *render, uint32_t number, const char *name, const char *type) {
    tk_put(render, "cast(");
    tk_put_call(render, number, name);
    tk_put(render, " as ");
    tk_put(render, type);
    tk_put(render, ")");
}

static void put_round(tk_render *render, uint32_t number) {
    uint32_t digits = tk_argument(render, number, 1);
    bool is_decimal = render->notes[number].type == TAKEO_TYPE_DECIMAL;
    if (digits == 0 || is_decimal) {
        tk_put_call(render, number, "round");
        return;
    }
    tk_put(render, "cast(round(cast("); /* of double precision there is no round to digits */
    tk_put_expr(render, render->nodes[number].a, TK_LEVEL_OR);
    tk_put(render, " as numeric), ");
    tk_put_expr(render, digits, TK_LEVEL_OR);
    tk_put(render, ") as double precision)");
}

static void call(tk_render *render, uint32_t number) {
    const takeo_node *node = &render->nodes[number];
    takeo_type type = node->a != 0 ? tk_render_type(render, node->a) : TAKEO_TYPE_NONE;
    char name[TK_NAME_MAX + 1];
    switch (node->op) {
    case 0: /* a name that the grammar of names has passed */
        memcpy(name, node->text, node->text_len);
        name[node->text_len] = '\0';
        tk_put_call(render, number, name);
        return;
    case TAKEO_FUNCTION_SUM:
        if (tk_type_is_whole(type)) {
            put_as(render, number, "sum", "bigint");
            return;
        }
        break;
    case TAKEO_FUNCTION_AVG:
    case TAKEO_FUNCTION_STDDEV:
    case TAKEO_FUNCTION_VARIANCE:
        if (type != TAKEO_TYPE_DECIMAL) {
            put_as(render, number, tk_function_of(node->op)->name, "double precision");
            return;
        }
        break;
    case TAKEO_FUNCTION_ROUND:
        put_round(render, number);
        return;
    case TAKEO_FUNCTION_POSITION:
        tk_put_call(render, number, "strpos");
        return;
    default:
        break;
    }
    tk_put_call(render, number, tk_function_of(node->op)->name);
}

typedef struct word {
    takeo_type type;
    const char *name;
} word;

static const word types[] = {
    {TAKEO_TYPE_BOOL, "boolean"},
    {TAKEO_TYPE_INT16, "smallint"},
    {TAKEO_TYPE_INT32, "integer"},
    {TAKEO_TYPE_INT64, "bigint"},
    {TAKEO_TYPE_UINT64, "numeric(20, 0)"},
    {TAKEO_TYPE_FLOAT32, "real"},
    {TAKEO_TYPE_FLOAT64, "double precision"},
    {TAKEO_TYPE_DECIMAL, "numeric"},
    {TAKEO_TYPE_MONEY, "money"},
    {TAKEO_TYPE_OID, "oid"},
    {TAKEO_TYPE_TEXT, "text"},
    {TAKEO_TYPE_BYTES, "bytea"},
    {TAKEO_TYPE_UUID, "uuid"},
    {TAKEO_TYPE_JSON, "jsonb"},
    {TAKEO_TYPE_ENUM, "text"},
    {TAKEO_TYPE_XML, "xml"},
    {TAKEO_TYPE_BITS, "varbit"},
    {TAKEO_TYPE_DATE, "date"},
    {TAKEO_TYPE_TIME, "time"},
    {TAKEO_TYPE_TIMETZ, "timetz"},
    {TAKEO_TYPE_TIMESTAMP, "timestamp"},
    {TAKEO_TYPE_TIMESTAMPTZ, "timestamptz"},
    {TAKEO_TYPE_INTERVAL, "interval"},
    {TAKEO_TYPE_YEAR, "integer"},
    {TAKEO_TYPE_INET, "inet"},
    {TAKEO_TYPE_MACADDR, "macaddr"},
    {TAKEO_TYPE_LSN, "pg_lsn"},
    {TAKEO_TYPE_TID, "tid"},
    {TAKEO_TYPE_POINT, "point"},
    {TAKEO_TYPE_LINE, "line"},
    {TAKEO_TYPE_SEGMENT, "lseg"},
    {TAKEO_TYPE_BOX, "box"},
    {TAKEO_TYPE_PATH, "path"},
    {TAKEO_TYPE_POLYGON, "polygon"},
    {TAKEO_TYPE_CIRCLE, "circle"},
    {TAKEO_TYPE_TSVECTOR, "tsvector"},
    {TAKEO_TYPE_TSQUERY, "tsquery"},
    {TAKEO_TYPE_LTREE, "ltree"},
    {TAKEO_TYPE_CITEXT, "citext"},
    {TAKEO_TYPE_HSTORE, "hstore"},
};

static const char *type_word(takeo_type type) {
    for (size_t i = 0; i < TK_COUNT(types); i++) {
        if (types[i].type == type) {
            return types[i].name;
        }
    }
    return NULL;
}

static void cast(tk_render *render, uint32_t number) {
    const takeo_node *node = &render->nodes[number];
    const char *name = node->op != 0 ? type_word(node->op) : NULL;
    if (node->op != 0 && name == NULL) {
        tk_render_refuse(render, "name the type in words", "cannot be asked to cast to %s",
                         tk_type_name(node->op));
        return;
    }
    tk_put(render, "cast(");
    tk_put_expr(render, node->a, TK_LEVEL_OR);
    tk_put(render, " as ");
    if (name != NULL) {
        tk_put(render, name);
    } else {
        tk_buf_put(&render->buf, node->text, node->text_len);
    }
    tk_put(render, ")");
}

static void limit(tk_render *render, uint32_t rows, uint32_t skipped) {
    if (rows != 0) {
        tk_put(render, " limit ");
        tk_put_expr(render, rows, TK_LEVEL_PRIMARY);
    }
    if (skipped != 0) {
        tk_put(render, " offset ");
        tk_put_expr(render, skipped, TK_LEVEL_PRIMARY);
    }
}

static void distinct_on(tk_render *render, uint32_t clause) {
    tk_put(render, "distinct on (");
    tk_put_list(render, render->nodes[clause].a);
    tk_put(render, ") ");
}

static void default_value(tk_render *render) {
    tk_put(render, "default");
}

/* ---- DDL ------------------------------------------------------------------------------------- */

static void column_type(const tk_column *column, tk_buf *out) {
    if (column->type_name.len != 0) {
        tk_buf_put(out, column->type_name.data, column->type_name.len);
        return;
    }
    takeo_type type = column->type == TAKEO_TYPE_ARRAY ? column->element : column->type;
    const char *name = type_word(type);
    if (type == TAKEO_TYPE_TEXT && column->length != 0) {
        tk_buf_printf(out, "varchar(%u)", (unsigned)column->length);
    } else if (type == TAKEO_TYPE_DECIMAL && column->precision != 0) {
        tk_buf_printf(out, "numeric(%u, %u)", (unsigned)column->precision, (unsigned)column->scale);
    } else {
        tk_buf_puts(out, name != NULL ? name : "text");
    }
    uint32_t dimensions = column->dimensions != 0 ? column->dimensions : 1;
    for (uint32_t i = 0; column->type == TAKEO_TYPE_ARRAY && i < dimensions; i++) {
        tk_buf_puts(out, "[]");
    }
}

static bool identity(const tk_column *column, tk_buf *out) {
    tk_buf_puts(out, column->generated == TAKEO_GENERATED_IDENTITY_ALWAYS
                         ? " generated always as identity"
                         : " generated by default as identity");
    return false;
}

static void literal(const tk_column *column, const takeo_cell *cell, tk_buf *out) {
    (void)column;
    if (!tk_cell_is_null(cell) && cell->type == TAKEO_TYPE_BYTES) {
        tk_buf_puts(out, "'\\x");
        for (size_t i = 0; i < cell->v.text.len; i++) {
            tk_buf_printf(out, "%02x", (unsigned)(unsigned char)cell->v.text.data[i]);
        }
        tk_buf_puts(out, "'");
    } else {
        tk_put_literal(cell, "true", "false", out);
    }
}

static void table_options(const tk_entity *entity, tk_buf *out) {
    (void)entity;
    (void)out;
}

const tk_dialect tk_dialect_postgresql = {
    .name = "postgresql",
    .title = "PostgreSQL",
    .number = TK_DIALECT_POSTGRESQL,
    .true_text = "true",
    .false_text = "false",
    .rows_of_list = "select unnest(",
    .array_type = TAKEO_TYPE_ARRAY,
    .methods = {.placeholder = placeholder,
                .in_list = in_list,
                .distinct = distinct,
                .text_operator = text_operator,
                .arithmetic = arithmetic,
                .call = call,
                .cast = cast,
                .limit = limit,
                .distinct_on = distinct_on,
                .default_value = default_value,
                .column_type = column_type,
                .identity = identity,
                .literal = literal,
                .table_options = table_options},
};
