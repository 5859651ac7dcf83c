/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/* Known answers of message digests: in one call, in pieces, cut, with a handle and without. */
#include <errno.h>

#define MD_SINCE_1_5
#include "md.h"
#include "vectors-md.h"

#define MESSAGE_MAX 1024

struct vector {
    const char *source;
    const char *name;
    uint8_t key[256], message[MESSAGE_MAX], digest[DIGEST_MAX];
    size_t keylen, len, size; /* size: of what is known of the digest */
    bool keyed;
};

static void with_handle(const struct vector *v)
{
    struct kcapi_handle *handle =
        v->keyed ? md_with_key(v->name, v->key, v->keylen) : md(v->name);
    uint32_t full = kcapi_md_digestsize(handle);
    uint8_t out[DIGEST_MAX + 8];

    ok(full >= v->size && full <= DIGEST_MAX, "%s: kcapi_md_digestsize is %u", v->name, full);
    for (int again = 0; again < 2; again++) {
        memset(out, 0xa5, sizeof(out));
        is_int(kcapi_md_digest(handle, v->message, v->len, out, sizeof(out)), full, v->source);
        is_mem(out, v->digest, v->size, "kcapi_md_digest");
        ok(all_are(out + full, 0xa5, sizeof(out) - full), "and nothing behind it changed");
    }
    for (size_t piece = 1; piece <= v->len; piece = piece * 7 + 1) {
        int wrong = 0;

        for (size_t done = 0; done < v->len; done += piece) {
            size_t now = v->len - done < piece ? v->len - done : piece;

            wrong += kcapi_md_update(handle, v->message + done, now) != 0;
        }
        is_int(wrong, 0, "kcapi_md_update returns 0");
        is_int(kcapi_md_final(handle, out, full), full, v->source);
        ok(memcmp(out, v->digest, v->size) == 0, "in pieces of %zu bytes", piece);
    }
    for (size_t len = 1; len < full; len += 5) {
        memset(out, 0xa5, sizeof(out));
        is_int(kcapi_md_digest(handle, v->message, v->len, out, len), len, "a short buffer");
        ok(memcmp(out, v->digest, len < v->size ? len : v->size) == 0 && out[len] == 0xa5,
           "the first %zu bytes", len);
    }
    kcapi_md_destroy(handle);
}

static void in_one_call(const struct vector *v)
{
    uint8_t out[DIGEST_MAX];

    for (size_t i = 0; i < MD_CALLS; i++) {
        if (strcmp(md_calls[i].name, v->name) != 0)
            continue;
        is_int(md_calls[i].digest(v->message, v->len, out, sizeof(out)), md_calls[i].size,
               v->source);
        is_mem(out, v->digest, v->size, "handle and all");
    }
    for (size_t i = 0; i < HMAC_CALLS; i++) {
        if (strcmp(hmac_calls[i].name, v->name) != 0)
            continue;
        is_int(hmac_calls[i].hmac(v->key, (uint32_t)v->keylen, v->message, v->len, out,
                                  sizeof(out)),
               hmac_calls[i].size, v->source);
        is_mem(out, v->digest, v->size, "handle, key and all");
    }
}

int main(void)
{
    static struct vector v;

    kcapi_set_verbosity(KCAPI_LOG_NONE);
    for (size_t i = 0; i < MD_VECTORS; i++) {
        const struct md_vector *from = &md_vectors[i];

        v.source = from->source;
        v.name = from->name;
        v.keyed = from->key != NULL;
        v.keylen = unhex(v.keyed ? from->key : "", v.key, sizeof(v.key));
        v.len = unhex(from->message, v.message, sizeof(v.message));
        v.size = unhex(from->digest, v.digest, sizeof(v.digest));
        if (!has_md(v.name)) {
            skip(1, "this kernel lacks the digest");
            continue;
        }
        with_handle(&v);
        in_one_call(&v);
    }
    return done_testing();
}
