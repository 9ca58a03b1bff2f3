/* test_naming.c - the names that nobody gave (NAM-02). */
#include "defs.h"

#include "model/model_int.h"

static tk_model *new_model(uint32_t naming) {
    takeo_model_options options = {.struct_size = sizeof options, .naming = naming};
    tk_model *model = NULL;
    assert_int_equal(tk_model_new(&options, &model, NULL), TAKEO_DONE);
    return model;
}

static void naming_word_is_snake_case(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"City", "city"},
        {"HTTPServer", "http_server"},
        {"CityCountry", "city_country"},
        {"userID", "user_id"},
        {"HTTP2Server", "http2_server"},
        {"A", "a"},
        {"AB", "ab"},
        {"ABc", "a_bc"},
        {"country_code", "country_code"},
        {"Foo_Bar", "foo_bar"},
        {"_Mail", "_mail"},
        {"A1B", "a1_b"},
        {"people", "people"},
    };
    tk_model *model = new_model(TAKEO_NAMING_SNAKE);
    for (size_t i = 0; i < TK_COUNT(cases); i++) {
        assert_string_equal(tk_naming_word(model, tk_zstr(cases[i][0])).data, cases[i][1]);
    }
    tk_model_drop(model);
}

static void naming_word_exact_stays(void **state) {
    (void)state;
    tk_model *model = new_model(TAKEO_NAMING_EXACT);
    assert_string_equal(tk_naming_word(model, tk_zstr("HTTPServer")).data, "HTTPServer");
    tk_model_drop(model);
}

/* B73: never longer than 63 bytes, never the same for two. */
static void naming_fit_cuts_at_63_bytes(void **state) {
    (void)state;
    tk_model *model = new_model(TAKEO_NAMING_SNAKE);
    char name[80];
    memset(name, 'a', sizeof name);
    assert_int_equal(tk_naming_fit(model, name, 63).len, 63);
    takeo_text whole = tk_naming_fit(model, name, 63);
    assert_memory_equal(whole.data, name, 63);
    takeo_text first = tk_naming_fit(model, name, 64);
    assert_int_equal(first.len, 63);
    assert_int_equal(strlen(first.data), 63);
    assert_memory_equal(first.data, name, 54);
    assert_true(first.data[54] == '_');
    takeo_text again = tk_naming_fit(model, name, 64);
    assert_string_equal(first.data, again.data);
    takeo_text other = tk_naming_fit(model, name, 65);
    assert_int_equal(other.len, 63);
    assert_string_not_equal(first.data, other.data);
    tk_model_drop(model);
}

static void naming_fit_never_splits_a_character(void **state) {
    (void)state;
    tk_model *model = new_model(TAKEO_NAMING_SNAKE);
    char name[80] = "a";
    for (size_t i = 1; i + 2 < sizeof name; i += 2) {
        memcpy(name + i, "\xC3\xA9", 2); /* 54 falls between the bytes of one */
    }
    takeo_text cut = tk_naming_fit(model, name, 77);
    assert_true(tk_utf8_is_valid(cut.data, cut.len));
    assert_true(cut.len <= 63 && cut.len > 55);
    tk_model_drop(model);
}

/* These stand in databases: a change of this test is a change of every user's schema. */
static void naming_digest_never_changes(void **state) {
    (void)state;
    char digest[9];
    tk_naming_digest("", 0, digest);
    assert_string_equal(digest, "4fd0bfc1");
    tk_naming_digest("population >= 0", 15, digest);
    assert_string_equal(digest, "e29a454c");
}

static void naming_constraint_is_readable(void **state) {
    (void)state;
    tk_model *model = new_model(TAKEO_NAMING_SNAKE);
    takeo_text table = tk_zstr("cities");
    assert_string_equal(tk_naming_constraint(model, "pk", table, tk_text(NULL, 0)).data,
                        "pk_cities");
    assert_string_equal(tk_naming_constraint(model, "uq", table, tk_zstr("name")).data,
                        "uq_cities_name");
    assert_string_equal(tk_naming_constraint(model, "ix", table, tk_zstr("country_name")).data,
                        "ix_cities_country_name");
    tk_model_drop(model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(naming_word_is_snake_case),
        cmocka_unit_test(naming_word_exact_stays),
        cmocka_unit_test(naming_fit_cuts_at_63_bytes),
        cmocka_unit_test(naming_fit_never_splits_a_character),
        cmocka_unit_test(naming_digest_never_changes),
        cmocka_unit_test(naming_constraint_is_readable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
