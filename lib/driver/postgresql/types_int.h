/* types_int.h - what the files about values share: the list of built-in types, and the functions
 * that read and write a value of each.
 *
 *     tk_pg_binary_*   a value in binary form -> cell
 *     tk_pg_text_*     a value in text form -> cell
 *     tk_pg_put_*      cell -> binary form, behind the end of a buffer
 *
 * A reader trusts neither lengths nor counts.  It gives cells of column->type, which is the natural
 * type of its server type or another of the same form; what else a column may be is made of that by
 * convert.c.
 */
#ifndef TK_POSTGRESQL_TYPES_INT_H
#define TK_POSTGRESQL_TYPES_INT_H

#include "driver/postgresql/postgresql_int.h"

/* BOTH(name, oid, oid of its array, logical type, name as format_type says it, reader of the binary
 * form, reader of the text form, writer of the binary form); ONLY, which is read and written as text
 * only, has no functions but the reader.  What has the writer `none` is written as text.  LONE is
 * BOTH without an array. */
#define TK_PG_TYPE_LIST(BOTH, ONLY, LONE)                                                          \
    BOTH(BOOL, 16, 1000, BOOL, "boolean", boolean, boolean, boolean)                               \
    BOTH(BYTEA, 17, 1001, BYTES, "bytea", as_is, bytea, as_is)                                     \
    BOTH(CHAR, 18, 1002, TEXT, "\"char\"", char, as_is, none)                                      \
    BOTH(NAME, 19, 1003, TEXT, "name", as_is, as_is, as_is)                                        \
    BOTH(INT8, 20, 1016, INT64, "bigint", int8, int, int8)                                         \
    BOTH(INT2, 21, 1005, INT16, "smallint", int2, int, int2)                                       \
    ONLY(INT2VECTOR, 22, 1006, UNKNOWN, "int2vector", as_is)                                       \
    BOTH(INT4, 23, 1007, INT32, "integer", int4, int, int4)                                        \
    ONLY(REGPROC, 24, 1008, UNKNOWN, "regproc", as_is)                                             \
    BOTH(TEXT, 25, 1009, TEXT, "text", as_is, as_is, as_is)                                        \
    BOTH(OID, 26, 1028, OID, "oid", oid, int, oid)                                                 \
    BOTH(TID, 27, 1010, TID, "tid", tid, as_is, none)                                              \
    BOTH(XID, 28, 1011, OID, "xid", oid, int, oid)                                                 \
    BOTH(CID, 29, 1012, OID, "cid", oid, int, oid)                                                 \
    ONLY(OIDVECTOR, 30, 1013, UNKNOWN, "oidvector", as_is)                                         \
    BOTH(JSON, 114, 199, JSON, "json", as_is, as_is, as_is)                                        \
    ONLY(XML, 142, 143, XML, "xml", as_is)                                                         \
    BOTH(POINT, 600, 1017, POINT, "point", shape, shape, shape)                                    \
    BOTH(LSEG, 601, 1018, SEGMENT, "lseg", shape, shape, shape)                                    \
    BOTH(PATH, 602, 1019, PATH, "path", path, shape, path)                                         \
    BOTH(BOX, 603, 1020, BOX, "box", shape, shape, shape)                                          \
    BOTH(POLYGON, 604, 1027, POLYGON, "polygon", polygon, shape, polygon)                          \
    BOTH(LINE, 628, 629, LINE, "line", shape, shape, shape)                                        \
    BOTH(CIDR, 650, 651, INET, "cidr", inet, as_is, none)                                          \
    BOTH(FLOAT4, 700, 1021, FLOAT32, "real", float4, float4, float4)                               \
    BOTH(FLOAT8, 701, 1022, FLOAT64, "double precision", float8, float8, float8)                   \
    LONE(UNKNOWN, 705, 0, TEXT, "unknown", as_is, as_is, as_is)                                    \
    BOTH(CIRCLE, 718, 719, CIRCLE, "circle", shape, shape, shape)                                  \
    BOTH(MACADDR8, 774, 775, MACADDR, "macaddr8", macaddr, as_is, none)                            \
    ONLY(MONEY, 790, 791, MONEY, "money", as_is)                                                   \
    BOTH(MACADDR, 829, 1040, MACADDR, "macaddr", macaddr, as_is, none)                             \
    BOTH(INET, 869, 1041, INET, "inet", inet, as_is, none)                                         \
    ONLY(ACLITEM, 1033, 1034, UNKNOWN, "aclitem", as_is)                                           \
    BOTH(BPCHAR, 1042, 1014, TEXT, "character", as_is, as_is, as_is)                               \
    BOTH(VARCHAR, 1043, 1015, TEXT, "character varying", as_is, as_is, as_is)                      \
    BOTH(DATE, 1082, 1182, DATE, "date", date, date, date)                                         \
    BOTH(TIME, 1083, 1183, TIME, "time without time zone", time, time, time)                       \
    BOTH(TIMESTAMP, 1114, 1115, TIMESTAMP, "timestamp without time zone", timestamp, timestamp,    \
         timestamp)                                                                                \
    BOTH(TIMESTAMPTZ, 1184, 1185, TIMESTAMPTZ, "timestamp with time zone", timestamp, timestamp,   \
         timestamp)                                                                                \
    BOTH(INTERVAL, 1186, 1187, INTERVAL, "interval", interval, interval, interval)                 \
    BOTH(TIMETZ, 1266, 1270, TIMETZ, "time with time zone", timetz, timetz, timetz)                \
    BOTH(BIT, 1560, 1561, BITS, "bit", bits, bits, bits)                                           \
    BOTH(VARBIT, 1562, 1563, BITS, "bit varying", bits, bits, bits)                                \
    BOTH(NUMERIC, 1700, 1231, DECIMAL, "numeric", numeric, numeric, numeric)                       \
    BOTH(REFCURSOR, 1790, 2201, TEXT, "refcursor", as_is, as_is, as_is)                            \
    ONLY(REGPROCEDURE, 2202, 2207, UNKNOWN, "regprocedure", as_is)                                 \
    ONLY(REGOPER, 2203, 2208, UNKNOWN, "regoper", as_is)                                           \
    ONLY(REGOPERATOR, 2204, 2209, UNKNOWN, "regoperator", as_is)                                   \
    ONLY(REGCLASS, 2205, 2210, UNKNOWN, "regclass", as_is)                                         \
    ONLY(REGTYPE, 2206, 2211, UNKNOWN, "regtype", as_is)                                           \
    ONLY(RECORD, 2249, 2287, UNKNOWN, "record", as_is)                                             \
    BOTH(CSTRING, 2275, 1263, TEXT, "cstring", as_is, as_is, none)                                 \
    LONE(VOID, 2278, 0, UNKNOWN, "void", as_is, as_is, none)                                       \
    BOTH(UUID, 2950, 2951, UUID, "uuid", uuid, uuid, uuid)                                         \
    ONLY(TXID_SNAPSHOT, 2970, 2949, UNKNOWN, "txid_snapshot", as_is)                               \
    BOTH(LSN, 3220, 3221, LSN, "pg_lsn", uint8, lsn, uint8)                                        \
    ONLY(TSVECTOR, 3614, 3643, TSVECTOR, "tsvector", as_is)                                        \
    ONLY(TSQUERY, 3615, 3645, TSQUERY, "tsquery", as_is)                                           \
    ONLY(REGCONFIG, 3734, 3735, UNKNOWN, "regconfig", as_is)                                       \
    ONLY(REGDICTIONARY, 3769, 3770, UNKNOWN, "regdictionary", as_is)                               \
    BOTH(JSONB, 3802, 3807, JSON, "jsonb", jsonb, as_is, jsonb)                                    \
    ONLY(INT4RANGE, 3904, 3905, UNKNOWN, "int4range", as_is)                                       \
    ONLY(NUMRANGE, 3906, 3907, UNKNOWN, "numrange", as_is)                                         \
    ONLY(TSRANGE, 3908, 3909, UNKNOWN, "tsrange", as_is)                                           \
    ONLY(TSTZRANGE, 3910, 3911, UNKNOWN, "tstzrange", as_is)                                       \
    ONLY(DATERANGE, 3912, 3913, UNKNOWN, "daterange", as_is)                                       \
    ONLY(INT8RANGE, 3926, 3927, UNKNOWN, "int8range", as_is)                                       \
    ONLY(JSONPATH, 4072, 4073, UNKNOWN, "jsonpath", as_is)                                         \
    ONLY(REGNAMESPACE, 4089, 4090, UNKNOWN, "regnamespace", as_is)                                 \
    ONLY(REGROLE, 4096, 4097, UNKNOWN, "regrole", as_is)                                           \
    ONLY(REGCOLLATION, 4191, 4192, UNKNOWN, "regcollation", as_is)                                 \
    ONLY(INT4MULTIRANGE, 4451, 6150, UNKNOWN, "int4multirange", as_is)                             \
    ONLY(NUMMULTIRANGE, 4532, 6151, UNKNOWN, "nummultirange", as_is)                               \
    ONLY(TSMULTIRANGE, 4533, 6152, UNKNOWN, "tsmultirange", as_is)                                 \
    ONLY(TSTZMULTIRANGE, 4534, 6153, UNKNOWN, "tstzmultirange", as_is)                             \
    ONLY(DATEMULTIRANGE, 4535, 6155, UNKNOWN, "datemultirange", as_is)                             \
    ONLY(INT8MULTIRANGE, 4536, 6157, UNKNOWN, "int8multirange", as_is)                             \
    ONLY(PG_SNAPSHOT, 5038, 5039, UNKNOWN, "pg_snapshot", as_is)                                   \
    BOTH(XID8, 5069, 271, UINT64, "xid8", uint8, uint, uint8)

/* TK_PG_OID_INT4 and so on. */
enum tk_pg_oid {
#define TK_PG_OID(name, oid, ...) TK_PG_OID_##name = (oid),
    TK_PG_TYPE_LIST(TK_PG_OID, TK_PG_OID, TK_PG_OID)
#undef TK_PG_OID
        TK_PG_OID_BUILT_IN_END = 16384 /* from here on types have been made by somebody */
};

enum {
    TK_PG_DIMENSIONS_MAX = 6, /* of arrays, in every server */
    TK_PG_DAYS_TO_2000 = 10957
};
#define TK_PG_US_TO_2000 INT64_C(946684800000000)
/* What the server takes, counted from 1970.  Times end behind what 64 bits can say here. */
#define TK_PG_DATE_MIN INT64_C(-2440588)
#define TK_PG_DATE_MAX INT64_C(2145042905)
#define TK_PG_TIMESTAMP_MIN INT64_C(-210866803200000000)
enum { TK_PG_ZONE_MAX = 16 * 3600 - 1 };

/* ---- decode_binary.c, decode_text.c, numeric.c, shape.c, network.c, array.c ------------------- */

#define TK_PG_READER(name)                                                                         \
    bool name(tk_pg_column *column, const char *data, size_t len, takeo_cell *out)

TK_PG_READER(tk_pg_binary_as_is); /* the bytes, as they are: both forms of all texts */
TK_PG_READER(tk_pg_binary_boolean);
TK_PG_READER(tk_pg_binary_char);
TK_PG_READER(tk_pg_binary_int2);
TK_PG_READER(tk_pg_binary_int4);
TK_PG_READER(tk_pg_binary_int8);
TK_PG_READER(tk_pg_binary_uint8);
TK_PG_READER(tk_pg_binary_oid);
TK_PG_READER(tk_pg_binary_tid);
TK_PG_READER(tk_pg_binary_float4);
TK_PG_READER(tk_pg_binary_float8);
TK_PG_READER(tk_pg_binary_jsonb);
TK_PG_READER(tk_pg_binary_uuid);
TK_PG_READER(tk_pg_binary_bits);
TK_PG_READER(tk_pg_binary_date);
TK_PG_READER(tk_pg_binary_time);
TK_PG_READER(tk_pg_binary_timetz);
TK_PG_READER(tk_pg_binary_timestamp);
TK_PG_READER(tk_pg_binary_interval);

TK_PG_READER(tk_pg_text_boolean);
TK_PG_READER(tk_pg_text_int);
TK_PG_READER(tk_pg_text_uint);
TK_PG_READER(tk_pg_text_float4);
TK_PG_READER(tk_pg_text_float8);
TK_PG_READER(tk_pg_text_numeric);
TK_PG_READER(tk_pg_text_bytea);
TK_PG_READER(tk_pg_text_uuid);
TK_PG_READER(tk_pg_text_lsn);
TK_PG_READER(tk_pg_text_bits);
TK_PG_READER(tk_pg_text_date);
TK_PG_READER(tk_pg_text_time);
TK_PG_READER(tk_pg_text_timetz);
TK_PG_READER(tk_pg_text_timestamp);
TK_PG_READER(tk_pg_text_interval);
TK_PG_READER(tk_pg_text_hex); /* digits without anything before them: PostGIS */
#define tk_pg_text_as_is tk_pg_binary_as_is

TK_PG_READER(tk_pg_binary_numeric);
TK_PG_READER(tk_pg_binary_numeric_as_float); /* the nearest number */

TK_PG_READER(tk_pg_binary_shape); /* of a fixed number of numbers */
TK_PG_READER(tk_pg_binary_path);
TK_PG_READER(tk_pg_binary_polygon);
TK_PG_READER(tk_pg_text_shape); /* all of them */
TK_PG_READER(tk_pg_text_vector);

TK_PG_READER(tk_pg_binary_inet);
TK_PG_READER(tk_pg_binary_macaddr);

TK_PG_READER(tk_pg_binary_array);
TK_PG_READER(tk_pg_text_array);

/* ---- convert.c ------------------------------------------------------------------------------- */

/* column->type is none that column->read gives: read, and convert exactly or fail. */
TK_PG_READER(tk_pg_convert);
/* The text of a value as the text of a cell of another type says it. */
TK_PG_READER(tk_pg_parse);
TK_PG_READER(tk_pg_read_nothing);

/* ---- encode.c, numeric.c, shape.c, array.c --------------------------------------------------- */

#define TK_PG_WRITER(name) bool name(const tk_pg_type *type, const takeo_cell *cell, tk_buf *out)

TK_PG_WRITER(tk_pg_put_numeric);
TK_PG_WRITER(tk_pg_put_shape);
TK_PG_WRITER(tk_pg_put_path);
TK_PG_WRITER(tk_pg_put_polygon);
TK_PG_WRITER(tk_pg_put_array);
TK_PG_WRITER(tk_pg_put_boolean);
TK_PG_WRITER(tk_pg_put_int2);
TK_PG_WRITER(tk_pg_put_int4);
TK_PG_WRITER(tk_pg_put_int8);
TK_PG_WRITER(tk_pg_put_uint8);
TK_PG_WRITER(tk_pg_put_oid);
TK_PG_WRITER(tk_pg_put_float4);
TK_PG_WRITER(tk_pg_put_float8);
TK_PG_WRITER(tk_pg_put_as_is);
TK_PG_WRITER(tk_pg_put_jsonb);
TK_PG_WRITER(tk_pg_put_uuid);
TK_PG_WRITER(tk_pg_put_bits);
TK_PG_WRITER(tk_pg_put_date);
TK_PG_WRITER(tk_pg_put_time);
TK_PG_WRITER(tk_pg_put_timetz);
TK_PG_WRITER(tk_pg_put_timestamp);
TK_PG_WRITER(tk_pg_put_interval);

/* types.c: do cells of this type hold the server's own text? */
bool tk_pg_is_texty(takeo_type type);

/* How many numbers a shape holds; 0: any. */
uint32_t tk_pg_shape_size(takeo_type type);
/* The sizes of a list of lists, from the outside.  False: it is no array of PostgreSQL, whose rows
 * are of one length and hold something. */
bool tk_pg_array_sizes(const takeo_cell *list, uint32_t sizes[TK_PG_DIMENSIONS_MAX],
                       uint32_t *out_count);

/* ---- temporal.c: the server's own texts of dates and times ----------------------------------- */

enum { TK_PG_TIME_SIZE = 48 };

bool tk_pg_date_parse(const char *text, size_t len, int64_t *out_days); /* 0044-03-15 BC */
bool tk_pg_timestamp_parse(const char *text, size_t len, int64_t *out_us, bool *out_has_zone);
bool tk_pg_interval_parse(const char *text, size_t len, takeo_cell *out); /* ISO 8601, postgres */
size_t tk_pg_date_write(int64_t days, char out[TK_PG_TIME_SIZE]);
size_t tk_pg_timestamp_write(int64_t us, bool has_zone, char out[TK_PG_TIME_SIZE]);
size_t tk_pg_timetz_write(int64_t us, int32_t east, char out[TK_PG_TIME_SIZE]);
/* Would the server take a date, a time, an interval (finite ones)? */
bool tk_pg_time_fits(const takeo_cell *cell);

#endif
