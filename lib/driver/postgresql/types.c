/* types.c - the server's types, and which decoder a column of a result gets.
 *
 * A type that is not built in is known by its number only: it is read as text, as an enum's label
 * where the statement says so.  It must not know how a value looks.
 */
#include "driver/postgresql/types_int.h"

/* ---- the table ------------------------------------------------------------------------------- */

#define tk_pg_put_none NULL

#define LONE_ROW(name, oid, array, type, words, binary, text, put)                                 \
    {                                                                                              \
        (oid),                                                                                     \
        0,                                                                                         \
        (array),                                                                                   \
        TAKEO_TYPE_##type,                                                                         \
        words,                                                                                     \
        tk_pg_binary_##binary,                                                                     \
        tk_pg_text_##text,                                                                         \
        tk_pg_put_##put},
#define ARRAY_ROW(oid, array, words, binary, put)                                                  \
    {(array), (oid), 0, TAKEO_TYPE_ARRAY, words "[]", binary, tk_pg_text_array, put},
#define BOTH_ROW(name, oid, array, type, words, binary, text, put)                                 \
    LONE_ROW(name, oid, array, type, words, binary, text, put)                                     \
    ARRAY_ROW(oid, array, words, tk_pg_binary_array, tk_pg_put_array)
#define ONLY_ROW(name, oid, array, type, words, text)                                              \
    {(oid), 0, (array), TAKEO_TYPE_##type, words, NULL, tk_pg_text_##text, NULL},                  \
        ARRAY_ROW(oid, array, words, NULL, NULL)

static const tk_pg_type types[] = {TK_PG_TYPE_LIST(BOTH_ROW, ONLY_ROW, LONE_ROW)};

enum { /* place of each row in the table */
#define PLACE(name, ...) PLACE_##name, PLACE_ARRAY_##name,
#define LONE_PLACE(name, ...) PLACE_##name,
       TK_PG_TYPE_LIST(PLACE, PLACE, LONE_PLACE)
#undef PLACE
#undef LONE_PLACE
};

/* oid -> place + 1: looked up for every parameter of every execution. */
static const uint8_t places[] = {
#define PLACE(name, oid, array, ...) [oid] = PLACE_##name + 1, [array] = PLACE_ARRAY_##name + 1,
#define LONE_PLACE(name, oid, ...) [oid] = PLACE_##name + 1,
    TK_PG_TYPE_LIST(PLACE, PLACE, LONE_PLACE)
#undef PLACE
#undef LONE_PLACE
};
_Static_assert(TK_COUNT(types) < UINT8_MAX, "a place is a byte");

const tk_pg_type *tk_pg_type_of(uint32_t oid) {
    if (oid >= TK_COUNT(places) || places[oid] == 0) {
        return NULL;
    }
    return &types[places[oid] - 1];
}

/* ---- columns --------------------------------------------------------------------------------- */

bool tk_pg_is_texty(takeo_type type) {
    switch (type) {
    case TAKEO_TYPE_MONEY:
    case TAKEO_TYPE_TEXT:
    case TAKEO_TYPE_JSON:
    case TAKEO_TYPE_ENUM:
    case TAKEO_TYPE_XML:
    case TAKEO_TYPE_UNKNOWN:
    case TAKEO_TYPE_INET:
    case TAKEO_TYPE_MACADDR:
    case TAKEO_TYPE_TID:
    case TAKEO_TYPE_TSVECTOR:
    case TAKEO_TYPE_TSQUERY:
    case TAKEO_TYPE_LTREE:
    case TAKEO_TYPE_CITEXT:
        return true;
    default:
        return false;
    }
}

/* Does the decoder of the server's type give a cell of the wanted type as it stands? */
static bool is_of_one_form(takeo_type server, takeo_type wanted) {
    if (server == wanted) {
        return true;
    }
    switch (server) {
    case TAKEO_TYPE_INT16:
        return wanted == TAKEO_TYPE_INT32 || wanted == TAKEO_TYPE_INT64;
    case TAKEO_TYPE_INT32:
    case TAKEO_TYPE_OID:
        return wanted == TAKEO_TYPE_INT64;
    case TAKEO_TYPE_FLOAT32:
        return wanted == TAKEO_TYPE_FLOAT64;
    case TAKEO_TYPE_TEXT:
    case TAKEO_TYPE_UNKNOWN:
        return tk_pg_is_texty(wanted) && wanted != TAKEO_TYPE_JSON;
    default:
        return tk_pg_is_texty(server)
               && (wanted == TAKEO_TYPE_TEXT || wanted == TAKEO_TYPE_UNKNOWN);
    }
}

/* In the text form of any type, what the server says stands there as it is. */
static bool is_always_text(const tk_pg_column *column) {
    return column->is_typed && column->type == TAKEO_TYPE_UNKNOWN;
}

/* Columns of types that somebody made: enums, citext and others of extensions. */
static tk_pg_decoder decoder_of_unknown(takeo_type type, bool is_binary) {
    switch (type) {
    case TAKEO_TYPE_ARRAY:
        return is_binary ? tk_pg_binary_array : tk_pg_text_array;
    case TAKEO_TYPE_GEOMETRY:
        return is_binary ? tk_pg_binary_as_is : tk_pg_text_hex;
    case TAKEO_TYPE_VECTOR:
        return is_binary ? tk_pg_read_nothing : tk_pg_text_vector;
    default:
        break;
    }
    bool is_as_is = tk_pg_is_texty(type) && type != TAKEO_TYPE_JSON;
    return is_as_is ? tk_pg_text_as_is : is_binary ? tk_pg_read_nothing : tk_pg_parse;
}

/* Which of these have a text as their binary form, so that nothing else has to be known. */
static bool unknown_has_binary(takeo_type type) {
    return type == TAKEO_TYPE_ENUM || type == TAKEO_TYPE_CITEXT || type == TAKEO_TYPE_GEOMETRY;
}

void tk_pg_column_init(tk_pg_column *column, takeo_type type, takeo_type element, uint32_t oid,
                       tk_arena *values) {
    const tk_pg_type *server = tk_pg_type_of(oid);
    const tk_pg_type *inner = server != NULL ? tk_pg_type_of(server->element) : NULL;
    *column = (tk_pg_column){.server = server,
                             .oid = oid,
                             .type = type,
                             .element = element,
                             .is_typed = type != TAKEO_TYPE_NONE,
                             .values = values};
    if (!column->is_typed) {
        column->type = server != NULL ? server->type : TAKEO_TYPE_UNKNOWN;
    }
    if (column->type == TAKEO_TYPE_ARRAY && element == TAKEO_TYPE_NONE && inner != NULL) {
        column->element = inner->type;
    }
    tk_pg_column_set_format(column, false);
}

bool tk_pg_column_has_binary(const tk_pg_column *column) {
    const tk_pg_type *server = column->server;
    if (server == NULL) {
        return column->is_typed
               && (unknown_has_binary(column->type)
                   || (column->type == TAKEO_TYPE_ARRAY && unknown_has_binary(column->element)));
    }
    if (server->binary == NULL) {
        return false;
    }
    if (column->type == TAKEO_TYPE_ARRAY && server->type == TAKEO_TYPE_ARRAY) {
        tk_pg_column inner;
        tk_pg_column_init(&inner, column->element, TAKEO_TYPE_NONE, server->element,
                          column->values);
        return tk_pg_column_has_binary(&inner);
    }
    return !is_always_text(column) || tk_pg_is_texty(server->type);
}

void tk_pg_column_set_format(tk_pg_column *column, bool is_binary) {
    const tk_pg_type *server = column->server;
    column->read = NULL;
    if (server == NULL) {
        column->decode = decoder_of_unknown(column->type, is_binary);
        return;
    }
    tk_pg_decoder natural = is_binary ? server->binary : server->text;
    if (natural == NULL) {
        column->decode = tk_pg_read_nothing;
    } else if (is_of_one_form(server->type, column->type)) {
        column->decode = natural;
    } else if (is_always_text(column) && !is_binary) {
        column->decode = tk_pg_text_as_is;
    } else if (natural == tk_pg_binary_numeric
               && (column->type == TAKEO_TYPE_FLOAT64 || column->type == TAKEO_TYPE_FLOAT32)) {
        column->decode = tk_pg_binary_numeric_as_float;
    } else {
        column->decode = server->type == TAKEO_TYPE_TEXT ? tk_pg_parse : tk_pg_convert;
        column->read = natural;
    }
}
