/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * vectors-kdf.h - known answers of key derivation functions, each with its source, as hex
 *
 * CAVP is KDFCTR_gen.rsp of NIST's Cryptographic Algorithm Validation Program (KBKDF, SP 800-108).
 * The answers of the feedback mode are another implementation's: `openssl kdf ... KBKDF` of
 * OpenSSL 3.
 */
#ifndef VECTORS_KDF_H
#define VECTORS_KDF_H

struct hkdf_vector {
    const char *source;
    const char *name;
    const char *ikm;
    const char *salt;
    const char *info;
    const char *okm;
};

static const struct hkdf_vector hkdf_vectors[] = {
    { "RFC 5869 A.1", "hmac(sha256)",
      "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
      "000102030405060708090a0b0c",
      "f0f1f2f3f4f5f6f7f8f9",
      "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b88718"
      "5865" },
    { "RFC 5869 A.2", "hmac(sha256)",
      "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021222324252627"
      "28292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f",
      "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f8081828384858687"
      "88898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
      "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7"
      "d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
      "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac78272"
      "71cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f"
      "1d87" },
    { "RFC 5869 A.3", "hmac(sha256)",
      "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
      "",
      "",
      "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a"
      "96c8" },
    { "RFC 5869 A.4", "hmac(sha1)",
      "0b0b0b0b0b0b0b0b0b0b0b",
      "000102030405060708090a0b0c",
      "f0f1f2f3f4f5f6f7f8f9",
      "085a01ea1b10f36933068b56efa5ad81a4f14b822f5b091568a9cdd4f155fda2c22e422478d305f3"
      "f896" },
    { "RFC 5869 A.5", "hmac(sha1)",
      "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021222324252627"
      "28292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f",
      "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f8081828384858687"
      "88898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
      "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7"
      "d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
      "0bd770a74d1160f7c9f12cd5912a06ebff6adcae899d92191fe4305673ba2ffe8fa3f1a4e5ad79f3"
      "f334b3b202b2173c486ea37ce3d397ed034c7f9dfeb15c5e927336d0441f4c4300e2cff0d0900b52"
      "d3b4" },
    { "RFC 5869 A.6", "hmac(sha1)",
      "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
      "",
      "",
      "0ac1af7002b3d761d1e55298da9d0506b9ae52057220a306e07b6b87e8df21d0ea00033de03984d3"
      "4918" },
    { "RFC 5869 A.7", "hmac(sha1)",
      "0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c",
      "",
      "",
      "2c91117204d745f3500d636a62f64f0ab3bae548aa53d423b0d1f27ebba6f5e5673a081d70cce7ac"
      "fc48" },
};
#define HKDF_VECTORS (sizeof(hkdf_vectors) / sizeof(hkdf_vectors[0]))

struct pbkdf_vector {
    const char *source;
    const char *name;
    const char *password;
    const char *salt;
    unsigned int count;
    const char *key;
};

static const struct pbkdf_vector pbkdf_vectors[] = {
    { "RFC 6070, 1st", "hmac(sha1)",
      "70617373776f7264",
      "73616c74", 1,
      "0c60c80f961f0e71f3a9b524af6012062fe037a6" },
    { "RFC 6070, 2nd", "hmac(sha1)",
      "70617373776f7264",
      "73616c74", 2,
      "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957" },
    { "RFC 6070, 3rd", "hmac(sha1)",
      "70617373776f7264",
      "73616c74", 4096,
      "4b007901b765489abead49d926f721d065a429c1" },
    { "RFC 6070, 5th", "hmac(sha1)",
      "70617373776f726450415353574f524470617373776f7264",
      "73616c7453414c5473616c7453414c5473616c7453414c5473616c7453414c5473616c74", 4096,
      "3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038" },
    { "RFC 6070, 6th", "hmac(sha1)",
      "7061737300776f7264",
      "7361006c74", 4096,
      "56fa6aa75548099dcc37d7f03425e0c3" },
    { "RFC 7914 section 11", "hmac(sha256)",
      "706173737764",
      "73616c74", 1,
      "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc49ca9cccf179b645"
      "991664b39d77ef317c71b845b1e30bd509112041d3a19783" },
};
#define PBKDF_VECTORS (sizeof(pbkdf_vectors) / sizeof(pbkdf_vectors[0]))

struct kdf_vector {
    const char *source;
    const char *name;
    const char *key;
    const char *input;
    const char *output;
};

/* 32 bits of counter, before the fixed input. */
static const struct kdf_vector ctr_vectors[] = {
    { "CAVP KDFCTR_gen.rsp CMAC_AES128 RLEN 32_BITS L 128 COUNT 0", "cmac(aes)",
      "c10b152e8c97b77e18704e0f0bd38305",
      "98cd4cbbbebe15d17dc86e6dbad800a2dcbd64f7c7ad0e78e9cf94ffdba89d03e97eadf6c4f7b806"
      "caf52aa38f09d0eb71d71f497bcc6906b48d36c4",
      "26faf61908ad9ee881b8305c221db53f" },
    { "CAVP KDFCTR_gen.rsp CMAC_AES128 RLEN 32_BITS L 320 COUNT 30", "cmac(aes)",
      "b2fcf854b1029888aeb0274ca09bb21a",
      "a6b84baae7a6ceb1d63ed704757500c510c0a8bdc22d2f42af09f79c815f37f33b67dad0b30f428f"
      "c1e2d355f7f91f65acbedd2fdd5b8c38dd890407",
      "fe4c2c0242c5a295c008aeb87ae0815171de6173773292347f4f5ec07185c3f860b5667c199aad55" },
    { "CAVP KDFCTR_gen.rsp HMAC_SHA1 RLEN 32_BITS L 128 COUNT 0", "hmac(sha1)",
      "f7591733c856593565130975351954d0155abf3c",
      "8e347ef55d5f5e99eab6de706b51de7ce004f3882889e259ff4e5cff102167a5a4bd711578d4ce17"
      "dd9abe56e51c1f2df950e2fc812ec1b217ca08d6",
      "34fe44b0d8c41b93f5fa64fb96f00e5b" },
    { "CAVP KDFCTR_gen.rsp HMAC_SHA1 RLEN 32_BITS L 320 COUNT 30", "hmac(sha1)",
      "693adb9037184627ad300f176985bd379f388a95",
      "7f09570c2d9304ec743ab845a8761c126c18f5cf72358eada2b5d1deb43dc6a0f4ff8f933bef7af0"
      "bcfacb33fa07f8ca04a06afe231835d5075996be",
      "52f55f51010e9bd78e4f58cab274ecafa561bd4e0f20da84f0303a1e5ff9bebc514361ec6df5c77e" },
    { "CAVP KDFCTR_gen.rsp HMAC_SHA224 RLEN 32_BITS L 128 COUNT 0", "hmac(sha224)",
      "f5cb7cc6207f5920dd60155ddb68c3fbbdf5104365305d2c1abcd311",
      "4e5ac7539803da89581ee088c7d10235a10536360054b72b8e9f18f77c25af01019b290656b60428"
      "024ce01fccf49022d831941407e6bd27ff9e2d28",
      "0adbaab43edd532b560a322c84ac540e" },
    { "CAVP KDFCTR_gen.rsp HMAC_SHA224 RLEN 32_BITS L 320 COUNT 30", "hmac(sha224)",
      "9b75e7fa216c884037c7d6953092ed335c4efd88ca57a742d6ac3221",
      "12bea97865df99315259ff620302432ecafc9dce2619e87dfb4979410456a524434315dd3920e2b1"
      "aa1c79d5e07132a758a7b7b71ef10bcf1bb877f3",
      "60071bd0ceea0fe0f879223b940d3de7dde02ca6858f8450fb9c0032e49f968ef9cd9b5703163dbc" },
    { "CAVP KDFCTR_gen.rsp HMAC_SHA256 RLEN 32_BITS L 128 COUNT 0", "hmac(sha256)",
      "dd1d91b7d90b2bd3138533ce92b272fbf8a369316aefe242e659cc0ae238afe0",
      "01322b96b30acd197979444e468e1c5c6859bf1b1cf951b7e725303e237e46b864a145fab25e517b"
      "08f8683d0315bb2911d80a0e8aba17f3b413faac",
      "10621342bfb0fd40046c0e29f2cfdbf0" },
    { "CAVP KDFCTR_gen.rsp HMAC_SHA256 RLEN 32_BITS L 320 COUNT 30", "hmac(sha256)",
      "c4bedbddb66493e7c7259a3bbbc25f8c7e0ca7fe284d92d431d9cd99a0d214ac",
      "1c69c54766791e315c2cc5c47ecd3ffab87d0d273dd920e70955814c220eacace6a5946542da3dfe"
      "24ff626b4897898cafb7db83bdff3c14fa46fd4b",
      "1da47638d6c9c4d04d74d4640bbd42ab814d9e8cc22f4326695239f96b0693f12d0dd1152cf44430" },
    { "CAVP KDFCTR_gen.rsp HMAC_SHA384 RLEN 32_BITS L 128 COUNT 0", "hmac(sha384)",
      "216ed044769c4c3908188ece61601af8819c30f501d12995df608e06f5e0e607ab54f542ee2da419"
      "06dfdb4971f20f9d",
      "638e9506a2c7be69ea346b84629a010c0e225b7548f508162c89f29c1ddbfd70472c2b58e7dc8aa6"
      "a5b06602f1c8ed4948cda79c62708218e26ac0e2",
      "d4b144bb40c7cabed13963d7d4318e72" },
    { "CAVP KDFCTR_gen.rsp HMAC_SHA384 RLEN 32_BITS L 320 COUNT 30", "hmac(sha384)",
      "582f968a54b8797b9ea8c655b42e397adb73d773b1984b1e1c429cd597b8015d2f91d59e4136a9d5"
      "23bf6491a4733c7a",
      "e6d3c193eff34e34f8b7b00e66565aeb01f63206bb27e27aa281592afc06ae1ec5b7eb97a39684ce"
      "773d7c3528f2667c1f5d428406e78ce4cf39f652",
      "691726c111e5030b5f9657069107861ecc18bc5835a814c3d2e5092c901cb1fb6c1a7cd3eb0be2a7" },
    { "CAVP KDFCTR_gen.rsp HMAC_SHA512 RLEN 32_BITS L 128 COUNT 0", "hmac(sha512)",
      "dd5dbd45593ee2ac139748e7645b450f223d2ff297b73fd71cbcebe71d41653c950b88500de5322d"
      "99ef18dfdd30428294c4b3094f4c954334e593bd982ec614",
      "b50b0c963c6b3034b8cf19cd3f5c4ebe4f4985af0c03e575db62e6fdf1ecfe4f28b95d7ce16df858"
      "43246e1557ce95bb26cc9a21974bbd2eb69e8355",
      "e5993bf9bd2aa1c45746042e12598155" },
    { "CAVP KDFCTR_gen.rsp HMAC_SHA512 RLEN 32_BITS L 320 COUNT 30", "hmac(sha512)",
      "a9f4a2c5af839867f5db5a1e520ab3cca72a166ca60de512fd7fe7e64cf94f92cf1d8b636175f293"
      "e003275e021018c3f0ede495997a505ec9a2afeb0495be57",
      "8e9db3335779db688bcfe096668d9c3bc64e193e3529c430e68d09d56c837dd6c0f94678f121a68e"
      "e1feea4735da85a49d34a5290aa39f7b40de435f",
      "6db880daac98b078ee389a2164252ded61322d661e2b49247ea921e544675d8f17af2bf66dd40d81" },
};
#define CTR_VECTORS (sizeof(ctr_vectors) / sizeof(ctr_vectors[0]))

/* The IV, then the fixed input. */
static const struct kdf_vector fb_vectors[] = {
    { "openssl kdf KBKDF, mode FEEDBACK, SHA2-256", "hmac(sha256)",
      "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20",
      "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f8081828384858687"
      "88898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
      "dcf0924feb693ec2518740dbbab1e39a5bdaaa1a224516c25390c4a72a29f1f47829113dbfa5b1ee"
      "071b9f379a2d5e05ae5303da2b8d6d1fa975de8152f808ac4e6f47271efbb10cfab735b24bc471d7"
      "b116bb4053240b19494f3e1af5b2adf2052d48fc" },
    { "openssl kdf KBKDF, mode FEEDBACK, SHA1", "hmac(sha1)",
      "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20",
      "404142434445464748494a4b4c4d4e4f50515253808182838485868788898a8b8c8d8e8f90919293"
      "9495969798999a9b9c9d9e9f",
      "e29a915fb9564ef8fadd6840add5c6dbad124c8e888dee63209d7a6f86cd9d60ef57a63cbfd18339"
      "6fdba576b07848d3b523290347d3b548e44b77af8d4a736b2ea9638f12941e5c5ce7fe2c6fe38a1a"
      "e6286f3736072bb93a0307d5b6883b4b1240e7a3" },
};
#define FB_VECTORS (sizeof(fb_vectors) / sizeof(fb_vectors[0]))

#endif
