#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
# TAP: every function has a manual page with what belongs into it; man.awk refuses a header whose
# comments are incomplete. Where mandoc is installed it finds nothing wrong, and the programs in
# the pages, as a reader sees them, compile; the links of the HTML lead somewhere.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. c-tests/lib/tap.sh

build=${BUILD:-build}
man=$build/man
ok 'make man' make --no-print-directory man

# page FUNCTION: its page, also where that is a link
page() {
    local file=$man/man3/$1.3
    sed -n 's|^\.so \(man3/.*\)|\1|p' "$file" | grep . >"$work/link" && file=$man/$(<"$work/link")
    cat "$file"
}
# complete FUNCTION TYPE: the sections that are there must be those that a function of TYPE needs
complete() {
    local text section sections='SYNOPSIS|DESCRIPTION|VERSIONS|SEE ALSO'
    case $2 in
    void) ;;
    int | ssize_t) sections+='|RETURN VALUE|ERRORS' ;;
    *) sections+='|RETURN VALUE' ;;
    esac
    text=$(page "$1") || return
    grep -qE "^\.Nm $1( ,)?\$" <<<"$text" || { echo 'not in NAME' && return 1; }
    grep -qx "\.Fo $1" <<<"$text" || { echo 'no prototype' && return 1; }
    while read -r section; do
        grep -qx "\.Sh $section" <<<"$text" || { echo "no $section" && return 1; }
    done < <(tr '|' '\n' <<<"$sections")
}
while read -r function; do
    # The type is what stands before the name, a pointer with its asterisk.
    type=$(grep -E "^[a-z].*[ *]$function\(" include/kcapi.h | sed "s/ *$function(.*//")
    ok "$function" complete "$function" "$type"
done < <(awk '$1 ~ /^kcapi_/ { print $1 }' abi/symbols)

# refuses NAME SED-SCRIPT: man.awk with the header as the script leaves it
refuses() {
    mkdir -p "$work/man3"
    sed "$2" include/kcapi.h >"$work/kcapi.h"
    ok "refuses $1" bash -c "! awk -v version=0 -v out='$work' -f docs/man/man.awk -f docs/man/text.awk \
        '$work/kcapi.h' docs/man/pages 2>/dev/null"
}
refuses 'an argument without @param' 's/@param iovlen .*//'
refuses 'a function on no page' 's/kcapi_hkdf(/kcapi_other(/'
refuses 'a function without @return' 's/@return/Returns/'
refuses 'a function without @since' 's/@since.*//'

if command -v mandoc >/dev/null; then
    mapfile -t pages < <(grep -L '^\.so' "$man"/man?/*)
    # EXAMPLES and SEE ALSO come last, as man-pages(7) has it.
    ok 'mandoc has no warning' \
        bash -c '! mandoc -Tlint -Wwarning "$@" 2>/dev/null | grep -v "sections out of conventional order"' - "${pages[@]}"
    ok 'make html' make --no-print-directory html
    # Links to kcapi_* and libkcapi, not those to other manuals.
    mapfile -t links < <(cat "$build"/html/*.html | grep -oE 'href="(lib)?kcapi[^"#]*' | sed 's/.*"//' | sort -u)
    ok "whose ${#links[@]} links lead to pages" bash -c 'cd "$0" && ls "$@"' "$build/html" "${links[@]}"
    ok 'of every function' test "${#links[@]}" -ge 120
    for file in "${pages[@]}"; do
        grep -q '^#include <errno' "$file" || continue
        name=$(basename "$file")
        # Bold and underlined letters come with backspaces.
        mandoc -Tutf8 -O width=200 "$file" | sed 's/.\x08//g' |
            sed -n '/^EXAMPLES/,/^[A-Z][A-Z ]*$/p' | sed -n '/\/\*/,$p' | sed '/^[A-Z]/d' >"$work/example.c"
        ok "the program in $name compiles" "${CC:-cc}" -Wall -Wextra -Werror -Iinclude -fsyntax-only "$work/example.c"
    done
fi
done_testing
