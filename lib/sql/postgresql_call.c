/* postgresql_call.c - functions and casts as PostgreSQL writes them.  Where the same word means
 * something else there than on SQLite, what it means on SQLite is spelled out.
 */
#include "sql/sql_int.h"

/* ---- functions ------------------------------------------------------------------------------- */

/* Sums and means widen to numeric here; the result keeps the type that the statement promised. */
static void put_as(tk_render *render, uint32_t number, const char *name, const char *type) {
    tk_put(render, "cast(");
    tk_put_call(render, number, name);
    tk_put(render, " as ");
    tk_put(render, type);
    tk_put(render, ")");
}

/* Halves go away from zero, as those of numeric do; those of double precision would go to the even
 * neighbour. */
static void put_round(tk_render *render, uint32_t number) {
    uint32_t digits = tk_argument(render, number, 1);
    uint32_t value = render->nodes[number].a;
    bool is_decimal = render->notes[number].type == TAKEO_TYPE_DECIMAL;
    tk_put(render, is_decimal ? "round(" : "cast(round(");
    if (is_decimal) {
        tk_put_expr(render, value, TK_LEVEL_OR);
    } else {
        tk_postgresql_put_exact(render, value);
    }
    if (digits != 0) {
        tk_put(render, ", ");
        tk_postgresql_put_small(render, digits);
    }
    tk_put(render, is_decimal ? ")" : ") as double precision)");
}

static void put_substring(tk_render *render, uint32_t number) {
    uint32_t value = render->nodes[number].a;
    tk_put(render, "substr(");
    tk_postgresql_put_text(render, value, TK_LEVEL_OR);
    for (uint32_t i = render->nodes[value].next; i != 0; i = render->nodes[i].next) {
        tk_put(render, ", ");
        tk_postgresql_put_small(render, i);
    }
    tk_put(render, ")");
}

/* Of numeric the server has a power of its own. */
static void put_power(tk_render *render, uint32_t number) {
    bool is_exact = false;
    for (uint32_t i = render->nodes[number].a; i != 0; i = render->nodes[i].next) {
        takeo_type type = tk_render_type(render, i);
        is_exact |= type == TAKEO_TYPE_DECIMAL || type == TAKEO_TYPE_UINT64;
    }
    if (is_exact) {
        put_as(render, number, "power", "double precision");
    } else {
        tk_put_call(render, number, "power");
    }
}

/* min and max of what the server only compares. */
static bool put_extreme(tk_render *render, uint32_t number, bool is_max) {
    switch (tk_render_type(render, render->nodes[number].a)) {
    case TAKEO_TYPE_BOOL:
        tk_put_call(render, number, is_max ? "bool_or" : "bool_and");
        return true;
    case TAKEO_TYPE_UUID: /* its text has the same order, letter by letter */
        tk_put(render, is_max ? "cast(max(cast(" : "cast(min(cast(");
        tk_put_expr(render, render->nodes[number].a, TK_LEVEL_OR);
        tk_put(render, " as text) collate \"C\")");
        tk_put_filter(render, number);
        tk_put(render, " as uuid)");
        return true;
    case TAKEO_TYPE_JSON:
    case TAKEO_TYPE_BYTES:
    case TAKEO_TYPE_BITS:
    case TAKEO_TYPE_XML:
        tk_render_refuse(render, "order by the value and take the first row", "has no %s of %s",
                         is_max ? "max" : "min",
                         tk_type_name(tk_render_type(render, render->nodes[number].a)));
        return true;
    default:
        return false;
    }
}

/* Of several values one of which is NULL, none is the greatest; the server's own function would
 * leave the NULL out. */
static void put_greatest(tk_render *render, uint32_t number) {
    const char *name = tk_function_of(render->nodes[number].op)->name;
    const char *before = "case when ";
    bool has_null = false;
    for (uint32_t i = render->nodes[number].a; i != 0; i = render->nodes[i].next) {
        const takeo_node *node = tk_node(render, i);
        const tk_note *note = &render->notes[tk_resolve(render->nodes, i)];
        bool is_sure = node->kind == TAKEO_NODE_PARAM
                           ? !render->statement->params[node->ref - 1].accept.is_nullable
                           : !note->may_be_null && !render->bound->is_qualified;
        if (!is_sure) {
            tk_put(render, before);
            tk_put_expr(render, i, TK_LEVEL_ADD);
            tk_put(render, " is null");
            before = " or ";
            has_null = true;
        }
    }
    tk_put(render, has_null ? " then null else " : "");
    tk_put_call(render, number, name);
    tk_put(render, has_null ? " end" : "");
}

static void put_string_agg(tk_render *render, uint32_t number) {
    const takeo_node *node = &render->nodes[number];
    tk_put(render, "string_agg(");
    tk_put(render, (node->flags & TAKEO_NODE_FLAG_DISTINCT) != 0 ? "distinct " : "");
    tk_postgresql_put_text(render, node->a, TK_LEVEL_OR);
    tk_put(render, ", ");
    tk_put_expr(render, render->nodes[node->a].next, TK_LEVEL_OR);
    tk_put(render, ")");
    tk_put_filter(render, number);
}

/* False: it is called as everywhere. */
static bool put_special(tk_render *render, uint32_t number) {
    const takeo_node *node = &render->nodes[number];
    takeo_type type = node->a != 0 ? tk_render_type(render, node->a) : TAKEO_TYPE_NONE;
    takeo_type result = render->notes[number].type;
    switch (node->op) {
    case TAKEO_FUNCTION_SUM:
        if (result == TAKEO_TYPE_INT64) {
            put_as(render, number, "sum", "bigint");
        }
        return result == TAKEO_TYPE_INT64;
    case TAKEO_FUNCTION_AVG:
    case TAKEO_FUNCTION_STDDEV:
    case TAKEO_FUNCTION_VARIANCE:
        if (result == TAKEO_TYPE_FLOAT64) {
            put_as(render, number, tk_function_of(node->op)->name, "double precision");
        }
        return result == TAKEO_TYPE_FLOAT64;
    case TAKEO_FUNCTION_MIN:
    case TAKEO_FUNCTION_MAX:
        return put_extreme(render, number, node->op == TAKEO_FUNCTION_MAX);
    case TAKEO_FUNCTION_STRING_AGG:
        put_string_agg(render, number);
        return true;
    case TAKEO_FUNCTION_ROUND:
        put_round(render, number);
        return true;
    case TAKEO_FUNCTION_FLOOR:
    case TAKEO_FUNCTION_CEIL:
        if (tk_type_is_whole(type)) { /* it is whole already */
            tk_put_expr(render, node->a, TK_LEVEL_PRIMARY);
        }
        return tk_type_is_whole(type);
    case TAKEO_FUNCTION_POWER:
        put_power(render, number);
        return true;
    case TAKEO_FUNCTION_SUBSTRING:
        put_substring(render, number);
        return true;
    case TAKEO_FUNCTION_POSITION:
        tk_put_call(render, number, "strpos");
        return true;
    case TAKEO_FUNCTION_GREATEST:
    case TAKEO_FUNCTION_LEAST:
        put_greatest(render, number);
        return true;
    default:
        return false;
    }
}

void tk_postgresql_call(tk_render *render, uint32_t number) {
    const takeo_node *node = &render->nodes[number];
    char name[TK_NAME_MAX + 1];
    if (node->op == 0) { /* a name that the grammar of names has passed */
        memcpy(name, node->text, node->text_len);
        name[node->text_len] = '\0';
        tk_put_call(render, number, name);
    } else if (!put_special(render, number)) {
        tk_put_call(render, number, tk_function_of(node->op)->name);
    }
}

/* ---- casts ----------------------------------------------------------------------------------- */

static void put_cast(tk_render *render, uint32_t value, const char *before, const char *after) {
    tk_put(render, before);
    tk_put_expr(render, value, TK_LEVEL_OR);
    tk_put(render, after);
}

/* What the value goes through before the cast, so that it means what it means on SQLite: a bool is 0
 * or 1, digits behind the point are cut, an instant is written in UTC.  True: the cast is written. */
static bool put_special_cast(tk_render *render, const takeo_node *node) {
    takeo_type from = tk_render_type(render, node->a);
    bool is_fraction = tk_type_is_float(from) || from == TAKEO_TYPE_DECIMAL;
    bool is_moment = node->op == TAKEO_TYPE_DATE || node->op == TAKEO_TYPE_TIME
                     || node->op == TAKEO_TYPE_TIMESTAMP;
    if (node->op == TAKEO_TYPE_BOOL && tk_type_is_number(from)) {
        put_cast(render, node->a, "((", ") <> 0)");
        return true;
    }
    tk_put(render, "cast(");
    if (tk_type_is_number(node->op) && node->op != TAKEO_TYPE_INT32 && from == TAKEO_TYPE_BOOL) {
        put_cast(render, node->a, "cast(", " as integer)");
    } else if (tk_type_is_whole(node->op) && is_fraction) {
        put_cast(render, node->a, "trunc(", ")");
    } else if ((from == TAKEO_TYPE_TIMESTAMPTZ && is_moment)
               || (from == TAKEO_TYPE_TIMESTAMP && node->op == TAKEO_TYPE_TIMESTAMPTZ)) {
        tk_put_expr(render, node->a, TK_LEVEL_PRIMARY);
        tk_put(render, " at time zone 'UTC'");
    } else {
        tk_put_expr(render, node->a, TK_LEVEL_OR);
    }
    return false;
}

void tk_postgresql_cast(tk_render *render, uint32_t number) {
    const takeo_node *node = &render->nodes[number];
    const char *name = node->op != 0 ? tk_postgresql_word(node->op) : NULL;
    if (node->op != 0 && name == NULL) {
        tk_render_refuse(render, "name the type in words", "cannot be asked to cast to %s",
                         tk_type_name(node->op));
        return;
    }
    if (put_special_cast(render, node)) {
        return;
    }
    tk_put(render, " as ");
    if (name != NULL) {
        tk_put(render, name);
    } else {
        tk_buf_put(&render->buf, node->text, node->text_len);
    }
    tk_put(render, ")");
}
