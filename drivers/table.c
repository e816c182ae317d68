#include "drivers/bus.h"
#include "drivers/can/sim.h"
#include "drivers/card.h"
#include "drivers/nfc/sim.h"
#include "drivers/nfc/sim_card.h"
#include "drivers/positioner.h"
#include "drivers/positioner/sim.h"
#include "drivers/reader.h"
#include "drivers/relay.h"
#include "drivers/relay/sim.h"
#include "drivers/sensor.h"

#include <string.h>

/* Rows without a header of their own. */
extern const struct reader_driver libnfc_driver;
extern const struct reader_driver pcsc_driver;
extern const struct card_driver libnfc_card_driver;
extern const struct relay_driver kmtronic_driver;
extern const struct relay_driver lcus_driver;
extern const struct relay_driver numato_driver;
extern const struct relay_driver usb_hid_driver;
extern const struct positioner_driver grbl_driver;
extern const struct positioner_driver pair_driver;
extern const struct positioner_driver push_driver;
extern const struct reader_driver exec_reader_driver;
extern const struct card_driver exec_card_driver;
extern const struct relay_driver exec_relay_driver;
extern const struct positioner_driver exec_positioner_driver;
extern const struct bus_driver vbus_driver;
extern const struct bus_driver socketcan_driver;
extern const struct sensor_driver exec_sensor_driver, input_sensor_driver,
	modem_sensor_driver, probe_sensor_driver;

const struct reader_driver *const reader_drivers[] = {
#if WITH_LIBNFC
	&libnfc_driver,
#endif
#if WITH_PCSC
	&pcsc_driver,
#endif
	&exec_reader_driver, &sim_reader_driver, NULL,
};

const struct card_driver *const card_drivers[] = {
#if WITH_LIBNFC
	&libnfc_card_driver,
#endif
	&exec_card_driver,
	&sim_card_driver,
	NULL,
};

const struct relay_driver *const relay_drivers[] = {
	&kmtronic_driver,   &lcus_driver,      &numato_driver,
#if WITH_LIBUSB
	&usb_hid_driver,
#endif
	&exec_relay_driver, &sim_relay_driver, NULL,
};

const struct positioner_driver *const positioner_drivers[] = {
	&grbl_driver,           &pair_driver, &push_driver, &exec_positioner_driver,
	&sim_positioner_driver, NULL,
};

const struct sensor_driver *const sensor_drivers[] = {
	&input_sensor_driver,
	&modem_sensor_driver,
	&probe_sensor_driver,
	&exec_sensor_driver,
	NULL,
};

const struct bus_driver *const bus_drivers[] = {
	&socketcan_driver,
	&vbus_driver,
	&sim_bus_driver,
	NULL,
};

const struct reader_driver *reader_driver_find(const char *name)
{
	for (const struct reader_driver *const *d = reader_drivers; *d; d++)
		if (strcmp((*d)->name, name) == 0)
			return *d;
	return NULL;
}

const struct card_driver *card_driver_find(const char *name)
{
	for (const struct card_driver *const *d = card_drivers; *d; d++)
		if (strcmp((*d)->name, name) == 0)
			return *d;
	return NULL;
}

const struct relay_driver *relay_driver_find(const char *name)
{
	for (const struct relay_driver *const *d = relay_drivers; *d; d++)
		if (strcmp((*d)->name, name) == 0)
			return *d;
	return NULL;
}

const struct positioner_driver *positioner_driver_find(const char *name)
{
	for (const struct positioner_driver *const *d = positioner_drivers; *d; d++)
		if (strcmp((*d)->name, name) == 0)
			return *d;
	return NULL;
}

const struct bus_driver *bus_driver_find(const char *name)
{
	for (const struct bus_driver *const *d = bus_drivers; *d; d++)
		if (strcmp((*d)->name, name) == 0)
			return *d;
	return NULL;
}

const struct sensor_driver *sensor_driver_find(const char *name)
{
	for (const struct sensor_driver *const *d = sensor_drivers; *d; d++)
		if (strcmp((*d)->name, name) == 0)
			return *d;
	return NULL;
}
