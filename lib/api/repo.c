/* repo.c - takeo/repo.h: what an ORM does with objects.
 *
 * A verb that is called wrongly is refused on its operation, like every other failure of it.
 */
#include "api/api_int.h"

/* ---- finds ----------------------------------------------------------------------------------- */

static takeo_status check_find(const takeo_find *find, uint32_t known, tk_error *error) {
    TK_TRY(tk_api_check_struct(find, sizeof *find, "find", error));
    if (find == NULL) {
        return TAKEO_DONE;
    }
    TK_TRY(tk_api_check_flags(find->flags, known, "find->flags", error));
    TK_TRY(tk_api_check_array(find->where, find->where_count, "find->where", error));
    TK_TRY(tk_api_check_array(find->order, find->order_count, "find->order", error));
    TK_TRY(tk_api_check_array(find->load, find->load_count, "find->load", error));
    TK_TRY(tk_api_check_array(find->only, find->only_count, "find->only", error));
    if (find->limit < 0 || find->offset < 0) {
        return tk_raise(error, TK_CALL_INVALID, "find->%s is below zero.",
                        find->limit < 0 ? "limit" : "offset");
    }
    return TAKEO_DONE;
}

/* Entities are numbers of the source's model. */
static takeo_status check_entity(const tk_op *op, uint32_t entity, tk_error *error) {
    const tk_model *model = op->source->model;
    if (model == NULL) {
        return tk_raise(error, TK_CALL_INVALID, "entity: the source has no model.");
    }
    return tk_model_entity(model, entity) != NULL
               ? TAKEO_DONE
               : tk_raise(error, TK_CALL_INVALID, "entity: %u is none of the model's %u.", entity,
                          model->entity_count);
}

static takeo_status check_get(const tk_op *op, uint32_t entity, const takeo_cell *keys,
                              uint32_t count, tk_error *error) {
    TK_TRY(check_entity(op, entity, error));
    return tk_api_check_array(keys, count, "keys", error);
}

TAKEO_API takeo_status takeo_repo_get(takeo_op *op, takeo_target *target, uint32_t entity,
                                      const takeo_cell *keys, uint32_t count) {
    TK_API_CHECK(op, failure, check_get(op, entity, keys, count, &failure));
    return tk_orm_get(op, target, entity, keys, count);
}

static takeo_status check_entity_find(const tk_op *op, uint32_t entity, const takeo_find *find,
                                      uint32_t known, tk_error *error) {
    TK_TRY(check_entity(op, entity, error));
    return check_find(find, known, error);
}

TAKEO_API takeo_status takeo_repo_find(takeo_op *op, takeo_target *target, uint32_t entity,
                                       const takeo_find *find) {
    TK_API_CHECK(op, failure, check_entity_find(op, entity, find, 0, &failure));
    return tk_orm_find(op, target, entity, find);
}

TAKEO_API takeo_status takeo_repo_count(takeo_op *op, uint32_t entity, const takeo_find *find) {
    TK_API_CHECK(op, failure, check_entity_find(op, entity, find, TAKEO_FIND_ALL, &failure));
    return tk_orm_count(op, entity, find);
}

TAKEO_API takeo_status takeo_repo_delete(takeo_op *op, uint32_t entity, const takeo_find *find) {
    TK_API_CHECK(op, failure, check_entity_find(op, entity, find, TAKEO_FIND_ALL, &failure));
    return tk_orm_delete(op, entity, find);
}

/* ---- writing --------------------------------------------------------------------------------- */

static takeo_status check_list(const tk_op *op, const takeo_list *list, const char *name,
                               tk_error *error) {
    TK_TRY(tk_api_check_array(list->items, list->count, name, error));
    TK_TRY(tk_api_check_flags(list->flags, TAKEO_LIST_LOADED, name, error));
    return check_entity(op, list->entity, error);
}

static takeo_status check_lists(const tk_op *op, const takeo_list *lists, uint32_t list_count,
                                tk_error *error) {
    TK_TRY(tk_api_check_array(lists, list_count, "lists", error));
    for (uint32_t i = 0; i < list_count; i++) {
        TK_TRY(check_list(op, &lists[i], "lists[]", error));
    }
    return TAKEO_DONE;
}

static takeo_status check_save(const takeo_save_options *options, tk_error *error) {
    TK_TRY(tk_api_check_struct(options, sizeof *options, "options", error));
    if (options == NULL) {
        return TAKEO_DONE;
    }
    TK_TRY(tk_api_check_flags(options->flags, 0, "options->flags", error));
    if (options->reserved != 0) {
        return tk_raise(error, TK_CALL_INVALID, "options->reserved is not 0.");
    }
    return tk_api_check_array(options->columns, options->column_count, "options->columns", error);
}

static takeo_status check_write(const tk_op *op, const takeo_list *lists, uint32_t list_count,
                                const takeo_save_options *options, tk_error *error) {
    TK_TRY(check_lists(op, lists, list_count, error));
    return check_save(options, error);
}

static takeo_status write_lists(takeo_op *op, tk_verb verb, takeo_target *target,
                                const takeo_list *lists, uint32_t list_count,
                                const takeo_save_options *options) {
    TK_API_CHECK(op, failure, check_write(op, lists, list_count, options, &failure));
    const uint32_t *columns = options != NULL ? options->columns : NULL;
    uint32_t column_count = options != NULL ? options->column_count : 0;
    return tk_orm_write_lists(op, verb, target, lists, list_count, columns, column_count, NULL);
}

/* Verbs that take the same and differ in what is done with the objects. */
#define WRITES_LISTS(name, verb)                                                                   \
    TAKEO_API takeo_status name(takeo_op *op, takeo_target *target, const takeo_list *lists,       \
                                uint32_t list_count, const takeo_save_options *options) {          \
        return write_lists(op, verb, target, lists, list_count, options);                          \
    }
WRITES_LISTS(takeo_repo_save, TK_VERB_SAVE)
WRITES_LISTS(takeo_repo_insert, TK_VERB_INSERT)
WRITES_LISTS(takeo_repo_update, TK_VERB_UPDATE)
WRITES_LISTS(takeo_repo_remove, TK_VERB_REMOVE)
#undef WRITES_LISTS

static takeo_status check_upsert(const tk_op *op, const takeo_list *lists, uint32_t list_count,
                                 const takeo_upsert_options *options, tk_error *error) {
    const uint32_t known = TAKEO_UPSERT_NOTHING | TAKEO_UPSERT_ONLY_IF_CHANGED;
    TK_TRY(check_lists(op, lists, list_count, error));
    TK_TRY(tk_api_check_given(options, "options", error));
    TK_TRY(tk_api_check_struct(options, sizeof *options, "options", error));
    TK_TRY(tk_api_check_flags(options->flags, known, "options->flags", error));
    TK_TRY(tk_api_check_array(options->columns, options->column_count, "options->columns", error));
    TK_TRY(tk_api_check_array(options->on, options->on_count, "options->on", error));
    TK_TRY(tk_api_check_array(options->update, options->update_count, "options->update", error));
    if (options->where == NULL && options->argument_count != 0) {
        return tk_raise(error, TK_CALL_INVALID,
                        "options->argument_count is not 0, but where NULL.");
    }
    return tk_api_check_array(options->arguments, options->argument_count, "options->arguments",
                              error);
}

TAKEO_API takeo_status takeo_repo_upsert(takeo_op *op, takeo_target *target,
                                         const takeo_list *lists, uint32_t list_count,
                                         const takeo_upsert_options *options) {
    TK_API_CHECK(op, failure, check_upsert(op, lists, list_count, options, &failure));
    tk_upsert upsert = {
        .on = options->on,
        .update = options->update,
        .on_count = options->on_count,
        .update_count = options->update_count,
        .nothing = (options->flags & TAKEO_UPSERT_NOTHING) != 0,
        .only_if_changed = (options->flags & TAKEO_UPSERT_ONLY_IF_CHANGED) != 0,
        .index_where = options->index_where,
        .where = options->where,
        .arguments = options->arguments,
        .argument_count = options->argument_count,
    };
    return tk_orm_write_lists(op, TK_VERB_UPSERT, target, lists, list_count, options->columns,
                              options->column_count, &upsert);
}

/* ---- loading --------------------------------------------------------------------------------- */

typedef struct objects { /* a list as the array of pointers that the ORM takes */
    void *const *items;
    void **made; /* to be freed; NULL: the caller's own array */
    size_t made_size;
    const tk_layout *layout;
} objects;

static takeo_status check_objects(const tk_op *op, const takeo_target *target,
                                  const takeo_list *list, const uint32_t *numbers, uint32_t count,
                                  tk_error *error) {
    TK_TRY(tk_api_check_given(target, "target", error));
    TK_TRY(tk_api_check_given(list, "list", error));
    TK_TRY(check_list(op, list, "list", error));
    return tk_api_check_array(numbers, count, "columns or paths", error);
}

static takeo_status take_objects(tk_op *op, const takeo_target *target, const takeo_list *list,
                                 const uint32_t *numbers, uint32_t count, objects *out,
                                 tk_error *error) {
    TK_TRY(check_objects(op, target, list, numbers, count, error));
    const tk_entity *entity = tk_model_entity(op->source->model, list->entity);
    *out = (objects){.layout = tk_target_layout(target, entity)};
    if (out->layout == NULL) {
        return tk_raise(error, TK_INPUT_ENTITY, "The target has no layout for %.*s.",
                        (int)entity->name.len, entity->name.data);
    }
    if (list->stride == 0) {
        out->items = list->items;
        return TAKEO_DONE;
    }
    out->made_size = ((size_t)list->count + 1) * sizeof *out->made;
    out->made = tk_mem_new(&op->alloc, out->made_size);
    if (out->made == NULL) {
        return tk_raise_memory(error);
    }
    for (uint32_t i = 0; i < list->count; i++) {
        out->made[i] = (char *)list->items + (size_t)i * list->stride;
    }
    out->items = out->made;
    return TAKEO_DONE;
}

/* The run borrows the array; a start that was refused does not. */
static takeo_status hand_over(tk_op *op, const objects *taken, takeo_status status) {
    if (status >= 0) {
        tk_op_keep(op, taken->made, taken->made_size);
    } else {
        tk_mem_free(&op->alloc, taken->made, taken->made_size);
    }
    return status;
}

TAKEO_API takeo_status takeo_repo_load(takeo_op *op, takeo_target *target, const takeo_list *list,
                                       const uint32_t *paths, uint32_t path_count) {
    objects taken;
    TK_API_CHECK(op, failure, take_objects(op, target, list, paths, path_count, &taken, &failure));
    return hand_over(
        op, &taken,
        tk_orm_load(op, target, taken.layout, taken.items, list->count, paths, path_count, false));
}

TAKEO_API takeo_status takeo_repo_reload(takeo_op *op, takeo_target *target, const takeo_list *list,
                                         const uint32_t *columns, uint32_t column_count) {
    objects taken;
    TK_API_CHECK(op, failure,
                 take_objects(op, target, list, columns, column_count, &taken, &failure));
    return hand_over(
        op, &taken,
        tk_orm_reload(op, target, taken.layout, taken.items, list->count, columns, column_count));
}
