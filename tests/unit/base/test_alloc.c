/* test_alloc.c - sizes that cannot overflow, and blocks that go back with the size they came with.
 */
#include "base/base.h"
#include "support.h"

static void alloc_from_null_is_the_default(void **state) {
    (void)state;
    tk_alloc alloc = tk_alloc_from(NULL);
    assert_ptr_equal(alloc.resize, tk_alloc_default.resize);
    takeo_allocator empty = {.struct_size = sizeof empty};
    alloc = tk_alloc_from(&empty);
    assert_ptr_equal(alloc.resize, tk_alloc_default.resize);
}

static void alloc_new_is_zeroed_and_resize_keeps_bytes(void **state) {
    (void)state;
    tk_test_alloc memory;
    takeo_allocator allocator = tk_test_alloc_init(&memory);
    tk_alloc alloc = tk_alloc_from(&allocator);
    unsigned char *block = tk_mem_new(&alloc, 100);
    assert_non_null(block);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(block[i], 0);
        block[i] = (unsigned char)i;
    }
    block = tk_mem_resize(&alloc, block, 100, 1000);
    assert_non_null(block);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(block[i], i);
    }
    tk_mem_free(&alloc, block, 1000);
    tk_mem_free(&alloc, NULL, 0);
    tk_test_alloc_done(&memory);
}

static void alloc_of_nothing_is_a_block(void **state) {
    (void)state;
    tk_test_alloc memory;
    takeo_allocator allocator = tk_test_alloc_init(&memory);
    tk_alloc alloc = tk_alloc_from(&allocator);
    void *block = tk_mem_new(&alloc, 0);
    assert_non_null(block);
    block = tk_mem_resize(&alloc, block, 0, 8);
    assert_non_null(block);
    block = tk_mem_resize(&alloc, block, 8, 0);
    assert_non_null(block);
    tk_mem_free(&alloc, block, 0);
    tk_test_alloc_done(&memory);
}

/* B28, S17 */
static void alloc_sizes_do_not_overflow(void **state) {
    (void)state;
    static const struct {
        size_t a, b;
        bool sum_fits, product_fits;
    } cases[] = {
        {0, 0, true, true},
        {SIZE_MAX, 0, true, true},
        {SIZE_MAX, 1, false, true},
        {SIZE_MAX - 1, 1, true, true},
        {SIZE_MAX, 2, false, false},
        {SIZE_MAX / 2, 2, true, true},
        {SIZE_MAX / 2 + 1, 2, true, false},
        {(size_t)1 << (sizeof(size_t) * 4), (size_t)1 << (sizeof(size_t) * 4), true, false},
    };
    for (size_t i = 0; i < TK_COUNT(cases); i++) {
        size_t out = 42;
        assert_int_equal(tk_size_add(cases[i].a, cases[i].b, &out), cases[i].sum_fits);
        assert_int_equal(tk_size_multiply(cases[i].a, cases[i].b, &out), cases[i].product_fits);
    }
    assert_null(tk_mem_new(&tk_alloc_default, SIZE_MAX));
    assert_null(tk_mem_new(&tk_alloc_default, (size_t)PTRDIFF_MAX + 1));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alloc_from_null_is_the_default),
        cmocka_unit_test(alloc_new_is_zeroed_and_resize_keeps_bytes),
        cmocka_unit_test(alloc_of_nothing_is_a_block),
        cmocka_unit_test(alloc_sizes_do_not_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
