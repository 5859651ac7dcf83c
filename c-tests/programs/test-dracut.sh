#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
#
# test-dracut.sh - TAP: dracut's own script for FIPS mode verifies a kernel with our sha512hmac, in a root like an
# initramfs: the program, its library, libc, their HMAC files, no /proc/sys, no locale, nothing else
#
# needs: exec dracut
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit
. c-tests/lib/tap.sh

stage=$(realpath "${KCAPI_BUILD:-build}")/stage
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
mkdir -p "$root"/{proc,tmp,boot,usr/bin,usr/lib,etc,lib,dev}
: >"$root/dev/null"
ln -s usr/bin "$root/bin"

# As dracut-install does: a program, what it links with, and the HMAC files beside both.
install_file() { mkdir -p "$root$(dirname "$1")" && cp -L "$1" "$root$1"; }
libraries() { LD_LIBRARY_PATH=$stage/usr/lib ldd "$1" | grep -oE '/[^ ]+' | grep -v "^$stage"; }
for program in sh uname sed rm find umount; do
    path=$(realpath "$(command -v $program)")
    cp -L "$path" "$root/usr/bin/$program"
    for library in $(libraries "$path"); do install_file "$library"; done
done
for library in $(libraries "$stage/usr/bin/kcapi-hasher"); do install_file "$library"; done
cp -P "$stage"/usr/bin/{kcapi-hasher,sha512hmac,.kcapi-hasher.hmac} "$root/usr/bin/"
cp -P "$stage"/usr/lib/{libkcapi.so.1,libkcapi.so.1.5.1,.libkcapi.so.1.hmac} "$root/usr/lib/"
cp "$(c-tests/harness/dracut)" "$root/fips.sh"
# What dracut's library has of these.
cat >"$root/lib/dracut-lib.sh" <<'SH'
getarg() { case $1 in BOOT_IMAGE) [ -n "$image" ] && echo "$image" ;; *) return 1 ;; esac }
info() { echo "$*"; }
warn() { echo "$*" >&2; }
die() { echo "$*" >&2; exit 1; }
SH

head -c 3000000 /dev/urandom >"$root/boot/vmlinuz-6.1"
version=$(uname -r)
cp "$root/boot/vmlinuz-6.1" "$root/boot/vmlinuz-$version"

# inside COMMAND... : there, as process 1 would; what is in the environment is this only
inside() {
    # shellcheck disable=SC2016
    unshare --map-root-user --mount sh -c 'mount --rbind /proc "$0/proc" && exec chroot "$0" "$@"' "$root" \
        /usr/bin/sh -c "export LD_LIBRARY_PATH=/usr/lib PATH=/usr/bin KCAPI_ENGINE=$engine $fips; image=\$1; $1" - "${2:-}"
}
engine=${KCAPI_ENGINE:-user} fips=
boots() { rm -f "$root/tmp/fipsdone"; inside '. /fips.sh; do_fips' "${1:-}" && [ -e "$root/tmp/fipsdone" ]; }
halts() { ! boots "$@" && [ ! -e "$root/tmp/fipsdone" ]; }
hmac() { inside 'sha512hmac /boot/vmlinuz-6.1' >"$root/boot/.vmlinuz-6.1.hmac"; }

if ! unshare --map-root-user --mount true 2>/dev/null; then
    echo '1..0 # SKIP no namespaces'
    exit
fi
hmac
sed "s/6\\.1\$/$version/" "$root/boot/.vmlinuz-6.1.hmac" >"$root/boot/.vmlinuz-$version.hmac"
for fips in '' 'KCAPI_HASHER_FORCE_FIPS=1'; do
    ok "a good kernel boots $fips" boots /vmlinuz-6.1
    ok 'with the name that GRUB gives' boots '(hd0,gpt2)/boot/vmlinuz-6.1'
    ok 'without a name' boots
    ok 'its verdict is in the log' grep -qx '/boot/vmlinuz-6.1: OK' <(boots /vmlinuz-6.1)
    printf x >>"$root/boot/vmlinuz-6.1"
    ok 'a tampered one does not' halts /vmlinuz-6.1
    ok 'which is in the log' grep -qx '/boot/vmlinuz-6.1: Not OK' <(boots /vmlinuz-6.1)
    hmac
    ok 'until it has its own HMAC' boots /vmlinuz-6.1
    for wrong in '' 'x' "$(printf '%0128d' 0)" "$(printf '%0128d  /boot/vmlinuz-6.1' 0)"; do
        echo "$wrong" >"$root/boot/.vmlinuz-6.1.hmac"
        ok "nor with '${wrong:0:10}'" halts /vmlinuz-6.1
    done
    rm "$root/boot/.vmlinuz-6.1.hmac"
    ok 'nor without an HMAC file' halts /vmlinuz-6.1
    hmac
    # A relative name, as rpm-ostree writes it.
    sed -i 's|/boot/||' "$root/boot/.vmlinuz-6.1.hmac"
    ok 'a relative name' boots /vmlinuz-6.1
    hmac
done
# Live images: the first fields are compared as strings.
mkdir -p "$root/run/initramfs/live" "$root/sysroot/boot"
cp "$root/boot/vmlinuz-6.1" "$root/run/initramfs/live/vmlinuz0"
sed "s|/boot/vmlinuz-6.1|/boot/vmlinuz-$version|" "$root/boot/.vmlinuz-6.1.hmac" >"$root/sysroot/boot/.vmlinuz-$version.hmac"
fips='KCAPI_HASHER_FORCE_FIPS=1 NEWROOT=/sysroot'
ok 'a live image boots' boots
printf x >>"$root/run/initramfs/live/vmlinuz0"
ok 'a tampered one does not' halts
rm -r "$root/run"
fips='KCAPI_HASHER_FORCE_FIPS=1'
printf x >>"$root/usr/lib/libkcapi.so.1.5.1"
ok 'nor does anything with a tampered library' halts /vmlinuz-6.1
cp "$stage/usr/lib/libkcapi.so.1.5.1" "$root/usr/lib/"
ok 'with the right one it does' boots /vmlinuz-6.1
engine=kernel
if ! inside 'sha512hmac -v' | grep -q 'by the kernel'; then
    ok 'a kernel without AF_ALG stops a boot that wants it' halts /vmlinuz-6.1
    engine=user
    ok 'the engine in user space does not' boots /vmlinuz-6.1
fi
done_testing
