/* settings.c - what the URL and the options say about a server, as libpq is told it.
 *
 * Every keyword of libpq may stand in the URL's query or in the settings (sslmode, host with a
 * folder of sockets, target_session_attrs, ...); which there are is asked of the library.  Beside
 * them:
 *
 *     prepared=auto|on|off      do statements keep a name on the server? auto: unless a pooler that
 *                               ignores our settings stands between
 *     wire=on|off               does Takeo speak the protocol itself where nothing is encrypted?
 *     ssl=true|false            as in libpq's own URLs: sslmode=require or disable
 *
 * What is sent as `options` makes the session's texts what the decoders read; it stands behind the
 * user's own and so wins.  It must not know connections.
 */
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "driver/postgresql/postgresql_int.h"

enum { SECONDS_LEAST = 2, SECONDS_MAX = 1000000 };

static const char own_options[] =
    "-c DateStyle=ISO -c IntervalStyle=iso_8601 -c bytea_output=hex -c extra_float_digits=3 "
    "-c standard_conforming_strings=on";

static const char *const own_keys[] = {"prepared", "wire", "ssl"};

typedef struct settings_reader {
    const tk_server_options *options;
    tk_arena *arena;
    tk_pg_settings *out;
    tk_error *error;
} settings_reader;

/* ---- the list for libpq ---------------------------------------------------------------------- */

static const char *value_of(const tk_pg_settings *settings, const char *key) {
    for (uint32_t i = 0; i < settings->count; i++) {
        if (strcmp(settings->keywords[i], key) == 0) {
            return settings->values[i];
        }
    }
    return NULL;
}

/* Key and value live as long as the settings; a value that is there is replaced. */
static takeo_status put_borrowed(settings_reader *reader, const char *key, const char *value) {
    tk_pg_settings *out = reader->out;
    uint32_t at = 0;
    while (at < out->count && strcmp(out->keywords[at], key) != 0) {
        at++;
    }
    if (at == TK_PG_KEYWORDS_MAX) {
        return tk_raise(reader->error, TK_CONFIG_INVALID, "There are more than %d settings.",
                        TK_PG_KEYWORDS_MAX);
    }
    out->keywords[at] = key;
    out->values[at] = value;
    out->count += at == out->count;
    return TAKEO_DONE;
}

static takeo_status put(settings_reader *reader, const char *key, const char *value, size_t len) {
    const char *copy = tk_arena_copy(reader->arena, value, len);
    return copy != NULL ? put_borrowed(reader, key, copy) : tk_raise_memory(reader->error);
}

static takeo_status put_text(settings_reader *reader, const char *key, takeo_text value) {
    return value.len != 0 ? put(reader, key, value.data, value.len) : TAKEO_DONE;
}

/* ---- the parts of the URL -------------------------------------------------------------------- */

/* One of several hosts, "name", "name:port", "[v6]" or "[v6]:port", as host and port. */
static takeo_status split_host(settings_reader *reader, takeo_text item, tk_buf *hosts,
                               tk_buf *ports) {
    takeo_text host = item;
    const char *colon = memchr(item.data, ':', item.len);
    if (item.len != 0 && item.data[0] == '[') {
        const char *end = memchr(item.data, ']', item.len);
        if (end == NULL) {
            return tk_raise(reader->error, TK_CONFIG_INVALID, "A host in the URL lacks its \"]\".");
        }
        host = tk_text(item.data + 1, (size_t)(end - item.data) - 1);
        colon = end + 1 < item.data + item.len ? end + 1 : NULL;
    } else if (colon != NULL) {
        host.len = (size_t)(colon - item.data);
    }
    size_t digits = colon != NULL ? strspn(colon + 1, "0123456789") : 0;
    if (colon != NULL && (*colon != ':' || colon + 1 + digits != item.data + item.len)) {
        return tk_raise(reader->error, TK_CONFIG_INVALID,
                        "In the URL's list of hosts a port is no number.");
    }
    tk_buf_put(hosts, host.data, host.len);
    tk_buf_put(ports, colon != NULL ? colon + 1 : "", digits);
    return TAKEO_DONE;
}

/* "a:1,b:2,c" -> host "a,b,c", port "1,2,". */
static takeo_status put_hosts(settings_reader *reader, takeo_text list, tk_buf *hosts,
                              tk_buf *ports) {
    const char *at = list.data;
    const char *end = list.data + list.len;
    for (;;) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        size_t len = (size_t)((comma != NULL ? comma : end) - at);
        TK_TRY(split_host(reader, tk_text(at, len), hosts, ports));
        if (comma == NULL) {
            break;
        }
        tk_buf_putc(hosts, ',');
        tk_buf_putc(ports, ',');
        at = comma + 1;
    }
    if (hosts->failed || ports->failed) {
        return tk_raise_memory(reader->error);
    }
    TK_TRY(put(reader, "host", hosts->data, hosts->len));
    return strspn(ports->data, ",") < ports->len ? put(reader, "port", ports->data, ports->len)
                                                 : TAKEO_DONE;
}

static takeo_status read_host(settings_reader *reader) {
    const tk_url *url = reader->options->url;
    if (url->host.len == 0 || memchr(url->host.data, ',', url->host.len) == NULL) {
        TK_TRY(put_text(reader, "host", url->host));
        return put_text(reader, "port", url->port);
    }
    tk_buf hosts;
    tk_buf ports;
    tk_buf_init(&hosts, reader->options->alloc, SIZE_MAX);
    tk_buf_init(&ports, reader->options->alloc, SIZE_MAX);
    takeo_status status = put_hosts(reader, url->host, &hosts, &ports);
    tk_buf_done(&hosts);
    tk_buf_done(&ports);
    return status;
}

static takeo_status read_url(settings_reader *reader) {
    const tk_url *url = reader->options->url;
    TK_TRY(read_host(reader));
    TK_TRY(put_text(reader, "user", url->user));
    TK_TRY(put_text(reader, "password", url->password));
    return put_text(reader, "dbname", url->path);
}

/* ---- settings -------------------------------------------------------------------------------- */

static takeo_status refuse(settings_reader *reader, const char *key, const char *value,
                           const char *expected) {
    takeo_status status = tk_raise(reader->error, TK_CONFIG_INVALID,
                                   "The setting %s of PostgreSQL has no such value.", key);
    TK_SET(reader->error, expected, "%s", expected);
    TK_SET(reader->error, got, "%.100s", value);
    return status;
}

static takeo_status read_prepared(settings_reader *reader, const char *value) {
    static const char *const words[] = {
        [TK_PG_NAMED_AUTO] = "auto", [TK_PG_NAMED_ON] = "on", [TK_PG_NAMED_OFF] = "off"};
    for (uint8_t i = 0; i < TK_COUNT(words); i++) {
        if (strcmp(value, words[i]) == 0) {
            reader->out->naming = i;
            return TAKEO_DONE;
        }
    }
    return refuse(reader, "prepared", value, "auto, on or off");
}

static takeo_status read_wire(settings_reader *reader, const char *value) {
    bool is_off = strcmp(value, "off") == 0;
    reader->out->must_not_wire = is_off;
    return is_off || strcmp(value, "on") == 0 ? TAKEO_DONE
                                              : refuse(reader, "wire", value, "on or off");
}

static takeo_status read_ssl(settings_reader *reader, const char *value) {
    bool is_true = strcmp(value, "true") == 0;
    if (!is_true && strcmp(value, "false") != 0) {
        return refuse(reader, "ssl", value, "true or false; sslmode says it more finely");
    }
    const char *mode = is_true ? "require" : "disable";
    return put(reader, "sslmode", mode, strlen(mode));
}

/* What would make the session another one than the driver reads and writes. */
static takeo_status check_value(settings_reader *reader, const char *key, const char *value) {
    bool is_utf8 = strcasecmp(value, "utf8") == 0 || strcasecmp(value, "utf-8") == 0
                   || strcasecmp(value, "unicode") == 0;
    if (strcmp(key, "client_encoding") == 0 && !is_utf8) {
        return refuse(reader, key, value, "UTF8: Takeo has no other encoding");
    }
    if (strcmp(key, "replication") == 0) {
        return tk_raise(reader->error, TK_CONFIG_INVALID,
                        "Takeo does not speak the protocol of replication.");
    }
    return TAKEO_DONE;
}

static const char *find_keyword(const char *key) {
    for (uint32_t i = 0; i < tk_pq.keyword_count; i++) {
        if (strcmp(tk_pq.keywords[i], key) == 0) {
            return tk_pq.keywords[i];
        }
    }
    return NULL;
}

/* Words of other libraries, and what is meant by them. */
static const char *hint_for(const char *key) {
    static const struct {
        const char *key;
        const char *hint;
    } rows[] = {
        {"username", "the user is called user"},
        {"database", "the database is called dbname, or is the path of the URL"},
        {"timeout", "connect_timeout is the patience with one address, in seconds"},
        {"search_path", "write options=-csearch_path%3Dname"},
        {"schema", "write options=-csearch_path%3Dname"},
        {"currentSchema", "write options=-csearch_path%3Dname"},
        {"statement_cache_size", "prepared=off is for poolers that cannot keep statements"},
        {"prepared_statement_cache_size",
         "prepared=off is for poolers that cannot keep statements"},
        {"pgbouncer", "prepared=off is for poolers that cannot keep statements"},
    };
    for (size_t i = 0; i < TK_COUNT(rows); i++) {
        if (strcmp(rows[i].key, key) == 0) {
            return rows[i].hint;
        }
    }
    return NULL;
}

static takeo_status refuse_key(settings_reader *reader, const char *key) {
    takeo_text names[TK_PQ_KEYWORDS_MAX + TK_COUNT(own_keys)];
    size_t count = 0;
    for (uint32_t i = 0; i < tk_pq.keyword_count; i++) {
        names[count++] = tk_zstr(tk_pq.keywords[i]);
    }
    for (size_t i = 0; i < TK_COUNT(own_keys); i++) {
        names[count++] = tk_zstr(own_keys[i]);
    }
    takeo_status status =
        tk_raise(reader->error, TK_CONFIG_INVALID, "PostgreSQL has no setting %.100s.", key);
    TK_SET(reader->error, expected, "a keyword of libpq, prepared, wire or ssl");
    TK_SET(reader->error, got, "%.100s", key);
    tk_error_set_nearest(reader->error, tk_zstr(key), names, count);
    if (hint_for(key) != NULL) {
        TK_SET(reader->error, hint, "%s", hint_for(key));
    }
    return status;
}

static takeo_status read_one(settings_reader *reader, const takeo_setting *setting) {
    const char *key = setting->key != NULL ? setting->key : "";
    const char *value = setting->value != NULL ? setting->value : "";
    if (strcmp(key, "prepared") == 0) {
        return read_prepared(reader, value);
    }
    if (strcmp(key, "wire") == 0) {
        return read_wire(reader, value);
    }
    if (strcmp(key, "ssl") == 0) {
        return read_ssl(reader, value);
    }
    const char *keyword = find_keyword(key);
    if (keyword == NULL) {
        return refuse_key(reader, key);
    }
    TK_TRY(check_value(reader, keyword, value));
    return put(reader, keyword, value, strlen(value));
}

/* ---- what the user left out ------------------------------------------------------------------ */

static bool has_environment(const char *name) {
    const char *value = getenv(name);
    return value != NULL && *value != '\0';
}

static takeo_status put_default(settings_reader *reader, const char *key, const char *value) {
    return value_of(reader->out, key) == NULL ? put(reader, key, value, strlen(value)) : TAKEO_DONE;
}

/* For the last one libpq gets a little more than there is: that opening takes too long is then told
 * in the same words however it came. */
int64_t tk_pg_share_of_time(int64_t deadline_ns, int64_t count) {
    int64_t left = (deadline_ns - tk_clock_now_ns()) / INT64_C(1000000000);
    int64_t seconds = count > 1 ? left / count : left + 1;
    seconds = seconds < SECONDS_LEAST ? SECONDS_LEAST : seconds;
    return seconds > SECONDS_MAX ? SECONDS_MAX : seconds;
}

/* The time of opening is shared by all hosts. */
static takeo_status put_connect_timeout(settings_reader *reader) {
    int64_t deadline = reader->options->deadline_ns;
    if (deadline < 0 || value_of(reader->out, "connect_timeout") != NULL
        || has_environment("PGCONNECT_TIMEOUT")) {
        return TAKEO_DONE;
    }
    const char *hosts = value_of(reader->out, "host");
    int64_t count = 1;
    for (; hosts != NULL && *hosts != '\0'; hosts++) {
        count += *hosts == ',';
    }
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)tk_pg_share_of_time(deadline, count));
    bool has_address = value_of(reader->out, "hostaddr") != NULL || has_environment("PGHOSTADDR");
    reader->out->deadline_ns = count == 1 && !has_address ? deadline : -1;
    return put_default(reader, "connect_timeout", text);
}

/* A dead server is noticed within half a minute, also while it is silent. */
static takeo_status put_network_defaults(settings_reader *reader) {
    TK_TRY(put_default(reader, "keepalives_idle", "30"));
    TK_TRY(put_default(reader, "keepalives_interval", "10"));
    TK_TRY(put_default(reader, "keepalives_count", "3"));
    TK_TRY(put_default(reader, "tcp_user_timeout", "30000"));
    return put_connect_timeout(reader);
}

static takeo_status put_own_options(settings_reader *reader) {
    tk_pg_settings *out = reader->out;
    const char *given = value_of(out, "options");
    given = given == NULL && has_environment("PGOPTIONS") ? getenv("PGOPTIONS") : given;
    const char *before = given != NULL ? given : "";
    char *all =
        tk_arena_printf(reader->arena, "%s%s%s", before, *before != '\0' ? " " : "", own_options);
    out->options = tk_arena_copy(reader->arena, before, strlen(before));
    if (all == NULL || out->options == NULL) {
        return tk_raise_memory(reader->error);
    }
    out->has_options = true;
    return put(reader, "options", all, strlen(all));
}

/* A service's file may say any of these, and what is given here would win over it. */
static takeo_status put_defaults(settings_reader *reader) {
    tk_pg_settings *out = reader->out;
    bool has_service = value_of(out, "service") != NULL || has_environment("PGSERVICE");
    if (!has_service) {
        TK_TRY(put_network_defaults(reader));
    }
    if (!has_service || value_of(out, "options") != NULL) {
        TK_TRY(put_own_options(reader));
    }
    TK_TRY(put(reader, "client_encoding", "UTF8", 4));
    TK_TRY(put_default(reader, "fallback_application_name", "takeo"));
    return TAKEO_DONE;
}

takeo_status tk_pg_settings_read(const tk_server_options *options, tk_arena *arena,
                                 tk_pg_settings *out, tk_error *error) {
    *out = (tk_pg_settings){.deadline_ns = -1};
    settings_reader reader = {options, arena, out, error};
    TK_TRY(read_url(&reader));
    for (uint32_t i = 0; i < options->url->setting_count; i++) {
        TK_TRY(read_one(&reader, &options->url->settings[i]));
    }
    for (uint32_t i = 0; i < options->setting_count; i++) {
        TK_TRY(read_one(&reader, &options->settings[i]));
    }
    if (options->password != NULL) { /* not copied: it is to be wiped in one place */
        TK_TRY(put_borrowed(&reader, "password", options->password));
    }
    return put_defaults(&reader);
}
