/* test_vec.c - an array that grows. */
#include "base/base.h"
#include "support.h"

static void vec_items_stay_and_come_zeroed(void **state) {
    (void)state;
    tk_test_alloc memory;
    takeo_allocator allocator = tk_test_alloc_init(&memory);
    tk_vec vec;
    tk_vec_init(&vec, tk_alloc_from(&allocator), sizeof(int64_t));
    for (int round = 0; round < 2; round++) {
        for (int64_t i = 0; i < 1000; i++) {
            int64_t *item = tk_vec_push(&vec);
            assert_non_null(item);
            assert_int_equal(*item, 0);
            *item = i * i;
        }
        assert_int_equal(vec.count, 1000);
        for (int64_t i = 0; i < 1000; i++) {
            assert_int_equal(*(int64_t *)tk_vec_at(&vec, (size_t)i), i * i);
        }
        tk_vec_clear(&vec);
        assert_int_equal(vec.count, 0);
    }
    tk_vec_done(&vec);
    tk_test_alloc_done(&memory);
}

/* B28 */
static void vec_of_large_items_does_not_overflow(void **state) {
    (void)state;
    tk_vec vec;
    tk_vec_init(&vec, tk_alloc_default, SIZE_MAX / 4);
    assert_null(tk_vec_push(&vec));
    assert_int_equal(vec.count, 0);
    tk_vec_done(&vec);
}

/* F60 */
static bool fill_vec(const takeo_allocator *allocator, void *context) {
    (void)context;
    tk_vec vec;
    tk_vec_init(&vec, tk_alloc_from(allocator), 24);
    bool is_whole = true;
    for (size_t i = 0; i < 500 && is_whole; i++) {
        is_whole = tk_vec_push(&vec) != NULL;
        assert_int_equal(vec.count, i + (is_whole ? 1 : 0));
    }
    tk_vec_done(&vec);
    return is_whole;
}

static void vec_without_memory_fails_cleanly(void **state) {
    (void)state;
    assert_true(tk_sweep(fill_vec, NULL) > 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vec_items_stay_and_come_zeroed),
        cmocka_unit_test(vec_of_large_items_does_not_overflow),
        cmocka_unit_test(vec_without_memory_fails_cleanly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
