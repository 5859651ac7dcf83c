#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
#
# test-setuid.sh - TAP: a program with more rights than its user, set-user-ID or with file
# capabilities, does not obey the environment
#
# needs: exec
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../lib/tap.sh"
stage=${KCAPI_BUILD:-$here/../../build}/stage/usr

if [ "$(id -u)" != 0 ] || ! command -v setpriv >/dev/null; then
    echo '1..0 # SKIP takes root, and setpriv (Debian package util-linux)'
    exit
fi

# Where anybody may look.
dir=$(mktemp -d)
trap 'rm -r "$dir"' EXIT
chmod 755 "$dir"
cp "$stage/lib/libkcapi.so.1" "$dir"
cat >"$dir/engine.c" <<'END'
#include <kcapi.h>
#include <stdio.h>

int main(void)
{
    struct kcapi_handle *handle = NULL;
    int ret = kcapi_cipher_init(&handle, "cbc(aes)", 0);

    puts(ret ? "none" : kcapi_handle_engine(handle));
    kcapi_cipher_destroy(handle);
    return 0;
}
END
# The loader does not obey LD_LIBRARY_PATH there, either.
${CC:-cc} -o "$dir/plain" "$dir/engine.c" -I"$stage/include" -L"$stage/lib" -lkcapi \
    -Wl,-rpath,"$dir"
unset LD_LIBRARY_PATH

engine() { # engine PROGRAM [VALUE]: which engine serves it, with KCAPI_ENGINE or without
    env -u KCAPI_ENGINE ${2+KCAPI_ENGINE="$2"} \
        setpriv --reuid=65534 --regid=65534 --clear-groups "$dir/$1"
}

default=$(engine plain)
# A value that makes a difference.
if [ "$default" = kernel ]; then value=user other=user; else value=kernel other=none; fi
cp "$dir/plain" "$dir/setuid"
chmod 4755 "$dir/setuid"

ok "a program obeys KCAPI_ENGINE=$value" [ "$(engine plain $value)" = $other ]
ok "a set-user-ID program does not" [ "$(engine setuid $value)" = "$default" ]
cp "$dir/plain" "$dir/capable"
if setcap cap_net_raw+ep "$dir/capable" 2>/dev/null; then
    ok "a program with file capabilities does not" [ "$(engine capable $value)" = "$default" ]
else
    ok "a program with file capabilities # SKIP no setcap (Debian package libcap2-bin)" true
fi
done_testing
