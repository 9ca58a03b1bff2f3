/* scope.c - which table a column means.  Every statement and every RELATION is a scope with its own
 * tables; a scope sees those of the scopes around it.  A PATH joins its table to the scope of the
 * table that it begins at, once for each path however often it is named; the PATH under a RELATION
 * is what that subquery looks into.
 *
 * It must not know SQL text.  It goes down from the statement; depth and weight were checked.
 */
#include "sql/sql_int.h"

typedef struct walker {
    tk_compiler *compiler;
    const takeo_node *nodes;
    tk_bound *bound;
    tk_scope *scope;
    const tk_source *joining; /* the table whose JOIN condition is looked at */
    uint32_t plain;           /* the clause that is looked at, when it cannot follow relations */
} walker;

static void visit(walker *walk, uint32_t number);

/* ---- sources --------------------------------------------------------------------------------- */

const tk_column *tk_relation_here(const tk_relation *relation, const tk_column *there) {
    if (!relation->is_to_one || !relation->owns_key
        || (relation->flags & TAKEO_RELATION_FLAG_NO_CONSTRAINT) != 0) {
        return NULL;
    }
    for (uint32_t i = 0; i < relation->column_count; i++) {
        if (relation->references[i] == there) {
            return relation->columns[i];
        }
    }
    return NULL;
}

static tk_source *source_new(tk_compiler *compiler, tk_scope *scope, const tk_entity *entity,
                             uint32_t node) {
    tk_bound *bound = compiler->bound;
    if (bound->source_count >= TK_SOURCE_MAX) {
        tk_finding(compiler, node, TK_QUERY_TOO_LARGE, "more than %d tables in one statement",
                   TK_SOURCE_MAX);
        return NULL;
    }
    tk_source *source = tk_arena_array(compiler->arena, 1, sizeof *source);
    if (source == NULL) {
        tk_no_memory(compiler);
        return NULL;
    }
    *source = (tk_source){.scope = scope, .entity = entity, .node = node};
    if (node != 0 && compiler->nodes[node].text_len != 0) {
        source->alias = tk_text(compiler->nodes[node].text, compiler->nodes[node].text_len);
    }
    if (scope->last != NULL) {
        scope->last->next = source;
    } else {
        scope->first = source;
    }
    scope->last = source;
    bound->source_count++;
    return source;
}

static tk_source *find_path(const tk_source *parent, const tk_relation *relation) {
    for (tk_source *i = parent->scope->first; i != NULL; i = i->next) {
        if (i->parent == parent && i->relation == relation && i != i->scope->own) {
            return i;
        }
    }
    return NULL;
}

tk_source *tk_scope_path(tk_compiler *compiler, tk_source *parent, const tk_relation *relation,
                         uint32_t node) {
    tk_source *source = find_path(parent, relation);
    if (source != NULL) {
        if (node != 0 && compiler->nodes[node].text_len != 0 && source->alias.len == 0) {
            source->alias = tk_text(compiler->nodes[node].text, compiler->nodes[node].text_len);
        }
        return source;
    }
    source = source_new(compiler, parent->scope, relation->target, node);
    if (source != NULL) {
        source->parent = parent;
        source->relation = relation;
        source->is_joined = true;
        parent->scope->has_paths = true;
    }
    return source;
}

/* The source of a TABLE or PATH as seen from a scope; NULL: there is none (yet). */
tk_source *tk_scope_find(const tk_bound *bound, const takeo_node *nodes, const tk_scope *scope,
                         uint32_t number) {
    number = tk_resolve(nodes, number);
    if (nodes[number].kind == TAKEO_NODE_TABLE) {
        tk_source *source = bound->tables[number];
        for (; source != NULL && scope != NULL; scope = scope->outer) {
            if (source->scope == scope) {
                return source;
            }
        }
        return NULL;
    }
    for (const tk_scope *i = scope; i != NULL; i = i->outer) {
        if (i->own != NULL && i->own->node == number) {
            return i->own;
        }
    }
    tk_source *parent = tk_scope_find(bound, nodes, scope, nodes[number].a);
    const tk_relation *relation =
        parent != NULL ? tk_entity_relation(parent->entity, nodes[number].ref) : NULL;
    return relation != NULL ? find_path(parent, relation) : NULL;
}

/* The same, but joined when it is not. */
tk_source *tk_scope_use(tk_compiler *compiler, tk_scope *scope, uint32_t number) {
    const takeo_node *nodes = compiler->nodes;
    number = tk_resolve(nodes, number);
    tk_source *found = tk_scope_find(compiler->bound, nodes, scope, number);
    if (found == NULL && nodes[number].kind == TAKEO_NODE_PATH) {
        tk_source *parent = tk_scope_use(compiler, scope, nodes[number].a);
        if (parent == NULL) {
            return NULL;
        }
        const tk_relation *relation = tk_entity_relation(parent->entity, nodes[number].ref);
        if (!relation->is_to_one) {
            tk_finding(compiler, number, TK_QUERY_SHAPE,
                       "%s.%s is to-many: it joins only when JOIN says so",
                       relation->entity->name.data, relation->name.data);
            TK_SET(compiler->error, hint, "use any() in a condition, or join it");
            return NULL;
        }
        found = tk_scope_path(compiler, parent, relation, number);
    } else if (found == NULL && compiler->status == 0) {
        tk_finding(compiler, number, TK_QUERY_SHAPE, "%s stands in no FROM, JOIN or INTO here",
                   compiler->notes[number].entity->name.data);
    }
    if (found != NULL && (nodes[number].flags & TAKEO_NODE_FLAG_OPTIONAL) != 0) {
        found->is_optional = true;
    }
    return found;
}

static void use(walker *walk, uint32_t number) {
    tk_source *source = tk_scope_use(walk->compiler, walk->scope, number);
    if (source != NULL && walk->plain != 0 && source->is_joined && source->scope->outer == NULL) {
        takeo_node_kind clause = walk->nodes[walk->plain].kind;
        tk_finding(walk->compiler, number, TK_CALL_UNSUPPORTED, "%s cannot follow relations",
                   tk_kind_name(clause));
        if (clause == TAKEO_NODE_CONFLICT) {
            TK_SET(walk->compiler->error, hint, "ask for what is related: City.country.has(...)");
        }
        return;
    }
    for (; source != NULL && walk->joining != NULL; source = source->parent) {
        if (source->parent == walk->joining && source->scope == walk->joining->scope) {
            tk_finding(walk->compiler, number, TK_QUERY_SHAPE,
                       "the condition of a JOIN follows a relation of the joined table itself; "
                       "put it into WHERE");
            return;
        }
    }
}

/* A column of the other side that stands on this side as well needs no join. */
static void use_column(walker *walk, uint32_t source, const tk_column *column) {
    source = tk_resolve(walk->nodes, source);
    const takeo_node *node = &walk->nodes[source];
    if (column != NULL && node->kind == TAKEO_NODE_PATH
        && tk_scope_find(walk->bound, walk->nodes, walk->scope, source) == NULL) {
        uint32_t below = tk_resolve(walk->nodes, node->a);
        const tk_entity *entity = walk->compiler->notes[below].entity;
        const tk_relation *relation = tk_entity_relation(entity, node->ref);
        const tk_column *here = tk_relation_here(relation, column);
        if (here != NULL) {
            use_column(walk, node->a, here);
            return;
        }
    }
    use(walk, source);
}

static void use_key(walker *walk, uint32_t source) {
    const tk_entity *entity = walk->compiler->notes[tk_resolve(walk->nodes, source)].entity;
    for (uint32_t i = 0; i < entity->key_count; i++) {
        use_column(walk, source, entity->key[i]);
    }
}

/* ---- scopes ---------------------------------------------------------------------------------- */

/* The scope of a statement or RELATION; NULL when it was looked at before, or there is no memory.
 */
static tk_scope *open_scope(walker *walk, uint32_t number) {
    tk_compiler *compiler = walk->compiler;
    tk_scope *before = walk->bound->scopes[number];
    if (before != NULL) {
        if (before->outer != walk->scope) {
            tk_finding(compiler, number, TK_QUERY_SHAPE,
                       "a subquery is used in two statements; make it twice");
        }
        return NULL;
    }
    tk_scope *scope = tk_arena_array(compiler->arena, 1, sizeof *scope);
    if (scope == NULL) {
        tk_no_memory(compiler);
        return NULL;
    }
    *scope = (tk_scope){.outer = walk->scope, .node = number};
    walk->bound->scopes[number] = scope;
    if (walk->bound->last != NULL) {
        walk->bound->last->next = scope;
    } else {
        walk->bound->root = scope;
    }
    walk->bound->last = scope;
    return scope;
}

static tk_source *add_table(walker *walk, uint32_t number) {
    number = tk_resolve(walk->nodes, number);
    if (walk->bound->tables[number] != NULL) {
        tk_finding(walk->compiler, number, TK_QUERY_SHAPE,
                   "a TABLE stands in two places; make one node for each");
        return NULL;
    }
    const tk_entity *entity = walk->compiler->notes[number].entity;
    tk_source *source = source_new(walk->compiler, walk->scope, entity, number);
    walk->bound->tables[number] = source;
    return source;
}

/* Paths that a join's condition follows are joined before it. */
static void move_last(tk_source *source) {
    tk_scope *scope = source->scope;
    if (scope->last == source) {
        return;
    }
    tk_source **at = &scope->first;
    while (*at != source) {
        at = &(*at)->next;
    }
    *at = source->next;
    source->next = NULL;
    scope->last->next = source;
    scope->last = source;
}

static void visit_join(walker *walk, uint32_t number) {
    const takeo_node *node = &walk->nodes[number];
    uint32_t table = tk_resolve(walk->nodes, node->a);
    tk_compiler *compiler = walk->compiler;
    tk_source *source = NULL;
    if (walk->nodes[table].kind == TAKEO_NODE_PATH) {
        if (node->b != 0 || node->op == TAKEO_VARIANT_CROSS) {
            tk_finding(compiler, number, TK_QUERY_SHAPE,
                       "a JOIN over a PATH has the condition of its relation");
            return;
        }
        tk_source *parent = tk_scope_use(compiler, walk->scope, walk->nodes[table].a);
        if (parent == NULL) {
            return;
        }
        if (parent->scope != walk->scope) {
            tk_finding(compiler, number, TK_QUERY_SHAPE,
                       "a JOIN begins at a table of another "
                       "statement");
            return;
        }
        source = tk_scope_path(compiler, parent,
                               tk_entity_relation(parent->entity, walk->nodes[table].ref), table);
    } else {
        source = add_table(walk, table);
        if (source != NULL) {
            source->is_joined = true;
        }
        if ((node->b != 0) == (node->op == TAKEO_VARIANT_CROSS)) {
            tk_finding(compiler, number, TK_QUERY_SHAPE,
                       node->b != 0 ? "a CROSS join has no condition"
                                    : "a JOIN of a TABLE needs a condition");
        }
    }
    if (source == NULL) {
        return;
    }
    if (source->join == 0) {
        source->join = number;
    }
    if (node->b != 0) {
        walk->joining = source;
        visit(walk, node->b);
        walk->joining = NULL;
        move_last(source);
    }
}

static void visit_chain(walker *walk, uint32_t first) {
    for (; first != 0 && walk->compiler->status == 0; first = walk->nodes[first].next) {
        visit(walk, first);
    }
}

static void visit_clause(walker *walk, uint32_t number) {
    const takeo_node *node = &walk->nodes[number];
    switch (node->kind) {
    case TAKEO_NODE_GROUP_BY:
        for (uint32_t i = node->a; i != 0; i = walk->nodes[i].next) {
            uint32_t item = tk_resolve(walk->nodes, i);
            if (walk->compiler->notes[item].class == TK_CLASS_SOURCE) {
                use_key(walk, item);
            } else {
                visit(walk, item);
            }
        }
        return;
    case TAKEO_NODE_COLUMNS: /* of INSERT: plain columns of its target */
    case TAKEO_NODE_ORDER_BY:
    case TAKEO_NODE_DISTINCT:
        visit_chain(walk, node->a);
        return;
    case TAKEO_NODE_RETURNING:
    case TAKEO_NODE_SET:
    case TAKEO_NODE_ROWS:
        walk->plain = number;
        visit_chain(walk, node->a);
        walk->plain = 0;
        return;
    case TAKEO_NODE_CONFLICT:
        walk->plain = number;
        visit_chain(walk, node->b);
        walk->plain = 0;
        return;
    case TAKEO_NODE_WHERE:
    case TAKEO_NODE_HAVING:
    case TAKEO_NODE_CONFLICT_WHERE:
    case TAKEO_NODE_LIMIT:
    case TAKEO_NODE_OFFSET:
        visit(walk, node->a);
        return;
    default: /* FROM, JOIN and INTO came first; LOAD and ONLY are read by shape.c */
        return;
    }
}

static void visit_statement(walker *walk, uint32_t number) {
    tk_scope *scope = open_scope(walk, number);
    if (scope == NULL) {
        return;
    }
    tk_scope *outer = walk->scope;
    walk->scope = scope;
    const takeo_node *nodes = walk->nodes;
    bool is_insert = nodes[number].kind == TAKEO_NODE_INSERT;
    uint32_t from = tk_clause(nodes, number, TAKEO_NODE_FROM);
    if (nodes[number].kind == TAKEO_NODE_RAW_SQL) { /* it names its tables by itself */
        walk->scope = outer;
        return;
    }
    if (nodes[number].kind != TAKEO_NODE_SELECT) {
        tk_source *target = add_table(walk, tk_target(nodes, number));
        if (target != NULL) {
            target->is_inserted = is_insert;
        }
    } else if (from != 0) {
        for (uint32_t i = nodes[from].a; i != 0; i = nodes[i].next) {
            add_table(walk, i);
        }
    }
    for (uint32_t i = nodes[number].a; i != 0 && walk->compiler->status == 0; i = nodes[i].next) {
        uint32_t clause = tk_resolve(nodes, i);
        if (nodes[clause].kind == TAKEO_NODE_JOIN) {
            visit_join(walk, clause);
        }
    }
    for (uint32_t i = nodes[number].a; i != 0 && walk->compiler->status == 0; i = nodes[i].next) {
        visit_clause(walk, tk_resolve(nodes, i));
    }
    if (is_insert && from != 0 && walk->compiler->status == 0) {
        walk->scope = NULL; /* the rows that are inserted do not see the table */
        visit_statement(walk, tk_resolve(nodes, nodes[from].a));
    }
    walk->scope = outer;
}

static void visit_relation(walker *walk, uint32_t number) {
    const takeo_node *node = &walk->nodes[number];
    uint32_t path = tk_resolve(walk->nodes, node->a);
    tk_source *parent = tk_scope_use(walk->compiler, walk->scope, walk->nodes[path].a);
    if (parent == NULL) {
        return;
    }
    tk_scope *scope = open_scope(walk, number);
    if (scope == NULL) {
        return;
    }
    const tk_relation *relation = tk_entity_relation(parent->entity, walk->nodes[path].ref);
    tk_source *source = source_new(walk->compiler, scope, relation->target, path);
    if (source == NULL) {
        return;
    }
    source->parent = parent;
    source->relation = relation;
    if (node->op == TAKEO_VARIANT_HOLDS) {
        visit(walk, node->b); /* the key stands outside */
    }
    scope->own = source;
    if (node->op != TAKEO_VARIANT_HOLDS && node->b != 0) {
        tk_scope *outer = walk->scope;
        walk->scope = scope;
        visit(walk, node->b);
        walk->scope = outer;
    }
}

static void visit_children(walker *walk, uint32_t number) {
    const takeo_node *node = &walk->nodes[number];
    uint8_t a;
    uint8_t b;
    tk_places(walk->nodes, number, &a, &b);
    if (a >= TK_PLACE_CHAIN) {
        visit_chain(walk, node->a);
    } else if (node->a != 0) {
        visit(walk, node->a);
    }
    if (b >= TK_PLACE_CHAIN) {
        visit_chain(walk, node->b);
    } else if (node->b != 0) {
        visit(walk, node->b);
    }
}

/* A RETURNING sees the row and nothing else: SQLite takes no table's name in it. */
static bool refuse_inside(walker *walk, uint32_t number) {
    bool is_refused = walk->plain != 0 && walk->nodes[walk->plain].kind == TAKEO_NODE_RETURNING;
    if (is_refused) {
        tk_finding(walk->compiler, number, TK_CALL_UNSUPPORTED, "a subquery inside RETURNING");
    }
    return is_refused;
}

static void visit(walker *walk, uint32_t number) {
    if (walk->compiler->status != 0) {
        return;
    }
    number = tk_resolve(walk->nodes, number);
    const takeo_node *node = &walk->nodes[number];
    switch (node->kind) {
    case TAKEO_NODE_COLUMN:
        use_column(walk, node->a, walk->compiler->notes[number].column);
        return;
    case TAKEO_NODE_KEY:
        use_key(walk, node->a);
        return;
    case TAKEO_NODE_ENTITY:
        use(walk, node->a);
        return;
    case TAKEO_NODE_ASSIGN:
        visit(walk, node->b); /* the left side is a column of the target */
        return;
    case TAKEO_NODE_SUBQUERY:
        if (refuse_inside(walk, number)) {
            return;
        }
        visit_statement(walk, tk_resolve(walk->nodes, node->a));
        return;
    case TAKEO_NODE_RELATION:
        if (refuse_inside(walk, number)) {
            return;
        }
        visit_relation(walk, number);
        return;
    case TAKEO_NODE_TABLE:
    case TAKEO_NODE_PATH:
        return;
    default:
        visit_children(walk, number);
        return;
    }
}

takeo_status tk_compile_scopes(tk_compiler *compiler) {
    tk_bound *bound = compiler->bound;
    walker walk = {.compiler = compiler, .nodes = compiler->nodes, .bound = bound};
    bound->scopes = tk_arena_array(compiler->arena, compiler->count + 1, sizeof *bound->scopes);
    bound->tables = tk_arena_array(compiler->arena, compiler->count + 1, sizeof *bound->tables);
    if (bound->scopes == NULL || bound->tables == NULL) {
        tk_no_memory(compiler);
        return compiler->status;
    }
    visit_statement(&walk, compiler->count);
    return compiler->status;
}
