/* test_map.c - bytes -> pointer against a model that cannot be wrong: an array by number. */
#include "base/base.h"
#include "support.h"

enum { KEYS = 3000, OPERATIONS = 100000 };

static void map_finds_replaces_and_removes(void **state) {
    (void)state;
    tk_test_alloc memory;
    takeo_allocator allocator = tk_test_alloc_init(&memory);
    tk_map map;
    int a = 1;
    int b = 2;
    tk_map_init(&map, tk_alloc_from(&allocator));
    assert_null(tk_map_get(&map, "a", 1));
    assert_null(tk_map_remove(&map, "a", 1));
    assert_true(tk_map_put(&map, "a", 1, &a));
    assert_true(tk_map_put(&map, "", 0, &b));
    assert_ptr_equal(tk_map_get(&map, "a", 1), &a);
    assert_ptr_equal(tk_map_get(&map, NULL, 0), &b);
    assert_null(tk_map_get(&map, "a\0", 2));
    assert_true(tk_map_put(&map, "a", 1, &b));
    assert_ptr_equal(tk_map_get(&map, "a", 1), &b);
    assert_int_equal(map.count, 2);
    assert_ptr_equal(tk_map_remove(&map, "a", 1), &b);
    assert_null(tk_map_get(&map, "a", 1));
    assert_null(tk_map_remove(&map, "a", 1));
    assert_int_equal(map.count, 1);
    tk_map_clear(&map);
    assert_null(tk_map_get(&map, "", 0));
    assert_true(tk_map_put(&map, "a", 1, &a));
    assert_ptr_equal(tk_map_get(&map, "a", 1), &a);
    tk_map_done(&map);
    tk_test_alloc_done(&memory);
}

/* The old value often holds the old key: after a put nothing refers to it. */
static void map_replacing_takes_the_new_key(void **state) {
    (void)state;
    tk_map map;
    char old_key[] = "key";
    int value = 0;
    tk_map_init(&map, tk_alloc_default);
    assert_true(tk_map_put(&map, old_key, 3, &value));
    assert_true(tk_map_put(&map, "key", 3, &value));
    memset(old_key, 'x', 3);
    assert_ptr_equal(tk_map_get(&map, "key", 3), &value);
    tk_map_done(&map);
}

static void map_walks_in_order_of_insertion(void **state) {
    (void)state;
    tk_map map;
    static char keys[100][24];
    tk_map_init(&map, tk_alloc_default);
    for (int i = 0; i < 100; i++) {
        snprintf(keys[i], sizeof keys[i], "%d", i);
        assert_true(tk_map_put(&map, keys[i], strlen(keys[i]), keys[i]));
    }
    for (int i = 0; i < 100; i += 3) {
        assert_non_null(tk_map_remove(&map, keys[i], strlen(keys[i])));
    }
    int expected = 1;
    for (size_t i = 0; i < map.entry_count; i++) {
        if (map.entries[i].key == NULL) {
            continue;
        }
        assert_ptr_equal(map.entries[i].value, keys[expected]);
        expected += expected % 3 == 2 ? 2 : 1;
    }
    assert_int_equal(expected, 100);
    tk_map_done(&map);
}

static uint64_t next_random(uint64_t *seed) {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static void map_agrees_with_a_model(void **state) {
    (void)state;
    static char keys[KEYS][24];
    static void *model[KEYS];
    uint64_t seed = UINT64_C(88172645463325252);
    size_t count = 0;
    tk_map map;
    tk_map_init(&map, tk_alloc_default);
    for (size_t i = 0; i < KEYS; i++) {
        snprintf(keys[i], sizeof keys[i], "k%zu", i);
        model[i] = NULL;
    }
    for (size_t i = 0; i < OPERATIONS; i++) {
        /* A window that moves over the keys: many come, many go, tombstones pile up. */
        size_t key = (next_random(&seed) % 200 + i / 40) % KEYS;
        size_t len = strlen(keys[key]);
        uint64_t action = next_random(&seed) % 8;
        if (action < 4) {
            count += model[key] == NULL ? 1 : 0;
            model[key] = &keys[next_random(&seed) % KEYS];
            assert_true(tk_map_put(&map, keys[key], len, model[key]));
        } else if (action < 7) {
            count -= model[key] != NULL ? 1 : 0;
            assert_ptr_equal(tk_map_remove(&map, keys[key], len), model[key]);
            model[key] = NULL;
        }
        assert_ptr_equal(tk_map_get(&map, keys[key], len), model[key]);
        assert_int_equal(map.count, count);
    }
    for (size_t i = 0; i < KEYS; i++) {
        assert_ptr_equal(tk_map_get(&map, keys[i], strlen(keys[i])), model[i]);
    }
    assert_true(map.slot_count <= 8192); /* removed entries do not make it grow without end */
    tk_map_done(&map);
}

static void map_hash_spreads_and_sees_everything(void **state) {
    (void)state;
    unsigned char data[40] = {0};
    uint64_t whole = tk_hash(data, sizeof data, 0);
    assert_int_equal(tk_hash(data, sizeof data, 0), whole);
    assert_int_not_equal(tk_hash(data, sizeof data, 1), whole);
    for (size_t i = 0; i < sizeof data; i++) {
        assert_int_not_equal(tk_hash(data, i, 0), whole);
        data[i] = 1;
        assert_int_not_equal(tk_hash(data, sizeof data, 0), whole);
        data[i] = 0;
    }
    size_t used[256] = {0};
    for (uint64_t i = 0; i < 25600; i++) {
        used[tk_hash(&i, sizeof i, 0) & 255]++;
    }
    for (size_t i = 0; i < 256; i++) { /* 100 each, give or take five deviations */
        assert_in_range(used[i], 50, 150);
    }
}

/* F60: a put that fails changes nothing. */
static bool fill_map(const takeo_allocator *allocator, void *context) {
    (void)context;
    static char keys[100][24];
    tk_map map;
    bool is_whole = true;
    tk_map_init(&map, tk_alloc_from(allocator));
    for (size_t i = 0; i < TK_COUNT(keys); i++) {
        snprintf(keys[i], sizeof keys[i], "%zu", i);
        bool is_put = tk_map_put(&map, keys[i], strlen(keys[i]), keys[i]);
        assert_ptr_equal(tk_map_get(&map, keys[i], strlen(keys[i])), is_put ? keys[i] : NULL);
        is_whole = is_whole && is_put;
    }
    tk_map_done(&map);
    return is_whole;
}

static void map_without_memory_fails_cleanly(void **state) {
    (void)state;
    assert_true(tk_sweep(fill_map, NULL) > 5);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(map_finds_replaces_and_removes),
        cmocka_unit_test(map_replacing_takes_the_new_key),
        cmocka_unit_test(map_walks_in_order_of_insertion),
        cmocka_unit_test(map_agrees_with_a_model),
        cmocka_unit_test(map_hash_spreads_and_sees_everything),
        cmocka_unit_test(map_without_memory_fails_cleanly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
