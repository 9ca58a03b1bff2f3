"""Gate: words that must not stand in the library, or only in the one file that owns them.

The library never ends the process, prints, changes the locale or installs signal handlers; it uses
no function that cuts or overruns text; and each thing of the platform has one owner.
"""
import re

from _source import ROOT, breach, c_files, code_of, done, includes_of, line_of

CALL = r"(?<![\w.>])(?:{})\s*\("  # not a member of a struct: x.free(, x->free(

NEVER = {
    CALL.format("exit|_exit|_Exit|quick_exit|abort|atexit"): "the library never ends the process",
    CALL.format("printf|vprintf|puts|putchar|perror|fprintf|vfprintf|fputs"): "the library never prints",
    CALL.format("strcpy|strcat|stpcpy|sprintf|vsprintf|gets|strncpy|strncat"): "tk_buf, memcpy or snprintf",
    CALL.format("atoi|atol|atoll|atof|sscanf|scanf|fscanf"): "it hides failures: parse exactly",
    CALL.format("strtok|localtime|gmtime|asctime|ctime|strerror|rand|srand"): "it keeps hidden state",
    CALL.format("setlocale|signal|sigaction|fork|vfork|system|popen|setenv|putenv"): "it changes the whole process",
    r"\bPython\.h\b": "the library knows no Python header",
}
OWNED = {
    CALL.format("malloc|calloc|realloc|free|reallocarray|strdup|strndup|asprintf|vasprintf|aligned_alloc"):
        ("lib/base/alloc.c", "memory comes from tk_alloc"),
    CALL.format("poll|ppoll|select|pselect|epoll_wait"): ("lib/conn/wait.c", "only the waiter polls"),
    r"\bpthread\w*|\bthrd_\w+|\bmtx_\w+": ("lib/base/thread.c", "threads are tk_mutex, tk_cond, tk_thread"),
    r"\bTAKEO_API\b": ("lib/api/", "only the api exports"),
    r"\bsqlite3_\w+\s*\(": ("lib/driver/sqlite/", "SQLite is known to its driver only"),
}
HEADERS = {
    "sqlite3.h": "lib/driver/sqlite/", "libpq-fe.h": "lib/driver/postgresql/", "mysql.h": "lib/driver/mariadb/",
    "hiredis.h": "lib/cache/redis.c", "pthread.h": "lib/base/thread.c", "threads.h": "lib/base/thread.c",
    "poll.h": "lib/conn/wait.c", "sys/poll.h": "lib/conn/wait.c", "signal.h": "lib/base/thread.c", "locale.h": None,
    "Python.h": None,
}

for path in c_files("lib"):
    name, code = str(path.relative_to(ROOT)), code_of(path)
    for pattern, why in NEVER.items():
        for match in re.finditer(pattern, code):
            breach(path, line_of(code, match.start()), f"{match[0].rstrip(' (')}: {why}")
    for pattern, (owner, why) in OWNED.items():
        for match in re.finditer(pattern, code):
            if not name.startswith(owner):
                breach(path, line_of(code, match.start()), f"{match[0].rstrip(' (')}: only in {owner}; {why}")
    for line, header, _ in includes_of(path):
        if header in HEADERS and not (HEADERS[header] and name.startswith(HEADERS[header])):
            breach(path, line, f"<{header}>: {'only in ' + HEADERS[header] if HEADERS[header] else 'never'}")
done()
