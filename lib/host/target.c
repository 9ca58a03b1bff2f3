/* target.c - the life of a target: counted holds, the last of which gives it back to its host.
 *
 * It must not know what a layout is made of; that is each host's own.
 */
#include "host/host.h"

tk_target *tk_target_hold(tk_target *target) {
    __atomic_add_fetch(&target->references, 1, __ATOMIC_RELAXED);
    return target;
}

void tk_target_drop(tk_target *target) {
    if (target != NULL && __atomic_sub_fetch(&target->references, 1, __ATOMIC_ACQ_REL) == 0) {
        target->host->free_target(target);
    }
}
