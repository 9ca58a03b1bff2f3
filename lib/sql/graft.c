/* graft.c - the conditions of one statement as nodes of another that is being built: so an upsert
 * takes its condition from an ordinary query, which was checked and whose arguments fit.
 *
 * The query's table becomes the table of the other statement, and its parameters stand behind those
 * that are there.  It must not know what the conditions say.
 */
#include "sql/sql_int.h"

typedef struct graft {
    tk_builder *builder;
    const takeo_node *nodes; /* of the query */
    uint32_t *made;          /* by number in the query: in the other statement */
    uint8_t *is_wanted;
    uint32_t *chain; /* room for one */
    uint32_t params;
} graft;

static bool is_chain(uint8_t place) {
    return place == TK_PLACE_CHAIN || place == TK_PLACE_CHAIN_MAYBE || place == TK_PLACE_PAIR;
}

static void want(const graft *to, uint32_t number, uint8_t place) {
    for (; number != 0; number = is_chain(place) ? to->nodes[number].next : 0) {
        to->is_wanted[number] = 1;
    }
}

static uint32_t made_of(const graft *to, uint32_t number, uint8_t place) {
    if (number == 0 || !is_chain(place)) {
        return to->made[number];
    }
    uint32_t count = 0;
    for (; number != 0; number = to->nodes[number].next) {
        to->chain[count++] = to->made[number];
    }
    return tk_builder_chain(to->builder, to->chain, count);
}

/* All below the conditions that are wanted, from `last` down, and then from the first up: children
 * stand before who holds them. */
static void copy_nodes(const graft *to, uint32_t last) {
    uint8_t a;
    uint8_t b;
    for (uint32_t i = last; i != 0; i--) {
        if (to->is_wanted[i] != 0 && to->made[i] == 0) {
            tk_places(to->nodes, i, &a, &b);
            want(to, to->nodes[i].a, a);
            want(to, to->nodes[i].b, b);
        }
    }
    for (uint32_t i = 1; i <= last; i++) {
        if (to->is_wanted[i] != 0 && to->made[i] == 0) {
            takeo_node node = to->nodes[i];
            tk_places(to->nodes, i, &a, &b);
            node.a = made_of(to, node.a, a);
            node.b = made_of(to, node.b, b);
            node.next = 0;
            node.ref += node.kind == TAKEO_NODE_PARAM ? to->params : 0;
            to->made[i] = tk_builder_push(to->builder, &node);
        }
    }
}

/* The TABLE of a query that is conditions on one entity; 0: it is another.  What it would read of a
 * row does not matter. */
static uint32_t only_table(const tk_statement *query, const tk_entity *entity) {
    static const takeo_node_kind taken[] = {TAKEO_NODE_FROM, TAKEO_NODE_COLUMNS, TAKEO_NODE_WHERE,
                                            TAKEO_NODE_COMMENT};
    const takeo_node *nodes = query->nodes;
    uint32_t from = tk_clause(nodes, query->node_count, TAKEO_NODE_FROM);
    bool is_good = query->kind == TAKEO_NODE_SELECT && query->model == entity->model && from != 0;
    for (uint32_t i = is_good ? nodes[query->node_count].a : 0; i != 0; i = nodes[i].next) {
        bool is_taken = false;
        for (size_t k = 0; k < TK_COUNT(taken); k++) {
            is_taken |= nodes[tk_resolve(nodes, i)].kind == taken[k];
        }
        is_good &= is_taken;
    }
    if (!is_good || nodes[nodes[from].a].next != 0) {
        return 0;
    }
    uint32_t table = tk_resolve(nodes, nodes[from].a);
    return ((const tk_bound *)query->bound)->notes[table].entity == entity ? table : 0;
}

bool tk_looks_into(const tk_statement *query, const tk_entity *entity) {
    const tk_scope *root = ((const tk_bound *)query->bound)->root;
    for (const tk_scope *scope = root; scope != NULL; scope = scope->next) {
        for (const tk_source *i = scope->first; i != NULL; i = i->next) {
            if (scope != root && tk_same_name(i->entity->table, entity->table)) {
                return true;
            }
        }
    }
    return false;
}

static uint32_t join(const graft *to, const tk_statement *query) {
    uint32_t count = 0;
    for (uint32_t i = to->nodes[query->node_count].a; i != 0; i = to->nodes[i].next) {
        const takeo_node *clause = &to->nodes[tk_resolve(to->nodes, i)];
        if (clause->kind == TAKEO_NODE_WHERE) {
            to->chain[count++] = to->made[clause->a];
        }
    }
    if (count == 1) {
        return to->chain[0];
    }
    uint32_t chain = tk_builder_chain(to->builder, to->chain, count);
    return tk_builder_node(to->builder, TAKEO_NODE_OPERATION, TAKEO_OPERATOR_AND, chain, 0);
}

takeo_status tk_graft(tk_builder *builder, const tk_statement *query, const tk_entity *entity,
                      uint32_t table, uint32_t params, tk_alloc alloc, uint32_t *out,
                      tk_error *error) {
    uint32_t own = only_table(query, entity);
    if (own == 0 || tk_clause(query->nodes, query->node_count, TAKEO_NODE_WHERE) == 0) {
        takeo_status status = tk_raise(error, TK_QUERY_SHAPE,
                                       "the condition of an upsert is a SELECT from %s alone, with "
                                       "WHERE, without joins, groups, order and limit",
                                       entity->name.data);
        TK_SET(error, entity, "%s", entity->name.data);
        return status;
    }
    tk_arena arena;
    tk_arena_init(&arena, alloc);
    size_t count = (size_t)query->node_count + 1;
    graft to = {.builder = builder, .nodes = query->nodes, .params = params};
    to.made = tk_arena_array(&arena, count, sizeof *to.made);
    to.chain = tk_arena_array(&arena, count, sizeof *to.chain);
    to.is_wanted = tk_arena_array(&arena, count, sizeof *to.is_wanted);
    bool has_room = to.made != NULL && to.chain != NULL && to.is_wanted != NULL;
    if (has_room) {
        to.made[own] = table;
        for (uint32_t i = query->nodes[query->node_count].a; i != 0; i = query->nodes[i].next) {
            const takeo_node *clause = &query->nodes[tk_resolve(query->nodes, i)];
            want(&to, clause->kind == TAKEO_NODE_WHERE ? clause->a : 0, TK_PLACE_ONE);
        }
        copy_nodes(&to, query->node_count - 1);
        *out = join(&to, query);
    }
    tk_arena_done(&arena);
    return has_room ? TAKEO_DONE : tk_raise_memory(error);
}
