/* dialect_sqlite.c - what SQLite says in its own way.
 *
 * A few things are functions that the driver registers on every connection:
 *     takeo_decimal          collation: texts of decimals by their value
 *     takeo_interval         collation: texts of intervals, a month as 30 days, a day as 24 hours
 *     takeo_sum, takeo_avg   aggregates over texts of decimals, exact
 *     takeo_list(list)       table-valued: `value` of each element, or c1, c2 ... of each row
 * and `pragma case_sensitive_like` is on.
 */
#include "sql/sql_int.h"

static void placeholder(tk_render *render, uint32_t number) {
    tk_put(render, "?");
    tk_buf_put_int(&render->buf, render->nodes[number].ref);
}

/* ---- decimals, intervals: texts that compare by value ---------------------------------------- */

static const char *collation(takeo_type type) {
    return type == TAKEO_TYPE_DECIMAL    ? " collate takeo_decimal"
           : type == TAKEO_TYPE_INTERVAL ? " collate takeo_interval"
                                         : "";
}

static void operand(tk_render *render, uint32_t number, takeo_type type, bool leads,
                    tk_level level) {
    bool has_collation = collation(type)[0] != '\0';
    if (type == TAKEO_TYPE_DECIMAL && tk_type_is_whole(tk_render_type(render, number))) {
        tk_put(render, "cast(");
        tk_put_expr(render, number, TK_LEVEL_OR);
        tk_put(render, " as text)");
    } else {
        tk_put_expr(render, number, leads && has_collation ? TK_LEVEL_PRIMARY : level);
    }
    tk_put(render, leads ? collation(type) : "");
}

static bool is_decimal(const tk_render *render, uint32_t number) {
    return number != 0 && tk_render_type(render, number) == TAKEO_TYPE_DECIMAL;
}

/* Text and times turn into some number or other in SQLite: refused rather than calculated wrongly.
 */
static bool is_calculable(takeo_type type) {
    return type == TAKEO_TYPE_NONE || type == TAKEO_TYPE_BOOL
           || (tk_type_is_number(type) && type != TAKEO_TYPE_DECIMAL);
}

static bool arithmetic(tk_render *render, uint32_t number) {
    const takeo_node *node = &render->nodes[number];
    takeo_type a = tk_render_type(render, node->a);
    takeo_type b = node->b != 0 ? tk_render_type(render, node->b) : TAKEO_TYPE_NONE;
    if (!is_calculable(a) || !is_calculable(b)) {
        tk_render_refuse(render, "calculate in the program, or store a number",
                         "does not calculate with %s exactly",
                         tk_type_name(is_calculable(a) ? b : a));
        return true;
    }
    if (node->op == TAKEO_OPERATOR_BIT_XOR) { /* there is none: or without and */
        tk_put(render, "((");
        tk_put_expr(render, node->a, TK_LEVEL_PRIMARY);
        tk_put(render, " | ");
        tk_put_expr(render, node->b, TK_LEVEL_PRIMARY);
        tk_put(render, ") - (");
        tk_put_expr(render, node->a, TK_LEVEL_PRIMARY);
        tk_put(render, " & ");
        tk_put_expr(render, node->b, TK_LEVEL_PRIMARY);
        tk_put(render, "))");
        return true;
    }
    bool is_float = tk_type_is_float(render->notes[number].type);
    if (node->op == TAKEO_OPERATOR_MODULO && is_float) { /* % cuts both sides to integers */
        tk_put(render, "mod(");
        tk_put_expr(render, node->a, TK_LEVEL_OR);
        tk_put(render, ", ");
        tk_put_expr(render, node->b, TK_LEVEL_OR);
        tk_put(render, ")");
        return true;
    }
    return false;
}

/* ---- conditions ------------------------------------------------------------------------------ */

static void in_list(tk_render *render, uint32_t number) {
    const takeo_node *node = &render->nodes[number];
    uint32_t width = render->notes[tk_resolve(render->nodes, node->a)].width;
    tk_put_operand(render, node->a, tk_compare_type(render, node->a, node->b), true, TK_LEVEL_ADD);
    tk_put(render, node->op == TAKEO_OPERATOR_IN ? " in (select " : " not in (select ");
    if (width == 1) {
        tk_put(render, "value");
    }
    for (uint32_t i = 1; i <= width && width > 1; i++) {
        tk_put(render, i > 1 ? ", c" : "c");
        tk_buf_put_int(&render->buf, i);
    }
    tk_put(render, " from takeo_list(");
    tk_put_expr(render, node->b, TK_LEVEL_OR);
    tk_put(render, "))");
}

static void distinct(tk_render *render, uint32_t number) {
    const takeo_node *node = &render->nodes[number];
    takeo_type type = tk_compare_type(render, node->a, node->b);
    tk_put_operand(render, node->a, type, true, TK_LEVEL_ADD);
    tk_put(render, node->op == TAKEO_OPERATOR_DISTINCT_FROM ? " is not " : " is ");
    tk_put_operand(render, node->b, type, false, TK_LEVEL_PRIMARY);
}

/* One side of a text operator, in lower case when case does not matter. */
static void put_side(tk_render *render, uint32_t value, bool ignores_case, tk_level level) {
    tk_put(render, ignores_case ? "lower(" : "");
    tk_put_expr(render, value, ignores_case ? TK_LEVEL_OR : level);
    tk_put(render, ignores_case ? ")" : "");
}

static void text_operator(tk_render *render, uint32_t number) {
    const takeo_node *node = &render->nodes[number];
    bool ignores_case = (node->flags & TAKEO_NODE_FLAG_IGNORE_CASE) != 0;
    switch (node->op) {
    case TAKEO_OPERATOR_LIKE:
        put_side(render, node->a, ignores_case, TK_LEVEL_ADD);
        tk_put(render, " like ");
        put_side(render, node->b, ignores_case, TK_LEVEL_ADD);
        tk_put(render, " escape '\\'");
        return;
    case TAKEO_OPERATOR_TEXT_CONTAINS:
        tk_put(render, "instr(");
        put_side(render, node->a, ignores_case, TK_LEVEL_OR);
        tk_put(render, ", ");
        put_side(render, node->b, ignores_case, TK_LEVEL_OR);
        tk_put(render, ") > 0");
        return;
    case TAKEO_OPERATOR_STARTS_WITH:
    case TAKEO_OPERATOR_ENDS_WITH:
        tk_put(render, "substr(");
        put_side(render, node->a, ignores_case, TK_LEVEL_OR);
        if (node->op == TAKEO_OPERATOR_STARTS_WITH) {
            tk_put(render, ", 1, length(");
            put_side(render, node->b, ignores_case, TK_LEVEL_OR);
            tk_put(render, ")) = ");
        } else {
            tk_put(render, ", length(");
            put_side(render, node->a, ignores_case, TK_LEVEL_OR);
            tk_put(render, ") - length(");
            put_side(render, node->b, ignores_case, TK_LEVEL_OR);
            tk_put(render, ") + 1) = ");
        }
        put_side(render, node->b, ignores_case, TK_LEVEL_ADD);
        return;
    default:
        tk_render_refuse(render, "use like(), contains(), startswith() or endswith()",
                         "has no regular expressions");
        return;
    }
}

/* ---- functions ------------------------------------------------------------------------------- */

typedef struct renamed {
    takeo_function op;
    const char *name;
} renamed;

static const renamed names[] = {
    {TAKEO_FUNCTION_STRING_AGG, "group_concat"},
    {TAKEO_FUNCTION_BOOL_AND, "min"},
    {TAKEO_FUNCTION_BOOL_OR, "max"},
    {TAKEO_FUNCTION_POSITION, "instr"},
    {TAKEO_FUNCTION_GREATEST, "max"},
    {TAKEO_FUNCTION_LEAST, "min"},
};

static const char *name_of(takeo_function op) {
    for (size_t i = 0; i < TK_COUNT(names); i++) {
        if (names[i].op == op) {
            return names[i].name;
        }
    }
    return tk_function_of(op)->name;
}

static void call(tk_render *render, uint32_t number) {
    const takeo_node *node = &render->nodes[number];
    bool is_of_decimals = is_decimal(render, node->a);
    bool is_sum = node->op == TAKEO_FUNCTION_SUM || node->op == TAKEO_FUNCTION_AVG;
    if (is_sum && tk_render_type(render, node->a) == TAKEO_TYPE_INTERVAL) {
        tk_render_refuse(render, "calculate in the program", "has no exact %s of intervals",
                         tk_function_of(node->op)->name);
        return;
    }
    char name[TK_NAME_MAX + 1];
    switch (node->op) {
    case 0: /* a name that the grammar of names has passed */
        memcpy(name, node->text, node->text_len);
        name[node->text_len] = '\0';
        tk_put_call(render, number, name);
        return;
    case TAKEO_FUNCTION_SUM:
        tk_put_call(render, number, is_of_decimals ? "takeo_sum" : "sum");
        return;
    case TAKEO_FUNCTION_AVG:
        tk_put_call(render, number, is_of_decimals ? "takeo_avg" : "avg");
        return;
    case TAKEO_FUNCTION_NOW:
        tk_put(render, "strftime('%Y-%m-%d %H:%M:%f000', 'now')");
        return;
    case TAKEO_FUNCTION_RANDOM:
        tk_put(render, "((random() & 9007199254740991) / 9007199254740992.0)");
        return;
    case TAKEO_FUNCTION_STDDEV:
    case TAKEO_FUNCTION_VARIANCE:
        tk_render_refuse(render, "select sum(x), sum(x * x) and count(), and calculate with them",
                         "has no function %s", tk_function_of(node->op)->name);
        return;
    case TAKEO_FUNCTION_ABS:
    case TAKEO_FUNCTION_ROUND:
    case TAKEO_FUNCTION_FLOOR:
    case TAKEO_FUNCTION_CEIL:
        if (is_of_decimals) {
            tk_render_refuse(render, "calculate in the program", "has no exact %s of decimals",
                             tk_function_of(node->op)->name);
            return;
        }
        break;
    case TAKEO_FUNCTION_COALESCE:
    case TAKEO_FUNCTION_GREATEST:
    case TAKEO_FUNCTION_LEAST:
        if (render->nodes[node->a].next == 0) { /* of one value, max would be the aggregate */
            tk_put_expr(render, node->a, TK_LEVEL_PRIMARY);
            return;
        }
        break;
    default:
        break;
    }
    tk_put_call(render, number, name_of(node->op));
}

static void cast(tk_render *render, uint32_t number) {
    const takeo_node *node = &render->nodes[number];
    bool is_date = node->op == TAKEO_TYPE_DATE;
    tk_put(render, is_date ? "date(" : "cast(");
    tk_put_expr(render, node->a, TK_LEVEL_OR);
    if (is_date) {
        tk_put(render, ")");
        return;
    }
    tk_put(render, " as ");
    if (node->op == 0) {
        tk_buf_put(&render->buf, node->text, node->text_len);
    } else if (node->op == TAKEO_TYPE_BOOL || tk_type_is_whole(node->op)) {
        tk_put(render, "integer");
    } else if (node->op == TAKEO_TYPE_FLOAT32 || node->op == TAKEO_TYPE_FLOAT64) {
        tk_put(render, "real");
    } else {
        tk_put(render, node->op == TAKEO_TYPE_BYTES ? "blob" : "text");
    }
    tk_put(render, ")");
}

static void limit(tk_render *render, uint32_t rows, uint32_t skipped) {
    tk_put(render, " limit ");
    if (rows != 0) {
        tk_put_expr(render, rows, TK_LEVEL_PRIMARY);
    } else {
        tk_put(render, "-1"); /* an offset needs one */
    }
    if (skipped != 0) {
        tk_put(render, " offset ");
        tk_put_expr(render, skipped, TK_LEVEL_PRIMARY);
    }
}

static void distinct_on(tk_render *render, uint32_t clause) {
    (void)clause;
    tk_render_refuse(render, "group by the columns, or select distinct rows", "has no DISTINCT ON");
}

static void default_value(tk_render *render) {
    tk_render_refuse(render, "leave the column out", "takes no DEFAULT among values");
}

/* ---- DDL ------------------------------------------------------------------------------------- */

static void column_type(const tk_column *column, tk_buf *out) {
    if (column->type_name.len != 0) {
        tk_buf_put(out, column->type_name.data, column->type_name.len);
        return;
    }
    switch (column->type) {
    case TAKEO_TYPE_BOOL:
    case TAKEO_TYPE_INT16:
    case TAKEO_TYPE_INT32:
    case TAKEO_TYPE_INT64:
    case TAKEO_TYPE_UINT64:
    case TAKEO_TYPE_OID:
    case TAKEO_TYPE_YEAR:
        tk_buf_puts(out, "integer");
        return;
    case TAKEO_TYPE_FLOAT32:
    case TAKEO_TYPE_FLOAT64:
        tk_buf_puts(out, "real");
        return;
    case TAKEO_TYPE_BYTES:
        tk_buf_puts(out, "blob");
        return;
    case TAKEO_TYPE_TEXT:
        if (column->length != 0 && (column->entity->flags & TAKEO_ENTITY_STRICT) == 0) {
            tk_buf_printf(out, "varchar(%u)", (unsigned)column->length);
            return;
        }
        tk_buf_puts(out, "text");
        return;
    default:
        tk_buf_puts(out, "text");
        return;
    }
}

static bool identity(const tk_column *column, tk_buf *out) {
    tk_buf_puts(out, column->generated == TAKEO_GENERATED_INCREMENT ? " primary key autoincrement"
                                                                    : " primary key");
    return true;
}

static void literal(const tk_column *column, const takeo_cell *cell, tk_buf *out) {
    if (!tk_cell_is_null(cell) && cell->type == TAKEO_TYPE_BYTES) {
        tk_buf_puts(out, "x'");
        for (size_t i = 0; i < cell->v.text.len; i++) {
            tk_buf_printf(out, "%02x", (unsigned)(unsigned char)cell->v.text.data[i]);
        }
        tk_buf_putc(out, '\'');
    } else if (!tk_cell_is_null(cell) && column->type == TAKEO_TYPE_DECIMAL) {
        tk_buf text; /* whatever form the constant has: the column holds text */
        tk_buf_init(&text, out->alloc, TK_DECIMAL_MAX);
        tk_cell_format(cell, &text);
        tk_put_text_literal(out, text.len != 0 ? text.data : "", text.len);
        out->failed |= text.failed;
        tk_buf_done(&text);
    } else if (!tk_cell_is_null(cell) && cell->type == TAKEO_TYPE_ARRAY) {
        tk_buf text;
        tk_buf_init(&text, out->alloc, TK_SQL_MAX);
        bool is_written = tk_array_write_json(cell, &text);
        tk_put_text_literal(out, text.len != 0 ? text.data : "", text.len);
        out->failed |= !is_written;
        tk_buf_done(&text);
    } else {
        tk_put_literal(cell, "1", "0", out);
    }
}

static void table_options(const tk_entity *entity, tk_buf *out) {
    const char *before = " ";
    if ((entity->flags & TAKEO_ENTITY_WITHOUT_ROWID) != 0) {
        tk_buf_puts(out, " without rowid");
        before = ", ";
    }
    if ((entity->flags & TAKEO_ENTITY_STRICT) != 0) {
        tk_buf_puts(out, before);
        tk_buf_puts(out, "strict");
    }
}

const tk_dialect tk_dialect_sqlite = {
    .name = "sqlite",
    .title = "SQLite",
    .number = TK_DIALECT_SQLITE,
    .facts = {.tells_last_key = true},
    .true_text = "1",
    .false_text = "0",
    .binary_collation = "binary",
    .conflict_needs_where = true,
    .index_has_schema = true,
    .source_max = 64,
    /* +: the other side decides how they compare */
    .rows_of_list = "select +value from takeo_list(",
    .array_type = TAKEO_TYPE_JSON,
    .methods = {.placeholder = placeholder,
                .operand = operand,
                .collation = collation,
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
