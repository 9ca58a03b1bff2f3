/* identity.c - the same row twice in one result is one object: keys -> objects, for one run.
 *
 * A key is written as bytes that are equal when the key is: numbers and UUIDs as they are, texts
 * with their length before them.  It must not know what an object is.
 */
#include "host/host_int.h"

enum { SMALL = 64 };

size_t tk_key_write(const takeo_cell *cell, char *out) {
    const tk_type_info *info = tk_type_info_of(cell->type);
    uint8_t form = info != NULL && !tk_cell_is_null(cell) ? info->form : (uint8_t)TK_FORM_NONE;
    if (form == TK_FORM_TEXT) {
        size_t len = cell->type == TAKEO_TYPE_BITS ? (cell->v.text.len + 7) / 8 : cell->v.text.len;
        if (out != NULL) {
            memcpy(out, &cell->v.text.len, sizeof cell->v.text.len);
            if (len != 0) {
                memcpy(out + sizeof cell->v.text.len, cell->v.text.data, len);
            }
        }
        return sizeof cell->v.text.len + len;
    }
    size_t size = form == TK_FORM_UUID || form == TK_FORM_SPAN ? 16 : form == TK_FORM_NONE ? 0 : 8;
    if (out != NULL && size != 0) {
        memcpy(out, &cell->v, size);
    }
    return size;
}

static size_t write_key(const tk_plan_part *part, const takeo_cell *cells, char *out) {
    size_t size = 0;
    for (uint32_t i = 0; i < part->shape.entity->key_count; i++) {
        size += tk_key_write(&cells[part->shape.key_cells[i]], out != NULL ? out + size : NULL);
    }
    return size;
}

tk_known *tk_identity_find(tk_map *map, const tk_plan_part *part, const takeo_cell *cells,
                           tk_arena *arena) {
    char small[SMALL] = {0};
    size_t size = write_key(part, cells, NULL);
    char *key = size <= SMALL ? small : tk_arena_take(arena, size);
    if (key == NULL) {
        return NULL;
    }
    write_key(part, cells, key);
    tk_known *known = tk_map_get(map, key, size);
    if (known != NULL) {
        return known;
    }
    known = tk_arena_take(arena, sizeof *known + (key == small ? size : 0));
    if (known == NULL) {
        return NULL;
    }
    *known = (tk_known){0};
    if (key == small) {
        key = memcpy(known + 1, small, size);
    }
    return tk_map_put(map, key, size, known) ? known : NULL;
}
