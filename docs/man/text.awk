# SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
# The text of a comment as mdoc(7); for man.awk.

function sentence(text) {
    if (text !~ /^(lib)?kcapi/)
        text = toupper(substr(text, 1, 1)) substr(text, 2)
    return text ~ /[.:]$/ ? text : text "."
}

# Prints a comment's text, paragraphs and lists, with the names in it marked up.
function flow(f, text,    n, i, lines, list, after) {
    n = split(text, lines, "\n")
    for (i = 1; i <= n; i++) {
        if (lines[i] == "") {
            after = 1
            continue
        }
        if (lines[i] ~ /^- /) {
            if (!list++)
                print ".Bl -bullet" >path
            print ".It" >path
            lines[i] = substr(lines[i], 3)
        } else if (list && after) {
            print ".El" >path
            list = 0
            print ".Pp" >path
        } else if (after)
            print ".Pp" >path
        after = 0
        words(f, lines[i])
    }
    if (list)
        print ".El" >path
}

function words(f, line,    n, i, parts, code, plain, w, before, behind, macro) {
    # What is between backquotes is one word.
    n = split(line, parts, "`")
    line = ""
    for (i = 1; i <= n; i++) {
        if (i % 2 == 0)
            gsub(/ /, "\001", parts[i])
        line = line (i > 1 ? "`" : "") parts[i]
    }
    n = split(line, parts, " ")
    for (i = 1; i <= n; i++) {
        w = parts[i]
        before = behind = ""
        while (w ~ /^\(/) {
            before = before "( "
            w = substr(w, 2)
        }
        while (w ~ /[.,;:]$/ || (w ~ /\)$/ && w !~ /\([0-9]?\)$/)) {
            behind = " " substr(w, length(w)) behind
            w = substr(w, 1, length(w) - 1)
        }
        macro = markup(f, w)
        if (macro == "")
            plain = plain (plain == "" ? "" : " ") parts[i]
        # A macro has a line of its own, and so has a sentence.
        if (plain != "" && (macro != "" || i == n || (plain ~ /\.$/ && parts[i + 1] ~ /^[A-Z]/))) {
            sub(/^[.']/, "\\\\&&", plain)
            print plain >path
            plain = ""
        }
        if (macro != "") {
            sub(/ /, " " before, macro)
            print "." macro behind >path
        }
    }
}

# The macro for a word; empty if it is plain text.
function markup(f, w,    name) {
    if (w ~ /^`.*`$/) {
        w = substr(w, 2, length(w) - 2)
        gsub(/\001/, " ", w)
        return ((f, "arg " w) in said ? "Fa " : "Ql ") (w ~ / / ? "\"" w "\"" : w)
    }
    if (w ~ /^kcapi_[a-z0-9_]+\(\)$/) {
        name = substr(w, 1, length(w) - 2)
        if (page_of[name] == page)
            return "Fn " name
        reference["3 " name] = 1
        return "Xr " name " 3"
    }
    if (w ~ /^[a-z_]+\([0-9]\)$/) {
        name = w
        sub(/\(.*/, "", name)
        w = substr(w, length(name) + 2, 1)
        reference[w " " name] = 1
        return "Xr " name " " w
    }
    if (w ~ /^-E[A-Z0-9]+$/)
        return "Er \\" w
    if (w ~ /^(NULL|INT_MAX|AF_ALG|(KCAPI|ECC)_[A-Z0-9_*]+)$/)
        return "Dv " w
    if (w ~ /^\/(proc|dev)\//)
        return "Pa " w
    return ""
}

function sort(list, n,    i, j, value) {
    for (i = 2; i <= n; i++) {
        value = list[i]
        for (j = i - 1; j > 0 && list[j] > value; j--)
            list[j + 1] = list[j]
        list[j + 1] = value
    }
}
