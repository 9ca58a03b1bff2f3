/* takeo/base.h - what every other header stands on: marks, statuses, text, memory, version.
 *
 * Rules that hold in all headers, said once:
 *  - Numbers (nodes, entities, columns, relations, parameters, objects) count from 1; 0 means none.
 *  - Zero is the default of every field.  A struct that the caller fills begins with struct_size:
 *    write `takeo_find find = {.struct_size = sizeof find};` and set what you need.  Elements of an
 *    array carry no size of their own; the struct that points to `xs` gives `x_count` and `x_size`.
 *  - Values and SQL text are pointer + length in bytes, takeo_zstr for "up to the zero byte". Names
 *    and words in definitions and options are zero-terminated UTF-8, so that they can stand in
 *    constant tables; a binding refuses a name with a zero byte in it.  Text handed out has both.
 *  - On failure outputs are untouched and *error (when error is not NULL) is set; on success *error
 *    is untouched.  Nothing but `error` and what a comment allows may be NULL.
 *  - A comment that begins with "Start:" describes a verb that starts the operation `op`: it checks
 *    and binds, sends nothing, waits for nothing; 0 means started.  Its failure stands on op.
 */
#ifndef TAKEO_BASE_H
#define TAKEO_BASE_H

#ifdef TAKEO_CDEF /* preprocessing for ffi.cdef: nothing but declarations may come out */
#define TAKEO_BEGIN
#define TAKEO_END
#define TAKEO_API
#define TAKEO_CHECKED
#else
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
#define TAKEO_BEGIN extern "C" {
#define TAKEO_END }
#else
#define TAKEO_BEGIN
#define TAKEO_END
#endif
#ifdef __GNUC__
#define TAKEO_API __attribute__((visibility("default")))
#define TAKEO_CHECKED __attribute__((warn_unused_result))
#else
#define TAKEO_API
#define TAKEO_CHECKED
#endif
#endif

TAKEO_BEGIN

/** What a call says: below zero failure, zero done, above zero an outcome of that function. */
typedef int32_t takeo_status;
enum takeo_status_values {
    TAKEO_DONE = 0,
    TAKEO_WAIT = 1, /* not finished: wait for what takeo_op_interest says */
    TAKEO_ROWS = 2, /* a batch is ready: takeo_rows_peek */

    /* the call itself */
    TAKEO_EINVAL = -1, /* a parameter is wrong; the message names it */
    TAKEO_ENOMEM = -2,
    TAKEO_EUNSUPPORTED = -3, /* not by this server, this build or this level */
    TAKEO_ECLOSED = -4,
    TAKEO_EFORKED = -5, /* the handle belongs to another process */
    TAKEO_ESTATE = -6,  /* not in this state: a running operation was started again */
    TAKEO_EHOST = -7,   /* the host failed and holds its own exception */
    TAKEO_EINTERNAL = -8,

    /* what was asked */
    TAKEO_EINPUT = -20,
    TAKEO_EUNKNOWN_FIELD = -21,
    TAKEO_EUNSAFE = -22, /* UPDATE or DELETE without a condition */
    TAKEO_ENOT_LOADED = -23,
    TAKEO_ENOT_FOUND = -24,
    TAKEO_EMULTIPLE_FOUND = -25,
    TAKEO_ESTALE = -26,
    TAKEO_EMAPPING = -27,
    TAKEO_ECONFIG = -28,
    TAKEO_EMIGRATION = -29,
    TAKEO_ECHECKSUM = -30,
    TAKEO_EMIGRATION_LOCKED = -31,
    TAKEO_EPOOL_TIMEOUT = -32,
    TAKEO_ETXN_CLOSED = -33,

    /* integrity */
    TAKEO_EINTEGRITY = -40,
    TAKEO_EUNIQUE = -41,
    TAKEO_EFOREIGN_KEY = -42,
    TAKEO_ENOT_NULL = -43,
    TAKEO_ECHECK = -44,
    TAKEO_EEXCLUSION = -45,

    /* operation of the server */
    TAKEO_EOPERATIONAL = -50,
    TAKEO_ESERIALIZATION = -51,
    TAKEO_EDEADLOCK = -52,
    TAKEO_ELOCK_TIMEOUT = -53,
    TAKEO_EBUSY = -54,
    TAKEO_ECANCELED = -55,
    TAKEO_ETIMEOUT = -56,
    TAKEO_ECONNECT = -57,
    TAKEO_ECONNECTION_LOST = -58,
    TAKEO_ETOO_MANY_CONNECTIONS = -59,
    TAKEO_EAUTH = -60,
    TAKEO_EREAD_ONLY = -61,
    TAKEO_EDISK_FULL = -62,
    TAKEO_ESERVER_MEMORY = -63,
    TAKEO_EPROTOCOL = -64,
    TAKEO_EPIPELINE = -65,
    TAKEO_ERESULT_TOO_LARGE = -66,

    /* statement and data */
    TAKEO_EPROGRAMMING = -70,
    TAKEO_EUNDEFINED_TABLE = -71,
    TAKEO_EUNDEFINED_COLUMN = -72,
    TAKEO_ESYNTAX = -73,
    TAKEO_EDATA = -80,
    TAKEO_EDECODE = -81,
    TAKEO_EDATABASE = -90 /* the server's failure has no leaf of its own; see sqlstate */
};

/** Text handed out: UTF-8, zero-terminated, with its length.  data NULL: there is none. */
typedef struct takeo_text {
    const char *data;
    size_t len;
} takeo_text;

/** Where memory comes from.  One function, as in Lua: block NULL allocates, new_size 0 frees. */
typedef struct takeo_allocator {
    uint32_t struct_size;
    uint32_t flags; /* none yet */
    void *ctx;
    void *(*resize)(void *ctx, void *block, size_t old_size, size_t new_size); /* NULL: none left */
    /* level 1 ends here */
} takeo_allocator;

/** A length that means "up to the zero byte" wherever a length is a parameter. */
TAKEO_API extern const size_t takeo_zstr;

/**
 * Give the version of the library, such as "0.1.0".
 *
 * @return zero-terminated text
 * @owns borrowed-from-library-until-exit
 * @thread any
 * @since 1
 */
TAKEO_API const char *takeo_version(void);

/**
 * Give the ABI level: what is said to be `@since n` exists when the level is at least n.
 *
 * @return the level; 0.1.0 has level 1
 * @thread any
 * @since 1
 */
TAKEO_API uint32_t takeo_abi_level(void);

/**
 * Name a status, such as "TAKEO_EUNIQUE".
 *
 * @return zero-terminated text, "TAKEO_?" for a number that this library does not know
 * @owns borrowed-from-library-until-exit
 * @thread any
 * @since 1
 */
TAKEO_API const char *takeo_status_name(takeo_status status);

TAKEO_END
#endif
