"""Statuses and codes of failures, made from lib/base/error_list.h; do not edit it."""

# the number of a status -> the class that is raised
STATUS = {
    -1: "InterfaceError",  # TAKEO_EINVAL
    -2: "MemoryError",  # TAKEO_ENOMEM
    -3: "NotSupportedError",  # TAKEO_EUNSUPPORTED
    -4: "Closed",  # TAKEO_ECLOSED
    -5: "Forked",  # TAKEO_EFORKED
    -6: "InterfaceError",  # TAKEO_ESTATE
    -7: "InternalError",  # TAKEO_EHOST
    -8: "InternalError",  # TAKEO_EINTERNAL
    -20: "InputError",  # TAKEO_EINPUT
    -21: "UnknownField",  # TAKEO_EUNKNOWN_FIELD
    -22: "UnsafeQuery",  # TAKEO_EUNSAFE
    -23: "NotLoaded",  # TAKEO_ENOT_LOADED
    -24: "NotFound",  # TAKEO_ENOT_FOUND
    -25: "MultipleFound",  # TAKEO_EMULTIPLE_FOUND
    -26: "StaleEntity",  # TAKEO_ESTALE
    -27: "MappingError",  # TAKEO_EMAPPING
    -28: "ConfigError",  # TAKEO_ECONFIG
    -29: "MigrationError",  # TAKEO_EMIGRATION
    -30: "ChecksumMismatch",  # TAKEO_ECHECKSUM
    -31: "MigrationLocked",  # TAKEO_EMIGRATION_LOCKED
    -32: "PoolTimeout",  # TAKEO_EPOOL_TIMEOUT
    -33: "TransactionClosed",  # TAKEO_ETXN_CLOSED
    -40: "IntegrityError",  # TAKEO_EINTEGRITY
    -41: "UniqueViolation",  # TAKEO_EUNIQUE
    -42: "ForeignKeyViolation",  # TAKEO_EFOREIGN_KEY
    -43: "NotNullViolation",  # TAKEO_ENOT_NULL
    -44: "CheckViolation",  # TAKEO_ECHECK
    -45: "ExclusionViolation",  # TAKEO_EEXCLUSION
    -50: "OperationalError",  # TAKEO_EOPERATIONAL
    -51: "SerializationFailure",  # TAKEO_ESERIALIZATION
    -52: "DeadlockDetected",  # TAKEO_EDEADLOCK
    -53: "LockTimeout",  # TAKEO_ELOCK_TIMEOUT
    -54: "Busy",  # TAKEO_EBUSY
    -55: "QueryCanceled",  # TAKEO_ECANCELED
    -56: "StatementTimeout",  # TAKEO_ETIMEOUT
    -57: "ConnectFailed",  # TAKEO_ECONNECT
    -58: "ConnectionLost",  # TAKEO_ECONNECTION_LOST
    -59: "TooManyConnections",  # TAKEO_ETOO_MANY_CONNECTIONS
    -60: "AuthFailed",  # TAKEO_EAUTH
    -61: "ReadOnly",  # TAKEO_EREAD_ONLY
    -62: "DiskFull",  # TAKEO_EDISK_FULL
    -63: "ServerOutOfMemory",  # TAKEO_ESERVER_MEMORY
    -64: "ProtocolError",  # TAKEO_EPROTOCOL
    -65: "PipelineAborted",  # TAKEO_EPIPELINE
    -66: "ResultTooLarge",  # TAKEO_ERESULT_TOO_LARGE
    -70: "ProgrammingError",  # TAKEO_EPROGRAMMING
    -71: "UndefinedTable",  # TAKEO_EUNDEFINED_TABLE
    -72: "UndefinedColumn",  # TAKEO_EUNDEFINED_COLUMN
    -73: "SQLSyntaxError",  # TAKEO_ESYNTAX
    -80: "DataError",  # TAKEO_EDATA
    -81: "DecodeError",  # TAKEO_EDECODE
    -90: "DatabaseError",  # TAKEO_EDATABASE
}

# a code -> what it means and how to mend it
CODES = {
    "TAKEO.CALL.INVALID": "A parameter of a call is wrong; the message names it.",
    "TAKEO.CALL.STATE": "The handle is not in a state that allows this call; the message says which one it needs.",
    "TAKEO.CALL.CLOSED": "The data source was closed; open a new one.",
    "TAKEO.CALL.FORKED": "The handle belongs to the parent process; open a data source of its own after the fork.",
    "TAKEO.CALL.UNSUPPORTED": "This server, this build or this version lacks what was asked for.",
    "TAKEO.CALL.MEMORY": "No memory was left.",
    "TAKEO.CALL.INTERNAL": "Takeo broke one of its own rules; please report it with the whole text.",
    "TAKEO.CALL.HOST": "The host language raised an exception of its own; it is the one to read.",
    "TAKEO.INPUT.TYPE": "A value has another type than its column; give one that means exactly one value of it.",
    "TAKEO.INPUT.RANGE": "A number lies outside the column's range.",
    "TAKEO.INPUT.LENGTH": "A text is longer than its column; it is never cut.",
    "TAKEO.INPUT.PRECISION": "A decimal has more digits than its column keeps; round it yourself.",
    "TAKEO.INPUT.FORM": "A text is not in the form that its type has (a UUID, a date, JSON, an enum's label).",
    "TAKEO.INPUT.NULL": "NULL was given where the column, or the operator, takes none.",
    "TAKEO.INPUT.UNSET": "A value is needed that was never given or loaded.",
    "TAKEO.INPUT.TIMEZONE": "A time has a zone where the column keeps none, or none where it needs one.",
    "TAKEO.INPUT.COUNT": "More or fewer values were given than the statement or the key takes.",
    "TAKEO.INPUT.ENTITY": "An object is not of an entity that this data source, or this place, knows.",
    "TAKEO.INPUT.UNSAVED": "A related object was never saved; save it first, or in the same list.",
    "TAKEO.INPUT.CONFLICT": "Two values say different things about one column, such as a relation and its key.",
    "TAKEO.INPUT.READ_ONLY": "A column was changed that is never written, or not after the insert.",
    "TAKEO.INPUT.TEXT": "A text holds a zero byte or is not valid Unicode.",
    "TAKEO.QUERY.UNKNOWN_FIELD": "The entity has no field of that name; the nearest names are given.",
    "TAKEO.QUERY.NO_CONDITION": "An UPDATE or DELETE of every row must be asked for by all().",
    "TAKEO.QUERY.SHAPE": "A statement is put together in a way that means nothing; the message says where.",
    "TAKEO.QUERY.NAME": "A name or alias breaks the grammar of names.",
    "TAKEO.QUERY.LABEL": "Rows are read by name, and two columns of a row have the same; give one of them another.",
    "TAKEO.QUERY.TOO_LARGE": "A statement has more nodes, parameters or columns than can be sent.",
    "TAKEO.RESULT.NOT_FOUND": "No row fits.",
    "TAKEO.RESULT.MULTIPLE": "More than one row fits where one was asked for.",
    "TAKEO.RESULT.DECODE": "A stored value is no value of its column's type; the row and the column are named.",
    "TAKEO.RESULT.TOO_LARGE": "The result passed the byte budget of the operation.",
    "TAKEO.RESULT.NOT_LOADED": "A column or relation was read that was not loaded; name it in load=.",
    "TAKEO.WRITE.STALE": "The row is gone or was changed by somebody else since it was read.",
    "TAKEO.WRITE.NOT_FOUND": "There is no row with the key that was set by hand; insert or upsert says that one may be made.",
    "TAKEO.MODEL.INVALID": "A declaration is wrong; all findings of one pass are reported together.",
    "TAKEO.MODEL.DIFFERS": "A table in the database differs from its entity; synchronize alters nothing.",
    "TAKEO.CONFIG.INVALID": "An option or a part of the URL is wrong.",
    "TAKEO.CONFIG.LIBRARY": "The client library of the database is missing or too old; the package to install is named.",
    "TAKEO.CONNECT.FAILED": "The database could not be opened.",
    "TAKEO.CONNECT.TIMEOUT": "The database was not opened within its time.",
    "TAKEO.CONNECT.AUTH": "The server does not let this user in; check user, password and the server's rules.",
    "TAKEO.CONNECT.PASSWORD": "The function that gives the password failed, or gave what is none; see its cause.",
    "TAKEO.CONNECT.DATABASE": "The server has no database of that name, or lets nobody into it.",
    "TAKEO.CONNECT.NOT_READY": "The server starts, stops or recovers; try again in a moment.",
    "TAKEO.CONNECT.TOO_MANY": "The server has no connection left for this user or database.",
    "TAKEO.CONNECT.TLS": "The encryption that was asked for is not to be had, or a certificate is not trusted.",
    "TAKEO.CONNECT.STUCK": "Earlier attempts to connect that were given up still hang; they end by themselves.",
    "TAKEO.CONNECT.BUSY": "The connection was not free within the time; the holder is named where it is known.",
    "TAKEO.TXN.CLOSED": "There is no open transaction, or it was ended before.",
    "TAKEO.TXN.STATE": "A transaction cannot begin or end here.",
    "TAKEO.TXN.NEEDED": "What the statement changes holds for one connection, so it belongs into a transaction.",
    "TAKEO.SERVER.UNIQUE": "A row with the same unique value is there.",
    "TAKEO.SERVER.FOREIGN_KEY": "A row refers to one that is not there, or is still referred to.",
    "TAKEO.SERVER.NOT_NULL": "The database refused NULL in a column.",
    "TAKEO.SERVER.CHECK": "A check constraint refused the row.",
    "TAKEO.SERVER.EXCLUSION": "A row that excludes this one is there.",
    "TAKEO.SERVER.INTEGRITY": "Another constraint refused the row.",
    "TAKEO.SERVER.BUSY": "The database is locked by somebody else; the whole transaction may be run again.",
    "TAKEO.SERVER.SERIALIZATION": "The transaction read what somebody else changed; run it again as a whole.",
    "TAKEO.SERVER.DEADLOCK": "Transactions waited for each other and this one had to end; run it again as a whole.",
    "TAKEO.SERVER.LOCK_TIMEOUT": "A lock that somebody else holds was not had in time; the transaction may be run again.",
    "TAKEO.SERVER.CANCELED": "The operation was cancelled.",
    "TAKEO.SERVER.TIMEOUT": "The operation passed its deadline and was cancelled.",
    "TAKEO.SERVER.LOST": "The connection to the server was lost; the outcome says what became of the work.",
    "TAKEO.SERVER.ABORTED": "A statement before this one failed; the transaction can only be rolled back now, as a whole or to a savepoint.",
    "TAKEO.SERVER.PIPELINE": "The statement was not run, because one that was sent before it failed.",
    "TAKEO.SERVER.PROTOCOL": "The server, or something between, broke the protocol; the connection was closed.",
    "TAKEO.SERVER.READ_ONLY": "The database, or the transaction, is read-only.",
    "TAKEO.SERVER.DISK_FULL": "The disk is full.",
    "TAKEO.SERVER.MEMORY": "The database ran out of memory.",
    "TAKEO.SERVER.UNDEFINED_TABLE": "The database has no such table; synchronize or a migration makes it.",
    "TAKEO.SERVER.UNDEFINED_COLUMN": "The table has no such column.",
    "TAKEO.SERVER.SYNTAX": "The database does not understand the SQL.",
    "TAKEO.SERVER.STATEMENT": "The statement names something that is not there, or its parts do not fit together.",
    "TAKEO.SERVER.PERMISSION": "The database user may not do this.",
    "TAKEO.SERVER.DATA": "The database refused a value; its own words say which rule it breaks.",
    "TAKEO.SERVER.OPERATIONAL": "The server could not do it in the state that it, or the object, is in.",
    "TAKEO.SERVER.TOO_LARGE": "A value or a statement is larger than the database takes.",
    "TAKEO.SERVER.SCHEMA": "The statement gives other columns than before, or than it should: the schema changed.",
    "TAKEO.SERVER.FAILED": "The database failed in a way that has no name of its own.",
    "TAKEO.SQLITE.CORRUPT": "The database file is damaged; restore it from a backup.",
    "TAKEO.SQLITE.IO": "The operating system failed to read or write the database file.",
    "TAKEO.SQLITE.SCHEMA": "The schema changed while the statement ran.",
    "TAKEO.SQLITE.NOT_A_DATABASE": "The file is no SQLite database, or is encrypted.",
}
