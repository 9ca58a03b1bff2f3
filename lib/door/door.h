/* door.h - door of the room `door`: the hot verbs as builtin functions of CPython, made at run
 * time.
 *
 * It knows one interpreter's functions (host/cpython.h) and the verbs of `orm` and `conn`.  It does
 * not know SQL, servers or waiting.  What it gives up and takes back of the GIL is done by `conn`
 * through the host's interpreter slots.
 */
#ifndef TK_DOOR_H
#define TK_DOOR_H

#include "takeo/host.h"
#include "base/base.h"

/* Names that tk_cpython_install needs: functions, "@" objects, ">" the builtins and types it makes.
 */
const char *tk_cpython_symbols(void);
TK_CHECKED takeo_status tk_cpython_install(const takeo_cpython_api *api, tk_error *error);

#endif
