/* builder.c - nodes without counting: it keeps the array, links chains (with an ITEM where a node
 * is in one already, or would have to stand earlier), and collects the clauses of the statements
 * that are open.  A failure sticks and is told by compile.
 */
#include "sql/sql_int.h"

typedef struct part { /* what was added to the statement that is open */
    takeo_node_kind clause;
    uint32_t node;
} part;

struct takeo_builder {
    tk_alloc alloc;
    tk_model *model;
    tk_arena arena; /* texts */
    tk_vec nodes;   /* takeo_node */
    tk_vec chained; /* uint8_t, of each node: it stands in a chain */
    tk_vec parts;   /* part, of all open statements */
    tk_vec frames;  /* size_t: where the parts of each begin */
    takeo_status status;
    tk_code code;
    const char *message;
};

static void fail(tk_builder *builder, tk_code code, const char *message) {
    if (builder->status == 0) {
        builder->status = tk_code_status(code);
        builder->code = code;
        builder->message = message;
    }
}

takeo_status tk_builder_make(tk_model *model, tk_alloc alloc, tk_builder **out, tk_error *error) {
    tk_builder *builder = tk_mem_new(&alloc, sizeof *builder);
    if (builder == NULL) {
        return tk_raise_memory(error);
    }
    builder->alloc = alloc;
    builder->model = model != NULL ? tk_model_hold(model) : NULL;
    tk_arena_init(&builder->arena, alloc);
    tk_vec_init(&builder->nodes, alloc, sizeof(takeo_node));
    tk_vec_init(&builder->chained, alloc, sizeof(uint8_t));
    tk_vec_init(&builder->parts, alloc, sizeof(part));
    tk_vec_init(&builder->frames, alloc, sizeof(size_t));
    *out = builder;
    return TAKEO_DONE;
}

takeo_status tk_builder_new(tk_model *model, tk_builder **out, tk_error *error) {
    if (model != NULL && !model->is_frozen) {
        return tk_raise(error, TK_CALL_STATE,
                        "the model must be frozen before statements are made");
    }
    return tk_builder_make(model, model != NULL ? model->alloc : tk_alloc_default, out, error);
}

void tk_builder_free(tk_builder *builder) {
    if (builder == NULL) {
        return;
    }
    tk_alloc alloc = builder->alloc;
    tk_model *model = builder->model;
    tk_arena_done(&builder->arena);
    tk_vec_done(&builder->nodes);
    tk_vec_done(&builder->chained);
    tk_vec_done(&builder->parts);
    tk_vec_done(&builder->frames);
    tk_mem_free(&alloc, builder, sizeof *builder);
    tk_model_drop(model);
}

uint32_t tk_builder_push(tk_builder *builder, const takeo_node *node) {
    uint32_t number = (uint32_t)builder->nodes.count + 1;
    if (builder->status != 0) {
        return 0;
    }
    if (number > TK_NODE_MAX) {
        fail(builder, TK_QUERY_TOO_LARGE, "a statement has more than 65535 nodes");
        return 0;
    }
    if (node->a >= number || node->b >= number || node->next != 0) {
        fail(builder, TK_QUERY_SHAPE, "a node names one that was not made before it");
        return 0;
    }
    size_t len = tk_len(node->text, node->text_len);
    if (len > TK_SQL_MAX || (node->text == NULL && len != 0)) {
        fail(builder, TK_QUERY_SHAPE, "the text of a node is too long, or missing");
        return 0;
    }
    const char *text = len != 0 ? tk_arena_copy(&builder->arena, node->text, len) : NULL;
    takeo_node *copy = tk_vec_push(&builder->nodes);
    uint8_t *chained = tk_vec_push(&builder->chained);
    if ((len != 0 && text == NULL) || copy == NULL || chained == NULL) {
        fail(builder, TK_CALL_MEMORY, NULL);
        return 0;
    }
    *copy = *node;
    copy->text = text;
    copy->text_len = len;
    return number;
}

uint32_t tk_builder_node(tk_builder *builder, takeo_node_kind kind, uint16_t op, uint32_t a,
                         uint32_t b) {
    return tk_builder_push(builder, &(takeo_node){.kind = kind, .op = op, .a = a, .b = b});
}

uint32_t tk_builder_ref(tk_builder *builder, takeo_node_kind kind, uint32_t a, uint32_t ref) {
    return tk_builder_push(builder, &(takeo_node){.kind = kind, .a = a, .ref = ref});
}

uint32_t tk_builder_chain(tk_builder *builder, const uint32_t *nodes, uint32_t count) {
    uint32_t first = 0;
    uint32_t before = 0;
    for (uint32_t i = 0; i < count && builder->status == 0; i++) {
        uint32_t node = nodes[i];
        if (node == 0 || node > builder->nodes.count) {
            fail(builder, TK_QUERY_SHAPE, "a chain names a node that was not made before it");
            return 0;
        }
        if (node <= before || *(uint8_t *)tk_vec_at(&builder->chained, node - 1) != 0) {
            node = tk_builder_node(builder, TAKEO_NODE_ITEM, 0, node, 0);
            if (node == 0) {
                return 0;
            }
        }
        *(uint8_t *)tk_vec_at(&builder->chained, node - 1) = 1;
        if (before != 0) {
            ((takeo_node *)tk_vec_at(&builder->nodes, before - 1))->next = node;
        } else {
            first = node;
        }
        before = node;
    }
    return builder->status == 0 ? first : 0;
}

/* ---- statements ------------------------------------------------------------------------------ */

void tk_builder_begin(tk_builder *builder) {
    size_t *frame = builder->status == 0 ? tk_vec_push(&builder->frames) : NULL;
    if (frame != NULL) {
        *frame = builder->parts.count;
    } else {
        fail(builder, TK_CALL_MEMORY, NULL);
    }
}

void tk_builder_add(tk_builder *builder, takeo_node_kind clause, uint32_t node) {
    if (builder->status != 0) {
        return;
    }
    if (builder->frames.count == 0 || node > builder->nodes.count || tk_kind_of(clause) == NULL) {
        fail(builder, TK_QUERY_SHAPE, "no statement is open, or what is added is no clause");
        return;
    }
    part *added = tk_vec_push(&builder->parts);
    if (added == NULL) {
        fail(builder, TK_CALL_MEMORY, NULL);
        return;
    }
    *added = (part){.clause = clause, .node = node};
}

/* Clauses whose nodes are one chain; of all others each node makes one of its own. */
static bool collects(takeo_node_kind clause) {
    const tk_kind *kind = tk_kind_of(clause);
    return kind->a == TK_PLACE_CHAIN || kind->a == TK_PLACE_CHAIN_MAYBE;
}

/* A node that is the clause itself, or the clause made of it. */
static uint32_t clause_of(tk_builder *builder, takeo_node_kind clause, uint32_t node) {
    const takeo_node *made = node != 0 ? tk_vec_at(&builder->nodes, node - 1) : NULL;
    if (made != NULL && made->kind == clause) {
        return node;
    }
    return tk_builder_node(builder, clause, 0, node, 0);
}

/* All nodes of one clause become its chain. */
static uint32_t collect(tk_builder *builder, size_t at) {
    const part *first = tk_vec_at(&builder->parts, at);
    takeo_node_kind clause = first->clause;
    tk_vec nodes;
    tk_vec_init(&nodes, builder->alloc, sizeof(uint32_t));
    uint32_t whole = 0;
    for (size_t i = at; i < builder->parts.count; i++) {
        part *item = tk_vec_at(&builder->parts, i);
        if (item->clause != clause) {
            continue;
        }
        const takeo_node *made =
            item->node != 0 ? tk_vec_at(&builder->nodes, item->node - 1) : NULL;
        item->clause = 0; /* taken */
        if (made != NULL && made->kind == clause) {
            whole = item->node;
        } else if (item->node != 0) {
            uint32_t *node = tk_vec_push(&nodes);
            if (node == NULL) {
                fail(builder, TK_CALL_MEMORY, NULL);
                break;
            }
            *node = item->node;
        }
    }
    uint32_t result = whole;
    if (whole == 0) {
        uint32_t chain = tk_builder_chain(builder, nodes.items, (uint32_t)nodes.count);
        result = tk_builder_node(builder, clause, 0, chain, 0);
    } else if (nodes.count != 0) {
        fail(builder, TK_QUERY_SHAPE, "a clause is given as a whole and in parts");
    }
    tk_vec_done(&nodes);
    return result;
}

static uint32_t finish_clauses(tk_builder *builder, size_t begin) {
    tk_vec clauses;
    tk_vec_init(&clauses, builder->alloc, sizeof(uint32_t));
    for (size_t i = begin; i < builder->parts.count && builder->status == 0; i++) {
        part item = *(part *)tk_vec_at(&builder->parts, i);
        if (item.clause == 0) {
            continue;
        }
        bool is_piece = item.clause == TAKEO_NODE_FRAGMENT; /* of raw SQL */
        uint32_t made = is_piece                ? item.node
                        : collects(item.clause) ? collect(builder, i)
                                                : clause_of(builder, item.clause, item.node);
        uint32_t *clause = tk_vec_push(&clauses);
        if (clause == NULL) {
            fail(builder, TK_CALL_MEMORY, NULL);
            break;
        }
        *clause = made;
    }
    uint32_t chain = tk_builder_chain(builder, clauses.items, (uint32_t)clauses.count);
    tk_vec_done(&clauses);
    return chain;
}

uint32_t tk_builder_end(tk_builder *builder, takeo_node_kind kind) {
    if (builder->status != 0) {
        return 0;
    }
    if (builder->frames.count == 0) {
        fail(builder, TK_QUERY_SHAPE, "no statement is open");
        return 0;
    }
    size_t begin = *(size_t *)tk_vec_at(&builder->frames, builder->frames.count - 1);
    uint32_t chain = finish_clauses(builder, begin);
    builder->frames.count--;
    builder->parts.count = begin;
    return tk_builder_node(builder, kind, 0, chain, 0);
}

static takeo_status compile(tk_builder *builder, uint32_t flags, tk_alloc alloc, tk_statement **out,
                            tk_error *error) {
    if (builder->status != 0) {
        return builder->code == TK_CALL_MEMORY
                   ? tk_raise_memory(error)
                   : tk_raise(error, builder->code, "%s", builder->message);
    }
    if (builder->frames.count != 0 || builder->nodes.count == 0) {
        return tk_raise(error, TK_QUERY_SHAPE,
                        builder->nodes.count == 0 ? "nothing was built"
                                                  : "a statement is still open");
    }
    takeo_statement_def def = {.struct_size = sizeof def,
                               .flags = flags,
                               .nodes = builder->nodes.items,
                               .node_count = (uint32_t)builder->nodes.count,
                               .node_size = sizeof(takeo_node)};
    return tk_statement_compile(builder->model, &def, alloc, out, error);
}

static void clear(tk_builder *builder) {
    tk_arena_clear(&builder->arena);
    tk_vec_clear(&builder->nodes);
    tk_vec_clear(&builder->chained);
    tk_vec_clear(&builder->parts);
    tk_vec_clear(&builder->frames);
    builder->status = 0;
    builder->message = NULL;
}

takeo_status tk_builder_compile(tk_builder *builder, tk_alloc alloc, tk_statement **out,
                                tk_error *error) {
    takeo_status status = compile(builder, 0, alloc, out, error);
    clear(builder);
    return status;
}

takeo_status tk_builder_finish(tk_builder *builder, uint32_t flags, tk_statement **out,
                               tk_error *error) {
    takeo_status status = compile(builder, flags, builder->alloc, out, error);
    tk_builder_free(builder);
    return status;
}
