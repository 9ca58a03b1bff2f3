/* load.c - what is loaded with an entity: a tree of relations, made of the LOAD clauses and of the
 * relations that load by themselves.  shape.c walks it: what joins becomes a part of the row, what
 * does not becomes a statement of its own.
 */
#include "sql/sql_int.h"

tk_branch *tk_branch_new(tk_arena *arena, const tk_entity *entity) {
    tk_branch *branch = tk_arena_array(arena, 1, sizeof *branch);
    if (branch != NULL) {
        branch->entity = entity;
    }
    return branch;
}

tk_branch *tk_branch_child(tk_arena *arena, tk_branch *branch, const tk_relation *relation) {
    tk_branch **end = &branch->children;
    for (; *end != NULL; end = &(*end)->next) {
        if ((*end)->relation == relation) {
            return *end;
        }
    }
    tk_branch *child = tk_branch_new(arena, relation->target);
    if (child != NULL) {
        child->relation = relation;
        child->up = branch;
        child->by_query = !relation->is_to_one;
        *end = child;
    }
    return child;
}

bool tk_branch_column(tk_arena *arena, tk_branch *branch, const tk_column *column) {
    for (uint32_t i = 0; i < branch->column_count; i++) {
        if (branch->columns[i] == column) {
            return true;
        }
    }
    const tk_column **columns =
        tk_arena_array(arena, branch->column_count + 1u, sizeof(const tk_column *));
    if (columns == NULL) {
        return false;
    }
    if (branch->column_count != 0) {
        memcpy(columns, branch->columns, branch->column_count * sizeof *columns);
    }
    columns[branch->column_count++] = column;
    branch->columns = columns;
    return true;
}

uint32_t tk_branch_depth(const tk_branch *branch) {
    uint32_t depth = 0;
    for (; branch->up != NULL; branch = branch->up) {
        depth++;
    }
    return depth;
}

/* Entities that load each other end where one would come again. */
static bool is_above(const tk_branch *branch, const tk_entity *entity) {
    for (; branch != NULL; branch = branch->up) {
        if (branch->entity == entity) {
            return true;
        }
    }
    return false;
}

static bool add_eager(tk_arena *arena, tk_branch *branch, uint32_t *count) {
    for (uint32_t i = 0; i < branch->entity->relation_count; i++) {
        const tk_relation *relation = &branch->entity->relations[i];
        if ((relation->flags & TAKEO_RELATION_FLAG_EAGER) == 0 || relation->column_count == 0
            || relation->target == NULL || is_above(branch, relation->target)) {
            continue;
        }
        if (++*count > TK_BRANCH_MAX) {
            return true;
        }
        if (tk_branch_child(arena, branch, relation) == NULL) {
            return false;
        }
    }
    return true;
}

/* Down through the tree without recursion: a branch, its children, then its neighbours. */
bool tk_branch_eager(tk_arena *arena, tk_branch *root, uint32_t *count) {
    tk_branch *branch = root;
    while (branch != NULL && *count <= TK_BRANCH_MAX) {
        if (tk_branch_depth(branch) < TK_LOAD_DEPTH_MAX && !add_eager(arena, branch, count)) {
            return false;
        }
        if (branch->children != NULL) {
            branch = branch->children;
            continue;
        }
        while (branch != root && branch->next == NULL) {
            branch = branch->up;
        }
        branch = branch != root ? branch->next : NULL;
    }
    return true;
}

/* ---- "name, id desc" ------------------------------------------------------------------------- */

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n';
}

static takeo_text next_word(const char **at, const char *end) {
    while (*at < end && is_space(**at)) {
        (*at)++;
    }
    const char *begin = *at;
    while (*at < end && !is_space(**at) && **at != ',') {
        (*at)++;
    }
    return tk_text(begin, (size_t)(*at - begin));
}

static bool word_is(takeo_text word, const char *lower) {
    size_t len = strlen(lower);
    for (size_t i = 0; i < len && i < word.len; i++) {
        char c = word.data[i];
        if ((c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c) != lower[i]) {
            return false;
        }
    }
    return word.len == len;
}

const tk_order *tk_order_read(tk_arena *arena, const tk_entity *entity, takeo_text text,
                              uint32_t *out_count) {
    const char *end = text.data + text.len;
    uint32_t most = 1;
    for (const char *at = text.data; at < end; at++) {
        most += *at == ',';
    }
    tk_order *order = tk_arena_array(arena, most, sizeof *order);
    if (order == NULL) {
        return NULL;
    }
    uint32_t count = 0;
    for (const char *at = text.data; at < end && count < most;) {
        takeo_text name = next_word(&at, end);
        takeo_text direction = next_word(&at, end);
        const tk_column *column = tk_entity_find_column(entity, name.data, name.len);
        if (column != NULL) {
            order[count++] =
                (tk_order){.column = column, .is_descending = word_is(direction, "desc")};
        }
        while (at < end && *at != ',') {
            at++;
        }
        at += at < end;
    }
    *out_count = count;
    return order;
}
