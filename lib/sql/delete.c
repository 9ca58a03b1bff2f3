/* delete.c - DELETE. */
#include "sql/sql_int.h"

void tk_put_delete(tk_render *render, uint32_t number) {
    tk_put(render, "delete from ");
    tk_put_target(render, render->scope->first);
    tk_put_write_where(render, number);
    tk_put_returning(render, number);
}
