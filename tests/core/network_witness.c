/* Preloaded into a process: writes down whom it looks up or speaks to, and stops it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

static void told(const char *what, const char *whom) {
    FILE *file = fopen(getenv("NETWORK_LOG"), "a");
    if (file != NULL) {
        fprintf(file, "%s %s\n", what, whom == NULL ? "" : whom);
        fclose(file);
    }
}

static int leaves_the_machine(const struct sockaddr *address) {
    return address != NULL
        && (address->sa_family == AF_INET || address->sa_family == AF_INET6);
}

int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                struct addrinfo **found) {
    told("getaddrinfo", host);
    return EAI_FAIL;
}

int connect(int socket, const struct sockaddr *address, socklen_t length) {
    int (*original)(int, const struct sockaddr *, socklen_t);
    if (leaves_the_machine(address)) {
        told("connect", "");
        errno = ENETUNREACH;
        return -1;
    }
    original = (int (*)(int, const struct sockaddr *, socklen_t))
        dlsym(RTLD_NEXT, "connect");
    return original(socket, address, length);
}

ssize_t sendto(int socket, const void *data, size_t size, int flags,
               const struct sockaddr *address, socklen_t length) {
    ssize_t (*original)(int, const void *, size_t, int, const struct sockaddr *,
                        socklen_t);
    if (leaves_the_machine(address)) {
        told("sendto", "");
        errno = ENETUNREACH;
        return -1;
    }
    original = (ssize_t (*)(int, const void *, size_t, int, const struct sockaddr *,
                            socklen_t)) dlsym(RTLD_NEXT, "sendto");
    return original(socket, data, size, flags, address, length);
}
