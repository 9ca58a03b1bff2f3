/* compile.c - a statement's life: nodes are taken in from a caller of any level, go through the
 * passes (sql_int.h), and are kept, read-only, as long as somebody holds the statement.
 */
#include <stdatomic.h>
#include <stdio.h>

#include "sql/sql_int.h"

static _Atomic uint64_t next_id = 1; /* of statements and texts; never the same twice */

uint64_t tk_statement_next_id(void) {
    return atomic_fetch_add_explicit(&next_id, 1, memory_order_relaxed);
}

void tk_no_memory(tk_compiler *compiler) {
    takeo_status status = tk_raise_memory(compiler->error);
    if (compiler->status == 0 || compiler->status != status) {
        compiler->status = status;
    }
}

void tk_finding(tk_compiler *compiler, uint32_t node, tk_code code, const char *format, ...) {
    char message[320];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    compiler->findings++;
    takeo_node_kind kind = node <= compiler->count ? compiler->nodes[node].kind : 0;
    takeo_status status = tk_raise(compiler->error, code, "%s (node %u, %s)", message,
                                   (unsigned)node, tk_kind_name(kind));
    if (compiler->status == 0) {
        compiler->status = status;
    }
}

/* ---- taking the definition in ---------------------------------------------------------------- */

static bool is_zero(const char *data, size_t len) {
    for (size_t i = 0; i < len; i++) {
        if (data[i] != 0) {
            return false;
        }
    }
    return true;
}

/* A definition of our own level; what a later level added must be zero. */
static takeo_status read_def(const takeo_statement_def *in, takeo_statement_def *out,
                             tk_error *error) {
    size_t size = in->struct_size;
    if (size < sizeof *in) {
        return tk_raise(error, TK_CALL_INVALID, "def->struct_size is %u, not %u", (unsigned)size,
                        (unsigned)sizeof *in);
    }
    if (!is_zero((const char *)in + sizeof *in, size - sizeof *in)
        || (in->flags & ~(uint32_t)TAKEO_STATEMENT_NO_EAGER) != 0 || in->reserved != 0) {
        return tk_raise(error, TK_CALL_UNSUPPORTED,
                        "def asks for something that this version of Takeo does not have");
    }
    if (in->nodes == NULL || in->node_count == 0 || in->node_size < sizeof(takeo_node)) {
        return tk_raise(error, TK_CALL_INVALID,
                        "def->nodes, node_count and node_size must be given");
    }
    if (in->node_count > TK_NODE_MAX) {
        return tk_raise(error, TK_QUERY_TOO_LARGE, "a statement has %u nodes, at most %d are taken",
                        (unsigned)in->node_count, TK_NODE_MAX);
    }
    *out = *in;
    return TAKEO_DONE;
}

static takeo_status copy_node(tk_compiler *compiler, const takeo_statement_def *def,
                              uint32_t number, tk_error *error) {
    const char *from = (const char *)def->nodes + (size_t)(number - 1) * def->node_size;
    takeo_node *node = &compiler->nodes[number];
    memcpy(node, from, sizeof *node);
    if (!is_zero(from + sizeof *node, def->node_size - sizeof *node)) {
        return tk_raise(error, TK_CALL_UNSUPPORTED,
                        "node %u says something that this version of Takeo does not know",
                        (unsigned)number);
    }
    size_t len = tk_len(node->text, node->text_len);
    if (node->text == NULL && len != 0) {
        return tk_raise(error, TK_CALL_INVALID, "node %u has a length but no text",
                        (unsigned)number);
    }
    if (len > TK_SQL_MAX) {
        return tk_raise(error, TK_QUERY_TOO_LARGE, "the text of node %u has more than %d bytes",
                        (unsigned)number, TK_SQL_MAX);
    }
    node->text_len = len;
    node->text = NULL;
    if (len != 0) {
        const char *text = NULL;
        memcpy(&text, from + offsetof(takeo_node, text), sizeof text);
        node->text = tk_arena_copy(compiler->arena, text, len);
        if (node->text == NULL) {
            return tk_raise_memory(error);
        }
    }
    return TAKEO_DONE;
}

/* One tk_param for each number up to the largest. */
static takeo_status count_params(tk_compiler *compiler) {
    uint32_t most = 0;
    for (uint32_t i = 1; i <= compiler->count; i++) {
        const takeo_node *node = &compiler->nodes[i];
        if (node->kind == TAKEO_NODE_PARAM && node->ref > TK_PARAM_MAX) {
            tk_finding(compiler, i, TK_QUERY_TOO_LARGE, "more than %d parameters", TK_PARAM_MAX);
        } else if (node->kind == TAKEO_NODE_PARAM && node->ref > most) {
            most = node->ref;
        }
    }
    if (compiler->status != 0) {
        return compiler->status;
    }
    compiler->params = tk_arena_array(compiler->arena, most, sizeof *compiler->params);
    uint8_t *forms = tk_arena_array(compiler->arena, most, 1); /* 1: value, 2: list */
    if (compiler->params == NULL || forms == NULL) {
        return tk_raise_memory(compiler->error);
    }
    compiler->param_count = most;
    for (uint32_t i = 0; i < most; i++) {
        compiler->params[i].accept = tk_accept_type(TAKEO_TYPE_NONE);
        compiler->params[i].accept.is_nullable = true;
        compiler->params[i].width = 1;
    }
    for (uint32_t i = 1; i <= compiler->count; i++) {
        const takeo_node *node = &compiler->nodes[i];
        if (node->kind == TAKEO_NODE_PARAM) {
            uint8_t form = (node->flags & TAKEO_NODE_FLAG_LIST) != 0 ? 2 : 1;
            if (forms[node->ref - 1] != 0 && forms[node->ref - 1] != form) {
                tk_finding(compiler, i, TK_QUERY_SHAPE,
                           "parameter %u is a list in one place and a value in another",
                           (unsigned)node->ref);
            }
            forms[node->ref - 1] = form;
            compiler->params[node->ref - 1].is_used = true;
        }
    }
    return compiler->status;
}

/* ---- what describe tells --------------------------------------------------------------------- */

static takeo_column_info describe_param(const tk_param *param) {
    const tk_column *column = param->accept.column;
    takeo_column_info info = {.name = param->name,
                              .type = param->accept.type,
                              .element = param->accept.element,
                              .flags = param->accept.is_nullable ? TAKEO_COLUMN_NULLABLE : 0,
                              .entity = column != NULL ? column->entity->number : 0,
                              .column = column != NULL ? column->number : 0};
    if (param->is_list) {
        info.element = info.type;
        info.type = TAKEO_TYPE_ARRAY;
    }
    if (param->accept.is_secret) {
        info.flags |= TAKEO_COLUMN_SECRET;
    }
    return info;
}

static takeo_column_info describe_cell(const tk_cell_info *cell) {
    return (takeo_column_info){
        .name = cell->column != NULL ? cell->column->name : tk_text(NULL, 0),
        .type = cell->type,
        .element = cell->element,
        .flags = (cell->may_be_null ? TAKEO_COLUMN_NULLABLE : 0u)
                 | (cell->is_duration ? TAKEO_COLUMN_DURATION : 0u)
                 | (cell->column != NULL ? cell->column->flags & TAKEO_COLUMN_SECRET : 0u),
        .entity = cell->column != NULL ? cell->column->entity->number : 0,
        .column = cell->column != NULL ? cell->column->number : 0};
}

/* Paths of what comes with a part, each ended by 0: `prefix` leads to it. */
static bool add_paths(const tk_statement *statement, uint32_t part, const uint32_t *prefix,
                      uint32_t depth, tk_vec *out);

static bool add_path(const tk_statement *statement, uint32_t part, const tk_relation *relation,
                     const uint32_t *prefix, uint32_t depth, tk_vec *out) {
    uint32_t path[TK_LOAD_DEPTH_MAX + 2];
    if (depth > TK_LOAD_DEPTH_MAX) {
        return true;
    }
    if (depth != 0) {
        memcpy(path, prefix, depth * sizeof *path);
    }
    path[depth] = relation->number;
    for (uint32_t i = 0; i <= depth + 1; i++) {
        uint32_t *number = tk_vec_push(out);
        if (number == NULL) {
            return false;
        }
        *number = i <= depth ? path[i] : 0;
    }
    return add_paths(statement, part, path, depth + 1, out);
}

static bool add_paths(const tk_statement *statement, uint32_t part, const uint32_t *prefix,
                      uint32_t depth, tk_vec *out) {
    for (uint32_t i = 0; i < statement->part_count; i++) {
        const tk_part *child = &statement->parts[i];
        if (child->parent == part
            && !add_path(statement, i + 1, child->relation, prefix, depth, out)) {
            return false;
        }
    }
    for (uint32_t i = 0; i < statement->load_count; i++) {
        const tk_load *load = &statement->loads[i];
        if (load->part == part
            && !add_path(load->statement, 1, load->relation, prefix, depth, out)) {
            return false;
        }
    }
    return true;
}

static takeo_status describe_outputs(tk_compiler *compiler) {
    tk_statement *statement = compiler->statement;
    takeo_output_info *infos =
        tk_arena_array(compiler->arena, statement->output_count, sizeof *infos);
    bool is_done = infos != NULL;
    for (uint32_t i = 0; is_done && i < statement->output_count; i++) {
        const tk_output *output = &statement->outputs[i];
        infos[i].label = output->label;
        if (output->part == 0) {
            infos[i].column = output->cell + 1;
            continue;
        }
        infos[i].entity = statement->parts[output->part - 1].entity->number;
        tk_vec paths;
        tk_vec_init(&paths, statement->alloc, sizeof(uint32_t));
        is_done = add_paths(statement, output->part, NULL, 0, &paths);
        uint32_t *load = tk_arena_array(compiler->arena, paths.count, sizeof *load);
        is_done = is_done && load != NULL;
        if (is_done && paths.count != 0) {
            memcpy(load, paths.items, paths.count * sizeof *load);
        }
        infos[i].load = load;
        infos[i].load_count = (uint32_t)paths.count;
        tk_vec_done(&paths);
    }
    statement->output_infos = infos;
    return is_done ? TAKEO_DONE : tk_raise_memory(compiler->error);
}

static takeo_status describe(tk_compiler *compiler) {
    tk_statement *statement = compiler->statement;
    takeo_column_info *params =
        tk_arena_array(compiler->arena, compiler->param_count, sizeof *params);
    takeo_column_info *cells =
        tk_arena_array(compiler->arena, statement->cell_count, sizeof *cells);
    if (params == NULL || cells == NULL) {
        return tk_raise_memory(compiler->error);
    }
    for (uint32_t i = 0; i < compiler->param_count; i++) {
        params[i] = describe_param(&compiler->params[i]);
    }
    for (uint32_t i = 0; i < statement->cell_count; i++) {
        cells[i] = describe_cell(&statement->cells[i]);
    }
    for (uint32_t i = 0; i < statement->output_count; i++) {
        const tk_output *output = &statement->outputs[i];
        if (output->part == 0 && output->label.len != 0) {
            cells[output->cell].name = output->label;
        }
    }
    statement->parameter_infos = params;
    statement->column_infos = cells;
    return describe_outputs(compiler);
}

/* ---- compile --------------------------------------------------------------------------------- */

static takeo_status run_passes(tk_compiler *compiler) {
    TK_TRY(tk_compile_check(compiler));
    TK_TRY(count_params(compiler));
    compiler->statement->params = compiler->params;
    compiler->statement->param_count = compiler->param_count;
    TK_TRY(tk_compile_bind(compiler));
    tk_compile_places(compiler);
    TK_TRY(tk_compile_scopes(compiler));
    TK_TRY(tk_compile_shape(compiler));
    return describe(compiler);
}

static takeo_status compile(tk_compiler *compiler, const takeo_statement_def *def) {
    compiler->count = def->node_count;
    compiler->flags = def->flags;
    compiler->entity = def->entity;
    compiler->nodes =
        tk_arena_array(compiler->arena, (size_t)def->node_count + 1, sizeof *compiler->nodes);
    compiler->notes =
        tk_arena_array(compiler->arena, (size_t)def->node_count + 1, sizeof *compiler->notes);
    compiler->bound = tk_arena_array(compiler->arena, 1, sizeof *compiler->bound);
    if (compiler->nodes == NULL || compiler->notes == NULL || compiler->bound == NULL) {
        return tk_raise_memory(compiler->error);
    }
    for (uint32_t i = 1; i <= def->node_count; i++) {
        TK_TRY(copy_node(compiler, def, i, compiler->error));
    }
    compiler->bound->notes = compiler->notes;
    tk_statement *statement = compiler->statement;
    statement->nodes = compiler->nodes;
    statement->node_count = def->node_count;
    statement->bound = compiler->bound;
    return run_passes(compiler);
}

takeo_status tk_statement_compile(tk_model *model, const takeo_statement_def *def, tk_alloc alloc,
                                  tk_statement **out, tk_error *error) {
    takeo_statement_def known = {0};
    TK_TRY(read_def(def, &known, error));
    if (model != NULL && !model->is_frozen) {
        return tk_raise(error, TK_CALL_STATE,
                        "the model must be frozen before statements are made");
    }
    tk_statement *statement = tk_mem_new(&alloc, sizeof *statement);
    if (statement == NULL) {
        return tk_raise_memory(error);
    }
    statement->alloc = alloc;
    tk_arena_init(&statement->arena, alloc);
    statement->references = 1;
    statement->id = tk_statement_next_id();
    statement->model = model != NULL ? tk_model_hold(model) : NULL;
    tk_compiler compiler = {
        .model = model, .statement = statement, .arena = &statement->arena, .error = error};
    takeo_status status = compile(&compiler, &known);
    if (status < 0) {
        tk_statement_drop(statement);
        return status;
    }
    *out = statement;
    return TAKEO_DONE;
}

tk_statement *tk_statement_hold(tk_statement *statement) {
    __atomic_add_fetch(&statement->references, 1, __ATOMIC_RELAXED);
    return statement;
}

void tk_statement_drop(tk_statement *statement) {
    if (statement == NULL || __atomic_sub_fetch(&statement->references, 1, __ATOMIC_ACQ_REL) != 0) {
        return;
    }
    for (uint32_t i = 0; i < statement->load_count; i++) { /* as deep as the paths that load */
        tk_statement_drop(statement->loads[i].statement);
    }
    for (size_t i = 0; i < TK_DIALECT_COUNT; i++) {
        tk_text_free(&statement->alloc, statement->texts[i]);
    }
    tk_alloc alloc = statement->alloc;
    tk_model *model = statement->model;
    tk_arena_done(&statement->arena);
    tk_mem_free(&alloc, statement, sizeof *statement);
    tk_model_drop(model);
}
