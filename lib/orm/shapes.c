/* shapes.c - statements that the ORM makes for itself, kept with the source by their shape.
 *
 * The same save, find or get of any thread finds the statement made before.  There are at most
 * 1024; when one more comes, all go, for whoever runs one holds it.  Statements by key have a place
 * of their own, found without the lock.
 */
#include "orm/orm_int.h"

enum { SHAPES_MAX = 1024 };

typedef struct shape {
    tk_statement *statement;
    size_t size; /* of this with its key */
} shape;

struct tk_shapes {
    tk_alloc alloc;
    tk_mutex *mutex;
    tk_map map; /* key -> shape */
    const tk_dialect *dialect;
    uint32_t entity_count;
    tk_statement **gets; /* by number of the entity; atomic */
};

static void drop_shapes(tk_shapes *shapes) {
    for (size_t i = 0; i < shapes->map.entry_count; i++) {
        shape *entry = shapes->map.entries[i].value;
        if (entry != NULL) {
            tk_statement_drop(entry->statement);
            tk_mem_free(&shapes->alloc, entry, entry->size);
        }
    }
    tk_map_clear(&shapes->map);
}

static void free_shapes(tk_shapes *shapes) {
    tk_alloc alloc = shapes->alloc;
    drop_shapes(shapes);
    tk_map_done(&shapes->map);
    for (uint32_t i = 0; shapes->gets != NULL && i < shapes->entity_count; i++) {
        tk_statement_drop(shapes->gets[i]);
    }
    tk_mem_free(&alloc, shapes->gets, shapes->entity_count * sizeof(tk_statement *));
    if (shapes->mutex != NULL) {
        tk_mutex_free(&alloc, shapes->mutex);
    }
    tk_mem_free(&alloc, shapes, sizeof *shapes);
}

static void detach(void *attached) {
    free_shapes(attached);
}

static tk_shapes *new_shapes(const tk_source *source) {
    tk_shapes *shapes = tk_mem_new(&source->alloc, sizeof *shapes);
    if (shapes == NULL) {
        return NULL;
    }
    shapes->alloc = source->alloc;
    tk_map_init(&shapes->map, source->alloc);
    shapes->dialect = tk_dialect_find(source->driver->dialect);
    uint32_t count = source->model != NULL ? source->model->entity_count : 0;
    shapes->entity_count = count;
    shapes->mutex = tk_mutex_new(&shapes->alloc);
    shapes->gets = count != 0 ? tk_mem_new(&shapes->alloc, count * sizeof(tk_statement *)) : NULL;
    if (shapes->mutex == NULL || (count != 0 && shapes->gets == NULL)) {
        free_shapes(shapes);
        return NULL;
    }
    return shapes;
}

takeo_status tk_shapes_of(tk_source *source, tk_shapes **out, tk_error *error) {
    tk_shapes *shapes = __atomic_load_n(&source->attached, __ATOMIC_ACQUIRE);
    if (TK_LIKELY(shapes != NULL)) {
        *out = shapes;
        return TAKEO_DONE;
    }
    shapes = new_shapes(source);
    if (shapes == NULL) {
        return tk_raise_memory(error);
    }
    tk_mutex_lock(source->mutex);
    if (source->attached == NULL) {
        source->detach = detach;
        __atomic_store_n(&source->attached, shapes, __ATOMIC_RELEASE);
        *out = shapes;
        shapes = NULL;
    } else {
        *out = source->attached;
    }
    tk_mutex_unlock(source->mutex);
    if (shapes != NULL) { /* another thread was faster */
        free_shapes(shapes);
    }
    return TAKEO_DONE;
}

static tk_statement *find_shape(tk_shapes *shapes, takeo_text key) {
    tk_mutex_lock(shapes->mutex);
    shape *entry = tk_map_get(&shapes->map, key.data, key.len);
    tk_statement *found = entry != NULL ? tk_statement_hold(entry->statement) : NULL;
    tk_mutex_unlock(shapes->mutex);
    return found;
}

/* Without memory it is not kept; the next one makes it again. */
static void keep_shape(tk_shapes *shapes, takeo_text key, tk_statement *statement) {
    size_t size = sizeof(shape) + key.len;
    shape *entry = tk_mem_new(&shapes->alloc, size);
    if (entry == NULL) {
        return;
    }
    entry->size = size;
    memcpy(entry + 1, key.data, key.len);
    tk_mutex_lock(shapes->mutex);
    if (shapes->map.count >= SHAPES_MAX) {
        drop_shapes(shapes);
    }
    if (tk_map_get(&shapes->map, key.data, key.len) == NULL
        && tk_map_put(&shapes->map, entry + 1, key.len, entry)) {
        entry->statement = tk_statement_hold(statement);
        entry = NULL;
    }
    tk_mutex_unlock(shapes->mutex);
    if (entry != NULL) {
        tk_mem_free(&shapes->alloc, entry, size);
    }
}

takeo_status tk_shapes_get(tk_source *source, takeo_text key, tk_shape_maker make,
                           const void *context, tk_statement **out, tk_error *error) {
    tk_shapes *shapes = NULL;
    TK_TRY(tk_shapes_of(source, &shapes, error));
    tk_statement *statement = find_shape(shapes, key);
    if (statement == NULL) {
        TK_TRY(make(context, shapes->alloc, &statement, error));
        keep_shape(shapes, key, statement);
    }
    *out = statement;
    return TAKEO_DONE;
}

takeo_status tk_shapes_dialect(tk_source *source, const tk_dialect **out, tk_error *error) {
    tk_shapes *shapes = NULL;
    TK_TRY(tk_shapes_of(source, &shapes, error));
    if (shapes->dialect == NULL) {
        return tk_raise(error, TK_CALL_INTERNAL, "there is no dialect %s", source->driver->dialect);
    }
    *out = shapes->dialect;
    return TAKEO_DONE;
}

takeo_status tk_shapes_render(tk_source *source, tk_statement *statement, const tk_sql **out,
                              tk_error *error) {
    const tk_dialect *dialect = NULL;
    TK_TRY(tk_shapes_dialect(source, &dialect, error));
    return tk_statement_render(statement, dialect, out, error);
}

takeo_status tk_orm_get_statement(tk_source *source, const tk_entity *entity, tk_statement **out,
                                  tk_error *error) {
    tk_shapes *shapes = NULL;
    TK_TRY(tk_shapes_of(source, &shapes, error));
    if (source->model == NULL || entity->model != source->model) {
        return tk_raise(error, TK_INPUT_ENTITY, "%s is no entity of this data source",
                        entity->name.data);
    }
    tk_statement **place = &shapes->gets[entity->number - 1];
    tk_statement *statement = __atomic_load_n(place, __ATOMIC_ACQUIRE);
    if (TK_UNLIKELY(statement == NULL)) {
        tk_statement *made;
        TK_TRY(tk_shape_get(entity, shapes->alloc, &made, error));
        if (__atomic_compare_exchange_n(place, &statement, made, false, __ATOMIC_ACQ_REL,
                                        __ATOMIC_ACQUIRE)) {
            statement = made;
        } else {
            tk_statement_drop(made);
        }
    }
    *out = statement;
    return TAKEO_DONE;
}
