/* libpq_loops.c - what C does over libpq with nothing above it: the floor of the comparison.
 *
 * A shared object of its own that bench/on_postgresql/libpq.py calls; it knows nothing of Takeo.
 * Every function gives seconds, measured here, or a negative number after a failure (loops_error).
 * All parameters and results are binary and all statements prepared.
 *
 * To wait is to sleep in libpq (spin = 0), or to ask the socket again and again (spin = 1).
 */
#include <libpq-fe.h>
#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_PARAMS = 8, KEY_SIZE = 8, ARRAY_HEAD = 20 };

enum { /* pg_type.oid */
       OID_BOOL = 16,
       OID_INT8 = 20,
       OID_INT2 = 21,
       OID_INT4 = 23,
       OID_FLOAT4 = 700,
       OID_FLOAT8 = 701,
       OID_DATE = 1082,
       OID_TIMESTAMPTZ = 1184,
       OID_NUMERIC = 1700,
       OID_INT8_ARRAY = 1016,
       OID_TEXT_ARRAY = 1009
};

static char last_error[512];

/* A value as C holds it: a number, or bytes of its own. */
typedef union {
    int64_t whole;
    double real;
    void *bytes;
} value;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double failed(PGconn *c) {
    snprintf(last_error, sizeof last_error, "%s", PQerrorMessage(c));
    return -1;
}

const char *loops_error(void) {
    return last_error;
}

PGconn *loops_connect(const char *dsn) {
    PGconn *c = PQconnectdb(dsn);
    if (PQstatus(c) != CONNECTION_OK) {
        failed(c);
        PQfinish(c);
        return NULL;
    }
    return c;
}

int loops_run(PGconn *c, const char *sql) {
    PGresult *r = PQexec(c, sql);
    bool ok = PQresultStatus(r) == PGRES_COMMAND_OK || PQresultStatus(r) == PGRES_TUPLES_OK;
    PQclear(r);
    return ok ? 0 : (int)failed(c);
}

int loops_prepare(PGconn *c, const char *name, const char *sql) {
    PGresult *r = PQprepare(c, name, sql, 0, NULL);
    bool ok = PQresultStatus(r) == PGRES_COMMAND_OK;
    PQclear(r);
    return ok ? 0 : (int)failed(c);
}

/* The result of one execution, NULL when it failed. */
static PGresult *execute(PGconn *c, const char *name, int count, const char *const *values,
                         const int *lengths, int spin) {
    static const int binary[MAX_PARAMS] = {1, 1, 1, 1, 1, 1, 1, 1};
    PGresult *r;
    PGresult *more;
    if (!spin) {
        r = PQexecPrepared(c, name, count, values, lengths, binary, 1);
    } else {
        if (!PQsendQueryPrepared(c, name, count, values, lengths, binary, 1)) {
            return NULL;
        }
        while (PQisBusy(c)) {
            if (!PQconsumeInput(c)) {
                return NULL;
            }
        }
        r = PQgetResult(c);
        while ((more = PQgetResult(c)) != NULL) {
            PQclear(more);
        }
    }
    if (PQresultStatus(r) != PGRES_TUPLES_OK && PQresultStatus(r) != PGRES_COMMAND_OK) {
        PQclear(r);
        return NULL;
    }
    return r;
}

static int64_t read_8(const char *from) {
    uint64_t x;
    memcpy(&x, from, sizeof x);
    return (int64_t)be64toh(x);
}

static int32_t read_4(const char *from) {
    uint32_t x;
    memcpy(&x, from, sizeof x);
    return (int32_t)be32toh(x);
}

static void write_8(char *to, int64_t value) {
    uint64_t x = htobe64((uint64_t)value);
    memcpy(to, &x, sizeof x);
}

static void write_4(char *to, int32_t value) {
    uint32_t x = htobe32((uint32_t)value);
    memcpy(to, &x, sizeof x);
}

/* `n` executions one after the other; seconds of one.
 *
 * keys: with `takes_keys` the first parameter of each execution, an int8; else the first cell of the
 * result goes there.  thought: seconds of work between executions, which are not counted. */
double loops_each(PGconn *c, const char *name, int n, int64_t *keys, int takes_keys, int count,
                  const char *const *given, const int *given_lengths, int spin, double thought) {
    const char *values[MAX_PARAMS];
    int lengths[MAX_PARAMS];
    char key[KEY_SIZE];
    double sum = 0;
    int first = takes_keys ? 1 : 0;
    double start = now();
    values[0] = key;
    lengths[0] = KEY_SIZE;
    for (int i = 0; i < count; i++) {
        values[first + i] = given[i];
        lengths[first + i] = given_lengths[i];
    }
    for (int i = 0; i < n; i++) {
        PGresult *r;
        if (thought > 0) {
            double end = now() + thought;
            while (now() < end) {
            }
            start = now();
        }
        if (takes_keys) {
            write_8(key, keys[i]);
        }
        r = execute(c, name, first + count, values, lengths, spin);
        if (r == NULL) {
            return failed(c);
        }
        if (!takes_keys) {
            keys[i] = read_8(PQgetvalue(r, 0, 0));
        }
        PQclear(r);
        if (thought > 0) {
            sum += now() - start;
        }
    }
    return (thought > 0 ? sum : now() - start) / n;
}

/* Bytes of its own with a 0 behind, as a program would keep them. */
static void *copy_of(const char *from, int len) {
    char *to = malloc((size_t)len + 1);
    if (to != NULL) {
        memcpy(to, from, (size_t)len);
        to[len] = 0;
    }
    return to;
}

/* The elements of an array of one dimension, in one block. */
static void *array_of(const char *from, bool is_text) {
    int count = read_4(from) == 0 ? 0 : read_4(from + 12);
    value *to = malloc(sizeof *to * (size_t)(count + 1));
    from += ARRAY_HEAD;
    for (int i = 0; to != NULL && i < count; i++) {
        int len = read_4(from);
        from += 4;
        if (is_text) {
            to[i].bytes = copy_of(from, len);
        } else {
            to[i].whole = read_8(from);
        }
        from += len;
    }
    if (to != NULL) {
        to[count].bytes = NULL;
    }
    return to;
}

static value value_of(Oid type, const char *from, int len) {
    value v = {0};
    uint16_t two;
    uint32_t four;
    uint64_t eight;
    float single;
    switch (type) {
    case OID_BOOL:
        v.whole = *from;
        break;
    case OID_INT2:
        memcpy(&two, from, sizeof two);
        v.whole = (int16_t)be16toh(two);
        break;
    case OID_INT4:
    case OID_DATE:
        v.whole = read_4(from);
        break;
    case OID_INT8:
    case OID_TIMESTAMPTZ:
        v.whole = read_8(from);
        break;
    case OID_FLOAT4:
        memcpy(&four, from, sizeof four);
        four = be32toh(four);
        memcpy(&single, &four, sizeof single);
        v.real = (double)single;
        break;
    case OID_FLOAT8:
        memcpy(&eight, from, sizeof eight);
        eight = be64toh(eight);
        memcpy(&v.real, &eight, sizeof v.real);
        break;
    case OID_INT8_ARRAY:
    case OID_TEXT_ARRAY:
        v.bytes = array_of(from, type == OID_TEXT_ARRAY);
        break;
    default: /* text, jsonb, uuid; the digits of a numeric */
        v.bytes = copy_of(from, len);
        break;
    }
    return v;
}

static bool is_in_bytes(Oid type) {
    switch (type) {
    case OID_BOOL:
    case OID_INT2:
    case OID_INT4:
    case OID_INT8:
    case OID_DATE:
    case OID_TIMESTAMPTZ:
    case OID_FLOAT4:
    case OID_FLOAT8:
        return false;
    default:
        return true;
    }
}

static void forget(value *values, const PGresult *r) {
    int columns = PQnfields(r);
    for (int i = 0; i < PQntuples(r) * columns; i++) {
        Oid type = PQftype(r, i % columns);
        if (!is_in_bytes(type) || values[i].bytes == NULL) {
            continue;
        }
        if (type == OID_TEXT_ARRAY) {
            for (value *one = values[i].bytes; one->bytes != NULL; one++) {
                free(one->bytes);
            }
        }
        free(values[i].bytes);
    }
    free(values);
}

static value *values_of(const PGresult *r) {
    int rows = PQntuples(r);
    int columns = PQnfields(r);
    value *values = calloc((size_t)rows * (size_t)columns + 1, sizeof *values);
    for (int column = 0; values != NULL && column < columns; column++) {
        Oid type = PQftype(r, column);
        for (int row = 0; row < rows; row++) {
            if (!PQgetisnull(r, row, column)) {
                values[row * columns + column] =
                    value_of(type, PQgetvalue(r, row, column), PQgetlength(r, row, column));
            }
        }
    }
    return values;
}

/* One execution without parameters, the result received; with `read` each cell made a value of C.
 * What is made is given back after the clock was read. */
double loops_find(PGconn *c, const char *name, int spin, int read, int *out_rows) {
    double start = now();
    double took;
    value *values = NULL;
    PGresult *r = execute(c, name, 0, NULL, NULL, spin);
    if (r == NULL) {
        return failed(c);
    }
    if (read) {
        values = values_of(r);
    }
    took = now() - start;
    *out_rows = PQntuples(r);
    if (values != NULL) {
        forget(values, r);
    }
    PQclear(r);
    return took;
}

/* An array of one dimension in binary form, of int8 (`wide`) or int4; NULL without memory. */
static char *binary_array(const int64_t *from, int n, bool wide, int *out_len) {
    int size = wide ? 8 : 4;
    char *to = malloc((size_t)ARRAY_HEAD + (size_t)n * (size_t)(4 + size));
    char *at = to;
    if (to == NULL) {
        return NULL;
    }
    write_4(at, 1); /* dimensions */
    write_4(at + 4, 0);
    write_4(at + 8, wide ? OID_INT8 : OID_INT4);
    write_4(at + 12, n);
    write_4(at + 16, 1); /* the first element's number */
    at += ARRAY_HEAD;
    for (int i = 0; i < n; i++) {
        write_4(at, size);
        if (wide) {
            write_8(at + 4, from[i]);
        } else {
            write_4(at + 4, (int32_t)from[i]);
        }
        at += 4 + size;
    }
    *out_len = (int)(at - to);
    return to;
}

/* One execution with two arrays, int8 and int4, which are made here. */
double loops_unnest(PGconn *c, const char *name, int n, const int64_t *keys, const int64_t *numbers,
                    int spin) {
    double start = now();
    double took;
    int lengths[2];
    char *arrays[2] = {binary_array(keys, n, true, &lengths[0]),
                       binary_array(numbers, n, false, &lengths[1])};
    PGresult *r = execute(c, name, 2, (const char *const *)arrays, lengths, spin);
    took = r != NULL && atoi(PQcmdTuples(r)) == n ? now() - start : failed(c);
    PQclear(r);
    free(arrays[0]);
    free(arrays[1]);
    return took;
}
