/* dialect_postgresql.c - what PostgreSQL (12 and newer) says in its own way.
 *
 * No types are sent with a statement, so a parameter is cast where nothing beside it says its type
 * (place.c).  Where SQLite and PostgreSQL have one word for two meanings, the meaning of SQLite is
 * spelled out; docs/architecture.md lists what is left to the database.
 */
#include "sql/sql_int.h"

/* ---- parameters ------------------------------------------------------------------------------ */

static void put_dollar(tk_render *render, uint32_t number) {
    tk_put(render, "$");
    tk_buf_put_int(&render->buf, number);
}

/* The type of a value or of a column, as a cast names it; false: it has no name. */
static bool put_type(tk_render *render, const tk_column *column, takeo_type type,
                     takeo_type element) {
    if (column != NULL && column->type_name.len != 0) {
        tk_buf_put(&render->buf, column->type_name.data, column->type_name.len);
        return true;
    }
    bool is_list = type == TAKEO_TYPE_ARRAY;
    const char *word = column != NULL && column->type == type && !is_list
                           ? tk_postgresql_word_of(column)
                           : tk_postgresql_word(is_list ? element : type);
    if (word == NULL) {
        return false;
    }
    tk_put(render, word);
    tk_put(render, is_list ? "[]" : "");
    return true;
}

static bool has_type(const tk_accept *accept) {
    takeo_type type = accept->type == TAKEO_TYPE_ARRAY ? accept->element : accept->type;
    return (accept->column != NULL && accept->column->type_name.len != 0)
           || tk_postgresql_word(type) != NULL;
}

static void placeholder(tk_render *render, uint32_t number) {
    uint32_t ref = render->nodes[number].ref;
    const tk_param *param = &render->statement->params[ref - 1];
    bool is_unknown = param->accept.type == TAKEO_TYPE_NONE;
    if (!render->notes[number].is_loose || !(is_unknown || has_type(&param->accept))) {
        put_dollar(render, tk_render_parameter(render, ref));
        return;
    }
    tk_put(render, "cast(");
    put_dollar(render, tk_render_parameter(render, ref));
    tk_put(render, " as ");
    if (is_unknown) {
        tk_put(render, "text"); /* what the server takes a bare one for, where it takes it */
    } else {
        (void)put_type(render, param->accept.column, param->accept.type, param->accept.element);
    }
    tk_put(render, param->is_list ? "[])" : ")");
}

/* Inside of a cast, which says the type. */
static void put_bare(tk_render *render, uint32_t number) {
    const takeo_node *node = tk_node(render, number);
    if (node->kind == TAKEO_NODE_PARAM) {
        put_dollar(render, tk_render_parameter(render, node->ref));
    } else {
        tk_put_expr(render, number, TK_LEVEL_OR);
    }
}

/* ---- conditions ------------------------------------------------------------------------------ */

/* `unnest(cast($1 as integer[]), cast($2 as text[]))`: keys of several columns, column by column. */
static void put_key_lists(tk_render *render, uint32_t number) {
    const takeo_node *node = &render->nodes[number];
    const takeo_node *left = tk_node(render, node->a);
    const tk_note *note = &render->notes[tk_resolve(render->nodes, node->a)];
    uint32_t first = tk_render_parameter(render, tk_node(render, node->b)->ref);
    uint32_t value = left->kind == TAKEO_NODE_ROW ? left->a : 0;
    tk_put(render, "unnest(");
    for (uint32_t i = 0; i < note->width; i++) {
        const tk_column *column = note->entity != NULL && value == 0 ? note->entity->key[i] : NULL;
        takeo_type type = column != NULL ? column->type : TAKEO_TYPE_NONE;
        if (value != 0) {
            column = render->notes[tk_resolve(render->nodes, value)].column;
            type = tk_render_type(render, value);
            value = render->nodes[value].next;
        }
        tk_put(render, i != 0 ? ", cast(" : "cast(");
        put_dollar(render, first + i);
        tk_put(render, " as ");
        if (!put_type(render, column, type, TAKEO_TYPE_NONE)) {
            tk_put(render, "text");
        }
        tk_put(render, "[])");
    }
    tk_put(render, ")");
}

static void in_list(tk_render *render, uint32_t number) {
    const takeo_node *node = &render->nodes[number];
    bool is_in = node->op == TAKEO_OPERATOR_IN;
    tk_put_expr(render, node->a, TK_LEVEL_ADD);
    if (render->notes[tk_resolve(render->nodes, node->a)].width > 1) {
        tk_put(render, is_in ? " in (select * from " : " not in (select * from ");
        put_key_lists(render, number);
    } else {
        tk_put(render, is_in ? " = any(" : " <> all(");
        tk_put_expr(render, node->b, TK_LEVEL_OR);
    }
    tk_put(render, ")");
}

static void distinct(tk_render *render, uint32_t number) {
    const takeo_node *node = &render->nodes[number];
    tk_put_expr(render, node->a, TK_LEVEL_ADD);
    tk_put(render, node->op == TAKEO_OPERATOR_DISTINCT_FROM ? " is distinct from "
                                                            : " is not distinct from ");
    tk_put_expr(render, node->b, TK_LEVEL_PRIMARY);
}

/* ---- text ------------------------------------------------------------------------------------ */

/* Has the server text there?  A type of the user's own, such as an enum of the server, has not. */
static bool is_text(const tk_render *render, uint32_t number) {
    takeo_type type = tk_render_type(render, number);
    const tk_column *column = render->notes[tk_resolve(render->nodes, number)].column;
    bool is_own = column != NULL && column->type_name.len != 0;
    return type == TAKEO_TYPE_TEXT || type == TAKEO_TYPE_CITEXT || type == TAKEO_TYPE_NONE
           || (type == TAKEO_TYPE_ENUM && !is_own);
}

void tk_postgresql_put_text(tk_render *render, uint32_t number, tk_level level) {
    if (tk_render_type(render, number) == TAKEO_TYPE_BYTES) {
        tk_render_refuse(render, "compare the whole value, or search in the program",
                         "has no operators of text for bytes");
        return;
    }
    bool is_cast = !is_text(render, number);
    tk_put(render, is_cast ? "cast(" : "");
    tk_put_expr(render, number, is_cast ? TK_LEVEL_OR : level);
    tk_put(render, is_cast ? " as text)" : "");
}

static void put_side(tk_render *render, uint32_t value, bool ignores_case) {
    tk_put(render, ignores_case ? "lower(" : "");
    tk_postgresql_put_text(render, value, TK_LEVEL_OR);
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
    tk_postgresql_put_text(render, node->a, TK_LEVEL_ADD);
    tk_put(render, ignores_case ? without_case : word);
    tk_postgresql_put_text(render, node->b, TK_LEVEL_ADD);
}

static void text_operator(tk_render *render, uint32_t number) {
    const takeo_node *node = &render->nodes[number];
    bool ignores_case = (node->flags & TAKEO_NODE_FLAG_IGNORE_CASE) != 0;
    switch (node->op) {
    case TAKEO_OPERATOR_LIKE: /* `\` escapes by itself */
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

static bool concat(tk_render *render, uint32_t number) {
    const takeo_node *node = &render->nodes[number];
    if (is_text(render, node->a) && is_text(render, node->b)) {
        return false;
    }
    tk_postgresql_put_text(render, node->a, TK_LEVEL_PRIMARY);
    tk_put(render, " || ");
    tk_postgresql_put_text(render, node->b, TK_LEVEL_PRIMARY);
    return true;
}

/* ---- numbers --------------------------------------------------------------------------------- */

/* Is it a bigint to the server too?  Then the result is one, and does not overflow before. */
static bool is_wide(const tk_render *render, uint32_t number) {
    const takeo_node *node = tk_node(render, number);
    bool is_narrow = node->kind == TAKEO_NODE_CALL
                     && (node->op == TAKEO_FUNCTION_LENGTH || node->op == TAKEO_FUNCTION_POSITION);
    return tk_render_type(render, number) == TAKEO_TYPE_INT64 && !is_narrow;
}

static bool is_calculable(takeo_type type) {
    switch (type) {
    case TAKEO_TYPE_TEXT:
    case TAKEO_TYPE_BYTES:
    case TAKEO_TYPE_UUID:
    case TAKEO_TYPE_ENUM:
    case TAKEO_TYPE_XML:
        return false;
    default:
        return true;
    }
}

/* A bool counts 0 or 1. */
static void put_number(tk_render *render, uint32_t number, bool is_widened) {
    bool is_bool = tk_render_type(render, number) == TAKEO_TYPE_BOOL;
    tk_put(render, is_widened ? "cast(" : "");
    tk_put(render, is_bool ? "cast(" : "");
    tk_put_expr(render, number, is_bool || is_widened ? TK_LEVEL_OR : TK_LEVEL_PRIMARY);
    tk_put(render, is_bool ? " as integer)" : "");
    tk_put(render, is_widened ? " as bigint)" : "");
}

/* Where the server takes no bigint. */
void tk_postgresql_put_small(tk_render *render, uint32_t number) {
    bool is_cast = tk_node(render, number)->kind != TAKEO_NODE_PARAM;
    tk_put(render, is_cast ? "cast(" : "");
    tk_put_expr(render, number, is_cast ? TK_LEVEL_OR : TK_LEVEL_PRIMARY);
    tk_put(render, is_cast ? " as integer)" : "");
}

/* A cast would keep 15 digits; by its text all of them stay. */
void tk_postgresql_put_exact(tk_render *render, uint32_t number) {
    takeo_type type = tk_render_type(render, number);
    bool is_float = tk_type_is_float(type) && tk_node(render, number)->kind != TAKEO_NODE_PARAM;
    tk_put(render, is_float ? "cast(cast(" : "cast(");
    put_bare(render, number);
    tk_put(render, is_float ? " as text) as numeric)" : " as numeric)");
}

static bool put_date_shift(tk_render *render, const takeo_node *node) {
    bool is_sum = node->op == TAKEO_OPERATOR_ADD || node->op == TAKEO_OPERATOR_SUBTRACT;
    if (!is_sum || tk_render_type(render, node->a) != TAKEO_TYPE_DATE
        || !tk_type_is_whole(tk_render_type(render, node->b))) {
        return false;
    }
    tk_put_expr(render, node->a, TK_LEVEL_PRIMARY);
    tk_put(render, tk_operator_of(node->op)->text);
    tk_put(render, "cast("); /* of days it takes no bigint */
    put_bare(render, node->b);
    tk_put(render, " as integer)");
    return true;
}

static bool refuse_values(tk_render *render, const takeo_node *node) {
    takeo_type a = tk_render_type(render, node->a);
    takeo_type b = node->b != 0 ? tk_render_type(render, node->b) : TAKEO_TYPE_NONE;
    bool are_unknown = a == TAKEO_TYPE_NONE && b == TAKEO_TYPE_NONE
                       && tk_node(render, node->a)->kind == TAKEO_NODE_PARAM;
    if (are_unknown) {
        tk_render_refuse(render, "say the type of the parameter, or cast it",
                         "cannot tell which numbers are calculated with");
    } else if (!is_calculable(a) || !is_calculable(b)) {
        tk_render_refuse(render, "calculate in the program, or store a number",
                         "does not calculate with %s", tk_type_name(is_calculable(a) ? b : a));
    }
    return render->status != 0;
}

static bool arithmetic(tk_render *render, uint32_t number) {
    const takeo_node *node = &render->nodes[number];
    takeo_type result = render->notes[number].type;
    if (refuse_values(render, node) || put_date_shift(render, node)) {
        return true;
    }
    if (node->b == 0) {
        return false;
    }
    if (node->op == TAKEO_OPERATOR_MODULO && tk_type_is_float(result)) {
        tk_put(render, "cast(mod("); /* of floating point there is no remainder */
        tk_postgresql_put_exact(render, node->a);
        tk_put(render, ", ");
        tk_postgresql_put_exact(render, node->b);
        tk_put(render, ") as double precision)");
        return true;
    }
    bool is_shift = node->op == TAKEO_OPERATOR_SHIFT_LEFT || node->op == TAKEO_OPERATOR_SHIFT_RIGHT;
    bool is_wide_already = is_wide(render, node->a) || (!is_shift && is_wide(render, node->b));
    bool is_widened = result == TAKEO_TYPE_INT64 && !is_wide_already;
    bool has_bool = tk_render_type(render, node->a) == TAKEO_TYPE_BOOL
                    || tk_render_type(render, node->b) == TAKEO_TYPE_BOOL;
    if (!is_shift && !is_widened && !has_bool && node->op != TAKEO_OPERATOR_BIT_XOR) {
        return false;
    }
    put_number(render, node->a, is_widened);
    tk_put(render, node->op == TAKEO_OPERATOR_BIT_XOR ? " # " : tk_operator_of(node->op)->text);
    if (is_shift) {
        tk_postgresql_put_small(render, node->b);
    } else {
        put_number(render, node->b, false);
    }
    return true;
}

/* ---- clauses --------------------------------------------------------------------------------- */

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

static void table_options(const tk_entity *entity, tk_buf *out) {
    (void)entity; /* STRICT it is anyhow */
    (void)out;
}

const tk_dialect tk_dialect_postgresql = {
    .name = "postgresql",
    .title = "PostgreSQL",
    .number = TK_DIALECT_POSTGRESQL,
    /* The number is the letters of "takeo". */
    .facts = {.synchronize_lock = "select pg_catalog.pg_advisory_xact_lock(499850634607)",
              .names_have_case = true,
              .has_schemas = true,
              .has_comments = true,
              .key_suffix = "_pkey",
              .unique_suffix = "_key",
              .foreign_key_suffix = "_fkey",
              .check_suffix = "_check"},
    .true_text = "true",
    .false_text = "false",
    .binary_collation = "C",
    .overriding_text = " overriding system value",
    .key_list_by_column = true,
    .key_needs_table = true,
    .array_type = TAKEO_TYPE_ARRAY,
    .methods = {.placeholder = placeholder,
                .in_list = in_list,
                .distinct = distinct,
                .text_operator = text_operator,
                .arithmetic = arithmetic,
                .concat = concat,
                .call = tk_postgresql_call,
                .cast = tk_postgresql_cast,
                .limit = limit,
                .distinct_on = distinct_on,
                .default_value = default_value,
                .put_inserted = tk_postgresql_put_inserted,
                .note_update = tk_postgresql_note_update,
                .column_type = tk_postgresql_column_type,
                .same_type = tk_postgresql_same_type,
                .identity = tk_postgresql_identity,
                .literal = tk_postgresql_literal,
                .make_schema = tk_postgresql_make_schema,
                .table_options = table_options,
                .list_type = tk_postgresql_list_type,
                .array_type_name = tk_postgresql_array_type,
                .prepare_batch = tk_postgresql_prepare_batch},
};
