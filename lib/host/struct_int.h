/* struct_int.h - what the files struct*.c share: kinds of fields, and what a step of a struct knows
 * beside its place.
 */
#ifndef TK_HOST_STRUCT_INT_H
#define TK_HOST_STRUCT_INT_H

#include "host/host_int.h"

/* aux of a step: what decides whether a field was given at all */
typedef struct tk_struct_info {
    const tk_layout *layout;
    bool zero_is_unset;    /* generated key: 0 is none yet */
    uint32_t link_count;   /* to-ones whose key this column is: while one of these */
    uint32_t *link_places; /* pointers is set, a zero here says nothing */
} tk_struct_info;

typedef struct tk_struct_kind { /* one for each takeo_field_kind */
    const char *name;
    uint32_t size; /* 0: any */
    uint32_t alignment;
    bool (*can_hold)(const tk_column *column); /* NULL: holds no column */
    takeo_status (*put)(const tk_step *step, void *object, const takeo_cell *cell,
                        tk_holder *holder, tk_error *error);
    takeo_status (*get)(const tk_step *step, void *object, takeo_cell *out, tk_holder *holder,
                        tk_error *error);
} tk_struct_kind;

const tk_struct_kind *tk_struct_kind_of(uint32_t kind); /* NULL: no such kind */

extern const tk_host tk_struct_host;

#endif
