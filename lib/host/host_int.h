/* host_int.h - what graph.c and identity.c share. */
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

#endif
