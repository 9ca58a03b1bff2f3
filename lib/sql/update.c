/* update.c - UPDATE, and the conditions of a write: when they follow relations, the rows are found
 * by a subquery over the key, which every database understands in the same way.
 */
#include "sql/sql_int.h"

void tk_put_target(tk_render *render, const tk_source *target) {
    tk_put_table(&render->buf, target->entity);
    if (render->bound->is_qualified) {
        tk_put(render, " as ");
        tk_put_name(render, target->alias);
    }
}

static void put_keys(tk_render *render, const tk_source *target) {
    const tk_entity *entity = target->entity;
    for (uint32_t i = 0; i < entity->key_count; i++) {
        tk_put(render, i != 0 ? ", " : "");
        tk_put_column(render, target, entity->key[i]);
    }
}

void tk_put_write_where(tk_render *render, uint32_t number) {
    const tk_scope *scope = render->scope;
    if (!scope->has_paths) {
        tk_put_conditions(render, number, TAKEO_NODE_WHERE, " where ");
        return;
    }
    bool is_row = scope->first->entity->key_count > 1;
    tk_put(render, is_row ? " where (" : " where ");
    put_keys(render, scope->first);
    tk_put(render, is_row ? ") in (select " : " in (select ");
    put_keys(render, scope->first);
    tk_put_from(render, scope);
    tk_put_conditions(render, number, TAKEO_NODE_WHERE, " where ");
    tk_put(render, ")");
}

void tk_put_update(tk_render *render, uint32_t number) {
    tk_put(render, "update ");
    tk_put_target(render, render->scope->first);
    tk_put(render, " set ");
    tk_put_assigns(render, render->nodes[tk_clause(render->nodes, number, TAKEO_NODE_SET)].a);
    tk_put_write_where(render, number);
    tk_put_returning(render, number);
}
