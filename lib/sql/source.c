/* source.c - what is known of the tables of a statement once all of them are there: which may be
 * missing, and what each is called.
 */
#include "sql/sql_int.h"

static bool join_is_left(const tk_compiler *compiler, const tk_source *source) {
    if (source->join != 0) {
        return compiler->nodes[source->join].op == TAKEO_VARIANT_LEFT;
    }
    const tk_relation *relation = source->relation;
    if (relation == NULL || !source->is_joined) {
        return false;
    }
    return source->is_optional || relation->is_nullable || !relation->owns_key
           || !relation->is_to_one || source->parent->is_left
           || (relation->flags & TAKEO_RELATION_FLAG_NO_CONSTRAINT) != 0;
}

void tk_finish_sources(tk_compiler *compiler) {
    for (tk_scope *scope = compiler->bound->root; scope != NULL; scope = scope->next) {
        for (tk_source *source = scope->first; source != NULL; source = source->next) {
            source->is_left = join_is_left(compiler, source);
        }
    }
}

bool tk_same_name(takeo_text a, takeo_text b) { /* names that a database takes for one */
    for (size_t i = 0; i < a.len && i < b.len; i++) {
        char x = a.data[i];
        char y = b.data[i];
        x = x >= 'A' && x <= 'Z' ? (char)(x + 32) : x;
        y = y >= 'A' && y <= 'Z' ? (char)(y + 32) : y;
        if (x != y) {
            return false;
        }
    }
    return a.len == b.len;
}

static tk_source *next_source(tk_source *source) {
    if (source->next != NULL) {
        return source->next;
    }
    tk_scope *scope = source->scope->next;
    while (scope != NULL && scope->first == NULL) {
        scope = scope->next;
    }
    return scope != NULL ? scope->first : NULL;
}

static tk_source *first_source(const tk_bound *bound) {
    tk_scope *scope = bound->root;
    while (scope != NULL && scope->first == NULL) {
        scope = scope->next;
    }
    return scope != NULL ? scope->first : NULL;
}

static bool alias_is_taken(const tk_bound *bound, const tk_source *self, takeo_text alias) {
    for (tk_source *i = first_source(bound); i != NULL; i = next_source(i)) {
        if (i != self && i->alias.len != 0 && tk_same_name(i->alias, alias)) {
            return true;
        }
    }
    return false;
}

/* The next of t1, t2 ... that no table has; empty: there is no memory. */
static takeo_text make_alias(tk_compiler *compiler, const tk_source *source, uint32_t *number) {
    takeo_text alias;
    do {
        char *made = tk_arena_printf(compiler->arena, "t%u", (unsigned)++*number);
        if (made == NULL) {
            tk_no_memory(compiler);
            return (takeo_text){0};
        }
        alias = tk_zstr(made);
    } while (alias_is_taken(compiler->bound, source, alias));
    return alias;
}

/* The target of INSERT goes by the name of its table.  Where another table has that name, as in a
 * subquery on related rows of the same table, the columns of the target would be taken for those. */
static bool is_hidden(const tk_bound *bound, const tk_source *target) {
    for (tk_source *i = first_source(bound); i != NULL; i = next_source(i)) {
        takeo_text name = bound->is_qualified ? i->alias : i->entity->table;
        if (!i->is_inserted && tk_same_name(name, target->entity->table)) {
            return true;
        }
    }
    return false;
}

void tk_give_aliases(tk_compiler *compiler) {
    tk_bound *bound = compiler->bound;
    uint32_t inserted = 0;
    bool is_given = false; /* raw fragments may speak of it */
    for (tk_source *i = first_source(bound); i != NULL; i = next_source(i)) {
        inserted += i->is_inserted;
        is_given |= i->alias.len != 0 && !i->is_inserted;
        if (i->alias.len != 0 && alias_is_taken(bound, i, i->alias)) {
            tk_finding(compiler, i->node, TK_QUERY_NAME, "two tables have the alias \"%s\"",
                       i->alias.data);
            return;
        }
    }
    bound->is_qualified = is_given || bound->source_count - inserted > 1;
    uint32_t number = 0;
    for (tk_source *i = first_source(bound); i != NULL; i = next_source(i)) {
        if (i->alias.len == 0 && !i->is_inserted) {
            i->alias = make_alias(compiler, i, &number);
        }
    }
    for (tk_source *i = first_source(bound); i != NULL; i = next_source(i)) {
        if (i->alias.len == 0 && i->is_inserted && is_hidden(bound, i)) {
            i->alias = make_alias(compiler, i, &number);
        }
    }
}
