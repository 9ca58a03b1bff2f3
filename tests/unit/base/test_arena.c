/* test_arena.c - memory cut from blocks: aligned, kept apart, freed at once, also when it runs out.
 */
#include "base/base.h"
#include "support.h"

static void arena_take_is_aligned_and_apart(void **state) {
    (void)state;
    tk_test_alloc memory;
    takeo_allocator allocator = tk_test_alloc_init(&memory);
    tk_arena arena;
    tk_arena_init(&arena, tk_alloc_from(&allocator));
    static const size_t sizes[] = {0, 1, 15, 16, 17, 100, 1000, 5000, 16383, 16384, 70000, 3};
    unsigned char *taken[TK_COUNT(sizes) * 20];
    for (size_t i = 0; i < TK_COUNT(taken); i++) {
        size_t size = sizes[i % TK_COUNT(sizes)];
        taken[i] = tk_arena_take(&arena, size);
        assert_non_null(taken[i]);
        assert_int_equal((uintptr_t)taken[i] % 16, 0);
        memset(taken[i], (int)(i & 0xFF), size);
    }
    for (size_t i = 0; i < TK_COUNT(taken); i++) {
        for (size_t j = 0; j < sizes[i % TK_COUNT(sizes)]; j++) {
            assert_int_equal(taken[i][j], i & 0xFF);
        }
    }
    assert_int_equal(arena.total, memory.live_bytes);
    tk_arena_done(&arena);
    tk_test_alloc_done(&memory);
}

static void arena_blocks_start_small_and_double(void **state) {
    (void)state;
    tk_test_alloc memory;
    takeo_allocator allocator = tk_test_alloc_init(&memory);
    tk_arena arena;
    tk_arena_init(&arena, tk_alloc_from(&allocator));
    assert_int_equal(memory.asked, 0);
    assert_non_null(tk_arena_take(&arena, 100));
    assert_int_equal(memory.live_bytes, 1024);
    for (int i = 0; i < 20000; i++) {
        assert_non_null(tk_arena_take(&arena, 64));
    }
    /* 1280000 bytes: 1, 2, 4 ... 64 KiB, then 64 KiB each. */
    assert_in_range(memory.live_blocks, 20, 28);
    tk_arena_done(&arena);
    tk_test_alloc_done(&memory);
}

static void arena_clear_keeps_one_ordinary_block(void **state) {
    (void)state;
    tk_test_alloc memory;
    takeo_allocator allocator = tk_test_alloc_init(&memory);
    tk_arena arena;
    tk_arena_init(&arena, tk_alloc_from(&allocator));
    tk_arena_clear(&arena);
    assert_non_null(tk_arena_take(&arena, 1 << 20));
    tk_arena_clear(&arena); /* a block of its own is not worth keeping */
    assert_int_equal(memory.live_blocks, 0);
    for (int i = 0; i < 100; i++) {
        assert_non_null(tk_arena_take(&arena, 100));
    }
    tk_arena_clear(&arena);
    assert_int_equal(memory.live_blocks, 1);
    uint64_t asked = memory.asked;
    for (int i = 0; i < 50; i++) {
        assert_non_null(tk_arena_take(&arena, 100));
    }
    assert_int_equal(memory.asked, asked);
    tk_arena_done(&arena);
    tk_test_alloc_done(&memory);
}

static void arena_array_is_zeroed_and_checked(void **state) {
    (void)state;
    tk_arena arena;
    tk_arena_init(&arena, tk_alloc_default);
    memset(tk_arena_take(&arena, 900), 0xFF, 900);
    tk_arena_clear(&arena);
    unsigned char *array = tk_arena_array(&arena, 100, 9);
    assert_non_null(array);
    for (int i = 0; i < 900; i++) {
        assert_int_equal(array[i], 0);
    }
    assert_non_null(tk_arena_array(&arena, 0, 8));
    assert_non_null(tk_arena_array(&arena, 8, 0));
    assert_null(tk_arena_array(&arena, SIZE_MAX / 2, 3)); /* B28 */
    assert_null(tk_arena_take(&arena, SIZE_MAX));
    assert_null(tk_arena_take(&arena, SIZE_MAX - 15));
    assert_null(tk_arena_copy(&arena, "x", SIZE_MAX));
    tk_arena_done(&arena);
}

static void arena_text_is_zero_terminated(void **state) {
    (void)state;
    tk_arena arena;
    tk_arena_init(&arena, tk_alloc_default);
    assert_string_equal(tk_arena_copy(&arena, "abcdef", 3), "abc");
    assert_string_equal(tk_arena_copy(&arena, NULL, 0), "");
    assert_string_equal(tk_arena_printf(&arena, "%s-%d", "x", 7), "x-7");
    char *longer = tk_arena_printf(&arena, "%01999d", 1);
    assert_int_equal(strlen(longer), 1999);
    tk_arena_done(&arena);
}

/* F60 */
static bool fill_arena(const takeo_allocator *allocator, void *context) {
    (void)context;
    tk_arena arena;
    tk_arena_init(&arena, tk_alloc_from(allocator));
    bool is_whole = true;
    for (size_t i = 0; i < 60 && is_whole; i++) {
        is_whole = tk_arena_take(&arena, i % 10 == 9 ? 20000 : 500) != NULL
                   && tk_arena_copy(&arena, "abc", 3) != NULL
                   && tk_arena_printf(&arena, "%zu", i) != NULL;
    }
    tk_arena_clear(&arena);
    is_whole = is_whole && tk_arena_array(&arena, 3000, 8) != NULL;
    tk_arena_done(&arena);
    return is_whole;
}

static void arena_without_memory_fails_cleanly(void **state) {
    (void)state;
    assert_true(tk_sweep(fill_arena, NULL) > 5);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arena_take_is_aligned_and_apart),
        cmocka_unit_test(arena_blocks_start_small_and_double),
        cmocka_unit_test(arena_clear_keeps_one_ordinary_block),
        cmocka_unit_test(arena_array_is_zeroed_and_checked),
        cmocka_unit_test(arena_text_is_zero_terminated),
        cmocka_unit_test(arena_without_memory_fails_cleanly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
