/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * bench.c - the C library, ours on the kernel, and ours in user space, call by call, side by side
 *
 *     bench [--once] DIRECTORY
 *
 * The libraries are in DIRECTORY, see library.h. A row is measured in rounds; in each, every library
 * has its turn of a tenth of a millisecond, so that all see the machine in the same state. What is
 * printed, separated by tabs, are medians in nanoseconds; `-` where a library cannot make the call, or
 * would hang. With --once every call is made once or twice, which shows that it works and measures
 * nothing.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "calls.h"

/*
 * Nanoseconds: a library's turn, and a row's time. Many short turns, of which few are disturbed: with
 * turns four times as long, ratios on a busy machine were off by 4 to 30 percent, and so by less than 1.
 */
enum { TURN = 100 * 1000, ROW = 400 * 1000 * 1000, LEAST_ROUNDS = 5, MOST_ROUNDS = 401 };

/* A number of the table. */
struct cell {
    struct job job;
    size_t calls; /* in a turn; 0: there is no number */
    double times[MOST_ROUNDS];
};

static double clock_cost;

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof(*values), by_value);
    return values[count / 2];
}

/* Reading the clock may be a system call, as in User-Mode Linux. */
static void measure_clock(void)
{
    double times[MOST_ROUNDS];

    for (size_t i = 0; i < MOST_ROUNDS; i++) {
        times[i] = now();
        times[i] = now() - times[i];
    }
    clock_cost = median(times, MOST_ROUNDS);
}

/* The time of one call in a turn of so many; negative if the call fails. */
static double turn(const struct job *job, size_t calls)
{
    double start = now(), time;

    for (size_t i = 0; i < calls; i++)
        if (job->row->call->run(job) < 0)
            return -1;
    time = now() - start - clock_cost;
    /* One call in user space can be shorter than what reading the clock varies by. */
    return time > 0 ? time / (double)calls : 0;
}

static void open_cell(struct cell *cell, const struct library *lib, const struct row *row)
{
    cell->job = (struct job){ lib, row, NULL };
    cell->calls = 0;
    if ((lib == &libraries[C] && hangs_in_c(row)) || (lib == &libraries[IO_URING] && !is_aio(row)))
        return;
    if (open_job(&cell->job) == 0 && turn(&cell->job, 1) >= 0)
        cell->calls = 1;
    else
        close_job(&cell->job);
}

/* Measures cells side by side. */
static void measure(struct cell *cells, size_t count, bool once)
{
    double start = now();
    size_t rounds = 0;

    for (size_t i = 0; i < count && !once; i++)
        if (cells[i].calls) {
            double time = turn(&cells[i].job, 1);

            cells[i].calls = time < 1 ? TURN : time > TURN ? 1 : (size_t)(TURN / time);
        }
    do {
        for (size_t i = 0; i < count; i++) {
            struct cell *cell = &cells[(i + rounds) % count]; /* nobody is always first */

            if (cell->calls)
                cell->times[rounds] = turn(&cell->job, cell->calls);
        }
        rounds++;
    } while (!once &&
             (rounds < LEAST_ROUNDS || (rounds < MOST_ROUNDS && now() - start < ROW)));
    for (size_t i = 0; i < count; i++)
        if (cells[i].calls)
            cells[i].times[0] = median(cells[i].times, rounds);
}

static void print(const struct row *row, struct cell *cells)
{
    static const char *const access[] = { [KCAPI_ACCESS_HEURISTIC] = "heuristic",
                                          [KCAPI_ACCESS_VMSPLICE] = "vmsplice",
                                          [KCAPI_ACCESS_SENDMSG] = "sendmsg" };

    printf("%s\t%s\t%zu\t%zu\t%s", row->call->name, row->call->algorithm, row->bytes,
           row->messages, access[row->access]);
    for (int i = 0; i < LIBRARIES; i++)
        if (cells[i].calls)
            printf("\t%.0f", cells[i].times[0]);
        else
            printf("\t-");
    putchar('\n');
}

/* A row, or as many as must be measured together. */
static size_t run_rows(const struct row *rows, bool once)
{
    static struct cell cells[2 * LIBRARIES];
    size_t count = rows[0].with_next ? 2 : 1;

    for (size_t i = 0; i < count * LIBRARIES; i++)
        open_cell(&cells[i], &libraries[i % LIBRARIES], &rows[i / LIBRARIES]);
    measure(cells, count * LIBRARIES, once);
    for (size_t i = 0; i < count; i++)
        print(&rows[i], cells + i * LIBRARIES);
    for (size_t i = 0; i < count * LIBRARIES; i++)
        if (cells[i].calls)
            close_job(&cells[i].job);
    return count;
}

/* On the first processor that this process may use. */
static void pin(void)
{
    cpu_set_t allowed, one;

    if (sched_getaffinity(0, sizeof(allowed), &allowed))
        return;
    for (int i = 0; i < CPU_SETSIZE; i++)
        if (CPU_ISSET(i, &allowed)) {
            CPU_ZERO(&one);
            CPU_SET(i, &one);
            sched_setaffinity(0, sizeof(one), &one);
            return;
        }
}

int main(int argc, char **argv)
{
    bool once = argc == 3 && strcmp(argv[1], "--once") == 0;
    static struct row rows[MOST_ROWS];
    char version[64];
    size_t count;

    if (argc != 2 && !once) {
        fputs("usage: bench [--once] DIRECTORY\n", stderr);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    pin();
    open_libraries(argv[argc - 1]);
    measure_clock();
    libraries[C].versionstring(version, sizeof(version));
    printf("# C library\t%s\n", version);
    fputs("call\talgorithm\tbytes\tmessages\taccess", stdout);
    for (int i = 0; i < LIBRARIES; i++)
        printf("\t%s", libraries[i].name);
    putchar('\n');
    count = make_rows(rows);
    for (size_t i = 0; i < count;)
        i += run_rows(&rows[i], once);
    return 0;
}
