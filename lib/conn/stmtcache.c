/* stmtcache.c - statements prepared on one connection, found by the id of their text.
 *
 * Ids are counted up in the process, so a table by their low bits finds nearly every statement with
 * one look; a wrong or empty place is mended by a walk over all entries.  At most ENTRIES are kept,
 * and the one that was not used for the longest time goes.  It must not know drivers: who puts a
 * statement in forgets the one that is given back.
 */
#include "conn/conn_int.h"

enum { ENTRIES = 256, PLACES = 1024 /* a power of two */ };

struct tk_stmtcache {
    uint64_t ids[ENTRIES]; /* 0: free */
    uint64_t used[ENTRIES];
    tk_prepared *prepared[ENTRIES];
    tk_pace paces[ENTRIES];
    uint16_t places[PLACES]; /* of low bits of an id: probably its entry + 1 */
    uint64_t clock;
    uint32_t count; /* entries below it are in use */
};

tk_stmtcache *tk_stmtcache_new(const tk_alloc *alloc) {
    return tk_mem_new(alloc, sizeof(tk_stmtcache));
}

void tk_stmtcache_free(const tk_alloc *alloc, tk_stmtcache *cache) {
    tk_mem_free(alloc, cache, sizeof *cache);
}

static tk_prepared *find_slowly(tk_stmtcache *cache, uint64_t id, tk_pace **out_pace) {
    for (uint32_t i = 0; i < cache->count; i++) {
        if (cache->ids[i] == id) {
            cache->places[id % PLACES] = (uint16_t)(i + 1);
            cache->used[i] = ++cache->clock;
            *out_pace = &cache->paces[i];
            return cache->prepared[i];
        }
    }
    return NULL;
}

tk_prepared *tk_stmtcache_find(tk_stmtcache *cache, uint64_t id, tk_pace **out_pace) {
    uint32_t place = cache->places[id % PLACES];
    if (TK_LIKELY(place != 0 && cache->ids[place - 1] == id)) {
        cache->used[place - 1] = ++cache->clock;
        *out_pace = &cache->paces[place - 1];
        return cache->prepared[place - 1];
    }
    return find_slowly(cache, id, out_pace);
}

static uint32_t oldest(const tk_stmtcache *cache) {
    uint32_t found = 0;
    for (uint32_t i = 1; i < cache->count; i++) {
        if (cache->used[i] < cache->used[found]) {
            found = i;
        }
    }
    return found;
}

tk_prepared *tk_stmtcache_put(tk_stmtcache *cache, uint64_t id, tk_prepared *prepared,
                              tk_pace **out_pace) {
    tk_prepared *gone = NULL;
    uint32_t entry = cache->count;
    if (entry == ENTRIES) {
        entry = oldest(cache);
        gone = cache->prepared[entry];
    } else {
        cache->count++;
    }
    cache->ids[entry] = id;
    cache->prepared[entry] = prepared;
    cache->used[entry] = ++cache->clock;
    cache->places[id % PLACES] = (uint16_t)(entry + 1);
    cache->paces[entry] = (tk_pace){0};
    *out_pace = &cache->paces[entry];
    return gone;
}

tk_prepared *tk_stmtcache_take(tk_stmtcache *cache) {
    if (cache->count == 0) {
        return NULL;
    }
    cache->count--;
    cache->ids[cache->count] = 0;
    return cache->prepared[cache->count];
}
