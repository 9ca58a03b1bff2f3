/* url.c - the URL of a data source, as text taken apart.
 *
 *     scheme[+suffix]://[user[:password]@][host[:port][,host[:port]...]][/path][?key=value[&...]]
 *
 * Everything but the scheme is percent-decoded; "+" is no blank.  Of several hosts the whole list
 * stands in `host`.  SQLite has no host: sqlite:///rel.db, sqlite:////abs.db, sqlite:// in memory.
 * It must not know which keys a driver takes.  The password stands in no message.
 */
#include <strings.h>

#include "driver/driver.h"

enum { URL_MAX = 64 * 1024, SETTINGS_MAX = 256 };

static const struct scheme {
    const char *written;
    const char *meant;
} schemes[] = {
    {"sqlite", "sqlite"}, {"postgresql", "postgresql"}, {"postgres", "postgresql"},
    {"mysql", "mysql"},   {"mariadb", "mysql"},
};

typedef struct url_parser {
    tk_arena *arena;
    tk_error *error;
    tk_url *url;
} url_parser;

/* ---- stretches of text ----------------------------------------------------------------------- */

static takeo_text from(takeo_text text, size_t at) {
    return tk_text(text.data + at, text.len - at);
}

static takeo_text up_to(takeo_text text, size_t at) {
    return tk_text(text.data, at);
}

/* Place of the first of some characters; the length when there is none. */
static size_t find(takeo_text text, const char *characters) {
    size_t at = 0;
    while (at < text.len && strchr(characters, text.data[at]) == NULL) {
        at++;
    }
    return at;
}

static size_t find_last(takeo_text text, char c) {
    const char *found = text.len != 0 ? memrchr(text.data, c, text.len) : NULL;
    return found != NULL ? (size_t)(found - text.data) : text.len;
}

/* ---- percent-decoding ------------------------------------------------------------------------ */

static int hex_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    int letter = c | 0x20;
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

/* The byte that "%xx" stands for; below zero when it is none. */
static int read_escape(takeo_text text) {
    if (text.len < 3) {
        return -1;
    }
    int high = hex_value(text.data[1]);
    int low = hex_value(text.data[2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* Decode into the arena, with a zero byte behind.  `part` names the stretch in messages. */
static takeo_status decode(url_parser *parser, takeo_text text, const char *part, takeo_text *out) {
    char *decoded = tk_arena_take(parser->arena, text.len + 1);
    if (decoded == NULL) {
        return tk_raise_memory(parser->error);
    }
    size_t len = 0;
    for (size_t at = 0; at < text.len; at++) {
        int c = text.data[at] != '%' ? (unsigned char)text.data[at] : read_escape(from(text, at));
        if (c <= 0) {
            takeo_status status =
                tk_raise(parser->error, TK_CONFIG_INVALID, "The %s in the URL %s.", part,
                         c == 0 ? "holds a zero byte" : "has a % that begins no escape");
            TK_SET(parser->error, hint, "write a percent sign as %%25");
            return status;
        }
        decoded[len++] = (char)c;
        at += text.data[at] == '%' ? 2 : 0;
    }
    decoded[len] = '\0';
    if (!tk_utf8_is_valid(decoded, len)) {
        return tk_raise(parser->error, TK_CONFIG_INVALID, "The %s in the URL is not valid UTF-8.",
                        part);
    }
    *out = tk_text(decoded, len);
    return TAKEO_DONE;
}

/* ---- the parts ------------------------------------------------------------------------------- */

static takeo_status read_scheme(url_parser *parser, takeo_text text) {
    takeo_text written = up_to(text, find(text, "+")); /* "+asyncpg" names a driver of others */
    for (size_t i = 0; i < TK_COUNT(schemes); i++) {
        if (written.len == strlen(schemes[i].written)
            && strncasecmp(written.data, schemes[i].written, written.len) == 0) {
            parser->url->scheme = tk_zstr(schemes[i].meant);
            return TAKEO_DONE;
        }
    }
    takeo_text names[TK_COUNT(schemes)];
    for (size_t i = 0; i < TK_COUNT(schemes); i++) {
        names[i] = tk_zstr(schemes[i].written);
    }
    takeo_status status = tk_raise(parser->error, TK_CONFIG_INVALID,
                                   "The URL begins with no database that Takeo knows.");
    TK_SET(parser->error, expected, "sqlite://, postgresql:// or mysql://");
    TK_SET(parser->error, got, "%.*s://", (int)(written.len < 40 ? written.len : 40), written.data);
    tk_error_set_nearest(parser->error, written, names, TK_COUNT(names));
    return status;
}

/* host, host:port, [v6], [v6]:port; a list stays as it is. */
static takeo_status read_host(url_parser *parser, takeo_text text) {
    tk_url *url = parser->url;
    if (find(text, ",") < text.len) {
        return decode(parser, text, "list of hosts", &url->host);
    }
    bool is_bracketed = text.len != 0 && text.data[0] == '[';
    size_t end = is_bracketed ? find(text, "]") : find(text, ":");
    if (is_bracketed && end == text.len) {
        return tk_raise(parser->error, TK_CONFIG_INVALID, "The host in the URL lacks its \"]\".");
    }
    takeo_text host = is_bracketed ? tk_text(text.data + 1, end - 1) : up_to(text, end);
    takeo_text rest = from(text, is_bracketed ? end + 1 : end);
    TK_TRY(decode(parser, host, "host", &url->host));
    if (rest.len == 0) {
        return TAKEO_DONE;
    }
    if (rest.data[0] != ':') {
        return tk_raise(parser->error, TK_CONFIG_INVALID,
                        "In the URL a port, \"/\" or the end comes after \"]\".");
    }
    TK_TRY(decode(parser, from(rest, 1), "port", &url->port));
    size_t digits = strspn(url->port.data, "0123456789");
    if (digits != url->port.len || digits > 5) { /* without its text: it may be half a password */
        takeo_status status =
            tk_raise(parser->error, TK_CONFIG_INVALID, "The port in the URL is no number.");
        TK_SET(parser->error, hint, "write @, /, : and ? in a password as %%40, %%2F, %%3A, %%3F");
        return status;
    }
    return TAKEO_DONE;
}

/* What stands between "//" and "/": the last "@" ends the password. */
static takeo_status read_authority(url_parser *parser, takeo_text text) {
    tk_url *url = parser->url;
    size_t at = find_last(text, '@');
    if (at == text.len) {
        return read_host(parser, text);
    }
    takeo_text person = up_to(text, at);
    size_t colon = find(person, ":");
    TK_TRY(decode(parser, up_to(person, colon), "user", &url->user));
    if (colon < person.len) {
        TK_TRY(decode(parser, from(person, colon + 1), "password", &url->password));
    }
    return read_host(parser, from(text, at + 1));
}

static takeo_status read_setting(url_parser *parser, takeo_text text, takeo_setting *settings,
                                 uint32_t *count) {
    takeo_text key;
    takeo_text value = tk_text("", 0);
    size_t equal = find(text, "=");
    TK_TRY(decode(parser, up_to(text, equal), "key of a setting", &key));
    if (equal == text.len || key.len == 0) {
        takeo_status status =
            tk_raise(parser->error, TK_CONFIG_INVALID, "A setting in the URL is no key=value.");
        TK_SET(parser->error, got, "%.100s", key.data);
        return status;
    }
    TK_TRY(decode(parser, from(text, equal + 1), "value of a setting", &value));
    for (uint32_t i = 0; i < *count; i++) {
        if (strcmp(settings[i].key, key.data) == 0) {
            return tk_raise(parser->error, TK_CONFIG_INVALID,
                            "The URL gives the setting %.100s twice.", key.data);
        }
    }
    settings[(*count)++] = (takeo_setting){key.data, value.data};
    return TAKEO_DONE;
}

static takeo_status read_query(url_parser *parser, takeo_text text) {
    size_t most = 1;
    for (size_t i = 0; i < text.len; i++) {
        most += text.data[i] == '&';
    }
    if (most > SETTINGS_MAX) {
        return tk_raise(parser->error, TK_CONFIG_INVALID, "The URL has more than %d settings.",
                        SETTINGS_MAX);
    }
    takeo_setting *settings = tk_arena_array(parser->arena, most, sizeof *settings);
    if (settings == NULL) {
        return tk_raise_memory(parser->error);
    }
    parser->url->settings = settings;
    while (text.len != 0) {
        size_t end = find(text, "&");
        if (end != 0) {
            TK_TRY(read_setting(parser, up_to(text, end), settings, &parser->url->setting_count));
        }
        text = from(text, end < text.len ? end + 1 : end);
    }
    return TAKEO_DONE;
}

static takeo_status refuse_sqlite_host(url_parser *parser) {
    takeo_status status = tk_raise(parser->error, TK_CONFIG_INVALID,
                                   "A URL of SQLite has no host: the path begins after the third "
                                   "slash.");
    TK_SET(parser->error, expected,
           "sqlite:///relative.db, sqlite:////absolute.db, or sqlite:// in memory");
    return status;
}

/* ---- the doors ------------------------------------------------------------------------------- */

static takeo_status parse(url_parser *parser, takeo_text text) {
    const char *colon = memmem(text.data, text.len, "://", 3);
    if (colon == NULL) {
        takeo_status status = tk_raise(parser->error, TK_CONFIG_INVALID,
                                       "The URL lacks the \"://\" after the database's name.");
        TK_SET(parser->error, expected, "sqlite:///file.db, postgresql://user@host/database");
        return status;
    }
    size_t scheme_len = (size_t)(colon - text.data);
    TK_TRY(read_scheme(parser, up_to(text, scheme_len)));
    takeo_text rest = from(text, scheme_len + 3);
    size_t question = find(rest, "?");
    takeo_text before = up_to(rest, question);
    size_t slash = find(before, "/");
    bool is_sqlite = tk_text_equal(parser->url->scheme, tk_zstr("sqlite"));
    if (is_sqlite && slash != 0) {
        return refuse_sqlite_host(parser);
    }
    TK_TRY(read_authority(parser, up_to(before, slash)));
    takeo_text path = from(before, slash < before.len ? slash + 1 : slash);
    TK_TRY(decode(parser, path, is_sqlite ? "path" : "database", &parser->url->path));
    return question < rest.len ? read_query(parser, from(rest, question + 1)) : TAKEO_DONE;
}

takeo_status tk_url_parse(const char *url, size_t len, tk_arena *arena, tk_url *out,
                          tk_error *error) {
    tk_url parsed = {0};
    url_parser parser = {arena, error, &parsed};
    takeo_text text = tk_text(url, tk_len(url, len));
    if (text.data == NULL || text.len == 0) {
        return tk_raise(error, TK_CONFIG_INVALID, "The URL of the database is empty.");
    }
    if (text.len > URL_MAX || memchr(text.data, '\0', text.len) != NULL) {
        return tk_raise(error, TK_CONFIG_INVALID, "The URL %s.",
                        text.len > URL_MAX ? "is longer than 64 KiB" : "holds a zero byte");
    }
    TK_TRY(parse(&parser, text));
    *out = parsed;
    return TAKEO_DONE;
}
