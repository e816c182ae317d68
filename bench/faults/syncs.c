#include "bench/faults/syncs.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOOK_MS 20

/* Every fsync and fdatasync of this process and all that it becomes and starts is asked for here first. */
static int install(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_fsync, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_fdatasync, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			    SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
}

/* One byte, and the descriptor with it when there is one. */
static void hand_over(int to, int fd)
{
	_Alignas(struct cmsghdr) char room[CMSG_SPACE(sizeof(int))] = { 0 };
	char byte = fd >= 0;
	struct iovec iov = { &byte, 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (fd >= 0) {
		m.msg_control = room;
		m.msg_controllen = sizeof(room);
		CMSG_FIRSTHDR(&m)->cmsg_level = SOL_SOCKET;
		CMSG_FIRSTHDR(&m)->cmsg_type = SCM_RIGHTS;
		CMSG_FIRSTHDR(&m)->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&m)), &fd, sizeof(fd));
	}
	if (sendmsg(to, &m, MSG_NOSIGNAL) < 0)
		_exit(1);
}

void syncs_give(int to)
{
	int fd = install();

	hand_over(to, fd);
	if (fd >= 0)
		close(fd);
	close(to);
}

int syncs_take(int from)
{
	_Alignas(struct cmsghdr) char room[CMSG_SPACE(sizeof(int))] = { 0 };
	char byte = 0;
	struct iovec iov = { &byte, 1 };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = room,
			    .msg_controllen = sizeof(room) };
	int fd = -1;

	if (recvmsg(from, &m, MSG_CMSG_CLOEXEC) == 1 && CMSG_FIRSTHDR(&m))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(fd));
	close(from);
	return fd;
}

/* One of them: it fails when it is its turn, else the kernel goes on with it. */
static void answer(int fd, struct syncs *s)
{
	struct seccomp_notif asked = { 0 };
	struct seccomp_notif_resp reply = { .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE };

	if (ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &asked))
		return; /* whoever asked is gone */
	reply.id = asked.id;
	if (++s->count >= s->nth && s->count < s->nth + s->times) {
		reply.flags = 0;
		reply.error = -EIO;
		s->failed++;
	}
	ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &reply);
}

int syncs_serve(int fd, pid_t pid, struct syncs *s)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int status = 0;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (poll(&p, 1, LOOK_MS) > 0 && p.revents & POLLIN)
			answer(fd, s);
		else if (p.revents & POLLHUP)
			p.fd = -1;
	}
	if (fd >= 0)
		close(fd);
	return status;
}
