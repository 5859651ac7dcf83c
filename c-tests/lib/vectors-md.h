/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * vectors-md.h - known answers of message digests, each with its source, as hex
 *
 * CAVP are the files of NIST's Cryptographic Algorithm Validation Program: shabytetestvectors.zip
 * (FIPS 180-4) and sha-3bytetestvectors.zip (FIPS 202).
 */
#ifndef VECTORS_MD_H
#define VECTORS_MD_H

struct md_vector {
    const char *source;
    const char *name;
    const char *key; /* NULL: not a keyed digest */
    const char *message;
    const char *digest; /* may be the beginning of the whole one */
};

static const struct md_vector md_vectors[] = {
    { "CAVP SHA1ShortMsg.rsp Len 0", "sha1", NULL,
      "",
      "da39a3ee5e6b4b0d3255bfef95601890afd80709" },
    { "CAVP SHA1ShortMsg.rsp Len 24", "sha1", NULL,
      "df4bd2",
      "bf36ed5d74727dfd5d7854ec6b1d49468d8ee8aa" },
    { "CAVP SHA1ShortMsg.rsp Len 512", "sha1", NULL,
      "45927e32ddf801caf35e18e7b5078b7f5435278212ec6bb99df884f49b327c6486feae46ba187dc1"
      "cc9145121e1492e6b06e9007394dc33b7748f86ac3207cfe",
      "a70cfbfe7563dd0e665c7c6715a96a8d756950c0" },
    { "CAVP SHA1LongMsg.rsp Len 1304", "sha1", NULL,
      "7c9c67323a1df1adbfe5ceb415eaef0155ece2820f4d50c1ec22cba4928ac656c83fe585db6a78ce"
      "40bc42757aba7e5a3f582428d6ca68d0c3978336a6efb729613e8d9979016204bfd921322fdd5222"
      "183554447de5e6e9bbe6edf76d7b71e18dc2e8d6dc89b7398364f652fafc734329aafa3dcd45d4f3"
      "1e388e4fafd7fc6495f37ca5cbab7f54d586463da4bfeaa3bae09f7b8e9239d832b4f0a733aa609c"
      "c1f8d4",
      "d8fd6a91ef3b6ced05b98358a99107c1fac8c807" },
    { "CAVP SHA224ShortMsg.rsp Len 0", "sha224", NULL,
      "",
      "d14a028c2a3a2bc9476102bb288234c415a2b01f828ea62ac5b3e42f" },
    { "CAVP SHA224ShortMsg.rsp Len 24", "sha224", NULL,
      "51ca3d",
      "2c8959023515476e38388abb43599a29876b4b33d56adc06032de3a2" },
    { "CAVP SHA224ShortMsg.rsp Len 512", "sha224", NULL,
      "a3310ba064be2e14ad32276e18cd0310c933a6e650c3c754d0243c6c61207865b4b65248f66a08ed"
      "f6e0832689a9dc3a2e5d2095eeea50bd862bac88c8bd318d",
      "b2a5586d9cbf0baa999157b4af06d88ae08d7c9faab4bc1a96829d65" },
    { "CAVP SHA224LongMsg.rsp Len 1304", "sha224", NULL,
      "f149e41d848f59276cfddd743bafa9a90e1ee4a263a118142b33e3702176ef0a59f8237a1cb51b42"
      "f3ded6b202d9af0997898fdd03cf60bda951c514547a0850cec25444ae2f24cb711bfbafcc3956c9"
      "41d3de69f155e3f8b10f06db5f37359b772ddd43e1035a0a0d3db33242d5843033833b0dd43b870c"
      "6bf60e8deab55f317cc3273f5e3ba747f0cb65050cb7228796210d9254873643008d45f29cfd6c5b"
      "060c9a",
      "9db6dc3a23abd7b6c3d72c38f4843c7de48a71d0ba91a86b18393e5f" },
    { "CAVP SHA256ShortMsg.rsp Len 0", "sha256", NULL,
      "",
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
    { "CAVP SHA256ShortMsg.rsp Len 24", "sha256", NULL,
      "b4190e",
      "dff2e73091f6c05e528896c4c831b9448653dc2ff043528f6769437bc7b975c2" },
    { "CAVP SHA256ShortMsg.rsp Len 512", "sha256", NULL,
      "5a86b737eaea8ee976a0a24da63e7ed7eefad18a101c1211e2b3650c5187c2a8a650547208251f6d"
      "4237e661c7bf4c77f335390394c37fa1a9f9be836ac28509",
      "42e61e174fbb3897d6dd6cef3dd2802fe67b331953b06114a65c772859dfc1aa" },
    { "CAVP SHA256LongMsg.rsp Len 1304", "sha256", NULL,
      "451101250ec6f26652249d59dc974b7361d571a8101cdfd36aba3b5854d3ae086b5fdd4597721b66"
      "e3c0dc5d8c606d9657d0e323283a5217d1f53f2f284f57b85c8a61ac8924711f895c5ed90ef17745"
      "ed2d728abd22a5f7a13479a462d71b56c19a74a40b655c58edfe0a188ad2cf46cbf30524f65d423c"
      "837dd1ff2bf462ac4198007345bb44dbb7b1c861298cdf61982a833afc728fae1eda2f87aa2c9480"
      "858bec",
      "3c593aa539fdcdae516cdf2f15000f6634185c88f505b39775fb9ab137a10aa2" },
    { "CAVP SHA384ShortMsg.rsp Len 0", "sha384", NULL,
      "",
      "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fb"
      "d51ad2f14898b95b" },
    { "CAVP SHA384ShortMsg.rsp Len 24", "sha384", NULL,
      "1fa4d5",
      "e4ca4663dff189541cd026dcc056626419028774666f5b379b99f4887c7237bdbd3bea46d5388be0"
      "efc2d4b7989ab2c4" },
    { "CAVP SHA384ShortMsg.rsp Len 1024", "sha384", NULL,
      "3bf52cc5ee86b9a0190f390a5c0366a560b557000dbe5115fd9ee11630a62769011575f15881198f"
      "227876e8fe685a6939bc8b89fd48a34ec5e71e131462b2886794dffa68ccc6d564733e67ffef25e6"
      "27c6f4b5460796e3bce67bf58ca6e8e555bc916a8531697ac948b90dc8616f25101db90b50c3d3db"
      "c9e21e42ff387187",
      "12b6cb35eda92ee37356ddee77781a17b3d90e563824a984faffc6fdd1693bd7626039635563cfc3"
      "b9a2b00f9c65eefd" },
    { "CAVP SHA384LongMsg.rsp Len 1816", "sha384", NULL,
      "62c6a169b9be02b3d7b471a964fc0bcc72b480d26aecb2ed460b7f50016ddaf04c51218783f3aadf"
      "dff5a04ded030d7b3fb7376b61ba30b90e2da921a4470740d63fb99fa16cc8ed81abaf8ce4016e50"
      "df81da832070372c24a80890aa3a26fa675710b8fb718266249d496f313c55d0bada101f8f56eecc"
      "ee4345a8f98f60a36662cfda794900d12f9414fcbdfdeb85388a814996b47e24d5c8086e7a8edcc5"
      "3d299d0d033e6bb60c58b83d6e8b57f6c258d6081dd10eb942fdf8ec157ec3e75371235a8196eb9d"
      "22b1de3a2d30c2abbe0db7650cf6c7159bacbe29b3a93c92100508",
      "0730e184e7795575569f87030260bb8e54498e0e5d096b18285e988d245b6f3486d1f2447d5f85bc"
      "be59d5689fc49425" },
    { "CAVP SHA512ShortMsg.rsp Len 0", "sha512", NULL,
      "",
      "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0"
      "ff8318d2877eec2f63b931bd47417a81a538327af927da3e" },
    { "CAVP SHA512ShortMsg.rsp Len 24", "sha512", NULL,
      "0a55db",
      "7952585e5330cb247d72bae696fc8a6b0f7d0804577e347d99bc1b11e52f384985a428449382306a"
      "89261ae143c2f3fb613804ab20b42dc097e5bf4a96ef919b" },
    { "CAVP SHA512ShortMsg.rsp Len 1024", "sha512", NULL,
      "fd2203e467574e834ab07c9097ae164532f24be1eb5d88f1af7748ceff0d2c67a21f4e4097f9d3bb"
      "4e9fbf97186e0db6db0100230a52b453d421f8ab9c9a6043aa3295ea20d2f06a2f37470d8a99075f"
      "1b8a8336f6228cf08b5942fc1fb4299c7d2480e8e82bce175540bdfad7752bc95b577f229515394f"
      "3ae5cec870a4b2f8",
      "a21b1077d52b27ac545af63b32746c6e3c51cb0cb9f281eb9f3580a6d4996d5c9917d2a6e484627a"
      "9d5a06fa1b25327a9d710e027387fc3e07d7c4d14c6086cc" },
    { "CAVP SHA512LongMsg.rsp Len 1816", "sha512", NULL,
      "4f05600950664d5190a2ebc29c9edb89c20079a4d3e6bc3b27d75e34e2fa3d02768502bd69790078"
      "598d5fcf3d6779bfed1284bbe5ad72fb456015181d9587d6e864c940564eaafb4f2fead4346ea09b"
      "6877d9340f6b82eb1515880872213da3ad88feba9f4f13817a71d6f90a1a17c43a15c038d988b5b2"
      "9edffe2d6a062813cedbe852cde302b3e33b696846d2a8e36bd680efcc6cd3f9e9a4c1ae8cac10cc"
      "5244d131677140399176ed46700019a004a163806f7fa467fc4e17b4617bbd7641aaff7ff56396ba"
      "8c08a8be100b33a20b5daf134a2aefa5e1c3496770dcf6baa4f7bb",
      "a9db490c708cc72548d78635aa7da79bb253f945d710e5cb677a474efc7c65a2aab45bc7ca1113c8"
      "ce0f3c32e1399de9c459535e8816521ab714b2a6cd200525" },
    { "CAVP SHA3_224ShortMsg.rsp Len 0", "sha3-224", NULL,
      "",
      "6b4e03423667dbb73b6e15454f0eb1abd4597f9a1b078e3f5b5a6bc7" },
    { "CAVP SHA3_224ShortMsg.rsp Len 24", "sha3-224", NULL,
      "bf5831",
      "1bb36bebde5f3cb6d8e4672acf6eec8728f31a54dacc2560da2a00cc" },
    { "CAVP SHA3_224ShortMsg.rsp Len 1152", "sha3-224", NULL,
      "e65de91fdcb7606f14dbcfc94c9c94a57240a6b2c31ed410346c4dc011526559e44296fc988cc589"
      "de2dc713d0e82492d4991bd8c4c5e6c74c753fc09345225e1db8d565f0ce26f5f5d9f404a28cf00b"
      "d655a5fe04edb682942d675b86235f235965ad422ba5081a21865b8209ae81763e1c4c0cccbccdaa"
      "d539cf773413a50f5ff1267b9238f5602adc06764f775d3c",
      "26ec9df54d9afe11710772bfbeccc83d9d0439d3530777c81b8ae6a3" },
    { "CAVP SHA3_224LongMsg.rsp Len 2312", "sha3-224", NULL,
      "31c82d71785b7ca6b651cb6c8c9ad5e2aceb0b0633c088d33aa247ada7a594ff4936c02325131982"
      "0a9b19fc6c48de8a6f7ada214176ccdaadaeef51ed43714ac0c8269bbd497e46e78bb5e58196494b"
      "2471b1680e2d4c6dbd249831bd83a4d3be06c8a2e903933974aa05ee748bfe6ef359f7a143edf0d4"
      "918da916bd6f15e26a790cff514b40a5da7f72e1ed2fe63a05b8149587bea05653718cc8980eadbf"
      "eca85b7c9c286dd040936585938be7f98219700c83a9443c2856a80ff46852b26d1b1edf72a30203"
      "cf6c44a10fa6eaf1920173cedfb5c4cf3ac665b37a86ed02155bbbf17dc2e786af9478fe0889d86c"
      "5bfa85a242eb0854b1482b7bd16f67f80bef9c7a628f05a107936a64273a97b0088b0e515451f916"
      "b5656230a12ba6dc78",
      "aab23c9e7fb9d7dacefdfd0b1ae85ab1374abff7c4e3f7556ecae412" },
    { "CAVP SHA3_256ShortMsg.rsp Len 0", "sha3-256", NULL,
      "",
      "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a" },
    { "CAVP SHA3_256ShortMsg.rsp Len 24", "sha3-256", NULL,
      "b053fa",
      "9d0ff086cd0ec06a682c51c094dc73abdc492004292344bd41b82a60498ccfdb" },
    { "CAVP SHA3_256ShortMsg.rsp Len 1088", "sha3-256", NULL,
      "56ea14d7fcb0db748ff649aaa5d0afdc2357528a9aad6076d73b2805b53d89e73681abfad26bee6c"
      "0f3d20215295f354f538ae80990d2281be6de0f6919aa9eb048c26b524f4d91ca87b54c0c54aa9b5"
      "4ad02171e8bf31e8d158a9f586e92ffce994ecce9a5185cc80364d50a6f7b94849a914242fcb73f3"
      "3a86ecc83c3403630d20650ddb8cd9c4",
      "4beae3515ba35ec8cbd1d94567e22b0d7809c466abfbafe9610349597ba15b45" },
    { "CAVP SHA3_256LongMsg.rsp Len 2184", "sha3-256", NULL,
      "b1caa396771a09a1db9bc20543e988e359d47c2a616417bbca1b62cb02796a888fc6eeff5c0b5c3d"
      "5062fcb4256f6ae1782f492c1cf03610b4a1fb7b814c057878e1190b9835425c7a4a0e182ad1f915"
      "35ed2a35033a5d8c670e21c575ff43c194a58a82d4a1a44881dd61f9f8161fc6b998860cbe497578"
      "0be93b6f87980bad0a99aa2cb7556b478ca35d1f3746c33e2bb7c47af426641cc7bbb3425e214482"
      "0345e1d0ea5b7da2c3236a52906acdc3b4d34e474dd714c0c40bf006a3a1d889a632983814bbc4a1"
      "4fe5f159aa89249e7c738b3b73666bac2a615a83fd21ae0a1ce7352ade7b278b587158fd2fabb217"
      "aa1fe31d0bda53272045598015a8ae4d8cec226fefa58daa05500906c4d85e7567",
      "cb5648a1d61c6c5bdacd96f81c9591debc3950dcf658145b8d996570ba881a05" },
    { "CAVP SHA3_384ShortMsg.rsp Len 0", "sha3-384", NULL,
      "",
      "0c63a75b845e4f7d01107d852e4c2485c51a50aaaa94fc61995e71bbee983a2ac3713831264adb47"
      "fb6bd1e058d5f004" },
    { "CAVP SHA3_384ShortMsg.rsp Len 24", "sha3-384", NULL,
      "6ab7d6",
      "ea12d6d32d69ad2154a57e0e1be481a45add739ee7dd6e2a27e544b6c8b5ad122654bbf95134d567"
      "987156295d5e57db" },
    { "CAVP SHA3_384ShortMsg.rsp Len 832", "sha3-384", NULL,
      "92c41d34bd249c182ad4e18e3b856770766f1757209675020d4c1cf7b6f7686c8c1472678c7c4125"
      "14e63eb9f5aee9f5c9d5cb8d8748ab7a5465059d9cbbb8a56211ff32d4aaa23a23c86ead916fe254"
      "cc6b2bff7a9553df1551b531f95bb41cbbc4acddbd372921",
      "71307eec1355f73e5b726ed9efa1129086af81364e30a291f684dfade693cc4bc3d6ffcb7f3b4012"
      "a21976ff9edcab61" },
    { "CAVP SHA3_384LongMsg.rsp Len 1672", "sha3-384", NULL,
      "5fe35923b4e0af7dd24971812a58425519850a506dfa9b0d254795be785786c319a2567cbaa5e35b"
      "cf8fe83d943e23fa5169b73adc1fcf8b607084b15e6a013df147e46256e4e803ab75c110f7784813"
      "6be7d806e8b2f868c16c3a90c14463407038cb7d9285079ef162c6a45cedf9c9f066375c969b5fcb"
      "cda37f02aacff4f31cded3767570885426bebd9eca877e44674e9ae2f0c24cdd0e7e1aaf1ff2fe7f"
      "80a1c4f5078eb34cd4f06fa94a2d1eab5806ca43fd0f06c60b63d5402b95c70c21ea65a151c5cfaf"
      "8262a46be3c722264b",
      "3054d249f916a6039b2a9c3ebec1418791a0608a170e6d36486035e5f92635eaba98072a85373cb5"
      "4e2ae3f982ce132b" },
    { "CAVP SHA3_512ShortMsg.rsp Len 0", "sha3-512", NULL,
      "",
      "a69f73cca23a9ac5c8b567dc185a756e97c982164fe25859e0d1dcc1475c80a615b2123af1f5f94c"
      "11e3e9402c3ac558f500199d95b6d3e301758586281dcd26" },
    { "CAVP SHA3_512ShortMsg.rsp Len 24", "sha3-512", NULL,
      "37d518",
      "4aa96b1547e6402c0eee781acaa660797efe26ec00b4f2e0aec4a6d10688dd64cbd7f12b3b6c7f80"
      "2e2096c041208b9289aec380d1a748fdfcd4128553d781e3" },
    { "CAVP SHA3_512ShortMsg.rsp Len 576", "sha3-512", NULL,
      "0ce9f8c3a990c268f34efd9befdb0f7c4ef8466cfdb01171f8de70dc5fefa92acbe93d29e2ac1a5c"
      "2979129f1ab08c0e77de7924ddf68a209cdfa0adc62f85c18637d9c6b33f4ff8",
      "b018a20fcf831dde290e4fb18c56342efe138472cbe142da6b77eea4fce52588c04c808eb32912fa"
      "a345245a850346faec46c3a16d39bd2e1ddb1816bc57d2da" },
    { "CAVP SHA3_512LongMsg.rsp Len 1160", "sha3-512", NULL,
      "664ef2e3a7059daf1c58caf52008c5227e85cdcb83b4c59457f02c508d4f4f69f826bd82c0cffc5c"
      "b6a97af6e561c6f96970005285e58f21ef6511d26e709889a7e513c434c90a3cf7448f0caeec7114"
      "c747b2a0758a3b4503a7cf0c69873ed31d94dbef2b7b2f168830ef7da3322c3d3e10cafb7c2c33c8"
      "3bbf4c46a31da90cff3bfd4ccc6ed4b310758491eeba603a76",
      "e5825ff1a3c070d5a52fbbe711854a440554295ffb7a7969a17908d10163bfbe8f1d52a676e8a013"
      "7b56a11cdf0ffbb456bc899fc727d14bd8882232549d914e" },
    { "GB/T 32905-2016 A.1", "sm3", NULL,
      "616263",
      "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0" },
    { "RFC 2202 section 3 test_case 1", "hmac(sha1)",
      "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
      "4869205468657265",
      "b617318655057264e28bc0b6fb378c8ef146be00" },
    { "RFC 2202 section 3 test_case 3", "hmac(sha1)",
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
      "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
      "dddddddddddddddddddd",
      "125d7342b9ac11cd91a39af48aa17b4f63f175d3" },
    { "RFC 2202 section 3 test_case 6", "hmac(sha1)",
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
      "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d20"
      "48617368204b6579204669727374",
      "aa4ae5e15272d00e95705637ce8a3b55ed402112" },
    { "RFC 2202 section 3 test_case 7", "hmac(sha1)",
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
      "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b657920616e"
      "64204c6172676572205468616e204f6e6520426c6f636b2d53697a652044617461",
      "e8e99d0f45237d786d6bbaa7965c7808bbff1a91" },
    { "RFC 4231 section 4.2", "hmac(sha224)",
      "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
      "4869205468657265",
      "896fb1128abbdf196832107cd49df33f47b4b1169912ba4f53684b22" },
    { "RFC 4231 section 4.3", "hmac(sha224)",
      "4a656665",
      "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
      "a30e01098bc6dbbf45690f3a7e9e6d0f8bbea2a39e6148008fd05e44" },
    { "RFC 4231 section 4.4", "hmac(sha224)",
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
      "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
      "dddddddddddddddddddd",
      "7fb3cb3588c6c1f6ffa9694d7d6ad2649365b0c1f65d69d1ec8333ea" },
    { "RFC 4231 section 4.5", "hmac(sha224)",
      "0102030405060708090a0b0c0d0e0f10111213141516171819",
      "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
      "cdcdcdcdcdcdcdcdcdcd",
      "6c11506874013cac6a2abc1bb382627cec6a90d86efc012de7afec5a" },
    { "RFC 4231 section 4.7", "hmac(sha224)",
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      "aaaaaaaaaaaaaaaaaaaaaa",
      "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d20"
      "48617368204b6579204669727374",
      "95e9a0db962095adaebe9b2d6f0dbce2d499f112f2d2b7273fa6870e" },
    { "RFC 4231 section 4.8", "hmac(sha224)",
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      "aaaaaaaaaaaaaaaaaaaaaa",
      "5468697320697320612074657374207573696e672061206c6172676572207468616e20626c6f636b"
      "2d73697a65206b657920616e642061206c6172676572207468616e20626c6f636b2d73697a652064"
      "6174612e20546865206b6579206e6565647320746f20626520686173686564206265666f72652062"
      "65696e6720757365642062792074686520484d414320616c676f726974686d2e",
      "3a854166ac5d9f023f54d517d0b39dbd946770db9c2b95c9f6f565d1" },
    { "RFC 4231 section 4.6", "hmac(sha224)",
      "0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c",
      "546573742057697468205472756e636174696f6e",
      "0e2aea68a90c8d37c988bcdb9fca6fa8" },
    { "RFC 4231 section 4.2", "hmac(sha256)",
      "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
      "4869205468657265",
      "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
    { "RFC 4231 section 4.3", "hmac(sha256)",
      "4a656665",
      "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
    { "RFC 4231 section 4.4", "hmac(sha256)",
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
      "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
      "dddddddddddddddddddd",
      "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe" },
    { "RFC 4231 section 4.5", "hmac(sha256)",
      "0102030405060708090a0b0c0d0e0f10111213141516171819",
      "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
      "cdcdcdcdcdcdcdcdcdcd",
      "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b" },
    { "RFC 4231 section 4.7", "hmac(sha256)",
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      "aaaaaaaaaaaaaaaaaaaaaa",
      "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d20"
      "48617368204b6579204669727374",
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
    { "RFC 4231 section 4.8", "hmac(sha256)",
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      "aaaaaaaaaaaaaaaaaaaaaa",
      "5468697320697320612074657374207573696e672061206c6172676572207468616e20626c6f636b"
      "2d73697a65206b657920616e642061206c6172676572207468616e20626c6f636b2d73697a652064"
      "6174612e20546865206b6579206e6565647320746f20626520686173686564206265666f72652062"
      "65696e6720757365642062792074686520484d414320616c676f726974686d2e",
      "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2" },
    { "RFC 4231 section 4.6", "hmac(sha256)",
      "0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c",
      "546573742057697468205472756e636174696f6e",
      "a3b6167473100ee06e0c796c2955552b" },
    { "RFC 4231 section 4.2", "hmac(sha384)",
      "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
      "4869205468657265",
      "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f"
      "4af152e8b2fa9cb6" },
    { "RFC 4231 section 4.3", "hmac(sha384)",
      "4a656665",
      "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
      "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c7"
      "8b3239ecfab21649" },
    { "RFC 4231 section 4.4", "hmac(sha384)",
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
      "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
      "dddddddddddddddddddd",
      "88062608d3e6ad8a0aa2ace014c8a86f0aa635d947ac9febe83ef4e55966144b2a5ab39dc13814b9"
      "4e3ab6e101a34f27" },
    { "RFC 4231 section 4.5", "hmac(sha384)",
      "0102030405060708090a0b0c0d0e0f10111213141516171819",
      "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
      "cdcdcdcdcdcdcdcdcdcd",
      "3e8a69b7783c25851933ab6290af6ca77a9981480850009cc5577c6e1f573b4e6801dd23c4a7d679"
      "ccf8a386c674cffb" },
    { "RFC 4231 section 4.7", "hmac(sha384)",
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      "aaaaaaaaaaaaaaaaaaaaaa",
      "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d20"
      "48617368204b6579204669727374",
      "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe82"
      "96248df163f44952" },
    { "RFC 4231 section 4.8", "hmac(sha384)",
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      "aaaaaaaaaaaaaaaaaaaaaa",
      "5468697320697320612074657374207573696e672061206c6172676572207468616e20626c6f636b"
      "2d73697a65206b657920616e642061206c6172676572207468616e20626c6f636b2d73697a652064"
      "6174612e20546865206b6579206e6565647320746f20626520686173686564206265666f72652062"
      "65696e6720757365642062792074686520484d414320616c676f726974686d2e",
      "6617178e941f020d351e2f254e8fd32c602420feb0b8fb9adccebb82461e99c5a678cc31e799176d"
      "3860e6110c46523e" },
    { "RFC 4231 section 4.6", "hmac(sha384)",
      "0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c",
      "546573742057697468205472756e636174696f6e",
      "3abf34c3503b2a23a46efc619baef897" },
    { "RFC 4231 section 4.2", "hmac(sha512)",
      "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
      "4869205468657265",
      "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702"
      "038b274eaea3f4e4be9d914eeb61f1702e696c203a126854" },
    { "RFC 4231 section 4.3", "hmac(sha512)",
      "4a656665",
      "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
      "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a"
      "6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737" },
    { "RFC 4231 section 4.4", "hmac(sha512)",
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
      "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
      "dddddddddddddddddddd",
      "fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39bf3e848279a722c8"
      "06b485a47e67c807b946a337bee8942674278859e13292fb" },
    { "RFC 4231 section 4.5", "hmac(sha512)",
      "0102030405060708090a0b0c0d0e0f10111213141516171819",
      "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
      "cdcdcdcdcdcdcdcdcdcd",
      "b0ba465637458c6990e5a8c5f61d4af7e576d97ff94b872de76f8050361ee3dba91ca5c11aa25eb4"
      "d679275cc5788063a5f19741120c4f2de2adebeb10a298dd" },
    { "RFC 4231 section 4.7", "hmac(sha512)",
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      "aaaaaaaaaaaaaaaaaaaaaa",
      "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d20"
      "48617368204b6579204669727374",
      "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598"
      "bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598" },
    { "RFC 4231 section 4.8", "hmac(sha512)",
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      "aaaaaaaaaaaaaaaaaaaaaa",
      "5468697320697320612074657374207573696e672061206c6172676572207468616e20626c6f636b"
      "2d73697a65206b657920616e642061206c6172676572207468616e20626c6f636b2d73697a652064"
      "6174612e20546865206b6579206e6565647320746f20626520686173686564206265666f72652062"
      "65696e6720757365642062792074686520484d414320616c676f726974686d2e",
      "e37b6a775dc87dbaa4dfa9f96e5e3ffddebd71f8867289865df5a32d20cdc944b6022cac3c4982b1"
      "0d5eeb55c3e4de15134676fb6de0446065c97440fa8c6a58" },
    { "RFC 4231 section 4.6", "hmac(sha512)",
      "0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c",
      "546573742057697468205472756e636174696f6e",
      "415fad6271580a531d4179bc891d87a6" },
};
#define MD_VECTORS (sizeof(md_vectors) / sizeof(md_vectors[0]))

#endif
