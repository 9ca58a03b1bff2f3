/* type.c - the table of logical types: name, member of the cell, range.
 *
 * It must not know what any server calls them.
 */
#include "value/value.h"

#define ROW(name, form, text, min, max)                                                            \
    [TAKEO_TYPE_##name] = {TAKEO_TYPE_##name, TK_FORM_##form, text, min, max}
#define PLAIN(name, form, text) ROW(name, form, text, 0, 0)

static const tk_type_info types[] = {
    ROW(BOOL, INT, "bool", 0, 1),
    ROW(INT16, INT, "int16", INT16_MIN, INT16_MAX),
    ROW(INT32, INT, "int32", INT32_MIN, INT32_MAX),
    ROW(INT64, INT, "int64", INT64_MIN, INT64_MAX),
    ROW(UINT64, UINT, "uint64", 0, INT64_MAX), /* the most that a signed bound can say */
    PLAIN(FLOAT32, FLOAT, "float32"),
    PLAIN(FLOAT64, FLOAT, "float64"),
    PLAIN(DECIMAL, TEXT, "decimal"),
    PLAIN(MONEY, TEXT, "money"),
    ROW(OID, INT, "oid", 0, UINT32_MAX),
    PLAIN(TEXT, TEXT, "text"),
    PLAIN(BYTES, TEXT, "bytes"),
    PLAIN(UUID, UUID, "uuid"),
    PLAIN(JSON, TEXT, "json"),
    PLAIN(ENUM, TEXT, "enum"),
    PLAIN(XML, TEXT, "xml"),
    PLAIN(BITS, TEXT, "bits"),
    PLAIN(UNKNOWN, TEXT, "unknown"),
    PLAIN(DATE, INT, "date"),
    ROW(TIME, INT, "time", 0, TK_DAY_US),
    PLAIN(TIMETZ, SPAN, "timetz"),
    PLAIN(TIMESTAMP, INT, "timestamp"),
    PLAIN(TIMESTAMPTZ, INT, "timestamptz"),
    PLAIN(INTERVAL, SPAN, "interval"),
    ROW(YEAR, INT, "year", 0, 2155),
    PLAIN(INET, TEXT, "inet"),
    PLAIN(MACADDR, TEXT, "macaddr"),
    PLAIN(LSN, UINT, "lsn"),
    PLAIN(TID, TEXT, "tid"),
    PLAIN(POINT, TEXT, "point"),
    PLAIN(LINE, TEXT, "line"),
    PLAIN(SEGMENT, TEXT, "segment"),
    PLAIN(BOX, TEXT, "box"),
    PLAIN(PATH, TEXT, "path"),
    PLAIN(POLYGON, TEXT, "polygon"),
    PLAIN(CIRCLE, TEXT, "circle"),
    PLAIN(GEOMETRY, TEXT, "geometry"),
    PLAIN(VECTOR, TEXT, "vector"),
    PLAIN(TSVECTOR, TEXT, "tsvector"),
    PLAIN(TSQUERY, TEXT, "tsquery"),
    PLAIN(LTREE, TEXT, "ltree"),
    PLAIN(CITEXT, TEXT, "citext"),
    PLAIN(ARRAY, LIST, "array"),
    PLAIN(RANGE, LIST, "range"),
    PLAIN(MULTIRANGE, LIST, "multirange"),
    PLAIN(COMPOSITE, LIST, "composite"),
    PLAIN(HSTORE, LIST, "hstore"),
    PLAIN(SET, LIST, "set"),
    PLAIN(ENTITY, NONE, "entity"),
};

const tk_type_info *tk_type_info_of(takeo_type type) {
    if (type >= TK_COUNT(types) || types[type].name == NULL) {
        return NULL;
    }
    return &types[type];
}

const char *tk_type_name(takeo_type type) {
    const tk_type_info *info = tk_type_info_of(type);
    return info != NULL ? info->name : "?";
}

takeo_type tk_type_find(const char *name, size_t len) {
    takeo_text wanted = tk_text(name, len);
    for (size_t i = 0; i < TK_COUNT(types); i++) {
        if (types[i].name != NULL && tk_text_equal(tk_zstr(types[i].name), wanted)) {
            return types[i].type;
        }
    }
    return TAKEO_TYPE_NONE;
}
