#ifndef DRIVERS_SENSOR_CONTRACT_H
#define DRIVERS_SENSOR_CONTRACT_H

#include "drivers/sensor.h"

/* What every sensor promises; see reader_contract.h for how it is used. No phone is there. */
struct sensor_case {
	struct sensor *sensor;
	/** The phone comes or goes: where the sensor looks, it is so when this returns. */
	void (*phone)(struct sensor_case *c, bool there);
	void *more; /* the test's own */
};

void sensor_says_what_it_is(void **state);
void sensor_sees_the_phone_come_and_go(void **state);
void sensor_says_between_which_moments_it_looked(void **state);
void sensor_dates_an_arrival(void **state);

#define SENSOR_CONTRACT(setup, teardown) \
	SENSOR_TEST(sensor_says_what_it_is, setup, teardown), \
		SENSOR_TEST(sensor_sees_the_phone_come_and_go, setup, teardown), \
		SENSOR_TEST(sensor_says_between_which_moments_it_looked, setup, \
			    teardown), \
		SENSOR_TEST(sensor_dates_an_arrival, setup, teardown)
#define SENSOR_TEST(f, setup, teardown) \
	{ \
#setup ": " #f, f, setup, teardown, NULL \
	}

#endif
