/* effect.c - what a statement leaves on its connection, as the server's tag of it says; and undoing it.
 *
 * The tag comes with every answer, so it costs nothing to look.  It tells SET, LISTEN and the like;
 * what a function does, such as set_config or pg_advisory_lock, nobody tells.  The text is asked only
 * where the tag leaves open whether anything stays.
 */
#include <strings.h>

#include "driver/postgresql/postgresql_int.h"

enum { WORDS_MOST = 5 }; /* create or replace local temporary */

/* All that DISCARD ALL does but for prepared statements, which are ours. */
static const char reset_text[] =
    "close all; set session authorization default; reset all; unlisten *; "
    "select pg_catalog.pg_advisory_unlock_all(); discard temp; discard sequences";

/* ---- words of a text ------------------------------------------------------------------------- */

/* Over blanks and comments. */
static const char *skip(const char *at) {
    for (;;) {
        at += strspn(at, " \t\r\n\f\v");
        if (at[0] == '-' && at[1] == '-') {
            at += strcspn(at, "\n");
        } else if (at[0] == '/' && at[1] == '*' && strstr(at + 2, "*/") != NULL) {
            at = strstr(at + 2, "*/") + 2;
        } else {
            return at;
        }
    }
}

bool tk_pg_has_word_at(const char *text, int number, const char *const *words) {
    const char *at = skip(text);
    for (; number > 0; number--) {
        at = skip(at + strcspn(at, " \t\r\n\f\v-/("));
    }
    for (; *words != NULL; words++) {
        size_t len = strlen(*words);
        if (strncasecmp(at, *words, len) == 0 && !tk_name_is_valid(at + len, 1)) {
            return true;
        }
    }
    return false;
}

/* SET LOCAL and SET TRANSACTION end with the transaction. */
static bool ends_with_transaction(const char *text) {
    static const char *const words[] = {"local", "transaction", NULL};
    return tk_pg_has_word_at(text, 1, words);
}

static bool makes_temporary(const char *text) {
    static const char *const create[] = {"create", NULL};
    static const char *const words[] = {"temp", "temporary", NULL};
    static const char *const before[] = {"or", "replace", "local", "global", NULL};
    int at = 1;
    while (at < WORDS_MOST && tk_pg_has_word_at(text, at, before)) {
        at++;
    }
    return tk_pg_has_word_at(text, 0, create) && tk_pg_has_word_at(text, at, words);
}

/* ---- effects --------------------------------------------------------------------------------- */

tk_effect tk_pg_effect_of(const char *tag, const char *text) {
    static const struct {
        const char *tag; /* or its beginning */
        tk_effect effect;
    } rows[] = {
        {"BEGIN", TK_EFFECT_BEGIN},           {"START TRANSACTION", TK_EFFECT_BEGIN},
        {"COMMIT", TK_EFFECT_COMMIT},         {"ROLLBACK", TK_EFFECT_ROLLBACK},
        {"SET CONSTRAINTS", TK_EFFECT_LOCAL}, {"RESET", TK_EFFECT_UNDONE},
        {"LISTEN", TK_EFFECT_SESSION},        {"UNLISTEN", TK_EFFECT_UNDONE},
        {"DISCARD", TK_EFFECT_UNDONE},
    };
    for (size_t i = 0; i < TK_COUNT(rows); i++) {
        if (strncmp(tag, rows[i].tag, strlen(rows[i].tag)) == 0) {
            return rows[i].effect;
        }
    }
    if (strcmp(tag, "SET") == 0) {
        return ends_with_transaction(text) ? TK_EFFECT_LOCAL : TK_EFFECT_SESSION;
    }
    if (strcmp(tag, "DECLARE CURSOR") == 0) {
        return strcasestr(text, " with hold ") != NULL ? TK_EFFECT_SESSION : TK_EFFECT_NONE;
    }
    bool is_made = strncmp(tag, "CREATE ", 7) == 0 || strncmp(tag, "SELECT ", 7) == 0;
    return is_made && makes_temporary(text) ? TK_EFFECT_SESSION : TK_EFFECT_NONE;
}

/* ---- undoing them ---------------------------------------------------------------------------- */

takeo_status tk_pg_reset(tk_server *server, tk_error *error) {
    if (server->stage == TK_PG_OPEN) {
        tk_pg_greet_again(server, reset_text);
    }
    return tk_pg_establish(server, error);
}
