/* holder.c - what an operation keeps of its host: begun empty, let go of at the end.
 *
 * It must not know what is held; only the host does.
 */
#include "host/host.h"

void tk_holder_init(tk_holder *holder, const tk_host *host, tk_arena *arena) {
    holder->arena = arena;
    holder->host = host;
    holder->flags = 0;
    tk_vec_init(&holder->held, arena->alloc, sizeof(void *));
    tk_vec_init(&holder->fixes, arena->alloc, sizeof(void *));
}

void tk_holder_done(tk_holder *holder) {
    if (holder->host != NULL && holder->host->release != NULL) {
        holder->host->release(holder);
    }
    tk_vec_done(&holder->held);
    tk_vec_done(&holder->fixes);
}
