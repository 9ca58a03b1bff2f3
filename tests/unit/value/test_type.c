/* test_type.c - every type has one row and one name. */
#include "value/value.h"
#include "support.h"

static void type_names_lead_back(void **state) {
    (void)state;
    size_t count = 0;
    for (unsigned type = 0; type <= UINT16_MAX; type++) {
        const tk_type_info *info = tk_type_info_of((takeo_type)type);
        if (info == NULL) {
            assert_string_equal(tk_type_name((takeo_type)type), "?");
            continue;
        }
        count++;
        assert_int_equal(info->type, type);
        assert_string_equal(tk_type_name((takeo_type)type), info->name);
        assert_int_equal(tk_type_find(info->name, strlen(info->name)), type);
    }
    assert_int_equal(count, 49);
    assert_null(tk_type_info_of(TAKEO_TYPE_NONE));
    assert_int_equal(tk_type_find("int", 3), 0);
    assert_int_equal(tk_type_find("", 0), 0);
    assert_int_equal(tk_type_find("int64x", 6), 0);
}

static void type_rows_say_range_and_member(void **state) {
    (void)state;
    assert_int_equal(tk_type_info_of(TAKEO_TYPE_INT16)->max, 32767);
    assert_int_equal(tk_type_info_of(TAKEO_TYPE_INT32)->min, INT32_MIN);
    assert_int_equal(tk_type_info_of(TAKEO_TYPE_OID)->max, UINT32_MAX);
    assert_int_equal(tk_type_info_of(TAKEO_TYPE_UINT64)->form, TK_FORM_UINT);
    assert_int_equal(tk_type_info_of(TAKEO_TYPE_TIMETZ)->form, TK_FORM_SPAN);
    assert_int_equal(tk_type_info_of(TAKEO_TYPE_BITS)->form, TK_FORM_TEXT);
    assert_int_equal(tk_type_info_of(TAKEO_TYPE_HSTORE)->form, TK_FORM_LIST);
    assert_int_equal(tk_type_info_of(TAKEO_TYPE_ENTITY)->form, TK_FORM_NONE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(type_names_lead_back),
        cmocka_unit_test(type_rows_say_range_and_member),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
