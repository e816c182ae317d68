#ifndef BENCH_FAULTS_SYNCS_H
#define BENCH_FAULTS_SYNCS_H

#include <stdint.h>
#include <sys/types.h>

/*
 * Another program's n-th fsync fails, without a debugger and without being root: the kernel asks us about each
 * of them (seccomp, user notification). Where the kernel cannot do that, none fails.
 */
struct syncs {
	int64_t nth, times; /* these fail */
	int64_t count, failed;
};

/** In the child, before it becomes that program: tell whoever holds the other end of the socket @to. */
void syncs_give(int to);
/** In the parent: what the child gave, or -1. */
int syncs_take(int from);
/** Answer until @pid ends. @param fd  of syncs_take; closed @return its wait status */
int syncs_serve(int fd, pid_t pid, struct syncs *s);

#endif
