/* statement.c - takeo/statement.h: statements.  The builder is in builder.c. */
#include "api/api_int.h"

static takeo_status compile(takeo_model *model, const takeo_statement_def *def,
                            takeo_statement **out, tk_error *error) {
    TK_TRY(tk_api_check_given(model, "model", error));
    TK_TRY(tk_api_check_given(def, "def", error));
    TK_TRY(tk_api_check_given(out, "out", error));
    TK_TRY(tk_api_check_frozen(model, error));
    TK_TRY(tk_api_check_struct(def, sizeof *def, "def", error));
    TK_TRY(tk_api_check_flags(def->flags, 0, "def->flags", error));
    TK_TRY(tk_api_check_array(def->nodes, def->node_count, "def->nodes", error));
    if (def->reserved != 0) {
        return tk_raise(error, TK_CALL_INVALID, "def->reserved is not 0.");
    }
    return tk_statement_compile(model, def, model->alloc, out, error);
}

TAKEO_API takeo_status takeo_statement_compile(takeo_model *model, const takeo_statement_def *def,
                                               takeo_statement **out, takeo_error **error) {
    tk_error failure;
    tk_error_init(&failure, tk_alloc_default);
    return tk_api_end(&failure, compile(model, def, out, &failure), error);
}

static takeo_status make_sql(takeo_model *model, const char *text, size_t text_len,
                             takeo_statement **out, tk_error *error) {
    TK_TRY(tk_api_check_given(text, "text", error));
    TK_TRY(tk_api_check_given(out, "out", error));
    if (model != NULL) {
        TK_TRY(tk_api_check_frozen(model, error));
    }
    tk_alloc alloc = model != NULL ? model->alloc : tk_alloc_default;
    return tk_statement_sql(model, text, tk_len(text, text_len), alloc, out, error);
}

TAKEO_API takeo_status takeo_statement_sql(takeo_model *model, const char *text, size_t text_len,
                                           takeo_statement **out, takeo_error **error) {
    tk_error failure;
    tk_error_init(&failure, tk_alloc_default);
    return tk_api_end(&failure, make_sql(model, text, text_len, out, &failure), error);
}

static takeo_status check_run(const tk_op *op, const takeo_statement *statement,
                              const takeo_cell *arguments, uint32_t count, tk_error *error) {
    TK_TRY(tk_api_check_given(statement, "statement", error));
    TK_TRY(tk_api_check_array(arguments, count, "arguments", error));
    if (statement->model != NULL && statement->model != op->source->model) {
        return tk_raise(error, TK_CALL_INVALID,
                        "statement: it was made for another model than that of the source.");
    }
    return TAKEO_DONE;
}

TAKEO_API takeo_status takeo_statement_run(takeo_op *op, takeo_statement *statement,
                                           takeo_target *target, const takeo_cell *arguments,
                                           uint32_t count) {
    TK_API_CHECK(op, failure, check_run(op, statement, arguments, count, &failure));
    return tk_orm_statement(op, statement, target, arguments, count);
}

TAKEO_API takeo_status takeo_statement_describe(const takeo_statement *statement,
                                                takeo_statement_info *out) {
    if (statement == NULL || !tk_api_is_room(out, sizeof *out)) {
        return TAKEO_EINVAL;
    }
    takeo_statement_info info = {
        .struct_size = sizeof info,
        .kind = statement->kind,
        .entity = statement->entity != NULL ? statement->entity->number : 0,
        .parameter_count = statement->param_count,
        .column_count = statement->cell_count,
        .parameters = statement->parameter_infos,
        .columns = statement->column_infos,
        .outputs = statement->output_infos,
        .output_count = statement->output_count,
    };
    tk_api_fill(out, &info, sizeof info);
    return TAKEO_DONE;
}

static takeo_status render(takeo_statement *statement, const char *dialect, takeo_text *out,
                           tk_error *error) {
    TK_TRY(tk_api_check_given(statement, "statement", error));
    TK_TRY(tk_api_check_given(dialect, "dialect", error));
    TK_TRY(tk_api_check_given(out, "out", error));
    const tk_dialect *found = tk_dialect_find(dialect);
    if (found == NULL) {
        return tk_raise(error, TK_CALL_UNSUPPORTED, "dialect: \"%s\" is none of this library.",
                        dialect);
    }
    const tk_sql *sql;
    TK_TRY(tk_statement_render(statement, found, &sql, error));
    *out = tk_text(sql->text, sql->len);
    return TAKEO_DONE;
}

TAKEO_API takeo_status takeo_statement_render(takeo_statement *statement, const char *dialect,
                                              takeo_text *out, takeo_error **error) {
    tk_error failure;
    tk_error_init(&failure, tk_alloc_default);
    return tk_api_end(&failure, render(statement, dialect, out, &failure), error);
}

TAKEO_API void takeo_statement_free(takeo_statement *statement) {
    tk_statement_drop(statement);
}
