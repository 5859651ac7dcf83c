#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
# TAP: kcapi.h compiles as every C standard and as C++, and declares what the C library's header does:
# the compiler refuses two declarations of a function that differ.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. c-tests/lib/tap.sh

printf '#include <kcapi.h>\n' >"$work/alone.c"
for std in gnu89 c99 gnu99 c11 c17; do
    ok "compiles as $std" "${CC:-cc}" -std=$std -Wall -Wextra -Werror -Iinclude -fsyntax-only "$work/alone.c"
done
ok 'compiles as C++' "${CXX:-c++}" -Wall -Wextra -Werror -Iinclude -fsyntax-only -x c++ "$work/alone.c"

declared() { grep -o 'kcapi_[a-z0-9_]* *(' "$1" | tr -d ' (' | LC_ALL=C sort -u; }
listed() { awk '$1 ~ /^kcapi_/ { print $1 }' abi/symbols | LC_ALL=C sort -u; }
ok 'declares each function of abi/symbols' \
    test -z "$(comm -23 <(listed) <(sed '/^ \*/d' include/kcapi.h | declared /dev/stdin))"
[ -z "${KCAPI_OFFLINE:-}" ] || done_testing

reference=$(c-tests/harness/reference)/../include
# The two have the guard, the enum and the macros in common; what is left are the functions.
cat >"$work/both.c" <<'C'
#include REFERENCE
#undef KCAPI_H
#undef KCAPI_ACCESS_HEURISTIC
#undef KCAPI_ACCESS_VMSPLICE
#undef KCAPI_ACCESS_SENDMSG
#undef KCAPI_INIT_AIO
#undef ECC_CURVE_NIST_P192
#undef ECC_CURVE_NIST_P256
enum {
    C_NONE = KCAPI_LOG_NONE, C_ERR = KCAPI_LOG_ERR, C_WARN = KCAPI_LOG_WARN,
    C_VERBOSE = KCAPI_LOG_VERBOSE, C_DEBUG = KCAPI_LOG_DEBUG
};
#define kcapi_verbosity kcapi_verbosity_here
#define KCAPI_LOG_NONE HERE_NONE
#define KCAPI_LOG_ERR HERE_ERR
#define KCAPI_LOG_WARN HERE_WARN
#define KCAPI_LOG_VERBOSE HERE_VERBOSE
#define KCAPI_LOG_DEBUG HERE_DEBUG
#define kcapi_set_verbosity kcapi_set_verbosity_here
#include "include/kcapi.h"
_Static_assert((int)C_NONE == (int)HERE_NONE && (int)C_ERR == (int)HERE_ERR &&
               (int)C_WARN == (int)HERE_WARN && (int)C_VERBOSE == (int)HERE_VERBOSE &&
               (int)C_DEBUG == (int)HERE_DEBUG, "the levels have the same numbers");
_Static_assert(KCAPI_ACCESS_VMSPLICE == 1 && KCAPI_ACCESS_SENDMSG == 2 && KCAPI_INIT_AIO == 1,
               "the flags have the same numbers");
C
ok "every prototype is the C library's" "${CC:-cc}" -std=c11 -Wall -Wextra -Werror \
    "-DREFERENCE=\"$reference/kcapi.h\"" -I. -fsyntax-only "$work/both.c"
sed 's/size_t inlen/int inlen/' include/kcapi.h >"$work/kcapi.h"
ok 'which a differing one would not pass' bash -c "! sed 's|include/kcapi.h|$work/kcapi.h|' '$work/both.c' |
    '${CC:-cc}' -std=c11 '-DREFERENCE=\"$reference/kcapi.h\"' -I. -fsyntax-only -x c - 2>/dev/null"
done_testing
