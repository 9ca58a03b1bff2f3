/* model.c - takeo/model.h: definitions in, a frozen model out. */
#include "api/api_int.h"

static takeo_status make(const takeo_model_options *options, takeo_model **out, tk_error *error) {
    TK_TRY(tk_api_check_given(out, "out", error));
    TK_TRY(tk_api_check_struct(options, sizeof *options, "options", error));
    if (options != NULL) {
        TK_TRY(tk_api_check_flags(options->flags, 0, "options->flags", error));
        TK_TRY(tk_api_check_struct(options->allocator, sizeof *options->allocator,
                                   "options->allocator", error));
    }
    return tk_model_new(options, out, error);
}

TAKEO_API takeo_status takeo_model_new(const takeo_model_options *options, takeo_model **out,
                                       takeo_error **error) {
    tk_error failure;
    tk_error_init(&failure, tk_alloc_default);
    return tk_api_end(&failure, make(options, out, &failure), error);
}

static takeo_status add(takeo_model *model, const takeo_entity_def *entities, uint32_t count,
                        tk_error *error) {
    TK_TRY(tk_api_check_given(model, "model", error));
    TK_TRY(tk_api_check_process(model->process_id, "model", error));
    TK_TRY(tk_api_check_array(entities, count, "entities", error));
    if (count == 0) {
        return TAKEO_DONE;
    }
    return tk_model_add(model, entities, count, error);
}

TAKEO_API takeo_status takeo_model_add(takeo_model *model, const takeo_entity_def *entities,
                                       uint32_t count, takeo_error **error) {
    tk_error failure;
    tk_error_init(&failure, tk_alloc_default);
    return tk_api_end(&failure, add(model, entities, count, &failure), error);
}

static takeo_status freeze(takeo_model *model, tk_error *error) {
    TK_TRY(tk_api_check_given(model, "model", error));
    TK_TRY(tk_api_check_process(model->process_id, "model", error));
    return tk_model_freeze(model, error);
}

TAKEO_API takeo_status takeo_model_freeze(takeo_model *model, takeo_error **error) {
    tk_error failure;
    tk_error_init(&failure, tk_alloc_default);
    return tk_api_end(&failure, freeze(model, &failure), error);
}

TAKEO_API uint32_t takeo_model_find(const takeo_model *model, uint32_t entity, const char *name,
                                    size_t name_len) {
    if (model == NULL || name == NULL || !model->is_frozen) {
        return 0;
    }
    size_t len = tk_len(name, name_len);
    const tk_entity *found =
        entity == 0 ? tk_model_find_entity(model, name, len) : tk_model_entity(model, entity);
    if (found == NULL || entity == 0) {
        return found != NULL ? found->number : 0;
    }
    const tk_column *column = tk_entity_find_column(found, name, len);
    const tk_relation *relation = tk_entity_find_relation(found, name, len);
    return column != NULL ? column->number : relation != NULL ? relation->number : 0;
}

static takeo_status describe(const takeo_model *model, takeo_text *out, tk_error *error) {
    TK_TRY(tk_api_check_given(model, "model", error));
    TK_TRY(tk_api_check_given(out, "out", error));
    TK_TRY(tk_api_check_frozen(model, error));
    *out = model->description;
    return TAKEO_DONE;
}

TAKEO_API takeo_status takeo_model_describe(const takeo_model *model, takeo_text *out,
                                            takeo_error **error) {
    tk_error failure;
    tk_error_init(&failure, tk_alloc_default);
    return tk_api_end(&failure, describe(model, out, &failure), error);
}

TAKEO_API void takeo_model_free(takeo_model *model) {
    tk_model_drop(model);
}
