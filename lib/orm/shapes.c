/* shapes.c - statements that the ORM makes for itself, kept with the source by their shape.
 *
 * The same save, find or get of any thread finds the statement made before.  Each key has a place,
 * and the first statement made for a place stays there as long as the source: it is found without
 * the lock.  The others stand in a map, at most 1024; when one more comes, all of the map go, for
 * whoever runs one holds it.  Statements that read by key have places of their own.
 */
#include "orm/orm_int.h"

enum { SHAPES_MAX = 1024, PLACES = 128 /* a power of two */ };

typedef struct shape {
    tk_statement *statement;
    uint64_t hash;
    size_t key_len; /* the key stands behind this */
} shape;

typedef struct tk_shapes { /* what the source keeps; made on first use */
    tk_alloc alloc;
    tk_mutex *mutex;
    tk_map map; /* key -> shape */
    const tk_dialect *dialect;
    uint32_t entity_count;
    tk_statement **gets;   /* by number of the entity; atomic */
    shape *places[PLACES]; /* by hash of the key; atomic */
} tk_shapes;

static void free_shape(const tk_shapes *shapes, shape *entry) {
    if (entry != NULL) {
        tk_statement_drop(entry->statement);
        tk_mem_free(&shapes->alloc, entry, sizeof *entry + entry->key_len);
    }
}

static void drop_shapes(tk_shapes *shapes) {
    for (size_t i = 0; i < shapes->map.entry_count; i++) {
        free_shape(shapes, shapes->map.entries[i].value);
    }
    tk_map_clear(&shapes->map);
}

static void free_shapes(tk_shapes *shapes) {
    tk_alloc alloc = shapes->alloc;
    drop_shapes(shapes);
    tk_map_done(&shapes->map);
    for (size_t i = 0; i < PLACES; i++) {
        free_shape(shapes, shapes->places[i]);
    }
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

static TK_APART tk_shapes *make_shapes(tk_source *source, tk_error *error) {
    tk_shapes *made = new_shapes(source);
    if (made == NULL) {
        tk_raise_memory(error);
        return NULL;
    }
    tk_mutex_lock(source->mutex);
    tk_shapes *shapes = source->attached;
    if (shapes == NULL) {
        source->detach = detach;
        __atomic_store_n(&source->attached, made, __ATOMIC_RELEASE);
        shapes = made;
    }
    tk_mutex_unlock(source->mutex);
    if (shapes != made) { /* another thread was faster */
        free_shapes(made);
    }
    return shapes;
}

/* NULL: there is no memory. */
static inline tk_shapes *shapes_of(tk_source *source, tk_error *error) {
    tk_shapes *shapes = __atomic_load_n(&source->attached, __ATOMIC_ACQUIRE);
    return TK_LIKELY(shapes != NULL) ? shapes : make_shapes(source, error);
}

static inline shape **place_of(tk_shapes *shapes, uint64_t hash) {
    return &shapes->places[hash & (PLACES - 1)];
}

/* One reference to the statement of a key; NULL: there is none yet. */
static tk_statement *find_shape(tk_shapes *shapes, takeo_text key, uint64_t hash) {
    const shape *first = __atomic_load_n(place_of(shapes, hash), __ATOMIC_ACQUIRE);
    if (TK_LIKELY(first != NULL && first->hash == hash && first->key_len == key.len
                  && memcmp(first + 1, key.data, key.len) == 0)) {
        return tk_statement_hold(first->statement);
    }
    tk_mutex_lock(shapes->mutex);
    shape *entry = tk_map_get(&shapes->map, key.data, key.len);
    tk_statement *found = entry != NULL ? tk_statement_hold(entry->statement) : NULL;
    tk_mutex_unlock(shapes->mutex);
    return found;
}

static bool keep_in_map(tk_shapes *shapes, shape *entry) {
    tk_mutex_lock(shapes->mutex);
    if (shapes->map.count >= SHAPES_MAX) {
        drop_shapes(shapes);
    }
    bool is_kept = tk_map_get(&shapes->map, entry + 1, entry->key_len) == NULL
                   && tk_map_put(&shapes->map, entry + 1, entry->key_len, entry);
    tk_mutex_unlock(shapes->mutex);
    return is_kept;
}

/* Without memory it is not kept; the next one makes it again. */
static void keep_shape(tk_shapes *shapes, takeo_text key, uint64_t hash, tk_statement *statement) {
    shape *entry = tk_mem_new(&shapes->alloc, sizeof *entry + key.len);
    if (entry == NULL) {
        return;
    }
    entry->hash = hash;
    entry->key_len = key.len;
    entry->statement = tk_statement_hold(statement);
    memcpy(entry + 1, key.data, key.len);
    shape *nobody = NULL;
    if (!__atomic_compare_exchange_n(place_of(shapes, hash), &nobody, entry, false,
                                     __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)
        && !keep_in_map(shapes, entry)) {
        free_shape(shapes, entry);
    }
}

takeo_status tk_shapes_get(tk_source *source, takeo_text key, tk_shape_maker make,
                           const void *context, tk_statement **out, tk_error *error) {
    tk_shapes *shapes = shapes_of(source, error);
    if (shapes == NULL) {
        return TAKEO_ENOMEM;
    }
    uint64_t hash = tk_hash(key.data, key.len, 0);
    *out = find_shape(shapes, key, hash);
    if (TK_UNLIKELY(*out == NULL)) {
        TK_TRY(make(context, shapes->alloc, out, error));
        keep_shape(shapes, key, hash, *out);
    }
    return TAKEO_DONE;
}

takeo_status tk_shapes_dialect(tk_source *source, const tk_dialect **out, tk_error *error) {
    const tk_shapes *shapes = shapes_of(source, error);
    if (shapes == NULL) {
        return TAKEO_ENOMEM;
    }
    *out = shapes->dialect;
    return TK_LIKELY(*out != NULL) ? TAKEO_DONE
                                   : tk_raise(error, TK_CALL_INTERNAL, "there is no dialect %s",
                                              source->driver->dialect);
}

takeo_status tk_shapes_render(tk_source *source, tk_statement *statement, const tk_sql **out,
                              tk_error *error) {
    const tk_dialect *dialect = NULL;
    TK_TRY(tk_shapes_dialect(source, &dialect, error));
    return tk_statement_render(statement, dialect, out, error);
}

takeo_status tk_orm_get_statement(tk_source *source, const tk_entity *entity, tk_statement **out,
                                  tk_error *error) {
    const tk_shapes *shapes = shapes_of(source, error);
    if (shapes == NULL) {
        return TAKEO_ENOMEM;
    }
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
