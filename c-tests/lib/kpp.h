/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * kpp.h - keys for key agreement, the public keys of peers, and the secrets that follow
 *
 * Those of the curves P-* are the first of NIST's CAVP, "ECC CDH Primitive". That of curve25519 is
 * openssl's, that of ffdhe2048 follows from its definition by any calculator with large integers.
 */
#ifndef KPP_H
#define KPP_H

#include "fill.h"

#define KPP_LARGEST 1024u
#define KPP_PRIME_SIZE 256u

/* RFC 7919, appendix A.1 */
static const char kpp_ffdhe2048[] =
    "ffffffffffffffffadf85458a2bb4a9aafdc5620273d3cf1d8b9c583ce2d3695a9e13641146433fbcc939dce249b3ef9"
    "7d2fe363630c75d8f681b202aec4617ad3df1ed5d5fd65612433f51f5f066ed0856365553ded1af3b557135e7f57c935"
    "984f0c70e0e68b77e2a689daf3efe8721df158a136ade73530acca4f483a797abc0ab182b324fb61d108a94bb2c8e3fb"
    "b96adab760d7f4681d4f42a3de394df4ae56ede76372bb190b07a7c8ee0a6d709e02fce1cdf7e2ecc03404cd28342f61"
    "9172fe9ce98583ff8e4f1232eef28183c3fe3b1b4c6fad733bb5fcbc2ec22005c58ef1837d1683b2c6f34a26c1b2effa"
    "886b423861285c97ffffffffffffffff";

/* peer, private key, public key, secret */
static const char *const kpp_p192[] = {
    "42ea6dd9969dd2a61fea1aac7f8e98edcc896c6e55857cc0dfbe5d7c61fac88b11811bde328e8a0d12bf01a9d204b523",
    "f17d3fea367b74d340851ca4270dcb24c271f445bed9d527",
    "b15053401f57285637ec324c1cd2139e3a67de3739234b37f269c158637482aad644cd692dd1d3ef2c8a7c49e389f7f6",
    "803d8ab2e5b6e6fca715737c3a82f7ce3c783124f6d51cd0",
};
/* peer, private key, public key, secret */
static const char *const kpp_p256[] = {
    "700c48f77f56584c5cc632ca65640db91b6bacce3a4df6b42ce7cc838833d287db71e509e3fd9b060ddb20ba5c51dcc5"
    "948d46fbf640dfe0441782cab85fa4ac",
    "7d7dc5f71eb29ddaf80d6214632eeae03d9058af1fb6d22ed80badb62bc1a534",
    "ead218590119e8876b29146ff89ca61770c4edbbf97d38ce385ed281d8a6b23028af61281fd35e2fa7002523acc85a42"
    "9cb06ee6648325389f59edfce1405141",
    "46fc62106420ff012e54a434fbdd2d25ccc5852060561e68040dd7778997bd7b",
};
/* peer, private key, public key, secret */
static const char *const kpp_p384[] = {
    "a7c76b970c3b5fe8b05d2838ae04ab47697b9eaf52e764592efda27fe7513272734466b400091adbf2d68c58e0c50066"
    "ac68f19f2e1cb879aed43a9969b91a0839c4c38a49749b661efedf243451915ed0905a32b060992b468c64766fc8437a",
    "3cc3122a68f0d95027ad38c067916ba0eb8c38894d22e1b15618b6818a661774ad463b205da88cf699ab4d43c9cf98a1",
    "9803807f2f6d2fd966cdd0290bd410c0190352fbec7ff6247de1302df86f25d34fe4a97bef60cff548355c015dbb3e5f"
    "ba26ca69ec2f5b5d9dad20cc9da711383a9dbe34ea3fa5a2af75b46502629ad54dd8b7d73a8abb06a3a3be47d650cc99",
    "5f9d29dc5e31a163060356213669c8ce132e22f57c9a04f40ba7fcead493b457e5621e766c40a2e3d4d6a04b25e533f1",
};
static const char *const kpp_25519[] = {
    "7d2f61b072f9a6bf33370035620a3b91a0132bda20dc786799e76959da983063",
    "75e1e4a0cf26c54bb3b8b91a4d0a95cb5aebc9cf42c1e03df09d090c03c7d7cf",
    "0e189f3483061611ac38b33894c1f3b01de8208daed790701979e11e21628f36",
    "9bc9c868667db60524bfcfdd5c9bba1e211f51307e510252727a0777c8349f35",
};
static const char *const kpp_2048[] = {
    "c165ded9e3803e2e2e5691c49e297be1b5531fbf667e8156929bddef8d21f8045426ef00b47fcfba55d12cd22b44bd24"
    "2baa652ac0907179952e58b2716c60de6258dbc3ca703138e5b75210a3ad18c28447c01d001db08b0cc275e08f991ec3"
    "a4d5aa914a7a071ec2432a914ccc9c8dc9e92560522a2e676892db51d26701e1659a4a48eb978e4271f168fd8b7bd9a3"
    "9ae09efe40445d1f58f89dd3cfbc67bdbb9f37badcc86b11e3b30c10ea4992c163b059e9fd9fcd2bf43daccc6170ff2c"
    "fac7e1d8c746a1bfc7b1cc6bf5417da87830173f06e0caa19b40cd8eed34aedd58e0f10f9b80de9c9c43582105a62788"
    "6a93f134cf84fc8979f66a24280e7cb0",
    "75e1e4a0cf26c54bb3b8b91a4d0a95cb5aebc9cf42c1e03df09d090c03c7d7cf",
    "316c97b54fcb5915335c289ad6cd99549ea396681f858cfcc2e13375c750119fe1a0b8fe21a95a38645e7078900abdba"
    "085961045639b155707e1a7b9add6a11d3d92b85f0c5cd3bf759b89817f117ef8517ee52eb9a53055bc40d229b2c555d"
    "41f50fa26b7f3115f5804c8f632fbe77f5cdc9ad136c0cca8298f78655578a195dba6f671cf41c87db57e44cb64858bf"
    "4c8bc794c0d72113ff134621415bf6ef7cf0d438f4a22c49e029734ed35b00fa9a4a8b1901ca58f1b1cd10b847b6ee17"
    "cecbd6f27979cf18babe3d8922c1c48d56662be06bde772a6f3d4835b3d3be79d6af988465f9c9cfe8f7c93854ecc73a"
    "dd414eeba5940dc6e6975b268bab4412",
    "77d04ad961cd40034f46392c0f0fd5913ef36bb8e06874d602a14b1ed63bbe57e46740d5a599bba74207fd14486480a5"
    "7e7d7f608e01568b37eb15fe7466b67f5a174ba8c22ea9a97050d6cd7a379e31d65f8a038ac878ee5f869ee8b483e6bb"
    "bdf1b74e52dc7b5270877986e3573e463ca754a1f82db2aa30c55b76110ee26c46c849486c0956fe2bdcb3cf9c7d7243"
    "2b77f061910f18fc761bd35c51dc3e3c87344073ea3b58face3d48b26cdf113e0503058614adef511d3f2626988be72f"
    "883c569c7d9db9c02608f6884591f8d43e9d4fab8f2be1f5f442a977262001ac8328371493d9a30d96a8324a86ff4ec1"
    "7cdd5ea5b7cfb00bf6ab28f24fedb006",
};

struct kpp_vector {
    const char *name;
    unsigned long curve;
    const char *const *hex;
    bool is_curve, is_little_endian, has_prime;
    uint32_t size, secret_size, private_size;
    /* What the functions below make of the hex digits. */
    const uint8_t *peer, *private, *public, *secret, *prime;
};

static const struct kpp_vector kpp_vectors[] = {
    { .name = "ecdh-nist-p192", .hex = kpp_p192, .is_curve = true },
    { .name = "ecdh-nist-p256", .hex = kpp_p256, .is_curve = true },
    { .name = "ecdh-nist-p384", .hex = kpp_p384, .is_curve = true },
    { .name = "ecdh", .curve = ECC_CURVE_NIST_P192, .hex = kpp_p192, .is_curve = true },
    { .name = "ecdh", .curve = ECC_CURVE_NIST_P256, .hex = kpp_p256, .is_curve = true },
    { .name = "curve25519", .hex = kpp_25519, .is_little_endian = true },
    { .name = "ffdhe2048(dh)", .hex = kpp_2048, .has_prime = true },
    { .name = "dh", .hex = kpp_2048, .has_prime = true },
};
#define KPP_VECTORS (sizeof(kpp_vectors) / sizeof(kpp_vectors[0]))

/* In static memory, until the next call. */
static inline const struct kpp_vector *kpp_vector(size_t number)
{
    static struct kpp_vector vector;
    static uint8_t bytes[5][KPP_PRIME_SIZE];

    vector = kpp_vectors[number];
    vector.size = (uint32_t)unhex(vector.hex[0], bytes[0], KPP_PRIME_SIZE);
    vector.private_size = (uint32_t)unhex(vector.hex[1], bytes[1], KPP_PRIME_SIZE);
    unhex(vector.hex[2], bytes[2], KPP_PRIME_SIZE);
    vector.secret_size = (uint32_t)unhex(vector.hex[3], bytes[3], KPP_PRIME_SIZE);
    unhex(kpp_ffdhe2048, bytes[4], KPP_PRIME_SIZE);
    vector.peer = bytes[0];
    vector.private = bytes[1];
    vector.public = bytes[2];
    vector.secret = bytes[3];
    vector.prime = vector.has_prime ? bytes[4] : NULL;
    return &vector;
}

/* The DHParameter of a prime whose first bit is set, and of 256 bytes; returns its length. */
static inline uint32_t kpp_pkcs3(uint8_t *to, const uint8_t *prime, uint8_t base)
{
    static const uint8_t head[] = { 0x30, 0x82, 1, 8, 2, 0x82, 1, 1, 0 };
    const uint8_t tail[] = { 2, 1, base };

    memcpy(to, head, sizeof(head));
    memcpy(to + sizeof(head), prime, KPP_PRIME_SIZE);
    memcpy(to + sizeof(head) + KPP_PRIME_SIZE, tail, sizeof(tail));
    return sizeof(head) + KPP_PRIME_SIZE + sizeof(tail);
}

static inline bool kpp_is_served(const char *name)
{
    struct kcapi_handle *handle = NULL;

    if (kcapi_kpp_init(&handle, name, 0))
        return false;
    kcapi_kpp_destroy(handle);
    return true;
}

/* A handle with the parameters that a vector needs, but no key. */
static inline struct kcapi_handle *kpp_open(const struct kpp_vector *vector, uint32_t flags)
{
    static uint8_t pkcs3[2 * KPP_PRIME_SIZE];
    struct kcapi_handle *handle = NULL;
    int ret = kcapi_kpp_init(&handle, vector->name, flags);

    if (ret)
        bail_out("kcapi_kpp_init(%s): %d", vector->name, ret);
    if (vector->curve)
        ret = kcapi_kpp_ecdh_setcurve(handle, vector->curve);
    else if (strcmp(vector->name, "dh") == 0)
        ret = kcapi_kpp_dh_setparam_pkcs3(handle, pkcs3, kpp_pkcs3(pkcs3, vector->prime, 2));
    if (ret < 0)
        bail_out("the parameters of %s: %d", vector->name, ret);
    return handle;
}

#endif
