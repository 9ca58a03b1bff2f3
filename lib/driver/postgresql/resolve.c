/* resolve.c - a name that stands for several addresses, as the list of hosts that libpq is told.
 *
 * libpq gives each address the same patience, so a dead one would use up the time of all.  Where the
 * time is ours to share, the addresses are looked up here, on the helper thread, and libpq gets them
 * with the name beside each, which certificates and password files are about.  What cannot be looked
 * up is left to libpq, which has the words for it.  It must not know connections.
 */
#include <netdb.h>
#include <sys/socket.h>

#include "driver/postgresql/postgresql_int.h"

enum { ADDRESSES_MAX = 32, ADDRESS_SIZE = 128 };

static uint32_t put_all(const char *name, const struct addrinfo *first, tk_buf *names,
                        tk_buf *addresses) {
    uint32_t count = 0;
    for (const struct addrinfo *at = first; at != NULL && count < ADDRESSES_MAX; at = at->ai_next) {
        char text[ADDRESS_SIZE];
        if (getnameinfo(at->ai_addr, at->ai_addrlen, text, sizeof text, NULL, 0, NI_NUMERICHOST)
            != 0) {
            continue;
        }
        tk_buf_puts(names, count != 0 ? "," : "");
        tk_buf_puts(names, name);
        tk_buf_puts(addresses, count != 0 ? "," : "");
        tk_buf_puts(addresses, text);
        count++;
    }
    return names->failed || addresses->failed ? 0 : count;
}

uint32_t tk_pg_resolve(const char *name, tk_buf *names, tk_buf *addresses) {
    if (*name == '\0' || *name == '/' || *name == '@' || strchr(name, ',') != NULL) {
        return 0; /* a folder of sockets, or a list already */
    }
    struct addrinfo wanted = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    if (getaddrinfo(name, NULL, &wanted, &found) != 0) {
        return 0;
    }
    uint32_t count = put_all(name, found, names, addresses);
    freeaddrinfo(found);
    return count;
}
