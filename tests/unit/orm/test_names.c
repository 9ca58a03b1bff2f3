/* test_names.c - lists of names as databases write them. */
#include "orm/orm_int.h"
#include "support.h"

static const struct {
    const char *list;
    const char *items; /* with bars between them */
} lists[] = {
    {"", ""},
    {"a", "a"},
    {"a, b", "a|b"},
    {"\"a, b\", c", "\"a, b\"|c"},
    {"\"a\"\", b\", c", "\"a\"\", b\"|c"},
    {"lower((a)::text), (b || ', ('::text)", "lower((a)::text)|(b || ', ('::text)"},
    {"(ARRAY[a, b])[1], c", "(ARRAY[a, b])[1]|c"},
    {"a (b", "a (b"},
    {"\"a", "\"a"},
    {"'", "'"},
};

static void names_lists_are_split(void **state) {
    (void)state;
    for (size_t i = 0; i < TK_COUNT(lists); i++) {
        takeo_text rest = tk_zstr(lists[i].list);
        takeo_text item;
        char found[200] = "";
        size_t len = 0;
        while (tk_names_next(&rest, &item)) {
            len += (size_t)snprintf(found + len, sizeof found - len, "%s%.*s", len != 0 ? "|" : "",
                                    (int)item.len, item.data);
        }
        assert_string_equal(found, lists[i].items);
    }
}

static const struct {
    const char *item;
    const char *name;
    bool is_same;
} items[] = {
    {"name", "name", true},         {"NAME", "name", true},     {"nam", "name", false},
    {"names", "name", false},       {"\"name\"", "name", true}, {"\"Name\"", "name", false},
    {"\"a\"\"b\"", "a\"b", true},   {"\"a\"\"", "a\"", false},  {"\"a\"\"\"", "a\"", true},
    {"\"a, (b\"", "a, (b", true},   {"\"\"", "", true},         {"", "", false},
    {"\"a\" ", "a", false},         {"\"", "", false},          {"\"ab\"", "a", false},
    {"lower(name)", "name", false},
};

static void names_items_are_compared(void **state) {
    (void)state;
    for (size_t i = 0; i < TK_COUNT(items); i++) {
        if (tk_names_is(tk_zstr(items[i].item), tk_zstr(items[i].name)) != items[i].is_same) {
            fail_msg("%s, %s", items[i].item, items[i].name);
        }
    }
}

static const struct {
    const char *expression;
    const char *words;
} expressions[] = {
    {"lower((name)::text)", "name"},
    {"(a || b)", "a|b"},
    {"upper(\"a\"\"b\" || 'c, d'::text)", "\"a\"\"b\""},
    {"(1)", "1"},
    {"", ""},
    {"'a''b'", ""},
    {"COALESCE(größe, 0)", "größe|0"},
};

static void names_words_of_expressions(void **state) {
    (void)state;
    for (size_t i = 0; i < TK_COUNT(expressions); i++) {
        takeo_text rest = tk_zstr(expressions[i].expression);
        takeo_text word;
        char found[200] = "";
        size_t len = 0;
        while (tk_names_word(&rest, &word)) {
            len += (size_t)snprintf(found + len, sizeof found - len, "%s%.*s", len != 0 ? "|" : "",
                                    (int)word.len, word.data);
        }
        assert_string_equal(found, expressions[i].words);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_lists_are_split),
        cmocka_unit_test(names_items_are_compared),
        cmocka_unit_test(names_words_of_expressions),
    };
    return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
