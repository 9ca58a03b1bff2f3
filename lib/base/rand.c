/* rand.c - random bytes of the operating system, and of nobody else. */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE 1 /* getrandom */
#endif
#include <errno.h>
#include <sys/random.h>

#include "base/base.h"

enum { PIECE = 256 }; /* up to here the kernel gives everything or nothing */

bool tk_rand_bytes(void *out, size_t len) {
    unsigned char *at = out;
    while (len != 0) {
        ssize_t got = getrandom(at, len < PIECE ? len : PIECE, 0);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return false;
        }
        at += got;
        len -= (size_t)got;
    }
    return true;
}
