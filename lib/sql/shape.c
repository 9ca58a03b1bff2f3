/* shape.c - what a row looks like: outputs in order, the entities in it with their columns, the
 * loads that follow, the cells.  It must not know SQL text; it adds sources for what is loaded by
 * join.
 */
#include "sql/sql_int.h"

typedef struct shaper {
    tk_compiler *compiler;
    const takeo_node *nodes;
    tk_scope *scope;
    tk_vec outputs;  /* tk_output */
    tk_vec selected; /* tk_source *, of each output; NULL: a value */
    tk_vec parts;    /* tk_part */
    tk_vec sources;  /* tk_source *, of each part */
    tk_vec roots;    /* root */
    tk_vec cells;    /* tk_cell_info */
    tk_vec origins;  /* tk_origin */
    tk_vec loads;    /* tk_load */
    tk_vec only;     /* only */
} shaper;

typedef struct root { /* an entity that is selected */
    tk_source *source;
    tk_branch *branch;
} root;

typedef struct only {
    uint32_t node;
    bool is_used;
} only;

static bool failed(const shaper *shape) {
    return shape->compiler->status != 0;
}

static void *push(shaper *shape, tk_vec *vec) {
    void *item = tk_vec_push(vec);
    if (item == NULL) {
        tk_no_memory(shape->compiler);
    }
    return item;
}

/* ---- cells ----------------------------------------------------------------------------------- */

static void add_cell(shaper *shape, tk_cell_info info, tk_origin origin) {
    if (shape->cells.count >= TK_CELL_MAX) {
        tk_finding(shape->compiler, shape->compiler->count, TK_QUERY_TOO_LARGE,
                   "a row has more than %d columns", TK_CELL_MAX);
        return;
    }
    tk_cell_info *cell = push(shape, &shape->cells);
    tk_origin *from = push(shape, &shape->origins);
    if (cell != NULL && from != NULL) {
        *cell = info;
        *from = origin;
    }
}

static void add_column_cell(shaper *shape, const tk_source *source, const tk_column *column) {
    add_cell(shape,
             (tk_cell_info){.type = column->type,
                            .element = column->element,
                            .column = column,
                            .may_be_null = column->is_nullable,
                            .is_duration = (column->flags & TAKEO_COLUMN_DURATION) != 0},
             (tk_origin){.source = source, .column = column});
}

static void add_value_cell(shaper *shape, uint32_t node, uint32_t label) {
    const tk_note *note = &shape->compiler->notes[node];
    takeo_node_kind kind = shape->nodes[node].kind;
    bool is_column = kind == TAKEO_NODE_COLUMN || kind == TAKEO_NODE_KEY;
    takeo_type type = tk_type_of(shape->compiler, node);
    uint32_t flags = note->column != NULL && note->column->type == type ? note->column->flags : 0;
    add_cell(shape,
             (tk_cell_info){.type = type,
                            .element = note->element,
                            .column = is_column ? note->column : NULL,
                            .may_be_null = note->may_be_null || type == TAKEO_TYPE_NONE,
                            .is_duration = (flags & TAKEO_COLUMN_DURATION) != 0},
             (tk_origin){.node = node, .label = label});
}

/* ---- parts ----------------------------------------------------------------------------------- */

static uint32_t find_part(const shaper *shape, const tk_source *source) {
    for (size_t i = 0; i < shape->parts.count; i++) {
        if (*(tk_source **)tk_vec_at(&shape->sources, i) == source) {
            return (uint32_t)i + 1;
        }
    }
    return 0;
}

static bool is_only_of(const shaper *shape, const only *item, const tk_source *source) {
    const takeo_node *column = &shape->nodes[item->node];
    return tk_scope_find(shape->compiler->bound, shape->nodes, shape->scope, column->a) == source;
}

/* What a relation of the branch is looked up by has to be read as well. */
static bool is_needed(const tk_branch *branch, const tk_column *column) {
    for (uint32_t i = 0; i < branch->column_count; i++) {
        if (branch->columns[i] == column) {
            return true;
        }
    }
    for (const tk_branch *child = branch->children; child != NULL; child = child->next) {
        for (uint32_t i = 0; i < child->relation->column_count; i++) {
            if (child->relation->columns[i] == column) {
                return true;
            }
        }
    }
    return column->is_key;
}

static bool is_selected(shaper *shape, const tk_branch *branch, const tk_source *source,
                        const tk_column *column) {
    if (!tk_column_is_stored(column)) {
        return false;
    }
    bool has_only = false;
    for (size_t i = 0; i < shape->only.count; i++) {
        only *item = tk_vec_at(&shape->only, i);
        if (is_only_of(shape, item, source)) {
            has_only = item->is_used = true;
            if (shape->compiler->notes[item->node].column == column) {
                return true;
            }
        }
    }
    return is_needed(branch, column) || (!has_only && !column->is_deferred);
}

/* The columns of a part become cells one after another. */
static void add_part_cells(shaper *shape, tk_part *part, const tk_branch *branch,
                           const tk_source *source) {
    const tk_entity *entity = part->entity;
    tk_arena *arena = shape->compiler->arena;
    const tk_column **columns = tk_arena_array(arena, entity->column_count, sizeof *columns);
    uint32_t *key_cells = tk_arena_array(arena, entity->key_count, sizeof *key_cells);
    if (columns == NULL || key_cells == NULL) {
        tk_no_memory(shape->compiler);
        return;
    }
    part->first_cell = (uint32_t)shape->cells.count;
    part->columns = columns;
    part->key_cells = key_cells;
    for (uint32_t i = 0; i < entity->column_count && !failed(shape); i++) {
        const tk_column *column = &entity->columns[i];
        if (!is_selected(shape, branch, source, column)) {
            part->is_partial |= tk_column_is_stored(column);
            continue;
        }
        for (uint32_t k = 0; k < entity->key_count; k++) {
            if (entity->key[k] == column) {
                key_cells[k] = (uint32_t)shape->cells.count;
            }
        }
        columns[part->column_count++] = column;
        add_column_cell(shape, source, column);
    }
}

static uint32_t add_part(shaper *shape, const tk_branch *branch, tk_source *source) {
    uint32_t number = find_part(shape, source);
    if (number != 0) {
        return number;
    }
    tk_part *part = push(shape, &shape->parts);
    tk_source **of = push(shape, &shape->sources);
    if (part == NULL || of == NULL) {
        return 0;
    }
    *of = source;
    part->entity = source->entity;
    number = (uint32_t)shape->parts.count;
    add_part_cells(shape, part, branch, source);
    return number;
}

static void add_load(shaper *shape, const tk_branch *branch, uint32_t part) {
    tk_statement *statement = NULL;
    takeo_status status =
        tk_branch_statement(shape->compiler->model, branch, shape->compiler->statement->alloc,
                            &statement, shape->compiler->error);
    if (status < 0) {
        shape->compiler->status = status;
        return;
    }
    tk_load *load = push(shape, &shape->loads);
    if (load == NULL) {
        tk_statement_drop(statement);
        return;
    }
    *load = (tk_load){.part = part, .relation = branch->relation, .statement = statement};
}

/* What hangs on a part, at most TK_LOAD_DEPTH_MAX deep. */
static void add_children(shaper *shape, const tk_branch *branch, tk_source *source, uint32_t part) {
    for (const tk_branch *i = branch->children; i != NULL && !failed(shape); i = i->next) {
        if (i->by_query) {
            add_load(shape, i, part);
            continue;
        }
        tk_source *joined = tk_scope_path(shape->compiler, source, i->relation, 0);
        uint32_t number = joined != NULL ? add_part(shape, i, joined) : 0;
        if (number == 0 || failed(shape)) {
            return;
        }
        tk_part *child = tk_vec_at(&shape->parts, number - 1);
        child->parent = part;
        child->relation = i->relation;
        child->may_repeat = true;
        add_children(shape, i, joined, number);
    }
}

/* ---- which entities, and what is loaded with them -------------------------------------------- */

static root *find_root(const shaper *shape, const tk_source *source) {
    for (size_t i = 0; i < shape->roots.count; i++) {
        root *found = tk_vec_at(&shape->roots, i);
        if (found->source == source) {
            return found;
        }
    }
    return NULL;
}

static void add_root(shaper *shape, tk_source *source) {
    root *item = find_root(shape, source) == NULL ? push(shape, &shape->roots) : NULL;
    if (item == NULL) {
        return;
    }
    item->source = source;
    item->branch = tk_branch_new(shape->compiler->arena, source->entity);
    if (item->branch == NULL) {
        tk_no_memory(shape->compiler);
    }
}

/* The branch for a source that a LOAD names: down from the first entity on its way that is
 * selected. */
static tk_branch *branch_of(shaper *shape, uint32_t number, uint32_t depth) {
    number = tk_resolve(shape->nodes, number);
    const takeo_node *node = &shape->nodes[number];
    tk_branch *below = NULL;
    if (depth > TK_LOAD_DEPTH_MAX) {
        tk_finding(shape->compiler, number, TK_QUERY_TOO_LARGE, "a path of more than %d steps",
                   TK_LOAD_DEPTH_MAX);
        return NULL;
    }
    if (node->kind == TAKEO_NODE_PATH) {
        below = branch_of(shape, node->a, depth + 1);
    }
    if (failed(shape)) {
        return NULL;
    }
    if (below != NULL) {
        const tk_relation *relation = tk_entity_relation(below->entity, node->ref);
        tk_branch *child = tk_branch_child(shape->compiler->arena, below, relation);
        if (child == NULL) {
            tk_no_memory(shape->compiler);
        }
        return child;
    }
    const tk_source *source =
        tk_scope_find(shape->compiler->bound, shape->nodes, shape->scope, number);
    root *found = source != NULL ? find_root(shape, source) : NULL;
    return found != NULL ? found->branch : NULL;
}

static void read_load(shaper *shape, uint32_t number) {
    const takeo_node *node = &shape->nodes[number];
    uint32_t what = tk_resolve(shape->nodes, node->a);
    bool is_column = shape->nodes[what].kind == TAKEO_NODE_COLUMN;
    tk_branch *branch = branch_of(shape, is_column ? shape->nodes[what].a : what, 0);
    if (failed(shape)) {
        return;
    }
    if (branch == NULL) {
        tk_finding(shape->compiler, number, TK_QUERY_SHAPE,
                   "LOAD names a relation of an entity that is not selected");
        return;
    }
    const tk_column *column = shape->compiler->notes[what].column;
    if (is_column && !tk_branch_column(shape->compiler->arena, branch, column)) {
        tk_no_memory(shape->compiler);
    }
    if (node->op == TAKEO_VARIANT_BY_QUERY && !is_column) {
        branch->by_query = true;
    } else if (node->op == TAKEO_VARIANT_BY_JOIN && !is_column && !branch->relation->is_to_one) {
        tk_finding(shape->compiler, number, TK_CALL_UNSUPPORTED,
                   "%s.%s is to-many: it is loaded by a query of its own, never by join",
                   branch->relation->entity->name.data, branch->relation->name.data);
    }
}

static void read_clauses(shaper *shape) {
    uint32_t statement = shape->compiler->count;
    for (uint32_t i = shape->nodes[statement].a; i != 0 && !failed(shape);
         i = shape->nodes[i].next) {
        uint32_t clause = tk_resolve(shape->nodes, i);
        if (shape->nodes[clause].kind == TAKEO_NODE_LOAD) {
            read_load(shape, clause);
        } else if (shape->nodes[clause].kind == TAKEO_NODE_ONLY) {
            for (uint32_t k = shape->nodes[clause].a; k != 0; k = shape->nodes[k].next) {
                only *item = push(shape, &shape->only);
                if (item != NULL) {
                    item->node = tk_resolve(shape->nodes, k);
                }
            }
        }
    }
}

static takeo_text label_of(const shaper *shape, uint32_t node) {
    const takeo_node *at = &shape->nodes[node];
    const tk_note *note = &shape->compiler->notes[node];
    switch (at->kind) {
    case TAKEO_NODE_LABEL:
        return tk_text(at->text, at->text_len);
    case TAKEO_NODE_COLUMN:
    case TAKEO_NODE_KEY:
        return note->column != NULL ? note->column->name : tk_text(NULL, 0);
    case TAKEO_NODE_ENTITY: {
        const tk_source *source =
            tk_scope_find(shape->compiler->bound, shape->nodes, shape->scope, at->a);
        return source == NULL             ? tk_text(NULL, 0)
               : source->relation != NULL ? source->relation->name
                                          : source->entity->name;
    }
    case TAKEO_NODE_CALL:
        return at->op != 0 ? tk_zstr(tk_function_of(at->op)->name)
                           : tk_text(at->text, at->text_len);
    default:
        return tk_text(NULL, 0);
    }
}

/* One thing that is selected.  Entities wait until it is known what is loaded with them. */
static void add_output(shaper *shape, uint32_t number) {
    number = tk_resolve(shape->nodes, number);
    uint32_t what = number;
    if (shape->nodes[number].kind == TAKEO_NODE_LABEL) {
        what = tk_resolve(shape->nodes, shape->nodes[number].a);
    }
    tk_output *output = push(shape, &shape->outputs);
    tk_source **selected = push(shape, &shape->selected);
    if (output == NULL || selected == NULL) {
        return;
    }
    output->label = label_of(shape, number);
    if (shape->nodes[what].kind != TAKEO_NODE_ENTITY) {
        output->cell = (uint32_t)shape->cells.count;
        add_value_cell(shape, what, what != number ? number : 0);
        return;
    }
    tk_source *source =
        tk_scope_find(shape->compiler->bound, shape->nodes, shape->scope, shape->nodes[what].a);
    if (source == NULL) {
        return;
    }
    *selected = source;
    add_root(shape, source);
}

static void build_root(shaper *shape, size_t index) {
    root item = *(root *)tk_vec_at(&shape->roots, index);
    uint32_t part = add_part(shape, item.branch, item.source);
    if (part != 0 && !failed(shape)) {
        add_children(shape, item.branch, item.source, part);
    }
}

static void build_roots(shaper *shape, bool loads_eagerly) {
    uint32_t eager = 0;
    for (size_t i = 0; i < shape->roots.count && !failed(shape) && loads_eagerly; i++) {
        root *item = tk_vec_at(&shape->roots, i);
        if (!tk_branch_eager(shape->compiler->arena, item->branch, &eager)) {
            tk_no_memory(shape->compiler);
        }
    }
    if (eager > TK_BRANCH_MAX) {
        tk_finding(shape->compiler, shape->compiler->count, TK_QUERY_TOO_LARGE,
                   "more than %d relations load by themselves", TK_BRANCH_MAX);
    }
    /* Tables first: what they load may be what a path selects. */
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < shape->roots.count && !failed(shape); i++) {
            root *item = tk_vec_at(&shape->roots, i);
            if ((item->source->relation != NULL) == (pass == 1)) {
                build_root(shape, i);
            }
        }
    }
}

/* ---- what is known only at the end ----------------------------------------------------------- */

/* Rows may hold an object twice when something multiplies them, or two parts share an entity. */
static void finish_parts(shaper *shape) {
    bool is_multiplied = false;
    for (const tk_source *i = shape->scope->first; i != NULL; i = i->next) {
        is_multiplied |=
            i != shape->scope->first && (i->relation == NULL || !i->relation->is_to_one);
    }
    for (size_t i = 0; i < shape->parts.count; i++) {
        tk_part *part = tk_vec_at(&shape->parts, i);
        const tk_source *source = *(tk_source **)tk_vec_at(&shape->sources, i);
        part->may_be_missing = source->is_left;
        part->may_repeat |= is_multiplied || source->relation != NULL;
        for (size_t k = 0; k < shape->parts.count; k++) {
            const tk_part *other = tk_vec_at(&shape->parts, k);
            part->may_repeat |= k != i && other->entity == part->entity;
        }
    }
    for (size_t i = 0; i < shape->cells.count; i++) {
        tk_cell_info *cell = tk_vec_at(&shape->cells, i);
        const tk_origin *origin = tk_vec_at(&shape->origins, i);
        const tk_source *source = origin->source;
        takeo_node_kind kind = shape->nodes[origin->node].kind;
        if (source == NULL && (kind == TAKEO_NODE_COLUMN || kind == TAKEO_NODE_KEY)) {
            source = tk_scope_find(shape->compiler->bound, shape->nodes, shape->scope,
                                   shape->nodes[origin->node].a);
            cell->may_be_null |= source == NULL; /* a column of the relation's own side */
        }
        cell->may_be_null |= source != NULL && source->is_left;
    }
}

static void finish_outputs(shaper *shape) {
    for (size_t i = 0; i < shape->outputs.count; i++) {
        tk_output *output = tk_vec_at(&shape->outputs, i);
        const tk_source *source = *(tk_source **)tk_vec_at(&shape->selected, i);
        output->part = source != NULL ? find_part(shape, source) : 0;
    }
    for (size_t i = 0; i < shape->only.count && !failed(shape); i++) {
        const only *item = tk_vec_at(&shape->only, i);
        if (!item->is_used) {
            tk_finding(shape->compiler, item->node, TK_QUERY_SHAPE,
                       "ONLY names a column of an entity that is not selected");
        }
    }
}

static bool is_aggregate(const shaper *shape) {
    uint32_t statement = shape->compiler->count;
    for (uint32_t i = shape->nodes[statement].a; i != 0; i = shape->nodes[i].next) {
        uint32_t clause = tk_resolve(shape->nodes, i);
        takeo_node_kind kind = shape->nodes[clause].kind;
        if (kind == TAKEO_NODE_GROUP_BY || kind == TAKEO_NODE_DISTINCT
            || (kind == TAKEO_NODE_COLUMNS && shape->compiler->notes[clause].is_aggregate)) {
            return true;
        }
    }
    return false;
}

static void default_order(shaper *shape) {
    tk_compiler *compiler = shape->compiler;
    const tk_source *source = shape->scope->first;
    if (source == NULL || source->entity->order_by.len == 0 || is_aggregate(shape)
        || tk_clause(shape->nodes, compiler->count, TAKEO_NODE_ORDER_BY) != 0) {
        return;
    }
    compiler->bound->order = tk_order_read(compiler->arena, source->entity,
                                           source->entity->order_by, &compiler->bound->order_count);
    compiler->bound->order_source = source;
    if (compiler->bound->order == NULL) {
        tk_no_memory(compiler);
    }
}

/* ---- the statement --------------------------------------------------------------------------- */

static const void *keep(shaper *shape, const tk_vec *vec) {
    void *copy = tk_arena_array(shape->compiler->arena, vec->count, vec->item_size);
    if (copy == NULL) {
        tk_no_memory(shape->compiler);
    } else if (vec->count != 0) {
        memcpy(copy, vec->items, vec->count * vec->item_size);
    }
    return copy;
}

static void keep_all(shaper *shape) {
    tk_statement *statement = shape->compiler->statement;
    statement->outputs = keep(shape, &shape->outputs);
    statement->output_count = (uint32_t)shape->outputs.count;
    statement->parts = keep(shape, &shape->parts);
    statement->part_count = (uint32_t)shape->parts.count;
    statement->cells = keep(shape, &shape->cells);
    statement->cell_count = (uint32_t)shape->cells.count;
    shape->compiler->bound->origins = keep(shape, &shape->origins);
    statement->loads = keep(shape, &shape->loads);
    if (statement->loads != NULL) { /* from now on they are freed with the statement */
        statement->load_count = (uint32_t)shape->loads.count;
        tk_vec_clear(&shape->loads);
    }
}

static void add_outputs(shaper *shape) {
    const takeo_node *nodes = shape->nodes;
    uint32_t statement = shape->compiler->count;
    bool is_select = nodes[statement].kind == TAKEO_NODE_SELECT;
    uint32_t clause =
        tk_clause(nodes, statement, is_select ? TAKEO_NODE_COLUMNS : TAKEO_NODE_RETURNING);
    if (clause != 0 && nodes[clause].a != 0) {
        for (uint32_t i = nodes[clause].a; i != 0 && !failed(shape); i = nodes[i].next) {
            add_output(shape, i);
        }
    } else if (is_select || clause != 0) { /* the first table as a whole */
        tk_output *output = push(shape, &shape->outputs);
        tk_source **selected = push(shape, &shape->selected);
        if (output != NULL && selected != NULL) {
            output->label = shape->scope->first->entity->name;
            *selected = shape->scope->first;
            add_root(shape, shape->scope->first);
        }
    }
}

static void shape_rows(shaper *shape) {
    tk_compiler *compiler = shape->compiler;
    bool is_select = shape->nodes[compiler->count].kind == TAKEO_NODE_SELECT;
    add_outputs(shape);
    if (is_select && !failed(shape)) {
        read_clauses(shape);
    }
    if (!failed(shape)) {
        build_roots(shape, is_select && (compiler->flags & TAKEO_STATEMENT_NO_EAGER) == 0);
    }
    if (!failed(shape)) {
        tk_finish_sources(compiler);
        finish_outputs(shape);
    }
    if (!failed(shape)) {
        tk_give_aliases(compiler);
    }
    if (!failed(shape)) {
        finish_parts(shape);
        keep_all(shape);
    }
    if (is_select && !failed(shape)) {
        default_order(shape);
    }
}

static void shape_statement(tk_compiler *compiler) {
    tk_statement *statement = compiler->statement;
    const tk_scope *scope = compiler->bound->root;
    statement->kind = compiler->nodes[compiler->count].kind;
    statement->is_write = statement->kind != TAKEO_NODE_SELECT;
    statement->gives_rows = statement->output_count != 0;
    if (statement->is_write && scope->first != NULL) {
        statement->entity = scope->first->entity;
    } else if (statement->output_count == 1 && statement->outputs[0].part != 0) {
        statement->entity = statement->parts[statement->outputs[0].part - 1].entity;
    }
    bool has_key = scope->first == NULL || scope->first->entity->key_count != 0;
    if (statement->is_write && scope->has_paths && !has_key) {
        tk_finding(compiler, compiler->count, TK_CALL_UNSUPPORTED,
                   "%s has no key, so its conditions cannot follow relations",
                   scope->first->entity->name.data);
    }
}

takeo_status tk_compile_shape(tk_compiler *compiler) {
    if (compiler->nodes[compiler->count].kind == TAKEO_NODE_RAW_SQL) {
        tk_shape_raw(compiler);
        return compiler->status;
    }
    shaper shape = {.compiler = compiler, .nodes = compiler->nodes, .scope = compiler->bound->root};
    tk_alloc alloc = compiler->statement->alloc;
    tk_vec_init(&shape.outputs, alloc, sizeof(tk_output));
    tk_vec_init(&shape.selected, alloc, sizeof(tk_source *));
    tk_vec_init(&shape.parts, alloc, sizeof(tk_part));
    tk_vec_init(&shape.sources, alloc, sizeof(tk_source *));
    tk_vec_init(&shape.roots, alloc, sizeof(root));
    tk_vec_init(&shape.cells, alloc, sizeof(tk_cell_info));
    tk_vec_init(&shape.origins, alloc, sizeof(tk_origin));
    tk_vec_init(&shape.loads, alloc, sizeof(tk_load));
    tk_vec_init(&shape.only, alloc, sizeof(only));
    shape_rows(&shape);
    if (compiler->status == 0) {
        shape_statement(compiler);
    }
    for (size_t i = 0; i < shape.loads.count; i++) { /* those that the statement did not take */
        tk_statement_drop(((tk_load *)tk_vec_at(&shape.loads, i))->statement);
    }
    tk_vec *vecs[] = {&shape.outputs, &shape.selected, &shape.parts, &shape.sources, &shape.roots,
                      &shape.cells,   &shape.origins,  &shape.loads, &shape.only};
    for (size_t i = 0; i < TK_COUNT(vecs); i++) {
        tk_vec_done(vecs[i]);
    }
    return compiler->status;
}
