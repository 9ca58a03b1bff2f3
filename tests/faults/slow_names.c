/* slow_names.c - names that are looked up for 30 seconds, for any program: tests preload it (F04).
 *
 * A name that ends with "slow.test" is never found; all others go on to the C library.  It must not
 * know who asks. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>

typedef int resolver(const char *, const char *, const struct addrinfo *, struct addrinfo **);

int getaddrinfo(const char *name, const char *service, const struct addrinfo *wanted,
                struct addrinfo **out) {
    static const char slow[] = "slow.test";
    size_t len = name != NULL ? strlen(name) : 0;
    if (len >= sizeof slow - 1 && strcmp(name + len - (sizeof slow - 1), slow) == 0) {
        sleep(30);
        return EAI_AGAIN;
    }
    resolver *real;
    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    return real(name, service, wanted, out);
}
