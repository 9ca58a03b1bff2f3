/* arguments.c - the arguments of an execution as libpq takes them: pointers, lengths and formats.
 *
 * Before a statement's first run nothing is known of its parameters, so all goes as text.  From then
 * on a parameter goes in binary when its cell has such a form; that is found out once and holds for
 * as long as cells of one type come.  The memory belongs to the server and is used again.
 *
 * It must not know when, or how, something is sent.
 */
#include <limits.h>

#include "driver/postgresql/postgresql_int.h"

enum {
    KEPT_BYTES = 1 << 20, /* more is not kept for the next execution */
    FIRST_VALUES = 16,
    OID_BYTEA = 17,
    OID_TEXT = 25,
    OID_BPCHAR = 1042,
    OID_VARCHAR = 1043
};

/* ---- how a cell goes ------------------------------------------------------------------------- */

static takeo_type element_of(const takeo_cell *cell) {
    for (size_t i = 0; cell->type == TAKEO_TYPE_ARRAY && i < cell->v.list.count; i++) {
        const takeo_cell *element = &cell->v.list.cells[i];
        if (!tk_cell_is_null(element)) {
            return element->type == TAKEO_TYPE_ARRAY ? element_of(element) : element->type;
        }
    }
    return TAKEO_TYPE_NONE;
}

void tk_pg_bind(tk_pg_binding *binding, const takeo_cell *cell) {
    takeo_type element = element_of(cell);
    if (binding->type == cell->type && binding->element == element) {
        return;
    }
    binding->type = cell->type;
    binding->element = element;
    binding->is_binary = !binding->holds_lists && tk_pg_encodes(cell->type, element, binding->oid);
    const tk_pg_type *server = tk_pg_type_of(binding->oid);
    bool is_plain = server != NULL && server->element == 0 && cell->type != TAKEO_TYPE_ARRAY;
    binding->server = is_plain && binding->is_binary ? server : NULL;
    bool is_text =
        binding->oid == OID_TEXT || binding->oid == OID_VARCHAR || binding->oid == OID_BPCHAR;
    binding->is_direct = binding->is_binary
                         && ((is_text && cell->type == TAKEO_TYPE_TEXT)
                             || (binding->oid == OID_BYTEA && cell->type == TAKEO_TYPE_BYTES));
}

/* ---- one argument ---------------------------------------------------------------------------- */

static takeo_status refuse(const tk_prepared *prepared, const takeo_cell *cell, uint32_t number,
                           uint32_t oid, tk_error *error) {
    takeo_status status = tk_pg_refuse(cell, number, oid, error);
    TK_SET(error, sql, "%s", prepared->text);
    return status;
}

static takeo_status put_binary(tk_pg_values *values, const tk_prepared *prepared,
                               const tk_pg_binding *binding, const takeo_cell *cell, uint32_t i,
                               tk_error *error) {
    tk_buf *bytes = &values->bytes;
    size_t place = bytes->len;
    bool is_written = binding->server != NULL
                          ? binding->server->encode(binding->server, cell, bytes)
                          : tk_pg_encode_binary(cell, binding->oid, bytes);
    if (TK_UNLIKELY(bytes->failed)) {
        return tk_raise_memory(error);
    }
    if (TK_UNLIKELY(!is_written)) {
        return refuse(prepared, cell, i + 1, binding->oid, error);
    }
    values->places[i] = place;
    values->lengths[i] = (int)(bytes->len - place);
    values->formats[i] = 1;
    return TAKEO_DONE;
}

static takeo_status put_text(tk_pg_values *values, const tk_prepared *prepared,
                             const takeo_cell *cell, uint32_t i, uint32_t oid, tk_error *error) {
    tk_buf *bytes = &values->bytes;
    size_t place = bytes->len;
    bool holds_lists = prepared->holds_lists != NULL && prepared->holds_lists[i];
    bool is_written =
        holds_lists ? tk_pg_encode_lists(cell, bytes) : tk_pg_encode_text(cell, bytes);
    if (TK_UNLIKELY(bytes->failed)) {
        return tk_raise_memory(error);
    }
    if (TK_UNLIKELY(!is_written)) {
        return refuse(prepared, cell, i + 1, oid, error);
    }
    size_t len = bytes->len - place;
    if (TK_UNLIKELY(len != 0 && memchr(bytes->data + place, '\0', len) != NULL)) {
        takeo_status status = tk_raise(error, TK_INPUT_TEXT,
                                       "Argument %u holds a zero byte, which the server's texts "
                                       "never do.",
                                       i + 1);
        TK_SET(error, sql, "%s", prepared->text);
        return status;
    }
    tk_buf_putc(bytes, '\0');
    if (TK_UNLIKELY(bytes->failed)) {
        return tk_raise_memory(error);
    }
    values->places[i] = place;
    values->lengths[i] = (int)len;
    values->formats[i] = 0;
    return TAKEO_DONE;
}

static takeo_status put(tk_pg_values *values, const tk_prepared *prepared, const takeo_cell *cell,
                        uint32_t i, tk_error *error) {
    static const char none[1] = "";
    if ((cell->flags & TAKEO_CELL_UNSET) != 0) {
        takeo_status status =
            tk_raise(error, TK_INPUT_UNSET, "Argument %u was never given a value.", i + 1);
        TK_SET(error, sql, "%s", prepared->text);
        return status;
    }
    values->places[i] = SIZE_MAX;
    if (tk_cell_is_null(cell)) {
        values->data[i] = NULL;
        values->lengths[i] = 0;
        values->formats[i] = 0;
        return TAKEO_DONE;
    }
    if (!prepared->is_described) {
        return put_text(values, prepared, cell, i, 0, error);
    }
    tk_pg_binding *binding = &prepared->bindings[i];
    if (TK_UNLIKELY(!tk_pg_is_bound(binding, cell))) {
        tk_pg_bind(binding, cell);
    }
    if (binding->is_direct) {
        if (cell->v.text.len > INT_MAX) {
            return tk_raise(error, TK_SERVER_TOO_LARGE, "Argument %u is longer than 2 GB.", i + 1);
        }
        values->data[i] = cell->v.text.len != 0 ? cell->v.text.data : none;
        values->lengths[i] = (int)cell->v.text.len;
        values->formats[i] = 1;
        values->size += cell->v.text.len;
        return TAKEO_DONE;
    }
    return binding->is_binary ? put_binary(values, prepared, binding, cell, i, error)
                              : put_text(values, prepared, cell, i, binding->oid, error);
}

/* ---- all of them ----------------------------------------------------------------------------- */

static bool reserve(tk_server *server, uint32_t count) {
    tk_pg_values *values = &server->values;
    if (values->bytes.alloc.resize == NULL) {
        tk_buf_init(&values->bytes, server->alloc, INT_MAX);
    }
    if (count <= values->capacity && values->capacity != 0) {
        return true;
    }
    uint32_t capacity = count > FIRST_VALUES ? count : FIRST_VALUES;
    void *block = tk_mem_new(&server->alloc, capacity * TK_PG_VALUE_SIZE);
    if (block == NULL) {
        return false;
    }
    tk_mem_free(&server->alloc, values->data, values->capacity * TK_PG_VALUE_SIZE);
    values->data = block;
    values->places = (size_t *)(values->data + capacity);
    values->lengths = (int *)(values->places + capacity);
    values->formats = values->lengths + capacity;
    values->capacity = capacity;
    return true;
}

takeo_status tk_pg_put_arguments(tk_server *server, tk_prepared *prepared,
                                 const takeo_cell *arguments, uint32_t count, tk_error *error) {
    tk_pg_values *values = &server->values;
    if (TK_UNLIKELY(count > UINT16_MAX)) {
        return tk_raise(error, TK_QUERY_TOO_LARGE,
                        "The statement has %u arguments; PostgreSQL takes 65535.", count);
    }
    if (!reserve(server, count)) {
        return tk_raise_memory(error);
    }
    if (TK_UNLIKELY(values->bytes.capacity > KEPT_BYTES)) {
        tk_buf_done(&values->bytes);
    }
    tk_buf_clear(&values->bytes);
    values->count = 0;
    values->size = 0;
    for (uint32_t i = 0; i < count; i++) {
        TK_TRY(put(values, prepared, &arguments[i], i, error));
    }
    for (uint32_t i = 0; i < count; i++) { /* the bytes do not move any more */
        if (values->places[i] != SIZE_MAX) {
            values->data[i] =
                values->bytes.data != NULL ? values->bytes.data + values->places[i] : "";
        }
    }
    values->count = count;
    values->size += values->bytes.len;
    return TAKEO_DONE;
}
