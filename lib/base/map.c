/* map.c - bytes -> pointer: open addressing over slots that hold numbers of entries.
 *
 * Entries stay in the order of insertion.  A removed entry loses its key but keeps its number, so
 * that it is its own tombstone; the next time the entries are full it is squeezed out.  There are
 * always twice as many slots as entries, so a search ends at an empty slot soon.  It must not know
 * what keys and values are.
 */
#include "base/base.h"

enum { CAPACITY_FIRST = 8, SLOTS_PER_ENTRY = 2 };

static const size_t capacity_max = (size_t)1 << 30; /* numbers of entries are 32 bits wide */

void tk_map_init(tk_map *map, tk_alloc alloc) {
    *map = (tk_map){.alloc = alloc};
}

/* The slot of a key, or the empty slot where its search ended.  Needs at least one slot. */
static size_t find_slot(const tk_map *map, const void *key, size_t key_len, uint64_t hash) {
    size_t mask = map->slot_count - 1;
    size_t slot = (size_t)hash & mask;
    while (map->slots[slot] != 0) {
        const tk_map_entry *entry = &map->entries[map->slots[slot] - 1];
        if (entry->hash == hash && entry->key != NULL && entry->key_len == key_len
            && memcmp(entry->key, key, key_len) == 0) {
            break;
        }
        slot = (slot + 1) & mask;
    }
    return slot;
}

/* Keys of no bytes may come with NULL, which marks removed entries here. */
static const void *real_key(const void *key) {
    return key != NULL ? key : "";
}

static tk_map_entry *find_entry(const tk_map *map, const void *key, size_t key_len, uint64_t hash) {
    if (map->slot_count == 0) {
        return NULL;
    }
    uint32_t number = map->slots[find_slot(map, key, key_len, hash)];
    return number != 0 ? &map->entries[number - 1] : NULL;
}

void *tk_map_get(const tk_map *map, const void *key, size_t key_len) {
    if (map->count == 0) {
        return NULL;
    }
    key = real_key(key);
    const tk_map_entry *entry = find_entry(map, key, key_len, tk_hash(key, key_len, 0));
    return entry != NULL ? entry->value : NULL;
}

/* Squeeze removed entries out and put the living ones into empty slots. */
static void rebuild(tk_map *map) {
    memset(map->slots, 0, map->slot_count * sizeof *map->slots);
    size_t mask = map->slot_count - 1;
    size_t kept = 0;
    for (size_t i = 0; i < map->entry_count; i++) {
        if (map->entries[i].key == NULL) {
            continue;
        }
        map->entries[kept] = map->entries[i];
        size_t slot = (size_t)map->entries[kept].hash & mask;
        while (map->slots[slot] != 0) {
            slot = (slot + 1) & mask;
        }
        kept++;
        map->slots[slot] = (uint32_t)kept;
    }
    map->entry_count = kept;
}

static bool grow(tk_map *map) {
    size_t capacity = map->entry_capacity != 0 ? map->entry_capacity * 2 : CAPACITY_FIRST;
    size_t entries_size;
    size_t slots_size;
    if (capacity > capacity_max || !tk_size_multiply(capacity, sizeof(tk_map_entry), &entries_size)
        || !tk_size_multiply(capacity * SLOTS_PER_ENTRY, sizeof(uint32_t), &slots_size)) {
        return false;
    }
    uint32_t *slots = tk_mem_resize(&map->alloc, NULL, 0, slots_size);
    if (slots == NULL) {
        return false;
    }
    tk_map_entry *entries = tk_mem_resize(&map->alloc, map->entries,
                                          map->entry_capacity * sizeof(tk_map_entry), entries_size);
    if (entries == NULL) {
        tk_mem_free(&map->alloc, slots, slots_size);
        return false;
    }
    tk_mem_free(&map->alloc, map->slots, map->slot_count * sizeof(uint32_t));
    map->slots = slots;
    map->slot_count = capacity * SLOTS_PER_ENTRY;
    map->entries = entries;
    map->entry_capacity = capacity;
    rebuild(map);
    return true;
}

bool tk_map_put(tk_map *map, const void *key, size_t key_len, void *value) {
    key = real_key(key);
    uint64_t hash = tk_hash(key, key_len, 0);
    tk_map_entry *entry = find_entry(map, key, key_len, hash);
    if (entry != NULL) {
        entry->key = key; /* the old key often lives in the old value */
        entry->value = value;
        return true;
    }
    if (map->entry_count == map->entry_capacity) {
        /* Squeeze when that frees a quarter, so that its cost is spread over many puts. */
        if (map->entry_capacity != 0 && map->count <= map->entry_capacity / 4 * 3) {
            rebuild(map);
        } else if (!grow(map)) {
            return false;
        }
    }
    map->entries[map->entry_count++] = (tk_map_entry){key, key_len, hash, value};
    map->slots[find_slot(map, key, key_len, hash)] = (uint32_t)map->entry_count;
    map->count++;
    return true;
}

void *tk_map_remove(tk_map *map, const void *key, size_t key_len) {
    key = real_key(key);
    tk_map_entry *entry = find_entry(map, key, key_len, tk_hash(key, key_len, 0));
    if (entry == NULL) {
        return NULL;
    }
    void *value = entry->value;
    *entry = (tk_map_entry){.hash = entry->hash};
    map->count--;
    return value;
}

void tk_map_clear(tk_map *map) {
    if (map->entry_count != 0) {
        memset(map->slots, 0, map->slot_count * sizeof *map->slots);
    }
    map->entry_count = 0;
    map->count = 0;
}

void tk_map_done(tk_map *map) {
    tk_mem_free(&map->alloc, map->entries, map->entry_capacity * sizeof(tk_map_entry));
    tk_mem_free(&map->alloc, map->slots, map->slot_count * sizeof(uint32_t));
    tk_map_init(map, map->alloc);
}
