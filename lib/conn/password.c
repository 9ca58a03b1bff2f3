/* password.c - a password that the host gives anew for each connection, such as a token that expires.
 *
 * It lies in memory of its own from the question until the driver has taken it, is wiped then, and
 * stands in no failure.  It must not know what the driver does with it.
 */
#include "conn/conn_int.h"

enum { PASSWORD_MAX = 65535 }; /* servers of PostgreSQL take no longer one */

static takeo_status refuse(tk_op *op, size_t len) {
    takeo_status status = tk_raise(&op->error, TK_CONNECT_PASSWORD,
                                   "The function of the data source gave what is no password.");
    TK_SET(&op->error, expected, "at most %d bytes, none of them zero", PASSWORD_MAX);
    if (len > PASSWORD_MAX) {
        TK_SET(&op->error, got, "%zu bytes", len);
    } else {
        TK_SET(&op->error, got, "a zero byte");
    }
    return status;
}

static takeo_status ask(tk_op *op, char *password) {
    const takeo_source_options *options = &op->source->options;
    size_t len = 0;
    takeo_status status = options->password(options->ctx, password, PASSWORD_MAX, &len);
    if (status < 0) {
        return tk_raise(&op->error, TK_CONNECT_PASSWORD,
                        "The function that gives the password of the data source failed.");
    }
    if (len > PASSWORD_MAX || memchr(password, '\0', len) != NULL) {
        return refuse(op, len);
    }
    password[len] = '\0';
    return TAKEO_DONE;
}

takeo_status tk_password_ask(tk_op *op, char **out) {
    if (op->source->options.password == NULL) {
        return TAKEO_DONE;
    }
    char *password = tk_mem_new(&op->alloc, PASSWORD_MAX + 1);
    if (password == NULL) {
        return tk_raise_memory(&op->error);
    }
    takeo_status status = ask(op, password);
    if (status < 0) {
        tk_password_forget(op, password);
        return status;
    }
    *out = password;
    return TAKEO_DONE;
}

void tk_password_forget(const tk_op *op, char *password) {
    if (password != NULL) {
        explicit_bzero(password, PASSWORD_MAX + 1);
        tk_mem_free(&op->alloc, password, PASSWORD_MAX + 1);
    }
}
