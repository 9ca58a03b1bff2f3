/* settings.c - what the URL and the options say about a database file.
 *
 *     mode=ro|rw|rwc|memory     read only; must exist; made when it is missing (the default)
 *     must_exist=true|false     the same as rw
 *     wal=true|false            write-ahead log; without a word only for a file that is made now
 *     timeout=seconds           patience with a lock that somebody else holds; 5
 *     synchronous=off|normal|full|extra
 *
 * It must not know the library.
 */
#include "driver/sqlite/sqlite_int.h"

enum { SECONDS_MAX = 1000000 };

/* The index of the value in a list of words, in the order given; -1 when it is none of them. */
static int find_word(const char *value, const char *const *words) {
    for (int i = 0; words[i] != NULL; i++) {
        if (strcmp(value, words[i]) == 0) {
            return i;
        }
    }
    return -1;
}

static takeo_status refuse(const char *key, const char *value, const char *expected,
                           tk_error *error) {
    takeo_status status =
        tk_raise(error, TK_CONFIG_INVALID, "The setting %s of SQLite has no such value.", key);
    TK_SET(error, expected, "%s", expected);
    TK_SET(error, got, "%.100s", value);
    return status;
}

static takeo_status read_bool(const char *key, const char *value, bool *out, tk_error *error) {
    static const char *const words[] = {"false", "true", "0", "1", "no", "yes", "off", "on", NULL};
    int word = find_word(value, words);
    if (word < 0) {
        return refuse(key, value, "true or false", error);
    }
    *out = word % 2 == 1;
    return TAKEO_DONE;
}

static takeo_status read_mode(tk_sqlite_settings *out, const char *value, tk_error *error) {
    static const char *const words[] = {"rwc", "rw", "ro", "memory", NULL};
    int word = find_word(value, words);
    if (word < 0) {
        return refuse("mode", value, "ro, rw, rwc or memory", error);
    }
    out->must_exist |= word == 1 || word == 2;
    out->is_read_only = word == 2;
    out->is_memory |= word == 3;
    return TAKEO_DONE;
}

/* Seconds, such as "5" or "0.25". */
static takeo_status read_timeout(tk_sqlite_settings *out, const char *value, tk_error *error) {
    int64_t ns = 0;
    int64_t unit = 0; /* of the digit behind the point */
    const char *at = value;
    for (; *at != '\0'; at++) {
        if (*at == '.' && unit == 0 && at != value) {
            unit = INT64_C(1000000000);
        } else if (*at < '0' || *at > '9' || ns > INT64_C(1000000000) * SECONDS_MAX) {
            return refuse("timeout", value, "seconds, such as 5 or 0.25", error);
        } else if (unit != 0) {
            unit = unit > 1 ? unit / 10 : 1;
            ns += unit > 1 ? (*at - '0') * unit : 0;
        } else {
            ns = ns * 10 + (*at - '0') * INT64_C(1000000000);
        }
    }
    if (at == value || at[-1] == '.') {
        return refuse("timeout", value, "seconds, such as 5 or 0.25", error);
    }
    out->busy_ns = ns;
    return TAKEO_DONE;
}

static takeo_status read_synchronous(tk_sqlite_settings *out, const char *value, tk_error *error) {
    static const char *const words[] = {"off", "normal", "full", "extra", NULL};
    int word = find_word(value, words);
    if (word < 0) {
        return refuse("synchronous", value, "off, normal, full or extra", error);
    }
    out->synchronous = words[word];
    return TAKEO_DONE;
}

static takeo_status read_one(tk_sqlite_settings *out, const takeo_setting *setting,
                             tk_error *error) {
    static const char *const keys[] = {"mode", "must_exist", "wal", "timeout", "synchronous", NULL};
    const char *value = setting->value != NULL ? setting->value : "";
    switch (setting->key != NULL ? find_word(setting->key, keys) : -1) {
    case 0:
        return read_mode(out, value, error);
    case 1:
        return read_bool("must_exist", value, &out->must_exist, error);
    case 2:
        out->wal_is_given = true;
        return read_bool("wal", value, &out->wal, error);
    case 3:
        return read_timeout(out, value, error);
    case 4:
        return read_synchronous(out, value, error);
    default:
        break;
    }
    takeo_text names[TK_COUNT(keys) - 1];
    for (size_t i = 0; i < TK_COUNT(names); i++) {
        names[i] = tk_zstr(keys[i]);
    }
    const char *key = setting->key != NULL ? setting->key : "";
    takeo_status status = tk_raise(error, TK_CONFIG_INVALID, "SQLite has no setting %.100s.", key);
    TK_SET(error, expected, "mode, must_exist, wal, timeout or synchronous");
    TK_SET(error, got, "%.100s", key);
    tk_error_set_nearest(error, tk_zstr(key), names, TK_COUNT(names));
    return status;
}

static takeo_status check(const tk_sqlite_settings *settings, tk_error *error) {
    if (settings->wal && (settings->is_read_only || settings->is_memory)) {
        takeo_status status =
            tk_raise(error, TK_CONFIG_INVALID, "wal=true does not go with a database %s.",
                     settings->is_memory ? "in memory" : "that is only read");
        TK_SET(error, why, "Turning the log on writes to the file.");
        return status;
    }
    return TAKEO_DONE;
}

/* Names that the library would take for something else than a file get "./" in front. */
static takeo_status set_path(tk_sqlite_settings *out, takeo_text path, tk_arena *arena,
                             tk_error *error) {
    if (path.len == 0 || tk_text_equal(path, tk_zstr(":memory:"))) {
        out->is_memory = true;
        out->path = ":memory:";
        return TAKEO_DONE;
    }
    bool is_special = path.data[0] == ':' || strncmp(path.data, "file:", 5) == 0;
    out->path = tk_arena_printf(arena, "%s%.*s", is_special ? "./" : "", (int)path.len, path.data);
    return out->path != NULL ? TAKEO_DONE : tk_raise_memory(error);
}

takeo_status tk_sqlite_settings_read(const tk_server_options *options, tk_arena *arena,
                                     tk_sqlite_settings *out, tk_error *error) {
    *out = (tk_sqlite_settings){.busy_ns = INT64_C(5000000000)};
    TK_TRY(set_path(out, options->url->path, arena, error));
    for (uint32_t i = 0; i < options->url->setting_count; i++) {
        TK_TRY(read_one(out, &options->url->settings[i], error));
    }
    for (uint32_t i = 0; i < options->setting_count; i++) {
        TK_TRY(read_one(out, &options->settings[i], error));
    }
    if (out->is_memory) {
        out->path = ":memory:";
    }
    return check(out, error);
}
