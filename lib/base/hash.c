/* hash.c - a fast 64 bit hash of bytes, for tables in memory.
 *
 * It is no defence against chosen keys and its numbers must not be stored: they differ between
 * byte orders and may change with any version.
 */
#include "base/base.h"

static const uint64_t factor = UINT64_C(0x9E3779B97F4A7C15);
static const uint64_t other_factor = UINT64_C(0xD6E8FEB86659FD93);

static uint64_t mix(uint64_t hash, uint64_t word) {
    word *= factor;
    word ^= word >> 32;
    hash = (hash ^ word) * other_factor;
    return hash ^ (hash >> 29);
}

uint64_t tk_hash(const void *data, size_t len, uint64_t seed) {
    const unsigned char *at = data;
    uint64_t hash = (seed ^ (uint64_t)len) * factor;
    size_t left = len;
    for (; left >= 8; left -= 8, at += 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        hash = mix(hash, word);
    }
    if (left != 0) {
        uint64_t word = 0;
        memcpy(&word, at, left);
        hash = mix(hash, word);
    }
    hash ^= hash >> 32;
    hash *= other_factor;
    return hash ^ (hash >> 32);
}
