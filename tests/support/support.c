/* support.c - the counting and failing allocator of the C tests. */
#include "support.h"

/* In front of every block, so that a wrong size or a foreign block is found at once. */
typedef struct header {
    size_t size;
    uint64_t mark;
} header;

enum { LIVE = 0x7461, FREED = 0x6672, SWEEP_LIMIT = 1000000 };

static bool is_refused(tk_test_alloc *memory) {
    memory->asked++;
    bool refused = memory->fail_at != 0
                   && (memory->fail_ever_after ? memory->asked >= memory->fail_at
                                               : memory->asked == memory->fail_at);
    memory->failed += refused;
    return refused;
}

static void count_live(tk_test_alloc *memory, int64_t blocks, int64_t bytes) {
    memory->live_blocks += blocks;
    memory->live_bytes += bytes;
    if (memory->live_bytes > memory->most_bytes) {
        memory->most_bytes = memory->live_bytes;
    }
}

static header *header_of(void *block, size_t size) {
    header *head = (header *)block - 1;
    assert_true(head->mark == LIVE);
    assert_int_equal(head->size, size);
    return head;
}

static void *test_resize(void *ctx, void *block, size_t old_size, size_t new_size) {
    tk_test_alloc *memory = ctx;
    header *old = block != NULL ? header_of(block, old_size) : NULL;
    header *new = NULL;
    if (new_size != 0) {
        if (is_refused(memory)) {
            return NULL;
        }
        new = malloc(sizeof *new + new_size);
        assert_non_null(new);
        *new = (header){new_size, LIVE};
        memset(new + 1, 0xA5, new_size); /* whoever reads before writing sees it */
        count_live(memory, 1, (int64_t)new_size);
    }
    if (old != NULL) {
        if (new != NULL) {
            memcpy(new + 1, block, old_size < new_size ? old_size : new_size);
        }
        count_live(memory, -1, -(int64_t)old_size);
        old->mark = FREED;
        free(old);
    }
    return new != NULL ? new + 1 : NULL;
}

takeo_allocator tk_test_alloc_init(tk_test_alloc *memory) {
    *memory = (tk_test_alloc){0};
    return (takeo_allocator){
        .struct_size = sizeof(takeo_allocator), .ctx = memory, .resize = test_resize};
}

void tk_test_alloc_done(const tk_test_alloc *memory) {
    if (memory->live_blocks != 0) {
        fail_msg("%lld blocks with %lld bytes are left after %llu allocations (failing at %llu)",
                 (long long)memory->live_blocks, (long long)memory->live_bytes,
                 (unsigned long long)memory->asked, (unsigned long long)memory->fail_at);
    }
}

/* One run; true when every allocation that should fail lay beyond its end. */
static bool sweep_once(tk_scenario scenario, void *context, uint64_t fail_at, bool ever_after,
                       uint64_t *out_asked) {
    tk_test_alloc memory;
    takeo_allocator allocator = tk_test_alloc_init(&memory);
    memory.fail_at = fail_at;
    memory.fail_ever_after = ever_after;
    bool succeeded = scenario(&allocator, context);
    tk_test_alloc_done(&memory);
    if (memory.failed == 0 && !succeeded) {
        fail_msg("the scenario fails although it got all memory (failing at %llu)",
                 (unsigned long long)fail_at);
    }
    *out_asked = memory.asked;
    return memory.failed == 0;
}

uint64_t tk_sweep(tk_scenario scenario, void *context) {
    return tk_sweep_some(scenario, context, 1, 1);
}

uint64_t tk_sweep_some(tk_scenario scenario, void *context, uint64_t first, uint64_t step) {
    for (uint64_t n = first; n < SWEEP_LIMIT; n += step) {
        uint64_t asked = 0;
        bool is_over = sweep_once(scenario, context, n, false, &asked);
        is_over &= sweep_once(scenario, context, n, true, &asked);
        if (is_over) {
            return asked;
        }
    }
    fail_msg("the scenario never ends asking for memory");
    return 0;
}
