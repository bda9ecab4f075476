/* Starts one command, waits for it and writes what it cost.
 *
 *     launch REPORT SECONDS COMMAND ARGUMENT...
 *
 * REPORT becomes one line: exit status (256 + signal when killed), whether the time ran out, wall
 * nanoseconds, user and system microseconds, peak resident KiB.
 *
 * Why not from Python: Linux counts the memory of the process that forked into the child's peak, so
 * nothing started by an interpreter can ever seem smaller than that interpreter.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static long long micro(struct timeval t) { return t.tv_sec * 1000000LL + t.tv_usec; }

static void run(char **command, const sigset_t *before)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0);
    sigprocmask(SIG_SETMASK, before, NULL);
    execvp(command[0], command);
    fprintf(stderr, "%s: %s\n", command[0], strerror(errno));
    _exit(127);
}

int main(int count, char **words)
{
    if (count < 4) return fprintf(stderr, "launch REPORT SECONDS COMMAND...\n"), 2;
    sigset_t child, before;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, &before);
    long long begun = now(), limit = atoll(words[2]) * 1000000000LL;
    pid_t pid = fork();
    if (pid < 0) return perror("fork"), 2;
    if (pid == 0) run(words + 3, &before);

    struct rusage used;
    int status, late = 0;
    pid_t done;
    while ((done = wait4(pid, &status, WNOHANG, &used)) == 0) {
        long long left = limit - (now() - begun);
        if (left <= 0) {
            late = 1;
            kill(-pid, SIGKILL);
            done = wait4(pid, &status, 0, &used);
            break;
        }
        struct timespec pause = {left / 1000000000LL, left % 1000000000LL};
        sigtimedwait(&child, NULL, &pause);
    }
    long long wall = now() - begun;
    kill(-pid, SIGKILL); /* what the command left behind would disturb the next one */
    if (done != pid) return perror("wait4"), 2;

    FILE *report = fopen(words[1], "w");
    if (!report) return perror(words[1]), 2;
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
    fprintf(report, "%d %d %lld %lld %lld %ld\n", code, late, wall, micro(used.ru_utime),
            micro(used.ru_stime), used.ru_maxrss);
    return fclose(report) ? 2 : 0;
}
