#include "drivers/can/isotp.h"

#include "bench/core/clock.h"
#include "bench/core/pump.h"
#include "drivers/can/uds.h"

#include <errno.h>
#include <linux/can.h>
#include <linux/can/isotp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_NS NS_PER_S          /* P2 of a module is 50 ms; it may be waking up */
#define PENDING_NS (5 * NS_PER_S)   /* P2* */
#define IDENTITY_NS (10 * NS_PER_S) /* for all of it */

static uint32_t kernel_id(uint32_t id, bool extended)
{
	return id | (extended ? CAN_EFF_FLAG : 0);
}

static int set_options(int fd, const struct tp_options *o)
{
	struct can_isotp_options opts = { .frame_txtime =
						  CAN_ISOTP_DEFAULT_FRAME_TXTIME };
	struct can_isotp_fc_options fc = { .bs = o->block, .stmin = o->separation };
	struct can_isotp_ll_options ll = { .mtu = CANFD_MTU,
					   .tx_dl = (uint8_t)o->frame,
					   .tx_flags = o->brs ? CANFD_BRS : 0 };

	if (o->padding != TP_NO_PADDING) {
		opts.flags = CAN_ISOTP_TX_PADDING;
		opts.txpad_content = (uint8_t)o->padding;
	}
	if (setsockopt(fd, SOL_CAN_ISOTP, CAN_ISOTP_OPTS, &opts, sizeof(opts)) ||
	    setsockopt(fd, SOL_CAN_ISOTP, CAN_ISOTP_RECV_FC, &fc, sizeof(fc)))
		return -1;
	return o->frame > 8
		       ? setsockopt(fd, SOL_CAN_ISOTP, CAN_ISOTP_LL_OPTS, &ll, sizeof(ll))
		       : 0;
}

int isotp_open(int ifindex, const struct tp_options *o, struct err *err)
{
	struct sockaddr_can at = { .can_family = AF_CAN, .can_ifindex = ifindex };
	int fd = socket(PF_CAN, SOCK_DGRAM | SOCK_CLOEXEC, CAN_ISOTP), rc;

	if (fd < 0)
		return err_set(err, ERR_UNSUPPORTED, "the kernel's ISO-TP: %s",
			       strerror(errno));
	at.can_addr.tp.tx_id = kernel_id(o->send, o->send_extended);
	at.can_addr.tp.rx_id = kernel_id(o->receive, o->receive_extended);
	if (set_options(fd, o) == 0 && bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0)
		return fd;
	rc = err_set(err, ERR_IO, "ISO-TP: %s", strerror(errno));
	close(fd);
	return rc;
}

int isotp_send(int fd, struct bytes message, struct err *err)
{
	if (send(fd, message.data, message.len, MSG_DONTWAIT) == (ssize_t)message.len)
		return 0;
	return err_set(err, ERR_IO, "ISO-TP: %s", strerror(errno));
}

static int wait_readable(int fd, int64_t deadline_ns, struct pump *pump, struct err *err)
{
	struct pollfd f = { .fd = fd, .events = POLLIN };
	int64_t left = deadline_ns - clock_now(clock_real());

	if (pump)
		return pump_wait(pump, fd, deadline_ns, err);
	return poll(&f, 1, left > 0 ? (int)(left / NS_PER_MS) + 1 : 0) == 0 ? ERR_TIMEOUT
									    : 0;
}

int isotp_receive(int fd, struct buf *message, int64_t deadline_ns, struct pump *pump,
		  struct err *err)
{
	uint8_t room[ISOTP_MAX];

	for (;;) {
		ssize_t n = recv(fd, room, sizeof(room), MSG_DONTWAIT);
		int rc;

		if (n > 0) {
			buf_add(message, BYTES(room, (size_t)n));
			return 0;
		}
		/* a message that broke off is as good as none: the other side may try again */
		if (n < 0 && errno != EAGAIN && errno != EINTR && errno != ETIMEDOUT &&
		    errno != EILSEQ && errno != ECOMM)
			return err_set(err, ERR_GONE, "ISO-TP: %s", strerror(errno));
		rc = wait_readable(fd, deadline_ns, pump, err);
		if (rc)
			return rc;
	}
}

/* @return UDS_VALUE with it appended to @out, UDS_REFUSED; or negative */
static int ask(int fd, const struct uds_identifier *what, struct pump *pump, char *out,
	       size_t size, struct err *err)
{
	uint8_t ask_room[3], room[ISOTP_MAX], code;
	struct buf request = BUF_ON(ask_room), answer = BUF_ON(room);
	int64_t deadline = clock_now(clock_real()) + ANSWER_NS;
	struct bytes value;
	int rc;

	uds_ask(what->id, &request);
	rc = isotp_send(fd, buf_bytes(&request), err);
	while (!rc) {
		enum uds_answer a;

		answer.len = 0;
		rc = isotp_receive(fd, &answer, deadline, pump, err);
		if (rc)
			break;
		a = uds_read(buf_bytes(&answer), what->id, &value, &code);
		if (a == UDS_PENDING)
			deadline = clock_now(clock_real()) + PENDING_NS;
		if (a == UDS_REFUSED)
			return UDS_REFUSED;
		if (a != UDS_VALUE)
			continue;
		snprintf(out + strlen(out), size - strlen(out), "%s%s ",
			 out[0] ? ", " : "", what->name);
		uds_value_text(value, out, size);
		return UDS_VALUE;
	}
	if (rc == ERR_TIMEOUT)
		err_set(err, rc, "it does not answer");
	return rc;
}

int isotp_identity(int ifindex, const struct tp_options *o, struct pump *pump, char *out,
		   size_t size, struct err *err)
{
	int64_t give_up = clock_now(clock_real()) + IDENTITY_NS;
	int fd = isotp_open(ifindex, o, err), rc = 0;

	if (fd < 0)
		return fd;
	out[0] = '\0';
	for (int i = 0; rc >= 0 && uds_identity[i].name; i++)
		if (clock_now(clock_real()) < give_up)
			rc = ask(fd, &uds_identity[i], pump, out, size, err);
	close(fd);
	if (rc < 0)
		return rc;
	return out[0] ? 0 : err_set(err, ERR_UNSUPPORTED, "it tells nothing of itself");
}
