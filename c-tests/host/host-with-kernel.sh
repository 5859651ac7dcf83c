#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
# TAP: with-kernel asks for the packages of what is missing, and for nothing else: it took the names of
# the programs for packages, too, which apt-get(8) has never heard of.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. c-tests/lib/tap.sh

# A machine that has neither QEMU nor User-Mode Linux, and an apt-get that has no packages.
mkdir "$work/bin"
ln -s /usr/bin/* "$work/bin/" 2>/dev/null
rm -f "$work"/bin/{qemu-system-*,linux.uml,apt-get}
printf '#!/bin/sh\necho "apt-get $*"\nexit 1\n' >"$work/bin/apt-get"
chmod +x "$work/bin/apt-get"

asked_for() { # asked_for KERNEL PACKAGE...: with these packages apt-get is asked, or the caller is told to
    local said
    said=$(PATH=$work/bin KCAPI_KERNEL=$1 c-tests/harness/with-kernel true 2>&1)
    shift
    echo "$said"
    grep -E "apt-get install( -[^ ]*)* $*\.?( |$)" <<<"$said"
}
ok 'QEMU is missing' asked_for qemu qemu-system-x86 busybox-static cpio kmod
ok 'User-Mode Linux is missing' asked_for uml user-mode-linux kmod

done_testing
