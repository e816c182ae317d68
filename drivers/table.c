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

#include <string.h>

/* Rows without a header of their own. */
extern const struct reader_driver libnfc_driver;
extern const struct card_driver libnfc_card_driver;
extern const struct relay_driver lcus_driver;
extern const struct positioner_driver push_driver;
extern const struct bus_driver vbus_driver;
extern const struct bus_driver socketcan_driver;

const struct reader_driver *const reader_drivers[] = {
#if WITH_LIBNFC
	&libnfc_driver,
#endif
	&sim_reader_driver,
	NULL,
};

const struct card_driver *const card_drivers[] = {
#if WITH_LIBNFC
	&libnfc_card_driver,
#endif
	&sim_card_driver,
	NULL,
};

const struct relay_driver *const relay_drivers[] = {
	&lcus_driver,
	&sim_relay_driver,
	NULL,
};

const struct positioner_driver *const positioner_drivers[] = {
	&push_driver,
	&sim_positioner_driver,
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
