/* schema_int.h - what synchronize.c and compare.c share. */
#ifndef TK_ORM_SCHEMA_INT_H
#define TK_ORM_SCHEMA_INT_H

#include "orm/orm_int.h"

typedef struct tk_schema { /* what the database holds, and for whom it is compared */
    const tk_catalog_table *tables;
    uint32_t table_count;
    const tk_dialect *dialect;
    const tk_dialect_facts *facts;
    tk_alloc alloc;
    tk_error *error;
    uint32_t findings;
} tk_schema;

/* Are these names one to the database? */
bool tk_schema_is_same(const tk_schema *schema, takeo_text a, takeo_text b);
/* A table of that schema; without a schema, one that its name alone finds.  NULL: none. */
const tk_catalog_table *tk_schema_table(const tk_schema *schema, takeo_text in, takeo_text name);
/* An index of any table of that schema; NULL: none. */
const tk_catalog_index *tk_schema_index(const tk_schema *schema, takeo_text in, takeo_text name);
/* Has the schema a table?  Whether it is there without one, nobody asks. */
bool tk_schema_is_known(const tk_schema *schema, takeo_text name);
/* Tell every difference between a table and its entity.  A failure is no memory. */
TK_CHECKED takeo_status tk_schema_compare(tk_schema *schema, const tk_entity *entity,
                                          const tk_catalog_table *table);

#endif
