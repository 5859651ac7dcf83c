/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * vectors.h - known answers, each with its source, as hex
 *
 * SP 800-38A is NIST's; CAVP are the files of NIST's Cryptographic Algorithm Validation Program:
 * XTSTestVectors.zip, gcmtestvectors.zip and ccmtestvectors.zip.
 */
#ifndef VECTORS_H
#define VECTORS_H

struct cipher_vector {
    const char *source;
    const char *name;
    const char *key;
    const char *iv;
    const char *plain;
    const char *cipher;
};

#define SP800_38A_PLAIN \
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51" \
    "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
#define SP800_38A_KEY_128 "2b7e151628aed2a6abf7158809cf4f3c"
#define SP800_38A_KEY_192 "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b"
#define SP800_38A_KEY_256 "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"
#define SP800_38A_IV "000102030405060708090a0b0c0d0e0f"
#define SP800_38A_COUNTER "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"
#define SM4_KEY "0123456789abcdeffedcba9876543210"

static const struct cipher_vector cipher_vectors[] = {
    { "SP 800-38A F.1.1 ECB-AES128.Encrypt", "ecb(aes)", SP800_38A_KEY_128, "",
      SP800_38A_PLAIN,
      "3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699de785895a96fdbaaf"
      "43b1cd7f598ece23881b00e3ed0306887b0c785e27e8ad3f8223207104725dd4" },
    { "SP 800-38A F.1.3 ECB-AES192.Encrypt", "ecb(aes)", SP800_38A_KEY_192, "",
      SP800_38A_PLAIN,
      "bd334f1d6e45f25ff712a214571fa5cc974104846d0ad3ad7734ecb3ecee4eef"
      "ef7afd2270e2e60adce0ba2face6444e9a4b41ba738d6c72fb16691603c18e0e" },
    { "SP 800-38A F.1.5 ECB-AES256.Encrypt", "ecb(aes)", SP800_38A_KEY_256, "",
      SP800_38A_PLAIN,
      "f3eed1bdb5d2a03c064b5a7e3db181f8591ccb10d410ed26dc5ba74a31362870"
      "b6ed21b99ca6f4f9f153e7b1beafed1d23304b7a39f9f3ff067d8d8f9e24ecc7" },
    { "SP 800-38A F.2.1 CBC-AES128.Encrypt", "cbc(aes)", SP800_38A_KEY_128, SP800_38A_IV,
      SP800_38A_PLAIN,
      "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"
      "73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7" },
    { "SP 800-38A F.2.3 CBC-AES192.Encrypt", "cbc(aes)", SP800_38A_KEY_192, SP800_38A_IV,
      SP800_38A_PLAIN,
      "4f021db243bc633d7178183a9fa071e8b4d9ada9ad7dedf4e5e738763f69145a"
      "571b242012fb7ae07fa9baac3df102e008b0e27988598881d920a9e64f5615cd" },
    { "SP 800-38A F.2.5 CBC-AES256.Encrypt", "cbc(aes)", SP800_38A_KEY_256, SP800_38A_IV,
      SP800_38A_PLAIN,
      "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d"
      "39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b" },
    { "SP 800-38A F.5.1 CTR-AES128.Encrypt", "ctr(aes)", SP800_38A_KEY_128, SP800_38A_COUNTER,
      SP800_38A_PLAIN,
      "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"
      "5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee" },
    { "SP 800-38A F.5.3 CTR-AES192.Encrypt", "ctr(aes)", SP800_38A_KEY_192, SP800_38A_COUNTER,
      SP800_38A_PLAIN,
      "1abc932417521ca24f2b0459fe7e6e0b090339ec0aa6faefd5ccc2c6f4ce8e94"
      "1e36b26bd1ebc670d1bd1d665620abf74f78a7f6d29809585a97daec58c6b050" },
    { "SP 800-38A F.5.5 CTR-AES256.Encrypt", "ctr(aes)", SP800_38A_KEY_256, SP800_38A_COUNTER,
      SP800_38A_PLAIN,
      "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5"
      "2b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6" },
    { "CAVP XTSGenAES128.rsp, tweak-128hexstr, ENCRYPT 1", "xts(aes)",
      "a1b90cba3f06ac353b2c343876081762090923026e91771815f29dab01932f2f",
      "4faef7117cda59c66e4b92013e768ad5", "ebabce95b14d3c8d6fb350390790311c",
      "778ae8b43cb98d5a825081d5be471c63" },
    { "CAVP XTSGenAES128.rsp, tweak-128hexstr, ENCRYPT 301", "xts(aes)",
      "394c97881abd989d29c703e48a72b397a7acf51b59649eeea9b33274d8541df4",
      "4b15c684a152d485fe9937d39b168c29", "2f3b9dcfbae729583b1d1ffdd16bb6fe2757329435662a78f0",
      "f3473802e38a3ffef4d4fb8e6aa266ebde553a64528a06463e" },
    { "CAVP XTSGenAES256.rsp, tweak-128hexstr, ENCRYPT 1", "xts(aes)",
      "1ea661c58d943a0e4801e42f4b0947149e7f9f8e3e68d0c7505210bd311a0e7c"
      "d6e13ffdf2418d8d1911c004cda58da3d619b7e2b9141e58318eea392cf41b08",
      "adf8d92627464ad2f0428e84a9f87564",
      "2eedea52cd8215e1acc647e810bbc3642e87287f8d2e57e36c0a24fbc12a202e",
      "cbaad0e2f6cea3f50b37f934d46a9b130b9d54f07e34f36af793e86f73c6d7db" },
    { "draft-ribose-cfrg-sm4-10 A.2.2.1", "cbc(sm4)", SM4_KEY, SP800_38A_IV,
      "aaaaaaaabbbbbbbbccccccccddddddddeeeeeeeeffffffffaaaaaaaabbbbbbbb",
      "78ebb11cc40b0a48312aaeb2040244cb4cb7016951909226979b0d15dc6a8f6d" },
    { "draft-ribose-cfrg-sm4-10 A.2.5.1", "ctr(sm4)", SM4_KEY, SP800_38A_IV,
      "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd"
      "eeeeeeeeeeeeeeeeffffffffffffffffaaaaaaaaaaaaaaaabbbbbbbbbbbbbbbb",
      "ac3236cb970cc20791364c395a1342d1a3cbc1878c6f30cd074cce385cdd70c7"
      "f234bc0e24c11980fd1286310ce37b926e02fcd0faa0baf38b2933851d824514" },
};
#define CIPHER_VECTORS (sizeof(cipher_vectors) / sizeof(cipher_vectors[0]))

/* For CCM, iv is the nonce. */
struct aead_vector {
    const char *source;
    const char *name;
    const char *key;
    const char *iv;
    const char *aad;
    const char *plain;
    const char *cipher;
    const char *tag;
};

static const struct aead_vector aead_vectors[] = {
    { "CAVP gcmEncryptExtIV128.rsp PTlen 408 AADlen 160 Taglen 128 Count 0", "gcm(aes)",
      "fe47fcce5fc32665d2ae399e4eec72ba", "5adb9609dbaeb58cbd6e7275",
      "88319d6e1d3ffa5f987199166c8a9b56c2aeba5a",
      "7c0e88c88899a779228465074797cd4c2e1498d259b54390b85e3eef1c02df60"
      "e743f1b840382c4bccaf3bafb4ca8429bea063",
      "98f4826f05a265e6dd2be82db241c0fbbbf9ffb1c173aa83964b7cf539304373"
      "6365253ddbc5db8778371495da76d269e5db3e",
      "291ef1982e4defedaa2249f898556b47" },
    { "CAVP gcmEncryptExtIV192.rsp PTlen 408 AADlen 160 Taglen 128 Count 0", "gcm(aes)",
      "9900227ae0fccbb0d35ecf954629c969f36e539399f32ebe", "1398992bfbd63149c14ba2a2",
      "788b6885feff23fc27bf9c462877b642ba1aa68d",
      "9d4227eed28b9738f21541c4755a923a43ba20d6f3d6a6b7e31e56f1502f5e93"
      "ed4c00511c6a7daeb0281ab947e91756638154",
      "7b6ee7dd98eda9b20edb414711d9710de402b01950a6712e5809f608f7c0aa0f"
      "ba4098f145fea6886d7baf51fcd182c8febf49",
      "f22c7c21f5ece2de684821092194f26c" },
    { "CAVP gcmEncryptExtIV256.rsp PTlen 408 AADlen 160 Taglen 128 Count 0", "gcm(aes)",
      "24501ad384e473963d476edcfe08205237acfd49b5b8f33857f8114e863fec7f",
      "9ff18563b978ec281b3f2794",
      "adb5ec720ccf9898500028bf34afccbcaca126ef",
      "27f348f9cdc0c5bd5e66b1ccb63ad920ff2219d14e8d631b3872265cf117ee86"
      "757accb158bd9abb3868fdc0d0b074b5f01b2c",
      "eb7cb754c824e8d96f7c6d9b76c7d26fb874ffbf1d65c6f64a698d839b0b0614"
      "5dae82057ad55994cf59ad7f67c0fa5e85fab8",
      "bc95c532fecc594c36d1550286a7a3f0" },
    { "CAVP gcmEncryptExtIV128.rsp PTlen 128 AADlen 128 Taglen 96 Count 0", "gcm(aes)",
      "562ae8aadb8d23e0f271a99a7d1bd4d1", "f7a5e2399413b89b6ad31aff",
      "2b9680b886b3efb7c6354b38c63b5373",
      "bbdc3504d803682aa08a773cde5f231a",
      "e2b7e5ed5ff27fc8664148f5a628a46d",
      "cbf2015184fffb82f2651c36" },
    { "CAVP gcmEncryptExtIV128.rsp PTlen 128 AADlen 0 Taglen 128 Count 0", "gcm(aes)",
      "7fddb57453c241d03efbed3ac44e371c", "ee283a3fc75575e33efd4887",
      "",
      "d5de42b461646c255c87bd2962d3b9a2",
      "2ccda4a5415cb91e135c2a0f78c9b2fd",
      "b36d1df9b9d5e596f83e8b7f52971cb3" },
    { "CAVP gcmEncryptExtIV256.rsp PTlen 0 AADlen 128 Taglen 128 Count 0", "gcm(aes)",
      "78dc4e0aaf52d935c3c01eea57428f00ca1fd475f5da86a49c8dd73d68c8e223",
      "d79cf22d504cc793c3fb6c8a",
      "b96baa8c1c75a671bfb2d08d06be5f36",
      "",
      "",
      "3e5d486aa2e30b22e040b85723a06e76" },
    { "CAVP VADT128.rsp Alen 20 Count 200", "ccm(aes)",
      "61cb8eb792e95d099a1455fb789d8d16", "1f37b3e59137f2a60dc09d16ac",
      "09db3efac9473f713da630ae92c2c8604c61c51e",
      "6ad541695a37c32d73ff6d5f870abd5b0f362a8968c4fce0",
      "e65fcc975865c1499b088b58ba163283085d8ca68dc3b235",
      "d89756e5d78753ef22c012ae34b39a20" },
    { "CAVP VTT192.rsp Tlen 4 Count 0", "ccm(aes)",
      "11fd45743d946e6d37341fec49947e8c70482494a8f07fcc", "c6aeebcb146cfafaae66f78aab",
      "7dc8c52144a7cb65b3e5a846e8fd7eae37bf6996c299b56e49144ebf43a1770f",
      "ee7e6075ba52846de5d6254959a18affc4faf59c8ef63489",
      "137d9da59baf5cbfd46620c5f298fc766de10ac68e774edf",
      "1f2c5bad" },
    { "RFC 8439 section 2.8.2", "rfc7539(chacha20,poly1305)",
      "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
      "070000004041424344454647",
      "50515253c0c1c2c3c4c5c6c7",
      "4c616469657320616e642047656e746c656d656e206f662074686520636c6173"
      "73206f66202739393a204966204920636f756c64206f6666657220796f75206f"
      "6e6c79206f6e652074697020666f7220746865206675747572652c2073756e73"
      "637265656e20776f756c642062652069742e",
      "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6"
      "3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36"
      "92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
      "3ff4def08e4b7a9de576d26586cec64b6116",
      "1ae10b594f09e26a7e902ecbd0600691" },
};
#define AEAD_VECTORS (sizeof(aead_vectors) / sizeof(aead_vectors[0]))

#endif
