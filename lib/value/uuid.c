/* uuid.c - UUIDs: their 36 characters, and new ones of version 4 and 7.
 *
 * It must not know whose keys they are.
 */
#include <stdatomic.h>

#include "value/value.h"

enum { UUID_LEN = 36, VERSION_BYTE = 6, VARIANT_BYTE = 8 };

static int hex_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Where hyphens stand: before these bytes. */
static bool is_group_start(size_t byte) {
    return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

bool tk_uuid_parse(const char *text, size_t len, uint8_t out[16]) {
    uint8_t uuid[16];
    const char *at = text;
    if (len != UUID_LEN) {
        return false;
    }
    for (size_t i = 0; i < sizeof uuid; i++) {
        if (is_group_start(i) && *at++ != '-') {
            return false;
        }
        int high = hex_value(at[0]);
        int low = hex_value(at[1]);
        if (high < 0 || low < 0) {
            return false;
        }
        uuid[i] = (uint8_t)(high << 4 | low);
        at += 2;
    }
    memcpy(out, uuid, sizeof uuid);
    return true;
}

void tk_uuid_write(const uint8_t uuid[16], char out[37]) {
    static const char hex[] = "0123456789abcdef";
    for (size_t i = 0; i < 16; i++) {
        if (is_group_start(i)) {
            *out++ = '-';
        }
        *out++ = hex[uuid[i] >> 4];
        *out++ = hex[uuid[i] & 15];
    }
    *out = '\0';
}

static void mark(uint8_t uuid[16], uint8_t version) {
    uuid[VERSION_BYTE] = (uint8_t)((uuid[VERSION_BYTE] & 0x0F) | version << 4);
    uuid[VARIANT_BYTE] = (uint8_t)((uuid[VARIANT_BYTE] & 0x3F) | 0x80);
}

bool tk_uuid_new_v4(uint8_t out[16]) {
    uint8_t uuid[16];
    if (!tk_rand_bytes(uuid, sizeof uuid)) {
        return false;
    }
    mark(uuid, 4);
    memcpy(out, uuid, sizeof uuid);
    return true;
}

/* The time of the last version 7, in 4096ths of a millisecond.  One for the process, because order
 * is promised between all threads; it is a number without an owner, nothing is freed. */
static _Atomic uint64_t last_tick;

/* A tick that no UUID had before; it runs ahead of the clock when more than four are made in a
 * microsecond, or when the clock is set back. */
static uint64_t next_tick(void) {
    int64_t now_us = tk_clock_unix_us();
    uint64_t now = now_us > 0 ? (uint64_t)now_us * 512 / 125 : 0;
    uint64_t last = atomic_load_explicit(&last_tick, memory_order_relaxed);
    uint64_t tick;
    do {
        tick = now > last ? now : last + 1;
    } while (!atomic_compare_exchange_weak_explicit(&last_tick, &last, tick, memory_order_relaxed,
                                                    memory_order_relaxed));
    return tick;
}

bool tk_uuid_new_v7(uint8_t out[16]) {
    uint8_t uuid[16];
    if (!tk_rand_bytes(uuid + VARIANT_BYTE, sizeof uuid - VARIANT_BYTE)) {
        return false;
    }
    uint64_t tick = next_tick();
    uint64_t ms = tick >> 12;
    for (size_t i = 0; i < 6; i++) {
        uuid[i] = (uint8_t)(ms >> (40 - 8 * i));
    }
    uuid[VERSION_BYTE] = (uint8_t)(tick >> 8 & 0x0F);
    uuid[VERSION_BYTE + 1] = (uint8_t)tick;
    mark(uuid, 7);
    memcpy(out, uuid, sizeof uuid);
    return true;
}
