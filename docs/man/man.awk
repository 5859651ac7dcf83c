# SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
# awk -v version=V -v out=DIR -f man.awk -f text.awk include/kcapi.h docs/man/pages docs/man/*.[137]
#
# Makes the manual of the comments in kcapi.h, in mdoc(7): a page for each group of functions in
# `pages`, a link for each further function, and the pages written by hand with what they ask for.
# Comments are doxygen's: @param, @return, @retval, @since; `code`, where the name of an argument
# is one. "A negative errno as f()" brings f's errors into the page.

FILENAME != file { file = FILENAME; kind = file; sub(/.*\//, "", kind) }

# --- kcapi.h

kind == "kcapi.h" && $1 == "/**" { ncomment = 0; in_comment = 1; next }
kind == "kcapi.h" && $1 == "*/" { in_comment = 0; declaration = ""; next }
kind == "kcapi.h" && in_comment { sub(/^ *\* ?/, ""); comment[++ncomment] = $0; next }
kind == "kcapi.h" && ncomment {
    sub(/^ +/, "")
    declaration = declaration (declaration == "" ? "" : " ") $0
    if (/;$/) {
        if (match(declaration, /kcapi_[a-z0-9_]+\(/))
            define(substr(declaration, RSTART, RLENGTH - 1))
        ncomment = 0
    }
}
kind == "kcapi.h" { next }

# Takes over the comment and the declaration that were read.
function define(f,    i, line, key) {
    type[f] = substr(declaration, 1, RSTART - 1)
    sub(/ +$/, "", type[f])
    arguments[f] = substr(declaration, RSTART + RLENGTH, length(declaration) - RSTART - RLENGTH - 1)
    key = "text"
    for (i = 1; i <= ncomment; i++) {
        line = comment[i]
        if (line ~ /^@param/) {
            split(line, word, " ")
            argument[f, ++nargument[f]] = word[2]
            key = "arg " word[2]
            line = rest(line, 2)
        } else if (line ~ /^@retval/) {
            split(line, word, " ")
            error[f, ++nerror[f]] = word[2]
            key = "error " nerror[f]
            line = rest(line, 2)
        } else if (line ~ /^@(return|since)/) {
            key = line ~ /^@return/ ? "return" : "since"
            line = rest(line, 1)
        }
        if (key == "text")
            said[f, key] = said[f, key] line "\n"
        else if (line != "") {
            sub(/^ +/, "", line)
            said[f, key] = said[f, key] (said[f, key] == "" ? "" : " ") line
        }
    }
}

# A comment must tell of each argument, in the order of the prototype, and since when f is there.
function check(f,    i, n, list) {
    n = arguments[f] == "void" ? 0 : split(arguments[f], list, / *, */)
    if (n != nargument[f])
        fail(f ": " n " arguments, " nargument[f] + 0 " @param")
    for (i = 1; i <= n; i++) {
        sub(/.*[ *]/, "", list[i])
        if (list[i] != argument[f, i])
            fail(f ": no @param " list[i])
    }
    if (said[f, "since"] == "")
        fail(f ": no @since")
    if (type[f] != "void" && said[f, "return"] == "")
        fail(f ": no @return")
    if (!(f in page_of))
        fail(f ": on no page")
}

function fail(message) {
    print "man.awk: " message >"/dev/stderr"
    failed = 1
}

# A line without its first n words.
function rest(line, n) {
    while (n--)
        sub(/^[^ ]+ */, "", line)
    return line
}

# --- pages

kind == "pages" && /^(#|$)/ { next }
kind == "pages" && $1 == "date" { date = rest($0, 1); next }
kind == "pages" && $1 == "standard" {
    split(rest($0, 1), half, / *: */)
    title[half[1]] = half[2]
    standard[++nstandard] = half[1]
    next
}
kind == "pages" && $1 == "family" { family[++npage] = rest($0, 1); next }
kind == "pages" && $1 == "page" { about[++npage] = rest($0, 1); next }
kind == "pages" && $1 == "example" { example[npage] = $2; next }
kind == "pages" { member[npage, ++nmember[npage]] = $1; page_of[$1] = npage; next }

# --- The pages written by hand

FNR == 1 { close(path); path = file_of(kind); printf "" >path }
/^\.Dd/ { print ".Dd " date >path; next }
/^\.Os/ { print ".Os libkcapi " version >path; next }
/^@pages$/ { list_pages(); next }
/^@example / { print_example($2); next }
{ print >path }

END {
    for (f in type)
        check(f)
    for (f in page_of)
        if (!(f in type))
            fail("page of " f ": not in kcapi.h")
    if (failed)
        exit 1
    for (p = 1; p <= npage; p++)
        if (p in about)
            print_page(p)
}

# Where a page goes: name.3 to man3/name.3.
function file_of(name) {
    return out "/man" substr(name, length(name)) "/" name
}

function list_pages(    p, i, open) {
    for (p = 1; p <= npage; p++)
        if (p in family) {
            if (open)
                print ".El" >path
            printf ".Ss %s\n.Bl -tag -width Ds\n", family[p] >path
            open = 1
        } else {
            printf ".It" >path
            for (i = 1; i <= nmember[p]; i++)
                printf " Xr %s 3%s", member[p, i], (i < nmember[p] ? " ," : "\n") >path
            print sentence(about[p]) >path
        }
    print ".El" >path
}

# --- A page

function print_page(p,    i, f, first) {
    first = member[p, 1]
    close(path)
    path = file_of(first ".3")
    page = p
    split("", reference)
    printf ".Dd %s\n.Dt %s 3\n.Os libkcapi %s\n.Sh NAME\n", date, toupper(first), version >path
    for (i = 1; i <= nmember[p]; i++)
        printf ".Nm %s%s\n", member[p, i], (i < nmember[p] ? " ," : "") >path
    printf ".Nd %s\n.Sh SYNOPSIS\n.In kcapi.h\n", about[p] >path
    for (i = 1; i <= nmember[p]; i++)
        print_prototype(member[p, i])
    print ".Pp\nLink with\n.Fl lkcapi .\n.Sh DESCRIPTION" >path
    for (i = 1; i <= nmember[p]; i++)
        print_description(member[p, i], first, nmember[p] > 1)
    # Sections and their order are those of man-pages(7).
    print_returns(p)
    print_errors(p)
    print_versions(p)
    print_standards(p)
    if (p in example) {
        print ".Sh EXAMPLES" >path
        print_example(example[p])
    }
    print_see_also(p)
    for (i = 2; i <= nmember[p]; i++) {
        f = file_of(member[p, i] ".3")
        print ".so man3/" first ".3" >f
        close(f)
    }
}

function print_prototype(f,    i, n, list) {
    printf ".Ft \"%s\"\n.Fo %s\n", type[f], f >path
    n = split(arguments[f], list, / *, */)
    for (i = 1; i <= n; i++)
        printf ".Fa \"%s\"\n", list[i] >path
    print ".Fc" >path
}

function print_description(f, first, many,    i, a, left_out, open) {
    if (many)
        printf ".Ss %s()\n", f >path
    flow(f, said[f, "text"])
    for (i = 1; i <= nargument[f]; i++) {
        a = argument[f, i]
        if (f != first && said[f, "arg " a] == said[first, "arg " a]) {
            left_out++
            continue
        }
        if (!open++)
            print ".Bl -tag -width Ds" >path
        print ".It Fa " a >path
        flow(f, sentence(said[f, "arg " a]))
    }
    if (open)
        print ".El" >path
    if (left_out)
        printf ".Pp\n%s arguments are those of\n.Fn %s .\n", open ? "Other" : "The", first >path
}

function print_returns(p,    i, f, n, same, text, last) {
    same = 1
    for (i = 1; i <= nmember[p]; i++) {
        f = member[p, i]
        if ((f, "return") in said) {
            if (n++ && said[f, "return"] != said[last, "return"])
                same = 0
            last = f
        }
    }
    if (!n)
        return
    print ".Sh RETURN VALUE" >path
    if (!same)
        print ".Bl -tag -width Ds" >path
    for (i = 1; i <= nmember[p]; i++) {
        f = member[p, i]
        if (!((f, "return") in said) || (same && f != last))
            continue
        if (!same)
            printf ".It Fn %s\n", f >path
        text = said[f, "return"]
        if (nerror[f] && text !~ /negative errno/)
            text = text "; a negative errno on failure"
        flow(f, sentence(text))
    }
    if (!same)
        print ".El" >path
}

# Adds the errors of g, and of those that its @return refers to, to what f can return.
function add_errors(f, g,    i, text, code, parts, n) {
    for (i = 1; i <= nerror[g]; i++) {
        code = error[g, i]
        text = said[g, "error " i]
        # What is told of an argument that f has not does not concern f.
        if (split(text, parts, "`") == 3 && text ~ /^`.*` is NULL$/ && !((f, "arg " parts[2]) in said))
            continue
        if (!((f, "arg handle") in said))
            gsub(/[,;] or `handle` is NULL|`handle` is NULL, or /, "", text)
        if (!((code, text) in who)) {
            who[code, text] = ""
            reason[code, ++nreason[code]] = text
            if (nreason[code] == 1)
                codes[++ncodes] = code
        }
        if (index(who[code, text], " " f " ") == 0)
            who[code, text] = who[code, text] " " f " "
    }
    text = said[g, "return"]
    if (!match(text, /errno.* as /))
        return
    text = substr(text, RSTART)
    n = split(text, parts, /[^a-z0-9_]+/)
    for (i = 1; i <= n; i++)
        if (parts[i] in type && parts[i] != g)
            add_errors(f, parts[i])
}

function print_errors(p,    i, j, f, failing, text, n, names) {
    ncodes = 0
    split("", who)
    split("", nreason)
    for (i = 1; i <= nmember[p]; i++) {
        f = member[p, i]
        failing += nerror[f] || said[f, "return"] ~ /errno/
        add_errors(f, f)
    }
    if (!ncodes)
        return
    sort(codes, ncodes)
    print ".Sh ERRORS\n.Bl -tag -width Ds" >path
    for (i = 1; i <= ncodes; i++) {
        printf ".It Er \\%s\n", codes[i] >path
        for (j = 1; j <= nreason[codes[i]]; j++) {
            text = reason[codes[i], j]
            n = split(who[codes[i], text], names, " ")
            if (j > 1)
                print ".Pp" >path
            if (n < failing)
                text = enumerate(names, n) ": " text
            flow(member[p, 1], sentence(text))
        }
    }
    print ".El" >path
}

function enumerate(list, n,    i, text) {
    for (i = 1; i <= n; i++)
        text = text (i == 1 ? "" : i == n ? " and " : ", ") list[i] "()"
    return text
}

function print_versions(p,    i, f, same, text) {
    same = 1
    for (i = 2; i <= nmember[p]; i++)
        if (said[member[p, i], "since"] != said[member[p, 1], "since"])
            same = 0
    print ".Sh VERSIONS" >path
    for (i = 1; i <= (same ? 1 : nmember[p]); i++) {
        f = member[p, i]
        if (i > 1)
            print ".br" >path
        if (!same)
            printf ".Fn %s :\n", f >path
        text = said[f, "since"]
        print sentence((text ~ /^[0-9]/ ? "libkcapi " : "") text) >path
    }
}

function print_standards(p,    i, j, f, text, found) {
    for (j = 1; j <= nmember[p]; j++) {
        f = member[p, j]
        text = text " " said[f, "text"]
        for (i = 1; i <= nargument[f]; i++)
            text = text " " said[f, "arg " argument[f, i]]
    }
    gsub(/[ \n]+/, " ", text)
    for (i = 1; i <= nstandard; i++)
        if (text ~ (standard[i] "([^0-9A-Z]|$)")) {
            if (!found++)
                print ".Sh STANDARDS\n.Bl -item -compact" >path
            printf ".It\n%s, %s.\n", standard[i], title[standard[i]] >path
        }
    if (found)
        print ".El" >path
}

function print_example(name,    line) {
    print ".Bd -literal" >path
    while ((getline line < name) > 0) {
        if (line ~ /SPDX/)
            continue
        # As they are in C, also where a font has others for prose.
        gsub(/\\/, "\\e", line)
        gsub(/-/, "\\-", line)
        gsub(/'/, "\\(aq", line)
        gsub(/\^/, "\\(ha", line)
        gsub(/~/, "\\(ti", line)
        gsub(/`/, "\\(ga", line)
        sub(/^\./, "\\\\&.", line)
        print line >path
    }
    close(name)
    print ".Ed" >path
}

# What the text refers to, and the other pages of the family.
function print_see_also(p,    i, n, names, key, part) {
    reference["3 libkcapi"] = reference["7 libkcapi"] = 1
    for (i = p - 1; !(i in family); i--)
        reference["3 " member[i, 1]] = 1
    for (i = p + 1; i <= npage && !(i in family); i++)
        reference["3 " member[i, 1]] = 1
    for (key in reference)
        names[++n] = key
    sort(names, n)
    print ".Sh SEE ALSO" >path
    for (i = 1; i <= n; i++) {
        split(names[i], part, " ")
        printf ".Xr %s %s%s\n", part[2], part[1], (i < n ? " ," : "") >path
    }
}
