#include "tools/emu/field.h"

#include <math.h>

double field_coupling(const struct field_place *at, double radius_mm, double tilt_deg)
{
	double tilt = tilt_deg * (3.14159265358979323846 / 180);
	double z = (at->z_mm > 0 ? at->z_mm : 0) + radius_mm;
	double square = at->x_mm * at->x_mm + at->y_mm * at->y_mm + z * z;
	double fifth = square * square * sqrt(square);
	double along = (3 * z * z - square) / fifth, across = 3 * at->x_mm * z / fifth;
	double best = 2 / (radius_mm * radius_mm * radius_mm);

	return fabs(along * cos(tilt) + across * sin(tilt)) / best;
}

double field_loss(double coupling)
{
	double lack;

	if (coupling >= FIELD_GOOD)
		return 0;
	if (coupling < FIELD_POWER)
		return 1;
	lack = (FIELD_GOOD - coupling) / (FIELD_GOOD - FIELD_POWER);
	return FIELD_MOST_LOST * lack * lack;
}
