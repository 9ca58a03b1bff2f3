/* bind.c - nodes against the model: which entity, column or relation a number means, and the type
 * of every value.  It must not know SQL text.
 *
 * It walks from the first node to the last, so that what a node stands on is known before it.
 */
#include "sql/sql_int.h"

typedef tk_binder binder;

uint32_t tk_clause(const takeo_node *nodes, uint32_t statement, takeo_node_kind kind) {
    for (uint32_t i = nodes[statement].a; i != 0; i = nodes[i].next) {
        uint32_t clause = tk_resolve(nodes, i);
        if (nodes[clause].kind == kind) {
            return clause;
        }
    }
    return 0;
}

uint32_t tk_chain_length(const takeo_node *nodes, uint32_t first) {
    uint32_t length = 0;
    for (; first != 0; first = nodes[first].next) {
        length++;
    }
    return length;
}

uint32_t tk_target(const takeo_node *nodes, uint32_t statement) {
    uint32_t into = tk_clause(nodes, statement, TAKEO_NODE_INTO);
    return into != 0 ? tk_resolve(nodes, nodes[into].a) : 0;
}

bool tk_column_is_stored(const tk_column *column) {
    return column->generated != TAKEO_GENERATED_FORMULA
           && column->generated != TAKEO_GENERATED_RELATION_IDS;
}

static uint32_t resolve(const binder *bind, uint32_t number) {
    return tk_resolve(bind->nodes, number);
}

static const tk_note *note_of(const binder *bind, uint32_t number) {
    return &bind->notes[resolve(bind, number)];
}

static const tk_column *column_of(binder *bind, uint32_t number, const tk_entity *entity) {
    uint32_t ref = bind->nodes[number].ref;
    const tk_column *column = entity != NULL ? tk_entity_column(entity, ref) : NULL;
    if (entity != NULL && column == NULL) {
        tk_finding(bind->compiler, number, TK_QUERY_UNKNOWN_FIELD, "%s has no column number %u",
                   entity->name.data, (unsigned)ref);
    } else if (column != NULL && !tk_column_is_stored(column)) {
        tk_finding(bind->compiler, number, TK_CALL_UNSUPPORTED,
                   "%s.%s is no column of the table; formulas are not built yet", entity->name.data,
                   column->name.data);
    }
    return column;
}

static void note_column(tk_note *note, const tk_column *column) {
    if (column != NULL) {
        note->column = column;
        note->type = column->type;
        note->element = column->element;
        note->may_be_null = column->is_nullable;
    }
}

static void bind_source(binder *bind, uint32_t number) {
    const takeo_node *node = &bind->nodes[number];
    tk_note *note = &bind->notes[number];
    if (node->kind == TAKEO_NODE_TABLE) {
        const tk_model *model = bind->compiler->model;
        note->entity = model != NULL ? tk_model_entity(model, node->ref) : NULL;
        if (note->entity == NULL) {
            tk_finding(bind->compiler, number, TK_QUERY_UNKNOWN_FIELD,
                       "the model has no entity number %u", (unsigned)node->ref);
        } else if ((note->entity->flags & TAKEO_ENTITY_ABSTRACT) != 0) {
            tk_finding(bind->compiler, number, TK_QUERY_SHAPE, "%s is abstract: it has no table",
                       note->entity->name.data);
        }
        return;
    }
    const tk_entity *entity = note_of(bind, node->a)->entity;
    const tk_relation *relation = entity != NULL ? tk_entity_relation(entity, node->ref) : NULL;
    if (entity != NULL && relation == NULL) {
        tk_finding(bind->compiler, number, TK_QUERY_UNKNOWN_FIELD, "%s has no relation number %u",
                   entity->name.data, (unsigned)node->ref);
    } else if (relation != NULL && (relation->column_count == 0 || relation->target == NULL)) {
        tk_finding(bind->compiler, number, TK_CALL_UNSUPPORTED,
                   "%s.%s: many-to-many and polymorphic relations are not built yet",
                   entity->name.data, relation->name.data);
    } else if (relation != NULL) {
        note->entity = relation->target;
    }
}

static void bind_key(binder *bind, uint32_t number) {
    tk_note *note = &bind->notes[number];
    const tk_entity *entity = note_of(bind, bind->nodes[number].a)->entity;
    note->entity = entity;
    if (entity == NULL) {
        return;
    }
    if (entity->key_count == 0) {
        tk_finding(bind->compiler, number, TK_QUERY_SHAPE, "%s has no key", entity->name.data);
        return;
    }
    note->width = (uint16_t)entity->key_count;
    if (entity->key_count == 1) {
        note_column(note, entity->key[0]);
    }
}

static void bind_param(binder *bind, uint32_t number) {
    const takeo_node *node = &bind->nodes[number];
    tk_param *param = &bind->compiler->params[node->ref - 1];
    if (node->op != 0) {
        tk_accept accept = tk_accept_type(node->op);
        accept.is_nullable = true; /* until a place says otherwise */
        tk_want(bind->compiler, number, accept);
    }
    if ((node->flags & TAKEO_NODE_FLAG_LIST) != 0) {
        param->is_list = true;
    }
}

static void bind_constant(binder *bind, uint32_t number) {
    tk_note *note = &bind->notes[number];
    uint16_t op = bind->nodes[number].op;
    note->may_be_null = op == TAKEO_VARIANT_NULL;
    if (op == TAKEO_VARIANT_TRUE || op == TAKEO_VARIANT_FALSE) {
        note->type = TAKEO_TYPE_BOOL;
    }
}

static void condition(binder *bind, uint32_t number, uint32_t value) {
    tk_accept accept = tk_accept_type(TAKEO_TYPE_BOOL);
    accept.is_nullable = false;
    tk_want(bind->compiler, value, accept);
    takeo_type type = tk_type_of(bind->compiler, value);
    if (type != TAKEO_TYPE_BOOL && type != TAKEO_TYPE_NONE) {
        tk_finding(bind->compiler, number, TK_QUERY_SHAPE, "a condition must be bool, not %s",
                   tk_type_name(type));
    }
}

static void bind_case(binder *bind, uint32_t number) {
    const takeo_node *node = &bind->nodes[number];
    tk_note *note = &bind->notes[number];
    uint32_t typed = 0;
    for (uint32_t i = node->a; i != 0 && typed == 0; i = bind->nodes[i].next) {
        uint32_t value = bind->nodes[resolve(bind, i)].b;
        typed = tk_type_of(bind->compiler, value) != TAKEO_TYPE_NONE ? value : 0;
    }
    if (typed == 0 && node->b != 0 && tk_type_of(bind->compiler, node->b) != TAKEO_TYPE_NONE) {
        typed = node->b;
    }
    note->may_be_null = true;
    if (typed == 0) {
        return;
    }
    for (uint32_t i = node->a; i != 0; i = bind->nodes[i].next) {
        tk_want_like(bind->compiler, bind->nodes[resolve(bind, i)].b, typed, true);
    }
    if (node->b != 0) {
        tk_want_like(bind->compiler, node->b, typed, true);
    }
    note->type = tk_type_of(bind->compiler, typed);
    note->element = note_of(bind, typed)->element;
    note->column = note_of(bind, typed)->column;
}

/* A subquery has the type of its one column. */
static void bind_subquery(binder *bind, uint32_t number) {
    tk_note *note = &bind->notes[number];
    uint32_t select = resolve(bind, bind->nodes[number].a);
    if (bind->nodes[select].kind != TAKEO_NODE_SELECT) {
        tk_finding(bind->compiler, number, TK_QUERY_SHAPE, "a SUBQUERY is a SELECT");
        return;
    }
    uint32_t columns = tk_clause(bind->nodes, select, TAKEO_NODE_COLUMNS);
    note->width = 0;
    note->may_be_null = true;
    uint32_t first = columns != 0 ? bind->nodes[columns].a : 0;
    for (uint32_t i = first; i != 0; i = bind->nodes[i].next) {
        note->width++;
        if (bind->nodes[resolve(bind, i)].kind == TAKEO_NODE_ENTITY) {
            tk_finding(bind->compiler, i, TK_QUERY_SHAPE,
                       "a subquery selects values; name the KEY of the entity");
        }
    }
    if (note->width == 1) {
        note->type = tk_type_of(bind->compiler, first);
        note->element = note_of(bind, first)->element;
        note->column = note_of(bind, first)->column;
    }
}

static void bind_relation(binder *bind, uint32_t number) {
    const takeo_node *node = &bind->nodes[number];
    tk_note *note = &bind->notes[number];
    uint32_t path = resolve(bind, node->a);
    note->type = node->op == TAKEO_VARIANT_COUNT ? TAKEO_TYPE_INT64 : TAKEO_TYPE_BOOL;
    note->may_be_null = false;
    if (bind->nodes[path].kind != TAKEO_NODE_PATH) {
        tk_finding(bind->compiler, number, TK_QUERY_SHAPE, "a RELATION stands over a PATH");
        return;
    }
    const tk_entity *target = bind->notes[path].entity;
    if (node->op == TAKEO_VARIANT_HOLDS) {
        if (node->b == 0) {
            tk_finding(bind->compiler, number, TK_QUERY_SHAPE, "HOLDS needs a key");
        } else if (target != NULL && note_of(bind, node->b)->width != target->key_count) {
            tk_finding(bind->compiler, number, TK_QUERY_SHAPE, "the key of %s has %u columns",
                       target->name.data, (unsigned)target->key_count);
        } else if (target != NULL) {
            uint32_t b = resolve(bind, node->b);
            bool is_row = bind->nodes[b].kind == TAKEO_NODE_ROW;
            uint32_t value = is_row ? bind->nodes[b].a : b;
            for (uint32_t i = 0; i < target->key_count && value != 0; i++) {
                tk_accept accept = tk_accept_column(target->key[i]);
                accept.is_nullable = false;
                tk_want(bind->compiler, value, accept);
                value = bind->nodes[value].next;
            }
        }
        return;
    }
    if (node->b != 0) {
        condition(bind, number, node->b);
    } else if (node->op == TAKEO_VARIANT_EVERY) {
        tk_finding(bind->compiler, number, TK_QUERY_SHAPE, "EVERY needs a condition");
    }
}

static void bind_excluded(binder *bind, uint32_t number) {
    if (bind->target == NULL) {
        tk_finding(bind->compiler, number, TK_QUERY_SHAPE,
                   "EXCLUDED means a row that an INSERT with CONFLICT refused");
        return;
    }
    note_column(&bind->notes[number], column_of(bind, number, bind->target));
}

static void bind_cast(binder *bind, uint32_t number) {
    const takeo_node *node = &bind->nodes[number];
    if ((node->op == 0) == (node->text_len == 0)) {
        tk_finding(bind->compiler, number, TK_QUERY_SHAPE, "a CAST needs a type, or its name");
    }
    bind->notes[number].type = node->op;
    bind->notes[number].may_be_null = true;
    tk_accept accept = tk_accept_type(TAKEO_TYPE_NONE);
    tk_want(bind->compiler, node->a, accept);
}

static void bind_assign(binder *bind, uint32_t number) {
    const takeo_node *node = &bind->nodes[number];
    uint32_t left = resolve(bind, node->a);
    const tk_column *column = bind->notes[left].column;
    if (bind->nodes[left].kind != TAKEO_NODE_COLUMN) {
        tk_finding(bind->compiler, number, TK_QUERY_SHAPE, "an ASSIGN needs a COLUMN on its left");
        return;
    }
    if (column == NULL) {
        return;
    }
    if (column->generated == TAKEO_GENERATED_STORED || column->generated == TAKEO_GENERATED_VIRTUAL
        || !column->is_updatable) {
        tk_finding(bind->compiler, number, TK_INPUT_READ_ONLY, "%s.%s is never updated",
                   column->entity->name.data, column->name.data);
    }
    uint32_t value = resolve(bind, node->b);
    if (bind->nodes[value].kind == TAKEO_NODE_CONSTANT
        && bind->nodes[value].op == TAKEO_VARIANT_NULL && !column->is_nullable) {
        tk_finding(bind->compiler, number, TK_INPUT_NULL, "%s.%s cannot be NULL",
                   column->entity->name.data, column->name.data);
    }
    tk_want(bind->compiler, node->b, tk_accept_column(column));
}

static void limit(binder *bind, uint32_t number) {
    const takeo_node *value = &bind->nodes[resolve(bind, bind->nodes[number].a)];
    if (value->kind != TAKEO_NODE_PARAM || (value->flags & TAKEO_NODE_FLAG_LIST) != 0) {
        tk_finding(bind->compiler, number, TK_QUERY_SHAPE, "%s takes a PARAM",
                   tk_kind_name(bind->nodes[number].kind));
        return;
    }
    tk_accept accept = tk_accept_type(TAKEO_TYPE_INT64);
    accept.is_nullable = false;
    tk_want(bind->compiler, bind->nodes[number].a, accept);
}

static void copy_note(binder *bind, uint32_t number, uint32_t from) {
    tk_note *note = &bind->notes[number];
    const tk_note *below = note_of(bind, from);
    note->type = tk_type_of(bind->compiler, from);
    note->element = below->element;
    note->column = below->column;
    note->entity = below->entity;
    note->may_be_null = below->may_be_null;
    note->width = below->width;
}

static void bind_load(binder *bind, uint32_t number) {
    const takeo_node *node = &bind->nodes[number];
    takeo_node_kind kind = bind->nodes[resolve(bind, node->a)].kind;
    if (kind != TAKEO_NODE_PATH && kind != TAKEO_NODE_COLUMN) {
        tk_finding(bind->compiler, number, TK_QUERY_SHAPE, "LOAD takes a PATH or a COLUMN");
    }
    if (node->b != 0) {
        tk_finding(bind->compiler, number, TK_CALL_UNSUPPORTED,
                   "LOAD with conditions of its own is not built yet");
    }
}

static void bind_only(binder *bind, uint32_t number) {
    for (uint32_t i = bind->nodes[number].a; i != 0; i = bind->nodes[i].next) {
        if (bind->nodes[resolve(bind, i)].kind != TAKEO_NODE_COLUMN) {
            tk_finding(bind->compiler, i, TK_QUERY_SHAPE, "ONLY takes a COLUMN");
        }
    }
}

/* ---- one node -------------------------------------------------------------------------------- */

static void bind_clause(binder *bind, uint32_t number) {
    const takeo_node *node = &bind->nodes[number];
    switch (node->kind) {
    case TAKEO_NODE_WHERE:
    case TAKEO_NODE_HAVING:
    case TAKEO_NODE_FILTER:
    case TAKEO_NODE_CONFLICT_WHERE:
    case TAKEO_NODE_WHEN:
        condition(bind, number, node->a);
        return;
    case TAKEO_NODE_JOIN:
        if (node->op == TAKEO_VARIANT_RIGHT || node->op == TAKEO_VARIANT_FULL) {
            tk_finding(bind->compiler, number, TK_CALL_UNSUPPORTED,
                       "RIGHT and FULL joins are not built yet");
        }
        if (node->b != 0) {
            condition(bind, number, node->b);
        }
        return;
    case TAKEO_NODE_GROUP_BY:
        if (node->op != 0) {
            tk_finding(bind->compiler, number, TK_CALL_UNSUPPORTED,
                       "ROLLUP, CUBE and SETS are not built yet");
        }
        return;
    case TAKEO_NODE_LIMIT:
    case TAKEO_NODE_OFFSET:
        limit(bind, number);
        return;
    case TAKEO_NODE_LOAD:
        bind_load(bind, number);
        return;
    case TAKEO_NODE_ONLY:
        bind_only(bind, number);
        return;
    default:
        return;
    }
}

static void bind_value(binder *bind, uint32_t number) {
    const takeo_node *node = &bind->nodes[number];
    tk_note *note = &bind->notes[number];
    switch (node->kind) {
    case TAKEO_NODE_COLUMN:
        note_column(note, column_of(bind, number, note_of(bind, node->a)->entity));
        return;
    case TAKEO_NODE_KEY:
        bind_key(bind, number);
        return;
    case TAKEO_NODE_ENTITY:
        note->entity = note_of(bind, node->a)->entity;
        return;
    case TAKEO_NODE_PARAM:
        bind_param(bind, number);
        return;
    case TAKEO_NODE_CONSTANT:
        bind_constant(bind, number);
        return;
    case TAKEO_NODE_OPERATION:
        tk_bind_operation(bind->compiler, number);
        return;
    case TAKEO_NODE_ROW:
        note->width = (uint16_t)tk_chain_length(bind->nodes, node->a);
        return;
    case TAKEO_NODE_CASE:
        bind_case(bind, number);
        return;
    case TAKEO_NODE_CALL:
        tk_bind_call(bind->compiler, number);
        return;
    case TAKEO_NODE_CAST:
        bind_cast(bind, number);
        return;
    case TAKEO_NODE_COLLATE:
        note->type = TAKEO_TYPE_TEXT;
        return;
    case TAKEO_NODE_SUBQUERY:
        bind_subquery(bind, number);
        return;
    case TAKEO_NODE_RELATION:
        bind_relation(bind, number);
        return;
    case TAKEO_NODE_LABEL:
        copy_note(bind, number, node->a);
        return;
    case TAKEO_NODE_EXCLUDED:
        bind_excluded(bind, number);
        return;
    case TAKEO_NODE_RAW:
        tk_bind_raw_lists(bind->compiler, node->a);
        note->type = node->op;
        note->may_be_null = true;
        return;
    case TAKEO_NODE_ASSIGN:
        bind_assign(bind, number);
        return;
    default:
        bind_clause(bind, number);
        return;
    }
}

/* Rows of several columns may stand only where they are compared, sorted or grouped. */
static bool takes_rows(const takeo_node *node) {
    if (node->kind == TAKEO_NODE_OPERATION) {
        uint8_t group = tk_operator_of(node->op)->group;
        return group == TK_GROUP_COMPARE || group == TK_GROUP_DISTINCT || group == TK_GROUP_IN
               || group == TK_GROUP_EXISTS || group == TK_GROUP_NULL || group == TK_GROUP_ORDER;
    }
    return node->kind == TAKEO_NODE_GROUP_BY || node->kind == TAKEO_NODE_RELATION
           || node->kind == TAKEO_NODE_ROWS || node->kind == TAKEO_NODE_ORDER_BY
           || node->kind == TAKEO_NODE_ITEM;
}

static bool takes_list(const takeo_node *node, uint32_t child) {
    if (node->kind == TAKEO_NODE_OPERATION) {
        return node->b == child && tk_operator_of(node->op)->group == TK_GROUP_IN;
    }
    return node->kind == TAKEO_NODE_RAW || node->kind == TAKEO_NODE_RAW_SQL
           || node->kind == TAKEO_NODE_ITEM || (node->kind == TAKEO_NODE_CALL && node->op == 0);
}

/* What a child passes up: aggregates, and its width where that is one too many. */
static void look_at_child(binder *bind, uint32_t number, uint32_t child) {
    const takeo_node *node = &bind->nodes[number];
    const tk_note *below = note_of(bind, child);
    uint16_t class = below->class;
    if ((class & (TK_CLASS_VALUE | TK_CLASS_LABEL | TK_CLASS_ROW | TK_CLASS_WHEN)) == 0) {
        return;
    }
    if (below->width != 1 && !takes_rows(node)) {
        tk_finding(bind->compiler, number, TK_QUERY_SHAPE, "%u columns stand where one value fits",
                   (unsigned)below->width);
    }
    const takeo_node *under = &bind->nodes[resolve(bind, child)];
    if (under->kind == TAKEO_NODE_PARAM && (under->flags & TAKEO_NODE_FLAG_LIST) != 0
        && !takes_list(node, child)) {
        tk_finding(bind->compiler, number, TK_QUERY_SHAPE,
                   "parameter %u is a list; its place is the right side of IN",
                   (unsigned)under->ref);
    }
    bool is_closed = node->kind == TAKEO_NODE_SUBQUERY || node->kind == TAKEO_NODE_RELATION;
    if (!is_closed) {
        bind->notes[number].is_aggregate |= below->is_aggregate;
    }
    bind->notes[number].may_be_null |= below->may_be_null;
    if (node->kind == TAKEO_NODE_WHERE && below->is_aggregate) {
        tk_finding(bind->compiler, number, TK_QUERY_SHAPE,
                   "an aggregate stands in WHERE; its place is HAVING");
    }
}

static void look_at_children(binder *bind, uint32_t number) {
    const takeo_node *node = &bind->nodes[number];
    uint8_t a;
    uint8_t b;
    tk_places(bind->nodes, number, &a, &b);
    for (uint32_t i = node->a; i != 0; i = a >= TK_PLACE_CHAIN ? bind->nodes[i].next : 0) {
        look_at_child(bind, number, i);
    }
    for (uint32_t i = node->b; i != 0; i = b >= TK_PLACE_CHAIN ? bind->nodes[i].next : 0) {
        look_at_child(bind, number, i);
    }
}

takeo_status tk_compile_bind(tk_compiler *compiler) {
    binder bind = {.compiler = compiler, .nodes = compiler->nodes, .notes = compiler->notes};
    uint32_t target = compiler->nodes[compiler->count].kind == TAKEO_NODE_INSERT
                          ? tk_target(compiler->nodes, compiler->count)
                          : 0;
    if (target != 0 && compiler->nodes[target].kind == TAKEO_NODE_TABLE
        && compiler->model != NULL) {
        bind.target = tk_model_entity(compiler->model, compiler->nodes[target].ref);
    }
    for (uint32_t i = 1; i <= compiler->count && compiler->findings < TK_FINDING_MAX; i++) {
        uint16_t class = compiler->notes[i].class;
        compiler->notes[i].width = 1;
        if (compiler->nodes[i].kind == TAKEO_NODE_ITEM) {
            continue;
        }
        look_at_children(&bind, i);
        if (class == TK_CLASS_SOURCE) {
            bind_source(&bind, i);
        } else if (class == TK_CLASS_STATEMENT) {
            tk_bind_statement(&bind, i);
        } else {
            bind_value(&bind, i);
        }
    }
    return compiler->status;
}
