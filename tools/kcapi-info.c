// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
/* kcapi-info: who serves which algorithm on this machine, and why. */
#include "kcapi-info.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

const char *const family_names[FAMILIES] = {"skcipher", "aead", "hash", "rng"};

const struct algorithm algorithms[] = {
    {SKCIPHER, "ecb(aes)", 16},
    {SKCIPHER, "cbc(aes)", 16},
    {SKCIPHER, "ctr(aes)", 16},
    {SKCIPHER, "xts(aes)", 32},
    {SKCIPHER, "cts(cbc(aes))", 16},
    {SKCIPHER, "rfc3686(ctr(aes))", 20},
    {SKCIPHER, "chacha20", 32},
    {SKCIPHER, "cbc(sm4)", 16},
    {SKCIPHER, "cbc(camellia)", 16},
    {SKCIPHER, "cbc(des3_ede)", 24},
    {AEAD, "gcm(aes)", 16},
    {AEAD, "ccm(aes)", 16},
    {AEAD, "rfc4106(gcm(aes))", -1},
    {AEAD, "rfc7539(chacha20,poly1305)", 32},
    {AEAD, "authenc(hmac(sha256),cbc(aes))", -1},
    {HASH, "md5", 0},
    {HASH, "sha1", 0},
    {HASH, "sha256", 0},
    {HASH, "sha512", 0},
    {HASH, "sha3-256", 0},
    {HASH, "sm3", 0},
    {HASH, "blake2b-512", 0},
    {HASH, "hmac(sha1)", 20},
    {HASH, "hmac(sha256)", 32},
    {HASH, "hmac(sha512)", 64},
    {HASH, "cmac(aes)", 16},
    {RNG, "stdrng", 0},
    {RNG, "jitterentropy_rng", -1},
};
const size_t algorithm_count = sizeof(algorithms) / sizeof(algorithms[0]);

int open_handle(const struct algorithm *a, struct kcapi_handle **handle)
{
    switch (a->family) {
    case SKCIPHER:
        return kcapi_cipher_init(handle, a->name, 0);
    case AEAD:
        return kcapi_aead_init(handle, a->name, 0);
    case HASH:
        return kcapi_md_init(handle, a->name, 0);
    default:
        return kcapi_rng_init(handle, a->name, 0);
    }
}

void close_handle(const struct algorithm *a, struct kcapi_handle *handle)
{
    switch (a->family) {
    case SKCIPHER:
        kcapi_cipher_destroy(handle);
        break;
    case AEAD:
        kcapi_aead_destroy(handle);
        break;
    case HASH:
        kcapi_md_destroy(handle);
        break;
    default:
        kcapi_rng_destroy(handle);
    }
}

/* What is said of one algorithm. */
struct answer {
    const char *engine; /* NULL: nobody serves */
    int error;          /* of the init function */
    int bound;          /* of bind(2) */
    struct driver driver;
    char why[256];
};

/* As the library chooses; `who` is where that was said. */
static const char *engine_choice(const char **who)
{
    static const char *const known[] = {"kernel", "user", "kernel-first", "user-first"};
    const char *choice = getenv("KCAPI_ENGINE");

    *who = "KCAPI_ENGINE";
    for (size_t i = 0; choice && i < sizeof(known) / sizeof(known[0]); i++)
        if (!strcmp(choice, known[i]))
            return choice;
    *who = "the built-in choice";
    return DEFAULT_ENGINE;
}

/* How far AF_ALG got. */
static void explain_kernel(const struct machine *m, const struct algorithm *a, struct answer *r)
{
    const char *filter = m->seccomp == 2 ? ", perhaps by this process's seccomp filter" : "";

    if (m->socket)
        snprintf(r->why, sizeof(r->why), "socket: %s%s", strerror(-m->socket), filter);
    else if (r->bound == -ENOENT && r->driver.listed)
        snprintf(r->why, sizeof(r->why), "bind: %s, though it is in /proc/crypto: no algif_%s?",
                 strerror(-r->bound), family_names[a->family]);
    else if (r->bound)
        snprintf(r->why, sizeof(r->why), "bind: %s", strerror(-r->bound));
    else if (r->driver.listed)
        snprintf(r->why, sizeof(r->why), "%s (%s)", r->driver.name,
                 strcmp(r->driver.module, "kernel") ? r->driver.module : "built in");
    else
        snprintf(r->why, sizeof(r->why), "bind: works");
}

static void ask(const struct machine *m, const struct algorithm *a, struct answer *r)
{
    struct kcapi_handle *handle;
    const char *who, *choice = engine_choice(&who);

    memset(r, 0, sizeof(*r));
    /* First what the kernel says: this loads the modules that are there. */
    r->bound = m->socket ? m->socket : probe_bind(a);
    find_driver(a, &r->driver);
    r->error = open_handle(a, &handle);
    if (!r->error) {
        r->engine = kcapi_handle_engine(handle);
        close_handle(a, handle);
    }
    if (r->engine && !strcmp(r->engine, "user") && strcmp(choice, "kernel-first"))
        snprintf(r->why, sizeof(r->why), "%s is %s", who, choice);
    else if (!r->engine && !strcmp(choice, "user"))
        snprintf(r->why, sizeof(r->why), "%s is user, which has no such algorithm", who);
    else
        explain_kernel(m, a, r);
    if (!r->engine && m->fips && strstr(choice, "-first"))
        strncat(r->why, "; FIPS mode: only the kernel", sizeof(r->why) - strlen(r->why) - 1);
}

/* The library's rule, from what the system calls say. */
static const char *aio_backend(const struct machine *m)
{
    const char *choice = getenv("KCAPI_AIO");
    bool io_uring = !choice || strcmp(choice, "linux");
    bool io_submit = !choice || strcmp(choice, "io_uring");

    if (choice && !strcmp(choice, "sync"))
        return "sync";
    if (io_uring && !m->io_uring)
        return "io_uring";
    return io_submit && !m->io_setup ? "linux" : "sync";
}

static const char *works(int error)
{
    return error ? strerror(-error) : "works";
}

static const char *variable(const char *name)
{
    const char *value = getenv(name);

    return value ? value : "not set";
}

static void print_table(const struct machine *m, const struct algorithm *list, size_t count)
{
    static const char *const seccomp[] = {"not told", "off", "strict", "filter"};
    struct answer r;

    printf("AF_ALG          socket: %s\n", works(m->socket));
    printf("NETLINK_CRYPTO  socket: %s\n", works(m->netlink));
    printf("/proc/crypto    %s\n", m->proc_crypto ? "there" : "not there");
    printf("FIPS mode       %s\n", m->fips ? "on" : "off");
    printf("seccomp         %s\n",
           m->seccomp >= -1 && m->seccomp <= 2 ? seccomp[m->seccomp + 1] : "unknown");
    printf("KCAPI_ENGINE    %s (built in: " DEFAULT_ENGINE ")\n", variable("KCAPI_ENGINE"));
    printf("AIO, kernel     %s (KCAPI_AIO: %s; io_uring_setup: %s; io_setup: %s)\n",
           aio_backend(m), variable("KCAPI_AIO"), works(m->io_uring), works(m->io_setup));
    printf("\n%-9s %-30s %-7s %s\n", "family", "algorithm", "engine", "why");
    for (size_t i = 0; i < count; i++) {
        ask(m, &list[i], &r);
        printf("%-9s %-30s %-7s %s\n", family_names[list[i].family], list[i].name,
               r.engine ? r.engine : "none", r.why);
    }
}

/* A string or null. */
static void json_string(const char *key, const char *value, const char *end)
{
    printf("\"%s\": ", key);
    if (!value) {
        printf("null%s", end);
        return;
    }
    putchar('"');
    for (; *value; value++)
        if (*value == '"' || *value == '\\')
            printf("\\%c", *value);
        else if ((unsigned char)*value < ' ' || (unsigned char)*value > '~')
            putchar('?');
        else
            putchar(*value);
    printf("\"%s", end);
}

static void print_json(const struct machine *m, const struct algorithm *list, size_t count)
{
    struct answer r;

    printf("  \"af_alg\": %d,\n  \"netlink_crypto\": %d,\n  \"proc_crypto\": %s,\n  \"fips\": %s,\n"
           "  \"seccomp\": %d,\n  ", m->socket, m->netlink, m->proc_crypto ? "true" : "false",
           m->fips ? "true" : "false", m->seccomp);
    json_string("KCAPI_ENGINE", getenv("KCAPI_ENGINE"), ",\n  ");
    json_string("default_engine", DEFAULT_ENGINE, ",\n  ");
    json_string("KCAPI_AIO", getenv("KCAPI_AIO"), ",\n  ");
    json_string("aio_backend", aio_backend(m), ",\n");
    printf("  \"io_uring_setup\": %d,\n  \"io_setup\": %d,\n  \"algorithms\": [", m->io_uring,
           m->io_setup);
    for (size_t i = 0; i < count; i++) {
        ask(m, &list[i], &r);
        printf("%s\n    {", i ? "," : "");
        json_string("family", family_names[list[i].family], ", ");
        json_string("name", list[i].name, ", ");
        json_string("engine", r.engine, ", ");
        printf("\"error\": %d, \"bind\": %d, ", r.error, r.bound);
        json_string("driver", r.driver.listed ? r.driver.name : NULL, ", ");
        json_string("module", r.driver.listed ? r.driver.module : NULL, ", ");
        json_string("why", r.why, "}");
    }
    printf("\n  ]\n");
}

static void usage(FILE *to)
{
    fprintf(to, "usage: kcapi-info [--json] [--speed] [ALGORITHM...]\n\n"
                "Shows which engine of libkcapi serves which algorithm here, and why.\n"
                "ALGORITHM is a name as in /proc/crypto; without any, the usual ones are shown.\n\n"
                "  --json     as JSON; results of system calls are 0 or a negative errno\n"
                "  --speed    measures the usual algorithms, or those of them that are named, on both\n"
                "             engines as well\n"
                "  --help     this text\n"
                "  --version  the library's version\n");
}

/* The names of the command line, each in the family that has it; in all if none has. */
static struct algorithm *named(char **names, int count, size_t *found)
{
    struct algorithm *list = calloc((size_t)count * FAMILIES, sizeof(*list));
    struct kcapi_handle *handle;

    *found = 0;
    for (int i = 0; list && i < count; i++) {
        size_t before = *found;

        for (int f = 0; f < FAMILIES; f++) {
            list[*found] = (struct algorithm){f, names[i], -1};
            if (open_handle(&list[*found], &handle))
                continue;
            close_handle(&list[(*found)++], handle);
        }
        for (int f = 0; *found == before && f < FAMILIES; f++)
            list[before + f] = (struct algorithm){f, names[i], -1};
        if (*found == before)
            *found += FAMILIES;
    }
    return list;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'},    {"speed", no_argument, NULL, 's'},
        {"help", no_argument, NULL, 'h'},    {"version", no_argument, NULL, 'v'},
        {NULL, 0, NULL, 0},
    };
    const struct algorithm *list = algorithms;
    struct algorithm *chosen = NULL;
    size_t count = algorithm_count;
    bool json = false, speed = false;
    char version[32];
    struct machine m;
    struct utsname u = {0};
    int option, ret = 0;

    kcapi_versionstring(version, sizeof(version));
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
        switch (option) {
        case 'j':
            json = true;
            break;
        case 's':
            speed = true;
            break;
        case 'h':
            usage(stdout);
            return 0;
        case 'v':
            printf("kcapi-info, %s\n", version);
            return 0;
        default:
            usage(stderr);
            return 2;
        }
    uname(&u);
    if (json)
        printf("{\n  \"library\": \"%s\",\n  \"kernel\": \"%s %s %s\",\n", version, u.sysname,
               u.release, u.machine);
    else
        printf("%s, %s %s %s\n\n", version, u.sysname, u.release, u.machine);
    /* Before this process opens a handle: each measurement chooses its engine. */
    if (speed) {
        ret = measure(argv + optind, argc - optind, json);
        if (!json)
            puts("");
    }
    if (optind < argc) {
        list = chosen = named(argv + optind, argc - optind, &count);
        if (!chosen) {
            perror("kcapi-info");
            return 1;
        }
    }
    probe_machine(&m);
    (json ? print_json : print_table)(&m, list, count);
    if (json)
        puts("}");
    free(chosen);
    if (fflush(stdout) || ferror(stdout)) {
        perror("kcapi-info: writing");
        return 1;
    }
    return ret;
}
