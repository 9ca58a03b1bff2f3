/* dialect.c - the list of dialects, and what several of them share. */
#include "sql/sql_int.h"

static const tk_dialect *const dialects[] = {&tk_dialect_sqlite, &tk_dialect_postgresql};

const tk_dialect *tk_dialect_find(const char *name) {
    for (size_t i = 0; i < TK_COUNT(dialects); i++) {
        if (strcmp(dialects[i]->name, name) == 0) {
            return dialects[i];
        }
    }
    return NULL;
}

const tk_dialect_facts *tk_dialect_facts_of(const tk_dialect *dialect) {
    return &dialect->facts;
}

bool tk_type_is_whole(takeo_type type) {
    return type >= TAKEO_TYPE_INT16 && type <= TAKEO_TYPE_UINT64;
}

bool tk_type_is_float(takeo_type type) {
    return type == TAKEO_TYPE_FLOAT32 || type == TAKEO_TYPE_FLOAT64;
}

bool tk_type_is_number(takeo_type type) {
    return type >= TAKEO_TYPE_INT16 && type <= TAKEO_TYPE_DECIMAL;
}

uint32_t tk_argument(const tk_render *render, uint32_t call, uint32_t index) {
    uint32_t argument = render->nodes[call].a;
    for (; argument != 0 && index != 0; index--) {
        argument = render->nodes[argument].next;
    }
    return argument;
}

void tk_put_filter(tk_render *render, uint32_t call) {
    uint32_t first = render->nodes[call].b;
    const char *before = " filter (where ";
    for (uint32_t i = first; i != 0; i = render->nodes[i].next) {
        tk_put(render, before);
        tk_put_expr(render, tk_node(render, i)->a, TK_LEVEL_NOT);
        before = " and ";
    }
    tk_put(render, first != 0 ? ")" : "");
}

void tk_put_call(tk_render *render, uint32_t number, const char *name) {
    const takeo_node *node = &render->nodes[number];
    tk_put(render, name);
    tk_put(render, "(");
    tk_put(render, (node->flags & TAKEO_NODE_FLAG_DISTINCT) != 0 ? "distinct " : "");
    if (node->a == 0 && node->op == TAKEO_FUNCTION_COUNT) {
        tk_put(render, "*");
    }
    bool compares = node->op == TAKEO_FUNCTION_MIN || node->op == TAKEO_FUNCTION_MAX
                    || node->op == TAKEO_FUNCTION_GREATEST || node->op == TAKEO_FUNCTION_LEAST
                    || node->op == TAKEO_FUNCTION_NULLIF
                    || (node->flags & TAKEO_NODE_FLAG_DISTINCT) != 0;
    for (uint32_t i = node->a; i != 0; i = render->nodes[i].next) {
        if (compares) {
            tk_put_operand(render, i, tk_render_type(render, i), i == node->a, TK_LEVEL_OR);
        } else {
            tk_put_expr(render, i, TK_LEVEL_OR);
        }
        tk_put(render, render->nodes[i].next != 0 ? ", " : "");
    }
    tk_put(render, ")");
    tk_put_filter(render, number);
}

void tk_put_literal(const takeo_cell *cell, const char *true_text, const char *false_text,
                    tk_buf *out) {
    const tk_type_info *info = tk_type_info_of(cell->type);
    if (tk_cell_is_null(cell) || info == NULL) {
        tk_buf_puts(out, "null");
    } else if (cell->type == TAKEO_TYPE_BOOL) {
        tk_buf_puts(out, cell->v.i != 0 ? true_text : false_text);
    } else if (info->form == TK_FORM_TEXT && cell->type != TAKEO_TYPE_BYTES) {
        tk_put_text_literal(out, cell->v.text.data, cell->v.text.len);
    } else if (tk_type_is_number(cell->type) && info->form != TK_FORM_FLOAT) {
        tk_cell_format(cell, out);
    } else { /* dates, UUIDs, floating point: the text that the value has */
        tk_buf text;
        tk_buf_init(&text, out->alloc, 4096);
        tk_cell_format(cell, &text);
        if (info->form == TK_FORM_FLOAT && text.len != 0
            && strspn(text.data, "-+.0123456789eE") == text.len) {
            tk_buf_put(out, text.data, text.len);
        } else {
            tk_put_text_literal(out, text.len != 0 ? text.data : "", text.len);
        }
        out->failed |= text.failed;
        tk_buf_done(&text);
    }
}
