/* error_list.h - every status and every dotted code, once: names, Python classes and pages are made
 * from these lists (tools/gen_errors.py).  It knows nothing but words.
 *
 * A status says what kind of failure it is and is what a program branches on.  A code is finer: it
 * names one mistake and its page in docs/errors.md.  Numbers are never reused.
 */
#ifndef TK_BASE_ERROR_LIST_H
#define TK_BASE_ERROR_LIST_H

/* X(status, number, Python class) */
#define TK_STATUS_LIST(X)                                                                          \
    X(TAKEO_EINVAL, -1, "InterfaceError")                                                          \
    X(TAKEO_ENOMEM, -2, "MemoryError")                                                             \
    X(TAKEO_EUNSUPPORTED, -3, "NotSupportedError")                                                 \
    X(TAKEO_ECLOSED, -4, "Closed")                                                                 \
    X(TAKEO_EFORKED, -5, "Forked")                                                                 \
    X(TAKEO_ESTATE, -6, "InterfaceError")                                                          \
    X(TAKEO_EHOST, -7, "InternalError")                                                            \
    X(TAKEO_EINTERNAL, -8, "InternalError")                                                        \
    X(TAKEO_EINPUT, -20, "InputError")                                                             \
    X(TAKEO_EUNKNOWN_FIELD, -21, "UnknownField")                                                   \
    X(TAKEO_EUNSAFE, -22, "UnsafeQuery")                                                           \
    X(TAKEO_ENOT_LOADED, -23, "NotLoaded")                                                         \
    X(TAKEO_ENOT_FOUND, -24, "NotFound")                                                           \
    X(TAKEO_EMULTIPLE_FOUND, -25, "MultipleFound")                                                 \
    X(TAKEO_ESTALE, -26, "StaleEntity")                                                            \
    X(TAKEO_EMAPPING, -27, "MappingError")                                                         \
    X(TAKEO_ECONFIG, -28, "ConfigError")                                                           \
    X(TAKEO_EMIGRATION, -29, "MigrationError")                                                     \
    X(TAKEO_ECHECKSUM, -30, "ChecksumMismatch")                                                    \
    X(TAKEO_EMIGRATION_LOCKED, -31, "MigrationLocked")                                             \
    X(TAKEO_EPOOL_TIMEOUT, -32, "PoolTimeout")                                                     \
    X(TAKEO_ETXN_CLOSED, -33, "TransactionClosed")                                                 \
    X(TAKEO_EINTEGRITY, -40, "IntegrityError")                                                     \
    X(TAKEO_EUNIQUE, -41, "UniqueViolation")                                                       \
    X(TAKEO_EFOREIGN_KEY, -42, "ForeignKeyViolation")                                              \
    X(TAKEO_ENOT_NULL, -43, "NotNullViolation")                                                    \
    X(TAKEO_ECHECK, -44, "CheckViolation")                                                         \
    X(TAKEO_EEXCLUSION, -45, "ExclusionViolation")                                                 \
    X(TAKEO_EOPERATIONAL, -50, "OperationalError")                                                 \
    X(TAKEO_ESERIALIZATION, -51, "SerializationFailure")                                           \
    X(TAKEO_EDEADLOCK, -52, "DeadlockDetected")                                                    \
    X(TAKEO_ELOCK_TIMEOUT, -53, "LockTimeout")                                                     \
    X(TAKEO_EBUSY, -54, "Busy")                                                                    \
    X(TAKEO_ECANCELED, -55, "QueryCanceled")                                                       \
    X(TAKEO_ETIMEOUT, -56, "StatementTimeout")                                                     \
    X(TAKEO_ECONNECT, -57, "ConnectFailed")                                                        \
    X(TAKEO_ECONNECTION_LOST, -58, "ConnectionLost")                                               \
    X(TAKEO_ETOO_MANY_CONNECTIONS, -59, "TooManyConnections")                                      \
    X(TAKEO_EAUTH, -60, "AuthFailed")                                                              \
    X(TAKEO_EREAD_ONLY, -61, "ReadOnly")                                                           \
    X(TAKEO_EDISK_FULL, -62, "DiskFull")                                                           \
    X(TAKEO_ESERVER_MEMORY, -63, "ServerOutOfMemory")                                              \
    X(TAKEO_EPROTOCOL, -64, "ProtocolError")                                                       \
    X(TAKEO_EPIPELINE, -65, "PipelineAborted")                                                     \
    X(TAKEO_ERESULT_TOO_LARGE, -66, "ResultTooLarge")                                              \
    X(TAKEO_EPROGRAMMING, -70, "ProgrammingError")                                                 \
    X(TAKEO_EUNDEFINED_TABLE, -71, "UndefinedTable")                                               \
    X(TAKEO_EUNDEFINED_COLUMN, -72, "UndefinedColumn")                                             \
    X(TAKEO_ESYNTAX, -73, "SQLSyntaxError")                                                        \
    X(TAKEO_EDATA, -80, "DataError")                                                               \
    X(TAKEO_EDECODE, -81, "DecodeError")                                                           \
    X(TAKEO_EDATABASE, -90, "DatabaseError")

/* X(identifier, dotted code, status, what it means and how to mend it) */
#define TK_CODE_LIST(X)                                                                            \
    X(CALL_INVALID, "TAKEO.CALL.INVALID", TAKEO_EINVAL,                                            \
      "A parameter of a call is wrong; the message names it.")                                     \
    X(CALL_STATE, "TAKEO.CALL.STATE", TAKEO_ESTATE,                                                \
      "The handle is not in a state that allows this call; the message says which one it needs.")  \
    X(CALL_CLOSED, "TAKEO.CALL.CLOSED", TAKEO_ECLOSED,                                             \
      "The data source was closed; open a new one.")                                               \
    X(CALL_FORKED, "TAKEO.CALL.FORKED", TAKEO_EFORKED,                                             \
      "The handle belongs to the parent process; open a data source of its own after the fork.")   \
    X(CALL_UNSUPPORTED, "TAKEO.CALL.UNSUPPORTED", TAKEO_EUNSUPPORTED,                              \
      "This server, this build or this version lacks what was asked for.")                         \
    X(CALL_MEMORY, "TAKEO.CALL.MEMORY", TAKEO_ENOMEM, "No memory was left.")                       \
    X(CALL_INTERNAL, "TAKEO.CALL.INTERNAL", TAKEO_EINTERNAL,                                       \
      "Takeo broke one of its own rules; please report it with the whole text.")                   \
    X(CALL_HOST, "TAKEO.CALL.HOST", TAKEO_EHOST,                                                   \
      "The host language raised an exception of its own; it is the one to read.")                  \
    X(INPUT_TYPE, "TAKEO.INPUT.TYPE", TAKEO_EINPUT,                                                \
      "A value has another type than its column; give one that means exactly one value of it.")    \
    X(INPUT_RANGE, "TAKEO.INPUT.RANGE", TAKEO_EINPUT, "A number lies outside the column's range.") \
    X(INPUT_LENGTH, "TAKEO.INPUT.LENGTH", TAKEO_EINPUT,                                            \
      "A text is longer than its column; it is never cut.")                                        \
    X(INPUT_PRECISION, "TAKEO.INPUT.PRECISION", TAKEO_EINPUT,                                      \
      "A decimal has more digits than its column keeps; round it yourself.")                       \
    X(INPUT_FORM, "TAKEO.INPUT.FORM", TAKEO_EINPUT,                                                \
      "A text is not in the form that its type has (a UUID, a date, JSON, an enum's label).")      \
    X(INPUT_NULL, "TAKEO.INPUT.NULL", TAKEO_EINPUT,                                                \
      "NULL was given where the column, or the operator, takes none.")                             \
    X(INPUT_UNSET, "TAKEO.INPUT.UNSET", TAKEO_EINPUT,                                              \
      "A value is needed that was never given or loaded.")                                         \
    X(INPUT_TIMEZONE, "TAKEO.INPUT.TIMEZONE", TAKEO_EINPUT,                                        \
      "A time has a zone where the column keeps none, or none where it needs one.")                \
    X(INPUT_COUNT, "TAKEO.INPUT.COUNT", TAKEO_EINPUT,                                              \
      "More or fewer values were given than the statement or the key takes.")                      \
    X(INPUT_ENTITY, "TAKEO.INPUT.ENTITY", TAKEO_EINPUT,                                            \
      "An object is not of an entity that this data source, or this place, knows.")                \
    X(INPUT_UNSAVED, "TAKEO.INPUT.UNSAVED", TAKEO_EINPUT,                                          \
      "A related object was never saved; save it first, or in the same list.")                     \
    X(INPUT_CONFLICT, "TAKEO.INPUT.CONFLICT", TAKEO_EINPUT,                                        \
      "Two values say different things about one column, such as a relation and its key.")         \
    X(INPUT_READ_ONLY, "TAKEO.INPUT.READ_ONLY", TAKEO_EINPUT,                                      \
      "A column was changed that is never written, or not after the insert.")                      \
    X(INPUT_TEXT, "TAKEO.INPUT.TEXT", TAKEO_EINPUT,                                                \
      "A text holds a zero byte or is not valid Unicode.")                                         \
    X(QUERY_UNKNOWN_FIELD, "TAKEO.QUERY.UNKNOWN_FIELD", TAKEO_EUNKNOWN_FIELD,                      \
      "The entity has no field of that name; the nearest names are given.")                        \
    X(QUERY_NO_CONDITION, "TAKEO.QUERY.NO_CONDITION", TAKEO_EUNSAFE,                               \
      "An UPDATE or DELETE of every row must be asked for by all().")                              \
    X(QUERY_SHAPE, "TAKEO.QUERY.SHAPE", TAKEO_EINPUT,                                              \
      "A statement is put together in a way that means nothing; the message says where.")          \
    X(QUERY_NAME, "TAKEO.QUERY.NAME", TAKEO_EINPUT,                                                \
      "A name or alias breaks the grammar of names.")                                              \
    X(QUERY_LABEL, "TAKEO.QUERY.LABEL", TAKEO_EINPUT,                                              \
      "Rows are read by name, and two columns of a row have the same; give one of them another.")  \
    X(QUERY_TOO_LARGE, "TAKEO.QUERY.TOO_LARGE", TAKEO_EINPUT,                                      \
      "A statement has more nodes, parameters or columns than can be sent.")                       \
    X(RESULT_NOT_FOUND, "TAKEO.RESULT.NOT_FOUND", TAKEO_ENOT_FOUND, "No row fits.")                \
    X(RESULT_MULTIPLE, "TAKEO.RESULT.MULTIPLE", TAKEO_EMULTIPLE_FOUND,                             \
      "More than one row fits where one was asked for.")                                           \
    X(RESULT_DECODE, "TAKEO.RESULT.DECODE", TAKEO_EDECODE,                                         \
      "A stored value is no value of its column's type; the row and the column are named.")        \
    X(RESULT_TOO_LARGE, "TAKEO.RESULT.TOO_LARGE", TAKEO_ERESULT_TOO_LARGE,                         \
      "The result passed the byte budget of the operation.")                                       \
    X(RESULT_NOT_LOADED, "TAKEO.RESULT.NOT_LOADED", TAKEO_ENOT_LOADED,                             \
      "A column or relation was read that was not loaded; name it in load=.")                      \
    X(WRITE_STALE, "TAKEO.WRITE.STALE", TAKEO_ESTALE,                                              \
      "The row is gone or was changed by somebody else since it was read.")                        \
    X(WRITE_NOT_FOUND, "TAKEO.WRITE.NOT_FOUND", TAKEO_ENOT_FOUND,                                  \
      "There is no row with the key that was set by hand; insert or upsert says that one may be "  \
      "made.")                                                                                     \
    X(MODEL_INVALID, "TAKEO.MODEL.INVALID", TAKEO_EMAPPING,                                        \
      "A declaration is wrong; all findings of one pass are reported together.")                   \
    X(MODEL_DIFFERS, "TAKEO.MODEL.DIFFERS", TAKEO_EMAPPING,                                        \
      "A table in the database differs from its entity; synchronize alters nothing.")              \
    X(CONFIG_INVALID, "TAKEO.CONFIG.INVALID", TAKEO_ECONFIG,                                       \
      "An option or a part of the URL is wrong.")                                                  \
    X(CONFIG_LIBRARY, "TAKEO.CONFIG.LIBRARY", TAKEO_EUNSUPPORTED,                                  \
      "The client library of the database is missing or too old; the package to install is "       \
      "named.")                                                                                    \
    X(CONNECT_FAILED, "TAKEO.CONNECT.FAILED", TAKEO_ECONNECT, "The database could not be opened.") \
    X(CONNECT_TIMEOUT, "TAKEO.CONNECT.TIMEOUT", TAKEO_ECONNECT,                                    \
      "The database was not opened within its time.")                                              \
    X(CONNECT_AUTH, "TAKEO.CONNECT.AUTH", TAKEO_EAUTH,                                             \
      "The server does not let this user in; check user, password and the server's rules.")        \
    X(CONNECT_PASSWORD, "TAKEO.CONNECT.PASSWORD", TAKEO_ECONNECT,                                  \
      "The function that gives the password failed, or gave what is none; see its cause.")         \
    X(CONNECT_DATABASE, "TAKEO.CONNECT.DATABASE", TAKEO_ECONNECT,                                  \
      "The server has no database of that name, or lets nobody into it.")                          \
    X(CONNECT_NOT_READY, "TAKEO.CONNECT.NOT_READY", TAKEO_ECONNECT,                                \
      "The server starts, stops or recovers; try again in a moment.")                              \
    X(CONNECT_TOO_MANY, "TAKEO.CONNECT.TOO_MANY", TAKEO_ETOO_MANY_CONNECTIONS,                     \
      "The server has no connection left for this user or database.")                              \
    X(CONNECT_TLS, "TAKEO.CONNECT.TLS", TAKEO_ECONNECT,                                            \
      "The encryption that was asked for is not to be had, or a certificate is not trusted.")      \
    X(CONNECT_STUCK, "TAKEO.CONNECT.STUCK", TAKEO_ECONNECT,                                        \
      "Earlier attempts to connect that were given up still hang; they end by themselves.")        \
    X(CONNECT_BUSY, "TAKEO.CONNECT.BUSY", TAKEO_EPOOL_TIMEOUT,                                     \
      "The connection was not free within the time; the holder is named where it is known.")       \
    X(TXN_CLOSED, "TAKEO.TXN.CLOSED", TAKEO_ETXN_CLOSED,                                           \
      "There is no open transaction, or it was ended before.")                                     \
    X(TXN_STATE, "TAKEO.TXN.STATE", TAKEO_ESTATE, "A transaction cannot begin or end here.")       \
    X(TXN_NEEDED, "TAKEO.TXN.NEEDED", TAKEO_ESTATE,                                                \
      "What the statement changes holds for one connection, so it belongs into a transaction.")    \
    X(SERVER_UNIQUE, "TAKEO.SERVER.UNIQUE", TAKEO_EUNIQUE,                                         \
      "A row with the same unique value is there.")                                                \
    X(SERVER_FOREIGN_KEY, "TAKEO.SERVER.FOREIGN_KEY", TAKEO_EFOREIGN_KEY,                          \
      "A row refers to one that is not there, or is still referred to.")                           \
    X(SERVER_NOT_NULL, "TAKEO.SERVER.NOT_NULL", TAKEO_ENOT_NULL,                                   \
      "The database refused NULL in a column.")                                                    \
    X(SERVER_CHECK, "TAKEO.SERVER.CHECK", TAKEO_ECHECK, "A check constraint refused the row.")     \
    X(SERVER_EXCLUSION, "TAKEO.SERVER.EXCLUSION", TAKEO_EEXCLUSION,                                \
      "A row that excludes this one is there.")                                                    \
    X(SERVER_INTEGRITY, "TAKEO.SERVER.INTEGRITY", TAKEO_EINTEGRITY,                                \
      "Another constraint refused the row.")                                                       \
    X(SERVER_BUSY, "TAKEO.SERVER.BUSY", TAKEO_EBUSY,                                               \
      "The database is locked by somebody else; the whole transaction may be run again.")          \
    X(SERVER_SERIALIZATION, "TAKEO.SERVER.SERIALIZATION", TAKEO_ESERIALIZATION,                    \
      "The transaction read what somebody else changed; run it again as a whole.")                 \
    X(SERVER_DEADLOCK, "TAKEO.SERVER.DEADLOCK", TAKEO_EDEADLOCK,                                   \
      "Transactions waited for each other and this one had to end; run it again as a whole.")      \
    X(SERVER_LOCK_TIMEOUT, "TAKEO.SERVER.LOCK_TIMEOUT", TAKEO_ELOCK_TIMEOUT,                       \
      "A lock that somebody else holds was not had in time; the transaction may be run again.")    \
    X(SERVER_CANCELED, "TAKEO.SERVER.CANCELED", TAKEO_ECANCELED, "The operation was cancelled.")   \
    X(SERVER_TIMEOUT, "TAKEO.SERVER.TIMEOUT", TAKEO_ETIMEOUT,                                      \
      "The operation passed its deadline and was cancelled.")                                      \
    X(SERVER_LOST, "TAKEO.SERVER.LOST", TAKEO_ECONNECTION_LOST,                                    \
      "The connection to the server was lost; the outcome says what became of the work.")          \
    X(SERVER_ABORTED, "TAKEO.SERVER.ABORTED", TAKEO_EOPERATIONAL,                                  \
      "A statement before this one failed; the transaction can only be rolled back now, as a "     \
      "whole or to a savepoint.")                                                                  \
    X(SERVER_PIPELINE, "TAKEO.SERVER.PIPELINE", TAKEO_EPIPELINE,                                   \
      "The statement was not run, because one that was sent before it failed.")                    \
    X(SERVER_PROTOCOL, "TAKEO.SERVER.PROTOCOL", TAKEO_EPROTOCOL,                                   \
      "The server, or something between, broke the protocol; the connection was closed.")          \
    X(SERVER_READ_ONLY, "TAKEO.SERVER.READ_ONLY", TAKEO_EREAD_ONLY,                                \
      "The database, or the transaction, is read-only.")                                           \
    X(SERVER_DISK_FULL, "TAKEO.SERVER.DISK_FULL", TAKEO_EDISK_FULL, "The disk is full.")           \
    X(SERVER_MEMORY, "TAKEO.SERVER.MEMORY", TAKEO_ESERVER_MEMORY,                                  \
      "The database ran out of memory.")                                                           \
    X(SERVER_UNDEFINED_TABLE, "TAKEO.SERVER.UNDEFINED_TABLE", TAKEO_EUNDEFINED_TABLE,              \
      "The database has no such table; synchronize or a migration makes it.")                      \
    X(SERVER_UNDEFINED_COLUMN, "TAKEO.SERVER.UNDEFINED_COLUMN", TAKEO_EUNDEFINED_COLUMN,           \
      "The table has no such column.")                                                             \
    X(SERVER_SYNTAX, "TAKEO.SERVER.SYNTAX", TAKEO_ESYNTAX,                                         \
      "The database does not understand the SQL.")                                                 \
    X(SERVER_STATEMENT, "TAKEO.SERVER.STATEMENT", TAKEO_EPROGRAMMING,                              \
      "The statement names something that is not there, or its parts do not fit together.")        \
    X(SERVER_PERMISSION, "TAKEO.SERVER.PERMISSION", TAKEO_EPROGRAMMING,                            \
      "The database user may not do this.")                                                        \
    X(SERVER_DATA, "TAKEO.SERVER.DATA", TAKEO_EDATA,                                               \
      "The database refused a value; its own words say which rule it breaks.")                     \
    X(SERVER_OPERATIONAL, "TAKEO.SERVER.OPERATIONAL", TAKEO_EOPERATIONAL,                          \
      "The server could not do it in the state that it, or the object, is in.")                    \
    X(SERVER_TOO_LARGE, "TAKEO.SERVER.TOO_LARGE", TAKEO_EDATA,                                     \
      "A value or a statement is larger than the database takes.")                                 \
    X(SERVER_SCHEMA, "TAKEO.SERVER.SCHEMA", TAKEO_EOPERATIONAL,                                    \
      "The statement gives other columns than before, or than it should: the schema changed.")     \
    X(SERVER_FAILED, "TAKEO.SERVER.FAILED", TAKEO_EDATABASE,                                       \
      "The database failed in a way that has no name of its own.")                                 \
    X(SQLITE_CORRUPT, "TAKEO.SQLITE.CORRUPT", TAKEO_EOPERATIONAL,                                  \
      "The database file is damaged; restore it from a backup.")                                   \
    X(SQLITE_IO, "TAKEO.SQLITE.IO", TAKEO_EOPERATIONAL,                                            \
      "The operating system failed to read or write the database file.")                           \
    X(SQLITE_SCHEMA, "TAKEO.SQLITE.SCHEMA", TAKEO_EOPERATIONAL,                                    \
      "The schema changed while the statement ran.")                                               \
    X(SQLITE_NOT_A_DATABASE, "TAKEO.SQLITE.NOT_A_DATABASE", TAKEO_ECONNECT,                        \
      "The file is no SQLite database, or is encrypted.")

#endif
