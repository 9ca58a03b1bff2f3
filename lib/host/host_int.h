/* host_int.h - what the files of this room share. */
#ifndef TK_HOST_INT_H
#define TK_HOST_INT_H

#include "host/host.h"

typedef struct tk_known { /* an object that was met before */
    void *object;         /* one reference belongs to the map */
    uint64_t parts;       /* bit n: part n has met it */
} tk_known;

/* The entry of the key that the row has for this part; made, with object NULL, when there is none.
 * NULL: no memory. */
TK_CHECKED tk_known *tk_identity_find(tk_map *map, const tk_plan_part *part,
                                      const takeo_cell *cells, tk_arena *arena);

/* graph.c: a stored value that is none of its type: say of which column, if the host did not. */
takeo_status tk_fill_failed(const tk_step *step, takeo_status status, tk_error *error);

takeo_status tk_fill_by_steps(const tk_plan_part *part, void *object, const takeo_cell *cells,
                              tk_holder *holder, tk_error *error);

/* The body of a host's `fill`.  `own` is the put of nearly all its steps: named here it becomes part
 * of the loop.  NULL: there is none such (tk_fill_by_steps). */
static inline takeo_status tk_fill(const tk_plan_part *part, void *object, const takeo_cell *cells,
                                   tk_holder *holder, tk_error *error,
                                   takeo_status (*own)(const tk_step *, void *, const takeo_cell *,
                                                       tk_holder *, tk_error *)) {
    const tk_step *end = part->steps + part->step_count;
    for (const tk_step *step = part->steps; step < end; step++) {
        const takeo_cell *cell = &cells[step->cell];
        takeo_status status = own != NULL && TK_LIKELY(step->put == own)
                                  ? own(step, object, cell, holder, error)
                                  : step->put(step, object, cell, holder, error);
        if (TK_UNLIKELY(status < 0)) {
            return tk_fill_failed(step, status, error);
        }
    }
    return TAKEO_DONE;
}

#endif
