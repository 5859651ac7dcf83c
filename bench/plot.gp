# SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
#
# plot.gp - pictures of a result of bench: gnuplot -c bench/plot.gp RESULT.tsv KERNEL PREFIX
#
# PREFIX-latency.svg: a call's time by the length of its message.
# PREFIX-aio.svg: one AIO call against as many synchronous calls as it has IOVECs.

result = ARG1
kernel = ARG2
prefix = ARG3

set terminal svg size 1000,820 font "sans-serif,13" background "white"
set datafile separator tab
set datafile missing "-"
set style data linespoints
set key top left reverse Left samplen 1.5 font ",11"
set grid
unset mxtics
unset mytics
set logscale x 2
set pointsize 0.6

# Columns of the result.
c = 6; linux_aio = 7; io_uring = 8; user = 9

set linetype 1 linecolor rgb "#b2182b" linewidth 2 pointtype 5
set linetype 2 linecolor rgb "#2166ac" linewidth 2 pointtype 7
set linetype 3 linecolor rgb "#5aae61" linewidth 2 pointtype 9
set linetype 4 linecolor rgb "#e08214" linewidth 2 pointtype 13

set output prefix."-latency.svg"
set multiplot layout 2,2 title "Time of one call: the C library, and this library on the kernel and in user space\n".kernel
set logscale y 10
set xlabel "bytes in the message"
set ylabel "microseconds"
set xtics ("16" 16, "64" 64, "256" 256, "1 Ki" 1024, "4 Ki" 4096, "16 Ki" 16384, "64 Ki" 65536, \
    "256 Ki" 262144, "1 Mi" 1048576) rotate by 45 right
set format y "%g"
rows(call, algorithm) = sprintf("< awk -F'\\t' '$1 == \"%s\" && $2 == \"%s\" && $4 == 1 && \
    $5 == \"heuristic\" && !seen[$3]++' '%s'", call, algorithm, result)
do for [what in "cipher_encrypt:cbc(aes) cipher_encrypt:xts(aes) aead_encrypt:gcm(aes) md_digest:sha256"] {
    call = what[1:strstrt(what, ":") - 1]
    algorithm = what[strstrt(what, ":") + 1:*]
    set title "kcapi_".call.", ".algorithm noenhanced
    plot rows(call, algorithm) using 3:(column(c) / 1000) linetype 1 title "C library", \
        "" using 3:(column(linux_aio) / 1000) linetype 2 title "kernel", \
        "" using 3:(column(user) / 1000) linetype 4 title "user space"
}
unset multiplot

set output prefix."-aio.svg"
set multiplot layout 2,2 title "One AIO call against as many synchronous calls: the C library, and this library in three ways\n".kernel
set xlabel "IOVECs of one AIO call"
set ylabel "times as fast"
set xtics norotate center ("1" 1, "2" 2, "3" 3, "4" 4, "8" 8, "16" 16, "32" 32, "64" 64, "256" 256)
set logscale y 2
set yrange [0.25:256]
set xrange [0.9:288]
# Each line: the AIO row, then the synchronous row behind it.
pairs(algorithm, bytes) = sprintf("< awk -F'\\t' '$2 == \"%s\" && $3 == %d { \
    if ($1 ~ /_aio$/) { aio = $0; n = $4 } else if (n == $4) { print aio \"\\t\" $0; n = 0 } }' '%s'", \
    algorithm, bytes, result)
speedup(i) = column(9 + i) / column(i)
do for [what in "cbc(aes):16 cbc(aes):4096 gcm(aes):16 gcm(aes):4096"] {
    algorithm = what[1:strstrt(what, ":") - 1]
    bytes = int(what[strstrt(what, ":") + 1:*])
    set title sprintf("%s, %d bytes each", algorithm, bytes) noenhanced
    plot pairs(algorithm, bytes) using 4:(speedup(c)) linetype 1 title "C library", \
        "" using 4:(speedup(linux_aio)) linetype 2 title "Linux AIO", \
        "" using 4:(column(9 + linux_aio) / column(io_uring)) linetype 3 title "io\\_uring", \
        "" using 4:(speedup(user)) linetype 4 title "user space", \
        1 linecolor rgb "black" linewidth 1 notitle
}
unset multiplot
