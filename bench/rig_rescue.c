#include "bench/rig_rescue.h"

#include "bench/rig_bind.h"
#include "drivers/usb_rescue.h"
#include "drivers/wrap/errand.h"

#define USB_LIMIT_NS \
	(10 * NS_PER_S) /* a reset takes 0.3 s; the kernel tries five times */

static int make_reset(const void *port, struct err *err)
{
	return usb_rescue_reset(port, err);
}

struct power_job {
	char port[RIG_USB_PORT];
	int64_t off_ns;
};

static int make_power(const void *job_, struct err *err)
{
	const struct power_job *job = job_;

	return usb_rescue_power(job->port, job->off_ns, err);
}

int rig_reenumerate(struct rig *rig, int role, struct err *err)
{
	char port[RIG_USB_PORT];

	if (!rig_usb_port(rig, role, port))
		return err_set(err, ERR_UNSUPPORTED, "its USB port is not known");
	return errand_run(rig->pump, "a USB reset", make_reset, port, USB_LIMIT_NS, err);
}

int rig_cycle_power(struct rig *rig, int role, struct err *err)
{
	struct power_job job = { .off_ns = rig->recovery.power_off_ns };

	if (!rig_usb_port(rig, role, job.port))
		return err_set(err, ERR_UNSUPPORTED, "its USB port is not known");
	return errand_run(rig->pump, "a USB port's power", make_power, &job,
			  USB_LIMIT_NS + job.off_ns, err);
}
