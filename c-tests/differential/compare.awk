# SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
# Compares the transcripts of a diff-* program, of the C library and of this one.
#
#   awk -v program=NAME -f compare.awk differences MIGRATION.md C-TRANSCRIPT OUR-TRANSCRIPT
#
# A line is `CALL = RESULT`. Where the results differ, a line of `differences` must say so: a
# program, a pattern for `CALL: C's RESULT -> OUR RESULT`, and words of MIGRATION.md that tell it to
# those whom it may concern. Fails if there is another difference, or no such words.
function fail(text) {
    if (failures++ < most) print text
}
function result(line) {
    return index(line, " = ") ? substr(line, index(line, " = ") + 3) : line
}
BEGIN { most = most ? most : 40 }
FNR == 1 { file++ }
file == 1 {
    if (NF == 0 || /^#/) next
    split($0, part, " \\| ")
    if (part[1] != program) next
    pattern[++patterns] = part[2]
    words[patterns] = part[3]
    next
}
file == 2 { text = text " " $0; next }
file == 3 { c[FNR] = $0; c_lines = FNR; next }
{
    ours_lines = FNR
    if ($0 == c[FNR]) next
    call = substr($0, 1, index($0, " = ") - 1)
    if (index(c[FNR], call " = ") != 1) {
        fail("line " FNR " is `" $0 "`, with the C library `" c[FNR] "`")
        next
    }
    difference = call ": " result(c[FNR]) " -> " result($0)
    for (i = 1; i <= patterns; i++)
        if (difference ~ pattern[i]) {
            used[i]++
            listed++
            next
        }
    fail(difference)
}
END {
    if (c_lines != ours_lines) fail(c_lines " lines with the C library, " ours_lines " with this one")
    for (i = 1; i <= patterns; i++)
        if (!index(text, words[i])) fail("MIGRATION.md does not say: " words[i])
    if (failures > most) print "and " failures - most " more"
    printf "%d results, %d differ as MIGRATION.md says, %d otherwise\n", c_lines, listed, failures
    exit failures > 0
}
