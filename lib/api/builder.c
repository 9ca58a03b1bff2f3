/* builder.c - takeo/statement.h: the builder.  Its small functions are one node each. */
#include "api/api_int.h"

static takeo_status make(takeo_model *model, takeo_builder **out, tk_error *error) {
    TK_TRY(tk_api_check_given(model, "model", error));
    TK_TRY(tk_api_check_given(out, "out", error));
    TK_TRY(tk_api_check_frozen(model, error));
    return tk_builder_new(model, out, error);
}

TAKEO_API takeo_status takeo_builder_new(takeo_model *model, takeo_builder **out,
                                         takeo_error **error) {
    tk_error failure;
    tk_error_init(&failure, tk_alloc_default);
    return tk_api_end(&failure, make(model, out, &failure), error);
}

/* A call that cannot be: a node of no kind, so that the failure sticks until compile tells it. */
static uint32_t spoil(takeo_builder *builder) {
    takeo_node none = {0};
    (void)tk_builder_push(builder, &none);
    return 0;
}

TAKEO_API uint32_t takeo_builder_push(takeo_builder *builder, const takeo_node *node,
                                      uint32_t node_size) {
    if (builder == NULL) {
        return 0;
    }
    if (node == NULL || node_size < sizeof *node) {
        return spoil(builder);
    }
    const char *bytes = (const char *)node;
    for (size_t i = sizeof *node; i < node_size; i++) {
        if (bytes[i] != 0) { /* a field of a later level */
            return spoil(builder);
        }
    }
    return tk_builder_push(builder, node);
}

TAKEO_API uint32_t takeo_builder_chain(takeo_builder *builder, const uint32_t *nodes,
                                       uint32_t count) {
    if (builder == NULL || count == 0) {
        return 0;
    }
    return nodes != NULL ? tk_builder_chain(builder, nodes, count) : spoil(builder);
}

static uint32_t push(takeo_builder *builder, takeo_node node) {
    return builder != NULL ? tk_builder_push(builder, &node) : 0;
}

TAKEO_API uint32_t takeo_builder_table(takeo_builder *builder, uint32_t entity) {
    return push(builder, (takeo_node){.kind = TAKEO_NODE_TABLE, .ref = entity});
}

TAKEO_API uint32_t takeo_builder_path(takeo_builder *builder, uint32_t source, uint32_t relation) {
    return push(builder, (takeo_node){.kind = TAKEO_NODE_PATH, .a = source, .ref = relation});
}

TAKEO_API uint32_t takeo_builder_column(takeo_builder *builder, uint32_t source, uint32_t column) {
    return push(builder, (takeo_node){.kind = TAKEO_NODE_COLUMN, .a = source, .ref = column});
}

TAKEO_API uint32_t takeo_builder_param(takeo_builder *builder, uint32_t number) {
    return push(builder, (takeo_node){.kind = TAKEO_NODE_PARAM, .ref = number});
}

TAKEO_API uint32_t takeo_builder_op(takeo_builder *builder, takeo_operator op, uint32_t a,
                                    uint32_t b) {
    takeo_node node = {.kind = TAKEO_NODE_OPERATION, .op = op, .a = a, .b = b};
    bool takes_chain = op == TAKEO_OPERATOR_AND || op == TAKEO_OPERATOR_OR;
    if (builder != NULL && takes_chain && b != 0) {
        uint32_t both[] = {a, b};
        node.a = tk_builder_chain(builder, both, TK_COUNT(both));
        node.b = 0;
    }
    return push(builder, node);
}

TAKEO_API uint32_t takeo_builder_call(takeo_builder *builder, takeo_function function,
                                      const uint32_t *arguments, uint32_t count) {
    if (builder == NULL) {
        return 0;
    }
    if (arguments == NULL && count != 0) {
        return spoil(builder);
    }
    uint32_t chain = count != 0 ? tk_builder_chain(builder, arguments, count) : 0;
    return push(builder, (takeo_node){.kind = TAKEO_NODE_CALL, .op = function, .a = chain});
}

TAKEO_API uint32_t takeo_builder_text(takeo_builder *builder, takeo_node_kind kind, uint32_t a,
                                      const char *text, size_t text_len) {
    if (builder == NULL) {
        return 0;
    }
    if (text == NULL && text_len != 0) {
        return spoil(builder);
    }
    return push(
        builder,
        (takeo_node){.kind = kind, .a = a, .text = text, .text_len = tk_len(text, text_len)});
}

TAKEO_API void takeo_builder_begin(takeo_builder *builder) {
    if (builder != NULL) {
        tk_builder_begin(builder);
    }
}

TAKEO_API void takeo_builder_add(takeo_builder *builder, takeo_node_kind clause, uint32_t node) {
    if (builder != NULL) {
        tk_builder_add(builder, clause, node);
    }
}

TAKEO_API uint32_t takeo_builder_end(takeo_builder *builder, takeo_node_kind kind) {
    return builder != NULL ? tk_builder_end(builder, kind) : 0;
}

static takeo_status compile(takeo_builder *builder, takeo_statement **out, tk_error *error) {
    TK_TRY(tk_api_check_given(builder, "builder", error));
    TK_TRY(tk_api_check_given(out, "out", error));
    return tk_builder_compile(builder, tk_alloc_default, out, error);
}

TAKEO_API takeo_status takeo_builder_compile(takeo_builder *builder, takeo_statement **out,
                                             takeo_error **error) {
    tk_error failure;
    tk_error_init(&failure, tk_alloc_default);
    return tk_api_end(&failure, compile(builder, out, &failure), error);
}

TAKEO_API void takeo_builder_free(takeo_builder *builder) {
    tk_builder_free(builder);
}
