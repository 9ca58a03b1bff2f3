/* support.h - what every C test stands on: cmocka, and an allocator that counts and can fail.
 *
 *     static void buf_put_grows(void **state) {
 *         tk_test_alloc memory;
 *         takeo_allocator allocator = tk_test_alloc_init(&memory);
 *         ...
 *         tk_test_alloc_done(&memory);        nothing is left, or the test fails
 *     }
 *
 *     static bool scenario(const takeo_allocator *allocator, void *context) { ... }
 *     tk_sweep(scenario, context);            the same with every allocation failing in turn
 */
#ifndef TK_TEST_SUPPORT_H
#define TK_TEST_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "takeo/base.h"

typedef struct tk_test_alloc {
    uint64_t fail_at;     /* this allocation fails, counted from 1; 0: none */
    bool fail_ever_after; /* and all that follow it */
    uint64_t asked;       /* allocations and growths asked for so far */
    uint64_t failed;      /* of these refused */
    int64_t live_blocks;
    int64_t live_bytes;
    int64_t most_bytes;
} tk_test_alloc;

/* Start counting from zero.  The allocator given back points to `memory`.  It checks that blocks
 * are resized and freed with the size they were taken with, and gives every block a new place. */
takeo_allocator tk_test_alloc_init(tk_test_alloc *memory);

/* Fail the test when a block is left. */
void tk_test_alloc_done(const tk_test_alloc *memory);

/* One scenario: do the work with the allocator, free everything, and say whether it succeeded. */
typedef bool (*tk_scenario)(const takeo_allocator *allocator, void *context);

/* Run a scenario with the first allocation failing, then the second ... until a run asks for fewer;
 * each time once alone and once with all later ones failing too.  Fails the test when a block is
 * left, when the scenario fails though nothing was refused.  Gives the number of allocations. */
uint64_t tk_sweep(tk_scenario scenario, void *context);
/* The same with the allocations from `first` on that lie `step` apart, where a run takes long. */
uint64_t tk_sweep_some(tk_scenario scenario, void *context, uint64_t first, uint64_t step);

/* Under valgrind everything takes 20 to 50 times as long. */
static inline bool tk_under_valgrind(void) {
    return getenv("TAKEO_VALGRIND") != NULL;
}

/* A forked child leaves what it shares with its parent, as it must; valgrind takes that for a leak. */
#define NEED_FORK()                                                                                \
    do {                                                                                           \
        if (tk_under_valgrind()) {                                                                 \
            skip();                                                                                \
        }                                                                                          \
    } while (0)

#endif
