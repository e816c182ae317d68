#include "drivers/can/canlink.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/ethtool.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#if WITH_LIBSOCKETCAN
#include <libsocketcan.h>
#endif
#ifdef __x86_64__
#include <cpuid.h>
#endif

#define CANFD_FRAME_SIZE 72
#define SAMPLE_POINT_OFF 50 /* 1/1000 of a bit */

static int ask(int fd, unsigned long request, struct ifreq *r, struct err *err)
{
	if (ioctl(fd, request, r) == 0)
		return 0;
	if (errno == ENODEV)
		return err_set(err, ERR_GONE, "%s: there is no such interface",
			       r->ifr_name);
	return err_set(err, ERR_IO, "%s: %s", r->ifr_name, strerror(errno));
}

static void ask_driver(struct canlink *l, int fd, struct ifreq *r)
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };

	r->ifr_data = (char *)&info;
	if (ioctl(fd, SIOCETHTOOL, r))
		return;
	snprintf(l->driver, sizeof(l->driver), "%.31s", info.driver);
	snprintf(l->where, sizeof(l->where), "%.31s", info.bus_info);
}

#if WITH_LIBSOCKETCAN
/* The library says what goes wrong on stderr: asked only where there is a controller. */
static void ask_controller(struct canlink *l)
{
	struct can_bittiming timing = { 0 };
	__u32 restart_ms = 0;
	int state;

	if (!can_get_bittiming(l->name, &timing)) {
		l->bitrate = timing.bitrate;
		l->sample_point = (int)timing.sample_point;
	}
	if (!can_get_state(l->name, &state) && state >= 0 && state < CANLINK_UNKNOWN)
		l->state = (enum canlink_state)state;
	if (!can_get_restart_ms(l->name, &restart_ms))
		l->restart_ms = restart_ms;
}
#else
static void ask_controller(struct canlink *l)
{
	(void)l;
}
#endif

static int ask_all(struct canlink *l, int fd, struct err *err)
{
	struct ifreq r = { 0 };
	int rc;

	memcpy(r.ifr_name, l->name, sizeof(r.ifr_name));
	rc = ask(fd, SIOCGIFHWADDR, &r, err);
	if (rc)
		return rc;
	if (r.ifr_hwaddr.sa_family != ARPHRD_CAN)
		return err_set(err, ERR_IO, "%s is no CAN interface", l->name);
	if ((rc = ask(fd, SIOCGIFINDEX, &r, err)))
		return rc;
	l->index = r.ifr_ifindex;
	if ((rc = ask(fd, SIOCGIFFLAGS, &r, err)))
		return rc;
	l->up = r.ifr_flags & IFF_UP;
	if ((rc = ask(fd, SIOCGIFMTU, &r, err)))
		return rc;
	l->fd = r.ifr_mtu >= CANFD_FRAME_SIZE;
	if ((rc = ask(fd, SIOCGIFTXQLEN, &r, err)))
		return rc;
	l->queue_len = r.ifr_qlen;
	ask_driver(l, fd, &r);
	l->virtual = strcmp(l->driver, "vcan") == 0 || strcmp(l->driver, "vxcan") == 0;
	if (!l->virtual)
		ask_controller(l);
	return 0;
}

int canlink_read(struct canlink *l, const char *name, struct err *err)
{
	int fd, rc;

	*l = (struct canlink){ .state = CANLINK_UNKNOWN };
	if (strlen(name) >= sizeof(l->name))
		return err_set(err, ERR_GONE, "%.40s: there is no such interface", name);
	strcpy(l->name, name);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_set(err, ERR_IO, "socket: %s", strerror(errno));
	rc = ask_all(l, fd, err);
	close(fd);
	return rc;
}

unsigned canlink_stamps(const struct canlink *l, bool on, int *refused)
{
	struct ethtool_ts_info info = { .cmd = ETHTOOL_GET_TS_INFO };
	struct hwtstamp_config config = { .tx_type = HWTSTAMP_TX_ON,
					  .rx_filter = HWTSTAMP_FILTER_ALL };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq r = { 0 };

	*refused = 0;
	if (fd < 0)
		return 0;
	memcpy(r.ifr_name, l->name, sizeof(r.ifr_name));
	r.ifr_data = (char *)&info;
	if (ioctl(fd, SIOCETHTOOL, &r))
		info.so_timestamping = 0;
	r.ifr_data = (char *)&config;
	if (on && ioctl(fd, SIOCSHWTSTAMP, &r))
		*refused = errno;
	close(fd);
	return info.so_timestamping;
}

const char *canlink_state_name(enum canlink_state s)
{
	static const char *const names[] = { "active",  "warning", "passive", "bus-off",
					     "stopped", "asleep",  "unknown" };

	return names[s];
}

/* What a person would type to get it. */
static int not_allowed(const struct canlink *l, const struct canlink_wanted *w,
		       struct err *err)
{
	char is[60] = "is down", set[120] = "";

	if (l->up && w->bitrate && l->bitrate != w->bitrate)
		snprintf(is, sizeof(is), "has %lld bit/s", (long long)l->bitrate);
	else if (l->up)
		snprintf(is, sizeof(is), "is set otherwise");
	if (l->state == CANLINK_BUS_OFF)
		snprintf(is, sizeof(is), "is bus-off");
	if (w->bitrate && !l->virtual)
		snprintf(set, sizeof(set), "; sudo ip link set %s type can bitrate %lld",
			 l->name, (long long)w->bitrate);
	if (set[0] && w->sample_point)
		snprintf(set + strlen(set), sizeof(set) - strlen(set),
			 " sample-point 0.%03d", w->sample_point);
	return err_set(err, ERR_AUTH,
		       "%s %s, and setting it needs CAP_NET_ADMIN: sudo ip link set %s "
		       "down%s; sudo ip link set %s up",
		       l->name, is, l->name, set, l->name);
}

static bool may_set(void)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct caps[2] = { 0 };

	return syscall(SYS_capget, &head, caps) == 0 &&
	       caps[0].effective & 1u << CAP_NET_ADMIN;
}

/* A controller divides its clock: what it has is near what was asked for, at best. */
static bool near(int64_t is, int64_t wanted, int64_t off)
{
	return !wanted || (is >= wanted - off && is <= wanted + off);
}

static bool must_change(const struct canlink *l, const struct canlink_wanted *w)
{
	return !near(l->bitrate, w->bitrate, w->bitrate / 200) ||
	       !near(l->sample_point, w->sample_point, SAMPLE_POINT_OFF) ||
	       (w->restart_ms >= 0 && w->restart_ms != l->restart_ms);
}

#if WITH_LIBSOCKETCAN
static int set(const struct canlink *l, const struct canlink_wanted *w, struct err *err)
{
	int64_t bitrate = w->bitrate ? w->bitrate : l->bitrate;
	int bad = 0;

	if (w->bitrate || w->sample_point)
		bad = w->sample_point
			      ? can_set_bitrate_samplepoint(l->name, (__u32)bitrate,
							    (__u32)w->sample_point)
			      : can_set_bitrate(l->name, (__u32)bitrate);
	if (bad)
		return err_set(err, ERR_RANGE, "%s does not take %lld bit/s", l->name,
			       (long long)bitrate);
	if (w->restart_ms >= 0 && can_set_restart_ms(l->name, (__u32)w->restart_ms))
		return err_set(err, ERR_IO, "%s: its restart time cannot be set",
			       l->name);
	return 0;
}

static int change(struct canlink *l, const struct canlink_wanted *w, struct err *err)
{
	bool different = must_change(l, w);
	int rc = 0;

	/* up and down again also ends a bus-off, whatever the restart time is */
	if (l->up && (different || l->state == CANLINK_BUS_OFF)) {
		if (can_do_stop(l->name))
			return err_set(err, ERR_IO, "%s cannot be stopped", l->name);
		l->up = false;
	}
	if (different)
		rc = set(l, w, err);
	if (!rc && !l->up && can_do_start(l->name))
		rc = err_set(err, ERR_IO, "%s cannot be started; has it got a bit rate?",
			     l->name);
	return rc;
}
#else
static int change(struct canlink *l, const struct canlink_wanted *w, struct err *err)
{
	(void)w;
	return err_set(err, ERR_UNSUPPORTED,
		       "%s must be set, and this build is without libsocketcan", l->name);
}
#endif

/* A link without a controller. */
static int put_up(const struct canlink *l, struct err *err)
{
	struct ifreq r = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), rc;

	if (fd < 0)
		return err_set(err, ERR_IO, "socket: %s", strerror(errno));
	memcpy(r.ifr_name, l->name, sizeof(r.ifr_name));
	rc = ask(fd, SIOCGIFFLAGS, &r, err);
	r.ifr_flags |= IFF_UP;
	if (!rc)
		rc = ask(fd, SIOCSIFFLAGS, &r, err);
	close(fd);
	return rc;
}

int canlink_bring(struct canlink *l, const struct canlink_wanted *w, struct err *err)
{
	char name[sizeof(l->name)];
	int rc;

	memcpy(name, l->name, sizeof(name));
	if (l->up && (l->virtual || (!must_change(l, w) && l->state != CANLINK_BUS_OFF)))
		return 0;
	if (!may_set())
		return not_allowed(l, w, err);
	rc = l->virtual ? put_up(l, err) : change(l, w, err);
	if (!rc)
		rc = canlink_read(l, name, err);
	if (!rc && !l->up)
		rc = err_set(err, ERR_IO, "%s does not come up", name);
	/* else every one who opens it would set it again */
	if (!rc && !l->virtual && must_change(l, w))
		rc = err_set(err, ERR_RANGE,
			     "%s: nearest to what was asked for it has %lld bit/s, "
			     "sampled at %d.%d %%",
			     name, (long long)l->bitrate, l->sample_point / 10,
			     l->sample_point % 10);
	return rc;
}

bool canlink_machine_emulated(void)
{
#ifdef __x86_64__
	unsigned max, name[3];

	__cpuid(0x40000000, max, name[0], name[1], name[2]);
	return memcmp(name, "TCGTCGTCGTCG", sizeof(name)) == 0;
#else
	return false;
#endif
}
